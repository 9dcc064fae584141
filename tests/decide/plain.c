// SPDX-License-Identifier: Apache-2.0
//
// See plain.h. Each part stands in the order in which an answer comes about; what a document says is quoted where it
// decides. Subtle is only the caps: what this very answer counts is counted from the answer itself, each time anew.
#include "plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "cel/zone.h"
#include "store/window.h"
#include "value/value.h"

static void must(bool holds) {
    if (!holds) abort();
}

static void *make(arena *a, size_t count, size_t size) {
    void *made = arena_zalloc(a, (count + 1) * size);
    must(made != NULL);
    return made;
}

typedef struct run {
    const bundle *b;
    const decide_request *request;
    const decide_person *person;
    const merged *known;
    arena *a;
    tact_value *slots; // but for what belongs to an offer
    plain_answer *out;
    decide_place *places; // of the answer, as far as it is there
    decide_choice **choices;
    uint32_t places_count;
} run;

// ---- Hashes ---------------------------------------------------------------------------------------------------------

static uint32_t fnv32a(uint32_t hash, tact_str bytes) {
    for (size_t i = 0; i < bytes.len; i++) hash = (hash ^ (uint8_t)bytes.ptr[i]) * UINT32_C(16777619);
    return hash;
}

// "fnv32a(decimal(fnv32a(seed + unit))) mod 10000"
uint32_t plain_bucket(tact_str seed, tact_str unit) {
    char digits[16];
    uint32_t inner = fnv32a(fnv32a(UINT32_C(2166136261), seed), unit);
    int len = snprintf(digits, sizeof digits, "%u", inner);
    return fnv32a(UINT32_C(2166136261), (tact_str){digits, (size_t)len}) % 10000;
}

// ---- Spans of caps --------------------------------------------------------------------------------------------------

enum { QUARTER = 900 }; // seconds; clocks are changed at quarters of an hour, and all periods begin at one

static bool is_same_period(const zone *z, bundle_period period, int64_t one, int64_t other) {
    civil a = zone_civil(z, one), b = zone_civil(z, other);
    int64_t days_a = civil_days(a.year, a.month, a.day), days_b = civil_days(b.year, b.month, b.day);
    switch (period) {
    case BUNDLE_HOUR: return days_a == days_b && a.hour == b.hour && zone_offset(z, one) == zone_offset(z, other);
    case BUNDLE_DAY: return days_a == days_b;
    case BUNDLE_WEEK: return (days_a + 3) / 7 == (days_b + 3) / 7; // 1970 began on a Thursday, the fourth of its week
    case BUNDLE_MONTH: return a.year == b.year && a.month == b.month;
    case BUNDLE_YEAR: return a.year == b.year;
    default: abort();
    }
}

int64_t plain_since(const bundle *b, const bundle_cap *cap, int64_t now_ms) {
    static const int64_t steps[] = {30 * CIVIL_DAY, CIVIL_DAY / 2, QUARTER};
    if (cap->period == BUNDLE_FOR_EVER) return INT64_MIN;
    if (cap->period == BUNDLE_SLIDING) return now_ms - cap->every_ms + 1; // what is as old as the span has left it
    zone z;
    must(zone_find(b->time_zone, &z));
    int64_t now = now_ms / 1000, at = now - now % QUARTER;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        while (is_same_period(&z, cap->period, at - steps[i], now)) at -= steps[i];
    }
    return at * 1000;
}

// ---- Where caps stand -----------------------------------------------------------------------------------------------

typedef enum site_kind { OFFER, GROUP, CHANNEL, PLACEMENT, SITES } site_kind;

// The number of the site of a kind where something of an offer at a placement happens; -1: none.
static int32_t site_of(const bundle *b, site_kind kind, int32_t offer, int32_t placement) {
    switch (kind) {
    case OFFER: return offer;
    case GROUP: return offer < 0 ? -1 : b->offers[offer].group;
    case CHANNEL: return placement < 0 ? -1 : (int32_t)b->placements[placement].channel;
    case PLACEMENT: return placement;
    default: abort();
    }
}

