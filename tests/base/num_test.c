// SPDX-License-Identifier: Apache-2.0
//
// Numbers and text: known forms, the edges of each type, and random numbers there and back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/num.h"

static void check(const char *text, size_t len, const char *wanted) {
    if (len != strlen(wanted) || memcmp(text, wanted, len) != 0) fail_msg("%.*s instead of %s", (int)len, text, wanted);
}

static void shortest(double d, const char *wanted, const char *plain) {
    char text[NUM_TEXT_MAX];
    check(text, num_print_double(text, d), wanted);
    if (plain) check(text, num_print_plain(text, d), plain);
}

// As Go's strconv.FormatFloat(d, 'g', -1, 64) and FormatFloat(d, 'f', -1, 64) print them.
static void test_shortest(void **state) {
    (void)state;
    shortest(0.0, "0", "0");
    shortest(-0.0, "-0", "-0");
    shortest(1.0, "1", "1");
    shortest(0.1, "0.1", "0.1");
    shortest(-123.456, "-123.456", "-123.456");
    shortest(100000.0, "100000", "100000");
    shortest(123456.0, "123456", "123456");
    shortest(123456.5, "123456.5", "123456.5");
    shortest(1000000.0, "1e+06", "1000000");
    shortest(1234567.0, "1.234567e+06", "1234567");
    shortest(299792000.0, "2.99792e+08", "299792000");
    shortest(0.0001, "0.0001", "0.0001");
    shortest(0.00012, "0.00012", "0.00012");
    shortest(0.00001, "1e-05", "0.00001");
    shortest(1.38e-23, "1.38e-23", "0.0000000000000000000000138");
    shortest(1e23, "1e+23", "100000000000000000000000");
    shortest(1e100, "1e+100", NULL);
    shortest(9223372036854775807.0, "9.223372036854776e+18", "9223372036854776000");
    shortest(1.7976931348623157e308, "1.7976931348623157e+308", NULL);
    shortest(5e-324, "5e-324", NULL);
    shortest((double)NAN, "NaN", NULL);
    shortest((double)INFINITY, "+Inf", NULL);
    shortest((double)-INFINITY, "-Inf", NULL);
}

static void test_longest_texts_fit(void **state) {
    (void)state;
    char text[NUM_TEXT_MAX];
    double largest = -1.7976931348623157e308;
    assert_int_equal(num_print_plain(text, largest), 310);
    assert_int_equal(num_print_plain(text, -5e-324), 327);
    assert_int_equal(num_print_fixed(text, largest, NUM_DIGITS_MAX), 311 + NUM_DIGITS_MAX);
    assert_true(num_print_scientific(text, largest, NUM_DIGITS_MAX) <= NUM_TEXT_MAX);
}

static void fixed(double d, int digits, const char *wanted) {
    char text[NUM_TEXT_MAX];
    check(text, num_print_fixed(text, d, digits), wanted);
}

static void scientific(double d, int digits, const char *wanted) {
    char text[NUM_TEXT_MAX];
    check(text, num_print_scientific(text, d, digits), wanted);
}

static void test_fixed_and_scientific(void **state) {
    (void)state;
    fixed(1.2345, 3, "1.234"); // the double is a little less than it reads
    fixed(2.71828, 6, "2.718280");
    fixed(1.5, 0, "2");
    fixed(2.5, 0, "2"); // halves go to even
    fixed(-123.4999, 3, "-123.500");
    fixed(0.0, 2, "0.00");
    fixed(1e22, 1, "10000000000000000000000.0");
    scientific(1052.032911275, 6, "1.052033e+03");
    scientific(2.71828, 0, "3e+00");
    scientific(-3.14, 1, "-3.1e+00");
    scientific(1e-100, 2, "1.00e-100");
}

static void reads(const char *text, double wanted) {
    double d = 42.0;
    if (!num_parse_double(tact_str_from(text), &d)) fail_msg("%s does not read", text);
    if (!(d == wanted && signbit(d) == signbit(wanted))) fail_msg("%s reads as %g", text, d);
}

static void refuses(const char *text) {
    double d;
    if (num_parse_double(tact_str_from(text), &d)) fail_msg("\"%s\" reads as %g", text, d);
}

