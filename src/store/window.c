// SPDX-License-Identifier: Apache-2.0
//
// Every operation is one merge of two sorted runs of cells, an event being a run of one; `join` alone knows what the
// functions mean, for adding and for reading. An event that touches one cell only, as nearly all do, changes that one
// cell's bytes in a copy: the same state, without taking all cells apart. The subtle part is the future: the command
// that brings an event does not say what time it is now, so nothing may be folded together that a reader could still
// have to tell apart. Where there are no buckets the newest WINDOW_AHEAD times stay by themselves and only what is
// older is folded into the first cell.
#include "store/window.h"

#include <math.h>

#include "base/utf8.h"
#include "store/load.h"
#include "value/pack.h"

#define HEADER 16
#define AT_MAX (INT64_C(1) << 61) // times are cut to it either way, so that they can be subtracted; 73 million years
#define AT_FOLDED INT64_MIN       // of a cell whose time no longer matters
#define NANOS_A_MS 1000000
#define NANOS_A_SECOND 1000000000

enum { HAS_COUNT = 1, HAS_SUM = 2, HAS_TIME = 4, HAS_VALUE = 8 };

static const uint8_t parts[SCHEMA_FUNCTIONS] = {
    [SCHEMA_COUNT] = HAS_COUNT,
    [SCHEMA_SUM] = HAS_SUM,
    [SCHEMA_MIN] = HAS_VALUE,
    [SCHEMA_MAX] = HAS_VALUE,
    [SCHEMA_AVG] = HAS_COUNT | HAS_SUM,
    [SCHEMA_DISTINCT] = HAS_COUNT, // which holds the hash
    [SCHEMA_FIRST] = HAS_TIME | HAS_VALUE,
    [SCHEMA_LAST] = HAS_VALUE,
    [SCHEMA_SINCE] = 0,
};

typedef struct cell {
    int64_t at;     // where its bucket begins; without buckets, its time
    uint64_t count; // of events. DISTINCT: the value's hash
    uint64_t sum[2];
    int64_t time; // FIRST: of the value
    tact_value value;
} cell;

typedef struct run {
    cell *cells; // by `at`; DISTINCT: by hash, then by `at`
    uint32_t count;
    uint8_t kind; // of the sums: TACT_INT, TACT_DOUBLE; else 0
    int64_t width;
} run;

// ---- Bytes ----------------------------------------------------------------------------------------------------------

static size_t cell_size(schema_function f) {
    uint8_t p = parts[f];
    return 8u + (p & HAS_COUNT ? 8u : 0u) + (p & HAS_SUM ? 16u : 0u) + (p & HAS_TIME ? 8u : 0u) +
           (p & HAS_VALUE ? 16u : 0u);
}

static inline cell load_cell(tact_str state, schema_function f, uint32_t number) {
    const char *p = state.ptr + HEADER + number * cell_size(f);
    cell c = {.at = load_i64(p)};
    p += 8;
    if (parts[f] & HAS_COUNT) c.count = load_u64(p), p += 8;
    if (parts[f] & HAS_SUM) c.sum[0] = load_u64(p), c.sum[1] = load_u64(p + 8), p += 16;
    if (parts[f] & HAS_TIME) c.time = load_i64(p), p += 8;
    if (parts[f] & HAS_VALUE) {
        c.value.kind = (uint8_t)*p;
        c.value.len = load_u32(p + 4);
        c.value.as.u = load_u64(p + 8);
        if (c.value.kind == TACT_STRING) c.value.as.s = state.ptr + c.value.as.u;
    }
    return c;
}

// `text` is the place in the state of the value's text, if it is one. Returns where the next cell goes.
static inline char *save_cell(char *p, schema_function f, const cell *c, uint64_t text) {
    p = save_u64(p, (uint64_t)c->at);
    if (parts[f] & HAS_COUNT) p = save_u64(p, c->count);
    if (parts[f] & HAS_SUM) p = save_u64(save_u64(p, c->sum[0]), c->sum[1]);
    if (parts[f] & HAS_TIME) p = save_u64(p, (uint64_t)c->time);
    if (parts[f] & HAS_VALUE) {
        p = save_u32(save_u32(p, c->value.kind), c->value.len);
        p = save_u64(p, c->value.kind == TACT_STRING ? text : c->value.as.u);
    }
    return p;
}

