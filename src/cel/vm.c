// SPDX-License-Identifier: Apache-2.0
//
// The machine: one loop over the instructions of op_tbl.h. Each instruction has a fast path for the kinds that rules
// are made of, inline, and a slow path, a function, for every other kind, for slots that are not resolved yet and for
// errors. The loop stands here once and is compiled twice, with and without an observer; `observed` is a constant in
// each, so the fast one contains nothing of it.
//
// Errors are values. An error that arises gets its place (the instruction, and which operand: see PROGRAM_PLACE_*) and
// travels on like any value. STEPS and NO_MEMORY are different: they halt the evaluation, whatever `&&` and `||` make
// of them.
#include "cel/func.h"
#include "cel/macro.h"
#include "cel/ops.h"
#include "cel/program.h"

typedef struct machine {
    tact_cel_call call;        // what functions see of this evaluation
    const tact_value *base[3]; // registers, constants, slots, by an operand's top two bits
    tact_value *registers;
    tact_value *slots;
    const tact_cel_program *program;
    tact_cel_input *input;
} machine;

typedef tact_value binary_fn(tact_cel_call *call, const tact_value *args, uint32_t count);

#define FAST static inline __attribute__((always_inline))
#define SLOW static __attribute__((noinline))

// ---- Operands -------------------------------------------------------------------------------------------------------

FAST const tact_value *peek(const machine *m, uint16_t operand) {
    return &m->base[operand >> 14][OPERAND_INDEX(operand)];
}

// `v` with this place in it, if it is an error that has none yet.
FAST tact_value placed(const machine *m, const cel_instr *i, uint8_t place, tact_value v) {
    if (v.kind == TACT_ERROR && v.at == 0) {
        v.at = (uint16_t)(i - m->program->code + 1);
        v.flags = place;
    }
    return v;
}

// A value of another kind than its declaration promises is an error: the resolver's mistake must not look like data.
static tact_value check_kind(const machine *m, uint32_t slot, tact_value v) {
    if (v.kind == TACT_ERROR) return v;
    if (v.kind == TACT_UNRESOLVED || v.kind >= TACT_OPAQUE) return tact_fault_value(TACT_FAULT_ABSENT, NULL);
    tact_kind promised = type_value_kind(m->program->links->env->slots[slot]->type);
    return promised == TACT_UNRESOLVED || promised == v.kind ? v : tact_fault_value(TACT_FAULT_WRONG_KIND, NULL);
}

SLOW tact_value resolve_slot(machine *m, uint32_t slot) {
    tact_cel_input *in = m->input;
    tact_value v = in->resolve ? in->resolve(in->context, slot) : tact_fault_value(TACT_FAULT_ABSENT, NULL);
    v = check_kind(m, slot, v);
    value_seal(&v);
    return m->slots[slot] = v;
}

// The operand's value, resolved, with a place if it is an error.
FAST tact_value load(machine *m, const cel_instr *i, uint16_t operand, uint8_t place) {
    tact_value v = *peek(m, operand);
    if (v.kind == TACT_UNRESOLVED && OPERAND_KIND(operand) == OPERAND_SLOT) v = resolve_slot(m, OPERAND_INDEX(operand));
    return placed(m, i, place, v);
}

// ---- Fast relations: 0 false, 1 true, ASK_SLOW where the kinds need the slow path -----------------------------------

enum { ASK_SLOW = -1 };

// Short strings dominate: two overlapping words compare up to 16 bytes without a call.
FAST bool same_bytes(const char *a, const char *b, uint32_t len) {
    if (len >= 8) {
        if (len > 16) return memcmp(a, b, len) == 0;
        uint64_t a1, a2, b1, b2;
        memcpy(&a1, a, 8), memcpy(&b1, b, 8);
        memcpy(&a2, a + len - 8, 8), memcpy(&b2, b + len - 8, 8);
        return ((a1 ^ b1) | (a2 ^ b2)) == 0;
    }
    if (len >= 4) {
        uint32_t a1, a2, b1, b2;
        memcpy(&a1, a, 4), memcpy(&b1, b, 4);
        memcpy(&a2, a + len - 4, 4), memcpy(&b2, b + len - 4, 4);
        return ((a1 ^ b1) | (a2 ^ b2)) == 0;
    }
    for (uint32_t i = 0; i < len; i++) {
        if (a[i] != b[i]) return false;
    }
    return true;
}

// Sealed strings (see value_seal) that differ nearly always do so in the first half of the value: kind, hash and
// length.
FAST uint64_t head_of(const tact_value *v) {
    uint64_t head;
    memcpy(&head, v, sizeof head);
    return head;
}

