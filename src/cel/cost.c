// SPDX-License-Identifier: Apache-2.0
//
// The estimate is made bottom-up: of each part its cost and how large its value is, since that is what makes loops and
// functions dear. The subtle part is a comprehension that builds a list: `@result + [x]` grows in place (see
// compile.c), so a round costs the same however long the list has become.
#include "cel/cost.h"

#include "cel/func.h"
#include "value/value.h"

// What a part costs to compute, and how large its value is: `count` parts (of a list or map; of anything else 1), of
// which the largest has `bytes` of text in it. What is not known to be a list or a text may be either.
typedef struct estimate {
    cost_range cost;
    cost_range count;
    uint64_t bytes;
} estimate;

typedef struct local {
    tact_str name;
    estimate value; // free of cost
    const struct local *outer;
} local;

typedef struct estimator {
    const cel_ast *ast;
    const tact_cel_env *env;
    const local *scope;
    cost_range *costs;  // by the nodes' ids, or NULL: where cost_print finds them
    cost_range *rounds; // how often a node is evaluated each time the comprehension around it is
} estimator;

static estimate of_node(estimator *e, const cel_node *n);

// ---- Sums that stay in range ----------------------------------------------------------------------------------------

static uint64_t plus(uint64_t a, uint64_t b) {
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? COST_UNBOUNDED : sum;
}

static uint64_t times(uint64_t a, uint64_t b) {
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? COST_UNBOUNDED : product;
}

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t most(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static cost_range exactly(uint64_t n) {
    return (cost_range){n, n};
}

static cost_range add(cost_range a, cost_range b) {
    return (cost_range){plus(a.min, b.min), plus(a.max, b.max)};
}

static cost_range multiply(cost_range a, cost_range b) {
    return (cost_range){times(a.min, b.min), times(a.max, b.max)};
}

static cost_range either(cost_range a, cost_range b) {
    return (cost_range){least(a.min, b.min), most(a.max, b.max)};
}

// ---- Sizes ----------------------------------------------------------------------------------------------------------

static bool has_parts(const tact_type *t) {
    return t->kind == TYPE_LIST || t->kind == TYPE_MAP || t->kind == TYPE_RECORD;
}

static bool has_size(const tact_type *t) {
    switch (t->kind) {
    case TYPE_NULL:
    case TYPE_BOOL:
    case TYPE_INT:
    case TYPE_UINT:
    case TYPE_DOUBLE:
    case TYPE_TIMESTAMP:
    case TYPE_DURATION:
    case TYPE_TYPE: return false;
    default: return true;
    }
}

// Copying or comparing `count` parts of `bytes` each.
static uint64_t steps_of(uint64_t count, uint64_t bytes) {
    return times(count, plus(1, bytes / CALL_BYTES_A_STEP));
}

static uint64_t steps_whole(const estimate *e) {
    return steps_of(e->count.max, e->bytes);
}

// The text that a part has in it; what a list is besides its items' text counts as text, too.
static uint64_t bytes_as_part(const estimate *e, bool parts) {
    return parts ? times(steps_whole(e), CALL_BYTES_A_STEP) : e->bytes;
}

// A value of which only the type is known, at no cost.
static estimate of_type(const tact_cel_env *env, const tact_type *t) {
    if (!has_size(t)) return (estimate){.count = exactly(1)};
    estimate r = {.count = {0, COST_ITEMS}, .bytes = COST_TEXT_BYTES};
    switch (t->kind) {
    case TYPE_STRING:
    case TYPE_BYTES: r.count = exactly(1); break;
    case TYPE_WRAPPER:
    case TYPE_OPTIONAL:
        if (t->count) r = of_type(env, t->params[0]);
        r.count.min = 0;
        break;
    case TYPE_LIST:
    case TYPE_MAP:
        r.bytes = 0;
        for (uint8_t i = 0; i < t->count; i++) {
            estimate part = of_type(env, t->params[i]);
            r.bytes = plus(r.bytes, bytes_as_part(&part, has_parts(t->params[i])));
        }
        break;
    case TYPE_RECORD: {
        const cel_record *record = env_record(env, t->name);
        if (record) r.count.max = record->fields.count;
        break;
    }
    default: break;
    }
    return r;
}

#define LOOKS_MAX 4096    // parts of a constant that are looked at; what is beyond is taken to be like any other text
#define LOOK_DEPTH_MAX 16 // how deep they are looked for

static estimate look_at(tact_value v, uint32_t *looks, uint32_t depth);

static void look_at_part(estimate *r, tact_value v, uint32_t *looks, uint32_t depth) {
    if (*looks == 0 || depth == 0) {
        r->bytes = most(r->bytes, COST_TEXT_BYTES);
        return;
    }
    (*looks)--;
    estimate part = look_at(v, looks, depth - 1);
    r->bytes = most(r->bytes, bytes_as_part(&part, v.kind == TACT_LIST || v.kind == TACT_MAP));
}

static estimate look_at(tact_value v, uint32_t *looks, uint32_t depth) {
    estimate r = {.count = exactly(1)};
    if (v.kind == TACT_STRING || v.kind == TACT_BYTES) r.bytes = v.len;
    if (v.kind == TACT_LIST) {
        r.count = exactly(v.len);
        for (uint32_t i = 0; i < v.len && i <= LOOKS_MAX; i++) look_at_part(&r, v.as.items[i], looks, depth);
    } else if (v.kind == TACT_MAP) {
        r.count = exactly(v.as.map->count);
        for (uint32_t i = 0; i < v.as.map->count && i <= LOOKS_MAX; i++) {
            look_at_part(&r, v.as.map->entries[i].key, looks, depth);
            look_at_part(&r, v.as.map->entries[i].value, looks, depth);
        }
    }
    return r;
}

static estimate of_value(tact_value v) {
    uint32_t looks = LOOKS_MAX;
    return look_at(v, &looks, LOOK_DEPTH_MAX);
}

// ---- Names and fields -----------------------------------------------------------------------------------------------

static uint64_t record_fields(const cel_record *record) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < record->fields.count; i++) {
        const cel_field *field = record->fields.entries[i].value;
        count++;
        if (field->decl && field->decl->kind == CEL_DECL_RECORD)
            count = plus(count, record_fields(field->decl->record));
    }
    return count;
}

