// SPDX-License-Identifier: Apache-2.0
//
// Tables: columns of a terminal and not bytes, nothing that steers it, no blanks at line ends.
#include "cli/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static arena memory;

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

// The cells up to NULL.
static const char *printed(uint32_t columns, const char *const *cells) {
    table t = table_in(&memory, columns);
    for (; *cells; cells++) table_add(&t, tact_str_from(*cells));
    buf out = buf_in(&memory);
    table_print(&out, &t, "  ");
    return buf_done(&out).ptr;
}

#define expect(columns, text, ...) assert_string_equal(printed(columns, (const char *const[]){__VA_ARGS__, NULL}), text)

static void columns_are_as_wide_as_they_must(void **state) {
    (void)state;
    expect(2, "  a    one\n  bcd  two\n", "a", "one", "bcd", "two");
    expect(2, "  東京  one\n  a     two\n", "東京", "one", "a", "two"); // two columns each
    expect(3, "  a  one\n     two\n", "a", "", "one", "", "", "two");   // the empty column is left out
}

static void no_line_ends_in_blanks(void **state) {
    (void)state;
    expect(2, "  a    one\n  bcd\n", "a", "one", "bcd", "");
}

static void wide_cells_push_what_follows(void **state) {
    (void)state;
    expect(2,
           "  a                                         1\n"
           "  bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb  2\n",
           "a", "1", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "2");
}

static void nothing_steers_the_terminal(void **state) {
    (void)state;
    expect(1, "  \xef\xbf\xbd[31mred\n", "\033[31mred");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(columns_are_as_wide_as_they_must),
        TEST(no_line_ends_in_blanks),
        TEST(wide_cells_push_what_follows),
        TEST(nothing_steers_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
