// SPDX-License-Identifier: Apache-2.0
//
// The pipeline. Each placement begins with the offers that have content for it, a set of rows, a bit each; the stages
// of bundle/stage_tbl.h take away, one after the other and in place, those that must not be shown; of what is left the
// best fill the slots, and if nothing is, the fallback does. Each row of the table names a function here.
//
// Subtle: when nobody watches, less is found out. Whether all texts of an offer have a value is the first thing that is
// said of it and the most expensive to find out, and is then found out last, of those alone that are about to be shown;
// and what rules say of the person is looked up for all offers at once (index/index.h), so that only what is no plain
// predicate is evaluated, of those that are left. Which offers are shown is the same: whatever takes an offer away does
// so by itself.
#include "decide/decide.h"

#include <math.h>

#include "base/err.h"
#include "decide/arm.h"
#include "decide/caps.h"
#include "decide/rank.h"
#include "decide/render.h"
#include "decide/slots.h"
#include "index/index.h"

enum { LOOKED_UP_MIN = 4 }; // of fewer offers the rules are evaluated one by one

typedef struct decision {
    const bundle *bundle;
    const decide_request *request;
    const decide_observer *observer;
    slots slots;
    caps_ledger caps;
    bool held_out, out_of_memory;
    decide_place *places;

    // The placement at hand.
    uint32_t place; // of the request's
    const bundle_placement *placement;
    const bundle_rule *ranking;
    const bundle_candidates *candidates;
    uint64_t *rows;     // what is left of them
    rank_candidate *of; // the same, once they have scores
    uint32_t count;
    uint32_t tier;          // of the rules at hand
    uint32_t counted;       // counters that choices had counted when caps were looked at
    decide_choice *choices; // room for as many as may be chosen
    uint32_t choices_count;
    uint32_t removed[BUNDLE_STAGES]; // at all placements so far
} decision;

static inline uint32_t content_of(const decision *d, uint32_t row) {
    return d->placement->contents[row];
}

static inline uint32_t number_of(const decision *d, uint32_t row) {
    return d->bundle->contents[content_of(d, row)].offer;
}

static inline const bundle_offer *offer_of(const decision *d, uint32_t row) {
    return &d->bundle->offers[number_of(d, row)];
}

// Rules and texts read this offer from now on.
static inline void turn_to(decision *d, uint32_t offer) {
    slots_turn(&d->slots, d->place, (int32_t)offer);
}

static uint32_t count_rows(const decision *d) {
    uint32_t count = 0;
    for (size_t i = 0; i < d->candidates->words; i++) count += (uint32_t)__builtin_popcountll(d->rows[i]);
    return count;
}

// ---- Taking candidates away -----------------------------------------------------------------------------------------

static const decide_why unknown = {.other = -1};

static void tell_removed(const decision *d, uint32_t offer, bundle_stage stage, const decide_why *why) {
    const decide_observer *o = d->observer;
    if (o && o->removes) o->removes(o->context, d->place, offer, stage, why);
}

// Whether a candidate passes; if not, `why` may say more.
typedef bool passes(decision *d, uint32_t row, decide_why *why);

// Of those that are left `among` (NULL: all) are looked at, `except` some (NULL: none), which pass.
static inline __attribute__((always_inline)) void keep(decision *d, bundle_stage stage, const uint64_t *among,
                                                       const uint64_t *except, passes *does) {
    decide_why why = unknown;
    for (size_t i = 0; i < d->candidates->words; i++) {
        uint64_t left = d->rows[i] & (among ? among[i] : UINT64_MAX) & ~(except ? except[i] : 0);
        for (; left; left &= left - 1) {
            const uint32_t row = (uint32_t)(64 * i) + (uint32_t)__builtin_ctzll(left);
            if (does(d, row, &why)) continue;
            d->rows[i] &= ~(left & -left);
            d->removed[stage]++;
            tell_removed(d, number_of(d, row), stage, &why);
            why = unknown;
        }
    }
}

// ---- Content, dates, consent ----------------------------------------------------------------------------------------

static bool has_texts(decision *d, uint32_t row, decide_why *why) {
    turn_to(d, number_of(d, row));
    return render_check(&d->slots, &d->bundle->contents[content_of(d, row)], &why->text) == RENDER_DONE;
}

static void content(decision *d) {
    if (d->observer) keep(d, BUNDLE_STAGE_CONTENT, NULL, NULL, has_texts);
}

static bool is_running(decision *d, uint32_t row, decide_why *why) {
    (void)why;
    const bundle_offer *o = offer_of(d, row);
    return o->starts_ms <= d->request->now_ms && d->request->now_ms < o->ends_ms;
}

static void dates(decision *d) {
    keep(d, BUNDLE_STAGE_DATES, d->candidates->dated, NULL, is_running);
}

