// SPDX-License-Identifier: Apache-2.0
//
// `tact replay`: decides again what a log of decisions holds.
#include "engine/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"

// clang-format off
#define OPTIONS(X) \
    X(DB,   "db",   "DIR", "the folder of the store that holds the bundles") \
    X(JSON, "json", NULL,  "print a line of JSON for each decision") \
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

enum { FILES_MAX = 1000, REASONS_MAX = 8 };

static const cli_usage usage = {
    .line = "tact replay LOG... --db DIR [--json]",
    .about =
        "Decides again what files of a log of decisions hold, or all files of a folder, each decision with what went\n"
        "in then, by the bundle that made it and that the store still has. Says which come out otherwise, and which\n"
        "cannot be repeated and why.\n"
        "\n"
        "  tact replay log --db data\n"
        "  tact replay log/decisions-00000017.log --db data\n"
        "\n"
        "Ends with 0; with 1 if a decision came out otherwise, or cannot be repeated although nobody was erased, or a\n"
        "file is damaged or cut off; with 2 if the command line is wrong; with 3 if the folder or a file cannot be\n"
        "opened.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = FILES_MAX,
};

typedef struct reason { // why something cannot be repeated
    const char *why;
    uint64_t count;
} reason;

typedef struct replaying {
    cli_folder *folder;
    replay *replay;
    const char *file;
    arena scratch;
    bool json;
    uint64_t of[REPLAY_OUTCOMES];
    reason reasons[REASONS_MAX]; // of GONE
    uint64_t damaged;
    bool missing; // something that should be there
    int code;     // the worst so far
} replaying;

static const char *const outcomes[REPLAY_OUTCOMES] = {"same", "differs", "gone"};

static void print_json(replaying *r, const log_read *frame, const replay_result *result) {
    value_entry fields[] = {
        answer_field("file", tact_string(r->file, strlen(r->file))),
        answer_field("at", tact_uint(frame->at)),
        answer_field("outcome", tact_string(outcomes[result->outcome], strlen(outcomes[result->outcome]))),
        answer_field("decision", tact_string(result->decision.ptr, result->decision.len)),
        answer_field("bundle", tact_string(result->bundle.ptr, result->bundle.len)),
        answer_field("why", result->why ? tact_string(result->why, strlen(result->why)) : tact_null())};
    (void)!answer_json(stdout, answer_map(&r->scratch, fields, sizeof fields / sizeof *fields), &r->scratch);
}

static void print_text(replaying *r, const log_read *frame, const replay_result *result) {
    buf out = buf_in(&r->scratch);
    if (result->outcome == REPLAY_SAME) return;
    buf_printf(&out, "%s: byte %" PRIu64 ": ", r->file, frame->at);
    answer_add_shown(&out, result->decision);
    if (result->outcome == REPLAY_GONE) {
        buf_printf(&out, "%scannot be repeated: %s\n", result->decision.len ? " " : "", result->why);
    } else {
        buf_add_text(&out, " comes out otherwise\n  then ");
        answer_add_shown(&out, result->then);
        buf_add_text(&out, "\n  now  ");
        answer_add_shown(&out, result->now);
        buf_add_char(&out, '\n');
    }
    tact_str text = buf_done(&out);
    if (text.ptr) cli_print(stdout, text);
}

static void count_reason(replaying *r, const char *why) {
    uint32_t i = 0;
    while (i < REASONS_MAX - 1 && r->reasons[i].why && strcmp(r->reasons[i].why, why) != 0) i++;
    if (!r->reasons[i].why) r->reasons[i].why = why;
    r->reasons[i].count++;
}

static bool hear(void *context, const log_read *frame) {
    replaying *r = context;
    replay_result result;
    tact_error error;
    tact_arena_reset(&r->scratch);
    if (replay_frame(r->replay, frame, &result, &error)) {
        cli_complain("%s: byte %" PRIu64 ": %s", r->file, frame->at, error.text);
        r->damaged++;
        return true;
    }
    r->of[result.outcome]++;
    if (result.outcome == REPLAY_GONE) count_reason(r, result.why);
    r->missing |= result.outcome == REPLAY_GONE && !frame->erased;
    if (r->json) {
        print_json(r, frame, &result);
    } else {
        print_text(r, frame, &result);
    }
    return true;
}

static void replay_file(replaying *r, const char *path) {
    tact_error error;
    arena memory;
    arena_init(&memory, 0);
    r->file = path;
    tact_err err = log_read_file(path, &memory, hear, r, &error);
    arena_fini(&memory);
    if (!err) return;
    cli_complain("%s", error.text);
    if (r->code != CLI_UNREACHABLE) r->code = err == TACT_INVALID ? CLI_FAILED : CLI_UNREACHABLE;
}

// A file, or all files of a folder, the oldest first.
static void replay_operand(replaying *r, const char *operand) {
    char path[LOG_PATH_MAX];
    struct stat st;
    uint64_t number = 0;
    if (stat(operand, &st) || !S_ISDIR(st.st_mode)) {
        replay_file(r, operand);
        return;
    }
    if (!log_find_file(operand, &number, path)) {
        cli_complain("%s: there is no log of decisions in this folder", operand);
        r->code = CLI_UNREACHABLE;
    }
    for (; log_find_file(operand, &number, path); number++) replay_file(r, path);
}

static int replay_files(replaying *r, const cli_args *args) {
    for (size_t i = 0; i < args->operands_count; i++) replay_operand(r, args->operands[i]);
    if (!r->json) {
        printf("%" PRIu64 " the same, %" PRIu64 " otherwise, %" PRIu64 " cannot be repeated\n", r->of[REPLAY_SAME],
               r->of[REPLAY_DIFFERS], r->of[REPLAY_GONE]);
        for (int i = 0; i < REASONS_MAX && r->reasons[i].why; i++) {
            printf("%8" PRIu64 " %s\n", r->reasons[i].count, r->reasons[i].why);
        }
    }
    return r->code ? r->code : r->of[REPLAY_DIFFERS] || r->damaged || r->missing ? CLI_FAILED : CLI_OK;
}

static int run(cli_folder *f, const cli_args *args) {
    tact_error error;
    replaying r = {.folder = f, .json = args->given[OPT_JSON] != NULL};
    arena_init(&r.scratch, 0);
    tact_err err = replay_new(&f->memory, &f->reader, &r.replay, &error);
    int code = err ? answer_failed(err, &error) : replay_files(&r, args);
    replay_free(r.replay);
    arena_fini(&r.scratch);
    return code;
}

int cmd_replay(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[FILES_MAX] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!args.operands_count) return cli_complain("a file of a log is needed; usage: %s", usage.line);
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    cli_folder f;
    int code = folder_open_with(&f, given[OPT_DB], NULL,
                                (store_options){.db = {.read_only = true, .view_max_ms = DB_VIEW_FOREVER}});
    if (!code) code = run(&f, &args);
    folder_close(&f);
    return code;
}
