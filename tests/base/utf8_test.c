// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 against RFC 3629: every code point there and back, and the malformed sequences that the Unicode standard lists
// (table 3-7 and the examples after it).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/utf8.h"

static void test_every_code_point(void **state) {
    (void)state;
    for (uint32_t c = 0; c <= 0x110000; c++) {
        char text[4];
        size_t len = utf8_put(text, c);
        if ((c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff) {
            assert_int_equal(len, 0);
            continue;
        }
        assert_int_equal(len, c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4);
        const char *at = text;
        assert_int_equal(utf8_next(&at, text + len), c);
        assert_ptr_equal(at, text + len);
        assert_true(utf8_valid(text, len));
        assert_int_equal(utf8_count(text, len), 1);
        for (size_t cut = 1; cut < len; cut++) assert_false(utf8_valid(text, cut));
    }
}

static const struct {
    const char *bytes;
    size_t len;
} malformed[] = {
    {"\x80", 1},             // a continuation alone
    {"\xbf", 1},             //
    {"\xc0\x80", 2},         // overlong
    {"\xc1\xbf", 2},         //
    {"\xe0\x80\x80", 3},     //
    {"\xe0\x9f\xbf", 3},     //
    {"\xf0\x80\x80\x80", 4}, //
    {"\xf0\x8f\xbf\xbf", 4}, //
    {"\xed\xa0\x80", 3},     // surrogates
    {"\xed\xbf\xbf", 3},     //
    {"\xf4\x90\x80\x80", 4}, // above U+10FFFF
    {"\xf5\x80\x80\x80", 4}, //
    {"\xff", 1},             // never a byte of UTF-8
    {"\xfe", 1},             //
    {"\xc3", 1},             // cut off
    {"\xe2\x82", 2},         //
    {"\xf0\x9f\x98", 3},     //
    {"\xc3(", 2},            // not continued
    {"\xe2\x28\xa1", 3},     //
    {"\xf0\x9f\x28\x80", 4}, //
};

static void test_malformed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        const char *at = malformed[i].bytes;
        assert_false(utf8_valid(at, malformed[i].len));
        assert_int_equal(utf8_next(&at, at + malformed[i].len), UTF8_BAD);
        assert_ptr_equal(at, malformed[i].bytes + 1); // one byte on
        // Also behind eight bytes that the fast way skips, and before some.
        char text[20] = "abcdefgh";
        memcpy(text + 8, malformed[i].bytes, malformed[i].len);
        memcpy(text + 8 + malformed[i].len, "ijklmno", 7);
        assert_false(utf8_valid(text, 8 + malformed[i].len));
        assert_false(utf8_valid(text, 15 + malformed[i].len));
    }
}

static void test_counting(void **state) {
    (void)state;
    static const char text[] = "ta\u00a9o\u00a9\u03b1T\U0001f631"; // 2 + 2 + 1 + 2 + 2 + 1 + 4 bytes
    size_t len = sizeof text - 1;
    assert_int_equal(utf8_count(text, len), 8);
    assert_int_equal(utf8_count(NULL, 0), 0);
    static const size_t offsets[] = {0, 1, 2, 4, 5, 7, 9, 10, 14, 14, 14};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        assert_int_equal(utf8_offset(text, len, i), offsets[i]);
    }
    assert_true(utf8_valid(text, len));
    assert_true(utf8_valid(NULL, 0));
    assert_int_equal(utf8_offset(NULL, 0, 3), 0);
}

#define WIDTH(text) utf8_width(text, sizeof(text) - 1)

static void test_width(void **state) {
    (void)state;
    assert_int_equal(WIDTH(""), 0);
    assert_int_equal(utf8_width(NULL, 0), 0);
    assert_int_equal(WIDTH("plain"), 5);
    assert_int_equal(WIDTH("Stra\u00dfe"), 6);
    assert_int_equal(WIDTH("e\u0301"), 1);      // a combining accent
    assert_int_equal(WIDTH("\u65e5\u672c"), 4); // wide characters
    assert_int_equal(WIDTH("\U0001f431"), 2);   // an emoji
    assert_int_equal(WIDTH("a\xff"
                           "b"),
                     3); // a malformed byte shows as one
}

