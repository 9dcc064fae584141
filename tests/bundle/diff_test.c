// SPDX-License-Identifier: Apache-2.0
//
// Differences as people read them, of every form that a key can have, and that what makes no difference is none.
#include "bundle/diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct side {
    sources sources;
    report report;
    draft draft;
} side;

static arena memory;

static void read_side(side *s, const char *text) {
    tact_error error;
    sources_init(&s->sources, &memory);
    report_init(&s->report, &memory, &s->sources, TACT_STR("shop"));
    assert_int_equal(sources_add(&s->sources, TACT_STR("bundle.yaml"), tact_str_from(text), &error), 0);
    assert_true(draft_read(&s->draft, &s->report));
    if (s->report.errors) fail_msg("%s", report_text(&s->report).ptr);
}

static const char *difference(const char *before, const char *after) {
    side x, y;
    diff d;
    read_side(&x, before);
    read_side(&y, after);
    diff_drafts(&d, &memory, &x.draft, &y.draft);
    return diff_text(&d).ptr;
}

#define check(before, after, text) assert_string_equal(difference("bundle: b\n" before, "bundle: b\n" after), text)
#define OFFER(keys) "offers: {a: {" keys "}}\n"

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static void members_come_and_go(void **state) {
    (void)state;
    check("offers: {a: {title: One}, b: {title: Two}}\n", "offers: {c: {title: Three}, a: {title: One}}\n",
          "offers.c: added (Three)\noffers.b: removed (Two)\noffers: 1 added, 1 removed\n");
    check("", "segments: {old: profile.age > 60}\n", "segments.old: added\nsegments: 1 added\n");
}

static void values_change(void **state) {
    (void)state;
    check(OFFER("value: 12.0, eligible: profile.x"), OFFER("eligible: profile.x || profile.y, value: 15.0"),
          "offers.a: changed\n  value: 12.0 -> 15.0\n  eligible: profile.x -> profile.x || profile.y\n"
          "offers: 1 changed\n");
    check(OFFER("title: One"), OFFER("title: One, starts: 2026-11-01"),
          "offers.a: changed\n  starts added: 2026-11-01\noffers: 1 changed\n");
    check(OFFER("title: One, starts: 2026-11-01"), OFFER("title: One"),
          "offers.a: changed\n  starts removed: 2026-11-01\noffers: 1 changed\n");
    check("segments: {old: profile.age > 60}\n", "segments: {old: profile.age > 65}\n",
          "segments.old: changed\n  profile.age > 60 -> profile.age > 65\nsegments: 1 changed\n");
    check("", "title: A bundle\n", "bundle: changed\n  title added: A bundle\nbundle: 1 changed\n");
    check("holdout: {percent: 5}\n", "holdout: {percent: 6}\n",
          "holdout: changed\n  percent: 5 -> 6\nholdout: 1 changed\n");
}

static void what_means_the_same_is_no_difference(void **state) {
    (void)state;
    check(OFFER("value: 12.0"), OFFER("value: 12"), "no difference\n");
    check(OFFER("caps: [{on: click, max: 1, every: 7d}]"), OFFER("caps: [{on: click, max: 1, every: 1w}]"),
          "no difference\n");
    check("attributes: {t: {type: int, max_age: 24h}}\n", "attributes: {t: {type: int, max_age: 1d}}\n",
          "no difference\n");
    check(OFFER("starts: 2026-11-01T00:00:00Z"), OFFER("starts: '2026-11-01T01:00:00+01:00'"), "no difference\n");
    check(OFFER("eligible: profile.x==1"), OFFER("eligible: profile.x  ==  1"), "no difference\n");
    // Within a text of an expression blanks count, and so they do in a title.
    check("segments: {s: 'profile.x == \"a b\"'}\n", "segments: {s: 'profile.x == \"a  b\"'}\n",
          "segments.s: changed\n  profile.x == \"a b\" -> profile.x == \"a  b\"\nsegments: 1 changed\n");
    check(OFFER("title: a b"), OFFER("title: a  b"), "offers.a: changed\n  title: a b -> a  b\noffers: 1 changed\n");
    check(OFFER("title: 7d"), OFFER("title: 1w"), "offers.a: changed\n  title: 7d -> 1w\noffers: 1 changed\n");
    check(OFFER("value: 12"), OFFER("value: 12.5"), "offers.a: changed\n  value: 12 -> 12.5\noffers: 1 changed\n");
}

static void long_texts_stand_below_each_other(void **state) {
    (void)state;
    check("segments:\n  old: |\n    profile.age > 60\n    && profile.x\n",
          "segments:\n  old: |\n    profile.age > 60\n    && profile.y\n",
          "segments.old: changed\n    - profile.age > 60\n    - && profile.x\n"
          "    + profile.age > 60\n    + && profile.y\nsegments: 1 changed\n");
}

