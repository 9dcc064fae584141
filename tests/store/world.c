// SPDX-License-Identifier: Apache-2.0
//
// See world.h. What is drawn here are questions and never answers: the only thing that matters is that everything comes
// up often enough, and with times and names that meet.
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>

#include "draw.h"
#include "store/window.h"

#include <cmocka.h>

enum { HOUR = 3600000, WEEK = 604800000 };

// ---- The schema -----------------------------------------------------------------------------------------------------

static void add_attributes(schema *sc, const world_variant *v, bool retired) {
    static const uint8_t app_shop_crm[] = {SHOP_SOURCE_APP, SHOP_SOURCE_SHOP, SHOP_SOURCE_CRM},
                         web_crm[] = {SHOP_SOURCE_WEB, SHOP_SOURCE_CRM}, app[] = {SHOP_SOURCE_APP};
    const tact_value sizes[] = {tact_string("s", 1), tact_string("m", 1), tact_string("l", 1)};
    const schema_attribute more[] = {{.name = TACT_STR("city"),
                                      .type = &type_string,
                                      .purpose = -1,
                                      .sources = app_shop_crm,
                                      .sources_count = 3,
                                      .max_age_ms = SHOP_DAY,
                                      .has_default = true,
                                      .fallback = tact_string("nowhere", 7)},
                                     {.name = TACT_STR("score"),
                                      .type = &type_int,
                                      .purpose = SHOP_MARKETING,
                                      .has_default = true,
                                      .fallback = tact_int(0),
                                      .has_min = true,
                                      .min = tact_int(-5),
                                      .has_max = true,
                                      .max = tact_int(5)},
                                     {.name = TACT_STR("size"),
                                      .type = &type_string,
                                      .purpose = -1,
                                      .max_age_ms = 1000,
                                      .allowed = sizes,
                                      .allowed_count = 3},
                                     {.name = TACT_STR("level"),
                                      .type = v->level_is_double ? &type_double : &type_int,
                                      .purpose = -1,
                                      .sources = app,
                                      .sources_count = 1},
                                     {.name = TACT_STR("points"), .type = &type_double, .purpose = SHOP_MARKETING}};
    for (uint32_t i = 0; i < WORLD_ATTRIBUTES - WORLD_CITY; i++) {
        if (i == WORLD_POINTS - WORLD_CITY && v->points_gone && !retired) continue; // it is the last
        assert_int_equal(schema_add_attribute(sc, &more[i], NULL), 0);
    }
    if (v->web_first) {
        schema_attribute *tier = &sc->attributes[SHOP_TIER], *size = &sc->attributes[WORLD_SIZE];
        tier->sources = sc->attributes[WORLD_CITY].sources = size->sources = web_crm;
        tier->sources_count = sc->attributes[WORLD_CITY].sources_count = size->sources_count = 2;
    }
    sc->attributes[SHOP_TIER].max_age_ms = v->old_stays ? 0 : 90 * SHOP_DAY;
    if (retired && v->points_gone) sc->attributes[WORLD_POINTS].retired = true;
}

static void add_aggregates(schema *sc) {
    static const struct {
        const char *name;
        schema_function function;
        uint32_t event;
        int32_t property;
        int64_t window_ms;
    } more[] = {{"views_1s", SCHEMA_COUNT, SHOP_PAGE_VIEW, -1, 1000},
                {"views_odd", SCHEMA_COUNT, SHOP_PAGE_VIEW, -1, HOUR + 123},
                {"purchases", SCHEMA_COUNT, SHOP_PURCHASE, -1, 0},
                {"pieces_7d", SCHEMA_SUM, SHOP_PURCHASE, 2, WEEK},
                {"spent", SCHEMA_SUM, SHOP_PURCHASE, 0, 0},
                {"mean_pieces", SCHEMA_AVG, SHOP_PURCHASE, 2, 0},
                {"least_pieces_1d", SCHEMA_MIN, SHOP_PURCHASE, 2, SHOP_DAY},
                {"least_ever", SCHEMA_MIN, SHOP_PURCHASE, 0, 0},
                {"most_3d", SCHEMA_MAX, SHOP_PURCHASE, 0, 3 * SHOP_DAY},
                {"pieces_kinds", SCHEMA_DISTINCT, SHOP_PURCHASE, 2, 0},
                {"amounts_7d", SCHEMA_DISTINCT, SHOP_PURCHASE, 0, WEEK},
                {"first_pieces_7d", SCHEMA_FIRST, SHOP_PURCHASE, 2, WEEK},
                {"first_view_1d", SCHEMA_FIRST, SHOP_PAGE_VIEW, 0, SHOP_DAY},
                {"last_amount", SCHEMA_LAST, SHOP_PURCHASE, 0, 0},
                {"last_pieces_1d", SCHEMA_LAST, SHOP_PURCHASE, 2, SHOP_DAY},
                {"since_1d", SCHEMA_SINCE, SHOP_PURCHASE, -1, SHOP_DAY}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        const schema_aggregate one = {.name = tact_str_from(more[i].name),
                                      .function = more[i].function,
                                      .event = more[i].event,
                                      .property = more[i].property,
                                      .window_ms = more[i].window_ms};
        assert_int_equal(schema_add_aggregate(sc, &one, NULL), 0);
    }
}

