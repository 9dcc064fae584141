// SPDX-License-Identifier: Apache-2.0
//
// A schema as people write it: YAML, or JSON, with the keys `identities`, `attributes`, `purposes`, `events` and
// `aggregates`: part of a bundle, or a file of its own, in which the other keys of a bundle may stand beside them and
// are passed over.
#ifndef BUNDLE_SCHEMA_FILE_H
#define BUNDLE_SCHEMA_FILE_H

#include "bundle/draft.h"
#include "value/schema.h"

// The schema that the draft's five sections are, in the arena; every fault goes into the draft's report, and what could
// not be added is left out, so that the rest can be checked against it. NULL only if memory ran out.
schema *schema_from_draft(arena *a, draft *d);
// Whether a name of this kind is in the draft but not in the schema, its fault being reported: nobody who refers to it
// is to be blamed.
bool schema_is_spoilt(const draft *d, const schema *s, schema_kind kind, tact_str name);

// Reads the schema that `text` holds into the arena; `file` is the name that reports show. If anything is wrong,
// `*out` stays as it was, and `*said` (in the arena; may be empty if memory ran out) holds every fault with file,
// line, column and the line itself. TACT_INVALID, TACT_SYNTAX, TACT_LIMIT or TACT_NO_MEMORY: the gravest of them.
TACT_MUST_USE tact_err schema_file_read(arena *a, tact_str file, tact_str text, schema **out, tact_str *said);

// Whether a number, or each of a list's, is finite, as what is stored and compared must be; if not, with its fault.
bool schema_takes_number(report *r, const yaml_node *node);

#endif
