// SPDX-License-Identifier: Apache-2.0
//
// `tact import`: every row of a file becomes a command. Rows are read and made into commands here, a batch at a time,
// while another thread has the batch before applied; so the one writer, which bounds the speed, never waits. Subtle: a
// batch is settled before the next one is given, so that what is told of rows keeps their order, and nothing that comes
// behind a row which --strict refuses is applied.
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/near.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/import_input.h"
#include "cli/import_reject.h"
#include "cli/import_row.h"
#include "cli/opt.h"
#include "cli/progress.h"

// ---- Options --------------------------------------------------------------------------------------------------------

// clang-format off
#define OPTIONS(X) \
    X(DB,             "db",             "DIR",              "the folder of the store; made if it is not there") \
    X(SCHEMA,         "schema",         "FILE",             "the schema; by default the one that the store has") \
    X(ID,             "id",             "NAMESPACE=COLUMN", "who a row is about; repeatable: all are one person") \
    X(MAP,            "map",            "ATTRIBUTE=COLUMN", "an attribute whose column has another name; repeatable") \
    X(SOURCE,         "source",         "NAME",             "the system that the data comes from") \
    X(TIME,           "time",           "COLUMN",           "when a row was true; by default all are true now") \
    X(EVENT,          "event",          "NAME",             "rows are events of this kind, columns their properties") \
    X(KEY,            "key",            "COLUMN",           "names a row: one that was applied before is not again") \
    X(NONE,           "null",           "TEXT",             "what stands for no value, besides nothing") \
    X(CLEAR,          "clear",          NULL,               "no value takes an attribute away, and does not leave it") \
    X(FORMAT,         "format",         "csv|ndjson",       "of the file, if its name does not tell") \
    X(SEPARATOR,      "separator",      "CHARACTER",        "between the fields of CSV; `tab` is one") \
    X(REJECTS,        "rejects",        "FILE",             "where rows go that are refused; by default beside FILE") \
    X(STRICT,         "strict",         NULL,               "stop at the first row that is refused; slower") \
    X(STRICT_COLUMNS, "strict-columns", NULL,               "refuse columns that are no attributes") \
    X(QUIET,          "quiet",          NULL,               "show no progress") \
    X(HELP,           "help",           NULL,               "show this")
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
    .line = "tact import FILE.csv|FILE.ndjson --db DIR --schema FILE --id NAMESPACE=COLUMN [OPTION]...",
    .about =
        "Sets attributes of persons from a file: a row is about a person, a column has the name of an attribute. FILE\n"
        "`-` is standard input. CSV is as RFC 4180 has it, in UTF-8, its first line names the columns; NDJSON has an\n"
        "object a line. COLUMN `@row` is the number of the row.\n"
        "\n"
        "  tact import customers.csv --db data --schema schema.yaml --id crm=id --id email=mail --source crm\n"
        "  tact import orders.ndjson --db data --event purchase --id crm=customer --time when --key order\n"
        "\n"
        "A value is read by the type that the schema declares. A field that is empty leaves its attribute as it is.\n"
        "Rows that are refused go to FILE.rejects.csv with line and reason, can be mended there and imported by the\n"
        "same command. Importing a file again changes nothing but the times.\n"
        "\n"
        "Ends with 0 if all rows were applied; with 1 if some were refused, or the schema file is faulty or not the\n"
        "active bundle's; with 2 if the command line is wrong or does not fit the file; with 3 if something cannot be\n"
        "opened, read or written.\n"
        "After Ctrl-C a shell sees 130, after SIGTERM 143. All that the summary counts as applied is on disk.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 1,
    .repeatable = UINT64_C(1) << OPT_ID | UINT64_C(1) << OPT_MAP,
};

// ---- What a run works on --------------------------------------------------------------------------------------------

enum {
    BATCH_ROWS = 1000,     // enough for handing over to cost nothing beside applying
    BATCH_BYTES = 4 << 20, // of rows that are large; a batch ends with the row that goes beyond
    INTERVAL_MS = 1000,    // how long a transaction may stay open: the disk is waited for once a second at most
    REFUSED_SHOWN = 5,     // rows whose reasons are printed, too; the others stand in the file of rejects
    UNUSED_SHOWN = 20,     // names of columns without use
};

typedef struct batch_row {
    uint64_t line, number;
    tact_str text;      // for the file of rejects; empty: too long to keep
    const char *reason; // it is refused; NULL: it is a command
} batch_row;

