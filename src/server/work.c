// SPDX-License-Identifier: Apache-2.0
//
// Requests in the server. Each lies in a slot, a context of NNG's with an operation for what comes in and one for what
// goes out, so that an end of taking (draining) never touches what is being sent.
#include "server/work.h"

#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "server/unread.h"
#include "wire/msgpack.h"

enum { REPLY_ROOM = 4096 }; // bytes, to begin with

typedef struct slot {
    work *work;
    nng_ctx context;
    nng_aio *in, *out;
    uint64_t since_ns; // when it came in
    nng_msg *message;
    uint32_t connection; // that it came in on
    struct slot *next;   // in a queue
} slot;

typedef struct queue {
    slot *first, *last;
    uint32_t count;
} queue;

typedef struct seat { // where requests are answered, by one thread at a time
    work *work;
    call call;
    call_pace pace;    // of the requests that are answered here
    size_t room;       // that replies have needed
    pthread_t thread;  // but for quick ones
    struct seat *next; // free
} seat;

typedef struct pool { // of threads that answer what is not quick
    queue queue;
    uint32_t most; // in it
    pthread_cond_t came;
} pool;

struct work {
    slot *slots;
    seat *seats; // of workers, then of threads of our own
    uint32_t slots_count, workers, threads;
    tact_str overloaded; // the reply
    line_log *log;
    unread *unread;
    _Atomic bool draining;
    _Atomic uint32_t in_flight;
    _Atomic uint32_t leaving; // replies that NNG has and the system does not yet
    _Atomic uint32_t resting; // slots that take nothing more, since it is drained
    _Atomic uint64_t shed, dropped, ignored;
    pthread_mutex_t mutex; // over all below
    seat *free;            // of workers
    queue quick;
    uint32_t quick_max;
    pool pools[CALL_PACES]; // none for CALL_QUICK
    bool stopping;
};

static void push(queue *q, slot *s) {
    s->next = NULL;
    if (q->last) {
        q->last->next = s;
    } else {
        q->first = s;
    }
    q->last = s;
    q->count++;
}

static slot *pop(queue *q) {
    slot *s = q->first;
    if (!s) return NULL;
    q->first = s->next;
    if (!q->first) q->last = NULL;
    q->count--;
    return s;
}

// ---- In and out -----------------------------------------------------------------------------------------------------

static void take_next(slot *s) {
    if (atomic_load(&s->work->draining)) {
        atomic_fetch_add(&s->work->resting, 1);
    } else {
        nng_ctx_recv(s->context, s->in);
    }
}

static void forget(slot *s) { // without a reply
    nng_msg_free(s->message);
    s->message = NULL;
    atomic_fetch_sub(&s->work->in_flight, 1);
    take_next(s);
}

static uint32_t ms_of(uint64_t ns) { // as unread.h has it
    return (uint32_t)(ns / 1000000);
}

static void send(slot *s, nng_msg *reply) {
    work *w = s->work;
    nng_msg_free(s->message);
    s->message = NULL;
    bool many = atomic_fetch_add(&w->leaving, 1) >= w->slots_count / 2;
    bool hurry = many || unread_fails(w->unread, s->connection);
    nng_aio_set_timeout(s->out, hurry ? WORK_SEND_HURRY_MS : WORK_SEND_MS);
    nng_aio_set_msg(s->out, reply);
    nng_ctx_send(s->context, s->out);
}

// The reply is not with the system: whoever asked does not read, or the server is stopping.
static void drop(slot *s, int why) {
    work *w = s->work;
    nng_msg_free(nng_aio_get_msg(s->out));
    if (why != NNG_ETIMEDOUT) return;
    unread_failed(w->unread, s->connection, ms_of(call_now_ns()));
    atomic_fetch_add(&w->dropped, 1);
    LINE(w->log, LINE_WARN, "a client does not read its replies", LINE_N("connection", s->connection));
}

static void sent(void *context) {
    slot *s = context;
    int rc = nng_aio_result(s->out);
    atomic_fetch_sub(&s->work->leaving, 1);
    if (rc) {
        drop(s, rc);
    } else {
        unread_went(s->work->unread, s->connection);
    }
    atomic_fetch_sub(&s->work->in_flight, 1);
    take_next(s);
}

static void refuse(slot *s) {
    nng_msg *m;
    tact_str text = s->work->overloaded;
    atomic_fetch_add(&s->work->shed, 1);
    if (nng_msg_alloc(&m, 0)) {
        forget(s);
    } else if (nng_msg_append(m, text.ptr, text.len)) {
        nng_msg_free(m);
        forget(s);
    } else {
        send(s, m);
    }
}

// The reply, written into the message that leaves. NULL: no memory.
static nng_msg *write_reply(seat *p) {
    nng_msg *m;
    for (size_t room = p->room; room <= CALL_MEMORY_MAX; room *= 2) {
        if (nng_msg_alloc(&m, room)) return NULL;
        buf out = buf_over(nng_msg_body(m), room);
        if (call_write(&p->call, &out)) {
            nng_msg_chop(m, room - out.len);
            p->room = room > REPLY_ROOM && out.len < room / 4 ? room / 2 : room;
            return m;
        }
        nng_msg_free(m);
    }
    return NULL;
}

