// SPDX-License-Identifier: Apache-2.0
//
// Operators on every pair of kinds: the results that the CEL language definition gives, its errors, and
// NO_SUCH_OVERLOAD for all the rest.
#include "func_case.h"

#include <math.h>

#define ADD(a, b) OP(op_add, a, b)
#define SUB(a, b) OP(op_sub, a, b)
#define MUL(a, b) OP(op_mul, a, b)
#define DIV(a, b) OP(op_div, a, b)
#define MOD(a, b) OP(op_mod, a, b)
#define I tact_int
#define U tact_uint
#define D tact_double
#define DURATION(seconds) tact_duration((seconds)*INT64_C(1000000000))

// ---- Arithmetic -----------------------------------------------------------------------------------------------------

static void test_int(void **state) {
    (void)state;
    assert_prints(ADD(I(40), I(2)), "42");
    assert_prints(SUB(I(42), I(-22)), "64");
    assert_prints(MUL(I(40), I(-2)), "-80");
    assert_prints(DIV(I(-20), I(3)), "-6");
    assert_prints(MOD(I(43), I(-5)), "3");
    assert_prints(MOD(I(-42), I(5)), "-2");
    assert_prints(OP(op_negate, I(42)), "-42");
    assert_fault_text(ADD(I(INT64_MAX), I(1)), OVERFLOW, "beyond what int can hold");
    assert_fault(ADD(I(INT64_MIN), I(-1)), OVERFLOW);
    assert_fault(SUB(I(INT64_MIN), I(1)), OVERFLOW);
    assert_fault(SUB(I(1), I(-INT64_MAX)), OVERFLOW);
    assert_fault(MUL(I(INT64_MIN), I(-1)), OVERFLOW);
    assert_fault(MUL(I(5000000000), I(5000000000)), OVERFLOW);
    assert_fault(DIV(I(INT64_MIN), I(-1)), OVERFLOW);
    assert_fault(OP(op_negate, I(INT64_MIN)), OVERFLOW);
    assert_fault(DIV(I(15), I(0)), DIVIDE_BY_ZERO);
    assert_fault(MOD(I(34), I(0)), MODULUS_BY_ZERO);
    assert_prints(MOD(I(INT64_MIN), I(-1)), "0");
}

static void test_uint(void **state) {
    (void)state;
    assert_prints(ADD(U(42), U(2)), "44u");
    assert_prints(SUB(U(42), U(12)), "30u");
    assert_prints(MUL(U(40), U(2)), "80u");
    assert_prints(DIV(U(60), U(7)), "8u");
    assert_prints(MOD(U(42), U(5)), "2u");
    assert_fault(ADD(U(UINT64_MAX), U(1)), OVERFLOW);
    assert_fault(SUB(U(0), U(1)), OVERFLOW);
    assert_fault(MUL(U(5000000000), U(5000000000)), OVERFLOW);
    assert_fault(DIV(U(15), U(0)), DIVIDE_BY_ZERO);
    assert_fault(MOD(U(34), U(0)), MODULUS_BY_ZERO);
}

static void test_double(void **state) {
    (void)state;
    assert_prints(ADD(D(4.25), D(15.25)), "19.5");
    assert_prints(SUB(D(42.875), D(-22.0)), "64.875");
    assert_prints(MUL(D(42.5), D(0.2)), "8.5");
    assert_prints(DIV(D(0.0625), D(0.002)), "31.25");
    assert_prints(OP(op_negate, D(-1.25)), "1.25");
    assert_prints(OP(op_negate, D(0.0)), "-0.0");
    assert_prints(DIV(D(15.75), D(0.0)), "double(\"Infinity\")");
    assert_prints(MUL(D(2.0), D(-8.988466e+307 * 2)), "double(\"-Infinity\")");
    assert_prints(DIV(D(0.0), D(0.0)), "double(\"NaN\")");
    assert_fault_text(MOD(D(47.5), D(5.5)), NO_SUCH_OVERLOAD, "double % double has no meaning");
}

