// SPDX-License-Identifier: Apache-2.0
//
// Jobs lie on their callers' stacks and are linked: the queue takes no memory. Subtle: a transaction may be done over
// (the map grew), after answers were given even, where there is an interval; such commands are kept as copies until
// they are committed, and applied again. Applying is a pure function, so the answers stay true.
#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/err.h"

typedef struct job {
    struct job *next;
    const command *commands;
    uint32_t count;
    writer_result *results;
    bool done;
    tact_err code; // of all of it
    tact_error *error;
    pthread_cond_t answered;
} job;

typedef struct kept { // an answered command that is not committed
    struct kept *next;
    command command;
} kept;

struct writer {
    db *d;
    const apply_env *env;
    writer_options options;
    pthread_t thread;
    pthread_mutex_t mutex; // over all below, up to the group
    pthread_cond_t queued; // something was, or it is to stop
    pthread_cond_t room;   // in the queue
    job *first, *last;
    uint32_t waiting;    // commands in the queue
    uint32_t inside;     // callers in writer_submit
    pthread_cond_t left; // the last of them did
    bool stopping;
    uint64_t lost;
    // The group, of the thread alone.
    job *group, *group_last; // taken and not answered
    arena scratch;           // emptied after each command
    arena copies;            // of kept commands
    kept *kept_first, *kept_last;
    uint64_t kept_count;
    struct timespec deadline; // of the interval
};

// ---- The queue ------------------------------------------------------------------------------------------------------

