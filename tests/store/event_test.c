// SPDX-License-Identifier: Apache-2.0
//
// The history of an identity beside a plain list: the newest by their own time are kept, whatever order they come in;
// and events as bytes.
#include "store/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "draw.h"
#include "folder.h"
#include "shop.h"

#include <cmocka.h>

enum { KEEP = 7, COME = 300, ROUNDS = 20 };

typedef struct bench {
    arena a;
    const schema *sc;
    uint64_t seed;
    strand s;
    int64_t times[COME];
    uint32_t count;
} bench;

static int order(const void *x, const void *y) {
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static void compare(bench *b, db_txn *t) {
    int64_t sorted[COME];
    memcpy(sorted, b->times, sizeof sorted);
    qsort(sorted, b->count, sizeof *sorted, order);
    uint32_t kept = b->count < KEEP ? b->count : KEEP, n = 0;
    db_walk w;
    tact_err err = db_walk_begin(t, DB_EVENT, (tact_str){NULL, 0}, &w);
    for (; !err; err = db_walk_next(&w)) {
        event e;
        assert_int_equal(event_read(&b->a, w.key, w.value, &e, NULL), 0);
        if (e.strand != b->s.id) continue;
        assert_int_equal(e.time_ms, sorted[b->count - kept + n++]);
        assert_true(e.event == SHOP_PURCHASE && e.source == SHOP_SOURCE_APP && e.values_count == 1);
        assert_true(e.values[0].value.kind == TACT_DOUBLE && e.values[0].value.as.d == 3.0);
        assert_true(tact_str_equal(e.channel, TACT_STR("web")) && tact_str_equal(e.id, TACT_STR("x")));
    }
    db_walk_end(&w);
    assert_int_equal(n, kept);
    assert_int_equal(b->s.events, kept);
}

static tact_err come(void *context, db_txn *t, tact_error *error) {
    bench *b = context;
    const command_value amount = {0, tact_int(3)}; // which stands for a double
    for (; b->count < COME; b->count++) {
        int64_t time_ms = SHOP_NOW + draw_below(&b->seed, 50);
        command c = {.kind = COMMAND_EVENT,
                     .id = TACT_STR("x"),
                     .time_ms = time_ms,
                     .source = SHOP_SOURCE_APP,
                     .values = &amount,
                     .values_count = 1,
                     .event = SHOP_PURCHASE,
                     .channel = TACT_STR("web")};
        b->times[b->count] = time_ms;
        plan p = plan_of(t, &b->a);
        tact_err err = event_add(&p, &b->s, &c, b->sc, b->count + 1, KEEP, error);
        if (!err) err = plan_carry_out(&p, error);
        if (err) return err;
        if (b->count % 20 < 10) continue;
        b->count++;
        compare(b, t);
        b->count--;
    }
    return TACT_OK;
}

static tact_err forget(void *context, db_txn *t, tact_error *error) {
    bench *b = context;
    plan p = plan_of(t, &b->a);
    uint64_t gone;
    assert_int_equal(event_forget(&p, b->s.id, INT64_MAX, 2, &gone, error), 0);
    assert_int_equal(gone, 2);
    assert_int_equal(event_forget(&p, b->s.id, SHOP_NOW, UINT64_MAX, &gone, error), 0);
    assert_int_equal(gone, 0);
    assert_int_equal(event_forget(&p, b->s.id, INT64_MAX, UINT64_MAX, &gone, error), 0);
    assert_int_equal(gone, b->s.events);
    return plan_carry_out(&p, error);
}

static void the_newest_are_kept(void **state) {
    (void)state;
    static bench b;
    folder f = folder_new();
    db *d = NULL;
    uint64_t left;
    db_txn t;
    arena_init(&b.a, 0);
    b.seed = draw_begin();
    b.sc = shop_schema(&b.a);
    assert_int_equal(db_open(&b.a, f.path, NULL, &d, NULL), 0);
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        b.s = shop_strand(i, SHOP_CRM, "1", SHOP_NOW);
        b.count = 0;
        assert_int_equal(db_write(d, come, &b, NULL), 0);
    }
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        b.s.id = i;
        assert_int_equal(db_write(d, forget, &b, NULL), 0);
    }
    assert_int_equal(db_read(d, &t, NULL), 0);
    assert_int_equal(db_count(&t, DB_EVENT, &left), 0);
    assert_int_equal(left, 0);
    db_read_end(&t);
    db_close(d);
    folder_remove(&f);
    arena_fini(&b.a);
}

static void damage_is_refused(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    event e;
    db_key key = event_key(1, SHOP_NOW, 9);
    static const char sound[] = "\1\0\xff\0\0\0";
    tact_str bytes = {sound, sizeof sound - 1};
    assert_int_equal(event_read(&a, db_key_str(&key), bytes, &e, NULL), 0);
    assert_true(e.strand == 1 && e.time_ms == SHOP_NOW && e.position == 9 && e.source == SCHEMA_SOURCE_NONE);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(event_read(&a, db_key_str(&key), (tact_str){sound, len}, &e, NULL), TACT_INVALID);
    }
    assert_int_equal(event_read(&a, TACT_STR("key"), bytes, &e, NULL), TACT_INVALID);
    assert_int_equal(event_read(&a, db_key_str(&key), TACT_STR("\2\0\xff\0\0\0"), &e, NULL), TACT_INVALID);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newest_are_kept),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
