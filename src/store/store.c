// SPDX-License-Identifier: Apache-2.0
//
// Opening, recording, looking up. Subtle: a record is a function of strands and schema, so a schema that changed makes
// every record anew, in the transaction that changes it.
#include "store/store.h"

#include "base/err.h"
#include "value/pack.h"

struct store {
    db *db;
    apply_env env;
    writer *writer; // NULL: reading only
};

static const tact_str schema_key = {"schema", 6}, secret_key = {"secret", 6};

// ---- Opening --------------------------------------------------------------------------------------------------------

static tact_err rebuild_person(db_txn *t, arena *a, const schema *sc, uint64_t id, tact_error *error) {
    links l;
    strand *strands;
    merged m;
    tact_str bytes;
    tact_err err = apply_links(t, a, id, &l, error);
    if (!err) err = apply_load(t, a, &l, &strands, error);
    if (!err) err = apply_merge(a, sc, strands, l.strands_count, &m, &bytes, error);
    if (err) return err;
    db_key key = db_key_number(id);
    return db_put(t, DB_PERSON, db_key_str(&key), bytes) ? db_fault(t, error) : TACT_OK;
}

static tact_err rebuild(db_txn *t, const schema *sc, tact_error *error) {
    arena a;
    arena_init(&a, 0);
    tact_err err = TACT_OK;
    for (uint64_t id = 0; !err; id++) { // a change ends a walk: each person is looked for anew
        db_key from = db_key_number(id);
        db_walk w;
        if (db_walk_begin(t, DB_PERSON, db_key_str(&from), &w)) break;
        id = db_number_of(w.key);
        db_walk_end(&w);
        err = rebuild_person(t, &a, sc, id, error);
        tact_arena_reset(&a);
    }
    arena_fini(&a);
    return t->broken ? db_fault(t, error) : err;
}

typedef struct opening {
    store *s;
    arena *a;
    const schema *wanted; // NULL: what there is
} opening;

static tact_err get_env(opening *o, db_txn *t, tact_str *schema_bytes, tact_error *error) {
    tact_str secret;
    tact_err err = db_get(t, DB_META, secret_key, &secret);
    if (!err) err = db_get(t, DB_META, schema_key, schema_bytes);
    if (t->broken) return db_fault(t, error);
    if (err) return err; // TACT_NOT_FOUND: a new store
    if (secret.len != APPLY_SECRET) return err_set(error, TACT_INVALID, "%s: its secret is damaged", db_folder(t->db));
    memcpy(o->s->env.secret, secret.ptr, secret.len);
    schema *sc;
    err = schema_read(o->a, *schema_bytes, &sc, error);
    o->s->env.schema = sc;
    return err;
}

static tact_err put_schema(opening *o, db_txn *t, const schema *sc, tact_str before, bool *changed, tact_error *error) {
    buf b = buf_in(o->a);
    schema_write(&b, sc);
    tact_str bytes = buf_done(&b);
    if (!bytes.ptr) return err_set(error, TACT_NO_MEMORY, "no memory for the schema");
    *changed = !tact_str_equal(bytes, before);
    if (*changed && db_put(t, DB_META, schema_key, bytes)) return db_fault(t, error);
    schema *own; // which does not go away with the caller's
    tact_err err = schema_read(o->a, bytes, &own, error);
    o->s->env.schema = own;
    return err;
}

static tact_err open_for_writing(void *context, db_txn *t, tact_error *error) {
    opening *o = context;
    tact_str before = {NULL, 0};
    bool changed = false;
    tact_err err = get_env(o, t, &before, error);
    if (err && err != TACT_NOT_FOUND) return err;
    if (err) {
        if (!o->wanted) return err_set(error, TACT_USAGE, "%s: a new store needs a schema", db_folder(t->db));
        err = apply_secret_draw(o->s->env.secret, error);
        if (err) return err;
        const tact_str secret = {(const char *)o->s->env.secret, APPLY_SECRET};
        if (db_put(t, DB_META, secret_key, secret)) return db_fault(t, error);
        return put_schema(o, t, o->wanted, before, &changed, error);
    }
    if (!o->wanted) return TACT_OK;
    schema *next;
    err = schema_evolve(o->a, o->s->env.schema, o->wanted, &next, error);
    if (!err) err = put_schema(o, t, next, before, &changed, error);
    return !err && changed ? rebuild(t, o->s->env.schema, error) : err;
}

