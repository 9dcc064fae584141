// SPDX-License-Identifier: Apache-2.0
//
// Types: reading, printing, comparing. The subtle part is sharing: the types that declarations and literals are made of
// nearly always (simple ones, lists of them, maps with simple keys to them) are static objects, so building one
// allocates nothing and comparing two is comparing pointers.
#include "value/type.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/near.h"

// ---- Shared types ---------------------------------------------------------------------------------------------------

const tact_type type_simple[TYPE_LIST] = {
    [TYPE_ERROR] = {.kind = TYPE_ERROR},       [TYPE_DYN] = {.kind = TYPE_DYN},
    [TYPE_NULL] = {.kind = TYPE_NULL},         [TYPE_BOOL] = {.kind = TYPE_BOOL},
    [TYPE_INT] = {.kind = TYPE_INT},           [TYPE_UINT] = {.kind = TYPE_UINT},
    [TYPE_DOUBLE] = {.kind = TYPE_DOUBLE},     [TYPE_STRING] = {.kind = TYPE_STRING},
    [TYPE_BYTES] = {.kind = TYPE_BYTES},       [TYPE_TIMESTAMP] = {.kind = TYPE_TIMESTAMP},
    [TYPE_DURATION] = {.kind = TYPE_DURATION},
};
static const tact_type any_type = {.kind = TYPE_TYPE}; // `type`, when it is not known of what
// What the name `optional_type` denotes; no expression has this type.
static const tact_type any_optional = {.kind = TYPE_OPTIONAL};

// Type parameters of one letter, which is all that signatures use.
#define PARAM(LETTER)                                                                                                  \
    {                                                                                                                  \
        .kind = TYPE_PARAM, .open = true, .name = { LETTER, 1 }                                                        \
    }
static const tact_type letters[] = {
    PARAM("A"), PARAM("B"), PARAM("C"), PARAM("D"), PARAM("E"), PARAM("F"), PARAM("G"), PARAM("H"), PARAM("I"),
    PARAM("J"), PARAM("K"), PARAM("L"), PARAM("M"), PARAM("N"), PARAM("O"), PARAM("P"), PARAM("Q"), PARAM("R"),
    PARAM("S"), PARAM("T"), PARAM("U"), PARAM("V"), PARAM("W"), PARAM("X"), PARAM("Y"), PARAM("Z"),
};

// clang-format off
// One object for each simple type, in their order, and none for ERROR, which nothing is built of.
#define EACH(ONE)                                                                                                      \
    {{0}, ONE(dyn), ONE(null), ONE(bool), ONE(int), ONE(uint), ONE(double), ONE(string), ONE(bytes), ONE(timestamp),   \
     ONE(duration)}
#define LIST(OF) {.kind = TYPE_LIST, .count = 1, .var = 1, .params = {&type_##OF}}
#define OPTIONAL(OF) {.kind = TYPE_OPTIONAL, .count = 1, .var = 1, .params = {&type_##OF}}
#define TYPE(OF) {.kind = TYPE_TYPE, .count = 1, .var = 1, .params = {&type_##OF}}
#define WRAPPER(OF) {.kind = TYPE_WRAPPER, .count = 1, .var = 1, .params = {&type_##OF}}
#define MAP_DYN(OF) {.kind = TYPE_MAP, .count = 2, .var = 2, .params = {&type_dyn, &type_##OF}}
#define MAP_INT(OF) {.kind = TYPE_MAP, .count = 2, .var = 2, .params = {&type_int, &type_##OF}}
#define MAP_STRING(OF) {.kind = TYPE_MAP, .count = 2, .var = 2, .params = {&type_string, &type_##OF}}
// clang-format on

static const tact_type lists[] = EACH(LIST);
static const tact_type optionals[] = EACH(OPTIONAL);
static const tact_type types[] = EACH(TYPE);
static const tact_type wrappers[] = EACH(WRAPPER);
static const tact_type maps_dyn[] = EACH(MAP_DYN);
static const tact_type maps_int[] = EACH(MAP_INT);
static const tact_type maps_string[] = EACH(MAP_STRING);

