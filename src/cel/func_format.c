// SPDX-License-Identifier: Apache-2.0
//
// string.format, after cel-spec's doc/extensions/strings.md: a text with clauses like %s and %.2f, each of which takes
// the next item of a list. The wording of errors is that of the conformance suite.
#include <math.h>

#include "base/num.h"
#include "base/utf8.h"
#include "cel/func.h"
#include "value/type.h"

#define DIGITS_DEFAULT 6
#define NUMBER_STEPS 10 // printing a number

typedef struct formatter {
    tact_cel_call *call;
    buf out;
    tact_value fault; // set when a function returned false
} formatter;

static bool fail(formatter *f, tact_value fault) {
    f->fault = fault;
    return false;
}

static bool pay(formatter *f, uint64_t steps) {
    return call_charge(f->call, steps) || fail(f, call_no_steps(f->call));
}

// `rule` says what may stand there.
static bool refuse(formatter *f, const char *rule, tact_value v) {
    tact_str name = type_name(type_of_value(v));
    return fail(f, call_fault(f->call, TACT_FAULT_INVALID_ARGUMENT, "error during formatting: %s, was given %.*s", rule,
                              (int)name.len, name.ptr));
}

static bool refuse_clause(formatter *f, const char *why) {
    return fail(f, call_fault(f->call, TACT_FAULT_INVALID_ARGUMENT, "could not parse formatting clause: %s", why));
}

// ---- Numbers --------------------------------------------------------------------------------------------------------

// True if `d` is none that digits can show; it is printed then.
static bool print_special(formatter *f, double d) {
    if (isfinite(d)) return false;
    buf_add_text(&f->out, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
    return true;
}

static void print_double(formatter *f, double d) {
    char text[NUM_TEXT_MAX];
    if (!print_special(f, d)) buf_add(&f->out, text, num_print_plain(text, d));
}

static void print_uint(formatter *f, uint64_t u, unsigned base, bool upper) {
    char text[64], *at = text + sizeof text;
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    do {
        *--at = digits[u % base];
        u /= base;
    } while (u);
    buf_add(&f->out, at, (size_t)(text + sizeof text - at));
}

static void print_integer(formatter *f, tact_value v, unsigned base, bool upper) {
    bool negative = v.kind == TACT_INT && v.as.i < 0;
    if (negative) buf_add_char(&f->out, '-');
    print_uint(f, negative ? -v.as.u : v.as.u, base, upper);
}

// ---- %s -------------------------------------------------------------------------------------------------------------

static bool print(formatter *f, tact_value v, int depth);

// Bytes as text; a run of what is no UTF-8 shows as one replacement character.
static bool print_bytes(formatter *f, tact_value v) {
    if (!pay(f, v.len) || v.len == 0) return v.len == 0;
    bool bad = false;
    for (const char *at = v.as.s, *end = at + v.len; at < end;) {
        const char *from = at;
        if (utf8_next(&at, end) != UTF8_BAD) {
            buf_add(&f->out, from, (size_t)(at - from));
            bad = false;
        } else if (!bad) {
            buf_add_code_point(&f->out, 0xfffd);
            bad = true;
        }
    }
    return true;
}

static bool print_list(formatter *f, tact_value list, int depth) {
    buf_add_char(&f->out, '[');
    for (uint32_t i = 0; i < list.len; i++) {
        if (i) buf_add_text(&f->out, ", ");
        if (!print(f, list.as.items[i], depth)) return false;
    }
    buf_add_char(&f->out, ']');
    return true;
}

// What `v` prints as, on its own.
static bool print_apart(formatter *f, tact_value v, int depth, tact_str *text) {
    formatter apart = {f->call, buf_in(f->call->arena), {0}};
    if (!print(&apart, v, depth)) return fail(f, apart.fault);
    *text = buf_done(&apart.out);
    return text->ptr || fail(f, call_no_memory(f->call));
}

static int order_texts(const void *things, uint32_t a, uint32_t b) {
    const tact_str *texts = things;
    return value_compare(tact_string(texts[a].ptr, texts[a].len), tact_string(texts[b].ptr, texts[b].len));
}

// Entries in the order of the texts of their keys.
static bool print_map(formatter *f, const tact_map *map, int depth) {
    tact_str *keys = arena_array(f->call->arena, map->count, sizeof *keys);
    if (!keys) return fail(f, call_no_memory(f->call));
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        if (!print_apart(f, map->entries[i].key, depth, &keys[i])) return false;
        bytes += keys[i].len;
    }
    if (!func_charge_sort(f->call, map->count, bytes)) return fail(f, call_no_steps(f->call));
    const uint32_t *order = func_sort(f->call->arena, keys, map->count, order_texts);
    if (!order) return fail(f, call_no_memory(f->call));
    buf_add_char(&f->out, '{');
    for (uint32_t i = 0; i < map->count; i++) {
        if (i) buf_add_text(&f->out, ", ");
        buf_add_str(&f->out, keys[order[i]]);
        buf_add_text(&f->out, ": ");
        if (!print(f, map->entries[order[i]].value, depth)) return false;
    }
    buf_add_char(&f->out, '}');
    return true;
}

