// SPDX-License-Identifier: Apache-2.0
//
// The only door to LMDB: a folder with the tables of db_tbl.h, transactions over them, and errors that say what went
// wrong with which folder and what to do about it.
//
// One process at a time may write to a folder (a lock on its file `writer.lock` sees to that), any number may read. The
// map grows by itself: a transaction that finds it full is undone, the map doubles, and the transaction is done over.
// While it grows there may be no readers, so it waits for those there are, DB_GROW_WAIT_MS at most; the first size is
// address space and not memory, and large enough that this is rare.
//
// A view keeps every page of its time from being used again, so that the files grow while it lasts: one that is older
// than `view_max_ms` answers nothing more until it is renewed.
//
// Threads: one thread writes; every reading thread has a transaction of its own. A process opens a folder only once.
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/arena.h"

typedef enum db_table {
#define X(NAME, name, numbers, doc) DB_##NAME,
#include "store/db_tbl.h"
#undef X
    DB_TABLES
} db_table;

enum {
    DB_FORMAT = 2,          // of the files; a program opens its own, which 1 was before the first release
    DB_KEY_MAX = 500,       // bytes; LMDB takes no more than 511
    DB_READERS_MAX = 1000,  // read transactions at once, over all processes
    DB_GROW_WAIT_MS = 5000, // for readers to end before the map grows
    DB_VIEW_MAX_MS = 60000, // that a view answers, by default: no request and no slice of work takes so long
};
#define DB_VIEW_FOREVER UINT32_MAX      // what an operator asks for, who walks the whole store and waits for it
#define DB_MAP_FIRST ((size_t)16 << 30) // address space; files have the size of what is in them
#define DB_MAP_MIN ((size_t)1 << 16)

typedef struct db db;

#define DB_BACKUP_MANIFEST "backup.txt" // a folder that has this file is a backup: only readers may open it

// Where to say what an operator should know: the map grew, readers that died were cleared away, a view was held too
// long. Called from the thread that it happens in, without any lock; a line of text, which is gone afterwards.
typedef struct db_notice {
    void (*say)(void *context, const char *text); // NULL: nobody wants to know
    void *context;
} db_notice;

typedef struct db_options {
    bool read_only;
    size_t map_bytes;     // to begin with; 0: DB_MAP_FIRST. Never less than the files have
    uint32_t view_max_ms; // 0: DB_VIEW_MAX_MS
    db_notice notice;
    int64_t fail_at; // for tests: the n-th call of LMDB fails, counted from 1; 0: none
} db_options;

// Opens a folder, and makes it and its files unless read_only. TACT_NOT_FOUND: nothing there to read. TACT_INVALID: not
// a store, or of a newer format. TACT_BUSY: another process writes to it. TACT_IO, TACT_NO_MEMORY. `options` may be
// NULL.
TACT_MUST_USE tact_err db_open(arena *a, const char *folder, const db_options *options, db **out, tact_error *error);
void db_close(db *d); // after all transactions; NULL is allowed
const char *db_folder(const db *d);
// Whether this program knows files of a format. TACT_INVALID, with a text that begins with the folder.
TACT_MUST_USE tact_err db_check_format(const char *folder, uint32_t format, tact_error *error);
// For tests: the n-th call of LMDB from now on fails as a broken disk would; 0: none.
void db_fail_at(db *d, int64_t nth);
bool db_failed(const db *d); // whether that call has come

// ---- Transactions ---------------------------------------------------------------------------------------------------

typedef struct db_txn {
    db *db;
    void *handle;           // LMDB's
    void *spare[DB_TABLES]; // cursors of a view's walks that ended, for its next ones
    int64_t until_ms;       // a view answers until then; 0: for ever, and so does what writes
    bool reading;           // a view
    bool full;              // the map is
    bool paused;            // a reader without a view
    tact_err broken;        // a call failed: this transaction cannot be committed any more
    tact_error fault;       // what failed
} db_txn;

// Does its work in a transaction. May be called again from the start if the map had to grow, so it changes nothing but
// the transaction until it is known to have been committed. An error undoes everything.
typedef tact_err db_work(void *context, db_txn *t, tact_error *error);
// Runs `work` in a write transaction and commits it: what it changed is on disk when this returns TACT_OK, and undone
// otherwise. The caller must have no read transaction open. TACT_BUSY: the map had to grow, and readers did not end.
TACT_MUST_USE tact_err db_write(db *d, db_work *work, void *context, tact_error *error);

// A view of the last committed state that lasts until db_read_end. Renewing moves it on to what is committed now, at a
// fraction of the cost of a new one, and makes it answer again when it was too old (TACT_BUSY) or broken.
TACT_MUST_USE tact_err db_read(db *d, db_txn *t, tact_error *error);
TACT_MUST_USE tact_err db_read_renew(db_txn *t, tact_error *error); // after db_read_pause
void db_read_pause(db_txn *t);                                      // gives the view up, keeps its place
void db_read_end(db_txn *t);                                        // paused or not

// ---- Looking after it -----------------------------------------------------------------------------------------------
// From any thread.

// Frees the places of readers whose process died, which would keep old pages for ever. db_open does it; whoever keeps a
// store open does it now and then. `cleared` may be NULL.
TACT_MUST_USE tact_err db_readers_check(db *d, uint32_t *cleared, tact_error *error);