static tact_err open_for_reading(opening *o, tact_error *error) {
    db_txn t;
    tact_str bytes;
    tact_err err = db_read(o->s->db, &t, error);
    if (err) return err;
    err = get_env(o, &t, &bytes, error);
    db_read_end(&t);
    if (err != TACT_NOT_FOUND) return err;
    return err_set(error, err, "%s: there is no store; its making was interrupted", db_folder(o->s->db));
}

tact_err store_open(arena *a, const char *folder, const store_options *options, store **out, tact_error *error) {
    const store_options none = {0};
    if (!options) options = &none;
    store *s = ARENA_NEW(a, store);
    if (!s) return err_set(error, TACT_NO_MEMORY, "%s: no memory to open it", folder);
    tact_err err = db_open(a, folder, &options->db, &s->db, error);
    if (err) return err;
    opening o = {s, a, options->schema};
    if (options->db.read_only) {
        err = open_for_reading(&o, error);
    } else {
        err = db_write(s->db, open_for_writing, &o, error);
        if (!err) err = writer_start(a, s->db, &s->env, &options->writer, &s->writer, error);
    }
    if (err) {
        db_close(s->db);
        return err;
    }
    *out = s;
    return TACT_OK;
}

void store_close(store *s) {
    if (!s) return;
    writer_stop(s->writer);
    db_close(s->db);
}

const schema *store_schema(const store *s) {
    return s->env.schema;
}

db *store_db(store *s) {
    return s->db;
}

tact_err store_record(store *s, const command *commands, uint32_t count, writer_result *results, tact_error *error) {
    if (s->writer) return writer_submit(s->writer, commands, count, results, error);
    return err_set(error, TACT_USAGE, "%s: it is open for reading only", db_folder(s->db));
}

uint64_t store_lost(store *s) {
    return s->writer ? writer_lost(s->writer) : 0;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

tact_err store_reader_open(store *s, store_reader *r, tact_error *error) {
    r->store = s;
    return db_read(s->db, &r->txn, error);
}

tact_err store_reader_renew(store_reader *r, tact_error *error) {
    db_read_pause(&r->txn);
    return db_read_renew(&r->txn, error);
}

void store_reader_close(store_reader *r) {
    db_read_end(&r->txn);
}

static tact_err nobody(store_reader *r, tact_err err, tact_error *error) {
    if (r->txn.broken) return db_fault(&r->txn, error);
    if (err == TACT_NOT_FOUND) return err_set(error, err, "there is no such person");
    return err_set(error, err, "%s: what should name a person does not; run fsck", db_folder(r->store->db));
}

tact_err store_person_by_id(store_reader *r, uint64_t id, record *out, tact_error *error) {
    uint64_t person;
    tact_str bytes;
    tact_err err = apply_person_of(&r->txn, id, &person);
    if (err) return nobody(r, err, error);
    db_key key = db_key_number(person);
    err = db_get(&r->txn, DB_PERSON, db_key_str(&key), &bytes);
    return err ? nobody(r, err, error) : record_open(bytes, out, error);
}

tact_err store_person(store_reader *r, uint16_t space, tact_str value, record *out, tact_error *error) {
    uint64_t id;
    tact_err err = apply_find(&r->txn, space, value, &id);
    return err ? nobody(r, err, error) : store_person_by_id(r, id, out, error);
}

tact_err store_count(store_reader *r, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count,
                     tact_error *error) {
    tact_err err = apply_count(&r->txn, tally, since_ms, until_ms, count);
    if (r->txn.broken) return db_fault(&r->txn, error);
    return err ? err_set(error, err, "%s: a counter is damaged; run fsck", db_folder(r->store->db)) : TACT_OK;
}

tact_err store_fsck(store_reader *r, fsck_counts *counts, tact_error *error) {
    return fsck_run(&r->txn, &r->store->env, counts, error);
}
