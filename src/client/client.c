// SPDX-License-Identifier: Apache-2.0
//
// Servers over NNG: one REQ socket with a dialer for each connection to each URL, and a pool of calls. A call is an aio
// that first sends and then receives. Subtle: NNG itself sends a request again when its connection is lost, if the
// context has a resend time, so a call has two contexts, of which one never does; a resend time that ran out on its own
// would double the load of servers that are slow already, hence AGAIN_MS. Timeouts are the aio's, first for sending and
// then, what is left of it, for receiving; an aio that ended leaves its context as new (protocol/reqrep0/req.c of 1.5).
#include "tact/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>

#include "base/arena.h"
#include "base/clock.h"
#include "client/message.h"
#include "client/reach.h"
#include "wire/msgpack.h"
#include "wire/problem.h"

enum {
    CONNECTIONS = 1,
    CONNECTIONS_MAX = 1024,
    URLS_MAX = 1024,
    IN_FLIGHT = 256,
    IN_FLIGHT_MAX = 1 << 16,
    DEADLINE_MS = 1000,
    DEADLINE_MAX_MS = 24 * 3600 * 1000,
    AGAIN_MS = DEADLINE_MAX_MS, // longer than any call takes: only a lost connection has a request sent again
    RECONNECT_MIN_MS = 10,
    RECONNECT_MAX_MS = 1000,
    SCRATCH_KEPT = 1 << 20, // bytes that a call keeps for the next one
    REACH_STEP_MS = 5,      // NNG tells of a failure only if it is asked
    // Of closing:
    QUIET_MS = 100,  // no answer for so long: none is on its way
    DRAIN_MS = 2000, // answers come all the time: enough of them
    ABORT_MS = 5,    // a call may be between sending and receiving, where nothing ends it: again, then
    CLOSE_MS = 2000, // takes a few ms, if it ends at all
};

typedef struct call call;

struct call {
    tact_client *client;
    call *next; // of those that are free
    nng_ctx once, again, *ctx;
    nng_aio *aio;
    arena memory; // of the request, and of a reply that is heard
    bool receiving;
    uint32_t deadline_ms;
    int64_t until_ms;
    nng_msg *reply;           // when it ended
    int fault;                // NNG's; 0: there is a reply
    tact_client_heard *heard; // NULL: somebody waits
    void *context;
    pthread_mutex_t lock; // for whoever waits
    pthread_cond_t ended;
    bool is_over;
};

struct tact_client {
    arena memory; // everything that lives as long as the client
    nng_socket socket;
    reach_server *servers; // one for each URL
    size_t servers_count;
    const char *urls, *token; // `urls`: all, with commas, for texts
    uint32_t deadline_ms, in_flight;
    call *calls;
    uint32_t calls_count;
    _Atomic uint32_t connected; // connections that are up
    pthread_mutex_t lock;       // of what follows
    pthread_cond_t turn;
    call *free;
    uint32_t busy;                       // calls that are not free
    bool is_closing, is_closed, is_left; // left: to the thread that closes it
};

// ---- Problems -------------------------------------------------------------------------------------------------------

static tact_err unreachable(const tact_client *c, uint32_t ms, tact_problem *problem) {
    reach_text why;
    (void)reach_why(c->servers, c->servers_count, &why);
    return problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL, "no server can be reached within %u ms: %s",
                       ms, why.text);
}

static tact_err unanswered(const tact_client *c, const call *one, tact_problem *problem) {
    switch (one->fault) {
    case NNG_ENOMEM: return problem_no_memory(problem);
    case NNG_ECLOSED:
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL, "the client is being closed");
    case NNG_ETIMEDOUT:
        if (!c->connected) return unreachable(c, one->deadline_ms, problem);
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_TIMED_OUT, NULL, "no answer from %s within %u ms", c->urls,
                           one->deadline_ms);
    default:
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL,
                           "the connection was lost before an answer came (%s): whether it was done is not known, so "
                           "it was not sent again",
                           nng_strerror(one->fault));
    }
}

// ---- Calls ----------------------------------------------------------------------------------------------------------