static bool is_granted(decision *d, uint32_t row, decide_why *why) {
    (void)why;
    return slots_granted(&d->slots, (uint32_t)offer_of(d, row)->purpose);
}

static void consent(decision *d) {
    keep(d, BUNDLE_STAGE_CONSENT, d->candidates->with_purpose, NULL, is_granted);
}

// ---- Rules ----------------------------------------------------------------------------------------------------------

static bool holds(decision *d, const bundle_rule *rule, decide_why *why) {
    if (!rule->program) return true;
    tact_value v = slots_rule(&d->slots, rule);
    if (v.kind == TACT_BOOL && v.as.b) return true;
    why->rule = rule;
    why->value = v;
    return false;
}

static bool rules_hold(decision *d, uint32_t row, decide_why *why) {
    const bundle_rule *rules[BUNDLE_RULES_OF_TIER];
    const uint32_t offer = number_of(d, row);
    bundle_rules_of(d->bundle, offer, d->tier, rules);
    turn_to(d, offer);
    return holds(d, rules[0], why) && holds(d, rules[1], why);
}

static tact_value read_slot(void *context, uint32_t slot) {
    return slots_value(context, slot);
}

// Takes away what is looked up and does not hold; returns the rows of which that is all there is to say, or NULL.
static const uint64_t *look_up(decision *d, bundle_stage stage) {
    const rule_index *index = d->candidates->index[d->tier];
    if (!index || d->observer) return NULL;
    const uint32_t before = count_rows(d);
    if (before < LOOKED_UP_MIN) return NULL;
    const uint64_t *decided = index_match(index, read_slot, &d->slots, d->rows);
    d->removed[stage] += before - count_rows(d);
    return decided;
}

// Leaves the candidates whose rules of a tier hold.
static void hold(decision *d, uint32_t tier) {
    const bundle_stage stage = (bundle_stage)(BUNDLE_STAGE_ELIGIBLE + tier);
    d->tier = tier;
    const uint64_t *decided = look_up(d, stage);
    keep(d, stage, d->candidates->ruled[tier], decided, rules_hold);
}

static void eligible(decision *d) {
    hold(d, BUNDLE_ELIGIBLE);
}

static void applicable(decision *d) {
    hold(d, BUNDLE_APPLICABLE);
}

static void suitable(decision *d) {
    hold(d, BUNDLE_SUITABLE);
}

// ---- Caps, holdout --------------------------------------------------------------------------------------------------

static void tell_room(void *context, const bundle_cap *cap, uint64_t counted) {
    const decision *d = context;
    d->observer->room(d->observer->context, d->place, (uint32_t)d->slots.offer, cap, counted);
}

static bool has_room(decision *d, uint32_t offer, decide_why *why) {
    bool told = d->observer && d->observer->room;
    uint64_t counted;
    if (told) turn_to(d, offer);
    why->cap = caps_full(&d->caps, (int32_t)offer, (int32_t)(d->placement - d->bundle->placements), &counted,
                         told ? tell_room : NULL, d);
    if (why->cap) why->counted = counted;
    return !why->cap;
}

static bool is_not_full(decision *d, uint32_t row, decide_why *why) {
    return has_room(d, number_of(d, row), why);
}

static void caps(decision *d) {
    keep(d, BUNDLE_STAGE_CAPS, NULL, NULL, is_not_full);
    d->counted = d->caps.choices_count;
}

static bool is_not_held_out(decision *d, uint32_t row, decide_why *why) {
    (void)why;
    int32_t of = d->bundle->holdout_purpose;
    return of >= 0 && offer_of(d, row)->purpose != of;
}

static void holdout(decision *d) {
    if (d->held_out) keep(d, BUNDLE_STAGE_HOLDOUT, NULL, NULL, is_not_held_out);
}

// ---- Score ----------------------------------------------------------------------------------------------------------

static bool has_score(decision *d, uint32_t row, decide_why *why) {
    const bundle_offer *o = offer_of(d, row);
    const decide_observer *watching = d->observer;
    rank_candidate c = {.offer = number_of(d, row), .content = content_of(d, row)};
    turn_to(d, c.offer);
    tact_value propensity = tact_double(o->propensity_constant);
    if (o->propensity.program) propensity = slots_rule(&d->slots, &o->propensity);
    slots_set_propensity(&d->slots, propensity);
    tact_value v = slots_rule(&d->slots, d->ranking);
    if (v.kind != TACT_DOUBLE || !isfinite(v.as.d)) {
        bool passed_on = v.kind == TACT_ERROR && propensity.kind == TACT_ERROR; // the fault is there, if anywhere
        why->rule = passed_on ? &o->propensity : d->ranking;
        why->value = passed_on ? propensity : v;
        return false;
    }
    c.score = v.as.d;
    c.propensity = propensity.kind == TACT_DOUBLE ? propensity.as.d : NAN; // of a ranking that does without
    c.tie = d->placement->ties_random ? rank_chance(d->request->seed, o->name) : 0;
    d->of[d->count++] = c;
    if (watching && watching->scores) watching->scores(watching->context, d->place, c.offer, c.propensity, c.score);
    return true;
}

