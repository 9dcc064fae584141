// SPDX-License-Identifier: Apache-2.0
//
// The pieces that commands about persons print with; what they come to together is in the tests of the commands.
#include "cli/answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cli/cli.h"

static void times_before_1970_are_whole_seconds_and_what_is_beyond(void **state) {
    (void)state;
    static const struct {
        int64_t ms, seconds;
        uint32_t nanos;
    } rows[] = {{0, 0, 0}, {1500, 1, 500000000}, {-1, -1, 999000000}, {-1000, -1, 0}, {-1001, -2, 999000000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(tact_value_equal(answer_time(rows[i].ms), tact_timestamp(rows[i].seconds, rows[i].nanos)));
    }
}

static void now_is_given_or_the_clock_s(void **state) {
    (void)state;
    int64_t now_ms, before_ms = clock_wall_ms();
    assert_true(answer_now(NULL, &now_ms));
    assert_in_range(now_ms, before_ms, clock_wall_ms());
    assert_true(answer_now("1970-01-01T00:01:00.0015Z", &now_ms));
    assert_int_equal(now_ms, 60001);
    assert_false(answer_now("1969-12-31T23:59:59Z", &now_ms));
    assert_false(answer_now("2026-12-01", &now_ms));
}

static void what_is_not_to_be_shown_is_replaced(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    buf out = buf_in(&memory);
    answer_add_shown(&out, TACT_STR("a\n\033[2Jé\xff"));
    assert_string_equal(buf_done(&out).ptr, "a\uFFFD\uFFFD[2Jé\uFFFD");
    answer_add_shown(&out, (tact_str){NULL, 0});
    assert_int_equal(out.len, strlen("a\uFFFD\uFFFD[2Jé\uFFFD"));
    arena_fini(&memory);
}

static void what_could_not_be_reached_ends_otherwise_than_what_is_wrong(void **state) {
    (void)state;
    tact_error error = {.text = "told"};
    static const tact_err unreachable[] = {TACT_IO, TACT_BUSY, TACT_NOT_FOUND}, wrong[] = {TACT_INVALID, TACT_EXISTS};
    for (int i = 0; i < 3; i++) assert_int_equal(answer_failed(unreachable[i], &error), CLI_UNREACHABLE);
    for (int i = 0; i < 2; i++) assert_int_equal(answer_failed(wrong[i], &error), CLI_FAILED);
}

static void maps_need_memory(void **state) {
    (void)state;
    arena memory;
    arena_init(&memory, 0);
    value_entry fields[] = {answer_field("a", tact_int(1)), answer_field("b", tact_null())};
    assert_string_equal(tact_value_print(answer_map(&memory, fields, 2), &memory).ptr, "{\"a\": 1, \"b\": null}");
    arena_fini(&memory);
    arena_init(&memory, 16);
    assert_int_equal(answer_map(&memory, fields, 2).kind, TACT_NULL);
    arena_fini(&memory);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_before_1970_are_whole_seconds_and_what_is_beyond),
        cmocka_unit_test(now_is_given_or_the_clock_s),
        cmocka_unit_test(what_is_not_to_be_shown_is_replaced),
        cmocka_unit_test(what_could_not_be_reached_ends_otherwise_than_what_is_wrong),
        cmocka_unit_test(maps_need_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
