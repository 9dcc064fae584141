// SPDX-License-Identifier: Apache-2.0
//
// Building and reading a schema. The subtle part is that every schema comes about by schema_add_*, those that are read
// from bytes or evolved as well: what a schema can be is written down once, here.
#include "value/schema.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/utf8.h"
#include "value/value.h"

enum { ROOM_FIRST = 8 }; // members that an array is made for; it doubles from there

static const struct {
    const char *one, *an, *many;
    uint32_t max;
} words[SCHEMA_KINDS] = {
    [SCHEMA_IDENTITY] = {"identity", "an identity", "identities", SCHEMA_IDENTITIES_MAX},
    [SCHEMA_ATTRIBUTE] = {"attribute", "an attribute", "attributes", SCHEMA_ATTRIBUTES_MAX},
    [SCHEMA_PURPOSE] = {"purpose", "a purpose", "purposes", SCHEMA_PURPOSES_MAX},
    [SCHEMA_EVENT] = {"event", "an event", "events", SCHEMA_EVENTS_MAX},
    [SCHEMA_AGGREGATE] = {"aggregate", "an aggregate", "aggregates", SCHEMA_AGGREGATES_MAX},
    [SCHEMA_SOURCE] = {"source", "a source", "sources", SCHEMA_SOURCES_MAX},
};

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "memory ran out");
}

// ---- Types ----------------------------------------------------------------------------------------------------------

static const struct {
    const char *text;
    const tact_type *type; // of a list, its items'
    bool list;
} types[SCHEMA_TYPES] = {
    // stored: their order never changes
    {"bool", &type_bool, false},           {"int", &type_int, false},
    {"double", &type_double, false},       {"string", &type_string, false},
    {"timestamp", &type_timestamp, false}, {"duration", &type_duration, false},
    {"list(string)", &type_string, true},  {"list(int)", &type_int, true},
    {"list(double)", &type_double, true},
};

const tact_type *schema_type_of(uint32_t number) {
    if (number >= SCHEMA_TYPES) return NULL;
    // Lists of simple types are static: nothing is taken from an arena.
    return types[number].list ? type_list(NULL, types[number].type) : types[number].type;
}

int32_t schema_type_number(const tact_type *type) {
    for (uint32_t i = 0; type && i < SCHEMA_TYPES; i++) {
        if (type_equal(type, schema_type_of(i))) return (int32_t)i;
    }
    return -1;
}

const char *schema_type_text(const tact_type *type) {
    int32_t number = schema_type_number(type);
    return number >= 0 ? types[number].text : "no type of a schema";
}

// ---- Values ---------------------------------------------------------------------------------------------------------

tact_value schema_widened(const tact_type *type, tact_value v) {
    return type->kind == TYPE_DOUBLE && v.kind == TACT_INT ? tact_double((double)v.as.i) : v;
}

bool schema_fits(const tact_type *type, tact_value v) {
    if (v.kind != type_value_kind(type)) return false;
    if (v.kind == TACT_STRING) return utf8_valid(v.as.s, v.len);
    if (v.kind != TACT_LIST) return true;
    for (uint32_t i = 0; i < v.len; i++) {
        if (!schema_fits(type->params[0], v.as.items[i])) return false; // lists nest once, see `types`
    }
    return true;
}

static bool is_allowed(const schema_attribute *m, tact_value v) {
    for (uint32_t i = 0; i < m->allowed_count; i++) {
        if (tact_value_equal(m->allowed[i], v)) return true;
    }
    return m->allowed_count == 0;
}

static bool is_ordered(const tact_type *type) {
    return type == &type_int || type == &type_double || type == &type_timestamp || type == &type_duration;
}

static tact_err check_allowed(const schema_attribute *m, tact_value v, tact_error *error) {
    if (is_allowed(m, v)) return TACT_OK;
    utf8_shown room, text;
    const char *name = utf8_show(&room, m->name);
    if (v.kind != TACT_STRING) return err_set(error, TACT_INVALID, "attribute `%s`: not one of its values", name);
    return err_set(error, TACT_INVALID, "attribute `%s`: \"%s\" is not one of its values", name,
                   utf8_show(&text, value_str(v)));
}

