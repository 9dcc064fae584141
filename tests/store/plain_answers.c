// SPDX-License-Identifier: Apache-2.0
//
// See plain.h: questions. Each rule stands beside the sentence of the header that it is taken from, and each answer is
// worked out from the logs alone.
#include <stdlib.h>

#include "plain.h"
#include "store/window.h"
#include "value/value.h"

static void must(bool holds) {
    if (!holds) abort();
}

// ---- Values ---------------------------------------------------------------------------------------------------------

bool plain_same(tact_value a, tact_value b) {
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case TACT_NULL: return true;
    case TACT_BOOL: return a.as.b == b.as.b;
    case TACT_DOUBLE: return a.as.u == b.as.u || (a.as.d != a.as.d && b.as.d != b.as.d);
    case TACT_STRING:
    case TACT_BYTES: return tact_str_equal(value_str(a), value_str(b));
    case TACT_TIMESTAMP: return a.as.i == b.as.i && a.len == b.len;
    case TACT_ERROR: return a.len == b.len;
    case TACT_LIST:
        if (a.len != b.len) return false;
        for (uint32_t i = 0; i < a.len; i++) {
            if (!plain_same(a.as.items[i], b.as.items[i])) return false;
        }
        return true;
    default: return a.as.i == b.as.i;
    }
}

// An int stands for a double where one is declared.
static tact_value widened(const tact_type *type, tact_value v) {
    return type == &type_double && v.kind == TACT_INT ? tact_double((double)v.as.i) : v;
}

uint64_t plain_updates(const plain_person *who) {
    uint64_t updates = 0;
    for (uint32_t m = 0; m < who->count; m++) updates += who->members[m]->log_count;
    return updates;
}

// ---- Attributes -----------------------------------------------------------------------------------------------------

// "What is older than that value changes nothing; of equal times the command that comes later wins."
bool plain_fact_of(const plain_identity *one, uint32_t attribute, uint8_t source, plain_fact *out) {
    bool found = false;
    for (uint32_t k = 0; k < one->log_count; k++) {
        const command *c = &one->log[k].c;
        if (c->kind != COMMAND_SET || c->source != source || (found && c->time_ms < out->time_ms)) continue;
        for (uint32_t i = 0; i < c->values_count; i++) {
            if (c->values[i].number != attribute) continue;
            *out = (plain_fact){c->values[i].value, source, c->time_ms};
            found = true;
        }
    }
    return found;
}

// "Of each source the newest value among the strands counts (equal times: the strand with the smallest id)."
static bool fact_of_source(const plain_person *who, uint32_t attribute, uint8_t source, plain_fact *out) {
    bool found = false;
    for (uint32_t m = 0; m < who->count; m++) {
        plain_fact fact;
        if (!plain_fact_of(who->members[m], attribute, source, &fact)) continue;
        if (!found || fact.time_ms > out->time_ms) *out = fact;
        found = true;
    }
    return found && out->value.kind != TACT_NULL; // being taken away is none
}

// "The one that the schema names first wins; all sources that it does not name come after these, and among them the
// newest value wins (equal times: the source with the smallest number)."
bool plain_winner(const plain *p, const plain_person *who, uint32_t attribute, plain_fact *out) {
    const schema_attribute *m = &p->sc->attributes[attribute];
    bool named[UINT8_MAX + 1] = {false}, found = false;
    for (uint32_t i = 0; i < m->sources_count; i++) {
        if (fact_of_source(who, attribute, m->sources[i], out)) return true;
        named[m->sources[i]] = true;
    }
    for (uint32_t source = 0; source <= UINT8_MAX; source++) {
        if (source >= p->sc->sources_count && source != SCHEMA_SOURCE_NONE) continue;
        plain_fact fact;
        if (named[source] || !fact_of_source(who, attribute, (uint8_t)source, &fact)) continue;
        if (!found || fact.time_ms > out->time_ms) *out = fact;
        found = true;
    }
    return found;
}

int64_t plain_second(int64_t time_ms) {
    int64_t seconds = time_ms / 1000;
    return (seconds < UINT32_MAX ? seconds : UINT32_MAX) * 1000;
}

record_absence plain_why(const plain *p, const plain_person *who, uint32_t attribute, int64_t now_ms) {
    const schema_attribute *m = &p->sc->attributes[attribute];
    plain_fact fact;
    if (m->retired) return RECORD_UNSET;
    if (m->purpose >= 0 && !plain_granted(p, who, (uint32_t)m->purpose, now_ms)) return RECORD_NOT_GRANTED;
    if (!plain_winner(p, who, attribute, &fact)) return RECORD_UNSET;
    return m->max_age_ms && now_ms - plain_second(fact.time_ms) > m->max_age_ms ? RECORD_TOO_OLD : RECORD_PRESENT;
}