// What is asked for, or (`retired`) what the store then has.
static schema *build_schema(arena *a, const world_variant *v, bool retired) {
    const schema_identity phone = {.name = TACT_STR("phone"), .max = 1, .normalize = SCHEMA_TRIM},
                          device = {.name = TACT_STR("device")};
    schema *sc = shop_schema(a);
    assert_int_equal(schema_add_identity(sc, &phone, NULL), 0);
    assert_int_equal(schema_add_identity(sc, &device, NULL), 0);
    sc->identities[SHOP_EMAIL].unique = !v->emails_free;
    add_attributes(sc, v, retired);
    add_aggregates(sc);
    return sc;
}

// ---- Worlds ---------------------------------------------------------------------------------------------------------

static const world_mood moods[] = {
    {"everything", {6, 6, 12, 6, 6}, {8, 10, 6, 4, 3, 1, 6}, 15, 10, 20, 3, SHOP_DAY / 2, 600},
    {"one person", {1, 1, 5, 2, 2}, {6, 12, 4, 2, 2, 0, 6}, 20, 5, 30, 3, 4 * HOUR, 500},
    {"many strangers", {60, 60, 60, 60, 60}, {8, 8, 4, 2, 1, 1, 4}, 5, 5, 5, 3, SHOP_DAY, 500},
    {"merge and split", {4, 4, 8, 4, 8}, {6, 6, 6, 12, 12, 0, 4}, 20, 5, 20, 5, SHOP_DAY, 600},
    {"erase and come back", {3, 3, 4, 2, 2}, {6, 6, 3, 4, 2, 6, 4}, 20, 5, 50, 3, HOUR, 600},
    {"a crowd in one", {1, 1, 500, 1, 250}, {1, 1, 1, 20, 0, 0, 1}, 40, 0, 10, 3, HOUR, 900},
    {"no and yes and no", {1, 0, 0, 0, 0}, {1, 1, 40, 0, 1, 0, 0}, 0, 5, 30, 0, HOUR, 2200},
    {"ahead of time", {3, 3, 4, 2, 2}, {6, 14, 4, 3, 2, 1, 4}, 15, 40, 20, 3, 2 * SHOP_DAY, 500},
    {"within seconds", {2, 2, 3, 2, 2}, {8, 12, 4, 2, 2, 1, 6}, 15, 10, 10, 3, 400, 500},
    {"busy for a moment", {1, 0, 0, 0, 0}, {1, 60, 0, 0, 0, 0, 1}, 0, 40, 0, 3, 3000, 1500},
};
enum { MOODS = sizeof moods / sizeof *moods };

void world_differs(const world *w, const char *format, ...) {
    char text[1000];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fail_msg("SEED=%" PRIu64 " (%s), step %d: %s", w->number, w->mood->name, w->step, text);
    abort(); // which no compiler can know is not reached
}

int64_t world_below(world *w, int64_t bound) {
    return draw_below(&w->seed, bound);
}

bool world_chance(world *w, int of_hundred) {
    return world_below(w, 100) < of_hundred;
}

void *world_room(world *w, size_t count, size_t size) {
    void *array = arena_zalloc(&w->scratch, count * size + 1);
    assert_non_null(array);
    return array;
}

static void open_store(world *w, const schema *wanted) {
    tact_error error = {.text = ""};
    w->options.schema = wanted;
    if (store_open(&w->a, w->f.path, &w->options, &w->s, &error)) world_differs(w, "it does not open: %s", error.text);
}

