// SPDX-License-Identifier: Apache-2.0
//
// Rates are differences of counters. The subtle part is latencies: a server tells how many requests took how long since
// it started (`spread`), and what took how long of late is the difference of two such lists, from which the quantiles
// come.
#include "cli/top_view.h"

#include <math.h>
#include <stdio.h>

#include "base/utf8.h"
#include "cli/ask.h"
#include "cli/table.h"
#include "wire/form.h"

// ---- Figures --------------------------------------------------------------------------------------------------------

static double number_of(tact_value v) {
    if (v.kind == TACT_DOUBLE) return v.as.d;
    if (v.kind == TACT_UINT) return (double)v.as.u;
    return v.kind == TACT_INT ? (double)v.as.i : 0;
}

static tact_value member(tact_value v, const char *name) {
    return v.kind == TACT_MAP ? ask_find(v, name) : tact_null();
}

static tact_value member_of(tact_value v, tact_str name) {
    const tact_value *m = v.kind == TACT_MAP ? value_map_get_str(v.as.map, name) : NULL;
    return m ? *m : tact_null();
}

typedef struct looks { // at the same part of two replies
    tact_value before, now;
    double seconds;
} looks;

static looks at(looks l, const char *name) {
    return (looks){member(l.before, name), member(l.now, name), l.seconds};
}

static looks at_operation(looks l, tact_str name) {
    return (looks){member_of(l.before, name), member_of(l.now, name), l.seconds};
}

// How much a counter grew; one that went back began anew.
static double grown(double before, double now) {
    return now >= before ? now - before : now;
}

static double rate(looks l) {
    return l.seconds > 0 ? grown(number_of(l.before), number_of(l.now)) / l.seconds : 0;
}

// Of the counters {ok: 1, overloaded: 2}: all, or those of errors.
static double rate_of_codes(looks l, bool errors_only) {
    double all = 0;
    for (uint32_t i = 0; l.now.kind == TACT_MAP && i < l.now.as.map->count; i++) {
        tact_value key = l.now.as.map->entries[i].key;
        bool ok = key.kind == TACT_STRING && tact_str_equal(value_str(key), TACT_STR("ok"));
        if (key.kind == TACT_STRING && !(ok && errors_only)) all += rate(at_operation(l, value_str(key)));
    }
    return all;
}

// The count of `spread` (see metrics.h) at this edge.
static double counted_at(tact_value spread, double edge) {
    for (uint32_t i = 0; spread.kind == TACT_LIST && i < spread.len; i++) {
        tact_value pair = spread.as.items[i];
        if (pair.kind == TACT_LIST && pair.len == 2 && number_of(pair.as.items[0]) == edge) {
            return number_of(pair.as.items[1]);
        }
    }
    return 0;
}

// Walks through what came in between; `rank` 0 counts it.
static double walk(looks spread, double rank, double *edge) {
    double seen = 0;
    for (uint32_t i = 0; spread.now.kind == TACT_LIST && i < spread.now.len; i++) {
        tact_value pair = spread.now.as.items[i];
        if (pair.kind != TACT_LIST || pair.len != 2) continue;
        *edge = number_of(pair.as.items[0]);
        seen += grown(counted_at(spread.before, *edge), number_of(pair.as.items[1]));
        if (rank > 0 && seen >= rank) break;
    }
    return seen;
}

static tact_value quantile(looks spread, double share) {
    double edge = 0, all = walk(spread, 0, &edge);
    if (all < 1) return tact_null();
    (void)walk(spread, fmax(1, ceil(share * all)), &edge);
    return tact_double(edge);
}

static tact_value operations_of(form *f, looks server) {
    looks requests = at(server, "requests"), latencies = at(server, "latencies");
    form_fields all = {.count = 0};
    for (uint32_t i = 0; latencies.now.kind == TACT_MAP && i < latencies.now.as.map->count; i++) {
        tact_value key = latencies.now.as.map->entries[i].key; // what was asked for at all
        if (key.kind != TACT_STRING || all.count == FORM_FIELDS_MAX) continue;
        looks codes = at_operation(requests, value_str(key));
        looks spread = at(at_operation(latencies, value_str(key)), "spread");
        form_fields one = {.count = 0};
        form_put(f, &one, "requests_s", tact_double(rate_of_codes(codes, false)));
        form_put(f, &one, "errors_s", tact_double(rate_of_codes(codes, true)));
        form_put(f, &one, "p50_us", quantile(spread, 0.5));
        form_put(f, &one, "p99_us", quantile(spread, 0.99));
        all.of[all.count++] = (value_entry){key, form_map(f, &one)};
    }
    return form_map(f, &all);
}

