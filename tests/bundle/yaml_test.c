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
static sources files;
static report faults;
static uint32_t nodes;

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

static const yaml_node *read_in(arena *a, tact_str text) {
    tact_error error;
    nodes = 0;
    sources_init(&files, &memory);
    report_init(&faults, a, &files, TACT_STR("a.yaml"));
    if (sources_add(&files, TACT_STR("a.yaml"), text, &error)) fail_msg("%s", error.text);
    return yaml_read(a, &faults, 0, &nodes);
}

static const yaml_node *read(const char *text) {
    return read_in(&memory, tact_str_from(text));
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
        {"a:b: c\nd:e:\n", "{a:b: c, d:e: }"},
        {"{'a:b', \"c\":d, e:[f:g], h:{i: j}, k: }", "{a:b: , c: d, e: [f:g], h: {i: j}, k: }"},
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
        {"? !!str a\n: b\n", "BAD", 1},
        {"a: :\nb:\n- : text\n- c\n", "{a: BAD, b: [BAD, c]}", 2},
        {"a: {[b]: 1, c: d}\n", "{a: {c: d}}", 1},
        {"a: {b:c}\n", "{a: {b: c}}", 1},
        {"{a:5, b: {c:d:e, f: g}}", "{a: 5, b: {c: d:e, f: g}}", 2},
        {"{a:'b', c:\"d\"}", "{a: BAD, c: BAD}", 2},
        {"{a: 1, a:2}", "{a: 1}", 2},
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
    text = "l:\n -\n - 'it''s' # - no\n -\n - {a: [b]}\n -\n - ''\n -\n - a: 1\n -\n -\n";
    list = get(well(text), "l");
    const char *dash = text;
    for (const yaml_node *item = list->first; item; item = item->next) { // or its dash
        dash = strstr(dash, "\n -") + 2;
        if (item->kind == YAML_SCALAR && item->plain) assert_int_equal(item->at.pos, dash - text);
    }
}

static void test_a_byte_order_mark_is_no_text(void **state) {
    (void)state;
    const yaml_node *root = well("\xef\xbb\xbf"
                                 "a: b\n");
    assert_string_equal(printed(root), "{a: b}");
    assert_int_equal(root->first->key_at.pos, 3); // of the bytes as they are
}

