// SPDX-License-Identifier: Apache-2.0
//
// Unification with a twist: when an unknown that is solved as one type meets another that fits it, it is solved anew as
// the more general of the two, so that `[1, dyn(2)]` is a list(dyn) whatever comes first. Changes made on the way are
// noted and undone when a comparison fails as a whole.
#include "cel/infer.h"

// ---- Unknowns -------------------------------------------------------------------------------------------------------

static const tact_type *or_error(infer *in, const tact_type *t) {
    if (t) return t;
    in->no_memory = true;
    return &type_error;
}

const tact_type *infer_unknown(infer *in) {
    if (in->count == in->room) {
        uint32_t room = in->room ? in->room * 2 : 16;
        const tact_type **solved = arena_extend(in->arena, in->solved, in->count, room, sizeof *solved);
        if (!solved) return or_error(in, NULL);
        in->solved = solved;
        in->room = room;
    }
    const tact_type *t = type_var(in->arena, in->count);
    if (!t) return or_error(in, NULL);
    in->solved[in->count++] = NULL;
    return t;
}

static void solve(infer *in, const tact_type *unknown, const tact_type *as) {
    if (in->undo_count == in->undo_room) {
        uint32_t room = in->undo_room ? in->undo_room * 2 : 16;
        infer_undo *undo = arena_extend(in->arena, in->undo, in->undo_count, room, sizeof *undo);
        if (!undo) {
            in->no_memory = true;
            return;
        }
        in->undo = undo;
        in->undo_room = room;
    }
    in->undo[in->undo_count++] = (infer_undo){unknown->var, in->solved[unknown->var]};
    in->solved[unknown->var] = as;
}

// An unknown that is solved as another unknown is that other one. The way there is shortened for the next time.
static const tact_type *follow(infer *in, const tact_type *t) {
    const tact_type *first = t;
    uint32_t hops = 0;
    while (t->kind == TYPE_VAR && in->solved[t->var] && in->solved[t->var]->kind == TYPE_VAR) {
        t = in->solved[t->var];
        hops++;
    }
    if (hops > 1) solve(in, first, t);
    return t;
}

// Pays for one step of comparing types.
static bool spend(infer *in, uint32_t depth) {
    if (in->exhausted || in->no_memory) return false;
    in->exhausted = ++in->work > INFER_WORK_MAX || depth > INFER_DEPTH_MAX;
    return !in->exhausted;
}

// ---- Replacing parts ------------------------------------------------------------------------------------------------

static const tact_type *open_name(infer *in, infer_names *names, const tact_type *param) {
    for (uint32_t i = 0; i < names->count; i++) {
        if (type_equal(names->params[i], param)) return names->types[i];
    }
    if (names->count == names->room) {
        uint32_t room = names->room ? names->room * 2 : 4;
        const tact_type **params = arena_extend(in->arena, names->params, names->count, room, sizeof *params);
        const tact_type **types = arena_extend(in->arena, names->types, names->count, room, sizeof *types);
        if (!params || !types) return or_error(in, NULL);
        *names = (infer_names){params, types, names->count, room};
    }
    names->params[names->count] = param;
    return names->types[names->count++] = infer_unknown(in);
}

const tact_type *infer_open(infer *in, infer_names *names, const tact_type *t) {
    if (!t->open || t->kind == TYPE_VAR) return t;
    if (t->kind == TYPE_PARAM) return open_name(in, names, t);
    const tact_type *params[TYPE_PARAMS_MAX];
    for (uint8_t i = 0; i < t->count; i++) params[i] = infer_open(in, names, t->params[i]);
    return or_error(in, type_new(in->arena, (type_kind)t->kind, t->name, params, t->count));
}

static const tact_type *close_part(infer *in, const tact_type *t, bool all, uint32_t depth);

// What was found is kept with all the unknowns on the way, so that none is closed each time it is met.
static const tact_type *close_unknown(infer *in, const tact_type *t, bool all, uint32_t depth) {
    const tact_type *last = t;
    while (in->solved[last->var] && in->solved[last->var]->kind == TYPE_VAR) last = in->solved[last->var];
    const tact_type *as = in->solved[last->var];
    as = as ? close_part(in, as, all, depth + 1) : all ? &type_dyn : last;
    while (t != last) {
        const tact_type *next = in->solved[t->var];
        in->solved[t->var] = as;
        t = next;
    }
    if (as != last) in->solved[last->var] = as;
    return as;
}

