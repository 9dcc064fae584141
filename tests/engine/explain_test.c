// SPDX-License-Identifier: Apache-2.0
//
// Explanations: what is explained is what happens, nothing changes by it, and each stage says what it must.
#include "engine/explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "../store/draw.h"
#include "../store/quick.h"
#include "bundle/test.h"
#include "talk.h"

#include <cmocka.h>

static talk t;

static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    talk_publish(&t, talk_shop);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    return 0;
}

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

static void do_record(const char *change) {
    (void)talk_ask(&t, tact_record, print("{'commands': [%s]}", change));
}

// What is said of an offer at a placement.
static tact_value said_of(tact_value reply, const char *placement, const char *offer) {
    tact_value offers = talk_find(reply, print("explain.placements.%s.offers", placement));
    for (uint32_t i = 0; i < offers.len; i++) {
        if (!strcmp(talk_find_text(&t.memory, offers.as.items[i], "offer"), offer)) return offers.as.items[i];
    }
    fail_msg("nothing is said of %s", offer);
    return offers;
}

static const char *stage_of(tact_value reply, const char *placement, const char *offer) {
    return talk_find_text(&t.memory, said_of(reply, placement, offer), "stage");
}

// All that is in the store, as a hash.
static const char *picture(void) {
    store_reader r;
    hash_sum sum;
    char hex[HASH_HEX];
    assert_int_equal(store_reader_open(t.engine->store, &r, NULL), TACT_OK);
    hash_begin(&sum);
    for (int table = 0; table < DB_TABLES; table++) {
        db_walk w;
        tact_err err = db_walk_begin(&r.txn, (db_table)table, (tact_str){NULL, 0}, &w);
        for (; !err; err = db_walk_next(&w)) {
            hash_add(&sum, &w.key.len, sizeof w.key.len);
            hash_add(&sum, w.key.ptr, w.key.len);
            hash_add(&sum, w.value.ptr, w.value.len);
        }
        db_walk_end(&w);
    }
    hash_end(&sum, hex);
    store_reader_close(&r);
    return print("%s", hex);
}

static void each_stage_says_why(void **state) {
    (void)state;
    do_record("{'set': {'recency': 12, 'first_name': 'Ann'}, 'person': {'crm': 1}, 'source': 'web',"
              " 'time': '2026-11-01T09:00:00Z'}");
    tact_value v = talk_ask(&t, tact_explain,
                            "{'person': {'crm': 1}, 'placements': ['hero', 'chat'],"
                            " 'now': '2026-11-01T10:00:00Z'}");
    assert_string_equal(stage_of(v, "hero", "winter"), "consent");
    assert_string_equal(talk_find_text(&t.memory, said_of(v, "hero", "winter"), "why"), "marketing is not granted");
    tact_value gold = said_of(v, "hero", "gold");
    assert_string_equal(talk_find_text(&t.memory, gold, "stage"), "eligible");
    assert_string_equal(talk_find_text(&t.memory, gold, "rule"), "offers.gold.eligible");
    assert_string_equal(talk_find_text(&t.memory, gold, "text"), "profile.tier == \"gold\"");
    assert_string_equal(talk_find_text(&t.memory, gold, "reads.0"), "profile.tier");
    assert_non_null(strstr(talk_find_text(&t.memory, gold, "absent"), "unset"));
    assert_memory_equal(talk_find_text(&t.memory, gold, "at"), "bundle.yaml:26:", 15);
    tact_value phone = said_of(v, "hero", "phone");
    assert_string_equal(talk_find_text(&t.memory, phone, "stage"), "applicable");
    assert_string_equal(talk_find_text(&t.memory, phone, "decided"), "context.device == \"mobile\"");
    assert_true(talk_find(phone, "value").kind == TACT_BOOL && !talk_find(phone, "value").as.b);
    assert_string_equal(talk_find_text(&t.memory, talk_find(v, "explain.reads"), "x"), "");
    const tact_value *device = value_map_get_str(talk_find(v, "explain.reads").as.map, TACT_STR("context.device"));
    assert_non_null(device);
    assert_string_equal(talk_find_text(&t.memory, *device, "value"), "desktop");
}

