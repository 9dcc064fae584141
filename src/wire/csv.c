// SPDX-License-Identifier: Apache-2.0
//
// Rows out of a window that slides over the stream. A row is looked for from its first byte, in what of it was read; if
// its end is not there, more is read and it is looked for anew, so that there is no state between bytes. Subtle: how a
// row is cut never depends on how the stream came in pieces, since nothing behind row_max + 1 bytes is ever looked at.
//
// Own code: libcsv, the library there is for C, stops at its first fault, knows neither lines nor a row's own text, and
// takes blanks off fields that are not quoted.
#include "wire/csv.h"

#include "base/err.h"
#include "base/utf8.h"

tact_err csv_open(csv_reader *r, arena *a, csv_source *source, void *context, const csv_options *options) {
    *r = (csv_reader){.source = source, .context = context, .line = 1};
    if (options) r->options = *options;
    if (!r->options.separator) r->options.separator = ',';
    if (!r->options.row_max) r->options.row_max = CSV_ROW_MAX;
    r->buffer = arena_alloc(a, r->options.row_max + 1 + CSV_READ);
    r->texts = arena_alloc(a, r->options.row_max + 1);
    r->fields = arena_array(a, CSV_FIELDS_MAX + 1, sizeof *r->fields);
    if (!r->buffer || !r->texts || !r->fields) return TACT_NO_MEMORY;
    r->at = r->end = r->buffer;
    r->stops['\n'] = r->stops['\r'] = r->stops['"'] = r->stops[(unsigned char)r->options.separator] = true;
    return TACT_OK;
}

uint64_t csv_bytes(const csv_reader *r) {
    return r->bytes - (uint64_t)(r->end - r->at);
}

// ---- The window -----------------------------------------------------------------------------------------------------

// Reads on. What is not handed out is at most row_max + 1 bytes, so there is always room.
static tact_err fill(csv_reader *r, tact_error *error) {
    size_t kept = (size_t)(r->end - r->at);
    memmove(r->buffer, r->at, kept);
    r->at = r->buffer;
    r->end = r->buffer + kept;
    ptrdiff_t got = r->source(r->context, r->buffer + kept, CSV_READ, error);
    if (got < 0) return error->code;
    r->ended = got == 0;
    r->end += got;
    r->bytes += (uint64_t)got;
    return TACT_OK;
}

// What files begin with that are given by mistake.
static const struct {
    tact_str mark;
    const char *text;
} foreign[] = {
    {{"\xff\xfe", 2}, "it is UTF-16; save it as UTF-8"},
    {{"\xfe\xff", 2}, "it is UTF-16; save it as UTF-8"},
    {{"PK\x03\x04", 4}, "it is a workbook or another zip file; save it as CSV in UTF-8"},
    {{"\x1f\x8b", 2}, "it is compressed; let `gunzip -c` write it to standard input"},
};
static const tact_str byte_order_mark = {"\xef\xbb\xbf", 3};

static bool begins(const csv_reader *r, tact_str with) {
    return (size_t)(r->end - r->at) >= with.len && memcmp(r->at, with.ptr, with.len) == 0;
}

static tact_err begin(csv_reader *r, tact_error *error) {
    while (!r->ended && r->end - r->at < 4) {
        tact_err err = fill(r, error);
        if (err) return err;
    }
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (begins(r, foreign[i].mark)) return err_set(error, TACT_SYNTAX, "%s", foreign[i].text);
    }
    if (begins(r, byte_order_mark)) r->at += byte_order_mark.len;
    r->begun = true;
    return TACT_OK;
}

static bool is_line_end(char c) {
    return c == '\n' || c == '\r';
}

// Moves behind the line end that `at` stands on.
static void end_line(csv_reader *r, const char *at) {
    r->after_cr = *at == '\r';
    r->at = at + 1;
    r->line++;
}

// Moves to the first byte of a row: behind what is left of the one before, and behind empty lines. TACT_NOT_FOUND.
static tact_err find_row(csv_reader *r, tact_error *error) {
    tact_err err = r->begun ? TACT_OK : begin(r, error);
    while (!err) {
        if (r->at == r->end) {
            if (r->ended) return TACT_NOT_FOUND;
            err = fill(r, error);
        } else if (r->after_cr && *r->at == '\n') {
            r->at++;
            r->after_cr = false;
        } else if (is_line_end(*r->at)) {
            end_line(r, r->at);
            r->skipping = false;
        } else if (r->skipping) {
            r->at++;
        } else {
            r->after_cr = false;
            return TACT_OK;
        }
    }
    return err;
}

