// SPDX-License-Identifier: Apache-2.0
//
// The operations of tact.h: each reads its request, has the work done in a session, and forms the reply.
#include "tact/tact.h"

#include "base/clock.h"
#include "engine/changes.h"
#include "engine/context.h"
#include "engine/explain.h"
#include "engine/log.h"
#include "engine/reply.h"
#include "value/value.h"

// ---- Deciding -------------------------------------------------------------------------------------------------------

static tact_err decide_dry(decision *d, form *f, form_fields *out, tact_problem *p) {
    explanation *x = d->in.explain ? explain_new(d) : NULL;
    if (d->in.explain && !x) return problem_no_memory(p);
    tact_err err = decision_run(d, x ? explain_observer(x) : NULL, p);
    if (err) return err;
    reply_put(f, out, d);
    if (x) explain_put(f, out, x);
    return TACT_OK;
}

// The reply first: what the answer borrows from the view goes with the view.
static tact_err decide_for_good(decision *d, form *f, form_fields *out, tact_problem *p) {
    tact_engine *e = d->session->engine;
    struct decision_effects *left = NULL;
    log_frame frame = {.arena = &d->session->scratch};
    if (log_wants(e->log, e->log ? session_draw(d->session) : 0)) d->frame = &frame;
    tact_err err = decision_run_and_reserve(d, &left, p);
    if (err) return err;
    reply_put(f, out, d);
    if (f->failed) {
        decision_forget(d, left);
        return problem_no_memory(p);
    }
    if (d->frame) log_put(e->log, d, &frame);
    return decision_leave(d, left, p);
}

// One writer: whoever has the session. No locked instruction.
static void add(_Atomic uint64_t *n, uint64_t more) {
    atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + more, memory_order_relaxed);
}

static void count(session_counts *c, const decide_answer *answer) {
    uint64_t given = 0, fallbacks = 0;
    for (uint32_t i = 0; i < answer->places_count; i++) {
        const decide_place *p = &answer->places[i];
        given += p->choices_count;
        fallbacks += p->choices_count && p->choices[0].fallback;
    }
    add(&c->decided, 1);
    add(&c->given, given);
    add(&c->fallbacks, fallbacks);
    for (int i = 0; i < BUNDLE_STAGES; i++) add(&c->removed[i], answer->removed[i]);
}

static tact_err decide_in(session *s, const request *r, form *f, form_fields *out, tact_problem *p) {
    decision d;
    tact_err err = session_needs_bundle(s, p);
    if (!err) err = decision_begin(&d, s, r, p);
    if (err) return err;
    err = d.in.dry ? decide_dry(&d, f, out, p) : decide_for_good(&d, f, out, p);
    if (!err) count(&s->counts, &d.answer);
    return err;
}

static tact_err decide(tact_engine *e, operation o, tact_value v, arena *a, tact_value *reply, tact_problem *p) {
    request r;
    session *s;
    form f = {a, false};
    form_fields out = {.count = 0};
    tact_err err = request_read(o, v, &r, p);
    if (!err) err = session_begin(e, &s, p);
    if (err) return err;
    err = decide_in(s, &r, &f, &out, p);
    session_end(s);
    return err ? err : reply_done(&f, form_map(&f, &out), reply, p);
}

tact_err tact_decide(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    return decide(engine, OPERATION_DECIDE, v, a, reply, problem);
}

tact_err tact_explain(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    return decide(engine, OPERATION_EXPLAIN, v, a, reply, problem);
}

tact_err tact_context(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    request r;
    session *s;
    tact_err err = request_read(OPERATION_CONTEXT, v, &r, problem);
    if (!err) err = session_begin(engine, &s, problem);
    if (err) return err;
    err = session_needs_bundle(s, problem);
    if (!err) err = context_tell(s, &r, a, reply, problem);
    session_end(s);
    return err;
}

// ---- Recording ------------------------------------------------------------------------------------------------------

static tact_value refused_of(form *f, const changes *c, const writer_result *results) {
    form_items all = {.count = 0};
    for (uint32_t i = 0; i < c->count; i++) {
        if (!results[i].code) continue;
        form_fields one = {.count = 0};
        const char *code = tact_err_name(results[i].code);
        form_put(f, &one, "at", form_printf(f, "commands[%u]", c->from[i]));
        form_put(f, &one, "code", tact_string(code, strlen(code)));
        form_put(f, &one, "text", form_text(f, tact_str_from(results[i].error.text)));
        form_add(f, &all, form_map(f, &one));
    }
    return form_list(&all);
}

