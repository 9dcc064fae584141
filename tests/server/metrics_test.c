// SPDX-License-Identifier: Apache-2.0
//
// Metrics as Prometheus reads them: everything said is parsed by the letter of the format first, and then asked for.
#include "server/metrics.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "value/value.h"
#include "wire/json.h"

#define DOCS "docs/metrics.md"

// ---- The format, read strictly --------------------------------------------------------------------------------------

enum { SERIES_MAX = 4000, FAMILIES_MAX = 100 };

typedef struct family {
    char name[100], type[20];
    int samples;
} family;

typedef struct series {
    char text[600]; // name{labels}, as it stands there
    family *of;
    double value;
} series;

static series all[SERIES_MAX];
static family families[FAMILIES_MAX];
static int series_count, families_count;

#define EXPECT(holds, line)                                                                                            \
    do {                                                                                                               \
        if (!(holds)) fail_msg("%s: in the line: %.300s", #holds, line);                                               \
    } while (0)

static const char *name_end(const char *p, bool colon) {
    const char *start = p;
    if (isdigit((unsigned char)*p)) return p;
    while (isalnum((unsigned char)*p) || *p == '_' || (colon && *p == ':')) p++;
    return p == start ? start : p;
}

static const char *labels_end(const char *p, const char *line) {
    char names[20][50];
    int count = 0;
    for (p++;; p++) {
        const char *end = name_end(p, false);
        EXPECT(end > p && end - p < 50, line);
        snprintf(names[count], sizeof names[count], "%.*s", (int)(end - p), p);
        for (int i = 0; i < count; i++) EXPECT(strcmp(names[i], names[count]) != 0, line);
        count++;
        EXPECT(end[0] == '=' && end[1] == '"', line);
        for (p = end + 2; *p != '"'; p++) {
            EXPECT(*p && *p != '\n', line);
            if (*p != '\\') continue;
            p++;
            EXPECT(*p == '\\' || *p == '"' || *p == 'n', line);
        }
        p++;
        if (*p == '}') return p + 1;
        EXPECT(*p == ',', line);
    }
}

static double number(const char *p, const char *line) {
    char *end;
    if (strcmp(p, "+Inf") == 0) return INFINITY;
    if (strcmp(p, "-Inf") == 0) return -INFINITY;
    if (strcmp(p, "NaN") == 0) return NAN;
    EXPECT(isdigit((unsigned char)*p) || *p == '-', line);
    double n = strtod(p, &end);
    EXPECT(!*end, line);
    return n;
}

static void read_sample(const char *line) {
    static const char *const suffixes[] = {"_bucket", "_sum", "_count"};
    EXPECT(families_count > 0 && series_count < SERIES_MAX, line);
    family *f = &families[families_count - 1]; // lines of a family stand together
    series *s = &all[series_count++];
    const char *end = name_end(line, true), *rest = line + strlen(f->name);
    EXPECT(f->type[0], line);
    EXPECT(strncmp(line, f->name, strlen(f->name)) == 0, line);
    bool suffixed = false;
    for (int i = 0; i < 3; i++) {
        suffixed |= (size_t)(end - rest) == strlen(suffixes[i]) &&
                    strncmp(rest, suffixes[i], (size_t)(end - rest)) == 0;
    }
    EXPECT(strcmp(f->type, "histogram") == 0 ? suffixed : end == rest, line);
    if (*end == '{') end = labels_end(end, line);
    EXPECT(*end == ' ' && (size_t)(end - line) < sizeof s->text, line);
    snprintf(s->text, sizeof s->text, "%.*s", (int)(end - line), line);
    s->value = number(end + 1, line);
    s->of = f;
    f->samples++;
    EXPECT(strcmp(f->type, "gauge") == 0 || s->value >= 0, line);
    for (int i = 0; i < series_count - 1; i++) EXPECT(strcmp(all[i].text, s->text) != 0, line);
}

static void read_comment(const char *line) {
    bool help = strncmp(line, "# HELP ", 7) == 0;
    const char *name = line + 7, *end = name_end(name, true);
    EXPECT(help || strncmp(line, "# TYPE ", 7) == 0, line);
    EXPECT(end > name && *end == ' ', line);
    if (help) {
        family *f = &families[families_count++];
        EXPECT(families_count < FAMILIES_MAX, line);
        *f = (family){.samples = 0};
        snprintf(f->name, sizeof f->name, "%.*s", (int)(end - name), name);
        for (int i = 0; i < families_count - 1; i++) EXPECT(strcmp(families[i].name, f->name) != 0, line);
        EXPECT(end[1], line);
        for (const char *p = end; *p; p++) EXPECT(*p != '\\', line);
        return;
    }
    family *f = &families[families_count - 1];
    EXPECT(families_count > 0 && strncmp(f->name, name, (size_t)(end - name)) == 0, line);
    EXPECT(!f->type[0] && !f->samples && !f->name[end - name], line);
    EXPECT(!strcmp(end + 1, "counter") || !strcmp(end + 1, "gauge") || !strcmp(end + 1, "histogram"), line);
    snprintf(f->type, sizeof f->type, "%s", end + 1);
}

// The series without `le`, and that.
static bool split_le(const char *text, char *without, double *le) {
    const char *at = strstr(text, "le=\"");
    if (!at) return false;
    char edge[50];
    const char *end = strchr(at + 4, '"');
    snprintf(edge, sizeof edge, "%.*s", (int)(end - at - 4), at + 4);
    *le = number(edge, text);
    snprintf(without, 600, "%.*s%s", (int)(at - text - (at[-1] == ',')), text, end + 1);
    return true;
}

// Each histogram's buckets ascend, hold those before them, and end in all of it, which is what _count says.
static void check_histograms(void) {
    for (int i = 0; i < series_count; i++) {
        char text[600], before[600] = "";
        double le, le_before = -1, count = 0;
        if (strcmp(all[i].of->type, "histogram") != 0) continue;
        for (; split_le(all[i].text, text, &le); i++) {
            EXPECT(!before[0] || strcmp(text, before) == 0, all[i].text);
            EXPECT(le > le_before && all[i].value >= count, all[i].text);
            strcpy(before, text), le_before = le, count = all[i].value;
        }
        EXPECT(isinf(le_before), all[i].text);
        EXPECT(strstr(all[i].text, "_sum") != NULL, all[i].text);
        i++;
        EXPECT(strstr(all[i].text, "_count") != NULL && all[i].value == count, all[i].text);
        char *at = strstr(before, "_bucket"); // and all of it is of the same series
        EXPECT(strcmp(at + strlen("_bucket"), strstr(all[i].text, "_count") + strlen("_count")) == 0, all[i].text);
    }
}

static void parse(tact_str text) {
    series_count = families_count = 0;
    assert_non_null(text.ptr);
    assert_int_equal(text.ptr[text.len - 1], '\n');
    char *copy = strdup(text.ptr), *line = copy;
    assert_int_equal(strlen(copy), text.len);
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        EXPECT(*line, "an empty one");
        if (*line == '#') {
            read_comment(line);
        } else {
            read_sample(line);
        }
    }
    free(copy);
    for (int i = 0; i < families_count; i++) EXPECT(families[i].samples > 0, families[i].name);
    check_histograms();
}

