// SPDX-License-Identifier: Apache-2.0
//
// Types: how they are read, printed and compared, and what stands between them and values.
#include "value/type.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "value/value.h"

static arena scratch;

static int set_up(void **state) {
    (void)state;
    arena_init(&scratch, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&scratch);
    return 0;
}

static const tact_type *parse(const char *text) {
    tact_error error = {0};
    const tact_type *t = type_parse(&scratch, tact_str_from(text), &error);
    if (!t) fail_msg("%s: %s", text, error.text);
    return t;
}

static const char *print(const tact_type *t) {
    buf out = buf_in(&scratch);
    type_print(&out, t);
    return buf_done(&out).ptr;
}

static void reads_and_prints(void **state) {
    (void)state;
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"null", "null"},
        {"bool", "bool"},
        {"int", "int"},
        {"uint", "uint"},
        {"double", "double"},
        {"string", "string"},
        {"bytes", "bytes"},
        {"timestamp", "timestamp"},
        {"duration", "duration"},
        {"dyn", "dyn"},
        {"type", "type"},
        {"list", "list(dyn)"},
        {"map", "map(dyn, dyn)"},
        {"optional_type", "optional_type(dyn)"},
        {"list(string)", "list(string)"},
        {" list ( string ) ", "list(string)"},
        {"map(string,int)", "map(string, int)"},
        {"map(uint, list(map(string, double)))", "map(uint, list(map(string, double)))"},
        {"type(int)", "type(int)"},
        {"optional_type(list(int))", "optional_type(list(int))"},
        {"wrapper(int)", "wrapper(int)"},
        {"record(Purchase)", "record(Purchase)"},
        {"list(record(shop.Purchase))", "list(record(shop.Purchase))"},
        {"A", "A"},
        {"list(KEY)", "list(KEY)"},
        {"map(K, V)", "map(K, V)"},
        {"set(int)", "set(int)"},
        {"tuple(A, B, int)", "tuple(A, B, int)"},
        {"net.IP", "net.IP"},
        // The names of protocol buffers for types of CEL's own.
        {"null_type", "null"},
        {"google.protobuf.Timestamp", "timestamp"},
        {"google.protobuf.Duration", "duration"},
        {"google.protobuf.Value", "dyn"},
        {"google.protobuf.Struct", "map(string, dyn)"},
        {"google.protobuf.ListValue", "list(dyn)"},
        {"google.protobuf.Int64Value", "wrapper(int)"},
        {"google.protobuf.StringValue", "wrapper(string)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tact_type *t = parse(cases[i].text);
        assert_string_equal(print(t), cases[i].printed);
        assert_true(type_equal(t, parse(cases[i].printed)));
    }
}

static void refuses_with_the_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int column;
        const char *says;
    } cases[] = {
        {"", 1, "expected a type"},
        {"list(", 6, "expected a type"},
        {"list(int", 9, "expected `,` or `)`"},
        {"list(int) x", 11, "unexpected text after the type"},
        {"list(int, int)", 1, "`list` takes 1 type, not 2"},
        {"map(string)", 1, "`map` takes 2 types, not 1"},
        {"map(double, int)", 1, "the keys of a map can be bool, int, uint, string or dyn"},
        {"list(map(list(int), int))", 6, "the keys of a map can be bool, int, uint, string or dyn"},
        {"wrapper(list(int))", 1, "a wrapper can be of bool, int, uint, double, string or bytes"},
        {"wrapper", 1, "`wrapper` needs to say of what: wrapper(...)"},
        {"record", 1, "`record` needs to say of what: record(...)"},
        {"record()", 8, "expected the name of a record"},
        {"record(A B)", 10, "expected `)`"},
        {"int(int)", 1, "`int` takes no parameters"},
        {"strng", 1, "`strng` is not a type; did you mean `string`?"},
        {"list(String)", 6, "`String` is not a type; did you mean `string`?"},
        {"lists(int)", 1, "`lists` is not a type; did you mean `list`?"},
        {"boolean", 1, "`boolean` is not a type; did you mean `bool`?"},
        {"list(float)", 6, "`float` is not a type; did you mean `double`?"},
        {"array(int)", 1, "`array` is not a type; did you mean `list`?"},
        {"12", 1, "expected a type"},
        {"tuple(int, int, int, int, int, int, int, int, int)", 47, "more than 8 parameters"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tact_error error = {0};
        if (type_parse(&scratch, tact_str_from(cases[i].text), &error)) fail_msg("%s was read", cases[i].text);
        assert_int_equal(error.code, TACT_INVALID);
        assert_string_equal(error.text, cases[i].says);
        assert_int_equal(error.column, cases[i].column);
        assert_null(type_parse(&scratch, tact_str_from(cases[i].text), NULL));
    }
}