FAST bool same_text(const tact_value *a, const tact_value *b) {
    bool sealed = a->flags & b->flags & VALUE_SEALED;
    if (sealed ? head_of(a) != head_of(b) : a->len != b->len) return false;
    return same_bytes(a->as.s, b->as.s, a->len);
}

#define KIND_BIT(kind) (1u << (kind))
#define SAME_BITS (KIND_BIT(TACT_INT) | KIND_BIT(TACT_UINT) | KIND_BIT(TACT_BOOL) | KIND_BIT(TACT_DURATION))

FAST int fast_eq(const machine *m, const tact_value *a, const tact_value *b) {
    (void)m;
    if (a->kind != b->kind) return ASK_SLOW;
    if (a->kind == TACT_STRING) return same_text(a, b);
    if (KIND_BIT(a->kind) & SAME_BITS) return a->as.u == b->as.u;
    if (a->kind == TACT_DOUBLE) return a->as.d == b->as.d;
    return ASK_SLOW;
}

FAST int fast_ne(const machine *m, const tact_value *a, const tact_value *b) {
    int eq = fast_eq(m, a, b);
    return eq == ASK_SLOW ? ASK_SLOW : !eq;
}

// Whether both are ints or both doubles is foreseeable, which of the two is not: both answers are computed, one is
// taken.
#define FAST_ORDER(name, op)                                                                                           \
    FAST int name(const machine *m, const tact_value *a, const tact_value *b) {                                        \
        (void)m;                                                                                                       \
        if (a->kind != b->kind || !(KIND_BIT(a->kind) & (KIND_BIT(TACT_INT) | KIND_BIT(TACT_DOUBLE))))                 \
            return ASK_SLOW;                                                                                           \
        int ints = a->as.i op b->as.i, doubles = a->as.d op b->as.d, is_int = a->kind == TACT_INT;                     \
        return (ints & is_int) | (doubles & !is_int);                                                                  \
    }
FAST_ORDER(fast_lt, <)
FAST_ORDER(fast_le, <=)
FAST_ORDER(fast_gt, >)
FAST_ORDER(fast_ge, >=)

// A string in a list of strings. Lists longer than IN_FAST_MAX go the slow way, where their length is paid for. Among
// sealed strings only heads are compared, until two are alike.
#define IN_FAST_MAX 64
FAST int fast_in(const machine *m, const tact_value *a, const tact_value *b) {
    (void)m;
    if (a->kind != TACT_STRING || b->kind != TACT_LIST || b->len > IN_FAST_MAX) return ASK_SLOW;
    const tact_value *item = b->as.items, *end = item + b->len;
    uint64_t head = head_of(a);
    uint8_t sealed = a->flags;
    for (; item < end; item++) {
        if (head_of(item) == head && same_bytes(item->as.s, a->as.s, a->len)) return 1;
        sealed &= item->flags;
    }
    if (sealed & VALUE_SEALED) return 0;
    for (item = b->as.items; item < end; item++) {
        if (item->kind == TACT_STRING && same_text(item, a)) return 1;
    }
    return 0;
}

// ---- Slow paths -----------------------------------------------------------------------------------------------------

SLOW tact_value unary(machine *m, const cel_instr *i, binary_fn *fn) {
    tact_value a = load(m, i, i->a, PROGRAM_PLACE_A);
    if (a.kind == TACT_ERROR) return a;
    return placed(m, i, PROGRAM_PLACE_WHOLE, fn(&m->call, &a, 1));
}

SLOW tact_value binary(machine *m, const cel_instr *i, binary_fn *fn) {
    tact_value args[2];
    args[0] = load(m, i, i->a, PROGRAM_PLACE_A);
    if (args[0].kind == TACT_ERROR) return args[0];
    args[1] = load(m, i, i->b, PROGRAM_PLACE_B);
    if (args[1].kind == TACT_ERROR) return args[1];
    return placed(m, i, PROGRAM_PLACE_WHOLE, fn(&m->call, args, 2));
}

// The outcome `r` of a condition: 0 or 1; 2 after noting in d what is no bool.
SLOW int settle(machine *m, const cel_instr *i, tact_value r) {
    if (r.kind == TACT_BOOL) return r.as.b;
    if (r.kind != TACT_ERROR) r = placed(m, i, PROGRAM_PLACE_A, tact_fault_value(TACT_FAULT_NO_SUCH_OVERLOAD, NULL));
    tact_value *d = &m->registers[i->d];
    if (d->kind != TACT_ERROR) *d = r; // the first error is the one that is told
    return 2;
}

