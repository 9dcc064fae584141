// SPDX-License-Identifier: Apache-2.0
//
// The lexer: one token at a time, straight from the source, without allocating. The text of a string literal is decoded
// only when the parser asks for it, and borrowed from the source where nothing has to be decoded.
#ifndef CEL_LEXER_H
#define CEL_LEXER_H

#include "cel/diag.h"
#include "cel/token.h"

typedef struct cel_lexer {
    const char *start, *at, *end;
    cel_diags *diags;
} cel_lexer;

// The source must be valid UTF-8, of less than 4 GiB.
void lexer_init(cel_lexer *l, tact_str source, cel_diags *diags);
// The next token; at the end, and ever after, one of kind END. Faults go to the diagnostics.
void lexer_next(cel_lexer *l, cel_token *token);

// A word that is no CEL where it stands, read again as what it means in another language (slip_tbl.h): `token`, a name
// or a `!`, where an operator is due, or (`operand`) where an operand is. True if it means something there; the token
// is then of the kind that was meant, or BAD, and is reported unless `quiet`.
bool lexer_slip(cel_lexer *l, cel_token *token, bool operand, bool quiet);

// What a STRING, BYTES or QUOTED token stands for: borrowed from the source, or decoded into the arena of the
// diagnostics. Faults in it are reported and give some text all the same. False if memory ran out.
TACT_MUST_USE bool lexer_text(const cel_lexer *l, const cel_token *token, tact_str *text);

#endif
