// SPDX-License-Identifier: Apache-2.0
//
// Engines on the command line. Subtle: a server is connected to first, so that one that is not there is told of at
// once, or in seconds, and what may take long has its time.
#include "cli/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "base/utf8.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "wire/json.h"
#include "wire/problem.h"

static void say(void *context, const char *text) {
    (void)context;
    cli_complain("%s", text);
}

// ---- Where ----------------------------------------------------------------------------------------------------------

enum {
    REACH_MS = 5000,    // until a server is there
    ANSWER_MS = 300000, // until it has answered: publishing 100,000 offers takes seconds
    AGAIN_MS = 50,      // before one that is overloaded is asked again; each further time twice as long
    AGAINS = 8,         // so that it is given up after 13 seconds
};

static bool add_server(ask_where *w, const char *url) {
    if (w->servers_count == ASK_SERVERS_MAX) {
        cli_complain("more than %d servers to ask", ASK_SERVERS_MAX);
        return false;
    }
    w->servers[w->servers_count++] = url;
    return true;
}

// Of the environment: addresses with commas or blanks between them.
static bool add_servers(ask_where *w, const char *text) {
    char *rest = NULL;
    if (strlen(text) >= sizeof w->text) {
        cli_complain("TACT_TO: its addresses are longer than %zu bytes", sizeof w->text - 1);
        return false;
    }
    memcpy(w->text, text, strlen(text) + 1);
    for (char *url = strtok_r(w->text, ", ", &rest); url; url = strtok_r(NULL, ", ", &rest)) {
        if (!add_server(w, url)) return false;
    }
    return true;
}

bool ask_where_read(ask_where *w, const cli_usage *usage, int argc, char **argv, const char *const *given) {
    const char *to = getenv("TACT_TO"), *token = getenv("TACT_TOKEN"), *url;
    int at = 0;
    *w = (ask_where){.folder = given[ASK_DB], .tls_ca = given[ASK_TLS_CA], .tls_cert = given[ASK_TLS_CERT]};
    w->token = given[ASK_TOKEN] ? given[ASK_TOKEN] : token && *token ? token : NULL;
    if (given[ASK_DB] && given[ASK_TO]) {
        cli_complain("`--db` and `--to` are two places to ask at; one of them is needed");
        return false;
    }
    while ((url = opt_each(usage, argc, argv, ASK_TO, &at))) {
        if (!add_server(w, url)) return false;
    }
    if (!w->folder && !w->servers_count && to && !add_servers(w, to)) return false;
    if (w->folder || w->servers_count) return true;
    cli_complain("`--db DIR` is needed; usage: %s", usage->line);
    return false;
}

static int open_folder(cli_ask *a, const char *folder, bool read_only) {
    const tact_options options = {.read_only = read_only, .notice = say};
    tact_problem problem;
    if (access(folder, F_OK) != 0) { // opening for writing would make it
        cli_complain("%s: %s", folder, strerror(errno));
        return CLI_UNREACHABLE;
    }
    if (!tact_open(folder, &options, &a->engine, &problem)) return CLI_OK;
    cli_complain("%s", problem.text);
    return CLI_UNREACHABLE;
}

int ask_open(cli_ask *a, const ask_where *w, bool read_only) {
    *a = (cli_ask){.engine = NULL};
    arena_init(&a->memory, 0);
    a->form.arena = &a->memory;
    if (w->folder) return open_folder(a, w->folder, read_only);
    const tact_client_options options = {
        .token = w->token, .in_flight = 1, .tls_ca = w->tls_ca, .tls_cert = w->tls_cert};
    tact_problem problem;
    tact_err err = tact_client_open(w->servers, w->servers_count, &options, &a->client, &problem);
    if (!err) err = tact_client_reach(a->client, REACH_MS, &problem);
    if (!err) return CLI_OK;
    cli_complain("%s", problem.text);
    return err == TACT_INVALID ? CLI_USAGE : CLI_UNREACHABLE;
}

void ask_close(cli_ask *a) {
    tact_close(a->engine);
    tact_client_close(a->client);
    arena_fini(&a->memory);
}

// ---- Requests -------------------------------------------------------------------------------------------------------

bool ask_put_person(cli_ask *a, const char *text) {
    utf8_shown shown;
    uint64_t number;
    if (!text) return true;
    const char *colon = strchr(text, ':');
    if (!colon && num_parse_uint(tact_str_from(text), 10, &number)) {
        form_put(&a->form, &a->request, "person", tact_uint(number));
        return true;
    }
    if (!colon) {
        cli_complain("`%s` names nobody: a person is NAMESPACE:VALUE, or the number of one",
                     utf8_show(&shown, tact_str_from(text)));
        return false;
    }
    const value_entry one = {tact_string(text, (size_t)(colon - text)), tact_string(colon + 1, strlen(colon + 1))};
    form_put(&a->form, &a->request, "person", form_map_of(&a->form, &one, 1));
    return true;
}

