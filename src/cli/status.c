// SPDX-License-Identifier: Apache-2.0
//
// `tact status`: how an engine is, or a server.
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/top_view.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(JSON, "json", NULL, "print the reply as it travels, on one line") \
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
    .line = "tact status --db DIR|--to URL [--json]",
    .about =
        "Says how a store is: what is active, how much there is; of a server also how fast it answers. What is 0 is\n"
        "left out, but with --json.\n"
        "\n"
        "  tact status --db data\n"
        "  tact status --to tcp://127.0.0.1:7420 --json\n"
        "\n"
        "Ends with 0; with 1 if the server does not allow it; with 2 if the command line is wrong; with 3 if the\n"
        "folder cannot be opened, or no server can be reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
};

enum { LEVELS = 4, STEP = 2 };

// ---- A page for people ----------------------------------------------------------------------------------------------

typedef enum unit { PLAIN, BYTES, MICROS, SECONDS, HIDDEN } unit;

// What a number is of, by the part that it is in (NULL: any) and how its name ends; the first that fits. An ending that
// names the unit is not shown: the unit stands behind the number.
static const struct measure {
    const char *part, *ending;
    unit unit;
} measures[] = {
    {NULL, "_bytes", BYTES},
    {NULL, "_us", MICROS},
    {NULL, "_seconds", SECONDS},
    {"latencies", "count", PLAIN},
    {"latencies", "spread", HIDDEN},
    {"latencies", "", MICROS},
    {"stages", "", SECONDS},
    {"bytes", "", BYTES},
    {"heap", "", BYTES},
    {NULL, "", PLAIN},
};

// What is told also if there is none of it.
static const char *const always[] = {"bundle", "persons", "identities", "events"};

static bool ends_with(tact_str text, const char *ending) {
    size_t len = strlen(ending);
    return text.len >= len && memcmp(text.ptr + text.len - len, ending, len) == 0;
}

static const struct measure *measure_of(tact_str part, tact_str name) {
    const struct measure *m = measures;
    while ((m->part && !tact_str_equal(part, tact_str_from(m->part))) || !ends_with(name, m->ending)) m++;
    return m;
}

static tact_str name_of(const struct measure *m, tact_str name) {
    if (m->ending[0] == '_') name.len -= strlen(m->ending);
    return name;
}

// Nought, not set, or a part that holds nothing else.
static bool is_nothing(tact_value v, int level) {
    if (v.kind == TACT_MAP) {
        bool all = level < LEVELS;
        for (uint32_t i = 0; all && i < v.as.map->count; i++) all = is_nothing(v.as.map->entries[i].value, level + 1);
        return all;
    }
    return v.kind == TACT_NULL || (v.kind == TACT_BOOL && !v.as.b) || (v.kind == TACT_STRING && v.len == 0) ||
           (v.kind == TACT_LIST && v.len == 0) || (value_is_number(v) && value_compare(v, tact_int(0)) == 0);
}

static bool is_shown(tact_str part, const value_entry *e, int level) {
    bool told = false;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        told |= level == 0 && tact_str_equal(value_str(e->key), tact_str_from(always[i]));
    if (level == 0 && tact_str_equal(value_str(e->key), TACT_STR("ok"))) return false;
    return told || (measure_of(part, value_str(e->key))->unit != HIDDEN && !is_nothing(e->value, level));
}

static void add_one(buf *out, const struct measure *m, tact_value v) {
    if (v.kind == TACT_STRING) {
        answer_add_shown(out, value_str(v));
    } else if (v.kind == TACT_TIMESTAMP) {
        value_print_timestamp(out, v);
    } else if (v.kind == TACT_NULL) {
        buf_add_text(out, "none");
    } else if (m->unit == BYTES && value_is_number(v)) {
        top_add_bytes(out, v);
    } else if (m->unit == MICROS && value_is_number(v)) {
        top_add_micros(out, v);
    } else if (m->unit == SECONDS && v.kind == TACT_DOUBLE) {
        top_add_micros(out, tact_double(v.as.d * 1e6));
    } else {
        value_print_within(out, v, 1000);
    }
}

// "ok 120, overloaded 3"; false, and nothing is added: it holds parts.
static bool add_flat(buf *out, tact_str part, const tact_map *map, int level) {
    bool first = true;
    for (uint32_t i = 0; i < map->count; i++) {
        if (level < LEVELS && map->entries[i].value.kind == TACT_MAP) return false;
    }
    for (uint32_t i = 0; i < map->count; i++) {
        const value_entry *e = &map->entries[i];
        if (!is_shown(part, e, level)) continue;
        const struct measure *m = measure_of(part, value_str(e->key));
        buf_add_text(out, first ? " " : ", ");
        buf_add_str(out, name_of(m, value_str(e->key)));
        buf_add_char(out, ' ');
        add_one(out, m, e->value);
        first = false;
    }
    return true;
}

// A line for each part that holds no other, and below the others' names those that they hold.
static void add_parts(buf *out, tact_str part, const tact_map *map, int level) {
    for (uint32_t i = 0; i < map->count; i++) {
        const value_entry *e = &map->entries[i];
        tact_str name = value_str(e->key), within = level < 2 ? name : part;
        if (!is_shown(part, e, level)) continue;
        const struct measure *m = measure_of(part, name);
        buf_add_repeat(out, ' ', (size_t)level * STEP);
        buf_add_str(out, name_of(m, name));
        buf_add_char(out, ':');
        if (e->value.kind != TACT_MAP) {
            buf_add_char(out, ' ');
            add_one(out, m, e->value);
        } else if (!add_flat(out, within, e->value.as.map, level + 1)) {
            buf_add_char(out, '\n');
            add_parts(out, within, e->value.as.map, level + 1);
            continue;
        }
        buf_add_char(out, '\n');
    }
}

static int print_reply(arena *a, tact_value reply) {
    buf out = buf_in(a);
    add_parts(&out, TACT_STR(""), reply.as.map, 0);
    tact_str text = buf_done(&out);
    if (!text.ptr) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    cli_print(stdout, text);
    return CLI_OK;
}

int cmd_status(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    cli_ask a;
    tact_value reply;
    int code = ask_open(&a, &where, true);
    if (!code) code = ask_answer(&a, "status", &reply);
    if (!code) code = given[OPT_JSON] ? answer_json(stdout, reply, &a.memory) : print_reply(&a.memory, reply);
    ask_close(&a);
    return code;
}
