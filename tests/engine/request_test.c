// SPDX-License-Identifier: Apache-2.0
//
// Malformed requests of every kind: what is wrong, by a name that stays, and where.
#include "engine/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "../store/quick.h"
#include "talk.h"

#include <cmocka.h>

static talk t;

static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    talk_publish(&t, talk_shop);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    return 0;
}

typedef struct wrong {
    const char *request, *said; // how it begins
} wrong;

static void must_fail(tact_operation *asked, const wrong *all, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *said = talk_fails(&t, asked, all[i].request);
        if (strncmp(said, all[i].said, strlen(all[i].said)) != 0) {
            fail_msg("%s\nsaid     %s\nexpected %s", all[i].request, said, all[i].said);
        }
    }
}
#define MUST_FAIL(asked, all) must_fail(asked, all, sizeof(all) / sizeof *(all))

static void operations_are_named(void **state) {
    (void)state;
    static const wrong all[] = {
        {"{}", "missing at op: "},
        {"{'op': 'decied'}", "unknown_operation at op: op: there is no operation `decied`; did you mean `decide`?"},
        {"{'op': 1}", "wrong_type at op: "},
        {"[]", "missing at op: "},
    };
    MUST_FAIL(tact_call, all);
    tact_value reply = talk_ask(&t, tact_call, "{'op': 'decide', 'placements': ['hero']}");
    assert_string_equal(talk_find_text(&t.memory, reply, "placements.hero.0.offer"), "story");
}

