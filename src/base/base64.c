// SPDX-License-Identifier: Apache-2.0
//
// Base64: three bytes become four characters of six bits each; the last group is padded with `=`.
#include "base/base64.h"

void base64_encode(char *out, const char *bytes, size_t len) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *in = (const unsigned char *)bytes;
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t group = (uint32_t)in[i] << 16;
        if (left > 1) group |= (uint32_t)in[i + 1] << 8;
        if (left > 2) group |= in[i + 2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = left > 1 ? digits[group >> 6 & 63] : '=';
        *out++ = left > 2 ? digits[group & 63] : '=';
    }
}

// The six bits that a character stands for, or -1.
static int six_bits(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The text's length without its padding, which completes groups of four or is missing; SIZE_MAX if it is neither.
static size_t unpadded(tact_str text) {
    size_t len = text.len, padding = 0;
    while (padding < 2 && len > 0 && text.ptr[len - 1] == '=') len--, padding++;
    bool wrong = (padding > 0 && text.len % 4 != 0) || len % 4 == 1;
    return wrong ? SIZE_MAX : len;
}

size_t base64_decode(char *out, tact_str text, size_t *bad) {
    size_t len = unpadded(text), decoded = 0;
    uint32_t bits = 0;
    *bad = text.len;
    if (len == SIZE_MAX) return SIZE_MAX;
    for (size_t i = 0; i < len; i++) {
        int six = six_bits(text.ptr[i]);
        if (six < 0) {
            *bad = i;
            return SIZE_MAX;
        }
        bits = bits << 6 | (uint32_t)six;
        if (i % 4 != 0) out[decoded++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
    }
    return decoded;
}