// Down to where it comes from: a propensity, a number that is none, a date, a text, what is inside a segment.
static void reasons_go_down_to_their_cause(void **state) {
    (void)state;
    talk_publish(&t, "bundle: shop\nidentities: {crm: {unique: true}}\n"
                     "attributes: {affinity: {type: double}, recency: {type: int}, name: {type: string}}\n"
                     "segments: {old: profile.recency >= 9, lost: segment.old || profile.recency == 5}\n"
                     "placements: {hero: {channel: web, rank: by}}\ncontent: {hero: {title: string}}\n"
                     "rankings: {by: propensity / offer.value}\n"
                     "offers:\n"
                     "  unset: {propensity: profile.affinity * 2.0, content: {hero: {title: a}}}\n"
                     "  zero: {value: 0.0, content: {hero: {title: a}}}\n"
                     "  early: {starts: 2999-01-01, content: {hero: {title: a}}}\n"
                     "  late: {ends: 2001-01-01, content: {hero: {title: a}}}\n"
                     "  text: {content: {hero: {title: 'Hi {{ profile.name }}'}}}\n"
                     "  lost: {eligible: segment.lost, content: {hero: {title: a}}}\n");
    (void)talk_ask(&t, tact_record, "{'commands': [{'set': {'recency': 3}, 'person': {'crm': 1}}]}");
    tact_value v = talk_ask(&t, tact_explain, "{'person': {'crm': 1}, 'placements': ['hero']}");
    tact_value unset = said_of(v, "hero", "unset"), zero = said_of(v, "hero", "zero");
    assert_string_equal(talk_find_text(&t.memory, unset, "rule"), "offers.unset.propensity");
    assert_string_equal(talk_find_text(&t.memory, unset, "decided"), "profile.affinity");
    assert_string_equal(talk_find_text(&t.memory, unset, "why"), "it is unset");
    assert_string_equal(talk_find_text(&t.memory, zero, "why"),
                        "its score comes to infinity, by which nothing can be ranked");
    assert_string_equal(talk_find_text(&t.memory, zero, "value"), "infinity");
    assert_memory_equal(talk_find_text(&t.memory, said_of(v, "hero", "early"), "why"), "it starts at 299", 16);
    assert_memory_equal(talk_find_text(&t.memory, said_of(v, "hero", "late"), "why"), "it ended at 200", 15);
    assert_string_equal(talk_find_text(&t.memory, said_of(v, "hero", "text"), "why"),
                        "its text title has no value: profile.name is absent: it is unset");
    tact_value reads = talk_find(v, "explain.reads");
    const tact_value *lost = value_map_get_str(reads.as.map, TACT_STR("segment.lost"));
    const tact_value *old = value_map_get_str(reads.as.map, TACT_STR("segment.old"));
    assert_non_null(lost);
    assert_non_null(old);
    assert_string_equal(talk_text(&t.memory, talk_find(*lost, "reads")), "['profile.recency','segment.old']");
    assert_string_equal(talk_find_text(&t.memory, *old, "decided"), "profile.recency >= 9");
    assert_string_equal(talk_text(&t.memory, talk_find(*old, "reads")), "['profile.recency']");
}

static void values_have_source_and_age(void **state) {
    (void)state;
    do_record("{'set': {'tier': 'silver'}, 'person': {'crm': 1}, 'source': 'crm', 'time': '2026-11-01T09:00:00Z'}");
    tact_value v = talk_ask(&t, tact_explain,
                            "{'person': {'crm': 1}, 'placements': ['hero'],"
                            " 'now': '2026-11-01T10:00:00Z'}");
    const tact_value *tier = value_map_get_str(talk_find(v, "explain.reads").as.map, TACT_STR("profile.tier"));
    assert_non_null(tier);
    assert_string_equal(talk_text(&t.memory, *tier), "{'value':'silver','source':'crm','age_s':3600}");
}

