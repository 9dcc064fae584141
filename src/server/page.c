// SPDX-License-Identifier: Apache-2.0
//
// What is not named here is not for pages: a key that a later version adds is refused until somebody has thought of it.
#include "server/page.h"

#include "base/hash.h"
#include "value/command.h"
#include "value/value.h"

enum { KEYS_MAX = 10 };

static const char *const decide_keys[KEYS_MAX] = {"op",      "auth",   "deadline_us", "person", "placements",
                                                  "context", "events", "decision",    "late"};
static const char *const record_keys[KEYS_MAX] = {"op", "auth", "deadline_us", "commands", "id"};
static const char *const event_keys[KEYS_MAX] = {"event", "token", "person", "properties", "channel", "id"};
static const char *const told_keys[KEYS_MAX] = {"ok", "decision", "bundle", "placements", "late", "took_us"};
static const char *const offer_keys[KEYS_MAX] = {"offer", "content", "fallback", "token"};

static bool is_among(const char *const keys[KEYS_MAX], tact_str key) {
    for (size_t i = 0; i < KEYS_MAX && keys[i]; i++) {
        if (tact_str_equal(key, tact_str_from(keys[i]))) return true;
    }
    return false;
}

static tact_err refuse(const place *at, const char *why, tact_problem *p) {
    return problem_set(p, TACT_DENIED, TACT_PROBLEM_FORBIDDEN, at, "%s: %s", at->text, why);
}

// Keys that are no texts are left to those who tell of them.
static tact_err check_keys(const char *const keys[KEYS_MAX], const place *in, tact_value map, tact_problem *p) {
    for (uint32_t i = 0; i < map.as.map->count; i++) {
        tact_value key = map.as.map->entries[i].key;
        if (key.kind != TACT_STRING || is_among(keys, value_str(key))) continue;
        const place at = place_member(in, value_str(key));
        return refuse(&at, "is not for a token of the role `page`", p);
    }
    return TACT_OK;
}

static bool is_listed(setting_texts list, tact_str name) {
    for (uint32_t i = 0; i < list.count; i++) {
        if (tact_str_equal(list.of[i], name)) return true;
    }
    return false;
}

static tact_err check_person(setting_texts identities, const place *within, const tact_value *person, tact_problem *p) {
    const place in = place_member(within, TACT_STR("person"));
    if (!person || person->kind == TACT_NULL) return TACT_OK;
    if (person->kind != TACT_MAP) return refuse(&in, "a token of the role `page` asks by identities", p);
    for (uint32_t i = 0; i < person->as.map->count; i++) {
        tact_value name = person->as.map->entries[i].key;
        if (name.kind != TACT_STRING || is_listed(identities, value_str(name))) continue;
        const place at = place_member(&in, value_str(name));
        return refuse(&at, "a token of the role `page` asks by identities that the server's `page_identities` names",
                      p);
    }
    return TACT_OK;
}

static tact_err check_commands(setting_texts identities, const tact_value *commands, tact_problem *p) {
    const place in = place_of("commands");
    if (!commands || commands->kind != TACT_LIST) return TACT_OK;
    for (uint32_t i = 0; i < commands->len; i++) {
        const place at = place_item(&in, i);
        const tact_value one = commands->as.items[i];
        if (one.kind != TACT_MAP) continue;
        const tact_value *event = value_map_get_str(one.as.map, TACT_STR("event"));
        const tact_value *token = value_map_get_str(one.as.map, TACT_STR("token"));
        if (!event || !token || token->kind != TACT_STRING) {
            return refuse(&at, "a token of the role `page` records events that have the `token` of an offer", p);
        }
        tact_err err = check_keys(event_keys, &at, one, p);
        if (!err) err = check_person(identities, &at, value_map_get_str(one.as.map, TACT_STR("person")), p);
        if (err) return err;
    }
    return TACT_OK;
}

bool page_has(metrics_operation o) {
    return o == METRICS_DECIDE || o == METRICS_RECORD;
}

