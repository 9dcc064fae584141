// SPDX-License-Identifier: Apache-2.0
//
// Opening, recording, looking up, and schemas that follow each other. Subtle: readers get a new schema just before the
// transaction that brings it is committed. An older record reads under a newer schema, so none is ever too old for the
// view; should the commit fail, the schema before is put back.
#include "store/store.h"

#include <stdatomic.h>

#include "base/err.h"
#include "store/bundles.h"
#include "store/count.h"
#include "store/segment.h"
#include "value/pack.h"

typedef struct generation { // a schema, in an arena of its own
    struct generation *before;
    arena *memory;
    const schema *schema;
} generation;

struct store {
    db *db;
    apply_env env;           // of the writer's thread
    generation *generations; // all there were, the newest first; of the writer's thread
    _Atomic(const schema *) schema;
    uint8_t tag_keys[STORE_TAGGED][HASH_TAG_KEY];
    journal *journal; // NULL: reading only
    writer *writer;   // the same
};

static const tact_str schema_key = {"schema", 6}, secret_key = {"secret", 6};

static tact_err reading_only(const store *s, tact_error *error) {
    return err_set(error, TACT_USAGE, "%s: it is open for reading only", db_folder(s->db));
}

// ---- Schemas --------------------------------------------------------------------------------------------------------

static tact_err new_generation(tact_str bytes, generation **out, tact_error *error) {
    arena *memory = tact_arena_new(0);
    generation *g = memory ? ARENA_NEW(memory, generation) : NULL;
    if (!g) {
        tact_arena_free(memory);
        return err_set(error, TACT_NO_MEMORY, "no memory for a schema");
    }
    schema *sc = NULL;
    tact_err err = schema_read(memory, bytes, &sc, error);
    if (err) {
        tact_arena_free(memory);
        return err;
    }
    g->memory = memory;
    g->schema = sc;
    *out = g;
    return TACT_OK;
}

// From now on it is the store's schema.
static void publish(store *s, generation *g) {
    g->before = s->generations;
    s->generations = g;
    s->env.schema = g->schema;
    atomic_store(&s->schema, g->schema);
}

static void put_back(store *s, const schema *before) {
    s->env.schema = before;
    atomic_store(&s->schema, before);
}

// Does what merging makes of the same strands depend on what changed? Attributes and purposes that were added have no
// values yet; types are looked at only when a record is read.
static bool merges_otherwise(const schema *before, const schema *after) {
    for (uint32_t i = 0; i < before->attributes_count; i++) {
        const schema_attribute *x = &before->attributes[i], *y = &after->attributes[i];
        if (x->sources_count != y->sources_count) return true;
        if (x->sources_count && memcmp(x->sources, y->sources, x->sources_count) != 0) return true;
    }
    for (uint32_t i = 0; i < before->aggregates_count; i++) {
        if (before->aggregates[i].window_ms != after->aggregates[i].window_ms) return true;
    }
    return false;
}

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

// One person after the other; what LMDB has changed beyond some hundred megabytes it writes out before the commit.
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

// ---- What is stored of them -----------------------------------------------------------------------------------------

// TACT_NOT_FOUND, without a text: a new store.
static tact_err get_schema(db_txn *t, generation **out, tact_error *error) {
    tact_str bytes;
    tact_err err = db_get(t, DB_META, schema_key, &bytes);
    if (t->broken) return db_fault(t, error);
    return err ? err : new_generation(bytes, out, error);
}

static tact_err get_secret(store *s, db_txn *t, tact_error *error) {
    tact_str secret;
    tact_err err = db_get(t, DB_META, secret_key, &secret);
    if (t->broken) return db_fault(t, error);
    if (err || secret.len != APPLY_SECRET) {
        return err_set(error, TACT_INVALID, "%s: its secret is damaged; restore a backup", db_folder(t->db));
    }
    memcpy(s->env.secret, secret.ptr, secret.len);
    return TACT_OK;
}

static tact_err put_schema(db_txn *t, const schema *sc, generation **out, tact_error *error) {
    arena scratch;
    arena_init(&scratch, 0);
    buf b = buf_in(&scratch);
    schema_write(&b, sc);
    tact_str bytes = buf_done(&b);
    tact_err err = bytes.ptr ? TACT_OK : err_set(error, TACT_NO_MEMORY, "no memory for the schema");
    if (!err) err = new_generation(bytes, out, error);
    if (!err && db_put(t, DB_META, schema_key, bytes)) err = db_fault(t, error);
    arena_fini(&scratch);
    return err;
}

static bool same_schema(const schema *x, const schema *y) {
    arena scratch;
    arena_init(&scratch, 0);
    buf bx = buf_in(&scratch), by = buf_in(&scratch);
    schema_write(&bx, x);
    schema_write(&by, y);
    tact_str x_bytes = buf_done(&bx), y_bytes = buf_done(&by);
    bool same = x_bytes.ptr && y_bytes.ptr && tact_str_equal(x_bytes, y_bytes);
    arena_fini(&scratch);
    return same;
}

