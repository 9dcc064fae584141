// SPDX-License-Identifier: Apache-2.0
//
// Whether everything in a store is as apply.h makes it: every table is walked once, and what follows from something
// else is worked out anew and compared.
//   - an identity and its strand name each other, unless the strand was dropped; then none finds it
//   - a strand has an alias, or is a person; a person is the smallest of its strands, and they are connected
//   - a person's record is, byte for byte, what its strands come to
//   - an event belongs to a strand, reads, and was applied; a strand has as many as it says
//   - numbers given are below the next one
//   - erasures and answers are of the form that they have; an answer is of a command that was applied
//   - every version of a bundle has its files, and the active one is there
//   - what counters counted for everyone in a minute or a day is the sum of what is finer, where that is still kept
//
// The schema that is given must be the one that is stored.
#ifndef STORE_FSCK_H
#define STORE_FSCK_H

#include "store/apply.h"

typedef struct fsck_counts {
    uint64_t persons, strands, identities, events;
} fsck_counts;

// Rows looked at, of so many in all; called often. NULL is allowed.
typedef void fsck_progress(void *context, uint64_t done, uint64_t total);

// TACT_INVALID: the first thing that is not right, in the text. `counts` may be NULL.
TACT_MUST_USE tact_err fsck_run(db_txn *t, const apply_env *env, fsck_progress *progress, void *context,
                                fsck_counts *counts, tact_error *error);

#endif
