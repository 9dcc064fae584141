// SPDX-License-Identifier: Apache-2.0
//
// Values of bundles. What a plain scalar is follows from the type that it must have, never from how it looks: 12 is a
// text where a text is wanted.
#include "bundle/scalar.h"

#include "base/utf8.h"
#include "cel/token.h"
#include "value/schema.h"
#include "value/time.h"

// Whether it would be no text without its quotes.
static bool is_quoted(const yaml_node *node) {
    bool b;
    double d;
    yaml_node plain = *node;
    plain.plain = true;
    return !node->plain && (yaml_bool(&plain, &b) || yaml_double(&plain, &d));
}

void scalar_refuse(report *r, const yaml_node *node, report_code code, const char *hint, const char *expected) {
    utf8_shown shown;
    if (node->kind == YAML_BAD) return;
    if (node->kind != YAML_SCALAR) {
        report_add(r, code, node->at, hint, "expected %s, not a %s", expected, node->kind == YAML_MAP ? "map" : "list");
    } else if (node->plain && node->text.len == 0) {
        report_add(r, code, node->at, hint, "expected %s", expected);
    } else {
        report_add(r, code, node->at, hint, "expected %s, not %s`%s`", expected, is_quoted(node) ? "the text " : "",
                   utf8_show(&shown, node->text));
    }
}

bool scalar_is_cased(const yaml_node *node) {
    static const char *const words[] = {"True", "TRUE", "False", "FALSE"};
    bool found = false;
    for (size_t i = 0; node->kind == YAML_SCALAR && node->plain && i < sizeof words / sizeof *words; i++) {
        found |= tact_str_equal(node->text, tact_str_from(words[i]));
    }
    return found;
}

bool scalar_is_text(const yaml_node *node) {
    return node->kind == YAML_SCALAR && !yaml_is_null(node);
}

bool scalar_span(report *r, const yaml_node *node, int64_t *ms) {
    const int64_t unit = TIME_SECOND / 1000; // nanoseconds of a millisecond
    tact_value v;
    time_fault fault = scalar_is_text(node) ? time_parse_span(node->text, &v) : TIME_MALFORMED;
    if (fault == TIME_MALFORMED) {
        scalar_refuse(r, node, REPORT_WRONG_FORM, NULL, "a time span such as 90d, 2w, 36h or 1h30m");
        return false;
    }
    if (fault || v.as.i < SCHEMA_SPAN_MIN_MS * unit || v.as.i / unit > SCHEMA_SPAN_MAX_MS) {
        scalar_refuse(r, node, REPORT_WRONG_FORM, NULL, "a time span of a second to 100 years");
        return false;
    }
    *ms = v.as.i / unit;
    return true;
}

enum { DATE = 10 }; // bytes of 2026-11-01

// What may have been meant by a text that looks much like a time.
static const char *time_hint(const yaml_node *node) {
    static const char shape[] = "0000-00-00T00:00:00";
    size_t len = node->kind == YAML_SCALAR ? node->text.len : 0;
    if (len != DATE && len != sizeof shape - 1) return NULL;
    for (size_t i = 0; i < len; i++) {
        char c = node->text.ptr[i];
        if (shape[i] == '0' ? c < '0' || c > '9' : c != shape[i]) return NULL;
    }
    return len == DATE ? "the calendar has no such day" : "a time ends in Z, or in a distance from UTC such as +01:00";
}

bool scalar_time(report *r, const yaml_node *node, tact_value *out, bool *date) {
    char midnight[] = "2026-11-01T00:00:00Z";
    if (scalar_is_text(node)) {
        *date = node->text.len == DATE;
        if (!*date && time_parse_timestamp(node->text, out) == TIME_OK) return true;
        if (*date) memcpy(midnight, node->text.ptr, DATE);
        if (*date && time_parse_timestamp(tact_str_from(midnight), out) == TIME_OK) return true;
    }
    scalar_refuse(r, node, REPORT_WRONG_FORM, time_hint(node),
                  "a date such as 2026-11-01 or a time such as 2026-11-01T09:00:00Z");
    return false;
}

// The name that begins at byte `at` of a type's text.
static cel_span name_within(report *r, const yaml_node *node, size_t at) {
    uint32_t len = 0;
    tact_str text = node->text;
    cel_span span = node->at;
    while (at + len < text.len && !strchr("(), .", text.ptr[at + len])) len++;
    if (at < text.len) (void)yaml_span(r, node, (uint32_t)at, len, &span);
    return span;
}

