// SPDX-License-Identifier: Apache-2.0
//
// A bundle's files: their places in one text, what a folder may hold, patterns, and files that change meanwhile.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/sources.h"

static arena memory;
static sources files;
static tact_error error;
static char folder[64];
static int fd;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    sources_init(&files, &memory);
    (void)snprintf(folder, sizeof folder, "/tmp/tact-sources-XXXXXX");
    if (!mkdtemp(folder)) return 1;
    fd = open(folder, O_RDONLY | O_DIRECTORY);
    return fd < 0;
}

static int tear_down(void **state) {
    (void)state;
    char command[100];
    (void)close(fd);
    arena_fini(&memory);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void make_folder(const char *name) {
    assert_int_equal(mkdirat(fd, name, 0700), 0);
}

static void make_file(const char *name, const char *text) {
    int file = openat(fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), strlen(text));
    assert_int_equal(close(file), 0);
}

static tact_err add(const char *name, const char *text) {
    return sources_add(&files, tact_str_from(name), tact_str_from(text), &error);
}

static tact_err read_file(const char *name) {
    return sources_read(&files, fd, tact_str_from(name), &error);
}

static void test_places(void **state) {
    (void)state;
    assert_int_equal(add("a", "12"), TACT_OK);
    assert_int_equal(add("empty", ""), TACT_OK);
    assert_int_equal(add("b", "345"), TACT_OK);
    static const uint32_t file_of[] = {0, 0, 0, 1, 2, 2, 2, 2}; // the end of a file is its own
    for (uint32_t i = 0; i < sizeof file_of / sizeof *file_of; i++) {
        assert_int_equal(sources_file_at(&files, i), file_of[i]);
    }
    assert_int_equal(sources_file_at(&files, UINT32_MAX), 2);
    assert_true(tact_str_equal(sources_text_of(&files, 2), TACT_STR("345")));
    assert_int_equal(sources_text_of(&files, 1).len, 0);
    assert_int_equal(sources_find(&files, TACT_STR("empty")), 1);
    assert_int_equal(sources_find(&files, TACT_STR("c")), -1);
    assert_int_equal(add("b", "6"), TACT_EXISTS);
    assert_int_equal(files.count, 3);
    assert_int_equal(sources_mark(TACT_STR("\xef\xbb\xbf"
                                           "a")),
                     3);
    assert_int_equal(sources_mark(TACT_STR("\xef\xbb")), 0);
}

static void test_many_files(void **state) {
    (void)state;
    char name[32];
    for (int i = 0; i <= SOURCES_FILES_MAX; i++) {
        (void)snprintf(name, sizeof name, "file-%d", i);
        assert_int_equal(add(name, "x"), i < SOURCES_FILES_MAX ? TACT_OK : TACT_LIMIT);
    }
    assert_string_equal(error.text, "a bundle has at most 10000 files");
    assert_int_equal(sources_file_at(&files, 2 * 1234), 1234);
}

static void test_reading(void **state) {
    (void)state;
    make_folder("offers");
    make_folder("offers/more");
    make_file("bundle.yaml", "bundle: x\n");
    make_file("offers/more/a b.yaml", "");
    assert_int_equal(read_file("bundle.yaml"), TACT_OK);
    assert_int_equal(read_file("offers/more/a b.yaml"), TACT_OK);
    assert_true(tact_str_equal(sources_text_of(&files, 0), TACT_STR("bundle: x\n")));
    assert_int_equal(read_file("bundle.yaml"), TACT_EXISTS);
    assert_int_equal(sources_check(&files, fd, &error), TACT_OK);
}

