// SPDX-License-Identifier: Apache-2.0
//
// One walk for each table. A person's arena is emptied after it, so that memory does not grow with the store.
#include "store/fsck.h"

#include "base/err.h"
#include "store/bundles.h"
#include "store/count.h"
#include "store/event.h"
#include "store/load.h"
#include "store/record.h"
#include "store/sweep.h"

typedef struct check {
    db_txn *t;
    arena *a; // emptied after each row
    const apply_env *env;
    apply_state state;
    fsck_counts counts;
    uint64_t events;         // that strands say they have
    int64_t counted_ms;      // counts for everyone are whole from then on
    fsck_progress *progress; // may be NULL
    void *context;
    uint64_t done, total; // rows
    tact_error *error;
} check;

typedef tact_err check_row(check *c, tact_str key, tact_str value);

static tact_err wrong(check *c, const char *what, uint64_t number) {
    if (c->t->broken) return db_fault(c->t, c->error);
    return err_set(c->error, TACT_INVALID, "%s: %s (%llu)", db_folder(c->t->db), what, (unsigned long long)number);
}

static tact_err strand_of(check *c, uint64_t id, strand *out) {
    db_key key = db_key_number(id);
    tact_str bytes = {NULL, 0};
    if (db_get(c->t, DB_STRAND, db_key_str(&key), &bytes)) return wrong(c, "a strand that is named is not there", id);
    return strand_read(c->a, bytes, out, c->error);
}

static tact_err check_identity(check *c, tact_str key, tact_str value) {
    strand s = {0};
    c->counts.identities++;
    if (value.len != 8 || key.len < 3) return wrong(c, "an identity that is none", c->counts.identities);
    uint64_t id = load_u64(value.ptr);
    tact_err err = strand_of(c, id, &s);
    if (err) return err;
    db_key own = apply_identity_key(s.space, s.identity);
    bool same = !s.dropped && tact_str_equal(db_key_str(&own), key);
    return same ? TACT_OK : wrong(c, "an identity leads to the strand of another", id);
}

static tact_err check_dropped(check *c, tact_str key, tact_str value) {
    strand s = {0};
    uint64_t id = db_key_number_at(key, key.len < 8 ? 0 : key.len - 8);
    if (value.len) return wrong(c, "an identity that was pushed out and is none", id);
    tact_err err = strand_of(c, id, &s);
    if (err) return err;
    db_key own = apply_dropped_key(s.space, s.identity, id);
    bool same = s.dropped && tact_str_equal(db_key_str(&own), key);
    return same ? TACT_OK : wrong(c, "an identity that was pushed out leads to the strand of another", id);
}

// That what was pushed out of its person is found by who erases it.
static tact_err check_holds(check *c, const strand *s) {
    uint64_t found = s->id;
    tact_err err = s->dropped ? apply_find_dropped(c->t, s->space, s->identity, &found) : TACT_OK;
    return err || found != s->id ? wrong(c, "an identity that was pushed out is not noted", s->id) : TACT_OK;
}

static tact_err check_history(check *c, const strand *s) {
    db_key from = event_key(s->id, 0, 0);
    db_walk w = {0};
    uint64_t count = 0;
    tact_err err = s->events ? db_walk_begin(c->t, DB_EVENT, db_key_str(&from), &w) : TACT_NOT_FOUND;
    for (; !err && db_key_number_at(w.key, 0) == s->id; err = db_walk_next(&w)) count++;
    db_walk_end(&w);
    c->events += count;
    return count == s->events && !c->t->broken ? TACT_OK
                                               : wrong(c, "a strand has more or fewer events than it says", s->id);
}