// ---- Lines ----------------------------------------------------------------------------------------------------------

// The end of what may be looked at, and whether more of the row can be had by reading on.
static const char *limit_of(const csv_reader *r) {
    size_t most = r->options.row_max + 1;
    return (size_t)(r->end - r->at) < most ? r->end : r->at + most;
}

static bool may_grow(const csv_reader *r) {
    return !r->ended && (size_t)(r->end - r->at) <= r->options.row_max;
}

// The first line end from `at` on, or `limit`.
static const char *find_line_end(const char *at, const char *limit) {
    const char *lf = memchr(at, '\n', (size_t)(limit - at));
    const char *cr = memchr(at, '\r', (size_t)((lf ? lf : limit) - at));
    return cr ? cr : lf ? lf : limit;
}

static tact_err too_long(const csv_reader *r, tact_error *error) {
    return err_set(error, TACT_LIMIT, "longer than %zu bytes", r->options.row_max);
}

// Makes the line at r->at the row and moves behind it. False: it is longer than a row may be.
static bool cut_line(csv_reader *r, csv_row *row) {
    const char *limit = limit_of(r), *stop = find_line_end(r->at, limit);
    size_t len = (size_t)(stop - r->at);
    bool whole = len <= r->options.row_max;
    row->raw = (tact_str){r->at, whole ? len : r->options.row_max};
    r->at = stop;
    if (stop < limit) {
        end_line(r, stop);
    } else {
        r->skipping = !whole;
    }
    return whole;
}

// What every row must be, whatever stands in it.
static tact_err check_text(tact_str raw, tact_error *error) {
    if (memchr(raw.ptr, '\0', raw.len)) return err_set(error, TACT_INVALID, "it holds a zero byte");
    if (!utf8_valid(raw.ptr, raw.len)) return err_set(error, TACT_INVALID, "it is not UTF-8");
    return TACT_OK;
}

tact_err csv_next_line(csv_reader *r, csv_row *row, tact_error *error) {
    *row = (csv_row){.fields = r->fields};
    tact_err err = find_row(r, error);
    row->line = r->line;
    while (!err && may_grow(r) && find_line_end(r->at, r->end) == r->end) err = fill(r, error);
    if (err) return err;
    return cut_line(r, row) ? check_text(row->raw, error) : too_long(r, error);
}

// ---- Rows -----------------------------------------------------------------------------------------------------------

typedef enum outcome {
    FIELD,  // it ended before a separator
    ROW,    // it ended before a line end, or with the stream
    MORE,   // that cannot be told yet
    OPEN,   // faults: a quote is not closed,
    BEHIND, // there is something behind the quote that closes
    LONG,   // the row does not end within its bound
} outcome;

typedef struct scan { // of one row
    const char *at, *limit;
    char *texts;       // room for the next
    bool inner_quotes; // in fields that do not begin with one
} scan;

// What to make of a field that ended at s->at.
static outcome ending(const csv_reader *r, const scan *s) {
    if (s->at < s->limit) return is_line_end(*s->at) ? ROW : FIELD;
    if (may_grow(r)) return MORE;
    return (size_t)(s->limit - r->at) > r->options.row_max ? LONG : ROW;
}

static outcome scan_plain(const csv_reader *r, scan *s, tact_str *text) {
    const char *from = s->at;
    while (s->at < s->limit && (!r->stops[(unsigned char)*s->at] || *s->at == '"')) {
        s->inner_quotes |= *s->at == '"';
        s->at++;
    }
    *text = (tact_str){from, (size_t)(s->at - from)};
    return ending(r, s);
}

static void keep_text(scan *s, const char *from, const char *to) {
    memcpy(s->texts, from, (size_t)(to - from));
    s->texts += to - from;
}

static outcome scan_quoted(const csv_reader *r, scan *s, tact_str *text) {
    const char *from = ++s->at;
    char *copy = s->texts;
    for (;;) {
        const char *quote = memchr(s->at, '"', (size_t)(s->limit - s->at));
        bool doubled = quote && quote + 1 < s->limit && quote[1] == '"';
        if (!quote || (quote + 1 == s->limit && may_grow(r))) return may_grow(r) ? MORE : OPEN;
        s->at = quote + 1 + doubled;
        if (!doubled && s->texts == copy) {
            *text = (tact_str){from, (size_t)(quote - from)};
            break;
        }
        keep_text(s, from, quote + doubled);
        from = s->at;
        if (doubled) continue;
        *text = (tact_str){copy, (size_t)(s->texts - copy)};
        break;
    }
    bool ends = s->at == s->limit || *s->at == r->options.separator || is_line_end(*s->at);
    return ends ? ending(r, s) : BEHIND;
}

