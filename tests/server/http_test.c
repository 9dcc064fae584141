// SPDX-License-Identifier: Apache-2.0
//
// Metrics and health over HTTP, asked by plain sockets.
#include "server/http.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define METRICS "# HELP a b\n# TYPE a counter\na 1\n"

typedef struct fixture {
    http *server;
    atomic_int asked;
    atomic_bool ready, gone; // nobody may ask any more
    pthread_mutex_t gate;    // held: who asks for metrics waits
} fixture;

static void tell_metrics(void *context, buf *out) {
    fixture *f = context;
    assert_false(atomic_load(&f->gone));
    atomic_fetch_add(&f->asked, 1);
    pthread_mutex_lock(&f->gate);
    pthread_mutex_unlock(&f->gate);
    assert_false(atomic_load(&f->gone));
    buf_add_text(out, METRICS);
}

static bool tell_ready(void *context, buf *why_not) {
    fixture *f = context;
    assert_false(atomic_load(&f->gone));
    if (!atomic_load(&f->ready)) buf_add_text(why_not, "reading the store\n");
    return atomic_load(&f->ready);
}

static http *start(fixture *f, const char *url) {
    const http_asks asks = {tell_metrics, tell_ready, f};
    http *h;
    tact_error error;
    if (http_start(url, &asks, &h, &error)) fail_msg("%s", error.text);
    return h;
}

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    pthread_mutex_init(&f->gate, NULL);
    f->server = start(f, "http://127.0.0.1:0");
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    http_stop(f->server);
    pthread_mutex_destroy(&f->gate);
    free(f);
    return 0;
}

// ---- Asking ---------------------------------------------------------------------------------------------------------

typedef struct answer {
    int status; // 0: none came
    char text[20000];
} answer;

static int connect_to(const char *address) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    const char *colon = strrchr(address, ':');
    assert_int_equal(strncmp(address, "http://127.0.0.1:", strlen("http://127.0.0.1:")), 0);
    at.sin_port = htons((uint16_t)atoi(colon + 1));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void put(int fd, const char *text) {
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void parse(answer *a, size_t len) {
    a->text[len] = '\0';
    a->status = strncmp(a->text, "HTTP/1.1 ", 9) == 0 ? atoi(a->text + 9) : 0;
}

static const char *body_of(const answer *a) {
    const char *end = strstr(a->text, "\r\n\r\n");
    return end ? end + 4 : a->text + strlen(a->text);
}

static void get_all(int fd, answer *a) { // until the other side closes
    size_t len = 0;
    ssize_t n;
    while (len < sizeof a->text - 1 && (n = recv(fd, a->text + len, sizeof a->text - 1 - len, 0)) > 0) len += (size_t)n;
    close(fd);
    parse(a, len);
}

static answer ask(const char *address, const char *method, const char *path) {
    char request[500];
    answer a;
    int fd = connect_to(address);
    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path);
    put(fd, request);
    get_all(fd, &a);
    return a;
}

static bool has(const answer *a, const char *header) {
    const char *at = strstr(a->text, header);
    return at && at < body_of(a);
}

// ---- Tests ----------------------------------------------------------------------------------------------------------