static tact_value not_kept_of(form *f, const changes *c) {
    form_items all = {.count = 0};
    for (uint32_t i = 0; i < c->not_kept_count; i++) {
        form_fields one = {.count = 0};
        form_put(f, &one, "at", form_printf(f, "commands[%u]", c->not_kept[i]));
        form_put(f, &one, "text", form_text(f, TACT_STR("no cap counts it, and the schema does not declare it")));
        form_add(f, &all, form_map(f, &one));
    }
    return form_list(&all);
}

static tact_err record_in(session *s, const request *r, form *f, form_fields *out, tact_problem *p) {
    const place at = place_of("commands");
    if (!r->given[REQUEST_COMMANDS]) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, &at, "%s: what is to be recorded? {commands: [{…}]}",
                           at.text);
    }
    tact_error error;
    changes c = {.session = s, .now_ms = clock_wall_ms()};
    tact_err err = request_id_read(r, &c.id, p);
    if (!err) err = changes_read(&c, *r->given[REQUEST_COMMANDS], p);
    if (err) return err;
    writer_result *results = arena_zalloc(&s->scratch, c.count * sizeof *results);
    if (!results) return problem_no_memory(p);
    uint64_t position = 0; // of the last; where nothing is to be applied, where the store is
    if (!c.count && store_position(&s->reader, &position, &error)) return reply_failed(TACT_IO, p, &error);
    session_unview(s);
    err = engine_record(s->engine, c.commands, c.count, results, &error);
    if (err) return reply_failed(err, p, &error);
    bool refused = false, erased = false;
    for (uint32_t i = 0; i < c.count; i++) {
        erased |= c.commands[i].kind == COMMAND_ERASE && !results[i].code;
        refused |= results[i].code != TACT_OK;
        if (!results[i].code && results[i].answer.position > position) position = results[i].answer.position;
    }
    err = erased ? engine_forget_erased(s->engine, &error) : TACT_OK;
    if (err) return reply_failed(err, p, &error);
    form_put(f, out, "ok", tact_bool(true));
    form_put(f, out, "position", tact_int((int64_t)position));
    if (refused) form_put(f, out, "refused", refused_of(f, &c, results));
    if (c.not_kept_count) form_put(f, out, "not_kept", not_kept_of(f, &c));
    return TACT_OK;
}

tact_err tact_record(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    request r;
    session *s;
    form f = {a, false};
    form_fields out = {.count = 0};
    tact_err err = engine_needs_writing(engine, problem);
    if (!err) err = request_read(OPERATION_RECORD, v, &r, problem);
    if (!err) err = session_begin(engine, &s, problem);
    if (err) return err;
    err = record_in(s, &r, &f, &out, problem);
    session_end(s);
    return err ? err : reply_done(&f, form_map(&f, &out), reply, problem);
}

// ---- Persons --------------------------------------------------------------------------------------------------------

static const schema *schema_of(const session *s) {
    return s->bundle ? s->bundle->bundle->schema : store_schema(s->engine->store);
}

// Also by what decisions find nobody by any more, as it was pushed out: what is held came in by it.
static tact_err find_known(session *s, const request *r, decision_person *who, tact_problem *p) {
    request_whom whom;
    tact_err err = request_whom_read(r, &s->scratch, schema_of(s), true, &whom, p);
    if (!err) err = decision_find_person(s, &whom, who, p);
    for (uint32_t i = 0; !err && !who->known && i < whom.identities_count; i++) {
        who->identity = whom.identities[i];
        who->known = !store_person(&s->reader, who->identity.space, who->identity.value, &who->record, NULL);
    }
    if (err || who->known) return err;
    const place at = place_of("person");
    return problem_set(p, TACT_NOT_FOUND, TACT_PROBLEM_UNKNOWN_PERSON, &at, "%s: nobody is known by that", at.text);
}

