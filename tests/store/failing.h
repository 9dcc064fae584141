// SPDX-License-Identifier: Apache-2.0
//
// Stands in for base/arena.c in a test that includes this: memory runs out at the n-th allocation of any arena, on
// request, and stays out, since some of what needs memory asks again for less. Every allocation is a block of its own,
// so that each can fail, and so that the address sanitizer sees what goes beyond one.
#ifndef TESTS_STORE_FAILING_H
#define TESTS_STORE_FAILING_H

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

static atomic_int_least64_t failing_left; // until the first that fails, which is at 1; 0: none will
static atomic_bool failing_came;

// The n-th allocation from now on fails, in whatever thread, and each one after it; 0: none.
static void failing_at(int64_t nth) {
    atomic_store(&failing_came, false);
    atomic_store(&failing_left, nth);
}

// What lies between takes memory of the test's own, which is always there.
static int64_t failing_pause(void) {
    return atomic_exchange(&failing_left, 0);
}
static void failing_resume(int64_t left) {
    atomic_store(&failing_left, left);
}

static void *failing_malloc(size_t size) {
    int64_t left = atomic_load(&failing_left);
    if (left == 1) atomic_store(&failing_came, true);
    if (left == 1) return NULL;
    if (left > 1) atomic_store(&failing_left, left - 1); // one thread at a time is at work
    return malloc(size);
}

#define malloc failing_malloc
#define arena_grow arena_grow_in_chunks
void *arena_grow_in_chunks(arena *a, size_t size);
#include "base/arena.c"
#undef arena_grow
#undef malloc

void *arena_grow(arena *a, size_t size) {
    if (size > SIZE_MAX / 4) return NULL;
    size_t need = rounded(size ? size : 1), used = a->used_before + used_in_chunk(a);
    if (a->bytes_max && (used > a->bytes_max || need > a->bytes_max - used)) return NULL;
    arena_chunk *c = failing_malloc(sizeof *c + need);
    if (!c) return NULL;
    *c = (arena_chunk){a->chunk, need};
    a->used_before = used;
    a->chunk = c;
    a->next = a->end = chunk_room(c) + need;
    return chunk_room(c);
}

#endif
