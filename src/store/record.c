// SPDX-License-Identifier: Apache-2.0
//
// The layout is in one place, `lay_out`: where each part begins follows from the counts in the header, for building,
// opening and checking alike. A reader trusts what it opens: the writer built it, and record_check is there for damage.
#include "store/record.h"

#include "base/err.h"
#include "base/utf8.h"
#include "store/load.h"
#include "store/tally.h"
#include "store/window.h"

enum {
    VERSION = 1,
    UNIT = 40, // where its place is
    HEADER = 48,
    WORD_BITS = 48, // of a word's 64, the rest counts
    TALLY_SIZE = 16,
    CONSENT_SIZE = 20,
    WINDOW_SIZE = 12,
    TIMESTAMP_SIZE = 12,
};
#define SIZE_MOST ((uint64_t)1 << 30) // so that no sum of places overflows; a person is some kilobytes
#define WORD_MASK (((uint64_t)1 << WORD_BITS) - 1)
#define NANOS_A_SECOND 1000000000

static uint32_t words_count(uint32_t attributes) {
    return (attributes + WORD_BITS - 1) / WORD_BITS;
}

// Sets the places of all parts from the counts and returns the size of all but the rest.
static size_t lay_out(record *r, const char *bytes) {
    size_t at = HEADER, present = r->present;
    r->bytes = bytes;
    r->words = bytes + at, at += (size_t)words_count(r->attributes) * 8;
    r->values = bytes + at, at += present * 8;
    r->tallies = bytes + at, at += (size_t)r->tallies_count * TALLY_SIZE;
    r->times = bytes + at, at += present * 4;
    r->consents = bytes + at, at += (size_t)__builtin_popcountll(r->purposes) * CONSENT_SIZE;
    r->windows = bytes + at, at += (size_t)r->windows_count * WINDOW_SIZE;
    r->sources = bytes + at, at += present;
    r->kinds = bytes + at, at += present;
    r->rest = bytes + at;
    return at;
}

// ---- Building -------------------------------------------------------------------------------------------------------

// What is being built: of its final size from the start, so that nothing is moved while it is written.
typedef struct build {
    char *bytes;
    char *rest; // where the next text, item or state goes
} build;

static uint64_t place(const char *bytes, const char *at, uint64_t count) {
    return (uint64_t)(at - bytes) | count << 32;
}

// Numbers of both kinds in one list are doubles.
static uint8_t items_kind(tact_value list) {
    uint8_t kind = list.len ? list.as.items[0].kind : 0;
    for (uint32_t i = 0; i < list.len; i++) {
        if (list.as.items[i].kind == TACT_DOUBLE) kind = TACT_DOUBLE;
    }
    return kind;
}

// Bytes that a value needs in the rest.
static uint64_t value_rest(tact_value v) {
    if (v.kind == TACT_STRING) return v.len;
    if (v.kind == TACT_TIMESTAMP) return TIMESTAMP_SIZE;
    if (v.kind != TACT_LIST) return 0;
    uint64_t size = (uint64_t)v.len * 8;
    for (uint32_t i = 0; i < v.len; i++) size += value_rest(v.as.items[i]); // of lists of texts and numbers alone
    return size;
}

static uint64_t states_rest(const strand_state *states, uint32_t count) {
    uint64_t size = 0;
    for (uint32_t i = 0; i < count; i++) size += states[i].state.len;
    return size;
}

// The identity whose strand has the person's id; NULL only of a person that is made of none, or by damage.
static const merge_identity *eldest(const merged *m, const schema *sc) {
    for (uint32_t i = 0; i < m->identities_count; i++) {
        const merge_identity *one = &m->identities[i];
        if (one->strand == m->person && one->space < sc->identities_count) return one;
    }
    return NULL;
}

static uint64_t unit_rest(const merge_identity *of, const schema *sc) {
    return of ? sc->identities[of->space].name.len + 1 + of->value.len : 0;
}

static uint64_t rest_size(const merged *m, const schema *sc) {
    uint64_t size = states_rest(m->windows, m->windows_count) + states_rest(m->tallies, m->tallies_count);
    size += unit_rest(eldest(m, sc), sc);
    for (uint32_t i = 0; i < m->facts_count; i++) size += value_rest(m->facts[i].value);
    return size;
}

