// SPDX-License-Identifier: Apache-2.0
//
// Growing text in an arena. While it is the arena's newest allocation it grows in place, so writing one buffer at a
// time copies nothing.
#include "base/buf.h"

#include <stdio.h>

#include "base/utf8.h"

#define ROOM_MIN 64

// Room for `more` bytes and a final zero.
static bool reserve(buf *b, size_t more) {
    if (b->failed) return false;
    if (b->ptr && b->room - b->len > more) return true;
    size_t wanted = b->room ? b->room * 2 : ROOM_MIN;
    if (!b->arena || more > SIZE_MAX / 4 - b->len || wanted > SIZE_MAX / 4) {
        b->failed = true;
        return false;
    }
    if (wanted <= b->len + more) wanted = b->len + more + 1;
    char *p = arena_extend(b->arena, b->ptr, b->room, wanted, 1);
    if (!p) { // the bound may still allow exactly what is needed
        wanted = b->len + more + 1;
        p = arena_extend(b->arena, b->ptr, b->room, wanted, 1);
    }
    if (!p) {
        b->failed = true;
        return false;
    }
    b->ptr = p;
    b->room = wanted;
    return true;
}

void buf_add_growing(buf *b, const char *bytes, size_t len) {
    if (len == 0 || !reserve(b, len)) return;
    memcpy(b->ptr + b->len, bytes, len);
    b->len += len;
}

void buf_add_str(buf *b, tact_str s) {
    buf_add(b, s.ptr, s.len);
}

void buf_add_text(buf *b, const char *text) {
    buf_add(b, text, strlen(text));
}

void buf_add_char(buf *b, char c) {
    buf_add(b, &c, 1);
}

void buf_add_repeat(buf *b, char c, size_t count) {
    if (count == 0 || !reserve(b, count)) return;
    memset(b->ptr + b->len, c, count);
    b->len += count;
}

void buf_add_code_point(buf *b, uint32_t c) {
    char bytes[4];
    buf_add(b, bytes, utf8_put(bytes, c));
}

void buf_vprintf(buf *b, const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    if (len < 0) {
        b->failed = true;
    } else if (len > 0 && reserve(b, (size_t)len)) {
        vsnprintf(b->ptr + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

void buf_printf(buf *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

tact_str buf_done(buf *b) {
    tact_str none = {NULL, 0};
    if (!reserve(b, 0)) return none;
    b->ptr[b->len] = '\0';
    tact_str s = {b->ptr, b->len};
    return s;
}
