// SPDX-License-Identifier: Apache-2.0
//
// Bundles in a store: numbers and contents, which one is active, all or nothing when a call fails, and what fsck sees.
#include "store/bundles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "base/hash.h"

#include "folder.h"

#include <cmocka.h>

static arena memory;
static folder place;
static db *store;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    place = folder_new();
    return (int)db_open(&memory, place.path, NULL, &store, NULL);
}

static int tear_down(void **state) {
    (void)state;
    db_close(store);
    folder_remove(&place);
    arena_fini(&memory);
    return 0;
}

typedef struct task {
    bundles_version v;
    tact_str content;
    bool publish;
} task;

static tact_err work(void *context, db_txn *t, tact_error *error) {
    task *k = context;
    if (k->publish) return bundles_publish(t, &memory, &k->v, k->content, error);
    return bundles_activate(t, &memory, k->v.name, k->v.number, k->v.time_ms, error);
}

static tact_err publish(const char *name, const char *content, int64_t time_ms, uint64_t *number) {
    task k = {.v = {.name = tact_str_from(name), .time_ms = time_ms, .message = TACT_STR("why")},
              .content = tact_str_from(content),
              .publish = true};
    hash_bytes(k.content, k.v.hash);
    tact_err err = db_write(store, work, &k, NULL);
    if (number) *number = k.v.number;
    return err;
}

static tact_err activate(const char *name, uint64_t number, int64_t now_ms, tact_error *error) {
    task k = {.v = {.name = tact_str_from(name), .number = number, .time_ms = now_ms}};
    return db_write(store, work, &k, error);
}

// "shop@2 aaa", of the active one.
static const char *active(void) {
    db_txn t;
    bundles_version v;
    tact_str content;
    assert_int_equal(db_read(store, &t, NULL), 0);
    tact_err err = bundles_active(&t, &memory, &v, NULL);
    const char *text = "none";
    if (!err) {
        assert_true(v.active);
        assert_int_equal(bundles_content(&t, v.hash, &content, NULL), 0);
        text = arena_printf(&memory, "%.*s@%llu %.*s", (int)v.name.len, v.name.ptr, (unsigned long long)v.number,
                            (int)content.len, content.ptr);
    }
    db_read_end(&t);
    return text;
}

static void must_be_sound(void) {
    db_txn t;
    tact_error error = {.text = ""};
    assert_int_equal(db_read(store, &t, NULL), 0);
    if (bundles_check(&t, &memory, &error)) fail_msg("%s", error.text);
    db_read_end(&t);
}

static void numbers_count_by_name_and_the_newest_is_active(void **state) {
    (void)state;
    uint64_t number;
    assert_string_equal(active(), "none");
    must_be_sound();
    assert_int_equal(publish("shop", "a", 1, &number), 0);
    assert_int_equal(number, 1);
    assert_int_equal(publish("shop", "b", 2, &number), 0);
    assert_int_equal(number, 2);
    assert_int_equal(publish("sho", "c", 3, &number), 0); // a beginning of the other's name
    assert_int_equal(number, 1);
    assert_int_equal(publish("shop", "a", 4, &number), 0); // the same content again
    assert_int_equal(number, 3);
    assert_string_equal(active(), "shop@3 a");
    must_be_sound();
}

static void any_version_comes_back_and_stays_when_opened_again(void **state) {
    (void)state;
    tact_error error = {.text = ""};
    assert_int_equal(publish("shop", "a", 1, NULL), 0);
    assert_int_equal(publish("shop", "b", 2, NULL), 0);
    assert_int_equal(activate("shop", 1, 3, NULL), 0);
    assert_string_equal(active(), "shop@1 a");
    assert_int_equal(activate("shop", 3, 4, &error), TACT_NOT_FOUND);
    assert_non_null(strstr(error.text, "no version 3 of bundle `shop`"));
    assert_int_equal(activate("shoo", 1, 4, &error), TACT_NOT_FOUND);
    db_close(store);
    assert_int_equal(db_open(&memory, place.path, NULL, &store, NULL), 0);
    assert_string_equal(active(), "shop@1 a");
    uint64_t number;
    assert_int_equal(publish("shop", "c", 5, &number), 0);
    assert_int_equal(number, 3); // and not 2 again
    must_be_sound();
}

// "shop@2", of the one before the active one.
static const char *before(void) {
    db_txn t;
    bundles_version v;
    assert_int_equal(db_read(store, &t, NULL), 0);
    const char *text = "none";
    if (!bundles_before(&t, &memory, &v, NULL)) {
        text = arena_printf(&memory, "%.*s@%llu", (int)v.name.len, v.name.ptr, (unsigned long long)v.number);
    }
    db_read_end(&t);
    return text;
}

static void the_one_before_is_known_whatever_the_clock_says(void **state) {
    (void)state;
    assert_string_equal(before(), "none");
    assert_int_equal(publish("shop", "a", 100, NULL), 0);
    assert_string_equal(before(), "none");
    assert_int_equal(publish("shop", "b", 50, NULL), 0); // the clock was set back
    assert_string_equal(before(), "shop@1");
    assert_int_equal(publish("other", "c", 50, NULL), 0);
    assert_string_equal(before(), "shop@2");
    assert_int_equal(activate("shop", 1, 50, NULL), 0);
    assert_string_equal(before(), "other@1");
    assert_int_equal(activate("other", 1, 50, NULL), 0);
    assert_string_equal(before(), "shop@1");
}

