// SPDX-License-Identifier: Apache-2.0
//
// Backups: made while others write, whole or not there at all, and what was altered, cut short or is of somebody else
// is told from what is sound. Every call of LMDB fails once.
#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "folder.h"

#include <cmocka.h>

// A folder with a store in `db`, and names in it for what is made.
typedef struct place {
    arena arena;
    folder root;
    char store[650], backup[650], partial[660], restored[650];
    db *d;
} place;

static tact_str text(const char *s) {
    return tact_str_from(s);
}

static db *must_open(arena *a, const char *path, const db_options *options) {
    db *d = NULL;
    tact_error error = {.text = ""};
    if (db_open(a, path, options, &d, &error)) fail_msg("%s", error.text);
    return d;
}

enum { ROWS = 300 };

// Every row has the same number, so that a state that never was can be told.
static tact_err put_rows(void *context, db_txn *t, tact_error *error) {
    char bytes[200] = {0};
    snprintf(bytes, sizeof bytes, "%d", *(int *)context);
    for (uint64_t i = 0; i < ROWS; i++) {
        db_key k = db_key_number(i);
        if (db_put(t, DB_STRAND, db_key_str(&k), (tact_str){bytes, sizeof bytes})) return db_fault(t, error);
    }
    return TACT_OK;
}

// The number that all rows have; fails if they do not.
static int rows_of(const char *path) {
    arena a;
    arena_init(&a, 0);
    db *d = must_open(&a, path, &(db_options){.read_only = true});
    db_txn t;
    db_walk w;
    int count = 0, number = -1;
    assert_int_equal(db_read(d, &t, NULL), 0);
    tact_err err = db_walk_begin(&t, DB_STRAND, text(""), &w);
    for (; !err; err = db_walk_next(&w), count++) {
        int here = atoi(w.value.ptr);
        assert_true(number == -1 || here == number);
        number = here;
    }
    assert_int_equal(err, TACT_NOT_FOUND);
    assert_int_equal(count, ROWS);
    db_walk_end(&w);
    db_read_end(&t);
    db_close(d);
    arena_fini(&a);
    return number;
}

static void place_begin(place *p) {
    arena_init(&p->arena, 0);
    p->root = folder_new();
    snprintf(p->store, sizeof p->store, "%s/db", p->root.path);
    snprintf(p->backup, sizeof p->backup, "%s/backup", p->root.path);
    snprintf(p->partial, sizeof p->partial, "%s/backup.partial", p->root.path);
    snprintf(p->restored, sizeof p->restored, "%s/restored", p->root.path);
    p->d = must_open(&p->arena, p->store, NULL);
    int number = 7;
    assert_int_equal(db_write(p->d, put_rows, &number, NULL), 0);
}

static void remove_folder(const char *path) {
    folder f;
    assert_true(snprintf(f.path, sizeof f.path, "%s", path) < (int)sizeof f.path);
    folder_remove(&f);
}

static void place_end(place *p) {
    db_close(p->d);
    const char *folders[] = {p->store, p->backup, p->partial, p->restored};
    for (int i = 0; i < 4; i++) remove_folder(folders[i]);
    assert_int_equal(rmdir(p->root.path), 0); // nothing else was left
    arena_fini(&p->arena);
}

static bool is_there(const char *path) {
    struct stat s;
    return lstat(path, &s) == 0;
}

typedef struct heard {
    uint64_t done, total, calls;
} heard;

static void hear(void *context, uint64_t done, uint64_t total) {
    heard *h = context;
    assert_true(done >= h->done && done <= total);
    *h = (heard){done, total, h->calls + 1};
}

static void must_back_up(place *p) {
    tact_error error = {.text = ""};
    if (backup_write(p->d, p->backup, NULL, NULL, &error)) fail_msg("%s", error.text);
}