// ---- Asking ---------------------------------------------------------------------------------------------------------

static const metrics_gauges gauges = {.in_flight = 7,
                                      .waiting = 2,
                                      .connections = 41,
                                      .connections_total = 99,
                                      .connections_refused = 17,
                                      .shed_total = 13,
                                      .dropped_total = 21,
                                      .ignored_total = 34,
                                      .started_ms = 1764583200500};
static arena memory;
static metrics *counted;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    counted = metrics_new(4);
    return counted ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    metrics_free(counted);
    arena_fini(&memory);
    return 0;
}

static void scrape(const char *status) {
    tact_value v = tact_null();
    tact_error error;
    buf out = buf_in(&memory);
    if (status) assert_int_equal(json_read(&memory, tact_str_from(status), &v, &error), TACT_OK);
    metrics_write(counted, &gauges, v, &out);
    parse(buf_done(&out));
}

static const series *find(const char *text) {
    for (int i = 0; i < series_count; i++) {
        if (strcmp(all[i].text, text) == 0) return &all[i];
    }
    return NULL;
}

static void says(const char *text, double value) {
    const series *s = find(text);
    if (!s)
        fail_msg("%s is not there", text);
    else if (s->value != value)
        fail_msg("%s is %.17g, not %.17g", text, s->value, value);
}

