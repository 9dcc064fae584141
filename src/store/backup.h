// SPDX-License-Identifier: Apache-2.0
//
// Backups: a folder with a copy of a store, data.mdb, and a manifest, backup.txt, that people can read. The copy is
// made while others read and write, and is the store as it was committed at one moment. A backup may be read as a store
// is (fsck, export), and nobody may write to it.
//
// A folder gets its name when it is complete and on disk, not before; until then it is called NAME.partial. What was
// interrupted leaves that, and the next attempt takes it away.
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/hash.h"
#include "store/db.h"

typedef struct backup_info { // what a manifest says
    uint32_t format;         // of the store's files
    int64_t time_ms;         // when it was made
    uint64_t bytes;          // of data.mdb
    char sum[HASH_HEX];      // of data.mdb; what `b2sum -l 256 data.mdb` prints
} backup_info;

// Bytes done, of so many in all, as far as is known; called often. NULL is allowed.
typedef void backup_progress(void *context, uint64_t done, uint64_t total);

// Makes a backup, the new folder `to`. TACT_EXISTS: there is something already. TACT_BUSY: another process is making
// one there. TACT_IO: the disk does not take it, and nothing is left. Others as db_copy.
TACT_MUST_USE tact_err backup_write(db *d, const char *to, backup_progress *progress, void *context, tact_error *error);
// Is it a complete backup, unaltered, of a format that this program knows? TACT_NOT_FOUND: there is none. TACT_INVALID:
// no, and why. `out` may be NULL.
TACT_MUST_USE tact_err backup_verify(const char *from, backup_progress *progress, void *context, backup_info *out,
                                     tact_error *error);
// Verifies a backup, then makes a store of it, the new folder `to`. Errors of both functions above.
TACT_MUST_USE tact_err backup_restore(const char *from, const char *to, backup_progress *progress, void *context,
                                      tact_error *error);

#endif
