// SPDX-License-Identifier: Apache-2.0
//
// A command's arguments by its table: every way to write an option, those that may be repeated, and mistakes.
#include "cli/opt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAIR, NAME, FLAG, COUNT, OPERANDS = 3, ARGS_MAX = 16 };
static const cli_opt options[COUNT] = {{"pair", "A=B", "a pair"}, {"name", "TEXT", "a name"}, {"flag", NULL, "a flag"}};
static const cli_usage usage = {.line = "tact test",
                                .options = options,
                                .options_count = COUNT,
                                .operands_max = OPERANDS,
                                .repeatable = UINT64_C(1) << PAIR};

typedef struct line { // words, one string
    char text[200];
    char *argv[ARGS_MAX];
    int argc;
} line;

static void split(line *l, const char *text) {
    l->argc = 0;
    snprintf(l->text, sizeof l->text, "%s", text);
    for (char *word = strtok(l->text, " "); word; word = strtok(NULL, " ")) l->argv[l->argc++] = word;
}

// What is understood of a line: "pair=LAST name=X flag | OPERANDS | EACH PAIR", or what is complained of.
static void parses_as(const char *text, const char *wanted) {
    line l;
    const char *given[COUNT] = {NULL}, *operands[OPERANDS] = {NULL};
    cli_args args = {given, operands, 0};
    char got[400] = "";
    FILE *heard = tmpfile();
    int kept = dup(STDERR_FILENO);
    split(&l, text);
    fflush(stderr);
    dup2(fileno(heard), STDERR_FILENO);
    bool parsed = opt_parse(&usage, l.argc, l.argv, &args);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(heard);
    size_t len = fread(got, 1, sizeof got - 1, heard);
    fclose(heard);
    assert_true(parsed == (len == 0)); // says nothing, or why
    FILE *out = fmemopen(got + len, sizeof got - len, "w");
    for (int i = 0; parsed && i < COUNT; i++) {
        if (given[i]) fprintf(out, *given[i] ? "%s=%s " : "%s ", options[i].name, given[i]);
    }
    if (parsed) fputs("|", out);
    for (size_t i = 0; parsed && i < args.operands_count; i++) fprintf(out, " %s", operands[i]);
    if (parsed) fputs(" |", out);
    const char *each;
    for (int at = 0; parsed && (each = opt_each(&usage, l.argc, l.argv, PAIR, &at));) fprintf(out, " %s", each);
    fclose(out);
    assert_string_equal(got, wanted);
}

static void options_and_operands(void **state) {
    (void)state;
    parses_as("", "| |");
    parses_as("a --name x b", "name=x | a b |");
    parses_as("--name=x=y --flag", "name=x=y flag | |");
    parses_as("--name --flag - c", "name=--flag | - c |");
    parses_as("--name x -- --flag -z", "name=x | --flag -z |");
}

static void what_may_be_repeated_is_all_there(void **state) {
    (void)state;
    parses_as("--pair a=1 x --pair=b=2 --flag --pair --pair", "pair=--pair flag | x | a=1 b=2 --pair");
    parses_as("--name --pair --pair c=3 -- --pair d=4", "pair=c=3 name=--pair | --pair d=4 | c=3");
}

static void mistakes(void **state) {
    (void)state;
    parses_as("--name x --name=y", "tact: `--name` is given twice; it can be given once\n");
    parses_as("--flag --flag", "tact: `--flag` is given twice; it can be given once\n");
    parses_as("--nmae x", "tact: unknown option `--nmae`; did you mean `--name`?\n");
    parses_as("-name x", "tact: unknown option `-name`; did you mean `--name`?\n");
    parses_as("-q", "tact: unknown option `-q`; what begins with - but is no option goes after --\n");
    parses_as("--name", "tact: `--name` needs an argument: --name TEXT\n");
    parses_as("--flag=x", "tact: `--flag` takes no argument\n");
    parses_as("a b c d", "tact: unexpected argument `d`; usage: tact test\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands),
        cmocka_unit_test(what_may_be_repeated_is_all_there),
        cmocka_unit_test(mistakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
