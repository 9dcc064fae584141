// SPDX-License-Identifier: Apache-2.0
//
// `tact export`: all that is held of a person, as JSON. A file that it makes is for its owner's eyes only, and is there
// whole or not at all.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(OUT,  "out",  "FILE", "write to a file instead of standard output") \
    X(NOW,  "now",  "TIME", "aggregates as of a time such as 2026-12-01T10:00:00Z; now by default") \
    X(HELP, "help", NULL,   "show this")
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
    .line = "tact export ID|NAMESPACE:VALUE --db DIR|--to URL [--out FILE]",
    .about = "Prints all that is held of a person as one JSON object: identities, attributes from every source,\n"
             "everything ever said about consents, events, aggregates and counters, with sources and times.\n"
             "\n"
             "  tact export email:ann@example.com --db data --out ann.json\n"
             "\n"
             "Ends with 0; with 1 if there is no such person; with 2 if the command line is wrong; with 3 if the\n"
             "folder cannot be opened or the file cannot be written.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
    .operands_max = 1,
};

static int cannot_write(const char *path) {
    cli_complain("%s: %s", path, strerror(errno));
    return CLI_UNREACHABLE;
}

static int write_file(const char *path, tact_value v, arena *a) {
    const char *partial = arena_printf(a, "%s.partial", path);
    if (!partial) return cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    (void)unlink(partial); // of an attempt that was interrupted; whose it was must not say who may read this one
    int fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "wb") : NULL;
    if (!file) return cannot_write(partial);
    int code = answer_json(file, v, a);
    bool written = !ferror(file);
    if (fclose(file) || !written) code = cannot_write(partial);
    if (!code && rename(partial, path)) code = cannot_write(path);
    if (code) (void)unlink(partial);
    return code;
}

static int run(cli_folder *f, const char *whom, const char *out, int64_t now_ms) {
    record r;
    tact_value held;
    tact_error error;
    int code = folder_person(f, whom, &r);
    if (code) return code;
    tact_err err = store_export(&f->reader, &f->memory, record_person(&r), now_ms, &held, &error);
    if (err) return answer_failed(err, &error);
    return out ? write_file(out, held, &f->memory) : answer_json(stdout, held, &f->memory);
}

static int run_at(const ask_where *where, const char *whom, const char *out, const char *now) {
    cli_ask a;
    tact_value reply;
    int code = ask_open(&a, where, true);
    if (!code && !ask_put_person(&a, whom)) code = CLI_USAGE;
    ask_put_text(&a, "now", now);
    if (!code) code = ask_answer(&a, "person", &reply);
    const tact_value held = code ? tact_null() : ask_find(reply, "person");
    if (!code) code = out ? write_file(out, held, &a.memory) : answer_json(stdout, held, &a.memory);
    ask_close(&a);
    return code;
}

int cmd_export(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    int64_t now_ms;
    if (!args.operands_count) return cli_complain("a person is needed; usage: %s", usage.line);
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!answer_now(given[OPT_NOW], &now_ms)) return CLI_USAGE;
    if (!where.folder) return run_at(&where, operands[0], given[OPT_OUT], given[OPT_NOW]);
    cli_folder f;
    int code = folder_open(&f, given[OPT_DB], NULL, true);
    if (!code) code = run(&f, operands[0], given[OPT_OUT], now_ms);
    folder_close(&f);
    return code;
}
