// SPDX-License-Identifier: Apache-2.0
//
// The map from strings: what is put is found, in order, whatever the size.
#include "base/strmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void an_empty_map_has_nothing(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    strmap m = strmap_in(&a);
    assert_null(strmap_get(&m, TACT_STR("x")));
    assert_null(strmap_get(&m, (tact_str){NULL, 0}));
    arena_fini(&a);
}

static void finds_what_was_put_in_order(void **state) {
    (void)state;
    enum { COUNT = 5000 };
    static int things[COUNT];
    arena a;
    arena_init(&a, 0);
    strmap m = strmap_in(&a);
    for (int i = 0; i < COUNT; i++) {
        char *name = arena_printf(&a, "name_%d", i);
        assert_int_equal(strmap_put(&m, tact_str_from(name), &things[i]), TACT_OK);
        assert_int_equal(m.count, i + 1);
        assert_null(strmap_get(&m, TACT_STR("name_x")));
        for (int k = i > 20 ? i - 20 : 0; k <= i; k++) { // at every size, those put lately are there
            char text[20];
            size_t len = (size_t)snprintf(text, sizeof text, "name_%d", k);
            assert_ptr_equal(strmap_get(&m, (tact_str){text, len}), &things[k]);
        }
    }
    for (int i = 0; i < COUNT; i++) assert_ptr_equal(m.entries[i].value, &things[i]);
    arena_fini(&a);
}

static void a_key_is_its_bytes(void **state) {
    (void)state;
    int one, two, three;
    arena a;
    arena_init(&a, 0);
    strmap m = strmap_in(&a);
    assert_int_equal(strmap_put(&m, TACT_STR("a"), &one), TACT_OK);
    assert_int_equal(strmap_put(&m, TACT_STR("a\0b"), &two), TACT_OK);
    assert_int_equal(strmap_put(&m, TACT_STR(""), &three), TACT_OK);
    assert_ptr_equal(strmap_get(&m, TACT_STR("a")), &one);
    assert_ptr_equal(strmap_get(&m, TACT_STR("a\0b")), &two);
    assert_ptr_equal(strmap_get(&m, TACT_STR("")), &three);
    assert_null(strmap_get(&m, TACT_STR("A")));
    arena_fini(&a);
}

static void putting_again_replaces_in_place(void **state) {
    (void)state;
    int before, after, other;
    arena a;
    arena_init(&a, 0);
    strmap m = strmap_in(&a);
    assert_int_equal(strmap_put(&m, TACT_STR("x"), &before), TACT_OK);
    assert_int_equal(strmap_put(&m, TACT_STR("y"), &other), TACT_OK);
    assert_int_equal(strmap_put(&m, TACT_STR("x"), &after), TACT_OK);
    assert_int_equal(m.count, 2);
    assert_ptr_equal(strmap_get(&m, TACT_STR("x")), &after);
    assert_ptr_equal(m.entries[0].value, &after);
    arena_fini(&a);
}

static void lack_of_memory_changes_nothing(void **state) {
    (void)state;
    static char names[1000][8];
    for (size_t bound = 16; bound < 20000; bound += 400) {
        arena a;
        arena_init(&a, bound);
        strmap m = strmap_in(&a);
        uint32_t count = 0;
        for (; count < 1000; count++) {
            size_t len = (size_t)snprintf(names[count], sizeof names[count], "%u", count);
            if (strmap_put(&m, (tact_str){names[count], len}, names[count])) break;
        }
        assert_int_equal(m.count, count);
        for (uint32_t i = 0; i < count; i++) {
            assert_ptr_equal(strmap_get(&m, tact_str_from(names[i])), names[i]);
        }
        if (count < 1000) assert_null(strmap_get(&m, tact_str_from(names[count])));
        arena_fini(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_map_has_nothing),
        cmocka_unit_test(finds_what_was_put_in_order),
        cmocka_unit_test(a_key_is_its_bytes),
        cmocka_unit_test(putting_again_replaces_in_place),
        cmocka_unit_test(lack_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests_name("strmap", tests, NULL, NULL);
}
