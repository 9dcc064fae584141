// SPDX-License-Identifier: Apache-2.0
//
// What a token that stands in a web page may ask for: as docs/serving.md has it, and nothing else.
#include "server/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "../engine/talk.h"

#include <cmocka.h>

#include "value/command.h"
#include "value/value.h"

static const tact_str names[] = {TACT_STR("cookie"), TACT_STR("visit")};
static const setting_texts identities = {names, 2};
static arena memory;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static void may(metrics_operation o, setting_texts listed, const char *request) {
    tact_problem p;
    if (page_check(listed, o, talk_json(&memory, request), &p)) fail_msg("%s: %s", request, p.text);
}

static void may_not(metrics_operation o, setting_texts listed, const char *request, const char *at) {
    tact_problem p;
    assert_int_equal(page_check(listed, o, talk_json(&memory, request), &p), TACT_DENIED);
    assert_string_equal(tact_problem_code(&p), "forbidden");
    assert_string_equal(p.at, at);
    assert_int_equal(strncmp(p.text, at, strlen(at)), 0);
}

static void decisions_by_identities_that_nobody_guesses(void **state) {
    (void)state;
    const metrics_operation o = METRICS_DECIDE;
    const setting_texts none = {NULL, 0};
    may(o, none,
        "{'op': 'decide', 'auth': 'tact_x', 'placements': ['hero'], 'deadline_us': 5, 'decision': 'a',"
        " 'events': [{'type': 'page_view'}], 'context': {'device': 'mobile'}}");
    may(o, none, "{'op': 'decide', 'person': null}");
    may(o, none, "{'op': 'decide', 'person': {}}");
    may(o, identities, "{'op': 'decide', 'person': {'cookie': '7f3', 'visit': 'a'}}");
    may_not(o, none, "{'op': 'decide', 'person': {'cookie': '7f3'}}", "person.cookie");
    may_not(o, identities, "{'op': 'decide', 'person': {'cookie': '7f3', 'crm': '1'}}", "person.crm");
    may_not(o, identities, "{'op': 'decide', 'person': {'cooki': '7f3'}}", "person.cooki");
    may_not(o, identities, "{'op': 'decide', 'person': 4711}", "person");
    may_not(o, identities, "{'op': 'decide', 'person': ['cookie']}", "person");
}

static void a_decision_says_no_more_than_what_is_shown(void **state) {
    (void)state;
    static const char *const keys[] = {"explain", "dry", "now", "expalin"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char request[100];
        snprintf(request, sizeof request, "{'op': 'decide', '%s': false}", keys[i]);
        may_not(METRICS_DECIDE, identities, request, keys[i]);
    }
}

#define RECORD(command) "{'op': 'record', 'id': 'a', 'commands': [" command "]}"

static void events_that_bring_back_a_token(void **state) {
    (void)state;
    const metrics_operation o = METRICS_RECORD;
    may(o, identities, RECORD(""));
    may(o, identities, RECORD("{'event': 'click', 'token': 'x', 'channel': 'web', 'properties': {'a': 1}, 'id': 'b'}"));
    may_not(o, identities, RECORD("{'event': 'click', 'person': {'cookie': '7f3'}}"), "commands[0]");
    may_not(o, identities, RECORD("{'event': 'click', 'token': null}"), "commands[0]");
    may_not(o, identities, RECORD("{'event': 'a', 'token': 'x'}, {'event': 'a', 'token': 'x', 'person': {'crm': '1'}}"),
            "commands[1].person.crm");
    may(o, identities, RECORD("{'event': 'a', 'token': 'x', 'person': {'cookie': '7f3'}}"));
    may_not(o, identities, RECORD("{'event': 'a', 'token': 'x', 'person': 4711}"), "commands[0].person");
    may_not(o, (setting_texts){NULL, 0}, RECORD("{'event': 'a', 'token': 'x', 'person': {'cookie': '7f3'}}"),
            "commands[0].person.cookie");
    may_not(o, identities, RECORD("{'event': 'a', 'token': 'x', 'time': '2026-01-01T00:00:00Z'}"), "commands[0].time");
    may_not(o, identities, RECORD("{'event': 'a', 'token': 'x', 'source': 'crm'}"), "commands[0].source");
    static const char *const does[] = {"set", "consent", "link", "unlink", "erase"};
    for (size_t i = 0; i < sizeof does / sizeof *does; i++) {
        char request[200], at[50];
        snprintf(request, sizeof request, RECORD("{'%s': {'cookie': '1'}, 'person': {'cookie': '7f3'}}"), does[i]);
        may_not(o, identities, request, "commands[0]");
        snprintf(request, sizeof request, RECORD("{'event': 'a', 'token': 'x', '%s': {'cookie': '1'}}"), does[i]);
        snprintf(at, sizeof at, "commands[0].%s", does[i]);
        may_not(o, identities, request, at);
    }
}

