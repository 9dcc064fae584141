// SPDX-License-Identifier: Apache-2.0
//
// The one thread that changes a store. Callers queue commands and wait; everything that is queued goes into one
// transaction, so that one write to disk is shared by all who wait for it. A command that is refused is answered with
// its reason and does no harm to the others.
//
// Durability. By default an answer means that the command is on disk. With `interval_ms` the transaction stays open for
// so long, and an answer means that the command was applied: a crash of the process or the machine loses the commands
// of the last interval at most, always the newest ones and never a part of one; readers see them when the interval
// ends.
//
// A full queue makes callers wait, until their deadline: TACT_BUSY then, and nothing of what they wanted was queued.
// What is queued is always answered, also while the writer stops.
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/apply.h"

enum {
    WRITER_QUEUE_MAX = 65536, // commands, by default
    WRITER_WAIT_MS = 1000,    // for room in the queue, by default
    WRITER_GROUP_MAX = 10000, // commands of one transaction, and the last batch; keeps the time to an answer short
};

typedef struct writer_options { // 0: the default of each
    uint32_t queue_max;
    uint32_t wait_ms;
    uint32_t interval_ms; // 0: an answer means that it is on disk
} writer_options;

typedef struct writer_result { // of one command
    tact_err code;
    apply_answer answer; // if TACT_OK
    tact_error error;    // if not
} writer_result;

typedef struct writer writer;

// The db and env must outlive the writer, and env must not change. `options` may be NULL.
TACT_MUST_USE tact_err writer_start(arena *a, db *d, const apply_env *env, const writer_options *options, writer **out,
                                    tact_error *error);
// Answers everything that is queued, commits, and ends the thread. Whoever submits from then on gets TACT_USAGE.
void writer_stop(writer *w); // NULL is allowed

// Applies commands in this order and waits for their answers; from any thread. TACT_OK: each has its result. TACT_BUSY:
// there was no room for `wait_ms`. TACT_LIMIT: more commands at once than the queue has room for. Any other: none was
// applied, for the reason in `error` (a full disk).
TACT_MUST_USE tact_err writer_submit(writer *w, const command *commands, uint32_t count, writer_result *results,
                                     tact_error *error);
// With interval_ms: how many commands were answered and then lost, because the disk did not take them.
uint64_t writer_lost(writer *w);

#endif
