// SPDX-License-Identifier: Apache-2.0
//
// A map from strings to pointers, in an arena: insertion order kept, nothing is ever removed.
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include "base/arena.h"

typedef struct strmap_entry {
    tact_str key; // borrowed: must live as long as the map
    uint64_t hash;
    void *value;
} strmap_entry;

typedef struct strmap {
    arena *arena;
    strmap_entry *entries; // in order of insertion
    uint32_t count, room;
    uint32_t *index; // open addressing; an entry's number plus one, 0 is free
    uint32_t mask;   // cells - 1, 0 while there is no index
} strmap;

static inline strmap strmap_in(arena *a) {
    strmap m = {a, NULL, 0, 0, NULL, 0};
    return m;
}
// The value at `key`, or NULL.
void *strmap_get(const strmap *map, tact_str key);
// Sets or replaces. TACT_NO_MEMORY: nothing changed.
TACT_MUST_USE tact_err strmap_put(strmap *map, tact_str key, void *value);
// Makes sure that the next strmap_put has the memory it needs.
TACT_MUST_USE tact_err strmap_reserve(strmap *map);

#endif
