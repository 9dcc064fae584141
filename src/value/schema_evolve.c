// SPDX-License-Identifier: Apache-2.0
//
// From a running schema to the next one. Subtle: members refer to each other by number, and the two schemas number
// differently. So the next schema is built in the order of those references (purposes before attributes, events before
// aggregates), and every number of `wanted` is translated by name into what is there already. Retired members stay as
// they were: their numbers hold in the next schema as they did in the running one.
#include "base/err.h"
#include "value/schema.h"
#include "value/value.h"

typedef struct evolution {
    const schema *running, *wanted;
    schema *next;
    tact_error *error;
} evolution;

#define NAME(m) (int)(m)->name.len, (m)->name.ptr

// What stored bytes of `from` can be read as.
static bool can_become(const tact_type *from, const tact_type *to) {
    return from == to || (from == &type_int && to == &type_double);
}

// ---- Sources, purposes, identities ----------------------------------------------------------------------------------

static tact_err evolve_sources(evolution *e) {
    const schema *both[] = {e->running, e->wanted};
    for (int i = 0; i < 2; i++) {
        for (uint32_t j = 0; j < both[i]->sources_count; j++) {
            tact_error why;
            if (schema_source(e->next, both[i]->sources[j], &why) >= 0) continue;
            return err_set(e->error, why.code, "%s", why.text);
        }
    }
    return TACT_OK;
}

static tact_err evolve_purposes(evolution *e) {
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < e->running->purposes_count && !err; i++) {
        schema_purpose m = e->running->purposes[i];
        int32_t number = schema_find_purpose(e->wanted, m.name);
        m.retired = number < 0;
        if (number >= 0) m = e->wanted->purposes[number];
        err = schema_add_purpose(e->next, &m, e->error);
    }
    for (uint32_t i = 0; i < e->wanted->purposes_count && !err; i++) {
        const schema_purpose *m = &e->wanted->purposes[i];
        if (m->retired || schema_number(e->next, SCHEMA_PURPOSE, m->name) >= 0) continue;
        err = schema_add_purpose(e->next, m, e->error);
    }
    return err;
}

static tact_err check_identity(const schema_identity *from, const schema_identity *to, tact_error *error) {
    if (from->normalize != to->normalize) {
        return err_set(error, TACT_INVALID,
                       "identity `%.*s`: `normalize` cannot change, since what is stored was normalised as it was",
                       NAME(from));
    }
    if (to->unique && !from->unique) {
        return err_set(error, TACT_INVALID, "identity `%.*s`: it cannot become unique, since persons may have several",
                       NAME(from));
    }
    return TACT_OK;
}

static tact_err evolve_identities(evolution *e) {
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < e->running->identities_count && !err; i++) {
        schema_identity m = e->running->identities[i];
        int32_t number = schema_find_identity(e->wanted, m.name);
        m.retired = number < 0;
        if (number >= 0) {
            err = check_identity(&m, &e->wanted->identities[number], e->error);
            m = e->wanted->identities[number];
        }
        if (!err) err = schema_add_identity(e->next, &m, e->error);
    }
    for (uint32_t i = 0; i < e->wanted->identities_count && !err; i++) {
        const schema_identity *m = &e->wanted->identities[i];
        if (m->retired || schema_number(e->next, SCHEMA_IDENTITY, m->name) >= 0) continue;
        err = schema_add_identity(e->next, m, e->error);
    }
    return err;
}

// ---- Events ---------------------------------------------------------------------------------------------------------

static tact_err too_many_properties(const schema_event *m, tact_error *error) {
    return err_set(error, TACT_LIMIT, "event `%.*s`: it can have no more than %d properties, retired ones included",
                   NAME(m), SCHEMA_PROPERTIES_MAX);
}

