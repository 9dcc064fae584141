// SPDX-License-Identifier: Apache-2.0
//
// The operations about bundles: publishing, going back, listing, and looking at what one would do. Subtle: whether what
// is active is what the request expects (`from`) is decided in the transaction that changes it; and what is swapped in
// last is what was stored last, since one publishes at a time.
#include <stdlib.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/num.h"
#include "engine/engine.h"
#include "engine/reply.h"
#include "engine/request.h"
#include "engine/simulate.h"

enum {
    BUNDLES_LIMIT = 100,                      // versions that are listed, if the request does not say
    KEY_TEXT = (SIGN_PUBLIC + 2) / 3 * 4 + 1, // of a public key as base64, its final zero included
};

typedef struct release {
    tact_engine *engine;
    request r;
    arena memory; // of the whole
    publish_files files;
    publish_result result;
    tact_error error;
} release;

// ---- What a request brings ------------------------------------------------------------------------------------------

static tact_err bad_value(tact_problem *p, const char *key, const char *expected) {
    const place at = place_of(key);
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, &at, "%s: %s", at.text, expected);
}

static tact_err read_count(const request *r, request_key key, const char *name, uint64_t *out, tact_problem *p) {
    const tact_value *v = r->given[key];
    if (!v) return TACT_OK;
    if (v->kind == TACT_INT && v->as.i <= 0) return bad_value(p, name, "a number from 1 is needed");
    *out = v->as.u; // of an int above 0 the same
    return TACT_OK;
}

// Exactly `len` bytes, or NULL.
static tact_err read_key(const request *r, request_key key, const char *name, uint32_t len, const uint8_t **out,
                         tact_problem *p) {
    const tact_value *v = r->given[key];
    *out = v ? (const uint8_t *)v->as.s : NULL;
    return !v || v->len == len ? TACT_OK : bad_value(p, name, "it has not as many bytes as one of Ed25519");
}

// The files in their order; the texts stay the request's.
static tact_err read_files(const request *r, arena *a, draft_file **out, uint32_t *count, tact_problem *p) {
    const tact_map *map = r->given[REQUEST_FILES]->as.map;
    const place files = place_of("files");
    draft_file *all = arena_array(a, map->count, sizeof *all);
    if (!all) return problem_no_memory(p);
    for (uint32_t i = 0; i < map->count; i++) {
        const tact_value name = map->entries[i].key, text = map->entries[i].value;
        bool named = name.kind == TACT_STRING;
        const place at = named ? place_member(&files, value_str(name)) : files;
        if (!named || (text.kind != TACT_STRING && text.kind != TACT_BYTES)) {
            return problem_set(p, TACT_INVALID, TACT_PROBLEM_WRONG_TYPE, &at,
                               "%s: files are names and their texts, {\"bundle.yaml\": \"…\"}", at.text);
        }
        all[i] = (draft_file){value_str(name), value_str(text)};
    }
    *out = all;
    *count = map->count;
    return TACT_OK;
}

// "shop@11"; an empty name if there is none.
static tact_err read_version(const request *r, tact_str *name, uint64_t *number, tact_problem *p) {
    tact_str text = request_text(r, REQUEST_VERSION);
    *name = text;
    *number = 0;
    if (!text.len) return TACT_OK;
    while (name->len && name->ptr[name->len - 1] != '@') name->len--;
    tact_str digits = {text.ptr + name->len, text.len - name->len};
    if (name->len < 2 || !num_parse_uint(digits, 10, number)) {
        return bad_value(p, "version", "it is no version such as shop@11");
    }
    name->len--;
    return TACT_OK;
}

// ---- Faults ---------------------------------------------------------------------------------------------------------

static tact_err bad_bundle(release *g, tact_err err, tact_problem *p) {
    tact_str text = g->files.report.errors ? report_text(&g->files.report) : (tact_str){NULL, 0};
    if (err == TACT_NOT_FOUND) return problem_of(p, err, TACT_PROBLEM_UNKNOWN_VERSION, &g->error);
    if (err == TACT_DENIED) {
        const place at = place_of("from");
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_NOT_ACTIVE, &at, "%s", g->error.text);
    }
    if (!text.len) return reply_failed(err, p, &g->error);
    return problem_set(p, err, TACT_PROBLEM_BAD_BUNDLE, NULL, "%s", text.ptr);
}

