// SPDX-License-Identifier: Apache-2.0
//
// Keys go to files and come back. What is refused, and how it is told, is in key.bats.
#include "cli/key_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "../store/folder.h"

#include <cmocka.h>

static void what_is_written_is_read(void **state) {
    (void)state;
    folder f = folder_new();
    char path[700], public_path[710], text[KEY_FILE_TEXT];
    uint8_t made[SIGN_PUBLIC], secret[SIGN_SECRET], of_secret[SIGN_PUBLIC], from_file[SIGN_PUBLIC],
        from_text[SIGN_PUBLIC];
    snprintf(path, sizeof path, "%s/anna.key", f.path);
    snprintf(public_path, sizeof public_path, "%s.pub", path);
    assert_int_equal(key_file_new(path, made), 0);
    assert_true(key_file_secret(path, secret));
    assert_true(sign_public_of(secret, of_secret));
    assert_memory_equal(of_secret, made, sizeof made);
    assert_true(key_file_public(public_path, from_file));
    assert_memory_equal(from_file, made, sizeof made);
    assert_true(key_file_public(key_file_text(text, made), from_text));
    assert_memory_equal(from_text, made, sizeof made);
    folder_remove(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
