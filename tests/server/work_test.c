// SPDX-License-Identifier: Apache-2.0
//
// Who answers when. Requests are held within the server by a gate in what it says of itself (`status`), so that every
// state is reached by counting and none by waiting for a time: seats are taken, queues are full, waiters are busy.
#include "server/work.h"

#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/util/platform.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../engine/talk.h"
#include "base/clock.h"
#include "running.h"
#include "wire/msgpack.h"

#include <cmocka.h>

enum { WORKERS = 2, WAITERS = 3, QUEUE = 5, CONTEXTS = 24, SLOW_QUEUE = CONTEXTS / 2, PATIENCE_MS = 10000 };

#define HELD "{'op': 'status'}"
#define HELD_SLOW "{'op': 'batch', 'requests': [{'op': 'status'}, {'op': 'person', 'person': {'crm': '1'}}]}"
#define HELD_HEAVY "{'op': 'batch', 'requests': [{'op': 'status'}, {'op': 'rollback', 'version': 'shop@99'}]}"
#define SLOW "{'op': 'batch', 'requests': [{'op': 'person', 'person': {'crm': '1'}}]}"
#define DECIDE "{'op': 'decide', 'person': {'crm': '1'}, 'placements': ['hero']}"

typedef struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool open;
    uint32_t inside;
    int nice; // of the thread that came in last
} gate;

typedef struct scene {
    talk talk;
    arena memory;
    line_log log;
    call_env env;
    metrics *metrics;
    gate gate;
    nng_socket rep, req;
    work *work;
    uint32_t sent;
    char url[64];
} scene;

// ---- The gate -------------------------------------------------------------------------------------------------------

static tact_value pass(void *context, arena *a) {
    gate *g = context;
    (void)a;
    pthread_mutex_lock(&g->mutex);
    g->inside++;
    g->nice = getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
    pthread_cond_broadcast(&g->changed);
    while (!g->open) pthread_cond_wait(&g->changed, &g->mutex);
    g->inside--;
    pthread_mutex_unlock(&g->mutex);
    return tact_null();
}

static void set_gate(gate *g, bool open) {
    pthread_mutex_lock(&g->mutex);
    g->open = open;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->mutex);
}

