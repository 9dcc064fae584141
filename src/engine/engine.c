// SPDX-License-Identifier: Apache-2.0
//
// Opening and closing, sessions, and the thread that looks after both. Subtle: the list of free sessions is a number
// and a count of its changes in one word, so that a session which was taken and given back meanwhile is not mistaken
// for one that lay there all the time.
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/line.h"
#include "engine/log.h"

// ---- The active bundle ----------------------------------------------------------------------------------------------

static void drop_bundle(void *thing) {
    engine_bundle *b = thing;
    arena memory = b->memory; // which holds `b`
    bundle_free(b->bundle);
    arena_fini(&memory);
}

static int order_caps(const void *x, const void *y) {
    const bundle_cap *const *a = x, *const *b = y;
    return ((*a)->tally > (*b)->tally) - ((*a)->tally < (*b)->tally);
}

static bool index_caps(engine_bundle *eb, arena *a) {
    const bundle *b = eb->bundle;
    eb->by_tally = arena_array(a, b->caps_count, sizeof(bundle_cap *)); // NOLINT(bugprone-sizeof-expression)
    if (!eb->by_tally) return false;
    for (uint32_t i = 0; i < b->caps_count; i++) {
        if (b->caps[i].on == BUNDLE_ON_DECISION) eb->by_tally[eb->by_tally_count++] = &b->caps[i];
    }
    if (!eb->by_tally_count) return true;
    qsort(eb->by_tally, eb->by_tally_count, sizeof *eb->by_tally, order_caps); // NOLINT(bugprone-sizeof-expression)
    return true;
}

static bool add_heard(engine_bundle *eb, arena *a) {
    schema *sc = NULL;
    buf bytes = buf_in(a);
    schema_write(&bytes, eb->bundle->schema);
    tact_str written = buf_done(&bytes);
    if (!written.ptr || schema_read(a, written, &sc, NULL)) return false;
    const schema_event more[] = {{.name = TACT_STR("impression")}, {.name = TACT_STR("click")}};
    for (int i = 0; i < 2; i++) {
        tact_err err = schema_number(sc, SCHEMA_EVENT, more[i].name) < 0 ? schema_add_event(sc, &more[i], NULL)
                                                                         : TACT_OK;
        if (err == TACT_NO_MEMORY) return false; // with as many events as there may be, these are not heard
    }
    eb->heard = sc;
    return true;
}

tact_err engine_swap(tact_engine *e, bundle *b, const bundles_version *v, tact_problem *p) {
    arena memory;
    arena_init(&memory, 0);
    engine_bundle *eb = ARENA_NEW(&memory, engine_bundle);
    if (eb) eb->bundle = b;
    if (!eb || !index_caps(eb, &memory) || !add_heard(eb, &memory)) {
        arena_fini(&memory);
        bundle_free(b);
        return problem_no_memory(p);
    }
    int len = snprintf(eb->name, sizeof eb->name, "%.*s@%llu", (int)b->name.len, b->name.ptr,
                       (unsigned long long)v->number);
    eb->name_len = (size_t)len;
    eb->version = *v;
    eb->version.name = b->name;
    eb->version.author = eb->version.message = TACT_STR("");
    eb->memory = memory; // which drop_bundle ends
    live_swap(&e->live, eb);
    return TACT_OK;
}

static void say(const tact_engine *e, const char *text) {
    if (e->notice.say) e->notice.say(e->notice.context, text);
}

// Compiles what is active in the store, and swaps it in.
static void load_active(tact_engine *e) {
    publish_files f;
    publish_result r;
    tact_error error;
    tact_problem p;
    arena a;
    arena_init(&a, 0);
    tact_err err = publish_load_active(e->store, &a, &f, &r, &error);
    if (!err) {
        if (engine_swap(e, r.bundle, &r.version, &p)) say(e, p.text);
    } else if (err != TACT_NOT_FOUND) {
        say(e, error.text);
    }
    arena_fini(&a);
}

// ---- Another process publishes --------------------------------------------------------------------------------------

static bool is_active(tact_engine *e, const bundles_version *v, live_reader *reader) {
    const engine_bundle *b = live_pin(reader);
    bool same = b && b->version.number == v->number && b->version.activated_ms == v->activated_ms &&
                memcmp(b->version.hash, v->hash, sizeof v->hash) == 0;
    live_unpin(reader);
    (void)e;
    return same;
}