static uint64_t build_text(build *b, tact_str text) {
    uint64_t of = place(b->bytes, b->rest, text.len);
    b->rest = save_bytes(b->rest, text.ptr, text.len);
    return of;
}

static uint64_t build_unit(build *b, const merge_identity *of, const schema *sc) {
    uint64_t at = place(b->bytes, b->rest, unit_rest(of, sc));
    if (!of) return at;
    tact_str space = sc->identities[of->space].name;
    b->rest = save_bytes(b->rest, space.ptr, space.len);
    *b->rest++ = ':';
    b->rest = save_bytes(b->rest, of->value.ptr, of->value.len);
    return at;
}

static uint64_t build_list(build *b, tact_value list) {
    uint8_t kind = items_kind(list);
    uint64_t of = place(b->bytes, b->rest, list.len);
    char *item = b->rest;
    b->rest += (size_t)list.len * 8;
    for (uint32_t i = 0; i < list.len; i++) {
        tact_value v = list.as.items[i];
        uint64_t bits = kind == TACT_STRING ? build_text(b, value_str(v)) : v.as.u;
        if (kind == TACT_DOUBLE && v.kind == TACT_INT) bits = tact_double((double)v.as.i).as.u;
        item = save_u64(item, bits);
    }
    return of;
}

// A value's 8 bytes; what does not fit goes to the rest.
static uint64_t build_value(build *b, tact_value v) {
    switch (v.kind) {
    case TACT_STRING: return build_text(b, value_str(v));
    case TACT_TIMESTAMP: {
        uint64_t of = place(b->bytes, b->rest, 0);
        b->rest = save_u32(save_u64(b->rest, v.as.u), v.len);
        return of;
    }
    case TACT_LIST: return build_list(b, v);
    case TACT_BOOL: return v.as.b;
    default: return v.as.u;
    }
}

static uint32_t seconds_of(int64_t ms) {
    if (ms < 0) return 0;
    return ms / 1000 > UINT32_MAX ? UINT32_MAX : (uint32_t)(ms / 1000);
}

static char *build_header(char *at, const merged *m, const record *r, uint64_t unit) {
    *at++ = VERSION;
    *at++ = 0;
    at = save_u16(at, (uint16_t)r->attributes);
    at = save_u16(at, (uint16_t)r->present);
    at = save_u16(at, (uint16_t)r->windows_count);
    at = save_u64(at, m->person);
    at = save_u64(at, m->updates);
    at = save_u64(at, r->purposes);
    at = save_u32(at, r->tallies_count);
    at = save_u32(at, r->size);
    return save_u64(at, unit);
}

static char *build_words(char *at, const merged *m, uint32_t attributes) {
    uint32_t next = 0;
    for (uint32_t word = 0; word < words_count(attributes); word++) {
        uint64_t bits = (uint64_t)next << WORD_BITS;
        for (; next < m->facts_count && m->facts[next].attribute / WORD_BITS == word; next++) {
            bits |= (uint64_t)1 << m->facts[next].attribute % WORD_BITS;
        }
        at = save_u64(at, bits);
    }
    return at;
}

static char *build_consents(char *at, const merged *m) {
    for (uint32_t i = 0; i < m->consents_count; i++) {
        const strand_consent *c = &m->consents[i];
        at = save_u64(save_u64(at, (uint64_t)c->time_ms), (uint64_t)c->expires_ms);
        *at++ = (char)c->state;
        *at++ = (char)c->explicit_;
        *at++ = (char)c->source;
        *at++ = 0;
    }
    return at;
}

static void build_states(build *b, char *at, const strand_state *states, uint32_t count, bool windows) {
    for (uint32_t i = 0; i < count; i++) {
        at = windows ? save_u32(at, (uint32_t)states[i].key) : save_u64(at, states[i].key);
        at = save_u64(at, build_text(b, states[i].state));
    }
}

