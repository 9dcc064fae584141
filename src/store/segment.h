// SPDX-License-Identifier: Apache-2.0
//
// One file of a store's journal, `journal.<number>`: the head, which is a checkpoint once it is there, and the commands
// since, in records. It is written from front to back, but for the head, which comes when the checkpoint is complete.
// journal.h says how the files follow each other and why that is safe; this is how they lie on disk. Little-endian:
//
//      0     "tact journal 1" | u64 number | u64 position | u32 history_max | u32 page | boot | of pages 0 and 1 of
//            data.mdb the first bytes | zeros | the sum of all before it
//      4096  records: the sum of what follows | u64 bytes of commands | u64 number | u64 position of the first command
//      |
//            commands: each u32 bytes | what command_write makes of it
//
// The sum covers the file's number, so that what an older file left on the disk is never taken for a record.
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "base/buf.h"
#include "base/hash.h"
#include "value/command.h"

enum {
    SEGMENT_HEAD = 4096,
    SEGMENT_META = 512,             // of a page; a sector, and LMDB's own record in it takes 152 bytes
    SEGMENT_BOOT = 36,              // of the text by which a system tells one start from another
    SEGMENT_RECORD = HASH_SUM + 24, // bytes before the commands
};

typedef struct segment_head {
    uint64_t number;
    uint64_t position;       // commands applied at the checkpoint
    uint32_t history_max;    // under which the commands behind it were applied, see apply_env
    uint32_t page;           // bytes of a page of data.mdb
    char boot[SEGMENT_BOOT]; // of the system, since it was started
    char metas[2][SEGMENT_META];
} segment_head;

// Of the system that runs now; zeros, which equal nobody's, if it does not say.
void segment_boot(char boot[SEGMENT_BOOT]);
bool segment_of_this_boot(const segment_head *head);

// ---- Writing --------------------------------------------------------------------------------------------------------
// Errors are those of the disk, TACT_IO; `folder` is for their texts.

// A new file, empty but for the room of its head, so that no full disk can keep a head out. Its name is not durable
// yet.
TACT_MUST_USE tact_err segment_make(const char *folder, uint64_t number, int *fd, tact_error *error);
void segment_remove(const char *folder, uint64_t number); // what is not there need not be
// Which files there are is durable when it returns.
TACT_MUST_USE tact_err segment_sync_names(const char *folder, tact_error *error);
// Durable when it returns.
TACT_MUST_USE tact_err segment_put_head(const char *folder, int fd, const segment_head *head, tact_error *error);

// A record is begun, in a buffer that may have held another, and then gets its commands, each whole or not at all.
void segment_begin_record(buf *record);
TACT_MUST_USE tact_err segment_add(buf *record, const command *c); // TACT_NO_MEMORY
// Completes it and writes it; `*synced` says whether it failed as late as when the disk was to have it.
TACT_MUST_USE tact_err segment_put_record(const char *folder, int fd, uint64_t at, uint64_t number, uint64_t first,
                                          buf *record, bool *synced, tact_error *error);

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct segment_found { // in a folder
    bool any;
    bool whole;           // there is one with a head
    uint64_t first, last; // numbers
    segment_head head;    // the newest
} segment_found;
// TACT_INVALID: there are records, and no head to begin with.
TACT_MUST_USE tact_err segment_find(const char *folder, segment_found *out, tact_error *error);

typedef struct segment_reader {
    const char *folder;
    int fd; // -1: there is no such file, which is as good as one without records
    uint64_t number, at, bytes;
} segment_reader;
TACT_MUST_USE tact_err segment_open(const char *folder, uint64_t number, segment_reader *out, tact_error *error);
void segment_close(segment_reader *r);
// The next record, in the arena. TACT_NOT_FOUND: there is none, or it was cut off, or is not what was written.
TACT_MUST_USE tact_err segment_next(segment_reader *r, arena *a, uint64_t *first, tact_str *commands,
                                    tact_error *error);
// Takes the first of the commands of a record. False: they do not hold one.
bool segment_take(tact_str *commands, tact_str *out);

// ---- Going back -----------------------------------------------------------------------------------------------------

// What a folder has whose writer did not close it: data.mdb as it was at the newest checkpoint, before LMDB opens it.
// Not `*restored`: it was closed, or other processes read it, so that the system has all its pages still. TACT_BUSY:
// others read it, and these pages cannot be trusted. Only for who holds `writer.lock`.
TACT_MUST_USE tact_err segment_restore(const char *folder, bool *restored, tact_error *error);
// Pages in memory may differ from those on disk, since a sync failed: from now on only `segment_restore` helps, also
// while others read.
void segment_distrust(const char *folder);
void segment_trust(const char *folder);

#endif
