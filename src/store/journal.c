// SPDX-License-Identifier: Apache-2.0
//
// Records, checkpoints and the way back; journal.h has the proof. Subtle: who writes and who makes checkpoints take
// turns by two flags rather than by a lock that is held meanwhile, so that a checkpoint that wants to begin goes first:
// a writer under load would take a lock again before anybody else woke up.
#include "store/journal.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "store/segment.h"

struct journal {
    db *d;
    const char *folder;
    segment_head head; // of the checkpoint begun last; its number is that of the file that is written
    uint32_t pin;      // that keeps the last complete one
    uint64_t oldest;   // file that there may still be
    pthread_t thread;
    pthread_mutex_t mutex; // over all below
    pthread_cond_t changed;
    bool running;   // the thread
    bool writing;   // a transaction is under way
    bool beginning; // a checkpoint waits for its end; no other may begin
    bool stopping;
    bool hurry;
    uint64_t txn;              // of LMDB, the last when the last checkpoint began
    bool dirty;                // something was committed since
    struct timespec due;       // when that is to be in one
    uint64_t begun, completed; // checkpoints
    uint64_t taken_ns;
    tact_err broken; // final
    tact_error fault;
    tact_err late; // there is no next file, since the disk is full, say; it is tried again
    tact_error late_fault;
    int file, next;              // that is written, and that the next checkpoint begins; -1: none
    uint64_t start;              // of the record that is written
    uint64_t end;                // behind it
    uint64_t before;             // bytes of the file before, until the checkpoint under way is complete
    uint64_t position, appended; // of the last command committed, and of the record's
};

static struct timespec now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t;
}

static struct timespec in_ms(int64_t ms) {
    struct timespec t = now();
    t.tv_sec += ms / 1000;
    t.tv_nsec += ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) t.tv_sec++, t.tv_nsec -= 1000000000;
    return t;
}

// With the lock. From now on everybody hears of it, and the next start trusts no page in memory.
static void fail(journal *j) {
    if (j->broken) return;
    j->broken = err_set(&j->fault, TACT_IO,
                        "%s: the disk reports an error, and no command is taken any more; check the disk, then start "
                        "again: all that was answered is kept",
                        j->folder);
    segment_distrust(j->folder);
    pthread_cond_broadcast(&j->changed);
}

static tact_err tell_fault(const journal *j, tact_error *error) {
    return err_set(error, j->broken, "%s", j->fault.text);
}

// ---- Checkpoints ----------------------------------------------------------------------------------------------------

// The file for the next checkpoint, and its name durable; that of those that were removed is then, too.
static tact_err make_next(journal *j, int *file, tact_error *error) {
    tact_err err = segment_make(j->folder, j->head.number + 1, file, error);
    if (err) return err;
    err = segment_sync_names(j->folder, error);
    if (!err) return TACT_OK;
    close(*file);
    *file = -1;
    return err;
}

// With the lock, and with a next file.
static tact_err begin(journal *j, tact_error *error) {
    j->beginning = true;
    while (j->writing) pthread_cond_wait(&j->changed, &j->mutex);
    tact_err err = db_pin(j->d, 1 - j->pin, &j->head.page, j->head.metas, error);
    if (!err) {
        if (j->file >= 0) close(j->file);
        j->file = j->next;
        j->next = -1;
        j->head.number++;
        j->head.position = j->position;
        j->before = j->end - SEGMENT_HEAD;
        j->start = j->end = SEGMENT_HEAD;
        j->dirty = j->hurry = false;
        j->txn = db_last_txn(j->d);
        j->begun++;
    }
    j->beginning = false;
    pthread_cond_broadcast(&j->changed);
    return err;
}

static tact_err complete(journal *j, tact_error *error) {
    tact_err err = db_sync(j->d, error);
    if (!err) err = segment_put_head(j->folder, j->file, &j->head, error);
    if (err) return err;
    db_unpin(j->d, j->pin);
    j->pin = 1 - j->pin;
    while (j->oldest < j->head.number) segment_remove(j->folder, j->oldest++);
    return TACT_OK;
}

