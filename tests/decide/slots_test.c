// SPDX-License-Identifier: Apache-2.0
//
// What expressions read: where each kind of value comes from, that the request's events are in the aggregates, that
// everything is found once and only if somebody asks, and that an offer's own values are its own.
#include "decide/slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "deciding.h"
#include "value/value.h"

#define PLACES                                                                                                         \
    "placements: {home: {channel: web, slots: 9}}\ncontent: {home: {title: string}}\n"                                 \
    "offers:\n"
#define O(name, rest) "  " name ": {content: {home: {title: t}}, " rest "}\n"

// What a rule of the offer `o` comes to in a decision: its value, as a literal, or the fault with its text.
typedef struct hearing {
    deciding *d;
    const char *said;
    uint32_t reads, evaluated, depth, deepest;
} hearing;

static void hear_end(void *context, const bundle_rule *rule, tact_value v) {
    hearing *h = context;
    if (!tact_str_equal(rule->path, TACT_STR("offers.o.eligible"))) return;
    h->said = v.kind == TACT_ERROR ? v.as.s : tact_value_print(v, &h->d->c.memory).ptr;
}

static const char *rule_value(deciding *d) {
    hearing h = {.d = d, .said = "not evaluated"};
    const decide_observer o = {.context = &h, .ends = hear_end};
    tact_error error = {.text = ""};
    (void)deciding_run(d); // makes the record
    decide_answer answer;
    if (decide_run(d->bundle, &d->request, &d->person, &d->c.memory, &o, &answer, &error)) fail_msg("%s", error.text);
    return h.said ? h.said : "no text";
}

static void of_nobody_there_are_defaults(void **state) {
    (void)state;
    static const struct {
        const char *rule, *said;
    } rows[] = {
        {"profile.language == \\\"en\\\"", "true"},
        {"profile.tags.size() == 0", "true"},
        {"profile.recency > 3", "it is unset"},
        {"profile.tier == \\\"gold\\\"", "`marketing` is not granted"},
        {"profile.first_name == \\\"Ann\\\"", "it is unset"},
        {"profile.purchases == 0", "true"},
        {"consent.personalization && !consent.marketing", "true"},
        {"context.cart == 0.0", "true"},
        {"context.device == \\\"mobile\\\"", "the request does not carry it"},
        {"now == timestamp(\\\"2026-12-01T10:00:00Z\\\")", "true"},
        {"offer.id == \\\"o\\\" && offer.title == \\\"o\\\" && offer.group == \\\"\\\"", "true"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1000];
        deciding d;
        snprintf(text, sizeof text, PLACES "  o: {content: {home: {title: t}}, eligible: \"%s\"}\n", rows[i].rule);
        deciding_open(&d, text);
        assert_string_equal(rule_value(&d), rows[i].said);
        deciding_close(&d);
    }
}

static void of_a_person_there_is_what_is_known_and_may_be_used(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES O("o", "eligible: 'profile.tier == \"gold\" && context.cart > 4.0'"));
    deciding_set(&d, "tier", tact_string("gold", 4), DECIDING_NOW - DECIDING_DAY);
    deciding_context(&d, "cart", tact_double(5));
    assert_string_equal(rule_value(&d), "`marketing` is not granted");
    deciding_say(&d, "marketing", CONSENT_GRANTED);
    assert_string_equal(rule_value(&d), "true");
    deciding_context(&d, "cart", tact_double(4));
    assert_string_equal(rule_value(&d), "false");
    deciding_say(&d, "marketing", CONSENT_DENIED);
    assert_string_equal(rule_value(&d), "false"); // && does without what is absent
    deciding_close(&d);
}