typedef struct batch {
    arena memory; // emptied before each filling
    uint32_t rows_count, commands_count;
    tact_err err; // of all of it
    tact_error error;
    batch_row rows[BATCH_ROWS];
    command commands[BATCH_ROWS]; // of the rows that are one, in their order
    writer_result results[BATCH_ROWS];
} batch;

typedef struct feed { // the other thread
    store *store;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    batch *given; // being applied
    bool stopping;
} feed;

typedef struct run {
    import_input input;
    cli_folder folder;
    csv_reader reader;
    import_wishes wishes;
    import_plan plan;
    import_reject reject;
    progress progress;
    feed feed;
    bool json, strict;
    bool own_columns;                          // the file is one of rejects
    uint64_t number;                           // of the last row that was read
    uint64_t read, applied, refused, repeated; // of rows that were settled
    uint64_t line;                             // of the last of them
    uint64_t persons_before;
    bool ended;       // there is nothing more to read
    bool stopped;     // nothing more is to be applied
    tact_err err;     // why it ended or was stopped
    tact_error error; // its text is complete
    batch batches[2];
} run;

// Notes why reading or applying ends; the first reason counts. `what` is at fault.
static void fail(run *r, tact_err err, const char *what, const char *why) {
    if (!r->err) r->err = err_set(&r->error, err, "%s: %s", what, why);
}

// ---- Reading --------------------------------------------------------------------------------------------------------

// The row without what a file of rejects put before it, and its number then.
static tact_str row_text(run *r, arena *a, const csv_row *row, uint64_t *number) {
    if (r->json) return import_reject_object(a, row->raw, number);
    if (!r->own_columns) return row->raw;
    if (row->fields_count > 0) (void)num_parse_uint(row->fields[0].text, 10, number);
    size_t at = row->fields[row->fields_count < 3 ? row->fields_count : 3].at;
    if (at > row->raw.len) at = row->raw.len;
    return (tact_str){row->raw.ptr + at, row->raw.len - at};
}

static tact_err make_command(run *r, batch *b, const csv_row *row, uint64_t *number, tact_error *error) {
    command *c = &b->commands[b->commands_count];
    return r->json ? import_row_object(&r->plan, &b->memory, row, number, c, error)
                   : import_row_fields(&r->plan, &b->memory, row, number, c, error);
}

// Takes a row of which the reader said `err`. TACT_OK, refused or not, or TACT_NO_MEMORY.
static tact_err add_row(run *r, batch *b, const csv_row *row, tact_err err, tact_error *error) {
    batch_row out = {.line = row->line, .number = ++r->number, .text = TACT_STR("")};
    if (err != TACT_LIMIT) {
        tact_str text = row_text(r, &b->memory, row, &out.number);
        out.text = (tact_str){text.ptr ? arena_copy(&b->memory, text.ptr, text.len) : NULL, text.len};
        if (!out.text.ptr) return TACT_NO_MEMORY;
    }
    if (!err) err = make_command(r, b, row, &out.number, error);
    if (err == TACT_NO_MEMORY) return err;
    if (err) {
        out.reason = arena_copy(&b->memory, error->text, strlen(error->text));
        if (!out.reason) return TACT_NO_MEMORY;
    }
    b->commands_count += !err;
    b->rows[b->rows_count++] = out;
    return TACT_OK;
}

// Reads until the batch is full, or there is nothing more.
static void fill(run *r, batch *b) {
    uint32_t rows_max = r->strict ? 1 : BATCH_ROWS;
    tact_arena_reset(&b->memory);
    b->rows_count = b->commands_count = 0;
    while (!r->ended && b->rows_count < rows_max && tact_arena_used(&b->memory) < BATCH_BYTES) {
        csv_row row;
        tact_error error;
        tact_err err = r->json ? csv_next_line(&r->reader, &row, &error) : csv_next(&r->reader, &row, &error);
        bool faulty = err == TACT_INVALID || err == TACT_LIMIT;
        if (!err || faulty) {
            err = add_row(r, b, &row, err, &error);
            if (err) fail(r, err, r->input.name, tact_err_text(err));
        } else if (err != TACT_NOT_FOUND) {
            fail(r, err, r->input.name, error.text);
        }
        r->ended = err != TACT_OK;
    }
}

// ---- Applying -------------------------------------------------------------------------------------------------------

