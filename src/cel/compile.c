// SPDX-License-Identifier: Apache-2.0
//
// From the checked tree to bytecode, in one walk. Values that need no work (literals, slots, variables) become
// operands; everything else is computed into a register, and registers are handed out like a stack.
//
// The subtle part is `&&` and `||`. A chain of them is flattened, `!` is pushed inwards (De Morgan's laws hold for
// CEL's three outcomes true, false, error), and each item becomes one instruction that tests and jumps. Register `d` of
// a chain holds the outcome should no item settle it: the neutral value, or the first error met on the way.
#include "cel/compile.h"

#include "cel/func.h"
#include "value/value.h"

typedef struct local { // a variable in scope, and where it is
    tact_str name;
    uint16_t operand;
} local;

typedef struct compiler {
    const compile_input *in;
    cel_instr *code;
    cel_place *places;
    uint32_t code_count, code_room;
    tact_value *constants;
    uint32_t constants_count, constants_room;
    cel_call_site *calls;
    uint32_t calls_count, calls_room;
    local *locals;
    uint32_t locals_count, locals_room;
    uint64_t *slots; // one bit each
    uint32_t registers, registers_max;
    cel_span silent; // what a macro computes on its way has the whole macro's extent, and is not told to observers
    bool failed;     // a diagnostic was given; what follows is no longer used
} compiler;

// Jumps whose target is not known yet: instructions linked through their own `c` (or `b`), ended by OPERAND_NONE.
typedef struct jumps {
    uint16_t last;
} jumps;

#define NO_JUMPS ((jumps){OPERAND_NONE})

static void into(compiler *c, const cel_node *node, uint8_t d);
static uint16_t operand(compiler *c, const cel_node *node);

// ---- Emitting -------------------------------------------------------------------------------------------------------

static void fail_memory(compiler *c) {
    if (!c->failed) diag_no_memory(c->in->diags);
    c->failed = true;
}

static void fail_size(compiler *c, const cel_node *node, const char *what, uint32_t max) {
    if (!c->failed) diag_too_complex(c->in->diags, node->extent, what, max);
    c->failed = true;
}

// Room for one more item in an array of the scratch arena; NULL after a failure.
static void *append(compiler *c, void **items, uint32_t *count, uint32_t *room, size_t size) {
    if (*count == *room) {
        uint32_t wanted = *room ? *room * 2 : 16;
        void *more = arena_extend(c->in->scratch, *items, *room, wanted, size);
        if (!more) {
            fail_memory(c);
            return NULL;
        }
        *items = more;
        *room = wanted;
    }
    return (char *)*items + size * (*count)++;
}

static const cel_span no_span = {0, 0};

// Emits an instruction for `node` and returns its number; OPERAND_NONE after a failure.
static uint16_t emit_ab(compiler *c, const cel_node *node, cel_op op, uint32_t d, uint32_t a, cel_span a_span,
                        uint32_t b, cel_span b_span, uint32_t target) {
    if (c->code_count >= PROGRAM_CODE_MAX) fail_size(c, node, "instructions", PROGRAM_CODE_MAX);
    if (c->failed) return OPERAND_NONE;
    uint32_t places_room = c->code_room, places_count = c->code_count;
    cel_place *place = append(c, (void **)&c->places, &places_count, &places_room, sizeof *place);
    cel_instr *i = append(c, (void **)&c->code, &c->code_count, &c->code_room, sizeof *i);
    if (!place || !i) return OPERAND_NONE;
    *i = (cel_instr){(uint8_t)op, (uint8_t)d, (uint16_t)a, (uint16_t)b, (uint16_t)target};
    bool silent = node->extent.pos == c->silent.pos && node->extent.len == c->silent.len;
    *place = (cel_place){silent ? no_span : node->extent, node->at, a_span, b_span};
    return (uint16_t)(c->code_count - 1);
}

static uint16_t emit(compiler *c, const cel_node *node, cel_op op, uint32_t d, uint32_t a, uint32_t b,
                     uint32_t target) {
    return emit_ab(c, node, op, d, a, no_span, b, no_span, target);
}

static uint16_t here(const compiler *c) {
    return (uint16_t)c->code_count;
}

// Remembers that instruction `i` jumps to where `list` will be landed.
static void jump_from(compiler *c, jumps *list, uint16_t i) {
    if (c->failed) return;
    c->code[i].c = list->last;
    list->last = i;
}

// Everything in `list` jumps to `target`.
static void land_at(compiler *c, jumps *list, uint16_t target) {
    if (c->failed) return;
    for (uint16_t i = list->last; i != OPERAND_NONE;) {
        uint16_t next = c->code[i].c;
        c->code[i].c = target;
        i = next;
    }
    *list = NO_JUMPS;
}

// Everything in `list` jumps to the next instruction.
static void land(compiler *c, jumps *list) {
    land_at(c, list, here(c));
}

// ---- Registers, constants, variables --------------------------------------------------------------------------------

static uint8_t take_registers(compiler *c, const cel_node *node, uint32_t count) {
    if (c->registers + count > PROGRAM_REGISTERS_MAX)
        fail_size(c, node, "values in progress at once", PROGRAM_REGISTERS_MAX);
    if (c->failed) return 0;
    uint32_t first = c->registers;
    c->registers += count;
    if (c->registers > c->registers_max) c->registers_max = c->registers;
    return (uint8_t)first;
}