tact_value plain_value(const plain *p, const plain_person *who, uint32_t attribute, int64_t now_ms) {
    const schema_attribute *m = &p->sc->attributes[attribute];
    plain_fact fact;
    if (plain_why(p, who, attribute, now_ms) == RECORD_PRESENT && plain_winner(p, who, attribute, &fact)) {
        return widened(m->type, fact.value);
    }
    return m->has_default && !m->retired ? m->fallback : tact_fault_value(TACT_FAULT_ABSENT, NULL);
}

// ---- History --------------------------------------------------------------------------------------------------------

uint32_t plain_history(arena *a, const plain_identity *one, const command ***out) {
    uint32_t count = 0;
    const command **all = arena_array(a, one->log_count, sizeof(const command *));
    must(all != NULL);
    for (uint32_t k = 0; k < one->log_count; k++) {
        const plain_entry *e = &one->log[k];
        if (e->c.kind != COMMAND_EVENT || e->forgotten) continue;
        uint32_t at = count++;
        for (; at > 0 && all[at - 1]->time_ms > e->c.time_ms; at--) all[at] = all[at - 1];
        all[at] = &e->c;
    }
    *out = all;
    return count;
}

// ---- Consents -------------------------------------------------------------------------------------------------------

uint32_t plain_statements(arena *a, const plain_identity *one, uint32_t purpose, const strand_consent **out) {
    uint32_t count = 0, said = 0;
    for (uint32_t k = 0; k < one->log_count; k++) said += one->log[k].c.consents_count;
    strand_consent *all = arena_array(a, said, sizeof *all);
    must(all != NULL);
    for (uint32_t k = 0; k < one->log_count; k++) {
        const plain_entry *e = &one->log[k];
        for (uint32_t i = 0; i < e->c.consents_count; i++) {
            if (!plain_says(e, i, purpose)) continue;
            const command_consent *c = &e->c.consents[i];
            uint32_t at = count++; // "in the order of its own time (equal times: as they came)"
            for (; at > 0 && all[at - 1].time_ms > e->c.time_ms; at--) all[at] = all[at - 1];
            all[at] = (strand_consent){(uint16_t)purpose, c->state,     e->c.source,
                                       c->explicit_,      e->c.time_ms, c->expires_ms};
        }
    }
    *out = all;
    return count;
}

// The newest statement of one identity, forgotten or not: what is forgotten decides nothing.
static bool newest_statement(const plain_identity *one, uint32_t purpose, bool explicit_, strand_consent *out) {
    bool found = false;
    for (uint32_t k = 0; k < one->log_count; k++) {
        const command *c = &one->log[k].c;
        for (uint32_t i = 0; c->kind == COMMAND_CONSENT && i < c->consents_count; i++) {
            const command_consent *said = &c->consents[i];
            if (said->purpose != purpose || (explicit_ && !said->explicit_)) continue;
            if (found && c->time_ms < out->time_ms) continue;
            *out = (strand_consent){said->purpose,   said->state, c->source,
                                    said->explicit_, c->time_ms,  said->expires_ms};
            found = true;
        }
    }
    return found;
}

static int severity(const strand_consent *c) { // "denied before unset before granted"
    return c->state == CONSENT_DENIED ? 2 : c->state == CONSENT_UNSET ? 1 : 0;
}

static int64_t ends(const strand_consent *c) {
    return c->expires_ms ? c->expires_ms : INT64_MAX;
}

// "Of denials the one that lasts longest, of grants the one that ends first."
static bool is_harder(const strand_consent *x, const strand_consent *than) {
    return x->state == CONSENT_DENIED ? ends(x) > ends(than) : ends(x) < ends(than);
}

// The newest explicit one among the identities'.
static bool explicit_statement(const plain_person *who, uint32_t purpose, strand_consent *out) {
    bool found = false;
    for (uint32_t m = 0; m < who->count; m++) {
        strand_consent c;
        if (!newest_statement(who->members[m], purpose, true, &c)) continue;
        bool better = !found                          ? true
                      : c.time_ms != out->time_ms     ? c.time_ms > out->time_ms
                      : severity(&c) != severity(out) ? severity(&c) > severity(out)
                      : ends(&c) != ends(out)         ? is_harder(&c, out)
                                                      : c.source < out->source;
        if (better) *out = c;
        found = true;
    }
    return found;
}

