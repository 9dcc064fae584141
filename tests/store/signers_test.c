// SPDX-License-Identifier: Apache-2.0
//
// Who may publish: what is refused where bundles must be signed, and that nobody locks everybody out.
#include "store/signers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "base/hash.h"
#include "store/bundles.h"

#include "folder.h"

#include <cmocka.h>

enum { ANNA, BERT, PEOPLE };
static arena memory;
static folder place;
static db *store;
static uint8_t secrets[PEOPLE][SIGN_SECRET], keys[PEOPLE][SIGN_PUBLIC];

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    place = folder_new();
    for (int i = 0; i < PEOPLE; i++) {
        if (sign_keys(secrets[i], keys[i], NULL)) return -1;
    }
    return (int)db_open(&memory, place.path, NULL, &store, NULL);
}

static int tear_down(void **state) {
    (void)state;
    db_close(store);
    folder_remove(&place);
    arena_fini(&memory);
    return 0;
}

// ---- What is asked for ----------------------------------------------------------------------------------------------

typedef struct task {
    enum { ALLOW, DENY, REQUIRE, PUBLISH, ACTIVATE } what;
    tact_str name;
    int who; // -1: nobody
    bool on;
    uint64_t number;
    bool altered;
} task;

static tact_err publish(db_txn *t, const task *k, tact_error *error) {
    bundles_version v = {.name = TACT_STR("shop"), .is_signed = k->who >= 0};
    hash_bytes(TACT_STR("files"), v.hash);
    if (k->who >= 0) {
        tact_str hash = {(const char *)v.hash, sizeof v.hash};
        memcpy(v.signer, keys[k->who], SIGN_PUBLIC);
        sign_make(secrets[k->who], SIGNERS_WHAT, hash, v.signature);
        v.signature[0] = (uint8_t)(v.signature[0] ^ k->altered);
    }
    return bundles_publish(t, &memory, &v, TACT_STR("files"), error);
}

static tact_err work(void *context, db_txn *t, tact_error *error) {
    const task *k = context;
    switch (k->what) {
    case ALLOW: return signers_allow(t, &memory, k->name, keys[k->who], error);
    case DENY: return signers_deny(t, &memory, k->name, error);
    case REQUIRE: return signers_require(t, &memory, k->on, error);
    case PUBLISH: return publish(t, k, error);
    case ACTIVATE: return bundles_activate(t, &memory, TACT_STR("shop"), k->number, 1, error);
    }
    return TACT_USAGE;
}

// What it says, or "".
static const char *said(task k) {
    tact_error error = {.text = ""};
    tact_err err = db_write(store, work, &k, &error);
    assert_true(!err == !error.text[0]);
    return arena_printf(&memory, "%s", error.text);
}

#define says(text, ...) assert_string_equal(said((task){__VA_ARGS__}), text)
#define allow(n, w) .what = ALLOW, .name = TACT_STR(n), .who = (w)

// ---- Tests ----------------------------------------------------------------------------------------------------------

static void anybody_may_publish_at_first(void **state) {
    (void)state;
    says("", .what = PUBLISH, .who = -1);
    says("", .what = PUBLISH, .who = ANNA);
}

static void a_signature_must_hold_everywhere(void **state) {
    (void)state;
    says("the bundle's signature does not hold: it, or the files, were altered", .what = PUBLISH, .who = ANNA,
         .altered = true);
}

static void where_it_is_required_only_the_allowed(void **state) {
    (void)state;
    says("", .what = PUBLISH, .who = -1);
    says("", .what = PUBLISH, .who = BERT);
    says("", allow("Anna", ANNA));
    says("", .what = PUBLISH, .who = -1); // not required yet
    says("", .what = REQUIRE, .on = true);
    says("bundles must be signed here, by `Anna`; this one is not", .what = PUBLISH, .who = -1);
    const char *text = said((task){.what = PUBLISH, .who = BERT});
    assert_non_null(strstr(text, "signed with a key that may not publish here: "));
    says("", .what = PUBLISH, .who = ANNA);
    // Going back to what was published before is publishing it.
    assert_non_null(strstr(said((task){.what = ACTIVATE, .number = 1}), "must be signed here"));
    assert_non_null(strstr(said((task){.what = ACTIVATE, .number = 2}), "may not publish here"));
    says("", .what = ACTIVATE, .number = 4);
    says("", .what = REQUIRE, .on = false);
    says("", .what = ACTIVATE, .number = 1);
}

static void nobody_is_locked_out(void **state) {
    (void)state;
    says("nobody could publish any more: allow a key first", .what = REQUIRE, .on = true);
    says("", allow("Anna", ANNA));
    says("", .what = REQUIRE, .on = true);
    says("`Anna` is the last that may publish where bundles must be signed", .what = DENY, .name = TACT_STR("Anna"));
    says("", allow("Bert", BERT));
    says("", .what = DENY, .name = TACT_STR("Anna"));
    assert_non_null(strstr(said((task){.what = PUBLISH, .who = ANNA}), "may not publish here"));
    says("", .what = PUBLISH, .who = BERT);
    says("no key of the name `Anna` may publish", .what = DENY, .name = TACT_STR("Anna"));
}

static void names_and_keys_stand_once(void **state) {
    (void)state;
    says("", allow("Anna", ANNA));
    says("this key may publish already, as `Anna`", allow("Berta", ANNA));
    says("there is another key of the name `Anna`", allow("Anna", BERT));
    says("the name of a key has 1 to 64 bytes of UTF-8", allow("", BERT));
    db_txn t;
    signers s;
    assert_int_equal(db_read(store, &t, NULL), 0);
    assert_int_equal(signers_get(&t, &memory, &s, NULL), 0);
    assert_int_equal(s.count, 1);
    assert_false(s.required);
    assert_ptr_equal(signers_find(&s, keys[ANNA]), &s.of[0]);
    assert_null(signers_find(&s, keys[BERT]));
    db_read_end(&t);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(anybody_may_publish_at_first),
        TEST(a_signature_must_hold_everywhere),
        TEST(where_it_is_required_only_the_allowed),
        TEST(nobody_is_locked_out),
        TEST(names_and_keys_stand_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
