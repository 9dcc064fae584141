// SPDX-License-Identifier: Apache-2.0
//
// Changes build new arrays and never touch old ones, so that a command that fails half-way leaves the strand as it was.
#include "store/strand.h"

#include "base/err.h"
#include "store/tally.h"
#include "store/window.h"
#include "value/pack.h"

#define VERSION 1

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "no memory for a change of a person");
}

// Is it a value that an attribute can have: a scalar, or a list of strings or of numbers?
static bool is_held(tact_value v) {
    switch (v.kind) {
    case TACT_BOOL:
    case TACT_INT:
    case TACT_DOUBLE:
    case TACT_STRING:
    case TACT_TIMESTAMP:
    case TACT_DURATION: return true;
    case TACT_LIST: break;
    default: return false;
    }
    for (uint32_t i = 0; i < v.len; i++) {
        uint8_t kind = v.as.items[i].kind;
        bool number = kind == TACT_INT || kind == TACT_DOUBLE, first_is_text = v.as.items[0].kind == TACT_STRING;
        if (first_is_text ? kind != TACT_STRING : !number) return false;
    }
    return true;
}

// ---- Attributes -----------------------------------------------------------------------------------------------------

static int order_facts(const strand_fact *x, const strand_fact *y) {
    int attribute = (x->attribute > y->attribute) - (x->attribute < y->attribute);
    return attribute ? attribute : (x->source > y->source) - (x->source < y->source);
}

