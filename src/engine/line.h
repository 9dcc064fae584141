// SPDX-License-Identifier: Apache-2.0
//
// Memory that begins with a line of the processor's cache, so that what one thread writes is in no other's line.
#ifndef ENGINE_LINE_H
#define ENGINE_LINE_H

#include "base/arena.h"

enum { LINE = 64 }; // an arena aligns to less

static inline void *line_zalloc(arena *a, size_t size) { // cleared; NULL: no memory
    char *room = (char *)arena_zalloc(a, size + LINE);
    return room ? room + (LINE - (uintptr_t)room % LINE) % LINE : NULL;
}

#endif
