// SPDX-License-Identifier: Apache-2.0
//
// Base64 with the alphabet of RFC 4648, section 4, and padding, and back; and that of section 5, which URLs may hold,
// without padding.
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "tact/core.h"

// Characters that `len` bytes encode to.
static inline size_t base64_len(size_t len) {
    return (len + 2) / 3 * 4;
}
// Writes base64_len(len) characters to `out`, no final zero.
void base64_encode(char *out, const char *bytes, size_t len);
// The bytes of a text, with its padding or without any; `out` has room for len * 3 / 4. Returns how many; SIZE_MAX:
// byte `*bad` is not of the alphabet, or, if that is the text's length, the text is cut off or wrongly padded.
size_t base64_decode(char *out, tact_str text, size_t *bad);

// Writes at most base64_len(len) characters to `out`, no final zero, and returns how many.
size_t base64url_encode(char *out, const char *bytes, size_t len);
// The bytes of what base64url_encode writes, and of nothing else: SIZE_MAX.
size_t base64url_decode(char *out, tact_str text);

#endif