// Among `count` sorted facts, where `f` is or belongs.
static uint32_t fact_place(const strand_fact *facts, uint32_t count, const strand_fact *f) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (order_facts(&facts[middle], f) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static tact_err apply_set(arena *a, strand *s, const command *c, const schema *sc, tact_error *error) {
    strand_fact *facts = arena_array(a, (size_t)s->facts_count + c->values_count, sizeof *facts);
    uint32_t count = s->facts_count;
    if (!facts) return no_memory(error);
    if (count) memcpy(facts, s->facts, count * sizeof *facts);
    for (uint32_t i = 0; i < c->values_count; i++) {
        strand_fact f = {c->values[i].number, c->source, c->time_ms, c->values[i].value};
        if (f.attribute >= sc->attributes_count || (f.value.kind != TACT_NULL && !is_held(f.value))) {
            return err_set(error, TACT_USAGE, "a command that does not fit the schema");
        }
        f.value = schema_widened(sc->attributes[f.attribute].type, f.value);
        uint32_t at = fact_place(facts, count, &f);
        bool there = at < count && order_facts(&facts[at], &f) == 0;
        if (there && facts[at].time_ms > f.time_ms) continue;
        if (!there) {
            memmove(&facts[at + 1], &facts[at], (count - at) * sizeof *facts);
            count++;
        }
        facts[at] = f;
    }
    if (count > STRAND_FACTS_MAX) {
        return err_set(error, TACT_LIMIT, "an identity would hold %u values, more than %d", count, STRAND_FACTS_MAX);
    }
    s->facts = facts;
    s->facts_count = count;
    return TACT_OK;
}

// ---- Consents -------------------------------------------------------------------------------------------------------

static bool same_statement(const strand_consent *x, const strand_consent *y) {
    return x->purpose == y->purpose && x->state == y->state && x->source == y->source && x->explicit_ == y->explicit_ &&
           x->time_ms == y->time_ms && x->expires_ms == y->expires_ms;
}

// The range of a purpose's statements is [*first, end); returns the end.
static uint32_t statements_of(const strand_consent *all, uint32_t count, uint16_t purpose, uint32_t *first) {
    uint32_t i = 0;
    while (i < count && all[i].purpose < purpose) i++;
    *first = i;
    while (i < count && all[i].purpose == purpose) i++;
    return i;
}

static uint32_t add_statement(strand_consent *all, uint32_t count, const strand_consent *one) {
    uint32_t first, end = statements_of(all, count, one->purpose, &first), at = end;
    while (at > first && all[at - 1].time_ms > one->time_ms) at--;
    if (at > first && same_statement(&all[at - 1], one)) return count;
    memmove(&all[at + 1], &all[at], (count - at) * sizeof *all);
    all[at] = *one;
    if (end - first < STRAND_STATEMENTS_MAX) return count + 1;
    uint32_t newest = end; // the newest explicit one; behind the last, there is none
    for (uint32_t i = first; i <= end; i++) {
        if (all[i].explicit_) newest = i;
    }
    uint32_t gone = newest == first ? first + 1 : first;
    memmove(&all[gone], &all[gone + 1], (count - gone) * sizeof *all);
    return count;
}

static tact_err apply_consent(arena *a, strand *s, const command *c, tact_error *error) {
    strand_consent *all = arena_array(a, (size_t)s->consents_count + c->consents_count + 1, sizeof *all);
    uint32_t count = s->consents_count;
    if (!all) return no_memory(error);
    if (count) memcpy(all, s->consents, count * sizeof *all);
    for (uint32_t i = 0; i < c->consents_count; i++) {
        const command_consent *said = &c->consents[i];
        if (said->state >= CONSENT_STATES) return err_set(error, TACT_USAGE, "a consent that is none");
        strand_consent one = {said->purpose, said->state, c->source, said->explicit_, c->time_ms, said->expires_ms};
        count = add_statement(all, count, &one);
    }
    s->consents = all;
    s->consents_count = count;
    return TACT_OK;
}

// ---- Aggregates and counters ----------------------------------------------------------------------------------------

static uint32_t state_place(const strand_state *states, uint32_t count, uint64_t key) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (states[middle].key < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static tact_str state_at(const strand_state *states, uint32_t count, uint64_t key) {
    uint32_t at = state_place(states, count, key);
    return at < count && states[at].key == key ? states[at].state : (tact_str){NULL, 0};
}

// Into an array that has room for one more; an empty state takes no place in it.
static void put_state(strand_state *states, uint32_t *count, uint64_t key, tact_str state) {
    uint32_t at = state_place(states, *count, key);
    bool there = at < *count && states[at].key == key;
    if (!there && !state.len) return;
    if (!there) {
        memmove(&states[at + 1], &states[at], (*count - at) * sizeof *states);
        (*count)++;
    }
    states[at] = (strand_state){key, state};
}

static strand_state *copy_states(arena *a, const strand_state *states, uint32_t count, uint32_t more) {
    strand_state *copy = arena_array(a, (size_t)count + more, sizeof *copy);
    if (copy && count) memcpy(copy, states, count * sizeof *copy);
    return copy;
}

static tact_err apply_event(arena *a, strand *s, const command *c, const schema *sc, tact_error *error) {
    uint32_t touched = 0, count = s->windows_count;
    for (uint32_t i = 0; i < sc->aggregates_count; i++) touched += sc->aggregates[i].event == c->event;
    if (!touched) return TACT_OK;
    const schema_property *properties = sc->events[c->event].properties;
    strand_state *windows = copy_states(a, s->windows, count, touched);
    if (!windows) return no_memory(error);
    for (uint32_t i = 0; i < sc->aggregates_count; i++) {
        const schema_aggregate *spec = &sc->aggregates[i];
        if (spec->event != c->event || spec->retired) continue;
        tact_value value = tact_null(); // which adds nothing where a value is needed
        for (uint32_t k = 0; k < c->values_count && spec->property >= 0; k++) {
            if (c->values[k].number == spec->property) value = c->values[k].value;
        }
        if (spec->property >= 0) value = schema_widened(properties[spec->property].type, value);
        tact_str state = state_at(windows, count, i);
        if (window_add(a, spec, &state, c->time_ms, value)) return no_memory(error);
        put_state(windows, &count, i, state);
    }
    s->windows = windows;
    s->windows_count = count;
    return TACT_OK;
}

static tact_err apply_count(arena *a, strand *s, const command *c, tact_error *error) {
    uint32_t count = s->tallies_count;
    strand_state *tallies = copy_states(a, s->tallies, count, 1);
    tact_str state = state_at(s->tallies, count, c->tally);
    if (!tallies || tally_add(a, &state, c->time_ms, c->keep)) return no_memory(error);
    put_state(tallies, &count, c->tally, state);
    if (count > STRAND_TALLIES_MAX) {
        return err_set(error, TACT_LIMIT, "an identity would hold %u counters, more than %d", count,
                       STRAND_TALLIES_MAX);
    }
    s->tallies = tallies;
    s->tallies_count = count;
    return TACT_OK;
}

tact_err strand_apply(arena *a, strand *s, const command *c, const schema *sc, tact_error *error) {
    tact_err err;
    switch (c->kind) {
    case COMMAND_SET: err = apply_set(a, s, c, sc, error); break;
    case COMMAND_EVENT: err = apply_event(a, s, c, sc, error); break;
    case COMMAND_CONSENT: err = apply_consent(a, s, c, error); break;
    case COMMAND_COUNT: err = apply_count(a, s, c, error); break;
    default: return err_set(error, TACT_USAGE, "not a command for one identity");
    }
    if (!err) s->updates++;
    return err;
}

tact_err strand_trim(arena *a, strand *s, const schema *sc, int64_t now_ms, int64_t before_ms) {
    strand_state *windows = copy_states(a, s->windows, s->windows_count, 0);
    strand_state *tallies = copy_states(a, s->tallies, s->tallies_count, 0);
    uint32_t windows_count = 0, tallies_count = 0;
    if (!windows || !tallies) return TACT_NO_MEMORY;
    for (uint32_t i = 0; i < s->windows_count; i++) {
        strand_state w = s->windows[i];
        if (w.key < sc->aggregates_count && window_trim(a, &sc->aggregates[w.key], &w.state, now_ms)) {
            return TACT_NO_MEMORY;
        }
        if (w.state.len) windows[windows_count++] = w;
    }
    for (uint32_t i = 0; i < s->tallies_count; i++) {
        strand_state t = s->tallies[i];
        if (tally_trim(a, &t.state, before_ms)) return TACT_NO_MEMORY;
        if (t.state.len) tallies[tallies_count++] = t;
    }
    s->windows = windows;
    s->windows_count = windows_count;
    s->tallies = tallies;
    s->tallies_count = tallies_count;
    return TACT_OK;
}

// ---- Bytes ----------------------------------------------------------------------------------------------------------
//
//      version u8 | id | namespace | identity str | created | dropped u8 | updates | events
//      | count, facts:    attribute, source u8, time, value
//      | count, consents: purpose, state u8, explicit u8, source u8, time, expires
//      | count, windows:  aggregate, state str
//      | count, tallies:  key u64, state str
//
// Numbers are varints, times zigzag, unless said otherwise.

void strand_write(buf *out, const strand *s) {
    pack_u8(out, VERSION);
    pack_varint(out, s->id);
    pack_varint(out, s->space);
    pack_str(out, s->identity);
    pack_zigzag(out, s->created_ms);
    pack_u8(out, s->dropped);
    pack_varint(out, s->updates);
    pack_varint(out, s->events);
    pack_varint(out, s->facts_count);
    for (uint32_t i = 0; i < s->facts_count; i++) {
        pack_varint(out, s->facts[i].attribute);
        pack_u8(out, s->facts[i].source);
        pack_zigzag(out, s->facts[i].time_ms);
        pack_value(out, s->facts[i].value);
    }
    pack_varint(out, s->consents_count);
    for (uint32_t i = 0; i < s->consents_count; i++) {
        const strand_consent *c = &s->consents[i];
        pack_varint(out, c->purpose);
        pack_u8(out, c->state);
        pack_u8(out, c->explicit_);
        pack_u8(out, c->source);
        pack_zigzag(out, c->time_ms);
        pack_zigzag(out, c->expires_ms);
    }
    pack_varint(out, s->windows_count);
    for (uint32_t i = 0; i < s->windows_count; i++) {
        pack_varint(out, s->windows[i].key);
        pack_str(out, s->windows[i].state);
    }
    pack_varint(out, s->tallies_count);
    for (uint32_t i = 0; i < s->tallies_count; i++) {
        pack_u64(out, s->tallies[i].key);
        pack_str(out, s->tallies[i].state);
    }
}

// An array of as many as the next number says. Each takes at least `size` bytes, so a number that the bytes cannot hold
// is refused before there is memory for it.
static void *read_array(unpack *in, uint64_t max, size_t least, size_t size, uint32_t *count) {
    uint64_t left = (in->bytes.len - in->at) / least, n = unpack_count(in, max < left ? max : left);
    void *array = arena_array(in->arena, n, size);
    if (!array) unpack_fail(in, TACT_NO_MEMORY, "no memory for a strand");
    *count = in->code ? 0 : (uint32_t)n;
    return array;
}

static bool read_flag(unpack *in) {
    uint8_t flag = unpack_u8(in);
    if (flag > 1) unpack_fail(in, TACT_INVALID, "neither yes nor no");
    return flag == 1;
}

static void read_facts(unpack *in, strand *s) {
    strand_fact *facts = read_array(in, STRAND_FACTS_MAX, 4, sizeof *facts, &s->facts_count);
    for (uint32_t i = 0; i < s->facts_count && !in->code; i++) {
        strand_fact *f = &facts[i];
        f->attribute = (uint16_t)unpack_count(in, SCHEMA_ATTRIBUTES_MAX - 1);
        f->source = unpack_u8(in);
        f->time_ms = unpack_zigzag(in);
        f->value = unpack_value(in);
        bool follows = i == 0 || order_facts(&facts[i - 1], f) < 0;
        if (!follows) unpack_fail(in, TACT_INVALID, "attributes are not in order");
        if (f->value.kind != TACT_NULL && !is_held(f->value)) {
            unpack_fail(in, TACT_INVALID, "no value of an attribute");
        }
    }
    s->facts = facts;
}

static void read_consents(unpack *in, strand *s) {
    uint32_t of_purpose = 0;
    uint64_t most = (uint64_t)SCHEMA_PURPOSES_MAX * STRAND_STATEMENTS_MAX;
    strand_consent *consents = read_array(in, most, 6, sizeof *consents, &s->consents_count);
    for (uint32_t i = 0; i < s->consents_count && !in->code; i++) {
        strand_consent *c = &consents[i];
        c->purpose = (uint16_t)unpack_count(in, SCHEMA_PURPOSES_MAX - 1);
        c->state = unpack_u8(in);
        c->explicit_ = read_flag(in);
        c->source = unpack_u8(in);
        c->time_ms = unpack_zigzag(in);
        c->expires_ms = unpack_zigzag(in);
        bool same = i > 0 && c->purpose == c[-1].purpose;
        of_purpose = same ? of_purpose + 1 : 1;
        bool follows = i == 0 || c[-1].purpose < c->purpose || (same && c[-1].time_ms <= c->time_ms);
        if (!follows || of_purpose > STRAND_STATEMENTS_MAX) unpack_fail(in, TACT_INVALID, "consents are not in order");
        if (same && same_statement(c - 1, c)) unpack_fail(in, TACT_INVALID, "a consent repeats");
        if (c->state >= CONSENT_STATES) unpack_fail(in, TACT_INVALID, "a consent that is none");
    }
    s->consents = consents;
}

typedef bool window_checker(tact_str state, schema_function function);

static void read_windows(unpack *in, strand *s, window_checker *check) {
    strand_state *windows = read_array(in, SCHEMA_AGGREGATES_MAX, 2, sizeof *windows, &s->windows_count);
    for (uint32_t i = 0; i < s->windows_count && !in->code; i++) {
        windows[i].key = unpack_count(in, SCHEMA_AGGREGATES_MAX - 1);
        tact_str state = windows[i].state = unpack_str(in, SIZE_MAX);
        bool follows = i == 0 || windows[i - 1].key < windows[i].key;
        if (!follows) unpack_fail(in, TACT_INVALID, "aggregates are not in order");
        uint8_t function = state.len ? (uint8_t)state.ptr[0] : SCHEMA_FUNCTIONS;
        if (function >= SCHEMA_FUNCTIONS || !check(state, (schema_function)function)) {
            unpack_fail(in, TACT_INVALID, "no state of an aggregate");
        }
    }
    s->windows = windows;
}

static void read_tallies(unpack *in, strand *s) {
    strand_state *tallies = read_array(in, STRAND_TALLIES_MAX, 9, sizeof *tallies, &s->tallies_count);
    for (uint32_t i = 0; i < s->tallies_count && !in->code; i++) {
        tallies[i].key = unpack_u64(in);
        tallies[i].state = unpack_str(in, SIZE_MAX);
        bool follows = i == 0 || tallies[i - 1].key < tallies[i].key;
        if (!follows) unpack_fail(in, TACT_INVALID, "counters are not in order");
        if (!tallies[i].state.len || !tally_check(tallies[i].state)) {
            unpack_fail(in, TACT_INVALID, "no state of a counter");
        }
    }
    s->tallies = tallies;
}

// What a strand begins with: who it is.
static void read_whose(unpack *in, strand *s) {
    if (unpack_u8(in) != VERSION) unpack_fail(in, TACT_INVALID, "not a version of a strand that this program knows");
    s->id = unpack_varint(in);
    s->space = (uint16_t)unpack_count(in, SCHEMA_IDENTITIES_MAX - 1);
    s->identity = unpack_text(in, COMMAND_IDENTITY_MAX);
}

static tact_err read(arena *a, tact_str bytes, window_checker *check, strand *out, tact_error *error) {
    unpack in = unpack_of(a, bytes);
    strand s = {0};
    read_whose(&in, &s);
    s.created_ms = unpack_zigzag(&in);
    s.dropped = read_flag(&in);
    s.updates = unpack_varint(&in);
    s.events = unpack_varint(&in);
    read_facts(&in, &s);
    read_consents(&in, &s);
    read_windows(&in, &s, check);
    read_tallies(&in, &s);
    tact_err err = unpack_end(&in, error);
    if (!err) *out = s;
    return err;
}

tact_err strand_read(arena *a, tact_str bytes, strand *out, tact_error *error) {
    return read(a, bytes, window_check, out, error);
}

tact_err strand_load(arena *a, tact_str bytes, strand *out, tact_error *error) {
    return read(a, bytes, window_fits, out, error);
}

tact_err strand_whose(tact_str bytes, uint16_t *space, tact_str *identity) {
    unpack in = unpack_of(NULL, bytes);
    strand s = {0};
    read_whose(&in, &s);
    *space = s.space;
    *identity = s.identity;
    return in.code;
}
