// SPDX-License-Identifier: Apache-2.0
//
// The operations of tact.h: each reads its request, has the work done in a session, and forms the reply.
#include "tact/tact.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "engine/changes.h"
#include "engine/context.h"
#include "engine/explain.h"
#include "engine/log.h"
#include "engine/reply.h"
#include "value/value.h"

static tact_err finish(const form *f, tact_value v, tact_value *reply, tact_problem *p) {
    if (f->failed) return problem_no_memory(p);
    *reply = v;
    return TACT_OK;
}

static tact_err plain(tact_err err, tact_problem *p, const tact_error *error) {
    return problem_of(p, err, err == TACT_BUSY ? TACT_PROBLEM_OVERLOADED : TACT_PROBLEM_NONE, error);
}

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

static tact_err decide_in(session *s, const request *r, form *f, form_fields *out, tact_problem *p) {
    decision d;
    tact_err err = session_needs_bundle(s, p);
    if (!err) err = decision_begin(&d, s, r, p);
    if (err) return err;
    atomic_fetch_add_explicit(&s->decided, 1, memory_order_relaxed);
    return d.in.dry ? decide_dry(&d, f, out, p) : decide_for_good(&d, f, out, p);
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
    return err ? err : finish(&f, form_map(&f, &out), reply, p);
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

static tact_err record_in(session *s, const request *r, form *f, form_fields *out, tact_problem *p) {
    const place at = place_of("commands");
    if (!r->given[REQUEST_COMMANDS]) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, &at, "%s: what is to be recorded? {commands: [{…}]}",
                           at.text);
    }
    tact_error error;
    changes c = {.session = s, .now_ms = clock_wall_ms()};
    tact_err err = changes_read(&c, *r->given[REQUEST_COMMANDS], p);
    if (err) return err;
    writer_result *results = arena_zalloc(&s->scratch, c.count * sizeof *results);
    if (!results) return problem_no_memory(p);
    session_unview(s);
    err = store_record(s->engine->store, c.commands, c.count, results, &error);
    if (err) return plain(err, p, &error);
    uint64_t position = 0;
    bool refused = false;
    for (uint32_t i = 0; i < c.count; i++) {
        refused |= results[i].code != TACT_OK;
        if (!results[i].code && results[i].answer.position > position) position = results[i].answer.position;
    }
    form_put(f, out, "ok", tact_bool(true));
    form_put(f, out, "position", tact_int((int64_t)position));
    if (refused) form_put(f, out, "refused", refused_of(f, &c, results));
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
    return err ? err : finish(&f, form_map(&f, &out), reply, problem);
}

// ---- Persons --------------------------------------------------------------------------------------------------------

static const schema *schema_of(const session *s) {
    return s->bundle ? s->bundle->bundle->schema : store_schema(s->engine->store);
}

static tact_err find_known(session *s, const request *r, decision_person *who, tact_problem *p) {
    request_whom whom;
    tact_err err = request_whom_read(r, &s->scratch, schema_of(s), true, &whom, p);
    if (!err) err = decision_find_person(s, &whom, who, p);
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
        if (err) (void)plain(err, problem, &error);
    }
    session_end(s);
    if (err) return err;
    form_put(&f, &out, "ok", tact_bool(true));
    form_put(&f, &out, "person", held);
    return finish(&f, form_map(&f, &out), reply, problem);
}

// What the log calls the person: all numbers it ever had, and who it was before it was known.
static uint64_t *names_in_log(session *s, const decision_person *who, uint32_t *count) {
    links l;
    strand *strands;
    arena *a = &s->scratch;
    const schema *sc = schema_of(s);
    uint64_t *names = arena_array(a, (size_t)2 * who->strands_count, sizeof *names);
    *count = 0;
    if (!names || apply_links(&s->reader.txn, a, record_person(&who->record), &l, NULL)) return NULL;
    if (apply_load(&s->reader.txn, a, &l, &strands, NULL)) return NULL;
    for (uint32_t i = 0; i < l.strands_count; i++) {
        buf unit = buf_in(a);
        buf_add_str(&unit, sc->identities[strands[i].space].name);
        buf_add_char(&unit, ':');
        buf_add_str(&unit, strands[i].identity);
        tact_str text = buf_done(&unit);
        if (!text.ptr) return NULL;
        names[(*count)++] = strands[i].id;
        names[(*count)++] = log_whom(text);
    }
    return names;
}

