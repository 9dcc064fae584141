// SPDX-License-Identifier: Apache-2.0
//
// Trees, against the grammar of cel-spec's doc/langdef.md. That they are those of other implementations is tested by
// the conformance suite, what the parser says of faults in tests/cel/diag/syntax*.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "cel/parser.h"

static arena memory;
static cel_diags diags;
static cel_ast ast;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static const cel_node *parse_within(tact_str source, const tact_cel_limits *limits) {
    diag_init(&diags, &memory, source);
    ast = (cel_ast){.arena = &memory, .source = source};
    return parser_parse(&ast, limits, TACT_CEL_ALL, &diags);
}

static const cel_node *parse(const char *source) {
    const cel_node *n = parse_within(tact_str_from(source), NULL);
    if (diags.code) fail_msg("%s: %s", source, diags.count ? diags.items[0].text : "no memory");
    return n;
}

// ---- Trees in brackets ----------------------------------------------------------------------------------------------

static void write(buf *out, const cel_node *n);

static void write_all(buf *out, cel_node *const *nodes, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        buf_add_char(out, ' ');
        write(out, nodes[i]);
    }
}

// A tree as text: `(_+_ a b)`; receivers come first, in `(x.f y)` x is one.
static void write(buf *out, const cel_node *n) {
    switch (n->kind) {
    case CEL_LITERAL: buf_add_str(out, tact_value_print(n->as.literal, &memory)); break;
    case CEL_IDENT: buf_add_str(out, n->as.ident.name); break;
    case CEL_SELECT:
        write(out, n->as.select.operand);
        buf_printf(out, n->test ? ".has:%.*s" : ".%.*s", (int)n->as.select.field.len, n->as.select.field.ptr);
        break;
    case CEL_CALL:
        buf_add_char(out, '(');
        if (n->as.call.target) {
            write(out, n->as.call.target);
            buf_add_char(out, '.');
        }
        buf_add_str(out, n->as.call.name);
        write_all(out, n->as.call.args, n->as.call.count);
        buf_add_char(out, ')');
        break;
    case CEL_LIST:
        buf_add_text(out, "[");
        for (uint32_t i = 0; i < n->as.list.count; i++) {
            if (i) buf_add_char(out, ' ');
            if (n->as.list.optional && n->as.list.optional[i]) buf_add_char(out, '?');
            write(out, n->as.list.items[i]);
        }
        buf_add_text(out, "]");
        break;
    case CEL_MAP:
    case CEL_MESSAGE:
        buf_add_str(out, n->as.map.name);
        buf_add_text(out, "{");
        for (uint32_t i = 0; i < n->as.map.count; i++) {
            const cel_entry *e = &n->as.map.entries[i];
            if (i) buf_add_char(out, ' ');
            if (e->optional) buf_add_char(out, '?');
            if (e->key) write(out, e->key);
            buf_add_str(out, e->field);
            buf_add_char(out, ':');
            write(out, e->value);
        }
        buf_add_text(out, "}");
        break;
    case CEL_COMPREHENSION: buf_add_text(out, "(comprehension)"); break;
    default: buf_add_text(out, "<bad>"); break;
    }
}

static const char *tree_of(const cel_node *n) {
    buf out = buf_in(&memory);
    write(&out, n);
    return buf_done(&out).ptr;
}

#define assert_tree(source, tree) assert_string_equal(tree_of(parse(source)), tree)

static void operators_bind_by_precedence(void **state) {
    (void)state;
    assert_tree("a || b && c == d + e * -f", "(_||_ a (_&&_ b (_==_ c (_+_ d (_*_ e (-_ f))))))");
    assert_tree("-a * b + c < d && e || f", "(_||_ (_&&_ (_<_ (_+_ (_*_ (-_ a) b) c) d) e) f)");
    assert_tree("a ? b || c : d && e", "(_?_:_ a (_||_ b c) (_&&_ d e))");
    assert_tree("!a.b[c]", "(!_ (_[_] a.b c))");
    assert_tree("a in b == c", "(_==_ (@in a b) c)");
    assert_tree("(a + b) * c", "(_*_ (_+_ a b) c)");
}

