// SPDX-License-Identifier: Apache-2.0
//
// Caps are exact, whoever asks at the same time: k allowed are k given, to one person asked for by many threads, by
// identities that are one person, over sliding windows, calendar periods, for everyone; while bundles are swapped and
// persons merged. And the table of reservations by itself.
#include "engine/reserve.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>

#include "../store/quick.h"
#include "talk.h"

#include <cmocka.h>

enum { THREADS = 8 };

static talk t;

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

#define HEAD                                                                                                           \
    "bundle: shop\ntime_zone: Europe/Berlin\nidentities: {crm: {unique: true}, cookie: {}}\n"                          \
    "attributes: {recency: {type: int}}\nchannels: {web: {title: Web}}\n"                                              \
    "placements: {hero: {channel: web, slots: 2}, side: {channel: web}}\ncontent: {hero: {}, side: {}}\n"

static const char *rules_with(const char *caps) {
    return arena_printf(&t.memory, HEAD "offers: {winter: {caps: [%s], content: {hero: {}}}}\n", caps);
}

// ---- Asking at once -------------------------------------------------------------------------------------------------

typedef struct asker {
    pthread_t thread;
    const char *request;
    int times; // it asks
    atomic_bool *go;
    atomic_uint *given;
    bool failed;
} asker;

static void *ask(void *context) {
    asker *a = context;
    arena memory;
    arena_init(&memory, 0);
    tact_value request = talk_json(&memory, a->request);
    tact_arena *own = tact_arena_new(0);
    while (!atomic_load(a->go)) {}
    for (int i = 0; i < a->times; i++) {
        tact_value reply;
        tact_problem problem;
        a->failed |= tact_decide(t.engine, request, own, &reply, &problem) != TACT_OK;
        if (a->failed) break;
        atomic_fetch_add(a->given, talk_find(reply, "placements.hero").len);
        tact_arena_reset(own);
    }
    tact_arena_free(own);
    arena_fini(&memory);
    return NULL;
}

// How often the offer was given when all ask at once, taking the requests in turn.
static unsigned ask_at_once(const char *const *requests, int requests_count, int times) {
    asker askers[THREADS];
    atomic_bool go = false;
    atomic_uint given = 0;
    for (int i = 0; i < THREADS; i++) {
        askers[i] = (asker){.request = requests[i % requests_count], .times = times, .go = &go, .given = &given};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    atomic_store(&go, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(askers[i].thread, NULL);
        assert_false(askers[i].failed);
    }
    return atomic_load(&given);
}

static const char *const ann[] = {"{'person': {'crm': 1}, 'placements': ['hero']}"};

static void know(const char *identities) {
    (void)talk_ask(&t, tact_record,
                   arena_printf(&t.memory, "{'commands': [{'set': {'recency': 1}, 'person': %s}]}", identities));
}

// Each asks just once, so whoever is wrongly refused is missed; then again and again, so that whoever is wrongly given
// something is noticed.
static void must_give_exactly(const char *const *requests, int count, unsigned max, int rounds) {
    unsigned first = ask_at_once(requests, count, 1);
    assert_int_equal(first, max < THREADS ? max : THREADS);
    assert_int_equal(first + ask_at_once(requests, count, rounds), max);
}

static void k_allowed_are_k_given_of_each_kind(void **state) {
    (void)state;
    static const char *const kinds[] = {
        "every: 7d", "per: year", "every: 1h", "per: month", "scope: everyone", "scope: everyone, every: 7d", ""};
    static const unsigned maxima[] = {1, 3, 5, 40};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t m = 0; m < sizeof maxima / sizeof *maxima; m++) {
            talk_end(&t);
            talk_begin(&t);
            talk_publish(&t, rules_with(arena_printf(&t.memory, "{on: decision, max: %u%s%s}", maxima[m],
                                                     *kinds[k] ? ", " : "", kinds[k])));
            know("{'crm': 1}");
            must_give_exactly(ann, 1, maxima[m], 20);
        }
    }
}

