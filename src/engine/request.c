// SPDX-License-Identifier: Apache-2.0
//
// Reading requests. Subtle: what is read lives as long as the request and the arena, and is checked here once and for
// all: numbers that come out of here are the bundle's, values have the types that it declares.
#include "engine/request.h"

#include <stdio.h>

#include "base/utf8.h"
#include "value/time.h"
#include "value/value.h"
#include "wire/change.h"

// ---- Keys -----------------------------------------------------------------------------------------------------------

typedef enum form { TEXT, BYTES, WHOM, LIST, MAP, FLAG, MOMENT, NUMBER } form;

static const struct {
    uint32_t kinds; // of values, a bit each
    const char *text;
} forms[] = {
    [TEXT] = {1U << TACT_STRING, "a text"},
    [BYTES] = {1U << TACT_BYTES, "bytes"},
    [WHOM] = {1U << TACT_MAP | 1U << TACT_INT | 1U << TACT_UINT,
              "identities, {email: \"a@b.c\"}, or a person's number"},
    [LIST] = {1U << TACT_LIST, "a list"},
    [MAP] = {1U << TACT_MAP, "a map"},
    [FLAG] = {1U << TACT_BOOL, "true or false"},
    [MOMENT] = {1U << TACT_STRING | 1U << TACT_TIMESTAMP, "a time such as \"2026-12-01T10:00:00Z\""},
    [NUMBER] = {1U << TACT_INT | 1U << TACT_UINT, "a whole number"},
};

#define ON(OPERATION) (1U << OPERATION_##OPERATION)
#define ANY (~0U)
static const struct {
    const char *name;
    uint32_t operations;
    form takes;
} keys[REQUEST_KEYS] = {
#define X(KEY, key, operations, takes, doc) {#key, operations, takes},
#include "wire/request_tbl.h"
#undef X
};

static const char *const operations[OPERATIONS] = {
#define X(NAME, name, role, pace, doc) #name,
#include "wire/operation_tbl.h"
#undef X
};

static tact_err wrong_type(tact_problem *p, const place *at, const char *expected, tact_value v) {
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_WRONG_TYPE, at, "%s: expected %s, got %s", at->text, expected,
                       value_kind_name((tact_kind)v.kind));
}

static tact_err missing(tact_problem *p, request_key key, const char *what) {
    const place at = place_of(keys[key].name);
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, &at, "%s: %s", at.text, what);
}

tact_err request_operation(tact_value v, operation *out, tact_problem *p) {
    const tact_value *op = v.kind == TACT_MAP ? value_map_get_str(v.as.map, TACT_STR("op")) : NULL;
    const place at = place_of(keys[REQUEST_OP].name);
    if (!op) return missing(p, REQUEST_OP, "a request names its operation, {op: \"decide\", …}");
    if (op->kind != TACT_STRING) return wrong_type(p, &at, forms[TEXT].text, *op);
    near n = near_to(value_str(*op));
    for (int i = 0; i < OPERATIONS; i++) {
        *out = (operation)i;
        if (tact_str_equal(value_str(*op), tact_str_from(operations[i]))) return TACT_OK;
        near_offer(&n, tact_str_from(operations[i]));
    }
    return problem_unknown(p, TACT_PROBLEM_UNKNOWN_OPERATION, &at, "operation", &n);
}

static tact_err unknown_key(tact_problem *p, operation o, const place *at, tact_str name) {
    near n = near_to(name);
    for (int i = 0; i < REQUEST_KEYS; i++) {
        if (keys[i].operations >> o & 1) near_offer(&n, tact_str_from(keys[i].name));
    }
    char noun[40];
    snprintf(noun, sizeof noun, "key of `%s` called", operations[o]);
    return problem_unknown(p, TACT_PROBLEM_UNKNOWN_KEY, at, noun, &n);
}

// A request that says itself what it is must not be done as something else.
static tact_err another_operation(tact_problem *p, operation o, const place *at, tact_str said) {
    utf8_shown shown;
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, at, "%s: it says `%s`, and was given to `%s`", at->text,
                       utf8_show(&shown, said), operations[o]);
}

static int find_key(operation o, tact_str name) {
    for (int i = 0; i < REQUEST_KEYS; i++) {
        if (keys[i].operations >> o & 1 && tact_str_equal(name, tact_str_from(keys[i].name))) return i;
    }
    return -1;
}

