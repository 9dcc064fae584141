// SPDX-License-Identifier: Apache-2.0
//
// A store as its users see it: opened, written, read in place and reopened; threads that read while others write; a
// schema that grows; and processes that are killed, of which everything acknowledged is there exactly once.
#include "store/store.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/wait.h>

#include "draw.h"
#include "folder.h"
#include "shop.h"

#include <cmocka.h>

static store *must_open(arena *a, const char *path, const store_options *options) {
    store *s = NULL;
    tact_error error = {.text = ""};
    if (store_open(a, path, options, &s, &error)) fail_msg("%s", error.text);
    return s;
}

static void must_be_sound(store *s) {
    store_reader r;
    tact_error error = {.text = ""};
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    if (store_fsck(&r, NULL, &error)) fail_msg("%s", error.text);
    store_reader_close(&r);
}

static tact_err set_recency(store *s, const char *crm, int64_t recency, const char *id, apply_answer *answer) {
    const command_identity one = {SHOP_CRM, tact_str_from(crm)};
    const command_value value = {SHOP_RECENCY, tact_int(recency)};
    const command c = {.kind = COMMAND_SET,
                       .id = tact_str_from(id),
                       .time_ms = SHOP_NOW + recency,
                       .identities = &one,
                       .identities_count = 1,
                       .values = &value,
                       .values_count = 1};
    writer_result result;
    tact_err err = store_record(s, &c, 1, &result, NULL);
    if (!err && answer) *answer = result.answer;
    return err ? err : result.code;
}

static void what_is_recorded_is_read_and_stays(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = NULL;
    tact_error error = {.text = ""};
    assert_int_equal(store_open(&a, f.path, NULL, &s, &error), TACT_USAGE);
    assert_non_null(strstr(error.text, "needs a schema"));
    s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
    assert_int_equal(set_recency(s, "1", 5, "", NULL), 0);
    store_reader r;
    record person;
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(store_person(&r, SHOP_CRM, TACT_STR("1"), &person, NULL), 0);
    assert_int_equal(record_attribute(&person, store_schema(s), SHOP_RECENCY, SHOP_NOW, &a).as.i, 5);
    assert_int_equal(set_recency(s, "1", 6, "", NULL), 0);
    assert_int_equal(store_person_by_id(&r, 1, &person, NULL), 0);
    assert_int_equal(record_attribute(&person, store_schema(s), SHOP_RECENCY, SHOP_NOW, &a).as.i, 5); // as it was
    assert_int_equal(store_reader_renew(&r, NULL), 0);
    assert_int_equal(store_person_by_id(&r, 1, &person, NULL), 0);
    assert_int_equal(record_attribute(&person, store_schema(s), SHOP_RECENCY, SHOP_NOW, &a).as.i, 6);
    assert_int_equal(store_person(&r, SHOP_CRM, TACT_STR("2"), &person, &error), TACT_NOT_FOUND);
    assert_int_equal(store_person_by_id(&r, 2, &person, &error), TACT_NOT_FOUND);
    store_reader_close(&r);
    store_close(s);

    s = must_open(&a, f.path, &(store_options){.db = {.read_only = true}});
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES);
    assert_int_equal(set_recency(s, "1", 7, "", NULL), TACT_USAGE);
    must_be_sound(s);
    store_close(s);
    folder_remove(&f);
    arena_fini(&a);
}

static void a_schema_grows_and_records_follow(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    schema *sc = shop_schema(&a);
    store *s = must_open(&a, f.path, &(store_options){.schema = sc});
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_int_equal(set_recency(s, name, i, "", NULL), 0);
    }
    store_close(s);
    const schema_attribute more = {.name = TACT_STR("more"), .type = &type_int, .purpose = -1};
    assert_int_equal(schema_add_attribute(sc, &more, NULL), 0);
    s = must_open(&a, f.path, &(store_options){.schema = sc});
    assert_int_equal(store_schema(s)->attributes_count, SHOP_ATTRIBUTES + 1);
    must_be_sound(s);
    store_close(s);
    schema *other = schema_new(&a);
    const schema_attribute changed = {.name = TACT_STR("recency"), .type = &type_string, .purpose = -1};
    assert_int_equal(schema_add_attribute(other, &changed, NULL), 0);
    assert_int_equal(store_open(&a, f.path, &(store_options){.schema = other}, &s, NULL), TACT_INVALID);
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Threads --------------------------------------------------------------------------------------------------------

enum { WRITERS = 3, READERS = 2, WRITES = 60 };

typedef struct shared {
    store *s;
    atomic_bool over;
    atomic_int faults;
} shared;

static void *write_some(void *context) {
    shared *h = context;
    for (int i = 1; i <= WRITES; i++) {
        if (set_recency(h->s, "1", i, "", NULL)) atomic_fetch_add(&h->faults, 1);
    }
    return NULL;
}