static const tact_type *close_part(infer *in, const tact_type *t, bool all, uint32_t depth) {
    if (!t->open) return t;
    if (!spend(in, depth) || t->kind == TYPE_PARAM) return all ? &type_dyn : t;
    if (t->kind == TYPE_VAR) return close_unknown(in, t, all, depth);
    const tact_type *params[TYPE_PARAMS_MAX];
    bool same = true;
    for (uint8_t i = 0; i < t->count; i++) {
        params[i] = close_part(in, t->params[i], all, depth + 1);
        same = same && params[i] == t->params[i];
    }
    return same ? t : or_error(in, type_new(in->arena, (type_kind)t->kind, t->name, params, t->count));
}

const tact_type *infer_close(infer *in, const tact_type *t, bool all) {
    return close_part(in, t, all, 0);
}

// ---- Generality -----------------------------------------------------------------------------------------------------

static bool can_be_null(const tact_type *t) {
    switch (t->kind) {
    case TYPE_NULL:
    case TYPE_WRAPPER:
    case TYPE_TIMESTAMP:
    case TYPE_DURATION:
    case TYPE_OPTIONAL:
    case TYPE_ABSTRACT: return true;
    default: return false;
    }
}

// Whether `a` is the same as `b`, or tells less about a value.
static bool as_general(const tact_type *a, const tact_type *b) {
    if (a->kind == TYPE_DYN || a->kind == TYPE_VAR) return true;
    if (b->kind == TYPE_DYN || b->kind == TYPE_VAR) return false;
    if (b->kind == TYPE_NULL) return can_be_null(a);
    if (a->kind == TYPE_WRAPPER && b->kind != TYPE_WRAPPER) return as_general(a->params[0], b);
    if (b->kind == TYPE_RECORD && a->kind == TYPE_MAP) return as_general(a, type_of_kind(TYPE_RECORD));
    if (a->kind != b->kind || a->count != b->count || !tact_str_equal(a->name, b->name)) return false;
    if (a->kind == TYPE_TYPE) return true;
    for (uint8_t i = 0; i < a->count; i++) {
        if (!as_general(a->params[i], b->params[i])) return false;
    }
    return true;
}

const tact_type *infer_general(const tact_type *a, const tact_type *b) {
    if (as_general(a, b)) return a;
    if (a->kind == TYPE_RECORD && !as_general(b, a)) return type_of_kind(TYPE_RECORD);
    if (b->kind == TYPE_RECORD) return type_of_kind(TYPE_RECORD);
    return b;
}

// ---- Fitting --------------------------------------------------------------------------------------------------------

static bool fits(infer *in, const tact_type *from, const tact_type *to, uint32_t depth);

// Whether the unknown occurs in `t`, so that solving it as `t` would never end.
static bool occurs(infer *in, const tact_type *unknown, const tact_type *t, uint32_t depth) {
    if (!t->open || !spend(in, depth)) return false;
    t = follow(in, t);
    if (t->kind == TYPE_VAR) {
        if (t->var == unknown->var) return true;
        return in->solved[t->var] && occurs(in, unknown, in->solved[t->var], depth + 1);
    }
    for (uint8_t i = 0; i < t->count; i++) {
        if (occurs(in, unknown, t->params[i], depth + 1)) return true;
    }
    return false;
}

typedef enum outcome { YES, NO, NOT_THIS_WAY } outcome;

// Whether the unknown can be (or can become) `t`. NOT_THIS_WAY: it is not solved yet, but occurs in `t`.
static outcome can_be(infer *in, const tact_type *t, const tact_type *unknown, uint32_t depth) {
    if (t->kind == TYPE_VAR && t->var == unknown->var) return YES;
    const tact_type *as = in->solved[unknown->var];
    if (!as) {
        if (occurs(in, unknown, t, depth)) return NOT_THIS_WAY;
        solve(in, unknown, t);
        return YES;
    }
    if (t == as) return YES;
    if (!fits(in, t, as, depth + 1)) return NO;
    const tact_type *general = infer_general(t, as);
    if (general != as && !occurs(in, unknown, general, depth)) solve(in, unknown, general);
    return YES;
}

static bool same_shape_fits(infer *in, const tact_type *from, const tact_type *to, uint32_t depth) {
    if (from->kind != to->kind || from->count != to->count || !tact_str_equal(from->name, to->name)) return false;
    for (uint8_t i = 0; i < from->count; i++) {
        if (!fits(in, from->params[i], to->params[i], depth + 1)) return false;
    }
    return true;
}

