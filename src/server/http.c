// SPDX-License-Identifier: Apache-2.0
//
// HTTP for operators. One handler has all paths and methods, so that a table says what there is, and errors are text
// that a person at a terminal can read. The subtle part is the end: NNG frees a handler when the last of its
// connections is gone, which may be after http_stop has returned; so `http` is freed by whoever of the two is last, and
// nobody's questions reach the server any more once `stopping` is set.
#include "server/http.h"

#include <nng/nng.h>
#include <nng/supplemental/http/http.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/err.h"
#include "server/address.h"
#include "server/listen.h"

enum {
    BODY_MAX = 1 << 16, // of a request, which nobody here reads: what is longer is refused by NNG
    ADDRESS_MAX = 300,
};

struct http {
    arena *memory; // in which it lies itself
    http_asks asks;
    nng_http_server *server;
    pthread_mutex_t mutex;
    pthread_cond_t left;
    uint32_t inside; // of those below `enter`
    bool stopping;
    atomic_int owners; // who started it, and NNG's handler
    char address[ADDRESS_MAX];
};

static void drop(void *thing) {
    http *h = thing;
    if (atomic_fetch_sub(&h->owners, 1) != 1) return;
    pthread_cond_destroy(&h->left);
    pthread_mutex_destroy(&h->mutex);
    tact_arena_free(h->memory);
}

// ---- What there is --------------------------------------------------------------------------------------------------

#define TEXT "text/plain; charset=utf-8"
#define METRICS_TEXT "text/plain; version=0.0.4; charset=utf-8"

static uint16_t tell_metrics(http *h, buf *out) {
    h->asks.metrics(h->asks.context, out);
    return NNG_HTTP_STATUS_OK;
}

static uint16_t tell_alive(http *h, buf *out) {
    (void)h;
    buf_add_text(out, "ok\n");
    return NNG_HTTP_STATUS_OK;
}

static uint16_t tell_ready(http *h, buf *out) {
    if (!h->asks.ready(h->asks.context, out)) return NNG_HTTP_STATUS_SERVICE_UNAVAILABLE;
    out->len = 0;
    buf_add_text(out, "ready\n");
    return NNG_HTTP_STATUS_OK;
}

static uint16_t tell_paths(http *h, buf *out);

typedef struct page {
    const char *path, *type;
    uint16_t (*tell)(http *h, buf *out); // appends the text, returns the status
} page;

static const page pages[] = {
    {"/", TEXT, tell_paths},
    {"/metrics", METRICS_TEXT, tell_metrics},
    {"/healthz", TEXT, tell_alive},
    {"/readyz", TEXT, tell_ready},
};
enum { PAGES = sizeof pages / sizeof *pages };

static uint16_t tell_paths(http *h, buf *out) {
    (void)h;
    for (size_t i = 1; i < PAGES; i++) buf_printf(out, "%s\n", pages[i].path);
    return NNG_HTTP_STATUS_OK;
}

static uint16_t tell_unknown(http *h, buf *out) {
    buf_add_text(out, "there is no such page; there are\n");
    (void)tell_paths(h, out);
    return NNG_HTTP_STATUS_NOT_FOUND;
}

static uint16_t tell_refused(http *h, buf *out) {
    (void)h;
    buf_add_text(out, "pages here are only read: GET or HEAD\n");
    return NNG_HTTP_STATUS_METHOD_NOT_ALLOWED;
}

static uint16_t tell_stopping(http *h, buf *out) {
    (void)h;
    buf_add_text(out, "the server is ending\n");
    return NNG_HTTP_STATUS_SERVICE_UNAVAILABLE;
}

static const page unknown = {"", TEXT, tell_unknown}, refused = {"", TEXT, tell_refused};
static const page stopping = {"", TEXT, tell_stopping};

// "/metrics?name=x" is /metrics.
static const page *page_of(const char *method, const char *uri) {
    size_t len = strcspn(uri, "?#");
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) return &refused;
    for (size_t i = 0; i < PAGES; i++) {
        if (strlen(pages[i].path) == len && memcmp(pages[i].path, uri, len) == 0) return &pages[i];
    }
    return &unknown;
}

// ---- Answering ------------------------------------------------------------------------------------------------------

static bool enter(http *h) {
    pthread_mutex_lock(&h->mutex);
    bool may = !h->stopping;
    h->inside += may;
    pthread_mutex_unlock(&h->mutex);
    return may;
}

static void leave(http *h) {
    pthread_mutex_lock(&h->mutex);
    if (--h->inside == 0) pthread_cond_broadcast(&h->left);
    pthread_mutex_unlock(&h->mutex);
}

