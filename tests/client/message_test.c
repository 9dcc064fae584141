// SPDX-License-Identifier: Apache-2.0
//
// What travels, at the client's end, as include/tact/client.h and docs/protocol.md have it.
#include "client/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "../engine/talk.h"
#include "wire/msgpack.h"

#include <cmocka.h>

static arena memory;
static bool again;

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

// What travels of a request.
static tact_value sent(const char *request) {
    const message_extras extras = {TACT_STR("secret"), 50000};
    buf out = buf_in(&memory);
    tact_problem problem;
    tact_value v = {0};
    assert_int_equal(message_write(&out, talk_json(&memory, request), &extras, &again, &problem), TACT_OK);
    assert_int_equal(msgpack_read(&memory, buf_done(&out), &v, NULL), TACT_OK);
    return v;
}

static bool has(tact_value v, const char *path) {
    return talk_find(v, path).kind != TACT_UNRESOLVED;
}

static void a_request_says_who_asks_and_how_long(void **state) {
    (void)state;
    tact_value v = sent("{'op': 'context', 'person': {'crm': '1'}}");
    assert_string_equal(talk_text(&memory, v),
                        "{'op':'context','person':{'crm':'1'},'deadline_us':50000,'auth':'secret'}");
    v = sent("{'op': 'context', 'auth': 'mine', 'deadline_us': 7}");
    assert_string_equal(talk_text(&memory, v), "{'op':'context','auth':'mine','deadline_us':7}");
    const message_extras none = {{NULL, 0}, 1};
    buf out = buf_in(&memory);
    assert_int_equal(message_write(&out, talk_json(&memory, "{'op': 'status'}"), &none, &again, NULL), TACT_OK);
    assert_int_equal(msgpack_read(&memory, buf_done(&out), &v, NULL), TACT_OK);
    assert_false(has(v, "auth"));
}

