// SPDX-License-Identifier: Apache-2.0
//
// A run of the ring holds what one decision leaves, command by command:
//
//      length u32 | the reservation's address, or 0: u64 | command, packed
//
// Subtle: what the disk or memory does not take now is tried again; each command that counts has an id, and one that
// was in fact applied is answered as repeated. What can never be written is dropped, counted and told: it must keep
// nothing else back. The commands of one decision are in one batch, so that a view has all of them or none.
#include "engine/effects.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "engine/line.h"
#include "engine/ring.h"
#include "store/load.h"

enum { HEAD = 4 + 8, RETRY_MS = 100, TELL_MS = 1000 };

typedef struct batch {
    command commands[EFFECTS_BATCH];
    reserve_entry *entries[EFFECTS_BATCH];
    writer_result results[EFFECTS_BATCH];
    uint32_t count;
} batch;

struct effects {
    ring ring;
    store *s;
    reserve *r;
    db_notice notice;
    pthread_t thread;
    _Atomic uint64_t applied, refused;
    // The thread's own.
    arena scratch;
    batch batch;
    uint64_t batches;
    bool troubled;   // the last try failed, and was told
    uint32_t last;   // tries since it closes
    int64_t told_ms; // when of refusals
};

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
    return ring_put_within(&e->ring, bytes, len, EFFECTS_WAIT_MS);
}

effects_status effects_status_of(effects *e) {
    return (effects_status){ring_waiting(&e->ring), atomic_load(&e->applied), atomic_load(&e->refused)};
}

// ---- Handing over ---------------------------------------------------------------------------------------------------

static void tell(effects *e, const char *what, uint32_t count, const tact_error *error) {
    char text[sizeof error->text + 100];
    if (!e->notice.say) return;
    snprintf(text, sizeof text, "%u counts of decisions %s: %s", count, what, error->text);
    e->notice.say(e->notice.context, text);
}

// Of refusals now and then, with the last one's reason: there may be many, and all are counted.
static void tell_refused(effects *e, uint32_t count, const tact_error *error) {
    int64_t now_ms = clock_mono_ms();
    atomic_fetch_add(&e->refused, count);
    if (e->told_ms && now_ms - e->told_ms < TELL_MS) return;
    e->told_ms = now_ms;
    tell(e, "are refused", count, error);
}

// What may be otherwise in a while.
static bool passes(tact_err err) {
    return err == TACT_BUSY || err == TACT_IO || err == TACT_NO_MEMORY;
}

// Whether there is time for another try; while it closes, only for some.
static bool may_try_again(effects *e) {
    if (atomic_load(&e->ring.stopped) && ++e->last > EFFECTS_CLOSING_TRIES) return false;
    pause_ms(RETRY_MS);
    return true;
}

// Until it is taken, or never will be.
static tact_err submit(effects *e, const command *commands, uint32_t count, writer_result *results, tact_error *error) {
    for (;;) {
        tact_err err = store_record(e->s, commands, count, results, error);
        if (!passes(err)) {
            e->troubled &= err != TACT_OK;
            return err;
        }
        if (!e->troubled) tell(e, "wait to be written", count, error);
        e->troubled = true;
        if (may_try_again(e)) continue;
        tell(e, "are lost", count, error);
        return err;
    }
}

// All at once; if the store takes that never, one by one, so that only those are dropped which are at fault.
static void submit_all(effects *e, batch *b) {
    tact_error error = {.text = ""};
    tact_err err = submit(e, b->commands, b->count, b->results, &error);
    for (uint32_t i = 0; err && i < b->count; i++) {
        writer_result *one = &b->results[i];
        one->code = err;
        one->error = error;
        if (passes(err)) continue;
        tact_err again = submit(e, &b->commands[i], 1, one, &error);
        if (again) one->code = again, one->error = error;
    }
}

