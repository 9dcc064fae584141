// SPDX-License-Identifier: Apache-2.0
//
// The pipeline as a whole: what is shown where, by the rules of docs/bundle.md, one by one; who watches; requests that
// are none; memory that runs out at every point; and that a decision asks nothing of the system. Random decisions
// beside a reference are in property_test.c.
#include "decide/decide.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "deciding.h"
#include "page.h"

#define PLACES                                                                                                         \
    "placements:\n  chat: {channel: bot, slots: 2, rank: by_value}\n  home: {channel: web, fallback: f}\n"             \
    "  side: {channel: web, slots: 3}\n"                                                                               \
    "rankings: {by_value: offer.value, odd: 'offer.value == 0.0 ? 0.0 / 0.0 : 1.0 / (offer.value - 1.0)'}\n"           \
    "content: {chat: {text: string}, home: {title: string}, side: {title: string}}\n"                                  \
    "offers:\n  f: {content: {home: {title: F}}}\n"
#define ALL "content: {chat: {text: t}, home: {title: t}, side: {title: t}}"

// ---- What is shown --------------------------------------------------------------------------------------------------

static void the_best_fill_the_slots(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {value: 1, propensity: 0.9, " ALL "}\n  b: {value: 5, propensity: 0.1, " ALL "}\n"
                             "  c: {value: 2, propensity: 0.4, " ALL "}\n");
    deciding_ask(&d, "home", NULL);
    assert_string_equal(deciding_run(&d), "home: a");
    assert_true(d.answer.places[0].choices[0].score == 0.9 && d.answer.places[0].choices[0].propensity == 0.9);
    assert_string_equal(deciding_why(&d, "b"), "rank");
    deciding_ask(&d, "chat", NULL);
    assert_string_equal(deciding_run(&d), "chat: b c");
    assert_true(d.answer.places[0].choices[0].score == 5);
    deciding_close(&d);
}

static void an_offer_is_shown_once_unless_it_repeats(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {value: 3, " ALL "}\n  b: {value: 2, " ALL ", repeat: true}\n  c: {value: 1, " ALL
                             "}\n");
    deciding_ask(&d, "home", "chat", "side", NULL);
    assert_string_equal(deciding_run(&d), "home: a; chat: b c; side: b");
    assert_string_equal(deciding_why(&d, "a"), "rank home");
    deciding_ask(&d, "side", "home", NULL);
    assert_string_equal(deciding_run(&d), "side: a b c; home: b");
    deciding_close(&d);
}

static void a_group_has_its_share_of_an_answer(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {value: 4, group: g, " ALL "}\n  b: {value: 3, group: g, " ALL "}\n"
                             "  c: {value: 2, group: g, " ALL "}\n  e: {value: 1, " ALL "}\n"
                             "groups: {g: {per_answer: 2}}\n");
    deciding_ask(&d, "home", "side", NULL);
    assert_string_equal(deciding_run(&d), "home: a; side: b e");
    assert_string_equal(deciding_why(&d, "c"), "rank");
    deciding_close(&d);
}

static void told_of_a_rule(void *context, const bundle_rule *rule, tact_value value) {
    (void)rule, (void)value;
    ++*(int *)context;
}

static void who_is_late_has_the_fallbacks_and_nothing_is_evaluated(void **state) {
    (void)state;
    deciding d;
    tact_error error;
    int rules = 0;
    const decide_observer o = {.context = &rules, .ends = told_of_a_rule};
    deciding_open(&d, PLACES "  a: {value: 1, propensity: 0.9, eligible: 'true', caps: [{on: decision, max: 9}], " ALL
                             "}\n");
    deciding_ask(&d, "chat", "home", "side", NULL);
    assert_string_equal(deciding_run(&d), "chat: a; home: f (fallback); side:");
    assert_true(d.answer.counts_count > 0);
    d.request.late = true;
    assert_string_equal(deciding_run(&d), "chat:; home: f (fallback); side:");
    assert_int_equal(d.answer.counts_count, 0);
    assert_int_equal(decide_run(d.bundle, &d.request, &d.person, &d.c.memory, &o, &d.answer, &error), 0);
    assert_int_equal(rules, 0);
    d.request.late = false;
    assert_int_equal(decide_run(d.bundle, &d.request, &d.person, &d.c.memory, &o, &d.answer, &error), 0);
    assert_true(rules > 0);
    deciding_close(&d);
}

static void a_fallback_is_there_when_nothing_else_is(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {purpose: marketing, " ALL "}\n");
    assert_string_equal(deciding_run(&d), "chat:; home: f (fallback); side:");
    const decide_choice *c = &d.answer.places[1].choices[0];
    assert_true(c->score == 0 && c->propensity == 0 && c->fields[0].len == 1);
    deciding_say(&d, "marketing", CONSENT_GRANTED);
    deciding_ask(&d, "home", "chat", NULL);
    assert_string_equal(deciding_run(&d), "home: a; chat:");
    deciding_close(&d);
}

