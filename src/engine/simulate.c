// SPDX-License-Identifier: Apache-2.0
//
// Persons are taken by ranges of their numbers, one range after the other, by whichever thread is free. Each thread has
// a view, memory and sums of its own; the sums are added up at the end. Views are renewed with each range, so that no
// pages are held for longer than one takes.
#include "engine/simulate.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "bundle/test.h"
#include "engine/request.h"
#include "wire/form.h"

enum { RANGE = 256, TICK_MS = 50 };

typedef struct sums {                                         // of a bundle
    uint64_t *contents;                                       // by content: to how many it was shown
    uint64_t *removed;                                        // by placement and stage
    uint64_t *candidates, *fallback_only, *nothing, *differs; // by placement
    uint64_t persons;
} sums;

typedef struct side { // what is the same for all threads
    const bundle *bundle;
    tact_value *context;
    int32_t *placements; // by the first bundle's: this one's, or -1
} side;

typedef struct simulation {
    store *s;
    const simulate_options *o;
    side sides[2];
    uint32_t sides_count;
    uint64_t end, share; // numbers of persons; persons whose hash is below `share` are taken
    _Atomic uint64_t next, done;
    atomic_uint running;
    atomic_int code;
} simulation;

typedef struct worker {
    pthread_t thread;
    simulation *of;
    arena memory, scratch;
    store_reader view;
    sums sums[2];
    const bundle *deciding; // for the observer
    uint64_t *removed;      // of the placement at hand
    tact_err code;
} worker;

// ---- One person -----------------------------------------------------------------------------------------------------

static uint64_t of_everyone(void *context, uint64_t tally, int64_t since_ms) {
    worker *w = context;
    uint64_t count = 0;
    tact_err err = store_count(&w->view, tally, since_ms, COMMAND_TIME_MAX_MS, &count, NULL);
    if (err) w->code = err;
    return count;
}

static void removes(void *context, uint32_t at, uint32_t offer, bundle_stage stage, const decide_why *why) {
    worker *w = context;
    (void)at, (void)offer, (void)why;
    w->removed[stage]++;
}

static tact_err decide_one(worker *w, uint32_t which, uint32_t placement, const record *known, decide_place *out) {
    const side *x = &w->of->sides[which];
    uint64_t removed[BUNDLE_STAGES] = {0};
    const decide_request q = {.placements = &placement,
                              .placements_count = 1,
                              .context = x->context,
                              .now_ms = w->of->o->now_ms,
                              .seed = record_person(known)};
    const decide_person person = {.record = known, .unit = record_unit(known), .counts = {NULL, of_everyone, w}};
    const decide_observer observer = {.context = w, .removes = removes};
    decide_answer answer;
    w->removed = removed;
    tact_err err = decide_run(x->bundle, &q, &person, &w->scratch, &observer, &answer, NULL);
    if (err) return err;
    *out = answer.places[0];
    sums *s = &w->sums[which];
    bool fallback = out->choices_count && out->choices[0].fallback;
    s->candidates[placement] += x->bundle->placements[placement].contents_count;
    for (int i = 0; i < BUNDLE_STAGES; i++) s->removed[placement * BUNDLE_STAGES + (uint32_t)i] += removed[i];
    for (uint32_t i = 0; i < out->choices_count; i++) s->contents[out->choices[i].content]++;
    s->fallback_only[placement] += fallback;
    s->nothing[placement] += !out->choices_count;
    return TACT_OK;
}

// Are the same offers shown, in the same order?
static bool is_same(const bundle *b, const decide_place *x, const bundle *c, const decide_place *y) {
    if (x->choices_count != y->choices_count) return false;
    for (uint32_t i = 0; i < x->choices_count; i++) {
        if (!tact_str_equal(b->offers[x->choices[i].offer].name, c->offers[y->choices[i].offer].name)) return false;
    }
    return true;
}

static tact_err decide_all(worker *w, const record *known) {
    const simulation *m = w->of;
    const bundle *b = m->sides[0].bundle;
    w->sums[0].persons++;
    for (uint32_t i = 0; i < b->placements_count; i++) {
        decide_place one, other;
        if (m->o->placement.len && !tact_str_equal(b->placements[i].name, m->o->placement)) continue;
        tact_err err = decide_one(w, 0, i, known, &one);
        int32_t match = m->sides_count > 1 ? m->sides[1].placements[i] : -1;
        if (!err && match >= 0) {
            err = decide_one(w, 1, (uint32_t)match, known, &other);
            if (!err && !is_same(b, &one, m->sides[1].bundle, &other)) w->sums[0].differs[i]++;
        }
        tact_arena_reset(&w->scratch);
        if (err || w->code) return err ? err : w->code;
    }
    return TACT_OK;
}

