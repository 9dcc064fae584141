// SPDX-License-Identifier: Apache-2.0
//
// Warnings: what is surely not meant, and nothing else.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

#define PLACES "placements: {home: {channel: web}}\ncontent: {home: {title: string}}\n"
#define CONTENT "content: {home: {title: T}}"

static void assert_warned(const char *text, const char *expected) {
    build_case c;
    open_built(&c, text);
    assert_string_equal(case_said(&c), expected);
    assert_int_equal(c.report.errors, 0);
    case_close(&c);
}

static void test_never(void **state) {
    (void)state;
    assert_warned(
        PLACES "groups: {g: {eligible: profile.recency > 9}, h: {eligible: profile.recency > 9 && profile.recency < "
               "3}, i: {eligible: 'false'}}\n"
               "segments: {s: profile.recency > 1}\n"
               "offers:\n"
               "  a: {eligible: profile.recency > 9 && profile.recency < 3, " CONTENT "}\n"
               "  b: {eligible: 'profile.tier == \"gold\"', suitable: 'profile.tier == \"silver\"', " CONTENT "}\n"
               "  c: {group: g, applicable: profile.recency < 5, " CONTENT "}\n"
               "  d: {group: h, applicable: profile.history > 5.0, " CONTENT "}\n"
               "  e: {eligible: 'segment.s && !segment.s', " CONTENT "}\n"
               "  f: {eligible: 'false', " CONTENT "}\n"
               "  g: {group: g, eligible: profile.recency > 3, " CONTENT "}\n",
        "never groups.h.eligible: no offer of the group can ever be eligible: `profile.recency < 3` contradicts the "
        "rest\n"
        "never groups.i.eligible: no offer of the group can ever be eligible: the rule is always false\n"
        "never offers.a.eligible: the offer can never be eligible: `profile.recency < 3` contradicts the rest\n"
        "never offers.b.suitable: the offer can never be eligible: `profile.tier == \"silver\"` contradicts the rest\n"
        "never offers.c: the offer can never be eligible: `profile.recency > 9` in groups.g.eligible contradicts the "
        "rest\n"
        "never offers.e.eligible: the offer can never be eligible: `!segment.s` contradicts the rest\n"
        "never offers.f.eligible: the offer can never be eligible: the rule is always false\n");
}

static void test_never_through_segments(void **state) {
    (void)state;
    assert_warned(PLACES "segments: {z: 'segment.lapsed && profile.recency < 3', lapsed: profile.recency >= 9, deep: "
                         "segment.lapsed, off: 'false', y: 'segment.off || segment.z'}\n"
                         "offers:\n"
                         "  a: {eligible: 'segment.lapsed && profile.recency < 3', " CONTENT "}\n"
                         "  b: {eligible: profile.recency < 3, suitable: segment.deep, " CONTENT "}\n"
                         "  c: {eligible: segment.y, " CONTENT "}\n"
                         "  d: {eligible: '!segment.lapsed && profile.recency < 3', " CONTENT "}\n"
                         "  e: {eligible: 'segment.lapsed || profile.recency < 3', " CONTENT "}\n",
                  "never segments.z: nobody can ever be in the segment: `profile.recency < 3` contradicts the rest\n"
                  "never segments.off: nobody can ever be in the segment: it is always false\n"
                  "never offers.a.eligible: the offer can never be eligible: `profile.recency < 3` contradicts the "
                  "rest\n"
                  "never offers.b.suitable: the offer can never be eligible: `segment.deep` contradicts the rest\n");
}