tact_err request_read(operation o, tact_value v, request *out, tact_problem *p) {
    const place nowhere = place_none();
    *out = (request){.operation = o};
    if (v.kind == TACT_NULL) return TACT_OK;
    if (v.kind != TACT_MAP) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_WRONG_TYPE, NULL, "a request is a map, got %s",
                           value_kind_name((tact_kind)v.kind));
    }
    for (uint32_t i = 0; i < v.as.map->count; i++) {
        const value_entry *e = &v.as.map->entries[i];
        if (e->key.kind != TACT_STRING) {
            return problem_set(p, TACT_INVALID, TACT_PROBLEM_WRONG_TYPE, NULL, "a request has keys that are texts");
        }
        const place at = place_member(&nowhere, value_str(e->key));
        int k = find_key(o, value_str(e->key));
        if (k < 0) return unknown_key(p, o, &at, value_str(e->key));
        if (!(forms[keys[k].takes].kinds >> e->value.kind & 1)) {
            return wrong_type(p, &at, forms[keys[k].takes].text, e->value);
        }
        if (k == REQUEST_OP && !tact_str_equal(value_str(e->value), tact_str_from(operations[o]))) {
            return another_operation(p, o, &at, value_str(e->value));
        }
        out->given[k] = &e->value;
    }
    return TACT_OK;
}

// ---- Whom -----------------------------------------------------------------------------------------------------------

static tact_err unknown_namespace(tact_problem *p, const place *at, const schema *s, tact_str name) {
    near n = near_to(name);
    for (uint32_t i = 0; i < s->identities_count; i++) {
        if (!s->identities[i].retired) near_offer(&n, s->identities[i].name);
    }
    return problem_unknown(p, TACT_PROBLEM_UNKNOWN_IDENTITY, at, "namespace of identities", &n);
}

static tact_err add_identity(request_whom *w, arena *a, const schema *s, uint16_t space, tact_value v, const place *at,
                             tact_problem *p) {
    char digits[24];
    tact_str given = value_str(v);
    if (v.kind == TACT_INT || v.kind == TACT_UINT) {
        int len = v.kind == TACT_INT ? snprintf(digits, sizeof digits, "%lld", (long long)v.as.i)
                                     : snprintf(digits, sizeof digits, "%llu", (unsigned long long)v.as.u);
        const char *copy = arena_copy(a, digits, (size_t)len);
        if (!copy) return problem_no_memory(p);
        given = (tact_str){copy, (size_t)len};
    } else if (v.kind != TACT_STRING) {
        return wrong_type(p, at, "a text or a whole number", v);
    }
    tact_str value = schema_is_normalized(&s->identities[space], given)
                         ? given
                         : schema_normalized(a, &s->identities[space], given);
    if (!value.ptr) return problem_no_memory(p);
    if (!value.len || value.len > COMMAND_IDENTITY_MAX || !utf8_valid(value.ptr, value.len)) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, at, "%s: an identity is UTF-8 of 1 to %d bytes",
                           at->text, COMMAND_IDENTITY_MAX);
    }
    if (w->identities_count == COMMAND_IDENTITIES_MAX) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_TOO_MUCH, at, "%s: at most %d identities say who it is",
                           at->text, COMMAND_IDENTITIES_MAX);
    }
    if (!w->identities_count) w->first = (command_identity){space, value};
    uint32_t i = w->identities_count++;
    for (; i && w->identities[i - 1].space > space; i--) w->identities[i] = w->identities[i - 1];
    w->identities[i] = (command_identity){space, value};
    return TACT_OK;
}