static void score(decision *d) {
    const uint32_t left = count_rows(d);
    d->count = 0;
    d->of = arena_array(d->slots.arena, left, sizeof *d->of);
    d->out_of_memory |= !d->of;
    if (d->of) keep(d, BUNDLE_STAGE_SCORE, NULL, NULL, has_score);
}

// ---- Rank -----------------------------------------------------------------------------------------------------------

// The placement that shows the offer already; -1: none does, or it may be shown again.
static int32_t shown_at(const decision *d, uint32_t offer) {
    if (d->bundle->offers[offer].repeat) return -1;
    for (uint32_t i = 0; i < d->place; i++) {
        const decide_place *p = &d->places[i];
        for (uint32_t k = 0; k < p->choices_count; k++) {
            if (p->choices[k].offer == offer && !p->choices[k].fallback) return (int32_t)p->placement;
        }
    }
    return -1;
}

static uint32_t count_of_group(const decision *d, int32_t group, const decide_choice *choices, uint32_t count) {
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++) {
        found += !choices[i].fallback && d->bundle->offers[choices[i].offer].group == group;
    }
    return found;
}

// Whether the group has its share of the answer.
static bool is_group_full(const decision *d, int32_t group) {
    uint32_t max = group < 0 ? 0 : d->bundle->groups[group].per_answer;
    if (!max) return false;
    uint32_t shown = count_of_group(d, group, d->choices, d->choices_count);
    for (uint32_t i = 0; i < d->place; i++) {
        shown += count_of_group(d, group, d->places[i].choices, d->places[i].choices_count);
    }
    return shown >= max;
}

static bool choose(decision *d, const rank_candidate *c, bool fallback, decide_why *why) {
    decide_choice choice = {c->offer, c->content, c->propensity, c->score, fallback, NULL};
    turn_to(d, c->offer);
    render_result result = render_content(&d->slots, &d->bundle->contents[c->content], &choice.fields, &why->text);
    bool counted = result == RENDER_DONE &&
                   !caps_choose(&d->caps, c->offer, (uint32_t)(d->placement - d->bundle->placements));
    d->out_of_memory |= result == RENDER_NO_MEMORY || (result == RENDER_DONE && !counted);
    if (!counted) return false;
    d->choices[d->choices_count++] = choice;
    return true;
}

// Shows the best of those that are left, if nothing speaks against it that came up in this very answer; else says what.
static bool show(decision *d, rank_candidate *c, bundle_stage *stage, decide_why *why) {
    *stage = BUNDLE_STAGE_RANK;
    why->other = shown_at(d, c->offer);
    if (why->other >= 0 || d->choices_count == d->placement->slots) return false;
    if (is_group_full(d, d->bundle->offers[c->offer].group)) return false;
    *stage = BUNDLE_STAGE_CAPS;
    if (d->caps.choices_count > d->counted && !has_room(d, c->offer, why)) return false;
    *stage = BUNDLE_STAGE_CONTENT;
    return choose(d, c, false, why);
}

static void rank(decision *d) {
    rank_order(d->of, d->count);
    while (d->count && (d->choices_count < d->placement->slots || d->observer)) {
        rank_candidate c = rank_take(d->of, &d->count);
        decide_why why = unknown;
        bundle_stage stage;
        if (show(d, &c, &stage, &why)) continue;
        tell_removed(d, c.offer, stage, &why);
        d->removed[stage]++;
    }
    d->removed[BUNDLE_STAGE_RANK] += d->count; // came too late
}

// ---- The whole ------------------------------------------------------------------------------------------------------

static void (*const stages[BUNDLE_STAGES])(decision *d) = {
#define X(NAME, name, doc) [BUNDLE_STAGE_##NAME] = name,
#include "bundle/stage_tbl.h"
#undef X
};

static void show_fallback(decision *d) {
    rank_candidate c = {.offer = (uint32_t)d->placement->fallback, .content = (uint32_t)d->placement->fallback_content};
    decide_why why = unknown;
    if (d->choices_count || d->placement->fallback_content < 0) return;
    if (!choose(d, &c, true, &why)) tell_removed(d, c.offer, BUNDLE_STAGE_CONTENT, &why);
}

