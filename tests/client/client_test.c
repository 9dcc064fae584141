// SPDX-License-Identifier: Apache-2.0
//
// The client against servers that this test runs: REP sockets that answer as they are told to, die, say nothing, or
// say nonsense. No time is asserted: deadlines are short where they must pass, and long where they must not.
#include "tact/client.h"

#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../engine/talk.h"
#include "base/clock.h"
#include "wire/msgpack.h"

#include <cmocka.h>

enum { LONG_MS = 20000, SHORT_MS = 60, WORKERS = 4 };

// ---- A server -------------------------------------------------------------------------------------------------------

typedef struct server server;

typedef struct worker { // one request at a time
    server *of;
    nng_ctx ctx;
    nng_aio *aio;
    bool sending;
} worker;

struct server {
    nng_socket socket;
    char url[200];
    worker workers[WORKERS];
    _Atomic int received, drops; // the next so many requests lose their connection
    _Atomic int connections, connections_ever;
    _Atomic bool silent;
    tact_str raw;         // answers this, if it is there
    char decision[2][64]; // of the first and the last request
    pthread_mutex_t lock;
};

// {ok: true, n: what the request had}.
static nng_msg *answer(server *s, nng_msg *request) {
    arena a;
    tact_value v;
    nng_msg *m;
    arena_init(&a, 0);
    buf out = buf_in(&a);
    tact_value pairs[] = {tact_string("ok", 2), tact_bool(true), tact_string("n", 1), tact_null()};
    if (!msgpack_read(&a, (tact_str){nng_msg_body(request), nng_msg_len(request)}, &v, NULL)) {
        pairs[3] = talk_find(v, "n");
        if (pairs[3].kind == TACT_UNRESOLVED) pairs[3] = tact_null();
        const char *id = talk_find_text(&a, v, "decision");
        pthread_mutex_lock(&s->lock);
        snprintf(s->decision[s->received > 1], sizeof s->decision[0], "%s", id);
        pthread_mutex_unlock(&s->lock);
    }
    if (s->raw.ptr) {
        buf_add_str(&out, s->raw);
    } else if (msgpack_write(&out, tact_map_new(&a, pairs, 2))) {
        abort();
    }
    tact_str bytes = buf_done(&out);
    if (nng_msg_alloc(&m, 0) || nng_msg_append(m, bytes.ptr, bytes.len)) abort();
    arena_fini(&a);
    return m;
}

static void serve(void *of) {
    worker *w = of;
    server *s = w->of;
    if (nng_aio_result(w->aio)) return; // it ends
    w->sending = !w->sending;
    if (!w->sending) {
        nng_ctx_recv(w->ctx, w->aio);
        return;
    }
    nng_msg *m = nng_aio_get_msg(w->aio);
    s->received++;
    nng_msg *reply = answer(s, m);
    bool drop = s->drops > 0 && s->drops-- > 0, silent = s->silent;
    if (drop) nng_pipe_close(nng_msg_get_pipe(m));
    nng_msg_free(m);
    if (drop || silent) {
        nng_msg_free(reply);
        w->sending = false;
        nng_ctx_recv(w->ctx, w->aio);
        return;
    }
    nng_aio_set_msg(w->aio, reply);
    nng_ctx_send(w->ctx, w->aio);
}

static void count_connection(nng_pipe pipe, nng_pipe_ev event, void *of) {
    server *s = of;
    (void)pipe;
    if (event == NNG_PIPE_EV_ADD_PRE) s->connections_ever++;
    s->connections += event == NNG_PIPE_EV_ADD_PRE ? 1 : -1;
}

