// SPDX-License-Identifier: Apache-2.0
//
// Verifying and printing programs, both driven by op_tbl.h: what an instruction's operands are stands there and nowhere
// else.
#include "cel/program.h"

#include "base/err.h"
#include "value/value.h"

typedef enum operand_role {
    NO,
    DST,
    REG,
    VAL,
    STR,
    NUM,
    JMP,
    OUT,
    LOOP,
    CALL,
    ITER,
    OPT,
} operand_role;

typedef struct op_row {
    const char *name;
    operand_role d, a, b, c;
} op_row;

static const op_row ops[OP_CODES] = {
#define X(NAME, name, d, a, b, c, doc) {#name, d, a, b, c},
#include "cel/op_tbl.h"
#undef X
};

// ---- Verifying ------------------------------------------------------------------------------------------------------

static bool value_fits(const tact_cel_program *p, uint32_t x) {
    switch (OPERAND_KIND(x)) {
    case OPERAND_REGISTER: return OPERAND_INDEX(x) < p->registers_count;
    case OPERAND_CONSTANT: return OPERAND_INDEX(x) < p->links->info->constants_count;
    case OPERAND_SLOT: return OPERAND_INDEX(x) < p->slots_needed;
    default: return false;
    }
}

static bool string_fits(const tact_cel_program *p, uint32_t x) {
    return OPERAND_KIND(x) == OPERAND_CONSTANT && OPERAND_INDEX(x) < p->links->info->constants_count &&
           program_constants(p)[OPERAND_INDEX(x)].kind == TACT_STRING;
}

static bool call_fits(const tact_cel_program *p, uint32_t x) {
    if (x >= p->links->info->calls_count || p->links->calls[x].count > CEL_PARAMS_MAX) return false;
    for (uint32_t i = 0; i < p->links->calls[x].count; i++) {
        if (!value_fits(p, p->links->calls[x].operands[i])) return false;
    }
    return true;
}

// Is operand `x` of instruction `pc` what its role says?
static bool operand_fits(const tact_cel_program *p, uint32_t pc, operand_role role, uint32_t x) {
    switch (role) {
    case NO: return x == 0;
    case DST:
    case REG: return x < p->registers_count;
    case VAL: return value_fits(p, x);
    case STR: return string_fits(p, x);
    case NUM: return x < OPERAND_SLOT; // so that no number looks like a slot, to observers
    case JMP: return x > pc && x < p->code_count;
    case OUT: return x >= PROGRAM_FALSE || (x > pc && x < p->code_count);
    case LOOP: return x < pc && p->code[x].op == OP_ITER_NEXT;
    case CALL: return call_fits(p, x);
    case ITER: return x + 1 < p->registers_count;
    case OPT: return x == OPERAND_NONE || x < p->registers_count;
    }
    return false;
}

static bool instruction_fits(const tact_cel_program *p, uint32_t pc) {
    const cel_instr *i = &p->code[pc];
    if (i->op >= OP_CODES) return false;
    const op_row *row = &ops[i->op];
    return operand_fits(p, pc, row->d, i->d) && operand_fits(p, pc, row->a, i->a) &&
           operand_fits(p, pc, row->b, i->b) && operand_fits(p, pc, row->c, i->c);
}

bool program_verify(const tact_cel_program *p, tact_error *error) {
    if (p->code_count == 0 || p->code_count > PROGRAM_CODE_MAX) {
        err_set(error, TACT_INVALID, "the program has %u instructions", p->code_count);
        return false;
    }
    for (uint32_t pc = 0; pc < p->code_count; pc++) {
        if (instruction_fits(p, pc)) continue;
        err_set(error, TACT_INVALID, "instruction %u (%s) has an operand out of range", pc,
                p->code[pc].op < OP_CODES ? ops[p->code[pc].op].name : "unknown");
        return false;
    }
    uint8_t last = p->code[p->code_count - 1].op;
    if (last == OP_RETURN || last == OP_RETURN_ELSE) return true; // nothing runs off the end
    err_set(error, TACT_INVALID, "the last instruction (%s) does not end the program", ops[last].name);
    return false;
}

// ---- Printing -------------------------------------------------------------------------------------------------------

static void print_value(buf *out, const tact_cel_program *p, uint32_t x) {
    uint32_t index = OPERAND_INDEX(x);
    switch (OPERAND_KIND(x)) {
    case OPERAND_REGISTER: buf_printf(out, "r%u", index); break;
    case OPERAND_SLOT: buf_add_str(out, p->links->env->slots[index]->name); break;
    default:
        if (program_constants(p)[index].kind == TACT_OPAQUE) {
            buf_add_text(out, "<compiled pattern>");
        } else {
            value_print(out, program_constants(p)[index]);
        }
        break;
    }
}

static void print_call(buf *out, const tact_cel_program *p, uint32_t x) {
    const cel_call_site *site = &p->links->calls[x];
    buf_add_str(out, site->name);
    buf_add_char(out, '(');
    for (uint32_t i = 0; i < site->count; i++) {
        if (i) buf_add_text(out, ", ");
        print_value(out, p, site->operands[i]);
    }
    buf_add_char(out, ')');
    for (uint32_t i = 0; i < site->overloads_count; i++) {
        buf_add_text(out, i ? " | " : " : ");
        buf_add_str(out, site->overloads[i]->id);
    }
}

static void print_operand(buf *out, const tact_cel_program *p, operand_role role, uint32_t x, bool *first) {
    if (role == NO || (role == OPT && x == OPERAND_NONE)) return;
    buf_add_text(out, *first ? " " : ", ");
    *first = false;
    switch (role) {
    case VAL:
    case STR: print_value(out, p, x); break;
    case NUM: buf_printf(out, "%u", x); break;
    case OUT:
        if (x >= PROGRAM_FALSE) {
            buf_add_text(out, x == PROGRAM_TRUE ? "=>true" : "=>false");
            break;
        }
        buf_printf(out, "->%u", x);
        break;
    case JMP:
    case LOOP: buf_printf(out, "->%u", x); break;
    case CALL: print_call(out, p, x); break;
    default: buf_printf(out, "r%u", x); break;
    }
}

void program_print(buf *out, const tact_cel_program *p) {
    for (uint32_t pc = 0; pc < p->code_count; pc++) {
        const cel_instr *i = &p->code[pc];
        const op_row *row = &ops[i->op];
        bool first = true;
        buf_printf(out, "%4u  %-10s", pc, row->name);
        print_operand(out, p, row->d, i->d, &first);
        print_operand(out, p, row->a, i->a, &first);
        print_operand(out, p, row->b, i->b, &first);
        print_operand(out, p, row->c, i->c, &first);
        buf_add_char(out, '\n');
    }
}
