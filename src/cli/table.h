// SPDX-License-Identifier: Apache-2.0
//
// Tables as commands print them: columns as wide as their widest cell, two blanks between them, none at line ends.
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "base/buf.h"

enum { TABLE_COLUMNS_MAX = 10, TABLE_WIDTH_MAX = 40 }; // wider cells push what follows aside

typedef struct table {
    arena *arena;
    uint32_t columns, rows, room;
    tact_str *cells; // row by row
    bool failed;     // memory ran out
} table;

table table_in(arena *a, uint32_t columns);
// The next cell, from left to right; what cannot be shown on one line is replaced. Copies nothing.
void table_add(table *t, tact_str cell);
void table_print(buf *out, const table *t, const char *indent);

#endif
