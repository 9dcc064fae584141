// SPDX-License-Identifier: Apache-2.0
//
// systemd's notification protocol, with a socket of the test's as the one who listens: by path and abstract.
#include "server/ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[] = "/tmp/tact_ready_XXXXXX";

static int setup(void **state) {
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    return rmdir(folder);
}

static int listen_at(const char *path) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    memcpy(to.sun_path, path, strlen(path));
    if (path[0] == '@') to.sun_path[0] = '\0';
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (path[0] != '@'));
    assert_int_equal(bind(fd, (struct sockaddr *)&to, len), 0);
    return fd;
}

static void assert_heard(int fd, const char *wanted) {
    char text[500];
    ssize_t len = recv(fd, text, sizeof text - 1, 0);
    assert_true(len >= 0);
    text[len] = '\0';
    assert_string_equal(text, wanted);
}

static void assert_silence(int fd) {
    char c;
    assert_int_equal(recv(fd, &c, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void tell_all(ready *r, int fd) {
    ready_started(r, "answers on tcp://127.0.0.1:7420");
    assert_heard(fd, "READY=1\nSTATUS=answers on tcp://127.0.0.1:7420\n");
    ready_alive(r);
    assert_heard(fd, "WATCHDOG=1\n");
    ready_stopping(r, "ending");
    assert_heard(fd, "STOPPING=1\nSTATUS=ending\n");
    ready_reloading(r);
    char text[200];
    ssize_t len = recv(fd, text, sizeof text - 1, 0);
    assert_true(len > 0);
    text[len] = '\0';
    long long usec;
    assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%lld\n", &usec), 1);
    assert_true(usec > 0);
}

static void by_path(void **state) {
    (void)state;
    char variable[100], *path = variable + strlen("NOTIFY_SOCKET=");
    (void)snprintf(variable, sizeof variable, "NOTIFY_SOCKET=%s/s", folder);
    char *environment[] = {"HOME=/", variable, NULL};
    int fd = listen_at(path);
    ready r;
    assert_int_equal(ready_open(&r, environment, NULL), TACT_OK);
    assert_int_equal(r.interval_ms, 0);
    tell_all(&r, fd);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    ready_alive(&r); // nobody is there any more, and that is all right
    ready_close(&r);
}

static void abstract(void **state) {
    (void)state;
    char variable[100];
    (void)snprintf(variable, sizeof variable, "NOTIFY_SOCKET=@tact/test/%d", (int)getpid());
    char *environment[] = {variable, NULL};
    int fd = listen_at(variable + strlen("NOTIFY_SOCKET="));
    ready r;
    assert_int_equal(ready_open(&r, environment, NULL), TACT_OK);
    tell_all(&r, fd);
    ready_close(&r);
    ready_alive(&r);
    assert_silence(fd);
    assert_int_equal(close(fd), 0);
}

static void without_a_listener_nothing(void **state) {
    (void)state;
    char *environment[] = {"WATCHDOG_USEC=1000000", "XNOTIFY_SOCKET=/x", NULL};
    ready r;
    assert_int_equal(ready_open(&r, environment, NULL), TACT_OK);
    assert_int_equal(r.fd, -1);
    assert_int_equal(r.interval_ms, 0);
    ready_started(&r, "");
    ready_reloading(&r);
    ready_alive(&r);
    ready_stopping(&r, "");
    ready_close(&r);
}

static void the_watchdog_wants_half(void **state) {
    (void)state;
    char mine[40], others[40];
    (void)snprintf(mine, sizeof mine, "WATCHDOG_PID=%d", (int)getpid());
    (void)snprintf(others, sizeof others, "WATCHDOG_PID=%d", (int)getpid() + 1);
    const struct {
        char *usec, *pid;
        uint32_t interval_ms;
    } cases[] = {
        {"WATCHDOG_USEC=30000000", mine, 15000},
        {"WATCHDOG_USEC=30000000", NULL, 15000},
        {"WATCHDOG_USEC=30000000", others, 0},
        {"WATCHDOG_USEC=1", mine, 1},
        {"WATCHDOG_USEC=18446744073709551615", mine, UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *environment[] = {"NOTIFY_SOCKET=@x", cases[i].usec, cases[i].pid, NULL};
        ready r;
        assert_int_equal(ready_open(&r, environment, NULL), TACT_OK);
        assert_int_equal(r.interval_ms, cases[i].interval_ms);
        ready_close(&r);
    }
}

static void mistakes(void **state) {
    (void)state;
    char longest[200] = "NOTIFY_SOCKET=/";
    memset(longest + strlen(longest), 'x', sizeof longest - strlen(longest) - 1);
    char *const bad[][3] = {
        {"NOTIFY_SOCKET=relative"},
        {"NOTIFY_SOCKET="},
        {"NOTIFY_SOCKET=@"},
        {"NOTIFY_SOCKET=/"},
        {longest},
        {"NOTIFY_SOCKET=@x", "WATCHDOG_USEC=soon"},
        {"NOTIFY_SOCKET=@x", "WATCHDOG_USEC=0"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ready r;
        tact_error error;
        assert_int_equal(ready_open(&r, bad[i], &error), TACT_INVALID);
        assert_int_equal(r.fd, -1);
        ready_alive(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_path),
        cmocka_unit_test(abstract),
        cmocka_unit_test(without_a_listener_nothing),
        cmocka_unit_test(the_watchdog_wants_half),
        cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
