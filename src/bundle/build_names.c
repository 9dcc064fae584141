// SPDX-License-Identifier: Apache-2.0
//
// Members by name, and references to them. A member's number is its place among the names of its section in the order
// of their bytes, whatever the order of the files, so that moving an offer to another file changes nothing.
#include <stdlib.h>

#include "base/utf8.h"
#include "bundle/build.h"
#include "bundle/schema_file.h"

static int by_name(const void *a, const void *b) {
    return build_compare((*(const draft_member *const *)a)->name, (*(const draft_member *const *)b)->name);
}

static void number_members(builder *B, draft_section section) {
    const draft_members *from = &B->d->sections[section];
    build_members *to = &B->members[section];
    to->of = build_array(B, B->scratch, from->count, sizeof *to->of);
    to->numbers = build_array(B, B->scratch, from->count, sizeof *to->numbers);
    if (!to->of || !to->numbers) return;
    to->count = from->count;
    for (uint32_t i = 0; i < from->count; i++) to->of[i] = &from->of[i];
    if (to->count) qsort(to->of, to->count, sizeof *to->of, by_name);
    for (uint32_t i = 0; i < to->count; i++) to->numbers[to->of[i] - from->of] = i;
}

// Sections whose members are numbered, and how many there may be.
static const struct {
    draft_section section;
    uint32_t max;
} sections[] = {
    {DRAFT_OFFERS, BUNDLE_OFFERS_MAX},         {DRAFT_GROUPS, BUNDLE_GROUPS_MAX},
    {DRAFT_PLACEMENTS, BUNDLE_PLACEMENTS_MAX}, {DRAFT_CHANNELS, BUNDLE_PLACEMENTS_MAX}, // each placement has one
    {DRAFT_SEGMENTS, BUNDLE_SEGMENTS_MAX},     {DRAFT_RANKINGS, BUNDLE_RANKINGS_MAX},
    {DRAFT_CONTEXT, BUNDLE_CONTEXT_MAX},       {DRAFT_EXPERIMENTS, BUNDLE_EXPERIMENTS_MAX},
    {DRAFT_CONTENT, BUNDLE_PLACEMENTS_MAX},
};

// What a member is called, without an article.
static const char *noun_of(draft_section section) {
    const char *noun = draft_noun(section), *blank = strchr(noun, ' ');
    return blank ? blank + 1 : noun;
}

void build_names(builder *B) {
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        const draft_members *members = &B->d->sections[sections[i].section];
        number_members(B, sections[i].section);
        if (members->count <= sections[i].max) continue;
        report_path(B->r, "%s", draft_section_key(sections[i].section));
        report_add(B->r, REPORT_TOO_LARGE, members->of[sections[i].max].node->key_at, NULL,
                   "`%s` can have no more than %u members, and this bundle has %u",
                   draft_section_key(sections[i].section), sections[i].max, members->count);
    }
}

int32_t build_find(const builder *B, draft_section section, tact_str name) {
    const draft_member *m = draft_find(B->d, section, name);
    const build_members *members = &B->members[section];
    return m && members->count ? (int32_t)members->numbers[m - B->d->sections[section].of] : -1;
}

static void refuse_name(builder *B, draft_section section, tact_str name, cel_span at) {
    const draft_members *members = &B->d->sections[section];
    utf8_shown shown;
    report *r = build_at(B);
    report_add(r, REPORT_UNKNOWN_NAME, at, report_near_key(r, name, &members->by_name), "there is no %s `%s`",
               noun_of(section), utf8_show(&shown, name));
}

int32_t build_ref_name(builder *B, draft_section section, tact_str name, cel_span at) {
    int32_t number = build_find(B, section, name);
    if (number < 0) refuse_name(B, section, name, at);
    return number;
}

int32_t build_ref(builder *B, draft_section section, const yaml_node *node) {
    return node && node->kind == YAML_SCALAR ? build_ref_name(B, section, node->text, node->at) : -1;
}

int32_t build_ref_schema(builder *B, schema_kind kind, tact_str name, cel_span at) {
    const schema *s = B->b->schema;
    int32_t number = kind == SCHEMA_PURPOSE ? schema_find_purpose(s, name) : schema_find_event(s, name);
    if (number >= 0 || schema_is_spoilt(B->d, s, kind, name)) return number;
    refuse_name(B, kind == SCHEMA_PURPOSE ? DRAFT_PURPOSES : DRAFT_EVENTS, name, at);
    return -1;
}
