// SPDX-License-Identifier: Apache-2.0
//
// `tact COMMAND …`: finds the command in the table and runs it.
#include "base/near.h"
#include "cli/cli.h"

typedef struct command {
    const char *name, *summary;
    cli_command *run;
} command;

static const command commands[] = {
#define X(name, summary) {#name, summary, cmd_##name},
#include "cli/cmd_tbl.h"
#undef X
};
#define COMMANDS_COUNT (sizeof commands / sizeof *commands)

static void help(FILE *out) {
    fputs("tact: personalization decisions\n\nusage: tact COMMAND [ARGUMENT]...\n\ncommands:\n", out);
    for (size_t i = 0; i < COMMANDS_COUNT; i++) fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`tact COMMAND --help` says more; `tact --version` names the version.\n", out);
}

static int run(int argc, char **argv) {
    if (argc < 2) {
        help(stderr);
        return CLI_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        help(stdout);
        return CLI_OK;
    }
    if (strcmp(name, "--version") == 0) {
        puts("tact " TACT_VERSION);
        return CLI_OK;
    }
    near n = near_to(tact_str_from(name));
    for (size_t i = 0; i < COMMANDS_COUNT; i++) {
        if (strcmp(name, commands[i].name) == 0) return commands[i].run(argc - 2, argv + 2);
        near_offer(&n, tact_str_from(commands[i].name));
    }
    if (n.best.len)
        return cli_complain("unknown command `%s`; did you mean `%.*s`?", name, (int)n.best.len, n.best.ptr);
    return cli_complain("unknown command `%s`; `tact --help` lists them", name);
}

int main(int argc, char **argv) {
    int code = run(argc, argv);
    // What could not be written (a full disk, a closed pipe) was not done.
    if (!fflush(stdout) && !ferror(stdout)) return code;
    cli_complain("standard output cannot be written");
    return CLI_UNREACHABLE;
}