static void test_what_is_refused(void **state) {
    (void)state;
    make_folder("in");
    make_file("in/a.yaml", "x");
    assert_int_equal(symlinkat("in", fd, "link"), 0);
    assert_int_equal(symlinkat("in/a.yaml", fd, "link.yaml"), 0);
    assert_int_equal(symlinkat("/etc/passwd", fd, "in/passwd"), 0);
    assert_int_equal(mkfifoat(fd, "pipe", 0600), 0);
    static const struct {
        const char *name;
        tact_err err;
        const char *says;
    } rows[] = {
        {"", TACT_INVALID, "a file needs a name"},
        {"/etc/passwd", TACT_INVALID, "`/etc/passwd` is outside of the bundle's folder; paths are relative to it"},
        {"../a.yaml", TACT_INVALID, "`../a.yaml` leads out of the bundle's folder"},
        {"in/../in/a.yaml", TACT_INVALID, "`in/../in/a.yaml` leads out of the bundle's folder"},
        {"in/..", TACT_INVALID, "`in/..` leads out of the bundle's folder"},
        {"./in/a.yaml", TACT_INVALID, "`./in/a.yaml` is not written as a plain path such as offers/apparel.yaml"},
        {"in//a.yaml", TACT_INVALID, "`in//a.yaml` is not written as a plain path such as offers/apparel.yaml"},
        {"in/", TACT_INVALID, "`in/` is not written as a plain path such as offers/apparel.yaml"},
        {"a\xff", TACT_INVALID, "the path `a\ufffd` is not UTF-8, or has characters that cannot be shown"},
        {"a\x1b[m", TACT_INVALID, "the path `a\ufffd[m` is not UTF-8, or has characters that cannot be shown"},
        {"none.yaml", TACT_NOT_FOUND, "there is no file `none.yaml`"},
        {"none/a.yaml", TACT_NOT_FOUND, "there is no file `none/a.yaml`"},
        {"in/a.yaml/b", TACT_NOT_FOUND, "there is no file `in/a.yaml/b`"},
        {"link.yaml", TACT_INVALID, "`link.yaml` is a link, or leads through one; links are not followed"},
        {"link/a.yaml", TACT_INVALID, "`link/a.yaml` is a link, or leads through one; links are not followed"},
        {"in/passwd", TACT_INVALID, "`in/passwd` is a link, or leads through one; links are not followed"},
        {"in", TACT_INVALID, "`in` is a folder; its files are named by a pattern such as offers/*.yaml"},
        {"pipe", TACT_INVALID, "`pipe` is no plain file"}, // and nobody waits for what writes into it
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(read_file(rows[i].name), rows[i].err);
        assert_string_equal(error.text, rows[i].says);
    }
    char longer[SOURCES_NAME_MAX + 2];
    memset(longer, 'a', sizeof longer);
    longer[SOURCES_NAME_MAX + 1] = '\0';
    assert_int_equal(read_file(longer), TACT_LIMIT);
    assert_int_equal(files.count, 0);
    assert_int_equal(files.text.len, 0);
}

static void test_a_file_of_a_gigabyte(void **state) {
    (void)state;
    make_file("large.yaml", "");
    int large = openat(fd, "large.yaml", O_WRONLY);
    assert_int_equal(ftruncate(large, 1 << 30), 0);
    (void)close(large);
    assert_int_equal(read_file("large.yaml"), TACT_LIMIT);
    assert_string_equal(error.text, "`large.yaml` has 1073741824 bytes; a file of a bundle has at most 67108864");
    assert_int_equal(tact_arena_used(&memory), 0); // found before anything was read
}

static void test_a_bundle_too_large(void **state) {
    (void)state;
    char name[16], path[100];
    for (int i = 0; i < 5; i++) { // of 60 MB each
        (void)snprintf(name, sizeof name, "%d", i);
        make_file(name, "");
        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        assert_int_equal(truncate(path, 60 << 20), 0);
        assert_int_equal(read_file(name), i < 4 ? TACT_OK : TACT_LIMIT);
    }
    assert_string_equal(error.text, "with `4` the bundle has more than 268435456 bytes");
}

// Files of the kernel's that say they are empty, or larger than they are.
static void test_a_file_that_changes_while_it_is_read(void **state) {
    (void)state;
    int proc = open("/proc/self", O_RDONLY | O_DIRECTORY), sys = open("/sys/kernel/mm", O_RDONLY | O_DIRECTORY);
    if (proc >= 0) assert_int_equal(sources_read(&files, proc, TACT_STR("status"), &error), TACT_BUSY);
    if (proc >= 0) assert_string_equal(error.text, "`status` changed while it was read; try again when it is at rest");
    tact_str name = TACT_STR("transparent_hugepage/enabled");
    tact_err err = sys < 0 ? TACT_NOT_FOUND : sources_read(&files, sys, name, &error);
    assert_true(err == TACT_BUSY || err == TACT_NOT_FOUND); // not every kernel has it
    assert_int_equal(files.text.len, 0);
    if (proc >= 0) (void)close(proc);
    if (sys >= 0) (void)close(sys);
}

static void test_a_file_that_changed_since(void **state) {
    (void)state;
    static const char *const ways[] = {"longer", "replaced", "gone", "a link"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        make_file("a.yaml", "text");
        make_file("b.yaml", "text");
        sources_init(&files, &memory);
        assert_int_equal(read_file("a.yaml"), TACT_OK);
        assert_int_equal(add("c", "from elsewhere"), TACT_OK);
        assert_int_equal(sources_check(&files, fd, &error), TACT_OK);
        if (i == 0) make_file("a.yaml", "longer");
        if (i == 1) assert_int_equal(renameat(fd, "b.yaml", fd, "a.yaml"), 0);
        if (i >= 2) assert_int_equal(unlinkat(fd, "a.yaml", 0), 0);
        if (i == 3) assert_int_equal(symlinkat("b.yaml", fd, "a.yaml"), 0);
        assert_int_equal(sources_check(&files, fd, &error), TACT_BUSY);
        assert_string_equal(error.text, "`a.yaml` changed while it was read; try again when it is at rest");
    }
}

