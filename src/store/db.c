// SPDX-License-Identifier: Apache-2.0
//
// Every call of LMDB goes through CALL, which lets a test make any one of them fail. Subtle: LMDB forbids changing the
// map's size while this process has a transaction open, and does not look. Readers therefore pass a gate, and the
// writer closes it while the map grows.
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "store/load.h"

#define MAP_MOST ((size_t)1 << 46) // of address space there is no more than 47 bits
enum { FOLDER_MODE = 0700, FILE_MODE = 0600, PATH_ROOM = 4096 };
static const tact_str magic = {"tact store", 10};
static const tact_str format_key = {"format", 6};

struct db {
    MDB_env *env;
    MDB_dbi tables[DB_TABLES];
    const char *folder;
    int writer_lock; // of the file; -1: none
    bool read_only;
    size_t map_bytes;
    atomic_int_least64_t calls_left; // until the one that fails; 0 and below: none will
    atomic_bool failed;
    pthread_mutex_t mutex; // over the two below
    pthread_cond_t changed;
    uint32_t readers; // with a view
    bool growing;     // no new ones now
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
    {ENOSPC, TACT_IO, "the disk is full; make room, nothing was changed"},
    {EDQUOT, TACT_IO, "the disk quota is used up; make room, nothing was changed"},
    {EIO, TACT_IO, "the disk reports an error; check the disk, nothing was changed"},
};

static tact_err fault(const db *d, int rc, const char *what, tact_error *error) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].rc == rc)
            return err_set(error, meanings[i].code, "%s: %s: %s", d->folder, what, meanings[i].text);
    }
    return err_set(error, TACT_IO, "%s: %s: %s", d->folder, what, mdb_strerror(rc));
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

// ---- The gate -------------------------------------------------------------------------------------------------------

static void enter(db *d) {
    pthread_mutex_lock(&d->mutex);
    while (d->growing) pthread_cond_wait(&d->changed, &d->mutex);
    d->readers++;
    pthread_mutex_unlock(&d->mutex);
}

static void leave(db *d) {
    pthread_mutex_lock(&d->mutex);
    if (--d->readers == 0) pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->mutex);
}

// Sets the map's size while nobody reads; 0: the size that another process gave it.
static tact_err resize(db *d, size_t bytes, tact_error *error) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DB_GROW_WAIT_MS / 1000;
    pthread_mutex_lock(&d->mutex);
    while (d->growing) pthread_cond_wait(&d->changed, &d->mutex);
    d->growing = true;
    int waited = 0;
    while (d->readers && waited != ETIMEDOUT) waited = pthread_cond_timedwait(&d->changed, &d->mutex, &until);
    bool alone = d->readers == 0;
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
    d->growing = false;
    pthread_cond_broadcast(&d->changed);
    pthread_mutex_unlock(&d->mutex);
    return err;
}

static tact_err grow(db *d, tact_error *error) {
    MDB_envinfo info;
    mdb_env_info(d->env, &info);
    if (info.me_mapsize >= MAP_MOST) return err_set(error, TACT_LIMIT, "%s: it is as large as it can be", d->folder);
    return resize(d, info.me_mapsize * 2, error);
}

// ---- Transactions ---------------------------------------------------------------------------------------------------

static tact_err begin(db *d, unsigned flags, db_txn *t, tact_error *error) {
    *t = (db_txn){.db = d};
    MDB_txn *txn = NULL;
    int rc = CALL(d, mdb_txn_begin(d->env, NULL, flags, &txn));
    if (rc == MDB_MAP_RESIZED) return TACT_LIMIT; // by another process; the caller follows it
    if (rc) return fault(d, rc, "beginning a transaction", error);
    t->handle = txn;
    return TACT_OK;
}