static bool same_constant(tact_value a, tact_value b) {
    return a.kind == b.kind && a.len == b.len && a.as.u == b.as.u && a.kind != TACT_OPAQUE;
}

// A constant's operand. `v` is copied to the program; the most recent ones are shared.
static uint16_t constant(compiler *c, const cel_node *node, tact_value v) {
    for (uint32_t i = c->constants_count, n = 0; i-- > 0 && n < 8; n++) {
        if (same_constant(c->constants[i], v)) return (uint16_t)(OPERAND_CONSTANT | i);
    }
    if (c->constants_count >= PROGRAM_OPERANDS_MAX) fail_size(c, node, "constants", PROGRAM_OPERANDS_MAX);
    if (c->failed) return OPERAND_CONSTANT;
    tact_value *slot = append(c, (void **)&c->constants, &c->constants_count, &c->constants_room, sizeof *slot);
    if (!slot) return OPERAND_CONSTANT;
    *slot = v;
    return (uint16_t)(OPERAND_CONSTANT | (c->constants_count - 1));
}

static uint16_t slot_operand(compiler *c, uint32_t slot) {
    c->slots[slot / 64] |= UINT64_C(1) << (slot % 64);
    return (uint16_t)(OPERAND_SLOT | slot);
}

static void declare(compiler *c, tact_str name, uint16_t where) {
    local *l = append(c, (void **)&c->locals, &c->locals_count, &c->locals_room, sizeof *l);
    if (l) *l = (local){name, where};
}

static uint16_t variable(compiler *c, const cel_node *node) {
    for (uint32_t i = c->locals_count; i-- > 0;) {
        if (tact_str_equal(c->locals[i].name, node->as.ident.name)) return c->locals[i].operand;
    }
    return constant(c, node, tact_fault_value(TACT_FAULT_UNDECLARED, NULL));
}

// ---- Operands -------------------------------------------------------------------------------------------------------

static uint16_t unbound(compiler *c, const cel_node *node, tact_fault fault, tact_str name) {
    const char *text = arena_printf(c->in->cold, "`%.*s`", (int)name.len, name.ptr);
    if (!text) fail_memory(c);
    return constant(c, node, tact_fault_value(fault, text));
}

// The operand for a node that needs no instruction, or OPERAND_NONE.
static uint16_t simple_operand(compiler *c, const cel_node *node) {
    switch ((cel_ref_kind)node->ref) {
    case CEL_REF_SLOT: return node->test ? OPERAND_NONE : slot_operand(c, node->to.index);
    case CEL_REF_LOCAL: return variable(c, node);
    case CEL_REF_CONSTANT: return constant(c, node, node->to.value);
    case CEL_REF_UNBOUND:
        return unbound(c, node, TACT_FAULT_UNDECLARED,
                       node->kind == CEL_IDENT ? node->as.ident.name : node->as.select.field);
    case CEL_REF_RECORD: return OPERAND_NONE;
    case CEL_REF_NONE: break;
    }
    return node->kind == CEL_LITERAL ? constant(c, node, node->as.literal) : OPERAND_NONE;
}

static uint16_t operand(compiler *c, const cel_node *node) {
    uint16_t simple = simple_operand(c, node);
    if (simple != OPERAND_NONE) return simple;
    uint8_t d = take_registers(c, node, 1);
    into(c, node, d);
    return d;
}

// ---- Operators ------------------------------------------------------------------------------------------------------

typedef enum shape { RELATION, UNARY, BINARY, FIELD, AND, OR, CONDITIONAL, NOT_FALSE, BLOCK } shape;

typedef struct operator_row {
    tact_str name;
    shape shape;
    uint8_t count;
    cel_op op;                // as a value
    cel_op if_false, if_true; // RELATION, as a condition
} operator_row;

#define NAME(text)                                                                                                     \
    { text, sizeof(text) - 1 }
static const operator_row operators[] = {
    {NAME(CEL_OP_EQ), RELATION, 2, OP_EQ, OP_EQ_F, OP_EQ_T},
    {NAME(CEL_OP_AND), AND, 2, OP_MOVE, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_IN), RELATION, 2, OP_IN, OP_IN_F, OP_IN_T},
    {NAME(CEL_OP_GE), RELATION, 2, OP_GE, OP_GE_F, OP_GE_T},
    {NAME(CEL_OP_LE), RELATION, 2, OP_LE, OP_LE_F, OP_LE_T},
    {NAME(CEL_OP_LT), RELATION, 2, OP_LT, OP_LT_F, OP_LT_T},
    {NAME(CEL_OP_GT), RELATION, 2, OP_GT, OP_GT_F, OP_GT_T},
    {NAME(CEL_OP_NE), RELATION, 2, OP_NE, OP_NE_F, OP_NE_T},
    {NAME(CEL_OP_OR), OR, 2, OP_MOVE, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_NOT), UNARY, 1, OP_NOT, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_ADD), BINARY, 2, OP_ADD, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_SUB), BINARY, 2, OP_SUB, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_MUL), BINARY, 2, OP_MUL, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_DIV), BINARY, 2, OP_DIV, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_MOD), BINARY, 2, OP_MOD, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_NEGATE), UNARY, 1, OP_NEG, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_CONDITIONAL), CONDITIONAL, 3, OP_MOVE, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_INDEX), BINARY, 2, OP_INDEX, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_OPT_INDEX), BINARY, 2, OP_OPT_INDEX, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_OPT_SELECT), FIELD, 2, OP_OPT_SELECT, OP_MOVE, OP_MOVE},
    {NAME(CEL_OP_NOT_STRICTLY_FALSE), NOT_FALSE, 1, OP_MOVE, OP_MOVE, OP_MOVE},
    {NAME(CEL_FN_BLOCK), BLOCK, 2, OP_MOVE, OP_MOVE, OP_MOVE},
};

