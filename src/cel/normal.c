// SPDX-License-Identifier: Apache-2.0
//
// One walk down the checked tree, carrying whether a negation stands above. Subtle: three outcomes are kept apart,
// true, false and error. `a && b` is false as soon as one side is, whatever the other, so its negation is an OR of
// negations; and a negated comparison is the opposite comparison only where values are ordered: of a double, NaN is
// neither.
#include "cel/normal.h"

#include "cel/cel.h"
#include "cel/env.h"
#include "value/value.h"

typedef struct maker {
    arena *arena;
    uint32_t leaves;
    bool failed; // memory ran out, or there are too many leaves
} maker;

// ---- Building -------------------------------------------------------------------------------------------------------

static const normal_form truth = {.kind = NORMAL_TRUE}, falsehood = {.kind = NORMAL_FALSE};

static normal_form *leaf(maker *m, normal_kind kind, const cel_node *node) {
    normal_form *f = m->leaves < NORMAL_LEAVES_MAX ? ARENA_NEW(m->arena, normal_form) : NULL;
    m->leaves++;
    m->failed |= !f;
    if (f) *f = (normal_form){.kind = (uint8_t)kind, .pos = node->extent.pos, .len = node->extent.len};
    return f;
}

static const normal_form *other(maker *m, const cel_node *node, bool negated) {
    normal_form *f = leaf(m, NORMAL_OTHER, node);
    if (f) f->negated = negated;
    return f;
}

static const normal_form *predicate(maker *m, normal_kind kind, const cel_node *node, const cel_node *slot,
                                    const tact_value *values, uint32_t count) {
    normal_form *f = leaf(m, kind, node);
    tact_value copy;
    if (!f) return NULL;
    f->slot = slot->to.index;
    f->whole = slot->type->kind == TYPE_INT || slot->type->kind == TYPE_BOOL;
    f->count = count;
    m->failed |= !value_copy(m->arena, tact_list(values, count), &copy);
    if (!m->failed) f->values = copy.as.items;
    return f;
}

// AND or OR of parts, of which the same kind is taken in and what decides nothing is left out.
static const normal_form *join(maker *m, normal_kind kind, const normal_form *const *of, uint32_t count) {
    normal_kind decides = kind == NORMAL_AND ? NORMAL_FALSE : NORMAL_TRUE;
    uint32_t parts_count = 0;
    for (uint32_t i = 0; i < count && !m->failed; i++) parts_count += of[i]->kind == kind ? of[i]->count : 1;
    const normal_form **parts = m->failed ? NULL : arena_array(m->arena, parts_count, sizeof *parts);
    normal_form *f = parts ? ARENA_NEW(m->arena, normal_form) : NULL;
    m->failed |= !f;
    if (m->failed) return NULL;
    parts_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (of[i]->kind == decides) return of[i];
        if (of[i]->kind == NORMAL_TRUE || of[i]->kind == NORMAL_FALSE) continue;
        bool same = of[i]->kind == kind;
        for (uint32_t k = 0; same && k < of[i]->count; k++) parts[parts_count++] = of[i]->parts[k];
        if (!same) parts[parts_count++] = of[i];
    }
    if (parts_count == 0) return kind == NORMAL_AND ? &truth : &falsehood;
    if (parts_count == 1) return parts[0];
    *f = (normal_form){.kind = (uint8_t)kind, .parts = parts, .count = parts_count};
    return f;
}

// ---- Reading the tree -----------------------------------------------------------------------------------------------

static bool is_slot(const cel_node *node) {
    return node->ref == CEL_REF_SLOT && !(node->kind == CEL_SELECT && node->test);
}

static bool is_constant(const cel_node *node, tact_value *out) {
    if (node->kind == CEL_LITERAL) *out = node->as.literal;
    if (node->ref == CEL_REF_CONSTANT) *out = node->to.value;
    return (node->kind == CEL_LITERAL || node->ref == CEL_REF_CONSTANT) && out->kind != TACT_OPAQUE;
}

static bool is_call(const cel_node *node, const char *name) {
    return tact_str_equal(node->as.call.name, tact_str_from(name));
}

typedef struct comparison {
    const char *name;
    normal_kind kind, flipped, opposite;
    bool ordered; // a negation is the opposite only where all values are ordered
} comparison;

