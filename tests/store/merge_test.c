// SPDX-License-Identifier: Apache-2.0
//
// Persons out of strands: against plain models of the rules in merge.h, in any order of the strands, and through chains
// of links and unlinks in which strands change all the while.
#include "store/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "draw.h"
#include "shop.h"
#include "store/links.h"
#include "store/record.h"

#include <cmocka.h>

enum { STRANDS = 8, COMMANDS = 400 };

typedef struct world {
    arena *a;
    const schema *sc;
    strand strands[STRANDS]; // strand i has the id i + 1
    command commands[COMMANDS];
    int of[COMMANDS]; // the strand that each command went to
    int count;
} world;

static void begin(world *w, arena *a) {
    static const char *const names[STRANDS] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    memset(w, 0, sizeof *w);
    w->a = a;
    w->sc = shop_schema(a);
    for (int i = 0; i < STRANDS; i++) {
        w->strands[i] = shop_strand((uint64_t)i + 1, SHOP_COOKIE, names[i], SHOP_NOW - i % 3);
    }
}

// Times differ, so that nothing but the rules decides; some lie in the future, and they come in any order.
static void change(world *w, uint64_t *seed, int to) {
    int64_t time = SHOP_NOW - (int64_t)(w->count * 7919 % COMMANDS - 3) * 23456789;
    command *c = &w->commands[w->count];
    *c = shop_draw(w->a, seed, time);
    w->of[w->count++] = to;
    shop_apply(w->a, &w->strands[to], c, w->sc);
}

static merged merge_of(world *w, const int *numbers, size_t count) {
    const strand *strands[STRANDS];
    merged m;
    for (size_t i = 0; i < count; i++) strands[i] = &w->strands[numbers[i]];
    assert_int_equal(merge_strands(w->a, strands, count, w->sc, &m), TACT_OK);
    return m;
}

static tact_str record_of(world *w, const merged *m) {
    buf out = buf_in(w->a);
    assert_int_equal(record_build(&out, m, w->sc, NULL), TACT_OK);
    tact_str bytes = buf_done(&out);
    assert_int_equal(record_check(bytes, NULL), TACT_OK);
    return bytes;
}

static void shuffle(uint64_t *seed, int *numbers, size_t count) {
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)draw_below(seed, (int64_t)i);
        int n = numbers[k];
        numbers[k] = numbers[i - 1];
        numbers[i - 1] = n;
    }
}

static bool in(const int *numbers, size_t count, int number) {
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] == number) return true;
    }
    return false;
}

// ---- Models ---------------------------------------------------------------------------------------------------------

// The value an attribute must have, from the commands alone; NULL kind: none.
static tact_value model_attribute(const world *w, const int *numbers, size_t count, uint16_t number) {
    static const int tier[] = {SHOP_SOURCE_CRM, SHOP_SOURCE_WEB};
    tact_value newest[256] = {{0}};
    int64_t time[256];
    for (int s = 0; s < 256; s++) time[s] = INT64_MIN;
    for (int i = 0; i < w->count; i++) {
        const command *c = &w->commands[i];
        if (c->kind != COMMAND_SET || !in(numbers, count, w->of[i]) || c->time_ms <= time[c->source]) continue;
        for (uint32_t k = 0; k < c->values_count; k++) {
            if (c->values[k].number == number) newest[c->source] = c->values[k].value, time[c->source] = c->time_ms;
        }
    }
    for (int i = 0; i < 2 && number == SHOP_TIER; i++) {
        if (newest[tier[i]].kind > TACT_NULL) return newest[tier[i]];
    }
    int best = -1;
    for (int s = 0; s < 256; s++) {
        if (newest[s].kind > TACT_NULL && (best < 0 || time[s] > time[best])) best = s;
    }
    return best < 0 ? tact_null() : newest[best];
}

static const command_consent *statement_of(const command *c, uint16_t purpose) {
    return c->kind == COMMAND_CONSENT && c->consents->purpose == purpose ? c->consents : NULL;
}

