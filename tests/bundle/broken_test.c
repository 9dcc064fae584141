// SPDX-License-Identifier: Apache-2.0
//
// Broken bundles, and the whole report that each must give. tests/bundle/broken/ holds them: NAME.yaml is the
// bundle.yaml of a folder with nothing else, NAME/ is a folder, NAME.report what is said. What a folder in version
// control cannot hold well (links, pipes, a gigabyte) is made here, from the table below. WRITE_GOLDEN=1 writes the
// reports anew, to be read before they are believed.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "bundle/bundle.h"
#include "bundle/draft.h"

#define HERE "tests/bundle/broken"

static arena memory;
static char folder[] = "/tmp/tact-broken-XXXXXX"; // where folders are made

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return rmdir(folder);
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static const char *in_folder(const char *name) {
    const char *path = arena_printf(&memory, "%s/%s", folder, name);
    assert_non_null(path);
    return path;
}

static tact_str read_file(const char *path) {
    char block[4096];
    buf text = buf_in(&memory);
    FILE *f = fopen(path, "rb");
    if (!f) return (tact_str){NULL, 0};
    for (size_t len; (len = fread(block, 1, sizeof block, f)) > 0;) buf_add(&text, block, len);
    (void)fclose(f);
    return buf_done(&text);
}

static void write_file(const char *path, tact_str text) {
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(text.ptr, 1, text.len, f) != text.len || fclose(f)) fail_msg("%s cannot be written", path);
}

static void write_text(const char *name, const char *text) {
    write_file(in_folder(name), tact_str_from(text));
}

// Takes away what is in the folder, which has no folders in it but empty ones.
static void empty_folder(void) {
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) (void)remove(in_folder(e->d_name));
    }
    (void)closedir(dir);
}

// ---- Reports --------------------------------------------------------------------------------------------------------

// What is said of the bundle in a folder, and then how much that was.
static tact_str said_of(const char *path) {
    sources files;
    report r;
    draft d;
    bundle *b = NULL;
    sources_init(&files, &memory);
    report_init(&r, &memory, &files, TACT_STR("shop"));
    tact_err err = TACT_OK;
    if (draft_read_folder(&d, &r, &files, path)) {
        err = bundle_compile(&d, NULL, &b);
    } else {
        bundle_check_rest(&d);
        err = r.code;
    }
    if ((err != TACT_OK) != (r.errors > 0) || err != r.code || !b != (err != TACT_OK)) {
        fail_msg("%s: %u errors, but code %d and %s", path, r.errors, (int)err, b ? "a bundle" : "no bundle");
    }
    bundle_free(b);
    buf out = buf_in(&memory);
    tact_str text = report_text(&r);
    buf_add(&out, text.ptr, text.len);
    buf_printf(&out, "%u errors, %u warnings\n", r.errors, r.warnings);
    return buf_done(&out);
}

static int differing;

static void compare(const char *name, const char *path) {
    const char *golden = arena_printf(&memory, "%s/%s.report", HERE, name);
    tact_str said = said_of(path), wanted = read_file(golden);
    if (getenv("WRITE_GOLDEN")) {
        write_file(golden, said);
    } else if (!wanted.ptr || !tact_str_equal(wanted, said)) {
        print_message("%s:\n---- wanted\n%s---- said\n%s", name, wanted.ptr ? wanted.ptr : "(no report)\n", said.ptr);
        differing++;
    }
}

// ---- Those that are there -------------------------------------------------------------------------------------------

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool ends_in(const char *name, const char *end) {
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcmp(name + len - end_len, end) == 0;
}

static void test_each_gets_its_report(void **state) {
    struct dirent **entries;
    int count = scandir(HERE, &entries, NULL, by_name), bundles = 0;
    (void)state;
    assert_true(count > 0);
    differing = 0;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (*name != '.' && ends_in(name, ".yaml")) {
            write_file(in_folder(SOURCES_ROOT), read_file(arena_printf(&memory, "%s/%s", HERE, name)));
            compare(arena_printf(&memory, "%.*s", (int)(strlen(name) - strlen(".yaml")), name), folder);
            empty_folder();
            bundles++;
        } else if (*name != '.' && !ends_in(name, ".report")) {
            compare(name, arena_printf(&memory, "%s/%s", HERE, name));
            bundles++;
        }
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(differing, 0);
    assert_true(bundles >= 60); // the number
}

// ---- Those that are made --------------------------------------------------------------------------------------------

static void make_links(void) {
    write_text(SOURCES_ROOT, "bundle: shop\ninclude: [away.yaml, up/README.md, here.yaml, \"link*.yaml\"]\n");
    write_text("offers.yaml", "offers: {}\n");
    if (symlink("/etc/passwd", in_folder("away.yaml")) || symlink("..", in_folder("up")) ||
        symlink("offers.yaml", in_folder("here.yaml")) || symlink("offers.yaml", in_folder("link.yaml"))) {
        fail_msg("links cannot be made");
    }
}

static void make_pipe(void) {
    write_text(SOURCES_ROOT, "bundle: shop\ninclude: [pipe.yaml]\n");
    assert_int_equal(mkfifo(in_folder("pipe.yaml"), 0600), 0);
}

static void make_gigabyte(void) {
    write_text(SOURCES_ROOT, "bundle: shop\ninclude: [offers.yaml]\n");
    write_text("offers.yaml", "offers: {}\n");
    assert_int_equal(truncate(in_folder("offers.yaml"), 1 << 30), 0); // a hole, which takes no room
}

static void make_folder(void) {
    assert_int_equal(mkdir(in_folder(SOURCES_ROOT), 0700), 0);
}

static void test_those_that_are_made(void **state) {
    static const struct {
        const char *name;
        void (*make)(void);
    } rows[] = {
        {"file_links", make_links},
        {"file_pipe", make_pipe},
        {"file_gigabyte", make_gigabyte},
        {"file_folder", make_folder},
    };
    (void)state;
    differing = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rows[i].make();
        compare(rows[i].name, folder);
        empty_folder();
    }
    assert_int_equal(differing, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_gets_its_report),
        cmocka_unit_test(test_those_that_are_made),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