static void test_values_that_are_never(void **state) {
    (void)state;
    assert_warned(
        PLACES "attributes: {pts: {type: int, min: 0, max: 100}, sizes: {type: list(string), values: [small, large]}}\n"
               "segments: {s: 'profile.tier == \"golden\"'}\n"
               "offers:\n"
               "  a: {eligible: 'profile.pts > 3 && context.device == \"mobil\"', " CONTENT "}\n"
               "  b: {eligible: 'profile.recency < 0 || segment.s', " CONTENT "}\n"
               "  c: {eligible: 'profile.pts > 200 || profile.pts >= 101 || profile.pts == -1 || profile.pts > 100', "
               "" CONTENT "}\n"
               "  d: {eligible: 'context.device in [\"desktop\", \"zzz\"] ? profile.pts > 3 : true', " CONTENT "}\n"
               "  e: {eligible: '\"smal\" in profile.sizes', " CONTENT "}\n"
               "  f: {eligible: 'profile.tier != \"sliver\"', " CONTENT "}\n",
        "never segments.s: `tier` is never \"golden\" (did you mean \"gold\"?)\n"
        "never offers.a.eligible: `device` is never \"mobil\" (did you mean \"mobile\"?)\n"
        "never offers.b.eligible: `recency` is never below 0: its min is 0\n"
        "never offers.c.eligible: `pts` is never above 200: its max is 100\n"
        "never offers.c.eligible: `pts` is never at or above 101: its max is 100\n"
        "never offers.c.eligible: `pts` is never -1: its min is 0\n"
        "never offers.c.eligible: `pts` is never above 100: its max is 100\n"
        "never offers.d.eligible: `device` is never \"zzz\" (its values are \"desktop\", \"mobile\")\n"
        "never offers.e.eligible: `sizes` never holds \"smal\" (did you mean \"small\"?)\n"
        "never offers.f.eligible: `tier` is never \"sliver\" (did you mean \"silver\"?)\n");
    assert_warned(PLACES "attributes: {pts: {type: int, min: 0, max: 100}}\n"
                         "offers:\n"
                         "  a: {eligible: 'profile.pts >= 0 && profile.pts <= 100', suitable: 'profile.pts != -1', "
                         "applicable: 'profile.pts == 0 || profile.pts == 100', " CONTENT "}\n"
                         "  b: {eligible: 'profile.pts <= 0 || profile.pts >= 100 || profile.pts > 99.5', " CONTENT
                         "}\n"
                         "  c: {eligible: 'context.device in [\"desktop\", \"mobile\"] && profile.language == "
                         "\"fr\"', " CONTENT "}\n",
                  "");
}

static void test_what_no_whole_number_is(void **state) {
    (void)state;
    assert_warned(PLACES "offers:\n"
                         "  a: {eligible: profile.recency > 5 && profile.recency < 6, " CONTENT "}\n"
                         "  b: {eligible: profile.history > 5.0 && profile.history < 6.0, " CONTENT "}\n",
                  "never offers.a.eligible: the offer can never be eligible: `profile.recency < 6` contradicts the "
                  "rest\n");
}

#define AGAINST "contradicts the offer (of this offer `"

static void test_never_by_what_the_offer_says(void **state) {
    (void)state;
    assert_warned(
        PLACES
        "groups: {g: {eligible: offer.value > 5.0, purpose: marketing}}\n"
        "offers:\n"
        "  a: {value: 3, eligible: offer.value > 5.0, " CONTENT "}\n"
        "  b: {value: 6, attributes: {season: winter}, eligible: 'offer.season == \"summer\"', " CONTENT "}\n"
        "  c: {value: 6, eligible: 'offer.season == \"winter\"', " CONTENT "}\n"
        "  d: {group: g, value: 3, " CONTENT "}\n"
        "  e: {group: g, value: 9, eligible: '!consent.marketing', " CONTENT "}\n"
        "  f: {starts: 2026-11-01, ends: 2026-12-01, applicable: 'now < timestamp(\"2026-10-01T00:00:00Z\")', " CONTENT
        "}\n"
        "  h: {starts: 2026-11-01, ends: 2026-12-01, applicable: 'now < timestamp(\"2026-11-02T00:00:00Z\")', " CONTENT
        "}\n"
        "  i: {value: 9, group: g, eligible: '!has(offer.season) && offer.value >= 9.0', " CONTENT "}\n",
        "never offers.a.eligible: the offer can never be eligible: `offer.value > 5.0` " AGAINST
        "offer.value == 3.0` holds)\n"
        "never offers.b.eligible: the offer can never be eligible: `offer.season == \"summer\"` " AGAINST
        "offer.season == \"winter\"` holds)\n"
        "never offers.c.eligible: the offer can never be eligible: `offer.season == \"winter\"` " AGAINST
        "!has(offer.season)` holds)\n"
        "never offers.d: the offer can never be eligible: `offer.value > 5.0` in groups.g.eligible " AGAINST
        "offer.value == 3.0` holds)\n"
        "never offers.e.eligible: the offer can never be eligible: `!consent.marketing` " AGAINST
        "consent.marketing == true` holds)\n"
        "never offers.f.applicable: the offer can never be eligible: `now < "
        "timestamp(\"2026-10-01T00:00:00Z\")` " AGAINST
        "now >= timestamp(\"2026-10-31T23:00:00Z\") && now < timestamp(\"2026-11-30T23:00:00Z\")` holds)\n");
}