static void metrics_are_text_for_prometheus(void **state) {
    fixture *f = *state;
    answer a = ask(http_address(f->server), "GET", "/metrics");
    assert_int_equal(a.status, 200);
    assert_true(has(&a, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    assert_string_equal(body_of(&a), METRICS);
    a = ask(http_address(f->server), "GET", "/metrics?name[]=a");
    assert_int_equal(a.status, 200);
    assert_string_equal(body_of(&a), METRICS);
}

static void health_and_readiness(void **state) {
    fixture *f = *state;
    assert_int_equal(ask(http_address(f->server), "GET", "/healthz").status, 200);
    answer a = ask(http_address(f->server), "GET", "/readyz");
    assert_int_equal(a.status, 503);
    assert_string_equal(body_of(&a), "reading the store\n");
    atomic_store(&f->ready, true);
    a = ask(http_address(f->server), "GET", "/readyz");
    assert_int_equal(a.status, 200);
    assert_string_equal(body_of(&a), "ready\n");
    assert_int_equal(atomic_load(&f->asked), 0); // no need to count anything for that
}

static void head_is_get_without_the_text(void **state) {
    fixture *f = *state;
    char length[50];
    answer a = ask(http_address(f->server), "HEAD", "/metrics");
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", strlen(METRICS));
    assert_int_equal(a.status, 200);
    assert_true(has(&a, length));
    assert_string_equal(body_of(&a), "");
    assert_int_equal(ask(http_address(f->server), "HEAD", "/nothing").status, 404);
}

static void what_is_not_there(void **state) {
    fixture *f = *state;
    static const char *const paths[] = {"/metric",      "/metricsx",         "/metrics/", "/metrics/x",
                                        "/favicon.ico", "/../../etc/passwd", "//",        "/%00"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        answer a = ask(http_address(f->server), "GET", paths[i]);
        assert_int_equal(a.status, 404);
        assert_non_null(strstr(body_of(&a), "\n/metrics\n"));
    }
    answer a = ask(http_address(f->server), "GET", "/");
    assert_int_equal(a.status, 200);
    assert_string_equal(body_of(&a), "/metrics\n/healthz\n/readyz\n");
}

static void nothing_is_written(void **state) {
    fixture *f = *state;
    static const char *const methods[] = {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        answer a = ask(http_address(f->server), methods[i], "/metrics");
        assert_int_equal(a.status, 405);
        assert_true(has(&a, "Allow: GET, HEAD\r\n"));
    }
    answer a;
    int fd = connect_to(http_address(f->server)); // what is sent with it is not taken for a further request
    put(fd,
        "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 36\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n..");
    get_all(fd, &a);
    assert_int_equal(a.status, 405);
    assert_null(strstr(a.text, METRICS));
    assert_int_equal(atomic_load(&f->asked), 0);
}

static void a_connection_may_ask_again(void **state) {
    fixture *f = *state;
    answer a;
    int fd = connect_to(http_address(f->server));
    size_t len = 0;
    for (int i = 1; i <= 3; i++) {
        put(fd, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        do {
            ssize_t n = recv(fd, a.text + len, sizeof a.text - 1 - len, 0);
            assert_true(n > 0);
            len += (size_t)n;
            parse(&a, len);
        } while (strcmp(body_of(&a), "ok\n") != 0);
        assert_int_equal(a.status, 200);
        len = 0;
    }
    close(fd);
}

static void what_is_no_http(void **state) {
    fixture *f = *state;
    static const char *const texts[] = {"\r\n\r\n",
                                        "hello\r\n\r\n",
                                        "GET / HTTP/9.9\r\n\r\n",
                                        "GET\r\n\r\n",
                                        "GET /metrics HTTP/1.1\r\n\r\n",
                                        "\x81\xa2op\xa6status"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        answer a;
        int fd = connect_to(http_address(f->server));
        put(fd, texts[i]);
        shutdown(fd, SHUT_WR);
        get_all(fd, &a);
        assert_true(a.status == 0 || a.status >= 400);
    }
    assert_int_equal(ask(http_address(f->server), "GET", "/healthz").status, 200);
}

enum { THREADS = 16, EACH = 20 };

static void *ask_often(void *context) {
    fixture *f = context;
    for (intptr_t i = 0; i < EACH; i++) {
        answer a = ask(http_address(f->server), "GET", "/metrics");
        if (a.status != 200 || strcmp(body_of(&a), METRICS) != 0) return (void *)(i + 1);
    }
    return NULL;
}

static void many_at_once(void **state) {
    fixture *f = *state;
    pthread_t threads[THREADS];
    void *failed;
    int idle[20], half = connect_to(http_address(f->server)); // and some who say nothing
    put(half, "GET /metr");
    for (int i = 0; i < 20; i++) idle[i] = connect_to(http_address(f->server));
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, ask_often, f), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(atomic_load(&f->asked), THREADS * EACH);
    for (int i = 0; i < 20; i++) close(idle[i]);
    close(half);
}

static void *stop_it(void *context) {
    fixture *f = context;
    http_stop(f->server);
    atomic_store(&f->gone, true); // whoever asks from now on fails the test
    return NULL;
}

static void stops_while_it_is_asked(void **state) {
    fixture *f = *state;
    pthread_t stopper;
    int asking[3], idle = connect_to(http_address(f->server));
    pthread_mutex_lock(&f->gate);
    for (int i = 0; i < 3; i++) {
        asking[i] = connect_to(http_address(f->server));
        put(asking[i], "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    while (atomic_load(&f->asked) < 1) usleep(1000);
    assert_int_equal(pthread_create(&stopper, NULL, stop_it, f), 0);
    usleep(20000);
    assert_false(atomic_load(&f->gone)); // it waits for those it answers
    pthread_mutex_unlock(&f->gate);
    pthread_join(stopper, NULL);
    for (int i = 0; i < 3; i++) {
        answer a;
        get_all(asking[i], &a); // ends, with an answer or without
        assert_true(a.status == 0 || a.status == 200 || a.status == 503);
    }
    close(idle);
    f->server = NULL;
}

static void starts_again_where_it_was(void **state) {
    fixture *f = *state;
    char address[100];
    snprintf(address, sizeof address, "%s", http_address(f->server));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(ask(address, "GET", "/healthz").status, 200);
        http_stop(f->server);
        f->server = start(f, address);
        assert_string_equal(http_address(f->server), address);
    }
}

static void several_servers_of_one_process(void **state) {
    fixture *f = *state;
    http *more[3];
    for (int i = 0; i < 3; i++) more[i] = start(f, "http://127.0.0.1:0");
    for (int i = 0; i < 3; i++) {
        assert_string_not_equal(http_address(more[i]), http_address(f->server));
        assert_int_equal(ask(http_address(more[i]), "GET", "/metrics").status, 200);
    }
    for (int i = 0; i < 3; i++) http_stop(more[i]);
    assert_int_equal(ask(http_address(f->server), "GET", "/metrics").status, 200);
}

static void refused(fixture *f, const char *url, tact_err err, const char *says) {
    const http_asks asks = {tell_metrics, tell_ready, f};
    http *h;
    tact_error error;
    assert_int_equal(http_start(url, &asks, &h, &error), err);
    if (!strstr(error.text, says)) fail_msg("`%s` does not say `%s`", error.text, says);
}

static void addresses_that_cannot_be(void **state) {
    fixture *f = *state;
    char taken[100];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(taken, sizeof taken, "http://127.0.0.1:%d", ntohs(at.sin_port));
    refused(f, taken, TACT_IO, "another program listens there; stop it, or choose another port");
    close(fd);
    refused(f, http_address(f->server), TACT_IO, http_address(f->server)); // by one of our own
    assert_int_equal(ask(http_address(f->server), "GET", "/metrics").status, 200);
    refused(f, "tcp://127.0.0.1:7421", TACT_INVALID, "tcp://127.0.0.1:7421");
    refused(f, "http://127.0.0.1:7421/x", TACT_INVALID, "/x");
    refused(f, "127.0.0.1:7421", TACT_INVALID, "127.0.0.1:7421");
    refused(f, "http://192.0.2.1:7421", TACT_IO, "http://192.0.2.1:7421: this machine has no such address");
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(metrics_are_text_for_prometheus),
        TEST(health_and_readiness),
        TEST(head_is_get_without_the_text),
        TEST(what_is_not_there),
        TEST(nothing_is_written),
        TEST(a_connection_may_ask_again),
        TEST(what_is_no_http),
        TEST(many_at_once),
        TEST(stops_while_it_is_asked),
        TEST(starts_again_where_it_was),
        TEST(several_servers_of_one_process),
        TEST(addresses_that_cannot_be),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
