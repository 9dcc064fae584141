// SPDX-License-Identifier: Apache-2.0
//
// Three walks, one after the other, that share a number of steps. A walk that runs out of steps leaves the key it would
// have looked at next; one that ends hands over to the next stage.
#include "store/sweep.h"

#include "base/err.h"
#include "store/count.h"
#include "store/event.h"
#include "store/load.h"
#include "store/record.h"
#include "value/pack.h"

static const tact_str note_key = {"sweep", 5};

typedef struct sweep {
    plan *plan;
    arena memory; // of one person
    const apply_env *env;
    const command *c;
    apply_answer *out;
    sweep_note note;
    uint64_t steps; // left
} sweep;

// The moment before which things are forgotten that are kept for so long.
static int64_t edge_of(const sweep *s, int64_t age_ms) {
    return age_ms ? s->c->time_ms - age_ms : INT64_MIN;
}

// ---- The note -------------------------------------------------------------------------------------------------------
//
//      stage u8 | counted i64 | the key, up to the end

enum { NOTE_HEADER = 9 };

static void note_write(plan *p, const sweep_note *n) {
    buf b = buf_in(p->arena);
    pack_u8(&b, (uint8_t)n->stage);
    pack_u64(&b, (uint64_t)n->counted_ms);
    buf_add_str(&b, db_key_str(&n->from));
    tact_str bytes = buf_done(&b);
    p->failed |= !bytes.ptr;
    plan_put(p, DB_META, note_key, bytes);
}

// ---- Persons --------------------------------------------------------------------------------------------------------

// Trimming makes states shorter or leaves them as they are.
static uint64_t states_size(const strand *s) {
    uint64_t size = 0;
    for (uint32_t i = 0; i < s->windows_count; i++) size += s->windows[i].state.len;
    for (uint32_t i = 0; i < s->tallies_count; i++) size += s->tallies[i].state.len;
    return size;
}

// `*again`: there were not steps enough for its events.
static tact_err sweep_strand(sweep *s, strand *one, bool *record_too, bool *again, tact_error *error) {
    const command_limits *ages = &s->c->limits;
    uint64_t before = states_size(one), gone = 0;
    if (strand_trim(&s->memory, one, s->env->schema, s->c->time_ms, edge_of(s, ages->count_age_ms))) {
        return err_set(error, TACT_NO_MEMORY, "no memory for housekeeping");
    }
    if (one->events && ages->history_age_ms) {
        tact_err err = event_forget(s->plan, one->id, edge_of(s, ages->history_age_ms), s->steps, &gone, error);
        if (err) return err;
        *again |= gone == s->steps;
    }
    bool trimmed = states_size(one) != before;
    if (!trimmed && !gone) return TACT_OK;
    one->events -= gone;
    s->steps -= gone;
    s->out->events += gone;
    s->out->strands++;
    *record_too |= trimmed;
    db_key key = db_key_number(one->id);
    buf b = buf_in(s->plan->arena);
    strand_write(&b, one);
    plan_put_buf(s->plan, DB_STRAND, &key, &b);
    return TACT_OK;
}

static void step(sweep *s) {
    if (s->steps) s->steps--;
}

static tact_err sweep_person(sweep *s, uint64_t id, bool *again, tact_error *error) {
    links l = {0};
    strand *strands = NULL;
    bool record_too = false;
    tact_err err = apply_links(s->plan->txn, &s->memory, id, &l, error);
    if (!err) err = apply_load(s->plan->txn, &s->memory, &l, &strands, error);
    for (uint32_t i = 0; i < l.strands_count && !err; i++) {
        step(s);
        err = sweep_strand(s, &strands[i], &record_too, again, error);
    }
    merged m;
    tact_str bytes;
    if (!err && record_too) {
        err = apply_merge(&s->memory, s->env->schema, strands, l.strands_count, &m, &bytes, error);
        db_key key = db_key_number(id);
        buf b = buf_in(s->plan->arena);
        if (!err) buf_add_str(&b, bytes);
        if (!err) plan_put_buf(s->plan, DB_PERSON, &key, &b);
    }
    tact_arena_reset(&s->memory);
    return err;
}

// Where a walk stops: `at` is where the next slice goes on; empty: the walk is over.
static void leave(sweep *s, tact_str at) {
    s->note.from = db_key_of();
    db_key_add(&s->note.from, at);
}

static tact_err sweep_persons(sweep *s, tact_error *error) {
    db_walk w;
    bool again = false;
    tact_err err = db_walk_begin(s->plan->txn, DB_PERSON, db_key_str(&s->note.from), &w);
    while (!err && s->steps) {
        tact_err fault = sweep_person(s, db_number_of(w.key), &again, error);
        if (fault || again) {
            leave(s, w.key);
            db_walk_end(&w);
            return fault;
        }
        err = db_walk_next(&w);
    }
    leave(s, err ? (tact_str){NULL, 0} : w.key);
    db_walk_end(&w);
    return s->plan->txn->broken ? db_fault(s->plan->txn, error) : TACT_OK;
}

// ---- Answers --------------------------------------------------------------------------------------------------------

