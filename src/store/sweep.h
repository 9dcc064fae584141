// SPDX-License-Identifier: Apache-2.0
//
// Housekeeping: forgetting what is too old to matter, a slice at a time, so that whoever waits for the writer waits a
// few milliseconds more. What a slice does follows from the command, by whose time it goes, and from what is stored, a
// note in `meta` of where the last one ended included.
//
// A round of slices goes over
//   - persons: what no reading at its time or later can see of aggregates (strand_trim), times of counters older than
//     count_age_ms, events older than history_age_ms;
//   - answers to commands with an id, older than seen_age_ms. They are as old as their command, but no older than the
//     latest sweep before it; those from the future become of now;
//   - counts for everyone: milliseconds and minutes older than count_age_ms, see count.h.
// Nothing that a rule can read changes, as long as no cap looks further back than count_age_ms.
#ifndef STORE_SWEEP_H
#define STORE_SWEEP_H

#include "store/apply.h"

enum { SWEEP_STEPS = 1000 }; // persons and rows that a slice looks at: some milliseconds of work

typedef struct sweep_note { // where the next slice begins
    uint32_t stage;
    db_key from;        // in its table; empty: at the beginning
    int64_t counted_ms; // counts for everyone are whole from then on
} sweep_note;

TACT_MUST_USE tact_err sweep_note_read(db_txn *t, sweep_note *out); // TACT_INVALID: it is damaged
// Plans a slice and says in `out` what it takes away.
TACT_MUST_USE tact_err sweep_plan(plan *p, const apply_env *env, const command *c, apply_answer *out,
                                  tact_error *error);

#endif
