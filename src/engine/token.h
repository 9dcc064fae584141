// SPDX-License-Identifier: Apache-2.0
//
// Tokens: what ties an impression, a click or a purchase to the decision that caused it, across channels. A token is
// given out with each offer, and comes back as it was, perhaps weeks later. It names the decision, when it was, the
// offer and the placement (by name: bundles may have been swapped meanwhile), and for whom it was.
//
//      version u8 | decision str | offer str | placement str | time u64 | strand u64, masked | tag 16 bytes
//      str: length u8, bytes. Numbers are little endian. All of it in base64url (RFC 4648, 5) without padding.
//
// The tag is a keyed hash of the rest: whoever has not the store's secret can make no token and change none. The strand
// (that identity of the person by which it was asked for; 0: nobody was known) is masked by another keyed hash, of the
// tag: a token says nothing of whom it is for, not even whether two are for the same person.
#ifndef ENGINE_TOKEN_H
#define ENGINE_TOKEN_H

#include "store/store.h"

enum {
    TOKEN_DECISION_MAX = 40, // bytes of a decision's id; tokens stay short
    TOKEN_NAME_MAX = 64,     // of an offer's and a placement's name, as in bundles
    TOKEN_BYTES_MAX = 1 + 3 + TOKEN_DECISION_MAX + 2 * TOKEN_NAME_MAX + 16 + HASH_TAG,
    TOKEN_TEXT_MAX = (TOKEN_BYTES_MAX + 2) / 3 * 4,
};

typedef struct token {
    tact_str decision, offer, placement;
    int64_t time_ms;
    uint64_t strand; // 0: nobody was known
} token;

// Writes at most TOKEN_TEXT_MAX characters, without a final zero, and returns how many. Texts are within the bounds
// above.
size_t token_write(const store *s, const token *t, char *out);
// Texts lie in `room`. False: it is none of this store's.
TACT_MUST_USE bool token_read(const store *s, tact_str text, char room[TOKEN_TEXT_MAX], token *out);

#endif
