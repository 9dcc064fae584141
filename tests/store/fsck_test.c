// SPDX-License-Identifier: Apache-2.0
//
// What fsck.h promises: a sound store passes, and each kind of damage is found and named.
#include "store/fsck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "folder.h"
#include "shop.h"

#include <cmocka.h>

typedef struct damage {
    db_table table;
    uint64_t number; // of the row; 0: the first there is. With a value it is put, there or not
    bool remove;
    tact_str value; // in its place; empty: its last byte changed
    const char *found;
} damage;

typedef struct bench {
    arena *a;
    apply_env env;
    const damage *what;
    bool failed; // the damage was not found
    fsck_counts counts;
} bench;

static const command_identity pair[] = {{SHOP_CRM, {"1", 1}}, {SHOP_EMAIL, {"a@b", 3}}};

static tact_err build(bench *b, db_txn *t, tact_error *error) {
    apply_answer answer;
    apply_batch batch;
    if (apply_begin(t, &b->env, &batch, error)) return error->code;
    command c = {.kind = COMMAND_EVENT, .time_ms = SHOP_NOW, .source = SCHEMA_SOURCE_NONE, .identities = pair};
    for (c.identities_count = 1; c.identities_count <= 2; c.identities_count++) {
        tact_err err = apply_command(&batch, b->a, &c, &answer, error);
        if (err) return err;
    }
    for (int i = 0; i < 4; i++) { // of which a person has three
        const command_identity cookies[] = {pair[0], {SHOP_COOKIE, {&"c0c1c2c3"[2 * i], 2}}};
        command link = {.kind = COMMAND_LINK, .time_ms = SHOP_NOW, .source = SCHEMA_SOURCE_NONE};
        link.identities = cookies, link.identities_count = 2;
        if (apply_command(&batch, b->a, &link, &answer, error)) return error->code;
    }
    const command_identity gone = {SHOP_CRM, {"gone", 4}};
    command erase = {.kind = COMMAND_ERASE, .time_ms = SHOP_NOW, .identities = &gone, .identities_count = 1};
    command count = {.kind = COMMAND_COUNT, .time_ms = SHOP_NOW, .identities = pair, .identities_count = 1};
    count.id = TACT_STR("id"), count.tally = 1, count.keep = 2, count.everyone = true;
    if (apply_command(&batch, b->a, &erase, &answer, error)) return error->code;
    if (apply_command(&batch, b->a, &count, &answer, error)) return error->code;
    return apply_end(&batch, error);
}

static void break_one(bench *b, db_txn *t) {
    const damage *d = b->what;
    db_key key = db_key_number(d->number);
    db_walk w;
    if (d->number && d->value.len) {
        assert_int_equal(db_put(t, d->table, db_key_str(&key), d->value), 0);
        return;
    }
    assert_int_equal(db_walk_begin(t, d->table, d->number ? db_key_str(&key) : (tact_str){NULL, 0}, &w), 0);
    tact_str k = {arena_copy(b->a, w.key.ptr, w.key.len), w.key.len};
    tact_str v = {arena_copy(b->a, w.value.ptr, w.value.len), w.value.len};
    db_walk_end(&w);
    ((char *)(uintptr_t)v.ptr)[v.len - 1] ^= 1;
    if (d->remove) {
        assert_int_equal(db_delete(t, d->table, k), 0);
    } else {
        assert_int_equal(db_put(t, d->table, k, d->value.len ? d->value : v), 0);
    }
}

// Builds, breaks, checks, and undoes it all.
static tact_err try_one(void *context, db_txn *t, tact_error *error) {
    bench *b = context;
    if (build(b, t, error)) fail_msg("%s", error->text);
    if (fsck_run(t, &b->env, NULL, NULL, &b->counts, error)) fail_msg("%s", error->text);
    if (!b->what) return TACT_OK;
    break_one(b, t);
    error->text[0] = 0;
    b->failed = fsck_run(t, &b->env, NULL, NULL, NULL, error) != TACT_INVALID || !strstr(error->text, b->what->found);
    return TACT_EXISTS;
}

static void each_damage_is_found(void **state) {
    (void)state;
    static const char none[8] = {99}, late[APPLY_ANSWER] = {99};
    static const damage damages[] = {
        {DB_IDENTITY, 0, true, {NULL, 0}, "its identity does not lead"},
        {DB_IDENTITY, 0, false, {none, 8}, "is not there"},
        {DB_IDENTITY, 0, false, {"x", 1}, "an identity that is none"},
        {DB_STRAND, 1, true, {NULL, 0}, "is not there"},
        {DB_STRAND, 2, true, {NULL, 0}, "is not there"},
        {DB_ALIAS, 0, true, {NULL, 0}, "has another person"},
        {DB_ALIAS, 0, false, {none, 8}, "has no person"},
        {DB_LINKS, 0, true, {NULL, 0}, "has no person"},
        {DB_PERSON, 0, true, {NULL, 0}, "without a record"},
        {DB_PERSON, 0, false, {"x", 1}, ""},
        {DB_PERSON, 2, false, {"x", 1}, "a record of an alias"},
        {DB_EVENT, 0, false, {"x", 1}, ""},
        {DB_EVENT, 0, true, {NULL, 0}, "more or fewer events"},
        {DB_TOMB, 0, false, {"x", 1}, "an erasure that is none"},
        {DB_TOMB, 0, false, {NULL, 0}, "an erasure that is none"}, // of a time that no command has
        {DB_SEEN, 0, false, {"x", 1}, "an answer that is none"},
        {DB_SEEN, 0, false, {late, sizeof late}, "was not applied"},
        {DB_COUNT, 0, false, {"x", 1}, "a count that is none"},
        {DB_COUNT, 0, false, {none, 8}, "not the sum of its parts"},
        {DB_COUNT, 0, true, {NULL, 0}, "not the sum of its parts"},
        {DB_DROPPED, 0, true, {NULL, 0}, "pushed out is not noted"},
        {DB_DROPPED, 0, false, {"x", 1}, "pushed out and is none"},
    };
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    db *d = NULL;
    tact_error error = {.text = ""};
    assert_int_equal(db_open(&a, f.path, NULL, &d, &error), 0);
    bench b = {.a = &a, .env = {.schema = shop_schema(&a)}};
    assert_int_equal(apply_secret_draw(b.env.secret, NULL), 0);
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        b.what = &damages[i];
        assert_int_equal(db_write(d, try_one, &b, &error), TACT_EXISTS);
        if (b.failed) fail_msg("damage %zu: %s", i, error.text);
    }
    b.what = NULL;
    assert_int_equal(db_write(d, try_one, &b, &error), 0);
    assert_int_equal(b.counts.persons, 1);
    assert_int_equal(b.counts.strands, 6);
    assert_int_equal(b.counts.identities, 5); // and one that was pushed out
    assert_int_equal(b.counts.events, 2);
    db_close(d);
    folder_remove(&f);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_damage_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