tact_err request_whom_read(const request *r, arena *a, const schema *s, bool needed, request_whom *out,
                           tact_problem *p) {
    const tact_value *v = r->given[REQUEST_WHOM];
    out->id = 0;
    out->identities_count = 0;
    if (!v) return needed ? missing(p, REQUEST_WHOM, "whom is it about? {person: {email: \"a@b.c\"}}") : TACT_OK;
    const place whom = place_of(keys[REQUEST_WHOM].name);
    if (v->kind != TACT_MAP) {
        out->id = v->as.u;
        if (v->kind == TACT_UINT ? v->as.u > 0 : v->as.i > 0) return TACT_OK;
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, &whom, "%s: persons are numbered from 1",
                           whom.text);
    }
    for (uint32_t i = 0; i < v->as.map->count; i++) {
        const value_entry *e = &v->as.map->entries[i];
        if (e->key.kind != TACT_STRING) return wrong_type(p, &whom, "names that are texts", e->key);
        const place at = place_member(&whom, value_str(e->key));
        int32_t space = schema_find_identity(s, value_str(e->key));
        if (space < 0) return unknown_namespace(p, &at, s, value_str(e->key));
        const tact_value one = e->value;
        const tact_value *values = one.kind == TACT_LIST ? one.as.items : &one;
        for (uint32_t k = 0; k < (one.kind == TACT_LIST ? one.len : 1); k++) {
            tact_err err = add_identity(out, a, s, (uint16_t)space, values[k], &at, p);
            if (err) return err;
        }
    }
    if (needed && !out->identities_count) return missing(p, REQUEST_WHOM, "it names nobody");
    return TACT_OK;
}

// ---- Values ---------------------------------------------------------------------------------------------------------

// A value as one of `type`, where it is one or stands for one.
static tact_err read_scalar(const tact_type *type, tact_value v, const place *at, tact_value *out, tact_problem *p) {
    tact_value read = schema_widened(type, v);
    time_fault fault = TIME_OK;
    if (v.kind == TACT_STRING && type == &type_timestamp) fault = time_parse_timestamp(value_str(v), &read);
    if (v.kind == TACT_STRING && type == &type_duration) fault = time_parse_span(value_str(v), &read);
    if (v.kind == TACT_UINT && type == &type_int && v.as.u <= INT64_MAX) read = tact_int((int64_t)v.as.u);
    if (fault) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, at, "%s: it is no %s", at->text,
                           type == &type_duration ? "duration such as \"90d\" or \"1h30m\""
                                                  : "time such as \"2026-12-01T10:00:00Z\"");
    }
    if (!schema_fits(type, read)) return wrong_type(p, at, schema_type_text(type), v);
    const char *why = change_value_fault(read);
    if (why) return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, at, "%s: %s", at->text, why);
    *out = read;
    return TACT_OK;
}

static tact_err read_typed(arena *a, const tact_type *type, tact_value v, const place *at, tact_value *out,
                           tact_problem *p) {
    if (type->kind != TYPE_LIST || v.kind != TACT_LIST) return read_scalar(type, v, at, out, p);
    tact_value *items = arena_array(a, v.len, sizeof *items);
    if (!items) return problem_no_memory(p);
    for (uint32_t i = 0; i < v.len; i++) {
        const place item = place_item(at, i);
        tact_err err = read_scalar(type->params[0], v.as.items[i], &item, &items[i], p); // lists hold scalars
        if (err) return err;
    }
    *out = tact_list(items, v.len);
    return TACT_OK;
}

static tact_err unknown_context(tact_problem *p, const place *at, const bundle *b, tact_str name) {
    utf8_shown shown;
    near n = near_to(name);
    for (uint32_t i = 0; i < b->context_count; i++) near_offer(&n, b->context[i].name);
    if (!n.best.len) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_UNKNOWN_ATTRIBUTE, at, "context.%s is not declared",
                           utf8_show(&shown, name));
    }
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_UNKNOWN_ATTRIBUTE, at,
                       "context.%s is not declared; did you mean context.%.*s?", utf8_show(&shown, name),
                       (int)n.best.len, n.best.ptr);
}

static bool is_allowed(const bundle_context *c, tact_value v) {
    const tact_value *items = v.kind == TACT_LIST ? v.as.items : &v;
    for (uint32_t k = 0; c->allowed_count && k < (v.kind == TACT_LIST ? v.len : 1); k++) {
        uint32_t i = 0;
        while (i < c->allowed_count && !tact_value_equal(c->allowed[i], items[k])) i++;
        if (i == c->allowed_count) return false;
    }
    return true;
}

static tact_err not_allowed(arena *a, const bundle_context *c, tact_value v, const place *at, tact_problem *p) {
    buf text = buf_in(a);
    value_print_within(&text, v, 100);
    buf_add_text(&text, " is none of ");
    for (uint32_t i = 0; i < c->allowed_count; i++) {
        if (i) buf_add_text(&text, ", ");
        value_print(&text, c->allowed[i]);
    }
    tact_str done = buf_done(&text);
    if (!done.ptr) return problem_no_memory(p);
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, at, "%s: %s", at->text, done.ptr);
}

