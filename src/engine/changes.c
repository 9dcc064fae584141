// SPDX-License-Identifier: Apache-2.0
//
// Subtle: a token knows a strand, and a command names an identity. Whose the strand is by now (persons may have been
// merged since) is looked up, and an identity that still finds them; the strand's own if it does, so that what a token
// brings in stays with the identity for which it was given out, also when persons are parted again.
#include "engine/changes.h"

#include "engine/decision.h"
#include "value/value.h"
#include "wire/change.h"

enum { TALLIES_MAX = 8 }; // of one event: offer, group, channel, placement

static tact_err add(changes *c, uint32_t from, const command *one, tact_problem *p) {
    if (c->count == c->room) {
        uint32_t room = c->room ? 2 * c->room : 64;
        arena *a = &c->session->scratch;
        command *commands = arena_extend(a, c->commands, c->room, room, sizeof *commands);
        if (commands) c->commands = commands;
        uint32_t *numbers = commands ? arena_extend(a, c->from, c->room, room, sizeof *numbers) : NULL;
        if (!numbers) return problem_no_memory(p);
        c->from = numbers;
        c->room = room;
    }
    c->commands[c->count] = *one;
    c->from[c->count++] = from;
    return TACT_OK;
}

// ---- Tokens ---------------------------------------------------------------------------------------------------------

typedef struct tied { // an event with a token
    token token;
    char room[TOKEN_TEXT_MAX];
    int32_t offer, placement;
    bundle_count on;
} tied;

// Whom a token is for, as `person`, which the change does not name.
static tact_err find_whom(changes *c, const tied *t, const place *at, command_identity *out, tact_problem *p) {
    decision_person who;
    const request_whom whom = {.id = t->token.strand};
    if (!t->token.strand) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, at,
                           "%s: nobody was known when the token was given out: say `person`", at->text);
    }
    tact_err err = decision_find_person(c->session, &whom, &who, p);
    if (err) return err;
    if (!who.known || !who.identity.value.len) {
        return problem_set(p, TACT_NOT_FOUND, TACT_PROBLEM_UNKNOWN_PERSON, at,
                           "%s: nobody is known any more by whom the token was given out for", at->text);
    }
    *out = who.identity;
    return TACT_OK;
}

// The change without its token; with `person`, if that is not named and `whom` says who.
static tact_err without_token(changes *c, const tact_map *map, const command_identity *whom, tact_value *out,
                              tact_problem *p) {
    arena *a = &c->session->scratch;
    value_entry *entries = arena_array(a, map->count + 1, sizeof *entries);
    value_entry *one = ARENA_NEW(a, value_entry);
    if (!entries || !one) return problem_no_memory(p);
    uint32_t count = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        bool is_token = map->entries[i].key.kind == TACT_STRING &&
                        tact_str_equal(value_str(map->entries[i].key), TACT_STR("token"));
        if (!is_token) entries[count++] = map->entries[i];
    }
    if (whom) {
        tact_str space = c->session->bundle->bundle->schema->identities[whom->space].name;
        *one = (value_entry){tact_string(space.ptr, space.len), tact_string(whom->value.ptr, whom->value.len)};
        tact_value person = value_map(a, one, 1);
        if (person.kind != TACT_MAP) return problem_no_memory(p);
        entries[count++] = (value_entry){tact_string("person", 6), person};
    }
    *out = value_map(a, entries, count);
    return out->kind == TACT_MAP ? TACT_OK : problem_no_memory(p);
}

// What tells the counts of a change with an id apart from it and from each other.
static tact_err id_of(changes *c, tact_str id, uint64_t tally, tact_str *out, tact_problem *p) {
    *out = id;
    if (!id.len) return TACT_OK;
    arena *a = &c->session->scratch;
    char *bytes = arena_alloc(a, id.len + 1 + sizeof tally);
    uint8_t *hash = arena_alloc(a, HASH_SUM);
    if (!bytes || !hash) return problem_no_memory(p);
    memcpy(bytes, id.ptr, id.len);
    bytes[id.len] = '\0';
    for (size_t i = 0; i < sizeof tally; i++) bytes[id.len + 1 + i] = (char)(tally >> (8 * i));
    hash_bytes((tact_str){bytes, id.len + 1 + sizeof tally}, hash);
    *out = (tact_str){(const char *)hash, HASH_SUM};
    return TACT_OK;
}

static tact_err add_counts(changes *c, uint32_t from, const tied *t, const command *event, int32_t number,
                           tact_problem *p) {
    decide_count counts[TALLIES_MAX];
    uint32_t n = decide_tallies(c->session->bundle->bundle, t->on, number, t->offer, t->placement, counts, TALLIES_MAX);
    for (uint32_t i = 0; i < n && i < TALLIES_MAX; i++) {
        command one = {.kind = COMMAND_COUNT,
                       // What says that it is yet to happen counts from now on: else it would fill a cap until then.
                       .time_ms = event->time_ms < c->now_ms ? event->time_ms : c->now_ms,
                       .source = event->source,
                       .identities = event->identities,
                       .identities_count = 1, // which it is of; the event links it to the others
                       .tally = counts[i].tally,
                       .keep = counts[i].keep,
                       .everyone = counts[i].everyone};
        tact_err err = id_of(c, event->id, one.tally, &one.id, p);
        if (!err) err = add(c, from, &one, p);
        if (err) return err;
    }
    return TACT_OK;
}

