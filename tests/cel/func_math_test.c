// SPDX-License-Identifier: Apache-2.0
//
// The math extension, by the conformance suite's section `math_ext`.
#include "func_case.h"

#include <math.h>

#define I tact_int
#define U tact_uint
#define D tact_double
#define NOT_A_NUMBER D((double)NAN)

static void test_one_and_two(void **state) {
    (void)state;
    assert_prints(RUN("math_@max_int", I(-5)), "-5");
    assert_prints(RUN("math_@min_double", D(-5.5)), "-5.5");
    assert_prints(RUN("math_@max_uint", U(5)), "5u");
    assert_prints(RUN("math_@max_int_int", I(INT64_MIN), I(1)), "1");
    assert_prints(RUN("math_@min_int_int", I(1), I(INT64_MIN)), "-9223372036854775808");
    assert_prints(RUN("math_@max_double_double", D(-3.0), D(3.0)), "3.0");
    assert_prints(RUN("math_@max_uint_uint", U(1), U(UINT64_MAX)), "18446744073709551615u");
    assert_prints(RUN("math_@max_int_uint", I(-3), U(3)), "3u");
    assert_prints(RUN("math_@max_uint_int", U(5), I(-7)), "5u");
    assert_prints(RUN("math_@max_double_int", D(1.797693e308), I(1)), "1.797693e+308");
    assert_prints(RUN("math_@min_uint_double", U(2), D(1.5)), "1.5");
    assert_prints(RUN("math_@max_int_double", I(1), D(1.0)), "1"); // of equal ones the first
    assert_prints(RUN("math_@min_double_uint", D(1.0), U(1)), "1.0");
    assert_prints(RUN("math_@max_double_double", D(1.0), NOT_A_NUMBER), "double(\"NaN\")");
    assert_prints(RUN("math_@min_double_double", NOT_A_NUMBER, D(1.0)), "double(\"NaN\")");
}

static void test_lists(void **state) {
    (void)state;
    tact_value mixed = LIST(D(5.4), I(10), U(3), D(-5.0), I(INT64_MAX));
    assert_prints(RUN("math_@max_list_int", mixed), "9223372036854775807");
    assert_prints(RUN("math_@min_list_int", mixed), "-5.0");
    assert_prints(RUN("math_@max_list_double", LIST(D(1.0), I(1), I(1))), "1.0");
    assert_prints(RUN("math_@min_list_uint", LIST(U(10), U(3), U(1))), "1u");
    assert_prints(RUN("math_@min_list_double", LIST(D(1.0), NOT_A_NUMBER, D(0.0))), "double(\"NaN\")");
    assert_fault(RUN("math_@min_list_int", tact_list(NULL, 0)), INVALID_ARGUMENT);
    assert_fault_text(RUN("math_@max_list_int", LIST(I(1), S("2"))), NO_SUCH_OVERLOAD,
                      "a number was expected in the list, not string");
    assert_fault(RUN("math_@max_list_int", LIST(S("2"))), NO_SUCH_OVERLOAD);
}

static void test_rounding(void **state) {
    (void)state;
    assert_prints(RUN("math_ceil_double", D(-1.2)), "-1.0");
    assert_prints(RUN("math_ceil_double", D(1.2)), "2.0");
    assert_prints(RUN("math_floor_double", D(-1.2)), "-2.0");
    assert_prints(RUN("math_floor_double", D(1.2)), "1.0");
    assert_prints(RUN("math_round_double", D(-1.6)), "-2.0");
    assert_prints(RUN("math_round_double", D(-1.4)), "-1.0");
    assert_prints(RUN("math_round_double", D(-1.5)), "-2.0");
    assert_prints(RUN("math_round_double", D(1.5)), "2.0");
    assert_prints(RUN("math_round_double", D(2.5)), "3.0");
    assert_prints(RUN("math_round_double", NOT_A_NUMBER), "double(\"NaN\")");
    assert_prints(RUN("math_trunc_double", D(-1.9)), "-1.0");
    assert_prints(RUN("math_trunc_double", D(1.9)), "1.0");
}

