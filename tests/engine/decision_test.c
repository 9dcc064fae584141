// SPDX-License-Identifier: Apache-2.0
//
// What a decision leaves behind: what can never be written is refused when it is asked, or dropped; asking again with
// an id counts once for each person and is answered as before; caps at another time.
#include "engine/decision.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include "../store/quick.h"
#include "base/clock.h"
#include "talk.h"

#include <cmocka.h>

static talk t;

static const char *print(const char *format, ...) {
    char text[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    return 0;
}

static void publish(const char *caps) {
    talk_publish(&t, arena_printf(&t.memory,
                                  "bundle: shop\ntime_zone: Europe/Berlin\n"
                                  "identities: {crm: {unique: true}, cookie: {max: 2}}\n"
                                  "attributes: {tier: {type: string}, share: {type: double}}\n"
                                  "events: {search: {properties: {term: string, share: double}}}\n"
                                  "aggregates: {searches: {count: search, window: 90d}}\n"
                                  "context: {share: {type: double, default: 0.5}}\n"
                                  "placements: {hero: {channel: web}, side: {channel: web}}\n"
                                  "content: {hero: {}, side: {}}\n"
                                  "offers:\n  winter: {caps: [%s], content: {hero: {}}}\n"
                                  "  second: {eligible: 'profile.searches == 1', content: {side: {}}}\n",
                                  caps));
    (void)talk_ask(&t, tact_record,
                   "{'commands': [{'set': {'tier': 'a'}, 'person': {'crm': 1}}, {'set': {'tier': 'a'}, 'person': "
                   "{'crm': 2}}]}");
}

// Whether winter is shown to a person, at a decision of this id ('' for none).
static bool shown(const char *person, const char *id, const char *more) {
    const char *asked = print("{'person': %s, 'placements': ['hero']%s%s%s%s}", person, *id ? ", 'decision': '" : "",
                              id, *id ? "'" : "", more);
    return talk_find(talk_ask(&t, tact_decide, asked), "placements.hero").len == 1;
}

static int64_t status(const char *name) {
    return talk_find_int(talk_ask(&t, tact_status, "{}"), name);
}

// Until all that was decided is written.
static void settle(void) {
    talk_close(&t);
    talk_open(&t, NULL);
}

// ---- What cannot be written -----------------------------------------------------------------------------------------

static const char *long_text(size_t len) {
    char *text = arena_alloc(&t.memory, len + 1);
    memset(text, 'q', len);
    text[len] = '\0';
    return text;
}

static void what_record_refuses_is_refused_when_asked(void **state) {
    (void)state;
    publish("{on: decision, max: 3}");
    static const char *const with[] = {"", ", 'dry': true"};
    for (int i = 0; i < 2; i++) {
        const char *said = talk_fails(&t, tact_decide,
                                      print("{'person': {'crm': 1}, 'placements': ['hero'], 'events': [{'type': "
                                            "'search', 'term': '%s'}]%s}",
                                            long_text(2049), with[i]));
        assert_string_equal(said, "bad_value at events[0].term: events[0].term: a text is longer than 2,048 bytes");
    }
    const char *said = talk_fails(&t, tact_decide,
                                  print("{'person': {'crm': 1}, 'placements': ['hero'], 'events': [{'type': 'search',"
                                        " 'channel': '%s'}]}",
                                        long_text(65)));
    assert_string_equal(said, "bad_value at events[0]: events[0]: its channel is too long");
    (void)talk_ask(&t, tact_decide,
                   print("{'person': {'crm': 1}, 'placements': ['hero'], 'events': [{'type': 'search', 'term': '%s'}]}",
                         long_text(2048)));
    settle();
    assert_int_equal(status("events"), 1);
}

static void a_number_that_nobody_has_is_a_mistake(void **state) {
    (void)state;
    publish("{on: decision, max: 3}");
    static const char *const asked[] = {"", ", 'dry': true", ", 'events': [{'type': 'search'}]"};
    (void)talk_ask(&t, tact_erase, "{'person': 2}");
    for (int i = 0; i < 6; i++) {
        const char *said = talk_fails(
            &t, tact_decide, print("{'person': %d, 'placements': ['hero']%s}", i % 2 ? 4711 : 2, asked[i / 2]));
        assert_string_equal(said, i % 2 ? "unknown_person at person: person: nobody has the number 4711"
                                        : "unknown_person at person: person: nobody has the number 2");
    }
}

// Commands that a store refuses, or that cannot even be read, among others: these are written, and those counted.
static void what_is_refused_later_keeps_nothing_back(void **state) {
    (void)state;
    publish("{on: decision, max: 3}");
    const char *text = long_text(2049);
    const command_identity one = {0, {"1", 1}}, nobody = {99, {"1", 1}};
    const command_value term = {0, tact_string(text, 2049)};
    command all[3] = {
        {.kind = COMMAND_EVENT, .source = SCHEMA_SOURCE_NONE, .identities = &one, .identities_count = 1},
        {.kind = COMMAND_EVENT, .source = SCHEMA_SOURCE_NONE, .identities = &nobody, .identities_count = 1},
        {.kind = COMMAND_EVENT, .source = SCHEMA_SOURCE_NONE, .identities = &one, .identities_count = 1}};
    all[0].values = &term;
    all[0].values_count = 1;
    for (int i = 0; i < 3; i++) all[i].time_ms = clock_wall_ms();
    reserve_entry *none[3] = {NULL};
    buf packed = buf_in(&t.memory);
    assert_int_equal(effects_pack(&packed, all, none, 3), TACT_OK);
    assert_int_equal(effects_put(t.engine->effects, packed.ptr, packed.len), TACT_OK);
    for (int i = 0; i < 10000 && effects_status_of(t.engine->effects).queued; i++) usleep(1000);
    effects_status is = effects_status_of(t.engine->effects);
    assert_int_equal(is.queued, 0);
    assert_int_equal(is.applied, 1);
    assert_int_equal(is.refused, 2);
    assert_int_equal(status("counts_refused"), 2);
    assert_non_null(strstr(t.notice, "counts of decisions are refused: "));
    assert_true(shown("{'crm': 1}", "", ""));
    settle(); // ends
    assert_int_equal(status("events"), 1);
}

static void what_is_no_number_is_refused(void **state) {
    (void)state;
    publish("{on: decision, max: 3}");
    static const double no[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        arena *a = &t.memory;
        tact_value crm[] = {tact_string("crm", 3), tact_int(1)}, hero = tact_string("hero", 4), reply;
        tact_value number[] = {tact_string("share", 5), tact_double(no[i])};
        tact_value event[] = {tact_string("type", 4), tact_string("search", 6), number[0], number[1]};
        tact_value events = tact_map_new(a, event, 2), person = tact_map_new(a, crm, 1);
        tact_value decide[] = {tact_string("person", 6),      person,
                               tact_string("placements", 10), tact_list(&hero, 1),
                               tact_string("context", 7),     tact_map_new(a, number, 1)};
        assert_int_equal(tact_decide(t.engine, tact_map_new(a, decide, 3), a, &reply, &t.problem), TACT_INVALID);
        assert_string_equal(t.problem.at, "context.share");
        assert_int_equal(t.problem.name, TACT_PROBLEM_BAD_VALUE);
        decide[4] = tact_string("events", 6);
        decide[5] = tact_list(&events, 1);
        assert_int_equal(tact_decide(t.engine, tact_map_new(a, decide, 3), a, &reply, &t.problem), TACT_INVALID);
        assert_string_equal(t.problem.at, "events[0].share");
        tact_value set[] = {tact_string("set", 3), tact_map_new(a, number, 1), tact_string("person", 6), person};
        tact_value change = tact_map_new(a, set, 2);
        tact_value changes[] = {tact_string("commands", 8), tact_list(&change, 1)};
        assert_int_equal(tact_record(t.engine, tact_map_new(a, changes, 1), a, &reply, &t.problem), TACT_INVALID);
        assert_string_equal(t.problem.at, "commands[0].set.share");
    }
}

// ---- Asking again ---------------------------------------------------------------------------------------------------

static void asking_again_is_answered_as_before(void **state) {
    (void)state;
    static const char *const caps[] = {"{on: decision, max: 1}", "{on: decision, max: 1, scope: everyone}",
                                       "{on: decision, max: 1, per: day}, {on: decision, max: 5, every: 30d}"};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        publish(caps[i]);
        const char *id = print("one-%zu", i);
        for (int round = 0; round < 2; round++) { // first as they come, then written and read again
            for (int k = 0; k < 3; k++) assert_true(shown("{'crm': 1}", id, ""));
            assert_false(shown("{'crm': 1}", "", "")); // others see that it counted
            assert_false(shown("{'crm': 1}", "other", ""));
            assert_true(shown("{'crm': 1}", id, ", 'dry': true"));
            settle();
        }
        talk_end(&t);
        talk_begin(&t);
    }
}