bool ask_put_json(cli_ask *a, const char *name, const char *option, tact_kind kind, const char *text) {
    tact_value v;
    tact_error error;
    if (!text) return true;
    if (json_read(&a->memory, tact_str_from(text), &v, &error)) {
        cli_complain("`--%s`: %s", option, error.text);
        return false;
    }
    if (v.kind != kind) {
        cli_complain("`--%s`: expected a JSON %s", option, kind == TACT_MAP ? "object" : "array");
        return false;
    }
    form_put(&a->form, &a->request, name, v);
    return true;
}

void ask_put_text(cli_ask *a, const char *name, const char *text) {
    if (text) form_put(&a->form, &a->request, name, tact_string(text, strlen(text)));
}

void ask_put_list(cli_ask *a, const char *name, const char *text) {
    form_items all = {.count = 0};
    if (!text) return;
    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ",");
        form_add(&a->form, &all, tact_string(at, len));
        at += len;
        if (!*at) break;
    }
    form_put(&a->form, &a->request, name, form_list(&all));
}

int ask_put_version(cli_ask *a, const char *text) {
    uint64_t number;
    tact_value reply;
    const bool is_number = num_parse_uint(tact_str_from(text), 10, &number);
    if (!is_number && strcmp(text, "active") != 0) {
        ask_put_text(a, "version", text);
        return CLI_OK;
    }
    form_put(&a->form, &a->request, "limit", tact_uint(ASK_VERSIONS));
    int code = ask_answer(a, "bundles", &reply);
    if (code) return code;
    const tact_value all = ask_find(reply, "bundles");
    tact_str name = {"", 0};
    for (uint32_t i = 0; all.kind == TACT_LIST && i < all.len; i++) {
        if (ask_flag(all.as.items[i], "active")) name = ask_text(all.as.items[i], "bundle");
    }
    if (!name.len) {
        cli_complain("nothing is published yet");
        return CLI_FAILED;
    }
    if (is_number) {
        while (name.ptr[name.len - 1] != '@' && name.len > 1) name.len--;
        name.len--;
        form_put(&a->form, &a->request, "version", form_printf(&a->form, "%.*s@%s", (int)name.len, name.ptr, text));
    } else {
        form_put(&a->form, &a->request, "version", tact_string(name.ptr, name.len));
    }
    return CLI_OK;
}

tact_err ask_try(cli_ask *a, const char *operation, tact_value *reply, tact_problem *problem) {
    ask_put_text(a, "op", operation);
    tact_value request = form_map(&a->form, &a->request);
    a->request.count = 0;
    if (a->form.failed) return problem_no_memory(problem);
    if (a->engine) return tact_call(a->engine, request, &a->memory, reply, problem);
    for (int again = 0;; again++) {
        tact_err err = tact_client_call(a->client, request, ANSWER_MS, &a->memory, reply, problem);
        if (!err || problem->name != TACT_PROBLEM_OVERLOADED || again == AGAINS) return err;
        const long ms = (long)AGAIN_MS << again;
        (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
    }
}

int ask_complain(tact_err err, const tact_problem *problem) {
    if (problem->name == TACT_PROBLEM_BAD_BUNDLE) {
        cli_print_report(tact_str_from(problem->text));
        return CLI_FAILED;
    }
    cli_complain("%s", problem->text);
    if (problem->name == TACT_PROBLEM_NOT_ACTIVE) return CLI_FAILED;
    if (err == TACT_INVALID) return CLI_USAGE;
    return err == TACT_IO || err == TACT_BUSY || err == TACT_SYNTAX ? CLI_UNREACHABLE : CLI_FAILED;
}

int ask_answer(cli_ask *a, const char *operation, tact_value *reply) {
    tact_problem problem;
    tact_err err = ask_try(a, operation, reply, &problem);
    return err ? ask_complain(err, &problem) : CLI_OK;
}

tact_value ask_find(tact_value map, const char *name) {
    const tact_value *v = map.kind == TACT_MAP ? value_map_get_str(map.as.map, tact_str_from(name)) : NULL;
    return v ? *v : tact_null();
}

tact_str ask_text(tact_value map, const char *name) {
    tact_value v = ask_find(map, name);
    return v.kind == TACT_STRING ? value_str(v) : (tact_str){"", 0};
}

bool ask_flag(tact_value map, const char *name) {
    tact_value v = ask_find(map, name);
    return v.kind == TACT_BOOL && v.as.b;
}
