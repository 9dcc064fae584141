// SPDX-License-Identifier: Apache-2.0
//
// Counting durations in buckets. A value's bucket is its highest seven bits, numbered through: the first
// HISTOGRAM_SUB values have one each, and every further power of two is cut into HISTOGRAM_SUB. The subtle part is
// reading beside a writer: whoever reads adds the buckets up itself, so that what it says is right of what it saw.
//
//      ns      0 … 63 | 64 … 127 | 128 … 255 | … | 2^39 … 2^40 - 1
//      bucket  0 … 63 | 64 … 127 | 128 … 191 | … |
//      width   1      | 1        | 2         | … | 2^33
#include "base/histogram.h"

#include <math.h>

enum { SUB_BITS = 6 };
_Static_assert(HISTOGRAM_SUB == 1 << SUB_BITS, "HISTOGRAM_SUB is a power of two");

uint32_t histogram_bucket(uint64_t ns) {
    if (ns < HISTOGRAM_SUB) return (uint32_t)ns;
    uint32_t shift = 63 - SUB_BITS - (uint32_t)__builtin_clzll(ns);
    if (shift >= HISTOGRAM_POWERS) return HISTOGRAM_BUCKETS - 1;
    return shift * HISTOGRAM_SUB + (uint32_t)(ns >> shift);
}

uint64_t histogram_bucket_low(uint32_t bucket) {
    if (bucket < HISTOGRAM_SUB) return bucket;
    uint32_t shift = bucket / HISTOGRAM_SUB - 1;
    return (uint64_t)(HISTOGRAM_SUB + bucket % HISTOGRAM_SUB) << shift;
}

// ---- Counting -------------------------------------------------------------------------------------------------------

static uint64_t get(const _Atomic uint64_t *n) {
    return atomic_load_explicit(n, memory_order_relaxed);
}

// For one writer: no locked instruction, which costs more than all the rest.
static void add(_Atomic uint64_t *n, uint64_t more) {
    atomic_store_explicit(n, get(n) + more, memory_order_relaxed);
}

void histogram_clear(histogram *h) {
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) atomic_store_explicit(&h->counts[i], 0, memory_order_relaxed);
    atomic_store_explicit(&h->total, 0, memory_order_relaxed);
    atomic_store_explicit(&h->sum_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&h->max_ns, 0, memory_order_relaxed);
}

void histogram_add(histogram *h, uint64_t ns) {
    add(&h->counts[histogram_bucket(ns)], 1);
    add(&h->total, 1);
    add(&h->sum_ns, ns);
    if (ns > get(&h->max_ns)) atomic_store_explicit(&h->max_ns, ns, memory_order_relaxed);
}

void histogram_add_shared(histogram *h, uint64_t ns) {
    atomic_fetch_add_explicit(&h->counts[histogram_bucket(ns)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->total, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum_ns, ns, memory_order_relaxed);
    uint64_t max = get(&h->max_ns);
    while (ns > max &&
           !atomic_compare_exchange_weak_explicit(&h->max_ns, &max, ns, memory_order_relaxed, memory_order_relaxed)) {}
}

void histogram_merge(histogram *into, const histogram *from) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t n = get(&from->counts[i]);
        if (n) add(&into->counts[i], n);
        total += n;
    }
    add(&into->total, total); // and not from's, which may have grown meanwhile
    add(&into->sum_ns, get(&from->sum_ns));
    if (get(&from->max_ns) > get(&into->max_ns)) {
        atomic_store_explicit(&into->max_ns, get(&from->max_ns), memory_order_relaxed);
    }
}

// ---- Asking ---------------------------------------------------------------------------------------------------------

static uint64_t count_up_to(const histogram *h, uint32_t last) {
    uint64_t n = 0;
    for (uint32_t i = 0; i <= last; i++) n += get(&h->counts[i]);
    return n;
}

uint64_t histogram_at_most(const histogram *h, uint64_t ns) {
    return count_up_to(h, histogram_bucket(ns));
}

// The largest value that a bucket holds; of the last one the longest there was.
static uint64_t bucket_high(const histogram *h, uint32_t bucket) {
    uint64_t max = get(&h->max_ns);
    if (bucket == HISTOGRAM_BUCKETS - 1) return max;
    uint64_t high = histogram_bucket_low(bucket + 1) - 1;
    return high < max ? high : max;
}

uint64_t histogram_quantile(const histogram *h, double share) {
    uint64_t total = count_up_to(h, HISTOGRAM_BUCKETS - 1);
    if (!total) return 0;
    double wanted = share > 0 ? ceil(nextafter(share, 0) * (double)total) : 1; // 0.007 of 1000 are 7, rounded as it is
    uint64_t rank = wanted < 1 ? 1 : wanted < (double)total ? (uint64_t)wanted : total;
    uint64_t seen = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += get(&h->counts[i]);
        if (seen >= rank) return bucket_high(h, i);
    }
    return get(&h->max_ns); // not reached: counts only grow
}
