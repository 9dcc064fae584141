// SPDX-License-Identifier: Apache-2.0
//
// `tact record`: changes from a file, each answered. They go to the store in batches, so that a disk is waited for once
// for many; what is refused does no harm to the others. Subtle: one file may hold one change over many lines, a list of
// changes, or a change on each line, and its first line tells which: if that is JSON of its own, lines it is.
#include <inttypes.h>

#include "base/clock.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "wire/change.h"
#include "wire/json.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(SCHEMA, "schema", "FILE.yaml", "the schema that the store is to have; a new store needs one") \
    X(JSON,   "json",   NULL,        "answer with a line of JSON for each change") \
    X(HELP,   "help",   NULL,        "show this")
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
    .line = "tact record FILE.json|FILE.ndjson|-|CHANGE --db DIR|--to URL [--schema FILE.yaml]",
    .about =
        "Applies changes: one as JSON, a JSON list of them, or one on each line. CHANGE is JSON on the command line.\n"
        "Each is answered, when it is on disk, with its position among all changes and the person it is about; one\n"
        "that is refused is told with line and reason and does no harm to the others. A server answers what it was "
        "sent\n"
        "together with one position, and tells of those that it refused.\n"
        "\n"
        "  {\"set\": {\"language\": \"de\", \"tier\": null}, \"person\": {\"crm\": \"4711\"}, \"source\": \"crm\"}\n"
        "  {\"event\": \"purchase\", \"properties\": {\"amount\": 12.5}, \"person\": {\"cookie\": \"7f3\"}, \"id\": "
        "\"o-17\"}\n"
        "  {\"consent\": {\"marketing\": \"granted\"}, \"person\": {\"email\": \"ann@example.com\"}}\n"
        "  {\"link\": {\"crm\": \"4711\", \"email\": \"ann@example.com\"}}\n"
        "\n"
        "  tact record changes.ndjson --db data\n"
        "  tact record '{\"unlink\": {\"email\": \"ann@example.com\"}}' --db data\n"
        "\n"
        "keys of a change:\n"
#define X(KEY, key, does, goes_with, takes, doc) "  " #key ": " doc "\n"
#include "wire/change_tbl.h"
#undef X
        "\n"
        "Ends with 0; with 1 if a change was refused, or the schema file is faulty or not the active bundle's; with\n"
        "2 if the command line is wrong or the file cannot be read; with 3 if the folder cannot be opened or written\n"
        "to.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
    .operands_max = 1,
};

// ---- Where changes come from ----------------------------------------------------------------------------------------

typedef enum shape { ONE, LIST, LINES } shape;

typedef struct source {
    const char *name; // as complaints have it
    shape shape;
    tact_str text;   // LINES: what is not read yet
    tact_value list; // ONE, LIST
    uint32_t number; // of the change or line that was read last
} source;

typedef struct item { // a change and what became of it
    uint32_t number;
    tact_value v;
    tact_err code;
    tact_error error;
    apply_answer answer;
} item;

static bool blank(tact_str line) {
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r') return false;
    }
    return true;
}

// The next line that is not blank, and its number; false at the end.
static bool next_line(tact_str *text, uint32_t *number, tact_str *line) {
    while (text->len) {
        const char *newline = memchr(text->ptr, '\n', text->len);
        *line = (tact_str){text->ptr, newline ? (size_t)(newline - text->ptr) : text->len};
        size_t step = line->len + (newline != NULL);
        text->ptr += step;
        text->len -= step;
        ++*number;
        if (!blank(*line)) return true;
    }
    return false;
}

// Some programs of Windows begin a file in UTF-8 so.
static tact_str without_mark(tact_str text) {
    static const char mark[] = "\xef\xbb\xbf";
    size_t len = strlen(mark);
    bool marked = text.len >= len && memcmp(text.ptr, mark, len) == 0;
    return marked ? (tact_str){text.ptr + len, text.len - len} : text;
}

// False after a complaint.
static bool source_begin(source *s, const char *operand, arena *a) {
    bool inline_ = operand[0] == '{' || operand[0] == '[';
    *s = (source){.name = inline_ ? "change" : strcmp(operand, "-") == 0 ? "<stdin>" : operand};
    if (inline_) {
        s->text = tact_str_from(operand);
    } else if (!cli_read_file(operand, a, &s->text)) {
        return false;
    }
    s->text = without_mark(s->text);
    tact_str rest = s->text, line;
    uint32_t number = 0;
    tact_value v;
    tact_error error;
    if (next_line(&rest, &number, &line) && !json_read(a, line, &v, NULL) && v.kind == TACT_MAP && !blank(rest)) {
        s->shape = LINES;
        return true;
    }
    if (json_read(a, s->text, &s->list, &error)) {
        cli_complain("%s:%d:%d: %s", s->name, error.line, error.column, error.text);
        return false;
    }
    s->shape = s->list.kind == TACT_LIST ? LIST : ONE;
    return true;
}

