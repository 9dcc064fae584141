// SPDX-License-Identifier: Apache-2.0
//
// Collecting what is wrong, and showing it. Faults are kept as bytes of the text; lines and columns are worked out once
// all are sorted, walking each file forwards, so that ten thousand of them cost little more than one, in files of one
// line, too.
#include "bundle/report.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "bundle/yaml.h"
#include "cel/diag.h"

enum {
    EXCERPT_BYTES = 4096, // of a line are looked at on either side of a place; a terminal shows a hundred columns
    MEANT_BYTES = 40,     // of an expression are quoted where its place in the file is not known
};

static const struct code_row {
    const char *name;
    tact_err err;
} codes[] = {
#define X(NAME, name, err, doc) {#name, TACT_##err},
#include "bundle/report_tbl.h"
#undef X
};

void report_init(report *r, arena *a, const sources *s, tact_str where) {
    *r = (report){.arena = a, .sources = s, .where = where};
    r->names_left = REPORT_NAMES_MAX;
    r->steps_left = REPORT_STEPS_MAX;
}

// ---- Collecting -----------------------------------------------------------------------------------------------------

static int gravity(tact_err code) {
    switch (code) {
    case TACT_OK: return 0;
    case TACT_INVALID: return 1;
    case TACT_SYNTAX: return 2;
    case TACT_LIMIT: return 3;
    case TACT_NO_MEMORY: return 5;
    default: return 4;
    }
}

static void note(report *r, tact_err code) {
    if (gravity(code) > gravity(r->code)) r->code = code;
}

void report_no_memory(report *r) {
    note(r, TACT_NO_MEMORY);
}

// Counts an item of this kind; a new one to be filled in, or NULL if it is not kept.
static report_item *next_item(report *r, bool warning) {
    ++*(warning ? &r->warnings : &r->errors);
    if (r->count == REPORT_ITEMS_MAX || (warning && r->warnings_kept == REPORT_ITEMS_MAX / 2)) return NULL;
    if (r->count == r->room) {
        uint32_t room = r->room ? 2 * r->room : 8;
        report_item *items = arena_extend(r->arena, r->items, r->count, room, sizeof *items);
        if (!items) {
            report_no_memory(r);
            return NULL;
        }
        r->items = items;
        r->room = room;
    }
    const char *path = r->path_len ? arena_copy(r->arena, r->path, r->path_len) : "";
    if (!path) {
        report_no_memory(r);
        return NULL;
    }
    report_item *item = &r->items[r->count];
    *item = (report_item){.warning = warning, .number = r->count, .path = {path, r->path_len}};
    return item;
}

// The item is complete, if its text is there.
static void keep(report *r, report_item *item) {
    if (!item->text) {
        report_no_memory(r);
        return;
    }
    r->count++;
    r->warnings_kept += item->warning;
}

// Whether what is missing may be why it is said: the file that could not be read may have the name.
static bool may_follow(report_code code) {
    return code == REPORT_UNKNOWN_NAME || code == REPORT_UNKNOWN_KEY || code == REPORT_MISSING_CONTENT;
}

static bool may_follow_in_cel(const char *code) {
    return strcmp(code, "undeclared_name") == 0 || strcmp(code, "undeclared_field") == 0;
}

void report_add(report *r, report_code code, cel_span at, const char *hint, const char *format, ...) {
    bool warning = codes[code].err == TACT_OK;
    if (r->partial && may_follow(code)) return;
    note(r, codes[code].err);
    report_item *item = next_item(r, warning);
    if (!item) return;
    buf text = buf_in(r->arena);
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    item->code = codes[code].name;
    item->at = at;
    item->hint = hint;
    item->text = buf_done(&text).ptr;
    keep(r, item);
}

void report_error(report *r, cel_span at, const tact_error *error) {
    report_code code = REPORT_INVALID;
    if (error->code == TACT_NO_MEMORY) {
        report_no_memory(r);
        return;
    }
    for (int i = REPORT_CODES - 1; i >= 0; i--) { // the first of its rows
        if (codes[i].err == error->code && error->code != TACT_INVALID) code = (report_code)i;
    }
    report_add(r, code, at, NULL, "%s", error->text);
}

