// SPDX-License-Identifier: Apache-2.0
//
// A store as its users see it: opened, written, read in place and reopened; threads that read while others write; a
// schema that grows, and calls that fail while it is opened. Processes that are killed are in crash_test.c.
#include "store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/hash.h"
#include "store/bundles.h"

#include "draw.h"
#include "folder.h"
#include "shop.h"

#include <cmocka.h>

static store *must_open(arena *a, const char *path, const store_options *options) {
    store *s = NULL;
    tact_error error = {.text = ""};
    if (store_open(a, path, options, &s, &error)) fail_msg("%s", error.text);
    return s;
}

static void must_be_sound(store *s) {
    store_reader r;
    tact_error error = {.text = ""};
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    if (store_fsck(&r, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    store_reader_close(&r);
}

static tact_err set_recency(store *s, const char *crm, int64_t recency, const char *id, apply_answer *answer) {
    const command_identity one = {SHOP_CRM, tact_str_from(crm)};
    const command_value value = {SHOP_RECENCY, tact_int(recency)};
    const command c = {.kind = COMMAND_SET,
                       .id = tact_str_from(id),
                       .time_ms = SHOP_NOW + recency,
                       .identities = &one,
                       .identities_count = 1,
                       .values = &value,
                       .values_count = 1};
    writer_result result;
    tact_err err = store_record(s, &c, 1, &result, NULL);
    if (!err && answer) *answer = result.answer;
    return err ? err : result.code;
}

static void what_is_recorded_is_read_and_stays(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = NULL;
    tact_error error = {.text = ""};
    assert_int_equal(store_open(&a, f.path, NULL, &s, &error), TACT_USAGE);
    assert_non_null(strstr(error.text, "needs a schema"));
    s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
    assert_int_equal(set_recency(s, "1", 5, "", NULL), 0);
    store_reader r;
    record person;
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(store_person(&r, SHOP_CRM, TACT_STR("1"), &person, NULL), 0);
    assert_int_equal(record_attribute(&person, store_schema(s), SHOP_RECENCY, SHOP_NOW, &a).as.i, 5);
    assert_int_equal(set_recency(s, "1", 6, "", NULL), 0);
    assert_int_equal(store_person_by_id(&r, 1, &person, NULL), 0);
    assert_int_equal(record_attribute(&person, store_schema(s), SHOP_RECENCY, SHOP_NOW, &a).as.i, 5); // as it was
    assert_int_equal(store_reader_renew(&r, NULL), 0);
    assert_int_equal(store_person_by_id(&r, 1, &person, NULL), 0);
    assert_int_equal(record_attribute(&person, store_schema(s), SHOP_RECENCY, SHOP_NOW, &a).as.i, 6);
    assert_int_equal(store_person(&r, SHOP_CRM, TACT_STR("2"), &person, &error), TACT_NOT_FOUND);
    assert_int_equal(store_person_by_id(&r, 2, &person, &error), TACT_NOT_FOUND);
    store_reader_close(&r);
    store_close(s);

    s = must_open(&a, f.path, &(store_options){.db = {.read_only = true}});
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES);
    assert_int_equal(set_recency(s, "1", 7, "", NULL), TACT_USAGE);
    must_be_sound(s);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

static void a_schema_grows_and_records_follow(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    schema *sc = shop_schema(&a);
    store *s = must_open(&a, f.path, &(store_options){.schema = sc});
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(set_recency(s, name, i, "", NULL), 0);
    }
    store_close(s);
    const schema_attribute more = {.name = TACT_STR("more"), .type = &type_int, .purpose = -1};
    assert_int_equal(schema_add_attribute(sc, &more, NULL), 0);
    s = must_open(&a, f.path, &(store_options){.schema = sc});
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES + 1);
    must_be_sound(s);
    store_close(s);
    schema *other = schema_new(&a);
    const schema_attribute changed = {.name = TACT_STR("recency"), .type = &type_string, .purpose = -1};
    assert_int_equal(schema_add_attribute(other, &changed, NULL), 0);
    assert_int_equal(store_open(&a, f.path, &(store_options){.schema = other}, &s, NULL), TACT_INVALID);
    folder_remove(&f);
    arena_fini(&a);
}

