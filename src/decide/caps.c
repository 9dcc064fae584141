// SPDX-License-Identifier: Apache-2.0
//
// Counters are known by a hash of where they stand and what they count, so what this answer itself counts is kept by
// that hash alone, in a small table of open addressing. Its cells are found by the hash's own bits.
#include "decide/caps.h"

#include "cel/zone.h"

enum {
    OWN_CELLS_MIN = 16,    // a power of two
    CHOICES_ROOM_MIN = 16, // counters of the first choices
};

#define HOUR INT64_C(3600) // seconds
#define MS INT64_C(1000)

// ---- Since when -----------------------------------------------------------------------------------------------------

// When the clocks last showed a full hour, or went to the time within an hour that they run on since.
static int64_t hour_began(const zone *z, int64_t now) {
    int32_t offset = zone_offset(z, now);
    int64_t wall = now + offset, into = (wall % HOUR + HOUR) % HOUR, early = now - into, late = now;
    if (zone_offset(z, early) == offset) return early;
    while (late - early > 1) {
        int64_t middle = early + (late - early) / 2;
        if (zone_offset(z, middle) == offset) {
            late = middle;
        } else {
            early = middle;
        }
    }
    return late;
}

static int64_t period_began(const zone *z, bundle_period period, int64_t now) {
    civil c = zone_civil(z, now);
    if (period == BUNDLE_HOUR) return hour_began(z, now);
    int64_t days = civil_days(c.year, period == BUNDLE_YEAR ? 1 : c.month, period >= BUNDLE_MONTH ? 1 : c.day);
    if (period == BUNDLE_WEEK) days -= (c.weekday + 6) % 7; // from Monday
    return zone_instant(z, days * CIVIL_DAY);
}

int64_t decide_since(const bundle *b, const bundle_cap *cap, int64_t now_ms) {
    if (cap->period == BUNDLE_FOR_EVER) return INT64_MIN;
    if (cap->period == BUNDLE_SLIDING) return now_ms - cap->every_ms + 1; // what is as old as the span has left it
    return period_began(&b->clocks, (bundle_period)cap->period, now_ms / MS) * MS;
}

// The same; calendars are looked at once for each period.
static inline int64_t since(caps_ledger *l, const bundle_cap *cap) {
    if (cap->period <= BUNDLE_SLIDING) return decide_since(l->bundle, cap, l->now_ms);
    if (!(l->periods >> cap->period & 1)) {
        l->periods |= UINT32_C(1) << cap->period;
        l->since_ms[cap->period] = decide_since(l->bundle, cap, l->now_ms);
    }
    return l->since_ms[cap->period];
}

// ---- Where caps stand -----------------------------------------------------------------------------------------------

static inline void find_sites(const bundle *b, int32_t offer, int32_t placement, bundle_caps sites[CAPS_SITES]) {
    static const bundle_caps none = {0, 0};
    int32_t group = offer < 0 ? -1 : b->offers[offer].group;
    sites[0] = offer < 0 ? none : b->offers[offer].caps;
    sites[1] = group < 0 ? none : b->groups[group].caps;
    sites[2] = placement < 0 ? none : b->channels[b->placements[placement].channel].caps;
    sites[3] = placement < 0 ? none : b->placements[placement].caps;
}

// The counter of a cap, if it is the first of its site that counts so: caps of one counter stand at one site.
static bool first_of_tally(const bundle *b, bundle_caps site, uint32_t number, decide_count *out) {
    const bundle_cap *caps = &b->caps[site.first];
    *out = (decide_count){caps[number].tally, caps[number].keep, false};
    for (uint32_t i = 0; i < site.count; i++) {
        if (caps[i].tally != out->tally) continue;
        if (i < number) return false;
        out->everyone |= caps[i].everyone;
    }
    return true;
}

uint32_t decide_tallies(const bundle *b, bundle_count on, int32_t event, int32_t offer, int32_t placement,
                        decide_count *out, uint32_t max) {
    bundle_caps sites[CAPS_SITES];
    uint32_t count = 0;
    find_sites(b, offer, placement, sites);
    for (int site = 0; site < CAPS_SITES; site++) {
        for (uint32_t i = 0; i < sites[site].count; i++) {
            const bundle_cap *cap = &b->caps[sites[site].first + i];
            decide_count tally;
            if (cap->on != on || (on == BUNDLE_ON_EVENT && cap->event != event)) continue;
            if (!first_of_tally(b, sites[site], i, &tally)) continue;
            if (count < max) out[count] = tally;
            count++;
        }
    }
    return count;
}

// ---- What this answer counts itself ---------------------------------------------------------------------------------

