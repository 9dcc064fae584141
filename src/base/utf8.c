// SPDX-License-Identifier: Apache-2.0
//
// UTF-8, decoded strictly. The subtle part is the second byte: which values it may have after E0, ED, F0 and F4 is all
// that keeps out overlong forms, surrogates and what is above U+10FFFF (RFC 3629, section 4).
#include "base/utf8.h"

#include <utf8proc.h>

#define JOINER 0x200d // zero width joiner

static bool is_continuation(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

// Length of the well-formed sequence that begins at `p`, which is not ASCII; 0 if there is none.
static size_t sequence_len(const unsigned char *p, const unsigned char *end) {
    unsigned char lead = p[0], low = 0x80, high = 0xbf;
    size_t len = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (len == 0 || (size_t)(end - p) < len) return 0;
    switch (lead) {
    case 0xe0: low = 0xa0; break;  // below: overlong
    case 0xed: high = 0x9f; break; // above: surrogates
    case 0xf0: low = 0x90; break;  // below: overlong
    case 0xf4: high = 0x8f; break; // above: beyond U+10FFFF
    default: break;
    }
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++) {
        if (!is_continuation(p[i])) return 0;
    }
    return len;
}

uint32_t utf8_next(const char **at, const char *end) {
    const unsigned char *p = (const unsigned char *)*at;
    if (p[0] < 0x80) {
        *at += 1;
        return p[0];
    }
    size_t len = sequence_len(p, (const unsigned char *)end);
    if (len == 0) {
        *at += 1;
        return UTF8_BAD;
    }
    *at += len;
    uint32_t c = p[0] & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) c = c << 6 | (p[i] & 0x3fu);
    return c;
}

size_t utf8_put(char *out, uint32_t c) {
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 0;
    size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)((0xf00u >> len & 0xff) | c);
    return len;
}

bool utf8_valid(const char *ptr, size_t len) {
    if (len == 0) return true; // `ptr` may be NULL
    const unsigned char *p = (const unsigned char *)ptr, *end = p + len;
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), (eight & UINT64_C(0x8080808080808080)) == 0)) {
            p += 8;
        } else if (*p < 0x80) {
            p++;
        } else {
            size_t sequence = sequence_len(p, end);
            if (sequence == 0) return false;
            p += sequence;
        }
    }
    return true;
}

size_t utf8_count(const char *ptr, size_t len) {
    size_t count = 0;
    for (size_t i = 0; i < len; i++) count += !is_continuation((unsigned char)ptr[i]);
    return count;
}

size_t utf8_offset(const char *ptr, size_t len, size_t index) {
    size_t i = 0;
    for (; i < len; i++) {
        if (!is_continuation((unsigned char)ptr[i]) && index-- == 0) break;
    }
    return i;
}

bool utf8_printable(uint32_t c) {
    if (c < 0x80) return c >= 0x20 && c != 0x7f;
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_SO;
}

uint32_t utf8_lower(uint32_t c) {
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

bool utf8_space(uint32_t c) {
    if (c < 0x80) return c == ' ' || (c >= '\t' && c <= '\r');
    utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
    return c == 0x85 || (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP);
}

static bool is_emoji(uint32_t c) {
    return c >= 0x80 && c != UTF8_BAD && utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_SO;
}

bool utf8_next_shown(const char **at, const char *end) {
    uint32_t c = utf8_next(at, end);
    if (c == UTF8_BAD || !utf8_printable(c)) return false;
    const char *next = *at;
    if (c < 0x80 || next == end || utf8_next(&next, end) != JOINER || next == end) return true;
    const char *joiner_end = next;
    if (is_emoji(utf8_next(&next, end))) *at = joiner_end;
    return true;
}

static char *put(char *out, const char *text, size_t len) {
    memcpy(out, text, len);
    return out + len;
}

// How many of the first `max` bytes are ASCII that can be printed.
static size_t plain_prefix(tact_str text, size_t max) {
    size_t len = 0;
    while (len < max && len < text.len && text.ptr[len] >= ' ' && text.ptr[len] <= '~') len++;
    return len;
}

// Names are plain from end to end, nearly always.
const char *utf8_show(utf8_shown *room, tact_str text) {
    if (!text.len) text.ptr = "";
    const size_t plain = plain_prefix(text, UTF8_SHOWN_MAX);
    char *out = put(room->text, text.ptr, plain);
    const char *at = text.ptr + plain, *end = text.ptr + text.len;
    for (size_t i = plain; i < UTF8_SHOWN_MAX && at < end; i++) {
        const char *from = at;
        bool shown = utf8_next_shown(&at, end);
        out = put(out, shown ? from : UTF8_REPLACEMENT, shown ? (size_t)(at - from) : sizeof UTF8_REPLACEMENT - 1);
    }
    if (at < end) out = put(out, UTF8_ELLIPSIS, sizeof UTF8_ELLIPSIS - 1);
    *out = '\0';
    return room->text;
}

size_t utf8_width(const char *ptr, size_t len) {
    if (len == 0) return 0;
    size_t width = 0;
    for (const char *at = ptr, *end = ptr + len; at < end;) {
        uint32_t c = utf8_next(&at, end);
        // A malformed byte shows as one replacement character.
        width += c == UTF8_BAD ? 1 : (size_t)utf8proc_charwidth((utf8proc_int32_t)c);
    }
    return width;
}
