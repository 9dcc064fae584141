// SPDX-License-Identifier: Apache-2.0
//
// Diagnostics: every fault that the compiler can find in an expression is one named function here, so that its text
// stands once and is tested once. Callers say what they saw; wording, hints and nearest names are decided in diag.c.
//
// Diagnostics are collected, never printed; a compilation goes on after one. From TACT_CEL_DIAGNOSTICS_MAX on they are
// dropped and the last one says so.
#ifndef CEL_DIAG_H
#define CEL_DIAG_H

#include "cel/token.h"
#include "tact/cel.h"

typedef struct cel_diags {
    arena *arena; // texts live here
    tact_str source;
    tact_cel_diagnostic *items; // sorted by position in diag_finish
    uint32_t count, room;
    tact_err code; // the gravest kind seen: TACT_OK, INVALID, SYNTAX, LIMIT, NO_MEMORY
    bool terse;    // set after diag_init: no nearest names
} cel_diags;

void diag_init(cel_diags *d, arena *a, tact_str source);
// Sorts by position, drops repeats at one place, fills in lines and columns.
void diag_finish(cel_diags *d);
// Line and column (from 1; code points) of a byte of the source.
void diag_place(tact_str source, uint32_t pos, uint32_t *line, uint32_t *column);
// One diagnostic as a person reads it; see tact_cel_report. `kind` is "error" or "warning". Carets stand under the
// right terminal columns, wide characters, combining marks and tabs included; long lines are shown around the place.
void diag_print(buf *out, tact_str file, tact_str source, const tact_cel_diagnostic *item, const char *kind);

// ---- Limits ---------------------------------------------------------------------------------------------------------

void diag_no_memory(cel_diags *d);
void diag_too_long(cel_diags *d, size_t most);
void diag_too_deep(cel_diags *d, cel_span at, uint32_t most);
void diag_too_many_nodes(cel_diags *d, cel_span at, uint32_t most);

// ---- Characters, numbers and strings --------------------------------------------------------------------------------

void diag_not_utf8(cel_diags *d, uint32_t pos);
void diag_unexpected_character(cel_diags *d, cel_span at);
// Characters that are not CEL's but stand for `meant`, which is white space or CEL.
void diag_misspelt(cel_diags *d, cel_span at, const char *meant);
// What another language writes: as a word for `meant`, a spelling of CEL's, or, if that is empty, for nothing that CEL
// has. `hint` is empty where it is to write `meant`.
void diag_slip(cel_diags *d, cel_span at, const char *meant, const char *hint);
void diag_foreign_name(cel_diags *d, cel_span at);
void diag_number(cel_diags *d, cel_span at);
void diag_int_range(cel_diags *d, cel_span at, bool fits_uint);
void diag_uint_range(cel_diags *d, cel_span at);
void diag_double_range(cel_diags *d, cel_span at);
// A string that does not end before its line does, or not at all if it has three quotes. `prefix` bytes open it.
void diag_string_open(cel_diags *d, cel_span at, size_t prefix, char quote, bool triple);
// A word with a quote behind it that closes nothing.
void diag_string_unopened(cel_diags *d, cel_span at);
void diag_escape(cel_diags *d, cel_span at);
void diag_escape_digits(cel_diags *d, cel_span at, int base, size_t count);
void diag_escape_code_point(cel_diags *d, cel_span at, uint32_t c);
void diag_escape_in_bytes(cel_diags *d, cel_span at);
void diag_quoted_name_open(cel_diags *d, cel_span at);
void diag_quoted_name(cel_diags *d, cel_span at);

// ---- Syntax ---------------------------------------------------------------------------------------------------------

