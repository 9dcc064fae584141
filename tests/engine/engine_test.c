// SPDX-License-Identifier: Apache-2.0
//
// What an answer asks of the system: a thread that calls again and again, as a server's does, with an arena that it
// resets, takes no memory, makes no system call, and takes no lock but those of the reservation where the decision
// counts. What libc offers is counted here on its way, each thread for itself; the sanitizers have the same idea, so
// not there.
#include "engine/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include "../store/quick.h"
#include "talk.h"

#include <cmocka.h>

static const char rules[] =
    "bundle: shop\n"
    "time_zone: Europe/Berlin\n"
    "identities: {crm: {unique: true}, cookie: {}}\n"
    "attributes: {recency: {type: int}, name: {type: string}}\n"
    "events: {visit: {properties: {page: string}}}\n"
    "aggregates: {visits: {count: visit, window: 30d}}\n"
    "context: {device: {type: string, default: desktop}}\n"
    "segments: {lapsed: profile.recency > 9}\n"
    "placements: {hero: {channel: web, slots: 2}, budget: {channel: web}, counted: {channel: web}}\n"
    "content: {hero: {title: string}, budget: {title: string}, counted: {}}\n"
    "rankings: {worth: propensity * offer.value}\n"
    "experiments: {colour: {placement: hero, arms: {a: 50, b: 50}}}\n"
    "offers:\n"
    "  named: {eligible: 'segment.lapsed && context.device == \"mobile\"', value: 3.0, propensity: '0.1 + 0.2',\n"
    "    caps: [{on: impression, max: 3, every: 7d}, {on: click, max: 2, per: month}],\n"
    "    content: {hero: {title: 'For {{ profile.name }}'}}}\n"
    "  visited: {suitable: profile.visits < 100, caps: [{on: visit, max: 1000}], content: {hero: {title: Again}}}\n"
    "  few: {caps: [{on: impression, max: 1000000, scope: everyone}, {on: click, max: 9, every: 3d, scope: "
    "everyone}],\n"
    "    content: {budget: {title: Few}}}\n"
    "  counts: {caps: [{on: decision, max: 1000, every: 7d}, {on: decision, max: 100000, scope: everyone, per: day}],\n"
    "    content: {counted: {}}}\n";

static talk t;

static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    talk_publish(&t, rules);
    (void)talk_ask(&t, tact_record,
                   "{'commands': [{'set': {'recency': 12, 'name': 'Ann'}, 'person': {'crm': 1}},"
                   " {'set': {'recency': 12, 'name': 'Bo'}, 'person': {'crm': 2}},"
                   " {'link': {'crm': 2, 'cookie': ['b', 'bb']}}, {'event': 'visit', 'person': {'cookie': 'b'}}]}");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    return 0;
}

// ---- Counting -------------------------------------------------------------------------------------------------------

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifndef SANITIZED
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define ASK(whom, where) "{'person': " whom ", 'placements': ['" where "'], 'context': {'device': 'mobile'}}"
static const char *const plain[] = {
    ASK("{'crm': 1}", "hero"),
    ASK("{'cookie': 'bb', 'crm': 99}", "hero"),
    ASK("{'cookie': 'nobody'}", "hero"),
    "{'placements': ['hero', 'budget']}",
    ASK("{'crm': 1}", "budget"),
    "{'person': {'crm': 1}, 'placements': ['counted'], 'dry': true, 'events': [{'type': 'visit', 'page': 'x'}]}",
};
static const char counted[] = ASK("{'crm': 2}", "counted");

static _Thread_local uint32_t blocks, locks; // that this thread has asked for

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size) {
    blocks++;
    return __libc_malloc(size);
}
void *calloc(size_t count, size_t size) {
    blocks++;
    return __libc_calloc(count, size);
}
void *realloc(void *p, size_t size) {
    blocks++;
    return __libc_realloc(p, size);
}

