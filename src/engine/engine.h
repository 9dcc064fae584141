// SPDX-License-Identifier: Apache-2.0
//
// The engine: a store, the active bundle compiled, and what lies between them and those who ask. A session is what one
// call needs: a view of the store, the bundle that it found active, a place to look at reservations from, memory.
// Sessions are made when they are needed, kept, and taken and given back without a lock.
//
// Threads: any number may have a session at once, each its own.
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "bundle/live.h"
#include "bundle/test.h"
#include "engine/effects.h"
#include "engine/publish.h"
#include "tact/tact.h"
#include "wire/problem.h"

enum {
    ENGINE_SESSIONS_MAX = 500, // calls at once; half of the views that a folder allows, another process may want some
    ENGINE_TICK_MS = 1000,     // between two looks at what another process has published, and slices of housekeeping
    ENGINE_SWEEP_FIRST_MS = 60000, // before the first slice: who opens a folder for a moment waits for none
    ENGINE_SWEEP_MS = 3600000,     // between two rounds of them
    ENGINE_COUNT_DAYS = 400, // that ids of commands and times of counters are kept: more than the longest cap's year
    ENGINE_SCRATCH_KEPT = 1 << 20,           // bytes that a session keeps for its next call: more than decisions need
    ENGINE_NAME_MAX = BUNDLES_NAME_MAX + 24, // "shop@12"
};

typedef struct engine_bundle { // what is swapped
    live_old old;
    bundle *bundle;
    bundles_version version; // its texts lie in the bundle or in `name`
    char name[ENGINE_NAME_MAX];
    size_t name_len;
    const bundle_cap **by_tally; // caps on decisions, by counter
    uint32_t by_tally_count;
    const schema *heard; // the bundle's, with impressions and clicks among the events also where it declares none
    arena memory;
} engine_bundle;

struct decision_log; // log.h

struct tact_engine {
    arena memory; // with `opening`
    store *store;
    bool read_only;
    bool delayed; // what is recorded is answered before it is committed
    db_notice notice;
    live live;
    reserve *reserve;
    effects *effects;           // NULL: read_only
    struct decision_log *log;   // NULL: none
    pthread_mutex_t opening;    // over making sessions, and `unmade`
    pthread_mutex_t publishing; // one at a time
    atomic_bool simulating;     // somebody is; one at a time
    struct session *unmade;     // that could not be made whole, for the next try
    struct session *sessions[ENGINE_SESSIONS_MAX];
    _Atomic uint32_t sessions_count;
    _Atomic uint64_t free; // the first free session's number plus one, and in the upper half how often that was changed
    store_limits limits;
    pthread_t keeper;        // housekeeping
    pthread_mutex_t keeping; // over the two below
    pthread_cond_t stop;
    bool stopping;
    bool kept; // the keeper runs
};

// Counted by whoever has the session, in lines of memory of its own, and added up when somebody asks.
typedef struct session_counts {
    _Atomic uint64_t decided;                // answers given, explained and dry ones included
    _Atomic uint64_t given;                  // offers in them
    _Atomic uint64_t fallbacks;              // of these
    _Atomic uint64_t removed[BUNDLE_STAGES]; // candidates, see decide.h
} session_counts;

typedef struct session {
    tact_engine *engine;
    uint32_t number;
    _Atomic uint32_t next; // free
    store_reader reader;
    live_reader live;
    reserve_reader *reserved; // aligned
    arena scratch;            // of one call
    uint64_t random[2];       // state of what decisions' ids are drawn from
    session_counts counts;
    // During a call:
    engine_bundle *bundle; // pinned; NULL: none is active
    bool viewing;
} session;

// Begins a call: what is active is pinned, and the view is of what is committed now. TACT_BUSY: as many calls as there
// may be are being answered. End with session_end, also after others fail.
TACT_MUST_USE tact_err session_begin(tact_engine *e, session **out, tact_problem *p);
void session_end(session *s);
// Gives the view up: before waiting for the writer, who may have to wait for views.
void session_unview(session *s);
TACT_MUST_USE tact_err session_view(session *s, tact_problem *p); // a new one
// Whether there is a bundle. TACT_NOT_FOUND: nothing is published.
TACT_MUST_USE tact_err session_needs_bundle(session *s, tact_problem *p);
uint64_t session_draw(session *s); // a random number

typedef struct engine_counts {
    uint64_t decided, given, fallbacks, removed[BUNDLE_STAGES];
} engine_counts;
engine_counts engine_counted(const tact_engine *e); // by all sessions
TACT_MUST_USE tact_err engine_needs_writing(const tact_engine *e, tact_problem *p);
// Records; but whoever was erased, or said no or yes, is not kept waiting for the end of an interval: that is on disk,
// and every view that begins shows it, when this returns, whatever the durability. TACT_IO: the disk may not have taken
// it.
TACT_MUST_USE tact_err engine_record(tact_engine *e, const command *commands, uint32_t count, writer_result *results,
                                     tact_error *error);
// After somebody was erased, in whatever way: nothing of who is erased is in the log of decisions from then on. No view
// may be held. TACT_IO, TACT_INVALID, see log_forget: it is tried again with the next erasure, and when the log is
// opened.
TACT_MUST_USE tact_err engine_forget_erased(tact_engine *e, tact_error *error);
// Makes a bundle (the engine's from now on) the active one. TACT_NO_MEMORY: it was freed.
TACT_MUST_USE tact_err engine_swap(tact_engine *e, bundle *b, const bundles_version *v, tact_problem *p);

#endif