static tact_err check_strand(check *c, tact_str key, tact_str value) {
    uint64_t id = db_number_of(key), found = 0, person = 0;
    strand s = {0};
    c->counts.strands++;
    tact_err err = strand_read(c->a, value, &s, c->error);
    if (err) return err;
    if (s.id != id || id >= c->state.next_strand) return wrong(c, "a strand has a number that it cannot have", id);
    err = apply_find(c->t, s.space, s.identity, &found);
    if (err && err != TACT_NOT_FOUND) return wrong(c, "an identity that is none", id);
    if (!s.dropped && (err || found != id)) return wrong(c, "its identity does not lead to a strand", id);
    if (s.dropped && !err && found == id) return wrong(c, "an identity leads to a strand that was dropped", id);
    if (apply_person_of(c->t, id, &person)) return wrong(c, "an alias that is none", id);
    links l = {0};
    err = apply_links(c->t, c->a, person, &l, c->error);
    if (err) return err;
    if (!links_has(&l, id) || links_person(&l) != person) return wrong(c, "a strand has no person", id);
    err = check_holds(c, &s);
    return err ? err : check_history(c, &s);
}

static tact_err check_alias(check *c, tact_str key, tact_str value) {
    uint64_t id = db_number_of(key);
    strand s = {0};
    if (value.len != 8 || load_u64(value.ptr) >= id) return wrong(c, "an alias that is none", id);
    return strand_of(c, id, &s); // whose person check_strand looks at
}

static tact_err check_links(check *c, tact_str key, tact_str value) {
    uint64_t id = db_number_of(key);
    links l = {0};
    tact_err err = links_read(c->a, value, &l, c->error);
    if (err) return err;
    if (l.strands_count < 2 || links_person(&l) != id) return wrong(c, "links of another person", id);
    for (uint32_t i = 0; i < l.strands_count; i++) {
        uint64_t person;
        tact_err fault = apply_person_of(c->t, l.strands[i], &person);
        if (fault || person != id) return wrong(c, "a linked strand has another person", l.strands[i]);
    }
    return TACT_OK;
}

static tact_err check_person(check *c, tact_str key, tact_str value) {
    uint64_t id = db_number_of(key), person;
    links l = {0};
    strand *strands = NULL;
    merged m = {0};
    tact_str bytes = {NULL, 0};
    c->counts.persons++;
    if (apply_person_of(c->t, id, &person) || person != id) return wrong(c, "a record of an alias", id);
    tact_err err = record_check(value, c->error);
    record stored;
    if (!err) err = record_open(value, &stored, c->error);
    if (!err) err = apply_links(c->t, c->a, id, &l, c->error);
    if (!err) err = apply_load(c->t, c->a, &l, &strands, c->error);
    if (err) return err;
    // It says how many attributes there were when it was written: those that were added since rebuilt nothing.
    schema then = *c->env->schema;
    if (stored.attributes > then.attributes_count) return wrong(c, "a record of attributes that there are not", id);
    then.attributes_count = stored.attributes;
    err = apply_merge(c->a, &then, strands, l.strands_count, &m, &bytes, c->error);
    if (err) return err;
    return tact_str_equal(bytes, value) ? TACT_OK : wrong(c, "a record is not what its strands come to", id);
}

static tact_err check_event(check *c, tact_str key, tact_str value) {
    event e;
    strand s = {0};
    c->counts.events++;
    tact_err err = event_read(c->a, key, value, &e, c->error);
    if (!err) err = strand_of(c, e.strand, &s);
    if (err) return err;
    return e.position <= c->state.position ? TACT_OK : wrong(c, "an event that was not applied", e.position);
}

static tact_err check_tomb(check *c, tact_str key, tact_str value) {
    bool form = key.len == HASH_KEYED && value.len == APPLY_TOMB && load_u64(value.ptr) <= COMMAND_TIME_MAX_MS &&
                load_u64(value.ptr + 8) <= c->state.position;
    return form ? TACT_OK : wrong(c, "an erasure that is none", value.len);
}

static tact_err check_answer(check *c, tact_str key, tact_str value) {
    if (key.len != HASH_KEYED || value.len != APPLY_ANSWER) return wrong(c, "an answer that is none", value.len);
    uint64_t position = load_u64(value.ptr), person = load_u64(value.ptr + 8);
    int64_t time_ms = load_i64(value.ptr + APPLY_ANSWER - 8);
    bool applied = position > 0 && position <= c->state.position && person < c->state.next_strand;
    bool timed = time_ms >= 0 && time_ms <= COMMAND_TIME_MAX_MS;
    return applied && timed ? TACT_OK : wrong(c, "an answer to a command that was not applied", position);
}