static bundle_caps caps_of(const bundle *b, site_kind kind, int32_t number) {
    if (number < 0) return (bundle_caps){0, 0};
    switch (kind) {
    case OFFER: return b->offers[number].caps;
    case GROUP: return b->groups[number].caps;
    case CHANNEL: return b->channels[number].caps;
    case PLACEMENT: return b->placements[number].caps;
    default: abort();
    }
}

uint32_t plain_tallies(const bundle *b, bundle_count on, int32_t event, int32_t offer, int32_t placement,
                       decide_count *out) {
    uint32_t count = 0;
    for (site_kind kind = 0; kind < SITES; kind++) {
        bundle_caps caps = caps_of(b, kind, site_of(b, kind, offer, placement));
        for (uint32_t i = 0; i < caps.count; i++) {
            const bundle_cap *cap = &b->caps[caps.first + i];
            if (cap->on != on || (on == BUNDLE_ON_EVENT && cap->event != event)) continue;
            uint32_t k = 0;
            while (k < count && out[k].tally != cap->tally) k++;
            if (k == count) out[count++] = (decide_count){cap->tally, 0, false};
            if (cap->keep > out[k].keep) out[k].keep = cap->keep;
            out[k].everyone |= cap->everyone;
        }
    }
    return count;
}

// How often this request and this answer, as far as it is there, count for a cap that stands at a site.
static uint64_t count_own(const run *r, const bundle_cap *cap, site_kind kind, int32_t number) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < r->request->events_count && cap->on == BUNDLE_ON_EVENT; i++) {
        const decide_event *e = &r->request->events[i];
        count += (int32_t)e->event == cap->event && site_of(r->b, kind, e->offer, e->placement) == number;
    }
    for (uint32_t i = 0; i < r->places_count && cap->on == BUNDLE_ON_DECISION; i++) {
        for (uint32_t k = 0; k < r->places[i].choices_count; k++) {
            int32_t offer = (int32_t)r->choices[i][k].offer;
            count += site_of(r->b, kind, offer, (int32_t)r->places[i].placement) == number;
        }
    }
    return count;
}

static uint64_t count_of(const run *r, const bundle_cap *cap, site_kind kind, int32_t number) {
    const decide_counts *counts = &r->person->counts;
    int64_t since = plain_since(r->b, cap, r->request->now_ms), behind = r->request->now_ms + 1;
    uint64_t count = count_own(r, cap, kind, number);
    for (int later = 0; later <= r->request->past; later++) { // without what came later, if now is another time
        int64_t from = later ? behind : since, n = 0;
        if (cap->everyone) {
            n = counts->of_everyone ? (int64_t)counts->of_everyone(counts->context, cap->tally, from) : 0;
        } else {
            if (r->person->record) n = record_tally(r->person->record, cap->tally, from);
            if (counts->of_person) n += counts->of_person(counts->context, cap->tally, from);
        }
        count = later ? count - (uint64_t)n : count + (uint64_t)n;
    }
    return count;
}

// "All caps must leave room": the first that does not, of the offer, its group, the channel, the placement.
static bool has_room(const run *r, uint32_t offer, uint32_t placement, decide_why *why) {
    for (site_kind kind = 0; kind < SITES; kind++) {
        int32_t number = site_of(r->b, kind, (int32_t)offer, (int32_t)placement);
        bundle_caps caps = caps_of(r->b, kind, number);
        for (uint32_t i = 0; i < caps.count; i++) {
            const bundle_cap *cap = &r->b->caps[caps.first + i];
            uint64_t counted = count_of(r, cap, kind, number);
            if (counted < cap->max) continue;
            *why = (decide_why){.cap = cap, .counted = counted, .other = -1};
            return false;
        }
    }
    return true;
}

// ---- What expressions read ------------------------------------------------------------------------------------------

static tact_value absent(void) {
    return tact_fault_value(TACT_FAULT_ABSENT, NULL);
}

static tact_value attribute_of(const run *r, uint32_t number) {
    const schema_attribute *attribute = &r->b->schema->attributes[number];
    if (r->person->record) {
        return record_attribute(r->person->record, r->b->schema, number, r->request->now_ms, r->a);
    }
    return attribute->has_default ? attribute->fallback : absent();
}