// The operator that a call is, or NULL for a function.
static const operator_row *operator_of(const cel_node *node) {
    tact_str name = node->as.call.name;
    if (node->kind != CEL_CALL || node->as.call.target || name.len < 2) return NULL;
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const operator_row *row = &operators[i];
        if (row->name.ptr[1] == name.ptr[1] && row->count == node->as.call.count && tact_str_equal(row->name, name)) {
            return row;
        }
    }
    return NULL;
}

// A long list of constants on the right of `in` becomes a map's keys, so that looking up does not scan. Only where the
// left is of a type that compares with the items exactly as with keys: a double would round.
#define IN_SCAN_MAX 8

static bool finds_like_key(const tact_type *t) {
    return t->kind == TYPE_BOOL || t->kind == TYPE_INT || t->kind == TYPE_UINT || t->kind == TYPE_STRING;
}

static bool is_key(tact_value v) {
    return v.kind == TACT_BOOL || v.kind == TACT_INT || v.kind == TACT_UINT || v.kind == TACT_STRING;
}

static bool set_of(compiler *c, tact_value list, tact_value *set) {
    value_entry *entries = arena_array(c->in->hot, list.len, sizeof *entries);
    uint32_t count = 0;
    if (!entries) return false;
    for (uint32_t i = 0; i < list.len; i++) {
        if (!is_key(list.as.items[i])) return false;
        entries[count++] = (value_entry){list.as.items[i], tact_null()};
    }
    *set = value_map(c->in->hot, entries, count);
    return set->kind == TACT_MAP; // not where an item repeats
}

static uint16_t right_of_in(compiler *c, const cel_node *left, const cel_node *right) {
    tact_value set;
    if (right->kind == CEL_LITERAL && right->as.literal.kind == TACT_LIST && right->as.literal.len > IN_SCAN_MAX &&
        finds_like_key(left->type) && set_of(c, right->as.literal, &set)) {
        return constant(c, right, set);
    }
    return operand(c, right);
}

static uint16_t binary(compiler *c, const cel_node *node, cel_op op, uint8_t d) {
    const cel_node *x = node->as.call.args[0], *y = node->as.call.args[1];
    uint16_t a = operand(c, x);
    uint16_t b = op == OP_IN || op == OP_IN_F || op == OP_IN_T ? right_of_in(c, x, y) : operand(c, y);
    return emit_ab(c, node, op, d, a, x->extent, b, y->extent, 0);
}

// ---- Conditions -----------------------------------------------------------------------------------------------------

// Emits `node` as part of a chain: goes to `out` where it comes to `settles`, notes an error in d, else goes on.
static void condition(compiler *c, const cel_node *node, bool settles, uint8_t d, jumps *out) {
    const operator_row *row = operator_of(node);
    uint32_t registers = c->registers;
    if (row && row->op == OP_NOT) {
        condition(c, node->as.call.args[0], !settles, d, out);
    } else if (row && (row->shape == AND || row->shape == OR)) {
        bool settled_by = row->shape == OR; // a && b is settled by false, a || b by true
        if (settled_by == settles) {
            condition(c, node->as.call.args[0], settles, d, out);
            condition(c, node->as.call.args[1], settles, d, out);
        } else { // within this chain, one of the other kind: where that is settled, this one goes on
            uint8_t inner = take_registers(c, node, 1);
            jumps next = NO_JUMPS;
            emit(c, node, OP_CLEAR, inner, 0, 0, 0);
            condition(c, node->as.call.args[0], !settles, inner, &next);
            condition(c, node->as.call.args[1], !settles, inner, &next);
            jump_from(c, out, emit(c, node, OP_SETTLE, d, inner, settles, 0));
            land(c, &next);
        }
    } else if (row && row->shape == RELATION) {
        jump_from(c, out, binary(c, node, settles ? row->if_true : row->if_false, d));
    } else {
        uint16_t a = operand(c, node);
        jump_from(c, out, emit_ab(c, node, settles ? OP_TEST_T : OP_TEST_F, d, a, node->extent, 0, no_span, 0));
    }
    c->registers = registers;
}

static bool is_variable_in(compiler *c, const cel_node *node, uint8_t d) {
    return node->kind == CEL_IDENT && node->ref == CEL_REF_LOCAL && variable(c, node) == d;
}