static void server_start(server *s, const char *url, nng_tls_config *tls) {
    int port = 0;
    nng_listener l;
    memset(s, 0, sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    assert_int_equal(nng_rep0_open(&s->socket), 0);
    assert_int_equal(nng_pipe_notify(s->socket, NNG_PIPE_EV_ADD_PRE, count_connection, s), 0);
    assert_int_equal(nng_pipe_notify(s->socket, NNG_PIPE_EV_REM_POST, count_connection, s), 0);
    assert_int_equal(nng_listener_create(&l, s->socket, url), 0);
    if (tls) assert_int_equal(nng_listener_set_ptr(l, NNG_OPT_TLS_CONFIG, tls), 0);
    assert_int_equal(nng_listener_start(l, 0), 0);
    snprintf(s->url, sizeof s->url, "%s", url);
    char *zero = strstr(s->url, ":0"); // the port that the system chose
    if (zero) {
        assert_int_equal(nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port), 0);
        snprintf(zero, sizeof s->url - (size_t)(zero - s->url), ":%d%s", port, strstr(url, ":0") + 2);
    }
    for (int i = 0; i < WORKERS; i++) {
        worker *w = &s->workers[i];
        w->of = s;
        assert_int_equal(nng_ctx_open(&w->ctx, s->socket), 0);
        assert_int_equal(nng_aio_alloc(&w->aio, serve, w), 0);
        nng_ctx_recv(w->ctx, w->aio);
    }
}

static void server_stop(server *s) {
    nng_close(s->socket);
    for (int i = 0; i < WORKERS; i++) {
        nng_aio_stop(s->workers[i].aio);
        nng_aio_free(s->workers[i].aio);
    }
    pthread_mutex_destroy(&s->lock);
}

// ---- What tests share -----------------------------------------------------------------------------------------------

static arena memory;
static server one, other;
static tact_client *client;
static tact_problem problem;

