// SPDX-License-Identifier: Apache-2.0
//
// Listening: a client of NNG's asks at every kind of address and is answered; what is too much is closed, and others
// are not disturbed by it; what cannot be had is told with its reason.
#include "server/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <nng/supplemental/tls/tls.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "pem.h"

enum { PATIENCE_MS = 20000 }; // before a test that waits for nothing gives up

typedef struct scene {
    arena memory;
    settings settings;
    nng_socket socket;
    listeners *listeners;
    char folder[40];
} scene;

static int setup(void **state) {
    static scene s;
    s = (scene){.folder = "/tmp/tact_listen_XXXXXX"};
    arena_init(&s.memory, 0);
    settings_default(&s.settings);
    s.settings.db = TACT_STR("data");
    s.settings.message_max = 1 << 10;
    assert_non_null(mkdtemp(s.folder));
    assert_int_equal(nng_rep0_open(&s.socket), 0);
    assert_int_equal(nng_socket_set_ms(s.socket, NNG_OPT_RECVTIMEO, PATIENCE_MS), 0);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    scene *s = *state;
    char command[80];
    nng_close(s->socket);
    arena_fini(&s->memory);
    (void)snprintf(command, sizeof command, "rm -r %s", s->folder);
    return system(command);
}

static tact_err open_at(scene *s, const char *url, tact_error *error) {
    tact_str *one = arena_array(&s->memory, 1, sizeof *one);
    *one = tact_str_from(url);
    s->settings.listen = (setting_texts){one, 1};
    return listen_open(&s->memory, s->socket, &s->settings, &s->listeners, error);
}

static const char *open_well(scene *s, const char *url) {
    tact_error error;
    if (open_at(s, url, &error)) fail_msg("%s: %s", url, error.text);
    setting_texts addresses = listen_addresses(s->listeners);
    assert_int_equal(addresses.count, 1);
    return addresses.of[0].ptr;
}

