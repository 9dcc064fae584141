// SPDX-License-Identifier: Apache-2.0
//
// Simulating: the sums are those of deciding for each person by itself, whatever the number of threads.
#include "engine/simulate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "../store/draw.h"
#include "../store/quick.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "talk.h"

#include <cmocka.h>

enum { PERSONS = 700 }; // more than two ranges

static talk t;
static store_reader view;
static publish_files files;
static bundle *active;

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

static int set_up(void **state) {
    (void)state;
    uint64_t seed = draw_begin();
    static const char *const tiers[] = {"'gold'", "'silver'", "null"};
    publish_result result;
    tact_error error;
    talk_begin(&t);
    talk_publish(&t, talk_shop);
    for (int from = 0; from < PERSONS; from += 50) {
        buf b = buf_in(&t.memory);
        buf_add_text(&b, "{'commands': [");
        for (int i = from; i < from + 50; i++) {
            buf_printf(&b, "%s{'set': {'recency': %d, 'tier': %s}, 'person': {'crm': %d}}", i > from ? "," : "",
                       (int)draw_below(&seed, 20), tiers[draw_below(&seed, 3)], i);
            if (draw_below(&seed, 2)) {
                buf_printf(&b, ",{'consent': {'marketing': 'granted'}, 'person': {'crm': %d}}", i);
            }
        }
        buf_add_text(&b, "]}");
        (void)talk_ask(&t, tact_record, buf_done(&b).ptr);
    }
    if (publish_load_active(t.engine->store, &t.memory, &files, &result, &error)) fail_msg("%s", error.text);
    active = result.bundle;
    return store_reader_open(t.engine->store, &view, &error) != TACT_OK;
}

static int tear_down(void **state) {
    (void)state;
    store_reader_close(&view);
    bundle_free(active);
    talk_end(&t);
    return 0;
}

static tact_value simulate(const simulate_options *o) {
    tact_value v;
    tact_problem problem;
    if (simulate_run(t.engine->store, o, &t.memory, &v, &problem)) fail_msg("%s", problem.text);
    return v;
}

static int64_t count_of(tact_value v, const char *placement, const char *offer) {
    tact_value offers = talk_find(v, print("placements.%s.offers", placement));
    for (uint32_t i = 0; i < offers.len; i++) {
        if (!strcmp(talk_find_text(&t.memory, offers.as.items[i], "offer"), offer)) {
            return talk_find_int(offers.as.items[i], "count");
        }
    }
    return -1;
}

static void sums_are_those_of_each_person(void **state) {
    (void)state;
    static const char *const offers[] = {"winter", "gold", "phone", "story"};
    int64_t wanted[2][4] = {{0}};
    for (int who = 0; who < PERSONS; who++) {
        for (int p = 0; p < 2; p++) {
            const char *name = p ? "chat" : "hero";
            tact_value v = talk_ask(&t, tact_decide,
                                    print("{'person': {'crm': %d}, 'placements': ['%s'], 'dry': true,"
                                          " 'context': {'device': 'mobile'}}",
                                          who, name));
            tact_value shown = talk_find(v, print("placements.%s", name));
            for (uint32_t i = 0; i < shown.len; i++) {
                for (int k = 0; k < 4; k++) {
                    wanted[p][k] += !strcmp(talk_find_text(&t.memory, shown.as.items[i], "offer"), offers[k]);
                }
            }
        }
    }
    for (uint32_t threads = 1; threads <= 8; threads *= 2) {
        const simulate_options o = {.bundle = active,
                                    .against = active,
                                    .against_name = "shop@1",
                                    .context = talk_json(&t.memory, "{'device': 'mobile'}"),
                                    .now_ms = clock_wall_ms(),
                                    .threads = threads};
        tact_value v = simulate(&o);
        assert_int_equal(talk_find_int(v, "persons"), PERSONS);
        for (int p = 0; p < 2; p++) {
            const char *name = p ? "chat" : "hero";
            for (int k = 0; k < (p ? 3 : 4); k++) assert_int_equal(count_of(v, name, offers[k]), wanted[p][k]);
            assert_int_equal(talk_find_int(v, print("placements.%s.differs", name)), 0);
        }
        assert_int_equal(talk_find_int(v, "placements.hero.fallback_only"), wanted[0][3]);
    }
}

static void one_placement_and_nothing_to_compare_with(void **state) {
    (void)state;
    const simulate_options o = {
        .bundle = active, .placement = TACT_STR("chat"), .context = tact_null(), .now_ms = clock_wall_ms()};
    tact_value v = simulate(&o);
    assert_int_equal(talk_find(v, "against").kind, TACT_NULL);
    assert_int_equal(talk_find(v, "placements.hero").kind, TACT_UNRESOLVED);
    assert_int_equal(talk_find(v, "placements.chat.differs").kind, TACT_UNRESOLVED);
    assert_int_equal(talk_find_int(v, "placements.chat.candidates"), 3 * PERSONS);
}

static void samples_are_shares(void **state) {
    (void)state;
    simulate_options o = {.bundle = active, .context = tact_null(), .now_ms = clock_wall_ms(), .sample = PERSONS / 2};
    assert_in_range(talk_find_int(simulate(&o), "persons"), PERSONS / 2 - 80, PERSONS / 2 + 80); // six deviations
    o.sample = PERSONS * 2;
    assert_int_equal(talk_find_int(simulate(&o), "persons"), PERSONS);
}

static void heard(void *context, uint64_t done, uint64_t total) {
    uint64_t *last = context;
    assert_true(done >= *last && done <= total && total == PERSONS);
    *last = done;
}

static void mistakes_and_progress(void **state) {
    (void)state;
    uint64_t last = 0;
    tact_problem problem;
    tact_value v;
    simulate_options o = {.bundle = active, .context = tact_null(), .progress = heard, .progress_context = &last};
    o.now_ms = clock_wall_ms();
    (void)simulate(&o);
    o.placement = TACT_STR("hreo");
    assert_int_equal(simulate_run(t.engine->store, &o, &t.memory, &v, &problem), TACT_INVALID);
    assert_string_equal(tact_problem_code(&problem), "unknown_placement");
    o.placement = TACT_STR("");
    o.context = talk_json(&t.memory, "{'devise': 1}");
    assert_int_equal(simulate_run(t.engine->store, &o, &t.memory, &v, &problem), TACT_INVALID);
    assert_string_equal(tact_problem_code(&problem), "unknown_attribute");
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_each_person),
        cmocka_unit_test(one_placement_and_nothing_to_compare_with),
        cmocka_unit_test(samples_are_shares),
        cmocka_unit_test(mistakes_and_progress),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
