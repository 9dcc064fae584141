// SPDX-License-Identifier: Apache-2.0
//
// Calling functions of the language one by one: RUN("add_int64", tact_int(1), tact_int(2)) finds the overload by its
// id, checks that the arguments are of its kinds, as the machine does, and calls its implementation.
#ifndef TESTS_CEL_FUNC_CASE_H
#define TESTS_CEL_FUNC_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cel/ops.h"
#include "value/value.h"

// What one test case runs in.
typedef struct func_case {
    tact_cel_env *env;
    arena arena;
    tact_cel_call call;
} func_case;

extern func_case here;

int func_case_setup(void **state); // 1,000,000 steps, 1 MiB
int func_case_teardown(void **state);

const cel_overload *func_case_find(const char *id);
tact_value func_case_run(const char *id, const tact_value *args, uint32_t count);
void func_case_assert_prints(tact_value v, const char *text, int line);
void func_case_assert_fault(tact_value v, tact_fault fault, const char *text, int line);

#define ARGS(...) (const tact_value[]){__VA_ARGS__}, sizeof((const tact_value[]){__VA_ARGS__}) / sizeof(tact_value)
#define RUN(id, ...) func_case_run(id, ARGS(__VA_ARGS__))
#define OP(op, ...) op(&here.call, ARGS(__VA_ARGS__))
#define S(text) tact_string("" text, sizeof(text) - 1)
#define B(text) tact_bytes("" text, sizeof(text) - 1)
#define LIST(...) tact_list(ARGS(__VA_ARGS__))

#define assert_prints(v, text) func_case_assert_prints(v, text, __LINE__) // as tact_value_print writes it
#define assert_true_value(v) func_case_assert_prints(v, "true", __LINE__)
#define assert_false_value(v) func_case_assert_prints(v, "false", __LINE__)
#define assert_fault(v, fault) func_case_assert_fault(v, TACT_FAULT_##fault, NULL, __LINE__)
#define assert_fault_text(v, fault, text) func_case_assert_fault(v, TACT_FAULT_##fault, text, __LINE__)
#define func_test(f) cmocka_unit_test_setup_teardown(f, func_case_setup, func_case_teardown)

#endif
