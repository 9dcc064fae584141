// SPDX-License-Identifier: Apache-2.0
//
// Jobs lie on their callers' stacks and are linked: the queue takes no memory. Subtle: a transaction may be done over
// (the map grew), after answers were given even, where there is an interval; such commands are kept, in the record that
// the journal is going to get, until they are committed, and applied again. Applying is a pure function, so the answers
// stay true.
//
// Callers sleep on one number, a futex, that grows with each group: all of a group are woken by one call of the system,
// and none has to take the lock to learn that it was answered.
#include "store/writer.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/histogram.h"
#include "store/segment.h"

enum { GATHER_MOMENTS = 10 }; // at most, as long as each brings somebody

typedef struct job {
    struct job *next;
    const command *commands;
    uint32_t count;
    writer_result *results;
    db_work *work; // instead of commands
    journal_after *after;
    void *context; // of both
    tact_err code; // of all of it
    tact_error *error;
    atomic_bool done; // from then on it is its caller's again
} job;

struct writer {
    db *d;
    journal *journal;
    const apply_env *env;
    writer_options options;
    pthread_t thread;
    pthread_mutex_t mutex; // over all below, up to the group
    pthread_cond_t queued; // something was, or it is to stop
    pthread_cond_t room;   // in the queue
    job *first, *last;
    uint32_t waiting;  // commands in the queue
    uint32_t jobs;     // in the queue
    uint32_t wanted;   // so many of them wake the writer
    uint32_t expected; // there may be soon: those of the group that was answered, and those who waited then
    bool stopping;
    uint64_t lost;
    atomic_uint answered; // groups; what callers sleep on
    atomic_uint inside;   // callers who have not left again
    // The group, of the thread alone.
    job *group, *group_last;  // taken and not answered
    arena scratch;            // emptied after each command
    arena memory;             // of the record
    buf record;               // of the commands that the transaction applied
    uint32_t recorded;        // so many
    uint64_t position;        // of the first
    bool erases;              // somebody, among them
    struct timespec deadline; // of the interval
    struct timespec applied;  // when all commands of the transaction were
    histogram commits;        // written by the thread alone
};

// ---- The queue ------------------------------------------------------------------------------------------------------

static struct timespec in_us(uint64_t us) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += (time_t)(us / 1000000);
    t.tv_nsec += (long)(us % 1000000) * 1000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    return t;
}

static struct timespec in_ms(uint32_t ms) {
    return in_us((uint64_t)ms * 1000);
}

static uint64_t ns_since(const struct timespec *then) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - then->tv_sec) * 1000000000 + now.tv_nsec - then->tv_nsec);
}

static void init_condition(pthread_cond_t *c) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

// With the lock. TACT_OK: there is room.
static tact_err wait_for_room(writer *w, uint32_t count, tact_error *error) {
    struct timespec until = in_ms(w->options.wait_ms);
    int waited = 0;
    while (!w->stopping && count > w->options.queue_max - w->waiting) {
        if (waited == ETIMEDOUT) {
            return err_set(error, TACT_BUSY, "%s: %u commands are waiting to be written; try again", db_folder(w->d),
                           w->waiting);
        }
        waited = pthread_cond_timedwait(&w->room, &w->mutex, &until);
    }
    return w->stopping ? err_set(error, TACT_USAGE, "%s: it is closing", db_folder(w->d)) : TACT_OK;
}

// With the lock.
static void put_in_queue(writer *w, job *j) {
    if (w->last) {
        w->last->next = j;
    } else {
        w->first = j;
    }
    w->last = j;
    w->waiting += j->count;
    if (++w->jobs >= w->wanted) pthread_cond_signal(&w->queued);
}

// Without the lock. A group that is answered between the two looks makes the call return at once.
static void wait_for_answer(writer *w, job *j) {
    for (;;) {
        unsigned groups = atomic_load(&w->answered);
        if (atomic_load(&j->done)) return;
        syscall(SYS_futex, &w->answered, FUTEX_WAIT_PRIVATE, groups, NULL, NULL, 0);
    }
}

static tact_err hand_in(writer *w, job *j) {
    atomic_fetch_add(&w->inside, 1);
    pthread_mutex_lock(&w->mutex);
    j->code = wait_for_room(w, j->count, j->error);
    bool queued = !j->code;
    if (queued) put_in_queue(w, j);
    pthread_mutex_unlock(&w->mutex);
    if (queued) wait_for_answer(w, j);
    atomic_fetch_sub(&w->inside, 1);
    return j->code;
}

tact_err writer_submit(writer *w, const command *commands, uint32_t count, writer_result *results, tact_error *error) {
    if (count == 0) return TACT_OK;
    if (count > w->options.queue_max) {
        return err_set(error, TACT_LIMIT, "%u commands at once, more than %u", count, w->options.queue_max);
    }
    job j = {.commands = commands, .count = count, .results = results, .error = error};
    return hand_in(w, &j);
}

