// SPDX-License-Identifier: Apache-2.0
//
// Who may do what. A token is 32 random bytes, given out once as text ("tact_…"); the file of tokens keeps only hashes
// (BLAKE2b-256), each with a name for logs and the roles that it has:
//
//      # token's hash in hex                                              name       roles
//      9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08   website    decide,record
//
// Tokens are random in all their bits, so that a fast hash is enough; hashes are compared in constant time.
#ifndef SERVER_ACCESS_H
#define SERVER_ACCESS_H

#include "base/arena.h"

typedef enum access_role { // as bits: a token may have several
    ACCESS_DECIDE = 1,     // decide, context: websites, assistants
    ACCESS_RECORD = 2,     // record: all channels
    ACCESS_PUBLISH = 4,    // publish, rollback, bundles, explain, simulate: marketers
    ACCESS_OPERATE = 8,    // person, erase, status: operators
    ACCESS_ALL = 15,
    ACCESS_PAGE = 16, // some of decide and record: web pages, see page.h
} access_role;

enum { ACCESS_TOKEN_MAX = 64, ACCESS_TOKENS_MAX = 10000 };

typedef struct access_list access_list; // immutable once read; any thread may ask it

// Reads a file of tokens, given as text, into the arena. TACT_INVALID with file, line and the nearest role.
TACT_MUST_USE tact_err access_read(arena *a, const char *file, tact_str text, access_list **out, tact_error *error);
// The roles of a token, and its name (in `access`); 0: there is no such token. `access` NULL: all may do all.
uint32_t access_roles(const access_list *a, tact_str token, tact_str *name);
const char *access_role_name(access_role role);
// "decide,record" as bits; TACT_INVALID with the nearest role.
TACT_MUST_USE tact_err access_roles_parse(tact_str text, uint32_t *out, tact_error *error);

// A name that a token can have: TACT_INVALID, with what is wrong, if it is none.
TACT_MUST_USE tact_err access_name_check(tact_str name, tact_error *error);
// A new token, with a final zero. TACT_IO: the system has no random numbers to give.
TACT_MUST_USE tact_err access_token_new(char token[ACCESS_TOKEN_MAX], tact_error *error);
// The line of the file that allows it, with its newline; {NULL, 0} if memory ran out.
tact_str access_line(arena *a, const char *token, tact_str name, uint32_t roles);

#endif