static const comparison comparisons[] = {
    {CEL_OP_EQ, NORMAL_EQ, NORMAL_EQ, NORMAL_NE, false}, {CEL_OP_NE, NORMAL_NE, NORMAL_NE, NORMAL_EQ, false},
    {CEL_OP_LT, NORMAL_LT, NORMAL_GT, NORMAL_GE, true},  {CEL_OP_LE, NORMAL_LE, NORMAL_GE, NORMAL_GT, true},
    {CEL_OP_GT, NORMAL_GT, NORMAL_LT, NORMAL_LE, true},  {CEL_OP_GE, NORMAL_GE, NORMAL_LE, NORMAL_LT, true},
};

static bool always_ordered(const tact_type *type) {
    switch (type->kind) {
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_UINT:
    case TYPE_STRING:
    case TYPE_TIMESTAMP:
    case TYPE_DURATION: return true;
    default: return false;
    }
}

static bool is_nan(tact_value v) {
    return v.kind == TACT_DOUBLE && v.as.d != v.as.d;
}

static const normal_kind opposites[] = {
    [NORMAL_EQ] = NORMAL_NE, [NORMAL_NE] = NORMAL_EQ, [NORMAL_LT] = NORMAL_GE,
    [NORMAL_LE] = NORMAL_GT, [NORMAL_GT] = NORMAL_LE, [NORMAL_GE] = NORMAL_LT,
};

// NULL: it is no comparison of a slot with a constant.
static const normal_form *read_comparison(maker *m, const cel_node *node, bool negated) {
    const comparison *c = NULL;
    for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
        if (is_call(node, comparisons[i].name)) c = &comparisons[i];
    }
    if (!c || node->as.call.count != 2) return NULL;
    const cel_node *x = node->as.call.args[0], *y = node->as.call.args[1];
    tact_value v = tact_null();
    bool straight = is_slot(x) && is_constant(y, &v), turned = !straight && is_slot(y) && is_constant(x, &v);
    if (!straight && !turned) return NULL;
    const cel_node *slot = straight ? x : y;
    if (negated && c->ordered && (!always_ordered(slot->type) || is_nan(v))) return NULL;
    normal_kind kind = straight ? c->kind : c->flipped;
    return predicate(m, negated ? opposites[kind] : kind, node, slot, &v, 1);
}

static const normal_form *read_in(maker *m, const cel_node *node, bool negated) {
    if (!is_call(node, CEL_OP_IN) || node->as.call.count != 2) return NULL;
    const cel_node *x = node->as.call.args[0], *y = node->as.call.args[1];
    tact_value v = tact_null();
    if (is_slot(x) && is_constant(y, &v) && v.kind == TACT_LIST) {
        return predicate(m, negated ? NORMAL_NOT_IN : NORMAL_IN, node, x, v.as.items, v.len);
    }
    if (is_slot(y) && y->type->kind == TYPE_LIST && is_constant(x, &v)) {
        return predicate(m, negated ? NORMAL_HAS_NOT : NORMAL_HAS, node, y, &v, 1);
    }
    return NULL;
}

static const normal_form *read_node(maker *m, const cel_node *node, bool negated);

static const normal_form *read_join(maker *m, const cel_node *node, normal_kind kind, bool negated) {
    const normal_form *parts[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) parts[i] = read_node(m, node->as.call.args[i], negated);
    return join(m, kind, parts, 2);
}

// c ? a : b is (c and a) or (not c and b); negated, the same of !a and !b.
static const normal_form *read_conditional(maker *m, const cel_node *node, bool negated) {
    cel_node *const *args = node->as.call.args;
    const normal_form *then[2] = {NULL, NULL}, *otherwise[2] = {NULL, NULL}, *both[2] = {NULL, NULL};
    then[0] = read_node(m, args[0], false);
    then[1] = read_node(m, args[1], negated);
    otherwise[0] = read_node(m, args[0], true);
    otherwise[1] = read_node(m, args[2], negated);
    both[0] = join(m, NORMAL_AND, then, 2);
    both[1] = join(m, NORMAL_AND, otherwise, 2);
    return join(m, NORMAL_OR, both, 2);
}

static const normal_form *read_call(maker *m, const cel_node *node, bool negated) {
    if (is_call(node, CEL_OP_NOT)) return read_node(m, node->as.call.args[0], !negated);
    if (is_call(node, CEL_OP_AND)) return read_join(m, node, negated ? NORMAL_OR : NORMAL_AND, negated);
    if (is_call(node, CEL_OP_OR)) return read_join(m, node, negated ? NORMAL_AND : NORMAL_OR, negated);
    if (is_call(node, CEL_OP_CONDITIONAL)) return read_conditional(m, node, negated);
    const normal_form *f = read_comparison(m, node, negated);
    if (!f && !m->failed) f = read_in(m, node, negated);
    return f || m->failed ? f : other(m, node, negated);
}

