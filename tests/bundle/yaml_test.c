// SPDX-License-Identifier: Apache-2.0
//
// YAML: the tree, its places, what scalars are (YAML 1.2, section 10.3.2), and what is refused. How faults read as
// reports is in tests/bundle/schema_file/yaml.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "bundle/yaml.h"

static arena memory;
static report faults;

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

static const yaml_node *read(const char *text) {
    report_init(&faults, &memory, TACT_STR("a.yaml"), tact_str_from(text));
    return yaml_read(&memory, &faults);
}

static const yaml_node *well(const char *text) {
    const yaml_node *root = read(text);
    if (faults.code) fail_msg("%s", report_text(&faults).ptr);
    assert_non_null(root);
    return root;
}

static const yaml_node *get(const yaml_node *map, const char *key) {
    for (const yaml_node *item = map->first; item; item = item->next) {
        if (tact_str_equal(item->key, tact_str_from(key))) return item;
    }
    return NULL;
}

// The tree as text: {k: v} and [v], scalars in quotes unless they were plain.
static void print(buf *out, const yaml_node *node) {
    switch (node->kind) {
    case YAML_BAD: buf_add_text(out, "BAD"); return;
    case YAML_SCALAR: buf_printf(out, node->plain ? "%.*s" : "'%.*s'", (int)node->text.len, node->text.ptr); return;
    default: break;
    }
    uint32_t count = 0;
    buf_add_char(out, node->kind == YAML_MAP ? '{' : '[');
    for (const yaml_node *item = node->first; item; item = item->next, count++) {
        if (count) buf_add_text(out, ", ");
        if (node->kind == YAML_MAP) buf_printf(out, "%.*s: ", (int)item->key.len, item->key.ptr);
        print(out, item);
    }
    buf_add_char(out, node->kind == YAML_MAP ? '}' : ']');
    assert_int_equal(count, node->count);
}

static const char *printed(const yaml_node *node) {
    buf out = buf_in(&memory);
    print(&out, node);
    return buf_done(&out).ptr;
}

static void test_trees(void **state) {
    (void)state;
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"a: 1\nb: [x, 'y', \"z\\n\"]\n", "{a: 1, b: [x, 'y', 'z\n']}"},
        {"a:\n  - 1\n  - b: 2\n    c: 3\n  -\n", "{a: [1, {b: 2, c: 3}, ]}"},
        {"{\"a\":\t{\"b\": [true, null]}}", "{a: {b: [true, null]}}"},
        {"a: {}\nb: []\nc:\n", "{a: {}, b: [], c: }"},
        {"- a b # comment\n- 'it''s'\n", "[a b, 'it's']"},
        {"a: |\n  two\n  lines\n", "{a: 'two\nlines\n'}"},
        {"plain", "plain"},
        {"'a: b': c # d\r\ne: f\r\n", "{a: b: c, e: f}"},
        {"profile.recency >= 9", "profile.recency >= 9"},
        {"%YAML 1.2\n---\na: b\n...\n", "{a: b}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_string_equal(printed(well(rows[i].text)), rows[i].tree);
    }
}