#define COUNT_LOCK(name, type)                                                                                         \
    int name(type *lock) {                                                                                             \
        int (*real)(type *);                                                                                           \
        void *found = dlsym(RTLD_NEXT, #name);                                                                         \
        memcpy(&real, &found, sizeof real);                                                                            \
        locks++;                                                                                                       \
        return real(lock);                                                                                             \
    }
COUNT_LOCK(pthread_mutex_lock, pthread_mutex_t)
COUNT_LOCK(pthread_mutex_trylock, pthread_mutex_t)
COUNT_LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
COUNT_LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
COUNT_LOCK(pthread_spin_lock, volatile int)

enum { WARM = 3, ANSWERS = 100 };

typedef struct caller { // a thread that calls, in a process whose kernel ends it at a system call if it is strict
    pthread_t thread;
    const char *request;
    uint32_t blocks, locks;
    bool strict, asks, failed;
    atomic_bool done;
} caller;

// Every system call of this thread but its exit is an error to the caller of it, which is told by `failed`.
static bool be_strict(void) {
    struct sock_filter rules_of[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof rules_of / sizeof *rules_of, rules_of};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return false;
    return !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static void *call(void *context) {
    caller *c = context;
    arena memory, own;
    tact_value reply;
    tact_problem problem;
    arena_init(&memory, 0);
    arena_init(&own, 0);
    tact_value request = talk_json(&memory, c->request);
    for (int i = 0; i < WARM; i++) {
        c->failed |= tact_decide(t.engine, request, &own, &reply, &problem) != TACT_OK;
        tact_arena_reset(&own);
    }
    if (c->strict && !be_strict()) _exit(2);
    uint32_t blocks_before = blocks, locks_before = locks;
    for (int i = 0; i < ANSWERS; i++) {
        c->failed |= tact_decide(t.engine, request, &own, &reply, &problem) != TACT_OK;
        tact_arena_reset(&own);
    }
    c->blocks = blocks - blocks_before;
    c->locks = locks - locks_before;
    if (c->asks) (void)syscall(SYS_getppid);
    if (c->strict) { // nothing can be given back without asking
        atomic_store(&c->done, true);
        syscall(SYS_exit, 0);
    }
    arena_fini(&own);
    arena_fini(&memory);
    return NULL;
}

static void answer_many(caller *c) {
    assert_int_equal(pthread_create(&c->thread, NULL, call, c), 0);
    pthread_join(c->thread, NULL);
    assert_false(c->failed);
}

static void an_answer_takes_no_memory_and_no_lock(void **state) {
    (void)state;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    uint32_t blocks_before = blocks, locks_before = locks;
    void *volatile block = malloc(100);
    free(block);
    assert_int_equal(pthread_mutex_lock(&lock), 0);
    assert_int_equal(pthread_mutex_unlock(&lock), 0);
    assert_int_equal(blocks, blocks_before + 1); // it would be noticed
    assert_int_equal(locks, locks_before + 1);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        caller c = {.request = plain[i]};
        answer_many(&c);
        if (c.blocks || c.locks) fail_msg("%s: %u blocks, %u locks", plain[i], c.blocks, c.locks);
    }
}

// One person of three identities, one of the request, and one counter for everyone: five lists, so five locks at most.
static void a_decision_that_counts_takes_the_locks_of_its_lists(void **state) {
    (void)state;
    caller c = {.request = counted};
    answer_many(&c);
    assert_int_equal(c.blocks, 0);
    assert_in_range(c.locks, ANSWERS, 2 * 5 * ANSWERS); // as few, unless another took the room of a list meanwhile
}

// In a process that the kernel ends at the first system call of the thread that answers.
static int exit_of_strict(const char *request, bool asks) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        talk_open(&t, NULL);
        caller c = {.request = request, .strict = true, .asks = asks};
        if (pthread_create(&c.thread, NULL, call, &c)) _exit(3);
        while (!atomic_load(&c.done)) usleep(1000);
        _exit(c.failed ? 4 : 0);
    }
    int status = -1;
    assert_true(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void an_answer_makes_no_system_call(void **state) {
    (void)state;
    talk_close(&t);                                       // an engine does not survive fork()
    assert_int_equal(exit_of_strict(plain[0], true), -1); // it would be noticed
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) assert_int_equal(exit_of_strict(plain[i], false), 0);
    assert_int_equal(exit_of_strict(counted, false), 0);
}
#endif

// ---- What is told ---------------------------------------------------------------------------------------------------

static void what_is_no_number_is_left_out(void **state) {
    (void)state;
    talk_publish(&t, "bundle: shop\nidentities: {crm: {}}\nattributes: {x: {type: double, default: 0.0}}\n"
                     "placements: {hero: {channel: web, rank: flat}}\ncontent: {hero: {}}\n"
                     "rankings: {flat: offer.value}\n"
                     "offers: {odd: {value: 2.0, propensity: '0.0 / profile.x', content: {hero: {}}}}\n");
    static const char *const requests[] = {"{'placements': ['hero']}", "{'placements': ['hero'], 'explain': true}"};
    for (int i = 0; i < 2; i++) {
        tact_value v = talk_ask(&t, tact_decide, requests[i]);
        assert_string_equal(talk_find_text(&t.memory, v, "placements.hero.0.offer"), "odd");
        assert_true(talk_find(v, "placements.hero.0.score").as.d == 2.0);
        assert_int_equal(talk_find(v, "placements.hero.0.propensity").kind, TACT_UNRESOLVED);
        const char *text = talk_text(&t.memory, v);
        if (strstr(text, "NaN")) fail_msg("%s", text);
    }
}

// ---- Many at once ---------------------------------------------------------------------------------------------------

enum { ASKERS = 4, ROUNDS = 200 };

typedef struct asker {
    pthread_t thread;
    const char *request;
    uint32_t given;
    bool failed;
} asker;

static void *ask(void *context) {
    asker *a = context;
    arena memory, own;
    arena_init(&memory, 0);
    arena_init(&own, 0);
    tact_value request = talk_json(&memory, a->request);
    for (int i = 0; i < ROUNDS; i++) {
        tact_value reply;
        tact_problem problem;
        a->failed |= tact_decide(t.engine, request, &own, &reply, &problem) != TACT_OK;
        if (a->failed) break;
        a->given += talk_find(reply, "placements.counted").len;
        tact_arena_reset(&own);
    }
    arena_fini(&own);
    arena_fini(&memory);
    return NULL;
}

