// SPDX-License-Identifier: Apache-2.0
//
// Subtle: a bundle is compiled before the transaction that stores it, against a schema that might change in between;
// store_evolve_with refuses then. And a transaction may be done over, so what it finds out is set anew each time.
#include "engine/publish.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "decide/trial.h"

_Static_assert((int)SOURCES_HASH == (int)HASH_SUM && (int)BUNDLES_HASH == (int)HASH_SUM, "one hash everywhere");

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "no memory for a bundle");
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static void begin_files(publish_files *f, arena *a, tact_str where) {
    sources_init(&f->sources, a);
    report_init(&f->report, a, &f->sources, where);
    f->whole = false;
}

bool publish_read_folder(publish_files *f, arena *a, const char *folder) {
    begin_files(f, a, tact_str_from(folder));
    f->whole = draft_read_folder(&f->draft, &f->report, &f->sources, folder);
    if (!f->whole) bundle_check_rest(&f->draft);
    return f->whole;
}

bool publish_read_texts(publish_files *f, arena *a, const draft_file *files, uint32_t count) {
    begin_files(f, a, TACT_STR("files"));
    f->whole = draft_read_texts(&f->draft, &f->report, &f->sources, files, count);
    if (!f->whole) bundle_check_rest(&f->draft);
    return f->whole;
}

static bool keep(arena *a, tact_str *s) {
    const char *copy = arena_copy(a, s->ptr, s->len);
    *s = (tact_str){copy, s->len};
    return copy != NULL;
}

// What borrows from the map, so that it lasts as long as the arena.
static tact_err keep_version(arena *a, bundles_version *v, tact_error *error) {
    return keep(a, &v->name) && keep(a, &v->author) && keep(a, &v->message) ? TACT_OK : no_memory(error);
}

static tact_err damaged(const db_txn *t, const bundles_version *v, const char *why, tact_error *error) {
    return err_set(error, TACT_INVALID, "%s: %.*s@%llu: %s; restore a backup, or publish another version",
                   db_folder(t->db), (int)v->name.len, v->name.ptr, (unsigned long long)v->number, why);
}

static tact_err unpack(publish_files *f, arena *a, db_txn *t, const bundles_version *v, tact_error *error) {
    tact_str content;
    tact_error why;
    uint8_t hash[HASH_SUM];
    tact_err err = bundles_content(t, v->hash, &content, error);
    if (err) return err;
    hash_bytes(content, hash);
    if (memcmp(hash, v->hash, sizeof hash) != 0) return damaged(t, v, "its files are not what they were", error);
    const char *where = arena_printf(a, "%.*s@%llu", (int)v->name.len, v->name.ptr, (unsigned long long)v->number);
    if (!where) return no_memory(error);
    begin_files(f, a, tact_str_from(where));
    err = sources_unpack(&f->sources, content, &why);
    return err == TACT_NO_MEMORY ? no_memory(error) : err ? damaged(t, v, why.text, error) : TACT_OK;
}

tact_err publish_read_version(publish_files *f, arena *a, db_txn *t, tact_str name, uint64_t number,
                              bundles_version *out, tact_error *error) {
    tact_err err = name.len ? bundles_get(t, a, name, number, out, error) : bundles_active(t, a, out, error);
    if (!err) err = keep_version(a, out, error);
    if (!err) err = unpack(f, a, t, out, error);
    if (!err) f->whole = draft_read(&f->draft, &f->report);
    return err;
}

// ---- Building -------------------------------------------------------------------------------------------------------

// The report's errors as one.
static tact_err count_faults(const report *r, tact_error *error) {
    tact_err code = r->code ? r->code : TACT_INVALID; // no files at all
    if (code == TACT_NO_MEMORY) {
        (void)no_memory(error);
    } else {
        (void)err_set(error, code, "%.*s: %u error%s", (int)r->where.len, r->where.ptr, r->errors,
                      r->errors == 1 ? "" : "s");
    }
    return code;
}

tact_err publish_build(publish_files *f, const schema *running, bundle **out, tact_error *error) {
    if (f->whole) (void)!bundle_compile(&f->draft, running, out); // the report has its errors
    return *out ? TACT_OK : count_faults(&f->report, error);
}

// Whether the schema is another than the store's.
static tact_err compare_schemas(arena *a, const schema *x, const schema *y, bool *differ, tact_error *error) {
    buf bx = buf_in(a), by = buf_in(a);
    schema_write(&bx, x);
    schema_write(&by, y);
    tact_str x_bytes = buf_done(&bx), y_bytes = buf_done(&by);
    *differ = !tact_str_equal(x_bytes, y_bytes);
    return x_bytes.ptr && y_bytes.ptr ? TACT_OK : no_memory(error);
}

// ---- Storing --------------------------------------------------------------------------------------------------------