static tact_err erase_in(session *s, const request *r, form *f, form_fields *out, tact_problem *p) {
    decision_person who;
    writer_result result;
    tact_error error;
    uint32_t count;
    tact_engine *e = s->engine;
    tact_err err = find_known(s, r, &who, p);
    if (err) return err;
    uint64_t *names = names_in_log(s, &who, &count);
    const char *value = arena_copy(&s->scratch, who.identity.value.ptr, who.identity.value.len);
    if (!names || !value) return problem_no_memory(p);
    const command_identity identity = {who.identity.space, {value, who.identity.value.len}};
    const command c = {.kind = COMMAND_ERASE,
                       .time_ms = clock_wall_ms(),
                       .source = SCHEMA_SOURCE_NONE,
                       .identities = &identity,
                       .identities_count = 1};
    session_unview(s);
    // The log first, since without the person nobody knows any more what to look for in it; then what was logged
    // meanwhile by those who still saw the person.
    err = log_erase(e->log, names, count, &error);
    if (!err) err = store_record(e->store, &c, 1, &result, &error);
    if (err) return plain(err, p, &error);
    if (result.code) return plain(result.code, p, &result.error);
    if (e->log) reserve_wait_for_readers(e->reserve);
    err = log_erase(e->log, names, count, &error);
    if (err) return plain(err, p, &error);
    form_put(f, out, "ok", tact_bool(true));
    form_put(f, out, "person", tact_int((int64_t)result.answer.person));
    form_put(f, out, "identities", tact_int(result.answer.strands));
    form_put(f, out, "events", tact_int((int64_t)result.answer.events));
    return TACT_OK;
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
    return err ? err : finish(&f, form_map(&f, &out), reply, problem);
}

// ---- Bundles --------------------------------------------------------------------------------------------------------

static tact_err bad_bundle(tact_err err, publish_files *f, const tact_error *error, tact_problem *p) {
    tact_str text = f->report.errors ? report_text(&f->report) : (tact_str){NULL, 0};
    if (err == TACT_NOT_FOUND) return problem_of(p, err, TACT_PROBLEM_UNKNOWN_VERSION, error);
    if (!text.len) return plain(err, p, error);
    return problem_set(p, err, TACT_PROBLEM_BAD_BUNDLE, NULL, "%s", text.ptr);
}

static tact_err reply_published(tact_engine *e, publish_result *result, arena *a, tact_value *reply, tact_problem *p) {
    form f = {a, false};
    form_fields out = {.count = 0};
    const bundles_version *v = &result->version;
    form_put(&f, &out, "ok", tact_bool(true));
    form_put(&f, &out, "bundle",
             form_printf(&f, "%.*s@%llu", (int)v->name.len, v->name.ptr, (unsigned long long)v->number));
    form_put(&f, &out, "offers", tact_int(result->bundle->offers_count));
    form_put(&f, &out, "placements", tact_int(result->bundle->placements_count));
    form_put(&f, &out, "tests", tact_int(result->bundle->tests_count));
    form_put(&f, &out, "tested", tact_bool(result->tested));
    form_put(&f, &out, "already", tact_bool(result->already));
    form_put(&f, &out, "schema_changed", tact_bool(result->schema_changed));
    tact_value told = form_map(&f, &out);
    tact_err err = engine_swap(e, result->bundle, v, p); // what is stored is active, whether it can be told or not
    return err ? err : finish(&f, told, reply, p);
}

typedef struct publishing {
    tact_engine *engine;
    request r;
    arena memory; // of the whole
    publish_files files;
    publish_result result;
} publishing;