// The parts in the order of the layout, but for those that fill the rest: they come in the order in which it is filled.
static void build_parts(build *b, const merged *m, const schema *sc, const record *r) {
    char *values = b->bytes + (r->values - r->bytes), *times = b->bytes + (r->times - r->bytes);
    char *sources = b->bytes + (r->sources - r->bytes), *kinds = b->bytes + (r->kinds - r->bytes);
    build_words(build_header(b->bytes, m, r, build_unit(b, eldest(m, sc), sc)), m, r->attributes);
    for (uint32_t i = 0; i < m->facts_count; i++) {
        const strand_fact *f = &m->facts[i];
        unsigned items = f->value.kind == TACT_LIST ? items_kind(f->value) : 0;
        values = save_u64(values, build_value(b, f->value));
        times = save_u32(times, seconds_of(f->time_ms));
        *sources++ = (char)f->source;
        *kinds++ = (char)(f->value.kind | items << 4);
    }
    build_consents(b->bytes + (r->consents - r->bytes), m);
    build_states(b, b->bytes + (r->windows - r->bytes), m->windows, m->windows_count, true);
    build_states(b, b->bytes + (r->tallies - r->bytes), m->tallies, m->tallies_count, false);
}

tact_err record_build(buf *out, const merged *m, const schema *sc, tact_error *error) {
    record r = {.attributes = sc->attributes_count,
                .present = m->facts_count,
                .windows_count = m->windows_count,
                .tallies_count = m->tallies_count};
    for (uint32_t i = 0; i < m->consents_count; i++) r.purposes |= (uint64_t)1 << m->consents[i].purpose;
    uint64_t base = lay_out(&r, ""), size = base + rest_size(m, sc);
    if (size > SIZE_MOST) return err_set(error, TACT_LIMIT, "a person's record would be larger than 1 GiB");
    char *bytes = arena_alloc(out->arena, size);
    if (!bytes) return err_set(error, TACT_NO_MEMORY, "no memory for a person's record");
    lay_out(&r, bytes);
    r.size = (uint32_t)size;
    build b = {bytes, bytes + base};
    build_parts(&b, m, sc, &r);
    buf_add(out, bytes, size);
    return out->failed ? err_set(error, TACT_NO_MEMORY, "no memory for a person's record") : TACT_OK;
}

// ---- Opening --------------------------------------------------------------------------------------------------------

tact_err record_open(tact_str bytes, record *out, tact_error *error) {
    if (bytes.len < 1 || bytes.ptr[0] != VERSION) {
        return err_set(error, TACT_INVALID, "not a version of a person's record that this program knows");
    }
    if (bytes.len < HEADER || load_u32(bytes.ptr + 36) != bytes.len) {
        return err_set(error, TACT_INVALID, "a person's record is cut off");
    }
    const char *p = bytes.ptr;
    record r = {.attributes = load_u16(p + 2),
                .present = load_u16(p + 4),
                .windows_count = load_u16(p + 6),
                .purposes = load_u64(p + 24),
                .tallies_count = load_u32(p + 32),
                .size = load_u32(p + 36)};
    if (lay_out(&r, p) > bytes.len) return err_set(error, TACT_INVALID, "a person's record is cut off");
    *out = r;
    return TACT_OK;
}

uint64_t record_person(const record *r) {
    return load_u64(r->bytes + 8);
}

uint64_t record_updates(const record *r) {
    return load_u64(r->bytes + 16);
}

tact_str record_unit(const record *r) {
    return (tact_str){r->bytes + load_u32(r->bytes + UNIT), load_u32(r->bytes + UNIT + 4)};
}

// ---- Consents -------------------------------------------------------------------------------------------------------

bool record_statement(const record *r, uint32_t purpose, strand_consent *out) {
    if (purpose >= SCHEMA_PURPOSES_MAX || !(r->purposes >> purpose & 1)) return false;
    uint64_t below = r->purposes & (((uint64_t)1 << purpose) - 1);
    const char *p = r->consents + (size_t)__builtin_popcountll(below) * CONSENT_SIZE;
    *out = (strand_consent){.purpose = (uint16_t)purpose,
                            .state = (uint8_t)p[16],
                            .source = (uint8_t)p[18],
                            .explicit_ = p[17] != 0,
                            .time_ms = load_i64(p),
                            .expires_ms = load_i64(p + 8)};
    return true;
}

