// SPDX-License-Identifier: Apache-2.0
//
// What was decided and counts, but may not be committed yet: so that a cap of 3 is 3, whoever asks at the same time.
//
// A reservation is one count towards one counter (tally), of a strand (the identity by which the decision was asked
// for) or of nobody, for everyone too where that is wanted. It is made together with all others of its decision, if
// nobody has taken their room since the decision was begun; else one decides again. It ends when the command that
// counts it is in every view from which somebody still decides, or was refused.
//
// What a decision counts is what its view shows and the reservations that are not in it: each exactly once, since a
// reservation knows the position of its command in the order of all, and before that is known, the view is asked
// whether it has seen the command's id. Strands of one person are found by the view's links, so that merging persons
// merges what is reserved for them.
//
// Threads: any. A reader belongs to one thread at a time. Looking takes no lock; taking takes those of the lists that
// it adds to.
#ifndef ENGINE_RESERVE_H
#define ENGINE_RESERVE_H

#include <stdatomic.h>

#include "store/store.h"

enum {
    RESERVE_MAX = 1 << 16, // at once: what a second of a busy shop decides
    RESERVE_ID = 32,       // bytes of the id of a command that counts
    RESERVE_OWN = 16,      // that it begins with: the same for all commands of a decision for a person
    RESERVE_LISTS = 512,   // of strands, and as many of counters
};

typedef struct reserve reserve;
typedef struct reserve_entry reserve_entry;

typedef struct reserve_reader {
    _Alignas(64) _Atomic uint64_t epoch; // since when it may look at an old view; UINT64_MAX: at none
    reserve *of;
    struct reserve_reader *next;
    // While it looks:
    store_reader *view;
    uint64_t position;       // of the view
    const uint8_t *own;      // RESERVE_OWN bytes: reservations that are the decision's own do not count; NULL: none are
    const uint64_t *strands; // of the person; none: nobody is known
    uint32_t strands_count;
    const struct reserve_seen *seen; // reserved for the person and not in the view
    uint32_t seen_count;
    tact_err code; // the first fault of looking
    // By list: up to which of its numbers entries are counted, later ones are news; known if `looks` is `look`.
    uint32_t look, looks[2 * RESERVE_LISTS];
    uint64_t known[2 * RESERVE_LISTS];
} reserve_reader;

typedef struct reserve_item { // to be reserved
    uint64_t tally;
    bool everyone;
    bool checked;   // else it only counts, whatever room there is
    uint64_t spare; // so many may have come since for this person and leave room; UINT64_MAX: any number
    uint64_t spare_of_everyone;
    uint8_t id[RESERVE_ID]; // of the command that will count it
} reserve_item;

TACT_MUST_USE tact_err reserve_new(arena *a, reserve **out);
void reserve_free(reserve *r); // after all readers are done; the arena's memory stays

void reserve_join(reserve *r, reserve_reader *reader); // `reader` stays where it is until reserve_free

// To be called before a view is opened or renewed; then reserve_look, with the strands of the person in that view, in
// an arena that lasts until reserve_end. What was reserved with ids that begin with `own` (may be NULL), when the same
// was asked before, does not count. TACT_NO_MEMORY, TACT_BUSY, TACT_IO.
void reserve_begin(reserve_reader *reader);
TACT_MUST_USE tact_err reserve_look(reserve_reader *reader, store_reader *view, arena *a, const uint64_t *strands,
                                    uint32_t strands_count, const uint8_t *own);
void reserve_end(reserve_reader *reader);

// How often it is reserved, at or after `since_ms`, beyond what the view shows. The same until reserve_end.
bool reserve_any_of_person(const reserve_reader *reader);
uint32_t reserve_of_person(const reserve_reader *reader, uint64_t tally, int64_t since_ms);
uint64_t reserve_of_everyone(reserve_reader *reader, uint64_t tally, int64_t since_ms);
// Whether the person has, or everyone, what was reserved with this very id.
bool reserve_has(reserve_reader *reader, uint64_t tally, const uint8_t id[RESERVE_ID]);

// Reserves all items at `time_ms`, or none. `whose` is one of the reader's strands, or 0: nobody's. TACT_EXISTS:
// somebody has taken the room of one since reserve_begin; decide again. TACT_BUSY: RESERVE_MAX are waiting.
// TACT_NO_MEMORY. The entries go to `out`, and are given back by one of the two below.
TACT_MUST_USE tact_err reserve_take(reserve_reader *reader, const reserve_item *items, uint32_t count, uint64_t whose,
                                    int64_t time_ms, reserve_entry **out);
void reserve_cancel(reserve *r, reserve_entry *e); // its command will not be applied

// For the thread that has the commands applied. All that are submitted at once are in one transaction.
void reserve_submit(reserve *r, reserve_entry *e, uint64_t batch);
void reserve_answer(reserve *r, reserve_entry *e, uint64_t position);
// Ends those of the answered ones that every reader's view shows, now that a new view has this position, and frees what
// nobody can stand on any more.
void reserve_settle(reserve *r, uint64_t position);
bool reserve_is_settled(const reserve *r); // whether there is nothing for it to do
uint32_t reserve_count(const reserve *r);  // that there are
// Waits until all who began to look before this have ended.
void reserve_wait_for_readers(reserve *r);

#endif
