// SPDX-License-Identifier: Apache-2.0
//
// Subtle: between reading what is active and saying that it is pinned, it may have been swapped away and freed; so it
// is looked at again after it was said. A swap first puts the new one in place, then looks for pins; a reader first
// takes its pin away, then looks whether it was swapped. In the one order that all see (sequential consistency), one of
// the two always finds that nobody is left.
#include "bundle/live.h"

#include <stddef.h>

void live_init(live *l, void (*drop)(void *thing)) {
    atomic_init(&l->active, NULL);
    l->drop = drop;
    pthread_mutex_init(&l->mutex, NULL);
    l->readers = NULL;
    l->old = NULL;
}

// With the lock. Takes those that nobody has pinned out of the list, as a list of their own.
static live_old *take_unpinned(live *l) {
    live_old *unpinned = NULL;
    for (live_old **at = &l->old; *at;) {
        live_old *thing = *at;
        bool pinned = false;
        for (live_reader *r = l->readers; r && !pinned; r = r->next) pinned = atomic_load(&r->pinned) == thing;
        if (pinned) {
            at = &thing->next;
        } else {
            *at = thing->next;
            thing->next = unpinned;
            unpinned = thing;
        }
    }
    return unpinned;
}

// Dropping takes time, so it is done without the lock.
static void reclaim(live *l, live_old *old) {
    pthread_mutex_lock(&l->mutex);
    if (old) old->next = l->old, l->old = old;
    live_old *unpinned = take_unpinned(l);
    pthread_mutex_unlock(&l->mutex);
    while (unpinned) {
        live_old *next = unpinned->next;
        l->drop(unpinned);
        unpinned = next;
    }
}

void live_swap(live *l, void *thing) {
    void *old = atomic_exchange(&l->active, thing);
    if (old) reclaim(l, old);
}

void live_fini(live *l) {
    live_swap(l, NULL);
    pthread_mutex_destroy(&l->mutex);
}

void live_join(live *l, live_reader *r) {
    atomic_init(&r->pinned, NULL);
    r->of = l;
    pthread_mutex_lock(&l->mutex);
    r->next = l->readers;
    r->from = &l->readers;
    if (r->next) r->next->from = &r->next;
    l->readers = r;
    pthread_mutex_unlock(&l->mutex);
}

void live_leave(live_reader *r) {
    pthread_mutex_lock(&r->of->mutex);
    *r->from = r->next;
    if (r->next) r->next->from = r->from;
    pthread_mutex_unlock(&r->of->mutex);
}

void live_unpin(live_reader *r) {
    void *thing = atomic_load_explicit(&r->pinned, memory_order_relaxed); // this thread's own
    atomic_store(&r->pinned, NULL);
    if (thing && atomic_load(&r->of->active) != thing) reclaim(r->of, NULL);
}

void *live_pin(live_reader *r) {
    void *thing = atomic_load_explicit(&r->of->active, memory_order_acquire);
    for (;;) {
        atomic_store(&r->pinned, thing);
        void *now = atomic_load(&r->of->active);
        if (now == thing) return thing;
        live_unpin(r); // a pin that was too late may have kept another from dropping what it named
        thing = now;
    }
}
