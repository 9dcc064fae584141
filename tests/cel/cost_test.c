// SPDX-License-Identifier: Apache-2.0
//
// The cost estimate: that it grows with what makes an expression dear, that it is never below what evaluation then
// takes on inputs of the assumed sizes, and that making it is cheap itself.
#include "cel/cost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cel/check.h"
#include "cel/parser.h"

static arena scratch;
static tact_cel_env *env;

static int set_up(void **state) {
    (void)state;
    arena_init(&scratch, 0);
    env = tact_cel_env_new(NULL);
    assert_non_null(env);
    static const char *const declared[][2] = {
        {"name", "string"},
        {"age", "int"},
        {"tags", "list(string)"},
        {"numbers", "list(int)"},
        {"named", "map(string, int)"},
        {"anything", "dyn"},
        {"profile.a", "int"},
        {"profile.b", "string"},
    };
    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++) {
        tact_str name = tact_str_from(declared[i][0]), type = tact_str_from(declared[i][1]);
        assert_int_equal(tact_cel_declare(env, name, type, NULL, NULL), TACT_OK);
    }
    assert_int_equal(tact_cel_declare_function(env, TACT_STR("dear"), TACT_STR("dear_int"), TACT_STR("(int) -> int"),
                                               NULL, NULL, 5000, NULL),
                     TACT_OK);
    assert_int_equal(tact_cel_declare_function(env, TACT_STR("dear"), TACT_STR("dear_any"), TACT_STR("(string) -> int"),
                                               NULL, NULL, 70, NULL),
                     TACT_OK);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    arena_fini(&scratch);
    return 0;
}

static cel_ast parse(const char *text) {
    cel_ast ast = {.arena = &scratch, .source = tact_str_from(text)};
    cel_diags diags;
    diag_init(&diags, &scratch, ast.source);
    tact_cel_limits limits = {TACT_CEL_LENGTH_MAX, TACT_CEL_DEPTH_MAX, TACT_CEL_COST_MAX};
    ast.root = parser_parse(&ast, &limits, env->libraries, &diags);
    if (diags.count || !check_run(&ast, env, NULL, false, &diags)) fail_msg("%s: %s", text, diags.items[0].text);
    return ast;
}

static cost_range cost(const char *text) {
    cel_ast ast = parse(text);
    cost_range c = cost_estimate(&ast, env);
    assert_true(c.min <= c.max);
    return c;
}

static void is_between(const char *text, uint64_t low, uint64_t high) {
    uint64_t max = cost(text).max;
    if (max < low || max > high) fail_msg("%s: %llu", text, (unsigned long long)max);
}

static void small_things_cost_little(void **state) {
    (void)state;
    assert_int_equal(cost("1").max, 0);
    assert_int_equal(cost("age").max, 1);
    assert_int_equal(cost("has(profile.a)").max, 1);
    is_between("age >= 18", 2, 4);
    is_between("name == 'x'", 2, 4);
    is_between("age > 1 && name == 'x' && name != 'y'", 6, 15);
    is_between("profile", 3, 5); // a map of two
}

static void assumed_sizes_count(void **state) {
    (void)state;
    const uint64_t text = COST_TEXT_BYTES / 16;
    is_between("name == name", text, text + 5);
    is_between("name + name", 2 * text, 2 * text + 10);
    is_between("name.contains('x')", COST_TEXT_BYTES, COST_TEXT_BYTES + 20);
    is_between("name.startsWith('x')", 2, 10);
    is_between("'abc' in tags", COST_ITEMS, COST_ITEMS + 5);
    is_between("name in tags", COST_ITEMS, COST_ITEMS + 10);
    is_between("age in [1, 2, 3]", 3, 15);
    is_between("'x' in named", 2, 5);
    is_between("named['x']", 2, 5);
    is_between("tags == tags", COST_ITEMS * text, COST_ITEMS * (text + 2));
}

static void loops_multiply(void **state) {
    (void)state;
    is_between("tags.all(t, t == 'x')", 3 * COST_ITEMS, 12 * COST_ITEMS);
    is_between("tags.all(t, tags.all(u, t != 'x' && u != 'y'))", 3 * COST_ITEMS * COST_ITEMS,
               20 * COST_ITEMS * COST_ITEMS);
    is_between("[1, 2, 3].all(x, x > age)", 9, 45);
    is_between("[].all(x, x > age)", 1, 3);
    is_between("[1, 2].map(x, [x, x]).map(y, size(y)).size()", 10, 60);
    assert_true(cost("tags.map(t, t)").max < 12 * COST_ITEMS); // grows in place
    assert_true(cost("tags.filter(t, t != '').all(t, t != 'x')").max < 30 * COST_ITEMS);
    is_between("lists.range(5000).all(x, x >= 0)", 3 * 5000, 20 * 5000);
    is_between("cel.bind(x, name + name, x == x)", 4 * COST_TEXT_BYTES / 16, 5 * COST_TEXT_BYTES / 16);
}