static void scores_have_terms_and_caps_what_is_left(void **state) {
    (void)state;
    do_record("{'consent': {'marketing': 'granted'}, 'person': {'crm': 1}}");
    tact_value v = talk_ask(&t, tact_decide, "{'person': {'crm': 1}, 'placements': ['hero']}");
    do_record(print("{'event': 'impression', 'token': '%s'}", talk_find_text(&t.memory, v, "placements.hero.0.token")));
    v = talk_ask(&t, tact_explain, "{'person': {'crm': 1}, 'placements': ['hero']}");
    tact_value winter = said_of(v, "hero", "winter");
    assert_int_equal(talk_find_int(winter, "rank"), 1);
    assert_string_equal(talk_text(&t.memory, talk_find(winter, "terms")), "{'propensity':0.1,'offer.value':9.0}");
    assert_string_equal(talk_text(&t.memory, talk_find(winter, "caps.0")),
                        "{'cap':'offers.winter.caps[0]','counted':1,'max':2,'left':1}");
    do_record(
        print("{'event': 'impression', 'token': '%s'}",
              talk_find_text(&t.memory, talk_ask(&t, tact_decide, "{'person': {'crm': 1}, 'placements': ['hero']}"),
                             "placements.hero.0.token")));
    v = talk_ask(&t, tact_explain, "{'person': {'crm': 1}, 'placements': ['hero', 'chat']}");
    assert_string_equal(stage_of(v, "hero", "winter"), "caps");
    assert_string_equal(talk_find_text(&t.memory, said_of(v, "hero", "winter"), "why"),
                        "offers.winter.caps[0]: counted 2, at most 2");
}

static void funnels_add_up(void **state) {
    (void)state;
    tact_value v = talk_ask(&t, tact_explain, "{'placements': ['hero', 'chat'], 'context': {'device': 'mobile'}}");
    for (int i = 0; i < 2; i++) {
        tact_value p = talk_find(v, i ? "explain.placements.chat" : "explain.placements.hero");
        int64_t left = talk_find_int(p, "candidates");
        tact_value funnel = talk_find(p, "funnel"), offers = talk_find(p, "offers");
        assert_int_equal(offers.len, left);
        assert_int_equal(funnel.len, BUNDLE_STAGES);
        for (uint32_t k = 0; k < funnel.len; k++) {
            const char *stage = talk_find_text(&t.memory, funnel.as.items[k], "stage");
            int64_t removed = 0;
            for (uint32_t n = 0; n < offers.len; n++) {
                removed += !strcmp(talk_find_text(&t.memory, offers.as.items[n], "stage"), stage);
            }
            assert_string_equal(stage, bundle_stage_name((bundle_stage)k));
            assert_int_equal(talk_find_int(funnel.as.items[k], "removed"), removed);
            left -= removed;
            assert_int_equal(talk_find_int(funnel.as.items[k], "left"), left);
        }
        assert_int_equal(talk_find(v, i ? "placements.chat" : "placements.hero").len, talk_find_int(p, "shown"));
    }
    // Gone to the hero, so not in the chat.
    assert_string_equal(stage_of(v, "chat", "phone"), "rank");
    assert_string_equal(talk_find_text(&t.memory, said_of(v, "chat", "phone"), "why"), "it is shown at hero");
}