// All that have content for the placement.
static bool gather(decision *d) {
    const bundle_placement *p = d->placement;
    const size_t bytes = d->candidates->words * sizeof *d->rows;
    uint32_t most = p->contents_count < p->slots ? p->contents_count : p->slots;
    d->rows = arena_array(d->slots.arena, d->candidates->words, sizeof *d->rows);
    d->choices = arena_array(d->slots.arena, most ? most : 1, sizeof *d->choices); // the one: a fallback
    if (!d->rows || !d->choices) return false;
    if (d->request->late) {
        memset(d->rows, 0, bytes);
    } else {
        memcpy(d->rows, d->candidates->all, bytes);
    }
    d->choices_count = 0;
    return true;
}

static bool decide_one(decision *d, uint32_t place, const decide_answer *answer) {
    uint32_t number = d->request->placements[place];
    uint32_t ranking = arm_ranking(d->bundle, answer->arms, answer->arms_count, number);
    d->place = place;
    d->placement = &d->bundle->placements[number];
    d->candidates = &d->placement->candidates;
    d->ranking = &d->bundle->rankings[ranking].rule;
    if (!gather(d)) return false;
    for (int stage = 0; stage < BUNDLE_STAGES && !d->out_of_memory; stage++) stages[stage](d);
    show_fallback(d);
    d->places[place] = (decide_place){number, ranking, d->choices, d->choices_count};
    return !d->out_of_memory && !d->slots.out_of_memory;
}

// Whether all that an event of the request names is there.
static bool is_known(const bundle *b, const decide_event *e) {
    if (e->event >= b->schema->events_count) return false;
    if (e->offer < -1 || e->offer >= (int32_t)b->offers_count) return false;
    if (e->placement < -1 || e->placement >= (int32_t)b->placements_count) return false;
    for (uint32_t i = 0; i < e->values_count; i++) {
        if (e->values[i].number >= b->schema->events[e->event].properties_count) return false;
    }
    return true;
}

static bool is_repeated(const decide_request *q, uint32_t place) {
    for (uint32_t i = 0; i < place; i++) {
        if (q->placements[i] == q->placements[place]) return true;
    }
    return false;
}

static tact_err check(const bundle *b, const decide_request *q, tact_error *error) {
    if (q->placements_count > DECIDE_PLACEMENTS_MAX || q->events_count > DECIDE_EVENTS_MAX) {
        return err_set(error, TACT_USAGE, "a request has at most %d placements and %d events", DECIDE_PLACEMENTS_MAX,
                       DECIDE_EVENTS_MAX);
    }
    for (uint32_t i = 0; i < q->placements_count; i++) {
        if (q->placements[i] >= b->placements_count) return err_set(error, TACT_USAGE, "there is no such placement");
        if (is_repeated(q, i)) return err_set(error, TACT_USAGE, "a placement is asked for twice");
    }
    for (uint32_t i = 0; i < q->events_count; i++) {
        if (is_known(b, &q->events[i])) continue;
        return err_set(error, TACT_USAGE, "an event of the request names what is not there");
    }
    if (q->now_ms < 0 || q->now_ms > COMMAND_TIME_MAX_MS) return err_set(error, TACT_USAGE, "there is no such time");
    return TACT_OK;
}

static tact_err decide(decision *d, const decide_person *person, arena *a, decide_answer *out) {
    const decide_request *q = d->request;
    decide_answer answer = {.places_count = q->placements_count, .held_out = arm_held_out(d->bundle, person->unit)};
    if (slots_init(&d->slots, d->bundle, q, person->record, a, d->observer)) return TACT_NO_MEMORY;
    if (caps_init(&d->caps, d->bundle, q, person, a)) return TACT_NO_MEMORY;
    if (!q->late && arm_all(&d->slots, person->unit, &answer.arms, &answer.arms_count)) return TACT_NO_MEMORY;
    d->held_out = answer.held_out;
    answer.places = d->places = arena_array(a, q->placements_count, sizeof *d->places);
    if (!d->places) return TACT_NO_MEMORY;
    for (uint32_t i = 0; i < q->placements_count; i++) {
        if (!decide_one(d, i, &answer)) return TACT_NO_MEMORY;
    }
    answer.counts = d->caps.choices;
    answer.counts_count = d->caps.choices_count;
    memcpy(answer.removed, d->removed, sizeof answer.removed);
    *out = answer;
    return TACT_OK;
}

tact_err decide_run(const bundle *b, const decide_request *request, const decide_person *person, arena *a,
                    const decide_observer *o, decide_answer *out, tact_error *error) {
    decision d = {.bundle = b, .request = request, .observer = o};
    tact_err err = check(b, request, error);
    if (!err) err = decide(&d, person, a, out);
    return err == TACT_NO_MEMORY ? err_set(error, err, "no memory for a decision") : err;
}