typedef struct evolution {
    store *s;
    const schema *wanted;  // NULL: what there is
    const schema *before;  // of a store that is open: as it was when this began
    const schema *running; // that `wanted` was made to follow; NULL: any
    db_work *work;         // in the same transaction; NULL: none
    void *context;
} evolution;

static tact_err found(evolution *e, db_txn *t, tact_error *error) {
    if (!e->wanted) return err_set(error, TACT_USAGE, "%s: a new store needs a schema", db_folder(t->db));
    tact_err err = apply_secret_draw(e->s->env.secret, error);
    if (err) return err;
    const tact_str secret = {(const char *)e->s->env.secret, APPLY_SECRET};
    if (db_put(t, DB_META, secret_key, secret)) return db_fault(t, error);
    generation *g = NULL;
    err = put_schema(t, e->wanted, &g, error);
    if (g) publish(e->s, g);
    return err;
}

// A schema that comes with opening knows nothing of the bundle that is active, and could take away what its rules read,
// or the purpose that protects it. Once there is one, the schema changes with it.
static tact_err refuse_beside_bundle(db_txn *t, arena *a, tact_error *error) {
    bundles_version v;
    tact_err err = bundles_active(t, a, &v, error);
    if (err) return err == TACT_NOT_FOUND ? TACT_OK : err;
    return err_set(error, TACT_EXISTS,
                   "%s: the schema given is another than that of %.*s@%llu, which is active; leave it away, or change "
                   "the bundle's and publish it",
                   db_folder(t->db), (int)v.name.len, v.name.ptr, (unsigned long long)v.number);
}

// To what is wanted, from the schema that is now published.
static tact_err follow(evolution *e, db_txn *t, tact_error *error) {
    const schema *running = e->s->env.schema;
    arena scratch;
    arena_init(&scratch, 0);
    schema *next = NULL;
    generation *g = NULL;
    tact_err err = schema_evolve(&scratch, running, e->wanted, &next, error);
    bool changes = !err && !same_schema(running, next);
    if (changes && !e->before) err = refuse_beside_bundle(t, &scratch, error);
    if (changes && !err) err = put_schema(t, next, &g, error);
    if (!err && g && merges_otherwise(running, g->schema)) err = rebuild(t, g->schema, error);
    if (g) publish(e->s, g); // after an error it is put back, or the store closed
    arena_fini(&scratch);
    return err;
}

static tact_err open_for_writing(void *context, db_txn *t, tact_error *error) {
    evolution *e = context;
    generation *g = NULL;
    tact_err err = get_schema(t, &g, error);
    if (!g) return err == TACT_NOT_FOUND ? found(e, t, error) : err;
    publish(e->s, g);
    err = get_secret(e->s, t, error);
    return err || !e->wanted ? err : follow(e, t, error);
}

static tact_err open_for_reading(store *s, tact_error *error) {
    db_txn t;
    generation *g = NULL;
    tact_err err = db_read(s->db, &t, error);
    if (err) return err;
    err = get_schema(&t, &g, error);
    if (g) publish(s, g);
    if (!err) err = get_secret(s, &t, error);
    db_read_end(&t);
    if (err != TACT_NOT_FOUND) return err;
    return err_set(error, err, "%s: there is no store; its making was interrupted", db_folder(s->db));
}

static tact_err evolve(void *context, db_txn *t, tact_error *error) {
    evolution *e = context;
    if (e->before) put_back(e->s, e->before); // it is done over
    e->before = e->s->env.schema;
    if (e->running && e->running != e->before) {
        return err_set(error, TACT_BUSY, "%s: its schema has changed meanwhile; try again", db_folder(t->db));
    }
    tact_err err = follow(e, t, error);
    return err || !e->work ? err : e->work(e->context, t, error);
}

static void evolved(void *context, tact_err err) {
    evolution *e = context;
    if (err && e->before) put_back(e->s, e->before);
}

tact_err store_evolve_with(store *s, const schema *running, const schema *wanted, db_work *work, void *context,
                           tact_error *error) {
    if (!s->writer) return reading_only(s, error);
    evolution e = {.s = s, .wanted = wanted, .running = running, .work = work, .context = context};
    return writer_run_then(s->writer, evolve, evolved, &e, error);
}

tact_err store_evolve(store *s, const schema *wanted, tact_error *error) {
    return store_evolve_with(s, NULL, wanted, NULL, NULL, error);
}

// ---- Opening and closing --------------------------------------------------------------------------------------------

static void forget_schemas(store *s) {
    for (generation *g = s->generations, *before; g; g = before) {
        before = g->before;
        tact_arena_free(g->memory);
    }
}