static bool is_granted(const run *r, uint32_t purpose) {
    if (r->person->record) return record_granted(r->person->record, r->b->schema, purpose, r->request->now_ms);
    return r->b->schema->purposes[purpose].granted_by_default;
}

static tact_value value_of_event(const decide_event *e, const schema_aggregate *spec, const schema *sc) {
    for (uint32_t i = 0; i < e->values_count && spec->property >= 0; i++) {
        if (e->values[i].number != spec->property) continue;
        return schema_widened(sc->events[e->event].properties[spec->property].type, e->values[i].value);
    }
    return tact_null();
}

// What is known of the events, and those that come with the request.
static tact_value aggregate_of(const run *r, uint32_t number) {
    const schema *sc = r->b->schema;
    const schema_aggregate *spec = &sc->aggregates[number];
    tact_str state = {NULL, 0};
    for (uint32_t i = 0; r->known && i < r->known->windows_count; i++) {
        if (r->known->windows[i].key == number) state = r->known->windows[i].state;
    }
    for (uint32_t i = 0; i < r->request->events_count; i++) {
        const decide_event *e = &r->request->events[i];
        if (e->event != spec->event) continue;
        must(window_add(r->a, spec, &state, r->request->now_ms, value_of_event(e, spec, sc)) == TACT_OK);
    }
    return window_read(state, spec, r->request->now_ms);
}

static tact_value context_of(const run *r, uint32_t number) {
    const tact_value *given = r->request->context ? &r->request->context[number] : NULL;
    if (given && given->kind != TACT_UNRESOLVED) return *given;
    tact_value fallback = r->b->context[number].fallback;
    return fallback.kind == TACT_NULL ? absent() : fallback;
}

static tact_value eval(const run *r, const tact_cel_program *program, tact_value *slots) {
    tact_cel_input in = {.slots = slots, .slots_count = r->b->slots_count, .arena = r->a};
    return tact_cel_eval(program, &in);
}

// A fault that becomes a slot's value arose in another text than that of whoever reads it.
static tact_value as_slot(tact_value v) {
    return v.kind == TACT_ERROR ? tact_fault_value((tact_fault)v.len, v.as.s) : v;
}

static void fill_slots(run *r) {
    r->slots = make(r->a, r->b->slots_count, sizeof *r->slots);
    for (uint32_t i = 0; i < r->b->slots_count; i++) {
        const bundle_slot *slot = &r->b->slots[i];
        int64_t now = r->request->now_ms;
        switch ((bundle_slot_kind)slot->kind) {
        case BUNDLE_SLOT_NOW: r->slots[i] = tact_timestamp(now / 1000, (uint32_t)(now % 1000) * 1000000); break;
        case BUNDLE_SLOT_ATTRIBUTE: r->slots[i] = attribute_of(r, slot->number); break;
        case BUNDLE_SLOT_AGGREGATE: r->slots[i] = aggregate_of(r, slot->number); break;
        case BUNDLE_SLOT_CONSENT: r->slots[i] = tact_bool(is_granted(r, slot->number)); break;
        case BUNDLE_SLOT_CONTEXT: r->slots[i] = context_of(r, slot->number); break;
        default: r->slots[i] = absent(); break;
        }
    }
    // "each after those that it reads"
    for (uint32_t i = 0; i < r->b->segments_count; i++) {
        const bundle_segment *s = &r->b->segments[i];
        r->slots[s->slot] = as_slot(eval(r, s->rule.program, r->slots));
    }
}

// The slots as an offer's rules see them.
static tact_value *slots_for(const run *r, const bundle_offer *o) {
    tact_value *slots = make(r->a, r->b->slots_count, sizeof *slots);
    for (uint32_t i = 0; i < r->b->slots_count; i++) {
        slots[i] = r->b->slots[i].kind == BUNDLE_SLOT_OFFER ? o->attributes[r->b->slots[i].number] : r->slots[i];
    }
    return slots;
}

// ---- Content --------------------------------------------------------------------------------------------------------

