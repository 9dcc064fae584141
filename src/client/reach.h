// SPDX-License-Identifier: Apache-2.0
//
// Why servers cannot be reached, as far as NNG tells: it tries again and again in silence, and counts how that failed.
#ifndef CLIENT_REACH_H
#define CLIENT_REACH_H

#include <stdbool.h>
#include <stddef.h>

#include <nng/nng.h>

typedef struct reach_server {
    const char *url;
    nng_dialer dialer;
} reach_server;

typedef struct reach_text {
    char text[3000]; // less than a problem's
} reach_text;

// For each server what is wrong: "tcp://a:1: the connection is refused; …". True if each has failed at least once.
bool reach_why(const reach_server *servers, size_t count, reach_text *out);

#endif
