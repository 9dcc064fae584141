// SPDX-License-Identifier: Apache-2.0
//
// Subtle: what a reply costs is measured as it would be written, item by item, before the item goes in; the frame
// around them has a bound of its own. So a reply never exceeds its budget, whatever is in it.
#include "engine/context.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "decide/slots.h"
#include "engine/decision.h"
#include "store/event.h"
#include "wire/form.h"
#include "wire/json.h"

enum {
    FRAME = 190,    // bytes of the reply without its items: names of its keys, and the numbers of `person`, `left_out`
    HANDOFF = 4,    // a fourth of the rest may be for people
    LARGE = 4,      // an item is that takes more than a fourth of the budget
    RULE_MAX = 200, // bytes of a rule's text that are told as a reason
};

typedef struct attributes { // that are told, as they come
    value_entry *of;
    uint32_t count;
} attributes;

typedef struct telling {
    session *s;
    slots slots; // of the person, with no offer at hand
    const bundle *b;
    form f;
    decision_person who;
    int64_t now_ms;
    size_t whole, left; // bytes
    bool full;          // something of more use was left out
    uint32_t not_granted, too_much;
    buf handoff;
    size_t handoff_max;
    tact_err code;
} telling;

// ---- The budget -----------------------------------------------------------------------------------------------------

static size_t cost_of(telling *t, tact_value v) {
    buf out = buf_in(&t->s->scratch);
    if (json_write(&out, v) || out.failed) t->f.failed = true;
    return out.len;
}

// Whether there are so many bytes, which are then taken. What finds no room ends it, so that nothing of less use has
// its place; what is large in itself is left out alone.
static bool pay(telling *t, size_t bytes) {
    if (t->full || bytes > t->left) {
        t->full |= bytes <= t->whole / LARGE;
        t->too_much++;
        return false;
    }
    t->left -= bytes;
    return true;
}

static void add(telling *t, form_items *to, tact_value v) {
    if (!t->f.failed && pay(t, cost_of(t, v) + 1)) form_add(&t->f, to, v);
}

static void add_named(telling *t, value_entry *to, uint32_t *count, tact_str name, tact_value v) {
    tact_value key = form_text(&t->f, name);
    if (!t->f.failed && pay(t, cost_of(t, key) + cost_of(t, v) + 2)) to[(*count)++] = (value_entry){key, v};
}

