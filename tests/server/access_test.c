// SPDX-License-Identifier: Apache-2.0
//
// Tokens: what is made is allowed by its line and nothing else is, and what is wrong with a file is told with its line.
#include "server/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

#define HASH "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define OTHER "0f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static int setup(void **state) {
    static arena a;
    arena_init(&a, 0);
    *state = &a;
    return 0;
}

static int teardown(void **state) {
    arena_fini(*state);
    return 0;
}

static access_list *read_well(arena *a, tact_str text) {
    access_list *x;
    tact_error error;
    if (access_read(a, "tokens", text, &x, &error)) fail_msg("%s", error.text);
    return x;
}

static void assert_unreadable(arena *a, const char *text, const char *wanted) {
    access_list *x;
    tact_error error;
    assert_int_equal(access_read(a, "tokens", tact_str_from(text), &x, &error), TACT_INVALID);
    assert_string_equal(error.text, wanted);
}

static void a_token_is_what_its_line_allows(void **state) {
    arena *a = *state;
    char site[ACCESS_TOKEN_MAX], desk[ACCESS_TOKEN_MAX], other[ACCESS_TOKEN_MAX];
    tact_str name;
    buf file = buf_in(a);
    assert_int_equal(access_token_new(site, NULL), TACT_OK);
    assert_int_equal(access_token_new(desk, NULL), TACT_OK);
    assert_int_equal(access_token_new(other, NULL), TACT_OK);
    assert_memory_equal(site, "tact_", 5);
    assert_int_equal(strlen(site), 5 + 43); // 32 bytes
    assert_string_not_equal(site, desk);
    buf_add_text(&file, "# who may do what\n\n");
    buf_add_str(&file, access_line(a, site, TACT_STR("website"), ACCESS_DECIDE | ACCESS_RECORD));
    buf_add_str(&file, access_line(a, desk, TACT_STR("Büro"), ACCESS_OPERATE));
    tact_str text = buf_done(&file);
    assert_null(strstr(text.ptr, site)); // only its hash
    access_list *x = read_well(a, text);
    assert_int_equal(access_roles(x, tact_str_from(site), &name), ACCESS_DECIDE | ACCESS_RECORD);
    assert_true(tact_str_equal(name, TACT_STR("website")));
    assert_int_equal(access_roles(x, tact_str_from(desk), &name), ACCESS_OPERATE);
    assert_true(tact_str_equal(name, TACT_STR("Büro")));
    assert_int_equal(access_roles(x, tact_str_from(other), &name), 0);
    assert_int_equal(name.len, 0);
    for (size_t i = 0; i < strlen(site); i++) { // one letter is another token
        site[i] ^= 1;
        assert_int_equal(access_roles(x, tact_str_from(site), &name), 0);
        site[i] ^= 1;
    }
    assert_int_equal(access_roles(x, (tact_str){site, strlen(site) - 1}, &name), 0);
    assert_int_equal(access_roles(x, TACT_STR(""), &name), 0);
    assert_int_equal(access_roles(x, (tact_str){NULL, 0}, &name), 0);
}

static void a_hash_is_blake2b(void **state) {
    arena *a = *state;
    // BLAKE2b-256 of "tact_example", by b2sum -l 256.
    tact_str line = access_line(a, "tact_example", TACT_STR("x"), ACCESS_ALL), name;
    assert_string_equal(
        line.ptr,
        "93d3a4417e30cb2abf2798ab907ebe5b5ef3507ad880a91b599f518d37a2fe86  x  decide,record,publish,operate\n");
    assert_int_equal(access_roles(read_well(a, line), TACT_STR("tact_example"), &name), ACCESS_ALL);
}

static void without_a_file_all_may_do_all(void **state) {
    tact_str name;
    assert_int_equal(access_roles(NULL, TACT_STR("whatever"), &name), ACCESS_ALL);
    assert_int_equal(name.len, 0);
    assert_int_equal(access_roles(read_well(*state, TACT_STR("# nobody yet\n")), TACT_STR("whatever"), &name), 0);
}