static tact_value at(tact_value v, const char *path) { // a key, or an item's number, each
    char part[40];
    for (; *path; path += strlen(part) + (path[strlen(part)] == '.')) {
        sscanf(path, "%39[^.]", part);
        if (v.kind == TACT_LIST) {
            v = v.as.items[part[0] - '0'];
        } else {
            const tact_value *inner = value_map_get_str(v.as.map, tact_str_from(part));
            if (!inner) return tact_null();
            v = *inner;
        }
    }
    return v;
}

// Whatever id a page gives: it could give another one each time.
static void an_event_counts_once_for_a_token(void **state) {
    (void)state;
    tact_value r = page_request(&memory, METRICS_RECORD,
                                talk_json(&memory, "{'op': 'record', 'auth': 'a', 'commands': ["
                                                   "{'event': 'click', 'token': 'x'},"
                                                   "{'event': 'click', 'token': 'x', 'id': '1'},"
                                                   "{'event': 'click', 'token': 'y', 'properties': {'a': 1}}]}"));
    const tact_value one = at(r, "commands.0.id"), same = at(r, "commands.1.id"), other = at(r, "commands.2.id");
    assert_int_equal(one.kind, TACT_STRING);
    assert_int_equal(one.len, COMMAND_ID_MAX);
    assert_true(tact_value_equal(one, same));
    assert_false(tact_value_equal(one, other));
    assert_int_equal(at(r, "commands.2.properties.a").as.i, 1);
    assert_int_equal(at(r, "auth").kind, TACT_STRING);
}

static void a_reply_says_what_to_show_and_nothing_of_whom(void **state) {
    (void)state;
    tact_value r = page_reply(
        &memory, METRICS_DECIDE,
        talk_json(&memory, "{'ok': true, 'decision': 'd', 'bundle': 'b@1', 'person': 4711, 'arms': {'x': 'y'},"
                           " 'held_out': true, 'late': true, 'took_us': 5, 'placements': {'hero': [{'offer': 'o',"
                           " 'content': {'title': 'T'}, 'score': 1.5, 'propensity': 0.5, 'token': 't'},"
                           " {'offer': 'f', 'content': {}, 'fallback': true, 'token': 'u'}], 'none': []}}"));
    tact_value wanted = talk_json(
        &memory, "{'ok': true, 'decision': 'd', 'bundle': 'b@1', 'late': true, 'took_us': 5, 'placements':"
                 " {'hero': [{'offer': 'o', 'content': {'title': 'T'}, 'token': 't'},"
                 " {'offer': 'f', 'content': {}, 'fallback': true, 'token': 'u'}], 'none': []}}");
    assert_true(tact_value_equal(r, wanted));
}

// Wrong types are told of by those who read them.
static void what_is_wrong_otherwise_is_left_to_others(void **state) {
    (void)state;
    may(METRICS_RECORD, identities, "{'op': 'record'}");
    may(METRICS_RECORD, identities, "{'op': 'record', 'commands': 'x'}");
    may(METRICS_RECORD, identities, "{'op': 'record', 'commands': [1, 'x', null]}");
    may(METRICS_DECIDE, identities, "{'op': 'decide', 'placements': 1}");
}

static void other_operations_are_for_others(void **state) {
    (void)state;
    for (metrics_operation o = 0; o < METRICS_OPERATIONS; o++) {
        assert_int_equal(page_has(o), o == METRICS_DECIDE || o == METRICS_RECORD);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(decisions_by_identities_that_nobody_guesses),
        TEST(a_decision_says_no_more_than_what_is_shown),
        TEST(events_that_bring_back_a_token),
        TEST(an_event_counts_once_for_a_token),
        TEST(a_reply_says_what_to_show_and_nothing_of_whom),
        TEST(what_is_wrong_otherwise_is_left_to_others),
        TEST(other_operations_are_for_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
