// SPDX-License-Identifier: Apache-2.0
//
// What the allocator says of the heap, where it is jemalloc: a program that links it has these figures, any other is
// told that there are none.
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct heap_figures { // bytes
    uint64_t allocated;       // that the program has
    uint64_t active;          // in pages that hold any of them
    uint64_t resident;        // in memory, with the allocator's own and what it has not given back yet
    uint64_t mapped;          // of address space
} heap_figures;

// As of now. False: the allocator is another one, or was built without figures; `*out` is then all zero. Any thread.
bool heap_read(heap_figures *out);

#endif
