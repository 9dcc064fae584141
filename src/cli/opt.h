// SPDX-License-Identifier: Apache-2.0
//
// A command's options, from a table that --help is made from as well.
#ifndef CLI_OPT_H
#define CLI_OPT_H

#include <stdio.h>

#include "tact/core.h"

typedef struct cli_opt {
    const char *name;     // "vars", given as --vars
    const char *argument; // what follows it ("FILE.json"), or NULL for a flag
    const char *summary;  // one line
} cli_opt;

typedef struct cli_usage {
    const char *line;  // "tact expr EXPRESSION [OPTION]..."
    const char *about; // some lines, or NULL
    const cli_opt *options;
    size_t options_count;
    size_t operands_max; // arguments that are no options
    uint64_t repeatable; // a bit, from the lowest, for each option that may be given more than once, see opt_each
} cli_usage;

typedef struct cli_args {
    const char **given;    // by option: NULL, or its argument ("" for a flag); the caller's, of options_count
    const char **operands; // the caller's, of operands_max
    size_t operands_count;
} cli_args;

// Sorts `argv` into `args`. Options may stand anywhere before "--", as --name ARGUMENT or --name=ARGUMENT; "-" is an
// operand. Each may be given once, unless it is repeatable: then `given` has the last. On a mistake complains, names
// the nearest option and returns false.
TACT_MUST_USE bool opt_parse(const cli_usage *usage, int argc, char **argv, cli_args *args);

// Every argument of a repeatable option, in their order: begin with *at = 0; NULL behind the last. Of a line that
// opt_parse has sorted.
const char *opt_each(const cli_usage *usage, int argc, char **argv, size_t option, int *at);
void opt_help(const cli_usage *usage, FILE *out);

#endif
