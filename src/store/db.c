// SPDX-License-Identifier: Apache-2.0
//
// Every call of LMDB goes through CALL, which lets a test make any one of them fail. Subtle: LMDB forbids changing the
// map's size while this process has a transaction open, and does not look. Readers therefore pass a gate, and the
// writer closes it while the map grows. What is said to an operator is said outside of it. A pin stays meanwhile: it is
// a reader's place in lock.mdb and nothing is ever read through it, so that it does not care where the map lies.
#define _GNU_SOURCE // pipe2, fallocate
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "store/load.h"
#include "store/segment.h"
#include "store/wash.h"

_Static_assert((int)DB_META_BYTES == (int)SEGMENT_META, "a head holds what a pin gives");

#define MAP_MOST ((size_t)1 << 46)      // of address space there is no more than 47 bits
#define META_MAGIC UINT32_C(0xBEEFC0DE) // at META_AT of each of the two pages that begin a file of LMDB
enum {
    FOLDER_MODE = 0700,
    FILE_MODE = 0600,
    PATH_ROOM = 4096,
    NOTICE_ROOM = 1000,
    FULL_BYTES = 1 << 20, // a disk with less than that free is full
    PAGE_MAX = 32768,     // of LMDB; pages are as large as the system's, and no larger than this
    COPY_ROOM = 2 * PAGE_MAX,
};
enum { META_AT = 16, READER_BYTES = 64, READERS_MORE = 8 }; // a reader's place; so many hold what comes before them
static const tact_str magic = {"tact store", 10};
static const tact_str format_key = {"format", 6};

struct db {
    MDB_env *env;
    MDB_dbi tables[DB_TABLES];
    const char *folder;
    int writer_lock; // of the file; -1: none
    bool read_only, restored;
    size_t map_bytes;
    uint32_t view_max_ms;
    db_notice notice;
    MDB_txn *pins[DB_PINS];
    atomic_uint_least64_t pinned[DB_PINS]; // the transaction that each keeps; 0: none
    atomic_int_least64_t calls_left;       // until the one that fails; 0 and below: none will
    atomic_bool failed;
    pthread_mutex_t mutex; // over waiting for a change of the two below
    pthread_cond_t changed;
    atomic_uint readers; // with a view
    atomic_bool growing; // no new ones now
};

static const struct {
    const char *name;
    bool numbers;
} tables[DB_TABLES] = {
#define X(NAME, name, numbers, doc) {#name, numbers},
#include "store/db_tbl.h"
#undef X
};

// ---- Errors ---------------------------------------------------------------------------------------------------------

static bool fails(db *d) {
    if (atomic_load_explicit(&d->calls_left, memory_order_relaxed) <= 0) return false;
    if (atomic_fetch_sub(&d->calls_left, 1) != 1) return false;
    atomic_store(&d->failed, true);
    return true;
}

#define CALL(d, call) (fails(d) ? EIO : (call))

static const struct {
    int rc;
    tact_err code;
    const char *text;
} meanings[] = {
    {MDB_INVALID, TACT_INVALID,
     "its files are not a store of Tact, or are damaged; name another folder, or restore a backup"},
    {MDB_CORRUPTED, TACT_INVALID, "its files are damaged; restore a backup"},
    {MDB_PAGE_NOTFOUND, TACT_INVALID, "its files are damaged; restore a backup"},
    {MDB_VERSION_MISMATCH, TACT_INVALID, "its files are of another version of LMDB"},
    {MDB_READERS_FULL, TACT_BUSY, "there are as many readers as there can be; end some"},
    {MDB_MAP_FULL, TACT_LIMIT, "the map is full"},
    {ENOMEM, TACT_NO_MEMORY, "there is no memory, or no address space, for its map"},
    {ENOENT, TACT_NOT_FOUND, "there is no store; check the path, or import something to make one"},
    {EACCES, TACT_IO, "this user may not use it; check its owner and its permissions"},
    {EROFS, TACT_IO, "it cannot be written to; open it for reading only, or move it"},
    {EFBIG, TACT_IO, "a file may grow no further, by a limit of the system; raise it, nothing was changed"},
    {ENOSPC, TACT_IO, "the disk is full; make room, nothing was changed"},
    {EDQUOT, TACT_IO, "the disk quota is used up; make room, nothing was changed"},
    {EIO, TACT_IO, "the disk reports an error; check the disk, nothing was changed"},
};

// A full disk cuts the first write short that does not fit, which LMDB takes for an error of the disk.
static bool is_full(const char *folder) {
    struct statvfs disk;
    return statvfs(folder, &disk) == 0 && disk.f_bavail < FULL_BYTES / disk.f_frsize;
}

