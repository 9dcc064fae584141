// SPDX-License-Identifier: Apache-2.0
//
// A person: what several strands come to together. A pure function of the set of strands and the schema: the same set
// gives the same state, whatever the order they are named in or were linked in, and a strand that is taken out of the
// set takes with it exactly what came in by it.
//
// Attributes. Of each source the newest value among the strands counts (equal times: the strand with the smallest id).
// Among the sources that have one (being taken away is none) the one that the schema names first wins; all sources that
// it does not name come after these, and among them the newest value wins (equal times: the source with the smallest
// number). Age is looked at only when the winner is read: a value that is too old does not give way to another
// source's.
//
// Consents. Of what was ever said about a purpose, the first of these that exists decides:
//   1. A denial that is some strand's newest statement, not explicit, and no older than the newest explicit statement
//   of
//      all strands, where that does not deny itself: nothing but a newer explicit statement overrules a denial. Of
//      several such denials the one that lasts longest.
//   2. The newest explicit statement of all strands. Equal times, within a strand: the one that came later; between
//      strands: denied before unset before granted.
//   3. Of each strand its newest statement (equal times: the one that came later), where that is granted or denied.
//      Among them: denied before granted. Then, of denials the one that lasts longest, of grants the one that ends
//      first.
//   4. Nothing: unset.
// What is still equal is decided by the time (newer first), the expiry, then the source (smaller number first); such
// statements say the same. The deciding statement holds until it expires; from then on the purpose is unset, and what
// the statement overruled does not come back. Expiry is looked at only when the consent is read.
//
// Aggregates add up (window.h) in the order of the strands' ids, tallies too (tally.h).
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include "store/strand.h"

typedef struct merge_identity {
    uint64_t strand;
    uint16_t space;
    bool dropped;
    tact_str value;
    int64_t created_ms;
} merge_identity;

// All arrays lie in the arena and borrow from the strands.
typedef struct merged {
    uint64_t person; // the smallest id of its strands
    uint64_t updates;
    const merge_identity *identities;      // oldest first: created_ms, strand
    const strand_fact *facts;              // by attribute; one of each, none is NULL
    const strand_consent *consents;        // by purpose; one of each
    const strand_state *windows, *tallies; // by key
    uint32_t identities_count, facts_count, consents_count, windows_count, tallies_count;
} merged;

// `count` strands, at least one, of different ids. What the schema does not know (yet) is left out. TACT_NO_MEMORY.
TACT_MUST_USE tact_err merge_strands(arena *a, const strand *const *strands, size_t count, const schema *sc,
                                     merged *out);
// May these be one person? TACT_EXISTS if there are two values of a namespace of which a person has one, with both in
// the text.
TACT_MUST_USE tact_err merge_check(const merged *m, const schema *sc, tact_error *error);
// The identity that has to go next because its namespace has more than its `max`: the oldest. NULL: none has.
const merge_identity *merge_excess(const merged *m, const schema *sc);

#endif
