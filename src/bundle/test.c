// SPDX-License-Identifier: Apache-2.0
//
// Reading a bundle's own tests. They are free of form (`person`, `decide`, `expect`, `because` are maps of names), so
// every name and value in them is looked at here: a test that names what does not exist would never find out.
#include "bundle/test.h"

#include <stdio.h>

#include "base/utf8.h"
#include "bundle/build.h"
#include "bundle/scalar.h"
#include "bundle/schema_file.h"

static const tact_str stages[BUNDLE_STAGES] = {
#define X(NAME, name, doc) [BUNDLE_STAGE_##NAME] = {#name, sizeof #name - 1},
#include "bundle/stage_tbl.h"
#undef X
};

const char *bundle_stage_name(bundle_stage stage) {
    return stages[stage].ptr;
}

#define NAME(s) (int)(s).len, (s).ptr

// The items of a map; an empty one, with a fault, if it is no map. NULL is empty.
static const yaml_node *items_of(builder *B, const yaml_node *node, const char *expected) {
    if (!node || node->kind == YAML_BAD || yaml_is_null(node)) return NULL;
    if (node->kind == YAML_MAP) return node->first;
    scalar_refuse(build_at(B), node, REPORT_WRONG_FORM, NULL, expected);
    return NULL;
}

static const tact_str no_part = {NULL, 0};

static void refuse_unknown(builder *B, const yaml_node *item, near *n, const char *what) {
    const char *hint = report_near(B->r, n);
    utf8_shown shown;
    report_add(build_at(B), REPORT_UNKNOWN_NAME, item->key_at, hint, "there is no %s `%s`", what,
               utf8_show(&shown, item->key));
}

// ---- The person -----------------------------------------------------------------------------------------------------

static void read_attribute(builder *B, const yaml_node *item, bundle_test *t) {
    const schema *s = B->b->schema;
    int32_t number = schema_find_attribute(s, item->key);
    bundle_test_value *v = (bundle_test_value *)(uintptr_t)&t->values[t->values_count];
    if (number >= 0) {
        const schema_attribute *m = &s->attributes[number];
        tact_error why;
        if (!scalar_value(build_at(B), item, m->type, &v->value)) return;
        if (schema_check_value(m, v->value, &why)) {
            report_error(build_at(B), item->at, &why);
        } else if (build_value_copy(B, v->value, &v->value)) {
            v->number = (uint32_t)number;
            t->values_count++;
        }
    } else if (schema_find_aggregate(s, item->key) >= 0) {
        report_add(build_at(B), REPORT_INVALID, item->key_at, "events: [{type: purchase, ago: 3d}]",
                   "`%.*s` comes from events: a test gives those", NAME(item->key));
    } else if (!schema_is_spoilt(B->d, s, SCHEMA_ATTRIBUTE, item->key)) {
        near n = near_to(item->key);
        for (uint32_t i = 0; i < s->attributes_count; i++) {
            if (!s->attributes[i].retired) near_offer(&n, s->attributes[i].name);
        }
        near_offer(&n, TACT_STR("consent"));
        near_offer(&n, TACT_STR("events"));
        refuse_unknown(B, item, &n, "attribute");
    }
}

static void read_consents(builder *B, const yaml_node *map, bundle_test *t) {
    bundle_test_consent *consents = build_array(B, B->cold, map->count, sizeof *consents);
    if (!consents) return;
    t->consents = consents;
    for (const yaml_node *item = items_of(B, map, "a map such as {marketing: granted}"); item; item = item->next) {
        B->item = item->key;
        int32_t purpose = build_ref_schema(B, SCHEMA_PURPOSE, item->key, item->key_at);
        bool granted = tact_str_equal(item->text, TACT_STR("granted"));
        if (item->kind != YAML_SCALAR || (!granted && !tact_str_equal(item->text, TACT_STR("denied")))) {
            scalar_refuse(build_at(B), item, REPORT_WRONG_FORM, NULL, "granted or denied");
        } else if (purpose >= 0) {
            consents[t->consents_count++] = (bundle_test_consent){(uint32_t)purpose, granted};
        }
    }
    B->item = no_part;
}

// ---- Events ---------------------------------------------------------------------------------------------------------

