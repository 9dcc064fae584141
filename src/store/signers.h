// SPDX-License-Identifier: Apache-2.0
//
// Who may publish: public keys, each with a name, and whether a bundle must be signed by one of them to become active.
// A signature is of the content's hash. One that does not hold is always refused; one of an unknown key, or none, only
// where that is asked for.
#ifndef STORE_SIGNERS_H
#define STORE_SIGNERS_H

#include "base/sign.h"
#include "store/db.h"

enum {
    SIGNERS_MAX = 100,     // of a store; people and machines that publish
    SIGNERS_NAME_MAX = 64, // bytes of a name
};
#define SIGNERS_WHAT "tact bundle" // that a signature is of, see sign_make

typedef struct signer {
    tact_str name;
    uint8_t key[SIGN_PUBLIC];
} signer;

typedef struct signers {
    bool required; // else anybody who can write may publish
    signer *of;    // in the order in which they came
    uint32_t count;
} signers;

// Borrows names from the map, as long as the view lasts; a copy of all else in the arena. Nobody, if nothing was said.
TACT_MUST_USE tact_err signers_get(db_txn *t, arena *a, signers *out, tact_error *error);
const signer *signers_find(const signers *s, const uint8_t key[SIGN_PUBLIC]); // NULL: none of them

// In a write transaction. TACT_EXISTS: the name or the key is there already. TACT_INVALID: a name that cannot be one.
TACT_MUST_USE tact_err signers_allow(db_txn *t, arena *a, tact_str name, const uint8_t key[SIGN_PUBLIC],
                                     tact_error *error);
// TACT_NOT_FOUND. TACT_INVALID: nobody would be left who may publish.
TACT_MUST_USE tact_err signers_deny(db_txn *t, arena *a, tact_str name, tact_error *error);
// TACT_INVALID: there is nobody who might then publish. What is active stays so, signed or not.
TACT_MUST_USE tact_err signers_require(db_txn *t, arena *a, bool required, tact_error *error);

// Whether content of this hash may become active. `key` and `signature` are NULL if it is not signed. TACT_INVALID: no,
// and why.
TACT_MUST_USE tact_err signers_check(db_txn *t, arena *a, tact_str hash, const uint8_t *key, const uint8_t *signature,
                                     tact_error *error);

#endif
