// SPDX-License-Identifier: Apache-2.0
//
// Who is one person: the graph of a set of strands and the edges between them, each an evidence that two strands are
// the same human. A person's id is the smallest strand in the set; a strand without edges is a person of its own and
// needs no graph. Adding an edge joins two sets, removing those at a strand splits one; nothing else ever changes.
#ifndef STORE_LINKS_H
#define STORE_LINKS_H

#include "base/arena.h"
#include "base/buf.h"

enum {
    LINKS_STRANDS_MAX = 256, // of a person: far more than anyone has devices, few enough to merge in no time
    LINKS_EDGES_MAX = 1024,  // of a person
};

typedef struct links_edge {
    uint64_t low, high; // strands; low < high
    int64_t time_ms;    // of the first command that linked them
    uint8_t source;
} links_edge;

typedef struct links {
    const uint64_t *strands; // ascending
    const links_edge *edges; // ascending by low, then high; one of a pair
    uint32_t strands_count, edges_count;
} links;

// The graph of one strand, in the arena; strands NULL if memory ran out.
links links_of(arena *a, uint64_t strand);
static inline uint64_t links_person(const links *l) { // 0 of a graph that is none
    return l->strands ? l->strands[0] : 0;
}
bool links_has(const links *l, uint64_t strand);

// The person that `x` and `y` (which may be the same person) become when a strand of the one and a strand of the other
// are linked. A pair that is linked already keeps the older of the two edges. `out` may be `x` or `y`. TACT_USAGE: an
// end is in neither, or both are one strand. TACT_LIMIT: more strands or edges than a person may have. TACT_NO_MEMORY.
TACT_MUST_USE tact_err links_join(arena *a, const links *x, const links *y, links_edge edge, links *out,
                                  tact_error *error);
// The persons that are left when all edges at `strand` are gone: the sets of what stays connected, ascending by person,
// `strand` alone being one of them. `parts` has room for strands_count of them. TACT_USAGE: no such strand in it.
TACT_MUST_USE tact_err links_split(arena *a, const links *l, uint64_t strand, links *parts, uint32_t *parts_count,
                                   tact_error *error);
// What is left without `strand`, all of it still connected: those that were linked with it are linked with each other
// instead, each with the next. Nothing, if there was nobody else. TACT_USAGE, TACT_NO_MEMORY.
TACT_MUST_USE tact_err links_take(arena *a, const links *l, uint64_t strand, links *out, tact_error *error);

// As bytes and back. Reading refuses what is not a connected graph written by links_write (TACT_INVALID).
void links_write(buf *out, const links *l);
TACT_MUST_USE tact_err links_read(arena *a, tact_str bytes, links *out, tact_error *error);

#endif
