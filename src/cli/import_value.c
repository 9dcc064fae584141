// SPDX-License-Identifier: Apache-2.0
//
// Each type has a row: how a text becomes its value, how another kind of JSON does, and what to call it in a complaint.
#include "cli/import_value.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "base/err.h"
#include "base/num.h"
#include "base/utf8.h"
#include "value/command.h"
#include "value/time.h"
#include "wire/json.h"

#define SHOWN_PARTS 8           // of a value of JSON in a complaint
#define DOUBLE_WHOLE_MAX 0x1p53 // up to here a double that is whole is exactly that number

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

tact_str import_value_trimmed(tact_str s) {
    while (s.len && is_blank(s.ptr[0])) s.ptr++, s.len--;
    while (s.len && is_blank(s.ptr[s.len - 1])) s.len--;
    return s;
}

// ---- Texts ----------------------------------------------------------------------------------------------------------

static bool bool_from(tact_str text, tact_value *out) {
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"1", true}, {"0", false}, {"true", true}, {"false", false}, {"yes", true}, {"no", false}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (text.len != strlen(words[i].word) || strncasecmp(text.ptr, words[i].word, text.len) != 0) continue;
        *out = tact_bool(words[i].value);
        return true;
    }
    return false;
}

// "12.00" is whole, too: so programs write the whole numbers of a column that has gaps.
static bool int_from(tact_str text, tact_value *out) {
    const char *end = text.ptr + text.len, *point = memchr(text.ptr, '.', text.len);
    if (point && point + 1 < end) {
        for (const char *at = point + 1; at < end; at++) {
            if (*at != '0') return false;
        }
        text.len = (size_t)(point - text.ptr);
    }
    int64_t i;
    if (!num_parse_int(text, 10, &i)) return false;
    *out = tact_int(i);
    return true;
}

static bool double_from(tact_str text, tact_value *out) {
    double d;
    if (!num_parse_double(text, &d) || !isfinite(d)) return false;
    *out = tact_double(d);
    return true;
}

static bool timestamp_from(tact_str text, tact_value *out) {
    static const char midnight[] = "T00:00:00Z";
    char whole[sizeof "2026-12-01" - 1 + sizeof midnight];
    if (text.len == sizeof "2026-12-01" - 1) {
        memcpy(whole, text.ptr, text.len);
        memcpy(whole + text.len, midnight, sizeof midnight);
        text = tact_str_from(whole);
    }
    return time_parse_timestamp(text, out) == TIME_OK;
}

static bool duration_from(tact_str text, tact_value *out) {
    return time_parse_span(text, out) == TIME_OK;
}

// ---- Other kinds ----------------------------------------------------------------------------------------------------

static bool bool_of(tact_value v, tact_value *out) {
    bool is_bit = v.kind == TACT_INT && (v.as.i == 0 || v.as.i == 1);
    *out = is_bit ? tact_bool(v.as.i) : v;
    return is_bit || v.kind == TACT_BOOL;
}

static bool int_of(tact_value v, tact_value *out) {
    bool is_whole = v.kind == TACT_DOUBLE && fabs(v.as.d) <= DOUBLE_WHOLE_MAX && trunc(v.as.d) == v.as.d;
    *out = is_whole ? tact_int((int64_t)v.as.d) : v;
    return is_whole || v.kind == TACT_INT;
}

static bool double_of(tact_value v, tact_value *out) {
    *out = v.kind == TACT_INT ? tact_double((double)v.as.i) : v;
    return v.kind == TACT_INT || v.kind == TACT_DOUBLE;
}

static bool none_of(tact_value v, tact_value *out) {
    (void)v, (void)out;
    return false;
}

// ---- Types ----------------------------------------------------------------------------------------------------------

typedef struct reading {
    type_kind kind;
    bool (*from)(tact_str text, tact_value *out); // NULL: the text is the value
    bool (*of)(tact_value v, tact_value *out);    // of another kind than STRING
    const char *expected;
} reading;

static const reading readings[] = {
    {TYPE_BOOL, bool_from, bool_of, "true or false"},
    {TYPE_INT, int_from, int_of, "a whole number of 64 bits"},
    {TYPE_DOUBLE, double_from, double_of, "a number"},
    {TYPE_STRING, NULL, none_of, "a text"},
    {TYPE_TIMESTAMP, timestamp_from, none_of, "a time such as 2026-12-01T10:00:00Z"},
    {TYPE_DURATION, duration_from, none_of, "a duration such as 90d or 1h30m"},
};

