// SPDX-License-Identifier: Apache-2.0
//
// Loss of power. All that is written to data.mdb and to the journal, cut, removed and synced is recorded, by functions
// of this program that stand before those of the C library, with marks where something was acknowledged. Then a loss is
// played at many points: a file has what was written before its last sync that ended, and of what was done to it later
// any part, in sectors and in any order; a name is there, or is not, as when the folder was last synced, or as any of
// what came later made it. Such a folder opens, is sound, and has everything that was acknowledged; so does one that
// lost its power again while it was being opened.
//
// A write through a descriptor with O_DSYNC is on disk when it returns, by itself: so LMDB ends a commit while a store
// is being made.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "store/store.h"

#include "draw.h"
#include "folder.h"
#include "mixed.h"
#include "quick.h"
#include "shop.h"

#include <cmocka.h>

enum {
    SECTOR = 512,
    THREADS = 3,
    COMMANDS = 80, // of each thread
    WORKS = 10,    // that are no commands
    INTERVAL_MS = 1,
    SYNC_US = 1000,
    PAUSE_US = 300,       // between commands with an interval, and between works, so that there are several
    LOSSES_OF_ROUND = 12, // ten rounds, or as many as the environment variable ROUNDS says
    FILES = 1000,
    NAME = 24,
};

// ---- The recording --------------------------------------------------------------------------------------------------

typedef enum mark { WRITTEN, CUT, REMOVED, SYNCED, NAMES_SYNCED, ACKNOWLEDGED, WORKED } mark;

typedef struct entry {
    mark mark;
    int file;     // up to SYNCED: which
    bool through; // WRITTEN: was on disk by itself
    off_t at;     // WRITTEN, CUT: where
    size_t len;
    char *bytes;
    ptrdiff_t covers; // SYNCED, NAMES_SYNCED: the entries before this one
    uint64_t number;  // ACKNOWLEDGED: position of the command. WORKED: which
} entry;

static pthread_mutex_t tape_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct tape {
    bool on;
    entry *entries;
    size_t count, room;
    char names[FILES][NAME];
    int files;
} tape;

// With the lock.
static entry *add_entry(mark m) {
    if (tape.count == tape.room) {
        tape.room = tape.room ? tape.room * 2 : 1024;
        tape.entries = realloc(tape.entries, tape.room * sizeof *tape.entries);
        if (!tape.entries) abort();
    }
    tape.entries[tape.count] = (entry){.mark = m};
    return &tape.entries[tape.count++];
}

// The number of a file by its name; -1: it is none of those that matter.
static int file_of(const char *path) {
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    if (strcmp(name, "data.mdb") != 0 && strncmp(name, "journal.", 8) != 0) return -1;
    for (int i = 0; i < tape.files; i++) {
        if (strcmp(tape.names[i], name) == 0) return i;
    }
    if (tape.files == FILES) abort();
    snprintf(tape.names[tape.files], NAME, "%s", name);
    return tape.files++;
}

// With the lock. Of a file of the store; -1 without a recording.
static int file_of_fd(int fd, bool *is_folder) {
    char name[64], path[800];
    struct stat status;
    if (is_folder) *is_folder = fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = tape.on ? readlink(name, path, sizeof path - 1) : -1;
    if (len < 0) return -1;
    path[len] = '\0';
    return file_of(path);
}

// Writes, and records what the disk took. In one lock, so that the tape has the order of the disk.
static ssize_t write_at(int fd, const struct iovec *parts, int count, off_t at) {
    pthread_mutex_lock(&tape_mutex);
    ssize_t done = syscall(SYS_pwritev, fd, parts, (long)count, (long)at, 0L);
    int file = done > 0 ? file_of_fd(fd, NULL) : -1;
    if (file >= 0) {
        entry *e = add_entry(WRITTEN);
        e->file = file;
        e->through = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
        e->at = at;
        e->bytes = malloc((size_t)done);
        if (!e->bytes) abort();
        for (int i = 0; e->len < (size_t)done; i++) {
            size_t len = parts[i].iov_len < (size_t)done - e->len ? parts[i].iov_len : (size_t)done - e->len;
            memcpy(e->bytes + e->len, parts[i].iov_base, len);
            e->len += len;
        }
    }
    pthread_mutex_unlock(&tape_mutex);
    return done;
}

