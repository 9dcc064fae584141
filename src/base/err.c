// SPDX-License-Identifier: Apache-2.0
//
// Names and texts of error codes and faults, from their tables, and the one way to fill a tact_error.
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct row {
    int number;
    const char *name, *text;
} row;

static const row errors[] = {
#define X(NAME, name, number, text) {number, #name, text},
#include "tact/err_tbl.h"
#undef X
};

static const row faults[] = {
#define X(NAME, name, number, text) {number, #name, text},
#include "tact/fault_tbl.h"
#undef X
};

static const row *find(const row *rows, size_t count, int number) {
    static const row unknown = {-1, "unknown", "an error code that this version does not know"};
    for (size_t i = 0; i < count; i++) {
        if (rows[i].number == number) return &rows[i];
    }
    return &unknown;
}

const char *tact_err_name(tact_err code) {
    return find(errors, sizeof errors / sizeof *errors, (int)code)->name;
}

const char *tact_err_text(tact_err code) {
    return find(errors, sizeof errors / sizeof *errors, (int)code)->text;
}

const char *tact_fault_name(tact_fault fault) {
    return find(faults, sizeof faults / sizeof *faults, (int)fault)->name;
}

const char *tact_fault_text(tact_fault fault) {
    return find(faults, sizeof faults / sizeof *faults, (int)fault)->text;
}

static void set(tact_error *error, tact_err code, int line, int column, const char *format, va_list args) {
    if (!error) return;
    error->code = code;
    error->line = line;
    error->column = column;
    vsnprintf(error->text, sizeof error->text, format, args);
}

tact_err err_set(tact_error *error, tact_err code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(error, code, 0, 0, format, args);
    va_end(args);
    return code;
}

tact_err err_set_at(tact_error *error, tact_err code, int line, int column, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(error, code, line, column, format, args);
    va_end(args);
    return code;
}
