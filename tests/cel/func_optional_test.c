// SPDX-License-Identifier: Apache-2.0
//
// Optionals, by the conformance suite's section `optionals`.
#include "func_case.h"

#define I tact_int
#define SOME(v) RUN("optional_of", v)
#define NONE func_case_run("optional_none", NULL, 0)
#define NON_ZERO(v) RUN("optional_ofNonZeroValue", v)

static void test_making(void **state) {
    (void)state;
    assert_prints(SOME(I(42)), "optional.of(42)");
    assert_prints(SOME(tact_null()), "optional.of(null)");
    assert_prints(NONE, "optional.none()");
    assert_prints(SOME(NONE), "optional.of(optional.none())");
}

static void test_zero_values(void **state) {
    (void)state;
    const tact_value zeros[] = {tact_null(),
                                tact_bool(false),
                                I(0),
                                tact_uint(0),
                                tact_double(0.0),
                                tact_double(-0.0),
                                S(""),
                                B(""),
                                tact_list(NULL, 0),
                                tact_timestamp(0, 0),
                                tact_duration(0),
                                tact_map_new(&here.arena, NULL, 0)};
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) assert_prints(NON_ZERO(zeros[i]), "optional.none()");
    const tact_value others[] = {tact_bool(true),
                                 I(-1),
                                 tact_double(0.5),
                                 S("0"),
                                 B("\0"),
                                 LIST(I(0)),
                                 tact_timestamp(0, 1),
                                 tact_duration(-1),
                                 RUN("type", I(0)),
                                 tact_map_new(&here.arena, (const tact_value[]){I(0), I(0)}, 1)};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_true_value(RUN("optional_hasValue", NON_ZERO(others[i])));
    }
}

static void test_getting_at_the_value(void **state) {
    (void)state;
    assert_prints(RUN("optional_value", SOME(I(42))), "42");
    assert_fault(RUN("optional_value", NONE), OPTIONAL_NONE);
    assert_true_value(RUN("optional_hasValue", SOME(tact_null())));
    assert_false_value(RUN("optional_hasValue", NONE));
    assert_prints(RUN("optional_orValue_value", NONE, I(42)), "42");
    assert_prints(RUN("optional_orValue_value", SOME(I(1)), I(42)), "1");
    assert_prints(RUN("optional_or_optional", NONE, NONE), "optional.none()");
    assert_prints(RUN("optional_or_optional", NONE, SOME(I(20))), "optional.of(20)");
    assert_prints(RUN("optional_or_optional", SOME(I(42)), SOME(I(20))), "optional.of(42)");
}

static void test_unwrap(void **state) {
    (void)state;
    assert_prints(RUN("optional_unwrap", LIST(SOME(I(1)), NONE, SOME(I(2)))), "[1, 2]");
    assert_prints(RUN("optional_unwrapOpt", LIST(NONE)), "[]");
    assert_prints(RUN("optional_unwrap", tact_list(NULL, 0)), "[]");
    assert_fault(RUN("optional_unwrap", LIST(SOME(I(1)), I(2))), NO_SUCH_OVERLOAD);
    here.call.steps_left = 1;
    assert_fault(RUN("optional_unwrap", LIST(I(1), I(2))), STEPS);
}

static void test_no_memory(void **state) {
    (void)state;
    arena small;
    arena_init(&small, 8);
    here.call.arena = &small;
    assert_fault(SOME(I(1)), NO_MEMORY);
    assert_int_equal(here.call.halted, TACT_FAULT_NO_MEMORY);
    arena_fini(&small);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_making), func_test(test_zero_values), func_test(test_getting_at_the_value),
        func_test(test_unwrap), func_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
