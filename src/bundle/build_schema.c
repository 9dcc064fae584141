// SPDX-License-Identifier: Apache-2.0
//
// The schema that a bundle asks for, by the numbers of the store that it is for. schema_evolve ends at the first change
// that cannot be; so that all are found, what was refused is taken from the running schema instead and the rest tried
// again. In the end what is wanted is put back, so that expressions are checked against it and nothing follows from
// what was refused.
#include "bundle/schema_file.h"

#include "bundle/build.h"

// What is put back at the end, since expressions are to be checked against what is wanted.
typedef struct undo {
    schema_attribute *attributes;
    schema_identity *identities;
    schema_aggregate *aggregates;
    schema_property *properties[REPORT_FAULTS_MAX];
    const tact_type *types[REPORT_FAULTS_MAX];
    uint32_t properties_count;
} undo;

// ---- What is refused, as it is --------------------------------------------------------------------------------------

static void keep_attribute(schema *wanted, const schema *running, tact_str name, undo *u) {
    (void)u;
    int32_t to = schema_find_attribute(wanted, name), from = schema_number(running, SCHEMA_ATTRIBUTE, name);
    if (to < 0 || from < 0) return;
    const schema_attribute *old = &running->attributes[from];
    schema_attribute m = wanted->attributes[to];
    m.type = old->type;
    m.allowed = old->allowed, m.allowed_count = old->allowed_count;
    m.has_min = old->has_min, m.min = old->min;
    m.has_max = old->has_max, m.max = old->max;
    m.has_default = old->has_default, m.fallback = old->fallback; // one of the other type would be refused next
    wanted->attributes[to] = m;
}

static void keep_identity(schema *wanted, const schema *running, tact_str name, undo *u) {
    (void)u;
    int32_t to = schema_find_identity(wanted, name), from = schema_number(running, SCHEMA_IDENTITY, name);
    if (to < 0 || from < 0) return;
    wanted->identities[to].normalize = running->identities[from].normalize;
    wanted->identities[to].unique = running->identities[from].unique;
}

// `name` is "purchase.amount".
static void keep_property(schema *wanted, const schema *running, tact_str name, undo *u) {
    const char *dot = memchr(name.ptr, '.', name.len);
    if (!dot || u->properties_count == REPORT_FAULTS_MAX) return;
    tact_str event = {name.ptr, (size_t)(dot - name.ptr)}, own = {dot + 1, name.len - event.len - 1};
    int32_t to = schema_find_event(wanted, event), from = schema_number(running, SCHEMA_EVENT, event);
    if (to < 0 || from < 0) return;
    for (uint32_t i = 0; i < running->events[from].properties_count; i++) {
        const schema_property *old = &running->events[from].properties[i];
        int32_t number = schema_find_property(&wanted->events[to], own);
        if (number < 0 || !tact_str_equal(old->name, own)) continue;
        schema_property *p = (schema_property *)(uintptr_t)&wanted->events[to].properties[number];
        u->properties[u->properties_count] = p;
        u->types[u->properties_count++] = p->type;
        p->type = old->type;
    }
}

// What it keeps cannot be told in the numbers of `wanted` if its event is gone from there.
static void drop_aggregate(schema *wanted, const schema *running, tact_str name, undo *u) {
    (void)running, (void)u;
    int32_t to = schema_find_aggregate(wanted, name);
    if (to >= 0) wanted->aggregates[to].retired = true;
}

// The members that a refusal may name first, as in "attribute `tier`: …".
static const struct {
    tact_str kind;
    draft_section section;
    void (*keep)(schema *wanted, const schema *running, tact_str name, undo *u);
} kinds[] = {
    {{"attribute", 9}, DRAFT_ATTRIBUTES, keep_attribute}, {{"identity", 8}, DRAFT_IDENTITIES, keep_identity},
    {{"property", 8}, DRAFT_EVENTS, keep_property},       {{"event", 5}, DRAFT_EVENTS, NULL},
    {{"aggregate", 9}, DRAFT_AGGREGATES, drop_aggregate}, {{"purpose", 7}, DRAFT_PURPOSES, NULL},
};
#define KINDS (sizeof kinds / sizeof *kinds)

