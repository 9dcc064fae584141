// SPDX-License-Identifier: Apache-2.0
//
// Cases of text: each *.txt of a folder holds some, each an input and the whole report that it must give, or nothing if
// it is well.
//
//      # comment, before the first case
//
//      === title
//      identities: {crm: {unqiue: true}}
//      --->
//      schema.yaml:1:20: error: …
#ifndef TESTS_BUNDLE_GOLDEN_H
#define TESTS_BUNDLE_GOLDEN_H

#include "base/arena.h"

typedef struct golden {
    const char *name; // "syntax.txt: title"
    tact_str text, report;
} golden;

// All cases of the folder, in the arena; their count, 0 if there are none or memory ran out.
size_t golden_read(arena *a, const char *folder, golden **out);

#endif
