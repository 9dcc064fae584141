// SPDX-License-Identifier: Apache-2.0
//
// Stores that nobody closed: everything that was answered is there when they are opened again, by whomever. And disks
// that take no more, or fail: what was answered stays, what was refused does not come back. Functions of this program
// stand before those of the C library that write and sync. tests/store/power_test.c has the losses of power.
#define _GNU_SOURCE
#include "store/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "folder.h"
#include "mixed.h"
#include "quick.h"
#include "shop.h"
#include "store/segment.h"
#include "store/store.h"

#include <cmocka.h>

enum { COMMANDS = 3 * MIXED_CYCLE, TRIES = 500, TRY_US = 20000 };
enum { GROUP = 2000, GROUP_BYTES = GROUP * COMMAND_TEXT_MAX, SLOW_US = 300000 }; // within which it writes 16 and more

static tact_error why;

// ---- A disk that fails ----------------------------------------------------------------------------------------------

static _Atomic(const char *) failing; // the beginning of a file's name; NULL: none fails
static atomic_bool slow;              // data.mdb takes long to sync
static atomic_bool full;              // its records do, half-way, and no sync; the room of a head is there already

static bool is_file(int fd, const char *which) {
    char name[64], path[800];
    if (!which) return false;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    if (len < 0) return false;
    path[len] = '\0';
    const char *last = strrchr(path, '/');
    return last && strncmp(last + 1, which, strlen(which)) == 0;
}

#define SHOWN __attribute__((visibility("default")))

static bool fails(int fd) {
    return is_file(fd, atomic_load(&failing));
}

SHOWN int fdatasync(int fd) {
    if (atomic_load(&slow) && is_file(fd, "data.mdb")) usleep(SLOW_US);
    if (atomic_load(&full) || !fails(fd)) return (int)syscall(SYS_fdatasync, fd);
    errno = EIO;
    return -1;
}

SHOWN ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) {
    bool taken = !atomic_load(&full) || at < SEGMENT_HEAD || !fails(fd);
    if (taken) return syscall(SYS_pwrite64, fd, bytes, len, (long)at);
    if (len > 1) return syscall(SYS_pwrite64, fd, bytes, len / 2, (long)at);
    errno = ENOSPC;
    return -1;
}

// ---- Stores ---------------------------------------------------------------------------------------------------------

typedef struct place {
    arena a;
    folder f;
    store *s;
} place;

static void place_begin(place *p) {
    *p = (place){.f = folder_new()};
    arena_init(&p->a, 0);
}

static void place_open(place *p) {
    if (store_open(&p->a, p->f.path, &(store_options){.schema = shop_schema(&p->a)}, &p->s, &why))
        fail_msg("%s", why.text);
}

static void place_end(place *p) {
    folder_remove(&p->f);
    arena_fini(&p->a);
}

static tact_err record_one(store *s, int k, writer_result *result) {
    arena a;
    arena_init(&a, 0);
    const command c = mixed_command(&a, 0, 0, k);
    tact_err err = store_record(s, &c, 1, result, &why);
    arena_fini(&a);
    return err ? err : result->code;
}

static tact_err record_all(store *s, int from, int until) {
    writer_result result;
    tact_err err = TACT_OK;
    for (int k = from; k < until && !err; k++) err = record_one(s, k, &result);
    return err;
}

static tact_err put_mark(void *context, db_txn *t, tact_error *error) {
    return db_put(t, DB_META, TACT_STR("mark"), tact_str_from(context)) ? db_fault(t, error) : TACT_OK;
}

static uint64_t position_of(store *s) {
    store_usage usage;
    if (store_status(s, &usage, &why)) fail_msg("%s", why.text);
    return usage.position;
}

// Sound, with that many commands, each of which is known to have been applied.
static void must_have(store *s, int count) {
    store_reader r;
    writer_result result;
    assert_int_equal(position_of(s), count);
    assert_int_equal(store_reader_open(s, &r, &why), 0);
    if (store_fsck(&r, NULL, NULL, NULL, &why)) fail_msg("%s", why.text);
    store_reader_close(&r);
    for (int k = 0; k < count; k++) {
        assert_int_equal(record_one(s, k, &result), 0);
        assert_true(result.answer.repeated);
        assert_int_equal(result.answer.position, k + 1);
    }
}

// How many files of the journal there are.
static int journals(const place *p) {
    int count = 0;
    DIR *dir = opendir(p->f.path);
    for (struct dirent *e; (e = readdir(dir));) count += strncmp(e->d_name, "journal.", 8) == 0;
    closedir(dir);
    return count;
}