static estimate of_local(const estimator *e, const cel_node *n) {
    for (const local *l = e->scope; l; l = l->outer) {
        if (tact_str_equal(l->name, n->as.ident.name)) return l->value;
    }
    return of_type(e->env, n->type);
}

// True if the node is a name, of one part or of several.
static bool of_name(const estimator *e, const cel_node *n, estimate *r) {
    switch ((cel_ref_kind)n->ref) {
    case CEL_REF_NONE: return false;
    case CEL_REF_SLOT:
        *r = n->test ? of_type(e->env, &type_bool) : of_type(e->env, e->env->slots[n->to.index]->type);
        break;
    case CEL_REF_LOCAL: *r = of_local(e, n); return true;
    case CEL_REF_CONSTANT: *r = of_value(n->to.value); return true;
    case CEL_REF_RECORD:
        *r = of_type(e->env, n->type);
        r->cost = exactly(record_fields(n->to.record));
        break;
    case CEL_REF_UNBOUND: *r = of_type(e->env, n->type); break;
    }
    r->cost = add(r->cost, exactly(1));
    return true;
}

static estimate of_select(estimator *e, const cel_node *n) {
    estimate operand = of_node(e, n->as.select.operand);
    estimate r = of_type(e->env, n->test ? &type_bool : n->type);
    r.cost = add(operand.cost, exactly(1));
    return r;
}

// ---- Operators and functions ----------------------------------------------------------------------------------------

// Looking a key up in a map takes hashing it, finding an item in a list comparing its parts with each. A text is one
// part however long: those that differ nearly always do so at once.
static cost_range membership(const estimate *of, const estimate *in, const tact_type *type) {
    if (type->kind == TYPE_MAP || type->kind == TYPE_RECORD) return (cost_range){1, most(1, steps_whole(of))};
    return (cost_range){1, most(1, times(in->count.max, most(1, of->count.max)))};
}

static const cel_node *argument(const cel_node *call, uint32_t i) {
    if (!call->as.call.target) return call->as.call.args[i];
    return i ? call->as.call.args[i - 1] : call->as.call.target;
}

static bool takes_text(const cel_overload *o, uint32_t i) {
    return o->kinds[i] == TACT_STRING || o->kinds[i] == TACT_BYTES;
}

// A function that takes a list(A) or list(optional_type(A)) does not look into the items.
static bool looks_at_items(const tact_type *param) {
    if (!has_parts(param) || param->count == 0) return true;
    const tact_type *item = param->params[param->count - 1];
    return item->kind != TYPE_PARAM && item->kind != TYPE_OPTIONAL;
}

