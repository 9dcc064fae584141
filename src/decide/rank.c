// SPDX-License-Identifier: Apache-2.0
//
// A binary heap with the best on top. Which one is better is a total order, so that what comes out does not depend on
// how the candidates lay.
#include "decide/rank.h"

static inline bool is_better(const rank_candidate *x, const rank_candidate *y) {
    if (x->score != y->score) return x->score > y->score;
    return x->tie != y->tie ? x->tie < y->tie : x->offer < y->offer;
}

// Puts `one` where it belongs among what is below `hole`.
static void sift_down(rank_candidate *of, uint32_t count, uint32_t hole, rank_candidate one) {
    for (;;) {
        uint32_t child = 2 * hole + 1;
        if (child >= count) break;
        if (child + 1 < count && is_better(&of[child + 1], &of[child])) child++;
        if (!is_better(&of[child], &one)) break;
        of[hole] = of[child];
        hole = child;
    }
    of[hole] = one;
}

void rank_order(rank_candidate *of, uint32_t count) {
    for (uint32_t i = count / 2; i-- > 0;) sift_down(of, count, i, of[i]);
}

rank_candidate rank_take(rank_candidate *of, uint32_t *count) {
    rank_candidate best = of[0], last = of[--*count];
    if (*count) sift_down(of, *count, 0, last);
    return best;
}

// FNV-1a of 64 bits over the name, spread by the finalizer of SplitMix64 (Steele, Lea, Flood, Fast Splittable
// Pseudorandom Number Generators, 2014) together with the seed.
uint64_t rank_chance(uint64_t seed, tact_str name) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < name.len; i++) hash = (hash ^ (uint8_t)name.ptr[i]) * UINT64_C(1099511628211);
    uint64_t z = (hash ^ seed) + UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
