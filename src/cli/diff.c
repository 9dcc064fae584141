// SPDX-License-Identifier: Apache-2.0
//
// `tact diff`: what is different between two bundles, in the words of who writes them.
#include "bundle/diff.h"

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/rules.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,   "db",   "DIR", "the folder of the store that versions are in") \
    X(JSON, "json", NULL,  "print it as JSON") \
    X(HELP, "help", NULL,  "show this")
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
    .line = "tact diff A B [--db DIR]",
    .about =
        "Tells what is in B and not in A, what is gone from it, and what has changed and how: offers, placements,\n"
        "segments, rules, caps, the schema, tests. Each of the two is a folder of rules or, in a store, a version or\n"
        "`active`. In which file and in what order things stand, comments and quotes make no difference.\n"
        "\n"
        "  tact diff active rules/shop --db data     what publishing would change\n"
        "  tact diff shop@3 shop@4 --db data\n"
        "  tact diff 3 4 --db data                   of the active bundle's name\n"
        "  tact diff rules/before rules/after\n"
        "\n"
        "Ends with 0, whether there is a difference or not; with 1 if one of the two has faults of form or is not\n"
        "there; with 2 if the command line is wrong; with 3 if a folder cannot be read.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 2,
};

static int print(const diff *d, bool json) {
    if (json) return answer_json(stdout, diff_value(d), d->arena);
    tact_str text = diff_text(d);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

static int compare(const char *const *operands, cli_folder *place, bool json) {
    arena a;
    publish_files before, after;
    diff d;
    arena_init(&a, 0);
    int code = rules_read(&before, &a, operands[0], place);
    if (!code) code = rules_read(&after, &a, operands[1], place);
    if (!code) {
        diff_drafts(&d, &a, &before.draft, &after.draft);
        code = print(&d, json);
    }
    arena_fini(&a);
    return code;
}

int cmd_diff(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[2] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (args.operands_count < 2) return cli_complain("two bundles are needed; usage: %s", usage.line);
    bool json = given[OPT_JSON] != NULL;
    if (!given[OPT_DB]) return compare(operands, NULL, json);
    cli_folder place;
    int code = folder_open(&place, given[OPT_DB], NULL, true);
    if (!code) code = compare(operands, &place, json);
    folder_close(&place);
    return code;
}
