// SPDX-License-Identifier: Apache-2.0
//
// Where offers are shown, and in which order: channels, rankings, placements. A channel is there because a placement is
// in it or because it has an entry of its own; a ranking that nobody named is always the first.
#include <stdlib.h>

#include "bundle/build.h"

// ---- Channels -------------------------------------------------------------------------------------------------------

static int by_name(const void *a, const void *b) {
    return build_compare(*(const tact_str *)a, *(const tact_str *)b);
}

// All names of channels, in their order, each once.
static tact_str *channel_names(builder *B, uint32_t *count) {
    const build_members *own = &B->members[DRAFT_CHANNELS], *placements = &B->members[DRAFT_PLACEMENTS];
    tact_str *names = build_array(B, B->scratch, own->count + placements->count, sizeof *names);
    uint32_t all = 0, kept = 0;
    if (!names) return NULL;
    for (uint32_t i = 0; i < own->count; i++) names[all++] = own->of[i]->name;
    for (uint32_t i = 0; i < placements->count; i++) {
        const yaml_node *channel = draft_key(placements->of[i], DRAFT_PLACEMENTS_CHANNEL);
        if (channel) names[all++] = channel->text;
    }
    if (all) qsort(names, all, sizeof *names, by_name);
    for (uint32_t i = 0; i < all; i++) {
        if (kept == 0 || !tact_str_equal(names[kept - 1], names[i])) names[kept++] = names[i];
    }
    *count = kept;
    return names;
}

static void build_channels(builder *B) {
    uint32_t count = 0;
    const tact_str *names = channel_names(B, &count);
    bundle_channel *channels = build_array(B, B->hot, count, sizeof *channels);
    if (!names || !channels) return;
    for (uint32_t i = 0; i < count; i++) {
        const draft_member *m = draft_find(B->d, DRAFT_CHANNELS, names[i]);
        channels[i].name = channels[i].title = build_intern(B, names[i]);
        if (!m) continue;
        channels[i].title = build_title(B, draft_key(m, DRAFT_CHANNELS_TITLE), channels[i].name);
        channels[i].caps = build_caps(B, m, DRAFT_CHANNELS_CAPS, "channel");
    }
    B->b->channels = channels;
    B->b->channels_count = count;
}

static uint32_t find_channel(const bundle *b, tact_str name) {
    uint32_t low = 0, high = b->channels_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (build_compare(b->channels[middle].name, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < b->channels_count ? low : 0;
}

// ---- Rankings -------------------------------------------------------------------------------------------------------

#define DEFAULT_RANKING TACT_STR("propensity * offer.value")

static void build_rankings(builder *B) {
    const build_members *members = &B->members[DRAFT_RANKINGS];
    bundle_ranking *rankings = build_array(B, B->hot, members->count + 1, sizeof *rankings);
    if (!rankings) return;
    const yaml_node written = {.kind = YAML_SCALAR, .text = DEFAULT_RANKING, .at = REPORT_NOWHERE};
    B->section = DRAFT_RANKINGS;
    B->member = B->part = B->item = (tact_str){NULL, 0};
    B->key = NULL;
    (void)build_rule(B, &written, BUILD_RANKINGS, BUILD_DOUBLE, &rankings[0].rule);
    for (uint32_t i = 0; i < members->count; i++) {
        const draft_member *m = members->of[i];
        rankings[i + 1].name = build_intern(B, m->name);
        build_enter(B, m, DRAFT_RANKINGS_VALUE);
        (void)build_rule(B, draft_key(m, DRAFT_RANKINGS_VALUE), BUILD_RANKINGS, BUILD_DOUBLE, &rankings[i + 1].rule);
    }
    B->b->rankings = rankings;
    B->b->rankings_count = members->count + 1;
}

// ---- Placements -----------------------------------------------------------------------------------------------------

static void read_placement(builder *B, const draft_member *m, bundle_placement *p) {
    const yaml_node *channel = draft_key(m, DRAFT_PLACEMENTS_CHANNEL), *ties = draft_key(m, DRAFT_PLACEMENTS_TIES);
    p->name = build_intern(B, m->name);
    p->title = build_title(B, draft_key(m, DRAFT_PLACEMENTS_TITLE), p->name);
    p->channel = channel ? find_channel(B->b, channel->text) : 0;
    p->ties_random = ties && tact_str_equal(ties->text, TACT_STR("random"));
    p->fallback_content = -1;
    build_enter(B, m, DRAFT_PLACEMENTS_SLOTS);
    p->slots = build_count(B, draft_key(m, DRAFT_PLACEMENTS_SLOTS), 1, BUNDLE_SLOTS_OF_PLACEMENT, "a number of slots",
                           1);
    build_enter(B, m, DRAFT_PLACEMENTS_FALLBACK);
    p->fallback = build_ref(B, DRAFT_OFFERS, draft_key(m, DRAFT_PLACEMENTS_FALLBACK));
    build_enter(B, m, DRAFT_PLACEMENTS_RANK);
    p->ranking = (uint32_t)(build_ref(B, DRAFT_RANKINGS, draft_key(m, DRAFT_PLACEMENTS_RANK)) + 1);
    p->caps = build_caps(B, m, DRAFT_PLACEMENTS_CAPS, "placement");
}

void build_places(builder *B) {
    const build_members *members = &B->members[DRAFT_PLACEMENTS];
    bundle_placement *placements = build_array(B, B->hot, members->count, sizeof *placements);
    build_channels(B);
    build_rankings(B);
    if (!placements) return;
    B->b->placements_by_name = strmap_in(B->hot);
    for (uint32_t i = 0; i < members->count; i++) {
        read_placement(B, members->of[i], &placements[i]);
        void *number = (void *)(uintptr_t)(i + 1);
        if (strmap_put(&B->b->placements_by_name, placements[i].name, number)) report_no_memory(B->r);
        if (placements[i].fallback >= 0 && B->offers) B->offers[placements[i].fallback].fallback = true;
    }
    B->b->placements = B->placements = placements;
    B->b->placements_count = members->count;
}