static void what_was_said_of_a_version_is_kept(void **state) {
    (void)state;
    task k = {.v = {.name = TACT_STR("shop"),
                    .time_ms = 77,
                    .author = TACT_STR("Anna"),
                    .message = TACT_STR("für den Winter"),
                    .tests_skipped = true,
                    .is_signed = true},
              .content = TACT_STR("x"),
              .publish = true};
    uint8_t secret[SIGN_SECRET];
    hash_bytes(k.content, k.v.hash);
    assert_int_equal(sign_keys(secret, k.v.signer, NULL), 0);
    sign_make(secret, SIGNERS_WHAT, (tact_str){(const char *)k.v.hash, BUNDLES_HASH}, k.v.signature);
    assert_int_equal(db_write(store, work, &k, NULL), 0);
    assert_int_equal(publish("other", "y", 78, NULL), 0);
    assert_int_equal(activate("shop", 1, 79, NULL), 0);
    db_txn t;
    bundles_version *all;
    uint32_t count;
    assert_int_equal(db_read(store, &t, NULL), 0);
    assert_int_equal(bundles_list(&t, &memory, &all, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_false(all[0].active); // "other"
    const bundles_version *v = &all[1];
    assert_true(v->active && v->tests_skipped && v->is_signed);
    assert_int_equal(v->time_ms, 77);
    assert_int_equal(v->activated_ms, 79);
    assert_true(tact_str_equal(v->author, TACT_STR("Anna")));
    assert_true(tact_str_equal(v->message, TACT_STR("für den Winter")));
    assert_memory_equal(v->signer, k.v.signer, sizeof v->signer);
    assert_memory_equal(v->signature, k.v.signature, sizeof v->signature);
    db_read_end(&t);
}

static void what_cannot_be_is_refused(void **state) {
    (void)state;
    task k = {.v = {.name = TACT_STR("")}, .content = TACT_STR("x"), .publish = true};
    assert_int_equal(db_write(store, work, &k, NULL), TACT_INVALID);
    k.v.name = TACT_STR("a\0b");
    assert_int_equal(db_write(store, work, &k, NULL), TACT_INVALID);
    k.v.name = TACT_STR("shop");
    k.v.message = TACT_STR("\xff");
    assert_int_equal(db_write(store, work, &k, NULL), TACT_INVALID);
    k.v.message = TACT_STR("");
    k.content = TACT_STR("");
    assert_int_equal(db_write(store, work, &k, NULL), TACT_INVALID);
    assert_string_equal(active(), "none");
}

static void a_call_that_fails_leaves_the_active_one(void **state) {
    (void)state;
    assert_int_equal(publish("shop", "a", 1, NULL), 0);
    int failures = 0;
    for (int64_t nth = 1;; nth++) {
        db_fail_at(store, nth);
        tact_err err = publish("shop", "b", 2, NULL);
        bool failed = db_failed(store);
        db_fail_at(store, 0);
        if (!failed) break;
        assert_int_equal(err, TACT_IO);
        assert_string_equal(active(), "shop@1 a");
        must_be_sound();
        failures++;
    }
    assert_true(failures >= 5);
    assert_string_equal(active(), "shop@2 b");
}

static tact_err spoil(void *context, db_txn *t, tact_error *error) {
    uint8_t hash[BUNDLES_HASH];
    hash_bytes(tact_str_from(context), hash);
    (void)error;
    return db_delete(t, DB_CONTENT, (tact_str){(const char *)hash, sizeof hash});
}

static void a_version_without_its_files_is_noticed(void **state) {
    (void)state;
    tact_error error = {.text = ""};
    assert_int_equal(publish("shop", "a", 1, NULL), 0);
    assert_int_equal(publish("shop", "b", 2, NULL), 0);
    assert_int_equal(db_write(store, spoil, "a", NULL), 0);
    db_txn t;
    assert_int_equal(db_read(store, &t, NULL), 0);
    assert_int_equal(bundles_check(&t, &memory, &error), TACT_INVALID);
    assert_non_null(strstr(error.text, "files are not there"));
    db_read_end(&t);
}

static tact_err alter(void *context, db_txn *t, tact_error *error) {
    uint8_t hash[BUNDLES_HASH];
    hash_bytes(tact_str_from(context), hash);
    (void)error;
    return db_put(t, DB_CONTENT, (tact_str){(const char *)hash, sizeof hash}, TACT_STR("else"));
}

static void files_that_were_altered_are_noticed(void **state) {
    (void)state;
    tact_error error = {.text = ""};
    assert_int_equal(publish("shop", "a", 1, NULL), 0);
    assert_int_equal(db_write(store, alter, "a", NULL), 0);
    db_txn t;
    assert_int_equal(db_read(store, &t, NULL), 0);
    assert_int_equal(bundles_check(&t, &memory, &error), TACT_INVALID);
    assert_non_null(strstr(error.text, "not what they were"));
    db_read_end(&t);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(numbers_count_by_name_and_the_newest_is_active),
        TEST(any_version_comes_back_and_stays_when_opened_again),
        TEST(the_one_before_is_known_whatever_the_clock_says),
        TEST(what_was_said_of_a_version_is_kept),
        TEST(what_cannot_be_is_refused),
        TEST(a_call_that_fails_leaves_the_active_one),
        TEST(a_version_without_its_files_is_noticed),
        TEST(files_that_were_altered_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
