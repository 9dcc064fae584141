// SPDX-License-Identifier: Apache-2.0
//
// What an assistant is told: never more than the budget, never what is not granted, the most useful first.
#include "engine/context.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "../store/quick.h"
#include "talk.h"

#include <cmocka.h>

static talk t;

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

static void do_record(const char *change) {
    (void)talk_ask(&t, tact_record, print("{'commands': [%s]}", change));
}

static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    talk_publish(&t, talk_shop);
    do_record("{'set': {'first_name': 'Ann', 'recency': 12, 'secret': 'likes cats'}, 'person': {'crm': 1}}");
    do_record("{'event': 'purchase', 'properties': {'amount': 12.5, 'category': 'shoes'}, 'person': {'crm': 1},"
              " 'channel': 'web'}");
    do_record("{'event': 'complaint', 'person': {'crm': 1, 'cookie': 'x'}, 'channel': 'phone'}");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    return 0;
}

static void all_is_told_that_may_be(void **state) {
    (void)state;
    tact_value v = talk_ask(&t, tact_context,
                            "{'person': {'cookie': 'x'}, 'channel': 'chat', 'context': {'device':"
                            " 'mobile'}}");
    assert_int_equal(talk_find_int(v, "person"), 1);
    assert_string_equal(talk_text(&t.memory, talk_find(v, "attributes")),
                        "{'first_name':'Ann','recency':12,'purchases':1}");
    assert_string_equal(talk_text(&t.memory, talk_find(v, "consents")), "{'personalization':true,'marketing':false}");
    assert_string_equal(talk_find_text(&t.memory, v, "open.0.matter"), "since_complaint");
    assert_int_equal(talk_find(v, "recent").len, 2);
    tact_value newest = talk_find(v, "recent.0"), older = talk_find(v, "recent.1");
    assert_true(talk_find_int(newest, "ago_s") <= talk_find_int(older, "ago_s"));
    assert_string_equal(talk_text(&t.memory, talk_find(v, "segments")), "['buyer','lapsed']");
    assert_int_equal(talk_find(v, "offers").len, 1); // winter is for marketing
    assert_string_equal(talk_find_text(&t.memory, v, "offers.0.offer"), "phone");
    assert_string_equal(talk_find_text(&t.memory, v, "offers.0.content.text"), "There is an app");
    assert_int_equal(talk_find_int(v, "left_out.not_granted"), 1);
    assert_int_equal(talk_find_int(v, "left_out.budget"), 0);
    const char *handoff = talk_find_text(&t.memory, v, "handoff");
    assert_memory_equal(handoff, "person 1; first_name \"Ann\"", 26);
    assert_null(strstr(talk_text(&t.memory, v), "cats"));
}

static void what_is_granted_later_is_told_later(void **state) {
    (void)state;
    do_record("{'consent': {'marketing': 'granted', 'personalization': 'denied'}, 'person': {'crm': 1}}");
    tact_value v = talk_ask(&t, tact_context, "{'person': {'crm': 1}, 'channel': 'chat'}");
    const char *text = talk_text(&t.memory, v);
    assert_non_null(strstr(text, "likes cats"));
    assert_null(strstr(text, "Ann"));
    assert_int_equal(talk_find_int(v, "left_out.not_granted"), 1);
    assert_string_equal(talk_find_text(&t.memory, v, "offers.0.offer"), "winter");
}