// select, has and opt_select: b is a constant string.
typedef tact_value field_fn(tact_cel_call *call, tact_value operand, tact_str field);

SLOW tact_value of_field(machine *m, const cel_instr *i, field_fn *fn) {
    tact_value a = load(m, i, i->a, PROGRAM_PLACE_A);
    if (a.kind == TACT_ERROR) return a;
    return placed(m, i, PROGRAM_PLACE_WHOLE, fn(&m->call, a, value_str(*peek(m, i->b))));
}

SLOW tact_value has_slot(machine *m, const cel_instr *i) {
    tact_value a = load(m, i, i->a, PROGRAM_PLACE_A);
    if (a.kind == TACT_ERROR && a.len != TACT_FAULT_ABSENT) return a;
    return tact_bool(a.kind != TACT_ERROR);
}

// ---- Calls ----------------------------------------------------------------------------------------------------------

static bool fits(const cel_overload *o, const tact_value *args, uint32_t count) {
    if (o->count != count) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (args[i].kind == o->kinds[i]) continue;
        if (args[i].kind ==
            TACT_OPAQUE) { // what func_prepare made of a text stands for the text, nothing else for anything
            if (args[i].flags < OPAQUE_REGEX || o->kinds[i] != TACT_STRING) return false;
        } else if (o->kinds[i] != TACT_UNRESOLVED) {
            return false;
        }
    }
    return true;
}

SLOW tact_value no_overload(tact_cel_call *call, tact_str name, const tact_value *args, uint32_t count) {
    buf kinds = buf_in(call->arena);
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(&kinds, "%s%s", i ? ", " : "", value_kind_name((tact_kind)args[i].kind));
    }
    tact_str written = macro_name_of(name);
    return call_fault(call, TACT_FAULT_NO_SUCH_OVERLOAD, "%.*s(%s) has no meaning", (int)written.len, written.ptr,
                      kinds.ptr ? buf_done(&kinds).ptr : "");
}

// Functions of the library, which have a doc, do; a caller's may be mistaken, and that must not look like data.
SLOW bool returns_as_declared(const cel_overload *o, tact_value v) {
    tact_kind promised = type_value_kind(o->result);
    if (v.kind == TACT_ERROR) return true;
    if (v.kind == TACT_UNRESOLVED || v.kind >= TACT_OPAQUE) return false;
    return promised == TACT_UNRESOLVED || v.kind == promised;
}

// Calls the first of `overloads` whose kinds fit `args`, of which none is an error.
static tact_value call_first(tact_cel_call *call, tact_str name, const cel_overload *const *overloads,
                             uint32_t overloads_count, const tact_value *args, uint32_t count) {
    for (uint32_t i = 0; i < overloads_count; i++) {
        const cel_overload *o = overloads[i];
        if (!fits(o, args, count)) continue;
        if (!o->fn)
            return call_fault(call, TACT_FAULT_UNBOUND_FUNCTION, "%.*s is declared, not defined", (int)name.len,
                              name.ptr);
        if (!call_charge(call, o->steps)) return call_no_steps(call);
        call->overload = o;
        tact_value v = o->fn(call, args, count);
        return o->doc || returns_as_declared(o, v) ? v : tact_fault_value(TACT_FAULT_WRONG_KIND, NULL);
    }
    return no_overload(call, name, args, count);
}

SLOW tact_value call_site(machine *m, const cel_instr *i) {
    const cel_call_site *site = &m->program->links->calls[i->c];
    tact_value args[CEL_PARAMS_MAX];
    for (uint32_t k = 0; k < site->count; k++) {
        args[k] = load(m, i, site->operands[k], (uint8_t)(PROGRAM_PLACE_ARGUMENT + k));
        if (args[k].kind == TACT_ERROR) return args[k];
    }
    return placed(m, i, PROGRAM_PLACE_WHOLE,
                  call_first(&m->call, site->name, site->overloads, site->overloads_count, args, site->count));
}

// ---- Lists and maps under construction ------------------------------------------------------------------------------

typedef struct builder {
    uint32_t count, room;
    void *parts; // tact_value of a list, value_entry of a map
} builder;

SLOW tact_value begin(machine *m, uint8_t flags, uint32_t room, size_t size) {
    builder *b = ARENA_NEW(m->call.arena, builder);
    if (!b || !(b->parts = arena_array(m->call.arena, room, size))) return call_no_memory(&m->call);
    b->room = room;
    tact_value v = {TACT_OPAQUE, flags, 0, 0, {0}};
    v.as.opaque = b;
    return v;
}

