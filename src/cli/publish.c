// SPDX-License-Identifier: Apache-2.0
//
// `tact publish`: makes a folder of rules the active bundle of a store, which it makes if there is none.
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/key_file.h"
#include "cli/opt.h"
#include "cli/rules.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,         "db",         "DIR",  "the folder of the store; it is made if it is not there") \
    X(MESSAGE,    "message",    "TEXT", "why, in a few words") \
    X(AUTHOR,     "author",     "NAME", "who says so; by default the name of whoever is logged in") \
    X(KEY,        "key",        "FILE", "sign it with this secret key, see `tact key`") \
    X(SKIP_TESTS, "skip-tests", NULL,   "do not run the bundle's tests, which its version says for ever") \
    X(HELP,       "help",       NULL,   "show this")
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
    .line = "tact publish DIR --db DIR [--message TEXT] [--key FILE]",
    .about =
        "Checks a folder of rules and makes it the active bundle of a store: with its schema, as the next version of\n"
        "its name, all at once. If anything is wrong nothing is changed, and what was active stays so. What is active\n"
        "already is not published again.\n"
        "\n"
        "  tact publish rules/shop --db data --message 'the winter collection'\n"
        "  tact publish rules/shop --db data --key anna.key\n"
        "\n"
        "`tact bundles` lists versions, `tact rollback` goes back to one, `tact diff` says what is different.\n"
        "\n"
        "Ends with 0; with 1 if the bundle has faults or may not be published here; with 2 if the command line is\n"
        "wrong; with 3 if a folder cannot be read or written to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 1,
};

static void print_result(arena *a, const publish_result *r) {
    const bundle *b = r->bundle;
    const char *version = rules_version_text(a, &r->version);
    if (r->already) {
        printf("already active as %s; nothing was changed\n", version);
        return;
    }
    printf("%s is active: %u offer%s, %u placement%s%s\n", version, b->offers_count, b->offers_count == 1 ? "" : "s",
           b->placements_count, b->placements_count == 1 ? "" : "s",
           r->schema_changed ? "; the schema was changed with it" : "");
    if (b->tests_count) printf("%s\n", rules_tests(a, b, r->version.tests_skipped));
}

static int publish(cli_folder *place, arena *a, const char *folder, const publish_options *o) {
    publish_files f;
    publish_result r;
    tact_error error;
    tact_err err = publish_folder(place->store, a, folder, o, &f, &r, &error);
    if (err) {
        int code = rules_failed(&f.report, err, &error);
        cli_complain("nothing was changed");
        return code;
    }
    (void)rules_report(&f.report); // warnings
    print_result(a, &r);
    bundle_free(r.bundle);
    return CLI_OK;
}

// A store that is not there is made for a bundle without faults, with the bundle's schema.
static int make_store(const char *path, arena *a, const char *folder) {
    publish_files f;
    bundle *b = NULL;
    store *made = NULL;
    tact_error error;
    int code = rules_build(&f, a, folder, NULL, &b);
    if (code) {
        cli_complain("%s: %u error%s; no store was made", folder, f.report.errors, f.report.errors == 1 ? "" : "s");
        return code;
    }
    const store_options new_one = {.schema = b->schema};
    if (store_open(a, path, &new_one, &made, &error)) {
        cli_complain("%s", error.text);
        code = CLI_UNREACHABLE;
    } else {
        store_close(made);
    }
    bundle_free(b);
    return code;
}

static int open_and_publish(const char *path, arena *a, const char *folder, const publish_options *o) {
    cli_folder place;
    const char *file = arena_printf(a, "%s/data.mdb", path);
    int code = file && access(file, F_OK) != 0 && errno == ENOENT ? make_store(path, a, folder) : CLI_OK;
    if (code) return code;
    code = folder_open(&place, path, NULL, false);
    if (!code) code = publish(&place, a, folder, o);
    folder_close(&place);
    return code;
}

int cmd_publish(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!args.operands_count) return cli_complain("a folder of rules is needed; usage: %s", usage.line);
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    if (rules_is_version(operands[0])) {
        return cli_complain("`%s` is a version, which `tact rollback` makes active; a folder of that name is ./%s",
                            operands[0], operands[0]);
    }
    uint8_t secret[SIGN_SECRET];
    if (given[OPT_KEY] && !key_file_secret(given[OPT_KEY], secret)) return CLI_USAGE;
    const char *author = given[OPT_AUTHOR] ? given[OPT_AUTHOR] : getenv("LOGNAME");
    const publish_options o = {.author = tact_str_from(author ? author : ""),
                               .message = tact_str_from(given[OPT_MESSAGE] ? given[OPT_MESSAGE] : ""),
                               .now_ms = clock_wall_ms(),
                               .secret = given[OPT_KEY] ? secret : NULL,
                               .skip_tests = given[OPT_SKIP_TESTS] != NULL};
    arena a;
    arena_init(&a, 0);
    int code = open_and_publish(given[OPT_DB], &a, operands[0], &o);
    arena_fini(&a);
    sign_forget(secret, sizeof secret);
    return code;
}