static void *apply_batches(void *context) {
    feed *f = context;
    pthread_mutex_lock(&f->mutex);
    for (;;) {
        while (!f->given && !f->stopping) pthread_cond_wait(&f->changed, &f->mutex);
        if (!f->given) break;
        batch *b = f->given;
        pthread_mutex_unlock(&f->mutex);
        b->err = store_record(f->store, b->commands, b->commands_count, b->results, &b->error);
        pthread_mutex_lock(&f->mutex);
        f->given = NULL;
        pthread_cond_broadcast(&f->changed);
    }
    pthread_mutex_unlock(&f->mutex);
    return NULL;
}

static bool feed_begin(feed *f, store *s) {
    f->store = s;
    pthread_mutex_init(&f->mutex, NULL);
    pthread_cond_init(&f->changed, NULL);
    if (pthread_create(&f->thread, NULL, apply_batches, f) == 0) return true;
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->mutex);
    cli_complain("the system gives no further thread");
    return false;
}

static void feed_wait(feed *f) { // until what was given is applied
    pthread_mutex_lock(&f->mutex);
    while (f->given) pthread_cond_wait(&f->changed, &f->mutex);
    pthread_mutex_unlock(&f->mutex);
}

static void feed_give(feed *f, batch *b) {
    pthread_mutex_lock(&f->mutex);
    f->given = b;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->mutex);
}

static void feed_end(feed *f) {
    pthread_mutex_lock(&f->mutex);
    f->stopping = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->mutex);
    pthread_join(f->thread, NULL);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->mutex);
}

static void refuse(run *r, const batch_row *row, const char *reason) {
    r->refused++;
    if (r->strict) r->stopped = true;
    if (!import_reject_add(&r->reject, row->number, row->line, reason, row->text)) {
        fail(r, TACT_IO, r->input.name, "rows that are refused cannot be kept");
        r->stopped = true;
    }
    progress_end(&r->progress);
    if (r->refused <= REFUSED_SHOWN) cli_complain("%s:%" PRIu64 ": %s", r->input.name, row->line, reason);
    if (r->refused == REFUSED_SHOWN + 1) cli_complain("further rows that are refused stand in %s", r->reject.path);
}

// Counts what became of a batch that was applied, and keeps what was refused.
static void settle(run *r, const batch *b) {
    if (b->err) {
        fail(r, b->err, "not written", b->error.text);
        r->stopped = true;
        return;
    }
    for (uint32_t i = 0, next = 0; i < b->rows_count; i++) {
        const batch_row *row = &b->rows[i];
        const writer_result *result = row->reason ? NULL : &b->results[next++];
        r->line = row->line;
        r->read++;
        if (!result) {
            refuse(r, row, row->reason);
        } else if (result->code) {
            refuse(r, row, result->error.text);
        } else {
            r->applied += !result->answer.repeated;
            r->repeated += result->answer.repeated;
        }
    }
    if (store_lost(r->folder.store)) r->stopped = true;
    progress_step(&r->progress, r->read, csv_bytes(&r->reader));
}

static void import_rows(run *r) {
    batch *filled = &r->batches[0], *given = NULL;
    while (!r->ended && !r->stopped) {
        fill(r, filled);
        feed_wait(&r->feed);
        if (given) settle(r, given);
        given = NULL;
        if (r->stopped) break;
        feed_give(&r->feed, filled);
        given = filled;
        filled = given == &r->batches[0] ? &r->batches[1] : &r->batches[0];
    }
    feed_wait(&r->feed);
    if (given) settle(r, given);
}

// ---- Before the first row -------------------------------------------------------------------------------------------

// What files' names end in says how they are read.
static const struct {
    const char *end, *format;
    char separator;
} formats[] = {
    {".csv", "csv", ','},
    {".tsv", "csv", '\t'},
    {".ndjson", "ndjson", ','},
    {".jsonl", "ndjson", ','},
};
enum { FORMATS_COUNT = sizeof formats / sizeof *formats };

// The row of `formats` for the file, by its name or by --format; FORMATS_COUNT after a complaint.
static size_t find_format(const char *path, const char *format) {
    size_t len = strlen(path);
    for (size_t i = 0; i < FORMATS_COUNT; i++) {
        size_t end = strlen(formats[i].end);
        bool named = len > end && strcmp(path + len - end, formats[i].end) == 0;
        if (format ? strcmp(format, formats[i].format) == 0 : named) return i;
    }
    if (format) {
        cli_complain("`--format %s`: it is csv or ndjson", format);
    } else {
        cli_complain("%s: its name does not tell whether it is CSV or NDJSON; `--format csv` or `--format ndjson` does",
                     path);
    }
    return FORMATS_COUNT;
}

