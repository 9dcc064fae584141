// SPDX-License-Identifier: Apache-2.0
//
// A folder of rules as it travels to a server.
#ifndef CLI_UPLOAD_H
#define CLI_UPLOAD_H

#include "base/arena.h"

// {"bundle.yaml": "…", "offers/a.yaml": "…"}, in the arena. CLI_OK; as rules_read, after a complaint, if files cannot
// be read or have faults of form. `hash` (SOURCES_HASH bytes; NULL: nobody wants it) is what is signed.
TACT_MUST_USE int upload_read(arena *a, const char *folder, tact_value *files, uint8_t *hash);

#endif
