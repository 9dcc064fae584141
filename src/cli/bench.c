// SPDX-License-Identifier: Apache-2.0
//
// `tact bench`: how fast a server answers, beside an echo that does nothing else, in the same run. Subtle: the echo is
// forked before anything else is done, while there is one thread; and the two are measured in turns, so that whatever
// else the machine does meanwhile does it to both.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/answer.h"
#include "cli/bench_beside.h"
#include "cli/bench_echo.h"
#include "cli/bench_load.h"
#include "cli/bench_plot.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/upload.h"
#include "wire/form.h"
#include "wire/json.h"
#include "wire/msgpack.h"

// clang-format off
#define OPTIONS(X) \
    X(TO,          "to",          "URL",       "the server; TACT_TO if it is left out") \
    X(RATE,        "rate",        "N",         "requests a second, by schedule; 1000 by default") \
    X(CLOSED,      "closed",      NULL,        "no schedule: each answer is followed by a request") \
    X(SECONDS,     "seconds",     "N",         "that the server is asked; 10 by default") \
    X(CONNECTIONS, "connections", "N",         "to the server; 4 by default") \
    X(IN_FLIGHT,   "in-flight",   "N",         "requests at once on each connection; 256 by default, closed 32") \
    X(REQUEST,     "request",     "FILE.json", "what is asked; a `decide` by default") \
    X(PLACEMENT,   "placement",   "NAME,...",  "the placements of that `decide`") \
    X(ID,          "id",          "NAMESPACE", "of the identities of persons; crm by default") \
    X(PERSONS,     "persons",     "N|N-M",     "a random person for each request: NAMESPACE:1 to N, or N to M") \
    X(SEED,        "seed",        "N",         "of what is random; drawn, and printed, if it is left out") \
    X(EVENTS,      "events",      "N",         "record so many events a second beside") \
    X(EVENT,       "event",       "JSON",      "such an event; {\"event\": \"page_view\"} by default") \
    X(PUBLISH,     "publish",     "FOLDER",    "publish this folder of rules again and again beside") \
    X(EVERY,       "every",       "SECONDS",   "that often; 1 by default") \
    X(NO_ECHO,     "no-echo",     NULL,        "measure no echo beside the server") \
    X(ECHO_CPU,    "echo-cpu",    "N",         "keep the echo on processor N, as `taskset -c N` keeps a server there") \
    X(SLICES,      "slices",      "N",         "turns that server and echo take; 5 by default") \
    X(HISTOGRAM,   "histogram",   "FILE",      "write percentiles as HdrHistogram's plotters read them; FILE.echo") \
    X(SVG,         "svg",         "FILE",      "draw them") \
    X(JSON,        "json",        NULL,        "print the figures as JSON") \
    X(QUIET,       "quiet",       NULL,        "no line that tells how far it is") \
    X(TOKEN,       "token",       "TEXT",      "that the server wants; TACT_TOKEN if it is left out") \
    X(TLS_CA,      "tls-ca",      "FILE",      "whom to trust, PEM, for tls+tcp:// and wss://") \
    X(TLS_CERT,    "tls-cert",    "FILE",      "certificate and key to show to a server that wants one, PEM") \
    X(HELP,        "help",        NULL,        "show this")
// clang-format on

enum {
#define X(name, text, argument, summary) OPT_##name,
    OPTIONS(X)
#undef X
        OPTS_COUNT
};

static const cli_opt options[] = {
#define X(name, text, argument, summary) {text, argument, summary},
    OPTIONS(X)
#undef X
};