static bool is_shared(const tact_type *t) {
    return t->kind < TYPE_LIST && t->kind != TYPE_ERROR;
}

// The static object for these parameters, or NULL if there is none.
static const tact_type *shared(type_kind kind, const tact_type *const *params, size_t count) {
    if (kind < TYPE_LIST) return count == 0 ? &type_simple[kind] : NULL;
    if (kind == TYPE_TYPE && count == 0) return &any_type;
    if (count == 0 || !is_shared(params[count - 1])) return NULL;
    size_t last = params[count - 1]->kind;
    switch (kind) {
    case TYPE_LIST: return &lists[last];
    case TYPE_OPTIONAL: return &optionals[last];
    case TYPE_TYPE: return &types[last];
    case TYPE_WRAPPER: return &wrappers[last];
    case TYPE_MAP:
        if (params[0] == &type_string) return &maps_string[last];
        if (params[0] == &type_dyn) return &maps_dyn[last];
        if (params[0] == &type_int) return &maps_int[last];
        return NULL;
    default: return NULL;
    }
}

const tact_type *type_of_kind(type_kind kind) {
    switch (kind) {
    case TYPE_LIST: return &lists[TYPE_DYN];
    case TYPE_MAP: return &maps_dyn[TYPE_DYN];
    case TYPE_OPTIONAL: return &optionals[TYPE_DYN];
    case TYPE_RECORD: return &maps_string[TYPE_DYN];
    default: return shared(kind, NULL, 0);
    }
}

// ---- Building -------------------------------------------------------------------------------------------------------

static tact_type *build(arena *a, type_kind kind, size_t count) {
    tact_type *t = arena_alloc(a, offsetof(tact_type, params) + count * sizeof *t->params);
    if (!t) return NULL;
    t->kind = (uint8_t)kind;
    t->count = (uint8_t)count;
    t->open = kind == TYPE_PARAM || kind == TYPE_VAR;
    t->var = 0;
    t->name = (tact_str){NULL, 0};
    return t;
}

const tact_type *type_new(arena *a, type_kind kind, tact_str name, const tact_type *const *params, size_t count) {
    const tact_type *s = shared(kind, params, count);
    if (s) return s;
    tact_type *t = build(a, kind, count);
    if (!t) return NULL;
    t->name = name;
    for (size_t i = 0; i < count; i++) {
        t->params[i] = params[i];
        t->open |= params[i]->open;
        t->var += 1 + (params[i]->kind == TYPE_VAR ? 0 : params[i]->var);
    }
    return t->var > TYPE_PARTS_MAX ? &type_dyn : t;
}

const tact_type *type_list(arena *a, const tact_type *element) {
    return type_new(a, TYPE_LIST, (tact_str){0}, &element, 1);
}

const tact_type *type_map(arena *a, const tact_type *key, const tact_type *value) {
    return type_new(a, TYPE_MAP, (tact_str){0}, (const tact_type *[]){key, value}, 2);
}

const tact_type *type_optional(arena *a, const tact_type *of) {
    return type_new(a, TYPE_OPTIONAL, (tact_str){0}, &of, 1);
}

const tact_type *type_type(arena *a, const tact_type *of) {
    return type_new(a, TYPE_TYPE, (tact_str){0}, &of, 1);
}

const tact_type *type_var(arena *a, uint32_t var) {
    tact_type *t = build(a, TYPE_VAR, 0);
    if (t) t->var = var;
    return t;
}

// ---- Names ----------------------------------------------------------------------------------------------------------

typedef struct name_row {
    tact_str name;
    const tact_type *type;
} name_row;

