// SPDX-License-Identifier: Apache-2.0
//
// Open addressing over an array of entries that stays in order of insertion. Up to SCAN_MAX entries there is no index:
// comparing the few stored hashes is faster than following one.
#include "base/strmap.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define SCAN_MAX 8
#define ROOM_FIRST 8

static bool is_key(const strmap_entry *e, uint64_t hash, tact_str key) {
    return e->hash == hash && tact_str_equal(e->key, key);
}

static strmap_entry *find(const strmap *map, tact_str key, uint64_t hash) {
    if (!map->index) {
        for (uint32_t i = 0; i < map->count; i++) {
            if (is_key(&map->entries[i], hash, key)) return &map->entries[i];
        }
        return NULL;
    }
    for (uint32_t cell = (uint32_t)hash & map->mask; map->index[cell]; cell = (cell + 1) & map->mask) {
        strmap_entry *e = &map->entries[map->index[cell] - 1];
        if (is_key(e, hash, key)) return e;
    }
    return NULL;
}

static void enter(strmap *map, uint32_t number) {
    uint32_t cell = (uint32_t)map->entries[number].hash & map->mask;
    while (map->index[cell]) cell = (cell + 1) & map->mask;
    map->index[cell] = number + 1;
}

// Keeps the index at most half full. The old arrays stay in the arena; doubling bounds what they waste by what is in
// use.
tact_err strmap_reserve(strmap *map) {
    if (map->count == map->room) {
        uint32_t room = map->room ? map->room * 2 : ROOM_FIRST;
        strmap_entry *entries = arena_extend(map->arena, map->entries, map->count, room, sizeof *entries);
        if (!entries) return TACT_NO_MEMORY;
        map->entries = entries;
        map->room = room;
    }
    uint32_t wanted = map->count + 1;
    if (wanted <= SCAN_MAX || (map->index && wanted <= (map->mask + 1) / 2)) return TACT_OK;
    uint32_t cells = map->room * 2;
    uint32_t *index = arena_array(map->arena, cells, sizeof *index);
    if (!index) return TACT_NO_MEMORY;
    memset(index, 0, cells * sizeof *index);
    map->index = index;
    map->mask = cells - 1;
    for (uint32_t i = 0; i < map->count; i++) enter(map, i);
    return TACT_OK;
}

void *strmap_get(const strmap *map, tact_str key) {
    strmap_entry *e = find(map, key, XXH3_64bits(key.ptr, key.len));
    return e ? e->value : NULL;
}

tact_err strmap_put(strmap *map, tact_str key, void *value) {
    uint64_t hash = XXH3_64bits(key.ptr, key.len);
    strmap_entry *e = find(map, key, hash);
    if (e) {
        e->value = value;
        return TACT_OK;
    }
    tact_err err = strmap_reserve(map);
    if (err) return err;
    map->entries[map->count] = (strmap_entry){key, hash, value};
    map->count++;
    if (map->index) enter(map, map->count - 1);
    return TACT_OK;
}