// What is being built in `d`, or NULL if that is an error by now or something else altogether.
static builder *building(tact_value *d, uint8_t flags) {
    return d->kind == TACT_OPAQUE && d->flags == flags ? (builder *)(uintptr_t)d->as.opaque : NULL;
}

// Room for one more part of `size` bytes, or NULL.
static void *grow(machine *m, builder *b, size_t size) {
    if (b->count == b->room) {
        uint32_t room = b->room ? b->room * 2 : 8;
        void *parts = room > b->room ? arena_extend(m->call.arena, b->parts, b->room, room, size) : NULL;
        if (!parts) return NULL;
        b->parts = parts;
        b->room = room;
    }
    return (char *)b->parts + size * b->count++;
}

static void push(machine *m, tact_value *d, tact_value v) {
    builder *b = building(d, OPAQUE_LIST);
    if (!b) return;
    if (v.kind == TACT_ERROR) {
        *d = v;
        return;
    }
    tact_value *slot = v.kind == TACT_OPAQUE || v.kind == TACT_UNRESOLVED ? NULL : grow(m, b, sizeof *slot);
    if (slot) {
        *slot = v;
    } else {
        *d = call_no_memory(&m->call);
    }
}

static void put(machine *m, tact_value *d, tact_value key, tact_value v) {
    builder *b = building(d, OPAQUE_MAP);
    if (!b) return;
    if (key.kind == TACT_ERROR || v.kind == TACT_ERROR) {
        *d = key.kind == TACT_ERROR ? key : v;
        return;
    }
    value_entry *slot = v.kind == TACT_OPAQUE || v.kind == TACT_UNRESOLVED ? NULL : grow(m, b, sizeof *slot);
    if (slot) {
        *slot = (value_entry){key, v};
    } else {
        *d = call_no_memory(&m->call);
    }
}

// What an optional holds, or NULL for none; something else than an optional becomes an error in *error.
static const tact_value *held(machine *m, const cel_instr *i, uint8_t place, const tact_value *optional,
                              tact_value *error) {
    if (optional->kind == TACT_OPTIONAL) return optional->as.items;
    *error = optional->kind == TACT_ERROR
                 ? *optional
                 : placed(m, i, place,
                          call_fault(&m->call, TACT_FAULT_NO_SUCH_OVERLOAD, "an optional was expected, not %s",
                                     value_kind_name((tact_kind)optional->kind)));
    return error;
}

SLOW void push_optional(machine *m, const cel_instr *i) {
    tact_value a = load(m, i, i->a, PROGRAM_PLACE_A), error;
    const tact_value *v = held(m, i, PROGRAM_PLACE_A, &a, &error);
    if (v) push(m, &m->registers[i->d], *v);
}

SLOW void put_optional(machine *m, const cel_instr *i) {
    tact_value key = load(m, i, i->a, PROGRAM_PLACE_A), b = load(m, i, i->b, PROGRAM_PLACE_B), error;
    const tact_value *v = held(m, i, PROGRAM_PLACE_B, &b, &error);
    if (v) put(m, &m->registers[i->d], key, *v);
}

SLOW void put_slot(machine *m, const cel_instr *i) {
    tact_value key = load(m, i, i->a, PROGRAM_PLACE_A), v = load(m, i, i->b, PROGRAM_PLACE_B);
    if (v.kind != TACT_ERROR || v.len != TACT_FAULT_ABSENT) put(m, &m->registers[i->d], key, v);
}

SLOW void put_all(machine *m, const cel_instr *i) {
    tact_value a = load(m, i, i->a, PROGRAM_PLACE_A), *d = &m->registers[i->d];
    if (a.kind != TACT_MAP) {
        if (a.kind != TACT_ERROR)
            a = placed(m, i, PROGRAM_PLACE_A, tact_fault_value(TACT_FAULT_NO_SUCH_OVERLOAD, NULL));
        if (building(d, OPAQUE_MAP)) *d = a;
        return;
    }
    if (!call_charge(&m->call, a.as.map->count)) {
        *d = call_no_steps(&m->call);
        return;
    }
    for (uint32_t k = 0; k < a.as.map->count; k++) put(m, d, a.as.map->entries[k].key, a.as.map->entries[k].value);
}

SLOW void end_list(machine *m, const cel_instr *i) {
    builder *b = building(&m->registers[i->d], OPAQUE_LIST);
    if (b) m->registers[i->d] = tact_list(b->parts, b->count);
}

SLOW void end_map(machine *m, const cel_instr *i) {
    tact_value *d = &m->registers[i->d];
    builder *b = building(d, OPAQUE_MAP);
    if (!b) return;
    *d = placed(m, i, PROGRAM_PLACE_WHOLE, value_map(m->call.arena, b->parts, b->count));
    if (d->kind == TACT_ERROR && d->len == TACT_FAULT_NO_MEMORY) *d = call_no_memory(&m->call);
}

