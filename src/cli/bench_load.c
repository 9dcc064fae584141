// SPDX-License-Identifier: Apache-2.0
//
// Load on raw NNG: a REQ socket for each connection, and contexts on it for what is in flight. Subtle: with a rate,
// latency is counted from when a request was to go out, not from when it did, so that whatever stalls (the server, the
// network, this program) counts against everything behind it, and not just against what it caught in flight.
#include "cli/bench_load.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "base/clock.h"
#include "base/err.h"
#include "client/message.h"
#include "wire/msgpack.h"

enum {
    DRAIN_MS = 5000, // that answers may take after the end of a run
    TOLD_NS = 1000000000,
    ECHO_HEAD = 4, // bytes of a request that say how many an echo is to answer
    NUMBER_MAX = 20,
    RECONNECT_MS = 10,
    RECONNECT_MAX_MS = 100,
};

typedef struct slot { // one request at a time
    load *of;
    nng_ctx ctx;
    nng_aio *aio;
    arena memory; // of replies that are looked at
    uint64_t from_ns, random;
    bool receiving;
} slot;

struct load {
    arena memory;
    load_options options;
    nng_socket *sockets;
    uint32_t sockets_count;
    slot *slots;
    uint32_t slots_count;
    slot **idle; // a ring, so that connections take turns
    uint32_t idle_at, idle_count;
    pthread_mutex_t lock; // of the ring, and of the errors
    pthread_cond_t came_back;
    _Atomic uint64_t until_ns; // without a rate: nothing is sent after it
    load_result result;
};

static uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static struct timespec moment(uint64_t ns) {
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
}

// splitmix64, public domain: http://prng.di.unimi.it/splitmix64.c
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

// ---- Requests -------------------------------------------------------------------------------------------------------

static nng_msg *make_request(slot *s) {
    const load_request *r = &s->of->options.request;
    char tail[1 + NUMBER_MAX + 1];
    size_t len = 0;
    nng_msg *m;
    if (r->persons) { // a MessagePack string of fewer than 32 bytes
        const uint64_t person = r->first + next_random(&s->random) % r->persons;
        len = 1 + (size_t)snprintf(tail + 1, sizeof tail - 1, "%llu", (unsigned long long)person);
        tail[0] = (char)(0xa0 | (len - 1));
    }
    if (nng_msg_alloc(&m, r->before.len + len)) return NULL;
    char *body = nng_msg_body(m);
    memcpy(body, r->before.ptr, r->before.len);
    memcpy(body + r->before.len, tail, len);
    for (int i = 0; s->of->options.echo && i < ECHO_HEAD; i++) {
        body[i] = (char)(s->of->options.echo >> 8 * (ECHO_HEAD - 1 - i));
    }
    return m;
}

static void count_error(load *l, const char *code) {
    load_result *r = &l->result;
    pthread_mutex_lock(&l->lock);
    uint32_t i = 0;
    while (i < r->codes && strcmp(r->errors[i].code, code) != 0) i++;
    if (i == r->codes && r->codes < LOAD_CODES) {
        (void)snprintf(r->errors[r->codes++].code, LOAD_CODE, "%.*s", LOAD_CODE - 1, code);
    }
    if (i == LOAD_CODES) i--; // of more kinds than there is room for, the last stands for the rest
    r->errors[i].count++;
    pthread_mutex_unlock(&l->lock);
}

// Most replies say at their very beginning that they are right: {ok: true, …}.
static bool is_right(tact_str reply) {
    const unsigned char *b = (const unsigned char *)reply.ptr;
    return reply.len >= 5 && (b[0] & 0xf0) == 0x80 && memcmp(b + 1, "\xa2ok\xc3", 4) == 0;
}

// Whether it is what was asked for; what it is else is counted.
static bool look_at(slot *s, tact_str reply) {
    tact_value v;
    tact_problem problem;
    if (s->of->options.echo) {
        bool right = reply.len == s->of->options.echo;
        if (!right) count_error(s->of, "wrong_size");
        return right;
    }
    if (is_right(reply)) return true;
    tact_err err = message_read(&s->memory, reply, &v, &problem);
    if (err) count_error(s->of, tact_problem_code(&problem));
    tact_arena_reset(&s->memory);
    return !err;
}

static void start(slot *s, uint64_t from_ns);

static void come_back(slot *s) {
    load *l = s->of;
    pthread_mutex_lock(&l->lock);
    l->idle[(l->idle_at + l->idle_count++) % l->slots_count] = s;
    pthread_cond_signal(&l->came_back);
    pthread_mutex_unlock(&l->lock);
}

static void end(slot *s) {
    const uint64_t now = now_ns();
    if (now < s->of->until_ns) {
        start(s, now);
    } else {
        come_back(s);
    }
}

