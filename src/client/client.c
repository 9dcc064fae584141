// SPDX-License-Identifier: Apache-2.0
//
// Servers over an uplink, and a pool of calls. A call is an aio that first sends and then receives. Subtle: NNG itself
// sends a request again when its connection is lost, if the context has a resend time, so a call has two contexts on an
// uplink, of which one never does. Timeouts are the aio's, first for sending and then, what is left of it, for
// receiving; an aio that ended leaves its context as new (protocol/reqrep0/req.c of 1.5).
//
// A server that is killed while it is written to: a failed write closes the connection, and if a message was just being
// read, NNG 1.5.2 begins that reading once more, it never ends, and the one thread that takes connections away waits
// for it for ever. From then on no socket of the process connects again once it has lost a connection; a new one does.
// So a client to which nobody says anything takes a new uplink (renew).
#include "tact/client.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <nng/nng.h>

#include "base/arena.h"
#include "base/clock.h"
#include "client/message.h"
#include "client/uplink.h"
#include "wire/problem.h"

enum { MOVED = NNG_ECANCELED }; // why an aio ends that is to begin anew over another uplink

enum {
    CONNECTIONS = 1,
    CONNECTIONS_MAX = 1024,
    URLS_MAX = 1024,
    IN_FLIGHT = 256,
    IN_FLIGHT_MAX = 1 << 16,
    DEADLINE_MS = 1000,
    DEADLINE_MAX_MS = 24 * 3600 * 1000,
    SCRATCH_KEPT = 1 << 20, // bytes that a call keeps for the next one
    REACH_STEP_MS = 5,      // NNG tells of a failure only if it is asked
    // Of silence, before a new uplink is taken: a server that is slow or hangs is not to be connected to all the time.
    SILENT_MS = 900,       // less than the usual deadline, so that one call tells
    SILENT_MAX_MS = 30000, // it doubles with each uplink over which no answer comes
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
    uint32_t number;
    nng_aio *aio;
    arena memory; // of the request, and of a reply that is heard
    tact_str request;
    bool again; // the request may be sent so
    uint32_t deadline_ms;
    int64_t until_ms, sent_ms; // sent: over the uplink that it has now
    nng_msg *reply;            // when it ended
    int fault;                 // NNG's; 0: there is a reply
    tact_client_heard *heard;  // NULL: somebody waits
    void *context;
    pthread_mutex_t lock; // of what follows; taken before the client's
    pthread_cond_t ended; // for whoever waits
    bool is_over;
    uplink *uplink; // held; NULL: nothing was sent
    bool receiving, moving;
};

struct tact_client {
    arena memory;     // everything that lives as long as the client
    const char *urls; // all, with commas, for texts
    const char *token;
    uplink_options options; // of its uplinks
    uint32_t deadline_ms, in_flight;
    call *calls;
    uint32_t calls_count;
    pthread_mutex_t lock; // of what follows
    pthread_cond_t turn;
    call *free;
    uint32_t busy; // calls that are not free
    bool is_closing, is_renewing;
    uplink *uplink;
    uint32_t patience_ms; // with an uplink over which no answer came yet
    int64_t silent_ms;    // the first of the calls was sent then of which none was answered since
};

// ---- Problems -------------------------------------------------------------------------------------------------------

static tact_err unreachable(const uplink *u, uint32_t ms, tact_problem *problem) {
    reach_text why;
    (void)uplink_why(u, &why);
    return problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL, "no server can be reached within %u ms: %s",
                       ms, why.text);
}

static tact_err unanswered(const tact_client *c, const call *one, tact_problem *problem) {
    switch (one->fault) {
    case NNG_ENOMEM: return problem_no_memory(problem);
    case NNG_ECLOSED:
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL, "the client is being closed");
    case NNG_ETIMEDOUT:
        if (!uplink_connected(one->uplink)) return unreachable(one->uplink, one->deadline_ms, problem);
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_TIMED_OUT, NULL, "no answer from %s within %u ms", c->urls,
                           one->deadline_ms);
    default:
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL,
                           "the connection was lost before an answer came (%s): whether it was done is not known, so "
                           "it was not sent again",
                           nng_strerror(one->fault));
    }
}

// The uplink that the client has now, held.
static uplink *hold_uplink(tact_client *c) {
    pthread_mutex_lock(&c->lock);
    uplink *u = uplink_hold(c->uplink);
    pthread_mutex_unlock(&c->lock);
    return u;
}