void report_path(report *r, const char *format, ...) {
    r->path_len = 0;
    if (!format) return;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(r->path, sizeof r->path, format, args);
    va_end(args);
    if (len > 0) r->path_len = (uint32_t)len < sizeof r->path ? (uint32_t)len : sizeof r->path - 1;
}

void report_path_part(report *r, uint32_t base, tact_str part) {
    r->path_len = base;
    if (base > 0 && base + 1 < sizeof r->path && !(part.len && part.ptr[0] == '[')) r->path[r->path_len++] = '.';
    size_t room = sizeof r->path - r->path_len, len = part.len < room ? part.len : room;
    memcpy(r->path + r->path_len, part.ptr, len);
    r->path_len += (uint32_t)len;
}

// ---- Places ---------------------------------------------------------------------------------------------------------

// A file as it is shown: without a mark of byte order.
static tact_str text_of(const report *r, uint32_t file, uint32_t *from) {
    tact_str text = sources_text_of(r->sources, file);
    size_t mark = sources_mark(text);
    *from = r->sources->files[file].from + (uint32_t)mark;
    return (tact_str){text.ptr + mark, text.len - mark};
}

static bool make_room(report *r, uint32_t files) {
    if (files <= r->files) return true;
    uint32_t **lines = arena_array(r->arena, files, sizeof *lines);
    uint32_t *counts = arena_array(r->arena, files, sizeof *counts);
    if (!lines || !counts) return false;
    for (uint32_t i = 0; i < files; i++) {
        lines[i] = i < r->files ? r->lines[i] : NULL;
        counts[i] = i < r->files ? r->lines_count[i] : 0;
    }
    r->lines = lines;
    r->lines_count = counts;
    r->files = files;
    return true;
}

// Where the file's lines begin, as bytes of its shown text; NULL if memory ran out.
static const uint32_t *lines_of(report *r, uint32_t file) {
    if (!make_room(r, r->sources->count)) return NULL;
    if (r->lines[file]) return r->lines[file];
    uint32_t from, count = 1;
    tact_str text = text_of(r, file, &from);
    const char *end = text.ptr + text.len;
    for (const char *at = text.ptr; (at = memchr(at, '\n', (size_t)(end - at))); at++) count++;
    uint32_t *lines = arena_array(r->arena, count, sizeof *lines);
    if (!lines) return NULL;
    lines[0] = 0;
    count = 1;
    for (const char *at = text.ptr; (at = memchr(at, '\n', (size_t)(end - at)));) {
        lines[count++] = (uint32_t)(++at - text.ptr);
    }
    r->lines[file] = lines;
    r->lines_count[file] = count;
    return lines;
}

typedef struct place {
    uint32_t file;
    uint32_t at;           // byte of the file's shown text
    uint32_t line, column; // from 1; 0: not worked out
    uint32_t start;        // byte where the line begins
} place;

// The file and line of a byte of the sources' text; false if memory ran out.
static bool find_line(report *r, uint32_t pos, place *out) {
    uint32_t from, file = sources_file_at(r->sources, pos);
    tact_str text = text_of(r, file, &from);
    uint32_t at = pos > from ? pos - from : 0;
    const uint32_t *lines = lines_of(r, file);
    if (!lines) return false;
    if (at > text.len) at = (uint32_t)text.len;
    uint32_t low = 0, high = r->lines_count[file];
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (lines[middle] <= at) {
            low = middle;
        } else {
            high = middle;
        }
    }
    *out = (place){.file = file, .at = at, .line = low + 1, .start = lines[low]};
    return true;
}

// A line (from 1) of a file's shown text, without its end. The file's lines are known.
static tact_str line_of(const report *r, uint32_t file, tact_str text, uint32_t line) {
    uint32_t start = r->lines[file][line - 1];
    size_t end = line < r->lines_count[file] ? r->lines[file][line] - 1 : text.len;
    if (end < text.len && end > start && text.ptr[end - 1] == '\r') end--;
    return (tact_str){text.ptr + start, end - start};
}

const char *report_place(report *r, cel_span at) {
    place p;
    if (r->sources->count == 0 || !find_line(r, at.pos, &p)) {
        report_no_memory(r);
        return NULL;
    }
    uint32_t from, steps = p.at - p.start;
    const char *text = text_of(r, p.file, &from).ptr, *said;
    tact_str name = r->sources->files[p.file].name;
    if (steps > r->steps_left) {
        said = arena_printf(r->arena, "%.*s:%u", (int)name.len, name.ptr, p.line);
    } else {
        r->steps_left -= steps;
        said = arena_printf(r->arena, "%.*s:%u:%u", (int)name.len, name.ptr, p.line,
                            (uint32_t)utf8_count(text + p.start, steps) + 1);
    }
    if (!said) report_no_memory(r);
    return said;
}

