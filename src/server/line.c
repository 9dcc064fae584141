// SPDX-License-Identifier: Apache-2.0
//
// A line is put together on the stack and written by one call, so that lines of several threads do not mix. Its room
// ends a little before LINE_MAX, so that whatever is cut can still be closed: quotes, braces, the newline.
#include "server/line.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/near.h"
#include "base/utf8.h"

static const char *const level_names[] = {
    [LINE_DEBUG] = "debug", [LINE_INFO] = "info", [LINE_WARN] = "warn", [LINE_ERROR] = "error"};
enum { LEVELS = sizeof level_names / sizeof *level_names, FORMATS = 2 };
enum { CLOSING = 8, FIELD_MIN = 32 }; // bytes: ellipsis, quotes, brace and newline; punctuation and a number
static const char *const format_names[FORMATS] = {"logfmt", "json"};

void line_init(line_log *l, int fd) {
    memset(l, 0, sizeof *l);
    l->fd = fd;
    l->now_ms = clock_wall_ms;
    atomic_store(&l->least, LINE_INFO);
}

// The number of a name, or `count`.
static size_t find(const char *const *names, size_t count, tact_str name) {
    size_t i = 0;
    while (i < count && !tact_str_equal(name, tact_str_from(names[i]))) i++;
    return i;
}

static tact_err unknown(const char *what, const char *choice, const char *const *names, size_t count, tact_str name,
                        tact_error *error) {
    utf8_shown room;
    near n = near_to(name);
    for (size_t i = 0; i < count; i++) near_offer(&n, tact_str_from(names[i]));
    if (n.best.len)
        return err_set(error, TACT_INVALID, "there is no %s `%s`; did you mean `%.*s`?", what, utf8_show(&room, name),
                       (int)n.best.len, n.best.ptr);
    return err_set(error, TACT_INVALID, "there is no %s `%s`: it is %s", what, utf8_show(&room, name), choice);
}

tact_err line_set(line_log *l, tact_str format, tact_str level, tact_error *error) {
    size_t f = find(format_names, FORMATS, format), least = find(level_names, LEVELS, level);
    if (f == FORMATS) return unknown("format", "logfmt or json", format_names, FORMATS, format, error);
    if (least == LEVELS) return unknown("level", "debug, info, warn or error", level_names, LEVELS, level, error);
    atomic_store(&l->json, f == 1);
    atomic_store(&l->least, (int)least);
    return TACT_OK;
}

// ---- How often ------------------------------------------------------------------------------------------------------

// The row of an event: its own, or if all are taken one that it shares.
static size_t row_of(line_log *l, const char *event) {
    size_t start = ((uintptr_t)event >> 3) % LINE_EVENTS;
    for (size_t i = 0; i < LINE_EVENTS; i++) {
        size_t row = (start + i) % LINE_EVENTS;
        const char *there = NULL;
        if (atomic_compare_exchange_strong(&l->events[row].event, &there, event) || there == event) return row;
    }
    return start;
}

// Whether one more may be written in this second; if so, how many were left out since the last.
static bool may_write(line_log *l, const char *event, int64_t now_ms, uint32_t *left_out) {
    size_t row = row_of(l, event);
    uint64_t second = (uint64_t)(now_ms / 1000) << 32, before = atomic_load(&l->events[row].window), after;
    do {
        bool same = (before >> 32 << 32) == second;
        if (same && (uint32_t)before >= LINE_BURST) {
            atomic_fetch_add(&l->events[row].left_out, 1);
            return false;
        }
        after = same ? before + 1 : second + 1;
    } while (!atomic_compare_exchange_weak(&l->events[row].window, &before, after));
    *left_out = atomic_exchange(&l->events[row].left_out, 0);
    return true;
}

// ---- Writing --------------------------------------------------------------------------------------------------------

typedef struct writer {
    char text[LINE_MAX];
    size_t len;
    bool json, full; // full: nothing is added any more but what closes the line
} writer;

static bool fits(const writer *w, size_t len) {
    return !w->full && w->len + len <= LINE_MAX - CLOSING;
}

