// SPDX-License-Identifier: Apache-2.0
//
// Subtle: an error that becomes a slot's value loses its place. The place is an instruction of the program that made
// it, a segment's or a propensity's, and whoever reads the slot is another program.
#include "decide/slots.h"

#include "store/window.h"

enum { NANOS_A_MS = 1000000 };

static tact_value fault(slots *s, tact_fault what, const char *text) {
    if (what == TACT_FAULT_NO_MEMORY) s->out_of_memory = true;
    return tact_fault_value(what, text);
}

// ---- Where values come from -----------------------------------------------------------------------------------------

static tact_value read_now(const slots *s) {
    int64_t now_ms = s->request->now_ms;
    return tact_timestamp(now_ms / 1000, (uint32_t)(now_ms % 1000) * NANOS_A_MS);
}

static tact_value read_attribute(slots *s, uint32_t number) {
    const schema_attribute *attribute = &s->bundle->schema->attributes[number];
    const bool granted = attribute->purpose < 0 || slots_granted(s, (uint32_t)attribute->purpose);
    if (s->record && granted) {
        tact_value v = record_attribute(s->record, s->bundle->schema, number, s->request->now_ms, s->arena);
        return v.kind == TACT_ERROR ? fault(s, (tact_fault)v.len, v.as.s) : v;
    }
    if (attribute->has_default) return attribute->fallback;
    return fault(s, TACT_FAULT_ABSENT,
                 record_absence_text(s->bundle->schema, number, granted ? RECORD_UNSET : RECORD_NOT_GRANTED));
}

// The property of the event that the aggregate is of; NULL kind if it does not carry it.
static tact_value property_of(const slots *s, const decide_event *e, int32_t property) {
    const schema_event *event = &s->bundle->schema->events[e->event];
    for (uint32_t i = 0; i < e->values_count && property >= 0; i++) {
        if (e->values[i].number != property) continue;
        return schema_widened(event->properties[property].type, e->values[i].value);
    }
    return tact_null();
}

// What the record has, and what the request's events add to a copy of it.
static tact_value read_aggregate(slots *s, uint32_t number) {
    const schema_aggregate *spec = &s->bundle->schema->aggregates[number];
    const decide_request *q = s->request;
    tact_str state = s->record ? record_window(s->record, number) : (tact_str){NULL, 0};
    for (uint32_t i = 0; i < q->events_count; i++) {
        if (q->events[i].event != spec->event) continue;
        tact_value v = property_of(s, &q->events[i], spec->property);
        if (window_add(s->arena, spec, &state, q->now_ms, v)) return fault(s, TACT_FAULT_NO_MEMORY, NULL);
    }
    return window_read(state, spec, q->now_ms);
}

bool decide_granted(const schema *sc, const decide_request *q, const record *known, uint32_t purpose) {
    if (q->denied >> purpose & 1) return false;
    if (!known) return sc->purposes[purpose].granted_by_default;
    return record_granted(known, sc, purpose, q->now_ms) &&
           (!q->asked_ms || record_granted(known, sc, purpose, q->asked_ms));
}

bool slots_granted(slots *s, uint32_t purpose) {
    uint64_t bit = UINT64_C(1) << purpose;
    if (!(s->purposes_known & bit)) {
        s->purposes_known |= bit;
        if (decide_granted(s->bundle->schema, s->request, s->record, purpose)) s->purposes_granted |= bit;
    }
    return s->purposes_granted & bit;
}

static tact_value read_context(slots *s, uint32_t number) {
    const tact_value *given = s->request->context;
    tact_value fallback = s->bundle->context[number].fallback;
    if (given && given[number].kind != TACT_UNRESOLVED) return given[number];
    return fallback.kind == TACT_NULL ? fault(s, TACT_FAULT_ABSENT, "the request does not carry it") : fallback;
}

static tact_value read_slot(slots *s, uint32_t slot);

// Segments lie each behind those that it reads, so a long chain of them is evaluated from its beginning instead of one
// within the other.
static tact_value read_segment(slots *s, uint32_t number) {
    const bundle_segment *segments = s->bundle->segments;
    if (s->depth == SLOTS_DEPTH_MAX) {
        for (uint32_t i = 0; i < number; i++) {
            tact_value *v = &s->of[segments[i].slot];
            if (v->kind == TACT_UNRESOLVED) *v = read_slot(s, segments[i].slot);
        }
    }
    uint32_t place = s->place, depth = s->depth;
    int32_t offer = s->offer;
    s->offer = -1; // a segment is about the person
    if (depth < SLOTS_DEPTH_MAX) s->depth++;
    tact_value v = slots_rule(s, &segments[number].rule);
    s->place = place, s->depth = depth, s->offer = offer;
    return v;
}