static const cli_usage usage = {
    .line = "tact bench --to URL [--rate N|--closed] [--seconds N] [--placement NAME,...|--request FILE.json] "
            "[OPTION]...",
    .about =
        "Asks a server and says how long answers take. Requests go out by schedule, and latency is counted from when\n"
        "one was to go out, so that a stall counts against everything behind it. Beside it, in turns, an echo on this\n"
        "machine is asked as much, with as many bytes there and back: what is left when a server does nothing. The\n"
        "first replies are looked at before the clock starts. Refusals are counted, and are in no latency.\n"
        "\n"
        "  tact bench --to tcp://127.0.0.1:7420 --placement home_hero --persons 1000000 --rate 10000\n"
        "  tact bench --to tcp://127.0.0.1:7420 --placement home_hero --closed --in-flight 32 --svg bench.svg\n"
        "\n"
        "Ends with 0; with 1 if a request was not answered, or answered by an error; with 2 if the command line is\n"
        "wrong; with 3 if the server cannot be reached, or a file cannot be written.\n",
    .options = options,
    .options_count = OPTS_COUNT,
};

enum {
    RATE = 1000,
    SECONDS = 10,
    CONNECTIONS = 4,
    CONNECTIONS_MAX = 1024,
    IN_FLIGHT = 256,
    IN_FLIGHT_CLOSED = 32,
    IN_FLIGHT_MAX = 65536, // over all connections
    SLICES = 5,
    SLICES_MAX = 1000,
    FIRST_MS = 5000, // that the first reply may take
    ECHO_LEAST = 64, // contexts of the echo
};
#define WARM_SECONDS 0.2 // of each, before anything counts
#define RATE_MAX 1e7
#define SECONDS_MAX 86400.0

typedef struct bench {
    arena memory;
    const char *const *given;
    const char *url, *token;
    double rate, seconds, every;
    uint32_t connections, in_flight, slices;
    load_request request;
    beside_options beside;
    tact_client_options client;
    echo echo;
    bool has_echo, told;
    int echo_cpu;   // -1: any
    load *loads[2]; // the server's and the echo's
    beside *aside;  // what goes on meanwhile, and what became of it; NULL: nothing does
    const beside_result *beside_result;
} bench;

static const char *const names[] = {"server", "echo"};

static int no_memory(void) {
    cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    return CLI_FAILED;
}

// ---- The command line -----------------------------------------------------------------------------------------------

static bool read_number(const char *text, const char *option, double low, double high, double *out) {
    utf8_shown shown;
    if (!text || (num_parse_double(tact_str_from(text), out) && *out >= low && *out <= high)) return true;
    cli_complain("`--%s`: `%s` is no number from %g to %g", option, utf8_show(&shown, tact_str_from(text)), low, high);
    return false;
}

static bool read_count(const char *text, const char *option, uint32_t high, uint32_t *out) {
    uint64_t n;
    utf8_shown shown;
    if (!text) return true;
    if (num_parse_uint(tact_str_from(text), 10, &n) && n && n <= high) {
        *out = (uint32_t)n;
        return true;
    }
    cli_complain("`--%s`: `%s` is no whole number from 1 to %u", option, utf8_show(&shown, tact_str_from(text)), high);
    return false;
}

static bool read_persons(const char *text, load_request *r) {
    uint64_t first = 1, last;
    utf8_shown shown;
    if (!text) return true;
    const char *dash = strchr(text, '-');
    bool well = !dash || num_parse_uint((tact_str){text, (size_t)(dash - text)}, 10, &first);
    well = well && num_parse_uint(tact_str_from(dash ? dash + 1 : text), 10, &last) && first <= last &&
           last - first < UINT64_MAX;
    if (!well) {
        cli_complain("`--persons`: `%s` is neither a number of persons nor a range such as 1-1000",
                     utf8_show(&shown, tact_str_from(text)));
        return false;
    }
    r->first = first;
    r->persons = last - first + 1;
    return true;
}

static bool read_cpu(const char *text, int *out) {
    uint64_t n;
    utf8_shown shown;
    if (num_parse_uint(tact_str_from(text), 10, &n) && echo_may_use(n)) {
        *out = (int)n;
        return true;
    }
    cli_complain("`--echo-cpu`: `%s` is no number of a processor that this program may use; `nproc --all` counts them, "
                 "from 0",
                 utf8_show(&shown, tact_str_from(text)));
    return false;
}