static void names_decide_between_equals(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  c: {" ALL "}\n  b: {" ALL "}\n  a: {" ALL "}\n");
    deciding_ask(&d, "side", NULL);
    for (d.request.seed = 0; d.request.seed < 20; d.request.seed++) {
        assert_string_equal(deciding_run(&d), "side: a b c");
    }
    deciding_close(&d);
}

static void chance_decides_where_it_is_asked_to(void **state) {
    (void)state;
    deciding d;
    int first[3] = {0};
    deciding_open(&d, "placements: {home: {channel: web, ties: random}}\ncontent: {home: {title: string}}\noffers:\n"
                      "  a: {content: {home: {title: t}}}\n  b: {content: {home: {title: t}}}\n"
                      "  c: {content: {home: {title: t}}}\n");
    for (d.request.seed = 0; d.request.seed < 1500; d.request.seed++) {
        const char *said = deciding_run(&d);
        assert_string_equal(said, deciding_run(&d));
        first[said[strlen("home: ")] - 'a']++;
    }
    for (int i = 0; i < 3; i++) assert_in_range(first[i], 400, 600);
    deciding_close(&d);
}

static void what_has_no_rank_is_left_out(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, "placements: {home: {channel: web, slots: 9, rank: odd}}\n"
                      "rankings: {odd: 'offer.value == 0.0 ? 0.0 / 0.0 : 1.0 / (offer.value - 1.0)'}\n"
                      "content: {home: {title: string}}\noffers:\n"
                      "  nan: {content: {home: {title: t}}}\n"
                      "  inf: {value: 1, content: {home: {title: t}}}\n"
                      "  low: {value: 0.5, content: {home: {title: t}}}\n"
                      "  high: {value: 1.5, content: {home: {title: t}}, propensity: profile.history}\n");
    assert_string_equal(deciding_run(&d), "home: high low"); // whose formula does without the propensity
    assert_true(isnan(d.answer.places[0].choices[0].propensity));
    assert_string_equal(deciding_why(&d, "nan"), "score rankings.odd double(\"NaN\")");
    assert_string_equal(deciding_why(&d, "inf"), "score rankings.odd double(\"Infinity\")");
    deciding_close(&d);
}

static void a_propensity_without_a_value_leaves_no_rank(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {value: 3, propensity: profile.history, " ALL "}\n  b: {value: 1, " ALL "}\n");
    deciding_ask(&d, "home", NULL);
    assert_string_equal(deciding_run(&d), "home: b");
    assert_string_equal(deciding_why(&d, "a"), "score offers.a.propensity absent");
    deciding_set(&d, "history", tact_double(0.5), DECIDING_NOW);
    assert_string_equal(deciding_run(&d), "home: a");
    deciding_close(&d);
}

// In the order of the stages, whatever else is wrong as well.
static void the_first_stage_is_the_reason(void **state) {
    (void)state;
    static const char *const rest[] = {"starts: 2030-01-01",  "purpose: marketing",  "eligible: profile.recency > 5",
                                       "applicable: 'false'", "suitable: 1 / 0 > 1", "caps: [{on: click, max: 0}]"};
    static const char *const why[] = {"dates",
                                      "consent",
                                      "eligible offers.a.eligible absent",
                                      "applicable offers.a.applicable false",
                                      "suitable offers.a.suitable divide_by_zero",
                                      "caps offers.a.caps[0] 0"};
    for (size_t first = 0; first < sizeof rest / sizeof *rest; first++) {
        arena a;
        deciding d;
        arena_init(&a, 0);
        buf text = buf_in(&a);
        buf_add_text(&text, PLACES "  a:\n    content: {side: {title: t}}\n    propensity: 0.0 / 0.0\n");
        for (size_t i = first; i < sizeof rest / sizeof *rest; i++) buf_printf(&text, "    %s\n", rest[i]);
        deciding_open(&d, buf_done(&text).ptr);
        assert_string_equal(deciding_why(&d, "a"), why[first]);
        deciding_close(&d);
        arena_fini(&a);
    }
}

static void the_offers_own_rule_comes_before_its_groups(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {group: g, eligible: profile.recency > 2, " ALL "}\n"
                             "groups: {g: {eligible: profile.recency > 4}}\n");
    deciding_set(&d, "recency", tact_int(1), DECIDING_NOW);
    assert_string_equal(deciding_why(&d, "a"), "eligible offers.a.eligible false");
    deciding_set(&d, "recency", tact_int(3), DECIDING_NOW);
    assert_string_equal(deciding_why(&d, "a"), "eligible groups.g.eligible false");
    deciding_set(&d, "recency", tact_int(5), DECIDING_NOW);
    deciding_ask(&d, "side", NULL);
    assert_null(deciding_why(&d, "a"));
    deciding_close(&d);
}