// ---- Names ----------------------------------------------------------------------------------------------------------

bool report_take_names(report *r, uint64_t count) {
    bool enough = count <= r->names_left;
    r->names_left = enough ? r->names_left - (uint32_t)count : 0;
    return enough;
}

const char *report_near(report *r, const near *n) {
    utf8_shown shown;
    if (!n->best.len) return NULL;
    const char *hint = arena_printf(r->arena, "did you mean `%s`?", utf8_show(&shown, n->best));
    if (!hint) report_no_memory(r);
    return hint;
}

const char *report_near_key(report *r, tact_str wanted, const strmap *names) {
    near n = near_to(wanted);
    if (r->count == REPORT_ITEMS_MAX || !report_take_names(r, names->count)) return NULL;
    for (uint32_t i = 0; i < names->count; i++) near_offer(&n, names->entries[i].key);
    return report_near(r, &n);
}

// ---- Expressions ----------------------------------------------------------------------------------------------------

// A hint's place ("`(` was opened at 2:7") is one of the expression; here it is one of the file.
static const char *placed_hint(report *r, const yaml_node *scalar, const tact_cel_diagnostic *d) {
    unsigned line, column;
    const char *blank = d->hint ? strrchr(d->hint, ' ') : NULL, *at = scalar->text.ptr, *end = at + scalar->text.len;
    if (strcmp(d->code, "unclosed") != 0 || !blank || sscanf(blank, "%u:%u", &line, &column) != 2) return d->hint;
    for (; line > 1 && at < end; at++) line -= *at == '\n';
    for (; column > 1 && at < end; column--) (void)utf8_next(&at, end);
    cel_span span;
    if (!yaml_span(r, scalar, (uint32_t)(at - scalar->text.ptr), 1, &span)) return NULL;
    const char *where = report_place(r, span);
    return where ? arena_printf(r->arena, "%.*s %s", (int)(blank - d->hint), d->hint, where) : NULL;
}

void report_cel(report *r, const yaml_node *scalar, const tact_cel_result *result) {
    note(r, result->code);
    if (result->code && result->diagnostics_count == 0) report_no_memory(r); // which is all that it does not speak of
    for (uint32_t i = 0; i < result->diagnostics_count; i++) {
        const tact_cel_diagnostic *d = &result->diagnostics[i];
        if (r->partial && may_follow_in_cel(d->code)) continue;
        report_item *item = next_item(r, false);
        if (!item) continue;
        bool found = yaml_span(r, scalar, d->pos, d->len, &item->at);
        item->code = d->code; // of a fault of the language: static
        if (!found && d->pos < scalar->text.len) {
            size_t len = scalar->text.len - d->pos < MEANT_BYTES ? scalar->text.len - d->pos : MEANT_BYTES;
            utf8_shown shown;
            item->text = arena_printf(r->arena, "%s, at `%s`", d->text,
                                      utf8_show(&shown, (tact_str){scalar->text.ptr + d->pos, len}));
        } else {
            item->text = arena_copy(r->arena, d->text, strlen(d->text));
        }
        const char *hint = placed_hint(r, scalar, d);
        item->hint = hint ? arena_copy(r->arena, hint, strlen(hint)) : NULL;
        if (hint && !item->hint) item->text = NULL; // memory ran out
        keep(r, item);
    }
}

// ---- Sorting --------------------------------------------------------------------------------------------------------

