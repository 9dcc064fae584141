// SPDX-License-Identifier: Apache-2.0
//
// What token_tbl.h says of each kind of token, to be looked up.
#include "cel/token.h"

static const struct {
    const char *name, *spelling, *what;
} tokens[TOKEN_KINDS] = {
#define X(KIND, spelling, what, precedence, function) [TOKEN_##KIND] = {#KIND, spelling, what},
#include "cel/token_tbl.h"
#undef X
};

const cel_operator token_operators[TOKEN_KINDS] = {
#define X(KIND, spelling, what, precedence, function) [TOKEN_##KIND] = {precedence, {function, sizeof function - 1}},
#include "cel/token_tbl.h"
#undef X
};

const char *token_name(cel_token_kind kind) {
    return tokens[kind].name;
}

const char *token_spelling(cel_token_kind kind) {
    return tokens[kind].spelling;
}

const char *token_what(cel_token_kind kind) {
    return tokens[kind].what;
}

cel_token_kind token_spelled(const char *spelling) {
    for (cel_token_kind kind = TOKEN_END; kind < TOKEN_KINDS; kind++) {
        if (strcmp(tokens[kind].spelling, spelling) == 0) return kind;
    }
    return TOKEN_BAD;
}

cel_token_kind token_of_word(const char *word, size_t len) {
    static const struct {
        cel_token_kind kind;
        size_t len;
        const char *text;
    } words[] = {
#define KEYWORD(KIND, word) {TOKEN_##KIND, sizeof word - 1, word},
#include "cel/token_tbl.h"
#undef KEYWORD
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].len == len && words[i].text[0] == word[0] && memcmp(words[i].text, word, len) == 0) {
            return words[i].kind;
        }
    }
    return TOKEN_IDENT;
}
