// SPDX-License-Identifier: Apache-2.0
//
// Random expressions, evaluated here and by a second implementation, the npm package @bufbuild/cel: the results must be
// the same. This program draws and evaluates; differential.mjs, which it starts, evaluates the same and compares, and
// asks this program back for parts of an expression when it looks for the smallest that still differs.
//
//      SEED=n COUNT=n differential_test    the test; without SEED a new one each time, printed
//      differential_test --eval            evaluates the expressions on stdin, one JSON object a line
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "gen_expr.h"
#include "typed_json.h"
#include "value/value.h"
#include "wire/json.h"

#define COUNT 5000 // expressions; some seconds, most of them the other implementation's
#define DEPTH 5    // of an expression; deeper ones end in an error nearly always
// What @bufbuild/cel 0.6 has.
#define LIBRARIES (TACT_CEL_MACROS | TACT_CEL_STRINGS)

static tact_value text(arena *a, const char *s) {
    return tact_string(arena_copy(a, s, strlen(s)), strlen(s));
}

static tact_value object(arena *a, const tact_value *pairs, size_t count) {
    tact_value v = tact_map_new(a, pairs, count);
    assert_int_equal(v.kind, TACT_MAP);
    return v;
}

// ---- Evaluating -----------------------------------------------------------------------------------------------------

// The value's form (typed_json.h), ["error", why], ["refused", why] when the expression does not compile, or ["limit"]
// when it costs more than is allowed at compile time.
static tact_value evaluate(const tact_cel_env *env, tact_str expr, tact_value *slots, arena *a) {
    tact_value *parts = arena_array(a, 2, sizeof *parts);
    tact_cel_compile_options options = {.limits.cost_max = UINT64_MAX};
    tact_cel_result r = tact_cel_compile(env, expr, &options, a);
    tact_cel_diagnostic why;
    if (!r.program) {
        why = r.diagnostics[0];
        parts[0] = text(a, r.code == TACT_LIMIT ? "limit" : "refused");
    } else {
        tact_cel_input input = {.slots = slots, .slots_count = GEN_ATTRIBUTES, .arena = a};
        tact_value got = tact_cel_eval(r.program, &input);
        if (got.kind != TACT_ERROR) return typed_json_from(a, got);
        parts[0] = text(a, got.len == TACT_FAULT_STEPS || got.len == TACT_FAULT_NO_MEMORY ? "limit" : "error");
        assert_true(tact_cel_explain_fault(r.program, got, &why, a));
    }
    parts[1] = text(a, why.text);
    return tact_list(parts, 2);
}

static tact_cel_env *new_env(void) {
    tact_cel_options options = {.libraries = LIBRARIES};
    tact_cel_env *env = tact_cel_env_new(&options);
    assert_int_equal(gen_declare(env), TACT_OK);
    return env;
}

static void write_line(FILE *f, tact_value v, arena *a) {
    buf out = buf_in(a);
    assert_int_equal(json_write(&out, v), TACT_OK);
    buf_add_char(&out, '\n');
    fwrite(out.ptr, 1, out.len, f);
}

// A random expression over random values, what it comes to, and all that on a line.
static void write_random(FILE *f, const tact_cel_env *env, gen *g, arena *a) {
    tact_value slots[GEN_ATTRIBUTES], vars[2 * GEN_ATTRIBUTES];
    gen_slots(g, a, slots);
    size_t present = 0;
    for (size_t i = 0; i < GEN_ATTRIBUTES; i++) {
        if (slots[i].kind == TACT_UNRESOLVED) continue;
        vars[2 * present] = text(a, gen_attributes[i].name);
        vars[2 * present + 1] = typed_json_from(a, slots[i]);
        present++;
    }
    tact_str expr = gen_expr(g, a, 0, DEPTH);
    tact_value result = evaluate(env, expr, slots, a), expr_value = tact_string(expr.ptr, expr.len);
    tact_value line[] = {text(a, "expr"),          expr_value,        text(a, "vars"),
                         object(a, vars, present), text(a, "result"), result};
    write_line(f, object(a, line, 3), a);
}

// ---- Modes ----------------------------------------------------------------------------------------------------------

static int evaluate_stdin(void) {
    arena a;
    arena_init(&a, 0);
    tact_cel_env *env = new_env();
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, stdin)) > 0) {
        tact_value object, slots[GEN_ATTRIBUTES];
        if (json_read(&a, (tact_str){line, (size_t)len}, &object, NULL)) return 1;
        const tact_map *vars = value_map_get_str(object.as.map, TACT_STR("vars"))->as.map;
        for (size_t i = 0; i < GEN_ATTRIBUTES; i++) {
            const tact_value *v = value_map_get_str(vars, tact_str_from(gen_attributes[i].name));
            slots[i] = v ? typed_json_to(&a, *v) : (tact_value){0};
        }
        tact_str expr = value_str(*value_map_get_str(object.as.map, TACT_STR("expr")));
        write_line(stdout, evaluate(env, expr, slots, &a), &a);
        arena_fini(&a);
        arena_init(&a, 0);
    }
    free(line);
    tact_cel_env_free(env);
    return 0;
}

static const char *self;

static void results_are_the_same(void **state) {
    (void)state;
    const char *seed_text = getenv("SEED"), *count_text = getenv("COUNT");
    uint64_t seed = seed_text ? strtoull(seed_text, NULL, 10) : (uint64_t)time(NULL);
    unsigned long count = count_text ? strtoul(count_text, NULL, 10) : COUNT;
    print_message("SEED=%llu COUNT=%lu\n", (unsigned long long)seed, count);

    arena a;
    arena_init(&a, 0);
    tact_cel_env *env = new_env();
    signal(SIGPIPE, SIG_IGN); // if the other side cannot start, its exit code says so
    FILE *other = popen(arena_printf(&a, "node tests/cel/differential.mjs build/npm/node_modules '%s'", self), "w");
    assert_non_null(other);
    for (unsigned long i = 0; i < count; i++) {
        gen g;
        gen_init(&g, seed + i, LIBRARIES); // so that one expression can be drawn again alone: SEED=seed+i COUNT=1
        arena one;
        arena_init(&one, 0);
        write_random(other, env, &g, &one);
        arena_fini(&one);
    }
    tact_cel_env_free(env);
    arena_fini(&a);
    assert_int_equal(pclose(other), 0);
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "--eval") == 0) return evaluate_stdin();
    const struct CMUnitTest tests[] = {cmocka_unit_test(results_are_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
