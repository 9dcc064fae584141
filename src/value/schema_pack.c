// SPDX-License-Identifier: Apache-2.0
//
// The schema as bytes. Subtle: reading adds each member by schema_add_*, so that bytes can bring about no schema that
// could not have been built; and since every part has one form only (see value/pack.h), what was read writes the same.
//
//      u8 version
//      varint count, sources:     str name
//      varint count, purposes:    str name, u8 flags (1 granted, 2 retired)
//      varint count, identities:  str name, u8 flags (1 unique, 2 retired), u8 normalize, varint max
//      varint count, events:      str name, u8 flags (1 retired), varint count, properties:
//                                     str name, u8 flags (1 retired), u8 type
//      varint count, attributes:  str name, u8 flags (1 personal, 2 has_default, 4 has_min, 8 has_max, 16 retired),
//                                 u8 type, varint purpose + 1, varint max_age, varint count, sources: u8,
//                                 [value default,] [value min,] [value max,] varint count, allowed: value,
//                                 str title, str unit
//      varint count, aggregates:  str name, u8 flags (1 retired), u8 function, varint event, varint property + 1,
//                                 varint window
#include "base/err.h"
#include "value/pack.h"
#include "value/schema.h"

#define VERSION 1

// ---- Writing --------------------------------------------------------------------------------------------------------

static void write_event(buf *out, const schema_event *m) {
    pack_str(out, m->name);
    pack_u8(out, m->retired);
    pack_varint(out, m->properties_count);
    for (uint32_t i = 0; i < m->properties_count; i++) {
        pack_str(out, m->properties[i].name);
        pack_u8(out, m->properties[i].retired);
        pack_u8(out, (uint8_t)schema_type_number(m->properties[i].type));
    }
}

static void write_attribute(buf *out, const schema_attribute *m) {
    pack_str(out, m->name);
    pack_u8(out, (uint8_t)(m->personal | m->has_default << 1 | m->has_min << 2 | m->has_max << 3 | m->retired << 4));
    pack_u8(out, (uint8_t)schema_type_number(m->type));
    pack_varint(out, (uint32_t)(m->purpose + 1));
    pack_varint(out, (uint64_t)m->max_age_ms);
    pack_varint(out, m->sources_count);
    for (uint32_t i = 0; i < m->sources_count; i++) pack_u8(out, m->sources[i]);
    if (m->has_default) pack_value(out, m->fallback);
    if (m->has_min) pack_value(out, m->min);
    if (m->has_max) pack_value(out, m->max);
    pack_varint(out, m->allowed_count);
    for (uint32_t i = 0; i < m->allowed_count; i++) pack_value(out, m->allowed[i]);
    pack_str(out, m->title);
    pack_str(out, m->unit);
}

void schema_write(buf *out, const schema *s) {
    pack_u8(out, VERSION);
    pack_varint(out, s->sources_count);
    for (uint32_t i = 0; i < s->sources_count; i++) pack_str(out, s->sources[i]);
    pack_varint(out, s->purposes_count);
    for (uint32_t i = 0; i < s->purposes_count; i++) {
        pack_str(out, s->purposes[i].name);
        pack_u8(out, (uint8_t)(s->purposes[i].granted_by_default | s->purposes[i].retired << 1));
    }
    pack_varint(out, s->identities_count);
    for (uint32_t i = 0; i < s->identities_count; i++) {
        pack_str(out, s->identities[i].name);
        pack_u8(out, (uint8_t)(s->identities[i].unique | s->identities[i].retired << 1));
        pack_u8(out, s->identities[i].normalize);
        pack_varint(out, s->identities[i].max);
    }
    pack_varint(out, s->events_count);
    for (uint32_t i = 0; i < s->events_count; i++) write_event(out, &s->events[i]);
    pack_varint(out, s->attributes_count);
    for (uint32_t i = 0; i < s->attributes_count; i++) write_attribute(out, &s->attributes[i]);
    pack_varint(out, s->aggregates_count);
    for (uint32_t i = 0; i < s->aggregates_count; i++) {
        const schema_aggregate *m = &s->aggregates[i];
        pack_str(out, m->name);
        pack_u8(out, m->retired);
        pack_u8(out, (uint8_t)m->function);
        pack_varint(out, m->event);
        pack_varint(out, (uint32_t)(m->property + 1));
        pack_varint(out, (uint64_t)m->window_ms);
    }
}

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct reader {
    unpack in;
    schema *s;
    tact_error error; // of a member that could not be added
} reader;

// One of each kind. What is read after a fault is nothing, and is not added.
static tact_err add_source(reader *r) {
    tact_str name = unpack_str(&r->in, SCHEMA_NAME_MAX);
    if (r->in.code) return r->in.code;
    if (schema_find_source(r->s, name) >= 0) return err_set(&r->error, TACT_EXISTS, "a source is there twice");
    return schema_source(r->s, name, &r->error) < 0 ? r->error.code : TACT_OK;
}

static uint8_t unpack_flags(unpack *in, uint8_t all) {
    return (uint8_t)unpack_count(in, all); // below 128 a varint is the byte
}