static void the_part_that_decided_is_found(void **state) {
    (void)state;
    static const struct {
        const char *rule, *decided;
    } all[] = {
        {"1 < 2 && context.n > 5 && context.n < 9", "context.n > 5"},
        {"context.n > 5 || context.n < 0", "context.n > 5 || context.n < 0"},
        {"(context.n == 1 || context.n == 2) && (context.n == 1 && !context.b)", "!context.b"},
        {"!(context.n == 1)", "!(context.n == 1)"},
        {"context.n == 1 && (context.n > 3 || context.n > 4)", "context.n > 3 || context.n > 4"},
        {"context.b && context.s == \"x\" && context.n == 1", "context.s == \"x\""},
        {"context.b && !context.b", "!context.b"},
        {"context.b && !( (context.n == 1))", "!( (context.n == 1))"},
        {"context.b && context.n != 1 && context.n == 2", "context.n != 1"},
        {"context.n / 0 == 1", "context.n / 0"},
        {"context.b && context.b == !context.b", "context.b == !context.b"},
        {"context.b && context.n / 0 == 1", "context.n / 0"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        talk_publish(&t,
                     print("bundle: shop\nidentities: {crm: {}}\ncontext: {n: {type: int}, b: {type: bool}, s: {type: "
                           "string}}\nplacements: {hero: {channel: web}}\ncontent: {hero: {}}\n"
                           "offers: {one: {eligible: '%s', content: {hero: {}}}}\n",
                           all[i].rule));
        tact_value v = talk_ask(&t, tact_explain, "{'placements': ['hero'], 'context': {'n': 1, 'b': true, 's': 'y'}}");
        assert_string_equal(talk_find_text(&t.memory, said_of(v, "hero", "one"), "decided"), all[i].decided);
    }
}

// ---- Nothing changes, and it is true --------------------------------------------------------------------------------

static void explaining_changes_nothing(void **state) {
    (void)state;
    do_record("{'set': {'recency': 12, 'tier': 'gold'}, 'person': {'crm': 1}}");
    const char *before = picture();
    for (int i = 0; i < 20; i++) {
        (void)talk_ask(&t, tact_explain,
                       "{'person': {'crm': 1}, 'placements': ['hero', 'chat'],"
                       " 'events': [{'type': 'purchase', 'amount': 1}]}");
        (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'new'}, 'placements': ['hero'], 'explain': true}");
        (void)talk_ask(&t, tact_decide, "{'person': {'cookie': 'new'}, 'placements': ['hero'], 'dry': true}");
        (void)talk_ask(&t, tact_context, "{'person': {'crm': 1}, 'channel': 'chat'}");
    }
    talk_close(&t);
    talk_open(&t, NULL);
    assert_string_equal(picture(), before);
}

static const char *answer_of(tact_value reply) { // without tokens
    form f = {&t.memory, false};
    tact_value places = talk_find(reply, "placements");
    buf out = buf_in(&t.memory);
    for (uint32_t i = 0; i < places.as.map->count; i++) {
        tact_value choices = places.as.map->entries[i].value;
        for (uint32_t k = 0; k < choices.len; k++) {
            buf_printf(&out, "%s %s %s; ", talk_find_text(&t.memory, choices.as.items[k], "offer"),
                       talk_text(&t.memory, talk_find(choices.as.items[k], "content")),
                       talk_find(choices.as.items[k], "score").kind == TACT_DOUBLE
                           ? print("%.17g", talk_find(choices.as.items[k], "score").as.d)
                           : "");
        }
        buf_add_text(&out, "| ");
    }
    assert_false(f.failed);
    return buf_done(&out).ptr;
}

static void the_explained_winner_is_the_live_winner(void **state) {
    (void)state;
    uint64_t seed = draw_begin();
    talk_publish(&t, print("%s  tie1: {value: 1.0, content: {chat: {text: a}}}\n  tie2: {value: 1.0, content: {chat: "
                           "{text: b}}}\n  tie3: {value: 1.0, content: {chat: {text: c}}}\n",
                           talk_shop));
    static const char *const tiers[] = {"'gold'", "'silver'", "null"};
    for (int i = 0; i < 200; i++) {
        int who = (int)draw_below(&seed, 20);
        do_record(print("{'set': {'recency': %d, 'tier': %s}, 'person': {'crm': %d}}", (int)draw_below(&seed, 20),
                        tiers[draw_below(&seed, 3)], who));
        if (draw_below(&seed, 2)) do_record(print("{'consent': {'marketing': 'granted'}, 'person': {'crm': %d}}", who));
        const char *asked = print("'person': {'crm': %d}, 'placements': ['chat', 'hero'], 'decision': 'd-%d',"
                                  " 'context': {'device': '%s'}",
                                  who, i, draw_below(&seed, 2) ? "mobile" : "desktop");
        tact_value explained = talk_ask(&t, tact_explain, print("{%s}", asked));
        tact_value given = talk_ask(&t, tact_decide, print("{%s}", asked));
        assert_string_equal(answer_of(explained), answer_of(given));
    }
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_stage_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reasons_go_down_to_their_cause, set_up, tear_down),
        cmocka_unit_test_setup_teardown(values_have_source_and_age, set_up, tear_down),
        cmocka_unit_test_setup_teardown(scores_have_terms_and_caps_what_is_left, set_up, tear_down),
        cmocka_unit_test_setup_teardown(funnels_add_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_part_that_decided_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(explaining_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_explained_winner_is_the_live_winner, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
