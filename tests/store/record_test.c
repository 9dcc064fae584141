// SPDX-License-Identifier: Apache-2.0
//
// Records read in place: each accessor against the merged state that the record was built from, under the schema it was
// written with and under later ones; damage; and the file tests/store/golden/record-v1.bin, which must read for ever.
//
// That file is not made by the code under test: `golden_bytes` below writes it byte for byte, as record.h draws it. To
// write it anew (there is no reason to, as long as version 1 is what it is): WRITE_GOLDEN=1 record_test.
#include "store/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "draw.h"
#include "shop.h"
#include "store/tally.h"
#include "store/window.h"

#include <cmocka.h>

#define GOLDEN "tests/store/golden/record-v1.bin"

static tact_str build(arena *a, const merged *m, const schema *sc) {
    buf out = buf_in(a);
    tact_error error = {.text = ""};
    if (record_build(&out, m, sc, &error)) fail_msg("%s", error.text);
    tact_str bytes = buf_done(&out);
    assert_non_null(bytes.ptr);
    if (record_check(bytes, &error)) fail_msg("%s", error.text);
    return bytes;
}

static record open_record(tact_str bytes) {
    record r;
    tact_error error = {.text = ""};
    if (record_open(bytes, &r, &error)) fail_msg("%s", error.text);
    return r;
}

static record record_of(arena *a, const strand_fact *facts, uint32_t count, const schema *sc) {
    merged m = {.person = 1, .facts = facts, .facts_count = count};
    return open_record(build(a, &m, sc));
}

static bool is_absent(tact_value v, const char *why) {
    return v.kind == TACT_ERROR && v.len == TACT_FAULT_ABSENT && strcmp(v.as.s, why) == 0;
}

// ---- Against the merged state ---------------------------------------------------------------------------------------

static bool same_state(tact_value x, tact_value y) {
    return x.kind == y.kind && (x.kind == TACT_ERROR ? x.len == y.len : tact_value_equal(x, y));
}

// The identity of the strand that has the person's id, here the newest one.
static void check_unit(const record *r, const merged *m, const schema *sc) {
    char expected[SCHEMA_NAME_MAX + COMMAND_IDENTITY_MAX + 2] = "";
    for (uint32_t i = 0; i < m->identities_count; i++) {
        const merge_identity *one = &m->identities[i];
        tact_str space = sc->identities[one->space].name;
        if (one->strand != m->person) continue;
        snprintf(expected, sizeof expected, "%.*s:%.*s", (int)space.len, space.ptr, (int)one->value.len,
                 one->value.ptr);
    }
    assert_string_not_equal(expected, "");
    assert_true(tact_str_equal(record_unit(r), tact_str_from(expected)));
}

