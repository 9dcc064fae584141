// SPDX-License-Identifier: Apache-2.0
//
// Changes, key by key. First every key is held against the table, so that what is misspelled is said before anything
// is missed; then the one key that does something decides which of the others are read. Subtle: everything found wrong
// here names its place, and what is left to command_check are bounds of the command as a whole.
#include "wire/change.h"

#include <math.h>

#include "base/err.h"
#include "base/near.h"
#include "base/utf8.h"
#include "value/time.h"

// ---- Keys -----------------------------------------------------------------------------------------------------------

typedef enum key {
#define X(KEY, key, does, goes_with, takes, doc) KEY_##KEY,
#include "wire/change_tbl.h"
#undef X
    KEYS
} key;

typedef enum form { VALUES, WHOM, TEXT, FLAG, MOMENT, TAG } form; // what a key takes

enum { NOTHING = -1 };
#define BIT(KIND) (1U << COMMAND_##KIND)
#define ANY (~0U)

static const struct key_row {
    const char *name;
    int does;
    uint32_t goes_with;
    form takes;
} keys[KEYS] = {
#define X(KEY, key, does, goes_with, takes, doc) {#key, does, goes_with, takes},
#include "wire/change_tbl.h"
#undef X
};

typedef struct reading {
    arena *a;
    const schema *s;
    tact_error *error;
    tact_problem_name *name;       // what programs may act on, where it is more than that the change is wrong; NULL
    const tact_value *given[KEYS]; // NULL: it was not
    key does;
    command *c;
    command_identity identities[COMMAND_IDENTITIES_MAX];
} reading;

static tact_err no_memory(reading *r) {
    return err_set(r->error, TACT_NO_MEMORY, "no memory for a change");
}

static void set_name(reading *r, tact_problem_name name) {
    if (r->name) *r->name = name;
}

static int find_key(tact_str name) {
    for (int i = 0; i < KEYS; i++) {
        if (tact_str_equal(tact_str_from(keys[i].name), name)) return i;
    }
    return -1;
}

static tact_err unknown_key(reading *r, tact_str name) {
    utf8_shown room;
    near n = near_to(name);
    set_name(r, TACT_PROBLEM_UNKNOWN_KEY);
    for (int i = 0; i < KEYS; i++) near_offer(&n, tact_str_from(keys[i].name));
    if (!n.best.len) return err_set(r->error, TACT_INVALID, "%s: a change has no such key", utf8_show(&room, name));
    return err_set(r->error, TACT_INVALID, "%s: a change has no such key; did you mean `%.*s`?", utf8_show(&room, name),
                   (int)n.best.len, n.best.ptr);
}

static const struct {
    uint32_t kinds; // of values, a bit each
    const char *text;
} forms[] = {
    [VALUES] = {1U << TACT_MAP, "an object, {\"name\": value}"},
    [WHOM] = {1U << TACT_MAP | 1U << TACT_BOOL,
              "an object of identities, {\"email\": \"a@b.c\"}, or true if `person` names them"},
    [TEXT] = {1U << TACT_STRING, "a text"},
    [FLAG] = {1U << TACT_BOOL, "true or false"},
    [MOMENT] = {1U << TACT_STRING | 1U << TACT_TIMESTAMP, "a time such as \"2026-12-01T10:00:00Z\""},
    [TAG] = {1U << TACT_STRING | 1U << TACT_BYTES, "a text or bytes"},
};

static bool takes(form f, tact_value v) {
    if (f == WHOM && v.kind == TACT_BOOL && !v.as.b) return false;
    return forms[f].kinds >> v.kind & 1;
}

// Which keys there are, and that each has what it takes.
static tact_err sort_keys(reading *r, const tact_map *map) {
    for (uint32_t i = 0; i < map->count; i++) {
        const value_entry *e = &map->entries[i];
        if (e->key.kind != TACT_STRING) return err_set(r->error, TACT_INVALID, "a change has keys that are texts");
        int k = find_key(value_str(e->key));
        if (k < 0) return unknown_key(r, value_str(e->key));
        r->given[k] = &e->value;
    }
    for (int i = 0; i < KEYS; i++) {
        if (!r->given[i] || takes(keys[i].takes, *r->given[i])) continue;
        return err_set(r->error, TACT_INVALID, "%s: expected %s, got %s", keys[i].name, forms[keys[i].takes].text,
                       value_kind_name((tact_kind)r->given[i]->kind));
    }
    return TACT_OK;
}

