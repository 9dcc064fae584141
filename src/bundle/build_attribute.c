// SPDX-License-Identifier: Apache-2.0
//
// What rules may read of an offer: what is built in, and the `attributes:` of the offers. Each name has one type over
// all offers, which is known only when all have been looked at.
#include <stdlib.h>

#include "bundle/build.h"
#include "bundle/scalar.h"
#include "value/value.h"

// ---- Types over all offers ------------------------------------------------------------------------------------------

static const struct {
    tact_str name;
    const tact_type *type;
} built_in[BUNDLE_OFFER_BUILT_IN] = {
    [BUNDLE_OFFER_ID] = {{"id", 2}, &type_string},       [BUNDLE_OFFER_TITLE] = {{"title", 5}, &type_string},
    [BUNDLE_OFFER_VALUE] = {{"value", 5}, &type_double}, [BUNDLE_OFFER_WEIGHT] = {{"weight", 6}, &type_double},
    [BUNDLE_OFFER_GROUP] = {{"group", 5}, &type_string},
};

static const tact_type *type_written(const yaml_node *node) {
    bool b;
    int64_t i;
    double d;
    if (node->kind == YAML_LIST) {
        for (const yaml_node *item = node->first; item; item = item->next) {
            if (item->kind == YAML_BAD) return NULL;
            if (type_written(item) != &type_string) return &type_error;
        }
        return type_list(NULL, &type_string);
    }
    if (node->kind == YAML_BAD) return NULL;
    if (node->kind == YAML_MAP || yaml_is_null(node)) return &type_error;
    if (yaml_bool(node, &b)) return &type_bool;
    if (yaml_int(node, &i)) return &type_int;
    return yaml_double(node, &d) ? &type_double : &type_string;
}

typedef struct offer_type { // of one name, over all offers
    tact_str name;
    const tact_type *type;
    const yaml_node *node; // where it was seen first
    tact_str offer;
} offer_type;

static void add_offer_type(builder *B, strmap *types, const draft_member *m, const yaml_node *node) {
    B->part = node->key;
    for (int i = 0; i < BUNDLE_OFFER_BUILT_IN; i++) {
        if (!tact_str_equal(built_in[i].name, node->key)) continue;
        report_add(build_at(B), REPORT_DEFINED_TWICE, node->key_at, NULL,
                   "`offer.%.*s` is there already, for every offer", (int)node->key.len, node->key.ptr);
        return;
    }
    if (!build_is_name(node->key)) {
        report_add(build_at(B), REPORT_BAD_NAME, node->key_at, NULL, BUILD_NAME_RULE, SCHEMA_NAME_MAX);
        return;
    }
    const tact_type *type = type_written(node);
    if (type == &type_error) {
        const char *hint = node->kind == YAML_LIST ? "numbers that are meant as texts need quotes: [\"38\", \"40\"]"
                                                   : NULL;
        scalar_refuse(build_at(B), node, REPORT_WRONG_FORM, hint, "a text, a number, true, false or a list of texts");
    }
    offer_type *known = strmap_get(types, node->key);
    if (!known) {
        if (!scalar_word(build_at(B), node, "offer")) return;
        known = ARENA_NEW(B->scratch, offer_type);
        if (!known || strmap_put(types, node->key, known)) {
            report_no_memory(B->r);
            return;
        }
        *known = (offer_type){node->key, type, node, m->name};
        if (types->count == BUNDLE_OFFER_ATTRIBUTES_MAX + 1) {
            report_add(build_at(B), REPORT_TOO_LARGE, node->key_at, NULL,
                       "all offers together can have no more than %d different attributes",
                       BUNDLE_OFFER_ATTRIBUTES_MAX);
        }
        return;
    }
    if (!type || type == &type_error || known->type == type || known->type == &type_error || !known->type) return;
    bool numbers = (type == &type_int || type == &type_double) &&
                   (known->type == &type_int || known->type == &type_double);
    if (numbers) {
        known->type = &type_double;
        return;
    }
    report_add(build_at(B), REPORT_WRONG_TYPE, node->kind == YAML_SCALAR ? node->at : node->key_at,
               "an attribute is of one type over all offers", "`%.*s` is %s here, and %s of offer `%.*s` (%s)",
               (int)node->key.len, node->key.ptr, schema_type_text(type), schema_type_text(known->type),
               (int)known->offer.len, known->offer.ptr, report_place(B->r, known->node->key_at));
}

static int by_key(const void *a, const void *b) {
    return build_compare((*(const offer_type *const *)a)->name, (*(const offer_type *const *)b)->name);
}