typedef struct publishing {
    store *s;
    arena *a; // for the whole of it
    const schema *running;
    bool is_new;         // to be stored; else to be made active again
    tact_str instead_of; // if it is new: of another name, this alone may be replaced
    publish_from from;
    bundles_version version;
    tact_str content; // if it is new
    publish_result result;
} publishing;

static bool is_same(const bundles_version *active, const bundles_version *v) {
    if (memcmp(active->hash, v->hash, sizeof v->hash) != 0 || active->is_signed < v->is_signed) return false;
    return !v->is_signed || memcmp(active->signer, v->signer, sizeof v->signer) == 0;
}

// What of another name is active goes only if that is wanted.
static tact_err replace(publishing *p, const bundles_version *active, tact_error *error) {
    tact_str name = p->version.name;
    if (tact_str_equal(active->name, name)) return TACT_OK;
    if (p->is_new && !tact_str_equal(active->name, p->instead_of)) {
        return err_set(error, TACT_EXISTS, "%.*s@%llu is active, and `%.*s` would take its place",
                       (int)active->name.len, active->name.ptr, (unsigned long long)active->number, (int)name.len,
                       name.ptr);
    }
    p->result.replaced = *active;
    return keep_version(p->a, &p->result.replaced, error);
}

// `active` NULL: nothing is.
static tact_err check_from(const publishing *p, arena *scratch, const bundles_version *active, tact_error *error) {
    if (!p->from) return TACT_OK;
    const char *name = active ? arena_printf(scratch, "%.*s@%llu", (int)active->name.len, active->name.ptr,
                                             (unsigned long long)active->number)
                              : "";
    if (!name) return no_memory(error);
    if (tact_str_equal(*p->from, tact_str_from(name))) return TACT_OK;
    utf8_shown shown;
    return err_set(error, TACT_DENIED, "%s is active, and not %s as `from` says; look at what was published since",
                   active ? name : "nothing", p->from->len ? utf8_show(&shown, *p->from) : "nothing");
}

// In the transaction: whether what is to be published is the active one, whose version it then is.
static tact_err find_active(publishing *p, db_txn *t, arena *scratch, tact_error *error) {
    bundles_version active;
    tact_err err = bundles_active(t, scratch, &active, error);
    if (err == TACT_NOT_FOUND) return check_from(p, scratch, NULL, error);
    if (err) return err;
    bool same = p->is_new ? is_same(&active, &p->version)
                          : active.number == p->version.number && tact_str_equal(active.name, p->version.name);
    p->result.already = same && !p->result.schema_changed;
    if (!p->result.already) {
        err = check_from(p, scratch, &active, error);
        return err ? err : replace(p, &active, error);
    }
    p->result.version = active;
    return keep_version(p->a, &p->result.version, error);
}

static tact_err change(publishing *p, db_txn *t, arena *scratch, tact_error *error) {
    bundles_version *v = &p->result.version;
    *v = p->version;
    p->result.schema_changed = store_schema(p->s) != p->running;
    p->result.already = false;
    p->result.schema_before = p->running;
    p->result.replaced.number = 0;
    tact_err err = find_active(p, t, scratch, error);
    if (err || p->result.already) return err;
    if (p->is_new) return bundles_publish(t, scratch, v, p->content, error);
    v->active = true;
    return bundles_activate(t, scratch, v->name, v->number, v->activated_ms, error);
}

static tact_err store_it(void *context, db_txn *t, tact_error *error) {
    arena scratch;
    arena_init(&scratch, 0);
    tact_err err = change(context, t, &scratch, error);
    arena_fini(&scratch);
    return err;
}

static tact_err commit(publishing *p, tact_error *error) {
    int64_t begun = clock_mono_us();
    tact_err err = store_evolve_with(p->s, p->running, p->result.bundle->schema, store_it, p, error);
    p->result.took.store = clock_mono_us() - begun;
    return err;
}

static tact_err finish(publishing *p, tact_err err, publish_result *out) {
    if (err) {
        bundle_free(p->result.bundle);
    } else {
        *out = p->result;
    }
    return err;
}

// ---- Publishing -----------------------------------------------------------------------------------------------------

static void sign(bundles_version *v, const uint8_t *secret, tact_error *error, tact_err *err) {
    v->is_signed = true;
    if (!sign_public_of(secret, v->signer)) {
        *err = err_set(error, TACT_INVALID, "what is to sign it is no secret key");
        return;
    }
    sign_make(secret, SIGNERS_WHAT, (tact_str){(const char *)v->hash, sizeof v->hash}, v->signature);
}