static void put(writer *w, const char *bytes, size_t len) {
    w->full = !fits(w, len);
    if (w->full) return;
    memcpy(w->text + w->len, bytes, len);
    w->len += len;
}

static void put_text(writer *w, const char *text) {
    put(w, text, strlen(text));
}

static void close_with(writer *w, const char *text) { // in the room that is kept for it
    memcpy(w->text + w->len, text, strlen(text));
    w->len += strlen(text);
}

// Within quotes, by the rules of JSON, which readers of logfmt know as well.
static void put_escaped(writer *w, const char **at, const char *end) {
    const char *start = *at;
    uint32_t c = utf8_next(at, end);
    char code[8];
    if (c == UTF8_BAD) {
        put_text(w, UTF8_REPLACEMENT);
    } else if (c == '"' || c == '\\') {
        put(w, (char[]){'\\', (char)c}, 2);
    } else if (c == '\n') {
        put_text(w, "\\n");
    } else if (c < ' ' || c == 0x7f) {
        put(w, code, (size_t)snprintf(code, sizeof code, "\\u%04x", (unsigned)c));
    } else {
        put(w, start, (size_t)(*at - start));
    }
}

static void put_quoted(writer *w, tact_str text) {
    const char *at = text.ptr, *end = at + text.len;
    put_text(w, "\"");
    while (at < end && !w->full) put_escaped(w, &at, end);
    if (w->full) close_with(w, UTF8_ELLIPSIS);
    close_with(w, "\"");
}

// Letters, digits and what stands in paths, URLs and versions need no quotes in logfmt.
static bool is_plain(tact_str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\') return false;
    }
    return text.len > 0;
}

// False if there is no room for a name and at least a number, or the beginning of a text, behind it.
static bool put_name(writer *w, const char *name) {
    w->full = !fits(w, strlen(name) + FIELD_MIN);
    if (w->full) return false;
    if (w->json) {
        put_text(w, w->len ? ",\"" : "{\"");
        put_text(w, name);
        put_text(w, "\":");
    } else {
        if (w->len) put_text(w, " ");
        put_text(w, name);
        put_text(w, "=");
    }
    return true;
}

static void put_field_text(writer *w, const char *name, tact_str text) {
    if (!put_name(w, name)) return;
    if (!w->json && is_plain(text) && fits(w, text.len)) {
        put(w, text.ptr, text.len);
    } else {
        put_quoted(w, text);
    }
}

static void put_field_number(writer *w, const char *name, int64_t number) {
    char digits[24];
    if (put_name(w, name)) put(w, digits, (size_t)snprintf(digits, sizeof digits, "%lld", (long long)number));
}

static void put_time(writer *w, int64_t now_ms) {
    char text[40];
    int64_t seconds = now_ms / 1000;
    civil c = civil_at(seconds);
    (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)c.year, c.month, c.day, c.hour,
                   c.minute, c.second, (int)(now_ms % 1000));
    put_field_text(w, "ts", tact_str_from(text));
}

static void flush(const writer *w, int fd) {
    const char *at = w->text, *end = at + w->len;
    while (at < end) {
        ssize_t wrote = write(fd, at, (size_t)(end - at));
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return; // nobody listens: there is nowhere to complain
        at += wrote;
    }
}

void line_write(line_log *l, line_level level, const char *event, const line_field *fields) {
    uint32_t left_out;
    int64_t now_ms = l->now_ms();
    if ((int)level < atomic_load_explicit(&l->least, memory_order_relaxed)) return;
    if (!may_write(l, event, now_ms, &left_out)) return;
    writer w;
    w.len = 0, w.full = false, w.json = atomic_load(&l->json);
    put_time(&w, now_ms);
    put_field_text(&w, "level", tact_str_from(level_names[level]));
    put_field_text(&w, "msg", tact_str_from(event));
    if (left_out) put_field_number(&w, "left_out", left_out);
    for (const line_field *f = fields; f->kind != LINE_END && !w.full; f++) {
        if (f->kind == LINE_TEXT) {
            put_field_text(&w, f->name, f->text);
        } else {
            put_field_number(&w, f->name, f->number);
        }
    }
    close_with(&w, w.json ? "}\n" : "\n");
    flush(&w, l->fd);
}
