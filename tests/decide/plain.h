// SPDX-License-Identifier: Apache-2.0
//
// A decision, worked out the plain way: what docs/bundle.md and the headers say, sentence by sentence. Every slot has
// its value before the first rule is looked at, every candidate goes through every stage alone, everything that is left
// is sorted whole, and the answer is gone through again wherever something is to be counted. Slow, and meant to be
// obviously right. Of src/decide only the types are used.
#ifndef TESTS_DECIDE_PLAIN_H
#define TESTS_DECIDE_PLAIN_H

#include "decide/decide.h"

typedef struct plain_fate { // of an offer at a placement
    bool candidate;         // it has content there
    bool removed;           // else it is shown
    bundle_stage stage;     // that removed it
    decide_why why;
    bool scored; // it came so far
    double propensity, score;
} plain_fate;

typedef struct plain_answer {
    decide_answer answer;
    plain_fate **fates; // by the request's placements, then the bundle's offers
} plain_answer;

// Everything in the arena. `known` is what `person->record` was built from; NULL with it.
void plain_decide(const bundle *b, const decide_request *request, const decide_person *person, const merged *known,
                  arena *a, plain_answer *out);

// What decide_since, decide_tallies and decide_bucket have to answer.
int64_t plain_since(const bundle *b, const bundle_cap *cap, int64_t now_ms);
uint32_t plain_tallies(const bundle *b, bundle_count on, int32_t event, int32_t offer, int32_t placement,
                       decide_count *out);
uint32_t plain_bucket(tact_str seed, tact_str unit);

// Alike in every bit, but for NaNs, which are all alike; of faults, which fault it is.
bool plain_alike(tact_value a, tact_value b);

#endif