static tact_err publish_it(publishing *g, tact_error *error) {
    const publish_options options = {.author = request_text(&g->r, REQUEST_AUTHOR),
                                     .message = request_text(&g->r, REQUEST_MESSAGE),
                                     .now_ms = clock_wall_ms(),
                                     .skip_tests = request_flag(&g->r, REQUEST_SKIP_TESTS),
                                     .instead_of = request_text(&g->r, REQUEST_INSTEAD_OF)};
    tact_str name = request_text(&g->r, REQUEST_FOLDER);
    const char *folder = arena_copy(&g->memory, name.ptr, name.len);
    if (!folder) return TACT_NO_MEMORY;
    return publish_folder(g->engine->store, &g->memory, folder, &options, &g->files, &g->result, error);
}

// "shop@11".
static tact_err go_back(publishing *g, tact_error *error, tact_problem *p) {
    tact_str text = request_text(&g->r, REQUEST_VERSION), name = text;
    uint64_t number = 0;
    if (text.len) {
        const place at = place_of("version");
        while (name.len && name.ptr[name.len - 1] != '@') name.len--;
        tact_str digits = {text.ptr + name.len, text.len - name.len};
        if (name.len < 2 || !num_parse_uint(digits, 10, &number)) {
            (void)problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, &at, "%s: it is no version such as shop@11",
                              at.text);
            return TACT_INVALID;
        }
        name.len--;
    }
    tact_err err = publish_version(g->engine->store, &g->memory, name, number, clock_wall_ms(), &g->files, &g->result,
                                   error);
    return err ? bad_bundle(err, &g->files, error, p) : TACT_OK;
}

static tact_err publish(tact_engine *e, operation o, tact_value v, arena *a, tact_value *reply, tact_problem *p) {
    publishing g = {.engine = e};
    tact_error error = {.text = "the arena's bound, or memory, is used up"};
    tact_err err = engine_needs_writing(e, p);
    if (!err) err = request_read(o, v, &g.r, p);
    if (!err && o == OPERATION_PUBLISH && !g.r.given[REQUEST_FOLDER]) {
        const place at = place_of("folder");
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, &at, "%s: which? {folder: \"rules/shop\"}", at.text);
    }
    if (err) return err;
    arena_init(&g.memory, 0);
    pthread_mutex_lock(&e->publishing); // so that what is swapped in last is what was stored last
    if (o == OPERATION_PUBLISH) {
        err = publish_it(&g, &error);
        if (err) err = bad_bundle(err, &g.files, &error, p);
    } else {
        err = go_back(&g, &error, p);
    }
    if (!err) err = reply_published(e, &g.result, a, reply, p);
    pthread_mutex_unlock(&e->publishing);
    arena_fini(&g.memory);
    return err;
}

tact_err tact_publish(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    return publish(engine, OPERATION_PUBLISH, v, a, reply, problem);
}

tact_err tact_rollback(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    return publish(engine, OPERATION_ROLLBACK, v, a, reply, problem);
}

// ---- Status ---------------------------------------------------------------------------------------------------------

static tact_value log_of(form *f, tact_engine *e) {
    form_fields out = {.count = 0};
    if (!e->log) return tact_null();
    form_put(f, &out, "dropped", tact_int((int64_t)log_dropped(e->log)));
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
    if (err) return plain(err, problem, &error);
    const struct {
        const char *name;
        uint64_t n;
    } numbers[] = {{"position", u.position},
                   {"persons", u.persons},
                   {"identities", u.strands},
                   {"events", u.events},
                   {"queued", u.queue.queued},
                   {"lost", u.queue.lost},
                   {"map_bytes", u.files.map_bytes},
                   {"used_bytes", u.files.used_bytes},
                   {"views", u.files.readers},
                   {"decided", engine_decided(engine)},
                   {"sessions", atomic_load(&engine->sessions_count)},
                   {"reserved", reserve_count(engine->reserve)}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        form_put(&f, &out, numbers[i].name, tact_int((int64_t)numbers[i].n));
    }
    if (engine->effects) {
        effects_status e = effects_status_of(engine->effects);
        form_put(&f, &out, "counted", tact_int((int64_t)e.applied));
        form_put(&f, &out, "counts_refused", tact_int((int64_t)e.refused));
    }
    form_put(&f, &out, "read_only", tact_bool(engine->read_only));
    form_put(&f, &out, "log", log_of(&f, engine));
    return finish(&f, form_map(&f, &out), reply, problem);
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