static double sum_of(tact_value operations, const char *name) {
    double sum = 0;
    for (uint32_t i = 0; operations.kind == TACT_MAP && i < operations.as.map->count; i++) {
        tact_value key = operations.as.map->entries[i].key; // a batch counts besides what it holds
        if (tact_str_equal(value_str(key), TACT_STR("batch"))) continue;
        sum += number_of(member(operations.as.map->entries[i].value, name));
    }
    return sum;
}

static double uptime_s(tact_value started, int64_t now_ms) {
    if (started.kind != TACT_TIMESTAMP) return 0;
    return (double)now_ms / 1000 - (double)started.as.i - (double)started.len / 1e9;
}

tact_value top_between(tact_value before, tact_value now, double seconds, int64_t now_ms, arena *a) {
    form f = {a, false};
    form_fields out = {.count = 0};
    double uptime = uptime_s(member(member(now, "server"), "started"), now_ms);
    looks l = {before, now, before.kind == TACT_MAP ? seconds : uptime};
    looks server = at(l, "server"), process = at(server, "process");
    tact_value operations = operations_of(&f, server);
    form_put(&f, &out, "bundle", member(now, "bundle"));
    form_put(&f, &out, "seconds", tact_double(l.seconds));
    form_put(&f, &out, "uptime_s", tact_double(uptime));
    form_put(&f, &out, "requests_s", tact_double(sum_of(operations, "requests_s")));
    form_put(&f, &out, "errors_s", tact_double(sum_of(operations, "errors_s")));
    form_put(&f, &out, "shed_s", tact_double(rate(at(server, "shed_total"))));
    form_put(&f, &out, "in_s", tact_double(rate(at(at(server, "bytes"), "in"))));
    form_put(&f, &out, "out_s", tact_double(rate(at(at(server, "bytes"), "out"))));
    form_put(&f, &out, "cpu", tact_double(rate(at(process, "cpu_seconds"))));
    form_put(&f, &out, "in_flight", member(server.now, "in_flight"));
    form_put(&f, &out, "waiting", member(server.now, "waiting"));
    form_put(&f, &out, "connections", member(server.now, "connections"));
    form_put(&f, &out, "queue", member(now, "queued"));
    form_put(&f, &out, "resident_bytes", member(process.now, "resident_bytes"));
    form_put(&f, &out, "anonymous_bytes", member(process.now, "anonymous_bytes"));
    form_put(&f, &out, "heap_bytes", member(member(server.now, "heap"), "allocated"));
    form_put(&f, &out, "operations", operations);
    tact_value v = form_map(&f, &out);
    return f.failed ? tact_null() : v;
}

void top_remember(top_history *h, tact_value figures) {
    if (h->count == TOP_HISTORY) memmove(h->rates, h->rates + 1, --h->count * sizeof *h->rates);
    h->rates[h->count++] = number_of(member(figures, "requests_s"));
}

// ---- Text -----------------------------------------------------------------------------------------------------------

enum { CELL_MAX = 24 };

typedef struct cell {
    char text[CELL_MAX];
} cell;

// "0", "0.5", "12.3", "4711"
static cell of_rate(double n) {
    cell c;
    snprintf(c.text, sizeof c.text, n >= 100 || n == 0 ? "%.0f" : "%.1f", n);
    return c;
}

// The number in the largest unit that it has at least one of; `step` between them.
static cell in_units(double n, double step, const char *const *units, int count) {
    cell c;
    int unit = 0;
    for (; unit + 1 < count && n >= step; unit++) n /= step;
    snprintf(c.text, sizeof c.text, unit && n < 10 ? "%.1f %s" : "%.0f %s", n, units[unit]);
    return c;
}

static cell of_bytes(tact_value v) {
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    if (!value_is_number(v)) return (cell){"-"};
    return in_units(number_of(v), 1000, units, 5);
}

static cell of_micros(tact_value v) {
    static const char *const units[] = {"µs", "ms", "s"};
    if (!value_is_number(v)) return (cell){"-"};
    return in_units(number_of(v), 1000, units, 3);
}

void top_add_bytes(buf *out, tact_value v) {
    buf_add_text(out, of_bytes(v).text);
}

void top_add_micros(buf *out, tact_value v) {
    buf_add_text(out, of_micros(v).text);
}

static cell of_count(tact_value v) {
    cell c = {"-"};
    if (value_is_number(v)) snprintf(c.text, sizeof c.text, "%.0f", number_of(v));
    return c;
}

static cell of_uptime(double s) {
    cell c;
    const char *const names[] = {"d", "h", "min", "s"};
    const double in_seconds[] = {86400, 3600, 60, 1};
    int unit = 0;
    while (unit < 3 && s < in_seconds[unit]) unit++;
    snprintf(c.text, sizeof c.text, "%.0f %s", floor(fmax(s, 0) / in_seconds[unit]), names[unit]);
    return c;
}

