// SPDX-License-Identifier: Apache-2.0
//
// The writer under many callers: each command once, refusals to those alone whom they concern, a bounded queue, an
// interval that survives the map growing, and a disk that fails.
#include "store/writer.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "folder.h"
#include "shop.h"
#include "store/fsck.h"

#include <cmocka.h>

enum { CALLERS = 6, ROUNDS = 40, BATCH = 5 };

typedef struct office {
    arena a;
    folder f;
    db *d;
    journal *j;
    apply_env env;
    writer *w;
} office;

static void office_open(office *o, const db_options *db_of, const writer_options *options) {
    *o = (office){.f = folder_new()};
    arena_init(&o->a, 0);
    tact_error error = {.text = ""};
    if (db_open(&o->a, o->f.path, db_of, &o->d, &error)) fail_msg("%s", error.text);
    o->env = (apply_env){.schema = shop_schema(&o->a)};
    assert_int_equal(apply_secret_draw(o->env.secret, NULL), 0);
    if (journal_open(&o->a, o->d, &o->env, &o->j, &error)) fail_msg("%s", error.text);
    assert_int_equal(writer_start(&o->a, o->d, o->j, &o->env, options, &o->w, &error), 0);
}

static void office_close(office *o, uint64_t position) {
    db_txn t;
    apply_state applied;
    tact_error error = {.text = ""};
    assert_int_equal(db_read(o->d, &t, &error), 0);
    assert_int_equal(apply_state_read(&t, &applied), 0);
    assert_int_equal(applied.position, position);
    if (fsck_run(&t, &o->env, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    db_read_end(&t);
    journal_close(o->j);
    db_close(o->d);
    folder_remove(&o->f);
    arena_fini(&o->a);
}

static const command_identity shared = {SHOP_CRM, {"all", 3}};
static const command_value right = {SHOP_RECENCY, {.kind = TACT_INT}}, wrong = {SHOP_RECENCY, {.kind = TACT_BOOL}};

static command set_to(const command_value *value) {
    return (command){.kind = COMMAND_SET,
                     .time_ms = SHOP_NOW,
                     .source = SHOP_SOURCE_CRM,
                     .identities = &shared,
                     .identities_count = 1,
                     .values = value,
                     .values_count = 1};
}

typedef struct caller {
    office *o;
    int number;
    uint64_t applied, refused, faults;
} caller;

static void *call(void *context) {
    caller *c = context;
    for (int round = 0; round < ROUNDS; round++) {
        command batch[BATCH];
        writer_result results[BATCH];
        char ids[BATCH][32], names[BATCH][32];
        command_identity own[BATCH];
        for (int i = 0; i < BATCH; i++) {
            batch[i] = set_to(i == 2 ? &wrong : &right);
            snprintf(names[i], sizeof names[i], "%d-%d", c->number, round % 7 + (i == 4 ? 3 : i));
            own[i] = (command_identity){SHOP_CRM, tact_str_from(names[i])};
            if (i > 0) batch[i].identities = &own[i];
            snprintf(ids[i], sizeof ids[i], "%d-%d-%d", c->number, round, i == 4 ? 3 : i); // 4 repeats 3
            batch[i].id = tact_str_from(ids[i]);
        }
        if (writer_submit(c->o->w, batch, BATCH, results, NULL)) {
            c->faults++;
            continue;
        }
        for (int i = 0; i < BATCH; i++) {
            c->refused += results[i].code == TACT_INVALID;
            c->applied += results[i].code == TACT_OK && !results[i].answer.repeated;
        }
        c->faults += !results[4].answer.repeated || results[4].answer.position != results[3].answer.position;
    }
    return NULL;
}

static void call_all(office *o) {
    caller callers[CALLERS];
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.o = o, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].faults, 0);
        assert_int_equal(callers[i].applied, 3 * ROUNDS);
        assert_int_equal(callers[i].refused, ROUNDS);
    }
}

