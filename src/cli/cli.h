// SPDX-License-Identifier: Apache-2.0
//
// What the commands share: how they end, how they complain, what they read. Only here and below is anything printed.
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

#include "base/arena.h"

// What the program ends with.
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,      // what was asked for went wrong: an expression is wrong, its evaluation ended in an error
    CLI_USAGE = 2,       // what was asked cannot be done: an unknown option, a file that cannot be read
    CLI_UNREACHABLE = 3, // a folder, server or standard output cannot be opened, reached or written to
};

#define CLI_FILE_MAX ((size_t)64 << 20) // bytes of one file; more is a mistake, not an expression or a profile

// A command: gets the arguments after its name, returns how the program ends.
typedef int cli_command(int argc, char **argv);
#define X(name, summary) cli_command cmd_##name;
#include "cli/cmd_tbl.h"
#undef X

// Prints "tact: text" on stderr and returns CLI_USAGE.
int cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The whole file, or standard input for "-", in the arena with a final zero that is not counted. On failure complains
// and returns false.
bool cli_read_file(const char *path, arena *a, tact_str *out);

void cli_print(FILE *stream, tact_str text);
bool cli_may_color(FILE *stream); // a terminal, unless NO_COLOR is set (https://no-color.org)
// Prints diagnostics (see tact_cel_report) on stderr, coloured if that may be.
void cli_print_report(tact_str report);

#endif