// "decision", "impression", "click", or an event of the schema; false: neither, with its fault.
static bool read_type(builder *B, const yaml_node *type, bundle_test_event *e) {
    static const tact_str own[] = {[BUNDLE_ON_DECISION] = {"decision", 8},
                                   [BUNDLE_ON_IMPRESSION] = {"impression", 10},
                                   [BUNDLE_ON_CLICK] = {"click", 5}};
    if (!scalar_is_text(type)) {
        scalar_refuse(build_at(B), type, REPORT_WRONG_FORM, NULL, "an event's name");
        return false;
    }
    for (uint32_t i = 0; i < BUNDLE_ON_EVENT; i++) {
        if (!tact_str_equal(type->text, own[i])) continue;
        e->on = (uint8_t)i;
        return true;
    }
    e->on = BUNDLE_ON_EVENT;
    e->event = build_ref_schema(B, SCHEMA_EVENT, type->text, type->at);
    if (e->event < 0) return false;
    e->properties_count = B->b->schema->events[e->event].properties_count;
    tact_value *properties = build_array(B, B->cold, e->properties_count, sizeof *properties);
    for (uint32_t i = 0; properties && i < e->properties_count; i++) properties[i] = tact_null();
    e->properties = properties;
    return properties != NULL;
}

static void read_property(builder *B, const yaml_node *item, bundle_test_event *e) {
    if (e->on != BUNDLE_ON_EVENT) {
        near n = near_to(item->key);
        near_offer(&n, TACT_STR("offer"));
        near_offer(&n, TACT_STR("placement"));
        near_offer(&n, TACT_STR("ago"));
        near_offer(&n, TACT_STR("time"));
        refuse_unknown(B, item, &n, "property");
        return;
    }
    const schema_event *event = &B->b->schema->events[e->event];
    int32_t number = schema_find_property(event, item->key);
    if (number < 0) {
        const draft_member *m = draft_find(B->d, DRAFT_EVENTS, event->name);
        if (m && m->spoilt) return;
        near n = near_to(item->key);
        for (uint32_t i = 0; i < event->properties_count; i++) near_offer(&n, event->properties[i].name);
        refuse_unknown(B, item, &n, "property");
        return;
    }
    tact_value v;
    if (!scalar_value(build_at(B), item, event->properties[number].type, &v)) return;
    (void)build_value_copy(B, v, (tact_value *)(uintptr_t)&e->properties[number]);
}

// `ago`, or `time` unless that is a property of the event.
static bool is_when(const builder *B, const bundle_test_event *e, const yaml_node *item) {
    if (tact_str_equal(item->key, TACT_STR("ago"))) return true;
    if (!tact_str_equal(item->key, TACT_STR("time"))) return false;
    return e->event < 0 || schema_find_property(&B->b->schema->events[e->event], item->key) < 0;
}

static void read_when(builder *B, const yaml_node *item, const bundle_test *t, bundle_test_event *e) {
    int64_t ago_ms;
    tact_value time;
    bool date;
    if (!tact_str_equal(item->key, TACT_STR("ago"))) {
        if (scalar_time(build_at(B), item, &time, &date)) e->time_ms = build_time(B, item, t->now_ms);
    } else if (scalar_span(build_at(B), item, &ago_ms)) {
        e->time_ms = t->now_ms - ago_ms;
    }
}

static void read_event(builder *B, const yaml_node *map, bundle_test *t, bundle_test_event *e) {
    const yaml_node *type = NULL, *first = items_of(B, map, "a map such as {type: purchase, ago: 3d}");
    *e = (bundle_test_event){.event = -1, .time_ms = t->now_ms, .offer = -1, .placement = -1};
    if (!first) return;
    for (const yaml_node *item = first; item; item = item->next) {
        if (tact_str_equal(item->key, TACT_STR("type"))) type = item;
    }
    if (!type) report_add(build_at(B), REPORT_MISSING_KEY, map->at, NULL, "an event needs a `type`");
    if (!type || !read_type(B, type, e)) return;
    const yaml_node *when = NULL;
    bool offer = false;
    for (const yaml_node *item = first; item; item = item->next) {
        if (item == type) continue;
        if (is_when(B, e, item)) {
            if (when) {
                report_add(build_at(B), REPORT_INVALID, item->key_at, NULL, "an event has `ago` or `time`, not both");
            }
            when = item;
            read_when(B, item, t, e);
        } else if (tact_str_equal(item->key, TACT_STR("offer"))) {
            e->offer = build_ref(B, DRAFT_OFFERS, item);
            offer = true;
        } else if (tact_str_equal(item->key, TACT_STR("placement"))) {
            e->placement = build_ref(B, DRAFT_PLACEMENTS, item);
        } else {
            read_property(B, item, e);
        }
    }
    if (!when) {
        report_add(build_at(B), REPORT_MISSING_KEY, map->at, "ago: 3d, counted back from the test's `now`",
                   "an event needs `ago` or `time`: when it happened");
    }
    if (!offer && e->on != BUNDLE_ON_EVENT) {
        report_add(build_at(B), REPORT_MISSING_KEY, type->at, NULL, "%s needs an `offer`: it is of one",
                   e->on == BUNDLE_ON_IMPRESSION ? "an impression"
                   : e->on == BUNDLE_ON_CLICK    ? "a click"
                                                 : "a decision");
    }
}