tact_err writer_run_then(writer *w, db_work *work, journal_after *after, void *context, tact_error *error) {
    job j = {.work = work, .after = after, .context = context, .error = error};
    return hand_in(w, &j);
}

tact_err writer_run(writer *w, db_work *work, void *context, tact_error *error) {
    return writer_run_then(w, work, NULL, context, error);
}

// With the lock. Waits until so many jobs are in the queue, the time (may be NULL) has come, or it is to stop.
static void wait_for_jobs(writer *w, uint32_t wanted, const struct timespec *until) {
    int waited = 0;
    w->wanted = wanted;
    while (w->jobs < wanted && !w->stopping && waited != ETIMEDOUT) {
        waited = until ? pthread_cond_timedwait(&w->queued, &w->mutex, until)
                       : pthread_cond_wait(&w->queued, &w->mutex);
    }
}

// With the lock. Waits for something to do, and then a moment for the callers of the group before, who have their
// answers and may be about to come again: else those and the ones in the queue would take turns, at half a group each.
static bool gather(writer *w, const struct timespec *until) {
    wait_for_jobs(w, 1, until);
    if (!w->first || w->first->work || w->jobs >= w->expected) return w->first != NULL;
    for (uint32_t before = 0, i = 0; i < GATHER_MOMENTS && w->jobs > before && w->jobs < w->expected; i++) {
        before = w->jobs;
        struct timespec moment = in_us(WRITER_GATHER_US);
        wait_for_jobs(w, w->expected, &moment);
    }
    return true;
}

// Moves what is queued into the group: commands, or one piece of work. False: nothing came, or with a deadline, work,
// which does not join an open transaction.
static bool take_jobs(writer *w, const struct timespec *until) {
    uint32_t taken = 0, jobs = 0;
    pthread_mutex_lock(&w->mutex);
    bool any = gather(w, until) && !(until && w->first->work);
    bool alone = any && w->first->work;
    while (any && w->first && taken < WRITER_GROUP_MAX && (alone || !w->first->work)) {
        job *j = w->first;
        w->first = j->next;
        if (!w->first) w->last = NULL;
        j->next = NULL;
        if (w->group_last) {
            w->group_last->next = j;
        } else {
            w->group = j;
        }
        w->group_last = j;
        taken += j->count;
        jobs++;
        if (alone) break;
    }
    w->waiting -= taken;
    w->jobs -= jobs;
    if (taken) pthread_cond_broadcast(&w->room);
    pthread_mutex_unlock(&w->mutex);
    return any;
}