// The version that the compiled bundle is to be.
static tact_err make_version(publishing *p, const publish_files *f, const publish_options *o, tact_error *error) {
    int64_t begun = clock_mono_us();
    bundle *b = p->result.bundle;
    buf content = buf_in(p->a);
    tact_err err = TACT_OK;
    sources_write(&content, &f->sources);
    p->content = buf_done(&content);
    if (!p->content.ptr) return no_memory(error);
    hash_bytes(p->content, b->hash);
    p->version = (bundles_version){.name = b->name,
                                   .time_ms = o->now_ms,
                                   .author = o->author,
                                   .message = o->message,
                                   .tests_skipped = o->skip_tests};
    memcpy(p->version.hash, b->hash, sizeof b->hash);
    if (o->secret) {
        sign(&p->version, o->secret, error, &err);
    } else if (o->signer) {
        p->version.is_signed = true;
        memcpy(p->version.signer, o->signer, sizeof p->version.signer);
        memcpy(p->version.signature, o->signature, sizeof p->version.signature);
    }
    p->result.took.hash = clock_mono_us() - begun;
    return err ? err : keep_version(p->a, &p->version, error);
}

static tact_err publish(publishing *p, publish_files *f, const publish_options *o, tact_error *error) {
    int64_t begun = clock_mono_us();
    tact_err err = publish_build(f, p->running, &p->result.bundle, error);
    p->result.took.build = clock_mono_us() - begun;
    if (err) return err;
    p->result.tested = !o->skip_tests;
    if (p->result.tested) (void)trial_run(p->result.bundle, &f->report);
    if (f->report.code) return count_faults(&f->report, error);
    err = make_version(p, f, o, error);
    return err ? err : commit(p, error);
}

static publishing begin(store *s, arena *a, const publish_options *o) {
    return (publishing){
        .s = s, .a = a, .running = store_schema(s), .is_new = true, .instead_of = o->instead_of, .from = o->from};
}

tact_err publish_folder(store *s, arena *a, const char *folder, const publish_options *o, publish_files *f,
                        publish_result *out, tact_error *error) {
    publishing p = begin(s, a, o);
    int64_t begun = clock_mono_us();
    (void)publish_read_folder(f, a, folder);
    p.result.took.read = clock_mono_us() - begun;
    return finish(&p, publish(&p, f, o, error), out);
}

tact_err publish_texts(store *s, arena *a, const draft_file *files, uint32_t count, const publish_options *o,
                       publish_files *f, publish_result *out, tact_error *error) {
    publishing p = begin(s, a, o);
    int64_t begun = clock_mono_us();
    (void)publish_read_texts(f, a, files, count);
    p.result.took.read = clock_mono_us() - begun;
    return finish(&p, publish(&p, f, o, error), out);
}

// ---- Versions that are there ----------------------------------------------------------------------------------------

// Reads a version's files; an empty name: what `otherwise` finds.
typedef tact_err finding(db_txn *t, arena *a, bundles_version *out, tact_error *error);
static tact_err read_stored(publishing *p, publish_files *f, tact_str name, uint64_t number, finding *otherwise,
                            tact_error *error) {
    store_reader r;
    int64_t begun = clock_mono_us();
    begin_files(f, p->a, TACT_STR(""));
    tact_err err = store_reader_open(p->s, &r, error);
    if (err) return err;
    bundles_version found = {.name = name, .number = number};
    if (!name.len) err = otherwise(&r.txn, p->a, &found, error);
    if (!err) err = publish_read_version(f, p->a, &r.txn, found.name, found.number, &p->version, error);
    store_reader_close(&r);
    p->running = store_schema(p->s); // at least as new as what the view showed
    p->result.took.read = clock_mono_us() - begun;
    return err;
}

static tact_err build_stored(publishing *p, publish_files *f, tact_error *error) {
    int64_t begun = clock_mono_us();
    tact_err err = publish_build(f, p->running, &p->result.bundle, error);
    p->result.took.build = clock_mono_us() - begun;
    if (!err) memcpy(p->result.bundle->hash, p->version.hash, sizeof p->version.hash);
    return err;
}

tact_err publish_version(store *s, arena *a, tact_str name, uint64_t number, int64_t now_ms, publish_files *f,
                         publish_result *out, tact_error *error) {
    return publish_version_from(s, a, name, number, NULL, now_ms, f, out, error);
}

tact_err publish_version_from(store *s, arena *a, tact_str name, uint64_t number, publish_from from, int64_t now_ms,
                              publish_files *f, publish_result *out, tact_error *error) {
    publishing p = {.s = s, .a = a, .from = from};
    tact_err err = read_stored(&p, f, name, number, bundles_before, error);
    p.version.activated_ms = now_ms;
    if (!err) err = build_stored(&p, f, error);
    if (!err) err = commit(&p, error);
    return finish(&p, err, out);
}

tact_err publish_load_active(store *s, arena *a, publish_files *f, publish_result *out, tact_error *error) {
    publishing p = {.s = s, .a = a};
    tact_err err = read_stored(&p, f, TACT_STR(""), 0, bundles_active, error);
    if (!err) err = build_stored(&p, f, error);
    if (!err) err = compare_schemas(a, p.running, p.result.bundle->schema, &p.result.schema_changed, error);
    p.result.version = p.version;
    p.result.already = true;
    return finish(&p, err, out);
}
