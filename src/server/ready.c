// SPDX-License-Identifier: Apache-2.0
//
// A path that begins with `@` names a socket of Linux's abstract kind: its name begins with a zero byte and ends with
// the address's length, not with a zero.
#include "server/ready.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"

static const char *variable(char *const *environment, const char *name) {
    size_t len = strlen(name);
    for (; *environment; environment++) {
        if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=') return *environment + len + 1;
    }
    return NULL;
}

static tact_err read_address(ready *r, const char *path, tact_error *error) {
    size_t len = strlen(path);
    bool abstract = path[0] == '@';
    if ((path[0] != '/' && !abstract) || len < 2 || len + !abstract > sizeof r->to.sun_path)
        return err_set(error, TACT_INVALID, "NOTIFY_SOCKET: `%.200s` is neither a path that can be nor @NAME", path);
    memset(&r->to, 0, sizeof r->to);
    r->to.sun_family = AF_UNIX;
    memcpy(r->to.sun_path, path, len);
    if (abstract) r->to.sun_path[0] = '\0';
    r->to_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract);
    return TACT_OK;
}

// The watchdog's variables may be another process's, which passed them on: WATCHDOG_PID says whose.
static tact_err read_watchdog(ready *r, const char *usec, const char *pid, tact_error *error) {
    uint64_t microseconds, process;
    if (!usec) return TACT_OK;
    if (pid && (!num_parse_uint(tact_str_from(pid), 10, &process) || process != (uint64_t)getpid())) return TACT_OK;
    if (!num_parse_uint(tact_str_from(usec), 10, &microseconds) || microseconds == 0)
        return err_set(error, TACT_INVALID, "WATCHDOG_USEC: `%.100s` is no number of microseconds", usec);
    uint64_t half_ms = microseconds / 2000;
    r->interval_ms = half_ms == 0 ? 1 : half_ms > UINT32_MAX ? UINT32_MAX : (uint32_t)half_ms;
    return TACT_OK;
}

tact_err ready_open(ready *r, char *const *environment, tact_error *error) {
    *r = (ready){.fd = -1};
    const char *path = variable(environment, "NOTIFY_SOCKET");
    if (!path) return TACT_OK;
    tact_err err = read_address(r, path, error);
    if (err) return err;
    r->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (r->fd < 0) return err_set(error, TACT_IO, "NOTIFY_SOCKET: %s", strerror(errno));
    err = read_watchdog(r, variable(environment, "WATCHDOG_USEC"), variable(environment, "WATCHDOG_PID"), error);
    if (err) ready_close(r);
    return err;
}

void ready_close(ready *r) {
    if (r->fd >= 0) (void)close(r->fd);
    *r = (ready){.fd = -1};
}

static void say(ready *r, const char *text) {
    if (r->fd < 0) return;
    (void)sendto(r->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&r->to, r->to_len);
}

static void say_with(ready *r, const char *state, const char *status) {
    char text[400];
    (void)snprintf(text, sizeof text, "%s\nSTATUS=%.300s\n", state, status);
    say(r, text);
}

void ready_started(ready *r, const char *status) {
    say_with(r, "READY=1", status);
}

// Type=notify-reload wants the time, so that it knows this reload from one before.
void ready_reloading(ready *r) {
    char text[80];
    (void)snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld\n", (long long)clock_mono_us());
    say(r, text);
}

void ready_stopping(ready *r, const char *status) {
    say_with(r, "STOPPING=1", status);
}

void ready_alive(ready *r) {
    say(r, "WATCHDOG=1\n");
}