// The next change, or why it cannot be read; false at the end.
static bool source_next(source *s, arena *a, item *out) {
    *out = (item){.code = TACT_OK};
    if (s->shape == LINES) {
        tact_str line;
        if (!next_line(&s->text, &s->number, &line)) return false;
        out->number = s->number;
        tact_error why;
        out->code = json_read(a, line, &out->v, &why);
        if (out->code) (void)err_set(&out->error, out->code, "column %d: %s", why.column, why.text);
        return true;
    }
    uint32_t count = s->shape == ONE ? 1 : s->list.len;
    if (s->number == count) return false;
    out->v = s->shape == ONE ? s->list : s->list.as.items[s->number];
    out->number = ++s->number;
    return true;
}

// "changes.ndjson:3", "changes.json: change 3".
static void print_place(FILE *stream, const source *s, const item *i) {
    if (s->shape == LINES) fprintf(stream, "%s:%" PRIu32 ": ", s->name, i->number);
    if (s->shape == LIST) fprintf(stream, "%s: change %" PRIu32 ": ", s->name, i->number);
}

// ---- Batches --------------------------------------------------------------------------------------------------------

enum { BATCH = 1000 }; // changes that wait for the disk together

typedef struct recording {
    cli_folder folder;
    source source;
    bool json;
    arena batch; // lives as long as one batch
    item items[BATCH];
    command commands[BATCH];
    writer_result results[BATCH];
    uint64_t applied, refused;
} recording;

// Reads a batch; how many commands it has goes to `commands_count`.
static uint32_t fill(recording *r, uint32_t *commands_count) {
    uint32_t count = 0;
    *commands_count = 0;
    while (count < BATCH && source_next(&r->source, &r->batch, &r->items[count])) {
        item *i = &r->items[count++];
        if (i->code) continue;
        command *c = &r->commands[*commands_count];
        i->code = change_read(&r->batch, store_schema(r->folder.store), i->v, clock_wall_ms(), c, &i->error);
        *commands_count += i->code == TACT_OK;
    }
    return count;
}

static int print_json(recording *r, const item *i) {
    arena *a = &r->batch;
    value_entry fields[4] = {answer_field(r->source.shape == LINES ? "line" : "change", tact_uint(i->number)),
                             answer_field("ok", tact_bool(!i->code))};
    if (!i->code) {
        fields[2] = answer_field("position", tact_uint(i->answer.position));
        fields[3] = answer_field("person", tact_uint(i->answer.person));
        return answer_json(stdout, answer_map(a, fields, 4), a);
    }
    const char *name = tact_err_name(i->code);
    value_entry error[] = {answer_field("code", tact_string(name, strlen(name))),
                           answer_field("text", tact_string(i->error.text, strlen(i->error.text)))};
    fields[2] = answer_field("error", answer_map(a, error, 2));
    return answer_json(stdout, answer_map(a, fields, 3), a);
}

static int print_answer(recording *r, const item *i) {
    r->applied += !i->code;
    r->refused += i->code != TACT_OK;
    if (r->json) return print_json(r, i);
    if (i->code) {
        fputs("tact: ", stderr);
        print_place(stderr, &r->source, i);
        fprintf(stderr, "%s\n", i->error.text);
        return CLI_OK;
    }
    print_place(stdout, &r->source, i);
    printf("position %" PRIu64 ", ", i->answer.position);
    if (i->answer.person) {
        printf("person %" PRIu64, i->answer.person);
    } else {
        fputs("nobody was known", stdout); // an erasure ahead of its person
    }
    puts(i->answer.repeated ? ", was applied before" : "");
    return CLI_OK;
}

// CLI_OK, or what went wrong with all of it.
static int record_batch(recording *r, uint32_t count, uint32_t commands_count) {
    tact_error error;
    if (commands_count && store_record(r->folder.store, r->commands, commands_count, r->results, &error)) {
        cli_complain("%s", error.text);
        cli_complain("stopped: from %s %" PRIu32 " on nothing was applied",
                     r->source.shape == LINES ? "line" : "change", r->items[0].number);
        return CLI_UNREACHABLE;
    }
    const writer_result *next = r->results;
    for (uint32_t k = 0; k < count; k++) {
        item *i = &r->items[k];
        if (!i->code) {
            i->code = next->code;
            i->answer = next->answer;
            if (next->code) i->error = next->error;
            next++;
        }
        int code = print_answer(r, i);
        if (code) return code;
    }
    return CLI_OK;
}

static int run(recording *r) {
    int code = CLI_OK;
    uint32_t count, commands_count;
    while (!code && (count = fill(r, &commands_count)) > 0) {
        code = record_batch(r, count, commands_count);
        tact_arena_reset(&r->batch);
    }
    if (!r->json && r->source.shape != ONE) {
        fprintf(stderr, "%" PRIu64 " applied, %" PRIu64 " refused\n", r->applied, r->refused);
    }
    return code == CLI_OK && r->refused ? CLI_FAILED : code;
}

// ---- Of a server ----------------------------------------------------------------------------------------------------

