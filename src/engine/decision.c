// SPDX-License-Identifier: Apache-2.0
//
// Subtle: what a decision counts is reserved for the view that it was made from. If somebody took the room meanwhile,
// the view is renewed and all is done again, looking for the person included: others may have merged it.
#include "engine/decision.h"

#include "base/clock.h"
#include "engine/log.h"
#include "value/pack.h"

static tact_err store_problem(tact_problem *p, tact_err err, const tact_error *error) {
    return problem_of(p, err, TACT_PROBLEM_NONE, error);
}

static uint64_t fnv(tact_str text) { // FNV-1a
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.len; i++) hash = (hash ^ (uint8_t)text.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

// ---- Who it is ------------------------------------------------------------------------------------------------------

// An identity of a strand's person that still finds it, the strand's own if it does.
static tact_err find_identity(session *s, const links *l, uint64_t own, command_identity *out, tact_error *error) {
    strand *strands = NULL;
    const strand *best = NULL;
    tact_err err = apply_load(&s->reader.txn, &s->scratch, l, &strands, error);
    for (uint32_t i = 0; !err && i < l->strands_count; i++) {
        if (strands[i].dropped) continue;
        if (!best || strands[i].id == own) best = &strands[i];
    }
    if (best) *out = (command_identity){best->space, best->identity};
    return err;
}

static tact_err find_strands(session *s, decision_person *who, tact_error *error) {
    links l;
    tact_err err = apply_links(&s->reader.txn, &s->scratch, record_person(&who->record), &l, error);
    if (err) return err;
    who->strands = l.strands;
    who->strands_count = l.strands_count;
    return who->identity.value.len ? TACT_OK : find_identity(s, &l, who->strand, &who->identity, error);
}

// By the request or, of several identities, by the first that somebody is known by. TACT_NOT_FOUND: nobody is.
static tact_err find_record(session *s, const request_whom *whom, decision_person *out, tact_error *error) {
    tact_err err = whom->id ? store_person_by_id(&s->reader, whom->id, &out->record, error) : TACT_NOT_FOUND;
    out->strand = err ? 0 : whom->id;
    for (uint32_t i = 0; err == TACT_NOT_FOUND && i < whom->identities_count; i++) {
        const command_identity *one = &whom->identities[i];
        err = apply_find(&s->reader.txn, one->space, one->value, &out->strand);
        if (err) continue;
        out->identity = *one;
        err = store_person_by_id(&s->reader, out->strand, &out->record, error);
    }
    return s->reader.txn.broken ? db_fault(&s->reader.txn, error) : err;
}

static bool has_strand(const decision_person *who, uint64_t id) {
    for (uint32_t i = 0; i < who->strands_count; i++) {
        if (who->strands[i] == id) return true;
    }
    return false;
}

// A request names one human, also where the store knows several persons by it: none of them may have said no.
static tact_err find_denied(session *s, const request_whom *whom, decision_person *out, tact_error *error) {
    for (uint32_t i = 0; i < whom->identities_count; i++) {
        const command_identity *one = &whom->identities[i];
        uint64_t id;
        record other;
        tact_err err = apply_find(&s->reader.txn, one->space, one->value, &id);
        if (err == TACT_NOT_FOUND || (!err && has_strand(out, id))) continue;
        if (!err) err = store_person_by_id(&s->reader, id, &other, error);
        if (err) return s->reader.txn.broken ? db_fault(&s->reader.txn, error) : err;
        const int64_t now_ms = clock_wall_ms();
        for (uint32_t p = 0; p < SCHEMA_PURPOSES_MAX; p++) {
            if (record_consent(&other, p, now_ms) == CONSENT_DENIED) out->denied |= UINT64_C(1) << p;
        }
    }
    return TACT_OK;
}

// "cookie:7f3": what experiments hash as long as nobody is known.
static bool find_unit(session *s, const request_whom *whom, decision_person *out) {
    out->identity = whom->first;
    const tact_str space = s->bundle ? s->bundle->bundle->schema->identities[whom->first.space].name : out->unit;
    buf unit = buf_in(&s->scratch);
    buf_add_str(&unit, space);
    buf_add_char(&unit, ':');
    buf_add_str(&unit, whom->first.value);
    out->unit = buf_done(&unit);
    return out->unit.ptr;
}

tact_err decision_find_person(session *s, const request_whom *whom, decision_person *out, tact_problem *p) {
    tact_error error;
    *out = (decision_person){.unit = {NULL, 0}};
    tact_err err = find_record(s, whom, out, &error);
    out->known = !err;
    if (out->known) {
        err = find_strands(s, out, &error);
        if (!err && whom->identities_count > 1) err = find_denied(s, whom, out, &error);
        out->unit = record_unit(&out->record);
        return err ? store_problem(p, err, &error) : TACT_OK;
    }
    if (err != TACT_NOT_FOUND) return store_problem(p, err, &error);
    out->strand = 0;
    return !whom->identities_count || find_unit(s, whom, out) ? TACT_OK : problem_no_memory(p);
}

// No strand has such a number. Should two identities have the same, their caps have less room for a moment.
static uint64_t key_of(const command_identity *of) {
    return (fnv(of->value) + of->space) | UINT64_C(1) << 63;
}

static void add_key(decision_person *who, uint64_t *keys, uint64_t key) {
    for (uint32_t i = 0; i < who->keys_count; i++) {
        if (keys[i] == key) return;
    }
    keys[who->keys_count++] = key;
}

static bool find_keys(const decision *d, decision_person *who) {
    const request_whom *whom = &d->whom;
    size_t most = 1 + (size_t)who->strands_count + whom->identities_count;
    uint64_t *keys = arena_array(&d->session->scratch, most, sizeof *keys);
    if (!keys) return false;
    who->keys = keys;
    if (who->known) add_key(who, keys, who->strand);
    if (!who->known && whom->identities_count) add_key(who, keys, key_of(&whom->first));
    for (uint32_t i = 0; i < who->strands_count; i++) add_key(who, keys, who->strands[i]);
    for (uint32_t i = 0; i < whom->identities_count; i++) add_key(who, keys, key_of(&whom->identities[i]));
    return true;
}

// ---- What counts already --------------------------------------------------------------------------------------------

static uint32_t own_of(const decision *d, uint64_t tally, bool everyone) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->own_count; i++) {
        count += d->own[i].tally == tally && (!everyone || d->own[i].everyone);
    }
    return count;
}

