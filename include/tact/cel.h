// SPDX-License-Identifier: Apache-2.0
//
// CEL, the Common Expression Language (https://github.com/google/cel-spec), on its own: declare what an expression
// may read, compile the text once, evaluate it as often as needed. Links with -ltact; nothing else of Tact is involved.
//
// @example ten lines, after which `lapsed` is true; compiled and run by tests/cel/example.bats
//
//      tact_cel_env *env = tact_cel_env_new(NULL);
//      uint32_t recency;
//      if (tact_cel_declare(env, TACT_STR("profile.recency"), TACT_STR("int"), &recency, NULL)) return 1;
//      tact_arena *arena = tact_arena_new(0);
//      tact_cel_result compiled = tact_cel_compile(env, TACT_STR("profile.recency >= 9"), NULL, arena);
//      if (!compiled.program) { puts(tact_cel_report(&compiled, arena).ptr); return 1; }
//      tact_value slots[1];
//      slots[recency] = tact_int(10);
//      tact_value lapsed = tact_cel_eval(compiled.program, &(tact_cel_input){.slots = slots, .slots_count = 1});
//      tact_arena_free(arena), tact_cel_env_free(env);
//
// @end
//
// Threads: an environment may be read (compiled against) by many threads once nothing is declared in it any more. A
// program is immutable and may be evaluated by any number of threads at once, each with an input and arena of its own.
// There is no global state.
#ifndef TACT_CEL_H
#define TACT_CEL_H

#include "tact/core.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- Bounds ---------------------------------------------------------------------------------------------------------
// Each is a default that tact_cel_limits can lower or raise up to the hard maximum beside it.

enum {
    TACT_CEL_LENGTH_MAX = 65536,   // bytes of one expression; long lists of literals fit, a book does not
    TACT_CEL_DEPTH_MAX = 100,      // nesting of the parsed expression; keeps recursion far below any stack
    TACT_CEL_DEPTH_HARD_MAX = 200, // what tact_cel_limits may raise the nesting to
    TACT_CEL_NODES_MAX = 30000,    // nodes after macro expansion; keeps operands and jumps in 16 bits
    TACT_CEL_SLOTS_MAX = 16384,    // attributes of one environment; an operand has 14 bits for them
    TACT_CEL_DIAGNOSTICS_MAX = 50, // diagnostics that one compilation reports before it gives up
};
#define TACT_CEL_COST_MAX UINT64_C(1000000)   // static worst-case cost, in steps; about a millisecond
#define TACT_CEL_STEPS_MAX UINT64_C(1000000)  // steps of one evaluation
#define TACT_CEL_MEMORY_MAX ((size_t)1 << 20) // bytes that one evaluation may take from its arena

typedef struct tact_cel_limits {
    size_t length_max; // bytes; 0 means the default, here and below
    uint32_t depth_max;
    uint64_t cost_max;
} tact_cel_limits;

// ---- Environment ----------------------------------------------------------------------------------------------------

// What expressions may name: attributes, constants, functions.
typedef struct tact_cel_env tact_cel_env;

// The parts of the language that can be left out; all are on by default.
typedef enum tact_cel_library {
    TACT_CEL_MACROS = 1 << 0,        // has, all, exists, exists_one, map, filter
    TACT_CEL_MACROS2 = 1 << 1,       // their two-variable forms, transformList, transformMap, transformMapEntry
    TACT_CEL_OPTIONALS = 1 << 2,     // a.?b, a[?b], [?x], {?k: v}, optional.of, optMap, optFlatMap, …
    TACT_CEL_STRINGS = 1 << 3,       // charAt, indexOf, join, split, format, …
    TACT_CEL_MATH = 1 << 4,          // math.greatest, math.ceil, math.bitAnd, …
    TACT_CEL_ENCODERS = 1 << 5,      // base64.encode, base64.decode
    TACT_CEL_BINDINGS = 1 << 6,      // cel.bind
    TACT_CEL_BLOCK = 1 << 7,         // cel.block, cel.index, cel.iterVar, cel.accuVar
    TACT_CEL_LISTS = 1 << 8,         // slice, flatten, sort, sortBy, distinct, reverse, lists.range, first, last
    TACT_CEL_MIXED_NUMBERS = 1 << 9, // <, <=, > and >= between int, uint and double as they are: spend > 100
    TACT_CEL_ALL = (1 << 10) - 1
} tact_cel_library;