static void add_html(buf *out, tact_str text) {
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&': buf_add_text(out, "&amp;"); break;
        case '<': buf_add_text(out, "&lt;"); break;
        case '>': buf_add_text(out, "&gt;"); break;
        case '"': buf_add_text(out, "&quot;"); break;
        case '\'': buf_add_text(out, "&#39;"); break;
        default: buf_add_char(out, text.ptr[i]); break;
        }
    }
}

static void add_url(buf *out, tact_str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-._~", c) != NULL);
        if (plain) buf_add_char(out, (char)c);
        if (!plain) buf_printf(out, "%%%02X", c);
    }
}

static void add_escaped(buf *out, bundle_field_kind kind, tact_str text) {
    if (kind == BUNDLE_FIELD_HTML) {
        add_html(out, text);
    } else if (kind == BUNDLE_FIELD_URL || kind == BUNDLE_FIELD_IMAGE) {
        add_url(out, text);
    } else {
        buf_add_str(out, text);
    }
}

static bool add_value(buf *out, bundle_field_kind kind, tact_value v) {
    char text[NUM_TEXT_MAX];
    size_t len = 0;
    switch ((tact_kind)v.kind) {
    case TACT_STRING: add_escaped(out, kind, value_str(v)); return true;
    case TACT_BOOL: buf_add_text(out, v.as.b ? "true" : "false"); return true;
    case TACT_INT: len = (size_t)snprintf(text, sizeof text, "%lld", (long long)v.as.i); break;
    case TACT_UINT: len = (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)v.as.u); break;
    case TACT_DOUBLE: len = num_print_double(text, v.as.d); break;
    default: return false;
    }
    add_escaped(out, kind, (tact_str){text, len});
    return true;
}

// The first of the alternatives that has a value.
static tact_value value_of_piece(const run *r, const bundle_piece *piece, tact_value *slots) {
    for (; piece; piece = piece->otherwise) {
        tact_value v = eval(r, piece->program, slots);
        if (v.kind != TACT_ERROR) return v;
    }
    return absent();
}

static bool render(const run *r, bundle_field_kind kind, const bundle_text *text, tact_value *slots, tact_value *out) {
    *out = text->value;
    if (text->value.kind != TACT_NULL) return true;
    if (kind == BUNDLE_FIELD_INT || kind == BUNDLE_FIELD_DOUBLE || kind == BUNDLE_FIELD_BOOL) {
        *out = value_of_piece(r, &text->pieces[0], slots);
        return out->kind != TACT_ERROR;
    }
    buf b = buf_in(r->a);
    for (uint32_t i = 0; i < text->count; i++) {
        const bundle_piece *piece = &text->pieces[i];
        if (!piece->program) {
            buf_add_str(&b, piece->text);
        } else if (!add_value(&b, kind, value_of_piece(r, piece, slots))) {
            return false;
        }
    }
    tact_str done = buf_done(&b);
    *out = tact_string(done.ptr, done.len);
    return true;
}

// False: the text of `*field` has no value.
static bool content_of(const run *r, const bundle_content *c, tact_value *slots, const tact_value **out,
                       uint32_t *field) {
    const bundle_placement *p = &r->b->placements[c->placement];
    tact_value *fields = make(r->a, p->fields_count, sizeof *fields);
    for (uint32_t i = 0; i < p->fields_count; i++) fields[i] = tact_null();
    for (uint32_t i = 0; i < c->count; i++) {
        *field = c->texts[i].field;
        if (!render(r, p->fields[*field].kind, &c->texts[i], slots, &fields[*field])) return false;
    }
    *out = fields;
    return true;
}

// ---- Stages ---------------------------------------------------------------------------------------------------------

static bool is_held_out(const run *r) {
    return r->person->unit.len && plain_bucket(r->b->holdout_salt, r->person->unit) < r->b->holdout_permyriad;
}

// The offer's own rule of a tier, then its group's.
static bool tier_holds(const run *r, const bundle_offer *o, int tier, tact_value *slots, decide_why *why) {
    const bundle_rule *rules[] = {&o->rules[tier], o->group < 0 ? NULL : &r->b->groups[o->group].rules[tier]};
    for (int i = 0; i < 2; i++) {
        if (!rules[i] || !rules[i]->program) continue;
        tact_value v = eval(r, rules[i]->program, slots);
        if (v.kind == TACT_BOOL && v.as.b) continue;
        *why = (decide_why){.rule = rules[i], .value = v, .other = -1};
        return false;
    }
    return true;
}