// Which of them does something, and that the others go with it.
static tact_err find_kind(reading *r) {
    int first = -1;
    for (int i = 0; i < KEYS; i++) {
        if (!r->given[i] || keys[i].does == NOTHING) continue;
        if (first >= 0) {
            return err_set(r->error, TACT_INVALID, "%s: a change does one thing, and this one does `%s` already",
                           keys[i].name, keys[first].name);
        }
        first = i;
    }
    if (first < 0) {
        return err_set(r->error, TACT_INVALID, "a change has one of the keys set, event, consent, link, unlink, erase");
    }
    r->does = (key)first;
    r->c->kind = (command_kind)keys[first].does;
    for (int i = 0; i < KEYS; i++) {
        if (!r->given[i] || keys[i].goes_with >> r->c->kind & 1) continue;
        return err_set(r->error, TACT_INVALID, "%s: it does not go with `%s`", keys[i].name, keys[first].name);
    }
    return TACT_OK;
}

// ---- Names ----------------------------------------------------------------------------------------------------------

static const struct {
    const char *noun;
    int32_t (*find)(const schema *s, tact_str name);
    tact_problem_name unknown;
} members[SCHEMA_KINDS] = {
    [SCHEMA_IDENTITY] = {"identity", schema_find_identity, TACT_PROBLEM_UNKNOWN_IDENTITY},
    [SCHEMA_ATTRIBUTE] = {"attribute", schema_find_attribute, TACT_PROBLEM_UNKNOWN_ATTRIBUTE},
    [SCHEMA_PURPOSE] = {"purpose", schema_find_purpose, TACT_PROBLEM_BAD_CHANGE},
    [SCHEMA_EVENT] = {"event", schema_find_event, TACT_PROBLEM_UNKNOWN_EVENT},
    [SCHEMA_AGGREGATE] = {"aggregate", schema_find_aggregate, TACT_PROBLEM_BAD_CHANGE},
    [SCHEMA_SOURCE] = {"source", schema_find_source, TACT_PROBLEM_BAD_CHANGE},
};

static tact_err unknown(reading *r, const char *at, const char *noun, tact_str name, const near *n) {
    utf8_shown room;
    const char *shown = utf8_show(&room, name);
    if (!n->best.len) return err_set(r->error, TACT_INVALID, "%s: the schema has no %s `%s`", at, noun, shown);
    return err_set(r->error, TACT_INVALID, "%s: the schema has no %s `%s`; did you mean `%.*s`?", at, noun, shown,
                   (int)n->best.len, n->best.ptr);
}

static tact_err find_member(reading *r, const char *at, schema_kind kind, tact_str name, int32_t *number) {
    *number = members[kind].find(r->s, name);
    if (*number >= 0) return TACT_OK;
    near n = near_to(name);
    set_name(r, members[kind].unknown);
    const strmap *all = &r->s->names[kind];
    for (uint32_t i = 0; i < all->count; i++) {
        tact_str other = all->entries[i].key;
        if (members[kind].find(r->s, other) >= 0) near_offer(&n, other); // it may be retired
    }
    return unknown(r, at, members[kind].noun, name, &n);
}

static tact_err find_property(reading *r, const char *at, const schema_event *e, tact_str name, int32_t *number) {
    *number = schema_find_property(e, name);
    if (*number >= 0) return TACT_OK;
    near n = near_to(name);
    for (uint32_t i = 0; i < e->properties_count; i++) {
        if (!e->properties[i].retired) near_offer(&n, e->properties[i].name);
    }
    set_name(r, TACT_PROBLEM_UNKNOWN_ATTRIBUTE);
    const char *noun = arena_printf(r->a, "property of `%.*s` called", (int)e->name.len, e->name.ptr);
    return noun ? unknown(r, at, noun, name, &n) : no_memory(r);
}

// "set.recency": where a member of a key's object stands.
typedef struct place {
    char text[sizeof(utf8_shown) + 16];
} place;

static const char *place_of(place *room, key k, tact_str name) {
    utf8_shown shown;
    const char *parts[] = {keys[k].name, ".", utf8_show(&shown, name)};
    size_t at = 0;
    for (int i = 0; i < 3; i++) {
        size_t len = strlen(parts[i]);
        memcpy(room->text + at, parts[i], len);
        at += len;
    }
    room->text[at] = '\0';
    return room->text;
}

