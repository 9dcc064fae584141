// SPDX-License-Identifier: Apache-2.0
//
// Who is divided how. The hash has GrowthBook's published vectors (growthbook/growthbook,
// packages/sdk-js/test/cases.json, "hash", version 2); that it divides evenly is a chi-square test.
#include "decide/arm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "deciding.h"

static void the_hash_is_growthbooks(void **state) {
    (void)state;
    static const struct {
        const char *seed, *unit;
        uint32_t bucket;
    } rows[] = {
        {"seed", "a", 505},
        {"seed", "b", 2696},
        {"foo", "ab", 2575},
        {"foo", "def", 2019},
        {"89123klj", "8952klfjas09ujkasdf", 1240},
        {"90850943850283058242805", "123", 7516},
        {"()**(%$##$%#$#", "___)((*\":&", 128},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(decide_bucket(tact_str_from(rows[i].seed), tact_str_from(rows[i].unit)), rows[i].bucket);
    }
}

// Units as there are: numbers in a row, and cookies. With 99 degrees of freedom chi-square is below 161.3 in 9,999 of
// 10,000 even divisions; units and seeds are fixed, so the test is the same every time.
static void units_are_divided_evenly(void **state) {
    (void)state;
    enum { UNITS = 100000, CLASSES = 100 };
    static const char *const seeds[] = {"hero_ranking", "holdout", "e", "experiment_2026_a", "experiment_2026_b"};
    static const char *const forms[] = {"crm:%d", "cookie:%08x", "email:customer.%d@example.com"};
    for (size_t s = 0; s < sizeof seeds / sizeof *seeds; s++) {
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            uint32_t classes[CLASSES] = {0};
            double chi = 0, expected = (double)UNITS / CLASSES;
            for (int i = 0; i < UNITS; i++) {
                char unit[64];
                int len = snprintf(unit, sizeof unit, forms[f], i);
                classes[decide_bucket(tact_str_from(seeds[s]), (tact_str){unit, (size_t)len}) / 100]++;
            }
            for (int i = 0; i < CLASSES; i++) chi += (classes[i] - expected) * (classes[i] - expected) / expected;
            if (chi >= 161.3) fail_msg("%s, %s: chi-square %g", seeds[s], forms[f], chi);
        }
    }
}

// Two salts divide the same people independently: each quarter of the one is a quarter of the other.
static void salts_are_independent(void **state) {
    (void)state;
    enum { UNITS = 40000 };
    uint32_t both[4][4] = {{0}};
    double chi = 0, expected = UNITS / 16.0;
    for (int i = 0; i < UNITS; i++) {
        char text[32];
        tact_str unit = {text, (size_t)snprintf(text, sizeof text, "crm:%d", i)};
        both[decide_bucket(TACT_STR("one"), unit) / 2500][decide_bucket(TACT_STR("other"), unit) / 2500]++;
    }
    for (int i = 0; i < 16; i++) chi += (both[i / 4][i % 4] - expected) * (both[i / 4][i % 4] - expected) / expected;
    assert_true(chi < 44.3); // 15 degrees of freedom, 9,999 of 10,000
}

#define PLACES                                                                                                         \
    "placements: {chat: {channel: chat}, home: {channel: web, fallback: f}}\n"                                         \
    "content: {chat: {text: string}, home: {title: string}}\n"                                                         \
    "rankings: {by_value: offer.value, by_weight: offer.weight}\n"                                                     \
    "offers:\n  f: {content: {home: {title: F}}}\n"                                                                    \
    "  o: {value: 2, propensity: 0.1, weight: 5, content: {chat: {text: O}, home: {title: O}}}\n"                      \
    "  p: {value: 1, propensity: 0.9, weight: 3, purpose: marketing, content: {home: {title: P}}}\n"

// A unit whose bucket lies in [from, to).
static tact_str unit_in(deciding *d, const char *seed, uint32_t from, uint32_t to) {
    for (int i = 0;; i++) {
        tact_str unit = tact_str_from(arena_printf(&d->c.memory, "crm:%d", i));
        uint32_t bucket = decide_bucket(tact_str_from(seed), unit);
        if (bucket >= from && bucket < to) return unit;
    }
}

static int arm_in(deciding *d, uint32_t experiment) {
    (void)deciding_run(d);
    for (uint32_t i = 0; i < d->answer.arms_count; i++) {
        if (d->answer.arms[i].experiment == experiment) return (int)d->answer.arms[i].arm;
    }
    return -1;
}

static void arms_take_consecutive_ranges(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "experiments: {e: {arms: {a: 25, b: 0, c: 50.5}, salt: s}}\n");
    static const struct {
        uint32_t at;
        int arm;
    } rows[] = {{0, 0}, {2499, 0}, {2500, 2}, {7549, 2}, {7550, -1}, {9999, -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        d.person.unit = unit_in(&d, "s", rows[i].at, rows[i].at + 1);
        assert_int_equal(arm_in(&d, 0), rows[i].arm);
    }
    d.person.unit = (tact_str){NULL, 0};
    assert_int_equal(arm_in(&d, 0), -1);
    deciding_close(&d);
}

