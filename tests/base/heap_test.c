// SPDX-License-Identifier: Apache-2.0
//
// The allocator's figures, from a stand-in for jemalloc: what it is asked, and that any refusal is told. That there is
// none in a program without it stands in tests/server/metrics_test.c, which links none.
#include "base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len);

static const char *refused; // this name
static int epochs;

// The stand-in's figures grow with its epoch, as those of jemalloc stand still without.
int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len) {
    static const char *const names[] = {"stats.allocated", "stats.active", "stats.resident", "stats.mapped"};
    if (refused && strcmp(name, refused) == 0) return 2;
    if (strcmp(name, "epoch") == 0) {
        assert_non_null(new);
        assert_int_equal(new_len, sizeof(uint64_t));
        epochs++;
        return 0;
    }
    assert_int_equal(*old_len, sizeof(size_t));
    for (size_t i = 0; i < 4; i++) {
        size_t figure = (i + 1) * 1000 + (size_t)epochs;
        if (strcmp(name, names[i])) continue;
        memcpy(old, &figure, sizeof figure);
        return 0;
    }
    return 2;
}

static void figures_are_of_now(void **state) {
    (void)state;
    heap_figures f;
    refused = NULL;
    for (uint64_t i = 1; i <= 3; i++) {
        epochs = (int)i - 1;
        assert_true(heap_read(&f));
        assert_int_equal(f.allocated, 1000 + i);
        assert_int_equal(f.active, 2000 + i);
        assert_int_equal(f.resident, 3000 + i);
        assert_int_equal(f.mapped, 4000 + i);
    }
}

static void what_is_refused_is_told(void **state) {
    (void)state;
    static const char *const names[] = {"epoch", "stats.allocated", "stats.active", "stats.resident", "stats.mapped"};
    const heap_figures none = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        heap_figures f = {1, 2, 3, 4};
        refused = names[i];
        assert_false(heap_read(&f));
        assert_memory_equal(&f, &none, sizeof f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_of_now),
        cmocka_unit_test(what_is_refused_is_told),
    };
    return cmocka_run_group_tests_name("heap", tests, NULL, NULL);
}