// The tree's height is bounded (see cel_ast), and so is this.
static const normal_form *read_node(maker *m, const cel_node *node, bool negated) {
    tact_value v = tact_null();
    if (m->failed) return NULL;
    if (is_constant(node, &v) && v.kind == TACT_BOOL) return v.as.b != negated ? &truth : &falsehood;
    if (is_slot(node) && node->type->kind == TYPE_BOOL) {
        v = tact_bool(!negated);
        return predicate(m, NORMAL_EQ, node, node, &v, 1);
    }
    if (node->kind == CEL_SELECT && node->test && node->ref == CEL_REF_SLOT) {
        return predicate(m, negated ? NORMAL_ABSENT : NORMAL_PRESENT, node, node, NULL, 0);
    }
    if (node->kind == CEL_CALL && node->ref == CEL_REF_NONE) return read_call(m, node, negated);
    return other(m, node, negated);
}

typedef struct seeing {
    arena *forms;
    const normal_form *form;
} seeing;

static void see(void *context, const cel_ast *ast) {
    seeing *s = context;
    maker m = {.arena = s->forms};
    s->form = read_node(&m, ast->root, false);
    if (!m.failed) return;
    m = (maker){.arena = s->forms}; // too many leaves: it is one
    s->form = other(&m, ast->root, false);
}

tact_cel_result normal_compile(const tact_cel_env *env, tact_str source, const tact_cel_compile_options *options,
                               arena *hot, arena *forms, const normal_form **form) {
    seeing s = {forms, NULL};
    tact_cel_result r = cel_compile(env, source, options, hot, see, &s);
    if (r.program && !s.form) r = (tact_cel_result){.code = TACT_NO_MEMORY};
    *form = r.program ? s.form : NULL;
    return r;
}

// ---- Contradictions -------------------------------------------------------------------------------------------------

enum {
    DEPTH_MAX = 4000,    // so that a thread's stack is enough
    BUCKETS = 256,       // of slots: what is chosen has mostly one of its own
    NOBODY = UINT16_MAX, // ends a bucket
};

typedef struct search {
    const normal_form *chosen[NORMAL_LEAVES_MAX]; // predicates of the branch
    uint16_t before[NORMAL_LEAVES_MAX];           // of each, the one chosen before it of its bucket
    uint16_t newest[BUCKETS];
    uint32_t count;
    uint32_t depth;
    uint64_t steps, steps_max;
    const normal_form *clash;
    const normal_meanings *meanings;
} search;

// After very many steps the answer is yes: whoever asks gives up a warning.
static bool is_tired(const search *s) {
    return s->steps > s->steps_max;
}

static bool is_one_of(tact_value v, const normal_form *f) {
    for (uint32_t i = 0; i < f->count; i++) {
        if (tact_value_equal(v, f->values[i])) return true;
    }
    return false;
}

// Is the predicate true of this value? Of what is no single value (HAS), nothing is known.
static bool allows(const normal_form *f, tact_value v) {
    int order = f->count ? value_compare(v, f->values[0]) : 0;
    bool known = order != VALUE_UNORDERED && order != VALUE_NO_ORDER;
    switch ((normal_kind)f->kind) {
    case NORMAL_EQ:
    case NORMAL_IN: return is_one_of(v, f);
    case NORMAL_NE:
    case NORMAL_NOT_IN: return !is_one_of(v, f);
    case NORMAL_LT: return known && order < 0;
    case NORMAL_LE: return known && order <= 0;
    case NORMAL_GT: return known && order > 0;
    case NORMAL_GE: return known && order >= 0;
    case NORMAL_ABSENT: return false;
    default: return true;
    }
}

static bool is_lower(const normal_form *f) {
    return f->kind == NORMAL_GT || f->kind == NORMAL_GE;
}

static bool is_upper(const normal_form *f) {
    return f->kind == NORMAL_LT || f->kind == NORMAL_LE;
}

