// SPDX-License-Identifier: Apache-2.0
//
// Filling a caller's tact_error.
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "tact/core.h"

// Sets code and text of `error` (may be NULL) with no place, and returns `code`, so that a failing function ends in
// `return err_set(error, TACT_INVALID, "…")`. The text is cut to fit.
tact_err err_set(tact_error *error, tact_err code, const char *format, ...) __attribute__((format(printf, 3, 4)));
// The same with a place; lines and columns count from 1.
tact_err err_set_at(tact_error *error, tact_err code, int line, int column, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
