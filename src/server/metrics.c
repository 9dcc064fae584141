// SPDX-License-Identifier: Apache-2.0
//
// Counting, and saying what was counted. Each number has one writer, the thread whose shard it is in, so that counting
// is plain additions that readers may look at any time. A histogram is taken from its shard's own arena when the first
// request of its operation is answered: most threads answer few operations. The subtle part is that everything said is
// made from the sums over all shards in one map (metrics_value), which metric_tbl.h then finds its series in.
#include "server/metrics.h"

#include <math.h>

#include "base/heap.h"
#include "base/num.h"
#include "server/process.h"
#include "wire/form.h"

enum { LINE_BYTES = 64 }; // of a processor's cache, which no two shards share

enum { // how a request ended: an index, by tact_err and then by the names that have none
#define X(NAME, name, number, text) CODE_##NAME = number,
#include "tact/err_tbl.h"
#undef X
    CODES_OF_ERR,
    CODES_BEFORE = CODES_OF_ERR - 1, // the first name, after TACT_PROBLEM_NONE, follows
#define X(NAME, name, text) CODE_OF_PROBLEM_##NAME,
#include "tact/problem_tbl.h"
#undef X
    CODES
};

static const char *const code_names[CODES] = {
#define X(NAME, name, number, text) [number] = #name,
#include "tact/err_tbl.h"
#undef X
#define X(NAME, name, text) [CODE_OF_PROBLEM_##NAME] = #name,
#include "tact/problem_tbl.h"
#undef X
};

static const char *const operation_names[METRICS_OPERATIONS] = {
#define X(NAME, name, role, pace, doc) #name,
#include "wire/operation_tbl.h"
#undef X
    "batch",
    "unknown",
};

enum { STAGES = 4 };
static const char *const stage_names[STAGES] = {"wait", "read", "work", "write"};

struct metrics_shard {
    _Atomic uint64_t answered[METRICS_OPERATIONS][CODES];
    _Atomic uint64_t spent_ns[METRICS_OPERATIONS][STAGES];
    _Atomic(histogram *) latency[METRICS_OPERATIONS]; // NULL before the first
    _Atomic uint64_t bytes_in, bytes_out;
    arena memory; // of the histograms; its thread's
    char apart[LINE_BYTES];
};

struct metrics {
    arena *memory;
    metrics_shard *shards;
    uint32_t count;
};

metrics *metrics_new(uint32_t shards) {
    tact_arena *a = tact_arena_new(0);
    metrics *m = a ? ARENA_NEW(a, metrics) : NULL;
    metrics_shard *all = m ? arena_array(a, shards, sizeof *all) : NULL;
    if (!all) {
        tact_arena_free(a);
        return NULL;
    }
    memset(all, 0, shards * sizeof *all);
    for (uint32_t i = 0; i < shards; i++) arena_init(&all[i].memory, 0);
    *m = (metrics){a, all, shards};
    return m;
}

void metrics_free(metrics *m) {
    if (!m) return;
    for (uint32_t i = 0; i < m->count; i++) arena_fini(&m->shards[i].memory);
    tact_arena_free(m->memory);
}

metrics_shard *metrics_shard_of(metrics *m, uint32_t number) {
    return &m->shards[number];
}

// ---- Counting -------------------------------------------------------------------------------------------------------

static uint64_t get(const _Atomic uint64_t *n) {
    return atomic_load_explicit(n, memory_order_relaxed);
}

static void add(_Atomic uint64_t *n, uint64_t more) {
    atomic_store_explicit(n, get(n) + more, memory_order_relaxed);
}

static uint32_t code_of(const tact_problem *p) {
    if (!p) return CODE_OK;
    return p->name ? CODES_BEFORE + (uint32_t)p->name : (uint32_t)p->err;
}

static histogram *latency_of(metrics_shard *s, metrics_operation o) {
    histogram *h = atomic_load_explicit(&s->latency[o], memory_order_relaxed);
    if (__builtin_expect(h != NULL, 1)) return h;
    h = ARENA_NEW(&s->memory, histogram);
    atomic_store_explicit(&s->latency[o], h, memory_order_release);
    return h;
}

void metrics_count(metrics_shard *s, metrics_operation o, const tact_problem *problem, const metrics_spans *spans) {
    const uint64_t stages[STAGES] = {spans->wait, spans->read, spans->work, spans->write};
    histogram *h = latency_of(s, o);
    uint64_t all = 0;
    for (uint32_t i = 0; i < STAGES; i++) {
        add(&s->spent_ns[o][i], stages[i]);
        all += stages[i];
    }
    add(&s->answered[o][code_of(problem)], 1);
    if (h) histogram_add(h, all);
}