static int by_place(const void *a, const void *b) {
    const report_item *x = a, *y = b;
    if (x->at.pos != y->at.pos) return x->at.pos < y->at.pos ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static bool has_place(const report *r, const report_item *item) {
    return item->at.pos != REPORT_NOWHERE.pos && r->sources->count > 0;
}

// Columns are counted from the place before where that is on the same line, so each line is walked once.
static bool place_item(report *r, report_item *item, place *before) {
    place p;
    if (!find_line(r, item->at.pos, &p)) return false;
    uint32_t from, counted = p.start, column = 1;
    tact_str text = text_of(r, p.file, &from);
    if (before->line == p.line && before->file == p.file && before->at <= p.at) {
        counted = before->at;
        column = before->column;
    }
    p.column = column + (uint32_t)utf8_count(text.ptr + counted, p.at - counted);
    *before = p;
    item->line = p.line;
    item->column = p.column;
    tact_str line = line_of(r, p.file, text, p.line);
    size_t offset = p.at - p.start, rest = offset < line.len ? line.len - offset : 0;
    size_t len = item->at.len < rest ? item->at.len : rest;
    item->column_end = p.column + (uint32_t)utf8_count(text.ptr + p.at, len);
    if (len == 0) item->column_end++;
    return true;
}

// Sorts what is kept and works out its places; false if memory ran out.
static bool settle(report *r) {
    place before = {.line = 0};
    if (r->count) qsort(r->items, r->count, sizeof *r->items, by_place);
    for (uint32_t i = 0; i < r->count; i++) {
        if (has_place(r, &r->items[i]) && !place_item(r, &r->items[i], &before)) return false;
    }
    return true;
}

// ---- As text --------------------------------------------------------------------------------------------------------

static const char *kind_of(const report_item *item) {
    return item->warning ? "warning" : "error";
}

// The item with its line. Of a line that is long beyond any screen only what surrounds the place is looked at.
static void print_item(buf *out, const report *r, const report_item *item) {
    uint32_t from, file = sources_file_at(r->sources, item->at.pos);
    tact_str text = text_of(r, file, &from);
    uint32_t at = item->at.pos > from ? item->at.pos - from : 0;
    if (at > text.len) at = (uint32_t)text.len;
    tact_str line = line_of(r, file, text, item->line);
    size_t offset = (size_t)(text.ptr + at - line.ptr), start = 0, end = line.len;
    if (offset > EXCERPT_BYTES) {
        for (start = offset - EXCERPT_BYTES; (line.ptr[start] & 0xc0) == 0x80;) start++;
    }
    if (offset + EXCERPT_BYTES < line.len) {
        for (end = offset + EXCERPT_BYTES; (line.ptr[end] & 0xc0) == 0x80;) end--;
    }
    tact_cel_diagnostic d = {.code = item->code, .pos = (uint32_t)(offset - start), .len = item->at.len};
    d.line = item->line;
    d.column = item->column;
    d.text = item->text;
    diag_print(out, r->sources->files[file].name, (tact_str){line.ptr + start, end - start}, &d, kind_of(item));
}

// Somebody else's text, at its full length.
static void print_safe(buf *out, tact_str text) {
    for (const char *at = text.ptr, *end = text.ptr + text.len; at < end;) {
        const char *start = at;
        bool fine = utf8_next_shown(&at, end);
        buf_add_str(out, fine ? (tact_str){start, (size_t)(at - start)} : TACT_STR(UTF8_REPLACEMENT));
    }
}

// The lines below the place, as far in as diag_print's.
static void print_note(buf *out, uint32_t line, const char *what, tact_str text) {
    for (buf_add_repeat(out, ' ', 3); line >= 10; line /= 10) buf_add_char(out, ' ');
    buf_add_text(out, what);
    print_safe(out, text);
    buf_add_char(out, '\n');
}

static void print_text(buf *out, const report *r, const report_item *item) {
    if (has_place(r, item)) {
        print_item(out, r, item);
    } else {
        print_safe(out, r->where);
        buf_printf(out, ": %s: %s\n", kind_of(item), item->text);
    }
    if (item->path.len) print_note(out, item->line, "in ", item->path);
    if (item->hint) print_note(out, item->line, "hint: ", tact_str_from(item->hint));
}

// "3 more errors and 1 more warning are not shown"; false if all are.
static bool print_rest(buf *out, uint32_t errors, uint32_t warnings) {
    if (errors) buf_printf(out, "%u more error%s", errors, errors > 1 ? "s" : "");
    if (errors && warnings) buf_add_text(out, " and ");
    if (warnings) buf_printf(out, "%u more warning%s", warnings, warnings > 1 ? "s" : "");
    if (errors + warnings) buf_add_text(out, errors + warnings > 1 ? " are not shown" : " is not shown");
    return errors + warnings > 0;
}

tact_str report_text(report *r) {
    buf out = buf_in(r->arena);
    uint32_t errors = r->errors < REPORT_FAULTS_MAX ? r->errors : REPORT_FAULTS_MAX;
    uint32_t warnings = r->warnings < REPORT_FAULTS_MAX - errors ? r->warnings : REPORT_FAULTS_MAX - errors;
    uint32_t errors_shown = 0, warnings_shown = 0;
    if (!settle(r)) report_no_memory(r);
    for (uint32_t i = 0; r->code != TACT_NO_MEMORY && i < r->count; i++) {
        uint32_t *shown_so_far = r->items[i].warning ? &warnings_shown : &errors_shown;
        if (*shown_so_far == (r->items[i].warning ? warnings : errors)) continue;
        ++*shown_so_far;
        print_text(&out, r, &r->items[i]);
    }
    buf rest = buf_in(r->arena);
    if (print_rest(&rest, r->errors - errors_shown, r->warnings - warnings_shown)) {
        const char *kind = r->errors > errors_shown ? "error" : "warning", *text = buf_done(&rest).ptr;
        print_safe(&out, r->where);
        buf_printf(&out, ": %s: %s\n", kind, text ? text : "");
    }
    if (r->code == TACT_NO_MEMORY) buf_add_text(&out, "error: memory ran out\n");
    return buf_done(&out);
}

// ---- As JSON --------------------------------------------------------------------------------------------------------

static void json_text(buf *out, tact_str text) {
    for (const char *at = text.ptr, *end = text.ptr + text.len; at < end;) {
        const char *start = at;
        uint32_t c = utf8_next(&at, end);
        if (c == UTF8_BAD) {
            buf_add_text(out, UTF8_REPLACEMENT);
        } else if (c < 0x20) {
            buf_printf(out, "\\u%04x", (unsigned)c);
        } else {
            if (c == '"' || c == '\\') buf_add_char(out, '\\');
            buf_add(out, start, (size_t)(at - start));
        }
    }
}

static void json_string(buf *out, const char *key, tact_str text) {
    buf_printf(out, ", \"%s\": \"", key);
    json_text(out, text);
    buf_add_char(out, '"');
}

// From where whoever asked stands: an editor opens it.
static void json_file(buf *out, const report *r, const report_item *item) {
    buf_add_text(out, "\"file\": \"");
    json_text(out, r->where);
    if (has_place(r, item)) {
        if (r->where.len && r->where.ptr[r->where.len - 1] != '/') buf_add_char(out, '/');
        json_text(out, r->sources->files[sources_file_at(r->sources, item->at.pos)].name);
    }
    buf_add_char(out, '"');
}

static void print_json(buf *out, const report *r, const report_item *item) {
    buf_add_text(out, out->len > 1 ? ",\n {" : "\n {");
    json_file(out, r, item);
    if (has_place(r, item)) {
        buf_printf(out, ", \"line\": %u, \"column\": %u, \"end_column\": %u", item->line, item->column,
                   item->column_end);
    }
    json_string(out, "severity", tact_str_from(kind_of(item)));
    json_string(out, "code", tact_str_from(item->code));
    if (item->path.len) json_string(out, "path", item->path);
    json_string(out, "message", tact_str_from(item->text));
    if (item->hint) json_string(out, "hint", tact_str_from(item->hint));
    buf_add_char(out, '}');
}

tact_str report_json(report *r) {
    buf out = buf_in(r->arena), rest = buf_in(r->arena);
    if (!settle(r)) report_no_memory(r);
    buf_add_char(&out, '[');
    for (uint32_t i = 0; r->code != TACT_NO_MEMORY && i < r->count; i++) print_json(&out, r, &r->items[i]);
    report_item last = {.code = "too_many", .at = REPORT_NOWHERE};
    if (r->code == TACT_NO_MEMORY) {
        last.code = "no_memory";
        last.text = "memory ran out";
    } else if (print_rest(&rest, r->errors - (r->count - r->warnings_kept), r->warnings - r->warnings_kept)) {
        last.warning = r->errors == r->count - r->warnings_kept;
        last.text = buf_done(&rest).ptr;
    }
    if (last.text) print_json(&out, r, &last);
    buf_add_text(&out, out.len > 1 ? "\n]\n" : "]\n");
    return buf_done(&out);
}