static void check_all(arena *a, const record *r, const merged *m, const schema *sc, int64_t now) {
    uint32_t facts = 0, consents = 0, windows = 0;
    assert_int_equal(record_person(r), m->person);
    assert_int_equal(record_updates(r), m->updates);
    check_unit(r, m, sc);
    for (uint32_t p = 0; p < SHOP_PURPOSES; p++) {
        const strand_consent *c = consents < m->consents_count ? &m->consents[consents] : NULL;
        consent_state expected = CONSENT_UNSET;
        bool ended = false; // a grant
        if (c && c->purpose == p) {
            strand_consent said;
            consents++;
            if (!c->expires_ms || c->expires_ms > now) expected = (consent_state)c->state;
            ended = c->state == CONSENT_GRANTED && expected == CONSENT_UNSET;
            assert_true(record_statement(r, p, &said));
            assert_true(said.state == c->state && said.source == c->source && said.explicit_ == c->explicit_);
            assert_true(said.purpose == p && said.time_ms == c->time_ms && said.expires_ms == c->expires_ms);
        }
        assert_int_equal(record_consent(r, p, now), expected);
        bool granted = expected == CONSENT_GRANTED ||
                       (expected == CONSENT_UNSET && !ended && p == SHOP_PERSONALIZATION);
        assert_int_equal(record_granted(r, sc, p, now), granted);
    }
    for (uint32_t n = 0; n < SHOP_ATTRIBUTES; n++) {
        const strand_fact *f = facts < m->facts_count && m->facts[facts].attribute == n ? &m->facts[facts++] : NULL;
        const schema_attribute *attribute = &sc->attributes[n];
        bool granted = attribute->purpose < 0 || record_granted(r, sc, (uint32_t)attribute->purpose, now);
        bool too_old = f && attribute->max_age_ms && now - f->time_ms / 1000 * 1000 > attribute->max_age_ms;
        record_absence expected = !granted ? RECORD_NOT_GRANTED : !f ? RECORD_UNSET : RECORD_PRESENT;
        if (expected == RECORD_PRESENT && too_old) expected = RECORD_TOO_OLD;
        tact_value v = record_attribute(r, sc, n, now, a);
        assert_int_equal(record_why(r, sc, n, now), expected);
        if (expected == RECORD_PRESENT) {
            assert_true(v.kind == type_value_kind(attribute->type) && tact_value_equal(v, f->value));
        } else if (attribute->has_default) {
            assert_true(tact_value_equal(v, attribute->fallback));
        } else {
            assert_true(is_absent(v, record_absence_text(sc, n, expected)));
        }
        uint8_t source;
        int64_t time_ms;
        assert_int_equal(record_origin(r, n, &source, &time_ms), f != NULL);
        if (f) assert_true(source == f->source && time_ms == f->time_ms / 1000 * 1000);
    }
    for (uint32_t n = 0; n < SHOP_AGGREGATES; n++) {
        bool there = windows < m->windows_count && m->windows[windows].key == n;
        tact_str state = there ? m->windows[windows++].state : (tact_str){NULL, 0};
        tact_value v = record_aggregate(r, sc, n, now);
        assert_true(same_state(v, window_read(state, &sc->aggregates[n], now)));
    }
    for (uint32_t i = 0; i < m->tallies_count; i++) {
        for (int64_t days = -3; days < 12; days++) {
            int64_t since = SHOP_NOW + days * SHOP_DAY;
            assert_int_equal(record_tally(r, m->tallies[i].key, since), tally_since(m->tallies[i].state, since));
        }
    }
    assert_int_equal(record_tally(r, 1, INT64_MIN), 0);
}

static merged random_person(arena *a, uint64_t *seed, const schema *sc) {
    strand *strands = arena_array(a, 3, sizeof *strands);
    const strand *all[3];
    merged m;
    assert_non_null(strands);
    for (int i = 0; i < 3; i++) {
        static const char *const names[] = {"4711", "ann@example.com", "k-7"};
        strands[i] = shop_strand((uint64_t)i + 40, (uint16_t)i, names[i],
                                 SHOP_NOW - i); // the smallest id is the newest
        for (int64_t k = draw_below(seed, 30); k > 0; k--) {
            command c = shop_draw(a, seed, SHOP_NOW + draw_below(seed, 9 * SHOP_DAY));
            shop_apply(a, &strands[i], &c, sc);
        }
        all[i] = &strands[i];
    }
    assert_int_equal(merge_strands(a, all, 3, sc, &m), TACT_OK);
    return m;
}