// ---- Publishing, going back -----------------------------------------------------------------------------------------

static tact_err tell_published(release *g, arena *a, tact_value *reply, tact_problem *p) {
    form f = {a, false};
    form_fields out = {.count = 0};
    const publish_result *r = &g->result;
    const bundles_version *v = &r->version;
    form_put(&f, &out, "ok", tact_bool(true));
    form_put(&f, &out, "bundle", reply_version(&f, v));
    form_put(&f, &out, "offers", tact_int(r->bundle->offers_count));
    form_put(&f, &out, "placements", tact_int(r->bundle->placements_count));
    form_put(&f, &out, "tests", tact_int(r->bundle->tests_count));
    form_put(&f, &out, "tested", tact_bool(r->tested));
    form_put(&f, &out, "already", tact_bool(r->already));
    form_put(&f, &out, "schema_changed", tact_bool(r->schema_changed));
    tact_value told = form_map(&f, &out);
    tact_err err = engine_swap(g->engine, r->bundle, v, p); // what is stored is active, whether it can be told or not
    return err ? err : reply_done(&f, told, reply, p);
}

static tact_err publish_files_of(release *g, const publish_options *o, tact_problem *p) {
    draft_file *files;
    uint32_t count;
    store *s = g->engine->store;
    tact_err err = read_files(&g->r, &g->memory, &files, &count, p);
    if (err) return err;
    err = publish_texts(s, &g->memory, files, count, o, &g->files, &g->result, &g->error);
    return err ? bad_bundle(g, err, p) : TACT_OK;
}

static tact_err publish_folder_of(release *g, const publish_options *o, tact_problem *p) {
    tact_str name = request_text(&g->r, REQUEST_FOLDER);
    const char *folder = arena_copy(&g->memory, name.ptr, name.len);
    if (!folder) return problem_no_memory(p);
    tact_err err = publish_folder(g->engine->store, &g->memory, folder, o, &g->files, &g->result, &g->error);
    return err ? bad_bundle(g, err, p) : TACT_OK;
}

static tact_err publish(release *g, publish_from from, tact_problem *p) {
    const request *r = &g->r;
    bool folder = r->given[REQUEST_FOLDER], files = r->given[REQUEST_FILES];
    publish_options o = {.author = request_text(r, REQUEST_AUTHOR),
                         .message = request_text(r, REQUEST_MESSAGE),
                         .now_ms = clock_wall_ms(),
                         .skip_tests = request_flag(r, REQUEST_SKIP_TESTS),
                         .instead_of = request_text(r, REQUEST_INSTEAD_OF),
                         .from = from};
    const place at = place_of(files ? "files" : "folder");
    if (folder == files) {
        return problem_set(p, TACT_INVALID, files ? TACT_PROBLEM_REPEATED : TACT_PROBLEM_MISSING, &at, "%s: %s",
                           at.text,
                           files ? "either these or a `folder`"
                                 : "which? {folder: \"rules/shop\"}, or {files: {\"bundle.yaml\": \"…\"}}");
    }
    tact_err err = read_key(r, REQUEST_SIGNER, "signer", SIGN_PUBLIC, &o.signer, p);
    if (!err) err = read_key(r, REQUEST_SIGNATURE, "signature", SIGN_SIGNATURE, &o.signature, p);
    if (!err && !o.signer != !o.signature) {
        err = bad_value(p, o.signer ? "signer" : "signature", "`signer` and `signature` go together");
    }
    if (err) return err;
    return files ? publish_files_of(g, &o, p) : publish_folder_of(g, &o, p);
}

static tact_err go_back(release *g, publish_from from, tact_problem *p) {
    tact_str name;
    uint64_t number;
    tact_err err = read_version(&g->r, &name, &number, p);
    if (err) return err;
    err = publish_version_from(g->engine->store, &g->memory, name, number, from, clock_wall_ms(), &g->files, &g->result,
                               &g->error);
    return err ? bad_bundle(g, err, p) : TACT_OK;
}

