// SPDX-License-Identifier: Apache-2.0
//
// Whoever puts claims room by moving `claimed` on, fills it, and says last in the run's head that it is there:
//
//      state u32, with the length of what follows | u32 unused | run, up to the next multiple of 8
//
// Runs lie in one piece; where the end of the area is too near, the rest of it is a run that nobody is given. What is
// given back is cleared, so that a head which nobody has written yet says so. Subtle: whoever puts writes the head and
// then looks whether the taker sleeps; a taker says that it sleeps and then looks for a head. In the one order that all
// see, one of the two sees the other.
#define _GNU_SOURCE // sem_clockwait
#include "engine/ring.h"

#include <string.h>
#include <time.h>

#define THERE (UINT32_C(1) << 31)
#define FILLER (UINT32_C(1) << 30)
#define LENGTH (FILLER - 1)

enum { MOMENT_MS = 1 }; // between two looks for room

static void pause_ms(int64_t ms) {
    const struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

static size_t rounded(size_t len) {
    return (len + 7) & ~(size_t)7;
}

static _Atomic uint32_t *head_at(const ring *r, uint64_t place) {
    return (_Atomic uint32_t *)(void *)(r->bytes + (place & (r->size - 1)));
}

bool ring_init(ring *r, arena *a, size_t size) {
    r->bytes = arena_zalloc(a, size);
    r->size = size;
    r->taken = 0;
    r->idle_ms = 0;
    atomic_init(&r->asleep, false);
    atomic_init(&r->stopped, false);
    atomic_init(&r->claimed, 0);
    atomic_init(&r->returned, 0);
    return r->bytes && !sem_init(&r->wake, 0, 0);
}

void ring_fini(ring *r) {
    sem_destroy(&r->wake);
}

// ---- Putting --------------------------------------------------------------------------------------------------------

static void rouse(ring *r) {
    if (atomic_load(&r->asleep) && atomic_exchange(&r->asleep, false)) sem_post(&r->wake);
}

// A run of half the area finds room wherever the last one ended.
static size_t longest(const ring *r) {
    return r->size / 2 - RING_HEAD;
}

bool ring_put(ring *r, const char *run, size_t len) {
    size_t room = RING_HEAD + rounded(len), skipped;
    uint64_t place = atomic_load(&r->claimed);
    if (len > longest(r)) return false;
    do {
        size_t to_end = r->size - (place & (r->size - 1));
        skipped = room > to_end ? to_end : 0;
        if (place + skipped + room - atomic_load(&r->returned) > r->size) return false;
    } while (!atomic_compare_exchange_weak(&r->claimed, &place, place + skipped + room));
    if (skipped) atomic_store(head_at(r, place), THERE | FILLER | (uint32_t)(skipped - RING_HEAD));
    place += skipped;
    if (len) memcpy(r->bytes + (place & (r->size - 1)) + RING_HEAD, run, len);
    atomic_store(head_at(r, place), THERE | (uint32_t)len);
    rouse(r);
    return true;
}

tact_err ring_put_within(ring *r, const char *run, size_t len, int64_t wait_ms) {
    if (len > longest(r)) return TACT_LIMIT;
    while (!ring_put(r, run, len)) {
        if (wait_ms <= 0) return TACT_BUSY;
        pause_ms(MOMENT_MS);
        wait_ms -= MOMENT_MS;
    }
    return TACT_OK;
}

void ring_flush(ring *r) {
    uint64_t wanted = atomic_load(&r->claimed);
    while (atomic_load(&r->returned) < wanted) pause_ms(MOMENT_MS);
}

void ring_stop(ring *r) {
    atomic_store(&r->stopped, true);
    rouse(r);
}

uint64_t ring_waiting(const ring *r) {
    uint64_t returned = atomic_load(&r->returned); // first, so that it is not the larger one
    return atomic_load(&r->claimed) - returned;
}

// ---- Taking ---------------------------------------------------------------------------------------------------------

static bool is_empty(const ring *r) {
    return r->taken == atomic_load(&r->claimed);
}

bool ring_take(ring *r, tact_str *out) {
    while (r->taken - atomic_load(&r->returned) < r->size) { // else all of the area is taken
        uint32_t head = atomic_load(head_at(r, r->taken));
        if (!(head & THERE)) return false;
        *out = (tact_str){r->bytes + (r->taken & (r->size - 1)) + RING_HEAD, head & LENGTH};
        r->taken += RING_HEAD + rounded(out->len);
        r->idle_ms = 0;
        if (!(head & FILLER)) return true;
    }
    return false;
}

void ring_return(ring *r) {
    uint64_t from = atomic_load(&r->returned);
    size_t at = from & (r->size - 1), len = r->taken - from, to_end = r->size - at;
    memset(r->bytes + at, 0, len < to_end ? len : to_end);
    if (len > to_end) memset(r->bytes, 0, len - to_end);
    atomic_store(&r->returned, r->taken);
}

static void sleep_until_roused(ring *r) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += RING_SLEEP_MS / 1000;
    until.tv_nsec += RING_SLEEP_MS % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
    atomic_store(&r->asleep, true);
    if (is_empty(r) && !atomic_load(&r->stopped)) (void)sem_clockwait(&r->wake, CLOCK_MONOTONIC, &until);
    atomic_store(&r->asleep, false);
}

bool ring_rest(ring *r) {
    if (is_empty(r) && atomic_load(&r->stopped)) return false;
    if (r->idle_ms < RING_AWAKE_MS) {
        pause_ms(RING_POLL_MS);
        r->idle_ms += RING_POLL_MS;
    } else {
        sleep_until_roused(r);
    }
    return true;
}