// Whether no whole number lies between: of an int, above 5 and below 6.
static bool is_gap(const normal_form *lower, const normal_form *upper) {
    if (!lower->whole || lower->values[0].kind != TACT_INT || upper->values[0].kind != TACT_INT) return false;
    int64_t low, high;
    bool none = __builtin_add_overflow(lower->values[0].as.i, lower->kind == NORMAL_GT, &low);
    none |= __builtin_sub_overflow(upper->values[0].as.i, upper->kind == NORMAL_LT, &high);
    return none || low > high;
}

// Whether one says true and the other false, of a slot that is nothing else.
static bool are_both_answers(const normal_form *x, const normal_form *y) {
    bool answers = x->whole && x->values[0].kind == TACT_BOOL && y->values[0].kind == TACT_BOOL;
    return answers && x->values[0].as.b != y->values[0].as.b;
}

// Two predicates over one slot that no value passes, as far as the two tell.
static bool pair_clashes(const normal_form *x, const normal_form *y) {
    if (x->kind == NORMAL_ABSENT || y->kind == NORMAL_ABSENT) return x->kind != y->kind;
    if (x->kind == NORMAL_HAS && y->kind == NORMAL_HAS_NOT) return tact_value_equal(x->values[0], y->values[0]);
    if (x->kind == NORMAL_HAS_NOT && y->kind == NORMAL_HAS) return tact_value_equal(x->values[0], y->values[0]);
    if (x->kind == NORMAL_NE && y->kind == NORMAL_NE) return are_both_answers(x, y);
    if (is_upper(x) && is_lower(y)) return pair_clashes(y, x);
    if (!is_lower(x) || !is_upper(y)) return false;
    int order = value_compare(x->values[0], y->values[0]);
    if (order == VALUE_UNORDERED || order == VALUE_NO_ORDER) return false;
    return is_gap(x, y) || order > 0 || (order == 0 && (x->kind == NORMAL_GT || y->kind == NORMAL_LT));
}

// The predicates that every value of the slot passes.
static const normal_form *const *known_of(const search *s, uint32_t slot, uint32_t *count) {
    const normal_form *const *known = s->meanings->known && slot < s->meanings->count ? s->meanings->known : NULL;
    *count = 0;
    if (!known || !known[slot]) return NULL;
    bool several = known[slot]->kind == NORMAL_AND;
    *count = several ? known[slot]->count : 1;
    return several ? known[slot]->parts : &known[slot];
}

// Whether all that was chosen or is known of the value's slot allow it but `from`, which it is taken from.
static bool all_allow(search *s, const normal_form *from, tact_value v) {
    for (uint32_t i = s->newest[from->slot % BUCKETS]; i != NOBODY; i = s->before[i]) {
        const normal_form *f = s->chosen[i];
        s->steps += 1 + f->count;
        if (f->slot == from->slot && f != from && !allows(f, v)) return false;
    }
    uint32_t count;
    const normal_form *const *known = known_of(s, from->slot, &count);
    for (uint32_t i = 0; i < count; i++) {
        s->steps += 1 + known[i]->count;
        if (known[i] != from && !allows(known[i], v)) return false;
    }
    return true;
}

// No value that `x` names is left.
static bool leaves_nothing(search *s, const normal_form *x) {
    for (uint32_t i = 0; i < x->count; i++) {
        if (all_allow(s, x, x->values[i]) || is_tired(s)) return false;
    }
    return true;
}

static bool clashes_with_known(search *s, const normal_form *f) {
    uint32_t count;
    const normal_form *const *known = known_of(s, f->slot, &count);
    for (uint32_t i = 0; i < count; i++) {
        s->steps++;
        if (pair_clashes(known[i], f)) return true;
        if ((known[i]->kind == NORMAL_EQ || known[i]->kind == NORMAL_IN) && leaves_nothing(s, known[i])) return true;
    }
    return false;
}

// The newest of the chosen against those before it. Where one says which values there can be, each is tried on all.
static bool newest_clashes(search *s) {
    const normal_form *f = s->chosen[s->count - 1];
    for (uint32_t i = s->newest[f->slot % BUCKETS]; i != NOBODY; i = s->before[i]) {
        const normal_form *x = s->chosen[i];
        s->steps++;
        if (x->slot != f->slot) continue;
        if (x != f && pair_clashes(x, f)) return true;
        if ((x->kind == NORMAL_EQ || x->kind == NORMAL_IN) && leaves_nothing(s, x)) return true;
    }
    return f->kind != NORMAL_ABSENT && clashes_with_known(s, f);
}