static void test_time(void **state) {
    (void)state;
    tact_value t = tact_timestamp(1234566000, 0); // 2009-02-13T23:00:00Z
    assert_prints(ADD(t, DURATION(240)), "timestamp(\"2009-02-13T23:04:00Z\")");
    assert_prints(ADD(DURATION(240), t), "timestamp(\"2009-02-13T23:04:00Z\")");
    assert_prints(SUB(t, DURATION(600)), "timestamp(\"2009-02-13T22:50:00Z\")");
    assert_prints(SUB(t, tact_timestamp(1234565880, 1)), "duration(\"119.999999999s\")");
    assert_prints(ADD(DURATION(600), DURATION(50)), "duration(\"650s\")");
    assert_prints(SUB(DURATION(42), DURATION(900)), "duration(\"-858s\")");
    tact_value first = tact_timestamp(VALUE_TIMESTAMP_MIN, 0), last = tact_timestamp(VALUE_TIMESTAMP_MAX, 999999999);
    assert_fault_text(ADD(last, tact_duration(1)), OVERFLOW, "beyond what timestamp can hold");
    assert_fault(ADD(first, tact_duration(-1)), OVERFLOW);
    assert_fault(SUB(first, tact_duration(1)), OVERFLOW);
    assert_fault(SUB(last, first), OVERFLOW);
    assert_fault(SUB(first, last), OVERFLOW);
    assert_fault(ADD(tact_duration(INT64_MAX), tact_duration(1)), OVERFLOW);
    assert_fault(SUB(tact_duration(INT64_MIN), tact_duration(1)), OVERFLOW);
    assert_prints(SUB(tact_timestamp(0, 0), tact_duration(INT64_MIN)), "timestamp(\"2262-04-11T23:47:16.854775808Z\")");
    assert_fault(ADD(t, t), NO_SUCH_OVERLOAD);
    assert_fault(SUB(DURATION(1), t), NO_SUCH_OVERLOAD);
    assert_fault(OP(op_negate, DURATION(1)), NO_SUCH_OVERLOAD);
}

static void test_joining(void **state) {
    (void)state;
    assert_prints(ADD(S("r\u00f4"), S("le")), "\"r\u00f4le\"");
    assert_prints(ADD(S(""), S("abc")), "\"abc\"");
    assert_prints(ADD(S("abc"), tact_string(NULL, 0)), "\"abc\"");
    assert_prints(ADD(S(""), S("")), "\"\"");
    assert_prints(ADD(B("abc"), B("\xff")), "b\"abc\\xff\"");
    assert_prints(ADD(LIST(I(0), I(1)), LIST(S("x"))), "[0, 1, \"x\"]");
    assert_prints(ADD(tact_list(NULL, 0), LIST(I(3))), "[3]");
    assert_prints(ADD(LIST(I(3)), tact_list(NULL, 0)), "[3]");
    assert_fault_text(ADD(S("a"), B("b")), NO_SUCH_OVERLOAD, "string + bytes has no meaning");
    tact_value huge = tact_string("", 0);
    huge.len = UINT32_MAX; // never looked at: the sum is refused first
    assert_fault(ADD(huge, S("a")), OVERFLOW);
    here.call.steps_left = 0;
    assert_fault(ADD(S("0123456789"), S("0123456789")), STEPS);
    assert_fault(ADD(LIST(I(1)), LIST(I(2))), STEPS);
}

static void test_joining_beyond_memory(void **state) {
    (void)state;
    static char text[TACT_CEL_MEMORY_MAX];
    memset(text, 'a', sizeof text);
    assert_fault(ADD(tact_string(text, sizeof text), S("b")), NO_MEMORY);
    assert_int_equal(here.call.halted, TACT_FAULT_NO_MEMORY);
}

// Every kind, so that pairs can be tried. Equal kinds stand in the order of tact_kind.
static uint32_t every_kind(tact_value *values) {
    static const tact_value item = {TACT_INT, 0, 0, 0, {0}};
    uint32_t n = 0;
    values[n++] = tact_null();
    values[n++] = tact_bool(true);
    values[n++] = I(1);
    values[n++] = U(1);
    values[n++] = D(1.5);
    values[n++] = S("s");
    values[n++] = B("b");
    values[n++] = tact_list(&item, 1);
    values[n++] = tact_map_new(&here.arena, (tact_value[]){S("k"), I(1)}, 1);
    values[n++] = tact_timestamp(0, 0);
    values[n++] = DURATION(1);
    values[n++] = RUN("type", I(1));
    values[n++] = RUN("optional_of", I(1));
    return n;
}

