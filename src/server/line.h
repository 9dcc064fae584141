// SPDX-License-Identifier: Apache-2.0
//
// What a server logs: lines on a file descriptor, as logfmt (https://brandur.org/logfmt) or JSON, each written by one
// call. Of one event (its text) at most LINE_BURST lines a second are written; how many were left out is told with the
// next. A line never takes memory and never waits but for the file descriptor. Any thread.
//
//      ts=2026-11-22T10:00:00.123Z level=warn msg="request refused" code=wrong_type at=context.device peer=10.0.0.7
//
// Secrets have no business here: callers pass names of tokens, never tokens, and no values of persons.
#ifndef SERVER_LINE_H
#define SERVER_LINE_H

#include <stdatomic.h>

#include "tact/core.h"

enum { LINE_BURST = 10, LINE_EVENTS = 64, LINE_MAX = 2000 };

typedef enum line_level { LINE_DEBUG, LINE_INFO, LINE_WARN, LINE_ERROR } line_level;

typedef struct line_field {
    const char *name; // a literal
    enum { LINE_END, LINE_TEXT, LINE_NUMBER } kind;
    tact_str text;
    int64_t number;
} line_field;
#define LINE_S(name, str) ((line_field){name, LINE_TEXT, str, 0})
#define LINE_N(name, value) ((line_field){name, LINE_NUMBER, {0}, (int64_t)(value)})

typedef struct line_log {
    int fd;
    int64_t (*now_ms)(void); // clock_wall_ms, but for tests
    _Atomic int least;       // line_level
    _Atomic bool json;
    struct {                         // beyond so many events, those that meet share one
        _Atomic(const char *) event; // the literal; NULL: free
        _Atomic uint64_t window;     // the second, and how many were written in it in the lowest 32 bits
        _Atomic uint32_t left_out;
    } events[LINE_EVENTS];
} line_log;

void line_init(line_log *l, int fd); // logfmt, from "info" on
// "logfmt" or "json", "info": TACT_INVALID with what there is, and nothing changed.
TACT_MUST_USE tact_err line_set(line_log *l, tact_str format, tact_str level, tact_error *error);
// `event` is a literal: the message, and what is counted for the bound. Fields end with the zero field. A
// text that does not fit is cut; fields behind it are left out.
void line_write(line_log *l, line_level level, const char *event, const line_field *fields);
#define LINE(l, level, event, ...) line_write(l, level, event, (const line_field[]){__VA_ARGS__, {0}})

#endif
