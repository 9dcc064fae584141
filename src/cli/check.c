// SPDX-License-Identifier: Apache-2.0
//
// `tact check`: everything that is wrong with a bundle, before it is published. It does what publishing does, up to
// where something would change.
#include "bundle/json_schema.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/rules.h"
#include "decide/trial.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,          "db",          "DIR",       "check it against what this store holds as well: which schema it has") \
    X(FORMAT,      "format",      "text|json", "json: for editors, a list of faults on standard output") \
    X(JSON_SCHEMA, "json-schema", NULL,        "print the JSON Schema of a bundle's files, for editors, and end") \
    X(HELP,        "help",        NULL,        "show this")
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
    .line = "tact check DIR [--db DIR] [--format text|json]",
    .about =
        "Reads a folder of rules, compiles all of it, runs its tests, and tells every fault and every warning with\n"
        "its place. Changes nothing. With a store it says as well whether what is stored allows the schema to change\n"
        "as it must.\n"
        "\n"
        "  tact check rules/shop\n"
        "  tact check rules/shop --db data\n"
        "  tact check rules/shop --format json\n"
        "  tact check --json-schema >bundle.schema.json\n"
        "\n"
        "Ends with 0, also if there are warnings; with 1 if there are faults or a test fails; with 2 if the command\n"
        "line is wrong; with 3 if the folder, a file or the store cannot be read.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 1,
};

static int print_json(report *r) {
    tact_str text = report_json(r);
    cli_print(stdout, text);
    if (text.len && text.ptr[text.len - 1] != '\n') fputc('\n', stdout);
    if (!r->code) return CLI_OK;
    return r->code == TACT_IO || r->code == TACT_BUSY ? CLI_UNREACHABLE : CLI_FAILED;
}

static const char *plural(uint32_t count) {
    return count == 1 ? "" : "s";
}

static int print_text(arena *a, const char *folder, report *r, const bundle *b) {
    int code = rules_report(r);
    if (!b || r->code) {
        cli_complain("%s: %u error%s, %u warning%s", folder, r->errors, plural(r->errors), r->warnings,
                     plural(r->warnings));
        return code ? code : CLI_FAILED;
    }
    printf("%s: good: %u offer%s, %u placement%s, %u segment%s", folder, b->offers_count, plural(b->offers_count),
           b->placements_count, plural(b->placements_count), b->segments_count, plural(b->segments_count));
    if (b->tests_count) printf("; %s", rules_tests(a, b, false));
    if (r->warnings) printf("; %u warning%s", r->warnings, plural(r->warnings));
    putchar('\n');
    return CLI_OK;
}

static int check(const char *folder, cli_folder *place, bool json) {
    arena a;
    publish_files f;
    bundle *b = NULL;
    arena_init(&a, 0);
    if (publish_read_folder(&f, &a, folder)) {
        (void)!bundle_compile(&f.draft, place ? store_schema(place->store) : NULL, &b); // the report says it all
        if (b) (void)trial_run(b, &f.report);
    }
    int code = json ? print_json(&f.report) : print_text(&a, folder, &f.report, b);
    bundle_free(b);
    arena_fini(&a);
    return code;
}

static int print_schema(void) {
    arena a;
    arena_init(&a, 0);
    buf out = buf_in(&a);
    json_schema_write(&out);
    tact_str text = buf_done(&out);
    if (!text.ptr) cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    cli_print(stdout, text);
    arena_fini(&a);
    return text.ptr ? CLI_OK : CLI_FAILED;
}

int cmd_check(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (given[OPT_JSON_SCHEMA]) return print_schema();
    const char *format = given[OPT_FORMAT] ? given[OPT_FORMAT] : "text";
    bool json = strcmp(format, "json") == 0;
    if (!json && strcmp(format, "text") != 0) return cli_complain("`--format %s`: it is text or json", format);
    if (!args.operands_count) return cli_complain("a folder of rules is needed; usage: %s", usage.line);
    if (!given[OPT_DB]) return check(operands[0], NULL, json);
    cli_folder place;
    int code = folder_open(&place, given[OPT_DB], NULL, true);
    folder_unview(&place);
    if (!code) code = check(operands[0], &place, json);
    folder_close(&place);
    return code;
}