const tact_type *scalar_type(report *r, const yaml_node *node) {
    static const char any[] = "bool, int, double, string, timestamp, duration, list(string), list(int) or list(double)";
    if (!scalar_is_text(node)) {
        scalar_refuse(r, node, REPORT_WRONG_FORM, NULL, "a type such as string");
        return NULL;
    }
    tact_error error;
    const tact_type *type = type_parse(r->arena, node->text, &error);
    int32_t number = schema_type_number(type);
    if (number >= 0) return schema_type_of((uint32_t)number);
    if (type) {
        scalar_refuse(r, node, REPORT_WRONG_TYPE, any, "a type that can be stored");
    } else if (error.code == TACT_NO_MEMORY) {
        report_no_memory(r);
    } else {
        size_t at = error.column > 0 ? (size_t)error.column - 1 : 0;
        report_add(r, REPORT_WRONG_TYPE, name_within(r, node, at), NULL, "%s", error.text);
    }
    return NULL;
}

static bool read_scalar(const yaml_node *node, const tact_type *type, tact_value *out) {
    bool b = false;
    double d = 0;
    int64_t i = 0;
    if (!scalar_is_text(node)) return false;
    switch (type->kind) {
    case TYPE_BOOL:
        if (!yaml_bool(node, &b)) return false;
        *out = tact_bool(b);
        return true;
    case TYPE_INT:
        if (!yaml_int(node, &i)) return false;
        *out = tact_int(i);
        return true;
    case TYPE_DOUBLE:
        if (!yaml_double(node, &d)) return false;
        *out = tact_double(d);
        return true;
    case TYPE_STRING: *out = tact_string(node->text.ptr, node->text.len); return true;
    case TYPE_TIMESTAMP: return time_parse_timestamp(node->text, out) == TIME_OK;
    default: return time_parse_span(node->text, out) == TIME_OK; // a duration
    }
}

const char *scalar_hint(const yaml_node *node, const tact_type *type) {
    tact_value v;
    yaml_node plain = *node;
    plain.plain = true;
    if (node->kind != YAML_SCALAR || (type->kind != TYPE_BOOL && type->kind != TYPE_INT && type->kind != TYPE_DOUBLE))
        return NULL;
    if (!node->plain) return read_scalar(&plain, type, &v) ? "write it without quotes" : NULL;
    return type->kind == TYPE_BOOL && scalar_is_cased(node) ? "true and false are written in small letters" : NULL;
}

static const char *example_of(const tact_type *type) {
    switch (type->kind) {
    case TYPE_BOOL: return "true or false";
    case TYPE_INT: return "an int such as 3";
    case TYPE_DOUBLE: return "a number such as 1.5";
    case TYPE_STRING: return "a text";
    case TYPE_TIMESTAMP: return "a time such as 2026-11-01T09:00:00Z";
    default: return "a time span such as 90d or 1h30m";
    }
}

bool scalar_values(report *r, const yaml_node *node, const tact_type *type, const tact_value **out, uint32_t *count) {
    *out = NULL;
    *count = 0;
    if (node->kind != YAML_LIST) {
        scalar_refuse(r, node, REPORT_WRONG_FORM, NULL, "a list such as [a, b]");
        return false;
    }
    tact_value *values = arena_array(r->arena, node->count, sizeof *values);
    bool well = values != NULL;
    if (!well) report_no_memory(r);
    uint32_t i = 0;
    for (const yaml_node *item = node->first; values && item; item = item->next) {
        if (read_scalar(item, type, &values[i++])) continue;
        scalar_refuse(r, item, REPORT_WRONG_TYPE, scalar_hint(item, type), example_of(type));
        well = false;
    }
    *out = values;
    *count = node->count;
    return well;
}

bool scalar_value(report *r, const yaml_node *node, const tact_type *type, tact_value *out) {
    const tact_value *items;
    uint32_t count;
    if (type->kind == TYPE_LIST) {
        if (!scalar_values(r, node, type->params[0], &items, &count)) return false;
        *out = tact_list(items, count);
        return true;
    }
    if (read_scalar(node, type, out)) return true;
    scalar_refuse(r, node, REPORT_WRONG_TYPE, scalar_hint(node, type), example_of(type));
    return false;
}

bool scalar_word(report *r, const yaml_node *member, const char *record) {
    cel_token_kind kind = token_of_word(member->key.ptr, member->key.len);
    if (kind == TOKEN_IDENT || kind == TOKEN_RESERVED) return true;
    report_add(r, REPORT_BAD_NAME, member->key_at, NULL,
               "`%.*s` is a word of the language, so that no rule could read `%s.%.*s`", (int)member->key.len,
               member->key.ptr, record, (int)member->key.len, member->key.ptr);
    return false;
}