// The pairs NAME=COLUMN of an option. False after a complaint.
static bool read_pairs(int argc, char **argv, size_t option, import_pair *out, uint32_t room, uint32_t *count) {
    const char *given;
    *count = 0;
    for (int at = 0; (given = opt_each(&usage, argc, argv, option, &at));) {
        if (*count == room) {
            cli_complain("`--%s` can be given %" PRIu32 " times at most", options[option].name, room);
            return false;
        }
        const char *equals = strchr(given, '=');
        if (!equals || equals == given || !equals[1]) {
            cli_complain("`--%s %s`: it is written %s", options[option].name, given, options[option].argument);
            return false;
        }
        import_pair pair = {{given, (size_t)(equals - given)}, tact_str_from(equals + 1)};
        for (uint32_t i = 0; i < *count; i++) {
            bool same = tact_str_equal(out[i].name, pair.name) && tact_str_equal(out[i].column, pair.column);
            if (!same) continue;
            cli_complain("`--%s %s` is given twice", options[option].name, given);
            return false;
        }
        out[(*count)++] = pair;
    }
    return true;
}

static bool read_wishes(import_wishes *w, int argc, char **argv, const char *const *given) {
    if (!read_pairs(argc, argv, OPT_ID, w->ids, COMMAND_IDENTITIES_MAX, &w->ids_count)) return false;
    if (!read_pairs(argc, argv, OPT_MAP, w->maps, IMPORT_COLUMNS_MAX, &w->maps_count)) return false;
    w->event = tact_str_from(given[OPT_EVENT]);
    w->time = tact_str_from(given[OPT_TIME]);
    w->key = tact_str_from(given[OPT_KEY]);
    w->null = tact_str_from(given[OPT_NONE]);
    w->clear = given[OPT_CLEAR] != NULL;
    w->strict_columns = given[OPT_STRICT_COLUMNS] != NULL;
    w->source = SCHEMA_SOURCE_NONE;
    w->now_ms = clock_wall_ms();
    if (w->ids_count) return true;
    cli_complain("`--id NAMESPACE=COLUMN` is needed, it says who a row is about; usage: %s", usage.line);
    return false;
}

// The separator that was asked for; 0 after a complaint.
static char read_separator(const char *given, char by_name) {
    if (!given) return by_name;
    if (strcmp(given, "tab") == 0) return '\t';
    if (given[0] && !given[1] && !strchr("\"\r\n", given[0])) return given[0];
    cli_complain("`--separator %s`: it is one character other than a quote, or `tab`", given);
    return '\0';
}

// The source's number. One that is new is added to the store's schema; it comes last where sources are ranked.
static int find_source(run *r, const char *name) {
    if (!name) return CLI_OK;
    store *s = r->folder.store;
    arena *a = &r->folder.memory;
    tact_error error = {.text = ""};
    int32_t number = schema_find_source(store_schema(s), tact_str_from(name));
    if (number < 0) {
        buf bytes = buf_in(a);
        schema *next;
        schema_write(&bytes, store_schema(s));
        tact_err err = schema_read(a, buf_done(&bytes), &next, &error);
        if (!err && schema_source(next, tact_str_from(name), &error) < 0) err = error.code;
        if (!err) err = store_evolve(s, next, &error);
        number = err ? -1 : schema_find_source(store_schema(s), tact_str_from(name));
        if (number >= 0) cli_complain("source `%s` is new; it comes behind those that the schema ranks", name);
    }
    r->wishes.source = (uint8_t)number;
    return number >= 0 ? CLI_OK : cli_complain("`--source %s`: %s", name, error.text);
}

static void tell_unused(run *r) {
    uint32_t count = r->plan.unused.count;
    if (!count) return;
    progress_end(&r->progress);
    fprintf(stderr, "tact: %s: without use, as no %s has the name:", r->input.name,
            r->plan.event < 0 ? "attribute" : "property");
    for (uint32_t i = 0; i < count && i < UNUSED_SHOWN; i++) {
        utf8_shown shown;
        fprintf(stderr, "%s `%s`", i ? "," : "", utf8_show(&shown, r->plan.unused.entries[i].key));
    }
    fputs(count > UNUSED_SHOWN ? ", and more\n" : "\n", stderr);
}

// Of JSON nothing is known before its last row.
static void tell_missing(const run *r) {
    uint32_t at = 0;
    tact_str column;
    while (r->read && import_row_missing(&r->plan, &at, &column)) {
        utf8_shown shown;
        cli_complain("%s: no row has `%s`", r->input.name, utf8_show(&shown, column));
    }
}