static void hand_over(effects *e) {
    batch *b = &e->batch;
    const tact_error *why = NULL;
    uint32_t refused = 0;
    if (!b->count) return;
    e->batches++;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->entries[i]) reserve_submit(e->r, b->entries[i], e->batches);
    }
    submit_all(e, b);
    for (uint32_t i = 0; i < b->count; i++) {
        const writer_result *result = &b->results[i];
        if (result->code) refused++, why = &result->error;
        if (!b->entries[i]) continue;
        if (result->code) {
            reserve_cancel(e->r, b->entries[i]);
        } else {
            reserve_answer(e->r, b->entries[i], result->answer.position);
        }
    }
    atomic_fetch_add(&e->applied, b->count - refused);
    if (refused) tell_refused(e, refused, why);
    b->count = 0;
}

// What was packed reads, but for a value that no command may have.
static bool read_command(effects *e, tact_str bytes, command *out) {
    tact_error error = {.text = "memory is used up"};
    for (;;) {
        tact_err err = command_read(&e->scratch, bytes, out, &error);
        if (!err) return true;
        if (passes(err) && may_try_again(e)) continue;
        tell_refused(e, 1, &error);
        return false;
    }
}

static uint32_t commands_of(tact_str run) {
    uint32_t count = 0;
    for (size_t at = 0; at < run.len; at += HEAD + load_u32(run.ptr + at)) count++;
    return count;
}

static void add_run(effects *e, tact_str run) {
    batch *b = &e->batch;
    if (b->count + commands_of(run) > EFFECTS_BATCH) hand_over(e);
    for (size_t at = 0; at < run.len;) {
        const char *head = run.ptr + at;
        tact_str bytes = {head + HEAD, load_u32(head)};
        reserve_entry *entry = (reserve_entry *)(uintptr_t)load_u64(head + 4); // NOLINT(performance-no-int-to-ptr)
        at += HEAD + bytes.len;
        if (read_command(e, bytes, &b->commands[b->count])) {
            b->entries[b->count] = entry;
            if (++b->count == EFFECTS_BATCH) hand_over(e);
        } else if (entry) {
            reserve_cancel(e->r, entry);
        }
    }
}

// A batch or a little more of what is queued. False: nothing is.
static bool hand_on(effects *e) {
    tact_str run;
    uint64_t before = e->batches;
    bool some = false;
    while (before == e->batches && ring_take(&e->ring, &run)) {
        add_run(e, run);
        some = true;
    }
    hand_over(e);
    ring_return(&e->ring);
    tact_arena_reset(&e->scratch);
    return some;
}

// What can be seen by now.
static void settle(effects *e) {
    store_reader view;
    uint64_t position = 0;
    if (reserve_is_settled(e->r) || store_reader_open(e->s, &view, NULL)) return;
    if (!store_position(&view, &position, NULL)) reserve_settle(e->r, position);
    store_reader_close(&view);
}

static void *run(void *context) {
    effects *e = context;
    do {
        while (hand_on(e)) settle(e);
        settle(e);
    } while (ring_rest(&e->ring));
    return NULL;
}

// ---- Starting and stopping ------------------------------------------------------------------------------------------

tact_err effects_start(arena *a, store *s, reserve *r, db_notice notice, effects **out, tact_error *error) {
    effects *e = line_zalloc(a, sizeof *e);
    if (!e || !ring_init(&e->ring, a, EFFECTS_BYTES)) {
        return err_set(error, TACT_NO_MEMORY, "no memory for what decisions count");
    }
    e->s = s;
    e->r = r;
    e->notice = notice;
    arena_init(&e->scratch, 0);
    if (!pthread_create(&e->thread, NULL, run, e)) {
        *out = e;
        return TACT_OK;
    }
    ring_fini(&e->ring);
    return err_set(error, TACT_NO_MEMORY, "%s: the system gives no further thread", db_folder(store_db(s)));
}

void effects_stop(effects *e) {
    if (!e) return;
    ring_stop(&e->ring);
    pthread_join(e->thread, NULL);
    arena_fini(&e->scratch);
    ring_fini(&e->ring);
}
