// SPDX-License-Identifier: Apache-2.0
//
// The engine as a program sees it: deciding, recording, tokens that come back late, bundles that are swapped meanwhile,
// persons that are merged meanwhile, erasing, and a second process that reads beside the first.
#include "tact/tact.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>

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

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

static void do_record(const char *change) {
    tact_value reply = talk_ask(&t, tact_record, print("{'commands': [%s]}", change));
    if (talk_find(reply, "refused").kind != TACT_UNRESOLVED) fail_msg("%s", talk_text(&t.memory, reply));
}

static tact_value ask_hero(const char *whom) {
    return talk_ask(&t, tact_decide, print("{'person': %s, 'placements': ['hero']}", whom));
}

static const char *hero_of(const char *whom) {
    return talk_find_text(&t.memory, ask_hero(whom), "placements.hero.0.offer");
}

static int64_t status(const char *name) {
    return talk_find_int(talk_ask(&t, tact_status, "{}"), name);
}

// ---- Deciding -------------------------------------------------------------------------------------------------------

static void an_answer_says_all_that_it_should(void **state) {
    (void)state;
    do_record("{'set': {'tier': 'gold', 'first_name': 'Ann'}, 'person': {'crm': 4711}}");
    do_record("{'consent': {'marketing': 'granted'}, 'person': {'crm': 4711}}");
    tact_value v = talk_ask(&t, tact_decide,
                            "{'person': {'crm': '4711'}, 'placements': ['hero', 'chat'],"
                            " 'context': {'device': 'mobile'}}");
    assert_true(talk_find(v, "ok").as.b);
    assert_string_equal(talk_find_text(&t.memory, v, "bundle"), "shop@1");
    assert_int_equal(strlen(talk_find_text(&t.memory, v, "decision")), 26);
    assert_int_equal(talk_find_int(v, "person"), 1);
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "gold");
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.content.title"), "Gold");
    assert_true(talk_find(v, "placements.hero.0.score").as.d == 10.0);
    assert_true(talk_find(v, "placements.hero.0.propensity").as.d == 0.5);
    assert_true(*talk_find_text(&t.memory, v, "placements.hero.0.token"));
    assert_string_equal(talk_find_text(&t.memory, v, "placements.chat.0.offer"), "winter"); // gold is shown above
    assert_string_equal(talk_find_text(&t.memory, v, "placements.chat.1.content.link"), "/app");
    assert_true(talk_find_int(v, "took_us") >= 0);
}

static void decisions_are_told_apart_and_in_order(void **state) {
    (void)state;
    const char *last = "";
    for (int i = 0; i < 300; i++) {
        const char *id = talk_find_text(&t.memory, ask_hero("{'cookie': 'x'}"), "decision");
        assert_int_equal(strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 26);
        assert_memory_equal(id, "0", 1);
        if (*last) assert_true(strncmp(last, id, 9) <= 0); // by the time, of which 45 bits are there
        assert_string_not_equal(last, id);
        last = id;
    }
}

static void asking_creates_nobody_and_links_nobody(void **state) {
    (void)state;
    tact_value v = ask_hero("{'cookie': 'stranger', 'email': 'a@b.c'}");
    assert_int_equal(talk_find(v, "person").kind, TACT_NULL);
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "story");
    assert_true(talk_find(v, "placements.hero.0.fallback").as.b);
    do_record("{'set': {'tier': 'gold'}, 'person': {'cookie': 'one'}}");
    do_record("{'set': {'tier': 'silver'}, 'person': {'email': 'a@b.c'}}");
    // The first in the order of namespaces: crm, email, cookie.
    assert_string_equal(hero_of("{'cookie': 'one', 'email': 'a@b.c'}"), "story");
    assert_string_equal(hero_of("{'cookie': 'one', 'email': 'nobody@b.c'}"), "gold");
    assert_string_equal(hero_of("{'cookie': 'one', 'crm': 1}"), "gold");
    assert_int_equal(status("persons"), 2);
    assert_int_equal(status("identities"), 2);
    assert_string_equal(hero_of("1"), "gold"); // by number
    (void)talk_fails(&t, tact_decide, "{'person': 99, 'placements': ['hero']}");
}