// With the lock, which it gives up meanwhile. From beginning to end; the next file is made at the end, so that nobody
// waits for it when it begins.
static void make_checkpoint(journal *j) {
    tact_error error = {.text = ""};
    tact_err err = begin(j, &error);
    pthread_mutex_unlock(&j->mutex);
    const struct timespec from = now();
    int next = -1;
    if (!err) err = complete(j, &error);
    if (err) db_tell(j->d, "%s", error.text);
    const struct timespec until = now();
    tact_error late_fault = {.text = ""};
    tact_err late = err ? TACT_OK : make_next(j, &next, &late_fault);
    pthread_mutex_lock(&j->mutex);
    if (err) {
        fail(j);
        return;
    }
    j->completed = j->begun;
    j->before = 0;
    j->taken_ns = (uint64_t)((until.tv_sec - from.tv_sec) * 1000000000 + until.tv_nsec - from.tv_nsec);
    j->next = next;
    j->late = late;
    j->late_fault = late_fault;
    pthread_cond_broadcast(&j->changed);
}

// With the lock. Tries again what failed when the last checkpoint was complete.
static tact_err have_next(journal *j, tact_error *error) {
    if (j->next >= 0) return TACT_OK;
    j->late = make_next(j, &j->next, &j->late_fault);
    return j->late ? err_set(error, j->late, "%s", j->late_fault.text) : TACT_OK;
}

// With the lock. False: it is to end.
static bool wait_until_due(journal *j) {
    int waited = 0;
    for (;;) {
        bool last = j->stopping && (!j->dirty || j->late);
        if (j->broken || last) return false;
        bool large = j->end > JOURNAL_BYTES_DUE && !j->late;
        if (j->dirty && (j->stopping || j->hurry || large || waited == ETIMEDOUT)) return true;
        waited = j->dirty ? pthread_cond_timedwait(&j->changed, &j->mutex, &j->due)
                          : pthread_cond_wait(&j->changed, &j->mutex);
    }
}

static void *run(void *context) {
    journal *j = context;
    tact_error error;
    pthread_mutex_lock(&j->mutex);
    while (wait_until_due(j)) {
        if (have_next(j, &error)) {
            j->hurry = false;
            j->due = in_ms(JOURNAL_AGE_MS); // then again
            pthread_cond_broadcast(&j->changed);
        } else {
            make_checkpoint(j);
        }
    }
    pthread_mutex_unlock(&j->mutex);
    return NULL;
}

// ---- Transactions ---------------------------------------------------------------------------------------------------

static bool is_full(const journal *j) {
    return j->before + j->end > JOURNAL_BYTES_MAX;
}

static tact_err enter(journal *j, tact_error *error) {
    tact_err err = TACT_OK;
    pthread_mutex_lock(&j->mutex);
    while (!j->broken && (j->beginning || (is_full(j) && !j->late))) {
        j->hurry |= is_full(j);
        pthread_cond_broadcast(&j->changed);
        pthread_cond_wait(&j->changed, &j->mutex);
    }
    if (j->broken) {
        err = tell_fault(j, error);
    } else if (is_full(j)) {
        err = err_set(error, j->late, "%s", j->late_fault.text);
    }
    j->writing = !err;
    pthread_mutex_unlock(&j->mutex);
    return err;
}

// Takes away what was appended and not committed. False: it may be there still.
static bool cut(journal *j) {
    bool appended = j->end > j->start;
    j->end = j->start;
    return !appended || (ftruncate(j->file, (off_t)j->start) == 0 && fdatasync(j->file) == 0);
}

static void leave(journal *j, bool committed) {
    pthread_mutex_lock(&j->mutex);
    if (committed) {
        if (j->end > j->start) j->position = j->appended;
        j->start = j->end;
    } else if (!cut(j)) {
        fail(j);
    }
    bool first = !j->dirty && db_last_txn(j->d) != j->txn;
    if (first) {
        j->due = in_ms(JOURNAL_AGE_MS);
        j->dirty = true;
    }
    j->writing = false;
    if (first || j->beginning || j->end > JOURNAL_BYTES_DUE) pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->mutex);
}

tact_err journal_write(journal *j, db_work *work, void *context, tact_error *error) {
    tact_err err = enter(j, error);
    if (err) return err;
    err = db_write(j->d, work, context, error);
    leave(j, !err);
    return err;
}

