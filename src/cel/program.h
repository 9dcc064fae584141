// SPDX-License-Identifier: Apache-2.0
//
// The program: bytecode for a register machine. An instruction is 8 bytes:
//
//      byte 0      1      2             4             6
//           | op   | d    | a           | b           | c           |
//
// `d` is a register. `a` and `b` are mostly values, whose top two bits say where they are found (OPERAND_*), `c` is
// mostly an instruction's number. What each operand is stands in op_tbl.h, once, for the compiler, the verifier, the
// disassembler and the machine.
//
// A program is made by compile.c, must pass program_verify once, and is then only read. Nothing in a verified program,
// whatever its bits, makes the machine touch memory that is not its own or run for ever: jumps go forward, except LOOP,
// which goes back to an ITER_NEXT, which pays steps.
#ifndef CEL_PROGRAM_H
#define CEL_PROGRAM_H

#include "cel/ast.h"
#include "cel/env.h"

typedef enum cel_op {
#define X(NAME, name, d, a, b, c, doc) OP_##NAME,
#include "cel/op_tbl.h"
#undef X
    OP_CODES
} cel_op;

typedef struct cel_instr {
    uint8_t op, d;
    uint16_t a, b, c;
} cel_instr;

#define OPERAND_REGISTER 0x0000u
#define OPERAND_CONSTANT 0x4000u
#define OPERAND_SLOT 0x8000u
#define OPERAND_KIND(x) ((x)&0xc000u)
#define OPERAND_INDEX(x) ((x)&0x3fffu)
#define OPERAND_NONE 0xffffu

enum {
    PROGRAM_REGISTERS_MAX = 255,   // `d` is a byte
    PROGRAM_OPERANDS_MAX = 0x4000, // 14 bits: constants of a program, slots of an environment
    PROGRAM_CODE_MAX = 0xfffc,     // jumps are 16 bits, and a fault's place is the instruction's number plus one
    PROGRAM_FALSE = 0xfffe,        // where a condition may jump instead: the whole program is false
    PROGRAM_TRUE = 0xffff,         // … or true
    PROGRAM_CALLS_MAX = 0xffff,
};

// Where a value stands in the source, for faults and observers: one for each instruction.
typedef struct cel_place {
    cel_span extent; // the whole sub-expression; empty where the instruction makes no value that stands in the source
    cel_span at;     // where its caret points
    cel_span a, b;   // the operands'
} cel_place;

// One CALL: the overloads that the checker left, and where the arguments are.
typedef struct cel_call_site {
    tact_str name;
    const cel_overload *const *overloads;
    uint16_t overloads_count;
    uint8_t count;
    uint16_t operands[CEL_PARAMS_MAX];
    cel_span extents[CEL_PARAMS_MAX];
} cel_call_site;

// What is read only when faults are explained, for observers and for tools; in the compilation's cold arena.
typedef struct cel_program_info {
    const cel_place *places;
    const uint32_t *slots; // those read, ascending
    uint32_t constants_count, calls_count, slots_count;
    tact_str type; // static result type, as text
    uint64_t cost; // static worst case, in steps
    size_t bytes;  // of what evaluation reads
    tact_str source;
} cel_program_info;

// What evaluation reads where it leaves the fast path.
typedef struct cel_program_links {
    const cel_call_site *calls;
    const tact_cel_env *env;
    const cel_program_info *info;
} cel_program_links;

// A program is one block: this, its code, its constants, their items and texts. So evaluating many short programs one
// after another streams through memory, and where the code and the constants are is known without reading it.
struct tact_cel_program {
    const cel_program_links *links;
    uint16_t slots_needed; // the highest slot read, plus one
    uint16_t code_count;
    uint8_t registers_count;
    uint8_t result_kind; // tact_kind that the result must have; TACT_UNRESOLVED: any
    bool allocates;      // some instruction takes memory from the arena
    cel_instr code[];    // code_count; then the constants
};

static inline const tact_value *program_constants(const tact_cel_program *p) {
    return (const tact_value *)(const void *)(p->code + p->code_count);
}

// Which part of its instruction an error value's `flags` name; its `at` is the instruction's number plus one.
enum {
    PROGRAM_PLACE_WHOLE = 0,
    PROGRAM_PLACE_A = 1,
    PROGRAM_PLACE_B = 2,
    PROGRAM_PLACE_ARGUMENT = 3, // the first argument of a call; the others follow
};

// Marks what an OPAQUE value holds (its `flags`); values made by compiler and machine only.
enum { OPAQUE_LIST = 1, OPAQUE_MAP, OPAQUE_REGEX, OPAQUE_ZONE };

// True if the machine may run the program; else `error` says which instruction breaks which rule.
TACT_MUST_USE bool program_verify(const tact_cel_program *p, tact_error *error);
// One line an instruction, with its constants, names and source text.
void program_print(buf *out, const tact_cel_program *p);

#endif