// Adds to what people read: the whole or, where it would be too long, nothing.
static void say(telling *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(telling *t, const char *format, ...) {
    size_t before = t->handoff.len;
    va_list args;
    va_start(args, format);
    buf_add_text(&t->handoff, before ? "; " : "");
    buf_vprintf(&t->handoff, format, args);
    va_end(args);
    if (t->handoff.failed) return;
    if (cost_of(t, tact_string(t->handoff.ptr, t->handoff.len)) <= t->handoff_max) return;
    t->handoff.len = before;
}

#define NAME(text) (int)(text).len, (text).ptr

// ---- Who ------------------------------------------------------------------------------------------------------------

static void say_attribute(telling *t, tact_str name, tact_value v) {
    buf shown = buf_in(&t->s->scratch);
    value_print_within(&shown, v, 10);
    tact_str text = buf_done(&shown);
    t->f.failed |= !text.ptr;
    if (text.ptr) say(t, "%.*s %.*s", NAME(name), NAME(text));
}

static void add_attributes(telling *t, bool personal, attributes *to) {
    const schema *sc = t->b->schema;
    for (uint32_t i = 0; i < sc->attributes_count; i++) {
        const schema_attribute *m = &sc->attributes[i];
        if (m->retired || m->personal != personal) continue;
        bool granted = m->purpose < 0 || slots_granted(&t->slots, (uint32_t)m->purpose);
        t->not_granted += !granted;
        if (!granted || record_why(&t->who.record, sc, i, t->now_ms) != RECORD_PRESENT) continue;
        tact_value v = record_attribute(&t->who.record, sc, i, t->now_ms, &t->s->scratch);
        uint32_t before = to->count;
        add_named(t, to->of, &to->count, m->name, form_copy(&t->f, v));
        if (to->count > before && personal) say_attribute(t, m->name, v);
    }
}

static void add_aggregates(telling *t, attributes *to) {
    const schema *sc = t->b->schema;
    for (uint32_t i = 0; i < sc->aggregates_count; i++) {
        const schema_aggregate *m = &sc->aggregates[i];
        if (m->retired || m->function == SCHEMA_SINCE) continue;
        tact_value v = record_aggregate(&t->who.record, sc, i, t->now_ms);
        bool nothing = v.kind == TACT_ERROR || (v.kind == TACT_INT && v.as.i == 0) ||
                       (v.kind == TACT_DOUBLE && v.as.d == 0);
        if (!nothing) add_named(t, to->of, &to->count, m->name, form_copy(&t->f, v));
    }
}

static tact_value consents_of(telling *t) {
    const schema *sc = t->b->schema;
    value_entry all[SCHEMA_PURPOSES_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < sc->purposes_count; i++) {
        if (sc->purposes[i].retired) continue;
        bool granted = slots_granted(&t->slots, i);
        add_named(t, all, &count, sc->purposes[i].name, tact_bool(granted));
        say(t, "%.*s %s", NAME(sc->purposes[i].name), granted ? "granted" : "not granted");
    }
    return form_map_of(&t->f, all, count);
}

static bool holds(telling *t, uint32_t segment) {
    tact_value v = slots_rule(&t->slots, &t->b->segments[segment].rule);
    return v.kind == TACT_BOOL && v.as.b;
}

// How long ago the last was of what is open for some time; of another aggregate, or if it is open no more, not a
// duration.
static tact_value open_since(telling *t, uint32_t aggregate) {
    const schema_aggregate *m = &t->b->schema->aggregates[aggregate];
    if (m->retired || m->function != SCHEMA_SINCE || !m->window_ms) return tact_null();
    return record_aggregate(&t->who.record, t->b->schema, aggregate, t->now_ms);
}

// Whether a rule reads a matter that is open for some time, and is not now.
static bool reads_matter(telling *t, const bundle_rule *rule) {
    uint32_t count = 0;
    const uint32_t *read = tact_cel_program_slots(rule->program, &count);
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        const bundle_slot *of = &t->b->slots[read[i]];
        if (of->kind != BUNDLE_SLOT_AGGREGATE) continue;
        tact_value v = open_since(t, of->number);
        if (v.kind == TACT_DURATION) return false; // which is told itself
        any |= v.kind == TACT_ERROR;
    }
    return any;
}

static void add_open_segments(telling *t, form_items *all) {
    for (uint32_t i = 0; i < t->b->segments_count; i++) {
        const bundle_segment *m = &t->b->segments[i];
        if (!reads_matter(t, &m->rule) || !holds(t, i)) continue;
        form_fields one = {.count = 0};
        form_put(&t->f, &one, "matter", form_text(&t->f, m->name));
        add(t, all, form_map(&t->f, &one));
        say(t, "open: %.*s", NAME(m->name));
    }
}

static tact_value open_matters(telling *t) {
    const schema *sc = t->b->schema;
    form_items all = {.count = 0};
    for (uint32_t i = 0; i < sc->aggregates_count; i++) {
        const schema_aggregate *m = &sc->aggregates[i];
        tact_value v = open_since(t, i);
        if (v.kind != TACT_DURATION) continue;
        form_fields one = {.count = 0};
        form_put(&t->f, &one, "matter", form_text(&t->f, m->name));
        form_put(&t->f, &one, "ago_s", tact_int(v.as.i / 1000000000));
        add(t, &all, form_map(&t->f, &one));
        say(t, "open: %.*s", NAME(m->name));
    }
    add_open_segments(t, &all);
    return form_list(&all);
}