// A sync covers what was written before it began. That of data.mdb takes its time, so that much else happens meanwhile.
static int sync_file(int fd, long call) {
    bool names;
    pthread_mutex_lock(&tape_mutex);
    const size_t before = tape.count;
    int file = file_of_fd(fd, &names);
    bool data = file >= 0 && strcmp(tape.names[file], "data.mdb") == 0;
    pthread_mutex_unlock(&tape_mutex);
    int rc = (int)syscall(call, fd);
    if (data) usleep(SYNC_US);
    pthread_mutex_lock(&tape_mutex);
    if (!rc && tape.on && (file >= 0 || names)) {
        entry *e = add_entry(file >= 0 ? SYNCED : NAMES_SYNCED);
        e->file = file;
        e->covers = (ptrdiff_t)before;
    }
    pthread_mutex_unlock(&tape_mutex);
    return rc;
}

static void acknowledge(mark m, uint64_t number) {
    pthread_mutex_lock(&tape_mutex);
    add_entry(m)->number = number;
    pthread_mutex_unlock(&tape_mutex);
}

#define SHOWN __attribute__((visibility("default")))

SHOWN ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) {
    const struct iovec part = {(void *)(uintptr_t)bytes, len};
    return write_at(fd, &part, 1, at);
}

SHOWN ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    return write_at(fd, parts, count, at);
}

SHOWN ssize_t writev(int fd, const struct iovec *parts, int count) {
    pthread_mutex_lock(&tape_mutex);
    bool ours = file_of_fd(fd, NULL) >= 0;
    pthread_mutex_unlock(&tape_mutex);
    if (!ours) return syscall(SYS_writev, fd, parts, (long)count);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = write_at(fd, parts, count, at);
    if (done > 0) lseek(fd, at + done, SEEK_SET);
    return done;
}

SHOWN int ftruncate(int fd, off_t len) {
    pthread_mutex_lock(&tape_mutex);
    int rc = (int)syscall(SYS_ftruncate, fd, (long)len), file = file_of_fd(fd, NULL);
    if (!rc && file >= 0) {
        entry *e = add_entry(CUT);
        e->file = file;
        e->at = len;
    }
    pthread_mutex_unlock(&tape_mutex);
    return rc;
}

SHOWN int unlink(const char *path) {
    pthread_mutex_lock(&tape_mutex);
    int rc = (int)syscall(SYS_unlink, path), file = tape.on ? file_of(path) : -1;
    if (!rc && file >= 0) add_entry(REMOVED)->file = file;
    pthread_mutex_unlock(&tape_mutex);
    return rc;
}

SHOWN int fdatasync(int fd) {
    return sync_file(fd, SYS_fdatasync);
}

SHOWN int fsync(int fd) {
    return sync_file(fd, SYS_fsync);
}

static void tape_end(struct tape *t) {
    for (size_t i = 0; i < t->count; i++) free(t->entries[i].bytes);
    free(t->entries);
    *t = (struct tape){.on = false};
}

// ---- What is recorded -----------------------------------------------------------------------------------------------

typedef struct load {
    store *s;
    int thread;
    useconds_t pause_us;
    bool failed;
} load;

static void *change(void *context) {
    load *l = context;
    arena a;
    arena_init(&a, 0);
    for (int k = 0; k < COMMANDS; k++, tact_arena_reset(&a)) {
        command c = mixed_command(&a, 0, l->thread, k);
        writer_result result;
        if (store_record(l->s, &c, 1, &result, NULL) || result.code) {
            l->failed = true;
        } else {
            acknowledge(ACKNOWLEDGED, result.answer.position);
        }
        if (l->pause_us) usleep(l->pause_us);
    }
    arena_fini(&a);
    return NULL;
}

static const tact_str work_key = {"work", 4};

static tact_err put_work(void *context, db_txn *t, tact_error *error) {
    tact_str number = {context, sizeof(uint64_t)};
    return db_put(t, DB_META, work_key, number) ? db_fault(t, error) : TACT_OK;
}

static void *work(void *context) {
    load *l = context;
    for (uint64_t n = 1; n <= WORKS; n++) {
        usleep(PAUSE_US);
        l->failed |= store_run(l->s, put_work, &n, NULL) != 0;
        acknowledge(WORKED, n);
    }
    return NULL;
}

static store *must_open(arena *a, const char *path, uint32_t interval_ms) {
    store *s = NULL;
    tact_error error = {.text = ""};
    const store_options options = {.schema = shop_schema(a), .writer = {.interval_ms = interval_ms}};
    if (store_open(a, path, &options, &s, &error)) fail_msg("%s", error.text);
    return s;
}