static bool joins(uint8_t a, uint8_t b) {
    return a == b && (a == TACT_STRING || a == TACT_BYTES || a == TACT_LIST);
}

static bool is_numeric(uint8_t kind) {
    return kind == TACT_INT || kind == TACT_UINT || kind == TACT_DOUBLE;
}

static void expect(tact_value result, bool meaning, tact_value a, tact_value b) {
    bool refused = result.kind == TACT_ERROR && result.len == TACT_FAULT_NO_SUCH_OVERLOAD;
    if (refused == meaning) {
        fail_msg("%s and %s", value_kind_name((tact_kind)a.kind), value_kind_name((tact_kind)b.kind));
    }
}

static void test_every_pair_of_kinds(void **state) {
    (void)state;
    tact_value values[16];
    uint32_t count = every_kind(values);
    assert_int_equal(count, TACT_ERROR - TACT_NULL);
    for (uint32_t i = 0; i < count * count; i++) {
        tact_value a = values[i / count], b = values[i % count];
        bool same = a.kind == b.kind, numbers = same && is_numeric(a.kind);
        bool lengths = same && a.kind == TACT_DURATION;
        bool moved = a.kind == TACT_TIMESTAMP && b.kind == TACT_DURATION;
        bool moved2 = a.kind == TACT_DURATION && b.kind == TACT_TIMESTAMP;
        bool ordered = (is_numeric(a.kind) && is_numeric(b.kind)) ||
                       (same && (a.kind == TACT_BOOL || a.kind == TACT_STRING || a.kind == TACT_BYTES ||
                                 a.kind == TACT_TIMESTAMP || a.kind == TACT_DURATION));
        expect(ADD(a, b), numbers || joins(a.kind, b.kind) || lengths || moved || moved2, a, b);
        expect(SUB(a, b), numbers || lengths || moved || (same && a.kind == TACT_TIMESTAMP), a, b);
        expect(MUL(a, b), numbers, a, b);
        expect(DIV(a, b), numbers, a, b);
        expect(MOD(a, b), numbers && a.kind != TACT_DOUBLE, a, b);
        expect(OP(op_lt, a, b), ordered, a, b);
        expect(OP(op_le, a, b), ordered, a, b);
        expect(OP(op_gt, a, b), ordered, a, b);
        expect(OP(op_ge, a, b), ordered, a, b);
        expect(OP(op_in, a, b), b.kind == TACT_LIST || b.kind == TACT_MAP, a, b);
        bool equal = same || (a.kind == TACT_INT && b.kind == TACT_UINT) || (a.kind == TACT_UINT && b.kind == TACT_INT);
        assert_prints(OP(op_eq, a, b), equal ? "true" : "false");
        assert_prints(OP(op_ne, a, b), equal ? "false" : "true");
        if (i % count == 0) {
            expect(OP(op_negate, a), a.kind == TACT_INT || a.kind == TACT_DOUBLE, a, a);
            expect(OP(op_not, a), a.kind == TACT_BOOL, a, a);
        }
    }
}

// ---- Relations ------------------------------------------------------------------------------------------------------

static void compares(tact_value a, tact_value b, bool lt, bool le, bool gt, bool ge) {
    assert_prints(OP(op_lt, a, b), lt ? "true" : "false");
    assert_prints(OP(op_le, a, b), le ? "true" : "false");
    assert_prints(OP(op_gt, a, b), gt ? "true" : "false");
    assert_prints(OP(op_ge, a, b), ge ? "true" : "false");
}

#define BEFORE(a, b) compares(a, b, true, true, false, false), compares(b, a, false, false, true, true)
#define LEVEL(a, b) compares(a, b, false, true, false, true), compares(b, a, false, true, false, true)

