// SPDX-License-Identifier: Apache-2.0
//
// Values as CEL literals: what is printed reads back as the same value, except for what CEL has no literal for (the
// non-finite doubles, errors).
#include <math.h>

#include "base/civil.h"
#include "base/num.h"
#include "base/utf8.h"
#include "value/type.h"
#include "value/value.h"

// The escape letter of a byte that CEL writes with one, or 0.
static char escape_letter(uint32_t c) {
    switch (c) {
    case '\a': return 'a';
    case '\b': return 'b';
    case '\f': return 'f';
    case '\n': return 'n';
    case '\r': return 'r';
    case '\t': return 't';
    case '\v': return 'v';
    case '"': return '"';
    case '\\': return '\\';
    default: return 0;
    }
}

void value_print_quoted(buf *out, tact_str text) {
    const char *at = text.ptr, *end = text.len ? text.ptr + text.len : text.ptr;
    buf_add_char(out, '"');
    while (at < end) {
        const char *from = at;
        uint32_t c = utf8_next(&at, end);
        char letter = escape_letter(c);
        if (letter) {
            buf_add_char(out, '\\');
            buf_add_char(out, letter);
        } else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            buf_printf(out, "\\u%04x", (unsigned)c);
        } else {
            buf_add(out, from, (size_t)(at - from));
        }
    }
    buf_add_char(out, '"');
}

static void print_bytes(buf *out, tact_str bytes) {
    buf_add_text(out, "b\"");
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        char letter = escape_letter(c);
        if (letter) {
            buf_add_char(out, '\\');
            buf_add_char(out, letter);
        } else if (c < 0x20 || c >= 0x7f) {
            buf_printf(out, "\\x%02x", c);
        } else {
            buf_add_char(out, (char)c);
        }
    }
    buf_add_char(out, '"');
}

static void print_double(buf *out, double d) {
    if (isnan(d)) {
        buf_add_text(out, "double(\"NaN\")");
    } else if (isinf(d)) {
        buf_add_text(out, d > 0 ? "double(\"Infinity\")" : "double(\"-Infinity\")");
    } else {
        char text[NUM_TEXT_MAX];
        size_t len = num_print_double(text, d);
        buf_add(out, text, len);
        if (!memchr(text, '.', len) && !memchr(text, 'e', len)) buf_add_text(out, ".0");
    }
}

// ---- Time -----------------------------------------------------------------------------------------------------------

static void print_nanos(buf *out, uint32_t nanos) {
    if (nanos == 0) return;
    if (nanos % 1000000 == 0) {
        buf_printf(out, ".%03u", nanos / 1000000);
    } else if (nanos % 1000 == 0) {
        buf_printf(out, ".%06u", nanos / 1000);
    } else {
        buf_printf(out, ".%09u", nanos);
    }
}

void value_print_timestamp(buf *out, tact_value v) {
    civil at = civil_at(v.as.i);
    buf_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02d", (long long)at.year, at.month, at.day, at.hour, at.minute,
               at.second);
    print_nanos(out, v.len);
    buf_add_char(out, 'Z');
}

void value_print_duration(buf *out, tact_value v) {
    uint64_t nanos = v.as.i < 0 ? -(uint64_t)v.as.i : (uint64_t)v.as.i;
    if (v.as.i < 0) buf_add_char(out, '-');
    buf_printf(out, "%llu", (unsigned long long)(nanos / 1000000000));
    if (nanos % 1000000000) {
        buf_printf(out, ".%09u", (unsigned)(nanos % 1000000000));
        while (!out->failed && out->ptr[out->len - 1] == '0') out->len--;
    }
    buf_add_char(out, 's');
}

// ---- All kinds ------------------------------------------------------------------------------------------------------

typedef struct printer {
    buf *out;
    uint32_t parts; // that may still be printed
} printer;

static void print(printer *p, tact_value v, int depth);

static void print_list(printer *p, tact_value v, int depth) {
    buf_add_char(p->out, '[');
    for (uint32_t i = 0; i < v.len && p->parts; i++) {
        if (i) buf_add_text(p->out, ", ");
        print(p, v.as.items[i], depth);
    }
    buf_add_char(p->out, ']');
}

static void print_map(printer *p, const tact_map *map, int depth) {
    buf_add_char(p->out, '{');
    for (uint32_t i = 0; i < map->count && p->parts; i++) {
        if (i) buf_add_text(p->out, ", ");
        print(p, map->entries[i].key, depth);
        buf_add_text(p->out, ": ");
        print(p, map->entries[i].value, depth);
    }
    buf_add_char(p->out, '}');
}

static void print_optional(printer *p, tact_value v, int depth) {
    if (!v.as.items) {
        buf_add_text(p->out, "optional.none()");
        return;
    }
    buf_add_text(p->out, "optional.of(");
    print(p, *v.as.items, depth);
    buf_add_char(p->out, ')');
}

static void print_call(buf *out, const char *function, void (*argument)(buf *, tact_value), tact_value v) {
    buf_printf(out, "%s(\"", function);
    argument(out, v);
    buf_add_text(out, "\")");
}

static void print(printer *p, tact_value v, int depth) {
    buf *out = p->out;
    if (depth == 0 || p->parts == 0 || --p->parts == 0) {
        buf_add_text(out, "...");
        return;
    }
    switch (v.kind) {
    case TACT_NULL: buf_add_text(out, "null"); break;
    case TACT_BOOL: buf_add_text(out, v.as.b ? "true" : "false"); break;
    case TACT_INT: buf_printf(out, "%lld", (long long)v.as.i); break;
    case TACT_UINT: buf_printf(out, "%lluu", (unsigned long long)v.as.u); break;
    case TACT_DOUBLE: print_double(out, v.as.d); break;
    case TACT_STRING: value_print_quoted(out, value_str(v)); break;
    case TACT_BYTES: print_bytes(out, value_str(v)); break;
    case TACT_LIST: print_list(p, v, depth - 1); break;
    case TACT_MAP: print_map(p, v.as.map, depth - 1); break;
    case TACT_TIMESTAMP: print_call(out, "timestamp", value_print_timestamp, v); break;
    case TACT_DURATION: print_call(out, "duration", value_print_duration, v); break;
    case TACT_TYPE: buf_add_str(out, type_name(v.as.type)); break;
    case TACT_OPTIONAL: print_optional(p, v, depth - 1); break;
    case TACT_ERROR: buf_printf(out, "error(%s)", v.as.s ? v.as.s : tact_fault_text((tact_fault)v.len)); break;
    default: buf_add_text(out, value_kind_name((tact_kind)v.kind)); break;
    }
}

void value_print_within(buf *out, tact_value v, uint32_t parts) {
    printer p = {out, parts};
    print(&p, v, VALUE_PRINT_DEPTH);
}

void value_print(buf *out, tact_value v) {
    value_print_within(out, v, VALUE_PRINT_PARTS);
}

tact_str tact_value_print(tact_value v, tact_arena *a) {
    buf out = buf_in(a);
    value_print(&out, v);
    return buf_done(&out);
}