tact_err request_context_read(const request *r, arena *a, const bundle *b, tact_value **out, tact_problem *p) {
    const tact_value *v = r->given[REQUEST_GIVEN];
    tact_value *values = arena_zalloc(a, b->context_count * sizeof *values);
    if (!values) return problem_no_memory(p);
    _Static_assert(TACT_UNRESOLVED == 0, "what is cleared is not given");
    *out = values;
    const place context = place_of(keys[REQUEST_GIVEN].name);
    for (uint32_t i = 0; v && i < v->as.map->count; i++) {
        const value_entry *e = &v->as.map->entries[i];
        if (e->key.kind != TACT_STRING) return wrong_type(p, &context, "names that are texts", e->key);
        const place at = place_member(&context, value_str(e->key));
        int32_t number = bundle_find_context(b, value_str(e->key));
        if (number < 0) return unknown_context(p, &at, b, value_str(e->key));
        if (e->value.kind == TACT_NULL) continue; // as if it were not there
        const bundle_context *c = &b->context[number];
        tact_err err = read_typed(a, c->type, e->value, &at, &values[number], p);
        if (err) return err;
        if (!is_allowed(c, values[number])) return not_allowed(a, c, values[number], &at, p);
    }
    return TACT_OK;
}

// Of an id of the caller's own, or an empty text.
static tact_err read_id(const request *r, request_key key, tact_str *out, tact_problem *p) {
    const place at = place_of(keys[key].name);
    const tact_str id = *out = request_text(r, key);
    if (!r->given[key]) return TACT_OK;
    bool plain = id.len && id.len <= REQUEST_ID_MAX;
    for (size_t i = 0; plain && i < id.len; i++) plain = (uint8_t)id.ptr[i] >= ' ' && id.ptr[i] != 0x7f;
    if (plain) return TACT_OK;
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, &at,
                       "%s: an id has 1 to %d bytes, none of them a control character", at.text, REQUEST_ID_MAX);
}

tact_err request_id_read(const request *r, tact_str *out, tact_problem *p) {
    return read_id(r, REQUEST_ID, out, p);
}

tact_err request_now_read(const request *r, int64_t *now_ms, tact_problem *p) {
    const tact_value *v = r->given[REQUEST_NOW];
    if (!v) return TACT_OK;
    const place at = place_of(keys[REQUEST_NOW].name);
    tact_value time = *v;
    tact_err err = v->kind == TACT_STRING ? read_scalar(&type_timestamp, *v, &at, &time, p) : TACT_OK;
    if (err) return err;
    if (time.as.i < 0) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, &at, "%s: it is before 1970", at.text);
    }
    *now_ms = time.as.i * 1000 + time.len / 1000000;
    return TACT_OK;
}

// ---- Events ---------------------------------------------------------------------------------------------------------

bundle_count request_counts(tact_str event) {
    if (tact_str_equal(event, TACT_STR("impression"))) return BUNDLE_ON_IMPRESSION;
    return tact_str_equal(event, TACT_STR("click")) ? BUNDLE_ON_CLICK : BUNDLE_ON_EVENT;
}

tact_err request_token_read(const store *s, const bundle *b, tact_value v, const place *at, token *out,
                            char room[TOKEN_TEXT_MAX], int32_t *offer, int32_t *placement, tact_problem *p) {
    if (v.kind != TACT_STRING) return wrong_type(p, at, forms[TEXT].text, v);
    if (!token_read(s, value_str(v), room, out)) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_TOKEN, at, "%s: %s", at->text,
                           "it was not given out by this store, or was changed since");
    }
    *offer = bundle_find_offer(b, out->offer);
    *placement = bundle_find_placement(b, out->placement);
    return TACT_OK;
}

static tact_err unknown_event(tact_problem *p, const place *at, const schema *s, tact_str name) {
    near n = near_to(name);
    for (uint32_t i = 0; i < s->events_count; i++) {
        if (!s->events[i].retired) near_offer(&n, s->events[i].name);
    }
    return problem_unknown(p, TACT_PROBLEM_UNKNOWN_EVENT, at, "event", &n);
}