static bool read_options(bench *b) {
    const char *const *g = b->given;
    const bool closed = g[OPT_CLOSED] != NULL;
    uint64_t seed = (uint64_t)clock_mono_us();
    b->rate = RATE;
    b->seconds = SECONDS;
    b->every = 1;
    b->connections = CONNECTIONS;
    b->in_flight = closed ? IN_FLIGHT_CLOSED : IN_FLIGHT;
    b->slices = SLICES;
    b->beside.events = 0;
    if (!read_number(g[OPT_RATE], "rate", 0.01, RATE_MAX, &b->rate)) return false;
    if (!read_number(g[OPT_SECONDS], "seconds", 0.1, SECONDS_MAX, &b->seconds)) return false;
    if (!read_number(g[OPT_EVERY], "every", 0.001, SECONDS_MAX, &b->every)) return false;
    if (!read_number(g[OPT_EVENTS], "events", 0.01, RATE_MAX, &b->beside.events)) return false;
    if (!read_count(g[OPT_CONNECTIONS], "connections", CONNECTIONS_MAX, &b->connections)) return false;
    if (!read_count(g[OPT_IN_FLIGHT], "in-flight", IN_FLIGHT_MAX / b->connections, &b->in_flight)) return false;
    if (!read_count(g[OPT_SLICES], "slices", SLICES_MAX, &b->slices)) return false;
    if (!read_persons(g[OPT_PERSONS], &b->request)) return false;
    if (g[OPT_SEED] && !num_parse_uint(tact_str_from(g[OPT_SEED]), 10, &seed)) {
        cli_complain("`--seed`: `%s` is no number", g[OPT_SEED]);
        return false;
    }
    b->request.seed = seed;
    b->echo_cpu = -1;
    if (g[OPT_ECHO_CPU] && !read_cpu(g[OPT_ECHO_CPU], &b->echo_cpu)) return false;
    if (closed) b->rate = 0;
    if (closed && g[OPT_RATE]) {
        cli_complain("`--closed` has no schedule, and so no `--rate`");
        return false;
    }
    if (g[OPT_REQUEST] && g[OPT_PLACEMENT]) {
        cli_complain("`--placement` is of the request that `--request` replaces");
        return false;
    }
    if (!g[OPT_REQUEST] && !g[OPT_PLACEMENT]) {
        cli_complain("`--placement NAME` or `--request FILE.json` is needed; usage: %s", usage.line);
        return false;
    }
    if (g[OPT_EVENTS] && !g[OPT_PERSONS]) {
        cli_complain("`--events` needs `--persons`, whose they are");
        return false;
    }
    return true;
}

// ---- What is asked --------------------------------------------------------------------------------------------------

static bool read_json(arena *a, const char *text, tact_str json, tact_value *out) {
    tact_error error;
    if (json_read(a, json, out, &error)) {
        cli_complain("%s: %s", text, error.text);
        return false;
    }
    if (out->kind == TACT_MAP) return true;
    cli_complain("%s: expected a JSON object", text);
    return false;
}

static tact_value placements(form *f, const char *text) {
    form_items all = {.count = 0};
    for (const char *at = text;; at++) {
        const size_t len = strcspn(at, ",");
        form_add(f, &all, tact_string(at, len));
        at += len;
        if (!*at) return form_list(&all);
    }
}