// Is there more to do for `a.or(…)` or `a.orValue(…)`? If not, d is its value.
SLOW bool optional_or(machine *m, const cel_instr *i) {
    tact_value a = load(m, i, i->a, PROGRAM_PLACE_A), error;
    const tact_value *v = held(m, i, PROGRAM_PLACE_A, &a, &error);
    if (!v) return true;
    m->registers[i->d] = v == &error ? error : i->b ? *v : a;
    return false;
}

// ---- Loops ----------------------------------------------------------------------------------------------------------

// An iterator is two registers: what is iterated over, and the number of the next part.
SLOW bool iterate(machine *m, const cel_instr *i) {
    tact_value a = load(m, i, i->a, PROGRAM_PLACE_A);
    if (a.kind == TACT_LIST || a.kind == TACT_MAP) {
        m->registers[i->b] = a;
        m->registers[i->b + 1] = tact_int(0);
        return true;
    }
    if (a.kind != TACT_ERROR) {
        a = placed(m, i, PROGRAM_PLACE_A,
                   call_fault(&m->call, TACT_FAULT_NO_SUCH_OVERLOAD, "%s cannot be iterated over",
                              value_kind_name((tact_kind)a.kind)));
    }
    m->registers[i->d] = a;
    return false;
}

// Sets the loop's variables to the next part; false at the end. A round pays for the instructions of its body.
SLOW bool next(machine *m, const cel_instr *i) {
    uint32_t pc = (uint32_t)(i - m->program->code);
    if (m->call.halted || !call_charge(&m->call, i->c - pc)) {
        call_no_steps(&m->call);
        return false;
    }
    tact_value *r = m->registers, *range = &r[i->b], *index = &r[i->b + 1];
    uint64_t k = index->as.u;
    if (range->kind == TACT_LIST && k < range->len) {
        r[i->d] = i->a == OPERAND_NONE ? range->as.items[k] : tact_int((int64_t)k);
        if (i->a != OPERAND_NONE) r[i->a] = range->as.items[k];
    } else if (range->kind == TACT_MAP && k < range->as.map->count) {
        r[i->d] = range->as.map->entries[k].key;
        if (i->a != OPERAND_NONE) r[i->a] = range->as.map->entries[k].value;
    } else {
        return false;
    }
    index->as.u = k + 1;
    return true;
}

// ---- The loop -------------------------------------------------------------------------------------------------------

// Tells the observer a value; the slots among the operands are told before what was made of them.
SLOW void tell(const machine *m, cel_span where, tact_value v) {
    if (where.len == 0 || v.kind == TACT_UNRESOLVED || v.kind == TACT_OPAQUE) return;
    m->input->observe(m->input->context, where.pos, where.len, v);
}

SLOW void tell_slot(const machine *m, uint16_t operand, cel_span where) {
    if (OPERAND_KIND(operand) == OPERAND_SLOT && operand != OPERAND_NONE) tell(m, where, *peek(m, operand));
}

SLOW void tell_instruction(const machine *m, const cel_instr *i, tact_value v) {
    const cel_place *place = &m->program->links->info->places[i - m->program->code];
    if (i->op == OP_CALL) {
        const cel_call_site *site = &m->program->links->calls[i->c];
        for (uint32_t k = 0; k < site->count; k++) tell_slot(m, site->operands[k], site->extents[k]);
    } else {
        tell_slot(m, i->a, place->a);
        tell_slot(m, i->b, place->b);
    }
    tell(m, place->extent, v);
}

// Tells the value that a condition ended the program with.
SLOW void tell_end(const machine *m, tact_value v) {
    tell(m, m->program->links->info->places[m->program->code_count - 1].extent, v);
}

// A jump behind a SETTLE comes from within its chain, which the jump settled.
SLOW void tell_settled(const machine *m, const cel_instr *i) {
    const cel_instr *before = i - 1;
    if (before->op == OP_SETTLE)
        tell(m, m->program->links->info->places[before - m->program->code].extent, tact_bool(!before->b));
}

#define RELATION(NAME, fast, slow)                                                                                     \
    case OP_##NAME: {                                                                                                  \
        int r = fast(m, peek(m, i->a), peek(m, i->b));                                                                 \
        registers[i->d] = __builtin_expect(r >= 0, 1) ? tact_bool(r) : binary(m, i, slow);                             \
        if (observed) tell_instruction(m, i, registers[i->d]);                                                         \
        i++;                                                                                                           \
        continue;                                                                                                      \
    }

