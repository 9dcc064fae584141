// SPDX-License-Identifier: Apache-2.0
//
// Hashes are on disk, in tombs, in `seen`, in backups and as names of bundles: key, message and lengths never change.
#include "base/hash.h"

#include <sodium.h>

#include "base/err.h"

_Static_assert(sizeof(crypto_generichash_state) <= sizeof(hash_sum), "libsodium's state has grown");
_Static_assert(_Alignof(crypto_generichash_state) <= _Alignof(hash_sum), "libsodium's state has grown");

static crypto_generichash_state *state_of(hash_sum *s) {
    return (crypto_generichash_state *)(void *)s->state;
}

tact_err hash_secret_draw(uint8_t secret[HASH_SECRET], tact_error *error) {
    if (sodium_init() < 0) return err_set(error, TACT_IO, "the system has no random numbers");
    randombytes_buf(secret, HASH_SECRET);
    return TACT_OK;
}

void hash_keyed(const uint8_t secret[HASH_SECRET], uint8_t what, tact_str bytes, uint8_t out[HASH_KEYED]) {
    crypto_generichash_state s;
    crypto_generichash_init(&s, secret, HASH_SECRET, HASH_KEYED);
    crypto_generichash_update(&s, &what, 1);
    crypto_generichash_update(&s, (const unsigned char *)bytes.ptr, bytes.len);
    crypto_generichash_final(&s, out, HASH_KEYED);
}

_Static_assert(crypto_shorthash_siphashx24_KEYBYTES == HASH_TAG_KEY, "a key of libsodium");
_Static_assert(crypto_shorthash_siphashx24_BYTES == HASH_TAG, "a tag of libsodium");

void hash_tag(const uint8_t key[HASH_TAG_KEY], tact_str bytes, uint8_t out[HASH_TAG]) {
    crypto_shorthash_siphashx24(out, (const unsigned char *)bytes.ptr, bytes.len, key);
}

void hash_begin(hash_sum *s) {
    crypto_generichash_init(state_of(s), NULL, 0, HASH_SUM);
}

void hash_add(hash_sum *s, const void *bytes, size_t len) {
    crypto_generichash_update(state_of(s), bytes, len);
}

void hash_end(hash_sum *s, char out[HASH_HEX]) {
    unsigned char sum[HASH_SUM];
    crypto_generichash_final(state_of(s), sum, sizeof sum);
    sodium_bin2hex(out, HASH_HEX, sum, sizeof sum);
}

void hash_bytes(tact_str bytes, uint8_t out[HASH_SUM]) {
    crypto_generichash(out, HASH_SUM, (const unsigned char *)bytes.ptr, bytes.len, NULL, 0);
}