// The name of a member of a key's object; all have names that are texts.
static tact_err name_of(reading *r, key k, const value_entry *e, place *room, tact_str *name) {
    if (e->key.kind != TACT_STRING) {
        return err_set(r->error, TACT_INVALID, "%s: expected names that are texts, got %s", keys[k].name,
                       value_kind_name((tact_kind)e->key.kind));
    }
    *name = value_str(e->key);
    (void)place_of(room, k, *name);
    return TACT_OK;
}

// ---- Identities -----------------------------------------------------------------------------------------------------

// Adds it, unless it is there already.
static tact_err add_identity(reading *r, const char *at, uint16_t space, tact_value v) {
    tact_str given = value_str(v);
    if (v.kind == TACT_INT) {
        char *digits = arena_printf(r->a, "%lld", (long long)v.as.i);
        if (!digits) return no_memory(r);
        given = tact_str_from(digits);
    } else if (v.kind != TACT_STRING) {
        return err_set(r->error, TACT_INVALID, "%s: expected a text or a whole number, got %s", at,
                       value_kind_name((tact_kind)v.kind));
    }
    tact_str value = schema_normalized(r->a, &r->s->identities[space], given);
    if (!value.ptr) return no_memory(r);
    if (value.len == 0) return err_set(r->error, TACT_INVALID, "%s: the identity is empty", at);
    if (value.len > COMMAND_IDENTITY_MAX) {
        return err_set(r->error, TACT_INVALID, "%s: the identity is longer than %d bytes", at, COMMAND_IDENTITY_MAX);
    }
    for (uint32_t i = 0; i < r->c->identities_count; i++) {
        if (r->identities[i].space == space && tact_str_equal(r->identities[i].value, value)) return TACT_OK;
    }
    if (r->c->identities_count == COMMAND_IDENTITIES_MAX) {
        return err_set(r->error, TACT_INVALID, "%s: a change names at most %d identities", at, COMMAND_IDENTITIES_MAX);
    }
    r->identities[r->c->identities_count++] = (command_identity){space, value};
    return TACT_OK;
}

static tact_err read_identities(reading *r, key k) {
    const tact_map *map = r->given[k] && r->given[k]->kind == TACT_MAP ? r->given[k]->as.map : NULL;
    for (uint32_t i = 0; map && i < map->count; i++) {
        place at;
        tact_str name = {NULL, 0};
        int32_t space = -1;
        tact_value v = map->entries[i].value;
        tact_err err = name_of(r, k, &map->entries[i], &at, &name);
        if (!err) err = find_member(r, at.text, SCHEMA_IDENTITY, name, &space);
        if (err) return err;
        if (v.kind != TACT_LIST) err = add_identity(r, at.text, (uint16_t)space, v);
        for (uint32_t j = 0; v.kind == TACT_LIST && j < v.len && !err; j++) {
            err = add_identity(r, at.text, (uint16_t)space, v.as.items[j]);
        }
        if (err) return err;
    }
    return TACT_OK;
}

static tact_err read_whom(reading *r) {
    tact_err err = read_identities(r, KEY_PERSON);
    if (!err && keys[r->does].takes == WHOM) err = read_identities(r, r->does);
    if (err) return err;
    if (!r->c->identities_count) {
        return err_set(r->error, TACT_INVALID, "person: whom is it about? {\"person\": {\"email\": \"a@b.c\"}}");
    }
    command_identity *own = arena_array(r->a, r->c->identities_count, sizeof *own);
    if (!own) return no_memory(r);
    memcpy(own, r->identities, r->c->identities_count * sizeof *own);
    r->c->identities = own;
    return TACT_OK;
}

// ---- Values ---------------------------------------------------------------------------------------------------------

static tact_err read_list(reading *r, const char *at, const tact_type *item, tact_value v, tact_value *out);

const char *change_value_fault(tact_value v) {
    if (v.kind == TACT_DOUBLE && !isfinite(v.as.d)) return "it must be a number, and is NaN or infinite";
    if (v.kind == TACT_STRING && v.len > COMMAND_TEXT_MAX) return "a text is longer than 2,048 bytes";
    if (v.kind == TACT_STRING && !utf8_valid(v.as.s, v.len)) return "a text is not UTF-8";
    return NULL;
}