// The first of the bundle's caps on decisions with this counter; behind it, if there is none.
static uint32_t first_cap(const engine_bundle *eb, uint64_t tally) {
    uint32_t low = 0, high = eb->by_tally_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (eb->by_tally[middle]->tally < tally) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool is_counted(const engine_bundle *eb, uint64_t tally) { // by a cap on decisions
    uint32_t first = first_cap(eb, tally);
    return first < eb->by_tally_count && eb->by_tally[first]->tally == tally;
}

enum { ID_COUNT = 'c', ID_EVENT = 'e', ID_OF_EVENT = 'o' }; // what the id of a command is of

// The same for the same decision and person, and what is counted as the `number`th.
static void make_id(const decision *d, uint8_t what, uint64_t key, uint32_t number, uint8_t out[RESERVE_ID]) {
    memset(out, 0, RESERVE_ID);
    memcpy(out, d->mark, sizeof d->mark);
    out += sizeof d->mark;
    *out++ = what;
    for (int i = 0; i < 8; i++) *out++ = (uint8_t)(key >> (8 * i));
    for (int i = 0; i < 4; i++) *out++ = (uint8_t)(number >> (8 * i));
}

// Whether the view has the command, from when the same was asked before; and when it happened. `event`: its type, of an
// event; else it is a count.
static bool is_written(decision *d, const uint32_t *event, const uint8_t id[RESERVE_ID], int64_t *time_ms) {
    apply_answer answer;
    const command c = {.kind = event ? COMMAND_EVENT : COMMAND_COUNT,
                       .id = {(const char *)id, RESERVE_ID},
                       .event = event ? (uint16_t)*event : 0};
    tact_err err = d->again ? store_answered(&d->session->reader, &c, &answer, NULL) : TACT_NOT_FOUND;
    if (err && err != TACT_NOT_FOUND) d->code = err;
    if (!err) *time_ms = answer.time_ms;
    return !err;
}

// How often the decision itself counted, when it was asked before.
static int64_t written_of(decision *d, uint64_t tally, int64_t since_ms) {
    uint8_t id[RESERVE_ID];
    int64_t count = 0, time_ms = 0;
    if (!d->again || !is_counted(d->session->bundle, tally)) return 0;
    for (uint32_t i = 0; make_id(d, ID_COUNT, tally, i, id), is_written(d, NULL, id, &time_ms); i++) {
        count += time_ms >= since_ms;
    }
    return count;
}

// Beyond what the record says; less than nothing, where that has what the decision counted itself.
static int64_t of_person(void *context, uint64_t tally, int64_t since_ms) {
    decision *d = context;
    int64_t count = (int64_t)reserve_of_person(d->session->reserved, tally, since_ms) + own_of(d, tally, false);
    if (d->person.known && record_tally(&d->person.record, tally, since_ms)) count -= written_of(d, tally, since_ms);
    if (d->frame) log_note(d->frame, false, tally, since_ms, (uint64_t)count);
    return count;
}

// What cannot be read leaves no room.
static uint64_t of_everyone(void *context, uint64_t tally, int64_t since_ms) {
    decision *d = context;
    session *s = d->session;
    uint64_t count = 0;
    tact_err err = store_count(&s->reader, tally, since_ms, COMMAND_TIME_MAX_MS, &count, NULL);
    if (err) d->code = err;
    if (count) count -= (uint64_t)written_of(d, tally, since_ms);
    count += reserve_of_everyone(s->reserved, tally, since_ms) + own_of(d, tally, true);
    if (s->reserved->code) d->code = s->reserved->code;
    if (d->frame) log_note(d->frame, true, tally, since_ms, count);
    return d->code ? UINT64_MAX : count;
}

enum { TALLIES_OF_EVENT = 8 }; // counters that one event of an offer at a placement has: it, group, channel, placement

static bool add_own(decision *d, const request_event *e) {
    decide_count counts[TALLIES_OF_EVENT];
    uint32_t n = decide_tallies(d->bundle, (bundle_count)e->on, -1, e->what.offer, e->what.placement, counts,
                                TALLIES_OF_EVENT);
    if (n > TALLIES_OF_EVENT) n = TALLIES_OF_EVENT;
    decide_count *more = arena_extend(&d->session->scratch, d->own, d->own_count, d->own_count + n, sizeof *more);
    if (!more) return false;
    if (n) memcpy(more + d->own_count, counts, n * sizeof *counts);
    d->own = more;
    d->own_count += n;
    return true;
}

// By what an event that is written is found: itself, or one that need not be declared by the first that it counts.
static bool is_event_written(decision *d, uint32_t number) {
    const request_event *e = &d->in.events[number];
    decide_count first = {.tally = 0};
    uint8_t id[RESERVE_ID];
    int64_t time_ms;
    if (!d->again) return false;
    if (!e->declared &&
        !decide_tallies(d->bundle, (bundle_count)e->on, -1, e->what.offer, e->what.placement, &first, 1)) {
        return false;
    }
    make_id(d, e->declared ? ID_EVENT : ID_OF_EVENT, first.tally, number, id);
    return is_written(d, e->declared ? &e->what.event : NULL, id, &time_ms);
}

// Those events of the request that the view has not got already, and what their impressions and clicks count: which
// deciding does not know of, as the schema need not declare them.
static bool find_events(decision *d) {
    d->request.events_count = d->own_count = 0;
    d->own = NULL;
    d->written = 0;
    for (uint32_t i = 0; i < d->in.events_count; i++) {
        const request_event *e = &d->in.events[i];
        if (is_event_written(d, i)) {
            d->written |= UINT64_C(1) << i;
            continue;
        }
        if (e->declared) d->events[d->request.events_count++] = e->what;
        if (e->on != BUNDLE_ON_EVENT && !add_own(d, e)) return false;
    }
    return true;
}

// ---- Beginning ------------------------------------------------------------------------------------------------------

// Time first, so that ids are in the order of decisions; 128 bits in Crockford's base 32.
static tact_str draw_id(session *s, int64_t now_ms) {
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const uint64_t high = (uint64_t)now_ms << 16 | (session_draw(s) & 0xffff), low = session_draw(s);
    char *text = arena_alloc(&s->scratch, DECISION_ID_LEN);
    if (!text) return (tact_str){NULL, 0};
    for (int i = 0; i < DECISION_ID_LEN; i++) { // five bits each, from the left; the last has three and two zeros
        int from = 123 - 5 * i;
        uint64_t bits = from >= 64 ? high >> (from - 64) : from >= 0 ? low >> from : low << -from;
        if (from < 64 && from > 59) bits |= high << (64 - from);
        text[i] = digits[bits & 31];
    }
    return (tact_str){text, DECISION_ID_LEN};
}

_Static_assert(DECIDE_EVENTS_MAX <= 64, "`written` has a bit for each");

static tact_err set_events(decision *d, tact_problem *p) {
    d->request.events = d->events = arena_array(&d->session->scratch, d->in.events_count, sizeof *d->events);
    if (!d->events) return problem_no_memory(p);
    if (!d->in.events_count || d->in.dry || d->whom.id || d->whom.identities_count) return TACT_OK;
    const place at = place_of("person");
    return problem_set(p, TACT_INVALID, TACT_PROBLEM_MISSING, &at,
                       "%s: whose are the events? {person: {cookie: \"7f3\"}}, or `dry`", at.text);
}

tact_err decision_begin(decision *d, session *s, const request *r, tact_problem *p) {
    *d = (decision){.session = s, .bundle = s->bundle->bundle, .begun_us = clock_mono_us()};
    tact_err err = request_whom_read(r, &s->scratch, d->bundle->schema, false, &d->whom, p);
    if (!err) err = request_decide_read(r, &s->scratch, s->engine->store, d->bundle, clock_wall_ms(), &d->in, p);
    if (err) return err;
    d->in.dry |= s->engine->read_only;
    d->id = d->in.decision.len ? d->in.decision : draw_id(s, d->in.now_ms);
    if (!d->id.ptr) return problem_no_memory(p);
    d->again = d->in.decision.len > 0;
    d->request = (decide_request){.placements = d->in.placements,
                                  .placements_count = d->in.placements_count,
                                  .context = d->in.context,
                                  .now_ms = d->in.now_ms,
                                  .asked_ms = r->given[REQUEST_NOW] ? clock_wall_ms() : 0,
                                  .seed = fnv(d->id),
                                  .past = r->given[REQUEST_NOW] != NULL,
                                  .late = d->in.late};
    return set_events(d, p);
}

// ---- Deciding -------------------------------------------------------------------------------------------------------

static bool make_mark(decision *d) {
    uint8_t sum[HASH_SUM];
    buf both = buf_in(&d->session->scratch);
    buf_add_str(&both, d->id);
    buf_add_char(&both, '\0');
    buf_add_str(&both, d->person.unit);
    tact_str bytes = buf_done(&both);
    if (!bytes.ptr) return false;
    hash_bytes(bytes, sum);
    memcpy(d->mark, sum, sizeof d->mark);
    return true;
}

// In the view there is now. A number is no guess at whom it may be: it was known once, or is a mistake.
static tact_err find_whom(decision *d, tact_problem *p) {
    session *s = d->session;
    tact_err err = decision_find_person(s, &d->whom, &d->person, p);
    if (err) return err;
    d->request.denied = d->person.denied;
    const place at = place_of("person");
    if (d->whom.id && !d->person.known) {
        return problem_set(p, TACT_NOT_FOUND, TACT_PROBLEM_UNKNOWN_PERSON, &at, "%s: nobody has the number %llu",
                           at.text, (unsigned long long)d->whom.id);
    }
    if (!find_keys(d, &d->person) || (d->again && !make_mark(d))) return problem_no_memory(p);
    err = reserve_look(s->reserved, &s->reader, &s->scratch, d->person.keys, d->person.keys_count,
                       d->again ? d->mark : NULL);
    return err ? problem_set(p, err, TACT_PROBLEM_NONE, NULL, "%s", tact_err_text(err)) : TACT_OK;
}

tact_err decision_run(decision *d, const decide_observer *o, tact_problem *p) {
    session *s = d->session;
    tact_error error = {.text = ""};
    tact_err err = find_whom(d, p);
    if (err) return err;
    d->code = TACT_OK;
    if (!find_events(d)) return problem_no_memory(p);
    bool counted = reserve_any_of_person(s->reserved) || d->own_count || d->frame || d->again;
    const decide_person person = {.record = d->person.known ? &d->person.record : NULL,
                                  .unit = d->person.unit,
                                  .counts = {counted ? of_person : NULL, of_everyone, d}};
    if (d->frame) log_begin(d->frame);
    err = decide_run(d->bundle, &d->request, &person, &s->scratch, o, &d->answer, &error);
    if (!err && d->code) err = d->code;
    if (!err) return TACT_OK;
    return problem_set(p, err, TACT_PROBLEM_NONE, NULL, "%s", error.text[0] ? error.text : tact_err_text(err));
}

// ---- What it leaves behind ------------------------------------------------------------------------------------------

typedef struct decision_effects {
    command *commands;
    reserve_entry **entries; // by command; NULL: it has none
    uint32_t count;
    reserve_item *items;
    reserve_entry **reserved;
    uint32_t items_count;
} decision_effects;

// How many further counts there may be before a cap on decisions has no room for the ones at hand.
static void find_spare(decision *d, reserve_item *i, uint32_t at_hand) {
    const engine_bundle *eb = d->session->bundle;
    i->spare = i->spare_of_everyone = UINT64_MAX;
    for (uint32_t n = first_cap(eb, i->tally); n < eb->by_tally_count && eb->by_tally[n]->tally == i->tally; n++) {
        const bundle_cap *c = eb->by_tally[n];
        int64_t since_ms = decide_since(d->bundle, c, d->in.now_ms);
        uint64_t counted = at_hand;
        if (c->everyone) {
            counted += of_everyone(d, c->tally, since_ms);
        } else {
            counted += d->person.known ? record_tally(&d->person.record, c->tally, since_ms) : 0;
            counted += (uint64_t)of_person(d, c->tally, since_ms);
        }
        uint64_t left = counted < c->max ? c->max - counted : 0;
        uint64_t *spare = c->everyone ? &i->spare_of_everyone : &i->spare;
        if (left < *spare) *spare = left;
    }
}

// The command of one count, and its reservation. Of somebody who is not known and stays so only everyone's counts; what
// was counted or reserved when the same was asked before is not counted again.
static void add_count(decision *d, decision_effects *x, const decide_count *c, uint8_t what, uint32_t number,
                      bool checked) {
    bool somebody = d->person.known || d->in.events_count;
    if (!somebody && !c->everyone) return;
    reserve_item *i = &x->items[x->items_count];
    int64_t time_ms;
    *i = (reserve_item){.tally = c->tally, .everyone = c->everyone, .checked = checked};
    make_id(d, what, c->tally, number, i->id);
    if (is_written(d, NULL, i->id, &time_ms)) return;
    if (d->again && reserve_has(d->session->reserved, c->tally, i->id)) return;
    x->items_count++;
    x->commands[x->count++] = (command){.kind = COMMAND_COUNT,
                                        .id = {(const char *)i->id, RESERVE_ID},
                                        .time_ms = d->in.now_ms,
                                        .source = SCHEMA_SOURCE_NONE,
                                        .identities = somebody ? &d->person.identity : NULL,
                                        .identities_count = somebody,
                                        .tally = c->tally,
                                        .keep = c->keep,
                                        .everyone = c->everyone};
}

static void add_choices(decision *d, decision_effects *x) {
    const decide_answer *answer = &d->answer;
    for (uint32_t k = 0; k < answer->counts_count; k++) {
        uint32_t before = 0, all = 0;
        for (uint32_t i = 0; i < answer->counts_count; i++) {
            if (answer->counts[i].tally != answer->counts[k].tally) continue;
            all++;
            before += i < k;
        }
        uint32_t items_count = x->items_count;
        add_count(d, x, &answer->counts[k], ID_COUNT, before, true);
        if (x->items_count > items_count) find_spare(d, &x->items[items_count], all);
    }
}

// What is wrong with an event is told now, by what record would refuse it for: nobody hears of it later.
static tact_err check_event(const decision *d, const command *c, uint32_t number, tact_problem *p) {
    tact_error error;
    tact_err err = command_check(c, d->bundle->schema, &error);
    if (!err) return TACT_OK;
    const place events = place_of("events"), at = place_item(&events, number);
    return problem_set(p, err, err == TACT_NO_MEMORY ? TACT_PROBLEM_NONE : TACT_PROBLEM_BAD_VALUE, &at, "%s: %s",
                       at.text, error.text);
}

static tact_err add_event(decision *d, decision_effects *x, uint32_t number, tact_problem *p) {
    const request_event *e = &d->in.events[number];
    uint8_t *id = arena_alloc(&d->session->scratch, RESERVE_ID);
    if (!id) return problem_no_memory(p);
    make_id(d, ID_EVENT, 0, number, id);
    if (e->declared) {
        x->commands[x->count] = (command){.kind = COMMAND_EVENT,
                                          .id = {(const char *)id, RESERVE_ID},
                                          .time_ms = d->in.now_ms,
                                          .source = SCHEMA_SOURCE_NONE,
                                          .identities = &d->person.identity,
                                          .identities_count = 1,
                                          .values = e->what.values,
                                          .values_count = e->what.values_count,
                                          .event = (uint16_t)e->what.event,
                                          .channel = e->channel};
        tact_err err = check_event(d, &x->commands[x->count++], number, p);
        if (err) return err;
    }
    decide_count counts[TALLIES_OF_EVENT];
    uint32_t n = decide_tallies(d->bundle, (bundle_count)e->on, e->declared ? (int32_t)e->what.event : -1,
                                e->what.offer, e->what.placement, counts, TALLIES_OF_EVENT);
    for (uint32_t i = 0; i < n && i < TALLIES_OF_EVENT; i++) add_count(d, x, &counts[i], ID_OF_EVENT, number, false);
    return TACT_OK;
}

static tact_err find_effects(decision *d, decision_effects **out, tact_problem *p) {
    arena *a = &d->session->scratch;
    size_t most = d->answer.counts_count + (size_t)d->in.events_count * (1 + TALLIES_OF_EVENT);
    decision_effects *x = ARENA_NEW(a, decision_effects);
    if (!x) return problem_no_memory(p);
    x->commands = arena_array(a, most, sizeof *x->commands);
    x->items = arena_array(a, most, sizeof *x->items);
    x->entries = arena_zalloc(a, (most + 1) * sizeof(reserve_entry *)); // NOLINT(bugprone-sizeof-expression)
    x->reserved = arena_array(a, most + 1, sizeof(reserve_entry *));    // NOLINT(bugprone-sizeof-expression)
    if (!x->commands || !x->items || !x->entries || !x->reserved || !make_mark(d)) return problem_no_memory(p);
    for (uint32_t i = 0; i < d->in.events_count; i++) {
        tact_err err = d->written >> i & 1 ? TACT_OK : add_event(d, x, i, p);
        if (err) return err;
    }
    add_choices(d, x);
    *out = x;
    return d->code ? problem_set(p, d->code, TACT_PROBLEM_NONE, NULL, "%s", tact_err_text(d->code)) : TACT_OK;
}

// Commands that count are in the order of their reservations.
static void share_entries(decision_effects *x) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < x->count; i++)
        x->entries[i] = x->commands[i].kind == COMMAND_COUNT ? x->reserved[n++] : NULL;
}

