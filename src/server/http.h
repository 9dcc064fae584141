// SPDX-License-Identifier: Apache-2.0
//
// Metrics and health over HTTP, by NNG's own server: GET /metrics, /healthz (the process runs), /readyz (it answers;
// 503 before that and while it drains). For operators' tools; not for many at once.
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "base/buf.h"

typedef struct http http;

typedef struct http_asks {                      // called from NNG's threads, several at once
    void (*metrics)(void *context, buf *out);   // appends the text
    bool (*ready)(void *context, buf *why_not); // appends a line if it is not
    void *context;
} http_asks;

// Listens on "http://HOST:PORT" (port 0: the system chooses). TACT_INVALID: no such URL; TACT_IO: it is taken.
TACT_MUST_USE tact_err http_start(const char *url, const http_asks *asks, http **out, tact_error *error);
const char *http_address(const http *h); // with the port it has
// Waits until none of `asks` is being called, and none will be any more; an answer on its way may be cut off. NULL is
// allowed.
void http_stop(http *h);

#endif
