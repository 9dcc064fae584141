// SPDX-License-Identifier: Apache-2.0
//
// Consent, as somebody would try to get round it: by another operation, another time, another identity, a clock that is
// ahead, the fallback, a token from before. A table of what was said, each asked in every way there is.
#include "tact/tact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "../store/quick.h"
#include "base/clock.h"
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

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

static void do_record(const char *changes) {
    tact_value reply = talk_ask(&t, tact_record, print("{'commands': [%s]}", changes));
    if (talk_find(reply, "refused").kind != TACT_UNRESOLVED) fail_msg("%s", talk_text(&t.memory, reply));
}

#define CRM "'person': {'crm': 1}"
#define COOKIE "'person': {'cookie': 'c'}"
#define BOTH "'person': {'cookie': 'c', 'crm': 1}"
#define YES "{'consent': {'marketing': 'granted'}, "
#define NO "{'consent': {'marketing': 'denied'}, "
#define OLD ", 'time': '2020-01-01T00:00:00Z'}"
#define NEWER ", 'time': '2021-01-01T00:00:00Z'}"
#define LINK "{'link': {'crm': 1, 'cookie': 'c'}}"
#define UNLINK "{'unlink': {'cookie': 'c'}}"

// What is known: a name, to be used for `personalization`, which is granted by default, and what is secret but for
// `marketing`, which is not; so is the offer `winter`.
static const struct {
    const char *said, *whom;
    bool marketing, personalization;
} rows[] = {
    {"", CRM, false, true},
    {YES CRM "}", CRM, true, true},
    {YES CRM OLD ", " NO CRM NEWER, CRM, false, true},
    {NO CRM NEWER ", " YES CRM OLD, CRM, false, true}, // whatever comes in first
    {YES CRM OLD ", {'consent': {'marketing': 'unset'}, " CRM NEWER, CRM, false, true},
    {"{'consent': {'marketing': 'denied', 'personalization': 'denied'}, " CRM "}", CRM, false, false},
    // What has ended has ended, and what lasts lasts, whatever time is asked about.
    {YES CRM ", 'expires': '2020-06-01T00:00:00Z'" OLD, CRM, false, true},
    {"{'consent': {'personalization': 'granted'}, " CRM ", 'expires': '2020-06-01T00:00:00Z'" OLD, CRM, false, false},
    {"{'consent': {'personalization': 'denied'}, " CRM ", 'expires': '2089-06-01T00:00:00Z'" OLD, CRM, false, false},
    // What was guessed or imported never overrules a no.
    {NO CRM OLD ", " YES CRM ", 'explicit': false" NEWER, CRM, false, true},
    {YES CRM OLD ", " NO CRM ", 'explicit': false" NEWER, CRM, false, true},
    // Two strands of one person.
    {YES CRM OLD ", " NO COOKIE NEWER ", " LINK, CRM, false, true},
    {YES CRM OLD ", " NO COOKIE NEWER ", " LINK, COOKIE, false, true},
    {LINK ", " YES CRM OLD ", " NO COOKIE NEWER, BOTH, false, true},
    {NO CRM OLD ", " YES COOKIE NEWER ", " LINK, CRM, true, true}, // said later, and by the same person
    {YES CRM NEWER ", " NO COOKIE NEWER ", " LINK, CRM, false, true},
    {YES CRM OLD ", " NO COOKIE NEWER ", " LINK ", " UNLINK, CRM, true, true}, // it was somebody else's no
    {YES CRM OLD ", " NO COOKIE NEWER ", " LINK ", " UNLINK, COOKIE, false, true},
    // Two persons, as far as is known; the request says that they are one, and neither may have said no.
    {YES CRM NEWER ", " NO COOKIE OLD, BOTH, false, true},
    {NO CRM OLD ", " YES COOKIE NEWER, BOTH, false, true},
    {"{'consent': {'personalization': 'denied'}, " COOKIE "}, " YES CRM OLD, BOTH, true, false},
    {YES CRM OLD ", {'set': {'recency': 1}, " COOKIE "}", BOTH, true, true}, // who said nothing did not say no
};

static const struct {
    tact_operation *operation;
    const char *request; // %s: who it is
} ways[] = {
    {tact_decide, "{%s, 'placements': ['hero', 'chat']}"},
    {tact_decide, "{%s, 'placements': ['hero', 'chat'], 'dry': true}"},
    {tact_decide, "{%s, 'placements': ['chat'], 'events': [{'type': 'purchase', 'amount': 2}]}"},
    {tact_decide, "{%s, 'placements': ['hero', 'chat'], 'dry': true, 'now': '2020-03-01T00:00:00Z'}"},
    {tact_decide, "{%s, 'placements': ['hero', 'chat'], 'dry': true, 'now': '2090-03-01T00:00:00Z'}"},
    {tact_decide, "{%s, 'placements': ['hero', 'chat'], 'late': true}"},
    {tact_explain, "{%s, 'placements': ['hero', 'chat']}"},
    {tact_explain, "{%s, 'placements': ['hero', 'chat'], 'now': '2020-03-01T00:00:00Z'}"},
    {tact_explain, "{%s, 'placements': ['hero', 'chat'], 'now': '2090-03-01T00:00:00Z'}"},
    {tact_context, "{%s, 'channel': 'chat', 'budget': 3000}"},
    {tact_context, "{%s, 'channel': 'chat', 'budget': 3000, 'now': '2020-03-01T00:00:00Z'}"},
    {tact_context, "{%s, 'channel': 'chat', 'budget': 3000, 'now': '2090-03-01T00:00:00Z'}"},
};

