// SPDX-License-Identifier: Apache-2.0
//
// `tact expr`: one expression, evaluated over the members of a JSON file, or stopped after a phase to show what that
// phase made of it. Each phase is a row of the table below with the function that shows it.
#include <inttypes.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cel/check.h"
#include "cel/cost.h"
#include "cel/diag.h"
#include "cel/env.h"
#include "cel/fold.h"
#include "cel/lexer.h"
#include "cel/normal.h"
#include "cel/parser.h"
#include "cel/program.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/vars.h"
#include "value/value.h"
#include "wire/json.h"

// ---- Options --------------------------------------------------------------------------------------------------------

// clang-format off
#define OPTIONS(X) \
    X(VARS,      "vars",      "FILE.json", "read variables from the members of a JSON object") \
    X(FILE,      "file",      "FILE",      "read the expression from a file; - is standard input") \
    X(JSON,      "json",      NULL,        "print the value as JSON, not as a CEL literal") \
    X(TOKENS,    "tokens",    NULL,        "show the tokens and stop") \
    X(AST,       "ast",       NULL,        "show the parsed tree, macros expanded, and stop") \
    X(TYPES,     "types",     NULL,        "show the checked tree with its types and stop") \
    X(CODE,      "code",      NULL,        "show the compiled program and stop") \
    X(COST,      "cost",      NULL,        "show what evaluation may cost at most and what it costs here") \
    X(PREDICATES, "predicates", NULL,      "show what a condition says as predicates over variables, and stop") \
    X(TRACE,     "trace",     NULL,        "show the value of every sub-expression as it is evaluated") \
    X(FUNCTIONS, "functions", NULL,        "list the macros, operators and functions of the language") \
    X(HELP,      "help",      NULL,        "show this")
// clang-format on

enum {
#define X(name, text, argument, summary) OPT_##name,
    OPTIONS(X)
#undef X
        OPTS_COUNT
};

static const cli_opt options[] = {
#define X(name, text, argument, summary) {text, argument, summary},
    OPTIONS(X)
#undef X
};

static const cli_usage usage = {
    .line = "tact expr EXPRESSION [--vars FILE.json] [OPTION]...",
    .about =
        "Evaluates an expression of CEL, the Common Expression Language, and prints its value. EXPRESSION `-` is\n"
        "read from standard input.\n"
        "\n"
        "With --vars the members of a JSON object are variables, of the types that their values have. An object is\n"
        "a record whose fields are known, so that a misspelled one is found before anything is evaluated.\n"
        "\n"
        "  tact expr '1 + 2 * 3'\n"
        "  tact expr 'profile.recency >= 9 && \"vip\" in profile.tags' --vars profile.json\n"
        "\n"
        "Ends with 0; with 1 if the expression is wrong or its evaluation ends in an error; with 2 if the\n"
        "command line is wrong or a file cannot be used.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 1,
};

// ---- What a run works on --------------------------------------------------------------------------------------------

typedef struct run {
    arena memory; // everything lives here until the end
    tact_cel_env *env;
    cli_vars vars;
    tact_str source, file;
    bool as_json;
} run;

static int fail(run *r, const tact_cel_diagnostic *items, uint32_t count, tact_err code) {
    tact_cel_result result = {
        .code = code, .diagnostics = items, .diagnostics_count = count, .source = r->source, .file = r->file};
    cli_print_report(tact_cel_report(&result, &r->memory));
    return CLI_FAILED;
}

static int fail_with(run *r, cel_diags *diags) {
    diag_finish(diags);
    return fail(r, diags->items, diags->count, diags->code);
}