static void operators_associate_to_the_left(void **state) {
    (void)state;
    assert_tree("a - b - c", "(_-_ (_-_ a b) c)");
    assert_tree("a / b * c % d", "(_%_ (_*_ (_/_ a b) c) d)");
    assert_tree("a < b >= c != d", "(_!=_ (_>=_ (_<_ a b) c) d)");
    assert_tree("a - (b - c)", "(_-_ a (_-_ b c))");
}

static void conditionals_associate_to_the_right(void **state) {
    (void)state;
    assert_tree("a ? b : c ? d : e", "(_?_:_ a b (_?_:_ c d e))");
    assert_tree("a ? (b ? c : d) : e", "(_?_:_ a (_?_:_ b c d) e)");
    assert_tree("{a ? b : c : d}", "{(_?_:_ a b c):d}");
}

static void logical_chains_are_balanced(void **state) {
    (void)state;
    assert_tree("a && b", "(_&&_ a b)");
    assert_tree("a && b && c", "(_&&_ (_&&_ a b) c)");
    assert_tree("a && b && c && d", "(_&&_ (_&&_ a b) (_&&_ c d))");
    assert_tree("a || b || c || d || e || f", "(_||_ (_||_ (_||_ a b) c) (_||_ (_||_ d e) f))");
    assert_tree("a && (b && c) && d", "(_&&_ (_&&_ a (_&&_ b c)) d)");
    assert_tree("a && b || c && d || e && f", "(_||_ (_||_ (_&&_ a b) (_&&_ c d)) (_&&_ e f))");
}

static void signs_belong_to_numbers_and_cancel_out(void **state) {
    (void)state;
    assert_tree("-1", "-1");
    assert_tree("- 1.5", "-1.5");
    assert_tree("4--4", "(_-_ 4 -4)");
    assert_tree("-9223372036854775808", "-9223372036854775808");
    assert_tree("-0x8000000000000000", "-9223372036854775808");
    assert_tree("-1.f()", "(-1.f)");
    assert_tree("-1u", "(-_ 1u)");
    assert_tree("-(1)", "(-_ 1)");
    assert_tree("--a", "a");
    assert_tree("---a", "(-_ a)");
    assert_tree("--1", "1");
    assert_tree("!!a", "a");
    assert_tree("!!!a", "(!_ a)");
    assert_tree("!-1", "(!_ -1)");
}

static void literals_have_values(void **state) {
    (void)state;
    assert_tree("9223372036854775807", "9223372036854775807");
    assert_tree("0x7fffffffffffffff", "9223372036854775807");
    assert_tree("18446744073709551615u", "18446744073709551615u");
    assert_tree("0xFFFFFFFFFFFFFFFFu", "18446744073709551615u");
    assert_tree("007", "7");
    assert_tree("[1e3, .5, 1.25e-2, 5e-324, 1e-400]", "[1000.0 0.5 0.0125 5e-324 0.0]");
    assert_tree("[true, false, null]", "[true false null]");
    assert_tree("'a' + \"b\" + r'\\c' + b'd'", "(_+_ (_+_ (_+_ \"a\" \"b\") \"\\\\c\") b\"d\")");
}

static void names_may_be_dotted_and_rooted(void **state) {
    (void)state;
    assert_tree("a.b.c", "a.b.c");
    assert_tree(".a.b", ".a.b");
    assert_tree(". a", ".a");
    assert_tree(".f(.a)", "(.f .a)");
    assert_tree("a.package.if", "a.package.if");
    assert_tree("a.`content-type`.`in`", "a.content-type.in");
    assert_tree("1.a", "1.a");
}

static void calls_have_receivers_or_none(void **state) {
    (void)state;
    assert_tree("f()", "(f)");
    assert_tree("f(a, 1)", "(f a 1)");
    assert_tree("a.f()", "(a.f)");
    assert_tree("a.b.f(c).g(d, e)", "((a.b.f c).g d e)");
    assert_tree("'x'.f()", "(\"x\".f)");
    assert_tree("a[0].f()", "((_[_] a 0).f)");
    assert_tree("a.package()", "(a.package)");
}