static tact_err unknown_property(tact_problem *p, const place *at, const schema_event *e, tact_str name) {
    near n = near_to(name);
    for (uint32_t i = 0; i < e->properties_count; i++) {
        if (!e->properties[i].retired) near_offer(&n, e->properties[i].name);
    }
    return problem_unknown(p, TACT_PROBLEM_UNKNOWN_ATTRIBUTE, at, "property", &n);
}

// What an event says of itself besides what it is.
static bool is_own(tact_str key) {
    return tact_str_equal(key, TACT_STR("type")) || tact_str_equal(key, TACT_STR("token")) ||
           tact_str_equal(key, TACT_STR("channel"));
}

static tact_err read_properties(arena *a, const schema_event *e, const tact_map *map, const place *event,
                                decide_event *out, tact_problem *p) {
    command_value *values = arena_array(a, map->count, sizeof *values);
    if (!values) return problem_no_memory(p);
    out->values = values;
    for (uint32_t i = 0; i < map->count; i++) {
        tact_str name = value_str(map->entries[i].key);
        if (is_own(name)) continue;
        const place at = place_member(event, name);
        int32_t number = e ? schema_find_property(e, name) : -1;
        if (!e) {
            return problem_set(p, TACT_INVALID, TACT_PROBLEM_UNKNOWN_ATTRIBUTE, &at,
                               "%s: the schema does not declare this event, so it has no properties", at.text);
        }
        if (number < 0) return unknown_property(p, &at, e, name);
        if (map->entries[i].value.kind == TACT_NULL) continue;
        command_value *v = &values[out->values_count++];
        v->number = (uint16_t)number;
        tact_err err = read_typed(a, e->properties[number].type, map->entries[i].value, &at, &v->value, p);
        if (err) return err;
    }
    return TACT_OK;
}

static tact_err text_member(const tact_map *map, const char *name, const place *of, tact_str *out, tact_problem *p) {
    const tact_value *v = value_map_get_str(map, tact_str_from(name));
    const place at = place_member(of, tact_str_from(name));
    if (v && v->kind != TACT_STRING) return wrong_type(p, &at, forms[TEXT].text, *v);
    *out = v ? value_str(*v) : (tact_str){NULL, 0};
    return TACT_OK;
}

// An event that does not say what it is: by another key, as changes do, or by one that is misspelled.
static tact_err without_type(const tact_map *map, const place *at, tact_problem *p) {
    for (uint32_t i = 0; i < map->count; i++) {
        tact_str key = value_str(map->entries[i].key);
        near n = near_to(key);
        near_offer(&n, TACT_STR("type"));
        if (!n.best.len && !tact_str_equal(key, TACT_STR("event"))) continue;
        const place where = place_member(at, key);
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_UNKNOWN_KEY, &where,
                           "%s: an event of a request says what happened by `type`: {type: \"page_view\"}", where.text);
    }
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, at, "%s: what happened? {type: \"page_view\"}", at->text);
}

static tact_err read_event(arena *a, const store *s, const bundle *b, tact_value v, const place *at, request_event *out,
                           tact_problem *p) {
    if (v.kind != TACT_MAP) return wrong_type(p, at, "an event, {type: \"page_view\", …}", v);
    for (uint32_t i = 0; i < v.as.map->count; i++) {
        if (v.as.map->entries[i].key.kind != TACT_STRING) {
            return wrong_type(p, at, "names that are texts", v.as.map->entries[i].key);
        }
    }
    tact_str type = {NULL, 0};
    *out = (request_event){.what = {.offer = -1, .placement = -1}};
    tact_err err = text_member(v.as.map, "type", at, &type, p);
    if (!err) err = text_member(v.as.map, "channel", at, &out->channel, p);
    if (err) return err;
    if (!type.ptr) return without_type(v.as.map, at, p);
    const tact_value *given = value_map_get_str(v.as.map, TACT_STR("token"));
    if (given) {
        token t;
        char room[TOKEN_TEXT_MAX];
        const place where = place_member(at, TACT_STR("token"));
        err = request_token_read(s, b, *given, &where, &t, room, &out->what.offer, &out->what.placement, p);
        if (err) return err;
    }
    int32_t event = schema_find_event(b->schema, type);
    out->on = (uint8_t)request_counts(type);
    out->declared = event >= 0;
    const place where = place_member(at, TACT_STR("type"));
    if (event < 0 && (!given || out->on == BUNDLE_ON_EVENT)) return unknown_event(p, &where, b->schema, type);
    out->what.event = event < 0 ? 0 : (uint32_t)event;
    return read_properties(a, event < 0 ? NULL : &b->schema->events[event], v.as.map, at, &out->what, p);
}

