// SPDX-License-Identifier: Apache-2.0
//
// Many rules at once. Each row is a rule, or several of which all must hold; what they say as predicates (cel/normal.h)
// is turned around, so that a slot's value is looked up once and gives the set of all rows that it leaves, a bit each:
//
//      profile.age      …18)  {18}  (18…30)  {30}  (30…  absent        rows that each value leaves
//      profile.country  …  {"at"}  …  {"de"}  …  absent                AND of all columns: the rows that hold
//      profile.tags     "vip" "new" …  absent                          of a list, by each item that it has
//
// (Counting over such predicates is Yan and Garcia-Molina, "Index structures for selective dissemination of
// information", 1994; sets of bits take its place where rows are thousands.)
//
// It is exact in what it takes away: a row goes only if one of its rules is surely not true. What is no predicate over
// one slot (a call, an OR over two slots) is not looked up: such a row is not `whole`, and of what is left of these the
// rules are to be evaluated. A slot with very many constants is looked up more coarsely, which bounds the size: rows
// whose constants fall between are not whole.
#ifndef INDEX_INDEX_H
#define INDEX_INDEX_H

#include "cel/normal.h"

enum {
    INDEX_POINTS_MAX = 511,  // constants of one slot that are told apart: 1,024 sets, at most 128 bytes a row
    INDEX_POINTS_ALL = 8192, // of all slots: at most 2 KiB a row
    INDEX_ITEMS_MAX = 256,   // of a list that is looked up
};

typedef struct rule_index rule_index;

static inline size_t index_words(uint32_t rows) { // of a set of rows, 64 in each
    return ((size_t)rows + 63) / 64;
}
static inline void index_add(uint64_t *set, uint32_t row) {
    set[row / 64] |= UINT64_C(1) << row % 64;
}

// Makes an index over `rows` rows of `per_row` forms each (NULL: a rule that is not there, and holds), `forms[row *
// per_row + i]`; they and `env`, which gave them their slots, are not needed afterwards. Only slots below `slots_end`
// are looked up: their values are the same for all rows. `*out`, which lies in `a`, is NULL where nothing is to be
// looked up. TACT_NO_MEMORY.
TACT_MUST_USE tact_err index_build(arena *a, const tact_cel_env *env, uint32_t slots_end,
                                   const normal_form *const *forms, uint32_t rows, uint32_t per_row,
                                   const rule_index **out);

// The value of a slot, as expressions would read it; a fault ABSENT if it has none.
typedef tact_value index_read(void *context, uint32_t slot);

// Takes those out of `set` that do not hold. Returns the rows of which then nothing is left to be evaluated: those that
// are left and among them hold. NULL: no row is, since a value was neither of its slot's type nor absent. Any number of
// threads at once.
const uint64_t *index_match(const rule_index *x, index_read *read, void *context, uint64_t *set);

#endif