static bool print(formatter *f, tact_value v, int depth) {
    static const char rule[] = "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, "
                               "types, durations, and timestamps";
    if (depth == 0) return refuse(f, "string clause can only be used on values that are not nested too deep", v);
    if (f->out.failed) return fail(f, call_no_memory(f->call));
    if (!pay(f, v.kind == TACT_STRING ? 1 + v.len / CALL_BYTES_A_STEP : NUMBER_STEPS)) return false;
    switch (v.kind) {
    case TACT_NULL: buf_add_text(&f->out, "null"); return true;
    case TACT_BOOL: buf_add_text(&f->out, v.as.b ? "true" : "false"); return true;
    case TACT_INT:
    case TACT_UINT: print_integer(f, v, 10, false); return true;
    case TACT_DOUBLE: print_double(f, v.as.d); return true;
    case TACT_STRING: buf_add_str(&f->out, value_str(v)); return true;
    case TACT_BYTES: return print_bytes(f, v);
    case TACT_LIST: return print_list(f, v, depth - 1);
    case TACT_MAP: return print_map(f, v.as.map, depth - 1);
    case TACT_TIMESTAMP: value_print_timestamp(&f->out, v); return true;
    case TACT_DURATION: value_print_duration(&f->out, v); return true;
    case TACT_TYPE: buf_add_str(&f->out, type_name(v.as.type)); return true;
    default: return refuse(f, rule, v);
    }
}

// ---- Verbs ----------------------------------------------------------------------------------------------------------

static bool format_string(formatter *f, tact_value v, int digits) {
    (void)digits;
    return print(f, v, VALUE_PRINT_DEPTH);
}

static bool format_decimal(formatter *f, tact_value v, int digits) {
    (void)digits;
    switch (v.kind) {
    case TACT_INT:
    case TACT_UINT: print_integer(f, v, 10, false); return true;
    case TACT_DOUBLE: print_double(f, v.as.d); return true;
    default: return refuse(f, "decimal clause can only be used on integers", v);
    }
}

static bool as_double(tact_value v, double *d) {
    switch (v.kind) {
    case TACT_INT: *d = (double)v.as.i; return true;
    case TACT_UINT: *d = (double)v.as.u; return true;
    case TACT_DOUBLE: *d = v.as.d; return true;
    default: return false;
    }
}

static bool format_fixed(formatter *f, tact_value v, int digits) {
    double d;
    char text[NUM_TEXT_MAX];
    if (!as_double(v, &d)) return refuse(f, "fixed-point clause can only be used on doubles", v);
    if (!print_special(f, d)) buf_add(&f->out, text, num_print_fixed(text, d, digits));
    return true;
}

static bool format_scientific(formatter *f, tact_value v, int digits) {
    double d;
    char text[NUM_TEXT_MAX];
    if (!as_double(v, &d)) return refuse(f, "scientific clause can only be used on doubles", v);
    if (!print_special(f, d)) buf_add(&f->out, text, num_print_scientific(text, d, digits));
    return true;
}

static bool format_binary(formatter *f, tact_value v, int digits) {
    (void)digits;
    if (v.kind == TACT_BOOL) {
        buf_add_char(&f->out, v.as.b ? '1' : '0');
        return true;
    }
    if (v.kind != TACT_INT && v.kind != TACT_UINT) {
        return refuse(f, "only integers and bools can be formatted as binary", v);
    }
    print_integer(f, v, 2, false);
    return true;
}

static bool format_octal(formatter *f, tact_value v, int digits) {
    (void)digits;
    if (v.kind != TACT_INT && v.kind != TACT_UINT) return refuse(f, "octal clause can only be used on integers", v);
    print_integer(f, v, 8, false);
    return true;
}

