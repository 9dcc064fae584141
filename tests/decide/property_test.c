// SPDX-License-Identifier: Apache-2.0
//
// Decisions beside a plain reference of them (plain.h): random bundles, persons, requests and moments (plain_made.h);
// answers, reasons and what is counted are compared, and that an observed decision comes out like one that is not.
//
// A run goes through worlds, each a bundle, until STEPS decisions were made. What differs is told with the number of
// its world, the bundle, the person and the request: SEED=n begins with that world. STEPS=n, in the environment, for
// long runs.
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "cel/zone.h"
#include "plain.h"
#include "plain_made.h"

enum { STEPS = 12000, PERSONS = 12, MOMENTS = 3 }; // persons of a world, moments of a person

#define NAME(s) (int)(s).len, (s).ptr

typedef struct sum { // of a run, so that one sees what came up
    uint64_t decisions, choices, fallbacks, empty, arms, held_out, counts, stages[BUNDLE_STAGES];
    uint64_t elsewhere, without_memory;
} sum;

typedef struct world {
    uint64_t number, seed;
    arena memory; // of the bundle
    tact_str text;
    bundle *b;
    made_times times;
    const made_person *person;
    const decide_request *request;
    size_t memory_used; // by the last decision
    sum *sum;
} world;

static void differs(const world *w, const char *format, ...) __attribute__((format(printf, 2, 3), noreturn));
static void differs(const world *w, const char *format, ...) {
    arena a;
    arena_init(&a, 0);
    buf out = buf_in(&a);
    va_list args;
    made_person_print(&out, w->b, w->person);
    made_request_print(&out, w->b, w->request);
    buf_printf(&out, "SEED=%" PRIu64 ": ", w->number);
    va_start(args, format);
    buf_vprintf(&out, format, args);
    va_end(args);
    tact_str said = buf_done(&out);
    fprintf(stderr, "%.*s\n%s\n", NAME(w->text), said.ptr ? said.ptr : "");
    abort();
}

// ---- What the decision says of itself -------------------------------------------------------------------------------

typedef struct seen { // of an offer at a place of the request
    uint32_t removals;
    bundle_stage stage;
    decide_why why;
    bool scored;
    double propensity, score;
    const bundle_cap *full; // was said to leave no room
} seen;

typedef struct watcher {
    const world *w;
    seen **of; // by place, then offer
} watcher;

static void see_removed(void *context, uint32_t place, uint32_t offer, bundle_stage stage, const decide_why *why) {
    watcher *x = context;
    seen *s = &x->of[place][offer];
    s->removals++;
    s->stage = stage;
    s->why = *why;
}

static void see_score(void *context, uint32_t place, uint32_t offer, double propensity, double score) {
    watcher *x = context;
    seen *s = &x->of[place][offer];
    if (s->scored) differs(x->w, "%.*s has two scores", NAME(x->w->b->offers[offer].name));
    s->scored = true;
    s->propensity = propensity;
    s->score = score;
}

static void see_room(void *context, uint32_t place, uint32_t offer, const bundle_cap *cap, uint64_t counted) {
    watcher *x = context;
    if (counted >= cap->max) x->of[place][offer].full = cap;
}

// ---- Comparing ------------------------------------------------------------------------------------------------------

static bool same_double(double a, double b) {
    return plain_alike(tact_double(a), tact_double(b));
}

static tact_str path_of_rule(const bundle_rule *rule) {
    return rule ? rule->path : TACT_STR("no rule");
}

static tact_str path_of_cap(const bundle_cap *cap) {
    return cap ? cap->path : TACT_STR("no cap");
}

// A fault of a rule has its place in the rule's text, whatever the slots were filled by.
static void compare_faults(const world *w, const char *where, const bundle_rule *rule, tact_value should,
                           tact_value is) {
    arena a;
    tact_cel_diagnostic one, other;
    arena_init(&a, 0);
    if (!tact_cel_explain_fault(rule->program, is, &one, &a) ||
        !tact_cel_explain_fault(rule->program, should, &other, &a) || one.pos != other.pos || one.len != other.len) {
        differs(w, "%s: the fault of %.*s is at another place", where, NAME(rule->text));
    }
    arena_fini(&a);
}

