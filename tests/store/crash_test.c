// SPDX-License-Identifier: Apache-2.0
//
// Processes that are killed at random moments while several threads change a store. Of what they acknowledged,
// everything is there, each command exactly once and none by half; with an interval, the newest commands of the last
// interval may be missing, and nothing else. ROUNDS=200 makes the long run of it.
//
// How long a commit takes beyond the interval is the machine's: a thread beside the others waits as long and syncs
// the log, over and over, and so measures in beats what no number of milliseconds would hold for.
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"

#include "draw.h"
#include "folder.h"
#include "mixed.h"
#include "shop.h"

#include <cmocka.h>

enum {
    ROUNDS = 10,
    ROUNDS_OF_A_FOLDER = 5, // then a new one: fsck looks at everything that ever was
    THREADS = 4,
    TOGETHER = 5, // commands that the last thread sends at once
    COMMANDS_MAX = 50000,
    KILL_WITHIN_MS = 60,
    INTERVAL_MS = 15,
    INTERVAL_KILL_WITHIN_MS = 600, // so that most of a round is older than what may be missing
    BEATS = 16,   // within which a commit that was due is done: it writes far more than a beat, and syncs twice
    BEAT = -1,    // stands for a thread in the log
    RESENT = 500, // at once
};

// ---- The process that is killed -------------------------------------------------------------------------------------

typedef struct ack { // one line of what was acknowledged, or a beat; a write to a file that a kill does not tear
    int32_t thread, k;
    uint64_t position;
    int64_t at_ms;
} ack;

typedef struct load {
    store *s;
    int round, thread, log;
} load;

static int together(int thread) {
    return thread == THREADS - 1 ? TOGETHER : 1;
}

static void *change(void *context) {
    const load *l = context;
    arena a;
    arena_init(&a, 0);
    int count = together(l->thread);
    for (int k = 0; k < COMMANDS_MAX; k += count, tact_arena_reset(&a)) {
        command commands[TOGETHER];
        writer_result results[TOGETHER];
        ack acks[TOGETHER];
        for (int i = 0; i < count; i++) commands[i] = mixed_command(&a, l->round, l->thread, k + i);
        if (store_record(l->s, commands, (uint32_t)count, results, NULL)) _exit(1);
        for (int i = 0; i < count; i++) {
            if (results[i].code || results[i].answer.repeated) _exit(2);
            acks[i] = (ack){l->thread, k + i, results[i].answer.position, clock_mono_ms()};
        }
        size_t len = (size_t)count * sizeof *acks;
        if (write(l->log, acks, len) != (ssize_t)len) _exit(3);
    }
    _exit(4); // nobody killed it
}

static void *beat(void *context) {
    const load *l = context;
    for (int k = 0;; k++) {
        usleep(INTERVAL_MS * 1000);
        if (fdatasync(l->log)) break;
        const ack one = {BEAT, k, 0, clock_mono_ms()};
        if (write(l->log, &one, sizeof one) != sizeof one) break;
    }
    _exit(9);
}

static int work_until_killed(const char *path, const char *log, int round, uint32_t interval_ms) {
    arena a;
    store *s = NULL;
    load loads[THREADS];
    pthread_t threads[THREADS], beating;
    arena_init(&a, 0);
    const store_options options = {.schema = shop_schema(&a), .writer = {.interval_ms = interval_ms}};
    int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    if (fd < 0 || store_open(&a, path, &options, &s, NULL)) return 5;
    for (int i = 0; i < THREADS; i++) {
        loads[i] = (load){s, round, i, fd};
        if (pthread_create(&threads[i], NULL, change, &loads[i])) return 6;
    }
    if (interval_ms && pthread_create(&beating, NULL, beat, &loads[0])) return 6;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return 7;
}