static void best_cases(void **state) {
    (void)state;
    assert_int_equal(cost("tags.all(t, t == 'x')").min, 1);                               // there may be none
    assert_true(cost("[1, 2].all(x, x > age)").min < cost("[1, 2].all(x, x > age)").max); // the first may settle it
    cost_range both = cost("age > 1 && dear(age) > 1"), one = cost("age > 1");
    assert_int_equal(both.min, one.min + 1);
    assert_true(both.max > 5000);
    cost_range choice = cost("age > 1 ? dear(age) : 0");
    assert_true(choice.min < 10 && choice.max > 5000);
}

static void functions_cost_what_they_say(void **state) {
    (void)state;
    is_between("dear(age)", 5000, 5005);
    is_between("dear(name)", 70, 75);
    is_between("dear(anything)", 5000, 5005); // the dearest that it may be
    is_between("dear(anything) + dear(1)", 10000, 10010);
    is_between("name.matches('^a+$')", 4 * COST_TEXT_BYTES, 8 * COST_TEXT_BYTES);
}

static void what_cannot_be_counted_is_unbounded(void **state) {
    (void)state;
    assert_int_equal(cost("numbers.all(a, numbers.all(b, numbers.all(c, numbers.all(d, numbers.all(e, numbers.all(f, "
                          "numbers.all(g, numbers.all(h, numbers.all(i, numbers.all(j, a > j))))))))))")
                         .max,
                     COST_UNBOUNDED);
}

// Every node is looked at once, however deeply comprehensions nest.
static void estimating_is_cheap(void **state) {
    (void)state;
    buf text = buf_in(&scratch);
    for (int i = 0; i < 24; i++) buf_printf(&text, "[1].map(x%d, ", i);
    buf_add_char(&text, '1');
    buf_add_repeat(&text, ')', 24);
    assert_true(cost(buf_done(&text).ptr).max < 1000);
}

static void a_long_constant_is_not_looked_through_each_time(void **state) {
    (void)state;
    enum { COUNT = 200000, USES = 3000 };
    tact_value *items = arena_array(&scratch, COUNT, sizeof *items);
    for (int i = 0; i < COUNT; i++) items[i] = tact_string("abc", 3);
    assert_int_equal(
        tact_cel_declare_constant(env, TACT_STR("many"), TACT_STR("list(string)"), tact_list(items, COUNT), NULL),
        TACT_OK);
    buf text = buf_in(&scratch);
    buf_add_text(&text, "'x' in many");
    for (int i = 1; i < USES; i++) buf_add_text(&text, "||'x' in many");
    is_between(buf_done(&text).ptr, (uint64_t)USES * COUNT, (uint64_t)USES * (COUNT + 10));
}

