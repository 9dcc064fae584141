// SPDX-License-Identifier: Apache-2.0
//
// `tact person`: a picture of a person as rules see it at a moment. The picture is one value, lists of rows; --json
// prints it as it is, and the tables below say which fields of a row people see, and how. What the person has not
// agreed to is not told here either; `tact export` is for all that is held. From a server that is what comes, so that
// its rows are made into a picture as far as they go.
#include <inttypes.h>

#include "base/utf8.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(NOW,  "now",  "TIME", "as of a time such as 2026-12-01T10:00:00Z; now by default") \
    X(JSON, "json", NULL,   "print as JSON") \
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
    .line = "tact person ID|NAMESPACE:VALUE --db DIR|--to URL [--now TIME] [--json]",
    .about =
        "Shows a person as rules see it: identities, attributes with source and age, or why one is absent, consents,\n"
        "aggregates, counters and the latest events.\n"
        "\n"
        "  tact person email:ann@example.com --db data\n"
        "  tact person 4711 --db data --json | jq .attributes\n"
        "\n"
        "A server tells what is held, not what rules see of it: with --to there are the values of all sources and all\n"
        "that was said about consents, whether rules may use it or not, and no word of why one is absent. --json "
        "prints\n"
        "that as `tact export` does.\n"
        "\n"
        "Ends with 0; with 1 if there is no such person; with 2 if the command line is wrong; with 3 if the\n"
        "folder cannot be opened, or the server cannot be reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
    .operands_max = 1,
};

// ---- Rows -----------------------------------------------------------------------------------------------------------

enum { FIELDS_MAX = 10, EVENTS_SHOWN = 10 };

typedef struct picture {
    arena *a;
    const schema *s;
    record r;
    int64_t now_ms;
    tact_value held; // as exported
    bool failed;     // memory ran out
} picture;

typedef struct fields { // of a row
    value_entry of[FIELDS_MAX];
    size_t count;
} fields;

typedef struct rows {
    tact_value *items;
    uint32_t count, room;
} rows;

static tact_value text_of(tact_str s) {
    return tact_string(s.ptr, s.len);
}

static void put(fields *f, const char *name, tact_value v) {
    f->of[f->count++] = answer_field(name, v);
}

static void add(picture *p, rows *all, tact_value v) {
    if (all->count == all->room) {
        uint32_t room = all->room ? all->room * 2 : 16;
        tact_value *items = arena_extend(p->a, all->items, all->room, room, sizeof *items);
        if (!items) {
            p->failed = true;
            return;
        }
        all->items = items;
        all->room = room;
    }
    all->items[all->count++] = v;
}

static void add_row(picture *p, rows *all, const fields *f) {
    tact_value v = answer_map(p->a, f->of, f->count);
    p->failed |= v.kind != TACT_MAP;
    if (!p->failed) add(p, all, v);
}

static tact_value list_of(tact_value held, const char *name) {
    tact_value list = ask_find(held, name);
    return list.kind == TACT_LIST ? list : tact_list(NULL, 0);
}

static void put_source(picture *p, fields *f, uint8_t source) {
    if (source < p->s->sources_count) put(f, "source", text_of(p->s->sources[source]));
}

// Why an attribute's own value is not to be used.
static tact_value reason(picture *p, const schema_attribute *m, record_absence why) {
    buf out = buf_in(p->a);
    if (why == RECORD_TOO_OLD) {
        buf_add_text(&out, "too old, used for ");
        answer_add_span(&out, m->max_age_ms / 1000);
    } else {
        buf_add_str(&out, p->s->purposes[m->purpose].name);
        buf_add_text(&out, " is not granted");
    }
    tact_str text = buf_done(&out);
    p->failed |= !text.ptr;
    return text_of(text);
}

