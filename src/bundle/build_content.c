// SPDX-License-Identifier: Apache-2.0
//
// Content: which fields a placement wants, and what each offer brings for it. Contents lie by offer and then placement,
// and each placement has the list of its own.
#include <stdlib.h>

#include "base/utf8.h"
#include "bundle/build.h"
#include "bundle/scalar.h"

// ---- What placements want -------------------------------------------------------------------------------------------

static const tact_str kinds[BUNDLE_FIELD_KINDS] = {
#define X(NAME, name, doc) [BUNDLE_FIELD_##NAME] = {#name, sizeof #name - 1},
#include "bundle/field_tbl.h"
#undef X
};

// The kind that is written, with `?` behind it; BUNDLE_FIELD_KINDS, which takes anything, with its fault.
static uint8_t read_kind(builder *B, const yaml_node *node, bool *optional) {
    tact_str text = node->text;
    if (node->kind != YAML_SCALAR) {
        scalar_refuse(build_at(B), node, REPORT_WRONG_FORM, NULL, "a kind of field such as string");
        return BUNDLE_FIELD_KINDS;
    }
    *optional = text.len && text.ptr[text.len - 1] == '?';
    text.len -= *optional;
    near n = near_to(text);
    for (uint32_t i = 0; i < BUNDLE_FIELD_KINDS; i++) {
        if (tact_str_equal(kinds[i], text)) return (uint8_t)i;
        near_offer(&n, kinds[i]);
    }
    const char *hint = report_near(B->r, &n);
    utf8_shown shown;
    report_add(build_at(B), REPORT_WRONG_TYPE, node->at,
               hint ? hint
                    : "string, html, url, image, int, double or bool; with a ? behind it where it may be left out",
               "there is no kind of field `%s`", utf8_show(&shown, text));
    return BUNDLE_FIELD_KINDS;
}

static void read_fields(builder *B, const draft_member *m, bundle_placement *p) {
    const yaml_node *map = draft_key(m, DRAFT_CONTENT_VALUE);
    if (!map || map->kind != YAML_MAP) return;
    if (map->count > BUNDLE_FIELDS_MAX) {
        build_enter(B, m, DRAFT_CONTENT_VALUE);
        report_add(build_at(B), REPORT_TOO_LARGE, m->node->key_at, NULL, "a placement can have no more than %d fields",
                   BUNDLE_FIELDS_MAX);
    }
    bundle_field *fields = build_array(B, B->hot, map->count, sizeof *fields);
    if (!fields) return;
    p->fields = fields;
    for (const yaml_node *item = map->first; item; item = item->next) {
        bundle_field *f = &fields[p->fields_count++];
        build_enter(B, m, DRAFT_CONTENT_VALUE);
        B->part = item->key;
        f->name = build_intern(B, item->key);
        f->kind = read_kind(B, item, &f->optional);
    }
}

void build_fields(builder *B) {
    const build_members *members = &B->members[DRAFT_CONTENT];
    for (uint32_t i = 0; i < members->count; i++) {
        const draft_member *m = members->of[i];
        build_enter(B, m, DRAFT_CONTENT_VALUE);
        int32_t placement = build_ref_name(B, DRAFT_PLACEMENTS, m->name, m->node->key_at);
        if (placement >= 0 && B->placements) read_fields(B, m, &B->placements[placement]);
    }
}

// ---- What offers bring ----------------------------------------------------------------------------------------------

static const bundle_field *find_field(const bundle_placement *p, tact_str name) {
    for (uint32_t i = 0; i < p->fields_count; i++) {
        if (tact_str_equal(p->fields[i].name, name)) return &p->fields[i];
    }
    return NULL;
}

// Whether what a placement wants seems to stand under a misspelt name, which no placement has.
static bool is_misnamed(const builder *B, tact_str placement) {
    const build_members *members = &B->members[DRAFT_CONTENT];
    near n = near_to(placement);
    for (uint32_t i = 0; i < members->count; i++) {
        tact_str name = members->of[i]->name;
        if (build_find(B, DRAFT_PLACEMENTS, name) < 0) near_offer(&n, name);
    }
    return n.best.len > 0;
}

static void refuse_field(builder *B, const bundle_placement *p, const yaml_node *item) {
    const draft_member *wanted = draft_find(B->d, DRAFT_CONTENT, p->name);
    if (wanted ? wanted->spoilt || !draft_key(wanted, DRAFT_CONTENT_VALUE) : is_misnamed(B, p->name))
        return; // that is reported
    near n = near_to(item->key);
    for (uint32_t i = 0; i < p->fields_count; i++) near_offer(&n, p->fields[i].name);
    utf8_shown shown;
    const char *hint = report_near(B->r, &n);
    if (!p->fields_count) hint = "what offers bring for a placement is declared at the top, under `content`";
    report_add(build_at(B), REPORT_UNKNOWN_KEY, item->key_at, hint, "`%.*s` has no field `%s`", (int)p->name.len,
               p->name.ptr, utf8_show(&shown, item->key));
}