tact_err journal_append(journal *j, uint64_t first, uint32_t count, buf *record, tact_error *error) {
    bool synced;
    pthread_mutex_lock(&j->mutex);
    j->end = j->start + record->len;
    j->appended = first + count - 1;
    pthread_mutex_unlock(&j->mutex);
    tact_err err = segment_put_record(j->folder, j->file, j->start, j->head.number, first, record, &synced, error);
    if (synced) return err;
    pthread_mutex_lock(&j->mutex);
    fail(j);
    pthread_mutex_unlock(&j->mutex);
    return err;
}

// A next file is there before anything is committed: what can fail afterwards is a sync.
static tact_err enter_whole(journal *j, tact_error *error) {
    tact_err err = enter(j, error);
    if (err) return err;
    pthread_mutex_lock(&j->mutex);
    while (!j->broken && j->begun != j->completed) pthread_cond_wait(&j->changed, &j->mutex);
    err = j->broken ? tell_fault(j, error) : have_next(j, error);
    if (err) {
        j->writing = false;
        pthread_cond_broadcast(&j->changed);
    }
    pthread_mutex_unlock(&j->mutex);
    return err;
}

static tact_err wait_for_checkpoint(journal *j, tact_error *error) {
    pthread_mutex_lock(&j->mutex);
    const uint64_t wanted = j->begun + j->dirty;
    while (!j->broken && j->completed < wanted) {
        j->hurry |= j->begun < wanted;
        pthread_cond_broadcast(&j->changed);
        pthread_cond_wait(&j->changed, &j->mutex);
    }
    tact_err err = j->completed < wanted ? tell_fault(j, error) : TACT_OK;
    pthread_mutex_unlock(&j->mutex);
    return err;
}

tact_err journal_write_whole(journal *j, db_work *work, journal_after *after, void *context, tact_error *error) {
    tact_err err = enter_whole(j, error);
    if (!err) {
        err = db_write(j->d, work, context, error);
        leave(j, !err);
    }
    if (after) after(context, err);
    return err ? err : wait_for_checkpoint(j, error);
}

void journal_hurry(journal *j) {
    pthread_mutex_lock(&j->mutex);
    j->hurry = true;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->mutex);
}

journal_status journal_status_of(journal *j) {
    pthread_mutex_lock(&j->mutex);
    const journal_status status = {j->before + j->end - SEGMENT_HEAD, j->completed, j->taken_ns};
    pthread_mutex_unlock(&j->mutex);
    return status;
}

// ---- The way back ---------------------------------------------------------------------------------------------------

static tact_err damaged(const db *d, uint64_t position, tact_error *error) {
    return err_set(error, TACT_INVALID, "%s: its journal is damaged at command %llu; restore a backup", db_folder(d),
                   (unsigned long long)position);
}

tact_err journal_apply(apply_batch *b, arena *scratch, uint64_t first, tact_str commands, tact_error *error) {
    tact_err err = TACT_OK;
    for (uint64_t position = first; !err && commands.len > 0; position++) {
        command c;
        apply_answer answer;
        tact_str bytes;
        if (!segment_take(&commands, &bytes) || position > b->state.position + 1)
            return damaged(b->txn->db, position, error);
        if (position <= b->state.position) continue;
        err = command_read(scratch, bytes, &c, error);
        if (!err) err = apply_command(b, scratch, &c, &answer, error);
        bool other = err ? err != TACT_NO_MEMORY && !b->txn->broken : answer.position != position;
        if (other) err = damaged(b->txn->db, position, error);
        tact_arena_reset(scratch);
    }
    return err;
}

typedef struct replay {
    const apply_env *env;
    arena *scratch;
    uint64_t first;
    tact_str commands;
} replay;

static tact_err apply_record(void *context, db_txn *t, tact_error *error) {
    const replay *r = context;
    apply_batch b;
    tact_err err = apply_begin(t, r->env, &b, error);
    if (!err) err = journal_apply(&b, r->scratch, r->first, r->commands, error);
    return err ? err : apply_end(&b, error);
}

