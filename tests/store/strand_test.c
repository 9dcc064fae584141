// SPDX-License-Identifier: Apache-2.0
//
// One identity's facts: what commands make of it whatever the order in which they arrive, and its bytes.
#include "store/strand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "draw.h"
#include "shop.h"
#include "store/tally.h"
#include "store/window.h"

#include <cmocka.h>

static command set_of(arena *a, uint8_t source, int64_t time_ms, uint16_t number, tact_value value) {
    command_value *one = arena_alloc(a, sizeof *one);
    *one = (command_value){number, value};
    return (command){.kind = COMMAND_SET, .source = source, .time_ms = time_ms, .values = one, .values_count = 1};
}

static command consent_of(arena *a, int64_t time_ms, uint8_t state, bool explicit_) {
    command_consent *one = arena_alloc(a, sizeof *one);
    *one = (command_consent){SHOP_MARKETING, state, explicit_, 0};
    return (command){.kind = COMMAND_CONSENT, .time_ms = time_ms, .consents = one, .consents_count = 1};
}

static void the_order_of_arrival_does_not_matter(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 100; round++) {
        enum { MOST = 60 };
        const schema *sc = shop_schema(&a);
        command commands[MOST];
        int64_t count = draw_below(&seed, MOST);
        strand s = shop_strand(5, SHOP_CRM, "4711", SHOP_NOW), t = s;
        for (int64_t i = 0; i < count; i++) {
            commands[i] = shop_draw(&a, &seed, SHOP_NOW + (i - 55) * 3456789); // times differ; some are to come
            shop_apply(&a, &s, &commands[i], sc);
        }
        for (int64_t i = count; i > 0; i--) {
            int64_t k = draw_below(&seed, i);
            command c = commands[k];
            commands[k] = commands[i - 1];
            shop_apply(&a, &t, &c, sc);
        }
        assert_int_equal(s.updates, count);
        tact_str bytes = shop_bytes(&a, &s);
        assert_true(tact_str_equal(bytes, shop_bytes(&a, &t)));
        strand again;
        assert_int_equal(strand_read(&a, bytes, &again, NULL), TACT_OK);
        assert_true(tact_str_equal(bytes, shop_bytes(&a, &again)));
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

static void older_values_change_nothing_and_equal_times_follow_the_commands(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s = shop_strand(1, SHOP_CRM, "1", SHOP_NOW);
    command web = set_of(&a, SHOP_SOURCE_WEB, 100, SHOP_RECENCY, tact_int(1));
    command late = set_of(&a, SHOP_SOURCE_WEB, 99, SHOP_RECENCY, tact_int(2));
    command same = set_of(&a, SHOP_SOURCE_WEB, 100, SHOP_RECENCY, tact_int(3));
    command crm = set_of(&a, SHOP_SOURCE_CRM, 50, SHOP_RECENCY, tact_int(4));
    command gone = set_of(&a, SHOP_SOURCE_WEB, 101, SHOP_RECENCY, tact_null());
    shop_apply(&a, &s, &web, sc);
    shop_apply(&a, &s, &late, sc);
    assert_int_equal(s.facts[0].value.as.i, 1);
    shop_apply(&a, &s, &same, sc);
    assert_int_equal(s.facts[0].value.as.i, 3);
    shop_apply(&a, &s, &crm, sc); // of another source: another value
    assert_int_equal(s.facts_count, 2);
    shop_apply(&a, &s, &gone, sc);
    shop_apply(&a, &s, &same, sc); // what was taken away later stays away
    assert_int_equal(s.facts_count, 2);
    assert_int_equal(s.facts[0].value.as.i, 4);
    assert_int_equal(s.facts[1].value.kind, TACT_NULL);
    assert_int_equal(s.facts[1].time_ms, 101);
    arena_fini(&a);
}

static void an_int_stands_for_a_double(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s = shop_strand(1, SHOP_CRM, "1", SHOP_NOW);
    command c = set_of(&a, 0, 1, SHOP_HISTORY, tact_int(3));
    shop_apply(&a, &s, &c, sc);
    assert_int_equal(s.facts[0].value.kind, TACT_DOUBLE);
    assert_true(s.facts[0].value.as.d == 3.0);
    arena_fini(&a);
}

static void consents_keep_their_history(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s = shop_strand(1, SHOP_CRM, "1", SHOP_NOW);
    command said[] = {consent_of(&a, 30, CONSENT_GRANTED, true), consent_of(&a, 10, CONSENT_DENIED, false),
                      consent_of(&a, 20, CONSENT_UNSET, true), consent_of(&a, 30, CONSENT_DENIED, true),
                      consent_of(&a, 30, CONSENT_DENIED, true)};
    for (size_t i = 0; i < 5; i++) shop_apply(&a, &s, &said[i], sc);
    static const int64_t times[] = {10, 20, 30, 30}; // what is said twice at one time is one statement
    static const uint8_t states[] = {CONSENT_DENIED, CONSENT_UNSET, CONSENT_GRANTED, CONSENT_DENIED};
    assert_int_equal(s.consents_count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(s.consents[i].time_ms, times[i]);
        assert_int_equal(s.consents[i].state, states[i]);
    }
    arena_fini(&a);
}

static void a_long_history_never_loses_what_decides(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s = shop_strand(1, SHOP_CRM, "1", SHOP_NOW);
    command no = consent_of(&a, 1, CONSENT_DENIED, true);
    shop_apply(&a, &s, &no, sc);
    for (int i = 0; i < STRAND_STATEMENTS_MAX + 50; i++) {
        command c = consent_of(&a, 2 + i, CONSENT_GRANTED, false);
        shop_apply(&a, &s, &c, sc);
    }
    assert_int_equal(s.consents_count, STRAND_STATEMENTS_MAX);
    assert_true(s.consents[0].explicit_ && s.consents[0].state == CONSENT_DENIED);
    assert_int_equal(s.consents[1].time_ms, 2 + 51);
    command older = consent_of(&a, 0, CONSENT_GRANTED, false);
    shop_apply(&a, &s, &older, sc);
    assert_int_equal(s.consents_count, STRAND_STATEMENTS_MAX);
    assert_int_equal(s.consents[0].time_ms, 1);
    strand again;
    assert_int_equal(strand_read(&a, shop_bytes(&a, &s), &again, NULL), TACT_OK);
    arena_fini(&a);
}

static void events_and_counts_reach_their_states(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s = shop_strand(1, SHOP_CRM, "1", SHOP_NOW);
    const command_value amount[] = {{0, tact_double(12.5)}};
    command buy = {
        .kind = COMMAND_EVENT, .event = SHOP_PURCHASE, .time_ms = SHOP_NOW, .values = amount, .values_count = 1};
    command count = {.kind = COMMAND_COUNT, .tally = 9, .keep = 3, .time_ms = SHOP_NOW};
    shop_apply(&a, &s, &buy, sc);
    shop_apply(&a, &s, &buy, sc);
    for (int i = 0; i < 5; i++) shop_apply(&a, &s, &count, sc);
    static const uint64_t touched[] = {SHOP_PURCHASES_90D, SHOP_SPENT_90D, SHOP_LEAST, SHOP_MEAN_30D};
    assert_int_equal(s.windows_count, 4); // those of pieces and category had nothing to add
    for (size_t i = 0; i < 4; i++) assert_int_equal(s.windows[i].key, touched[i]);
    tact_value sum = window_read(s.windows[1].state, &sc->aggregates[SHOP_SPENT_90D], SHOP_NOW);
    assert_true(sum.kind == TACT_DOUBLE && sum.as.d == 25.0);
    assert_int_equal(s.tallies_count, 1);
    assert_int_equal(tally_since(s.tallies[0].state, 0), 3);

    assert_int_equal(strand_trim(&a, &s, sc, SHOP_NOW + 60 * SHOP_DAY, SHOP_NOW), TACT_OK);
    assert_int_equal(s.windows_count, 3);
    assert_int_equal(s.tallies_count, 1);
    assert_int_equal(strand_trim(&a, &s, sc, SHOP_NOW + 100 * SHOP_DAY, SHOP_NOW + 1), TACT_OK);
    assert_int_equal(s.windows_count, 0);
    assert_int_equal(s.tallies_count, 0);
    arena_fini(&a);
}

static void other_commands_and_misfits_are_refused(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s = shop_strand(1, SHOP_CRM, "1", SHOP_NOW), before = s;
    command link = {.kind = COMMAND_LINK};
    command unknown = set_of(&a, 0, 1, SHOP_ATTRIBUTES, tact_int(1));
    command odd = set_of(&a, 0, 1, SHOP_RECENCY, tact_bytes("x", 1));
    tact_value mixed[] = {tact_int(1), tact_string("x", 1)};
    command list = set_of(&a, 0, 1, SHOP_TAGS, tact_list(mixed, 2));
    assert_int_equal(strand_apply(&a, &s, &link, sc, NULL), TACT_USAGE);
    assert_int_equal(strand_apply(&a, &s, &unknown, sc, NULL), TACT_USAGE);
    assert_int_equal(strand_apply(&a, &s, &odd, sc, NULL), TACT_USAGE);
    assert_int_equal(strand_apply(&a, &s, &list, sc, NULL), TACT_USAGE);
    assert_memory_equal(&s, &before, sizeof s);
    arena_fini(&a);
}

static void too_many_counters_are_an_error(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    buf state = buf_in(&a); // a strand that is full, by its parts
    strand_state *tallies = arena_array(&a, STRAND_TALLIES_MAX, sizeof *tallies);
    tact_str one = {NULL, 0};
    assert_int_equal(tally_add(&a, &one, 1, 1), TACT_OK);
    for (uint32_t i = 0; i < STRAND_TALLIES_MAX; i++) tallies[i] = (strand_state){i, one};
    strand s = shop_strand(1, SHOP_CRM, "1", SHOP_NOW), again;
    s.tallies = tallies;
    s.tallies_count = STRAND_TALLIES_MAX;
    strand_write(&state, &s);
    assert_int_equal(strand_read(&a, buf_done(&state), &again, NULL), TACT_OK);
    command c = {.kind = COMMAND_COUNT, .tally = STRAND_TALLIES_MAX, .keep = 1, .time_ms = 1};
    tact_error error;
    assert_int_equal(strand_apply(&a, &again, &c, sc, &error), TACT_LIMIT);
    assert_string_equal(error.text, "an identity would hold 16385 counters, more than 16384");
    c.tally = 5;
    assert_int_equal(strand_apply(&a, &again, &c, sc, &error), TACT_OK);
    arena_fini(&a);
}

static strand random_strand(arena *a, uint64_t *seed, const schema *sc, int count) {
    strand s = shop_strand(77, SHOP_EMAIL, "ann@example.org", SHOP_NOW - 5);
    for (int i = 0; i < count; i++) {
        command c = shop_draw(a, seed, SHOP_NOW + draw_below(seed, 9) * SHOP_DAY);
        shop_apply(a, &s, &c, sc);
    }
    return s;
}

static void lack_of_memory_changes_nothing(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s = random_strand(&a, &seed, sc, 40);
    tact_str bytes = shop_bytes(&a, &s);
    for (int round = 0; round < 12; round++) {
        command c = shop_draw(&a, &seed, SHOP_NOW);
        bool done = false;
        for (size_t bound = 16; !done; bound += 64) {
            arena small;
            arena_init(&small, bound);
            strand t = s, u = s, v;
            tact_err applied = strand_apply(&small, &t, &c, sc, NULL);
            tact_err trimmed = strand_trim(&small, &u, sc, SHOP_NOW + 20 * SHOP_DAY, SHOP_NOW + SHOP_DAY);
            tact_err read = strand_read(&small, bytes, &v, NULL);
            if (applied) assert_memory_equal(&s, &t, sizeof s);
            if (trimmed) assert_memory_equal(&s, &u, sizeof s);
            done = !applied && !trimmed && !read;
            assert_true(done || (applied | trimmed | read) == TACT_NO_MEMORY);
            arena_fini(&small);
        }
    }
    arena_fini(&a);
}

static void damage_is_refused(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a, reading;
    arena_init(&a, 0);
    arena_init(&reading, 0);
    const schema *sc = shop_schema(&a);
    strand s = random_strand(&a, &seed, sc, 60), read;
    tact_str bytes = shop_bytes(&a, &s);
    char *copy = arena_copy(&a, bytes.ptr, bytes.len);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(strand_read(&reading, (tact_str){bytes.ptr, len}, &read, NULL), TACT_INVALID);
        assert_int_equal(strand_load(&reading, (tact_str){bytes.ptr, len}, &read, NULL), TACT_INVALID);
        tact_arena_reset(&reading);
    }
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) { // refused, or another strand that is written as it is
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        tact_str damaged = {copy, bytes.len};
        bool sound = !strand_read(&reading, damaged, &read, NULL);
        if (sound) assert_true(tact_str_equal(shop_bytes(&reading, &read), damaged));
        if (strand_load(&reading, damaged, &read, NULL)) {
            assert_false(sound);
        } else { // can be changed and written, whether or not it is sound
            command c = shop_draw(&reading, &seed, SHOP_NOW);
            tact_err err = strand_apply(&reading, &read, &c, sc, NULL);
            assert_true(err == TACT_OK || err == TACT_LIMIT);
            assert_true(shop_bytes(&reading, &read).len > 0);
        }
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        tact_arena_reset(&reading);
    }
    arena_fini(&reading);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_arrival_does_not_matter),
        cmocka_unit_test(older_values_change_nothing_and_equal_times_follow_the_commands),
        cmocka_unit_test(an_int_stands_for_a_double),
        cmocka_unit_test(consents_keep_their_history),
        cmocka_unit_test(a_long_history_never_loses_what_decides),
        cmocka_unit_test(events_and_counts_reach_their_states),
        cmocka_unit_test(other_commands_and_misfits_are_refused),
        cmocka_unit_test(too_many_counters_are_an_error),
        cmocka_unit_test(lack_of_memory_changes_nothing),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests_name("strand", tests, NULL, NULL);
}