static void events_of_a_request_count_in_it_and_are_kept(void **state) {
    (void)state;
    static const char dry[] = "{'person': {'cookie': 'x'}, 'placements': ['hero'], 'dry': true,"
                              " 'events': [{'type': 'purchase', 'amount': 5}]}";
    tact_value v = talk_ask(&t, tact_decide, dry);
    assert_int_equal(status("events"), 0);
    assert_int_equal(talk_find(v, "placements.hero.0.token").kind, TACT_UNRESOLVED); // it is of no decision
    v = talk_ask(&t, tact_explain,
                 "{'person': {'cookie': 'x'}, 'placements': ['hero'],"
                 " 'events': [{'type': 'purchase', 'amount': 5}]}");
    assert_int_equal(status("events"), 0);
    (void)talk_ask(&t, tact_decide,
                   "{'person': {'cookie': 'x', 'email': 'a@b.c'}, 'placements': ['hero'],"
                   " 'events': [{'type': 'purchase', 'amount': 5, 'channel': 'web'}]}");
    talk_close(&t);
    talk_open(&t, NULL);
    assert_int_equal(status("events"), 1);
    assert_int_equal(status("identities"), 1); // of several, one; they are not linked
    v = talk_ask(&t, tact_person, "{'person': {'cookie': 'x'}}");
    assert_string_equal(talk_find_text(&t.memory, v, "person.events.0.channel"), "web");
}

// ---- Tokens ---------------------------------------------------------------------------------------------------------

static const char *winter_token(const char *whom) {
    tact_value v = ask_hero(whom);
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "winter");
    return talk_find_text(&t.memory, v, "placements.hero.0.token");
}

static void know_ann(void) {
    do_record("{'consent': {'marketing': 'granted'}, 'person': {'cookie': 'a'}}");
}

static void impressions_count_towards_caps(void **state) {
    (void)state;
    know_ann();
    const char *token = winter_token("{'cookie': 'a'}");
    do_record(print("{'event': 'impression', 'token': '%s'}", token));
    assert_string_equal(hero_of("{'cookie': 'a'}"), "winter");
    do_record(print("{'event': 'impression', 'token': '%s', 'id': 'i-1'}", token));
    assert_string_equal(hero_of("{'cookie': 'a'}"), "story");
    do_record(print("{'event': 'impression', 'token': '%s', 'id': 'i-1'}", token)); // again, and so not again
    tact_value v = talk_ask(&t, tact_person, "{'person': {'cookie': 'a'}}");
    assert_int_equal(talk_find(v, "person.counters.0.times").len, 2);
}

static void a_click_in_the_request_counts_at_once(void **state) {
    (void)state;
    know_ann();
    const char *token = winter_token("{'cookie': 'a'}");
    tact_value v = talk_ask(&t, tact_decide,
                            print("{'person': {'cookie': 'a'}, 'placements': ['hero'],"
                                  " 'events': [{'type': 'click', 'token': '%s'}]}",
                                  token));
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "story");
    assert_string_equal(hero_of("{'cookie': 'a'}"), "story"); // and before it is committed
    talk_close(&t);
    talk_open(&t, NULL);
    assert_string_equal(hero_of("{'cookie': 'a'}"), "story");
}

static void a_merge_between_decision_and_click_changes_nothing(void **state) {
    (void)state;
    know_ann();
    do_record("{'set': {'recency': 1}, 'person': {'crm': 1}}");
    const char *token = winter_token("{'cookie': 'a'}");
    do_record("{'link': {'crm': 1, 'cookie': 'a'}}");
    do_record(print("{'event': 'click', 'token': '%s'}", token));
    assert_string_equal(hero_of("{'crm': 1}"), "story");
    do_record("{'unlink': {'cookie': 'a'}}"); // what came in by the token goes with its identity
    assert_string_equal(hero_of("{'cookie': 'a'}"), "story");
    tact_value v = talk_ask(&t, tact_person, "{'person': {'crm': 1}}");
    assert_int_equal(talk_find(v, "person.counters").len, 0);
}

