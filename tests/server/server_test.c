// SPDX-License-Identifier: Apache-2.0
//
// A whole server within the process, asked as programs ask it: by the client, at every kind of address.
#include "server/server.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pem.h"
#include "running.h"
#include "server/access.h"

#include <cmocka.h>

static int set_up(void **state) {
    static running r;
    running_begin(&r);
    *state = &r;
    return 0;
}

static int tear_down(void **state) {
    running_end(*state);
    return 0;
}

static const char *text_at(running *r, tact_value v, const char *path) {
    return talk_find_text(&r->talk.memory, v, path);
}

// ---- Operations -----------------------------------------------------------------------------------------------------

// Every operation once, for a person of this test's own.
static void ask_everything(running *r, tact_client *c, const char *crm) {
    char *request = arena_alloc(&r->talk.memory, 1000);
    tact_value v;
    snprintf(request, 1000,
             "{'op': 'record', 'commands': [{'set': {'tier': 'gold', 'recency': 3}, 'person': {'crm': '%s'},"
             " 'source': 'crm'}]}",
             crm);
    assert_true(talk_find_int(running_ask(r, c, request), "position") > 0);
    snprintf(request, 1000, "{'op': 'decide', 'person': {'crm': '%s'}, 'placements': ['hero', 'chat']}", crm);
    v = running_ask(r, c, request);
    assert_string_equal(text_at(r, v, "bundle"), "shop@1");
    assert_string_equal(text_at(r, v, "placements.hero.0.offer"), "gold");
    const char *token = text_at(r, v, "placements.hero.0.token");
    assert_true(strlen(token) > 10);
    snprintf(request, 1000, "{'op': 'record', 'commands': [{'event': 'click', 'token': '%s'}]}", token);
    running_ask(r, c, request);
    snprintf(request, 1000, "{'op': 'context', 'person': {'crm': '%s'}, 'channel': 'chat', 'budget': 200}", crm);
    assert_int_equal(talk_find_int(running_ask(r, c, request), "attributes.recency"), 3);
    snprintf(request, 1000, "{'op': 'explain', 'person': {'crm': '%s'}, 'placements': ['hero']}", crm);
    assert_string_equal(text_at(r, running_ask(r, c, request), "placements.hero.0.offer"), "gold");
    snprintf(request, 1000, "{'op': 'person', 'person': {'crm': '%s'}}", crm);
    assert_true(talk_find(running_ask(r, c, request), "ok").as.b);
    snprintf(request, 1000,
             "{'op': 'batch', 'requests': [{'op': 'decide', 'person': {'crm': '%s'}, 'placements': ['hero']},"
             " {'op': 'decide', 'placements': ['heroo']}, {'op': 'status'}]}",
             crm);
    v = running_ask(r, c, request);
    assert_string_equal(text_at(r, v, "replies.0.placements.hero.0.offer"), "gold");
    assert_string_equal(text_at(r, v, "replies.1.error.code"), "unknown_placement");
    assert_true(talk_find(v, "replies.2.ok").as.b);
    snprintf(request, 1000, "{'op': 'erase', 'person': {'crm': '%s'}}", crm);
    running_ask(r, c, request);
    snprintf(request, 1000, "{'op': 'person', 'person': {'crm': '%s'}}", crm);
    assert_string_equal(running_fails(r, c, request), "unknown_person");
    assert_string_equal(running_fails(r, c, "{'op': 'rollback', 'version': 'shop@7'}"), "unknown_version");
    assert_string_equal(running_fails(r, c, "{'op': 'publish', 'folder': '/etc'}"), "forbidden");
    assert_string_equal(running_fails(r, c, "{'op': 'decde'}"), "unknown_operation");
}

