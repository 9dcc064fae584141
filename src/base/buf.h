// SPDX-License-Identifier: Apache-2.0
//
// Text or bytes that grow in an arena. Sticky: once memory runs out, appends do nothing and `failed` stays set, so a
// writer checks once at the end.
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/arena.h"

typedef struct buf {
    arena *arena; // NULL: it does not grow
    char *ptr;    // NULL until the first append
    size_t len, room;
    bool failed;
} buf;

static inline buf buf_in(arena *a) {
    buf b = {a, NULL, 0, 0, false};
    return b;
}
// In `size` bytes of the caller's, of which the last is for a final zero; what does not fit fails the buffer.
static inline buf buf_over(char *room, size_t size) {
    buf b = {NULL, room, 0, size, false};
    return b;
}
// The slow path of buf_add; not to be called from elsewhere.
void buf_add_growing(buf *b, const char *bytes, size_t len);
// Inline: what is packed is mostly numbers of a few bytes.
static inline void buf_add(buf *b, const char *bytes, size_t len) {
    if (__builtin_expect(b->failed || b->room - b->len <= len, 0)) {
        buf_add_growing(b, bytes, len);
    } else if (len) {
        memcpy(b->ptr + b->len, bytes, len);
        b->len += len;
    }
}
void buf_add_str(buf *b, tact_str s);
void buf_add_text(buf *b, const char *text); // up to its final zero
void buf_add_char(buf *b, char c);
void buf_add_repeat(buf *b, char c, size_t count);
void buf_add_code_point(buf *b, uint32_t c); // as UTF-8
void buf_printf(buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(buf *b, const char *format, va_list args);
// What was written, with a final zero that is not counted; {NULL, 0} if memory ran out. Lives as long as the arena.
tact_str buf_done(buf *b);

#endif