consent_state record_consent(const record *r, uint32_t purpose, int64_t now_ms) {
    strand_consent c;
    if (!record_statement(r, purpose, &c) || (c.expires_ms && c.expires_ms <= now_ms)) return CONSENT_UNSET;
    return (consent_state)c.state;
}

bool record_granted(const record *r, const schema *sc, uint32_t purpose, int64_t now_ms) {
    strand_consent c = {.state = CONSENT_UNSET};
    bool said = record_statement(r, purpose, &c), ended = c.expires_ms && c.expires_ms <= now_ms;
    if (said && c.state == CONSENT_GRANTED) return !ended;
    if (said && c.state == CONSENT_DENIED && !ended) return false;
    return purpose < sc->purposes_count && sc->purposes[purpose].granted_by_default;
}

// ---- Attributes -----------------------------------------------------------------------------------------------------

// The place of a present attribute in the arrays; false if it is not.
static bool find(const record *r, uint32_t number, uint32_t *out) {
    if (number >= r->attributes) return false;
    uint64_t word = load_u64(r->words + (size_t)(number / WORD_BITS) * 8), bit = (uint64_t)1 << number % WORD_BITS;
    *out = (uint32_t)(word >> WORD_BITS) + (uint32_t)__builtin_popcountll(word & (bit - 1));
    return word & bit;
}

// The kind that the schema's type has, an int also where a double is declared.
static bool is_of(const schema_attribute *attribute, uint8_t kind) {
    tact_kind declared = type_value_kind(attribute->type), is = kind & 15, items = kind >> 4;
    if (declared != is) return declared == TACT_DOUBLE && is == TACT_INT;
    if (is != TACT_LIST || !items) return true;
    tact_kind wanted = type_value_kind(attribute->type->params[0]);
    return wanted == items || (wanted == TACT_DOUBLE && items == TACT_INT);
}

static record_absence look_up(const record *r, const schema *sc, uint32_t number, int64_t now_ms, uint32_t *found) {
    if (number >= sc->attributes_count || sc->attributes[number].retired) return RECORD_UNSET;
    const schema_attribute *attribute = &sc->attributes[number];
    if (attribute->purpose >= 0 && !record_granted(r, sc, (uint32_t)attribute->purpose, now_ms)) {
        return RECORD_NOT_GRANTED;
    }
    if (!find(r, number, found) || !is_of(attribute, (uint8_t)r->kinds[*found])) return RECORD_UNSET;
    int64_t time_ms = (int64_t)load_u32(r->times + (size_t)*found * 4) * 1000;
    bool too_old = attribute->max_age_ms && now_ms > time_ms && now_ms - time_ms > attribute->max_age_ms;
    return too_old ? RECORD_TOO_OLD : RECORD_PRESENT;
}

record_absence record_why(const record *r, const schema *sc, uint32_t number, int64_t now_ms) {
    uint32_t found;
    return look_up(r, sc, number, now_ms, &found);
}

const char *record_absence_text(const schema *sc, uint32_t number, record_absence absence) {
    static const char *const texts[] = {
        [RECORD_PRESENT] = "it has a value", [RECORD_UNSET] = "it is unset", [RECORD_TOO_OLD] = "it is too old to use"};
    return absence == RECORD_NOT_GRANTED ? sc->purposes[sc->attributes[number].purpose].not_granted : texts[absence];
}

static tact_value load_text(const record *r, uint64_t of) {
    return tact_string(r->bytes + (uint32_t)of, of >> 32);
}

static tact_value load_list(const record *r, uint64_t of, tact_kind kind, const tact_type *items_type, arena *a) {
    uint32_t count = (uint32_t)(of >> 32);
    tact_value *items = arena_array(a, count, sizeof *items);
    if (!items) return tact_fault_value(TACT_FAULT_NO_MEMORY, "no memory for a list of a person");
    for (uint32_t i = 0; i < count; i++) {
        uint64_t item = load_u64(r->bytes + (uint32_t)of + (size_t)i * 8);
        tact_value v = kind == TACT_STRING ? load_text(r, item) : (tact_value){(uint8_t)kind, 0, 0, 0, {.u = item}};
        items[i] = schema_widened(items_type, v);
    }
    return tact_list(items, count);
}