static void compare_why(const world *w, const char *where, const plain_fate *should, const seen *is) {
    if (is->stage != should->stage) {
        differs(w, "%s: removed at %s, not at %s", where, bundle_stage_name(is->stage),
                bundle_stage_name(should->stage));
    }
    const decide_why *a = &should->why, *b = &is->why;
    if (a->rule != b->rule) {
        differs(w, "%s: removed by %.*s, not by %.*s", where, NAME(path_of_rule(b->rule)), NAME(path_of_rule(a->rule)));
    }
    if (a->rule && !plain_alike(a->value, b->value)) differs(w, "%s: the value of its rule is another", where);
    if (b->rule && b->value.kind == TACT_ERROR) compare_faults(w, where, b->rule, a->value, b->value);
    if (a->cap != b->cap || a->counted != b->counted) {
        differs(w, "%s: %.*s counted %" PRIu64 ", not %.*s %" PRIu64, where, NAME(path_of_cap(b->cap)), b->counted,
                NAME(path_of_cap(a->cap)), a->counted);
    }
    if (is->stage == BUNDLE_STAGE_CONTENT && a->text != b->text) {
        differs(w, "%s: field %u without a value, not %u", where, b->text, a->text);
    }
    if (is->stage == BUNDLE_STAGE_RANK && a->other != b->other) {
        differs(w, "%s: shown at %d, not at %d", where, b->other, a->other);
    }
}

static void compare_fates(const world *w, uint32_t place, const plain_fate *should, const seen *is) {
    for (uint32_t i = 0; i < w->b->offers_count; i++) {
        char where[200];
        uint32_t placement = w->request->placements[place];
        (void)snprintf(where, sizeof where, "%.*s at %.*s", NAME(w->b->offers[i].name),
                       NAME(w->b->placements[placement].name));
        if (!should[i].candidate) { // may be said to have no content, and nothing else
            if (is[i].removals && is[i].stage != BUNDLE_STAGE_CONTENT) differs(w, "%s is no candidate", where);
            continue;
        }
        if (is[i].removals != should[i].removed) {
            differs(w, "%s: removed %u times instead of %d (at %s)", where, is[i].removals, should[i].removed,
                    bundle_stage_name(should[i].removed ? should[i].stage : is[i].stage));
        }
        if (should[i].removed) {
            compare_why(w, where, &should[i], &is[i]);
            w->sum->stages[should[i].stage]++;
            w->sum->elsewhere += should[i].why.other >= 0;
        }
        if (is[i].full && is[i].full != should[i].why.cap) {
            differs(w, "%s: %.*s is said to leave no room", where, NAME(is[i].full->path));
        }
        if (is[i].scored != should[i].scored) differs(w, "%s: %s score", where, is[i].scored ? "has a" : "has no");
        if (is[i].scored && !same_double(is[i].score, should[i].score)) {
            differs(w, "%s: score %.17g, not %.17g", where, is[i].score, should[i].score);
        }
        if (is[i].scored && !same_double(is[i].propensity, should[i].propensity)) {
            differs(w, "%s: propensity %.17g, not %.17g", where, is[i].propensity, should[i].propensity);
        }
    }
}

static void compare_choice(const world *w, const char *where, const decide_choice *should, const decide_choice *is,
                           const bundle_placement *p) {
    if (is->offer != should->offer || is->content != should->content || is->fallback != should->fallback) {
        differs(w, "%s: %.*s (content %u), not %.*s (content %u)", where, NAME(w->b->offers[is->offer].name),
                is->content, NAME(w->b->offers[should->offer].name), should->content);
    }
    if (!same_double(is->score, should->score) || !same_double(is->propensity, should->propensity)) {
        differs(w, "%s: score %.17g of %.17g, not %.17g of %.17g", where, is->score, is->propensity, should->score,
                should->propensity);
    }
    for (uint32_t i = 0; i < p->fields_count; i++) {
        if (plain_alike(is->fields[i], should->fields[i])) continue;
        arena a;
        arena_init(&a, 0);
        tact_str one = tact_value_print(is->fields[i], &a), other = tact_value_print(should->fields[i], &a);
        differs(w, "%s: %.*s of %.*s is %.*s, not %.*s", where, NAME(p->fields[i].name),
                NAME(w->b->offers[is->offer].name), NAME(one), NAME(other));
    }
}