static void a_budget_is_shared_by_all_known_or_not(void **state) {
    (void)state;
    static const char *const all[] = {
        "{'person': {'crm': 1}, 'placements': ['hero']}", "{'person': {'crm': 2}, 'placements': ['hero']}",
        "{'person': {'cookie': 'x'}, 'placements': ['hero']}", "{'placements': ['hero']}"};
    talk_publish(&t, rules_with("{on: decision, max: 100, scope: everyone}"));
    know("{'crm': 1}");
    know("{'crm': 2}");
    must_give_exactly(all, 4, 100, 50);
    // Asking made nobody of who was not known.
    assert_int_equal(talk_find_int(talk_ask(&t, tact_status, "{}"), "persons"), 2);
}

static void identities_of_one_person_share_a_cap(void **state) {
    (void)state;
    static const char *const all[] = {
        "{'person': {'crm': 1}, 'placements': ['hero']}", "{'person': {'cookie': 'a'}, 'placements': ['hero']}",
        "{'person': {'cookie': 'b'}, 'placements': ['hero']}", "{'person': {'cookie': 'c'}, 'placements': ['hero']}"};
    talk_publish(&t, rules_with("{on: decision, max: 30, every: 7d}"));
    know("{'crm': 1, 'cookie': ['a', 'b']}");
    know("{'cookie': 'c'}");
    (void)talk_ask(&t, tact_record, "{'commands': [{'link': {'cookie': ['c', 'b']}}]}");
    must_give_exactly(all, 4, 30, 20);
}

static void several_caps_hold_together(void **state) {
    (void)state;
    talk_publish(
        &t,
        HEAD "groups: {g: {caps: [{on: decision, max: 20, every: 7d}]}}\n"
             "offers:\n"
             "  a: {group: g, value: 2.0, caps: [{on: decision, max: 7}], content: {hero: {}}}\n"
             "  b: {group: g, value: 1.0, caps: [{on: decision, max: 50, scope: everyone}], content: {hero: {}}}\n");
    know("{'crm': 1}");
    unsigned given = ask_at_once(ann, 1, 30);
    assert_int_equal(given, 20);
}

static void two_slots_of_one_answer_count_twice(void **state) {
    (void)state;
    talk_publish(&t, HEAD "groups: {g: {caps: [{on: decision, max: 5}]}}\n"
                          "offers: {a: {group: g, content: {hero: {}}}, b: {group: g, content: {hero: {}}}}\n");
    know("{'crm': 1}");
    assert_int_equal(ask_at_once(ann, 1, 5), 5);
}

static void counts_outlive_the_engine(void **state) {
    (void)state;
    talk_publish(&t, rules_with("{on: decision, max: 10, every: 7d}"));
    know("{'crm': 1}");
    assert_int_equal(ask_at_once(ann, 1, 1), THREADS);
    talk_close(&t);
    talk_open(&t, NULL);
    assert_int_equal(ask_at_once(ann, 1, 3), 10 - THREADS);
}

static void caps_hold_while_commits_are_late(void **state) {
    (void)state;
    const tact_options slow = {.durability_ms = 300};
    talk_close(&t);
    talk_open(&t, &slow);
    talk_publish(&t, rules_with("{on: decision, max: 25, every: 7d}, {on: decision, max: 25, scope: everyone}"));
    know("{'crm': 1}");
    (void)talk_ask(&t, tact_publish, arena_printf(&t.memory, "{'folder': '%s'}", t.rules.path));
    must_give_exactly(ann, 1, 25, 50);
}

static void dry_asking_counts_nothing(void **state) {
    (void)state;
    talk_publish(&t, rules_with("{on: decision, max: 1}"));
    know("{'crm': 1}");
    for (int i = 0; i < 5; i++) {
        tact_value reply = talk_ask(&t, tact_decide, "{'person': {'crm': 1}, 'placements': ['hero'], 'dry': true}");
        assert_int_equal(talk_find(reply, "placements.hero").len, 1);
    }
    assert_int_equal(ask_at_once(ann, 1, 3), 1);
}

