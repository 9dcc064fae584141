// SPDX-License-Identifier: Apache-2.0
//
// The public face of compilation (tact/cel.h): the phases in their order, each of which sees only what the one before
// it made. The tree lives in an arena of its own that goes with the call; what the caller keeps is copied to the
// caller's.
#include "cel/cel.h"

#include "base/utf8.h"
#include "cel/check.h"
#include "cel/compile.h"
#include "cel/cost.h"
#include "cel/diag.h"
#include "cel/fold.h"
#include "cel/parser.h"
#include "cel/program.h"
#include "value/type.h"
#include "value/value.h"

// More than the largest tree that the bounds allow can take; a stop for mistakes in the bounds themselves.
#define SCRATCH_MAX ((size_t)256 << 20)

static const tact_cel_limits default_limits = {TACT_CEL_LENGTH_MAX, TACT_CEL_DEPTH_MAX, TACT_CEL_COST_MAX};

static tact_cel_limits limits_of(const tact_cel_compile_options *options) {
    tact_cel_limits l = options->limits;
    if (!l.length_max) l.length_max = default_limits.length_max;
    if (!l.depth_max) l.depth_max = default_limits.depth_max;
    if (!l.cost_max) l.cost_max = default_limits.cost_max;
    if (l.depth_max > TACT_CEL_DEPTH_HARD_MAX) l.depth_max = TACT_CEL_DEPTH_HARD_MAX;
    return l;
}

// The type that the expression must have; NULL for any. A text that is no type is the caller's mistake, reported as
// such.
static bool wanted_type(const tact_cel_compile_options *options, arena *a, cel_diags *diags, const tact_type **type) {
    tact_error error;
    *type = NULL;
    if (!options->result.len) return true;
    *type = type_parse(a, options->result, &error);
    if (!*type) diag_bad_result_type(diags, options->result, error.text);
    return *type != NULL;
}

typedef struct job {
    const tact_cel_env *env;
    const tact_cel_compile_options *options;
    arena *hot, *cold;
    cel_see *see; // may be NULL
    void *context;
    cel_ast ast;
    cel_diags diags;
} job;

static const tact_cel_program *phases(job *j) {
    const tact_cel_compile_options *options = j->options;
    tact_cel_limits limits = limits_of(options);
    const tact_type *wanted;
    if (!wanted_type(options, j->ast.arena, &j->diags, &wanted)) return NULL;
    j->ast.root = parser_parse(&j->ast, &limits, j->env->libraries, &j->diags);
    if (j->diags.code == TACT_LIMIT || j->diags.code == TACT_NO_MEMORY) return NULL;
    bool checked = check_run(&j->ast, j->env, wanted, options->unchecked, &j->diags); // also what could be parsed
    if (!checked || j->diags.code != TACT_OK) return NULL;
    buf type = buf_in(j->cold);
    type_print(&type, j->ast.root->type);
    fold_constants(&j->ast, j->env);
    if (j->see) j->see(j->context, &j->ast);
    cost_range cost = cost_estimate(&j->ast, j->env);
    if (!options->unchecked && cost.max > limits.cost_max) {
        diag_cost(&j->diags, j->ast.root->extent, cost.max, limits.cost_max);
        return NULL;
    }
    compile_input in = {.env = j->env,
                        .ast = &j->ast,
                        .root = j->ast.root,
                        .hot = j->hot,
                        .cold = j->cold,
                        .scratch = j->ast.arena,
                        .strict = options->strict && !options->unchecked,
                        .result_kind = wanted ? type_value_kind(wanted) : TACT_UNRESOLVED,
                        .type = buf_done(&type),
                        .cost = cost.max,
                        .diags = &j->diags};
    return compile_run(&in);
}

// A verifier that finds fault with what compile.c made found a mistake of ours; it is reported, not run.
static bool verified(const tact_cel_program *p, cel_diags *diags) {
    tact_error error;
    if (program_verify(p, &error)) return true;
    diag_not_verified(diags, error.text);
    return false;
}

static tact_cel_result out_of_memory(void) {
    return (tact_cel_result){.code = TACT_NO_MEMORY};
}

tact_cel_result cel_compile(const tact_cel_env *env, tact_str source, const tact_cel_compile_options *options,
                            arena *hot, cel_see *see, void *context) {
    static const tact_cel_compile_options defaults = {0};
    if (!options) options = &defaults;
    tact_cel_result result = {0};
    arena *cold = options->cold ? options->cold : hot;
    size_t length_max = limits_of(options).length_max;
    size_t kept = source.len <= length_max ? source.len : length_max + 1; // enough for the report that it is too long
    result.source = (tact_str){arena_copy(cold, source.ptr, kept), kept};
    result.file = (tact_str){arena_copy(cold, options->file.ptr, options->file.len), options->file.len};
    if (!result.source.ptr || !result.file.ptr) return out_of_memory();
    arena scratch;
    arena_init(&scratch, SCRATCH_MAX);
    job j = {.env = env,
             .options = options,
             .hot = hot,
             .cold = cold,
             .see = see,
             .context = context,
             .ast = {.arena = &scratch, .source = result.source}};
    diag_init(&j.diags, cold, result.source);
    j.diags.terse = options->terse;
    const tact_cel_program *p = phases(&j);
    if (p && verified(p, &j.diags)) result.program = p;
    arena_fini(&scratch);
    diag_finish(&j.diags);
    result.code = j.diags.code;
    result.diagnostics = j.diags.items;
    result.diagnostics_count = j.diags.count;
    return result;
}