// The counter's cell, or the free one where it would be.
static caps_own *find_own(const caps_ledger *l, uint64_t tally) {
    uint32_t at = (uint32_t)tally & l->own_mask;
    while (l->own[at].count && l->own[at].tally != tally) at = (at + 1) & l->own_mask;
    return &l->own[at];
}

static bool grow_own(caps_ledger *l) {
    caps_ledger more = *l;
    uint32_t cells = l->own ? 2 * (l->own_mask + 1) : OWN_CELLS_MIN;
    more.own = arena_zalloc(l->arena, cells * sizeof *more.own);
    more.own_mask = cells - 1;
    if (!more.own) return false;
    for (uint32_t i = 0; l->own && i <= l->own_mask; i++) {
        if (l->own[i].count) *find_own(&more, l->own[i].tally) = l->own[i];
    }
    *l = more;
    return true;
}

static bool count_own(caps_ledger *l, uint64_t tally) {
    if ((!l->own || 2 * l->own_count > l->own_mask) && !grow_own(l)) return false;
    caps_own *own = find_own(l, tally);
    l->own_count += own->count == 0;
    own->tally = tally;
    own->count++;
    return true;
}

tact_err caps_init(caps_ledger *l, const bundle *b, const decide_request *request, const decide_person *person,
                   arena *a) {
    *l = (caps_ledger){.bundle = b,
                       .record = person->record,
                       .counts = &person->counts,
                       .arena = a,
                       .now_ms = request->now_ms,
                       .past = request->past};
    for (uint32_t i = 0; i < request->events_count; i++) {
        const decide_event *e = &request->events[i];
        decide_count tallies[CAPS_OF_CHOICE_MAX];
        uint32_t count = decide_tallies(b, BUNDLE_ON_EVENT, (int32_t)e->event, e->offer, e->placement, tallies,
                                        CAPS_OF_CHOICE_MAX);
        for (uint32_t k = 0; k < count; k++) {
            if (!count_own(l, tallies[k].tally)) return TACT_NO_MEMORY;
        }
    }
    return TACT_OK;
}

tact_err caps_choose(caps_ledger *l, uint32_t offer, uint32_t placement) {
    decide_count tallies[CAPS_OF_CHOICE_MAX];
    uint32_t count = decide_tallies(l->bundle, BUNDLE_ON_DECISION, -1, (int32_t)offer, (int32_t)placement, tallies,
                                    CAPS_OF_CHOICE_MAX);
    while (l->choices_count + count > l->choices_room) {
        uint32_t room = l->choices_room ? 2 * l->choices_room : CHOICES_ROOM_MIN;
        decide_count *more = arena_extend(l->arena, l->choices, l->choices_count, room, sizeof *more);
        if (!more) return TACT_NO_MEMORY;
        l->choices = more;
        l->choices_room = room;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!count_own(l, tallies[i].tally)) return TACT_NO_MEMORY;
        l->choices[l->choices_count++] = tallies[i];
    }
    return TACT_OK;
}

// ---- Is there room --------------------------------------------------------------------------------------------------

// What counted at `since_ms` or later, however late: a clock that was put back must not open a cap.
static inline uint64_t counted_since(const caps_ledger *l, const bundle_cap *cap, int64_t since_ms) {
    const decide_counts *counts = l->counts;
    if (cap->everyone) return counts->of_everyone ? counts->of_everyone(counts->context, cap->tally, since_ms) : 0;
    int64_t counted = l->record ? record_tally(l->record, cap->tally, since_ms) : 0;
    if (counts->of_person) counted += counts->of_person(counts->context, cap->tally, since_ms);
    return counted > 0 ? (uint64_t)counted : 0;
}

static inline uint64_t counted_for(caps_ledger *l, const bundle_cap *cap) {
    uint64_t counted = counted_since(l, cap, since(l, cap));
    uint64_t later = l->past ? counted_since(l, cap, l->now_ms + 1) : 0;
    if (counted != UINT64_MAX) counted -= later < counted ? later : counted;
    return counted + (l->own && counted != UINT64_MAX ? find_own(l, cap->tally)->count : 0);
}

const bundle_cap *caps_full(caps_ledger *l, int32_t offer, int32_t placement, uint64_t *counted, caps_tell *tell,
                            void *context) {
    bundle_caps sites[CAPS_SITES];
    find_sites(l->bundle, offer, placement, sites);
    for (int site = 0; site < CAPS_SITES; site++) {
        for (uint32_t i = 0; i < sites[site].count; i++) {
            const bundle_cap *cap = &l->bundle->caps[sites[site].first + i];
            *counted = counted_for(l, cap);
            if (tell) tell(context, cap, *counted);
            if (*counted >= cap->max) return cap;
        }
    }
    return NULL;
}