static void lists_maps_and_messages(void **state) {
    (void)state;
    assert_tree("[]", "[]");
    assert_tree("[,]", "[]");
    assert_tree("[a, [b],]", "[a [b]]");
    assert_tree("{}", "{}");
    assert_tree("{,}", "{}");
    assert_tree("{'a': 1, b: [2],}", "{\"a\":1 b:[2]}");
    assert_tree("M{}", "M{}");
    assert_tree("a.b.M{}", "a.b.M{}");
    assert_tree(".a . b{x: 1}", ".a.b{x:1}");
    assert_tree("M{a: 1, `b-c`: 2, while: M{},}", "M{a:1 b-c:2 while:M{}}");
    assert_tree("M{}.a == {}.a", "(_==_ M{}.a {}.a)");
}

static void optionals_have_syntax(void **state) {
    (void)state;
    assert_tree("a.?b", "(_?._ a \"b\")");
    assert_tree("a.?b.c[?d]", "(_[?_] (_?._ a \"b\").c d)");
    assert_tree("a.?`b-c`", "(_?._ a \"b-c\")");
    assert_tree("[?a, b, ?c]", "[?a b ?c]");
    assert_tree("{?a: b, c: d}", "{?a:b c:d}");
    assert_tree("M{?a: b}", "M{?a:b}");
    assert_tree("a ? .b : [?c]", "(_?_:_ a .b [?c])");
}

// ---- Places ---------------------------------------------------------------------------------------------------------

static const char *slice(cel_span span) {
    return arena_copy(&memory, ast.source.ptr + span.pos, span.len);
}

static void assert_place(const cel_node *n, const char *at, const char *extent) {
    assert_string_equal(slice(n->at), at);
    assert_string_equal(slice(n->extent), extent);
}