// A value as one of `type`, where it is one or stands for one.
static tact_err read_value(reading *r, const char *at, const tact_type *type, tact_value v, tact_value *out) {
    tact_value read = schema_widened(type, v);
    time_fault fault = TIME_OK;
    if (v.kind == TACT_STRING && type == &type_timestamp) fault = time_parse_timestamp(value_str(v), &read);
    if (v.kind == TACT_STRING && type == &type_duration) fault = time_parse_span(value_str(v), &read);
    utf8_shown room;
    if (fault) {
        return err_set(r->error, TACT_INVALID, "%s: \"%s\" is no %s", at, utf8_show(&room, value_str(v)),
                       type == &type_duration ? "duration such as \"90d\" or \"1h30m\""
                                              : "time such as \"2026-12-01T10:00:00Z\"");
    }
    if (type->kind == TYPE_LIST && v.kind == TACT_LIST) return read_list(r, at, type->params[0], v, out);
    if (!schema_fits(type, read)) {
        return err_set(r->error, TACT_INVALID, "%s: expected a value of type %s, got %s", at, schema_type_text(type),
                       value_kind_name((tact_kind)v.kind));
    }
    const char *why = change_value_fault(read);
    if (why) return err_set(r->error, TACT_INVALID, "%s: %s", at, why);
    *out = read;
    return TACT_OK;
}

static tact_err read_list(reading *r, const char *at, const tact_type *item, tact_value v, tact_value *out) {
    tact_value *items = arena_array(r->a, v.len, sizeof *items);
    if (!items) return no_memory(r);
    for (uint32_t i = 0; i < v.len; i++) {
        tact_err err = read_value(r, at, item, v.as.items[i], &items[i]); // types nest once
        if (err) return err;
    }
    *out = tact_list(items, v.len);
    return TACT_OK;
}

static tact_err read_attribute(reading *r, const char *at, tact_str name, tact_value v, command_value *out) {
    int32_t number = -1;
    tact_err err = find_member(r, at, SCHEMA_ATTRIBUTE, name, &number);
    if (err) return err;
    out->number = (uint16_t)number;
    out->value = v;
    if (v.kind == TACT_NULL) return TACT_OK;
    const schema_attribute *m = &r->s->attributes[number];
    err = read_value(r, at, m->type, v, &out->value);
    if (err) return err;
    tact_error why;
    err = schema_check_value(m, out->value, &why);
    if (!err) return TACT_OK;
    const char *rest = strstr(why.text, ": "); // behind "attribute `name`", which `at` says already
    return err_set(r->error, err, "%s: %s", at, rest ? rest + 2 : why.text);
}

static tact_err read_property(reading *r, const char *at, tact_str name, tact_value v, command_value *out) {
    const schema_event *e = &r->s->events[r->c->event];
    int32_t number = -1;
    tact_err err = find_property(r, at, e, name, &number);
    if (err) return err;
    out->number = (uint16_t)number;
    out->value = v;
    return v.kind == TACT_NULL ? TACT_OK : read_value(r, at, e->properties[number].type, v, &out->value);
}

typedef tact_err read_one(reading *r, const char *at, tact_str name, tact_value v, command_value *out);

// The members of a key's object; without those that are null, unless `nulls`.
static tact_err read_values(reading *r, key k, read_one *one, bool nulls) {
    if (!r->given[k]) return TACT_OK;
    const tact_map *map = r->given[k]->as.map;
    command_value *values = arena_array(r->a, map->count, sizeof *values);
    if (!values) return no_memory(r);
    uint32_t count = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        place at;
        tact_str name = {NULL, 0};
        tact_err err = name_of(r, k, &map->entries[i], &at, &name);
        if (!err) err = one(r, at.text, name, map->entries[i].value, &values[count]);
        if (err) return err;
        if (nulls || values[count].value.kind != TACT_NULL) count++;
    }
    r->c->values = values;
    r->c->values_count = count;
    return TACT_OK;
}

// ---- The rest -------------------------------------------------------------------------------------------------------

static tact_err read_time(reading *r, key k, int64_t *ms) {
    if (!r->given[k]) return TACT_OK;
    tact_value time = tact_null();
    tact_err err = read_value(r, keys[k].name, &type_timestamp, *r->given[k], &time);
    if (err) return err;
    int64_t seconds = time.as.i;
    if (seconds < 0) return err_set(r->error, TACT_INVALID, "%s: it is before 1970", keys[k].name);
    *ms = seconds * 1000 + time.len / 1000000;
    return TACT_OK;
}

static tact_err read_state(reading *r, const char *at, tact_value v, uint8_t *state) {
    utf8_shown room;
    for (uint8_t i = 0; v.kind == TACT_STRING && i < CONSENT_STATES; i++) {
        if (!tact_str_equal(value_str(v), tact_str_from(command_consent_name((consent_state)i)))) continue;
        *state = i;
        return TACT_OK;
    }
    return err_set(r->error, TACT_INVALID, "%s: expected \"granted\", \"denied\" or \"unset\", got %s%s%s", at,
                   v.kind == TACT_STRING ? "\"" : "",
                   v.kind == TACT_STRING ? utf8_show(&room, value_str(v)) : value_kind_name((tact_kind)v.kind),
                   v.kind == TACT_STRING ? "\"" : "");
}

