// SPDX-License-Identifier: Apache-2.0
//
// Aggregates against a plain list of events, with late and future ones, in any order and in parts that are put
// together. What the list says twice over: exactly which events a reader counts, bucket by bucket, and that these are
// the events of the window but for less than 1/128 of it.
#include "store/window.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "draw.h"

#include <cmocka.h>

#define DAY INT64_C(86400000)
#define NOW INT64_C(1700000000000)

typedef struct event {
    int64_t time;
    tact_value value;
} event;

static schema_aggregate spec_of(schema_function f, int64_t window, const tact_type *type) {
    return (schema_aggregate){.name = TACT_STR("x"), .function = f, .property = 0, .window_ms = window, .type = type};
}

static tact_str state_of(arena *a, const schema_aggregate *spec, const event *events, size_t count) {
    tact_str state = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(window_add(a, spec, &state, events[i].time, events[i].value), TACT_OK);
        assert_true(window_check(state, spec->function));
    }
    return state;
}

static bool same(tact_value x, tact_value y) {
    return x.kind == y.kind && (x.kind == TACT_ERROR ? x.len == y.len : tact_value_equal(x, y));
}

// ---- The model ------------------------------------------------------------------------------------------------------

static bool is_timed(schema_function f) {
    return f == SCHEMA_LAST || f == SCHEMA_SINCE || f == SCHEMA_DISTINCT;
}

static int64_t floor_to(int64_t t, int64_t width) {
    int64_t rest = t % width;
    return t - (rest < 0 ? rest + width : rest);
}

static bool counts(const schema_aggregate *spec, int64_t t, int64_t now) {
    int64_t width = is_timed(spec->function) || !spec->window_ms ? 1 : spec->window_ms / 128;
    if (width < 1) width = 1;
    int64_t begins = floor_to(t, width), last = begins + width - 1;
    bool in = begins <= now && (!spec->window_ms || now - last < spec->window_ms);
    bool exactly = t <= now && (!spec->window_ms || now - t < spec->window_ms);
    bool nearly = t - width < now && (!spec->window_ms || now - t < spec->window_ms + width);
    if (exactly) assert_true(in);
    if (in) assert_true(nearly);
    if (spec->window_ms) assert_true(width == 1 || width * 128 <= spec->window_ms);
    return in;
}

static tact_value model(const schema_aggregate *spec, const event *events, size_t count, int64_t now) {
    int64_t n = 0, whole = 0;
    double sum = 0;
    const event *least = NULL, *most = NULL, *first = NULL, *last = NULL;
    int64_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        const event *e = &events[i];
        if (!counts(spec, e->time, now)) continue;
        n++;
        if (e->value.kind == TACT_INT) whole += e->value.as.i, sum += (double)e->value.as.i;
        if (e->value.kind == TACT_DOUBLE) sum += e->value.as.d;
        if (!least || value_compare(e->value, least->value) < 0) least = e;
        if (!most || value_compare(e->value, most->value) > 0) most = e;
        if (!first || e->time < first->time) first = e;
        if (!last || e->time >= last->time) last = e;
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++) {
            seen = counts(spec, events[k].time, now) && tact_value_equal(events[k].value, e->value);
        }
        distinct += !seen;
    }
    bool doubles = type_value_kind(spec->type) == TACT_DOUBLE;
    switch (spec->function) {
    case SCHEMA_COUNT: return tact_int(n);
    case SCHEMA_SUM: return doubles ? tact_double(sum) : tact_int(whole);
    case SCHEMA_DISTINCT: return tact_int(distinct);
    default: break;
    }
    if (!n) return tact_fault_value(TACT_FAULT_ABSENT, NULL);
    switch (spec->function) {
    case SCHEMA_MIN: return least->value;
    case SCHEMA_MAX: return most->value;
    case SCHEMA_AVG: return tact_double(sum / (double)n);
    case SCHEMA_FIRST: return first->value;
    case SCHEMA_LAST: return last->value;
    default: return tact_duration((now - last->time) * 1000000);
    }
}

// ---- Random events --------------------------------------------------------------------------------------------------

static const char *const words[] = {"", "shoes", "hats", "a rather longer category than most", "\xc3\xa9t\xc3\xa9"};

static tact_value draw_value(uint64_t *seed, tact_kind kind) {
    switch (kind) {
    case TACT_INT: return tact_int(draw_below(seed, 200) - 100);
    case TACT_DOUBLE: return tact_double((double)(draw_below(seed, 4000) - 2000) / 8); // sums of them are exact
    case TACT_TIMESTAMP: return tact_timestamp(draw_below(seed, 50), (uint32_t)draw_below(seed, 3));
    default: return (tact_value){TACT_STRING, 0, 0, 0, {0}};
    }
}