typedef struct db_usage {
    uint64_t map_bytes, used_bytes; // of the files; used pages may be free to be used again
    uint64_t last_txn;              // committed
    uint32_t readers;               // views there are, in all processes
    uint64_t oldest_lag;            // how many transactions were committed since the oldest of them began
} db_usage;
TACT_MUST_USE tact_err db_status(db *d, db_usage *out, tact_error *error);

// Takes bytes of a copy, which belong at a place of it: those that come next, or, of what came already, zeros that take
// the place of what is to be in no copy. An error ends it.
typedef tact_err db_sink(void *context, uint64_t at, const void *bytes, size_t len, tact_error *error);
// A copy of the last committed state as one file, data.mdb, while others read and write: without the pages that are
// free, and with nothing in the others of what was there before, see wash.h. It is a view as well: the map cannot grow
// in this process while it lasts, and `view_max_ms` does not end it.
TACT_MUST_USE tact_err db_copy(db *d, db_sink *take, void *context, tact_error *error);
TACT_MUST_USE tact_err db_copy_bytes(db *d, uint64_t *bytes, tact_error *error); // its size, were it made now

// ---- For the journal ------------------------------------------------------------------------------------------------
// See journal.h. Until db_lazy a commit is on disk when it returns.

enum { DB_PINS = 2, DB_META_BYTES = 512 }; // of a meta page the first, among them all that LMDB writes of it

// Was it taken back to its last checkpoint when it was opened, since nobody had closed it?
bool db_restored(const db *d);
// From now on a commit waits for no disk: what lasts is what db_sync is told, and which state that is what a pin keeps.
TACT_MUST_USE tact_err db_lazy(db *d, tact_error *error);
// Keeps every page of the last committed state as it is, until db_unpin; and that state's two meta pages, each `*page`
// bytes from the one before. While nobody writes. It is no view: the map can grow while it lasts.
TACT_MUST_USE tact_err db_pin(db *d, uint32_t pin, uint32_t *page, char metas[2][DB_META_BYTES], tact_error *error);
void db_unpin(db *d, uint32_t pin);
uint64_t db_last_txn(const db *d); // committed; only for who writes
// Has the disk take everything that was committed before; from any thread. After an error nothing is known of any page
// that was written since the last time.
TACT_MUST_USE tact_err db_sync(db *d, tact_error *error);
// What a call of the system means that failed with `reason`, while `what` was done to a folder; TACT_IO.
tact_err db_disk_fault(const char *folder, int reason, const char *what, tact_error *error);
// Says it to who wants to hear notices.
void db_tell(const db *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Makes the name of a file or folder durable, by a sync of the folder it is in.
TACT_MUST_USE tact_err db_sync_name(const char *path, tact_error *error);

// ---- Tables ---------------------------------------------------------------------------------------------------------
// Values lie in the map: while reading until the view ends, while writing until the next change. Any error but
// TACT_NOT_FOUND breaks a transaction; TACT_BUSY: the view is too old.

TACT_MUST_USE tact_err db_get(db_txn *t, db_table table, tact_str key, tact_str *value); // TACT_NOT_FOUND
TACT_MUST_USE tact_err db_put(db_txn *t, db_table table, tact_str key, tact_str value);  // sets or replaces
TACT_MUST_USE tact_err db_delete(db_txn *t, db_table table, tact_str key);               // TACT_NOT_FOUND
TACT_MUST_USE tact_err db_count(db_txn *t, db_table table, uint64_t *count);
// The text of the call that failed, for the caller's error; returns its code.
tact_err db_fault(const db_txn *t, tact_error *error);

// A walk over a table in the order of its keys. A change through the transaction ends it.
typedef struct db_walk {
    db_txn *txn;
    void *handle;
    db_table table;
    tact_str key, value; // where it stands
} db_walk;

// From the first key that is not below `from` (empty: the first there is). TACT_NOT_FOUND: there is none; the walk is
// then not open.
TACT_MUST_USE tact_err db_walk_begin(db_txn *t, db_table table, tact_str from, db_walk *w);
TACT_MUST_USE tact_err db_walk_next(db_walk *w); // TACT_NOT_FOUND: at the end
void db_walk_end(db_walk *w);

// ---- Keys -----------------------------------------------------------------------------------------------------------

typedef struct db_key {
    size_t len;
    union {
        uint64_t number; // of the tables whose keys are numbers
        char bytes[DB_KEY_MAX];
    } as;
} db_key;

// Begins with nothing; each adds a part, big-endian, so that keys are in the order of their parts. What does not fit
// leaves a length that no table takes.
static inline db_key db_key_of(void) {
    db_key k;
    k.len = 0;
    return k;
}
static inline db_key db_key_number(uint64_t number) {
    db_key k;
    k.len = sizeof number;
    k.as.number = number;
    return k;
}
void db_key_add(db_key *k, tact_str part);
void db_key_u8(db_key *k, uint8_t n);
void db_key_u16(db_key *k, uint16_t n);
void db_key_u64(db_key *k, uint64_t n);
static inline tact_str db_key_str(const db_key *k) {
    tact_str s = {k->as.bytes, k->len};
    return s;
}
uint64_t db_key_number_at(tact_str key, size_t at); // of a key that db_key_u64 wrote
uint64_t db_number_of(tact_str key);                // of a table whose keys are numbers

#endif
