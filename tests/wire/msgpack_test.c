// SPDX-License-Identifier: Apache-2.0
//
// MessagePack against its specification (spec.md of github.com/msgpack/msgpack, whose formats are quoted by name) and
// the table in wire/msgpack.h.
#include "wire/msgpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "value/type.h"
#include "value/value.h"

static arena memory;

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

// "93 01 02 03" as bytes, in memory of their exact length, so that a sanitizer sees every step beyond them.
static tact_str bytes_of(const char *hex) {
    size_t len = 0;
    char *out = test_malloc(strlen(hex) / 2 + 2);
    for (const char *at = hex; *at;) {
        char *end;
        if (*at == ' ') {
            at++;
            continue;
        }
        const char digits[3] = {at[0], at[1], '\0'};
        out[len++] = (char)strtol(digits, &end, 16);
        assert_true(*end == '\0');
        at += 2;
    }
    char *exact = arena_copy(&memory, out, len);
    test_free(out);
    return (tact_str){exact, len};
}

static const char *hex_of(tact_str bytes) {
    buf out = buf_in(&memory);
    for (size_t i = 0; i < bytes.len; i++) buf_printf(&out, i ? " %02x" : "%02x", (unsigned char)bytes.ptr[i]);
    return buf_done(&out).ptr;
}

static tact_value read(const char *hex) {
    tact_value v = {0};
    tact_error error = {0};
    if (msgpack_read(&memory, bytes_of(hex), &v, &error)) fail_msg("%s: %s", hex, error.text);
    return v;
}

static tact_str write(tact_value v) {
    buf out = buf_in(&memory);
    assert_int_equal(msgpack_write(&out, v), TACT_OK);
    return buf_done(&out);
}

static const char *cel(tact_value v) {
    buf out = buf_in(&memory);
    value_print(&out, v);
    return buf_done(&out).ptr;
}

static tact_value text(const char *s) {
    return tact_string(s, strlen(s));
}

// ---- Formats --------------------------------------------------------------------------------------------------------

typedef struct row {
    const char *hex, *cel;
} row;