tact_err tact_person(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    request r;
    session *s;
    form f = {a, false};
    form_fields out = {.count = 0};
    decision_person who;
    int64_t now_ms = clock_wall_ms();
    tact_error error;
    tact_value held;
    tact_err err = request_read(OPERATION_PERSON, v, &r, problem);
    if (!err) err = request_now_read(&r, &now_ms, problem);
    if (!err) err = session_begin(engine, &s, problem);
    if (err) return err;
    err = find_known(s, &r, &who, problem);
    if (!err) {
        err = store_export(&s->reader, a, record_person(&who.record), now_ms, &held, &error);
        if (err) (void)reply_failed(err, problem, &error);
    }
    session_end(s);
    if (err) return err;
    form_put(&f, &out, "ok", tact_bool(true));
    form_put(&f, &out, "person", held);
    return reply_done(&f, form_map(&f, &out), reply, problem);
}

static void tell_erased(form *f, form_fields *out, const apply_answer *answer) {
    form_put(f, out, "ok", tact_bool(true));
    form_put(f, out, "person", tact_int((int64_t)answer->person));
    form_put(f, out, "identities", tact_int(answer->strands));
    form_put(f, out, "events", tact_int((int64_t)answer->events));
}

static tact_err forget_erased(session *s, const writer_result *result, form *f, form_fields *out, tact_problem *p) {
    tact_error error;
    session_unview(s);
    tact_err err = engine_forget_erased(s->engine, &error);
    if (err) return reply_failed(err, p, &error);
    tell_erased(f, out, &result->answer);
    return TACT_OK;
}

// The id of the one command; empty if the request has none.
static tact_err erase_id(session *s, const request *r, tact_str *out, tact_problem *p) {
    tact_err err = request_id_read(r, out, p);
    if (err || !out->len) return err;
    const char *id = arena_printf(&s->scratch, "%.*s/0", (int)out->len, out->ptr);
    if (!id) return problem_no_memory(p);
    *out = tact_str_from(id);
    return TACT_OK;
}

// Sent again, it is about whom it was about then, whoever has the identity by now.
static tact_err check_same(session *s, const request *r, const apply_answer *before, tact_problem *p) {
    request_whom whom;
    tact_err err = request_whom_read(r, &s->scratch, schema_of(s), true, &whom, p);
    if (err) return err;
    record found;
    bool same = whom.id && store_person_by_id(&s->reader, whom.id, &found, NULL) == TACT_NOT_FOUND;
    for (uint32_t i = 0; i < whom.identities_count && !same; i++) {
        uint8_t hash[HASH_KEYED];
        uint64_t position = 0;
        store_identity_hash(s->engine->store, whom.identities[i].space, whom.identities[i].value, hash);
        same = !store_erased(&s->reader, hash, &position, NULL) && position >= before->position;
    }
    const place at = place_of("id");
    return same ? TACT_OK
                : problem_set(p, TACT_EXISTS, TACT_PROBLEM_NONE, &at,
                              "%s: it is that of another erasure, of somebody else; give each its own", at.text);
}

static tact_err erase_in(session *s, const request *r, form *f, form_fields *out, tact_problem *p) {
    decision_person who;
    writer_result result;
    tact_error error;
    tact_str id;
    tact_err err = erase_id(s, r, &id, p);
    if (err) return err;
    if (id.len) { // sent again, it is about whom it was about then, whoever has the identity by now
        const command sent = {.kind = COMMAND_ERASE, .id = id};
        err = store_answered(&s->reader, &sent, &result.answer, &error);
        if (err && err != TACT_NOT_FOUND) return reply_failed(err, p, &error);
        if (!err) err = check_same(s, r, &result.answer, p);
        if (err != TACT_NOT_FOUND) return err ? err : forget_erased(s, &result, f, out, p);
    }
    err = find_known(s, r, &who, p);
    if (err) return err;
    const char *value = arena_copy(&s->scratch, who.identity.value.ptr, who.identity.value.len);
    if (!value) return problem_no_memory(p);
    const command_identity identity = {who.identity.space, {value, who.identity.value.len}};
    const command c = {.kind = COMMAND_ERASE,
                       .id = id,
                       .time_ms = clock_wall_ms(),
                       .source = SCHEMA_SOURCE_NONE,
                       .identities = &identity,
                       .identities_count = 1};
    session_unview(s);
    err = engine_record(s->engine, &c, 1, &result, &error);
    if (err) return reply_failed(err, p, &error);
    if (result.code) return reply_failed(result.code, p, &result.error);
    return forget_erased(s, &result, f, out, p);
}