static void pause_ms(long ms) {
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool at_gate;
static nng_socket visitor; // of the other server; id 0: nobody holds NNG up

static void stop_at_gate(nng_pipe pipe, nng_pipe_ev event, void *context) {
    (void)pipe, (void)event, (void)context;
    at_gate = true;
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

// The one thread of NNG's that takes connections away is kept busy with one of the other server's, until let_nng_go: no
// connection that is lost is made anew, as after a server was killed while it was written to.
static void hold_nng_up(void) {
    nng_dialer dialer;
    at_gate = false;
    server_start(&other, "tcp://127.0.0.1:0", NULL);
    assert_int_equal(nng_pipe_notify(other.socket, NNG_PIPE_EV_REM_POST, stop_at_gate, NULL), 0);
    assert_int_equal(nng_req0_open(&visitor), 0);
    assert_int_equal(nng_dial(visitor, other.url, &dialer, 0), 0);
    while (!other.connections) pause_ms(1);
    pthread_mutex_lock(&gate);
    assert_int_equal(nng_dialer_close(dialer), 0);
    while (!at_gate) pause_ms(1);
}

static void let_nng_go(void) {
    pthread_mutex_unlock(&gate);
    assert_int_equal(nng_close(visitor), 0);
    server_stop(&other);
    visitor.id = 0;
}

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    server_start(&one, "tcp://127.0.0.1:0", NULL);
    client = NULL;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tact_client_close(client);
    if (visitor.id) let_nng_go();
    server_stop(&one);
    arena_fini(&memory);
    return 0;
}

static void open_with(const char *const *urls, size_t count, const tact_client_options *options) {
    if (tact_client_open(urls, count, options, &client, &problem)) fail_msg("%s", problem.text);
}

static void open_one(const tact_client_options *options) {
    open_with((const char *[]){one.url}, 1, options);
}

static tact_err ask_within(const char *request, uint32_t ms, tact_value *reply) {
    return tact_client_call(client, talk_json(&memory, request), ms, &memory, reply, &problem);
}

static void ask(const char *request) {
    tact_value reply = {.kind = TACT_UNRESOLVED};
    if (ask_within(request, LONG_MS, &reply)) fail_msg("%s: %s", request, problem.text);
    assert_true(talk_find(reply, "ok").as.b);
}

// ---- Asking ---------------------------------------------------------------------------------------------------------

static void a_request_is_answered(void **state) {
    (void)state;
    tact_value reply;
    open_one(NULL);
    assert_int_equal(ask_within("{'op': 'decide', 'n': 17}", LONG_MS, &reply), TACT_OK);
    assert_int_equal(talk_find_int(reply, "n"), 17);
    assert_int_equal(strlen(one.decision[0]), 26);
    assert_int_equal(one.received, 1);
}

static void nobody_is_there(void **state) {
    (void)state;
    tact_value reply = {.kind = TACT_UNRESOLVED};
    const char *const urls[] = {"ipc:///tmp/tact-client-test-nowhere", "tcp://127.0.0.1:1"};
    open_with(urls, 2, NULL);
    assert_int_equal(ask_within("{'op': 'decide'}", SHORT_MS, &reply), TACT_BUSY);
    assert_string_equal(tact_problem_code(&problem), "unreachable");
    assert_non_null(strstr(problem.text, "ipc:///tmp/tact-client-test-nowhere: the connection is refused"));
    assert_non_null(strstr(problem.text, "tcp://127.0.0.1:1: the connection is refused"));
    assert_int_equal(reply.kind, TACT_UNRESOLVED);
}

static void reaching_tells_why_not(void **state) {
    (void)state;
    open_with((const char *[]){"tcp://127.0.0.1:1", "ipc:///tmp/tact-client-test-nowhere"}, 2, NULL);
    // Both have failed long before that.
    assert_int_equal(tact_client_reach(client, 24 * 3600 * 1000, &problem), TACT_BUSY);
    assert_string_equal(tact_problem_code(&problem), "unreachable");
    assert_non_null(strstr(problem.text, "no server can be reached: tcp://127.0.0.1:1: the connection is refused"));
    tact_client_close(client);
    for (int i = 0; i < 20; i++) { // one that is there is waited for, though the other was tried first
        open_with((const char *[]){"tcp://127.0.0.1:1", one.url}, 2, NULL);
        if (tact_client_reach(client, LONG_MS, &problem)) fail_msg("%s", problem.text);
        tact_client_close(client);
    }
    client = NULL;
    assert_int_equal(one.received, 0); // it asks nothing
}

static void nobody_answers_in_time(void **state) {
    (void)state;
    tact_value reply;
    open_one(NULL);
    ask("{'op': 'status'}");
    one.silent = true;
    for (int i = 0; i < 3; i++) { // and it can be asked again
        assert_int_equal(ask_within("{'op': 'decide'}", SHORT_MS, &reply), TACT_BUSY);
        assert_string_equal(tact_problem_code(&problem), "timed_out");
    }
    assert_int_equal(one.received, 4); // which are not sent again because they take long
    one.silent = false;
    ask("{'op': 'status'}");
}

static void the_options_deadline_holds_where_a_call_names_none(void **state) {
    (void)state;
    tact_value reply;
    one.silent = true;
    open_one(&(tact_client_options){.deadline_ms = SHORT_MS});
    assert_int_equal(ask_within("{'op': 'decide'}", 0, &reply), TACT_BUSY);
}

static void what_a_server_says_that_is_no_reply_is_an_error(void **state) {
    (void)state;
    static const tact_str cases[] = {
        TACT_STR(""),
        TACT_STR("HTTP/1.1 400 Bad Request\r\n\r\n"),
        TACT_STR("\xc1"),
        TACT_STR("\x80"),
        TACT_STR("\xdf\xff\xff\xff\xff"),
    };
    tact_value reply;
    open_one(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one.raw = cases[i];
        assert_int_equal(ask_within("{'op': 'decide'}", LONG_MS, &reply), TACT_SYNTAX);
    }
    one.raw = (tact_str){NULL, 0};
    ask("{'op': 'status'}"); // the client lives
}

static void what_a_server_refuses_is_the_callers_error(void **state) {
    (void)state;
    tact_value reply;
    buf out = buf_in(&memory);
    const char *json = "{'ok': false, 'error': {'code': 'unknown_placement', 'text': 'what?', 'at': 'placements[0]'}}";
    assert_int_equal(msgpack_write(&out, talk_json(&memory, json)), TACT_OK);
    one.raw = buf_done(&out);
    open_one(NULL);
    assert_int_equal(ask_within("{'op': 'decide'}", LONG_MS, &reply), TACT_INVALID);
    assert_int_equal(problem.name, TACT_PROBLEM_UNKNOWN_PLACEMENT);
    assert_string_equal(problem.text, "what?");
    assert_string_equal(problem.at, "placements[0]");
}

static void what_is_no_request_is_refused(void **state) {
    (void)state;
    tact_value reply;
    open_one(&(tact_client_options){.in_flight = 1});
    for (int i = 0; i < 3; i++) assert_int_equal(ask_within("[]", LONG_MS, &reply), TACT_USAGE);
    assert_int_equal(one.received, 0);
    ask("{'op': 'status'}");
}

// ---- Servers that die, and that come -------------------------------------------------------------------------------

static void when_a_server_dies_the_other_answers(void **state) {
    (void)state;
    server_start(&other, "tcp://127.0.0.1:0", NULL);
    open_with((const char *[]){other.url, one.url}, 2, &(tact_client_options){.connections = 2});
    while (!one.received || !other.received) ask("{'op': 'decide'}");
    server_stop(&other);
    for (int i = 0; i < 100; i++) ask("{'op': 'decide'}");
    assert_true(one.received >= 100);
}

static void a_server_that_comes_later_answers(void **state) {
    (void)state;
    char url[100];
    snprintf(url, sizeof url, "ipc:///tmp/tact-client-test-%d", (int)getpid());
    open_with((const char *[]){url}, 1, NULL);
    tact_value reply;
    assert_int_equal(ask_within("{'op': 'decide'}", SHORT_MS, &reply), TACT_BUSY);
    server_start(&other, url, NULL);
    ask("{'op': 'decide'}");
    server_stop(&other);
    server_start(&other, url, NULL);
    ask("{'op': 'decide'}");
    server_stop(&other);
}

static void what_is_harmless_is_sent_again_when_its_connection_is_lost(void **state) {
    (void)state;
    static const char *const requests[] = {"{'op': 'decide'}", "{'op': 'record'}", "{'op': 'publish', 'from': ''}"};
    open_one(NULL);
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        one.received = 0;
        one.drops = 2;
        ask(requests[i]);
        assert_int_equal(one.received, 3);
        assert_string_equal(one.decision[0], one.decision[1]); // so that it counts once
    }
}