static void a_swap_between_decision_and_click_changes_nothing(void **state) {
    (void)state;
    know_ann();
    const char *token = winter_token("{'cookie': 'a'}");
    // Offers that come before it take its number.
    const char *more = print("%s  aaa: {value: 1.0, content: {hero: {title: A}}}\n  bbb: {value: 1.0, content: {hero: "
                             "{title: B}}}\n",
                             talk_shop);
    talk_publish(&t, more);
    do_record(print("{'event': 'click', 'token': '%s'}", token));
    assert_string_equal(hero_of("{'cookie': 'a'}"), "aaa");
    // Where the offer is gone a click is nothing to count, and no fault.
    const char *token_of_aaa = talk_find_text(&t.memory, ask_hero("{'cookie': 'a'}"), "placements.hero.0.token");
    talk_publish(&t, talk_shop);
    (void)talk_ask(&t, tact_record, print("{'commands': [{'event': 'click', 'token': '%s'}]}", token_of_aaa));
}

static void a_declared_event_with_a_token_is_kept_and_counted(void **state) {
    (void)state;
    do_record("{'set': {'recency': 1}, 'person': {'cookie': 'a'}}");
    tact_value v = talk_ask(&t, tact_decide,
                            "{'person': {'cookie': 'a'}, 'placements': ['hero'],"
                            " 'context': {'device': 'mobile'}}");
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "phone");
    const char *token = talk_find_text(&t.memory, v, "placements.hero.0.token");
    do_record(print("{'event': 'purchase', 'token': '%s', 'properties': {'amount': 3}, 'channel': 'app'}", token));
    v = talk_ask(&t, tact_person, "{'person': {'cookie': 'a'}}");
    assert_string_equal(talk_find_text(&t.memory, v, "person.events.0.name"), "purchase");
    v = talk_ask(&t, tact_decide,
                 "{'person': {'cookie': 'a'}, 'placements': ['hero'],"
                 " 'context': {'device': 'mobile'}}");
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "story");
}

// Nothing counts it, and nothing keeps it: that is said.
static void what_is_not_kept_is_told(void **state) {
    (void)state;
    know_ann();
    int64_t before = status("position");
    tact_value shown = talk_ask(&t, tact_decide, "{'person': {'cookie': 'a'}, 'placements': ['chat']}");
    const char *story = talk_find_text(&t.memory, ask_hero("{'cookie': 'none'}"), "placements.hero.0.token");
    assert_int_equal(talk_find(shown, "placements.chat").kind, TACT_LIST);
    tact_value v = talk_ask(
        &t, tact_record,
        print("{'commands': [{'event': 'impression', 'token': '%s', 'person': {'cookie': 'a'}}]}", story));
    assert_int_equal(talk_find_int(v, "position"), before);
    assert_string_equal(talk_find_text(&t.memory, v, "not_kept.0.at"), "commands[0]");
    assert_string_equal(talk_find_text(&t.memory, v, "not_kept.0.text"),
                        "no cap counts it, and the schema does not declare it");
}

static void a_token_of_nobody_needs_a_person(void **state) {
    (void)state;
    const char *token = talk_find_text(&t.memory, ask_hero("{'cookie': 'new'}"), "placements.hero.0.token");
    const char *said = talk_fails(&t, tact_record, print("{'commands': [{'event': 'click', 'token': '%s'}]}", token));
    assert_memory_equal(said, "missing at commands[0].token: ", 30);
    do_record(print("{'event': 'click', 'token': '%s', 'person': {'cookie': 'new'}}", token));
}

static void erased_means_erased(void **state) {
    (void)state;
    know_ann();
    const char *token = winter_token("{'cookie': 'a'}");
    tact_value v = talk_ask(&t, tact_erase, "{'person': {'cookie': 'a'}}");
    assert_int_equal(talk_find_int(v, "identities"), 1);
    assert_int_equal(talk_find(ask_hero("{'cookie': 'a'}"), "person").kind, TACT_NULL);
    const char *said = talk_fails(&t, tact_record, print("{'commands': [{'event': 'click', 'token': '%s'}]}", token));
    assert_memory_equal(said, "unknown_person at commands[0].token: ", 37);
    assert_int_equal(status("persons"), 0);
}

// ---- Recording ------------------------------------------------------------------------------------------------------

