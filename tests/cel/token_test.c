// SPDX-License-Identifier: Apache-2.0
//
// The table of tokens keeps its own promises: looking a spelling up gives the kind it stands at, and operators bind as
// cel-spec's doc/langdef.md ("Syntax") has it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cel/token.h"

static void spellings_are_unique(void **state) {
    (void)state;
    for (cel_token_kind kind = TOKEN_END; kind < TOKEN_KINDS; kind++) {
        const char *spelling = token_spelling(kind);
        if (*spelling) assert_int_equal(token_spelled(spelling), kind);
        assert_true(*token_name(kind) && *token_what(kind));
    }
    assert_int_equal(token_spelled("==="), TOKEN_BAD);
}

static void words_are_those_of_the_language(void **state) {
    (void)state;
    assert_int_equal(token_of_word("in", 2), TOKEN_IN);
    assert_int_equal(token_of_word("true", 4), TOKEN_TRUE);
    assert_int_equal(token_of_word("namespace", 9), TOKEN_RESERVED);
    assert_int_equal(token_of_word("namespaces", 10), TOKEN_IDENT);
    assert_int_equal(token_of_word("i", 1), TOKEN_IDENT);
    assert_int_equal(token_of_word("int", 3), TOKEN_IDENT);
}

static void operators_have_the_precedence_of_the_grammar(void **state) {
    (void)state;
    static const cel_token_kind levels[][8] = {
        {TOKEN_EQ, TOKEN_NE, TOKEN_LT, TOKEN_LE, TOKEN_GT, TOKEN_GE, TOKEN_IN},
        {TOKEN_ADD, TOKEN_SUB},
        {TOKEN_MUL, TOKEN_DIV, TOKEN_MOD},
    };
    size_t count = 0;
    for (uint8_t level = 0; level < 3; level++) {
        for (const cel_token_kind *kind = levels[level]; *kind != TOKEN_END; kind++, count++) {
            assert_int_equal(token_operators[*kind].precedence, level + 1);
            assert_true(token_operators[*kind].function.len > 0);
        }
    }
    for (cel_token_kind kind = TOKEN_END; kind < TOKEN_KINDS; kind++) {
        if (token_operators[kind].precedence) count--;
    }
    assert_int_equal(count, 0); // no others
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_are_unique),
        cmocka_unit_test(words_are_those_of_the_language),
        cmocka_unit_test(operators_have_the_precedence_of_the_grammar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