static void is_absent(const char *beginning) {
    for (int i = 0; i < series_count; i++) {
        if (strncmp(all[i].text, beginning, strlen(beginning)) == 0) fail_msg("%s is there", all[i].text);
    }
}

static const tact_value *member(tact_value v, const char *name) {
    assert_int_equal(v.kind, TACT_MAP);
    const tact_value *m = value_map_get_str(v.as.map, tact_str_from(name));
    if (!m) fail_msg("no `%s`", name);
    return m;
}

static tact_value path(tact_value v, const char *a, const char *b, const char *c) {
    v = *member(v, a);
    if (b) v = *member(v, b);
    return c ? *member(v, c) : v;
}

static void count(uint32_t shard, metrics_operation o, const tact_problem *p, uint64_t work_ns) {
    const metrics_spans spans = {.work = work_ns};
    metrics_count(metrics_shard_of(counted, shard), o, p, &spans);
}

// ---- Tests ----------------------------------------------------------------------------------------------------------

static void before_anything_rates_begin_at_nothing(void **state) {
    (void)state;
    scrape(NULL);
    says("tact_requests_total{operation=\"decide\",code=\"ok\"}", 0);
    says("tact_requests_total{operation=\"status\",code=\"ok\"}", 0);
    says("tact_requests_total{operation=\"batch\",code=\"ok\"}", 0);
    says("tact_requests_total{operation=\"unknown\",code=\"ok\"}", 0);
    says("tact_bytes_total{direction=\"in\"}", 0);
    is_absent("tact_request_duration_seconds");
    is_absent("tact_bundle_info");
    is_absent("tact_store");
}

static void requests_by_operation_and_code(void **state) {
    (void)state;
    const tact_problem named = {.err = TACT_BUSY, .name = TACT_PROBLEM_OVERLOADED};
    const tact_problem first = {.err = TACT_INVALID, .name = TACT_PROBLEM_UNKNOWN_KEY};
    const tact_problem last = {.err = TACT_BUSY, .name = TACT_PROBLEM_TIMED_OUT};
    const tact_problem plain = {.err = TACT_IO}, refused = {.err = TACT_DENIED};
    count(0, METRICS_DECIDE, NULL, 1), count(1, METRICS_DECIDE, NULL, 1), count(3, METRICS_DECIDE, NULL, 1);
    count(2, METRICS_DECIDE, &named, 1), count(3, METRICS_DECIDE, &named, 1);
    count(1, METRICS_UNKNOWN, &first, 1), count(1, METRICS_ERASE, &last, 1);
    count(0, METRICS_RECORD, &plain, 1), count(0, METRICS_RECORD, &refused, 1);
    metrics_count_bytes(metrics_shard_of(counted, 0), 100, 1000);
    metrics_count_bytes(metrics_shard_of(counted, 3), 11, 7);
    scrape(NULL);
    says("tact_requests_total{operation=\"decide\",code=\"ok\"}", 3);
    says("tact_requests_total{operation=\"decide\",code=\"overloaded\"}", 2);
    says("tact_requests_total{operation=\"unknown\",code=\"unknown_key\"}", 1);
    says("tact_requests_total{operation=\"erase\",code=\"timed_out\"}", 1);
    says("tact_requests_total{operation=\"record\",code=\"io\"}", 1);
    says("tact_requests_total{operation=\"record\",code=\"denied\"}", 1);
    says("tact_requests_total{operation=\"record\",code=\"ok\"}", 0);
    is_absent("tact_requests_total{operation=\"decide\",code=\"io\"}");
    says("tact_bytes_total{direction=\"in\"}", 111);
    says("tact_bytes_total{direction=\"out\"}", 1007);
}