// What a pattern matches is looked at again, so that no file is missing that was away for a moment.
static void test_a_file_that_came_or_went(void **state) {
    (void)state;
    static const struct {
        const char *before, *made, *gone, *said;
    } rows[] = {
        {"o/b.yaml", "o/a.yaml", NULL, "o/a.yaml"}, {"o/b.yaml", "o/c.yaml", NULL, "o/c.yaml"},
        {"o/b.yaml", NULL, "o/b.yaml", "o/b.yaml"}, {"o/b.yaml", "o/a.yaml", "o/b.yaml", "o/a.yaml"},
        {NULL, "o/a.yaml", NULL, "o/a.yaml"},       {"o/b.yaml", "o/other", NULL, NULL},
    };
    make_folder("o");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const tact_str *names;
        uint32_t count;
        sources_init(&files, &memory);
        if (rows[i].before) make_file(rows[i].before, "text");
        assert_int_equal(sources_glob(&files, fd, TACT_STR("o/*.yaml"), &names, &count, &error), TACT_OK);
        assert_int_equal(count, rows[i].before != NULL);
        assert_int_equal(sources_check(&files, fd, &error), TACT_OK);
        if (rows[i].made) make_file(rows[i].made, "text");
        if (rows[i].gone) assert_int_equal(unlinkat(fd, rows[i].gone, 0), 0);
        assert_int_equal(sources_check(&files, fd, &error), rows[i].said ? TACT_BUSY : TACT_OK);
        if (rows[i].said) {
            char said[100];
            (void)snprintf(said, sizeof said, "`%s` changed while it was read; try again when it is at rest",
                           rows[i].said);
            assert_string_equal(error.text, said);
        }
        if (rows[i].made) (void)unlinkat(fd, rows[i].made, 0);
        if (rows[i].before) (void)unlinkat(fd, rows[i].before, 0);
    }
}

// ---- Patterns -------------------------------------------------------------------------------------------------------

// The names that a pattern matches, with spaces between.
static const char *matches(const char *pattern) {
    const tact_str *names;
    uint32_t count;
    if (sources_glob(&files, fd, tact_str_from(pattern), &names, &count, &error)) return error.text;
    buf out = buf_in(&memory);
    for (uint32_t i = 0; i < count; i++) buf_printf(&out, i ? " %.*s" : "%.*s", (int)names[i].len, names[i].ptr);
    return buf_done(&out).ptr;
}