// ---- A new uplink ---------------------------------------------------------------------------------------------------

// A call's time is over: whether nothing at all was heard, for so long that a new uplink is worth it. One that never
// had a connection still tries to get its first, and no other would do better. With the client's lock.
static bool is_silent(tact_client *c, const call *one) {
    const int64_t heard_ms = uplink_heard_ms(c->uplink);
    const uint32_t patience_ms = uplink_answered(c->uplink) ? SILENT_MS : c->patience_ms;
    if (one->uplink != c->uplink || !heard_ms || heard_ms > one->sent_ms) return false;
    if (c->silent_ms < heard_ms) c->silent_ms = one->sent_ms;
    return clock_mono_ms() - c->silent_ms >= patience_ms;
}

// Has the calls that wait over an uplink begin anew over the new one, as if their connection was lost: those that may
// be sent again, and those that were not sent yet.
static void move_calls(tact_client *c, const uplink *from) {
    for (uint32_t i = 0; i < c->calls_count; i++) {
        call *one = &c->calls[i];
        pthread_mutex_lock(&one->lock);
        if (one->uplink == from && (one->again || !one->receiving)) {
            one->moving = true;
            nng_aio_abort(one->aio, MOVED);
        }
        pthread_mutex_unlock(&one->lock);
    }
}

