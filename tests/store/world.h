// SPDX-License-Identifier: Apache-2.0
//
// Worlds for the model-based test: each has a store, a plain model of it, a clock of its own, and a mood that says what
// kind of commands come, and how they lie in time. All that is random follows from the world's number.
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include <inttypes.h>

#include "folder.h"
#include "plain.h"
#include "shop.h"
#include "store/store.h"

enum { WORLD_PHONE = SHOP_COOKIE + 1, WORLD_DEVICE, WORLD_SPACES }; // phone (max 1), device
enum { WORLD_CITY = SHOP_ATTRIBUTES, WORLD_SCORE, WORLD_SIZE, WORLD_LEVEL, WORLD_POINTS, WORLD_ATTRIBUTES };
enum { WORLD_TALLIES = 4, WORLD_RECENT = 16 };
extern const uint64_t world_tallies[WORLD_TALLIES]; // keys of counters

typedef struct world_mood {
    const char *name;
    int names[WORLD_SPACES];    // how many different identities of a namespace there are; some have any
    int weights[COMMAND_KINDS]; // of the kinds of commands, in the order of command_tbl.h
    int several, future, ties;  // in a hundred: name more than one identity; lie in the future; share a time
    int64_t explicit_one_in;    // of statements about purposes; 0: only in the first batches
    int64_t pace_ms;            // the clock goes on by up to so much between batches
    int steps;
} world_mood;

typedef struct world_variant { // what changes in a schema while the store lives
    bool web_first;            // of the sources of tier, city and size
    bool old_stays;            // tier has no max_age
    bool level_is_double;
    bool points_gone;
    bool emails_free; // a person may have several
} world_variant;

typedef struct world_sum {                     // of a run, so that one can see that it was about something
    uint64_t sent;                             // commands
    uint64_t asked, not_promised;              // questions; of these, those that no header promises anything about
    uint64_t refused[TACT_BUSY + 1];           // commands, by code
    uint64_t repeated, dropped, erased, swept; // commands; identities that were too many; erased; events forgotten
} world_sum;

typedef struct world {
    uint64_t number, seed;
    const world_mood *mood;
    world_sum *sum;
    arena a, scratch;
    folder f;
    world_variant variant;
    bool sweeps;
    schema *sc; // as it should be
    store_options options;
    store *s;
    plain p;
    int64_t now_ms;
    int step; // commands sent
    int64_t recent_ms[WORLD_RECENT];
} world;

// `mood` NULL: one that follows from the number.
void world_init(world *w, uint64_t number, const world_mood *mood, world_sum *sum);
void world_fini(world *w);

// Ends the test with a text that says how to see it again.
__attribute__((format(printf, 2, 3))) _Noreturn void world_differs(const world *w, const char *format, ...);
int64_t world_below(world *w, int64_t bound);
bool world_chance(world *w, int of_hundred);
void *world_room(world *w, size_t count, size_t size); // cleared, until the scratch arena is reset

// A command that fits the schema, in the scratch arena.
command world_command(world *w);
// Closes the store and opens it, or leaves it open; `evolve`: with another schema. Afterwards all that was answered can
// be read.
void world_reopen(world *w, bool evolve);
void world_settle(world *w, bool evolve);
// A whole round of housekeeping.
void world_sweep(world *w);

#endif