tact_err db_disk_fault(const char *folder, int reason, const char *what, tact_error *error) {
    if (reason == EIO && is_full(folder)) reason = ENOSPC;
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].rc == reason)
            return err_set(error, meanings[i].code, "%s: %s: %s", folder, what, meanings[i].text);
    }
    return err_set(error, TACT_IO, "%s: %s: %s", folder, what, mdb_strerror(reason));
}

static tact_err fault(const db *d, int rc, const char *what, tact_error *error) {
    return db_disk_fault(d->folder, rc, what, error);
}

// Of a call within a transaction, which it breaks.
static tact_err broke(db_txn *t, int rc, const char *what) {
    if (rc == MDB_MAP_FULL) t->full = true;
    if (!t->broken) t->broken = fault(t->db, rc, what, &t->fault);
    return t->broken;
}

tact_err db_fault(const db_txn *t, tact_error *error) {
    return err_set(error, t->broken, "%s", t->fault.text);
}

void db_fail_at(db *d, int64_t nth) {
    atomic_store(&d->failed, false);
    atomic_store(&d->calls_left, nth);
}

bool db_failed(const db *d) {
    return atomic_load(&d->failed);
}

void db_tell(const db *d, const char *format, ...) {
    if (!d->notice.say) return;
    char text[NOTICE_ROOM];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d->notice.say(d->notice.context, text);
}

// ---- The gate -------------------------------------------------------------------------------------------------------

static void leave(db *d) {
    if (atomic_fetch_sub(&d->readers, 1) != 1 || !atomic_load(&d->growing)) return;
    pthread_mutex_lock(&d->mutex);
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->mutex);
}

// Without a lock, since every view comes by here. Whoever grows the map says so first and counts then, a reader the
// other way round: one of the two sees the other.
static void enter(db *d) {
    for (;;) {
        atomic_fetch_add(&d->readers, 1);
        if (!atomic_load(&d->growing)) return;
        leave(d);
        pthread_mutex_lock(&d->mutex);
        while (atomic_load(&d->growing)) pthread_cond_wait(&d->changed, &d->mutex);
        pthread_mutex_unlock(&d->mutex);
    }
}

// Sets the map's size while nobody reads; 0: the size that another process gave it.
static tact_err resize(db *d, size_t bytes, tact_error *error) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DB_GROW_WAIT_MS / 1000;
    pthread_mutex_lock(&d->mutex);
    while (atomic_load(&d->growing)) pthread_cond_wait(&d->changed, &d->mutex);
    atomic_store(&d->growing, true);
    int waited = 0;
    while (atomic_load(&d->readers) && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&d->changed, &d->mutex, &until);
    bool alone = atomic_load(&d->readers) == 0;
    pthread_mutex_unlock(&d->mutex);
    tact_err err = TACT_OK;
    if (!alone) {
        err = err_set(error, TACT_BUSY, "%s: the map must grow and readers did not end within %d ms", d->folder,
                      DB_GROW_WAIT_MS);
    } else {
        int rc = CALL(d, mdb_env_set_mapsize(d->env, bytes));
        if (rc) err = fault(d, rc, "growing its map", error);
    }
    pthread_mutex_lock(&d->mutex);
    atomic_store(&d->growing, false);
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->mutex);
    return err;
}

static tact_err grow(db *d, tact_error *error) {
    MDB_envinfo info;
    mdb_env_info(d->env, &info);
    if (info.me_mapsize >= MAP_MOST) return err_set(error, TACT_LIMIT, "%s: it is as large as it can be", d->folder);
    tact_err err = resize(d, info.me_mapsize * 2, error);
    if (!err) db_tell(d, "%s: its map was full and grew to %zu MiB", d->folder, info.me_mapsize * 2 >> 20);
    return err;
}

// ---- How long a view may last ---------------------------------------------------------------------------------------

// Some milliseconds coarse: it is asked on every read.
static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void begin_view(db_txn *t) {
    t->until_ms = t->db->view_max_ms == DB_VIEW_FOREVER ? 0 : now_ms() + t->db->view_max_ms;
}

static tact_err expire(db_txn *t) {
    if (t->broken) return t->broken;
    t->broken = err_set(&t->fault, TACT_BUSY,
                        "%s: a reader held its view for more than %u ms; it must renew it, so that "
                        "old pages can be used again",
                        t->db->folder, t->db->view_max_ms);
    db_tell(t->db, "%s", t->fault.text);
    return t->broken;
}

static inline bool expired(const db_txn *t) {
    return t->until_ms && now_ms() > t->until_ms;
}

// ---- Transactions ---------------------------------------------------------------------------------------------------

