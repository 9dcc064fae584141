// SPDX-License-Identifier: Apache-2.0
//
// See ask.h. An export is compared as a set: each thing that the model knows has to be told once, and what has an order
// of times in that order.
#include "ask.h"

#include <setjmp.h>
#include <stdarg.h>

#include "base/utf8.h"
#include "store/window.h"
#include "value/value.h"

#include <cmocka.h>

enum { MOMENTS = 3 }; // at which a person is asked about

// ---- A person ------------------------------------------------------------------------------------------------------

static const char *shown(world *w, tact_value v) {
    tact_str text = tact_value_print(v, &w->scratch);
    assert_non_null(text.ptr);
    return text.ptr;
}

static tact_value identity_text(world *w, const plain_identity *one) { // "namespace:value"
    tact_str name = w->sc->identities[one->space].name;
    char *text = arena_printf(&w->scratch, "%.*s:%.*s", (int)name.len, name.ptr, (int)one->value.len, one->value.ptr);
    assert_non_null(text);
    return tact_string(text, strlen(text));
}

static bool is_near(tact_value a, tact_value b) { // but for the rounding of sums
    if (a.kind != TACT_DOUBLE || b.kind != TACT_DOUBLE) return plain_same(a, b);
    double apart = a.as.d - b.as.d, scale = b.as.d < 0 ? -b.as.d : b.as.d;
    return a.as.d == b.as.d || (apart < 0 ? -apart : apart) <= scale * 1e-12;
}

static void ask_attributes(world *w, const record *r, const plain_person *who, int64_t now_ms) {
    for (uint32_t i = 0; i < WORLD_ATTRIBUTES; i++) {
        tact_str name = w->sc->attributes[i].name;
        record_absence why = record_why(r, store_schema(w->s), i, now_ms), wanted = plain_why(&w->p, who, i, now_ms);
        w->sum->asked += 2;
        if (why != wanted) {
            world_differs(w, "attribute %.*s of person %" PRIu64 " at %" PRId64 ": %s, not %s", (int)name.len, name.ptr,
                          record_person(r), now_ms, record_absence_text(store_schema(w->s), i, why),
                          record_absence_text(store_schema(w->s), i, wanted));
        }
        tact_value is = record_attribute(r, store_schema(w->s), i, now_ms, &w->scratch),
                   should = plain_value(&w->p, who, i, now_ms);
        if (!plain_same(is, should)) {
            world_differs(w, "attribute %.*s of person %" PRIu64 " at %" PRId64 ": %s, not %s", (int)name.len, name.ptr,
                          record_person(r), now_ms, shown(w, is), shown(w, should));
        }
    }
}

static void ask_origins(world *w, const record *r, const plain_person *who) {
    for (uint32_t i = 0; i < WORLD_ATTRIBUTES; i++) {
        plain_fact fact;
        uint8_t source;
        int64_t time_ms;
        bool is = record_origin(r, i, &source, &time_ms), should = plain_winner(&w->p, who, i, &fact);
        w->sum->asked++;
        if (is != should) world_differs(w, "attribute %u: %s", i, is ? "has an origin" : "has no origin");
        if (!is) continue;
        if (source != fact.source || time_ms != plain_second(fact.time_ms)) {
            world_differs(w, "attribute %u is from source %d at %" PRId64 ", not %d at %" PRId64, i, source, time_ms,
                          fact.source, plain_second(fact.time_ms));
        }
    }
}