static void what_is_refused_is_told_and_the_rest_applied(void **state) {
    (void)state;
    do_record("{'set': {'recency': 1}, 'person': {'crm': 1}}");
    do_record("{'set': {'recency': 1}, 'person': {'crm': 2}}");
    tact_value v = talk_ask(&t, tact_record,
                            "{'commands': [{'set': {'recency': 5}, 'person': {'crm': 1}},"
                            " {'link': {'crm': [1, 2]}},"
                            " {'set': {'recency': 6}, 'person': {'crm': 2}}]}");
    assert_int_equal(talk_find(v, "refused").len, 1);
    assert_string_equal(talk_find_text(&t.memory, v, "refused.0.at"), "commands[1]");
    assert_string_equal(talk_find_text(&t.memory, v, "refused.0.code"), "exists");
    assert_int_equal(talk_find_int(v, "position"), 4);
}

// A batch is sent again when its answer was lost.
static void a_batch_with_an_id_is_applied_once(void **state) {
    (void)state;
    know_ann();
    const char *token = winter_token("{'cookie': 'a'}");
    const char *request = print("{'id': 'b-1', 'commands': [{'event': 'purchase', 'properties': {'amount': 3},"
                                " 'person': {'cookie': 'a'}}, {'event': 'complaint', 'person': {'cookie': 'a'}},"
                                " {'event': 'impression', 'token': '%s'}]}",
                                token);
    tact_value first = talk_ask(&t, tact_record, request);
    const char *everything = "{'person': {'cookie': 'a'}, 'now': '2100-01-01T00:00:00Z'}"; // so that nothing ages
    const char *held = talk_text(&t.memory, talk_ask(&t, tact_person, everything));
    tact_value again = talk_ask(&t, tact_record, request);
    assert_string_equal(talk_text(&t.memory, again), talk_text(&t.memory, first));
    talk_close(&t);
    talk_open(&t, NULL);
    again = talk_ask(&t, tact_record, request);
    assert_string_equal(talk_text(&t.memory, again), talk_text(&t.memory, first));
    tact_value v = talk_ask(&t, tact_person, everything);
    assert_int_equal(talk_find(v, "person.events").len, 2);
    assert_string_equal(talk_text(&t.memory, v), held);
    // Another batch is another, and a change's own id goes before the batch's.
    (void)talk_ask(&t, tact_record,
                   "{'id': 'b-2', 'commands': [{'event': 'complaint', 'person': {'cookie': 'a'}},"
                   " {'event': 'complaint', 'person': {'cookie': 'a'}, 'id': 'b-1/1'}]}");
    v = talk_ask(&t, tact_person, "{'person': {'cookie': 'a'}}");
    assert_int_equal(talk_find(v, "person.events").len, 3);
}

static void an_id_that_cannot_be_one_is_told(void **state) {
    (void)state;
    static const char *const wrong[] = {"", "12345678901234567890123456789012345678901", "a\\nb", "a\\u007fb"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *said = talk_fails(&t, tact_record, print("{'id': '%s', 'commands': []}", wrong[i]));
        assert_memory_equal(said, "bad_value at id: ", 17);
        said = talk_fails(&t, tact_erase, print("{'id': '%s', 'person': 1}", wrong[i]));
        assert_memory_equal(said, "bad_value at id: ", 17);
    }
    (void)talk_ask(&t, tact_record, "{'id': '1234567890123456789012345678901234567890', 'commands': []}");
}

static void whoever_came_back_is_not_erased_again(void **state) {
    (void)state;
    know_ann();
    tact_value first = talk_ask(&t, tact_erase, "{'person': {'cookie': 'a'}, 'id': 'e-1'}");
    assert_int_equal(talk_find_int(first, "identities"), 1);
    tact_value again = talk_ask(&t, tact_erase, "{'person': {'cookie': 'a'}, 'id': 'e-1'}"); // though nobody is known
    assert_string_equal(talk_text(&t.memory, again), talk_text(&t.memory, first));
    usleep(2000); // what happens in the same millisecond is refused
    do_record("{'set': {'recency': 1}, 'person': {'cookie': 'a'}}");
    again = talk_ask(&t, tact_erase, "{'person': {'cookie': 'a'}, 'id': 'e-1'}");
    assert_string_equal(talk_text(&t.memory, again), talk_text(&t.memory, first));
    assert_int_equal(status("persons"), 1);
    talk_close(&t);
    talk_open(&t, NULL);
    again = talk_ask(&t, tact_erase, "{'person': {'cookie': 'a'}, 'id': 'e-1'}");
    assert_string_equal(talk_text(&t.memory, again), talk_text(&t.memory, first));
    assert_int_equal(status("persons"), 1);
    again = talk_ask(&t, tact_erase, "{'person': {'cookie': 'a'}, 'id': 'e-2'}");
    assert_int_equal(status("persons"), 0);
}

