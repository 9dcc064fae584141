// SPDX-License-Identifier: Apache-2.0
//
// Deciding again what a log of decisions holds, by the bundle that is still in the store: the same bytes, or what is
// gone of what went in.
#ifndef ENGINE_REPLAY_H
#define ENGINE_REPLAY_H

#include "bundle/bundle.h"
#include "engine/log.h"
#include "store/store.h"

typedef enum replay_outcome { REPLAY_SAME, REPLAY_DIFFERS, REPLAY_GONE, REPLAY_OUTCOMES } replay_outcome;

typedef struct replay replay;

typedef struct replay_result {
    replay_outcome outcome;
    tact_str decision, bundle; // empty where they are gone
    tact_str then, now;        // DIFFERS: both answers, as CEL writes them
    const char *why;           // GONE
} replay_result;

// Nothing in the store is changed; the reader must outlive it.
TACT_MUST_USE tact_err replay_new(arena *a, store_reader *view, replay **out, tact_error *error);
void replay_free(replay *r); // NULL is allowed
// A frame of log_read_file. What the result borrows lives until the next call. TACT_INVALID: what is in it is no
// decision; TACT_NO_MEMORY.
TACT_MUST_USE tact_err replay_frame(replay *r, const log_read *frame, replay_result *out, tact_error *error);

#endif
