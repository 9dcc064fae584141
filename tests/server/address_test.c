// SPDX-License-Identifier: Apache-2.0
//
// Addresses: their parts, which of them only this machine reaches, and what is said of those that are none.
#include "server/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static address good(const char *text) {
    address a;
    tact_error error;
    if (address_read(tact_str_from(text), &a, &error)) fail_msg("%s: %s", text, error.text);
    return a;
}

static void assert_bad(const char *text, const char *why) {
    address a;
    tact_error error;
    assert_int_equal(address_read(tact_str_from(text), &a, &error), TACT_INVALID);
    if (!strstr(error.text, why)) fail_msg("%s: %s", text, error.text);
}

static void assert_part(tact_str part, const char *wanted) {
    if (!tact_str_equal(part, tact_str_from(wanted))) fail_msg("`%.*s`, not `%s`", (int)part.len, part.ptr, wanted);
}

static void parts(void **state) {
    (void)state;
    address a = good("ws://[::1]:0/tact/x");
    assert_int_equal(a.kind, ADDRESS_WS);
    assert_true(a.network && a.websocket && !a.secure);
    assert_part(a.host, "[::1]");
    assert_part(a.port, "0");
    assert_part(a.rest, "/tact/x");
    a = good("ipc:///run/a b:c.ipc");
    assert_int_equal(a.kind, ADDRESS_IPC);
    assert_true(!a.network && !a.secure && a.local);
    assert_part(a.rest, "/run/a b:c.ipc");
    a = good("tcp://:65535");
    assert_part(a.host, "");
    assert_part(a.port, "65535");
    assert_true(good("tls+tcp://a:1").secure && good("wss://a:1").secure && good("wss://a:1").websocket);
    assert_int_equal(good("inproc://x").kind, ADDRESS_INPROC);
    assert_int_equal(good("http://127.0.0.1:7421").kind, ADDRESS_HTTP);
    assert_part(good("tcp://a:1/").rest, "/");
}

static void local_is_what_says_so_itself(void **state) {
    (void)state;
    static const char *const local[] = {"tcp://127.0.0.1:1", "tcp://127.8.9.10:1", "ws://localhost:1", "wss://[::1]:1",
                                        "ipc://x",           "inproc://x"};
    static const char *const open[] = {"tcp://0.0.0.0:1",
                                       "tcp://*:1",
                                       "tcp://:1",
                                       "tcp://[::]:1",
                                       "tcp://127.example.org:1",
                                       "tcp://localhost.example.org:1",
                                       "tcp://10.0.0.1:1",
                                       "tcp://1270.0.0.1:1"};
    static const char *const every[] = {"ws://0.0.0.0:1", "ws://[::]:1", "ws://:1", "tcp://*:1"};
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) assert_true(good(every[i]).every);
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) assert_false(good(local[i]).every);
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) assert_true(good(local[i]).local);
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) assert_false(good(open[i]).local);
}

static void mistakes_say_what_to_do(void **state) {
    (void)state;
    assert_bad("", "is no address: it begins with tcp://");
    assert_bad("127.0.0.1:7420", "is no address: it begins with tcp://");
    assert_bad("tcp", "is no address");
    assert_bad("tpc://127.0.0.1:7420", "did you mean `tcp://`?");
    assert_bad("tls://127.0.0.1:7420", "tls+tcp://");
    assert_bad("https://127.0.0.1:7420", "did you mean `http://`?");
    assert_bad("tcp://127.0.0.1", "a host and a port");
    assert_bad("tcp://127.0.0.1:", "a host and a port");
    assert_bad("tcp://127.0.0.1:65536", "a host and a port, 0 to 65535");
    assert_bad("tcp://127.0.0.1:7x", "a host and a port");
    assert_bad("tcp://[::1:7420", "a host and a port");
    assert_bad("tcp://127.0.0.1:1/path", "nothing comes behind the port");
    assert_bad("ipc://", "what comes behind :// is missing");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts),
        cmocka_unit_test(local_is_what_says_so_itself),
        cmocka_unit_test(mistakes_say_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
