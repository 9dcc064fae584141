// SPDX-License-Identifier: Apache-2.0
//
// The checker: what names come to mean, what types expressions have, and what is refused. The public suites
// (conformance_test.c) cover the language; here is what is Tact's own: attributes and records, containers, the
// unchecked mode, and that a fault is reported once. What the reports say is in tests/cel/diag/check*.txt.
#include "cel/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "cel/parser.h"

static arena scratch;
static tact_cel_env *env;
static cel_diags diags;

static void declare(const char *name, const char *type) {
    tact_error error = {0};
    if (tact_cel_declare(env, tact_str_from(name), tact_str_from(type), NULL, &error))
        fail_msg("%s: %s", name, error.text);
}

static void declare_field(const char *record, const char *field, const char *type) {
    assert_int_equal(
        tact_cel_declare_field(env, tact_str_from(record), tact_str_from(field), tact_str_from(type), NULL), 0);
}

static void set_up_with(const tact_cel_options *options) {
    arena_init(&scratch, 0);
    env = tact_cel_env_new(options);
    assert_non_null(env);
    declare("profile.recency", "int");       // slot 0
    declare("profile.tags", "list(string)"); // slot 1
    declare("profile.address.city", "string");
    declare("spend", "double");
    declare("purchases", "list(record(Purchase))");
    declare("anything", "dyn");
    declare("named", "map(string, int)");
    declare("since", "timestamp");
    declare("maybe", "wrapper(int)");
    declare("a.b", "map(string, string)");
    declare("a.b.c", "int"); // slot 10
    declare_field("Purchase", "amount", "double");
    declare_field("Purchase", "items", "list(string)");
    assert_int_equal(tact_cel_declare_constant(env, TACT_STR("limit"), TACT_STR("int"), tact_int(3), NULL), TACT_OK);
    tact_error error = {0};
    if (tact_cel_declare_function(env, TACT_STR("pair"), TACT_STR("pair_A_B"), TACT_STR("(A, B) -> tuple(A, B)"), NULL,
                                  NULL, 1, &error)) {
        fail_msg("%s", error.text);
    }
}

static int set_up(void **state) {
    (void)state;
    set_up_with(NULL);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    arena_fini(&scratch);
    return 0;
}

static bool run(const char *text, const tact_type *expected, bool unchecked, cel_node **root) {
    cel_ast *ast = ARENA_NEW(&scratch, cel_ast);
    ast->arena = &scratch;
    ast->source = tact_str_from(text);
    diag_init(&diags, &scratch, ast->source);
    tact_cel_limits limits = {TACT_CEL_LENGTH_MAX, TACT_CEL_DEPTH_MAX, TACT_CEL_COST_MAX};
    ast->root = parser_parse(ast, &limits, env->libraries, &diags);
    if (diags.count) fail_msg("%s: %s", text, diags.items[0].text);
    *root = ast->root;
    bool ok = check_run(ast, env, expected, unchecked, &diags);
    assert_int_equal(ok, diags.count == 0);
    return ok;
}

static cel_node *check(const char *text) {
    cel_node *root;
    if (!run(text, NULL, false, &root)) fail_msg("%s: %s", text, diags.items[0].text);
    return root;
}

static cel_node *check_unchecked(const char *text) {
    cel_node *root;
    if (!run(text, NULL, true, &root)) fail_msg("%s: %s", text, diags.items[0].text);
    return root;
}

static const char *print(const tact_type *t) {
    buf out = buf_in(&scratch);
    type_print(&out, t);
    return buf_done(&out).ptr;
}

typedef struct typed {
    const char *expression, *type;
} typed;

static void have_types(const typed *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *found = print(check(cases[i].expression)->type);
        if (strcmp(found, cases[i].type) != 0) fail_msg("%s: %s, not %s", cases[i].expression, found, cases[i].type);
    }
}
#define HAVE_TYPES(cases) have_types(cases, sizeof(cases) / sizeof *(cases))

// The codes of all diagnostics, in the order of their places.
static const char *codes(const char *expression) {
    cel_node *root;
    if (run(expression, NULL, false, &root)) return "";
    diag_finish(&diags);
    buf out = buf_in(&scratch);
    for (uint32_t i = 0; i < diags.count; i++) {
        if (i) buf_add_char(&out, ' ');
        buf_add_text(&out, diags.items[i].code);
    }
    return buf_done(&out).ptr;
}