static void every_operation_at_every_address(void **state) {
    running *r = *state;
    const char *ipc = arena_printf(&r->talk.memory, "ipc://%s/here.ipc", r->talk.rules.path);
    const char *cert = running_file(r, "server.pem", PEM_SERVER_CERTIFICATE PEM_SERVER_KEY);
    const tact_client_options trust = {.tls_ca = running_file(r, "ca.pem", PEM_SERVER_CERTIFICATE)};
    const char *const urls[] = {"tcp://127.0.0.1:0",     ipc,
                                "inproc://server-test",  "ws://127.0.0.1:0/tact",
                                "tls+tcp://localhost:0", "wss://localhost:0/tact"};
    enum { URLS = sizeof urls / sizeof *urls };
    running_listen(r, urls, URLS);
    r->settings.tls_cert = tact_str_from(cert);
    running_start(r);
    for (uint32_t i = 0; i < URLS; i++) {
        char crm[20];
        snprintf(crm, sizeof crm, "%u", i);
        tact_client *c = running_client(r, running_url(r, i), &trust);
        ask_everything(r, c, crm);
        tact_client_close(c);
    }
}

static void a_client_without_the_certificate_is_not_let_in(void **state) {
    running *r = *state;
    tact_value reply;
    running_listen(r, (const char *const[]){"tls+tcp://localhost:0", "tcp://127.0.0.1:0"}, 2);
    r->settings.tls_cert = tact_str_from(running_file(r, "server.pem", PEM_SERVER_CERTIFICATE PEM_SERVER_KEY));
    r->settings.tls_ca = tact_str_from(running_file(r, "clients.pem", PEM_CLIENT_CERTIFICATE));
    tact_client_options o = {.tls_ca = running_file(r, "ca.pem", PEM_SERVER_CERTIFICATE), .deadline_ms = 300};
    running_start(r);
    const char *status = "{'op': 'status'}";
    for (int i = 0; i < 2; i++) { // none, and one that nobody there knows
        tact_client *stranger = running_client(r, running_url(r, 0), &o);
        assert_int_equal(
            tact_client_call(stranger, talk_json(&r->talk.memory, status), 0, &r->talk.memory, &reply, &r->problem),
            TACT_BUSY);
        tact_client_close(stranger);
        o.tls_cert = running_file(r, "stranger.pem", PEM_SERVER_CERTIFICATE PEM_SERVER_KEY);
    }
    o.tls_cert = running_file(r, "client.pem", PEM_CLIENT_CERTIFICATE PEM_CLIENT_KEY);
    o.deadline_ms = 0;
    tact_client *known = running_client(r, running_url(r, 0), &o);
    running_ask(r, known, status);
    tact_client_close(known);
}

// ---- Access ---------------------------------------------------------------------------------------------------------

static const char *with_token(running *r, const char *name, uint32_t roles, char token[ACCESS_TOKEN_MAX]) {
    assert_int_equal(access_token_new(token, NULL), TACT_OK);
    tact_str line = access_line(&r->talk.memory, token, tact_str_from(name), roles);
    return arena_printf(&r->talk.memory, "%.*s", (int)line.len, line.ptr);
}

static void tokens_and_their_roles(void **state) {
    running *r = *state;
    static const struct {
        const char *request;
        uint32_t role;
    } asks[] = {
        {"{'op': 'decide', 'placements': ['hero']}", ACCESS_DECIDE},
        {"{'op': 'context', 'person': {'crm': '1'}, 'budget': 100}", ACCESS_DECIDE},
        {"{'op': 'record', 'commands': []}", ACCESS_RECORD},
        {"{'op': 'explain', 'placements': ['hero']}", ACCESS_PUBLISH},
        {"{'op': 'rollback', 'version': 'shop@7'}", ACCESS_PUBLISH},
        {"{'op': 'publish', 'message': 'x'}", ACCESS_PUBLISH},
        {"{'op': 'status'}", ACCESS_OPERATE},
        {"{'op': 'person', 'person': {'crm': '1'}}", ACCESS_OPERATE},
        {"{'op': 'erase', 'person': {'crm': '1'}}", ACCESS_OPERATE},
    };
    char tokens[4][ACCESS_TOKEN_MAX];
    const char *file = "";
    for (uint32_t i = 0; i < 4; i++) {
        file = arena_printf(&r->talk.memory, "%s%s", file, with_token(r, "one", 1u << i, tokens[i]));
    }
    r->settings.tokens = tact_str_from(running_file(r, "tokens", file));
    running_start(r);
    for (uint32_t i = 0; i < 4; i++) {
        tact_client *c = running_client(r, running_url(r, 0), &(tact_client_options){.token = tokens[i]});
        for (size_t k = 0; k < sizeof asks / sizeof *asks; k++) {
            tact_value reply, v = talk_json(&r->talk.memory, asks[k].request);
            tact_err err = tact_client_call(c, v, 0, &r->talk.memory, &reply, &r->problem);
            bool forbidden = err && strcmp(tact_problem_code(&r->problem), "forbidden") == 0;
            if (forbidden == (asks[k].role == 1u << i)) fail_msg("token %u: %s", i, asks[k].request);
        }
        tact_client_close(c);
    }
    tact_client *nobody = running_client(r, running_url(r, 0), NULL);
    assert_string_equal(running_fails(r, nobody, "{'op': 'decide', 'placements': ['hero']}"), "forbidden");
    tact_client_close(nobody);
}

