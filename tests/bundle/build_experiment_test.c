// SPDX-License-Identifier: Apache-2.0
//
// Experiments and the holdout: who is divided how.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

#define BASE "placements: {home: {channel: web}, chat: {channel: chat}}\nrankings: {by_value: offer.value}\n"

static void test_what_they_say(void **state) {
    (void)state;
    build_case c;
    open_built(&c,
               BASE "experiments:\n"
                    "  z:\n    placement: home\n    unit: person\n    arms: {control: 50, value: 33.33}\n"
                    "    set: {value: {rank: by_value}}\n    eligible: profile.recency > 1\n    starts: 2026-11-01\n"
                    "  y: {arms: {a: 100}, exclusive: home, share: 40, salt: y2, placement: [chat, home]}\n"
                    "  a: {arms: {a: 10}, exclusive: home, share: 60, ends: 2026-11-01T00:00:00Z}\n"
                    "holdout: {percent: 2.5, of: marketing, salt: h}\n");
    const bundle *b = c.bundle;
    const bundle_experiment *a = &b->experiments[0], *y = &b->experiments[1], *z = &b->experiments[2];
    assert_int_equal(b->experiments_count, 3);
    assert_int_equal(z->placements_count, 1);
    assert_int_equal(z->placements[0], bundle_find_placement(b, TACT_STR("home")));
    assert_int_equal(z->arms_count, 2);
    assert_int_equal(z->arms[0].permyriad, 5000);
    assert_int_equal(z->arms[0].ranking, -1);
    assert_int_equal(z->arms[1].permyriad, 3333);
    assert_true(tact_str_equal(b->rankings[z->arms[1].ranking].name, TACT_STR("by_value")));
    assert_non_null(z->eligible.program);
    assert_true(tact_str_equal(z->salt, TACT_STR("z")));
    assert_int_equal(z->exclusive.len, 0);
    assert_int_equal(z->from, 0);
    assert_int_equal(z->to, 10000);
    assert_int_equal(z->starts_ms, INT64_C(1793487600000)); // midnight in Berlin
    assert_int_equal(z->ends_ms, INT64_MAX);
    assert_int_equal(y->placements_count, 2);
    assert_true(tact_str_equal(y->salt, TACT_STR("y2")));
    assert_int_equal(y->from, 0); // the first in the file
    assert_int_equal(y->to, 4000);
    assert_int_equal(a->from, 4000);
    assert_int_equal(a->to, 10000);
    assert_int_equal(a->placements_count, 0);
    assert_int_equal(b->holdout_permyriad, 250);
    assert_int_equal(b->holdout_purpose, schema_find_purpose(b->schema, TACT_STR("marketing")));
    assert_true(tact_str_equal(b->holdout_salt, TACT_STR("h")));
    case_close(&c);
    open_built(&c, "holdout: {percent: 5}\n");
    assert_int_equal(c.bundle->holdout_purpose, -1);
    assert_true(tact_str_equal(c.bundle->holdout_salt, TACT_STR("holdout")));
    case_close(&c);
}

static void test_faults(void **state) {
    (void)state;
    assert_said(
        BASE "experiments:\n"
             "  a: {placement: hom, arms: {x: 60, y: 50}}\n"
             "  b: {placement: [home, home], arms: {x: 33.333}, set: {xx: {rank: by_value}, x: {rank: by_valu}}}\n"
             "  c: {arms: {x: 10}, set: {x: {order: by_value}}, starts: 2026-02-01, ends: 2026-01-01}\n"
             "  d: {arms: {x: 10}, exclusive: s}\n"
             "  e: {arms: {x: 10}, share: 10}\n"
             "holdout: {percent: 5, of: marketin}\n",
        "unknown_name experiments.a.placement: there is no placement `hom` (did you mean `home`?)\n"
        "percent experiments.a.arms: the arms come to 110 percent of people together\n"
        "defined_twice experiments.b.placement: `home` is here a second time\n"
        "percent experiments.b.arms.x: a percentage has two digits behind the point at most\n"
        "unknown_name experiments.b.set.xx: the experiment has no arm `xx`\n"
        "unknown_name experiments.b.set.x.rank: there is no ranking `by_valu` (did you mean `by_value`?)\n"
        "unknown_key experiments.c.set.x.order: unknown key `order` (an arm can change `rank`)\n"
        "dates experiments.c.ends: it ends before it starts (the other way round?)\n"
        "missing_key experiments.d.exclusive: `exclusive` needs a `share` (experiments that exclude each other share "
        "people: exclusive: home, share: 30)\n"
        "missing_key experiments.e.share: `share` needs `exclusive` (experiments that exclude each other share "
        "people: exclusive: home, share: 30)\n"
        "unknown_name holdout.of: there is no purpose `marketin` (did you mean `marketing`?)\n");
}

static void test_faults_of_shares(void **state) {
    (void)state;
    assert_said(BASE "experiments:\n"
                     "  f: {arms: {x: 10}, exclusive: t, share: 60}\n"
                     "  g: {arms: {x: 10}, exclusive: t, share: 60}\n"
                     "  h: {arms: {x: 10}, exclusive: t, share: 60}\n"
                     "  i: {arms: {}}\n"
                     "  j: {arms: {x: 101, y: 1}, unit: household}\n",
                "percent experiments.g.share: with this one the shares of `t` come to 120 percent\n"
                "invalid experiments.i.arms: an experiment needs an arm\n"
                "percent experiments.j.arms: expected a percentage from 0 to 100, not `101`\n"
                "wrong_form experiments.j.unit: expected person, not `household`\n");
}

static void test_too_many_arms(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    buf text = buf_in(&memory);
    buf_add_text(&text, "experiments: {e: {arms: {");
    for (int i = 0; i < BUNDLE_ARMS_MAX + 1; i++) buf_printf(&text, "%sa%d: 1", i ? ", " : "", i);
    buf_add_text(&text, "}}}\n");
    assert_said(buf_done(&text).ptr, "too_large experiments.e.arms: an experiment can have no more than 16 arms\n");
    arena_fini(&memory);
}

static void test_names_of_arms(void **state) {
    (void)state;
    assert_said("placements: {home: {channel: web}}\ncontent: {home: {title: string}}\n"
                "experiments: {e: {placement: [], arms: {'': 1, 1st: 1, a b: 1, fine_2: 1}}}\n",
                "invalid experiments.e.placement: an experiment needs a placement (leave it out where all placements "
                "are meant)\n"
                "bad_name experiments.e.arms: a name has letters, digits and _, does not begin with a digit, and at "
                "most 64 characters\n"
                "bad_name experiments.e.arms.1st: a name has letters, digits and _, does not begin with a digit, and "
                "at most 64 characters\n"
                "bad_name experiments.e.arms.a b: a name has letters, digits and _, does not begin with a digit, and "
                "at most 64 characters\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_arms),    cmocka_unit_test(test_what_they_say), cmocka_unit_test(test_faults),
        cmocka_unit_test(test_faults_of_shares), cmocka_unit_test(test_too_many_arms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