static void nesting_is_bounded(void **state) {
    (void)state;
    for (int depth = TYPE_DEPTH_MAX; depth <= TYPE_DEPTH_MAX + 1; depth++) {
        buf text = buf_in(&scratch);
        for (int i = 0; i < depth; i++) buf_add_text(&text, "list(");
        buf_add_text(&text, "int");
        buf_add_repeat(&text, ')', (size_t)depth);
        assert_int_equal(type_parse(&scratch, buf_done(&text), NULL) != NULL, depth <= TYPE_DEPTH_MAX);
    }
}

// A type that would have too many parts is dyn, which is always right, if less telling.
static void size_is_bounded(void **state) {
    (void)state;
    const tact_type *t = &type_int;
    uint32_t parts = 0;
    while (t->kind != TYPE_DYN) {
        parts = 2 * parts + 2;
        t = type_map(&scratch, t, t);
    }
    assert_in_range(parts, TYPE_PARTS_MAX + 1, 2 * TYPE_PARTS_MAX + 2);
    t = &type_int;
    for (int i = 0; i < TYPE_PARTS_MAX; i++) {
        t = type_list(&scratch, t);
        assert_int_equal(t->kind, TYPE_LIST);
    }
    assert_ptr_equal(type_list(&scratch, t), &type_dyn);
}

static void reads_a_part_of_a_longer_text(void **state) {
    (void)state;
    tact_str text = TACT_STR("(list(A), int) -> A");
    size_t at = 1;
    assert_string_equal(print(type_parse_at(&scratch, text, &at, NULL)), "list(A)");
    assert_int_equal(at, 8);
    at++;
    assert_string_equal(print(type_parse_at(&scratch, text, &at, NULL)), "int");
    assert_int_equal(at, 13);
    at = 0;
    assert_string_equal(print(type_parse_at(&scratch, TACT_STR("string.(int)"), &at, NULL)), "string");
    assert_int_equal(at, 6);
}

static void common_types_are_shared(void **state) {
    (void)state;
    static const char *const texts[] = {
        "int",
        "list(int)",
        "list(dyn)",
        "map(string, dyn)",
        "map(string, string)",
        "map(int, bool)",
        "map(dyn, dyn)",
        "type(string)",
        "optional_type(double)",
        "wrapper(bytes)",
        "A",
        "type",
    };
    size_t used = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        used = tact_arena_used(&scratch);
        assert_ptr_equal(parse(texts[i]), parse(texts[i]));
        assert_int_equal(tact_arena_used(&scratch), used);
    }
    assert_ptr_equal(parse("int"), &type_int);
    assert_ptr_equal(type_list(&scratch, &type_string), parse("list(string)"));
    assert_ptr_equal(type_of_kind(TYPE_LIST), parse("list"));
    assert_ptr_equal(type_of_kind(TYPE_MAP), parse("map"));
    assert_ptr_equal(type_of_kind(TYPE_OPTIONAL), parse("optional_type"));
    assert_ptr_equal(type_of_kind(TYPE_DURATION), &type_duration);
}

static void equal_means_of_equal_parts(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"list(list(int))", "list(list(int))", true},
        {"list(list(int))", "list(list(uint))", false},
        {"list(int)", "optional_type(int)", false},
        {"map(bool, list(int))", "map(bool, list(int))", true},
        {"map(bool, int)", "map(int, bool)", false},
        {"record(A)", "record(A)", true},
        {"record(A)", "record(B)", false},
        {"tuple(int, A)", "tuple(int, A)", true},
        {"tuple(int, A)", "tuple(int, B)", false},
        {"tuple(int)", "tuple(int, int)", false},
        {"set(int)", "bag(int)", false},
        {"KEY", "KEY", true},
        {"wrapper(int)", "int", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(type_equal(parse(cases[i].a), parse(cases[i].b)), cases[i].equal);
        assert_int_equal(type_equal(parse(cases[i].b), parse(cases[i].a)), cases[i].equal);
    }
    assert_true(type_equal(type_var(&scratch, 3), type_var(&scratch, 3)));
    assert_false(type_equal(type_var(&scratch, 3), type_var(&scratch, 4)));
}

