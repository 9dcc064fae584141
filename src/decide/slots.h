// SPDX-License-Identifier: Apache-2.0
//
// What expressions read in one decision: a value for each slot of the bundle's environment, found when it is first read
// and kept. Events that the request carries are in the aggregates; segments are evaluated when somebody asks for them.
// The slots of the offer at hand lie together, so that going on to the next offer is one copy.
#ifndef DECIDE_SLOTS_H
#define DECIDE_SLOTS_H

#include "decide/decide.h"

enum {
    SLOTS_DEPTH_MAX = 16, // segments that are being evaluated because another one reads them
};

typedef struct slots {
    const bundle *bundle;
    const decide_request *request;
    const record *record; // NULL: nobody is known
    arena *arena;
    const decide_observer *observer; // NULL: nobody watches
    tact_cel_input rule, piece;      // for evaluating either
    tact_value *of;
    uint32_t offer_first; // the slot of the first of the offer's attributes; those of the others follow
    uint32_t propensity;
    uint32_t place;                            // what is being looked at, for the observer
    int32_t offer;                             // -1: none
    uint32_t depth;                            // of segments
    uint64_t purposes_known, purposes_granted; // bit by number
    bool out_of_memory; // the arena is full: what an expression came to for it is not to be trusted
} slots;

// TACT_NO_MEMORY. Everything given must outlive it; `known` and `o` may be NULL.
TACT_MUST_USE tact_err slots_init(slots *s, const bundle *b, const decide_request *request, const record *known,
                                  arena *a, const decide_observer *o);

// From now on rules read this offer (-1: none), at this of the request's placements.
void slots_turn(slots *s, uint32_t place, int32_t offer);
void slots_set_propensity(slots *s, tact_value propensity);

// What a rule comes to, told to the observer. The rule has a program.
tact_value slots_rule(slots *s, const bundle_rule *rule);
// What a part of a text comes to; the observer hears only what it reads.
tact_value slots_piece(slots *s, const tact_cel_program *program);
// The value of a slot that belongs to no offer, as rules read it.
tact_value slots_value(slots *s, uint32_t slot);
bool slots_granted(slots *s, uint32_t purpose);

#endif
