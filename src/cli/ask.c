// SPDX-License-Identifier: Apache-2.0
//
// Engines on the command line.
#include "cli/ask.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/utf8.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "wire/json.h"

static void say(void *context, const char *text) {
    (void)context;
    cli_complain("%s", text);
}

int ask_open(cli_ask *a, const char *folder, bool read_only) {
    const tact_options options = {.read_only = read_only, .notice = say};
    tact_problem problem;
    *a = (cli_ask){.engine = NULL};
    arena_init(&a->memory, 0);
    a->form.arena = &a->memory;
    if (access(folder, F_OK) != 0) { // opening for writing would make it
        cli_complain("%s: %s", folder, strerror(errno));
        return CLI_UNREACHABLE;
    }
    if (!tact_open(folder, &options, &a->engine, &problem)) return CLI_OK;
    cli_complain("%s", problem.text);
    return CLI_UNREACHABLE;
}

void ask_close(cli_ask *a) {
    tact_close(a->engine);
    arena_fini(&a->memory);
}

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

int ask_answer(cli_ask *a, tact_operation *operation, tact_value *reply) {
    tact_problem problem;
    tact_value request = form_map(&a->form, &a->request);
    if (a->form.failed) {
        cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
        return CLI_FAILED;
    }
    tact_err err = operation(a->engine, request, &a->memory, reply, &problem);
    if (!err) return CLI_OK;
    cli_complain("%s", problem.text);
    if (err == TACT_INVALID) return CLI_USAGE;
    return err == TACT_IO || err == TACT_BUSY ? CLI_UNREACHABLE : CLI_FAILED;
}

tact_value ask_find(tact_value map, const char *name) {
    const tact_value *v = map.kind == TACT_MAP ? value_map_get_str(map.as.map, tact_str_from(name)) : NULL;
    return v ? *v : tact_null();
}

tact_str ask_text(tact_value map, const char *name) {
    tact_value v = ask_find(map, name);
    return v.kind == TACT_STRING ? value_str(v) : (tact_str){"", 0};
}