static void what_is_not_is_sent_once(void **state) {
    (void)state;
    static const char *const requests[] = {"{'op': 'publish'}", "{'op': 'rollback'}", "{'op': 'what?'}"};
    tact_value reply;
    open_one(&(tact_client_options){.in_flight = 1});
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        ask("{'op': 'decide'}"); // with the same aio, and a context that does send again
        one.received = 0;
        one.drops = 1;
        assert_int_equal(ask_within(requests[i], LONG_MS, &reply), TACT_BUSY);
        assert_string_equal(tact_problem_code(&problem), "unreachable");
        assert_non_null(strstr(problem.text, "whether it was done is not known"));
        ask("{'op': 'decide'}"); // over the connection that came after
        assert_int_equal(one.received, 2);
    }
}

// ---- Many at once ---------------------------------------------------------------------------------------------------

enum { THREADS = 8, CALLS = 200 };

static _Atomic int wrong;

static void *ask_many(void *of) {
    arena a;
    arena_init(&a, 0);
    for (int i = 0; i < CALLS; i++) {
        tact_value reply;
        tact_problem p;
        const int64_t n = (int64_t)(intptr_t)of * CALLS + i;
        tact_value pairs[] = {tact_string("op", 2), tact_string("decide", 6), tact_string("n", 1), tact_int(n)};
        tact_err err = tact_client_call(client, tact_map_new(&a, pairs, 2), LONG_MS, &a, &reply, &p);
        tact_value got = err ? tact_null() : talk_find(reply, "n");
        if (got.kind != TACT_INT || got.as.i != n) wrong++;
        tact_arena_reset(&a);
    }
    arena_fini(&a);
    return NULL;
}