static void reads_what_it_was_built_from(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    for (int round = 0; round < 150; round++) {
        const schema *sc = shop_schema(&a);
        merged m = random_person(&a, &seed, sc);
        tact_str bytes = build(&a, &m, sc);
        char *moved = arena_alloc(&a, bytes.len + 1); // any alignment will do
        assert_non_null(moved);
        memcpy(moved + 1, bytes.ptr, bytes.len);
        record r = open_record((tact_str){moved + 1, bytes.len});
        for (int k = 0; k < 6; k++) check_all(&a, &r, &m, sc, SHOP_NOW + draw_below(&seed, 120 * SHOP_DAY));
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

static void an_attribute_is_found_among_thousands(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    schema *sc = schema_new(&a);
    assert_non_null(sc);
    for (int i = 0; i < SCHEMA_ATTRIBUTES_MAX; i++) {
        const schema_attribute attribute = {
            .name = tact_str_from(arena_printf(&a, "a%d", i)), .type = &type_int, .purpose = -1};
        assert_int_equal(schema_add_attribute(sc, &attribute, NULL), TACT_OK);
    }
    for (int64_t every = 1; every < 5000; every *= 7) {
        strand_fact *facts = arena_array(&a, SCHEMA_ATTRIBUTES_MAX, sizeof *facts);
        uint32_t count = 0, next = 0;
        for (uint16_t i = 0; i < SCHEMA_ATTRIBUTES_MAX; i++) {
            if (!draw_below(&seed, every)) facts[count++] = (strand_fact){i, 0, SHOP_NOW, tact_int(i * 3)};
        }
        record r = record_of(&a, facts, count, sc);
        for (uint32_t i = 0; i < SCHEMA_ATTRIBUTES_MAX; i++) {
            bool there = next < count && facts[next].attribute == i;
            tact_value v = record_attribute(&r, sc, i, SHOP_NOW, NULL);
            if (there) {
                assert_true(v.kind == TACT_INT && v.as.i == i * 3);
                next++;
            } else {
                assert_true(is_absent(v, "it is unset"));
            }
        }
    }
    arena_fini(&a);
}

// ---- Absence --------------------------------------------------------------------------------------------------------

static void what_is_absent_says_why(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    const strand_fact facts[] = {{SHOP_FIRST_NAME, 0, SHOP_NOW, tact_string("Ann", 3)},
                                 {SHOP_TIER, 0, SHOP_NOW, tact_string("gold", 4)},
                                 {SHOP_BORN, 0, SHOP_NOW, tact_timestamp(5, 6)}};
    const strand_consent granted = {SHOP_MARKETING, CONSENT_GRANTED, 0, true, SHOP_NOW, SHOP_NOW + 10};
    const strand_consent denied[] = {{SHOP_PERSONALIZATION, CONSENT_DENIED, 0, true, SHOP_NOW, 0},
                                     {SHOP_MARKETING, CONSENT_GRANTED, 0, true, SHOP_NOW, 0}};
    merged m = {.facts = facts, .facts_count = 3, .consents = &granted, .consents_count = 1};
    record r = open_record(build(&a, &m, sc));
    int64_t edge = SHOP_NOW + 90 * SHOP_DAY;
    assert_true(is_absent(record_attribute(&r, sc, SHOP_RECENCY, SHOP_NOW, NULL), "it is unset"));
    assert_true(record_attribute(&r, sc, SHOP_TIER, edge, NULL).kind == TACT_STRING);
    assert_true(is_absent(record_attribute(&r, sc, SHOP_TIER, edge + 1, NULL), "it is too old to use"));
    assert_true(record_attribute(&r, sc, SHOP_TIER, SHOP_NOW - 5000, NULL).kind == TACT_STRING); // not yet set, not old
    assert_true(record_attribute(&r, sc, SHOP_FIRST_NAME, SHOP_NOW, NULL).kind == TACT_STRING);  // granted by default
    assert_true(record_attribute(&r, sc, SHOP_BORN, SHOP_NOW + 9, NULL).kind == TACT_TIMESTAMP);
    assert_true(is_absent(record_attribute(&r, sc, SHOP_BORN, SHOP_NOW + 10, NULL), "`marketing` is not granted"));
    assert_true(tact_value_equal(record_attribute(&r, sc, SHOP_NEWBIE, SHOP_NOW, NULL), tact_bool(false)));
    assert_int_equal(record_why(&r, sc, SHOP_NEWBIE, SHOP_NOW), RECORD_UNSET);
    m.consents = denied, m.consents_count = 2;
    r = open_record(build(&a, &m, sc));
    assert_true(
        is_absent(record_attribute(&r, sc, SHOP_FIRST_NAME, SHOP_NOW, NULL), "`personalization` is not granted"));
    assert_true(record_attribute(&r, sc, SHOP_BORN, SHOP_NOW + 10, NULL).kind == TACT_TIMESTAMP);
    m.facts_count = 0; // whether there is a value stays unsaid
    r = open_record(build(&a, &m, sc));
    assert_int_equal(record_why(&r, sc, SHOP_FIRST_NAME, SHOP_NOW), RECORD_NOT_GRANTED);
    arena_fini(&a);
}

static void an_older_record_reads_under_a_newer_schema(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    schema *sc = shop_schema(&a);
    tact_value sizes[] = {tact_int(38), tact_int(40)}, tags[] = {tact_string("x", 1)};
    const strand_fact facts[] = {{SHOP_RECENCY, 0, SHOP_NOW, tact_int(4)},
                                 {SHOP_TAGS, 0, SHOP_NOW, tact_list(tags, 1)},
                                 {SHOP_SIZES, 0, SHOP_NOW, tact_list(sizes, 2)}};
    record r = record_of(&a, facts, 3, sc);
    const schema_attribute added = {.name = TACT_STR("added"), .type = &type_int, .purpose = -1};
    assert_int_equal(schema_add_attribute(sc, &added, NULL), TACT_OK);
    assert_true(is_absent(record_attribute(&r, sc, SHOP_ATTRIBUTES, SHOP_NOW, &a), "it is unset"));
    assert_true(is_absent(record_attribute(&r, sc, SHOP_ATTRIBUTES + 1, SHOP_NOW, &a), "it is unset"));
    sc->attributes[SHOP_RECENCY].type = &type_double;
    sc->attributes[SHOP_SIZES].type = sc->attributes[SHOP_SCORES].type;
    tact_value v = record_attribute(&r, sc, SHOP_RECENCY, SHOP_NOW, &a);
    assert_true(v.kind == TACT_DOUBLE && v.as.d == 4.0);
    v = record_attribute(&r, sc, SHOP_SIZES, SHOP_NOW, &a);
    assert_true(v.kind == TACT_LIST && v.len == 2 && v.as.items[1].kind == TACT_DOUBLE && v.as.items[1].as.d == 40.0);
    sc->attributes[SHOP_TAGS].retired = true;
    assert_true(is_absent(record_attribute(&r, sc, SHOP_TAGS, SHOP_NOW, &a), "it is unset"));
    sc->aggregates[SHOP_PIECES].retired = true;
    assert_true(is_absent(record_aggregate(&r, sc, SHOP_PIECES, SHOP_NOW), "it is unset"));
    sc->attributes[SHOP_RECENCY].type = &type_string; // no schema becomes this; nothing is read as what it is not
    assert_true(is_absent(record_attribute(&r, sc, SHOP_RECENCY, SHOP_NOW, &a), "it is unset"));
    arena_fini(&a);
}

static void only_lists_take_memory(void **context) {
    (void)context;
    uint64_t seed = 1;
    arena a, none;
    arena_init(&a, 0);
    arena_init(&none, 16);
    const schema *sc = shop_schema(&a);
    tact_value tags[] = {tact_string("x", 1), tact_string("yz", 2)};
    const strand_fact fact = {SHOP_TAGS, 0, SHOP_NOW, tact_list(tags, 2)};
    record r = record_of(&a, &fact, 1, sc);
    tact_value v = record_attribute(&r, sc, SHOP_TAGS, SHOP_NOW, &none);
    assert_true(v.kind == TACT_ERROR && v.len == TACT_FAULT_NO_MEMORY);
    v = record_attribute(&r, sc, SHOP_TAGS, SHOP_NOW, &a);
    assert_true(tact_value_equal(v, fact.value));
    assert_true(v.as.items[1].as.s > r.bytes && v.as.items[1].as.s < r.bytes + r.size); // the text stays where it is
    merged m = random_person(&a, &seed, sc);
    r = open_record(build(&a, &m, sc));
    for (uint32_t n = 0; n < SHOP_TAGS; n++) (void)record_attribute(&r, sc, n, SHOP_NOW, NULL);
    arena_fini(&none);
    arena_fini(&a);
}

static void a_list_of_both_numbers_is_one_of_doubles(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    tact_value scores[] = {tact_int(1), tact_double(2.5)};
    const strand_fact fact = {SHOP_SCORES, 0, SHOP_NOW, tact_list(scores, 2)};
    record r = record_of(&a, &fact, 1, sc);
    tact_value v = record_attribute(&r, sc, SHOP_SCORES, SHOP_NOW, &a);
    assert_true(v.len == 2 && v.as.items[0].kind == TACT_DOUBLE && v.as.items[0].as.d == 1.0);
    arena_fini(&a);
}

// ---- Damage ---------------------------------------------------------------------------------------------------------

static void read_everything(arena *a, const record *r, const schema *sc) {
    for (uint32_t n = 0; n < SHOP_ATTRIBUTES + 2; n++) {
        tact_value v = record_attribute(r, sc, n, SHOP_NOW, a);
        buf out = buf_in(a);
        value_print(&out, v);
    }
    for (uint32_t n = 0; n < SHOP_AGGREGATES + 2; n++) (void)record_aggregate(r, sc, n, SHOP_NOW);
    for (uint32_t n = 0; n < SHOP_PURPOSES; n++) (void)record_granted(r, sc, n, SHOP_NOW);
    (void)record_tally(r, 0, SHOP_NOW);
}

static void damage_is_refused_or_harmless(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a, reading;
    arena_init(&a, 0);
    arena_init(&reading, 0);
    const schema *sc = shop_schema(&a);
    merged m = random_person(&a, &seed, sc);
    tact_str bytes = build(&a, &m, sc);
    for (size_t len = 0; len < bytes.len; len++) {
        char *cut = malloc(len + !len); // so that the sanitizer sees a read beyond it
        assert_non_null(cut);
        memcpy(cut, bytes.ptr, len);
        assert_int_equal(record_check((tact_str){cut, len}, NULL), TACT_INVALID);
        free(cut);
    }
    char *copy = malloc(bytes.len);
    assert_non_null(copy);
    memcpy(copy, bytes.ptr, bytes.len);
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        tact_str damaged = {copy, bytes.len};
        if (!record_check(damaged, NULL)) {
            record r = open_record(damaged);
            read_everything(&reading, &r, sc);
            tact_arena_reset(&reading);
        }
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
    }
    free(copy);
    arena_fini(&reading);
    arena_fini(&a);
}

static void a_foreign_version_says_so(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    tact_error error;
    record r = record_of(&a, NULL, 0, shop_schema(&a)), other;
    char *copy = arena_copy(&a, r.bytes, r.size);
    copy[0] = 2;
    assert_int_equal(record_open((tact_str){copy, r.size}, &other, &error), TACT_INVALID);
    assert_string_equal(error.text, "not a version of a person's record that this program knows");
    assert_int_equal(record_open((tact_str){r.bytes, r.size - 1}, &other, &error), TACT_INVALID);
    assert_string_equal(error.text, "a person's record is cut off");
    assert_int_equal(record_open((tact_str){NULL, 0}, &other, &error), TACT_INVALID);
    copy[0] = 1, copy[6] = 1; // a window that is not there
    assert_int_equal(record_open((tact_str){copy, r.size}, &other, &error), TACT_INVALID);
    arena_fini(&a);
}

// ---- The golden file ------------------------------------------------------------------------------------------------

enum { GOLDEN_DECLARED = 60, GOLDEN_PRESENT = 10, GOLDEN_FAR = 50, GOLDEN_ROOM = 1000 };

typedef struct hand { // writes by hand
    unsigned char bytes[GOLDEN_ROOM];
    size_t at;
} hand;

static void put(hand *h, uint64_t n, int bytes) {
    for (int i = 0; i < bytes; i++) h->bytes[h->at++] = (unsigned char)(n >> (8 * i));
}

static void put_double(hand *h, double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    put(h, bits, 8);
}

static void put_text(hand *h, const char *text) {
    while (*text) put(h, (unsigned char)*text++, 1);
}

// Attributes 0 to 9 but for `tier`, and 50, which stands in the second word.
static size_t golden_bytes(unsigned char *out) {
    hand h = {.at = 0};
    static const unsigned char kinds[] = {6, 3, 5, 0x68, 2, 10, 11, 0x58, 0x38, 3};
    uint64_t fixed = 48 + 2 * 8 + 10 * 8 + 16 + 10 * 4 + 20 + 12 + 10 + 10;
    uint64_t unit = fixed, at = unit + 10, texts = at + 3, strings = texts, stamp, doubles, ints, window, tally;
    // the rest: "cookie:k-7" | "Ann" | list items 16, "a", "bc" | timestamp 12 | doubles 8 | ints 8 | window 16 + 2 *
    // 16 | tally 8 + 16
    stamp = strings + 16 + 3, doubles = stamp + 12, ints = doubles + 8, window = ints + 8, tally = window + 48;
    put(&h, 1, 1), put(&h, 0, 1), put(&h, GOLDEN_DECLARED, 2), put(&h, 10, 2), put(&h, 1, 2);
    put(&h, 4711, 8), put(&h, 99, 8), put(&h, 1 << 1, 8), put(&h, 1, 4), put(&h, tally + 24, 4);
    put(&h, unit, 4), put(&h, 10, 4);
    put(&h, 0x3f7, 8), put(&h, UINT64_C(9) << 48 | 1 << (50 - 48), 8);
    put(&h, at, 4), put(&h, 3, 4);      // first_name: "Ann"
    put(&h, (uint64_t)-9, 8);           // recency
    put_double(&h, 12.5);               // history
    put(&h, strings, 4), put(&h, 2, 4); // tags
    put(&h, 1, 8);                      // newbie
    put(&h, stamp, 8);                  // born
    put(&h, 1500000000, 8);             // patience
    put(&h, doubles, 4), put(&h, 1, 4); // scores
    put(&h, ints, 4), put(&h, 1, 4);    // sizes
    put(&h, 77, 8);                     // attribute 50
    put(&h, 12345678901, 8), put(&h, tally, 4), put(&h, 24, 4);
    for (unsigned i = 0; i < 10; i++) put(&h, 1700000000 + i, 4);
    put(&h, 1700000000123, 8), put(&h, 1800000000000, 8), put(&h, 2, 1), put(&h, 1, 1), put(&h, 1, 1), put(&h, 0, 1);
    put(&h, 0, 4), put(&h, window, 4), put(&h, 48, 4);
    for (unsigned i = 0; i < 10; i++) put(&h, i % 4, 1);
    for (unsigned i = 0; i < 10; i++) put(&h, kinds[i], 1);
    put_text(&h, "cookie:k-7");
    put_text(&h, "Ann");
    put(&h, strings + 16, 4), put(&h, 1, 4), put(&h, strings + 17, 4), put(&h, 2, 4), put_text(&h, "abc");
    put(&h, (uint64_t)-86400, 8), put(&h, 500, 4);
    put_double(&h, 0.25);
    put(&h, 38, 8);
    // purchases_90d: count, no kind, 2 buckets of 60,750,000 ms: 1 and 2 events
    put(&h, 0, 1), put(&h, 0, 1), put(&h, 0, 2), put(&h, 2, 4), put(&h, 60750000, 8);
    put(&h, 27982 * UINT64_C(60750000), 8), put(&h, 1, 8), put(&h, 27983 * UINT64_C(60750000), 8), put(&h, 2, 8);
    put(&h, 3, 4), put(&h, 2, 4), put(&h, 1700000000000, 8), put(&h, 1700000000500, 8);
    memcpy(out, h.bytes, h.at);
    return h.at;
}

static void check_golden_values(arena *a, const record *r, const schema *sc) {
    int64_t now = 1700000001000;
    assert_int_equal(record_person(r), 4711);
    assert_int_equal(record_updates(r), 99);
    assert_true(tact_str_equal(record_unit(r), TACT_STR("cookie:k-7")));
    static const char *const printed[SHOP_ATTRIBUTES] = {"\"Ann\"",
                                                         "-9",
                                                         "12.5",
                                                         NULL,
                                                         "[\"a\", \"bc\"]",
                                                         "true",
                                                         "timestamp(\"1969-12-31T00:00:00.000000500Z\")",
                                                         "duration(\"1.5s\")",
                                                         "[0.25]",
                                                         "[38]"};
    for (uint32_t n = 0; n < SHOP_ATTRIBUTES; n++) {
        tact_value v = record_attribute(r, sc, n, now, a);
        if (printed[n]) {
            assert_string_equal(tact_value_print(v, a).ptr, printed[n]);
        } else {
            assert_true(is_absent(v, "it is unset"));
        }
    }
    uint8_t source;
    int64_t time_ms;
    assert_true(record_origin(r, GOLDEN_FAR, &source, &time_ms));
    assert_true(source == 1 && time_ms == 1700000009000);
    assert_false(record_origin(r, GOLDEN_FAR + 1, &source, &time_ms));
    assert_int_equal(record_consent(r, SHOP_MARKETING, now), CONSENT_GRANTED);
    assert_int_equal(record_consent(r, SHOP_MARKETING, 1800000000000), CONSENT_UNSET);
    assert_int_equal(record_consent(r, SHOP_PERSONALIZATION, now), CONSENT_UNSET);
    assert_true(tact_value_equal(record_aggregate(r, sc, SHOP_PURCHASES_90D, now), tact_int(3)));
    assert_int_equal(record_tally(r, 12345678901, 1700000000001), 1);
    assert_int_equal(record_tally(r, 12345678901, 0), 2);
}

// The same facts, as the program builds them: they must give the same bytes for as long as the version is 1.
static tact_str build_golden(arena *a, const schema *sc) {
    static const uint16_t numbers[] = {0, 1, 2, 4, 5, 6, 7, 8, 9, GOLDEN_FAR};
    tact_value tags[] = {tact_string("a", 1), tact_string("bc", 2)}, scores[] = {tact_double(0.25)},
               sizes[] = {tact_int(38)};
    const tact_value values[] = {tact_string("Ann", 3),     tact_int(-9),
                                 tact_double(12.5),         tact_list(tags, 2),
                                 tact_bool(true),           tact_timestamp(-86400, 500),
                                 tact_duration(1500000000), tact_list(scores, 1),
                                 tact_list(sizes, 1),       tact_int(77)};
    strand_fact facts[GOLDEN_PRESENT];
    for (unsigned i = 0; i < GOLDEN_PRESENT; i++) {
        facts[i] = (strand_fact){numbers[i], i % 4, 1700000000000 + 1000 * (int64_t)i + 999, values[i]};
    }
    const strand_consent consent = {SHOP_MARKETING, CONSENT_GRANTED, 1, true, 1700000000123, 1800000000000};
    tact_str window = {NULL, 0}, tally = {NULL, 0};
    static const int64_t events[] = {1700000000000, 1699906500005, 1700000000007};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(window_add(a, &sc->aggregates[SHOP_PURCHASES_90D], &window, events[i], tact_null()), TACT_OK);
    }
    for (int i = 0; i < 2; i++) assert_int_equal(tally_add(a, &tally, 1700000000500 - 500 * i, 3), TACT_OK);
    const strand_state windows = {SHOP_PURCHASES_90D, window}, tallies = {12345678901, tally};
    const merge_identity identity = {4711, SHOP_COOKIE, false, TACT_STR("k-7"), 1600000000000};
    merged m = {.person = 4711,
                .updates = 99,
                .identities = &identity,
                .identities_count = 1,
                .facts = facts,
                .facts_count = GOLDEN_PRESENT,
                .consents = &consent,
                .consents_count = 1,
                .windows = &windows,
                .windows_count = 1,
                .tallies = &tallies,
                .tallies_count = 1};
    schema wide = *sc;
    wide.attributes_count = GOLDEN_DECLARED;
    return build(a, &m, &wide);
}

