// SPDX-License-Identifier: Apache-2.0
//
// Random well-typed expressions, and random values for the attributes that they read. The same seed gives the same
// expressions on every machine. For the differential test, the model test and seeds of the fuzz targets.
#ifndef TESTS_CEL_GEN_EXPR_H
#define TESTS_CEL_GEN_EXPR_H

#include "base/arena.h"
#include "base/buf.h"
#include "tact/cel.h"

// Types are known by letters here: 'b' bool, 'i' int, 'L' list(int), …; gen_expr.c has them all.
typedef struct gen_attribute {
    const char *name;
    char letter;
} gen_attribute;

// What expressions may read; the number of an attribute is its slot.
#define GEN_ATTRIBUTES 23
extern const gen_attribute gen_attributes[GEN_ATTRIBUTES];

#define GEN_LOCALS_MAX 8 // variables of macros in scope at once
#define GEN_NODES_MAX 60 // calls and literals in one expression, about

// One source of randomness, and the expression being written.
typedef struct gen {
    uint64_t state;
    uint32_t libraries; // of tact_cel_library: whose functions and macros may occur
    buf *out;
    int nodes_left;
    bool filled; // no empty lists and maps
    struct {
        uint32_t number; // the variable is called v<number>
        char letter;
        bool usable;
    } locals[GEN_LOCALS_MAX];
    uint32_t locals_count, locals_named;
} gen;

void gen_init(gen *g, uint64_t seed, uint32_t libraries);
uint64_t gen_next(gen *g);                  // 64 random bits
uint32_t gen_below(gen *g, uint32_t bound); // 0 to bound - 1

const char *gen_type_name(char letter); // "list(int)"
// Declares the attributes in an environment without any.
TACT_MUST_USE tact_err gen_declare(tact_cel_env *env);
// A random value of the type with this letter, in the arena. An error value if memory ran out.
tact_value gen_value(gen *g, arena *a, char letter);
// Values for the attributes; now and then one is TACT_UNRESOLVED, that is absent.
void gen_slots(gen *g, arena *a, tact_value slots[GEN_ATTRIBUTES]);

// A random expression of the type with this letter (0: of any type), nested to at most `depth`; in the arena, with a
// final zero that is not counted. {NULL, 0} if memory ran out.
tact_str gen_expr(gen *g, arena *a, char letter, int depth);

#endif
