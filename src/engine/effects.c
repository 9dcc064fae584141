// SPDX-License-Identifier: Apache-2.0
//
// A run of the ring holds what one decision leaves, command by command:
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
#include "engine/line.h"
#include "engine/ring.h"
#include "store/load.h"

enum { HEAD = 4 + 8, RETRY_MS = 100 };

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
    bool troubled; // the last try failed, and was told
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
        if (atomic_load(&e->ring.stopped) && ++tries > EFFECTS_CLOSING_TRIES) {
            tell(e, "are lost", b->count, &error);
            return err;
        }
        pause_ms(RETRY_MS);
    }
}

static void hand_over(effects *e) {
    batch *b = &e->batch;
    if (!b->count) return;
    e->batches++;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->entries[i]) reserve_submit(e->r, b->entries[i], e->batches);
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
    atomic_fetch_add(&e->applied, b->count - refused);
    atomic_fetch_add(&e->refused, refused);
    b->count = 0;
}

// What was packed here reads.
static void add_run(effects *e, tact_str run) {
    batch *b = &e->batch;
    for (size_t at = 0; at < run.len;) {
        const char *head = run.ptr + at;
        tact_str bytes = {head + HEAD, load_u32(head)};
        b->entries[b->count] = (reserve_entry *)(uintptr_t)load_u64(head + 4); // NOLINT(performance-no-int-to-ptr)
        while (command_read(&e->scratch, bytes, &b->commands[b->count], NULL)) pause_ms(RETRY_MS); // for memory
        at += HEAD + bytes.len;
        if (++b->count == EFFECTS_BATCH) hand_over(e);
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
