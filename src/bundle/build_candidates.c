// SPDX-License-Identifier: Apache-2.0
//
// What a placement's decisions begin with: the sets of its contents that stages look at, and for each tier of rules the
// index over them.
#include "bundle/build.h"

static const uint64_t *all_of(builder *B, uint32_t count) {
    uint64_t *set = build_array(B, B->hot, index_words(count), sizeof *set);
    for (uint32_t row = 0; set && row < count; row++) index_add(set, row);
    return set;
}

typedef bool belongs(const builder *B, uint32_t offer, uint32_t tier);

static bool is_dated(const builder *B, uint32_t offer, uint32_t tier) {
    (void)tier;
    return B->offers[offer].starts_ms > 0 || B->offers[offer].ends_ms < INT64_MAX;
}

static bool has_purpose(const builder *B, uint32_t offer, uint32_t tier) {
    (void)tier;
    return B->offers[offer].purpose >= 0;
}

static bool is_ruled(const builder *B, uint32_t offer, uint32_t tier) {
    const bundle_rule *rules[BUNDLE_RULES_OF_TIER];
    bundle_rules_of(B->b, offer, tier, rules);
    return rules[0]->program || rules[1]->program;
}

static uint32_t offer_of(const builder *B, const bundle_placement *p, uint32_t row) {
    return B->b->contents[p->contents[row]].offer;
}

static const uint64_t *those(builder *B, const bundle_placement *p, belongs *does, uint32_t tier) {
    uint64_t *set = build_array(B, B->hot, index_words(p->contents_count), sizeof *set);
    for (uint32_t row = 0; set && row < p->contents_count; row++) {
        if (does(B, offer_of(B, p, row), tier)) index_add(set, row);
    }
    return set;
}

// Slots of offers and of what is computed for each are the last of all.
static uint32_t shared_slots(const builder *B) {
    uint32_t end = 0;
    while (end < B->b->slots_count && B->b->slots[end].kind < BUNDLE_SLOT_OFFER) end++;
    return end;
}

static const rule_index *index_of(builder *B, const bundle_placement *p, uint32_t tier) {
    const size_t count = (size_t)p->contents_count * BUNDLE_RULES_OF_TIER;
    const normal_form **forms = build_array(B, B->scratch, count, sizeof *forms); // NOLINT(bugprone-sizeof-expression)
    const rule_index *out = NULL;
    if (!forms) return NULL;
    for (uint32_t row = 0; row < p->contents_count; row++) {
        const bundle_rule *rules[BUNDLE_RULES_OF_TIER];
        bundle_rules_of(B->b, offer_of(B, p, row), tier, rules);
        for (uint32_t i = 0; i < BUNDLE_RULES_OF_TIER; i++) forms[row * BUNDLE_RULES_OF_TIER + i] = rules[i]->form;
    }
    if (index_build(B->hot, B->env, shared_slots(B), forms, p->contents_count, BUNDLE_RULES_OF_TIER, &out)) {
        report_no_memory(B->r);
    }
    return out;
}

void build_candidates(builder *B) {
    if (B->r->code) return; // it becomes no bundle
    for (uint32_t i = 0; i < B->b->placements_count; i++) {
        bundle_placement *p = &B->placements[i];
        bundle_candidates *c = &p->candidates;
        c->words = index_words(p->contents_count);
        c->all = all_of(B, p->contents_count);
        c->dated = those(B, p, is_dated, 0);
        c->with_purpose = those(B, p, has_purpose, 0);
        for (uint32_t tier = 0; tier < BUNDLE_TIERS; tier++) {
            c->ruled[tier] = those(B, p, is_ruled, tier);
            c->index[tier] = index_of(B, p, tier);
        }
    }
}
