// SPDX-License-Identifier: Apache-2.0
//
// Decisions for tests: the small shop of build_case.h with what the test adds to it, a person made by commands, a
// request; and the answer as a line of text.
#ifndef TESTS_DECIDING_H
#define TESTS_DECIDING_H

#include "../bundle/build_case.h"
#include "decide/decide.h"

#define DECIDING_NOW INT64_C(1796119200000) // 2026-12-01T10:00:00Z, a Tuesday; in Berlin it is eleven
#define DECIDING_MINUTE INT64_C(60000)
#define DECIDING_HOUR (60 * DECIDING_MINUTE)
#define DECIDING_DAY (24 * DECIDING_HOUR)

typedef struct deciding {
    build_case c;
    bundle *bundle;
    strand strand;
    bool known; // else nobody is
    record record;
    decide_request request;
    decide_person person;
    uint32_t placements[DECIDE_PLACEMENTS_MAX];
    tact_value *context;
    decide_event events[DECIDE_EVENTS_MAX];
    decide_answer answer;
} deciding;

// The request is for all placements in the order of their names, at DECIDING_NOW; the person is nobody until something
// is applied.
void deciding_open(deciding *d, const char *text);
void deciding_close(deciding *d);

void deciding_ask(deciding *d, ...); // names of placements, then NULL
void deciding_context(deciding *d, const char *name, tact_value v);
void deciding_carry(deciding *d, const char *event, const char *offer, const char *placement); // in the request
void deciding_set(deciding *d, const char *attribute, tact_value v, int64_t time_ms);
void deciding_say(deciding *d, const char *purpose, consent_state state);
void deciding_happened(deciding *d, const char *event, int64_t time_ms);
// Counts for all caps that look at it.
void deciding_counted(deciding *d, bundle_count on, const char *offer, const char *placement, int64_t time_ms);

// Decides, observed and not, asserts that both answers are alike in every byte, and gives the answer: "chat: a b;
// home: f (fallback)". In the case's memory.
const char *deciding_run(deciding *d);
// Why the offer was not shown, at the first placement that it was a candidate of: its stage, and what the observer was
// told: "caps offers.o.caps[0] 2". NULL: it was not removed.
const char *deciding_why(deciding *d, const char *offer);

uint32_t deciding_offer(const deciding *d, const char *name);
uint32_t deciding_placement(const deciding *d, const char *name);

#endif
