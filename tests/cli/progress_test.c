// SPDX-License-Identifier: Apache-2.0
//
// What a line of progress says, and when a log gets one; the bar on a terminal, tests/cli/import.bats sees.
#include "cli/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void count_is(uint64_t n, const char *wanted) {
    char text[PROGRESS_COUNT];
    assert_string_equal(progress_count(text, n), wanted);
}

static void test_counts(void **state) {
    (void)state;
    count_is(0, "0");
    count_is(999, "999");
    count_is(1000, "1,000");
    count_is(123456, "123,456");
    count_is(1234567, "1,234,567");
    count_is(UINT64_MAX, "18,446,744,073,709,551,615");
}

// After `seconds`, `count` rows and `at` of `total`.
static void line_is(double seconds, uint64_t count, uint64_t at, uint64_t total, const char *wanted) {
    char text[PROGRESS_TEXT];
    const progress p = {.what = "rows", .count = count, .at = at, .total = total, .begun_ms = 5000};
    assert_string_equal(progress_text(&p, 5000 + (int64_t)(seconds * 1000), text), wanted);
}

static void test_lines(void **state) {
    (void)state;
    line_is(0, 0, 0, 0, "0 rows  0/s");
    line_is(2, 3000, 0, 0, "3,000 rows  1,500/s"); // nobody knows how many there are
    line_is(0, 0, 0, 100, "[------------------------]   0%  0 rows  0/s");
    line_is(10, 1000, 25, 100, "[######------------------]  25%  1,000 rows  100/s  0:30 left");
    line_is(10, 1000, 999, 1000, "[#######################-]  99%  1,000 rows  100/s  0:00 left");
    line_is(10, 1000, 100, 100, "[########################] 100%  1,000 rows  100/s  0:00 left");
    line_is(10, 1000, 200, 100, "[########################] 100%  1,000 rows  100/s  0:00 left"); // the file grew
    line_is(60, 1, 1, 100, "[------------------------]   1%  1 rows  0/s  1:39:00 left");
    line_is(60, 1, 1, 100000000, "[------------------------]   0%  1 rows  0/s"); // two centuries are no time to name
}

static void test_longest(void **state) {
    (void)state;
    char text[PROGRESS_TEXT];
    const progress p = {.what = "commands", .count = UINT64_MAX, .at = 1, .total = UINT64_MAX};
    assert_true(strlen(progress_text(&p, 1, text)) < PROGRESS_TEXT - 1); // nothing is cut
}

// What is printed on standard error, which is no terminal here, after a work of `seconds` so far.
static const char *told(int64_t seconds, bool quiet) {
    static char text[PROGRESS_TEXT]; // of one line
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    assert_non_null(file);
    dup2(fileno(file), STDERR_FILENO);
    progress p;
    progress_begin(&p, "rows", 100, quiet);
    p.begun_ms -= seconds * 1000;
    p.shown_ms -= seconds * 1000;
    progress_step(&p, 10, 50);
    progress_step(&p, 20, 60); // so soon after, it says nothing
    progress_end(&p);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void test_log(void **state) {
    (void)state;
    assert_string_equal(told(0, false), "");
    assert_string_equal(told(9, false), "");
    assert_string_equal(told(10, false), "[############------------]  50%  10 rows  1/s  0:10 left\n");
    assert_string_equal(told(10, true), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