static tact_value attributes_of(picture *p, rows *unset) {
    rows all = {NULL, 0, 0};
    for (uint32_t i = 0; i < p->s->attributes_count; i++) {
        const schema_attribute *m = &p->s->attributes[i];
        if (m->retired) continue;
        record_absence why = record_why(&p->r, p->s, i, p->now_ms);
        tact_value v = record_attribute(&p->r, p->s, i, p->now_ms, p->a);
        if (why == RECORD_UNSET && v.kind == TACT_ERROR) {
            add(p, unset, text_of(m->name));
            continue;
        }
        fields one = {.count = 0};
        uint8_t source;
        int64_t time_ms;
        put(&one, "name", text_of(m->name));
        if (v.kind != TACT_ERROR) put(&one, "value", v);
        if (why != RECORD_NOT_GRANTED && record_origin(&p->r, i, &source, &time_ms)) {
            put_source(p, &one, source);
            put(&one, "time", answer_time(time_ms));
        }
        if (why == RECORD_TOO_OLD || why == RECORD_NOT_GRANTED) put(&one, "absent", reason(p, m, why));
        if (why != RECORD_PRESENT && v.kind != TACT_ERROR) put(&one, "default", tact_bool(true));
        add_row(p, &all, &one);
    }
    return tact_list(all.items, all.count);
}

static tact_value consents_of(picture *p) {
    rows all = {NULL, 0, 0};
    for (uint32_t i = 0; i < p->s->purposes_count; i++) {
        if (p->s->purposes[i].retired) continue;
        fields one = {.count = 0};
        strand_consent said;
        consent_state state = record_consent(&p->r, i, p->now_ms);
        put(&one, "purpose", text_of(p->s->purposes[i].name));
        put(&one, "granted", tact_bool(record_granted(&p->r, p->s, i, p->now_ms)));
        put(&one, "state", text_of(tact_str_from(command_consent_name(state))));
        if (record_statement(&p->r, i, &said)) {
            put_source(p, &one, said.source);
            put(&one, "time", answer_time(said.time_ms));
            put(&one, "explicit", tact_bool(said.explicit_));
            if (said.expires_ms) put(&one, "expires", answer_time(said.expires_ms));
        }
        add_row(p, &all, &one);
    }
    return tact_list(all.items, all.count);
}

static tact_value aggregates_of(picture *p) {
    rows all = {NULL, 0, 0};
    for (uint32_t i = 0; i < p->s->aggregates_count; i++) {
        if (p->s->aggregates[i].retired) continue;
        fields one = {.count = 0};
        tact_value v = record_aggregate(&p->r, p->s, i, p->now_ms);
        put(&one, "name", text_of(p->s->aggregates[i].name));
        if (v.kind != TACT_ERROR) {
            put(&one, "value", v);
        } else if (v.len == TACT_FAULT_ABSENT) {
            put(&one, "absent", text_of(TACT_STR("no event")));
        } else {
            put(&one, "absent", text_of(tact_str_from(tact_fault_text((tact_fault)v.len))));
        }
        add_row(p, &all, &one);
    }
    return tact_list(all.items, all.count);
}

static bool has_been(const picture *p, tact_value time) {
    return time.as.i * 1000 + time.len / 1000000 <= p->now_ms;
}

static tact_value counters_of(picture *p) {
    rows all = {NULL, 0, 0};
    tact_value held = list_of(p->held, "counters");
    for (uint32_t i = 0; i < held.len; i++) {
        fields one = {.count = 0};
        tact_value times = list_of(held.as.items[i], "times"); // in their order
        while (times.len && !has_been(p, times.as.items[times.len - 1])) times.len--;
        put(&one, "key", ask_find(held.as.items[i], "key"));
        put(&one, "count", tact_int(times.len));
        if (times.len) put(&one, "time", times.as.items[times.len - 1]);
        put(&one, "identity", ask_find(held.as.items[i], "identity"));
        add_row(p, &all, &one);
    }
    return tact_list(all.items, all.count);
}

// The latest of those that have happened by then, the newest first, and how many these are.
static tact_value events_of(picture *p, uint32_t *count) {
    tact_value held = list_of(p->held, "events"); // in the order of time
    for (*count = held.len; *count && !has_been(p, ask_find(held.as.items[*count - 1], "time"));) --*count;
    rows latest = {NULL, 0, 0};
    for (uint32_t i = *count; i > 0 && latest.count < EVENTS_SHOWN && !p->failed; i--) {
        add(p, &latest, held.as.items[i - 1]);
    }
    return tact_list(latest.items, latest.count);
}

