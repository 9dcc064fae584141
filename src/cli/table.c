// SPDX-License-Identifier: Apache-2.0
//
// Widths are columns of a terminal, not bytes. Columns without any text are left out. A line break in a cell is
// shown as \n, so that each row stays one line.
#include "cli/table.h"

#include "base/utf8.h"
#include "cli/answer.h"

table table_in(arena *a, uint32_t columns) {
    return (table){.arena = a, .columns = columns};
}

void table_add(table *t, tact_str cell) {
    if (t->rows == t->room) {
        uint32_t room = t->room ? 2 * t->room : 8 * t->columns;
        tact_str *cells = arena_extend(t->arena, t->cells, t->room, room, sizeof *cells);
        t->failed |= !cells;
        if (!cells) return;
        t->cells = cells;
        t->room = room;
    }
    buf shown = buf_in(t->arena);
    while (cell.len && cell.ptr[cell.len - 1] == '\n') cell.len--; // of a block
    for (const char *newline; cell.len && (newline = memchr(cell.ptr, '\n', cell.len));) {
        size_t len = (size_t)(newline - cell.ptr);
        answer_add_shown(&shown, (tact_str){cell.ptr, len});
        buf_add_text(&shown, "\\n");
        cell = (tact_str){newline + 1, cell.len - len - 1};
    }
    answer_add_shown(&shown, cell);
    cell = buf_done(&shown);
    t->failed |= !cell.ptr;
    t->cells[t->rows++] = cell;
}

static size_t width_of(tact_str cell) {
    return utf8_width(cell.ptr, cell.len);
}

static void find_widths(const table *t, size_t *widths) {
    for (uint32_t i = 0; i < t->rows; i++) {
        size_t *width = &widths[i % t->columns], own = width_of(t->cells[i]);
        if (own > *width) *width = own < TABLE_WIDTH_MAX ? own : TABLE_WIDTH_MAX;
    }
}

void table_print(buf *out, const table *t, const char *indent) {
    size_t widths[TABLE_COLUMNS_MAX] = {0}, blanks = 0;
    out->failed |= t->failed;
    if (t->failed) return;
    find_widths(t, widths);
    for (uint32_t i = 0; i < t->rows; i++) {
        uint32_t column = i % t->columns;
        size_t own = width_of(t->cells[i]);
        if (column == 0) buf_add_text(out, indent), blanks = 0;
        if (own) {
            buf_add_repeat(out, ' ', blanks);
            buf_add_str(out, t->cells[i]);
            blanks = 0;
        }
        if (widths[column]) blanks += (own < widths[column] ? widths[column] - own : 0) + 2;
        if (column + 1 == t->columns) buf_add_char(out, '\n');
    }
}