static bool record_fits(infer *in, const tact_type *map, uint32_t depth) {
    return map->kind == TYPE_MAP && fits(in, &type_string, map->params[0], depth + 1) &&
           fits(in, &type_dyn, map->params[1], depth + 1);
}

static bool fits(infer *in, const tact_type *from, const tact_type *to, uint32_t depth) {
    if (from == to) return true;
    if (!spend(in, depth)) return true;
    from = follow(in, from);
    to = follow(in, to);
    if (to->kind == TYPE_VAR) {
        outcome o = can_be(in, from, to, depth);
        if (o != NOT_THIS_WAY) return o == YES;
    }
    if (from->kind == TYPE_VAR) return can_be(in, to, from, depth) == YES;
    if (from->kind <= TYPE_DYN || to->kind <= TYPE_DYN) return true; // or ERROR
    if (from->kind == TYPE_PARAM || to->kind == TYPE_PARAM) return true;
    if (from->kind == TYPE_NULL) return can_be_null(to);
    if (to->kind == TYPE_NULL) return can_be_null(from);
    if (from->kind == TYPE_WRAPPER) from = from->params[0];
    if (to->kind == TYPE_WRAPPER) to = to->params[0];
    if (from->kind == TYPE_TYPE) return to->kind == TYPE_TYPE;
    if (from->kind == TYPE_RECORD && to->kind != TYPE_RECORD) return record_fits(in, to, depth);
    if (to->kind == TYPE_RECORD && from->kind != TYPE_RECORD) return record_fits(in, from, depth);
    return same_shape_fits(in, from, to, depth);
}

bool infer_fits_all(infer *in, const tact_type *const *from, const tact_type *const *to, uint32_t count) {
    in->undo_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (fits(in, from[i], to[i], 0)) continue;
        while (in->undo_count > 0) {
            infer_undo u = in->undo[--in->undo_count];
            in->solved[u.var] = u.was;
        }
        return false;
    }
    return true;
}

bool infer_fits(infer *in, const tact_type *from, const tact_type *to) {
    return from == to || infer_fits_all(in, &from, &to, 1);
}

// ---- The fast way ---------------------------------------------------------------------------------------------------

typedef struct binding {
    const tact_type *param, *type;
} binding;

#define BINDINGS_MAX 4 // type parameters of a signature that the fast way handles

typedef struct bindings {
    binding items[BINDINGS_MAX];
    uint32_t count;
} bindings;

static const tact_type *bound(const bindings *b, const tact_type *param) {
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->items[i].param == param || tact_str_equal(b->items[i].param->name, param->name)) return b->items[i].type;
    }
    return NULL;
}

static bool match(bindings *b, const tact_type *param, const tact_type *arg) {
    if (param == arg) return true;
    if (!param->open) return type_equal(param, arg);
    if (param->kind == TYPE_PARAM) {
        const tact_type *before = bound(b, param);
        if (before) return type_equal(before, arg);
        if (b->count == BINDINGS_MAX) return false;
        b->items[b->count++] = (binding){param, arg};
        return true;
    }
    if (param->kind != arg->kind || param->count != arg->count || !tact_str_equal(param->name, arg->name)) return false;
    for (uint8_t i = 0; i < param->count; i++) {
        if (!match(b, param->params[i], arg->params[i])) return false;
    }
    return true;
}

static const tact_type *put_in(infer *in, const bindings *b, const tact_type *t) {
    if (!t->open) return t;
    if (t->kind == TYPE_PARAM) return bound(b, t);
    const tact_type *params[TYPE_PARAMS_MAX];
    for (uint8_t i = 0; i < t->count; i++) {
        params[i] = put_in(in, b, t->params[i]);
        if (!params[i]) return NULL; // a parameter of the result alone: an unknown, so not for the fast way
    }
    return or_error(in, type_new(in->arena, (type_kind)t->kind, t->name, params, t->count));
}

const tact_type *infer_match(infer *in, const tact_type *const *params, const tact_type *const *args, uint32_t count,
                             const tact_type *result, uint8_t result_like) {
    bindings b = {.count = 0};
    for (uint32_t i = 0; i < count; i++) {
        if (args[i]->open || !match(&b, params[i], args[i])) return NULL;
    }
    return result_like < count ? args[result_like] : put_in(in, &b, result);
}
