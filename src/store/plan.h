// SPDX-License-Identifier: Apache-2.0
//
// What a command is going to change: puts and deletes with keys and values of their own, gathered while nothing changes
// yet, so that what was read from the map stays where it is, and a command that is refused half-way has done nothing.
#ifndef STORE_PLAN_H
#define STORE_PLAN_H

#include "base/buf.h"
#include "store/db.h"

typedef struct plan_op {
    db_table table;
    bool remove;
    tact_str key, value;
} plan_op;

typedef struct plan {
    db_txn *txn;
    arena *arena;
    plan_op *ops;
    uint32_t count, room;
    bool failed; // memory ran out; plan_carry_out tells
} plan;

static inline plan plan_of(db_txn *t, arena *a) {
    plan p = {t, a, NULL, 0, 0, false};
    return p;
}
// Keys are copied; values must be kept until the plan is carried out.
void plan_put(plan *p, db_table table, tact_str key, tact_str value);
void plan_put_buf(plan *p, db_table table, const db_key *key, buf *value);
void plan_put_number(plan *p, db_table table, const db_key *key, uint64_t number);
void plan_take(plan *p, db_table table, tact_str key); // what is not there need not be taken
void plan_take_key(plan *p, db_table table, const db_key *key);

// Makes the changes, in the order in which they were planned. TACT_NO_MEMORY: it made none; any other error breaks the
// transaction.
TACT_MUST_USE tact_err plan_carry_out(plan *p, tact_error *error);

// A value of eight bytes, as plan_put_number writes it. TACT_NOT_FOUND; TACT_INVALID: it has another size.
TACT_MUST_USE tact_err plan_get_number(db_txn *t, db_table table, const db_key *key, uint64_t *out);
// What to return when something that was read cannot be: the fault of the transaction, or that `what` is damaged.
tact_err plan_damaged(db_txn *t, tact_error *error, const char *what);

#endif
