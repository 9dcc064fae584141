// SPDX-License-Identifier: Apache-2.0
//
// The heap against sorting, with many equal scores; and chance, which must favour nobody.
#include "decide/rank.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "../store/draw.h"

enum { MOST = 300 };

static int by_rank(const void *x, const void *y) {
    const rank_candidate *a = x, *b = y;
    if (a->score != b->score) return a->score > b->score ? -1 : 1;
    if (a->tie != b->tie) return a->tie < b->tie ? -1 : 1;
    return (a->offer > b->offer) - (a->offer < b->offer);
}

static void best_come_first(void **state) {
    (void)state;
    uint64_t seed = draw_begin();
    static rank_candidate heap[MOST], sorted[MOST];
    for (int round = 0; round < 500; round++) {
        uint32_t count = (uint32_t)draw_below(&seed, MOST), left = count;
        for (uint32_t i = 0; i < count; i++) {
            heap[i] = (rank_candidate){
                .score = (double)draw_below(&seed, 9) - 4.5, .tie = (uint64_t)draw_below(&seed, 3), .offer = i};
        }
        memcpy(sorted, heap, count * sizeof *heap);
        qsort(sorted, count, sizeof *sorted, by_rank);
        rank_order(heap, count);
        for (uint32_t i = 0; i < count; i++) {
            rank_candidate best = rank_take(heap, &left);
            assert_int_equal(left, count - i - 1);
            assert_memory_equal(&best, &sorted[i], sizeof best);
        }
    }
}

// Of two names each comes first for about half of all seeds, also where seeds differ in one bit alone.
static void chance_is_fair(void **state) {
    (void)state;
    static const tact_str names[] = {{"offer_1", 7}, {"offer_2", 7}, {"a", 1}, {"", 0}};
    for (int x = 0; x < 4; x++) {
        for (int y = 0; y < x; y++) {
            int first = 0;
            for (uint64_t seed = 0; seed < 10000; seed++) {
                first += rank_chance(seed, names[x]) < rank_chance(seed, names[y]);
            }
            assert_in_range(first, 4750, 5250); // five standard deviations
        }
    }
    assert_true(rank_chance(1, names[0]) == rank_chance(1, names[0]));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(best_come_first), cmocka_unit_test(chance_is_fair)};
    return cmocka_run_group_tests_name("rank", tests, NULL, NULL);
}