// With little room: who it is, then what may be done, then what is open; no item is cut, and what is left out counted.
static void what_is_of_most_use_comes_first(void **state) {
    (void)state;
    int64_t before = 1000;
    bool consents = false, open = false, others = false;
    for (int budget = CONTEXT_BUDGET_MIN; budget < 400; budget++) {
        tact_value v = talk_ask(&t, tact_context,
                                print("{'person': {'crm': 1}, 'channel': 'chat', 'budget': %d}", budget));
        bool has_consents = talk_find(v, "consents.marketing").kind == TACT_BOOL;
        bool has_open = talk_find(v, "open").len > 0, has_others = talk_find(v, "attributes.recency").kind == TACT_INT;
        assert_true(has_consents || !has_open);
        assert_true(has_open || !has_others);
        before = talk_find_int(v, "left_out.budget");
        assert_true(budget > CONTEXT_BUDGET_MIN || before > 0);
        consents |= has_consents, open |= has_open, others |= has_others;
        const char *handoff = talk_find_text(&t.memory, v, "handoff");
        for (const char *end = handoff; (end = strstr(end, "; ")); end++) assert_true(end[2] != '\0');
        static const char *const ends[] = {
            "person 1", "\"Ann\"", "granted", "open: since_complaint", "last: complaint", "last: purchase",
            "buyer",    "lapsed",  "phone"};
        bool whole = false;
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            size_t len = strlen(ends[i]);
            whole |= strlen(handoff) >= len && strcmp(handoff + strlen(handoff) - len, ends[i]) == 0;
        }
        if (!whole) fail_msg("%s", handoff);
    }
    assert_true(consents && open && others);
    assert_int_equal(before, 0);
}

// By a tag, without any event.
static void a_segment_that_reads_a_matter_is_one(void **state) {
    (void)state;
    talk_publish(&t, "bundle: shop\nidentities: {crm: {unique: true}, email: {unique: true, normalize: lowercase}, "
                     "cookie: {max: 20}}\n"
                     "attributes: {tags: {type: list(string)}, first_name: {type: string}, recency: {type: int},"
                     " tier: {type: string}, secret: {type: string}}\n"
                     "events: {purchase: {properties: {amount: double, category: string}}, complaint: }\n"
                     "aggregates: {since_complaint: {since: complaint, window: 30d}, purchases: {count: purchase}}\n"
                     "segments: {complained: '\"complained\" in profile.tags || has(profile.since_complaint)',"
                     " tagged: '\"complained\" in profile.tags'}\n"
                     "placements: {hero: {channel: web}}\ncontent: {hero: {}}\noffers: {a: {content: {hero: {}}}}\n");
    do_record("{'set': {'tags': ['complained']}, 'person': {'crm': 9}}");
    tact_value v = talk_ask(&t, tact_context, "{'person': {'crm': 9}}");
    assert_string_equal(talk_text(&t.memory, talk_find(v, "open")), "[{'matter':'complained'}]");
    do_record("{'event': 'complaint', 'person': {'crm': 9}}");
    v = talk_ask(&t, tact_context, "{'person': {'crm': 9}}");
    assert_int_equal(talk_find(v, "open").len, 1);
    assert_string_equal(talk_find_text(&t.memory, v, "open.0.matter"), "since_complaint");
}

static void a_fallback_is_no_offer(void **state) {
    (void)state;
    tact_value v = talk_ask(&t, tact_context, "{'person': {'crm': 1}, 'channel': 'web'}");
    assert_int_equal(talk_find(v, "offers").len, 0);
}

static void no_budget_is_exceeded(void **state) {
    (void)state;
    do_record("{'consent': {'marketing': 'granted'}, 'person': {'crm': 1}}");
    for (int i = 0; i < 30; i++) {
        do_record(
            print("{'event': 'purchase', 'properties': {'amount': %d, 'category': '\\\"quoted\\n and long, as long as "
                  "this'}, 'person': {'crm': 1}, 'channel': 'web'}",
                  i));
    }
    size_t whole = 0;
    for (int budget = CONTEXT_BUDGET_MIN; budget < 1200; budget += 7) {
        tact_value v = talk_ask(&t, tact_context,
                                print("{'person': {'crm': 1}, 'channel': 'chat', 'budget': %d, 'context': {'device': "
                                      "'mobile'}}",
                                      budget));
        size_t len = strlen(talk_text(&t.memory, v));
        if (len > (size_t)budget * CONTEXT_TOKEN) fail_msg("%d tokens, %zu bytes", budget, len);
        if (talk_find_int(v, "left_out.budget") == 0) whole = len;
        // Names come before all else.
        assert_string_equal(talk_find_text(&t.memory, v, "attributes.first_name"), "Ann");
        assert_true(talk_find(v, "recent").len <= CONTEXT_EVENTS);
    }
    assert_true(whole > 0);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_told_that_may_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_granted_later_is_told_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_of_most_use_comes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_segment_that_reads_a_matter_is_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fallback_is_no_offer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_budget_is_exceeded, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