void world_init(world *w, uint64_t number, const world_mood *mood, world_sum *sum) {
    *w = (world){.number = number, .seed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1, .sum = sum};
    w->mood = mood ? mood : &moods[number % MOODS];
    w->now_ms = SHOP_NOW;
    arena_init(&w->a, 0);
    arena_init(&w->scratch, 0);
    w->f = folder_new();
    for (int i = 0; i < WORLD_RECENT; i++) w->recent_ms[i] = SHOP_NOW;
    if (world_chance(w, 30)) w->options.db.map_bytes = DB_MAP_MIN;    // it has to grow, and commands are done over
    if (world_chance(w, 40)) w->options.writer.interval_ms = 1000000; // commits when it is told to
    if (world_chance(w, 50)) w->options.history_max = 1 + (uint32_t)world_below(w, world_chance(w, 50) ? 3 : 30);
    w->sweeps = world_chance(w, 50);
    w->sc = build_schema(&w->a, &w->variant, true);
    plain_init(&w->p, w->sc, w->options.history_max ? w->options.history_max : STORE_HISTORY_MAX);
    open_store(w, w->sc);
}

void world_fini(world *w) {
    for (uint64_t id = 1; id < w->p.identities_count; id++) w->sum->dropped += w->p.identities[id].dropped;
    store_close(w->s);
    folder_remove(&w->f);
    plain_fini(&w->p);
    arena_fini(&w->scratch);
    arena_fini(&w->a);
}

static const schema *next_schema(world *w) {
    world_variant *v = &w->variant;
    v->web_first = world_chance(w, 50);
    v->old_stays = world_chance(w, 50);
    v->level_is_double |= world_chance(w, 20); // for good
    v->points_gone = world_chance(w, 30);
    v->emails_free |= world_chance(w, 10); // for good
    w->p.sc = w->sc = build_schema(&w->a, v, true);
    return build_schema(&w->a, v, false);
}

void world_reopen(world *w, bool evolve) {
    store_close(w->s);
    open_store(w, evolve ? next_schema(w) : NULL);
}

static tact_err do_nothing(void *context, db_txn *t, tact_error *error) {
    (void)context, (void)t, (void)error;
    return TACT_OK;
}

void world_settle(world *w, bool evolve) {
    tact_error error = {.text = ""};
    tact_err err = evolve ? store_evolve(w->s, next_schema(w), &error) : store_run(w->s, do_nothing, NULL, &error);
    if (err) world_differs(w, "its schema cannot change, or nothing can be run: %s", error.text);
}

// None, that of something that happened, or any.
static int64_t draw_age(world *w) {
    int64_t age_ms = w->now_ms - w->recent_ms[world_below(w, WORLD_RECENT)];
    if (world_chance(w, 30)) return 0;
    bool fits = age_ms > 0 && age_ms < SHOP_DAY * 1000 && world_chance(w, 50);
    return fits ? age_ms : 1 + world_below(w, 20 * w->mood->pace_ms);
}

void world_sweep(world *w) {
    store_limits ages;
    ages.history_age_ms = draw_age(w);
    ages.seen_age_ms = draw_age(w);
    ages.count_age_ms = draw_age(w);
    store_swept one;
    plain_swept is = {0, 0};
    uint32_t slices = 0;
    do {
        tact_error error = {.text = ""};
        if (store_sweep(w->s, w->now_ms, &ages, &one, &error)) world_differs(w, "it is not swept: %s", error.text);
        is.events += one.events, is.answers += one.answers;
        slices++;
    } while (!one.round);
    plain_swept should = plain_sweep(&w->p, w->now_ms, &ages, slices);
    w->sum->swept += is.events;
    if (is.events == should.events && is.answers == should.answers) return;
    world_differs(w, "%" PRIu64 " events and %" PRIu64 " answers were swept, not %" PRIu64 " and %" PRIu64, is.events,
                  is.answers, should.events, should.answers);
}

// ---- Random commands ------------------------------------------------------------------------------------------------

static int64_t draw_time(world *w) {
    int64_t time_ms = w->now_ms;
    if (world_chance(w, w->mood->ties)) {
        time_ms = w->recent_ms[world_below(w, WORLD_RECENT)];
    } else if (world_chance(w, w->mood->future)) {
        time_ms += world_below(w, world_chance(w, 50) ? w->mood->pace_ms * 4 : 40 * SHOP_DAY);
    } else if (world_chance(w, 30)) {
        time_ms -= world_below(w, world_chance(w, 70) ? w->mood->pace_ms * 8 : 200 * SHOP_DAY);
    } else if (world_chance(w, 1)) {
        time_ms = world_below(w, 2) ? 0 : world_below(w, COMMAND_TIME_MAX_MS + 1);
    }
    w->recent_ms[world_below(w, WORLD_RECENT)] = time_ms;
    return time_ms;
}