static tact_value read_slot(slots *s, uint32_t slot) {
    const bundle_slot *of = &s->bundle->slots[slot];
    tact_value v = tact_fault_value(TACT_FAULT_ABSENT, "there is no offer at hand");
    switch ((bundle_slot_kind)of->kind) {
    case BUNDLE_SLOT_NOW: v = read_now(s); break;
    case BUNDLE_SLOT_ATTRIBUTE: v = read_attribute(s, of->number); break;
    case BUNDLE_SLOT_AGGREGATE: v = read_aggregate(s, of->number); break;
    case BUNDLE_SLOT_CONSENT: v = tact_bool(slots_granted(s, of->number)); break;
    case BUNDLE_SLOT_CONTEXT: v = read_context(s, of->number); break;
    case BUNDLE_SLOT_SEGMENT: v = read_segment(s, of->number); break;
    case BUNDLE_SLOT_OFFER:
    case BUNDLE_SLOT_PROPENSITY: break; // set by whoever turns to an offer
    }
    if (v.kind == TACT_ERROR) v.at = 0, v.flags = 0;
    if (s->observer && s->observer->reads) s->observer->reads(s->observer->context, slot, v);
    return v;
}

tact_value slots_value(slots *s, uint32_t slot) {
    tact_value *v = &s->of[slot];
    if (v->kind == TACT_UNRESOLVED) *v = read_slot(s, slot);
    return *v;
}

static tact_value resolve(void *context, uint32_t slot) {
    return read_slot(context, slot);
}

static void observe(void *context, uint32_t pos, uint32_t len, tact_value value) {
    const slots *s = context;
    s->observer->observes(s->observer->context, pos, len, value);
}

// ---- Evaluating -----------------------------------------------------------------------------------------------------

tact_err slots_init(slots *s, const bundle *b, const decide_request *request, const record *known, arena *a,
                    const decide_observer *o) {
    *s = (slots){.bundle = b, .request = request, .record = known, .arena = a, .observer = o};
    s->of = arena_zalloc(a, (size_t)(b->slots_count + 1) * sizeof *s->of); // UNRESOLVED is 0
    if (!s->of) return TACT_NO_MEMORY;
    s->piece = (tact_cel_input){
        .slots = s->of, .slots_count = b->slots_count, .resolve = resolve, .context = s, .arena = a};
    s->rule = s->piece;
    if (o && o->observes) s->rule.observe = observe;
    s->propensity = s->offer_first = b->slots_count;
    for (uint32_t i = b->slots_count; i-- > 0 && b->slots[i].kind >= BUNDLE_SLOT_OFFER;) { // the last of all slots
        if (b->slots[i].kind == BUNDLE_SLOT_PROPENSITY) s->propensity = i;
        if (b->slots[i].kind == BUNDLE_SLOT_OFFER) s->offer_first = i;
    }
    s->place = DECIDE_NO_PLACE;
    s->offer = -1;
    return TACT_OK;
}

void slots_turn(slots *s, uint32_t place, int32_t offer) {
    const bundle *b = s->bundle;
    s->place = place;
    if (offer >= 0 && offer != s->offer) {
        memcpy(&s->of[s->offer_first], b->offers[offer].attributes, b->offer_attributes_count * sizeof *s->of);
    }
    s->offer = offer;
}

void slots_set_propensity(slots *s, tact_value propensity) {
    if (propensity.kind == TACT_ERROR) propensity.at = 0, propensity.flags = 0;
    s->of[s->propensity] = propensity;
}

// That an evaluation took too much is its rule's fault. That the arena has no more to give is nobody's, and must not
// look like it.
static inline tact_value evaluate(slots *s, const tact_cel_program *program, tact_cel_input *in) {
    tact_value v = tact_cel_eval(program, in);
    if (__builtin_expect(v.kind == TACT_ERROR && v.len == TACT_FAULT_NO_MEMORY, 0)) {
        const arena *a = s->arena;
        s->out_of_memory |= a->bytes_max && a->bytes_max - tact_arena_used(a) < TACT_CEL_MEMORY_MAX;
    }
    return v;
}

tact_value slots_rule(slots *s, const bundle_rule *rule) {
    const decide_observer *o = s->observer;
    if (!o) return evaluate(s, rule->program, &s->rule);
    if (o->begins) o->begins(o->context, rule, s->place, s->offer);
    tact_value v = evaluate(s, rule->program, &s->rule);
    if (o->ends) o->ends(o->context, rule, v);
    return v;
}

tact_value slots_piece(slots *s, const tact_cel_program *program) {
    return evaluate(s, program, &s->piece);
}