// Where a field is noted; those beyond CSV_FIELDS_MAX are only counted.
static csv_field *field_at(csv_reader *r, uint32_t number) {
    return &r->fields[number < CSV_FIELDS_MAX ? number : CSV_FIELDS_MAX];
}

// All fields of the row at r->at, and where they end.
static outcome scan_row(csv_reader *r, scan *s, csv_row *row) {
    *s = (scan){r->at, limit_of(r), r->texts, false};
    for (row->fields_count = 0;; row->fields_count++, s->at++) {
        csv_field *field = field_at(r, row->fields_count);
        bool quoted = s->at < s->limit && *s->at == '"';
        field->at = (size_t)(s->at - r->at);
        outcome o = quoted ? scan_quoted(r, s, &field->text) : scan_plain(r, s, &field->text);
        if (o == FIELD) continue;
        if (o == ROW) field_at(r, ++row->fields_count)->at = (size_t)(s->at - r->at);
        return o;
    }
}

// Makes what was scanned the row, and moves behind it.
static void cut_row(csv_reader *r, const scan *s, csv_row *row) {
    row->raw = (tact_str){r->at, (size_t)(s->at - r->at)};
    for (const char *at = r->at; (at = find_line_end(at, s->at)) < s->at; at++) {
        r->line += !(*at == '\r' && at + 1 < s->at && at[1] == '\n');
    }
    r->at = s->at;
    if (s->at < s->limit) end_line(r, s->at);
}

static tact_err check_row(const csv_reader *r, const scan *s, csv_row *row, tact_error *error) {
    uint32_t count = row->fields_count, wanted = r->options.columns;
    if (count > CSV_FIELDS_MAX) row->fields_count = CSV_FIELDS_MAX;
    tact_err err = check_text(row->raw, error);
    if (err) return err;
    if (s->inner_quotes) {
        return err_set(error, TACT_INVALID,
                       "a quote within a field that is not quoted; quote the field, and write the quote twice");
    }
    if (count > CSV_FIELDS_MAX) return err_set(error, TACT_INVALID, "more than %d fields", CSV_FIELDS_MAX);
    if (!wanted || count == wanted) return TACT_OK;
    return err_set(error, TACT_INVALID, "%u fields where %u are expected%s", count, wanted,
                   count > wanted ? "; a field that holds a separator must be quoted" : "");
}

// A quote that is closed on a line which is not given up with it was not meant to close it.
static tact_err fault(csv_reader *r, const scan *s, outcome o, csv_row *row, tact_error *error) {
    uint32_t field = row->fields_count + 1;
    if (row->fields_count > CSV_FIELDS_MAX) row->fields_count = CSV_FIELDS_MAX;
    bool whole = cut_line(r, row);
    if (o == LONG || !whole) return too_long(r, error);
    bool closed = o == BEHIND && s->at <= row->raw.ptr + row->raw.len;
    return err_set(error, TACT_INVALID, "field %u: %s", field,
                   closed ? "text behind the quote that closes it" : "a quote is opened and not closed");
}

tact_err csv_next(csv_reader *r, csv_row *row, tact_error *error) {
    *row = (csv_row){.fields = r->fields};
    tact_err err = find_row(r, error);
    row->line = r->line;
    while (!err) {
        scan s;
        outcome o = scan_row(r, &s, row);
        if (o == ROW) {
            cut_row(r, &s, row);
            return check_row(r, &s, row, error);
        }
        // Of a faulty row the first line is given up, so its end must be there as well.
        bool complete = o != MORE && (find_line_end(r->at, s.limit) < s.limit || !may_grow(r));
        if (complete) return fault(r, &s, o, row, error);
        err = fill(r, error);
    }
    return err;
}

// ---- Writing --------------------------------------------------------------------------------------------------------

void csv_write(buf *out, tact_str text) {
    size_t written = 0;
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '"') continue;
        buf_add(out, text.ptr + written, i + 1 - written);
        written = i; // the quote once more
    }
    buf_add(out, text.ptr + written, text.len - written);
    buf_add_char(out, '"');
}