static void record_work(uint32_t interval_ms) {
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    load loads[THREADS + 1];
    pthread_t threads[THREADS + 1];
    tape.on = true;
    store *s = must_open(&a, f.path, interval_ms);
    for (int i = 0; i <= THREADS; i++) {
        loads[i] = (load){s, i, interval_ms ? PAUSE_US : 0, false};
        assert_int_equal(pthread_create(&threads[i], NULL, i < THREADS ? change : work, &loads[i]), 0);
    }
    for (int i = 0; i <= THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(loads[i].failed);
    }
    store_close(s);
    tape.on = false;
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Losses ---------------------------------------------------------------------------------------------------------

typedef struct file {
    char name[NAME];
    char *bytes;
    size_t len, room;
} file;

typedef struct disk { // what a folder has
    file files[FILES];
    int count;
} disk;

static void disk_free(disk *d) {
    for (int i = 0; i < d->count; i++) free(d->files[i].bytes);
    free(d);
}

static const file *find(const disk *d, const char *name) {
    for (int i = 0; d && i < d->count; i++) {
        if (strcmp(d->files[i].name, name) == 0) return &d->files[i];
    }
    return NULL;
}

static void set_len(file *f, size_t len) {
    if (f->room < len) {
        f->room = len * 2;
        f->bytes = realloc(f->bytes, f->room);
        if (!f->bytes) abort();
    }
    if (f->len < len) memset(f->bytes + f->len, 0, len - f->len);
    f->len = len;
}

static void put(file *f, const entry *e, size_t from, size_t len) {
    size_t at = (size_t)e->at + from;
    if (f->len < at + len) set_len(f, at + len);
    memcpy(f->bytes + at, e->bytes + from, len);
}

// Some of a write's sectors, or all, or none.
static void put_some(file *f, const entry *e, uint64_t *seed) {
    int64_t how = draw_below(seed, 3);
    for (size_t from = 0, len; from < e->len; from += len) {
        len = SECTOR - ((size_t)e->at + from) % SECTOR;
        if (len > e->len - from) len = e->len - from;
        if (how == 0 || (how == 1 && draw_below(seed, 2))) put(f, e, from, len);
    }
}

// Up to which entry a file (-1: the names) is certain, of the first `count`.
static ptrdiff_t certain_until(size_t count, int number) {
    ptrdiff_t until = 0;
    for (size_t i = 0; i < count; i++) {
        const entry *e = &tape.entries[i];
        bool covers = number < 0 ? e->mark == NAMES_SYNCED : e->mark == SYNCED && e->file == number;
        if (covers && e->covers > until) until = e->covers;
    }
    return until;
}

// What is in a file after a loss. True: it has its name.
static bool lose_file(file *f, int number, bool there, size_t count, uint64_t *seed) {
    ptrdiff_t synced = certain_until(count, number), named = certain_until(count, -1);
    bool exists = there; // while it was recorded
    for (ptrdiff_t i = 0; i < (ptrdiff_t)count; i++) {
        const entry *e = &tape.entries[i];
        if (e->mark > SYNCED || e->file != number) continue;
        if (exists != (e->mark != REMOVED)) {
            exists = !exists;
            if (i < named || draw_below(seed, 2)) there = exists;
        }
        bool certain = i < synced || (e->through && (size_t)i + 1 < count);
        if (e->mark == WRITTEN && certain) put(f, e, 0, e->len);
        if (e->mark == WRITTEN && !certain) put_some(f, e, seed);
        if (e->mark == CUT && (certain || draw_below(seed, 2))) set_len(f, (size_t)e->at);
    }
    return there;
}

// What a loss leaves just after the first `count` entries, the last of which may have been under way, of what was
// there before them (NULL: nothing).
static disk *lose(const disk *before, size_t count, uint64_t *seed) {
    disk *after = calloc(1, sizeof *after);
    if (!after) abort();
    for (int i = 0; before && i < before->count; i++) (void)file_of(before->files[i].name);
    for (int i = 0; i < tape.files; i++) {
        const file *old = find(before, tape.names[i]);
        file *f = &after->files[after->count];
        snprintf(f->name, NAME, "%s", tape.names[i]);
        set_len(f, old ? old->len : 0);
        if (old && old->len) memcpy(f->bytes, old->bytes, old->len);
        if (lose_file(f, i, old != NULL, count, seed)) {
            after->count++;
        } else {
            free(f->bytes);
            *f = (file){.len = 0};
        }
    }
    return after;
}

static void make_folder(const disk *d, folder *f) {
    *f = folder_new();
    for (int i = 0; i < d->count; i++) {
        char path[700];
        snprintf(path, sizeof path, "%s/%s", f->path, d->files[i].name);
        int fd = open(path, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        if (d->files[i].len) assert_int_equal(write(fd, d->files[i].bytes, d->files[i].len), d->files[i].len);
        close(fd);
    }
}

// ---- What must be there ---------------------------------------------------------------------------------------------

typedef struct promise {
    uint64_t position, work;
} promise;

// What was acknowledged before `count`. With an interval a command may be answered while its record is still to come:
// what was before the last record on disk began to be written.
static promise promised(size_t count, bool interval) {
    size_t until = interval ? 0 : count;
    for (size_t i = 0; interval && i < count; i++) {
        const entry *e = &tape.entries[i];
        bool recorded = e->mark == WRITTEN && strncmp(tape.names[e->file], "journal.", 8) == 0 && e->at > 0;
        for (size_t k = i + 1; recorded && k < count; k++) {
            const entry *sync = &tape.entries[k];
            if (sync->mark == SYNCED && sync->file == e->file && sync->covers > (ptrdiff_t)i) until = i;
        }
    }
    promise p = {0, 0};
    for (size_t i = 0; i < count; i++) {
        const entry *e = &tape.entries[i];
        if (e->mark == ACKNOWLEDGED && i < until && e->number > p.position) p.position = e->number;
        if (e->mark == WORKED) p.work = e->number;
    }
    return p;
}

static uint64_t work_of(store_reader *r) {
    tact_str value;
    uint64_t number = 0;
    if (db_get(&r->txn, DB_META, work_key, &value)) return 0;
    assert_int_equal(value.len, sizeof number);
    memcpy(&number, value.ptr, sizeof number);
    return number;
}

static uint64_t open_what_is_left(const disk *d, promise p) {
    arena a;
    arena_init(&a, 0);
    folder f;
    make_folder(d, &f);
    store *s = must_open(&a, f.path, 0);
    store_reader r;
    apply_state state;
    tact_error error = {.text = ""};
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(apply_state_read(&r.txn, &state), 0);
    assert_true(state.position >= p.position);
    assert_true(work_of(&r) >= p.work);
    if (store_fsck(&r, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    store_reader_close(&r);

    // Each command of each thread, in its order, is there until one is not.
    uint64_t repeated = 0;
    for (int thread = 0; thread < THREADS; thread++) {
        command commands[COMMANDS];
        writer_result results[COMMANDS];
        for (int k = 0; k < COMMANDS; k++) commands[k] = mixed_command(&a, 0, thread, k);
        assert_int_equal(store_record(s, commands, COMMANDS, results, NULL), 0);
        for (int k = 0; k < COMMANDS; k++) {
            if (results[k].code) fail_msg("%s", results[k].error.text);
            assert_true(k == 0 || results[k - 1].answer.repeated || !results[k].answer.repeated);
            repeated += results[k].answer.repeated;
        }
    }
    assert_int_equal(repeated, state.position);
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    if (store_fsck(&r, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    store_reader_close(&r);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
    return state.position;
}

// What is left when the power goes again while a store is opened.
static disk *lose_again(disk *d, uint64_t *seed) {
    struct tape outer = tape;
    arena a;
    arena_init(&a, 0);
    folder f;
    make_folder(d, &f);
    tape = (struct tape){.on = true};
    store *s = must_open(&a, f.path, 0);
    tape.on = false;
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
    disk *left = lose(d, (size_t)draw_below(seed, (int64_t)tape.count + 1), seed);
    disk_free(d);
    tape_end(&tape);
    tape = outer;
    return left;
}

static void lose_power(uint32_t interval_ms) {
    record_work(interval_ms);
    size_t syncs = 0, removals = 0;
    for (size_t i = 0; i < tape.count; i++) {
        syncs += tape.entries[i].mark == SYNCED;
        removals += tape.entries[i].mark == REMOVED;
    }
    assert_true(syncs > 10 && removals > 3); // it is as the head of this file says
    const char *given = getenv("ROUNDS");
    uint64_t seed = draw_begin(), different = 0, last = 0;
    size_t losses = LOSSES_OF_ROUND * (given ? (size_t)atoi(given) : 10);
    for (size_t i = 0; i < losses; i++) { // every fourth while the store is being made
        size_t count = (size_t)draw_below(&seed, i % 4 ? (int64_t)tape.count + 1 : 30);
        disk *left = lose(NULL, count, &seed);
        for (int64_t again = draw_below(&seed, 3); again > 0; again--) left = lose_again(left, &seed);
        uint64_t there = open_what_is_left(left, promised(count, interval_ms != 0));
        disk_free(left);
        different += there != last;
        last = there;
    }
    printf("%zu writes and syncs, %zu losses, %llu different states\n", tape.count, losses,
           (unsigned long long)different);
    assert_true(different > 3);
    tape_end(&tape);
}

static void what_was_acknowledged_survives(void **state) {
    (void)state;
    lose_power(0);
}

static void with_an_interval_what_was_committed_survives(void **state) {
    (void)state;
    lose_power(INTERVAL_MS);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_survives),
        cmocka_unit_test(with_an_interval_what_was_committed_survives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
