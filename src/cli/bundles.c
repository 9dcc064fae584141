// SPDX-License-Identifier: Apache-2.0
//
// `tact bundles`: what was published into a store, the newest first.
#include <stdlib.h>

#include "base/num.h"
#include "cli/answer.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/key_file.h"
#include "cli/opt.h"
#include "cli/rules.h"
#include "cli/table.h"

// clang-format off
#define OPTIONS(X) \
    ASK_OPTIONS(X) \
    X(JSON, "json", NULL,  "print it as JSON") \
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
    .line = "tact bundles --db DIR|--to URL [--json]",
    .about =
        "Lists the versions of bundles that were published into a store, the newest first: when, by whom, signed by\n"
        "whose key, and why. The active one has a star, and since when it is active.\n"
        "\n"
        "  tact bundles --db data\n"
        "\n"
        "Ends with 0; with 2 if the command line is wrong; with 3 if the folder cannot be opened, or the server cannot "
        "be\n"
        "reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .repeatable = ASK_REPEATABLE,
    .operands_max = 0,
};

static tact_str time_text(arena *a, int64_t ms) {
    buf time = buf_in(a);
    value_print_timestamp(&time, answer_time(ms / 1000 * 1000)); // to the second
    return buf_done(&time);
}

// Which is later than when it was published if it was gone back to.
static tact_str active_since(arena *a, const bundles_version *v) {
    if (!v->active) return TACT_STR("");
    tact_str time = time_text(a, v->activated_ms);
    const char *text = arena_printf(a, "active since %.*s", (int)time.len, time.ptr);
    return tact_str_from(text ? text : "");
}

typedef struct listed {
    bundles_version v;
    tact_str by; // who signed it; empty: nobody
} listed;

static int print_text(arena *a, const listed *all, uint32_t count) {
    table t = table_in(a, 8);
    for (uint32_t i = 0; i < count; i++) {
        const bundles_version *v = &all[i].v;
        const tact_str by_whom = all[i].by;
        const char *by = by_whom.len ? arena_printf(a, "signed by %.*s", (int)by_whom.len, by_whom.ptr) : "";
        const char *author = v->author.len ? arena_printf(a, "by %.*s", (int)v->author.len, v->author.ptr) : "";
        table_add(&t, v->active ? TACT_STR("*") : TACT_STR(" "));
        table_add(&t, tact_str_from(rules_version_text(a, v)));
        table_add(&t, time_text(a, v->time_ms));
        table_add(&t, tact_str_from(author ? author : ""));
        table_add(&t, tact_str_from(by ? by : ""));
        table_add(&t, active_since(a, v));
        table_add(&t, v->tests_skipped ? TACT_STR("tests skipped") : TACT_STR(""));
        table_add(&t, v->message);
    }
    buf out = buf_in(a);
    table_print(&out, &t, "");
    if (!count) buf_add_text(&out, "no bundle was published yet\n");
    cli_print(stdout, buf_done(&out));
    return CLI_OK;
}

static tact_value text_value(tact_str text) {
    return tact_string(text.ptr, text.len);
}

static int print_json(arena *a, const listed *all, uint32_t count) {
    tact_value *list = arena_array(a, count ? count : 1, sizeof *list);
    for (uint32_t i = 0; list && i < count; i++) {
        const bundles_version *v = &all[i].v;
        const value_entry fields[] = {
            answer_field("name", text_value(v->name)),
            answer_field("version", tact_uint(v->number)),
            answer_field("active", tact_bool(v->active)),
            answer_field("time", answer_time(v->time_ms)),
            answer_field("author", text_value(v->author)),
            answer_field("message", text_value(v->message)),
            answer_field("signed_by", v->is_signed ? text_value(all[i].by) : tact_null()),
            answer_field("tests_skipped", tact_bool(v->tests_skipped)),
            answer_field("activated", answer_time(v->activated_ms)),
        };
        list[i] = answer_map(a, fields, sizeof fields / sizeof *fields);
    }
    return answer_json(stdout, list ? tact_list(list, count) : tact_null(), a);
}

static int print_all(arena *a, const listed *all, uint32_t count, bool json) {
    return json ? print_json(a, all, count) : print_text(a, all, count);
}