typedef struct refused {
    const char *expression, *codes;
} refused;

static void give_codes(const refused *cases, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *found = codes(cases[i].expression);
        if (strcmp(found, cases[i].codes) != 0) fail_msg("%s: %s, not %s", cases[i].expression, found, cases[i].codes);
    }
}
#define GIVE_CODES(cases) give_codes(cases, sizeof(cases) / sizeof *(cases))

// ---- Names ----------------------------------------------------------------------------------------------------------

static void a_dotted_attribute_is_one_slot(void **state) {
    (void)state;
    cel_node *n = check("profile.recency");
    assert_int_equal(n->kind, CEL_SELECT);
    assert_int_equal(n->ref, CEL_REF_SLOT);
    assert_int_equal(n->to.index, 0);
    assert_ptr_equal(n->type, &type_int);
    n = check("profile  .  recency"); // blanks do not matter
    assert_int_equal(n->ref, CEL_REF_SLOT);
    n = check(".profile.recency");
    assert_int_equal(n->ref, CEL_REF_SLOT);
    n = check("profile.address.city");
    assert_int_equal(n->ref, CEL_REF_SLOT);
    assert_int_equal(n->to.index, 2);
}

static void the_longest_declared_name_is_meant(void **state) {
    (void)state;
    cel_node *n = check("a.b.c");
    assert_int_equal(n->ref, CEL_REF_SLOT);
    assert_int_equal(n->to.index, 10);
    n = check("a.b.d"); // a field of the map a.b
    assert_int_equal(n->ref, CEL_REF_NONE);
    assert_ptr_equal(n->type, &type_string);
    assert_int_equal(n->as.select.operand->ref, CEL_REF_SLOT);
    assert_int_equal(n->as.select.operand->to.index, 9);
}

static void other_references(void **state) {
    (void)state;
    cel_node *n = check("limit");
    assert_int_equal(n->ref, CEL_REF_CONSTANT);
    assert_int_equal(n->to.value.as.i, 3);
    n = check("int");
    assert_int_equal(n->ref, CEL_REF_CONSTANT);
    assert_int_equal(n->to.value.kind, TACT_TYPE);
    assert_ptr_equal(n->to.value.as.type, &type_int);
    assert_string_equal(print(n->type), "type(int)");
    n = check("google.protobuf.Timestamp");
    assert_int_equal(n->ref, CEL_REF_CONSTANT);
    assert_ptr_equal(n->to.value.as.type, &type_timestamp);
    n = check("profile");
    assert_int_equal(n->ref, CEL_REF_RECORD);
    assert_ptr_equal(n->to.record, env_record(env, TACT_STR("profile")));
    n = check("profile.address");
    assert_int_equal(n->kind, CEL_SELECT);
    assert_int_equal(n->ref, CEL_REF_RECORD);
    assert_ptr_equal(n->to.record, env_record(env, TACT_STR("profile.address")));
}

static void variables_hide_attributes(void **state) {
    (void)state;
    cel_node *n = check("[1].map(spend, spend)[0]");
    assert_ptr_equal(n->type, &type_int);
    n = check("[1].map(spend, .spend)[0]"); // unless told otherwise
    assert_ptr_equal(n->type, &type_double);
    n = check("purchases.map(profile, profile.amount)[0]");
    assert_ptr_equal(n->type, &type_double);
    n = check("[{'recency': 'x'}].map(profile, profile.recency)[0]");
    assert_ptr_equal(n->type, &type_string);
    n = check("[1].map(x, [2u].map(x, x))[0][0]"); // the inner one
    assert_ptr_equal(n->type, &type_uint);
    n = check("[1].map(math, math.abs(math))[0]"); // but a namespace stays one
    assert_ptr_equal(n->type, &type_int);
}