// `a && b` or `a || b` into d. Where `a` is already in d, as in a loop's `@result && x`, that is where it starts from.
// The whole expression's chain needs no start, because registers are clear then, and returns at once.
static void chain(compiler *c, const cel_node *node, bool settled_by, uint8_t d) {
    jumps out = NO_JUMPS, end = NO_JUMPS;
    const cel_node *first = node->as.call.args[0], *second = node->as.call.args[1];
    bool whole = node == c->in->root;
    if (is_variable_in(c, first, d)) {
        cel_op op = settled_by ? OP_TEST_T : OP_TEST_F;
        jump_from(c, &out, emit_ab(c, node, op, d, d, first->extent, 0, no_span, 0));
    } else {
        if (!whole) emit(c, node, OP_CLEAR, d, 0, 0, 0);
        condition(c, first, settled_by, d, &out);
    }
    condition(c, second, settled_by, d, &out);
    if (whole) {
        emit(c, node, OP_RETURN_ELSE, d, !settled_by, 0, 0);
        land_at(c, &out, settled_by ? PROGRAM_TRUE : PROGRAM_FALSE);
        return;
    }
    jump_from(c, &end, emit(c, node, OP_ELSE, d, !settled_by, 0, 0));
    land(c, &out);
    emit(c, node, OP_BOOL, d, settled_by, 0, 0);
    land(c, &end);
}

static void conditional(compiler *c, const cel_node *node, uint8_t d) {
    cel_node **args = node->as.call.args;
    jumps end = NO_JUMPS;
    uint16_t a = operand(c, args[0]);
    uint16_t branch = emit_ab(c, node, OP_BRANCH, d, a, args[0]->extent, 0, no_span, 0);
    jump_from(c, &end, branch);
    into(c, args[1], d);
    jump_from(c, &end, emit(c, node, OP_JUMP, 0, d, 0, 0));
    if (!c->failed) c->code[branch].b = here(c);
    into(c, args[2], d);
    jump_from(c, &end, emit(c, node, OP_JUMP, 0, d, 0, 0));
    land(c, &end);
}

// What a pattern takes lies outside the arena, and compiling one takes long: so many constants of an expression are got
// ready ahead of time, folding included; further ones are looked at when they are met, and paid for in steps.
#define COMPILE_PREPARED_MAX 64

// The operand for argument `i` of a call. A constant that can be got ready (a pattern, a time zone) is.
static uint16_t argument(compiler *c, const cel_node *call, uint32_t i, const cel_node *node) {
    if (node->kind != CEL_LITERAL || node->as.literal.kind != TACT_STRING || !call->as.call.overloads_count) {
        return operand(c, node);
    }
    if (c->in->ast->prepared >= COMPILE_PREPARED_MAX) return operand(c, node);
    tact_value v = func_prepare(call->as.call.overloads[0], i, node->as.literal, c->in->hot);
    if (v.kind == TACT_OPAQUE || v.kind == TACT_ERROR) c->in->ast->prepared++;
    if (v.kind != TACT_ERROR) return constant(c, node, v);
    if (!c->in->strict) return operand(c, node);
    if (!c->failed) diag_bad_constant(c->in->diags, node->extent, v.as.s);
    c->failed = true;
    return OPERAND_CONSTANT;
}

static void function_call(compiler *c, const cel_node *node, uint8_t d) {
    const cel_node *target = node->as.call.target;
    uint32_t count = node->as.call.count + (target != NULL);
    if (!node->as.call.function || count > CEL_PARAMS_MAX) {
        emit(c, node, OP_MOVE, d, unbound(c, node, TACT_FAULT_UNBOUND_FUNCTION, node->as.call.name), 0, 0);
        return;
    }
    cel_call_site site = {.name = node->as.call.name,
                          .overloads = (const cel_overload *const *)node->as.call.overloads,
                          .overloads_count = (uint16_t)node->as.call.overloads_count,
                          .count = (uint8_t)count};
    for (uint32_t i = 0; i < count; i++) {
        const cel_node *arg = target ? (i ? node->as.call.args[i - 1] : target) : node->as.call.args[i];
        site.operands[i] = argument(c, node, i, arg);
        site.extents[i] = arg->extent;
    }
    if (c->calls_count >= PROGRAM_CALLS_MAX) fail_size(c, node, "calls", PROGRAM_CALLS_MAX);
    if (c->failed) return;
    cel_call_site *slot = append(c, (void **)&c->calls, &c->calls_count, &c->calls_room, sizeof *slot);
    if (!slot) return;
    *slot = site;
    emit(c, node, OP_CALL, d, 0, 0, c->calls_count - 1);
}

// a.or(b) and a.orValue(b) compute b only where a is optional.none().
static bool is_optional_or(const cel_node *node) {
    return node->as.call.target && node->as.call.count == 1 && node->as.call.overloads_count &&
           node->as.call.overloads[0]->library == TACT_CEL_OPTIONALS &&
           (tact_str_equal(node->as.call.name, TACT_STR("or")) ||
            tact_str_equal(node->as.call.name, TACT_STR("orValue")));
}

static void optional_or(compiler *c, const cel_node *node, uint8_t d) {
    const cel_node *target = node->as.call.target;
    jumps end = NO_JUMPS;
    uint16_t a = operand(c, target);
    uint32_t value = node->as.call.name.len > 2; // orValue
    jump_from(c, &end, emit_ab(c, node, OP_OPT_OR, d, a, target->extent, value, no_span, 0));
    into(c, node->as.call.args[0], d);
    land(c, &end);
}