static void a_time_begins_with_its_start_and_ends_before_its_end(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {starts: 2026-12-01T10:00:00Z, ends: 2026-12-01T11:00:00Z, " ALL "}\n");
    static const struct {
        int64_t ms;
        bool shown;
    } rows[] = {{-1, false}, {0, true}, {3599999, true}, {3600000, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        d.request.now_ms = DECIDING_NOW + rows[i].ms;
        deciding_ask(&d, "home", NULL);
        assert_string_equal(deciding_run(&d), rows[i].shown ? "home: a" : "home: f (fallback)");
    }
    deciding_close(&d);
}

// ---- Requests that are none, and memory -----------------------------------------------------------------------------

static void assert_refused(const deciding *d, const decide_request *q, const char *text) {
    decide_answer answer;
    tact_error error = {.text = ""};
    arena a;
    arena_init(&a, 0);
    assert_int_equal(decide_run(d->bundle, q, &d->person, &a, NULL, &answer, &error), TACT_USAGE);
    assert_string_equal(error.text, text);
    arena_fini(&a);
}

static void what_is_not_there_is_refused(void **state) {
    (void)state;
    deciding d;
    deciding_open(&d, PLACES "  a: {" ALL "}\n");
    const uint32_t twice[] = {1, 1}, beyond[] = {3};
    static uint32_t many[DECIDE_PLACEMENTS_MAX + 1];
    decide_request q = d.request;
    q.placements = twice, q.placements_count = 2;
    assert_refused(&d, &q, "a placement is asked for twice");
    q.placements = beyond, q.placements_count = 1;
    assert_refused(&d, &q, "there is no such placement");
    q.placements = many, q.placements_count = DECIDE_PLACEMENTS_MAX + 1;
    assert_refused(&d, &q, "a request has at most 16 placements and 64 events");
    q = d.request;
    q.now_ms = -1;
    assert_refused(&d, &q, "there is no such time");
    const decide_event good = {.event = 0, .offer = -1, .placement = -1};
    const command_value strange = {9, tact_int(1)};
    decide_event bad[] = {good, good, good, good, good};
    bad[0].event = d.bundle->schema->events_count;
    bad[1].offer = (int32_t)d.bundle->offers_count;
    bad[2].placement = (int32_t)d.bundle->placements_count;
    bad[3].offer = -2;
    bad[4].values = &strange, bad[4].values_count = 1;
    for (size_t i = 0; i < 5; i++) {
        q = d.request;
        q.events = &bad[i], q.events_count = 1;
        assert_refused(&d, &q, "an event of the request names what is not there");
    }
    q = d.request;
    q.placements_count = 0;
    decide_answer answer;
    assert_int_equal(decide_run(d.bundle, &q, &d.person, &d.c.memory, NULL, &answer, NULL), TACT_OK);
    assert_int_equal(answer.places_count, 0);
    deciding_close(&d);
}

// However little there is: the answer is the same, or there is none. The list, and the name put together, take more
// than all that comes after them would if they were missing, so that going on without them would be noticed.
static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    enum { TAGS = 200, NAME_LEN = 1500 };
    deciding d;
    deciding_open(&d,
                  PLACES "  a: {value: 2, eligible: '\"x\" in profile.tags', caps: [{on: decision, max: 3}], content: "
                         "{home: {title: 'Hello {{ profile.first_name + \"!\" ?? \"you\" }}'}}}\n"
                         "  b: {value: 1, eligible: profile.purchases == 1, " ALL "}\n"
                         "experiments: {e: {arms: {x: 100}}}\n");
    tact_value tags[TAGS];
    static char name[NAME_LEN];
    memset(name, 'n', sizeof name);
    for (int i = 0; i < TAGS; i++) tags[i] = tact_string("x", 1);
    deciding_set(&d, "tags", tact_list(tags, TAGS), DECIDING_NOW);
    deciding_set(&d, "first_name", tact_string(name, sizeof name), DECIDING_NOW);
    deciding_carry(&d, "purchase", "a", "home");
    assert_string_equal(deciding_run(&d), "chat: b; home: a; side:");
    int failures = 0;
    for (size_t bytes = 16;; bytes += 16) {
        arena a;
        decide_answer answer;
        tact_error error = {.text = ""};
        arena_init(&a, bytes);
        tact_err err = decide_run(d.bundle, &d.request, &d.person, &a, NULL, &answer, &error);
        if (!err) {
            assert_int_equal(answer.places[0].choices_count, 1);
            assert_int_equal(answer.places[1].choices[0].offer, deciding_offer(&d, "a"));
            assert_int_equal(answer.places[1].choices[0].fields[0].len, strlen("Hello ") + NAME_LEN + 1);
            assert_int_equal(answer.counts_count, 1);
        } else {
            assert_int_equal(err, TACT_NO_MEMORY);
            assert_string_equal(error.text, "no memory for a decision");
            failures++;
        }
        arena_fini(&a);
        if (!err) break;
    }
    assert_true(failures > 200);
    deciding_close(&d);
}

