// SPDX-License-Identifier: Apache-2.0
//
// What publishing does to a store's schema, in words: members that come, go and get a wider type.
#ifndef CLI_SCHEMA_CHANGE_H
#define CLI_SCHEMA_CHANGE_H

#include "base/buf.h"
#include "value/schema.h"

// `after` is what schema_evolve made of `before`. A line for each kind of member and of change, "  attributes added:
// recency, tier"; other changes (bounds, defaults, purposes) are not told one by one.
void schema_change_add(buf *out, const schema *before, const schema *after);
bool schema_change_any(const schema *before, const schema *after);

#endif