static tact_err activate(void *context, db_txn *t, tact_error *error) {
    bundles_version v = {.name = TACT_STR("shop"), .time_ms = SHOP_NOW};
    hash_bytes(TACT_STR("files"), v.hash);
    return bundles_publish(t, context, &v, TACT_STR("files"), error);
}

// Whoever opens the store with a schema knows nothing of the bundle; what was made for it, by store_evolve, goes.
static void beside_an_active_bundle_opening_changes_no_schema(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    schema *sc = shop_schema(&a);
    tact_error error = {.text = ""};
    store *s = must_open(&a, f.path, &(store_options){.schema = sc});
    assert_int_equal(store_run(s, activate, &a, NULL), 0);
    store_close(s);
    s = must_open(&a, f.path, &(store_options){.schema = sc}); // the same
    store_close(s);
    assert_int_equal(store_open(&a, f.path, &(store_options){.schema = schema_new(&a)}, &s, &error), TACT_EXISTS);
    assert_non_null(strstr(error.text, "that of shop@1, which is active; leave it away, or change the bundle's"));
    const schema_attribute more = {.name = TACT_STR("more"), .type = &type_int, .purpose = -1};
    assert_int_equal(schema_add_attribute(sc, &more, NULL), 0);
    assert_int_equal(store_open(&a, f.path, &(store_options){.schema = sc}, &s, NULL), TACT_EXISTS);
    s = must_open(&a, f.path, NULL);
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES);
    assert_false(store_schema(s)->attributes[SHOP_TIER].retired);
    assert_int_equal(store_evolve(s, sc, NULL), 0);
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES + 1);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

// ---- A schema that changes under way --------------------------------------------------------------------------------

// As shop_schema, as it may become: nothing, or a member of each kind more, or other precedence, or wider.
static schema *shop_later(arena *a, bool more, bool otherwise, bool wider) {
    schema *sc = shop_schema(a);
    static const uint8_t web_crm[] = {SHOP_SOURCE_WEB, SHOP_SOURCE_CRM};
    const schema_attribute attribute = {.name = TACT_STR("more"), .type = &type_int, .purpose = -1};
    const schema_purpose purpose = {.name = TACT_STR("research")};
    const schema_event event = {.name = TACT_STR("call")};
    const schema_aggregate aggregate = {
        .name = TACT_STR("calls"), .function = SCHEMA_COUNT, .event = SHOP_EVENTS, .property = -1};
    if (more) {
        assert_int_equal(schema_add_purpose(sc, &purpose, NULL), 0);
        assert_int_equal(schema_add_attribute(sc, &attribute, NULL), 0);
        assert_int_equal(schema_add_event(sc, &event, NULL), 0);
        assert_int_equal(schema_add_aggregate(sc, &aggregate, NULL), 0);
    }
    if (otherwise) sc->attributes[SHOP_TIER].sources = web_crm;
    if (wider) {
        sc->attributes[SHOP_RECENCY].type = &type_double;
        ((schema_property *)(uintptr_t)&sc->events[SHOP_PURCHASE].properties[2])->type = &type_double; // pieces
        sc->aggregates[SHOP_PURCHASES_90D].window_ms = 180 * SHOP_DAY;
    }
    return sc;
}

static void must_record(store *s, const command *c) {
    writer_result r;
    tact_error error = {.text = ""};
    if (store_record(s, c, 1, &r, &error)) fail_msg("%s", error.text);
    if (r.code) fail_msg("%s", r.error.text);
}

static command about(const command_identity *who, command_kind kind, int64_t time_ms) {
    return (command){.kind = kind, .time_ms = time_ms, .identities = who, .identities_count = 1};
}

static const command_identity crm_1 = {SHOP_CRM, {"1", 1}}, both_1[] = {{SHOP_CRM, {"1", 1}}, {SHOP_EMAIL, {"x@y", 3}}};