// How often the offer was given.
static uint32_t ask_at_once(const char *request) {
    asker all[ASKERS] = {{.request = NULL}};
    uint32_t given = 0;
    for (int i = 0; i < ASKERS; i++) {
        all[i].request = request;
        assert_int_equal(pthread_create(&all[i].thread, NULL, ask, &all[i]), 0);
    }
    for (int i = 0; i < ASKERS; i++) {
        pthread_join(all[i].thread, NULL);
        assert_false(all[i].failed);
        given += all[i].given;
    }
    return given;
}

static const char *rules_with(int max) {
    return arena_printf(&t.memory,
                        "bundle: shop\nidentities: {crm: {unique: true}, cookie: {}}\nevents: {visit: }\n"
                        "placements: {counted: {channel: web}}\ncontent: {counted: {}}\n"
                        "offers: {counts: {caps: [{on: decision, max: %d, every: 7d}], content: {counted: {}}}}\n",
                        max);
}

// Nobody is known by the cookie until the first of the events is written.
static void caps_hold_for_whom_an_event_makes_known(void **state) {
    (void)state;
    talk_publish(&t, rules_with(5));
    for (int i = 0; i < 20; i++) {
        const char *request = arena_printf(&t.memory,
                                           "{'person': {'cookie': 'new%d'}, 'placements': ['counted'],"
                                           " 'events': [{'type': 'visit'}]}",
                                           i);
        assert_int_equal(ask_at_once(request), 5);
    }
}

static void *publish_storm(void *context) {
    atomic_bool *stop = context;
    arena memory;
    arena_init(&memory, 0);
    while (!atomic_load(stop)) {
        static const char *const versions[] = {"{'version': 'shop@2'}", "{'version': 'shop@3'}"};
        for (int i = 0; i < 2; i++) {
            tact_value reply;
            tact_problem problem;
            (void)!tact_rollback(t.engine, talk_json(&memory, versions[i]), &memory, &reply, &problem);
        }
        tact_arena_reset(&memory);
    }
    arena_fini(&memory);
    return NULL;
}

static void caps_hold_in_a_storm_of_bundles(void **state) {
    (void)state;
    atomic_bool stop = false;
    pthread_t storm;
    const tact_options logging = {.log = {.folder = t.rules.path}};
    talk_publish(&t, rules_with(300)); // shop@2
    talk_publish(&t, arena_printf(&t.memory, "%s  more: {value: 0.5, content: {counted: {}}}\n",
                                  "bundle: shop\nidentities: {crm: {unique: true}, cookie: {}}\nevents: {visit: }\n"
                                  "placements: {counted: {channel: web}}\ncontent: {counted: {}}\noffers:\n"
                                  "  counts: {eligible: 'false', content: {counted: {}}}\n"));
    talk_close(&t);
    talk_open(&t, &logging);
    (void)talk_ask(&t, tact_rollback, "{'version': 'shop@2'}");
    assert_int_equal(pthread_create(&storm, NULL, publish_storm, &stop), 0);
    (void)ask_at_once("{'person': {'crm': 1}, 'placements': ['counted']}");
    atomic_store(&stop, true);
    pthread_join(storm, NULL);
    (void)talk_ask(&t, tact_rollback, "{'version': 'shop@2'}");
    (void)ask_at_once("{'person': {'crm': 1}, 'placements': ['counted']}");
    // Of the first bundle no more than 300 were given, and all of them are written.
    talk_close(&t);
    talk_open(&t, NULL);
    tact_value v = talk_ask(&t, tact_person, "{'person': {'crm': 1}}");
    assert_int_equal(talk_find(v, "person.counters.0.times").len, 300);
}

// ---- Another process ------------------------------------------------------------------------------------------------

static void who_only_reads_decides_as_if_it_were_dry(void **state) {
    (void)state;
    const tact_options reading = {.read_only = true};
    talk_publish(&t, rules_with(1));
    talk_close(&t);
    talk_open(&t, &reading);
    for (int i = 0; i < 3; i++) {
        tact_value v = talk_ask(&t, tact_decide, "{'placements': ['counted'], 'events': [{'type': 'visit'}]}");
        assert_string_equal(talk_find_text(&t.memory, v, "placements.counted.0.offer"), "counts");
        assert_int_equal(talk_find(v, "placements.counted.0.token").kind, TACT_UNRESOLVED);
    }
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
#ifndef SANITIZED
        cmocka_unit_test_setup_teardown(an_answer_takes_no_memory_and_no_lock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_decision_that_counts_takes_the_locks_of_its_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_answer_makes_no_system_call, set_up, tear_down),
#endif
        cmocka_unit_test_setup_teardown(what_is_no_number_is_left_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(caps_hold_for_whom_an_event_makes_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(caps_hold_in_a_storm_of_bundles, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_only_reads_decides_as_if_it_were_dry, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
