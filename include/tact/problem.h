// SPDX-License-Identifier: Apache-2.0
//
// Why an operation failed, as programs and people are told: by the engine within a program (tact.h) and by a server
// (client.h) alike.
#ifndef TACT_PROBLEM_H
#define TACT_PROBLEM_H

#include "tact/core.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tact_problem_name {
    TACT_PROBLEM_NONE, // it has the name of its tact_err
#define X(NAME, name, text) TACT_PROBLEM_##NAME,
#include "tact/problem_tbl.h"
#undef X
} tact_problem_name;

// Why a call failed: filled by the call, owned by the caller; holds no resources. May be NULL in every call.
typedef struct tact_problem {
    tact_err err;           // what the call returned
    tact_problem_name name; // what programs may act on
    char at[120];           // where in the request: "context.devise", "placements[0]"; empty if nowhere
    char text[4000]; // what is wrong and what to do, for people; of a bundle's faults as many as there is room for
} tact_problem;

TACT_API const char *tact_problem_code(const tact_problem *problem); // "unknown_placement", static
// The reply that tells it: {ok: false, error: {code: "…", text: "…", at: "…"}}; NULL, the value, if memory ran out.
TACT_API tact_value tact_problem_reply(const tact_problem *problem, tact_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