// All that is the same in all requests. A random person stands last, and there the number of the last one.
static int make_request(bench *b) {
    form f = {.arena = &b->memory};
    form_fields fields = {.count = 0}, whom = {.count = 0};
    const bool random = b->request.persons > 0;
    tact_value given = {0};
    tact_str json;
    if (b->given[OPT_REQUEST]) {
        if (!cli_read_file(b->given[OPT_REQUEST], &b->memory, &json)) return CLI_USAGE;
        if (!read_json(&b->memory, b->given[OPT_REQUEST], json, &given)) return CLI_USAGE;
        for (uint32_t i = 0; i < given.as.map->count; i++) {
            const value_entry *e = &given.as.map->entries[i];
            if (random && tact_str_equal(value_str(e->key), TACT_STR("person"))) continue;
            if (fields.count < FORM_FIELDS_MAX) fields.of[fields.count++] = *e;
        }
    } else {
        form_put(&f, &fields, "op", tact_string("decide", 6));
        form_put(&f, &fields, "placements", placements(&f, b->given[OPT_PLACEMENT]));
    }
    if (b->token) form_put(&f, &fields, "auth", tact_string(b->token, strlen(b->token)));
    if (random) {
        form_put(&f, &whom, b->beside.space, tact_string("", 0));
        form_put(&f, &fields, "person", form_map(&f, &whom));
    }
    buf out = buf_in(&b->memory);
    const tact_value request = form_map(&f, &fields);
    tact_err err = f.failed ? TACT_NO_MEMORY : msgpack_write(&out, request);
    b->request.before = buf_done(&out);
    if (err) return cli_complain("the request cannot be sent: %s", tact_err_text(err));
    if (!b->request.before.ptr) return no_memory();
    if (random) b->request.before.len--; // the empty text
    return CLI_OK;
}

static int prepare_beside(bench *b) {
    const char *event = b->given[OPT_EVENT] ? b->given[OPT_EVENT] : "{\"event\": \"page_view\"}";
    b->beside.url = b->url;
    b->beside.client = &b->client;
    b->beside.whom = b->request;
    b->beside.every = b->every;
    b->beside.files = tact_null();
    if (!read_json(&b->memory, "`--event`", tact_str_from(event), &b->beside.event)) return CLI_USAGE;
    return b->given[OPT_PUBLISH] ? upload_read(&b->memory, b->given[OPT_PUBLISH], &b->beside.files, NULL) : CLI_OK;
}

// ---- Measuring ------------------------------------------------------------------------------------------------------

static void draw(void *context, const load_result *r) {
    bench *b = context;
    if (b->given[OPT_QUIET] || !isatty(STDERR_FILENO)) return;
    fprintf(stderr, "\r%llu answered, p50 %.3f ms, p99 %.3f ms, %llu errors \033[K",
            (unsigned long long)r->latency.total, (double)histogram_quantile(&r->latency, 0.5) / 1e6,
            (double)histogram_quantile(&r->latency, 0.99) / 1e6, (unsigned long long)load_errors(r));
    b->told = true;
}

static int open_loads(bench *b) {
    load_options o = {.url = b->url,
                      .tls_ca = b->client.tls_ca,
                      .tls_cert = b->client.tls_cert,
                      .connections = b->connections,
                      .in_flight = b->in_flight,
                      .rate = b->rate,
                      .request = b->request};
    tact_error error;
    tact_str reply = {NULL, 0};
    tact_err err = load_open(&o, &b->loads[0], &error);
    if (!err) err = load_try(b->loads[0], &b->memory, FIRST_MS, &reply, &error);
    if (!err && b->has_echo) {
        o.url = b->echo.url;
        o.tls_ca = o.tls_cert = NULL;
        o.echo = (uint32_t)reply.len;
        err = load_open(&o, &b->loads[1], &error);
        if (!err) err = load_try(b->loads[1], &b->memory, FIRST_MS, &reply, &error);
    }
    if (!err) return CLI_OK;
    cli_complain("%s", error.text);
    return err == TACT_BUSY || err == TACT_IO ? CLI_UNREACHABLE : err == TACT_INVALID ? CLI_USAGE : CLI_FAILED;
}

static int measure(bench *b) {
    tact_problem problem;
    const bool mixed = b->beside.events > 0 || b->beside.files.kind == TACT_MAP;
    for (int i = 0; i < 2; i++) {
        if (!b->loads[i]) continue;
        load_run(b->loads[i], WARM_SECONDS, NULL, NULL);
        load_forget(b->loads[i]);
    }
    if (mixed && beside_start(&b->beside, &b->aside, &problem)) {
        cli_complain("%s", problem.text);
        return CLI_UNREACHABLE;
    }
    for (uint32_t s = 0; s < b->slices; s++) {
        for (int i = 0; i < 2; i++) {
            if (b->loads[i]) load_run(b->loads[i], b->seconds / b->slices, i ? NULL : draw, b);
        }
    }
    if (b->aside) b->beside_result = beside_stop(b->aside);
    if (b->told) fputs("\r\033[K", stderr);
    return CLI_OK;
}

