// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "tact/core.h"

#define UTF8_BAD UINT32_MAX
#define UTF8_REPLACEMENT "\ufffd" // stands for what cannot be shown
#define UTF8_ELLIPSIS "\u2026"    // and for what is left out

// Decodes the code point at `*at` and moves `*at` behind it. On a malformed sequence returns UTF8_BAD and moves one
// byte on. `*at < end` must hold.
uint32_t utf8_next(const char **at, const char *end);
// Writes `c` to `out` (room for 4) and returns its length in bytes; 0 if it is not a code point.
size_t utf8_put(char *out, uint32_t c);
bool utf8_valid(const char *ptr, size_t len);
// Code points in a valid string.
size_t utf8_count(const char *ptr, size_t len);
// Byte offset of code point `index` of a valid string; `len` if there are no more than `index`.
size_t utf8_offset(const char *ptr, size_t len, size_t index);
// Letters, marks, numbers, punctuation, symbols and the plain space; not controls, other white space, marks of
// direction or code points that mean nothing.
bool utf8_printable(uint32_t c);
// The lower-case letter of an upper-case one, by Unicode's simple mapping; any other code point itself.
uint32_t utf8_lower(uint32_t c);
bool utf8_space(uint32_t c); // white space, line ends among it
// Moves `*at` behind the next character, and behind a joiner (U+200D) that ties it to an emoji. False if what was
// passed is not to be shown to a person as it is: malformed, or not printable.
bool utf8_next_shown(const char **at, const char *end);

// Text of somebody else's within a message: on one line, what is not to be shown as U+FFFD, and behind the first
// UTF8_SHOWN_MAX characters nothing but an ellipsis. A few dozen tell which text it was.
#define UTF8_SHOWN_MAX 60
typedef struct utf8_shown {
    char text[7 * UTF8_SHOWN_MAX + sizeof UTF8_ELLIPSIS]; // a character and a joiner take 7 bytes
} utf8_shown;
const char *utf8_show(utf8_shown *room, tact_str text); // room->text

// Columns that a terminal uses for the text: 0 for combining marks, 2 for wide characters.
size_t utf8_width(const char *ptr, size_t len);

#endif
