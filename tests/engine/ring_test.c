// SPDX-License-Identifier: Apache-2.0
//
// The ring: what is put comes out once, whole, and in the order of each thread; what does not fit is refused; a taker
// that sleeps is roused.
#include "engine/ring.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/line.h"

#include <cmocka.h>

static arena memory;

static ring *ring_of(size_t size) {
    arena_init(&memory, 0);
    ring *r = line_zalloc(&memory, sizeof *r);
    assert_non_null(r);
    assert_true(ring_init(r, &memory, size));
    return r;
}

static size_t longest(const ring *r) {
    return r->size / 2 - RING_HEAD;
}

static void end(ring *r) {
    ring_fini(r);
    arena_fini(&memory);
}

static void runs_come_out_as_they_went_in(void **state) {
    (void)state;
    ring *r = ring_of(256);
    tact_str run;
    assert_false(ring_take(r, &run));
    for (size_t len = 0; len <= longest(r); len++) { // ends at every place, so that the rest is skipped, too
        char bytes[256];
        memset(bytes, (int)len, sizeof bytes);
        assert_true(ring_put(r, bytes, len));
        assert_true(ring_take(r, &run));
        assert_int_equal(run.len, len);
        assert_memory_equal(run.ptr, bytes, len);
        assert_false(ring_take(r, &run));
        ring_return(r);
        assert_int_equal(ring_waiting(r), 0);
    }
    end(r);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    ring *r = ring_of(128);
    char bytes[128] = "";
    tact_str run;
    assert_false(ring_put(r, bytes, longest(r) + 1));
    assert_int_equal(ring_put_within(r, bytes, longest(r) + 1, 5), TACT_LIMIT);
    assert_true(ring_put(r, bytes, longest(r)));
    assert_true(ring_put(r, bytes, longest(r)));
    assert_false(ring_put(r, bytes, 0));
    assert_int_equal(ring_put_within(r, bytes, 0, 3), TACT_BUSY);
    assert_true(ring_take(r, &run));
    assert_false(ring_put(r, bytes, 0)); // what is taken still lies there
    ring_return(r);
    assert_true(ring_put(r, bytes, 0));
    end(r);
}

// ---- Threads --------------------------------------------------------------------------------------------------------

enum { PUTTERS = 4, RUNS = 3000 };

typedef struct putter {
    pthread_t thread;
    ring *ring;
    uint32_t number;
} putter;

static void *put_all(void *context) {
    putter *p = context;
    for (uint32_t i = 0; i < RUNS; i++) {
        uint32_t run[8] = {p->number, i};
        while (ring_put_within(p->ring, (const char *)run, (2 + i % 7) * sizeof *run, 1000)) {}
    }
    return NULL;
}

typedef struct taker {
    pthread_t thread;
    ring *ring;
    uint32_t next[PUTTERS];
    bool out_of_order;
} taker;

static void *take_all(void *context) {
    taker *t = context;
    tact_str run;
    do {
        while (ring_take(t->ring, &run)) {
            uint32_t head[2];
            memcpy(head, run.ptr, sizeof head);
            bool right = head[0] < PUTTERS && head[1] == t->next[head[0]] && run.len == (2 + head[1] % 7) * 4;
            t->out_of_order |= !right;
            if (right) t->next[head[0]]++;
            if (run.len % 3 == 0) ring_return(t->ring);
        }
        ring_return(t->ring);
    } while (ring_rest(t->ring));
    return NULL;
}

static void many_put_and_one_takes(void **state) {
    (void)state;
    ring *r = ring_of(1024); // so small that they meet
    putter putters[PUTTERS];
    taker t = {.ring = r};
    assert_int_equal(pthread_create(&t.thread, NULL, take_all, &t), 0);
    for (uint32_t i = 0; i < PUTTERS; i++) {
        putters[i] = (putter){.ring = r, .number = i};
        assert_int_equal(pthread_create(&putters[i].thread, NULL, put_all, &putters[i]), 0);
    }
    for (int i = 0; i < PUTTERS; i++) pthread_join(putters[i].thread, NULL);
    ring_flush(r);
    ring_stop(r);
    pthread_join(t.thread, NULL);
    assert_false(t.out_of_order);
    for (int i = 0; i < PUTTERS; i++) assert_int_equal(t.next[i], RUNS);
    end(r);
}

// The taker has gone to sleep by then.
static void a_sleeper_is_roused(void **state) {
    (void)state;
    ring *r = ring_of(1024);
    taker t = {.ring = r};
    r->idle_ms = RING_AWAKE_MS;
    assert_int_equal(pthread_create(&t.thread, NULL, take_all, &t), 0);
    while (!atomic_load(&r->asleep)) {}
    const uint32_t run[2] = {0, 0};
    assert_true(ring_put(r, (const char *)run, sizeof run));
    ring_flush(r);
    ring_stop(r);
    pthread_join(t.thread, NULL);
    assert_int_equal(t.next[0], 1);
    end(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_come_out_as_they_went_in),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(many_put_and_one_takes),
        cmocka_unit_test(a_sleeper_is_roused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