static void ask_consents(world *w, const record *r, const plain_person *who, int64_t now_ms) {
    for (uint32_t i = 0; i < SHOP_PURPOSES; i++) {
        strand_consent is, should;
        bool said = record_statement(r, i, &is), was = plain_statement(who, i, &should);
        w->sum->asked += 3;
        if (said != was) world_differs(w, "purpose %u: there is %s statement", i, said ? "a" : "no");
        if (said &&
            (is.purpose != i || is.state != should.state || is.explicit_ != should.explicit_ ||
             is.time_ms != should.time_ms || is.expires_ms != should.expires_ms || is.source != should.source)) {
            world_differs(w,
                          "purpose %u: the statement of %" PRId64 " by %d (state %d until %" PRId64
                          ") decides, not of %" PRId64 " by %d (%d, %" PRId64 ")",
                          i, is.time_ms, is.source, is.state, is.expires_ms, should.time_ms, should.source,
                          should.state, should.expires_ms);
        }
        consent_state state = record_consent(r, i, now_ms), wanted = plain_consent(who, i, now_ms);
        if (state != wanted) world_differs(w, "purpose %u at %" PRId64 ": %d, not %d", i, now_ms, state, wanted);
        bool granted = record_granted(r, store_schema(w->s), i, now_ms);
        if (granted != plain_granted(&w->p, who, i, now_ms)) {
            world_differs(w, "purpose %u at %" PRId64 ": is%s granted", i, now_ms, granted ? "" : " not");
        }
    }
}

static void ask_aggregates(world *w, const record *r, const plain_person *who, int64_t now_ms) {
    for (uint32_t i = 0; i < w->sc->aggregates_count; i++) {
        tact_value should, is = record_aggregate(r, store_schema(w->s), i, now_ms);
        w->sum->asked++;
        if (!plain_aggregate(&w->p, &w->scratch, who, i, now_ms, &should)) {
            w->sum->not_promised++;
        } else if (!is_near(is, should)) {
            tact_str name = w->sc->aggregates[i].name;
            world_differs(w, "aggregate %.*s of person %" PRIu64 " at %" PRId64 ": %s, not %s", (int)name.len, name.ptr,
                          record_person(r), now_ms, shown(w, is), shown(w, should));
        }
    }
}

static void ask_tallies(world *w, const record *r, const plain_person *who, int64_t now_ms) {
    for (int i = 0; i < WORLD_TALLIES; i++) {
        plain_times times;
        plain_tally(who->members, who->count, world_tallies[i], &times);
        const int64_t edge_ms = times.count ? times.times[world_below(w, times.count)] : 0;
        const int64_t since[] = {INT64_MIN, now_ms - w->mood->pace_ms * 8, edge_ms, edge_ms + 1, now_ms};
        for (size_t k = 0; k < sizeof since / sizeof *since; k++) {
            uint32_t should = 0, is = record_tally(r, world_tallies[i], since[k]);
            for (uint32_t t = 0; t < times.count; t++) should += times.times[t] >= since[k];
            w->sum->asked++;
            if (is != should) world_differs(w, "counter %d since %" PRId64 ": %u, not %u", i, since[k], is, should);
        }
    }
}

// A moment at which something that is known of the person may change.
static int64_t draw_edge(world *w, const plain_person *who) {
    const plain_identity *one = who->members[world_below(w, who->count)];
    if (one->log_count == 0) return w->now_ms;
    const command *c = &one->log[world_below(w, one->log_count)].c;
    int64_t edge_ms = c->time_ms + world_below(w, 3) - 1;
    if (c->kind == COMMAND_EVENT && world_chance(w, 70)) {
        int64_t window_ms = w->sc->aggregates[world_below(w, w->sc->aggregates_count)].window_ms;
        int64_t width = window_ms / WINDOW_BUCKETS, ahead = width ? c->time_ms % width : 0;
        if (world_chance(w, 30)) {
            edge_ms = c->time_ms - ahead - world_below(w, 2); // its bucket begins
        } else {
            edge_ms += window_ms; // the event leaves, or its bucket
            if (width && world_chance(w, 50)) edge_ms += width - 1 - ahead;
        }
    } else if (c->kind == COMMAND_SET && world_chance(w, 70)) {
        edge_ms += w->sc->attributes[c->values[world_below(w, c->values_count)].number].max_age_ms;
    } else if (c->kind == COMMAND_CONSENT && c->consents->expires_ms) {
        edge_ms = c->consents->expires_ms + world_below(w, 3) - 1;
    }
    const int64_t last_ms = w->now_ms + 36500 * SHOP_DAY; // durations hold no more than 292 years
    return edge_ms < w->p.swept_ms ? w->p.swept_ms : edge_ms > last_ms ? last_ms : edge_ms;
}