static tact_err begin(db *d, unsigned flags, db_txn *t, tact_error *error) {
    *t = (db_txn){.db = d, .reading = flags & MDB_RDONLY};
    MDB_txn *txn = NULL;
    int rc = CALL(d, mdb_txn_begin(d->env, NULL, flags, &txn));
    if (rc == MDB_MAP_RESIZED) return TACT_LIMIT; // by another process; the caller follows it
    if (rc) return fault(d, rc, "beginning a transaction", error);
    t->handle = txn;
    return TACT_OK;
}

// LMDB takes the root of a view without looking whether it was replaced meanwhile: a reader that was held up just then
// has a later state than the one it registered for, and would go back in time with its next view. There are two roots,
// which take turns: it can have happened only if two commits came since.
static bool overtaken(db *d, MDB_txn *view) {
    MDB_envinfo info;
    mdb_env_info(d->env, &info);
    return info.me_last_txnid >= mdb_txn_id(view) + 2;
}

static tact_err begin_following(db *d, unsigned flags, db_txn *t, tact_error *error) {
    bool reading = flags & MDB_RDONLY;
    for (;;) {
        if (reading) enter(d);
        tact_err err = begin(d, flags, t, error);
        if (!err && reading && overtaken(d, t->handle)) {
            db_read_end(t);
            continue;
        }
        if (!err && reading) begin_view(t);
        if (!err) return TACT_OK;
        if (reading) leave(d);
        if (err != TACT_LIMIT) return err;
        err = resize(d, 0, error);
        if (err) return err;
    }
}

tact_err db_read(db *d, db_txn *t, tact_error *error) {
    return begin_following(d, MDB_RDONLY, t, error);
}

void db_read_pause(db_txn *t) {
    if (!t->handle || t->paused) return;
    mdb_txn_reset(t->handle);
    t->paused = true;
    leave(t->db);
}

tact_err db_read_renew(db_txn *t, tact_error *error) {
    for (;;) {
        enter(t->db);
        int rc = CALL(t->db, mdb_txn_renew(t->handle));
        if (!rc && overtaken(t->db, t->handle)) {
            mdb_txn_reset(t->handle);
            leave(t->db);
            continue;
        }
        if (!rc) {
            t->paused = false;
            t->broken = TACT_OK;
            begin_view(t);
            return TACT_OK;
        }
        leave(t->db);
        if (rc != MDB_MAP_RESIZED) return fault(t->db, rc, "renewing a view", error);
        tact_err err = resize(t->db, 0, error);
        if (err) return err;
    }
}

void db_read_end(db_txn *t) {
    if (!t->handle) return;
    for (int i = 0; i < DB_TABLES; i++) {
        if (t->spare[i]) mdb_cursor_close(t->spare[i]);
    }
    mdb_txn_abort(t->handle);
    if (!t->paused) leave(t->db);
    t->handle = NULL;
}

// One attempt. `*full` says that the map has to grow first.
static tact_err attempt(db *d, db_work *work, void *context, bool *full, tact_error *error) {
    db_txn t;
    tact_err err = begin_following(d, 0, &t, error);
    if (err) return err;
    err = work(context, &t, error);
    *full = t.full;
    if (t.broken) err = db_fault(&t, error);
    if (err || fails(d)) {
        mdb_txn_abort(t.handle);
        return err ? err : fault(d, EIO, "committing", error);
    }
    int rc = mdb_txn_commit(t.handle);
    *full = rc == MDB_MAP_FULL;
    return rc ? fault(d, rc, "committing", error) : TACT_OK;
}

tact_err db_write(db *d, db_work *work, void *context, tact_error *error) {
    if (d->read_only) return err_set(error, TACT_USAGE, "%s: it is open for reading only", d->folder);
    for (;;) {
        bool full = false;
        tact_err err = attempt(d, work, context, &full, error);
        if (!full) return err;
        err = grow(d, error);
        if (err) return err;
    }
}

// ---- Tables ---------------------------------------------------------------------------------------------------------

static MDB_val val(tact_str s) {
    return (MDB_val){s.len, (void *)(uintptr_t)s.ptr};
}

static tact_str str(MDB_val v) {
    return (tact_str){v.mv_data, v.mv_size};
}

tact_err db_get(db_txn *t, db_table table, tact_str key, tact_str *value) {
    if (expired(t)) return expire(t);
    MDB_val k = val(key), v;
    int rc = CALL(t->db, mdb_get(t->handle, t->db->tables[table], &k, &v));
    if (rc == MDB_NOTFOUND) return TACT_NOT_FOUND;
    if (rc) return broke(t, rc, "reading");
    *value = str(v);
    return TACT_OK;
}

tact_err db_put(db_txn *t, db_table table, tact_str key, tact_str value) {
    MDB_val k = val(key), v = val(value);
    int rc = CALL(t->db, mdb_put(t->handle, t->db->tables[table], &k, &v, 0));
    return rc ? broke(t, rc, "writing") : TACT_OK;
}

