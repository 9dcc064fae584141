// SPDX-License-Identifier: Apache-2.0
//
// The arena: alignment, bounds, growth in place, resets that keep the memory, clean-ups.
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

static void hands_out_aligned_and_separate_memory(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    char *before = NULL;
    for (size_t size = 0; size < 3000; size += 7) {
        char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % ARENA_ALIGN, 0);
        memset(p, 0xaa, size);
        assert_ptr_not_equal(p, before);
        before = p;
    }
    arena_fini(&a);
}

static void never_hands_out_more_than_its_bound(void **state) {
    (void)state;
    for (size_t bound = 1; bound < 20000; bound = bound * 3 + 1) {
        arena a;
        arena_init(&a, bound);
        size_t got = 0;
        while (arena_alloc(&a, 48)) got += 48;
        assert_true(got <= bound);
        assert_true(bound - got < 48 + ARENA_ALIGN);
        assert_true(tact_arena_used(&a) <= bound);
        arena_fini(&a);
    }
}

static void refuses_sizes_that_overflow(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - ARENA_ALIGN));
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_extend(&a, NULL, 0, SIZE_MAX / 2, 3));
    assert_non_null(arena_alloc(&a, 1));
    arena_fini(&a);
}

static void extends_the_newest_allocation_in_place(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    int *p = arena_extend(&a, NULL, 0, 4, sizeof *p);
    for (int i = 0; i < 4; i++) p[i] = i;
    int *same = arena_extend(&a, p, 4, 64, sizeof *p);
    assert_ptr_equal(same, p);
    assert_non_null(arena_alloc(&a, 1));
    int *moved = arena_extend(&a, p, 64, 128, sizeof *p);
    assert_ptr_not_equal(moved, p);
    for (int i = 0; i < 4; i++) assert_int_equal(moved[i], i);
    arena_fini(&a);
}

static void extending_nothing_at_the_end_of_a_chunk_leaves_it(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    assert_non_null(arena_alloc(&a, ARENA_CHUNK_MIN)); // the first chunk is full
    char *empty = arena_array(&a, 0, 16);
    char *grown = arena_extend(&a, empty, 0, 8, 16);
    assert_non_null(grown);
    memset(grown, 0xaa, 8 * 16);
    assert_true(grown + 8 * 16 <= a.end);
    arena_fini(&a);
}

static void extending_keeps_the_contents_over_any_number_of_chunks(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    unsigned *p = NULL;
    size_t room = 0;
    for (unsigned i = 0; i < 50000; i++) {
        if (i == room) {
            size_t wanted = room ? room * 2 : 1;
            p = arena_extend(&a, p, room, wanted, sizeof *p);
            assert_non_null(p);
            room = wanted;
        }
        p[i] = i;
    }
    for (unsigned i = 0; i < 50000; i++) assert_int_equal(p[i], i);
    arena_fini(&a);
}

static void a_reset_arena_soon_allocates_nothing(void **state) {
    (void)state;
    tact_arena *a = tact_arena_new(0);
    assert_non_null(a);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++) assert_non_null(tact_arena_alloc(a, 1000));
        tact_arena_reset(a);
        assert_int_equal(tact_arena_used(a), 0);
    }
    arena_chunk *chunk = a->chunk;
    for (int i = 0; i < 60; i++) assert_non_null(tact_arena_alloc(a, 1000));
    assert_ptr_equal(a->chunk, chunk);
    tact_arena_free(a);
}

static void a_reset_keeps_no_more_than_it_may(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 1 << 20);
    assert_non_null(arena_alloc(&a, 1000));
    arena_reset_keeping(&a, 1 << 16);
    assert_non_null(a.chunk); // for the next one
    assert_non_null(arena_alloc(&a, 100000));
    arena_reset_keeping(&a, 1 << 16);
    assert_null(a.chunk);
    assert_int_equal(tact_arena_used(&a), 0);
    assert_null(arena_alloc(&a, 2 << 20)); // the bound stays
    assert_non_null(arena_alloc(&a, 1000));
    arena_fini(&a);
}

static void count_call(void *thing) {
    ++*(int *)thing;
}

static void clean_ups_run_once_each(void **state) {
    (void)state;
    tact_arena *a = tact_arena_new(0);
    int first = 0, second = 0;
    assert_int_equal(arena_on_reset(a, count_call, &first), TACT_OK);
    tact_arena_reset(a);
    assert_int_equal(first, 1);
    assert_int_equal(arena_on_reset(a, count_call, &second), TACT_OK);
    tact_arena_free(a);
    assert_int_equal(first, 1);
    assert_int_equal(second, 1);
    tact_arena_free(NULL);
}

static void formats_and_copies_text(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    assert_string_equal(arena_printf(&a, "%s=%d", "x", 42), "x=42");
    assert_string_equal(arena_copy(&a, "abcdef", 3), "abc");
    assert_string_equal(arena_copy(&a, NULL, 0), "");
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_out_aligned_and_separate_memory),
        cmocka_unit_test(never_hands_out_more_than_its_bound),
        cmocka_unit_test(refuses_sizes_that_overflow),
        cmocka_unit_test(extends_the_newest_allocation_in_place),
        cmocka_unit_test(extending_nothing_at_the_end_of_a_chunk_leaves_it),
        cmocka_unit_test(extending_keeps_the_contents_over_any_number_of_chunks),
        cmocka_unit_test(a_reset_arena_soon_allocates_nothing),
        cmocka_unit_test(a_reset_keeps_no_more_than_it_may),
        cmocka_unit_test(clean_ups_run_once_each),
        cmocka_unit_test(formats_and_copies_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