tact_err schema_check_value(const schema_attribute *m, tact_value v, tact_error *error) {
    utf8_shown room;
    if (!schema_fits(m->type, v)) {
        return err_set(error, TACT_INVALID, "attribute `%s`: not a value of type %s", utf8_show(&room, m->name),
                       schema_type_text(m->type));
    }
    if (m->has_min && value_compare(v, m->min) != 0 && value_compare(v, m->min) != 1) {
        return err_set(error, TACT_INVALID, "attribute `%s`: less than its min", utf8_show(&room, m->name));
    }
    if (m->has_max && value_compare(v, m->max) != 0 && value_compare(v, m->max) != -1) {
        return err_set(error, TACT_INVALID, "attribute `%s`: more than its max", utf8_show(&room, m->name));
    }
    if (v.kind != TACT_LIST) return check_allowed(m, v, error);
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < v.len && !err; i++) err = check_allowed(m, v.as.items[i], error);
    return err;
}

// ---- Members --------------------------------------------------------------------------------------------------------

schema *schema_new(arena *a) {
    schema *s = ARENA_NEW(a, schema);
    if (!s) return NULL;
    s->arena = a;
    for (int i = 0; i < SCHEMA_KINDS; i++) s->names[i] = strmap_in(a);
    return s;
}

int32_t schema_number(const schema *s, schema_kind kind, tact_str name) {
    return (int32_t)(intptr_t)strmap_get(&s->names[kind], name) - 1;
}

#define FIND(KIND, kind, array)                                                                                        \
    int32_t schema_find_##kind(const schema *s, tact_str name) {                                                       \
        int32_t number = schema_number(s, KIND, name);                                                                 \
        return number >= 0 && !s->array[number].retired ? number : -1;                                                 \
    }
FIND(SCHEMA_IDENTITY, identity, identities)
FIND(SCHEMA_ATTRIBUTE, attribute, attributes)
FIND(SCHEMA_PURPOSE, purpose, purposes)
FIND(SCHEMA_EVENT, event, events)
FIND(SCHEMA_AGGREGATE, aggregate, aggregates)
#undef FIND

int32_t schema_find_source(const schema *s, tact_str name) {
    return schema_number(s, SCHEMA_SOURCE, name);
}

int32_t schema_find_property(const schema_event *e, tact_str name) {
    for (uint32_t i = 0; i < e->properties_count; i++) {
        if (tact_str_equal(e->properties[i].name, name)) return e->properties[i].retired ? -1 : (int32_t)i;
    }
    return -1;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Names are CEL's, since rules write them; those of sources may hold `-` and `.`, since they often name systems.
static bool is_name(schema_kind kind, tact_str name) {
    if (name.len == 0 || name.len > SCHEMA_NAME_MAX) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool more = i > 0 && ((c >= '0' && c <= '9') || (kind == SCHEMA_SOURCE && (c == '-' || c == '.')));
        if (!is_letter(c) && !more) return false;
    }
    return true;
}

static tact_err bad_name(const char *an, tact_str name, bool source, tact_error *error) {
    utf8_shown room;
    const char *shown = utf8_show(&room, name);
    if (name.len > SCHEMA_NAME_MAX) {
        return err_set(error, TACT_LIMIT, "the name of %s, `%s`, is longer than %d bytes", an, shown, SCHEMA_NAME_MAX);
    }
    return err_set(error, TACT_INVALID, "`%s` cannot be the name of %s: names are made of a-z, A-Z, 0-9%s and _", shown,
                   an, source ? ", -, ." : "");
}

// Whether a member of this name may be added.
static tact_err check_new(const schema *s, schema_kind kind, tact_str name, uint32_t count, tact_error *error) {
    if (!is_name(kind, name)) return bad_name(words[kind].an, name, kind == SCHEMA_SOURCE, error);
    if (schema_number(s, kind, name) >= 0) {
        return err_set(error, TACT_EXISTS, "there is %s `%.*s` already", words[kind].an, (int)name.len, name.ptr);
    }
    if (count < words[kind].max) return TACT_OK;
    return err_set(error, TACT_LIMIT, "%s `%.*s`: there can be no more than %u %s, retired ones included",
                   words[kind].one, (int)name.len, name.ptr, words[kind].max, words[kind].many);
}