// The place of the member that the refusal names, and of its kind; KINDS if it names none.
static size_t find_refused(const builder *B, const tact_error *why, tact_str *name, cel_span *at) {
    tact_str text = tact_str_from(why->text);
    for (size_t i = 0; i < KINDS; i++) {
        tact_str kind = kinds[i].kind;
        if (text.len <= kind.len + 2 || memcmp(text.ptr, kind.ptr, kind.len) != 0) continue;
        const char *from = text.ptr + kind.len + 2, *end = strchr(from, '`');
        if (!end || from[-1] != '`') continue;
        *name = (tact_str){from, (size_t)(end - from)};
        const char *dot = memchr(from, '.', name->len);
        tact_str member = {from, dot ? (size_t)(dot - from) : name->len};
        const draft_member *m = draft_find(B->d, kinds[i].section, member);
        if (!m) continue;
        *at = m->node->key_at;
        const yaml_node *properties = dot ? draft_key(m, DRAFT_EVENTS_PROPERTIES) : NULL;
        for (const yaml_node *p = properties ? properties->first : NULL; p; p = p->next) {
            if (tact_str_equal(p->key, (tact_str){dot + 1, name->len - member.len - 1})) *at = p->key_at;
        }
        return i;
    }
    return KINDS;
}

static bool begin_undo(builder *B, undo *u, const schema *wanted) {
    u->attributes = build_array(B, B->scratch, wanted->attributes_count, sizeof *u->attributes);
    u->identities = build_array(B, B->scratch, wanted->identities_count, sizeof *u->identities);
    u->aggregates = build_array(B, B->scratch, wanted->aggregates_count, sizeof *u->aggregates);
    if (!u->attributes || !u->identities || !u->aggregates) return false;
    for (uint32_t i = 0; i < wanted->attributes_count; i++) u->attributes[i] = wanted->attributes[i];
    for (uint32_t i = 0; i < wanted->identities_count; i++) u->identities[i] = wanted->identities[i];
    for (uint32_t i = 0; i < wanted->aggregates_count; i++) u->aggregates[i] = wanted->aggregates[i];
    return true;
}

static void put_back(const undo *u, schema *wanted) {
    for (uint32_t i = 0; i < wanted->attributes_count; i++) wanted->attributes[i] = u->attributes[i];
    for (uint32_t i = 0; i < wanted->identities_count; i++) wanted->identities[i] = u->identities[i];
    for (uint32_t i = 0; i < wanted->aggregates_count; i++) wanted->aggregates[i] = u->aggregates[i];
    for (uint32_t i = 0; i < u->properties_count; i++) u->properties[i]->type = u->types[i];
}

// Reports a refusal where the member is that it names; false: there is no use in trying again.
static bool report_refusal(builder *B, const schema *running, schema *wanted, const tact_error *why, undo *u) {
    tact_str name = {NULL, 0};
    cel_span at = REPORT_NOWHERE;
    size_t kind = find_refused(B, why, &name, &at);
    if (why->code == TACT_NO_MEMORY) {
        report_no_memory(B->r);
        return false;
    }
    report_path(B->r, NULL);
    if (kind < KINDS) report_path(B->r, "%s.%.*s", draft_section_key(kinds[kind].section), (int)name.len, name.ptr);
    report_add(B->r, why->code == TACT_LIMIT ? REPORT_TOO_LARGE : REPORT_SCHEMA_CHANGE, at, NULL, "%s", why->text);
    if (kind == KINDS || why->code == TACT_LIMIT || !kinds[kind].keep) return false;
    kinds[kind].keep(wanted, running, name, u);
    return true;
}

// What is made of decisions is there without being declared, and never an event of the schema.
static void refuse_own_events(builder *B) {
    static const char *const own[] = {"decision", "impression", "click"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        const draft_member *m = draft_find(B->d, DRAFT_EVENTS, tact_str_from(own[i]));
        if (!m) continue;
        report_path(B->r, "events.%s", own[i]);
        report_add(B->r, REPORT_DEFINED_TWICE, m->node->key_at,
                   "leave it out; caps count it, and tests may bring it, without being declared",
                   "`%s` is there already: it is reported of offers that were decided", own[i]);
    }
    report_path(B->r, NULL);
}

void build_schema(builder *B, const schema *running) {
    schema *wanted = schema_from_draft(B->cold, B->d), *next = NULL;
    tact_error why;
    undo u = {0};
    B->b->schema = wanted;
    refuse_own_events(B);
    if (!wanted || !running || !begin_undo(B, &u, wanted)) return;
    tact_err err = TACT_INVALID;
    for (int tries = 0; err && tries < REPORT_FAULTS_MAX; tries++) {
        err = schema_evolve(B->cold, running, wanted, &next, &why);
        if (err && !report_refusal(B, running, wanted, &why, &u)) break;
        if (!err && tries == 0) B->b->schema = next;
    }
    put_back(&u, wanted);
}