tact_err tact_erase(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    request r;
    session *s;
    form f = {a, false};
    form_fields out = {.count = 0};
    tact_err err = engine_needs_writing(engine, problem);
    if (!err) err = request_read(OPERATION_ERASE, v, &r, problem);
    if (!err) err = session_begin(engine, &s, problem);
    if (err) return err;
    err = erase_in(s, &r, &f, &out, problem);
    session_end(s);
    return err ? err : reply_done(&f, form_map(&f, &out), reply, problem);
}

// ---- Status ---------------------------------------------------------------------------------------------------------

typedef struct number {
    const char *name;
    uint64_t n;
} number;

static tact_value log_of(form *f, tact_engine *e) {
    form_fields out = {.count = 0};
    if (!e->log) return tact_null();
    form_put(f, &out, "dropped", tact_int((int64_t)log_dropped(e->log)));
    return form_map(f, &out);
}

static void put_numbers(form *f, form_fields *out, const number *numbers, size_t count) {
    for (size_t i = 0; i < count; i++) form_put(f, out, numbers[i].name, tact_int((int64_t)numbers[i].n));
}

static tact_value removed_of(form *f, const engine_counts *c) {
    form_fields out = {.count = 0};
    for (int i = 0; i < BUNDLE_STAGES; i++) {
        form_put(f, &out, bundle_stage_name((bundle_stage)i), tact_int((int64_t)c->removed[i]));
    }
    return form_map(f, &out);
}

static tact_value commits_of(form *f, const writer_status *w) {
    form_fields out = {.count = 0};
    const number numbers[] = {{"count", w->commits},
                              {"p50_us", w->commit_p50_ns / 1000},
                              {"p99_us", w->commit_p99_ns / 1000},
                              {"max_us", w->commit_max_ns / 1000},
                              {"journal_bytes", w->journal.bytes},
                              {"checkpoints", w->journal.checkpoints},
                              {"checkpoint_us", w->journal.taken_ns / 1000}};
    put_numbers(f, &out, numbers, sizeof numbers / sizeof *numbers);
    return form_map(f, &out);
}

tact_err tact_status(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    request r;
    session *s;
    store_usage u;
    tact_error error;
    form f = {a, false};
    form_fields out = {.count = 0};
    tact_err err = request_read(OPERATION_STATUS, v, &r, problem);
    if (!err) err = session_begin(engine, &s, problem);
    if (err) return err;
    const engine_bundle *eb = s->bundle;
    form_put(&f, &out, "ok", tact_bool(true));
    form_put(&f, &out, "bundle", eb ? form_text(&f, (tact_str){eb->name, eb->name_len}) : tact_null());
    session_end(s);
    err = store_status(engine->store, &u, &error);
    if (err) return reply_failed(err, problem, &error);
    const engine_counts counts = engine_counted(engine);
    const number numbers[] = {{"position", u.position},
                              {"persons", u.persons},
                              {"identities", u.strands},
                              {"events", u.events},
                              {"queued", u.queue.queued},
                              {"lost", u.queue.lost},
                              {"map_bytes", u.files.map_bytes},
                              {"used_bytes", u.files.used_bytes},
                              {"views", u.files.readers},
                              {"decided", counts.decided},
                              {"given", counts.given},
                              {"fallbacks", counts.fallbacks},
                              {"sessions", atomic_load(&engine->sessions_count)},
                              {"reserved", reserve_count(engine->reserve)}};
    put_numbers(&f, &out, numbers, sizeof numbers / sizeof *numbers);
    form_put(&f, &out, "removed", removed_of(&f, &counts));
    if (engine->effects) {
        effects_status e = effects_status_of(engine->effects);
        form_put(&f, &out, "commits", commits_of(&f, &u.queue));
        form_put(&f, &out, "counted", tact_int((int64_t)e.applied));
        form_put(&f, &out, "counts_refused", tact_int((int64_t)e.refused));
    }
    form_put(&f, &out, "read_only", tact_bool(engine->read_only));
    form_put(&f, &out, "log", log_of(&f, engine));
    return reply_done(&f, form_map(&f, &out), reply, problem);
}

tact_err tact_call(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    static tact_operation *const operations[OPERATIONS] = {
#define X(NAME, name, role, pace, doc) tact_##name,
#include "wire/operation_tbl.h"
#undef X
    };
    operation o;
    tact_err err = request_operation(v, &o, problem);
    return err ? err : operations[o](engine, v, a, reply, problem);
}