void metrics_count_bytes(metrics_shard *s, uint64_t in, uint64_t out) {
    add(&s->bytes_in, in);
    add(&s->bytes_out, out);
}

// ---- As a map -------------------------------------------------------------------------------------------------------

// All shards' of one operation; NULL: none was answered. Memory that runs out fails the form.
static const histogram *merged(form *f, const metrics *m, uint32_t o) {
    histogram *sum = NULL;
    for (uint32_t i = 0; i < m->count; i++) {
        const histogram *h = atomic_load_explicit(&m->shards[i].latency[o], memory_order_acquire);
        if (!h) continue;
        if (!sum) sum = ARENA_NEW(f->arena, histogram);
        if (!sum) {
            f->failed = true;
            return NULL;
        }
        histogram_merge(sum, h);
    }
    return sum;
}

static value_entry entry_of(const char *name, tact_value v) {
    return (value_entry){tact_string(name, strlen(name)), v};
}

static tact_value count_of(uint64_t n) {
    return tact_int((int64_t)n);
}

static tact_value codes_of(form *f, const metrics *m, uint32_t o, uint64_t *errors) {
    value_entry e[CODES];
    size_t count = 0;
    for (uint32_t c = 0; c < CODES; c++) {
        uint64_t n = 0;
        for (uint32_t i = 0; i < m->count; i++) n += get(&m->shards[i].answered[o][c]);
        if (c != CODE_OK) *errors += n;
        if (n || c == CODE_OK) e[count++] = entry_of(code_names[c], count_of(n)); // so that a rate begins at nothing
    }
    return form_map_of(f, e, count);
}

static tact_value stages_of(form *f, const metrics *m, uint32_t o) {
    value_entry e[STAGES];
    for (uint32_t k = 0; k < STAGES; k++) {
        uint64_t ns = 0;
        for (uint32_t i = 0; i < m->count; i++) ns += get(&m->shards[i].spent_ns[o][k]);
        e[k] = entry_of(stage_names[k], tact_double((double)ns / 1e9));
    }
    return form_map_of(f, e, STAGES);
}

static double micros(uint64_t ns) {
    return (double)ns / 1000;
}

// [[12.031, 4], …]: how many took at most so many microseconds, and more than those before: what somebody who looks
// twice can tell the latencies between from.
static tact_value spread_of(form *f, const histogram *h) {
    form_items all = {NULL, 0, 0};
    for (uint32_t b = 0; b < HISTOGRAM_BUCKETS; b += METRICS_SPREAD) {
        form_items pair = {NULL, 0, 0};
        uint64_t n = 0;
        for (uint32_t i = 0; i < METRICS_SPREAD; i++) n += get(&h->counts[b + i]);
        if (!n) continue;
        bool last = b + METRICS_SPREAD >= HISTOGRAM_BUCKETS;
        form_add(f, &pair, tact_double(micros(last ? get(&h->max_ns) : histogram_bucket_low(b + METRICS_SPREAD) - 1)));
        form_add(f, &pair, count_of(n));
        form_add(f, &all, form_list(&pair));
    }
    return form_list(&all);
}

static tact_value latency_value(form *f, const histogram *h) {
    form_fields out = {.count = 0};
    form_put(f, &out, "count", count_of(get(&h->total)));
    form_put(f, &out, "p50", tact_double(micros(histogram_quantile(h, 0.5))));
    form_put(f, &out, "p90", tact_double(micros(histogram_quantile(h, 0.9))));
    form_put(f, &out, "p99", tact_double(micros(histogram_quantile(h, 0.99))));
    form_put(f, &out, "p999", tact_double(micros(histogram_quantile(h, 0.999))));
    form_put(f, &out, "max", tact_double(micros(get(&h->max_ns))));
    form_put(f, &out, "spread", spread_of(f, h));
    return form_map(f, &out);
}

static tact_value bytes_of(form *f, const metrics *m) {
    form_fields out = {.count = 0};
    uint64_t bytes_in = 0, bytes_out = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        bytes_in += get(&m->shards[i].bytes_in);
        bytes_out += get(&m->shards[i].bytes_out);
    }
    form_put(f, &out, "in", count_of(bytes_in));
    form_put(f, &out, "out", count_of(bytes_out));
    return form_map(f, &out);
}

static tact_value process_value(form *f) {
    form_fields out = {.count = 0};
    process_figures p;
    if (!process_read(&p)) return tact_null();
    form_put(f, &out, "resident_bytes", count_of(p.resident_bytes));
    form_put(f, &out, "anonymous_bytes", count_of(p.anonymous_bytes));
    form_put(f, &out, "virtual_bytes", count_of(p.virtual_bytes));
    form_put(f, &out, "threads", count_of(p.threads));
    form_put(f, &out, "open_files", count_of(p.open_files));
    form_put(f, &out, "open_files_max", count_of(p.open_files_max));
    form_put(f, &out, "cpu_seconds", tact_double(p.cpu_seconds));
    return form_map(f, &out);
}

