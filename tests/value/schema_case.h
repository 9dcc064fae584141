// SPDX-License-Identifier: Apache-2.0
//
// What tests of schemas share.
#ifndef TESTS_VALUE_SCHEMA_CASE_H
#define TESTS_VALUE_SCHEMA_CASE_H

#include "value/schema.h"

#define DAY INT64_C(86400000)

schema_attribute schema_case_attribute(const char *name, const tact_type *type);
schema_aggregate schema_case_aggregate(const char *name, schema_function function, uint32_t event, int32_t property);
// Adds members of every kind, with something of everything: two purposes, three identities, two events, two sources,
// five attributes, three aggregates.
tact_err schema_case_build(schema *s, tact_error *why);

#endif