static void read_events(builder *B, const yaml_node *list, bundle_test *t) {
    if (list->kind == YAML_BAD) return;
    if (list->kind != YAML_LIST) {
        scalar_refuse(build_at(B), list, REPORT_WRONG_FORM, NULL,
                      "a list of events such as [{type: purchase, ago: 3d}]");
        return;
    }
    bundle_test_event *events = build_array(B, B->cold, list->count, sizeof *events);
    if (!events) return;
    t->events = events;
    for (const yaml_node *item = list->first; item; item = item->next) {
        char number[16];
        B->item = (tact_str){number, (size_t)snprintf(number, sizeof number, "[%u]", t->events_count)};
        read_event(B, item, t, &events[t->events_count++]);
        B->item = no_part;
    }
}

static void read_person(builder *B, const yaml_node *map, bundle_test *t) {
    const yaml_node *first = items_of(B, map, "a map such as {recency: 10, consent: {marketing: granted}}");
    if (!first) return;
    t->values = build_array(B, B->cold, map->count, sizeof *t->values);
    if (!t->values) return;
    for (const yaml_node *item = first; item; item = item->next) {
        B->part = item->key;
        if (tact_str_equal(item->key, TACT_STR("consent"))) {
            read_consents(B, item, t);
        } else if (tact_str_equal(item->key, TACT_STR("events"))) {
            read_events(B, item, t);
        } else {
            read_attribute(B, item, t);
        }
    }
    B->part = no_part;
}

// ---- What is decided, and what comes of it --------------------------------------------------------------------------

enum { HINT_VALUES = 8 }; // that a hint names: more are no longer read at a glance

// The `values` of a context value, as the bundle has them; of many the first.
static const char *values_hint(builder *B, const draft_member *m) {
    const yaml_node *values = draft_key(m, DRAFT_CONTEXT_VALUES);
    buf text = buf_in(B->r->arena);
    uint32_t said = 0;
    utf8_shown shown;
    for (const yaml_node *item = values ? values->first : NULL; item && said < HINT_VALUES; item = item->next) {
        buf_printf(&text, "%s`%s`",
                   said++ == 0  ? "it can be "
                   : item->next ? ", "
                                : " or ",
                   utf8_show(&shown, item->text));
    }
    if (values && said < values->count) buf_printf(&text, " and %u more", values->count - said);
    return buf_done(&text).ptr;
}

static void read_context(builder *B, const yaml_node *map, bundle_test_decision *d) {
    const yaml_node *first = items_of(B, map, "what the request carries, such as {device: mobile}");
    bundle_test_value *values = build_array(B, B->cold, first ? map->count : 0, sizeof *values);
    if (!values) return;
    d->context = values;
    for (const yaml_node *item = first; item; item = item->next) {
        B->item = item->key;
        int32_t number = build_ref_name(B, DRAFT_CONTEXT, item->key, item->key_at);
        const bundle_context *c = number < 0 ? NULL : &B->b->context[number];
        bundle_test_value *v = &values[d->context_count];
        if (!c || !c->type || !scalar_value(build_at(B), item, c->type, &v->value)) continue;
        if (!build_context_takes(c, v->value)) {
            report_add(build_at(B), REPORT_INVALID, item->at, values_hint(B, B->members[DRAFT_CONTEXT].of[number]),
                       "it is none of the `values` of `context.%.*s`", NAME(c->name));
            continue;
        }
        v->number = (uint32_t)number;
        d->context_count += build_value_copy(B, v->value, &v->value);
    }
    B->item = no_part;
}