// The token of a web page: a visitor's browser asks, and tells what became of it.
static void a_page_asks_for_who_sits_before_it(void **state) {
    running *r = *state;
    char page[ACCESS_TOKEN_MAX], shop[ACCESS_TOKEN_MAX], request[1000];
    const tact_str cookie = TACT_STR("cookie");
    static const char *const forbidden[] = {
        "{'op': 'decide', 'person': {'crm': '1'}, 'placements': ['hero']}",
        "{'op': 'decide', 'person': 1, 'placements': ['hero']}",
        "{'op': 'decide', 'person': {'cookie': '7f3'}, 'placements': ['hero'], 'explain': true}",
        "{'op': 'record', 'commands': [{'event': 'complaint', 'person': {'cookie': '7f3'}}]}",
        "{'op': 'record', 'commands': [{'erase': {'cookie': '7f3'}}]}",
        "{'op': 'record', 'commands': [{'link': {'cookie': '7f3', 'crm': '2'}}]}",
        "{'op': 'context', 'person': {'cookie': '7f3'}, 'budget': 100}",
        "{'op': 'explain', 'placements': ['hero']}",
        "{'op': 'person', 'person': {'cookie': '7f3'}}",
        "{'op': 'status'}",
        "{'op': 'bundles'}",
    };
    const char *lines = with_token(r, "page", ACCESS_PAGE, page);
    lines = arena_printf(&r->talk.memory, "%s%s", lines, with_token(r, "shop", ACCESS_ALL, shop));
    r->settings.tokens = tact_str_from(running_file(r, "tokens", lines));
    r->settings.page_identities = (setting_texts){&cookie, 1};
    running_start(r);
    tact_client *c = running_client(r, running_url(r, 0), &(tact_client_options){.token = shop});
    running_ask(r, c,
                "{'op': 'record', 'commands': [{'set': {'tier': 'gold'}, 'source': 'crm',"
                " 'person': {'crm': '1', 'cookie': '7f3'}}]}");
    tact_client_close(c);
    c = running_client(r, running_url(r, 0), &(tact_client_options){.token = page});
    tact_value v = running_ask(r, c, "{'op': 'decide', 'person': {'cookie': '7f3'}, 'placements': ['hero']}");
    assert_string_equal(text_at(r, v, "placements.hero.0.offer"), "gold");
    snprintf(request, sizeof request, "{'op': 'record', 'commands': [{'event': 'click', 'token': '%s'}]}",
             text_at(r, v, "placements.hero.0.token"));
    running_ask(r, c, request);
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        assert_string_equal(running_fails(r, c, forbidden[i]), "forbidden");
        snprintf(request, sizeof request, "{'op': 'batch', 'requests': [%s, {'op': 'decide', 'placements': ['hero']}]}",
                 forbidden[i]);
        v = running_ask(r, c, request);
        assert_string_equal(text_at(r, v, "replies.0.error.code"), "forbidden");
        assert_true(talk_find(v, "replies.1.ok").as.b);
    }
    tact_client_close(c);
}

