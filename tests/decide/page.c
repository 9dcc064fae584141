// SPDX-License-Identifier: Apache-2.0
//
// See page.h.
#include "page.h"

#include <stdio.h>
#include <stdlib.h>

#include "decide/decide.h"
#include "store/tally.h"

#define DAY INT64_C(86400000)
#define NOW INT64_C(1796119200000) // 2026-12-01T10:00:00Z

struct page {
    arena memory, scratch;
    bundle *bundle;
    record record;
    tact_value *context;
    decide_answer answer;
    tact_value *slots; // of the floor
    uint32_t offer_slot, propensity_slot;
};

void page_write(struct buf *out, bool dated) {
    buf_add_text(out, "bundle: page\ntime_zone: Europe/Berlin\n"
                      "identities: {cookie: {max: 20}}\n"
                      "purposes: {marketing: {default: denied}}\n"
                      "attributes:\n  recency: {type: int, default: 12}\n  affinity: {type: double}\n"
                      "context: {weight: {type: double, default: 1.0}}\n"
                      "placements: {home: {channel: web, slots: 3, rank: arbitrated}}\n"
                      "content: {home: {title: string, image: image, link: url}}\n"
                      "rankings: {arbitrated: propensity * context.weight * offer.value * (1.0 + offer.weight / "
                      "100.0)}\n"
                      "offers:\n");
    for (int i = 0; i < PAGE_OFFERS; i++) {
        buf_printf(out,
                   "  offer_%02d:\n    purpose: marketing\n    value: %d.5\n    weight: %d\n    propensity: 0.%02d\n"
                   "%s"
                   "    caps: [{on: impression, max: 3, every: 7d}, {on: impression, max: 20, per: month}, "
                   "{on: click, max: 2, every: 30d}]\n"
                   "    content: {home: {title: Offer %d, image: /img/%d.jpg, link: /offers/%d}}\n",
                   i, 1 + i * 7 % 29, i % 5 * 5, 10 + i * 13 % 60,
                   dated ? "    starts: 2026-11-01\n    ends: 2027-02-01\n" : "", i, i, i);
    }
}

static bundle *build(arena *a) {
    buf text = buf_in(a);
    sources s;
    report r;
    bundle *b = NULL;
    page_write(&text, true);
    sources_init(&s, a);
    if (sources_add(&s, TACT_STR("bundle.yaml"), buf_done(&text), NULL)) return NULL;
    report_init(&r, a, &s, TACT_STR("page"));
    if (bundle_build(&r, NULL, &b)) fprintf(stderr, "page: %s", report_text(&r).ptr);
    return b;
}

// Each offer was seen twice in the past weeks, and clicked long ago.
static bool add_counters(arena *a, const bundle *b, strand *s) {
    for (int32_t i = 0; i < PAGE_OFFERS; i++) {
        for (int k = 0; k < 3; k++) {
            decide_count tally[2];
            bundle_count on = k < 2 ? BUNDLE_ON_IMPRESSION : BUNDLE_ON_CLICK;
            if (decide_tallies(b, on, -1, i, 0, tally, 2) != 1) return false;
            command c = {.kind = COMMAND_COUNT, .time_ms = NOW - (k == 0 ? 9 : k == 1 ? 2 : 40) * DAY};
            c.source = SCHEMA_SOURCE_NONE;
            c.tally = tally->tally;
            c.keep = tally->keep;
            if (strand_apply(a, s, &c, b->schema, NULL)) return false;
        }
    }
    return true;
}

