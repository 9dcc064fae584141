// SPDX-License-Identifier: Apache-2.0
//
// CEL's public suites (conformance, parsing, checking, comprehension), read by conformance_dump.mjs from npm. Of each
// case everything that the suites state is compared: the tree, the checked tree, the static type, the value or that
// there is an error. The subtle part is which environment: trees were made by cel-go without some of the libraries,
// while values are those with all of them.
//
// conformance_skip.txt names every case that does not run, under its reason. It cannot rot: an unknown name, a case
// that passes, and a case that needs protobuf messages but is not listed so, all fail.
//
//      conformance_test                            the tests, then the table; with PLACES=1 in the environment also
//                                                  the refusals that point to other places than cel-go's
//      conformance_test --markdown [docs/FILE.md]  writes the table between the marks in the file
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cel/ast.h"
#include "cel/check.h"
#include "cel/diag.h"
#include "cel/parser.h"
#include "typed_json.h"
#include "value/value.h"
#include "wire/json.h"

#define DUMP "node tests/cel/conformance_dump.mjs build/npm/node_modules"
#define SKIPS "tests/cel/conformance_skip.txt"
#define DOCS "docs/language.md"
#define TABLE_BEGIN "<!-- conformance: written by tests/cel/conformance_table -->\n"
#define TABLE_END "<!-- /conformance -->\n"
#define MESSAGES "needs protobuf messages: " // the one reason for more than a handful

// What cel-go's parser had when it printed `ast`, and its checker when it printed `checked`.
#define PARSER_LIBRARIES TACT_CEL_MACROS
#define CHECKER_LIBRARIES (TACT_CEL_ALL & ~(uint32_t)(TACT_CEL_MACROS2 | TACT_CEL_LISTS))
#define PARSER_DEPTH_MAX 32 // of its parser; the parsing suite tests the bound

typedef enum outcome { PASSED, SKIPPED, FAILED, OUTCOMES } outcome;

typedef struct spec {
    tact_value json;  // the line; conformance_dump.mjs says what its fields are
    tact_str id, row; // the row of the table: "conformance/basic", "parsing"
    tact_str skip;    // the reason if the skip list names it
    outcome outcome;
    uint32_t faults; // things that were not as expected
    buf why;         // each of them
} spec;

typedef struct row {
    tact_str name;
    uint32_t count[OUTCOMES];
} row;

typedef struct env_key {
    tact_value of; // the case whose declarations it has
    uint32_t libraries;
    bool bindings; // its bindings are declared as well
    tact_cel_env *env;
} env_key;

static struct suite {
    arena arena; // of the cases
    spec *specs;
    uint32_t specs_count;
    row *rows;
    uint32_t rows_count;
    env_key *envs;
    uint32_t envs_count, envs_room;
    uint32_t skips_wrong;  // lines of the skip list
    uint32_t places;       // refused expressions of which cel-go tells the place
    uint32_t places_alike; // those where we point there too
    const char *broken;    // why the cases could not be read, or NULL
} suite;

// ---- Reading --------------------------------------------------------------------------------------------------------

static const tact_value *field(const spec *s, const char *name) {
    return value_map_get_str(s->json.as.map, tact_str_from(name));
}

static tact_str text(const spec *s, const char *name) { // empty if absent
    const tact_value *v = field(s, name);
    return v ? value_str(*v) : (tact_str){"", 0};
}

static bool is(tact_str s, const char *what) {
    return tact_str_equal(s, tact_str_from(what));
}

static tact_str read_all(FILE *f, arena *a) {
    buf b = buf_in(a);
    char chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0) buf_add(&b, chunk, n);
    return buf_done(&b);
}

static tact_str read_file(const char *path, arena *a) { // {NULL, 0}: not there
    FILE *f = fopen(path, "rb");
    if (!f) return (tact_str){NULL, 0};
    tact_str all = read_all(f, a);
    fclose(f);
    return all;
}

// The next line of `*rest`, without its end; false at the end.
static bool next_line(tact_str *rest, tact_str *line) {
    if (rest->len == 0) return false;
    const char *end = memchr(rest->ptr, '\n', rest->len);
    *line = (tact_str){rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len};
    size_t taken = line->len + (end ? 1 : 0);
    *rest = (tact_str){rest->ptr + taken, rest->len - taken};
    return true;
}