static tact_err change(tact_engine *e, operation o, tact_value v, arena *a, tact_value *reply, tact_problem *p) {
    release g = {.engine = e, .error = {.text = "the arena's bound, or memory, is used up"}};
    tact_err err = engine_needs_writing(e, p);
    if (!err) err = request_read(o, v, &g.r, p);
    if (err) return err;
    tact_str from = request_text(&g.r, REQUEST_FROM);
    arena_init(&g.memory, 0);
    pthread_mutex_lock(&e->publishing);
    err = (o == OPERATION_PUBLISH ? publish : go_back)(&g, g.r.given[REQUEST_FROM] ? &from : NULL, p);
    if (!err) err = tell_published(&g, a, reply, p);
    pthread_mutex_unlock(&e->publishing);
    arena_fini(&g.memory);
    return err;
}

tact_err tact_publish(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    return change(engine, OPERATION_PUBLISH, v, a, reply, problem);
}

tact_err tact_rollback(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    return change(engine, OPERATION_ROLLBACK, v, a, reply, problem);
}

// ---- Listing --------------------------------------------------------------------------------------------------------

static int newest_first(const void *x, const void *y) {
    const bundles_version *a = x, *b = y;
    if (a->time_ms != b->time_ms) return a->time_ms < b->time_ms ? 1 : -1;
    return (a->number < b->number) - (a->number > b->number);
}

// "anna", or the key where nobody of that key is known.
static tact_value signer_of(form *f, const signers *who, const bundles_version *v) {
    char text[KEY_TEXT] = "";
    const signer *known = v->is_signed ? signers_find(who, v->signer) : NULL;
    if (!v->is_signed) return tact_null();
    if (known) return form_text(f, known->name);
    base64_encode(text, (const char *)v->signer, sizeof v->signer);
    return form_printf(f, "unknown key %s", text);
}

static tact_value version_of(form *f, const signers *who, const bundles_version *v) {
    form_fields one = {.count = 0};
    form_put(f, &one, "bundle", reply_version(f, v));
    form_put(f, &one, "active", tact_bool(v->active));
    form_put(f, &one, "time", form_time(v->time_ms));
    form_put(f, &one, "author", form_text(f, v->author));
    form_put(f, &one, "message", form_text(f, v->message));
    form_put(f, &one, "signed_by", signer_of(f, who, v));
    form_put(f, &one, "tests_skipped", tact_bool(v->tests_skipped));
    form_put(f, &one, "activated", form_time(v->activated_ms));
    return form_map(f, &one);
}

// Of all versions that there ever were, hence in memory of its own.
static tact_err list(session *s, arena *memory, uint64_t limit, form *f, form_fields *out, tact_problem *p) {
    bundles_version *all;
    uint32_t count;
    signers who;
    tact_error error;
    form_items items = {.count = 0};
    tact_err err = bundles_list(&s->reader.txn, memory, &all, &count, &error);
    if (!err) err = signers_get(&s->reader.txn, memory, &who, &error);
    if (err) return reply_failed(err, p, &error);
    if (count) qsort(all, count, sizeof *all, newest_first);
    for (uint32_t i = 0; i < count && i < limit; i++) form_add(f, &items, version_of(f, &who, &all[i]));
    form_put(f, out, "ok", tact_bool(true));
    form_put(f, out, "bundles", form_list(&items));
    return TACT_OK;
}

tact_err tact_bundles(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    request r;
    session *s;
    uint64_t limit = BUNDLES_LIMIT;
    form f = {a, false};
    form_fields out = {.count = 0};
    tact_err err = request_read(OPERATION_BUNDLES, v, &r, problem);
    if (!err) err = read_count(&r, REQUEST_LIMIT, "limit", &limit, problem);
    if (!err) err = session_begin(engine, &s, problem);
    if (err) return err;
    arena memory;
    arena_init(&memory, 0);
    err = list(s, &memory, limit, &f, &out, problem);
    arena_fini(&memory);
    session_end(s);
    return err ? err : reply_done(&f, form_map(&f, &out), reply, problem);
}

// ---- Simulating -----------------------------------------------------------------------------------------------------