static tact_value draw(picture *p) {
    rows unset = {NULL, 0, 0};
    fields all = {.count = 0};
    uint32_t events_count;
    tact_value events = events_of(p, &events_count);
    put(&all, "person", tact_uint(record_person(&p->r)));
    put(&all, "now", answer_time(p->now_ms));
    put(&all, "identities", ask_find(p->held, "identities"));
    put(&all, "attributes", attributes_of(p, &unset));
    put(&all, "unset", tact_list(unset.items, unset.count));
    put(&all, "consents", consents_of(p));
    put(&all, "aggregates", aggregates_of(p));
    put(&all, "counters", counters_of(p));
    put(&all, "events", events);
    put(&all, "events_held", tact_int(events_count));
    tact_value v = answer_map(p->a, all.of, all.count);
    p->failed |= v.kind != TACT_MAP;
    return v;
}

// ---- Of what is held, alone -----------------------------------------------------------------------------------------

static tact_value consents_held(picture *p) {
    static const char *const names[] = {"purpose", "state", "explicit", "source", "time", "expires"};
    rows all = {NULL, 0, 0};
    const tact_value said = list_of(p->held, "consents");
    for (uint32_t i = 0; i < said.len && !p->failed; i++) {
        const tact_value one = said.as.items[i], ends = ask_find(one, "expires");
        const bool ended = ends.kind == TACT_TIMESTAMP && has_been(p, ends);
        fields f = {.count = 0};
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) put(&f, names[k], ask_find(one, names[k]));
        put(&f, "granted", tact_bool(!ended && tact_str_equal(ask_text(one, "state"), TACT_STR("granted"))));
        add_row(p, &all, &f);
    }
    return tact_list(all.items, all.count);
}

static tact_value aggregates_held(picture *p) {
    rows all = {NULL, 0, 0};
    const tact_value held = ask_find(p->held, "aggregates");
    for (uint32_t i = 0; held.kind == TACT_MAP && i < held.as.map->count && !p->failed; i++) {
        fields f = {.count = 0};
        put(&f, "name", held.as.map->entries[i].key);
        put(&f, "value", held.as.map->entries[i].value);
        add_row(p, &all, &f);
    }
    return tact_list(all.items, all.count);
}

static tact_value draw_held(picture *p) {
    fields all = {.count = 0};
    uint32_t events_count;
    tact_value events = events_of(p, &events_count);
    put(&all, "person", ask_find(p->held, "person"));
    put(&all, "now", answer_time(p->now_ms));
    put(&all, "identities", list_of(p->held, "identities"));
    put(&all, "attributes", list_of(p->held, "attributes"));
    put(&all, "unset", tact_list(NULL, 0));
    put(&all, "consents", consents_held(p));
    put(&all, "aggregates", aggregates_held(p));
    put(&all, "counters", counters_of(p));
    put(&all, "events", events);
    put(&all, "events_held", tact_int(events_count));
    tact_value v = answer_map(p->a, all.of, all.count);
    p->failed |= v.kind != TACT_MAP;
    return v;
}

// ---- For people -----------------------------------------------------------------------------------------------------

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define PLAIN "\033[0m"

typedef struct cell {
    tact_value v, row;
    int64_t now_ms;
} cell;

typedef void show(buf *out, const cell *c);

static void show_text(buf *out, const cell *c) {
    if (c->v.kind == TACT_STRING) answer_add_shown(out, value_str(c->v));
}

static void show_value(buf *out, const cell *c) {
    value_print(out, c->v);
}

static void show_time(buf *out, const cell *c) {
    value_print_timestamp(out, tact_timestamp(c->v.as.i, 0));
}

static void show_age(buf *out, const cell *c) {
    answer_add_age(out, c->now_ms / 1000 - c->v.as.i);
}

static void show_until(buf *out, const cell *c) {
    buf_add_text(out, c->v.as.i * 1000 > c->now_ms ? "until " : "ended ");
    show_time(out, c);
}

static void show_granted(buf *out, const cell *c) {
    buf_add_text(out, c->v.as.b ? "granted" : "not granted");
    tact_value ends = ask_find(c->row, "expires");
    bool ended = ends.kind == TACT_TIMESTAMP && ends.as.i * 1000 <= c->now_ms;
    bool unset = tact_str_equal(ask_text(c->row, "state"), TACT_STR("unset"));
    if (unset && !ended) buf_add_text(out, " by default");
}

