// SPDX-License-Identifier: Apache-2.0
//
// A schema as people write it: YAML, or JSON, with the keys `identities`, `attributes`, `purposes`, `events` and
// `aggregates`. The other keys of a bundle may stand beside them and are passed over.
#ifndef BUNDLE_SCHEMA_FILE_H
#define BUNDLE_SCHEMA_FILE_H

#include "value/schema.h"

// Reads the schema that `text` holds into the arena; `file` is the name that reports show. If anything is wrong,
// `*out` stays as it was, and `*said` (in the arena; may be empty if memory ran out) holds every fault with file,
// line, column and the line itself. TACT_INVALID, TACT_SYNTAX, TACT_LIMIT or TACT_NO_MEMORY: the gravest of them.
TACT_MUST_USE tact_err schema_file_read(arena *a, tact_str file, tact_str text, schema **out, tact_str *said);

#endif