static void set_tier(store *s, uint8_t source, const char *tier) {
    const command_value value = {SHOP_TIER, tact_string(tier, strlen(tier))};
    command c = about(&crm_1, COMMAND_SET, SHOP_NOW);
    c.source = source;
    c.values = &value;
    c.values_count = 1;
    must_record(s, &c);
}

static void buy(store *s, const command_identity *who, int64_t time_ms, tact_value pieces) {
    const command_value value = {2, pieces};
    command c = about(who, COMMAND_EVENT, time_ms);
    c.event = SHOP_PURCHASE;
    c.values = &value;
    c.values_count = 1;
    must_record(s, &c);
}

static tact_str record_bytes(store *s, arena *a) {
    store_reader r;
    record person;
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(store_person(&r, SHOP_CRM, TACT_STR("1"), &person, NULL), 0);
    tact_str bytes = {arena_copy(a, person.bytes, person.size), person.size};
    store_reader_close(&r);
    return bytes;
}

static tact_value attribute_of(tact_str bytes, const schema *sc, uint32_t number, arena *a) {
    record r;
    assert_int_equal(record_open(bytes, &r, NULL), 0);
    return record_attribute(&r, sc, number, SHOP_NOW, a);
}

static tact_value aggregate_of(tact_str bytes, const schema *sc, uint32_t number, int64_t now_ms) {
    record r;
    assert_int_equal(record_open(bytes, &r, NULL), 0);
    return record_aggregate(&r, sc, number, now_ms);
}

static void a_schema_changes_under_way(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
    set_tier(s, SHOP_SOURCE_CRM, "gold");
    set_tier(s, SHOP_SOURCE_WEB, "blue");
    const schema *before = store_schema(s);
    tact_str bytes = record_bytes(s, &a);
    assert_int_equal(store_evolve(s, shop_schema(&a), NULL), 0);
    assert_ptr_equal(store_schema(s), before); // nothing changed
    assert_int_equal(store_evolve(s, shop_later(&a, true, false, false), NULL), 0);
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES + 1);
    assert_true(tact_str_equal(record_bytes(s, &a), bytes)); // what is new has rebuilt nothing
    must_be_sound(s);
    assert_int_equal(before->attributes_count, SHOP_ATTRIBUTES); // lives on
    const command_value value = {SHOP_ATTRIBUTES, tact_int(8)};
    command c = about(&crm_1, COMMAND_SET, SHOP_NOW);
    c.values = &value, c.values_count = 1;
    must_record(s, &c);
    must_be_sound(s);
    bytes = record_bytes(s, &a);
    assert_int_equal(attribute_of(bytes, store_schema(s), SHOP_ATTRIBUTES, &a).as.i, 8);
    assert_memory_equal(attribute_of(bytes, store_schema(s), SHOP_TIER, &a).as.s, "gold", 4);
    assert_int_equal(store_evolve(s, shop_later(&a, true, true, false), NULL), 0);
    assert_memory_equal(attribute_of(record_bytes(s, &a), store_schema(s), SHOP_TIER, &a).as.s, "blue", 4);
    must_be_sound(s);
    store_close(s);
    s = must_open(&a, f.path, NULL);
    assert_memory_equal(attribute_of(record_bytes(s, &a), store_schema(s), SHOP_TIER, &a).as.s, "blue", 4);
    store_close(s);
    s = must_open(&a, f.path, &(store_options){.db = {.read_only = true}});
    assert_int_equal(store_evolve(s, shop_schema(&a), NULL), TACT_USAGE);
    assert_int_equal(store_run(s, NULL, NULL, NULL), TACT_USAGE);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