static tact_value load_value(const record *r, uint32_t found, const tact_type *type, arena *a) {
    uint8_t kind = (uint8_t)r->kinds[found];
    uint64_t of = load_u64(r->values + (size_t)found * 8);
    switch (kind & 15) {
    case TACT_STRING: return load_text(r, of);
    case TACT_TIMESTAMP: return tact_timestamp(load_i64(r->bytes + of), load_u32(r->bytes + of + 8));
    case TACT_LIST: return load_list(r, of, kind >> 4, type->params[0], a);
    default: return schema_widened(type, (tact_value){kind, 0, 0, 0, {.u = of}});
    }
}

tact_value record_attribute(const record *r, const schema *sc, uint32_t number, int64_t now_ms, arena *a) {
    uint32_t found;
    record_absence absence = look_up(r, sc, number, now_ms, &found);
    if (absence == RECORD_PRESENT) return load_value(r, found, sc->attributes[number].type, a);
    bool declared = number < sc->attributes_count && !sc->attributes[number].retired;
    if (declared && sc->attributes[number].has_default) return sc->attributes[number].fallback;
    return tact_fault_value(TACT_FAULT_ABSENT, record_absence_text(sc, number, absence));
}

bool record_origin(const record *r, uint32_t number, uint8_t *source, int64_t *time_ms) {
    uint32_t found;
    if (!find(r, number, &found)) return false;
    *source = (uint8_t)r->sources[found];
    *time_ms = (int64_t)load_u32(r->times + (size_t)found * 4) * 1000;
    return true;
}

// ---- Aggregates and tallies -----------------------------------------------------------------------------------------

static tact_str load_state(const record *r, const char *of) {
    return (tact_str){r->bytes + load_u32(of), load_u32(of + 4)};
}