// What a name means in a declaration, where it takes no parameters. The first name of a kind is the one that prints.
static const name_row names[] = {
#define ROW(NAME, TYPE)                                                                                                \
    { {NAME, sizeof NAME - 1}, &TYPE }
    ROW("bool", type_bool),
    ROW("int", type_int),
    ROW("uint", type_uint),
    ROW("double", type_double),
    ROW("string", type_string),
    ROW("bytes", type_bytes),
    ROW("timestamp", type_timestamp),
    ROW("duration", type_duration),
    ROW("null", type_null),
    ROW("dyn", type_dyn),
    ROW("list", lists[TYPE_DYN]),
    ROW("map", maps_dyn[TYPE_DYN]),
    ROW("type", any_type),
    ROW("optional_type", optionals[TYPE_DYN]),
    ROW("null_type", type_null),
    // The names of protocol buffers for what is CEL's own.
    ROW("google.protobuf.Timestamp", type_timestamp),
    ROW("google.protobuf.Duration", type_duration),
    ROW("google.protobuf.NullValue", type_null),
    ROW("google.protobuf.Value", type_dyn),
    ROW("google.protobuf.Any", type_dyn),
    ROW("google.protobuf.ListValue", lists[TYPE_DYN]),
    ROW("google.protobuf.Struct", maps_string[TYPE_DYN]),
    ROW("google.protobuf.BoolValue", wrappers[TYPE_BOOL]),
    ROW("google.protobuf.Int32Value", wrappers[TYPE_INT]),
    ROW("google.protobuf.Int64Value", wrappers[TYPE_INT]),
    ROW("google.protobuf.UInt32Value", wrappers[TYPE_UINT]),
    ROW("google.protobuf.UInt64Value", wrappers[TYPE_UINT]),
    ROW("google.protobuf.FloatValue", wrappers[TYPE_DOUBLE]),
    ROW("google.protobuf.DoubleValue", wrappers[TYPE_DOUBLE]),
    ROW("google.protobuf.StringValue", wrappers[TYPE_STRING]),
    ROW("google.protobuf.BytesValue", wrappers[TYPE_BYTES]),
};

// What a name in an expression means, as a value of kind TYPE. `timestamp` and `duration` are functions there.
static const name_row values[] = {
    ROW("bool", type_bool),
    ROW("int", type_int),
    ROW("uint", type_uint),
    ROW("double", type_double),
    ROW("string", type_string),
    ROW("bytes", type_bytes),
    ROW("list", lists[TYPE_DYN]),
    ROW("map", maps_dyn[TYPE_DYN]),
    ROW("type", any_type),
    ROW("null_type", type_null),
    ROW("optional_type", any_optional),
    ROW("google.protobuf.Timestamp", type_timestamp),
    ROW("google.protobuf.Duration", type_duration),
};
#undef ROW

// Types that take parameters: how many, and what may stand in them.
static const struct generic_row {
    tact_str name;
    type_kind kind;
    size_t count;
} generics[] = {
    {{"list", 4}, TYPE_LIST, 1},       {{"map", 3}, TYPE_MAP, 2},
    {{"type", 4}, TYPE_TYPE, 1},       {{"optional_type", 13}, TYPE_OPTIONAL, 1},
    {{"wrapper", 7}, TYPE_WRAPPER, 1},
};

// What other languages call some types.
static const struct foreign_row {
    tact_str name;
    const char *meant;
} foreign[] = {
    {{"boolean", 7}, "bool"},   {{"integer", 7}, "int"},    {{"long", 4}, "int"},
    {{"float", 5}, "double"},   {{"number", 6}, "double"},  {{"str", 3}, "string"},
    {{"text", 4}, "string"},    {{"array", 5}, "list"},     {{"object", 6}, "map"},
    {{"dict", 4}, "map"},       {{"date", 4}, "timestamp"}, {{"datetime", 8}, "timestamp"},
    {{"time", 4}, "timestamp"}, {{"any", 3}, "dyn"},        {{"optional", 8}, "optional_type"},
};