static int print_line(buf *out) {
    buf_add_char(out, '\n');
    tact_str text = buf_done(out);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

// NULL after the report was printed.
static const tact_cel_program *compile(run *r) {
    tact_cel_compile_options how = {.file = r->file, .strict = true};
    tact_cel_result result = tact_cel_compile(r->env, r->source, &how, &r->memory);
    if (!result.program) cli_print_report(tact_cel_report(&result, &r->memory));
    return result.program;
}

static int print_value(run *r, tact_value v) {
    buf out = buf_in(&r->memory);
    if (!r->as_json) {
        value_print(&out, v);
        return print_line(&out);
    }
    tact_err code = json_write(&out, v);
    if (code == TACT_LIMIT) {
        cli_complain("the value cannot be JSON: it has more than %d levels or %d parts", JSON_DEPTH_MAX,
                     JSON_PARTS_MAX);
        return CLI_FAILED;
    }
    if (code == TACT_INVALID) {
        cli_complain("the value cannot be JSON: two keys of a map, such as 1 and \"1\", have the same name there");
        return CLI_FAILED;
    }
    return print_line(&out);
}

// Evaluates and prints the value, or reports the fault.
static int evaluate(run *r, const tact_cel_program *program, tact_cel_input *input) {
    input->slots = r->vars.slots;
    input->slots_count = r->vars.count;
    input->arena = &r->memory;
    tact_value v = tact_cel_eval(program, input);
    if (v.kind != TACT_ERROR) return print_value(r, v);
    tact_cel_diagnostic fault;
    if (!tact_cel_explain_fault(program, v, &fault, &r->memory)) return fail(r, NULL, 0, TACT_NO_MEMORY);
    return fail(r, &fault, 1, TACT_INVALID);
}

// ---- Phases ---------------------------------------------------------------------------------------------------------

static int show_value(run *r) {
    const tact_cel_program *program = compile(r);
    tact_cel_input input = {0};
    return program ? evaluate(r, program, &input) : CLI_FAILED;
}

static int show_tokens(run *r) {
    if (r->source.len > TACT_CEL_LENGTH_MAX || !utf8_valid(r->source.ptr, r->source.len)) {
        return compile(r) ? CLI_OK : CLI_FAILED; // the lexer wants text; the report of what it is comes from there
    }
    cel_diags diags;
    diag_init(&diags, &r->memory, r->source);
    cel_lexer lexer;
    lexer_init(&lexer, r->source, &diags);
    for (cel_token token;;) {
        lexer_next(&lexer, &token);
        uint32_t line, column;
        diag_place(r->source, token.span.pos, &line, &column);
        printf("%" PRIu32 ":%-4" PRIu32 " ", line, column);
        if (token.kind == TOKEN_END) break;
        printf("%-9s %.*s\n", token_name((cel_token_kind)token.kind), (int)token.span.len,
               r->source.ptr + token.span.pos);
    }
    puts(token_name(TOKEN_END));
    return diags.code ? fail_with(r, &diags) : CLI_OK;
}

static int show_tree(run *r, bool checked) {
    cel_diags diags;
    diag_init(&diags, &r->memory, r->source);
    cel_ast ast = {.arena = &r->memory, .source = r->source};
    (void)parser_parse(&ast, NULL, r->env->libraries, &diags);
    if (!diags.code && checked) (void)check_run(&ast, r->env, NULL, false, &diags);
    if (diags.code) return fail_with(r, &diags);
    buf out = buf_in(&r->memory);
    ast_print(&out, &ast, checked ? AST_TYPES : AST_PLAIN);
    return print_line(&out);
}

static int show_ast(run *r) {
    return show_tree(r, false);
}

static int show_types(run *r) {
    return show_tree(r, true);
}

static int show_predicates(run *r) {
    const tact_cel_compile_options how = {.file = r->file, .strict = true, .result = TACT_STR("bool")};
    const normal_form *form;
    tact_cel_result result = normal_compile(r->env, r->source, &how, &r->memory, &r->memory, &form);
    if (!result.program) {
        cli_print_report(tact_cel_report(&result, &r->memory));
        return CLI_FAILED;
    }
    buf out = buf_in(&r->memory);
    normal_print(&out, form, r->env, result.source);
    if (!normal_can_hold(&form, 1, NULL)) buf_add_text(&out, "\n(it can never hold)");
    return print_line(&out);
}

static int show_code(run *r) {
    const tact_cel_program *program = compile(r);
    if (!program) return CLI_FAILED;
    buf out = buf_in(&r->memory);
    program_print(&out, program);
    tact_str text = buf_done(&out);
    cli_print(stdout, text);
    return text.ptr ? CLI_OK : CLI_FAILED;
}

// The estimate of each part, as it is after folding.
static bool print_costs(run *r) {
    cel_diags diags;
    diag_init(&diags, &r->memory, r->source);
    cel_ast ast = {.arena = &r->memory, .source = r->source};
    (void)parser_parse(&ast, NULL, r->env->libraries, &diags);
    if (diags.code || !check_run(&ast, r->env, NULL, false, &diags)) return false;
    fold_constants(&ast, r->env);
    buf out = buf_in(&r->memory);
    cost_print(&out, &ast, r->env);
    tact_str text = buf_done(&out);
    cli_print(stdout, text);
    return text.ptr != NULL;
}

static int show_cost(run *r) {
    const tact_cel_program *program = compile(r);
    if (!program || !print_costs(r)) return CLI_FAILED;
    tact_cel_input input = {0};
    int code = evaluate(r, program, &input);
    uint64_t cost = tact_cel_program_cost(program);
    printf("steps at most   ");
    printf(cost == UINT64_MAX ? "unbounded\n" : "%" PRIu64 "\n", cost);
    printf("steps here      %" PRIu64 "\nprogram bytes   %zu\n", input.steps_used, tact_cel_program_bytes(program));
    return code;
}

// ---- Trace ----------------------------------------------------------------------------------------------------------

#define TRACE_TEXT_COLUMNS 44   // of a sub-expression's text
#define TRACE_VALUE_COLUMNS 100 // of its value

typedef struct trace {
    tact_str source;
    arena memory; // of one line
} trace;

// The text on one line and cut to `columns`.
static void add_short(buf *out, tact_str text, size_t columns) {
    size_t used = 0;
    for (const char *at = text.ptr, *end = at + text.len; at < end;) {
        const char *from = at;
        bool shown = utf8_next_shown(&at, end);
        tact_str c = {from, (size_t)(at - from)};
        if (!shown) c = *from == '\n' || *from == '\r' || *from == '\t' ? TACT_STR(" ") : TACT_STR(UTF8_REPLACEMENT);
        size_t width = utf8_width(c.ptr, c.len);
        if (used + width > columns - 1) {
            buf_add_text(out, UTF8_ELLIPSIS);
            return;
        }
        buf_add_str(out, c);
        used += width;
    }
}

static void observe(void *context, uint32_t pos, uint32_t len, tact_value value) {
    trace *t = context;
    buf text = buf_in(&t->memory), printed = buf_in(&t->memory), line = buf_in(&t->memory);
    add_short(&text, (tact_str){t->source.ptr + pos, len}, TRACE_TEXT_COLUMNS);
    value_print_within(&printed, value, TRACE_VALUE_COLUMNS); // a part takes a column at least
    tact_str left = buf_done(&text);
    buf_add_str(&line, left);
    buf_add_repeat(&line, ' ', TRACE_TEXT_COLUMNS - utf8_width(left.ptr, left.len));
    buf_add_text(&line, "  ");
    add_short(&line, buf_done(&printed), TRACE_VALUE_COLUMNS);
    (void)print_line(&line);
    tact_arena_reset(&t->memory);
}

static int show_trace(run *r) {
    const tact_cel_program *program = compile(r);
    if (!program) return CLI_FAILED;
    trace t = {.source = r->source};
    arena_init(&t.memory, 0);
    tact_cel_input input = {.observe = observe, .context = &t};
    int code = evaluate(r, program, &input);
    arena_fini(&t.memory);
    return code;
}

// ---- Functions ------------------------------------------------------------------------------------------------------

#define FUNCTIONS_COLUMNS 64 // of a call, before what it does

// `_+_` with its operands' types in place of the underscores, set apart by blanks: "int + int".
static void print_operator(buf *out, tact_str name, const cel_overload *o) {
    bool infix = name.ptr[0] == '_' && name.ptr[name.len - 1] == '_' && !memchr(name.ptr, '.', name.len);
    uint8_t next = 0;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] != '_') {
            buf_add_char(out, name.ptr[i]);
            continue;
        }
        if (infix && i > 0) buf_add_char(out, ' ');
        if (next < o->count) type_print(out, o->params[next++]);
        if (infix && i + 1 < name.len) buf_add_char(out, ' ');
    }
}

