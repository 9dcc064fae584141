// SPDX-License-Identifier: Apache-2.0
//
// What the store's random tests draw from: a generator that is repeatable by its seed, which is printed and taken back
// from the environment variable SEED.
#ifndef TESTS_STORE_DRAW_H
#define TESTS_STORE_DRAW_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t draw_begin(void) {
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)seed);
    return (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static inline uint64_t draw(uint64_t *seed) { // xorshift64*
    *seed ^= *seed >> 12, *seed ^= *seed << 25, *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static inline int64_t draw_below(uint64_t *seed, int64_t bound) {
    return (int64_t)((draw(seed) >> 11) % (uint64_t)bound);
}

#endif