static tact_err read_events(const request *r, arena *a, const store *s, const bundle *b, request_decide *out,
                            tact_problem *p) {
    const tact_value *v = r->given[REQUEST_EVENTS];
    if (!v || !v->len) return TACT_OK;
    const place events = place_of(keys[REQUEST_EVENTS].name);
    if (v->len > DECIDE_EVENTS_MAX) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_TOO_MUCH, &events,
                           "%s: a request has at most %d of them; more are recorded", events.text, DECIDE_EVENTS_MAX);
    }
    out->events = arena_array(a, v->len, sizeof *out->events);
    if (!out->events) return problem_no_memory(p);
    for (; out->events_count < v->len; out->events_count++) {
        const place at = place_item(&events, out->events_count);
        request_event *one = &out->events[out->events_count];
        tact_err err = read_event(a, s, b, v->as.items[out->events_count], &at, one, p);
        if (err) return err;
    }
    return TACT_OK;
}

// ---- Decide ---------------------------------------------------------------------------------------------------------

static tact_err unknown_placement(tact_problem *p, const place *at, const bundle *b, tact_str name) {
    near n = near_to(name);
    for (uint32_t i = 0; i < b->placements_count; i++) near_offer(&n, b->placements[i].name);
    return problem_unknown(p, TACT_PROBLEM_UNKNOWN_PLACEMENT, at, "placement", &n);
}

static tact_err read_placements(const request *r, const bundle *b, request_decide *out, tact_problem *p) {
    const tact_value *v = r->given[REQUEST_PLACEMENTS];
    if (!v || !v->len) return missing(p, REQUEST_PLACEMENTS, "what is to be filled? {placements: [\"home_hero\"]}");
    const place all = place_of(keys[REQUEST_PLACEMENTS].name);
    if (v->len > DECIDE_PLACEMENTS_MAX) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_TOO_MUCH, &all, "%s: a request has at most %d of them",
                           all.text, DECIDE_PLACEMENTS_MAX);
    }
    for (uint32_t i = 0; i < v->len; i++) {
        const place at = place_item(&all, i);
        if (v->as.items[i].kind != TACT_STRING) return wrong_type(p, &at, forms[TEXT].text, v->as.items[i]);
        tact_str name = value_str(v->as.items[i]);
        int32_t number = bundle_find_placement(b, name);
        if (number < 0) return unknown_placement(p, &at, b, name);
        for (uint32_t k = 0; k < i; k++) {
            if (out->placements[k] != (uint32_t)number) continue;
            return problem_set(p, TACT_INVALID, TACT_PROBLEM_REPEATED, &at, "%s: `%.*s` stands there twice", at.text,
                               (int)name.len, name.ptr);
        }
        out->placements[i] = (uint32_t)number;
    }
    out->placements_count = v->len;
    return TACT_OK;
}

tact_err request_decide_read(const request *r, arena *a, const store *s, const bundle *b, int64_t now_ms,
                             request_decide *out, tact_problem *p) {
    *out = (request_decide){.now_ms = now_ms,
                            .explain = r->operation == OPERATION_EXPLAIN || request_flag(r, REQUEST_WHY),
                            .late = request_flag(r, REQUEST_LATE)};
    out->dry = out->explain || request_flag(r, REQUEST_DRY);
    tact_err err = request_now_read(r, &out->now_ms, p);
    if (!err && r->given[REQUEST_NOW] && !out->dry) {
        const place at = place_of(keys[REQUEST_NOW].name);
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, &at, "%s: what counts happens now; it needs `dry`",
                           at.text);
    }
    if (!err) err = read_id(r, REQUEST_DECISION, &out->decision, p);
    if (!err) err = read_placements(r, b, out, p);
    if (!err) err = request_context_read(r, a, b, &out->context, p);
    return err ? err : read_events(r, a, s, b, out, p);
}
