// SPDX-License-Identifier: Apache-2.0
//
// `tact fsck`: checks everything in a store. It takes one view for as long as it takes, so that what it sees is of one
// moment; on a folder that is written to meanwhile the files grow until it ends. Subtle: LMDB trusts the pages of its
// file, and reading a damaged one can end a process; so a child process does the work, and this one says what became of
// it.
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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
        "the folder cannot be opened. A file that is damaged so that it cannot be read ends with 1, too.\n",
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

// Signals that a process gets for what it reads; any other was sent by somebody.
static bool is_of_damage(int signal) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (signals[i] == signal) return true;
    }
    return false;
}

// How the child ended is how this ends.
static int await(pid_t child, const char *folder) {
    int how;
    while (waitpid(child, &how, 0) < 0) {
        if (errno == EINTR) continue;
        cli_complain("%s: the check is lost: %s", folder, strerror(errno));
        return CLI_UNREACHABLE;
    }
    if (WIFEXITED(how)) return WEXITSTATUS(how);
    int signal = WTERMSIG(how);
    if (is_of_damage(signal)) {
        cli_complain("%s: its files are damaged so that they cannot be read (%s); restore a backup", folder,
                     strsignal(signal));
        return CLI_FAILED;
    }
    raise(signal); // so that whoever sees how this ends sees that; it goes on where the signal is ignored
    cli_complain("%s: the check was ended (%s)", folder, strsignal(signal));
    return CLI_UNREACHABLE;
}

// In the child, which is not to outlive who waits for it, nor to leave a core file of a size like the store's.
static void settle_in(pid_t parent) {
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) raise(SIGTERM); // it ended before that
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
    pid_t parent = getpid(), child = fork();
    if (child < 0) {
        cli_complain("the check cannot be begun: %s", strerror(errno));
        return CLI_UNREACHABLE;
    }
    if (child > 0) return await(child, given[OPT_DB]);
    settle_in(parent);
    cli_folder f;
    const db_options how = {.read_only = true, .view_max_ms = UINT32_MAX};
    int code = folder_open_with(&f, given[OPT_DB], NULL, (store_options){.db = how});
    if (!code) code = run(&f, given[OPT_JSON] != NULL, given[OPT_QUIET] != NULL);
    folder_close(&f);
    return code;
}
