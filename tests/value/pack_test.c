// SPDX-License-Identifier: Apache-2.0
//
// Packed bytes. The golden bytes are what value/pack.h says, written out by hand: they never change, since databases
// are made of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "value/pack.h"
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

static void assert_bytes(buf *out, const char *bytes, size_t len) {
    tact_str written = buf_done(out);
    assert_int_equal(written.len, len);
    assert_memory_equal(written.ptr, bytes, len);
}
#define BYTES(literal) literal, sizeof(literal) - 1

// ---- Golden bytes ---------------------------------------------------------------------------------------------------

static void test_numbers(void **state) {
    (void)state;
    buf out = buf_in(&memory);
    pack_u8(&out, 0xfe);
    pack_u32(&out, 0x01020304);
    pack_u64(&out, UINT64_C(0x0102030405060708));
    assert_bytes(&out, BYTES("\xfe\4\3\2\1\x08\7\6\5\4\3\2\1"));
    unpack in = unpack_of(&memory, buf_done(&out));
    assert_int_equal(unpack_u8(&in), 0xfe);
    for (uint8_t byte = 4; byte > 0; byte--) assert_int_equal(unpack_u8(&in), byte);
    assert_int_equal(unpack_u64(&in), UINT64_C(0x0102030405060708));
    assert_int_equal(unpack_end(&in, NULL), TACT_OK);
}

static void test_varints(void **state) {
    (void)state;
    static const struct {
        uint64_t n;
        const char *bytes;
        size_t len;
    } rows[] = {
        {0, BYTES("\0")},
        {1, BYTES("\1")},
        {127, BYTES("\x7f")},
        {128, BYTES("\x80\1")},
        {300, BYTES("\xac\2")},
        {16383, BYTES("\xff\x7f")},
        {16384, BYTES("\x80\x80\1")},
        {UINT64_MAX, BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf out = buf_in(&memory);
        pack_varint(&out, rows[i].n);
        assert_bytes(&out, rows[i].bytes, rows[i].len);
        unpack in = unpack_of(&memory, buf_done(&out));
        assert_int_equal(unpack_varint(&in), rows[i].n);
        assert_int_equal(unpack_end(&in, NULL), TACT_OK);
    }
}

static void test_zigzags(void **state) {
    (void)state;
    static const struct {
        int64_t n;
        uint64_t varint;
    } rows[] = {{0, 0}, {-1, 1}, {1, 2}, {-2, 3}, {INT64_MAX, UINT64_MAX - 1}, {INT64_MIN, UINT64_MAX}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf out = buf_in(&memory), expected = buf_in(&memory);
        pack_zigzag(&out, rows[i].n);
        pack_varint(&expected, rows[i].varint);
        tact_str bytes = buf_done(&expected);
        assert_bytes(&out, bytes.ptr, bytes.len);
        unpack in = unpack_of(&memory, bytes);
        assert_int_equal(unpack_zigzag(&in), rows[i].n);
    }
}

static void test_values(void **state) {
    (void)state;
    const tact_value items[] = {tact_int(-1), tact_string("b", 1)}, nested = tact_list(items, 2);
    const struct {
        tact_value v;
        const char *bytes;
        size_t len;
    } rows[] = {
        {tact_null(), BYTES("\0")},
        {tact_bool(false), BYTES("\1")},
        {tact_bool(true), BYTES("\2")},
        {tact_int(-3), BYTES("\3\5")},
        {tact_uint(300), BYTES("\4\xac\2")},
        {tact_double(1.5), BYTES("\5\0\0\0\0\0\0\xf8\x3f")},
        {tact_double(-0.0), BYTES("\5\0\0\0\0\0\0\0\x80")},
        {tact_double(NAN), BYTES("\5\0\0\0\0\0\0\xf8\x7f")},
        {tact_double(-NAN), BYTES("\5\0\0\0\0\0\0\xf8\x7f")},
        {tact_string("", 0), BYTES("\6\0")},
        {tact_string("\xc3\xa4", 2), BYTES("\6\2\xc3\xa4")},
        {tact_bytes("\xff\0", 2), BYTES("\7\2\xff\0")},
        {tact_list(NULL, 0), BYTES("\x08\0")},
        {tact_list(&nested, 1), BYTES("\x08\1\x08\2\3\1\6\1b")},
        {tact_timestamp(-1, 999999999), BYTES("\x09\1\xff\x93\xeb\xdc\3")},
        {tact_duration(64), BYTES("\x0a\x80\1")},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf out = buf_in(&memory);
        assert_true(pack_can(rows[i].v));
        pack_value(&out, rows[i].v);
        assert_bytes(&out, rows[i].bytes, rows[i].len);
        unpack in = unpack_of(&memory, buf_done(&out));
        tact_value back = unpack_value(&in);
        assert_int_equal(unpack_end(&in, NULL), TACT_OK);
        assert_int_equal(back.kind, rows[i].v.kind);
        assert_string_equal(tact_value_print(back, &memory).ptr, tact_value_print(rows[i].v, &memory).ptr);
    }
}

// What the implementation adds to a value is not part of it.
static void test_equal_values_give_equal_bytes(void **state) {
    (void)state;
    tact_value plain = tact_string("sealed", 6), sealed = plain;
    tact_seal(&sealed, 1);
    buf a = buf_in(&memory), b = buf_in(&memory);
    pack_value(&a, plain);
    pack_value(&b, sealed);
    tact_str bytes = buf_done(&a);
    assert_bytes(&b, bytes.ptr, bytes.len);
}

// ---- Faults ---------------------------------------------------------------------------------------------------------

static void test_refuses_other_bytes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *says;
    } rows[] = {
        {BYTES(""), "the bytes end too early, at byte 0"},
        {BYTES("\x0b"), "a value is of no known kind, at byte 1"},
        {BYTES("\3"), "the bytes end too early, at byte 1"},
        {BYTES("\3\x80"), "the bytes end too early, at byte 2"},
        {BYTES("\3\x80\0"), "a number is not in its one form, at byte 3"},
        {BYTES("\4\xff\xff\xff\xff\xff\xff\xff\xff\xff\2"), "a number is not in its one form, at byte 11"},
        {BYTES("\4\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81"), "a number is not in its one form, at byte 11"},
        {BYTES("\5\1\0\0\0\0\0\xf8\x7f"), "a number that is none has other bits, at byte 9"},
        {BYTES("\5\0\0\0\0\0\0\xf8"), "the bytes end too early, at byte 1"},
        {BYTES("\6\2x"), "the bytes end too early, at byte 2"},
        {BYTES("\6\1\xff"), "a text is not UTF-8, at byte 3"},
        {BYTES("\x08\3\0"), "a number is larger than it can be, at byte 2"},
        {BYTES("\x08\xff\xff\xff\xff\x0f"), "a number is larger than it can be, at byte 6"},
        {BYTES("\x08\1\x0b"), "a value is of no known kind, at byte 3"},
        {BYTES("\x09\0\x80\x94\xeb\xdc\3"), "a number is larger than it can be, at byte 7"},
        {BYTES("\x09\x80\xf0\xc0\xfa\xaf\x0f\0"), "a time is out of range, at byte 8"},
        {BYTES("\x08\1\x08\1\x08\1\x08\1\x08\1\x08\1\x08\1\x08\1\x08\0"), "lists are nested too deep, at byte 17"},
        {BYTES("\1\1"), "there are bytes left over, at byte 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unpack in = unpack_of(&memory, (tact_str){rows[i].bytes, rows[i].len});
        tact_error error = {0};
        tact_value v = unpack_value(&in);
        assert_int_equal(unpack_end(&in, &error), TACT_INVALID);
        assert_string_equal(error.text, rows[i].says);
        if (i < sizeof rows / sizeof *rows - 1) assert_int_equal(v.kind, TACT_NULL);
        assert_int_equal(unpack_end(&in, NULL), TACT_INVALID);
    }
}