static void wrong_requests_to_decide(void **state) {
    (void)state;
    static const wrong all[] = {
        {"[]", "wrong_type at : a request is a map, got list"},
        {"{}", "missing at placements: "},
        {"{'placements': []}", "missing at placements: "},
        {"{'op': 'explain', 'placements': ['hero']}",
         "bad_value at op: op: it says `explain`, and was given to `decide`"},
        {"{'placements': ['hero'], 'person': 0}", "bad_value at person: person: persons are numbered from 1"},
        {"{'placements': ['hero'], 'decision': 'a\\nb'}", "bad_value at decision: decision: an id has 1 to 40 bytes, "},
        {"{'placements': ['hero'], 'events': [{'typ': 'purchase'}]}",
         "unknown_key at events[0].typ: events[0].typ: an event of a request says what happened by `type`: "},
        {"{'placements': ['hero'], 'events': [{'event': 'purchase'}]}", "unknown_key at events[0].event: "},
        {"{'placements': 'hero'}", "wrong_type at placements: placements: expected a list, got string"},
        {"{'placements': [1]}", "wrong_type at placements[0]: placements[0]: expected a text, got int"},
        {"{'placements': ['hero', 'hreo']}",
         "unknown_placement at placements[1]: placements[1]: there is no placement `hreo`; did you mean `hero`?"},
        {"{'placements': ['zzzzzz']}",
         "unknown_placement at placements[0]: placements[0]: there is no placement `zzzzzz`"},
        {"{'placements': ['hero', 'hero']}", "repeated at placements[1]: "},
        {"{'placement': ['hero']}",
         "unknown_key at placement: placement: there is no key of `decide` called `placement`; "
         "did you mean `placements`?"},
        {"{'placements': ['hero'], 'budget': 3}", "unknown_key at budget: "},
        {"{'placements': ['hero'], 'dry': 1}", "wrong_type at dry: dry: expected true or false, got int"},
        {"{'placements': ['hero'], 'person': 'ann'}", "wrong_type at person: "},
        {"{'placements': ['hero'], 'person': {'emial': 'a@b.c'}}",
         "unknown_identity at person.emial: person.emial: there is no namespace of identities `emial`; did you mean "
         "`email`?"},
        {"{'placements': ['hero'], 'person': {'email': ''}}", "bad_value at person.email: "},
        {"{'placements': ['hero'], 'person': {'email': true}}", "wrong_type at person.email: "},
        {"{'placements': ['hero'], 'person': 0}", "bad_value at person: "},
        {"{'placements': ['hero'], 'person': -1}", "bad_value at person: "},
        {"{'placements': ['hero'], 'context': {'devise': 'mobile'}}",
         "unknown_attribute at context.devise: context.devise is not declared; did you mean context.device?"},
        {"{'placements': ['hero'], 'context': {'device': 1}}",
         "wrong_type at context.device: context.device: expected string, got int"},
        {"{'placements': ['hero'], 'context': {'device': 'fridge'}}",
         "bad_value at context.device: context.device: 'fridge' is none of 'desktop', 'mobile'"},
        {"{'placements': ['hero'], 'context': []}", "wrong_type at context: "},
        {"{'placements': ['hero'], 'events': {}}", "wrong_type at events: "},
        {"{'placements': ['hero'], 'events': [1]}", "wrong_type at events[0]: "},
        {"{'placements': ['hero'], 'events': [{}]}", "missing at events[0]: "},
        {"{'placements': ['hero'], 'events': [{'type': 'purchse'}]}",
         "unknown_event at events[0].type: events[0].type: there is no event `purchse`; did you mean `purchase`?"},
        {"{'placements': ['hero'], 'events': [{'type': 'click'}]}", "unknown_event at events[0].type: "},
        {"{'placements': ['hero'], 'events': [{'type': 'purchase', 'amuont': 1}]}",
         "unknown_attribute at events[0].amuont: events[0].amuont: there is no property `amuont`; did you mean "
         "`amount`?"},
        {"{'placements': ['hero'], 'events': [{'type': 'purchase', 'amount': 'x'}]}",
         "wrong_type at events[0].amount: "},
        {"{'placements': ['hero'], 'events': [{'type': 'purchase', 'token': 'x'}]}", "bad_token at events[0].token: "},
        {"{'placements': ['hero'], 'events': [{'type': 'purchase', 'token': 7}]}", "wrong_type at events[0].token: "},
        {"{'placements': ['hero'], 'events': [{'type': 'purchase'}]}",
         "missing at person: person: whose are the events?"},
        {"{'placements': ['hero'], 'now': '2026-01-01T00:00:00Z'}", "bad_value at now: "},
        {"{'placements': ['hero'], 'dry': true, 'now': 'soon'}", "bad_value at now: "},
        {"{'placements': ['hero'], 'dry': true, 'now': '1969-01-01T00:00:00Z'}", "bad_value at now: "},
        {"{'placements': ['hero'], 'decision': ''}", "bad_value at decision: "},
        {"{'placements': ['hero'], 'decision': '01234567890123456789012345678901234567890'}",
         "bad_value at decision: "},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) { // JSON's quotes, which the texts have
        char *copy = arena_copy(&t.memory, all[i].said, strlen(all[i].said));
        for (char *c = copy; *c; c++) *c = (char)(*c == '\'' ? '"' : *c);
        const wrong one = {all[i].request, copy};
        must_fail(tact_decide, &one, 1);
    }
    assert_int_equal(talk_find_int(talk_ask(&t, tact_status, "{}"), "position"), 0); // none left anything behind
}

static void too_much_is_refused(void **state) {
    (void)state;
    buf b = buf_in(&t.memory);
    buf_add_text(&b, "{'placements': ['hero'], 'dry': true, 'events': [");
    for (int i = 0; i <= DECIDE_EVENTS_MAX; i++)
        buf_add_text(&b, i ? ", {'type': 'complaint'}" : "{'type': 'complaint'}");
    buf_add_text(&b, "]}");
    assert_memory_equal(talk_fails(&t, tact_decide, buf_done(&b).ptr), "too_much at events: ", 20);
    b = buf_in(&t.memory);
    buf_add_text(&b, "{'placements': ['hero'");
    for (int i = 0; i < DECIDE_PLACEMENTS_MAX; i++) buf_add_text(&b, ", 'hero'");
    buf_add_text(&b, "]}");
    assert_memory_equal(talk_fails(&t, tact_decide, buf_done(&b).ptr), "too_much at placements: ", 24);
    b = buf_in(&t.memory);
    buf_add_text(&b, "{'placements': ['hero'], 'person': {'cookie': ['0'");
    for (int i = 1; i <= COMMAND_IDENTITIES_MAX; i++) buf_printf(&b, ", '%d'", i);
    buf_add_text(&b, "]}}");
    assert_memory_equal(talk_fails(&t, tact_decide, buf_done(&b).ptr), "too_much at person.cookie: ", 27);
}

