// SPDX-License-Identifier: Apache-2.0
//
// `tact publish`: makes a folder of rules the active bundle of a store, which it makes if there is none.
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "bundle/diff.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/key_file.h"
#include "cli/opt.h"
#include "cli/rules.h"
#include "cli/schema_change.h"
#include "cli/upload.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(MESSAGE,    "message",    "TEXT", "why, in a few words") \
    X(AUTHOR,     "author",     "NAME", "who says so; by default the name of whoever is logged in") \
    X(KEY,        "key",        "FILE", "sign it with this secret key, see `tact key`") \
    X(SKIP_TESTS, "skip-tests", NULL,   "do not run the bundle's tests, which its version says for ever") \
    X(INSTEAD_OF, "instead-of", "NAME", "take the place of the active bundle of this other name") \
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
    .line = "tact publish DIR --db DIR|--to URL [--message TEXT] [--author NAME] [--key FILE] [--skip-tests] "
            "[--instead-of NAME]",
    .about =
        "Checks a folder of rules and makes it the active bundle of a store: with its schema, as the next version of\n"
        "its name, all at once. If anything is wrong nothing is changed, and what was active stays so. What is active\n"
        "already is not published again. A store has one active bundle: one of another name takes its place only if "
        "that\n"
        "is asked for, with --instead-of.\n"
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
    .repeatable = ASK_REPEATABLE,
    .operands_max = 1,
};

static void print_schema(arena *a, FILE *stream, const schema *before, const schema *after) {
    buf out = buf_in(a);
    schema_change_add(&out, before, after);
    cli_print(stream, buf_done(&out));
}

// The active bundle of another name has to be named: what would stop with it is told, so that whoever reads it knows.
static void explain_other(cli_folder *place, arena *a, const char *folder) {
    publish_files active, wanted;
    bundles_version v;
    bundle *b = NULL;
    tact_error error;
    if (folder_view(place)) return;
    tact_err err = publish_read_version(&active, a, &place->reader.txn, TACT_STR(""), 0, &v, &error);
    folder_unview(place);
    if (err || rules_build(&wanted, a, folder, place, &b)) return;
    const draft_members *offers = &active.draft.sections[DRAFT_OFFERS];
    uint32_t gone = 0;
    for (uint32_t i = 0; i < offers->count; i++) gone += !draft_find(&wanted.draft, DRAFT_OFFERS, offers->of[i].name);
    cli_complain("%u of its %u offer%s would stop; the schema would %s", gone, offers->count,
                 offers->count == 1 ? "" : "s",
                 schema_change_any(store_schema(place->store), b->schema) ? "change:" : "stay");
    print_schema(a, stderr, store_schema(place->store), b->schema);
    cli_complain("if that is meant, add `--instead-of %.*s`; if it is the same bundle, `bundle: %.*s` is its name",
                 (int)v.name.len, v.name.ptr, (int)v.name.len, v.name.ptr);
    bundle_free(b);
}

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
    if (r->replaced.number) printf("%s is not active any more\n", rules_version_text(a, &r->replaced));
    if (r->schema_changed) print_schema(a, stdout, r->schema_before, b->schema);
    if (b->tests_count) printf("%s\n", rules_tests(a, b, r->version.tests_skipped));
}

// The version that is active, number 0: none. Its name lies in `a`.
static bundles_version find_active(cli_folder *place, arena *a) {
    bundles_version v;
    tact_error error;
    if (folder_view(place)) return (bundles_version){.number = 0};
    tact_err err = bundles_active(&place->reader.txn, a, &v, &error);
    const char *name = err ? NULL : arena_copy(a, v.name.ptr, v.name.len);
    folder_unview(place);
    return (bundles_version){.name = {name, name ? v.name.len : 0}, .number = name ? v.number : 0};
}

// Whether the version before says the same as what was read.
static bool says_the_same(cli_folder *place, arena *a, const bundles_version *before, const draft *now) {
    publish_files old;
    bundles_version v;
    diff d;
    tact_error error;
    if (!before->number || folder_view(place)) return false;
    tact_err err = publish_read_version(&old, a, &place->reader.txn, before->name, before->number, &v, &error);
    folder_unview(place);
    if (err || old.report.errors) return false;
    diff_drafts(&d, a, &old.draft, now);
    return !d.failed && d.count == 0;
}

static int publish(cli_folder *place, arena *a, const char *folder, const publish_options *o) {
    publish_files f;
    publish_result r;
    tact_error error;
    const bundles_version before = find_active(place, a);
    tact_err err = publish_folder(place->store, a, folder, o, &f, &r, &error);
    if (err) {
        int code = rules_failed(&f.report, err, &error);
        if (err == TACT_EXISTS) explain_other(place, a, folder);
        cli_complain("nothing was changed");
        return code;
    }
    (void)rules_report(&f.report); // warnings
    print_result(a, &r);
    if (!r.already && says_the_same(place, a, &before, &f.draft)) {
        printf("nothing but comments or the way it is written has changed since %s\n", rules_version_text(a, &before));
    }
    bundle_free(r.bundle);
    return CLI_OK;
}

// A store that is not there is made for a bundle without faults whose tests pass, with the bundle's schema.
static int build_first(arena *a, const char *folder, bool skip_tests, bundle **out) {
    publish_files f;
    int code = rules_build(&f, a, folder, NULL, out);
    if (!code && !skip_tests) code = rules_test(&f, *out);
    if (!code) return CLI_OK;
    cli_complain("%s: %u error%s; no store was made", folder, f.report.errors, f.report.errors == 1 ? "" : "s");
    return code;
}

