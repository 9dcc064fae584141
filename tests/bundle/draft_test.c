// SPDX-License-Identifier: Apache-2.0
//
// Drafts: what of a bundle is where, and what is said of one whose shape is wrong. Most tests are text: the cases of
// tests/bundle/draft/*.txt, see golden.h. In them a line `--- NAME` begins a file; what comes before the first is
// bundle.yaml.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/draft.h"
#include "golden.h"

#define CASES "tests/bundle/draft"

static arena memory;
static sources files;
static report faults;
static draft d;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    sources_init(&files, &memory);
    report_init(&faults, &memory, &files, TACT_STR("shop"));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static void add_file(tact_str name, tact_str text) {
    tact_error error;
    if (sources_add(&files, name, text, &error)) fail_msg("%s", error.text);
}

// The files that a case's text holds.
static void add_files(tact_str text) {
    tact_str name = TACT_STR(SOURCES_ROOT);
    const char *start = text.ptr, *end = text.ptr + text.len;
    for (const char *at = start; at <= end;) {
        const char *line_end = at < end ? memchr(at, '\n', (size_t)(end - at)) : end;
        if (!line_end) line_end = end;
        if (at == end || strncmp(at, "--- ", 4) == 0) {
            if (at > text.ptr) add_file(name, (tact_str){start, (size_t)(at - start)});
            if (at == end) return;
            name = (tact_str){at + 4, (size_t)(line_end - at) - 4};
            start = line_end + 1;
        }
        at = line_end + 1;
    }
}

static bool read_text(const char *text) {
    add_files(tact_str_from(text));
    return draft_read(&d, &faults);
}

static const char *text_at(const draft_member *m, draft_key_number key) {
    const yaml_node *node = draft_key(m, key);
    return node ? arena_copy(&memory, node->text.ptr, node->text.len) : NULL;
}

static const draft_member *member(draft_section section, const char *name) {
    const draft_member *m = draft_find(&d, section, tact_str_from(name));
    if (!m) fail_msg("no %s", name);
    return m;
}

static void test_sections_are_joined(void **state) {
    (void)state;
    bool well = read_text("bundle: shop\ntitle: The shop\ninclude: [a.yaml, b.yaml]\n"
                          "segments: {lapsed: profile.recency >= 9}\n"
                          "--- a.yaml\n"
                          "offers:\n  x: {title: X, value: 3, caps: [{on: click, max: 1}]}\n"
                          "holdout: {percent: 5}\n"
                          "tests: [{name: one, now: 2026-12-01, decide: {}}]\n"
                          "--- b.yaml\n"
                          "segments: {new: true}\n"
                          "offers:\n  y: {eligible: profile.a && true}\n  z:\n"
                          "tests: [{name: two, now: 2026-12-01T10:00:00Z, decide: {p: {}}}]\n"
                          "content: {p: {title: string}}\n");
    if (!well) fail_msg("%s", report_text(&faults).ptr);
    assert_int_equal(faults.errors, 0);
    const draft_member *shop = &d.sections[DRAFT_BUNDLE].of[0];
    assert_int_equal(d.sections[DRAFT_BUNDLE].count, 1);
    assert_string_equal(text_at(shop, DRAFT_BUNDLE_NAME), "shop");
    assert_string_equal(text_at(shop, DRAFT_BUNDLE_TITLE), "The shop");
    assert_null(text_at(shop, DRAFT_BUNDLE_TIME_ZONE));
    assert_int_equal(d.sections[DRAFT_SEGMENTS].count, 2);
    assert_string_equal(text_at(member(DRAFT_SEGMENTS, "new"), DRAFT_SEGMENTS_VALUE), "true");
    assert_int_equal(d.sections[DRAFT_OFFERS].count, 3);
    assert_string_equal(text_at(&d.sections[DRAFT_OFFERS].of[0], DRAFT_OFFERS_TITLE), "X");
    assert_string_equal(text_at(member(DRAFT_OFFERS, "y"), DRAFT_OFFERS_ELIGIBLE), "profile.a && true");
    assert_null(draft_key(member(DRAFT_OFFERS, "y"), DRAFT_OFFERS_CAPS));
    assert_null(draft_key(member(DRAFT_OFFERS, "z"), DRAFT_OFFERS_TITLE)); // nothing at all is an empty map
    assert_string_equal(text_at(&d.sections[DRAFT_HOLDOUT].of[0], DRAFT_HOLDOUT_PERCENT), "5");
    assert_int_equal(d.sections[DRAFT_TESTS].count, 2);
    assert_string_equal(text_at(&d.sections[DRAFT_TESTS].of[1], DRAFT_TESTS_NAME), "two");
    assert_int_equal(draft_key(member(DRAFT_CONTENT, "p"), DRAFT_CONTENT_VALUE)->count, 1);
    assert_null(draft_find(&d, DRAFT_OFFERS, TACT_STR("w")));
    assert_int_equal(faults.path_len, 0);
}

