// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions of RE2's syntax: matching takes time linear in the text whatever the pattern, in bounded memory.
// A thin C face over RE2 (regex.cc); a compiled pattern is immutable and may be used by many threads at once.
#ifndef CEL_REGEX_H
#define CEL_REGEX_H

#include "base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

// What one pattern may take, program and caches together. RE2 refuses patterns that expand to more (some 2,700 of its
// instructions), and falls back to a slower, still linear, way where its caches do not fit. Compiling one that just
// fits takes some milliseconds.
#define REGEX_MEMORY_MAX (1 << 18)

typedef struct regex regex;

// Compiles `pattern`. NULL: it is no regular expression, or too large; `*why` says so in full, in the arena (and is
// NULL if memory ran out). Free with regex_free, or see regex_in.
TACT_MUST_USE regex *regex_new(tact_str pattern, arena *a, const char **why);
void regex_free(regex *re); // NULL is allowed
// The same, freed when the arena is reset or freed.
TACT_MUST_USE regex *regex_in(arena *a, tact_str pattern, const char **why);

// Whether some part of `text` (valid UTF-8) matches.
bool regex_matches(const regex *re, tact_str text);
// How many instructions the pattern compiled to: what a byte of text costs at worst.
uint32_t regex_size(const regex *re);

#ifdef __cplusplus
}
#endif
#endif
