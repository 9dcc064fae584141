// SPDX-License-Identifier: Apache-2.0
//
// Two areas of memory take turns: one is filled while the other is emptied. What lies in one is a run of
//
//      length u32 | the reservation's address, or 0: u64 | command, packed
//
// Subtle: a batch is tried again until the writer takes it. Each command that counts has an id, and one that was in
// fact applied is answered as repeated.
#include "engine/effects.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/err.h"
#include "store/load.h"

enum { HEAD = 4 + 8, RETRY_MS = 100 };

typedef struct area {
    char *bytes;
    size_t len;
} area;

struct effects {
    store *s;
    reserve *r;
    db_notice notice;
    pthread_t thread;
    pthread_mutex_t mutex; // over all below, up to the thread's own
    pthread_cond_t work, room, done;
    area areas[2];
    area *filling;
    uint64_t put, settled; // generations of areas: handed to the thread; applied and seen
    uint64_t applied, refused;
    bool stopping;
    // The thread's own.
    arena scratch;
    uint64_t batch;
    uint32_t unsettled; // answered, and not yet in every view
    bool troubled;      // the last try failed, and was told
};

static void wait_until(struct timespec *t, int64_t ms) {
    clock_gettime(CLOCK_MONOTONIC, t);
    t->tv_sec += (time_t)(ms / 1000);
    t->tv_nsec += (long)(ms % 1000) * 1000000;
    if (t->tv_nsec >= 1000000000) t->tv_sec++, t->tv_nsec -= 1000000000;
}

static void pause_ms(int64_t ms) {
    const struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    nanosleep(&t, NULL);
}

// ---- Putting --------------------------------------------------------------------------------------------------------

tact_err effects_pack(buf *out, const command *commands, reserve_entry *const *entries, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        char head[HEAD] = {0};
        uintptr_t entry = (uintptr_t)entries[i];
        size_t at = out->len;
        buf_add(out, head, HEAD);
        tact_err err = command_write(out, &commands[i]);
        if (err || out->failed) return err ? err : TACT_NO_MEMORY;
        save_u64(save_u32(out->ptr + at, (uint32_t)(out->len - at - HEAD)), (uint64_t)entry);
    }
    return TACT_OK;
}

tact_err effects_put(effects *e, const char *bytes, size_t len) {
    struct timespec until;
    bool late = false;
    if (len > EFFECTS_BYTES) return TACT_LIMIT;
    pthread_mutex_lock(&e->mutex);
    if (len > EFFECTS_BYTES - e->filling->len) wait_until(&until, EFFECTS_WAIT_MS);
    while (len > EFFECTS_BYTES - e->filling->len && !late) {
        late = pthread_cond_timedwait(&e->room, &e->mutex, &until) != 0;
    }
    if (!late) {
        memcpy(e->filling->bytes + e->filling->len, bytes, len);
        if (!e->filling->len) pthread_cond_signal(&e->work);
        e->filling->len += len;
    }
    pthread_mutex_unlock(&e->mutex);
    return late ? TACT_BUSY : TACT_OK;
}

void effects_flush(effects *e) {
    pthread_mutex_lock(&e->mutex);
    uint64_t wanted = e->put + (e->filling->len > 0);
    while (e->settled < wanted) pthread_cond_wait(&e->done, &e->mutex);
    pthread_mutex_unlock(&e->mutex);
}

effects_status effects_status_of(effects *e) {
    pthread_mutex_lock(&e->mutex);
    effects_status status = {e->filling->len, e->applied, e->refused};
    pthread_mutex_unlock(&e->mutex);
    return status;
}

// ---- Handing over ---------------------------------------------------------------------------------------------------

typedef struct batch {
    command commands[EFFECTS_BATCH];
    reserve_entry *entries[EFFECTS_BATCH];
    writer_result results[EFFECTS_BATCH];
    uint32_t count;
} batch;

static void tell(effects *e, const char *what, uint32_t count, const tact_error *error) {
    char text[sizeof error->text + 100];
    if (!e->notice.say) return;
    snprintf(text, sizeof text, "%u counts of decisions %s: %s", count, what, error->text);
    e->notice.say(e->notice.context, text);
}

static bool is_stopping(effects *e) {
    pthread_mutex_lock(&e->mutex);
    bool stopping = e->stopping;
    pthread_mutex_unlock(&e->mutex);
    return stopping;
}

// Until it is taken; while it closes, some times more.
static tact_err submit(effects *e, batch *b) {
    tact_error error = {.text = ""};
    for (int tries = 0;;) {
        tact_err err = store_record(e->s, b->commands, b->count, b->results, &error);
        if (!err) {
            e->troubled = false;
            return TACT_OK;
        }
        if (!e->troubled) tell(e, "wait to be written", b->count, &error);
        e->troubled = true;
        if (is_stopping(e) && ++tries > EFFECTS_CLOSING_TRIES) {
            tell(e, "are lost", b->count, &error);
            return err;
        }
        pause_ms(RETRY_MS);
    }
}