tact_err db_delete(db_txn *t, db_table table, tact_str key) {
    MDB_val k = val(key);
    int rc = CALL(t->db, mdb_del(t->handle, t->db->tables[table], &k, NULL));
    if (rc == MDB_NOTFOUND) return TACT_NOT_FOUND;
    return rc ? broke(t, rc, "deleting") : TACT_OK;
}

tact_err db_count(db_txn *t, db_table table, uint64_t *count) {
    if (expired(t)) return expire(t);
    MDB_stat stat;
    int rc = CALL(t->db, mdb_stat(t->handle, t->db->tables[table], &stat));
    if (rc) return broke(t, rc, "counting");
    *count = stat.ms_entries;
    return TACT_OK;
}

static tact_err step(db_walk *w, MDB_val key, MDB_cursor_op op) {
    if (expired(w->txn)) return expire(w->txn);
    MDB_val value;
    int rc = CALL(w->txn->db, mdb_cursor_get(w->handle, &key, &value, op));
    if (rc == MDB_NOTFOUND) return TACT_NOT_FOUND;
    if (rc) return broke(w->txn, rc, "reading");
    w->key = str(key);
    w->value = str(value);
    return TACT_OK;
}

// A view keeps its cursors, so that walking takes no memory once each table was walked.
tact_err db_walk_begin(db_txn *t, db_table table, tact_str from, db_walk *w) {
    *w = (db_walk){.txn = t, .table = table};
    MDB_cursor *cursor = t->spare[table];
    int rc = cursor ? CALL(t->db, mdb_cursor_renew(t->handle, cursor))
                    : CALL(t->db, mdb_cursor_open(t->handle, t->db->tables[table], &cursor));
    if (rc) return broke(t, rc, "reading");
    t->spare[table] = NULL;
    w->handle = cursor;
    tact_err err = step(w, val(from), from.len ? MDB_SET_RANGE : MDB_FIRST);
    if (err) db_walk_end(w);
    return err;
}

tact_err db_walk_next(db_walk *w) {
    return step(w, (MDB_val){0, NULL}, MDB_NEXT);
}

void db_walk_end(db_walk *w) {
    if (!w->handle) return;
    if (w->txn->reading && !w->txn->spare[w->table]) {
        w->txn->spare[w->table] = w->handle;
    } else {
        mdb_cursor_close(w->handle);
    }
    w->handle = NULL;
}

// ---- Looking after it -----------------------------------------------------------------------------------------------

tact_err db_readers_check(db *d, uint32_t *cleared, tact_error *error) {
    int dead = 0;
    int rc = CALL(d, mdb_reader_check(d->env, &dead));
    if (rc) return fault(d, rc, "checking its readers", error);
    if (cleared) *cleared = (uint32_t)dead;
    if (dead) db_tell(d, "%s: cleared the places of %d readers whose process died", d->folder, dead);
    return TACT_OK;
}

typedef struct reader_list {
    uint32_t views;
    uint64_t oldest;
    uint64_t pinned[DB_PINS]; // of this process, that were not met yet; 0: none
} reader_list;

static bool is_pin(reader_list *l, int pid, uint64_t txn) {
    for (int i = 0; pid == getpid() && i < DB_PINS; i++) {
        if (l->pinned[i] != txn) continue;
        l->pinned[i] = 0;
        return true;
    }
    return false;
}

// LMDB tells of its readers only in lines of text: process, thread, and the transaction seen, "-" without a view.
static int add_reader(const char *line, void *context) {
    reader_list *l = context;
    unsigned long long txn;
    int pid;
    if (sscanf(line, "%d %*x %llu", &pid, &txn) != 2 || is_pin(l, pid, txn)) return 0; // a heading, or no view
    if (!l->views++ || txn < l->oldest) l->oldest = txn;
    return 0;
}

tact_err db_status(db *d, db_usage *out, tact_error *error) {
    MDB_envinfo info;
    MDB_stat stat;
    reader_list list = {0};
    for (int i = 0; i < DB_PINS; i++) list.pinned[i] = atomic_load(&d->pinned[i]);
    enter(d); // what LMDB looks at lies in the map
    int rc = CALL(d, mdb_env_info(d->env, &info));
    if (!rc) rc = CALL(d, mdb_env_stat(d->env, &stat));
    if (!rc && CALL(d, mdb_reader_list(d->env, add_reader, &list)) < 0) rc = EIO;
    leave(d);
    if (rc) return fault(d, rc, "asking how it is", error);
    bool behind = list.views && list.oldest < info.me_last_txnid;
    *out = (db_usage){.map_bytes = info.me_mapsize,
                      .used_bytes = ((uint64_t)info.me_last_pgno + 1) * stat.ms_psize,
                      .last_txn = info.me_last_txnid,
                      .readers = list.views,
                      .oldest_lag = behind ? info.me_last_txnid - list.oldest : 0};
    return TACT_OK;
}

