// SPDX-License-Identifier: Apache-2.0
//
// What expressions may name. There is one environment with all names; who may read which is looked at rule by rule
// (build_rule.c). What could not be added for a fault of its own is declared all the same, of any type, so that nobody
// who reads it is blamed.
#include <stdio.h>

#include "bundle/build.h"
#include "bundle/scalar.h"
#include "bundle/schema_file.h"

// ---- Context --------------------------------------------------------------------------------------------------------

static bool is_allowed(const bundle_context *c, tact_value v) {
    if (!c->allowed_count) return true;
    for (uint32_t i = 0; i < c->allowed_count; i++) {
        if (tact_value_equal(c->allowed[i], v)) return true;
    }
    return false;
}

bool build_context_takes(const bundle_context *c, tact_value v) {
    if (v.kind != TACT_LIST) return is_allowed(c, v);
    for (uint32_t i = 0; i < v.len; i++) {
        if (!is_allowed(c, v.as.items[i])) return false;
    }
    return true;
}

static void read_values(builder *B, const draft_member *m, bundle_context *c) {
    const yaml_node *values = draft_key(m, DRAFT_CONTEXT_VALUES), *fallback = draft_key(m, DRAFT_CONTEXT_DEFAULT);
    const tact_type *single = c->type->kind == TYPE_LIST ? c->type->params[0] : c->type;
    const tact_value *allowed = NULL;
    uint32_t count = 0;
    tact_value v;
    build_enter(B, m, DRAFT_CONTEXT_VALUES);
    if (values && scalar_values(build_at(B), values, single, &allowed, &count) &&
        (single->kind != TYPE_DOUBLE || schema_takes_number(build_at(B), values))) {
        tact_value list;
        if (build_value_copy(B, tact_list(allowed, count), &list)) {
            c->allowed = list.as.items;
            c->allowed_count = count;
        }
    }
    build_enter(B, m, DRAFT_CONTEXT_DEFAULT);
    if (!fallback || !scalar_value(build_at(B), fallback, c->type, &v)) return;
    if (single->kind == TYPE_DOUBLE && !schema_takes_number(build_at(B), fallback)) return;
    if (!build_context_takes(c, v)) {
        report_add(build_at(B), REPORT_INVALID, fallback->at, NULL, "`default` is none of `values`");
    } else if (!build_value_copy(B, v, &c->fallback)) {
        c->fallback = tact_null();
    }
}

void build_context(builder *B) {
    const build_members *members = &B->members[DRAFT_CONTEXT];
    bundle_context *context = build_array(B, B->hot, members->count, sizeof *context);
    if (!context) return;
    B->b->context = B->context = context;
    B->b->context_count = members->count;
    B->b->context_by_name = strmap_in(B->hot);
    for (uint32_t i = 0; i < members->count; i++) {
        const draft_member *m = members->of[i];
        bundle_context *c = &context[i];
        c->name = build_intern(B, m->name);
        c->title = build_title(B, draft_key(m, DRAFT_CONTEXT_TITLE), c->name);
        c->fallback = tact_null();
        build_enter(B, m, DRAFT_CONTEXT_TYPE);
        const yaml_node *type = draft_key(m, DRAFT_CONTEXT_TYPE);
        c->type = type ? scalar_type(build_at(B), type) : NULL;
        if (c->type) read_values(B, m, c);
        if (strmap_put(&B->b->context_by_name, c->name, (void *)(uintptr_t)(i + 1))) report_no_memory(B->r);
    }
}

// ---- The environment ------------------------------------------------------------------------------------------------

typedef struct declarer {
    builder *builder;
    uint32_t room; // for slots
} declarer;

// Declares `record.name`, or `record` alone. `type` NULL: any.
static void declare(declarer *d, bundle_slot_kind kind, uint32_t number, const char *record, tact_str name,
                    const tact_type *type) {
    char text[SCHEMA_NAME_MAX * 2 + 16];
    builder *B = d->builder;
    int len = snprintf(text, sizeof text, "%s%s%.*s", record, name.len ? "." : "", (int)name.len, name.ptr);
    if (len < 0 || (size_t)len >= sizeof text || B->r->code == TACT_NO_MEMORY) return;
    tact_str written = {text, (size_t)len};
    buf printed = buf_in(B->scratch);
    type_print(&printed, type && type != &type_error ? type : &type_dyn);
    uint32_t slot;
    tact_error why;
    tact_err err = printed.failed ? TACT_NO_MEMORY : tact_cel_declare(B->env, written, buf_done(&printed), &slot, &why);
    if (err == TACT_NO_MEMORY) report_no_memory(B->r);
    if (err == TACT_LIMIT) {
        report_path(B->r, NULL);
        report_add(B->r, REPORT_TOO_LARGE, REPORT_NOWHERE, NULL, "expressions can have no more than %d names",
                   TACT_CEL_SLOTS_MAX);
    }
    if (err || slot >= d->room) return; // a name that is none was refused where it stands
    B->slots[slot] = (bundle_slot){(uint8_t)kind, number, tact_cel_slot_name(B->env, slot)};
    B->b->slots_count = slot + 1;
}

