// SPDX-License-Identifier: Apache-2.0
//
// Everything is gathered from all strands into one array, sorted by a total order, and reduced group by group; the
// order of the strands can then not matter. With one strand, by far the most frequent case, states are borrowed as they
// are.
#include "store/merge.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/utf8.h"
#include "store/tally.h"
#include "store/window.h"

static int order_u64(uint64_t x, uint64_t y) {
    return (x > y) - (x < y);
}

static int order_i64(int64_t x, int64_t y) {
    return (x > y) - (x < y);
}

// ---- Identities -----------------------------------------------------------------------------------------------------

static int order_identities(const void *x, const void *y) {
    const merge_identity *a = x, *b = y;
    int created = order_i64(a->created_ms, b->created_ms);
    return created ? created : order_u64(a->strand, b->strand);
}

static tact_err merge_identities(arena *a, const strand *const *strands, size_t count, merged *out) {
    merge_identity *all = arena_array(a, count, sizeof *all);
    if (!all) return TACT_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const strand *s = strands[i];
        all[i] = (merge_identity){s->id, s->space, s->dropped, s->identity, s->created_ms};
        out->updates += s->updates;
    }
    qsort(all, count, sizeof *all, order_identities);
    out->identities = all;
    out->identities_count = (uint32_t)count;
    return TACT_OK;
}

// ---- Attributes -----------------------------------------------------------------------------------------------------

typedef struct claim { // a fact, and how it stands to those of its attribute
    const strand_fact *fact;
    uint64_t strand;
} claim;

// What makes facts of one source comparable: that source's newest comes first.
static int order_claims(const void *x, const void *y) {
    const claim *a = x, *b = y;
    int attribute = order_u64(a->fact->attribute, b->fact->attribute);
    if (attribute) return attribute;
    int source = order_u64(a->fact->source, b->fact->source);
    if (source) return source;
    int newer = order_i64(b->fact->time_ms, a->fact->time_ms);
    return newer ? newer : order_u64(a->strand, b->strand);
}

static uint32_t rank_of(const schema_attribute *attribute, uint8_t source) {
    uint32_t rank = 0;
    while (rank < attribute->sources_count && attribute->sources[rank] != source) rank++;
    return rank;
}

// Of two sources' newest values, does `x` win? Named sources never have the same rank.
static bool wins(const schema_attribute *attribute, const strand_fact *x, const strand_fact *y) {
    uint32_t rank_x = rank_of(attribute, x->source), rank_y = rank_of(attribute, y->source);
    if (rank_x != rank_y) return rank_x < rank_y;
    return x->time_ms != y->time_ms ? x->time_ms > y->time_ms : x->source < y->source;
}

static tact_err merge_facts(arena *a, const strand *const *strands, size_t count, const schema *sc, merged *out) {
    size_t all = 0, n = 0;
    for (size_t i = 0; i < count; i++) all += strands[i]->facts_count;
    claim *claims = arena_array(a, all, sizeof *claims);
    strand_fact *facts = arena_array(a, all, sizeof *facts);
    if (!claims || !facts) return TACT_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < strands[i]->facts_count; k++) {
            claims[n++] = (claim){&strands[i]->facts[k], strands[i]->id};
        }
    }
    if (count > 1) qsort(claims, n, sizeof *claims, order_claims); // one strand's are in this order
    for (size_t i = 0; i < n;) {
        uint16_t number = claims[i].fact->attribute;
        const strand_fact *best = NULL;
        const schema_attribute *attribute = number < sc->attributes_count ? &sc->attributes[number] : NULL;
        for (size_t first = i; i < n && claims[i].fact->attribute == number; i++) {
            const strand_fact *f = claims[i].fact;
            bool of_source = i == first || claims[i - 1].fact->source != f->source; // its newest
            if (!attribute || !of_source || f->value.kind == TACT_NULL) continue;
            if (!best || wins(attribute, f, best)) best = f;
        }
        if (best) facts[out->facts_count++] = *best;
    }
    out->facts = facts;
    return TACT_OK;
}

// ---- Consents -------------------------------------------------------------------------------------------------------