// Under the schema that the view shows, which is newer than the one that this process opened with.
static tact_err load_foreign(tact_engine *e, arena *a, store_reader *view, tact_error *error) {
    publish_files f;
    bundles_version v;
    const schema *sc = NULL;
    bundle *b = NULL;
    tact_problem p;
    tact_err err = store_schema_of(view, a, &sc, error);
    if (!err) err = publish_read_version(&f, a, &view->txn, TACT_STR(""), 0, &v, error);
    if (err) return err;
    if (!f.whole || bundle_compile(&f.draft, sc, &b)) {
        return err_set(error, TACT_INVALID, "%.*s@%llu, which was published, does not compile here", (int)v.name.len,
                       v.name.ptr, (unsigned long long)v.number);
    }
    memcpy(b->hash, v.hash, sizeof b->hash);
    err = engine_swap(e, b, &v, &p);
    return err ? err_set(error, err, "%s", p.text) : TACT_OK;
}

static void follow(tact_engine *e, live_reader *reader) {
    store_reader view;
    bundles_version v;
    tact_error error = {.text = ""};
    arena a;
    if (store_reader_open(e->store, &view, NULL)) return;
    arena_init(&a, 0);
    tact_err err = bundles_active(&view.txn, &a, &v, NULL);
    if (!err && !is_active(e, &v, reader) && load_foreign(e, &a, &view, &error)) say(e, error.text);
    arena_fini(&a);
    store_reader_close(&view);
}

// ---- Looking after it -----------------------------------------------------------------------------------------------

static void wait_for_tick(tact_engine *e) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ENGINE_TICK_MS / 1000;
    pthread_mutex_lock(&e->keeping);
    while (!e->stopping && !pthread_cond_timedwait(&e->stop, &e->keeping, &until)) {}
    pthread_mutex_unlock(&e->keeping);
}

static bool is_stopping(tact_engine *e) {
    pthread_mutex_lock(&e->keeping);
    bool stopping = e->stopping;
    pthread_mutex_unlock(&e->keeping);
    return stopping;
}

// A slice of housekeeping; once all was looked at, there is time until the next round. What fails is tried again.
static void sweep(tact_engine *e, int64_t *next_ms) {
    store_swept swept = {.round = false};
    if (clock_mono_ms() < *next_ms) return;
    if (store_sweep(e->store, clock_wall_ms(), &e->limits, &swept, NULL) || swept.round) {
        *next_ms = clock_mono_ms() + ENGINE_SWEEP_MS;
    }
}

static void *keep(void *context) {
    tact_engine *e = context;
    live_reader reader;
    int64_t next_ms = clock_mono_ms() + ENGINE_SWEEP_FIRST_MS;
    live_join(&e->live, &reader);
    for (wait_for_tick(e); !is_stopping(e); wait_for_tick(e)) {
        if (e->read_only) {
            follow(e, &reader);
        } else {
            sweep(e, &next_ms);
        }
        tact_error error;
        if (db_readers_check(store_db(e->store), NULL, &error)) say(e, error.text);
    }
    live_leave(&reader);
    return NULL;
}

static void start_keeper(tact_engine *e) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&e->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_mutex_init(&e->keeping, NULL);
    e->kept = !pthread_create(&e->keeper, NULL, keep, e);
    if (!e->kept) say(e, "the system gives no further thread: nothing old is forgotten until it is opened again");
}

static void stop_keeper(tact_engine *e) {
    pthread_mutex_lock(&e->keeping);
    e->stopping = true;
    pthread_cond_signal(&e->stop);
    pthread_mutex_unlock(&e->keeping);
    if (e->kept) pthread_join(e->keeper, NULL);
    pthread_mutex_destroy(&e->keeping);
    pthread_cond_destroy(&e->stop);
}

// ---- Sessions -------------------------------------------------------------------------------------------------------

static void give(tact_engine *e, session *s) {
    uint64_t first = atomic_load(&e->free), wanted;
    do {
        atomic_store(&s->next, (uint32_t)first);
        wanted = ((first >> 32) + 1) << 32 | (s->number + 1);
    } while (!atomic_compare_exchange_weak(&e->free, &first, wanted));
}

static session *take(tact_engine *e) {
    uint64_t first = atomic_load(&e->free), wanted;
    session *s;
    do {
        if (!(uint32_t)first) return NULL;
        s = e->sessions[(uint32_t)first - 1];
        wanted = ((first >> 32) + 1) << 32 | atomic_load(&s->next);
    } while (!atomic_compare_exchange_weak(&e->free, &first, wanted));
    return s;
}