static void a_reload_takes_over_or_changes_nothing(void **state) {
    running *r = *state;
    char old[ACCESS_TOKEN_MAX], new[ACCESS_TOKEN_MAX];
    tact_error error;
    const char *status = "{'op': 'status'}", *two = "{'op': 'batch', 'requests': [{'op': 'status'}, {'op': 'status'}]}";
    r->settings.tokens = tact_str_from(running_file(r, "tokens", with_token(r, "old", ACCESS_ALL, old)));
    running_start(r);
    tact_client *was = running_client(r, running_url(r, 0), &(tact_client_options){.token = old});
    running_ask(r, was, two);
    settings wanted = r->settings;
    wanted.batch_max = 1;
    running_file(r, "tokens", "old operate\n");
    assert_int_equal(server_reload(r->server, &wanted, &error), TACT_INVALID);
    running_ask(r, was, two);
    wanted.tokens = TACT_STR("");
    assert_int_equal(server_reload(r->server, &wanted, &error), TACT_INVALID); // it would let in everybody
    running_ask(r, was, two);
    wanted.tokens = r->settings.tokens;
    running_file(r, "tokens", with_token(r, "new", ACCESS_ALL, new));
    assert_int_equal(server_reload(r->server, &wanted, &error), TACT_OK);
    assert_string_equal(running_fails(r, was, status), "forbidden");
    tact_client *is = running_client(r, running_url(r, 0), &(tact_client_options){.token = new});
    running_ask(r, is, status);
    assert_string_equal(running_fails(r, is, two), "too_much");
    running_file(r, "tokens", "old operate\n");
    assert_int_equal(server_reload(r->server, &wanted, &error), TACT_INVALID);
    running_ask(r, is, status);
    running_file(r, "tokens", with_token(r, "old", ACCESS_ALL, old));
    assert_int_equal(server_reload(r->server, &wanted, &error), TACT_OK);
    assert_string_equal(running_fails(r, is, status), "forbidden");
    assert_int_equal(server_reload(r->server, &wanted, &error), TACT_OK); // which says what it said
    assert_string_equal(running_fails(r, is, status), "forbidden");
    tact_client_close(was);
    tact_client_close(is);
}

// ---- What it says of itself -----------------------------------------------------------------------------------------

static const char *get(running *r, const char *path) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char *text = arena_alloc(&r->talk.memory, 1 << 17), request[100];
    ssize_t len = 0, n;
    at.sin_port = htons((uint16_t)atoi(strrchr(server_http_address(r->server), ':') + 1));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
    assert_int_equal(send(fd, request, (size_t)size, MSG_NOSIGNAL), size);
    while ((n = recv(fd, text + len, (size_t)((1 << 17) - 1 - len), 0)) > 0) len += n;
    text[len] = '\0';
    close(fd);
    return text;
}

// The number behind what the line begins with; -1: there is no such line.
static long metric(const char *text, const char *name) {
    for (const char *at = text; (at = strstr(at, name)); at++) {
        if (at[-1] == '\n') return atol(at + strlen(name));
    }
    return -1;
}

static void status_and_metrics_count_what_was_asked(void **state) {
    running *r = *state;
    r->settings.http = TACT_STR("http://127.0.0.1:0");
    running_start(r);
    tact_client *c = running_client(r, running_url(r, 0), NULL);
    for (int i = 0; i < 7; i++) running_ask(r, c, "{'op': 'decide', 'placements': ['hero']}");
    for (int i = 0; i < 3; i++) running_fails(r, c, "{'op': 'decide', 'placements': ['heroo']}");
    running_ask(r, c, "{'op': 'batch', 'requests': [{'op': 'decide', 'placements': ['hero']}, {'op': 'decde'}]}");
    running_ask(r, c, "{'op': 'record', 'commands': [{'event': 'complaint', 'person': {'crm': '1'}}]}");
    tact_value v = running_ask(r, c, "{'op': 'status'}");
    assert_int_equal(talk_find_int(v, "server.requests.decide.ok"), 8);
    assert_int_equal(talk_find_int(v, "server.requests.decide.unknown_placement"), 3);
    assert_int_equal(talk_find_int(v, "server.requests.record.ok"), 1);
    assert_int_equal(talk_find_int(v, "server.latencies.decide.count"), 11);
    assert_int_equal(talk_find_int(v, "server.connections"), 1);
    assert_true(talk_find_int(v, "server.in_flight") >= 1); // this one
    const char *text = get(r, "/metrics");
    assert_int_equal(metric(text, "tact_requests_total{operation=\"decide\",code=\"ok\"} "), 8);
    assert_int_equal(metric(text, "tact_requests_total{operation=\"decide\",code=\"unknown_placement\"} "), 3);
    assert_int_equal(metric(text, "tact_requests_total{operation=\"batch\",code=\"ok\"} "), 1);
    assert_int_equal(metric(text, "tact_requests_total{operation=\"status\",code=\"ok\"} "), 1);
    assert_non_null(strstr(get(r, "/readyz"), "200"));
    tact_client_close(c);
}

