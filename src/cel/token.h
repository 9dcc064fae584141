// SPDX-License-Identifier: Apache-2.0
//
// Tokens: what the lexer cuts the source into. Their kinds stand in token_tbl.h.
#ifndef CEL_TOKEN_H
#define CEL_TOKEN_H

#include "cel/ast.h"

typedef enum cel_token_kind {
#define X(KIND, spelling, what, precedence, function) TOKEN_##KIND,
#include "cel/token_tbl.h"
#undef X
    TOKEN_KINDS
} cel_token_kind;

typedef struct cel_token {
    cel_token_kind kind;
    cel_span span;
    bool reported;  // it has its diagnostic already; one that was mended (`=` for `==`) is of the kind that was meant
    bool raw;       // STRING, BYTES: r"…"
    uint8_t quotes; // STRING, BYTES, QUOTED: quote characters at either end, 1 or 3
} cel_token;

const char *token_name(cel_token_kind kind);     // "LPAREN"
const char *token_spelling(cel_token_kind kind); // "(", empty where it is not always the same
const char *token_what(cel_token_kind kind);     // as messages name it: "`(`", "a name"
// The kind that is always spelled so ("<="), or BAD.
cel_token_kind token_spelled(const char *spelling);
// IDENT unless the word is a keyword or reserved.
cel_token_kind token_of_word(const char *word, size_t len);

// A binary operator that associates to the left: its precedence, from 1, and the function it calls; else 0 and empty.
typedef struct cel_operator {
    uint8_t precedence;
    tact_str function;
} cel_operator;
extern const cel_operator token_operators[TOKEN_KINDS];

#endif