// The size of an argument as a function goes through it.
static uint64_t units(const cel_overload *o, uint32_t i, const estimate *arg) {
    if (takes_text(o, i)) return arg->bytes;
    return looks_at_items(o->params[i]) ? steps_whole(arg) : arg->count.max;
}

static uint64_t digits_of(uint64_t n) { // in base 2
    uint64_t digits = 0;
    for (; n > 1; n /= 2) digits++;
    return digits + 1;
}

static uint64_t growth(const cel_overload *o, const estimate *args) {
    uint64_t sum = 0, smallest = COST_UNBOUNDED;
    if (o->count == 0) return 0;
    for (uint32_t i = 0; i < o->count; i++) {
        sum = plus(sum, units(o, i, &args[i]));
        smallest = least(smallest, steps_whole(&args[i]));
    }
    const estimate *last = &args[o->count - 1];
    switch ((cel_growth)o->growth) {
    case CEL_COST_FIXED: return 0;
    case CEL_COST_LEAST: return smallest - least(1, smallest); // comparing one step's worth is the base
    case CEL_COST_LINEAR: return sum;
    case CEL_COST_SORT: return plus(sum, times(2 * digits_of(last->count.max), steps_whole(last)));
    case CEL_COST_PRODUCT: break;
    }
    return plus(sum, times(takes_text(o, 0) ? args[0].bytes : args[0].count.max, units(o, 1, &args[1])));
}

// A list that a number in the call makes larger than is assumed, as in lists.range(5000).
static uint64_t size_asked_for(const cel_node *n) {
    uint64_t size = 0;
    for (uint32_t i = 0; i < n->as.call.count && n->type->kind == TYPE_LIST; i++) {
        const cel_node *arg = n->as.call.args[i];
        if (arg->kind != CEL_LITERAL || arg->as.literal.kind != TACT_INT || arg->as.literal.as.i < 0) continue;
        size = most(size, arg->as.literal.as.u);
    }
    return size;
}

static estimate of_function(estimator *e, const cel_node *n, const estimate *args) {
    estimate r = of_type(e->env, n->type);
    uint64_t grown = 0;
    for (uint32_t i = 0; i < n->as.call.overloads_count; i++) {
        const cel_overload *o = n->as.call.overloads[i];
        uint64_t more = growth(o, args);
        cost_range call = {o->steps, plus(o->steps, more)};
        r.cost = i ? either(r.cost, call) : call;
        grown = most(grown, more);
    }
    r.cost = add(r.cost, exactly(1));
    if (has_parts(n->type)) { // which are made one by one
        uint64_t made = most(grown, size_asked_for(n));
        r.count.max = most(r.count.max, made);
        r.cost.max = plus(r.cost.max, made);
    } else if (has_size(n->type)) {
        r.bytes = most(r.bytes, grown);
        r.cost.max = plus(r.cost.max, grown / CALL_BYTES_A_STEP);
    }
    return r;
}

static cel_role role_of(const cel_node *n) {
    const cel_function *f = n->kind == CEL_CALL ? n->as.call.function : NULL;
    return f ? f->role : CEL_ROLE_NONE;
}

// Of `?:` only one outcome is computed.
static estimate of_conditional(const estimate *condition, const estimate *yes, const estimate *no) {
    return (estimate){
        .cost = add(add(condition->cost, exactly(4)), either(yes->cost, no->cost)), // a test, jumps, moves
        .count = either(yes->count, no->count),
        .bytes = most(yes->bytes, no->bytes),
    };
}

static estimate of_sum(estimator *e, const cel_node *n, const estimate *a, const estimate *b) {
    estimate r = of_type(e->env, n->type);
    r.cost = exactly(1);
    if (!has_size(n->type)) return r;
    bool text = n->type->kind == TYPE_STRING || n->type->kind == TYPE_BYTES;
    r.count = text ? exactly(1) : add(a->count, b->count);
    r.bytes = has_parts(n->type) ? most(a->bytes, b->bytes) : plus(a->bytes, b->bytes);
    r.cost.max = plus(1, text ? steps_of(1, r.bytes) : r.count.max);
    return r;
}

// The call itself, without its arguments.
static estimate of_operation(estimator *e, const cel_node *n, const estimate *args) {
    estimate r = of_type(e->env, n->type);
    switch (role_of(n)) {
    case CEL_ROLE_ADD: return of_sum(e, n, &args[0], &args[1]);
    case CEL_ROLE_IN: r.cost = membership(&args[0], &args[1], n->as.call.args[1]->type); return r;
    case CEL_ROLE_INDEX:
    case CEL_ROLE_OPT_INDEX: r.cost = (cost_range){1, most(1, steps_whole(&args[1]))}; return r;
    case CEL_ROLE_BLOCK:
        r = args[1];
        r.cost = exactly(0);
        return r;
    default: return of_function(e, n, args);
    }
}