static void maps_are_followed(void **state) {
    (void)state;
    check(OFFER("content: {hero: {title: Hi, link: /}, chat: {text: Yes}}"),
          OFFER("content: {hero: {title: Ho, link: /}, mail: {text: Yes}}"),
          "offers.a: changed\n  content.hero.title: Hi -> Ho\n  content.chat removed: {text: Yes}\n"
          "  content.mail added: {text: Yes}\noffers: 1 changed\n");
    check("attributes: {tier: {type: string, sources: [crm, web]}}\n",
          "attributes: {tier: {type: string, sources: [web, crm]}}\n",
          "attributes.tier: changed\n  sources: [crm, web] -> [web, crm]\nattributes: 1 changed\n");
}

static void caps_are_told_in_words(void **state) {
    (void)state;
    check(OFFER("value: 1"), OFFER("value: 1, caps: [{on: impression, max: 3, every: 7d}]"),
          "offers.a: changed\n  a cap added: 3 impressions every 7d\noffers: 1 changed\n");
    check(OFFER("caps: [{on: click, max: 1, per: day}, {on: impression, max: 100, scope: everyone}]"),
          OFFER("caps: [{on: impression, max: 200, scope: everyone}]"),
          "offers.a: changed\n  a cap: 100 impressions ever, for everyone -> 200 impressions ever, for everyone\n"
          "  a cap removed: 1 click per day\noffers: 1 changed\n");
    // Their order is none of anybody's business.
    check(OFFER("caps: [{on: click, max: 1}, {on: click, max: 2, per: day}]"),
          OFFER("caps: [{max: 2, on: click, per: day}, {on: click, max: 1}]"), "no difference\n");
}

static void tests_go_by_their_names(void **state) {
    (void)state;
    static const char before[] = "bundle: b\ntests:\n"
                                 "  - {name: one, now: 2026-12-01T10:00:00Z, decide: {hero: {}}}\n"
                                 "  - {name: two, now: 2026-12-01T10:00:00Z, decide: {hero: {}}}\n";
    static const char after[] = "bundle: b\ntests:\n"
                                "  - {name: two, now: 2026-12-01T11:00:00Z, decide: {hero: {}}}\n"
                                "  - {name: three, now: 2026-12-01T10:00:00Z, decide: {hero: {}}}\n";
    assert_string_equal(difference(before, after),
                        "tests.two: changed\n  now: 2026-12-01T10:00:00Z -> 2026-12-01T11:00:00Z\n"
                        "tests.three: added\ntests.one: removed\ntests: 1 added, 1 removed, 1 changed\n");
}

static void the_order_of_arms_counts(void **state) {
    (void)state;
    check("experiments: {x: {arms: {a: 50, b: 50}}}\n", "experiments: {x: {arms: {b: 50, a: 50}}}\n",
          "experiments.x: changed\n  arms: {a: 50, b: 50} -> {b: 50, a: 50}\nexperiments: 1 changed\n");
    check("experiments: {x: {arms: {a: 50, b: 50}}}\n", "experiments: {x: {arms: {a: 40, b: 50}}}\n",
          "experiments.x: changed\n  arms.a: 50 -> 40\nexperiments: 1 changed\n");
}

static void what_makes_no_difference(void **state) {
    (void)state;
    check("offers: {a: {title: One}, b: {title: Two}}\n",
          "# two of them\noffers:\n  b:\n    title: 'Two'\n  a:\n    title: \"One\"\n", "no difference\n");
    // A text is no number, though.
    check(OFFER("attributes: {size: 12}"), OFFER("attributes: {size: '12'}"),
          "offers.a: changed\n  attributes.size: 12 -> '12'\noffers: 1 changed\n");
}

static void nothing_steers_a_terminal(void **state) {
    (void)state;
    check(OFFER("title: One"), OFFER("title: \"\\e[31mred\""),
          "offers.a: changed\n  title: One -> \xef\xbf\xbd[31mred\noffers: 1 changed\n");
}

static const tact_value *at(tact_value map, const char *key) {
    return tact_map_get(map, tact_string(key, strlen(key)));
}

static void programs_get_maps(void **state) {
    (void)state;
    side x, y;
    diff d;
    read_side(&x, "bundle: b\n" OFFER("value: 1"));
    read_side(&y, "bundle: b\noffers: {a: {value: 2}, n: {}}\n");
    diff_drafts(&d, &memory, &x.draft, &y.draft);
    tact_value v = diff_value(&d);
    assert_string_equal(tact_value_print(v, &memory).ptr,
                        "[{\"section\": \"offers\", \"name\": \"a\", \"change\": \"changed\", \"keys\": "
                        "[{\"key\": \"value\", \"change\": \"changed\", \"before\": \"1\", \"after\": \"2\"}]}, "
                        "{\"section\": \"offers\", \"name\": \"n\", \"change\": \"added\"}]");
    assert_non_null(at(v.as.items[0], "keys"));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(members_come_and_go),
        TEST(values_change),
        TEST(what_means_the_same_is_no_difference),
        TEST(long_texts_stand_below_each_other),
        TEST(maps_are_followed),
        TEST(caps_are_told_in_words),
        TEST(tests_go_by_their_names),
        TEST(the_order_of_arms_counts),
        TEST(what_makes_no_difference),
        TEST(nothing_steers_a_terminal),
        TEST(programs_get_maps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