// With the lock. NULL: as `err` says.
static session *make_session(tact_engine *e, tact_err *err, tact_error *error) {
    uint8_t secret[HASH_SECRET];
    uint32_t number = atomic_load(&e->sessions_count);
    if (number == ENGINE_SESSIONS_MAX) {
        *err = err_set(error, TACT_BUSY, "%u calls are being answered already", number);
        return NULL;
    }
    session *s = e->unmade ? e->unmade : line_zalloc(&e->memory, sizeof *s);
    if (s && !s->reserved) s->reserved = line_zalloc(&e->memory, sizeof *s->reserved);
    e->unmade = s;
    if (!s || !s->reserved) {
        *err = err_set(error, TACT_NO_MEMORY, "no memory for another thread");
        return NULL;
    }
    *err = hash_secret_draw(secret, error);
    if (!*err) *err = store_reader_open(e->store, &s->reader, error);
    if (*err) return NULL;
    db_read_pause(&s->reader.txn);
    memcpy(s->random, secret, sizeof s->random);
    s->engine = e;
    s->number = number;
    arena_init(&s->scratch, 0);
    live_join(&e->live, &s->live);
    reserve_join(e->reserve, s->reserved);
    e->unmade = NULL;
    e->sessions[number] = s;
    atomic_store(&e->sessions_count, number + 1);
    return s;
}

tact_err session_view(session *s, tact_problem *p) {
    tact_error error;
    reserve_begin(s->reserved);
    tact_err err = db_read_renew(&s->reader.txn, &error);
    if (err) return problem_of(p, err, TACT_PROBLEM_NONE, &error);
    s->viewing = true;
    return TACT_OK;
}

void session_unview(session *s) {
    if (s->viewing) db_read_pause(&s->reader.txn);
    s->viewing = false;
    reserve_end(s->reserved);
}

tact_err session_begin(tact_engine *e, session **out, tact_problem *p) {
    tact_error error;
    session *s = take(e);
    if (!s) {
        pthread_mutex_lock(&e->opening);
        tact_err err = TACT_OK;
        s = make_session(e, &err, &error);
        pthread_mutex_unlock(&e->opening);
        if (!s) return problem_of(p, err, err == TACT_BUSY ? TACT_PROBLEM_OVERLOADED : TACT_PROBLEM_NONE, &error);
    }
    s->bundle = live_pin(&s->live);
    tact_err err = session_view(s, p);
    if (err) {
        session_end(s);
        return err;
    }
    *out = s;
    return TACT_OK;
}

void session_end(session *s) {
    session_unview(s);
    live_unpin(&s->live);
    s->bundle = NULL;
    arena_reset_keeping(&s->scratch, ENGINE_SCRATCH_KEPT);
    give(s->engine, s);
}

tact_err session_needs_bundle(session *s, tact_problem *p) {
    if (s->bundle) return TACT_OK;
    return problem_set(p, TACT_NOT_FOUND, TACT_PROBLEM_NO_BUNDLE, NULL,
                       "%s: nothing is published; `tact publish` makes a folder of rules active",
                       db_folder(store_db(s->engine->store)));
}

// SplitMix64 (G. L. Steele, D. Lea, C. H. Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
uint64_t session_draw(session *s) {
    uint64_t z = s->random[0] += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) ^ s->random[1];
}

engine_counts engine_counted(const tact_engine *e) {
    engine_counts sum = {.decided = 0};
    for (uint32_t i = 0; i < atomic_load(&e->sessions_count); i++) {
        const session_counts *c = &e->sessions[i]->counts;
        sum.decided += atomic_load_explicit(&c->decided, memory_order_relaxed);
        sum.given += atomic_load_explicit(&c->given, memory_order_relaxed);
        sum.fallbacks += atomic_load_explicit(&c->fallbacks, memory_order_relaxed);
        for (int k = 0; k < BUNDLE_STAGES; k++) {
            sum.removed[k] += atomic_load_explicit(&c->removed[k], memory_order_relaxed);
        }
    }
    return sum;
}

static void close_sessions(tact_engine *e) {
    for (uint32_t i = 0; i < atomic_load(&e->sessions_count); i++) {
        session *s = e->sessions[i];
        live_leave(&s->live);
        store_reader_close(&s->reader);
        arena_fini(&s->scratch);
    }
}

// ---- Opening and closing --------------------------------------------------------------------------------------------

tact_err engine_needs_writing(const tact_engine *e, tact_problem *p) {
    if (!e->read_only) return TACT_OK;
    return problem_set(p, TACT_USAGE, TACT_PROBLEM_READ_ONLY, NULL, "%s: it is open for reading only",
                       db_folder(store_db(e->store)));
}