static void events_of_the_request_are_in_the_aggregates(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES O("o", "eligible: 'profile.purchases == 3 && profile.spent == 15.5 && profile.last == "
                                    "\"b\"'") "aggregates:\n  spent: {sum: purchase.amount, window: 30d}\n  last: "
                                              "{last: purchase.category}\n");
    deciding_happened(&d, "purchase", DECIDING_NOW - 89 * DECIDING_DAY);
    assert_string_equal(rule_value(&d), "false");
    const command_value bare[] = {{0, tact_int(8)}}; // an int stands for a double
    const command_value full[] = {{0, tact_double(7.5)}, {1, tact_string("b", 1)}};
    deciding_carry(&d, "purchase", NULL, NULL);
    deciding_carry(&d, "purchase", NULL, NULL);
    d.events[0].values = bare;
    d.events[0].values_count = 1;
    d.events[1].values = full;
    d.events[1].values_count = 2;
    tact_str before = {d.record.bytes, d.record.size};
    char *copy = arena_copy(&d.c.memory, before.ptr, before.len);
    assert_string_equal(rule_value(&d), "true");
    assert_memory_equal(copy, before.ptr, before.len); // what is known is only read
    deciding_close(&d);
}

static void hear_read(void *context, uint32_t slot, tact_value v) {
    hearing *h = context;
    (void)v;
    h->reads++;
    if (tact_str_equal(h->d->bundle->slots[slot].name, TACT_STR("profile.history"))) h->said = "history";
}

static void hear_begin(void *context, const bundle_rule *rule, uint32_t place, int32_t offer) {
    hearing *h = context;
    bool segment = rule->path.len > 9 && memcmp(rule->path.ptr, "segments.", 9) == 0;
    h->evaluated += segment;
    assert_int_equal(place, 0);
    assert_true(segment == (offer < 0));
}

static void segments_are_evaluated_once_and_only_when_read(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES O("a", "eligible: segment.new") O("b", "eligible: segment.new")
                          O("c", "eligible: "
                                 "'!segment.new'") "segments:\n  new: profile.recency < 3\n  old: profile.history > "
                                                   "1.0\n  any: segment.old || "
                                                   "segment.new\n");
    deciding_set(&d, "recency", tact_int(1), DECIDING_NOW);
    deciding_set(&d, "history", tact_double(1), DECIDING_NOW);
    assert_string_equal(deciding_run(&d), "home: a b");
    hearing h = {.d = &d};
    const decide_observer o = {.context = &h, .begins = hear_begin, .reads = hear_read};
    decide_answer answer;
    tact_error error;
    assert_int_equal(decide_run(d.bundle, &d.request, &d.person, &d.c.memory, &o, &answer, &error), TACT_OK);
    assert_int_equal(h.evaluated, 1);
    assert_int_equal(h.reads, 2); // the segment, the recency
    assert_null(h.said);
    deciding_close(&d);
}

static void go_down(void *context, const bundle_rule *rule, uint32_t place, int32_t offer) {
    hearing *h = context;
    (void)rule, (void)place, (void)offer;
    if (++h->depth > h->deepest) h->deepest = h->depth;
}

static void come_up(void *context, const bundle_rule *rule, tact_value v) {
    hearing *h = context;
    (void)rule, (void)v;
    h->depth--;
}

// Each reads the one before it, in an order that the names do not have.
static void a_long_chain_of_segments_needs_no_deep_stack(void **state) {
    (void)state;
    enum { CHAIN = 4000 };
    deciding d;
    arena a;
    arena_init(&a, 0);
    buf text = buf_in(&a);
    buf_printf(&text, PLACES O("o", "eligible: segment.s%d") "segments:\n  s0: profile.recency == 1\n", CHAIN - 1);
    for (int i = 1; i < CHAIN; i++) buf_printf(&text, "  s%d: segment.s%d\n", i, i - 1);
    deciding_open(&d, buf_done(&text).ptr);
    assert_string_equal(rule_value(&d), "it is unset");
    deciding_set(&d, "recency", tact_int(1), DECIDING_NOW);
    assert_string_equal(rule_value(&d), "true");
    hearing h = {.d = &d};
    const decide_observer o = {.context = &h, .begins = go_down, .ends = come_up};
    decide_answer answer;
    assert_int_equal(decide_run(d.bundle, &d.request, &d.person, &a, &o, &answer, NULL), TACT_OK);
    assert_in_range(h.deepest, SLOTS_DEPTH_MAX, SLOTS_DEPTH_MAX + 2); // the offer's rule, and the last of the chain
    assert_int_equal(h.depth, 0);
    deciding_close(&d);
    arena_fini(&a);
}

