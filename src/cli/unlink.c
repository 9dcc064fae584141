// SPDX-License-Identifier: Apache-2.0
//
// `tact unlink`: takes an identity out of its person. The rest may get another number, which every identity of it
// finds, so that only the one that was taken out is told about.
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
    .line = "tact unlink NAMESPACE:VALUE --db DIR",
    .about = "Takes an identity out of its person, with all that came in by it; the rest stays as it was before they\n"
             "were linked, with what happened since. The identity is a person of its own then.\n"
             "\n"
             "  tact unlink email:ann@example.com --db data\n"
             "\n"
             "Ends with 0; with 1 if there is no such identity; with 2 if the command line is wrong; with 3 if the\n"
             "folder cannot be opened or written to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 1,
};

static int print_answer(cli_folder *f, const command *c, const apply_answer *answer, bool json) {
    if (json) {
        value_entry fields[] = {answer_field("person", tact_uint(answer->person)),
                                answer_field("position", tact_uint(answer->position))};
        return answer_json(stdout, answer_map(&f->memory, fields, 2), &f->memory);
    }
    buf out = buf_in(&f->memory);
    answer_add_identity(&out, store_schema(f->store), c->identities);
    buf_printf(&out, " is person %" PRIu64 " of its own (position %" PRIu64 ")\n", answer->person, answer->position);
    cli_print(stdout, buf_done(&out));
    return CLI_OK;
}

static int run(cli_folder *f, const char *whom, bool json) {
    command_identity identity;
    if (!folder_identity(f, whom, &identity)) return CLI_USAGE;
    command c = {.kind = COMMAND_UNLINK,
                 .time_ms = clock_wall_ms(),
                 .source = SCHEMA_SOURCE_NONE,
                 .identities = &identity,
                 .identities_count = 1};
    apply_answer answer;
    int code = answer_record(f, &c, &answer);
    return code ? code : print_answer(f, &c, &answer, json);
}

int cmd_unlink(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!args.operands_count) return cli_complain("an identity is needed; usage: %s", usage.line);
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    cli_folder f;
    int code = folder_open(&f, given[OPT_DB], NULL, false);
    if (!code) code = run(&f, operands[0], given[OPT_JSON] != NULL);
    folder_close(&f);
    return code;
}