// Where a condition goes that came out as `r`: an instruction, or the end of the program.
#define GO(r, wanted)                                                                                                  \
    if ((r) != (wanted)) {                                                                                             \
        i++;                                                                                                           \
    } else if (__builtin_expect(i->c >= PROGRAM_FALSE, 1)) {                                                           \
        if (observed) tell_end(m, tact_bool(i->c == PROGRAM_TRUE));                                                    \
        return tact_bool(i->c == PROGRAM_TRUE);                                                                        \
    } else {                                                                                                           \
        i = code + i->c;                                                                                               \
        if (observed) tell_settled(m, i);                                                                              \
    }                                                                                                                  \
    continue;

#define CONDITION(NAME, fast, slow, wanted)                                                                            \
    case OP_##NAME: {                                                                                                  \
        int r = fast(m, peek(m, i->a), peek(m, i->b));                                                                 \
        if (__builtin_expect(r < 0, 0)) r = settle(m, i, binary(m, i, slow));                                          \
        if (observed) tell_instruction(m, i, r == 2 ? registers[i->d] : tact_bool(r));                                 \
        GO(r, wanted)                                                                                                  \
    }

#define CONDITIONS(NAME, fast, slow)                                                                                   \
    RELATION(NAME, fast, slow)                                                                                         \
    CONDITION(NAME##_F, fast, slow, 0)                                                                                 \
    CONDITION(NAME##_T, fast, slow, 1)

#define TEST(NAME, wanted)                                                                                             \
    case OP_##NAME: {                                                                                                  \
        const tact_value *a = peek(m, i->a);                                                                           \
        int r = __builtin_expect(a->kind == TACT_BOOL, 1) ? a->as.b : settle(m, i, load(m, i, i->a, PROGRAM_PLACE_A)); \
        if (observed) tell_slot(m, i->a, m->program->links->info->places[i - code].a);                                 \
        GO(r, wanted)                                                                                                  \
    }

// An instruction that sets d to the value of `expression`.
#define SETS(NAME, expression)                                                                                         \
    case OP_##NAME:                                                                                                    \
        registers[i->d] = (expression);                                                                                \
        if (observed) tell_instruction(m, i, registers[i->d]);                                                         \
        i++;                                                                                                           \
        continue;

// Arithmetic on two ints that cannot overflow unnoticed, and on two doubles.
#define ARITHMETIC(NAME, overflows, op, slow)                                                                          \
    case OP_##NAME: {                                                                                                  \
        const tact_value *a = peek(m, i->a), *b = peek(m, i->b);                                                       \
        int64_t whole;                                                                                                 \
        if (a->kind == TACT_DOUBLE && b->kind == TACT_DOUBLE) {                                                        \
            registers[i->d] = tact_double(a->as.d op b->as.d);                                                         \
        } else if (a->kind == TACT_INT && b->kind == TACT_INT && !overflows(a->as.i, b->as.i, &whole)) {               \
            registers[i->d] = tact_int(whole);                                                                         \
        } else {                                                                                                       \
            registers[i->d] = binary(m, i, slow);                                                                      \
        }                                                                                                              \
        if (observed) tell_instruction(m, i, registers[i->d]);                                                         \
        i++;                                                                                                           \
        continue;                                                                                                      \
    }

// An instruction that works on what is under construction, whose value is told when it is done.
#define BUILDS(NAME, statement)                                                                                        \
    case OP_##NAME:                                                                                                    \
        statement;                                                                                                     \
        if (observed) tell_instruction(m, i, registers[i->d]);                                                         \
        i++;                                                                                                           \
        continue;

