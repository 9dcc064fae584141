// SPDX-License-Identifier: Apache-2.0
//
// Loss of power. Everything that LMDB writes and syncs is recorded, by functions of this program that stand before
// those of the C library, with marks where commands were acknowledged. Then a loss is played at many points: the file
// gets what was written before the last sync that ended, and of what was written later any part, in sectors and in any
// order. Such a file opens, is sound, and has everything that was acknowledged before its last commit.
//
// A write through a descriptor with O_DSYNC is on disk when it returns, by itself; so LMDB ends a commit.
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
    INTERVAL_MS = 1,
    PAUSE_US = 300,       // between commands with an interval, so that there are several
    LOSSES_OF_ROUND = 12, // ten rounds, or as many as the environment variable ROUNDS says
    FILE_MAX = 16 << 20,
};

// ---- The recording --------------------------------------------------------------------------------------------------

typedef enum mark { WRITTEN, SYNCED, ACKNOWLEDGED } mark;

typedef struct entry {
    mark mark;
    bool through; // WRITTEN: was on disk by itself
    off_t at;     // WRITTEN: where
    size_t len;
    char *bytes;
    uint64_t position; // ACKNOWLEDGED: of the command
} entry;

static struct {
    pthread_mutex_t mutex;
    bool on;
    entry *entries;
    size_t count, room;
} tape = {.mutex = PTHREAD_MUTEX_INITIALIZER};

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

static bool is_data(int fd) {
    char name[64], path[800];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(name, path, sizeof path - 1);
    if (len < 0) return false;
    path[len] = '\0';
    const char *last = strrchr(path, '/');
    return last && strcmp(last, "/data.mdb") == 0;
}

