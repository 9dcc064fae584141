// SPDX-License-Identifier: Apache-2.0
//
// Signatures: Ed25519ph (RFC 8032, 5.1), by libsodium. Keys and signatures are bytes.
#ifndef BASE_SIGN_H
#define BASE_SIGN_H

#include "tact/core.h"

enum { SIGN_PUBLIC = 32, SIGN_SECRET = 64, SIGN_SIGNATURE = 64 }; // bytes

// A new pair of keys, at random. TACT_IO: the system has no random numbers to give.
TACT_MUST_USE tact_err sign_keys(uint8_t secret[SIGN_SECRET], uint8_t public_key[SIGN_PUBLIC], tact_error *error);
// The public key that belongs to a secret one; false if the bytes are no secret key.
TACT_MUST_USE bool sign_public_of(const uint8_t secret[SIGN_SECRET], uint8_t public_key[SIGN_PUBLIC]);
// `what` says what is signed: a signature of the same bytes as something else is none. It is part of what is signed.
void sign_make(const uint8_t secret[SIGN_SECRET], const char *what, tact_str bytes, uint8_t out[SIGN_SIGNATURE]);
TACT_MUST_USE bool sign_holds(const uint8_t public_key[SIGN_PUBLIC], const char *what, tact_str bytes,
                              const uint8_t signature[SIGN_SIGNATURE]);
void sign_forget(void *secret, size_t len); // overwrites it, also where a compiler would not

#endif
