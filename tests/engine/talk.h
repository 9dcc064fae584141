// SPDX-License-Identifier: Apache-2.0
//
// An engine of a test's own, rules written as text, and requests and replies as JSON, with ' for ".
#ifndef TESTS_ENGINE_TALK_H
#define TESTS_ENGINE_TALK_H

#include "tact/tact.h"

#include "../store/folder.h"
#include "base/arena.h"
#include "value/value.h"

typedef struct talk {
    arena memory;
    folder data, rules;
    tact_engine *engine;
    tact_problem problem; // of the last call that failed
    char notice[1000];    // the last
} talk;

// A bundle that most tests do with: two placements, a few offers, and something of everything.
extern const char talk_shop[];

void talk_begin(talk *t); // with folders, and an engine without a bundle
void talk_end(talk *t);
void talk_open(talk *t, const tact_options *options);         // the engine again; NULL: as it comes
void talk_close(talk *t);                                     // only the engine
void talk_write(talk *t, const char *file, const char *text); // of the rules
void talk_publish(talk *t, const char *text);                 // as bundle.yaml; it must be right

tact_value talk_json(arena *a, const char *text); // which must be JSON, but for its quotes
// What is asked must be answered.
tact_value talk_ask(talk *t, tact_operation *operation, const char *request);
// It must fail: "unknown_placement at placements[0]: …", in the memory.
const char *talk_fails(talk *t, tact_operation *operation, const char *request);
const char *talk_text(arena *a, tact_value v); // as JSON, with ' for "

// A member of a reply by its path, "placements.hero.0.offer"; UNRESOLVED if there is none.
tact_value talk_find(tact_value v, const char *path);
// Its text; "" if there is none.
const char *talk_find_text(arena *a, tact_value v, const char *path);
int64_t talk_find_int(tact_value v, const char *path); // which must be one

#endif