static void containers(void **state) {
    (void)state;
    (void)tear_down(NULL);
    tact_cel_options options = {.container = TACT_STR("profile.address")};
    set_up_with(&options);
    assert_int_equal(check("city")->to.index, 2);
    assert_int_equal(check("tags")->to.index, 1);
    assert_int_equal(check("profile.tags")->to.index, 1);
    assert_int_equal(check("address.city")->to.index, 2);
    assert_int_equal(check("spend")->to.index, 3);
    assert_string_equal(codes(".city"), "undeclared_name");
    declare("profile.spend", "int"); // nearer than `spend`
    assert_ptr_equal(check("spend")->type, &type_int);
    assert_ptr_equal(check(".spend")->type, &type_double);
    cel_node *n = check("city");
    assert_true(tact_str_equal(n->as.ident.name, TACT_STR("profile.address.city")));
    (void)tear_down(NULL);
    options.container = TACT_STR("google.protobuf");
    set_up_with(&options);
    assert_ptr_equal(check("Timestamp")->to.value.as.type, &type_timestamp);
    (void)tear_down(NULL);
    options.container = TACT_STR("math");
    set_up_with(&options);
    n = check("abs(-1)");
    assert_true(tact_str_equal(n->as.call.name, TACT_STR("math.abs")));
}

// ---- Types ----------------------------------------------------------------------------------------------------------

static void records(void **state) {
    (void)state;
    static const typed cases[] = {
        {"profile", "record(profile)"},
        {"profile.address", "record(profile.address)"},
        {"profile['recency']", "int"}, // a constant key is a field
        {"profile['address']['city']", "string"},
        {"profile['address'].city", "string"},
        {"profile[profile.tags[0]]", "dyn"}, // else it is a map
        {"'recency' in profile", "bool"},
        {"profile.tags[0] in profile", "bool"},
        {"profile[?'recency']", "optional_type(int)"},
        {"optional.of(profile)['recency']", "optional_type(int)"},
        {"optional.of(profile)[?'recency']", "optional_type(int)"},
        {"profile[?profile.tags[0]]", "optional_type(dyn)"},
        {"size(profile)", "int"},
        {"profile == {}", "bool"},
        {"profile.map(k, k)", "list(string)"},
        {"profile.transformMap(k, v, v)", "map(string, dyn)"},
        {"[profile, {'a': 1}]", "list(map(string, dyn))"},
        {"purchases[0]", "record(Purchase)"},
        {"purchases[0].amount", "double"},
        {"purchases.map(p, p.items)", "list(list(string))"},
        {"purchases.filter(p, p.amount > 10.0)", "list(record(Purchase))"},
        {"purchases[?0].amount", "optional_type(double)"},
        {"purchases[0].?items", "optional_type(list(string))"},
        {"purchases[0] == {'amount': 1.0}", "bool"},
        {"dyn(profile)", "dyn"},
    };
    HAVE_TYPES(cases);
}

static void inference(void **state) {
    (void)state;
    static const typed cases[] = {
        {"[]", "list(dyn)"},
        {"{}", "map(dyn, dyn)"},
        {"[] + [1]", "list(int)"},
        {"[[], [1]]", "list(list(int))"},
        {"[1, 'a']", "list(dyn)"},
        {"[1, dyn(2)]", "list(dyn)"},
        {"{'a': 1, 'b': 2.0}", "map(string, dyn)"},
        {"{1: 'a', 'b': 'c'}", "map(dyn, string)"},
        {"[since, null]", "list(timestamp)"},
        {"[null, since]", "list(timestamp)"},
        {"[1, maybe]", "list(wrapper(int))"},
        {"maybe == null ? 0 : maybe + 1", "int"},
        {"since == null", "bool"},
        {"true ? 1 : dyn('x')", "dyn"},
        {"cel.bind(x, [], x + ['a'])", "list(string)"},
        {"[1, 2].map(x, [x])", "list(list(int))"},
        {"named.map(k, named[k])", "list(int)"},
        {"named.x", "int"},
        {"named.?x", "optional_type(int)"},
        {"named[?'x'].orValue(3)", "int"},
        {"optional.none()", "optional_type(dyn)"},
        {"optional.of(1).or(optional.none())", "optional_type(int)"},
        {"[?named.?x]", "list(int)"},
        {"{?'a': named.?x}", "map(string, int)"},
        {"pair(1, 'a')", "tuple(int, string)"},
        {"pair(1, [])", "tuple(int, list(dyn))"},
        {"type(1)", "type(int)"},
        {"type(type(1))", "type(type(int))"},
        {"anything.x.y[3].z", "dyn"},
        {"anything + 1", "int"}, // the only way to add to an int
        {"anything + anything", "dyn"},
        {"anything.startsWith('x')", "bool"},
        {"anything.exists(x, x == 1)", "bool"},
        {"[].map(x, x.foo)[0]", "dyn"},
        {"has(anything.x)", "bool"},
        {"has(named.x)", "bool"},
        {"spend > 100", "bool"}, // numbers compare across types
        {"cel.block([1, [cel.index(0)]], cel.index(1))", "dyn"},
    };
    HAVE_TYPES(cases);
}