typedef struct tact_cel_options {
    uint32_t libraries; // of tact_cel_library; 0 means all
    tact_str container; // names are first looked up inside it: with "a.b", `x` may mean a.b.x, then a.x, then x
} tact_cel_options;

// A new environment with the standard declarations; `options` may be NULL. NULL if memory ran out. Free with
// tact_cel_env_free, after everything compiled against it is no longer used.
TACT_API TACT_MUST_USE tact_cel_env *tact_cel_env_new(const tact_cel_options *options);
TACT_API void tact_cel_env_free(tact_cel_env *env); // NULL is allowed

// Declares an attribute: a name, dotted where it belongs to a record ("profile.recency"), and a type as CEL writes it
// ("int", "list(string)", "map(string, double)", "timestamp", "dyn", "record(Purchase)"). `*slot` (may be NULL)
// receives its number, counted from 0 in the order of declaration: the index of its value in tact_cel_input. Once a
// record is declared by its fields, any other field of it is an error when an expression is compiled.
// TACT_EXISTS: declared already. TACT_INVALID: not a name or not a type; `error` (may be NULL) says where. TACT_LIMIT:
// there are TACT_CEL_SLOTS_MAX already.
TACT_API TACT_MUST_USE tact_err tact_cel_declare(tact_cel_env *env, tact_str name, tact_str type, uint32_t *slot,
                                                 tact_error *error);
// Declares a field of the record type `record` ("Purchase"), whose values are maps with string keys. Needed only for
// records within lists and maps; a dotted attribute declares its record itself.
TACT_API TACT_MUST_USE tact_err tact_cel_declare_field(tact_cel_env *env, tact_str record, tact_str field,
                                                       tact_str type, tact_error *error);
// Declares a name for a value known at compile time. The value and its parts must outlive the environment.
TACT_API TACT_MUST_USE tact_err tact_cel_declare_constant(tact_cel_env *env, tact_str name, tact_str type,
                                                          tact_value value, tact_error *error);

// The call that a function of the caller's is invoked for; valid during it.
typedef struct tact_cel_call tact_cel_call;
// A function of the language: pure, thread-safe, returns a value or an error value (tact_fault_value). `args` have
// the kinds of the declared parameters; what it returns lives in tact_cel_call_arena, in `args`, or for ever.
typedef tact_value tact_cel_function(tact_cel_call *call, const tact_value *args, uint32_t count);
TACT_API tact_arena *tact_cel_call_arena(tact_cel_call *call);
TACT_API void *tact_cel_call_context(tact_cel_call *call); // as declared

// Declares one overload of a function: `signature` is "(string, int) -> bool", or "string.(int) -> bool" to be called
// as x.name(1). `id` names the overload ("discount_string_int"). `fn` NULL declares it for checking only. `steps` is
// what a call costs at most.
TACT_API TACT_MUST_USE tact_err tact_cel_declare_function(tact_cel_env *env, tact_str name, tact_str id,
                                                          tact_str signature, tact_cel_function *fn, void *context,
                                                          uint64_t steps, tact_error *error);

TACT_API uint32_t tact_cel_slots_count(const tact_cel_env *env);
TACT_API tact_str tact_cel_slot_name(const tact_cel_env *env, uint32_t slot); // lives as long as the environment

// ---- Compilation ----------------------------------------------------------------------------------------------------

// A verified program: immutable, in the arena it was compiled into.
typedef struct tact_cel_program tact_cel_program;

// One fault of an expression. Positions are bytes of the expression's text.
typedef struct tact_cel_diagnostic {
    const char *code;      // a stable name, "undeclared_name"
    uint32_t pos, len;     // what the caret points at; len is at least 1, also at the end of the text
    uint32_t line, column; // from 1; columns count code points
    const char *text;      // one line, what is wrong and what was expected
    const char *hint;      // "did you mean `recency`?", or NULL
} tact_cel_diagnostic;