// "NaN, infinity or a fault removes the offer": of the ranking's value; a propensity without one matters only to a
// ranking that needs it, and is NaN where it is told.
static bool score(const run *r, const bundle_offer *o, const bundle_rule *ranking, tact_value *slots, plain_fate *f) {
    tact_value propensity = tact_double(o->propensity_constant);
    if (o->propensity.program) propensity = eval(r, o->propensity.program, slots);
    for (uint32_t i = 0; i < r->b->slots_count; i++) {
        if (r->b->slots[i].kind == BUNDLE_SLOT_PROPENSITY) slots[i] = as_slot(propensity);
    }
    tact_value v = eval(r, ranking->program, slots);
    bool both = v.kind == TACT_ERROR && propensity.kind == TACT_ERROR;
    f->why = (decide_why){.rule = both ? &o->propensity : ranking, .value = both ? propensity : v, .other = -1};
    if (v.kind != TACT_DOUBLE || !isfinite(v.as.d)) return false;
    f->why = (decide_why){.other = -1};
    f->scored = true;
    f->propensity = propensity.kind == TACT_DOUBLE ? propensity.as.d : NAN;
    f->score = v.as.d;
    return true;
}

static void judge(const run *r, const bundle_content *c, const bundle_rule *ranking, plain_fate *f) {
    const bundle_offer *o = &r->b->offers[c->offer];
    tact_value *slots = slots_for(r, o);
    const tact_value *fields;
    int64_t now = r->request->now_ms;
    f->candidate = f->removed = true;
    f->why = (decide_why){.other = -1};
    f->stage = BUNDLE_STAGE_CONTENT;
    if (!content_of(r, c, slots, &fields, &f->why.text)) return;
    f->why.text = 0;
    f->stage = BUNDLE_STAGE_DATES;
    if (now < o->starts_ms || now >= o->ends_ms) return;
    f->stage = BUNDLE_STAGE_CONSENT;
    if (o->purpose >= 0 && !is_granted(r, (uint32_t)o->purpose)) return;
    for (int tier = 0; tier < BUNDLE_TIERS; tier++) {
        f->stage = (bundle_stage)(BUNDLE_STAGE_ELIGIBLE + tier);
        if (!tier_holds(r, o, tier, slots, &f->why)) return;
    }
    f->stage = BUNDLE_STAGE_CAPS;
    if (!has_room(r, c->offer, c->placement, &f->why)) return;
    f->stage = BUNDLE_STAGE_HOLDOUT;
    if (is_held_out(r) && (r->b->holdout_purpose < 0 || r->b->holdout_purpose == o->purpose)) return;
    f->stage = BUNDLE_STAGE_SCORE;
    if (!score(r, o, ranking, slots, f)) return;
    f->removed = false;
}

// ---- Experiments ----------------------------------------------------------------------------------------------------

static bool applies(const bundle_experiment *e, uint32_t placement) {
    if (e->placements_count == 0) return true;
    for (uint32_t i = 0; i < e->placements_count; i++) {
        if (e->placements[i] == placement) return true;
    }
    return false;
}

// The arm that the person is in; -1: in none.
static int32_t arm_of(const run *r, const bundle_experiment *e) {
    tact_str unit = r->person->unit;
    int64_t now = r->request->now_ms;
    if (!unit.len || now < e->starts_ms || now >= e->ends_ms) return -1;
    if (e->exclusive.len) {
        uint32_t share = plain_bucket(e->exclusive, unit);
        if (share < e->from || share >= e->to) return -1;
    }
    if (e->eligible.program) {
        tact_value v = eval(r, e->eligible.program, r->slots);
        if (v.kind != TACT_BOOL || !v.as.b) return -1;
    }
    uint32_t bucket = plain_bucket(e->salt, unit), end = 0;
    for (uint32_t i = 0; i < e->arms_count; i++) {
        end += e->arms[i].permyriad;
        if (bucket < end) return (int32_t)i;
    }
    return -1;
}