static char *save_header(char *p, schema_function f, uint8_t kind, uint32_t count, int64_t width) {
    p = save_u16(p, (uint16_t)((unsigned)f | (unsigned)kind << 8));
    p = save_u32(save_u16(p, 0), count);
    return save_u64(p, (uint64_t)width);
}

// Nothing, if it is another function's.
static tact_str state_of(tact_str state, const schema_aggregate *spec) {
    return state.len && (uint8_t)state.ptr[0] != spec->function ? (tact_str){NULL, 0} : state;
}

static uint32_t state_count(tact_str state) {
    return state.len ? load_u32(state.ptr + 4) : 0;
}

static int64_t state_width(tact_str state) {
    return load_i64(state.ptr + 8);
}

static bool load_run(arena *a, tact_str state, schema_function f, run *out) {
    *out = (run){.count = state_count(state)};
    if (!out->count) return true;
    out->kind = (uint8_t)state.ptr[1];
    out->width = state_width(state);
    out->cells = arena_array(a, out->count, sizeof *out->cells);
    if (!out->cells) return false;
    for (uint32_t i = 0; i < out->count; i++) out->cells[i] = load_cell(state, f, i);
    return true;
}

// Bytes of the texts that the cells carry.
static uint64_t texts_size(const run *r, schema_function f) {
    uint64_t size = 0;
    for (uint32_t i = 0; i < r->count && parts[f] & HAS_VALUE; i++) {
        if (r->cells[i].value.kind == TACT_STRING) size += r->cells[i].value.len;
    }
    return size;
}

static tact_err store_run(arena *a, const run *r, schema_function f, tact_str *state) {
    if (!r->count) {
        *state = (tact_str){NULL, 0};
        return TACT_OK;
    }
    uint64_t text = HEADER + r->count * cell_size(f), size = text + texts_size(r, f);
    char *bytes = arena_alloc(a, size);
    if (!bytes) return TACT_NO_MEMORY;
    char *p = save_header(bytes, f, r->kind, r->count, r->width);
    for (uint32_t i = 0; i < r->count; i++) {
        const cell *c = &r->cells[i];
        p = save_cell(p, f, c, text);
        if (c->value.kind == TACT_STRING)
            text = (uint64_t)(save_bytes(bytes + text, c->value.as.s, c->value.len) - bytes);
    }
    *state = (tact_str){bytes, size};
    return TACT_OK;
}

// ---- Sums -----------------------------------------------------------------------------------------------------------