// ---- An export -----------------------------------------------------------------------------------------------------

typedef struct field {
    const char *name;
    tact_value value;
} field;
enum { FIELDS_MAX = 7 };

typedef struct section { // of an export: a list of maps, of which each has to be told once
    const char *name;
    tact_value list;
    bool *told;
    uint32_t at, told_count; // the item after the one that was told last
} section;

static tact_value text_of(const char *text) {
    return tact_string(text, strlen(text));
}

static tact_value str_of(tact_str s) {
    return tact_string(s.ptr, s.len);
}

static tact_value time_of(int64_t ms) {
    return tact_timestamp(ms / 1000, (uint32_t)(ms % 1000) * 1000000);
}

static tact_value source_of(const world *w, uint8_t source) {
    return source == SCHEMA_SOURCE_NONE ? tact_null() : str_of(w->sc->sources[source]);
}

static tact_value id_of(tact_str id) { // a text where it is one
    return utf8_valid(id.ptr, id.len) ? str_of(id) : tact_bytes(id.ptr, id.len);
}

// An int that stands for a double may be told as either.
static bool is_told(tact_value is, tact_value should) {
    return plain_same(is, should) || tact_value_equal(is, should);
}

static bool has_fields(tact_value map, const field *fields, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const tact_value *v = tact_map_get(map, text_of(fields[i].name));
        if (!v || !is_told(*v, fields[i].value)) return false;
    }
    return true;
}

static bool has_properties(world *w, tact_value item, const command *event) {
    const tact_value *map = tact_map_get(item, text_of("properties"));
    if (!map || map->kind != TACT_MAP || tact_map_count(*map) != event->values_count) return false;
    for (uint32_t i = 0; i < event->values_count; i++) {
        tact_str name = w->sc->events[event->event].properties[event->values[i].number].name;
        const tact_value *v = tact_map_get(*map, str_of(name));
        if (!v || !is_told(*v, event->values[i].value)) return false;
    }
    return true;
}

// Whether an item has these fields, an event's properties with them, and no others.
static bool is_item(world *w, tact_value item, const field fields[FIELDS_MAX], const command *event) {
    size_t count = 0;
    while (count < FIELDS_MAX && fields[count].name) count++;
    if (item.kind != TACT_MAP || tact_map_count(item) != count + (event != NULL)) return false;
    return has_fields(item, fields, count) && (!event || has_properties(w, item, event));
}

// The place of an item that was not told yet.
static uint32_t tell(world *w, section *s, const field fields[FIELDS_MAX], const command *event) {
    for (uint32_t i = 0; i < s->list.len; i++) {
        uint32_t at = (s->at + i) % s->list.len;
        if (s->told[at] || !is_item(w, s->list.as.items[at], fields, event)) continue;
        s->told[at] = true;
        s->told_count++;
        s->at = at + 1;
        return at;
    }
    world_differs(w, "export: %s has nothing with %s %s, %s %s, %s %s", s->name, fields[0].name,
                  shown(w, fields[0].value), fields[1].name, shown(w, fields[1].value), fields[2].name,
                  shown(w, fields[2].value));
}

static section begin_section(world *w, tact_value all, const char *name) {
    const tact_value *list = tact_map_get(all, text_of(name));
    if (!list || list->kind != TACT_LIST) world_differs(w, "export: there is no list of %s", name);
    return (section){name, *list, world_room(w, list->len, sizeof(bool)), 0, 0};
}

static void end_section(const world *w, const section *s) {
    if (s->told_count == s->list.len) return;
    world_differs(w, "export: %u %s, not %u", s->list.len, s->name, s->told_count);
}

