// SPDX-License-Identifier: Apache-2.0
//
// The JSON Schema (draft 7) of a bundle's files, for the completion and checks of editors; made from format_tbl.h.
#ifndef BUNDLE_JSON_SCHEMA_H
#define BUNDLE_JSON_SCHEMA_H

#include "base/buf.h"

void json_schema_write(buf *out);

#endif
