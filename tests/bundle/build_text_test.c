// SPDX-License-Identifier: Apache-2.0
//
// Texts of content: what is computed in them, what stands in for what is absent, what each kind of field takes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "build_case.h"

#define PLACE(FIELD)                                                                                                   \
    "placements: {home: {channel: web}}\ncontent: {home: {f: " FIELD                                                   \
    "}}\noffers:\n  o:\n    title: Winter\n    content:\n"

static const bundle_text *open_text(build_case *c, const char *kind, const char *value) {
    arena memory;
    arena_init(&memory, 0);
    const char *text = arena_printf(&memory,
                                    "placements: {home: {channel: web}}\ncontent: {home: {f: %s}}\noffers:\n  o:\n"
                                    "    title: Winter\n    content:\n      home:\n        f: %s\n",
                                    kind, value);
    assert_non_null(text);
    open_built(c, text);
    arena_fini(&memory);
    assert_int_equal(c->bundle->contents_count, 1);
    assert_int_equal(c->bundle->contents[0].count, 1);
    return &c->bundle->contents[0].texts[0];
}

static void assert_text(const bundle_piece *piece, const char *text) {
    assert_null(piece->program);
    assert_string_equal(tact_str_from(text).ptr, text);
    assert_true(tact_str_equal(piece->text, tact_str_from(text)));
}

static void test_as_it_is(void **state) {
    (void)state;
    build_case c;
    const bundle_text *t = open_text(&c, "string", "Winter sale");
    assert_int_equal(t->count, 1);
    assert_text(&t->pieces[0], "Winter sale");
    assert_int_equal(t->value.kind, TACT_NULL);
    case_close(&c);
    t = open_text(&c, "string", "2026");
    assert_text(&t->pieces[0], "2026");
    case_close(&c);
    t = open_text(&c, "string", "''");
    assert_int_equal(t->count, 0);
    case_close(&c);
    t = open_text(&c, "html", "'<b>a } b { }} ?? c</b>'");
    assert_int_equal(t->count, 1);
    assert_text(&t->pieces[0], "<b>a } b { }} ?? c</b>");
    case_close(&c);
}

static void test_computed(void **state) {
    (void)state;
    build_case c;
    const bundle_text *t = open_text(&c, "string",
                                     "'Dear {{ profile.first_name }}, {{offer.title}} {{ profile.recency + 1 }}!'");
    assert_int_equal(t->count, 7);
    assert_text(&t->pieces[0], "Dear ");
    assert_string_equal(case_value(&c, t->pieces[1].program, "profile.first_name", "'Zoë'", NULL), "\"Zoë\"");
    assert_null(t->pieces[1].otherwise);
    assert_true(tact_str_equal(t->pieces[1].text, TACT_STR("profile.first_name")));
    assert_text(&t->pieces[2], ", ");
    assert_string_equal(case_value(&c, t->pieces[3].program, "offer.title", "'Winter'", NULL), "\"Winter\"");
    assert_text(&t->pieces[4], " ");
    assert_string_equal(case_value(&c, t->pieces[5].program, "profile.recency", "2", NULL), "3");
    assert_text(&t->pieces[6], "!");
    case_close(&c);
}

static void test_otherwise(void **state) {
    (void)state;
    build_case c;
    const bundle_text *t = open_text(&c, "string", "'{{ profile.first_name ?? profile.tier ?? \"there\" }}'");
    const bundle_piece *p = t->pieces;
    assert_int_equal(t->count, 1);
    assert_string_equal(case_value(&c, p->program, NULL), "absent");
    p = p->otherwise;
    assert_string_equal(case_value(&c, p->program, "profile.tier", "'gold'", NULL), "\"gold\"");
    p = p->otherwise;
    assert_string_equal(case_value(&c, p->program, NULL), "\"there\"");
    assert_null(p->otherwise);
    case_close(&c);
}

static void test_where_an_expression_ends(void **state) {
    (void)state;
    build_case c;
    const bundle_text *t = open_text(&c, "string",
                                     "'{{ \"}}\" + \"??\" }}{{ {\"a\": {\"b\": \"x\"}}[\"a\"][\"b\"] }}{{ \"{{\" }}'");
    assert_int_equal(t->count, 3);
    assert_string_equal(case_value(&c, t->pieces[0].program, NULL), "\"}}??\"");
    assert_string_equal(case_value(&c, t->pieces[1].program, NULL), "\"x\"");
    assert_string_equal(case_value(&c, t->pieces[2].program, NULL), "\"{{\"");
    case_close(&c);
    t = open_text(&c, "string", "'{{ profile.recency > 1 ? \"a\" : \"b\" }} it''s'");
    assert_int_equal(t->count, 2);
    assert_text(&t->pieces[1], " it's");
    case_close(&c);
}

static void test_numbers_and_truth(void **state) {
    (void)state;
    build_case c;
    const bundle_text *t = open_text(&c, "int", "12");
    assert_int_equal(t->value.as.i, 12);
    assert_int_equal(t->count, 0);
    case_close(&c);
    t = open_text(&c, "double", "1");
    assert_int_equal(t->value.kind, TACT_DOUBLE);
    assert_true(t->value.as.d == 1.0);
    case_close(&c);
    t = open_text(&c, "bool", "true");
    assert_true(t->value.as.b);
    case_close(&c);
    t = open_text(&c, "int", "'{{ profile.recency ?? 0 }}'");
    assert_int_equal(t->value.kind, TACT_NULL);
    assert_string_equal(case_value(&c, t->pieces[0].program, "profile.recency", "7", NULL), "7");
    case_close(&c);
}

