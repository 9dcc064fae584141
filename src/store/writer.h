// SPDX-License-Identifier: Apache-2.0
//
// The one thread that changes a store. Callers queue commands and wait; everything that is queued goes into one
// transaction, so that one write to disk is shared by all who wait for it. A command that is refused is answered with
// its reason and does no harm to the others.
//
// Durability. By default an answer means that the command is on disk, in the journal (journal.h). With `interval_ms`
// the transaction stays open for so long, and an answer means that the command was applied: a crash of the process or
// the machine loses the commands of the last interval at most, always the newest ones and never a part of one; readers
// see them when the interval ends.
//
// A full queue makes callers wait, until their deadline: TACT_BUSY then, and nothing of what they wanted was queued.
// What is queued is always answered, also while the writer stops.
//
// Work that is no command (a new schema) is queued among them, and has a transaction of its own.
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "store/journal.h"

enum {
    WRITER_QUEUE_MAX = 65536,   // commands, by default
    WRITER_WAIT_MS = 1000,      // for room in the queue, by default
    WRITER_GATHER_US = 100,     // that a group waits for one more caller of the one before; a fraction of a disk's sync
    WRITER_GROUP_MAX = 10000,   // commands of one group, and the last batch; keeps the time to an answer short
    WRITER_KEPT_MAX = 16 << 20, // bytes of answered commands that an interval keeps; with more it ends early
};

typedef struct writer_options { // 0: the default of each
    uint32_t queue_max;
    uint32_t wait_ms;
    uint32_t interval_ms; // 0: an answer means that it is on disk
    db_notice notice;     // hears of commands that were lost
} writer_options;

typedef struct writer_result { // of one command
    tact_err code;
    apply_answer answer; // if TACT_OK
    tact_error error;    // if not
} writer_result;

typedef struct writer writer;

// The db, its journal and env must outlive the writer, and only work that the writer runs may change env. `options` may
// be NULL.
TACT_MUST_USE tact_err writer_start(arena *a, db *d, journal *j, const apply_env *env, const writer_options *options,
                                    writer **out, tact_error *error);
// Answers everything that is queued, commits, and ends the thread. Whoever submits from then on gets TACT_USAGE.
void writer_stop(writer *w); // NULL is allowed

// Applies commands in this order and waits for their answers; from any thread. TACT_OK: each has its result. TACT_BUSY:
// there was no room for `wait_ms`. TACT_LIMIT: more commands at once than the queue has room for. Any other: none was
// applied, for the reason in `error` (a full disk).
TACT_MUST_USE tact_err writer_submit(writer *w, const command *commands, uint32_t count, writer_result *results,
                                     tact_error *error);
// Runs `work` in a write transaction of its own on the writer's thread, after everything that was queued before it, and
// waits; from any thread. Returns what journal_write_whole would. TACT_USAGE: the writer stops.
TACT_MUST_USE tact_err writer_run(writer *w, db_work *work, void *context, tact_error *error);
// The same; `after` then hears on the writer's thread, before anything else is applied, whether it was committed.
TACT_MUST_USE tact_err writer_run_then(writer *w, db_work *work, journal_after *after, void *context,
                                       tact_error *error);

typedef struct writer_status {
    uint32_t queued, queue_max; // commands that wait, and how many may
    uint64_t lost;              // with interval_ms: commands that were answered and then not taken by the disk
    uint64_t commits;           // of commands, since it was started
    uint64_t commit_p50_ns, commit_p99_ns, commit_max_ns; // from the last command applied until the disk has it
    journal_status journal;
} writer_status;
writer_status writer_status_of(writer *w); // now; from any thread

#endif