static void what_is_backed_up_is_restored(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    heard h = {0};
    backup_info i;
    tact_error error = {.text = ""};
    char slashes[700];
    snprintf(slashes, sizeof slashes, "%s//", p.backup);
    if (backup_write(p.d, slashes, hear, &h, &error)) fail_msg("%s", error.text);
    assert_int_equal(h.done, h.total); // the size was known before
    assert_true(h.calls > 0);
    assert_false(is_there(p.partial));
    if (backup_verify(p.backup, NULL, NULL, &i, &error)) fail_msg("%s", error.text);
    assert_int_equal(i.format, DB_FORMAT);
    assert_int_equal(2 * i.bytes, h.total); // written, and read again
    assert_true(llabs((long long)time(NULL) * 1000 - i.time_ms) < 100000);
    assert_int_equal(rows_of(p.backup), 7); // may be read as it is
    assert_int_equal(backup_verify(p.backup, NULL, NULL, NULL, NULL), 0);

    int number = 8;
    assert_int_equal(db_write(p.d, put_rows, &number, NULL), 0);
    h = (heard){0};
    if (backup_restore(p.backup, p.restored, hear, &h, &error)) fail_msg("%s", error.text);
    assert_int_equal(h.done, h.total);
    assert_int_equal(rows_of(p.restored), 7);
    db *d = must_open(&p.arena, p.restored, NULL); // is a store that can be written to
    assert_int_equal(db_write(d, put_rows, &number, NULL), 0);
    db_close(d);
    assert_int_equal(rows_of(p.restored), 8);

    assert_int_equal(backup_write(p.d, p.backup, NULL, NULL, &error), TACT_EXISTS);
    assert_non_null(strstr(error.text, "something already"));
    assert_int_equal(backup_restore(p.backup, p.store, NULL, NULL, &error), TACT_EXISTS);
    assert_int_equal(rows_of(p.restored), 8);
    place_end(&p);
}

static void the_manifest_says_what_b2sum_says(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    must_back_up(&p);
    char command[1500];
    snprintf(command, sizeof command,
             "cd %s && b=$(b2sum -l 256 <data.mdb) && grep -qx \"data.mdb: ${b%%%% *}\" backup.txt && "
             "grep -qx \"bytes: $(stat -c %%s data.mdb)\" backup.txt && grep -qx 'format: 2' backup.txt",
             p.backup);
    assert_int_equal(system(command), 0);
    place_end(&p);
}

// ---- While others work ----------------------------------------------------------------------------------------------

typedef struct load {
    db *d;
    atomic_bool over;
    atomic_int faults, writes;
} load;

static void *write_on(void *context) {
    load *l = context;
    for (int i = 8; !atomic_load(&l->over); i++) {
        if (db_write(l->d, put_rows, &i, NULL)) atomic_fetch_add(&l->faults, 1);
        atomic_fetch_add(&l->writes, 1);
    }
    return NULL;
}

static void *read_on(void *context) {
    load *l = context;
    db_txn t;
    if (db_read(l->d, &t, NULL)) atomic_fetch_add(&l->faults, 1);
    while (!atomic_load(&l->over)) {
        db_key k = db_key_number(ROWS - 1);
        tact_str value;
        if (db_get(&t, DB_STRAND, db_key_str(&k), &value)) atomic_fetch_add(&l->faults, 1);
        db_read_pause(&t);
        if (db_read_renew(&t, NULL)) atomic_fetch_add(&l->faults, 1);
    }
    db_read_end(&t);
    return NULL;
}

static void a_backup_is_one_moment_while_others_write(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    load l = {.d = p.d};
    pthread_t threads[2];
    assert_int_equal(pthread_create(&threads[0], NULL, write_on, &l), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, read_on, &l), 0);
    int last = 0;
    for (int i = 0; i < 5; i++) {
        int before = atomic_load(&l.writes);
        while (atomic_load(&l.writes) == before) usleep(1000);
        must_back_up(&p);
        assert_int_equal(backup_verify(p.backup, NULL, NULL, NULL, NULL), 0);
        int number = rows_of(p.backup);
        assert_true(number > last);
        last = number;
        remove_folder(p.backup);
    }
    atomic_store(&l.over, true);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(l.faults, 0);
    place_end(&p);
}

// ---- What is not sound ----------------------------------------------------------------------------------------------

static void put_file(const char *in, const char *name, const char *bytes, size_t len) {
    char path[900];
    snprintf(path, sizeof path, "%s/%s", in, name);
    unlink(path); // it may not be written to
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static tact_str get_file(arena *a, const char *in, const char *name) {
    char path[900];
    struct stat s;
    snprintf(path, sizeof path, "%s/%s", in, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &s) == 0);
    char *bytes = arena_alloc(a, (size_t)s.st_size + 1);
    assert_int_equal(read(fd, bytes, (size_t)s.st_size), s.st_size);
    close(fd);
    return (tact_str){bytes, (size_t)s.st_size};
}

static void expect_refused(place *p, tact_err code, const char *part) {
    tact_error error = {.text = ""};
    assert_int_equal(backup_verify(p->backup, NULL, NULL, NULL, &error), code);
    if (!strstr(error.text, part) || !strstr(error.text, p->backup)) fail_msg("%s", error.text);
    error.text[0] = '\0';
    assert_int_equal(backup_restore(p->backup, p->restored, NULL, NULL, &error), code);
    if (!strstr(error.text, part)) fail_msg("%s", error.text);
    assert_false(is_there(p->restored));
}