static void many_threads_get_each_their_own_answer(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    wrong = 0;
    open_one(&(tact_client_options){.connections = 2, .in_flight = 3}); // fewer than threads, which wait for turns
    for (intptr_t i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_many, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(wrong, 0);
    assert_int_equal(one.received, THREADS * CALLS);
}

typedef struct ear { // what was heard of one request
    _Atomic int times;
    tact_err err;
    tact_problem_name name;
    int64_t n;
} ear;

static ear ears[CALLS];
static _Atomic int heard_count;

static void hear(void *context, tact_err err, tact_value reply, const tact_problem *p) {
    ear *e = context;
    tact_value n = err ? tact_null() : talk_find(reply, "n");
    e->err = err;
    e->name = p ? p->name : TACT_PROBLEM_NONE;
    e->n = n.kind == TACT_INT ? n.as.i : -1;
    e->times++;
    heard_count++;
}

static tact_err send_number(int n, uint32_t ms) {
    const char *text = arena_printf(&memory, "{'op': 'decide', 'n': %d}", n);
    return tact_client_send(client, talk_json(&memory, text), ms, hear, &ears[n], &problem);
}

static void without_waiting(void **state) {
    (void)state;
    memset(ears, 0, sizeof ears);
    heard_count = 0;
    open_one(&(tact_client_options){.connections = 2});
    for (int i = 0; i < CALLS; i++) assert_int_equal(send_number(i, LONG_MS), TACT_OK);
    while (heard_count < CALLS) pause_ms(1);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(ears[i].times, 1);
        assert_int_equal(ears[i].err, TACT_OK);
        assert_int_equal(ears[i].n, i);
    }
}

static void more_than_may_be_in_flight_are_refused(void **state) {
    (void)state;
    memset(ears, 0, sizeof ears);
    heard_count = 0;
    one.silent = true;
    open_one(&(tact_client_options){.in_flight = 2});
    assert_int_equal(send_number(0, LONG_MS), TACT_OK);
    assert_int_equal(send_number(1, SHORT_MS), TACT_OK);
    while (heard_count < 1) {
        tact_value reply;
        tact_err err = send_number(2, LONG_MS);
        if (!err) break; // the second one's time is over
        assert_int_equal(err, TACT_BUSY);
        assert_string_equal(tact_problem_code(&problem), "overloaded");
        assert_int_equal(ask_within("{'op': 'decide'}", 1, &reply), TACT_BUSY);
    }
    tact_client_close(client);
    client = NULL;
    assert_int_equal(ears[0].times, 1);
    assert_int_equal(ears[1].times, 1);
}

static void closing_ends_what_is_in_flight(void **state) {
    (void)state;
    memset(ears, 0, sizeof ears);
    one.silent = true;
    open_one(NULL);
    for (int i = 0; i < 50; i++) assert_int_equal(send_number(i, LONG_MS), TACT_OK);
    while (one.received < 50) pause_ms(1);
    for (int i = 50; i < 100; i++) assert_int_equal(send_number(i, LONG_MS), TACT_OK);
    tact_client_close(client);
    client = NULL;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(ears[i].times, 1);
        assert_int_equal(ears[i].err, TACT_BUSY);
        assert_int_equal(ears[i].name, TACT_PROBLEM_UNREACHABLE);
    }
}

// NNG, left to itself, hangs in one of some such closings, or in most of them, by the transport.
static void close_while_answers_come(const char *url, const tact_client_options *options) {
    for (int n = 0; n < 20; n++) {
        memset(ears, 0, sizeof ears);
        open_with((const char *[]){url}, 1, options);
        ask("{'op': 'decide'}");
        for (int i = 0; i < 100; i++) assert_int_equal(send_number(i, LONG_MS), TACT_OK);
        tact_client_close(client);
        client = NULL;
        for (int i = 0; i < 100; i++) {
            assert_int_equal(ears[i].times, 1);
            assert_true(ears[i].err == TACT_OK || ears[i].name == TACT_PROBLEM_UNREACHABLE);
        }
    }
}

static void closing_while_answers_come(void **state) {
    (void)state;
    static const char *const urls[] = {"ipc:///tmp/tact-client-test-close", "ws://127.0.0.1:0/tact"};
    close_while_answers_come(one.url, NULL);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        server_start(&other, urls[i], NULL);
        close_while_answers_come(other.url, NULL);
        server_stop(&other);
    }
}

// ---- When NNG loses its way -----------------------------------------------------------------------------------------

static void closing_ends_though_nng_hangs(void **state) {
    (void)state;
    open_one(NULL);
    ask("{'op': 'decide'}");
    hold_nng_up();
    tact_client_close(client);
    client = NULL;
}

enum { SILENT_MS = 1500 }; // that must pass before a client gives an uplink up, and some more