// A whole file in one column is likely one with another separator.
static void hint_separator(const run *r, const csv_row *header) {
    static const char likely[] = ";\t|";
    for (const char *c = likely; *c && header->fields_count == 1; c++) {
        if (!memchr(header->raw.ptr, *c, header->raw.len)) continue;
        cli_complain("%s: it has one column; `--separator '%s'` may be meant", r->input.name,
                     *c == '\t' ? "tab" : (char[2]){*c, '\0'});
        return;
    }
}

static int read_header(run *r) {
    csv_row header;
    tact_error error;
    tact_err err = csv_next(&r->reader, &header, &error);
    if (err == TACT_NOT_FOUND) (void)err_set(&error, err, "it is empty; its first line must name the columns");
    if (err) {
        bool faulty = err == TACT_INVALID || err == TACT_LIMIT;
        char line[32] = "";
        if (faulty) snprintf(line, sizeof line, ":%" PRIu64, header.line);
        cli_complain("%s%s: %s", r->input.name, line, error.text);
        return r->input.interrupted ? CLI_FAILED : CLI_UNREACHABLE;
    }
    err = import_row_header(&r->plan, &header, &error);
    if (err) {
        hint_separator(r, &header);
        return cli_complain("%s: %s", r->input.name, error.text);
    }
    r->own_columns = header.fields_count > 3 && tact_str_equal(header.fields[0].text, TACT_STR(IMPORT_ROW)) &&
                     tact_str_equal(header.fields[2].text, TACT_STR(IMPORT_REASON));
    size_t own = r->own_columns ? header.fields[3].at : 0;
    import_reject_header(&r->reject, (tact_str){header.raw.ptr + own, header.raw.len - own});
    r->reader.options.columns = header.fields_count;
    tell_unused(r);
    if (!r->wishes.strict_columns || !r->plan.unused.count) return CLI_OK;
    return cli_complain("%s: `--strict-columns` refuses columns without use", r->input.name);
}

static int open_rejects(run *r, const char *path, const char *named, size_t format) {
    const char *end = formats[format].end;
    size_t len = strlen(path), tail = strlen(end);
    if (strcmp(path, "-") == 0) {
        path = "import", len = strlen(path);
    } else if (len > tail && strcmp(path + len - tail, end) == 0) {
        len -= tail;
    }
    const char *beside = arena_printf(&r->folder.memory, "%.*s.rejects%s", (int)len, path, end);
    if (!beside) return cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    if (import_input_is(&r->input, named ? named : beside)) {
        return cli_complain("%s: it is the file that is imported; --rejects needs another", named ? named : beside);
    }
    bool open = import_reject_open(&r->reject, named ? named : beside, r->json, r->reader.options.separator);
    return open || !named ? CLI_OK : import_reject_complain(&r->reject);
}

// ---- Behind the last row --------------------------------------------------------------------------------------------

static tact_err no_work(void *context, db_txn *t, tact_error *error) {
    (void)context, (void)t, (void)error;
    return TACT_OK;
}

// Commits everything, and takes what the disk did not take out of the count.
static void commit(run *r) {
    tact_error error;
    store *s = r->folder.store;
    tact_err err = store_run(s, no_work, NULL, &error); // behind all commands
    uint64_t lost = store_lost(s);
    if (err) fail(r, err, "not written", error.text);
    if (!lost) return;
    char text[80];
    snprintf(text, sizeof text, "the disk did not take the last %" PRIu64 " rows that were applied", lost);
    fail(r, TACT_IO, db_folder(store_db(s)), text);
    r->applied -= lost < r->applied ? lost : r->applied;
}

static uint64_t count_persons(run *r) {
    tact_error error;
    store_usage usage_now;
    if (!store_status(r->folder.store, &usage_now, &error)) return usage_now.persons;
    cli_complain("%s", error.text);
    return 0;
}