tact_str record_window(const record *r, uint32_t number) {
    uint32_t low = 0, high = r->windows_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const char *p = r->windows + (size_t)middle * WINDOW_SIZE;
        uint32_t is = load_u32(p);
        if (is == number) return load_state(r, p + 4);
        if (is < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return (tact_str){NULL, 0};
}

tact_value record_aggregate(const record *r, const schema *sc, uint32_t number, int64_t now_ms) {
    if (number >= sc->aggregates_count || sc->aggregates[number].retired) {
        return tact_fault_value(TACT_FAULT_ABSENT, record_absence_text(sc, number, RECORD_UNSET));
    }
    return window_read(record_window(r, number), &sc->aggregates[number], now_ms);
}

uint32_t record_tally(const record *r, uint64_t key, int64_t since_ms) {
    uint32_t low = 0, high = r->tallies_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        const char *p = r->tallies + (size_t)middle * TALLY_SIZE;
        uint64_t is = load_u64(p);
        if (is == key) return tally_since(load_state(r, p + 8), since_ms);
        if (is < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return 0;
}

// ---- Checking -------------------------------------------------------------------------------------------------------

// Goes along the rest: whatever points into it must point to where the thing before it ended.
typedef struct walk {
    const record *r;
    uint64_t at;
} walk;

// `len` bytes that must lie at `at`; NULL if they do not.
static const char *step(walk *w, uint64_t at, uint64_t len) {
    if (at != w->at || len > w->r->size - w->at) return NULL;
    w->at += len;
    return w->r->bytes + at;
}

static bool check_text(walk *w, uint64_t of) {
    const char *p = step(w, (uint32_t)of, of >> 32);
    return p && utf8_valid(p, of >> 32);
}

static bool check_list(walk *w, uint64_t of, uint8_t kind) {
    uint32_t count = (uint32_t)(of >> 32);
    const char *items = step(w, (uint32_t)of, (uint64_t)count * 8);
    if (!items || (kind == 0) != (count == 0)) return false;
    for (uint32_t i = 0; kind == TACT_STRING && i < count; i++) {
        if (!check_text(w, load_u64(items + (size_t)i * 8))) return false;
    }
    return kind == 0 || kind == TACT_STRING || kind == TACT_INT || kind == TACT_DOUBLE;
}

static bool check_value(walk *w, uint8_t kind, uint64_t of) {
    if ((kind & 15) == TACT_LIST) return check_list(w, of, kind >> 4);
    switch (kind) {
    case TACT_BOOL: return of <= 1;
    case TACT_INT:
    case TACT_DOUBLE:
    case TACT_DURATION: return true;
    case TACT_STRING: return check_text(w, of);
    case TACT_TIMESTAMP: {
        const char *p = step(w, of, TIMESTAMP_SIZE);
        if (!p) return false;
        int64_t seconds = load_i64(p);
        return seconds >= VALUE_TIMESTAMP_MIN && seconds <= VALUE_TIMESTAMP_MAX && load_u32(p + 8) < NANOS_A_SECOND;
    }
    default: return false;
    }
}

static bool check_words(const record *r) {
    uint32_t before = 0;
    for (uint32_t i = 0; i < words_count(r->attributes); i++) {
        uint64_t word = load_u64(r->words + (size_t)i * 8), bits = word & WORD_MASK;
        uint32_t left = r->attributes - i * WORD_BITS;
        if (word >> WORD_BITS != before || (left < WORD_BITS && bits >> left)) return false;
        before += (uint32_t)__builtin_popcountll(bits);
    }
    return before == r->present;
}

static bool check_consents(const record *r) {
    for (const char *p = r->consents; p < r->windows; p += CONSENT_SIZE) {
        if ((uint8_t)p[16] >= CONSENT_STATES || (uint8_t)p[17] > 1 || p[19] != 0) return false;
    }
    return true;
}

static bool check_windows(walk *w) {
    const record *r = w->r;
    for (uint32_t i = 0; i < r->windows_count; i++) {
        const char *p = r->windows + (size_t)i * WINDOW_SIZE;
        const char *state = step(w, load_u32(p + 4), load_u32(p + 8));
        if (!state || !load_u32(p + 8) || load_u32(p) >= SCHEMA_AGGREGATES_MAX) return false;
        if (i && load_u32(p - WINDOW_SIZE) >= load_u32(p)) return false;
        uint8_t function = (uint8_t)state[0];
        if (function >= SCHEMA_FUNCTIONS || !window_check(load_state(r, p + 4), (schema_function)function))
            return false;
    }
    return true;
}

static bool check_tallies(walk *w) {
    const record *r = w->r;
    for (uint32_t i = 0; i < r->tallies_count; i++) {
        const char *p = r->tallies + (size_t)i * TALLY_SIZE;
        if (!step(w, load_u32(p + 8), load_u32(p + 12)) || !load_u32(p + 12)) return false;
        if (i && load_u64(p - TALLY_SIZE) >= load_u64(p)) return false;
        if (!tally_check(load_state(r, p + 8))) return false;
    }
    return true;
}

tact_err record_check(tact_str bytes, tact_error *error) {
    record r = {0};
    tact_err err = record_open(bytes, &r, error);
    if (err) return err;
    walk w = {&r, (uint64_t)(r.rest - r.bytes)};
    const char *wrong = NULL;
    if (bytes.ptr[1] != 0 || r.attributes > SCHEMA_ATTRIBUTES_MAX || !check_words(&r)) wrong = "presence bits";
    if (!wrong && !check_text(&w, load_u64(bytes.ptr + UNIT))) wrong = "unit";
    for (uint32_t i = 0; !wrong && i < r.present; i++) {
        if (!check_value(&w, (uint8_t)r.kinds[i], load_u64(r.values + (size_t)i * 8))) wrong = "values";
    }
    if (!wrong && !check_consents(&r)) wrong = "consents";
    if (!wrong && !check_windows(&w)) wrong = "aggregates";
    if (!wrong && !check_tallies(&w)) wrong = "counters";
    if (!wrong && w.at != r.size) wrong = "end";
    return wrong ? err_set(error, TACT_INVALID, "a person's record is damaged in its %s", wrong) : TACT_OK;
}
