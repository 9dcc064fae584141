// SPDX-License-Identifier: Apache-2.0
//
// A store: a folder that holds what is known of persons. Commands change it, through one writer; readers see the last
// committed state, where it lies, and are in nobody's way.
//
// Threads: any may call what changes it; a reader belongs to one thread at a time. A thread that holds a reader's view
// must not change anything: the map may have to grow, which waits for views to end. Views keep old pages from being
// used again, so a thread that goes on reading renews its view now and then.
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/fsck.h"
#include "store/record.h"
#include "store/writer.h"

enum { STORE_HISTORY_MAX = 10000 }; // events kept of an identity, by default

typedef struct store_options {
    const schema *schema; // what it is to have; NULL: what it has. A store that has one gets it by schema_evolve
    db_options db;
    writer_options writer;
    uint32_t history_max; // events kept of an identity: when one comes, the oldest goes; 0: STORE_HISTORY_MAX
    db_notice notice;     // where to say what an operator should know
} store_options;

typedef struct store store;

// The arena must be kept until after store_close. Errors are those of db_open and schema_evolve; TACT_USAGE: a new
// store without a schema. A schema that changed is taken over before this returns, as by store_evolve, unless a bundle
// is active (TACT_EXISTS): then the schema is the bundle's, and changes when one is published. A store that is opened
// for reading keeps the schema it has. `options` may be NULL.
TACT_MUST_USE tact_err store_open(arena *a, const char *folder, const store_options *options, store **out,
                                  tact_error *error);
void store_close(store *s); // commits what is queued; after all readers are closed. NULL is allowed
db *store_db(store *s);

// The schema as it is now; from any thread. It lives until store_close, also when there is a newer one. Asked for after
// a view was opened or renewed, it is one under which all that the view shows can be read.
const schema *store_schema(const store *s);
// Changes the schema to what is wanted, after all commands that were queued before it, and returns when that is
// committed. What is given is copied. All at once or not at all: records that depend on what changed (the order of an
// attribute's sources, the span of an aggregate) are made anew in the same transaction, for which other commands wait.
// Errors are those of schema_evolve, store_record and the disk; the schema is then as it was.
TACT_MUST_USE tact_err store_evolve(store *s, const schema *wanted, tact_error *error);
// The same, and `work` in the same transaction, after the schema was changed, whether it was or not: all of it or
// nothing. `running` is the schema that `wanted` was made to follow. TACT_BUSY: another has come since; nothing was
// done.
TACT_MUST_USE tact_err store_evolve_with(store *s, const schema *running, const schema *wanted, db_work *work,
                                         void *context, tact_error *error);

// Applies commands, and waits; see writer_submit. TACT_USAGE: it is open for reading only.
TACT_MUST_USE tact_err store_record(store *s, const command *commands, uint32_t count, writer_result *results,
                                    tact_error *error);
// Runs work that is no command in a write transaction of its own, and waits; see writer_run. TACT_USAGE.
TACT_MUST_USE tact_err store_run(store *s, db_work *work, void *context, tact_error *error);

// With an interval: how many commands were answered and then lost, because the disk did not take them.
uint64_t store_lost(store *s);

// ---- Looking after it -----------------------------------------------------------------------------------------------

typedef command_limits store_limits; // ages, see command.h

typedef struct store_swept {           // by one slice
    uint32_t strands;                  // from which something was taken
    uint64_t events, answers, buckets; // forgotten, see sweep.h
    bool round;                        // all was looked at; the next slice begins anew
} store_swept;

// One slice of housekeeping, see sweep.h, as a command. `now_ms` is the caller's trusted clock: what is older than the
// limits by it is forgotten. Whoever keeps a store open calls this now and then; `out` may be NULL.
TACT_MUST_USE tact_err store_sweep(store *s, int64_t now_ms, const store_limits *limits, store_swept *out,
                                   tact_error *error);

typedef struct store_usage {
    uint64_t position;                 // commands applied
    uint64_t persons, strands, events; // that there are
    writer_status queue;
    db_usage files;
} store_usage;
TACT_MUST_USE tact_err store_status(store *s, store_usage *out, tact_error *error); // from any thread

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct store_reader {
    store *store;
    db_txn txn;
} store_reader;

TACT_MUST_USE tact_err store_reader_open(store *s, store_reader *r, tact_error *error);
TACT_MUST_USE tact_err store_reader_renew(store_reader *r, tact_error *error); // to what is committed now
void store_reader_close(store_reader *r);

// The person that an identity (normalised) finds, or that has an id or once had it: its record, in place until the view
// is renewed or closed; nothing is copied or allocated. TACT_NOT_FOUND: there is none.
// An identity that nobody is found by any more because `max` has pushed it out finds the latest who holds what came in
// by it: for whoever looks at what is held, or erases it, never for decisions.
TACT_MUST_USE tact_err store_person(store_reader *r, uint16_t space, tact_str value, record *out, tact_error *error);
TACT_MUST_USE tact_err store_person_by_id(store_reader *r, uint64_t id, record *out, tact_error *error);

// All that is held of a person, by id: a map with identities, attributes (of every source), consents (all that was ever
// said), events, aggregates (as of now_ms) and counters, with sources and times and the identity that each came by; a
// copy in the arena. Consents and events are in the order of time, whatever identity they came by. TACT_NOT_FOUND.
TACT_MUST_USE tact_err store_export(store_reader *r, arena *a, uint64_t id, int64_t now_ms, tact_value *out,
                                    tact_error *error);

// How often a counter counted for everyone in [since_ms, until_ms]; exact, see count.h.
TACT_MUST_USE tact_err store_count(store_reader *r, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count,
                                   tact_error *error);

// Whether what is in view has applied a command of the kind (of an EVENT: the type) and with the id of `c`, of which
// nothing else counts here (and housekeeping has not forgotten that since).
TACT_MUST_USE tact_err store_seen(store_reader *r, const command *c, bool *seen, tact_error *error);
// What that command was answered then; `repeated` is set. TACT_NOT_FOUND: none was applied.
TACT_MUST_USE tact_err store_answered(store_reader *r, const command *c, apply_answer *out, tact_error *error);
// How many commands what is in view has applied.
TACT_MUST_USE tact_err store_position(store_reader *r, uint64_t *position, tact_error *error);
// The schema of what is in view, in the arena: newer than store_schema where another process has changed it.
TACT_MUST_USE tact_err store_schema_of(store_reader *r, arena *a, const schema **out, tact_error *error);
// The keyed hash by which an identity (normalised) is known to have been erased, and the position of the last command
// that erased it. TACT_NOT_FOUND: none did.
void store_identity_hash(const store *s, uint16_t space, tact_str value, uint8_t out[HASH_KEYED]);
TACT_MUST_USE tact_err store_erased(store_reader *r, const uint8_t hash[HASH_KEYED], uint64_t *position,
                                    tact_error *error);
// A tag of `bytes` that only who has this store can make. The same bytes as something else have another tag.
typedef enum store_tagged { STORE_TOKEN, STORE_MASK, STORE_TAGGED } store_tagged;
void store_tag(const store *s, store_tagged what, tact_str bytes, uint8_t out[HASH_TAG]);

// Checks everything, see fsck.h. `counts` may be NULL.
TACT_MUST_USE tact_err store_fsck(store_reader *r, fsck_progress *progress, void *context, fsck_counts *counts,
                                  tact_error *error);

#endif