// The same for a name that attributes and aggregates share.
static tact_err check_profile(const schema *s, schema_kind kind, tact_str name, bool retired, uint32_t count,
                              tact_error *error) {
    tact_err err = check_new(s, kind, name, count, error);
    if (err || retired) return err;
    bool attribute = schema_find_attribute(s, name) >= 0;
    if (!attribute && schema_find_aggregate(s, name) < 0) return TACT_OK;
    return err_set(error, TACT_EXISTS, "%s `%.*s`: there is %s of that name, and rules read both as `profile.%.*s`",
                   words[kind].one, (int)name.len, name.ptr, words[attribute ? SCHEMA_ATTRIBUTE : SCHEMA_AGGREGATE].an,
                   (int)name.len, name.ptr);
}

// The array with room for one more, or NULL. It is full when its count is ROOM_FIRST times a power of two.
static void *grown(arena *a, void *array, uint32_t count, size_t size) {
    bool full = count == 0 || (count >= ROOM_FIRST && (count & (count - 1)) == 0);
    return full ? arena_extend(a, array, count, count ? 2 * count : ROOM_FIRST, size) : array;
}

static bool copy_str(arena *a, tact_str *s) {
    s->ptr = arena_copy(a, s->ptr, s->len);
    return s->ptr != NULL;
}

// Copies the name and enters it under `number`.
static bool enter(schema *s, schema_kind kind, tact_str *name, uint32_t number) {
    return copy_str(s->arena, name) && !strmap_put(&s->names[kind], *name, (void *)((intptr_t)number + 1));
}

tact_err schema_add_identity(schema *s, const schema_identity *identity, tact_error *error) {
    schema_identity m = *identity;
    tact_err err = check_new(s, SCHEMA_IDENTITY, m.name, s->identities_count, error);
    if (err) return err;
    if (m.normalize & ~(SCHEMA_TRIM | SCHEMA_LOWERCASE)) {
        return err_set(error, TACT_INVALID, "identity `%.*s`: unknown normalisation", (int)m.name.len, m.name.ptr);
    }
    if (m.unique && m.max) {
        return err_set(error, TACT_INVALID, "identity `%.*s`: it is unique, so there is nothing that `max` could bound",
                       (int)m.name.len, m.name.ptr);
    }
    schema_identity *all = grown(s->arena, s->identities, s->identities_count, sizeof *all);
    if (!all) return no_memory(error);
    s->identities = all;
    if (!enter(s, SCHEMA_IDENTITY, &m.name, s->identities_count)) return no_memory(error);
    all[s->identities_count++] = m;
    return TACT_OK;
}

tact_err schema_add_purpose(schema *s, const schema_purpose *purpose, tact_error *error) {
    schema_purpose m = *purpose;
    tact_err err = check_new(s, SCHEMA_PURPOSE, m.name, s->purposes_count, error);
    if (err) return err;
    schema_purpose *all = grown(s->arena, s->purposes, s->purposes_count, sizeof *all);
    if (!all) return no_memory(error);
    s->purposes = all;
    m.not_granted = arena_printf(s->arena, "`%.*s` is not granted", (int)m.name.len, m.name.ptr);
    if (!m.not_granted || !enter(s, SCHEMA_PURPOSE, &m.name, s->purposes_count)) return no_memory(error);
    all[s->purposes_count++] = m;
    return TACT_OK;
}

int32_t schema_source(schema *s, tact_str name, tact_error *error) {
    int32_t number = schema_find_source(s, name);
    if (number >= 0) return number;
    if (check_new(s, SCHEMA_SOURCE, name, s->sources_count, error)) return -1;
    tact_str *all = grown(s->arena, s->sources, s->sources_count, sizeof *all);
    if (all) s->sources = all;
    if (!all || !enter(s, SCHEMA_SOURCE, &name, s->sources_count)) {
        (void)no_memory(error);
        return -1;
    }
    all[s->sources_count] = name;
    return (int32_t)s->sources_count++;
}

// ---- Attributes -----------------------------------------------------------------------------------------------------