// cel.@block([a, b, …], x): a is @index0, b is @index1, … each visible to those after it. They are computed in order,
// once; an error in one only matters where it is used.
static void block(compiler *c, const cel_node *node, uint8_t d) {
    const cel_node *list = node->as.call.args[0];
    bool folded = list->kind == CEL_LITERAL && list->as.literal.kind == TACT_LIST;
    uint32_t locals = c->locals_count;
    uint32_t count = folded ? list->as.literal.len : list->kind == CEL_LIST ? list->as.list.count : 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t where = folded ? constant(c, list, list->as.literal.as.items[i]) : operand(c, list->as.list.items[i]);
        const char *name = arena_printf(c->in->scratch, CEL_INDEX "%u", i);
        if (!name) fail_memory(c);
        declare(c, tact_str_from(name), where);
    }
    into(c, node->as.call.args[1], d);
    c->locals_count = locals;
}

static void call(compiler *c, const cel_node *node, uint8_t d) {
    const operator_row *row = operator_of(node);
    cel_node **args = node->as.call.args;
    switch (row ? row->shape : BLOCK) {
    case RELATION:
    case BINARY: binary(c, node, row->op, d); break;
    case UNARY: emit_ab(c, node, row->op, d, operand(c, args[0]), args[0]->extent, 0, no_span, 0); break;
    case FIELD:
        emit_ab(c, node, row->op, d, operand(c, args[0]), args[0]->extent, operand(c, args[1]), no_span, 0);
        break;
    case AND: chain(c, node, false, d); break;
    case OR: chain(c, node, true, d); break;
    case CONDITIONAL: conditional(c, node, d); break;
    case NOT_FALSE: // only loops use it, see `leave_unless`; elsewhere it is an ordinary function
        function_call(c, node, d);
        break;
    case BLOCK:
        if (row) {
            block(c, node, d);
        } else if (is_optional_or(node)) {
            optional_or(c, node, d);
        } else {
            function_call(c, node, d);
        }
        break;
    }
}

// ---- Lists, maps, records -------------------------------------------------------------------------------------------

static void list(compiler *c, const cel_node *node, uint8_t d) {
    emit(c, node, OP_LIST, d, node->as.list.count, 0, 0);
    for (uint32_t i = 0; i < node->as.list.count; i++) {
        const cel_node *item = node->as.list.items[i];
        bool optional = node->as.list.optional && node->as.list.optional[i];
        uint32_t registers = c->registers;
        emit_ab(c, item, optional ? OP_PUSH_OPT : OP_PUSH, d, operand(c, item), item->extent, 0, no_span, 0);
        c->registers = registers;
    }
    emit(c, node, OP_LIST_END, d, 0, 0, 0);
}

static void map(compiler *c, const cel_node *node, uint8_t d) {
    emit(c, node, OP_MAP, d, node->as.map.count, 0, 0);
    for (uint32_t i = 0; i < node->as.map.count; i++) {
        const cel_entry *entry = &node->as.map.entries[i];
        uint32_t registers = c->registers;
        uint16_t key = operand(c, entry->key), value = operand(c, entry->value);
        emit_ab(c, entry->value, entry->optional ? OP_PUT_OPT : OP_PUT, d, key, entry->key->extent, value,
                entry->value->extent, 0);
        c->registers = registers;
    }
    emit(c, node, OP_MAP_END, d, 0, 0, 0);
}

// A record used whole is the map of its fields that are present.
static void record(compiler *c, const cel_node *node, const cel_record *r, uint8_t d) {
    emit(c, node, OP_MAP, d, r->fields.count, 0, 0);
    for (uint32_t i = 0; i < r->fields.count && !c->failed; i++) {
        const cel_field *field = r->fields.entries[i].value;
        const cel_decl *decl = field->decl;
        uint16_t key = constant(c, node, tact_string(field->name.ptr, field->name.len));
        uint32_t registers = c->registers;
        if (decl && decl->kind == CEL_DECL_ATTRIBUTE) {
            emit_ab(c, node, OP_PUT_SLOT, d, key, no_span, slot_operand(c, decl->slot), node->extent, 0);
        } else if (decl && decl->kind == CEL_DECL_RECORD) {
            uint8_t inner = take_registers(c, node, 1);
            record(c, node, decl->record, inner);
            emit(c, node, OP_PUT, d, key, inner, 0);
        } else if (decl) {
            emit(c, node, OP_PUT, d, key, constant(c, node, decl->value), 0);
        }
        c->registers = registers;
    }
    emit(c, node, OP_MAP_END, d, 0, 0, 0);
}

static void select_field(compiler *c, const cel_node *node, uint8_t d) {
    const cel_node *of = node->as.select.operand;
    if (node->ref == CEL_REF_SLOT) {
        emit_ab(c, node, OP_HAS_SLOT, d, slot_operand(c, node->to.index), node->extent, 0, no_span, 0);
        return;
    }
    uint16_t field = constant(c, node, tact_string(node->as.select.field.ptr, node->as.select.field.len));
    emit_ab(c, node, node->test ? OP_HAS : OP_SELECT, d, operand(c, of), of->extent, field, no_span, 0);
}