static int64_t end_of(const strand_consent *c) {
    return c->expires_ms ? c->expires_ms : INT64_MAX;
}

static int severity(const strand_consent *c) {
    static const int of[CONSENT_STATES] = {[CONSENT_GRANTED] = 0, [CONSENT_UNSET] = 1, [CONSENT_DENIED] = 2};
    return of[c->state];
}

// More than 0: `x` decides rather than `y`. Both explicit, or both not; a total order but for what says the same.
static int order_statements(const strand_consent *x, const strand_consent *y) {
    int newer = order_i64(x->time_ms, y->time_ms), severe = severity(x) - severity(y);
    int lasts = order_i64(end_of(x), end_of(y));
    if (x->state != CONSENT_DENIED) lasts = -lasts;
    if (x->explicit_ && newer) return newer;
    if (severe) return severe;
    if (!x->explicit_ && lasts) return lasts;
    if (newer) return newer;
    return lasts ? lasts : order_u64(y->source, x->source);
}

// What a strand has to say about a purpose under the rules 1 and 2, NULL where nothing.
static void statements(const strand *s, uint16_t purpose, const strand_consent **explicit_,
                       const strand_consent **newest) {
    *explicit_ = *newest = NULL;
    for (uint32_t i = 0; i < s->consents_count; i++) {
        const strand_consent *c = &s->consents[i];
        if (c->purpose != purpose) continue;
        *newest = c;
        if (c->explicit_) *explicit_ = c;
    }
    if (*newest && (*newest)->state == CONSENT_UNSET) *newest = NULL;
}

static const strand_consent *better_of(const strand_consent *x, const strand_consent *y) {
    if (!x || !y) return x ? x : y;
    return order_statements(x, y) >= 0 ? x : y;
}

static const strand_consent *deciding(const strand *const *strands, size_t count, uint16_t purpose) {
    const strand_consent *best_explicit = NULL, *best_newest = NULL, *denial = NULL, *explicit_, *newest;
    for (size_t i = 0; i < count; i++) {
        statements(strands[i], purpose, &explicit_, &newest);
        best_explicit = better_of(best_explicit, explicit_);
    }
    for (size_t i = 0; i < count; i++) {
        statements(strands[i], purpose, &explicit_, &newest);
        if (!newest || newest->explicit_) continue;
        best_newest = better_of(best_newest, newest);
        bool late = best_explicit && newest->time_ms >= best_explicit->time_ms;
        if (late && newest->state == CONSENT_DENIED) denial = better_of(denial, newest);
    }
    if (denial && best_explicit->state != CONSENT_DENIED) return denial;
    return best_explicit ? best_explicit : best_newest;
}

static tact_err merge_consents(arena *a, const strand *const *strands, size_t count, const schema *sc, merged *out) {
    bool said[SCHEMA_PURPOSES_MAX] = {0};
    uint32_t purposes = 0;
    for (size_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < strands[i]->consents_count; k++) said[strands[i]->consents[k].purpose] = true;
    }
    for (uint32_t p = 0; p < SCHEMA_PURPOSES_MAX; p++) purposes += said[p];
    strand_consent *consents = arena_array(a, purposes, sizeof *consents);
    if (!consents) return TACT_NO_MEMORY;
    for (uint16_t p = 0; p < sc->purposes_count; p++) {
        const strand_consent *best = said[p] ? deciding(strands, count, p) : NULL;
        if (best) consents[out->consents_count++] = *best;
    }
    out->consents = consents;
    return TACT_OK;
}

// ---- Aggregates and tallies -----------------------------------------------------------------------------------------

typedef struct part {
    strand_state of;
    uint64_t strand;
} part;

static int order_parts(const void *x, const void *y) {
    const part *a = x, *b = y;
    int key = order_u64(a->of.key, b->of.key);
    return key ? key : order_u64(a->strand, b->strand);
}

static tact_err add_windows(arena *a, const schema *sc, const part *parts, size_t count, tact_str *out) {
    if (parts->of.key >= sc->aggregates_count) return TACT_OK;
    *out = parts->of.state;
    for (size_t i = 1; i < count; i++) {
        tact_err err = window_combine(a, &sc->aggregates[parts->of.key], out, parts[i].of.state);
        if (err) return err;
    }
    return TACT_OK;
}

