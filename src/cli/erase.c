// SPDX-License-Identifier: Apache-2.0
//
// `tact erase`: deletes a person for good, after asking. Subtle: whoever is asked may take long, so the folder is open
// for reading only until there is an answer; the erasure goes by an identity and takes whoever that finds by then.
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "engine/log.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(LOG,  "log", "DIR",  "a folder with a log of decisions, which is to forget the person as well; with --db") \
    X(YES,  "yes",  NULL,  "do not ask; needed where there is no terminal") \
    X(JSON, "json", NULL,  "print the receipt as JSON") \
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
    .line = "tact erase ID|NAMESPACE:VALUE --db DIR|--to URL [--yes]",
    .about =
        "Deletes a person for good: all identities, attributes, consents, events and counters, in one step. What\n"
        "stays is a keyed hash of each identity, which refuses what happened before and arrives late. Prints a\n"
        "receipt, which holds nothing of the person but the number.\n"
        "\n"
        "A log of decisions that was written beside the folder holds who was decided for: with `--log` it forgets\n"
        "all who are erased by now. Without, it does so when a server or program opens it next.\n"
        "\n"
        "  tact erase email:ann@example.com --db data\n"
        "  tact erase 4711 --db data --yes --json >receipt.json\n"
        "\n"
        "Ends with 0; with 1 if there is no such person, or the answer was no; with 2 if the command line is\n"
        "wrong; with 3 if the folder cannot be opened or written to, or the receipt cannot be printed, as is\n"
        "said then.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
    .operands_max = 1,
};

enum { NAMED_MAX = 5 }; // identities named in the question

typedef struct whom {
    uint64_t person;
    const char *identity; // "NAMESPACE:VALUE", by which the person is erased
    tact_value identities, events;
} whom;

// What is held, and by which identity: one that still finds the person, else one that did.
static int look_at(arena *a, tact_value held, whom *w) {
    w->identities = ask_find(held, "identities");
    w->events = ask_find(held, "events");
    if (w->identities.kind != TACT_LIST) w->identities = tact_list(NULL, 0);
    for (uint32_t i = 0; i < w->identities.len; i++) {
        const tact_value one = w->identities.as.items[i];
        const tact_str text = ask_text(one, "identity");
        bool dropped = ask_flag(one, "dropped");
        if (text.len && (!w->identity || !dropped)) w->identity = arena_copy(a, text.ptr, text.len);
        if (w->identity && !dropped) break;
    }
    if (w->identity) return CLI_OK;
    cli_complain("person %" PRIu64 " has no identity left to erase by; `tact fsck` checks the store", w->person);
    return CLI_FAILED;
}

// What is held now, copied to the arena.
static int look_up(cli_folder *f, arena *a, const char *operand, whom *w) {
    record r;
    tact_value held;
    tact_error error;
    int code = folder_person(f, operand, &r);
    if (code) return code;
    w->person = record_person(&r);
    tact_err err = store_export(&f->reader, a, w->person, clock_wall_ms(), &held, &error);
    if (err) return answer_failed(err, &error);
    return look_at(a, held, w);
}

// Asks at the terminal. CLI_OK: yes.
static int ask(arena *a, const whom *w) {
    if (!isatty(STDIN_FILENO)) {
        return cli_complain("there is no terminal to ask at; `--yes` erases without asking");
    }
    buf out = buf_in(a);
    buf_printf(&out, "Erase person %" PRIu64 " for good, with %" PRIu32 " identities (", w->person, w->identities.len);
    for (uint32_t i = 0; i < w->identities.len && i < NAMED_MAX; i++) {
        if (i) buf_add_text(&out, ", ");
        answer_add_shown(&out, ask_text(w->identities.as.items[i], "identity"));
    }
    if (w->identities.len > NAMED_MAX) buf_add_text(&out, ", ...");
    buf_printf(&out, ") and %" PRIu32 " events? [y/N] ", w->events.len);
    cli_print(stderr, buf_done(&out));
    char line[8] = "";
    bool yes = fgets(line, sizeof line, stdin) && (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0);
    if (yes) return CLI_OK;
    cli_complain("nothing was erased");
    return CLI_FAILED;
}

static int print_fields(cli_folder *f, const command *c, const apply_answer *answer, bool json) {
    if (json) {
        value_entry fields[] = {
            answer_field("person", tact_uint(answer->person)),
            answer_field("identities", tact_uint(answer->strands)),
            answer_field("events", tact_uint(answer->events)),
            answer_field("time", answer_time(c->time_ms)),
            answer_field("position", tact_uint(answer->position)),
        };
        return answer_json(stdout, answer_map(&f->memory, fields, sizeof fields / sizeof *fields), &f->memory);
    }
    buf out = buf_in(&f->memory);
    buf_printf(&out, "erased      person %" PRIu64 "\n", answer->person);
    buf_printf(&out, "identities  %" PRIu32 "\n", answer->strands);
    buf_printf(&out, "events      %" PRIu64 "\n", answer->events);
    buf_add_text(&out, "time        ");
    value_print_timestamp(&out, answer_time(c->time_ms));
    buf_printf(&out, "\nposition    %" PRIu64 "\n", answer->position);
    cli_print(stdout, buf_done(&out));
    return CLI_OK;
}

