// SPDX-License-Identifier: Apache-2.0
//
// A socket, its dialers and its contexts, with the time at which something was last heard. Subtle: nng_close may never
// return, and NNG then still looks at all of this, so it lies in memory of its own, which belongs to the thread that
// closes, once nobody waits for that thread any more.
#include "client/uplink.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <nng/protocol/reqrep0/req.h>

#include "base/clock.h"
#include "wire/msgpack.h"
#include "wire/problem.h"

enum {
    AGAIN_MS = 24 * 3600 * 1000, // longer than any call takes: only a lost connection has a request sent again
    RECONNECT_MIN_MS = 10,
    RECONNECT_MAX_MS = 1000,
};

typedef struct contexts {
    nng_ctx once, again;
} contexts;

struct uplink {
    arena memory;
    nng_socket socket;
    contexts *contexts;    // one for each call
    reach_server *servers; // one for each URL
    size_t servers_count;
    _Atomic uint32_t held, connected;
    _Atomic int64_t heard_ms;
    _Atomic bool answered;
    pthread_mutex_t lock; // of closing
    pthread_cond_t done;
    bool is_closed, is_left; // left: to the thread that closes it
};

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

static tact_err set_tls(nng_dialer d, const uplink_options *o, tact_problem *problem) {
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

static tact_err dial(uplink *u, const char *url, const uplink_options *o, nng_dialer *d, tact_problem *problem) {
    const bool tls = strncmp(url, "tls+", 4) == 0 || strncmp(url, "wss", 3) == 0;
    int fault = nng_dialer_create(d, u->socket, url);
    if (fault) return bad_url(url, fault, problem);
    tact_err err = tls ? set_tls(*d, o, problem) : TACT_OK;
    if (err) return err;
    fault = nng_dialer_start(*d, NNG_FLAG_NONBLOCK);
    return fault ? bad_url(url, fault, problem) : TACT_OK;
}

static tact_err dial_all(uplink *u, const uplink_options *o, tact_problem *problem) {
    for (uint32_t n = 0; n < o->connections; n++) {
        for (size_t i = 0; i < o->urls_count; i++) {
            reach_server *one = &u->servers[i]; // of its connections the last: all fare alike
            one->url = o->urls[i];
            tact_err err = dial(u, one->url, o, &one->dialer, problem);
            if (err) return err;
        }
    }
    u->servers_count = o->urls_count;
    return TACT_OK;
}

static void count_connection(nng_pipe pipe, nng_pipe_ev event, void *of) {
    uplink *u = of;
    (void)pipe;
    if (event == NNG_PIPE_EV_ADD_POST) {
        atomic_store(&u->heard_ms, clock_mono_ms());
        atomic_fetch_add(&u->connected, 1);
    } else {
        atomic_fetch_sub(&u->connected, 1);
    }
}

static int set_socket(uplink *u) {
    int fault = nng_socket_set_ms(u->socket, NNG_OPT_RECONNMINT, RECONNECT_MIN_MS);
    if (!fault) fault = nng_socket_set_ms(u->socket, NNG_OPT_RECONNMAXT, RECONNECT_MAX_MS);
    if (!fault) fault = nng_socket_set_size(u->socket, NNG_OPT_RECVMAXSZ, MSGPACK_BYTES_MAX);
    if (!fault) fault = nng_pipe_notify(u->socket, NNG_PIPE_EV_ADD_POST, count_connection, u);
    if (!fault) fault = nng_pipe_notify(u->socket, NNG_PIPE_EV_REM_POST, count_connection, u);
    return fault;
}

// They go with the socket.
static int open_contexts(uplink *u, uint32_t calls) {
    int fault = 0;
    for (uint32_t i = 0; i < calls && !fault; i++) {
        contexts *one = &u->contexts[i];
        fault = nng_ctx_open(&one->once, u->socket);
        if (!fault) fault = nng_ctx_open(&one->again, u->socket);
        if (!fault) fault = nng_ctx_set_ms(one->once, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE);
        if (!fault) fault = nng_ctx_set_ms(one->again, NNG_OPT_REQ_RESENDTIME, AGAIN_MS);
    }
    return fault;
}

static tact_err set_up(uplink *u, const uplink_options *o, tact_problem *problem) {
    u->contexts = arena_array(&u->memory, o->calls, sizeof *u->contexts);
    u->servers = arena_array(&u->memory, o->urls_count, sizeof *u->servers);
    if (!u->contexts || !u->servers || set_socket(u) || open_contexts(u, o->calls)) return problem_no_memory(problem);
    return dial_all(u, o, problem);
}

static void init_closing(uplink *u) {
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&u->lock, NULL);
    pthread_cond_init(&u->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

tact_err uplink_open(const uplink_options *options, uplink **out, tact_problem *problem) {
    arena memory;
    arena_init(&memory, 0);
    uplink *u = ARENA_NEW(&memory, uplink);
    if (!u || nng_req0_open(&u->socket)) {
        arena_fini(&memory);
        return problem_no_memory(problem);
    }
    u->memory = memory;
    u->held = 1;
    init_closing(u);
    tact_err err = set_up(u, options, problem);
    if (err) {
        uplink_drop(u);
        return err;
    }
    *out = u;
    return TACT_OK;
}

// ---- While it is open -----------------------------------------------------------------------------------------------

nng_ctx uplink_context(const uplink *u, uint32_t call, bool again) {
    return again ? u->contexts[call].again : u->contexts[call].once;
}

uint32_t uplink_connected(const uplink *u) {
    return atomic_load(&u->connected);
}

bool uplink_why(const uplink *u, reach_text *out) {
    return reach_why(u->servers, u->servers_count, out);
}

void uplink_hear(uplink *u) {
    atomic_store(&u->heard_ms, clock_mono_ms());
    atomic_store(&u->answered, true);
}

bool uplink_answered(const uplink *u) {
    return atomic_load(&u->answered);
}

int64_t uplink_heard_ms(const uplink *u) {
    return atomic_load(&u->heard_ms);
}

// ---- Closing --------------------------------------------------------------------------------------------------------

static void free_uplink(uplink *u) {
    pthread_mutex_destroy(&u->lock);
    pthread_cond_destroy(&u->done);
    arena memory = u->memory; // which it lies in
    arena_fini(&memory);
}

static void *close_socket(void *of) {
    uplink *u = of;
    nng_close(u->socket);
    pthread_mutex_lock(&u->lock);
    u->is_closed = true;
    const bool is_left = u->is_left;
    pthread_cond_signal(&u->done);
    pthread_mutex_unlock(&u->lock);
    if (is_left) free_uplink(u);
    return NULL;
}

uplink *uplink_hold(uplink *u) {
    atomic_fetch_add(&u->held, 1);
    return u;
}

void uplink_drop(uplink *u) {
    uplink_drop_and_wait(u, 0);
}

void uplink_drop_and_wait(uplink *u, int64_t ms) {
    pthread_t closer;
    if (atomic_fetch_sub(&u->held, 1) > 1) return;
    if (pthread_create(&closer, NULL, close_socket, u)) {
        (void)close_socket(u); // no thread can be had: so it has to be this one
        free_uplink(u);
        return;
    }
    const int64_t until_ms = clock_mono_ms() + ms;
    const struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
    int over = ms ? 0 : 1;
    pthread_mutex_lock(&u->lock);
    while (!u->is_closed && !over) over = pthread_cond_timedwait(&u->done, &u->lock, &until);
    const bool is_left = u->is_left = !u->is_closed;
    pthread_mutex_unlock(&u->lock);
    if (is_left) {
        pthread_detach(closer);
    } else {
        pthread_join(closer, NULL);
        free_uplink(u);
    }
}
