// SPDX-License-Identifier: Apache-2.0
//
// `tact context`: what a chat assistant may be told of a person.
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"

#include "base/num.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(PERSON,  "person",  "WHO",  "NAMESPACE:VALUE, or a person's number") \
    X(CHANNEL, "channel", "NAME", "where it is said: offers are those of the channel's placements") \
    X(CONTEXT, "context", "JSON", "what the request carries: {\"intent\": \"order\"}") \
    X(BUDGET,  "budget",  "N",    "tokens that the reply may take, about 4 bytes each; 500 by default") \
    X(NOW,     "now",     "TIME", "as of a time such as 2026-12-01T10:00:00Z; now by default") \
    X(JSON,    "json",    NULL,   "print the reply as it travels, on one line") \
    X(HELP,    "help",    NULL,   "show this")
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
    .line = "tact context --db DIR|--to URL --person WHO [--channel NAME] [--budget N] [--json]",
    .about =
        "Says what a chat assistant may be told of a person, the most useful first, within a budget. Attributes whose\n"
        "purpose is not granted are left out, and counted. Nothing is changed.\n"
        "\n"
        "  tact context --db data --person cookie:7f3 --channel chat --budget 200\n"
        "\n"
        "Ends with 0; with 1 if there is no such person; with 2 if the command line is wrong; with 3 if the\n"
        "folder cannot be opened, or no server can be reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
};

// A line for each part of the reply, and one for each item of a list.
static int print_reply(arena *a, tact_value reply) {
    buf out = buf_in(a);
    for (uint32_t i = 0; i < reply.as.map->count; i++) {
        tact_str name = value_str(reply.as.map->entries[i].key);
        tact_value v = reply.as.map->entries[i].value;
        if (v.kind == TACT_BOOL) continue; // ok
        buf_add_str(&out, name);
        buf_add_text(&out, v.kind == TACT_LIST ? ":" : ": ");
        if (v.kind == TACT_STRING) {
            answer_add_shown(&out, value_str(v));
        } else if (v.kind != TACT_LIST) {
            value_print_within(&out, v, 10000);
        }
        for (uint32_t k = 0; v.kind == TACT_LIST && k < v.len; k++) {
            buf_add_text(&out, "\n  ");
            value_print_within(&out, v.as.items[k], 1000);
        }
        buf_add_char(&out, '\n');
    }
    tact_str text = buf_done(&out);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

static int ask(cli_ask *a, const char *const *given) {
    uint64_t budget;
    tact_value reply;
    if (!ask_put_person(a, given[OPT_PERSON])) return CLI_USAGE;
    if (!ask_put_json(a, "context", "context", TACT_MAP, given[OPT_CONTEXT])) return CLI_USAGE;
    ask_put_text(a, "channel", given[OPT_CHANNEL]);
    ask_put_text(a, "now", given[OPT_NOW]);
    if (given[OPT_BUDGET]) {
        if (!num_parse_uint(tact_str_from(given[OPT_BUDGET]), 10, &budget)) {
            return cli_complain("`--budget`: `%s` is no number of tokens", given[OPT_BUDGET]);
        }
        form_put(&a->form, &a->request, "budget", tact_uint(budget));
    }
    int code = ask_answer(a, "context", &reply);
    if (code) return code;
    return given[OPT_JSON] ? answer_json(stdout, reply, &a->memory) : print_reply(&a->memory, reply);
}

int cmd_context(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!given[OPT_PERSON]) return cli_complain("`--person WHO` is needed; usage: %s", usage.line);
    cli_ask a;
    int code = ask_open(&a, &where, true);
    if (!code) code = ask(&a, given);
    ask_close(&a);
    return code;
}
