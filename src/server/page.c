// SPDX-License-Identifier: Apache-2.0
//
// What is not named here is not for pages: a key that a later version adds is refused until somebody has thought of it.
#include "server/page.h"

#include "value/value.h"

enum { KEYS_MAX = 10 };

static const char *const decide_keys[KEYS_MAX] = {"op",      "auth",   "deadline_us", "person", "placements",
                                                  "context", "events", "decision",    "late"};
static const char *const record_keys[KEYS_MAX] = {"op", "auth", "deadline_us", "commands", "id"};
static const char *const event_keys[KEYS_MAX] = {"event", "token", "properties", "channel", "id"};

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

static tact_err check_person(setting_texts identities, const tact_value *person, tact_problem *p) {
    const place in = place_of("person");
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

static tact_err check_commands(const tact_value *commands, tact_problem *p) {
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
    return decide ? check_person(identities, value_map_get_str(map, TACT_STR("person")), p)
                  : check_commands(value_map_get_str(map, TACT_STR("commands")), p);
}
