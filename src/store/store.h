// SPDX-License-Identifier: Apache-2.0
//
// A store: a folder that holds what is known of persons. Commands change it, through one writer; readers see the last
// committed state, where it lies, and are in nobody's way.
//
// Threads: any may call store_record; a reader belongs to one thread at a time. A thread that holds a reader's view
// must not call store_record: the map may have to grow, which waits for views to end. Views keep old pages from being
// used again, so a thread that goes on reading renews its view now and then.
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/fsck.h"
#include "store/record.h"
#include "store/writer.h"

typedef struct store_options {
    const schema *schema; // what it is to have; NULL: what it has. A store that has one gets it by schema_evolve
    db_options db;
    writer_options writer;
} store_options;

typedef struct store store;

// Everything lives in the arena, which must be kept until after store_close. Errors are those of db_open and
// schema_evolve; TACT_USAGE: a new store without a schema. A changed schema rebuilds every record before this returns;
// a store that is opened for reading keeps the schema it has. `options` may be NULL.
TACT_MUST_USE tact_err store_open(arena *a, const char *folder, const store_options *options, store **out,
                                  tact_error *error);
void store_close(store *s); // commits what is queued; after all readers are closed. NULL is allowed
const schema *store_schema(const store *s);
db *store_db(store *s);

// Applies commands, and waits; see writer_submit. TACT_USAGE: it is open for reading only.
TACT_MUST_USE tact_err store_record(store *s, const command *commands, uint32_t count, writer_result *results,
                                    tact_error *error);
uint64_t store_lost(store *s); // see writer_lost

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
TACT_MUST_USE tact_err store_person(store_reader *r, uint16_t space, tact_str value, record *out, tact_error *error);
TACT_MUST_USE tact_err store_person_by_id(store_reader *r, uint64_t id, record *out, tact_error *error);

// All that is held of a person, by id: a map with identities, attributes (of every source), consents (all that was ever
// said), events, aggregates (as of now_ms) and counters, with sources and times; a copy in the arena. TACT_NOT_FOUND.
TACT_MUST_USE tact_err store_export(store_reader *r, arena *a, uint64_t id, int64_t now_ms, tact_value *out,
                                    tact_error *error);

// How often a counter counted for everyone in [since_ms, until_ms]; exact.
TACT_MUST_USE tact_err store_count(store_reader *r, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count,
                                   tact_error *error);

// Checks everything, see fsck.h. `counts` may be NULL.
TACT_MUST_USE tact_err store_fsck(store_reader *r, fsck_counts *counts, tact_error *error);

#endif