static const reading *reading_of(const tact_type *type) {
    const reading *r = readings;
    while (r->kind != type->kind) r++; // every scalar of the schema has its row
    return r;
}

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "no memory for a row");
}

static tact_err refuse(arena *a, tact_value given, const char *expected, tact_error *error) {
    utf8_shown shown;
    buf out = buf_in(a);
    tact_str text = value_str(given);
    if (given.kind != TACT_STRING) {
        value_print_within(&out, given, SHOWN_PARTS);
        text = buf_done(&out);
        if (!text.ptr) return no_memory(error);
    }
    return err_set(error, TACT_INVALID, "`%s` is not %s", utf8_show(&shown, text), expected);
}

static tact_err read_scalar(arena *a, const reading *r, tact_value given, tact_value *out, tact_error *error) {
    if (given.kind != TACT_STRING) return r->of(given, out) ? TACT_OK : refuse(a, given, r->expected, error);
    if (r->from)
        return r->from(import_value_trimmed(value_str(given)), out) ? TACT_OK : refuse(a, given, r->expected, error);
    if (given.len > COMMAND_TEXT_MAX) {
        return err_set(error, TACT_INVALID, "a text of %u bytes; %d fit", given.len, COMMAND_TEXT_MAX);
    }
    char *copy = arena_copy(a, given.as.s, given.len);
    if (!copy) return no_memory(error);
    *out = tact_string(copy, given.len);
    return TACT_OK;
}

// ---- Lists ----------------------------------------------------------------------------------------------------------

// "a; b;" as texts; items that are empty are none.
static tact_err split(arena *a, tact_str text, tact_value *out, tact_error *error) {
    size_t most = 1, count = 0;
    for (size_t i = 0; i < text.len; i++) most += text.ptr[i] == ';';
    tact_value *items = arena_array(a, most, sizeof *items);
    if (!items) return no_memory(error);
    for (const char *at = text.ptr, *end = at + text.len, *stop; at <= end; at = stop + 1) {
        stop = memchr(at, ';', (size_t)(end - at));
        if (!stop) stop = end;
        tact_str item = import_value_trimmed((tact_str){at, (size_t)(stop - at)});
        if (item.len) items[count++] = tact_string(item.ptr, item.len);
    }
    *out = tact_list(items, count);
    return TACT_OK;
}

static tact_err read_list(arena *a, const reading *element, tact_value given, tact_value *out, tact_error *error) {
    static const char expected[] = "a list such as a;b or [\"a\",\"b\"]";
    tact_value list = given;
    if (given.kind == TACT_STRING) {
        tact_str text = import_value_trimmed(value_str(given));
        bool json = text.ptr[0] == '[';
        tact_err err = json ? json_read(a, text, &list, error) : split(a, text, &list, error);
        if (err == TACT_NO_MEMORY) return err;
        if (err) return refuse(a, given, expected, error);
    }
    if (list.kind != TACT_LIST) return refuse(a, given, expected, error);
    tact_value *items = arena_array(a, list.len, sizeof *items);
    if (!items) return no_memory(error);
    for (uint32_t i = 0; i < list.len; i++) {
        tact_err err = read_scalar(a, element, list.as.items[i], &items[i], error);
        if (err) return err;
    }
    *out = tact_list(items, list.len);
    return TACT_OK;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static bool is_empty(const tact_type *type, tact_value given) {
    if (given.kind != TACT_STRING) return given.kind == TACT_NULL;
    return (type->kind == TYPE_STRING ? given.len : import_value_trimmed(value_str(given)).len) == 0;
}

tact_err import_value(arena *a, const tact_type *type, tact_value given, tact_value *out, tact_error *error) {
    *out = tact_null();
    if (is_empty(type, given)) return TACT_OK;
    if (type->kind == TYPE_LIST) return read_list(a, reading_of(type->params[0]), given, out, error);
    return read_scalar(a, reading_of(type), given, out, error);
}

tact_err import_value_text(arena *a, tact_value given, tact_str *out, tact_error *error) {
    char digits[24];
    *out = TACT_STR("");
    if (given.kind == TACT_NULL) return TACT_OK;
    if (int_of(given, &given)) { // 3.0 is 3: JSON has numbers of one kind only
        int len = snprintf(digits, sizeof digits, "%" PRId64, given.as.i);
        given = tact_string(digits, (size_t)len);
    }
    if (given.kind != TACT_STRING) return refuse(a, given, "a text or a whole number", error);
    *out = (tact_str){arena_copy(a, given.as.s, given.len), given.len};
    return out->ptr ? TACT_OK : no_memory(error);
}