static struct timespec in_ms(uint32_t ms) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += ms / 1000;
    t.tv_nsec += (long)(ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    return t;
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
static void wait_for_answer(writer *w, job *j) {
    init_condition(&j->answered);
    if (w->last) {
        w->last->next = j;
    } else {
        w->first = j;
    }
    w->last = j;
    w->waiting += j->count;
    pthread_cond_signal(&w->queued);
    while (!j->done) pthread_cond_wait(&j->answered, &w->mutex);
    pthread_cond_destroy(&j->answered);
}

tact_err writer_submit(writer *w, const command *commands, uint32_t count, writer_result *results, tact_error *error) {
    if (count == 0) return TACT_OK;
    if (count > w->options.queue_max) {
        return err_set(error, TACT_LIMIT, "%u commands at once, more than %u", count, w->options.queue_max);
    }
    job j = {.commands = commands, .count = count, .results = results, .error = error};
    pthread_mutex_lock(&w->mutex);
    w->inside++;
    j.code = wait_for_room(w, count, error);
    if (!j.code) wait_for_answer(w, &j);
    if (--w->inside == 0) pthread_cond_broadcast(&w->left);
    pthread_mutex_unlock(&w->mutex);
    return j.code;
}

// Moves what is queued into the group. False: nothing came, and it is to stop or the deadline (may be NULL) has passed.
static bool take_jobs(writer *w, const struct timespec *until) {
    int waited = 0;
    uint32_t taken = 0;
    pthread_mutex_lock(&w->mutex);
    while (!w->first && !w->stopping && waited != ETIMEDOUT) {
        waited = until ? pthread_cond_timedwait(&w->queued, &w->mutex, until)
                       : pthread_cond_wait(&w->queued, &w->mutex);
    }
    while (w->first && taken < WRITER_GROUP_MAX) {
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
    }
    w->waiting -= taken;
    if (taken) pthread_cond_broadcast(&w->room);
    pthread_mutex_unlock(&w->mutex);
    return taken > 0;
}

// Answers the whole group; the jobs are their callers' again.
static void answer_group(writer *w, tact_err code, const tact_error *error) {
    pthread_mutex_lock(&w->mutex);
    for (job *j = w->group, *next; j; j = next) {
        next = j->next;
        j->code = code;
        if (code && j->error) *j->error = *error;
        j->done = true;
        pthread_cond_signal(&j->answered);
    }
    w->group = w->group_last = NULL;
    pthread_mutex_unlock(&w->mutex);
}

// ---- Applying -------------------------------------------------------------------------------------------------------

// A refusal goes into its result; an error is one of the whole transaction.
static tact_err apply_group(writer *w, db_txn *t, tact_error *error) {
    for (job *j = w->group; j; j = j->next) {
        for (uint32_t i = 0; i < j->count; i++) {
            writer_result *r = &j->results[i];
            r->code = apply_command(t, &w->scratch, w->env, &j->commands[i], &r->answer, &r->error);
            tact_arena_reset(&w->scratch);
            if (t->broken) return db_fault(t, error);
        }
    }
    return TACT_OK;
}

static tact_err keep_one(writer *w, const command *c) {
    kept *k = ARENA_NEW(&w->copies, kept);
    buf b = buf_in(&w->copies);
    if (!k || command_write(&b, c)) return TACT_NO_MEMORY;
    tact_str bytes = buf_done(&b);
    if (!bytes.ptr || command_read(&w->copies, bytes, &k->command, NULL)) return TACT_NO_MEMORY;
    if (w->kept_last) {
        w->kept_last->next = k;
    } else {
        w->kept_first = k;
    }
    w->kept_last = k;
    w->kept_count++;
    return TACT_OK;
}

// Only commands that were applied; the others have no effect the second time either.
static tact_err keep_group(writer *w, tact_error *error) {
    for (job *j = w->group; j; j = j->next) {
        for (uint32_t i = 0; i < j->count; i++) {
            if (j->results[i].code || j->results[i].answer.repeated) continue;
            if (keep_one(w, &j->commands[i]))
                return err_set(error, TACT_NO_MEMORY, "no memory for commands to be written");
        }
    }
    return TACT_OK;
}

static tact_err apply_kept(writer *w, db_txn *t, tact_error *error) {
    for (kept *k = w->kept_first; k; k = k->next) {
        apply_answer again;
        tact_err err = apply_command(t, &w->scratch, w->env, &k->command, &again, error);
        tact_arena_reset(&w->scratch);
        if (err) return err;
    }
    return TACT_OK;
}

// A group is in one transaction. With an interval further groups join it until the interval ends.
static tact_err write_group(void *context, db_txn *t, tact_error *error) {
    writer *w = context;
    if (!w->options.interval_ms) return apply_group(w, t, error);
    tact_err err = apply_kept(w, t, error);
    do {
        if (!err) err = apply_group(w, t, error);
        if (!err) err = keep_group(w, error);
        if (err) return err;
        answer_group(w, TACT_OK, NULL);
    } while (w->kept_count < WRITER_GROUP_MAX && take_jobs(w, &w->deadline));
    return TACT_OK;
}

static void *run(void *context) {
    writer *w = context;
    while (take_jobs(w, NULL)) {
        tact_error error = {.text = ""};
        w->deadline = in_ms(w->options.interval_ms);
        tact_err err = db_write(w->d, write_group, w, &error);
        if (err && w->kept_count) {
            pthread_mutex_lock(&w->mutex);
            w->lost += w->kept_count;
            pthread_mutex_unlock(&w->mutex);
        }
        answer_group(w, err, &error);
        w->kept_first = w->kept_last = NULL;
        w->kept_count = 0;
        tact_arena_reset(&w->copies);
    }
    return NULL;
}

// ---- Starting and stopping ------------------------------------------------------------------------------------------

tact_err writer_start(arena *a, db *d, const apply_env *env, const writer_options *options, writer **out,
                      tact_error *error) {
    writer *w = ARENA_NEW(a, writer);
    if (!w) return err_set(error, TACT_NO_MEMORY, "no memory for a writer");
    if (options) w->options = *options;
    if (!w->options.queue_max) w->options.queue_max = WRITER_QUEUE_MAX;
    if (!w->options.wait_ms) w->options.wait_ms = WRITER_WAIT_MS;
    w->d = d;
    w->env = env;
    arena_init(&w->scratch, 0);
    arena_init(&w->copies, 0);
    pthread_mutex_init(&w->mutex, NULL);
    init_condition(&w->queued);
    init_condition(&w->room);
    init_condition(&w->left);
    int rc = pthread_create(&w->thread, NULL, run, w);
    if (!rc) {
        *out = w;
        return TACT_OK;
    }
    pthread_cond_destroy(&w->left);
    pthread_cond_destroy(&w->room);
    pthread_cond_destroy(&w->queued);
    pthread_mutex_destroy(&w->mutex);
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
    pthread_mutex_lock(&w->mutex);
    while (w->inside) pthread_cond_wait(&w->left, &w->mutex);
    pthread_mutex_unlock(&w->mutex);
    arena_fini(&w->copies);
    arena_fini(&w->scratch);
    pthread_cond_destroy(&w->left);
    pthread_cond_destroy(&w->room);
    pthread_cond_destroy(&w->queued);
    pthread_mutex_destroy(&w->mutex);
}

uint64_t writer_lost(writer *w) {
    pthread_mutex_lock(&w->mutex);
    uint64_t lost = w->lost;
    pthread_mutex_unlock(&w->mutex);
    return lost;
}
