// SPDX-License-Identifier: Apache-2.0
//
// The functions of the language. Each is one row of func_tbl.h (name, overload id, signature, implementation, cost,
// documentation) and one C function in a func_*.c file of its library; the checker, the compiler, `tact expr --help`
// and docs/language.md read the rows.
//
// An implementation is pure, checks nothing the row already promises (the VM checks arguments against the row's
// kinds), charges for work that grows with its input, and returns call_fault(…) when it cannot answer.
#ifndef CEL_FUNC_H
#define CEL_FUNC_H

#include "base/arena.h"
#include "cel/env.h"
#include "value/value.h"

// The running evaluation, as a function sees it.
struct tact_cel_call {
    arena *arena;                 // results go here; bounded
    uint64_t steps_left;          // at 0 the evaluation halts
    tact_fault halted;            // STEPS or NO_MEMORY once a bound was hit: nothing absorbs it
    const cel_overload *overload; // the one being called
    uint32_t faults_told;         // errors that got a text so far
};

// Memory for a result; NULL after which the function returns call_no_memory().
static inline void *call_alloc(tact_cel_call *call, size_t size) {
    return arena_alloc(call->arena, size);
}
// An error value; the text (may be NULL) is formatted into the arena. Only the first CALL_FAULTS_TOLD_MAX of an
// evaluation get one: a loop whose errors are absorbed, round after round, must not use up the memory with them.
#define CALL_FAULTS_TOLD_MAX 32
tact_value call_fault(tact_cel_call *call, tact_fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
tact_value call_no_memory(tact_cel_call *call); // halts the evaluation
// Pays for `steps` units of work before they are done; false when the budget is used up, after which the function
// returns call_no_steps().
static inline bool call_charge(tact_cel_call *call, uint64_t steps) {
    if (__builtin_expect(call->steps_left < steps, 0)) return false;
    call->steps_left -= steps;
    return true;
}
tact_value call_no_steps(tact_cel_call *call); // halts the evaluation
// Pays for copying or comparing `len` bytes. What looks at each byte on its own pays `len` steps with call_charge.
#define CALL_BYTES_A_STEP 16
static inline bool call_charge_bytes(tact_cel_call *call, size_t len) {
    return call_charge(call, len / CALL_BYTES_A_STEP);
}

// The text of `b` in the arena as a string value, or an error.
tact_value call_text(tact_cel_call *call, buf *b);

// Every row's implementation.
#define X(library, function, id, signature, impl, growth, steps, doc) tact_cel_function impl;
#include "cel/func_tbl.h"
#undef X

// The constant `arg` of a call in the form that the implementation reads fastest: a pattern compiled, a time zone
// looked up, each as an OPAQUE value (OPAQUE_REGEX, OPAQUE_ZONE) that lives as long as `a`. Any other comes back
// unchanged. An error value, with a text, if the constant can never be that argument.
tact_value func_prepare(const cel_overload *overload, uint32_t index, tact_value arg, arena *a);

// Sorts the numbers 0 to count-1, stably, by `order` (as of memcmp) of what they stand for in `things`. They end up, in
// order, in the arena; NULL if it has no room for 2 * count of them.
typedef int func_order(const void *things, uint32_t a, uint32_t b);
uint32_t *func_sort(arena *a, const void *things, uint32_t count, func_order *order);
// Pays for func_sort of things that have `bytes` to compare, in all.
bool func_charge_sort(tact_cel_call *call, uint32_t count, uint64_t bytes);

// Adds the rows of the libraries in env->libraries to `env`; called once, by env.c. TACT_NO_MEMORY.
TACT_MUST_USE tact_err func_declare_all(tact_cel_env *env);

#endif