static void what_changes_something_gets_an_id(void **state) {
    (void)state;
    static const struct {
        const char *request, *key;
    } cases[] = {
        {"{'op': 'decide', 'placements': ['hero']}", "decision"},
        {"{'op': 'record', 'commands': []}", "id"},
        {"{'op': 'erase', 'person': 4711}", "id"},
        {"{'op': 'batch', 'requests': [{'op': 'decide'}]}", "requests.0.decision"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *one = talk_find_text(&memory, sent(cases[i].request), cases[i].key);
        const char *other = talk_find_text(&memory, sent(cases[i].request), cases[i].key);
        assert_int_equal(strlen(one), 26); // 128 bits, 5 a character
        assert_string_not_equal(one, other);
        assert_true(again);
    }
    assert_string_equal(talk_find_text(&memory, sent("{'op': 'decide', 'decision': 'mine'}"), "decision"), "mine");
    assert_false(has(sent("{'op': 'decide', 'dry': true}"), "decision"));
    assert_false(has(sent("{'op': 'decide', 'explain': true}"), "decision"));
    assert_true(has(sent("{'op': 'decide', 'dry': false}"), "decision"));
    assert_false(has(sent("{'op': 'person', 'person': 4711}"), "id"));
}

static void ids_are_random_in_all_their_characters(void **state) {
    (void)state;
    bool seen[26][256] = {{false}};
    for (int n = 0; n < 1000; n++) { // of 32 digits each misses a place with 1e-14
        const char *id = talk_find_text(&memory, sent("{'op': 'record'}"), "id");
        for (int i = 0; i < 26; i++) seen[i][(unsigned char)id[i]] = true;
    }
    for (int i = 0; i < 26; i++) {
        int digits = 0;
        for (int c = 0; c < 256; c++) digits += seen[i][c];
        assert_int_equal(digits, 32);
    }
}

static void only_what_is_harmless_is_sent_again(void **state) {
    (void)state;
    static const struct {
        const char *request;
        bool again;
    } cases[] = {
        {"{'op': 'decide'}", true},
        {"{'op': 'explain'}", true},
        {"{'op': 'context'}", true},
        {"{'op': 'person'}", true},
        {"{'op': 'status'}", true},
        {"{'op': 'bundles'}", true},
        {"{'op': 'simulate'}", true},
        {"{'op': 'publish', 'files': {}}", false},
        {"{'op': 'publish', 'files': {}, 'from': ''}", true},
        {"{'op': 'rollback'}", false},
        {"{'op': 'rollback', 'from': 'shop@3'}", true},
        {"{'op': 'batch', 'requests': [{'op': 'decide'}, {'op': 'record', 'commands': []}]}", true},
        {"{'op': 'batch', 'requests': [{'op': 'decide'}, {'op': 'publish'}]}", false},
        {"{'op': 'batch', 'requests': [{'op': 'batch', 'requests': []}]}", false},
        {"{'op': 'batch', 'requests': [17]}", false},
        {"{'op': 'batch'}", false},
        {"{'op': 'something new'}", false},
        {"{'op': 17}", false},
        {"{}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)sent(cases[i].request);
        if (again != cases[i].again) fail_msg("%s", cases[i].request);
    }
}

static void what_cannot_travel_is_refused(void **state) {
    (void)state;
    const message_extras extras = {{NULL, 0}, 1};
    tact_problem problem;
    buf out = buf_in(&memory);
    assert_int_equal(message_write(&out, tact_int(1), &extras, &again, &problem), TACT_USAGE);
    assert_string_equal(problem.text, "a request is a map, not a int");
    tact_value pairs[] = {tact_string("op", 2), tact_fault_value((tact_fault)1, "")};
    tact_value bad = tact_map_new(&memory, pairs, 1);
    assert_int_equal(message_write(&out, bad, &extras, &again, &problem), TACT_INVALID);
    arena small;
    arena_init(&small, 1);
    out = buf_in(&small);
    assert_int_equal(message_write(&out, talk_json(&memory, "{'op': 'decide'}"), &extras, &again, &problem),
                     TACT_NO_MEMORY);
    arena_fini(&small);
}

// ---- Replies --------------------------------------------------------------------------------------------------------

static tact_err heard(tact_str bytes, tact_value *reply, tact_problem *problem) {
    return message_read(&memory, bytes, reply, problem);
}

static tact_str bytes_of(const char *json) {
    buf out = buf_in(&memory);
    assert_int_equal(msgpack_write(&out, talk_json(&memory, json)), TACT_OK);
    return buf_done(&out);
}

static void refusals_keep_their_code_text_and_place(void **state) {
    (void)state;
    static const struct {
        const char *code;
        tact_err err;
    } cases[] = {
        {"unknown_placement", TACT_INVALID}, {"wrong_type", TACT_INVALID},
        {"unknown_person", TACT_NOT_FOUND},  {"no_bundle", TACT_NOT_FOUND},
        {"overloaded", TACT_BUSY},           {"forbidden", TACT_DENIED},
        {"not_active", TACT_INVALID},        {"io", TACT_IO},
        {"no_memory", TACT_NO_MEMORY},       {"exists", TACT_EXISTS},
        {"malformed", TACT_INVALID},
    };
    tact_value reply = {.kind = TACT_UNRESOLVED};
    tact_problem problem;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *json = arena_printf(
            &memory, "{'ok': false, 'error': {'code': '%s', 'text': 'so it is', 'at': 'events[2].type'}}",
            cases[i].code);
        assert_int_equal(heard(bytes_of(json), &reply, &problem), cases[i].err);
        assert_int_equal(problem.err, cases[i].err);
        assert_string_equal(tact_problem_code(&problem), cases[i].code);
        assert_string_equal(problem.text, "so it is");
        assert_string_equal(problem.at, "events[2].type");
        assert_int_equal(reply.kind, TACT_UNRESOLVED);
    }
    assert_int_equal(heard(bytes_of("{'ok': false, 'error': {'code': 'ok', 'text': 'no'}}"), &reply, &problem),
                     TACT_INVALID);
    assert_int_equal(heard(bytes_of("{'ok': false, 'error': {'code': 'newer', 'text': 'no'}}"), &reply, &problem),
                     TACT_INVALID);
    assert_string_equal(problem.at, "");
}

static void every_problem_comes_back_as_it_was_told(void **state) {
    (void)state;
    tact_value reply;
    for (int i = TACT_PROBLEM_NONE + 1; i <= TACT_PROBLEM_TIMED_OUT; i++) {
        const tact_problem told = {.err = TACT_INVALID, .name = (tact_problem_name)i, .at = "here", .text = "why"};
        tact_problem problem;
        buf out = buf_in(&memory);
        assert_int_equal(msgpack_write(&out, tact_problem_reply(&told, &memory)), TACT_OK);
        assert_int_not_equal(heard(buf_done(&out), &reply, &problem), TACT_OK);
        assert_int_equal(problem.name, i);
        assert_string_equal(problem.at, "here");
        assert_string_equal(problem.text, "why");
    }
}

static void what_is_no_reply_is_an_error(void **state) {
    (void)state;
    static const char *const cases[] = {
        "17",
        "[]",
        "{}",
        "{'ok': 1}",
        "{'ok': 'true'}",
        "{'ok': false}",
        "{'ok': false, 'error': 'no'}",
        "{'ok': false, 'error': {}}",
        "{'ok': false, 'error': {'code': 17}}",
        "{'ok': false, 'error': {'code': ''}}",
    };
    tact_value reply = {.kind = TACT_UNRESOLVED};
    tact_problem problem;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (heard(bytes_of(cases[i]), &reply, &problem) != TACT_SYNTAX) fail_msg("%s", cases[i]);
        assert_non_null(strstr(problem.text, "does not speak Tact's protocol"));
    }
    assert_int_equal(heard(TACT_STR(""), &reply, &problem), TACT_SYNTAX);
    assert_int_equal(heard(TACT_STR("\x81\xa2ok"), &reply, &problem), TACT_SYNTAX);
    assert_int_equal(heard(TACT_STR("\x81\xa2ok\xc3junk"), &reply, &problem), TACT_SYNTAX);
    assert_int_equal(reply.kind, TACT_UNRESOLVED);
    assert_int_equal(heard(TACT_STR("\x81\xa2ok\xc3"), &reply, &problem), TACT_OK);
    assert_int_equal(heard(TACT_STR("17"), &reply, NULL), TACT_SYNTAX); // nobody wants to know why
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_says_who_asks_and_how_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_changes_something_gets_an_id, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ids_are_random_in_all_their_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_harmless_is_sent_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_travel_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_keep_their_code_text_and_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_problem_comes_back_as_it_was_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_reply_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
