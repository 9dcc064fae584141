// SPDX-License-Identifier: Apache-2.0
//
// The file of rejects: every row that was refused, as it stood, behind its number, its line, and why it was refused; so
// that it can be mended where it stands, and imported by the same command.
//
//      @row,@line,@reason,crm,recency
//      17,18,"`recency`: `x` is not a whole number",4711,x
//
//      {"@row":17,"@line":17,"@reason":"`recency`: …","crm":"4711","recency":"x"}
//
// A row that was in a file of rejects before gets these three anew, and keeps its number.
#ifndef CLI_IMPORT_REJECT_H
#define CLI_IMPORT_REJECT_H

#include <stdio.h>

#include "base/arena.h"

typedef struct import_reject {
    FILE *file; // NULL: it could not be opened
    const char *path;
    int why; // it could not: errno
    bool json;
    char separator;
    arena scratch;
    uint64_t count;
} import_reject;

// Makes the file, or empties the one there is; whether it could. If not, that matters with the first reject only.
bool import_reject_open(import_reject *r, const char *path, bool json, char separator);
int import_reject_complain(const import_reject *r);           // that it could not; CLI_UNREACHABLE
void import_reject_header(import_reject *r, tact_str header); // of a CSV file, without columns of rejects
// `row` is empty where it was too long to keep. False after a complaint, made once: there is no file.
TACT_MUST_USE bool import_reject_add(import_reject *r, uint64_t number, uint64_t line, const char *reason,
                                     tact_str row);
// Takes an empty file away again. False after a complaint: not everything could be written.
TACT_MUST_USE bool import_reject_close(import_reject *r);

// A line of a file of rejects as it was before it became one, and the number it had; any other line as it is. Parts may
// be in the arena. {NULL, 0} if memory ran out.
tact_str import_reject_object(arena *a, tact_str line, uint64_t *number);

#endif