// ---- Ranges ---------------------------------------------------------------------------------------------------------

static uint64_t hash_of(uint64_t id) { // SplitMix64's last step
    id = (id ^ (id >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    id = (id ^ (id >> 27)) * UINT64_C(0x94D049BB133111EB);
    return id ^ (id >> 31);
}

static tact_err decide_range(worker *w, uint64_t from) {
    db_key key = db_key_number(from);
    db_walk walk;
    uint64_t end = from + RANGE;
    tact_err err = store_reader_renew(&w->view, NULL);
    if (err) return err;
    err = db_walk_begin(&w->view.txn, DB_PERSON, db_key_str(&key), &walk);
    if (err) return err == TACT_NOT_FOUND ? TACT_OK : err;
    for (; !err && db_number_of(walk.key) < end; err = db_walk_next(&walk)) {
        record known;
        if (hash_of(db_number_of(walk.key) + 1) > w->of->share) continue;
        err = record_open(walk.value, &known, NULL);
        if (!err) err = decide_all(w, &known);
        if (err) break;
    }
    db_walk_end(&walk);
    return err == TACT_NOT_FOUND ? TACT_OK : err;
}

static void *run(void *context) {
    worker *w = context;
    simulation *m = w->of;
    tact_err err = TACT_OK;
    while (!err && !atomic_load(&m->code)) {
        uint64_t from = atomic_fetch_add(&m->next, RANGE);
        if (from >= m->end) break;
        uint64_t before = w->sums[0].persons;
        err = decide_range(w, from);
        atomic_fetch_add(&m->done, w->sums[0].persons - before);
    }
    if (err) atomic_store(&m->code, (int)err);
    atomic_fetch_sub(&m->running, 1);
    return NULL;
}

// ---- Threads --------------------------------------------------------------------------------------------------------

static bool init_sums(sums *s, arena *a, const bundle *b) {
    s->persons = 0;
    s->contents = arena_zalloc(a, b->contents_count * sizeof(uint64_t));
    s->removed = arena_zalloc(a, (size_t)b->placements_count * BUNDLE_STAGES * sizeof(uint64_t));
    s->candidates = arena_zalloc(a, b->placements_count * sizeof(uint64_t));
    s->fallback_only = arena_zalloc(a, b->placements_count * sizeof(uint64_t));
    s->nothing = arena_zalloc(a, b->placements_count * sizeof(uint64_t));
    s->differs = arena_zalloc(a, b->placements_count * sizeof(uint64_t));
    return s->contents && s->removed && s->candidates && s->fallback_only && s->nothing && s->differs;
}

static void add_array(uint64_t *to, const uint64_t *from, size_t count) {
    for (size_t i = 0; i < count; i++) to[i] += from[i];
}

static void add_sums(sums *to, const sums *from, const bundle *b) {
    add_array(to->contents, from->contents, b->contents_count);
    add_array(to->removed, from->removed, (size_t)b->placements_count * BUNDLE_STAGES);
    add_array(to->candidates, from->candidates, b->placements_count);
    add_array(to->fallback_only, from->fallback_only, b->placements_count);
    add_array(to->nothing, from->nothing, b->placements_count);
    add_array(to->differs, from->differs, b->placements_count);
    to->persons += from->persons;
}

// False: it could not be begun.
static bool begin_worker(worker *w, simulation *m) {
    w->of = m;
    arena_init(&w->memory, 0);
    arena_init(&w->scratch, 0);
    bool ok = !store_reader_open(m->s, &w->view, NULL);
    if (!ok) return false;
    for (uint32_t i = 0; ok && i < m->sides_count; i++) ok = init_sums(&w->sums[i], &w->memory, m->sides[i].bundle);
    atomic_fetch_add(&m->running, 1);
    ok = ok && !pthread_create(&w->thread, NULL, run, w);
    if (ok) return true;
    atomic_fetch_sub(&m->running, 1);
    store_reader_close(&w->view);
    return false;
}

static void end_worker(worker *w, sums *total) {
    pthread_join(w->thread, NULL);
    add_sums(&total[0], &w->sums[0], w->of->sides[0].bundle);
    if (w->of->sides_count > 1) add_sums(&total[1], &w->sums[1], w->of->sides[1].bundle);
    store_reader_close(&w->view);
    arena_fini(&w->scratch);
    arena_fini(&w->memory);
}

static tact_err run_all(simulation *m, arena *a, uint64_t total_persons, sums *total) {
    const struct timespec tick = {0, TICK_MS * 1000000L};
    const simulate_options *o = m->o;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = o->threads ? o->threads : processors > 0 ? (uint32_t)processors : 1, count = 0;
    if (wanted > SIMULATE_THREADS_MAX) wanted = SIMULATE_THREADS_MAX;
    worker *workers = arena_zalloc(a, wanted * sizeof *workers);
    if (!workers) return TACT_NO_MEMORY;
    while (count < wanted && begin_worker(&workers[count], m)) count++;
    if (count < wanted) { // what there is of it was not begun
        arena_fini(&workers[count].scratch);
        arena_fini(&workers[count].memory);
        if (!count) return TACT_NO_MEMORY;
    }
    while (atomic_load(&m->running)) {
        if (o->progress) o->progress(o->progress_context, atomic_load(&m->done), total_persons);
        nanosleep(&tick, NULL);
    }
    for (uint32_t i = 0; i < count; i++) end_worker(&workers[i], total);
    return (tact_err)atomic_load(&m->code);
}

// ---- The result -----------------------------------------------------------------------------------------------------

typedef struct shown { // an offer at a placement
    tact_str name;
    uint64_t count, before;
    bool fallback;
} shown;

static int order_shown(const void *x, const void *y) {
    const shown *a = x, *b = y;
    if (a->count != b->count) return (a->count < b->count) - (a->count > b->count);
    if (a->before != b->before) return (a->before < b->before) - (a->before > b->before);
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = memcmp(a->name.ptr, b->name.ptr, len);
    return order ? order : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

// Adds what a bundle showed at a placement to the rows, by name.
static uint32_t add_shown(const bundle *b, uint32_t placement, const sums *s, bool before, shown *rows,
                          uint32_t count) {
    for (uint32_t i = 0; i < b->contents_count; i++) {
        if (b->contents[i].placement != placement) continue;
        const bundle_offer *o = &b->offers[b->contents[i].offer];
        uint32_t k = 0;
        while (before && k < count && !tact_str_equal(rows[k].name, o->name)) k++;
        if (!before || k == count) rows[k = count++] = (shown){.name = o->name, .fallback = o->fallback};
        *(before ? &rows[k].before : &rows[k].count) += s->contents[i];
    }
    return count;
}

static tact_value offers_of(form *f, const simulation *m, uint32_t placement, const sums *total) {
    form_items all = {.count = 0};
    int32_t match = m->sides_count > 1 ? m->sides[1].placements[placement] : -1;
    size_t most = m->sides[0].bundle->contents_count + (m->sides_count > 1 ? m->sides[1].bundle->contents_count : 0);
    shown *rows = arena_array(f->arena, most, sizeof *rows);
    f->failed |= !rows;
    if (!rows) return tact_null();
    uint32_t count = add_shown(m->sides[0].bundle, placement, &total[0], false, rows, 0);
    if (match >= 0) count = add_shown(m->sides[1].bundle, (uint32_t)match, &total[1], true, rows, count);
    if (count) qsort(rows, count, sizeof *rows, order_shown);
    for (uint32_t i = 0; i < count; i++) {
        form_fields one = {.count = 0};
        form_put(f, &one, "offer", form_text(f, rows[i].name));
        form_put(f, &one, "count", tact_int((int64_t)rows[i].count));
        if (match >= 0) form_put(f, &one, "before", tact_int((int64_t)rows[i].before));
        if (rows[i].fallback) form_put(f, &one, "fallback", tact_bool(true));
        form_add(f, &all, form_map(f, &one));
    }
    return form_list(&all);
}

static tact_value funnel_of(form *f, const sums *s, uint32_t placement) {
    form_items all = {.count = 0};
    uint64_t left = s->candidates[placement];
    for (int i = 0; i < BUNDLE_STAGES; i++) {
        const char *name = bundle_stage_name((bundle_stage)i);
        uint64_t removed = s->removed[placement * BUNDLE_STAGES + (uint32_t)i];
        form_fields one = {.count = 0};
        left -= removed;
        form_put(f, &one, "stage", tact_string(name, strlen(name)));
        form_put(f, &one, "removed", tact_int((int64_t)removed));
        form_put(f, &one, "left", tact_int((int64_t)left));
        form_add(f, &all, form_map(f, &one));
    }
    return form_list(&all);
}

static tact_value place_of_all(form *f, const simulation *m, uint32_t i, const sums *total) {
    form_fields one = {.count = 0};
    form_put(f, &one, "offers", offers_of(f, m, i, total));
    form_put(f, &one, "candidates", tact_int((int64_t)total[0].candidates[i]));
    form_put(f, &one, "funnel", funnel_of(f, &total[0], i));
    form_put(f, &one, "fallback_only", tact_int((int64_t)total[0].fallback_only[i]));
    form_put(f, &one, "nothing", tact_int((int64_t)total[0].nothing[i]));
    if (m->sides_count > 1 && m->sides[1].placements[i] >= 0) {
        form_put(f, &one, "differs", tact_int((int64_t)total[0].differs[i]));
    }
    return form_map(f, &one);
}

static tact_value result_of(form *f, const simulation *m, const sums *total, int64_t took_ms) {
    const bundle *b = m->sides[0].bundle;
    const char *against = m->o->against_name;
    form_fields all = {.count = 0};
    value_entry *places = arena_array(f->arena, b->placements_count, sizeof *places);
    uint32_t count = 0;
    f->failed |= !places;
    for (uint32_t i = 0; places && i < b->placements_count; i++) {
        if (m->o->placement.len && !tact_str_equal(b->placements[i].name, m->o->placement)) continue;
        places[count++] = (value_entry){form_text(f, b->placements[i].name), place_of_all(f, m, i, total)};
    }
    form_put(f, &all, "bundle", form_text(f, m->o->name.len ? m->o->name : b->name));
    form_put(f, &all, "against", m->sides_count > 1 ? form_text(f, tact_str_from(against)) : tact_null());
    form_put(f, &all, "persons", tact_int((int64_t)total[0].persons));
    form_put(f, &all, "took_ms", tact_int(took_ms));
    form_put(f, &all, "placements", places ? form_map_of(f, places, count) : tact_null());
    return form_map(f, &all);
}

// ---- Running --------------------------------------------------------------------------------------------------------

static tact_err check_placement(const simulate_options *o, tact_problem *p) {
    if (!o->placement.len || bundle_find_placement(o->bundle, o->placement) >= 0) return TACT_OK;
    near n = near_to(o->placement);
    for (uint32_t i = 0; i < o->bundle->placements_count; i++) near_offer(&n, o->bundle->placements[i].name);
    const place at = place_of("placement");
    return problem_unknown(p, TACT_PROBLEM_UNKNOWN_PLACEMENT, &at, "placement", &n);
}

// The context must fit the bundle that is looked at; the other takes of it what it can.
static tact_err read_context(simulation *m, arena *a, tact_problem *p) {
    for (uint32_t i = 0; i < m->sides_count; i++) {
        side *x = &m->sides[i];
        tact_problem ignored;
        request r = {.operation = OPERATION_EXPLAIN};
        if (m->o->context.kind == TACT_MAP) r.given[REQUEST_GIVEN] = &m->o->context;
        tact_err err = request_context_read(&r, a, x->bundle, &x->context, i ? &ignored : p);
        if (err && (!i || err == TACT_NO_MEMORY)) return i ? problem_no_memory(p) : err;
        x->placements = arena_array(a, m->sides[0].bundle->placements_count, sizeof *x->placements);
        if (!x->placements) return problem_no_memory(p);
        for (uint32_t k = 0; k < m->sides[0].bundle->placements_count; k++) {
            x->placements[k] = bundle_find_placement(x->bundle, m->sides[0].bundle->placements[k].name);
        }
    }
    return TACT_OK;
}

tact_err simulate_run(store *s, const simulate_options *o, arena *a, tact_value *out, tact_problem *problem) {
    simulation m = {.s = s, .o = o, .sides = {{.bundle = o->bundle}, {.bundle = o->against}}};
    store_usage usage;
    tact_error error;
    sums total[2];
    apply_state state;
    store_reader view;
    int64_t begun_ms = clock_mono_ms();
    m.sides_count = o->against ? 2 : 1;
    m.share = UINT64_MAX;
    tact_err err = check_placement(o, problem);
    if (!err) err = read_context(&m, a, problem);
    if (err) return err;
    for (uint32_t i = 0; i < 2; i++) {
        if (!init_sums(&total[i], a, i && o->against ? o->against : o->bundle)) return problem_no_memory(problem);
    }
    err = store_status(s, &usage, &error);
    if (!err) err = store_reader_open(s, &view, &error);
    if (err) return problem_of(problem, err, TACT_PROBLEM_NONE, &error);
    err = apply_state_read(&view.txn, &state);
    store_reader_close(&view);
    m.end = err ? 0 : state.next_strand + 1;
    if (o->sample && o->sample < usage.persons) m.share = UINT64_MAX / usage.persons * o->sample;
    if (!err) err = run_all(&m, a, o->sample && o->sample < usage.persons ? o->sample : usage.persons, total);
    if (err) return problem_set(problem, err, TACT_PROBLEM_NONE, NULL, "%s", tact_err_text(err));
    form f = {a, false};
    tact_value v = result_of(&f, &m, total, clock_mono_ms() - begun_ms);
    if (f.failed) return problem_no_memory(problem);
    *out = v;
    return TACT_OK;
}
