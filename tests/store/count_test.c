// SPDX-License-Identifier: Apache-2.0
//
// Counts for everyone beside a plain list of times, over random spans at all scales.
#include "store/count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "draw.h"
#include "folder.h"
#include "value/command.h"

#include <cmocka.h>

#define DAY INT64_C(86400000)
#define BEGIN (INT64_C(19000) * DAY)
enum { TIMES = 600, SPANS = 2000 };

typedef struct bench {
    arena a;
    uint64_t seed;
    int64_t times[2][TIMES]; // of two counters
} bench;

static int64_t draw_time(uint64_t *seed) {
    static const int64_t scales[] = {50, 70000, 3 * 3600000, 5 * DAY};
    int64_t at = BEGIN + draw_below(seed, 4) * DAY + draw_below(seed, 3) * 60000;
    return at + draw_below(seed, scales[draw_below(seed, 4)]);
}

static tact_err count_all(void *context, db_txn *t, tact_error *error) {
    bench *b = context;
    for (int i = 0; i < TIMES; i++) {
        for (uint64_t tally = 0; tally < 2; tally++) {
            b->times[tally][i] = draw_time(&b->seed);
            plan p = plan_of(t, &b->a);
            tact_err err = count_add(&p, UINT64_MAX - tally, b->times[tally][i], error);
            if (!err) err = plan_carry_out(&p, error);
            if (err) return err;
        }
    }
    return TACT_OK;
}

static void spans_are_exact(void **state) {
    (void)state;
    static bench b;
    folder f = folder_new();
    db *d = NULL;
    db_txn t;
    arena_init(&b.a, 0);
    b.seed = draw_begin();
    assert_int_equal(db_open(&b.a, f.path, NULL, &d, NULL), 0);
    assert_int_equal(db_write(d, count_all, &b, NULL), 0);
    assert_int_equal(db_read(d, &t, NULL), 0);
    for (int i = 0; i < SPANS; i++) {
        int64_t since = draw_below(&b.seed, 9) ? draw_time(&b.seed) : INT64_MIN;
        int64_t until = draw_below(&b.seed, 9) ? draw_time(&b.seed) : INT64_MAX;
        uint64_t tally = draw(&b.seed) % 2, expected = 0, count;
        for (int k = 0; k < TIMES; k++) expected += b.times[tally][k] >= since && b.times[tally][k] <= until;
        assert_int_equal(count_between(&t, UINT64_MAX - tally, since, until, &count), 0);
        assert_int_equal(count, expected);
    }
    db_read_end(&t);
    db_close(d);
    folder_remove(&f);
    arena_fini(&b.a);
}

static void keys_say_what_they_are_of(void **state) {
    (void)state;
    count_row row;
    db_key key = count_key(77, COUNT_MINUTE, 5);
    assert_true(count_row_of(db_key_str(&key), &row));
    assert_true(row.tally == 77 && row.level == COUNT_MINUTE && row.bucket == 5);
    key = count_key(77, COUNT_LEVELS, 5);
    assert_false(count_row_of(db_key_str(&key), &row));
    key = count_key(77, COUNT_DAY, COMMAND_TIME_MAX_MS / DAY + 1);
    assert_false(count_row_of(db_key_str(&key), &row));
    assert_false(count_row_of(TACT_STR("short"), &row));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_are_exact),
        cmocka_unit_test(keys_say_what_they_are_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