// ---- Answering ------------------------------------------------------------------------------------------------------

static bool leave_to_pool(slot *s, call_pace pace) {
    work *w = s->work;
    pool *p = &w->pools[pace];
    pthread_mutex_lock(&w->mutex);
    bool room = p->queue.count < p->most;
    if (room) {
        push(&p->queue, s);
        pthread_cond_signal(&p->came);
    }
    pthread_mutex_unlock(&w->mutex);
    return room;
}

static void answer(seat *p, slot *s) {
    call *c = &p->call;
    tact_str bytes = {nng_msg_body(s->message), nng_msg_len(s->message)};
    call_read(c, bytes, call_now_ns() - s->since_ns);
    if (c->pace != p->pace) {
        call_pace pace = c->pace;
        call_leave(c);
        if (!leave_to_pool(s, pace)) refuse(s);
        return;
    }
    call_work(c);
    nng_msg *reply = write_reply(p);
    call_end(c);
    if (reply) {
        send(s, reply);
    } else {
        forget(s);
    }
}

// A seat to answer at; NULL: the request was queued, or refused.
static seat *find_seat(work *w, slot *s) {
    pthread_mutex_lock(&w->mutex);
    seat *p = w->free;
    bool room = w->quick.count < w->quick_max;
    if (p) {
        w->free = p->next;
    } else if (room) {
        push(&w->quick, s);
    }
    pthread_mutex_unlock(&w->mutex);
    if (!p && !room) refuse(s);
    return p;
}

// The next that was queued; NULL: none, and the seat is free again.
static slot *next_queued(work *w, seat *p) {
    pthread_mutex_lock(&w->mutex);
    slot *s = pop(&w->quick);
    if (!s) {
        p->next = w->free;
        w->free = p;
    }
    pthread_mutex_unlock(&w->mutex);
    return s;
}

static void received(void *context) {
    slot *s = context;
    work *w = s->work;
    int rc = nng_aio_result(s->in);
    if (rc == NNG_ECLOSED) return;
    if (rc) { // NNG_ECANCELED: it is drained
        take_next(s);
        return;
    }
    s->message = nng_aio_get_msg(s->in);
    s->connection = (uint32_t)nng_pipe_id(nng_msg_get_pipe(s->message));
    s->since_ns = call_now_ns();
    atomic_fetch_add(&w->in_flight, 1);
    if (!unread_answers(w->unread, s->connection, ms_of(s->since_ns))) {
        atomic_fetch_add(&w->ignored, 1);
        forget(s);
        return;
    }
    seat *p = find_seat(w, s);
    for (; p && s; s = next_queued(w, p)) answer(p, s);
}

// What computes for long steps back for what is waited for: on Linux a thread has a priority of its own.
static void step_back(void) {
    (void)setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), WORK_NICE);
}

static void *answer_pool(void *context) {
    seat *p = context;
    work *w = p->work;
    pool *from = &w->pools[p->pace];
    if (p->pace >= CALL_BULK) step_back();
    pthread_mutex_lock(&w->mutex);
    for (;;) {
        slot *s = pop(&from->queue);
        if (!s && w->stopping) break;
        if (!s) {
            pthread_cond_wait(&from->came, &w->mutex);
            continue;
        }
        pthread_mutex_unlock(&w->mutex);
        answer(p, s);
        pthread_mutex_lock(&w->mutex);
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

// ---- Starting and stopping ------------------------------------------------------------------------------------------

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "no memory, or no further thread, for answering requests");
}

static bool say_overloaded(arena *a, tact_str *out) {
    tact_problem p;
    buf text = buf_in(a);
    (void)problem_set(&p, TACT_BUSY, TACT_PROBLEM_OVERLOADED, NULL,
                      "the server has as many requests as it can answer in time; try again later, or elsewhere");
    bool well = msgpack_write(&text, tact_problem_reply(&p, a)) == TACT_OK;
    *out = buf_done(&text);
    return well && out->ptr;
}

static bool open_slot(work *w, slot *s, nng_socket socket) {
    s->work = w;
    if (nng_aio_alloc(&s->in, received, s)) return false;
    if (nng_aio_alloc(&s->out, sent, s) || nng_ctx_open(&s->context, socket)) return false;
    nng_aio_set_timeout(s->in, NNG_DURATION_INFINITE);
    return true;
}

static seat *open_seat(work *w, const work_options *o, call_pace pace) {
    uint32_t number = w->workers + w->threads;
    seat *p = &w->seats[number];
    *p = (seat){.work = w, .pace = pace, .room = REPLY_ROOM};
    call_init(&p->call, o->env, metrics_shard_of(o->counted, number));
    return p;
}

