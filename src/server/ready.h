// SPDX-License-Identifier: Apache-2.0
//
// Telling the one who started this process how it is: systemd's notification protocol
// (https://www.freedesktop.org/software/systemd/man/sd_notify.html), a line or more in a datagram. Without
// NOTIFY_SOCKET in the environment all of it does nothing. Of one thread at a time.
#ifndef SERVER_READY_H
#define SERVER_READY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "tact/core.h"

typedef struct ready {
    int fd;               // -1: nobody listens
    uint32_t interval_ms; // ready_alive is wanted so often: half of what the watchdog waits; 0: never
    struct sockaddr_un to;
    socklen_t to_len;
} ready;

// By NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. TACT_INVALID: a variable is there and means nothing; TACT_IO: no
// socket can be had. `r` can be used then, too: it is silent.
TACT_MUST_USE tact_err ready_open(ready *r, char *const *environment, tact_error *error);
void ready_close(ready *r);

// What cannot be told is lost: nobody waits for who does not listen.
void ready_started(ready *r, const char *status); // it answers; also after ready_reloading
void ready_reloading(ready *r);
void ready_stopping(ready *r, const char *status);
void ready_alive(ready *r);

#endif