static void tell_facts(world *w, section *s, const plain_identity *one, tact_value identity) {
    for (uint32_t number = 0; number < WORLD_ATTRIBUTES; number++) {
        for (uint32_t source = 0; source <= SHOP_SOURCES; source++) {
            uint8_t by = source < SHOP_SOURCES ? (uint8_t)source : SCHEMA_SOURCE_NONE;
            plain_fact fact;
            if (!plain_fact_of(one, number, by, &fact)) continue;
            const field fields[FIELDS_MAX] = {{"name", str_of(w->sc->attributes[number].name)},
                                              {"value", fact.value},
                                              {"time", time_of(fact.time_ms)},
                                              {"source", source_of(w, by)},
                                              {"identity", identity}};
            (void)tell(w, s, fields, NULL);
        }
    }
}

static void tell_consents(world *w, section *s, const plain_identity *one, tact_value identity) {
    static const char *const states[CONSENT_STATES] = {"unset", "denied", "granted"};
    for (uint32_t purpose = 0; purpose < SHOP_PURPOSES; purpose++) {
        const strand_consent *all = NULL;
        uint32_t count = plain_statements(&w->scratch, one, purpose, &all), last = 0;
        for (uint32_t i = 0; i < count; i++) {
            const field fields[FIELDS_MAX] = {{"purpose", str_of(w->sc->purposes[purpose].name)},
                                              {"time", time_of(all[i].time_ms)},
                                              {"state", text_of(states[all[i].state])},
                                              {"explicit", tact_bool(all[i].explicit_)},
                                              {"source", source_of(w, all[i].source)},
                                              {"expires", all[i].expires_ms ? time_of(all[i].expires_ms) : tact_null()},
                                              {"identity", identity}};
            uint32_t at = tell(w, s, fields, NULL);
            if (i > 0 && at < last) world_differs(w, "export: consents are not in the order of their times");
            last = at;
        }
    }
}

static void tell_counters(world *w, section *s, const plain_identity *one, tact_value identity) {
    for (int i = 0; i < WORLD_TALLIES; i++) {
        plain_times times;
        plain_tally(&one, 1, world_tallies[i], &times);
        if (times.count == 0) continue;
        tact_value *items = world_room(w, times.count, sizeof *items);
        for (uint32_t k = 0; k < times.count; k++) items[k] = time_of(times.times[k]);
        const field fields[FIELDS_MAX] = {
            {"key", tact_uint(world_tallies[i])}, {"times", tact_list(items, times.count)}, {"identity", identity}};
        (void)tell(w, s, fields, NULL);
    }
}

static void tell_events(world *w, section *s, const plain_identity *one, tact_value identity) {
    const command **history;
    uint32_t count = plain_history(&w->scratch, one, &history), last = 0;
    for (uint32_t i = 0; i < count; i++) {
        const command *c = history[i];
        const field fields[FIELDS_MAX] = {{"name", str_of(w->sc->events[c->event].name)},
                                          {"time", time_of(c->time_ms)},
                                          {"channel", str_of(c->channel)},
                                          {"source", source_of(w, c->source)},
                                          {"id", id_of(c->id)},
                                          {"identity", identity}};
        uint32_t at = tell(w, s, fields, c);
        if (i > 0 && at < last) world_differs(w, "export: events are not in the order of their times");
        last = at;
    }
}

static void ask_exported_aggregates(world *w, tact_value all, const plain_person *who) {
    const tact_value *map = tact_map_get(all, text_of("aggregates"));
    if (!map || map->kind != TACT_MAP) world_differs(w, "export: there are no aggregates");
    for (uint32_t i = 0; i < w->sc->aggregates_count; i++) {
        tact_str name = w->sc->aggregates[i].name;
        const tact_value *is = tact_map_get(*map, str_of(name));
        tact_value should;
        if (!plain_aggregate(&w->p, &w->scratch, who, i, w->now_ms, &should)) continue;
        if (should.kind == TACT_ERROR ? is != NULL : !is || !is_near(*is, should)) {
            world_differs(w, "export: aggregate %.*s is not %s", (int)name.len, name.ptr, shown(w, should));
        }
    }
}

