// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean …?": the name nearest to one that was mistyped, out of a stream of candidates.
#ifndef BASE_NEAR_H
#define BASE_NEAR_H

#include "tact/core.h"

#define NEAR_LENGTH_MAX 64   // bytes of a name that is measured; longer ones are near only if equal but for case
#define NEAR_BEGINNING_MIN 3 // bytes that a beginning must have in common

typedef struct near {
    tact_str wanted; // borrowed
    tact_str best;   // the nearest candidate so far (borrowed); empty if none is near
    uint32_t rank;   // of `best`: less is nearer
    bool beginnings; // set by the caller: a name that begins as the other does is near too, after all others
} near;

static inline near near_to(tact_str wanted) {
    near n = {wanted, {NULL, 0}, UINT32_MAX, false};
    return n;
}
// Offers a candidate. Names are near if insertions, deletions, replacements and swaps of neighbours turn one into the
// other, at most one for every three bytes of the shorter; case never counts. Dotted names are compared whole and, as
// second best, by what follows the last dot. Of equally near candidates the first stays.
void near_offer(near *n, tact_str candidate);

#endif
