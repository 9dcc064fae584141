// SPDX-License-Identifier: Apache-2.0
//
// `tact simulate`: what a folder of rules would do with the persons of a store, compared with what is active.
#include "engine/simulate.h"

#include <inttypes.h>
#include <stdarg.h>

#include "base/num.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "cli/rules.h"
#include "cli/table.h"
#include "cli/upload.h"
#include "wire/json.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(BUNDLE,    "bundle",    "BUNDLE", "a folder of rules, or a version: shop@3") \
    X(PLACEMENT, "placement", "NAME",   "this placement only") \
    X(CONTEXT,   "context",   "JSON",   "what requests carry: {\"device\": \"mobile\"}") \
    X(SAMPLE,    "sample",    "N",      "about so many persons, always the same; all by default") \
    X(NOW,       "now",       "TIME",   "as of a time such as 2026-12-01T10:00:00Z; now by default") \
    X(QUIET,     "quiet",     NULL,     "show no progress") \
    X(JSON,      "json",      NULL,     "print the result as JSON") \
    X(HELP,      "help",      NULL,     "show this")
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
    .line = "tact simulate --db DIR|--to URL --bundle BUNDLE [--placement NAME] [--sample N] [--json]",
    .about =
        "Decides for every person in a store by a bundle that is not active, without changing anything: how often "
        "each\n"
        "offer would be shown, what each stage would take away, who would be left with only the fallback, and what\n"
        "would be different from the active bundle. Each placement is decided by itself.\n"
        "\n"
        "  tact simulate --db data --bundle rules/shop --placement home_hero --sample 10000\n"
        "\n"
        "A server simulates for one at a time, and looks at as many persons as it is set up for (`simulate_max`).\n"
        "\n"
        "Ends with 0; with 1 if the bundle has faults; with 2 if the command line is wrong; with 3 if a folder\n"
        "cannot be opened, or the server cannot be reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
};

// ---- Printing -------------------------------------------------------------------------------------------------------

