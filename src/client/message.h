// SPDX-License-Identifier: Apache-2.0
//
// What travels, at the client's end: a request with all that a server wants to know, and a reply as a value or a
// problem.
#ifndef CLIENT_MESSAGE_H
#define CLIENT_MESSAGE_H

#include "base/buf.h"
#include "tact/problem.h"

typedef struct message_extras {
    tact_str token;       // {NULL, 0}: none
    uint64_t deadline_us; // after which nobody waits
} message_extras;

// Appends the request as MessagePack, with the token, the deadline, and ids for what changes something: what it has
// already stays as it is. What is made on the way lies in the arena of `out`. `again`: sending it twice changes nothing
// twice. TACT_USAGE: it is no map. TACT_INVALID, TACT_LIMIT: it holds what does not travel. TACT_NO_MEMORY, TACT_IO (no
// random numbers).
TACT_MUST_USE tact_err message_write(buf *out, tact_value request, const message_extras *extras, bool *again,
                                     tact_problem *problem);

// Reads a reply. Its strings borrow from `bytes`, the rest lies in the arena. TACT_OK: {ok: true, …}. What the server
// refuses is its error. TACT_SYNTAX: this is no reply of Tact's. TACT_NO_MEMORY.
TACT_MUST_USE tact_err message_read(arena *a, tact_str bytes, tact_value *reply, tact_problem *problem);

#endif