static void sweep_answer(sweep *s, tact_str key, tact_str value) {
    int64_t time_ms = load_i64(value.ptr + APPLY_ANSWER - 8);
    if (time_ms < edge_of(s, s->c->limits.seen_age_ms)) {
        plan_take(s->plan, DB_SEEN, key);
        s->out->answers++;
    } else if (time_ms > s->c->time_ms) {
        buf b = buf_in(s->plan->arena);
        buf_add(&b, value.ptr, APPLY_ANSWER - 8);
        pack_u64(&b, (uint64_t)s->c->time_ms);
        tact_str bytes = buf_done(&b);
        s->plan->failed |= !bytes.ptr;
        plan_put(s->plan, DB_SEEN, key, bytes);
    }
}

static tact_err sweep_answers(sweep *s, tact_error *error) {
    db_walk w = {0};
    bool wanted = s->c->limits.seen_age_ms != 0;
    tact_err err = !wanted ? TACT_NOT_FOUND : db_walk_begin(s->plan->txn, DB_SEEN, db_key_str(&s->note.from), &w);
    while (!err && s->steps) {
        if (w.value.len != APPLY_ANSWER) {
            db_walk_end(&w);
            return plan_damaged(s->plan->txn, error, "an answer");
        }
        sweep_answer(s, w.key, w.value);
        step(s);
        err = db_walk_next(&w);
    }
    leave(s, err ? (tact_str){NULL, 0} : w.key);
    db_walk_end(&w);
    return s->plan->txn->broken ? db_fault(s->plan->txn, error) : TACT_OK;
}

// ---- Counts ---------------------------------------------------------------------------------------------------------

// Looks at one row. What is old is taken; where the rest of its level is newer, or of days, `*next` is the first key of
// the next level that may have something old.
static bool sweep_count(sweep *s, tact_str key, const count_row *row, int64_t edge, db_key *next) {
    int64_t width = count_width(row->level), end = (row->bucket + 1) * width;
    if (row->level != COUNT_DAY && end <= edge) {
        plan_take(s->plan, DB_COUNT, key);
        s->out->buckets++;
        if (s->note.counted_ms < edge) s->note.counted_ms = edge;
        return false;
    }
    bool last = row->level >= COUNT_MINUTE;
    *next = last ? count_key(row->tally + 1, 0, 0) : count_key(row->tally, row->level + 1, 0);
    if (last && row->tally == UINT64_MAX) next->len = 0;
    return true;
}

static tact_err sweep_counts(sweep *s, tact_error *error) {
    int64_t edge = edge_of(s, s->c->limits.count_age_ms);
    db_walk w = {0};
    bool wanted = s->c->limits.count_age_ms != 0;
    tact_err err = !wanted ? TACT_NOT_FOUND : db_walk_begin(s->plan->txn, DB_COUNT, db_key_str(&s->note.from), &w);
    while (!err && s->steps) {
        count_row row;
        db_key next;
        if (!count_row_of(w.key, &row)) {
            db_walk_end(&w);
            return plan_damaged(s->plan->txn, error, "a counter");
        }
        step(s);
        if (sweep_count(s, w.key, &row, edge, &next)) {
            db_walk_end(&w);
            err = next.len ? db_walk_begin(s->plan->txn, DB_COUNT, db_key_str(&next), &w) : TACT_NOT_FOUND;
        } else {
            err = db_walk_next(&w);
        }
    }
    leave(s, err ? (tact_str){NULL, 0} : w.key);
    db_walk_end(&w);
    return s->plan->txn->broken ? db_fault(s->plan->txn, error) : TACT_OK;
}

// ---- A slice --------------------------------------------------------------------------------------------------------

typedef tact_err sweep_stage(sweep *s, tact_error *error);
static sweep_stage *const stages[] = {sweep_persons, sweep_answers, sweep_counts};
enum { STAGES = sizeof stages / sizeof *stages };

tact_err sweep_note_read(db_txn *t, sweep_note *out) {
    tact_str value;
    *out = (sweep_note){.from = db_key_of()};
    tact_err err = db_get(t, DB_META, note_key, &value);
    if (err) return err == TACT_NOT_FOUND ? TACT_OK : err;
    if (value.len < NOTE_HEADER || (uint8_t)value.ptr[0] >= STAGES) return TACT_INVALID;
    out->stage = (uint8_t)value.ptr[0];
    out->counted_ms = load_i64(value.ptr + 1);
    db_key_add(&out->from, (tact_str){value.ptr + NOTE_HEADER, value.len - NOTE_HEADER});
    return out->from.len <= DB_KEY_MAX ? TACT_OK : TACT_INVALID;
}

tact_err sweep_plan(plan *p, const apply_env *env, const command *c, apply_answer *out, tact_error *error) {
    sweep s = {.plan = p, .env = env, .c = c, .out = out, .steps = SWEEP_STEPS};
    if (sweep_note_read(p->txn, &s.note)) return plan_damaged(p->txn, error, "where housekeeping stands");
    arena_init(&s.memory, 0);
    tact_err err = TACT_OK;
    while (!err && s.steps && !out->round) {
        err = stages[s.note.stage](&s, error);
        if (err || s.note.from.len) break;
        s.note.stage = (s.note.stage + 1) % STAGES;
        out->round = s.note.stage == 0;
    }
    arena_fini(&s.memory);
    note_write(p, &s.note);
    return err;
}
