// SPDX-License-Identifier: Apache-2.0
//
// The history of an identity: its events in the table `event`, by their own time. No more than so many are kept of one
// identity: what exceeds it goes when an event comes, the oldest first, which may be the one that comes.
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/plan.h"
#include "store/strand.h"

typedef struct event {         // one of a person's history
    uint64_t strand, position; // of the identity that brought it; of its command
    int64_t time_ms;
    uint16_t event; // its type
    uint8_t source;
    tact_str channel, id;
    const command_value *values;
    uint32_t values_count;
} event;

// Keys are in the order of strand, time, position.
db_key event_key(uint64_t id, int64_t time_ms, uint64_t position);

// Plans to keep what an EVENT says, and counts it in the strand. `history_max` events are kept; 0: all.
TACT_MUST_USE tact_err event_add(plan *p, strand *s, const command *c, const schema *sc, uint64_t position,
                                 uint32_t history_max, tact_error *error);
// Plans to forget the oldest `most` events of a strand at most, those before `before_ms`; returns in `*gone` how many.
TACT_MUST_USE tact_err event_forget(plan *p, uint64_t id, int64_t before_ms, uint64_t most, uint64_t *gone,
                                    tact_error *error);
// Borrows from key and bytes. TACT_INVALID, TACT_NO_MEMORY.
TACT_MUST_USE tact_err event_read(arena *a, tact_str key, tact_str bytes, event *out, tact_error *error);

#endif