// A bucket against the finer ones in it, and against the one that it is in.
static tact_err check_count(check *c, tact_str key, tact_str value) {
    count_row row;
    if (!count_row_of(key, &row) || value.len != 8 || !load_u64(value.ptr)) return wrong(c, "a count that is none", 0);
    int64_t width = count_width(row.level), begin = row.bucket * width;
    if (begin < c->counted_ms) return TACT_OK;
    if (row.level < COUNT_LEVELS - 1) {
        db_key in = count_key(row.tally, row.level + 1, begin / count_width(row.level + 1));
        uint64_t count;
        if (plan_get_number(c->t, DB_COUNT, &in, &count)) return wrong(c, "a count that days leave out", row.tally);
    }
    if (row.level == 0) return TACT_OK;
    int64_t ratio = width / count_width(row.level - 1);
    uint64_t sum = 0;
    tact_err err = count_sum(c->t, row.tally, row.level - 1, row.bucket * ratio, (row.bucket + 1) * ratio, &sum);
    return !err && sum == load_u64(value.ptr) ? TACT_OK : wrong(c, "a count is not the sum of its parts", row.tally);
}

static tact_err check_table(check *c, db_table table, check_row *row) {
    db_walk w;
    tact_err err = db_walk_begin(c->t, table, (tact_str){NULL, 0}, &w);
    while (!err) {
        err = row(c, w.key, w.value);
        tact_arena_reset(c->a);
        if (c->progress) c->progress(c->context, ++c->done, c->total);
        if (err) {
            db_walk_end(&w);
            return err;
        }
        err = db_walk_next(&w);
    }
    db_walk_end(&w);
    return err == TACT_NOT_FOUND ? TACT_OK : db_fault(c->t, c->error);
}

static const struct {
    db_table table;
    check_row *row;
} checks[] = {
    {DB_IDENTITY, check_identity}, {DB_STRAND, check_strand},   {DB_ALIAS, check_alias}, {DB_LINKS, check_links},
    {DB_PERSON, check_person},     {DB_EVENT, check_event},     {DB_TOMB, check_tomb},   {DB_SEEN, check_answer},
    {DB_COUNT, check_count},       {DB_DROPPED, check_dropped},
};

static tact_err count_rows(check *c) {
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        uint64_t rows = 0;
        if (db_count(c->t, checks[i].table, &rows)) return db_fault(c->t, c->error);
        c->total += rows;
    }
    return TACT_OK;
}

tact_err fsck_run(db_txn *t, const apply_env *env, fsck_progress *progress, void *context, fsck_counts *counts,
                  tact_error *error) {
    arena a;
    arena_init(&a, 0);
    check c = {.t = t, .a = &a, .env = env, .progress = progress, .context = context, .error = error};
    tact_err err = apply_state_read(t, &c.state);
    sweep_note note = {.stage = 0};
    if (!err) err = sweep_note_read(t, &note);
    if (err) err = wrong(&c, "its state cannot be read", 0);
    if (!err) c.counted_ms = note.counted_ms;
    if (!err && progress) err = count_rows(&c);
    for (size_t i = 0; i < sizeof checks / sizeof *checks && !err; i++) {
        err = check_table(&c, checks[i].table, checks[i].row);
    }
    if (!err) err = bundles_check(t, &a, error);
    uint64_t aliases = 0;
    if (!err && db_count(t, DB_ALIAS, &aliases)) err = db_fault(t, error);
    if (!err && c.counts.persons != c.counts.strands - aliases) err = wrong(&c, "persons without a record", 0);
    if (!err && c.counts.events != c.events) err = wrong(&c, "events of strands that say they have none", 0);
    if (!err && counts) *counts = c.counts;
    arena_fini(&a);
    return err;
}
