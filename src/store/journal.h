// SPDX-License-Identifier: Apache-2.0
//
// What makes commands durable at the price of an append. LMDB's pages go to the disk now and then, in checkpoints; what
// was applied since lies in the journal: one record for each transaction, written in sequence and synced before the
// transaction is committed. Files are those of segment.h: `journal.7` begins with the seventh checkpoint, and has the
// commands that came after it.
//
// A transaction: apply, append a record and sync it, commit without a sync, answer. What is seen is durable, then, and
// what is answered is both. If the commit fails the record is cut off again.
//
// A checkpoint: between two transactions the state is pinned (db_pin), its two meta pages are read, and the next file
// begins. Then a thread syncs data.mdb, writes the meta pages as that file's head, syncs that, removes the files
// before, and ends the pin before, while transactions go on.
//
// Opening what nobody closed: the newest head's meta pages are put back, and the records behind it applied again, each
// at its position. Only where other processes still have it open is it taken as it is: then the system was not down and
// has every page that was written, and what was answered was committed. Either way a checkpoint follows before anything
// else is committed. Closing makes one and removes the files: a store that was closed is data.mdb alone.
//
// Why it holds. Let H be the newest head on disk, of state N. H was written after a sync of data.mdb that began after N
// was committed, so all pages of N were on disk then. LMDB writes a page again only if no state from the oldest pinned
// one on has it, and N is pinned until a newer head is on disk; a pin is there before the first commit after N, also
// while a store is being opened. So the pages of N are on disk for as long as H is the newest head, whatever else of
// data.mdb was written or lost, and the two meta pages are all that is not in them: put back, they are N. Every command
// applied since N is in the file that H heads or in a later one, since files are removed only once a newer head than
// theirs is on disk, and the names of files before anything is in them; a record was synced before the next was
// written, so that only the last can be torn, and that was never committed, seen or answered. Applying is a pure
// function of state and commands, and a record says at which position it begins: so applying them again gives the
// state that was seen, and a record that is missing shows. What is no command is in no record; journal_write_whole
// returns only when a checkpoint has it.
//
// A sync that fails is final: the system may have dropped what it could not write. No command is taken from then on,
// and the next start goes back to checkpoint and journal.
//
// Threads: one writes, any may ask for a checkpoint or the status; one thread of its own makes checkpoints.
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "store/apply.h"

enum {
    JOURNAL_AGE_MS = 500,         // after the first change a checkpoint is due: so long erased events may lie here
    JOURNAL_BYTES_DUE = 16 << 20, // in a file, or then: a start reads them within a second or two
    JOURNAL_BYTES_MAX = 64 << 20, // since the last complete checkpoint: the disk is slower, and writing waits for it
};

typedef struct journal journal;

// Of a database that was just opened for writing, to which nothing was written yet: brings back what was in its
// journal, under env (whose schema may be NULL where there is none yet), and makes a checkpoint. All must be kept until
// journal_close. TACT_INVALID: the journal is damaged. TACT_IO, TACT_NO_MEMORY.
TACT_MUST_USE tact_err journal_open(arena *a, db *d, const apply_env *env, journal **out, tact_error *error);
// With a last checkpoint; without it if a sync failed, and the next start goes back. NULL is allowed.
void journal_close(journal *j);

// As db_write, for work that appends what it applied. TACT_IO: also a disk that failed before.
TACT_MUST_USE tact_err journal_write(journal *j, db_work *work, void *context, tact_error *error);
// Within that work, as the last of it: a record of commands, durable when this returns. `first` is the position of the
// first. If the work is done over, this takes the place of what it appended before.
TACT_MUST_USE tact_err journal_append(journal *j, uint64_t first, uint32_t count, buf *record, tact_error *error);
// As db_write, for work that is no command; `after` (may be NULL) hears whether it was committed before the checkpoint
// begins for which this waits.
typedef void journal_after(void *context, tact_err err);
TACT_MUST_USE tact_err journal_write_whole(journal *j, db_work *work, journal_after *after, void *context,
                                           tact_error *error);
// A checkpoint is due now: what was written so far is to leave the journal.
void journal_hurry(journal *j);

// Applies the commands of a record that begins at `first` (see segment_add), but for those that were applied.
TACT_MUST_USE tact_err journal_apply(apply_batch *b, arena *scratch, uint64_t first, tact_str commands,
                                     tact_error *error);

typedef struct journal_status {
    uint64_t bytes;                 // since the last complete checkpoint
    uint64_t checkpoints, taken_ns; // complete, since it was opened; and how long the last took
} journal_status;
journal_status journal_status_of(journal *j);

#endif
