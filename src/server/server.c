// SPDX-License-Identifier: Apache-2.0
//
// Everything of a server, begun in the order in which one thing needs another and ended in the opposite one.
#include "server/server.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "server/access.h"
#include "server/call.h"
#include "server/http.h"
#include "server/listen.h"
#include "server/metrics.h"
#include "server/work.h"

enum { CLOSE_MS = 3000 }; // that connections have to be closed

struct server {
    arena memory; // until it stops
    settings settings;
    tact_str tokens_text; // of the file, and what it says
    const access_list *tokens;
    line_log *log;
    tact_engine *engine;
    metrics *metrics;
    call_env env;
    nng_socket socket;
    bool opened;                    // the socket is
    _Atomic(listeners *) listeners; // requests come in before all addresses are listened on
    work *work;
    http *http;
    atomic_bool ready;
    atomic_bool closed; // the network is
    int64_t started_ms;
};

// ---- What it says of itself -----------------------------------------------------------------------------------------

static metrics_gauges gauges_of(server *s) {
    metrics_gauges g = {.started_ms = s->started_ms};
    if (s->work) work_gauges(s->work, &g);
    listeners *l = atomic_load(&s->listeners);
    if (l) listen_gauges(l, &g);
    return g;
}

static tact_value tell_status(void *context, arena *a) {
    server *s = context;
    metrics_gauges g = gauges_of(s);
    return metrics_value(s->metrics, &g, a);
}

static void tell_metrics(void *context, buf *out) {
    server *s = context;
    tact_value status;
    tact_problem p;
    metrics_gauges g = gauges_of(s);
    arena a;
    arena_init(&a, 0);
    if (tact_status(s->engine, tact_null(), &a, &status, &p)) status = tact_null();
    metrics_write(s->metrics, &g, status, out);
    arena_fini(&a);
}

static bool tell_ready(void *context, buf *why_not) {
    server *s = context;
    if (atomic_load(&s->ready)) return true;
    buf_add_text(why_not, "starting, or about to end\n");
    return false;
}

static void hear(void *context, const char *text) {
    server *s = context;
    LINE(s->log, LINE_WARN, "notice", LINE_S("text", tact_str_from(text)));
}

// ---- Starting -------------------------------------------------------------------------------------------------------

// Tokens that were replaced stay in memory, for those who may still look at them: so only a file that says something
// else than before, and that right, takes any.
static tact_err read_tokens_into(server *s, arena *scratch, tact_str file, tact_error *error) {
    tact_str text;
    access_list *list;
    tact_err err = settings_file(scratch, file.ptr, &text, error);
    if (err || (s->tokens && tact_str_equal(text, s->tokens_text))) return err;
    err = access_read(scratch, file.ptr, text, &list, error);
    if (err) return err;
    const char *kept = arena_copy(&s->memory, text.ptr, text.len);
    if (!kept) return err_set(error, TACT_NO_MEMORY, "no memory for tokens");
    err = access_read(&s->memory, file.ptr, text, &list, error);
    if (err) return err;
    s->tokens_text = (tact_str){kept, text.len};
    s->tokens = list;
    return TACT_OK;
}

static tact_err read_tokens(server *s, tact_str file, const access_list **out, tact_error *error) {
    arena scratch;
    arena_init(&scratch, 0);
    tact_err err = file.len ? read_tokens_into(s, &scratch, file, error) : TACT_OK;
    arena_fini(&scratch);
    *out = file.len ? s->tokens : NULL;
    return err;
}

static tact_err open_engine(server *s, tact_error *error) {
    tact_problem p;
    const settings *o = &s->settings;
    const tact_options options = {
        .durability_ms = o->durability,
        .history_days = o->history_days,
        .log = {.folder = o->decision_log.len ? o->decision_log.ptr : NULL, .sample = o->decision_sample},
        .notice = hear,
        .notice_context = s};
    tact_err err = tact_open(o->db.ptr, &options, &s->engine, &p);
    return err ? err_set(error, err, "%s", p.text) : TACT_OK;
}

static uint32_t workers_of(const settings *o) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return o->workers ? o->workers : processors > 0 ? (uint32_t)processors : 1;
}

static tact_err begin_answering(server *s, tact_error *error) {
    const settings *o = &s->settings;
    work_options options = {.env = &s->env,
                            .contexts = o->contexts,
                            .workers = workers_of(o),
                            .waiters = o->waiters,
                            .queue_max = o->queue};
    options.counted = s->metrics = metrics_new(work_seats(&options));
    if (!s->metrics) return err_set(error, TACT_NO_MEMORY, "no memory for what a server counts");
    int rc = nng_rep0_open(&s->socket);
    if (rc) return err_set(error, TACT_NO_MEMORY, "no socket to answer on: %s", nng_strerror(rc));
    s->opened = true;
    options.socket = s->socket;
    return work_start(&s->memory, &options, &s->work, error);
}