static void test_parts(void **state) {
    (void)state;
    assert_true(read_text("bundle: b\n"
                          "offers:\n"
                          "  x:\n"
                          "    caps:\n"
                          "      - {on: click, max: 1, every: 7d}\n"
                          "      - {on: click, mix: 2}\n"
                          "      - 3\n"
                          "      -\n"
                          "      - {on: [click], max: 1, per: dya}\n"));
    const yaml_node *caps = draft_key(member(DRAFT_OFFERS, "x"), DRAFT_OFFERS_CAPS), *node = caps->first;
    assert_int_equal(faults.errors, 0); // whoever wants them looks at them
    static const bool is_map[] = {true, true, false, true, true};
    for (size_t i = 0; i < sizeof is_map / sizeof *is_map; i++, node = node->next) {
        draft_member cap;
        report_path(&faults, "offers.x.caps[%zu]", i);
        assert_int_equal(draft_part(&d, DRAFT_CAP, node, &cap), is_map[i]);
        assert_int_equal(cap.spoilt, i > 0);
        if (i == 0) assert_string_equal(text_at(&cap, DRAFT_CAP_EVERY), "7d");
        if (i == 4) assert_null(text_at(&cap, DRAFT_CAP_ON));
        if (i == 4) assert_string_equal(text_at(&cap, DRAFT_CAP_MAX), "1");
    }
    assert_string_equal(report_text(&faults).ptr,
                        "bundle.yaml:6:21: error: unknown key `mix`\n"
                        " 6 |       - {on: click, mix: 2}\n"
                        "   |                     ^~~\n"
                        "   in offers.x.caps[1]\n"
                        "   hint: did you mean `max`?\n"
                        "bundle.yaml:7:9: error: expected a map such as {on: impression, max: 3, every: 7d}, not `3`\n"
                        " 7 |       - 3\n"
                        "   |         ^\n"
                        "   in offers.x.caps[2]\n"
                        "bundle.yaml:8:7: error: it needs `on` and `max`, as in {on: impression, max: 3, every: 7d}\n"
                        " 8 |       -\n"
                        "   |       ^\n"
                        "   in offers.x.caps[3]\n"
                        "bundle.yaml:9:14: error: expected decision, impression, click or an event's name, not a list\n"
                        " 9 |       - {on: [click], max: 1, per: dya}\n"
                        "   |              ^\n"
                        "   in offers.x.caps[4].on\n"
                        "bundle.yaml:9:36: error: expected hour, day, week, month or year, not `dya`\n"
                        " 9 |       - {on: [click], max: 1, per: dya}\n"
                        "   |                                    ^~~\n"
                        "   in offers.x.caps[4].per\n"
                        "   hint: did you mean `day`?\n");
}

