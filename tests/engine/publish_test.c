// SPDX-License-Identifier: Apache-2.0
//
// Publishing: versions that follow each other and outlive the process, all of it or nothing whatever fails, going back,
// who may publish, and a storm of swaps beside readers each of whom sees one version and no mixture.
#include "engine/publish.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "base/sign.h"
#include "bundle/live.h"
#include "value/pack.h"

#include "../store/folder.h"
#include "../store/quick.h"

#include <cmocka.h>

#define NOW INT64_C(1800000000000)

// ---- A store and a bundle's folder ----------------------------------------------------------------------------------

static arena memory;
static folder data, rules;
static store *db_store;
static int64_t now_ms; // grows with each publishing

static void open_store(const schema *wanted) {
    tact_error error = {.text = ""};
    const store_options options = {.schema = wanted};
    if (store_open(&memory, data.path, &options, &db_store, &error)) fail_msg("%s", error.text);
}

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    data = folder_new();
    rules = folder_new();
    now_ms = NOW;
    open_store(schema_new(&memory));
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    store_close(db_store);
    folder_remove(&data);
    folder_remove(&rules);
    arena_fini(&memory);
    return 0;
}

static void write_rules(const char *text) {
    char path[700];
    snprintf(path, sizeof path, "%s/bundle.yaml", rules.path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#define HEAD "bundle: shop\nidentities: {crm: {unique: true}}\nplacements: {hero: {channel: web}}\n"
#define PURCHASE "events: {purchase: {properties: {amount: double}}}\n"
#define ATTRIBUTES(more) "attributes: {recency: {type: int}" more "}\n"
#define OFFER(value, rule) "offers: {winter: {value: " value ", eligible: '" rule "', content: {hero: {}}}}\n"
static const char first[] = HEAD ATTRIBUTES("") OFFER("1.0", "profile.recency > 1");
static const char second[] = HEAD PURCHASE ATTRIBUTES(", tier: {type: string}")
    OFFER("2.0", "profile.tier == \"gold\"");
static const char broken[] = HEAD ATTRIBUTES(", other: {type: string}") OFFER("3.0", "profile.recenzy > 1");

static publish_files files;
static publish_result result;
static tact_error said;
static publish_options options;

static tact_err publish_text(const char *text) {
    write_rules(text);
    said.text[0] = '\0';
    options.now_ms = now_ms++;
    result.bundle = NULL;
    tact_err err = publish_folder(db_store, &memory, rules.path, &options, &files, &result, &said);
    bundle_free(result.bundle);
    result.bundle = NULL;
    return err;
}

static void must_publish(const char *text) {
    if (publish_text(text)) fail_msg("%s: %s", said.text, report_text(&files.report).ptr);
}

static tact_err go_back(const char *name, uint64_t number) {
    said.text[0] = '\0';
    result.bundle = NULL;
    tact_err err = publish_version(db_store, &memory, tact_str_from(name), number, now_ms++, &files, &result, &said);
    bundle_free(result.bundle);
    result.bundle = NULL;
    return err;
}

// What is active, and all that a store knows of its schema: "shop@2 recency tier- " with a minus where it is retired.
static const char *picture(void) {
    store_reader r;
    bundles_version v;
    buf out = buf_in(&memory);
    assert_int_equal(store_reader_open(db_store, &r, NULL), 0);
    if (bundles_active(&r.txn, &memory, &v, NULL)) {
        buf_add_text(&out, "none ");
    } else {
        buf_printf(&out, "%.*s@%llu ", (int)v.name.len, v.name.ptr, (unsigned long long)v.number);
    }
    tact_error error;
    if (bundles_check(&r.txn, &memory, &error)) fail_msg("%s", error.text);
    store_reader_close(&r);
    const schema *sc = store_schema(db_store);
    for (uint32_t i = 0; i < sc->attributes_count; i++) {
        const schema_attribute *m = &sc->attributes[i];
        buf_printf(&out, "%.*s%s ", (int)m->name.len, m->name.ptr, m->retired ? "-" : "");
    }
    return buf_done(&out).ptr;
}

// ---- Versions -------------------------------------------------------------------------------------------------------

static void versions_follow_and_bring_their_schema(void **state) {
    (void)state;
    assert_string_equal(picture(), "none ");
    options.author = TACT_STR("Anna");
    options.message = TACT_STR("for the winter");
    must_publish(first);
    assert_string_equal(picture(), "shop@1 recency ");
    assert_true(result.schema_changed && !result.already && result.version.active);
    assert_true(tact_str_equal(result.version.author, TACT_STR("Anna")));
    must_publish(second);
    assert_string_equal(picture(), "shop@2 recency tier ");
    assert_int_equal(result.version.number, 2);
}

static void the_very_same_is_not_published_again(void **state) {
    (void)state;
    must_publish(first);
    options.message = TACT_STR("once more");
    must_publish(first);
    assert_true(result.already && !result.schema_changed);
    assert_int_equal(result.version.number, 1);
    assert_int_equal(result.version.message.len, 0); // what was said of it then
    must_publish(second);
    must_publish(first); // not the active one any more
    assert_false(result.already);
    assert_string_equal(picture(), "shop@3 recency tier- ");
}

static void the_same_is_published_again_if_the_schema_has_changed(void **state) {
    (void)state;
    must_publish(first);
    arena scratch;
    arena_init(&scratch, 0);
    schema *other = schema_new(&scratch);
    const schema_attribute m = {.name = TACT_STR("more"), .type = &type_bool, .purpose = -1};
    assert_int_equal(schema_add_attribute(other, &m, NULL), 0);
    assert_int_equal(store_evolve(db_store, other, NULL), 0); // an import with a schema of its own
    arena_fini(&scratch);
    assert_string_equal(picture(), "shop@1 recency- more ");
    publish_result loaded;
    assert_int_equal(publish_load_active(db_store, &memory, &files, &loaded, NULL), 0);
    assert_true(loaded.schema_changed);
    bundle_free(loaded.bundle);
    must_publish(first);
    assert_false(result.already);
    assert_string_equal(picture(), "shop@2 recency more- ");
}

static void what_was_active_is_after_a_restart(void **state) {
    (void)state;
    publish_result loaded;
    assert_int_equal(publish_load_active(db_store, &memory, &files, &loaded, &said), TACT_NOT_FOUND);
    must_publish(first);
    must_publish(second);
    store_close(db_store);
    open_store(NULL);
    assert_string_equal(picture(), "shop@2 recency tier ");
    assert_int_equal(publish_load_active(db_store, &memory, &files, &loaded, &said), 0);
    assert_false(loaded.schema_changed);
    assert_int_equal(loaded.version.number, 2);
    assert_memory_equal(loaded.bundle->hash, loaded.version.hash, BUNDLES_HASH);
    assert_int_equal(loaded.bundle->offers_count, 1);
    assert_true(loaded.bundle->offers[0].value == 2.0);
    assert_true(tact_str_equal(sources_text_of(&loaded.bundle->sources, 0), tact_str_from(second)));
    bundle_free(loaded.bundle);
}

static void faults_change_nothing(void **state) {
    (void)state;
    must_publish(first);
    const char *before = picture();
    assert_int_equal(publish_text(broken), TACT_INVALID);
    assert_non_null(strstr(said.text, ": 1 error"));
    assert_non_null(strstr(report_text(&files.report).ptr, "did you mean `recency`?"));
    assert_string_equal(picture(), before);
    assert_int_equal(publish_text("bundle: ["), TACT_SYNTAX);
    assert_string_equal(picture(), before);
    // A type that what is stored does not allow.
    assert_int_equal(publish_text(HEAD "attributes: {recency: {type: string}}\n"), TACT_INVALID);
    assert_non_null(strstr(report_text(&files.report).ptr, "recency"));
    assert_string_equal(picture(), before);
    unlink(arena_printf(&memory, "%s/bundle.yaml", rules.path));
    assert_int_not_equal(publish_folder(db_store, &memory, rules.path, &options, &files, &result, &said), 0);
    assert_string_equal(picture(), before);
}

// ---- Tests of a bundle ----------------------------------------------------------------------------------------------

#define EXPECTING(offer, recency)                                                                                      \
    "tests: [{name: the lapsed, now: 2026-12-01, person: {recency: " recency "}, decide: {hero: {}}, "                 \
    "expect: {hero: [" offer "]}}]\n"
#define LAPSED HEAD ATTRIBUTES("") OFFER("1.0", "profile.recency > 1")

static void tests_that_fail_keep_it_back_unless_they_are_skipped(void **state) {
    (void)state;
    assert_int_equal(publish_text(LAPSED EXPECTING("winter", "1")), TACT_INVALID);
    const char *text = report_text(&files.report).ptr;
    if (!strstr(text, "bundle.yaml:6:") || !strstr(text, "`hero` was to show [winter] and shows []") ||
        !strstr(text, "winter was removed at `eligible`")) {
        fail_msg("%s", text);
    }
    assert_non_null(strstr(said.text, ": 1 error"));
    assert_string_equal(picture(), "none ");
    options.skip_tests = true;
    must_publish(LAPSED EXPECTING("winter", "1"));
    assert_true(result.version.tests_skipped && !result.tested);
    options.skip_tests = false;
    must_publish(LAPSED EXPECTING("winter", "2"));
    assert_true(!result.version.tests_skipped && result.tested);
}

// ---- Names ----------------------------------------------------------------------------------------------------------

static void one_of_another_name_takes_no_place_unasked(void **state) {
    (void)state;
    static const char other[] = "bundle: other\nidentities: {crm: {unique: true}}\n";
    must_publish(first);
    assert_int_equal(publish_text(other), TACT_EXISTS);
    assert_string_equal(said.text, "shop@1 is active, and `other` would take its place");
    options.instead_of = TACT_STR("winter"); // which is not what is active
    assert_int_equal(publish_text(other), TACT_EXISTS);
    assert_string_equal(picture(), "shop@1 recency ");
    options.instead_of = TACT_STR("shop");
    must_publish(other);
    assert_string_equal(picture(), "other@1 recency- ");
    assert_int_equal(result.replaced.number, 1);
    options.instead_of = TACT_STR("");
    assert_int_equal(go_back("shop", 1), 0); // what is named is meant
    assert_string_equal(picture(), "shop@1 recency ");
}

// ---- Going back -----------------------------------------------------------------------------------------------------

static void going_back_brings_the_schema_back(void **state) {
    (void)state;
    assert_int_equal(go_back("", 0), TACT_NOT_FOUND);
    must_publish(first);
    assert_int_equal(go_back("", 0), TACT_NOT_FOUND);
    must_publish(second);
    assert_int_equal(go_back("", 0), 0);
    assert_string_equal(picture(), "shop@1 recency tier- ");
    assert_true(result.schema_changed);
    assert_int_equal(go_back("", 0), 0); // and forth
    assert_string_equal(picture(), "shop@2 recency tier ");
    assert_int_equal(go_back("shop", 2), 0);
    assert_true(result.already);
    assert_int_equal(go_back("shop", 3), TACT_NOT_FOUND);
    assert_non_null(strstr(said.text, "no version 3 of bundle `shop`"));
    assert_string_equal(picture(), "shop@2 recency tier ");
}

static void what_the_data_does_not_allow_any_more_is_refused(void **state) {
    (void)state;
    must_publish(first);
    must_publish(HEAD "attributes: {recency: {type: double}}\n");
    assert_int_equal(go_back("shop", 1), TACT_INVALID);
    const char *text = report_text(&files.report).ptr;
    if (!strstr(text, "bundle.yaml:4:") || !strstr(text, "recency")) fail_msg("%s", text);
    assert_string_equal(picture(), "shop@2 recency ");
}

// ---- Signatures -----------------------------------------------------------------------------------------------------

typedef struct allowing {
    tact_str name;
    const uint8_t *key;
} allowing;

static tact_err allow_and_require(void *context, db_txn *t, tact_error *error) {
    const allowing *w = context;
    tact_err err = signers_allow(t, &memory, w->name, w->key, error);
    return err ? err : signers_require(t, &memory, true, error);
}

static void only_the_allowed_publish_where_it_is_required(void **state) {
    (void)state;
    uint8_t secret[SIGN_SECRET], key[SIGN_PUBLIC], other[SIGN_SECRET], other_key[SIGN_PUBLIC];
    assert_int_equal(sign_keys(secret, key, NULL), 0);
    assert_int_equal(sign_keys(other, other_key, NULL), 0);
    must_publish(first);
    allowing w = {TACT_STR("Anna"), key};
    assert_int_equal(store_run(db_store, allow_and_require, &w, NULL), 0);
    assert_int_equal(publish_text(second), TACT_INVALID);
    assert_non_null(strstr(said.text, "must be signed here, by `Anna`"));
    assert_string_equal(picture(), "shop@1 recency "); // and the schema is as it was
    options.secret = other;
    assert_int_equal(publish_text(second), TACT_INVALID);
    assert_non_null(strstr(said.text, "may not publish here"));
    options.secret = secret;
    must_publish(second);
    assert_true(result.version.is_signed);
    assert_memory_equal(result.version.signer, key, sizeof key);
    assert_int_equal(go_back("shop", 1), TACT_INVALID);
    assert_string_equal(picture(), "shop@2 recency tier ");
    // The same files, signed only now, are a version of their own.
    must_publish(first);
    must_publish(first);
    assert_true(result.already);
    assert_string_equal(picture(), "shop@3 recency tier- ");
    secret[0] ^= 1;
    assert_int_equal(publish_text(second), TACT_INVALID);
    assert_string_equal(said.text, "what is to sign it is no secret key");
}

// ---- Whatever fails -------------------------------------------------------------------------------------------------

// All that is stored, as one hash would be: every row of every table.
static tact_str everything(arena *a) {
    db_txn t;
    buf all = buf_in(a);
    assert_int_equal(db_read(store_db(db_store), &t, NULL), 0);
    for (int table = 0; table < DB_TABLES; table++) {
        db_walk w;
        tact_err err = db_walk_begin(&t, (db_table)table, (tact_str){NULL, 0}, &w);
        for (; !err; err = db_walk_next(&w)) {
            pack_u8(&all, (uint8_t)table);
            pack_str(&all, w.key);
            pack_str(&all, w.value);
        }
        db_walk_end(&w);
    }
    db_read_end(&t);
    return buf_done(&all);
}

static void set_recency(int64_t recency, uint8_t source) {
    const command_identity who = {0, TACT_STR("4711")};
    const command_value value = {0, tact_int(recency)};
    const command c = {.kind = COMMAND_SET,
                       .time_ms = now_ms,
                       .source = source,
                       .identities = &who,
                       .identities_count = 1,
                       .values = &value,
                       .values_count = 1};
    writer_result answer;
    assert_int_equal(store_record(db_store, &c, 1, &answer, NULL), 0);
    assert_int_equal(answer.code, 0);
}

static void each_call_fails_once_and_nothing_has_changed(void **state) {
    (void)state;
    // The second swaps the sources' order, so that records are made anew in the transaction as well.
    must_publish(HEAD "attributes: {recency: {type: int, sources: [crm, web]}}\n");
    set_recency(1, 0);
    set_recency(2, 1);
    int failures = 0;
    for (int64_t nth = 1;; nth++) {
        tact_str before = everything(&memory);
        const schema *running = store_schema(db_store);
        db_fail_at(store_db(db_store), nth);
        tact_err err = publish_text(HEAD "attributes: {recency: {type: int, sources: [web, crm]}}\n");
        bool failed = db_failed(store_db(db_store));
        db_fail_at(store_db(db_store), 0);
        if (!failed) break;
        assert_int_equal(err, TACT_IO);
        assert_true(tact_str_equal(everything(&memory), before));
        assert_ptr_equal(store_schema(db_store), running);
        failures++;
    }
    assert_true(failures >= 10);
    assert_string_equal(picture(), "shop@2 recency ");
    // The other way round by going back.
    for (int64_t nth = 1;; nth++) {
        tact_str before = everything(&memory);
        db_fail_at(store_db(db_store), nth);
        tact_err err = go_back("", 0);
        bool failed = db_failed(store_db(db_store));
        db_fail_at(store_db(db_store), 0);
        if (!failed) break;
        assert_int_equal(err, TACT_IO);
        assert_true(tact_str_equal(everything(&memory), before));
    }
    assert_string_equal(picture(), "shop@1 recency ");
}

// ---- Threads --------------------------------------------------------------------------------------------------------

typedef struct traffic {
    atomic_bool over;
    atomic_int recorded, refused;
} traffic;

static void *record_all_along(void *context) {
    traffic *t = context;
    while (!atomic_load(&t->over)) {
        const command_identity who = {0, TACT_STR("4711")};
        const command_value value = {0, tact_int(1)};
        const command c = {.kind = COMMAND_SET,
                           .time_ms = NOW,
                           .source = SCHEMA_SOURCE_NONE,
                           .identities = &who,
                           .identities_count = 1,
                           .values = &value,
                           .values_count = 1};
        writer_result answer;
        tact_err err = store_record(db_store, &c, 1, &answer, NULL);
        atomic_fetch_add(err || answer.code ? &t->refused : &t->recorded, 1);
    }
    return NULL;
}

static void publishing_while_others_record(void **state) {
    (void)state;
    traffic t = {.recorded = 0};
    pthread_t thread;
    must_publish(first);
    assert_int_equal(pthread_create(&thread, NULL, record_all_along, &t), 0);
    while (!atomic_load(&t.recorded)) sched_yield();
    for (int i = 0; i < 20; i++) must_publish(i % 2 ? first : second);
    atomic_store(&t.over, true);
    pthread_join(thread, NULL);
    assert_int_equal(t.refused, 0);
    assert_string_equal(picture(), "shop@21 recency tier- ");
}

enum { STORM = 500, READERS = 2, SWAP_US = 1000 };

typedef struct served { // what an engine swaps
    live_old old;
    bundle *bundle;
    uint64_t number;
} served;

static atomic_int alive;

static void drop(void *thing) {
    served *s = thing;
    bundle_free(s->bundle);
    free(s);
    atomic_fetch_sub(&alive, 1);
}

// Version `number` says so in its title, its offer's value and its rule.
static served *new_served(uint64_t number) {
    arena a;
    sources files_of;
    report r;
    tact_error error;
    served *s = calloc(1, sizeof *s);
    assert_non_null(s);
    arena_init(&a, 0);
    sources_init(&files_of, &a);
    report_init(&r, &a, &files_of, TACT_STR("shop"));
    const char *text = arena_printf(
        &a,
        HEAD ATTRIBUTES("") "title: v%llu\noffers: {winter: {value: %llu, eligible: 'profile.recency == %llu', "
                            "content: {hero: {}}}}\n",
        (unsigned long long)number, (unsigned long long)number, (unsigned long long)number);
    assert_int_equal(sources_add(&files_of, TACT_STR("bundle.yaml"), tact_str_from(text), &error), 0);
    assert_int_equal(bundle_build(&r, NULL, &s->bundle), 0);
    arena_fini(&a);
    s->number = number;
    atomic_fetch_add(&alive, 1);
    return s;
}

typedef struct storm {
    live l;
    atomic_bool over;
    atomic_int torn, backwards;
    atomic_long reads;
    atomic_uint_least64_t seen[READERS]; // the highest version
} storm;

typedef struct storm_reader {
    storm *s;
    int number;
} storm_reader;

// Is everything in it of the one version?
static bool is_whole(const served *s, arena *a) {
    char title[32];
    const bundle *b = s->bundle;
    int len = snprintf(title, sizeof title, "v%llu", (unsigned long long)s->number);
    if (!tact_str_equal(b->title, (tact_str){title, (size_t)len})) return false;
    if (b->offers_count != 1 || b->offers[0].value != (double)s->number) return false;
    tact_value slots[32];
    if (b->slots_count > 32) return false;
    for (uint32_t i = 0; i < b->slots_count; i++) {
        bool recency = tact_str_equal(b->slots[i].name, TACT_STR("profile.recency"));
        slots[i] = recency ? tact_int((int64_t)s->number) : tact_null();
    }
    tact_cel_input input = {.slots = slots, .slots_count = b->slots_count, .arena = a};
    tact_value v = tact_cel_eval(b->offers[0].rules[BUNDLE_ELIGIBLE].program, &input);
    tact_arena_reset(a);
    return v.kind == TACT_BOOL && v.as.b;
}

static void *read_all_along(void *context) {
    const storm_reader *me = context;
    storm *s = me->s;
    live_reader r;
    arena a;
    uint64_t last = 0;
    arena_init(&a, 0);
    live_join(&s->l, &r);
    while (!atomic_load(&s->over)) {
        const served *now = live_pin(&r);
        if (!is_whole(now, &a)) atomic_fetch_add(&s->torn, 1);
        if (now->number < last) atomic_fetch_add(&s->backwards, 1);
        last = now->number;
        live_unpin(&r);
        atomic_fetch_add_explicit(&s->reads, 1, memory_order_relaxed);
        atomic_store_explicit(&s->seen[me->number], last, memory_order_relaxed);
    }
    live_leave(&r);
    arena_fini(&a);
    return NULL;
}

static void a_storm_of_bundles_beside_readers(void **state) {
    (void)state;
    storm s = {.reads = 0};
    static served *ahead[STORM];
    pthread_t threads[READERS];
    storm_reader readers[READERS];
    const struct timespec pause = {0, SWAP_US * 1000};
    for (uint64_t i = 0; i < STORM; i++) ahead[i] = new_served(i + 1);
    live_init(&s.l, drop);
    live_swap(&s.l, ahead[0]);
    for (int i = 0; i < READERS; i++) {
        readers[i] = (storm_reader){&s, i};
        assert_int_equal(pthread_create(&threads[i], NULL, read_all_along, &readers[i]), 0);
    }
    for (int i = 1; i < STORM; i++) {
        live_swap(&s.l, ahead[i]);
        nanosleep(&pause, NULL);
    }
    for (int i = 0; i < READERS; i++) {
        while (atomic_load(&s.seen[i]) < STORM) sched_yield(); // the last one reaches everybody
    }
    atomic_store(&s.over, true);
    for (int i = 0; i < READERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(s.torn, 0);
    assert_int_equal(s.backwards, 0);
    assert_true(s.reads > STORM);
    assert_int_equal(alive, 1);
    live_fini(&s.l);
    assert_int_equal(alive, 0);
}

static int set_up_fresh(void **state) {
    options = (publish_options){.now_ms = 0};
    return set_up(state);
}

int main(void) {
    quick_begin();
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_fresh, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(versions_follow_and_bring_their_schema),
        TEST(the_very_same_is_not_published_again),
        TEST(the_same_is_published_again_if_the_schema_has_changed),
        TEST(what_was_active_is_after_a_restart),
        TEST(faults_change_nothing),
        TEST(tests_that_fail_keep_it_back_unless_they_are_skipped),
        TEST(one_of_another_name_takes_no_place_unasked),
        TEST(going_back_brings_the_schema_back),
        TEST(what_the_data_does_not_allow_any_more_is_refused),
        TEST(only_the_allowed_publish_where_it_is_required),
        TEST(each_call_fails_once_and_nothing_has_changed),
        TEST(publishing_while_others_record),
        cmocka_unit_test(a_storm_of_bundles_beside_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