static void test_scalars(void **state) {
    (void)state;
    static const struct {
        const char *text;
        char kind; // null, bool, int, double, text
        double number;
    } rows[] = {
        {"~", 'n', 0},         {"null", 'n', 0},   {"Null", 'n', 0},        {"NULL", 'n', 0},
        {"nUll", 't', 0},      {"true", 'b', 1},   {"True", 't', 0},        {"FALSE", 't', 0},
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
        {"a: [1, 2\nb: }", TACT_SYNTAX, 1, 4, "this is never closed"},
        {"a:\n  f: {t: a, c: {d: {e: '}'}}\n", TACT_SYNTAX, 2, 6, "this is never closed"},
        {"a: {b: 5, c: d # }\ne:\n  f: 1\n", TACT_SYNTAX, 1, 4, "this is never closed"},
        {"a:\n  f: {c: [1]\n  g: {c: [1]}\n", TACT_SYNTAX, 2, 6, "this is never closed"},
        {"a: {b: \"x\" y}\n", TACT_SYNTAX, 1, 12, NULL},
        {"a: *Sale* now\n", TACT_INVALID, 1, 5, "aliases are not used here: every value stands where it holds"},
        {"a: 1\nb: |0\n x\n", TACT_SYNTAX, 2, 2, "behind this place the file is no YAML"},
        {"\u00e4: \"\\q\"", TACT_SYNTAX, 1, 5, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_null(read(rows[i].text));
        assert_int_equal(faults.code, rows[i].code);
        assert_int_equal(faults.count, 1);
        assert_non_null(report_text(&faults).ptr); // which works out the places
        assert_int_equal(faults.items[0].line, rows[i].line);
        if (rows[i].says) {
            assert_int_equal(faults.items[0].column, rows[i].column);
            assert_string_equal(faults.items[0].text, rows[i].says);
        }
    }
    assert_null(read_in(&memory, (tact_str){"a\0b", 3}));
    assert_string_equal(faults.items[0].text, "unexpected character U+0000");
    assert_null(read_in(&memory, (tact_str){NULL, 0}));
    assert_int_equal(faults.code, TACT_INVALID);
}

// The places of a second file are behind those of the first; so are its faults.
static void test_several_files(void **state) {
    (void)state;
    tact_error error;
    assert_non_null(well("a: 1\n"));
    assert_int_equal(sources_add(&files, TACT_STR("b.yaml"), TACT_STR("# c\nb: [2, \"\\x41\"]\n"), &error), TACT_OK);
    assert_int_equal(sources_add(&files, TACT_STR("c.yaml"), TACT_STR("\nc: [\n"), &error), TACT_OK);
    assert_int_equal(sources_add(&files, TACT_STR("d.yaml"), TACT_STR("d: \xff"), &error), TACT_OK);
    uint32_t before = nodes;
    const yaml_node *root = yaml_read(&memory, &faults, 1, &nodes), *list = root->first;
    assert_int_equal(nodes, before + 5); // two maps' worth: the map, the key, the list and its items
    assert_int_equal(list->key_at.pos, files.files[1].from + 4);
    assert_int_equal(memcmp(files.text.ptr + list->first->at.pos, "2, ", 3), 0);
    assert_null(yaml_read(&memory, &faults, 2, &nodes));
    assert_null(yaml_read(&memory, &faults, 3, &nodes));
    const char *text = report_text(&faults).ptr;
    assert_non_null(strstr(text, "c.yaml:2:4: error: this is never closed"));
    assert_non_null(strstr(text, "d.yaml:1:4: error: byte 0xff is not UTF-8 here\n"));
}

// What is as the file has it is not copied.
static void test_texts_are_borrowed(void **state) {
    (void)state;
    const yaml_node *root = well("key: [plain text, 'quoted', \"escaped\\n\"]");
    const char *start = files.text.ptr;
    const yaml_node *plain = root->first->first, *quoted = plain->next, *escaped = quoted->next;
    assert_ptr_equal(root->first->key.ptr, start);
    assert_ptr_equal(plain->text.ptr, start + 6);
    assert_ptr_equal(quoted->text.ptr, start + 19);
    assert_false(escaped->text.ptr >= start && escaped->text.ptr < start + files.text.len);
}

static void test_hints(void **state) {
    (void)state;
    static const char *const rows[] = {
        "a: !(profile.x)", "a: !(\"x\" in b)",    "a: b ? 1 : 0", "{a: b ? 1 : 0}",
        "a: \"x\" in b",   "a: [1] == profile.x", "a: @b",        "a: x == \"b: c\"",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)read(rows[i]);
        assert_int_equal(faults.count, 1);
        if (!faults.items[0].hint || !strstr(faults.items[0].hint, "in single quotes")) fail_msg("%s", rows[i]);
    }
    (void)read("a: {{ profile.x }}");
    assert_string_equal(faults.items[0].hint, "a text that begins with {{ is written in quotes");
    (void)read("a: *b");
    assert_string_equal(faults.items[0].hint, "a text that begins with * is written in quotes");
    (void)read("a: &b");
    assert_string_equal(faults.items[0].hint, "a text that begins with & is written in quotes");
    (void)read("a: !!str b");
    assert_null(faults.items[0].hint);
}

// Keys are found by hash, so that a map of a hundred thousand costs little; one of them is there twice.
static void test_many_keys(void **state) {
    (void)state;
    enum { KEYS = 100000 };
    buf text = buf_in(&memory);
    for (int i = 0; i < KEYS; i++) buf_printf(&text, "key_%d: {a: 1, b: 2}\n", i);
    buf_add_text(&text, "key_777: 3\n");
    const yaml_node *root = read_in(&memory, buf_done(&text));
    assert_non_null(root);
    assert_int_equal(root->count, KEYS);
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].text, "`key_777` is here a second time; the first is at a.yaml:778:1");
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
    for (uint32_t more = 0; more <= 1; more++) { // the list itself is a part
        (void)read("[1, 2, 3]");
        nodes = YAML_NODES_MAX - 4 + more;
        faults.errors = faults.count = 0;
        assert_int_equal(yaml_read(&memory, &faults, 0, &nodes) != NULL, !more);
        assert_int_equal(faults.code, more ? TACT_LIMIT : TACT_OK);
    }
    assert_int_equal(faults.count, 1);
    assert_string_equal(faults.items[0].text, "here the bundle has more than 8388608 parts");
}

static void test_memory_runs_out(void **state) {
    (void)state;
    static const char text[] = "a: {b: [1, 2, 3], c: text}\nd: 4\ne: 5\nf: [{g: h}]\n";
    bool enough = false;
    for (size_t bytes_max = 16; !enough; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        const yaml_node *root = read_in(&small, tact_str_from(text));
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
        cmocka_unit_test_setup_teardown(test_several_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_texts_are_borrowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
