// SPDX-License-Identifier: Apache-2.0
//
// Keys as files, each one line of text: `tact-secret-key` and `tact-public-key`, a blank, and the key as base64.
// Whatever goes wrong is complained of here.
#ifndef CLI_KEY_FILE_H
#define CLI_KEY_FILE_H

#include "base/base64.h"
#include "base/sign.h"

enum { KEY_FILE_TEXT = (SIGN_PUBLIC + 2) / 3 * 4 + 1 }; // of a public key as base64, its final zero included

// Makes a new pair: `path`, which only its owner may read, and `path`.pub. Neither may be there. CLI_OK; after a
// complaint CLI_FAILED: one is; CLI_UNREACHABLE: they cannot be written.
TACT_MUST_USE int key_file_new(const char *path, uint8_t public_key[SIGN_PUBLIC]);
// Reads a secret key, which nobody but its owner may read. Whoever calls this overwrites it with sign_forget.
TACT_MUST_USE bool key_file_secret(const char *path, uint8_t secret[SIGN_SECRET]);
// Reads a public key from a file, or from its base64 itself, or from what such a file holds.
TACT_MUST_USE bool key_file_public(const char *text, uint8_t public_key[SIGN_PUBLIC]);
// Whether the text is one of the latter two, which it then reads.
TACT_MUST_USE bool key_file_is_text(const char *text, uint8_t public_key[SIGN_PUBLIC]);
// Its base64.
const char *key_file_text(char text[KEY_FILE_TEXT], const uint8_t public_key[SIGN_PUBLIC]);

#endif
