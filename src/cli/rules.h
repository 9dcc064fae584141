// SPDX-License-Identifier: Apache-2.0
//
// Bundles on the command line: a folder, or in a store a version (`shop@3`, or `3` of the active bundle's name) or
// `active`, and how commands open a store to change what is active. Whatever goes wrong is complained of here; what is
// returned is how the program ends.
#ifndef CLI_RULES_H
#define CLI_RULES_H

#include "cli/folder.h"
#include "engine/publish.h"

// Whether the text names a version and no folder: `active`, `shop@3`. A folder of such a name is written ./active.
bool rules_is_version(const char *text);
// The version that a text names: "shop@3", or "3" of the name of what is active. An empty name: `active`. CLI_OK, or
// CLI_USAGE or CLI_FAILED after a complaint.
TACT_MUST_USE int rules_version(cli_folder *place, const char *text, tact_str *name, uint64_t *number);

// Opens a store that is there for writing; waits a little for another process that has it open so, as one does that
// publishes. folder_close ends it, also after a complaint. CLI_OK or CLI_UNREACHABLE.
TACT_MUST_USE int rules_open(cli_folder *place, const char *path);
// The same of a store that is made, with this schema, if there is none.
TACT_MUST_USE int rules_open_new(cli_folder *place, const char *path, const schema *first);

// Reads what the text names. `place` is open for reading, or NULL: there is no store. Faults of form are printed.
TACT_MUST_USE int rules_read(publish_files *f, arena *a, const char *text, cli_folder *place);
// The same, compiled against the store's schema, if there is one. Faults are printed, warnings are not.
TACT_MUST_USE int rules_build(publish_files *f, arena *a, const char *text, cli_folder *place, bundle **out);
// Runs its tests; those that fail are printed.
TACT_MUST_USE int rules_test(publish_files *f, const bundle *b);

// Prints a report, if it has anything, on standard error. CLI_OK: no errors. CLI_FAILED; CLI_UNREACHABLE: files could
// not be read.
int rules_report(report *r);
// Says what a function of publish.h returned: the report, and the error if that is not what the report says.
int rules_failed(report *r, tact_err err, const tact_error *error);

// "15 tests passed" or "15 tests skipped"; empty without any.
const char *rules_tests(arena *a, const bundle *b, bool skipped);
// "shop@3".
const char *rules_version_text(arena *a, const bundles_version *v);

#endif