static row *row_of(tact_str name) {
    for (uint32_t i = 0; i < suite.rows_count; i++) {
        if (tact_str_equal(suite.rows[i].name, name)) return &suite.rows[i];
    }
    suite.rows = arena_extend(&suite.arena, suite.rows, suite.rows_count, suite.rows_count + 1, sizeof *suite.rows);
    suite.rows[suite.rows_count] = (row){.name = name};
    return &suite.rows[suite.rows_count++];
}

static spec *find(tact_str id) {
    for (uint32_t i = 0; i < suite.specs_count; i++) {
        if (tact_str_equal(suite.specs[i].id, id)) return &suite.specs[i];
    }
    return NULL;
}

static const char *load(void) {
    arena *a = &suite.arena;
    FILE *dump = popen(DUMP, "r");
    tact_str rest = dump ? read_all(dump, a) : (tact_str){NULL, 0};
    if (!dump || pclose(dump) != 0 || rest.len == 0) {
        return "the suites cannot be read: `" DUMP "` failed. The npm packages are installed by `tests/setup test`.";
    }
    uint32_t room = 0;
    tact_str line;
    while (next_line(&rest, &line)) {
        if (suite.specs_count == room) {
            suite.specs = arena_extend(a, suite.specs, room, room ? 2 * room : 4096, sizeof *suite.specs);
            room = room ? 2 * room : 4096;
        }
        spec *s = &suite.specs[suite.specs_count++];
        *s = (spec){.why = buf_in(a)};
        tact_error error;
        if (json_read(a, line, &s->json, &error)) return arena_printf(a, "line %u: %s", suite.specs_count, error.text);
        tact_str of = text(s, "suite"), section = text(s, "section");
        s->id = text(s, "id");
        s->row = tact_str_from(arena_printf(a, section.len ? "%.*s/%.*s" : "%.*s%.*s", (int)of.len, of.ptr,
                                            (int)section.len, section.ptr));
        row_of(s->row);
    }
    return NULL;
}

// Marks what the skip list names.
static void load_skips(void) {
    tact_str rest = read_file(SKIPS, &suite.arena), line, reason = {"", 0};
    suite.skips_wrong = rest.ptr == NULL;
    while (next_line(&rest, &line)) {
        if (line.len == 0 || line.ptr[0] == '#') continue;
        if (line.ptr[0] == '[') {
            reason = (tact_str){line.ptr + 1, line.len - 2};
            continue;
        }
        spec *s = find(line);
        if (!s || s->skip.len || reason.len == 0) {
            print_message("%s: %.*s: %s\n", SKIPS, (int)line.len, line.ptr,
                          !s            ? "no such case"
                          : s->skip.len ? "named twice"
                                        : "under no reason");
            suite.skips_wrong++;
            continue;
        }
        s->skip = reason;
    }
}

// ---- Values ---------------------------------------------------------------------------------------------------------

// Whether two values are the same to the suites: of one kind, NaN the same as NaN, maps in any order.
static bool same(tact_value a, tact_value b) {
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case TACT_DOUBLE:
        return (isnan(a.as.d) && isnan(b.as.d)) || (a.as.d == b.as.d && signbit(a.as.d) == signbit(b.as.d));
    case TACT_TYPE: return tact_str_equal(type_name(a.as.type), type_name(b.as.type));
    case TACT_LIST:
        if (a.len != b.len) return false;
        for (uint32_t i = 0; i < a.len; i++) {
            if (!same(a.as.items[i], b.as.items[i])) return false;
        }
        return true;
    case TACT_MAP:
        if (tact_map_count(a) != tact_map_count(b)) return false;
        for (uint32_t i = 0; i < tact_map_count(a); i++) {
            const value_entry *e = &a.as.map->entries[i];
            const tact_value *other = tact_map_get(b, e->key);
            if (!other || !same(e->value, *other)) return false;
        }
        return true;
    default: return tact_value_equal(a, b);
    }
}

// ---- Environments ---------------------------------------------------------------------------------------------------

