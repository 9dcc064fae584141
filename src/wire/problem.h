// SPDX-License-Identifier: Apache-2.0
//
// Filling a caller's tact_problem.
#ifndef WIRE_PROBLEM_H
#define WIRE_PROBLEM_H

#include "base/near.h"
#include "tact/problem.h"

// Where in a request something stands: "events[2].category". Cut to fit.
typedef struct place {
    char text[sizeof((tact_problem *)0)->at];
    size_t len;
} place;

static inline place place_none(void) {
    return (place){.text = "", .len = 0};
}
place place_of(const char *name);                // "context"
place place_member(const place *p, tact_str of); // "context.devise"; without the dot at the top
place place_item(const place *p, size_t number); // "placements[0]"

// Each sets the problem (may be NULL) and returns its tact_err.
tact_err problem_set(tact_problem *p, tact_err err, tact_problem_name name, const place *at, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// Something is not known by the name at `at`: "placement `hoem` is not known; did you mean `home`?", if one is near.
tact_err problem_unknown(tact_problem *p, tact_problem_name name, const place *at, const char *noun, const near *n);
// What a call below said; `name` NONE: its code says it.
tact_err problem_of(tact_problem *p, tact_err err, tact_problem_name name, const tact_error *error);
tact_err problem_no_memory(tact_problem *p);

#endif