// "A denial that is some strand's newest statement, not explicit, and no older than the newest explicit statement of
// all strands, where that does not deny itself."
static bool overruling_denial(const plain_person *who, uint32_t purpose, strand_consent *out) {
    strand_consent said, c;
    bool found = false;
    if (!explicit_statement(who, purpose, &said) || said.state == CONSENT_DENIED) return false;
    for (uint32_t m = 0; m < who->count; m++) {
        if (!newest_statement(who->members[m], purpose, false, &c)) continue;
        if (c.explicit_ || c.state != CONSENT_DENIED || c.time_ms < said.time_ms) continue;
        bool better = !found                      ? true
                      : ends(&c) != ends(out)     ? is_harder(&c, out)
                      : c.time_ms != out->time_ms ? c.time_ms > out->time_ms
                                                  : c.source < out->source;
        if (better) *out = c;
        found = true;
    }
    return found;
}

bool plain_statement(const plain_person *who, uint32_t purpose, strand_consent *out) {
    if (overruling_denial(who, purpose, out)) return true;
    if (explicit_statement(who, purpose, out)) return true;
    bool found = false;
    for (uint32_t m = 0; m < who->count; m++) {
        strand_consent c;
        if (!newest_statement(who->members[m], purpose, false, &c) || c.state == CONSENT_UNSET) continue;
        bool better = !found                          ? true
                      : severity(&c) != severity(out) ? severity(&c) > severity(out)
                      : ends(&c) != ends(out)         ? is_harder(&c, out)
                      : c.time_ms != out->time_ms     ? c.time_ms > out->time_ms
                                                      : c.source < out->source;
        if (better) *out = c;
        found = true;
    }
    return found;
}

consent_state plain_consent(const plain_person *who, uint32_t purpose, int64_t now_ms) {
    strand_consent c;
    if (!plain_statement(who, purpose, &c) || now_ms >= ends(&c)) return CONSENT_UNSET;
    return (consent_state)c.state;
}

bool plain_granted(const plain *p, const plain_person *who, uint32_t purpose, int64_t now_ms) {
    strand_consent c;
    consent_state state = plain_consent(who, purpose, now_ms);
    if (plain_statement(who, purpose, &c) && c.state == CONSENT_GRANTED) return state == CONSENT_GRANTED; // "is none"
    return state == CONSENT_UNSET ? p->sc->purposes[purpose].granted_by_default : state == CONSENT_GRANTED;
}

// ---- Aggregates -----------------------------------------------------------------------------------------------------

typedef struct happened { // an event that an aggregate is of, and its value
    int64_t time_ms;
    const plain_identity *to;
    tact_value value;
} happened;

// "A value that is no number adds nothing to sum and avg, nor one that is not finite; NaN, lists and what is no scalar
// add nothing anywhere."
static bool adds(const schema_aggregate *g, const command *c, const schema_event *event, tact_value *out) {
    if (c->kind != COMMAND_EVENT || c->event != g->event) return false;
    if (g->property < 0) return true;
    for (uint32_t i = 0; i < c->values_count; i++) {
        if (c->values[i].number != g->property) continue;
        tact_value v = widened(event->properties[g->property].type, c->values[i].value);
        *out = v;
        if (v.kind != TACT_DOUBLE) return true;
        bool finite = v.as.d - v.as.d == 0, nan = v.as.d != v.as.d;
        return g->function == SCHEMA_SUM || g->function == SCHEMA_AVG ? finite : !nan;
    }
    return false;
}

static size_t collect(const plain *p, arena *a, const plain_person *who, const schema_aggregate *g, happened **out) {
    size_t count = 0;
    *out = arena_array(a, plain_updates(who), sizeof **out);
    must(*out != NULL);
    for (uint32_t m = 0; m < who->count; m++) {
        for (uint32_t k = 0; k < who->members[m]->log_count; k++) {
            const command *c = &who->members[m]->log[k].c;
            tact_value v = tact_null();
            if (!adds(g, c, &p->sc->events[g->event], &v)) continue;
            (*out)[count++] = (happened){c->time_ms, who->members[m], v};
        }
    }
    return count;
}

static bool is_exact(const schema_aggregate *g) { // at the edges of its window
    return !g->window_ms || g->function == SCHEMA_LAST || g->function == SCHEMA_SINCE || g->function == SCHEMA_DISTINCT;
}

static int64_t width_of(const schema_aggregate *g) { // "buckets are max(1 ms, W / 128) wide"
    int64_t width = g->window_ms / WINDOW_BUCKETS;
    return is_exact(g) || width < 1 ? 1 : width;
}

static int64_t bucket_of(const schema_aggregate *g, int64_t time_ms) {
    return time_ms / width_of(g);
}