static void altered_data_is_refused(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    expect_refused(&p, TACT_NOT_FOUND, "there is no backup");
    must_back_up(&p);
    tact_str data = get_file(&p.arena, p.backup, "data.mdb");
    for (size_t at = 0; at < data.len; at += data.len / 5) { // one bit
        ((char *)(uintptr_t)data.ptr)[at] ^= 4;
        put_file(p.backup, "data.mdb", data.ptr, data.len);
        expect_refused(&p, TACT_INVALID, "data.mdb was altered");
        ((char *)(uintptr_t)data.ptr)[at] ^= 4;
    }
    put_file(p.backup, "data.mdb", data.ptr, data.len - 1);
    expect_refused(&p, TACT_INVALID, "cut short");
    put_file(p.backup, "data.mdb", "", 0);
    expect_refused(&p, TACT_INVALID, "cut short");
    put_file(p.backup, "data.mdb", data.ptr, data.len);
    assert_int_equal(backup_verify(p.backup, NULL, NULL, NULL, NULL), 0);
    char path[700];
    snprintf(path, sizeof path, "%s/data.mdb", p.backup);
    assert_int_equal(unlink(path), 0);
    expect_refused(&p, TACT_INVALID, "data.mdb is gone");
    place_end(&p);
}

static void an_altered_manifest_is_refused(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    must_back_up(&p);
    tact_str whole = get_file(&p.arena, p.backup, DB_BACKUP_MANIFEST);
    char bytes[5000];
    assert_true(whole.len < sizeof bytes);
    for (size_t at = 0; at < whole.len; at += 3) {
        memcpy(bytes, whole.ptr, whole.len);
        bytes[at] ^= 1;
        put_file(p.backup, DB_BACKUP_MANIFEST, bytes, whole.len);
        expect_refused(&p, TACT_INVALID, "backup.txt");
    }
    for (size_t len = 0; len < whole.len; len += 7) {
        put_file(p.backup, DB_BACKUP_MANIFEST, whole.ptr, len);
        expect_refused(&p, TACT_INVALID, "backup.txt");
    }
    place_end(&p);
}

// Writes a manifest with a true sum of its own, whatever it says.
static void put_manifest(place *p, const char *lines) {
    char whole[2000], sum[HASH_HEX];
    hash_sum s;
    hash_begin(&s);
    hash_add(&s, lines, strlen(lines));
    hash_end(&s, sum);
    int len = snprintf(whole, sizeof whole, "%sabove: %s\n", lines, sum);
    put_file(p->backup, DB_BACKUP_MANIFEST, whole, (size_t)len);
}

static void what_is_not_ours_is_refused(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    must_back_up(&p);
    put_manifest(&p, "Tact backup.\nformat: 3\nsomething: new\n");
    expect_refused(&p, TACT_INVALID, "newer version (format 3");
    put_manifest(&p, "Tact backup.\nformat: 1\nsomething: old\n");
    expect_refused(&p, TACT_INVALID, "before the first release (format 1");
    put_manifest(&p, "Tact backup.\nformat: 2\nbytes: 5\n");
    expect_refused(&p, TACT_INVALID, "damaged");
    put_manifest(&p, "Some backup.\nformat: 2\n");
    expect_refused(&p, TACT_INVALID, "another program");

    // Sums are right, but of a file that is no store.
    char garbage[8192], sum[HASH_HEX], lines[300];
    memset(garbage, 'x', sizeof garbage);
    hash_sum s;
    hash_begin(&s);
    hash_add(&s, garbage, sizeof garbage);
    hash_end(&s, sum);
    put_file(p.backup, "data.mdb", garbage, sizeof garbage);
    snprintf(lines, sizeof lines,
             "Tact backup.\nformat: 2\nwritten: 2026-01-02T03:04:05.006Z\nbytes: 8192\ndata.mdb: %s\n", sum);
    put_manifest(&p, lines);
    backup_info i;
    assert_int_equal(backup_verify(p.backup, NULL, NULL, &i, NULL), 0);
    assert_int_equal(i.time_ms, INT64_C(1767323045006));
    tact_error error = {.text = ""};
    assert_int_equal(backup_restore(p.backup, p.restored, NULL, NULL, &error), TACT_INVALID);
    assert_non_null(strstr(error.text, "not a store"));
    assert_false(is_there(p.restored));
    place_end(&p);
}

// ---- Faults ---------------------------------------------------------------------------------------------------------

