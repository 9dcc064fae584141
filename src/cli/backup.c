// SPDX-License-Identifier: Apache-2.0
//
// `tact backup`: a copy of a store while it is in use, and whether a copy is still what it was. What was written is
// read again before it is called a backup.
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "store/backup.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,    "db",    "DIR", "the folder of the store") \
    X(TO,    "to",    "DIR", "the folder to make; there must be none of that name") \
    X(CHECK, "check", "DIR", "make none, but say whether this one is complete and unaltered") \
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
    .line = "tact backup --db DIR --to DIR | tact backup --check DIR",
    .about =
        "Copies a store, as it was at one moment, into a new folder; others may read and write meanwhile. The copy is\n"
        "written to disk, read again, and has its name only when it is complete. `tact restore` makes a store of it.\n"
        "\n"
        "  tact backup --db data --to backups/2026-12-01\n"
        "  tact backup --check backups/2026-12-01\n"
        "\n"
        "Ends with 0; with 1 if there is something of that name, or the copy is not what it was; with 2 if the\n"
        "command line is wrong; with 3 if a folder cannot be opened or written to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 0,
};

static int check(const char *folder, const char *made, bool quiet) {
    backup_info info;
    tact_error error;
    progress p;
    progress_begin(&p, "bytes", 0, quiet);
    tact_err err = backup_verify(folder, answer_progress, &p, &info, &error);
    progress_end(&p);
    if (err) return answer_failed(err, &error);
    char bytes[PROGRESS_COUNT];
    arena a;
    arena_init(&a, 0);
    buf out = buf_in(&a);
    buf_printf(&out, "%-9s %s\nbytes     %s\ntime      ", made, folder, progress_count(bytes, info.bytes));
    value_print_timestamp(&out, answer_time(info.time_ms));
    buf_printf(&out, "\nchecksum  %s\n", info.sum);
    cli_print(stdout, buf_done(&out));
    arena_fini(&a);
    return CLI_OK;
}

// Whether a new folder `to` would lie within `folder`, which is there.
static bool is_within(const char *folder, const char *to) {
    char parent[PATH_MAX], outer[PATH_MAX], inner[PATH_MAX];
    size_t len = strlen(to);
    while (len > 1 && to[len - 1] == '/') len--;
    while (len > 0 && to[len - 1] != '/') len--; // its last part is not there yet
    if (len + 2 > sizeof parent) return false;
    snprintf(parent, sizeof parent, "%.*s.", (int)len, to);
    if (!realpath(folder, outer) || !realpath(parent, inner)) return false;
    len = strlen(outer);
    return strncmp(outer, inner, len) == 0 && (inner[len] == '\0' || inner[len] == '/');
}

static int make(const char *folder, const char *to, bool quiet) {
    cli_folder f;
    tact_error error;
    int code = folder_open(&f, folder, NULL, true);
    if (!code && is_within(folder, to)) {
        code = cli_complain("`--to %s` lies within the store's own folder; a backup belongs elsewhere", to);
    } else if (!code) {
        folder_unview(&f); // which would pin pages as long as the copy takes
        progress p;
        progress_begin(&p, "bytes", 0, quiet);
        tact_err err = backup_write(store_db(f.store), to, answer_progress, &p, &error);
        progress_end(&p);
        if (err) code = answer_failed(err, &error);
    }
    folder_close(&f);
    return code ? code : check(to, "backup", quiet);
}

int cmd_backup(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    bool quiet = given[OPT_QUIET] != NULL;
    if (given[OPT_CHECK]) {
        if (given[OPT_DB] || given[OPT_TO]) return cli_complain("`--check` goes with neither `--db` nor `--to`");
        return check(given[OPT_CHECK], "intact", quiet);
    }
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    if (!given[OPT_TO]) return cli_complain("`--to DIR` is needed; usage: %s", usage.line);
    return make(given[OPT_DB], given[OPT_TO], quiet);
}