static estimate of_call(estimator *e, const cel_node *n) {
    estimate args[CEL_PARAMS_MAX] = {0};
    cost_range cost = {0, 0};
    uint32_t count = n->as.call.count + (n->as.call.target != NULL);
    for (uint32_t i = 0; i < count; i++) {
        estimate a = of_node(e, argument(n, i));
        if (i < CEL_PARAMS_MAX) args[i] = a;
        cost = add(cost, a.cost);
    }
    cel_role role = role_of(n);
    if (role == CEL_ROLE_CONDITIONAL) return of_conditional(&args[0], &args[1], &args[2]);
    if (role == CEL_ROLE_LOGIC) { // the second is not needed if the first settles it
        return (estimate){.cost = {plus(1, args[0].cost.min), plus(1, cost.max)}, .count = exactly(1)};
    }
    estimate r = of_operation(e, n, args);
    r.cost = add(r.cost, cost);
    return r;
}

// ---- Lists and maps -------------------------------------------------------------------------------------------------

// Puts a part into a list; for a map it is the value, after the key.
static void put(estimate *r, const estimate *part, const cel_node *n, bool optional) {
    r->cost = add(r->cost, add(part->cost, exactly(1)));
    r->count = add(r->count, (cost_range){optional ? 0 : 1, 1});
    r->bytes = most(r->bytes, bytes_as_part(part, has_parts(n->type)));
}

static estimate of_list(estimator *e, const cel_node *n) {
    estimate r = {.cost = exactly(1)};
    for (uint32_t i = 0; i < n->as.list.count; i++) {
        estimate item = of_node(e, n->as.list.items[i]);
        put(&r, &item, n->as.list.items[i], n->as.list.optional && n->as.list.optional[i]);
    }
    return r;
}

static estimate of_map(estimator *e, const cel_node *n) {
    estimate r = {.cost = exactly(1)};
    for (uint32_t i = 0; i < n->as.map.count; i++) {
        const cel_entry *entry = &n->as.map.entries[i];
        estimate key = entry->key ? of_node(e, entry->key) : (estimate){.count = exactly(1)};
        estimate value = of_node(e, entry->value);
        value.cost = add(value.cost, key.cost);
        r.bytes = most(r.bytes, key.bytes);
        put(&r, &value, entry->value, entry->optional);
    }
    return r;
}

// ---- Comprehensions -------------------------------------------------------------------------------------------------

static bool is_named(const cel_node *n, tact_str name) {
    return n->kind == CEL_IDENT && tact_str_equal(n->as.ident.name, name);
}

static bool is_true(const cel_node *n) {
    return n->kind == CEL_LITERAL && n->as.literal.kind == TACT_BOOL && n->as.literal.as.b;
}

// What a round of a loop does to its accumulator.
typedef struct round {
    cost_range cost;
    estimate growth; // what is added to it in place, or what it becomes
    bool in_place;
} round;

// `@result + [x]`, or an insertion into a map: what is put in costs, what is there does not.
static round of_growth(estimator *e, const cel_node *step) {
    round r = {.cost = exactly(2), .growth = {.count = exactly(1)}, .in_place = true};
    for (uint32_t i = 1; i < step->as.call.count; i++) {
        const cel_node *n = step->as.call.args[i];
        estimate part = of_node(e, n);
        r.cost = add(r.cost, part.cost);
        if (step->as.call.count == 2) { // a list or a map, whose parts are put in one by one
            r.growth.count = part.count;
            r.growth.bytes = part.bytes;
            r.cost = add(r.cost, part.count);
        } else {
            r.growth.bytes = most(r.growth.bytes, bytes_as_part(&part, has_parts(n->type)));
        }
    }
    return r;
}

static bool grows_in_place(const cel_node *step, tact_str accu) {
    cel_role role = role_of(step);
    bool adds = role == CEL_ROLE_ADD && step->as.call.args[1]->kind == CEL_LIST;
    return (adds || role == CEL_ROLE_MAP_INSERT) && is_named(step->as.call.args[0], accu);
}