// One bar a second, as high as it is of the highest.
static void add_sparkline(buf *out, const top_history *h) {
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double most = 0;
    for (uint32_t i = 0; i < h->count; i++) most = fmax(most, h->rates[i]);
    for (uint32_t i = 0; i < h->count; i++) {
        double share = most > 0 ? h->rates[i] / most : 0;
        buf_add_text(out, bars[(int)fmin(share * 8, 7)]);
    }
    buf_printf(out, "  at most %s/s\n", of_rate(most).text);
}

static void add_right(table *t, arena *a, const char *text, size_t width) {
    size_t has = utf8_width(text, strlen(text)), blanks = has < width ? width - has : 0;
    char *padded = arena_printf(a, "%*s%s", (int)blanks, "", text);
    table_add(t, padded ? tact_str_from(padded) : TACT_STR("-"));
}

static void add_operations(buf *out, tact_value operations, arena *a) {
    enum { WIDTH = 10 };
    table t = table_in(a, 5);
    table_add(&t, TACT_STR("operation"));
    add_right(&t, a, "requests/s", WIDTH);
    add_right(&t, a, "errors/s", WIDTH);
    add_right(&t, a, "p50", WIDTH);
    add_right(&t, a, "p99", WIDTH);
    for (uint32_t i = 0; operations.kind == TACT_MAP && i < operations.as.map->count; i++) {
        tact_value one = operations.as.map->entries[i].value;
        table_add(&t, value_str(operations.as.map->entries[i].key));
        add_right(&t, a, of_rate(number_of(member(one, "requests_s"))).text, WIDTH);
        add_right(&t, a, of_rate(number_of(member(one, "errors_s"))).text, WIDTH);
        add_right(&t, a, of_micros(member(one, "p50_us")).text, WIDTH);
        add_right(&t, a, of_micros(member(one, "p99_us")).text, WIDTH);
    }
    table_print(out, &t, "");
}

static void add_shown(buf *out, tact_str text) {
    utf8_shown shown;
    buf_add_text(out, utf8_show(&shown, text));
}

void top_print(buf *out, tact_value figures, const char *server, const top_history *history, arena *a) {
    tact_value bundle = member(figures, "bundle");
    add_shown(out, tact_str_from(server));
    buf_add_text(out, "   ");
    add_shown(out, bundle.kind == TACT_STRING ? value_str(bundle) : TACT_STR("nothing is published"));
    buf_printf(out, "   up %s\n\n", of_uptime(number_of(member(figures, "uptime_s"))).text);
    buf_printf(out, "requests/s %s   errors/s %s   shed/s %s   in %s/s   out %s/s\n",
               of_rate(number_of(member(figures, "requests_s"))).text,
               of_rate(number_of(member(figures, "errors_s"))).text, of_rate(number_of(member(figures, "shed_s"))).text,
               of_bytes(member(figures, "in_s")).text, of_bytes(member(figures, "out_s")).text);
    if (history) add_sparkline(out, history);
    buf_printf(out, "in flight %s   waiting %s   connections %s   queue of the writer %s\n",
               of_count(member(figures, "in_flight")).text, of_count(member(figures, "waiting")).text,
               of_count(member(figures, "connections")).text, of_count(member(figures, "queue")).text);
    buf_printf(out, "cpu %.0f %%   memory %s, its own %s   heap %s\n\n", number_of(member(figures, "cpu")) * 100,
               of_bytes(member(figures, "resident_bytes")).text, of_bytes(member(figures, "anonymous_bytes")).text,
               of_bytes(member(figures, "heap_bytes")).text);
    add_operations(out, member(figures, "operations"), a);
}

// ---- The screen -----------------------------------------------------------------------------------------------------

// As much of a line as fits.
static tact_str cut(tact_str line, uint32_t columns) {
    const char *at_char = line.ptr, *end = line.ptr + line.len;
    while (at_char < end) {
        const char *next = at_char;
        (void)utf8_next_shown(&next, end);
        if (utf8_width(line.ptr, (size_t)(next - line.ptr)) > columns) break;
        at_char = next;
    }
    return (tact_str){line.ptr, (size_t)(at_char - line.ptr)};
}

void top_draw(buf *out, tact_str text, uint32_t columns, uint32_t rows) {
    buf_add_text(out, "\x1b[H"); // to the upper left corner
    for (uint32_t row = 0; text.len && row < rows; row++) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        if (row) buf_add_text(out, "\r\n"); // and none behind the last row, which would scroll
        buf_add_str(out, cut((tact_str){text.ptr, len}, columns));
        buf_add_text(out, "\x1b[K"); // the rest of the line is empty
        text.ptr += len + (end != NULL);
        text.len -= len + (end != NULL);
    }
    buf_add_text(out, "\x1b[J"); // and so is what is below
}