// How the function is called, with types for arguments: "string.charAt(int)", "math.abs(int)".
static void print_call(buf *out, const cel_overload *o) {
    uint8_t next = 0;
    if (o->member) {
        type_print(out, o->params[next++]);
        buf_add_char(out, '.');
    }
    buf_add_str(out, o->function);
    buf_add_char(out, '(');
    for (uint8_t first = next; next < o->count; next++) {
        if (next > first) buf_add_text(out, ", ");
        type_print(out, o->params[next]);
    }
    buf_add_char(out, ')');
}

static void print_doc(buf *out, size_t start, const char *doc) {
    size_t wide = out->len - start;
    buf_add_repeat(out, ' ', wide < FUNCTIONS_COLUMNS ? FUNCTIONS_COLUMNS - wide : 2);
    buf_add_text(out, doc);
    buf_add_char(out, '\n');
}

static void print_overload(buf *out, const cel_overload *o) {
    size_t start = out->len;
    if (tact_str_equal(o->function, TACT_STR(CEL_OP_IN))) {
        print_operator(out, TACT_STR("_in_"), o);
    } else if (memchr(o->function.ptr, '_', o->function.len) && !o->member) {
        print_operator(out, o->function, o);
    } else {
        print_call(out, o);
    }
    buf_add_text(out, " -> ");
    type_print(out, o->result);
    print_doc(out, start, o->doc);
}

