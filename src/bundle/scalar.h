// SPDX-License-Identifier: Apache-2.0
//
// Single values as bundles write them: names, spans, times, types and values of a type, each with its fault reported at
// its place. Nothing is said of nodes that are YAML_BAD: their fault is reported.
#ifndef BUNDLE_SCALAR_H
#define BUNDLE_SCALAR_H

#include "bundle/report.h"
#include "bundle/yaml.h"
#include "value/type.h"

// "expected EXPECTED, not `…`" (or "a map", "a list"), at the node.
void scalar_refuse(report *r, const yaml_node *node, report_code code, const char *hint, const char *expected);
// What to do about a value that is not of this type, bool, int or double, but would be if it were written otherwise;
// else NULL.
const char *scalar_hint(const yaml_node *node, const tact_type *type);
bool scalar_is_cased(const yaml_node *node); // True, TRUE, …: true for other programs that read YAML, here none
bool scalar_is_text(const yaml_node *node);  // a scalar that is not null
// A time span of a second to a hundred years, in milliseconds.
bool scalar_span(report *r, const yaml_node *node, int64_t *ms);
// A time of RFC 3339, or a date alone: then `*date` is true and `*out` its midnight in UTC.
bool scalar_time(report *r, const yaml_node *node, tact_value *out, bool *date);
// One of the nine types that can be stored, static; NULL: none.
const tact_type *scalar_type(report *r, const yaml_node *node);
// A value of an attribute's type, lists included; in the report's arena.
bool scalar_value(report *r, const yaml_node *node, const tact_type *type, tact_value *out);
// A list of values of `type`. The count is there also if some are faulty.
bool scalar_values(report *r, const yaml_node *node, const tact_type *type, const tact_value **out, uint32_t *count);
// Whether expressions can write the member's name behind the dot of `record`: it is no word of the language.
bool scalar_word(report *r, const yaml_node *member, const char *record);

#endif
