// SPDX-License-Identifier: Apache-2.0
//
// The arena behind tact_arena: a list of growing chunks, of which a reset keeps the largest. For those inside the
// library it can also live in the caller's memory and run clean-ups for what is not memory.
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "tact/core.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ARENA_ALIGN 16
#define ARENA_CHUNK_MIN 4096 // the first chunk; each further one doubles

typedef struct arena_chunk arena_chunk;
typedef struct arena_cleanup arena_cleanup;

struct tact_arena {
    char *next, *end;     // free room in the current chunk
    arena_chunk *chunk;   // the current one, linked to those before it
    arena_cleanup *first; // run at reset, last registered first
    size_t used_before;   // bytes handed out from the chunks before the current one
    size_t bytes_max;     // 0: no bound
};
typedef tact_arena arena;

// A chunk's first bytes; what it hands out follows.
struct arena_chunk {
    arena_chunk *before;
    size_t size; // of the room that follows
};

void arena_init(arena *a, size_t bytes_max); // takes no memory yet
void arena_fini(arena *a);                   // runs clean-ups, gives all memory back
// As tact_arena_reset, but keeps no more than so many bytes: for those that live long and serve many, of whom one may
// need far more than all others.
void arena_reset_keeping(arena *a, size_t bytes);

// The slow path of arena_alloc; not to be called from elsewhere.
void *arena_grow(arena *a, size_t size);

// See tact_arena_alloc. Inline: it is the compiler's most frequent call.
static inline void *arena_alloc(arena *a, size_t size) {
    size_t room = (size + (ARENA_ALIGN - 1)) & ~(size_t)(ARENA_ALIGN - 1);
    if (__builtin_expect(room < size || (size_t)(a->end - a->next) < room || a->next == NULL, 0)) {
        return arena_grow(a, size);
    }
    void *p = a->next;
    a->next += room;
    return p;
}
void *arena_zalloc(arena *a, size_t size);              // cleared
void *arena_array(arena *a, size_t count, size_t size); // NULL also when count * size overflows
// Grows the array `old` (may be NULL) from `count` to `wanted` items of `size` bytes; in place when it is the newest
// allocation. NULL: out of memory, `old` stays.
void *arena_extend(arena *a, void *old, size_t count, size_t wanted, size_t size);
char *arena_copy(arena *a, const char *text, size_t len); // with a final zero
char *arena_printf(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Runs `fn(thing)` when the arena is reset or freed. TACT_NO_MEMORY: not registered.
TACT_MUST_USE tact_err arena_on_reset(arena *a, void (*fn)(void *thing), void *thing);

#define ARENA_NEW(a, type) ((type *)arena_zalloc((a), sizeof(type)))

#ifdef __cplusplus
}
#endif

#endif