static tact_str print(arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static tact_str print(arena *a, const char *format, ...) {
    buf out = buf_in(a);
    va_list args;
    va_start(args, format);
    buf_vprintf(&out, format, args);
    va_end(args);
    return buf_done(&out);
}

static double percent(int64_t part, int64_t of) {
    return of ? 100.0 * (double)part / (double)of : 0;
}

static void add_offers(buf *out, arena *a, tact_value at, int64_t persons) {
    tact_value offers = ask_find(at, "offers");
    table t = table_in(a, 4);
    for (uint32_t i = 0; i < offers.len; i++) {
        tact_value one = offers.as.items[i], before = ask_find(one, "before");
        int64_t count = ask_find(one, "count").as.i;
        table_add(&t, ask_text(one, "offer"));
        table_add(&t, print(a, "%" PRId64, count));
        table_add(&t, print(a, "%.1f %%", percent(count, persons)));
        bool compared = before.kind == TACT_INT, same = compared && before.as.i == count;
        table_add(&t, !compared ? TACT_STR("") : same ? TACT_STR("0") : print(a, "%+" PRId64, count - before.as.i));
    }
    table_print(out, &t, "  ");
}

static void add_place(buf *out, arena *a, tact_str name, tact_value at, int64_t persons) {
    tact_value funnel = ask_find(at, "funnel"), differs = ask_find(at, "differs");
    int64_t candidates = ask_find(at, "candidates").as.i, nothing = ask_find(at, "nothing").as.i;
    int64_t fallback = ask_find(at, "fallback_only").as.i;
    buf_add_char(out, '\n');
    buf_add_str(out, name);
    buf_add_char(out, '\n');
    add_offers(out, a, at, persons);
    buf_add_text(out, "  of all candidates ");
    uint32_t told = 0;
    for (uint32_t i = 0; i < funnel.len; i++) {
        int64_t removed = ask_find(funnel.as.items[i], "removed").as.i;
        tact_str stage = ask_text(funnel.as.items[i], "stage");
        if (!removed) continue;
        buf_printf(out, "%s%.*s took %.1f %%", told++ ? ", " : "", (int)stage.len, stage.ptr,
                   percent(removed, candidates));
    }
    if (!told) buf_add_text(out, "no stage took any");
    buf_printf(out, "\n  only the fallback for %" PRId64 " (%.1f %%), nothing for %" PRId64 " (%.1f %%)\n", fallback,
               percent(fallback, persons), nothing, percent(nothing, persons));
    if (differs.kind == TACT_INT) {
        buf_printf(out, "  different for %" PRId64 " (%.1f %%)\n", differs.as.i, percent(differs.as.i, persons));
    }
}

static int print_result(arena *a, tact_value v) {
    buf out = buf_in(a);
    int64_t persons = ask_find(v, "persons").as.i;
    tact_value places = ask_find(v, "placements");
    buf_add_str(&out, ask_text(v, "bundle"));
    buf_printf(&out, ": %" PRId64 " person%s", persons, persons == 1 ? "" : "s");
    if (ask_text(v, "against").len) {
        buf_add_text(&out, ", compared with ");
        buf_add_str(&out, ask_text(v, "against"));
    }
    buf_printf(&out, ", in %.1f s\n", (double)ask_find(v, "took_ms").as.i / 1000);
    for (uint32_t i = 0; i < places.as.map->count; i++) {
        add_place(&out, a, value_str(places.as.map->entries[i].key), places.as.map->entries[i].value, persons);
    }
    tact_str text = buf_done(&out);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

// ---- Of a folder ----------------------------------------------------------------------------------------------------

static void draw(void *context, uint64_t done, uint64_t total) {
    progress *p = context;
    p->total = total;
    progress_step(p, done, done);
}

static bool read_options(const char *const *given, arena *a, simulate_options *o) {
    tact_error error;
    if (given[OPT_PLACEMENT]) o->placement = tact_str_from(given[OPT_PLACEMENT]);
    if (given[OPT_SAMPLE] && !num_parse_uint(tact_str_from(given[OPT_SAMPLE]), 10, &o->sample)) {
        cli_complain("`--sample`: `%s` is no number of persons", given[OPT_SAMPLE]);
        return false;
    }
    if (given[OPT_SAMPLE] && !o->sample) {
        cli_complain("`--sample`: a sample has at least one person; without it all are looked at");
        return false;
    }
    if (given[OPT_CONTEXT] && json_read(a, tact_str_from(given[OPT_CONTEXT]), &o->context, &error)) {
        cli_complain("`--context`: %s", error.text);
        return false;
    }
    if (given[OPT_CONTEXT] && o->context.kind != TACT_MAP) {
        cli_complain("`--context`: expected a JSON object");
        return false;
    }
    return answer_now(given[OPT_NOW], &o->now_ms);
}

static int simulate(cli_folder *place, const char *const *given, simulate_options *o) {
    progress p;
    tact_problem problem;
    tact_value result;
    progress_begin(&p, "persons", 0, given[OPT_QUIET] != NULL);
    o->progress = draw;
    o->progress_context = &p;
    tact_err err = simulate_run(place->store, o, &place->memory, &result, &problem);
    progress_end(&p);
    if (err) {
        cli_complain("%s", problem.text);
        return err == TACT_INVALID ? CLI_USAGE : err == TACT_IO || err == TACT_BUSY ? CLI_UNREACHABLE : CLI_FAILED;
    }
    return given[OPT_JSON] ? answer_json(stdout, result, &place->memory) : print_result(&place->memory, result);
}

static int compare(cli_folder *place, const char *const *given, simulate_options *o) {
    publish_files f, active_files;
    bundle *b = NULL, *active = NULL;
    bundles_version v;
    int code = rules_build(&f, &place->memory, given[OPT_BUNDLE], place, &b);
    if (code) return code;
    if (!bundles_active(&place->reader.txn, &place->memory, &v, NULL)) {
        o->against_name = rules_version_text(&place->memory, &v);
        code = rules_build(&active_files, &place->memory, "active", place, &active);
    }
    const char *what = given[OPT_BUNDLE];
    if (rules_is_version(what)) o->name = tact_str_from(strchr(what, '@') ? what : o->against_name);
    folder_unview(place); // which has its own
    o->bundle = b;
    o->against = active;
    if (!code) code = simulate(place, given, o);
    bundle_free(active);
    bundle_free(b);
    return code;
}

// ---- Of a server ----------------------------------------------------------------------------------------------------

// What was found, as a folder's is printed: without the `ok` of a reply.
static tact_value without_ok(cli_ask *a, tact_value reply) {
    value_entry *all = arena_array(&a->memory, reply.as.map->count, sizeof *all);
    size_t count = 0;
    for (uint32_t i = 0; all && i < reply.as.map->count; i++) {
        const value_entry *e = &reply.as.map->entries[i];
        if (!tact_str_equal(value_str(e->key), TACT_STR("ok"))) all[count++] = *e;
    }
    return form_map_of(&a->form, all, count);
}

static int put_request(cli_ask *a, const char *const *given) {
    const char *what = given[OPT_BUNDLE];
    simulate_options o = {.context = tact_null()};
    tact_value files;
    if (!read_options(given, &a->memory, &o)) return CLI_USAGE;
    const bool is_version = rules_is_version(what);
    int code = is_version ? ask_put_version(a, what) : upload_read(&a->memory, what, &files, NULL);
    if (code) return code;
    if (!is_version) form_put(&a->form, &a->request, "files", files);
    if (o.context.kind == TACT_MAP) form_put(&a->form, &a->request, "context", o.context);
    if (o.sample) form_put(&a->form, &a->request, "sample", tact_uint(o.sample));
    ask_put_text(a, "placement", given[OPT_PLACEMENT]);
    ask_put_text(a, "now", given[OPT_NOW]);
    return CLI_OK;
}

static int simulate_at(const ask_where *where, const char *const *given) {
    cli_ask a;
    tact_value reply;
    int code = ask_open(&a, where, true);
    if (!code) code = put_request(&a, given);
    if (!code) code = ask_answer(&a, "simulate", &reply);
    if (!code) {
        code = given[OPT_JSON] ? answer_json(stdout, without_ok(&a, reply), &a.memory) : print_result(&a.memory, reply);
    }
    ask_close(&a);
    return code;
}

// ---- The command ----------------------------------------------------------------------------------------------------

int cmd_simulate(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!given[OPT_BUNDLE]) return cli_complain("`--bundle BUNDLE` is needed; usage: %s", usage.line);
    if (!where.folder) return simulate_at(&where, given);
    cli_folder f;
    simulate_options o = {.context = tact_null()};
    int code = folder_open(&f, where.folder, NULL, true);
    if (!code && !read_options(given, &f.memory, &o)) code = CLI_USAGE;
    if (!code) code = compare(&f, given, &o);
    folder_close(&f);
    return code;
}
