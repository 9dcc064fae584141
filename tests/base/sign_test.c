// SPDX-License-Identifier: Apache-2.0
//
// Signatures: what is signed holds, and what was changed by a bit does not.
#include "base/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_signature_holds_for_what_was_signed_alone(void **state) {
    (void)state;
    uint8_t secret[SIGN_SECRET], other[SIGN_SECRET], key[SIGN_PUBLIC], other_key[SIGN_PUBLIC], sig[SIGN_SIGNATURE];
    char text[] = "three offers and a cap";
    const tact_str bytes = {text, sizeof text - 1};
    assert_int_equal(sign_keys(secret, key, NULL), 0);
    assert_int_equal(sign_keys(other, other_key, NULL), 0);
    sign_make(secret, "bundle", bytes, sig);
    assert_true(sign_holds(key, "bundle", bytes, sig));
    assert_false(sign_holds(other_key, "bundle", bytes, sig));
    assert_false(sign_holds(key, "bundl", bytes, sig));
    assert_false(sign_holds(key, "bundle", (tact_str){text, sizeof text - 2}, sig));
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] ^= 1;
        assert_false(sign_holds(key, "bundle", bytes, sig));
        text[i] ^= 1;
    }
    for (size_t i = 0; i < sizeof sig; i++) {
        sig[i] ^= 1;
        assert_false(sign_holds(key, "bundle", bytes, sig));
        sig[i] ^= 1;
    }
    assert_true(sign_holds(key, "bundle", bytes, sig));
}

static void the_public_key_follows_from_the_secret_one(void **state) {
    (void)state;
    uint8_t secret[SIGN_SECRET], key[SIGN_PUBLIC], again[SIGN_PUBLIC];
    assert_int_equal(sign_keys(secret, key, NULL), 0);
    assert_true(sign_public_of(secret, again));
    assert_memory_equal(key, again, sizeof key);
    secret[SIGN_SECRET - 1] ^= 1;
    assert_false(sign_public_of(secret, again));
    sign_forget(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++) assert_int_equal(secret[i], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_holds_for_what_was_signed_alone),
        cmocka_unit_test(the_public_key_follows_from_the_secret_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