// ---- Changes --------------------------------------------------------------------------------------------------------

// "set.recencey: the schema has no …": the place stands at the front of the text.
static tact_err bad_change(const tact_error *error, tact_err err, tact_problem_name name, const place *at,
                           tact_problem *p) {
    if (err == TACT_NO_MEMORY) return problem_no_memory(p);
    const char *text = error->text, *colon = strstr(text, ": "), *blank = strchr(text, ' ');
    place where = *at;
    if (colon && blank && colon < blank) {
        where = place_member(at, (tact_str){text, (size_t)(colon - text)});
        text = colon + 2;
    }
    return problem_set(p, err, name, &where, "%s: %s", where.text, text);
}

// The change `from` of the record.
static tact_err read_plain(changes *c, uint32_t from, const schema *s, tact_value v, const place *at, command *out,
                           tact_problem *p) {
    tact_error error;
    tact_problem_name name;
    tact_err err = change_read_named(&c->session->scratch, s, v, c->now_ms, out, &name, &error);
    if (err) return bad_change(&error, err, name, at, p);
    if (out->id.len || !c->id.len) return TACT_OK;
    const char *id = arena_printf(&c->session->scratch, "%.*s/%u", (int)c->id.len, c->id.ptr, from);
    if (!id) return problem_no_memory(p);
    out->id = tact_str_from(id);
    return TACT_OK;
}

// An event with a token: what it counts, and the event itself if it is declared.
static tact_err read_tied(changes *c, uint32_t from, tact_value v, const tact_value *given, const place *at,
                          tact_problem *p) {
    session *s = c->session;
    const place token_at = place_member(at, TACT_STR("token"));
    tact_err err = session_needs_bundle(s, p);
    if (err) return err;
    const engine_bundle *eb = s->bundle;
    const tact_value *event = value_map_get_str(v.as.map, TACT_STR("event"));
    if (!event || event->kind != TACT_STRING) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_CHANGE, &token_at, "%s: it goes with `event`",
                           token_at.text);
    }
    tied t = {.on = request_counts(value_str(*event))};
    command_identity whom = {0};
    tact_value plain = tact_null();
    command one = {.kind = COMMAND_SET};
    err = request_token_read(s->engine->store, eb->bundle, *given, &token_at, &t.token, t.room, &t.offer, &t.placement,
                             p);
    if (err) return err;
    bool named = value_map_get_str(v.as.map, TACT_STR("person")) != NULL;
    if (!named) err = find_whom(c, &t, &token_at, &whom, p);
    if (!err) err = without_token(c, v.as.map, named ? NULL : &whom, &plain, p);
    if (!err) err = read_plain(c, from, eb->heard, plain, at, &one, p);
    if (err) return err;
    bool declared = one.event < eb->bundle->schema->events_count;
    uint32_t before = c->count;
    if (declared) err = add(c, from, &one, p);
    if (!err) err = add_counts(c, from, &t, &one, declared ? one.event : -1, p);
    if (!err && c->count == before) c->not_kept[c->not_kept_count++] = from;
    return err;
}

static tact_err read_one(changes *c, uint32_t from, tact_value v, const place *at, tact_problem *p) {
    const session *s = c->session;
    const tact_value *given = v.kind == TACT_MAP ? value_map_get_str(v.as.map, TACT_STR("token")) : NULL;
    if (given) return read_tied(c, from, v, given, at, p);
    command one = {.kind = COMMAND_SET};
    const tact_value *event = v.kind == TACT_MAP ? value_map_get_str(v.as.map, TACT_STR("event")) : NULL;
    const schema *sc = s->bundle ? s->bundle->bundle->schema : store_schema(s->engine->store);
    bool of_offer = event && event->kind == TACT_STRING && request_counts(value_str(*event)) != BUNDLE_ON_EVENT;
    if (of_offer && schema_find_event(sc, value_str(*event)) < 0) {
        const place token_at = place_member(at, TACT_STR("token"));
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, &token_at,
                           "%s: which offer was it? its `token`, as the answer to decide had it", token_at.text);
    }
    tact_err err = read_plain(c, from, sc, v, at, &one, p);
    return err ? err : add(c, from, &one, p);
}

tact_err changes_read(changes *c, tact_value list, tact_problem *p) {
    const place commands = place_of("commands");
    if (list.len > CHANGES_MAX) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_TOO_MUCH, &commands, "%s: at most %d changes at once",
                           commands.text, CHANGES_MAX);
    }
    c->not_kept = arena_array(&c->session->scratch, list.len, sizeof *c->not_kept);
    if (!c->not_kept) return problem_no_memory(p);
    for (uint32_t i = 0; i < list.len; i++) {
        const place at = place_item(&commands, i);
        tact_err err = read_one(c, i, list.as.items[i], &at, p);
        if (err) return err;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        if (!command_copy(&c->session->scratch, &c->commands[i], &c->commands[i])) return problem_no_memory(p);
    }
    return TACT_OK;
}
