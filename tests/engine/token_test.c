// SPDX-License-Identifier: Apache-2.0
//
// Tokens: what goes in comes out; any change is noticed, by anybody; another store's are none; nothing is told of whom
// they are for.
#include "engine/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "../store/folder.h"
#include "../store/quick.h"

#include <cmocka.h>

static arena memory;
static folder places[2];
static store *stores[2];

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    for (int i = 0; i < 2; i++) {
        const store_options options = {.schema = schema_new(&memory)};
        tact_error error;
        places[i] = folder_new();
        if (store_open(&memory, places[i].path, &options, &stores[i], &error)) fail_msg("%s", error.text);
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        store_close(stores[i]);
        folder_remove(&places[i]);
    }
    arena_fini(&memory);
    return 0;
}

static const token sample = {TACT_STR("06F0000000000000000000ABCD"), TACT_STR("womens_winter"), TACT_STR("home_hero"),
                             INT64_C(1800000000123), 4711};

static tact_str written(const store *s, const token *t) {
    char *text = arena_alloc(&memory, TOKEN_TEXT_MAX);
    return (tact_str){text, token_write(s, t, text)};
}

static void what_goes_in_comes_out(void **state) {
    (void)state;
    static const char longest[] = "0123456789012345678901234567890123456789012345678901234567890123";
    token all[] = {sample, sample, sample};
    all[1].strand = 0;
    all[1].offer = (tact_str){longest, TOKEN_NAME_MAX};
    all[1].placement = (tact_str){longest, TOKEN_NAME_MAX};
    all[1].decision = (tact_str){longest, TOKEN_DECISION_MAX};
    all[2].decision = TACT_STR("x");
    all[2].strand = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        char room[TOKEN_TEXT_MAX];
        token read;
        tact_str text = written(stores[0], &all[i]);
        assert_true(text.len <= TOKEN_TEXT_MAX);
        assert_true(token_read(stores[0], text, room, &read));
        assert_true(tact_str_equal(read.decision, all[i].decision) && tact_str_equal(read.offer, all[i].offer));
        assert_true(tact_str_equal(read.placement, all[i].placement));
        assert_int_equal(read.time_ms, all[i].time_ms);
        assert_true(read.strand == all[i].strand);
    }
}

static void any_change_is_noticed(void **state) {
    (void)state;
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ";
    char room[TOKEN_TEXT_MAX], copy[TOKEN_TEXT_MAX + 1];
    token read;
    tact_str text = written(stores[0], &sample);
    for (size_t i = 0; i < text.len; i++) {
        for (const char *c = alphabet; *c; c++) {
            memcpy(copy, text.ptr, text.len);
            copy[i] = *c;
            bool same = *c == text.ptr[i];
            assert_int_equal(token_read(stores[0], (tact_str){copy, text.len}, room, &read), same);
        }
        assert_false(token_read(stores[0], (tact_str){text.ptr, i}, room, &read)); // cut off
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = 'A';
    assert_false(token_read(stores[0], (tact_str){copy, text.len + 1}, room, &read));
}

static void another_stores_is_none(void **state) {
    (void)state;
    char room[TOKEN_TEXT_MAX];
    token read;
    assert_false(token_read(stores[1], written(stores[0], &sample), room, &read));
}

static void it_does_not_tell_whom_it_is_for(void **state) {
    (void)state;
    token one = sample, other = sample;
    other.offer = TACT_STR("womens_summer"); // for the same person
    tact_str x = written(stores[0], &one), y = written(stores[0], &other);
    size_t tail = (8 + HASH_KEYED) * 4 / 3 - 2;
    assert_int_equal(x.len, y.len);
    assert_memory_not_equal(x.ptr + x.len - tail, y.ptr + y.len - tail, 10); // the masked strand
    one.strand = 4712;
    tact_str z = written(stores[0], &one);
    size_t front = x.len - tail - 4;
    assert_memory_equal(x.ptr, z.ptr, front); // what is open to see says nothing of whom
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(any_change_is_noticed),
        cmocka_unit_test(another_stores_is_none),
        cmocka_unit_test(it_does_not_tell_whom_it_is_for),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