static void compare_place(const world *w, const decide_place *should, const decide_place *is) {
    const bundle_placement *p = &w->b->placements[should->placement];
    char where[100];
    (void)snprintf(where, sizeof where, "%.*s", NAME(p->name));
    if (is->placement != should->placement) differs(w, "%s: is placement %u", where, is->placement);
    if (is->ranking != should->ranking) {
        differs(w, "%s: by %.*s, not by %.*s", where, NAME(w->b->rankings[is->ranking].name),
                NAME(w->b->rankings[should->ranking].name));
    }
    if (is->choices_count != should->choices_count) {
        differs(w, "%s: %u choices, not %u", where, is->choices_count, should->choices_count);
    }
    for (uint32_t i = 0; i < is->choices_count; i++) {
        compare_choice(w, where, &should->choices[i], &is->choices[i], p);
        w->sum->fallbacks += is->choices[i].fallback;
    }
    w->sum->choices += is->choices_count;
    w->sum->empty += is->choices_count == 0;
}

static int by_tally(const void *a, const void *b) {
    const decide_count *x = a, *y = b;
    return (x->tally > y->tally) - (x->tally < y->tally);
}

static decide_count *sorted_counts(arena *a, const decide_count *counts, uint32_t count) {
    decide_count *sorted = arena_array(a, count + 1, sizeof *sorted);
    assert_non_null(sorted);
    if (count) memcpy(sorted, counts, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_tally);
    return sorted;
}

static bool same_counts(arena *a, const decide_count *one, uint32_t one_count, const decide_count *other,
                        uint32_t other_count) {
    if (one_count != other_count) return false;
    const decide_count *x = sorted_counts(a, one, one_count), *y = sorted_counts(a, other, other_count);
    for (uint32_t i = 0; i < one_count; i++) {
        if (x[i].tally != y[i].tally || x[i].keep != y[i].keep || x[i].everyone != y[i].everyone) return false;
    }
    return true;
}

static void compare_answer(const world *w, arena *a, const decide_answer *should, const decide_answer *is) {
    if (is->held_out != should->held_out) differs(w, "%s", is->held_out ? "held out" : "not held out");
    if (is->places_count != should->places_count) differs(w, "%u places", is->places_count);
    bool same = is->arms_count == should->arms_count;
    for (uint32_t i = 0; same && i < is->arms_count; i++) {
        same = is->arms[i].experiment == should->arms[i].experiment && is->arms[i].arm == should->arms[i].arm;
    }
    if (!same) differs(w, "%u arms, not %u, or others", is->arms_count, should->arms_count);
    for (uint32_t i = 0; i < is->places_count; i++) compare_place(w, &should->places[i], &is->places[i]);
    if (!same_counts(a, is->counts, is->counts_count, should->counts, should->counts_count)) {
        differs(w, "counts %u, not %u, or others", is->counts_count, should->counts_count);
    }
    w->sum->arms += is->arms_count;
    w->sum->held_out += is->held_out;
    w->sum->counts += is->counts_count;
}

// ---- One decision ---------------------------------------------------------------------------------------------------

// With too little memory there is no answer, or the same one; never another.
static void decide_within(world *w, arena *a, const decide_answer *should) {
    arena small;
    decide_answer is;
    tact_error error = {.text = ""};
    size_t less = made_below(&w->seed, made_chance(&w->seed, 50) ? w->memory_used / 16 : w->memory_used);
    arena_init(&small, w->memory_used - less);
    tact_err err = decide_run(w->b, w->request, &w->person->person, &small, NULL, &is, &error);
    if (err && err != TACT_NO_MEMORY) differs(w, "%s: %s", tact_err_name(err), error.text);
    if (!err) compare_answer(w, a, should, &is);
    w->sum->without_memory += err != TACT_OK;
    arena_fini(&small);
}

