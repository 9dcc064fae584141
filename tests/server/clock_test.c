// SPDX-License-Identifier: Apache-2.0
//
// The system's time is set, back and ahead, under a server that runs. What was counted stays counted, what was done is
// not done again, what was given out is taken, and nothing is forgotten. docs/operating.md says what comes of the rest.
//
// The subtle part is the clock: this program has base/clock.h of its own, so that the linker takes no other.
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "running.h"

#include <cmocka.h>

static const int64_t HOUR = 3600000, DAY = 24 * HOUR;

static _Atomic int64_t wall_off_ms, mono_off_ms;

static int64_t read_us(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void) {
    return read_us(CLOCK_REALTIME) / 1000 + atomic_load(&wall_off_ms);
}

int64_t clock_mono_ms(void) {
    return read_us(CLOCK_MONOTONIC) / 1000 + atomic_load(&mono_off_ms);
}

int64_t clock_mono_us(void) {
    return read_us(CLOCK_MONOTONIC) + atomic_load(&mono_off_ms) * 1000;
}

// ---- The scene ------------------------------------------------------------------------------------------------------

static const char shop[] =
    "bundle: shop\n"
    "identities: {crm: {unique: true}}\n"
    "attributes: {recency: {type: int}}\n"
    "purposes: {marketing: {default: denied}}\n"
    "events: {purchase: {properties: {amount: double}}}\n"
    "aggregates: {purchases: {count: purchase, window: 90d}}\n"
    "placements: {hero: {channel: web, fallback: story}}\n"
    "content: {hero: {title: string}}\n"
    "offers:\n"
    "  twice: {value: 3.0, caps: [{on: decision, max: 2, every: 7d}], content: {hero: {title: A}}}\n"
    "  once: {value: 2.0, caps: [{on: click, max: 1, every: 7d}], content: {hero: {title: B}}}\n"
    "  story: {content: {hero: {title: C}}}\n";

typedef struct scene {
    running running;
    tact_client *client;
    char token[400]; // of `once`, given out before
} scene;

static tact_value ask(scene *s, const char *request) {
    return running_ask(&s->running, s->client, request);
}

static void start(scene *s) {
    running_start(&s->running);
    s->client = running_client(&s->running, running_url(&s->running, 0), NULL);
}

static void stop(scene *s) {
    tact_client_close(s->client);
    running_stop(&s->running);
}

// What the decision of this id shows to 1.
static const char *shown(scene *s, const char *decision) {
    char request[200];
    snprintf(request, sizeof request,
             "{'op': 'decide', 'decision': '%s', 'person': {'crm': '1'}, 'placements': ['hero'],"
             " 'deadline_us': 20000000}",
             decision);
    tact_value v = ask(s, request);
    assert_int_equal(talk_find(v, "late").kind, TACT_UNRESOLVED); // time for it is measured by another clock
    const char *token = talk_find_text(&s->running.talk.memory, v, "placements.hero.0.token");
    const char *offer = talk_find_text(&s->running.talk.memory, v, "placements.hero.0.offer");
    if (strcmp(offer, "once") == 0) snprintf(s->token, sizeof s->token, "%s", token);
    return offer;
}

static void click(scene *s, const char *id) {
    char request[600];
    snprintf(request, sizeof request, "{'op': 'record', 'id': '%s', 'commands': [{'event': 'click', 'token': '%s'}]}",
             id, s->token);
    tact_value v = ask(s, request);
    if (talk_find(v, "refused").kind != TACT_UNRESOLVED) fail_msg("%s", talk_text(&s->running.talk.memory, v));
}

static int purchases(scene *s) { // that are held of 1
    int count = 0;
    const char *text = talk_text(&s->running.talk.memory, ask(s, "{'op': 'person', 'person': {'crm': '1'}}"));
    for (const char *at = text; (at = strstr(at, "'name':'purchase'")); at++) count++;
    return count;
}

static int64_t known(scene *s, const char *what) {
    return talk_find_int(ask(s, "{'op': 'context', 'person': {'crm': '1'}}"), what);
}

#define ORDER "{'op': 'record', 'id': 'order', 'commands': [{'event': 'purchase', 'person': {'crm': '1'}}]}"
#define AGREE "{'op': 'record', 'commands': [{'consent': {'marketing': 'granted'}, 'person': {'crm': '1'}}]}"

static int set_up(void **state) {
    static scene s;
    s = (scene){.client = NULL};
    atomic_store(&wall_off_ms, 0);
    atomic_store(&mono_off_ms, 0);
    running_begin(&s.running);
    talk_open(&s.running.talk, NULL);
    talk_publish(&s.running.talk, shop);
    talk_close(&s.running.talk);
    start(&s);
    ask(&s, "{'op': 'record', 'commands': [{'set': {'recency': 1}, 'person': {'crm': '1'}}]}");
    *state = &s;
    return 0;
}

static int tear_down(void **state) {
    scene *s = *state;
    stop(s);
    running_end(&s->running);
    return 0;
}

// ---- Tests ----------------------------------------------------------------------------------------------------------

