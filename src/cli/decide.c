// SPDX-License-Identifier: Apache-2.0
//
// `tact decide`: what a person is shown, as a table; with --explain why, as a waterfall of what each stage took away.
#include <stdio.h>
#include <unistd.h>

#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/table.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(PERSON,    "person",    "WHO",       "NAMESPACE:VALUE, or a person's number; nobody by default") \
    X(PLACEMENT, "placement", "NAME,...",  "what is to be filled, in this order") \
    X(CONTEXT,   "context",   "JSON",      "what the request carries: {\"device\": \"mobile\"}") \
    X(EVENTS,    "events",    "JSON",      "what happens with it: [{\"type\": \"page_view\"}]") \
    X(DECISION,  "decision",  "ID",        "the decision's id: with that of an earlier one ties fall the same way") \
    X(EXPLAIN,   "explain",   NULL,        "say why, and change nothing") \
    X(DRY,       "dry",       NULL,        "change nothing: count nothing, keep no event") \
    X(NOW,       "now",       "TIME",      "as of a time such as 2026-12-01T10:00:00Z; dry") \
    X(JSON,      "json",      NULL,        "print the reply as JSON") \
    X(HELP,      "help",      NULL,        "show this")
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
    .line = "tact decide --db DIR|--to URL --placement NAME,... [--person WHO] [OPTION]...",
    .about =
        "Decides what to show to a person by the active bundle of a store. Unless it is dry, what is shown counts, as\n"
        "it does for a program that asks; a folder that another process writes to can be asked only dry.\n"
        "\n"
        "  tact decide --db data --person email:ann@example.com --placement home_hero --context '{\"device\": "
        "\"mobile\"}'\n"
        "  tact decide --db data --person 4711 --placement home_hero --explain\n"
        "\n"
        "Ends with 0; with 1 if nothing is published; with 2 if the command line is wrong; with 3 if the folder\n"
        "cannot be opened or written to, or no server can be reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
};

// ---- The answer -----------------------------------------------------------------------------------------------------

static tact_str number_text(arena *a, tact_value v) {
    buf out = buf_in(a);
    if (v.kind == TACT_DOUBLE) {
        buf_printf(&out, "%.4g", v.as.d == 0 ? 0.0 : v.as.d); // not -0
    } else if (v.kind != TACT_NULL) {
        value_print_within(&out, v, 20);
    }
    return buf_done(&out);
}

// The first text of a content, which is enough to know it by.
static tact_str first_text(tact_value content) {
    for (uint32_t i = 0; content.kind == TACT_MAP && i < content.as.map->count; i++) {
        if (content.as.map->entries[i].value.kind == TACT_STRING) return value_str(content.as.map->entries[i].value);
    }
    return (tact_str){"", 0};
}

static void add_places(buf *out, arena *a, tact_value places) {
    table t = table_in(a, 5);
    for (uint32_t i = 0; i < places.as.map->count; i++) {
        tact_str name = value_str(places.as.map->entries[i].key);
        tact_value choices = places.as.map->entries[i].value;
        for (uint32_t k = 0; k < choices.len; k++) {
            tact_value one = choices.as.items[k];
            bool fallback = ask_find(one, "fallback").kind == TACT_BOOL;
            table_add(&t, k ? TACT_STR("") : name);
            table_add(&t, ask_text(one, "offer"));
            table_add(&t, fallback ? TACT_STR("fallback") : number_text(a, ask_find(one, "score")));
            table_add(&t, TACT_STR(""));
            table_add(&t, first_text(ask_find(one, "content")));
        }
        if (choices.len) continue;
        table_add(&t, name);
        table_add(&t, TACT_STR("nothing"));
        for (int c = 0; c < 3; c++) table_add(&t, TACT_STR(""));
    }
    table_print(out, &t, "");
}

static void add_arms(buf *out, tact_value reply) {
    tact_value arms = ask_find(reply, "arms");
    for (uint32_t i = 0; i < arms.as.map->count; i++) {
        buf_add_text(out, i ? ", " : "experiments: ");
        buf_add_str(out, value_str(arms.as.map->entries[i].key));
        buf_add_text(out, " = ");
        buf_add_str(out, value_str(arms.as.map->entries[i].value));
    }
    if (arms.as.map->count) buf_add_char(out, '\n');
    if (ask_find(reply, "held_out").kind == TACT_BOOL)
        buf_add_text(out, "held out: does not see what the holdout keeps back\n");
}

