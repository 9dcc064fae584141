// SPDX-License-Identifier: Apache-2.0
//
// What decisions leave behind, on its way to the store: commands are put into a ring, and a thread of its own hands
// them to the writer, many at once, so that who decides never waits for a disk. Where the disk takes nothing, they
// wait, and once the queue is full those who decide something that counts wait, and then are told. What the store
// refuses for good (the person was erased meanwhile) is dropped, counted and told, and never tried again.
//
// Reservations (reserve.h) go with the commands that count, and end with them.
#ifndef ENGINE_EFFECTS_H
#define ENGINE_EFFECTS_H

#include "engine/reserve.h"

enum {
    EFFECTS_BYTES = 16 << 20,   // of commands that wait, packed: half is more than one request can hold
    EFFECTS_WAIT_MS = 1000,     // for room
    EFFECTS_BATCH = 4096,       // commands at once
    EFFECTS_CLOSING_TRIES = 20, // of handing over what is left when it closes, 100 ms apart
};

typedef struct effects effects;

// The store, the reservations and the arena must outlive it.
TACT_MUST_USE tact_err effects_start(arena *a, store *s, reserve *r, db_notice notice, effects **out,
                                     tact_error *error);
void effects_stop(effects *e); // hands over what is queued

// Commands as they are queued, with the reservation that each ends, or NULL; nothing is borrowed. TACT_NO_MEMORY,
// TACT_LIMIT, TACT_INVALID: one cannot be packed.
TACT_MUST_USE tact_err effects_pack(buf *out, const command *commands, reserve_entry *const *entries, uint32_t count);
// Queues what was packed. No view may be held: where there is no room, this waits. TACT_BUSY: there was none for
// EFFECTS_WAIT_MS; TACT_LIMIT: it is more than the queue ever holds. Then nothing was queued.
TACT_MUST_USE tact_err effects_put(effects *e, const char *bytes, size_t len);

typedef struct effects_status {
    uint64_t queued;  // bytes
    uint64_t applied; // commands
    uint64_t refused; // dropped: refused by the store, mostly of persons who were erased meanwhile, or lost in closing
} effects_status;
effects_status effects_status_of(effects *e); // from any thread

#endif
