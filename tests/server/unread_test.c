// SPDX-License-Identifier: Apache-2.0
//
// Which requests are answered on a connection that did not take a reply.
#include "server/unread.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static unread all;

static int set_up(void **state) {
    (void)state;
    memset(&all, 0, sizeof all);
    return 0;
}

enum { ONE = 7, TWIN = ONE + UNREAD_CELLS, OTHER = 8, PAUSE = UNREAD_PAUSE_MS };

static void whoever_reads_is_answered(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 100; i++) assert_true(unread_answers(&all, ONE, i));
    assert_false(unread_fails(&all, ONE));
    unread_went(&all, ONE);
    assert_true(unread_answers(&all, ONE, 100));
}

static void who_does_not_is_asked_once_a_pause(void **state) {
    (void)state;
    unread_failed(&all, ONE, 50);
    assert_false(unread_answers(&all, ONE, 50));
    assert_false(unread_answers(&all, ONE, 50 + PAUSE - 1));
    assert_true(unread_answers(&all, ONE, 50 + PAUSE));
    assert_false(unread_answers(&all, ONE, 50 + PAUSE));
    assert_false(unread_answers(&all, ONE, 50 + 2 * PAUSE - 1));
    assert_true(unread_answers(&all, ONE, 50 + 2 * PAUSE));
    assert_true(unread_fails(&all, ONE));
    assert_false(unread_fails(&all, OTHER));
    assert_true(unread_answers(&all, OTHER, 50)); // others are as ever
    assert_true(unread_answers(&all, TWIN, 50));
}

static void a_reply_that_goes_out_ends_it(void **state) {
    (void)state;
    unread_failed(&all, ONE, 50);
    unread_went(&all, TWIN); // which is another's
    assert_false(unread_answers(&all, ONE, 51));
    unread_went(&all, ONE);
    assert_false(unread_fails(&all, ONE));
    assert_true(unread_answers(&all, ONE, 51));
    assert_true(unread_answers(&all, ONE, 51));
}

static void of_two_in_a_cell_the_later_is_remembered(void **state) {
    (void)state;
    unread_failed(&all, ONE, 50);
    unread_failed(&all, TWIN, 51);
    assert_true(unread_answers(&all, ONE, 52));
    assert_false(unread_answers(&all, TWIN, 52));
}

static void the_clock_may_wrap_around(void **state) {
    (void)state;
    unread_failed(&all, ONE, UINT32_MAX - 10);
    assert_false(unread_answers(&all, ONE, UINT32_MAX));
    assert_false(unread_answers(&all, ONE, PAUSE - 12));
    assert_true(unread_answers(&all, ONE, PAUSE - 11));
}

static _Atomic uint32_t let_through;

static void *ask(void *context) {
    (void)context;
    for (uint32_t ms = 0; ms < 50 * PAUSE; ms++) let_through += unread_answers(&all, ONE, ms);
    return NULL;
}

static void of_many_at_once_one_is_let_through(void **state) {
    (void)state;
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    let_through = 0;
    unread_failed(&all, ONE, 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(let_through, 49); // at 1000, 2000, … ms, by whoever was first
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        TEST(whoever_reads_is_answered),     TEST(who_does_not_is_asked_once_a_pause),
        TEST(a_reply_that_goes_out_ends_it), TEST(of_two_in_a_cell_the_later_is_remembered),
        TEST(the_clock_may_wrap_around),     TEST(of_many_at_once_one_is_let_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
