// SPDX-License-Identifier: Apache-2.0
//
// Building as a whole: everything at once, nothing borrowed, large bundles.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"
#include "bundle/draft.h"
#include "gen_bundle.h"

static void test_everything_at_once(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add(&c, "bundle.yaml",
             "bundle: t\ntime_zone: Nowhere/At_all\n"
             "attributes: {recency: {type: int, purpose: nobody}}\n"
             "segments: {a: profile.recencey > 1, b: segment.c, c: segment.b}\n"
             "placements: {home: {channel: web, fallback: o}}\n"
             "content: {home: {title: string, image: image}}\n"
             "holdout: {percent: 5, of: no_one}\n");
    case_add(&c, "offers.yaml",
             "offers:\n"
             "  o:\n    titel: O\n    group: none\n    eligible: profile.recency > 1 &&\n    starts: 2026-02-01\n"
             "    ends: 2026-01-01\n    caps: [{on: nothing, max: 1}]\n    content: {home: {title: T}}\n"
             "experiments: {e: {arms: {a: 60, b: 60}}}\n"
             "tests: [{name: t, now: 2026-01-01, decide: {hom: {}}, expect: {home: [p]}}]\n");
    case_build(&c, NULL);
    assert_null(c.bundle);
    const char *const codes[] = {"bundle.time_zone",    "attributes.recency.purpose",
                                 "segments.a",          "segments.b",
                                 "holdout.of",          "offers.o",
                                 "offers.o.group",      "offers.o.eligible",
                                 "offers.o.starts",     "offers.o.ends",
                                 "offers.o.caps[0].on", "offers.o.content.home",
                                 "experiments.e.arms",  "tests[0].decide.hom",
                                 "tests[0].expect.home"};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        bool found = false;
        for (uint32_t j = 0; j < c.report.count; j++) {
            found |= tact_str_equal(c.report.items[j].path, tact_str_from(codes[i]));
        }
        if (!found) fail_msg("nothing is said of %s:\n%s", codes[i], case_said(&c));
    }
    case_close(&c);
}

static void test_nothing_is_borrowed(void **state) {
    (void)state;
    build_case c;
    open_built(&c, "segments: {s: profile.recency > 1}\n"
                   "placements: {home: {channel: web}}\ncontent: {home: {title: string}}\n"
                   "offers:\n  o: {title: Winter, eligible: segment.s, attributes: {kind: coat, labels: [a]}, caps: "
                   "[{on: purchase, max: 1}],\n"
                   "      content: {home: {title: 'Dear {{ profile.first_name ?? \"you\" }}'}}}\n"
                   "experiments: {e: {arms: {a: 50}, salt: x}}\nholdout: {percent: 5, salt: y}\n"
                   "tests: [{name: t, now: 2026-01-01, person: {tags: [x, y]}, decide: {home: {device: mobile}}, "
                   "expect: {home: [o]}}]\n");
    arena_fini(&c.memory); // the sources, the trees, the report
    arena_init(&c.memory, 0);
    const bundle_offer *o = case_offer(&c, "o");
    assert_true(tact_str_equal(o->title, TACT_STR("Winter")));
    assert_true(tact_str_equal(o->rules[BUNDLE_ELIGIBLE].text, TACT_STR("segment.s")));
    assert_string_equal(case_value(&c, o->rules[BUNDLE_ELIGIBLE].program, "segment.s", "true", NULL), "true");
    assert_string_equal(tact_value_print(o->attributes[BUNDLE_OFFER_BUILT_IN], &c.memory).ptr, "\"coat\"");
    const bundle_text *text = &c.bundle->contents[0].texts[0];
    assert_true(tact_str_equal(text->pieces[0].text, TACT_STR("Dear ")));
    assert_true(tact_str_equal(text->pieces[1].otherwise->text, TACT_STR("\"you\"")));
    assert_int_equal(c.bundle->sources.count, 2);
    assert_true(tact_str_equal(c.bundle->sources.files[1].name, TACT_STR("more.yaml")));
    assert_memory_equal(c.bundle->sources.text.ptr + o->rules[BUNDLE_ELIGIBLE].at.pos, "segment.s", 9);
    assert_true(tact_str_equal(c.bundle->name, TACT_STR("shop")));
    assert_true(tact_str_equal(c.bundle->experiments[0].salt, TACT_STR("x")));
    case_close(&c);
}

static void test_no_bundle_at_all(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add(&c, "bundle.yaml", "");
    case_build(&c, NULL);
    assert_null(c.bundle);
    case_close(&c);
    case_open(&c);
    case_add(&c, "bundle.yaml", "- a\n- b\n");
    case_build(&c, NULL);
    assert_null(c.bundle);
    case_close(&c);
}

// With ever more memory, until it is enough: no bound below it leads anywhere but to TACT_NO_MEMORY.
static void test_memory_runs_out(void **state) {
    (void)state;
    bool enough = false;
    for (size_t bound = 1000; !enough; bound += bound / 16) {
        build_case c;
        draft d;
        case_open(&c);
        buf text = buf_in(&c.memory);
        gen_bundle(&text, 20, 3);
        case_add(&c, "bundle.yaml", buf_done(&text).ptr);
        assert_true(draft_read(&d, &c.report));
        c.memory.bytes_max = bound;
        tact_err err = bundle_compile(&d, NULL, &c.bundle);
        enough = err == TACT_OK;
        assert_true(enough == (c.bundle != NULL));
        assert_true(enough || err == TACT_NO_MEMORY);
        assert_true(bound < (size_t)100 << 20);
        case_close(&c);
    }
}

// A thousand offers: all there, and the machine decides as their texts say.
static void test_a_large_one(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    buf text = buf_in(&c.memory);
    gen_bundle(&text, 1000, 4);
    case_add(&c, "bundle.yaml", buf_done(&text).ptr);
    case_build(&c, NULL);
    if (!c.bundle) fail_msg("%s", case_said(&c));
    assert_int_equal(c.bundle->offers_count, 1000);
    assert_int_equal(c.bundle->contents_count, 1000 + 249);
    for (uint32_t i = 1; i < 1000; i++) {
        buf rule = buf_in(&c.memory);
        const char *name = arena_printf(&c.memory, "offer_%u", i);
        gen_rule(&rule, i, 4);
        const bundle_rule *kept = &case_offer(&c, name)->rules[BUNDLE_ELIGIBLE];
        assert_true(tact_str_equal(kept->text, buf_done(&rule)));
        assert_int_equal(kept->form->kind, NORMAL_AND);
    }
    size_t hot;
    assert_true(bundle_bytes(c.bundle, &hot) / 1000 < 8000 && hot / 1000 < 2000);
    case_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_at_once), cmocka_unit_test(test_nothing_is_borrowed),
        cmocka_unit_test(test_no_bundle_at_all),   cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_a_large_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