// ---- Telling --------------------------------------------------------------------------------------------------------

static const struct figure {
    const char *title, *key;
    double share;
} figures[] = {
    {"p50", "p50", 0.5},       {"p90", "p90", 0.9},          {"p99", "p99", 0.99},
    {"p99.9", "p99_9", 0.999}, {"p99.99", "p99_99", 0.9999}, {"max", "max", 1},
};
enum { FIGURES = sizeof figures / sizeof *figures };

static double figure_ms(const histogram *h, size_t i) {
    return (double)(figures[i].share < 1 ? histogram_quantile(h, figures[i].share) : h->max_ns) / 1e6;
}

static double per_second(const load_result *r) {
    return r->seconds > 0 ? (double)r->latency.total / r->seconds : 0;
}

static tact_str cell(arena *a, const char *format, double v) __attribute__((format(printf, 2, 0)));
static tact_str cell(arena *a, const char *format, double v) {
    const char *text = arena_printf(a, format, v);
    return tact_str_from(text ? text : "");
}

static void add_histogram(table *t, arena *a, const char *name, const histogram *h, double rate, double errors) {
    table_add(t, tact_str_from(name));
    table_add(t, cell(a, "%.1f/s", rate));
    for (size_t i = 0; i < FIGURES; i++) table_add(t, cell(a, "%.3f ms", figure_ms(h, i)));
    table_add(t, cell(a, "%.0f", errors));
}

static double of(double a, double b) {
    return b > 0 ? a / b : 0;
}

static void add_table(buf *out, const bench *b, arena *a) {
    static const char *const titles[] = {"", "answered"};
    const load_result *r[2] = {load_results(b->loads[0]), b->has_echo ? load_results(b->loads[1]) : NULL};
    table t = table_in(a, FIGURES + 3);
    for (size_t i = 0; i < 2; i++) table_add(&t, tact_str_from(titles[i]));
    for (size_t i = 0; i < FIGURES; i++) table_add(&t, tact_str_from(figures[i].title));
    table_add(&t, TACT_STR("errors"));
    for (int i = 0; i < 2; i++) {
        if (r[i]) add_histogram(&t, a, names[i], &r[i]->latency, per_second(r[i]), (double)load_errors(r[i]));
    }
    if (r[1]) {
        table_add(&t, TACT_STR("ratio"));
        table_add(&t, cell(a, "%.2f", of(per_second(r[0]), per_second(r[1]))));
        for (size_t i = 0; i < FIGURES; i++) {
            table_add(&t, cell(a, "%.2f", of(figure_ms(&r[0]->latency, i), figure_ms(&r[1]->latency, i))));
        }
        table_add(&t, TACT_STR(""));
    }
    const beside_result *aside = b->beside_result;
    if (aside && b->beside.events > 0) {
        add_histogram(&t, a, "events", &aside->events, of((double)aside->events.total, aside->seconds),
                      (double)aside->events_failed);
    }
    if (aside && b->beside.files.kind == TACT_MAP) {
        add_histogram(&t, a, "publishes", &aside->publishes, of((double)aside->publishes.total, aside->seconds),
                      (double)aside->publishes_failed);
    }
    table_print(out, &t, "");
}

static double late_ms(const bench *b) {
    const uint64_t server = load_results(b->loads[0])->late_ns;
    const uint64_t other = b->loads[1] ? load_results(b->loads[1])->late_ns : 0;
    return (double)(server > other ? server : other) / 1e6;
}

