// SPDX-License-Identifier: Apache-2.0
//
// Tokens, against cel-spec's doc/langdef.md ("Syntax", "String and Bytes Values"). What is no token is tested in
// tests/cel/diag/syntax.txt.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cel/lexer.h"

static arena memory;
static cel_diags diags;

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

static cel_lexer start(tact_str source) {
    cel_lexer l;
    diag_init(&diags, &memory, source);
    lexer_init(&l, source, &diags);
    return l;
}

static void assert_kinds(const char *source, const char *kinds) {
    cel_lexer l = start(tact_str_from(source));
    buf names = buf_in(&memory);
    for (cel_token t;;) {
        lexer_next(&l, &t);
        if (t.kind == TOKEN_END) break;
        if (names.len) buf_add_char(&names, ' ');
        buf_add_text(&names, token_name(t.kind));
    }
    assert_string_equal(buf_done(&names).ptr, kinds);
}

static void words_are_names_keywords_or_reserved(void **state) {
    (void)state;
    assert_kinds("a _ A9 a_b in true false null", "IDENT IDENT IDENT IDENT IN TRUE FALSE NULL");
    assert_kinds("as break const continue else for function if import let loop package namespace return var void while",
                 "RESERVED RESERVED RESERVED RESERVED RESERVED RESERVED RESERVED RESERVED RESERVED RESERVED RESERVED "
                 "RESERVED RESERVED RESERVED RESERVED RESERVED RESERVED");
    assert_kinds("In TRUE iff ass inn nulls b r br", "IDENT IDENT IDENT IDENT IDENT IDENT IDENT IDENT IDENT");
    assert_int_equal(diags.count, 0);
}

static void operators_take_the_longest(void **state) {
    (void)state;
    assert_kinds("()[]{}.,:?", "LPAREN RPAREN LBRACKET RBRACKET LBRACE RBRACE DOT COMMA COLON QUESTION");
    assert_kinds("! && || == != < <= > >=", "NOT AND OR EQ NE LT LE GT GE");
    assert_kinds("+ - * / %", "ADD SUB MUL DIV MOD");
    assert_kinds("a<=-b!=!c", "IDENT LE SUB IDENT NE NOT IDENT");
    assert_kinds("a.?b[?c]", "IDENT DOT QUESTION IDENT LBRACKET QUESTION IDENT RBRACKET");
    assert_int_equal(diags.count, 0);
}

static void numbers_have_their_forms(void **state) {
    (void)state;
    assert_kinds("0 12 007 0x0 0xfF", "INT INT INT INT INT");
    assert_kinds("0u 12U 0xFu 0xFU", "UINT UINT UINT UINT");
    assert_kinds("1.5 .5 1e3 1E+3 1.5e-3 .5e0 0.0", "DOUBLE DOUBLE DOUBLE DOUBLE DOUBLE DOUBLE DOUBLE");
    assert_kinds("1.a 1.5.a 1-1 1in[1] 0x1in[1]", "INT DOT IDENT DOUBLE DOT IDENT INT SUB INT INT IN LBRACKET INT "
                                                  "RBRACKET INT IN LBRACKET INT RBRACKET");
    assert_int_equal(diags.count, 0);
}

static void white_space_and_comments_vanish(void **state) {
    (void)state;
    assert_kinds(" \t\r\n\f", "");
    assert_kinds("", "");
    assert_kinds("// all of it", "");
    assert_kinds("a // b\n+ c //", "IDENT ADD IDENT");
    assert_kinds("a / b", "IDENT DIV IDENT");
    assert_int_equal(diags.count, 0);
}

static void spans_are_bytes_of_the_source(void **state) {
    (void)state;
    cel_lexer l = start(TACT_STR("ab >= 'x\xc3\xa4' "));
    static const cel_span spans[] = {{0, 2}, {3, 2}, {6, 5}, {12, 0}, {12, 0}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        cel_token t;
        lexer_next(&l, &t);
        assert_int_equal(t.span.pos, spans[i].pos);
        assert_int_equal(t.span.len, spans[i].len);
    }
}

static void a_slip_is_mended(void **state) {
    (void)state;
    assert_kinds("a = b", "IDENT EQ IDENT");
    assert_int_equal(diags.count, 1);
    assert_kinds("a & b | c", "IDENT AND IDENT OR IDENT");
    assert_int_equal(diags.count, 2);
    assert_kinds("a <> b", "IDENT NE IDENT");
    assert_kinds("a \xe2\x89\xa4 b", "IDENT LE IDENT"); // U+2264
    assert_kinds("a\xc2\xa0"
                 "b",
                 "IDENT IDENT"); // U+00A0
    assert_kinds("\xe2\x80\x9c"
                 "x y\xe2\x80\x9d",
                 "BAD"); // typographic quotes
    assert_kinds("gr\xc3\xb6\xc3\x9f"
                 "e",
                 "BAD");
    assert_int_equal(diags.count, 1);
}

// ---- The text of literals -------------------------------------------------------------------------------------------