// All that holds after the clock was set by so much, and after the server was started again.
static void set_by(scene *s, int64_t ms) {
    assert_string_equal(shown(s, "a"), "twice");
    assert_string_equal(shown(s, "b"), "twice");
    assert_string_equal(shown(s, "c"), "once");
    int64_t position = talk_find_int(ask(s, ORDER), "position");
    atomic_store(&wall_off_ms, ms);
    for (int round = 0; round < 2; round++) {
        // Asked once more with its id, a decision is the same one; another one finds the cap used up.
        assert_string_equal(shown(s, "b"), "twice");
        assert_string_equal(shown(s, round ? "e" : "d"), round ? "story" : "once");
        assert_int_equal(talk_find_int(ask(s, ORDER), "position"), position); // is not done again
        assert_int_equal(purchases(s), 1);
        click(s, "before"); // by a token of before
        assert_string_equal(shown(s, round ? "g" : "f"), "story");
        stop(s);
        start(s);
    }
}

static void set_back_by_an_hour(void **state) {
    set_by(*state, -HOUR);
}

static void set_back_by_days(void **state) {
    set_by(*state, -30 * DAY);
}

static void set_back_further_than_anything_is_kept(void **state) {
    set_by(*state, -1000 * DAY);
}

// What is said of now is older than what is known, and changes nothing; what happens is kept, and counts when the clock
// is there. Nothing is refused that would be taken else.
static void what_comes_in_meanwhile(void **state) {
    scene *s = *state;
    ask(s, ORDER);
    atomic_store(&wall_off_ms, -DAY);
    tact_value v = ask(
        s, "{'op': 'record', 'commands': [{'set': {'recency': 2}, 'person': {'crm': '1'}},"
           " {'event': 'purchase', 'person': {'crm': '1'}}, {'set': {'recency': 7}, 'person': {'crm': '2'}}]}");
    assert_int_equal(talk_find(v, "refused").kind, TACT_UNRESOLVED);
    assert_int_equal(known(s, "attributes.recency"), 1);
    assert_int_equal(known(s, "attributes.purchases"), 1); // the other one has not happened yet
    assert_int_equal(talk_find_int(ask(s, "{'op': 'context', 'person': {'crm': '2'}}"), "attributes.recency"), 7);
    ask(s, "{'op': 'erase', 'person': {'crm': '2'}}");
    ask(s, AGREE);
    assert_true(talk_find(ask(s, "{'op': 'context', 'person': {'crm': '1'}}"), "consents.marketing").as.b);
    ask(s, "{'op': 'publish', 'files': {'bundle.yaml': 'bundle: shop\\nidentities: {crm: {unique: true}}\\n'}}");
    v = ask(s, "{'op': 'rollback', 'from': 'shop@3'}"); // to the one before, whenever that was
    assert_string_equal(talk_find_text(&s->running.talk.memory, v, "bundle"), "shop@2");
    atomic_store(&wall_off_ms, 0);
    assert_int_equal(known(s, "attributes.purchases"), 2);
    assert_int_equal(known(s, "attributes.recency"), 1);
    ask(s, "{'op': 'record', 'commands': [{'set': {'recency': 3}, 'person': {'crm': '1'}}]}");
    assert_int_equal(known(s, "attributes.recency"), 3);
}

// A clock that is ahead for a while, and right again: what was used up then is used up.
static void ahead_and_back_again(void **state) {
    scene *s = *state;
    atomic_store(&wall_off_ms, 300 * DAY);
    assert_string_equal(shown(s, "a"), "twice");
    assert_string_equal(shown(s, "b"), "twice");
    assert_string_equal(shown(s, "c"), "once");
    ask(s, ORDER);
    atomic_store(&wall_off_ms, 0);
    assert_string_equal(shown(s, "d"), "once");
    ask(s, ORDER);
    assert_int_equal(purchases(s), 1);
    click(s, "click");
    assert_string_equal(shown(s, "e"), "story");
}

static int64_t position(scene *s) {
    return talk_find_int(ask(s, "{'op': 'status'}"), "position");
}

// Housekeeping goes by the wall what is old, and comes by the other clock, which nobody sets.
static void housekeeping_forgets_nothing(void **state) {
    scene *s = *state;
    s->running.settings.history_days = 10;
    stop(s);
    start(s);
    assert_string_equal(shown(s, "a"), "twice");
    assert_string_equal(shown(s, "b"), "twice");
    ask(s, ORDER);
    atomic_store(&wall_off_ms, -30 * DAY);
    assert_string_equal(shown(s, "c"), "once"); // until then decisions may still be on their way to the store
    int64_t before = position(s), until = clock_mono_ms() + 2 * HOUR + RUNNING_PATIENCE_MS;
    atomic_store(&mono_off_ms, 2 * HOUR);
    while (position(s) == before && clock_mono_ms() < until) {}
    assert_true(position(s) > before);
    ask(s, ORDER);
    assert_int_equal(purchases(s), 1);
    assert_string_equal(shown(s, "d"), "once");
    atomic_store(&wall_off_ms, 0);
    assert_int_equal(purchases(s), 1);
    assert_string_equal(shown(s, "e"), "once");
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(set_back_by_an_hour),     TEST(set_back_by_days),     TEST(set_back_further_than_anything_is_kept),
        TEST(what_comes_in_meanwhile), TEST(ahead_and_back_again), TEST(housekeeping_forgets_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
