// SPDX-License-Identifier: Apache-2.0
//
// How commands open the folder of a store, and how they say on the command line whom they mean. Whatever goes wrong is
// complained of here; what is returned is how the program ends.
#ifndef CLI_FOLDER_H
#define CLI_FOLDER_H

#include "store/store.h"

typedef struct cli_folder {
    arena memory; // everything lives here until folder_close
    store *store;
    store_reader reader;
    bool reading; // `reader` is open
} cli_folder;

// CLI_OK: it is open, and so is its reader if it is `read_only`. Otherwise after a complaint: CLI_USAGE, the schema
// file cannot be read; CLI_FAILED, the schema is faulty (its report was printed) or another than the active bundle's
// (what differs was printed); CLI_UNREACHABLE, the folder cannot be opened. `schema_file` may be NULL: the schema that
// the store has.
TACT_MUST_USE int folder_open(cli_folder *f, const char *path, const char *schema_file, bool read_only);
// The same with options; their schema and what is to be done with notices are set here.
TACT_MUST_USE int folder_open_with(cli_folder *f, const char *path, const char *schema_file, store_options options);
// What a store has to say to whoever operates it (store_options.notice); also from its own thread.
void folder_say(void *context, const char *text);
void folder_close(cli_folder *f); // commits what is queued; also after folder_open failed

// A view of what is committed, for folder_person; none must be held while commands are recorded. CLI_OK, or
// CLI_UNREACHABLE after a complaint.
TACT_MUST_USE int folder_view(cli_folder *f); // makes a new one if there was one before
void folder_unview(cli_folder *f);

// "NAMESPACE:VALUE" as an identity, normalised, in `memory`. False after a complaint that names the nearest namespace.
TACT_MUST_USE bool folder_identity(cli_folder *f, const char *text, command_identity *out);
// The record of whom "NAMESPACE:VALUE" (see store_person) or "4711", a person's id, finds, read in place while the view
// lasts; there must be one. After a complaint: CLI_USAGE, the text names nobody; CLI_FAILED, there is no such person.
TACT_MUST_USE int folder_person(cli_folder *f, const char *text, record *out);

#endif