static void test_what_is_refused_leaves_the_rest(void **state) {
    (void)state;
    static const struct {
        const char *text, *tree;
        uint32_t faults;
    } rows[] = {
        {"a: &x 1\nb: *x\nc: !!int 3\nd: 4\n", "{a: BAD, b: BAD, c: BAD, d: 4}", 3},
        {"a: 1\na: 2\n[b]: 3\n: 4\n", "{a: 1}", 3},
        {"a: &x !!map {b: c}\n", "{a: BAD}", 2},
        {"? !!str a\n: b\n", "{}", 1},
        {"a: 1\n---\nb: 2\n", "{a: 1}", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const yaml_node *root = read(rows[i].text);
        assert_non_null(root);
        assert_string_equal(printed(root), rows[i].tree);
        assert_int_equal(faults.count, rows[i].faults);
        assert_int_equal(faults.code, TACT_INVALID);
    }
}

static void test_places(void **state) {
    (void)state;
    const char *text = "\u00e4: {key: 'text'}\nlist:\n  - plain  # comment\nnone:\n";
    const yaml_node *root = well(text), *map = get(root, "\u00e4");
    const yaml_node *key = get(map, "key"), *list = get(root, "list");
    assert_int_equal(map->key_at.pos, 0);
    assert_int_equal(map->key_at.len, 2);
    assert_int_equal(map->at.pos, strchr(text, '{') - text);
    assert_int_equal(key->key_at.pos, strstr(text, "key") - text);
    assert_int_equal(key->key_at.len, 3);
    assert_int_equal(key->at.pos, strstr(text, "text") - text); // within the quotes
    assert_int_equal(key->at.len, 4);
    assert_int_equal(list->first->at.pos, strstr(text, "plain") - text);
    assert_int_equal(list->first->at.len, 5);
    const yaml_node *none = get(root, "none");
    assert_int_equal(none->at.pos, none->key_at.pos); // what is absent has its key's
}

static void test_a_byte_order_mark_is_no_text(void **state) {
    (void)state;
    const yaml_node *root = well("\xef\xbb\xbf"
                                 "a: b\n");
    assert_string_equal(printed(root), "{a: b}");
    assert_int_equal(root->first->key_at.pos, 0);
    assert_int_equal(faults.source.len, 5);
}

static void test_scalars(void **state) {
    (void)state;
    static const struct {
        const char *text;
        char kind; // null, bool, int, double, text
        double number;
    } rows[] = {
        {"~", 'n', 0},         {"null", 'n', 0},   {"Null", 'n', 0},        {"NULL", 'n', 0},
        {"nUll", 't', 0},      {"true", 'b', 1},   {"True", 'b', 1},        {"FALSE", 'b', 0},
        {"tRue", 't', 0},      {"yes", 't', 0},    {"no", 't', 0},          {"on", 't', 0},
        {"'true'", 't', 0},    {"'null'", 't', 0}, {"''", 't', 0},          {"0", 'i', 0},
        {"-19", 'i', -19},     {"+12", 'i', 12},   {"0o14", 'i', 12},       {"0xFf", 'i', 255},
        {"007", 'i', 7},       {"0x", 't', 0},     {"0x-1", 't', 0},        {"1_000", 't', 0},
        {"'1'", 't', 0},       {"1.0", 'd', 1},    {"-.5", 'd', -.5},       {"12e03", 'd', 12000},
        {"-2E+05", 'd', -2e5}, {"1.", 'd', 1},     {".inf", 'd', INFINITY}, {"-.INF", 'd', -INFINITY},
        {"inf", 't', 0},       {"nan", 't', 0},    {"infinity", 't', 0},    {"1e999", 't', 0},
        {".", 't', 0},         {"1.2.3", 't', 0},  {"e5", 't', 0},          {"9223372036854775808", 'd', 0x1p63},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const yaml_node *node = well(rows[i].text);
        bool b = false;
        int64_t n = 0;
        double d = 0;
        assert_int_equal(yaml_is_null(node), rows[i].kind == 'n');
        assert_int_equal(yaml_bool(node, &b), rows[i].kind == 'b');
        if (rows[i].kind == 'b') assert_int_equal(b, rows[i].number);
        assert_int_equal(yaml_int(node, &n), rows[i].kind == 'i');
        if (rows[i].kind == 'i') assert_int_equal(n, (int64_t)rows[i].number);
        assert_int_equal(yaml_double(node, &d), rows[i].kind == 'i' || rows[i].kind == 'd');
        if (rows[i].kind == 'd') assert_true(d == rows[i].number);
    }
    double d;
    assert_true(yaml_double(well(".nan"), &d) && isnan(d));
    const yaml_node *list = well("[]");
    bool b;
    int64_t n;
    assert_false(yaml_is_null(list) || yaml_bool(list, &b) || yaml_int(list, &n) || yaml_double(list, &d));
}

static void test_no_trees(void **state) {
    (void)state;
    static const struct {
        const char *text;
        tact_err code;
        uint32_t line, column;
        const char *says;
    } rows[] = {
        {"", TACT_INVALID, 1, 1, "the file holds nothing"},
        {"# a\n", TACT_INVALID, 1, 1, "the file holds nothing"},
        {"a: \xff\n", TACT_SYNTAX, 1, 4, "byte 0xff is not UTF-8 here"},
        {"a:\n  \x1b[31m\n", TACT_SYNTAX, 2, 3, "unexpected character U+001B"},
        {"a: b\xef\xbb\xbf\n", TACT_SYNTAX, 1, 5, "unexpected character U+FEFF"},
        {"a: [1, 2\nb: }", TACT_SYNTAX, 2, 4, NULL},
        {"\u00e4: \"\\q\"", TACT_SYNTAX, 1, 5, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(read(rows[i].text));
        assert_int_equal(faults.code, rows[i].code);
        assert_int_equal(faults.count, 1);
        assert_int_equal(faults.items[0].line, rows[i].line);
        if (rows[i].says) {
            assert_int_equal(faults.items[0].column, rows[i].column);
            assert_string_equal(faults.items[0].text, rows[i].says);
        }
    }
    report_init(&faults, &memory, TACT_STR("a"), (tact_str){"a\0b", 3});
    assert_null(yaml_read(&memory, &faults));
    assert_string_equal(faults.items[0].text, "unexpected character U+0000");
    report_init(&faults, &memory, TACT_STR("a"), (tact_str){NULL, 0});
    assert_null(yaml_read(&memory, &faults));
    assert_int_equal(faults.code, TACT_INVALID);
}

static void test_bounds(void **state) {
    (void)state;
    for (int depth = YAML_DEPTH_MAX; depth <= YAML_DEPTH_MAX + 1; depth++) {
        buf text = buf_in(&memory);
        buf_add_repeat(&text, '[', (size_t)depth);
        buf_add_repeat(&text, ']', (size_t)depth);
        assert_int_equal(read(buf_done(&text).ptr) != NULL, depth == YAML_DEPTH_MAX);
        assert_int_equal(faults.code, depth == YAML_DEPTH_MAX ? TACT_OK : TACT_LIMIT);
    }
    assert_string_equal(faults.items[0].text, "nested deeper than 20 levels");
    for (int more = 0; more <= 1; more++) { // the list itself is a part
        buf text = buf_in(&memory);
        buf_add_char(&text, '[');
        for (int i = 0; i < YAML_NODES_MAX - 1 + more; i++) buf_add_text(&text, "1,");
        buf_add_char(&text, ']');
        assert_int_equal(read(buf_done(&text).ptr) != NULL, !more);
        assert_int_equal(faults.code, more ? TACT_LIMIT : TACT_OK);
    }
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].text, "the file has more than 262144 parts");
}

static void test_memory_runs_out(void **state) {
    (void)state;
    static const char text[] = "a: {b: [1, 2, 3], c: text}\nd: 4\ne: 5\nf: [{g: h}]\n";
    bool enough = false;
    for (size_t bytes_max = 16; !enough; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        report_init(&faults, &small, TACT_STR("a.yaml"), tact_str_from(text));
        const yaml_node *root = yaml_read(&small, &faults);
        enough = root != NULL;
        assert_int_equal(faults.code, enough ? TACT_OK : TACT_NO_MEMORY);
        if (enough) assert_string_equal(printed(root), "{a: {b: [1, 2, 3], c: text}, d: 4, e: 5, f: [{g: h}]}");
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_trees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_is_refused_leaves_the_rest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_byte_order_mark_is_no_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scalars, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_trees, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
