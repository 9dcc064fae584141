// SPDX-License-Identifier: Apache-2.0
//
// `tact fsck`: checks everything in a store. It takes one view for as long as it takes, so that what it sees is of one
// moment; on a folder that is written to meanwhile the files grow until it ends.
#include <inttypes.h>

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,    "db",    "DIR", "the folder of the store, or of a backup") \
    X(JSON,  "json",  NULL,  "print the counts as JSON") \
    X(QUIET, "quiet", NULL,  "show no progress") \
    X(HELP,  "help",  NULL,  "show this")
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
    .line = "tact fsck --db DIR",
    .about =
        "Checks that everything in a store is as it must be: every identity, link, record, event and count is read\n"
        "and held against what it follows from. Changes nothing; others may use the store meanwhile.\n"
        "\n"
        "  tact fsck --db data\n"
        "\n"
        "Ends with 0; with 1 and the first thing that is not right; with 2 if the command line is wrong; with 3 if\n"
        "the folder cannot be opened.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 0,
};

static int print_counts(cli_folder *f, const fsck_counts *counts, int64_t took_ms, bool json) {
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {{"persons", counts->persons}, {"identities", counts->identities}, {"events", counts->events}};
    enum { ROWS = sizeof rows / sizeof *rows };
    if (json) {
        value_entry fields[ROWS + 1];
        for (int i = 0; i < ROWS; i++) fields[i] = answer_field(rows[i].name, tact_uint(rows[i].count));
        fields[ROWS] = answer_field("took_ms", tact_int(took_ms));
        return answer_json(stdout, answer_map(&f->memory, fields, ROWS + 1), &f->memory);
    }
    for (int i = 0; i < ROWS; i++) {
        char text[PROGRESS_COUNT];
        printf("%-11s %s\n", rows[i].name, progress_count(text, rows[i].count));
    }
    printf("no faults, in %" PRId64 ".%03" PRId64 " s\n", took_ms / 1000, took_ms % 1000);
    return CLI_OK;
}

static int run(cli_folder *f, bool json, bool quiet) {
    fsck_counts counts;
    tact_error error;
    int64_t begun_ms = clock_mono_ms();
    progress p;
    progress_begin(&p, "rows", 0, quiet);
    tact_err err = store_fsck(&f->reader, answer_progress, &p, &counts, &error);
    progress_end(&p);
    return err ? answer_failed(err, &error) : print_counts(f, &counts, clock_mono_ms() - begun_ms, json);
}

int cmd_fsck(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    cli_folder f;
    const db_options how = {.read_only = true, .view_max_ms = UINT32_MAX};
    int code = folder_open_with(&f, given[OPT_DB], NULL, (store_options){.db = how});
    if (!code) code = run(&f, given[OPT_JSON] != NULL, given[OPT_QUIET] != NULL);
    folder_close(&f);
    return code;
}
