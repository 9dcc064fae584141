// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with one file of a bundle: everything, with its place, shown as the language's diagnostics are.
#ifndef BUNDLE_REPORT_H
#define BUNDLE_REPORT_H

#include "base/near.h"
#include "cel/diag.h"

#define REPORT_FAULTS_MAX 50 // what comes after so many is only counted

typedef struct report {
    arena *arena; // texts live here
    tact_str file, source;
    tact_cel_diagnostic *items;
    uint32_t count, room;
    uint32_t dropped; // faults beyond REPORT_FAULTS_MAX
    tact_err code;    // TACT_OK, or the gravest: INVALID, SYNTAX, LIMIT, NO_MEMORY
} report;

// `file` and `source` are borrowed and outlive the report.
void report_init(report *r, arena *a, tact_str file, tact_str source);
// Adds a fault. `hint` is NULL or lives as long as the arena.
void report_add(report *r, tact_err code, cel_span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void report_no_memory(report *r);
// "did you mean `x`?", or NULL if nothing is near.
const char *report_near(report *r, const near *n);
// All faults in the order of their places, as texts; empty if there are none. In the arena.
tact_str report_text(report *r);

#endif