static void wait_for_inside(gate *g, uint32_t count) {
    pthread_mutex_lock(&g->mutex);
    while (g->inside < count) pthread_cond_wait(&g->changed, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
}

// ---- The server -----------------------------------------------------------------------------------------------------

static nng_socket dial(const char *url) {
    nng_socket s;
    assert_int_equal(nng_req0_open_raw(&s), 0);
    assert_int_equal(nng_socket_set_ms(s, NNG_OPT_RECVTIMEO, PATIENCE_MS), 0);
    assert_int_equal(nng_socket_set_ms(s, NNG_OPT_SENDTIMEO, PATIENCE_MS), 0);
    assert_int_equal(nng_dial(s, url, NULL, 0), 0);
    return s;
}

static int set_up(void **state) {
    static scene s;
    static unsigned number;
    tact_error error;
    s = (scene){.gate = {.open = true}};
    pthread_mutex_init(&s.gate.mutex, NULL);
    pthread_cond_init(&s.gate.changed, NULL);
    arena_init(&s.memory, 0);
    talk_begin(&s.talk);
    talk_publish(&s.talk, talk_shop);
    line_init(&s.log, -1);
    s.metrics = metrics_new(WORKERS + WAITERS + WORK_BULK + WORK_HEAVY);
    assert_non_null(s.metrics);
    s.env = (call_env){.engine = s.talk.engine,
                       .log = &s.log,
                       .batch_max = 10,
                       .message_max = 1 << 20,
                       .status = pass,
                       .status_context = &s.gate};
    assert_int_equal(nng_rep0_open(&s.rep), 0);
    const work_options options = {.socket = s.rep,
                                  .env = &s.env,
                                  .counted = s.metrics,
                                  .contexts = CONTEXTS,
                                  .workers = WORKERS,
                                  .waiters = WAITERS,
                                  .queue_max = QUEUE};
    if (work_start(&s.memory, &options, &s.work, &error)) fail_msg("%s", error.text);
    snprintf(s.url, sizeof s.url, "inproc://work-test-%u", number++);
    assert_int_equal(nng_listen(s.rep, s.url, NULL, 0), 0);
    s.req = dial(s.url);
    *state = &s;
    return 0;
}

static void stop(scene *s) {
    work_stop(s->work);
    nng_close(s->rep);
    s->work = NULL;
}

static int tear_down(void **state) {
    scene *s = *state;
    set_gate(&s->gate, true);
    if (s->work) stop(s);
    nng_close(s->req);
    metrics_free(s->metrics);
    arena_fini(&s->memory);
    talk_end(&s->talk);
    pthread_cond_destroy(&s->gate.changed);
    pthread_mutex_destroy(&s->gate.mutex);
    return 0;
}

// ---- Asking ---------------------------------------------------------------------------------------------------------

static void send_on(scene *s, nng_socket socket, const char *request) {
    nng_msg *m;
    buf bytes = buf_in(&s->memory);
    assert_int_equal(msgpack_write(&bytes, talk_json(&s->memory, request)), TACT_OK);
    tact_str body = buf_done(&bytes);
    assert_int_equal(nng_msg_alloc(&m, 0), 0);
    assert_int_equal(nng_msg_append(m, body.ptr, body.len), 0);
    assert_int_equal(nng_msg_header_append_u32(m, 0x80000000u | ++s->sent), 0);
    assert_int_equal(nng_sendmsg(socket, m, 0), 0);
}

static void send(scene *s, const char *request, uint32_t times) {
    while (times--) send_on(s, s->req, request);
}

// What the next reply is: "ok", or the code of its error.
static const char *hear_on(scene *s, nng_socket socket) {
    nng_msg *m;
    tact_value v;
    assert_int_equal(nng_recvmsg(socket, &m, 0), 0);
    const char *copy = arena_copy(&s->memory, nng_msg_body(m), nng_msg_len(m));
    assert_int_equal(msgpack_read(&s->memory, (tact_str){copy, nng_msg_len(m)}, &v, NULL), TACT_OK);
    nng_msg_free(m);
    return talk_find(v, "ok").as.b ? "ok" : talk_find_text(&s->memory, v, "error.code");
}

static void hear(scene *s, const char *what, uint32_t times) {
    while (times--) assert_string_equal(hear_on(s, s->req), what);
}

static metrics_gauges gauges(scene *s) {
    metrics_gauges g = {0};
    work_gauges(s->work, &g);
    return g;
}

static void wait_for(scene *s, uint32_t in_flight, uint32_t waiting) {
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    metrics_gauges g = gauges(s);
    for (; (g.in_flight != in_flight || g.waiting != waiting) && clock_mono_ms() < until; g = gauges(s)) nng_msleep(1);
    assert_int_equal(g.in_flight, in_flight);
    assert_int_equal(g.waiting, waiting);
}

// Everybody who answers quickly is held, and so many wait.
static void fill(scene *s, uint32_t waiting) {
    set_gate(&s->gate, false);
    send(s, HELD, WORKERS);
    wait_for_inside(&s->gate, WORKERS);
    send(s, DECIDE, waiting);
    wait_for(s, WORKERS + waiting, waiting);
}

// ---- Tests ----------------------------------------------------------------------------------------------------------

static void one_after_the_other(void **state) {
    scene *s = *state;
    for (int i = 0; i < 200; i++) {
        send(s, DECIDE, 1);
        hear(s, "ok", 1);
    }
    wait_for(s, 0, 0);
    assert_int_equal(gauges(s).shed_total, 0);
}

static void what_waits_is_answered_when_there_is_room(void **state) {
    scene *s = *state;
    fill(s, QUEUE);
    set_gate(&s->gate, true);
    hear(s, "ok", WORKERS + QUEUE);
    wait_for(s, 0, 0);
    assert_int_equal(gauges(s).shed_total, 0);
}

static void beyond_the_queue_it_is_overloaded_at_once(void **state) {
    scene *s = *state;
    fill(s, QUEUE);
    for (int i = 0; i < 100; i++) { // of which none takes a place for ever
        send(s, DECIDE, 1);
        hear(s, "overloaded", 1); // while those before still wait
    }
    wait_for(s, WORKERS + QUEUE, QUEUE);
    assert_int_equal(gauges(s).shed_total, 100);
    set_gate(&s->gate, true);
    hear(s, "ok", WORKERS + QUEUE);
    send(s, DECIDE, 1);
    hear(s, "ok", 1);
    wait_for(s, 0, 0);
}

static void the_queue_may_change(void **state) {
    scene *s = *state;
    work_set_queue(s->work, QUEUE + 2);
    fill(s, QUEUE + 2);
    work_set_queue(s->work, 0); // those that wait stay
    send(s, DECIDE, 1);
    hear(s, "overloaded", 1);
    set_gate(&s->gate, true);
    hear(s, "ok", WORKERS + QUEUE + 2);
    wait_for(s, 0, 0);
}

static void slow_ones_do_not_hold_up_quick_ones(void **state) {
    scene *s = *state;
    set_gate(&s->gate, false);
    send(s, HELD_SLOW, WAITERS);
    wait_for_inside(&s->gate, WAITERS);
    send(s, HELD_SLOW, SLOW_QUEUE);
    wait_for(s, WAITERS + SLOW_QUEUE, SLOW_QUEUE);
    for (int i = 0; i < 200; i++) {
        send(s, DECIDE, 1);
        hear(s, "ok", 1);
    }
    send(s, HELD_SLOW, 1); // beyond the queue of the slow ones
    hear(s, "overloaded", 1);
    set_gate(&s->gate, true);
    hear(s, "ok", WAITERS + SLOW_QUEUE);
    wait_for(s, 0, 0);
}

static void heavy_ones_hold_up_nobody_else(void **state) {
    scene *s = *state;
    set_gate(&s->gate, false);
    send(s, HELD_HEAVY, WORK_HEAVY);
    wait_for_inside(&s->gate, WORK_HEAVY);
    send(s, HELD_HEAVY, WORK_HEAVY_QUEUE);
    wait_for(s, WORK_HEAVY + WORK_HEAVY_QUEUE, WORK_HEAVY_QUEUE);
    for (int i = 0; i < 100; i++) {
        send(s, DECIDE, 1);
        hear(s, "ok", 1);
        send(s, SLOW, 1);
        hear(s, "ok", 1);
        send(s, HELD_HEAVY, 1); // beyond their queue
        hear(s, "overloaded", 1);
    }
    wait_for(s, WORK_HEAVY + WORK_HEAVY_QUEUE, WORK_HEAVY_QUEUE);
    assert_int_equal(gauges(s).shed_total, 100);
    set_gate(&s->gate, true);
    hear(s, "ok", WORK_HEAVY + WORK_HEAVY_QUEUE);
    wait_for(s, 0, 0);
}

static void heavy_ones_step_back(void **state) {
    scene *s = *state;
    int usual = getpriority(PRIO_PROCESS, 0);
    send(s, HELD, 1);
    hear(s, "ok", 1);
    assert_int_equal(s->gate.nice, usual);
    send(s, HELD_SLOW, 1);
    hear(s, "ok", 1);
    assert_int_equal(s->gate.nice, usual);
    send(s, HELD_HEAVY, 1);
    hear(s, "ok", 1);
    assert_int_equal(s->gate.nice, usual + WORK_NICE > 19 ? 19 : usual + WORK_NICE);
}

typedef struct opener {
    scene *scene;
    uint32_t left;
} opener;

static void *drain(void *context) {
    opener *o = context;
    o->left = work_drain(o->scene->work, PATIENCE_MS);
    return NULL;
}

// A request that nobody takes any more stays unanswered: there is no reply within this time, whenever that is over.
static void nobody_answers(scene *s) {
    nng_msg *m;
    send(s, DECIDE, 1);
    assert_int_equal(nng_socket_set_ms(s->req, NNG_OPT_RECVTIMEO, 20), 0);
    assert_int_equal(nng_recvmsg(s->req, &m, 0), NNG_ETIMEDOUT);
}

static void draining_answers_what_came_in_and_takes_nothing_more(void **state) {
    scene *s = *state;
    pthread_t thread;
    opener o = {.scene = s, .left = 1};
    fill(s, QUEUE);
    send(s, HELD_SLOW, WAITERS + 4);
    hear(s, "overloaded", WAITERS + 4); // that they are slow nobody can tell before a seat is free
    assert_int_equal(pthread_create(&thread, NULL, drain, &o), 0);
    set_gate(&s->gate, true);
    hear(s, "ok", WORKERS + QUEUE);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(o.left, 0);
    assert_int_equal(gauges(s).in_flight, 0);
    nobody_answers(s);
}

static void draining_ends_when_the_time_is_over(void **state) {
    scene *s = *state;
    fill(s, QUEUE);
    assert_int_equal(work_drain(s->work, 0), WORKERS + QUEUE); // which hang, and it does not
    set_gate(&s->gate, true);
    hear(s, "ok", WORKERS + QUEUE); // late
    nobody_answers(s);
}

static void *open_soon(void *context) {
    scene *s = context;
    nng_msleep(30);
    set_gate(&s->gate, true);
    return NULL;
}

static void it_stops_with_requests_everywhere(void **state) {
    scene *s = *state;
    pthread_t thread;
    set_gate(&s->gate, false);
    send(s, HELD_SLOW, WAITERS);
    wait_for_inside(&s->gate, WAITERS);
    send(s, HELD_SLOW, 4);
    wait_for(s, WAITERS + 4, 4);
    send(s, HELD_HEAVY, WORK_HEAVY);
    wait_for_inside(&s->gate, WAITERS + WORK_HEAVY);
    send(s, HELD_HEAVY, 2);
    wait_for(s, WAITERS + 4 + WORK_HEAVY + 2, 4 + 2);
    send(s, HELD, WORKERS);
    wait_for_inside(&s->gate, WAITERS + WORK_HEAVY + WORKERS);
    send(s, DECIDE, QUEUE);
    wait_for(s, WAITERS + 4 + WORK_HEAVY + 2 + WORKERS + QUEUE, 4 + 2 + QUEUE);
    assert_int_equal(pthread_create(&thread, NULL, open_soon, s), 0);
    stop(s);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

// Whoever vanishes takes no slot along: afterwards as many can be in flight as ever.
static void who_vanishes_takes_nothing_along(void **state) {
    scene *s = *state;
    char url[64];
    int port;
    nng_listener listener;
    assert_int_equal(nng_listen(s->rep, "tcp://127.0.0.1:0", &listener, 0), 0);
    assert_int_equal(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), 0);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port);
    const tact_str held = peer_request(&s->memory, HELD), decide = peer_request(&s->memory, DECIDE);
    for (int round = 0; round < 20; round++) {
        int gone = peer_open(url, 0);
        set_gate(&s->gate, false);
        for (uint32_t i = 0; i < WORKERS; i++) (void)peer_send(gone, i, held);
        wait_for_inside(&s->gate, WORKERS);
        for (uint32_t i = 0; i < QUEUE + 3; i++) (void)peer_send(gone, i, decide);
        close(gone);
        set_gate(&s->gate, true);
        wait_for(s, 0, 0);
    }
    fill(s, QUEUE);
    work_set_queue(s->work, CONTEXTS);
    send(s, DECIDE, CONTEXTS - WORKERS - QUEUE);
    wait_for(s, CONTEXTS, CONTEXTS - WORKERS);
    set_gate(&s->gate, true);
    hear(s, "ok", CONTEXTS);
    wait_for(s, 0, 0);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_after_the_other),
        TEST(what_waits_is_answered_when_there_is_room),
        TEST(beyond_the_queue_it_is_overloaded_at_once),
        TEST(the_queue_may_change),
        TEST(slow_ones_do_not_hold_up_quick_ones),
        TEST(heavy_ones_hold_up_nobody_else),
        TEST(heavy_ones_step_back),
        TEST(draining_answers_what_came_in_and_takes_nothing_more),
        TEST(draining_ends_when_the_time_is_over),
        TEST(it_stops_with_requests_everywhere),
        TEST(who_vanishes_takes_nothing_along),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
