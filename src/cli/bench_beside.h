// SPDX-License-Identifier: Apache-2.0
//
// What happens on a server beside a load: events that are recorded at a rate, and a bundle that is published again and
// again.
#ifndef CLI_BENCH_BESIDE_H
#define CLI_BENCH_BESIDE_H

#include "base/histogram.h"
#include "cli/bench_load.h"
#include "tact/client.h"

typedef struct beside_options {
    const char *url;
    const tact_client_options *client;
    double events;     // a second; 0: none
    tact_value event;  // a command without `person`: {event: "page_view"}
    const char *space; // of the identity of whom it is
    load_request whom; // only its numbers
    tact_value files;  // of a bundle, as `publish` takes them; NULL, the value: none is published
    double every;      // seconds
} beside_options;

typedef struct beside beside;

// Begins, with threads of its own. `o` outlives it. TACT_INVALID, TACT_IO, TACT_NO_MEMORY.
TACT_MUST_USE tact_err beside_start(const beside_options *o, beside **out, tact_problem *problem);

typedef struct beside_result {
    histogram events, publishes; // until each was answered; of the schedule's moments
    double seconds;              // that they went on: also while it was the echo's turn
    _Atomic uint64_t events_failed, publishes_failed;
    tact_problem first; // that went wrong; err TACT_OK: nothing did
} beside_result;

// Ends it; valid until beside_free.
const beside_result *beside_stop(beside *b);
void beside_free(beside *b); // NULL is allowed

#endif