// The running event with the properties that are wanted now, in `properties`.
static tact_err evolve_event(evolution *e, schema_event *m, const schema_event *to, schema_property *properties) {
    uint32_t count = m->properties_count;
    for (uint32_t i = 0; i < count; i++) {
        properties[i] = m->properties[i];
        int32_t number = schema_find_property(to, properties[i].name);
        properties[i].retired = number < 0;
        if (number < 0) continue;
        const tact_type *type = to->properties[number].type;
        if (!can_become(properties[i].type, type)) {
            return err_set(e->error, TACT_INVALID,
                           "property `%.*s.%.*s`: its type cannot change from %s to %s, only from int to double",
                           NAME(m), NAME(&properties[i]), schema_type_text(properties[i].type), schema_type_text(type));
        }
        properties[i].type = type;
    }
    for (uint32_t i = 0; i < to->properties_count; i++) {
        bool known = false;
        for (uint32_t j = 0; j < m->properties_count && !known; j++) {
            known = tact_str_equal(m->properties[j].name, to->properties[i].name);
        }
        if (known || to->properties[i].retired) continue;
        if (count == SCHEMA_PROPERTIES_MAX) return too_many_properties(m, e->error);
        properties[count++] = to->properties[i];
    }
    m->properties = properties;
    m->properties_count = count;
    return TACT_OK;
}

// A new event, without the properties that `wanted` itself has retired.
static tact_err add_event(evolution *e, const schema_event *wanted) {
    static const schema_property none[1];
    schema_property properties[SCHEMA_PROPERTIES_MAX];
    schema_event m = {.name = wanted->name, .properties = none};
    tact_err err = evolve_event(e, &m, wanted, properties);
    return err ? err : schema_add_event(e->next, &m, e->error);
}

static tact_err evolve_events(evolution *e) {
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < e->running->events_count && !err; i++) {
        schema_property properties[SCHEMA_PROPERTIES_MAX];
        schema_event m = e->running->events[i];
        int32_t number = schema_find_event(e->wanted, m.name);
        m.retired = number < 0;
        if (number >= 0) err = evolve_event(e, &m, &e->wanted->events[number], properties);
        if (!err) err = schema_add_event(e->next, &m, e->error);
    }
    for (uint32_t i = 0; i < e->wanted->events_count && !err; i++) {
        const schema_event *m = &e->wanted->events[i];
        if (!m->retired && schema_number(e->next, SCHEMA_EVENT, m->name) < 0) err = add_event(e, m);
    }
    return err;
}

// ---- Attributes -----------------------------------------------------------------------------------------------------

// Whether every value that `from` allowed is still one of `to`.
static bool allows_more(const schema_attribute *from, const schema_attribute *to) {
    if (to->allowed_count == 0) return true;
    for (uint32_t i = 0; i < from->allowed_count; i++) {
        bool found = false;
        for (uint32_t j = 0; j < to->allowed_count && !found; j++) {
            found = tact_value_equal(from->allowed[i], to->allowed[j]);
        }
        if (!found) return false;
    }
    return from->allowed_count > 0;
}

static tact_err check_attribute(const schema_attribute *from, const schema_attribute *to, tact_error *error) {
    if (!can_become(from->type, to->type)) {
        return err_set(error, TACT_INVALID,
                       "attribute `%.*s`: its type cannot change from %s to %s, only from int to double", NAME(from),
                       schema_type_text(from->type), schema_type_text(to->type));
    }
    if (!allows_more(from, to)) {
        return err_set(error, TACT_INVALID,
                       "attribute `%.*s`: `values` cannot lose any, since persons may have what was allowed",
                       NAME(from));
    }
    if (to->has_min && (!from->has_min || value_compare(to->min, from->min) > 0)) {
        return err_set(error, TACT_INVALID,
                       "attribute `%.*s`: `min` cannot rise, since persons may have what was allowed", NAME(from));
    }
    if (to->has_max && (!from->has_max || value_compare(to->max, from->max) < 0)) {
        return err_set(error, TACT_INVALID,
                       "attribute `%.*s`: `max` cannot fall, since persons may have what was allowed", NAME(from));
    }
    return TACT_OK;
}