static void test_after_a_fault_all_is_zero(void **state) {
    (void)state;
    unpack in = unpack_of(&memory, TACT_STR("\xff\xff\xff"));
    unpack_fail(&in, TACT_LIMIT, "first");
    unpack_fail(&in, TACT_INVALID, "second");
    assert_int_equal(unpack_u8(&in), 0);
    assert_int_equal(unpack_u64(&in), 0);
    assert_int_equal(unpack_varint(&in), 0);
    assert_int_equal(unpack_zigzag(&in), 0);
    assert_int_equal(unpack_count(&in, 9), 0);
    assert_int_equal(unpack_str(&in, 9).len, 0);
    assert_int_equal(unpack_text(&in, 9).len, 0);
    assert_int_equal(unpack_value(&in).kind, TACT_NULL);
    tact_error error;
    assert_int_equal(unpack_end(&in, &error), TACT_LIMIT);
    assert_string_equal(error.text, "first, at byte 0");
}

static void test_bounds_of_texts_and_counts(void **state) {
    (void)state;
    for (int most = 2; most <= 3; most++) {
        unpack in = unpack_of(&memory, TACT_STR("\3abc"));
        assert_int_equal(unpack_str(&in, (size_t)most).len, most == 3 ? 3 : 0);
        assert_int_equal(unpack_end(&in, NULL), most == 3 ? TACT_OK : TACT_INVALID);
        in = unpack_of(&memory, TACT_STR("\3"));
        assert_int_equal(unpack_count(&in, (uint64_t)most), most == 3 ? 3 : 0);
        assert_int_equal(unpack_end(&in, NULL), most == 3 ? TACT_OK : TACT_INVALID);
    }
}