// ---- Events ---------------------------------------------------------------------------------------------------------

typedef struct newest { // events, the newest first
    event of[CONTEXT_EVENTS + 1];
    uint32_t count;
} newest;

static void keep_newest(newest *n, const event *e) {
    uint32_t i = n->count;
    for (; i && n->of[i - 1].time_ms <= e->time_ms; i--) n->of[i] = n->of[i - 1];
    n->of[i] = *e;
    if (n->count < CONTEXT_EVENTS) n->count++;
}

static tact_err find_events(telling *t, newest *n) {
    db_txn *txn = &t->s->reader.txn;
    for (uint32_t i = 0; i < t->who.strands_count; i++) {
        const uint64_t id = t->who.strands[i];
        int64_t since_ms = t->now_ms - CONTEXT_DAYS * INT64_C(86400000);
        db_key from = event_key(id, since_ms > 0 ? since_ms : 0, 0);
        db_walk w;
        tact_err err = db_walk_begin(txn, DB_EVENT, db_key_str(&from), &w);
        if (err) continue;
        for (; !err && db_key_number_at(w.key, 0) == id; err = db_walk_next(&w)) {
            event e;
            err = event_read(&t->s->scratch, w.key, w.value, &e, NULL);
            if (err) break;
            if (e.time_ms <= t->now_ms) keep_newest(n, &e);
        }
        db_walk_end(&w);
        if (err && err != TACT_NOT_FOUND) return err;
    }
    return txn->broken;
}

static tact_value event_told(telling *t, const event *e) {
    const schema_event *type = &t->b->schema->events[e->event];
    form_fields one = {.count = 0};
    form_put(&t->f, &one, "event", form_text(&t->f, type->name));
    form_put(&t->f, &one, "ago_s", tact_int((t->now_ms - e->time_ms) / 1000));
    if (e->channel.len) form_put(&t->f, &one, "channel", form_text(&t->f, e->channel));
    for (uint32_t i = 0; i < e->values_count && one.count < FORM_FIELDS_MAX; i++) {
        uint16_t number = e->values[i].number;
        tact_str name = number < type->properties_count ? type->properties[number].name : (tact_str){NULL, 0};
        bool own = tact_str_equal(name, TACT_STR("event")) || tact_str_equal(name, TACT_STR("ago_s")) ||
                   tact_str_equal(name, TACT_STR("channel"));
        if (!name.len || own || type->properties[number].retired) continue;
        one.of[one.count++] = (value_entry){form_text(&t->f, name), form_copy(&t->f, e->values[i].value)};
    }
    return form_map(&t->f, &one);
}

static tact_value recent_of(telling *t) {
    form_items all = {.count = 0};
    newest n = {.count = 0};
    if (!t->code) t->code = find_events(t, &n);
    for (uint32_t i = 0; !t->code && i < n.count; i++) {
        bool known = n.of[i].event < t->b->schema->events_count && !t->b->schema->events[n.of[i].event].retired;
        if (!known) continue;
        if (!all.count) say(t, "last: %.*s", NAME(t->b->schema->events[n.of[i].event].name));
        add(t, &all, event_told(t, &n.of[i]));
    }
    return form_list(&all);
}

// ---- Segments and offers --------------------------------------------------------------------------------------------

static tact_value segments_of(telling *t) {
    form_items all = {.count = 0};
    for (uint32_t i = 0; i < t->b->segments_count; i++) {
        if (!holds(t, i)) continue;
        add(t, &all, form_text(&t->f, t->b->segments[i].name));
        say(t, "%.*s", NAME(t->b->segments[i].name));
    }
    return form_list(&all);
}

