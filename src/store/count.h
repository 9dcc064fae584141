// SPDX-License-Identifier: Apache-2.0
//
// How often a counter counted for everyone: buckets of a millisecond, a minute and a day in the table `count`, each
// with the sum of the finer ones in it, so that any span is a few runs of rows.
//
// Housekeeping (sweep.h) forgets the buckets of milliseconds and minutes that are older than what is asked for; those
// of days stay. So a span is exact if it ends after what was forgotten, and begins after it or with a day.
#ifndef STORE_COUNT_H
#define STORE_COUNT_H

#include "store/plan.h"

enum { COUNT_MS, COUNT_MINUTE, COUNT_DAY, COUNT_LEVELS };

int64_t count_width(uint32_t level); // of its buckets, in milliseconds

typedef struct count_row { // what a key says
    uint64_t tally;
    uint32_t level;
    int64_t bucket; // its number: it begins at so many widths since 1970
} count_row;

db_key count_key(uint64_t tally, uint32_t level, int64_t bucket);
bool count_row_of(tact_str key, count_row *out); // false: it is none

// Counts once more.
TACT_MUST_USE tact_err count_add(plan *p, uint64_t tally, int64_t time_ms, tact_error *error);
// How often in [since_ms, until_ms].
TACT_MUST_USE tact_err count_between(db_txn *t, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count);
// How often the buckets [from, to) of a level say.
TACT_MUST_USE tact_err count_sum(db_txn *t, uint64_t tally, uint32_t level, int64_t from, int64_t to, uint64_t *count);

#endif
