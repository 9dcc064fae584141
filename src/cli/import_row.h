// SPDX-License-Identifier: Apache-2.0
//
// What becomes of the columns of a file: a plan, made once, by which each row becomes a command. A column may be an
// identity, a value, the row's time, its command's id, or nothing; columns go by their names, the members of JSON
// objects too.
//
// A file of rejects (import_reject.h) begins with three columns of its own. Where a file has them, they are passed
// over, but that a row keeps the number it had: so what was mended finds the same persons.
#ifndef CLI_IMPORT_ROW_H
#define CLI_IMPORT_ROW_H

#include "base/strmap.h"
#include "value/command.h"
#include "wire/csv.h"

#define IMPORT_ROW "@row"       // also what stands for a row's number in --id
#define IMPORT_LINE "@line"     // where a rejected row stood
#define IMPORT_REASON "@reason" // why it was rejected

enum {
    IMPORT_COLUMNS_MAX = COMMAND_VALUES_MAX, // that --map names
    IMPORT_UNUSED_MAX = 100,                 // names of columns without use that are kept, to be told
};

typedef struct import_pair { // "NAME=COLUMN"
    tact_str name, column;
} import_pair;

typedef struct import_wishes { // what the command line says; empty: not said
    import_pair ids[COMMAND_IDENTITIES_MAX], maps[IMPORT_COLUMNS_MAX];
    uint32_t ids_count, maps_count;
    tact_str event; // rows are events of this kind, and not attributes
    tact_str time, key;
    tact_str null; // a text that means no value
    bool clear;    // no value takes an attribute away
    bool strict_columns;
    uint8_t source;
    int64_t now_ms; // the time of rows without a column of times
} import_wishes;

typedef struct import_target import_target;

typedef struct import_plan {
    arena *memory;
    const schema *schema;
    const import_wishes *wishes;
    uint16_t spaces[COMMAND_IDENTITIES_MAX]; // namespaces of the ids
    int32_t event;
    strmap targets;               // column -> import_target *
    strmap unused;                // columns without one, as they were met
    const import_target **fields; // CSV: by column; NULL: without use
    tact_str *names;              // CSV: of the columns
    uint32_t fields_count;
    uint32_t values_count; // attributes or properties that have a column
} import_plan;

// A plan by the wishes, which must outlive it, as must the schema. TACT_USAGE: something that they name is not there,
// as `error` says, with the nearest name. TACT_NO_MEMORY.
TACT_MUST_USE tact_err import_row_plan(import_plan *p, arena *a, const schema *s, const import_wishes *wishes,
                                       tact_error *error);
// Takes the header of a CSV file into the plan. TACT_USAGE: a column is missing, or there are two, or there is no
// use for the file at all.
TACT_MUST_USE tact_err import_row_header(import_plan *p, const csv_row *header, tact_error *error);

// A column that the command line names and that was not met: in the header, or in any object so far. `at` is 0 before
// the first. False: there is no further one.
bool import_row_missing(const import_plan *p, uint32_t *at, tact_str *column);

// The command of a row: of its fields, or if it is a line of the object of JSON in it; all that the command borrows
// lies in the arena. `number` is the row's, counted from 1, and becomes what the file says it is. TACT_INVALID,
// TACT_LIMIT: the row is faulty. TACT_NO_MEMORY.
TACT_MUST_USE tact_err import_row_fields(import_plan *p, arena *a, const csv_row *row, uint64_t *number, command *out,
                                         tact_error *error);
TACT_MUST_USE tact_err import_row_object(import_plan *p, arena *a, const csv_row *row, uint64_t *number, command *out,
                                         tact_error *error);

#endif
