// SPDX-License-Identifier: Apache-2.0
//
// What the commands that ask an engine share: where it is (in a folder that is opened, or behind a server), whom the
// command line names, JSON on the command line, and telling problems. Whatever goes wrong is complained of here.
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/opt.h"
#include "tact/client.h"
#include "tact/tact.h"
#include "wire/form.h"

// The options that say where to ask: the first rows of a command's table, whose `repeatable` is ASK_REPEATABLE.
#define ASK_OPTIONS(X)                                                                                                 \
    X(DB, "db", "DIR", "the folder of the store")                                                                      \
    X(TO, "to", "URL", "ask a server instead; of several, one that can be reached; TACT_TO, if there is no --db")      \
    X(TOKEN, "token", "TEXT", "that the server wants; TACT_TOKEN, if it is left out")                                  \
    X(TLS_CA, "tls-ca", "FILE", "whom to trust for tls+tcp:// and wss://, PEM; the system's, if it is left out")       \
    X(TLS_CERT, "tls-cert", "FILE", "certificate and key to show to a server that wants one, PEM")

enum { ASK_DB, ASK_TO, ASK_TOKEN, ASK_TLS_CA, ASK_TLS_CERT, ASK_REPEATABLE = 1 << ASK_TO, ASK_SERVERS_MAX = 16 };
enum { ASK_VERSIONS = 1000000 }; // more than anybody published: all of them

typedef struct ask_where { // a folder or servers
    const char *folder;    // NULL: servers
    const char *servers[ASK_SERVERS_MAX];
    size_t servers_count;
    const char *token, *tls_ca, *tls_cert;
    char text[1000]; // of TACT_TO
} ask_where;

// What the command line says. `given` and the line are those of opt_parse. False after a complaint.
TACT_MUST_USE bool ask_where_read(ask_where *w, const cli_usage *usage, int argc, char **argv,
                                  const char *const *given);

typedef struct cli_ask {
    arena memory;        // requests and replies
    tact_engine *engine; // or the client
    tact_client *client;
    form form; // of requests, in `memory`
    form_fields request;
} cli_ask;

// CLI_OK: it is open, or a server answers, and there is a request without fields. Otherwise after a complaint:
// CLI_UNREACHABLE, CLI_USAGE. `read_only` is of folders.
TACT_MUST_USE int ask_open(cli_ask *a, const ask_where *w, bool read_only);
void ask_close(cli_ask *a); // writes what is to be written; also after ask_open failed

// "NAMESPACE:VALUE" or a person's number, as `person`; NULL: nobody. False after a complaint.
TACT_MUST_USE bool ask_put_person(cli_ask *a, const char *text);
// JSON of this kind, as a field; NULL: none. False after a complaint.
TACT_MUST_USE bool ask_put_json(cli_ask *a, const char *name, const char *option, tact_kind kind, const char *text);
void ask_put_text(cli_ask *a, const char *name, const char *text);
// A version as `version`, of a request without fields: "shop@3"; "3", of the active bundle's name; "active". What is
// active, the server is asked. CLI_OK, or as ask_answer after a complaint.
TACT_MUST_USE int ask_put_version(cli_ask *a, const char *text);
// Texts with commas between them, as a list.
void ask_put_list(cli_ask *a, const char *name, const char *text);

// Has the request answered, and begins a new one. A server that has too much to do is asked again for some seconds,
// each time a little later: the command is to be done, and nobody else asks for it. CLI_OK; after a complaint CLI_USAGE
// if the request is wrong, CLI_FAILED, CLI_UNREACHABLE.
TACT_MUST_USE int ask_answer(cli_ask *a, const char *operation, tact_value *reply);
// The same without a complaint, and the complaint.
TACT_MUST_USE tact_err ask_try(cli_ask *a, const char *operation, tact_value *reply, tact_problem *problem);
TACT_MUST_USE int ask_complain(tact_err err, const tact_problem *problem);

tact_value ask_find(tact_value map, const char *name); // a member; NULL, the value, if there is none
tact_str ask_text(tact_value map, const char *name);   // empty, if there is none
bool ask_flag(tact_value map, const char *name);       // false, if there is none

#endif