static command_identity draw_identity(world *w) {
    uint16_t space = (uint16_t)world_below(w, WORLD_SPACES);
    while (w->mood->names[space] == 0) space = (uint16_t)world_below(w, WORLD_SPACES);
    char *text = arena_printf(&w->scratch, "n%d", (int)world_below(w, w->mood->names[space]));
    assert_non_null(text);
    return (command_identity){space, tact_str_from(text)};
}

static void draw_identities(world *w, command *c) {
    bool one = c->kind == COMMAND_UNLINK || c->kind == COMMAND_ERASE;
    uint32_t wanted = one ? 1 : c->kind == COMMAND_LINK ? 2 : 1;
    while (!one && wanted < COMMAND_IDENTITIES_MAX && world_chance(w, w->mood->several)) wanted++;
    command_identity *identities = world_room(w, wanted, sizeof *identities);
    for (int tries = 0; c->identities_count < wanted && tries < 1000; tries++) {
        command_identity who = draw_identity(w);
        bool repeats = false;
        for (uint32_t i = 0; i < c->identities_count; i++) {
            repeats |= identities[i].space == who.space && tact_str_equal(identities[i].value, who.value);
        }
        if (!repeats) identities[c->identities_count++] = who;
    }
    c->identities = identities;
}

// `exactly`: no int where a double is declared.
static tact_value draw_scalar(world *w, const tact_type *type, bool exactly) {
    static const char *const words[] = {"", "shoes", "hats", "\xc3\xa9t\xc3\xa9", "something longer than a few bytes"};
    if (type == &type_string) {
        tact_str word = tact_str_from(words[world_below(w, 5)]);
        return tact_string(word.ptr, word.len);
    }
    if (type == &type_bool) return tact_bool(world_below(w, 2));
    uint32_t nanos = (uint32_t)world_below(w, 1000000000);
    if (type == &type_timestamp) return tact_timestamp(world_below(w, 1000) - 500, nanos);
    if (type == &type_duration) return tact_duration(world_below(w, 1000));
    if (type == &type_double && (exactly || !world_chance(w, 10))) {
        if (world_chance(w, 2)) return tact_double(world_below(w, 2) ? __builtin_nan("") : -__builtin_inf());
        return tact_double((double)(world_below(w, 4000) - 1000) / 8); // such that sums are exact
    }
    if (type == &type_int && world_chance(w, 2)) return tact_int(world_below(w, 2) ? INT64_MAX : INT64_MIN);
    return tact_int(world_below(w, 20) - 3);
}

static tact_value draw_value(world *w, const schema_attribute *m) {
    if (world_chance(w, 15)) return tact_null();
    if (m->allowed_count) return m->allowed[world_below(w, m->allowed_count)];
    if (m->has_min) return tact_int(m->min.as.i + world_below(w, m->max.as.i - m->min.as.i + 1));
    if (m->type->kind != TYPE_LIST) return draw_scalar(w, m->type, false);
    uint32_t count = (uint32_t)world_below(w, 4);
    tact_value *items = world_room(w, count, sizeof *items);
    for (uint32_t i = 0; i < count; i++) items[i] = draw_scalar(w, m->type->params[0], true);
    return tact_list(items, count);
}

static void draw_set(world *w, command *c) {
    command_value *values = world_room(w, 3, sizeof *values);
    int64_t wanted = 1 + world_below(w, 3);
    while (c->values_count < wanted) {
        uint16_t number = (uint16_t)world_below(w, WORLD_ATTRIBUTES);
        bool repeats = w->sc->attributes[number].retired;
        for (uint32_t i = 0; i < c->values_count; i++) repeats |= values[i].number == number;
        if (!repeats) values[c->values_count++] = (command_value){number, draw_value(w, &w->sc->attributes[number])};
    }
    c->values = values;
}