static tact_err add_tallies(arena *a, const part *parts, size_t count, tact_str *out) {
    *out = parts->of.state;
    if (count == 1) return TACT_OK;
    tact_str *states = arena_array(a, count, sizeof *states);
    if (!states) return TACT_NO_MEMORY;
    for (size_t i = 0; i < count; i++) states[i] = parts[i].of.state;
    return tally_combine(a, states, count, out);
}

static tact_err merge_states(arena *a, const strand *const *strands, size_t count, const schema *sc, bool windows,
                             const strand_state **out, uint32_t *out_count) {
    size_t all = 0, n = 0;
    for (size_t i = 0; i < count; i++) all += windows ? strands[i]->windows_count : strands[i]->tallies_count;
    part *parts = arena_array(a, all, sizeof *parts);
    strand_state *states = arena_array(a, all, sizeof *states);
    if (!parts || !states) return TACT_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const strand_state *of = windows ? strands[i]->windows : strands[i]->tallies;
        uint32_t of_count = windows ? strands[i]->windows_count : strands[i]->tallies_count;
        for (uint32_t k = 0; k < of_count; k++) parts[n++] = (part){of[k], strands[i]->id};
    }
    if (count > 1) qsort(parts, n, sizeof *parts, order_parts);
    for (size_t i = 0, end; i < n; i = end) {
        tact_str state = {NULL, 0};
        for (end = i + 1; end < n && parts[end].of.key == parts[i].of.key; end++) {}
        tact_err err = windows ? add_windows(a, sc, &parts[i], end - i, &state)
                               : add_tallies(a, &parts[i], end - i, &state);
        if (err) return err;
        if (state.len) states[(*out_count)++] = (strand_state){parts[i].of.key, state};
    }
    *out = states;
    return TACT_OK;
}

// ---- The whole ------------------------------------------------------------------------------------------------------

tact_err merge_strands(arena *a, const strand *const *strands, size_t count, const schema *sc, merged *out) {
    merged m = {.person = strands[0]->id};
    for (size_t i = 1; i < count; i++) {
        if (strands[i]->id < m.person) m.person = strands[i]->id;
    }
    tact_err err = merge_identities(a, strands, count, &m);
    if (!err) err = merge_facts(a, strands, count, sc, &m);
    if (!err) err = merge_consents(a, strands, count, sc, &m);
    if (!err) err = merge_states(a, strands, count, sc, true, &m.windows, &m.windows_count);
    if (!err) err = merge_states(a, strands, count, sc, false, &m.tallies, &m.tallies_count);
    if (!err) *out = m;
    return err;
}

tact_err merge_check(const merged *m, const schema *sc, tact_error *error) {
    const merge_identity *of[SCHEMA_IDENTITIES_MAX] = {0};
    for (uint32_t i = 0; i < m->identities_count; i++) {
        const merge_identity *one = &m->identities[i];
        if (one->dropped || one->space >= sc->identities_count || !sc->identities[one->space].unique) continue;
        const merge_identity *other = of[one->space];
        if (other && !tact_str_equal(other->value, one->value)) {
            utf8_shown x, y;
            tact_str name = sc->identities[one->space].name;
            return err_set(error, TACT_EXISTS, "a person has one %.*s, and these have %s and %s", (int)name.len,
                           name.ptr, utf8_show(&x, other->value), utf8_show(&y, one->value));
        }
        of[one->space] = one;
    }
    return TACT_OK;
}

const merge_identity *merge_excess(const merged *m, const schema *sc) {
    uint32_t count[SCHEMA_IDENTITIES_MAX] = {0};
    for (uint32_t i = 0; i < m->identities_count; i++) {
        if (!m->identities[i].dropped) count[m->identities[i].space]++;
    }
    for (uint32_t i = 0; i < m->identities_count; i++) {
        const merge_identity *one = &m->identities[i];
        if (one->dropped || one->space >= sc->identities_count) continue;
        uint32_t max = sc->identities[one->space].max;
        if (max && count[one->space] > max) return one;
    }
    return NULL;
}