// What was written before int became double and a window wider is read and added to after it.
static void old_strands_and_records_go_on_under_wider_types(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
    assert_int_equal(set_recency(s, "1", 5, "", NULL), 0);
    buy(s, &both_1[0], SHOP_NOW - 100 * SHOP_DAY, tact_int(2));
    buy(s, &both_1[1], SHOP_NOW - 10 * SHOP_DAY, tact_int(3));
    command link = about(both_1, COMMAND_LINK, SHOP_NOW);
    link.identities_count = 2;
    must_record(s, &link);
    tact_str bytes = record_bytes(s, &a);
    assert_int_equal(aggregate_of(bytes, store_schema(s), SHOP_PURCHASES_90D, SHOP_NOW).as.i, 1);
    assert_int_equal(aggregate_of(bytes, store_schema(s), SHOP_PIECES, SHOP_NOW).as.i, 5);

    tact_error error = {.text = ""};
    if (store_evolve(s, shop_later(&a, false, false, true), &error)) fail_msg("%s", error.text);
    must_be_sound(s);
    const schema *sc = store_schema(s);
    for (int later = 0; later < 2; later++) {
        bytes = record_bytes(s, &a);
        tact_value recency = attribute_of(bytes, sc, SHOP_RECENCY, &a);
        tact_value pieces = aggregate_of(bytes, sc, SHOP_PIECES, SHOP_NOW);
        assert_true(recency.kind == TACT_DOUBLE && recency.as.d == (later ? 6.5 : 5.0));
        assert_true(pieces.kind == TACT_DOUBLE && pieces.as.d == (later ? 5.0 + 0.5 + 4 : 5.0));
        assert_int_equal(aggregate_of(bytes, sc, SHOP_PURCHASES_90D, SHOP_NOW).as.i, later ? 4 : 2);
        assert_true(aggregate_of(bytes, sc, SHOP_MOST, SHOP_NOW).as.d == (later ? 4.0 : 3.0));
        if (later) break;
        const command_value value = {SHOP_RECENCY, tact_double(6.5)};
        command c = about(&crm_1, COMMAND_SET, SHOP_NOW + 6);
        c.values = &value, c.values_count = 1;
        must_record(s, &c);
        buy(s, &both_1[0], SHOP_NOW - 5 * SHOP_DAY, tact_double(0.5));
        buy(s, &both_1[1], SHOP_NOW - 4 * SHOP_DAY, tact_int(4)); // which stands for a double
        must_be_sound(s);
    }
    store_reader r;
    tact_value all;
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(store_export(&r, &a, 1, SHOP_NOW, &all, NULL), 0);
    store_reader_close(&r);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

static void a_schema_that_fails_leaves_the_one_before(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
    set_tier(s, SHOP_SOURCE_CRM, "gold");
    set_tier(s, SHOP_SOURCE_WEB, "blue");
    schema *other = schema_new(&a);
    const schema_attribute changed = {.name = TACT_STR("recency"), .type = &type_string, .purpose = -1};
    assert_int_equal(schema_add_attribute(other, &changed, NULL), 0);
    assert_int_equal(store_evolve(s, other, NULL), TACT_INVALID);
    bool failed = true;
    for (int64_t nth = 1; failed; nth++) {
        const schema *before = store_schema(s);
        db_fail_at(store_db(s), nth);
        tact_err err = store_evolve(s, shop_later(&a, true, true, true), NULL);
        failed = db_failed(store_db(s));
        db_fail_at(store_db(s), 0);
        assert_int_equal(err, failed ? TACT_IO : TACT_OK);
        if (failed) assert_ptr_equal(store_schema(s), before);
        must_be_sound(s);
        const char *tier = failed ? "gold" : "blue";
        assert_memory_equal(attribute_of(record_bytes(s, &a), store_schema(s), SHOP_TIER, &a).as.s, tier, 4);
        assert_true(!failed || nth < 1000);
    }
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Looking after it -----------------------------------------------------------------------------------------------

static tact_err note_position(void *context, db_txn *t, tact_error *error) {
    apply_state state;
    tact_err err = apply_state_read(t, &state);
    if (err) return db_fault(t, error);
    *(uint64_t *)context = state.position;
    return db_put(t, DB_META, TACT_STR("test"), TACT_STR("ran"));
}

static tact_err refuse(void *context, db_txn *t, tact_error *error) {
    (void)context;
    if (db_put(t, DB_META, TACT_STR("test"), TACT_STR("undone"))) return TACT_IO;
    error->text[0] = 0;
    return TACT_EXISTS;
}

// With an interval, too: what was answered before is there for work that comes after.
static void work_comes_after_what_was_queued(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a), .writer = {.interval_ms = 60000}});
    uint64_t position = 0;
    tact_error error;
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(set_recency(s, "1", (int64_t)i, "", NULL), 0);
        assert_int_equal(store_run(s, note_position, &position, NULL), 0);
        assert_int_equal(position, i);
        assert_int_equal(store_run(s, refuse, NULL, &error), TACT_EXISTS);
    }
    store_reader r;
    tact_str value;
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(db_get(&r.txn, DB_META, TACT_STR("test"), &value), 0);
    assert_true(tact_str_equal(value, TACT_STR("ran")));
    store_reader_close(&r);
    store_usage usage;
    assert_int_equal(store_status(s, &usage, NULL), 0);
    assert_int_equal(usage.position, 3);
    assert_int_equal(usage.persons, 1);
    assert_int_equal(usage.strands, 1);
    assert_int_equal(usage.events, 0);
    assert_int_equal(usage.queue.queued, 0);
    assert_int_equal(usage.queue.queue_max, WRITER_QUEUE_MAX);
    assert_int_equal(usage.queue.lost, 0);
    assert_true(usage.files.map_bytes >= usage.files.used_bytes && usage.files.used_bytes > 0);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