// The fields of the placement that are not in the map, unless one of them may have been meant by a misspelt one.
static void check_missing(builder *B, const bundle_placement *p, const yaml_node *map, bool misspelt) {
    buf names = buf_in(B->scratch);
    for (uint32_t i = 0; i < p->fields_count; i++) {
        bool there = p->fields[i].optional;
        for (const yaml_node *item = map->first; item && !there; item = item->next) {
            there = tact_str_equal(item->key, p->fields[i].name);
        }
        if (there) continue;
        buf_printf(&names, "%s`%.*s`", names.len ? ", " : "", (int)p->fields[i].name.len, p->fields[i].name.ptr);
    }
    tact_str missing = names.len ? buf_done(&names) : (tact_str){NULL, 0};
    if (!missing.len || misspelt) return;
    report_add(build_at(B), REPORT_MISSING_CONTENT, map->key_at, NULL, "the content for `%.*s` lacks %s",
               (int)p->name.len, p->name.ptr, missing.ptr);
}

// What the offer brings for the placement; false if anything is wrong with it.
static bool read_content(builder *B, const yaml_node *map, bundle_content *c) {
    const bundle_placement *p = &B->placements[c->placement];
    uint32_t faults = report_errors(B->r);
    bool misspelt = false;
    bundle_text *texts = build_array(B, B->hot, map->count, sizeof *texts);
    if (!texts) return false;
    c->texts = texts;
    for (const yaml_node *item = map->first; item; item = item->next) {
        const bundle_field *field = find_field(p, item->key);
        B->item = item->key;
        if (!field) {
            refuse_field(B, p, item);
            misspelt = true;
        } else if (field->kind < BUNDLE_FIELD_KINDS) {
            texts[c->count].field = (uint32_t)(field - p->fields);
            c->count += build_text(B, item, (bundle_field_kind)field->kind, &texts[c->count]);
        }
    }
    B->item = (tact_str){NULL, 0};
    check_missing(B, p, map, misspelt);
    return report_errors(B->r) == faults;
}

typedef struct content_list {
    bundle_content *of;
    uint32_t count, room;
} content_list;

static bundle_content *add(builder *B, content_list *list) {
    if (list->count == list->room) {
        uint32_t room = list->room ? 2 * list->room : 256;
        bundle_content *more = arena_extend(B->scratch, list->of, list->room, room, sizeof *more);
        if (!more) {
            report_no_memory(B->r);
            return NULL;
        }
        list->of = more;
        list->room = room;
    }
    return &list->of[list->count++];
}

static int by_placement(const void *a, const void *b) {
    const bundle_content *x = a, *y = b;
    return (x->placement > y->placement) - (x->placement < y->placement);
}

static int32_t find_placement(builder *B, const yaml_node *item) {
    int32_t placement = build_find(B, DRAFT_PLACEMENTS, item->key);
    if (placement >= 0 || item->kind != YAML_SCALAR) {
        return build_ref_name(B, DRAFT_PLACEMENTS, item->key, item->key_at);
    }
    utf8_shown shown;
    report_add(build_at(B), REPORT_UNKNOWN_NAME, item->key_at,
               "content is written for each placement: {home_hero: {title: Winter}}", "there is no placement `%s`",
               utf8_show(&shown, item->key));
    return -1;
}

static void read_offer(builder *B, uint32_t offer, content_list *list) {
    const draft_member *m = B->members[DRAFT_OFFERS].of[offer];
    const yaml_node *map = draft_key(m, DRAFT_OFFERS_CONTENT);
    uint32_t first = list->count;
    if (!map || map->kind != YAML_MAP) return;
    build_enter(B, m, DRAFT_OFFERS_CONTENT);
    for (const yaml_node *item = map->first; item; item = item->next) {
        B->part = item->key;
        int32_t placement = find_placement(B, item);
        if (placement < 0 || item->kind == YAML_BAD || !B->placements) continue;
        if (item->kind != YAML_MAP) {
            scalar_refuse(build_at(B), item, REPORT_WRONG_FORM, NULL, "a map of fields such as {title: Winter}");
            continue;
        }
        bundle_content *c = add(B, list);
        if (!c) return;
        *c = (bundle_content){.offer = offer, .placement = (uint32_t)placement};
        if (!read_content(B, item, c)) list->count--;
    }
    if (list->count - first > 1) qsort(list->of + first, list->count - first, sizeof *list->of, by_placement);
}

// Each placement's list, ascending by offer as the contents are; its fallback's aside.
static void list_contents(builder *B, const bundle_content *contents, uint32_t count) {
    uint32_t *counts = build_array(B, B->scratch, B->b->placements_count, sizeof *counts);
    if (!counts) return;
    for (uint32_t i = 0; i < count; i++) counts[contents[i].placement]++;
    for (uint32_t i = 0; i < B->b->placements_count; i++) {
        B->placements[i].contents = build_array(B, B->hot, counts[i], sizeof *B->placements[i].contents);
        if (!B->placements[i].contents) return;
    }
    for (uint32_t i = 0; i < count; i++) {
        bundle_placement *p = &B->placements[contents[i].placement];
        if (p->fallback == (int32_t)contents[i].offer) p->fallback_content = (int32_t)i;
        if (B->offers[contents[i].offer].fallback) continue;
        ((uint32_t *)(uintptr_t)p->contents)[p->contents_count++] = i;
    }
}

void build_contents(builder *B) {
    content_list list = {0};
    for (uint32_t i = 0; i < B->b->offers_count; i++) read_offer(B, i, &list);
    bundle_content *contents = build_array(B, B->hot, list.count, sizeof *contents);
    if (!contents) return;
    if (list.count) memcpy(contents, list.of, list.count * sizeof *contents);
    B->b->contents = contents;
    B->b->contents_count = list.count;
    list_contents(B, contents, list.count);
}