static void *read_some(void *context) {
    shared *h = context;
    store_reader r;
    record person;
    arena a;
    arena_init(&a, 0);
    int64_t last = 0;
    if (store_reader_open(h->s, &r, NULL)) return NULL;
    while (!atomic_load(&h->over)) {
        if (store_person(&r, SHOP_CRM, TACT_STR("1"), &person, NULL) == TACT_OK) {
            int64_t now = record_attribute(&person, store_schema(h->s), SHOP_RECENCY, SHOP_NOW, &a).as.i;
            if (now < last) atomic_fetch_add(&h->faults, 1); // it only grows
            last = now;
        }
        if (store_reader_renew(&r, NULL)) atomic_fetch_add(&h->faults, 1);
    }
    store_reader_close(&r);
    arena_fini(&a);
    return NULL;
}

static void threads_read_while_others_write(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    shared h = {.s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a), .db = {.map_bytes = 1}})};
    pthread_t threads[WRITERS + READERS];
    for (int i = 0; i < WRITERS + READERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, i < WRITERS ? write_some : read_some, &h), 0);
    }
    for (int i = 0; i < WRITERS; i++) pthread_join(threads[i], NULL);
    atomic_store(&h.over, true);
    for (int i = WRITERS; i < WRITERS + READERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(h.faults, 0);
    must_be_sound(h.s);
    store_close(h.s);
    folder_remove(&f);
    arena_fini(&a);
}

// ---- Killed ---------------------------------------------------------------------------------------------------------

enum { ROUNDS = 10, KILL_WITHIN_MS = 60, COMMANDS_MAX = 100000 };

// Counts, one command after the other, and tells through the pipe which were acknowledged. Never returns.
static _Noreturn void count_until_killed(const char *path, int pipe_to, int round) {
    arena a;
    arena_init(&a, 0);
    store *s = NULL;
    if (store_open(&a, path, &(store_options){.schema = shop_schema(&a)}, &s, NULL)) _exit(1);
    for (int i = 0; i < COMMANDS_MAX; i++) {
        char id[40];
        snprintf(id, sizeof id, "%d-%d", round, i);
        apply_answer answer;
        if (set_recency(s, id, i, id, &answer) || answer.repeated) _exit(2);
        if (write(pipe_to, &i, sizeof i) != sizeof i) _exit(3);
    }
    _exit(4);
}

// The number of commands that a killed process had acknowledged.
static int kill_one(const char *path, int round, uint64_t *seed) {
    int ends[2], status, last = -1, one;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        count_until_killed(path, ends[1], round);
    }
    close(ends[1]);
    usleep((useconds_t)draw_below(seed, KILL_WITHIN_MS) * 1000);
    kill(child, SIGKILL);
    while (read(ends[0], &one, sizeof one) == sizeof one) last = one;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status)) fail_msg("the child ended by itself: %d", WEXITSTATUS(status));
    return last + 1;
}

static void what_was_acknowledged_is_there_once_after_a_kill(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    uint64_t seed = draw_begin(), position = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int acknowledged = kill_one(f.path, round, &seed);
        store *s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
        must_be_sound(s);
        for (int i = 0; i <= acknowledged; i++) { // the last may be there or not
            char id[40];
            snprintf(id, sizeof id, "%d-%d", round, i);
            apply_answer answer;
            bool check = i >= acknowledged - 3 || i == 0; // each is a write to disk if it is not there
            if (!check) continue;
            assert_int_equal(set_recency(s, id, i, id, &answer), 0);
            if (i < acknowledged) assert_true(answer.repeated);
            assert_int_equal(answer.position, position + (uint64_t)i + 1); // each once: no position is left out
        }
        position += (uint64_t)acknowledged + 1;
        store_close(s);
    }
    folder_remove(&f);
    arena_fini(&a);
}

static void any_call_may_fail_while_opening(void **state) {
    (void)state;
    bool whole = false;
    for (int64_t nth = 1; !whole; nth++) {
        arena a;
        arena_init(&a, 0);
        folder f = folder_new();
        store *s = NULL;
        tact_err err = store_open(&a, f.path, &(store_options){.schema = shop_schema(&a), .db = {.fail_at = nth}}, &s,
                                  NULL);
        if (err) {
            assert_int_equal(err, TACT_IO);
            s = must_open(&a, f.path, &(store_options){.schema = shop_schema(&a)});
        } else {
            whole = !db_failed(store_db(s));
            db_fail_at(store_db(s), 0);
        }
        assert_int_equal(set_recency(s, "1", 1, "", NULL), 0);
        must_be_sound(s);
        store_close(s);
        folder_remove(&f);
        arena_fini(&a);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_recorded_is_read_and_stays),
        cmocka_unit_test(a_schema_grows_and_records_follow),
        cmocka_unit_test(threads_read_while_others_write),
        cmocka_unit_test(what_was_acknowledged_is_there_once_after_a_kill),
        cmocka_unit_test(any_call_may_fail_while_opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
