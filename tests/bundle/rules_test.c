// SPDX-License-Identifier: Apache-2.0
//
// The bundles that ship, in rules/: they are without a fault and without a warning, fit their own schema, and show all
// that a bundle can have.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundle/bundle.h"
#include "bundle/draft.h"
#include "bundle/schema_file.h"

static arena memory;
static sources files;
static draft d;

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

static bundle *build(const char *folder, const schema *running) {
    report r;
    bundle *b = NULL;
    sources_init(&files, &memory);
    report_init(&r, &memory, &files, tact_str_from(folder));
    tact_err err = draft_read_folder(&d, &r, &files, folder) ? bundle_compile(&d, running, &b) : r.code;
    if (err || r.errors || r.warnings) fail_msg("%s", report_text(&r).ptr);
    return b;
}

static void test_all_are_clean(void **state) {
    static const char *const folders[] = {"rules/shop", "rules/hillstrom"};
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        bundle *first = build(folders[i], NULL), *second = build(folders[i], first->schema);
        assert_int_equal(first->offers_count, second->offers_count);
        bundle_free(second);
        bundle_free(first);
    }
}

// What rules/README.md says of the shop.
static void test_the_shop(void **state) {
    (void)state;
    bundle *b = build("rules/shop", NULL);
    uint32_t web = 0, chat = 0, email = 0;
    assert_int_equal(b->offers_count, 24);
    assert_int_equal(b->placements_count, 4);
    assert_int_equal(b->experiments_count, 2);
    assert_int_equal(b->tests_count, 15);
    assert_int_equal(b->holdout_permyriad, 500);
    for (uint32_t i = 0; i < b->placements_count; i++) {
        tact_str channel = b->channels[b->placements[i].channel].name;
        web += tact_str_equal(channel, TACT_STR("web"));
        chat += tact_str_equal(channel, TACT_STR("chat"));
        email += tact_str_equal(channel, TACT_STR("email"));
    }
    assert_true(web > 0 && chat > 0 && email > 0 && web + chat + email == 4);
    bundle_free(b);
}

// Each section that there is, models aside, and each key of an offer, a group and a cap stands in it somewhere.
static void test_the_shop_shows_everything(void **state) {
    (void)state;
    bundle *b = build("rules/shop", NULL);
    for (int i = 0; i < DRAFT_SECTIONS; i++) {
        if (i != DRAFT_MODELS && !d.sections[i].count) fail_msg("no %s", draft_section_key((draft_section)i));
    }
    for (int key = DRAFT_OFFERS_TITLE; key <= DRAFT_OFFERS_CONTENT; key++) {
        const draft_members *offers = &d.sections[DRAFT_OFFERS];
        uint32_t i = 0;
        while (i < offers->count && !draft_key(&offers->of[i], (draft_key_number)key)) i++;
        if (i == offers->count) fail_msg("no offer has `%s`", draft_key_text((draft_key_number)key));
    }
    bool counted[BUNDLE_ON_EVENT + 1] = {false}, periods[BUNDLE_YEAR + 1] = {false}, everyone = false;
    for (uint32_t i = 0; i < b->caps_count; i++) {
        counted[b->caps[i].on] = periods[b->caps[i].period] = true;
        everyone |= b->caps[i].everyone;
    }
    for (int i = 0; i <= BUNDLE_ON_EVENT; i++) assert_true(counted[i]);
    for (int i = 0; i <= BUNDLE_YEAR; i++) assert_true(periods[i]);
    assert_true(everyone);
    bool functions[SCHEMA_FUNCTIONS] = {false};
    for (uint32_t i = 0; i < b->schema->aggregates_count; i++) functions[b->schema->aggregates[i].function] = true;
    for (int i = 0; i < SCHEMA_FUNCTIONS; i++) assert_true(functions[i]);
    bundle_free(b);
}

// `tact import --schema` reads it by itself.
static void test_hillstroms_schema_stands_alone(void **state) {
    (void)state;
    schema *s = NULL;
    tact_str said;
    bundle *b = build("rules/hillstrom", NULL);
    int32_t file = sources_find(&files, TACT_STR("schema.yaml"));
    assert_true(file >= 0);
    tact_str text = sources_text_of(&files, (uint32_t)file);
    assert_int_equal(schema_file_read(&memory, TACT_STR("schema.yaml"), text, &s, &said), TACT_OK);
    assert_int_equal(s->attributes_count, 12);
    assert_int_equal(s->attributes_count, b->schema->attributes_count);
    bundle_free(b);
}

// Whichever file cannot be read, nothing else is said: all that the others lack may be in it.
static void test_a_file_that_cannot_be_read_has_no_consequences(void **state) {
    static const char *const folders[] = {"rules/shop", "rules/hillstrom"};
    (void)state;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        bundle_free(build(folders[i], NULL));
        for (uint32_t broken = 1; broken < files.count; broken++) { // 0 is bundle.yaml
            sources some;
            report r;
            bundle *b = NULL;
            tact_error error;
            sources_init(&some, &memory);
            report_init(&r, &memory, &some, tact_str_from(folders[i]));
            for (uint32_t k = 0; k < files.count; k++) {
                tact_str text = k == broken ? TACT_STR("offers: [") : sources_text_of(&files, k);
                assert_int_equal(sources_add(&some, files.files[k].name, text, &error), 0);
            }
            assert_int_equal(bundle_build(&r, NULL, &b), TACT_SYNTAX);
            assert_null(b);
            if (r.errors != 1 || r.warnings) fail_msg("%s", report_text(&r).ptr);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_are_clean, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_shop, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_shop_shows_everything, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hillstroms_schema_stands_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_cannot_be_read_has_no_consequences, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