static void test_patterns(void **state) {
    (void)state;
    static const char *const folders[] = {"offers", "offers/b", "offers/b/c", "tests", ".git", "d.yaml"};
    static const char *const names[] = {"bundle.yaml",       "offers/a.yaml",       "offers/aa.yaml",
                                        "offers/z.yml",      "offers/.hidden.yaml", "offers/b/x.yaml",
                                        "offers/b/c/y.yaml", "tests/t\u00e4.yaml",  ".git/g.yaml"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) make_folder(folders[i]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) make_file(names[i], "");
    static const struct {
        const char *pattern, *matches;
    } rows[] = {
        {"*.yaml", "bundle.yaml"}, // no folder, though of such a name
        {"offers/*.yaml", "offers/a.yaml offers/aa.yaml"},
        {"offers/?.yaml", "offers/a.yaml"},
        {"offers/*a*.yaml", "offers/a.yaml offers/aa.yaml"},
        {"offers/*.y*ml", "offers/a.yaml offers/aa.yaml offers/z.yml"},
        {"offers/.*", "offers/.hidden.yaml"},
        {"tests/t?.yaml", "tests/t\u00e4.yaml"},
        {"*/*.yaml", "offers/a.yaml offers/aa.yaml tests/t\u00e4.yaml"},
        {"*/b/*", "offers/b/x.yaml"},
        {"*/b/x.yaml", "offers/b/x.yaml"},
        {"offers/**", "offers/a.yaml offers/aa.yaml offers/b/c/y.yaml offers/b/x.yaml offers/z.yml"},
        {"**/x.yaml", "offers/b/x.yaml"},
        {"**/c/**/*.yaml", "offers/b/c/y.yaml"},
        {"**/**/y.yaml", "offers/b/c/y.yaml"},
        {"**/*.yaml", "bundle.yaml offers/a.yaml offers/aa.yaml offers/b/c/y.yaml offers/b/x.yaml tests/t\u00e4.yaml"},
        {"offers/**/*.yaml", "offers/a.yaml offers/aa.yaml offers/b/c/y.yaml offers/b/x.yaml"},
        {"none/*.yaml", ""},
        {"*.yaml/x", ""},
        {"../*.yaml", "`../*.yaml` leads out of the bundle's folder"},
        {"/etc/*", "`/etc/*` is outside of the bundle's folder; paths are relative to it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(matches(rows[i].pattern), rows[i].matches);
}

// A link that stands where a folder or file is looked for is a fault, not something to be passed over.
static void test_patterns_and_links(void **state) {
    (void)state;
    make_folder("a");
    make_file("a/x.yaml", "");
    assert_int_equal(symlinkat("x.yaml", fd, "a/y.yaml"), 0);
    assert_string_equal(matches("a/*.yaml"), "a/x.yaml a/y.yaml");
    assert_int_equal(read_file("a/y.yaml"), TACT_INVALID);
    assert_string_equal(matches("**/*.yaml"), "a/x.yaml a/y.yaml"); // a link to a file is none to go into
    assert_int_equal(symlinkat("a", fd, "b"), 0);
    static const char says[] = "`b` is a link, or leads through one; links are not followed";
    assert_string_equal(matches("**/*.yaml"), says);
    assert_string_equal(matches("*/*.yaml"), says);
    assert_string_equal(matches("b/*.yaml"), says);
}

static void test_patterns_have_an_end(void **state) {
    (void)state;
    char name[100] = "a";
    for (int i = 0; i < 40; i++, strcat(name, "/a")) make_folder(name);
    assert_non_null(strstr(matches("**/x.yaml"), "is nested too deeply"));
    buf text = buf_in(&memory);
    for (int i = 0; i < 100; i++) buf_add_text(&text, "*a");
    make_file("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
              "");
    assert_string_equal(matches(buf_done(&text).ptr), ""); // at once, though there are many ways to try
}

// ---- Canonical form -------------------------------------------------------------------------------------------------

static tact_str written(const sources *s) {
    buf out = buf_in(&memory);
    sources_write(&out, s);
    return buf_done(&out);
}

static void test_written_and_read_back(void **state) {
    (void)state;
    assert_int_equal(add("bundle.yaml", "bundle: x\n"), TACT_OK);
    assert_int_equal(add("offers/\u00e4.yaml", ""), TACT_OK);
    tact_str bytes = written(&files);
    assert_int_equal(bytes.len, 4 + 8 + 11 + 10 + 8 + 14);
    sources back;
    sources_init(&back, &memory);
    assert_int_equal(sources_unpack(&back, bytes, &error), TACT_OK);
    assert_int_equal(back.count, 2);
    assert_true(tact_str_equal(back.files[1].name, TACT_STR("offers/\u00e4.yaml")));
    assert_true(tact_str_equal(written(&back), bytes));
    for (size_t len = 0; len < bytes.len; len++) { // whatever is cut off
        sources_init(&back, &memory);
        tact_err err = sources_unpack(&back, (tact_str){bytes.ptr, len}, &error);
        bool whole = len == 4 || len == 4 + 8 + 11 + 10; // ends behind a file
        assert_int_equal(err, whole ? TACT_OK : TACT_INVALID);
    }
    static const char outside[] = "TS1\n\x04\0\0\0../a\x01\0\0\0x",
                      twice[] = "TS1\n\x01\0\0\0a\0\0\0\0\x01\0\0\0a\0\0\0\0";
    sources_init(&back, &memory);
    assert_int_equal(sources_unpack(&back, (tact_str){outside, sizeof outside - 1}, &error), TACT_INVALID);
    assert_int_equal(sources_unpack(&back, (tact_str){twice, sizeof twice - 1}, &error), TACT_INVALID);
}

static void test_memory_runs_out(void **state) {
    (void)state;
    make_folder("a");
    make_file("a/x.yaml", "some text");
    tact_err err = TACT_NO_MEMORY;
    for (size_t bytes_max = 16; err == TACT_NO_MEMORY; bytes_max += 16) {
        arena small;
        const tact_str *names;
        uint32_t count;
        arena_init(&small, bytes_max);
        sources_init(&files, &small);
        err = sources_glob(&files, fd, TACT_STR("*/*"), &names, &count, &error);
        if (!err) err = sources_read(&files, fd, names[0], &error);
        if (!err) err = sources_add(&files, TACT_STR("b"), TACT_STR("more"), &error);
        assert_true(err == TACT_OK || err == TACT_NO_MEMORY);
        if (err) assert_string_equal(error.text, "memory ran out");
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reading, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_of_a_gigabyte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_bundle_too_large, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_changes_while_it_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_changed_since, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_file_that_came_or_went, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_patterns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_patterns_and_links, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_patterns_have_an_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_written_and_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
