// SPDX-License-Identifier: Apache-2.0
//
// See running.h.
#include "running.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "wire/msgpack.h"

#include <cmocka.h>

// NNG 1.5.2 loses the one reply that it is given between the close of a connection and its end (rep0_ctx_send, whose
// aio_send is stopped already), and now and then a dialer that is closed while it connects again, as the tests' clients
// are when their server is started anew. So what NNG allocates is not counted as a leak here; tests/soak holds memory
// against a bound.
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:write_reply\nleak:libnng.so\n";
}

// ---- The server -----------------------------------------------------------------------------------------------------

void running_begin(running *r) {
    *r = (running){.server = NULL};
    talk_begin(&r->talk);
    talk_publish(&r->talk, talk_shop);
    talk_close(&r->talk);
    line_init(&r->log, -1);
    settings_default(&r->settings);
    r->settings.db = tact_str_from(r->talk.data.path);
    r->settings.http = TACT_STR("");
    running_listen(r, (const char *const[]){"tcp://127.0.0.1:0"}, 1);
}

void running_end(running *r) {
    running_stop(r);
    talk_end(&r->talk);
}

void running_listen(running *r, const char *const *urls, uint32_t count) {
    tact_str *of = arena_array(&r->talk.memory, count, sizeof *of);
    assert_non_null(of);
    for (uint32_t i = 0; i < count; i++) {
        of[i] = (tact_str){arena_copy(&r->talk.memory, urls[i], strlen(urls[i])), strlen(urls[i])};
    }
    r->settings.listen = (setting_texts){of, count};
}

void running_start(running *r) {
    tact_error error;
    if (server_start(&r->settings, &r->log, &r->server, &error)) fail_msg("%s", error.text);
}

void running_stop(running *r) {
    server_stop(r->server);
    r->server = NULL;
}

const char *running_url(const running *r, uint32_t number) {
    setting_texts urls = server_addresses(r->server);
    assert_true(number < urls.count);
    return urls.of[number].ptr;
}

const char *running_file(running *r, const char *name, const char *text) {
    talk_write(&r->talk, name, text);
    return arena_printf(&r->talk.memory, "%s/%s", r->talk.rules.path, name);
}

// ---- Asking ---------------------------------------------------------------------------------------------------------

tact_client *running_client(running *r, const char *url, const tact_client_options *options) {
    tact_client *client;
    tact_client_options given = options ? *options : (tact_client_options){0};
    if (!given.deadline_ms) given.deadline_ms = RUNNING_PATIENCE_MS;
    if (tact_client_open(&url, 1, &given, &client, &r->problem)) fail_msg("%s", r->problem.text);
    return client;
}

tact_value running_ask(running *r, tact_client *client, const char *request) {
    tact_value reply, v = talk_json(&r->talk.memory, request);
    if (tact_client_call(client, v, 0, &r->talk.memory, &reply, &r->problem)) {
        fail_msg("%s: %s: %s", request, tact_problem_code(&r->problem), r->problem.text);
    }
    return reply;
}

const char *running_fails(running *r, tact_client *client, const char *request) {
    tact_value reply, v = talk_json(&r->talk.memory, request);
    if (!tact_client_call(client, v, 0, &r->talk.memory, &reply, &r->problem)) fail_msg("%s was answered", request);
    return tact_problem_code(&r->problem);
}

// ---- Peers ----------------------------------------------------------------------------------------------------------

// SP over TCP: both say which protocol they speak (REQ is 48, REP 49), then come messages, each after its length in
// eight bytes; REQ puts a number with its highest bit set before what it asks, which comes back with the reply.
static const char greeting[] = {0, 'S', 'P', 0, 0, 48, 0, 0};
enum { LENGTH = 8, NUMBER = 4 };

tact_str peer_request(arena *a, const char *json) {
    buf bytes = buf_in(a);
    assert_int_equal(msgpack_write(&bytes, talk_json(a, json)), TACT_OK);
    return buf_done(&bytes);
}