static void find_arms(run *r) {
    decide_arm *arms = make(r->a, r->b->experiments_count, sizeof *arms);
    decide_answer *answer = &r->out->answer;
    for (uint32_t i = 0; i < r->b->experiments_count; i++) {
        const bundle_experiment *e = &r->b->experiments[i];
        bool asked = false;
        for (uint32_t k = 0; k < r->request->placements_count; k++) asked |= applies(e, r->request->placements[k]);
        int32_t arm = asked ? arm_of(r, e) : -1;
        if (arm >= 0) arms[answer->arms_count++] = (decide_arm){i, (uint32_t)arm};
    }
    answer->arms = arms;
}

// The ranking of the placement, unless an arm sets another there: the first experiment's that does.
static uint32_t ranking_of(const run *r, uint32_t placement) {
    for (uint32_t i = 0; i < r->out->answer.arms_count; i++) {
        decide_arm in = r->out->answer.arms[i];
        const bundle_experiment *e = &r->b->experiments[in.experiment];
        if (applies(e, placement) && e->arms[in.arm].ranking >= 0) return (uint32_t)e->arms[in.arm].ranking;
    }
    return r->b->placements[placement].ranking;
}

// ---- Placements -----------------------------------------------------------------------------------------------------

// "FNV-1a of 64 bits over the name, spread by the finalizer of SplitMix64 together with the seed"
static uint64_t chance_of(const run *r, uint32_t offer) {
    tact_str name = r->b->offers[offer].name;
    uint64_t x = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < name.len; i++) x = (x ^ (uint8_t)name.ptr[i]) * UINT64_C(0x100000001b3);
    x = (x ^ r->request->seed) + UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

// "score descending, then name, or a hash of (seed, offer name) where ties are random"
static bool comes_before(const run *r, const bundle_placement *p, const plain_fate *fates, uint32_t one,
                         uint32_t other) {
    if (fates[one].score != fates[other].score) return fates[one].score > fates[other].score;
    if (p->ties_random) return chance_of(r, one) < chance_of(r, other);
    return one < other; // numbers are in the order of names
}

// The placement of this answer that shows the offer already; -1: none.
static int32_t shown_at(const run *r, uint32_t offer) {
    for (uint32_t i = 0; i < r->places_count; i++) {
        for (uint32_t k = 0; k < r->places[i].choices_count; k++) {
            const decide_choice *choice = &r->choices[i][k];
            if (choice->offer == offer && !choice->fallback) return (int32_t)r->places[i].placement;
        }
    }
    return -1;
}

static bool is_group_full(const run *r, int32_t group) {
    uint32_t count = 0;
    if (group < 0 || !r->b->groups[group].per_answer) return false;
    for (uint32_t i = 0; i < r->places_count; i++) {
        for (uint32_t k = 0; k < r->places[i].choices_count; k++) {
            const decide_choice *choice = &r->choices[i][k];
            count += !choice->fallback && r->b->offers[choice->offer].group == group;
        }
    }
    return count >= r->b->groups[group].per_answer;
}

// Whether the next of those in order is shown; else `f` says why not.
static bool is_shown(const run *r, const bundle_placement *p, const decide_place *place, uint32_t offer,
                     plain_fate *f) {
    const bundle_offer *o = &r->b->offers[offer];
    f->removed = true;
    f->stage = BUNDLE_STAGE_RANK;
    f->why.other = o->repeat ? -1 : shown_at(r, offer);
    if (f->why.other >= 0 || place->choices_count == p->slots || is_group_full(r, o->group)) return false;
    // "k allowed means k given": those that came before it in this placement are decisions, too.
    f->stage = BUNDLE_STAGE_CAPS;
    if (!has_room(r, offer, place->placement, &f->why)) return false;
    f->removed = false;
    return true;
}

