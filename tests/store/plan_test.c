// SPDX-License-Identifier: Apache-2.0
//
// Plans: nothing changes before they are carried out, in the order in which it was planned; lack of memory makes them
// refuse as a whole.
#include "store/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "folder.h"

#include <cmocka.h>

enum { ROWS = 100 }; // more than a plan has room for at first

static tact_err carry_out(void *context, db_txn *t, tact_error *error) {
    arena *a = context;
    plan p = plan_of(t, a);
    uint64_t number;
    for (uint64_t i = 0; i < ROWS; i++) {
        db_key key = db_key_number(i);
        plan_put_number(&p, DB_ALIAS, &key, i * 2);
        if (i % 2) plan_take_key(&p, DB_ALIAS, &key);
    }
    db_key none = db_key_number(ROWS), first = db_key_number(0);
    plan_take_key(&p, DB_ALIAS, &none);
    assert_int_equal(plan_get_number(t, DB_ALIAS, &first, &number), TACT_NOT_FOUND);
    tact_err err = plan_carry_out(&p, error);
    if (err) return err;
    for (uint64_t i = 0; i < ROWS; i++) {
        db_key key = db_key_number(i);
        tact_err found = plan_get_number(t, DB_ALIAS, &key, &number);
        assert_int_equal(found, i % 2 ? TACT_NOT_FOUND : TACT_OK);
        if (!found) assert_int_equal(number, i * 2);
    }
    plan_put(&p, DB_ALIAS, db_key_str(&none), TACT_STR("odd"));
    err = plan_carry_out(&p, error);
    if (err) return err;
    assert_int_equal(plan_get_number(t, DB_ALIAS, &none, &number), TACT_INVALID);
    assert_int_equal(plan_damaged(t, error, "a row"), TACT_INVALID);
    assert_non_null(strstr(error->text, "a row is not there, or cannot be"));
    return TACT_OK;
}

static void a_plan_changes_all_or_nothing(void **state) {
    (void)state;
    folder f = folder_new();
    arena a;
    db *d = NULL;
    arena_init(&a, 0);
    assert_int_equal(db_open(&a, f.path, NULL, &d, NULL), 0);
    bool done = false;
    for (size_t bound = 16; !done; bound *= 2) {
        arena small;
        tact_error error = {.text = ""};
        arena_init(&small, bound);
        tact_err err = db_write(d, carry_out, &small, &error);
        assert_true(err == TACT_OK || err == TACT_NO_MEMORY);
        done = !err;
        db_txn t;
        uint64_t rows;
        assert_int_equal(db_read(d, &t, NULL), 0);
        assert_int_equal(db_count(&t, DB_ALIAS, &rows), 0);
        db_read_end(&t);
        assert_int_equal(rows, done ? ROWS / 2 + 1 : 0);
        arena_fini(&small);
    }
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_changes_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