static bool settled(const cel_node *n) {
    if (!n || n->ref != CEL_REF_NONE) return true;
    if (!n->type || n->type->open) return false;
    bool ok = true;
    switch ((cel_node_kind)n->kind) {
    case CEL_SELECT: return settled(n->as.select.operand);
    case CEL_CALL:
        ok = settled(n->as.call.target);
        for (uint32_t i = 0; i < n->as.call.count; i++) ok &= settled(n->as.call.args[i]);
        return ok;
    case CEL_LIST:
        for (uint32_t i = 0; i < n->as.list.count; i++) ok &= settled(n->as.list.items[i]);
        return ok;
    case CEL_COMPREHENSION:
        return settled(n->as.fold.range) && settled(n->as.fold.init) && settled(n->as.fold.condition) &&
               settled(n->as.fold.step) && settled(n->as.fold.result);
    default: return true;
    }
}

static void no_node_is_left_unknown(void **state) {
    (void)state;
    static const char *const cases[] = {
        "[]",
        "[[], [[]]] == []",
        "[].map(x, [x, []])",
        "cel.bind(x, [], [x == [], x == [[]]])",
        "size([]) + size({}.map(k, [k]))",
        "optional.none().hasValue() ? [] : [[]]",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) assert_true(settled(check(cases[i])));
}

static void presence_of_an_attribute_reads_no_record(void **state) {
    (void)state;
    cel_node *n = check("has(profile.recency)");
    assert_true(n->test);
    assert_int_equal(n->ref, CEL_REF_SLOT);
    assert_int_equal(n->to.index, 0);
    assert_ptr_equal(n->type, &type_bool);
    n = check("has(profile.address)"); // a record, which is a map
    assert_int_equal(n->ref, CEL_REF_NONE);
    assert_int_equal(n->as.select.operand->ref, CEL_REF_RECORD);
    n = check("[{'recency': 1}].exists(profile, has(profile.recency))");
    assert_ptr_equal(n->type, &type_bool);
    assert_string_equal(codes("has(profile.recencyy)"), "undeclared_field");
}

// ---- Calls ----------------------------------------------------------------------------------------------------------

