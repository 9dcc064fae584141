// SPDX-License-Identifier: Apache-2.0
//
// Reading an import's file, and what a signal does while it is read.
#include "cli/import_input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/tact-input-XXXXXX", link_path[sizeof path + 5];

static int set_up(void **state) {
    (void)state;
    int fd = mkstemp(path);
    snprintf(link_path, sizeof link_path, "%s.link", path);
    return fd < 0 || write(fd, "abcdef", 6) != 6 || symlink(path, link_path) ? -1 : close(fd);
}

static int tear_down(void **state) {
    (void)state;
    unlink(link_path);
    return unlink(path);
}

static void test_reading(void **state) {
    (void)state;
    import_input in;
    tact_error error;
    char text[8];
    assert_true(import_input_open(&in, path));
    assert_int_equal(in.total, 6);
    assert_int_equal(import_input_read(&in, text, 4, &error), 4);
    assert_memory_equal(text, "abcd", 4);
    assert_int_equal(import_input_read(&in, text, 4, &error), 2);
    assert_int_equal(import_input_read(&in, text, 4, &error), 0);
    assert_true(import_input_is(&in, link_path));
    assert_false(import_input_is(&in, "/dev/null"));
    assert_false(import_input_is(&in, "/nowhere/at/all"));
    import_input_close(&in);
}

static void test_not_to_be_read(void **state) {
    (void)state;
    static const char *const wrong[] = {"/nowhere/at/all", "/tmp"};
    for (int i = 0; i < 2; i++) {
        import_input in;
        assert_false(import_input_open(&in, wrong[i]));
        import_input_close(&in);
    }
}

// In a process of its own, which `body` ends; returns how it ended.
static int apart(void (*body)(void)) {
    pid_t child = fork();
    if (child == 0) {
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void must(bool holds) {
    if (!holds) _exit(1);
}

// A signal ends the reading, also one that is waiting for a slow pipe; a second one ends the program.
static void interrupt(void) {
    import_input in;
    tact_error error;
    char text[8];
    int pipes[2];
    must(pipe(pipes) == 0 && dup2(pipes[0], STDIN_FILENO) == STDIN_FILENO);
    must(import_input_open(&in, "-"));
    must(in.total == 0);
    must(write(pipes[1], "ab", 2) == 2 && import_input_read(&in, text, 8, &error) == 2);
    must(kill(getpid(), SIGTERM) == 0);
    must(import_input_read(&in, text, 8, &error) < 0); // nobody writes: it would sleep for ever
    must(error.code == TACT_BUSY && in.interrupted == SIGTERM);
    kill(getpid(), SIGTERM);
    _exit(2);
}

static void test_interrupt(void **state) {
    (void)state;
    int status = apart(interrupt);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
}

// Whoever begins with a signal ignored wants it so.
static void ignore(void) {
    import_input in;
    tact_error error;
    char text[8];
    signal(SIGINT, SIG_IGN);
    must(import_input_open(&in, path));
    kill(getpid(), SIGINT);
    must(import_input_read(&in, text, 8, &error) == 6 && !in.interrupted);
    import_input_close(&in);
}

static void test_ignored(void **state) {
    (void)state;
    assert_int_equal(apart(ignore), 0);
}

// After closing, all is as it was.
static void close_again(void) {
    import_input in;
    must(import_input_open(&in, path));
    import_input_close(&in);
    kill(getpid(), SIGINT);
}

static void test_after_closing(void **state) {
    (void)state;
    int status = apart(close_again);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading), cmocka_unit_test(test_not_to_be_read), cmocka_unit_test(test_interrupt),
        cmocka_unit_test(test_ignored), cmocka_unit_test(test_after_closing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