static void asking_again_with_an_id_counts_once(void **state) {
    (void)state;
    static const char again[] = "{'person': {'crm': 1}, 'placements': ['hero'], 'decision': 'request-17'}";
    talk_publish(&t, rules_with("{on: decision, max: 3}"));
    know("{'crm': 1}");
    for (int i = 0; i < 10; i++) {
        tact_value reply = talk_ask(&t, tact_decide, again);
        assert_string_equal(talk_find_text(&t.memory, reply, "decision"), "request-17");
        talk_close(&t); // all is counted
        talk_open(&t, NULL);
    }
    assert_int_equal(ask_at_once(ann, 1, 3), 2);
}

// ---- While other things happen --------------------------------------------------------------------------------------

static atomic_bool stop;

static void *stir(void *context) { // merges and parts persons, and swaps bundles
    talk *shared = context;
    arena memory;
    arena_init(&memory, 0);
    while (!atomic_load(&stop)) {
        tact_value reply;
        tact_problem problem;
        static const char *const turns[] = {"{'commands': [{'link': {'crm': 1, 'cookie': 'a'}}]}",
                                            "{'commands': [{'set': {'recency': 3}, 'person': {'cookie': 'a'}}]}",
                                            "{'commands': [{'link': {'crm': 1, 'cookie': 'b'}}]}"};
        for (size_t i = 0; i < 3; i++) {
            (void)!tact_record(shared->engine, talk_json(&memory, turns[i]), &memory, &reply, &problem);
        }
        (void)!tact_rollback(shared->engine, talk_json(&memory, "{'version': 'shop@1'}"), &memory, &reply, &problem);
        (void)!tact_rollback(shared->engine, talk_json(&memory, "{'version': 'shop@2'}"), &memory, &reply, &problem);
        tact_arena_reset(&memory);
    }
    arena_fini(&memory);
    return NULL;
}

static void caps_hold_through_merges_and_swaps(void **state) {
    (void)state;
    static const char *const all[] = {"{'person': {'crm': 1}, 'placements': ['hero']}"};
    pthread_t stirring;
    talk_publish(&t, rules_with("{on: decision, max: 60, every: 7d}"));
    talk_publish(&t, rules_with("{on: decision, max: 60, every: 7d}, {on: decision, max: 60, every: 6d}"));
    know("{'crm': 1}");
    atomic_store(&stop, false);
    assert_int_equal(pthread_create(&stirring, NULL, stir, &t), 0);
    unsigned given = ask_at_once(all, 1, 100);
    atomic_store(&stop, true);
    pthread_join(stirring, NULL);
    assert_int_equal(given, 60);
}

// ---- The table ------------------------------------------------------------------------------------------------------

static void room_is_taken_once_and_given_back(void **state) {
    (void)state;
    reserve *r;
    reserve_reader one, two;
    store_reader no_view = {.store = NULL}; // nothing is submitted, so no view is asked
    const uint64_t whose[] = {7};
    const reserve_item item = {.tally = 99, .checked = true, .spare = 0, .spare_of_everyone = UINT64_MAX};
    reserve_entry *entry, *other;
    assert_int_equal(reserve_new(&t.memory, &r), TACT_OK);
    reserve_join(r, &one);
    reserve_join(r, &two);
    reserve_begin(&one);
    reserve_begin(&two);
    assert_int_equal(reserve_look(&one, &no_view, &t.memory, whose, 1, NULL), TACT_OK);
    assert_int_equal(reserve_look(&two, &no_view, &t.memory, whose, 1, NULL), TACT_OK);
    assert_int_equal(reserve_take(&one, &item, 1, 7, 1000, &entry), TACT_OK);
    assert_int_equal(reserve_take(&two, &item, 1, 7, 1000, &other), TACT_EXISTS);
    assert_int_equal(reserve_of_person(&two, 99, 0), 0); // as it was when it began
    reserve_end(&two);
    reserve_begin(&two);
    assert_int_equal(reserve_look(&two, &no_view, &t.memory, whose, 1, NULL), TACT_OK);
    assert_int_equal(reserve_of_person(&two, 99, 0), 1);
    assert_int_equal(reserve_of_person(&two, 99, 1000), 1);
    assert_int_equal(reserve_of_person(&two, 99, 1001), 0);
    assert_int_equal(reserve_of_person(&two, 98, 0), 0);
    assert_int_equal(reserve_count(r), 1);
    reserve_cancel(r, entry);
    assert_int_equal(reserve_count(r), 0);
    reserve_end(&one);
    reserve_end(&two);
    reserve_free(r);
}

