// SPDX-License-Identifier: Apache-2.0
//
// The way to servers: a socket of NNG's with a dialer for each connection to each of them, and what a call sends and
// receives with. A client has one, and replaces it when NNG has lost its way with it (client.c says when). Whoever
// still waits for an answer over the old one holds it; the last who lets go of it has it closed.
#ifndef CLIENT_UPLINK_H
#define CLIENT_UPLINK_H

#include "base/arena.h"
#include "client/reach.h"
#include "tact/problem.h"

#include <nng/nng.h>

typedef struct uplink uplink;

typedef struct uplink_options { // borrowed, also by the uplink
    const char *const *urls;
    size_t urls_count;
    uint32_t connections, calls;   // to each URL; at once
    const char *tls_ca, *tls_cert; // as in tact_client_options
} uplink_options;

// Begins to connect and returns, held once. TACT_INVALID: a URL; TACT_IO: a file of TLS. TACT_NO_MEMORY.
TACT_MUST_USE tact_err uplink_open(const uplink_options *options, uplink **out, tact_problem *problem);

uplink *uplink_hold(uplink *u);
// Whoever is the last has it closed on a thread of its own, and does not wait.
void uplink_drop(uplink *u);
// The same, but waits for the close, at most so many milliseconds: NNG may never end it, and then its thread is left
// behind, and owns what it needs.
void uplink_drop_and_wait(uplink *u, int64_t ms);

// What call number `call` sends and receives with; `again`: NNG sends it again when its connection is lost.
nng_ctx uplink_context(const uplink *u, uint32_t call, bool again);

uint32_t uplink_connected(const uplink *u);        // connections that are up, as far as NNG says
bool uplink_why(const uplink *u, reach_text *out); // why servers cannot be reached: see reach_why
void uplink_hear(uplink *u);                       // an answer came
bool uplink_answered(const uplink *u);             // ever
// When anything was last heard over it, an answer or that a connection came up (clock_mono_ms); 0: never.
int64_t uplink_heard_ms(const uplink *u);

#endif