// "`now` reads it from t on until t + W." Else: "a bucket counts from when it begins until its end has left the
// window", of which must follow that an event "leaves less than W / 128 late" and "counts less than W / 128 early".
static bool counts(const schema_aggregate *g, int64_t time_ms, int64_t now_ms) {
    bool exactly = time_ms <= now_ms && (!g->window_ms || now_ms - time_ms < g->window_ms);
    if (is_exact(g)) return exactly;
    int64_t begins = bucket_of(g, time_ms) * width_of(g), last = begins + width_of(g) - 1;
    bool does = begins <= now_ms && now_ms - last < g->window_ms;
    int64_t early = time_ms - now_ms, late = now_ms - time_ms - g->window_ms;
    must(does == exactly || (does && (early > 0 ? early : late) * WINDOW_BUCKETS < g->window_ms));
    return does;
}

// The number of different times, or buckets, after now.
static uint32_t ahead(const schema_aggregate *g, const happened *all, size_t count, int64_t now_ms) {
    uint32_t different = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_new = all[i].time_ms > now_ms;
        for (size_t k = 0; is_new && k < i; k++) {
            is_new = all[k].time_ms <= now_ms || bucket_of(g, all[k].time_ms) != bucket_of(g, all[i].time_ms);
        }
        different += is_new;
    }
    return different;
}

static bool is_equal(tact_value a, tact_value b) {
    return value_compare(a, b) == 0;
}

// Whether of no value more than one event lies in the future, and no more values are kept than there is room for.
static bool is_distinct_promised(const happened *all, size_t count, int64_t now_ms) {
    uint32_t values = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_new = true, waits = all[i].time_ms > now_ms;
        for (size_t k = 0; (is_new || waits) && k < i; k++) {
            if (!is_equal(all[k].value, all[i].value)) continue;
            is_new = false;
            if (waits && all[k].time_ms > now_ms && all[k].time_ms != all[i].time_ms) return false;
        }
        values += is_new;
    }
    return values <= WINDOW_PAIRS_MAX / 2;
}

static bool is_promised(const schema_aggregate *g, const happened *all, size_t count, int64_t now_ms) {
    if (g->function == SCHEMA_DISTINCT) return is_distinct_promised(all, count, now_ms);
    if (is_exact(g)) return ahead(g, all, count, now_ms) <= WINDOW_AHEAD;
    // "Buckets kept, the newest; a window has at most 257, the rest is room for the future."
    return ahead(g, all, count, now_ms) <= WINDOW_CELLS_MAX - 257;
}

// The oldest or newest. "Of events with one and the same time the first that came in is `first` and the last that came
// in is `last`"; of different identities "the smaller value is `first` and the greater one is `last`".
static const happened *end_of(const schema_aggregate *g, const happened *all, size_t count) {
    const happened *best = NULL;
    for (size_t i = 0; i < count;) {
        const plain_identity *to = all[i].to;
        const happened *own = NULL; // of this identity; they came in this order
        for (; i < count && all[i].to == to; i++) {
            bool better = !own || (g->function == SCHEMA_FIRST ? all[i].time_ms < own->time_ms
                                                               : all[i].time_ms >= own->time_ms);
            if (better) own = &all[i];
        }
        int sign = g->function == SCHEMA_FIRST ? -1 : 1;
        bool better = !best || (own->time_ms - best->time_ms) * sign > 0;
        if (!better && own->time_ms == best->time_ms && g->property >= 0) {
            better = value_compare(own->value, best->value) == sign;
        }
        if (better) best = own;
    }
    return best;
}

// Wide enough that nothing is rounded, of ints, or hardly anything.
static __int128 whole_sum(const happened *all, size_t count) {
    __int128 sum = 0;
    for (size_t i = 0; i < count; i++) sum += all[i].value.as.i;
    return sum;
}

static long double real_sum(const happened *all, size_t count) {
    long double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (long double)all[i].value.as.d;
    return sum;
}

static tact_value sum_of(const happened *all, size_t count, bool doubles) {
    if (doubles) return tact_double((double)real_sum(all, count));
    __int128 sum = whole_sum(all, count);
    if (sum < INT64_MIN || sum > INT64_MAX) return tact_fault_value(TACT_FAULT_OVERFLOW, NULL);
    return tact_int((int64_t)sum);
}

static tact_value mean_of(const happened *all, size_t count, bool doubles) {
    long double sum = doubles ? real_sum(all, count) : (long double)whole_sum(all, count);
    return tact_double((double)(sum / (long double)count));
}

static tact_value extreme_of(const happened *all, size_t count, int sign) {
    tact_value best = all[0].value;
    for (size_t i = 1; i < count; i++) {
        if (value_compare(all[i].value, best) == sign) best = all[i].value;
    }
    return best;
}

