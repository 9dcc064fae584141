// SPDX-License-Identifier: Apache-2.0
//
// What is told of servers that cannot be reached: of each its own, and cut where there is no room.
#include "client/reach.h"

#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static nng_socket socket;

static int set_up(void **state) {
    (void)state;
    return nng_req0_open(&socket);
}

static int tear_down(void **state) {
    (void)state;
    return nng_close(socket);
}

static reach_server dial(const char *url) {
    reach_server s = {.url = url};
    assert_int_equal(nng_dial(socket, url, &s.dialer, NNG_FLAG_NONBLOCK), 0);
    return s;
}

static void wait_until_each_failed(const reach_server *servers, size_t count, reach_text *why) {
    while (!reach_why(servers, count, why)) (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void of_each_server_its_own_is_told(void **state) {
    (void)state;
    nng_socket there;
    nng_listener listener;
    reach_text why;
    char url[40];
    int port;
    assert_int_equal(nng_rep0_open(&there), 0);
    assert_int_equal(nng_listen(there, "tcp://127.0.0.1:0", &listener, 0), 0);
    assert_int_equal(nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port), 0);
    snprintf(url, sizeof url, "tcp://127.0.0.1:%d", port);
    const reach_server servers[] = {dial("tcp://127.0.0.1:1"), dial(url)};
    wait_until_each_failed(servers, 1, &why);
    assert_int_equal(strncmp(why.text, "tcp://127.0.0.1:1: the connection is refused", 44), 0);
    assert_false(reach_why(servers, 2, &why)); // the other one never failed
    char *second = strstr(why.text, "; ");
    assert_non_null(second);
    assert_int_equal(strncmp(second + 2, url, strlen(url)), 0);
    assert_null(strstr(second, "refused"));
    assert_int_equal(nng_close(there), 0);
}

static void more_than_there_is_room_for_is_cut(void **state) {
    (void)state;
    enum { MANY = 100 };
    reach_server servers[MANY];
    reach_text why;
    for (int i = 0; i < MANY; i++) servers[i] = dial("tcp://127.0.0.1:1");
    wait_until_each_failed(servers, MANY, &why);
    assert_int_equal(strlen(why.text), sizeof why.text - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(of_each_server_its_own_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_than_there_is_room_for_is_cut, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
