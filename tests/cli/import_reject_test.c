// SPDX-License-Identifier: Apache-2.0
//
// Files of rejects, byte by byte, and lines of JSON that come back as they were.
#include "cli/import_reject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "wire/json.h"

static arena memory;
static char path[] = "/tmp/tact-rejects-XXXXXX";

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state) {
    (void)state;
    unlink(path);
    arena_fini(&memory);
    return 0;
}

static const char *contents(void) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    buf out = buf_in(&memory);
    for (int c; (c = fgetc(file)) != EOF;) buf_add_char(&out, (char)c);
    fclose(file);
    buf_add_char(&out, '\0');
    return buf_done(&out).ptr;
}

static void test_private(void **state) { // rows are of persons
    (void)state;
    import_reject r;
    struct stat st;
    unlink(path);
    const mode_t before = umask(022);
    assert_true(import_reject_open(&r, path, false, ','));
    umask(before);
    assert_true(import_reject_add(&r, 1, 2, "why", TACT_STR("a,b")));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(import_reject_close(&r));
}

static void test_csv(void **state) {
    (void)state;
    import_reject r;
    assert_true(import_reject_open(&r, path, false, ';'));
    import_reject_header(&r, TACT_STR("id;name"));
    assert_true(import_reject_add(&r, 17, 18, "`id`: a \"quote\"", TACT_STR("x;\"y")));
    assert_true(import_reject_add(&r, 19, 20, "too long", TACT_STR("")));
    assert_true(import_reject_close(&r));
    assert_string_equal(contents(), "@row;@line;@reason;id;name\n"
                                    "17;18;\"`id`: a \"\"quote\"\"\";x;\"y\n"
                                    "19;20;\"too long\";\n");
}

static const char *const lines[] = {
    "{\"id\":1}", "{ \"id\": 1 }",      "{}",          "{ }", "{", "{\"id\": \"\\\"}\"", "[1]",
    "text",       "\"@reason\":\"x\"}", " {\"id\":1}",
};
#define LINES_COUNT (sizeof lines / sizeof *lines)
#define REASON "a \\ and a \"quote\"\x01"

// A line that is JSON is so behind its three members, and comes back; any other is not JSON then either.
static void test_json(void **state) {
    (void)state;
    import_reject r;
    assert_true(import_reject_open(&r, path, true, ','));
    for (size_t i = 0; i < LINES_COUNT; i++) {
        assert_true(import_reject_add(&r, 17 + i, 18, REASON, tact_str_from(lines[i])));
    }
    assert_true(import_reject_close(&r));
    const char *at = contents();
    for (size_t i = 0; i < LINES_COUNT; i++) {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        tact_str line = {at, (size_t)(end - at)}, given = tact_str_from(lines[i]);
        tact_value v;
        bool was_object = !json_read(&memory, given, &v, NULL) && v.kind == TACT_MAP && given.ptr[0] == '{';
        bool is_object = !json_read(&memory, line, &v, NULL);
        assert_int_equal(is_object, was_object);
        if (is_object) {
            const tact_value *reason = tact_map_get(v, tact_string("@reason", 7));
            assert_true(tact_value_equal(*reason, tact_string(REASON, sizeof REASON - 1)));
        }
        uint64_t number = 0;
        tact_str back = import_reject_object(&memory, line, &number);
        assert_int_equal(number, 17 + i);
        if (given.ptr[0] == '{') { // blanks behind the brace may go
            tact_str rest = {given.ptr + 1 + strspn(given.ptr + 1, " "), 0};
            rest.len = strlen(rest.ptr);
            assert_int_equal(back.ptr[0], '{');
            back = (tact_str){back.ptr + 1, back.len - 1};
            given = rest;
        }
        if (!tact_str_equal(back, given)) fail_msg("%s came back as %.*s", lines[i], (int)back.len, back.ptr);
        at = end + 1;
    }
    assert_int_equal(*at, '\0');
}

static void test_other_lines(void **state) {
    (void)state;
    static const char *const others[] = {
        "",
        "{}",
        "{\"@row\":1}",
        "{\"@row\":x,\"@line\":1,\"@reason\":\"a\"}",
        "{\"@row\":1,\"@line\":,\"@reason\":\"a\"}",
        "{\"@row\":1,\"@line\":1,\"@reason\":1}",
        "{\"@row\":1,\"@line\":1,\"@reason\":\"a",
        "{\"@row\":1,\"@line\":1,\"@reason\":\"a\\",
        "{\"@row\":1,\"@line\":1,\"@reason\":\"a\\\"",
        "{\"@row\":99999999999999999999,\"@line\":1,\"@reason\":\"a\"}",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        uint64_t number = 42;
        tact_str line = tact_str_from(others[i]), back = import_reject_object(&memory, line, &number);
        if (back.ptr != line.ptr || back.len != line.len || number != 42) fail_msg("%s", others[i]);
    }
}

static void test_no_rejects(void **state) {
    (void)state;
    import_reject r;
    assert_true(import_reject_open(&r, path, false, ','));
    import_reject_header(&r, TACT_STR("id"));
    assert_true(import_reject_close(&r));
    assert_int_equal(access(path, F_OK), -1); // no file says that nothing was refused
    assert_true(import_reject_open(&r, "/dev/null", false, ','));
    assert_true(import_reject_close(&r));
    assert_int_equal(access("/dev/null", F_OK), 0);
}

static void test_nowhere(void **state) {
    (void)state;
    import_reject r;
    assert_false(import_reject_open(&r, "/nowhere/at/all", false, ','));
    import_reject_header(&r, TACT_STR("id"));
    assert_true(import_reject_close(&r)); // nothing was to be kept
    assert_false(import_reject_open(&r, "/nowhere/at/all", false, ','));
    assert_false(import_reject_add(&r, 1, 2, "why", TACT_STR("1")));
    assert_true(import_reject_close(&r));
}

static void test_full_disk(void **state) {
    (void)state;
    import_reject r;
    assert_true(import_reject_open(&r, "/dev/full", false, ','));
    assert_true(import_reject_add(&r, 1, 2, "why", TACT_STR("1")));
    assert_false(import_reject_close(&r));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_private),     cmocka_unit_test(test_csv),        cmocka_unit_test(test_json),
        cmocka_unit_test(test_other_lines), cmocka_unit_test(test_no_rejects), cmocka_unit_test(test_nowhere),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
