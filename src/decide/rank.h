// SPDX-License-Identifier: Apache-2.0
//
// Candidates of a placement, and taking the best of them one by one: a heap, made in place in as many steps as there
// are candidates, so that a few are taken out of many without sorting them.
#ifndef DECIDE_RANK_H
#define DECIDE_RANK_H

#include "base/arena.h"

typedef struct rank_candidate {
    double score; // finite
    double propensity;
    uint64_t tie; // of equal scores the smaller comes first; of equal ties the offer with the smaller number
    uint32_t offer, content;
} rank_candidate;

void rank_order(rank_candidate *of, uint32_t count); // makes the heap
// Takes the best away; `*count` is at least 1.
rank_candidate rank_take(rank_candidate *of, uint32_t *count);
// What decides between equal scores by chance: the same for a seed and an offer's name everywhere.
uint64_t rank_chance(uint64_t seed, tact_str name);

#endif