// Each in the form that is written as well: the shortest.
static void every_format_reads_and_is_written_in_the_fewest_bytes(void **state) {
    (void)state;
    static const row rows[] = {
        {"c0", "null"},                               // nil
        {"c2", "false"},                              // false
        {"c3", "true"},                               // true
        {"00", "0"},                                  // positive fixint
        {"7f", "127"},                                //
        {"ff", "-1"},                                 // negative fixint
        {"e0", "-32"},                                //
        {"cc 80", "128"},                             // uint 8
        {"cc ff", "255"},                             //
        {"cd 01 00", "256"},                          // uint 16
        {"cd ff ff", "65535"},                        //
        {"ce 00 01 00 00", "65536"},                  // uint 32
        {"ce ff ff ff ff", "4294967295"},             //
        {"cf 00 00 00 01 00 00 00 00", "4294967296"}, // uint 64
        {"cf 7f ff ff ff ff ff ff ff", "9223372036854775807"},
        {"cf 80 00 00 00 00 00 00 00", "9223372036854775808u"},
        {"cf ff ff ff ff ff ff ff ff", "18446744073709551615u"},
        {"d0 df", "-33"},                              // int 8
        {"d0 80", "-128"},                             //
        {"d1 ff 7f", "-129"},                          // int 16
        {"d1 80 00", "-32768"},                        //
        {"d2 ff ff 7f ff", "-32769"},                  // int 32
        {"d2 80 00 00 00", "-2147483648"},             //
        {"d3 ff ff ff ff 7f ff ff ff", "-2147483649"}, // int 64
        {"d3 80 00 00 00 00 00 00 00", "-9223372036854775808"},
        {"cb 3f f0 00 00 00 00 00 00", "1.0"},  // float 64
        {"cb bf b9 99 99 99 99 99 9a", "-0.1"}, //
        {"cb 7f f0 00 00 00 00 00 00", "double(\"Infinity\")"},
        {"a0", "\"\""},                         // fixstr
        {"a1 61", "\"a\""},                     //
        {"a2 c3 a9", "\"é\""},                  //
        {"c4 00", "b\"\""},                     // bin 8
        {"c4 02 61 ff", "b\"a\\xff\""},         //
        {"90", "[]"},                           // fixarray
        {"93 01 c0 a1 61", "[1, null, \"a\"]"}, //
        {"91 91 90", "[[[]]]"},                 //
        {"80", "{}"},                           // fixmap
        {"82 a1 62 01 a1 61 81 a0 02", "{\"b\": 1, \"a\": {\"\": 2}}"},
        {"d6 ff 00 00 00 00", "timestamp(\"1970-01-01T00:00:00Z\")"}, // timestamp 32
        {"d6 ff ff ff ff ff", "timestamp(\"2106-02-07T06:28:15Z\")"},
        {"d7 ff 00 00 00 01 00 00 00 00", "timestamp(\"2106-02-07T06:28:16Z\")"}, // timestamp 64
        {"d7 ff ee 6b 27 ff ff ff ff ff", "timestamp(\"2514-05-30T01:53:03.999999999Z\")"},
        {"c7 0c ff 00 00 00 00 00 00 00 04 00 00 00 00", "timestamp(\"2514-05-30T01:53:04Z\")"}, // timestamp 96
        {"c7 0c ff 1d cd 65 00 ff ff ff ff ff ff ff ff", "timestamp(\"1969-12-31T23:59:59.500Z\")"},
        {"c7 0c ff 00 00 00 00 ff ff ff f1 88 6e 09 00", "timestamp(\"0001-01-01T00:00:00Z\")"},
        {"c7 0c ff 3b 9a c9 ff 00 00 00 3a ff f4 41 7f", "timestamp(\"9999-12-31T23:59:59.999999999Z\")"},
        {"d7 01 00 00 00 00 00 00 00 00", "duration(\"0s\")"}, // fixext 8 of type 1: a duration
        {"d7 01 00 00 00 00 59 68 2f 00", "duration(\"1.5s\")"},
        {"d7 01 ff ff ff ff ff ff ff ff", "duration(\"-0.000000001s\")"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tact_value v = read(rows[i].hex);
        if (strcmp(cel(v), rows[i].cel) != 0) fail_msg("%s is %s, not %s", rows[i].hex, cel(v), rows[i].cel);
        const char *back = hex_of(write(v));
        if (strcmp(back, rows[i].hex) != 0) fail_msg("%s: written as %s, not %s", rows[i].cel, back, rows[i].hex);
    }
}

// Formats that others may write, and that Tact does not since it has a shorter one.
static void longer_formats_read_as_the_same_value(void **state) {
    (void)state;
    static const row rows[] = {
        {"cc 01", "1"},
        {"cd 00 01", "1"},
        {"ce 00 00 00 01", "1"},
        {"cf 00 00 00 00 00 00 00 01", "1"},
        {"d0 01", "1"},
        {"d0 ff", "-1"},
        {"d1 00 01", "1"},
        {"d2 ff ff ff ff", "-1"},
        {"d3 00 00 00 00 00 00 00 01", "1"},
        {"ca 3f c0 00 00", "1.5"}, // float 32
        {"ca ff 80 00 00", "double(\"-Infinity\")"},
        {"d9 01 61", "\"a\""},          // str 8
        {"da 00 01 61", "\"a\""},       // str 16
        {"db 00 00 00 01 61", "\"a\""}, // str 32
        {"c5 00 01 61", "b\"a\""},      // bin 16
        {"c6 00 00 00 01 61", "b\"a\""},
        {"dc 00 01 c3", "[true]"}, // array 16
        {"dd 00 00 00 01 c3", "[true]"},
        {"de 00 01 a1 61 c3", "{\"a\": true}"}, // map 16
        {"df 00 00 00 01 d9 01 61 c3", "{\"a\": true}"},
        {"c7 04 ff 00 00 00 01", "timestamp(\"1970-01-01T00:00:01Z\")"}, // ext 8
        {"c8 00 08 01 00 00 00 00 3b 9a ca 00", "duration(\"1s\")"},
        {"c9 00 00 00 08 01 00 00 00 00 3b 9a ca 00", "duration(\"1s\")"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) assert_string_equal(cel(read(rows[i].hex)), rows[i].cel);
}

// The lengths at which a longer format begins.
static void lengths_choose_the_format(void **state) {
    (void)state;
    static const struct {
        size_t len;
        const char *str, *bin; // how it begins
    } rows[] = {
        {31, "bf", "c4 1f"},           {32, "d9 20", "c4 20"},          {255, "d9 ff", "c4 ff"},
        {256, "da 01 00", "c5 01 00"}, {65535, "da ff ff", "c5 ff ff"}, {65536, "db 00 01 00 00", "c6 00 01 00 00"},
    };
    static char text_of_many[65536];
    memset(text_of_many, 'x', sizeof text_of_many);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const tact_value values[] = {tact_string(text_of_many, rows[i].len), tact_bytes(text_of_many, rows[i].len)};
        const char *const begin[] = {rows[i].str, rows[i].bin};
        for (int k = 0; k < 2; k++) {
            tact_str bytes = write(values[k]);
            size_t head = (strlen(begin[k]) + 1) / 3;
            assert_int_equal(bytes.len, head + rows[i].len);
            assert_string_equal(hex_of((tact_str){bytes.ptr, head}), begin[k]);
            tact_value back;
            assert_int_equal(msgpack_read(&memory, bytes, &back, NULL), TACT_OK);
            assert_true(tact_value_equal(back, values[k]));
            assert_true(back.as.s == bytes.ptr + head); // borrowed
        }
    }
}

static void counts_choose_the_format(void **state) {
    (void)state;
    static const struct {
        uint32_t count;
        const char *array, *map;
    } rows[] = {
        {15, "9f", "8f"},
        {16, "dc 00 10", "de 00 10"},
        {65535, "dc ff ff", "de ff ff"},
        {65536, "dd 00 01 00 00", "df 00 01 00 00"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tact_value *items = arena_array(&memory, rows[i].count, sizeof *items);
        value_entry *entries = arena_array(&memory, rows[i].count, sizeof *entries);
        for (uint32_t k = 0; k < rows[i].count; k++) {
            items[k] = tact_bool(true);
            entries[k] = (value_entry){text(arena_printf(&memory, "%u", k)), tact_int(k)};
        }
        const tact_value values[] = {tact_list(items, rows[i].count), value_map(&memory, entries, rows[i].count)};
        const char *const begin[] = {rows[i].array, rows[i].map};
        for (int k = 0; k < 2; k++) {
            tact_str bytes = write(values[k]);
            assert_string_equal(hex_of((tact_str){bytes.ptr, (strlen(begin[k]) + 1) / 3}), begin[k]);
            tact_value back;
            assert_int_equal(msgpack_read(&memory, bytes, &back, NULL), TACT_OK);
            assert_true(tact_value_equal(back, values[k]));
        }
    }
}

static void what_reads_back_as_something_else(void **state) {
    (void)state;
    assert_string_equal(hex_of(write(tact_uint(7))), "07");
    assert_string_equal(hex_of(write(value_type(&type_int))), "a3 69 6e 74");
    tact_value one = tact_int(1);
    assert_string_equal(hex_of(write(value_some(&one))), "01");
    assert_string_equal(hex_of(write(value_some(NULL))), "c0");
}

// ---- Refusals -------------------------------------------------------------------------------------------------------

static void what_is_malformed_is_refused_with_its_byte(void **state) {
    (void)state;
    static const struct {
        const char *hex;
        tact_err code;
        const char *text;
    } rows[] = {
        {"", TACT_SYNTAX, "at byte 0: the message ends where a value must follow"},
        {"c1", TACT_SYNTAX, "at byte 0: 0xc1 begins no value"},
        {"92 01 c1", TACT_SYNTAX, "at byte 2: 0xc1 begins no value"},
        {"01 02", TACT_SYNTAX, "at byte 1: the message goes on behind its value"},
        {"a2 61", TACT_SYNTAX, "at byte 0: the message ends within this value"},
        {"cd 01", TACT_SYNTAX, "at byte 0: the message ends within this value"},
        {"91 cb 00 00", TACT_SYNTAX, "at byte 1: the message ends within this value"},
        {"da 00", TACT_SYNTAX, "at byte 0: the message ends within this value"},
        {"c6 ff ff ff ff 00", TACT_SYNTAX, "at byte 0: the message ends within this value"},
        {"93 01 02", TACT_SYNTAX, "at byte 0: the message ends before all items of this value"},
        {"dd ff ff ff ff 00", TACT_SYNTAX, "at byte 0: the message ends before all items of this value"},
        {"df 80 00 00 00 a0 00", TACT_SYNTAX, "at byte 0: the message ends before all items of this value"},
        {"81 a1 61", TACT_SYNTAX, "at byte 3: the message ends where a value must follow"},
        {"91 a2 c3 28", TACT_INVALID, "at byte 1: this string is not UTF-8"},
        {"81 01 02", TACT_INVALID, "at byte 1: this key is no string"},
        {"81 c4 01 61 02", TACT_INVALID, "at byte 1: this key is no string"},
        {"91 82 a1 61 01 a1 61 02", TACT_INVALID, "at byte 1: this map has a key twice"},
        {"d4 00 00", TACT_INVALID, "at byte 0: an extension that is neither -1, a timestamp, nor 1, a duration"},
        {"91 c7 00 fe", TACT_INVALID, "at byte 1: an extension that is neither -1, a timestamp, nor 1, a duration"},
        {"d5 ff 00 00", TACT_INVALID, "at byte 0: a timestamp has 4, 8 or 12 bytes"},
        {"d6 01 00 00 00 00", TACT_INVALID, "at byte 0: a duration has 8 bytes"},
        {"d7 ff ee 6b 28 00 00 00 00 00", TACT_INVALID,
         "at byte 0: this timestamp has more than 999,999,999 nanoseconds"},
        {"c7 0c ff 3b 9a ca 00 00 00 00 00 00 00 00 00", TACT_INVALID,
         "at byte 0: this timestamp has more than 999,999,999 nanoseconds"},
        {"c7 0c ff 00 00 00 00 ff ff ff f1 88 6e 08 ff", TACT_INVALID,
         "at byte 0: this timestamp is before the year 1, or after the year 9999"},
        {"c7 0c ff 00 00 00 00 00 00 00 3a ff f4 41 80", TACT_INVALID,
         "at byte 0: this timestamp is before the year 1, or after the year 9999"},
        {"d8 ff 00", TACT_INVALID, "at byte 0: a timestamp has 4, 8 or 12 bytes"},
        {"d6 ff 00", TACT_SYNTAX, "at byte 0: the message ends within this value"},
        {"d6", TACT_SYNTAX, "at byte 0: the message ends within this value"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        tact_value v = tact_int(4711);
        tact_error error = {0};
        tact_err code = msgpack_read(&memory, bytes_of(rows[i].hex), &v, &error);
        if (code != rows[i].code) fail_msg("%s: %s", rows[i].hex, tact_err_name(code));
        assert_int_equal(error.code, code);
        assert_string_equal(error.text, rows[i].text);
        assert_int_equal(v.as.i, 4711); // as it was
        assert_int_equal(msgpack_read(&memory, bytes_of(rows[i].hex), &v, NULL), code);
    }
}

static tact_str nested(int levels, char opening, size_t step) {
    buf out = buf_in(&memory);
    for (int i = 0; i < levels; i++) {
        buf_add_char(&out, opening);
        if (step == 2) buf_add_char(&out, (char)0xa0); // a key
    }
    buf_add_char(&out, (char)0xc0);
    return buf_done(&out);
}

static void nesting_has_a_bound(void **state) {
    (void)state;
    static const struct {
        char opening;
        size_t step;
    } rows[] = {{(char)0x91, 1}, {(char)0x81, 2}};
    for (int i = 0; i < 2; i++) {
        tact_value v;
        tact_error error;
        tact_str most = nested(MSGPACK_DEPTH_MAX, rows[i].opening, rows[i].step);
        assert_int_equal(msgpack_read(&memory, most, &v, NULL), TACT_OK);
        assert_true(tact_str_equal(write(v), most));
        tact_str more = nested(MSGPACK_DEPTH_MAX + 1, rows[i].opening, rows[i].step);
        assert_int_equal(msgpack_read(&memory, more, &v, &error), TACT_LIMIT);
        assert_string_equal(error.text, arena_printf(&memory, "at byte %zu: nested deeper than 100 levels",
                                                     MSGPACK_DEPTH_MAX * rows[i].step));
        tact_value deeper = tact_list(&v, 1);
        buf out = buf_in(&memory);
        assert_int_equal(msgpack_write(&out, deeper), TACT_LIMIT);
    }
}

static void parts_have_a_bound(void **state) {
    (void)state;
    size_t count = MSGPACK_PARTS_MAX; // and the list itself is one
    buf out = buf_in(&memory);
    buf_add_char(&out, (char)0xdd);
    for (int shift = 24; shift >= 0; shift -= 8) buf_add_char(&out, (char)(count >> shift));
    buf_add_repeat(&out, 0, count);
    tact_value v;
    tact_error error;
    assert_int_equal(msgpack_read(&memory, buf_done(&out), &v, &error), TACT_LIMIT);
    assert_string_equal(error.text, "at byte 0: the message has more than 1,048,576 parts");
    out.ptr[4] = (char)0xff, out.ptr[3] = (char)0xff, out.ptr[2] = 0x0f;
    tact_str fits = {out.ptr, out.len - 1};
    assert_int_equal(msgpack_read(&memory, fits, &v, &error), TACT_OK);
    assert_int_equal(v.len, count - 1);
    assert_true(tact_str_equal(write(v), fits));

    tact_value *items = arena_array(&memory, count, sizeof *items);
    for (size_t i = 0; i < count; i++) items[i] = tact_null();
    buf none = buf_in(&memory);
    assert_int_equal(msgpack_write(&none, tact_list(items, count)), TACT_LIMIT);
}

// What a message asks for is never taken before the message has the bytes for it.
static void memory_is_in_proportion_to_the_message(void **state) {
    (void)state;
    arena small;
    arena_init(&small, 0);
    static const char *const liars[] = {"dd 00 0f ff ff", "df 00 07 ff ff", "dc ff ff 00", "c6 ff ff ff ff"};
    for (size_t i = 0; i < sizeof liars / sizeof *liars; i++) {
        tact_value v;
        assert_int_equal(msgpack_read(&small, bytes_of(liars[i]), &v, NULL), TACT_SYNTAX);
        assert_int_equal(tact_arena_used(&small), 0);
    }
    arena_fini(&small);
    arena_init(&small, 64);
    tact_value v;
    tact_error error;
    assert_int_equal(msgpack_read(&small, bytes_of("95 01 02 03 04 05"), &v, &error), TACT_NO_MEMORY);
    assert_int_equal(error.code, TACT_NO_MEMORY);
    assert_int_equal(msgpack_read(&small, bytes_of("83 a1 61 01 a1 62 02 a1 63 03"), &v, NULL), TACT_NO_MEMORY);
    buf out = buf_in(&small);
    assert_int_equal(
        msgpack_write(&out, tact_bytes("0123456789012345678901234567890123456789012345678901234567890123", 64)),
        TACT_NO_MEMORY);
    arena_fini(&small);
}

static void too_long_a_message_is_refused(void **state) {
    (void)state;
    size_t len = (size_t)MSGPACK_BYTES_MAX + 1;
    char *bytes = arena_zalloc(&memory, len);
    bytes[0] = (char)0xc6;
    bytes[2] = (char)0xff, bytes[3] = (char)0xff, bytes[4] = (char)0xfb; // all but the five
    tact_value v;
    tact_error error;
    assert_int_equal(msgpack_read(&memory, (tact_str){bytes, len}, &v, &error), TACT_LIMIT);
    assert_string_equal(error.text, "at byte 16777216: the message is longer than 16 MiB");
    assert_int_equal(msgpack_read(&memory, (tact_str){bytes, len - 1}, &v, &error), TACT_OK);
    assert_int_equal(v.len, len - 6);
}

static void what_is_no_value_is_not_written(void **state) {
    (void)state;
    buf out = buf_in(&memory);
    tact_value bad = tact_fault_value(TACT_FAULT_OVERFLOW, NULL);
    assert_int_equal(msgpack_write(&out, bad), TACT_INVALID);
    assert_int_equal(msgpack_write(&out, tact_list(&bad, 1)), TACT_INVALID);
    value_entry number = {tact_int(1), tact_null()};
    assert_int_equal(msgpack_write(&out, value_map(&memory, &number, 1)), TACT_INVALID);
}

// ---- At random ------------------------------------------------------------------------------------------------------

static uint64_t seed;

static uint64_t draw(void) { // xorshift64*
    seed ^= seed >> 12, seed ^= seed << 25, seed ^= seed >> 27;
    return seed * UINT64_C(2685821657736338717);
}

static uint64_t below(uint64_t bound) {
    return (draw() >> 11) % bound;
}

static void draw_begin(void) {
    const char *given = getenv("SEED");
    uint64_t first = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    printf("SEED=%llu\n", (unsigned long long)first);
    seed = (first + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
}

static tact_value any_text(void) {
    static const char *const pieces[] = {"a", "é", "漢", "😀", "0", " "};
    buf out = buf_in(&memory);
    for (uint64_t i = below(12); i > 0; i--) buf_add_text(&out, pieces[below(6)]);
    tact_str s = buf_done(&out);
    return tact_string(s.ptr, s.len);
}

static tact_value any_value(int depth) {
    uint64_t wide = draw() >> below(64); // every width of numbers
    switch (below(depth ? 11 : 9)) {
    case 0: return tact_null();
    case 1: return tact_bool(wide & 1);
    case 2: return tact_int((int64_t)wide);
    case 3: return tact_int(-(int64_t)(wide >> 1));
    case 4: return tact_uint(wide | UINT64_C(1) << 63); // below it, it would read as an int
    case 5: return tact_double((double)(int64_t)wide / 1024.0);
    case 6: return any_text();
    case 7:
        return tact_timestamp(VALUE_TIMESTAMP_MIN + (int64_t)below(UINT64_C(315537897600)),
                              (uint32_t)below(1000000000));
    case 8: return tact_duration((int64_t)(draw() >> below(64)) * (wide & 1 ? 1 : -1));
    case 9: {
        uint64_t count = below(20);
        tact_value *items = arena_array(&memory, count, sizeof *items);
        for (uint64_t i = 0; i < count; i++) items[i] = any_value(depth - 1);
        return tact_list(items, count);
    }
    default: {
        uint64_t count = below(20);
        value_entry *entries = arena_array(&memory, count, sizeof *entries);
        for (uint64_t i = 0; i < count; i++) {
            entries[i] = (value_entry){text(arena_printf(&memory, "%llu", (unsigned long long)i)),
                                       any_value(depth - 1)};
        }
        return value_map(&memory, entries, count);
    }
    }
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    draw_begin();
    for (int round = 0; round < 2000; round++) {
        tact_value v = any_value(4), back;
        tact_str bytes = write(v);
        tact_error error = {0};
        if (msgpack_read(&memory, bytes, &back, &error)) fail_msg("%s: %s", cel(v), error.text);
        assert_string_equal(cel(back), cel(v)); // kinds as well, which equality leaves open
        assert_true(tact_str_equal(write(back), bytes));
        if (bytes.len < 200) {
            for (size_t len = 0; len < bytes.len; len++) { // no beginning of a message is one
                assert_int_equal(msgpack_read(&memory, (tact_str){bytes.ptr, len}, &back, &error), TACT_SYNTAX);
            }
        }
        tact_arena_reset(&memory);
    }
}

static void damaged_messages_read_as_something_or_are_refused(void **state) {
    (void)state;
    draw_begin();
    for (int round = 0; round < 4000; round++) {
        tact_str bytes = write(any_value(3));
        char *damaged = arena_copy(&memory, bytes.ptr, bytes.len);
        for (uint64_t i = 0; i <= below(3); i++) damaged[below(bytes.len)] = (char)draw();
        tact_value v;
        tact_error error = {0};
        tact_err code = msgpack_read(&memory, (tact_str){damaged, bytes.len}, &v, &error);
        unsigned long long at = 0;
        if (code == TACT_OK) {
            (void)write(v);
        } else {
            assert_int_equal(sscanf(error.text, "at byte %llu: ", &at), 1);
            assert_in_range(at, 0, bytes.len);
        }
        tact_arena_reset(&memory);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_reads_and_is_written_in_the_fewest_bytes),
        cmocka_unit_test(longer_formats_read_as_the_same_value),
        cmocka_unit_test(lengths_choose_the_format),
        cmocka_unit_test(counts_choose_the_format),
        cmocka_unit_test(what_reads_back_as_something_else),
        cmocka_unit_test(what_is_malformed_is_refused_with_its_byte),
        cmocka_unit_test(nesting_has_a_bound),
        cmocka_unit_test(parts_have_a_bound),
        cmocka_unit_test(memory_is_in_proportion_to_the_message),
        cmocka_unit_test(too_long_a_message_is_refused),
        cmocka_unit_test(what_is_no_value_is_not_written),
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(damaged_messages_read_as_something_or_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