static void draw_event(world *w, command *c) {
    static const char *const channels[] = {"", "web", "app"};
    c->event = world_chance(w, 50) ? SHOP_PAGE_VIEW : (uint16_t)world_below(w, SHOP_EVENTS);
    c->channel = tact_str_from(channels[world_below(w, 3)]);
    const schema_event *event = &w->sc->events[c->event];
    command_value *values = world_room(w, event->properties_count, sizeof *values);
    for (uint32_t i = 0; i < event->properties_count; i++) {
        if (world_chance(w, 20)) continue;
        values[c->values_count++] = (command_value){(uint16_t)i, draw_scalar(w, event->properties[i].type, false)};
    }
    c->values = values;
}

// In some moods the person says something at the beginning and then never again: that must not be forgotten.
static bool is_explicit(world *w) {
    return w->mood->explicit_one_in ? world_below(w, w->mood->explicit_one_in) == 0 : w->step < 80;
}

static void draw_consents(world *w, command *c) {
    command_consent *consents = world_room(w, SHOP_PURPOSES, sizeof *consents);
    c->consents_count = world_chance(w, 20) ? 2 : 1;
    uint16_t first = world_chance(w, 70) ? 0 : (uint16_t)world_below(w, SHOP_PURPOSES);
    for (uint32_t i = 0; i < c->consents_count; i++) {
        command_consent *one = &consents[i];
        one->purpose = (uint16_t)((first + i) % SHOP_PURPOSES);
        one->state = (uint8_t)world_below(w, CONSENT_STATES);
        one->explicit_ = is_explicit(w);
        if (world_chance(w, 40)) one->expires_ms = w->now_ms + (world_below(w, 20) - 5) * w->mood->pace_ms;
    }
    c->consents = consents;
}

const uint64_t world_tallies[WORLD_TALLIES] = {0, 7, UINT64_C(0x1234567890), UINT64_MAX};

static void draw_count(world *w, command *c) {
    // Of each counter. Of the last it varies, but only while nothing is swept, which may forget how many it was.
    static const uint32_t keeps[WORLD_TALLIES] = {1, 5, COMMAND_KEEP_MAX, 0};
    int64_t which = world_below(w, WORLD_TALLIES);
    c->tally = world_tallies[which];
    c->keep = keeps[which] ? keeps[which] : (uint32_t)world_below(w, 9);
    if (!keeps[which] && w->sweeps) c->keep = c->keep < 3 ? 0 : 4;
    c->everyone = c->keep == 0 || world_chance(w, 50);
    if (c->everyone && world_chance(w, 20)) c->identities_count = 0;
}

// A command with an id that was applied, as somebody sends it who heard no answer: at another time, its values in
// another order. False: there is none, or it does not fit the schema any more.
static bool draw_again(world *w, command *out) {
    if (!w->p.seen_count) return false;
    *out = w->p.seen[world_below(w, w->p.seen_count)].c;
    out->time_ms = draw_time(w);
    command_value *values = world_room(w, out->values_count, sizeof *values);
    for (uint32_t i = 0; i < out->values_count; i++) values[i] = out->values[out->values_count - 1 - i];
    out->values = values;
    return !command_check(out, w->p.sc, NULL);
}

command world_command(world *w) {
    int64_t total = 0, drawn;
    int kind = 0;
    for (int i = 0; i < COMMAND_KINDS; i++) total += w->mood->weights[i];
    for (drawn = world_below(w, total); drawn >= w->mood->weights[kind]; kind++) drawn -= w->mood->weights[kind];
    command c;
    if (world_chance(w, 30) && draw_again(w, &c)) return c;
    c = (command){.kind = (command_kind)kind, .source = (uint8_t)world_below(w, SHOP_SOURCES + 1)};
    if (c.source == SHOP_SOURCES) c.source = SCHEMA_SOURCE_NONE;
    c.time_ms = draw_time(w);
    draw_identities(w, &c);
    if (c.kind == COMMAND_LINK && c.identities_count < 2) c.kind = COMMAND_UNLINK; // there are no others
    switch (c.kind) {
    case COMMAND_SET: draw_set(w, &c); break;
    case COMMAND_EVENT: draw_event(w, &c); break;
    case COMMAND_CONSENT: draw_consents(w, &c); break;
    case COMMAND_COUNT: draw_count(w, &c); break;
    default: break;
    }
    if (world_chance(w, 20)) {                              // of so many ids that some come again
        const int first = world_chance(w, 50) ? 'i' : 0xff; // any bytes will do
        char *id = arena_printf(&w->scratch, "%c%d", first, (int)world_below(w, 60));
        assert_non_null(id);
        c.id = tact_str_from(id);
    }
    return c;
}
