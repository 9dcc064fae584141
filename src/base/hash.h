// SPDX-License-Identifier: Apache-2.0
//
// The door to libsodium: BLAKE2b with a secret key, for what must not be guessed from its hash, and without one, for
// whether files are what they were, and which they are; SipHash for tags, which are made by the thousand.
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "tact/core.h"

enum { HASH_SECRET = 32, HASH_KEYED = 16, HASH_SUM = 32, HASH_HEX = 2 * HASH_SUM + 1 }; // bytes

// A secret, at random. TACT_IO: the system has no random numbers to give.
TACT_MUST_USE tact_err hash_secret_draw(uint8_t secret[HASH_SECRET], tact_error *error);
// `what` says what is hashed: the same bytes as something else have another hash. The same on every machine.
void hash_keyed(const uint8_t secret[HASH_SECRET], uint8_t what, tact_str bytes, uint8_t out[HASH_KEYED]);

enum { HASH_TAG_KEY = 16, HASH_TAG = 16 }; // bytes
// A tag that nobody makes without the key: SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012), of short messages
// a tenth of the time of the hash above.
void hash_tag(const uint8_t key[HASH_TAG_KEY], tact_str bytes, uint8_t out[HASH_TAG]);

typedef struct hash_sum { // over bytes that come in pieces
    unsigned char state[384] __attribute__((aligned(64)));
} hash_sum;

void hash_begin(hash_sum *s);
void hash_add(hash_sum *s, const void *bytes, size_t len);
void hash_end(hash_sum *s, char out[HASH_HEX]);         // in small hexadecimal digits, with a final zero
void hash_bytes(tact_str bytes, uint8_t out[HASH_SUM]); // the same sum, of bytes that are all there

#endif