static void many_callers_share_commits(void **state) {
    (void)state;
    office o;
    office_open(&o, NULL, &(writer_options){.queue_max = 12, .wait_ms = 60000});
    assert_int_equal(writer_status_of(o.w).commits, 0);
    call_all(&o);
    const writer_status s = writer_status_of(o.w);
    assert_true(s.commits >= ROUNDS && s.commits <= CALLERS * ROUNDS);
    assert_true(s.commit_p50_ns <= s.commit_p99_ns && s.commit_p99_ns <= s.commit_max_ns && s.commit_max_ns > 0);
    writer_stop(o.w);
    office_close(&o, CALLERS * ROUNDS * 3);
}

static void an_interval_survives_growing(void **state) {
    (void)state;
    office o;
    office_open(&o, &(db_options){.map_bytes = 1}, &(writer_options){.interval_ms = 20});
    call_all(&o);
    assert_int_equal(writer_status_of(o.w).lost, 0);
    writer_stop(o.w);
    office_close(&o, CALLERS * ROUNDS * 3);
}

static void a_full_queue_is_busy_and_too_many_are_too_many(void **state) {
    (void)state;
    office o;
    office_open(&o, NULL, &(writer_options){.queue_max = 2, .wait_ms = 1});
    command three[] = {set_to(&right), set_to(&right), set_to(&right)};
    writer_result results[3];
    assert_int_equal(writer_submit(o.w, three, 3, results, NULL), TACT_LIMIT);
    assert_int_equal(writer_submit(o.w, three, 0, results, NULL), TACT_OK);
    assert_int_equal(writer_submit(o.w, three, 2, results, NULL), TACT_OK);
    assert_int_equal(results[1].answer.position, 2);
    writer_stop(o.w);
    office_close(&o, 2);
}

typedef struct waiter {
    office *o;
    tact_err code;
} waiter;

static void *submit_one(void *context) {
    waiter *one = context;
    command c = set_to(&right);
    writer_result result;
    one->code = writer_submit(one->o->w, &c, 1, &result, NULL);
    return NULL;
}

static tact_err hold(void *context, db_txn *t, tact_error *error) {
    (void)t, (void)error;
    waiter *waiters = context;
    pthread_t threads[3];
    // The first is taken by the writer, which then waits for this transaction; the second fills the queue.
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, submit_one, &waiters[i]), 0);
        usleep(100000);
    }
    pthread_join(threads[2], NULL);
    pthread_detach(threads[0]), pthread_detach(threads[1]);
    return TACT_OK;
}

static void callers_behind_a_stalled_writer_are_told(void **state) {
    (void)state;
    office o;
    office_open(&o, NULL, &(writer_options){.queue_max = 1, .wait_ms = 300});
    static waiter waiters[3];
    for (int i = 0; i < 3; i++) waiters[i].o = &o;
    assert_int_equal(db_write(o.d, hold, waiters, NULL), 0);
    assert_int_equal(waiters[2].code, TACT_BUSY);
    writer_stop(o.w); // answers the other two
    office_close(&o, 2);
}

static void a_failing_disk_fails_the_group_and_no_more(void **state) {
    (void)state;
    office o;
    office_open(&o, NULL, NULL);
    uint64_t position = 0;
    bool failed = true;
    for (int64_t nth = 1; failed; nth++) {
        command two[] = {set_to(&right), set_to(&right)};
        writer_result results[2];
        tact_error error = {.text = ""};
        db_fail_at(o.d, nth);
        tact_err err = writer_submit(o.w, two, 2, results, &error);
        failed = db_failed(o.d);
        db_fail_at(o.d, 0);
        assert_int_equal(err, failed ? TACT_IO : TACT_OK);
        if (failed) {
            assert_non_null(strstr(error.text, "disk"));
        } else {
            position = results[1].answer.position;
        }
    }
    assert_int_equal(position, 2);
    writer_stop(o.w);
    office_close(&o, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_callers_share_commits),
        cmocka_unit_test(an_interval_survives_growing),
        cmocka_unit_test(a_full_queue_is_busy_and_too_many_are_too_many),
        cmocka_unit_test(callers_behind_a_stalled_writer_are_told),
        cmocka_unit_test(a_failing_disk_fails_the_group_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