// Answers the whole group; the jobs are their callers' again.
static void answer_group(writer *w, tact_err code, const tact_error *error) {
    uint32_t count = 0;
    for (job *j = w->group, *next; j; j = next) {
        next = j->next;
        j->code = code;
        if (code && j->error) *j->error = *error;
        atomic_store(&j->done, true);
        count++;
    }
    w->group = w->group_last = NULL;
    if (!count) return;
    pthread_mutex_lock(&w->mutex);
    w->expected = w->jobs + count;
    pthread_mutex_unlock(&w->mutex);
    atomic_fetch_add(&w->answered, 1);
    syscall(SYS_futex, &w->answered, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

// ---- Applying -------------------------------------------------------------------------------------------------------

// A refusal goes into its result; an error is one of the whole transaction.
static tact_err apply_group(writer *w, apply_batch *b, tact_error *error) {
    for (job *j = w->group; j; j = j->next) {
        for (uint32_t i = 0; i < j->count; i++) {
            writer_result *r = &j->results[i];
            r->code = apply_command(b, &w->scratch, &j->commands[i], &r->answer, &r->error);
            tact_arena_reset(&w->scratch);
            if (b->txn->broken) return db_fault(b->txn, error);
        }
    }
    return TACT_OK;
}

static void begin_record(writer *w) {
    w->recorded = 0;
    w->erases = false;
    segment_begin_record(&w->record);
}

// Only commands that were applied; the others have no effect the second time either.
static tact_err record_group(writer *w, tact_error *error) {
    uint32_t count = 0;
    for (job *j = w->group; j; j = j->next) {
        for (uint32_t i = 0; i < j->count; i++) {
            if (j->results[i].code || j->results[i].answer.repeated) continue;
            if (segment_add(&w->record, &j->commands[i]))
                return err_set(error, TACT_NO_MEMORY, "no memory for commands to be written");
            w->erases |= j->commands[i].kind == COMMAND_ERASE;
            count++;
        }
    }
    w->recorded += count;
    return TACT_OK;
}

static tact_err apply_recorded(writer *w, apply_batch *b, tact_error *error) {
    if (!w->recorded) return TACT_OK;
    const tact_str commands = {w->record.ptr + SEGMENT_RECORD, w->record.len - SEGMENT_RECORD};
    return journal_apply(b, &w->scratch, w->position, commands, error);
}

// A group is in one transaction. With an interval further groups join it until the interval ends.
static tact_err write_group(void *context, db_txn *t, tact_error *error) {
    writer *w = context;
    apply_batch b;
    tact_err err = apply_begin(t, w->env, &b, error);
    if (err) return err;
    if (!w->options.interval_ms) begin_record(w);
    w->position = b.state.position + 1;
    err = apply_recorded(w, &b, error);
    bool more = true;
    while (!err && more) {
        err = apply_group(w, &b, error);
        if (!err) err = record_group(w, error);
        if (err || !w->options.interval_ms) break;
        answer_group(w, TACT_OK, NULL);
        more = w->record.len < WRITER_KEPT_MAX && take_jobs(w, &w->deadline);
    }
    clock_gettime(CLOCK_MONOTONIC, &w->applied);
    if (!err) err = apply_end(&b, error);
    return err || !w->recorded ? err : journal_append(w->journal, w->position, w->recorded, &w->record, error);
}

static void note_lost(writer *w, const tact_error *error) {
    pthread_mutex_lock(&w->mutex);
    w->lost += w->recorded;
    pthread_mutex_unlock(&w->mutex);
    if (!w->options.notice.say) return;
    char text[sizeof error->text + 100];
    snprintf(text, sizeof text, "the disk did not take the last %u change%s, though they were answered: %s",
             w->recorded, w->recorded == 1 ? "" : "s", error->text);
    w->options.notice.say(w->options.notice.context, text);
}

static void write_commands(writer *w) {
    tact_error error = {.text = ""};
    w->deadline = in_ms(w->options.interval_ms);
    begin_record(w);
    tact_err err = journal_write(w->journal, write_group, w, &error);
    if (!err) histogram_add(&w->commits, ns_since(&w->applied));
    if (!err && w->erases) journal_hurry(w->journal);
    if (err && w->options.interval_ms && w->recorded) note_lost(w, &error);
    answer_group(w, err, &error);
}

static void do_work(writer *w) {
    tact_error error = {.text = ""};
    job *j = w->group;
    tact_err err = journal_write_whole(w->journal, j->work, j->after, j->context, &error);
    answer_group(w, err, &error);
}

static void *run(void *context) {
    writer *w = context;
    while (take_jobs(w, NULL)) {
        if (w->group->work) {
            do_work(w);
        } else {
            write_commands(w);
        }
    }
    return NULL;
}

// ---- Starting and stopping ------------------------------------------------------------------------------------------

static void destroy(writer *w) {
    arena_fini(&w->memory);
    arena_fini(&w->scratch);
    pthread_cond_destroy(&w->room);
    pthread_cond_destroy(&w->queued);
    pthread_mutex_destroy(&w->mutex);
}

tact_err writer_start(arena *a, db *d, journal *j, const apply_env *env, const writer_options *options, writer **out,
                      tact_error *error) {
    writer *w = ARENA_NEW(a, writer);
    if (!w) return err_set(error, TACT_NO_MEMORY, "no memory for a writer");
    if (options) w->options = *options;
    if (!w->options.queue_max) w->options.queue_max = WRITER_QUEUE_MAX;
    if (!w->options.wait_ms) w->options.wait_ms = WRITER_WAIT_MS;
    w->d = d;
    w->journal = j;
    w->env = env;
    arena_init(&w->scratch, 0);
    arena_init(&w->memory, 0);
    w->record = buf_in(&w->memory);
    pthread_mutex_init(&w->mutex, NULL);
    init_condition(&w->queued);
    init_condition(&w->room);
    int rc = pthread_create(&w->thread, NULL, run, w);
    if (!rc) {
        *out = w;
        return TACT_OK;
    }
    destroy(w);
    return err_set(error, TACT_NO_MEMORY, "%s: the system gives no further thread", db_folder(d));
}

void writer_stop(writer *w) {
    if (!w) return;
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    pthread_cond_broadcast(&w->queued);
    pthread_cond_broadcast(&w->room);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    const struct timespec moment = {0, 1000000};
    while (atomic_load(&w->inside)) nanosleep(&moment, NULL); // all have their answers, and only have to wake up
    destroy(w);
}

writer_status writer_status_of(writer *w) {
    pthread_mutex_lock(&w->mutex);
    writer_status status = {.queued = w->waiting, .queue_max = w->options.queue_max, .lost = w->lost};
    pthread_mutex_unlock(&w->mutex);
    status.commits = atomic_load(&w->commits.total);
    status.commit_p50_ns = histogram_quantile(&w->commits, 0.5);
    status.commit_p99_ns = histogram_quantile(&w->commits, 0.99);
    status.commit_max_ns = atomic_load(&w->commits.max_ns);
    status.journal = journal_status_of(w->journal);
    return status;
}