static tact_value heap_value(form *f) {
    form_fields out = {.count = 0};
    heap_figures h;
    if (!heap_read(&h)) return tact_null();
    form_put(f, &out, "allocated", count_of(h.allocated));
    form_put(f, &out, "active", count_of(h.active));
    form_put(f, &out, "resident", count_of(h.resident));
    form_put(f, &out, "mapped", count_of(h.mapped));
    return form_map(f, &out);
}

static tact_value value_of(form *f, const metrics *m, const metrics_gauges *g, const histogram *const *latencies) {
    form_fields out = {.count = 0};
    value_entry requests[METRICS_OPERATIONS], stages[METRICS_OPERATIONS], times[METRICS_OPERATIONS];
    size_t answered = 0;
    uint64_t errors = 0;
    for (uint32_t o = 0; o < METRICS_OPERATIONS; o++) {
        requests[o] = entry_of(operation_names[o], codes_of(f, m, o, &errors));
        stages[o] = entry_of(operation_names[o], stages_of(f, m, o));
        if (latencies[o]) times[answered++] = entry_of(operation_names[o], latency_value(f, latencies[o]));
    }
    form_put(f, &out, "requests", form_map_of(f, requests, METRICS_OPERATIONS));
    form_put(f, &out, "errors", count_of(errors));
    form_put(f, &out, "latencies", form_map_of(f, times, answered));
    form_put(f, &out, "stages", form_map_of(f, stages, METRICS_OPERATIONS));
    form_put(f, &out, "bytes", bytes_of(f, m));
    form_put(f, &out, "in_flight", count_of(g->in_flight));
    form_put(f, &out, "waiting", count_of(g->waiting));
    form_put(f, &out, "shed_total", count_of(g->shed_total));
    form_put(f, &out, "dropped_total", count_of(g->dropped_total));
    form_put(f, &out, "ignored_total", count_of(g->ignored_total));
    form_put(f, &out, "connections", count_of(g->connections));
    form_put(f, &out, "connections_total", count_of(g->connections_total));
    form_put(f, &out, "connections_refused", count_of(g->connections_refused));
    form_put(f, &out, "started", form_time(g->started_ms));
    form_put(f, &out, "process", process_value(f));
    form_put(f, &out, "heap", heap_value(f));
    return form_map(f, &out);
}

static void merge_all(form *f, const metrics *m, const histogram **latencies) {
    for (uint32_t o = 0; o < METRICS_OPERATIONS; o++) latencies[o] = merged(f, m, o);
}

tact_value metrics_value(const metrics *m, const metrics_gauges *g, arena *a) {
    form f = {a, false};
    const histogram *latencies[METRICS_OPERATIONS];
    merge_all(&f, m, latencies);
    tact_value v = value_of(&f, m, g, latencies);
    return f.failed ? tact_null() : v;
}

// ---- As text --------------------------------------------------------------------------------------------------------

typedef enum source { SERVER, STATUS, LATENCIES } source;

typedef struct row {
    const char *name, *type;
    source source;
    const char *path, *labels, *help;
} row;

#define COUNTER "counter"
#define GAUGE "gauge"
#define HISTOGRAM "histogram"
static const row rows[] = {
#define X(name, TYPE, SOURCE, path, labels, help) {#name, TYPE, SOURCE, path, labels, help},
#include "server/metric_tbl.h"
#undef X
};

// The upper edges of a histogram's buckets, nanoseconds: from what a decision takes to what nobody waits for.
static const uint64_t edges_ns[] = {10000,     25000,      50000,      100000,     250000,     500000,    1000000,
                                    2500000,   5000000,    10000000,   25000000,   50000000,   100000000, 250000000,
                                    500000000, 1000000000, 2500000000, 5000000000, 10000000000};
enum { EDGES = sizeof edges_ns / sizeof *edges_ns };

enum { LABELS_MAX = 1000 }; // bytes of one sample's labels: a bundle's name, or two short ones, with all of it escaped

typedef struct sample { // what has been gathered of one
    buf *out;
    const row *row;
    bool begun;         // HELP and TYPE are written
    const char *labels; // those that have no value yet
    char text[LABELS_MAX];
    size_t len;
} sample;