typedef struct copying {
    db *d;
    int to; // a pipe
    int rc;
} copying;

static void *copy_to_pipe(void *context) {
    copying *c = context;
    sigset_t broken_pipe; // when the taker gives up; an error of the copy, then, and not the end of the process
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
    c->rc = CALL(c->d, mdb_env_copyfd2(c->d->env, c->to, MDB_CP_COMPACT));
    close(c->to);
    return NULL;
}

// As much as there is room for, or what is left; negative: an error.
static ssize_t read_full(int from, char *bytes, size_t room) {
    size_t have = 0;
    while (have < room) {
        ssize_t len = read(from, bytes + have, room - have);
        if (len < 0 && errno == EINTR) continue;
        if (len < 0) return len;
        if (len == 0) break; // of a pipe: its other end is closed
        have += (size_t)len;
    }
    return (ssize_t)have;
}

// The copy may end within a page only if LMDB could not finish it, which it says itself.
static tact_err take_all(const db *d, int from, wash *w, tact_error *error) {
    char bytes[COPY_ROOM]; // of whole pages
    for (;;) {
        ssize_t len = read_full(from, bytes, sizeof bytes);
        if (len < 0) return fault(d, errno, "copying", error);
        tact_err err = wash_pages(w, bytes, (size_t)len - (size_t)len % w->page, error);
        if (w->damaged) return fault(d, MDB_CORRUPTED, "copying", error);
        if (err || (size_t)len < sizeof bytes) return err;
    }
}

// One attempt. LMDB writes to a file only, so that another thread has to take what comes out of a pipe.
static tact_err copy_once(db *d, db_sink *take, void *context, int *rc, tact_error *error) {
    int ends[2];
    MDB_stat stat;
    *rc = CALL(d, mdb_env_stat(d->env, &stat));
    if (*rc) return TACT_OK;
    if (pipe2(ends, O_CLOEXEC)) return fault(d, errno, "copying", error);
    copying c = {d, ends[1], 0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, copy_to_pipe, &c)) {
        close(ends[0]);
        close(ends[1]);
        return err_set(error, TACT_NO_MEMORY, "%s: copying: the system gives no further thread", d->folder);
    }
    wash w = {.page = stat.ms_psize, .take = take, .context = context};
    tact_err err = take_all(d, ends[0], &w, error);
    wash_end(&w);
    close(ends[0]);
    pthread_join(thread, NULL);
    *rc = c.rc;
    return err;
}

tact_err db_copy(db *d, db_sink *take, void *context, tact_error *error) {
    for (;;) {
        int rc = 0;
        enter(d);
        tact_err err = copy_once(d, take, context, &rc, error);
        leave(d);
        if (err) return err;
        if (!rc) return TACT_OK;
        if (rc != MDB_MAP_RESIZED) return fault(d, rc, "copying", error);
        err = resize(d, 0, error); // nothing was written yet
        if (err) return err;
    }
}

static uint64_t pages(MDB_stat s) {
    return s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages;
}

tact_err db_copy_bytes(db *d, uint64_t *bytes, tact_error *error) {
    db_txn t;
    MDB_stat stat = {0};
    tact_err err = db_read(d, &t, error);
    if (err) return err;
    int rc = CALL(d, mdb_env_stat(d->env, &stat)); // of the table of tables
    uint64_t count = 2 + pages(stat);              // two begin the file
    for (uint32_t i = 0; !rc && i < DB_TABLES; i++) {
        rc = CALL(d, mdb_stat(t.handle, d->tables[i], &stat));
        count += pages(stat);
    }
    db_read_end(&t);
    if (rc) return fault(d, rc, "counting", error);
    *bytes = count * stat.ms_psize;
    return TACT_OK;
}

// ---- For the journal ------------------------------------------------------------------------------------------------

bool db_restored(const db *d) {
    return d->restored;
}

// The pins' places are taken now, so that none is missing later.
tact_err db_lazy(db *d, tact_error *error) {
    int rc = CALL(d, mdb_env_set_flags(d->env, MDB_NOSYNC, 1));
    for (int i = 0; i < DB_PINS && !rc; i++) {
        rc = CALL(d, mdb_txn_begin(d->env, NULL, MDB_RDONLY, &d->pins[i]));
        if (!rc) mdb_txn_reset(d->pins[i]);
    }
    return rc ? fault(d, rc, "opening", error) : TACT_OK;
}

