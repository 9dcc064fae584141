// SPDX-License-Identifier: Apache-2.0
//
// A request on its way through. Subtle: what was read borrows from the message that came in, and the reply may borrow
// from what was read, so that both stay until the reply is written.
#include "server/call.h"

#include <time.h>

#include "engine/request.h"
#include "server/page.h"
#include "value/value.h"
#include "wire/form.h"
#include "wire/msgpack.h"

static const struct {
    const char *name;
    access_role role;
    call_pace pace;
} operations[METRICS_OPERATIONS] = {
#define X(NAME, name, ROLE, PACE, doc) {#name, ACCESS_##ROLE, CALL_##PACE},
#include "wire/operation_tbl.h"
#undef X
    [METRICS_BATCH] = {"batch", 0, CALL_QUICK}, // that of each that it holds
};

uint64_t call_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void call_init(call *c, call_env *env, metrics_shard *counted) {
    *c = (call){.env = env, .counted = counted};
    arena_init(&c->memory, CALL_MEMORY_MAX);
}

void call_fini(call *c) {
    arena_fini(&c->memory);
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static const tact_value *member(tact_value map, const char *name) {
    return value_map_get_str(map.as.map, tact_str_from(name));
}

// The request with one field more, or another one.
static tact_value with(arena *a, tact_value map, const char *name, tact_value v) {
    uint32_t count = 0;
    value_entry *entries = arena_array(a, (size_t)map.as.map->count + 1, sizeof *entries);
    if (!entries) return map;
    for (uint32_t i = 0; i < map.as.map->count; i++) {
        const value_entry *e = &map.as.map->entries[i];
        if (!tact_str_equal(value_str(e->key), tact_str_from(name))) entries[count++] = *e;
    }
    entries[count++] = (value_entry){tact_string(name, strlen(name)), v};
    tact_value more = value_map(a, entries, count);
    return more.kind == TACT_MAP ? more : map;
}

static bool is_batch(tact_value v) {
    const tact_value *op = v.kind == TACT_MAP ? member(v, "op") : NULL;
    return op && op->kind == TACT_STRING && tact_str_equal(value_str(*op), TACT_STR("batch"));
}

static metrics_operation operation_of(tact_value v, tact_problem *p) {
    operation o;
    if (v.kind == TACT_MAP && request_operation(v, &o, p) == TACT_OK) return (metrics_operation)o;
    return METRICS_UNKNOWN;
}

static call_pace pace_of(tact_value v) {
    tact_problem ignored;
    return operations[operation_of(v, &ignored)].pace;
}

static void fail(call *c, tact_err err, tact_problem_name name, const char *at, const char *text) {
    const place where = at ? place_of(at) : place_none();
    (void)problem_set(&c->problem, err, name, &where, "%s", text);
    c->failed = true;
}

static void read_batch(call *c) {
    const tact_value *requests = member(c->request, "requests");
    c->operation = METRICS_BATCH;
    if (!requests || requests->kind != TACT_LIST) {
        fail(c, TACT_INVALID, TACT_PROBLEM_MISSING, "requests", "requests: expected a list of requests");
        return;
    }
    if (requests->len > c->env->batch_max) {
        fail(c, TACT_LIMIT, TACT_PROBLEM_TOO_MUCH, "requests", "requests: more than `batch_max` of the server allows");
        return;
    }
    if (requests->len > CALL_BATCH_QUICK) c->pace = CALL_BULK;
    for (uint32_t i = 0; i < requests->len; i++) { // that of the most patient
        call_pace pace = pace_of(requests->as.items[i]);
        if (pace > c->pace) c->pace = pace;
    }
}

void call_read(call *c, tact_str bytes, uint64_t waited_ns) {
    tact_error error;
    c->begun_ns = call_now_ns();
    c->in = bytes.len;
    c->out = 0;
    c->failed = false;
    c->pace = CALL_QUICK;
    c->who = (tact_str){"", 0};
    c->operation = METRICS_UNKNOWN;
    c->spans = (metrics_spans){.wait = waited_ns};
    if (bytes.len > c->env->message_max) {
        fail(c, TACT_LIMIT, TACT_PROBLEM_TOO_MUCH, NULL, "the message is longer than `message_max` of the server");
        return;
    }
    tact_err err = msgpack_read(&c->memory, bytes, &c->request, &error);
    if (err) {
        fail(c, err == TACT_SYNTAX ? TACT_INVALID : err, TACT_PROBLEM_MALFORMED, NULL, error.text);
    } else if (c->request.kind != TACT_MAP) {
        fail(c, TACT_INVALID, TACT_PROBLEM_MALFORMED, NULL, "a request is a map: {op: \"decide\", …}");
    } else if (is_batch(c->request)) {
        read_batch(c);
    } else {
        c->operation = operation_of(c->request, &c->problem);
        c->pace = operations[c->operation].pace;
        c->failed = c->operation == METRICS_UNKNOWN;
    }
    c->spans.read = call_now_ns() - c->begun_ns;
}

// ---- Working --------------------------------------------------------------------------------------------------------

static uint32_t roles_of(call *c) {
    const tact_value *auth = member(c->request, "auth");
    bool given = auth && auth->kind == TACT_STRING;
    return access_roles(c->env->access, given ? value_str(*auth) : TACT_STR(""), &c->who);
}

// Whether there is too little time left for a decision, by what one has taken lately.
static bool is_late(const call *c, tact_value v) {
    const tact_value *d = member(v, "deadline_us");
    if (!d) d = member(c->request, "deadline_us"); // of the batch that it is in
    if (!d || d->kind != TACT_INT || d->as.i < 0 || d->as.i > INT64_MAX / 1000) return false;
    uint64_t gone = c->spans.wait + (call_now_ns() - c->begun_ns);
    return (uint64_t)d->as.i * 1000 < gone + c->usual_ns;
}

// So many persons at most, whatever is asked for.
static tact_value bounded_sample(call *c, tact_value v) {
    const tact_value *sample = member(v, "sample");
    uint32_t most = c->env->simulate_max;
    bool less = sample && sample->kind == TACT_INT && sample->as.i > 0 && sample->as.i <= most;
    bool wrong = sample && sample->kind != TACT_INT && sample->kind != TACT_UINT; // which the engine tells
    return less || wrong ? v : with(&c->memory, v, "sample", tact_int(most));
}

// What holds over a wire, and not within a program.
static tact_err adapt(call *c, metrics_operation o, tact_value *v, tact_problem *p) {
    if (o == METRICS_DECIDE && is_late(c, *v)) *v = with(&c->memory, *v, "late", tact_bool(true));
    if (o == METRICS_SIMULATE) *v = bounded_sample(c, *v);
    if (!member(*v, "folder")) return TACT_OK;
    const place at = place_of("folder");
    return problem_set(p, TACT_DENIED, TACT_PROBLEM_FORBIDDEN, &at,
                       "folder: a server reads no folder of its machine for others; send the `files`");
}

// What a decision tells of why takes the role that explaining does.
static access_role role_of(metrics_operation o, tact_value v) {
    const tact_value *why = o == METRICS_DECIDE ? member(v, "explain") : NULL;
    return operations[why && why->kind == TACT_BOOL && why->as.b ? METRICS_EXPLAIN : o].role;
}

static tact_err forbid(const call *c, uint32_t roles, metrics_operation o, access_role wanted, tact_problem *p) {
    const char *why = roles                        ? "the token has not the role"
                      : member(c->request, "auth") ? "this server knows no such token; it takes one with the role"
                                                   : "it takes a token (`auth`) with the role";
    return problem_set(p, TACT_DENIED, TACT_PROBLEM_FORBIDDEN, NULL, "%s: %s `%s`", operations[o].name, why,
                       access_role_name(wanted));
}

static tact_err run(call *c, metrics_operation o, tact_value v, tact_value *reply, tact_problem *p) {
    tact_err err = adapt(c, o, &v, p);
    if (!err) err = tact_call(c->env->engine, v, &c->memory, reply, p);
    if (!err && o == METRICS_STATUS && c->env->status) {
        *reply = with(&c->memory, *reply, "server", c->env->status(c->env->status_context, &c->memory));
    }
    return err;
}

// Within what a page may, and no more said of it than a page is told.
static tact_err run_for_page(call *c, metrics_operation o, tact_value v, tact_value *reply, tact_problem *p) {
    tact_err err = page_check(c->env->page_identities, o, v, p);
    if (err) return err;
    v = page_request(&c->memory, o, v);
    if (v.kind != TACT_MAP) return problem_no_memory(p);
    err = run(c, o, v, reply, p);
    if (err) return err;
    *reply = page_reply(&c->memory, o, *reply);
    return reply->kind == TACT_MAP ? TACT_OK : problem_no_memory(p);
}

static tact_err ask(call *c, uint32_t roles, metrics_operation o, tact_value v, tact_value *reply, tact_problem *p) {
    access_role wanted = role_of(o, v);
    if (roles & wanted) return run(c, o, v, reply, p);
    if (roles & ACCESS_PAGE && page_has(o)) return run_for_page(c, o, v, reply, p);
    return forbid(c, roles, o, wanted, p);
}

// What is the machine's fault is told with its reason; what is the asker's may hold what is a person's, and is not.
static void note(call *c, metrics_operation o, const tact_problem *p) {
    tact_str op = tact_str_from(operations[o].name ? operations[o].name : "unknown");
    tact_str code = tact_str_from(tact_problem_code(p));
    if (p->err == TACT_IO || p->err == TACT_NO_MEMORY) {
        LINE(c->env->log, LINE_ERROR, "request failed", LINE_S("op", op), LINE_S("code", code),
             LINE_S("text", tact_str_from(p->text)), LINE_S("who", c->who));
    } else {
        LINE(c->env->log, LINE_DEBUG, "request refused", LINE_S("op", op), LINE_S("code", code),
             LINE_S("at", tact_str_from(p->at)), LINE_S("who", c->who));
    }
}

// Answers one request, alone or of a batch.
static bool answer(call *c, uint32_t roles, metrics_operation o, tact_value v, tact_value *reply, tact_problem *p) {
    metrics_spans spans = c->spans;
    uint64_t begun = call_now_ns();
    tact_err err = ask(c, roles, o, v, reply, p);
    spans.work = call_now_ns() - begun;
    if (o == METRICS_DECIDE && !err) c->usual_ns += (spans.work >> 4) - (c->usual_ns >> 4);
    if (c->operation == METRICS_BATCH) {
        metrics_count(c->counted, o, err ? p : NULL, &spans);
    } else {
        c->spans = spans;
    }
    if (err) note(c, o, p);
    return !err;
}

static void work_batch(call *c, uint32_t roles) {
    form f = {&c->memory, false};
    form_fields out = {.count = 0};
    form_items replies = {NULL, 0, 0};
    const tact_value requests = *member(c->request, "requests");
    for (uint32_t i = 0; i < requests.len && !f.failed; i++) {
        tact_problem p;
        tact_value reply = tact_null();
        metrics_operation o = operation_of(requests.as.items[i], &p);
        if (requests.as.items[i].kind != TACT_MAP) {
            (void)problem_set(&p, TACT_INVALID, TACT_PROBLEM_WRONG_TYPE, NULL, "a request is a map");
        }
        bool well = o != METRICS_UNKNOWN && answer(c, roles, o, requests.as.items[i], &reply, &p);
        if (!well) reply = tact_problem_reply(&p, &c->memory);
        form_add(&f, &replies, reply);
    }
    form_put(&f, &out, "ok", tact_bool(true));
    form_put(&f, &out, "replies", form_list(&replies));
    c->reply = form_map(&f, &out);
    if (f.failed) fail(c, TACT_LIMIT, TACT_PROBLEM_TOO_MUCH, NULL, "the replies are more than one message may hold");
}

void call_work(call *c) {
    uint64_t begun = call_now_ns();
    uint32_t roles = c->failed ? 0 : roles_of(c);
    if (c->failed) {
        note(c, c->operation, &c->problem);
    } else if (c->operation == METRICS_BATCH) {
        work_batch(c, roles);
        c->spans.work = call_now_ns() - begun;
    } else {
        c->failed = !answer(c, roles, c->operation, c->request, &c->reply, &c->problem);
    }
    if (!c->failed) return;
    tact_arena_reset(&c->memory); // all of it may be used up, and the problem lies in the call
    c->reply = tact_problem_reply(&c->problem, &c->memory);
}

// ---- Writing --------------------------------------------------------------------------------------------------------

bool call_write(call *c, buf *out) {
    uint64_t begun = call_now_ns();
    tact_err err = msgpack_write(out, c->reply);
    if (out->failed) return false;
    if (err) { // deeper, or of more parts, than a message may be
        fail(c, err, TACT_PROBLEM_TOO_MUCH, NULL, "the reply is more than one message may hold");
        c->reply = tact_problem_reply(&c->problem, &c->memory);
        out->len = 0;
        if (msgpack_write(out, c->reply)) return false;
    }
    c->out = out->len;
    c->spans.write += call_now_ns() - begun;
    return true;
}

void call_leave(call *c) {
    arena_reset_keeping(&c->memory, CALL_MEMORY_KEPT);
}

void call_end(call *c) {
    metrics_count(c->counted, c->operation, c->failed ? &c->problem : NULL, &c->spans);
    metrics_count_bytes(c->counted, c->in, c->out);
    call_leave(c);
}
