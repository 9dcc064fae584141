// SPDX-License-Identifier: Apache-2.0
//
// `tact link`: several identities are one person from now on.
#include <inttypes.h>

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,   "db",   "DIR", "the folder of the store") \
    X(JSON, "json", NULL,  "print the answer as JSON") \
    X(HELP, "help", NULL,  "show this")
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
    .line = "tact link NAMESPACE:VALUE NAMESPACE:VALUE... --db DIR",
    .about =
        "Says that identities belong to one person. Persons that had some of them become one person with what all\n"
        "of them had, and the smallest of their numbers; the others keep finding it. `tact unlink` takes it back.\n"
        "\n"
        "  tact link crm:4711 email:ann@example.com --db data\n"
        "\n"
        "Ends with 0; with 1 if the persons cannot be one, since both have an identity of which each has only\n"
        "one; with 2 if the command line is wrong; with 3 if the folder cannot be opened or written to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = COMMAND_IDENTITIES_MAX,
};

static int print_answer(cli_folder *f, const command *c, const apply_answer *answer, bool json) {
    if (json) {
        value_entry fields[] = {answer_field("person", tact_uint(answer->person)),
                                answer_field("position", tact_uint(answer->position))};
        return answer_json(stdout, answer_map(&f->memory, fields, 2), &f->memory);
    }
    buf out = buf_in(&f->memory);
    for (uint32_t i = 0; i < c->identities_count; i++) {
        if (i) buf_add_text(&out, i + 1 < c->identities_count ? ", " : " and ");
        answer_add_identity(&out, store_schema(f->store), &c->identities[i]);
    }
    buf_printf(&out, " are person %" PRIu64 " (position %" PRIu64 ")\n", answer->person, answer->position);
    cli_print(stdout, buf_done(&out));
    return CLI_OK;
}

static int run(cli_folder *f, const cli_args *args) {
    command_identity identities[COMMAND_IDENTITIES_MAX];
    for (size_t i = 0; i < args->operands_count; i++) {
        if (!folder_identity(f, args->operands[i], &identities[i])) return CLI_USAGE;
    }
    command c = {.kind = COMMAND_LINK,
                 .time_ms = clock_wall_ms(),
                 .source = SCHEMA_SOURCE_NONE,
                 .identities = identities,
                 .identities_count = (uint32_t)args->operands_count};
    apply_answer answer;
    int code = answer_record(f, &c, &answer);
    return code ? code : print_answer(f, &c, &answer, args->given[OPT_JSON] != NULL);
}

int cmd_link(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[COMMAND_IDENTITIES_MAX] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (args.operands_count < 2) return cli_complain("two identities or more are needed; usage: %s", usage.line);
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    cli_folder f;
    int code = folder_open(&f, given[OPT_DB], NULL, false);
    if (!code) code = run(&f, &args);
    folder_close(&f);
    return code;
}