#define COUNT(ROWS) (sizeof(ROWS) / sizeof *(ROWS))

static const tact_type *look_up(const name_row *rows, size_t count, tact_str name) {
    for (size_t i = 0; i < count; i++) {
        if (tact_str_equal(rows[i].name, name)) return rows[i].type;
    }
    return NULL;
}

const tact_type *type_named(tact_str name) {
    return look_up(values, COUNT(values), name);
}

tact_str type_name(const tact_type *t) {
    switch (t->kind) {
    case TYPE_ERROR: return TACT_STR("error");
    case TYPE_DYN: return TACT_STR("dyn");
    case TYPE_RECORD: return TACT_STR("map");
    case TYPE_WRAPPER: return type_name(t->params[0]);
    case TYPE_ABSTRACT:
    case TYPE_PARAM:
    case TYPE_VAR: return t->name;
    default:
        for (size_t i = 0; i < COUNT(values); i++) {
            if (values[i].type->kind == t->kind) return values[i].name;
        }
        return t->name;
    }
}

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct reader {
    arena *arena;
    tact_str text;
    size_t at;
    int depth;
    tact_error *error;
} reader;

static const tact_type *refuse(reader *r, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

static const tact_type *refuse(reader *r, size_t at, const char *format, ...) {
    char text[sizeof((tact_error *)0)->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)err_set_at(r->error, TACT_INVALID, 1, (int)at + 1, "%s", text);
    return NULL;
}

static const tact_type *no_memory(reader *r) {
    (void)err_set(r->error, TACT_NO_MEMORY, "memory ran out");
    return NULL;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

static char peek(const reader *r) {
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static void skip_spaces(reader *r) {
    while (peek(r) == ' ' || peek(r) == '\t') r->at++;
}

static bool skip(reader *r, char c) {
    skip_spaces(r);
    if (peek(r) != c) return false;
    r->at++;
    return true;
}

// name ("." name)*; empty if there is none.
static tact_str read_name(reader *r) {
    skip_spaces(r);
    size_t start = r->at;
    while (is_letter(peek(r))) {
        while (is_letter(peek(r)) || (peek(r) >= '0' && peek(r) <= '9')) r->at++;
        if (peek(r) != '.' || r->at + 1 >= r->text.len || !is_letter(r->text.ptr[r->at + 1])) break;
        r->at++;
    }
    return (tact_str){r->text.ptr + start, r->at - start};
}

static bool all_capitals(tact_str name) {
    for (size_t i = 0; i < name.len; i++) {
        if (!is_capital(name.ptr[i])) return false;
    }
    return true;
}

// A type of this kind with a copy of the name, since the text is the caller's.
static const tact_type *named(reader *r, type_kind kind, tact_str name, const tact_type *const *params, size_t count) {
    const char *copy = arena_copy(r->arena, name.ptr, name.len);
    const tact_type *t = copy ? type_new(r->arena, kind, (tact_str){copy, name.len}, params, count) : NULL;
    return t ? t : no_memory(r);
}

// The type that is hardly meant as a new one's name; empty if there is none.
static tact_str misspelt(tact_str name, bool parameters) {
    for (size_t i = 0; i < COUNT(foreign); i++) {
        if (tact_str_equal(foreign[i].name, name)) return tact_str_from(foreign[i].meant);
    }
    near n = near_to(name);
    for (size_t i = 0; i < COUNT(generics); i++) near_offer(&n, generics[i].name);
    for (size_t i = 0; i < COUNT(names) && !parameters; i++) near_offer(&n, names[i].name);
    return n.best;
}

// Other names are abstract types, except those that look like a slip.
static const tact_type *abstract(reader *r, tact_str name, size_t start, const tact_type *const *params, size_t count) {
    tact_str meant = misspelt(name, count > 0);
    if (!meant.len) return named(r, TYPE_ABSTRACT, name, params, count);
    return refuse(r, start, "`%.*s` is not a type; did you mean `%.*s`?", (int)name.len, name.ptr, (int)meant.len,
                  meant.ptr);
}

// A name that stands alone.
static const tact_type *plain(reader *r, tact_str name, size_t start) {
    const tact_type *known = look_up(names, COUNT(names), name);
    if (known) return known;
    if (all_capitals(name)) {
        return name.len == 1 ? &letters[name.ptr[0] - 'A'] : named(r, TYPE_PARAM, name, NULL, 0);
    }
    if (tact_str_equal(name, TACT_STR("wrapper")) || tact_str_equal(name, TACT_STR("record"))) {
        return refuse(r, start, "`%.*s` needs to say of what: %.*s(...)", (int)name.len, name.ptr, (int)name.len,
                      name.ptr);
    }
    return abstract(r, name, start, NULL, 0);
}

static bool can_be_key(const tact_type *t) {
    switch (t->kind) {
    case TYPE_DYN:
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_UINT:
    case TYPE_STRING:
    case TYPE_PARAM: return true;
    default: return false;
    }
}

static bool can_be_wrapped(const tact_type *t) {
    return t->kind >= TYPE_BOOL && t->kind <= TYPE_BYTES;
}

static const tact_type *generic(reader *r, tact_str name, size_t start, const tact_type *const *params, size_t count) {
    for (size_t i = 0; i < COUNT(generics); i++) {
        if (!tact_str_equal(generics[i].name, name)) continue;
        if (count != generics[i].count) {
            return refuse(r, start, "`%.*s` takes %zu type%s, not %zu", (int)name.len, name.ptr, generics[i].count,
                          generics[i].count == 1 ? "" : "s", count);
        }
        if (generics[i].kind == TYPE_MAP && !can_be_key(params[0])) {
            return refuse(r, start, "the keys of a map can be bool, int, uint, string or dyn");
        }
        if (generics[i].kind == TYPE_WRAPPER && !can_be_wrapped(params[0])) {
            return refuse(r, start, "a wrapper can be of bool, int, uint, double, string or bytes");
        }
        const tact_type *t = type_new(r->arena, generics[i].kind, (tact_str){NULL, 0}, params, count);
        return t ? t : no_memory(r);
    }
    if (look_up(names, COUNT(names), name)) {
        return refuse(r, start, "`%.*s` takes no parameters", (int)name.len, name.ptr);
    }
    return abstract(r, name, start, params, count);
}

static const tact_type *read_record(reader *r) {
    tact_str name = read_name(r);
    if (name.len == 0) return refuse(r, r->at, "expected the name of a record");
    if (!skip(r, ')')) return refuse(r, r->at, "expected `)`");
    return named(r, TYPE_RECORD, name, NULL, 0);
}

static const tact_type *read_type(reader *r) {
    skip_spaces(r);
    size_t start = r->at;
    tact_str name = read_name(r);
    if (name.len == 0) return refuse(r, start, "expected a type");
    if (!skip(r, '(')) return plain(r, name, start);
    if (tact_str_equal(name, TACT_STR("record"))) return read_record(r);
    if (++r->depth > TYPE_DEPTH_MAX) return refuse(r, start, "types nest deeper than %d", TYPE_DEPTH_MAX);
    const tact_type *params[TYPE_PARAMS_MAX];
    size_t count = 0;
    do {
        skip_spaces(r);
        if (count == TYPE_PARAMS_MAX) return refuse(r, r->at, "more than %d parameters", TYPE_PARAMS_MAX);
        params[count] = read_type(r);
        if (!params[count++]) return NULL;
    } while (skip(r, ','));
    if (!skip(r, ')')) return refuse(r, r->at, "expected `,` or `)`");
    r->depth--;
    return generic(r, name, start, params, count);
}

const tact_type *type_parse_at(arena *a, tact_str text, size_t *at, tact_error *error) {
    reader r = {.arena = a, .text = text, .at = *at, .error = error};
    const tact_type *t = read_type(&r);
    *at = r.at;
    return t;
}

const tact_type *type_parse(arena *a, tact_str text, tact_error *error) {
    reader r = {.arena = a, .text = text, .error = error};
    const tact_type *t = read_type(&r);
    skip_spaces(&r);
    if (t && r.at < text.len) return refuse(&r, r.at, "unexpected text after the type");
    return t;
}

// ---- Printing and comparing -----------------------------------------------------------------------------------------

// The word before the parameters, as a declaration writes it.
static tact_str word(const tact_type *t) {
    switch (t->kind) {
    case TYPE_ERROR: return TACT_STR("!error!");
    case TYPE_VAR: return TACT_STR("dyn"); // what it becomes if nothing more is learnt of it
    case TYPE_OPTIONAL: return TACT_STR("optional_type");
    case TYPE_WRAPPER: return TACT_STR("wrapper");
    case TYPE_RECORD: return TACT_STR("record");
    case TYPE_ABSTRACT:
    case TYPE_PARAM: return t->name;
    default:
        for (size_t i = 0; i < COUNT(names); i++) {
            if (names[i].type->kind == t->kind) return names[i].name;
        }
        return t->name;
    }
}

void type_print(buf *out, const tact_type *t) {
    buf_add_str(out, word(t));
    if (t->kind == TYPE_RECORD) {
        buf_add_char(out, '(');
        buf_add_str(out, t->name);
        buf_add_char(out, ')');
    }
    for (uint8_t i = 0; i < t->count; i++) {
        buf_add_text(out, i ? ", " : "(");
        type_print(out, t->params[i]);
    }
    if (t->count) buf_add_char(out, ')');
}

bool type_equal(const tact_type *a, const tact_type *b) {
    if (a == b) return true;
    if (a->kind != b->kind || a->var != b->var || a->count != b->count || !tact_str_equal(a->name, b->name)) {
        return false;
    }
    for (uint8_t i = 0; i < a->count; i++) {
        if (!type_equal(a->params[i], b->params[i])) return false;
    }
    return true;
}

// ---- Types and values -----------------------------------------------------------------------------------------------

const tact_type *type_of_value(tact_value v) {
    switch (v.kind) {
    case TACT_NULL: return &type_null;
    case TACT_BOOL: return &type_bool;
    case TACT_INT: return &type_int;
    case TACT_UINT: return &type_uint;
    case TACT_DOUBLE: return &type_double;
    case TACT_STRING: return &type_string;
    case TACT_BYTES: return &type_bytes;
    case TACT_LIST: return &lists[TYPE_DYN];
    case TACT_MAP: return &maps_dyn[TYPE_DYN];
    case TACT_TIMESTAMP: return &type_timestamp;
    case TACT_DURATION: return &type_duration;
    case TACT_TYPE: return &any_type;
    case TACT_OPTIONAL: return &any_optional;
    case TACT_ERROR: return &type_error;
    default: return &type_dyn;
    }
}

tact_kind type_value_kind(const tact_type *t) {
    static const uint8_t kinds[TYPE_KINDS] = {
        [TYPE_NULL] = TACT_NULL,   [TYPE_BOOL] = TACT_BOOL,           [TYPE_INT] = TACT_INT,
        [TYPE_UINT] = TACT_UINT,   [TYPE_DOUBLE] = TACT_DOUBLE,       [TYPE_STRING] = TACT_STRING,
        [TYPE_BYTES] = TACT_BYTES, [TYPE_LIST] = TACT_LIST,           [TYPE_MAP] = TACT_MAP,
        [TYPE_RECORD] = TACT_MAP,  [TYPE_TIMESTAMP] = TACT_TIMESTAMP, [TYPE_DURATION] = TACT_DURATION,
        [TYPE_TYPE] = TACT_TYPE,   [TYPE_OPTIONAL] = TACT_OPTIONAL,
    };
    return (tact_kind)kinds[t->kind];
}