static tact_err begin_following(db *d, unsigned flags, db_txn *t, tact_error *error) {
    bool reading = flags & MDB_RDONLY;
    for (;;) {
        if (reading) enter(d);
        tact_err err = begin(d, flags, t, error);
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
        if (!rc) {
            t->paused = false;
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
    MDB_stat stat;
    int rc = CALL(t->db, mdb_stat(t->handle, t->db->tables[table], &stat));
    if (rc) return broke(t, rc, "counting");
    *count = stat.ms_entries;
    return TACT_OK;
}

static tact_err step(db_walk *w, MDB_val key, MDB_cursor_op op) {
    MDB_val value;
    int rc = CALL(w->txn->db, mdb_cursor_get(w->handle, &key, &value, op));
    if (rc == MDB_NOTFOUND) return TACT_NOT_FOUND;
    if (rc) return broke(w->txn, rc, "reading");
    w->key = str(key);
    w->value = str(value);
    return TACT_OK;
}

tact_err db_walk_begin(db_txn *t, db_table table, tact_str from, db_walk *w) {
    *w = (db_walk){.txn = t};
    MDB_cursor *cursor;
    int rc = CALL(t->db, mdb_cursor_open(t->handle, t->db->tables[table], &cursor));
    if (rc) return broke(t, rc, "reading");
    w->handle = cursor;
    tact_err err = step(w, val(from), from.len ? MDB_SET_RANGE : MDB_FIRST);
    if (err) db_walk_end(w);
    return err;
}

tact_err db_walk_next(db_walk *w) {
    return step(w, (MDB_val){0, NULL}, MDB_NEXT);
}

void db_walk_end(db_walk *w) {
    if (w->handle) mdb_cursor_close(w->handle);
    w->handle = NULL;
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
    if (format > DB_FORMAT) {
        return err_set(error, TACT_INVALID, "%s: written by a newer version (format %u, this program knows up to %d)",
                       d->folder, format, DB_FORMAT);
    }
    return TACT_OK;
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
    return rc ? fault(d, rc, "making its tables", error) : TACT_OK;
}

static tact_err lock_for_writing(db *d, tact_error *error) {
    char path[PATH_ROOM];
    size_t len = strlen(d->folder);
    static const char name[] = "/writer.lock";
    if (len + sizeof name > sizeof path) return fault(d, ENAMETOOLONG, "opening", error);
    memcpy(path, d->folder, len);
    memcpy(path + len, name, sizeof name);
    if (mkdir(d->folder, FOLDER_MODE) && errno != EEXIST) return fault(d, errno, "making the folder", error);
    d->writer_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (d->writer_lock < 0) return fault(d, errno, "opening it for writing", error);
    if (flock(d->writer_lock, LOCK_EX | LOCK_NB) == 0) return TACT_OK;
    if (errno != EWOULDBLOCK) return fault(d, errno, "locking it", error);
    return err_set(error, TACT_BUSY, "%s: another process writes to it; stop that one, or open it for reading only",
                   d->folder);
}

static tact_err open_env(db *d, tact_error *error) {
    if (!d->read_only) {
        tact_err err = lock_for_writing(d, error);
        if (err) return err;
    }
    int rc = CALL(d, mdb_env_create(&d->env));
    if (!rc) rc = CALL(d, mdb_env_set_maxdbs(d->env, DB_TABLES + 8)); // and some that newer formats may have
    if (!rc) rc = CALL(d, mdb_env_set_maxreaders(d->env, DB_READERS_MAX));
    if (!rc) rc = CALL(d, mdb_env_set_mapsize(d->env, d->map_bytes));
    if (!rc) rc = CALL(d, mdb_env_open(d->env, d->folder, MDB_NOTLS | (d->read_only ? MDB_RDONLY : 0U), FILE_MODE));
    if (rc) return fault(d, rc, "opening", error);
    int dead;
    rc = CALL(d, mdb_reader_check(d->env, &dead)); // readers that were killed would keep old pages for ever
    if (rc) return fault(d, rc, "opening", error);
    return set_up(d, error);
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
    if (d->env) mdb_env_close(d->env);
    if (d->writer_lock >= 0) close(d->writer_lock);
    pthread_cond_destroy(&d->changed);
    pthread_mutex_destroy(&d->mutex);
}

const char *db_folder(const db *d) {
    return d->folder;
}