// ---- The waterfall --------------------------------------------------------------------------------------------------

static void add_terms(buf *out, tact_value offer) {
    tact_value terms = ask_find(offer, "terms");
    for (uint32_t i = 0; terms.kind == TACT_MAP && i < terms.as.map->count; i++) {
        buf_add_text(out, i ? ", " : " of ");
        buf_add_str(out, value_str(terms.as.map->entries[i].key));
        buf_add_char(out, ' ');
        value_print_within(out, terms.as.map->entries[i].value, 20);
    }
}

static void add_caps(buf *out, tact_value offer) {
    tact_value caps = ask_find(offer, "caps");
    for (uint32_t i = 0; caps.kind == TACT_LIST && i < caps.len; i++) {
        tact_value cap = caps.as.items[i];
        buf_add_text(out, "      ");
        buf_add_str(out, ask_text(cap, "cap"));
        buf_printf(out, ": counted %lld of %lld\n", (long long)ask_find(cap, "counted").as.i,
                   (long long)ask_find(cap, "max").as.i);
    }
}

enum { DEPTH_MAX = 16 }; // of segments within segments that are told

// "profile.recency is 10, from crm, 2 days ago" of what a rule read, and below a segment what it read in turn.
static void add_reads(buf *out, tact_value of, tact_value reads, int depth) {
    tact_value names = ask_find(of, "reads");
    for (uint32_t i = 0; names.kind == TACT_LIST && i < names.len; i++) {
        const tact_value *read = value_map_get_str(reads.as.map, value_str(names.as.items[i]));
        if (!read || depth == DEPTH_MAX) continue;
        tact_str absent = ask_text(*read, "absent");
        for (int k = 0; k < depth + 3; k++) buf_add_text(out, "  ");
        buf_add_str(out, value_str(names.as.items[i]));
        buf_add_text(out, absent.len ? " is absent: " : " is ");
        if (absent.len) {
            answer_add_shown(out, absent);
        } else {
            value_print_within(out, ask_find(*read, "value"), 20);
        }
        if (ask_text(*read, "source").len) {
            buf_add_text(out, ", from ");
            buf_add_str(out, ask_text(*read, "source"));
        }
        if (ask_find(*read, "age_s").kind == TACT_INT) {
            buf_add_text(out, ", ");
            answer_add_age(out, ask_find(*read, "age_s").as.i);
        }
        if (ask_text(*read, "decided").len) {
            buf_add_text(out, ", by ");
            answer_add_shown(out, ask_text(*read, "decided"));
        }
        buf_add_char(out, '\n');
        add_reads(out, *read, reads, depth + 1);
    }
}

static void add_removed(buf *out, tact_value offer, tact_value reads) {
    tact_str rule = ask_text(offer, "rule");
    buf_add_text(out, "    ");
    buf_add_str(out, ask_text(offer, "offer"));
    buf_add_text(out, ": ");
    if (rule.len) {
        answer_add_shown(out, ask_text(offer, "decided"));
        if (ask_find(offer, "value").kind == TACT_BOOL) {
            buf_add_text(out, " does not hold");
        } else {
            buf_add_text(out, " has no value: ");
            answer_add_shown(out, ask_text(offer, "why"));
        }
        buf_add_text(out, " (");
        buf_add_str(out, rule);
        buf_add_text(out, ", ");
        buf_add_str(out, ask_text(offer, "at"));
        buf_add_text(out, ")\n");
        add_reads(out, offer, reads, 0);
        return;
    }
    answer_add_shown(out, ask_text(offer, "why"));
    if (ask_find(offer, "score").kind == TACT_DOUBLE) buf_printf(out, ", score %.6g", ask_find(offer, "score").as.d);
    buf_add_char(out, '\n');
}

static void add_shown(buf *out, tact_value offer) {
    buf_printf(out, "  %lld. ", (long long)ask_find(offer, "rank").as.i);
    buf_add_str(out, ask_text(offer, "offer"));
    buf_printf(out, ", score %.6g", ask_find(offer, "score").as.d);
    add_terms(out, offer);
    buf_add_char(out, '\n');
    add_caps(out, offer);
}