static void test_order(void **state) {
    (void)state;
    BEFORE(I(-1), I(0));
    LEVEL(I(0), I(0));
    BEFORE(U(0), U(UINT64_MAX));
    BEFORE(D(1.0), D(1.0000001));
    LEVEL(D(-0.0), D(0.0));
    BEFORE(tact_bool(false), tact_bool(true));
    BEFORE(S(""), S("a"));
    BEFORE(S("Abc"), S("aBC"));
    BEFORE(S("abc"), S("abcd"));
    BEFORE(S("f"), S("\u1ebf"));
    LEVEL(S("abc"), S("abc"));
    BEFORE(B("b"), B("\303\241"));
    BEFORE(tact_timestamp(1, 0), tact_timestamp(1, 1));
    BEFORE(DURATION(-1), DURATION(1));
    BEFORE(I(-1), U(0)); // across kinds
    BEFORE(I(1), U(9223372036854775808u));
    BEFORE(I(1), D(1.5));
    BEFORE(D(0.5), U(1));
    LEVEL(I(1), D(1.0));
    LEVEL(U(1), D(1.0));
    compares(D((double)NAN), D(1.0), false, false, false, false);
    compares(I(1), D((double)NAN), false, false, false, false);
    here.call.steps_left = 0;
    assert_fault(OP(op_lt, S("0123456789abcdef"), S("0123456789abcdefg")), STEPS);
}

static void test_equality_is_paid_for(void **state) {
    (void)state;
    tact_value list = LIST(I(1)); // doubled 40 times: a million million items that share two
    tact_value pairs[40][2];
    for (int i = 0; i < 40; i++) {
        pairs[i][0] = pairs[i][1] = list;
        list = tact_list(pairs[i], 2);
    }
    assert_fault(OP(op_eq, list, list), STEPS);
    assert_int_equal(here.call.halted, TACT_FAULT_STEPS);
}

// ---- Logic ----------------------------------------------------------------------------------------------------------

static void test_logic(void **state) {
    (void)state;
    tact_value yes = tact_bool(true), no = tact_bool(false), error = tact_fault_value(TACT_FAULT_DIVIDE_BY_ZERO, NULL);
    assert_prints(OP(op_and, yes, yes), "true");
    assert_prints(OP(op_and, no, error), "false");
    assert_prints(OP(op_and, error, no), "false");
    assert_fault(OP(op_and, yes, error), DIVIDE_BY_ZERO);
    assert_fault(OP(op_and, error, yes), DIVIDE_BY_ZERO);
    assert_fault_text(OP(op_and, yes, I(1)), NO_SUCH_OVERLOAD, "a bool was expected, not int");
    assert_prints(OP(op_and, no, I(1)), "false");
    assert_prints(OP(op_or, no, no), "false");
    assert_prints(OP(op_or, yes, error), "true");
    assert_prints(OP(op_or, error, yes), "true");
    assert_fault(OP(op_or, error, no), DIVIDE_BY_ZERO);
    assert_fault(OP(op_or, no, S("x")), NO_SUCH_OVERLOAD);
    assert_prints(OP(op_conditional, yes, I(1), error), "1");
    assert_prints(OP(op_conditional, no, error, I(2)), "2");
    assert_fault(OP(op_conditional, error, I(1), I(2)), DIVIDE_BY_ZERO);
    assert_fault(OP(op_conditional, I(1), I(1), I(2)), NO_SUCH_OVERLOAD);
    assert_prints(OP(op_not_strictly_false, no), "false");
    assert_prints(OP(op_not_strictly_false, yes), "true");
    assert_prints(OP(op_not_strictly_false, error), "true");
    assert_prints(OP(op_not, yes), "false");
    assert_fault(OP(op_not, I(1)), NO_SUCH_OVERLOAD);
}

static void test_block(void **state) {
    (void)state;
    assert_prints(RUN("cel_block_list", LIST(I(1)), I(2)), "2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_int),
        func_test(test_uint),
        func_test(test_double),
        func_test(test_time),
        func_test(test_joining),
        func_test(test_joining_beyond_memory),
        func_test(test_every_pair_of_kinds),
        func_test(test_order),
        func_test(test_equality_is_paid_for),
        func_test(test_logic),
        func_test(test_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