static tact_err overloaded(tact_problem *p) {
    return problem_set(p, TACT_BUSY, TACT_PROBLEM_OVERLOADED, NULL,
                       "too many decisions that count are waiting to be written; look at the disk, and try again");
}

tact_err decision_run_and_reserve(decision *d, decision_effects **out, tact_problem *p) {
    session *s = d->session;
    for (uint32_t tries = 0; tries < DECISION_TRIES_MAX; tries++) {
        tact_err err = tries ? (session_unview(s), session_view(s, p)) : TACT_OK;
        if (!err) err = decision_run(d, NULL, p);
        if (err) return err;
        *out = NULL;
        if (!d->answer.counts_count && !d->in.events_count) return TACT_OK;
        decision_effects *x = NULL;
        err = find_effects(d, &x, p);
        if (err || !x) return err; // without an error there are some
        err = reserve_take(s->reserved, x->items, x->items_count, d->person.keys_count ? *d->person.keys : 0,
                           d->in.now_ms, x->reserved);
        if (err == TACT_EXISTS) continue;
        if (err) return overloaded(p);
        share_entries(x);
        *out = x;
        return TACT_OK;
    }
    return overloaded(p);
}

void decision_forget(decision *d, decision_effects *x) {
    for (uint32_t i = 0; x && i < x->items_count; i++) reserve_cancel(d->session->engine->reserve, x->reserved[i]);
}

tact_err decision_leave(decision *d, decision_effects *x, tact_problem *p) {
    session *s = d->session;
    if (!x || !x->count) {
        session_unview(s);
        return TACT_OK;
    }
    buf packed = buf_in(&s->scratch);
    tact_err err = effects_pack(&packed, x->commands, x->entries, x->count); // what lies in the view is copied
    session_unview(s);
    if (!err) err = effects_put(s->engine->effects, packed.ptr, packed.len);
    if (!err) return TACT_OK;
    decision_forget(d, x);
    if (err == TACT_BUSY) return overloaded(p);
    return problem_set(p, err, TACT_PROBLEM_NONE, NULL, "what it counts cannot be written: %s", tact_err_text(err));
}