// ---- Starting and stopping ------------------------------------------------------------------------------------------

static void one_server_a_folder(void **state) {
    running *r = *state;
    server *second = NULL;
    tact_error error;
    running_start(r);
    assert_int_equal(server_start(&r->settings, &r->log, &second, &error), TACT_BUSY);
    assert_null(second);
    assert_non_null(strstr(error.text, "another process writes to it"));
    tact_client *c = running_client(r, running_url(r, 0), NULL);
    running_ask(r, c, "{'op': 'status'}");
    tact_client_close(c);
}

static void what_cannot_start_leaves_nothing_open(void **state) {
    running *r = *state;
    server *none = NULL;
    tact_error error;
    settings wrong = r->settings;
    wrong.http = TACT_STR("http://192.0.2.1:7421"); // is of nobody; the last that is begun
    assert_int_equal(server_start(&wrong, &r->log, &none, &error), TACT_IO);
    wrong = r->settings;
    wrong.tokens = TACT_STR("/nowhere/tokens");
    assert_int_equal(server_start(&wrong, &r->log, &none, &error), TACT_NOT_FOUND);
    assert_null(none);
    running_start(r);
}

static void started_again_it_knows_what_it_knew(void **state) {
    running *r = *state;
    for (int round = 0; round < 5; round++) {
        running_start(r);
        tact_client *c = running_client(r, running_url(r, 0), NULL);
        tact_value v = running_ask(r, c, "{'op': 'decide', 'person': {'crm': '9'}, 'placements': ['hero']}");
        assert_string_equal(text_at(r, v, "bundle"), "shop@1");
        assert_string_equal(text_at(r, v, "placements.hero.0.offer"), round ? "gold" : "story");
        running_ask(
            r, c, "{'op': 'record', 'commands': [{'set': {'tier': 'gold'}, 'person': {'crm': '9'}, 'source': 'crm'}]}");
        tact_client_close(c);
        running_stop(r);
    }
}

static void it_stops_while_connections_are_open(void **state) {
    running *r = *state;
    const char *request = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    r->settings.http = TACT_STR("http://127.0.0.1:0");
    for (int round = 0; round < 5; round++) {
        enum { OPEN = 40 };
        int fd[OPEN];
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        running_start(r);
        at.sin_port = htons((uint16_t)atoi(strrchr(server_http_address(r->server), ':') + 1));
        for (int i = 0; i < OPEN; i++) {
            fd[i] = socket(AF_INET, SOCK_STREAM, 0);
            assert_int_equal(connect(fd[i], (struct sockaddr *)&at, sizeof at), 0);
            if (i % 2) assert_int_equal(send(fd[i], request, strlen(request), MSG_NOSIGNAL), strlen(request));
        }
        int peer = peer_open(running_url(r, 0), 0);
        running_stop(r);
        for (int i = 0; i < OPEN; i++) close(fd[i]);
        close(peer);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_operation_at_every_address),
        TEST(a_client_without_the_certificate_is_not_let_in),
        TEST(tokens_and_their_roles),
        TEST(a_page_asks_for_who_sits_before_it),
        TEST(a_reload_takes_over_or_changes_nothing),
        TEST(status_and_metrics_count_what_was_asked),
        TEST(one_server_a_folder),
        TEST(what_cannot_start_leaves_nothing_open),
        TEST(started_again_it_knows_what_it_knew),
        TEST(it_stops_while_connections_are_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
