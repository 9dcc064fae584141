// SPDX-License-Identifier: Apache-2.0
//
// Bundles for tests, built from text: a small shop that is there already (build_case.c), and what the test adds to it.
#ifndef TESTS_BUILD_CASE_H
#define TESTS_BUILD_CASE_H

#include "bundle/bundle.h"

typedef struct build_case {
    arena memory;
    sources sources;
    report report;
    bundle *bundle; // NULL: it has faults
} build_case;

void case_open(build_case *c);
void case_add(build_case *c, const char *file, const char *text);
void case_add_shop(build_case *c); // as bundle.yaml: names, schema, context; no placements and no offers
void case_build(build_case *c, const schema *running);
void case_close(build_case *c);

// What the report says, a line each in the order of the places: "code path: text" and, where there is one, " (hint)".
const char *case_said(build_case *c);

// The shop and `text`; asserts that just this is said of it.
void assert_said(const char *text, const char *expected);
// Asserts that there is no fault; warnings there may be. Close it.
void open_built(build_case *c, const char *text);

// The value of a rule, or of any program, where slots have these values: pairs of a name and a CEL literal, then NULL.
// Other slots are absent.
const char *case_value(build_case *c, const tact_cel_program *p, ...);
const bundle_offer *case_offer(const build_case *c, const char *name);
const bundle_placement *case_placement(const build_case *c, const char *name);

#endif