// ---- Late, and what is counted --------------------------------------------------------------------------------------

static void who_is_late_gets_the_fallbacks(void **state) {
    (void)state;
    do_record("{'set': {'tier': 'gold'}, 'person': {'crm': 1}}");
    tact_value v = talk_ask(&t, tact_decide,
                            "{'person': {'crm': 1}, 'placements': ['hero', 'chat'], 'late': true,"
                            " 'events': [{'type': 'complaint'}]}");
    assert_true(talk_find(v, "late").as.b);
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "story");
    assert_true(talk_find(v, "placements.hero.0.fallback").as.b);
    assert_int_equal(talk_find(v, "placements.hero").len, 1);
    assert_int_equal(talk_find(v, "placements.chat").len, 0); // it has none
    assert_int_equal(talk_find_int(v, "person"), 1);
    v = talk_ask(&t, tact_decide, "{'person': {'crm': 1}, 'placements': ['hero'], 'late': false}");
    assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "gold");
    assert_int_equal(talk_find(v, "late").kind, TACT_UNRESOLVED);
    talk_close(&t); // what happened with the request was kept all the same
    talk_open(&t, NULL);
    v = talk_ask(&t, tact_person, "{'person': {'crm': 1}}");
    assert_int_equal(talk_find(v, "person.events").len, 1);
}

static void what_was_given_and_removed_is_counted(void **state) {
    (void)state;
    do_record("{'set': {'tier': 'gold'}, 'person': {'crm': 1}}");
    tact_value v = talk_ask(&t, tact_status, "{}");
    assert_int_equal(talk_find_int(v, "given"), 0);
    assert_int_equal(talk_find_int(v, "removed.consent"), 0);
    assert_int_equal(talk_find_int(v, "commits.count"), 1);
    assert_true(talk_find_int(v, "commits.p50_us") <= talk_find_int(v, "commits.max_us"));
    (void)ask_hero("{'crm': 1}"); // gold; winter lacks consent, phone a mobile
    (void)ask_hero("{'crm': 2}"); // story, the fallback: gold is not eligible
    (void)talk_ask(&t, tact_decide, "{'placements': ['hero'], 'late': true}");         // story
    (void)talk_ask(&t, tact_decide, "{'person': {'crm': 1}, 'placements': ['chat']}"); // gold alone
    v = talk_ask(&t, tact_status, "{}");
    assert_int_equal(talk_find_int(v, "decided"), 4);
    assert_int_equal(talk_find_int(v, "given"), 4);
    assert_int_equal(talk_find_int(v, "fallbacks"), 2);
    assert_int_equal(talk_find_int(v, "removed.consent"), 3);
    assert_int_equal(talk_find_int(v, "removed.eligible"), 1);
    assert_int_equal(talk_find_int(v, "removed.applicable"), 3);
    assert_int_equal(talk_find_int(v, "removed.caps"), 0);
}

// ---- Bundles --------------------------------------------------------------------------------------------------------

static void publishing_is_all_or_nothing(void **state) {
    (void)state;
    talk_write(&t, "bundle.yaml", "bundle: shop\nofers: {}\n");
    const char *request = print("{'folder': '%s'}", t.rules.path);
    const char *said = talk_fails(&t, tact_publish, request);
    assert_non_null(strstr(said, "bundle.yaml:2:1: error: "));
    assert_string_equal(talk_find_text(&t.memory, ask_hero("{}"), "bundle"), "shop@1");
    talk_write(&t, "bundle.yaml",
               print("%stests: [{name: wrong, now: 2026-12-01T10:00:00Z, decide: {hero: {}}, "
                     "expect: {hero: [gold]}}]\n",
                     talk_shop));
    said = talk_fails(&t, tact_publish, request);
    assert_memory_equal(said, "bad_bundle at : ", 16);
    tact_value v = talk_ask(&t, tact_publish, print("{'folder': '%s', 'skip_tests': true}", t.rules.path));
    assert_string_equal(talk_find_text(&t.memory, v, "bundle"), "shop@2");
    v = talk_ask(&t, tact_rollback, "{}");
    assert_string_equal(talk_find_text(&t.memory, v, "bundle"), "shop@1");
    assert_string_equal(talk_find_text(&t.memory, ask_hero("{}"), "bundle"), "shop@1");
    talk_close(&t);
    talk_open(&t, NULL);
    assert_string_equal(talk_find_text(&t.memory, ask_hero("{}"), "bundle"), "shop@1");
}

