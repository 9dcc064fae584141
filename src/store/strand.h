// SPDX-License-Identifier: Apache-2.0
//
// A strand: everything that ever came in by one identity. Strands are never put together; a person is what merge.h
// makes of the strands that are linked. A strand is changed by commands alone, and what it is depends on the commands
// and their own times, not on when they arrive:
//   - attributes: one value of each source. What is older than that value changes nothing; of equal times the command
//     that comes later wins. Taking an attribute away is a change like any other, and keeps its time;
//   - consents: every statement is kept, in the order of its own time (equal times: as they came);
//   - aggregates and tallies: see window.h, tally.h.
#ifndef STORE_STRAND_H
#define STORE_STRAND_H

#include "value/command.h"

enum {
    STRAND_FACTS_MAX = 8192,    // values of attributes; twice as many as there can be attributes
    STRAND_TALLIES_MAX = 16384, // counters; one for each of 10,000 offers and some
    // Statements about one purpose. Of more, the oldest goes that is not the newest explicit one, so that a person can
    // always say no, and what is dropped decides nothing.
    STRAND_STATEMENTS_MAX = 1000,
};

typedef struct strand_fact { // an attribute's value, by one source
    uint16_t attribute;
    uint8_t source;
    int64_t time_ms;
    tact_value value; // NULL: taken away at that time
} strand_fact;

typedef struct strand_consent { // a statement about a purpose
    uint16_t purpose;
    uint8_t state; // consent_state
    uint8_t source;
    bool explicit_;
    int64_t time_ms;
    int64_t expires_ms; // 0: never
} strand_consent;

typedef struct strand_state { // of an aggregate (key: its number) or of a counter
    uint64_t key;
    tact_str state;
} strand_state;

// Arrays are in the order of the fields named. Everything is borrowed: from an arena, from the bytes that were read,
// from the commands that were applied.
typedef struct strand {
    uint64_t id;
    uint16_t space; // the identity: its namespace's number
    bool dropped; // went when its namespace's `max` was exceeded: it no longer finds the person, what it brought stays
    tact_str identity; // its value, normalised
    int64_t created_ms;
    uint64_t updates;               // commands applied
    uint64_t events;                // of its history that are kept, see event.h
    const strand_fact *facts;       // attribute, source
    const strand_consent *consents; // purpose, time_ms
    const strand_state *windows;    // key; none is empty
    const strand_state *tallies;    // key; none is empty
    uint32_t facts_count, consents_count, windows_count, tallies_count;
} strand;

// Applies a command that passed command_check with this schema: SET, EVENT, CONSENT or COUNT; any other is TACT_USAGE.
// TACT_LIMIT: more than a strand may hold. TACT_NO_MEMORY. After an error the strand is as it was.
TACT_MUST_USE tact_err strand_apply(arena *a, strand *s, const command *c, const schema *sc, tact_error *error);
// Forgets what no reading of aggregates at `now_ms` or later can see, and times of counters before `before_ms`. Never
// to be called with a time that has not come.
TACT_MUST_USE tact_err strand_trim(arena *a, strand *s, const schema *sc, int64_t now_ms, int64_t before_ms);

// As bytes and back: equal strands are equal bytes. Reading borrows from `bytes` and refuses what strand_write did not
// write (TACT_INVALID).
void strand_write(buf *out, const strand *s);
TACT_MUST_USE tact_err strand_read(arena *a, tact_str bytes, strand *out, tact_error *error);
// The same for what the store itself wrote: looks into no aggregate further than window_fits does, since each may have
// hundreds of cells, and nearly all of them stay as they are. What was damaged then gives wrong answers until fsck
// finds it, and does no other harm.
TACT_MUST_USE tact_err strand_load(arena *a, tact_str bytes, strand *out, tact_error *error);
// Of that the identity alone, which borrows from `bytes`; nothing is allocated. TACT_INVALID.
TACT_MUST_USE tact_err strand_whose(tact_str bytes, uint16_t *space, tact_str *identity);

#endif