// ---- What it asks of the system -------------------------------------------------------------------------------------

// What libc offers for memory and locks is counted here on its way; the sanitizers have the same idea, so not there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED
#include <dlfcn.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int asked; // for memory, or for a lock

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size) {
    asked++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    asked++;
    return __libc_calloc(count, size);
}
void *realloc(void *p, size_t size) {
    asked++;
    return __libc_realloc(p, size);
}

#define COUNT_LOCK(name, type)                                                                                         \
    int name(type *lock) {                                                                                             \
        int (*real)(type *);                                                                                           \
        void *found = dlsym(RTLD_NEXT, #name);                                                                         \
        memcpy(&real, &found, sizeof real);                                                                            \
        asked++;                                                                                                       \
        return real(lock);                                                                                             \
    }
COUNT_LOCK(pthread_mutex_lock, pthread_mutex_t)
COUNT_LOCK(pthread_mutex_trylock, pthread_mutex_t)
COUNT_LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
COUNT_LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
COUNT_LOCK(pthread_spin_lock, volatile int)

enum { DECISIONS = 100 };

static void a_decision_takes_no_memory_and_no_lock(void **state) {
    (void)state;
    page *p = page_new();
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    assert_non_null(p);
    assert_int_equal(page_decide(p), PAGE_SLOTS); // once, so that the arena has its memory
    int before = asked;
    void *volatile block = malloc(100);
    free(block);
    assert_int_equal(pthread_mutex_lock(&lock), 0);
    assert_int_equal(pthread_mutex_unlock(&lock), 0);
    assert_int_equal(asked, before + 2); // it would be noticed
    for (int i = 0; i < DECISIONS; i++) assert_int_equal(page_decide(p), PAGE_SLOTS);
    assert_int_equal(asked, before + 2);
    page_free(p);
}

// In a process that the kernel ends at the first system call but for its exit.
static int exit_of_strict(page *p, bool asks) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        uint32_t shown = 0;
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) _exit(2);
        for (int i = 0; i < DECISIONS; i++) shown += page_decide(p);
        if (asks) (void)getppid();
        syscall(SYS_exit, shown == DECISIONS * PAGE_SLOTS ? 0 : 3); // _exit would end the group, which is another call
    }
    int status = -1;
    assert_true(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_decision_makes_no_system_call(void **state) {
    (void)state;
    page *p = page_new();
    assert_non_null(p);
    assert_int_equal(page_decide(p), PAGE_SLOTS);
    assert_int_equal(exit_of_strict(p, true), -1); // it would be noticed
    assert_int_equal(exit_of_strict(p, false), 0);
    page_free(p);
}
#endif

static void the_page_is_decided_as_the_floor_says(void **state) {
    (void)state;
    page *p = page_new();
    assert_non_null(p);
    assert_int_equal(page_decide(p), PAGE_SLOTS);
    assert_int_equal(page_best(p), page_floor(p));
    assert_int_equal(page_decide_observed(p), PAGE_SLOTS);
    assert_int_equal(page_best(p), page_floor(p));
    page_free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_fill_the_slots),
        cmocka_unit_test(an_offer_is_shown_once_unless_it_repeats),
        cmocka_unit_test(a_group_has_its_share_of_an_answer),
        cmocka_unit_test(a_fallback_is_there_when_nothing_else_is),
        cmocka_unit_test(who_is_late_has_the_fallbacks_and_nothing_is_evaluated),
        cmocka_unit_test(names_decide_between_equals),
        cmocka_unit_test(chance_decides_where_it_is_asked_to),
        cmocka_unit_test(what_has_no_rank_is_left_out),
        cmocka_unit_test(a_propensity_without_a_value_leaves_no_rank),
        cmocka_unit_test(the_first_stage_is_the_reason),
        cmocka_unit_test(the_offers_own_rule_comes_before_its_groups),
        cmocka_unit_test(a_time_begins_with_its_start_and_ends_before_its_end),
        cmocka_unit_test(what_is_not_there_is_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
#ifndef SANITIZED
        cmocka_unit_test(a_decision_takes_no_memory_and_no_lock),
        cmocka_unit_test(a_decision_makes_no_system_call),
#endif
        cmocka_unit_test(the_page_is_decided_as_the_floor_says),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