static void show_explicit(buf *out, const cell *c) {
    buf_add_text(out, c->v.as.b ? "said so" : "inferred");
}

static void show_default(buf *out, const cell *c) {
    (void)c;
    buf_add_text(out, "default");
}

static void show_dropped(buf *out, const cell *c) {
    if (c->v.as.b) buf_add_text(out, "no longer finds the person");
}

static void show_times(buf *out, const cell *c) {
    buf_printf(out, c->v.as.i == 1 ? "once" : "%" PRId64 " times", c->v.as.i);
}

static void show_properties(buf *out, const cell *c) {
    if (c->v.kind != TACT_MAP) return;
    for (uint32_t i = 0; i < c->v.as.map->count; i++) {
        if (i) buf_add_text(out, ", ");
        buf_add_str(out, value_str(c->v.as.map->entries[i].key));
        buf_add_char(out, ' ');
        value_print(out, c->v.as.map->entries[i].value);
    }
}

enum { COLUMNS_MAX = 6, WIDTH_MAX = 40 }; // wider cells push what follows aside

static const struct section {
    const char *field;
    struct {
        const char *field;
        show *show;
        bool dim;
    } columns[COLUMNS_MAX];
} sections[] = {
    {"identities", {{"identity", show_text, false}, {"since", show_time, true}, {"dropped", show_dropped, false}}},
    {"attributes",
     {{"name", show_text, false},
      {"value", show_value, false},
      {"default", show_default, true},
      {"source", show_text, true},
      {"time", show_age, true},
      {"absent", show_text, true}}},
    {"consents",
     {{"purpose", show_text, false},
      {"granted", show_granted, false},
      {"explicit", show_explicit, true},
      {"source", show_text, true},
      {"time", show_age, true},
      {"expires", show_until, true}}},
    {"aggregates", {{"name", show_text, false}, {"value", show_value, false}, {"absent", show_text, true}}},
    {"counters",
     {{"key", show_value, false},
      {"count", show_times, false},
      {"time", show_age, true},
      {"identity", show_text, true}}},
    {"events",
     {{"time", show_time, true},
      {"name", show_text, false},
      {"properties", show_properties, false},
      {"channel", show_text, true},
      {"source", show_text, true},
      {"identity", show_text, true}}},
};

typedef struct printing {
    buf out;
    int64_t now_ms;
    bool colored;
} printing;

static void add_painted(printing *p, const char *color, tact_str text) {
    if (p->colored && color) buf_add_text(&p->out, color);
    buf_add_str(&p->out, text);
    if (p->colored && color) buf_add_text(&p->out, PLAIN);
}

static tact_str cell_of(printing *p, const struct section *s, size_t column, tact_value row) {
    buf out = buf_in(p->out.arena);
    const cell c = {ask_find(row, s->columns[column].field), row, p->now_ms};
    if (c.v.kind != TACT_NULL) s->columns[column].show(&out, &c);
    tact_str text = buf_done(&out);
    p->out.failed |= !text.ptr;
    return text;
}

// Columns are as wide as their widest cell, up to WIDTH_MAX; those without any are left out, and no line ends in
// blanks.
static void print_rows(printing *p, const struct section *s, tact_value list) {
    tact_str *cells = arena_array(p->out.arena, (size_t)list.len * COLUMNS_MAX, sizeof *cells);
    size_t widths[COLUMNS_MAX] = {0};
    p->out.failed |= !cells;
    for (uint32_t i = 0; cells && i < list.len; i++) {
        for (size_t c = 0; c < COLUMNS_MAX && s->columns[c].field; c++) {
            tact_str text = cells[i * COLUMNS_MAX + c] = cell_of(p, s, c, list.as.items[i]);
            size_t width = utf8_width(text.ptr, text.len);
            if (width > widths[c]) widths[c] = width < WIDTH_MAX ? width : WIDTH_MAX;
        }
    }
    for (uint32_t i = 0; !p->out.failed && i < list.len; i++) {
        size_t blanks = 2;
        for (size_t c = 0; c < COLUMNS_MAX && s->columns[c].field; c++) {
            tact_str text = cells[i * COLUMNS_MAX + c];
            if (text.len) {
                buf_add_repeat(&p->out, ' ', blanks);
                add_painted(p, s->columns[c].dim ? DIM : NULL, text);
                blanks = 0;
            }
            size_t width = utf8_width(text.ptr, text.len);
            if (widths[c]) blanks += (width < widths[c] ? widths[c] - width : 0) + 2;
        }
        buf_add_char(&p->out, '\n');
    }
}