static void test_faults_of_expressions(void **state) {
    (void)state;
    assert_said(
        PLACE("string") "      home: {f: 'Hi {{ profile.first_nam }} and {{ 1 + \"a\" }} and {{ profile.recency'}\n",
        "undeclared_field offers.o.content.home.f: `profile` has no field `first_nam` (did you mean `first_name`?)\n"
        "no_overload offers.o.content.home.f: `+` does not take int and string (it takes int and int, or string and "
        "string)\n"
        "unclosed offers.o.content.home.f: `{{` is not closed by `}}` (write {{ \"{{\" }} for the braces "
        "themselves)\n");
    assert_said(PLACE("string") "      home: {f: '{{ profile.tags }}'}\n",
                "wrong_type offers.o.content.home.f: expected a string, a number or a bool, not list(string)\n");
    assert_said(PLACE("int") "      home: {f: '{{ 1.5 }}'}\n",
                "wrong_type offers.o.content.home.f: expected an int, not double\n");
    assert_said(
        PLACE("string") "      home: {f: '{{ propensity }} {{ }}'}\n",
        "scope offers.o.content.home.f: `propensity` can be read by rankings, not by rules of offers and groups\n"
        "empty offers.o.content.home.f: the expression is empty\n");
}

static void test_places_of_faults(void **state) {
    (void)state;
    build_case c;
    case_open(&c);
    case_add_shop(&c);
    case_add(&c, "more.yaml", PLACE("string") "      home: {f: 'Dear {{ profile.first_nam ?? \"you\" }}'}\n");
    case_build(&c, NULL);
    assert_string_equal(report_text(&c.report).ptr, "more.yaml:7:34: error: `profile` has no field `first_nam`\n"
                                                    " 7 |       home: {f: 'Dear {{ profile.first_nam ?? \"you\" }}'}\n"
                                                    "   |                                  ^~~~~~~~~\n"
                                                    "   in offers.o.content.home.f\n"
                                                    "   hint: did you mean `first_name`?\n");
    case_close(&c);
}

static void test_wrong_kinds(void **state) {
    (void)state;
    assert_said(PLACE("string") "      home: {f: [a]}\n",
                "wrong_content offers.o.content.home.f: expected a text, not a list\n");
    assert_said(PLACE("string") "      home: {f: {{ profile.first_name }}}\n",
                "wrong_form : a key must be a text (a text that begins with {{ is written in quotes)\n");
    assert_said(
        PLACE("image") "      home: {f: 12}\n",
        "wrong_content offers.o.content.home.f: expected the address of an image such as /img/w.jpg, not `12`\n");
    assert_said(PLACE("image") "      home: {f: /img/my cat.jpg}\n",
                "wrong_content offers.o.content.home.f: expected the address of an image such as /img/w.jpg, not "
                "`/img/my cat.jpg`\n");
    assert_said(PLACE("url") "      home: {f: true}\n",
                "wrong_content offers.o.content.home.f: expected an address such as /women/winter, not `true`\n");
    assert_said(PLACE("url") "      home: {f: '/p/{{ profile.first_name + \" x\" }}/y'}\n", "");
    assert_said(PLACE("int") "      home: {f: 1.5}\n",
                "wrong_content offers.o.content.home.f: expected a whole number, not `1.5`\n");
    assert_said(PLACE("int") "      home: {f: 'n {{ 1 }}'}\n",
                "wrong_content offers.o.content.home.f: expected a whole number, not `n {{ 1 }}`\n");
    assert_said(PLACE("bool") "      home: {f: yes}\n",
                "wrong_content offers.o.content.home.f: expected true or false, not `yes`\n");
    assert_said(PLACE("string") "      home: {f: }\n", "wrong_content offers.o.content.home.f: expected a text\n");
}

static void test_too_long(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    buf text = buf_in(&memory);
    buf_add_text(&text, PLACE("string") "      home: {f: ");
    buf_add_repeat(&text, 'x', BUNDLE_TEXT_MAX + 1);
    buf_add_text(&text, "}\n");
    assert_said(buf_done(&text).ptr, "too_large offers.o.content.home.f: a text can have no more than 16384 bytes\n");
    arena_fini(&memory);
}

static void test_schemes_of_addresses(void **state) {
    (void)state;
    assert_said("placements: {home: {channel: web}}\ncontent: {home: {link: url}}\noffers:\n"
                "  a: {content: {home: {link: 'javascript:alert(1)'}}}\n"
                "  b: {content: {home: {link: 'DATA:text/html,x'}}}\n"
                "  c: {content: {home: {link: 'HTTPS://x.example/?a=b:c'}}, propensity: 2}\n"
                "  d: {content: {home: {link: '/a:b'}}, eligible: profile.recency > 3}\n"
                "  e: {content: {home: {link: 'mailto:a@b.example'}}, eligible: profile.recency > 3}\n",
                "wrong_content offers.a.content.home.link: an address may not be of `javascript:`, which browsers do "
                "not simply go to (an address begins with https:, http:, mailto:, tel: or a /)\n"
                "wrong_content offers.b.content.home.link: an address may not be of `DATA:`, which browsers do not "
                "simply go to (an address begins with https:, http:, mailto:, tel: or a /)\n"
                "propensity offers.c.propensity: a propensity is a probability, from 0 to 1 (what an offer is worth is "
                "its `value`)\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemes_of_addresses),
        cmocka_unit_test(test_as_it_is),
        cmocka_unit_test(test_computed),
        cmocka_unit_test(test_otherwise),
        cmocka_unit_test(test_where_an_expression_ends),
        cmocka_unit_test(test_numbers_and_truth),
        cmocka_unit_test(test_faults_of_expressions),
        cmocka_unit_test(test_places_of_faults),
        cmocka_unit_test(test_wrong_kinds),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