static listed *listed_in(arena *a, uint32_t count) {
    listed *all = arena_zalloc(a, (count ? count : 1) * sizeof *all);
    if (!all) cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    return all;
}

// ---- Of a folder ----------------------------------------------------------------------------------------------------

static int newest_first(const void *a, const void *b) {
    const bundles_version *x = a, *y = b;
    if (x->time_ms != y->time_ms) return x->time_ms < y->time_ms ? 1 : -1;
    return (x->number < y->number) - (x->number > y->number);
}

// "anna", or the key where nobody of that key is known.
static tact_str signer_of(arena *a, const signers *who, const bundles_version *v) {
    const signer *known = v->is_signed ? signers_find(who, v->signer) : NULL;
    char text[KEY_FILE_TEXT];
    if (known || !v->is_signed) return known ? known->name : TACT_STR("");
    const char *copy = arena_printf(a, "unknown key %s", key_file_text(text, v->signer));
    return tact_str_from(copy ? copy : "");
}

static int print_those_in(cli_folder *place, bool json) {
    bundles_version *versions;
    uint32_t count;
    signers who;
    tact_error error;
    arena *a = &place->memory;
    tact_err err = bundles_list(&place->reader.txn, a, &versions, &count, &error);
    if (!err) err = signers_get(&place->reader.txn, a, &who, &error);
    if (err) return answer_failed(err, &error);
    listed *all = listed_in(a, count);
    if (!all) return CLI_FAILED;
    if (count) qsort(versions, count, sizeof *versions, newest_first);
    for (uint32_t i = 0; i < count; i++) all[i] = (listed){versions[i], signer_of(a, &who, &versions[i])};
    return print_all(a, all, count, json);
}

// ---- Of a server ----------------------------------------------------------------------------------------------------

static int64_t ms_of(tact_value time) {
    return time.kind == TACT_TIMESTAMP ? time.as.i * 1000 + time.len / 1000000 : 0;
}

// As tact_bundles says it.
static listed read_listed(tact_value one) {
    listed l = {.by = ask_text(one, "signed_by")};
    const tact_str version = ask_text(one, "bundle");
    tact_str name = version;
    while (name.len && name.ptr[name.len - 1] != '@') name.len--;
    (void)num_parse_uint((tact_str){version.ptr + name.len, version.len - name.len}, 10, &l.v.number);
    l.v.name = (tact_str){name.ptr, name.len ? name.len - 1 : 0};
    l.v.active = ask_flag(one, "active");
    l.v.time_ms = ms_of(ask_find(one, "time"));
    l.v.activated_ms = ms_of(ask_find(one, "activated"));
    l.v.author = ask_text(one, "author");
    l.v.message = ask_text(one, "message");
    l.v.is_signed = l.by.len > 0;
    l.v.tests_skipped = ask_flag(one, "tests_skipped");
    return l;
}

static int print_those_at(const ask_where *where, bool json) {
    cli_ask a;
    tact_value reply;
    int code = ask_open(&a, where, true);
    form_put(&a.form, &a.request, "limit", tact_uint(ASK_VERSIONS));
    if (!code) code = ask_answer(&a, "bundles", &reply);
    if (!code) {
        const tact_value found = ask_find(reply, "bundles");
        const uint32_t count = found.kind == TACT_LIST ? found.len : 0;
        listed *all = listed_in(&a.memory, count);
        for (uint32_t i = 0; all && i < count; i++) all[i] = read_listed(found.as.items[i]);
        code = all ? print_all(&a.memory, all, count, json) : CLI_FAILED;
    }
    ask_close(&a);
    return code;
}

// ---- The command ----------------------------------------------------------------------------------------------------

int cmd_bundles(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    ask_where where;
    if (!ask_where_read(&where, &usage, argc, argv, given)) return CLI_USAGE;
    if (!where.folder) return print_those_at(&where, given[OPT_JSON] != NULL);
    cli_folder place;
    int code = folder_open(&place, given[OPT_DB], NULL, true);
    if (!code) code = print_those_in(&place, given[OPT_JSON] != NULL);
    folder_close(&place);
    return code;
}
