// SPDX-License-Identifier: Apache-2.0
//
// The folder of LMDB files: what db.h promises of tables, of growing, of every refusal, and of each call that can fail.
#include "store/db.h"

#include <fcntl.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "folder.h"

#include <cmocka.h>

static db *must_open(arena *a, const char *path, const db_options *options) {
    db *d = NULL;
    tact_error error = {.text = ""};
    if (db_open(a, path, options, &d, &error)) fail_msg("%s", error.text);
    return d;
}

static tact_str text(const char *s) {
    return tact_str_from(s);
}

static tact_err put_two(void *context, db_txn *t, tact_error *error) {
    (void)context;
    db_key number = db_key_number(7);
    if (db_put(t, DB_SEEN, text("a"), text("one"))) return db_fault(t, error);
    if (db_put(t, DB_STRAND, db_key_str(&number), text("seven"))) return db_fault(t, error);
    return TACT_OK;
}

static tact_err put_and_refuse(void *context, db_txn *t, tact_error *error) {
    (void)put_two(context, t, error);
    return TACT_EXISTS;
}

static void keeps_what_was_committed(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    db *d = must_open(&a, f.path, NULL);
    assert_string_equal(db_folder(d), f.path);
    assert_int_equal(db_write(d, put_and_refuse, NULL, NULL), TACT_EXISTS);
    db_txn t;
    tact_str value;
    assert_int_equal(db_read(d, &t, NULL), 0);
    assert_int_equal(db_get(&t, DB_SEEN, text("a"), &value), TACT_NOT_FOUND);
    db_read_pause(&t);
    assert_int_equal(db_write(d, put_two, NULL, NULL), 0);
    assert_int_equal(db_read_renew(&t, NULL), 0);
    assert_int_equal(db_get(&t, DB_SEEN, text("a"), &value), 0);
    assert_true(tact_str_equal(value, text("one")));
    db_read_end(&t);
    db_close(d);

    d = must_open(&a, f.path, &(db_options){.read_only = true});
    assert_int_equal(db_write(d, put_two, NULL, NULL), TACT_USAGE);
    assert_int_equal(db_read(d, &t, NULL), 0);
    db_key number = db_key_number(7);
    assert_int_equal(db_get(&t, DB_STRAND, db_key_str(&number), &value), 0);
    assert_true(tact_str_equal(value, text("seven")));
    uint64_t count;
    assert_int_equal(db_count(&t, DB_STRAND, &count), 0);
    assert_int_equal(count, 1);
    db_read_end(&t);
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

enum { MANY = 3000 };

static tact_err put_many(void *context, db_txn *t, tact_error *error) {
    int *runs = context;
    (*runs)++;
    char bytes[500] = {0};
    for (uint64_t i = 0; i < MANY; i++) {
        db_key k = db_key_of();
        db_key_u16(&k, 3);
        db_key_u64(&k, i * 256);
        if (db_put(t, DB_COUNT, db_key_str(&k), (tact_str){bytes, sizeof bytes})) return db_fault(t, error);
    }
    return TACT_OK;
}

static tact_err delete_some(void *context, db_txn *t, tact_error *error) {
    (void)context;
    for (uint64_t i = 10; i < 20; i++) {
        db_key k = db_key_of();
        db_key_u16(&k, 3);
        db_key_u64(&k, i * 256);
        if (db_delete(t, DB_COUNT, db_key_str(&k))) return db_fault(t, error);
    }
    return TACT_OK;
}

static void the_map_grows_and_keys_are_in_order(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    db *d = must_open(&a, f.path, &(db_options){.map_bytes = 1});
    int runs = 0;
    tact_error error = {.text = ""};
    if (db_write(d, put_many, &runs, &error)) fail_msg("%s", error.text);
    assert_true(runs > 3);
    assert_int_equal(db_write(d, delete_some, NULL, NULL), 0);
    db_txn t;
    assert_int_equal(db_read(d, &t, NULL), 0);
    db_walk w;
    uint64_t seen = 0, last = 0;
    assert_int_equal(db_walk_begin(&t, DB_COUNT, (tact_str){NULL, 0}, &w), 0);
    tact_err err = TACT_OK;
    for (; !err; err = db_walk_next(&w), seen++) {
        uint64_t number = db_key_number_at(w.key, 2);
        assert_true(seen == 0 || number > last);
        last = number;
    }
    assert_int_equal(err, TACT_NOT_FOUND);
    db_walk_end(&w);
    assert_int_equal(seen, MANY - 10);
    assert_int_equal(db_walk_begin(&t, DB_TOMB, (tact_str){NULL, 0}, &w), TACT_NOT_FOUND);
    db_read_end(&t);
    db_close(d);
    d = must_open(&a, f.path, &(db_options){.map_bytes = 1}); // less than the files have
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

static void expect_refused(const char *path, const db_options *options, tact_err code, const char *part) {
    arena a;
    arena_init(&a, 0);
    db *d = NULL;
    tact_error error = {.text = ""};
    assert_int_equal(db_open(&a, path, options, &d, &error), code);
    if (!strstr(error.text, part) || !strstr(error.text, path)) fail_msg("%s", error.text);
    arena_fini(&a);
}

static void write_file(const folder *f, const char *name, const char *bytes, size_t len) {
    char path[900];
    snprintf(path, sizeof path, "%s/%s", f->path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void put_raw(const folder *f, const char *table, const char *key, const char *bytes, size_t len) {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val k = {strlen(key), (void *)(uintptr_t)key}, v = {len, (void *)(uintptr_t)bytes};
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 20), 0);
    assert_int_equal(mdb_env_open(env, f->path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, MDB_CREATE, &dbi), 0);
    assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void each_refusal_says_why(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    const db_options reading = {.read_only = true};
    folder f = folder_new();
    expect_refused(f.path, &reading, TACT_NOT_FOUND, "there is no store");
    expect_refused("/nowhere/at/all", NULL, TACT_NOT_FOUND, "the folder above it is not there");
    expect_refused("/dev/null", NULL, TACT_IO, "opening it for writing");
    char garbage[8192];
    memset(garbage, 'x', sizeof garbage);
    write_file(&f, "data.mdb", garbage, sizeof garbage);
    expect_refused(f.path, NULL, TACT_INVALID, "not a store of Tact");
    folder_remove(&f);

    f = folder_new();
    put_raw(&f, "users", "x", "y", 1);
    expect_refused(f.path, NULL, TACT_INVALID, "another program");
    folder_remove(&f);
    f = folder_new();
    put_raw(&f, "meta", "format", "something", 9);
    expect_refused(f.path, NULL, TACT_INVALID, "another program");
    folder_remove(&f);

    f = folder_new();
    db *d = must_open(&a, f.path, NULL);
    expect_refused(f.path, NULL, TACT_BUSY, "another process writes");
    db_close(d);
    d = must_open(&a, f.path, NULL); // it is free again
    db_close(d);
    put_raw(&f, "meta", "format", "tact store\x07\0\0\0", 14);
    expect_refused(f.path, NULL, TACT_INVALID, "newer version (format 7");
    folder_remove(&f);

    f = folder_new();
    d = must_open(&a, f.path, NULL);
    db_close(d);
    write_file(&f, DB_BACKUP_MANIFEST, "", 0);
    expect_refused(f.path, NULL, TACT_INVALID, "it is a backup");
    d = must_open(&a, f.path, &reading);
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

// What a loss of power can leave of the two pages that begin a file, before anything was in it.
static void a_file_whose_making_was_interrupted_is_made_again(void **state) {
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char bytes[2 * 65536] = {0};
    static const struct {
        bool first, second; // is there
        int halves;         // of a page, that the file has
    } cases[] = {{false, false, 4}, {true, false, 4}, {false, true, 4}, {false, false, 2}, {false, false, 1},
                 {true, false, 2},  {true, false, 3}, {true, true, 3},  {true, true, 4},   {false, false, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        arena a;
        arena_init(&a, 0);
        folder f = folder_new();
        MDB_env *env;
        char path[700];
        snprintf(path, sizeof path, "%s/data.mdb", f.path);
        assert_int_equal(mdb_env_create(&env), 0);
        assert_int_equal(mdb_env_open(env, f.path, 0, 0600), 0);
        mdb_env_close(env);
        int fd = open(path, O_RDONLY);
        assert_int_equal(read(fd, bytes, 2 * page), 2 * page);
        close(fd);
        if (!cases[i].first) memset(bytes, 0, page);
        if (!cases[i].second) memset(bytes + page, 0, page);
        write_file(&f, "data.mdb", bytes, (size_t)cases[i].halves * page / 2);
        db *d = must_open(&a, f.path, NULL);
        assert_int_equal(db_write(d, put_two, NULL, NULL), 0);
        db_close(d);
        folder_remove(&f);
        arena_fini(&a);
    }
}

// Root may do anything, so a child becomes nobody; its exit code says what did not hold.
static _Noreturn void try_as_nobody(const char *path, bool reading) {
    arena a;
    db *d = NULL;
    tact_error error = {.text = ""};
    arena_init(&a, 0);
    if (geteuid() == 0 && (setgid(65534) || setuid(65534))) _exit(1);
    if (db_open(&a, path, &(db_options){.read_only = reading}, &d, &error) != TACT_IO) _exit(2);
    if (!strstr(error.text, "permissions") || !strstr(error.text, path)) _exit(3);
    arena_fini(&a);
    _exit(0);
}

static void expect_refused_as_nobody(const char *path, bool reading) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) try_as_nobody(path, reading);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void a_folder_of_somebody_else_is_refused(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    assert_int_equal(chmod(f.path, 0555), 0);
    expect_refused_as_nobody(f.path, false);
    assert_int_equal(chmod(f.path, 0755), 0);
    if (geteuid() == 0) { // files that belong to root
        db *d = must_open(&a, f.path, NULL);
        db_close(d);
        expect_refused_as_nobody(f.path, false);
        expect_refused_as_nobody(f.path, true);
    }
    folder_remove(&f);
    arena_fini(&a);
}

static void a_reader_that_stays_stops_growing_but_breaks_nothing(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    db *d = must_open(&a, f.path, &(db_options){.map_bytes = 1});
    db_txn t;
    int runs = 0;
    tact_error error = {.text = ""};
    assert_int_equal(db_read(d, &t, NULL), 0);
    assert_int_equal(db_write(d, put_many, &runs, &error), TACT_BUSY);
    assert_non_null(strstr(error.text, "readers did not end"));
    db_read_end(&t);
    assert_int_equal(db_write(d, put_many, &runs, &error), 0);
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Views, readers, notices ----------------------------------------------------------------------------------------

typedef struct heard {
    int count;
    char last[600];
} heard;

static void hear(void *context, const char *line) {
    heard *h = context;
    h->count++;
    snprintf(h->last, sizeof h->last, "%s", line);
}

static void a_view_that_is_too_old_says_so_until_it_is_renewed(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    heard h = {0};
    db *d = must_open(&a, f.path, &(db_options){.view_max_ms = 30, .notice = {hear, &h}});
    db_txn t;
    db_walk w;
    tact_str value;
    uint64_t count;
    tact_error error = {.text = ""};
    assert_int_equal(db_write(d, put_two, NULL, NULL), 0);
    assert_int_equal(db_read(d, &t, NULL), 0);
    assert_int_equal(db_get(&t, DB_SEEN, text("a"), &value), 0);
    assert_int_equal(db_walk_begin(&t, DB_META, text(""), &w), 0);
    usleep(60000);
    assert_int_equal(db_get(&t, DB_SEEN, text("a"), &value), TACT_BUSY);
    assert_int_equal(db_walk_next(&w), TACT_BUSY);
    assert_int_equal(db_count(&t, DB_SEEN, &count), TACT_BUSY);
    db_walk_end(&w);
    assert_int_equal(db_walk_begin(&t, DB_META, text(""), &w), TACT_BUSY);
    assert_int_equal(db_fault(&t, &error), TACT_BUSY);
    assert_non_null(strstr(error.text, "more than 30 ms"));
    assert_int_equal(h.count, 1); // once, however often it asks
    assert_string_equal(h.last, error.text);
    db_read_pause(&t);
    assert_int_equal(db_read_renew(&t, NULL), 0);
    assert_int_equal(db_get(&t, DB_SEEN, text("a"), &value), 0);
    db_read_end(&t);
    db_close(d);

    d = must_open(&a, f.path, &(db_options){.view_max_ms = DB_VIEW_FOREVER});
    assert_int_equal(db_read(d, &t, NULL), 0);
    usleep(60000);
    assert_int_equal(db_get(&t, DB_SEEN, text("a"), &value), 0);
    db_read_end(&t);
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

static tact_err write_slowly(void *context, db_txn *t, tact_error *error) {
    usleep(60000);
    return put_two(context, t, error);
}

static void only_views_grow_old(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    db *d = must_open(&a, f.path, &(db_options){.view_max_ms = 10});
    assert_int_equal(db_write(d, write_slowly, NULL, NULL), 0);
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

static void status_tells_how_far_the_oldest_view_is_behind(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    heard h = {0};
    db *d = must_open(&a, f.path, &(db_options){.map_bytes = 4 * DB_MAP_MIN, .notice = {hear, &h}});
    db_usage before, after;
    db_txn old, paused, young;
    assert_int_equal(db_status(d, &before, NULL), 0);
    assert_int_equal(before.readers, 0);
    assert_int_equal(before.oldest_lag, 0);
    assert_int_equal(before.map_bytes, 4 * DB_MAP_MIN);
    assert_in_range(before.used_bytes, 1, before.map_bytes);
    assert_int_equal(db_read(d, &old, NULL), 0);
    assert_int_equal(db_read(d, &paused, NULL), 0);
    db_read_pause(&paused);
    for (int i = 0; i < 3; i++) assert_int_equal(db_write(d, put_two, NULL, NULL), 0);
    assert_int_equal(db_read(d, &young, NULL), 0);
    assert_int_equal(db_status(d, &after, NULL), 0);
    assert_int_equal(after.last_txn, before.last_txn + 3);
    assert_int_equal(after.readers, 2);
    assert_int_equal(after.oldest_lag, 3);
    db_read_end(&old);
    assert_int_equal(db_status(d, &after, NULL), 0);
    assert_int_equal(after.readers, 1);
    assert_int_equal(after.oldest_lag, 0);
    db_read_end(&young);
    db_read_end(&paused);

    int runs = 0;
    assert_int_equal(db_write(d, put_many, &runs, NULL), 0);
    assert_int_equal(db_status(d, &after, NULL), 0);
    assert_true(after.map_bytes >= after.used_bytes && after.used_bytes >= (uint64_t)MANY * 500);
    assert_true(h.count >= 3);
    assert_non_null(strstr(h.last, "grew to"));
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

static void readers_that_died_are_cleared(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    heard h = {0};
    db *d = must_open(&a, f.path, &(db_options){.notice = {hear, &h}});
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) { // begins anew: LMDB must not be opened twice by a process, nor used by its child
        execl("/proc/self/exe", "db_test", "--read-and-die", f.path, NULL);
        _exit(2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    db_usage usage;
    uint32_t cleared = 0;
    assert_int_equal(db_status(d, &usage, NULL), 0);
    assert_int_equal(usage.readers, 1);
    assert_int_equal(db_readers_check(d, &cleared, NULL), 0);
    assert_int_equal(cleared, 1);
    assert_int_equal(h.count, 1);
    assert_non_null(strstr(h.last, "process died"));
    assert_int_equal(db_readers_check(d, &cleared, NULL), 0);
    assert_int_equal(cleared, 0);
    assert_int_equal(h.count, 1);
    assert_int_equal(db_status(d, &usage, NULL), 0);
    assert_int_equal(usage.readers, 0);
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

static int read_and_die(const char *path) {
    arena a;
    db *d = NULL;
    db_txn t;
    arena_init(&a, 0);
    if (db_open(&a, path, &(db_options){.read_only = true}, &d, NULL) || db_read(d, &t, NULL)) return 1;
    _exit(0); // with its view
}

// ---- Faults ---------------------------------------------------------------------------------------------------------

static void any_call_may_fail(void **state) {
    (void)state;
    bool whole = false;
    for (int64_t nth = 1; !whole; nth++) {
        arena a;
        arena_init(&a, 0);
        folder f = folder_new();
        db *d = NULL;
        tact_error error = {.text = ""};
        tact_err err = db_open(&a, f.path, &(db_options){.fail_at = nth}, &d, &error);
        if (err) {
            assert_int_equal(err, TACT_IO);
            assert_non_null(strstr(error.text, "the disk reports an error"));
        } else {
            err = db_write(d, put_two, NULL, &error);
            whole = !db_failed(d);
            assert_int_equal(err, whole ? TACT_OK : TACT_IO);
            db_fail_at(d, 0);
            db_close(d);
        }
        d = must_open(&a, f.path, NULL);
        db_txn t;
        tact_str value;
        assert_int_equal(db_read(d, &t, NULL), 0);
        assert_int_equal(db_get(&t, DB_SEEN, text("a"), &value), whole ? TACT_OK : TACT_NOT_FOUND);
        db_read_end(&t);
        db_close(d);
        folder_remove(&f);
        arena_fini(&a);
    }
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "--read-and-die") == 0) return read_and_die(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_committed),
        cmocka_unit_test(the_map_grows_and_keys_are_in_order),
        cmocka_unit_test(each_refusal_says_why),
        cmocka_unit_test(a_reader_that_stays_stops_growing_but_breaks_nothing),
        cmocka_unit_test(a_view_that_is_too_old_says_so_until_it_is_renewed),
        cmocka_unit_test(only_views_grow_old),
        cmocka_unit_test(status_tells_how_far_the_oldest_view_is_behind),
        cmocka_unit_test(readers_that_died_are_cleared),
        cmocka_unit_test(a_folder_of_somebody_else_is_refused),
        cmocka_unit_test(a_file_whose_making_was_interrupted_is_made_again),
        cmocka_unit_test(any_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