static bool read_all(int fd, void *to, size_t len) {
    for (char *at = to; len;) {
        ssize_t n = recv(fd, at, len, 0);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) fail_msg("the server says nothing");
        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

int peer_try_open(const char *url, int receive_buffer) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval patience = {.tv_sec = RUNNING_PATIENCE_MS / 1000};
    char back[sizeof greeting];
    at.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    bool well = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0;
    if (receive_buffer) {
        well = well && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) == 0;
    }
    well = well && connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
           send(fd, greeting, sizeof greeting, MSG_NOSIGNAL) == sizeof greeting &&
           recv(fd, back, sizeof back, MSG_WAITALL) == sizeof back && back[5] == 49;
    if (well) return fd;
    close(fd);
    return -1;
}

int peer_open(const char *url, int receive_buffer) {
    int fd = peer_try_open(url, receive_buffer);
    assert_true(fd >= 0);
    return fd;
}

static void head_of(char head[LENGTH + NUMBER], uint32_t number, size_t len) {
    uint64_t all = len + NUMBER;
    for (int i = 0; i < LENGTH; i++) head[i] = (char)(all >> (LENGTH - 1 - i) * 8);
    for (int i = 0; i < NUMBER; i++) head[LENGTH + i] = (char)((number | 1u << 31) >> (NUMBER - 1 - i) * 8);
}

bool peer_send(int fd, uint32_t number, tact_str body) {
    char head[LENGTH + NUMBER];
    head_of(head, number, body.len);
    if (send(fd, head, sizeof head, MSG_NOSIGNAL | MSG_MORE) != sizeof head) return false;
    for (size_t sent = 0; sent < body.len;) {
        ssize_t n = send(fd, body.ptr + sent, body.len - sent, MSG_NOSIGNAL);
        if (n <= 0) return false;
        sent += (size_t)n;
    }
    return true;
}

bool peer_try_send(int fd, uint32_t number, tact_str body) {
    char head[LENGTH + NUMBER];
    head_of(head, number, body.len);
    return send(fd, head, sizeof head, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof head &&
           send(fd, body.ptr, body.len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)body.len;
}

static tact_str poured(arena *a, tact_str body) {
    size_t len = LENGTH + NUMBER + body.len;
    char *whole = arena_alloc(a, len);
    assert_non_null(whole);
    head_of(whole, 0, body.len);
    memcpy(whole + LENGTH + NUMBER, body.ptr, body.len);
    return (tact_str){whole, len};
}

bool peer_pour(int fd, arena *a, tact_str body, size_t *at) {
    tact_str whole = poured(a, body);
    for (;;) {
        ssize_t n = send(fd, whole.ptr + *at, whole.len - *at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        *at = (*at + (size_t)n) % whole.len;
    }
}

void peer_pour_end(int fd, arena *a, tact_str body, size_t at) {
    tact_str whole = poured(a, body);
    while (at && at < whole.len) {
        ssize_t n = send(fd, whole.ptr + at, whole.len - at, MSG_NOSIGNAL);
        assert_true(n > 0);
        at += (size_t)n;
    }
}

tact_value peer_receive(int fd, arena *a, uint32_t *number) {
    uint8_t head[LENGTH + NUMBER];
    tact_value v = {.kind = TACT_UNRESOLVED};
    size_t len = 0;
    if (!read_all(fd, head, sizeof head)) return v;
    for (int i = 0; i < LENGTH; i++) len = len << 8 | head[i];
    assert_true(len >= NUMBER);
    uint32_t of = 0;
    for (int i = 0; i < NUMBER; i++) of = of << 8 | head[LENGTH + i];
    if (number) *number = of & 0x7fffffff;
    char *bytes = arena_alloc(a, len);
    assert_non_null(bytes);
    if (!read_all(fd, bytes, len - NUMBER)) return v;
    assert_int_equal(msgpack_read(a, (tact_str){bytes, len - NUMBER}, &v, NULL), TACT_OK);
    return v;
}