static void proceed(void *of) {
    slot *s = of;
    int fault = nng_aio_result(s->aio);
    if (fault) {
        if (!s->receiving) nng_msg_free(nng_aio_get_msg(s->aio));
        count_error(s->of, fault == NNG_ETIMEDOUT ? "timed_out" : nng_strerror(fault));
        end(s);
    } else if (s->receiving) {
        nng_msg *m = nng_aio_get_msg(s->aio);
        const uint64_t now = now_ns();
        if (look_at(s, (tact_str){nng_msg_body(m), nng_msg_len(m)})) {
            histogram_add_shared(&s->of->result.latency, now - s->from_ns);
        }
        nng_msg_free(m);
        end(s);
    } else {
        s->receiving = true;
        nng_ctx_recv(s->ctx, s->aio);
    }
}

static void start(slot *s, uint64_t from_ns) {
    nng_msg *m = make_request(s);
    if (!m) {
        count_error(s->of, "no_memory");
        come_back(s);
        return;
    }
    s->from_ns = from_ns;
    s->receiving = false;
    nng_aio_set_msg(s->aio, m);
    nng_ctx_send(s->ctx, s->aio);
}

// ---- Runs -----------------------------------------------------------------------------------------------------------

// One that is idle by then, or NULL.
static slot *take(load *l, uint64_t until_ns) {
    const struct timespec until = moment(until_ns);
    int over = 0;
    slot *s = NULL;
    pthread_mutex_lock(&l->lock);
    while (!l->idle_count && !over) over = pthread_cond_timedwait(&l->came_back, &l->lock, &until);
    if (l->idle_count) {
        s = l->idle[l->idle_at];
        l->idle_at = (l->idle_at + 1) % l->slots_count;
        l->idle_count--;
    }
    pthread_mutex_unlock(&l->lock);
    return s;
}

// Waits until all are idle; those that are not by then are given up.
static void drain(load *l) {
    const struct timespec until = moment(now_ns() + (uint64_t)DRAIN_MS * 1000000);
    int over = 0;
    pthread_mutex_lock(&l->lock);
    while (l->idle_count < l->slots_count && !over) over = pthread_cond_timedwait(&l->came_back, &l->lock, &until);
    pthread_mutex_unlock(&l->lock);
    for (uint32_t i = 0; over && i < l->slots_count; i++) nng_aio_abort(l->slots[i].aio, NNG_ETIMEDOUT);
    for (uint32_t i = 0; over && i < l->slots_count; i++) nng_aio_wait(l->slots[i].aio);
}

typedef struct teller {
    void (*told)(void *context, const load_result *r);
    void *context;
    uint64_t next_ns;
} teller;

static void tell(const load *l, teller *t, uint64_t now) {
    if (!t->told || now < t->next_ns) return;
    t->told(t->context, &l->result);
    t->next_ns = now + TOLD_NS;
}

static void run_by_schedule(load *l, uint64_t from, uint64_t to, teller *t) {
    const uint64_t count = (uint64_t)((double)(to - from) / 1e9 * l->options.rate + 0.5);
    l->until_ns = 0;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t due = from + (uint64_t)((double)i * 1e9 / l->options.rate);
        const struct timespec at = moment(due);
        if (now_ns() < due) {
            (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
            const uint64_t now = now_ns();
            if (now > due + l->result.late_ns) l->result.late_ns = now - due; // a signal may wake it early
        }
        tell(l, t, due);
        slot *s = take(l, to);
        if (!s) {
            l->result.unsent += count - i;
            return;
        }
        start(s, due);
    }
    const struct timespec end = moment(to); // the last one has its time too, so that the rate is the one asked for
    (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL);
}

static void run_by_answers(load *l, uint64_t to, teller *t) {
    l->until_ns = to;
    for (slot *s; l->idle_count && (s = take(l, to));) start(s, now_ns());
    for (uint64_t now = now_ns(); now < to; now = now_ns()) {
        const struct timespec at = moment(now + TOLD_NS / 10 < to ? now + TOLD_NS / 10 : to);
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        tell(l, t, now);
    }
}

void load_run(load *l, double seconds, void (*told)(void *context, const load_result *r), void *context) {
    const uint64_t from = now_ns(), to = from + (uint64_t)(seconds * 1e9);
    teller t = {told, context, from + TOLD_NS};
    prctl(PR_SET_TIMERSLACK, 1); // nanoseconds, instead of 50,000
    if (l->options.rate > 0) {
        run_by_schedule(l, from, to, &t);
    } else {
        run_by_answers(l, to, &t);
    }
    drain(l);
    l->result.seconds += (double)(now_ns() - from) / 1e9;
}

void load_forget(load *l) {
    histogram_clear(&l->result.latency);
    l->result.seconds = 0;
    l->result.late_ns = 0;
    l->result.unsent = l->result.codes = 0;
    memset(l->result.errors, 0, sizeof l->result.errors);
}

const load_result *load_results(const load *l) {
    return &l->result;
}

uint64_t load_errors(const load_result *r) {
    uint64_t all = r->unsent;
    for (uint32_t i = 0; i < r->codes; i++) all += r->errors[i].count;
    return all;
}