static void a_connection_that_nng_never_takes_away_keeps_nobody_away(void **state) {
    (void)state;
    tact_value reply;
    open_one(&(tact_client_options){.connections = 2});
    ask("{'op': 'decide'}");
    hold_nng_up();
    for (int i = 0; i < 2; i++) {                               // then what came after the first, too
        while (one.connections_ever < 2 * (i + 1)) pause_ms(1); // none comes later, which would be a sign of life
        one.drops = 2;
        assert_int_equal(ask_within("{'op': 'decide'}", SILENT_MS, &reply), TACT_BUSY);
        ask("{'op': 'decide'}");
        assert_int_equal(one.drops, 0);
    }
}

// One call that is over is enough for all: what may be sent again is answered within its time.
static void what_waits_is_sent_again_when_its_connection_is_never_taken_away(void **state) {
    (void)state;
    memset(ears, 0, sizeof ears);
    heard_count = 0;
    tact_value reply;
    open_one(NULL);
    ask("{'op': 'decide'}");
    hold_nng_up();
    one.drops = 1;
    assert_int_equal(send_number(0, LONG_MS), TACT_OK);
    while (one.drops) pause_ms(1);
    pause_ms(100); // the server of this test is NNG's, too, and should not be closing while it reads
    for (int i = 1; i < 50; i++) assert_int_equal(send_number(i, LONG_MS), TACT_OK);
    assert_int_equal(ask_within("{'op': 'decide'}", SILENT_MS, &reply), TACT_BUSY);
    while (heard_count < 50) pause_ms(1);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(ears[i].times, 1);
        assert_int_equal(ears[i].err, TACT_OK);
        assert_int_equal(ears[i].n, i);
    }
}

static void a_server_that_says_nothing_is_connected_to_anew_now_and_then(void **state) {
    (void)state;
    memset(ears, 0, sizeof ears);
    heard_count = 0;
    tact_value reply;
    open_one(NULL);
    ask("{'op': 'decide'}");
    one.silent = true;
    one.received = 0;
    tact_value publish = talk_json(&memory, "{'op': 'publish', 'n': 1}");
    assert_int_equal(tact_client_send(client, publish, LONG_MS, hear, &ears[0], &problem), TACT_OK);
    while (!one.received) pause_ms(1);
    const int64_t since_ms = clock_mono_ms();
    int asked = 0;
    for (; one.connections_ever < 3; asked++) {
        assert_int_equal(ask_within("{'op': 'decide'}", SHORT_MS, &reply), TACT_BUSY);
    }
    assert_true(one.connections_ever <= 1 + (clock_mono_ms() - since_ms) / 800); // whatever the machine has to do
    one.silent = false;
    ask("{'op': 'decide'}");
    assert_int_equal(ears[0].times, 0); // may come still: so its connection is kept
    assert_true(one.connections >= 2);
    assert_true(one.received <= 1 + asked + 1); // it was not sent again
    tact_client_close(client);
    client = NULL;
    assert_int_equal(ears[0].times, 1);
    assert_int_equal(ears[0].name, TACT_PROBLEM_UNREACHABLE);
    while (one.connections) pause_ms(1); // none is left behind
}

static void closing_ends_what_was_never_sent(void **state) {
    (void)state;
    memset(ears, 0, sizeof ears);
    open_with((const char *[]){"ipc:///tmp/tact-client-test-nowhere"}, 1, NULL);
    for (int i = 0; i < 50; i++) assert_int_equal(send_number(i, LONG_MS), TACT_OK);
    tact_client_close(client);
    client = NULL;
    for (int i = 0; i < 50; i++) assert_int_equal(ears[i].times, 1);
}

static _Atomic int refused;

static void hear_and_ask_again(void *context, tact_err err, tact_value reply, const tact_problem *p) {
    hear(context, err, reply, p);
    tact_value request = tact_map_new(&memory, NULL, 0);
    if (tact_client_send(client, request, LONG_MS, hear_and_ask_again, context, NULL)) refused++;
}

static void whoever_asks_again_on_hearing_does_not_keep_a_client_open(void **state) {
    (void)state;
    memset(ears, 0, sizeof ears);
    refused = 0;
    open_one(NULL);
    tact_value request = talk_json(&memory, "{'op': 'decide'}");
    assert_int_equal(tact_client_send(client, request, LONG_MS, hear_and_ask_again, &ears[0], &problem), TACT_OK);
    while (ears[0].times < 100) pause_ms(1);
    tact_client_close(client);
    client = NULL;
    assert_int_equal(refused, 1); // when it was being closed
}

