// SPDX-License-Identifier: Apache-2.0
//
// Requests, as maps, to what they mean under a bundle: whom, where, with what. Every key is held against request_tbl.h
// first; every name that is not known is told with its place and the nearest that is.
#ifndef ENGINE_REQUEST_H
#define ENGINE_REQUEST_H

#include "decide/decide.h"
#include "engine/token.h"
#include "wire/problem.h"

typedef enum operation {
#define X(NAME, name, role, pace, doc) OPERATION_##NAME,
#include "wire/operation_tbl.h"
#undef X
    OPERATIONS
} operation;

typedef enum request_key {
#define X(KEY, key, operations, takes, doc) REQUEST_##KEY,
#include "wire/request_tbl.h"
#undef X
    REQUEST_KEYS
} request_key;

typedef struct request { // as it was given; borrows from the request
    operation operation;
    const tact_value *given[REQUEST_KEYS]; // NULL: it was not
} request;

// The operation that `op` names.
TACT_MUST_USE tact_err request_operation(tact_value v, operation *out, tact_problem *p);
// Which keys there are, each of a kind that it may be. NULL, the value, is a request without any.
TACT_MUST_USE tact_err request_read(operation o, tact_value v, request *out, tact_problem *p);

typedef struct request_whom {
    uint64_t id;                                         // a person's number; 0: by identities
    command_identity identities[COMMAND_IDENTITIES_MAX]; // normalised, in the schema's order of namespaces
    uint32_t identities_count;
    command_identity first; // as the request has them
} request_whom;
// `needed`: somebody must be named. Without that nobody may be.
TACT_MUST_USE tact_err request_whom_read(const request *r, arena *a, const schema *s, bool needed, request_whom *out,
                                         tact_problem *p);

typedef struct request_event {
    decide_event what; // if it is declared
    bool declared;     // an impression or a click need not be, if they have a token
    uint8_t on;        // bundle_count: impression or click; ON_EVENT: neither
    tact_str channel;
} request_event;

typedef struct request_decide {
    uint32_t placements[DECIDE_PLACEMENTS_MAX], placements_count;
    tact_value *context; // by the bundle's
    request_event *events;
    uint32_t events_count;
    bool dry, explain, late;
    int64_t now_ms;
    tact_str decision; // empty: not given
} request_decide;
// `s` is asked whether tokens are its own.
TACT_MUST_USE tact_err request_decide_read(const request *r, arena *a, const store *s, const bundle *b, int64_t now_ms,
                                           request_decide *out, tact_problem *p);

// The values of a request's `context`, by the bundle's; UNRESOLVED where there is none.
TACT_MUST_USE tact_err request_context_read(const request *r, arena *a, const bundle *b, tact_value **out,
                                            tact_problem *p);
// What `id` says, or an empty text.
enum { REQUEST_ID_MAX = 40 }; // bytes; with "/9999" it is still a command's
TACT_MUST_USE tact_err request_id_read(const request *r, tact_str *out, tact_problem *p);
// The time that `now` names; as it is without.
TACT_MUST_USE tact_err request_now_read(const request *r, int64_t *now_ms, tact_problem *p);

// What a token is of, under a bundle that may be another by now: -1 where that has no such offer or placement.
TACT_MUST_USE tact_err request_token_read(const store *s, const bundle *b, tact_value v, const place *at, token *out,
                                          char room[TOKEN_TEXT_MAX], int32_t *offer, int32_t *placement,
                                          tact_problem *p);
// BUNDLE_ON_IMPRESSION, ON_CLICK, or ON_EVENT for any other name.
bundle_count request_counts(tact_str event);

static inline bool request_flag(const request *r, request_key key) {
    return r->given[key] && r->given[key]->as.b;
}
static inline tact_str request_text(const request *r, request_key key) { // empty if it was not given
    return r->given[key] ? (tact_str){r->given[key]->as.s, r->given[key]->len} : (tact_str){"", 0};
}

#endif