tact_err db_pin(db *d, uint32_t pin, uint32_t *page, char metas[2][DB_META_BYTES], tact_error *error) {
    mdb_filehandle_t fd;
    MDB_stat stat = {0};
    enter(d);
    int rc = mdb_txn_renew(d->pins[pin]);
    if (!rc) atomic_store(&d->pinned[pin], mdb_txn_id(d->pins[pin]));
    if (!rc) rc = mdb_env_stat(d->env, &stat);
    leave(d);
    if (!rc) rc = mdb_env_get_fd(d->env, &fd);
    *page = stat.ms_psize;
    for (uint32_t i = 0; !rc && i < 2; i++) {
        if (pread(fd, metas[i], DB_META_BYTES, (off_t)i * *page) != DB_META_BYTES) rc = EIO;
    }
    return rc ? fault(d, rc, "keeping a checkpoint", error) : TACT_OK;
}

void db_unpin(db *d, uint32_t pin) {
    if (!atomic_exchange(&d->pinned[pin], 0)) return;
    mdb_txn_reset(d->pins[pin]);
}

uint64_t db_last_txn(const db *d) {
    MDB_envinfo info;
    mdb_env_info(d->env, &info);
    return info.me_last_txnid;
}

// Through the descriptor that LMDB writes with, which is told of all that goes wrong with it.
tact_err db_sync(db *d, tact_error *error) {
    mdb_filehandle_t fd;
    int rc = mdb_env_get_fd(d->env, &fd);
    if (!rc && fdatasync(fd)) rc = errno;
    return rc ? fault(d, rc, "writing a checkpoint", error) : TACT_OK;
}

tact_err db_sync_name(const char *path, tact_error *error) {
    char folder[PATH_ROOM] = ".";
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') len--;
    while (len && path[len - 1] != '/') len--;
    while (len > 1 && path[len - 1] == '/') len--;
    if (len >= sizeof folder) return err_set(error, TACT_IO, "%s: the path is too long", path);
    if (len) memcpy(folder, path, len), folder[len] = '\0';
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = fd >= 0 && fsync(fd) == 0;
    int reason = errno;
    if (fd >= 0) close(fd);
    return synced ? TACT_OK : err_set(error, TACT_IO, "%s: writing its folder to disk: %s", path, strerror(reason));
}

// ---- Keys -----------------------------------------------------------------------------------------------------------

void db_key_add(db_key *k, tact_str part) {
    if (part.len > sizeof k->as.bytes || k->len > sizeof k->as.bytes - part.len) {
        k->len = SIZE_MAX;
        return;
    }
    if (part.len) memcpy(k->as.bytes + k->len, part.ptr, part.len);
    k->len += part.len;
}

void db_key_u8(db_key *k, uint8_t n) {
    db_key_add(k, (tact_str){(const char *)&n, sizeof n});
}

void db_key_u16(db_key *k, uint16_t n) {
    n = htobe16(n);
    db_key_add(k, (tact_str){(const char *)&n, sizeof n});
}

void db_key_u64(db_key *k, uint64_t n) {
    n = htobe64(n);
    db_key_add(k, (tact_str){(const char *)&n, sizeof n});
}

uint64_t db_key_number_at(tact_str key, size_t at) {
    uint64_t n = 0;
    if (at <= key.len && key.len - at >= sizeof n) memcpy(&n, key.ptr + at, sizeof n);
    return be64toh(n);
}

uint64_t db_number_of(tact_str key) {
    uint64_t n = 0;
    if (key.len == sizeof n) memcpy(&n, key.ptr, sizeof n);
    return n;
}

// ---- Opening and closing --------------------------------------------------------------------------------------------

tact_err db_check_format(const char *folder, uint32_t format, tact_error *error) {
    if (format == DB_FORMAT) return TACT_OK;
    const char *which = format > DB_FORMAT ? "newer version" : "version from before the first release";
    return err_set(error, TACT_INVALID, "%s: written by a %s (format %u, this program knows %d); use that version",
                   folder, which, format, DB_FORMAT);
}

// Is it a store of a format that this program knows? TACT_NOT_FOUND: there is nothing in it at all.
static tact_err check_format(db *d, MDB_txn *txn, tact_error *error) {
    MDB_dbi main_table, meta;
    MDB_stat stat;
    int rc = CALL(d, mdb_dbi_open(txn, NULL, 0, &main_table));
    if (!rc) rc = CALL(d, mdb_stat(txn, main_table, &stat));
    if (rc) return fault(d, rc, "opening", error);
    if (stat.ms_entries == 0) return TACT_NOT_FOUND;
    MDB_val key = val(format_key), value = {0, NULL};
    rc = CALL(d, mdb_dbi_open(txn, tables[DB_META].name, 0, &meta));
    if (!rc) rc = CALL(d, mdb_get(txn, meta, &key, &value));
    bool ours = !rc && value.mv_size == magic.len + 4 && memcmp(value.mv_data, magic.ptr, magic.len) == 0;
    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE || (!rc && !ours)) {
        return err_set(error, TACT_INVALID, "%s: an LMDB file of another program, not a store of Tact", d->folder);
    }
    if (rc) return fault(d, rc, "opening", error);
    uint32_t format = load_u32((const char *)value.mv_data + magic.len);
    return db_check_format(d->folder, format, error);
}

