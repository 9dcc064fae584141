// SPDX-License-Identifier: Apache-2.0
//
// Comma-separated values (RFC 4180), read row by row from a stream of any length, or the same stream line by line, for
// JSON with one object a line. Fields may be quoted, and then hold separators, line ends, and quotes that stand twice.
// A line ends in LF, CR LF or CR; the last may lack its end; empty lines between rows are passed over, and so is a byte
// order mark.
//
// A row that is faulty is told with its reason, and reading goes on behind it. Of a row whose quotes do not match, only
// the first line is given up: the next row may begin on the second. So one stray quote costs one line and not the rest
// of the file.
#ifndef WIRE_CSV_H
#define WIRE_CSV_H

#include "base/arena.h"
#include "base/buf.h"

enum {
    CSV_ROW_MAX = 1 << 20, // bytes of one row; many times a command's, since columns may be there that nobody wants
    CSV_FIELDS_MAX = 4096, // of one row: as many as a schema has attributes
    CSV_READ = 256 * 1024, // bytes that are asked of the source at once
};

// Puts at most `room` bytes there and says how many; 0: the end. Negative: `error` says why not.
typedef ptrdiff_t csv_source(void *context, char *to, size_t room, tact_error *error);

typedef struct csv_options {
    char separator;   // 0: a comma
    size_t row_max;   // 0: CSV_ROW_MAX
    uint32_t columns; // fields that a row must have; 0: any number. May be set between rows
} csv_options;

typedef struct csv_field {
    tact_str text; // without its quotes
    size_t at;     // of its first byte in the row, a quote included
} csv_field;

// A row, or a line without fields. What is borrowed lives until the next call.
typedef struct csv_row {
    uint64_t line; // where it begins, counted from 1
    tact_str raw;  // without its line end; its first row_max bytes, if it is longer
    const csv_field *fields;
    uint32_t fields_count; // of a faulty row: those before the fault. They end at fields[fields_count].at
} csv_row;

typedef struct csv_reader {
    csv_options options;
    csv_source *source;
    void *context;
    char *buffer;
    const char *at, *end; // of the buffer: what was read and not yet handed out
    char *texts;          // of quoted fields with quotes in them
    csv_field *fields;
    uint64_t line, bytes;
    bool begun, ended; // the stream
    bool after_cr;     // an LF that comes now belongs to the line end before
    bool skipping;     // the rest of a line that was too long
    bool stops[256];   // bytes that end an unquoted field, and quotes
} csv_reader;

// Everything lives in the arena. `options` may be NULL. TACT_NO_MEMORY.
TACT_MUST_USE tact_err csv_open(csv_reader *r, arena *a, csv_source *source, void *context, const csv_options *options);

// The next row, or the next line. TACT_INVALID: this one is faulty, as `error` says. TACT_LIMIT: it is longer than
// row_max, and `raw` is only its beginning. After both the next call reads what follows. TACT_NOT_FOUND: the end. Any
// other error ends reading: TACT_SYNTAX, this is no text of rows (UTF-16, a zip); or what the source failed with.
// `error` is not NULL.
TACT_MUST_USE tact_err csv_next(csv_reader *r, csv_row *row, tact_error *error);
TACT_MUST_USE tact_err csv_next_line(csv_reader *r, csv_row *row, tact_error *error);
uint64_t csv_bytes(const csv_reader *r); // of what was handed out or passed over so far

// Appends a field, quoted.
void csv_write(buf *out, tact_str text);

#endif