// Whether any of the lists of offers that a reply has gives this one.
static bool gives_winter(tact_value v) {
    static const char *const lists[] = {"placements.hero", "placements.chat", "offers"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        tact_value list = talk_find(v, lists[i]);
        for (uint32_t k = 0; list.kind == TACT_LIST && k < list.len; k++) {
            if (!strcmp(talk_find_text(&t.memory, list.as.items[k], "offer"), "winter")) return true;
        }
    }
    return false;
}

static void ask(size_t row, size_t way, bool *winter, bool *name, bool *secret) {
    const char *request = print(ways[way].request, rows[row].whom); // NOLINT(clang-diagnostic-format-nonliteral)
    tact_value v = talk_ask(&t, ways[way].operation, request);
    const char *text = talk_text(&t.memory, v);
    bool gives = gives_winter(v), named = strstr(text, "Ann-Unmistakable"), told = strstr(text, "secret-cats");
    if ((gives || told) && !rows[row].marketing) fail_msg("%s: %s: %s", rows[row].said, request, text);
    if (named && !rows[row].personalization) fail_msg("%s: %s: %s", rows[row].said, request, text);
    *winter |= gives, *name |= named, *secret |= told;
}

static void no_way_leads_round_a_no(void **state) {
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        bool winter = false, name = false, secret = false;
        do_record("{'set': {'first_name': 'Ann-Unmistakable', 'secret': 'secret-cats'}, " CRM "}, "
                  "{'set': {'first_name': 'Ann-Unmistakable', 'secret': 'secret-cats'}, " COOKIE "}");
        do_record(rows[row].said);
        for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) ask(row, way, &winter, &name, &secret);
        // And a yes is one, or the table would be true of a program that never says anything.
        if (winter != rows[row].marketing || secret != rows[row].marketing || name != rows[row].personalization) {
            fail_msg("row %zu, %s: winter %d, secret %d, name %d", row, rows[row].said, winter, secret, name);
        }
        tear_down(state);
        set_up(state);
    }
}

// A clock that is a little ahead says yes; a no that is said afterwards, by the right time, is the later word.
static void a_yes_from_the_future_does_not_outlast_a_no(void **state) {
    (void)state;
    const tact_value ahead = tact_timestamp(clock_wall_ms() / 1000 + 3000, 0);
    buf when = buf_in(&t.memory);
    value_print_timestamp(&when, ahead);
    do_record(print(YES CRM ", 'time': '%s'}", buf_done(&when).ptr));
    assert_true(gives_winter(talk_ask(&t, tact_decide, "{" CRM ", 'placements': ['hero']}")));
    do_record(NO CRM "}");
    assert_false(gives_winter(talk_ask(&t, tact_decide, "{" CRM ", 'placements': ['hero']}")));
}

// The token of what was shown counts a click; it shows nothing again.
static void a_token_from_before_brings_nothing_back(void **state) {
    (void)state;
    do_record(YES CRM "}");
    tact_value v = talk_ask(&t, tact_decide, "{" CRM ", 'placements': ['hero'], 'decision': 'same'}");
    assert_true(gives_winter(v));
    const char *token = talk_find_text(&t.memory, v, "placements.hero.0.token");
    do_record(NO CRM "}");
    do_record(print("{'event': 'impression', 'token': '%s'}", token));
    assert_false(gives_winter(talk_ask(&t, tact_decide, "{" CRM ", 'placements': ['hero'], 'decision': 'same'}")));
    assert_false(gives_winter(
        talk_ask(&t, tact_decide,
                 print("{" CRM ", 'placements': ['hero'], 'events': [{'type': 'click', 'token': '%s'}]}", token))));
}

// However long it may take until the disk has what is recorded.
static void a_no_holds_when_it_is_answered(void **state) {
    (void)state;
    talk_close(&t);
    talk_open(&t, &(tact_options){.durability_ms = 600000});
    do_record(YES CRM "}");
    assert_true(gives_winter(talk_ask(&t, tact_decide, "{" CRM ", 'placements': ['hero']}")));
    do_record(NO CRM "}");
    assert_false(gives_winter(talk_ask(&t, tact_decide, "{" CRM ", 'placements': ['hero']}")));
    (void)talk_ask(&t, tact_erase, "{" CRM "}");
    const char *said = talk_fails(&t, tact_person, "{" CRM "}");
    assert_non_null(strstr(said, "unknown_person"));
    do_record(YES COOKIE "}, {'erase': {'cookie': 'c'}}");
    said = talk_fails(&t, tact_person, "{" COOKIE "}");
    assert_non_null(strstr(said, "unknown_person"));
}

// Identities that a request names, and nobody is known by, say neither yes nor no.
static void who_is_not_known_changes_nothing(void **state) {
    (void)state;
    do_record(YES CRM "}");
    assert_true(gives_winter(talk_ask(&t, tact_decide, "{" BOTH ", 'placements': ['hero']}")));
    assert_false(gives_winter(talk_ask(&t, tact_decide, "{" COOKIE ", 'placements': ['hero']}")));
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_way_leads_round_a_no, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_yes_from_the_future_does_not_outlast_a_no, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_from_before_brings_nothing_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_no_holds_when_it_is_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_not_known_changes_nothing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