static void test_kinds_of_doubles(void **state) {
    (void)state;
    assert_true_value(RUN("math_isNaN_double", NOT_A_NUMBER));
    assert_false_value(RUN("math_isNaN_double", D((double)INFINITY)));
    assert_true_value(RUN("math_isInf_double", D((double)-INFINITY)));
    assert_false_value(RUN("math_isInf_double", NOT_A_NUMBER));
    assert_true_value(RUN("math_isFinite_double", D(0.5)));
    assert_false_value(RUN("math_isFinite_double", NOT_A_NUMBER));
    assert_false_value(RUN("math_isFinite_double", D((double)-INFINITY)));
}

static void test_signs_and_roots(void **state) {
    (void)state;
    assert_prints(RUN("math_abs_uint", U(1)), "1u");
    assert_prints(RUN("math_abs_int", I(-11)), "11");
    assert_prints(RUN("math_abs_double", D(-11.5)), "11.5");
    assert_fault(RUN("math_abs_int", I(INT64_MIN)), OVERFLOW);
    assert_prints(RUN("math_sign_int", I(-11)), "-1");
    assert_prints(RUN("math_sign_int", I(0)), "0");
    assert_prints(RUN("math_sign_uint", U(100)), "1u");
    assert_prints(RUN("math_sign_double", D(-32.0)), "-1.0");
    assert_prints(RUN("math_sign_double", D(0.0)), "0.0");
    assert_prints(RUN("math_sign_double", NOT_A_NUMBER), "double(\"NaN\")");
    assert_prints(RUN("math_sqrt_int", I(81)), "9.0");
    assert_prints(RUN("math_sqrt_uint", U(2)), "1.4142135623730951");
    assert_prints(RUN("math_sqrt_double", D(-1.0)), "double(\"NaN\")");
}

static void test_bits(void **state) {
    (void)state;
    assert_prints(RUN("math_bitAnd_int_int", I(1), I(-1)), "1");
    assert_prints(RUN("math_bitAnd_uint_uint", U(1), U(3)), "1u");
    assert_prints(RUN("math_bitOr_int_int", I(4), I(-2)), "-2");
    assert_prints(RUN("math_bitOr_uint_uint", U(1), U(4)), "5u");
    assert_prints(RUN("math_bitXor_int_int", I(4), I(-2)), "-6");
    assert_prints(RUN("math_bitXor_uint_uint", U(1), U(3)), "2u");
    assert_prints(RUN("math_bitNot_int_int", I(1)), "-2");
    assert_prints(RUN("math_bitNot_uint_uint", U(1)), "18446744073709551614u");
    assert_prints(RUN("math_bitShiftLeft_int_int", I(1), I(2)), "4");
    assert_prints(RUN("math_bitShiftLeft_int_int", I(1), I(63)), "-9223372036854775808");
    assert_prints(RUN("math_bitShiftLeft_int_int", I(-1), I(200)), "0");
    assert_prints(RUN("math_bitShiftLeft_uint_int", U(1), I(64)), "0u");
    assert_prints(RUN("math_bitShiftRight_int_int", I(1024), I(2)), "256");
    assert_prints(RUN("math_bitShiftRight_int_int", I(-1024), I(3)), "2305843009213693824");
    assert_prints(RUN("math_bitShiftRight_int_int", I(-1024), I(64)), "0");
    assert_prints(RUN("math_bitShiftRight_uint_int", U(1024), I(INT64_MAX)), "0u");
    assert_fault_text(RUN("math_bitShiftLeft_uint_int", U(1), I(-1)), INVALID_ARGUMENT, "negative offset: -1");
    assert_fault_text(RUN("math_bitShiftRight_int_int", I(1), I(-1)), INVALID_ARGUMENT, "negative offset: -1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_one_and_two),      func_test(test_lists),           func_test(test_rounding),
        func_test(test_kinds_of_doubles), func_test(test_signs_and_roots), func_test(test_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
