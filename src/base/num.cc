// SPDX-License-Identifier: Apache-2.0
//
// Text and numbers by <charconv>, which knows no locale and never allocates. The subtle part is what <charconv> leaves
// open: Go's choice between plain and scientific notation, and telling a number too large from one too small.
#include "base/num.h"

#include <charconv>
#include <cmath>

namespace {

// A finite number's shortest digits d1 d2 d3 … and the power of ten of the first: d1.d2d3… * 10^exponent.
struct Digits {
    bool negative;
    int count;
    int exponent;
    char text[20]; // 17 suffice for any double
};

Digits shortest(double d) {
    Digits s = {std::signbit(d), 0, 0, {}};
    char text[32];
    const char *end = std::to_chars(text, text + sizeof text, std::fabs(d), std::chars_format::scientific).ptr;
    const char *at = text;
    for (; at < end && *at != 'e'; at++) {
        if (*at != '.') s.text[s.count++] = *at;
    }
    at += at + 1 < end && at[1] == '+' ? 2 : 1; // from_chars reads no plus
    std::from_chars(at, end, s.exponent);
    return s;
}

size_t copy(char *out, const char *text) {
    size_t len = strlen(text);
    memcpy(out, text, len);
    return len;
}

char *fill(char *out, int count) {
    for (; count > 0; count--) *out++ = '0';
    return out;
}

// 123.45, 123000 or 0.00123
size_t print_plain(char *out, const Digits &s) {
    char *at = out;
    if (s.negative) *at++ = '-';
    if (s.exponent < 0) {
        *at++ = '0', *at++ = '.';
        at = fill(at, -s.exponent - 1);
    }
    for (int i = 0; i < s.count; i++) {
        if (i > 0 && i == s.exponent + 1) *at++ = '.';
        *at++ = s.text[i];
    }
    return (size_t)(fill(at, s.exponent + 1 - s.count) - out);
}

// 1.2345e+20
size_t print_scientific(char *out, const Digits &s) {
    char *at = out;
    if (s.negative) *at++ = '-';
    *at++ = s.text[0];
    if (s.count > 1) *at++ = '.';
    for (int i = 1; i < s.count; i++) *at++ = s.text[i];
    int size = s.exponent < 0 ? -s.exponent : s.exponent;
    *at++ = 'e', *at++ = s.exponent < 0 ? '-' : '+';
    if (size < 10) *at++ = '0';
    return (size_t)(std::to_chars(at, at + 4, size).ptr - out);
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Whether `text`, an unsigned decimal number, stands for one that is less than 1: what is out of a double's range is
// then too small, not too large. The exponent is read up to a bound that no length of text can make up for.
bool below_one(const char *at, const char *end) {
    const int64_t bound = INT64_C(1) << 40;
    int64_t point = 0; // the power of ten of the first digit that is not zero, plus one
    bool seen = false, fraction = false;
    for (; at < end && (is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            fraction = true;
        } else if (!seen && *at == '0') {
            point -= fraction;
        } else {
            seen = true;
            point += !fraction;
        }
    }
    if (at == end) return point <= 0;
    at++; // the e
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    int64_t exponent = 0;
    for (; at < end; at++) {
        if (exponent < bound) exponent = exponent * 10 + (*at - '0');
    }
    return point + (negative ? -exponent : exponent) <= 0;
}

bool is_word(const char *at, const char *end, const char *word) {
    size_t len = strlen(word);
    if ((size_t)(end - at) != len) return false;
    for (size_t i = 0; i < len; i++) {
        if ((at[i] | 0x20) != word[i]) return false;
    }
    return true;
}

template <typename Number> bool parse_integer(tact_str text, int base, Number *out) {
    const char *end = text.ptr + text.len;
    auto [at, error] = std::from_chars(text.ptr, end, *out, base);
    return error == std::errc() && at == end;
}

} // namespace

size_t num_print_double(char *out, double d) {
    if (std::isnan(d)) return copy(out, "NaN");
    if (std::isinf(d)) return copy(out, d < 0 ? "-Inf" : "+Inf");
    Digits s = shortest(d);
    return s.exponent < -4 || s.exponent >= 6 ? print_scientific(out, s) : print_plain(out, s);
}

size_t num_print_plain(char *out, double d) {
    return print_plain(out, shortest(d));
}

size_t num_print_fixed(char *out, double d, int digits) {
    return (size_t)(std::to_chars(out, out + NUM_TEXT_MAX, d, std::chars_format::fixed, digits).ptr - out);
}

size_t num_print_scientific(char *out, double d, int digits) {
    return (size_t)(std::to_chars(out, out + NUM_TEXT_MAX, d, std::chars_format::scientific, digits).ptr - out);
}

bool num_parse_double(tact_str text, double *out) {
    const char *at = text.ptr, *end = text.ptr + text.len;
    bool negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    double d = 0.0;
    if (is_word(at, end, "inf") || is_word(at, end, "infinity")) {
        d = HUGE_VAL;
    } else if (is_word(at, end, "nan")) {
        d = NAN;
    } else {
        if (at == end || !(is_digit(*at) || *at == '.')) return false; // a second sign, or a word
        auto [stop, error] = std::from_chars(at, end, d);
        if (stop != end || error == std::errc::invalid_argument) return false;
        if (error == std::errc::result_out_of_range) {
            if (!below_one(at, end)) return false;
            d = 0.0;
        }
    }
    *out = negative ? -d : d;
    return true;
}

bool num_parse_int(tact_str text, int base, int64_t *out) {
    if (text.len > 1 && text.ptr[0] == '+' && text.ptr[1] != '-') text.ptr++, text.len--;
    return parse_integer(text, base, out);
}

bool num_parse_uint(tact_str text, int base, uint64_t *out) {
    return parse_integer(text, base, out);
}
