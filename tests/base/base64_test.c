// SPDX-License-Identifier: Apache-2.0
//
// Base64 by the vectors of RFC 4648, section 10.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

static void check(const char *bytes, size_t len, const char *wanted) {
    char out[64];
    assert_int_equal(base64_len(len), strlen(wanted));
    base64_encode(out, bytes, len);
    assert_memory_equal(out, wanted, strlen(wanted));
}

static void test_vectors(void **state) {
    (void)state;
    static const char *const wanted[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t len = 0; len <= 6; len++) check("foobar", len, wanted[len]);
}

static void test_whole_alphabet(void **state) {
    (void)state;
    char bytes[48];
    for (unsigned i = 0; i < 16; i++) { // 64 groups of six bits: 0, 1, 2, …
        uint32_t group = (4 * i) << 18 | (4 * i + 1) << 12 | (4 * i + 2) << 6 | (4 * i + 3);
        bytes[3 * i] = (char)(group >> 16);
        bytes[3 * i + 1] = (char)(group >> 8);
        bytes[3 * i + 2] = (char)group;
    }
    char out[64];
    base64_encode(out, bytes, sizeof bytes);
    assert_memory_equal(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 64);
}

static void test_back(void **state) {
    (void)state;
    static const char *const texts[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy", "Zg", "Zm8"};
    char out[16];
    size_t bad;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t len = base64_decode(out, tact_str_from(texts[i]), &bad);
        assert_int_equal(len, i < 7 ? i : i - 6);
        assert_memory_equal(out, "foobar", len);
    }
}

static void test_what_is_none(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t bad;
    } cases[] = {{"Z", 1}, {"Zg=", 3}, {"Zm9vZ===", 5}, {"Zm9-", 3}, {"Z=g=", 1}, {"====", 0}, {"Zm 9", 2}};
    char out[16];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t bad;
        assert_true(base64_decode(out, tact_str_from(cases[i].text), &bad) == SIZE_MAX);
        assert_int_equal(bad, cases[i].bad);
    }
}

static void test_of_urls(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        char bytes[4];
    } cases[] = {{"", 0, ""}, {"Zg", 1, "f"}, {"Zm8", 2, "fo"}, {"Zm9v", 3, "foo"}, {"-_-_", 3, "\xfb\xff\xbf"}};
    static const char *const none[] = {"Z", "Zg==", "+/+/", "Zh", "Zm9", "Zm9vZ", "Zm 8"}; // bits beyond the last byte
    char out[16];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(base64url_encode(out, cases[i].bytes, cases[i].len), strlen(cases[i].text));
        assert_memory_equal(out, cases[i].text, strlen(cases[i].text));
        assert_int_equal(base64url_decode(out, tact_str_from(cases[i].text)), cases[i].len);
        assert_memory_equal(out, cases[i].bytes, cases[i].len);
    }
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_true(base64url_decode(out, tact_str_from(none[i])) == SIZE_MAX);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_whole_alphabet),
                                       cmocka_unit_test(test_back), cmocka_unit_test(test_what_is_none),
                                       cmocka_unit_test(test_of_urls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