// Opens every table; of a new store makes them, with the mark that it is one.
static tact_err open_tables(db *d, MDB_txn *txn, bool create, tact_error *error) {
    for (uint32_t i = 0; i < DB_TABLES; i++) {
        unsigned flags = (create ? MDB_CREATE : 0U) | (tables[i].numbers ? MDB_INTEGERKEY : 0U);
        int rc = CALL(d, mdb_dbi_open(txn, tables[i].name, flags, &d->tables[i]));
        if (rc) return fault(d, rc, "opening its tables", error);
    }
    if (!create) return TACT_OK;
    char mark[16];
    uint32_t format = htole32(DB_FORMAT);
    memcpy(mark, magic.ptr, magic.len);
    memcpy(mark + magic.len, &format, sizeof format);
    MDB_val key = val(format_key), value = {magic.len + sizeof format, mark};
    int rc = CALL(d, mdb_put(txn, d->tables[DB_META], &key, &value, 0));
    return rc ? fault(d, rc, "making its tables", error) : TACT_OK;
}

// False: the path is too long.
static bool path_in(const db *d, const char *name, char path[PATH_ROOM]) {
    return snprintf(path, PATH_ROOM, "%s/%s", d->folder, name) < PATH_ROOM;
}

// LMDB makes its files durable and not their names, without which a new store could be gone after a loss of power.
static tact_err sync_names(db *d, tact_error *error) {
    char path[PATH_ROOM];
    if (!path_in(d, "data.mdb", path)) return fault(d, ENAMETOOLONG, "opening", error);
    tact_err err = db_sync_name(path, error);
    return err ? err : db_sync_name(d->folder, error);
}

static tact_err set_up(db *d, tact_error *error) {
    MDB_txn *txn;
    int rc = CALL(d, mdb_txn_begin(d->env, NULL, d->read_only ? MDB_RDONLY : 0, &txn));
    if (rc) return fault(d, rc, "opening", error);
    tact_err err = check_format(d, txn, error);
    bool empty = err == TACT_NOT_FOUND;
    if (empty && d->read_only) err = fault(d, ENOENT, "opening", error);
    if (!err || (empty && !d->read_only)) err = open_tables(d, txn, empty, error);
    if (err || fails(d)) {
        mdb_txn_abort(txn);
        return err ? err : fault(d, EIO, "opening", error);
    }
    rc = mdb_txn_commit(txn); // of a reader, too: the tables' handles stay
    if (rc) return fault(d, rc, "making its tables", error);
    return empty ? sync_names(d, error) : TACT_OK;
}

static tact_err lock_for_writing(db *d, tact_error *error) {
    char path[PATH_ROOM];
    if (mkdir(d->folder, FOLDER_MODE) && errno != EEXIST) {
        if (errno != ENOENT) return fault(d, errno, "making the folder", error);
        return err_set(error, TACT_NOT_FOUND,
                       "%s: it cannot be made: the folder above it is not there, or takes no folder", d->folder);
    }
    if (!path_in(d, DB_BACKUP_MANIFEST, path)) return fault(d, ENAMETOOLONG, "opening", error);
    if (access(path, F_OK) == 0) {
        return err_set(error, TACT_INVALID, "%s: it is a backup, which nobody may change; restore it to another folder",
                       d->folder);
    }
    if (!path_in(d, "writer.lock", path)) return fault(d, ENAMETOOLONG, "opening", error);
    d->writer_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (d->writer_lock < 0) return fault(d, errno, "opening it for writing", error);
    if (flock(d->writer_lock, LOCK_EX | LOCK_NB) == 0) return TACT_OK;
    if (errno != EWOULDBLOCK) return fault(d, errno, "locking it", error);
    return err_set(error, TACT_BUSY, "%s: another process writes to it; stop that one, or open it for reading only",
                   d->folder);
}

