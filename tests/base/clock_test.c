// SPDX-License-Identifier: Apache-2.0
//
// The clocks: the wall's is the system's, the other never goes back.
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

static void the_wall_clock_is_the_systems(void **state) {
    (void)state;
    int64_t before = (int64_t)time(NULL) * 1000, now = clock_wall_ms();
    assert_true(now >= before - 1000); // time() may lag by a tick
    assert_true(now <= ((int64_t)time(NULL) + 1) * 1000);
}

static void the_other_never_goes_back(void **state) {
    (void)state;
    int64_t us = clock_mono_us(), ms = clock_mono_ms();
    const struct timespec pause = {0, 3000000};
    nanosleep(&pause, NULL);
    assert_true(clock_mono_us() >= us + 3000);
    assert_true(clock_mono_ms() >= ms + 2);
    assert_true(ms >= us / 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_wall_clock_is_the_systems),
        cmocka_unit_test(the_other_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