// Every slice leaves a sound store; a round forgets what is old and nothing else.
static void housekeeping_forgets_what_is_old(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
    enum { PERSONS = 400, OLD = 3 };
    for (int i = 0; i < PERSONS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        const command_identity who = {SHOP_CRM, tact_str_from(name)};
        for (int k = 0; k < OLD; k++) buy(s, &who, SHOP_NOW - (100 + k) * SHOP_DAY, tact_int(1));
        buy(s, &who, SHOP_NOW - SHOP_DAY, tact_int(1));
        assert_int_equal(set_recency(s, name, 1, name, NULL), 0);
    }
    const store_limits limits = {50 * SHOP_DAY, 2 * SHOP_DAY, 0};
    store_swept swept, sum = {0};
    int slices = 0;
    do {
        assert_int_equal(store_sweep(s, SHOP_NOW, &limits, &swept, NULL), 0);
        must_be_sound(s);
        sum.strands += swept.strands, sum.events += swept.events, sum.answers += swept.answers;
        assert_true(++slices < 100);
    } while (!swept.round);
    assert_true(slices > 1);
    assert_int_equal(sum.events, OLD * PERSONS);
    assert_int_equal(sum.answers, 0);
    apply_answer answer;
    assert_int_equal(set_recency(s, "7", 1, "7", &answer), 0);
    assert_true(answer.repeated);
    do {
        assert_int_equal(store_sweep(s, SHOP_NOW + 3 * SHOP_DAY, &limits, &swept, NULL), 0);
        sum.answers += swept.answers;
    } while (!swept.round);
    assert_int_equal(sum.answers, PERSONS);
    assert_int_equal(set_recency(s, "7", 1, "7", &answer), 0);
    assert_false(answer.repeated);
    must_be_sound(s);
    store_usage usage;
    assert_int_equal(store_status(s, &usage, NULL), 0);
    assert_int_equal(usage.events, PERSONS);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Threads --------------------------------------------------------------------------------------------------------

enum { WRITERS = 3, READERS = 2, WRITES = 60 };

typedef struct shared {
    store *s;
    atomic_bool over;
    atomic_int faults;
} shared;

static void *write_some(void *context) {
    shared *h = context;
    for (int i = 1; i <= WRITES; i++) {
        if (set_recency(h->s, "1", i, "", NULL)) atomic_fetch_add(&h->faults, 1);
    }
    return NULL;
}

static void *read_some(void *context) {
    shared *h = context;
    store_reader r;
    record person;
    arena a;
    arena_init(&a, 0);
    int64_t last = 0;
    if (store_reader_open(h->s, &r, NULL)) return NULL;
    while (!atomic_load(&h->over)) {
        if (store_person(&r, SHOP_CRM, TACT_STR("1"), &person, NULL) == TACT_OK) {
            int64_t now = record_attribute(&person, store_schema(h->s), SHOP_RECENCY, SHOP_NOW, &a).as.i;
            if (now < last) atomic_fetch_add(&h->faults, 1); // it only grows
            last = now;
        }
        if (store_reader_renew(&r, NULL)) atomic_fetch_add(&h->faults, 1);
    }
    store_reader_close(&r);
    arena_fini(&a);
    return NULL;
}

// Readers and writers go on while the schema changes: back and forth in what wins, and in what there is.
static void *change_schemas(void *context) {
    shared *h = context;
    arena a;
    arena_init(&a, 0);
    for (int i = 0; !atomic_load(&h->over); i++) {
        if (store_evolve(h->s, shop_later(&a, i % 2, i % 3 == 0, false), NULL)) atomic_fetch_add(&h->faults, 1);
        tact_arena_reset(&a);
    }
    arena_fini(&a);
    return NULL;
}

static void threads_read_while_others_write(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    shared h = {.s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a), .db = {.map_bytes = 1}})};
    pthread_t threads[WRITERS + READERS + 1];
    for (int i = 0; i <= WRITERS + READERS; i++) {
        void *(*work)(void *) = i < WRITERS ? write_some : i < WRITERS + READERS ? read_some : change_schemas;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &h), 0);
    }
    for (int i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
    atomic_store(&h.over, true);
    for (int i = WRITERS; i <= WRITERS + READERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(h.faults, 0);
    must_be_sound(h.s);
    store_close(h.s);
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Calls that fail ------------------------------------------------------------------------------------------------

static void any_call_may_fail_while_opening(void **state) {
    (void)state;
    bool whole = false;
    for (int64_t nth = 1; !whole; nth++) {
        arena a;
        arena_init(&a, 0);
        folder f = folder_new();
        store *s = NULL;
        tact_err err = store_open(&a, f.path, &(store_options){.schema = shop_schema(&a), .db = {.fail_at = nth}}, &s,
                                  NULL);
        if (err) {
            assert_int_equal(err, TACT_IO);
            s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
        } else {
            whole = !db_failed(store_db(s));
            db_fail_at(store_db(s), 0);
        }
        assert_int_equal(set_recency(s, "1", 1, "", NULL), 0);
        must_be_sound(s);
        store_close(s);
        folder_remove(&f);
        arena_fini(&a);
    }
}

static tact_err note_and_fail(void *context, db_txn *t, tact_error *error) {
    (void)t, (void)error;
    ++*(int *)context;
    return TACT_INVALID;
}

static void a_schema_and_work_go_together_or_not_at_all(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
    const schema *running = store_schema(s);
    schema *wanted = shop_schema(&a);
    const schema_attribute more = {.name = TACT_STR("more"), .type = &type_bool, .purpose = -1};
    assert_int_equal(schema_add_attribute(wanted, &more, NULL), 0);
    int called = 0;
    assert_int_equal(store_evolve_with(s, running, wanted, note_and_fail, &called, NULL), TACT_INVALID);
    assert_int_equal(called, 1);
    assert_ptr_equal(store_schema(s), running);
    assert_int_equal(store_evolve(s, wanted, NULL), 0);
    tact_error error = {.text = ""};
    assert_int_equal(store_evolve_with(s, running, wanted, note_and_fail, &called, &error), TACT_BUSY);
    assert_non_null(strstr(error.text, "its schema has changed meanwhile"));
    assert_int_equal(called, 1);
    store_close(s);
    s = must_open(&a, f.path, NULL);
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES + 1);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_and_work_go_together_or_not_at_all),
        cmocka_unit_test(what_is_recorded_is_read_and_stays),
        cmocka_unit_test(a_schema_grows_and_records_follow),
        cmocka_unit_test(beside_an_active_bundle_opening_changes_no_schema),
        cmocka_unit_test(a_schema_changes_under_way),
        cmocka_unit_test(old_strands_and_records_go_on_under_wider_types),
        cmocka_unit_test(a_schema_that_fails_leaves_the_one_before),
        cmocka_unit_test(work_comes_after_what_was_queued),
        cmocka_unit_test(housekeeping_forgets_what_is_old),
        cmocka_unit_test(threads_read_while_others_write),
        cmocka_unit_test(any_call_may_fail_while_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
