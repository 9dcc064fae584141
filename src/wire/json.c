// SPDX-License-Identifier: Apache-2.0
//
// JSON by way of jansson, which parses into its own tree; the tree is copied into the arena and dropped. Subtle:
// jansson keeps no places in its tree, so depth is measured on the text, before parsing, where a place is still known.
#include "wire/json.h"

#include <jansson.h>
#include <math.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/num.h"
#include "value/type.h"
#include "value/value.h"

// ---- Reading --------------------------------------------------------------------------------------------------------

// A fault as the parser tells it. It may quote the input; it stays one line all the same.
static tact_err fail(tact_error *error, const json_error_t *why) {
    if (json_error_code(why) == json_error_out_of_memory) return err_set(error, TACT_NO_MEMORY, "memory ran out");
    int column = why->column > 0 ? why->column : 1;
    (void)err_set_at(error, TACT_SYNTAX, why->line, column, "%s", why->text);
    for (char *c = error ? error->text : ""; *c; c++) {
        if ((unsigned char)*c < 0x20) *c = ' ';
    }
    return TACT_SYNTAX;
}

// Finds the bracket that opens one level too many. Brackets within strings do not count; whether they match is the
// parser's business.
static tact_err check_depth(tact_str text, tact_error *error) {
    int depth = 0, line = 1, column = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (((unsigned char)c & 0xc0) != 0x80) column++; // not within a code point
        if (c == '\n') {
            line++;
            column = 0;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (quoted) {
            if (c == '\\' && i + 1 < text.len && text.ptr[i + 1] != '\n') {
                i++;
                column++;
            }
        } else if (c == ']' || c == '}') {
            depth--;
        } else if ((c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX) {
            return err_set_at(error, TACT_LIMIT, line, column, "nested deeper than %d levels", JSON_DEPTH_MAX);
        }
    }
    return TACT_OK;
}

static tact_value copy(arena *a, const json_t *json);

static tact_value no_memory(void) {
    return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
}

static tact_value copy_string(arena *a, const char *ptr, size_t len) {
    char *text = arena_copy(a, ptr, len);
    if (!text) return no_memory();
    tact_value v = tact_string(text, len);
    value_seal(&v); // what comes as JSON is data that rules will read
    return v;
}

static tact_value copy_list(arena *a, const json_t *array) {
    size_t count = json_array_size(array);
    tact_value *items = arena_array(a, count, sizeof *items);
    if (!items) return no_memory();
    for (size_t i = 0; i < count; i++) {
        items[i] = copy(a, json_array_get(array, i));
        if (items[i].kind == TACT_ERROR) return items[i];
    }
    return tact_list(items, count);
}

static tact_value copy_map(arena *a, json_t *object) {
    size_t count = 0;
    value_entry *entries = arena_array(a, json_object_size(object), sizeof *entries);
    if (!entries) return no_memory();
    const char *name;
    json_t *member;
    json_object_foreach(object, name, member) {
        tact_value key = copy_string(a, name, strlen(name)); // jansson refuses names that hold a zero
        tact_value value = copy(a, member);
        if (key.kind == TACT_ERROR || value.kind == TACT_ERROR) return no_memory();
        entries[count++] = (value_entry){key, value};
    }
    return value_map(a, entries, count);
}

// Recursion is bounded by check_depth. The only error value is NO_MEMORY.
static tact_value copy(arena *a, const json_t *json) {
    switch (json_typeof(json)) {
    case JSON_OBJECT: return copy_map(a, (json_t *)json); // only iterated
    case JSON_ARRAY: return copy_list(a, json);
    case JSON_STRING: return copy_string(a, json_string_value(json), json_string_length(json));
    case JSON_INTEGER: return tact_int(json_integer_value(json));
    case JSON_REAL: return tact_double(json_real_value(json));
    case JSON_TRUE: return tact_bool(true);
    case JSON_FALSE: return tact_bool(false);
    case JSON_NULL: break;
    }
    return tact_null();
}

tact_err json_read(arena *a, tact_str text, tact_value *out, tact_error *error) {
    tact_err code = check_depth(text, error);
    if (code) return code;

    json_error_t why;
    json_t *json = json_loadb(text.len ? text.ptr : "", text.len,
                              JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (!json) return fail(error, &why);
    *out = copy(a, json);
    json_decref(json);
    return out->kind == TACT_ERROR ? err_set(error, TACT_NO_MEMORY, "memory ran out") : TACT_OK;
}

// ---- Writing --------------------------------------------------------------------------------------------------------

static void write_string(buf *out, tact_str text) {
    static const char letters[32] = {['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    size_t written = 0;
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        buf_add(out, text.ptr + written, i - written);
        written = i + 1;
        if (c >= 0x20) {
            buf_printf(out, "\\%c", c);
        } else if (letters[c]) {
            buf_printf(out, "\\%c", letters[c]);
        } else {
            buf_printf(out, "\\u%04x", c);
        }
    }
    buf_add(out, text.ptr + written, text.len - written);
    buf_add_char(out, '"');
}

static void write_double(buf *out, double d) {
    if (isnan(d)) {
        buf_add_text(out, "\"NaN\"");
    } else if (isinf(d)) {
        buf_add_text(out, d > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    } else {
        char text[NUM_TEXT_MAX];
        size_t len = num_print_double(text, d);
        buf_add(out, text, len);
        if (!memchr(text, '.', len) && !memchr(text, 'e', len)) buf_add_text(out, ".0");
    }
}

static void write_base64(buf *out, tact_str bytes) {
    buf_add_char(out, '"');
    for (size_t i = 0; i < bytes.len; i += 48) { // whole groups of three at a time
        char text[64];
        size_t len = bytes.len - i < 48 ? bytes.len - i : 48;
        base64_encode(text, bytes.ptr + i, len);
        buf_add(out, text, base64_len(len));
    }
    buf_add_char(out, '"');
}

static tact_err write(buf *out, tact_value v, int depth);

static tact_err write_list(buf *out, tact_value list, int depth) {
    buf_add_char(out, '[');
    for (uint32_t i = 0; i < list.len; i++) {
        if (i) buf_add_char(out, ',');
        tact_err code = write(out, list.as.items[i], depth - 1);
        if (code) return code;
    }
    buf_add_char(out, ']');
    return TACT_OK;
}

// False if the name is also that of another key of the map: 1 and "1" would repeat it.
static bool write_name(buf *out, const tact_map *map, tact_value key) {
    if (key.kind == TACT_STRING) {
        write_string(out, value_str(key));
        return true;
    }
    buf_add_char(out, '"');
    size_t from = out->len;
    if (key.kind == TACT_UINT) {
        buf_printf(out, "%llu", (unsigned long long)key.as.u); // as a number, without CEL's "u"
    } else {
        value_print(out, key);
    }
    bool repeats = !out->failed && value_map_get_str(map, (tact_str){out->ptr + from, out->len - from});
    buf_add_char(out, '"');
    return !repeats;
}

static tact_err write_map(buf *out, const tact_map *map, int depth) {
    buf_add_char(out, '{');
    for (uint32_t i = 0; i < map->count; i++) {
        if (i) buf_add_char(out, ',');
        if (!write_name(out, map, map->entries[i].key)) return TACT_INVALID;
        buf_add_char(out, ':');
        tact_err code = write(out, map->entries[i].value, depth - 1);
        if (code) return code;
    }
    buf_add_char(out, '}');
    return TACT_OK;
}

// `depth` is how many levels may still be opened.
static tact_err write(buf *out, tact_value v, int depth) {
    if (depth < 0) return TACT_LIMIT;
    switch (v.kind) {
    case TACT_NULL: buf_add_text(out, "null"); break;
    case TACT_BOOL: buf_add_text(out, v.as.b ? "true" : "false"); break;
    case TACT_INT: buf_printf(out, "%lld", (long long)v.as.i); break;
    case TACT_UINT: buf_printf(out, "%llu", (unsigned long long)v.as.u); break;
    case TACT_DOUBLE: write_double(out, v.as.d); break;
    case TACT_STRING: write_string(out, value_str(v)); break;
    case TACT_BYTES: write_base64(out, value_str(v)); break;
    case TACT_LIST: return depth ? write_list(out, v, depth) : TACT_LIMIT;
    case TACT_MAP: return depth ? write_map(out, v.as.map, depth) : TACT_LIMIT;
    case TACT_TYPE: write_string(out, type_name(v.as.type)); break;
    case TACT_OPTIONAL: return write(out, v.as.items ? *v.as.items : tact_null(), depth - 1);
    case TACT_TIMESTAMP:
        buf_add_char(out, '"');
        value_print_timestamp(out, v);
        buf_add_char(out, '"');
        break;
    case TACT_DURATION:
        buf_add_char(out, '"');
        value_print_duration(out, v);
        buf_add_char(out, '"');
        break;
    default: return TACT_INVALID;
    }
    return TACT_OK;
}

tact_err json_write(buf *out, tact_value v) {
    if (value_weight(v, JSON_PARTS_MAX + 1) > JSON_PARTS_MAX) return TACT_LIMIT;
    tact_err code = write(out, v, JSON_DEPTH_MAX);
    if (code) return code;
    return out->failed ? TACT_NO_MEMORY : TACT_OK;
}