static void carets_and_extents(void **state) {
    (void)state;
    assert_place(parse(" a "), "a", "a");
    assert_place(parse("- 1 "), "- 1", "- 1");
    assert_place(parse("(a) + (b)"), "+", "(a) + (b)");
    assert_place(parse("x.all(i, i > 0)"), "all", "x.all(i, i > 0)");
    assert_place(parse("a ? b : (c)"), "?", "a ? b : (c)");
    assert_place(parse(" !!! a"), "!", "!!! a");
    assert_place(parse("a.b.c"), "c", "a.b.c");
    assert_place(parse("a.`b c`"), "`b c`", "a.`b c`");
    assert_place(parse("(a).f(b )"), "f", "(a).f(b )");
    assert_place(parse("f( a)"), "f", "f( a)");
    assert_place(parse("a[ 1 ]"), "[", "a[ 1 ]");
    assert_place(parse("[a, b ]"), "[", "[a, b ]");
    assert_place(parse("a.M{b: 1}"), "a.M", "a.M{b: 1}");
    assert_place(parse("has( a.b )"), "b", "has( a.b )");
    const cel_node *n = parse("(a && b) && (c) && d // e");
    assert_place(n, "&&", "(a && b) && (c) && d");
    assert_place(n->as.call.args[0], "&&", "(a && b) && (c)");
    assert_place(n->as.call.args[0]->as.call.args[0], "&&", "a && b");
    assert_place(n->as.call.args[0]->as.call.args[1], "c", "c");
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

static tact_str repeated(const char *before, size_t count, const char *middle, const char *after) {
    buf out = buf_in(&memory);
    for (size_t i = 0; i < count; i++) buf_add_text(&out, before);
    buf_add_text(&out, middle);
    for (size_t i = 0; i < count; i++) buf_add_text(&out, after);
    return buf_done(&out);
}

// What a source that repeats a part `count` times ends in.
static tact_err outcome(const char *before, size_t count, const char *middle, const char *after, uint32_t depth) {
    tact_cel_limits limits = {.depth_max = depth};
    (void)parse_within(repeated(before, count, middle, after), &limits);
    return diags.code;
}

static uint32_t height(const cel_node *n) {
    return n->height;
}

static void heights_are_those_of_the_tree(void **state) {
    (void)state;
    assert_int_equal(height(parse("a")), 1);
    assert_int_equal(height(parse("((((a))))")), 1);
    assert_int_equal(height(parse("a.b")), 2);
    assert_int_equal(height(parse("[a, b.c, {d: e.f.g}]")), 5);
    assert_int_equal(height(parse("1 + 2 + 3 + 4")), 4);
    assert_int_equal(height(parse("a && b && c && d && e && f && g && h")), 4);
    assert_int_equal(height(parse("x.f(y.z)")), 3);
}

static void depth_is_bounded(void **state) {
    (void)state;
    static const struct {
        const char *before, *middle, *after;
        size_t most; // repetitions within a depth of 100
    } cases[] = {
        {"(", "a", ")", 99},      {"[", "a", "]", 99},    {"f(", "a", ")", 99},   {"a[", "b", "]", 99},
        {"{1:", "a", "}", 99},    {"M{a:", "b", "}", 99}, {"", "a", ".b", 99},    {"", "a", "[0]", 99},
        {"", "a", ".f()", 99},    {"", "1", " + 1", 99},  {"", "1", " < 1", 99},  {"a ? b : ", "c", "", 99},
        {"!(", "a", ")", 99},     {"!!", "a", "", 10000}, {"--", "a", "", 10000}, {"a && ", "b", "", 5000},
        {"a || ", "b", "", 5000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(outcome(cases[i].before, cases[i].most, cases[i].middle, cases[i].after, 100), TACT_OK);
        if (cases[i].most > 99) continue;
        assert_int_equal(outcome(cases[i].before, 100, cases[i].middle, cases[i].after, 100), TACT_LIMIT);
        assert_int_equal(outcome(cases[i].before, 20000, cases[i].middle, cases[i].after, 100), TACT_LIMIT);
        assert_int_equal(diags.count, 1);
        assert_int_equal(outcome(cases[i].before, 199, cases[i].middle, cases[i].after, 1000), TACT_OK);
        assert_int_equal(outcome(cases[i].before, 200, cases[i].middle, cases[i].after, 1000), TACT_LIMIT);
    }
}

static void faults_are_bounded_in_depth_as_well(void **state) {
    (void)state;
    static const char *const parts[] = {"(",        "[", "{",   "f(", "a[", "M{", "!-", "-!",     "a ? ", "a ? b : ",
                                        "a ? b ? ", ".", "{a:", "[[", "(,", ")",  "]",  "x.map(", "has("};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_int_not_equal(outcome(parts[i], 10000, "", "", 100), TACT_OK);
        assert_true(diags.count <= TACT_CEL_DIAGNOSTICS_MAX);
    }
}

static void length_is_bounded(void **state) {
    (void)state;
    tact_cel_limits limits = {.length_max = 9};
    (void)parse_within(TACT_STR("a + b + c"), &limits);
    assert_int_equal(diags.code, TACT_OK);
    (void)parse_within(TACT_STR("a + b + c "), &limits);
    assert_int_equal(diags.code, TACT_LIMIT);
    tact_str spaces = repeated(" ", TACT_CEL_LENGTH_MAX - 1, "a", "");
    (void)parse_within(spaces, NULL);
    assert_int_equal(diags.code, TACT_OK);
    (void)parse_within(repeated(" ", TACT_CEL_LENGTH_MAX, "a", ""), NULL);
    assert_int_equal(diags.code, TACT_LIMIT);
}

static void nodes_are_bounded(void **state) {
    (void)state;
    tact_cel_limits limits = {.length_max = 1 << 20};
    tact_str list = repeated("1,", TACT_CEL_NODES_MAX - 1, "", "");
    char *text = arena_copy(&memory, list.ptr, list.len + 2);
    (void)snprintf(text, list.len + 3, "[%.*s]", (int)list.len, list.ptr);
    const cel_node *n = parse_within(tact_str_from(text), &limits);
    assert_int_equal(diags.code, TACT_OK);
    assert_int_equal(n->as.list.count, TACT_CEL_NODES_MAX - 1);
    assert_int_equal(ast.nodes_count, TACT_CEL_NODES_MAX);
    (void)snprintf(text, list.len + 3, "[%.*s0", (int)list.len, list.ptr);
    (void)parse_within(tact_str_from(text), &limits);
    assert_int_equal(diags.code, TACT_LIMIT);
}

// Every bound on memory ends in a tree or in TACT_NO_MEMORY.
static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    static const char source[] =
        "a.b && [1, 2u, 'x\\n'].map(v, v > 0, {v: . z}) == M{f: has(c.d), `g`: e.?h} || x.optMap(y, "
        "y + 1) + (a b) ? 1 + : cel.index(3)";
    tact_str text = {source, sizeof source - 1};
    bool enough = false;
    for (size_t room = 0; !enough; room += 64) {
        arena a;
        arena_init(&a, room + 1);
        diag_init(&diags, &a, text);
        cel_ast tree = {.arena = &a, .source = text};
        const cel_node *n = parser_parse(&tree, NULL, TACT_CEL_ALL, &diags);
        assert_non_null(n);
        diag_finish(&diags);
        enough = diags.code != TACT_NO_MEMORY;
        arena_fini(&a);
    }
    assert_int_equal(diags.code, TACT_SYNTAX);
}

