// SPDX-License-Identifier: Apache-2.0
//
// What a rule says, as predicates over attributes: a tree of AND and OR whose leaves compare one slot with constants,
// negations pushed down to them. It is exact: the rule's value is true if and only if the form holds, where a predicate
// holds if it is true (of an absent attribute none is, neither it nor its negation). What is no such predicate is a
// leaf of its own (OTHER), to be decided by running the program.
//
// It is what an index over all rules is made of, and where contradictions are found. A form is immutable and lives in
// the arena it was made in; it refers to nothing of the tree.
#ifndef CEL_NORMAL_H
#define CEL_NORMAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "tact/cel.h"

typedef enum normal_kind {
    NORMAL_TRUE, // alone, never a part; so is the next
    NORMAL_FALSE,
    NORMAL_AND,
    NORMAL_OR,
    NORMAL_EQ, // slot == values[0]; also of a bool slot by itself
    NORMAL_NE, // present, and different
    NORMAL_LT, // with values[0], as CEL compares, for each of the next three
    NORMAL_LE,
    NORMAL_GT,
    NORMAL_GE,
    NORMAL_IN,      // slot is one of values
    NORMAL_NOT_IN,  // present, and none of values
    NORMAL_HAS,     // values[0] is an item of the slot's list: "vip" in profile.tags
    NORMAL_HAS_NOT, // the list is present, and it is not
    NORMAL_PRESENT, // has(slot)
    NORMAL_ABSENT,  // !has(slot)
    NORMAL_OTHER,   // anything else; `negated`
} normal_kind;

enum { NORMAL_LEAVES_MAX = 256 }; // of a larger rule the whole is one OTHER

typedef struct normal_form normal_form;
struct normal_form {
    uint8_t kind;                    // normal_kind
    bool negated;                    // OTHER: holds if the sub-expression is false
    bool whole;                      // of a slot that is an int or a bool: nothing lies between a value and the next
    uint32_t slot;                   // of a predicate
    uint32_t count;                  // of parts, or of values
    const normal_form *const *parts; // AND, OR: at least two
    const tact_value *values;        // constants, in the arena
    uint32_t pos, len;               // its place in the rule's text
};

// tact_cel_compile, and what the program says, in the arena `forms`. `*form` is NULL if there is no program.
TACT_MUST_USE tact_cel_result normal_compile(const tact_cel_env *env, tact_str source,
                                             const tact_cel_compile_options *options, arena *hot, arena *forms,
                                             const normal_form **form);

// Can all of them hold together, for any values of the slots? False only if they surely cannot: the predicates of each
// slot are looked at together, branch by branch; after NORMAL_STEPS_MAX comparisons the answer is true. `*clash` (may
// be NULL) receives a predicate that contradicts others, or a part that is false by itself.
enum { NORMAL_STEPS_MAX = 100000 }; // less than a millisecond, mostly
bool normal_can_hold(const normal_form *const *forms, uint32_t count, const normal_form **clash);

// What a bool slot that is true stands for: a form that then must hold, too. Meanings may have slots with meanings.
typedef struct normal_meanings {
    const normal_form *const *of; // by slot; NULL: nothing
    uint32_t count;
    uint64_t steps_left; // of all questions; without any the answer is true
    // What every value of a slot passes, if it has one: a predicate over the slot, or an AND of those. By slot; NULL:
    // nothing, and as a whole nothing of any.
    const normal_form *const *known;
} normal_meanings;

// Whether a form holds of all values that its slots can have together, absence aside: what would make it false
// contradicts itself. `known` is not looked at.
bool normal_always_holds(const normal_form *f, normal_meanings *m, arena *a);

// The same with meanings. A clash within a meaning is told as the predicate of `forms` that it is the meaning of.
bool normal_can_hold_within(const normal_form *const *forms, uint32_t count, normal_meanings *m,
                            const normal_form **clash);
// As CEL would write it, with the slots' names; OTHER as `{its text}`. For tests and tools.
void normal_print(buf *out, const normal_form *f, const tact_cel_env *env, tact_str source);

#endif