static tact_err bad_attribute(const schema_attribute *m, tact_error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static tact_err bad_attribute(const schema_attribute *m, tact_error *error, const char *format, ...) {
    char why[200];
    va_list args;
    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    return err_set(error, TACT_INVALID, "attribute `%.*s`: %s", (int)m->name.len, m->name.ptr, why);
}

static bool is_text(tact_str s) {
    return s.len <= SCHEMA_TEXT_MAX && utf8_valid(s.ptr, s.len);
}

static bool is_span(int64_t ms) {
    return ms == 0 || (ms >= SCHEMA_SPAN_MIN_MS && ms <= SCHEMA_SPAN_MAX_MS);
}

static tact_err check_sources(const schema *s, const schema_attribute *m, tact_error *error) {
    bool seen[SCHEMA_SOURCES_MAX] = {false};
    for (uint32_t i = 0; i < m->sources_count; i++) {
        uint8_t source = m->sources[i];
        if (source >= s->sources_count) return bad_attribute(m, error, "there is no source of that number");
        if (seen[source]) return bad_attribute(m, error, "a source is named twice");
        seen[source] = true;
    }
    return TACT_OK;
}

static tact_err check_bound(const schema_attribute *m, bool given, tact_value bound, const char *what,
                            tact_error *error) {
    if (!given) return TACT_OK;
    if (!is_ordered(m->type)) return bad_attribute(m, error, "a value of its type has no %s", what);
    // NaN is no bound: nothing can be said to lie on this or that side of it.
    if (bound.kind != type_value_kind(m->type) || value_compare(bound, bound) != 0) {
        return bad_attribute(m, error, "its %s is of another type", what);
    }
    return TACT_OK;
}

static bool is_short(tact_value v) {
    return v.kind == TACT_LIST ? v.len <= SCHEMA_VALUES_MAX : v.kind != TACT_STRING || v.len <= SCHEMA_TEXT_MAX;
}

static tact_err check_values(const schema_attribute *m, tact_error *error) {
    const tact_type *type = m->type->kind == TYPE_LIST ? m->type->params[0] : m->type;
    if (m->allowed_count > SCHEMA_VALUES_MAX)
        return bad_attribute(m, error, "it has more than %d values", SCHEMA_VALUES_MAX);
    for (uint32_t i = 0; i < m->allowed_count; i++) {
        tact_value v = m->allowed[i];
        if (!schema_fits(type, v)) return bad_attribute(m, error, "one of its values is of another type");
        if (!is_short(v)) return bad_attribute(m, error, "one of its values is longer than %d bytes", SCHEMA_TEXT_MAX);
        if (!tact_value_equal(v, v)) return bad_attribute(m, error, "NaN, which equals nothing, is among its values");
        for (uint32_t j = 0; j < i; j++) {
            if (tact_value_equal(m->allowed[j], v)) return bad_attribute(m, error, "one of its values is named twice");
        }
    }
    if (!m->has_default) return TACT_OK;
    if (!is_short(m->fallback)) return bad_attribute(m, error, "its default is too long");
    for (uint32_t i = 0; m->fallback.kind == TACT_LIST && i < m->fallback.len; i++) {
        if (!is_short(m->fallback.as.items[i])) return bad_attribute(m, error, "its default is too long");
    }
    tact_error why;
    if (!schema_check_value(m, m->fallback, &why)) return TACT_OK;
    return err_set(error, TACT_INVALID, "the default of %s", why.text);
}

static tact_err check_attribute(const schema *s, const schema_attribute *m, tact_error *error) {
    tact_err err = check_sources(s, m, error);
    if (!err) err = check_bound(m, m->has_min, m->min, "min", error);
    if (!err) err = check_bound(m, m->has_max, m->max, "max", error);
    if (err) return err;
    if (m->has_min && m->has_max && value_compare(m->min, m->max) > 0) {
        return bad_attribute(m, error, "its min is more than its max");
    }
    if (m->purpose < -1 || m->purpose >= (int32_t)s->purposes_count) {
        return bad_attribute(m, error, "there is no purpose of that number");
    }
    if (m->purpose >= 0 && !m->retired && s->purposes[m->purpose].retired) {
        return bad_attribute(m, error, "its purpose is retired");
    }
    if (!is_span(m->max_age_ms))
        return bad_attribute(m, error, "max_age is less than a second, or more than 100 years");
    if (!is_text(m->title))
        return bad_attribute(m, error, "its title is not UTF-8, or longer than %d bytes", SCHEMA_TEXT_MAX);
    if (!is_text(m->unit))
        return bad_attribute(m, error, "its unit is not UTF-8, or longer than %d bytes", SCHEMA_TEXT_MAX);
    return check_values(m, error);
}

static bool copy_parts(arena *a, schema_attribute *m) {
    uint8_t *sources = arena_array(a, m->sources_count, sizeof *sources);
    tact_value *allowed = arena_array(a, m->allowed_count, sizeof *allowed);
    if (!sources || !allowed) return false;
    if (m->sources_count) memcpy(sources, m->sources, m->sources_count);
    for (uint32_t i = 0; i < m->allowed_count; i++) {
        if (!value_copy(a, m->allowed[i], &allowed[i])) return false;
    }
    if (m->has_default && !value_copy(a, m->fallback, &m->fallback)) return false;
    m->sources = sources;
    m->allowed = allowed;
    tact_seal(allowed, m->allowed_count);
    tact_seal(&m->fallback, m->has_default);
    return copy_str(a, &m->title) && copy_str(a, &m->unit);
}

tact_err schema_add_attribute(schema *s, const schema_attribute *attribute, tact_error *error) {
    schema_attribute m = *attribute;
    tact_err err = check_profile(s, SCHEMA_ATTRIBUTE, m.name, m.retired, s->attributes_count, error);
    if (err) return err;
    int32_t type = schema_type_number(m.type);
    if (type < 0) return bad_attribute(&m, error, "it cannot be of this type");
    m.type = schema_type_of((uint32_t)type);
    err = check_attribute(s, &m, error);
    if (err) return err;
    schema_attribute *all = grown(s->arena, s->attributes, s->attributes_count, sizeof *all);
    if (!all) return no_memory(error);
    s->attributes = all;
    if (!copy_parts(s->arena, &m) || !enter(s, SCHEMA_ATTRIBUTE, &m.name, s->attributes_count)) return no_memory(error);
    all[s->attributes_count++] = m;
    return TACT_OK;
}

// ---- Events and aggregates ------------------------------------------------------------------------------------------

static tact_err check_properties(const schema_event *m, tact_error *error) {
    if (m->properties_count > SCHEMA_PROPERTIES_MAX) {
        return err_set(error, TACT_LIMIT, "event `%.*s`: it can have no more than %d properties, retired ones included",
                       (int)m->name.len, m->name.ptr, SCHEMA_PROPERTIES_MAX);
    }
    for (uint32_t i = 0; i < m->properties_count; i++) {
        const schema_property *p = &m->properties[i];
        if (!is_name(SCHEMA_EVENT, p->name)) return bad_name("a property", p->name, false, error);
        for (uint32_t j = 0; j < i; j++) {
            if (!tact_str_equal(m->properties[j].name, p->name)) continue;
            return err_set(error, TACT_EXISTS, "event `%.*s`: there is a property `%.*s` already", (int)m->name.len,
                           m->name.ptr, (int)p->name.len, p->name.ptr);
        }
        if (schema_type_number(p->type) >= 0) continue;
        return err_set(error, TACT_INVALID, "event `%.*s`: property `%.*s` cannot be of this type", (int)m->name.len,
                       m->name.ptr, (int)p->name.len, p->name.ptr);
    }
    return TACT_OK;
}

tact_err schema_add_event(schema *s, const schema_event *event, tact_error *error) {
    schema_event m = *event;
    tact_err err = check_new(s, SCHEMA_EVENT, m.name, s->events_count, error);
    if (!err) err = check_properties(&m, error);
    if (err) return err;
    schema_event *all = grown(s->arena, s->events, s->events_count, sizeof *all);
    schema_property *properties = arena_array(s->arena, m.properties_count, sizeof *properties);
    if (all) s->events = all;
    if (!all || !properties) return no_memory(error);
    for (uint32_t i = 0; i < m.properties_count; i++) {
        properties[i] = m.properties[i];
        properties[i].type = schema_type_of((uint32_t)schema_type_number(properties[i].type));
        if (!copy_str(s->arena, &properties[i].name)) return no_memory(error);
    }
    m.properties = properties;
    if (!enter(s, SCHEMA_EVENT, &m.name, s->events_count)) return no_memory(error);
    all[s->events_count++] = m;
    return TACT_OK;
}

typedef enum operand { EVENT, NUMBER, ORDERED, SINGLE } operand; // see schema_function_tbl.h

static const struct {
    const char *name;
    operand operand;
} functions[SCHEMA_FUNCTIONS] = {
#define X(NAME, name, operand, what) {#name, operand},
#include "value/schema_function_tbl.h"
#undef X
};

const char *schema_function_name(schema_function function) {
    return functions[function].name;
}

bool schema_function_takes(schema_function function, const tact_type *property) {
    switch (functions[function].operand) {
    case EVENT: return !property;
    case NUMBER: return property == &type_int || property == &type_double;
    case ORDERED: return property && is_ordered(property);
    case SINGLE: return property && property->kind != TYPE_LIST;
    }
    return false;
}

const char *schema_function_needs(schema_function function) {
    static const char *const needs[] = {
        [EVENT] = "an event and not a property of it",
        [NUMBER] = "an int or a double",
        [ORDERED] = "an int, double, timestamp or duration",
        [SINGLE] = "anything but a list",
    };
    return needs[functions[function].operand];
}

static const tact_type *result_type(schema_function function, const tact_type *property) {
    switch (function) {
    case SCHEMA_COUNT:
    case SCHEMA_DISTINCT: return &type_int;
    case SCHEMA_AVG: return &type_double;
    case SCHEMA_SINCE: return &type_duration;
    default: return property;
    }
}

static tact_err bad_aggregate(const schema_aggregate *m, tact_error *error, const char *why) {
    return err_set(error, TACT_INVALID, "aggregate `%.*s`: %s", (int)m->name.len, m->name.ptr, why);
}

tact_err schema_add_aggregate(schema *s, const schema_aggregate *aggregate, tact_error *error) {
    schema_aggregate m = *aggregate;
    tact_err err = check_profile(s, SCHEMA_AGGREGATE, m.name, m.retired, s->aggregates_count, error);
    if (err) return err;
    if ((unsigned)m.function >= SCHEMA_FUNCTIONS) return bad_aggregate(&m, error, "there is no such function");
    if (m.event >= s->events_count) return bad_aggregate(&m, error, "there is no event of that number");
    const schema_event *event = &s->events[m.event];
    if (m.property < -1 || m.property >= (int32_t)event->properties_count) {
        return bad_aggregate(&m, error, "its event has no property of that number");
    }
    const schema_property *property = m.property >= 0 ? &event->properties[m.property] : NULL;
    if (!m.retired && (event->retired || (property && property->retired))) {
        return bad_aggregate(&m, error, "what it is of is retired");
    }
    const tact_type *type = property ? property->type : NULL;
    if (!schema_function_takes(m.function, type)) {
        return err_set(error, TACT_INVALID, "aggregate `%.*s`: %s is of %s", (int)m.name.len, m.name.ptr,
                       functions[m.function].name, schema_function_needs(m.function));
    }
    if (!is_span(m.window_ms))
        return bad_aggregate(&m, error, "its window is less than a second, or more than 100 years");
    m.type = result_type(m.function, type);
    schema_aggregate *all = grown(s->arena, s->aggregates, s->aggregates_count, sizeof *all);
    if (!all) return no_memory(error);
    s->aggregates = all;
    if (!enter(s, SCHEMA_AGGREGATE, &m.name, s->aggregates_count)) return no_memory(error);
    all[s->aggregates_count++] = m;
    return TACT_OK;
}

// ---- Normalising ----------------------------------------------------------------------------------------------------

static tact_str trimmed(tact_str s) {
    const char *at = s.ptr, *end = s.ptr + s.len, *first = NULL, *last = s.ptr;
    while (s.len && at < end) {
        const char *from = at;
        if (utf8_space(utf8_next(&at, end))) continue;
        if (!first) first = from;
        last = at;
    }
    return first ? (tact_str){first, (size_t)(last - first)} : (tact_str){s.ptr, 0};
}

tact_str schema_normalized(arena *a, const schema_identity *identity, tact_str value) {
    if (identity->normalize & SCHEMA_TRIM) value = trimmed(value);
    buf out = buf_in(a);
    if (!(identity->normalize & SCHEMA_LOWERCASE)) {
        buf_add_str(&out, value);
        return buf_done(&out);
    }
    for (const char *at = value.ptr, *end = value.ptr + value.len; value.len && at < end;) {
        const char *from = at;
        uint32_t c = utf8_next(&at, end);
        if (c == UTF8_BAD) {
            buf_add(&out, from, 1); // whoever takes the value refuses it; here it only must not get lost
        } else {
            buf_add_code_point(&out, utf8_lower(c));
        }
    }
    return buf_done(&out);
}

bool schema_is_normalized(const schema_identity *identity, tact_str value) {
    if ((identity->normalize & SCHEMA_TRIM) && trimmed(value).len != value.len) return false;
    if (!(identity->normalize & SCHEMA_LOWERCASE)) return true;
    for (const char *at = value.ptr, *end = value.ptr + value.len; value.len && at < end;) {
        uint32_t c = utf8_next(&at, end);
        if (c != UTF8_BAD && utf8_lower(c) != c) return false;
    }
    return true;
}
