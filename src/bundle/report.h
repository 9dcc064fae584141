// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a bundle, or with one file: everything at once, each fault with its place, the line, a caret and
// the path of what it is in, shown as the language's diagnostics are. Places are bytes of the sources' text.
//
//      offers/apparel.yaml:7:25: error: `profile` has no field `recenzy`
//       7 |     eligible:   profile.recenzy >= 9
//         |                         ^~~~~~~
//         in offers.womens_winter.eligible
//         hint: did you mean `recency`?
#ifndef BUNDLE_REPORT_H
#define BUNDLE_REPORT_H

#include "base/near.h"
#include "base/strmap.h"
#include "bundle/sources.h"
#include "cel/ast.h"
#include "tact/cel.h"

struct yaml_node;

enum {
    REPORT_FAULTS_MAX = 50,      // a text shows so many, errors before warnings; the others it counts
    REPORT_ITEMS_MAX = 10000,    // are kept, of them half may be warnings; what comes after is only counted
    REPORT_PATH_MAX = 400,       // bytes; longer paths are cut
    REPORT_NAMES_MAX = 1 << 20,  // names that are compared in looking for the nearest, before hints are left out
    REPORT_STEPS_MAX = 64 << 20, // bytes of lines that report_place counts through, before it leaves columns out
};
#define REPORT_NOWHERE ((cel_span){UINT32_MAX, 0}) // of the whole

// What can be wrong: report_tbl.h.
typedef enum report_code {
#define X(NAME, name, err, doc) REPORT_##NAME,
#include "bundle/report_tbl.h"
#undef X
    REPORT_CODES
} report_code;

typedef struct report_item {
    const char *code;                  // a stable name: "unknown_key", or one of the language's: "undeclared_name"
    bool warning;                      // else an error
    cel_span at;                       // in the sources' text; REPORT_NOWHERE
    const char *text;                  // one line
    const char *hint;                  // "did you mean `recency`?", or NULL
    tact_str path;                     // "offers.womens_winter.eligible", or empty
    uint32_t number;                   // in the order in which they were found
    uint32_t line, column, column_end; // set once they are sorted, for showing them; from 1, in code points
} report_item;

typedef struct report {
    arena *arena; // texts live here
    const sources *sources;
    tact_str where; // stands for the whole bundle: its folder, or the file
    report_item *items;
    uint32_t count, room;
    uint32_t warnings_kept;
    uint32_t errors, warnings; // all, also those that are not kept
    tact_err code;             // TACT_OK, or the gravest of errors: INVALID, SYNTAX, LIMIT, …, NO_MEMORY
    uint32_t **lines;          // of each file where its lines begin; NULL: not looked up yet
    uint32_t *lines_count;
    uint32_t files;      // that `lines` has room for
    bool partial;        // set by whoever knows that files are missing: what may follow from that is not added
    uint32_t names_left; // of REPORT_NAMES_MAX
    uint32_t steps_left; // of REPORT_STEPS_MAX
    uint32_t path_len;
    char path[REPORT_PATH_MAX];
} report;

// `s` is borrowed, and outlives the report; it may grow meanwhile. `where` likewise.
void report_init(report *r, arena *a, const sources *s, tact_str where);
// Adds a fault or, as the code's row has it, a warning. `hint` is NULL or lives as long as the arena.
void report_add(report *r, report_code code, cel_span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
// What another module found: its code must be one that a row of report_tbl.h can have, else it is INVALID.
void report_error(report *r, cel_span at, const tact_error *error);
void report_no_memory(report *r);
// What the language found in the text of a scalar. A place is shown within the file wherever the scalar's bytes can be
// followed there; else it is the whole scalar, and the text quotes what is meant.
void report_cel(report *r, const struct yaml_node *scalar, const tact_cel_result *result);
// Sets the path of what is added from now on; NULL: none. Cheap: it is copied only for what is added.
void report_path(report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
// Cuts the path to its first `base` bytes and adds a part, behind a dot unless it is the first or an index ("[3]").
void report_path_part(report *r, uint32_t base, tact_str part);

// Takes so many from the names that may still be compared, which takes half a second for all of them. False: there
// were not so many, and none are left.
bool report_take_names(report *r, uint64_t count);
// "did you mean `x`?", or NULL if nothing is near.
const char *report_near(report *r, const near *n);
// The same with the keys of a map as candidates.
const char *report_near_key(report *r, tact_str wanted, const strmap *names);
// "offers/apparel.yaml:3:5", for a text that names a second place. In the arena.
const char *report_place(report *r, cel_span at);
// How many errors there are, so that one can see whether some came.
static inline uint32_t report_errors(const report *r) {
    return r->errors;
}

// All that is kept, by file and place, as people read it; empty if there is nothing. In the arena; {NULL, 0} if memory
// ran out.
tact_str report_text(report *r);
// The same for editors: a JSON array of {file, line, column, end_column, severity, code, path, message, hint}; `file`
// begins with `where`; `path` and `hint` are left out where there is none, the places of what has none.
tact_str report_json(report *r);

#endif