static void test_names_of_the_tables(void **state) {
    (void)state;
    assert_string_equal(draft_section_key(DRAFT_OFFERS), "offers");
    assert_string_equal(draft_section_key(DRAFT_CAP), "cap");
    assert_string_equal(draft_noun(DRAFT_OFFERS), "an offer");
    assert_string_equal(draft_key_text(DRAFT_OFFERS_ELIGIBLE), "eligible");
    assert_string_equal(draft_key_text(DRAFT_TESTS_BECAUSE), "because");
    assert_string_equal(draft_key_text(DRAFT_CAP_SCOPE), "scope");
}

static void test_only_a_schema(void **state) {
    (void)state;
    add_files(TACT_STR("attributes: {a: {type: int}}\noffers: 3\ninclude: {}\n"));
    assert_true(draft_read_schema(&d, &faults));
    assert_int_equal(faults.errors, 0);
    assert_int_equal(d.sections[DRAFT_ATTRIBUTES].count, 1);
    assert_int_equal(d.sections[DRAFT_BUNDLE].count, 0);
}

// ---- Folders --------------------------------------------------------------------------------------------------------

static char folder[64];

static int set_up_folder(void **state) {
    (void)snprintf(folder, sizeof folder, "/tmp/tact-draft-XXXXXX");
    return !mkdtemp(folder) || set_up(state);
}

static int tear_down_folder(void **state) {
    char command[100];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) || tear_down(state);
}

static void make_file(const char *name, const char *text) {
    char path[200];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    (void)mkdir(path, 0700);
    *slash = '/';
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static bool read_folder(void) {
    sources_init(&files, &memory);
    report_init(&faults, &memory, &files, TACT_STR("shop"));
    return draft_read_folder(&d, &faults, &files, folder);
}

static void test_a_folder(void **state) {
    (void)state;
    make_file("bundle.yaml", "bundle: shop\ninclude: [z.yaml, 'offers/*.yaml', offers/a.yaml, '*.yaml']\n");
    make_file("z.yaml", "offers: {z: }\n");
    make_file("offers/b.yaml", "offers: {b: }\n");
    make_file("offers/a.yaml", "offers: {a: }\n");
    make_file("offers/c.yml", "not read");
    if (!read_folder()) fail_msg("%s", report_text(&faults).ptr);
    static const char *const names[] = {"bundle.yaml", "z.yaml", "offers/a.yaml", "offers/b.yaml"}; // each once
    assert_int_equal(files.count, 4);
    for (uint32_t i = 0; i < 4; i++) assert_true(tact_str_equal(files.files[i].name, tact_str_from(names[i])));
    assert_int_equal(d.sections[DRAFT_OFFERS].count, 3);
    assert_true(tact_str_equal(d.sections[DRAFT_OFFERS].of[0].name, TACT_STR("z")));
    assert_string_equal(report_text(&faults).ptr, "");
}

static void test_folders_that_are_none(void **state) {
    (void)state;
    assert_false(read_folder());
    assert_string_equal(report_text(&faults).ptr, "shop: error: there is no bundle.yaml in this folder\n"
                                                  "   hint: a bundle is a folder with a bundle.yaml\n");
    assert_int_equal(faults.code, TACT_IO);
    make_file("bundle.yaml", "");
    assert_false(read_folder());
    assert_string_equal(report_text(&faults).ptr, "bundle.yaml:1:1: error: the file holds nothing\n"
                                                  " 1 | \n"
                                                  "   | ^\n");
    sources_init(&files, &memory);
    report_init(&faults, &memory, &files, TACT_STR("/none"));
    assert_false(draft_read_folder(&d, &faults, &files, "/none"));
    assert_string_equal(report_text(&faults).ptr,
                        "/none: error: the folder cannot be read: No such file or directory\n");
    sources_init(&files, &memory);
    report_init(&faults, &memory, &files, TACT_STR("/etc/passwd"));
    assert_false(draft_read_folder(&d, &faults, &files, "/etc/passwd"));
    assert_string_equal(report_text(&faults).ptr, "/etc/passwd: error: the folder cannot be read: Not a directory\n");
}

// What `include` does not say may be what others refer to, so that nothing is to be said of names.
static void test_includes_that_are_not_understood(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool whole;
    } rows[] = {
        {"include: [*.yaml]", false},
        {"include: a.yaml", false},
        {"include: [[a.yaml]]", false},
        {"includes: [a.yaml]", false},
        {"inclde: [a.yaml]", false},
        {"include:\n  - !a.yaml", false},
        {"include:\n  - ", false},
        {"include: [a.yaml]", true},
        {"include:", true},
        {"titel: x", true},
    };
    make_file("a.yaml", "offers: {a: }\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_file("bundle.yaml", arena_printf(&memory, "bundle: shop\n%s\n", rows[i].text));
        if (read_folder() != rows[i].whole) fail_msg("%s", rows[i].text);
        assert_int_equal(faults.errors, i >= 8 || !rows[i].whole);
    }
}