static void open_means_that_something_is_unknown(void **state) {
    (void)state;
    assert_false(parse("map(string, list(int))")->open);
    assert_true(parse("map(string, list(A))")->open);
    assert_true(type_list(&scratch, type_var(&scratch, 0))->open);
    assert_false(parse("tuple(int, record(x))")->open);
}

// CEL language definition, "Type" and the names of the abstract types in its list of standard definitions.
static void names_in_expressions(void **state) {
    (void)state;
    static const struct {
        const char *name, *type, *printed;
    } cases[] = {
        {"int", "int", "int"},
        {"list", "list(dyn)", "list"},
        {"map", "map(dyn, dyn)", "map"},
        {"type", "type", "type"},
        {"null_type", "null", "null_type"},
        {"google.protobuf.Timestamp", "timestamp", "google.protobuf.Timestamp"},
        {"google.protobuf.Duration", "duration", "google.protobuf.Duration"},
        {"optional_type", "optional_type", "optional_type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tact_type *t = type_named(tact_str_from(cases[i].name));
        assert_non_null(t);
        assert_string_equal(print(t), cases[i].type);
        tact_str name = type_name(t);
        assert_true(tact_str_equal(name, tact_str_from(cases[i].printed)));
    }
    assert_null(type_named(TACT_STR("dyn")));
    assert_null(type_named(TACT_STR("timestamp")));
    assert_null(type_named(TACT_STR("null")));
    assert_true(tact_str_equal(type_name(parse("list(int)")), TACT_STR("list")));
    assert_true(tact_str_equal(type_name(parse("record(x)")), TACT_STR("map")));
    assert_true(tact_str_equal(type_name(parse("wrapper(int)")), TACT_STR("int")));
    assert_true(tact_str_equal(type_name(parse("set(int)")), TACT_STR("set")));
}

static void types_of_values(void **state) {
    (void)state;
    static const struct {
        tact_kind kind;
        const char *name;
    } cases[] = {
        {TACT_NULL, "null_type"},
        {TACT_BOOL, "bool"},
        {TACT_INT, "int"},
        {TACT_UINT, "uint"},
        {TACT_DOUBLE, "double"},
        {TACT_STRING, "string"},
        {TACT_BYTES, "bytes"},
        {TACT_LIST, "list"},
        {TACT_MAP, "map"},
        {TACT_TIMESTAMP, "google.protobuf.Timestamp"},
        {TACT_DURATION, "google.protobuf.Duration"},
        {TACT_TYPE, "type"},
        {TACT_OPTIONAL, "optional_type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tact_value v = {.kind = (uint8_t)cases[i].kind};
        const tact_type *t = type_of_value(v);
        assert_true(tact_str_equal(type_name(t), tact_str_from(cases[i].name)));
        assert_int_equal(type_value_kind(t), cases[i].kind);
    }
    assert_int_equal(type_value_kind(parse("list(int)")), TACT_LIST);
    assert_int_equal(type_value_kind(parse("record(x)")), TACT_MAP);
    assert_int_equal(type_value_kind(parse("dyn")), TACT_UNRESOLVED);
    assert_int_equal(type_value_kind(parse("wrapper(int)")), TACT_UNRESOLVED);
    assert_int_equal(type_value_kind(parse("A")), TACT_UNRESOLVED);
    assert_int_equal(type_value_kind(parse("set(int)")), TACT_UNRESOLVED);
}

static void lack_of_memory_is_reported(void **state) {
    (void)state;
    for (size_t bound = 1; bound < 600; bound += 16) {
        arena a;
        arena_init(&a, bound);
        tact_error error = {0};
        const tact_type *t = type_parse(&a, TACT_STR("map(bool, tuple(list(list(int)), record(x)))"), &error);
        if (!t) assert_int_equal(error.code, TACT_NO_MEMORY);
        arena_fini(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_prints),
        cmocka_unit_test(refuses_with_the_place),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(size_is_bounded),
        cmocka_unit_test(reads_a_part_of_a_longer_text),
        cmocka_unit_test(common_types_are_shared),
        cmocka_unit_test(equal_means_of_equal_parts),
        cmocka_unit_test(open_means_that_something_is_unknown),
        cmocka_unit_test(names_in_expressions),
        cmocka_unit_test(types_of_values),
        cmocka_unit_test(lack_of_memory_is_reported),
    };
    return cmocka_run_group_tests_name("type", tests, set_up, tear_down);
}