// ---- Random text ----------------------------------------------------------------------------------------------------

// Whatever is thrown at it, the parser ends with a tree without bad nodes, or with diagnostics that lie in the text.
static void random_tokens_are_parsed_or_reported(void **state) {
    (void)state;
    static const char *const parts[] = {
        "a",
        "b.c",
        "1",
        "2.5",
        "'s'",
        "b\"\\x41\"",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "?",
        "+",
        "-",
        "!",
        "&&",
        "||",
        "==",
        "<",
        "in",
        ".",
        ".?",
        "[?",
        "x.map(v, ",
        "has(",
        "cel.bind(q, ",
        "if",
        "`k`",
        "=",
        "$",
        "\xc3\xa4",
        "\n",
        "M{f:",
        "'",
        "//",
        "true",
        "9223372036854775808",
    };
    unsigned seed = (unsigned)time(NULL);
    print_message("seed %u\n", seed);
    srand(seed);
    for (int round = 0; round < 20000; round++) {
        buf text = buf_in(&memory);
        for (int count = rand() % 20; count >= 0; count--) {
            buf_add_text(&text, parts[(size_t)rand() % (sizeof parts / sizeof *parts)]);
            if (rand() % 3 == 0) buf_add_char(&text, ' ');
        }
        tact_str source = buf_done(&text);
        const cel_node *n = parse_within(source, NULL);
        diag_finish(&diags);
        bool bad = strstr(tree_of(n), "<bad>") != NULL;
        if (diags.code == TACT_OK ? bad || diags.count > 0 : diags.count == 0) fail_msg("%s", source.ptr);
        for (uint32_t i = 0; i < diags.count; i++) {
            if (diags.items[i].pos > source.len || diags.items[i].len == 0) fail_msg("%s", source.ptr);
        }
        tact_arena_reset(&memory);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_bind_by_precedence),
        cmocka_unit_test(operators_associate_to_the_left),
        cmocka_unit_test(conditionals_associate_to_the_right),
        cmocka_unit_test(logical_chains_are_balanced),
        cmocka_unit_test(signs_belong_to_numbers_and_cancel_out),
        cmocka_unit_test(literals_have_values),
        cmocka_unit_test(names_may_be_dotted_and_rooted),
        cmocka_unit_test(calls_have_receivers_or_none),
        cmocka_unit_test(lists_maps_and_messages),
        cmocka_unit_test(optionals_have_syntax),
        cmocka_unit_test(carets_and_extents),
        cmocka_unit_test(heights_are_those_of_the_tree),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(faults_are_bounded_in_depth_as_well),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(nodes_are_bounded),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(random_tokens_are_parsed_or_reported),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