// NULL: memory ran out.
static nng_http_res *reply(http *h, const page *p) {
    nng_http_res *res = NULL;
    arena memory;
    arena_init(&memory, 0);
    buf out = buf_in(&memory);
    uint16_t status = p->tell(h, &out);
    tact_str text = buf_done(&out);
    int rc = text.ptr ? nng_http_res_alloc(&res) : NNG_ENOMEM;
    if (!rc) rc = nng_http_res_set_status(res, status);
    if (!rc) rc = nng_http_res_set_header(res, "Content-Type", p->type);
    if (!rc && p == &refused) rc = nng_http_res_set_header(res, "Allow", "GET, HEAD");
    // A request that is not read to its end would be followed by what is none.
    if (!rc && (p == &refused || p == &stopping)) rc = nng_http_res_set_header(res, "Connection", "close");
    if (!rc) rc = nng_http_res_copy_data(res, text.ptr, text.len);
    arena_fini(&memory);
    if (!rc) return res;
    if (res) nng_http_res_free(res);
    return NULL;
}

static void asked(nng_aio *aio) {
    nng_http_req *req = nng_aio_get_input(aio, 0);
    http *h = nng_http_handler_get_data(nng_aio_get_input(aio, 1));
    bool inside = enter(h);
    nng_http_res *res = reply(h, inside ? page_of(nng_http_req_get_method(req), nng_http_req_get_uri(req)) : &stopping);
    if (inside) leave(h);
    nng_aio_set_output(aio, 0, res);
    nng_aio_finish(aio, res ? 0 : NNG_ENOMEM);
}

// ---- Starting and stopping ------------------------------------------------------------------------------------------

static http *http_new(const http_asks *asks) {
    tact_arena *a = tact_arena_new(0);
    http *h = a ? ARENA_NEW(a, http) : NULL;
    if (!h) {
        tact_arena_free(a);
        return NULL;
    }
    h->memory = a;
    h->asks = *asks;
    atomic_init(&h->owners, 1);
    pthread_mutex_init(&h->mutex, NULL);
    pthread_cond_init(&h->left, NULL);
    return h;
}

static int add_handler(http *h) {
    nng_http_handler *handler;
    int rc = nng_http_handler_alloc(&handler, "/", asked);
    if (rc) return rc;
    rc = nng_http_handler_set_tree(handler);
    if (!rc) rc = nng_http_handler_set_method(handler, NULL);
    if (!rc) rc = nng_http_handler_collect_body(handler, true, BODY_MAX);
    if (!rc) rc = nng_http_handler_set_data(handler, h, drop);
    if (rc) {
        nng_http_handler_free(handler);
        return rc;
    }
    atomic_fetch_add(&h->owners, 1);
    rc = nng_http_server_add_handler(h->server, handler);
    if (rc) nng_http_handler_free(handler); // drops
    return rc;
}

static void write_address(http *h, const address *given) {
    nng_sockaddr at = {0};
    uint32_t port = 0;
    if (nng_http_server_get_addr(h->server, &at) == 0) {
        port = at.s_family == NNG_AF_INET6 ? at.s_in6.sa_port : at.s_in.sa_port; // in the network's order
    }
    snprintf(h->address, sizeof h->address, "http://%.*s:%u", (int)given->host.len, given->host.ptr,
             (port & 0xff) << 8 | port >> 8);
}

tact_err http_start(const char *url, const http_asks *asks, http **out, tact_error *error) {
    address given;
    nng_url *parsed;
    tact_err err = address_read(tact_str_from(url), &given, error);
    if (err) return err;
    if (given.kind != ADDRESS_HTTP || (given.rest.len && !tact_str_equal(given.rest, TACT_STR("/")))) {
        return err_set(error, TACT_INVALID, "metrics are at an address such as http://127.0.0.1:7421, not at %.200s",
                       url);
    }
    if (nng_url_parse(&parsed, url)) return err_set(error, TACT_INVALID, "%.200s is no such address", url);
    http *h = http_new(asks);
    int rc = h ? nng_http_server_hold(&h->server, parsed) : NNG_ENOMEM;
    nng_url_free(parsed);
    if (!rc) rc = add_handler(h);
    if (!rc) rc = nng_http_server_start(h->server);
    if (rc) {
        if (h && h->server) nng_http_server_release(h->server);
        if (h) drop(h);
        return listen_refused(tact_str_from(url), rc, error);
    }
    write_address(h, &given);
    *out = h;
    return TACT_OK;
}

const char *http_address(const http *h) {
    return h->address;
}

void http_stop(http *h) {
    if (!h) return;
    pthread_mutex_lock(&h->mutex);
    h->stopping = true;
    while (h->inside) pthread_cond_wait(&h->left, &h->mutex);
    pthread_mutex_unlock(&h->mutex);
    nng_http_server_stop(h->server);
    nng_http_server_release(h->server);
    drop(h);
}
