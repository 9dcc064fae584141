// SPDX-License-Identifier: Apache-2.0
//
// Base64: three bytes become four characters of six bits each; the last group may have fewer of both.
#include "base/base64.h"

// The two differ in their last digits.
static const char standard[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char of_urls[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Whole groups, and what is left of the last one, unpadded.
static char *encode(char *out, const char *bytes, size_t len, const char digits[64]) {
    const unsigned char *in = (const unsigned char *)bytes;
    for (; len >= 3; len -= 3, in += 3) {
        const uint32_t group = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = digits[group >> 6 & 63];
        *out++ = digits[group & 63];
    }
    if (!len) return out;
    const uint32_t group = (uint32_t)in[0] << 16 | (len > 1 ? (uint32_t)in[1] << 8 : 0);
    *out++ = digits[group >> 18];
    *out++ = digits[group >> 12 & 63];
    if (len > 1) *out++ = digits[group >> 6 & 63];
    return out;
}

void base64_encode(char *out, const char *bytes, size_t len) {
    const char *end = out + base64_len(len);
    for (out = encode(out, bytes, len, standard); out < end;) *out++ = '=';
}

size_t base64url_encode(char *out, const char *bytes, size_t len) {
    return (size_t)(encode(out, bytes, len, of_urls) - out);
}

// The six bits that a character stands for, or -1.
static int six_bits(char c, const char digits[64]) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == digits[62] ? 62 : c == digits[63] ? 63 : -1;
}

// The text's length without its padding, which completes groups of four or is missing; SIZE_MAX if it is neither.
static size_t unpadded(tact_str text) {
    size_t len = text.len, padding = 0;
    while (padding < 2 && len > 0 && text.ptr[len - 1] == '=') len--, padding++;
    bool wrong = (padding > 0 && text.len % 4 != 0) || len % 4 == 1;
    return wrong ? SIZE_MAX : len;
}

// Returns the bits that are left of the last group, which an encoder leaves at zero; -1: `*bad` is not of the alphabet.
static int decode(char *out, tact_str text, const char digits[64], size_t *bad) {
    uint32_t bits = 0;
    for (size_t i = 0; i < text.len; i++) {
        const int six = six_bits(text.ptr[i], digits);
        if (six < 0) {
            *bad = i;
            return -1;
        }
        bits = bits << 6 | (uint32_t)six;
        if (i % 4 != 0) *out++ = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
    }
    return (int)(bits & ((1U << text.len % 4 * 6 % 8) - 1));
}

size_t base64_decode(char *out, tact_str text, size_t *bad) {
    const size_t len = unpadded(text);
    *bad = text.len;
    if (len == SIZE_MAX || decode(out, (tact_str){text.ptr, len}, standard, bad) < 0) return SIZE_MAX;
    return len * 3 / 4;
}

size_t base64url_decode(char *out, tact_str text) {
    size_t bad;
    if (text.len % 4 == 1 || decode(out, text, of_urls, &bad) != 0) return SIZE_MAX;
    return text.len * 3 / 4;
}
