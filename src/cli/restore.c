// SPDX-License-Identifier: Apache-2.0
//
// `tact restore`: makes a store of a backup.
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "store/backup.h"

// clang-format off
#define OPTIONS(X) \
    X(FROM,  "from",  "DIR", "the folder of the backup") \
    X(DB,    "db",    "DIR", "the folder to make; there must be none of that name") \
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
    .line = "tact restore --from DIR --db DIR",
    .about =
        "Verifies a backup by its checksum, then makes a store of it. An existing folder is never touched: move the\n"
        "old store aside first. Who was erased after the backup was made is there again: erase them again.\n"
        "\n"
        "  tact restore --from backups/2026-12-01 --db data\n"
        "\n"
        "Ends with 0; with 1 if the backup is not what it was, or there is something at DIR; with 2 if the command\n"
        "line is wrong; with 3 if a folder cannot be opened or written to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 0,
};

int cmd_restore(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!given[OPT_FROM]) return cli_complain("`--from DIR` is needed; usage: %s", usage.line);
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    tact_error error;
    progress p;
    progress_begin(&p, "bytes", 0, given[OPT_QUIET] != NULL);
    tact_err err = backup_restore(given[OPT_FROM], given[OPT_DB], answer_progress, &p, &error);
    progress_end(&p);
    if (err) return answer_failed(err, &error);
    printf("restored  %s\n", given[OPT_DB]);
    return CLI_OK;
}
