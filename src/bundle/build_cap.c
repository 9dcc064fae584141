// SPDX-License-Identifier: Apache-2.0
//
// Caps. What counts for a cap is a counter, known by a hash of where it stands and what it counts; caps of one counter
// share it, and it keeps what the largest of them needs. Two counters of one hash would count each other's events, so
// that is a fault, however unlikely.
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "bundle/build.h"
#include "bundle/scalar.h"
#include "bundle/schema_file.h"
#include "value/command.h"

typedef struct named_cap {
    bundle_cap cap;
    tact_str where, on; // in the bundle
    cel_span at;
    uint32_t number; // in the bundle's caps
} named_cap;

struct build_cap_list {
    named_cap *of;
    uint32_t count, room;
};

static named_cap *add(builder *B) {
    struct build_cap_list *list = B->caps;
    if (!list) list = B->caps = ARENA_NEW(B->scratch, struct build_cap_list);
    if (list && list->count == list->room) {
        uint32_t room = list->room ? 2 * list->room : 64;
        named_cap *more = arena_extend(B->scratch, list->of, list->room, room, sizeof *more);
        if (more) {
            list->of = more;
            list->room = room;
        }
    }
    if (!list || list->count == list->room) {
        report_no_memory(B->r);
        return NULL;
    }
    named_cap *c = &list->of[list->count];
    *c = (named_cap){.number = list->count++};
    return c;
}

// ---- One cap --------------------------------------------------------------------------------------------------------

static void read_on(builder *B, const yaml_node *node, named_cap *c) {
    static const tact_str own[] = {[BUNDLE_ON_DECISION] = {"decision", 8},
                                   [BUNDLE_ON_IMPRESSION] = {"impression", 10},
                                   [BUNDLE_ON_CLICK] = {"click", 5}};
    c->cap.event = -1;
    if (!node) return;
    c->on = build_intern(B, node->text);
    for (uint32_t i = 0; i < BUNDLE_ON_EVENT; i++) {
        if (!tact_str_equal(node->text, own[i])) continue;
        c->cap.on = (uint8_t)i;
        return;
    }
    c->cap.on = BUNDLE_ON_EVENT;
    c->cap.event = schema_find_event(B->b->schema, node->text);
    if (c->cap.event >= 0 || schema_is_spoilt(B->d, B->b->schema, SCHEMA_EVENT, node->text)) return;
    near n = near_to(node->text);
    for (int i = 0; i < BUNDLE_ON_EVENT; i++) near_offer(&n, own[i]);
    for (uint32_t i = 0; i < B->b->schema->events_count; i++) near_offer(&n, B->b->schema->events[i].name);
    const char *hint = report_near(B->r, &n);
    utf8_shown shown;
    report_add(build_at(B), REPORT_UNKNOWN_NAME, node->at,
               hint ? hint : "what is counted is decision, impression, click or an event", "there is no event `%s`",
               utf8_show(&shown, node->text));
}

static void read_period(builder *B, const yaml_node *every, const yaml_node *per, bundle_cap *cap) {
    static const tact_str calendar[] = {[BUNDLE_HOUR] = {"hour", 4},
                                        [BUNDLE_DAY] = {"day", 3},
                                        [BUNDLE_WEEK] = {"week", 4},
                                        [BUNDLE_MONTH] = {"month", 5},
                                        [BUNDLE_YEAR] = {"year", 4}};
    if (every && per) {
        report_add(build_at(B), REPORT_INVALID, per->key_at,
                   "`every` is a span, counted back from now; `per` is a period of the calendar",
                   "a cap has `every` or `per`, not both");
    } else if (every && scalar_span(build_at(B), every, &cap->every_ms)) {
        cap->period = BUNDLE_SLIDING;
    } else if (per) {
        for (uint32_t i = BUNDLE_HOUR; i <= BUNDLE_YEAR; i++) {
            if (tact_str_equal(per->text, calendar[i])) cap->period = (uint8_t)i;
        }
    }
}

