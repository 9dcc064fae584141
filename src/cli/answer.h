// SPDX-License-Identifier: Apache-2.0
//
// What the commands about persons share: recording one command, and printing what came of it.
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <stdio.h>

#include "base/buf.h"
#include "cli/folder.h"
#include "value/value.h"

// Applies a command and waits until it is on disk; no view may be open. After a complaint: CLI_FAILED, it was refused;
// CLI_UNREACHABLE, it could not be written.
TACT_MUST_USE int answer_record(cli_folder *f, const command *c, apply_answer *answer);

// Complains of an error: CLI_UNREACHABLE where a folder could not be opened, read or written, else CLI_FAILED.
int answer_failed(tact_err code, const tact_error *error);
// Of so many bytes or rows, to a `progress`: a backup_progress, a fsck_progress.
void answer_progress(void *context, uint64_t done, uint64_t total);

// Prints a value as one line of JSON. CLI_OK, or CLI_FAILED after a complaint.
TACT_MUST_USE int answer_json(FILE *stream, tact_value v, arena *a);
tact_value answer_time(int64_t ms); // as a timestamp
// A map of so many fields, in the arena; NULL, the value, if memory ran out.
tact_value answer_map(arena *a, const value_entry *fields, size_t count);
value_entry answer_field(const char *name, tact_value v); // `name` must outlive it

// The time that `--now` gives; NULL: the clock's. False after a complaint.
TACT_MUST_USE bool answer_now(const char *given, int64_t *now_ms);

// The text on one line, with what is not to be shown replaced.
void answer_add_shown(buf *out, tact_str text);
// "90 s", "5 min", "47 h", "3 days"; and "3 days ago", "in 5 min".
void answer_add_span(buf *out, int64_t seconds);
void answer_add_age(buf *out, int64_t seconds);
// "NAMESPACE:VALUE", as people write an identity.
void answer_add_identity(buf *out, const schema *s, const command_identity *identity);

#endif