static void wrong_requests_to_the_others(void **state) {
    (void)state;
    static const wrong context[] = {
        {"{}", "missing at person: "},
        {"{'person': {}}", "missing at person: "},
        {"{'person': {'crm': 1}}", "unknown_person at person: "},
        {"{'person': {'crm': 1}, 'channel': 'wbe'}",
         "unknown_channel at channel: channel: there is no channel `wbe`; did you mean `web`?"},
        {"{'person': {'crm': 1}, 'budget': 10}", "bad_value at budget: "},
        {"{'person': {'crm': 1}, 'budget': -1}", "bad_value at budget: "},
        {"{'person': {'crm': 1}, 'placements': []}", "unknown_key at placements: "}};
    static const wrong person[] = {{"{}", "missing at person: "}, {"{'person': 17}", "unknown_person at person: "}};
    static const wrong changes[] = {
        {"{}", "missing at commands: "},
        {"{'commands': 1}", "wrong_type at commands: "},
        {"{'commands': [1]}", "bad_change at commands[0]: "},
        {"{'commands': [{'set': {'recency': 1}, 'person': {'crm': 1}}, {'set': {'recencey': 1}, 'person': {'crm': "
         "1}}]}",
         "unknown_attribute at commands[1].set.recencey: commands[1].set.recencey: the schema has no attribute "
         "`recencey`; "
         "did you "
         "mean `recency`?"},
        {"{'commands': [{'event': 'click', 'token': 'x'}]}", "bad_token at commands[0].token: "},
        {"{'commands': [{'set': {'recency': 1}, 'token': 'x'}]}", "bad_change at commands[0].token: "},
        {"{'commands': [{'event': 'click', 'person': {'crm': 1}}]}",
         "missing at commands[0].token: commands[0].token: which offer was it? its `token`, as the answer to decide "
         "had it"},
        {"{'commands': [{'event': 'prchase', 'person': {'crm': 1}}]}",
         "unknown_event at commands[0].event: commands[0].event: the schema has no event `prchase`; did you mean "
         "`purchase`?"},
    };
    static const wrong publish[] = {{"{}", "missing at folder: "},
                                    {"{'folder': '/nowhere/at/all'}", "bad_bundle at : "}};
    static const wrong rollback[] = {{"{'version': 'shop'}", "bad_value at version: "},
                                     {"{'version': '@1'}", "bad_value at version: "},
                                     {"{'version': 'shop@99'}", "unknown_version at : "},
                                     {"{}", "unknown_version at : "}};
    static const wrong status[] = {{"{'person': {}}", "unknown_key at person: "}};
    MUST_FAIL(tact_context, context);
    MUST_FAIL(tact_person, person);
    MUST_FAIL(tact_erase, person);
    MUST_FAIL(tact_record, changes);
    MUST_FAIL(tact_publish, publish);
    MUST_FAIL(tact_rollback, rollback);
    MUST_FAIL(tact_status, status);
    assert_int_equal(talk_find_int(talk_ask(&t, tact_status, "{}"), "position"), 0);
}

