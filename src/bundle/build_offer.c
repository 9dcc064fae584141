// SPDX-License-Identifier: Apache-2.0
//
// Groups and offers: what both have (a purpose, three tiers of rules, caps) is read by the same lines, from a row of
// keys each.
#include <math.h>

#include "bundle/build.h"

typedef struct shared_keys { // that offers and groups both have
    draft_key_number title, purpose, tiers[BUNDLE_TIERS], caps;
    const char *kind; // of the counters of its caps
} shared_keys;

static const shared_keys group_keys = {
    DRAFT_GROUPS_TITLE,
    DRAFT_GROUPS_PURPOSE,
    {DRAFT_GROUPS_ELIGIBLE, DRAFT_GROUPS_APPLICABLE, DRAFT_GROUPS_SUITABLE},
    DRAFT_GROUPS_CAPS,
    "group",
};
static const shared_keys offer_keys = {
    DRAFT_OFFERS_TITLE,
    DRAFT_OFFERS_PURPOSE,
    {DRAFT_OFFERS_ELIGIBLE, DRAFT_OFFERS_APPLICABLE, DRAFT_OFFERS_SUITABLE},
    DRAFT_OFFERS_CAPS,
    "offer",
};

static void read_rules(builder *B, const draft_member *m, const shared_keys *keys, bundle_rule rules[BUNDLE_TIERS]) {
    for (int i = 0; i < BUNDLE_TIERS; i++) {
        const yaml_node *node = draft_key(m, keys->tiers[i]);
        if (!node) continue;
        build_enter(B, m, keys->tiers[i]);
        (void)build_rule(B, node, BUILD_OFFERS, BUILD_BOOL, &rules[i]);
    }
}

static int32_t read_purpose(builder *B, const draft_member *m, draft_key_number key) {
    const yaml_node *node = draft_key(m, key);
    if (!node) return -1;
    build_enter(B, m, key);
    return build_ref_schema(B, SCHEMA_PURPOSE, node->text, node->at);
}

void build_groups(builder *B) {
    const build_members *members = &B->members[DRAFT_GROUPS];
    bundle_group *groups = build_array(B, B->hot, members->count, sizeof *groups);
    if (!groups) return;
    for (uint32_t i = 0; i < members->count; i++) {
        const draft_member *m = members->of[i];
        bundle_group *g = &groups[i];
        g->name = build_intern(B, m->name);
        g->title = build_title(B, draft_key(m, group_keys.title), g->name);
        g->purpose = read_purpose(B, m, group_keys.purpose);
        read_rules(B, m, &group_keys, g->rules);
        g->caps = build_caps(B, m, group_keys.caps, group_keys.kind);
        build_enter(B, m, DRAFT_GROUPS_PER_ANSWER);
        g->per_answer = build_count(B, draft_key(m, DRAFT_GROUPS_PER_ANSWER), 1, UINT32_MAX, "a number", 0);
    }
    B->b->groups = groups;
    B->b->groups_count = members->count;
}

// A number as it is written, else an expression.
static void read_propensity(builder *B, const draft_member *m, bundle_offer *o) {
    const yaml_node *node = draft_key(m, DRAFT_OFFERS_PROPENSITY);
    o->propensity_constant = 1;
    if (!node) return;
    build_enter(B, m, DRAFT_OFFERS_PROPENSITY);
    double number;
    if (!yaml_double(node, &number)) {
        (void)build_rule(B, node, BUILD_OFFERS, BUILD_DOUBLE, &o->propensity);
    } else if (isfinite(number) && number >= 0) {
        o->propensity_constant = number;
        if (number > 1) {
            report_add(build_at(B), REPORT_PROPENSITY, node->at, "what an offer is worth is its `value`",
                       "a propensity is a probability, from 0 to 1");
        }
    } else {
        report_add(build_at(B), REPORT_WRONG_FORM, node->at, NULL, "expected a number, not below 0");
    }
}

static void read_offer(builder *B, const draft_member *m, bundle_offer *o) {
    const yaml_node *repeat = draft_key(m, DRAFT_OFFERS_REPEAT);
    o->name = build_intern(B, m->name);
    o->title = build_title(B, draft_key(m, offer_keys.title), o->name);
    o->at = m->node->key_at;
    if (repeat) (void)yaml_bool(repeat, &o->repeat);
    build_enter(B, m, DRAFT_OFFERS_VALUE);
    o->value = build_number(B, draft_key(m, DRAFT_OFFERS_VALUE), 0);
    build_enter(B, m, DRAFT_OFFERS_WEIGHT);
    o->weight = build_number(B, draft_key(m, DRAFT_OFFERS_WEIGHT), 0);
    build_enter(B, m, DRAFT_OFFERS_GROUP);
    o->group = build_ref(B, DRAFT_GROUPS, draft_key(m, DRAFT_OFFERS_GROUP));
    o->purpose = read_purpose(B, m, offer_keys.purpose);
    if (!draft_key(m, offer_keys.purpose) && o->group >= 0) o->purpose = B->b->groups[o->group].purpose;
    build_period(B, m, DRAFT_OFFERS_STARTS, DRAFT_OFFERS_ENDS, &o->starts_ms, &o->ends_ms);
    o->attributes = build_attributes(B, m, o);
    read_rules(B, m, &offer_keys, o->rules);
    read_propensity(B, m, o);
    o->caps = build_caps(B, m, offer_keys.caps, offer_keys.kind);
}

void build_offers(builder *B) {
    const build_members *members = &B->members[DRAFT_OFFERS];
    bundle_offer *offers = build_array(B, B->hot, members->count, sizeof *offers);
    if (!offers || (B->b->groups_count == 0 && B->members[DRAFT_GROUPS].count > 0)) return; // memory ran out
    B->b->offers_by_name = strmap_in(B->hot);
    B->b->offers = B->offers = offers;
    B->b->offers_count = members->count;
    for (uint32_t i = 0; i < members->count; i++) {
        read_offer(B, members->of[i], &offers[i]);
        if (strmap_put(&B->b->offers_by_name, offers[i].name, (void *)(uintptr_t)(i + 1))) report_no_memory(B->r);
    }
}