// Every name that a reply may carry has a counter of its own, by that name.
static void every_code_is_counted_by_its_name(void **state) {
    (void)state;
    static const tact_problem problems[] = {
#define X(NAME, name, number, text) {.err = (tact_err)(number)},
#include "tact/err_tbl.h"
#undef X
#define X(NAME, code, text) {.err = TACT_INVALID, .name = TACT_PROBLEM_##NAME},
#include "tact/problem_tbl.h"
#undef X
    };
    enum { PROBLEMS = sizeof problems / sizeof *problems };
    for (uint32_t i = 0; i < PROBLEMS; i++) {
        for (uint32_t k = 0; k <= i; k++) count(0, METRICS_DECIDE, &problems[i], 1);
    }
    scrape(NULL);
    for (uint32_t i = 0; i < PROBLEMS; i++) {
        char text[200];
        snprintf(text, sizeof text, "tact_requests_total{operation=\"decide\",code=\"%s\"}",
                 tact_problem_code(&problems[i]));
        says(text, i + 1);
    }
}

static void latencies_and_stages(void **state) {
    (void)state;
    const metrics_spans spans = {.wait = 1000000, .read = 2000, .work = 30000, .write = 4000}; // 1.036 ms
    for (uint32_t i = 0; i < 10; i++) metrics_count(metrics_shard_of(counted, i % 4), METRICS_DECIDE, NULL, &spans);
    count(0, METRICS_DECIDE, NULL, 5000);
    count(1, METRICS_DECIDE, NULL, UINT64_C(20000000000));
    count(1, METRICS_CONTEXT, NULL, 9000000);
    scrape(NULL);
    says("tact_request_duration_seconds_bucket{operation=\"decide\",le=\"0.00001\"}", 1);
    says("tact_request_duration_seconds_bucket{operation=\"decide\",le=\"0.001\"}", 1);
    says("tact_request_duration_seconds_bucket{operation=\"decide\",le=\"0.0025\"}", 11);
    says("tact_request_duration_seconds_bucket{operation=\"decide\",le=\"10\"}", 11);
    says("tact_request_duration_seconds_bucket{operation=\"decide\",le=\"+Inf\"}", 12);
    says("tact_request_duration_seconds_count{operation=\"decide\"}", 12);
    says("tact_request_duration_seconds_sum{operation=\"decide\"}", 20.010365);
    says("tact_request_duration_seconds_count{operation=\"context\"}", 1);
    says("tact_request_duration_seconds_bucket{operation=\"context\",le=\"0.01\"}", 1);
    is_absent("tact_request_duration_seconds_count{operation=\"record\"}");
    says("tact_stage_seconds_total{operation=\"decide\",stage=\"wait\"}", 0.01);
    says("tact_stage_seconds_total{operation=\"decide\",stage=\"read\"}", 0.00002);
    says("tact_stage_seconds_total{operation=\"decide\",stage=\"work\"}", 20.000305);
    says("tact_stage_seconds_total{operation=\"decide\",stage=\"write\"}", 0.00004);
    says("tact_stage_seconds_total{operation=\"context\",stage=\"work\"}", 0.009);
}

