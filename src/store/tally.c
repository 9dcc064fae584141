// SPDX-License-Identifier: Apache-2.0
//
// Counting is one binary search in the bytes. Everything that changes a state puts runs of times together, sorts them
// and keeps the newest.
#include "store/tally.h"

#include <stdlib.h>

#include "store/load.h"
#include "value/pack.h"

#define HEADER 8

static uint32_t keep_of(tact_str state) {
    return state.len ? load_u32(state.ptr) : 0;
}

static uint32_t count_of(tact_str state) {
    return state.len ? load_u32(state.ptr + 4) : 0;
}

static int64_t time_at(tact_str state, uint32_t number) {
    return load_i64(state.ptr + HEADER + (size_t)number * 8);
}

static int order_times(const void *x, const void *y) {
    int64_t a, b;
    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return (a > b) - (a < b);
}

static tact_err store_times(arena *a, const int64_t *times, size_t count, uint32_t keep, tact_str *out) {
    if (count > keep) {
        times += count - keep;
        count = keep;
    }
    if (!count) {
        *out = (tact_str){NULL, 0};
        return TACT_OK;
    }
    buf bytes = buf_in(a);
    pack_u32(&bytes, keep);
    pack_u32(&bytes, (uint32_t)count);
    for (size_t i = 0; i < count; i++) pack_u64(&bytes, (uint64_t)times[i]);
    tact_str done = buf_done(&bytes);
    if (!done.ptr) return TACT_NO_MEMORY;
    *out = done;
    return TACT_OK;
}

tact_err tally_combine(arena *a, const tact_str *states, size_t count, tact_str *out) {
    size_t all = 0, n = 0;
    uint32_t keep = 0;
    for (size_t i = 0; i < count; i++) {
        all += count_of(states[i]);
        if (keep_of(states[i]) > keep) keep = keep_of(states[i]);
    }
    int64_t *times = arena_array(a, all, sizeof *times);
    if (!times) return TACT_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < count_of(states[i]); k++) times[n++] = time_at(states[i], k);
    }
    qsort(times, n, sizeof *times, order_times);
    return store_times(a, times, n, keep, out);
}

tact_err tally_add(arena *a, tact_str *state, int64_t time_ms, uint32_t keep) {
    if (keep > COMMAND_KEEP_MAX) keep = COMMAND_KEEP_MAX;
    if (!keep) return TACT_OK;
    tact_str both[] = {*state, {NULL, 0}};
    tact_err err = store_times(a, &time_ms, 1, keep, &both[1]);
    return err ? err : tally_combine(a, both, 2, state);
}

// The number of the first time that is not before `ms`.
static uint32_t lower_bound(tact_str state, int64_t ms) {
    uint32_t low = 0, high = count_of(state);
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (time_at(state, middle) < ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

tact_err tally_trim(arena *a, tact_str *state, int64_t before_ms) {
    uint32_t gone = lower_bound(*state, before_ms), n = 0;
    if (!gone) return TACT_OK;
    uint32_t left = count_of(*state) - gone;
    int64_t *times = arena_array(a, left, sizeof *times);
    if (!times) return TACT_NO_MEMORY;
    while (n < left) times[n] = time_at(*state, gone + n), n++;
    return store_times(a, times, n, keep_of(*state), state);
}

uint32_t tally_since(tact_str state, int64_t since_ms) {
    return count_of(state) - lower_bound(state, since_ms);
}

bool tally_check(tact_str state) {
    if (!state.len) return true;
    if (state.len < HEADER + 8) return false;
    uint32_t keep = keep_of(state), count = count_of(state);
    if (keep > COMMAND_KEEP_MAX || count < 1 || count > keep || state.len != HEADER + (size_t)count * 8) return false;
    for (uint32_t i = 1; i < count; i++) {
        if (time_at(state, i - 1) > time_at(state, i)) return false;
    }
    return true;
}