static void version_1_reads_for_ever(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    unsigned char written[GOLDEN_ROOM], stored[GOLDEN_ROOM];
    size_t len = golden_bytes(written);
    if (getenv("WRITE_GOLDEN")) {
        FILE *f = fopen(GOLDEN, "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(written, 1, len, f), len);
        assert_int_equal(fclose(f), 0);
    }
    FILE *f = fopen(GOLDEN, "rb");
    assert_non_null(f);
    size_t stored_len = fread(stored, 1, sizeof stored, f);
    fclose(f);
    assert_int_equal(stored_len, len);
    assert_memory_equal(stored, written, len);
    tact_str bytes = {(const char *)stored, stored_len};
    tact_error error = {.text = ""};
    if (record_check(bytes, &error)) fail_msg("%s", error.text);
    record r = open_record(bytes);
    check_golden_values(&a, &r, sc);
    tact_str built = build_golden(&a, sc);
    assert_int_equal(built.len, len);
    assert_memory_equal(built.ptr, written, len);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_was_built_from),  cmocka_unit_test(an_attribute_is_found_among_thousands),
        cmocka_unit_test(what_is_absent_says_why),       cmocka_unit_test(an_older_record_reads_under_a_newer_schema),
        cmocka_unit_test(only_lists_take_memory),        cmocka_unit_test(a_list_of_both_numbers_is_one_of_doubles),
        cmocka_unit_test(damage_is_refused_or_harmless), cmocka_unit_test(a_foreign_version_says_so),
        cmocka_unit_test(version_1_reads_for_ever),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
