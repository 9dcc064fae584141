// SPDX-License-Identifier: Apache-2.0
//
// Reads a command's arguments by its table of options.
#include "cli/opt.h"

#include "base/near.h"
#include "cli/cli.h"

static const cli_opt *find(const cli_usage *usage, tact_str name) {
    for (size_t i = 0; i < usage->options_count; i++) {
        if (tact_str_equal(tact_str_from(usage->options[i].name), name)) return &usage->options[i];
    }
    return NULL;
}

static bool refuse(const cli_usage *usage, const char *arg, tact_str name) {
    near n = near_to(name);
    for (size_t i = 0; i < usage->options_count; i++) near_offer(&n, tact_str_from(usage->options[i].name));
    if (n.best.len) {
        cli_complain("unknown option `%s`; did you mean `--%.*s`?", arg, (int)n.best.len, n.best.ptr);
    } else {
        cli_complain("unknown option `%s`; what begins with - but is no option goes after --", arg);
    }
    return false;
}

bool opt_parse(const cli_usage *usage, int argc, char **argv, cli_args *args) {
    bool options_ended = false;
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        if (options_ended || arg[0] != '-' || arg[1] == '\0') {
            if (args->operands_count == usage->operands_max) {
                cli_complain("unexpected argument `%s`; usage: %s", arg, usage->line);
                return false;
            }
            args->operands[args->operands_count++] = arg;
            continue;
        }
        if (strcmp(arg, "--") == 0) {
            options_ended = true;
            continue;
        }
        const char *equals = strchr(arg, '=');
        const char *text = arg + (arg[1] == '-' ? 2 : 1);
        tact_str name = {text, equals && equals >= text ? (size_t)(equals - text) : strlen(text)};
        const cli_opt *opt = arg[1] == '-' ? find(usage, name) : NULL;
        if (!opt) return refuse(usage, arg, name);
        const char *argument = equals ? equals + 1 : "";
        if (opt->argument && !equals) {
            if (++i == argc) {
                cli_complain("`%s` needs an argument: --%s %s", arg, opt->name, opt->argument);
                return false;
            }
            argument = argv[i];
        } else if (!opt->argument && equals) {
            cli_complain("`--%s` takes no argument", opt->name);
            return false;
        }
        args->given[opt - usage->options] = argument;
    }
    return true;
}

void opt_help(const cli_usage *usage, FILE *out) {
    fprintf(out, "usage: %s\n", usage->line);
    if (usage->about) fprintf(out, "\n%sIt ends with 3, too, if standard output cannot be written.\n", usage->about);
    int width = 0;
    for (size_t i = 0; i < usage->options_count; i++) {
        const cli_opt *opt = &usage->options[i];
        int wide = (int)strlen(opt->name) + (opt->argument ? (int)strlen(opt->argument) + 1 : 0);
        if (wide > width) width = wide;
    }
    fputs("\noptions:\n", out);
    for (size_t i = 0; i < usage->options_count; i++) {
        const cli_opt *opt = &usage->options[i];
        const char *argument = opt->argument ? opt->argument : "";
        int pad = width - (int)strlen(opt->name) - (int)strlen(argument) - (opt->argument ? 1 : 0);
        fprintf(out, "  --%s%s%s%*s  %s\n", opt->name, opt->argument ? " " : "", argument, pad, "", opt->summary);
    }
}