static void ask_export(world *w, store_reader *r, const plain_person *who) {
    tact_value all;
    tact_error error = {.text = ""};
    const uint64_t id = who->members[world_below(w, who->count)]->id; // any that it ever had
    if (store_export(r, &w->scratch, id, w->now_ms, &all, &error)) world_differs(w, "export: %s", error.text);
    const tact_value *person = tact_map_get(all, text_of("person"));
    bool right = person && tact_value_equal(*person, tact_uint(who->members[0]->id));
    if (!right) world_differs(w, "export: of somebody else");
    section identities = begin_section(w, all, "identities"), attributes = begin_section(w, all, "attributes"),
            consents = begin_section(w, all, "consents"), events = begin_section(w, all, "events"),
            counters = begin_section(w, all, "counters");
    for (uint32_t m = 0; m < who->count; m++) {
        const plain_identity *one = who->members[m];
        tact_value identity = identity_text(w, one);
        const field fields[FIELDS_MAX] = {
            {"identity", identity}, {"since", time_of(one->since_ms)}, {"dropped", tact_bool(one->dropped)}};
        (void)tell(w, &identities, fields, NULL);
        tell_facts(w, &attributes, one, identity);
        tell_consents(w, &consents, one, identity);
        tell_events(w, &events, one, identity);
        tell_counters(w, &counters, one, identity);
    }
    end_section(w, &identities);
    end_section(w, &attributes);
    end_section(w, &consents);
    end_section(w, &events);
    end_section(w, &counters);
    ask_exported_aggregates(w, all, who);
    w->sum->asked += identities.told_count + attributes.told_count + consents.told_count + events.told_count +
                     counters.told_count;
}

// ---- A store -------------------------------------------------------------------------------------------------------

void ask_person(world *w, store_reader *r, uint64_t id) {
    plain_person who;
    record rec;
    tact_error error = {.text = ""};
    bool there = plain_person_of(&w->p, id, &who);
    tact_err err = store_person_by_id(r, id, &rec, &error);
    w->sum->asked += 3;
    tact_err wanted = there ? TACT_OK : TACT_NOT_FOUND;
    if (err != wanted) world_differs(w, "person %" PRIu64 ": %s", id, error.text);
    if (!there) return;
    if (record_person(&rec) != who.members[0]->id) {
        world_differs(w, "%" PRIu64 " is person %" PRIu64 ", not %" PRIu64, id, record_person(&rec),
                      who.members[0]->id);
    }
    if (record_updates(&rec) != plain_updates(&who)) {
        world_differs(w, "person %" PRIu64 ": %" PRIu64 " updates, not %" PRIu64, id, record_updates(&rec),
                      plain_updates(&who));
    }
    tact_str unit = record_unit(&rec);
    tact_value wanted_unit = identity_text(w, who.members[0]);
    if (!tact_str_equal(unit, value_str(wanted_unit))) {
        world_differs(w, "person %" PRIu64 ": the unit is %.*s, not %s", id, (int)unit.len, unit.ptr, wanted_unit.as.s);
    }
    for (int i = 0; i < MOMENTS; i++) {
        int64_t moment_ms = i == 0 ? w->now_ms : draw_edge(w, &who);
        ask_attributes(w, &rec, &who, moment_ms);
        ask_consents(w, &rec, &who, moment_ms);
        ask_aggregates(w, &rec, &who, moment_ms);
        ask_tallies(w, &rec, &who, moment_ms);
    }
    ask_origins(w, &rec, &who);
    if (world_chance(w, 30)) ask_export(w, r, &who);
    tact_arena_reset(&w->scratch);
}