// An absolute time of CLOCK_MONOTONIC, on which the conditions wait.
static struct timespec moment(int64_t ms) {
    return (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
}

// A call that is free by then, or NULL; `until_ms` 0: by now.
static call *take(tact_client *c, int64_t until_ms) {
    const struct timespec until = moment(until_ms);
    int over = until_ms ? 0 : 1;
    pthread_mutex_lock(&c->lock);
    while (!c->free && !over) over = pthread_cond_timedwait(&c->turn, &c->lock, &until);
    call *one = c->is_closing ? NULL : c->free;
    if (one) {
        c->free = one->next;
        c->busy++;
    }
    pthread_mutex_unlock(&c->lock);
    return one;
}

static void give_back(call *one) {
    tact_client *c = one->client;
    arena_reset_keeping(&one->memory, SCRATCH_KEPT);
    pthread_mutex_lock(&c->lock);
    one->next = c->free;
    c->free = one;
    c->busy--;
    pthread_cond_signal(&c->turn);
    pthread_mutex_unlock(&c->lock);
}

static void tell(call *one) {
    tact_problem problem;
    tact_value reply = tact_null();
    nng_msg *m = one->reply;
    tact_err err = m ? message_read(&one->memory, (tact_str){nng_msg_body(m), nng_msg_len(m)}, &reply, &problem)
                     : unanswered(one->client, one, &problem);
    one->heard(one->context, err, err ? tact_null() : reply, err ? &problem : NULL);
    if (m) nng_msg_free(m);
    give_back(one);
}

static void end(call *one, int fault, nng_msg *reply) {
    one->fault = fault;
    one->reply = reply;
    if (one->heard) {
        tell(one);
        return;
    }
    pthread_mutex_lock(&one->lock);
    one->is_over = true;
    pthread_cond_signal(&one->ended);
    pthread_mutex_unlock(&one->lock);
}

// What is left of a call's time, for NNG.
static nng_duration left(const call *one) {
    int64_t ms = one->until_ms - clock_mono_ms();
    return ms > 0 ? (nng_duration)ms : 0;
}

// Of a call's aio: something was sent, was received, or went wrong.
static void proceed(void *of) {
    call *one = of;
    int fault = nng_aio_result(one->aio);
    if (fault) {
        if (!one->receiving) nng_msg_free(nng_aio_get_msg(one->aio)); // which is ours still
        end(one, fault, NULL);
    } else if (one->receiving) {
        end(one, 0, nng_aio_get_msg(one->aio));
    } else {
        one->receiving = true;
        nng_aio_set_timeout(one->aio, left(one));
        nng_ctx_recv(*one->ctx, one->aio);
    }
}

static tact_err begin(call *one, tact_value request, tact_problem *problem) {
    const tact_client *c = one->client;
    const nng_duration time = left(one);
    const message_extras extras = {c->token ? tact_str_from(c->token) : (tact_str){NULL, 0}, (uint64_t)time * 1000};
    buf out = buf_in(&one->memory);
    nng_msg *m;
    bool again;
    tact_err err = message_write(&out, request, &extras, &again, problem);
    tact_str bytes = buf_done(&out);
    if (err) return err;
    if (!bytes.ptr || nng_msg_alloc(&m, bytes.len)) return problem_no_memory(problem);
    memcpy(nng_msg_body(m), bytes.ptr, bytes.len);
    one->ctx = again ? &one->again : &one->once;
    one->receiving = one->is_over = false;
    nng_aio_set_msg(one->aio, m);
    nng_aio_set_timeout(one->aio, time);
    nng_ctx_send(*one->ctx, one->aio);
    return TACT_OK;
}

static int64_t deadline_of(const tact_client *c, uint32_t *ms) {
    if (!*ms) *ms = c->deadline_ms;
    if (*ms > DEADLINE_MAX_MS) *ms = DEADLINE_MAX_MS;
    return clock_mono_ms() + *ms;
}

tact_err tact_client_call(tact_client *client, tact_value request, uint32_t deadline_ms, tact_arena *a,
                          tact_value *reply, tact_problem *problem) {
    const int64_t until_ms = deadline_of(client, &deadline_ms);
    call *one = take(client, until_ms);
    if (!one) {
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_OVERLOADED, NULL,
                           "%u requests wait for their answers already, and none ended within %u ms", client->in_flight,
                           deadline_ms);
    }
    one->heard = NULL;
    one->deadline_ms = deadline_ms;
    one->until_ms = until_ms;
    tact_err err = begin(one, request, problem);
    if (!err) {
        pthread_mutex_lock(&one->lock);
        while (!one->is_over) pthread_cond_wait(&one->ended, &one->lock);
        pthread_mutex_unlock(&one->lock);
        if (one->reply) {
            const size_t len = nng_msg_len(one->reply);
            const char *bytes = arena_copy(a, nng_msg_body(one->reply), len);
            nng_msg_free(one->reply);
            err = bytes ? message_read(a, (tact_str){bytes, len}, reply, problem) : problem_no_memory(problem);
        } else {
            err = unanswered(client, one, problem);
        }
    }
    give_back(one);
    return err;
}