static void summarise(run *r, int64_t took_us) {
    char a[PROGRESS_COUNT], b[PROGRESS_COUNT];
    uint64_t persons = count_persons(r);
    double seconds = (double)(took_us > 0 ? took_us : 1) / 1e6;
    printf("read      %s rows\n", progress_count(a, r->read));
    printf("applied   %s\n", progress_count(a, r->applied));
    if (r->wishes.key.len) printf("repeated  %s, applied before\n", progress_count(a, r->repeated));
    bool kept = r->refused && r->reject.file;
    printf("refused   %s%s%s\n", progress_count(a, r->refused), kept ? ", see " : "", kept ? r->reject.path : "");
    printf("persons   %s, %s of them new\n", progress_count(a, persons),
           progress_count(b, persons > r->persons_before ? persons - r->persons_before : 0));
    printf("took      %.2f s, %s rows a second\n", seconds, progress_count(a, (uint64_t)((double)r->read / seconds)));
    printf("%s\n", r->err ? "All that counts as applied is on disk; the rest of the file is not imported."
                          : "All that counts as applied is on disk.");
}

// Says why the import did not go to the end, and how to go on.
static void tell_end(const run *r) {
    if (!r->err && !(r->strict && r->refused)) return;
    if (r->err) cli_complain("%s", r->error.text);
    bool repeatable = !r->wishes.event.len || r->wishes.key.len;
    cli_complain("%s: ended behind line %" PRIu64 "%s", r->input.name, r->line,
                 repeatable ? "; importing the file once more does no harm"
                            : "; importing the file once more would count what was applied twice");
}

static int result_of(const run *r, bool rejects_written) {
    if (r->err && !r->input.interrupted) return CLI_UNREACHABLE;
    if (!rejects_written) return CLI_UNREACHABLE;
    return r->err || r->refused ? CLI_FAILED : CLI_OK;
}

// ---- The command ----------------------------------------------------------------------------------------------------

static int import_all(run *r) {
    int64_t begun_us = clock_mono_us();
    r->persons_before = count_persons(r);
    if (!feed_begin(&r->feed, r->folder.store)) return CLI_UNREACHABLE;
    import_rows(r);
    feed_end(&r->feed);
    commit(r);
    progress_end(&r->progress);
    if (r->json) {
        tell_unused(r);
        tell_missing(r);
    }
    tell_end(r);
    summarise(r, clock_mono_us() - begun_us);
    return CLI_OK;
}

// With the folder open.
static int run_import(run *r, const char *path, const char *const *given, size_t format) {
    tact_error error = {.text = ""};
    arena *a = &r->folder.memory;
    csv_options csv = {.separator = read_separator(given[OPT_SEPARATOR], formats[format].separator)};
    if (!csv.separator) return CLI_USAGE;
    if (csv_open(&r->reader, a, import_input_read, &r->input, &csv)) {
        return cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    }
    if (import_row_plan(&r->plan, a, store_schema(r->folder.store), &r->wishes, &error)) {
        return cli_complain("%s", error.text);
    }
    int code = open_rejects(r, path, given[OPT_REJECTS], format);
    if (!code && !r->json) code = read_header(r);
    if (!code) code = find_source(r, given[OPT_SOURCE]);
    progress_begin(&r->progress, "rows", r->input.total, given[OPT_QUIET] != NULL);
    if (!code) code = import_all(r);
    bool written = import_reject_close(&r->reject);
    return code ? code : result_of(r, written);
}

static int run_command(run *r, const char *path, int argc, char **argv, const char *const *given) {
    size_t format = find_format(path, given[OPT_FORMAT]);
    if (format == FORMATS_COUNT || !read_wishes(&r->wishes, argc, argv, given)) return CLI_USAGE;
    r->json = strcmp(formats[format].format, "ndjson") == 0;
    r->strict = given[OPT_STRICT] != NULL;
    int code = CLI_UNREACHABLE;
    if (import_input_open(&r->input, path)) {
        const store_options how = {.writer = {.interval_ms = INTERVAL_MS}};
        code = folder_open_with(&r->folder, given[OPT_DB], given[OPT_SCHEMA], how);
        if (!code) code = run_import(r, path, given, format);
        folder_close(&r->folder);
    }
    fflush(stdout);
    import_input_close(&r->input);
    return code;
}

int cmd_import(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!args.operands_count) return cli_complain("a file is needed; usage: %s", usage.line);
    if (!given[OPT_DB]) return cli_complain("`--db DIR` is needed; usage: %s", usage.line);
    arena memory;
    arena_init(&memory, 0);
    run *r = ARENA_NEW(&memory, run);
    if (!r) return cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    int code = run_command(r, operands[0], argc, argv, given);
    int interrupted = r->input.interrupted;
    for (int i = 0; i < 2; i++) arena_fini(&r->batches[i].memory);
    arena_fini(&memory);
    if (interrupted) raise(interrupted); // so that a script which runs this ends as well
    return code;
}