// A process of its own applies the first commands, and ends without closing.
static void leave_open(const place *p, int from, int until) {
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        place own = *p;
        arena_init(&own.a, 0);
        place_open(&own);
        _exit(record_all(own.s, from, until) != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void what_nobody_closed_is_there(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    for (int round = 0; round < 3; round++) leave_open(&p, round * COMMANDS, (round + 1) * COMMANDS);
    assert_true(journals(&p) > 0);
    place_open(&p);
    assert_true(db_restored(store_db(p.s)));
    must_have(p.s, 3 * COMMANDS);
    assert_int_equal(record_all(p.s, 3 * COMMANDS, 4 * COMMANDS), 0);
    store_usage usage;
    assert_int_equal(store_status(p.s, &usage, &why), 0);
    assert_int_equal(usage.files.readers, 0); // what a checkpoint pins is nobody's view
    assert_int_equal(usage.files.oldest_lag, 0);
    store_close(p.s);
    assert_int_equal(journals(&p), 0); // closed: data.mdb is all of it

    place_open(&p);
    assert_false(db_restored(store_db(p.s)));
    must_have(p.s, 4 * COMMANDS);
    store_close(p.s);
    place_end(&p);
}

static void what_is_no_command_is_there(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        place_open(&p);
        bool done = !record_all(p.s, 0, 3) && !store_run(p.s, put_mark, "made", NULL) && !record_all(p.s, 3, 5);
        _exit(!done);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    place_open(&p);
    store_reader r;
    tact_str value;
    assert_int_equal(store_reader_open(p.s, &r, &why), 0);
    assert_int_equal(db_get(&r.txn, DB_META, TACT_STR("mark"), &value), 0);
    assert_true(tact_str_equal(value, TACT_STR("made")));
    store_reader_close(&r);
    must_have(p.s, 5);
    store_close(p.s);
    place_end(&p);
}

// ---- Others that read -----------------------------------------------------------------------------------------------

static int read_meanwhile(const char *path, int ready, int release) {
    arena a;
    store *s;
    store_reader r;
    uint64_t position;
    char byte;
    arena_init(&a, 0);
    if (store_open(&a, path, &(store_options){.db = {.read_only = true}}, &s, NULL)) return 1;
    if (store_reader_open(s, &r, NULL) || write(ready, "r", 1) != 1 || read(release, &byte, 1) != 0) return 2;
    if (store_position(&r, &position, NULL) || position != COMMANDS || store_fsck(&r, NULL, NULL, NULL, NULL)) return 3;
    if (store_reader_renew(&r, NULL) || store_position(&r, &position, NULL) || position != 3 * COMMANDS) return 4;
    return store_fsck(&r, NULL, NULL, NULL, NULL) ? 5 : 0;
}

static void others_go_on_reading(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    int ready[2], release[2], status;
    char byte;
    leave_open(&p, 0, COMMANDS);
    assert_int_equal(pipe(ready) | pipe(release), 0);
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        close(release[1]);
        _exit(read_meanwhile(p.f.path, ready[1], release[0]));
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    leave_open(&p, COMMANDS, 2 * COMMANDS);
    place_open(&p);
    assert_false(db_restored(store_db(p.s))); // its pages are those that the reader has
    must_have(p.s, 2 * COMMANDS);
    assert_int_equal(record_all(p.s, 2 * COMMANDS, 3 * COMMANDS), 0);
    close(release[0]), close(release[1]);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
    store_close(p.s);
    close(ready[0]), close(ready[1]);
    place_end(&p);
}

// As if the system had been started anew since.
static void forget_boot(const place *p) {
    segment_found found;
    char path[700];
    assert_int_equal(segment_find(p->f.path, &found, &why), 0);
    assert_true(found.whole && segment_of_this_boot(&found.head));
    found.head.boot[0] ^= 1;
    snprintf(path, sizeof path, "%s/journal.%llu", p->f.path, (unsigned long long)found.head.number);
    int fd = open(path, O_RDWR);
    assert_int_equal(segment_put_head(p->f.path, fd, &found.head, &why), 0);
    close(fd);
}

static void who_only_reads_trusts_no_pages_of_another_boot(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    const store_options reading = {.db = {.read_only = true}};
    leave_open(&p, 0, COMMANDS);
    assert_int_equal(store_open(&p.a, p.f.path, &reading, &p.s, &why), 0); // of this boot they are as they were
    assert_int_equal(position_of(p.s), COMMANDS);
    store_close(p.s);
    assert_true(journals(&p) > 0);

    forget_boot(&p);
    char lock[700];
    snprintf(lock, sizeof lock, "%s/writer.lock", p.f.path);
    int fd = open(lock, O_RDWR);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(store_open(&p.a, p.f.path, &reading, &p.s, &why), TACT_BUSY);
    assert_non_null(strstr(why.text, "it has to be brought back before it is read"));
    close(fd);
    assert_int_equal(store_open(&p.a, p.f.path, &reading, &p.s, &why), 0);
    assert_int_equal(position_of(p.s), COMMANDS);
    store_close(p.s);
    assert_int_equal(journals(&p), 0);
    place_end(&p);
}

static void a_journal_with_a_hole_is_refused(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    leave_open(&p, 0, 2); // commands without an erasure, all behind the checkpoint of opening
    segment_found found;
    segment_reader in;
    uint64_t first;
    tact_str commands;
    bool synced;
    assert_int_equal(segment_find(p.f.path, &found, &why), 0);
    assert_int_equal(segment_open(p.f.path, found.head.number, &in, &why), 0);
    while (!segment_next(&in, &p.a, &first, &commands, &why)) {}
    segment_close(&in);
    char path[700];
    snprintf(path, sizeof path, "%s/journal.%llu", p.f.path, (unsigned long long)found.head.number);
    int fd = open(path, O_RDWR);
    buf more = buf_in(&p.a);
    segment_begin_record(&more);
    const command c = mixed_command(&p.a, 0, 0, 5);
    assert_int_equal(segment_add(&more, &c), 0);
    assert_int_equal(segment_put_record(p.f.path, fd, in.at, found.head.number, 5, &more, &synced, &why), 0);
    close(fd);
    assert_int_equal(store_open(&p.a, p.f.path, NULL, &p.s, &why), TACT_INVALID);
    assert_non_null(strstr(why.text, "its journal is damaged at command 5; restore a backup"));
    place_end(&p);
}

// ---- Disks that fail ------------------------------------------------------------------------------------------------

static void must_fail_for_good(place *p, const char *file, bool by_work) {
    writer_result result;
    place_begin(p);
    place_open(p);
    assert_int_equal(record_all(p->s, 0, COMMANDS), 0);
    atomic_store(&failing, file);
    tact_err err = by_work ? store_run(p->s, put_mark, "lost", &why) : record_one(p->s, COMMANDS, &result);
    assert_int_equal(err, TACT_IO);
    assert_non_null(strstr(why.text, "the disk reports an error"));
    atomic_store(&failing, NULL); // what it said then it may not say again
    assert_int_equal(record_one(p->s, COMMANDS, &result), TACT_IO);
    assert_non_null(
        strstr(why.text, "no command is taken any more; check the disk, then start again: all that was answered"));
    assert_int_equal(store_run(p->s, put_mark, "lost", &why), TACT_IO);
    store_reader r;
    uint64_t position;
    assert_int_equal(store_reader_open(p->s, &r, &why), 0); // readers go on
    assert_int_equal(store_position(&r, &position, &why), 0);
    assert_int_equal(position, COMMANDS);
    store_reader_close(&r);
    store_close(p->s);
    assert_true(journals(p) > 0);
    place_open(p);
    assert_true(db_restored(store_db(p->s)));
    must_have(p->s, COMMANDS);
    store_close(p->s);
    place_end(p);
}

static void a_sync_that_fails_is_final(void **state) {
    (void)state;
    place p;
    must_fail_for_good(&p, "data.mdb", true);
    must_fail_for_good(&p, "journal.", false);
}

static void a_record_that_did_not_fit_never_was(void **state) {
    (void)state;
    place p;
    writer_result result;
    place_begin(&p);
    place_open(&p);
    assert_int_equal(record_all(p.s, 0, 5), 0);
    atomic_store(&full, true);
    atomic_store(&failing, "journal.");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(record_one(p.s, 5, &result), TACT_IO);
        assert_non_null(strstr(why.text, "the disk is full; make room, nothing was changed"));
    }
    atomic_store(&failing, NULL);
    atomic_store(&full, false);
    assert_int_equal(position_of(p.s), 5);
    assert_int_equal(record_one(p.s, 5, &result), 0);
    assert_int_equal(result.answer.position, 6);
    store_close(p.s);

    int status;
    pid_t child = fork(); // the same, and nobody closes it
    assert_true(child >= 0);
    if (child == 0) {
        place_open(&p);
        if (record_all(p.s, 6, 8)) _exit(1);
        atomic_store(&full, true);
        atomic_store(&failing, "journal.");
        if (record_one(p.s, 8, &result) != TACT_IO) _exit(2);
        atomic_store(&failing, NULL);
        _exit(record_all(p.s, 9, 10) != 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    place_open(&p);
    assert_int_equal(position_of(p.s), 9);
    assert_int_equal(record_one(p.s, 8, &result), 0);
    assert_false(result.answer.repeated);
    store_close(p.s);
    place_end(&p);
}

static void a_disk_that_is_slower_is_waited_for(void **state) {
    (void)state;
    static char text[COMMAND_TEXT_MAX];
    static command group[GROUP];
    static writer_result results[GROUP];
    memset(text, 'x', sizeof text);
    const command_identity who = {SHOP_CRM, {"4711", 4}};
    const command_value name = {SHOP_FIRST_NAME, tact_string(text, sizeof text)};
    for (int i = 0; i < GROUP; i++) {
        group[i] = (command){.kind = COMMAND_SET,
                             .time_ms = SHOP_NOW,
                             .source = SHOP_SOURCE_CRM,
                             .identities = &who,
                             .identities_count = 1,
                             .values = &name,
                             .values_count = 1};
    }
    place p;
    place_begin(&p);
    place_open(&p);
    atomic_store(&slow, true);
    for (int written = 0; written < 2 * JOURNAL_BYTES_MAX; written += GROUP_BYTES) {
        store_usage usage;
        assert_int_equal(store_record(p.s, group, GROUP, results, &why), 0);
        for (int i = 0; i < GROUP; i++) assert_int_equal(results[i].code, 0);
        assert_int_equal(store_status(p.s, &usage, &why), 0);
        assert_true(usage.queue.journal.bytes < JOURNAL_BYTES_MAX + 2 * GROUP_BYTES);
    }
    atomic_store(&slow, false);
    store_close(p.s);
    assert_int_equal(journals(&p), 0);
    place_end(&p);
}

// ---- Who is erased --------------------------------------------------------------------------------------------------

static bool lies_in_a_journal(const place *p, const char *text) {
    bool found = false;
    DIR *dir = opendir(p->f.path);
    for (struct dirent *e; (e = readdir(dir));) {
        static char bytes[1 << 20];
        char path[900];
        if (strncmp(e->d_name, "journal.", 8) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", p->f.path, e->d_name);
        int fd = open(path, O_RDONLY);
        if (fd < 0) continue; // it went meanwhile
        ssize_t len = read(fd, bytes, sizeof bytes);
        found |= len > 0 && memmem(bytes, (size_t)len, text, strlen(text));
        close(fd);
    }
    closedir(dir);
    return found;
}

static void who_is_erased_leaves_the_journal(void **state) {
    (void)state;
    static const command_identity who = {SHOP_EMAIL, {"forget-me@example.com", 21}};
    place p;
    place_begin(&p);
    place_open(&p);
    writer_result results[2];
    const command here = {.kind = COMMAND_EVENT,
                          .time_ms = SHOP_NOW,
                          .source = SHOP_SOURCE_CRM,
                          .identities = &who,
                          .identities_count = 1,
                          .event = SHOP_PAGE_VIEW};
    command gone = here;
    gone.kind = COMMAND_ERASE;
    gone.time_ms++;
    bool there = false;
    for (int i = 0; i < TRIES && !there; i++) { // a checkpoint may come between
        assert_int_equal(store_record(p.s, &here, 1, results, &why), 0);
        assert_int_equal(results[0].code, 0);
        there = lies_in_a_journal(&p, "forget-me");
    }
    assert_true(there);
    assert_int_equal(store_record(p.s, &gone, 1, results, &why), 0);
    assert_int_equal(results[0].code, 0);
    for (int i = 0; i < TRIES && lies_in_a_journal(&p, "forget-me"); i++) usleep(TRY_US);
    assert_false(lies_in_a_journal(&p, "forget-me"));
    store_close(p.s);
    place_end(&p);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_closed_is_there),
        cmocka_unit_test(what_is_no_command_is_there),
        cmocka_unit_test(others_go_on_reading),
        cmocka_unit_test(who_only_reads_trusts_no_pages_of_another_boot),
        cmocka_unit_test(a_journal_with_a_hole_is_refused),
        cmocka_unit_test(a_sync_that_fails_is_final),
        cmocka_unit_test(a_record_that_did_not_fit_never_was),
        cmocka_unit_test(a_disk_that_is_slower_is_waited_for),
        cmocka_unit_test(who_is_erased_leaves_the_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