static void add_errors(buf *out, const bench *b) {
    for (int i = 0; i < 2; i++) {
        const load_result *r = b->loads[i] ? load_results(b->loads[i]) : NULL;
        for (uint32_t k = 0; r && k < r->codes; k++) {
            buf_printf(out, "%s: %s: %llu\n", names[i], r->errors[k].code, (unsigned long long)r->errors[k].count);
        }
        if (r && r->unsent) {
            buf_printf(out, "%s: not sent, since %u in flight were not answered: %llu\n", names[i],
                       b->connections * b->in_flight, (unsigned long long)r->unsent);
        }
    }
    if (b->beside_result && b->beside_result->first.err) {
        buf_printf(out, "beside: %s: %s\n", tact_problem_code(&b->beside_result->first), b->beside_result->first.text);
    }
}

static const char *title_of(const bench *b, arena *a) {
    const char *how = b->rate > 0 ? arena_printf(a, "%.10g/s by schedule", b->rate) : "as fast as it answers";
    const char *text = arena_printf(a, "%s, %s, %.10g s, %u connection%s, %u in flight on each", b->url, how ? how : "",
                                    b->seconds, b->connections, b->connections == 1 ? "" : "s", b->in_flight);
    return text ? text : "";
}

static int print_text(bench *b) {
    arena *a = &b->memory;
    buf out = buf_in(a);
    buf_printf(&out, "%s, seed %llu\n", title_of(b, a), (unsigned long long)b->request.seed);
    add_table(&out, b, a);
    if (b->rate > 0) {
        buf_printf(&out, "this program sent up to %.3f ms late, which counts as latency of what it sent\n", late_ms(b));
    }
    add_errors(&out, b);
    const tact_str text = buf_done(&out);
    if (!text.ptr) return no_memory();
    cli_print(stdout, text);
    return CLI_OK;
}

static tact_value histogram_value(form *f, const histogram *h, double rate, uint64_t errors) {
    form_fields fields = {.count = 0};
    form_put(f, &fields, "answered", tact_uint(h->total));
    form_put(f, &fields, "per_second", tact_double(rate));
    form_put(f, &fields, "errors", tact_uint(errors));
    for (size_t i = 0; i < FIGURES; i++) {
        form_put(f, &fields, arena_printf(f->arena, "%s_ms", figures[i].key), tact_double(figure_ms(h, i)));
    }
    return form_map(f, &fields);
}