static void print_title(printing *p, const char *title, tact_value v, uint32_t shown) {
    buf_add_char(&p->out, '\n');
    add_painted(p, BOLD, tact_str_from(title));
    int64_t held = ask_find(v, "events_held").as.i;
    if (strcmp(title, "events") == 0 && held > shown)
        buf_printf(&p->out, ", the latest %" PRIu32 " of %" PRId64, shown, held);
    buf_add_char(&p->out, '\n');
}

static void print_unset(printing *p, tact_value names) {
    if (!names.len) return;
    buf line = buf_in(p->out.arena);
    buf_add_text(&line, "unset: ");
    for (uint32_t i = 0; i < names.len; i++) {
        if (i) buf_add_text(&line, ", ");
        buf_add_str(&line, value_str(names.as.items[i]));
    }
    buf_add_text(&p->out, "  ");
    add_painted(p, DIM, buf_done(&line));
    buf_add_char(&p->out, '\n');
}

static int print_picture(arena *a, tact_value v, int64_t now_ms) {
    printing p = {buf_in(a), now_ms, cli_may_color(stdout)};
    buf_printf(&p.out, "person %" PRIu64 ", at ", ask_find(v, "person").as.u);
    value_print_timestamp(&p.out, tact_timestamp(now_ms / 1000, 0));
    buf_add_char(&p.out, '\n');
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        tact_value list = ask_find(v, sections[i].field);
        tact_value unset = strcmp(sections[i].field, "attributes") == 0 ? ask_find(v, "unset") : tact_null();
        if (!list.len && !unset.len) continue;
        print_title(&p, sections[i].field, v, list.len);
        print_rows(&p, &sections[i], list);
        print_unset(&p, unset);
    }
    tact_str text = buf_done(&p.out);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

// ---- The command ----------------------------------------------------------------------------------------------------

static int run(cli_folder *f, const char *whom, int64_t now_ms, bool json) {
    picture p = {.a = &f->memory, .s = store_schema(f->store), .now_ms = now_ms};
    tact_error error;
    int code = folder_person(f, whom, &p.r);
    if (code) return code;
    tact_err err = store_export(&f->reader, p.a, record_person(&p.r), now_ms, &p.held, &error);
    if (err) return answer_failed(err, &error);
    tact_value v = draw(&p);
    if (p.failed) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    return json ? answer_json(stdout, v, p.a) : print_picture(p.a, v, now_ms);
}

static int run_at(const ask_where *where, const char *whom, const char *now, int64_t now_ms, bool json) {
    cli_ask a;
    tact_value reply;
    int code = ask_open(&a, where, true);
    if (!code && !ask_put_person(&a, whom)) code = CLI_USAGE;
    ask_put_text(&a, "now", now);
    if (!code) code = ask_answer(&a, "person", &reply);
    if (!code) {
        picture p = {.a = &a.memory, .now_ms = now_ms, .held = ask_find(reply, "person")};
        const tact_value v = json ? p.held : draw_held(&p);
        if (p.failed) {
            cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
            code = CLI_FAILED;
        } else {
            code = json ? answer_json(stdout, v, p.a) : print_picture(p.a, v, now_ms);
        }
    }
    ask_close(&a);
    return code;
}

int cmd_person(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    int64_t now_ms;
    if (!args.operands_count) return cli_complain("a person is needed; usage: %s", usage.line);
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!answer_now(given[OPT_NOW], &now_ms)) return CLI_USAGE;
    if (!where.folder) return run_at(&where, operands[0], given[OPT_NOW], now_ms, given[OPT_JSON] != NULL);
    cli_folder f;
    int code = folder_open(&f, given[OPT_DB], NULL, true);
    if (!code) code = run(&f, operands[0], now_ms, given[OPT_JSON] != NULL);
    folder_close(&f);
    return code;
}