void build_offer_types(builder *B) {
    const draft_members *offers = &B->d->sections[DRAFT_OFFERS];
    strmap types = strmap_in(B->scratch);
    for (uint32_t i = 0; i < offers->count; i++) {
        const draft_member *m = &offers->of[i];
        const yaml_node *node = draft_key(m, DRAFT_OFFERS_ATTRIBUTES);
        build_enter(B, m, DRAFT_OFFERS_ATTRIBUTES);
        if (node && node->kind != YAML_MAP)
            scalar_refuse(build_at(B), node, REPORT_WRONG_FORM, NULL, "a map such as {kind: shoes}");
        if (!node || node->kind != YAML_MAP) continue;
        for (const yaml_node *item = node->first; item; item = item->next) add_offer_type(B, &types, m, item);
    }
    uint32_t count = BUNDLE_OFFER_BUILT_IN + types.count;
    tact_str *names = build_array(B, B->hot, count, sizeof *names);
    const offer_type **sorted = build_array(B, B->scratch, types.count, sizeof *sorted);
    B->offer_types = build_array(B, B->scratch, count, sizeof *B->offer_types);
    if (!names || !sorted || !B->offer_types) return;
    for (uint32_t i = 0; i < types.count; i++) sorted[i] = types.entries[i].value;
    if (types.count) qsort(sorted, types.count, sizeof *sorted, by_key);
    for (uint32_t i = 0; i < count; i++) {
        const offer_type *own = i < BUNDLE_OFFER_BUILT_IN ? NULL : sorted[i - BUNDLE_OFFER_BUILT_IN];
        names[i] = build_intern(B, own ? own->name : built_in[i].name);
        B->offer_types[i] = own ? own->type : built_in[i].type;
    }
    B->b->offer_attributes = names;
    B->b->offer_attributes_count = count;
}

// ---- Values of one offer --------------------------------------------------------------------------------------------

static tact_value text_value(builder *B, tact_str text) {
    tact_str kept = build_intern(B, text);
    return tact_string(kept.ptr, kept.len);
}

static tact_value list_value(builder *B, const yaml_node *node) {
    tact_value *items = build_array(B, B->hot, node->count, sizeof *items);
    uint32_t count = 0;
    for (const yaml_node *item = node->first; items && item; item = item->next) {
        if (item->kind == YAML_SCALAR) items[count++] = text_value(B, item->text);
    }
    if (items) tact_seal(items, count);
    return tact_list(items, count);
}

// A value of the type that the name has; ABSENT for what is of another, which has its fault.
static tact_value own_value(builder *B, const yaml_node *node, const tact_type *type) {
    tact_value absent = tact_fault_value(TACT_FAULT_ABSENT, NULL);
    bool b;
    int64_t i;
    double d;
    if (!type || type == &type_error) return absent;
    if (type->kind == TYPE_LIST) return node->kind == YAML_LIST ? list_value(B, node) : absent;
    if (node->kind != YAML_SCALAR) return absent;
    switch (type->kind) {
    case TYPE_BOOL: return yaml_bool(node, &b) ? tact_bool(b) : absent;
    case TYPE_INT: return yaml_int(node, &i) ? tact_int(i) : absent;
    case TYPE_DOUBLE: return yaml_double(node, &d) ? tact_double(d) : absent;
    default: return text_value(B, node->text);
    }
}

const tact_value *build_attributes(builder *B, const draft_member *m, const bundle_offer *o) {
    const bundle *b = B->b;
    const yaml_node *node = draft_key(m, DRAFT_OFFERS_ATTRIBUTES);
    tact_value *values = build_array(B, B->hot, b->offer_attributes_count, sizeof *values);
    if (!values) return NULL;
    values[BUNDLE_OFFER_ID] = tact_string(o->name.ptr, o->name.len);
    values[BUNDLE_OFFER_TITLE] = tact_string(o->title.ptr, o->title.len);
    values[BUNDLE_OFFER_VALUE] = tact_double(o->value);
    values[BUNDLE_OFFER_WEIGHT] = tact_double(o->weight);
    values[BUNDLE_OFFER_GROUP] = o->group < 0 ? tact_string("", 0) : text_value(B, b->groups[o->group].name);
    for (uint32_t i = BUNDLE_OFFER_BUILT_IN; i < b->offer_attributes_count; i++) {
        values[i] = tact_fault_value(TACT_FAULT_ABSENT, "the offer has none");
    }
    for (const yaml_node *own = node && node->kind == YAML_MAP ? node->first : NULL; own; own = own->next) {
        for (uint32_t i = BUNDLE_OFFER_BUILT_IN; i < b->offer_attributes_count; i++) {
            if (tact_str_equal(b->offer_attributes[i], own->key)) values[i] = own_value(B, own, B->offer_types[i]);
        }
    }
    tact_seal(values, b->offer_attributes_count);
    return values;
}