static tact_err replay_file(journal *j, uint64_t number, replay *r, tact_error *error) {
    segment_reader in;
    arena memory;
    arena_init(&memory, 0);
    tact_err err = segment_open(j->folder, number, &in, error);
    while (!err) {
        err = segment_next(&in, &memory, &r->first, &r->commands, error);
        if (!err) err = db_write(j->d, apply_record, r, error);
        tact_arena_reset(&memory);
    }
    segment_close(&in);
    arena_fini(&memory);
    return err == TACT_NOT_FOUND ? TACT_OK : err;
}

static tact_err replay_all(journal *j, const apply_env *env, const segment_found *found, tact_error *error) {
    if (j->position != found->head.position) {
        return err_set(error, TACT_INVALID, "%s: its checkpoint is damaged: it has %llu commands, and should have %llu",
                       j->folder, (unsigned long long)j->position, (unsigned long long)found->head.position);
    }
    if (!env->schema) return TACT_OK; // it was never more than an empty store
    apply_env then = *env;
    then.history_max = found->head.history_max;
    arena scratch;
    arena_init(&scratch, 0);
    replay r = {.env = &then, .scratch = &scratch};
    tact_err err = TACT_OK;
    for (uint64_t n = found->head.number; !err && n <= found->last; n++) err = replay_file(j, n, &r, error);
    arena_fini(&scratch);
    return err;
}

// ---- Opening and closing --------------------------------------------------------------------------------------------

static tact_err read_position(journal *j, tact_error *error) {
    db_txn t;
    apply_state state;
    tact_err err = db_read(j->d, &t, error);
    if (err) return err;
    if (apply_state_read(&t, &state)) err = plan_damaged(&t, error, "its state");
    j->position = state.position;
    db_read_end(&t);
    return err;
}

// Pinned from before the first commit on.
static tact_err bring_back(journal *j, const apply_env *env, tact_error *error) {
    segment_found found;
    tact_err err = segment_find(j->folder, &found, error);
    if (!err) err = db_lazy(j->d, error);
    if (!err) err = db_pin(j->d, j->pin, &j->head.page, j->head.metas, error);
    if (!err) err = read_position(j, error);
    if (!err && db_restored(j->d)) err = replay_all(j, env, &found, error);
    if (!err) err = read_position(j, error);
    j->head.number = found.any ? found.last : 0;
    j->oldest = found.any ? found.first : 1;
    return err;
}

static tact_err begin_first(journal *j, tact_error *error) {
    pthread_mutex_lock(&j->mutex);
    tact_err err = have_next(j, error);
    if (!err) make_checkpoint(j);
    if (!err && j->broken) err = tell_fault(j, error);
    pthread_mutex_unlock(&j->mutex);
    if (!err) segment_trust(j->folder);
    return err;
}

static void destroy(journal *j) {
    if (j->file >= 0) close(j->file);
    if (j->next >= 0) close(j->next);
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->mutex);
}

tact_err journal_open(arena *a, db *d, const apply_env *env, journal **out, tact_error *error) {
    journal *j = ARENA_NEW(a, journal);
    if (!j) return err_set(error, TACT_NO_MEMORY, "%s: no memory to open it", db_folder(d));
    j->d = d;
    j->folder = db_folder(d);
    j->file = j->next = -1;
    j->end = SEGMENT_HEAD;
    j->head.history_max = env->history_max;
    segment_boot(j->head.boot);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&j->mutex, NULL);
    pthread_cond_init(&j->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    tact_err err = bring_back(j, env, error);
    if (!err) err = begin_first(j, error);
    if (!err && pthread_create(&j->thread, NULL, run, j))
        err = err_set(error, TACT_NO_MEMORY, "%s: the system gives no further thread", j->folder);
    if (err) {
        destroy(j);
        return err;
    }
    *out = j;
    return TACT_OK;
}

// The last file goes only when those before are gone for certain, which they are when there is a next one (make_next):
// else its checkpoint would be forgotten and theirs remembered.
void journal_close(journal *j) {
    if (!j) return;
    pthread_mutex_lock(&j->mutex);
    j->stopping = true;
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->mutex);
    pthread_join(j->thread, NULL);
    if (!j->broken && !j->dirty && j->next >= 0) {
        segment_remove(j->folder, j->head.number + 1);
        segment_remove(j->folder, j->head.number);
    }
    destroy(j);
}