static void asking_again_counts_once_while_it_is_not_written(void **state) {
    (void)state;
    publish("{on: decision, max: 2}");
    for (int i = 0; i < 5; i++) assert_true(shown("{'crm': 1}", "one", ""));
    assert_true(shown("{'crm': 1}", "two", ""));
    assert_false(shown("{'crm': 1}", "three", ""));
    assert_true(shown("{'crm': 1}", "one", ""));
    assert_true(shown("{'crm': 1}", "two", ""));
}

static void an_id_counts_for_each_person(void **state) {
    (void)state;
    publish("{on: decision, max: 1}");
    assert_true(shown("{'crm': 1}", "one", ""));
    assert_true(shown("{'crm': 2}", "one", ""));
    assert_false(shown("{'crm': 1}", "", ""));
    assert_false(shown("{'crm': 2}", "", ""));
    settle();
    assert_false(shown("{'crm': 2}", "", ""));
    assert_true(shown("{'crm': 2}", "one", ""));
}

// Somebody becomes known by the first; the repeat finds the event and the counts that this one wrote.
static void events_of_a_request_that_is_repeated_count_once(void **state) {
    (void)state;
    publish("{on: search, max: 2}, {on: decision, max: 1}");
    const char *asked = "{'person': {'cookie': 'new'}, 'placements': ['side', 'hero'], 'decision': 'one',"
                        " 'events': [{'type': 'search', 'term': 'shoes'}]}";
    for (int i = 0; i < 4; i++) {
        tact_value v = talk_ask(&t, tact_decide, asked);
        assert_int_equal(talk_find(v, "placements.side").len, 1); // exactly one search
        assert_int_equal(talk_find(v, "placements.hero").len, 1);
        settle();
        assert_int_equal(status("events"), 1);
    }
}