FAST tact_value run(machine *m, const bool observed) {
    const cel_instr *code = m->program->code, *i = code;
    tact_value *registers = m->registers;
    for (;;) {
        switch ((cel_op)i->op) {
        case OP_RETURN: {
            tact_value v = load(m, i, i->a, PROGRAM_PLACE_A);
            if (observed && OPERAND_KIND(i->a) != OPERAND_REGISTER)
                tell(m, m->program->links->info->places[i - code].extent, v);
            return v;
        }
        case OP_MOVE:
            registers[i->d] = load(m, i, i->a, PROGRAM_PLACE_A);
            if (observed) tell_instruction(m, i, registers[i->d]);
            i++;
            continue;
        case OP_RETURN_ELSE: {
            tact_value v = registers[i->d].kind == TACT_ERROR ? registers[i->d] : tact_bool(i->a);
            if (observed) tell_instruction(m, i, v);
            return v;
        }
        case OP_CLEAR:
            registers[i->d].kind = TACT_UNRESOLVED;
            i++;
            continue;
        case OP_ELSE:
            if (registers[i->d].kind != TACT_ERROR) registers[i->d] = tact_bool(i->a);
            if (observed) tell_instruction(m, i, registers[i->d]);
            i = code + i->c;
            continue;
        case OP_JUMP:
            if (observed) tell_instruction(m, i, *peek(m, i->a));
            i = code + i->c;
            continue;
        case OP_LOOP: i = code + i->c; continue;
        case OP_BRANCH: {
            tact_value a = load(m, i, i->a, PROGRAM_PLACE_A);
            if (observed) tell_slot(m, i->a, m->program->links->info->places[i - code].a);
            int r = a.kind == TACT_BOOL ? (int)a.as.b : 2;
            if (r == 2) {
                registers[i->d] = a.kind == TACT_ERROR ? a
                                                       : placed(m, i, PROGRAM_PLACE_A,
                                                                tact_fault_value(TACT_FAULT_NO_SUCH_OVERLOAD, NULL));
            }
            i = r == 1 ? i + 1 : code + (r == 0 ? i->b : i->c);
            continue;
        }
        case OP_SETTLE: {
            const tact_value *a = &registers[i->a];
            if (a->kind == TACT_ERROR && registers[i->d].kind != TACT_ERROR) registers[i->d] = *a;
            if (observed) tell_instruction(m, i, a->kind == TACT_ERROR ? *a : tact_bool(i->b));
            GO(a->kind != TACT_ERROR, true)
        }
            TEST(TEST_F, 0)
            TEST(TEST_T, 1)
            CONDITIONS(EQ, fast_eq, op_eq)
            CONDITIONS(NE, fast_ne, op_ne)
            CONDITIONS(LT, fast_lt, op_lt)
            CONDITIONS(LE, fast_le, op_le)
            CONDITIONS(GT, fast_gt, op_gt)
            CONDITIONS(GE, fast_ge, op_ge)
            CONDITIONS(IN, fast_in, op_in)
            SETS(BOOL, tact_bool(i->a))
            SETS(NOT, unary(m, i, op_not))
            ARITHMETIC(ADD, __builtin_add_overflow, +, op_add)
            ARITHMETIC(SUB, __builtin_sub_overflow, -, op_sub)
            ARITHMETIC(MUL, __builtin_mul_overflow, *, op_mul)
            SETS(DIV, binary(m, i, op_div))
            SETS(MOD, binary(m, i, op_mod))
            SETS(NEG, unary(m, i, op_negate))
            SETS(SELECT, of_field(m, i, op_select))
            SETS(HAS, of_field(m, i, op_has))
            SETS(HAS_SLOT, has_slot(m, i))
            SETS(INDEX, binary(m, i, op_index))
            SETS(OPT_SELECT, of_field(m, i, op_opt_select))
            SETS(OPT_INDEX, binary(m, i, op_opt_index))
            SETS(CALL, call_site(m, i))
            SETS(LIST, begin(m, OPAQUE_LIST, i->a, sizeof(tact_value)))
            BUILDS(PUSH, push(m, &registers[i->d], load(m, i, i->a, PROGRAM_PLACE_A)))
            BUILDS(PUSH_OPT, push_optional(m, i))
            BUILDS(LIST_END, end_list(m, i))
            SETS(MAP, begin(m, OPAQUE_MAP, i->a, sizeof(value_entry)))
            BUILDS(PUT, put(m, &registers[i->d], load(m, i, i->a, PROGRAM_PLACE_A), load(m, i, i->b, PROGRAM_PLACE_B)))
            BUILDS(PUT_OPT, put_optional(m, i))
            BUILDS(PUT_SLOT, put_slot(m, i))
            BUILDS(PUT_ALL, put_all(m, i))
            BUILDS(MAP_END, end_map(m, i))
        case OP_OPT_OR:
            if (optional_or(m, i)) {
                i++;
            } else {
                if (observed) tell_instruction(m, i, registers[i->d]);
                i = code + i->c;
            }
            continue;
        case OP_ITER: i = iterate(m, i) ? i + 1 : code + i->c; continue;
        case OP_ITER_NEXT:
            i = next(m, i) ? i + 1 : code + i->c;
            if (m->call.halted) return tact_null(); // `outcome` says why; going on might never end
            continue;
        case OP_WHILE:
        case OP_WHILE_NOT: {
            tact_value a = load(m, i, i->a, PROGRAM_PLACE_A);
            bool leave = a.kind == TACT_BOOL && a.as.b == (i->op == OP_WHILE_NOT);
            i = leave ? code + i->c : i + 1;
            continue;
        }
        case OP_CODES: break;
        }
        __builtin_unreachable(); // program_verify admits no other
    }
}