static void who_takes_part(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "experiments:\n"
                             "  chat_only: {arms: {a: 100}, placement: chat}\n"
                             "  later: {arms: {a: 100}, starts: 2026-12-02}\n"
                             "  over: {arms: {a: 100}, ends: 2026-12-01}\n"
                             "  rich: {arms: {a: 100}, eligible: profile.history > 100.0}\n");
    d.person.unit = TACT_STR("crm:1");
    deciding_ask(&d, "home", NULL);
    for (uint32_t i = 0; i < 4; i++) assert_int_equal(arm_in(&d, i), -1);
    deciding_set(&d, "history", tact_double(101), DECIDING_NOW);
    deciding_ask(&d, "home", "chat", NULL);
    d.request.now_ms += DECIDING_DAY;
    assert_int_equal(arm_in(&d, 0), 0);
    assert_int_equal(arm_in(&d, 1), 0);
    assert_int_equal(arm_in(&d, 2), -1);
    assert_int_equal(arm_in(&d, 3), 0);
    d.request.now_ms = DECIDING_NOW - 11 * DECIDING_HOUR; // midnight in Berlin: it begins, it has ended
    assert_int_equal(arm_in(&d, 2), -1);
    d.request.now_ms--;
    assert_int_equal(arm_in(&d, 2), 0);
    d.request.now_ms = DECIDING_NOW + 13 * DECIDING_HOUR;
    assert_int_equal(arm_in(&d, 1), 0);
    d.request.now_ms--;
    assert_int_equal(arm_in(&d, 1), -1);
    deciding_close(&d);
}

static void of_exclusive_ones_a_person_is_in_one(void **state) {
    (void)state;
    deciding d;
    int in[3] = {0};
    deciding_open(&d, PLACES "experiments:\n"
                             "  a: {arms: {x: 100}, exclusive: space, share: 60}\n"
                             "  b: {arms: {x: 100}, exclusive: space, share: 30}\n");
    for (int i = 0; i < 5000; i++) {
        d.person.unit = tact_str_from(arena_printf(&d.c.memory, "crm:%d", i));
        uint32_t bucket = decide_bucket(TACT_STR("space"), d.person.unit);
        (void)deciding_run(&d);
        assert_int_equal(d.answer.arms_count, bucket < 9000);
        if (d.answer.arms_count) assert_int_equal(d.answer.arms[0].experiment, bucket >= 6000);
        in[d.answer.arms_count ? d.answer.arms[0].experiment : 2]++;
    }
    assert_in_range(in[0], 2850, 3150);
    assert_in_range(in[1], 1350, 1650);
    deciding_close(&d);
}

static void an_arm_sets_the_ranking(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "experiments:\n"
                             "  a: {arms: {control: 50, other: 50}, set: {other: {rank: by_value}}, placement: home}\n"
                             "  b: {arms: {x: 100}, set: {x: {rank: by_weight}}, placement: chat}\n");
    deciding_say(&d, "marketing", CONSENT_GRANTED);
    deciding_ask(&d, "home", "chat", NULL);
    d.person.unit = unit_in(&d, "a", 0, 5000);
    assert_string_equal(deciding_run(&d), "home: p; chat: o");
    assert_int_equal(d.answer.places[0].ranking, 0);
    assert_string_equal(d.bundle->rankings[d.answer.places[1].ranking].name.ptr, "by_weight");
    assert_true(d.answer.places[1].choices[0].score == 5);
    d.person.unit = unit_in(&d, "a", 5000, 10000);
    assert_string_equal(deciding_run(&d), "home: o; chat:");
    deciding_close(&d);
}

static void who_is_held_out_sees_fallbacks(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "holdout: {percent: 5}\n");
    deciding_say(&d, "marketing", CONSENT_GRANTED);
    d.person.unit = unit_in(&d, "holdout", 499, 500);
    assert_string_equal(deciding_run(&d), "chat:; home: f (fallback)");
    assert_true(d.answer.held_out);
    assert_string_equal(deciding_why(&d, "o"), "holdout");
    d.person.unit = unit_in(&d, "holdout", 500, 501);
    assert_string_equal(deciding_run(&d), "chat: o; home: p");
    assert_false(d.answer.held_out);
    deciding_close(&d);
    deciding_open(&d, PLACES "holdout: {percent: 100, of: marketing}\n");
    deciding_say(&d, "marketing", CONSENT_GRANTED);
    deciding_ask(&d, "home", NULL);
    d.person.unit = TACT_STR("crm:1");
    assert_string_equal(deciding_run(&d), "home: o");
    assert_string_equal(deciding_why(&d, "p"), "holdout");
    deciding_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_growthbooks), cmocka_unit_test(units_are_divided_evenly),
        cmocka_unit_test(salts_are_independent),   cmocka_unit_test(arms_take_consecutive_ranges),
        cmocka_unit_test(who_takes_part),          cmocka_unit_test(of_exclusive_ones_a_person_is_in_one),
        cmocka_unit_test(an_arm_sets_the_ranking), cmocka_unit_test(who_is_held_out_sees_fallbacks),
    };
    return cmocka_run_group_tests_name("arm", tests, NULL, NULL);
}