static void calls_keep_what_they_may_mean(void **state) {
    (void)state;
    static const struct {
        const char *expression;
        uint32_t count;
        const char *first;
    } cases[] = {
        {"1 + 2", 1, "add_int64"},
        {"'a' + 'b'", 1, "add_string"},
        {"anything + 1", 1, "add_int64"},
        {"anything + anything", 9, "add_bytes"},
        {"size(anything)", 4, "size_bytes"}, // those called as size(x), not x.size()
        {"anything.size()", 4, "bytes_size"},
        {"size('a')", 1, "size_string"},
        {"int('1')", 1, "string_to_int64"},
        {"1 in [1]", 1, "in_list"},
        {"1 == 1 && true", 1, "logical_and"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cel_node *n = check(cases[i].expression);
        assert_int_equal(n->kind, CEL_CALL);
        assert_true(tact_str_equal(n->as.call.function->name, n->as.call.name));
        assert_int_equal(n->as.call.overloads_count, cases[i].count);
        assert_true(tact_str_equal(n->as.call.overloads[0]->id, tact_str_from(cases[i].first)));
        for (uint32_t k = 0; k < cases[i].count; k++) {
            assert_int_equal(n->as.call.overloads[k]->member, n->as.call.target != NULL);
        }
    }
}

static void a_namespaced_call_has_no_target(void **state) {
    (void)state;
    cel_node *n = check("base64.encode(b'x')");
    assert_null(n->as.call.target);
    assert_true(tact_str_equal(n->as.call.name, TACT_STR("base64.encode")));
    n = check("profile.address.city.startsWith('x')");
    assert_non_null(n->as.call.target);
    assert_int_equal(n->as.call.target->ref, CEL_REF_SLOT);
}

// ---- Faults ---------------------------------------------------------------------------------------------------------

static void every_fault_is_refused(void **state) {
    (void)state;
    static const refused cases[] = {
        {"nothing", "undeclared_name"},
        {"profile.nothing", "undeclared_field"},
        {"profile['nothing']", "undeclared_field"},
        {"purchases[0].nothing", "undeclared_field"},
        {"nothing()", "undeclared_function"},
        {"spend.nothing()", "undeclared_function"},
        {"spend.map(1)", "macro_arguments"},
        {"spend.x", "no_fields"},
        {"has(spend.x)", "no_fields"},
        {"'a' + 1", "no_overload"},
        {"size(1, 2)", "no_overload"},
        {"pair(1, 2, 3, 4, 5, 6, 7, 8, 9)", "no_overload"},
        {"'a'.timestamp()", "no_overload"},
        {"startsWith('a', 'b')", "no_overload"},
        {"spend && true", "wrong_type"},
        {"1 ? 2 : 3", "wrong_type"},
        {"true ? 2 : 'x'", "branches_differ"},
        {"spend.exists(x, x)", "not_iterable"},
        {"[1].exists(x, x)", "wrong_type"},
        {"[?1]", "not_optional"},
        {"{?'a': 1}", "not_optional"},
        {"Foo{}", "no_messages"},
        {"cel.block([1], cel.index(1))", "no_block_value"},
        {"cel.block([cel.index(0)], 1)", "no_block_value"},
        {"purchases == [1]", "no_overload"},
    };
    GIVE_CODES(cases);
}

static void faults_are_all_reported_but_once(void **state) {
    (void)state;
    static const refused cases[] = {
        {"x + y", "undeclared_name undeclared_name"},
        {"x + 1 == 'a' && x.y.z(x) > 1", "undeclared_name undeclared_function undeclared_name"},
        {"-x + size(x) > x[0].y ? x : !x",
         "undeclared_name undeclared_name undeclared_name undeclared_name undeclared_name"},
        {"(1 + 'a') + 2", "no_overload"},
        {"(1 + 'a').x.y[0].z() == 3", "no_overload undeclared_function"},
        {"[1 + 'a', 2u].map(x, x + 1.0)", "no_overload"},
        {"{'a': 1 + 'a'}.a + 2u", "no_overload"},
        {"spend.all(x, x.y.z > 3)", "not_iterable"},
        {"Foo{a: bar}.x + 1", "no_messages undeclared_name"},
        {"profile.nothing.more.still > 3", "undeclared_field"},
        {"[?x].map(y, y + 1)", "undeclared_name"},
        {"nothing(x, 1 + 'a')", "undeclared_function undeclared_name no_overload"},
        {"profile.tags.exist(t, t == 'x')", "undeclared_function"}, // t would be the macro's
        {"x.map(y)", "macro_arguments"},
    };
    GIVE_CODES(cases);
}

static void the_result_must_fit(void **state) {
    (void)state;
    cel_node *root;
    assert_true(run("spend > 1.0", &type_bool, false, &root));
    assert_true(run("anything", &type_bool, false, &root));
    assert_true(run("[]", type_list(&scratch, &type_string), false, &root));
    assert_string_equal(print(root->type), "list(string)"); // what it is used for says what it is
    assert_true(run("spend", NULL, false, &root));
    assert_false(run("spend", &type_bool, false, &root));
    assert_string_equal(diags.items[0].code, "wrong_result");
    assert_int_equal(diags.code, TACT_INVALID);
    assert_false(run("x", &type_bool, false, &root)); // of what is undeclared, no more is said
    assert_int_equal(diags.count, 1);
    assert_string_equal(diags.items[0].code, "undeclared_name");
}

// ---- Unchecked ------------------------------------------------------------------------------------------------------

static void unchecked_refuses_nothing(void **state) {
    (void)state;
    static const char *const cases[] = {
        "nothing",  "profile.nothing", "'a' + 1",    "size(1, 2)",   "1 ? 2 : 'x'", "spend.exists(x, x)",
        "[?1]",     "Foo{a: 1}",       "nothing(1)", "1.nothing(2)", "spend.x.y",   "pair(1, 2, 3, 4, 5, 6, 7, 8, 9)",
        "1 && 'a'", "has(spend.x)",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cel_node *n = check_unchecked(cases[i]);
        assert_ptr_equal(n->type, &type_dyn);
    }
}

static void unchecked_resolves_names(void **state) {
    (void)state;
    cel_node *n = check_unchecked("profile.recency");
    assert_int_equal(n->ref, CEL_REF_SLOT);
    n = check_unchecked("nothing.at.all");
    assert_int_equal(n->ref, CEL_REF_NONE);
    assert_int_equal(n->as.select.operand->as.select.operand->ref, CEL_REF_UNBOUND);
    n = check_unchecked("1 + 2");
    assert_int_equal(n->as.call.overloads_count, 9); // all that take two
    n = check_unchecked("size(1)");
    assert_int_equal(n->as.call.overloads_count, 4);
    n = check_unchecked("nothing(1)");
    assert_null(n->as.call.function);
    assert_int_equal(n->as.call.overloads_count, 0);
    n = check_unchecked("base64.encode(1)");
    assert_null(n->as.call.target);
    n = check_unchecked("has(profile.recency)");
    assert_int_equal(n->ref, CEL_REF_SLOT);
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

static void simple_rules_take_no_memory(void **state) {
    (void)state;
    static const char *const cases[] = {
        "profile.recency >= 9 && spend < 100.0",
        "'gold' in profile.tags || profile.address.city == 'Bern'",
        "profile.address.city in ['a', 'b', 'c'] && !(profile.recency > limit)",
        "profile.recency > 3 ? profile.address.city : 'none'",
        "profile.tags.size() > 0 && profile.tags[0].startsWith('a')",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cel_ast ast = {.arena = &scratch, .source = tact_str_from(cases[i])};
        diag_init(&diags, &scratch, ast.source);
        tact_cel_limits limits = {TACT_CEL_LENGTH_MAX, TACT_CEL_DEPTH_MAX, TACT_CEL_COST_MAX};
        ast.root = parser_parse(&ast, &limits, env->libraries, &diags);
        size_t used = tact_arena_used(&scratch);
        assert_true(check_run(&ast, env, NULL, false, &diags));
        assert_int_equal(tact_arena_used(&scratch), used);
    }
}

static void types_that_double_stay_in_bounds(void **state) {
    (void)state;
    buf text = buf_in(&scratch);
    buf_add_text(&text, "[[]]");
    for (int i = 0; i < 40; i++) buf_add_text(&text, ".map(x, {x: x})");
    cel_node *root;
    (void)run(buf_done(&text).ptr, NULL, false, &root); // done at once, whatever it says
    if (diags.count) assert_int_equal(diags.code, TACT_LIMIT);
}

static void lack_of_memory_is_an_error(void **state) {
    (void)state;
    static const char text[] = "cel.bind(x, [], [x + [[1]], x == [], {'a': x}.?a.orValue([])]) == [] || nothing == 1";
    bool failed = false;
    for (size_t more = 0; more < 20000; more += 112) {
        arena a;
        arena_init(&a, 0);
        cel_ast ast = {.arena = &a, .source = tact_str_from(text)};
        cel_diags d;
        diag_init(&d, &a, ast.source);
        tact_cel_limits limits = {TACT_CEL_LENGTH_MAX, TACT_CEL_DEPTH_MAX, TACT_CEL_COST_MAX};
        ast.root = parser_parse(&ast, &limits, env->libraries, &d);
        a.bytes_max = tact_arena_used(&a) + more;
        if ((size_t)(a.end - a.next) > more) a.end = a.next + (more & ~(size_t)15);
        assert_false(check_run(&ast, env, NULL, false, &d));
        if (d.code == TACT_NO_MEMORY) failed = true;
        assert_true(d.code == TACT_NO_MEMORY || (d.count == 1 && d.code == TACT_INVALID));
        arena_fini(&a);
    }
    assert_true(failed);
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        EACH(a_dotted_attribute_is_one_slot),
        EACH(the_longest_declared_name_is_meant),
        EACH(other_references),
        EACH(variables_hide_attributes),
        EACH(containers),
        EACH(records),
        EACH(inference),
        EACH(no_node_is_left_unknown),
        EACH(presence_of_an_attribute_reads_no_record),
        EACH(calls_keep_what_they_may_mean),
        EACH(a_namespaced_call_has_no_target),
        EACH(every_fault_is_refused),
        EACH(faults_are_all_reported_but_once),
        EACH(the_result_must_fit),
        EACH(unchecked_refuses_nothing),
        EACH(unchecked_resolves_names),
        EACH(simple_rules_take_no_memory),
        EACH(types_that_double_stay_in_bounds),
        EACH(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
