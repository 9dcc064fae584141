// SPDX-License-Identifier: Apache-2.0
//
// What the commands that ask an engine share: opening it on a folder, whom the command line names, JSON on the command
// line, and telling problems. Whatever goes wrong is complained of here.
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "tact/tact.h"
#include "wire/form.h"

typedef struct cli_ask {
    arena memory; // requests and replies
    tact_engine *engine;
    form form; // of requests, in `memory`
    form_fields request;
} cli_ask;

// CLI_OK: it is open, and so is a request without fields. Otherwise after a complaint: CLI_UNREACHABLE.
TACT_MUST_USE int ask_open(cli_ask *a, const char *folder, bool read_only);
void ask_close(cli_ask *a); // writes what is to be written; also after ask_open failed

// "NAMESPACE:VALUE" or a person's number, as `person`; NULL: nobody. False after a complaint.
TACT_MUST_USE bool ask_put_person(cli_ask *a, const char *text);
// JSON of this kind, as a field; NULL: none. False after a complaint.
TACT_MUST_USE bool ask_put_json(cli_ask *a, const char *name, const char *option, tact_kind kind, const char *text);
void ask_put_text(cli_ask *a, const char *name, const char *text);
// Texts with commas between them, as a list.
void ask_put_list(cli_ask *a, const char *name, const char *text);

// Has the request answered. CLI_OK; after a complaint CLI_USAGE if the request is wrong, CLI_FAILED, CLI_UNREACHABLE.
TACT_MUST_USE int ask_answer(cli_ask *a, tact_operation *operation, tact_value *reply);

tact_value ask_find(tact_value map, const char *name); // a member; NULL, the value, if there is none
tact_str ask_text(tact_value map, const char *name);   // empty, if there is none

#endif