// After a call's time was over, which holds its uplink still.
static void renew(tact_client *c, const call *one) {
    uplink *fresh, *old = NULL;
    tact_problem problem;
    pthread_mutex_lock(&c->lock);
    const bool is_due = !c->is_closing && !c->is_renewing && is_silent(c, one);
    if (is_due) c->is_renewing = true;
    pthread_mutex_unlock(&c->lock);
    if (!is_due) return;
    tact_err err = uplink_open(&c->options, &fresh, &problem); // without memory or files the old one has to do
    pthread_mutex_lock(&c->lock);
    if (!err) {
        const uint32_t patience_ms = uplink_answered(c->uplink) ? SILENT_MS : c->patience_ms;
        c->patience_ms = patience_ms < SILENT_MAX_MS / 2 ? patience_ms * 2 : SILENT_MAX_MS;
        old = c->uplink;
        c->uplink = fresh;
    }
    c->silent_ms = clock_mono_ms();
    c->is_renewing = false;
    pthread_mutex_unlock(&c->lock);
    if (!old) return;
    move_calls(c, old);
    uplink_drop(old);
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
    pthread_mutex_lock(&one->lock);
    uplink *u = one->uplink;
    one->uplink = NULL;
    pthread_mutex_unlock(&one->lock);
    if (u) uplink_drop(u);
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
    if (reply) uplink_hear(one->uplink);
    if (fault == NNG_ETIMEDOUT) renew(one->client, one);
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

// Sends a call's request over the uplink that the client has now. False: no memory, and nothing was sent.
static bool post(call *one) {
    nng_msg *m;
    if (nng_msg_alloc(&m, one->request.len)) return false;
    memcpy(nng_msg_body(m), one->request.ptr, one->request.len);
    pthread_mutex_lock(&one->lock);
    uplink *old = one->uplink;
    one->uplink = hold_uplink(one->client);
    one->receiving = one->moving = false;
    one->sent_ms = clock_mono_ms();
    nng_aio_set_msg(one->aio, m);
    nng_aio_set_timeout(one->aio, left(one));
    nng_ctx_send(uplink_context(one->uplink, one->number, one->again), one->aio);
    pthread_mutex_unlock(&one->lock);
    if (old) uplink_drop(old);
    return true;
}

// After it was sent. False: it is to be sent over another uplink.
static bool receive(call *one) {
    pthread_mutex_lock(&one->lock);
    const bool stays = !one->moving || !one->again;
    if (stays) {
        one->receiving = true;
        nng_aio_set_timeout(one->aio, left(one));
        nng_ctx_recv(uplink_context(one->uplink, one->number, one->again), one->aio);
    }
    pthread_mutex_unlock(&one->lock);
    return stays;
}

// Of a call's aio: something was sent, was received, or went wrong.
static void proceed(void *of) {
    call *one = of;
    int fault = nng_aio_result(one->aio);
    const bool receiving = one->receiving;
    if (!fault && receiving) {
        end(one, 0, nng_aio_get_msg(one->aio));
        return;
    }
    if (fault && !receiving) nng_msg_free(nng_aio_get_msg(one->aio)); // which is ours still
    if (!fault && receive(one)) return;
    if (fault && fault != MOVED) {
        end(one, fault, NULL);
    } else if (!left(one)) {
        end(one, NNG_ETIMEDOUT, NULL);
    } else if (!post(one)) {
        end(one, NNG_ENOMEM, NULL);
    }
}

static tact_err begin(call *one, tact_value request, tact_problem *problem) {
    const tact_client *c = one->client;
    const message_extras extras = {c->token ? tact_str_from(c->token) : (tact_str){NULL, 0},
                                   (uint64_t)left(one) * 1000};
    buf out = buf_in(&one->memory);
    tact_err err = message_write(&out, request, &extras, &one->again, problem);
    one->request = buf_done(&out);
    one->is_over = false;
    if (err) return err;
    return one->request.ptr && post(one) ? TACT_OK : problem_no_memory(problem);
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

// Counts a call once it is whole, so that closing knows which are.
static int add_call(tact_client *c, pthread_condattr_t *monotonic) {
    call *one = &c->calls[c->calls_count];
    one->client = c;
    one->number = c->calls_count;
    int fault = nng_aio_alloc(&one->aio, proceed, one);
    if (fault) return fault;
    arena_init(&one->memory, 0);
    pthread_mutex_init(&one->lock, NULL);
    pthread_cond_init(&one->ended, monotonic);
    one->next = c->free;
    c->free = one;
    c->calls_count++;
    return 0;
}

static const char *keep(arena *a, const char *text, bool *all) {
    const char *kept = text ? arena_copy(a, text, strlen(text)) : NULL;
    if (text && !kept) *all = false;
    return kept;
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
    int fault = 0;
    bool all = true;
    c->deadline_ms = o->deadline_ms ? o->deadline_ms : DEADLINE_MS;
    c->in_flight = o->in_flight ? o->in_flight : IN_FLIGHT;
    c->patience_ms = SILENT_MS;
    c->urls = join(&c->memory, urls, count);
    c->token = keep(&c->memory, o->token, &all);
    c->calls = arena_zalloc(&c->memory, (size_t)c->in_flight * sizeof *c->calls);
    const char **kept = arena_array(&c->memory, count, sizeof *kept);
    for (size_t i = 0; kept && i < count; i++) kept[i] = keep(&c->memory, urls[i], &all);
    c->options = (uplink_options){.urls = kept,
                                  .urls_count = count,
                                  .connections = o->connections ? o->connections : CONNECTIONS,
                                  .calls = c->in_flight,
                                  .tls_ca = keep(&c->memory, o->tls_ca, &all),
                                  .tls_cert = keep(&c->memory, o->tls_cert, &all)};
    if (!c->urls || !c->calls || !kept || !all) return problem_no_memory(problem);
    for (uint32_t i = 0; i < c->in_flight && !fault; i++) fault = add_call(c, monotonic);
    return fault ? problem_no_memory(problem) : uplink_open(&c->options, &c->uplink, problem);
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
    if (!c) return problem_no_memory(problem);
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
    tact_err err = TACT_OK;
    uplink *u = hold_uplink(client);
    while (!err && !uplink_connected(u)) {
        reach_text why;
        if (uplink_why(u, &why)) {
            err = problem_set(problem, TACT_BUSY, TACT_PROBLEM_UNREACHABLE, NULL, "no server can be reached: %s",
                              why.text);
        } else if (clock_mono_ms() >= until_ms) {
            err = unreachable(u, ms, problem);
        } else {
            (void)nanosleep(&(struct timespec){.tv_nsec = REACH_STEP_MS * 1000000}, NULL);
            uplink_drop(u);
            u = hold_uplink(client);
        }
    }
    uplink_drop(u);
    return err;
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
    while (c->busy && uplink_connected(c->uplink) && clock_mono_ms() < until_ms && wait_turn(c, QUIET_MS)) continue;
}

static void abort_calls(tact_client *c) {
    while (c->busy) {
        pthread_mutex_unlock(&c->lock);
        for (uint32_t i = 0; i < c->calls_count; i++) nng_aio_abort(c->calls[i].aio, NNG_ECLOSED);
        pthread_mutex_lock(&c->lock);
        if (c->busy) (void)wait_turn(c, ABORT_MS);
    }
}

void tact_client_close(tact_client *client) {
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
    if (client->uplink) uplink_drop_and_wait(client->uplink, CLOSE_MS);
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->turn);
    arena memory = client->memory; // which the client lies in
    arena_fini(&memory);
}
