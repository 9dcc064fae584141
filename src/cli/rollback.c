// SPDX-License-Identifier: Apache-2.0
//
// `tact rollback`: makes a version active again that was published before.
#include "base/clock.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/rules.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
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
    .line = "tact rollback [VERSION] --db DIR|--to URL",
    .about =
        "Makes a version active that was published before; without one, the version that was active before this one,\n"
        "so that doing it twice changes nothing. Its files are read and compiled again first, against the store's\n"
        "schema changed back to theirs. What is stored may not allow that (an int that has become a double stays\n"
        "one): then nothing is changed, and the reason is told.\n"
        "\n"
        "  tact rollback --db data\n"
        "  tact rollback shop@3 --db data\n"
        "  tact rollback 3 --db data\n"
        "\n"
        "Ends with 0; with 1 if there is no such version or it cannot be active; with 2 if the command line is wrong;\n"
        "with 3 if the folder cannot be opened or written to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
    .operands_max = 1,
};

static int roll_back(cli_folder *place, tact_str name, uint64_t number) {
    arena a;
    publish_files f;
    publish_result r;
    tact_error error;
    arena_init(&a, 0);
    int code = CLI_OK;
    tact_err err = publish_version(place->store, &a, name, number, clock_wall_ms(), &f, &r, &error);
    if (err) {
        code = rules_failed(&f.report, err, &error);
        cli_complain("nothing was changed");
    } else {
        printf("%s is active %s%s\n", rules_version_text(&a, &r.version),
               r.already ? "already; nothing was changed" : "again",
               r.schema_changed ? "; the schema was changed back with it" : "");
        bundle_free(r.bundle);
    }
    arena_fini(&a);
    return code;
}

static int find_version(cli_folder *place, const char *text, tact_str *name, uint64_t *number) {
    int code = folder_view(place);
    if (!code) code = rules_version(place, text, name, number);
    folder_unview(place);
    return code;
}

static int roll_back_at(const ask_where *where, const char *version) {
    cli_ask a;
    tact_value reply;
    int code = ask_open(&a, where, false);
    if (!code && version) code = ask_put_version(&a, version);
    if (!code) code = ask_answer(&a, "rollback", &reply);
    if (!code) {
        const tact_str name = ask_text(reply, "bundle");
        printf("%.*s is active %s%s\n", (int)name.len, name.ptr,
               ask_flag(reply, "already") ? "already; nothing was changed" : "again",
               ask_flag(reply, "schema_changed") ? "; the schema was changed back with it" : "");
    }
    ask_close(&a);
    return code;
}

int cmd_rollback(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (operands[0] && strcmp(operands[0], "active") == 0) {
        return cli_complain("`active` is active; a version such as shop@3 is needed");
    }
    if (!where.folder) return roll_back_at(&where, operands[0]);
    cli_folder place;
    tact_str name = TACT_STR("");
    uint64_t number = 0;
    int code = rules_open(&place, given[OPT_DB]);
    if (!code && operands[0]) code = find_version(&place, operands[0], &name, &number);
    if (!code) code = roll_back(&place, name, number);
    folder_close(&place);
    return code;
}
