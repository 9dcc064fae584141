// SPDX-License-Identifier: Apache-2.0
//
// Hashes are what BLAKE2b's authors and another implementation (coreutils' b2sum, Python's hashlib) say they are:
// files on disk depend on it.
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect_sum(const char *const *pieces, const char *wanted) {
    hash_sum s;
    char got[HASH_HEX];
    hash_begin(&s);
    for (; *pieces; pieces++) hash_add(&s, *pieces, strlen(*pieces));
    hash_end(&s, got);
    assert_string_equal(got, wanted);
}

static void a_sum_is_blake2b_of_all_pieces(void **state) {
    (void)state;
    expect_sum((const char *const[]){NULL}, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
    expect_sum((const char *const[]){"abc", NULL}, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    expect_sum((const char *const[]){"a", "", "bc", NULL},
               "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

static void a_sum_of_bytes_is_the_same(void **state) {
    (void)state;
    static const uint8_t wanted[] = {0xbd, 0xdd, 0x81, 0x3c, 0x63, 0x42, 0x39, 0x72};
    uint8_t got[HASH_SUM];
    hash_bytes(TACT_STR("abc"), got);
    assert_memory_equal(got, wanted, sizeof wanted);
}

// hashlib.blake2b(b'c' + b'order-1', key=bytes(range(32)), digest_size=16)
static void a_keyed_hash_never_changes(void **state) {
    (void)state;
    static const uint8_t wanted[HASH_KEYED] = {0xf4, 0x7c, 0xf4, 0x26, 0xbc, 0x37, 0xff, 0x15,
                                               0x2f, 0x45, 0x2f, 0x18, 0x88, 0x26, 0x0a, 0x8f};
    uint8_t secret[HASH_SECRET], got[HASH_KEYED], other[HASH_KEYED];
    for (uint8_t i = 0; i < HASH_SECRET; i++) secret[i] = i;
    hash_keyed(secret, 'c', TACT_STR("order-1"), got);
    assert_memory_equal(got, wanted, sizeof wanted);
    hash_keyed(secret, 'i', TACT_STR("order-1"), other);
    assert_memory_not_equal(got, other, sizeof got);
    secret[31]++;
    hash_keyed(secret, 'c', TACT_STR("order-1"), other);
    assert_memory_not_equal(got, other, sizeof got);
}

// The vectors of 0 and of 15 bytes that come with SipHash's reference implementation.
static void a_tag_is_siphash(void **state) {
    (void)state;
    static const uint8_t of_none[HASH_TAG] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6,
                                              0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
    static const uint8_t of_fifteen[HASH_TAG] = {0x54, 0x93, 0xe9, 0x99, 0x33, 0xb0, 0xa8, 0x11,
                                                 0x7e, 0x08, 0xec, 0x0f, 0x97, 0xcf, 0xc3, 0xd9};
    uint8_t key[HASH_TAG_KEY], got[HASH_TAG];
    for (uint8_t i = 0; i < HASH_TAG_KEY; i++) key[i] = i;
    hash_tag(key, (tact_str){(const char *)key, 0}, got);
    assert_memory_equal(got, of_none, sizeof got);
    hash_tag(key, (tact_str){(const char *)key, 15}, got);
    assert_memory_equal(got, of_fifteen, sizeof got);
}

static void secrets_differ(void **state) {
    (void)state;
    uint8_t one[HASH_SECRET], other[HASH_SECRET];
    assert_int_equal(hash_secret_draw(one, NULL), 0);
    assert_int_equal(hash_secret_draw(other, NULL), 0);
    assert_memory_not_equal(one, other, sizeof one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sum_is_blake2b_of_all_pieces),
        cmocka_unit_test(a_sum_of_bytes_is_the_same),
        cmocka_unit_test(a_keyed_hash_never_changes),
        cmocka_unit_test(a_tag_is_siphash),
        cmocka_unit_test(secrets_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
