// SPDX-License-Identifier: Apache-2.0
//
// Bump allocation from chunks that double in size. The subtle part is reset: it keeps the newest chunk, which is the
// largest, so that after a few rounds a worker's whole request fits one chunk and nothing is allocated any more.
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_MAX ((size_t)1 << 30) // chunks stop doubling here

struct arena_cleanup {
    arena_cleanup *next;
    void (*fn)(void *thing);
    void *thing;
};

static char *chunk_room(arena_chunk *c) {
    return (char *)(c + 1);
}

static size_t used_in_chunk(const arena *a) {
    return a->chunk ? (size_t)(a->next - chunk_room(a->chunk)) : 0;
}

static size_t rounded(size_t size) {
    return (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
}

void arena_init(arena *a, size_t bytes_max) {
    *a = (arena){.bytes_max = bytes_max};
}

static void clean_up(arena *a) {
    while (a->first) {
        arena_cleanup *c = a->first;
        a->first = c->next;
        c->fn(c->thing);
    }
}

static void free_chunks(arena_chunk *c) {
    while (c) {
        arena_chunk *before = c->before;
        free(c);
        c = before;
    }
}

void arena_fini(arena *a) {
    clean_up(a);
    free_chunks(a->chunk);
    *a = (arena){.bytes_max = a->bytes_max};
}

// Bounds are enforced here only: a chunk is never larger than what is left of the bound, so the fast path in
// arena_alloc runs into the chunk's end where the bound is.
void *arena_grow(arena *a, size_t size) {
    if (size > SIZE_MAX / 4) return NULL;
    size_t need = rounded(size ? size : 1);
    size_t used = a->used_before + used_in_chunk(a);
    size_t left = a->bytes_max ? (a->bytes_max > used ? a->bytes_max - used : 0) : SIZE_MAX / 4;
    if (need > left) return NULL;
    size_t room = a->chunk ? a->chunk->size * 2 : ARENA_CHUNK_MIN;
    if (room > CHUNK_MAX) room = CHUNK_MAX;
    if (room > left) room = left & ~(size_t)(ARENA_ALIGN - 1);
    if (room < need) room = need;
    arena_chunk *c = malloc(sizeof *c + room);
    if (!c) return NULL;
    c->before = a->chunk;
    c->size = room;
    a->used_before = used;
    a->chunk = c;
    a->next = chunk_room(c) + need;
    a->end = chunk_room(c) + room;
    return chunk_room(c);
}

void *arena_zalloc(arena *a, size_t size) {
    void *p = arena_alloc(a, size);
    if (p) memset(p, 0, size);
    return p;
}

void *arena_array(arena *a, size_t count, size_t size) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    return arena_alloc(a, bytes);
}

void *arena_extend(arena *a, void *old, size_t count, size_t wanted, size_t size) {
    size_t have = count * size, bytes;
    if (__builtin_mul_overflow(wanted, size, &bytes) || bytes > SIZE_MAX / 4) return NULL;
    bool newest = old && (char *)old + rounded(have) == a->next;
    if (newest && rounded(bytes) <= (size_t)(a->end - (char *)old)) {
        a->next = (char *)old + rounded(bytes);
        return old;
    }
    void *p = arena_alloc(a, bytes);
    if (p && old && have) memcpy(p, old, have);
    return p;
}

char *arena_copy(arena *a, const char *text, size_t len) {
    char *p = arena_alloc(a, len + 1);
    if (!p) return NULL;
    if (len) memcpy(p, text, len);
    p[len] = '\0';
    return p;
}

char *arena_printf(arena *a, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    char *p = len < 0 ? NULL : arena_alloc(a, (size_t)len + 1);
    if (p) vsnprintf(p, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return p;
}

tact_err arena_on_reset(arena *a, void (*fn)(void *thing), void *thing) {
    arena_cleanup *c = arena_alloc(a, sizeof *c);
    if (!c) return TACT_NO_MEMORY;
    *c = (arena_cleanup){a->first, fn, thing};
    a->first = c;
    return TACT_OK;
}

tact_arena *tact_arena_new(size_t bytes_max) {
    arena *a = malloc(sizeof *a);
    if (a) arena_init(a, bytes_max);
    return a;
}

void *tact_arena_alloc(tact_arena *a, size_t size) {
    return arena_alloc(a, size);
}

size_t tact_arena_used(const tact_arena *a) {
    return a->used_before + used_in_chunk(a);
}

void tact_arena_reset(tact_arena *a) {
    clean_up(a);
    if (!a->chunk) return;
    free_chunks(a->chunk->before);
    a->chunk->before = NULL;
    a->next = chunk_room(a->chunk);
    a->used_before = 0;
}

void arena_reset_keeping(arena *a, size_t bytes) {
    if (a->chunk && a->chunk->size > bytes) {
        arena_fini(a);
    } else {
        tact_arena_reset(a);
    }
}

void tact_arena_free(tact_arena *a) {
    if (!a) return;
    arena_fini(a);
    free(a);
}