_Static_assert((int)HASH_TAG_KEY == (int)HASH_KEYED, "the keys of tags are hashes");

static void make_tag_keys(store *s) {
    static const uint8_t of[STORE_TAGGED] = {[STORE_TOKEN] = 't', [STORE_MASK] = 'm'}; // unlike those of apply.c
    for (int i = 0; i < STORE_TAGGED; i++) hash_keyed(s->env.secret, of[i], TACT_STR(""), s->tag_keys[i]);
}

// Takes the schema that there is, for what the journal brings back; a new store has neither.
static tact_err look_before(store *s, tact_error *error) {
    if (!db_restored(s->db)) return TACT_OK;
    tact_err err = open_for_reading(s, error);
    return err == TACT_NOT_FOUND ? TACT_OK : err;
}

static tact_err start_writing(store *s, arena *a, const store_options *o, tact_error *error) {
    evolution e = {.s = s, .wanted = o->schema};
    tact_err err = look_before(s, error);
    if (!err) err = journal_open(a, s->db, &s->env, &s->journal, error);
    if (!err) err = journal_write_whole(s->journal, open_for_writing, NULL, &e, error);
    if (!err) err = writer_start(a, s->db, s->journal, &s->env, &o->writer, &s->writer, error);
    if (err) journal_close(s->journal);
    return err;
}

// Pages that were in memory when the system went down are trusted by nobody who only reads. Who may write brings the
// store back first, as the next writer would.
static tact_err bring_back(const char *folder, tact_error *error) {
    segment_found found;
    tact_err err = segment_find(folder, &found, error);
    if (err || !found.whole || segment_of_this_boot(&found.head)) return err;
    arena memory;
    arena_init(&memory, 0);
    store *s = NULL;
    tact_error why = {.text = ""};
    err = store_open(&memory, folder, NULL, &s, &why);
    if (!err) store_close(s);
    arena_fini(&memory);
    if (!err) return TACT_OK;
    return err_set(error, err,
                   "%s: the system went down while it was written to, so that it has to be brought back before it is "
                   "read: start its server, or look as a user who may write to it (%s)",
                   folder, why.text);
}

tact_err store_open(arena *a, const char *folder, const store_options *options, store **out, tact_error *error) {
    const store_options none = {0};
    store_options o = options ? *options : none;
    if (o.db.read_only) {
        tact_err err = bring_back(folder, error);
        if (err) return err;
    }
    store *s = ARENA_NEW(a, store);
    if (!s) return err_set(error, TACT_NO_MEMORY, "%s: no memory to open it", folder);
    if (!o.db.notice.say) o.db.notice = o.notice;
    if (!o.writer.notice.say) o.writer.notice = o.notice;
    s->env.history_max = o.history_max ? o.history_max : STORE_HISTORY_MAX;
    tact_err err = db_open(a, folder, &o.db, &s->db, error);
    if (err) return err;
    err = o.db.read_only ? open_for_reading(s, error) : start_writing(s, a, &o, error);
    if (err) {
        forget_schemas(s);
        db_close(s->db);
        return err;
    }
    make_tag_keys(s);
    *out = s;
    return TACT_OK;
}

void store_close(store *s) {
    if (!s) return;
    writer_stop(s->writer);
    journal_close(s->journal);
    db_close(s->db);
    forget_schemas(s);
}

const schema *store_schema(const store *s) {
    return atomic_load(&s->schema);
}

db *store_db(store *s) {
    return s->db;
}

// ---- Changing -------------------------------------------------------------------------------------------------------

tact_err store_record(store *s, const command *commands, uint32_t count, writer_result *results, tact_error *error) {
    if (!s->writer) return reading_only(s, error);
    return writer_submit(s->writer, commands, count, results, error);
}

tact_err store_run(store *s, db_work *work, void *context, tact_error *error) {
    return s->writer ? writer_run(s->writer, work, context, error) : reading_only(s, error);
}

uint64_t store_lost(store *s) {
    return s->writer ? writer_status_of(s->writer).lost : 0;
}

tact_err store_sweep(store *s, int64_t now_ms, const store_limits *limits, store_swept *out, tact_error *error) {
    const command c = {.kind = COMMAND_SWEEP, .time_ms = now_ms, .source = SCHEMA_SOURCE_NONE, .limits = *limits};
    writer_result r = {.code = TACT_OK};
    tact_err err = store_record(s, &c, 1, &r, error);
    if (err) return err;
    if (r.code) return err_set(error, r.code, "%s", r.error.text);
    if (out)
        *out = (store_swept){r.answer.strands, r.answer.events, r.answer.answers, r.answer.buckets, r.answer.round};
    return TACT_OK;
}