static void roles(void **state) {
    (void)state;
    uint32_t bits;
    tact_error error;
    assert_int_equal(access_roles_parse(TACT_STR("decide,record,publish,operate"), &bits, &error), TACT_OK);
    assert_int_equal(bits, ACCESS_ALL);
    assert_int_equal(access_roles_parse(TACT_STR("operate"), &bits, &error), TACT_OK);
    assert_int_equal(bits, ACCESS_OPERATE);
    assert_int_equal(access_roles_parse(TACT_STR("decide,decied"), &bits, &error), TACT_INVALID);
    assert_string_equal(error.text, "there is no role `decied`; did you mean `decide`?");
    assert_int_equal(access_roles_parse(TACT_STR("admin"), &bits, &error), TACT_INVALID);
    assert_string_equal(error.text, "there is no role `admin`: roles are decide, record, publish, operate and page");
    static const char *const bad[] = {"", ",", "decide,", ",decide", "decide, record", "Decide"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(access_roles_parse(tact_str_from(bad[i]), &bits, &error), TACT_INVALID);
    }
    assert_string_equal(access_role_name(ACCESS_PUBLISH), "publish");
}

static void mistakes(void **state) {
    arena *a = *state;
    assert_unreadable(a, "\n" HASH "  website  decied", "tokens:2: there is no role `decied`; did you mean `decide`?");
    assert_unreadable(
        a, "website decide",
        "tokens:1: a line is a token's hash (64 hexadecimal digits), a name, and roles; `tact token` makes it");
    assert_unreadable(
        a, HASH "0 website decide",
        "tokens:1: a line is a token's hash (64 hexadecimal digits), a name, and roles; `tact token` makes it");
    assert_unreadable(a, "tact_AAAA website decide",
                      "tokens:1: a token itself stands here: it is not to be kept in files; make another one, and put "
                      "the line here that `tact token` prints");
    assert_unreadable(a, HASH " website",
                      "tokens:1: behind the hash come a name and roles, as `website decide,record`");
    assert_unreadable(a, HASH " website decide, record",
                      "tokens:1: `record` stands behind the roles; these have commas and no blanks between them");
    assert_unreadable(a, HASH " website decide record",
                      "tokens:1: `record` stands behind the roles; these have commas and no blanks between them");
    assert_unreadable(a, HASH " a decide\n" OTHER " b decide\n" HASH " c operate",
                      "tokens:3: this token has a line already, as `a`");
}

// A secret that was put where a hash belongs is not repeated in the error.
static void an_error_keeps_the_secret(void **state) {
    access_list *x;
    tact_error error;
    char token[ACCESS_TOKEN_MAX];
    assert_int_equal(access_token_new(token, NULL), TACT_OK);
    assert_int_equal(access_read(*state, "tokens", tact_str_from(token), &x, &error), TACT_INVALID);
    assert_null(strstr(error.text, token));
}

static void names(void **state) {
    (void)state;
    tact_error error;
    char longest[66];
    memset(longest, 'x', sizeof longest);
    assert_int_equal(access_name_check(TACT_STR("web-1@shop"), &error), TACT_OK);
    assert_int_equal(access_name_check((tact_str){longest, 64}, &error), TACT_OK);
    assert_int_equal(access_name_check((tact_str){longest, 65}, &error), TACT_INVALID);
    static const char *const bad[] = {"", "a b", "#a", "a\nb", "a\tb", "\xff", "a\xe2\x80\xae"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(access_name_check(tact_str_from(bad[i]), &error), TACT_INVALID);
    }
}

static void as_many_as_there_may_be(void **state) {
    arena *a = *state;
    access_list *x;
    tact_error error;
    tact_str name;
    buf file = buf_in(a);
    for (int i = 0; i <= ACCESS_TOKENS_MAX; i++) {
        if (i == ACCESS_TOKENS_MAX) read_well(a, (tact_str){file.ptr, file.len});
        buf_add_str(&file, access_line(a, arena_printf(a, "tact_%d", i), TACT_STR("x"), ACCESS_DECIDE));
    }
    assert_int_equal(access_read(a, "tokens", buf_done(&file), &x, &error), TACT_INVALID);
    assert_string_equal(error.text, "tokens:10001: these are more than 10000 tokens");
    x = read_well(a, (tact_str){file.ptr, file.len / (ACCESS_TOKENS_MAX + 1) * ACCESS_TOKENS_MAX});
    for (int i = 0; i <= ACCESS_TOKENS_MAX; i++) {
        tact_str token = tact_str_from(arena_printf(a, "tact_%d", i));
        assert_int_equal(access_roles(x, token, &name), i < ACCESS_TOKENS_MAX ? ACCESS_DECIDE : 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_what_its_line_allows),
        cmocka_unit_test(a_hash_is_blake2b),
        cmocka_unit_test(without_a_file_all_may_do_all),
        cmocka_unit_test(roles),
        cmocka_unit_test(mistakes),
        cmocka_unit_test(an_error_keeps_the_secret),
        cmocka_unit_test(names),
        cmocka_unit_test(as_many_as_there_may_be),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