static int print_json(bench *b) {
    form f = {.arena = &b->memory};
    form_fields fields = {.count = 0};
    form_put(&f, &fields, "to", tact_string(b->url, strlen(b->url)));
    form_put(&f, &fields, "rate", b->rate > 0 ? tact_double(b->rate) : tact_null());
    form_put(&f, &fields, "seconds", tact_double(b->seconds));
    form_put(&f, &fields, "connections", tact_uint(b->connections));
    form_put(&f, &fields, "in_flight", tact_uint(b->in_flight));
    form_put(&f, &fields, "seed", tact_uint(b->request.seed));
    for (int i = 0; i < 2; i++) {
        const load_result *r = b->loads[i] ? load_results(b->loads[i]) : NULL;
        form_fields codes = {.count = 0};
        if (!r) continue;
        for (uint32_t k = 0; k < r->codes; k++) {
            form_put(&f, &codes, r->errors[k].code, tact_uint(r->errors[k].count));
        }
        if (r->unsent) form_put(&f, &codes, "not_sent", tact_uint(r->unsent));
        form_put(&f, &fields, names[i], histogram_value(&f, &r->latency, per_second(r), load_errors(r)));
        form_put(&f, &fields, i ? "echo_errors" : "server_errors", form_map(&f, &codes));
    }
    const beside_result *aside = b->beside_result;
    if (aside && b->beside.events > 0) {
        form_put(
            &f, &fields, "events",
            histogram_value(&f, &aside->events, of((double)aside->events.total, aside->seconds), aside->events_failed));
    }
    if (aside && b->beside.files.kind == TACT_MAP) {
        form_put(&f, &fields, "publishes",
                 histogram_value(&f, &aside->publishes, of((double)aside->publishes.total, aside->seconds),
                                 aside->publishes_failed));
    }
    if (b->rate > 0) form_put(&f, &fields, "sent_late_ms", tact_double(late_ms(b)));
    if (aside && aside->first.err) {
        form_fields first = {.count = 0};
        const char *code = tact_problem_code(&aside->first);
        form_put(&f, &first, "code", tact_string(code, strlen(code)));
        form_put(&f, &first, "text", tact_string(aside->first.text, strlen(aside->first.text)));
        form_put(&f, &fields, "beside_error", form_map(&f, &first));
    }
    const tact_value all = form_map(&f, &fields);
    return f.failed ? no_memory() : answer_json(stdout, all, &b->memory);
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static int write_file(const char *path, buf *text) {
    const tact_str done = buf_done(text);
    if (!done.ptr) return no_memory();
    FILE *file = fopen(path, "wb");
    bool well = file && fwrite(done.ptr, 1, done.len, file) == done.len;
    if (file && fclose(file)) well = false;
    if (well) return CLI_OK;
    cli_complain("%s: %s", path, strerror(errno));
    return CLI_UNREACHABLE;
}

static int write_files(bench *b) {
    const char *histogram_path = b->given[OPT_HISTOGRAM], *svg = b->given[OPT_SVG];
    plot_line lines[2];
    uint32_t count = 0;
    int code = CLI_OK;
    for (int i = 0; i < 2; i++) {
        if (!b->loads[i]) continue;
        lines[count++] = (plot_line){names[i], &load_results(b->loads[i])->latency};
        if (!histogram_path || code) continue;
        const char *path = i ? arena_printf(&b->memory, "%s.echo", histogram_path) : histogram_path;
        buf text = buf_in(&b->memory);
        plot_percentiles(&text, lines[count - 1].h);
        code = path ? write_file(path, &text) : no_memory();
    }
    if (!svg || code) return code;
    buf drawing = buf_in(&b->memory);
    plot_svg(&drawing, title_of(b, &b->memory), lines, count);
    return write_file(svg, &drawing);
}

// ---- The command ----------------------------------------------------------------------------------------------------

static int run(bench *b) {
    int code = make_request(b);
    if (!code) code = prepare_beside(b);
    if (!code) code = open_loads(b);
    if (!code) code = measure(b);
    if (!code) code = write_files(b);
    if (!code) code = b->given[OPT_JSON] ? print_json(b) : print_text(b);
    if (code) return code;
    bool wrong = load_errors(load_results(b->loads[0])) > 0;
    if (b->beside_result) wrong |= b->beside_result->events_failed || b->beside_result->publishes_failed;
    return wrong ? CLI_FAILED : CLI_OK;
}

static const char *given_or(const char *given, const char *variable) {
    const char *text = given ? given : getenv(variable);
    return text && *text ? text : NULL;
}

int cmd_bench(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    bench b = {.given = given};
    tact_error error;
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    b.url = given_or(given[OPT_TO], "TACT_TO");
    b.token = given_or(given[OPT_TOKEN], "TACT_TOKEN");
    b.beside.space = given[OPT_ID] ? given[OPT_ID] : "crm";
    b.client = (tact_client_options){.token = b.token, .tls_ca = given[OPT_TLS_CA], .tls_cert = given[OPT_TLS_CERT]};
    if (!b.url) return cli_complain("`--to URL` is needed; usage: %s", usage.line);
    if (!read_options(&b)) return CLI_USAGE;
    b.has_echo = !given[OPT_NO_ECHO];
    const uint32_t contexts = b.connections * b.in_flight;
    if (b.has_echo && echo_start(b.url, contexts < ECHO_LEAST ? ECHO_LEAST : contexts, b.echo_cpu, &b.echo, &error)) {
        cli_complain("%s", error.text);
        return CLI_FAILED;
    }
    arena_init(&b.memory, 0);
    int code = run(&b);
    load_close(b.loads[0]);
    load_close(b.loads[1]);
    beside_free(b.aside);
    if (b.has_echo) echo_stop(&b.echo);
    arena_fini(&b.memory);
    return code;
}
