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
    expect_refused("/nowhere/at/all", NULL, TACT_NOT_FOUND, "making the folder");
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
    if (geteuid() != 0) { // root may write anywhere
        assert_int_equal(chmod(f.path, 0500), 0);
        expect_refused(f.path, NULL, TACT_IO, "permissions");
        assert_int_equal(chmod(f.path, 0700), 0);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_committed),
        cmocka_unit_test(the_map_grows_and_keys_are_in_order),
        cmocka_unit_test(each_refusal_says_why),
        cmocka_unit_test(a_reader_that_stays_stops_growing_but_breaks_nothing),
        cmocka_unit_test(any_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