// The values are told once, where they stand; that the offer follows them is not told again.
static void test_what_the_schema_allows_is_held_against_several(void **state) {
    (void)state;
    assert_warned(PLACES "offers:\n"
                         "  a: {eligible: 'profile.tier != \"gold\"', suitable: 'profile.tier != \"silver\"', " CONTENT
                         "}\n"
                         "  b: {eligible: 'profile.tier == \"sliver\"', " CONTENT "}\n",
                  "never offers.a.suitable: the offer can never be eligible: `profile.tier != \"silver\"` contradicts "
                  "the rest\n"
                  "never offers.b.eligible: `tier` is never \"sliver\" (did you mean \"silver\"?)\n");
}

#define EVERYBODY                                                                                                      \
    "the rule is true of everybody who has the values that it reads (whether there is a value is asked by has(a.b))\n"

static void test_always(void **state) {
    (void)state;
    assert_warned(PLACES "groups: {g: {suitable: profile.recency > 5 || profile.recency < 6}}\n"
                         "segments: {s: 'profile.history >= 18.0 || profile.history < 18.0'}\n"
                         "offers:\n"
                         "  a: {group: g, eligible: 'segment.s', " CONTENT "}\n"
                         "  b: {eligible: 'true', suitable: has(profile.recency), applicable: profile.recency >= 0, "
                         "" CONTENT "}\n"
                         "  c: {eligible: 'segment.s || !segment.s', suitable: '1 < 2', " CONTENT "}\n",
                  "always groups.g.suitable: " EVERYBODY "always segments.s: " EVERYBODY
                  "always offers.c.eligible: " EVERYBODY "always offers.c.suitable: the rule is always true\n");
}

static void test_no_content(void **state) {
    (void)state;
    assert_warned(PLACES "offers: {a: {title: A}, b: {" CONTENT "}}\n",
                  "no_content offers.a: the offer has no content for any placement: it is never shown\n");
}

static void test_unused_segments(void **state) {
    (void)state;
    assert_warned(PLACES "segments: {a: profile.recency > 1, b: segment.a, c: profile.recency > 2, d: profile.recency "
                         "> 3, e: profile.recency > 4}\n"
                         "groups: {g: {eligible: segment.c}}\n"
                         "experiments: {x: {arms: {y: 10}, eligible: segment.d}}\n"
                         "offers: {o: {content: {home: {title: '{{ segment.e ? \"x\" : \"y\" }}'}}}}\n",
                  "unused segments.b: nobody reads `segment.b`\n");
}

#define SHADOWED                                                                                                       \
    "the offer is never shown: others always come before it (offers that nothing keeps away rank higher, and fill "    \
    "every slot)\n"

static void test_shadowed(void **state) {
    (void)state;
    assert_warned(PLACES "offers:\n  a: {value: 2, " CONTENT
                         "}\n  b: {value: 1, eligible: profile.recency > 1, " CONTENT "}\n",
                  "shadowed offers.b: " SHADOWED);
    assert_warned(PLACES "offers:\n  a: {value: 1, " CONTENT "}\n  b: {value: 1, " CONTENT "}\n",
                  "shadowed offers.b: " SHADOWED);
    assert_warned("placements: {home: {channel: web, ties: random}}\ncontent: {home: {title: string}}\n"
                  "offers:\n  a: {value: 1, " CONTENT "}\n  b: {value: 1, " CONTENT "}\n",
                  "");
    assert_warned("placements: {home: {channel: web, slots: 2}}\ncontent: {home: {title: string}}\n"
                  "offers:\n  a: {value: 3, " CONTENT "}\n  b: {value: 2, " CONTENT "}\n  c: {value: 1, " CONTENT "}\n",
                  "shadowed offers.c: " SHADOWED);
}