static void what_the_engine_says(void **state) {
    (void)state;
    scrape("{\"ok\": true, \"bundle\": \"shop@12\", \"persons\": 4711, \"decided\": 12345678901, \"read_only\": true,"
           " \"queued\": 3, \"map_bytes\": 1099511627776, \"removed\": {\"consent\": 5, \"cap\": 17, \"x\": \"y\"},"
           " \"given\": 12, \"log\": {\"dropped\": 2}, \"unheard_of\": 4, \"lost\": \"many\", \"events\": {\"a\": 1},"
           " \"views\": [1], \"reserved\": 1.5}");
    says("tact_bundle_info{bundle=\"shop@12\"}", 1);
    says("tact_store_persons", 4711);
    says("tact_decisions_total", 12345678901);
    says("tact_read_only", 1);
    says("tact_store_queue", 3);
    says("tact_store_map_bytes", 1099511627776);
    says("tact_offers_removed_total{stage=\"consent\"}", 5);
    says("tact_offers_removed_total{stage=\"cap\"}", 17);
    is_absent("tact_offers_removed_total{stage=\"x\"");
    says("tact_offers_given_total", 12);
    says("tact_log_dropped_total", 2);
    says("tact_reserved", 1.5);
    is_absent("tact_store_lost_total");
    is_absent("tact_store_events");
    is_absent("tact_store_views");
    for (int i = 0; i < series_count; i++) assert_null(strstr(all[i].text, "unheard_of"));
    scrape("{\"bundle\": null, \"log\": null, \"removed\": {}}");
    is_absent("tact_bundle_info");
    is_absent("tact_log_dropped_total");
    is_absent("tact_offers_removed_total");
    scrape("[]");
    is_absent("tact_store");
}

static void labels_are_escaped(void **state) {
    (void)state;
    scrape(
        "{\"bundle\": \"a\\\"b\\\\c\\nd{e=\\\"f\\\"} caf\u00e9\", \"removed\": {\"\\\"\": 1, \"\\\\\": 2, \"\": 3}}");
    says("tact_bundle_info{bundle=\"a\\\"b\\\\c\\nd{e=\\\"f\\\"} caf\u00e9\"}", 1);
    says("tact_offers_removed_total{stage=\"\\\"\"}", 1);
    says("tact_offers_removed_total{stage=\"\\\\\"}", 2);
    says("tact_offers_removed_total{stage=\"\"}", 3);
    char *long_one = arena_printf(&memory, "{\"bundle\": \"%0*d\", \"persons\": 1}", 5000, 7);
    scrape(long_one); // none may be cut: two could become one
    is_absent("tact_bundle_info");
    says("tact_store_persons", 1);
}

static void of_the_server_and_its_process(void **state) {
    (void)state;
    scrape(NULL);
    says("tact_requests_in_flight", 7);
    says("tact_requests_waiting", 2);
    says("tact_requests_shed_total", 13);
    says("tact_connections_refused_total", 17);
    says("tact_replies_dropped_total", 21);
    says("tact_requests_ignored_total", 34);
    says("tact_connections", 41);
    says("tact_connections_opened_total", 99);
    says("process_start_time_seconds", 1764583200.5);
    assert_true(find("process_resident_memory_bytes")->value > 100000);
    assert_true(find("process_open_fds")->value >= 3);
    assert_true(find("process_threads")->value >= 1);
    is_absent("tact_heap_bytes"); // this program has another allocator
}

