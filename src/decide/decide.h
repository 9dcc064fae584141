// SPDX-License-Identifier: Apache-2.0
//
// One decision, pure: a request, a bundle, what is known of the person, now and a seed come in; an answer and what is
// to be counted come out. Nothing is stored, nothing asks a clock; the same inputs give the same bytes on every
// machine.
//
// The stages of bundle/stage_tbl.h run in their order over the candidates of each placement, each in place over what
// the one before left, so that work grows with what is left. Who wants to know why passes an observer: it sees the same
// run, and an observed decision comes out like one that is not.
//
// Memory is taken from the caller's arena alone; what is known of the person is read where it lies.
#ifndef DECIDE_DECIDE_H
#define DECIDE_DECIDE_H

#include "bundle/bundle.h"
#include "bundle/test.h"
#include "store/record.h"

enum {
    DECIDE_PLACEMENTS_MAX = 16, // of one request
    DECIDE_EVENTS_MAX = 64,     // that a request carries
    DECIDE_UNIT_MAX = 600,      // bytes of what experiments hash
};

// ---- What comes in --------------------------------------------------------------------------------------------------

typedef struct decide_event { // happens with the request, at its now; counts in this decision already
    uint32_t event;           // the schema's number
    const command_value *values;
    uint32_t values_count;
    int32_t offer, placement; // that it is of (its token says so); -1: none
} decide_event;

typedef struct decide_request {
    const uint32_t *placements; // the bundle's numbers, none twice, in the order of the request
    uint32_t placements_count;
    const tact_value *context; // by the bundle's context; UNRESOLVED: not given, so its default. NULL: none is
    const decide_event *events;
    uint32_t events_count;
    int64_t now_ms;
    uint64_t seed; // decides ties where a placement says so
    bool past;     // `now_ms` is not the clock's: what counted after it does not count
    bool late;     // there is no time: the placements' fallbacks alone, no rule, no experiment, no rank
    // What is granted at `now_ms` counts only if it is granted at this time, too, which is the clock's: who asks about
    // another time is not shown what has ended since, or has not begun. 0: at `now_ms` alone.
    int64_t asked_ms;
    uint64_t denied; // purposes, a bit by number, that somebody else whom the request names has denied
} decide_request;

// How often counters counted beyond what the record says. Pure: the same answers during one decision.
typedef struct decide_counts {
    // Of this person, at or after `since_ms`: what was decided or recorded and is not committed yet; less than nothing
    // where the record says more than is to count. NULL: nothing is.
    int64_t (*of_person)(void *context, uint64_t tally, int64_t since_ms);
    // Of everyone, committed or not. NULL: nothing ever was.
    uint64_t (*of_everyone)(void *context, uint64_t tally, int64_t since_ms);
    void *context;
} decide_counts;

typedef struct decide_person {
    const record *record; // NULL: nobody is known; an empty profile, without any consent but the defaults
    // What experiments and holdouts hash: "namespace:value" of the person's oldest identity, or of the request's first
    // one if nobody is known. Empty: there is none; then no experiment applies, and nobody is held out.
    tact_str unit;
    decide_counts counts;
} decide_person;

// ---- What comes out -------------------------------------------------------------------------------------------------

typedef struct decide_choice {
    uint32_t offer, content;  // the bundle's numbers
    double propensity, score; // 0 of a fallback; a propensity of NaN: it has no value, and the ranking did without
    bool fallback;
    const tact_value *fields; // by the placement's fields; NULL kind: an optional one that it does not bring
} decide_choice;

typedef struct decide_place {
    uint32_t placement;
    uint32_t ranking;             // by which it was ordered, experiments considered
    const decide_choice *choices; // at most the placement's slots, best first
    uint32_t choices_count;
} decide_place;

typedef struct decide_arm { // that the person is in
    uint32_t experiment, arm;
} decide_arm;

typedef struct decide_count { // what the answer counts, if it is given: caps on decisions
    uint64_t tally;
    uint32_t keep;
    bool everyone;
} decide_count;

typedef struct decide_answer {  // everything in the arena
    const decide_place *places; // by the request's placements
    uint32_t places_count;
    const decide_arm *arms;
    uint32_t arms_count;
    bool held_out;
    const decide_count *counts; // one of each tally and choice
    uint32_t counts_count;
    uint32_t removed[BUNDLE_STAGES]; // candidates of all placements, by the stage that took them away; by CONTENT, if
                                     // nobody watches, those alone that would have been shown
} decide_answer;

// ---- Watching -------------------------------------------------------------------------------------------------------

typedef struct decide_why {  // why an offer was removed
    const bundle_rule *rule; // whose value it was; NULL: none
    tact_value value;        // the rule's: false, or a fault
    const bundle_cap *cap;   // CAPS: that leaves no room
    uint64_t counted;        // CAPS: so often
    uint32_t text;           // CONTENT: the field without a value, by its placement's fields
    int32_t other;           // RANK: the placement that shows it (the bundle's number), or -1: it came too late
} decide_why;

// `place` is the placement's place in the request. Who is told of rules and asks why offers were removed is told of all
// candidates; unless somebody is, texts of content are computed of what is shown alone.
#define DECIDE_NO_PLACE UINT32_MAX // of an experiment's rule

typedef struct decide_observer { // each may be NULL
    void *context;
    // Before a rule is evaluated, its sub-expressions as they get values (see tact_cel_observe), and what it came to.
    // A segment's rule is evaluated while the rule that reads it is: these calls nest.
    void (*begins)(void *context, const bundle_rule *rule, uint32_t place, int32_t offer); // -1: of no offer
    tact_cel_observe *observes;
    void (*ends)(void *context, const bundle_rule *rule, tact_value value);
    // The first time that anything reads it; not of what belongs to an offer.
    void (*reads)(void *context, uint32_t slot, tact_value value);
    void (*removes)(void *context, uint32_t place, uint32_t offer, bundle_stage stage, const decide_why *why);
    void (*scores)(void *context, uint32_t place, uint32_t offer, double propensity, double score);
    // Of every cap that was looked at, up to the first that leaves none; again where choices of this answer count for
    // it.
    void (*room)(void *context, uint32_t place, uint32_t offer, const bundle_cap *cap, uint64_t counted);
} decide_observer;

// Decides. `o` may be NULL. TACT_NO_MEMORY; TACT_USAGE: a number that is none.
TACT_MUST_USE tact_err decide_run(const bundle *b, const decide_request *request, const decide_person *person, arena *a,
                                  const decide_observer *o, decide_answer *out, tact_error *error);

// ---- Parts that others need -----------------------------------------------------------------------------------------

// The counters that an occurrence of `on` (ON_EVENT: of `event`) of an offer at a placement counts (-1: none), those
// that some cap looks at; at most `max` of them are written, the number is returned.
uint32_t decide_tallies(const bundle *b, bundle_count on, int32_t event, int32_t offer, int32_t placement,
                        decide_count *out, uint32_t max);
// Since when a cap counts at `now_ms`: the beginning of its span, calendar periods in the bundle's time zone.
int64_t decide_since(const bundle *b, const bundle_cap *cap, int64_t now_ms);

// Whether a purpose is granted: of nobody who is known (NULL) if it is by default.
bool decide_granted(const schema *sc, const decide_request *q, const record *known, uint32_t purpose);

// Where a unit falls for a seed, in [0, 10000): GrowthBook's hash, version 2 (docs.growthbook.io, "Build your own
// SDK"): fnv32a(decimal(fnv32a(seed + unit))) mod 10000, the hashes of UTF-8 bytes.
uint32_t decide_bucket(tact_str seed, tact_str unit);

#endif