// Writes, and records what the disk took. In one lock, so that the tape has the order of the disk.
static ssize_t write_at(int fd, const struct iovec *parts, int count, off_t at) {
    pthread_mutex_lock(&tape.mutex);
    ssize_t done = syscall(SYS_pwritev, fd, parts, (long)count, (long)at, 0L);
    if (done > 0 && tape.on && is_data(fd)) {
        entry *e = add_entry(WRITTEN);
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
    pthread_mutex_unlock(&tape.mutex);
    return done;
}

// A sync covers what was written before it began.
static int sync_file(int fd, long call) {
    pthread_mutex_lock(&tape.mutex);
    int rc = (int)syscall(call, fd);
    if (!rc && tape.on && is_data(fd)) add_entry(SYNCED);
    pthread_mutex_unlock(&tape.mutex);
    return rc;
}

static void acknowledge(uint64_t position) {
    pthread_mutex_lock(&tape.mutex);
    add_entry(ACKNOWLEDGED)->position = position;
    pthread_mutex_unlock(&tape.mutex);
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
    if (!is_data(fd)) return syscall(SYS_writev, fd, parts, (long)count);
    off_t at = lseek(fd, 0, SEEK_CUR);
    ssize_t done = write_at(fd, parts, count, at);
    if (done > 0) lseek(fd, at + done, SEEK_SET);
    return done;
}

SHOWN int fdatasync(int fd) {
    return sync_file(fd, SYS_fdatasync);
}

SHOWN int fsync(int fd) {
    return sync_file(fd, SYS_fsync);
}

static void tape_begin(void) {
    for (size_t i = 0; i < tape.count; i++) free(tape.entries[i].bytes);
    tape.count = 0;
    tape.on = true;
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
            acknowledge(result.answer.position);
        }
        if (l->pause_us) usleep(l->pause_us);
    }
    arena_fini(&a);
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
    load loads[THREADS];
    pthread_t threads[THREADS];
    tape_begin();
    store *s = must_open(&a, f.path, interval_ms);
    for (int i = 0; i < THREADS; i++) {
        loads[i] = (load){s, i, interval_ms ? PAUSE_US : 0, false};
        assert_int_equal(pthread_create(&threads[i], NULL, change, &loads[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_false(loads[i].failed);
    }
    store_close(s);
    tape.on = false;
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Losses ---------------------------------------------------------------------------------------------------------

static struct {
    char *durable, *now; // the file, as far as it is certain, and one that a loss may leave
    size_t durable_len, now_len;
} disk;

static void put(char *file, size_t *file_len, const entry *e, size_t from, size_t len) {
    size_t at = (size_t)e->at + from;
    assert_true(at + len <= FILE_MAX);
    memcpy(file + at, e->bytes + from, len);
    if (*file_len < at + len) *file_len = at + len;
}

// Some of a write's sectors, or all, or none.
static void put_some(const entry *e, uint64_t *seed) {
    int64_t how = draw_below(seed, 3);
    for (size_t from = 0, len; from < e->len; from += len) {
        len = SECTOR - ((size_t)e->at + from) % SECTOR;
        if (len > e->len - from) len = e->len - from;
        if (how == 0 || (how == 1 && draw_below(seed, 2))) put(disk.now, &disk.now_len, e, from, len);
    }
}

// The disk after a loss just after the first `count` entries; the last of them may have been under way. What is
// certain of the first `*synced` is in disk.durable already.
static void lose(size_t count, size_t *synced, uint64_t *seed) {
    size_t last = count;
    while (last > *synced && tape.entries[last - 1].mark != SYNCED) last--;
    for (; *synced < last; (*synced)++) {
        const entry *e = &tape.entries[*synced];
        if (e->mark == WRITTEN) put(disk.durable, &disk.durable_len, e, 0, e->len);
    }
    memcpy(disk.now, disk.durable, FILE_MAX);
    disk.now_len = disk.durable_len;
    for (size_t i = last; i < count; i++) {
        const entry *e = &tape.entries[i];
        if (e->mark != WRITTEN) continue;
        if (e->through && i + 1 < count) {
            put(disk.now, &disk.now_len, e, 0, e->len);
        } else {
            put_some(e, seed);
        }
    }
}

// The highest position acknowledged before the last commit, of those before `count`, began; with an interval a command
// may be answered while the commit of it is still to come.
static uint64_t must_be_there(size_t count, bool interval) {
    size_t end = count, begin = 0;
    if (interval) {
        while (end && !(tape.entries[end - 1].through && end < count)) end--;
        for (size_t i = 0; i + 1 < end; i++) {
            if (tape.entries[i].through) begin = i + 1;
        }
        while (begin < end && tape.entries[begin].mark != WRITTEN) begin++;
        end = begin;
    }
    uint64_t highest = 0;
    for (size_t i = 0; i < end; i++) {
        if (tape.entries[i].position > highest) highest = tape.entries[i].position;
    }
    return highest;
}

static uint64_t open_what_is_left(void) {
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    char path[700];
    snprintf(path, sizeof path, "%s/data.mdb", f.path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, disk.now, disk.now_len), disk.now_len);
    close(fd);
    store *s = must_open(&a, f.path, 0);
    store_reader r;
    apply_state state;
    tact_error error = {.text = ""};
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(apply_state_read(&r.txn, &state), 0);
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

static int compare(const void *a, const void *b) {
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

static void lose_power(uint32_t interval_ms) {
    record_work(interval_ms);
    size_t synced = 0, syncs = 0, throughs = 0;
    for (size_t i = 0; i < tape.count; i++) {
        syncs += tape.entries[i].mark == SYNCED;
        throughs += tape.entries[i].through;
    }
    assert_true(syncs > 10 && throughs > 10); // it is as the head of this file says
    const char *given = getenv("ROUNDS");
    uint64_t seed = draw_begin(), different = 0, last = 0;
    disk.durable = calloc(1, FILE_MAX);
    disk.now = calloc(1, FILE_MAX);
    disk.durable_len = 0;
    size_t losses = LOSSES_OF_ROUND * (given ? (size_t)atoi(given) : 10);
    size_t *points = calloc(losses, sizeof *points);
    for (size_t i = 0; i < losses; i++) { // every fourth while the store is being made
        points[i] = (size_t)draw_below(&seed, i % 4 ? (int64_t)tape.count + 1 : 12);
    }
    qsort(points, losses, sizeof *points, compare);
    for (size_t i = 0; i < losses; i++) {
        lose(points[i], &synced, &seed);
        uint64_t there = open_what_is_left();
        assert_true(there >= must_be_there(points[i], interval_ms != 0));
        different += there != last;
        last = there;
    }
    printf("%zu writes and syncs, %zu losses, %llu different states\n", tape.count, losses,
           (unsigned long long)different);
    assert_true(different > 3);
    free(points);
    free(disk.durable);
    free(disk.now);
    tape_begin();
    tape.on = false;
    free(tape.entries);
    tape.entries = NULL;
    tape.room = 0;
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
