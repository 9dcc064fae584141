// SPDX-License-Identifier: Apache-2.0
//
// Whether caps leave room. What has counted for a cap is what the record says, what was counted since and is not in it
// yet (decide_counts), and what this very request and answer add: events that came with it, choices made so far.
#ifndef DECIDE_CAPS_H
#define DECIDE_CAPS_H

#include "decide/decide.h"

// Where something of an offer at a placement happens, and where caps stand: offer, group, channel, placement.
enum { CAPS_SITES = 4, CAPS_OF_CHOICE_MAX = CAPS_SITES * BUNDLE_CAPS_MAX };

typedef struct caps_own { // a counter, and how often this request and answer counted
    uint64_t tally;
    uint32_t count; // 0: the cell is free
} caps_own;

typedef struct caps_ledger {
    const bundle *bundle;
    const record *record; // NULL: nobody is known
    const decide_counts *counts;
    arena *arena;
    int64_t now_ms;
    bool past;
    int64_t since_ms[BUNDLE_YEAR + 1]; // when calendar periods began, where they were asked for
    uint32_t periods;                  // which are known, bit by bundle_period
    caps_own *own;                     // open addressing
    uint32_t own_count, own_mask;
    decide_count *choices; // what the choices of the answer count, one of each tally and choice
    uint32_t choices_count, choices_room;
} caps_ledger;

// Whoever wants to know of every cap what it has counted.
typedef void caps_tell(void *context, const bundle_cap *cap, uint64_t counted);

// Counts the request's events. TACT_NO_MEMORY.
TACT_MUST_USE tact_err caps_init(caps_ledger *l, const bundle *b, const decide_request *request,
                                 const decide_person *person, arena *a);
// The first cap of an offer at a placement (-1: of none) that leaves no room, and how often it has counted; NULL: all
// do. `tell` may be NULL.
const bundle_cap *caps_full(caps_ledger *l, int32_t offer, int32_t placement, uint64_t *counted, caps_tell *tell,
                            void *context);
// Counts a choice. TACT_NO_MEMORY.
TACT_MUST_USE tact_err caps_choose(caps_ledger *l, uint32_t offer, uint32_t placement);

#endif