static atomic_bool stop;

typedef struct asker {
    pthread_t thread;
    uint64_t answers;
    bool failed, mixed;
} asker;

static void *ask(void *context) {
    asker *a = context;
    tact_arena *own = tact_arena_new(0);
    arena memory;
    arena_init(&memory, 0);
    tact_value request = talk_json(&memory, "{'placements': ['hero']}");
    while (!atomic_load(&stop) || !a->answers) {
        tact_value reply;
        tact_problem problem;
        a->failed |= tact_decide(t.engine, request, own, &reply, &problem) != TACT_OK;
        if (a->failed) break;
        // Each version shows its own number.
        const char *name = talk_find_text(own, reply, "bundle");
        const char *title = talk_find_text(own, reply, "placements.hero.0.content.title");
        a->mixed |= strcmp(name, title) != 0;
        a->answers++;
        tact_arena_reset(own);
    }
    tact_arena_free(own);
    arena_fini(&memory);
    return NULL;
}

static void everybody_sees_one_bundle_and_no_mixture(void **state) {
    (void)state;
    enum { ASKERS = 4, VERSIONS = 12 };
    asker askers[ASKERS] = {{.answers = 0}};
    for (int i = 2; i <= VERSIONS; i++) {
        if (i == 3) {
            atomic_store(&stop, false);
            for (int k = 0; k < ASKERS; k++)
                assert_int_equal(pthread_create(&askers[k].thread, NULL, ask, &askers[k]), 0);
        }
        talk_publish(&t,
                     print("bundle: shop\nidentities: {crm: {}}\nplacements: {hero: {channel: web, fallback: story}}\n"
                           "content: {hero: {title: string}}\noffers: {story: {content: {hero: {title: shop@%d}}}}\n",
                           i));
    }
    atomic_store(&stop, true);
    for (int k = 0; k < ASKERS; k++) {
        pthread_join(askers[k].thread, NULL);
        assert_false(askers[k].failed);
        assert_false(askers[k].mixed);
    }
}

// ---- Processes ------------------------------------------------------------------------------------------------------

static void nothing_is_published_yet(void **state) {
    (void)state;
    talk_end(&t);
    talk_begin(&t);
    assert_memory_equal(talk_fails(&t, tact_decide, "{'placements': ['hero']}"), "no_bundle at ", 13);
    assert_int_equal(talk_find(talk_ask(&t, tact_status, "{}"), "bundle").kind, TACT_NULL);
}

static void opening_what_cannot_be_opened(void **state) {
    (void)state;
    tact_engine *e = NULL;
    tact_problem p;
    const tact_options reading = {.read_only = true};
    assert_int_equal(tact_open("/nowhere/at/all", &reading, &e, &p), TACT_NOT_FOUND);
    assert_int_equal(tact_open("/nowhere/at/all", NULL, &e, NULL), TACT_NOT_FOUND);
    const tact_options log = {.log = {.folder = "/nowhere/at/all"}};
    folder f = folder_new();
    assert_int_equal(tact_open(f.path, &log, &e, &p), TACT_NOT_FOUND);
    folder_remove(&f);
    assert_null(e);
    tact_close(NULL);
}