tact_cel_result tact_cel_compile(const tact_cel_env *env, tact_str source, const tact_cel_compile_options *options,
                                 tact_arena *hot) {
    return cel_compile(env, source, options, hot, NULL, NULL);
}

tact_str tact_cel_report(const tact_cel_result *result, tact_arena *a) {
    buf out = buf_in(a);
    tact_str file = result->file.len ? result->file : TACT_STR("<expression>");
    for (uint32_t i = 0; i < result->diagnostics_count; i++) {
        diag_print(&out, file, result->source, &result->diagnostics[i], "error");
    }
    if (result->code == TACT_NO_MEMORY && !result->diagnostics_count) buf_add_text(&out, tact_err_text(TACT_NO_MEMORY));
    return buf_done(&out);
}

tact_str tact_cel_program_type(const tact_cel_program *p) {
    return p->links->info->type;
}

uint64_t tact_cel_program_cost(const tact_cel_program *p) {
    return p->links->info->cost;
}

size_t tact_cel_program_bytes(const tact_cel_program *p) {
    return p->links->info->bytes;
}

const uint32_t *tact_cel_program_slots(const tact_cel_program *p, uint32_t *count) {
    *count = p->links->info->slots_count;
    return p->links->info->slots;
}

// ---- Faults ---------------------------------------------------------------------------------------------------------

// The operand that a fault is about, and where it stands; OPERAND_NONE when it is about the instruction as a whole.
static uint16_t faulty_operand(const tact_cel_program *p, uint32_t pc, uint8_t place, cel_span *where) {
    const cel_instr *i = &p->code[pc];
    *where = p->links->info->places[pc].at;
    if (place == PROGRAM_PLACE_A) {
        *where = p->links->info->places[pc].a;
        return i->a;
    }
    if (place == PROGRAM_PLACE_B) {
        *where = p->links->info->places[pc].b;
        return i->b;
    }
    if (place >= PROGRAM_PLACE_ARGUMENT && i->op == OP_CALL &&
        place - PROGRAM_PLACE_ARGUMENT < p->links->calls[i->c].count) {
        *where = p->links->calls[i->c].extents[place - PROGRAM_PLACE_ARGUMENT];
        return p->links->calls[i->c].operands[place - PROGRAM_PLACE_ARGUMENT];
    }
    return OPERAND_NONE;
}

// The text on one line, with what is not to be shown as a replacement character.
static void add_shown(buf *out, tact_str text) {
    for (const char *at = text.ptr, *end = text.ptr + text.len; at < end;) {
        const char *from = at;
        bool shown = utf8_next_shown(&at, end);
        buf_add(out, shown ? from : UTF8_REPLACEMENT, shown ? (size_t)(at - from) : sizeof UTF8_REPLACEMENT - 1);
    }
}

bool tact_cel_explain_fault(const tact_cel_program *p, tact_value fault, tact_cel_diagnostic *diagnostic,
                            tact_arena *a) {
    tact_fault code = (tact_fault)fault.len;
    cel_span where = {0, (uint32_t)p->links->info->source.len};
    uint16_t operand = OPERAND_NONE;
    if (fault.at && fault.at <= p->code_count) operand = faulty_operand(p, fault.at - 1u, fault.flags, &where);
    buf text = buf_in(a);
    if (operand != OPERAND_NONE && OPERAND_KIND(operand) == OPERAND_SLOT) {
        tact_str name = p->links->env->slots[OPERAND_INDEX(operand)]->name;
        buf_printf(&text, "`%.*s`: ", (int)name.len, name.ptr);
    }
    buf_add_text(&text, tact_fault_text(code));
    if (fault.as.s) { // it may quote anything, and may be a caller's
        buf_add_text(&text, ": ");
        add_shown(&text, tact_str_from(fault.as.s));
    } else if (code == TACT_FAULT_NO_SUCH_KEY && fault.at && p->code[fault.at - 1].op == OP_SELECT) {
        buf_add_text(&text, ": ");
        value_print(&text, program_constants(p)[OPERAND_INDEX(p->code[fault.at - 1].b)]);
    }
    *diagnostic = (tact_cel_diagnostic){
        .code = tact_fault_name(code), .pos = where.pos, .len = where.len ? where.len : 1};
    diag_place(p->links->info->source, where.pos, &diagnostic->line, &diagnostic->column);
    diagnostic->text = buf_done(&text).ptr;
    return diagnostic->text != NULL;
}