void diag_empty(cel_diags *d);
void diag_expected_expression(cel_diags *d, cel_span at, const cel_token *found);
// An expression goes on with what cannot follow. `closer` may, or a comma if `comma`.
void diag_unexpected(cel_diags *d, cel_span at, const cel_token *found, cel_token_kind closer, bool comma);
// The same, where the bracket at `open` has to be closed.
void diag_unclosed(cel_diags *d, cel_span at, const cel_token *found, cel_token_kind closer, bool comma, cel_span open);
void diag_unopened(cel_diags *d, cel_span at);
void diag_expected_choice_colon(cel_diags *d, cel_span at, const cel_token *found);
void diag_expected_entry_colon(cel_diags *d, cel_span at, const cel_token *found, bool message);
// In a message, or after a dot.
void diag_expected_field(cel_diags *d, cel_span at, const cel_token *found, bool message);
void diag_reserved(cel_diags *d, cel_span at);
void diag_quoted_name_place(cel_diags *d, cel_span at);
void diag_quoted_name_called(cel_diags *d, cel_span at);
void diag_nested_conditional(cel_diags *d, cel_span at);
void diag_mixed_unary(cel_diags *d, cel_span at, char outer);
void diag_optionals_off(cel_diags *d, cel_span at);

// ---- Macros ---------------------------------------------------------------------------------------------------------
// `space` and `name` are the macro's.

// Argument `i` (from 0), which should name a variable, is no plain name.
void diag_macro_variable(cel_diags *d, cel_span at, tact_str space, tact_str name, uint32_t i);
void diag_macro_variable_taken(cel_diags *d, cel_span at);
void diag_macro_variable_repeats(cel_diags *d, cel_span at);
void diag_macro_number(cel_diags *d, cel_span at, tact_str space, tact_str name);
void diag_has_argument(cel_diags *d, cel_span at);
void diag_block_values(cel_diags *d, cel_span at);

// ---- Checker --------------------------------------------------------------------------------------------------------
// `at` is where the caret points, the extent of an operand where that is what is wrong.

#define DIAG_LOCALS_MAX 32 // variables that are considered when the nearest name is looked for

// The identifier `n` is nothing; `whole` is the dotted name that it starts ("profil.recency"), empty if none, and
// `compared_to` the type of what it is compared with, NULL if it is not.
void diag_undeclared_name(cel_diags *d, const tact_cel_env *env, const cel_node *n, tact_str whole,
                          const tact_type *compared_to, const tact_str *locals, uint32_t locals_count);
// `record` is NULL if no field of it is declared.
void diag_undeclared_field(cel_diags *d, cel_span at, tact_str record_name, const cel_record *record, tact_str field);
// `name` is the function's, dotted if the call's target is no value either. True if it is that of a macro, or nearly,
// so that the arguments may be names that only the macro would bind.
bool diag_undeclared_function(cel_diags *d, const tact_cel_env *env, const cel_node *call, tact_str name);
// No overload takes the arguments, the receiver among them.
void diag_no_overload(cel_diags *d, const cel_node *call, const cel_function *f, const tact_type *const *args,
                      uint32_t count);
void diag_wrong_type(cel_diags *d, cel_span at, const tact_type *expected, const tact_type *found);
// `term` of `whole`, a chain of && or ||, is no condition; `compared` is what the chain is compared with, or NULL.
void diag_not_condition(cel_diags *d, const cel_node *whole, const cel_node *term, const tact_type *found,
                        const cel_node *compared);
void diag_wrong_result(cel_diags *d, cel_span at, const tact_type *expected, const tact_type *found);
void diag_branches(cel_diags *d, cel_span at, const tact_type *a, const tact_type *b); // of `?:`, or of optFlatMap
void diag_no_fields(cel_diags *d, const tact_cel_env *env, cel_span at, const tact_type *of, tact_str field);
void diag_not_iterable(cel_diags *d, cel_span at, const tact_type *found);
void diag_not_optional(cel_diags *d, cel_span at, const tact_type *found);
void diag_message(cel_diags *d, cel_span at, tact_str name);
void diag_types_too_large(cel_diags *d, cel_span at);
void diag_cost(cel_diags *d, cel_span at, uint64_t cost, uint64_t max);

// ---- Compiling ------------------------------------------------------------------------------------------------------

// The caller of tact_cel_compile wants a result type that is none.
void diag_bad_result_type(cel_diags *d, tact_str type, const char *why);
// A constant argument that its function can never take; `why` may be NULL.
void diag_bad_constant(cel_diags *d, cel_span at, const char *why);
// The program would need more than `most` of `what` ("constants").
void diag_too_complex(cel_diags *d, cel_span at, const char *what, uint32_t most);
// The verifier refuses what the compiler made: a fault of Tact's.
void diag_not_verified(cel_diags *d, const char *why);

#endif