// A number that is none, in a copy of the request.
static void decide_malformed(world *w, arena *a) {
    const bundle *b = w->b;
    decide_request q = *w->request;
    uint32_t *placements = arena_array(a, q.placements_count, sizeof *placements);
    decide_event *e = arena_array(a, 1, sizeof *e);
    command_value *property = arena_array(a, 1, sizeof *property);
    assert_true(placements && e && property);
    memcpy(placements, q.placements, q.placements_count * sizeof *placements);
    *e = (decide_event){.offer = -1, .placement = -1};
    *property = (command_value){.value = tact_int(1)};
    uint32_t beyond = made_chance(&w->seed, 50) ? 0 : INT32_MAX / 2;
    q.events = e;
    q.events_count = 1;
    switch (made_below(&w->seed, 5)) {
    case 0:
        q.placements = placements;
        placements[made_below(&w->seed, q.placements_count)] = b->placements_count + beyond;
        break;
    case 1: e->event = b->schema->events_count + beyond; break;
    case 2: e->offer = (int32_t)(b->offers_count + beyond); break;
    case 3: e->placement = (int32_t)(b->placements_count + beyond); break;
    default:
        e->values = property;
        e->values_count = 1;
        property->number = (uint16_t)b->schema->events[0].properties_count;
    }
    decide_answer is;
    tact_error error = {.text = ""};
    w->request = &q;
    tact_err err = decide_run(b, &q, &w->person->person, a, NULL, &is, &error);
    bool told = err == TACT_USAGE && error.text[0];
    if (!told) differs(w, "%s of a malformed request: %s", tact_err_name(err), error.text);
}

static void decide_both(world *w, arena *a) {
    const bundle *b = w->b;
    const decide_request *request = w->request;
    const decide_person *person = &w->person->person;
    watcher x = {w, arena_array(a, request->placements_count, sizeof *x.of)};
    assert_non_null(x.of);
    for (uint32_t i = 0; i < request->placements_count; i++) {
        assert_non_null(x.of[i] = arena_zalloc(a, b->offers_count * sizeof **x.of));
    }
    const decide_observer o = {.context = &x, .removes = see_removed, .scores = see_score, .room = see_room};
    decide_answer observed, alone;
    plain_answer should;
    tact_error error = {.text = ""};
    if (decide_run(b, request, person, a, &o, &observed, &error)) differs(w, "no answer: %s", error.text);
    size_t used = tact_arena_used(a);
    if (decide_run(b, request, person, a, NULL, &alone, &error)) differs(w, "no answer unobserved: %s", error.text);
    w->memory_used = tact_arena_used(a) - used;
    plain_decide(b, request, person, w->person->known, a, &should);
    for (uint32_t i = 0; i < request->placements_count; i++) compare_fates(w, i, should.fates[i], x.of[i]);
    compare_answer(w, a, &should.answer, &observed);
    compare_answer(w, a, &should.answer, &alone);
    if (made_chance(&w->seed, 40)) decide_within(w, a, &should.answer);
    if (made_chance(&w->seed, 5)) decide_malformed(w, a);
    w->sum->decisions++;
}

// The same person, asked again: soon, at the end of a cap's span, or by a clock that jumped.
static int64_t next_moment(world *w, int64_t now_ms) {
    const bundle *b = w->b;
    if (made_chance(&w->seed, 40) && b->caps_count) {
        const bundle_cap *cap = &b->caps[made_below(&w->seed, b->caps_count)];
        if (cap->period == BUNDLE_SLIDING) return now_ms + cap->every_ms - 2 + (int64_t)made_below(&w->seed, 4);
    }
    if (made_chance(&w->seed, 50)) return now_ms - 1000 + (int64_t)made_below(&w->seed, 2001);
    return made_moment(&w->seed, &w->times);
}