// ---- At another time ------------------------------------------------------------------------------------------------

static const char *day(int days) {
    buf out = buf_in(&t.memory);
    value_print_timestamp(&out, tact_timestamp(clock_wall_ms() / 1000 + days * INT64_C(86400), 0));
    return buf_done(&out).ptr;
}

static void counters_count_what_lies_between(void **state) {
    (void)state;
    static const char *const caps[] = {"{on: impression, max: 1, per: day}", "{on: impression, max: 1, every: 1d}",
                                       "{on: impression, max: 1, per: day, scope: everyone}"};
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        publish(caps[i]);
        tact_value v = talk_ask(&t, tact_decide, "{'person': {'crm': 1}, 'placements': ['hero']}");
        const char *given = talk_find_text(&t.memory, v, "placements.hero.0.token");
        // One from years ahead counts when it came in, and no longer than others do.
        (void)talk_ask(&t, tact_record,
                       print("{'commands': [{'event': 'impression', 'token': '%s', 'time': '%s'}]}", given, day(5000)));
        assert_false(shown("{'crm': 1}", "", ""));
        assert_true(shown("{'crm': 1}", "", print(", 'dry': true, 'now': '%s'", day(2))));
        assert_true(shown("{'crm': 1}", "", print(", 'dry': true, 'now': '%s'", day(-2)))); // it had not happened yet
        talk_end(&t);
        talk_begin(&t);
    }
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_record_refuses_is_refused_when_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_number_that_nobody_has_is_a_mistake, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_later_keeps_nothing_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_number_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asking_again_is_answered_as_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asking_again_counts_once_while_it_is_not_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_counts_for_each_person, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_of_a_request_that_is_repeated_count_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counters_count_what_lies_between, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
