// SPDX-License-Identifier: Apache-2.0
//
// Values of replies. Names of fields are literals and need no copy.
#include "wire/form.h"

#include <stdarg.h>

tact_value form_text(form *f, tact_str s) {
    char *copy = f->failed ? NULL : arena_alloc(f->arena, s.len);
    f->failed |= !copy;
    if (!copy) return tact_null();
    if (s.len) memcpy(copy, s.ptr, s.len);
    return tact_string(copy, s.len);
}

tact_value form_printf(form *f, const char *format, ...) {
    buf out = buf_in(f->arena);
    va_list args;
    va_start(args, format);
    buf_vprintf(&out, format, args);
    va_end(args);
    tact_str text = buf_done(&out);
    f->failed |= !text.ptr;
    return text.ptr ? tact_string(text.ptr, text.len) : tact_null();
}

tact_value form_copy(form *f, tact_value v) {
    tact_value copy = tact_null();
    if (v.kind == TACT_ERROR || v.kind == TACT_UNRESOLVED) return copy;
    if (f->failed || !value_copy(f->arena, v, &copy)) {
        f->failed = true;
        return tact_null();
    }
    return copy;
}

tact_value form_time(int64_t ms) {
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    return tact_timestamp(seconds, (uint32_t)(ms - seconds * 1000) * 1000000);
}

void form_put(form *f, form_fields *fields, const char *name, tact_value v) {
    if (fields->count == FORM_FIELDS_MAX) {
        f->failed = true;
        return;
    }
    fields->of[fields->count++] = (value_entry){tact_string(name, strlen(name)), v};
}

tact_value form_map_of(form *f, const value_entry *entries, size_t count) {
    value_entry *own = f->failed ? NULL : arena_array(f->arena, count, sizeof *own);
    if (!own) {
        f->failed = true;
        return tact_null();
    }
    if (count) memcpy(own, entries, count * sizeof *own);
    tact_value v = value_map(f->arena, own, count);
    f->failed |= v.kind != TACT_MAP;
    return v.kind == TACT_MAP ? v : tact_null();
}

tact_value form_map(form *f, const form_fields *fields) {
    return form_map_of(f, fields->of, fields->count);
}

void form_add(form *f, form_items *items, tact_value v) {
    if (f->failed) return;
    if (items->count == items->room) {
        uint32_t room = items->room ? 2 * items->room : 8;
        tact_value *larger = arena_extend(f->arena, items->of, items->room, room, sizeof *larger);
        f->failed |= !larger;
        if (!larger) return;
        items->of = larger;
        items->room = room;
    }
    items->of[items->count++] = v;
}