static int open_and_publish(const char *path, arena *a, const char *folder, const publish_options *o) {
    cli_folder place;
    bundle *first = NULL;
    const char *file = arena_printf(a, "%s/data.mdb", path);
    bool is_new = file && access(file, F_OK) != 0 && errno == ENOENT;
    int code = is_new ? build_first(a, folder, o->skip_tests, &first) : CLI_OK;
    if (!code) {
        code = rules_open_new(&place, path, first ? first->schema : NULL);
        if (!code) code = publish(&place, a, folder, o);
        folder_close(&place);
    }
    bundle_free(first);
    return code;
}

// Whether the folder of the store is, or would be made, in that of the rules.
static bool is_within(const char *path, const char *folder) {
    char rules[PATH_MAX], data[PATH_MAX], parent[PATH_MAX];
    if (!realpath(folder, rules)) return false; // which reading it tells better
    if (!realpath(path, data)) {
        size_t len = strlen(path);
        while (len && path[len - 1] == '/') len--;
        while (len && path[len - 1] != '/') len--;
        if (len >= sizeof parent) return false;
        (void)snprintf(parent, sizeof parent, "%.*s", (int)len, path);
        if (!realpath(len ? parent : ".", data)) return false;
    }
    size_t len = strlen(rules);
    return strncmp(data, rules, len) == 0 && (data[len] == '/' || data[len] == '\0');
}

// Of who runs it; empty if nobody knows.
static const char *user_name(void) {
    static const char *const variables[] = {"LOGNAME", "USER"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *name = getenv(variables[i]);
        if (name && *name) return name;
    }
    const struct passwd *p = getpwuid(geteuid());
    return p && p->pw_name ? p->pw_name : "";
}

// ---- Of a server ----------------------------------------------------------------------------------------------------

static void print_reply(tact_value reply) {
    const tact_str version = ask_text(reply, "bundle");
    const long long offers = ask_find(reply, "offers").as.i, places = ask_find(reply, "placements").as.i;
    const long long tests = ask_find(reply, "tests").as.i;
    if (ask_flag(reply, "already")) {
        printf("already active as %.*s; nothing was changed\n", (int)version.len, version.ptr);
        return;
    }
    printf("%.*s is active: %lld offer%s, %lld placement%s%s\n", (int)version.len, version.ptr, offers,
           offers == 1 ? "" : "s", places, places == 1 ? "" : "s",
           ask_flag(reply, "schema_changed") ? "; the schema was changed with it" : "");
    if (tests) {
        printf("%lld test%s %s\n", tests, tests == 1 ? "" : "s", ask_flag(reply, "tested") ? "passed" : "skipped");
    }
}

static int publish_at(const ask_where *where, const char *folder, const publish_options *o) {
    cli_ask a;
    tact_value reply, files;
    uint8_t hash[SOURCES_HASH], key[SIGN_PUBLIC], signature[SIGN_SIGNATURE];
    int code = ask_open(&a, where, false);
    if (!code) code = upload_read(&a.memory, folder, &files, hash);
    if (!code) {
        form_put(&a.form, &a.request, "files", files);
        form_put(&a.form, &a.request, "author", tact_string(o->author.ptr, o->author.len));
        form_put(&a.form, &a.request, "message", tact_string(o->message.ptr, o->message.len));
        if (o->skip_tests) form_put(&a.form, &a.request, "skip_tests", tact_bool(true));
        if (o->instead_of.len) ask_put_text(&a, "instead_of", o->instead_of.ptr);
        if (o->secret && sign_public_of(o->secret, key)) {
            sign_make(o->secret, SIGNERS_WHAT, (tact_str){(const char *)hash, sizeof hash}, signature);
            form_put(&a.form, &a.request, "signer", tact_bytes((const char *)key, sizeof key));
            form_put(&a.form, &a.request, "signature", tact_bytes((const char *)signature, sizeof signature));
        }
        code = ask_answer(&a, "publish", &reply);
        if (code && code != CLI_UNREACHABLE) cli_complain("nothing was changed");
    }
    if (!code) print_reply(reply);
    ask_close(&a);
    return code;
}

// ---- The command ----------------------------------------------------------------------------------------------------

int cmd_publish(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!args.operands_count) return cli_complain("a folder of rules is needed; usage: %s", usage.line);
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (rules_is_version(operands[0])) {
        return cli_complain("`%s` is a version, which `tact rollback` makes active; a folder of that name is ./%s",
                            operands[0], operands[0]);
    }
    if (where.folder && is_within(where.folder, operands[0])) {
        return cli_complain("%s lies in %s, the folder of the rules; a store needs a folder of its own outside of it",
                            given[OPT_DB], operands[0]);
    }
    uint8_t secret[SIGN_SECRET];
    if (given[OPT_KEY] && !key_file_secret(given[OPT_KEY], secret)) return CLI_USAGE;
    const char *author = given[OPT_AUTHOR] ? given[OPT_AUTHOR] : user_name();
    const publish_options o = {.author = tact_str_from(author),
                               .message = tact_str_from(given[OPT_MESSAGE] ? given[OPT_MESSAGE] : ""),
                               .now_ms = clock_wall_ms(),
                               .secret = given[OPT_KEY] ? secret : NULL,
                               .skip_tests = given[OPT_SKIP_TESTS] != NULL,
                               .instead_of = tact_str_from(given[OPT_INSTEAD_OF] ? given[OPT_INSTEAD_OF] : "")};
    arena a;
    arena_init(&a, 0);
    int code = where.folder ? open_and_publish(where.folder, &a, operands[0], &o) : publish_at(&where, operands[0], &o);
    arena_fini(&a);
    sign_forget(secret, sizeof secret);
    return code;
}