static void test_lower_case_is_the_simple_mapping(void **state) {
    (void)state;
    static const uint32_t pairs[][2] = {
        {'A', 'a'},     {'z', 'z'},     {'0', '0'},     {0xc4, 0xe4},       {0x130, 'i'},    {0x1e9e, 0xdf},
        {0x3a3, 0x3c3}, {0x3c2, 0x3c2}, {0x416, 0x436}, {0x10400, 0x10428}, {0x23a, 0x2c65}, {0x4e00, 0x4e00},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_int_equal(utf8_lower(pairs[i][0]), pairs[i][1]);
        assert_int_equal(utf8_lower(pairs[i][1]), pairs[i][1]);
    }
    for (uint32_t c = 0; c <= 0x10ffff; c++) assert_int_equal(utf8_lower(utf8_lower(c)), utf8_lower(c));
}

// The code points that the Unicode character database lists as White_Space.
static void test_white_space(void **state) {
    (void)state;
    static const uint32_t spaces[] = {
        0x09,   0x0a,   0x0b,   0x0c,   0x0d,   0x20,   0x85,   0xa0,   0x1680, 0x2000, 0x2001, 0x2002, 0x2003,
        0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
    };
    size_t at = 0;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        bool listed = at < sizeof spaces / sizeof *spaces && spaces[at] == c;
        if (utf8_space(c) != listed) fail_msg("U+%04X", (unsigned)c);
        at += listed;
    }
}

static void shows(const char *text, size_t len, const char *expected) {
    utf8_shown shown;
    assert_string_equal(utf8_show(&shown, (tact_str){text, len}), expected);
}
#define SHOWS(text, expected) shows(text, sizeof(text) - 1, expected)

static void test_what_is_shown_is_one_line(void **state) {
    (void)state;
    SHOWS("", "");
    shows(NULL, 0, "");
    SHOWS("Stra\u00dfe 7", "Stra\u00dfe 7");
    SHOWS("a\nb\tc", "a\ufffdb\ufffdc");
    SHOWS("\x1b[31mX", "\ufffd[31mX");
    SHOWS("1\0", "1\ufffd");
    SHOWS("\u202eabc\u200b", "\ufffdabc\ufffd"); // marks of direction, and what nobody sees
    SHOWS("a\xff", "a\ufffd");
    SHOWS("e\u0301", "e\u0301");
}

static void test_joined_emoji_are_shown(void **state) {
    (void)state;
    SHOWS("\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f467");     // woman, girl
    SHOWS("\u2764\ufe0f\u200d\U0001f525", "\u2764\ufe0f\u200d\U0001f525"); // a heart, shown as emoji, on fire
    SHOWS("a\u200db", "a\ufffdb");                                         // two names must not look the same
    SHOWS("\U0001f469\u200d", "\U0001f469\ufffd");                         // joins nothing
    SHOWS("\U0001f469\u200dx", "\U0001f469\ufffdx");
    SHOWS("\u200d\U0001f469", "\ufffd\U0001f469");
    SHOWS("\U0001f469\u200d\u200d\U0001f469", "\U0001f469\ufffd\ufffd\U0001f469");
}

static void test_what_is_shown_is_cut(void **state) {
    (void)state;
    buf out;
    arena a;
    arena_init(&a, 0);
    out = buf_in(&a);
    for (int i = 0; i < UTF8_SHOWN_MAX; i++) buf_add_text(&out, "\U0001f469\u200d"); // the longest that characters are
    buf_add_text(&out, "\U0001f469");
    tact_str all = buf_done(&out);
    utf8_shown shown;
    assert_int_equal(strlen(utf8_show(&shown, all)), UTF8_SHOWN_MAX * 7 + sizeof UTF8_ELLIPSIS - 1);
    assert_memory_equal(shown.text, all.ptr, UTF8_SHOWN_MAX * 7);
    assert_string_equal(shown.text + UTF8_SHOWN_MAX * 7, UTF8_ELLIPSIS);
    all.len = UTF8_SHOWN_MAX * 7 - 3; // one less, and nothing is left out
    assert_int_equal(strlen(utf8_show(&shown, all)), all.len);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_counting),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_lower_case_is_the_simple_mapping),
        cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_what_is_shown_is_one_line),
        cmocka_unit_test(test_joined_emoji_are_shown),
        cmocka_unit_test(test_what_is_shown_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
