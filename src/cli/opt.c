// SPDX-License-Identifier: Apache-2.0
//
// Reads a command's arguments by its table of options.
#include "cli/opt.h"

#include "base/near.h"
#include "cli/cli.h"

enum { LINE_WIDTH = 120 }; // of what --help prints

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

// An argument of the command line, with what belongs to it.
typedef struct word {
    const char *arg;
    tact_str name;        // of the option that it may be
    const cli_opt *opt;   // NULL: there is none of that name
    const char *argument; // of the option; NULL: it is missing
    bool is_option, is_end, has_value;
} word;

// The next one, and `*at` behind it.
static word next_word(const cli_usage *usage, int argc, char **argv, int *at) {
    word w = {.arg = argv[(*at)++]};
    w.is_option = w.arg[0] == '-' && w.arg[1] != '\0';
    w.is_end = strcmp(w.arg, "--") == 0;
    if (!w.is_option || w.is_end) return w;
    bool is_long = w.arg[1] == '-';
    const char *text = w.arg + 1 + is_long, *equals = strchr(text, '=');
    w.name = (tact_str){text, equals ? (size_t)(equals - text) : strlen(text)};
    w.opt = is_long ? find(usage, w.name) : NULL;
    w.has_value = equals;
    w.argument = equals ? equals + 1 : "";
    if (w.opt && w.opt->argument && !equals) w.argument = *at < argc ? argv[(*at)++] : NULL;
    return w;
}

// Notes an option; false after a complaint.
static bool take_option(const cli_usage *usage, const word *w, cli_args *args) {
    if (!w->opt) return refuse(usage, w->arg, w->name);
    size_t number = (size_t)(w->opt - usage->options);
    bool again = args->given[number] && !(usage->repeatable >> number & 1);
    if (!w->argument) {
        cli_complain("`%s` needs an argument: --%s %s", w->arg, w->opt->name, w->opt->argument);
    } else if (!w->opt->argument && w->has_value) {
        cli_complain("`--%s` takes no argument", w->opt->name);
    } else if (again) {
        cli_complain("`--%s` is given twice; it can be given once", w->opt->name);
    } else {
        args->given[number] = w->argument;
        return true;
    }
    return false;
}

bool opt_parse(const cli_usage *usage, int argc, char **argv, cli_args *args) {
    bool options_ended = false;
    for (int at = 0; at < argc;) {
        if (options_ended || argv[at][0] != '-' || argv[at][1] == '\0') {
            if (args->operands_count == usage->operands_max) {
                cli_complain("unexpected argument `%s`; usage: %s", argv[at], usage->line);
                return false;
            }
            args->operands[args->operands_count++] = argv[at++];
            continue;
        }
        word w = next_word(usage, argc, argv, &at);
        options_ended = w.is_end;
        if (!w.is_end && !take_option(usage, &w, args)) return false;
    }
    return true;
}

const char *opt_each(const cli_usage *usage, int argc, char **argv, size_t option, int *at) {
    while (*at < argc) {
        word w = next_word(usage, argc, argv, at);
        if (w.is_end) break;
        if (w.is_option && w.opt == &usage->options[option]) return w.argument;
    }
    *at = argc;
    return NULL;
}

// In lines of LINE_WIDTH columns, the further ones under the first.
static void print_summary(const char *summary, int indent, FILE *out) {
    int room = LINE_WIDTH - indent, len = (int)strlen(summary);
    while (len > room) {
        int cut = room;
        while (cut > 0 && summary[cut] != ' ') cut--;
        if (cut == 0) break;
        fprintf(out, "%.*s\n%*s", cut, summary, indent, "");
        summary += cut + 1;
        len -= cut + 1;
    }
    fprintf(out, "%s\n", summary);
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
        fprintf(out, "  --%s%s%s%*s  ", opt->name, opt->argument ? " " : "", argument, pad, "");
        print_summary(opt->summary, width + 6, out);
    }
}