static tact_err add_purpose(reader *r) {
    schema_purpose m = {.name = unpack_str(&r->in, SCHEMA_NAME_MAX)};
    uint8_t flags = unpack_flags(&r->in, 3);
    m.granted_by_default = flags & 1;
    m.retired = flags & 2;
    return r->in.code ? r->in.code : schema_add_purpose(r->s, &m, &r->error);
}

static tact_err add_identity(reader *r) {
    schema_identity m = {.name = unpack_str(&r->in, SCHEMA_NAME_MAX)};
    uint8_t flags = unpack_flags(&r->in, 3);
    m.unique = flags & 1;
    m.retired = flags & 2;
    m.normalize = unpack_u8(&r->in);
    m.max = (uint32_t)unpack_count(&r->in, UINT32_MAX);
    return r->in.code ? r->in.code : schema_add_identity(r->s, &m, &r->error);
}

static tact_err add_event(reader *r) {
    schema_property properties[SCHEMA_PROPERTIES_MAX];
    schema_event m = {.name = unpack_str(&r->in, SCHEMA_NAME_MAX), .properties = properties};
    m.retired = unpack_flags(&r->in, 1);
    m.properties_count = (uint32_t)unpack_count(&r->in, SCHEMA_PROPERTIES_MAX);
    for (uint32_t i = 0; i < m.properties_count; i++) {
        properties[i].name = unpack_str(&r->in, SCHEMA_NAME_MAX);
        properties[i].retired = unpack_flags(&r->in, 1);
        properties[i].type = schema_type_of(unpack_u8(&r->in));
    }
    return r->in.code ? r->in.code : schema_add_event(r->s, &m, &r->error);
}

static tact_err add_attribute(reader *r) {
    uint8_t sources[SCHEMA_SOURCES_MAX];
    tact_value allowed[SCHEMA_VALUES_MAX];
    schema_attribute m = {.name = unpack_str(&r->in, SCHEMA_NAME_MAX), .sources = sources, .allowed = allowed};
    uint8_t flags = unpack_flags(&r->in, 31);
    m.personal = flags & 1;
    m.has_default = flags & 2;
    m.has_min = flags & 4;
    m.has_max = flags & 8;
    m.retired = flags & 16;
    m.type = schema_type_of(unpack_u8(&r->in));
    m.purpose = (int32_t)unpack_count(&r->in, SCHEMA_PURPOSES_MAX) - 1;
    m.max_age_ms = (int64_t)unpack_count(&r->in, INT64_MAX);
    m.sources_count = (uint32_t)unpack_count(&r->in, SCHEMA_SOURCES_MAX);
    for (uint32_t i = 0; i < m.sources_count; i++) sources[i] = unpack_u8(&r->in);
    if (m.has_default) m.fallback = unpack_value(&r->in);
    if (m.has_min) m.min = unpack_value(&r->in);
    if (m.has_max) m.max = unpack_value(&r->in);
    m.allowed_count = (uint32_t)unpack_count(&r->in, SCHEMA_VALUES_MAX);
    for (uint32_t i = 0; i < m.allowed_count; i++) allowed[i] = unpack_value(&r->in);
    m.title = unpack_str(&r->in, SCHEMA_TEXT_MAX);
    m.unit = unpack_str(&r->in, SCHEMA_TEXT_MAX);
    return r->in.code ? r->in.code : schema_add_attribute(r->s, &m, &r->error);
}

static tact_err add_aggregate(reader *r) {
    schema_aggregate m = {.name = unpack_str(&r->in, SCHEMA_NAME_MAX)};
    m.retired = unpack_flags(&r->in, 1);
    m.function = (schema_function)unpack_u8(&r->in);
    m.event = (uint32_t)unpack_count(&r->in, SCHEMA_EVENTS_MAX);
    m.property = (int32_t)unpack_count(&r->in, SCHEMA_PROPERTIES_MAX) - 1;
    m.window_ms = (int64_t)unpack_count(&r->in, INT64_MAX);
    return r->in.code ? r->in.code : schema_add_aggregate(r->s, &m, &r->error);
}

tact_err schema_read(arena *a, tact_str bytes, schema **out, tact_error *error) {
    static const struct {
        tact_err (*add)(reader *r);
        uint32_t max;
    } sections[] = {
        {add_source, SCHEMA_SOURCES_MAX},       {add_purpose, SCHEMA_PURPOSES_MAX},
        {add_identity, SCHEMA_IDENTITIES_MAX},  {add_event, SCHEMA_EVENTS_MAX},
        {add_attribute, SCHEMA_ATTRIBUTES_MAX}, {add_aggregate, SCHEMA_AGGREGATES_MAX},
    };
    reader r = {.in = unpack_of(a, bytes), .s = schema_new(a)};
    if (!r.s) return err_set(error, TACT_NO_MEMORY, "memory ran out");
    if (unpack_u8(&r.in) != VERSION) unpack_fail(&r.in, TACT_INVALID, "the schema is of an unknown version");
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        uint64_t count = unpack_count(&r.in, sections[i].max);
        for (uint64_t j = 0; j < count && !r.in.code; j++) {
            tact_err err = sections[i].add(&r);
            if (!err || r.in.code) continue;
            tact_err code = err == TACT_NO_MEMORY ? err : TACT_INVALID;
            return err_set(error, code, "%s", r.error.text);
        }
    }
    tact_err err = unpack_end(&r.in, error);
    if (!err) *out = r.s;
    return err;
}