static tact_err start(server *s, tact_error *error) {
    const access_list *tokens;
    listeners *l = NULL;
    const http_asks asks = {tell_metrics, tell_ready, s};
    const settings *o = &s->settings;
    tact_err err = line_set(s->log, o->log, o->log_level, error);
    if (!err) err = read_tokens(s, o->tokens, &tokens, error);
    if (!err) err = open_engine(s, error);
    if (err) return err;
    s->env.engine = s->engine;
    s->env.log = s->log;
    s->env.access = tokens;
    s->env.batch_max = o->batch_max;
    s->env.simulate_max = o->simulate_max;
    s->env.message_max = o->message_max;
    s->env.page_identities = o->page_identities;
    s->env.status = tell_status;
    s->env.status_context = s;
    err = begin_answering(s, error);
    if (!err) err = listen_open(&s->memory, s->socket, o, &l, error);
    atomic_store(&s->listeners, l);
    if (!err && o->http.len) err = http_start(o->http.ptr, &asks, &s->http, error);
    return err;
}

tact_err server_start(const settings *wanted, line_log *log, server **out, tact_error *error) {
    arena memory;
    arena_init(&memory, 0);
    server *s = ARENA_NEW(&memory, server);
    if (!s) {
        arena_fini(&memory);
        return err_set(error, TACT_NO_MEMORY, "no memory for a server");
    }
    s->memory = memory;
    s->log = log;
    s->started_ms = clock_wall_ms();
    tact_err err = settings_copy(&s->memory, wanted, &s->settings) ? TACT_OK : TACT_NO_MEMORY;
    if (!err) err = start(s, error);
    if (err) {
        server_stop(s);
        return err;
    }
    atomic_store(&s->ready, true);
    *out = s;
    return TACT_OK;
}

// ---- While it runs --------------------------------------------------------------------------------------------------

tact_err server_reload(server *s, const settings *wanted, tact_error *error) {
    const access_list *tokens;
    tact_err err = read_tokens(s, wanted->tokens, &tokens, error);
    if (!err && s->env.access && !tokens) {
        err = err_set(error, TACT_INVALID,
                      "tokens: a server that wants tokens goes on wanting them until it is "
                      "started again");
    }
    if (!err) err = line_set(s->log, wanted->log, wanted->log_level, error);
    if (err) return err;
    atomic_store(&s->env.access, tokens);
    atomic_store(&s->env.batch_max, wanted->batch_max);
    atomic_store(&s->env.simulate_max, wanted->simulate_max);
    work_set_queue(s->work, wanted->queue);
    listen_set_connections(s->listeners, wanted->connections);
    s->settings.drain = wanted->drain;
    return TACT_OK;
}

setting_texts server_addresses(const server *s) {
    return listen_addresses(s->listeners);
}

const char *server_http_address(const server *s) {
    return s->http ? http_address(s->http) : "";
}

// ---- The end --------------------------------------------------------------------------------------------------------

// Whoever would connect is told to go elsewhere, what is in flight is answered. How many requests are not.
static uint32_t drain(server *s) {
    atomic_store(&s->ready, false);
    if (!s->listeners) return 0;
    listen_close(s->listeners);
    uint32_t left = work_drain(s->work, s->settings.drain);
    if (left) LINE(s->log, LINE_WARN, "requests were not answered in time", LINE_N("requests", left));
    return left;
}

static void *close_network(void *context) {
    server *s = context;
    http_stop(s->http);
    work_stop(s->work);
    if (s->opened) nng_close(s->socket);
    atomic_store(&s->closed, true);
    return NULL;
}

// NNG 1.5.2 can lose a connection that it closes between two steps of a read, and then waits for it for ever: so it is
// waited for on another thread. False: it did not end, and may still look at what is the server's.
static bool network_closes(server *s) {
    pthread_t closing;
    if (pthread_create(&closing, NULL, close_network, s)) {
        (void)close_network(s);
        return true;
    }
    int64_t until = clock_mono_ms() + CLOSE_MS;
    while (!atomic_load(&s->closed) && clock_mono_ms() < until) nng_msleep(1);
    if (atomic_load(&s->closed)) {
        pthread_join(closing, NULL);
        return true;
    }
    pthread_detach(closing);
    LINE(s->log, LINE_WARN, "connections could not be closed", LINE_N("seconds", CLOSE_MS / 1000));
    return false;
}

// What cannot be closed is left to the end of the process; the store is closed all the same, once nobody uses it.
void server_stop(server *s) {
    if (!s) return;
    uint32_t left = drain(s);
    bool closed = network_closes(s);
    if (closed || !left) tact_close(s->engine);
    if (!closed) return;
    metrics_free(s->metrics);
    arena memory = s->memory;
    arena_fini(&memory);
}
