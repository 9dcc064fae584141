// SPDX-License-Identifier: Apache-2.0
//
// Type inference: unknowns (TYPE_VAR) that stand for a type not known yet, and the rules by which one type may stand
// where another is expected. The rules are those of the specification's checker:
//
//  - dyn fits everything and everything fits dyn; so does the type of what is in error already
//  - an unknown fits what it can be solved as; what it is solved as may become more general later (int, then dyn)
//  - wrapper(int) fits int and int fits wrapper(int); null fits wrappers, timestamps, durations, optionals and abstract
//    types
//  - record(x) fits map(string, dyn)
//  - type(x) fits type(y); other types with parameters fit if all their parameters do
#ifndef CEL_INFER_H
#define CEL_INFER_H

#include "value/type.h"

// Steps of comparing types that one expression may take, and how deep types may refer to each other through unknowns.
// Both are far beyond what people write; without them a page of nested maps could keep the checker busy for years.
#define INFER_WORK_MAX 200000
#define INFER_DEPTH_MAX 300

typedef struct infer_undo {
    uint32_t var;
    const tact_type *was;
} infer_undo;

// What the type parameters of one signature stand for.
typedef struct infer_names {
    const tact_type **params, **types;
    uint32_t count, room;
} infer_names;

typedef struct infer {
    arena *arena;
    const tact_type **solved; // by number of the unknown; NULL while it is unknown
    uint32_t count, room;
    infer_undo *undo; // what to restore if the comparison under way fails
    uint32_t undo_count, undo_room;
    uint32_t work;  // steps taken
    bool exhausted; // INFER_WORK_MAX or INFER_DEPTH_MAX was hit: from here on everything fits
    bool no_memory; // from here on types are the error type
} infer;

static inline infer infer_in(arena *a) {
    infer in = {.arena = a};
    return in;
}

// A new unknown. Never NULL, as nothing here is.
const tact_type *infer_unknown(infer *in);
// `t` with its type parameters replaced as `names` has them; new ones stand for new unknowns.
const tact_type *infer_open(infer *in, infer_names *names, const tact_type *t);
// `t` with what is known by now put in for unknowns. With `all`, dyn is put in for the rest, for good: only when
// nothing is left to be checked.
const tact_type *infer_close(infer *in, const tact_type *t, bool all);

// Whether `from` fits `to`; solves unknowns of both on the way, none if it does not fit.
bool infer_fits(infer *in, const tact_type *from, const tact_type *to);
bool infer_fits_all(infer *in, const tact_type *const *from, const tact_type *const *to, uint32_t count);
// The more general of two types that fit each other.
const tact_type *infer_general(const tact_type *a, const tact_type *b);

// Fits the arguments to a signature without making unknowns, where types are known and equal, which is nearly always.
// The result's type, or NULL if it takes infer_fits_all to tell. `result_like` as in cel_overload.
const tact_type *infer_match(infer *in, const tact_type *const *params, const tact_type *const *args, uint32_t count,
                             const tact_type *result, uint8_t result_like);

#endif
