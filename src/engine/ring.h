// SPDX-License-Identifier: Apache-2.0
//
// A bounded queue of runs of bytes, from any number of threads to one that takes them in their order. Putting is a
// copy: it takes no lock and no memory, and makes no system call while the taker is awake, which it is as long as
// something comes now and then. Where decisions leave what has to be written.
#ifndef ENGINE_RING_H
#define ENGINE_RING_H

#include <semaphore.h>
#include <stdatomic.h>

#include "base/arena.h"

enum {
    RING_HEAD = 8,       // bytes before each run
    RING_POLL_MS = 2,    // between two looks of a taker that is awake
    RING_AWAKE_MS = 500, // that it stays awake after the last run
    RING_SLEEP_MS = 500, // that it sleeps at most
};

typedef struct ring {
    char *bytes;
    size_t size; // a power of two
    sem_t wake;
    _Atomic bool asleep, stopped;
    uint64_t taken;                         // the taker's: its place
    int64_t idle_ms;                        // likewise: how long nothing has come
    _Alignas(64) _Atomic uint64_t claimed;  // bytes, since the beginning, by those who put
    _Alignas(64) _Atomic uint64_t returned; // and given back by the taker
} ring;

// `size` is a power of two. False: no memory.
TACT_MUST_USE bool ring_init(ring *r, arena *a, size_t size);
void ring_fini(ring *r);

// From any thread. False: there is no room now. A run of half the area, its head included, finds some in the end.
TACT_MUST_USE bool ring_put(ring *r, const char *run, size_t len);
// Waits so long for room. TACT_BUSY: there was none; TACT_LIMIT: it is longer than half the area.
TACT_MUST_USE tact_err ring_put_within(ring *r, const char *run, size_t len, int64_t wait_ms);
// Waits until all that was put before has been given back.
void ring_flush(ring *r);
void ring_stop(ring *r);              // wakes the taker for good
uint64_t ring_waiting(const ring *r); // bytes that are not given back yet

// For the taker. What is taken lies there until ring_return. False: there is nothing now.
TACT_MUST_USE bool ring_take(ring *r, tact_str *out);
void ring_return(ring *r); // gives back all that was taken
// Where nothing was there to take: waits for a moment, or, if nothing has come for long, until something does or
// RING_SLEEP_MS have passed. False: it was stopped, and nothing is left.
TACT_MUST_USE bool ring_rest(ring *r);

#endif
