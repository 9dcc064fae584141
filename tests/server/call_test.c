// SPDX-License-Identifier: Apache-2.0
//
// Requests as bytes, without a network: docs/protocol.md as far as one message goes.
#include "server/call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "../engine/talk.h"
#include "wire/msgpack.h"

#include <cmocka.h>

typedef struct asked {
    talk talk;
    line_log log;
    call_env env;
    metrics *metrics;
    call call;
    arena memory;
} asked;

static void begin(asked *t) {
    talk_begin(&t->talk);
    talk_publish(&t->talk, talk_shop);
    line_init(&t->log, -1);
    t->metrics = metrics_new(1);
    assert_non_null(t->metrics);
    t->env = (call_env){.engine = t->talk.engine, .log = &t->log, .batch_max = 3, .message_max = 1000};
    call_init(&t->call, &t->env, metrics_shard_of(t->metrics, 0));
    arena_init(&t->memory, 0);
}

static void end(asked *t) {
    call_fini(&t->call);
    metrics_free(t->metrics);
    arena_fini(&t->memory);
    talk_end(&t->talk);
}

// What the bytes are answered with, as JSON with ' for ".
static const char *answer_bytes(asked *t, tact_str bytes, uint64_t waited_ns) {
    tact_value v;
    char *room = NULL;
    buf out;
    call_read(&t->call, bytes, waited_ns);
    call_work(&t->call);
    for (size_t size = 1;; size *= 2) { // all sizes that do not fit, too
        room = realloc(room, size);
        out = buf_over(room, size);
        if (call_write(&t->call, &out)) break;
    }
    call_end(&t->call);
    const char *copy = arena_copy(&t->memory, room, out.len);
    free(room);
    assert_int_equal(msgpack_read(&t->memory, (tact_str){copy, out.len}, &v, NULL), TACT_OK);
    return talk_text(&t->memory, v);
}

static const char *answer(asked *t, const char *request) {
    buf bytes = buf_in(&t->memory);
    assert_int_equal(msgpack_write(&bytes, talk_json(&t->memory, request)), TACT_OK);
    return answer_bytes(t, buf_done(&bytes), 0);
}

static void expect_in(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("`%s` is not in `%s`", part, text);
}

static void a_request_is_answered(void **state) {
    (void)state;
    asked t;
    begin(&t);
    const char *reply = answer(&t, "{'op': 'decide', 'person': {'crm': '1'}, 'placements': ['hero']}");
    expect_in(reply, "'ok':true");
    expect_in(reply, "'bundle':'shop@1'");
    expect_in(reply, "'offer':'story'");
    end(&t);
}

static void what_is_wrong_is_told_with_its_place(void **state) {
    (void)state;
    static const struct {
        const char *request, *code, *more;
    } wrong[] = {
        {"{'op': 'decde'}", "'unknown_operation'", "decide"},
        {"{'op': 5}", "'wrong_type'", "'at':'op'"},
        {"{}", "'missing'", "op"},
        {"{'op': 'decide', 'placements': ['heroo']}", "'unknown_placement'", "hero"},
        {"{'op': 'decide', 'placements': ['hero'], 'context': {'devise': 'x'}}", "'unknown_attribute'",
         "did you mean context.device"},
        {"{'op': 'publish', 'folder': '/etc'}", "'forbidden'", "'at':'folder'"},
        {"{'op': 'batch'}", "'missing'", "'at':'requests'"},
        {"{'op': 'batch', 'requests': [1, 2, 3, 4]}", "'too_much'", "batch_max"},
        {"[1]", "'malformed'", "map"},
        {"'decide'", "'malformed'", "map"},
    };
    asked t;
    begin(&t);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *reply = answer(&t, wrong[i].request);
        expect_in(reply, "'ok':false");
        expect_in(reply, wrong[i].code);
        expect_in(reply, wrong[i].more);
    }
    end(&t);
}

static void bytes_that_are_no_message_are_answered_too(void **state) {
    (void)state;
    static char zeros[2000];
    asked t;
    begin(&t);
    expect_in(answer_bytes(&t, (tact_str){"", 0}, 0), "'malformed'");
    expect_in(answer_bytes(&t, TACT_STR("\xc1"), 0), "'malformed'");
    expect_in(answer_bytes(&t, TACT_STR("\x81\xa2op"), 0), "'malformed'");
    expect_in(answer_bytes(&t, TACT_STR("\x80\x80"), 0), "'malformed'");
    expect_in(answer_bytes(&t, TACT_STR("\xdf\xff\xff\xff\xff"), 0), "'ok':false");
    expect_in(answer_bytes(&t, (tact_str){zeros, sizeof zeros}, 0), "'too_much'");
    end(&t);
}

static void a_batch_is_answered_one_by_one_in_order(void **state) {
    (void)state;
    asked t;
    begin(&t);
    const char *reply = answer(&t, "{'op': 'batch', 'requests': [{'op': 'decide', 'placements': ['hero']},"
                                   " 7, {'op': 'batch', 'requests': []}]}");
    expect_in(reply, "{'ok':true,'replies':[{'ok':true,");
    expect_in(reply, "'story'");
    expect_in(reply, "},{'ok':false,'error':{'code':'wrong_type'");
    expect_in(reply, "},{'ok':false,'error':{'code':'unknown_operation'");
    end(&t);
}

