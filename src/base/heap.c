// SPDX-License-Identifier: Apache-2.0
//
// Asking jemalloc. Its `mallctl` is a weak symbol here: it is there if the program links jemalloc, and NULL otherwise,
// so that neither the library nor the tests depend on it.
#include "base/heap.h"

#include <stddef.h>

extern int mallctl(const char *name, void *old, size_t *old_len, void *new, size_t new_len) __attribute__((weak));

static bool read_one(const char *name, uint64_t *out) {
    size_t n = 0, len = sizeof n;
    if (mallctl(name, &n, &len, NULL, 0) || len != sizeof n) return false;
    *out = n;
    return true;
}

bool heap_read(heap_figures *out) {
    heap_figures f = {0};
    uint64_t epoch = 1; // a new one: figures are kept since the last
    *out = f;
    if (!mallctl || mallctl("epoch", NULL, NULL, &epoch, sizeof epoch)) return false;
    if (!read_one("stats.allocated", &f.allocated) || !read_one("stats.active", &f.active)) return false;
    if (!read_one("stats.resident", &f.resident) || !read_one("stats.mapped", &f.mapped)) return false;
    *out = f;
    return true;
}