static void hand_over(effects *e, batch *b) {
    if (!b->count) return;
    e->batch++;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->entries[i]) reserve_submit(e->r, b->entries[i], e->batch);
    }
    tact_err err = submit(e, b);
    uint32_t refused = 0;
    for (uint32_t i = 0; i < b->count; i++) {
        bool no = err || b->results[i].code;
        refused += no;
        if (!b->entries[i]) continue;
        if (no) {
            reserve_cancel(e->r, b->entries[i]);
        } else {
            reserve_answer(e->r, b->entries[i], b->results[i].answer.position);
        }
    }
    pthread_mutex_lock(&e->mutex);
    e->applied += b->count - refused;
    e->refused += refused;
    pthread_mutex_unlock(&e->mutex);
    b->count = 0;
}

// What was packed here reads.
static void empty(effects *e, area *from) {
    batch *b = arena_alloc(&e->scratch, sizeof *b);
    while (!b) { // memory may come back
        pause_ms(RETRY_MS);
        b = arena_alloc(&e->scratch, sizeof *b);
    }
    b->count = 0;
    for (size_t at = 0; at < from->len;) {
        const char *head = from->bytes + at;
        tact_str bytes = {head + HEAD, load_u32(head)};
        b->entries[b->count] = (reserve_entry *)(uintptr_t)load_u64(head + 4); // NOLINT(performance-no-int-to-ptr)
        while (command_read(&e->scratch, bytes, &b->commands[b->count], NULL)) pause_ms(RETRY_MS);
        at += HEAD + bytes.len;
        if (++b->count == EFFECTS_BATCH) hand_over(e, b);
    }
    hand_over(e, b);
    tact_arena_reset(&e->scratch);
    from->len = 0;
}

// What can be seen by now.
static void settle(effects *e) {
    store_reader view;
    uint64_t position = 0;
    if (store_reader_open(e->s, &view, NULL)) return;
    if (!store_position(&view, &position, NULL)) e->unsettled = reserve_settle(e->r, position);
    store_reader_close(&view);
}

// With the lock. False: it is to stop, and nothing is left.
static bool wait_for_work(effects *e) {
    while (!e->filling->len && !e->stopping) {
        struct timespec until;
        if (e->settled == e->put && !e->unsettled) {
            pthread_cond_wait(&e->work, &e->mutex);
            continue;
        }
        pthread_mutex_unlock(&e->mutex);
        settle(e);
        pthread_mutex_lock(&e->mutex);
        if (!e->unsettled) {
            e->settled = e->put;
            pthread_cond_broadcast(&e->done);
        } else if (!e->filling->len && !e->stopping) {
            wait_until(&until, EFFECTS_SETTLE_MS);
            pthread_cond_timedwait(&e->work, &e->mutex, &until);
        }
    }
    return e->filling->len > 0;
}

static void *run(void *context) {
    effects *e = context;
    pthread_mutex_lock(&e->mutex);
    while (wait_for_work(e)) {
        area *full = e->filling;
        e->filling = full == &e->areas[0] ? &e->areas[1] : &e->areas[0];
        e->put++;
        pthread_cond_broadcast(&e->room);
        pthread_mutex_unlock(&e->mutex);
        empty(e, full);
        settle(e);
        pthread_mutex_lock(&e->mutex);
    }
    pthread_mutex_unlock(&e->mutex);
    return NULL;
}

// ---- Starting and stopping ------------------------------------------------------------------------------------------

static void init_condition(pthread_cond_t *c) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(c, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void destroy(effects *e) {
    arena_fini(&e->scratch);
    pthread_cond_destroy(&e->done);
    pthread_cond_destroy(&e->room);
    pthread_cond_destroy(&e->work);
    pthread_mutex_destroy(&e->mutex);
}

tact_err effects_start(arena *a, store *s, reserve *r, db_notice notice, effects **out, tact_error *error) {
    effects *e = ARENA_NEW(a, effects);
    char *bytes = arena_alloc(a, (size_t)2 * EFFECTS_BYTES);
    if (!e || !bytes) return err_set(error, TACT_NO_MEMORY, "no memory for what decisions count");
    *e = (effects){.s = s, .r = r, .notice = notice};
    e->areas[0].bytes = bytes;
    e->areas[1].bytes = bytes + EFFECTS_BYTES;
    e->filling = &e->areas[0];
    arena_init(&e->scratch, 0);
    pthread_mutex_init(&e->mutex, NULL);
    init_condition(&e->work);
    init_condition(&e->room);
    init_condition(&e->done);
    if (!pthread_create(&e->thread, NULL, run, e)) {
        *out = e;
        return TACT_OK;
    }
    destroy(e);
    return err_set(error, TACT_NO_MEMORY, "%s: the system gives no further thread", db_folder(store_db(s)));
}

void effects_stop(effects *e) {
    if (!e) return;
    pthread_mutex_lock(&e->mutex);
    e->stopping = true;
    pthread_cond_signal(&e->work);
    pthread_mutex_unlock(&e->mutex);
    pthread_join(e->thread, NULL);
    destroy(e);
}
