// SPDX-License-Identifier: Apache-2.0
//
// What the property test decides about, made up at random: bundles in which everything that a bundle can say occurs,
// small enough that one can read them; persons of whom something is known and much is not; requests, at moments at
// which something begins, ends, or leaves a window, or the clocks are changed. What is drawn here are questions and
// never answers. The same for the same seed.
#ifndef TESTS_DECIDE_PLAIN_MADE_H
#define TESTS_DECIDE_PLAIN_MADE_H

#include "base/buf.h"
#include "decide/decide.h"

uint64_t made_below(uint64_t *seed, uint64_t bound); // 0 to bound - 1
bool made_chance(uint64_t *seed, uint32_t percent);

// A whole bundle as one bundle.yaml.
void made_bundle(uint64_t *seed, buf *out);

typedef struct made_times { // moments of a bundle at which something changes
    int64_t *of_ms;
    uint32_t count;
} made_times;
made_times made_times_of(const bundle *b, arena *a);
// One of them or close to it, or any of 2026.
int64_t made_moment(uint64_t *seed, const made_times *times);

typedef struct made_count { // counted, and in no record yet
    uint64_t tally;
    int64_t time_ms;
    bool everyone;
} made_count;

typedef struct made_person {
    const merged *known; // NULL: nobody
    record record;       // of it
    tact_str unit;
    made_count *counts;
    uint32_t counts_count;
    decide_person person; // the question: refers to the above
} made_person;

// Whose times lie about `now_ms`. Everything in the arena; stays where it is.
made_person *made_person_draw(uint64_t *seed, const bundle *b, int64_t now_ms, arena *a);
// Appends what it is made of, as people read it.
void made_person_print(buf *out, const bundle *b, const made_person *p);

decide_request made_request_draw(uint64_t *seed, const bundle *b, int64_t now_ms, arena *a);
void made_request_print(buf *out, const bundle *b, const decide_request *request);

#endif
