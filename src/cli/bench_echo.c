// SPDX-License-Identifier: Apache-2.0
//
// The echo. Subtle: it lives only as long as the pipe to it, so that it goes whatever becomes of who started it.
#define _GNU_SOURCE // sched_setaffinity
#include "cli/bench_echo.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>

#include "base/err.h"

enum { CONTEXTS_MAX = 1024, HEAD = 4, REPLY_MAX = 16 << 20 };

typedef struct worker {
    nng_ctx ctx;
    nng_aio *aio;
    bool sending;
} worker;

static void serve(void *of) {
    worker *w = of;
    if (nng_aio_result(w->aio)) {
        if (w->sending) nng_msg_free(nng_aio_get_msg(w->aio));
        w->sending = true;
    }
    w->sending = !w->sending;
    if (!w->sending) {
        nng_ctx_recv(w->ctx, w->aio);
        return;
    }
    nng_msg *m = nng_aio_get_msg(w->aio);
    const unsigned char *head = nng_msg_body(m);
    size_t len = nng_msg_len(m);
    if (len >= HEAD) len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (len <= REPLY_MAX && nng_msg_realloc(m, len)) nng_msg_clear(m);
    nng_aio_set_msg(w->aio, m);
    nng_ctx_send(w->ctx, w->aio);
}

static void address_like(const char *like, char url[200]) {
    const char *address = "tcp://127.0.0.1:0";
    if (strncmp(like, "ws", 2) == 0) address = "ws://127.0.0.1:0/";
    if (strncmp(like, "ipc", 3) == 0) {
        (void)snprintf(url, 200, "ipc:///tmp/tact-bench-%d", (int)getpid());
    } else {
        (void)snprintf(url, 200, "%s", address);
    }
}

static int listen_on(nng_socket socket, char url[200]) {
    nng_listener l;
    int port = 0;
    int fault = nng_listener_create(&l, socket, url);
    if (!fault) fault = nng_listener_start(l, 0);
    const char *zero = strstr(url, ":0");
    if (fault || !zero) return fault;
    fault = nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port);
    char rest[100];
    (void)snprintf(rest, sizeof rest, ":%d%s", port, zero + 2);
    (void)snprintf(url + (zero - url), 200 - (size_t)(zero - url), "%s", rest);
    return fault;
}

// A program that was itself kept on some processors may let go of them; which there are is seen by trying.
bool echo_may_use(uint64_t cpu) {
    cpu_set_t before, set;
    if (cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof before, &before)) return false;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set)) return false;
    return sched_setaffinity(0, sizeof before, &before) == 0;
}

static void keep_on(int cpu) {
    cpu_set_t set;
    if (cpu < 0) return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    (void)sched_setaffinity(0, sizeof set, &set); // it could be, see echo_may_use
}

// In the child. Tells where it listens, or an empty line.
static void run(const char *like, uint32_t contexts, int life, int out) {
    static worker workers[CONTEXTS_MAX];
    char url[200] = "", byte;
    nng_socket socket;
    address_like(like, url);
    int fault = nng_rep0_open(&socket);
    if (!fault) fault = listen_on(socket, url);
    for (uint32_t i = 0; i < contexts && i < CONTEXTS_MAX && !fault; i++) {
        fault = nng_ctx_open(&workers[i].ctx, socket);
        if (!fault) fault = nng_aio_alloc(&workers[i].aio, serve, &workers[i]);
        if (!fault) nng_ctx_recv(workers[i].ctx, workers[i].aio);
    }
    if (fault) url[0] = '\0';
    if (write(out, url, sizeof url) == sizeof url && !fault) {
        while (read(life, &byte, 1) < 0 && errno == EINTR) continue;
    }
    if (strncmp(url, "ipc://", 6) == 0) (void)unlink(url + 6);
    _exit(0);
}

tact_err echo_start(const char *like, uint32_t contexts, int cpu, echo *out, tact_error *error) {
    int life[2], told[2];
    if (pipe(life)) return err_set(error, TACT_IO, "an echo cannot be started: %s", strerror(errno));
    if (pipe(told)) {
        tact_err err = err_set(error, TACT_IO, "an echo cannot be started: %s", strerror(errno));
        close(life[0]);
        close(life[1]);
        return err;
    }
    out->child = fork();
    if (out->child == 0) {
        close(life[1]);
        close(told[0]);
        keep_on(cpu);
        run(like, contexts, life[0], told[1]);
    }
    close(life[0]);
    close(told[1]);
    out->life = life[1];
    bool well = out->child > 0 && read(told[0], out->url, sizeof out->url) == sizeof out->url && out->url[0];
    close(told[0]);
    if (well) return TACT_OK;
    echo_stop(out);
    return err_set(error, TACT_IO, "an echo cannot be started");
}

void echo_stop(echo *e) {
    close(e->life);
    while (e->child > 0 && waitpid(e->child, NULL, 0) < 0 && errno == EINTR) continue;
}