static bool make_person(page *p) {
    const schema *sc = p->bundle->schema;
    strand s = {.id = 1, .identity = TACT_STR("7f3"), .created_ms = NOW - 300 * DAY};
    const strand *all[] = {&s};
    const command_value affinity = {(uint16_t)schema_find_attribute(sc, TACT_STR("affinity")), tact_double(0.7)};
    const command_consent consent = {.state = CONSENT_GRANTED, .explicit_ = true};
    const command set = {
        .kind = COMMAND_SET, .time_ms = NOW, .source = SCHEMA_SOURCE_NONE, .values = &affinity, .values_count = 1};
    const command grant = {.kind = COMMAND_CONSENT,
                           .time_ms = NOW,
                           .source = SCHEMA_SOURCE_NONE,
                           .consents = &consent,
                           .consents_count = 1};
    merged m;
    buf out = buf_in(&p->memory);
    if (strand_apply(&p->memory, &s, &set, sc, NULL) || strand_apply(&p->memory, &s, &grant, sc, NULL)) return false;
    if (!add_counters(&p->memory, p->bundle, &s) || merge_strands(&p->memory, all, 1, sc, &m)) return false;
    return !record_build(&out, &m, sc, NULL) && !record_open(buf_done(&out), &p->record, NULL);
}

static uint32_t slot_named(const bundle *b, tact_str name) {
    uint32_t slot = 0;
    while (slot < b->slots_count && !tact_str_equal(b->slots[slot].name, name)) slot++;
    return slot;
}

page *page_new(void) {
    page *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    arena_init(&p->memory, 0);
    arena_init(&p->scratch, 0);
    p->bundle = build(&p->memory);
    p->context = arena_zalloc(&p->memory, sizeof *p->context);
    if (!p->bundle || !p->context || !make_person(p)) {
        page_free(p);
        return NULL;
    }
    p->context[0] = tact_double(1.25);
    p->slots = arena_zalloc(&p->memory, p->bundle->slots_count * sizeof *p->slots);
    p->slots[slot_named(p->bundle, TACT_STR("context.weight"))] = p->context[0];
    p->offer_slot = slot_named(p->bundle, TACT_STR("offer.id"));
    p->propensity_slot = slot_named(p->bundle, TACT_STR("propensity"));
    return p;
}

void page_free(page *p) {
    bundle_free(p->bundle);
    arena_fini(&p->memory);
    arena_fini(&p->scratch);
    free(p);
}

static uint32_t run(page *p, const decide_observer *o) {
    static const uint32_t home = 0;
    const decide_request request = {.placements = &home, .placements_count = 1, .context = p->context, .now_ms = NOW};
    const decide_person person = {.record = &p->record, .unit = record_unit(&p->record)};
    tact_arena_reset(&p->scratch);
    tact_err err = decide_run(p->bundle, &request, &person, &p->scratch, o, &p->answer, NULL);
    return err ? 0 : p->answer.places->choices_count;
}

uint32_t page_decide(page *p) {
    return run(p, NULL);
}

static void count_removed(void *context, uint32_t place, uint32_t offer, bundle_stage stage, const decide_why *why) {
    (void)place, (void)offer, (void)stage, (void)why;
    ++*(uint32_t *)context;
}

static void observe(void *context, uint32_t pos, uint32_t len, tact_value value) {
    (void)pos, (void)len, (void)value;
    ++*(uint32_t *)context;
}

uint32_t page_decide_observed(page *p) {
    uint32_t seen = 0;
    const decide_observer o = {.context = &seen, .removes = count_removed, .observes = observe};
    uint32_t shown = run(p, &o);
    return seen ? shown : 0;
}

uint32_t page_best(const page *p) {
    return p->answer.places->choices->offer;
}

uint32_t page_floor(page *p) {
    const bundle *b = p->bundle;
    const tact_cel_program *formula = b->rankings[b->placements->ranking].rule.program;
    tact_cel_input in = {.slots = p->slots, .slots_count = b->slots_count};
    uint32_t best = 0;
    double most = -1;
    for (uint32_t i = 0; i < PAGE_OFFERS; i++) {
        const bundle_offer *o = &b->offers[i];
        memcpy(&p->slots[p->offer_slot], o->attributes, b->offer_attributes_count * sizeof *p->slots);
        p->slots[p->propensity_slot] = tact_double(o->propensity_constant);
        tact_value v = tact_cel_eval(formula, &in);
        bool room = true;
        for (uint32_t k = 0; k < o->caps.count; k++) {
            const bundle_cap *cap = &b->caps[o->caps.first + k];
            room &= record_tally(&p->record, cap->tally, NOW - 7 * DAY) < cap->max;
        }
        if (room && v.as.d > most) best = i, most = v.as.d;
    }
    return best;
}
