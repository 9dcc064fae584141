// SPDX-License-Identifier: Apache-2.0
//
// Swapping what is read: a pin keeps a thing whole, the last one out drops it, and a storm of swaps beside readers
// neither loses nor leaks one.
#include "bundle/live.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct thing {
    live_old old;          // first
    uint64_t number, same; // equal, as long as it is whole
} thing;

static atomic_int alive;

static thing *thing_new(uint64_t number) {
    thing *t = malloc(sizeof *t);
    if (!t) abort();
    *t = (thing){.number = number, .same = number};
    atomic_fetch_add(&alive, 1);
    return t;
}

static void drop(void *dropped) {
    thing *t = dropped;
    t->number = UINT64_MAX, t->same = 0;
    atomic_fetch_sub(&alive, 1);
    free(t);
}

static void nothing_is_active_at_first(void **state) {
    (void)state;
    live l;
    live_reader r;
    live_init(&l, drop);
    live_join(&l, &r);
    assert_null(live_pin(&r));
    live_unpin(&r);
    live_leave(&r);
    live_fini(&l);
}

static void the_last_one_out_drops_it(void **state) {
    (void)state;
    live l;
    live_reader first, second;
    live_init(&l, drop);
    live_join(&l, &first);
    live_join(&l, &second);
    live_swap(&l, thing_new(1));
    const thing *one = live_pin(&first);
    assert_ptr_equal(live_pin(&second), one);
    live_swap(&l, thing_new(2));
    live_swap(&l, thing_new(3)); // 2 is pinned by nobody
    assert_int_equal(alive, 2);
    live_unpin(&first);
    assert_int_equal(one->number, 1); // the second still has it
    assert_int_equal(alive, 2);
    const thing *three = live_pin(&first);
    assert_int_equal(three->number, 3);
    live_unpin(&second);
    assert_int_equal(alive, 1);
    live_unpin(&first);
    assert_int_equal(alive, 1); // still active
    live_leave(&first);
    live_leave(&second);
    live_fini(&l);
    assert_int_equal(alive, 0);
}

// ---- A storm --------------------------------------------------------------------------------------------------------

enum { SWAPS = 20000, READERS = 3 };

typedef struct storm {
    live l;
    atomic_bool over;
    atomic_int torn, backwards;
    atomic_long reads;
} storm;

static void *read_all_along(void *context) {
    storm *s = context;
    uint64_t last = 0;
    while (!atomic_load(&s->over)) {
        live_reader r; // a new one now and then: joining and leaving are part of the storm
        live_join(&s->l, &r);
        for (int i = 0; i < 100; i++) {
            const thing *t = live_pin(&r);
            if (t->number != t->same) atomic_fetch_add(&s->torn, 1);
            if (t->number < last) atomic_fetch_add(&s->backwards, 1);
            last = t->number;
            live_unpin(&r);
            atomic_fetch_add_explicit(&s->reads, 1, memory_order_relaxed);
        }
        live_leave(&r);
    }
    return NULL;
}

static void a_storm_of_swaps_beside_readers(void **state) {
    (void)state;
    storm s = {.reads = 0};
    pthread_t threads[READERS];
    live_init(&s.l, drop);
    live_swap(&s.l, thing_new(0));
    for (int i = 0; i < READERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, read_all_along, &s), 0);
    for (uint64_t i = 1; i <= SWAPS; i++) live_swap(&s.l, thing_new(i));
    while (atomic_load(&s.reads) < SWAPS / 10) sched_yield(); // they read beside it, or at least after it
    atomic_store(&s.over, true);
    for (int i = 0; i < READERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(s.torn, 0);
    assert_int_equal(s.backwards, 0);
    assert_int_equal(alive, 1); // all others were dropped, by a swap or by the last reader
    live_fini(&s.l);
    assert_int_equal(alive, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_active_at_first),
        cmocka_unit_test(the_last_one_out_drops_it),
        cmocka_unit_test(a_storm_of_swaps_beside_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