static void read_cap(builder *B, const yaml_node *node, const draft_member *m, tact_str where) {
    const yaml_node *scope = draft_key(m, DRAFT_CAP_SCOPE), *max = draft_key(m, DRAFT_CAP_MAX);
    named_cap *c = add(B);
    if (!c) return;
    c->where = where;
    c->at = node->at;
    c->cap.path = build_path(B);
    B->item = tact_str_from(draft_key_text(DRAFT_CAP_MAX));
    c->cap.everyone = scope && tact_str_equal(scope->text, TACT_STR("everyone"));
    c->cap.max = build_count(B, max, 0, UINT32_MAX, "a number", 0);
    if (max && !c->cap.everyone && c->cap.max > COMMAND_KEEP_MAX) {
        report_add(build_at(B), REPORT_TOO_LARGE, max->at, "for a budget of all people together: scope: everyone",
                   "no more than %d are counted for a person", COMMAND_KEEP_MAX);
    }
    B->item = tact_str_from(draft_key_text(DRAFT_CAP_ON));
    read_on(B, draft_key(m, DRAFT_CAP_ON), c);
    B->item = (tact_str){NULL, 0};
    read_period(B, draft_key(m, DRAFT_CAP_EVERY), draft_key(m, DRAFT_CAP_PER), &c->cap);
    c->cap.tally = bundle_tally(where, c->on);
}

bundle_caps build_caps(builder *B, const draft_member *m, draft_key_number key, const char *kind) {
    const yaml_node *list = draft_key(m, key);
    bundle_caps caps = {B->caps ? B->caps->count : 0, 0};
    if (!list || list->kind != YAML_LIST || list->count == 0) return caps;
    build_enter(B, m, key);
    if (list->count > BUNDLE_CAPS_MAX) {
        report_add(build_at(B), REPORT_TOO_LARGE, list->key_at, NULL,
                   "no more than %d caps can stand at one place, and here are %u", BUNDLE_CAPS_MAX, list->count);
    }
    const char *label = arena_printf(B->scratch, "%s:%.*s", kind, (int)m->name.len, m->name.ptr);
    tact_str where = build_intern(B, tact_str_from(label));
    if (!label) report_no_memory(B->r);
    uint32_t i = 0;
    for (const yaml_node *item = list->first; item; item = item->next, i++) {
        draft_member part;
        char number[16];
        B->part = (tact_str){number, (size_t)snprintf(number, sizeof number, "[%u]", i)};
        (void)build_at(B);
        if (draft_part(B->d, DRAFT_CAP, item, &part)) read_cap(B, item, &part, where);
    }
    B->part = (tact_str){NULL, 0};
    caps.count = (B->caps ? B->caps->count : 0) - caps.first;
    return caps;
}

// ---- All of them ----------------------------------------------------------------------------------------------------

static int by_tally(const void *a, const void *b) {
    const named_cap *x = a, *y = b;
    if (x->cap.tally != y->cap.tally) return x->cap.tally < y->cap.tally ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

// Caps of one hash, one behind the other.
static void settle(builder *B, named_cap *run, uint32_t count) {
    uint32_t keep = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!run[i].cap.everyone && run[i].cap.max > keep) keep = run[i].cap.max;
        if (tact_str_equal(run[i].where, run[0].where) && tact_str_equal(run[i].on, run[0].on)) continue;
        report_path(B->r, "%.*s", (int)run[i].cap.path.len, run[i].cap.path.ptr);
        report_add(B->r, REPORT_COLLISION, run[i].at, "another name for one of the two makes them differ",
                   "by chance its counter has the number of another, that of %.*s (%s)", (int)run[0].cap.path.len,
                   run[0].cap.path.ptr, report_place(B->r, run[0].at));
    }
    for (uint32_t i = 0; i < count; i++) run[i].cap.keep = keep;
}

void build_caps_done(builder *B) {
    named_cap *named = B->caps ? B->caps->of : NULL;
    uint32_t count = B->caps ? B->caps->count : 0;
    bundle_cap *caps = build_array(B, B->hot, count, sizeof *caps);
    if (!caps) return;
    if (count) qsort(named, count, sizeof *named, by_tally);
    for (uint32_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && named[to].cap.tally == named[from].cap.tally;) to++;
        settle(B, named + from, to - from);
    }
    for (uint32_t i = 0; i < count; i++) caps[named[i].number] = named[i].cap;
    B->b->caps = caps;
    B->b->caps_count = count;
}