typedef struct frame { // forms that still have to hold, from part `at` on, and then `rest`
    const normal_form *const *parts;
    uint32_t at, count;
    const struct frame *rest;
    const normal_form *via; // the predicate that they are the meaning of; NULL: they were asked for
} frame;

static bool some_branch_holds(search *s, const frame *todo);

// What the predicate stands for besides itself, or NULL.
static const normal_form *const *meaning_of(const search *s, const normal_form *f) {
    bool stands = f->kind == NORMAL_EQ && f->values[0].kind == TACT_BOOL && f->values[0].as.b;
    if (!stands || f->slot >= s->meanings->count) return NULL;
    return s->meanings->of[f->slot] ? &s->meanings->of[f->slot] : NULL;
}

// Whether the branch has what has a meaning already, and so the meaning. Segments that share others, level below level,
// would else be gone through as often as there are ways to them.
static bool is_chosen(search *s, const normal_form *f) {
    for (uint32_t i = s->newest[f->slot % BUCKETS]; i != NOBODY; i = s->before[i]) {
        s->steps++;
        if (s->chosen[i]->slot == f->slot && meaning_of(s, s->chosen[i])) return true;
    }
    return false;
}

static bool choose(search *s, const normal_form *f, const frame *rest) {
    const normal_form *const *meaning = meaning_of(s, f), *via = rest->via ? rest->via : f;
    if (meaning && is_chosen(s, f)) return some_branch_holds(s, rest);
    if (s->count == NORMAL_LEAVES_MAX) return true;
    uint16_t *newest = &s->newest[f->slot % BUCKETS];
    s->before[s->count] = *newest;
    *newest = (uint16_t)s->count;
    s->chosen[s->count++] = f;
    bool holds = false;
    if (newest_clashes(s)) {
        s->clash = via;
    } else if (meaning) {
        holds = some_branch_holds(s, &(frame){meaning, 0, 1, rest, via});
    } else {
        holds = some_branch_holds(s, rest);
    }
    *newest = s->before[--s->count];
    return holds;
}

static bool some_branch_of(search *s, const normal_form *f, const frame *rest) {
    const normal_form *via = rest->via;
    switch ((normal_kind)f->kind) {
    case NORMAL_FALSE: s->clash = via ? via : f; return false;
    case NORMAL_AND: return some_branch_holds(s, &(frame){f->parts, 0, f->count, rest, via});
    case NORMAL_OR:
        for (uint32_t i = 0; i < f->count; i++) {
            if (some_branch_holds(s, &(frame){f->parts, i, i + 1, rest, via})) return true;
        }
        return false;
    default: return choose(s, f, rest);
    }
}

// Recurses once for each predicate and each AND and OR on the way; where those are very many, the answer is yes.
static bool some_branch_holds(search *s, const frame *todo) {
    frame rest;
    const normal_form *f;
    do {
        for (; todo && todo->at == todo->count; s->steps++) todo = todo->rest;
        s->steps++;
        if (!todo || s->depth == DEPTH_MAX || is_tired(s)) return true;
        f = todo->parts[todo->at];
        rest = *todo;
        rest.at++;
        todo = &rest;
    } while (f->kind == NORMAL_TRUE || f->kind == NORMAL_OTHER); // which say nothing
    s->depth++;
    bool holds = some_branch_of(s, f, &rest);
    s->depth--;
    return holds;
}

bool normal_can_hold_within(const normal_form *const *forms, uint32_t count, normal_meanings *m,
                            const normal_form **clash) {
    search s = {.steps_max = m->steps_left < NORMAL_STEPS_MAX ? m->steps_left : NORMAL_STEPS_MAX, .meanings = m};
    memset(s.newest, 0xff, sizeof s.newest);
    bool holds = some_branch_holds(&s, &(frame){.parts = forms, .count = count});
    m->steps_left -= s.steps < m->steps_left ? s.steps : m->steps_left;
    if (clash) *clash = holds ? NULL : s.clash;
    return holds;
}

bool normal_can_hold(const normal_form *const *forms, uint32_t count, const normal_form **clash) {
    return normal_can_hold_within(forms, count, &(normal_meanings){.steps_left = NORMAL_STEPS_MAX}, clash);
}

// ---- What always holds ----------------------------------------------------------------------------------------------