static round of_step(estimator *e, const cel_node *step, tact_str accu) {
    if (grows_in_place(step, accu)) return of_growth(e, step);
    if (role_of(step) == CEL_ROLE_CONDITIONAL && is_named(step->as.call.args[2], accu) &&
        grows_in_place(step->as.call.args[1], accu)) {
        estimate guard = of_node(e, step->as.call.args[0]);
        round r = of_growth(e, step->as.call.args[1]);
        r.cost = add(add(guard.cost, exactly(1)), (cost_range){0, r.cost.max});
        r.growth.count.min = 0;
        return r;
    }
    estimate value = of_node(e, step);
    return (round){.cost = add(value.cost, exactly(1)), .growth = value};
}

// A variable over the parts of `range`.
static local variable(const estimator *e, tact_str name, const tact_type *type, const estimate *range,
                      const local *outer) {
    estimate value = of_type(e->env, type);
    if (has_parts(type)) {
        value.count.max = least(value.count.max, range->bytes / CALL_BYTES_A_STEP);
    } else {
        value.bytes = least(value.bytes, range->bytes);
    }
    return (local){name, value, outer};
}

// The variables' types are those that the checker gave them.
static const tact_type *part_type(const tact_type *range, bool value) {
    switch (range->kind) {
    case TYPE_LIST: return range->params[0];
    case TYPE_MAP: return range->params[value ? 1 : 0];
    case TYPE_RECORD: return value ? &type_dyn : &type_string;
    default: return &type_dyn;
    }
}

#define ROUND_STEPS 3 // of a loop besides its condition and step: to go on, to jump back, to test

static estimate of_comprehension(estimator *e, const cel_node *n) {
    const tact_type *type = n->as.fold.range->type;
    estimate range = of_node(e, n->as.fold.range), init = of_node(e, n->as.fold.init);
    local accu = {n->as.fold.accu, {.count = init.count, .bytes = init.bytes}, e->scope};
    bool two = n->as.fold.var2.len > 0;
    const tact_type *first = two && type->kind == TYPE_LIST ? &type_int : part_type(type, false);
    local var = variable(e, n->as.fold.var, first, &range, &accu);
    local var2 = variable(e, n->as.fold.var2, part_type(type, true), &range, &var);
    e->scope = &var2;
    estimate condition = of_node(e, n->as.fold.condition);
    round step = of_step(e, n->as.fold.step, n->as.fold.accu);
    cost_range rounds = range.count;
    if (!is_true(n->as.fold.condition)) rounds.min = least(rounds.min, 1);
    if (e->rounds) e->rounds[n->id] = rounds;
    cost_range grown = step.in_place ? add(init.count, multiply(rounds, step.growth.count))
                                     : either(init.count, step.growth.count);
    accu.value = (estimate){.count = grown, .bytes = most(init.bytes, step.growth.bytes)};
    e->scope = &accu;
    estimate r = of_node(e, n->as.fold.result);
    e->scope = accu.outer;
    cost_range each = add(add(condition.cost, step.cost), exactly(ROUND_STEPS));
    r.cost = add(add(range.cost, init.cost), add(multiply(rounds, each), r.cost));
    return r;
}

// ---- Everything -----------------------------------------------------------------------------------------------------

static estimate of_kind(estimator *e, const cel_node *n) {
    estimate r = {.count = exactly(1)};
    if (of_name(e, n, &r)) return r;
    switch ((cel_node_kind)n->kind) {
    case CEL_LITERAL: return of_value(n->as.literal);
    case CEL_SELECT: return of_select(e, n);
    case CEL_CALL: return of_call(e, n);
    case CEL_LIST: return of_list(e, n);
    case CEL_MESSAGE:
    case CEL_MAP: return of_map(e, n);
    case CEL_COMPREHENSION: return of_comprehension(e, n);
    case CEL_IDENT:
    case CEL_BAD: break;
    }
    return of_type(e->env, &type_dyn);
}

static estimate of_node(estimator *e, const cel_node *n) {
    estimate r = of_kind(e, n);
    if (e->costs) e->costs[n->id] = r.cost;
    return r;
}

cost_range cost_estimate(const cel_ast *ast, const tact_cel_env *env) {
    estimator e = {.ast = ast, .env = env};
    return of_node(&e, ast->root).cost;
}

// ---- Printing -------------------------------------------------------------------------------------------------------

#define TEXT_BYTES_MAX 100 // of a part's text that are shown

typedef struct printer {
    buf *out;
    const estimator *estimator;
    cel_span around; // of the part last printed
    uint32_t indent;
} printer;