static tact_err count_rows(store_reader *r, store_usage *out, tact_error *error) {
    apply_state state;
    bool failed = apply_state_read(&r->txn, &state) || db_count(&r->txn, DB_PERSON, &out->persons) ||
                  db_count(&r->txn, DB_STRAND, &out->strands) || db_count(&r->txn, DB_EVENT, &out->events);
    if (failed) return plan_damaged(&r->txn, error, "its state");
    out->position = state.position;
    return TACT_OK;
}

tact_err store_status(store *s, store_usage *out, tact_error *error) {
    *out = (store_usage){.position = 0};
    store_reader r;
    tact_err err = store_reader_open(s, &r, error);
    if (err) return err;
    err = count_rows(&r, out, error);
    store_reader_close(&r);
    if (s->writer) out->queue = writer_status_of(s->writer);
    return err ? err : db_status(s->db, &out->files, error);
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

// Most are who they were when they came in. An alias has no record, see fsck.h, so it is asked for only without one.
tact_err store_person_by_id(store_reader *r, uint64_t id, record *out, tact_error *error) {
    tact_str bytes;
    db_key key = db_key_number(id);
    tact_err err = db_get(&r->txn, DB_PERSON, db_key_str(&key), &bytes);
    if (err == TACT_NOT_FOUND) {
        err = apply_person_of(&r->txn, id, &key.as.number);
        if (!err) err = db_get(&r->txn, DB_PERSON, db_key_str(&key), &bytes);
    }
    return err ? nobody(r, err, error) : record_open(bytes, out, error);
}

tact_err store_person(store_reader *r, uint16_t space, tact_str value, record *out, tact_error *error) {
    uint64_t id;
    tact_err err = apply_find_holder(&r->txn, space, value, &id);
    return err ? nobody(r, err, error) : store_person_by_id(r, id, out, error);
}

tact_err store_count(store_reader *r, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count,
                     tact_error *error) {
    tact_err err = count_between(&r->txn, tally, since_ms, until_ms, count);
    if (r->txn.broken) return db_fault(&r->txn, error);
    return err ? err_set(error, err, "%s: a counter is damaged; run fsck", db_folder(r->store->db)) : TACT_OK;
}

tact_err store_seen(store_reader *r, const command *c, bool *seen, tact_error *error) {
    apply_answer answer;
    tact_err err = apply_seen(&r->txn, &r->store->env, c, &answer);
    *seen = err != TACT_NOT_FOUND;
    return r->txn.broken ? db_fault(&r->txn, error) : TACT_OK;
}

tact_err store_answered(store_reader *r, const command *c, apply_answer *out, tact_error *error) {
    tact_err err = apply_seen(&r->txn, &r->store->env, c, out);
    if (r->txn.broken) return db_fault(&r->txn, error);
    if (err == TACT_NOT_FOUND) return err_set(error, err, "no command with this id was applied");
    return err ? err_set(error, err, "%s: what a command was answered is damaged", db_folder(r->store->db)) : TACT_OK;
}

tact_err store_position(store_reader *r, uint64_t *position, tact_error *error) {
    apply_state state;
    if (apply_state_read(&r->txn, &state)) return plan_damaged(&r->txn, error, "its state");
    *position = state.position;
    return TACT_OK;
}

tact_err store_schema_of(store_reader *r, arena *a, const schema **out, tact_error *error) {
    tact_str bytes;
    schema *sc = NULL;
    if (db_get(&r->txn, DB_META, schema_key, &bytes)) return plan_damaged(&r->txn, error, "its schema");
    tact_err err = schema_read(a, bytes, &sc, error);
    *out = sc;
    return err;
}

// Apart from what applying commands hashes, which has letters.
void store_identity_hash(const store *s, uint16_t space, tact_str value, uint8_t out[HASH_KEYED]) {
    apply_identity_hash(&s->env, space, value, out);
}

tact_err store_erased(store_reader *r, const uint8_t hash[HASH_KEYED], uint64_t *position, tact_error *error) {
    tact_err err = apply_erased(&r->txn, hash, position);
    if (!err) return TACT_OK;
    if (err == TACT_NOT_FOUND) return err_set(error, err, "it was never erased");
    return plan_damaged(&r->txn, error, "an erasure");
}

void store_tag(const store *s, store_tagged what, tact_str bytes, uint8_t out[HASH_TAG]) {
    hash_tag(s->tag_keys[what], bytes, out);
}

// Under the schema of the view, which need not be the store's any more.
tact_err store_fsck(store_reader *r, fsck_progress *progress, void *context, fsck_counts *counts, tact_error *error) {
    generation *g = NULL;
    tact_err err = get_schema(&r->txn, &g, error);
    if (!g) return err == TACT_NOT_FOUND ? plan_damaged(&r->txn, error, "its schema") : err;
    const apply_env env = {.schema = g->schema};
    err = fsck_run(&r->txn, &env, progress, context, counts, error);
    tact_arena_free(g->memory);
    return err;
}