static tact_str text_of(tact_str source, cel_token_kind kind) {
    cel_lexer l = start(source);
    cel_token t;
    tact_str text;
    lexer_next(&l, &t);
    assert_int_equal(t.kind, kind);
    assert_int_equal(t.span.len, source.len);
    assert_true(lexer_text(&l, &t, &text));
    return text;
}

#define assert_text(source, kind, expected)                                                                            \
    do {                                                                                                               \
        tact_str text_ = text_of(TACT_STR(source), kind);                                                              \
        assert_int_equal(text_.len, sizeof expected - 1);                                                              \
        assert_memory_equal(text_.ptr, expected, sizeof expected - 1);                                                 \
        assert_int_equal(diags.count, 0);                                                                              \
    } while (0)

static void strings_have_their_forms(void **state) {
    (void)state;
    assert_text("''", TOKEN_STRING, "");
    assert_text("\"\"", TOKEN_STRING, "");
    assert_text("''''''", TOKEN_STRING, "");
    assert_text("'\"\"'", TOKEN_STRING, "\"\"");
    assert_text("'''x''x'''", TOKEN_STRING, "x''x");
    assert_text("\"\"\"a\nb\"\"\"", TOKEN_STRING, "a\nb");
    assert_text("'a\tb'", TOKEN_STRING, "a\tb");
    assert_text("'a\0b'", TOKEN_STRING, "a\0b");
    assert_text("r\"\\\\\"", TOKEN_STRING, "\\\\");
    assert_text("R'\\d'", TOKEN_STRING, "\\d");
    assert_text("r'''a\\'''", TOKEN_STRING, "a\\");
    assert_text("b'abc'", TOKEN_BYTES, "abc");
    assert_text("B\"\"\"a'b\"\"\"", TOKEN_BYTES, "a'b");
    assert_text("br'\\n'", TOKEN_BYTES, "\\n");
    assert_text("BR\"\\n\"", TOKEN_BYTES, "\\n");
    assert_text("b'\xc3\xbf'", TOKEN_BYTES, "\xc3\xbf");
}

static void escapes_are_decoded(void **state) {
    (void)state;
    assert_text("'\\a\\b\\f\\n\\r\\t\\v'", TOKEN_STRING, "\a\b\f\n\r\t\v");
    assert_text("'\\\\\\?\\\"\\'\\`'", TOKEN_STRING, "\\?\"'`");
    assert_text("'\\x41\\X7a'", TOKEN_STRING, "Az");
    assert_text("'\\101\\000\\377'", TOKEN_STRING, "A\0\xc3\xbf");
    assert_text("'\\xFF'", TOKEN_STRING, "\xc3\xbf");
    assert_text("'\\u00e9\\u4E2d'", TOKEN_STRING, "\xc3\xa9\xe4\xb8\xad");
    assert_text("'\\U0001F600'", TOKEN_STRING, "\xf0\x9f\x98\x80");
    assert_text("'\\U0010FFFF'", TOKEN_STRING, "\xf4\x8f\xbf\xbf");
    assert_text("'''a\\''''", TOKEN_STRING, "a'");
    assert_text("\"\"\"\\\"\"\"\"", TOKEN_STRING, "\"");
}

static void numeric_escapes_are_bytes_in_bytes(void **state) {
    (void)state;
    assert_text("b'\\303\\277'", TOKEN_BYTES, "\xc3\xbf");
    assert_text("b'\\377'", TOKEN_BYTES, "\xff");
    assert_text("b'\\xff\\XFE'", TOKEN_BYTES, "\xff\xfe");
}

static void line_ends_are_line_feeds(void **state) {
    (void)state;
    assert_text("'''a\r\nb\rc\n'''", TOKEN_STRING, "a\nb\nc\n");
    assert_text("r'''a\r\n\\r'''", TOKEN_STRING, "a\n\\r");
    assert_text("'\\r\\n'", TOKEN_STRING, "\r\n"); // escapes are meant
}

static void quoted_names_are_bare(void **state) {
    (void)state;
    assert_text("`content-type`", TOKEN_QUOTED, "content-type");
    assert_text("`in`", TOKEN_QUOTED, "in");
    assert_text("`/a.b c_9`", TOKEN_QUOTED, "/a.b c_9");
}

static void text_without_escapes_is_borrowed(void **state) {
    (void)state;
    static const char source[] = "'plain'";
    size_t before = tact_arena_used(&memory);
    tact_str text = text_of((tact_str){source, sizeof source - 1}, TOKEN_STRING);
    assert_ptr_equal(text.ptr, source + 1);
    assert_int_equal(tact_arena_used(&memory), before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_names_keywords_or_reserved),
        cmocka_unit_test(operators_take_the_longest),
        cmocka_unit_test(numbers_have_their_forms),
        cmocka_unit_test(white_space_and_comments_vanish),
        cmocka_unit_test(spans_are_bytes_of_the_source),
        cmocka_unit_test(a_slip_is_mended),
        cmocka_unit_test(strings_have_their_forms),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(numeric_escapes_are_bytes_in_bytes),
        cmocka_unit_test(line_ends_are_line_feeds),
        cmocka_unit_test(quoted_names_are_bare),
        cmocka_unit_test(text_without_escapes_is_borrowed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