static void print_number(buf *out, uint64_t n) {
    if (n == COST_UNBOUNDED) {
        buf_printf(out, "%12s", "unbounded");
    } else {
        buf_printf(out, "%12llu", (unsigned long long)n);
    }
}

// The text on one line, cut between characters where it is long.
static void print_text(buf *out, tact_str text) {
    size_t len = text.len;
    if (len > TEXT_BYTES_MAX) {
        len = TEXT_BYTES_MAX;
        while (len > 0 && ((unsigned char)text.ptr[len] & 0xc0) == 0x80) len--;
    }
    for (size_t i = 0; i < len; i++) {
        bool blank = (unsigned char)text.ptr[i] <= ' ';
        if (!blank) buf_add_char(out, text.ptr[i]);
        if (blank && i > 0 && (unsigned char)text.ptr[i - 1] > ' ') buf_add_char(out, ' ');
    }
    if (len < text.len) buf_add_text(out, "...");
}

static bool is_worth_a_line(const printer *p, const cel_node *n) {
    bool whole = n->extent.pos == p->around.pos && n->extent.len == p->around.len;
    return !whole && n->extent.len && n->kind != CEL_LITERAL && n->ref != CEL_REF_LOCAL && n->ref != CEL_REF_CONSTANT;
}

static void print_node(printer *p, const cel_node *n, const cost_range *rounds);

static void print_parts(printer *p, const cel_node *n, const cost_range *rounds) {
    if (n->ref != CEL_REF_NONE) return;
    switch ((cel_node_kind)n->kind) {
    case CEL_SELECT: print_node(p, n->as.select.operand, rounds); break;
    case CEL_CALL:
        if (n->as.call.target) print_node(p, n->as.call.target, rounds);
        for (uint32_t i = 0; i < n->as.call.count; i++) print_node(p, n->as.call.args[i], rounds);
        break;
    case CEL_LIST:
        for (uint32_t i = 0; i < n->as.list.count; i++) print_node(p, n->as.list.items[i], rounds);
        break;
    case CEL_MAP:
    case CEL_MESSAGE:
        for (uint32_t i = 0; i < n->as.map.count; i++) {
            if (n->as.map.entries[i].key) print_node(p, n->as.map.entries[i].key, rounds);
            print_node(p, n->as.map.entries[i].value, rounds);
        }
        break;
    case CEL_COMPREHENSION:
        print_node(p, n->as.fold.range, rounds);
        print_node(p, n->as.fold.init, rounds);
        print_node(p, n->as.fold.condition, &p->estimator->rounds[n->id]);
        print_node(p, n->as.fold.step, &p->estimator->rounds[n->id]);
        print_node(p, n->as.fold.result, rounds);
        break;
    default: break;
    }
}

// `rounds` is how often a part of a macro is computed, until it is told in its line; NULL: once.
static void print_node(printer *p, const cel_node *n, const cost_range *rounds) {
    if (!is_worth_a_line(p, n)) {
        print_parts(p, n, rounds);
        return;
    }
    cost_range cost = p->estimator->costs[n->id];
    print_number(p->out, cost.min);
    print_number(p->out, cost.max);
    buf_add_repeat(p->out, ' ', 2 + 2 * (size_t)p->indent);
    print_text(p->out, (tact_str){p->estimator->ast->source.ptr + n->extent.pos, n->extent.len});
    if (rounds) {
        buf_printf(p->out, "    for each of %llu to %llu", (unsigned long long)rounds->min,
                   (unsigned long long)rounds->max);
    }
    buf_add_char(p->out, '\n');
    cel_span around = p->around;
    p->around = n->extent;
    p->indent++;
    print_parts(p, n, NULL);
    p->indent--;
    p->around = around;
}

void cost_print(buf *out, const cel_ast *ast, const tact_cel_env *env) {
    size_t count = (size_t)ast->nodes_count + 1;
    estimator e = {.ast = ast, .env = env};
    e.costs = arena_array(out->arena, count, sizeof *e.costs);
    e.rounds = arena_array(out->arena, count, sizeof *e.rounds);
    if (!e.costs || !e.rounds) {
        out->failed = true;
        return;
    }
    memset(e.costs, 0, count * sizeof *e.costs);
    memset(e.rounds, 0, count * sizeof *e.rounds);
    (void)of_node(&e, ast->root);
    buf_printf(out, "%12s%12s  expression\n", "best", "worst");
    printer p = {.out = out, .estimator = &e, .around = {UINT32_MAX, 0}};
    print_node(&p, ast->root, NULL);
}