// ---- Loops ----------------------------------------------------------------------------------------------------------

static bool is_named(const cel_node *node, tact_str name) {
    return node->kind == CEL_IDENT && tact_str_equal(node->as.ident.name, name);
}

static bool is_call(const cel_node *node, const char *name, uint32_t count) {
    return node->kind == CEL_CALL && !node->as.call.target && node->as.call.count == count &&
           tact_str_equal(node->as.call.name, tact_str_from(name));
}

static bool is_empty_list(const cel_node *node) {
    return (node->kind == CEL_LIST && node->as.list.count == 0) ||
           (node->kind == CEL_LITERAL && node->as.literal.kind == TACT_LIST && node->as.literal.len == 0);
}

static bool is_empty_map(const cel_node *node) {
    return (node->kind == CEL_MAP && node->as.map.count == 0) ||
           (node->kind == CEL_LITERAL && node->as.literal.kind == TACT_MAP && node->as.literal.as.map->count == 0);
}

static bool is_literal_bool(const cel_node *node, bool b) {
    return node->kind == CEL_LITERAL && node->as.literal.kind == TACT_BOOL && node->as.literal.as.b == b;
}

// A step `@result + [x]` or `cond ? @result + [x] : @result` grows the list in place instead of copying it each round,
// and so do steps that insert into a map. `guard` is cond or NULL.
typedef struct growth {
    bool list, map;
    const cel_node *guard, *key, *value; // value alone: an item, or a map whose entries are all inserted
    bool optional;
} growth;

static void growth_of_step(growth *g, const cel_node *step, tact_str accu) {
    if (is_call(step, CEL_OP_ADD, 2) && is_named(step->as.call.args[0], accu)) {
        const cel_node *added = step->as.call.args[1];
        if (added->kind == CEL_LIST && added->as.list.count == 1) {
            g->list = true;
            g->value = added->as.list.items[0];
            g->optional = added->as.list.optional && added->as.list.optional[0];
        }
    } else if (is_call(step, CEL_FN_MAP_INSERT, 3) && is_named(step->as.call.args[0], accu)) {
        g->map = true;
        g->key = step->as.call.args[1];
        g->value = step->as.call.args[2];
    } else if (is_call(step, CEL_FN_MAP_INSERT, 2) && is_named(step->as.call.args[0], accu)) {
        g->map = true;
        g->value = step->as.call.args[1];
    }
}

static growth growth_of(const cel_node *loop) {
    growth g = {0};
    const cel_node *step = loop->as.fold.step;
    tact_str accu = loop->as.fold.accu;
    if (!is_named(loop->as.fold.result, accu) || !is_literal_bool(loop->as.fold.condition, true)) return g;
    if (is_call(step, CEL_OP_CONDITIONAL, 3) && is_named(step->as.call.args[2], accu)) {
        g.guard = step->as.call.args[0];
        step = step->as.call.args[1];
    }
    growth_of_step(&g, step, accu);
    g.list = g.list && is_empty_list(loop->as.fold.init);
    g.map = g.map && is_empty_map(loop->as.fold.init);
    return g;
}

static void grow_step(compiler *c, const growth *g, uint8_t accu) {
    jumps skip = NO_JUMPS;
    uint16_t branch = OPERAND_NONE;
    if (g->guard) {
        uint16_t a = operand(c, g->guard);
        branch = emit_ab(c, g->guard, OP_BRANCH, accu, a, g->guard->extent, 0, no_span, 0);
        jump_from(c, &skip, branch);
    }
    if (g->list) {
        uint16_t a = operand(c, g->value);
        emit_ab(c, g->value, g->optional ? OP_PUSH_OPT : OP_PUSH, accu, a, g->value->extent, 0, no_span, 0);
    } else if (g->key) {
        uint16_t a = operand(c, g->key), b = operand(c, g->value);
        emit_ab(c, g->value, OP_PUT, accu, a, g->key->extent, b, g->value->extent, 0);
    } else {
        emit_ab(c, g->value, OP_PUT_ALL, accu, operand(c, g->value), g->value->extent, 0, no_span, 0);
    }
    if (g->guard && !c->failed) c->code[branch].b = here(c);
    land(c, &skip);
}

static void plain_step(compiler *c, const cel_node *loop, uint8_t accu) {
    const cel_node *step = loop->as.fold.step;
    const operator_row *row = operator_of(step);
    if (row && (row->shape == AND || row->shape == OR) && is_variable_in(c, step->as.call.args[0], accu)) {
        chain(c, step, row->shape == OR, accu);
        return;
    }
    uint8_t t = take_registers(c, step, 1);
    into(c, step, t);
    emit(c, step, OP_MOVE, accu, t, 0, 0);
}

// Leaves the loop where its condition is false; an error in it goes on.
static void leave_unless(compiler *c, const cel_node *condition, jumps *exit) {
    if (is_literal_bool(condition, true)) return;
    if (is_call(condition, CEL_OP_NOT_STRICTLY_FALSE, 1)) condition = condition->as.call.args[0];
    cel_op op = OP_WHILE;
    if (is_call(condition, CEL_OP_NOT, 1)) {
        condition = condition->as.call.args[0];
        op = OP_WHILE_NOT;
    }
    jump_from(c, exit, emit_ab(c, condition, op, 0, operand(c, condition), condition->extent, 0, no_span, 0));
}