typedef struct tact_cel_compile_options {
    tact_str file;   // named in reports; empty: "<expression>"
    tact_str result; // the type that the expression must have ("bool"); empty: any
    tact_cel_limits limits;
    tact_arena *cold; // where everything goes that evaluation does not read (source, places, diagnostics), so that
                      // many programs lie close together in theirs; must live as long as faults are explained or
                      // evaluation is observed. NULL: the same arena
    bool unchecked;   // no static types: what the checker would refuse is an error at evaluation, if reached
    bool strict;      // a constant that can never be what its function takes (matches("("), timestamp("tomorrow")) is a
                      // fault of the expression; without it, an error at evaluation, if reached
    bool terse;       // hints do not look for the nearest name, which takes long where thousands of texts are at fault
} tact_cel_compile_options;

typedef struct tact_cel_result {
    tact_err code;                   // TACT_OK, TACT_SYNTAX, TACT_INVALID (the checker), TACT_LIMIT, TACT_NO_MEMORY
    const tact_cel_program *program; // NULL unless TACT_OK
    const tact_cel_diagnostic *diagnostics; // every fault found, by position; NULL if none
    uint32_t diagnostics_count;
    tact_str source, file; // copies in the arena
} tact_cel_result;

// Compiles `source` (copied). Everything in the result lives in `arena`; the program refers to `env`. `options` may
// be NULL. Reports all faults at once. Patterns that are constants are compiled, too; they take memory of their own, at
// most 64 patterns of 256 KiB, which goes with the arena.
TACT_API TACT_MUST_USE tact_cel_result tact_cel_compile(const tact_cel_env *env, tact_str source,
                                                        const tact_cel_compile_options *options, tact_arena *arena);
// The diagnostics as a person reads them: `file:line:col: error: text`, the line, a caret, the hint. In the arena, with
// a final zero that is not counted; empty if there are none.
TACT_API tact_str tact_cel_report(const tact_cel_result *result, tact_arena *arena);

TACT_API tact_str
tact_cel_program_type(const tact_cel_program *program); // the result's static type, "dyn" if unchecked
TACT_API uint64_t tact_cel_program_cost(const tact_cel_program *program); // worst case, in steps; UINT64_MAX: unbounded
TACT_API size_t tact_cel_program_bytes(const tact_cel_program *program);  // memory that evaluation reads
// The slots that the program may read, ascending; lives as long as the program.
TACT_API const uint32_t *tact_cel_program_slots(const tact_cel_program *program, uint32_t *count);

// ---- Evaluation -----------------------------------------------------------------------------------------------------

// Fetches the value of a slot that is TACT_UNRESOLVED, on first use; the answer is kept in the slot for the rest of the
// evaluation. An attribute that has no value is tact_fault_value(TACT_FAULT_ABSENT, "why").
typedef tact_value tact_cel_resolve(void *context, uint32_t slot);

// What the program observes as it runs, for explanations: called once for every sub-expression that got a value, in
// order of evaluation. `pos` and `len` are its place in the source.
typedef void tact_cel_observe(void *context, uint32_t pos, uint32_t len, tact_value value);

// Everything one evaluation needs; owned by the caller, used by one thread at a time.
typedef struct tact_cel_input {
    tact_value *slots;    // a value for each slot, of its declared type (one of another is not noticed: it is as if the
                          // slot were dyn); those of kind TACT_UNRESOLVED are asked of `resolve`
    uint32_t slots_count; // slots at or above it are unresolved too
    tact_cel_resolve *resolve; // NULL: an unresolved slot is an absent attribute
    tact_cel_observe *observe; // NULL: nobody watches, at no cost
    void *context;             // handed to both
    tact_arena *arena;         // what the result is built in; may be NULL if the program only compares
    uint64_t steps_max;        // 0: TACT_CEL_STEPS_MAX
    size_t memory_max;         // bytes taken from `arena`; 0: TACT_CEL_MEMORY_MAX
    uint64_t steps_used;       // out
} tact_cel_input;

// The expression's value, or an error value; nothing is allocated outside `input->arena`. The value lives as long as
// the arena (until reset), the program and the slots' values.
TACT_API tact_value tact_cel_eval(const tact_cel_program *program, tact_cel_input *input);
// What went wrong, with its place: for a TACT_ERROR value that tact_cel_eval of this program returned. The place is
// written to `diagnostic`, texts live in the arena. False if memory ran out.
TACT_API bool tact_cel_explain_fault(const tact_cel_program *program, tact_value fault, tact_cel_diagnostic *diagnostic,
                                     tact_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
