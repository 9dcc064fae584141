// SPDX-License-Identifier: Apache-2.0
//
// Collecting faults of a file. A fault is a diagnostic of the language's, so that diag_print shows both alike.
#include "bundle/report.h"

void report_init(report *r, arena *a, tact_str file, tact_str source) {
    *r = (report){.arena = a, .file = file, .source = source};
}

static int gravity(tact_err code) {
    switch (code) {
    case TACT_OK: return 0;
    case TACT_INVALID: return 1;
    case TACT_SYNTAX: return 2;
    case TACT_LIMIT: return 3;
    default: return 4;
    }
}

static void note(report *r, tact_err code) {
    if (gravity(code) > gravity(r->code)) r->code = code;
}

void report_no_memory(report *r) {
    note(r, TACT_NO_MEMORY);
}

void report_add(report *r, tact_err code, cel_span at, const char *hint, const char *format, ...) {
    note(r, code);
    if (r->count == REPORT_FAULTS_MAX) {
        r->dropped++;
        return;
    }
    if (r->count == r->room) {
        uint32_t room = r->room ? 2 * r->room : 4;
        tact_cel_diagnostic *items = arena_extend(r->arena, r->items, r->count, room, sizeof *items);
        if (!items) {
            report_no_memory(r);
            return;
        }
        r->items = items;
        r->room = room;
    }
    buf text = buf_in(r->arena);
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    tact_str done = buf_done(&text);
    if (!done.ptr) {
        report_no_memory(r);
        return;
    }
    uint32_t pos = at.pos < r->source.len ? at.pos : (uint32_t)r->source.len;
    tact_cel_diagnostic item = {.code = tact_err_name(code), .pos = pos, .text = done.ptr, .hint = hint};
    item.len = at.len ? at.len : 1;
    diag_place(r->source, pos, &item.line, &item.column);
    uint32_t to = r->count++; // few, and nearly in order: by insertion
    for (; to > 0 && r->items[to - 1].pos > pos; to--) r->items[to] = r->items[to - 1];
    r->items[to] = item;
}

const char *report_near(report *r, const near *n) {
    if (!n->best.len) return NULL;
    const char *hint = arena_printf(r->arena, "did you mean `%.*s`?", (int)n->best.len, n->best.ptr);
    if (!hint) report_no_memory(r);
    return hint;
}

tact_str report_text(report *r) {
    buf out = buf_in(r->arena);
    for (uint32_t i = 0; i < r->count; i++) diag_print(&out, r->file, r->source, &r->items[i], "error");
    if (r->dropped) {
        buf_add_str(&out, r->file);
        buf_printf(&out, ": error: %u more errors are not shown\n", r->dropped);
    }
    if (r->code == TACT_NO_MEMORY) buf_add_text(&out, "error: memory ran out\n");
    return buf_done(&out);
}
