// SPDX-License-Identifier: Apache-2.0
//
// Content: what is between the braces, escaped as its field needs it; alternatives; and that what has no value is
// passed over.
#include "decide/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "deciding.h"
#include "value/value.h"

#define PLACES                                                                                                         \
    "placements: {home: {channel: web, fallback: f}}\n"                                                                \
    "content: {home: {s: string?, h: html?, u: url?, i: image?, n: int?, x: double?, b: bool?}}\n"                     \
    "offers:\n  f: {content: {home: {s: fallback}}}\n"

static void set_name(deciding *d, const char *name) {
    deciding_set(d, "first_name", tact_string(name, strlen(name)), DECIDING_NOW);
}

// The field that the placement shows, printed; "none" if it is left out.
static const char *shown(deciding *d, const char *field) {
    (void)deciding_run(d);
    const bundle_placement *p = &d->bundle->placements[0];
    assert_int_equal(d->answer.places[0].choices_count, 1);
    const decide_choice *c = &d->answer.places[0].choices[0];
    for (uint32_t i = 0; i < p->fields_count; i++) {
        if (!tact_str_equal(p->fields[i].name, tact_str_from(field))) continue;
        tact_value v = c->fields[i];
        if (v.kind == TACT_NULL) return "none";
        if (v.kind != TACT_STRING) return tact_value_print(v, &d->c.memory).ptr;
        return arena_copy(&d->c.memory, v.as.s, v.len);
    }
    return "no such field";
}

static void pieces_are_escaped_by_the_fields_kind(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  o:\n    content:\n      home:\n"
                             "        s: '<{{ profile.first_name }}>'\n        h: '<b>{{ profile.first_name }}</b>'\n"
                             "        u: '/a?b={{ profile.first_name }}&c=d'\n"
                             "        i: '{{ profile.first_name }}.jpg'\n");
    set_name(&d, "<A&\"b'> \xc3\xa9/?x=1+%-._~");
    assert_string_equal(shown(&d, "s"), "<<A&\"b'> \xc3\xa9/?x=1+%-._~>");
    assert_string_equal(shown(&d, "h"), "<b>&lt;A&amp;&quot;b&#39;&gt; \xc3\xa9/?x=1+%-._~</b>");
    assert_string_equal(shown(&d, "u"), "/a?b=%3CA%26%22b%27%3E%20%C3%A9%2F%3Fx%3D1%2B%25-._~&c=d");
    assert_string_equal(shown(&d, "i"), "%3CA%26%22b%27%3E%20%C3%A9%2F%3Fx%3D1%2B%25-._~.jpg");
    set_name(&d, "");
    assert_string_equal(shown(&d, "h"), "<b></b>");
    deciding_close(&d);
}

static void numbers_and_truth_are_written_as_the_language_writes_them(void **state) {
    (void)state;
    static const struct {
        const char *piece, *text;
    } rows[] = {
        {"1 + 1", "2"},
        {"-9223372036854775807 - 1", "-9223372036854775808"},
        {"3u", "3"},
        {"0.1 + 0.2", "0.30000000000000004"},
        {"2.0", "2"},
        {"1.0 / 0.0", "+Inf"},
        {"1 < 2", "true"},
        {"\"{{\"", "{{"},
        {"offer.id", "o"},
        {"context.cart", "0"},
        {"\"a\" + \"}}\"", "a}}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        deciding d;
        char text[1000];
        snprintf(text, sizeof text, PLACES "  o: {content: {home: {s: '[{{ %s }}]'}}}\n", rows[i].piece);
        deciding_open(&d, text);
        char expected[100];
        snprintf(expected, sizeof expected, "[%s]", rows[i].text);
        assert_string_equal(shown(&d, "s"), expected);
        deciding_close(&d);
    }
}

static void values_keep_their_type(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES
                  "  o: {content: {home: {n: 20, x: '{{ profile.history * 2.0 ?? 1.5 }}', b: '{{ 1 < 2 }}'}}}\n");
    assert_string_equal(shown(&d, "n"), "20");
    assert_string_equal(shown(&d, "x"), "1.5");
    assert_string_equal(shown(&d, "b"), "true");
    assert_string_equal(shown(&d, "s"), "none");
    deciding_set(&d, "history", tact_double(4), DECIDING_NOW);
    assert_string_equal(shown(&d, "x"), "8.0");
    deciding_close(&d);
}

static void the_first_alternative_with_a_value_is_taken(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES
                  "  o: {content: {home: {s: 'Hello {{ profile.first_name ?? profile.tier ?? \"there\" }}!'}}}\n");
    assert_string_equal(shown(&d, "s"), "Hello there!");
    deciding_say(&d, "marketing", CONSENT_GRANTED);
    deciding_set(&d, "tier", tact_string("gold", 4), DECIDING_NOW);
    assert_string_equal(shown(&d, "s"), "Hello gold!");
    set_name(&d, "Ann");
    assert_string_equal(shown(&d, "s"), "Hello Ann!");
    deciding_close(&d);
}

static void without_a_value_the_next_offer_is_shown(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d,
                  PLACES "  o: {value: 9, content: {home: {s: 'Hello {{ profile.first_name }}!'}}}\n"
                         "  p: {value: 8, content: {home: {n: '{{ profile.recency }}'}}}\n"
                         "  q: {value: 7, eligible: profile.recency == 3, content: {home: {s: '{{ 1 / (profile.recency "
                         "- 3) }}'}}}\n");
    assert_string_equal(deciding_run(&d), "home: f (fallback)");
    assert_string_equal(deciding_why(&d, "o"), "content");
    assert_string_equal(deciding_why(&d, "p"), "content");
    assert_string_equal(deciding_why(&d, "q"), "content"); // said before its rule is looked at
    deciding_set(&d, "recency", tact_int(3), DECIDING_NOW);
    assert_string_equal(deciding_run(&d), "home: p");
    set_name(&d, "Ann");
    assert_string_equal(deciding_run(&d), "home: o");
    deciding_close(&d);
}

static void what_is_not_computed_is_not_copied(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  o: {content: {home: {s: as it is}}}\n");
    (void)deciding_run(&d);
    assert_true(d.answer.places[0].choices[0].fields[0].as.s == d.bundle->contents[1].texts[0].pieces[0].text.ptr);
    deciding_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_escaped_by_the_fields_kind),
        cmocka_unit_test(numbers_and_truth_are_written_as_the_language_writes_them),
        cmocka_unit_test(values_keep_their_type),
        cmocka_unit_test(the_first_alternative_with_a_value_is_taken),
        cmocka_unit_test(without_a_value_the_next_offer_is_shown),
        cmocka_unit_test(what_is_not_computed_is_not_copied),
    };
    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