// cel.bind(x, init, result) is a loop over nothing: x is init, and the result is all.
static void binding(compiler *c, const cel_node *node, uint8_t d) {
    uint16_t where = operand(c, node->as.fold.init);
    declare(c, node->as.fold.accu, where);
    into(c, node->as.fold.result, d);
}

static void loop(compiler *c, const cel_node *node, uint8_t d) {
    growth g = growth_of(node);
    jumps exit = NO_JUMPS;
    uint16_t range = operand(c, node->as.fold.range);
    cel_span outer = c->silent;
    c->silent = node->extent;
    uint8_t accu = take_registers(c, node, 1), iterator = take_registers(c, node, 2);
    if (g.list || g.map) {
        emit(c, node, g.list ? OP_LIST : OP_MAP, accu, 0, 0, 0);
    } else {
        into(c, node->as.fold.init, accu);
    }
    jump_from(c, &exit, emit_ab(c, node, OP_ITER, accu, range, node->as.fold.range->extent, iterator, no_span, 0));
    bool two = node->as.fold.var2.len > 0;
    uint8_t var = take_registers(c, node, 1), var2 = two ? take_registers(c, node, 1) : 0;
    uint16_t next = emit(c, node, OP_ITER_NEXT, var, two ? var2 : OPERAND_NONE, iterator, 0);
    jump_from(c, &exit, next);
    uint32_t locals = c->locals_count;
    declare(c, node->as.fold.accu, accu);
    declare(c, node->as.fold.var, var);
    if (two) declare(c, node->as.fold.var2, var2);
    leave_unless(c, node->as.fold.condition, &exit);
    if (g.list || g.map) {
        grow_step(c, &g, accu);
    } else {
        plain_step(c, node, accu);
    }
    emit(c, node, OP_LOOP, 0, 0, 0, next);
    land(c, &exit);
    c->locals_count = locals;
    declare(c, node->as.fold.accu, accu);
    if (g.list || g.map) emit(c, node, g.list ? OP_LIST_END : OP_MAP_END, accu, 0, 0, 0);
    c->silent = outer;
    into(c, node->as.fold.result, d);
}

static void comprehension(compiler *c, const cel_node *node, uint8_t d) {
    uint32_t locals = c->locals_count;
    if (is_empty_list(node->as.fold.range) && is_literal_bool(node->as.fold.condition, false)) {
        binding(c, node, d);
    } else {
        loop(c, node, d);
    }
    c->locals_count = locals;
}

// ---- Everything -----------------------------------------------------------------------------------------------------

// Computes `node` into d. Nothing that `node` reads is in d, except as `chain` says.
static void into(compiler *c, const cel_node *node, uint8_t d) {
    if (c->failed) return;
    uint32_t registers = c->registers;
    uint16_t simple = simple_operand(c, node);
    if (simple != OPERAND_NONE) {
        emit_ab(c, node, OP_MOVE, d, simple, node->extent, 0, no_span, 0);
        return;
    }
    switch ((cel_node_kind)node->kind) {
    case CEL_SELECT:
        if (node->ref == CEL_REF_RECORD) {
            record(c, node, node->to.record, d);
        } else {
            select_field(c, node, d);
        }
        break;
    case CEL_IDENT: record(c, node, node->to.record, d); break;
    case CEL_CALL: call(c, node, d); break;
    case CEL_LIST: list(c, node, d); break;
    case CEL_MAP: map(c, node, d); break;
    case CEL_COMPREHENSION: comprehension(c, node, d); break;
    case CEL_MESSAGE:
        emit(c, node, OP_MOVE, d, unbound(c, node, TACT_FAULT_UNDECLARED, node->as.map.name), 0, 0);
        break;
    case CEL_LITERAL:
    case CEL_BAD: break; // a literal is simple; a tree with faults is not compiled
    }
    c->registers = registers;
}

// ---- The program ----------------------------------------------------------------------------------------------------

// Does the program take memory when it runs? Builders and functions do, and faults with a text of their own.
static bool allocates(const compiler *c) {
    for (uint32_t i = 0; i < c->code_count; i++) {
        switch (c->code[i].op) {
        case OP_LIST:
        case OP_MAP:
        case OP_CALL:
        case OP_ADD:
        case OP_OPT_SELECT:
        case OP_OPT_INDEX: return true;
        default: break;
        }
    }
    return false;
}

// Where constants are laid: items of lists behind the constants, texts behind those.
typedef struct layout {
    tact_value *items;
    char *text;
    arena *rest; // for what is neither
} layout;

static void measure(tact_value v, size_t *items, size_t *text) {
    if (v.kind == TACT_STRING || v.kind == TACT_BYTES) *text += v.len;
    if (v.kind != TACT_LIST) return;
    *items += v.len;
    for (uint32_t i = 0; i < v.len; i++) measure(v.as.items[i], items, text);
}

