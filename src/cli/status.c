// SPDX-License-Identifier: Apache-2.0
//
// `tact status`: how an engine is, or a server.
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(JSON, "json", NULL, "print the reply as it travels, on one line") \
    X(HELP, "help", NULL, "show this")
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
    .line = "tact status --db DIR|--to URL [--json]",
    .about = "Says how a store is: what is active, how much there is; of a server also how fast it answers.\n"
             "\n"
             "  tact status --db data\n"
             "  tact status --to tcp://127.0.0.1:7420 --json\n"
             "\n"
             "Ends with 0; with 1 if the server does not allow it; with 2 if the command line is wrong; with 3 if the\n"
             "folder cannot be opened, or no server can be reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
};

enum { LEVELS = 4, STEP = 2 };

// A line for each part, and those of a part below it.
static void add_parts(buf *out, tact_value v, int level) {
    for (uint32_t i = 0; i < v.as.map->count; i++) {
        const value_entry *e = &v.as.map->entries[i];
        if (level == 0 && tact_str_equal(value_str(e->key), TACT_STR("ok"))) continue;
        buf_add_repeat(out, ' ', (size_t)level * STEP);
        buf_add_str(out, value_str(e->key));
        buf_add_char(out, ':');
        if (e->value.kind == TACT_MAP && level + 1 < LEVELS) {
            buf_add_char(out, '\n');
            add_parts(out, e->value, level + 1);
            continue;
        }
        buf_add_char(out, ' ');
        if (e->value.kind == TACT_STRING) {
            answer_add_shown(out, value_str(e->value));
        } else {
            value_print_within(out, e->value, 1000);
        }
        buf_add_char(out, '\n');
    }
}

static int print_reply(arena *a, tact_value reply) {
    buf out = buf_in(a);
    add_parts(&out, reply, 0);
    tact_str text = buf_done(&out);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

int cmd_status(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    cli_ask a;
    tact_value reply;
    int code = ask_open(&a, &where, true);
    if (!code) code = ask_answer(&a, "status", &reply);
    if (!code) code = given[OPT_JSON] ? answer_json(stdout, reply, &a.memory) : print_reply(&a.memory, reply);
    ask_close(&a);
    return code;
}