// ---- Opening --------------------------------------------------------------------------------------------------------

static void addresses_that_are_none(void **state) {
    (void)state;
    static const char *const cases[] = {"", "127.0.0.1:7420", "gopher://x"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tact_err err = tact_client_open(&cases[i], 1, NULL, &client, &problem);
        if (err != TACT_INVALID) fail_msg("%s", cases[i]);
        assert_non_null(strstr(problem.text, cases[i]));
    }
    assert_int_equal(tact_client_open(NULL, 0, NULL, &client, &problem), TACT_INVALID);
    assert_null(client);
    tact_client_close(NULL);
}

static const char *in(const char *where, const char *file) {
    return arena_printf(&memory, "%s/%s", where, file);
}

static void over_tls(void **state) {
    (void)state;
    static const char make[] =
        "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout key.pem "
        "-out cert.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null && "
        "cat cert.pem key.pem >both.pem && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
        "-days 2 -keyout other.key -out other.pem -subj /CN=other 2>/dev/null";
    char where[] = "/tmp/tact-client-test-XXXXXX";
    nng_tls_config *tls;
    tact_value reply;
    assert_non_null(mkdtemp(where));
    assert_int_equal(system(arena_printf(&memory, make, where)), 0);
    static const char *const urls[] = {"tls+tcp://localhost:0", "wss://localhost:0/tact"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        assert_int_equal(nng_tls_config_alloc(&tls, NNG_TLS_MODE_SERVER), 0);
        assert_int_equal(nng_tls_config_cert_key_file(tls, in(where, "both.pem"), NULL), 0);
        server_start(&other, urls[i], tls);
        const char *const to[] = {other.url};
        open_with(to, 1, &(tact_client_options){.tls_ca = in(where, "cert.pem")});
        ask("{'op': 'decide'}");
        tact_client_close(client);
        close_while_answers_come(other.url, &(tact_client_options){.tls_ca = in(where, "cert.pem")});
        open_with(to, 1, &(tact_client_options){.tls_ca = in(where, "other.pem")}); // trusts somebody else
        assert_int_equal(tact_client_reach(client, LONG_MS, &problem), TACT_BUSY);
        assert_non_null(strstr(problem.text, "certificate is not trusted"));
        assert_int_equal(ask_within("{'op': 'decide'}", SHORT_MS, &reply), TACT_BUSY);
        tact_client_close(client);
        client = NULL;
        server_stop(&other);
        nng_tls_config_free(tls);
    }
    const char *const to[] = {"tls+tcp://localhost:1"};
    const tact_client_options lost = {.tls_ca = in(where, "nothing.pem")};
    assert_int_equal(tact_client_open(to, 1, &lost, &client, &problem), TACT_IO);
    assert_non_null(strstr(problem.text, "nothing.pem"));
    const tact_client_options keyless = {.tls_ca = in(where, "cert.pem"), .tls_cert = in(where, "cert.pem")};
    assert_int_equal(tact_client_open(to, 1, &keyless, &client, &problem), TACT_IO);
    assert_int_equal(system(arena_printf(&memory, "rm -r %s", where)), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_is_there, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reaching_tells_why_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_answers_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_options_deadline_holds_where_a_call_names_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_server_says_that_is_no_reply_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_a_server_refuses_is_the_callers_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_request_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(when_a_server_dies_the_other_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_comes_later_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_harmless_is_sent_again_when_its_connection_is_lost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_is_sent_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_threads_get_each_their_own_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_may_be_in_flight_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_ends_what_is_in_flight, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_while_answers_come, set_up, tear_down),
        cmocka_unit_test_setup_teardown(closing_ends_though_nng_hangs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_nng_never_takes_away_keeps_nobody_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_is_sent_again_when_its_connection_is_never_taken_away, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_server_that_says_nothing_is_connected_to_anew_now_and_then, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(closing_ends_what_was_never_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoever_asks_again_on_hearing_does_not_keep_a_client_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(addresses_that_are_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(over_tls, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