tact_err page_check(setting_texts identities, metrics_operation o, tact_value request, tact_problem *p) {
    const place top = place_none();
    const tact_map *map = request.as.map;
    bool decide = o == METRICS_DECIDE;
    tact_err err = check_keys(decide ? decide_keys : record_keys, &top, request, p);
    if (err) return err;
    return decide ? check_person(identities, &top, value_map_get_str(map, TACT_STR("person")), p)
                  : check_commands(identities, value_map_get_str(map, TACT_STR("commands")), p);
}

// ---- What comes of it -----------------------------------------------------------------------------------------------

typedef tact_value each(arena *a, tact_value v);

// The list or map with something else for each of its values; as it is where memory runs out, or it is neither.
static tact_value map_each(arena *a, tact_value v, each *does) {
    const bool is_list = v.kind == TACT_LIST, is_map = v.kind == TACT_MAP;
    const uint32_t count = is_list ? v.len : is_map ? v.as.map->count : 0;
    tact_value *items = arena_array(a, count ? count : 1, sizeof *items);
    value_entry *entries = arena_array(a, count ? count : 1, sizeof *entries);
    if (!items || !entries || !count) return v;
    for (uint32_t i = 0; i < count; i++) {
        items[i] = does(a, is_list ? v.as.items[i] : v.as.map->entries[i].value);
        if (is_map) entries[i] = (value_entry){v.as.map->entries[i].key, items[i]};
    }
    return is_list ? tact_list(items, count) : value_map(a, entries, count);
}

// Of a map these fields alone, and one more if it has a name; NULL kind if memory ran out.
static tact_value only(arena *a, tact_value map, const char *const keys[KEYS_MAX], const char *name, tact_value more) {
    const tact_map *m = map.as.map;
    uint32_t count = 0;
    value_entry *entries = arena_array(a, (size_t)m->count + 1, sizeof *entries);
    if (!entries) return tact_null();
    for (uint32_t i = 0; i < m->count; i++) {
        const tact_str key = value_str(m->entries[i].key);
        const bool replaced = name && tact_str_equal(key, tact_str_from(name));
        if (!replaced && is_among(keys, key)) entries[count++] = m->entries[i];
    }
    if (name) entries[count++] = (value_entry){tact_string(name, strlen(name)), more};
    tact_value v = value_map(a, entries, count);
    return v.kind == TACT_MAP ? v : tact_null();
}

_Static_assert(HASH_HEX - 1 <= COMMAND_ID_MAX, "a hash in digits is an id");

static tact_value with_id(arena *a, tact_value event) {
    hash_sum sum;
    const tact_value *token = event.kind == TACT_MAP ? value_map_get_str(event.as.map, TACT_STR("token")) : NULL;
    char *id = token ? arena_alloc(a, HASH_HEX) : NULL;
    if (!token) return event; // which others refuse
    if (!id) return tact_null();
    hash_begin(&sum);
    hash_add(&sum, token->as.s, token->len);
    hash_end(&sum, id);
    return only(a, event, event_keys, "id", tact_string(id, HASH_HEX - 1));
}

tact_value page_request(arena *a, metrics_operation o, tact_value request) {
    const tact_value *commands = value_map_get_str(request.as.map, TACT_STR("commands"));
    if (o != METRICS_RECORD || !commands || commands->kind != TACT_LIST) return request;
    return only(a, request, record_keys, "commands", map_each(a, *commands, with_id));
}

static tact_value show_offer(arena *a, tact_value offer) {
    return only(a, offer, offer_keys, NULL, tact_null());
}

static tact_value show_placement(arena *a, tact_value offers) {
    return map_each(a, offers, show_offer);
}

tact_value page_reply(arena *a, metrics_operation o, tact_value reply) {
    const tact_value *placements = value_map_get_str(reply.as.map, TACT_STR("placements"));
    if (o != METRICS_DECIDE || !placements) return reply;
    return only(a, reply, told_keys, "placements", map_each(a, *placements, show_placement));
}