static bool same_declarations(tact_value a, tact_value b, bool bindings) {
    static const char *const fields[] = {"container", "attributes", "functions", "result_attributes", "bindings"};
    for (size_t i = 0; i < (bindings ? 5 : 3); i++) {
        const tact_value *x = value_map_get_str(a.as.map, tact_str_from(fields[i]));
        const tact_value *y = value_map_get_str(b.as.map, tact_str_from(fields[i]));
        if (!x != !y || (x && !tact_value_equal(*x, *y))) return false;
    }
    return true;
}

static void miss(spec *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void miss(spec *s, const char *format, ...) {
    s->faults++;
    buf_add_text(&s->why, "    ");
    va_list args;
    va_start(args, format);
    buf_vprintf(&s->why, format, args);
    va_end(args);
    buf_add_char(&s->why, '\n');
}

static bool is_word_of_the_language(tact_str name) {
    return is(name, "true") || is(name, "false") || is(name, "null");
}

static bool declared(const tact_cel_env *env, tact_str name) {
    for (uint32_t i = 0; i < tact_cel_slots_count(env); i++) {
        if (tact_str_equal(tact_cel_slot_name(env, i), name)) return true;
    }
    return false;
}

static void declare_attributes(spec *s, tact_cel_env *env, const tact_value *list) {
    tact_error error;
    for (uint32_t i = 0; list && i < list->len; i++) {
        const tact_value *pair = list->as.items[i].as.items;
        if (is_word_of_the_language(value_str(pair[0]))) continue; // no name; the literal is what the suite wants
        if (tact_cel_declare(env, value_str(pair[0]), value_str(pair[1]), NULL, &error)) {
            miss(s, "cannot declare %.*s as %.*s: %s", (int)pair[0].len, pair[0].as.s, (int)pair[1].len, pair[1].as.s,
                 error.text);
        }
    }
}

static tact_cel_env *build_env(spec *s, uint32_t libraries, bool bindings) {
    tact_cel_options options = {.libraries = libraries, .container = text(s, "container")};
    tact_cel_env *env = tact_cel_env_new(&options);
    declare_attributes(s, env, field(s, "attributes"));
    if (bindings) declare_attributes(s, env, field(s, "result_attributes"));
    tact_error error;
    const tact_value *list = field(s, "functions");
    for (uint32_t i = 0; list && i < list->len; i++) {
        const tact_value *f = list->as.items[i].as.items;
        if (tact_cel_declare_function(env, value_str(f[0]), value_str(f[1]), value_str(f[2]), NULL, NULL, 1, &error)) {
            miss(s, "cannot declare %.*s %.*s: %s", (int)f[0].len, f[0].as.s, (int)f[2].len, f[2].as.s, error.text);
        }
    }
    list = bindings ? field(s, "bindings") : NULL;
    for (uint32_t i = 0; list && i < list->len; i++) {
        tact_str name = value_str(list->as.items[i].as.items[0]);
        if (declared(env, name) || is_word_of_the_language(name)) continue;
        if (tact_cel_declare(env, name, TACT_STR("dyn"), NULL, &error))
            miss(s, "cannot declare %.*s", (int)name.len, name.ptr);
    }
    return env;
}

// The environment of a case; those with equal declarations share one.
static tact_cel_env *env_of(spec *s, uint32_t libraries, bool bindings) {
    for (uint32_t i = 0; i < suite.envs_count; i++) {
        env_key *k = &suite.envs[i];
        if (k->libraries == libraries && k->bindings == bindings && same_declarations(k->of, s->json, bindings))
            return k->env;
    }
    if (suite.envs_count == suite.envs_room) {
        suite.envs_room += 256;
        suite.envs = arena_extend(&suite.arena, suite.envs, suite.envs_count, suite.envs_room, sizeof *suite.envs);
    }
    env_key *k = &suite.envs[suite.envs_count++];
    *k = (env_key){s->json, libraries, bindings, build_env(s, libraries, bindings)};
    return k->env;
}

// ---- One case -------------------------------------------------------------------------------------------------------

static void expect_same(spec *s, const char *what, tact_str got, tact_str wanted) {
    if (tact_str_equal(got, wanted)) return;
    miss(s, "%s: %.*s\n    wanted: %.*s", what, (int)got.len, got.ptr, (int)wanted.len, wanted.ptr);
}

// The parsing suite tests the bound that cel-go's parser had; its checker had none.
static uint32_t depth_max(const spec *s, const tact_cel_env *env) {
    return is(text(s, "suite"), "parsing") && !env ? PARSER_DEPTH_MAX : TACT_CEL_DEPTH_MAX;
}

// That environment compared numbers of one kind only, but within macros (where cel-go forgets that it is to do so). Our
// checker has the overloads for two kinds everywhere, so they do not count.
static bool is_mixed_comparison(tact_str id) {
    static const char *const ends[] = {"_int64_uint64",  "_int64_double", "_uint64_int64",
                                       "_uint64_double", "_double_int64", "_double_uint64"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t len = strlen(ends[i]);
        if (id.len > len && memcmp(id.ptr + id.len - len, ends[i], len) == 0) return true;
    }
    return false;
}

// Takes them out of a printed tree, where a call ends in ^overload|overload|….
static tact_str without_mixed_comparisons(tact_str tree, arena *a) {
    buf out = buf_in(a);
    for (size_t i = 0; i < tree.len;) {
        char mark = tree.ptr[i++];
        buf_add_char(&out, mark);
        while (mark == '^' || mark == '|') {
            tact_str id = {tree.ptr + i, strspn(tree.ptr + i, "abcdefghijklmnopqrstuvwxyz0123456789_")};
            if (!is_mixed_comparison(id)) break;
            i += id.len;
            if (tree.ptr[i] == '|') {
                i++; // and the next takes its place
            } else {
                out.len--; // it was the last
                break;
            }
        }
    }
    return buf_done(&out);
}

// The expression's tree as printed, or a failure. `env` NULL: only parsed, with the libraries that cel-go's parser had.
static void expect_tree(spec *s, const tact_cel_env *env, const char *wanted, arena *a) {
    tact_cel_limits limits = {TACT_CEL_LENGTH_MAX, depth_max(s, env), TACT_CEL_COST_MAX};
    cel_ast ast = {.arena = a, .source = text(s, "expr")};
    cel_diags diags;
    diag_init(&diags, a, ast.source);
    ast.root = parser_parse(&ast, &limits, env ? env->libraries : PARSER_LIBRARIES, &diags);
    bool done = diags.count == 0 && (!env || check_run(&ast, env, NULL, false, &diags));
    if (!done) {
        diag_finish(&diags);
        miss(s, "no %s: %u:%u: %s", wanted, diags.items[0].line, diags.items[0].column, diags.items[0].text);
        return;
    }
    buf out = buf_in(a);
    ast_print(&out, &ast, env ? AST_TYPES : AST_KINDS);
    expect_same(s, wanted, without_mixed_comparisons(buf_done(&out), a), without_mixed_comparisons(text(s, wanted), a));
}

// That the compiler refuses the expression; counts whether it points to the same place as cel-go did.
static void expect_refused(spec *s, const tact_cel_env *env, const char *who, arena *a) {
    tact_cel_compile_options options = {.limits.depth_max = depth_max(s, NULL)};
    tact_cel_result r = tact_cel_compile(env, text(s, "expr"), &options, a);
    bool by_parser = r.code == TACT_SYNTAX || r.code == TACT_LIMIT;
    if (r.code == TACT_OK || by_parser != is(tact_str_from(who), "parser")) {
        miss(s, "the %s must refuse it, but: %s", who, tact_err_name(r.code));
        return;
    }
    tact_str place = text(s, "place");
    if (place.len == 0) return;
    // cel-go points to the bracket behind a function's name, Tact to the name. After a fault of the parser's Tact goes
    // on checking what could be read, so what cel-go found first need not come first.
    bool alike = false;
    for (uint32_t i = 0; i < r.diagnostics_count; i++) {
        const tact_cel_diagnostic *d = &r.diagnostics[i];
        char at[32], behind[32];
        snprintf(at, sizeof at, "%u:%u", d->line, d->column);
        snprintf(behind, sizeof behind, "%u:%u", d->line, d->column + d->len);
        alike = alike || is(place, at) || is(place, behind);
    }
    suite.places++;
    suite.places_alike += alike;
    if (!alike && getenv("PLACES")) {
        tact_str report = tact_cel_report(&r, a);
        print_message("%.*s: nothing at %.*s:\n%.*s", (int)s->id.len, s->id.ptr, (int)place.len, place.ptr,
                      (int)report.len, report.ptr);
    }
}

static bool conformance(const spec *s) {
    return is(text(s, "suite"), "conformance");
}

// What cel-go's parser made of the expression. It needs no messages.
static void check_parsed(spec *s, arena *a) {
    if (text(s, "ast").len) {
        expect_tree(s, NULL, "ast", a);
    } else if (is(text(s, "refused"), "parser") && !conformance(s) && !is(text(s, "lacked"), "escapes")) {
        expect_refused(s, env_of(s, PARSER_LIBRARIES, false), "parser", a);
    }
}

// The suites know of no cost.
static const tact_cel_compile_options cost_free = {.limits.cost_max = UINT64_MAX};

// What its checker made of the tree.
static void check_checked(spec *s, arena *a) {
    if (text(s, "checked").len) {
        const tact_cel_env *env = env_of(s, CHECKER_LIBRARIES, false);
        expect_tree(s, env, "checked", a);
        tact_cel_result r = tact_cel_compile(env, text(s, "expr"), &cost_free, a);
        tact_str type = r.program ? tact_cel_program_type(r.program) : TACT_STR("none, it does not compile");
        expect_same(s, "type", type, text(s, "type"));
    } else if (is(text(s, "refused"), "checker") && !is(text(s, "lacked"), "comparisons")) {
        expect_refused(s, env_of(s, CHECKER_LIBRARIES, false), "checker", a);
    }
}

// What comes of it with all libraries.
static void check_result(spec *s, arena *a) {
    tact_str want = text(s, "want");
    if (want.len == 0) return;
    const tact_cel_env *env = env_of(s, TACT_CEL_ALL, true);
    tact_cel_compile_options options = cost_free;
    options.unchecked = field(s, "unchecked") || is(want, "parsed");
    tact_cel_result r = tact_cel_compile(env, text(s, "expr"), &options, a);
    if (is(want, "refused")) {
        if (r.code == TACT_OK) miss(s, "compiles, but must not");
        return;
    }
    if (r.code) {
        // Where cel-go's checker accepts the expression, an error is one of evaluation.
        if (is(want, "error") && text(s, "checked").len == 0) return;
        miss(s, "does not compile: %u:%u: %s", r.diagnostics[0].line, r.diagnostics[0].column, r.diagnostics[0].text);
        return;
    }
    if (text(s, "deduced").len) expect_same(s, "deduced", tact_cel_program_type(r.program), text(s, "deduced"));
    if (!is(want, "value") && !is(want, "error")) return;

    uint32_t count = tact_cel_slots_count(env);
    tact_value *slots = arena_zalloc(a, (count + 1) * sizeof *slots);
    const tact_value *bindings = field(s, "bindings");
    for (uint32_t i = 0; bindings && i < bindings->len; i++) {
        const tact_value *pair = bindings->as.items[i].as.items;
        for (uint32_t k = 0; k < count; k++) {
            if (tact_str_equal(tact_cel_slot_name(env, k), value_str(pair[0]))) slots[k] = typed_json_to(a, pair[1]);
        }
    }
    tact_cel_input input = {.slots = slots, .slots_count = count, .arena = a};
    tact_value got = tact_cel_eval(r.program, &input);
    tact_cel_diagnostic why;
    if (got.kind == TACT_ERROR) {
        if (is(want, "value")) miss(s, "error: %s", tact_cel_explain_fault(r.program, got, &why, a) ? why.text : "?");
        return;
    }
    tact_str print = tact_value_print(got, a);
    if (is(want, "error")) {
        miss(s, "must end in an error, but is %.*s", (int)print.len, print.ptr);
        return;
    }
    tact_value wanted = typed_json_to(a, *field(s, "value"));
    if (!same(got, wanted)) {
        tact_str other = tact_value_print(wanted, a);
        miss(s, "value: %.*s\n    wanted: %.*s", (int)print.len, print.ptr, (int)other.len, other.ptr);
    }
}

// Whether a skipped case can be tried: it passes only for the right reason, and its values can be had.
static bool can_be_tried(const spec *s) {
    tact_str want = text(s, "want"), needs = text(s, "needs");
    bool telling = is(want, "value") || is(want, "type") || text(s, "checked").len;
    return telling && !is(needs, "a variable that is a message") && !is(needs, "a result that is a message");
}

static void run(spec *s) {
    arena a;
    arena_init(&a, 0);
    check_parsed(s, &a);
    uint32_t before = s->faults;
    if (!s->skip.len || can_be_tried(s)) {
        check_checked(s, &a);
        check_result(s, &a);
    }
    if (!s->skip.len) {
        s->outcome = s->faults ? FAILED : PASSED;
    } else if (before == 0 && s->faults == 0 && can_be_tried(s)) {
        miss(s, "passes, but is named in " SKIPS);
        s->outcome = FAILED;
    } else {
        s->outcome = before ? FAILED : SKIPPED;
    }
    row_of(s->row)->count[s->outcome]++;
    if (s->outcome == FAILED) {
        tact_str expr = text(s, "expr"), why = buf_done(&s->why);
        print_message("%.*s\n    %.*s\n%.*s", (int)s->id.len, s->id.ptr, (int)expr.len, expr.ptr, (int)why.len,
                      why.ptr);
    }
    arena_fini(&a);
}

// ---- The table ------------------------------------------------------------------------------------------------------

static void add_row(buf *out, bool markdown, const char *name, const uint32_t *count) {
    const char *format = markdown ? "| %s | %u | %u | %u |\n" : "%-28s %8u %8u %8u\n";
    buf_printf(out, format, name, count[PASSED], count[SKIPPED], count[FAILED]);
}

// Rows come in the order of the suites; a total follows the sections of a suite that has them.
static tact_str table(bool markdown, arena *a) {
    buf out = buf_in(a);
    buf_add_text(&out, markdown ? "| section | passed | skipped | failed |\n|---|--:|--:|--:|\n"
                                : "section                        passed  skipped   failed\n");
    uint32_t all[OUTCOMES] = {0}, sum[OUTCOMES] = {0};
    for (uint32_t i = 0; i < suite.rows_count; i++) {
        const row *r = &suite.rows[i];
        const char *slash = memchr(r->name.ptr, '/', r->name.len);
        for (int o = 0; o < OUTCOMES; o++) all[o] += r->count[o], sum[o] += r->count[o];
        add_row(&out, markdown, arena_copy(a, r->name.ptr, r->name.len), r->count);
        size_t prefix = slash ? (size_t)(slash - r->name.ptr) : r->name.len;
        bool last = i + 1 == suite.rows_count || suite.rows[i + 1].name.len < prefix ||
                    memcmp(suite.rows[i + 1].name.ptr, r->name.ptr, prefix) != 0;
        if (!last) continue;
        if (slash) {
            const char *name = arena_copy(a, r->name.ptr, prefix);
            add_row(&out, markdown, markdown ? arena_printf(a, "**%s**", name) : name, sum);
        }
        memset(sum, 0, sizeof sum);
    }
    add_row(&out, markdown, markdown ? "**all**" : "all", all);
    return buf_done(&out);
}

// The file's text before the table, the table, and after it; false if the marks are not there.
static bool split_docs(tact_str all, tact_str parts[3]) {
    const char *begin = all.ptr ? strstr(all.ptr, TABLE_BEGIN) : NULL;
    const char *end = begin ? strstr(begin, TABLE_END) : NULL;
    if (!end) return false;
    begin += strlen(TABLE_BEGIN);
    parts[0] = (tact_str){all.ptr, (size_t)(begin - all.ptr)};
    parts[1] = (tact_str){begin, (size_t)(end - begin)};
    parts[2] = (tact_str){end, all.len - (size_t)(end - all.ptr)};
    return true;
}

static int write_docs(const char *path) {
    tact_str parts[3];
    if (!split_docs(read_file(path, &suite.arena), parts)) {
        fprintf(stderr, "%s: no table to replace; it stands between these lines:\n%s%s", path, TABLE_BEGIN, TABLE_END);
        return 1;
    }
    tact_str now = table(true, &suite.arena);
    FILE *f = fopen(path, "wb");
    if (!f) return perror(path), 1;
    fwrite(parts[0].ptr, 1, parts[0].len, f);
    fwrite(now.ptr, 1, now.len, f);
    fwrite(parts[2].ptr, 1, parts[2].len, f);
    return fclose(f) == 0 ? 0 : 1;
}

// ---- Tests ----------------------------------------------------------------------------------------------------------

static void section_passes(void **state) {
    const row *r = *state;
    for (uint32_t i = 0; i < suite.specs_count; i++) {
        if (tact_str_equal(suite.specs[i].row, r->name)) run(&suite.specs[i]);
    }
    assert_int_equal(r->count[FAILED], 0);
}

static void suites_are_read(void **state) {
    (void)state;
    if (suite.broken) fail_msg("%s", suite.broken);
}

static void skip_list_is_exact(void **state) {
    (void)state;
    uint32_t wrong = suite.skips_wrong;
    for (uint32_t i = 0; i < suite.specs_count; i++) {
        const spec *s = &suite.specs[i];
        tact_str needs = text(s, "needs");
        const char *wanted = arena_printf(&suite.arena, MESSAGES "%.*s", (int)needs.len, needs.ptr);
        bool for_messages = s->skip.len > strlen(MESSAGES) && memcmp(s->skip.ptr, MESSAGES, strlen(MESSAGES)) == 0;
        if (needs.len ? is(s->skip, wanted) : !for_messages) continue;
        print_message(SKIPS ": %.*s: %s\n", (int)s->id.len, s->id.ptr, needs.len ? wanted : "needs no messages");
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void docs_table_is_current(void **state) {
    (void)state;
    tact_str parts[3], now = table(true, &suite.arena);
    if (!split_docs(read_file(DOCS, &suite.arena), parts)) fail_msg("%s has no conformance table", DOCS);
    if (!tact_str_equal(parts[1], now)) fail_msg("the table in %s is out of date: tests/cel/conformance_table", DOCS);
}

static void clean_up(void) {
    for (uint32_t i = 0; i < suite.envs_count; i++) tact_cel_env_free(suite.envs[i].env);
    arena_fini(&suite.arena);
}

int main(int argc, char **argv) {
    arena_init(&suite.arena, 0);
    suite.broken = load();
    if (!suite.broken) load_skips();
    if (argc > 1 && is(tact_str_from(argv[1]), "--markdown") && !suite.broken) {
        for (uint32_t i = 0; i < suite.specs_count; i++) run(&suite.specs[i]);
        int code = write_docs(argc > 2 ? argv[2] : DOCS);
        clean_up();
        return code;
    }
    uint32_t count = 0;
    struct CMUnitTest *tests = arena_zalloc(&suite.arena, (suite.rows_count + 3) * sizeof *tests);
    tests[count++] = (struct CMUnitTest)cmocka_unit_test(suites_are_read);
    for (uint32_t i = 0; i < suite.rows_count; i++) {
        const char *name = arena_copy(&suite.arena, suite.rows[i].name.ptr, suite.rows[i].name.len);
        tests[count++] = (struct CMUnitTest){name, section_passes, NULL, NULL, &suite.rows[i]};
    }
    if (!suite.broken) {
        tests[count++] = (struct CMUnitTest)cmocka_unit_test(skip_list_is_exact);
        tests[count++] = (struct CMUnitTest)cmocka_unit_test(docs_table_is_current);
    }
    int failed = _cmocka_run_group_tests("conformance", tests, count, NULL, NULL);
    if (!suite.broken) {
        tact_str t = table(false, &suite.arena);
        printf("%.*s%u expressions refused, %u of them at the place that cel-go points to\n", (int)t.len, t.ptr,
               suite.places, suite.places_alike);
    }
    clean_up();
    return failed;
}