static void as_a_map(void **state) {
    (void)state;
    const tact_problem p = {.err = TACT_BUSY, .name = TACT_PROBLEM_OVERLOADED};
    for (uint32_t i = 1; i <= 1000; i++) count(i % 4, METRICS_DECIDE, i % 100 ? NULL : &p, (uint64_t)i * 1000);
    tact_value v = metrics_value(counted, &gauges, &memory);
    assert_int_equal(path(v, "requests", "decide", "ok").as.i, 990);
    assert_int_equal(path(v, "requests", "decide", "overloaded").as.i, 10);
    assert_int_equal(path(v, "errors", NULL, NULL).as.i, 10);
    assert_int_equal(path(v, "in_flight", NULL, NULL).as.i, 7);
    assert_int_equal(path(v, "connections", NULL, NULL).as.i, 41);
    assert_int_equal(path(v, "process", "resident_bytes", NULL).kind, TACT_INT);
    assert_int_equal(path(v, "heap", NULL, NULL).kind, TACT_NULL);
    assert_int_equal(path(v, "started", NULL, NULL).kind, TACT_TIMESTAMP);
    tact_value of = path(v, "latencies", "decide", NULL);
    static const struct {
        const char *name;
        double exact;
    } quantiles[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p999", 999}, {"max", 1000}};
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        double said = member(of, quantiles[i].name)->as.d;
        assert_true(said >= quantiles[i].exact && said <= quantiles[i].exact * (1 + 1.0 / 64));
    }
    assert_int_equal(member(of, "count")->as.i, 1000);
    tact_value spread = *member(of, "spread");
    double edge = 0;
    int64_t so_far = 0;
    assert_int_equal(spread.kind, TACT_LIST);
    for (uint32_t i = 0; i < spread.len; i++) { // of the values 1 to 1000, at most n are n
        assert_int_equal(spread.as.items[i].len, 2);
        double at_most = spread.as.items[i].as.items[0].as.d;
        assert_true(at_most > edge);
        edge = at_most;
        so_far += spread.as.items[i].as.items[1].as.i;
        assert_int_equal(so_far, at_most < 1000 ? (int64_t)at_most : 1000);
    }
    assert_int_equal(so_far, 1000);
    buf out = buf_in(&memory); // and it can be told in a message or as JSON
    assert_int_equal(json_write(&out, v), TACT_OK);
}

static void lack_of_memory_is_told(void **state) {
    (void)state;
    count(0, METRICS_DECIDE, NULL, 1);
    for (size_t bytes = 1000; bytes < 20000; bytes += 1000) {
        arena small;
        arena_init(&small, bytes);
        buf out = buf_in(&small);
        metrics_write(counted, &gauges, tact_null(), &out);
        tact_str text = buf_done(&out);
        if (text.ptr) parse(text);
        arena_fini(&small);
        arena_init(&small, bytes);
        assert_int_equal(metrics_value(counted, &gauges, &small).kind, TACT_NULL); // a histogram alone is as much
        arena_fini(&small);
    }
}

enum { THREADS = 4, EACH = 20000 };

static void *count_many(void *arg) {
    metrics_shard *s = arg;
    const metrics_spans spans = {1000, 200, 30000, 400};
    const tact_problem p = {.err = TACT_INVALID, .name = TACT_PROBLEM_MISSING};
    for (int i = 0; i < EACH; i++) {
        metrics_count(s, i % 2 ? METRICS_DECIDE : METRICS_RECORD, i % 10 ? NULL : &p, &spans);
        metrics_count_bytes(s, 10, 20);
    }
    return NULL;
}

static void read_while_threads_count(void **state) {
    (void)state;
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, metrics_shard_of(counted, i)), 0);
    }
    for (int i = 0; i < 5; i++) scrape(NULL);
    for (uint32_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    scrape(NULL);
    says("tact_requests_total{operation=\"decide\",code=\"ok\"}", THREADS * EACH / 2);
    says("tact_requests_total{operation=\"record\",code=\"ok\"}", THREADS * EACH * 4 / 10);
    says("tact_requests_total{operation=\"record\",code=\"missing\"}", THREADS * EACH / 10);
    says("tact_request_duration_seconds_count{operation=\"decide\"}", THREADS * EACH / 2);
    says("tact_bytes_total{direction=\"out\"}", THREADS * EACH * 20);
}