static uint64_t double_bits(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static double bits_double(uint64_t bits) {
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static __int128 whole_sum(const uint64_t sum[2]) {
    return (__int128)((unsigned __int128)sum[1] << 64 | sum[0]);
}

static void set_whole(uint64_t sum[2], __int128 n) {
    sum[0] = (uint64_t)n;
    sum[1] = (uint64_t)((unsigned __int128)n >> 64);
}

// Neumaier's sum: `low` gathers what the additions to `high` round off.
static void add_double(uint64_t sum[2], double d) {
    double high = bits_double(sum[0]), low = bits_double(sum[1]), s = high + d;
    low += fabs(high) >= fabs(d) ? (high - s) + d : (d - s) + high;
    sum[0] = double_bits(s);
    sum[1] = isfinite(s) && isfinite(low) ? double_bits(low) : 0;
}

static double double_sum(const uint64_t sum[2]) {
    return bits_double(sum[0]) + bits_double(sum[1]);
}

static void add_sum(uint8_t kind, uint64_t into[2], const uint64_t from[2]) {
    if (kind == TACT_INT) {
        uint64_t low = into[0] + from[0];
        into[1] += from[1] + (low < from[0]);
        into[0] = low;
    } else {
        add_double(into, bits_double(from[0]));
        add_double(into, bits_double(from[1]));
    }
}

static void make_double(run *r) {
    for (uint32_t i = 0; i < r->count && r->kind == TACT_INT; i++) {
        __int128 n = whole_sum(r->cells[i].sum);
        double high = (double)n;
        r->cells[i].sum[0] = double_bits(high);
        r->cells[i].sum[1] = double_bits((double)(n - (__int128)high));
    }
    r->kind = TACT_DOUBLE;
}

// ---- Cells ----------------------------------------------------------------------------------------------------------

// A total order, so that which of two values stays never depends on which came first: as they compare, else by kind,
// and 0.0 apart from -0.0.
static int order_values(tact_value x, tact_value y) {
    int order = value_compare(x, y);
    if (order == -1 || order == 1) return order;
    if (x.kind != y.kind) return x.kind < y.kind ? -1 : 1;
    if (x.kind != TACT_DOUBLE) return 0;
    return (x.as.u > y.as.u) - (x.as.u < y.as.u);
}

// Takes `from` into `into`. `later`: it came in later, which decides between events of the same time.
static void join(schema_function f, uint8_t kind, cell *into, const cell *from, bool later) {
    bool same = into->at == from->at;
    switch (f) {
    case SCHEMA_AVG: add_sum(kind, into->sum, from->sum); // fall through
    case SCHEMA_COUNT: into->count += from->count; break;
    case SCHEMA_SUM: add_sum(kind, into->sum, from->sum); break;
    case SCHEMA_MIN:
        if (order_values(from->value, into->value) < 0) into->value = from->value;
        break;
    case SCHEMA_MAX:
        if (order_values(from->value, into->value) > 0) into->value = from->value;
        break;
    case SCHEMA_FIRST:
        if (from->time > into->time) break;
        if (from->time == into->time && (later || order_values(from->value, into->value) >= 0)) break;
        into->value = from->value;
        into->time = from->time;
        break;
    case SCHEMA_LAST:
        if (from->at < into->at) break;
        if (same && !later && order_values(from->value, into->value) <= 0) break;
        into->value = from->value;
        break;
    default: break;
    }
    if (same) return;
    switch (f) {
    case SCHEMA_FIRST: into->at = from->at < into->at ? from->at : into->at; break;
    case SCHEMA_LAST:
    case SCHEMA_SINCE: into->at = from->at > into->at ? from->at : into->at; break;
    default: into->at = AT_FOLDED;
    }
}

static int order_cells(schema_function f, const cell *x, const cell *y) {
    if (f == SCHEMA_DISTINCT && x->count != y->count) return x->count < y->count ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

// How wide a bucket is; 0: none, cells are times.
static int64_t width_of(const schema_aggregate *spec) {
    bool timed = spec->function == SCHEMA_LAST || spec->function == SCHEMA_SINCE || spec->function == SCHEMA_DISTINCT;
    if (timed || !spec->window_ms) return 0;
    return spec->window_ms < WINDOW_BUCKETS ? 1 : spec->window_ms / WINDOW_BUCKETS;
}

static int64_t within(int64_t ms) {
    return ms < -AT_MAX ? -AT_MAX : ms > AT_MAX ? AT_MAX : ms;
}

static int64_t bucket_of(int64_t at, int64_t width) {
    int64_t rest = at % width;
    return at - (rest < 0 ? rest + width : rest);
}

// After the schema's window grew: old buckets go where they begin, which is less than one of their widths too early.
static void set_width(run *r, schema_function f, int64_t width) {
    if (r->width == width) return;
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        cell c = r->cells[i];
        if (width && c.at == AT_FOLDED)
            continue; // cannot be told apart any more: no such change of a schema is allowed
        c.at = width ? bucket_of(within(c.at), width) : f == SCHEMA_FIRST ? c.time : c.at;
        if (n && r->cells[n - 1].at == c.at) {
            join(f, r->kind, &r->cells[n - 1], &c, false);
        } else {
            r->cells[n++] = c;
        }
    }
    r->count = n;
    r->width = width;
}

// The bounds of distinct: the two newest times of a value, and the newest pairs of all. Both drop only what newer pairs
// outlive, whatever else is added later, so the order of adding does not matter.
static void bound_pairs(run *r) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        bool newer_two = i + 2 < r->count && r->cells[i + 2].count == r->cells[i].count;
        if (!newer_two) r->cells[n++] = r->cells[i];
    }
    for (; n > WINDOW_PAIRS_MAX; n--) {
        uint32_t oldest = 0;
        for (uint32_t i = 1; i < n; i++) {
            const cell *c = &r->cells[i], *o = &r->cells[oldest];
            if (c->at < o->at || (c->at == o->at && c->count < o->count)) oldest = i;
        }
        memmove(&r->cells[oldest], &r->cells[oldest + 1], (n - oldest - 1) * sizeof *r->cells);
    }
    r->count = n;
}