// In a process of its own: decides beside the first, changes nothing, and sees what is published. 0: all well.
static int read_beside(int from, int to) {
    talk second;
    char byte;
    memset(&second, 0, sizeof second);
    arena_init(&second.memory, 0);
    second.data = t.data;
    const tact_options reading = {.read_only = true};
    if (tact_open(second.data.path, &reading, &second.engine, &second.problem)) return 2;
    static const char request[] = "{'person': {'cookie': 'a'}, 'placements': ['hero']}";
    tact_value v = talk_ask(&second, tact_decide, request);
    if (strcmp(talk_find_text(&second.memory, v, "placements.hero.0.offer"), "gold")) return 3;
    if (!strstr(talk_fails(&second, tact_record, "{'commands': []}"), "read_only")) return 4;
    if (!strstr(talk_fails(&second, tact_publish, "{'folder': 'x'}"), "read_only")) return 5;
    if (!strstr(talk_fails(&second, tact_erase, "{'person': 1}"), "read_only")) return 6;
    if (write(to, "x", 1) != 1 || read(from, &byte, 1) != 1) return 7;
    for (int i = 0; i < 100; i++) { // a new version, with a new attribute, and what was recorded under it
        v = talk_ask(&second, tact_decide, request);
        if (!strcmp(talk_find_text(&second.memory, v, "placements.hero.0.offer"), "news")) break;
        usleep(100000);
        if (i == 99) return 8;
    }
    if (strcmp(talk_find_text(&second.memory, v, "bundle"), "shop@2")) return 9;
    tact_close(second.engine);
    arena_fini(&second.memory);
    return 0;
}

static void a_second_process_decides_beside_the_first(void **state) {
    (void)state;
    int to[2], from[2], how;
    char byte;
    do_record("{'set': {'tier': 'gold'}, 'person': {'cookie': 'a'}}");
    assert_int_equal(pipe(to) | pipe(from), 0);
    talk_close(&t); // an engine does not survive fork()
    pid_t child = fork();
    if (child == 0) {
        if (read(to[0], &byte, 1) != 1) _exit(1);
        _exit(read_beside(to[0], from[1]));
    }
    talk_open(&t, NULL);
    assert_int_equal(write(to[1], "x", 1), 1);
    assert_int_equal(read(from[0], &byte, 1), 1);
    talk_publish(&t,
                 print("%s  news: {value: 99.0, eligible: profile.fresh == 7, content: {hero: {title: News}}}\n",
                       "bundle: shop\nidentities: {crm: {unique: true}, cookie: {}}\nattributes: {fresh: {type: int}, "
                       "tier: {type: string}}\nplacements: {hero: {channel: web}}\ncontent: {hero: {title: string}}\n"
                       "offers:\n"));
    do_record("{'set': {'fresh': 7}, 'person': {'cookie': 'a'}}");
    assert_int_equal(write(to[1], "x", 1), 1);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    assert_int_equal(WEXITSTATUS(how), 0);
    for (int i = 0; i < 2; i++) close(to[i]), close(from[i]);
}

static void a_bound_on_the_arena_fails_only_that_call(void **state) {
    (void)state;
    tact_value request = talk_json(&t.memory, "{'placements': ['hero', 'chat'], 'context': {'device': 'mobile'}}");
    tact_problem p;
    tact_value reply;
    bool answered = false;
    for (size_t bound = 64; bound < 16384 && !answered; bound += 64) {
        tact_arena *small = tact_arena_new(bound);
        tact_err err = tact_decide(t.engine, request, small, &reply, &p);
        assert_true(err == TACT_OK || err == TACT_NO_MEMORY);
        answered = !err;
        tact_arena_free(small);
    }
    assert_true(answered);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_says_all_that_it_should, set_up, tear_down),
        cmocka_unit_test_setup_teardown(decisions_are_told_apart_and_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asking_creates_nobody_and_links_nobody, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_of_a_request_count_in_it_and_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(impressions_count_towards_caps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_click_in_the_request_counts_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_merge_between_decision_and_click_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_swap_between_decision_and_click_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_declared_event_with_a_token_is_kept_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_kept_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_token_of_nobody_needs_a_person, set_up, tear_down),
        cmocka_unit_test_setup_teardown(erased_means_erased, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_refused_is_told_and_the_rest_applied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_batch_with_an_id_is_applied_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_id_that_cannot_be_one_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(whoever_came_back_is_not_erased_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_is_late_gets_the_fallbacks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_was_given_and_removed_is_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(publishing_is_all_or_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(everybody_sees_one_bundle_and_no_mixture, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_published_yet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(opening_what_cannot_be_opened, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_second_process_decides_beside_the_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bound_on_the_arena_fails_only_that_call, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