static void read_decide(builder *B, const yaml_node *map, bundle_test *t) {
    const yaml_node *first = items_of(B, map,
                                      "placements, each with what the request carries: {home_hero: {device: mobile}}");
    bundle_test_decision *decisions = build_array(B, B->cold, first ? map->count : 0, sizeof *decisions);
    if (!decisions) return;
    t->decisions = decisions;
    for (const yaml_node *item = first; item; item = item->next) {
        B->part = item->key;
        int32_t placement = build_ref_name(B, DRAFT_PLACEMENTS, item->key, item->key_at);
        bundle_test_decision *d = &decisions[t->decisions_count];
        *d = (bundle_test_decision){.placement = (uint32_t)placement, .at = item->key_at};
        read_context(B, item, d);
        t->decisions_count += placement >= 0;
    }
    B->part = no_part;
}

// Whether the offer surely has nothing to be shown in the placement: nothing that is wrong with its content says so.
static bool lacks_content(const builder *B, uint32_t offer, tact_str placement) {
    const draft_member *m = B->members[DRAFT_OFFERS].of[offer];
    const yaml_node *map = draft_key(m, DRAFT_OFFERS_CONTENT);
    if (m->spoilt || (map && map->kind != YAML_MAP)) return false;
    for (const yaml_node *item = map ? map->first : NULL; item; item = item->next) {
        if (tact_str_equal(item->key, placement) || build_find(B, DRAFT_PLACEMENTS, item->key) < 0) return false;
    }
    return true;
}

// `d` is NULL if the test does not decide the placement, which has its fault; the names are looked at all the same.
static void read_expected(builder *B, const yaml_node *list, bundle_test_decision *d) {
    bundle_test_decision nowhere = {0};
    if (list->kind == YAML_BAD) return;
    if (list->kind != YAML_LIST) {
        scalar_refuse(build_at(B), list, REPORT_WRONG_FORM, NULL, "a list of offers such as [womens_winter]");
        return;
    }
    uint32_t *offers = build_array(B, B->cold, list->count, sizeof *offers);
    if (!offers) return;
    if (!d) d = &nowhere;
    d->expects = true;
    d->expected = offers;
    d->at = list->key_at;
    for (const yaml_node *item = list->first; item; item = item->next) {
        if (!scalar_is_text(item)) {
            scalar_refuse(build_at(B), item, REPORT_WRONG_FORM, NULL, "the name of an offer");
            continue;
        }
        int32_t offer = build_ref(B, DRAFT_OFFERS, item);
        if (offer < 0) continue;
        offers[d->expected_count++] = (uint32_t)offer;
        if (d == &nowhere || !lacks_content(B, (uint32_t)offer, list->key)) continue;
        report_add(build_at(B), REPORT_INVALID, item->at, NULL,
                   "offer `%.*s` has no content for `%.*s`, and can never be shown there", NAME(item->text),
                   NAME(list->key));
    }
    uint32_t slots = d == &nowhere ? UINT32_MAX : B->b->placements[d->placement].slots;
    if (list->count <= slots) return;
    report_add(build_at(B), REPORT_INVALID, list->key_at, NULL,
               "it expects %u offers where the placement has %u slot%s", list->count, slots, slots == 1 ? "" : "s");
}

static void read_expect(builder *B, const yaml_node *map, const yaml_node *decide, bundle_test *t) {
    const yaml_node *item = items_of(B, map, "the offers of each placement: {home_hero: [womens_winter]}");
    for (; item; item = item->next) {
        B->part = item->key;
        int32_t placement = build_ref_name(B, DRAFT_PLACEMENTS, item->key, item->key_at);
        bundle_test_decision *d = NULL;
        for (uint32_t i = 0; placement >= 0 && i < t->decisions_count; i++) {
            bool here = t->decisions[i].placement == (uint32_t)placement;
            if (here) d = (bundle_test_decision *)(uintptr_t)&t->decisions[i];
        }
        read_expected(B, item, d);
        if (placement < 0 || d || !decide) continue;
        report_add(build_at(B), REPORT_UNKNOWN_NAME, item->key_at, "add it under `decide`",
                   "the test does not decide `%.*s`", NAME(item->key));
    }
    B->part = no_part;
}

// What is expected somewhere cannot have been kept away from everywhere.
static bool is_expected(const bundle_test *t, uint32_t offer) {
    for (uint32_t i = 0; i < t->decisions_count; i++) {
        const bundle_test_decision *d = &t->decisions[i];
        for (uint32_t k = 0; k < d->expected_count; k++) {
            if (d->expected[k] == offer) return true;
        }
    }
    return false;
}