// Every key of the table, in every operation that knows it, with a value of every kind that it does not take.
static void each_key_with_each_wrong_type(void **state) {
    (void)state;
    static const struct {
        const char *name, *kinds; // a letter for each kind that it takes, see below
    } forms[] = {{"TEXT", "s"}, {"BYTES", "y"}, {"WHOM", "miu"},  {"LIST", "l"},
                 {"MAP", "m"},  {"FLAG", "b"},  {"MOMENT", "st"}, {"NUMBER", "iu"}};
    static tact_operation *const operations[OPERATIONS] = {
#define X(NAME, name, ...) [OPERATION_##NAME] = tact_##name,
#include "wire/operation_tbl.h"
#undef X
    };
#define ON(OPERATION) (1U << OPERATION_##OPERATION)
#define ANY (~0U)
    static const struct {
        const char *key, *takes;
        uint32_t operations;
    } keys[] = {
#define X(KEY, key, operations, takes, doc) {#key, #takes, operations},
#include "wire/request_tbl.h"
#undef X
    };
#undef ANY
#undef ON
    const struct {
        char kind;
        tact_value value;
    } values[] = {{'n', tact_null()},          {'b', tact_bool(true)},    {'i', tact_int(7)},
                  {'u', tact_uint(7)},         {'d', tact_double(7.5)},   {'s', tact_string("x", 1)},
                  {'y', tact_bytes("x", 1)},   {'l', tact_list(NULL, 0)}, {'m', tact_map_new(&t.memory, NULL, 0)},
                  {'t', tact_timestamp(1, 0)}, {'r', tact_duration(1)}};
    uint32_t refused = 0;
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        size_t f = 0;
        while (strcmp(forms[f].name, keys[k].takes) != 0) f++;
        for (size_t i = 0; i < OPERATIONS * (sizeof values / sizeof *values); i++) {
            size_t o = i % OPERATIONS, v = i / OPERATIONS;
            if (!(keys[k].operations >> o & 1) || strchr(forms[f].kinds, values[v].kind)) continue;
            const tact_value pair[] = {tact_string(keys[k].key, strlen(keys[k].key)), values[v].value};
            tact_value reply = {.kind = TACT_UNRESOLVED};
            tact_problem p;
            tact_err err = operations[o](t.engine, tact_map_new(&t.memory, pair, 1), &t.memory, &reply, &p);
            bool right = err == TACT_INVALID && p.name == TACT_PROBLEM_WRONG_TYPE && !strcmp(p.at, keys[k].key);
            if (!right) fail_msg("%s as %c: %s at %s", keys[k].key, values[v].kind, tact_problem_code(&p), p.at);
            assert_int_equal(reply.kind, TACT_UNRESOLVED);
            refused++;
        }
    }
    assert_true(refused > 200);
}

static void values_stand_for_others_where_they_may(void **state) {
    (void)state;
    tact_value reply = talk_ask(&t, tact_explain,
                                "{'placements': ['hero'], 'context': {'cart': 7, 'device': null},"
                                " 'now': '2026-12-01T10:00:00Z', 'person': {'email': 'A@B.c', 'crm': 4711}}");
    assert_true(talk_find(reply, "person").kind == TACT_NULL);
    assert_true(talk_find(reply, "explain").kind == TACT_MAP);
}

static void a_problem_is_a_reply(void **state) {
    (void)state;
    (void)talk_fails(&t, tact_decide, "{'placements': ['x']}");
    const char *text = talk_text(&t.memory, tact_problem_reply(&t.problem, &t.memory));
    assert_string_equal(text,
                        "{'ok':false,'error':{'code':'unknown_placement','text':'placements[0]: there is no placement "
                        "`x`','at':'placements[0]'}}");
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_named),          cmocka_unit_test(wrong_requests_to_decide),
        cmocka_unit_test(too_much_is_refused),           cmocka_unit_test(wrong_requests_to_the_others),
        cmocka_unit_test(each_key_with_each_wrong_type), cmocka_unit_test(values_stand_for_others_where_they_may),
        cmocka_unit_test(a_problem_is_a_reply),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