// Puts `name="value"` of the next label, escaped as the format wants it. False: there is no label left, or no room.
static bool add_label(sample *s, tact_str value) {
    size_t name = strcspn(s->labels, ",");
    if (!name || value.len > LABELS_MAX || s->len + name + 2 * value.len + sizeof ",=\"\"" > LABELS_MAX) return false;
    if (s->len) s->text[s->len++] = ',';
    memcpy(s->text + s->len, s->labels, name);
    s->len += name;
    s->text[s->len++] = '=';
    s->text[s->len++] = '"';
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '\\' || c == '"' || c == '\n') s->text[s->len++] = '\\';
        s->text[s->len++] = c == '\n' ? 'n' : c;
    }
    s->text[s->len++] = '"';
    s->labels += name + (s->labels[name] == ',');
    return true;
}

static void begin(sample *s) {
    if (s->begun) return;
    s->begun = true;
    buf_printf(s->out, "# HELP %s %s\n# TYPE %s %s\n", s->row->name, s->row->help, s->row->name, s->row->type);
}

// `suffix` and `le` are of histograms, or empty.
static void put(sample *s, const char *suffix, const char *le, size_t le_len, double n) {
    char text[NUM_TEXT_MAX];
    begin(s);
    buf_add_text(s->out, s->row->name);
    buf_add_text(s->out, suffix);
    if (s->len || le_len) {
        buf_add_char(s->out, '{');
        buf_add(s->out, s->text, s->len);
        if (le_len) buf_printf(s->out, "%sle=\"%.*s\"", s->len ? "," : "", (int)le_len, le);
        buf_add_char(s->out, '}');
    }
    buf_add_char(s->out, ' ');
    buf_add(s->out, text, isfinite(n) ? num_print_plain(text, n) : num_print_double(text, n));
    buf_add_char(s->out, '\n');
}

static void put_histogram(sample *s, const histogram *h) {
    char le[NUM_TEXT_MAX];
    for (uint32_t i = 0; i < EDGES; i++) {
        size_t len = num_print_plain(le, (double)edges_ns[i] / 1e9);
        put(s, "_bucket", le, len, (double)histogram_at_most(h, edges_ns[i]));
    }
    put(s, "_bucket", "+Inf", 4, (double)get(&h->total));
    put(s, "_sum", "", 0, (double)get(&h->sum_ns) / 1e9);
    put(s, "_count", "", 0, (double)get(&h->total));
}

static void put_latencies(sample *s, const histogram *const *latencies) {
    for (uint32_t o = 0; o < METRICS_OPERATIONS; o++) {
        sample one = *s;
        if (!latencies[o] || !add_label(&one, tact_str_from(operation_names[o]))) continue;
        put_histogram(&one, latencies[o]);
        s->begun = true;
    }
}

// As metric_tbl.h says. As deep as the row has labels.
static void put_value(sample *s, tact_value v) {
    switch ((tact_kind)v.kind) {
    case TACT_BOOL: put(s, "", "", 0, v.as.b); break;
    case TACT_INT: put(s, "", "", 0, (double)v.as.i); break;
    case TACT_UINT: put(s, "", "", 0, (double)v.as.u); break;
    case TACT_DOUBLE: put(s, "", "", 0, v.as.d); break;
    case TACT_TIMESTAMP: put(s, "", "", 0, (double)v.as.i + (double)v.len / 1e9); break;
    case TACT_STRING:
        if (add_label(s, value_str(v))) put(s, "", "", 0, 1);
        break;
    case TACT_MAP:
        for (uint32_t i = 0; i < v.as.map->count; i++) {
            const value_entry *e = &v.as.map->entries[i];
            sample one = *s;
            if (e->key.kind != TACT_STRING || !add_label(&one, value_str(e->key))) continue;
            put_value(&one, e->value);
            s->begun = one.begun;
        }
        break;
    default: break;
    }
}

// What stands at "process.threads"; NULL, the value, if nothing does.
static tact_value find(tact_value v, const char *path) {
    while (*path && v.kind == TACT_MAP) {
        size_t len = strcspn(path, ".");
        const tact_value *member = value_map_get_str(v.as.map, (tact_str){path, len});
        v = member ? *member : tact_null();
        path += len + (path[len] == '.');
    }
    return *path ? tact_null() : v;
}

void metrics_write(const metrics *m, const metrics_gauges *g, tact_value status, buf *out) {
    const histogram *latencies[METRICS_OPERATIONS];
    arena memory;
    form f = {&memory, false};
    arena_init(&memory, 0);
    merge_all(&f, m, latencies);
    tact_value server = value_of(&f, m, g, latencies);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !f.failed; i++) {
        sample s = {.out = out, .row = &rows[i], .labels = rows[i].labels};
        if (rows[i].source == LATENCIES) {
            put_latencies(&s, latencies);
        } else {
            put_value(&s, find(rows[i].source == STATUS ? status : server, rows[i].path));
        }
    }
    out->failed = out->failed || f.failed;
    arena_fini(&memory);
}