static void a_backup_goes_to_no_odd_place(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    char below[800];
    tact_error error = {.text = ""};
    snprintf(below, sizeof below, "%s/not/there", p.root.path);
    assert_int_equal(backup_write(p.d, below, NULL, NULL, &error), TACT_NOT_FOUND);
    assert_non_null(strstr(error.text, "check the path"));
    snprintf(below, sizeof below, "%s/data.mdb", p.store);
    assert_int_equal(backup_write(p.d, below, NULL, NULL, &error), TACT_EXISTS);
    assert_int_equal(mkdir(p.backup, 0700), 0); // an empty folder may be somebody's, too
    assert_int_equal(backup_write(p.d, p.backup, NULL, NULL, &error), TACT_EXISTS);
    assert_int_equal(rmdir(p.backup), 0);
    must_back_up(&p);
    assert_int_equal(backup_verify(p.backup, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(mkdir(p.restored, 0700), 0);
    assert_int_equal(backup_restore(p.backup, p.restored, NULL, NULL, &error), TACT_EXISTS);
    put_file(p.restored, "somebody's", "", 0);
    assert_int_equal(backup_restore(p.backup, p.restored, NULL, NULL, &error), TACT_EXISTS);
    place_end(&p);
}

static void any_call_may_fail(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    for (int64_t nth = 1;; nth++) {
        db_fail_at(p.d, nth);
        tact_error error = {.text = ""};
        tact_err err = backup_write(p.d, p.backup, NULL, NULL, &error);
        bool failed = db_failed(p.d);
        db_fail_at(p.d, 0);
        assert_int_equal(err, failed ? TACT_IO : TACT_OK);
        assert_int_equal(is_there(p.backup), !failed);
        assert_false(is_there(p.partial));
        if (!failed) break;
        assert_non_null(strstr(error.text, "the disk reports an error"));
    }
    assert_int_equal(rows_of(p.backup), 7);
    place_end(&p);
}

// Beyond so many bytes of a file the system refuses to write, as a full disk does, at each length in turn.
static void a_disk_that_takes_no_more_leaves_nothing(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    struct rlimit before, now;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    backup_info i;
    must_back_up(&p);
    assert_int_equal(backup_verify(p.backup, NULL, NULL, &i, NULL), 0);
    for (rlim_t room = 0; room < i.bytes; room += i.bytes / 8) {
        now = (struct rlimit){room, before.rlim_max};
        char other[700];
        snprintf(other, sizeof other, "%s/other", p.root.path);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
        tact_error error = {.text = ""};
        tact_err written = backup_write(p.d, other, NULL, NULL, &error);
        tact_err restored = backup_restore(p.backup, p.restored, NULL, NULL, NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(written, TACT_IO);
        assert_non_null(strstr(error.text, "data.mdb: writing: a file may grow no further"));
        assert_int_equal(restored, TACT_IO);
        assert_false(is_there(other));
        assert_false(is_there(p.restored));
    }
    db_close(p.d); // a process opens a folder only once
    assert_int_equal(rows_of(p.store), 7);
    p.d = must_open(&p.arena, p.store, NULL);
    place_end(&p);
}

static void stop_there(void *context, uint64_t done, uint64_t total) {
    (void)total;
    if (!done) return;
    if (write(*(int *)context, "x", 1) != 1) _exit(1);
    for (;;) sleep(60);
}

static int make_and_stop(const char *store, const char *to, int fd) {
    arena a;
    arena_init(&a, 0);
    db *d = NULL;
    if (db_open(&a, store, &(db_options){.read_only = true}, &d, NULL)) return 1;
    return (int)backup_write(d, to, stop_there, &fd, NULL);
}

static void a_killed_backup_has_no_name_and_the_next_one_takes_its_place(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    int ends[2], status;
    char fd[16], byte;
    assert_int_equal(pipe(ends), 0);
    snprintf(fd, sizeof fd, "%d", ends[1]);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "backup_test", "--stop", p.store, p.backup, fd, NULL);
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    tact_error error = {.text = ""};
    assert_int_equal(backup_write(p.d, p.backup, NULL, NULL, &error), TACT_BUSY); // somebody is at it
    assert_non_null(strstr(error.text, "another process"));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(is_there(p.partial));
    assert_false(is_there(p.backup));
    must_back_up(&p);
    assert_false(is_there(p.partial));
    assert_int_equal(rows_of(p.backup), 7);
    place_end(&p);
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "--stop") == 0) return make_and_stop(argv[2], argv[3], atoi(argv[4]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_backed_up_is_restored),
        cmocka_unit_test(the_manifest_says_what_b2sum_says),
        cmocka_unit_test(a_backup_is_one_moment_while_others_write),
        cmocka_unit_test(altered_data_is_refused),
        cmocka_unit_test(an_altered_manifest_is_refused),
        cmocka_unit_test(what_is_not_ours_is_refused),
        cmocka_unit_test(a_backup_goes_to_no_odd_place),
        cmocka_unit_test(any_call_may_fail),
        cmocka_unit_test(a_disk_that_takes_no_more_leaves_nothing),
        cmocka_unit_test(a_killed_backup_has_no_name_and_the_next_one_takes_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