static void add_waterfall(buf *out, tact_str name, tact_value at, tact_value reads) {
    tact_value funnel = ask_find(at, "funnel"), offers = ask_find(at, "offers");
    tact_str ranking = ask_text(at, "ranking");
    buf_add_char(out, '\n');
    buf_add_str(out, name);
    buf_printf(out, ": %lld candidate%s", (long long)ask_find(at, "candidates").as.i,
               ask_find(at, "candidates").as.i == 1 ? "" : "s");
    if (ranking.len) {
        buf_add_text(out, ", ranked by ");
        buf_add_str(out, ranking);
    }
    buf_add_char(out, '\n');
    for (uint32_t i = 0; i < funnel.len; i++) {
        tact_value stage = funnel.as.items[i];
        tact_str stage_name = ask_text(stage, "stage");
        if (!ask_find(stage, "removed").as.i) continue;
        buf_printf(out, "  %-10.*s -%lld, %lld left\n", (int)stage_name.len, stage_name.ptr,
                   (long long)ask_find(stage, "removed").as.i, (long long)ask_find(stage, "left").as.i);
        for (uint32_t k = 0; k < offers.len; k++) {
            bool here = tact_str_equal(ask_text(offers.as.items[k], "stage"), stage_name);
            if (here) add_removed(out, offers.as.items[k], reads);
        }
    }
    for (uint32_t i = 0; i < offers.len; i++) {
        if (ask_find(offers.as.items[i], "rank").kind == TACT_INT) add_shown(out, offers.as.items[i]);
    }
}

static int print_reply(arena *a, tact_value reply) {
    buf out = buf_in(a);
    tact_value explain = ask_find(reply, "explain"), person = ask_find(reply, "person");
    add_places(&out, a, ask_find(reply, "placements"));
    add_arms(&out, reply);
    buf_add_text(&out, "by ");
    buf_add_str(&out, ask_text(reply, "bundle"));
    buf_add_text(&out, ", for ");
    if (person.kind == TACT_INT) {
        buf_printf(&out, "person %lld", (long long)person.as.i);
    } else {
        buf_add_text(&out, "somebody who is not known");
    }
    buf_add_text(&out, ", decision ");
    answer_add_shown(&out, ask_text(reply, "decision"));
    buf_add_char(&out, '\n');
    tact_value places = ask_find(explain, "placements");
    for (uint32_t i = 0; places.kind == TACT_MAP && i < places.as.map->count; i++) {
        add_waterfall(&out, value_str(places.as.map->entries[i].key), places.as.map->entries[i].value,
                      ask_find(explain, "reads"));
    }
    tact_str text = buf_done(&out);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

// ---- The command ----------------------------------------------------------------------------------------------------

static int ask(cli_ask *a, const char *const *given) {
    bool dry = given[OPT_DRY] || given[OPT_NOW];
    tact_value reply;
    if (!ask_put_person(a, given[OPT_PERSON])) return CLI_USAGE;
    if (!ask_put_json(a, "context", "context", TACT_MAP, given[OPT_CONTEXT])) return CLI_USAGE;
    if (!ask_put_json(a, "events", "events", TACT_LIST, given[OPT_EVENTS])) return CLI_USAGE;
    ask_put_list(a, "placements", given[OPT_PLACEMENT]);
    ask_put_text(a, "decision", given[OPT_DECISION]);
    ask_put_text(a, "now", given[OPT_NOW]);
    if (given[OPT_EXPLAIN]) form_put(&a->form, &a->request, "explain", tact_bool(true));
    if (dry) form_put(&a->form, &a->request, "dry", tact_bool(true));
    int code = ask_answer(a, given[OPT_EXPLAIN] ? "explain" : "decide", &reply);
    if (code) return code;
    return given[OPT_JSON] ? answer_json(stdout, reply, &a->memory) : print_reply(&a->memory, reply);
}

// Opening another folder for writing would make one.
static bool is_store(const char *folder) {
    char path[4096];
    int len = folder ? snprintf(path, sizeof path, "%s/data.mdb", folder) : -1;
    return len >= 0 && (size_t)len < sizeof path && access(path, F_OK) == 0;
}

int cmd_decide(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!given[OPT_PLACEMENT]) return cli_complain("`--placement NAME` is needed; usage: %s", usage.line);
    cli_ask a;
    bool changes = !given[OPT_DRY] && !given[OPT_NOW] && !given[OPT_EXPLAIN];
    int code = ask_open(&a, &where, !changes || !is_store(where.folder));
    if (!code) code = ask(&a, given);
    ask_close(&a);
    return code;
}