// Starts one and kills it, sometimes while it opens the store.
static void kill_one(const char *path, const char *log, int round, uint32_t interval_ms, uint64_t *seed) {
    char number[16], interval[16];
    int status;
    snprintf(number, sizeof number, "%d", round);
    snprintf(interval, sizeof interval, "%u", interval_ms);
    unlink(log);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "crash_test", "--work", path, log, number, interval, NULL);
        _exit(8);
    }
    bool wait = draw_below(seed, 4) > 0; // for its first answer
    for (int i = 0; wait && i < 10000; i++) {
        char byte;
        int fd = open(log, O_RDONLY);
        wait = fd < 0 || read(fd, &byte, 1) != 1;
        if (fd >= 0) close(fd);
        usleep(1000);
    }
    usleep((useconds_t)draw_below(seed, (interval_ms ? INTERVAL_KILL_WITHIN_MS : KILL_WITHIN_MS) * 1000));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status)) fail_msg("the child ended by itself: %d", WEXITSTATUS(status));
}

// ---- What is found --------------------------------------------------------------------------------------------------

typedef struct found {
    store *s;
    uint64_t before, position; // of the last command, before this round and after the kill
    bool *seen;                // [position - before]: which command has each position
    mixed_sum sum;             // of everything so far
    uint64_t acknowledged, lost;
    int bounded; // rounds long enough for something that was lost to be too old
} found;

static store *must_open(arena *a, const char *path) {
    store *s = NULL;
    tact_error error = {.text = ""};
    if (store_open(a, path, &(store_options){.schema = shop_schema(a)}, &s, &error)) fail_msg("%s", error.text);
    return s;
}

