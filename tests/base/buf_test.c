// SPDX-License-Identifier: Apache-2.0
//
// The growing text: what is appended is there, and a lack of memory is noticed once, at the end.
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static void collects_what_is_added(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    buf b = buf_in(&a);
    buf_add_text(&b, "x = ");
    buf_printf(&b, "%d", 42);
    buf_add_char(&b, ';');
    buf_add_repeat(&b, '-', 3);
    buf_add_str(&b, TACT_STR("ok"));
    buf_add_code_point(&b, 0x20ac);
    tact_str s = buf_done(&b);
    assert_string_equal(s.ptr, "x = 42;---ok\xe2\x82\xac");
    assert_int_equal(s.len, strlen(s.ptr));
    arena_fini(&a);
}

static void an_empty_one_is_the_empty_text(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    buf b = buf_in(&a);
    assert_string_equal(buf_done(&b).ptr, "");
    arena_fini(&a);
}

static void grows_over_any_size(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    buf b = buf_in(&a);
    for (int i = 0; i < 20000; i++) {
        buf_printf(&b, "%05d", i);
        if (i % 1000 == 0) assert_non_null(arena_alloc(&a, 16)); // it is not always the newest allocation
    }
    tact_str s = buf_done(&b);
    assert_int_equal(s.len, 100000);
    for (int i = 0; i < 20000; i++) {
        char expected[12];
        snprintf(expected, sizeof expected, "%05d", i);
        assert_memory_equal(s.ptr + 5 * i, expected, 5);
    }
    arena_fini(&a);
}

static void a_lack_of_memory_stays_noticed(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 256);
    buf b = buf_in(&a);
    for (int i = 0; i < 100; i++) buf_add_text(&b, "0123456789");
    assert_true(b.failed);
    buf_add_char(&b, 'x');
    assert_null(buf_done(&b).ptr);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collects_what_is_added),
        cmocka_unit_test(an_empty_one_is_the_empty_text),
        cmocka_unit_test(grows_over_any_size),
        cmocka_unit_test(a_lack_of_memory_stays_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
