// SPDX-License-Identifier: Apache-2.0
//
// Housekeeping: two stores get the same commands, one of them is swept now and then; whatever can be read of either at
// the time of the last sweep or later is the same, and the swept one is sound. Then each bound by itself.
#include "store/sweep.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "draw.h"
#include "folder.h"
#include "shop.h"
#include "store/count.h"
#include "store/store.h"

#include <cmocka.h>

enum { NAMES = 12, ROUNDS = 30, COMMANDS = 60 };
static const store_limits limits = {20 * SHOP_DAY, 3 * SHOP_DAY, 10 * SHOP_DAY};

typedef struct pair {
    arena a;
    folder folders[2];
    store *stores[2]; // the first is never swept
} pair;

static void pair_open(pair *p, uint32_t history_max) {
    arena_init(&p->a, 0);
    const store_options options = {
        .schema = shop_schema(&p->a), .writer = {.interval_ms = 60000}, .history_max = history_max};
    for (int i = 0; i < 2; i++) {
        p->folders[i] = folder_new();
        tact_error error = {.text = ""};
        if (store_open(&p->a, p->folders[i].path, &options, &p->stores[i], &error)) fail_msg("%s", error.text);
    }
}

static void pair_close(pair *p) {
    for (int i = 0; i < 2; i++) {
        store_close(p->stores[i]);
        folder_remove(&p->folders[i]);
    }
    arena_fini(&p->a);
}

static writer_result record_one(store *s, const command *c) {
    writer_result r;
    tact_error error = {.text = ""};
    if (store_record(s, c, 1, &r, &error)) fail_msg("%s", error.text);
    return r;
}

static tact_err nothing(void *context, db_txn *t, tact_error *error) {
    (void)context, (void)t, (void)error;
    return TACT_OK;
}

// A view of all that was answered.
static store_reader view(store *s) {
    store_reader r;
    assert_int_equal(store_run(s, nothing, NULL, NULL), 0);
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    return r;
}