static void must_be_sound(found *f) {
    store_reader r;
    tact_error error = {.text = ""};
    uint64_t events, counted;
    assert_int_equal(store_reader_open(f->s, &r, NULL), 0);
    if (store_fsck(&r, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    assert_int_equal(db_count(&r.txn, DB_EVENT, &events), 0);
    assert_int_equal(store_count(&r, MIXED_TALLY, 0, COMMAND_TIME_MAX_MS, &counted, NULL), 0);
    store_reader_close(&r);
    if (f->sum.events != UINT64_MAX) {
        assert_int_equal(events, f->sum.events);
        assert_int_equal(counted, f->sum.counted);
    }
}

static uint64_t position_of(store *s) {
    store_reader r;
    apply_state state;
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(apply_state_read(&r.txn, &state), 0);
    store_reader_close(&r);
    return state.position;
}

static void mark(found *f, uint64_t position) {
    assert_true(position > f->before && position <= f->position);
    assert_false(f->seen[position - f->before - 1]);
    f->seen[position - f->before - 1] = true;
}

// Sends commands again: those that are there are answered as before, the others are new.
static void resend(found *f, int round, int thread, const ack *acks, int count, int sent, int64_t lost_from_ms) {
    arena a;
    arena_init(&a, 0);
    command commands[RESENT];
    static writer_result results[RESENT];
    bool rest_is_there = false;
    for (int k = 0; k < sent; k += RESENT, tact_arena_reset(&a)) {
        int n = sent - k < RESENT ? sent - k : RESENT;
        for (int i = 0; i < n; i++) commands[i] = mixed_command(&a, round, thread, k + i);
        assert_int_equal(store_record(f->s, commands, (uint32_t)n, results, NULL), 0);
        for (int i = 0; i < n; i++) {
            const writer_result *r = &results[i];
            if (r->code) fail_msg("%s", r->error.text);
            if (r->answer.repeated) mark(f, r->answer.position);
            if (k + i >= count) { // was sent and not acknowledged: all of what was sent together, or nothing
                if (k + i == count) rest_is_there = r->answer.repeated;
                assert_int_equal(r->answer.repeated, rest_is_there);
            } else if (acks[k + i].position > f->position) { // one of the newest, then: no position after it is there
                assert_false(r->answer.repeated);
                assert_true(acks[k + i].at_ms >= lost_from_ms);
                f->lost++;
            } else {
                assert_true(r->answer.repeated);
                assert_int_equal(r->answer.position, acks[k + i].position);
            }
        }
    }
    mixed_sum sum = mixed_sum_of(sent);
    f->sum.events += sum.events;
    f->sum.counted += sum.counted;
    arena_fini(&a);
}

// Every acknowledged command of each thread in its order, and how many of each. Returns when the last beats began:
// before that nothing may be lost.
static int64_t read_acks(const char *log, ack *acks, int counts[THREADS]) {
    ack one;
    int64_t beats[BEATS] = {0};
    int fd = open(log, O_RDONLY);
    for (int i = 0; i < THREADS; i++) counts[i] = 0;
    while (fd >= 0 && read(fd, &one, sizeof one) == sizeof one) {
        if (one.thread == BEAT) beats[one.k % BEATS] = one.at_ms;
        if (one.thread == BEAT) continue;
        assert_int_equal(one.k, counts[one.thread]);
        acks[one.thread * COMMANDS_MAX + counts[one.thread]++] = one;
    }
    if (fd >= 0) close(fd);
    int64_t first = beats[0];
    for (int i = 1; i < BEATS; i++) first = beats[i] < first ? beats[i] : first;
    return first;
}

// `late`: the newest may be missing.
static void check_round(found *f, const char *path, const char *log, int round, bool late) {
    static ack acks[THREADS * COMMANDS_MAX];
    int counts[THREADS];
    arena a;
    arena_init(&a, 0);
    int64_t beats_from_ms = read_acks(log, acks, counts), lost_from_ms = late ? beats_from_ms : INT64_MAX;
    if (late) f->bounded += beats_from_ms > 0;
    f->s = must_open(&a, path);
    f->position = position_of(f->s);
    assert_true(f->position >= f->before);
    f->seen = calloc(f->position - f->before + 1, sizeof *f->seen);
    mixed_sum all = f->sum;
    f->sum.events = UINT64_MAX; // what is there is known only after it was sent again
    must_be_sound(f);
    f->sum = all;
    for (int i = 0; i < THREADS; i++) {
        f->acknowledged += (uint64_t)counts[i];
        resend(f, round, i, acks + i * COMMANDS_MAX, counts[i], counts[i] + together(i), lost_from_ms);
    }
    for (uint64_t i = 0; i < f->position - f->before; i++) assert_true(f->seen[i]); // no hole
    free(f->seen);
    must_be_sound(f);
    f->before = position_of(f->s);
    store_close(f->s);
    arena_fini(&a);
}

static void kill_many(uint32_t interval_ms) {
    const char *given = getenv("ROUNDS");
    int rounds = given ? atoi(given) : ROUNDS, bounded = 0;
    uint64_t seed = draw_begin(), acknowledged = 0, lost = 0;
    for (int round = 0; round < rounds;) {
        found f = {0};
        folder stored = folder_new();
        char log[700];
        snprintf(log, sizeof log, "%s.log", stored.path);
        for (int i = 0; i < ROUNDS_OF_A_FOLDER && round < rounds; i++, round++) {
            kill_one(stored.path, log, round, interval_ms, &seed);
            check_round(&f, stored.path, log, round, interval_ms > 0);
        }
        acknowledged += f.acknowledged;
        lost += f.lost;
        bounded += f.bounded;
        unlink(log);
        folder_remove(&stored);
    }
    printf("%d kills, %llu commands acknowledged, %llu of them lost; %d rounds bound how late\n", rounds,
           (unsigned long long)acknowledged, (unsigned long long)lost, bounded);
    assert_true(interval_ms || lost == 0);
    assert_true(acknowledged > (uint64_t)rounds);
}

static void what_was_acknowledged_is_there_once(void **state) {
    (void)state;
    kill_many(0);
}

static void with_an_interval_the_newest_may_be_missing(void **state) {
    (void)state;
    kill_many(INTERVAL_MS);
}

int main(int argc, char **argv) {
    if (argc == 6 && strcmp(argv[1], "--work") == 0)
        return work_until_killed(argv[2], argv[3], atoi(argv[4]), (uint32_t)atoi(argv[5]));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_acknowledged_is_there_once),
        cmocka_unit_test(with_an_interval_the_newest_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
