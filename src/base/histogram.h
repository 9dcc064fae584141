// SPDX-License-Identifier: Apache-2.0
//
// Durations counted by size, in the manner of HdrHistogram: buckets that grow with the value, each at most 1/64 (1.6 %)
// wide, from 1 nanosecond to about 18 minutes; longer ones count as that. One writer at a time for histogram_add;
// histogram_add_shared may be called by any number of threads at once; reading beside either sees a recent state.
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    HISTOGRAM_SUB = 64,    // buckets between a power of two and the next
    HISTOGRAM_POWERS = 34, // beyond the first HISTOGRAM_SUB values, which have a bucket each
    HISTOGRAM_BUCKETS = HISTOGRAM_SUB * (HISTOGRAM_POWERS + 1),
};

typedef struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
    _Atomic uint64_t total, sum_ns, max_ns;
} histogram;

void histogram_clear(histogram *h);
void histogram_add(histogram *h, uint64_t ns);
void histogram_add_shared(histogram *h, uint64_t ns);
void histogram_merge(histogram *into, const histogram *from);
// The smallest value that `share` (0 to 1) of all are not above, within a bucket's width; 0 if there are none.
uint64_t histogram_quantile(const histogram *h, double share);
uint64_t histogram_at_most(const histogram *h, uint64_t ns); // how many, within a bucket's width
uint32_t histogram_bucket(uint64_t ns);
uint64_t histogram_bucket_low(uint32_t bucket);

#endif
