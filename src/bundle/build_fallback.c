// SPDX-License-Identifier: Apache-2.0
//
// Fallbacks: what is shown when nothing else is left must be able to be shown always. So no rule, purpose, cap or date
// may stand on it or its group, and its texts must have a value whatever is missing of the person and the request.
#include "bundle/build.h"

// What of a member could keep it from being shown.
static const draft_key_number offer_limits[] = {
    DRAFT_OFFERS_ELIGIBLE, DRAFT_OFFERS_APPLICABLE, DRAFT_OFFERS_SUITABLE, DRAFT_OFFERS_PURPOSE,
    DRAFT_OFFERS_CAPS,     DRAFT_OFFERS_STARTS,     DRAFT_OFFERS_ENDS,
};
static const draft_key_number group_limits[] = {
    DRAFT_GROUPS_ELIGIBLE, DRAFT_GROUPS_APPLICABLE, DRAFT_GROUPS_SUITABLE,
    DRAFT_GROUPS_PURPOSE,  DRAFT_GROUPS_CAPS,       DRAFT_GROUPS_PER_ANSWER,
};
#define COUNT(ROWS) (sizeof(ROWS) / sizeof *(ROWS))

static void refuse_limit(builder *B, const draft_member *m, const yaml_node *limit, draft_key_number key,
                         tact_str placement, tact_str group) {
    build_enter(B, m, group.len ? DRAFT_OFFERS_GROUP : key);
    report_add(build_at(B), REPORT_RESTRICTED_FALLBACK, limit->key_at,
               "a fallback is shown when nothing else is left, so that nothing may keep it away",
               "the fallback of placement `%.*s` is restricted by `%s`%s%.*s%s", (int)placement.len, placement.ptr,
               draft_key_text(key), group.len ? " of its group `" : "", (int)group.len, group.len ? group.ptr : "",
               group.len ? "`" : "");
}

static bool is_always_there(const bundle *b, const bundle_slot *slot) {
    switch ((bundle_slot_kind)slot->kind) {
    case BUNDLE_SLOT_NOW:
    case BUNDLE_SLOT_CONSENT: return true;
    case BUNDLE_SLOT_ATTRIBUTE: return b->schema->attributes[slot->number].has_default;
    case BUNDLE_SLOT_CONTEXT: return b->context[slot->number].fallback.kind != TACT_NULL;
    case BUNDLE_SLOT_OFFER: return slot->number < BUNDLE_OFFER_BUILT_IN;
    default: return false;
    }
}

// Whether the piece has a value whatever is missing: the last of its alternatives is what counts.
static bool has_value(const builder *B, const bundle_piece *piece) {
    while (piece->otherwise) piece = piece->otherwise;
    uint32_t count = 0;
    const uint32_t *slots = piece->program ? tact_cel_program_slots(piece->program, &count) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (!is_always_there(B->b, &B->b->slots[slots[i]])) return false;
    }
    return true;
}

static const yaml_node *find_item(const yaml_node *map, tact_str key) {
    for (const yaml_node *item = map && map->kind == YAML_MAP ? map->first : NULL; item; item = item->next) {
        if (tact_str_equal(item->key, key)) return item;
    }
    return NULL;
}

static void check_texts(builder *B, const bundle_content *content, const draft_member *m, const bundle_placement *p) {
    for (uint32_t i = 0; i < content->count; i++) {
        const bundle_text *text = &content->texts[i];
        uint32_t j = 0;
        while (j < text->count && has_value(B, &text->pieces[j])) j++;
        if (j == text->count) continue;
        build_enter(B, m, DRAFT_OFFERS_CONTENT);
        B->part = p->name;
        B->item = p->fields[text->field].name;
        const yaml_node *node = find_item(find_item(draft_key(m, DRAFT_OFFERS_CONTENT), B->part), B->item);
        report_add(build_at(B), REPORT_RESTRICTED_FALLBACK, node ? node->at : m->node->key_at,
                   "say what is to stand there then: {{ profile.first_name ?? \"there\" }}",
                   "a text of a fallback must not depend on what may be missing");
    }
}

// Whether an offer's limits were looked at with a placement before this one.
static bool is_checked(const bundle *b, uint32_t placement) {
    for (uint32_t i = 0; i < placement; i++) {
        if (b->placements[i].fallback == b->placements[placement].fallback) return true;
    }
    return false;
}

static bool limits(const yaml_node *node) {
    return node && (node->kind != YAML_LIST || node->count > 0);
}

static void check_limits(builder *B, const bundle_placement *p, const draft_member *m) {
    const bundle_offer *o = &B->b->offers[p->fallback];
    for (size_t i = 0; i < COUNT(offer_limits); i++) {
        const yaml_node *limit = draft_key(m, offer_limits[i]);
        if (limits(limit)) refuse_limit(B, m, limit, offer_limits[i], p->name, (tact_str){NULL, 0});
    }
    const draft_member *group = o->group >= 0 ? B->members[DRAFT_GROUPS].of[o->group] : NULL;
    for (size_t i = 0; group && i < COUNT(group_limits); i++) {
        if (!limits(draft_key(group, group_limits[i]))) continue;
        refuse_limit(B, m, draft_key(m, DRAFT_OFFERS_GROUP), group_limits[i], p->name, group->name);
    }
}

static void check_content(builder *B, const bundle_placement *p, const draft_member *m) {
    if (p->fallback_content >= 0) {
        check_texts(B, &B->b->contents[p->fallback_content], m, p);
        return;
    }
    if (m->spoilt || find_item(draft_key(m, DRAFT_OFFERS_CONTENT), p->name)) return; // it has its fault
    const draft_member *at = draft_find(B->d, DRAFT_PLACEMENTS, p->name);
    build_enter(B, at, DRAFT_PLACEMENTS_FALLBACK);
    report_add(build_at(B), REPORT_MISSING_CONTENT, draft_key(at, DRAFT_PLACEMENTS_FALLBACK)->at, NULL,
               "the fallback `%.*s` has no content for `%.*s`", (int)m->name.len, m->name.ptr, (int)p->name.len,
               p->name.ptr);
}

void build_fallbacks(builder *B) {
    for (uint32_t i = 0; i < B->b->placements_count && B->b->offers_count; i++) {
        const bundle_placement *p = &B->b->placements[i];
        if (p->fallback < 0) continue;
        const draft_member *m = B->members[DRAFT_OFFERS].of[p->fallback];
        if (!is_checked(B->b, i)) check_limits(B, p, m);
        check_content(B, p, m);
    }
}
