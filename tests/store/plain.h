// SPDX-License-Identifier: Apache-2.0
//
// What a store has to answer, worked out the plain way: every command that was accepted is kept, with its time, in a
// log of the identity that it was about; links are a list of edges. Each question is answered from the logs alone,
// anew, by the rules that the headers of src/store and the issue state. Slow, and meant to be obviously right. Nothing
// of src/store is called, only its types are used.
//
// It takes commands that fit the schema; spoil.h makes those that do not.
#ifndef TESTS_STORE_PLAIN_H
#define TESTS_STORE_PLAIN_H

#include "store/record.h"
#include "store/writer.h"

typedef struct plain_entry { // a SET, EVENT, CONSENT or COUNT
    uint64_t position;
    command c;          // a copy
    uint64_t forgotten; // EVENT, COUNT: 1: from the history, from the counter. CONSENT: a bit for each statement
} plain_entry;

// Whether the `i`-th statement of an entry is about a purpose, and held.
bool plain_says(const plain_entry *e, uint32_t i, uint32_t purpose);

typedef struct plain_identity {
    uint64_t id; // counts from 1, over all that there ever were
    uint16_t space;
    tact_str value;
    int64_t since_ms; // of the command that named it first
    bool dropped;     // its namespace's `max` was exceeded: it finds nobody any more
    bool erased;      // and its log is empty
    plain_entry *log; // as they came
    uint32_t log_count, log_room;
} plain_identity;

typedef struct plain_edge {
    uint64_t one, other;
} plain_edge;

typedef struct plain_tomb {
    command_identity of;
    int64_t time_ms;
} plain_tomb;

typedef struct plain_seen {
    command c; // a copy
    int64_t time_ms;
    apply_answer answer;
} plain_seen;

typedef struct plain_total { // a COUNT for everyone
    uint64_t tally;
    int64_t time_ms;
} plain_total;

typedef struct plain {
    arena memory;
    const schema *sc;           // may be changed between two commands
    uint32_t history_max;       // events kept of an identity
    int64_t swept_ms;           // by the latest sweep; nothing is asked about what was before
    int64_t counted_ms;         // counts for everyone are whole from then on
    plain_identity *identities; // by id; [0] is none
    plain_edge *edges;
    plain_tomb *tombs;
    plain_seen *seen;
    plain_total *totals;
    uint32_t identities_count, identities_room, edges_count, edges_room, tombs_count, tombs_room, seen_count, seen_room,
        totals_count, totals_room;
    uint64_t position;
} plain;

void plain_init(plain *p, const schema *sc, uint32_t history_max);
void plain_fini(plain *p);

// Refusals are a set, since a command may have several faults and no document says which counts first.
#define PLAIN_REFUSAL(code) (UINT32_C(1) << (code))
// Applies, and answers; or returns for which reasons it has to be refused, and changes nothing.
uint32_t plain_apply(plain *p, const command *c, apply_answer *answer);

typedef struct plain_swept {
    uint64_t events, answers; // forgotten
} plain_swept;
// A whole round of housekeeping that took so many slices, see sweep.h.
plain_swept plain_sweep(plain *p, int64_t now_ms, const command_limits *ages, uint32_t slices);

// ---- Questions ------------------------------------------------------------------------------------------------------

typedef struct plain_person { // valid until the next command
    const plain_identity *members[LINKS_STRANDS_MAX];
    uint32_t count;
} plain_person;

uint64_t plain_find(const plain *p, command_identity who); // 0: finds nobody
// As plain_find; else the newest from which it was pushed out.
uint64_t plain_holder(const plain *p, command_identity who);
// Everyone connected with an id that is or was a person's, by id; the first is the person. False: there is nobody.
bool plain_person_of(const plain *p, uint64_t id, plain_person *out);
uint64_t plain_updates(const plain_person *who);

typedef struct plain_fact {
    tact_value value;
    uint8_t source;
    int64_t time_ms;
} plain_fact;
// The newest of one identity by one source; the value is NULL if it was taken away. False: there was never any.
bool plain_fact_of(const plain_identity *one, uint32_t attribute, uint8_t source, plain_fact *out);
// The one that wins, whatever its age. False: none.
bool plain_winner(const plain *p, const plain_person *who, uint32_t attribute, plain_fact *out);
// A time as a record has it, and age is counted from: to the second, and 2106 for all that is later.
int64_t plain_second(int64_t time_ms);
record_absence plain_why(const plain *p, const plain_person *who, uint32_t attribute, int64_t now_ms);
// The value, else the default, else an ABSENT fault.
tact_value plain_value(const plain *p, const plain_person *who, uint32_t attribute, int64_t now_ms);

// The history of one identity: an array in the arena, in the order of their times (equal times: as they came).
uint32_t plain_history(arena *a, const plain_identity *one, const command ***out);

// Statements about a purpose that one identity holds, as an array in the arena in the order of their times.
uint32_t plain_statements(arena *a, const plain_identity *one, uint32_t purpose, const strand_consent **out);
bool plain_statement(const plain_person *who, uint32_t purpose, strand_consent *out); // that decides; false: none
consent_state plain_consent(const plain_person *who, uint32_t purpose, int64_t now_ms);
bool plain_granted(const plain *p, const plain_person *who, uint32_t purpose, int64_t now_ms);

// False: of so many events in the future no header promises anything.
bool plain_aggregate(const plain *p, arena *a, const plain_person *who, uint32_t number, int64_t now_ms,
                     tact_value *out);

typedef struct plain_times { // of a counter, oldest first
    uint32_t keep, count;
    int64_t times[COMMAND_KEEP_MAX + 1];
} plain_times;
void plain_tally(const plain_identity *const *members, uint32_t count, uint64_t key, plain_times *out);
// False: it was forgotten, see count.h.
bool plain_count(const plain *p, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *out);

// Alike in every bit, but for NaNs, which are all alike.
bool plain_same(tact_value a, tact_value b);

#endif
