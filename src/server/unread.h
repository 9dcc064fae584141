// SPDX-License-Identifier: Apache-2.0
//
// Connections whose client asks, and does not read what it is answered. Once such a connection is full, each further
// reply to it holds a context, of which all requests need one. So what comes in on a connection that did not take a
// reply in time is not answered any more, but for one request each UNREAD_PAUSE_MS, until a reply goes out again.
//
// They are remembered in cells by their numbers, which NNG gives out one after the other. Of two that share a cell the
// later is remembered and the other has to fail once more: a miss costs a little, and nothing has to be taken away when
// a connection ends. Any thread.
#ifndef SERVER_UNREAD_H
#define SERVER_UNREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    UNREAD_CELLS = 1 << 15, // more than the `connections` that a server has by default
    UNREAD_PAUSE_MS = 1000,
};

typedef struct unread {                   // all zeros to begin with
    _Atomic uint64_t cells[UNREAD_CELLS]; // a connection, and from when on one request is answered in the lower half
} unread;

// Times are of a clock that never goes back, and may wrap around. A request came in: whether it is to be answered.
bool unread_answers(unread *u, uint32_t connection, uint32_t now_ms);
bool unread_fails(unread *u, uint32_t connection); // it did not take a reply, and has taken none since
void unread_failed(unread *u, uint32_t connection, uint32_t now_ms); // a reply was not taken in time
void unread_went(unread *u, uint32_t connection);                    // one was

#endif