static void decide_for_person(world *w, uint64_t wanted) {
    arena a;
    arena_init(&a, 0);
    int64_t now_ms = made_moment(&w->seed, &w->times);
    w->person = made_person_draw(&w->seed, w->b, now_ms, &a);
    tact_str unit = w->person->known ? record_unit(&w->person->record) : w->person->unit;
    if (!tact_str_equal(unit, w->person->unit)) fail_msg("SEED=%" PRIu64 ": unit %.*s", w->number, NAME(unit));
    for (int i = 0; i < MOMENTS && w->sum->decisions < wanted; i++) {
        decide_request request = made_request_draw(&w->seed, w->b, now_ms, &a);
        w->request = &request;
        decide_both(w, &a);
        now_ms = next_moment(w, now_ms);
    }
    arena_fini(&a);
}

// ---- Worlds ---------------------------------------------------------------------------------------------------------

static void open_world(world *w, uint64_t number, sum *s) {
    *w = (world){.number = number, .seed = number, .sum = s};
    arena_init(&w->memory, 0);
    buf text = buf_in(&w->memory);
    made_bundle(&w->seed, &text);
    w->text = buf_done(&text);
    sources files;
    report r;
    tact_error error;
    sources_init(&files, &w->memory);
    assert_int_equal(sources_add(&files, TACT_STR("bundle.yaml"), w->text, &error), TACT_OK);
    report_init(&r, &w->memory, &files, TACT_STR("made"));
    if (bundle_build(&r, NULL, &w->b)) {
        fprintf(stderr, "%.*s\n%s\n", NAME(w->text), report_text(&r).ptr);
        fail_msg("SEED=%" PRIu64 ": the bundle has faults", number);
    }
    w->times = made_times_of(w->b, &w->memory);
    for (uint32_t i = 0; i < w->b->offers_count; i++) { // all of them are dates: where a day begins
        const bundle_cap day = {.period = BUNDLE_DAY};
        int64_t starts_ms = w->b->offers[i].starts_ms;
        if (starts_ms != 0) assert_int_equal(plain_since(w->b, &day, starts_ms), starts_ms);
    }
}

static void close_world(world *w) {
    bundle_free(w->b);
    arena_fini(&w->memory);
}

static uint64_t first_number(void) {
    const char *seed = getenv("SEED");
    uint64_t number = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 1000;
    printf("SEED=%" PRIu64 "\n", number);
    return number;
}

static uint64_t steps_wanted(void) {
    const char *steps = getenv("STEPS");
    return steps ? strtoull(steps, NULL, 0) : STEPS;
}

static void decisions_agree_with_the_reference(void **state) {
    (void)state;
    uint64_t number = first_number(), wanted = steps_wanted();
    sum s = {.decisions = 0};
    for (; s.decisions < wanted; number++) {
        world w;
        open_world(&w, number, &s);
        for (int i = 0; i < PERSONS && s.decisions < wanted; i++) decide_for_person(&w, wanted);
        close_world(&w);
    }
    printf("%" PRIu64 " decisions: %" PRIu64 " choices, %" PRIu64 " fallbacks, %" PRIu64 " empty, %" PRIu64
           " arms, %" PRIu64 " held out, %" PRIu64 " counts, %" PRIu64 " shown elsewhere, %" PRIu64 " without memory;",
           s.decisions, s.choices, s.fallbacks, s.empty, s.arms, s.held_out, s.counts, s.elsewhere, s.without_memory);
    for (int i = 0; i < BUNDLE_STAGES; i++) {
        printf(" %" PRIu64 " %s", s.stages[i], bundle_stage_name((bundle_stage)i));
    }
    printf("\n");
    if (wanted < STEPS) return;
    for (int i = 0; i < BUNDLE_STAGES; i++) assert_true(s.stages[i] > s.decisions / 50); // else it has lost its sense
    assert_true(s.fallbacks && s.empty && s.arms && s.held_out && s.counts && s.elsewhere);
}

// ---- Parts ----------------------------------------------------------------------------------------------------------