static void add_choice(run *r, decide_place *place, const bundle_content *c, const plain_fate *f, bool fallback) {
    const tact_value *fields = NULL;
    uint32_t field;
    if (!content_of(r, c, slots_for(r, &r->b->offers[c->offer]), &fields, &field)) return;
    decide_choice *choice = &r->choices[place - r->places][place->choices_count++];
    *choice = (decide_choice){.offer = c->offer, .content = (uint32_t)(c - r->b->contents), .fallback = fallback};
    choice->fields = fields;
    if (fallback) return;
    choice->propensity = f->propensity;
    choice->score = f->score;
}

static void decide_placement(run *r, uint32_t number) {
    const bundle *b = r->b;
    uint32_t i = r->places_count++;
    const bundle_placement *p = &b->placements[number];
    decide_place *place = &r->places[i];
    plain_fate *fates = r->out->fates[i] = make(r->a, b->offers_count, sizeof *fates);
    uint32_t *left = make(r->a, p->contents_count, sizeof *left), count = 0; // places in `contents`
    r->choices[i] = make(r->a, p->slots, sizeof *r->choices[i]);
    *place = (decide_place){number, ranking_of(r, number), r->choices[i], 0};
    for (uint32_t k = 0; k < p->contents_count; k++) {
        const bundle_content *c = &b->contents[p->contents[k]];
        judge(r, c, &b->rankings[place->ranking].rule, &fates[c->offer]);
        if (fates[c->offer].removed) continue;
        uint32_t at = count++;
        for (; at > 0 && comes_before(r, p, fates, c->offer, b->contents[left[at - 1]].offer); at--) {
            left[at] = left[at - 1];
        }
        left[at] = p->contents[k];
    }
    for (uint32_t k = 0; k < count; k++) {
        const bundle_content *c = &b->contents[left[k]];
        plain_fate *f = &fates[c->offer];
        if (is_shown(r, p, place, c->offer, f)) add_choice(r, place, c, f, false);
    }
    // "Fallback fills when nothing else is left (no choice at all)"
    if (!place->choices_count && p->fallback_content >= 0) {
        add_choice(r, place, &b->contents[p->fallback_content], NULL, true);
    }
}

// ---- What the answer counts -----------------------------------------------------------------------------------------

static void find_counts(run *r) {
    decide_answer *answer = &r->out->answer;
    size_t most = 0;
    for (uint32_t i = 0; i < r->places_count; i++) most += r->places[i].choices_count;
    decide_count *counts = make(r->a, most * SITES, sizeof *counts);
    for (uint32_t i = 0; i < r->places_count; i++) {
        for (uint32_t k = 0; k < r->places[i].choices_count; k++) {
            answer->counts_count += plain_tallies(r->b, BUNDLE_ON_DECISION, -1, (int32_t)r->choices[i][k].offer,
                                                  (int32_t)r->places[i].placement, counts + answer->counts_count);
        }
    }
    answer->counts = counts;
}

void plain_decide(const bundle *b, const decide_request *request, const decide_person *person, const merged *known,
                  arena *a, plain_answer *out) {
    run r = {.b = b, .request = request, .person = person, .known = known, .a = a, .out = out};
    *out = (plain_answer){.fates = make(a, request->placements_count, sizeof *out->fates)};
    r.places = make(a, request->placements_count, sizeof *r.places);
    r.choices = make(a, request->placements_count, sizeof *r.choices);
    fill_slots(&r);
    out->answer.held_out = is_held_out(&r);
    find_arms(&r);
    for (uint32_t i = 0; i < request->placements_count; i++) decide_placement(&r, request->placements[i]);
    find_counts(&r);
    out->answer.places = r.places;
    out->answer.places_count = r.places_count;
}

// ---- Comparing ------------------------------------------------------------------------------------------------------

bool plain_alike(tact_value a, tact_value b) {
    if (a.kind != b.kind) return false;
    switch ((tact_kind)a.kind) {
    case TACT_UNRESOLVED:
    case TACT_NULL: return true;
    case TACT_DOUBLE: return (isnan(a.as.d) && isnan(b.as.d)) || memcmp(&a.as.d, &b.as.d, sizeof a.as.d) == 0;
    case TACT_ERROR: return a.len == b.len;
    default: return tact_value_equal(a, b);
    }
}
