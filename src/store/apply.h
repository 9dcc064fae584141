// SPDX-License-Identifier: Apache-2.0
//
// Applying one command: a pure function of what is stored and the command. Everything is worked out before the first
// change, so that a command that is refused has changed nothing and does no harm to others in its transaction.
//
// An identity that is not known yet gets a strand of its own. A command that names several identities links them, for
// good, to the first; what it brings goes to the strand of the first. A command that has an id is applied once: the
// same id again, for as long as the store lives, gets the answer that the first got. Of erased identities a keyed hash
// stays, and refuses every command that happened before the erasure or at the same time.
#ifndef STORE_APPLY_H
#define STORE_APPLY_H

#include "store/db.h"
#include "store/links.h"
#include "store/merge.h"
#include "value/command.h"

enum { APPLY_SECRET = 32, APPLY_HASH = 16 }; // bytes

typedef struct apply_env { // what is the same for all commands
    const schema *schema;
    uint8_t secret[APPLY_SECRET];
} apply_env;

typedef struct apply_answer {
    uint64_t position; // of the command among all that were applied; counts from 1
    uint64_t person;   // whom the first identity now belongs to; ERASE: who was erased, 0 if nobody was known
    bool repeated;     // was applied before
    uint32_t strands;  // ERASE: identities deleted
    uint64_t events;   // ERASE: events deleted
} apply_answer;

typedef struct apply_state { // of the store as a whole
    uint64_t position;       // commands applied
    uint64_t next_strand;    // the next that is given
} apply_state;

TACT_MUST_USE tact_err apply_state_read(db_txn *t, apply_state *out);
// A secret for a new store, at random.
TACT_MUST_USE tact_err apply_secret_draw(uint8_t secret[APPLY_SECRET], tact_error *error);

// Applies in a write transaction. TACT_INVALID: it does not fit the schema. TACT_EXISTS: it would give a person two
// values of a namespace that has one. TACT_NOT_FOUND: UNLINK of an identity that is not known, or the person was erased
// after it happened. TACT_LIMIT, TACT_NO_MEMORY. After any of these the transaction is as it was; any other error
// breaks it. `a` must be kept until this returns.
TACT_MUST_USE tact_err apply_command(db_txn *t, arena *a, const apply_env *env, const command *c, apply_answer *out,
                                     tact_error *error);

// ---- Looking up: for readers and writers ---------------------------------------------------------------------------

db_key apply_identity_key(uint16_t space, tact_str value);
TACT_MUST_USE tact_err apply_find(db_txn *t, uint16_t space, tact_str value, uint64_t *id); // TACT_NOT_FOUND
TACT_MUST_USE tact_err apply_person_of(db_txn *t, uint64_t id, uint64_t *person);           // itself without alias
TACT_MUST_USE tact_err apply_links(db_txn *t, arena *a, uint64_t person, links *out, tact_error *error);
// All strands of a person; they borrow from the map.
TACT_MUST_USE tact_err apply_load(db_txn *t, arena *a, const links *l, strand **out, tact_error *error);
// Merged, and its record; TACT_EXISTS where a namespace of which a person has one has two.
TACT_MUST_USE tact_err apply_merge(arena *a, const schema *sc, const strand *strands, uint32_t count, merged *m,
                                   tact_str *bytes, tact_error *error);

typedef struct apply_event { // one of a person's history
    uint64_t strand, position;
    int64_t time_ms;
    uint16_t event;
    uint8_t source;
    tact_str channel, id;
    const command_value *values;
    uint32_t values_count;
} apply_event;
TACT_MUST_USE tact_err apply_event_read(arena *a, tact_str key, tact_str bytes, apply_event *out, tact_error *error);

// How often a counter counted for everyone in [since_ms, until_ms].
TACT_MUST_USE tact_err apply_count(db_txn *t, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count);

#endif