void ask_identity(world *w, store_reader *r, command_identity who) {
    uint64_t id = plain_holder(&w->p, who);
    plain_person should;
    record rec;
    tact_err err = store_person(r, who.space, who.value, &rec, NULL);
    bool found = plain_person_of(&w->p, id, &should);
    w->sum->asked++;
    if (err != (found ? TACT_OK : TACT_NOT_FOUND) || (found && record_person(&rec) != should.members[0]->id)) {
        world_differs(w, "%.*s:%.*s finds %" PRIu64 ", not %" PRIu64, (int)w->sc->identities[who.space].name.len,
                      w->sc->identities[who.space].name.ptr, (int)who.value.len, who.value.ptr,
                      (err ? 0 : record_person(&rec)), (found ? id : 0));
    }
}

static void ask_counts(world *w, store_reader *r) {
    for (int i = 0; i < WORLD_TALLIES; i++) {
        const plain_total *all = w->p.totals;
        int64_t from = 0, to = COMMAND_TIME_MAX_MS, last = w->p.totals_count;
        int64_t early = world_below(w, 2), late = world_below(w, 2);
        if (last && world_chance(w, 80)) from = all[world_below(w, last)].time_ms + early;
        if (last && world_chance(w, 80)) to = all[world_below(w, last)].time_ms - late;
        uint64_t is, should;
        bool promised = plain_count(&w->p, world_tallies[i], from, to, &should);
        tact_error error = {.text = ""};
        if (store_count(r, world_tallies[i], from, to, &is, &error)) world_differs(w, "counter %d: %s", i, error.text);
        w->sum->asked++;
        w->sum->not_promised += !promised;
        if (is == should || !promised) continue;
        world_differs(w, "counter %d counted %" PRIu64 " for everyone from %" PRId64 " to %" PRId64 ", not %" PRIu64, i,
                      is, from, to, should);
    }
}

static void ask_whole(world *w, store_reader *r) {
    fsck_counts is, should = {0, 0, 0, 0};
    store_usage usage;
    tact_error error = {.text = ""};
    for (uint64_t id = 1; id < w->p.identities_count; id++) {
        plain_person who;
        const plain_identity *one = &w->p.identities[id];
        const command **history;
        if (!plain_person_of(&w->p, id, &who)) continue;
        should.persons += who.members[0] == one;
        should.strands++;
        should.identities += !one->dropped;
        should.events += plain_history(&w->scratch, one, &history);
    }
    if (store_fsck(r, NULL, NULL, &is, &error)) world_differs(w, "fsck: %s", error.text);
    if (store_status(w->s, &usage, &error)) world_differs(w, "status: %s", error.text);
    w->sum->asked += 2;
    const struct {
        const char *of;
        uint64_t is, should;
    } counts[] = {{"persons", is.persons, should.persons},
                  {"strands", is.strands, should.strands},
                  {"identities", is.identities, should.identities},
                  {"events", is.events, should.events},
                  {"persons in status", usage.persons, should.persons},
                  {"strands in status", usage.strands, should.strands},
                  {"events in status", usage.events, should.events},
                  {"commands in status", usage.position, w->p.position}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        if (counts[i].is == counts[i].should) continue;
        world_differs(w, "there are %" PRIu64 " %s, not %" PRIu64, counts[i].is, counts[i].of, counts[i].should);
    }
}

void ask_all(world *w, store_reader *r) {
    for (uint64_t id = 0; id <= w->p.identities_count; id++) {
        plain_person who;
        record rec;
        bool there = plain_person_of(&w->p, id, &who);
        if (there && who.members[0]->id == id) {
            ask_person(w, r, id);
        } else {
            tact_err err = store_person_by_id(r, id, &rec, NULL);
            uint64_t is = err ? 0 : record_person(&rec), should = there ? who.members[0]->id : 0;
            w->sum->asked++;
            if (is != should) {
                world_differs(w, "%" PRIu64 " is person %" PRIu64 ", not %" PRIu64, id, is, should);
            }
        }
    }
    for (int space = 0; space < WORLD_SPACES; space++) {
        for (int i = 0; i < w->mood->names[space]; i++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", i);
            ask_identity(w, r, (command_identity){(uint16_t)space, tact_str_from(name)});
        }
    }
    ask_counts(w, r);
    ask_whole(w, r);
}