static void bound_cells(run *r, schema_function f) {
    uint32_t keep = r->width ? WINDOW_CELLS_MAX : WINDOW_AHEAD + 1;
    if (r->count <= keep) return;
    uint32_t excess = r->count - keep;
    for (uint32_t i = 0; !r->width && i < excess; i++) {
        cell base = r->cells[i];
        join(f, r->kind, &base, &r->cells[i + 1], false);
        r->cells[i + 1] = base;
    }
    memmove(r->cells, r->cells + excess, keep * sizeof *r->cells);
    r->count = keep;
}

static tact_err add_run(arena *a, const schema_aggregate *spec, tact_str *state, run *more, bool later) {
    schema_function f = spec->function;
    run r, all = {0};
    if (!load_run(a, state_of(*state, spec), f, &r)) return TACT_NO_MEMORY;
    if (!r.count) r.kind = more->kind, r.width = width_of(spec);
    if (r.kind != more->kind) make_double(&r), make_double(more);
    set_width(&r, f, width_of(spec));
    set_width(more, f, width_of(spec));
    all.kind = r.kind;
    all.width = r.width;
    all.cells = arena_array(a, r.count + more->count, sizeof *all.cells);
    if (!all.cells) return TACT_NO_MEMORY;
    for (uint32_t i = 0, k = 0; i < r.count || k < more->count;) {
        int order = i == r.count ? 1 : k == more->count ? -1 : order_cells(f, &r.cells[i], &more->cells[k]);
        cell *c = &all.cells[all.count++];
        *c = order <= 0 ? r.cells[i++] : more->cells[k++];
        if (order == 0 && f != SCHEMA_DISTINCT) join(f, all.kind, c, &more->cells[k], later);
        if (order == 0) k++;
    }
    if (f == SCHEMA_DISTINCT) {
        bound_pairs(&all);
    } else {
        bound_cells(&all, f);
    }
    return store_run(a, &all, f, state);
}

// ---- One cell -------------------------------------------------------------------------------------------------------

