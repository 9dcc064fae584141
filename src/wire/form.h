// SPDX-License-Identifier: Apache-2.0
//
// Building replies: maps, lists and texts in the caller's arena, copies of everything. Sticky: once memory has run out,
// `failed` stays set, and is looked at once at the end.
#ifndef WIRE_FORM_H
#define WIRE_FORM_H

#include "value/value.h"

enum { FORM_FIELDS_MAX = 24 }; // of a map that is built field by field

typedef struct form {
    arena *arena;
    bool failed;
} form;

typedef struct form_fields { // of a map; more than there is room for fail the form
    value_entry of[FORM_FIELDS_MAX];
    uint32_t count;
} form_fields;

typedef struct form_items { // of a list
    tact_value *of;
    uint32_t count, room;
} form_items;

tact_value form_text(form *f, tact_str s);
tact_value form_printf(form *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
tact_value form_copy(form *f, tact_value v); // with all its parts; a fault becomes NULL, the value
tact_value form_time(int64_t ms);
// `name` is a literal.
void form_put(form *f, form_fields *fields, const char *name, tact_value v);
tact_value form_map(form *f, const form_fields *fields);
tact_value form_map_of(form *f, const value_entry *entries, size_t count); // which are copied, their parts are not
void form_add(form *f, form_items *items, tact_value v);
static inline tact_value form_list(const form_items *items) {
    return tact_list(items->of, items->count);
}

#endif