static void must_be_sound(store *s) {
    store_reader r = view(s);
    tact_error error = {.text = ""};
    if (store_fsck(&r, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    store_reader_close(&r);
}

// Slices until everything was looked at; each leaves a sound store.
static store_swept sweep_all(store *s, int64_t now_ms, const store_limits *ages) {
    store_swept sum = {0}, one;
    do {
        tact_error error = {.text = ""};
        if (store_sweep(s, now_ms, ages, &one, &error)) fail_msg("%s", error.text);
        sum.strands += one.strands, sum.events += one.events;
        sum.answers += one.answers, sum.buckets += one.buckets;
        must_be_sound(s);
    } while (!one.round);
    return sum;
}

// ---- Beside a store that is not swept -------------------------------------------------------------------------------

static char names[NAMES][16];

static command draw_one(arena *a, uint64_t *seed, int64_t now_ms) {
    command c = shop_draw(a, seed, now_ms - draw_below(seed, 4) * draw_below(seed, 30 * SHOP_DAY));
    int64_t what = draw_below(seed, 30);
    command_identity *who = arena_array(a, 2, sizeof *who);
    int64_t name = draw_below(seed, NAMES);
    who[0] = (command_identity){SHOP_COOKIE, tact_str_from(names[name])};
    who[1] = (command_identity){SHOP_COOKIE, tact_str_from(names[(name + 1 + draw_below(seed, NAMES - 1)) % NAMES])};
    if (what == 0) c = (command){.kind = COMMAND_LINK, .time_ms = now_ms};
    if (what == 1) c = (command){.kind = COMMAND_UNLINK, .time_ms = now_ms};
    c.everyone = c.kind == COMMAND_COUNT && draw_below(seed, 2);
    c.identities = who;
    c.identities_count = c.kind == COMMAND_LINK ? 2 : 1;
    return c;
}

static void compare_person(store_reader *x, store_reader *y, const char *name, int64_t now_ms, arena *a) {
    record of_x, of_y;
    tact_err err_x = store_person(x, SHOP_COOKIE, tact_str_from(name), &of_x, NULL);
    tact_err err_y = store_person(y, SHOP_COOKIE, tact_str_from(name), &of_y, NULL);
    assert_int_equal(err_x, err_y);
    if (err_x) return;
    const schema *sc = store_schema(x->store);
    assert_int_equal(record_person(&of_x), record_person(&of_y));
    for (uint32_t n = 0; n < SHOP_ATTRIBUTES; n++) {
        tact_str vx = tact_value_print(record_attribute(&of_x, sc, n, now_ms, a), a);
        assert_string_equal(vx.ptr, tact_value_print(record_attribute(&of_y, sc, n, now_ms, a), a).ptr);
    }
    for (uint32_t n = 0; n < SHOP_AGGREGATES; n++) {
        tact_str vx = tact_value_print(record_aggregate(&of_x, sc, n, now_ms), a);
        assert_string_equal(vx.ptr, tact_value_print(record_aggregate(&of_y, sc, n, now_ms), a).ptr);
    }
}

static void compare_counts(store_reader *x, store_reader *y, const char *name, int64_t since_ms) {
    for (uint64_t tally = 0; tally < SHOP_TALLIES; tally++) {
        uint64_t key = UINT64_C(0x1234567890) * tally, of_x, of_y;
        record rx, ry;
        assert_int_equal(store_count(x, key, since_ms, INT64_MAX, &of_x, NULL), 0);
        assert_int_equal(store_count(y, key, since_ms, INT64_MAX, &of_y, NULL), 0);
        assert_int_equal(of_x, of_y);
        if (since_ms == 0 || store_person(x, SHOP_COOKIE, tact_str_from(name), &rx, NULL)) continue;
        assert_int_equal(store_person(y, SHOP_COOKIE, tact_str_from(name), &ry, NULL), 0);
        assert_int_equal(record_tally(&rx, key, since_ms), record_tally(&ry, key, since_ms));
    }
}

static void nothing_that_can_be_read_changes(void **state) {
    (void)state;
    pair p;
    pair_open(&p, 0);
    uint64_t seed = draw_begin();
    uint64_t forgotten = 0;
    for (int n = 0; n < NAMES; n++) snprintf(names[n], sizeof names[n], "n%d", n);
    for (int round = 0; round < ROUNDS; round++) {
        arena a;
        arena_init(&a, 0);
        int64_t now_ms = SHOP_NOW + round * (4 * SHOP_DAY + 12345678);
        for (int i = 0; i < COMMANDS; i++) {
            command c = draw_one(&a, &seed, now_ms);
            writer_result x = record_one(p.stores[0], &c), y = record_one(p.stores[1], &c);
            assert_int_equal(x.code, y.code);
            if (!x.code) assert_int_equal(x.answer.person, y.answer.person);
        }
        store_swept swept = sweep_all(p.stores[1], now_ms, &limits);
        forgotten += swept.strands + swept.buckets;
        must_be_sound(p.stores[0]);
        store_reader x = view(p.stores[0]), y = view(p.stores[1]);
        for (int i = 0; i < 40; i++) {
            const char *name = names[draw_below(&seed, NAMES)];
            int64_t later = draw_below(&seed, 3) ? draw_below(&seed, 100 * SHOP_DAY) : 0;
            compare_person(&x, &y, name, now_ms + later, &a);
            int64_t since = now_ms - limits.count_age_ms + draw_below(&seed, limits.count_age_ms);
            compare_counts(&x, &y, name, draw_below(&seed, 5) ? since : 0);
        }
        store_reader_close(&x);
        store_reader_close(&y);
        arena_fini(&a);
    }
    assert_true(forgotten > 100);
    pair_close(&p);
}

// ---- Each bound -----------------------------------------------------------------------------------------------------

static const command_identity crm_1 = {SHOP_CRM, {"1", 1}};

static command count_at(int64_t time_ms, const char *id) {
    return (command){.kind = COMMAND_COUNT,
                     .id = tact_str_from(id),
                     .time_ms = time_ms,
                     .source = SCHEMA_SOURCE_NONE,
                     .identities = &crm_1,
                     .identities_count = 1,
                     .tally = UINT64_MAX,
                     .keep = COMMAND_KEEP_MAX,
                     .everyone = true};
}

static uint64_t counted(store *s, int64_t since_ms, int64_t until_ms) {
    store_reader r = view(s);
    uint64_t count;
    assert_int_equal(store_count(&r, UINT64_MAX, since_ms, until_ms, &count, NULL), 0);
    store_reader_close(&r);
    return count;
}

static void old_counts_stay_by_day(void **state) {
    (void)state;
    pair p;
    pair_open(&p, 0);
    store *s = p.stores[1];
    enum { OLD = 1500, NEW = 50 }; // of the old more than a slice can look at
    const int64_t day = SHOP_NOW / SHOP_DAY * SHOP_DAY;
    for (int i = 0; i < OLD; i++) {
        command c = count_at(day - 30 * SHOP_DAY + i * 1000, "");
        assert_int_equal(record_one(s, &c).code, 0);
    }
    for (int i = 0; i < NEW; i++) {
        command c = count_at(day - i * 3600000, "");
        assert_int_equal(record_one(s, &c).code, 0);
    }
    store_swept swept = sweep_all(s, day, &limits);
    assert_int_equal(swept.buckets, OLD + OLD / 60);
    assert_int_equal(swept.strands, 1);
    assert_int_equal(counted(s, 0, INT64_MAX), OLD + NEW);
    assert_int_equal(counted(s, day - 30 * SHOP_DAY, day - 29 * SHOP_DAY - 1), OLD);
    assert_int_equal(counted(s, day - 10 * SHOP_DAY, day), NEW);
    assert_int_equal(counted(s, day - 36000000, day), 11);
    command late = count_at(day - 30 * SHOP_DAY + 1000, ""); // which comes after all
    assert_int_equal(record_one(s, &late).code, 0);
    must_be_sound(s);
    assert_int_equal(counted(s, 0, INT64_MAX), OLD + NEW + 1);
    const store_limits never = {0, 0, 0};
    assert_int_equal(sweep_all(s, day + 1000 * SHOP_DAY, &never).buckets, 0);
    pair_close(&p);
}

static bool repeats(store *s, int64_t time_ms, const char *id) {
    command c = count_at(time_ms, id);
    writer_result r = record_one(s, &c);
    assert_int_equal(r.code, 0);
    return r.answer.repeated;
}

static void answers_are_as_old_as_they_came(void **state) {
    (void)state;
    pair p;
    pair_open(&p, 0);
    store *s = p.stores[1];
    sweep_all(s, SHOP_NOW, &limits);
    assert_false(repeats(s, SHOP_NOW - 300 * SHOP_DAY, "of long ago"));
    assert_false(repeats(s, SHOP_NOW + 1, "of now"));
    assert_false(repeats(s, SHOP_NOW + 300 * SHOP_DAY, "of the future"));
    assert_int_equal(sweep_all(s, SHOP_NOW + limits.seen_age_ms, &limits).answers, 0);
    assert_true(repeats(s, SHOP_NOW - 300 * SHOP_DAY, "of long ago"));
    assert_int_equal(sweep_all(s, SHOP_NOW + limits.seen_age_ms + 1, &limits).answers, 1);
    assert_true(repeats(s, SHOP_NOW + 1, "of now"));
    assert_int_equal(sweep_all(s, SHOP_NOW + limits.seen_age_ms + 2, &limits).answers, 1);
    assert_true(repeats(s, SHOP_NOW + 300 * SHOP_DAY, "of the future"));
    assert_int_equal(sweep_all(s, SHOP_NOW + 3 * limits.seen_age_ms, &limits).answers, 1); // not after 300 days
    assert_false(repeats(s, SHOP_NOW + 300 * SHOP_DAY, "of the future"));
    pair_close(&p);
}

static void a_long_history_takes_several_slices(void **state) {
    (void)state;
    enum { EVENTS = 2500, MAX = 2200 };
    pair p;
    pair_open(&p, MAX);
    store *s = p.stores[1];
    for (int i = 0; i < EVENTS; i++) {
        const command c = {.kind = COMMAND_EVENT,
                           .time_ms = SHOP_NOW + i,
                           .source = SCHEMA_SOURCE_NONE,
                           .identities = &crm_1,
                           .identities_count = 1,
                           .event = SHOP_PAGE_VIEW};
        assert_int_equal(record_one(s, &c).code, 0);
    }
    must_be_sound(s);
    store_usage usage;
    assert_int_equal(store_status(s, &usage, NULL), 0);
    assert_int_equal(usage.events, MAX);
    const store_limits week = {.history_age_ms = 7 * SHOP_DAY};
    store_swept swept;
    assert_int_equal(store_sweep(s, SHOP_NOW + 7 * SHOP_DAY + EVENTS - 1, &week, &swept, NULL), 0);
    assert_false(swept.round);
    assert_in_range(swept.events, SWEEP_STEPS / 2, SWEEP_STEPS);
    uint64_t gone = swept.events + sweep_all(s, SHOP_NOW + 7 * SHOP_DAY + EVENTS - 1, &week).events;
    assert_int_equal(gone, MAX - 1); // the newest is a week old, and no older
    pair_close(&p);
}

static tact_err put_note(void *context, db_txn *t, tact_error *error) {
    const tact_str *value = context;
    return db_put(t, DB_META, TACT_STR("sweep"), *value) ? db_fault(t, error) : TACT_OK;
}

static void a_damaged_note_is_found(void **state) {
    (void)state;
    pair p;
    pair_open(&p, 0);
    store *s = p.stores[1];
    static const tact_str damaged[] = {{"\0\0\0\0\0\0\0\0", 8}, {"\3\0\0\0\0\0\0\0\0", 9}};
    for (int i = 0; i < 2; i++) {
        tact_str note = damaged[i];
        tact_error error = {.text = ""};
        assert_int_equal(store_run(s, put_note, &note, NULL), 0);
        assert_int_equal(store_sweep(s, SHOP_NOW, &limits, NULL, &error), TACT_INVALID);
        assert_non_null(strstr(error.text, "where housekeeping stands"));
        store_reader r = view(s);
        assert_int_equal(store_fsck(&r, NULL, NULL, NULL, NULL), TACT_INVALID);
        store_reader_close(&r);
    }
    pair_close(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_can_be_read_changes), cmocka_unit_test(old_counts_stay_by_day),
        cmocka_unit_test(answers_are_as_old_as_they_came),  cmocka_unit_test(a_long_history_takes_several_slices),
        cmocka_unit_test(a_damaged_note_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