static void a_token_opens_what_its_roles_allow(void **state) {
    (void)state;
    asked t;
    access_list *tokens;
    char website[ACCESS_TOKEN_MAX];
    begin(&t);
    assert_int_equal(access_token_new(website, NULL), TACT_OK);
    tact_str line = access_line(&t.memory, website, TACT_STR("website"), ACCESS_DECIDE);
    assert_int_equal(access_read(&t.memory, "tokens", line, &tokens, NULL), TACT_OK);
    t.env.access = tokens;
    expect_in(answer(&t, "{'op': 'decide', 'placements': ['hero']}"), "'code':'forbidden'");
    expect_in(answer(&t, "{'op': 'decide', 'placements': ['hero'], 'auth': 'tact_no'}"), "'code':'forbidden'");
    expect_in(answer(&t, "{'op': 'decide', 'placements': ['hero'], 'auth': 7}"), "'code':'forbidden'");
    const char *decide = arena_printf(&t.memory, "{'op': 'decide', 'placements': ['hero'], 'auth': '%s'}", website);
    expect_in(answer(&t, decide), "'ok':true");
    expect_in(answer(&t, "{'op': 'decide', 'placements': ['hero']}"), "it takes a token");
    expect_in(answer(&t, "{'op': 'decide', 'placements': ['hero'], 'auth': 'tact_no'}"), "knows no such token");
    const char *why = arena_printf(&t.memory, "{'op': 'decide', 'explain': true, 'placements': ['hero'], 'auth': '%s'}",
                                   website);
    expect_in(answer(&t, why), "has not the role `publish`");
    const char *person = arena_printf(&t.memory, "{'op': 'person', 'person': 1, 'auth': '%s'}", website);
    expect_in(answer(&t, person), "has not the role `operate`");
    const char *both = arena_printf(&t.memory,
                                    "{'op': 'batch', 'auth': '%s', 'requests': ["
                                    "{'op': 'decide', 'placements': ['hero']}, {'op': 'status'}]}",
                                    website);
    const char *reply = answer(&t, both);
    expect_in(reply, "'replies':[{'ok':true");
    expect_in(reply, "{'ok':false,'error':{'code':'forbidden'");
    end(&t);
}

static void who_has_waited_longer_than_the_deadline_gets_the_fallback(void **state) {
    (void)state;
    asked t;
    tact_value request;
    begin(&t);
    (void)answer(&t,
                 "{'op': 'record', 'commands': [{'set': {'tier': 'gold'}, 'person': {'crm': '1'}, 'source': 'crm'}]}");
    request = talk_json(&t.memory,
                        "{'op': 'decide', 'person': {'crm': '1'}, 'placements': ['hero'], 'deadline_us': 5000}");
    buf bytes = buf_in(&t.memory);
    assert_int_equal(msgpack_write(&bytes, request), TACT_OK);
    tact_str message = buf_done(&bytes);
    const char *early = answer_bytes(&t, message, 0), *late = answer_bytes(&t, message, 6000000);
    expect_in(early, "'offer':'gold'");
    assert_null(strstr(early, "'late'"));
    expect_in(late, "'offer':'story'");
    expect_in(late, "'late':true");
    end(&t);
}

static void the_deadline_of_a_batch_is_that_of_its_items(void **state) {
    (void)state;
    asked t;
    begin(&t);
    const char *reply = answer(&t, "{'op': 'batch', 'deadline_us': 0, 'requests': [{'op': 'decide', 'placements': "
                                   "['hero']}, {'op': 'decide', 'placements': ['hero'], 'deadline_us': 60000000}]}");
    const char *first = strstr(reply, "'late':true");
    assert_non_null(first);
    assert_null(strstr(first + 1, "'late'"));
    end(&t);
}

static void what_waits_is_known_before_it_is_asked(void **state) {
    (void)state;
    static const struct {
        const char *request;
        call_pace pace;
    } paces[] = {
        {"{'op': 'decide', 'placements': ['hero']}", CALL_QUICK},
        {"{'op': 'record', 'commands': []}", CALL_SLOW},
        {"{'op': 'batch', 'requests': [{'op': 'decide'}, {'op': 'record'}]}", CALL_SLOW},
        {"{'op': 'batch', 'requests': [{'op': 'publish'}, {'op': 'record'}]}", CALL_HEAVY},
        {"{'op': 'batch', 'requests': [{'op': 'decide'}, 1]}", CALL_QUICK},
        {"{'op': 'batch', 'requests': [1, 2, 3, 4, 5, 6, 7, 8]}", CALL_QUICK},
        {"{'op': 'batch', 'requests': [1, 2, 3, 4, 5, 6, 7, 8, 9]}", CALL_BULK},
        {"{'op': 'batch', 'requests': [1, 2, 3, 4, 5, 6, 7, {'op': 'record'}, 9]}", CALL_BULK},
        {"{'op': 'batch', 'requests': [1, 2, 3, 4, 5, 6, 7, {'op': 'simulate'}, 9]}", CALL_HEAVY},
        {"7", CALL_QUICK},
    };
    asked t;
    begin(&t);
    t.env.batch_max = CALL_BATCH_QUICK + 1;
    for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
        buf bytes = buf_in(&t.memory);
        assert_int_equal(msgpack_write(&bytes, talk_json(&t.memory, paces[i].request)), TACT_OK);
        call_read(&t.call, buf_done(&bytes), 0);
        assert_int_equal(t.call.pace, paces[i].pace);
        call_leave(&t.call);
    }
    end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered),
        cmocka_unit_test(what_is_wrong_is_told_with_its_place),
        cmocka_unit_test(bytes_that_are_no_message_are_answered_too),
        cmocka_unit_test(a_batch_is_answered_one_by_one_in_order),
        cmocka_unit_test(a_token_opens_what_its_roles_allow),
        cmocka_unit_test(who_has_waited_longer_than_the_deadline_gets_the_fallback),
        cmocka_unit_test(the_deadline_of_a_batch_is_that_of_its_items),
        cmocka_unit_test(what_waits_is_known_before_it_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
