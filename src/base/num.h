// SPDX-License-Identifier: Apache-2.0
//
// Numbers to text and back, independent of the process's locale. Exact: printing gives the shortest digits that read
// back as the same number. A thin C face over C++17's <charconv> (num.cc).
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "tact/core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define NUM_DIGITS_MAX 100 // after the point, in num_print_fixed and num_print_scientific
#define NUM_TEXT_MAX 416   // enough for any double in any notation: sign, 309 digits, point, NUM_DIGITS_MAX digits

// Shortest form that reads back the same, as Go's %g has it: with an exponent of at least two digits from 1e+06 on and
// below 1e-04 ("0.1", "1e+100", "-0"); "NaN", "+Inf", "-Inf". Returns bytes written to `out` (NUM_TEXT_MAX), no final
// zero; so do the next three.
size_t num_print_double(char *out, double d);
// The same digits without an exponent: "1000000", "0.00001". Finite numbers only, here and below.
size_t num_print_plain(char *out, double d);
// Fixed ("12.50") or scientific ("1.25e+01") notation with `digits` (0 to NUM_DIGITS_MAX) after the point, correctly
// rounded.
size_t num_print_fixed(char *out, double d, int digits);
size_t num_print_scientific(char *out, double d, int digits);
// The whole text as a double: decimal with optional sign, point and exponent, or (any case) "inf", "infinity", "nan".
// False if it is anything else or the magnitude overflows; what is too small for a double reads as zero.
bool num_parse_double(tact_str text, double *out);
// The whole text as an integer in base 2 to 36, with an optional sign for the signed one; false if not, or out of
// range.
bool num_parse_int(tact_str text, int base, int64_t *out);
bool num_parse_uint(tact_str text, int base, uint64_t *out);

#ifdef __cplusplus
}
#endif
#endif