// LMDB makes its table of readers with a hole for a content, so that a full disk would kill the process that is the
// first to use a place in it. Only before LMDB has it open: closing a file drops the locks that a process has on it.
static tact_err reserve_readers(db *d, tact_error *error) {
    char path[PATH_ROOM];
    if (!path_in(d, "lock.mdb", path)) return fault(d, ENAMETOOLONG, "opening", error);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (fd < 0) return fault(d, errno, "opening it for writing", error);
    int reason = fallocate(fd, 0, 0, (DB_READERS_MAX + READERS_MORE) * READER_BYTES) ? errno : 0;
    close(fd);
    return reason && reason != EOPNOTSUPP ? fault(d, reason, "making room for its readers", error) : TACT_OK;
}

// Its first pages are the first that LMDB writes of a file, and on disk before any other (see open_env). A file that
// has no more than a part of them is one whose making was interrupted, and holds nothing.
static bool is_torn(const char *bytes, size_t len, size_t page) {
    bool torn = len < 2 * page;
    for (size_t at = 0; at < len; at += page) {
        size_t end = at + page < len ? at + page : len;
        if (end - at > META_AT + 4 && load_u32(bytes + at + META_AT) == META_MAGIC) continue;
        for (size_t i = at; i < end; i++) {
            if (bytes[i]) return false;
        }
        torn = true;
    }
    return torn;
}

// Empties a file whose making was interrupted. `*fresh`: it holds nothing.
static tact_err begin_file(db *d, bool *fresh, tact_error *error) {
    char path[PATH_ROOM], bytes[2 * PAGE_MAX + 1];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (page > PAGE_MAX) page = PAGE_MAX;
    *fresh = true;
    if (!path_in(d, "data.mdb", path)) return fault(d, ENAMETOOLONG, "opening", error);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno == ENOENT ? TACT_OK : fault(d, errno, "opening it for writing", error);
    ssize_t len = pread(fd, bytes, sizeof bytes, 0);
    int reason = len < 0 ? errno : 0;
    *fresh = len >= 0 && (size_t)len <= 2 * page;
    if (*fresh && is_torn(bytes, (size_t)len, page) && ftruncate(fd, 0)) reason = errno;
    close(fd);
    return reason ? fault(d, reason, "opening", error) : TACT_OK;
}

static tact_err open_env(db *d, tact_error *error) {
    bool fresh = false;
    if (!d->read_only) {
        tact_err err = lock_for_writing(d, error);
        if (!err) err = reserve_readers(d, error);
        if (!err) err = segment_restore(d->folder, &d->restored, error);
        if (!err) err = begin_file(d, &fresh, error);
        if (err) return err;
    }
    int rc = CALL(d, mdb_env_create(&d->env));
    if (!rc) rc = CALL(d, mdb_env_set_maxdbs(d->env, DB_TABLES + 8)); // and some that newer formats may have
    if (!rc) rc = CALL(d, mdb_env_set_maxreaders(d->env, DB_READERS_MAX));
    if (!rc) rc = CALL(d, mdb_env_set_mapsize(d->env, d->map_bytes));
    if (!rc) rc = CALL(d, mdb_env_open(d->env, d->folder, MDB_NOTLS | (d->read_only ? MDB_RDONLY : 0U), FILE_MODE));
    if (!rc && fresh) rc = CALL(d, mdb_env_sync(d->env, 1));
    if (rc) return fault(d, rc, "opening", error);
    tact_err err = db_readers_check(d, NULL, error);
    return err ? err : set_up(d, error);
}

tact_err db_open(arena *a, const char *folder, const db_options *options, db **out, tact_error *error) {
    const db_options none = {0};
    if (!options) options = &none;
    db *d = ARENA_NEW(a, db);
    char *name = arena_copy(a, folder, strlen(folder));
    if (!d || !name) return err_set(error, TACT_NO_MEMORY, "%s: no memory to open it", folder);
    d->folder = name;
    d->read_only = options->read_only;
    d->map_bytes = options->map_bytes ? options->map_bytes : DB_MAP_FIRST;
    if (d->map_bytes < DB_MAP_MIN) d->map_bytes = DB_MAP_MIN;
    d->view_max_ms = options->view_max_ms ? options->view_max_ms : DB_VIEW_MAX_MS;
    d->notice = options->notice;
    d->writer_lock = -1;
    atomic_init(&d->calls_left, options->fail_at);
    atomic_init(&d->failed, false);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&d->mutex, NULL);
    pthread_cond_init(&d->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    tact_err err = open_env(d, error);
    if (err) {
        db_close(d);
        return err;
    }
    *out = d;
    return TACT_OK;
}

void db_close(db *d) {
    if (!d) return;
    for (int i = 0; i < DB_PINS; i++) mdb_txn_abort(d->pins[i]);
    if (d->env) mdb_env_close(d->env);
    if (d->writer_lock >= 0) close(d->writer_lock);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->mutex);
}

const char *db_folder(const db *d) {
    return d->folder;
}
