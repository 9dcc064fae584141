// SPDX-License-Identifier: Apache-2.0
//
// A growing array of puts and deletes. Sticky: once memory runs out nothing is added, and carrying it out refuses.
#include "store/plan.h"

#include "base/err.h"
#include "store/load.h"
#include "value/pack.h"

enum { OPS_FIRST = 16 };

static void add(plan *p, plan_op o) {
    if (p->failed) return;
    if (p->count == p->room) {
        uint32_t room = p->room ? p->room * 2 : OPS_FIRST;
        plan_op *ops = arena_extend(p->arena, p->ops, p->room, room, sizeof *ops);
        if (ops) p->ops = ops, p->room = room;
        p->failed = !ops;
    }
    char *copy = p->failed ? NULL : arena_copy(p->arena, o.key.ptr, o.key.len);
    o.key.ptr = copy;
    if (copy) p->ops[p->count++] = o;
    p->failed = !copy;
}

void plan_put(plan *p, db_table table, tact_str key, tact_str value) {
    add(p, (plan_op){table, false, key, value});
}

void plan_put_buf(plan *p, db_table table, const db_key *key, buf *value) {
    tact_str bytes = buf_done(value);
    p->failed |= !bytes.ptr;
    plan_put(p, table, db_key_str(key), bytes);
}

void plan_put_number(plan *p, db_table table, const db_key *key, uint64_t number) {
    buf b = buf_in(p->arena);
    pack_u64(&b, number);
    plan_put_buf(p, table, key, &b);
}

void plan_take(plan *p, db_table table, tact_str key) {
    add(p, (plan_op){table, true, key, {NULL, 0}});
}

void plan_take_key(plan *p, db_table table, const db_key *key) {
    plan_take(p, table, db_key_str(key));
}

tact_err plan_carry_out(plan *p, tact_error *error) {
    if (p->failed) return err_set(error, TACT_NO_MEMORY, "no memory to apply a command");
    for (uint32_t i = 0; i < p->count; i++) {
        const plan_op *o = &p->ops[i];
        tact_err err = o->remove ? db_delete(p->txn, o->table, o->key) : db_put(p->txn, o->table, o->key, o->value);
        if (err && err != TACT_NOT_FOUND) return db_fault(p->txn, error);
    }
    return TACT_OK;
}

tact_err plan_get_number(db_txn *t, db_table table, const db_key *key, uint64_t *out) {
    tact_str value = {NULL, 0};
    tact_err err = db_get(t, table, db_key_str(key), &value);
    if (err) return err;
    if (value.len != sizeof *out) return TACT_INVALID;
    *out = load_u64(value.ptr);
    return TACT_OK;
}

tact_err plan_damaged(db_txn *t, tact_error *error, const char *what) {
    if (t->broken) return db_fault(t, error);
    return err_set(error, TACT_INVALID, "%s: %s is not there, or cannot be; run fsck", db_folder(t->db), what);
}