// What makes a form false, if its slots have values. Of numbers that are none (NaN), which are kept out of all that is
// stored, nothing is said.
static const normal_form *opposite_of(maker *m, const normal_form *f) {
    static const normal_kind kinds[] = {
        [NORMAL_TRUE] = NORMAL_FALSE,     [NORMAL_FALSE] = NORMAL_TRUE,  [NORMAL_AND] = NORMAL_OR,
        [NORMAL_OR] = NORMAL_AND,         [NORMAL_EQ] = NORMAL_NE,       [NORMAL_NE] = NORMAL_EQ,
        [NORMAL_LT] = NORMAL_GE,          [NORMAL_LE] = NORMAL_GT,       [NORMAL_GT] = NORMAL_LE,
        [NORMAL_GE] = NORMAL_LT,          [NORMAL_IN] = NORMAL_NOT_IN,   [NORMAL_NOT_IN] = NORMAL_IN,
        [NORMAL_HAS] = NORMAL_HAS_NOT,    [NORMAL_HAS_NOT] = NORMAL_HAS, [NORMAL_PRESENT] = NORMAL_ABSENT,
        [NORMAL_ABSENT] = NORMAL_PRESENT, [NORMAL_OTHER] = NORMAL_OTHER,
    };
    normal_form *turned = ARENA_NEW(m->arena, normal_form);
    const normal_form **parts = turned && f->parts ? arena_array(m->arena, f->count, sizeof *parts) : NULL;
    m->failed |= !turned || (f->parts && !parts);
    if (m->failed) return &truth;
    *turned = *f;
    turned->kind = (uint8_t)kinds[f->kind];
    for (uint32_t i = 0; parts && i < f->count; i++) parts[i] = opposite_of(m, f->parts[i]);
    if (parts) turned->parts = parts;
    return turned;
}

bool normal_always_holds(const normal_form *f, normal_meanings *m, arena *a) {
    maker made = {.arena = a};
    const normal_form *opposite = opposite_of(&made, f);
    normal_meanings alone = {.steps_left = m->steps_left};
    bool holds = !made.failed && !normal_can_hold_within(&opposite, 1, &alone, NULL);
    m->steps_left = alone.steps_left;
    return holds;
}

// ---- Printing -------------------------------------------------------------------------------------------------------

static const char *const signs[] = {
    [NORMAL_EQ] = "==", [NORMAL_NE] = "!=", [NORMAL_LT] = "<",  [NORMAL_LE] = "<=",
    [NORMAL_GT] = ">",  [NORMAL_GE] = ">=", [NORMAL_IN] = "in", [NORMAL_NOT_IN] = "not in",
};

static void print_predicate(buf *out, const normal_form *f, tact_str name) {
    switch ((normal_kind)f->kind) {
    case NORMAL_PRESENT: buf_printf(out, "has(%.*s)", (int)name.len, name.ptr); return;
    case NORMAL_ABSENT: buf_printf(out, "!has(%.*s)", (int)name.len, name.ptr); return;
    case NORMAL_HAS:
    case NORMAL_HAS_NOT:
        value_print(out, f->values[0]);
        buf_printf(out, " %s %.*s", f->kind == NORMAL_HAS ? "in" : "not in", (int)name.len, name.ptr);
        return;
    default: break;
    }
    bool list = f->kind == NORMAL_IN || f->kind == NORMAL_NOT_IN;
    buf_printf(out, "%.*s %s ", (int)name.len, name.ptr, signs[f->kind]);
    value_print(out, list ? tact_list(f->values, f->count) : f->values[0]);
}

void normal_print(buf *out, const normal_form *f, const tact_cel_env *env, tact_str source) {
    switch ((normal_kind)f->kind) {
    case NORMAL_TRUE: buf_add_text(out, "true"); return;
    case NORMAL_FALSE: buf_add_text(out, "false"); return;
    case NORMAL_OTHER: buf_printf(out, "%s{%.*s}", f->negated ? "!" : "", (int)f->len, source.ptr + f->pos); return;
    case NORMAL_AND:
    case NORMAL_OR: break;
    default: print_predicate(out, f, env->slots[f->slot]->name); return;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        bool wrap = f->parts[i]->kind == NORMAL_AND || f->parts[i]->kind == NORMAL_OR;
        if (i) buf_add_text(out, f->kind == NORMAL_AND ? " && " : " || ");
        if (wrap) buf_add_char(out, '(');
        normal_print(out, f->parts[i], env, source);
        if (wrap) buf_add_char(out, ')');
    }
}