static bool print_hex(formatter *f, tact_value v, bool upper) {
    switch (v.kind) {
    case TACT_INT:
    case TACT_UINT: print_integer(f, v, 16, upper); return true;
    case TACT_STRING:
    case TACT_BYTES:
        if (!pay(f, v.len)) return false;
        for (uint32_t i = 0; i < v.len && !f->out.failed; i++) {
            unsigned char byte = (unsigned char)v.as.s[i];
            if (byte < 16) buf_add_char(&f->out, '0');
            print_uint(f, byte, 16, upper);
        }
        return true;
    default: return refuse(f, "only integers, byte buffers, and strings can be formatted as hex", v);
    }
}

static bool format_hex(formatter *f, tact_value v, int digits) {
    (void)digits;
    return print_hex(f, v, false);
}

static bool format_upper_hex(formatter *f, tact_value v, int digits) {
    (void)digits;
    return print_hex(f, v, true);
}

static const struct verb {
    char letter;
    bool (*format)(formatter *f, tact_value v, int digits);
} verbs[] = {
    {'s', format_string}, {'d', format_decimal}, {'f', format_fixed}, {'e', format_scientific},
    {'b', format_binary}, {'o', format_octal},   {'x', format_hex},   {'X', format_upper_hex},
};

// ---- Clauses --------------------------------------------------------------------------------------------------------

// ".3" at *at, if there is a point.
static bool read_digits(formatter *f, tact_str text, size_t *at, int *digits) {
    *digits = DIGITS_DEFAULT;
    if (*at == text.len || text.ptr[*at] != '.') return true;
    size_t from = ++*at;
    for (*digits = 0; *at < text.len && text.ptr[*at] >= '0' && text.ptr[*at] <= '9'; ++*at) {
        if (*digits <= NUM_DIGITS_MAX) *digits = *digits * 10 + (text.ptr[*at] - '0');
    }
    if (*at == from) return refuse_clause(f, "no digits behind the point");
    return *digits <= NUM_DIGITS_MAX || refuse_clause(f, "more than 100 digits behind the point");
}

// The verb at *at, which is moved behind it; NULL if there is none.
static const struct verb *read_verb(formatter *f, tact_str text, size_t *at) {
    if (*at == text.len) {
        (void)refuse_clause(f, "unexpected end of string");
        return NULL;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (verbs[i].letter != text.ptr[*at]) continue;
        ++*at;
        return &verbs[i];
    }
    utf8_shown shown;
    tact_str letter = {text.ptr + *at, utf8_offset(text.ptr + *at, text.len - *at, 1)};
    (void)fail(f, call_fault(f->call, TACT_FAULT_INVALID_ARGUMENT,
                             "could not parse formatting clause: unrecognized formatting clause \"%s\"",
                             utf8_show(&shown, letter)));
    return NULL;
}

// The clause whose percent sign stands before *at, for item `index` of `items`.
static bool format_clause(formatter *f, tact_str text, size_t *at, tact_value items, uint32_t index) {
    int digits;
    if (!read_digits(f, text, at, &digits)) return false;
    const struct verb *verb = read_verb(f, text, at);
    if (!verb) return false;
    if (index >= items.len) {
        return fail(f, call_fault(f->call, TACT_FAULT_INVALID_ARGUMENT, "index %u out of range", index));
    }
    return pay(f, NUMBER_STEPS) && verb->format(f, items.as.items[index], digits);
}

tact_value fn_format(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_str text = value_str(args[0]);
    if (!call_charge(call, text.len)) return call_no_steps(call);
    formatter f = {call, buf_in(call->arena), {0}};
    uint32_t used = 0;
    for (size_t at = 0; at < text.len;) {
        const char *from = text.ptr + at, *percent = memchr(from, '%', text.len - at);
        size_t plain = percent ? (size_t)(percent - from) : text.len - at;
        buf_add(&f.out, from, plain);
        at += plain + (percent != NULL);
        if (!percent) break;
        if (at < text.len && text.ptr[at] == '%') {
            buf_add_char(&f.out, '%');
            at++;
        } else if (!format_clause(&f, text, &at, args[1], used++)) {
            return f.fault;
        }
    }
    if (used < args[1].len) {
        return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "%u items to format, but only %u clauses", args[1].len,
                          used);
    }
    return call_text(call, &f.out);
}
