// SPDX-License-Identifier: Apache-2.0
//
// Signing in two passes over what is signed (Ed25519ph), so that it can come in parts: the label first, with its final
// zero, so that no label is the beginning of another.
#include "base/sign.h"

#include <sodium.h>

#include "base/err.h"

_Static_assert(SIGN_PUBLIC == crypto_sign_PUBLICKEYBYTES, "libsodium's public keys");
_Static_assert(SIGN_SECRET == crypto_sign_SECRETKEYBYTES, "libsodium's secret keys");
_Static_assert(SIGN_SIGNATURE == crypto_sign_BYTES, "libsodium's signatures");

tact_err sign_keys(uint8_t secret[SIGN_SECRET], uint8_t public_key[SIGN_PUBLIC], tact_error *error) {
    if (sodium_init() < 0) return err_set(error, TACT_IO, "the system has no random numbers");
    crypto_sign_keypair(public_key, secret);
    return TACT_OK;
}

// A secret key is a seed and the public key that follows from it.
bool sign_public_of(const uint8_t secret[SIGN_SECRET], uint8_t public_key[SIGN_PUBLIC]) {
    uint8_t seed[crypto_sign_SEEDBYTES], again[SIGN_SECRET];
    crypto_sign_ed25519_sk_to_seed(seed, secret);
    crypto_sign_seed_keypair(public_key, again, seed);
    bool same = sodium_memcmp(again, secret, sizeof again) == 0;
    sign_forget(seed, sizeof seed);
    sign_forget(again, sizeof again);
    return same;
}

static void add(crypto_sign_state *s, const char *what, tact_str bytes) {
    crypto_sign_init(s);
    crypto_sign_update(s, (const unsigned char *)what, strlen(what) + 1);
    crypto_sign_update(s, (const unsigned char *)bytes.ptr, bytes.len);
}

void sign_make(const uint8_t secret[SIGN_SECRET], const char *what, tact_str bytes, uint8_t out[SIGN_SIGNATURE]) {
    crypto_sign_state s;
    add(&s, what, bytes);
    crypto_sign_final_create(&s, out, NULL, secret);
    sign_forget(&s, sizeof s);
}

bool sign_holds(const uint8_t public_key[SIGN_PUBLIC], const char *what, tact_str bytes,
                const uint8_t signature[SIGN_SIGNATURE]) {
    crypto_sign_state s;
    add(&s, what, bytes);
    return crypto_sign_final_verify(&s, signature, public_key) == 0;
}

void sign_forget(void *secret, size_t len) {
    sodium_memzero(secret, len);
}