static tact_err nothing(void *context, db_txn *t, tact_error *error) {
    (void)context, (void)t, (void)error;
    return TACT_OK;
}

// Work has a transaction of its own, so that the open one ends before it.
tact_err engine_record(tact_engine *e, const command *commands, uint32_t count, writer_result *results,
                       tact_error *error) {
    const uint64_t lost = store_lost(e->store);
    bool binding = false;
    tact_err err = store_record(e->store, commands, count, results, error);
    for (uint32_t i = 0; !err && i < count; i++) {
        const command_kind kind = commands[i].kind;
        binding |= !results[i].code && (kind == COMMAND_ERASE || kind == COMMAND_CONSENT);
    }
    if (err || !binding || !e->delayed) return err;
    err = store_run(e->store, nothing, NULL, error);
    if (err || store_lost(e->store) == lost) return err;
    return err_set(error, TACT_IO, "%s: the disk did not take all that was recorded last; record it again",
                   db_folder(store_db(e->store)));
}

// Who still looks at a view that shows the person may log it: they first.
tact_err engine_forget_erased(tact_engine *e, tact_error *error) {
    if (!e->log) return TACT_OK;
    reserve_wait_for_readers(e->reserve);
    return log_forget(e->log, e->store, error);
}

// A folder without a store gets one, with nothing in its schema until something is published.
static tact_err open_store(tact_engine *e, const char *folder, const tact_options *o, tact_error *error) {
    const store_options options = {.schema = NULL,
                                   .db = {.read_only = o->read_only},
                                   .writer = {.interval_ms = o->durability_ms},
                                   .notice = e->notice};
    tact_err err = store_open(&e->memory, folder, &options, &e->store, error);
    if (err != TACT_USAGE || o->read_only) return err;
    store_options first = options;
    first.schema = schema_new(&e->memory);
    return first.schema ? store_open(&e->memory, folder, &first, &e->store, error) : TACT_NO_MEMORY;
}

static void set_limits(tact_engine *e, const tact_options *o) {
    const int64_t day = INT64_C(86400000);
    e->delayed = o->durability_ms > 0;
    e->limits.history_age_ms = o->history_days * day;
    e->limits.seen_age_ms = e->limits.count_age_ms = ENGINE_COUNT_DAYS * day;
}

static tact_err open_all(tact_engine *e, const char *folder, const tact_options *o, tact_error *error) {
    tact_err err = open_store(e, folder, o, error);
    if (!err) err = reserve_new(&e->memory, &e->reserve);
    if (!err && !o->read_only) err = effects_start(&e->memory, e->store, e->reserve, e->notice, &e->effects, error);
    if (!err && o->log.folder) err = log_open(&e->memory, &o->log, e->notice, &e->log, error);
    if (err || o->read_only) return err;
    if (log_forget(e->log, e->store, error)) say(e, error->text); // who was erased while it was not open
    return TACT_OK;
}

static void close_all(tact_engine *e) {
    log_close(e->log);
    effects_stop(e->effects);
    if (e->reserve) reserve_free(e->reserve);
    store_close(e->store);
    pthread_mutex_destroy(&e->publishing);
    pthread_mutex_destroy(&e->opening);
    arena memory = e->memory; // which holds `e`
    arena_fini(&memory);
}

tact_err tact_open(const char *folder, const tact_options *options, tact_engine **out, tact_problem *problem) {
    const tact_options none = {0};
    const tact_options *o = options ? options : &none;
    tact_error error = {.text = "the arena's bound, or memory, is used up"};
    arena memory;
    arena_init(&memory, 0);
    tact_engine *e = ARENA_NEW(&memory, tact_engine);
    if (!e) {
        arena_fini(&memory);
        return problem_no_memory(problem);
    }
    e->memory = memory;
    e->read_only = o->read_only;
    e->notice = (db_notice){o->notice, o->notice_context};
    pthread_mutex_init(&e->opening, NULL);
    pthread_mutex_init(&e->publishing, NULL);
    set_limits(e, o);
    tact_err err = open_all(e, folder, o, &error);
    if (err) {
        close_all(e);
        return problem_of(problem, err, TACT_PROBLEM_NONE, &error);
    }
    live_init(&e->live, drop_bundle);
    load_active(e);
    start_keeper(e);
    *out = e;
    return TACT_OK;
}

void tact_close(tact_engine *engine) {
    if (!engine) return;
    stop_keeper(engine);
    close_sessions(engine);
    live_fini(&engine->live);
    close_all(engine);
}