static const command_consent *model_consent(const world *w, const int *numbers, size_t count, uint16_t purpose) {
    int newest = -1;
    for (int i = 0; i < w->count; i++) {
        const command_consent *said = statement_of(&w->commands[i], purpose);
        if (!said || !in(numbers, count, w->of[i]) || !said->explicit_) continue;
        if (newest < 0 || w->commands[i].time_ms > w->commands[newest].time_ms) newest = i;
    }
    const command_consent *best = NULL;
    int64_t best_time = 0, explicit_time = newest < 0 ? INT64_MIN : w->commands[newest].time_ms;
    const command_consent *explicit_ = newest < 0 ? NULL : w->commands[newest].consents;
    if (explicit_ && explicit_->state == CONSENT_DENIED) return explicit_;
    for (size_t n = 0; n < count; n++) {
        newest = -1;
        for (int i = 0; i < w->count; i++) {
            if (w->of[i] != numbers[n] || !statement_of(&w->commands[i], purpose)) continue;
            if (newest < 0 || w->commands[i].time_ms > w->commands[newest].time_ms) newest = i;
        }
        if (newest < 0) continue;
        const command_consent *said = w->commands[newest].consents;
        if (said->state == CONSENT_UNSET) continue;
        bool late = w->commands[newest].time_ms >= explicit_time; // which only a denial may use
        if (explicit_ && (said->explicit_ || said->state != CONSENT_DENIED || !late)) continue;
        int64_t ends = said->expires_ms ? said->expires_ms : INT64_MAX;
        int64_t best_ends = !best ? 0 : best->expires_ms ? best->expires_ms : INT64_MAX;
        bool denies = said->state == CONSENT_DENIED;
        bool better = !best || (denies && best->state == CONSENT_GRANTED);
        if (best && said->state == best->state) {
            better = denies ? ends > best_ends : ends < best_ends;
            if (ends == best_ends) better = w->commands[newest].time_ms > best_time;
        }
        if (better) best = said, best_time = w->commands[newest].time_ms;
    }
    return best ? best : explicit_;
}

static void check_facts_and_consents(const world *w, const merged *m, const int *numbers, size_t count) {
    uint32_t facts = 0, consents = 0;
    for (uint16_t n = 0; n < SHOP_ATTRIBUTES; n++) {
        tact_value expected = schema_widened(w->sc->attributes[n].type, model_attribute(w, numbers, count, n));
        if (expected.kind == TACT_NULL) continue;
        assert_true(facts < m->facts_count && m->facts[facts].attribute == n);
        assert_true(tact_value_equal(m->facts[facts].value, expected));
        facts++;
    }
    assert_int_equal(facts, m->facts_count);
    for (uint16_t p = 0; p < SHOP_PURPOSES; p++) {
        const command_consent *expected = model_consent(w, numbers, count, p);
        if (!expected) continue;
        assert_true(consents < m->consents_count && m->consents[consents].purpose == p);
        assert_int_equal(m->consents[consents].state, expected->state);
        assert_int_equal(m->consents[consents].expires_ms, expected->expires_ms);
        assert_int_equal(m->consents[consents].explicit_, expected->explicit_);
        consents++;
    }
    assert_int_equal(consents, m->consents_count);
}

static void check_states(const strand_state *x, uint32_t x_count, const strand_state *y, uint32_t y_count) {
    assert_int_equal(x_count, y_count);
    for (uint32_t i = 0; i < x_count; i++) {
        assert_true(x[i].key == y[i].key && tact_str_equal(x[i].state, y[i].state));
    }
}

// Aggregates and counters are what one strand would have to which all the commands went.
static void check_sums(const world *w, const merged *m, const int *numbers, size_t count) {
    strand all = shop_strand(1, SHOP_COOKIE, "all", SHOP_NOW);
    for (int i = 0; i < w->count; i++) {
        if (in(numbers, count, w->of[i])) shop_apply(w->a, &all, &w->commands[i], w->sc);
    }
    assert_int_equal(m->updates, all.updates);
    check_states(m->windows, m->windows_count, all.windows, all.windows_count);
    check_states(m->tallies, m->tallies_count, all.tallies, all.tallies_count);
}

// ---- Random strands -------------------------------------------------------------------------------------------------