static void test_what_is_not_sure(void **state) {
    (void)state;
    static const char *const others[] = {
        "value: 2, eligible: profile.recency > 1",
        "value: 2, caps: [{on: click, max: 1}]",
        "value: 2, purpose: marketing",
        "value: 2, ends: 2030-01-01",
        "value: 2, starts: 2020-01-01",
        "value: 2, propensity: profile.history",
        "value: 0.5",
        "value: 2, group: capped",
        "value: 2, group: few",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        arena memory;
        arena_init(&memory, 0);
        assert_warned(arena_printf(&memory,
                                   PLACES "groups: {capped: {caps: [{on: click, max: 1}]}, few: {per_answer: 1}}\n"
                                          "offers:\n  a: {%s, " CONTENT
                                          "}\n  b: {value: 1, eligible: profile.recency > 1, " CONTENT "}\n",
                                   others[i]),
                      "");
        arena_fini(&memory);
    }
#define TWO "offers:\n  a: {value: 2, " CONTENT "}\n  b: {value: 1, " CONTENT "}\n"
    assert_warned("placements: {home: {channel: web, slots: 2}}\ncontent: {home: {title: string}}\n" TWO, "");
    assert_warned("placements: {home: {channel: web, rank: r}}\nrankings: {r: 'offer.value * profile.history'}\n"
                  "content: {home: {title: string}}\n" TWO,
                  "");
    assert_warned(PLACES "rankings: {r: 'offer.weight'}\nexperiments: {e: {arms: {a: 10}, set: {a: {rank: r}}}}\n" TWO,
                  "");
    // "A rank that is no finite number is none": nobody is shown by it.
    assert_warned("placements: {home: {channel: web, rank: r}}\nrankings: {r: '1.0 / offer.value'}\n"
                  "content: {home: {title: string}}\n"
                  "offers:\n  a: {value: 0, " CONTENT "}\n  b: {value: 1, " CONTENT "}\n",
                  "");
    // Shown elsewhere in the same answer, or in a placement of its own.
    assert_warned("placements: {home: {channel: web}, row: {channel: web}}\ncontent: {home: {title: string}, row: "
                  "{title: string}}\n"
                  "offers:\n  a: {value: 2, content: {home: {title: T}, row: {title: T}}}\n  b: {value: 1, " CONTENT
                  "}\n",
                  "");
    assert_warned("placements: {home: {channel: web}, row: {channel: web}}\ncontent: {home: {title: string}, row: "
                  "{title: string}}\n"
                  "offers:\n  a: {value: 2, " CONTENT
                  "}\n  b: {value: 1, content: {home: {title: T}, row: {title: T}}}\n",
                  "");
    // A text that may lack a value.
    assert_warned(
        PLACES
        "offers:\n  a: {value: 2, content: {home: {title: '{{ profile.first_name }}'}}}\n  b: {value: 1, " CONTENT
        "}\n",
        "");
}

static void test_shadowed_though_the_other_is_elsewhere_too(void **state) {
    (void)state;
    assert_warned(
        "placements: {home: {channel: web}, row: {channel: web}}\ncontent: {home: {title: string}, row: {title: "
        "string}}\n"
        "offers:\n  a: {value: 2, repeat: true, content: {home: {title: T}, row: {title: T}}}\n  b: {value: 1, " CONTENT
        "}\n",
        "shadowed offers.b: " SHADOWED);
}

static void test_a_fallback_elsewhere(void **state) {
    (void)state;
    assert_warned(
        "placements: {home: {channel: web, fallback: f}, row: {channel: web}}\n"
        "content: {home: {title: string}, row: {title: string}}\n"
        "offers: {f: {content: {home: {title: T}, row: {title: T}}}}\n",
        "shadowed offers.f.content.row: the offer is a fallback elsewhere, and never shown in `row` (a fallback is "
        "shown only where placements name it as theirs)\n");
}

static void test_silent_beside_faults(void **state) {
    (void)state;
    assert_said("segments: {a: profile.recency > 1, b: profile.nothing}\n",
                "undeclared_field segments.b: `profile` has no field `nothing`\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never),
        cmocka_unit_test(test_never_through_segments),
        cmocka_unit_test(test_values_that_are_never),
        cmocka_unit_test(test_what_no_whole_number_is),
        cmocka_unit_test(test_never_by_what_the_offer_says),
        cmocka_unit_test(test_what_the_schema_allows_is_held_against_several),
        cmocka_unit_test(test_always),
        cmocka_unit_test(test_no_content),
        cmocka_unit_test(test_unused_segments),
        cmocka_unit_test(test_shadowed),
        cmocka_unit_test(test_what_is_not_sure),
        cmocka_unit_test(test_shadowed_though_the_other_is_elsewhere_too),
        cmocka_unit_test(test_a_fallback_elsewhere),
        cmocka_unit_test(test_silent_beside_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