static void what_is_answered_stays_while_old_views_look(void **state) {
    (void)state;
    reserve *r;
    reserve_reader old, taker;
    store_reader no_view = {.store = NULL};
    const uint64_t whose[] = {7};
    const reserve_item item = {.tally = 99, .spare = UINT64_MAX, .spare_of_everyone = UINT64_MAX};
    reserve_entry *entry;
    assert_int_equal(reserve_new(&t.memory, &r), TACT_OK);
    reserve_join(r, &old);
    reserve_join(r, &taker);
    reserve_begin(&old);
    reserve_begin(&taker);
    assert_int_equal(reserve_look(&taker, &no_view, &t.memory, whose, 1, NULL), TACT_OK);
    assert_int_equal(reserve_take(&taker, &item, 1, 7, 1000, &entry), TACT_OK);
    reserve_end(&taker);
    reserve_submit(r, entry, 1);
    reserve_answer(r, entry, 5);
    reserve_settle(r, 4); // not to be seen yet
    assert_int_equal(reserve_count(r), 1);
    reserve_settle(r, 5); // but one looks who began before
    assert_int_equal(reserve_count(r), 1);
    reserve_end(&old);
    reserve_begin(&taker); // may stand on it
    reserve_settle(r, 5);
    assert_int_equal(reserve_count(r), 0);
    reserve_settle(r, 5);
    assert_false(reserve_is_settled(r));
    reserve_end(&taker);
    reserve_settle(r, 5);
    assert_true(reserve_is_settled(r));
    reserve_free(r);
}

static void there_is_a_bound(void **state) {
    (void)state;
    reserve *r;
    reserve_reader reader;
    store_reader no_view = {.store = NULL};
    reserve_item *items = arena_zalloc(&t.memory, (RESERVE_MAX + 1) * sizeof *items);
    reserve_entry **entries = arena_zalloc(&t.memory, (RESERVE_MAX + 1) * sizeof *entries);
    assert_int_equal(reserve_new(&t.memory, &r), TACT_OK);
    reserve_join(r, &reader);
    reserve_begin(&reader);
    assert_int_equal(reserve_look(&reader, &no_view, &t.memory, NULL, 0, NULL), TACT_OK);
    for (int i = 0; i <= RESERVE_MAX; i++) items[i].tally = (uint64_t)i, items[i].everyone = true;
    assert_int_equal(reserve_take(&reader, items, RESERVE_MAX + 1, 0, 1, entries), TACT_BUSY);
    assert_int_equal(reserve_count(r), 0);
    assert_int_equal(reserve_take(&reader, items, RESERVE_MAX, 0, 1, entries), TACT_OK);
    for (int i = 0; i < RESERVE_MAX; i++) reserve_cancel(r, entries[i]);
    reserve_end(&reader);
    reserve_free(r);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(k_allowed_are_k_given_of_each_kind, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_budget_is_shared_by_all_known_or_not, set_up, tear_down),
        cmocka_unit_test_setup_teardown(identities_of_one_person_share_a_cap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(several_caps_hold_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_slots_of_one_answer_count_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(counts_outlive_the_engine, set_up, tear_down),
        cmocka_unit_test_setup_teardown(caps_hold_while_commits_are_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(dry_asking_counts_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(asking_again_with_an_id_counts_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(caps_hold_through_merges_and_swaps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(room_is_taken_once_and_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_answered_stays_while_old_views_look, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_a_bound, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