static void test_a_file_that_is_misspelt(void **state) {
    (void)state;
    static const struct {
        const char *name, *hint;
    } rows[] = {
        {"offres/winter.yaml", "did you mean `offers/winter.yaml`?"},
        {"offers/wintr.yaml", "did you mean `offers/winter.yaml`?"},
        {"place.yaml", "did you mean `places.yml`?"},
        {"places.yaml", "did you mean `places.yml`?"},
        {"segments.yaml", NULL},
    };
    make_file("offers/winter.yaml", "");
    make_file("offers/summer.yaml", "");
    make_file("places.yml", "");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        make_file("bundle.yaml", arena_printf(&memory, "bundle: shop\ninclude: [%s]\n", rows[i].name));
        assert_false(read_folder());
        assert_int_equal(faults.code, TACT_INVALID); // the bundle's fault, and not the disk's
        assert_int_equal(faults.count, 1);
        assert_string_equal(faults.items[0].code, "no_file");
        const char *hint = faults.items[0].hint;
        if (!rows[i].hint ? hint != NULL : !hint || strcmp(hint, rows[i].hint) != 0) fail_msg("%s", rows[i].name);
    }
}

// What can be read of the others is still looked at.
static void test_includes_that_cannot_be(void **state) {
    (void)state;
    make_file("bundle.yaml", "bundle: shop\n"
                             "include:\n"
                             "  - ../other/*.yaml\n"
                             "  - none.yaml\n"
                             "  - tests/*.yaml\n"
                             "  - large.yaml\n"
                             "  - link.yaml\n"
                             "  - a.yaml\n");
    make_file("a.yaml", "offers: {a: {titel: x}}\n");
    make_file("large.yaml", "");
    char path[100];
    (void)snprintf(path, sizeof path, "%s/large.yaml", folder);
    assert_int_equal(truncate(path, 1 << 30), 0);
    (void)snprintf(path, sizeof path, "%s/link.yaml", folder);
    assert_int_equal(symlink("a.yaml", path), 0);
    assert_false(read_folder());
    assert_string_equal(
        report_text(&faults).ptr,
        "bundle.yaml:3:5: error: `../other/*.yaml` leads out of the bundle's folder\n"
        " 3 |   - ../other/*.yaml\n"
        "   |     ^~~~~~~~~~~~~~~\n"
        "   in include\n"
        "bundle.yaml:4:5: error: there is no file `none.yaml`\n"
        " 4 |   - none.yaml\n"
        "   |     ^~~~~~~~~\n"
        "   in include\n"
        "bundle.yaml:5:5: warning: no file matches `tests/*.yaml`\n"
        " 5 |   - tests/*.yaml\n"
        "   |     ^~~~~~~~~~~~\n"
        "   in include\n"
        "bundle.yaml:6:5: error: `large.yaml` has 1073741824 bytes; a file of a bundle has at most 67108864\n"
        " 6 |   - large.yaml\n"
        "   |     ^~~~~~~~~~\n"
        "   in include\n"
        "bundle.yaml:7:5: error: `link.yaml` is a link, or leads through one; links are not followed\n"
        " 7 |   - link.yaml\n"
        "   |     ^~~~~~~~~\n"
        "   in include\n"
        "a.yaml:1:14: error: unknown key `titel`\n"
        " 1 | offers: {a: {titel: x}}\n"
        "   |              ^~~~~\n"
        "   in offers.a\n"
        "   hint: did you mean `title`?\n");
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

// Nothing may grow with the square: ten thousand offers, each with two faults, and each defined twice.
static void test_many_offers(void **state) {
    (void)state;
    enum { OFFERS = 10000 };
    for (int file = 0; file < 2; file++) {
        buf text = buf_in(&memory);
        buf_add_text(&text, file ? "offers:\n" : "bundle: b\noffers:\n");
        for (int i = 0; i < OFFERS; i++) buf_printf(&text, "  o%d: {titel: x, value: y}\n", i);
        add_file(file ? TACT_STR("b.yaml") : TACT_STR(SOURCES_ROOT), buf_done(&text));
    }
    clock_t start = clock();
    assert_true(draft_read(&d, &faults));
    assert_true(report_text(&faults).len > 0);
    assert_true(report_json(&faults).len > 0);
    assert_true((double)(clock() - start) / CLOCKS_PER_SEC < 10); // with sanitizers
    assert_int_equal(d.sections[DRAFT_OFFERS].count, OFFERS);
    assert_int_equal(faults.errors, 3 * OFFERS);
}

static void test_memory_runs_out(void **state) {
    (void)state;
    static const char text[] =
        "bundle: b\noffers: {a: {titel: 1, title: }, b: {caps: [1]}}\nsegments: {s: x, t: [1]}\n";
    add_files(tact_str_from(text));
    tact_err err = TACT_NO_MEMORY;
    for (size_t bytes_max = 16; err == TACT_NO_MEMORY; bytes_max += 64) {
        arena small;
        arena_init(&small, bytes_max);
        report_init(&faults, &small, &files, TACT_STR("shop"));
        bool well = draft_read(&d, &faults);
        err = faults.code;
        assert_true(well == (err == TACT_INVALID) && (well || err == TACT_NO_MEMORY));
        arena_fini(&small);
    }
}

// ---- Golden reports -------------------------------------------------------------------------------------------------

static void gives_report(void **state) {
    const golden *g = *state;
    add_files(g->text);
    (void)draft_read(&d, &faults);
    tact_str said = report_text(&faults);
    if (!tact_str_equal(said, g->report)) {
        print_error("expected:\n%.*s\ngot:\n%s\n", (int)g->report.len, g->report.ptr, said.ptr);
        fail();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sections_are_joined, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_of_the_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_only_a_schema, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_folder, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_folders_that_are_none, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_includes_that_cannot_be, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_includes_that_are_not_understood, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_a_file_that_is_misspelt, set_up_folder, tear_down_folder),
        cmocka_unit_test_setup_teardown(test_many_offers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    arena texts;
    golden *cases;
    arena_init(&texts, 0);
    size_t count = golden_read(&texts, CASES, &cases), own = sizeof tests / sizeof *tests;
    struct CMUnitTest *all = arena_array(&texts, count + own, sizeof *all);
    if (count == 0 || !all) {
        print_error("no cases in %s; tests run at the top of the source\n", CASES);
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct CMUnitTest){cases[i].name, gives_report, set_up, tear_down, &cases[i]};
    }
    memcpy(all + count, tests, sizeof tests);
    int failed = _cmocka_run_group_tests("draft", all, count + own, NULL, NULL);
    arena_fini(&texts);
    return failed;
}