// The files or the version that the request names, compiled; the view is given up. `out` stays NULL if it names none.
static tact_err compile(release *g, session *s, bundle **out, tact_problem *p) {
    draft_file *files = NULL;
    uint32_t count = 0;
    tact_str name;
    uint64_t number;
    bundles_version found;
    const schema *running;
    tact_err err = read_version(&g->r, &name, &number, p);
    if (!err && g->r.given[REQUEST_FILES]) err = read_files(&g->r, &g->memory, &files, &count, p);
    if (err || (!name.len && !g->r.given[REQUEST_FILES])) return err;
    err = store_schema_of(&s->reader, &g->memory, &running, &g->error);
    if (!err && name.len) {
        err = publish_read_version(&g->files, &g->memory, &s->reader.txn, name, number, &found, &g->error);
    }
    session_unview(s); // compiling may take seconds
    if (!err && !name.len) (void)publish_read_texts(&g->files, &g->memory, files, count);
    if (!err) err = publish_build(&g->files, running, out, &g->error);
    return err ? bad_bundle(g, err, p) : TACT_OK;
}

// Half of the processors, so that deciding goes on.
static uint32_t threads(void) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors > 1 ? (uint32_t)processors / 2 : 1;
}

static tact_err read_options(const release *g, simulate_options *o, tact_problem *p) {
    const request *r = &g->r;
    *o = (simulate_options){.placement = request_text(r, REQUEST_PLACEMENT),
                            .context = r->given[REQUEST_GIVEN] ? *r->given[REQUEST_GIVEN] : tact_null(),
                            .now_ms = clock_wall_ms(),
                            .threads = threads()};
    tact_err err = read_count(r, REQUEST_SAMPLE, "sample", &o->sample, p);
    return err ? err : request_now_read(r, &o->now_ms, p);
}

// `wanted` NULL: the active one, which is then compared with nothing.
static tact_err run(const release *g, const session *s, simulate_options *o, const bundle *wanted, arena *a,
                    tact_value *out, tact_problem *p) {
    o->bundle = wanted ? wanted : s->bundle->bundle;
    o->name = wanted ? request_text(&g->r, REQUEST_VERSION) : tact_str_from(s->bundle->name);
    if (wanted && s->bundle) {
        o->against = s->bundle->bundle;
        o->against_name = s->bundle->name;
    }
    return simulate_run(s->engine->store, o, a, out, p);
}

static tact_err simulate(release *g, arena *a, tact_value *out, tact_problem *p) {
    session *s;
    simulate_options o;
    bundle *wanted = NULL;
    tact_err err = read_options(g, &o, p);
    if (!err) err = session_begin(g->engine, &s, p); // what is active stays pinned to the end
    if (err) return err;
    arena_init(&g->memory, 0);
    err = compile(g, s, &wanted, p);
    if (!err && !wanted) err = session_needs_bundle(s, p);
    session_unview(s); // threads have their own
    if (!err) err = run(g, s, &o, wanted, a, out, p);
    bundle_free(wanted);
    arena_fini(&g->memory);
    session_end(s);
    return err;
}

static tact_err with_ok(arena *a, tact_value v, tact_value *reply, tact_problem *p) {
    form f = {a, false};
    const tact_map *map = v.as.map;
    value_entry *all = arena_array(a, (size_t)map->count + 1, sizeof *all);
    if (!all) return problem_no_memory(p);
    all[0] = (value_entry){tact_string("ok", 2), tact_bool(true)};
    memcpy(all + 1, map->entries, map->count * sizeof *all);
    return reply_done(&f, form_map_of(&f, all, (size_t)map->count + 1), reply, p);
}

tact_err tact_simulate(tact_engine *engine, tact_value v, tact_arena *a, tact_value *reply, tact_problem *problem) {
    release g = {.engine = engine, .error = {.text = "the arena's bound, or memory, is used up"}};
    tact_value found;
    tact_err err = request_read(OPERATION_SIMULATE, v, &g.r, problem);
    if (err) return err;
    if (g.r.given[REQUEST_FILES] && g.r.given[REQUEST_VERSION]) {
        const place at = place_of("version");
        return problem_set(problem, TACT_INVALID, TACT_PROBLEM_REPEATED, &at, "%s: either this or `files`", at.text);
    }
    if (atomic_exchange(&engine->simulating, true)) {
        return problem_set(problem, TACT_BUSY, TACT_PROBLEM_OVERLOADED, NULL,
                           "a simulation is running, and there is one at a time; try again when it is done");
    }
    err = simulate(&g, a, &found, problem);
    atomic_store(&engine->simulating, false);
    return err ? err : with_ok(a, found, reply, problem);
}
