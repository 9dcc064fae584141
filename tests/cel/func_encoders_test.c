// SPDX-License-Identifier: Apache-2.0
//
// Base64 as functions: the vectors of RFC 4648, section 10, with and without padding, and what is no Base64.
#include "func_case.h"

static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
static const char *const encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        tact_value bytes = tact_bytes(plain[i], strlen(plain[i])), text = tact_string(encoded[i], strlen(encoded[i]));
        assert_true(tact_value_equal(RUN("base64_encode_bytes", bytes), text));
        assert_true(tact_value_equal(RUN("base64_decode_string", text), bytes));
        text.len = (uint32_t)strcspn(encoded[i], "=");
        assert_true(tact_value_equal(RUN("base64_decode_string", text), bytes));
    }
    assert_prints(RUN("base64_decode_string", S("+/+/")), "b\"\\xfb\\xff\\xbf\"");
}

static void test_every_byte(void **state) {
    (void)state;
    char bytes[256];
    for (int i = 0; i < 256; i++) bytes[i] = (char)i;
    tact_value all = tact_bytes(bytes, sizeof bytes);
    assert_true(tact_value_equal(RUN("base64_decode_string", RUN("base64_encode_bytes", all)), all));
}

static void test_no_base64(void **state) {
    (void)state;
    static const char *const wrong[] = {"A", "AA=", "AAA==", "AA===", "=", "====", "A===", "AAAAA", "AA==AA=="};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_fault(RUN("base64_decode_string", tact_string(wrong[i], strlen(wrong[i]))), INVALID_ARGUMENT);
    }
    assert_fault_text(RUN("base64_decode_string", S("Zm9v\nYg==")), INVALID_ARGUMENT,
                      "the text is cut off or wrongly padded");
    assert_fault_text(RUN("base64_decode_string", S("Zm-v")), INVALID_ARGUMENT, "byte 2 is not of the Base64 alphabet");
    here.call.steps_left = 3;
    assert_fault(RUN("base64_decode_string", S("Zm9v")), STEPS);
    assert_fault(RUN("base64_encode_bytes", B("Zm9v")), STEPS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        func_test(test_vectors),
        func_test(test_every_byte),
        func_test(test_no_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
