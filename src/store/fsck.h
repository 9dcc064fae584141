// SPDX-License-Identifier: Apache-2.0
//
// Whether everything in a store is as apply.h makes it: every table is walked once, and what follows from something
// else is worked out anew and compared.
//   - an identity and its strand name each other, unless the strand was dropped; then none finds it
//   - a strand has an alias, or is a person; a person is the smallest of its strands, and they are connected
//   - a person's record is, byte for byte, what its strands come to
//   - an event belongs to a strand, reads, and was applied
//   - numbers given are below the next one
#ifndef STORE_FSCK_H
#define STORE_FSCK_H

#include "store/apply.h"

typedef struct fsck_counts {
    uint64_t persons, strands, identities, events;
} fsck_counts;

// TACT_INVALID: the first thing that is not right, in the text. `counts` may be NULL.
TACT_MUST_USE tact_err fsck_run(db_txn *t, const apply_env *env, fsck_counts *counts, tact_error *error);

#endif