// The fault arose in the segment, and is shown where the offer's rule reads it.
static void a_fault_that_was_stored_has_the_readers_place(void **state) {
    (void)state;
    deciding d;
    deciding_open(
        &d,
        PLACES O(
            "o",
            "eligible: 'profile.tags.size() == 0 && (segment.s || false)'") "segments: {s: 1 / (profile.tags.size() * "
                                                                            "2 - 0) > 0 && profile.recency > 100}\n");
    slots s;
    assert_int_equal(slots_init(&s, d.bundle, &d.request, NULL, &d.c.memory, NULL), TACT_OK);
    slots_turn(&s, 0, (int32_t)deciding_offer(&d, "o"));
    const bundle_rule *rule = &case_offer(&d.c, "o")->rules[BUNDLE_ELIGIBLE];
    tact_value v = slots_rule(&s, rule);
    tact_cel_diagnostic at;
    assert_int_equal(v.kind, TACT_ERROR);
    assert_true(tact_cel_explain_fault(rule->program, v, &at, &d.c.memory));
    assert_memory_equal(rule->text.ptr + at.pos, "segment.s", 9);
    deciding_close(&d);
}

static void each_offer_reads_its_own(void **state) {
    (void)state;
    deciding d;
    deciding_open(
        &d,
        PLACES "  a: {content: {home: {title: t}}, value: 2, attributes: {kind: x}, eligible: 'offer.kind == \"x\"'}\n"
               "  b: {content: {home: {title: t}}, value: 1, group: g}\n"
               "  c: {content: {home: {title: t}}, value: 3, group: g, attributes: {kind: y}}\n"
               "groups: {g: {eligible: 'offer.kind != \"x\" && offer.group == \"g\"'}}\n");
    assert_string_equal(deciding_run(&d), "home: c a");
    assert_string_equal(deciding_why(&d, "b"), "eligible groups.g.eligible absent");
    deciding_close(&d);
}

static void an_evaluation_that_takes_too_much_is_its_rules_fault(void **state) {
    (void)state;
    deciding d;
    char tags[2000];
    tact_value list[200];
    for (size_t i = 0; i < 200; i++) list[i] = tact_string(tags, sizeof tags);
    memset(tags, 'x', sizeof tags);
    deciding_open(
        &d,
        PLACES O(
            "o",
            "eligible: '(profile.tags.join(\"a\") + profile.tags.join(\"b\") + profile.tags.join(\"c\")).size() > 0'")
            O("p", ""));
    deciding_set(&d, "tags", tact_list(list, 200), DECIDING_NOW);
    assert_string_equal(deciding_run(&d), "home: p");
    assert_string_equal(deciding_why(&d, "o"), "eligible offers.o.eligible no_memory");
    deciding_close(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_nobody_there_are_defaults),
        cmocka_unit_test(of_a_person_there_is_what_is_known_and_may_be_used),
        cmocka_unit_test(events_of_the_request_are_in_the_aggregates),
        cmocka_unit_test(segments_are_evaluated_once_and_only_when_read),
        cmocka_unit_test(a_long_chain_of_segments_needs_no_deep_stack),
        cmocka_unit_test(a_fault_that_was_stored_has_the_readers_place),
        cmocka_unit_test(each_offer_reads_its_own),
        cmocka_unit_test(an_evaluation_that_takes_too_much_is_its_rules_fault),
    };
    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