static tact_value distinct_of(const happened *all, size_t count) {
    int64_t different = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_new = true;
        for (size_t k = 0; is_new && k < i; k++) is_new = !is_equal(all[k].value, all[i].value);
        different += is_new;
    }
    return tact_int(different);
}

// What those that count come to. "Without an event in the window 0 for count, sum and distinct, else an ABSENT fault."
static tact_value comes_to(const plain *p, const schema_aggregate *g, const happened *all, size_t count,
                           int64_t now_ms) {
    if (g->function == SCHEMA_COUNT) return tact_int((int64_t)count);
    if (g->function == SCHEMA_DISTINCT) return distinct_of(all, count);
    bool doubles = g->property >= 0 && p->sc->events[g->event].properties[g->property].type == &type_double;
    if (g->function == SCHEMA_SUM) return sum_of(all, count, doubles);
    if (count == 0) return tact_fault_value(TACT_FAULT_ABSENT, NULL);
    switch (g->function) {
    case SCHEMA_MIN: return extreme_of(all, count, -1);
    case SCHEMA_MAX: return extreme_of(all, count, 1);
    case SCHEMA_AVG: return mean_of(all, count, doubles);
    case SCHEMA_SINCE: return tact_duration((now_ms - end_of(g, all, count)->time_ms) * 1000000);
    default: return end_of(g, all, count)->value;
    }
}

bool plain_aggregate(const plain *p, arena *a, const plain_person *who, uint32_t number, int64_t now_ms,
                     tact_value *out) {
    const schema_aggregate *g = &p->sc->aggregates[number];
    happened *all;
    size_t count = collect(p, a, who, g, &all), left = 0;
    if (!is_promised(g, all, count, now_ms)) return false;
    for (size_t i = 0; i < count; i++) {
        if (counts(g, all[i].time_ms, now_ms)) all[left++] = all[i];
    }
    *out = comes_to(p, g, all, left, now_ms);
    return true;
}

// ---- Counters -------------------------------------------------------------------------------------------------------

static void keep_newest(plain_times *t) {
    uint32_t extra = t->count > t->keep ? t->count - t->keep : 0;
    memmove(t->times, t->times + extra, (t->count - extra) * sizeof *t->times);
    t->count -= extra;
}

static void add_time(plain_times *t, int64_t time_ms) {
    uint32_t at = t->count++;
    for (; at > 0 && t->times[at - 1] > time_ms; at--) t->times[at] = t->times[at - 1];
    t->times[at] = time_ms;
    keep_newest(t);
}

// "The newest times of it. `keep` is how many are kept; it is the largest that was ever asked for."
static void tally_of(const plain_identity *one, uint64_t key, plain_times *out) {
    *out = (plain_times){.keep = 0};
    for (uint32_t k = 0; k < one->log_count; k++) {
        const command *c = &one->log[k].c;
        if (c->kind != COMMAND_COUNT || c->tally != key || !c->keep) continue;
        if (c->keep > out->keep) out->keep = c->keep;
        if (!one->log[k].forgotten) add_time(out, c->time_ms);
    }
}

// "What several states hold together, under the largest `keep` among them."
void plain_tally(const plain_identity *const *members, uint32_t count, uint64_t key, plain_times *out) {
    *out = (plain_times){.keep = 0};
    plain_times own;
    for (uint32_t m = 0; m < count; m++) {
        tally_of(members[m], key, &own);
        if (own.keep > out->keep) out->keep = own.keep;
    }
    for (uint32_t m = 0; m < count; m++) {
        tally_of(members[m], key, &own);
        for (uint32_t i = 0; i < own.count; i++) add_time(out, own.times[i]);
    }
}

// "A span is exact if it begins after what was forgotten, or with a day", and then ends with a day as well, or after
// the day in which that ended.
static bool is_promised_span(const plain *p, int64_t since_ms, int64_t end_ms) {
    const int64_t day_ms = 86400000, whole_ms = (p->counted_ms + day_ms - 1) / day_ms * day_ms;
    if (since_ms >= p->counted_ms) return true;
    return since_ms % day_ms == 0 && (end_ms % day_ms == 0 || end_ms >= whole_ms);
}

bool plain_count(const plain *p, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *out) {
    *out = 0;
    for (uint32_t i = 0; i < p->totals_count; i++) {
        const plain_total *t = &p->totals[i];
        *out += t->tally == tally && t->time_ms >= since_ms && t->time_ms <= until_ms;
    }
    return is_promised_span(p, since_ms, until_ms + 1);
}