static void read_because(builder *B, const yaml_node *map, bundle_test *t) {
    const yaml_node *first = items_of(B, map, "offers and what kept them away: {womens_winter: consent}");
    bundle_test_reason *reasons = build_array(B, B->cold, first ? map->count : 0, sizeof *reasons);
    if (!reasons) return;
    t->reasons = reasons;
    for (const yaml_node *item = first; item; item = item->next) {
        B->part = item->key;
        int32_t offer = build_ref_name(B, DRAFT_OFFERS, item->key, item->key_at);
        near n = near_to(item->text);
        uint32_t stage = 0;
        while (stage < BUNDLE_STAGES && !tact_str_equal(stages[stage], item->text)) near_offer(&n, stages[stage++]);
        if (item->kind == YAML_BAD) continue;
        if (item->kind != YAML_SCALAR || stage == BUNDLE_STAGES) {
            scalar_refuse(build_at(B), item, REPORT_UNKNOWN_NAME, report_near(B->r, &n),
                          "content, dates, consent, eligible, applicable, suitable, caps, holdout, score or rank");
        } else if (offer >= 0 && is_expected(t, (uint32_t)offer)) {
            report_add(build_at(B), REPORT_INVALID, item->key_at, NULL,
                       "`%.*s` is expected, so nothing can have kept it away", NAME(item->key));
        } else if (offer >= 0) {
            reasons[t->reasons_count++] = (bundle_test_reason){(uint32_t)offer, (bundle_stage)stage, item->key_at};
        }
    }
    B->part = no_part;
}

// ---- All of them ----------------------------------------------------------------------------------------------------

static bool says_nothing(const yaml_node *node) {
    return !node || yaml_is_null(node) || (node->kind == YAML_MAP && node->count == 0);
}

// `names` are those of the tests before.
static void check_name(builder *B, const yaml_node *name, strmap *names) {
    if (!scalar_is_text(name)) return;
    B->key = draft_key_text(DRAFT_TESTS_NAME);
    const yaml_node *before = strmap_get(names, name->text);
    utf8_shown shown;
    if (name->text.len == 0) {
        report_add(build_at(B), REPORT_BAD_NAME, name->at, NULL, "a test needs a name, by which people know it");
    } else if (before) {
        report_add(build_at(B), REPORT_DEFINED_TWICE, name->at, NULL, "there is a test `%s` already (%s)",
                   utf8_show(&shown, name->text), report_place(B->r, before->at));
    } else if (strmap_put(names, name->text, (void *)(uintptr_t)name)) {
        report_no_memory(B->r);
    }
}

static void read_test(builder *B, const draft_member *m, strmap *names, bundle_test *t) {
    const yaml_node *name = draft_key(m, DRAFT_TESTS_NAME), *decide = draft_key(m, DRAFT_TESTS_DECIDE);
    const yaml_node *expect = draft_key(m, DRAFT_TESTS_EXPECT), *because = draft_key(m, DRAFT_TESTS_BECAUSE);
    t->name = name ? build_copy(B, name->text) : TACT_STR("");
    t->at = name ? name->at : m->node->at;
    if (name) check_name(B, name, names);
    B->key = draft_key_text(DRAFT_TESTS_NOW);
    t->now_ms = build_time(B, draft_key(m, DRAFT_TESTS_NOW), 0);
    B->key = draft_key_text(DRAFT_TESTS_PERSON);
    read_person(B, draft_key(m, DRAFT_TESTS_PERSON), t);
    B->key = draft_key_text(DRAFT_TESTS_DECIDE);
    read_decide(B, decide, t);
    B->key = draft_key_text(DRAFT_TESTS_EXPECT);
    read_expect(B, expect, decide, t);
    B->key = draft_key_text(DRAFT_TESTS_BECAUSE);
    read_because(B, because, t);
    B->key = NULL;
    if (m->spoilt || !says_nothing(expect) || !says_nothing(because)) return;
    report_add(build_at(B), REPORT_MISSING_KEY, t->at, "expect: {home_hero: [womens_winter]}",
               "a test that expects nothing can never fail");
}

void build_tests(builder *B) {
    const draft_members *members = &B->d->sections[DRAFT_TESTS];
    bundle_test *tests = build_array(B, B->cold, members->count, sizeof *tests);
    if (!tests) return;
    strmap names = strmap_in(B->scratch);
    B->section = DRAFT_TESTS;
    B->part = B->item = no_part;
    for (uint32_t i = 0; i < members->count; i++) {
        char number[16];
        B->member = (tact_str){number, (size_t)snprintf(number, sizeof number, "[%u]", i)};
        read_test(B, &members->of[i], &names, &tests[i]);
    }
    B->member = no_part;
    B->b->tests = tests;
    B->b->tests_count = members->count;
}