tact_err tact_client_send(tact_client *client, tact_value request, uint32_t deadline_ms, tact_client_heard *heard,
                          void *context, tact_problem *problem) {
    const int64_t until_ms = deadline_of(client, &deadline_ms);
    call *one = take(client, 0);
    if (!one) {
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_OVERLOADED, NULL,
                           "%u requests wait for their answers already", client->in_flight);
    }
    one->heard = heard;
    one->context = context;
    one->deadline_ms = deadline_ms;
    one->until_ms = until_ms;
    tact_err err = begin(one, request, problem);
    if (err) give_back(one);
    return err;
}

// ---- Opening --------------------------------------------------------------------------------------------------------

// NNG's mbedTLS knows no system's certificates, so these are looked for where systems keep them.
static const char *const authorities[] = {
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",             // SUSE
    "/etc/ssl/cert.pem",                  // BSD, macOS
};

static const char *find_authorities(void) {
    for (size_t i = 0; i < sizeof authorities / sizeof *authorities; i++) {
        if (access(authorities[i], R_OK) == 0) return authorities[i];
    }
    return NULL;
}

static tact_err bad_url(const char *url, int fault, tact_problem *problem) {
    if (fault == NNG_ENOMEM) return problem_no_memory(problem);
    return problem_set(problem, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, NULL,
                       "`%s` is no address of a server such as tcp://127.0.0.1:7420 (%s)", url, nng_strerror(fault));
}

static tact_err set_tls(nng_dialer d, const tact_client_options *o, tact_problem *problem) {
    const char *trusted = o->tls_ca ? o->tls_ca : find_authorities();
    if (!trusted) {
        return problem_set(problem, TACT_IO, TACT_PROBLEM_NONE, NULL,
                           "the system's certificates are nowhere to be found; name a file of those to be trusted");
    }
    int fault = nng_dialer_set_string(d, NNG_OPT_TLS_CA_FILE, trusted);
    if (fault) {
        return problem_set(problem, TACT_IO, TACT_PROBLEM_NONE, NULL, "%s: no certificates can be read from it (%s)",
                           trusted, nng_strerror(fault));
    }
    if (o->tls_cert) fault = nng_dialer_set_string(d, NNG_OPT_TLS_CERT_KEY_FILE, o->tls_cert);
    if (!fault) return TACT_OK;
    return problem_set(problem, TACT_IO, TACT_PROBLEM_NONE, NULL,
                       "%s: no certificate with its key can be read from it (%s)", o->tls_cert, nng_strerror(fault));
}

static tact_err dial(tact_client *c, const char *url, const tact_client_options *o, nng_dialer *d,
                     tact_problem *problem) {
    const bool tls = strncmp(url, "tls+", 4) == 0 || strncmp(url, "wss", 3) == 0;
    int fault = nng_dialer_create(d, c->socket, url);
    if (fault) return bad_url(url, fault, problem);
    tact_err err = tls ? set_tls(*d, o, problem) : TACT_OK;
    if (err) return err;
    fault = nng_dialer_start(*d, NNG_FLAG_NONBLOCK);
    return fault ? bad_url(url, fault, problem) : TACT_OK;
}

static void count_connection(nng_pipe pipe, nng_pipe_ev event, void *of) {
    tact_client *c = of;
    (void)pipe;
    if (event == NNG_PIPE_EV_ADD_POST) {
        atomic_fetch_add(&c->connected, 1);
    } else {
        atomic_fetch_sub(&c->connected, 1);
    }
}

