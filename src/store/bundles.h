// SPDX-License-Identifier: Apache-2.0
//
// Published bundles: their files by the hash of their content, versions by name and number, and which one is active.
// One is, at most; it changes in one transaction, and stays active when the store is opened again. The store does not
// look into what it keeps.
//
// Numbers of a name count from 1 and are never given twice. Publishing the same files again makes a new version of the
// same content.
#ifndef STORE_BUNDLES_H
#define STORE_BUNDLES_H

#include "base/arena.h"
#include "store/signers.h"

enum {
    BUNDLES_NAME_MAX = 64,   // bytes of a bundle's name
    BUNDLES_TEXT_MAX = 4096, // bytes of an author, of a message
    BUNDLES_HASH = 32,       // bytes
};
#define BUNDLES_CONTENT_MAX ((size_t)512 << 20) // bytes of a bundle's files

typedef struct bundles_version {
    tact_str name;
    uint64_t number;
    uint8_t hash[BUNDLES_HASH]; // of its content
    int64_t time_ms;            // when it was published
    tact_str author, message;   // may be empty
    bool tests_skipped;         // who published it wanted its tests not to be run
    bool is_signed;
    uint8_t signer[SIGN_PUBLIC], signature[SIGN_SIGNATURE]; // if it is signed: of the hash, see signers.h
    int64_t activated_ms; // when it last became active: later than all that were so before
    bool active;          // now; told by reading, not stored
} bundles_version;

// In a write transaction: stores a version of `v->name` with the next number, which goes to `v->number`, and makes it
// active. TACT_INVALID: a name, text or content that cannot be, or one that is not signed as it must be (signers.h).
// TACT_NO_MEMORY.
TACT_MUST_USE tact_err bundles_publish(db_txn *t, arena *a, bundles_version *v, tact_str content, tact_error *error);
// Makes a version active that is there. TACT_NOT_FOUND. TACT_INVALID: it is not signed as it must be by now.
TACT_MUST_USE tact_err bundles_activate(db_txn *t, arena *a, tact_str name, uint64_t number, int64_t now_ms,
                                        tact_error *error);

// Reading: texts borrow from the map, as long as the view lasts.
TACT_MUST_USE tact_err bundles_active(db_txn *t, arena *a, bundles_version *out, tact_error *error); // TACT_NOT_FOUND
// The one that was active before it.
TACT_MUST_USE tact_err bundles_before(db_txn *t, arena *a, bundles_version *out, tact_error *error); // TACT_NOT_FOUND
TACT_MUST_USE tact_err bundles_get(db_txn *t, arena *a, tact_str name, uint64_t number, bundles_version *out,
                                   tact_error *error); // TACT_NOT_FOUND
TACT_MUST_USE tact_err bundles_content(db_txn *t, const uint8_t hash[BUNDLES_HASH], tact_str *out, tact_error *error);
// All versions, by name and number, in the arena.
TACT_MUST_USE tact_err bundles_list(db_txn *t, arena *a, bundles_version **out, uint32_t *count, tact_error *error);
// For fsck: every version reads, has its content and a signature that holds if it is signed; every content has its hash
// and a version; the active one is there; what is said of keys reads.
// TACT_INVALID.
TACT_MUST_USE tact_err bundles_check(db_txn *t, arena *a, tact_error *error);

#endif
