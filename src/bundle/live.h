// SPDX-License-Identifier: Apache-2.0
//
// The active bundle, and how it is swapped for another while it is being read. A reader pins what is active, works with
// it for as long as it likes, and unpins it; a swap never waits for readers, and what was swapped away is freed by the
// last one that had it pinned. Pinning is a store and two loads, with no lock and no line of memory that readers share.
//
// These are hazard pointers (M. M. Michael, Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects, IEEE TPDS
// 15(6), 2004) with one pointer a reader. liburcu would do as well, but the thread sanitizer does not see through it in
// the version that Debian 12 has, and that it is watched here is worth more than the sixty lines.
//
// Threads: a reader belongs to one thread at a time; everything else may be called from any.
#ifndef BUNDLE_LIVE_H
#define BUNDLE_LIVE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct live_reader live_reader;
typedef struct live_old live_old;

typedef struct live {
    _Atomic(void *) active;    // NULL: nothing yet
    void (*drop)(void *thing); // frees it
    pthread_mutex_t mutex;     // over the two below
    live_reader *readers;
    live_old *old; // swapped away and perhaps still pinned
} live;

// What can be swapped has this as its first member: its place in the list of those that wait for their last reader.
struct live_old {
    live_old *next;
};

struct live_reader {
    _Alignas(64) _Atomic(void *) pinned;
    live *of;
    live_reader *next, **from;
};

void live_init(live *l, void (*drop)(void *thing)); // of a thing that begins with a live_old
void live_fini(live *l);                            // drops the active one; after all readers have left

void live_join(live *l, live_reader *r); // `r` stays where it is until it has left
void live_leave(live_reader *r);         // pins nothing

// What is active, and stays whole until it is unpinned; NULL if nothing is. Pins do not nest.
void *live_pin(live_reader *r);
void live_unpin(live_reader *r);

// Makes `thing` (NULL: nothing) active from here on. It belongs to `l` then.
void live_swap(live *l, void *thing);

#endif