// Adds what is wanted, by the numbers of the next schema.
static tact_err add_attribute(evolution *e, const schema_attribute *wanted) {
    schema_attribute m = *wanted;
    uint8_t sources[SCHEMA_SOURCES_MAX];
    for (uint32_t i = 0; i < m.sources_count; i++) {
        sources[i] = (uint8_t)schema_find_source(e->next, e->wanted->sources[m.sources[i]]);
    }
    m.sources = sources;
    if (m.purpose >= 0) m.purpose = schema_find_purpose(e->next, e->wanted->purposes[m.purpose].name);
    return schema_add_attribute(e->next, &m, e->error);
}

static tact_err evolve_attributes(evolution *e) {
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < e->running->attributes_count && !err; i++) {
        schema_attribute m = e->running->attributes[i];
        int32_t number = schema_find_attribute(e->wanted, m.name);
        m.retired = number < 0;
        if (number < 0) {
            err = schema_add_attribute(e->next, &m, e->error);
        } else {
            err = check_attribute(&m, &e->wanted->attributes[number], e->error);
            if (!err) err = add_attribute(e, &e->wanted->attributes[number]);
        }
    }
    for (uint32_t i = 0; i < e->wanted->attributes_count && !err; i++) {
        const schema_attribute *m = &e->wanted->attributes[i];
        if (!m->retired && schema_number(e->next, SCHEMA_ATTRIBUTE, m->name) < 0) err = add_attribute(e, m);
    }
    return err;
}

// ---- Aggregates -----------------------------------------------------------------------------------------------------

// What is wanted, by the numbers of the next schema. What it is of is not retired, so it is found.
static schema_aggregate translated(const evolution *e, const schema_aggregate *wanted) {
    schema_aggregate m = *wanted;
    const schema_event *event = &e->wanted->events[m.event];
    m.event = (uint32_t)schema_find_event(e->next, event->name);
    if (m.property >= 0) {
        m.property = schema_find_property(&e->next->events[m.event], event->properties[m.property].name);
    }
    return m;
}

static tact_err check_aggregate(const schema_aggregate *from, const schema_aggregate *to, tact_error *error) {
    if (from->function != to->function || from->event != to->event || from->property != to->property) {
        return err_set(error, TACT_INVALID,
                       "aggregate `%.*s`: what it keeps cannot change; give what is wanted another name", NAME(from));
    }
    if (to->window_ms && (!from->window_ms || to->window_ms < from->window_ms)) {
        return err_set(error, TACT_INVALID,
                       "aggregate `%.*s`: its window cannot become narrower; give what is wanted another name",
                       NAME(from));
    }
    return TACT_OK;
}

static tact_err evolve_aggregates(evolution *e) {
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < e->running->aggregates_count && !err; i++) {
        schema_aggregate m = e->running->aggregates[i];
        int32_t number = schema_find_aggregate(e->wanted, m.name);
        m.retired = number < 0;
        if (number >= 0) {
            schema_aggregate to = translated(e, &e->wanted->aggregates[number]);
            err = check_aggregate(&m, &to, e->error);
            m = to;
        }
        if (!err) err = schema_add_aggregate(e->next, &m, e->error);
    }
    for (uint32_t i = 0; i < e->wanted->aggregates_count && !err; i++) {
        const schema_aggregate *m = &e->wanted->aggregates[i];
        if (m->retired || schema_number(e->next, SCHEMA_AGGREGATE, m->name) >= 0) continue;
        schema_aggregate to = translated(e, m);
        err = schema_add_aggregate(e->next, &to, e->error);
    }
    return err;
}

tact_err schema_evolve(arena *a, const schema *running, const schema *wanted, schema **out, tact_error *error) {
    evolution e = {running, wanted, schema_new(a), error};
    if (!e.next) return err_set(error, TACT_NO_MEMORY, "memory ran out");
    tact_err err = evolve_sources(&e);
    if (!err) err = evolve_purposes(&e);
    if (!err) err = evolve_identities(&e);
    if (!err) err = evolve_events(&e);
    if (!err) err = evolve_attributes(&e);
    if (!err) err = evolve_aggregates(&e);
    if (!err) *out = e.next;
    return err;
}