// What the table reads of a status stands in it by that name.
static void a_real_engine_has_what_the_table_reads(void **state) {
    (void)state;
    char folder[] = "/tmp/tact-metrics-XXXXXX";
    tact_engine *engine;
    tact_value status;
    tact_problem problem;
    buf out = buf_in(&memory);
    assert_non_null(mkdtemp(folder));
    assert_int_equal(tact_open(folder, NULL, &engine, &problem), TACT_OK);
    assert_int_equal(tact_status(engine, tact_null(), &memory, &status, &problem), TACT_OK);
    tact_close(engine);
    metrics_write(counted, &gauges, status, &out);
    parse(buf_done(&out));
    static const char *const elsewhere[] = {
        "tact_bundle_info",          "tact_log_dropped_total",        "tact_offers_given_total",
        "tact_offers_removed_total", "tact_request_duration_seconds", "tact_heap_bytes"};
    static const char *const names[] = {
#define X(name, TYPE, SOURCE, path, labels, help) #name,
#include "server/metric_tbl.h"
#undef X
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bool there = false, wanted = true;
        for (size_t k = 0; k < sizeof elsewhere / sizeof *elsewhere; k++) wanted &= strcmp(elsewhere[k], names[i]) != 0;
        for (int k = 0; k < families_count; k++) there |= strcmp(families[k].name, names[i]) == 0;
        if (wanted && !there) fail_msg("%s has no sample", names[i]);
    }
    char *command = arena_printf(&memory, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

// ---- The reference --------------------------------------------------------------------------------------------------

static const struct {
    const char *name, *type, *labels, *help;
} table[] = {
#define COUNTER "counter"
#define GAUGE "gauge"
#define HISTOGRAM "histogram"
#define X(name, TYPE, SOURCE, path, labels, help) {#name, TYPE, labels, help},
#include "server/metric_tbl.h"
#undef X
};
enum { TABLE = sizeof table / sizeof *table };

static char *read_docs(void) {
    FILE *f = fopen(DOCS, "rb");
    assert_non_null(f);
    char *text = arena_zalloc(&memory, 1 << 20);
    assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
    fclose(f);
    return text;
}

// Its table holds the rows of metric_tbl.h in their order, and it names no other series.
static void the_reference_is_of_the_table(void **state) {
    (void)state;
    char *docs = read_docs(), *at = docs;
    for (size_t i = 0; i < TABLE; i++) {
        char *row = arena_printf(&memory, "\n| `%s` | %s | %s | %s |\n", table[i].name, table[i].type, table[i].labels,
                                 table[i].help);
        at = strstr(at, row);
        if (!at) fail_msg("%s lacks, or has elsewhere:%s", DOCS, row);
        at += strlen(row) - 1;
    }
    for (const char *p = docs; *p;) {
        const char *end = name_end(p, false);
        size_t len = (size_t)(end - p);
        bool named = len && (strncmp(p, "tact_", 5) == 0 || strncmp(p, "process_", 8) == 0), known = !named;
        for (size_t i = 0; i < TABLE && !known; i++) {
            size_t n = strlen(table[i].name);
            known = len >= n && strncmp(p, table[i].name, n) == 0 &&
                    (len == n || strncmp(p + n, "_bucket", len - n) == 0 || strncmp(p + n, "_count", len - n) == 0);
        }
        if (!known) fail_msg("%s names a series that is none: %.*s", DOCS, (int)len, p);
        p = len ? end : p + 1;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(before_anything_rates_begin_at_nothing),
        TEST(requests_by_operation_and_code),
        TEST(every_code_is_counted_by_its_name),
        TEST(latencies_and_stages),
        TEST(what_the_engine_says),
        TEST(labels_are_escaped),
        TEST(of_the_server_and_its_process),
        TEST(as_a_map),
        TEST(lack_of_memory_is_told),
        TEST(read_while_threads_count),
        TEST(a_real_engine_has_what_the_table_reads),
        TEST(the_reference_is_of_the_table),
    };
    return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
