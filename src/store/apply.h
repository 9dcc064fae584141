// SPDX-License-Identifier: Apache-2.0
//
// Applying one command: a pure function of what is stored and the command. Everything is worked out before the first
// change, so that a command that is refused has changed nothing and does no harm to others in its transaction.
//
// An identity that is not known yet gets a strand of its own. A command that names several identities links each with
// each with each, for good; what it brings goes to the strand of the first. Of erased identities a keyed hash stays,
// and refuses every command that happened before the erasure or at the same time.
//
// A command that has an id is applied once: said again it gets the answer that the first got, until housekeeping
// forgets that (sweep.h). An id is of a kind of command and, for events, of a type: order 17 may be bought and be
// returned. What comes with an id that is taken and says something else, or is of somebody else, is refused. When it
// happened does not count: what is sent again may have a time of its own.
//
// An identity that its namespace's `max` pushed out finds nobody any more, and may become somebody else's. As long as
// nobody has it, UNLINK and ERASE still reach what came in by it: ERASE who holds that, all of them; UNLINK the newest,
// which it then finds again. Once somebody has it, ERASE deletes them, and of who held it before what came in by it
// alone. So it is with every identity of who is erased: nothing is left that came in by it before it was pushed out.
#ifndef STORE_APPLY_H
#define STORE_APPLY_H

#include "base/hash.h"
#include "store/links.h"
#include "store/merge.h"
#include "store/plan.h"
#include "value/command.h"

enum {
    APPLY_SECRET = HASH_SECRET,
    APPLY_ANSWER = 52,
    APPLY_TOMB = 16
}; // bytes: of the secret, of an answer, of a tomb

typedef struct apply_env { // what is the same for all commands
    const schema *schema;
    uint8_t secret[APPLY_SECRET];
    uint32_t history_max; // events kept of an identity; 0: all
} apply_env;

typedef struct apply_answer {
    uint64_t position; // of the command among all that were applied; counts from 1
    uint64_t person;  // whom the first identity now belongs to; ERASE: who was erased, of several the newest; 0: nobody
    bool repeated;    // was applied before
    int64_t time_ms;  // repeated: when it happened
    uint32_t strands; // ERASE: identities deleted. SWEEP: those from which something was taken
    uint64_t events;  // ERASE, SWEEP: events deleted
    uint64_t answers; // SWEEP: of command ids, forgotten
    uint64_t buckets; // SWEEP: of counts for everyone, forgotten
    bool round;       // SWEEP: with this slice everything was looked at; the next begins anew
} apply_answer;

typedef struct apply_state { // of the store as a whole
    uint64_t position;       // commands applied
    uint64_t next_strand;    // the next that is given
    int64_t clock_ms;        // the time of the latest SWEEP, which is somebody's trusted clock
} apply_state;

TACT_MUST_USE tact_err apply_state_read(db_txn *t, apply_state *out);
// A secret for a new store, at random.
TACT_MUST_USE tact_err apply_secret_draw(uint8_t secret[APPLY_SECRET], tact_error *error);

// Commands are applied in batches, one in a write transaction: what all of them need is read when it begins and written
// when it ends. Nobody else changes anything through the transaction in between.
typedef struct apply_batch {
    db_txn *txn;
    const apply_env *env;
    apply_state state;
    bool changed; // since it began
    bool erased,
        linked; // is there anybody who was erased, anybody with several identities: else nothing looks for them
} apply_batch;
TACT_MUST_USE tact_err apply_begin(db_txn *t, const apply_env *env, apply_batch *out, tact_error *error);
// TACT_INVALID: it does not fit the schema. TACT_EXISTS: it would give a person two values of a namespace that has one,
// or its id is another's.
// TACT_NOT_FOUND: UNLINK of an identity that is not known, or the person was erased after it happened. TACT_LIMIT,
// TACT_NO_MEMORY. After any of these the transaction is as it was; any other error breaks it. `a` must be kept until
// this returns.
TACT_MUST_USE tact_err apply_command(apply_batch *b, arena *a, const command *c, apply_answer *out, tact_error *error);
TACT_MUST_USE tact_err apply_end(apply_batch *b, tact_error *error);

// What a command of the kind (of an EVENT: the type) and with the id of `c`, of which nothing else counts here, was
// answered when it was applied. TACT_NOT_FOUND: none was, or that was forgotten; TACT_INVALID: what is kept of it is
// damaged.
TACT_MUST_USE tact_err apply_seen(db_txn *t, const apply_env *env, const command *c, apply_answer *out);

// An identity's keyed hash, under which it is known that it was erased; and the position of the last command that did.
void apply_identity_hash(const apply_env *env, uint16_t space, tact_str value, uint8_t out[HASH_KEYED]);
// TACT_NOT_FOUND: it never was.
TACT_MUST_USE tact_err apply_erased(db_txn *t, const uint8_t hash[HASH_KEYED], uint64_t *position);

// ---- Looking up: for readers and writers ---------------------------------------------------------------------------

db_key apply_identity_key(uint16_t space, tact_str value);
TACT_MUST_USE tact_err apply_find(db_txn *t, uint16_t space, tact_str value, uint64_t *id); // TACT_NOT_FOUND
// The least strand from `*id` on that the identity found until it was pushed out. TACT_NOT_FOUND.
TACT_MUST_USE tact_err apply_find_dropped(db_txn *t, uint16_t space, tact_str value, uint64_t *id);
// As apply_find; where it finds none, the newest from which it was pushed out. TACT_NOT_FOUND.
TACT_MUST_USE tact_err apply_find_holder(db_txn *t, uint16_t space, tact_str value, uint64_t *id);
db_key apply_dropped_key(uint16_t space, tact_str value, uint64_t id);
TACT_MUST_USE tact_err apply_person_of(db_txn *t, uint64_t id, uint64_t *person); // itself without alias
TACT_MUST_USE tact_err apply_links(db_txn *t, arena *a, uint64_t person, links *out, tact_error *error);
// The identity that a strand came in by; it borrows from the map. TACT_NOT_FOUND: there is no such strand.
TACT_MUST_USE tact_err apply_whose(db_txn *t, uint64_t id, uint16_t *space, tact_str *value);
// All strands of a person; they borrow from the map.
TACT_MUST_USE tact_err apply_load(db_txn *t, arena *a, const links *l, strand **out, tact_error *error);
// Merged, and its record; TACT_EXISTS where a namespace of which a person has one has two.
TACT_MUST_USE tact_err apply_merge(arena *a, const schema *sc, const strand *strands, uint32_t count, merged *m,
                                   tact_str *bytes, tact_error *error);

#endif