// The erasure is on disk by now, whatever becomes of its receipt.
static int print_receipt(cli_folder *f, const command *c, const apply_answer *answer, bool json) {
    int code = print_fields(f, c, answer, json);
    if (!code && !fflush(stdout) && !ferror(stdout)) return CLI_OK;
    cli_complain("person %" PRIu64 " is erased, at position %" PRIu64 ", but the receipt cannot be printed",
                 answer->person, answer->position);
    return CLI_UNREACHABLE;
}

// The erasure is on disk by now, whatever becomes of the log.
static int forget_in_log(cli_folder *f, const char *folder, uint64_t person) {
    tact_error error;
    if (!folder || !log_forget_in(folder, f->store, &error)) return CLI_OK;
    cli_complain("person %" PRIu64 " is erased, but %s", person, error.text);
    return CLI_UNREACHABLE;
}

static int erase(cli_folder *f, const char *by, const char *log, bool json) {
    command_identity identity;
    if (!folder_identity(f, by, &identity)) return CLI_FAILED;
    command c = {.kind = COMMAND_ERASE,
                 .time_ms = clock_wall_ms(),
                 .source = SCHEMA_SOURCE_NONE,
                 .identities = &identity,
                 .identities_count = 1};
    apply_answer answer;
    int code = answer_record(f, &c, &answer);
    if (code) return code;
    code = forget_in_log(f, log, answer.person);
    int printed = print_receipt(f, &c, &answer, json);
    return code ? code : printed;
}

static bool is_folder(const char *name) {
    struct stat st;
    return !stat(name, &st) && S_ISDIR(st.st_mode);
}

static int run(arena *a, const cli_args *args) {
    whom w = {.person = 0};
    cli_folder f;
    const char *log = args->given[OPT_LOG];
    if (log && !is_folder(log)) {
        cli_complain("%s: there is no such folder of a log; nothing was erased", log);
        return CLI_UNREACHABLE;
    }
    int code = folder_open(&f, args->given[OPT_DB], NULL, true);
    if (!code) code = look_up(&f, a, args->operands[0], &w);
    folder_close(&f);
    if (!code && !args->given[OPT_YES]) code = ask(a, &w);
    if (code) return code;
    code = folder_open(&f, args->given[OPT_DB], NULL, false);
    if (!code) code = erase(&f, w.identity, args->given[OPT_LOG], args->given[OPT_JSON] != NULL);
    folder_close(&f);
    return code;
}

// ---- Of a server ----------------------------------------------------------------------------------------------------

static int print_reply(arena *a, tact_value reply, bool json) {
    static const char *const names[] = {"person", "identities", "events"};
    if (json) return answer_json(stdout, reply, a);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        printf("%-11s %s%" PRId64 "\n", i ? names[i] : "erased", i ? "" : "person ", ask_find(reply, names[i]).as.i);
    }
    return CLI_OK;
}

static int run_at(const ask_where *where, const cli_args *args) {
    whom w = {.person = 0};
    tact_value reply;
    cli_ask a;
    int code = ask_open(&a, where, false);
    if (!code && !ask_put_person(&a, args->operands[0])) code = CLI_USAGE;
    if (!code) code = ask_answer(&a, "person", &reply);
    if (!code) {
        const tact_value held = ask_find(reply, "person");
        w.person = (uint64_t)ask_find(held, "person").as.i;
        code = look_at(&a.memory, held, &w);
    }
    if (!code && !args->given[OPT_YES]) code = ask(&a.memory, &w);
    if (!code && !ask_put_person(&a, w.identity)) code = CLI_USAGE;
    if (!code) code = ask_answer(&a, "erase", &reply);
    if (!code) code = print_reply(&a.memory, reply, args->given[OPT_JSON] != NULL);
    ask_close(&a);
    return code;
}

// ---- The command ----------------------------------------------------------------------------------------------------

int cmd_erase(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!args.operands_count) return cli_complain("a person is needed; usage: %s", usage.line);
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!where.folder && given[OPT_LOG]) return cli_complain("`--log` goes with `--db`; a server knows its own log");
    if (!where.folder) return run_at(&where, &args);
    arena memory;
    arena_init(&memory, 0);
    int code = run(&memory, &args);
    arena_fini(&memory);
    return code;
}
