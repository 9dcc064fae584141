// SPDX-License-Identifier: Apache-2.0
//
// Cleans a copy that LMDB makes of a file. LMDB copies whole pages, and between and behind what is stored in them lies
// what was there before: also of persons who were erased. All of it becomes zeros.
//
// And a branch tells its pages apart by keys, each the first of its page when that was split off, which LMDB keeps when
// they are deleted: an erased identity may be one. Each becomes as much as it has room for of the first key that there
// is now in its page. That is no more than that key, and more than all before, as the old one was: had they been the
// same for so long, the old one could not have stood between.
//
// A page of LMDB 0.9, as it lies in a file; numbers are little-endian:
//
//      0  u64 number   8  u16 -   10  u16 flags   12  u16 lower, u16 upper; of a large value: u32 pages
//      16  u16 where each node begins, up to `lower` | nothing, up to `upper` | nodes, up to the end of the page
//
// and a node: u32 size of its value   u16 flags   u16 size of its key   key, then value; at even places. A branch has
// no values: size and flags are the number of a page below it. Of a large value the node has the number (u64) of the
// page it begins in, behind that page's header. LMDB copies a branch behind all that is below it.
#ifndef STORE_WASH_H
#define STORE_WASH_H

#include "store/db.h"

typedef struct wash {
    size_t page; // bytes of a page
    db_sink *take;
    void *context;
    uint64_t done; // bytes that have come
    uint64_t rest; // pages still to come of a large value, which have no header
    bool damaged;  // what came are no pages of a compact copy
    // Of leaves and branches that came, but for those below a branch that came: their first keys, in their order.
    arena memory;
    struct wash_part *parts;
    size_t parts_count, parts_room;
} wash;

// Pages of a compact copy, in their order and whole, are cleaned where they lie, and then given to `take`. What comes
// shows how large values end that came before: zeros for those are given, too. Returns what `take` does; TACT_INVALID,
// without a text, if it is `damaged`; TACT_NO_MEMORY.
TACT_MUST_USE tact_err wash_pages(wash *w, char *bytes, size_t len, tact_error *error);
void wash_end(wash *w); // gives its memory back

#endif
