// SPDX-License-Identifier: Apache-2.0
//
// `tact new`: a small bundle that works, to start from. Its files stand here as text, and a test checks that `tact
// check` has nothing to say of them.
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/opt.h"

// clang-format off
#define OPTIONS(X) \
    X(HELP, "help", NULL, "show this")
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
    .line = "tact new DIR",
    .about =
        "Makes a folder of rules to start from: a schema, a segment, two placements, three offers and tests, with a\n"
        "word on each. There must be nothing of that name.\n"
        "\n"
        "  tact new rules/mine\n"
        "  tact check rules/mine\n"
        "  tact publish rules/mine --db data\n"
        "\n"
        "Ends with 0; with 1 if there is something of that name; with 2 if the command line is wrong; with 3 if the\n"
        "folder cannot be written.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 1,
};

static const struct {
    const char *name, *text; // no text: a folder
} files[] = {
    {"bundle.yaml", "# What is published together. `tact check` tells what is wrong, `tact publish` makes it active.\n"
                    "bundle: starter\n"
                    "title: A bundle to start from\n"
                    "time_zone: UTC # calendar caps (`per: day`) and dates without a time\n"
                    "include: [schema.yaml, segments.yaml, placements.yaml, offers/*.yaml, tests/*.yaml]\n"},
    {"schema.yaml", "# What is known of a person, what happens, and what a request may carry.\n"
                    "identities:\n"
                    "  customer: {unique: true} # a person has one\n"
                    "  cookie:   {max: 20}      # or the newest twenty\n"
                    "attributes:\n"
                    "  first_name: {type: string, purpose: personalization, personal: true}\n"
                    "  recency:    {type: int, title: Months since the last purchase, min: 0}\n"
                    "purposes:\n"
                    "  personalization: {default: granted} # until a person says no\n"
                    "  marketing:       {default: denied}  # until a person says yes\n"
                    "events:\n"
                    "  purchase: {properties: {amount: double}}\n"
                    "aggregates:\n"
                    "  purchases_90d: {count: purchase, window: 90d}\n"
                    "context:\n"
                    "  device: {type: string, values: [desktop, mobile], default: desktop}\n"},
    {"segments.yaml", "# Conditions with a name, for rules: segment.lapsed\n"
                      "segments:\n"
                      "  lapsed: profile.recency >= 9\n"},
    {"placements.yaml", "# Where offers are shown, and what each must bring for it.\n"
                        "placements:\n"
                        "  home:  {channel: web, fallback: welcome} # shown when nothing else is left\n"
                        "  reply: {channel: chat, slots: 2}\n"
                        "content:\n"
                        "  home:  {title: string, link: url}\n"
                        "  reply: {text: string}\n"},
    {"offers", NULL},
    {"offers/first.yaml", "offers:\n"
                          "  welcome: # the fallback: no rules, no limits\n"
                          "    title: Welcome\n"
                          "    content:\n"
                          "      home: {title: Welcome, link: /}\n"
                          "  come_back:\n"
                          "    title: Ten percent for who was away long\n"
                          "    purpose: marketing # nobody sees it who has not said yes\n"
                          "    value: 8.0         # what it is worth, for ranking\n"
                          "    eligible: segment.lapsed\n"
                          "    caps:\n"
                          "      - {on: impression, max: 3, every: 7d}\n"
                          "    content:\n"
                          "      home:  {title: 'We missed you, {{ profile.first_name ?? \"dear customer\" }}', link: "
                          "/back}\n"
                          "      reply: {text: There is ten percent off for you. Shall I show what is new?}\n"
                          "  loyal:\n"
                          "    title: Free delivery for regular customers\n"
                          "    value: 5.0\n"
                          "    eligible: profile.purchases_90d >= 2\n"
                          "    applicable: context.device == \"desktop\"\n"
                          "    content:\n"
                          "      home: {title: Free delivery, link: /delivery}\n"},
    {"tests", NULL},
    {"tests/first.yaml", "# Who sees what. Publishing runs these.\n"
                         "tests:\n"
                         "  - name: who was away long is asked back\n"
                         "    now: 2026-12-01T10:00:00Z\n"
                         "    person: {recency: 12, consent: {marketing: granted}}\n"
                         "    decide: {home: {}}\n"
                         "    expect: {home: [come_back]}\n"
                         "  - name: but not without consent\n"
                         "    now: 2026-12-01T10:00:00Z\n"
                         "    person: {recency: 12}\n"
                         "    decide: {home: {}}\n"
                         "    expect: {home: [welcome]}\n"
                         "    because: {come_back: consent}\n"},
};

static int fail(const char *path) {
    bool there = errno == EEXIST;
    cli_complain("%s: %s", path, strerror(errno));
    return there ? CLI_FAILED : CLI_UNREACHABLE;
}

static int write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wx");
    if (!file) return fail(path);
    bool wrote = fputs(text, file) >= 0;
    bool closed = fclose(file) == 0;
    return wrote && closed ? CLI_OK : fail(path);
}

#define FILES_COUNT (sizeof files / sizeof *files)

// Half of a bundle is none: what could not be made whole is taken away again.
static int write_all(arena *a, const char *folder) {
    const char *paths[FILES_COUNT];
    size_t made = 0;
    int code = CLI_OK;
    if (mkdir(folder, 0777) != 0) return fail(folder);
    while (!code && made < FILES_COUNT) {
        const char *path = arena_printf(a, "%s/%s", folder, files[made].name);
        if (!path) {
            cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
            code = CLI_FAILED;
            break;
        }
        code = files[made].text ? write_file(path, files[made].text) : mkdir(path, 0777) ? fail(path) : CLI_OK;
        paths[made++] = path;
    }
    while (code && made > 0) (void)remove(paths[--made]);
    if (code) (void)rmdir(folder);
    return code;
}

int cmd_new(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!operands[0]) return cli_complain("a folder to make is needed; usage: %s", usage.line);
    arena a;
    arena_init(&a, 0);
    int code = write_all(&a, operands[0]);
    if (!code) printf("%s: a bundle to start from; see what `tact check %s` says\n", operands[0], operands[0]);
    arena_fini(&a);
    return code;
}