static bool open_pool(work *w, const work_options *o, call_pace pace, uint32_t threads, uint32_t most) {
    w->pools[pace].most = most;
    for (uint32_t i = 0; i < threads; i++, w->threads++) {
        seat *p = open_seat(w, o, pace);
        if (pthread_create(&p->thread, NULL, answer_pool, p)) {
            call_fini(&p->call);
            return false;
        }
    }
    return true;
}

static bool open_seats(work *w, const work_options *o) {
    for (; w->workers < o->workers; w->workers++) {
        seat *p = open_seat(w, o, CALL_QUICK);
        p->next = w->free;
        w->free = p;
    }
    // So many wait at most that there are contexts left for what is quick.
    return open_pool(w, o, CALL_SLOW, o->waiters, o->contexts / 2) &&
           open_pool(w, o, CALL_BULK, WORK_BULK, WORK_BULK_QUEUE) &&
           open_pool(w, o, CALL_HEAVY, WORK_HEAVY, WORK_HEAVY_QUEUE);
}

static bool open_all(work *w, arena *a, const work_options *o) {
    w->slots = arena_zalloc(a, o->contexts * sizeof *w->slots);
    w->seats = arena_zalloc(a, work_seats(o) * sizeof *w->seats);
    w->unread = arena_zalloc(a, sizeof *w->unread);
    if (!w->slots || !w->seats || !w->unread || !say_overloaded(a, &w->overloaded)) return false;
    if (!open_seats(w, o)) return false;
    while (w->slots_count < o->contexts) {
        if (!open_slot(w, &w->slots[w->slots_count++], o->socket)) return false;
    }
    return true;
}

tact_err work_start(arena *a, const work_options *o, work **out, tact_error *error) {
    work *w = ARENA_NEW(a, work);
    if (!w) return no_memory(error);
    w->log = o->env->log;
    w->quick_max = o->queue_max;
    pthread_mutex_init(&w->mutex, NULL);
    for (int i = 0; i < CALL_PACES; i++) pthread_cond_init(&w->pools[i].came, NULL);
    if (!open_all(w, a, o)) {
        work_stop(w);
        return no_memory(error);
    }
    for (uint32_t i = 0; i < w->slots_count; i++) take_next(&w->slots[i]);
    *out = w;
    return TACT_OK;
}

void work_set_queue(work *w, uint32_t queue_max) {
    pthread_mutex_lock(&w->mutex);
    w->quick_max = queue_max;
    pthread_mutex_unlock(&w->mutex);
}

uint32_t work_drain(work *w, uint32_t ms) {
    int64_t until = clock_mono_ms() + ms;
    atomic_store(&w->draining, true);
    for (;;) { // again and again: who has just looked whether it is drained begins to receive only now
        for (uint32_t i = 0; i < w->slots_count; i++) nng_aio_cancel(w->slots[i].in);
        if (atomic_load(&w->resting) == w->slots_count || clock_mono_ms() >= until) break;
        nng_msleep(1);
    }
    nng_msleep(WORK_LINGER_MS);
    return atomic_load(&w->in_flight);
}

// Who answers goes on with what others had queued: no slot may go before the last of those threads is done.
static void close_slots(slot *slots, uint32_t count) {
    for (slot *s = slots; s < slots + count; s++) {
        if (s->in) nng_aio_stop(s->in);
    }
    for (slot *s = slots; s < slots + count; s++) {
        if (s->out) nng_aio_stop(s->out);
    }
    for (slot *s = slots; s < slots + count; s++) {
        if (s->message) nng_msg_free(s->message);
        if (s->in) nng_aio_free(s->in);
        if (s->out) nng_aio_free(s->out);
    }
}

void work_stop(work *w) {
    if (!w) return;
    atomic_store(&w->draining, true);
    pthread_mutex_lock(&w->mutex);
    w->stopping = true;
    for (int i = 0; i < CALL_PACES; i++) pthread_cond_broadcast(&w->pools[i].came);
    pthread_mutex_unlock(&w->mutex);
    for (uint32_t i = 0; i < w->threads; i++) pthread_join(w->seats[w->workers + i].thread, NULL);
    close_slots(w->slots, w->slots_count);
    for (uint32_t i = 0; i < w->workers + w->threads; i++) call_fini(&w->seats[i].call);
    for (int i = 0; i < CALL_PACES; i++) pthread_cond_destroy(&w->pools[i].came);
    pthread_mutex_destroy(&w->mutex);
}

void work_gauges(work *w, metrics_gauges *g) {
    g->in_flight = atomic_load(&w->in_flight);
    g->shed_total = atomic_load(&w->shed);
    g->dropped_total = atomic_load(&w->dropped);
    g->ignored_total = atomic_load(&w->ignored);
    pthread_mutex_lock(&w->mutex);
    g->waiting = w->quick.count;
    for (int i = 0; i < CALL_PACES; i++) g->waiting += w->pools[i].queue.count;
    pthread_mutex_unlock(&w->mutex);
}