// A server answers a batch by what it refused of it, and by one position for all.
static void print_sent(recording *r, uint32_t count, int64_t position) {
    for (uint32_t k = 0; k < count; k++) {
        item *i = &r->items[k];
        i->answer.position = (uint64_t)position;
        if (i->code) {
            (void)print_answer(r, i);
            continue;
        }
        r->applied++;
        if (r->json) {
            printf("{\"%s\":%" PRIu32 ",\"ok\":true}\n", r->source.shape == LINES ? "line" : "change", i->number);
        } else if (r->source.shape == ONE) {
            printf("position %" PRId64 "\n", position);
        }
    }
}

// The item that "commands[2].set" is of, by what was sent; NULL: none.
static item *find_item(recording *r, const char *at, const uint32_t *sent, uint32_t count) {
    unsigned number;
    if (sscanf(at, "commands[%u]", &number) != 1 || number >= count) return NULL;
    return &r->items[sent[number]];
}

// The server's places begin with that in what was sent, "commands[2].", which says nothing to whoever reads this.
static void refuse(item *i, tact_err err, tact_str text) {
    static const char before[] = "commands[";
    const char *dot = text.len > strlen(before) ? memchr(text.ptr, ']', text.len) : NULL;
    if (dot && memcmp(text.ptr, before, strlen(before)) == 0) {
        const size_t len = (size_t)(dot - text.ptr) + 1;
        const size_t skip = len + 1 < text.len && text.ptr[len] == '.' ? len + 1 : len + 2; // or ": "
        if (skip < text.len) text = (tact_str){text.ptr + skip, text.len - skip};
    }
    i->code = err;
    (void)err_set(&i->error, err, "%.*s", (int)text.len, text.ptr);
}

// One change that cannot be read keeps a server from applying any, so that those that can are sent again without it.
static int send_batch(recording *r, cli_ask *a, uint32_t count) {
    uint32_t sent[BATCH];
    for (;;) {
        form_items list = {.count = 0};
        uint32_t sent_count = 0;
        tact_value reply;
        tact_problem problem;
        for (uint32_t k = 0; k < count; k++) {
            if (r->items[k].code) continue;
            form_add(&a->form, &list, r->items[k].v);
            sent[sent_count++] = k;
        }
        if (!sent_count) {
            print_sent(r, count, 0);
            return CLI_OK;
        }
        form_put(&a->form, &a->request, "commands", form_list(&list));
        tact_err err = ask_try(a, "record", &reply, &problem);
        item *bad = err == TACT_INVALID ? find_item(r, problem.at, sent, sent_count) : NULL;
        if (bad) {
            refuse(bad, err, tact_str_from(problem.text));
            continue;
        }
        if (err) {
            int code = ask_complain(err, &problem);
            cli_complain("stopped: from %s %" PRIu32 " on nothing was applied, as far as is known",
                         r->source.shape == LINES ? "line" : "change", r->items[0].number);
            return code;
        }
        const tact_value refused = ask_find(reply, "refused");
        for (uint32_t k = 0; refused.kind == TACT_LIST && k < refused.len; k++) {
            const tact_str at = ask_text(refused.as.items[k], "at");
            const char *place = arena_copy(&a->memory, at.ptr, at.len);
            item *i = place ? find_item(r, place, sent, sent_count) : NULL;
            if (i) refuse(i, TACT_INVALID, ask_text(refused.as.items[k], "text"));
        }
        print_sent(r, count, ask_find(reply, "position").as.i);
        return CLI_OK;
    }
}

static int run_at(recording *r, const ask_where *where) {
    cli_ask a;
    int code = ask_open(&a, where, false);
    while (!code) {
        uint32_t count = 0;
        while (count < BATCH && source_next(&r->source, &r->batch, &r->items[count])) count++;
        if (!count) break;
        code = send_batch(r, &a, count);
        tact_arena_reset(&r->batch);
        tact_arena_reset(&a.memory);
    }
    ask_close(&a);
    if (!r->json && r->source.shape != ONE) {
        fprintf(stderr, "%" PRIu64 " applied, %" PRIu64 " refused\n", r->applied, r->refused);
    }
    return code == CLI_OK && r->refused ? CLI_FAILED : code;
}

// ---- The command ----------------------------------------------------------------------------------------------------

int cmd_record(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!args.operands_count) return cli_complain("changes are needed; usage: %s", usage.line);
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!where.folder && given[OPT_SCHEMA]) return cli_complain("`--schema` is for folders; a server has its schema");
    arena memory; // what is read is read first, so that a mistake in it makes no store
    arena_init(&memory, 0);
    int code = CLI_USAGE;
    recording *r = arena_zalloc(&memory, sizeof *r);
    if (!r) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    } else if (source_begin(&r->source, operands[0], &memory)) {
        r->json = given[OPT_JSON] != NULL;
        arena_init(&r->batch, 0);
        if (where.folder) {
            code = folder_open(&r->folder, where.folder, given[OPT_SCHEMA], false);
            if (!code) code = run(r);
            folder_close(&r->folder);
        } else {
            code = run_at(r, &where);
        }
        arena_fini(&r->batch);
    }
    arena_fini(&memory);
    return code;
}