static void spans_of_caps_begin_where_they_should(void **state) {
    (void)state;
    static const char *const zones[] = {"UTC",
                                        "Europe/Berlin",
                                        "America/New_York",
                                        "Australia/Sydney",
                                        "Asia/Kolkata",
                                        "America/Havana",
                                        "Africa/Cairo",
                                        "America/Santiago",
                                        "Asia/Kathmandu",
                                        "Pacific/Chatham",
                                        "Asia/Beirut",
                                        "America/Sao_Paulo",
                                        "+05:45",
                                        "-03:30"};
    for (size_t k = 0; k < sizeof zones / sizeof *zones; k++) {
        bundle b = {.time_zone = tact_str_from(zones[k])};
        assert_true(zone_find(b.time_zone, &b.clocks));
        for (int64_t hour = 0; hour < 366 * 24; hour++) { // of 2018: São Paulo's clocks still went
            int64_t at = (INT64_C(1514764800) + hour * 3600);
            bool changed = zone_offset(&b.clocks, at - 7200) != zone_offset(&b.clocks, at + 3600 * 26);
            if (!changed && hour % 97) continue;
            for (uint8_t period = BUNDLE_FOR_EVER; period <= BUNDLE_YEAR; period++) {
                bundle_cap cap = {.period = period, .every_ms = 5000};
                for (int64_t now_ms = at * 1000 - 1; now_ms <= at * 1000 + 1800000; now_ms += 900000) {
                    int64_t should = plain_since(&b, &cap, now_ms), is = decide_since(&b, &cap, now_ms);
                    if (is == should) continue;
                    fail_msg("%s, period %d, now %" PRId64 ": since %" PRId64 ", not %" PRId64, zones[k], period,
                             now_ms, is, should);
                }
            }
        }
    }
}

// Of GrowthBook's published cases, version 2 of its hash.
static void units_fall_where_others_have_them(void **state) {
    (void)state;
    static const struct {
        const char *seed, *unit;
        uint32_t bucket;
    } cases[] = {{"seed", "a", 505}, {"seed", "b", 2696}, {"foo", "ab", 2575}, {"foo", "def", 2019}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tact_str seed = tact_str_from(cases[i].seed), unit = tact_str_from(cases[i].unit);
        assert_int_equal(plain_bucket(seed, unit), cases[i].bucket);
        assert_int_equal(decide_bucket(seed, unit), cases[i].bucket);
    }
    uint64_t seed = 1;
    for (int i = 0; i < 10000; i++) {
        char text[40];
        size_t len = made_below(&seed, sizeof text), cut = made_below(&seed, len + 1);
        for (size_t k = 0; k < len; k++) text[k] = (char)made_below(&seed, 256);
        tact_str salt = {text, cut}, unit = {text + cut, len - cut};
        assert_int_equal(decide_bucket(salt, unit), plain_bucket(salt, unit));
    }
}

static void occurrences_count_where_caps_look(void **state) {
    (void)state;
    uint64_t number = first_number();
    sum s = {.decisions = 0};
    for (int i = 0; i < 20; i++) {
        world w;
        arena a;
        open_world(&w, number + (uint64_t)i, &s);
        arena_init(&a, 0);
        for (int k = 0; k < 200; k++) {
            decide_count should[4 * BUNDLE_CAPS_MAX], is[4 * BUNDLE_CAPS_MAX];
            bundle_count on = (bundle_count)made_below(&w.seed, BUNDLE_ON_EVENT + 1);
            int32_t event = on == BUNDLE_ON_EVENT ? (int32_t)made_below(&w.seed, w.b->schema->events_count) : -1;
            int32_t offer = (int32_t)made_below(&w.seed, w.b->offers_count + 1) - 1;
            int32_t placement = (int32_t)made_below(&w.seed, w.b->placements_count + 1) - 1;
            uint32_t count = plain_tallies(w.b, on, event, offer, placement, should);
            uint32_t got = decide_tallies(w.b, on, event, offer, placement, is, 4 * BUNDLE_CAPS_MAX);
            if (same_counts(&a, is, got, should, count)) continue;
            fprintf(stderr, "%.*s\n", NAME(w.text));
            fail_msg("SEED=%" PRIu64 ": on %d, event %d, offer %d, placement %d: %u counters, not %u, or others",
                     w.number, (int)on, event, offer, placement, got, count);
        }
        arena_fini(&a);
        close_world(&w);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_fall_where_others_have_them),
        cmocka_unit_test(spans_of_caps_begin_where_they_should),
        cmocka_unit_test(occurrences_count_where_caps_look),
        cmocka_unit_test(decisions_agree_with_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
