// SPDX-License-Identifier: Apache-2.0
//
// Segments: their order, circles, and what they may read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

static uint32_t place_of(const bundle *b, const char *name) {
    for (uint32_t i = 0; i < b->segments_count; i++) {
        if (tact_str_equal(b->segments[i].name, tact_str_from(name))) return i;
    }
    fail_msg("no segment %s", name);
    return 0;
}

static void test_each_after_those_it_reads(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "segments:\n"
                   "  a: segment.b && segment.z\n"
                   "  b: segment.z || segment.c\n"
                   "  c: profile.recency >= 9\n"
                   "  z: has(profile.tier)\n");
    const bundle *b = c.bundle;
    assert_int_equal(b->segments_count, 4);
    assert_true(place_of(b, "b") < place_of(b, "a"));
    assert_true(place_of(b, "z") < place_of(b, "b"));
    assert_true(place_of(b, "c") < place_of(b, "b"));
    for (uint32_t i = 0; i < 4; i++) {
        const bundle_slot *slot = &b->slots[b->segments[i].slot];
        assert_int_equal(slot->kind, BUNDLE_SLOT_SEGMENT);
        assert_int_equal(slot->number, i);
    }
    case_close(&c);
}

static void test_purposes_go_along(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "segments:\n"
                   "  outer: segment.inner || profile.recency > 1\n"
                   "  inner: profile.tier == \"gold\"\n"
                   "groups:\n"
                   "  g: {eligible: 'segment.outer && has(profile.first_name)', suitable: consent.marketing}\n");
    const bundle *b = c.bundle;
    uint64_t personal = UINT64_C(1) << schema_find_purpose(b->schema, TACT_STR("personalization"));
    uint64_t marketing = UINT64_C(1) << schema_find_purpose(b->schema, TACT_STR("marketing"));
    assert_int_equal(b->segments[place_of(b, "inner")].rule.purposes, marketing);
    assert_int_equal(b->segments[place_of(b, "outer")].rule.purposes, marketing);
    assert_int_equal(b->groups[0].rules[BUNDLE_ELIGIBLE].purposes, marketing | personal);
    assert_int_equal(b->groups[0].rules[BUNDLE_SUITABLE].purposes, 0); // asking for consent needs none
    case_close(&c);
}

static void test_circles(void **state) {
    (void)state;
    assert_said(
        "segments:\n"
        "  a: segment.b\n"
        "  b: segment.c && profile.recency > 1\n"
        "  c: '!segment.a'\n"
        "  d: segment.d\n"
        "  e: segment.a\n",
        "cycle segments.a: segments read each other in a circle: `a` reads `b`, which reads `c`, which reads `a` "
        "(one of them must do without)\n"
        "cycle segments.d: the segment reads itself: `d` reads `d` (one of them must do without)\n");
}

// Of a long one the beginning is told; there may be as many as there are segments.
static void test_a_long_circle(void **state) {
    (void)state;
    assert_said("segments:\n"
                "  a: segment.b\n"
                "  b: segment.c\n"
                "  c: segment.d\n"
                "  d: segment.e\n"
                "  e: segment.f\n"
                "  f: segment.g\n"
                "  g: segment.h\n"
                "  h: segment.i\n"
                "  i: segment.a && segment.h\n",
                "cycle segments.a: segments read each other in a circle: `a` reads `b`, which reads `c`, which reads "
                "`d`, which reads `e`, which reads `f`, which reads `g`, which reads `h`, which reads `i`, and so on "
                "to `a` again (one of them must do without)\n"
                "cycle segments.h: segments read each other in a circle: `h` reads `i`, which reads `h` (one of them "
                "must do without)\n");
}

static void test_a_circle_beside_another_fault(void **state) {
    (void)state;
    assert_said(
        "segments:\n"
        "  a: segment.b && profile.nothing\n"
        "  b: segment.a\n",
        "cycle segments.a: segments read each other in a circle: `a` reads `b`, which reads `a` (one of them must do "
        "without)\n"
        "undeclared_field segments.a: `profile` has no field `nothing`\n");
}

static void test_a_long_chain(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    buf text = buf_in(&memory);
    buf_add_text(&text, "segments:\n  s0: profile.recency > 1\n");
    for (int i = 1; i < 3000; i++) buf_printf(&text, "  s%d: segment.s%d\n", i, i - 1);
    build_case c;
    open_built(&c, buf_done(&text).ptr);
    for (uint32_t i = 0; i < 3000; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "s%u", i);
        assert_int_equal(place_of(c.bundle, name), i);
    }
    case_close(&c);
    arena_fini(&memory);
}

static void test_what_they_may_not_read(void **state) {
    (void)state;
    assert_said("segments:\n"
                "  a: offer.value > 1.0\n"
                "  b: propensity > 0.5 && profile.recency > 1\n"
                "  c: segment.nobody\n"
                "  d: profile.recency\n"
                "  in: profile.recency > 1\n",
                "scope segments.a: `offer` can be read by rules of offers and groups, not by segments\n"
                "scope segments.b: `propensity` can be read by rankings, not by segments\n"
                "undeclared_field segments.c: `segment` has no field `nobody` (it has `a`, `b`, `c`, `d`)\n"
                "wrong_result segments.d: the expression must be of type bool, but is int\n"
                "bad_name segments.in: `in` is a word of the language, so that no rule could read `segment.in`\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_after_those_it_reads),
        cmocka_unit_test(test_purposes_go_along),
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_a_long_circle),
        cmocka_unit_test(test_a_circle_beside_another_fault),
        cmocka_unit_test(test_a_long_chain),
        cmocka_unit_test(test_what_they_may_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
