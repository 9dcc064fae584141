// SPDX-License-Identifier: Apache-2.0
//
// Histograms against the sorted array of the same values: whatever is asked is right within a bucket's width.
#include "base/histogram.h"

#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static histogram h, other, both;
static uint64_t random_state;

static uint64_t draw(void) {
    random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
    return random_state;
}

static int clear(void **state) {
    (void)state;
    histogram_clear(&h), histogram_clear(&other), histogram_clear(&both);
    return 0;
}

static const uint64_t top = UINT64_C(1) << 40; // what is longer counts as that

static void buckets_are_narrow_and_follow_each_other(void **state) {
    (void)state;
    assert_int_equal(histogram_bucket_low(0), 0);
    for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b++) {
        uint64_t low = histogram_bucket_low(b), next = b + 1 < HISTOGRAM_BUCKETS ? histogram_bucket_low(b + 1) : top;
        assert_true(next > low);
        assert_true(next - low == 1 || (next - low) * 64 <= low);
        assert_int_equal(histogram_bucket(low), b);
        assert_int_equal(histogram_bucket(next - 1), b);
    }
    assert_int_equal(histogram_bucket(top), HISTOGRAM_BUCKETS - 1);
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static int ascending(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void agrees_with_a_sorted_array(void **state) {
    (void)state;
    enum { COUNT = 20000 };
    static uint64_t values[COUNT];
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL), sum = 0;
    print_message("SEED=%" PRIu64 "\n", seed);
    random_state = seed | 1;
    for (int i = 0; i < COUNT; i++) { // as many of each size
        values[i] = draw() >> (24 + draw() % 40);
        sum += values[i];
        histogram_add(&h, values[i]);
    }
    qsort(values, COUNT, sizeof *values, ascending);
    assert_int_equal(h.total, COUNT);
    assert_int_equal(h.sum_ns, sum);
    assert_int_equal(h.max_ns, values[COUNT - 1]);
    for (int i = 1; i <= 1000; i++) {
        uint64_t exact = values[(size_t)COUNT * (size_t)i / 1000 - 1], said = histogram_quantile(&h, i / 1000.0);
        assert_true(said >= exact && said - exact <= exact / 64);
    }
    assert_int_equal(histogram_quantile(&h, 1), values[COUNT - 1]);
    assert_int_equal(histogram_quantile(&h, 0), values[0] < 64 ? values[0] : histogram_quantile(&h, 1.0 / COUNT));
    for (int i = 0; i < COUNT; i += 97) {
        uint64_t said = histogram_at_most(&h, values[i]), least = 0, most = 0;
        uint64_t above = values[i] + values[i] / 64;
        while (least < COUNT && values[least] <= values[i]) least++;
        while (most < COUNT && values[most] <= above) most++;
        assert_in_range(said, least, most);
    }
    assert_int_equal(histogram_at_most(&h, UINT64_MAX), COUNT);
}

static void small_values_are_exact(void **state) {
    (void)state;
    for (uint64_t i = 1; i <= 100; i++) histogram_add(&h, i);
    assert_int_equal(histogram_quantile(&h, 0.5), 50);
    assert_int_equal(histogram_quantile(&h, 0.99), 99);
    assert_int_equal(histogram_quantile(&h, 1), 100);
    assert_int_equal(histogram_quantile(&h, 7), 100);
    assert_int_equal(histogram_quantile(&h, -1), 1);
    assert_int_equal(histogram_at_most(&h, 0), 0);
    assert_int_equal(histogram_at_most(&h, 42), 42);
}

static void nothing_and_too_much(void **state) {
    (void)state;
    assert_int_equal(histogram_quantile(&h, 0.5), 0);
    assert_int_equal(histogram_at_most(&h, UINT64_MAX), 0);
    histogram_add(&h, top * 3);
    assert_int_equal(histogram_quantile(&h, 0.5), top * 3);
    assert_int_equal(histogram_at_most(&h, top / 2), 0);
    histogram_clear(&h);
    assert_int_equal(h.total + h.sum_ns + h.max_ns, 0);
    assert_int_equal(histogram_at_most(&h, UINT64_MAX), 0);
}

static void merged_is_as_if_added_to_one(void **state) {
    (void)state;
    random_state = 12345;
    for (int i = 0; i < 5000; i++) {
        uint64_t ns = draw() >> (20 + draw() % 40);
        histogram_add(i % 3 ? &h : &other, ns);
        histogram_add(&both, ns);
    }
    histogram_merge(&h, &other);
    assert_memory_equal(&h, &both, sizeof h);
}

enum { THREADS = 4, EACH = 20000 };

static void *add_many(void *from) {
    for (uint64_t i = 0; i < EACH; i++) histogram_add_shared(&h, *(uint64_t *)from + i);
    return NULL;
}

static void many_threads_lose_nothing(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    uint64_t from[THREADS], sum = 0;
    for (size_t i = 0; i < THREADS; i++) {
        from[i] = i * 1000;
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &from[i]), 0);
        for (uint64_t k = 0; k < EACH; k++) sum += from[i] + k;
    }
    for (int i = 0; i < 20; i++) { // who reads meanwhile sees what is whole
        histogram_clear(&other);
        histogram_merge(&other, &h);
        assert_int_equal(other.total, histogram_at_most(&other, UINT64_MAX));
        assert_true(histogram_quantile(&h, 0.5) <= (THREADS - 1) * 1000 + EACH);
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(h.total, THREADS * EACH);
    assert_int_equal(h.sum_ns, sum);
    assert_int_equal(h.max_ns, (THREADS - 1) * 1000 + EACH - 1);
    assert_int_equal(histogram_at_most(&h, UINT64_MAX), THREADS * EACH);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_narrow_and_follow_each_other),
        cmocka_unit_test_setup(agrees_with_a_sorted_array, clear),
        cmocka_unit_test_setup(small_values_are_exact, clear),
        cmocka_unit_test_setup(nothing_and_too_much, clear),
        cmocka_unit_test_setup(merged_is_as_if_added_to_one, clear),
        cmocka_unit_test_setup(many_threads_lose_nothing, clear),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