static tact_err read_consents(reading *r) {
    command_consent all = {.explicit_ = !r->given[KEY_EXPLICIT] || r->given[KEY_EXPLICIT]->as.b};
    tact_err err = read_time(r, KEY_EXPIRES, &all.expires_ms);
    if (err) return err;
    if (r->given[KEY_EXPIRES] && all.expires_ms == 0) all.expires_ms = 1; // 0 says never
    const tact_map *map = r->given[KEY_CONSENT]->as.map;
    command_consent *consents = arena_array(r->a, map->count, sizeof *consents);
    if (!consents) return no_memory(r);
    for (uint32_t i = 0; i < map->count; i++) {
        place at;
        tact_str name = {NULL, 0};
        int32_t purpose = -1;
        consents[i] = all;
        err = name_of(r, KEY_CONSENT, &map->entries[i], &at, &name);
        if (!err) err = find_member(r, at.text, SCHEMA_PURPOSE, name, &purpose);
        if (!err) err = read_state(r, at.text, map->entries[i].value, &consents[i].state);
        if (err) return err;
        consents[i].purpose = (uint16_t)purpose;
    }
    r->c->consents = consents;
    r->c->consents_count = map->count;
    return TACT_OK;
}

static tact_err read_event(reading *r) {
    int32_t event = -1;
    tact_err err = find_member(r, keys[KEY_EVENT].name, SCHEMA_EVENT, value_str(*r->given[KEY_EVENT]), &event);
    if (err) return err;
    r->c->event = (uint16_t)event;
    if (r->given[KEY_CHANNEL]) r->c->channel = value_str(*r->given[KEY_CHANNEL]);
    return read_values(r, KEY_PROPERTIES, read_property, false);
}

static tact_err read_common(reading *r) {
    if (r->given[KEY_ID]) r->c->id = value_str(*r->given[KEY_ID]);
    tact_err err = read_time(r, KEY_TIME, &r->c->time_ms);
    if (err || !r->given[KEY_SOURCE]) return err;
    int32_t source = -1;
    err = find_member(r, keys[KEY_SOURCE].name, SCHEMA_SOURCE, value_str(*r->given[KEY_SOURCE]), &source);
    if (!err) r->c->source = (uint8_t)source;
    return err;
}

tact_err change_read(arena *a, const schema *s, tact_value v, int64_t now_ms, command *out, tact_error *error) {
    return change_read_named(a, s, v, now_ms, out, NULL, error);
}

tact_err change_read_named(arena *a, const schema *s, tact_value v, int64_t now_ms, command *out,
                           tact_problem_name *name, tact_error *error) {
    command c = {.time_ms = now_ms, .source = SCHEMA_SOURCE_NONE};
    reading r = {.a = a, .s = s, .error = error, .name = name, .c = &c};
    set_name(&r, TACT_PROBLEM_BAD_CHANGE);
    if (v.kind != TACT_MAP) {
        return err_set(error, TACT_INVALID, "a change is an object, {\"set\": {…}, \"person\": {…}}; got %s",
                       value_kind_name((tact_kind)v.kind));
    }
    tact_err err = sort_keys(&r, v.as.map);
    if (!err) err = find_kind(&r);
    if (!err) err = read_whom(&r);
    if (!err) err = read_common(&r);
    if (!err && c.kind == COMMAND_SET) err = read_values(&r, KEY_SET, read_attribute, true);
    if (!err && c.kind == COMMAND_EVENT) err = read_event(&r);
    if (!err && c.kind == COMMAND_CONSENT) err = read_consents(&r);
    if (err) return err;
    if (c.kind != COMMAND_EVENT && c.time_ms > now_ms + CHANGE_AHEAD_MAX_MS) {
        return err_set(error, TACT_INVALID, "time: it is ahead of the clock; only events may lie in the future");
    }
    // Else what is said afterwards, by a clock that is right, would be the older statement and count for nothing.
    if (c.kind == COMMAND_CONSENT && c.time_ms > now_ms) c.time_ms = now_ms;
    tact_error why;
    err = command_check(&c, s, &why);
    if (err) return err_set(error, err, "%s: %s", keys[r.does].name, why.text);
    *out = c;
    return TACT_OK;
}