static bool lay(layout *l, tact_value v, tact_value *out) {
    *out = v;
    if (v.kind == TACT_STRING || v.kind == TACT_BYTES) {
        if (v.len) memcpy(l->text, v.as.s, v.len);
        out->as.s = l->text;
        l->text += v.len;
        value_seal(out);
        return true;
    }
    if (v.kind != TACT_LIST) return value_copy(l->rest, v, out);
    tact_value *items = l->items;
    l->items += v.len;
    out->as.items = items;
    for (uint32_t i = 0; i < v.len; i++) {
        if (!lay(l, v.as.items[i], &items[i])) return false;
    }
    return true;
}

// The block that evaluation reads: program, code, constants, their items, their texts.
static tact_cel_program *assemble_block(const compiler *c) {
    size_t items = 0, text = 0, code = c->code_count * sizeof(cel_instr), head = sizeof(tact_cel_program);
    for (uint32_t i = 0; i < c->constants_count; i++) measure(c->constants[i], &items, &text);
    size_t values = (c->constants_count + items) * sizeof(tact_value);
    tact_cel_program *p = arena_alloc(c->in->hot, head + code + values + text);
    if (!p) return NULL;
    *p = (tact_cel_program){.code_count = (uint16_t)c->code_count,
                            .registers_count = (uint8_t)c->registers_max,
                            .result_kind = (uint8_t)c->in->result_kind,
                            .allocates = allocates(c)};
    memcpy(p->code, c->code, code);
    tact_value *constants = (tact_value *)(void *)(p->code + c->code_count);
    layout l = {constants + c->constants_count, (char *)constants + values, c->in->hot};
    for (uint32_t i = 0; i < c->constants_count; i++) {
        if (!lay(&l, c->constants[i], &constants[i])) return NULL;
    }
    return p;
}

static const cel_call_site *copy_calls(const compiler *c) {
    cel_call_site *calls = arena_array(c->in->hot, c->calls_count, sizeof *calls);
    for (uint32_t i = 0; calls && i < c->calls_count; i++) {
        cel_call_site *site = &calls[i];
        *site = c->calls[i];
        size_t bytes = site->overloads_count * sizeof *site->overloads;
        const cel_overload **overloads = arena_alloc(c->in->hot, bytes);
        site->name.ptr = arena_copy(c->in->hot, site->name.ptr, site->name.len);
        if (!overloads || !site->name.ptr) return NULL;
        if (bytes) memcpy(overloads, site->overloads, bytes);
        site->overloads = overloads;
    }
    return calls;
}

static const uint32_t *list_slots(const compiler *c, uint32_t *count) {
    *count = 0;
    uint32_t words = (c->in->env->slots_count + 63) / 64;
    for (uint32_t w = 0; w < words; w++) *count += (uint32_t)__builtin_popcountll(c->slots[w]);
    uint32_t *slots = arena_array(c->in->cold, *count, sizeof *slots), n = 0;
    for (uint32_t w = 0; slots && w < words; w++) {
        for (uint64_t bits = c->slots[w]; bits; bits &= bits - 1) slots[n++] = w * 64 + (uint32_t)__builtin_ctzll(bits);
    }
    return slots;
}

static const cel_program_info *assemble_info(const compiler *c, size_t bytes) {
    cel_program_info *info = ARENA_NEW(c->in->cold, cel_program_info);
    cel_place *places = arena_array(c->in->cold, c->code_count, sizeof *places);
    if (!info || !places) return NULL;
    *info = (cel_program_info){.constants_count = c->constants_count,
                               .calls_count = c->calls_count,
                               .type = c->in->type,
                               .cost = c->in->cost,
                               .bytes = bytes,
                               .source = c->in->ast->source};
    info->places = memcpy(places, c->places, c->code_count * sizeof *places);
    info->slots = list_slots(c, &info->slots_count);
    return info->slots ? info : NULL;
}

static const tact_cel_program *assemble(const compiler *c) {
    size_t used = tact_arena_used(c->in->hot);
    tact_cel_program *p = assemble_block(c);
    cel_program_links *links = ARENA_NEW(c->in->hot, cel_program_links);
    const cel_call_site *calls = copy_calls(c);
    const cel_program_info *info = assemble_info(c, tact_arena_used(c->in->hot) - used);
    if (!p || !links || !calls || !info) return NULL;
    *links = (cel_program_links){calls, c->in->env, info};
    p->links = links;
    p->slots_needed = (uint16_t)(info->slots_count ? info->slots[info->slots_count - 1] + 1 : 0);
    return p;
}

const tact_cel_program *compile_run(const compile_input *input) {
    compiler c = {.in = input};
    const cel_node *root = input->root;
    c.slots = arena_zalloc(input->scratch, (input->env->slots_count + 63) / 64 * sizeof *c.slots);
    if (!c.slots) fail_memory(&c);
    uint16_t simple = c.failed ? OPERAND_NONE : simple_operand(&c, root);
    if (simple != OPERAND_NONE) {
        emit_ab(&c, root, OP_RETURN, 0, simple, root->extent, 0, no_span, 0);
    } else {
        uint8_t d = take_registers(&c, root, 1);
        into(&c, root, d);
        bool ended = c.code && c.code[c.code_count - 1].op == OP_RETURN_ELSE;
        if (!ended) emit(&c, root, OP_RETURN, 0, d, 0, 0);
    }
    if (c.failed) return NULL;
    const tact_cel_program *p = assemble(&c);
    if (!p) fail_memory(&c);
    return p;
}