SLOW tact_value run_fast(machine *m) {
    return run(m, false);
}

SLOW tact_value run_observed(machine *m) {
    return run(m, true);
}

// ---- Evaluation -----------------------------------------------------------------------------------------------------

// The caller's slots if there are enough, else a copy that is filled up with unresolved ones.
SLOW bool widen_slots(machine *m) {
    tact_cel_input *in = m->input;
    tact_value *slots = arena_zalloc(m->call.arena, m->program->slots_needed * sizeof *slots);
    if (!slots) return false;
    if (in->slots_count) memcpy(slots, in->slots, in->slots_count * sizeof *slots);
    m->slots = slots;
    m->base[2] = slots;
    return true;
}

// The value as it leaves: nothing of the machine's own, and a bound that was hit stands above all else.
SLOW tact_value outcome(machine *m, tact_value v) {
    bool told = v.kind == TACT_ERROR && v.len == (uint32_t)m->call.halted; // it has the place where it happened
    if (m->call.halted) return told ? v : tact_fault_value(m->call.halted, NULL);
    if (v.kind == TACT_OPAQUE || v.kind == TACT_UNRESOLVED) return tact_fault_value(TACT_FAULT_NO_SUCH_OVERLOAD, NULL);
    uint8_t promised = m->program->result_kind; // of what was dyn until now
    bool kept = promised == TACT_UNRESOLVED || v.kind == promised || v.kind == TACT_ERROR;
    return kept ? v : tact_fault_value(TACT_FAULT_WRONG_KIND, NULL);
}

FAST tact_value evaluate(machine *m) {
    if (__builtin_expect(m->input->slots_count < m->program->slots_needed, 0) && !widen_slots(m)) {
        return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
    }
    tact_value v = __builtin_expect(m->input->observe != NULL, 0) ? run_observed(m) : run_fast(m);
    bool odd = m->call.halted || v.kind == TACT_OPAQUE || v.kind == TACT_UNRESOLVED;
    bool other = m->program->result_kind != TACT_UNRESOLVED && v.kind != m->program->result_kind;
    return __builtin_expect(odd | other, 0) ? outcome(m, v) : v;
}

// The arena's bound is lowered for the evaluation and put back, so that `memory_max` holds also where the arena has
// more room at hand.
SLOW tact_value evaluate_bounded(machine *m, arena *a, size_t memory_max) {
    size_t bytes_max = a->bytes_max, used = tact_arena_used(a);
    arena_chunk *chunk = a->chunk;
    char *end = a->end;
    if (!bytes_max || bytes_max - used > memory_max) a->bytes_max = used + memory_max;
    if ((size_t)(a->end - a->next) > memory_max) a->end = a->next + (memory_max & ~(size_t)(ARENA_ALIGN - 1));
    tact_value v = evaluate(m);
    a->bytes_max = bytes_max;
    if (a->chunk == chunk) a->end = end;
    return v;
}

// What callers without an arena get: it has nothing to give, so it is never written.
static arena nothing = {.bytes_max = 1};

FAST tact_value start(const tact_cel_program *program, tact_cel_input *input, tact_value *registers, uint32_t count) {
    uint64_t steps = input->steps_max ? input->steps_max : TACT_CEL_STEPS_MAX;
    machine m = {.call = {.arena = input->arena ? input->arena : &nothing, .steps_left = steps},
                 .base = {registers, program_constants(program), input->slots},
                 .registers = registers,
                 .slots = input->slots,
                 .program = program,
                 .input = input};
    for (uint32_t i = 0; i < count; i++) registers[i].kind = TACT_UNRESOLVED;
    bool bounded = program->allocates && input->arena;
    tact_value v = bounded
                       ? evaluate_bounded(&m, input->arena, input->memory_max ? input->memory_max : TACT_CEL_MEMORY_MAX)
                       : evaluate(&m);
    input->steps_used = steps - m.call.steps_left;
    return v;
}

SLOW tact_value start_large(const tact_cel_program *program, tact_cel_input *input) {
    tact_value registers[PROGRAM_REGISTERS_MAX];
    return start(program, input, registers, program->registers_count);
}

// Most programs need few registers; a small frame is entered faster, and clearing all of it takes no loop.
#define FEW_REGISTERS 4

tact_value tact_cel_eval(const tact_cel_program *program, tact_cel_input *input) {
    if (program->registers_count > FEW_REGISTERS) return start_large(program, input);
    tact_value registers[FEW_REGISTERS];
    return start(program, input, registers, FEW_REGISTERS);
}