tact_err load_try(load *l, arena *a, uint32_t wait_ms, tact_str *reply, tact_error *error) {
    for (uint32_t i = 0; i < l->sockets_count; i++) {
        slot *s = &l->slots[i]; // connections take turns
        nng_msg *m = make_request(s);
        if (!m) return err_set(error, TACT_NO_MEMORY, "no memory for a request");
        int fault = nng_socket_set_ms(l->sockets[i], NNG_OPT_SENDTIMEO, (nng_duration)wait_ms);
        if (!fault) fault = nng_socket_set_ms(l->sockets[i], NNG_OPT_RECVTIMEO, (nng_duration)wait_ms);
        if (!fault) fault = nng_sendmsg(l->sockets[i], m, 0);
        if (fault) nng_msg_free(m);
        if (!fault) fault = nng_recvmsg(l->sockets[i], &m, 0);
        if (fault) {
            return err_set(error, TACT_BUSY, "no server answers at %s within %u ms (%s)", l->options.url, wait_ms,
                           nng_strerror(fault));
        }
        *reply = (tact_str){arena_copy(a, nng_msg_body(m), nng_msg_len(m)), nng_msg_len(m)};
        nng_msg_free(m);
        if (!reply->ptr) return err_set(error, TACT_NO_MEMORY, "no memory for a reply");
        tact_value v;
        tact_problem problem;
        tact_err err = l->options.echo ? TACT_OK : message_read(a, *reply, &v, &problem);
        if (err) return err_set(error, err, "%s: %s", l->options.url, problem.text);
    }
    return TACT_OK;
}

// ---- Opening --------------------------------------------------------------------------------------------------------

static int open_socket(load *l) {
    nng_socket *s = &l->sockets[l->sockets_count];
    nng_dialer d;
    int fault = nng_req0_open(s);
    if (fault) return fault;
    l->sockets_count++;
    fault = nng_socket_set_ms(*s, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE); // an error is an error
    if (!fault) fault = nng_socket_set_ms(*s, NNG_OPT_RECONNMINT, RECONNECT_MS);
    if (!fault) fault = nng_socket_set_ms(*s, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (!fault) fault = nng_socket_set_size(*s, NNG_OPT_RECVMAXSZ, MSGPACK_BYTES_MAX);
    if (!fault) fault = nng_dialer_create(&d, *s, l->options.url);
    if (!fault && l->options.tls_ca) fault = nng_dialer_set_string(d, NNG_OPT_TLS_CA_FILE, l->options.tls_ca);
    if (!fault && l->options.tls_cert) fault = nng_dialer_set_string(d, NNG_OPT_TLS_CERT_KEY_FILE, l->options.tls_cert);
    return fault ? fault : nng_dialer_start(d, NNG_FLAG_NONBLOCK);
}

static int open_slot(load *l, nng_socket socket) {
    slot *s = &l->slots[l->slots_count];
    s->of = l;
    s->random = l->options.request.seed + l->slots_count;
    int fault = nng_ctx_open(&s->ctx, socket);
    if (!fault) fault = nng_aio_alloc(&s->aio, proceed, s);
    if (fault) return fault;
    nng_aio_set_timeout(s->aio, NNG_DURATION_INFINITE); // a slow answer is measured, not given up
    arena_init(&s->memory, 0);
    l->idle[l->slots_count++] = s;
    return 0;
}

tact_err load_open(const load_options *o, load **out, tact_error *error) {
    const uint32_t slots = o->connections * o->in_flight;
    arena memory;
    arena_init(&memory, 0);
    load *l = ARENA_NEW(&memory, load);
    if (!l) return err_set(error, TACT_NO_MEMORY, "no memory for %u requests", slots);
    l->options = *o;
    l->sockets = arena_zalloc(&memory, o->connections * sizeof *l->sockets);
    l->slots = arena_zalloc(&memory, slots * sizeof *l->slots);
    l->idle = arena_zalloc(&memory, slots * sizeof *l->idle);
    int fault = l->sockets && l->slots && l->idle ? 0 : NNG_ENOMEM;
    l->memory = memory;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->came_back, &monotonic);
    pthread_condattr_destroy(&monotonic);
    for (uint32_t i = 0; i < o->connections && !fault; i++) fault = open_socket(l);
    for (uint32_t i = 0; i < slots && !fault; i++) fault = open_slot(l, l->sockets[i % o->connections]);
    l->idle_count = l->slots_count;
    if (!fault) {
        *out = l;
        return TACT_OK;
    }
    load_close(l);
    return err_set(error, fault == NNG_ENOMEM ? TACT_NO_MEMORY : TACT_INVALID, "%s: %s", o->url, nng_strerror(fault));
}

void load_close(load *l) {
    if (!l) return;
    for (uint32_t i = 0; i < l->sockets_count; i++) nng_close(l->sockets[i]);
    for (uint32_t i = 0; i < l->slots_count; i++) {
        nng_aio_wait(l->slots[i].aio);
        nng_aio_free(l->slots[i].aio);
        arena_fini(&l->slots[i].memory);
    }
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->came_back);
    arena memory = l->memory; // which the load lies in
    arena_fini(&memory);
}