static tact_str file_with(scene *s, const char *name, const char *text) {
    char *path = arena_printf(&s->memory, "%s/%s", s->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return tact_str_from(path);
}

// ---- A client -------------------------------------------------------------------------------------------------------

typedef struct client {
    nng_socket socket;
    _Atomic int lost; // connections that were closed
} client;

static void lose(nng_pipe pipe, nng_pipe_ev event, void *context) {
    client *c = context;
    (void)pipe, (void)event;
    atomic_fetch_add(&c->lost, 1);
}

static void client_open(client *c) {
    c->lost = 0;
    assert_int_equal(nng_req0_open(&c->socket), 0);
    assert_int_equal(nng_socket_set_ms(c->socket, NNG_OPT_RECVTIMEO, PATIENCE_MS), 0);
    assert_int_equal(nng_socket_set_ms(c->socket, NNG_OPT_SENDTIMEO, PATIENCE_MS), 0);
    assert_int_equal(nng_socket_set_ms(c->socket, NNG_OPT_RECONNMINT, PATIENCE_MS), 0); // once is enough
    assert_int_equal(nng_pipe_notify(c->socket, NNG_PIPE_EV_REM_POST, lose, c), 0);
}

static void wait_for_loss(client *c) {
    int64_t until = clock_mono_ms() + PATIENCE_MS;
    while (!c->lost && clock_mono_ms() < until) (void)usleep(1000);
    assert_true(c->lost > 0);
}

static int dial(client *c, const char *url, const char *ca, const char *own) {
    nng_dialer d;
    nng_tls_config *tls = NULL;
    assert_int_equal(nng_dialer_create(&d, c->socket, url), 0);
    if (ca) {
        assert_int_equal(nng_tls_config_alloc(&tls, NNG_TLS_MODE_CLIENT), 0);
        assert_int_equal(nng_tls_config_ca_chain(tls, ca, NULL), 0);
        assert_int_equal(nng_tls_config_server_name(tls, "localhost"), 0);
        if (own) assert_int_equal(nng_tls_config_own_cert(tls, own, own, NULL), 0);
        assert_int_equal(nng_dialer_set_ptr(d, NNG_OPT_TLS_CONFIG, tls), 0);
        nng_tls_config_free(tls);
    }
    return nng_dialer_start(d, 0);
}

// Asks, answers on the other side, and hears the answer.
static void talk(scene *s, client *c, size_t len) {
    nng_msg *message;
    assert_int_equal(nng_msg_alloc(&message, len), 0);
    memset(nng_msg_body(message), 'x', len);
    assert_int_equal(nng_sendmsg(c->socket, message, 0), 0);
    assert_int_equal(nng_recvmsg(s->socket, &message, 0), 0);
    assert_int_equal(nng_msg_len(message), len);
    assert_int_equal(nng_sendmsg(s->socket, message, 0), 0);
    assert_int_equal(nng_recvmsg(c->socket, &message, 0), 0);
    assert_int_equal(nng_msg_len(message), len);
    nng_msg_free(message);
}

static void shout(client *c, size_t len) { // without waiting for an answer
    nng_msg *message;
    assert_int_equal(nng_msg_alloc(&message, len), 0);
    assert_int_equal(nng_sendmsg(c->socket, message, 0), 0);
}

// ---- What works -----------------------------------------------------------------------------------------------------

static void answers_at(scene *s, const char *url, const char *begins, const char *ca, const char *own) {
    client c;
    const char *address = open_well(s, url);
    if (strncmp(address, begins, strlen(begins)) != 0) fail_msg("%s", address);
    assert_null(strstr(address, ":0"));
    client_open(&c);
    assert_int_equal(dial(&c, address, ca, own), 0);
    talk(s, &c, 10);
    talk(s, &c, 1 << 10);
    assert_int_equal(c.lost, 0);
    metrics_gauges g = {0};
    listen_gauges(s->listeners, &g);
    assert_int_equal(g.connections, 1);
    assert_int_equal(g.connections_total, 1);
    nng_close(c.socket);
}

static void over_tcp(void **state) {
    answers_at(*state, "tcp://127.0.0.1:0", "tcp://127.0.0.1:", NULL, NULL);
}

static void over_ipc(void **state) {
    scene *s = *state;
    answers_at(s, arena_printf(&s->memory, "ipc://%s/s", s->folder), "ipc:///tmp/", NULL, NULL);
}

static void over_websocket(void **state) {
    answers_at(*state, "ws://127.0.0.1:0/tact", "ws://127.0.0.1:", NULL, NULL);
}

static void within_the_process(void **state) {
    answers_at(*state, "inproc://tact", "inproc://tact", NULL, NULL);
}

static void over_tls(void **state) {
    scene *s = *state;
    s->settings.tls_cert = file_with(s, "server.pem", PEM_SERVER_CERTIFICATE PEM_SERVER_KEY);
    answers_at(s, "tls+tcp://127.0.0.1:0", "tls+tcp://127.0.0.1:", PEM_SERVER_CERTIFICATE, NULL);
}

static void over_websocket_and_tls(void **state) {
    scene *s = *state;
    s->settings.tls_cert = file_with(s, "server.pem", PEM_SERVER_CERTIFICATE PEM_SERVER_KEY);
    answers_at(s, "wss://127.0.0.1:0", "wss://127.0.0.1:", PEM_SERVER_CERTIFICATE, NULL);
}

static void clients_with_certificates(void **state) {
    scene *s = *state;
    client c;
    s->settings.tls_cert = file_with(s, "server.pem", PEM_SERVER_CERTIFICATE PEM_SERVER_KEY);
    s->settings.tls_ca = file_with(s, "ca.pem", PEM_CLIENT_CERTIFICATE);
    const char *own = PEM_CLIENT_CERTIFICATE PEM_CLIENT_KEY, *other = PEM_SERVER_CERTIFICATE PEM_SERVER_KEY;
    answers_at(s, "tls+tcp://127.0.0.1:0", "tls+tcp://127.0.0.1:", PEM_SERVER_CERTIFICATE, own);
    const char *address = listen_addresses(s->listeners).of[0].ptr;
    const char *const strangers[] = {NULL, other};
    for (size_t i = 0; i < 2; i++) {
        client_open(&c);
        if (dial(&c, address, PEM_SERVER_CERTIFICATE, strangers[i]) == 0) wait_for_loss(&c);
        nng_close(c.socket);
    }
    metrics_gauges g = {0};
    listen_gauges(s->listeners, &g);
    assert_int_equal(g.connections_total, 1);
}

// ---- What is too much -----------------------------------------------------------------------------------------------

// Clients that are gone before they are greeted: the next one is answered all the same.
static void who_vanishes_does_no_harm(void **state) {
    scene *s = *state;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    client c;
    const char *address = open_well(s, arena_printf(&s->memory, "ipc://%s/s", s->folder));
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s/s", s->folder);
    for (int i = 0; i < 50; i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
        assert_int_equal(close(fd), 0);
    }
    client_open(&c);
    assert_int_equal(dial(&c, address, NULL, NULL), 0);
    talk(s, &c, 10);
    nng_close(c.socket);
}

static void so_many_connections(void **state) {
    scene *s = *state;
    client first, second;
    s->settings.connections = 1;
    const char *address = open_well(s, "tcp://127.0.0.1:0");
    client_open(&first);
    assert_int_equal(dial(&first, address, NULL, NULL), 0);
    talk(s, &first, 10);
    client_open(&second);
    (void)dial(&second, address, NULL, NULL);
    wait_for_loss(&second);
    nng_close(second.socket);
    talk(s, &first, 10);
    assert_int_equal(first.lost, 0);
    metrics_gauges g = {0};
    listen_gauges(s->listeners, &g);
    assert_int_equal(g.connections_total, 1);
    assert_true(g.connections_refused >= 1); // it may have tried again
    listen_set_connections(s->listeners, 3);
    client_open(&second);
    assert_int_equal(dial(&second, address, NULL, NULL), 0);
    talk(s, &second, 10);
    // At the end nobody comes in, and who is in is answered.
    client third;
    listen_close(s->listeners);
    client_open(&third);
    (void)dial(&third, address, NULL, NULL);
    wait_for_loss(&third);
    nng_close(third.socket);
    talk(s, &second, 10);
    talk(s, &first, 10);
    nng_close(first.socket);
    nng_close(second.socket);
}

static void longest(scene *s, const char *url) {
    client c, other;
    const char *address = open_well(s, url);
    client_open(&c);
    client_open(&other);
    assert_int_equal(dial(&c, address, NULL, NULL), 0);
    assert_int_equal(dial(&other, address, NULL, NULL), 0);
    talk(s, &c, 4 << 10);
    assert_int_equal(c.lost, 0);
    shout(&c, (4 << 10) + 1);
    wait_for_loss(&c);
    talk(s, &other, 10);
    nng_close(c.socket);
    nng_close(other.socket);
}

static void so_long_a_message(void **state) {
    longest(*state, "tcp://127.0.0.1:0");
}

static void so_long_a_message_in_frames(void **state) {
    longest(*state, "ws://127.0.0.1:0");
}

// ---- What is wrong --------------------------------------------------------------------------------------------------

static void assert_refused(scene *s, const char *url, tact_err wanted, const char *why) {
    tact_error error = {0};
    assert_int_equal(open_at(s, url, &error), wanted);
    if (!strstr(error.text, why)) fail_msg("%s: %s", url, error.text);
}

static void addresses_that_cannot_be_had(void **state) {
    scene *s = *state;
    const char *address = open_well(s, "tcp://127.0.0.1:0");
    assert_refused(s, address, TACT_IO, "another program listens there; stop it, or choose another port");
    address = open_well(s, arena_printf(&s->memory, "ipc://%s/taken.ipc", s->folder));
    assert_refused(s, address, TACT_IO, "another program listens there; stop it, or choose another path");
    assert_refused(s, "ipc:///nowhere/at/all", TACT_IO, "the folder that the socket is to be in is not there");
    s->settings.tokens = TACT_STR("tokens");
    assert_refused(s, "tcp://192.0.2.1:0", TACT_IO, "this machine has no such address");
    s->settings.tokens = TACT_STR("");
    assert_refused(s, "tcp://0.0.0.0:0", TACT_INVALID, "without tokens all may do all");
}

static void certificates_that_are_none(void **state) {
    scene *s = *state;
    const char *url = "tls+tcp://127.0.0.1:0";
    assert_refused(s, url, TACT_INVALID, "needs a certificate: `tls_cert = FILE`");
    s->settings.tls_cert = TACT_STR("/nowhere.pem");
    assert_refused(s, url, TACT_NOT_FOUND, "tls_cert: /nowhere.pem: No such file or directory");
    s->settings.tls_cert = file_with(s, "a.pem", "text");
    assert_refused(s, url, TACT_INVALID, "has no `-----BEGIN CERTIFICATE …`");
    s->settings.tls_cert = file_with(s, "b.pem", PEM_SERVER_CERTIFICATE);
    assert_refused(s, url, TACT_INVALID, "has a certificate and no private key; both go into this file");
    s->settings.tls_cert = file_with(s, "c.pem",
                                     "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" PEM_SERVER_KEY);
    assert_refused(s, url, TACT_INVALID, "cannot be used");
    s->settings.tls_cert = file_with(s, "d.pem", PEM_SERVER_CERTIFICATE PEM_SERVER_KEY);
    s->settings.tls_ca = file_with(s, "e.pem", PEM_CLIENT_KEY);
    assert_refused(s, url, TACT_INVALID, "tls_ca: ");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(over_tcp),
        TEST(over_ipc),
        TEST(over_websocket),
        TEST(within_the_process),
        TEST(over_tls),
        TEST(over_websocket_and_tls),
        TEST(clients_with_certificates),
        TEST(who_vanishes_does_no_harm),
        TEST(so_many_connections),
        TEST(so_long_a_message),
        TEST(so_long_a_message_in_frames),
        TEST(addresses_that_cannot_be_had),
        TEST(certificates_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