// Among the cells of a state the first that is not before `c`.
static uint32_t cell_place(tact_str state, schema_function f, const cell *c) {
    uint32_t low = 0, high = state_count(state);
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        cell is = load_cell(state, f, middle);
        if (order_cells(f, &is, c) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

// May the cells but one stay as they are when `one`, a run of one, is added? Not if their form changes or they have to
// be folded, and not if there are texts, which would have to move.
static bool is_alone(tact_str state, schema_function f, const run *one) {
    uint32_t count = state_count(state);
    if (!count || f == SCHEMA_DISTINCT || (!one->width && count > WINDOW_AHEAD)) return false;
    if (state_width(state) != one->width || (uint8_t)state.ptr[1] != one->kind) return false;
    return one->cells->value.kind != TACT_STRING && state.len == HEADER + count * cell_size(f);
}

static tact_err add_cell(arena *a, schema_function f, tact_str *state, const run *one) {
    size_t size = cell_size(f);
    uint32_t count = state_count(*state), place = cell_place(*state, f, one->cells);
    cell c = place < count ? load_cell(*state, f, place) : *one->cells;
    bool there = place < count && c.at == one->cells->at;
    bool full = !there && count == WINDOW_CELLS_MAX; // then the oldest goes, which may be the new one
    if (full && place == 0) return TACT_OK;
    if (there) {
        join(f, one->kind, &c, one->cells, true);
    } else {
        c = *one->cells;
    }
    uint32_t left = count + !there - full;
    char *bytes = arena_alloc(a, HEADER + left * size);
    if (!bytes) return TACT_NO_MEMORY;
    const char *before = state->ptr + HEADER + full * size, *at = state->ptr + HEADER + place * size;
    const char *after = at + there * size;
    char *p = save_header(bytes, f, one->kind, left, one->width);
    p = save_bytes(p, before, (size_t)(at - before));
    p = save_cell(p, f, &c, 0);
    save_bytes(p, after, (size_t)(state->ptr + state->len - after));
    *state = (tact_str){bytes, HEADER + left * size};
    return TACT_OK;
}

// ---- The header's functions -----------------------------------------------------------------------------------------

static bool can_hold(tact_value v) {
    switch (v.kind) {
    case TACT_DOUBLE: return !isnan(v.as.d);
    case TACT_BOOL:
    case TACT_INT:
    case TACT_STRING:
    case TACT_TIMESTAMP:
    case TACT_DURATION: return true;
    default: return false;
    }
}

// Of the packed bytes, so that it stays what it is; equal numbers are one value whichever kind they came as.
static bool hash_of(arena *a, tact_value v, uint64_t *out) {
    double whole = v.kind == TACT_DOUBLE && fabs(v.as.d) < 9007199254740992.0 ? trunc(v.as.d) : NAN;
    if (v.kind == TACT_DOUBLE && whole == v.as.d) v = tact_int((int64_t)whole);
    buf packed = buf_in(a);
    pack_value(&packed, v);
    tact_str bytes = buf_done(&packed);
    if (!bytes.ptr) return false;
    *out = value_hash(tact_bytes(bytes.ptr, bytes.len));
    return true;
}

tact_err window_add(arena *a, const schema_aggregate *spec, tact_str *state, int64_t time_ms, tact_value value) {
    schema_function f = spec->function;
    int64_t width = width_of(spec), time = within(time_ms);
    cell c = {.at = width ? bucket_of(time, width) : time, .count = 1, .time = time, .value = value};
    run one = {.cells = &c, .count = 1, .width = width};
    if (f != SCHEMA_COUNT && f != SCHEMA_SINCE && !can_hold(value)) return TACT_OK;
    if (f == SCHEMA_DISTINCT && !hash_of(a, value, &c.count)) return TACT_NO_MEMORY;
    if (parts[f] & HAS_SUM) {
        if (value.kind == TACT_INT) {
            set_whole(c.sum, value.as.i);
        } else if (value.kind == TACT_DOUBLE && isfinite(value.as.d)) {
            c.sum[0] = double_bits(value.as.d);
        } else {
            return TACT_OK;
        }
        one.kind = value.kind;
    }
    if (parts[f] & HAS_VALUE) {
        c.value.flags = 0, c.value.at = 0; // a seal is for readers
    } else {
        c.value = tact_null();
    }
    bool alone = is_alone(state_of(*state, spec), f, &one);
    return alone ? add_cell(a, f, state, &one) : add_run(a, spec, state, &one, true);
}

tact_err window_combine(arena *a, const schema_aggregate *spec, tact_str *state, tact_str other) {
    run more;
    if (!load_run(a, state_of(other, spec), spec->function, &more)) return TACT_NO_MEMORY;
    if (!more.count) return TACT_OK;
    return add_run(a, spec, state, &more, false);
}

// Where the oldest cell of this width begins that has not wholly left the window at `now`.
static int64_t oldest_of(const schema_aggregate *spec, int64_t width, int64_t now) {
    int64_t edge;
    if (!spec->window_ms) return INT64_MIN;
    if (__builtin_sub_overflow(now, spec->window_ms, &edge)) return INT64_MIN + 1; // all but what was folded
    if (__builtin_sub_overflow(edge, width ? width - 1 : 0, &edge)) return INT64_MIN + 1;
    return edge == INT64_MAX ? edge : edge + 1;
}

tact_err window_trim(arena *a, const schema_aggregate *spec, tact_str *state, int64_t now_ms) {
    run r;
    if (!load_run(a, state_of(*state, spec), spec->function, &r)) return TACT_NO_MEMORY;
    uint32_t n = 0;
    int64_t oldest = oldest_of(spec, r.width, within(now_ms));
    for (uint32_t i = 0; i < r.count; i++) {
        if (r.cells[i].at >= oldest) r.cells[n++] = r.cells[i];
    }
    if (n == r.count) return TACT_OK;
    r.count = n;
    return store_run(a, &r, spec->function, state);
}

// In an order of their own, the pairs of one value stand together: it counts if any of its times does.
static tact_value read_distinct(tact_str state, const schema_aggregate *spec, int64_t now) {
    uint32_t count = state_count(state);
    int64_t values = 0, oldest = oldest_of(spec, 0, now);
    uint64_t counted = 0;
    for (uint32_t i = 0; i < count; i++) {
        cell c = load_cell(state, SCHEMA_DISTINCT, i);
        if (c.at > now || c.at < oldest || (values && c.count == counted)) continue;
        counted = c.count;
        values++;
    }
    return tact_int(values);
}

static tact_value read_sum(uint8_t kind, const uint64_t sum[2], const schema_aggregate *spec) {
    if (kind == TACT_DOUBLE) return tact_double(double_sum(sum));
    __int128 n = whole_sum(sum);
    if (type_value_kind(spec->type) == TACT_DOUBLE) return tact_double((double)n);
    if (n < INT64_MIN || n > INT64_MAX) return tact_fault_value(TACT_FAULT_OVERFLOW, "the sum is beyond 64 bits");
    return tact_int((int64_t)n);
}

static tact_value read_nothing(const schema_aggregate *spec) {
    switch (spec->function) {
    case SCHEMA_COUNT:
    case SCHEMA_DISTINCT: return tact_int(0);
    case SCHEMA_SUM: return schema_widened(spec->type, tact_int(0));
    default: return tact_fault_value(TACT_FAULT_ABSENT, "no event in its window");
    }
}

// Count by itself: what rules ask for most, and a loop of two loads.
static tact_value read_count(tact_str state, int64_t oldest, int64_t now) {
    uint64_t sum = 0;
    const char *first = state.ptr + HEADER, *p = first + state_count(state) * 16;
    while (p > first) {
        p -= 16;
        int64_t at = load_i64(p);
        if (at < oldest) break;
        if (at <= now) sum += load_u64(p + 8);
    }
    return tact_int((int64_t)sum);
}

// Puts together the cells that count; false if there are none.
static bool fold(tact_str state, schema_function f, int64_t oldest, int64_t now, cell *sum) {
    uint8_t kind = (uint8_t)state.ptr[1];
    bool any = false;
    for (uint32_t i = state_count(state); i-- > 0;) {
        cell c = load_cell(state, f, i);
        if (c.at > now) continue;
        if (c.at < oldest) break;
        if (any) {
            join(f, kind, sum, &c, false);
        } else {
            *sum = c;
        }
        any = true;
        if (f == SCHEMA_LAST || f == SCHEMA_SINCE) break;
    }
    return any;
}

tact_value window_read(tact_str state, const schema_aggregate *spec, int64_t now_ms) {
    schema_function f = spec->function;
    int64_t now = within(now_ms);
    state = state_of(state, spec);
    if (!state.len) return read_nothing(spec);
    if (f == SCHEMA_DISTINCT) return read_distinct(state, spec, now);
    uint8_t kind = (uint8_t)state.ptr[1];
    int64_t oldest = oldest_of(spec, state_width(state), now);
    cell sum = {0};
    if (f == SCHEMA_COUNT) return read_count(state, oldest, now);
    if (!fold(state, f, oldest, now, &sum)) return read_nothing(spec);
    switch (f) {
    case SCHEMA_SUM: return read_sum(kind, sum.sum, spec);
    case SCHEMA_AVG:
        return tact_double((kind == TACT_INT ? (double)whole_sum(sum.sum) : double_sum(sum.sum)) / (double)sum.count);
    case SCHEMA_SINCE: {
        int64_t nanos;
        return tact_duration(__builtin_mul_overflow(now - sum.at, NANOS_A_MS, &nanos) ? INT64_MAX : nanos);
    }
    default: return schema_widened(spec->type, sum.value);
    }
}

// ---- Checking -------------------------------------------------------------------------------------------------------

// A value's 16 bytes; a text must lie at `*texts`, which is moved behind it.
static bool check_value(tact_str state, const char *p, uint64_t *texts) {
    uint8_t kind = (uint8_t)*p;
    uint32_t len = load_u32(p + 4);
    uint64_t as = load_u64(p + 8);
    if (load_u32(p) != kind) return false;
    switch (kind) {
    case TACT_BOOL: return len == 0 && as <= 1;
    case TACT_INT:
    case TACT_DURATION: return len == 0;
    case TACT_DOUBLE: return len == 0 && !isnan(bits_double(as));
    case TACT_TIMESTAMP:
        return len < NANOS_A_SECOND && (int64_t)as >= VALUE_TIMESTAMP_MIN && (int64_t)as <= VALUE_TIMESTAMP_MAX;
    case TACT_STRING:
        if (as != *texts || len > state.len - *texts || !utf8_valid(state.ptr + as, len)) return false;
        *texts += len;
        return true;
    default: return false;
    }
}

static bool check_header(tact_str state, schema_function f) {
    uint8_t kind = (uint8_t)state.ptr[1];
    uint32_t count = state_count(state);
    int64_t width = state_width(state);
    bool summed = parts[f] & HAS_SUM, timed = f == SCHEMA_DISTINCT || f == SCHEMA_LAST || f == SCHEMA_SINCE;
    uint32_t most = f == SCHEMA_DISTINCT ? WINDOW_PAIRS_MAX : width ? WINDOW_CELLS_MAX : WINDOW_AHEAD + 1;
    if ((uint8_t)state.ptr[0] != f || load_u16(state.ptr + 2) != 0) return false;
    if (summed ? kind != TACT_INT && kind != TACT_DOUBLE : kind != 0) return false;
    if (width < 0 || width > AT_MAX || (timed && width)) return false;
    return count >= 1 && count <= most && count <= (state.len - HEADER) / cell_size(f);
}

// Of a cell's own numbers; `before` is the cell before it, NULL at the first.
static inline bool check_cell(schema_function f, const cell *before, const cell *c, int64_t width, bool folded) {
    if (!folded && (c->at < -AT_MAX - width || c->at > AT_MAX)) return false;
    bool adjacent = width && before && c->at - before->at == width; // as most are, and a division is slow
    if (width && !adjacent && c->at % width != 0) return false;
    if (parts[f] & HAS_TIME && (width ? c->time < c->at || c->time - c->at >= width : c->time != c->at)) return false;
    return !(parts[f] & HAS_COUNT) || f == SCHEMA_DISTINCT || c->count != 0;
}

__attribute__((always_inline)) static inline bool check_cells(tact_str state, schema_function f) {
    uint32_t count = state_count(state), same_hash = 1;
    int64_t width = state_width(state);
    uint64_t texts = HEADER + count * cell_size(f);
    cell before = {0};
    for (uint32_t i = 0; i < count; i++) {
        const char *p = state.ptr + HEADER + (i + 1) * cell_size(f) - 16; // of its value, if it has one
        if (parts[f] & HAS_VALUE && !check_value(state, p, &texts)) return false;
        cell c = load_cell(state, f, i);
        bool folded = c.at == AT_FOLDED && i == 0 && !width && count == WINDOW_AHEAD + 1;
        if (!check_cell(f, i ? &before : NULL, &c, width, folded)) return false;
        if (i && order_cells(f, &before, &c) >= 0) return false;
        same_hash = i && f == SCHEMA_DISTINCT && before.count == c.count ? same_hash + 1 : 1;
        if (same_hash > 2) return false;
        before = c;
    }
    return texts == state.len;
}

// For every function by itself, so that the compiler knows what a cell has.
bool window_check(tact_str state, schema_function f) {
    if (!state.len) return true;
    if (state.len < HEADER || !check_header(state, f)) return false;
    switch (f) {
#define X(NAME, name, operand, what)                                                                                   \
    case SCHEMA_##NAME:                                                                                                \
        return check_cells(state, SCHEMA_##NAME);
#include "value/schema_function_tbl.h"
#undef X
    default: return false;
    }
}

bool window_fits(tact_str state, schema_function f) {
    if (!state.len || parts[f] & HAS_VALUE) return window_check(state, f);
    return state.len >= HEADER && check_header(state, f) && state.len == HEADER + state_count(state) * cell_size(f);
}
