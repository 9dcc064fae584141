// SPDX-License-Identifier: Apache-2.0
//
// Who answers what comes in on a socket, and when. There are as many seats to answer at as there are processors. The
// thread of NNG's that a request comes in on takes a seat, answers, goes on with what was queued meanwhile, and gives
// the seat back when nothing is left: no request changes threads while there is room, and none waits while a seat is
// free. Who finds all seats taken leaves the request in the queue; who finds the queue full refuses it at once, as
// `overloaded`, so that those that are served are served as fast as ever. What may have to wait, or
// computes for long, goes on to threads of its own.
//
// docs/performance.md has what was measured for this and for the other shapes.
#ifndef SERVER_WORK_H
#define SERVER_WORK_H

#include <nng/nng.h>

#include "server/call.h"

enum {
    WORK_HEAVY = 2,        // threads for heavy operations
    WORK_HEAVY_QUEUE = 16, // heavy operations that wait; further ones are refused
    WORK_BULK = 2,         // the same for long batches, which must not keep single requests waiting
    WORK_BULK_QUEUE = 16,
    WORK_NICE = 10, // by how much all of those threads step back
    // That a reply waits for a client who does not read; then it is dropped, and unread.h says what follows. While it
    // waits it has a context of NNG's: so it waits less when half of those wait already, and for who did not read
    // before.
    WORK_SEND_MS = 2000,
    WORK_SEND_HURRY_MS = 500,
    WORK_LINGER_MS = 50, // that the system has for what was handed to it, before connections are closed
};

typedef struct work work;

typedef struct work_options {
    nng_socket socket; // REP0
    call_env *env;
    metrics *counted; // of work_seats shards
    uint32_t contexts, workers, waiters, queue_max;
} work_options;

static inline uint32_t work_seats(const work_options *o) {
    return o->workers + o->waiters + WORK_BULK + WORK_HEAVY;
}

// Begins to answer; what is in the arena lives as long as the work. TACT_NO_MEMORY: memory, or threads.
TACT_MUST_USE tact_err work_start(arena *a, const work_options *o, work **out, tact_error *error);
void work_set_queue(work *w, uint32_t queue_max);
// Takes nothing more, and returns when all that came in is answered, or so many milliseconds later. How many are not.
uint32_t work_drain(work *w, uint32_t ms);
// Before the socket is closed: NNG 1.5.2 lets a context that somebody still sends by outlive it, and then aborts.
void work_stop(work *w);

// Fills `in_flight`, `waiting`, `shed_total`, `dropped_total`, `ignored_total`.
void work_gauges(work *w, metrics_gauges *g);

#endif