static int open_socket(tact_client *c) {
    int fault = nng_req0_open(&c->socket);
    if (fault) return fault;
    fault = nng_socket_set_ms(c->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    if (!fault) fault = nng_socket_set_ms(c->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (!fault) fault = nng_socket_set_size(c->socket, NNG_OPT_RECVMAXSZ, MSGPACK_BYTES_MAX);
    if (!fault) fault = nng_pipe_notify(c->socket, NNG_PIPE_EV_ADD_POST, count_connection, c);
    if (!fault) fault = nng_pipe_notify(c->socket, NNG_PIPE_EV_REM_POST, count_connection, c);
    return fault;
}

// Counts a call once it is whole, so that closing knows which are.
static int add_call(tact_client *c, pthread_condattr_t *monotonic) {
    call *one = &c->calls[c->calls_count];
    one->client = c;
    int fault = nng_aio_alloc(&one->aio, proceed, one);
    if (fault) return fault;
    fault = nng_ctx_open(&one->once, c->socket);
    if (!fault) fault = nng_ctx_open(&one->again, c->socket);
    if (!fault) fault = nng_ctx_set_ms(one->once, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
    if (!fault) fault = nng_ctx_set_ms(one->again, NNG_OPT_REQ_RESENDTIME, AGAIN_MS);
    if (fault) { // contexts go with the socket
        nng_aio_free(one->aio);
        return fault;
    }
    arena_init(&one->memory, 0);
    pthread_mutex_init(&one->lock, NULL);
    pthread_cond_init(&one->ended, monotonic);
    one->next = c->free;
    c->free = one;
    c->calls_count++;
    return 0;
}

static const char *join(arena *a, const char *const *urls, size_t count) {
    buf out = buf_in(a);
    for (size_t i = 0; i < count; i++) {
        if (i) buf_add_text(&out, ", ");
        buf_add_text(&out, urls[i]);
    }
    return buf_done(&out).ptr;
}

static tact_err set_up(tact_client *c, const char *const *urls, size_t count, const tact_client_options *o,
                       pthread_condattr_t *monotonic, tact_problem *problem) {
    const uint32_t connections = o->connections ? o->connections : CONNECTIONS;
    int fault = 0;
    c->deadline_ms = o->deadline_ms ? o->deadline_ms : DEADLINE_MS;
    c->in_flight = o->in_flight ? o->in_flight : IN_FLIGHT;
    c->urls = join(&c->memory, urls, count);
    c->calls = arena_zalloc(&c->memory, (size_t)c->in_flight * sizeof *c->calls);
    c->servers = arena_zalloc(&c->memory, count * sizeof *c->servers);
    c->token = o->token ? arena_copy(&c->memory, o->token, strlen(o->token)) : NULL;
    if (!c->urls || !c->calls || !c->servers || (o->token && !c->token)) return problem_no_memory(problem);
    for (uint32_t i = 0; i < c->in_flight && !fault; i++) fault = add_call(c, monotonic);
    if (fault) return problem_no_memory(problem);
    for (uint32_t n = 0; n < connections; n++) {
        for (size_t i = 0; i < count; i++) {
            reach_server *one = &c->servers[i]; // of its connections the last: all fare alike
            tact_err err = dial(c, urls[i], o, &one->dialer, problem);
            if (err) return err;
            one->url = arena_copy(&c->memory, urls[i], strlen(urls[i]));
            if (!one->url) return problem_no_memory(problem);
        }
    }
    c->servers_count = count;
    return TACT_OK;
}

tact_err tact_client_open(const char *const *urls, size_t count, const tact_client_options *options, tact_client **out,
                          tact_problem *problem) {
    const tact_client_options o = options ? *options : (tact_client_options){.token = NULL};
    arena memory;
    if (!count || count > URLS_MAX || o.connections > CONNECTIONS_MAX || o.in_flight > IN_FLIGHT_MAX) {
        return problem_set(
            problem, TACT_INVALID, TACT_PROBLEM_TOO_MUCH, NULL,
            "a client takes 1 to %d addresses, at most %d connections to each, and %d requests in flight", URLS_MAX,
            CONNECTIONS_MAX, IN_FLIGHT_MAX);
    }
    arena_init(&memory, 0);
    tact_client *c = ARENA_NEW(&memory, tact_client);
    if (!c || open_socket(c)) {
        if (c && c->socket.id) nng_close(c->socket);
        arena_fini(&memory);
        return problem_no_memory(problem);
    }
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->turn, &monotonic);
    c->memory = memory;
    tact_err err = set_up(c, urls, count, &o, &monotonic, problem);
    pthread_condattr_destroy(&monotonic);
    if (err) {
        tact_client_close(c);
        return err;
    }
    *out = c;
    return TACT_OK;
}

tact_err tact_client_reach(tact_client *client, uint32_t ms, tact_problem *problem) {
    const int64_t until_ms = deadline_of(client, &ms);
    while (!client->connected) {
        reach_text why;
        if (reach_why(client->servers, client->servers_count, &why)) {
            return problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL, "no server can be reached: %s",
                               why.text);
        }
        if (clock_mono_ms() >= until_ms) return unreachable(client, ms, problem);
        (void)nanosleep(&(struct timespec){.tv_nsec = REACH_STEP_MS * 1000000}, NULL);
    }
    return TACT_OK;
}

// ---- Closing --------------------------------------------------------------------------------------------------------

// Waits for a turn, with the lock; false: none came in so many milliseconds.
static bool wait_turn(tact_client *c, int64_t ms) {
    const struct timespec until = moment(clock_mono_ms() + ms);
    return pthread_cond_timedwait(&c->turn, &c->lock, &until) == 0;
}

// Until nothing more is answered.
static void drain(tact_client *c) {
    const int64_t until_ms = clock_mono_ms() + DRAIN_MS;
    while (c->busy && c->connected && clock_mono_ms() < until_ms && wait_turn(c, QUIET_MS)) continue;
}

static void abort_calls(tact_client *c) {
    while (c->busy) {
        pthread_mutex_unlock(&c->lock);
        for (uint32_t i = 0; i < c->calls_count; i++) nng_aio_abort(c->calls[i].aio, NNG_ECLOSED);
        pthread_mutex_lock(&c->lock);
        if (c->busy) (void)wait_turn(c, ABORT_MS);
    }
}

static void free_client(tact_client *c) {
    pthread_mutex_destroy(&c->lock);
    pthread_cond_destroy(&c->turn);
    arena memory = c->memory; // which the client lies in
    arena_fini(&memory);
}

static void *close_socket(void *of) {
    tact_client *c = of;
    nng_close(c->socket);
    pthread_mutex_lock(&c->lock);
    c->is_closed = true;
    const bool is_left = c->is_left;
    pthread_cond_signal(&c->turn);
    pthread_mutex_unlock(&c->lock);
    if (is_left) free_client(c);
    return NULL;
}

void tact_client_close(tact_client *client) {
    pthread_t closer;
    if (!client) return;
    pthread_mutex_lock(&client->lock);
    client->is_closing = true; // whoever hears of an end now cannot begin anew
    drain(client);
    abort_calls(client);
    pthread_mutex_unlock(&client->lock);
    for (uint32_t i = 0; i < client->calls_count; i++) {
        call *one = &client->calls[i];
        nng_aio_free(one->aio); // after its end was heard
        arena_fini(&one->memory);
        pthread_mutex_destroy(&one->lock);
        pthread_cond_destroy(&one->ended);
    }
    if (pthread_create(&closer, NULL, close_socket, client)) {
        (void)close_socket(client); // no thread can be had: so it has to be this one
        free_client(client);
        return;
    }
    const int64_t until_ms = clock_mono_ms() + CLOSE_MS;
    pthread_mutex_lock(&client->lock);
    for (int64_t ms = CLOSE_MS; !client->is_closed && ms > 0; ms = until_ms - clock_mono_ms()) {
        (void)wait_turn(client, ms);
    }
    client->is_left = !client->is_closed;
    const bool is_left = client->is_left;
    pthread_mutex_unlock(&client->lock);
    if (is_left) {
        pthread_detach(closer);
    } else {
        pthread_join(closer, NULL);
        free_client(client);
    }
}