// With inputs as large as is assumed, evaluation takes no more steps than estimated.
static void evaluation_keeps_within_the_estimate(void **state) {
    (void)state;
    static char texts[COST_ITEMS][COST_TEXT_BYTES];
    tact_value tags[COST_ITEMS], numbers[COST_ITEMS], pairs[2 * COST_ITEMS], slots[8];
    for (int i = 0; i < COST_ITEMS; i++) {
        memset(texts[i], 'a', sizeof texts[i]);
        texts[i][COST_TEXT_BYTES - 2] = (char)('!' + i % 50); // different from each other at the very end
        texts[i][COST_TEXT_BYTES - 1] = (char)('!' + i / 50);
        tags[i] = pairs[2 * i] = tact_string(texts[i], sizeof texts[i]);
        numbers[i] = pairs[2 * i + 1] = tact_int(i);
    }
    slots[0] = tags[0];
    slots[1] = tact_int(18);
    slots[2] = tact_list(tags, COST_ITEMS);
    slots[3] = tact_list(numbers, COST_ITEMS);
    slots[4] = tact_map_new(&scratch, pairs, COST_ITEMS);
    slots[5] = slots[2];
    slots[6] = slots[1];
    slots[7] = slots[0];
    static const char *const expressions[] = {
        "name == 'x' || age > 18 && name != name",
        "tags.exists(t, t == 'x')",
        "tags.all(t, t != name + 'x')",
        "tags.exists_one(t, t.startsWith('a'))",
        "tags.map(t, t + 'x').size() == 3",
        "numbers.filter(n, n > 3).map(n, n * 2) == numbers",
        "tags.exists(t, t.contains('zz'))",
        "numbers.exists(n, numbers.exists(k, k == n + 1000))",
        "numbers.exists(n, numbers.filter(k, k > n).exists(i, i < 0))",
        "name.lowerAscii().upperAscii() == name",
        "tags.join(',') == 'x'",
        "numbers.transformMap(i, v, v + i).size() == 4",
        "numbers.transformList(i, v, v > i, [v, i]).size() == 4",
        "named.transformMapEntry(k, v, {v: k}).size() == 3",
        "named.all(k, named[k] >= 0)",
        "named == named && tags == tags",
        "name in tags && 3 in numbers && name in named",
        "numbers.distinct() == numbers && numbers.sort() == numbers",
        "tags.sort() == tags",
        "tags.distinct() == tags",
        "tags.sortBy(t, t.size()) == tags",
        "numbers.map(n, [n, n]).flatten() == []",
        "name.split('').size() == 1 || name.split('a').size() == 1",
        "name.replace('a', 'bb').size() == 3",
        "name.matches('^a+b$') || name.indexOf('z') == name.lastIndexOf('a')",
        "lists.range(age * 5).all(i, i >= 0)",
        "cel.bind(x, name + name, x == x + x)",
        "'%s is %d'.format([name, age]) == name",
        "age > 3 ? tags[0] == name : false",
        "[1, 2, 3].exists(x, x in numbers)",
        "anything.exists(x, x == name) && size(anything) == 3",
        "profile == {'a': 1} || profile.map(k, k).size() == 2",
        "bytes(name) == b'x' || string(age) == name || double(age) > 1.0",
        "cel.block([name + name, cel.index(0) + name], cel.index(1) == cel.index(0))",
        "optional.of(name).orValue('x') == tags[?3].orValue(name)",
    };
    for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
        tact_cel_compile_options options = {.limits = {.cost_max = UINT64_MAX}};
        tact_cel_result r = tact_cel_compile(env, tact_str_from(expressions[i]), &options, &scratch);
        if (!r.program) fail_msg("%s", tact_cel_report(&r, &scratch).ptr);
        tact_cel_input input = {.slots = slots,
                                .slots_count = 8,
                                .arena = &scratch,
                                .steps_max = UINT64_C(1) << 40,
                                .memory_max = (size_t)1 << 30};
        tact_value v = tact_cel_eval(r.program, &input);
        if (v.kind != TACT_BOOL) fail_msg("%s: %s", expressions[i], v.as.s ? v.as.s : "no bool");
        if (input.steps_used > tact_cel_program_cost(r.program)) {
            fail_msg("%s: %llu steps, estimated %llu", expressions[i], (unsigned long long)input.steps_used,
                     (unsigned long long)tact_cel_program_cost(r.program));
        }
    }
}

static void prints_a_line_for_each_part(void **state) {
    (void)state;
    cel_ast ast = parse("age > 18 &&\n  tags.exists(t,\n    t == 'x' + name)");
    buf out = buf_in(&scratch);
    cost_print(&out, &ast, env);
    tact_str text = buf_done(&out);
    static const char *const lines[] = {
        "  expression\n",
        "  age > 18 && tags.exists(t, t == 'x' + name)\n",
        "    age > 18\n",
        "      age\n",
        "    tags.exists(t, t == 'x' + name)\n",
        "      tags\n",
        "      t == 'x' + name    for each of 0 to 100\n",
        "        'x' + name\n",
        "          name\n",
    };
    const char *at = text.ptr;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *end = strchr(at, '\n');
        assert_non_null(end);
        assert_true((size_t)(end - at) > 24);
        assert_memory_equal(at + 24, lines[i], strlen(lines[i])); // behind two columns of 12
        at = end + 1;
    }
    assert_string_equal(at, "");
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(small_things_cost_little),
        EACH(assumed_sizes_count),
        EACH(loops_multiply),
        EACH(best_cases),
        EACH(functions_cost_what_they_say),
        EACH(what_cannot_be_counted_is_unbounded),
        EACH(estimating_is_cheap),
        EACH(a_long_constant_is_not_looked_through_each_time),
        EACH(evaluation_keeps_within_the_estimate),
        EACH(prints_a_line_for_each_part),
    };
    return cmocka_run_group_tests_name("cost", tests, NULL, NULL);
}