static tact_value offer_told(telling *t, const bundle_placement *placement, const decide_choice *c) {
    const bundle_offer *o = &t->b->offers[c->offer];
    const bundle_rule *rule = &o->rules[BUNDLE_ELIGIBLE];
    form_fields one = {.count = 0};
    value_entry content[BUNDLE_FIELDS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < placement->fields_count; i++) {
        if (c->fields[i].kind == TACT_NULL) continue;
        content[count++] = (value_entry){form_text(&t->f, placement->fields[i].name), form_copy(&t->f, c->fields[i])};
    }
    form_put(&t->f, &one, "offer", form_text(&t->f, o->name));
    form_put(&t->f, &one, "title", form_text(&t->f, o->title));
    form_put(&t->f, &one, "content", form_map_of(&t->f, content, count));
    bool told = rule->program && rule->text.len <= RULE_MAX;
    form_put(&t->f, &one, "why", told ? form_text(&t->f, rule->text) : tact_string("for all", 7));
    return form_map(&t->f, &one);
}

// A dry decision for the channel's placements; what is nothing but a fallback is no offer.
static tact_value offers_of(telling *t, decision *d, tact_problem *p, tact_err *err) {
    form_items all = {.count = 0};
    *err = d->request.placements_count ? decision_run(d, NULL, p) : TACT_OK;
    for (uint32_t i = 0; !*err && i < d->answer.places_count; i++) {
        const decide_place *shown = &d->answer.places[i];
        for (uint32_t k = 0; k < shown->choices_count; k++) {
            if (shown->choices[k].fallback) continue;
            add(t, &all, offer_told(t, &t->b->placements[shown->placement], &shown->choices[k]));
            say(t, "may be offered: %.*s", NAME(t->b->offers[shown->choices[k].offer].name));
        }
    }
    return form_list(&all);
}

// ---- The whole ------------------------------------------------------------------------------------------------------

static tact_err find_placements(const request *r, const bundle *b, request_decide *in, tact_problem *p) {
    tact_str name = request_text(r, REQUEST_CHANNEL);
    if (!r->given[REQUEST_CHANNEL]) return TACT_OK;
    near n = near_to(name);
    bool known = false;
    for (uint32_t i = 0; i < b->channels_count; i++) {
        known |= tact_str_equal(b->channels[i].name, name);
        near_offer(&n, b->channels[i].name);
    }
    const place at = place_of("channel");
    if (!known) return problem_unknown(p, TACT_PROBLEM_UNKNOWN_CHANNEL, &at, "channel", &n);
    for (uint32_t i = 0; i < b->placements_count && in->placements_count < DECIDE_PLACEMENTS_MAX; i++) {
        if (!tact_str_equal(b->channels[b->placements[i].channel].name, name)) continue;
        in->placements[in->placements_count++] = i;
    }
    return TACT_OK;
}

static tact_err find_budget(const request *r, size_t *bytes, tact_problem *p) {
    const tact_value *v = r->given[REQUEST_BUDGET];
    *bytes = (size_t)CONTEXT_BUDGET * CONTEXT_TOKEN;
    if (!v) return TACT_OK;
    const place at = place_of("budget");
    bool fits = (v->kind == TACT_UINT || v->as.i >= 0) && v->as.u >= CONTEXT_BUDGET_MIN &&
                v->as.u <= CONTEXT_BUDGET_MAX;
    if (!fits) {
        return problem_set(p, TACT_INVALID, TACT_PROBLEM_BAD_VALUE, &at, "%s: from %d to %d tokens", at.text,
                           CONTEXT_BUDGET_MIN, CONTEXT_BUDGET_MAX);
    }
    *bytes = (size_t)v->as.u * CONTEXT_TOKEN;
    return TACT_OK;
}

static tact_value handoff_of(telling *t) {
    tact_str text = buf_done(&t->handoff);
    t->f.failed |= !text.ptr;
    return text.ptr ? form_text(&t->f, text) : tact_null();
}

