// SPDX-License-Identifier: Apache-2.0
//
// A crowd: a store full of persons of twenty attributes, each made up from its number, for benches. The store's headers
// are C and this one is for C++ as well; so what the clock must not see, the making of keys and commands, is done
// ahead, and what it must see is one plain call. What fails ends the process with a text.
#ifndef TESTS_STORE_CROWD_H
#define TESTS_STORE_CROWD_H

#include "base/arena.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    CROWD_KEY = 14,   // bytes of a person's key in the table `identity`: its namespace, and what the person is known by
    CROWD_LINKED = 8, // of so many persons one has a second identity, so that there are aliases
    CROWD_BATCH = 1000 // commands at once while it is filled
};

typedef struct crowd crowd;

// Opens the store in a folder, and makes it if it is not there. With interval_ms 0 every answer means that it is on
// disk.
crowd *crowd_open(const char *folder, uint32_t interval_ms);
void crowd_close(crowd *c);
// What the person with this number is known by, as the key of the table `identity`. The keys are in no order.
void crowd_key(uint32_t number, char key[CROWD_KEY]);

// ---- Filling --------------------------------------------------------------------------------------------------------

typedef struct crowd_rows crowd_rows; // the commands that make some persons, in the arena

crowd_rows *crowd_rows_make(arena *a, uint32_t first, uint32_t count);
uint64_t crowd_rows_bytes(const crowd_rows *rows);   // of what they say: identities and values, each as short as can be
void crowd_import(crowd *c, const crowd_rows *rows); // in batches
void crowd_fill(crowd *c, uint32_t first, uint32_t count); // both, with an arena of its own

typedef struct crowd_stored { // a new person of one identity as the store holds it
    char key[CROWD_KEY];
    uint64_t id;
    tact_str strand, record;
} crowd_stored;
void crowd_stored_make(arena *a, const crowd *c, const crowd_rows *rows, uint32_t row, uint64_t id, crowd_stored *out);

// ---- Changing -------------------------------------------------------------------------------------------------------

// One command about the person, the `n`-th of all, and waits for its answer: an event with three aggregates, or three
// attributes. Each has an id. From any thread.
void crowd_change(crowd *c, uint32_t number, uint32_t n);
// So many changes at once, the first of which is the `n`-th, of one person after another from `first` on, and again
// from there after `persons`. At most CROWD_BATCH.
void crowd_change_many(crowd *c, uint32_t first, uint32_t persons, uint32_t n, uint32_t count);

// ---- Reading --------------------------------------------------------------------------------------------------------

typedef struct crowd_view crowd_view;

crowd_view *crowd_view_open(crowd *c);
void crowd_view_close(crowd_view *v);
void *crowd_view_txn(crowd_view *v); // LMDB's
// The person known by this key, the record of it, and three attributes: a text for which there must be a consent, an
// int that may be too old, a double. Their sum, of the text its first byte.
double crowd_look_up(crowd_view *v, const char key[CROWD_KEY]);
double crowd_expected(uint32_t number);                          // what that comes to, until it is changed
tact_str crowd_record(crowd_view *v, const char key[CROWD_KEY]); // the record's bytes

#ifdef __cplusplus
}
#endif

#endif
