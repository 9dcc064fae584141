// SPDX-License-Identifier: Apache-2.0
//
// A bundle that is swapped under its readers as an engine does it, for tests, and for benches, which are C++ and cannot
// see live.h.
#ifndef TESTS_ENGINE_SERVED_H
#define TESTS_ENGINE_SERVED_H

#include "bundle/bundle.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct served served;

served *served_new(void);
void served_swap(served *s, bundle *b); // belongs to `s` then
void served_free(served *s);

#ifdef __cplusplus
}
#endif
#endif
