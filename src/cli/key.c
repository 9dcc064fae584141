// SPDX-License-Identifier: Apache-2.0
//
// `tact key`: pairs of keys to sign bundles with, and which of them a store wants.
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/key_file.h"
#include "cli/opt.h"
#include "cli/rules.h"
#include "cli/table.h"
#include "store/signers.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,   "db",   "DIR",  "the folder of the store") \
    X(NAME, "name", "NAME", "allow: what to call the key; the file's name by default") \
    X(HELP, "help", NULL,   "show this")
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
    .line = "tact key new FILE | allow FILE.pub | deny NAME | require on|off | list [--db DIR]",
    .about =
        "A bundle that is published with a secret key says who published it, and nobody can alter it unnoticed. A\n"
        "store knows whose keys it allows, and refuses all other bundles where that is required.\n"
        "\n"
        "  tact key new anna.key                     makes anna.key, which is secret, and anna.key.pub\n"
        "  tact key allow anna.key.pub --db data     anna may publish; or the key's text, with --name\n"
        "  tact key require on --db data             from now on only those that are allowed may\n"
        "  tact key list --db data\n"
        "  tact key deny anna --db data              not any more; what she published stays\n"
        "\n"
        "  tact publish rules/shop --db data --key anna.key\n"
        "\n"
        "Ends with 0; with 1 if what is wanted cannot be; with 2 if the command line is wrong or a key cannot be\n"
        "read; with 3 if a folder or file cannot be opened or written to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 2,
};

// ---- In a store -----------------------------------------------------------------------------------------------------

typedef struct change {
    tact_err (*make)(const struct change *c, db_txn *t, arena *a, tact_error *error);
    tact_str name;
    uint8_t key[SIGN_PUBLIC];
    bool on;
} change;

static tact_err make_allow(const change *c, db_txn *t, arena *a, tact_error *error) {
    return signers_allow(t, a, c->name, c->key, error);
}

static tact_err make_deny(const change *c, db_txn *t, arena *a, tact_error *error) {
    return signers_deny(t, a, c->name, error);
}

static tact_err make_require(const change *c, db_txn *t, arena *a, tact_error *error) {
    return signers_require(t, a, c->on, error);
}

static tact_err work(void *context, db_txn *t, tact_error *error) {
    const change *c = context;
    arena a;
    arena_init(&a, 0);
    tact_err err = c->make(c, t, &a, error);
    arena_fini(&a);
    return err;
}

static int make(const char *path, change *c) {
    cli_folder place;
    tact_error error;
    int code = rules_open(&place, path);
    if (!code) {
        tact_err err = store_run(place.store, work, c, &error);
        if (err) {
            cli_complain("%s", error.text);
            code = err == TACT_IO || err == TACT_BUSY ? CLI_UNREACHABLE : CLI_FAILED;
        }
    }
    folder_close(&place);
    return code;
}

// ---- The words behind `tact key` ------------------------------------------------------------------------------------

static int do_new(const char *operand, const char **given) {
    uint8_t key[SIGN_PUBLIC];
    char text[KEY_FILE_TEXT];
    (void)given;
    int code = key_file_new(operand, key);
    if (!code)
        printf("%s is secret: keep it\n%s.pub is for the stores that are to allow it: %s\n", operand, operand,
               key_file_text(text, key));
    return code;
}

// "keys/anna.key.pub" is anna's.
static tact_str name_of(const char *path) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    static const char *const ends[] = {".pub", ".key"};
    tact_str name = tact_str_from(base);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t len = strlen(ends[i]);
        if (name.len > len && memcmp(name.ptr + name.len - len, ends[i], len) == 0) name.len -= len;
    }
    return name;
}

static int do_allow(const char *operand, const char **given) {
    change c = {.make = make_allow, .name = given[OPT_NAME] ? tact_str_from(given[OPT_NAME]) : name_of(operand)};
    if (!given[OPT_NAME] && key_file_is_text(operand, c.key)) {
        return cli_complain("a key's text says not whose it is: `--name NAME` is needed");
    }
    if (!key_file_public(operand, c.key)) return CLI_USAGE;
    int code = make(given[OPT_DB], &c);
    if (!code) printf("`%.*s` may publish\n", (int)c.name.len, c.name.ptr);
    return code;
}

static int do_deny(const char *operand, const char **given) {
    change c = {.make = make_deny, .name = tact_str_from(operand)};
    int code = make(given[OPT_DB], &c);
    if (!code) printf("`%s` may not publish any more where bundles must be signed\n", operand);
    return code;
}

static int do_require(const char *operand, const char **given) {
    change c = {.make = make_require, .on = strcmp(operand, "on") == 0};
    if (!c.on && strcmp(operand, "off") != 0) return cli_complain("`%s`: it is `require on` or `require off`", operand);
    int code = make(given[OPT_DB], &c);
    if (!code)
        puts(c.on ? "bundles must be signed from now on; what is active stays so" : "bundles need not be signed");
    return code;
}

static int print_list(cli_folder *place) {
    signers s;
    tact_error error;
    tact_err err = signers_get(&place->reader.txn, &place->memory, &s, &error);
    if (err) return answer_failed(err, &error);
    table t = table_in(&place->memory, 2);
    for (uint32_t i = 0; i < s.count; i++) {
        char text[KEY_FILE_TEXT];
        const char *copy = arena_printf(&place->memory, "%s", key_file_text(text, s.of[i].key));
        table_add(&t, s.of[i].name);
        table_add(&t, tact_str_from(copy ? copy : ""));
    }
    buf out = buf_in(&place->memory);
    table_print(&out, &t, "");
    buf_add_text(&out, s.required ? "bundles must be signed by one of them\n" : "bundles need not be signed\n");
    cli_print(stdout, buf_done(&out));
    return CLI_OK;
}

static int do_list(const char *operand, const char **given) {
    cli_folder place;
    (void)operand;
    int code = folder_open(&place, given[OPT_DB], NULL, true);
    if (!code) code = print_list(&place);
    folder_close(&place);
    return code;
}

static const struct verb {
    const char *name, *operand; // NULL: it takes none
    bool on_store;
    int (*run)(const char *operand, const char **given);
} verbs[] = {
    {"new", "FILE", false, do_new},          {"allow", "FILE.pub", true, do_allow}, {"deny", "NAME", true, do_deny},
    {"require", "on|off", true, do_require}, {"list", NULL, true, do_list},
};

static const struct verb *find_verb(const char *name) {
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
    }
    return NULL;
}

int cmd_key(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[2] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!operands[0]) return cli_complain("what to do is needed; usage: %s", usage.line);
    const struct verb *v = find_verb(operands[0]);
    if (!v) return cli_complain("`tact key %s`: it is new, allow, deny, require or list", operands[0]);
    if (v->operand && !operands[1]) return cli_complain("`tact key %s` needs %s", v->name, v->operand);
    if (!v->operand && operands[1]) return cli_complain("unexpected argument `%s`; usage: %s", operands[1], usage.line);
    if (v->on_store && !given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    return v->run(operands[1], given);
}