static void a_person_is_what_the_rules_say_in_any_order(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 60; round++) {
        world w;
        begin(&w, &a);
        int64_t changes = draw_below(&seed, round % 2 ? COMMANDS / 2 : 30);
        for (int64_t i = 0; i < changes; i++) change(&w, &seed, (int)draw_below(&seed, STRANDS));
        int numbers[STRANDS] = {0, 1, 2, 3, 4, 5, 6, 7};
        shuffle(&seed, numbers, STRANDS);
        size_t count = (size_t)draw_below(&seed, STRANDS) + 1;
        merged m = merge_of(&w, numbers, count);
        tact_str bytes = record_of(&w, &m);
        check_facts_and_consents(&w, &m, numbers, count);
        check_sums(&w, &m, numbers, count);
        int least = STRANDS;
        for (size_t i = 0; i < count; i++) least = numbers[i] < least ? numbers[i] : least;
        assert_int_equal(m.person, least + 1);
        for (uint32_t i = 1; i < m.identities_count; i++) {
            const merge_identity *x = &m.identities[i - 1], *y = &m.identities[i];
            assert_true(x->created_ms < y->created_ms || (x->created_ms == y->created_ms && x->strand < y->strand));
        }
        for (int again = 0; again < 3; again++) {
            shuffle(&seed, numbers, count);
            merged other = merge_of(&w, numbers, count);
            assert_true(tact_str_equal(bytes, record_of(&w, &other)));
        }
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

// ---- Chains of links and unlinks ------------------------------------------------------------------------------------

static tact_str record_of_person(world *w, const links *l) {
    int numbers[STRANDS];
    for (uint32_t i = 0; i < l->strands_count; i++) numbers[i] = (int)l->strands[i] - 1;
    merged m = merge_of(w, numbers, l->strands_count);
    assert_int_equal(m.person, links_person(l));
    check_facts_and_consents(w, &m, numbers, l->strands_count);
    check_sums(w, &m, numbers, l->strands_count);
    return record_of(w, &m);
}

static void what_is_unlinked_is_as_if_never_linked(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 20; round++) {
        world w;
        begin(&w, &a);
        links of[STRANDS];
        bool linked[STRANDS][STRANDS] = {{0}};
        for (int i = 0; i < STRANDS; i++) of[i] = links_of(&a, (uint64_t)i + 1);
        for (int step = 0; step < 60; step++) {
            int x = (int)draw_below(&seed, STRANDS), y = (int)draw_below(&seed, STRANDS);
            links parts[STRANDS];
            uint32_t parts_count = 1;
            int64_t what = draw_below(&seed, 6);
            if (what < 3) {
                change(&w, &seed, x);
                continue;
            }
            if (what < 5 && x != y) {
                links_edge edge = {of[x].strands[0], of[y].strands[0], step, 0};
                if (of[x].strands[0] == of[y].strands[0]) continue;
                assert_int_equal(links_join(&a, &of[x], &of[y], edge, &parts[0], NULL), TACT_OK);
                linked[edge.low - 1][edge.high - 1] = linked[edge.high - 1][edge.low - 1] = true;
            } else {
                assert_int_equal(links_split(&a, &of[x], (uint64_t)x + 1, parts, &parts_count, NULL), TACT_OK);
                for (int i = 0; i < STRANDS; i++) linked[x][i] = linked[i][x] = false;
            }
            for (uint32_t p = 0; p < parts_count; p++) {
                record_of_person(&w, &parts[p]);
                for (uint32_t i = 0; i < parts[p].strands_count; i++) of[parts[p].strands[i] - 1] = parts[p];
            }
        }
        for (int x = 0; x < STRANDS; x++) { // who is together is who is linked, and every edge is within a person
            for (int y = 0; y < STRANDS; y++) {
                if (linked[x][y]) assert_true(links_has(&of[x], (uint64_t)y + 1));
            }
        }
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

static void merging_and_splitting_leaves_both_as_they_were_plus_what_happened_since(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    world w, never;
    begin(&w, &a);
    for (int i = 0; i < 60; i++) change(&w, &seed, i % 2);
    links x = links_of(&a, 1), y = links_of(&a, 2), both, parts[2];
    uint32_t count;
    tact_str x_before = record_of_person(&w, &x), y_before = record_of_person(&w, &y);
    assert_int_equal(links_join(&a, &x, &y, (links_edge){1, 2, 0, 0}, &both, NULL), TACT_OK);
    record_of_person(&w, &both);
    assert_int_equal(links_split(&a, &both, 2, parts, &count, NULL), TACT_OK);
    assert_true(tact_str_equal(record_of_person(&w, &parts[0]), x_before));
    assert_true(tact_str_equal(record_of_person(&w, &parts[1]), y_before));

    never = w;
    for (int i = 0; i < 20; i++) change(&w, &seed, 1); // while they are linked
    for (int i = never.count; i < w.count; i++) shop_apply(&a, &never.strands[1], &w.commands[i], w.sc);
    memcpy(never.commands, w.commands, sizeof w.commands);
    memcpy(never.of, w.of, sizeof w.of);
    never.count = w.count;
    assert_int_equal(links_split(&a, &both, 1, parts, &count, NULL), TACT_OK);
    assert_true(tact_str_equal(record_of_person(&w, &parts[0]), x_before));
    assert_true(tact_str_equal(record_of_person(&w, &parts[1]), record_of_person(&never, &y)));
    arena_fini(&a);
}

// ---- Rules, one by one ----------------------------------------------------------------------------------------------

static consent_state merged_consent(arena *a, const schema *sc, const strand_consent *x, const strand_consent *y,
                                    int64_t *expires) {
    strand s = shop_strand(1, SHOP_CRM, "1", 0), t = shop_strand(2, SHOP_CRM, "2", 0);
    s.consents = x, s.consents_count = 1;
    t.consents = y, t.consents_count = 1;
    const strand *one_way[] = {&s, &t}, *other_way[] = {&t, &s};
    merged m, n;
    assert_int_equal(merge_strands(a, one_way, 2, sc, &m), TACT_OK);
    assert_int_equal(merge_strands(a, other_way, 2, sc, &n), TACT_OK);
    assert_int_equal(m.consents_count, n.consents_count);
    if (!m.consents_count) return CONSENT_UNSET;
    assert_int_equal(m.consents[0].state, n.consents[0].state);
    assert_int_equal(m.consents[0].expires_ms, n.consents[0].expires_ms);
    if (expires) *expires = m.consents[0].expires_ms;
    return (consent_state)m.consents[0].state;
}

static void consents_merge_by_the_rule(void **context) {
    (void)context;
    enum { U = CONSENT_UNSET, D = CONSENT_DENIED, G = CONSENT_GRANTED };
    static const struct {
        strand_consent x, y; // purpose, state, source, explicit, time, expires
        int state;
        int64_t expires;
    } cases[] = {
        {{1, G, 0, true, 10, 0}, {1, D, 0, true, 20, 0}, D, 0},  // the newest explicit one
        {{1, G, 0, true, 20, 0}, {1, D, 0, true, 10, 0}, G, 0},  //
        {{1, G, 0, true, 10, 0}, {1, D, 0, false, 20, 0}, D, 0}, // a denial stands until there is a newer explicit one
        {{1, G, 0, true, 20, 0}, {1, D, 0, false, 20, 0}, D, 0}, //
        {{1, G, 0, true, 30, 0}, {1, D, 0, false, 20, 0}, G, 0}, //
        {{1, U, 0, true, 10, 0}, {1, D, 0, false, 20, 50}, D, 50}, //
        {{1, D, 0, true, 10, 0}, {1, D, 0, false, 20, 50}, D, 0},  // the explicit denial needs no help
        {{1, D, 0, true, 10, 0}, {1, G, 0, false, 20, 0}, D, 0},   // explicit before inferred, however old
        {{1, G, 0, true, 10, 0}, {1, D, 0, true, 10, 0}, D, 0},    // equal times: the more restrictive
        {{1, G, 0, true, 10, 0}, {1, U, 0, true, 10, 0}, U, 0},    //
        {{1, G, 0, true, 10, 0}, {1, U, 0, true, 20, 0}, U, 0},    // taken back
        {{1, G, 0, false, 20, 0}, {1, D, 0, false, 10, 0}, D, 0},  // inferred: the more restrictive, however old
        {{1, G, 0, false, 20, 0}, {1, U, 0, false, 30, 0}, G, 0},  // unset says nothing
        {{1, D, 0, false, 10, 50}, {1, D, 0, false, 20, 0}, D, 0}, // the denial that lasts longest
        {{1, D, 0, false, 10, 50}, {1, D, 0, false, 20, 40}, D, 50},
        {{1, G, 0, false, 10, 50}, {1, G, 0, false, 20, 0}, G, 50}, // the grant that ends first
        {{1, G, 0, false, 10, 50}, {1, G, 0, false, 20, 40}, G, 40},
    };
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t expires = 0;
        assert_int_equal(merged_consent(&a, sc, &cases[i].x, &cases[i].y, &expires), cases[i].state);
        assert_int_equal(expires, cases[i].expires);
    }
    arena_fini(&a);
}

static void equal_times_go_to_the_oldest_strand(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    const strand_fact one = {SHOP_RECENCY, SHOP_SOURCE_APP, 10, tact_int(1)};
    const strand_fact two = {SHOP_RECENCY, SHOP_SOURCE_APP, 10, tact_int(2)};
    const strand_fact three = {SHOP_RECENCY, SHOP_SOURCE_WEB, 10, tact_int(3)};
    strand s = shop_strand(1, SHOP_CRM, "1", 0), t = shop_strand(2, SHOP_CRM, "2", 0),
           u = shop_strand(3, SHOP_CRM, "3", 0);
    s.facts = &one, t.facts = &two, u.facts = &three;
    s.facts_count = t.facts_count = u.facts_count = 1;
    const strand *strands[] = {&t, &s, &u};
    merged m;
    assert_int_equal(merge_strands(&a, strands, 2, sc, &m), TACT_OK);
    assert_int_equal(m.facts[0].value.as.i, 1);
    assert_int_equal(merge_strands(&a, strands, 3, sc, &m), TACT_OK);
    assert_int_equal(m.facts[0].value.as.i, 3); // of sources that are equal, the smallest number
    arena_fini(&a);
}

static void unique_namespaces_and_bounds_are_told(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    strand s[6] = {shop_strand(1, SHOP_CRM, "4711", 0),   shop_strand(2, SHOP_CRM, "4712", 0),
                   shop_strand(3, SHOP_COOKIE, "k3", 30), shop_strand(4, SHOP_COOKIE, "k4", 20),
                   shop_strand(5, SHOP_COOKIE, "k5", 40), shop_strand(6, SHOP_COOKIE, "k6", 50)};
    const strand *all[] = {&s[0], &s[1], &s[2], &s[3], &s[4], &s[5]};
    merged m;
    tact_error error;
    assert_int_equal(merge_strands(&a, all, 6, sc, &m), TACT_OK);
    assert_int_equal(merge_check(&m, sc, &error), TACT_EXISTS);
    assert_string_equal(error.text, "a person has one crm, and these have 4711 and 4712");
    s[1].dropped = true;
    assert_int_equal(merge_strands(&a, all, 6, sc, &m), TACT_OK);
    assert_int_equal(merge_check(&m, sc, &error), TACT_OK);
    assert_int_equal(merge_excess(&m, sc)->strand, 4); // the oldest of four cookies, where three may be
    s[3].dropped = true;
    assert_int_equal(merge_strands(&a, all, 6, sc, &m), TACT_OK);
    assert_null(merge_excess(&m, sc));
    assert_true(m.identities_count == 6 && m.identities[2].strand == 4 && m.identities[2].dropped);
    arena_fini(&a);
}

static void lack_of_memory_is_an_error(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    world w;
    begin(&w, &a);
    for (int i = 0; i < 100; i++) change(&w, &seed, i % STRANDS);
    const strand *strands[STRANDS];
    for (int i = 0; i < STRANDS; i++) strands[i] = &w.strands[i];
    tact_err err = TACT_NO_MEMORY;
    for (size_t bound = 16; err; bound += 64) {
        arena small;
        arena_init(&small, bound);
        merged m;
        buf out = buf_in(&small);
        err = merge_strands(&small, strands, STRANDS, w.sc, &m);
        if (!err) err = record_build(&out, &m, w.sc, NULL);
        assert_true(!err || err == TACT_NO_MEMORY);
        arena_fini(&small);
    }
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_is_what_the_rules_say_in_any_order),
        cmocka_unit_test(what_is_unlinked_is_as_if_never_linked),
        cmocka_unit_test(merging_and_splitting_leaves_both_as_they_were_plus_what_happened_since),
        cmocka_unit_test(consents_merge_by_the_rule),
        cmocka_unit_test(equal_times_go_to_the_oldest_strand),
        cmocka_unit_test(unique_namespaces_and_bounds_are_told),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