static tact_value draw_text(uint64_t *seed) {
    const char *word = words[draw_below(seed, 5)];
    return tact_string(word, strlen(word));
}

// Times that differ, since equal ones are a matter of order. At most `ahead` after `now`.
static void draw_events(uint64_t *seed, event *events, size_t count, int64_t window, int64_t ahead, tact_kind kind) {
    int64_t span = window ? window : 400 * DAY;
    for (size_t i = 0; i < count; i++) {
        bool again;
        bool future = (int64_t)i < ahead && draw_below(seed, 2);
        do {
            events[i].time = future ? NOW + 1 + draw_below(seed, span) : NOW - draw_below(seed, span + span / 2 + 50);
            again = false;
            for (size_t k = 0; k < i; k++) again |= events[k].time == events[i].time;
        } while (again);
        events[i].value = kind == TACT_STRING ? draw_text(seed) : draw_value(seed, kind);
    }
    for (size_t i = count; i > 1; i--) { // the future ones come in at any moment
        size_t k = (size_t)draw_below(seed, (int64_t)i);
        event e = events[k];
        events[k] = events[i - 1];
        events[i - 1] = e;
    }
}

static void reads_as_the_list_does(void **context) {
    (void)context;
    static const struct {
        schema_function f;
        const tact_type *type;
        tact_kind kind;
    } cases[] = {{SCHEMA_COUNT, &type_int, TACT_INT},        {SCHEMA_SUM, &type_int, TACT_INT},
                 {SCHEMA_SUM, &type_double, TACT_DOUBLE},    {SCHEMA_AVG, &type_double, TACT_INT},
                 {SCHEMA_AVG, &type_double, TACT_DOUBLE},    {SCHEMA_MIN, &type_double, TACT_DOUBLE},
                 {SCHEMA_MAX, &type_string, TACT_STRING},    {SCHEMA_MAX, &type_timestamp, TACT_TIMESTAMP},
                 {SCHEMA_DISTINCT, &type_int, TACT_STRING},  {SCHEMA_DISTINCT, &type_int, TACT_DOUBLE},
                 {SCHEMA_FIRST, &type_string, TACT_STRING},  {SCHEMA_FIRST, &type_int, TACT_INT},
                 {SCHEMA_LAST, &type_string, TACT_STRING},   {SCHEMA_LAST, &type_double, TACT_DOUBLE},
                 {SCHEMA_SINCE, &type_duration, TACT_STRING}};
    static const int64_t windows[] = {0, 1, 100, 300, 5000, DAY / 24, DAY, 90 * DAY, 90 * DAY + 12345};
    enum { MOST = 120 };
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 600; round++) {
        size_t n = (size_t)round % (sizeof cases / sizeof *cases);
        int64_t window = windows[draw_below(&seed, 9)];
        schema_aggregate spec = spec_of(cases[n].f, window, cases[n].type);
        event events[MOST];
        size_t count = (size_t)draw_below(&seed, draw_below(&seed, 3) ? 12 : MOST);
        if (window && window <= 100 && count > 50) count = 50; // there are not more times to draw
        int64_t ahead = cases[n].f == SCHEMA_DISTINCT || (window && window < 100) ? 1 : WINDOW_AHEAD;
        draw_events(&seed, events, count, window, ahead, cases[n].kind);
        tact_str state = state_of(&a, &spec, events, count);

        // In parts, put together either way round: the same bytes.
        size_t cut = count ? (size_t)draw_below(&seed, (int64_t)count) : 0, cut_two = cut + (count - cut) / 2;
        tact_str x = state_of(&a, &spec, events, cut), y = state_of(&a, &spec, events + cut, cut_two - cut);
        tact_str z = state_of(&a, &spec, events + cut_two, count - cut_two);
        tact_str xy = x, yz = y, left, right;
        assert_int_equal(window_combine(&a, &spec, &xy, y), TACT_OK);
        assert_int_equal(window_combine(&a, &spec, &yz, z), TACT_OK);
        left = xy, right = yz;
        assert_int_equal(window_combine(&a, &spec, &left, z), TACT_OK);
        assert_int_equal(window_combine(&a, &spec, &right, x), TACT_OK);
        assert_true(tact_str_equal(left, right));
        assert_true(tact_str_equal(left, state));

        int64_t now = NOW;
        for (int k = 0; k < 30; k++) {
            assert_true(same(window_read(state, &spec, now), model(&spec, events, count, now)));
            if (k % 10 == 9) {
                assert_int_equal(window_trim(&a, &spec, &state, now), TACT_OK);
                assert_true(window_check(state, spec.function));
            }
            now += draw_below(&seed, (window ? window : 400 * DAY) / 10 + 2);
        }
        now = NOW + 1000 * DAY; // long after: nothing is left, unless it is for all time
        assert_true(same(window_read(state, &spec, now), model(&spec, events, count, now)));
        assert_int_equal(window_trim(&a, &spec, &state, now), TACT_OK);
        if (window) assert_int_equal(state.len, 0);
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

// ---- Single properties ----------------------------------------------------------------------------------------------

static void nothing_reads_as_nothing(void **context) {
    (void)context;
    tact_str none = {NULL, 0};
    for (int f = 0; f < SCHEMA_FUNCTIONS; f++) {
        schema_aggregate spec = spec_of((schema_function)f, DAY, f == SCHEMA_SUM ? &type_double : &type_int);
        tact_value v = window_read(none, &spec, NOW);
        if (f == SCHEMA_COUNT || f == SCHEMA_DISTINCT) {
            assert_true(same(v, tact_int(0)));
        } else if (f == SCHEMA_SUM) {
            assert_true(same(v, tact_double(0)));
        } else {
            assert_true(v.kind == TACT_ERROR && v.len == TACT_FAULT_ABSENT);
        }
        assert_true(window_check(none, (schema_function)f));
    }
}

static void an_event_leaves_within_a_128th(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    int64_t window = 90 * DAY;
    schema_aggregate spec = spec_of(SCHEMA_COUNT, window, &type_int);
    event e = {NOW, tact_null()};
    tact_str state = state_of(&a, &spec, &e, 1);
    assert_int_equal(window_read(state, &spec, NOW).as.i, 1);
    assert_int_equal(window_read(state, &spec, NOW + window - 1).as.i, 1);
    assert_int_equal(window_read(state, &spec, NOW + window + window / 128).as.i, 0);
    assert_int_equal(window_read(state, &spec, NOW - window / 128).as.i, 0);
    arena_fini(&a);
}

static void values_that_are_no_values_add_nothing(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    tact_value item = tact_int(1);
    event odd[] = {{NOW, tact_double(NAN)}, {NOW, tact_list(&item, 1)}, {NOW, tact_null()}, {NOW, tact_uint(3)}};
    for (int f = 0; f < SCHEMA_FUNCTIONS; f++) {
        schema_aggregate spec = spec_of((schema_function)f, DAY, &type_double);
        bool any = f == SCHEMA_COUNT || f == SCHEMA_SINCE;
        assert_int_equal(state_of(&a, &spec, odd, 4).len > 0, any);
    }
    event more[] = {{NOW, tact_double(INFINITY)}, {NOW, tact_string("x", 1)}, {NOW, tact_bool(true)}};
    schema_aggregate sum = spec_of(SCHEMA_SUM, DAY, &type_double), avg = spec_of(SCHEMA_AVG, DAY, &type_double);
    assert_int_equal(state_of(&a, &sum, more, 3).len, 0);
    assert_int_equal(state_of(&a, &avg, more, 3).len, 0);
    arena_fini(&a);
}

static void sums_of_ints_are_exact_or_a_fault(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    schema_aggregate spec = spec_of(SCHEMA_SUM, 0, &type_int);
    event events[] = {{NOW, tact_int(INT64_MAX)}, {NOW, tact_int(5)}, {NOW - 1, tact_int(-6)}};
    tact_value v = window_read(state_of(&a, &spec, events, 2), &spec, NOW);
    assert_true(v.kind == TACT_ERROR && v.len == TACT_FAULT_OVERFLOW);
    assert_true(same(window_read(state_of(&a, &spec, events, 3), &spec, NOW), tact_int(INT64_MAX - 1)));
    schema_aggregate avg = spec_of(SCHEMA_AVG, 0, &type_double);
    assert_true(same(window_read(state_of(&a, &avg, events, 2), &avg, NOW), tact_double(4611686018427387906.0)));
    arena_fini(&a);
}

static void sums_of_doubles_keep_what_rounding_takes(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    schema_aggregate spec = spec_of(SCHEMA_SUM, 0, &type_double);
    event events[] = {
        {NOW, tact_double(1e16)}, {NOW + 1, tact_double(1)}, {NOW, tact_double(1)}, {NOW, tact_double(-1e16)}};
    assert_true(same(window_read(state_of(&a, &spec, events, 4), &spec, NOW + 1), tact_double(2)));
    event huge[] = {{NOW, tact_double(1e308)}, {NOW, tact_double(1e308)}};
    tact_str state = state_of(&a, &spec, huge, 2);
    assert_true(same(window_read(state, &spec, NOW), tact_double(INFINITY)));
    arena_fini(&a);
}

static void of_equal_times_the_first_in_is_first(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    event ab[] = {{NOW, tact_string("a", 1)}, {NOW, tact_string("b", 1)}};
    event ba[] = {{NOW, tact_string("b", 1)}, {NOW, tact_string("a", 1)}};
    schema_aggregate last = spec_of(SCHEMA_LAST, DAY, &type_string), first = spec_of(SCHEMA_FIRST, DAY, &type_string);
    assert_true(same(window_read(state_of(&a, &last, ab, 2), &last, NOW), ab[1].value));
    assert_true(same(window_read(state_of(&a, &last, ba, 2), &last, NOW), ba[1].value));
    assert_true(same(window_read(state_of(&a, &first, ab, 2), &first, NOW), ab[0].value));
    assert_true(same(window_read(state_of(&a, &first, ba, 2), &first, NOW), ba[0].value));
    for (int order = 0; order < 2; order++) { // put together, the value decides
        tact_str x = state_of(&a, &last, &ab[order], 1), y = state_of(&a, &first, &ab[order], 1);
        assert_int_equal(window_combine(&a, &last, &x, state_of(&a, &last, &ab[!order], 1)), TACT_OK);
        assert_int_equal(window_combine(&a, &first, &y, state_of(&a, &first, &ab[!order], 1)), TACT_OK);
        assert_true(same(window_read(x, &last, NOW), ab[1].value));
        assert_true(same(window_read(y, &first, NOW), ab[0].value));
    }
    arena_fini(&a);
}

static void ints_widen_to_doubles(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    event events[] = {{NOW, tact_int(3)}, {NOW + 1, tact_double(0.5)}};
    static const schema_function functions[] = {SCHEMA_SUM, SCHEMA_AVG, SCHEMA_MIN, SCHEMA_MAX, SCHEMA_LAST};
    static const double results[] = {3.5, 1.75, 0.5, 3, 0.5};
    for (size_t i = 0; i < 5; i++) {
        schema_aggregate spec = spec_of(functions[i], 0, &type_double);
        assert_true(same(window_read(state_of(&a, &spec, events, 1), &spec, NOW), tact_double(3)));
        assert_true(same(window_read(state_of(&a, &spec, events, 2), &spec, NOW + 1), tact_double(results[i])));
    }
    schema_aggregate distinct = spec_of(SCHEMA_DISTINCT, 0, &type_int);
    event equal[] = {{NOW, tact_int(3)}, {NOW, tact_double(3)}, {NOW, tact_double(-0.0)}, {NOW, tact_int(0)}};
    assert_true(same(window_read(state_of(&a, &distinct, equal, 4), &distinct, NOW), tact_int(2)));
    arena_fini(&a);
}

static void another_functions_state_is_nothing(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    event e = {NOW, tact_string("x", 1)};
    schema_aggregate first = spec_of(SCHEMA_FIRST, DAY, &type_string), count = spec_of(SCHEMA_COUNT, DAY, &type_int);
    tact_str state = state_of(&a, &first, &e, 1), counted = state_of(&a, &count, &e, 1);
    assert_int_equal(window_read(state, &count, NOW).as.i, 0);
    assert_int_equal(window_combine(&a, &count, &counted, state), TACT_OK);
    assert_int_equal(window_trim(&a, &count, &state, NOW + DAY), TACT_OK);
    assert_int_equal(window_add(&a, &count, &state, NOW, e.value), TACT_OK);
    assert_true(tact_str_equal(state, counted));
    arena_fini(&a);
}

static void a_window_may_grow(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    uint64_t seed = draw_begin();
    for (int f = 0; f < SCHEMA_FUNCTIONS; f++) {
        schema_aggregate narrow = spec_of((schema_function)f, 30 * DAY, f == SCHEMA_AVG ? &type_double : &type_int);
        schema_aggregate wide = narrow, all = narrow;
        wide.window_ms = 90 * DAY;
        all.window_ms = 0;
        event events[40];
        draw_events(&seed, events, 40, 20 * DAY, 0, TACT_INT); // all of them well inside of either
        for (int k = 0; k < 40; k++) events[k].time -= DAY;
        tact_str state = state_of(&a, &narrow, events, 20), to_all = state;
        tact_value half = model(&all, events, 20, NOW), whole = model(&all, events, 40, NOW);
        assert_true(same(window_read(state, &wide, NOW), half)); // as it was written
        assert_true(same(window_read(state, &all, NOW), half));
        for (int k = 20; k < 40; k++) {
            assert_int_equal(window_add(&a, &wide, &state, events[k].time, events[k].value), TACT_OK);
            assert_int_equal(window_add(&a, &all, &to_all, events[k].time, events[k].value), TACT_OK);
        }
        assert_true(window_check(state, (schema_function)f) && window_check(to_all, (schema_function)f));
        assert_true(same(window_read(to_all, &all, NOW), whole));
        assert_true(same(window_read(state, &wide, NOW), whole));
    }
    arena_fini(&a);
}

static void bounds_keep_the_newest(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    schema_aggregate count = spec_of(SCHEMA_COUNT, 128 * 1000, &type_int);
    tact_str state = {NULL, 0};
    for (int i = 0; i < 2 * WINDOW_CELLS_MAX; i++) {
        assert_int_equal(window_add(&a, &count, &state, NOW + i * 1000, tact_null()), TACT_OK);
    }
    assert_int_equal(state.len, 16 + 16 * WINDOW_CELLS_MAX);
    assert_int_equal(window_read(state, &count, NOW + (2 * WINDOW_CELLS_MAX - 1) * 1000).as.i, 128 + 1);

    schema_aggregate distinct = spec_of(SCHEMA_DISTINCT, 0, &type_int);
    tact_str up = {NULL, 0}, down = up;
    enum { VALUES = WINDOW_PAIRS_MAX + 100 };
    for (int i = 0; i < VALUES; i++) {
        assert_int_equal(window_add(&a, &distinct, &up, NOW + i, tact_int(i)), TACT_OK);
        assert_int_equal(window_add(&a, &distinct, &down, NOW + (VALUES - 1 - i), tact_int(VALUES - 1 - i)), TACT_OK);
        if (i % 50 == 0) { // only the newest is of interest
            char *x = malloc(up.len), *y = malloc(down.len);
            assert_true(x && y);
            memcpy(x, up.ptr, up.len);
            memcpy(y, down.ptr, down.len);
            tact_arena_reset(&a);
            up.ptr = arena_copy(&a, x, up.len);
            down.ptr = arena_copy(&a, y, down.len);
            free(x);
            free(y);
        }
    }
    assert_true(window_check(up, SCHEMA_DISTINCT));
    assert_true(tact_str_equal(up, down));
    assert_int_equal(window_read(up, &distinct, NOW + VALUES).as.i, WINDOW_PAIRS_MAX);
    arena_fini(&a);
}

// An event that changes one cell takes a shorter way than states that are put together; where no times are equal, both
// come to the same bytes. Enough events that the oldest cells go, too.
static void adding_is_combining_with_one(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    uint64_t seed = draw_begin();
    static const int64_t windows[] = {0, 100, 128 * 1000, 30 * DAY};
    enum { EVENTS = 700, APART = 997 }; // ms, so that some share a bucket of a second
    for (int n = 0; n < SCHEMA_FUNCTIONS * 4; n++) {
        schema_function f = (schema_function)(n / 4);
        schema_aggregate spec = spec_of(f, windows[n % 4], f == SCHEMA_AVG ? &type_double : &type_int);
        tact_str state = {NULL, 0};
        for (int i = 0; i < EVENTS; i++) {
            int64_t time = NOW + (i * 211 % EVENTS) * APART; // up and down; none comes twice
            tact_value value = draw_value(&seed, i < EVENTS / 2 ? TACT_INT : TACT_DOUBLE);
            tact_str one = {NULL, 0}, combined = state;
            assert_int_equal(window_add(&a, &spec, &one, time, value), TACT_OK);
            assert_int_equal(window_combine(&a, &spec, &combined, one), TACT_OK);
            assert_int_equal(window_add(&a, &spec, &state, time, value), TACT_OK);
            assert_true(tact_str_equal(state, combined));
        }
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

static void extreme_times_do_no_harm(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, -1, NOW};
    static const int64_t windows[] = {0, 1, 1000, INT64_MAX};
    for (int f = 0; f < SCHEMA_FUNCTIONS; f++) {
        for (size_t w = 0; w < 4; w++) {
            schema_aggregate spec = spec_of((schema_function)f, windows[w], &type_int);
            tact_str state = {NULL, 0};
            for (size_t i = 0; i < 5; i++) {
                assert_int_equal(window_add(&a, &spec, &state, times[i], tact_int(1)), TACT_OK);
                assert_true(window_check(state, (schema_function)f));
            }
            for (size_t i = 0; i < 5; i++) {
                (void)window_read(state, &spec, times[i]);
                tact_str trimmed = state;
                assert_int_equal(window_trim(&a, &spec, &trimmed, times[i]), TACT_OK);
                assert_true(same(window_read(trimmed, &spec, times[i]), window_read(state, &spec, times[i])));
            }
        }
    }
    arena_fini(&a);
}

static void lack_of_memory_changes_nothing(void **context) {
    (void)context;
    arena a, small;
    arena_init(&a, 0);
    schema_aggregate spec = spec_of(SCHEMA_FIRST, DAY, &type_string);
    event events[30];
    uint64_t seed = 1;
    draw_events(&seed, events, 30, DAY, 0, TACT_STRING);
    tact_str state = state_of(&a, &spec, events, 20), more = state_of(&a, &spec, events + 20, 10);
    bool done = false;
    for (size_t bound = 16; !done; bound += 16) {
        arena_init(&small, bound);
        tact_str x = state, y = state, z = state;
        tact_err added = window_add(&small, &spec, &x, NOW, draw_text(&seed));
        tact_err combined = window_combine(&small, &spec, &y, more);
        tact_err trimmed = window_trim(&small, &spec, &z, NOW + DAY / 2);
        if (added) assert_true(added == TACT_NO_MEMORY && x.ptr == state.ptr && x.len == state.len);
        if (combined) assert_true(combined == TACT_NO_MEMORY && y.ptr == state.ptr && y.len == state.len);
        if (trimmed) assert_true(trimmed == TACT_NO_MEMORY && z.ptr == state.ptr && z.len == state.len);
        done = !added && !combined && !trimmed;
        arena_fini(&small);
    }
    arena_fini(&a);
}

// Whatever bit is turned over: either the check notices, or the state still reads and is written back as it is.
static void damage_is_seen_or_harmless(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    uint64_t seed = draw_begin();
    for (int f = 0; f < SCHEMA_FUNCTIONS; f++) {
        for (int64_t window = 0; window <= DAY; window += DAY) {
            schema_aggregate spec = spec_of((schema_function)f, window, f == SCHEMA_AVG ? &type_double : &type_string);
            event events[8];
            bool numbers = f == SCHEMA_SUM || f == SCHEMA_AVG;
            draw_events(&seed, events, 8, DAY, 0, numbers ? TACT_INT : TACT_STRING);
            tact_str state = state_of(&a, &spec, events, 8);
            for (size_t len = 1; len < state.len; len++) {
                assert_false(window_check((tact_str){state.ptr, len}, (schema_function)f));
            }
            char *bytes = arena_copy(&a, state.ptr, state.len);
            for (size_t bit = 0; bit < 8 * state.len; bit++) {
                bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
                tact_str damaged = {bytes, state.len};
                if (window_check(damaged, (schema_function)f)) {
                    (void)window_read(damaged, &spec, NOW);
                    assert_int_equal(window_add(&a, &spec, &damaged, NOW, events[0].value), TACT_OK);
                }
                bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
            }
        }
    }
    assert_false(window_check(TACT_STR("0123456789abcdef0123456789abcdef"), SCHEMA_COUNT));
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_as_the_list_does),
        cmocka_unit_test(nothing_reads_as_nothing),
        cmocka_unit_test(an_event_leaves_within_a_128th),
        cmocka_unit_test(values_that_are_no_values_add_nothing),
        cmocka_unit_test(sums_of_ints_are_exact_or_a_fault),
        cmocka_unit_test(sums_of_doubles_keep_what_rounding_takes),
        cmocka_unit_test(of_equal_times_the_first_in_is_first),
        cmocka_unit_test(ints_widen_to_doubles),
        cmocka_unit_test(another_functions_state_is_nothing),
        cmocka_unit_test(a_window_may_grow),
        cmocka_unit_test(bounds_keep_the_newest),
        cmocka_unit_test(adding_is_combining_with_one),
        cmocka_unit_test(extreme_times_do_no_harm),
        cmocka_unit_test(lack_of_memory_changes_nothing),
        cmocka_unit_test(damage_is_seen_or_harmless),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