#define NOBODY UINT32_MAX // the number of what is declared only so that nothing follows from its fault

// Names of a section that are not in the schema, their fault being reported.
static void declare_spoilt(declarer *d, draft_section section, schema_kind kind, const char *record) {
    const builder *B = d->builder;
    const draft_members *members = &B->d->sections[section];
    for (uint32_t i = 0; i < members->count; i++) {
        if (!schema_is_spoilt(B->d, B->b->schema, kind, members->of[i].name)) continue;
        declare(d, BUNDLE_SLOT_CONTEXT, NOBODY, record, members->of[i].name, NULL);
    }
}

static void declare_person(declarer *d) {
    const schema *s = d->builder->b->schema;
    for (uint32_t i = 0; i < s->attributes_count; i++) {
        const schema_attribute *m = &s->attributes[i];
        if (!m->retired) declare(d, BUNDLE_SLOT_ATTRIBUTE, i, "profile", m->name, m->type);
    }
    for (uint32_t i = 0; i < s->aggregates_count; i++) {
        const schema_aggregate *m = &s->aggregates[i];
        if (!m->retired) declare(d, BUNDLE_SLOT_AGGREGATE, i, "profile", m->name, m->type);
    }
    for (uint32_t i = 0; i < s->purposes_count; i++) {
        const schema_purpose *m = &s->purposes[i];
        if (!m->retired) declare(d, BUNDLE_SLOT_CONSENT, i, "consent", m->name, &type_bool);
    }
    declare_spoilt(d, DRAFT_ATTRIBUTES, SCHEMA_ATTRIBUTE, "profile");
    declare_spoilt(d, DRAFT_AGGREGATES, SCHEMA_AGGREGATE, "profile");
    declare_spoilt(d, DRAFT_PURPOSES, SCHEMA_PURPOSE, "consent");
}

static void declare_bundle(declarer *d) {
    builder *B = d->builder;
    for (uint32_t i = 0; i < B->b->context_count; i++) {
        const draft_member *m = B->members[DRAFT_CONTEXT].of[i];
        build_enter(B, m, DRAFT_CONTEXT_TYPE);
        B->key = NULL;
        if (!scalar_word(build_at(B), m->node, "context")) continue;
        B->context[i].slot = B->b->slots_count;
        declare(d, BUNDLE_SLOT_CONTEXT, i, "context", m->name, B->context[i].type);
    }
    for (uint32_t i = 0; i < B->members[DRAFT_SEGMENTS].count; i++) {
        const draft_member *m = B->members[DRAFT_SEGMENTS].of[i];
        build_enter(B, m, DRAFT_SEGMENTS_VALUE);
        if (!scalar_word(build_at(B), m->node, "segment")) continue;
        declare(d, BUNDLE_SLOT_SEGMENT, i, "segment", m->name, &type_bool); // by name; build_segment.c puts it in order
    }
    for (uint32_t i = 0; i < B->b->offer_attributes_count; i++) {
        declare(d, BUNDLE_SLOT_OFFER, i, "offer", B->b->offer_attributes[i], B->offer_types[i]);
    }
    declare(d, BUNDLE_SLOT_PROPENSITY, 0, "propensity", (tact_str){NULL, 0}, &type_double);
    const draft_members *models = &B->d->sections[DRAFT_MODELS]; // refused, see build.c
    for (uint32_t i = 0; i < models->count; i++) {
        declare(d, BUNDLE_SLOT_CONTEXT, NOBODY, "model", models->of[i].name, &type_double);
    }
}

void build_env(builder *B) {
    const draft_members *all = B->d->sections;
    declarer d = {.builder = B};
    d.room = 2 + B->b->schema->attributes_count + B->b->schema->aggregates_count + B->b->schema->purposes_count +
             all[DRAFT_ATTRIBUTES].count + all[DRAFT_AGGREGATES].count + all[DRAFT_PURPOSES].count +
             B->b->context_count + all[DRAFT_SEGMENTS].count + B->b->offer_attributes_count + all[DRAFT_MODELS].count;
    B->b->slots = B->slots = build_array(B, B->hot, d.room, sizeof *B->slots);
    B->read = build_array(B, B->scratch, d.room / 64 + 1, sizeof *B->read);
    B->segment_purposes = build_array(B, B->scratch, all[DRAFT_SEGMENTS].count, sizeof *B->segment_purposes);
    if (!B->slots || !B->read || !B->segment_purposes) return;
    B->env = tact_cel_env_new(NULL);
    if (!B->env) {
        report_no_memory(B->r);
        return;
    }
    B->b->env = B->env;
    declare(&d, BUNDLE_SLOT_NOW, 0, "now", (tact_str){NULL, 0}, &type_timestamp);
    declare_person(&d);
    declare_bundle(&d);
}
