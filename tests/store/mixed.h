// SPDX-License-Identifier: Apache-2.0
//
// Commands of every kind in a sequence that never ends, for tests that interrupt a store at its work: each thread of
// each round has its own persons, so that what a sequence comes to does not depend on the others.
#ifndef TESTS_STORE_MIXED_H
#define TESTS_STORE_MIXED_H

#include "value/command.h"

enum { MIXED_CYCLE = 8, MIXED_TALLY = 77 };

// The `k`-th command of a thread, with an id of its own; in the arena.
command mixed_command(arena *a, int round, int thread, int k);

typedef struct mixed_sum { // what the first `count` commands of a thread come to
    uint64_t events;       // that are kept
    uint64_t counted;      // of MIXED_TALLY, for everyone
} mixed_sum;
mixed_sum mixed_sum_of(int count);

#endif
