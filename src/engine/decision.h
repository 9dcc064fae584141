// SPDX-License-Identifier: Apache-2.0
//
// One decision of an engine: who it is, what counts already, deciding, and what comes of it: reservations first, then
// commands on their way to the store. What is told of it is reply.h's and explain.h's.
#ifndef ENGINE_DECISION_H
#define ENGINE_DECISION_H

#include "engine/engine.h"
#include "engine/request.h"

enum {
    DECISION_TRIES_MAX = 1000, // of deciding anew because others took the room; each time one of them got an answer
    DECISION_ID_LEN = 26,      // characters of an id that is drawn
};

typedef struct decision_person { // whom it is for, in a view
    bool known;
    record record;
    uint64_t strand;           // of the identity that somebody is known by; 0: nobody is known
    command_identity identity; // that one, or the request's first; empty: there is none
    uint64_t denied; // purposes that others deny whom the request names as well, and who are not known to be the same
    const uint64_t *strands; // of the person
    uint32_t strands_count;
    tact_str unit;
    // What reservations for it are filed under: its strands, and the request's identities, so that somebody of whom
    // nothing is written yet has caps as well. The first is the one to file under; none: nobody is meant.
    const uint64_t *keys;
    uint32_t keys_count;
} decision_person;

// Of several identities the first that somebody is known by. Nobody being known is no error.
TACT_MUST_USE tact_err decision_find_person(session *s, const request_whom *whom, decision_person *out,
                                            tact_problem *p);

struct log_frame; // log.h

typedef struct decision {
    session *session;
    const bundle *bundle;
    request_whom whom;
    request_decide in;
    decision_person person;
    tact_str id;
    decide_request request;
    decide_counts counts;
    // What the ids of its commands begin with: a hash of its id and whom it is for. So asking again with an id counts
    // once for each person, and is decided as if what it counted itself were not there.
    uint8_t mark[RESERVE_OWN];
    bool again;           // the id is the caller's own: it may have been asked before
    decide_event *events; // room for those of the request
    uint64_t written;  // a bit by the number of an event of the request: the view has it, from when it was asked before
    decide_count *own; // what events of the request count, by their impressions and clicks
    uint32_t own_count;
    struct log_frame *frame; // that hears of what counted; NULL: none
    decide_answer answer;
    tact_err code; // a count could not be read
    int64_t begun_us;
} decision;

// Begins one by a request that was read, in a session with a bundle, with everything in the session's scratch arena.
TACT_MUST_USE tact_err decision_begin(decision *d, session *s, const request *r, tact_problem *p);
// Decides without leaving anything behind.
TACT_MUST_USE tact_err decision_run(decision *d, const decide_observer *o, tact_problem *p);
// Decides, and reserves what it counts. What decision_leave then queues is in `out`.
struct decision_effects;
TACT_MUST_USE tact_err decision_run_and_reserve(decision *d, struct decision_effects **out, tact_problem *p);
// Gives the view up, and queues what it counts and the events; after an error nothing counts.
TACT_MUST_USE tact_err decision_leave(decision *d, struct decision_effects *x, tact_problem *p);
void decision_forget(decision *d, struct decision_effects *x); // nothing counts

#endif
