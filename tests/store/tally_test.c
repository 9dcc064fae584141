// SPDX-License-Identifier: Apache-2.0
//
// Counters of caps against a plain list of times.
#include "store/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "draw.h"

#include <cmocka.h>

#define NOW INT64_C(1700000000000)

static int order_times(const void *x, const void *y) {
    int64_t a, b;
    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return (a > b) - (a < b);
}

static void is_exact_in_any_order_and_in_parts(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 400; round++) {
        enum { MOST = 60 };
        int64_t times[MOST];
        uint32_t keep = (uint32_t)draw_below(&seed, 20) + 1;
        int64_t count = draw_below(&seed, MOST);
        tact_str whole = {NULL, 0}, parts[3] = {{NULL, 0}, {NULL, 0}, {NULL, 0}}, together, turned;
        for (int64_t i = 0; i < count; i++) {
            times[i] = NOW + draw_below(&seed, 100); // many are equal: each counts
            assert_int_equal(tally_add(&a, &whole, times[i], keep), TACT_OK);
            assert_int_equal(tally_add(&a, &parts[draw_below(&seed, 3)], times[i], keep), TACT_OK);
            assert_true(tally_check(whole));
        }
        assert_int_equal(tally_combine(&a, parts, 3, &together), TACT_OK);
        tact_str other_way[] = {parts[2], parts[0], parts[1]};
        assert_int_equal(tally_combine(&a, other_way, 3, &turned), TACT_OK);
        assert_true(tact_str_equal(together, whole) && tact_str_equal(turned, whole));

        qsort(times, (size_t)count, sizeof *times, order_times);
        for (int64_t since = NOW - 2; since < NOW + 103; since++) {
            uint32_t expected = 0;
            for (int64_t i = 0; i < count; i++) expected += times[i] >= since;
            if (expected > keep) expected = keep;
            assert_int_equal(tally_since(whole, since), expected);
        }
        int64_t before = NOW + draw_below(&seed, 102);
        uint32_t since = tally_since(whole, before);
        assert_int_equal(tally_trim(&a, &whole, before), TACT_OK);
        assert_true(tally_check(whole));
        assert_int_equal(tally_since(whole, INT64_MIN), since);
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

static void keeps_the_most_that_was_asked_for(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    tact_str state = {NULL, 0};
    assert_int_equal(tally_add(&a, &state, 1, 0), TACT_OK);
    assert_int_equal(state.len, 0);
    for (int i = 0; i < 5; i++) assert_int_equal(tally_add(&a, &state, i, 2), TACT_OK);
    assert_int_equal(tally_since(state, 0), 2);
    for (int i = 5; i < 10; i++) assert_int_equal(tally_add(&a, &state, i, 4), TACT_OK);
    assert_int_equal(tally_since(state, 0), 4);
    assert_int_equal(tally_add(&a, &state, 10, 1), TACT_OK);
    assert_int_equal(tally_since(state, 0), 4);
    assert_int_equal(tally_since(state, 10), 1);
    for (int i = 0; i < COMMAND_KEEP_MAX + 10; i++) assert_int_equal(tally_add(&a, &state, i, UINT32_MAX), TACT_OK);
    assert_int_equal(tally_since(state, 0), COMMAND_KEEP_MAX);
    assert_true(tally_check(state));
    arena_fini(&a);
}

static void lack_of_memory_changes_nothing(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    tact_str state = {NULL, 0};
    for (int i = 0; i < 20; i++) assert_int_equal(tally_add(&a, &state, i, 100), TACT_OK);
    bool done = false;
    for (size_t bound = 16; !done; bound += 16) {
        arena small;
        arena_init(&small, bound);
        tact_str x = state, y = state;
        tact_err added = tally_add(&small, &x, 7, 100), trimmed = tally_trim(&small, &y, 10);
        if (added) assert_true(added == TACT_NO_MEMORY && x.ptr == state.ptr && x.len == state.len);
        if (trimmed) assert_true(trimmed == TACT_NO_MEMORY && y.ptr == state.ptr && y.len == state.len);
        done = !added && !trimmed;
        arena_fini(&small);
    }
    arena_fini(&a);
}

static void damage_is_seen(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    tact_str state = {NULL, 0};
    for (int i = 1; i < 6; i++) assert_int_equal(tally_add(&a, &state, i, 5), TACT_OK);
    for (size_t len = 1; len < state.len; len++) assert_false(tally_check((tact_str){state.ptr, len}));
    char *bytes = arena_copy(&a, state.ptr, state.len);
    bytes[4] = 6; // more than it has, and more than it keeps
    assert_false(tally_check((tact_str){bytes, state.len}));
    bytes[4] = 5, bytes[8] = 9; // out of order
    assert_false(tally_check((tact_str){bytes, state.len}));
    bytes[8] = 1, bytes[3] = 1; // keeps more than any
    assert_false(tally_check((tact_str){bytes, state.len}));
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_exact_in_any_order_and_in_parts),
        cmocka_unit_test(keeps_the_most_that_was_asked_for),
        cmocka_unit_test(lack_of_memory_changes_nothing),
        cmocka_unit_test(damage_is_seen),
    };
    return cmocka_run_group_tests_name("tally", tests, NULL, NULL);
}