static void test_what_cannot_be_written(void **state) {
    (void)state;
    tact_value deep[PACK_DEPTH_MAX + 1], v = tact_null();
    for (int i = 0; i <= PACK_DEPTH_MAX; i++) {
        deep[i] = v;
        v = tact_list(&deep[i], 1);
        assert_int_equal(pack_can(v), i < PACK_DEPTH_MAX);
    }
    tact_value map = tact_map_new(&memory, NULL, 0);
    const tact_value none[] = {
        v, map, tact_list(&map, 1), value_some(&v), tact_fault_value(TACT_FAULT_ABSENT, NULL), {0}, value_type(NULL)};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_false(pack_can(none[i]));
        buf out = buf_in(&memory);
        pack_value(&out, none[i]);
        assert_true(out.failed);
    }
}

// ---- Round trips ----------------------------------------------------------------------------------------------------

static uint64_t random_state;

static uint64_t draw(void) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = random_state ^ random_state >> 29;
    return x * UINT64_C(0x9e3779b97f4a7c15) >> (x & 63); // small and large ones
}

static tact_value random_value(int depth) {
    static const char text[] = "abc\xc3\xa4xyz";
    uint64_t bits = draw() << 7 ^ draw();
    double d;
    memcpy(&d, &bits, sizeof d);
    tact_value *items;
    size_t count = draw() % 5;
    switch (draw() % (depth ? 11 : 10)) {
    case 0: return tact_null();
    case 1: return tact_bool(draw() & 1);
    case 2:
    case 3: return tact_int((int64_t)(draw() & 1 ? draw() : ~draw()));
    case 4: return tact_uint(draw());
    case 5: return tact_double(d);
    case 6: return tact_string(text, count < 4 ? count : 5);
    case 7: return tact_bytes(text, count);
    case 8:
        return tact_timestamp((int64_t)(draw() % 300000000000) + VALUE_TIMESTAMP_MIN, (uint32_t)(draw() % 1000000000));
    case 9: return tact_duration((int64_t)(draw() & 1 ? draw() : ~draw()));
    default:
        items = arena_array(&memory, count, sizeof *items);
        for (size_t i = 0; i < count; i++) items[i] = random_value(depth - 1);
        return tact_list(items, count);
    }
}

// A value reads back as itself; and any bytes that read as a value are the ones that it is written as.
static void test_random_round_trips(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%" PRIu64 "\n", seed);
    random_state = seed;
    for (int round = 0; round < 20000; round++) {
        tact_value v = random_value(3);
        buf out = buf_in(&memory), again = buf_in(&memory);
        pack_value(&out, v);
        tact_str bytes = buf_done(&out);
        unpack in = unpack_of(&memory, bytes);
        tact_value back = unpack_value(&in);
        assert_int_equal(unpack_end(&in, NULL), TACT_OK);
        assert_string_equal(tact_value_print(back, &memory).ptr, tact_value_print(v, &memory).ptr);
        char *mutable = (char *)bytes.ptr;
        mutable[draw() % bytes.len] ^= (char)(1 << draw() % 8);
        in = unpack_of(&memory, bytes);
        back = unpack_value(&in);
        if (unpack_end(&in, NULL) == TACT_OK) {
            pack_value(&again, back);
            assert_bytes(&again, bytes.ptr, bytes.len);
        }
        tact_arena_reset(&memory);
    }
}

static void test_memory_runs_out(void **state) {
    (void)state;
    tact_value items[50];
    for (int i = 0; i < 50; i++) items[i] = tact_string("something long enough", 21);
    buf whole = buf_in(&memory);
    pack_value(&whole, tact_list(items, 50));
    tact_err err = TACT_NO_MEMORY;
    for (size_t bytes_max = 16; err; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        buf out = buf_in(&small);
        pack_value(&out, tact_list(items, 50));
        unpack in = unpack_of(&small, buf_done(&whole));
        tact_value v = unpack_value(&in);
        tact_error error;
        err = unpack_end(&in, &error);
        if (err) {
            assert_int_equal(err, TACT_NO_MEMORY);
            assert_string_equal(error.text, "memory ran out");
            assert_int_equal(v.kind, TACT_NULL);
        }
        if (out.failed) err = TACT_NO_MEMORY;
        arena_fini(&small);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_varints, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_zigzags, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_equal_values_give_equal_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refuses_other_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_after_a_fault_all_is_zero, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds_of_texts_and_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_round_trips, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory_runs_out, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