static int show_functions(run *r) {
    static const struct {
        const char *usage, *doc;
    } macros[] = {
#define X(library, space, name, member, count, variables, expander, usage, doc) {usage, doc},
#include "cel/macro_tbl.h"
#undef X
    };
    buf out = buf_in(&r->memory);
    for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
        size_t start = out.len;
        buf_add_text(&out, macros[i].usage);
        print_doc(&out, start, macros[i].doc);
    }
    for (uint32_t i = 0; i < r->env->functions.count; i++) {
        const cel_function *f = r->env->functions.entries[i].value;
        bool inner = memchr(f->name.ptr, '@', f->name.len) && !tact_str_equal(f->name, TACT_STR(CEL_OP_IN));
        for (uint32_t j = 0; j < f->count && !inner; j++) print_overload(&out, f->overloads[j]);
    }
    tact_str text = buf_done(&out);
    cli_print(stdout, text);
    return text.ptr ? CLI_OK : CLI_FAILED;
}

// ---- The command ----------------------------------------------------------------------------------------------------

typedef int show(run *r);

static const struct {
    int option;
    show *show;
} phases[] = {
    {OPT_TOKENS, show_tokens},         {OPT_AST, show_ast},   {OPT_TYPES, show_types}, {OPT_CODE, show_code},
    {OPT_PREDICATES, show_predicates}, {OPT_COST, show_cost}, {OPT_TRACE, show_trace}, {OPT_FUNCTIONS, show_functions},
};

// The phase asked for; NULL after a complaint that there are two.
static show *pick_phase(const cli_args *args) {
    const char *first = NULL;
    show *picked = show_value;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        if (!args->given[phases[i].option]) continue;
        const char *name = options[phases[i].option].name;
        if (first) {
            cli_complain("`--%s` and `--%s` cannot be asked for together", first, name);
            return NULL;
        }
        first = name;
        picked = phases[i].show;
    }
    return picked;
}

// The expression, from wherever it stands.
static bool read_source(run *r, const cli_args *args) {
    const char *path = args->given[OPT_FILE];
    if (path && args->operands_count) {
        cli_complain("an expression and `--file` cannot be given together");
        return false;
    }
    if (!path && !args->operands_count) {
        cli_complain("an expression is needed; usage: %s", usage.line);
        return false;
    }
    if (!path && strcmp(args->operands[0], "-") == 0) path = "-";
    if (!path) {
        r->source = tact_str_from(args->operands[0]);
        return true;
    }
    r->file = tact_str_from(strcmp(path, "-") == 0 ? "<stdin>" : path);
    return cli_read_file(path, &r->memory, &r->source);
}

static bool read_vars(run *r, const char *path) {
    tact_str text;
    if (!cli_read_file(path, &r->memory, &text)) return false;
    tact_value object;
    tact_error error;
    if (json_read(&r->memory, text, &object, &error)) {
        cli_complain("%s:%d:%d: %s", path, error.line, error.column, error.text);
        return false;
    }
    if (vars_declare(r->env, object, &r->memory, &r->vars, &error)) {
        cli_complain("%s: %s", path, error.text);
        return false;
    }
    return true;
}

static int run_phase(run *r, const cli_args *args) {
    show *phase = pick_phase(args);
    if (!phase) return CLI_USAGE;
    r->as_json = args->given[OPT_JSON] != NULL;
    r->env = tact_cel_env_new(NULL);
    if (!r->env) return cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    if (phase != show_functions && !read_source(r, args)) return CLI_USAGE;
    if (args->given[OPT_VARS] && !read_vars(r, args->given[OPT_VARS])) return CLI_USAGE;
    return phase(r);
}

int cmd_expr(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    run r = {.vars = {0}};
    arena_init(&r.memory, 0);
    int code = run_phase(&r, &args);
    tact_cel_env_free(r.env);
    arena_fini(&r.memory);
    return code;
}