// What is of most use has the first claim to room, wherever it stands in the reply.
static tact_value tell(telling *t, decision *d, tact_problem *p, tact_err *err) {
    const schema *sc = t->b->schema;
    form_fields all = {.count = 0}, left = {.count = 0};
    attributes a = {.count = 0};
    a.of = arena_array(&t->s->scratch, sc->attributes_count + sc->aggregates_count, sizeof *a.of);
    t->f.failed |= !a.of;
    if (!a.of) return tact_null();
    add_attributes(t, true, &a); // who it is
    tact_value consents = consents_of(t), open = open_matters(t), recent = recent_of(t), segments = segments_of(t);
    tact_value offers = offers_of(t, d, p, err);
    add_attributes(t, false, &a);
    add_aggregates(t, &a);
    form_put(&t->f, &all, "ok", tact_bool(true));
    form_put(&t->f, &all, "person", tact_int((int64_t)record_person(&t->who.record)));
    form_put(&t->f, &all, "attributes", form_map_of(&t->f, a.of, a.count));
    form_put(&t->f, &all, "consents", consents);
    form_put(&t->f, &all, "open", open);
    form_put(&t->f, &all, "recent", recent);
    form_put(&t->f, &all, "segments", segments);
    form_put(&t->f, &all, "offers", offers);
    form_put(&t->f, &left, "not_granted", tact_int(t->not_granted));
    form_put(&t->f, &left, "budget", tact_int(t->too_much));
    form_put(&t->f, &all, "left_out", form_map(&t->f, &left));
    form_put(&t->f, &all, "handoff", handoff_of(t));
    return form_map(&t->f, &all);
}

tact_err context_tell(session *s, const request *r, arena *a, tact_value *reply, tact_problem *p) {
    telling t = {
        .s = s, .b = s->bundle->bundle, .f = {a, false}, .now_ms = clock_wall_ms(), .handoff = buf_in(&s->scratch)};
    decision d = {.session = s, .bundle = t.b, .begun_us = clock_mono_us(), .in = {.dry = true}};
    size_t bytes = 0;
    tact_err err = request_whom_read(r, &s->scratch, t.b->schema, true, &d.whom, p);
    if (!err) err = find_budget(r, &bytes, p);
    if (!err) err = request_now_read(r, &t.now_ms, p);
    if (!err) err = request_context_read(r, &s->scratch, t.b, &d.in.context, p);
    if (!err) err = find_placements(r, t.b, &d.in, p);
    if (!err) err = decision_find_person(s, &d.whom, &t.who, p);
    if (err) return err;
    if (!t.who.known) {
        const place at = place_of("person");
        return problem_set(p, TACT_NOT_FOUND, TACT_PROBLEM_UNKNOWN_PERSON, &at, "%s: nobody is known by that", at.text);
    }
    d.in.now_ms = t.now_ms;
    d.request = (decide_request){.placements = d.in.placements,
                                 .placements_count = d.in.placements_count,
                                 .context = d.in.context,
                                 .now_ms = t.now_ms,
                                 .asked_ms = r->given[REQUEST_NOW] ? clock_wall_ms() : 0,
                                 .denied = t.who.denied,
                                 .past = r->given[REQUEST_NOW] != NULL};
    t.handoff_max = (bytes - FRAME) / HANDOFF;
    t.whole = bytes;
    t.left = bytes - FRAME - t.handoff_max;
    if (slots_init(&t.slots, t.b, &d.request, &t.who.record, &s->scratch, NULL)) return problem_no_memory(p);
    slots_turn(&t.slots, 0, -1);
    say(&t, "person %llu", (unsigned long long)record_person(&t.who.record));
    tact_value v = tell(&t, &d, p, &err);
    if (err) return err;
    if (t.code) return problem_set(p, t.code, TACT_PROBLEM_NONE, NULL, "%s", tact_err_text(t.code));
    if (t.f.failed) return problem_no_memory(p);
    *reply = v;
    return TACT_OK;
}