static void test_parse_double(void **state) {
    (void)state;
    reads("0", 0.0);
    reads("-0", -0.0);
    reads("-0.0", -0.0);
    reads("123.456", 123.456);
    reads("+1.5", 1.5);
    reads(".5", 0.5);
    reads("5.", 5.0);
    reads("6.02214e23", 6.02214e23);
    reads("1.38E-23", 1.38e-23);
    reads("1e+2", 100.0);
    reads("00012", 12.0);
    reads("1e-400", 0.0);
    reads("-1e-99999999999999999999", -0.0);
    reads("0e99999999999999999999", 0.0);
    reads("0.000000000000000000001e-400", 0.0);
    reads("inf", (double)INFINITY);
    reads("-Infinity", (double)-INFINITY);
    reads("+INF", (double)INFINITY);
    double nan = 0.0;
    assert_true(num_parse_double(TACT_STR("NaN"), &nan) && isnan(nan));
    static const char *const wrong[] = {
        "",           "-",      "+",       ".",     "e5",    "1e",     "1e+",
        "1 ",         " 1",     "1,5",     "1x",    "0x10",  "1_000",  "--1",
        "+-1",        "nan(1)", "infinit", "1.2.3", "1e400", "-1e400", "1e99999999999999999999",
        "1000000e305"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) refuses(wrong[i]);
    refuses("0x1p3");
    char zeros[400];
    memset(zeros, '0', sizeof zeros);
    zeros[0] = '1';
    assert_false(num_parse_double((tact_str){zeros, sizeof zeros}, &nan)); // 1e399 in full
    zeros[0] = '.', zeros[399] = '1';
    assert_true(num_parse_double((tact_str){zeros, sizeof zeros}, &nan) && nan == 0.0); // 1e-399 in full
}

static void test_parse_integers(void **state) {
    (void)state;
    int64_t i;
    uint64_t u;
    assert_true(num_parse_int(TACT_STR("-9223372036854775808"), 10, &i) && i == INT64_MIN);
    assert_true(num_parse_int(TACT_STR("9223372036854775807"), 10, &i) && i == INT64_MAX);
    assert_true(num_parse_int(TACT_STR("+7"), 10, &i) && i == 7);
    assert_true(num_parse_int(TACT_STR("-7f"), 16, &i) && i == -0x7f);
    assert_true(num_parse_int(TACT_STR("zz"), 36, &i) && i == 35 * 36 + 35);
    assert_true(num_parse_uint(TACT_STR("18446744073709551615"), 10, &u) && u == UINT64_MAX);
    assert_true(num_parse_uint(TACT_STR("1010"), 2, &u) && u == 10);
    static const char *const no_int[] = {"",  "+", "-", "+-1", "-+1", "1.0", " 1", "1 ", "0x1", "9223372036854775808",
                                         "1a"};
    for (size_t k = 0; k < sizeof no_int / sizeof *no_int; k++) {
        assert_false(num_parse_int(tact_str_from(no_int[k]), 10, &i));
    }
    static const char *const no_uint[] = {"", "-1", "+1", "18446744073709551616", "1u"};
    for (size_t k = 0; k < sizeof no_uint / sizeof *no_uint; k++) {
        assert_false(num_parse_uint(tact_str_from(no_uint[k]), 10, &u));
    }
}

static uint64_t next(uint64_t *seed) { // xorshift64*
    *seed ^= *seed >> 12, *seed ^= *seed << 25, *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}

static void test_there_and_back(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%" PRIu64 "\n", seed);
    seed |= 1;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next(&seed);
        double d, again;
        memcpy(&d, &bits, sizeof d);
        if (!isfinite(d)) continue;
        char text[NUM_TEXT_MAX];
        tact_str short_form = {text, num_print_double(text, d)};
        assert_true(num_parse_double(short_form, &again) && memcmp(&d, &again, sizeof d) == 0);
        tact_str plain = {text, num_print_plain(text, d)};
        assert_true(num_parse_double(plain, &again) && memcmp(&d, &again, sizeof d) == 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortest),
        cmocka_unit_test(test_longest_texts_fit),
        cmocka_unit_test(test_fixed_and_scientific),
        cmocka_unit_test(test_parse_double),
        cmocka_unit_test(test_parse_integers),
        cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
