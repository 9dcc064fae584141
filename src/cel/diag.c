// SPDX-License-Identifier: Apache-2.0
//
// The texts of all diagnostics, and how they are shown. The subtle part is the caret: it stands under columns of
// a terminal, while positions are bytes of the source, so the line is laid out glyph by glyph. Text of the
// source is never copied raw into a report: what a terminal would act upon (controls, marks that change the
// direction of writing) shows as a replacement character.
#include "cel/diag.h"

#include "base/near.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cel/env.h"
#include "cel/macro.h"
#include "value/value.h"

// ---- Collecting -----------------------------------------------------------------------------------------------------

void diag_init(cel_diags *d, arena *a, tact_str source) {
    *d = (cel_diags){.arena = a, .source = source};
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

static void note_code(cel_diags *d, tact_err code) {
    if (gravity(code) > gravity(d->code)) d->code = code;
}

// Room for one more, or NULL. The last is kept for saying that there are more.
static tact_cel_diagnostic *next_item(cel_diags *d) {
    if (d->count == d->room) {
        uint32_t room = d->room ? 2 * d->room : 4;
        tact_cel_diagnostic *items = arena_extend(d->arena, d->items, d->count, room, sizeof *items);
        if (!items) {
            note_code(d, TACT_NO_MEMORY);
            return NULL;
        }
        d->items = items;
        d->room = room;
    }
    return &d->items[d->count++];
}

static void put(cel_diags *d, const char *code, cel_span at, const char *text, const char *hint) {
    tact_cel_diagnostic *item = next_item(d);
    if (!item) return;
    size_t end = d->source.len;
    *item = (tact_cel_diagnostic){.code = code, .text = text, .hint = hint};
    item->pos = at.pos < end ? at.pos : (uint32_t)end;
    item->len = at.len ? at.len : 1;
}

// Adds a diagnostic: `code` is its stable name, `hint` NULL or a text in the arena.
static void add(cel_diags *d, tact_err err, const char *code, cel_span at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
static void add(cel_diags *d, tact_err err, const char *code, cel_span at, const char *hint, const char *format, ...) {
    note_code(d, err);
    if (d->count >= TACT_CEL_DIAGNOSTICS_MAX) return;
    if (d->count == TACT_CEL_DIAGNOSTICS_MAX - 1) {
        put(d, "too_many_errors", at, "too many errors; this and what follows is not shown", NULL);
        return;
    }
    buf text = buf_in(d->arena);
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    tact_str done = buf_done(&text);
    if (done.ptr) {
        put(d, code, at, done.ptr, hint);
    } else {
        note_code(d, TACT_NO_MEMORY);
    }
}

// Whether one more would not be shown, so that what goes into its text need not be worked out.
static bool is_full(cel_diags *d, tact_err err) {
    if (d->count < TACT_CEL_DIAGNOSTICS_MAX) return false;
    note_code(d, err);
    return true;
}

static void sort(tact_cel_diagnostic *items, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) { // few, and nearly in order: by insertion
        tact_cel_diagnostic item = items[i];
        uint32_t to = i;
        for (; to > 0 && items[to - 1].pos > item.pos; to--) items[to] = items[to - 1];
        items[to] = item;
    }
}

static bool is_repeat(const tact_cel_diagnostic *items, uint32_t count, const tact_cel_diagnostic *item) {
    for (uint32_t i = count; i > 0 && items[i - 1].pos == item->pos; i--) {
        if (strcmp(items[i - 1].code, item->code) == 0) return true;
    }
    return false;
}

void diag_finish(cel_diags *d) {
    bool full = d->count == TACT_CEL_DIAGNOSTICS_MAX; // its last item, which says so, stays the last
    uint32_t count = full ? d->count - 1 : d->count, kept = 0;
    sort(d->items, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_repeat(d->items, kept, &d->items[i])) d->items[kept++] = d->items[i];
    }
    if (full) d->items[kept++] = d->items[count];
    d->count = kept;
    for (uint32_t i = 0; i < kept; i++) {
        diag_place(d->source, d->items[i].pos, &d->items[i].line, &d->items[i].column);
    }
}

void diag_place(tact_str source, uint32_t pos, uint32_t *line, uint32_t *column) {
    uint32_t start = 0;
    *line = 1;
    for (uint32_t i = 0; i < pos && i < source.len; i++) {
        if (source.ptr[i] != '\n') continue;
        start = i + 1;
        (*line)++;
    }
    *column = pos > start ? (uint32_t)utf8_count(source.ptr + start, pos - start) + 1 : 1;
}

// ---- Showing --------------------------------------------------------------------------------------------------------

enum {
    TAB_COLUMNS = 4,    // tabs show as spaces up to the next multiple
    LINE_COLUMNS = 100, // of the source are shown; with place and gutter that still fits most terminals
    LEAD_COLUMNS = 40,  // of a longer line stay before the caret
};

// What one character of the source looks like.
typedef struct glyph {
    const char *text; // NULL: spaces
    size_t len, columns;
} glyph;

// The glyph at `*at`, which is moved on; `column` is where it will stand.
static glyph next_glyph(const char **at, const char *end, size_t column) {
    const char *text = *at;
    if (*text == '\t') {
        ++*at;
        return (glyph){NULL, 0, TAB_COLUMNS - column % TAB_COLUMNS};
    }
    if (!utf8_next_shown(at, end)) return (glyph){UTF8_REPLACEMENT, sizeof UTF8_REPLACEMENT - 1, 1};
    size_t len = (size_t)(*at - text);
    return (glyph){text, len, len == 1 ? 1 : utf8_width(text, len)};
}

// The columns that the first `len` bytes of a line take.
static size_t columns_of(tact_str line, size_t len) {
    size_t column = 0;
    for (const char *at = line.ptr, *end = line.ptr + (len < line.len ? len : line.len); at < end;) {
        column += next_glyph(&at, line.ptr + line.len, column).columns;
    }
    return column;
}

// The columns `from` to `to` of a line, with the marks on the last. A character that is cut shows as space.
static void print_columns(buf *out, tact_str line, size_t from, size_t to) {
    size_t column = 0;
    for (const char *at = line.ptr, *end = line.ptr + line.len; at < end;) {
        glyph g = next_glyph(&at, end, column);
        if (column >= to && g.columns > 0) break;
        size_t left = column < from ? from : column, right = column + g.columns < to ? column + g.columns : to;
        if (g.text && column >= from && column + g.columns <= to) {
            buf_add(out, g.text, g.len);
        } else if (left < right) {
            buf_add_repeat(out, ' ', right - left);
        }
        column += g.columns;
    }
}

static tact_str line_at(tact_str source, size_t pos) {
    size_t start = pos, end = pos;
    while (start > 0 && source.ptr[start - 1] != '\n') start--;
    while (end < source.len && source.ptr[end] != '\n') end++;
    if (end > start && end < source.len && source.ptr[end - 1] == '\r') end--;
    return (tact_str){source.ptr + start, end - start};
}

static size_t digits_of(uint32_t n) {
    size_t digits = 1;
    while (n >= 10) {
        n /= 10;
        digits++;
    }
    return digits;
}

// The line with `pos`, and below it a caret and a line under `len` bytes, as far as they are on that line.
static void print_line(buf *out, tact_str source, const tact_cel_diagnostic *item, size_t gutter) {
    static const char cut[] = UTF8_ELLIPSIS; // one column
    size_t pos = item->pos < source.len ? item->pos : source.len;
    tact_str line = line_at(source, pos);
    size_t offset = (size_t)(source.ptr + pos - line.ptr);
    size_t start = columns_of(line, offset), stop = columns_of(line, offset + item->len);
    size_t all = columns_of(line, line.len);
    if (stop <= start) stop = start + 1;
    size_t from = 0, to = all;
    if (all > LINE_COLUMNS) {
        from = start > LEAD_COLUMNS ? start - LEAD_COLUMNS : 0;
        if (from + LINE_COLUMNS > all) from = all - LINE_COLUMNS;
        to = from + LINE_COLUMNS;
    }
    buf_printf(out, " %u | %s", item->line, from > 0 ? cut : "");
    print_columns(out, line, from, to);
    buf_printf(out, "%s\n", to < all ? cut : "");
    buf_add_repeat(out, ' ', gutter);
    buf_add_text(out, "| ");
    buf_add_repeat(out, ' ', start - from + (from > 0));
    buf_add_char(out, '^');
    if (to < all && stop > to) stop = to;
    if (stop > start + 1) buf_add_repeat(out, '~', stop - start - 1);
    buf_add_char(out, '\n');
}

void diag_print(buf *out, tact_str file, tact_str source, const tact_cel_diagnostic *item, const char *kind) {
    size_t gutter = digits_of(item->line) + 2;
    if (file.len) {
        buf_add_str(out, file);
    } else {
        buf_add_text(out, "<expression>");
    }
    buf_printf(out, ":%u:%u: %s: %s\n", item->line, item->column, kind, item->text);
    print_line(out, source.len ? source : TACT_STR(""), item, gutter);
    if (item->hint) {
        buf_add_repeat(out, ' ', gutter);
        buf_printf(out, "hint: %s\n", item->hint);
    }
}

// ---- Words for what was found ---------------------------------------------------------------------------------------

#define EXCERPT_COLUMNS 40 // of the source are quoted within a text

// A text in backquotes, fit to be shown.
static const char *quoted_text(cel_diags *d, tact_str text) {
    buf out = buf_in(d->arena);
    size_t all = columns_of(text, text.len);
    buf_add_char(&out, '`');
    print_columns(&out, text, 0, all > EXCERPT_COLUMNS ? EXCERPT_COLUMNS : all);
    buf_add_text(&out, all > EXCERPT_COLUMNS ? UTF8_ELLIPSIS "`" : "`");
    tact_str done = buf_done(&out);
    return done.ptr ? done.ptr : "";
}

// What the source has at `at`, likewise.
static const char *quoted(cel_diags *d, cel_span at) {
    return quoted_text(d, (tact_str){d->source.ptr + at.pos, at.len});
}

static const char *found_text(cel_diags *d, const cel_token *found) {
    switch (found->kind) {
    case TOKEN_IDENT:
    case TOKEN_RESERVED:
    case TOKEN_INT:
    case TOKEN_UINT:
    case TOKEN_DOUBLE: return quoted(d, found->span);
    default: return token_what(found->kind);
    }
}

// A text of the arena, for hints; NULL if memory ran out.
static const char *hint_text(cel_diags *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *hint_text(cel_diags *d, const char *format, ...) {
    buf out = buf_in(d->arena);
    va_list args;
    va_start(args, format);
    buf_vprintf(&out, format, args);
    va_end(args);
    return buf_done(&out).ptr;
}

static bool is_digit(const cel_diags *d, uint32_t pos) {
    return pos < d->source.len && d->source.ptr[pos] >= '0' && d->source.ptr[pos] <= '9';
}

// Whether a name is `text`, in any case of letters.
static bool is_word(tact_str name, const char *text) {
    if (strlen(text) != name.len) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c) != text[i]) return false;
    }
    return true;
}

// Whether the source has `text` at `at`, likewise.
static bool has_word(const cel_diags *d, cel_span at, const char *text) {
    return is_word((tact_str){d->source.ptr + at.pos, at.len}, text);
}

// ---- Limits ---------------------------------------------------------------------------------------------------------

void diag_no_memory(cel_diags *d) {
    cel_span start = {0, 1};
    note_code(d, TACT_NO_MEMORY);
    if (d->count < TACT_CEL_DIAGNOSTICS_MAX) put(d, "no_memory", start, "memory ran out", NULL);
}

void diag_too_long(cel_diags *d, size_t most) {
    cel_span at = {(uint32_t)most, 1};
    add(d, TACT_LIMIT, "too_long", at, NULL, "the expression is longer than %zu bytes", most);
}

void diag_too_deep(cel_diags *d, cel_span at, uint32_t most) {
    add(d, TACT_LIMIT, "too_deep", at, NULL, "the expression is nested more than %u levels deep", most);
}

void diag_too_many_nodes(cel_diags *d, cel_span at, uint32_t most) {
    add(d, TACT_LIMIT, "too_many_nodes", at, NULL, "the expression has more than %u parts", most);
}

// ---- Characters, numbers and strings --------------------------------------------------------------------------------

void diag_not_utf8(cel_diags *d, uint32_t pos) {
    cel_span at = {pos, 1};
    add(d, TACT_SYNTAX, "not_utf8", at, "the text must be saved as UTF-8", "byte 0x%02x is not UTF-8 here",
        (unsigned char)d->source.ptr[pos]);
}

static uint32_t code_point(const cel_diags *d, cel_span at) {
    const char *text = d->source.ptr + at.pos;
    return utf8_next(&text, d->source.ptr + d->source.len);
}

void diag_unexpected_character(cel_diags *d, cel_span at) {
    uint32_t c = code_point(d, at);
    const char *hint = NULL;
    if (c == '#' || c == '/') hint = "a comment begins with `//`";
    if (c == '$' || c == '@') hint = hint_text(d, "names are written without `%c`", (int)c);
    if (c == ';') hint = "an expression has no `;`: it is one value";
    if (c == '^') hint = "there is no power operator; a number is multiplied with itself";
    if (c < 0x20 || c == 0x7f) {
        add(d, TACT_SYNTAX, "unexpected_character", at, hint, "unexpected control character U+%04X", (unsigned)c);
    } else {
        add(d, TACT_SYNTAX, "unexpected_character", at, hint, "unexpected %s", quoted(d, at));
    }
}

void diag_misspelt(cel_diags *d, cel_span at, const char *meant) {
    uint32_t c = code_point(d, at);
    bool blank = *meant == '\0' || *meant == ' ';
    const char *hint = *meant == ' '    ? "write a plain space"
                       : *meant == '\0' ? "remove it"
                                        : hint_text(d, "write `%s`", meant);
    if (blank) {
        add(d, TACT_SYNTAX, "misspelt", at, hint, "unexpected invisible character U+%04X", (unsigned)c);
    } else {
        add(d, TACT_SYNTAX, "misspelt", at, hint, "unexpected %s", quoted(d, at));
    }
}

void diag_slip(cel_diags *d, cel_span at, const char *meant, const char *hint) {
    add(d, TACT_SYNTAX, *meant ? "misspelt" : "unexpected", at, *hint ? hint : hint_text(d, "write `%s`", meant),
        "unexpected %s", quoted(d, at));
}

void diag_foreign_name(cel_diags *d, cel_span at) {
    uint32_t before = at.pos;
    bool amount = false;
    for (uint32_t i = 0; i < at.len; i++) amount |= is_digit(d, at.pos + i);
    while (before > 0 && d->source.ptr[before - 1] == ' ') before--;
    bool value = before > 0 && strchr("=[,", d->source.ptr[before - 1]);
    const char *hint = amount  ? "a number stands without a currency, text stands in quotes"
                       : value ? "text stands in quotes"
                               : NULL;
    add(d, TACT_SYNTAX, "foreign_name", at, hint, "%s is no name: names are made of a-z, A-Z, 0-9 and _",
        quoted(d, at));
}

// Days and months elsewhere: "90d", "3months".
static bool is_time_span(const cel_diags *d, cel_span at) {
    static const char *const units[] = {"s",   "m",    "h",     "d",    "w",     "y",      "sec",   "min",
                                        "day", "days", "hours", "week", "weeks", "months", "years", "minutes"};
    uint32_t digits = 0;
    while (digits < at.len && is_digit(d, at.pos + digits)) digits++;
    cel_span unit = {at.pos + digits, at.len - digits};
    for (size_t i = 0; digits && i < sizeof units / sizeof *units; i++) {
        if (has_word(d, unit, units[i])) return true;
    }
    return false;
}

void diag_number(cel_diags *d, cel_span at) {
    const char *text = d->source.ptr + at.pos;
    const char *hint = "a number is written like 12, 1.5, 2e9, 7u or 0xff";
    if (is_time_span(d, at)) hint = "a time span is written duration(\"36h\"), in h, m and s";
    if (at.len > 1 && text[0] == '0' && (text[1] | 0x20) == 'x') hint = "hexadecimal numbers are written like 0xff";
    if (memchr(text, '_', at.len)) hint = "digits are written without `_` between them";
    add(d, TACT_SYNTAX, "bad_number", at, hint, "%s is no number", quoted(d, at));
}

void diag_int_range(cel_diags *d, cel_span at, bool fits_uint) {
    add(d, TACT_SYNTAX, "int_range", at,
        fits_uint ? "with a u behind it, it is a uint" : "an int is from -9223372036854775808 to 9223372036854775807",
        "%s does not fit an int", quoted(d, at));
}

void diag_uint_range(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "uint_range", at, "a uint is at most 18446744073709551615u", "%s does not fit a uint",
        quoted(d, at));
}

void diag_double_range(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "double_range", at, "a double is at most about 1.8e308", "%s does not fit a double",
        quoted(d, at));
}

void diag_string_open(cel_diags *d, cel_span at, size_t prefix, char quote, bool triple) {
    const char *text = d->source.ptr + at.pos;
    const char *hint = NULL;
    if (at.len > 2 && text[at.len - 2] == '\\' && text[at.len - 1] == quote) {
        hint = "a backslash itself is written `\\\\`";
    } else if (at.pos + at.len < d->source.len) {
        hint = "a string of several lines stands in \"\"\"three quotes\"\"\"";
    }
    if (triple) {
        at.len = (uint32_t)prefix;
        add(d, TACT_SYNTAX, "string_open", at, NULL, "the string is never closed: expected `%c%c%c`", quote, quote,
            quote);
    } else {
        add(d, TACT_SYNTAX, "string_open", at, hint, "the string is not closed on its line: expected `%c`", quote);
    }
}

void diag_string_unopened(cel_diags *d, cel_span at) {
    char quote = d->source.ptr[at.pos + at.len - 1], before = at.pos > 0 ? d->source.ptr[at.pos - 1] : '\0';
    const char *hint = before == quote ? hint_text(d, "within a string, its quote is written `\\%c`", quote)
                                       : "text stands in quotes, one on either side";
    add(d, TACT_SYNTAX, "string_open", at, hint, "no `%c` opens the string that ends here", quote);
}

void diag_escape(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "bad_escape", at, "a backslash itself is written `\\\\`; r\"...\" takes all as it stands",
        "unknown escape %s", quoted(d, at));
}

void diag_escape_digits(cel_diags *d, cel_span at, int base, size_t count) {
    const char *hint = base == 8 ? "a code in octal is from \\000 to \\377" : NULL;
    add(d, TACT_SYNTAX, "escape_digits", at, hint, "%s needs %zu %s digits", quoted(d, at), count,
        base == 8 ? "octal" : "hexadecimal");
}

void diag_escape_code_point(cel_diags *d, cel_span at, uint32_t c) {
    if (c > 0x10ffff) {
        add(d, TACT_SYNTAX, "escape_code_point", at, "Unicode ends at U+10FFFF", "%s is no character", quoted(d, at));
    } else {
        add(d, TACT_SYNTAX, "escape_code_point", at, "above U+FFFF, write \\U and eight digits",
            "%s is half of a surrogate pair, no character", quoted(d, at));
    }
}

void diag_escape_in_bytes(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "escape_in_bytes", at, "write the bytes as \\x and two digits each, or the character itself",
        "%s names a character, but this is a bytes literal", quoted(d, at));
}

void diag_quoted_name_open(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "quoted_name_open", at, NULL, "the quoted name is not closed: expected a backquote");
}

void diag_quoted_name(cel_diags *d, cel_span at) {
    if (at.len == 2) {
        add(d, TACT_SYNTAX, "bad_quoted_name", at, NULL, "the quoted name is empty");
    } else {
        add(d, TACT_SYNTAX, "bad_quoted_name", at, "any other key can be read as a[\"key\"]",
            "a quoted name is made of a-z, A-Z, 0-9, _, -, ., / and spaces");
    }
}

// ---- Syntax ---------------------------------------------------------------------------------------------------------

void diag_empty(cel_diags *d) {
    cel_span start = {0, 1};
    add(d, TACT_SYNTAX, "empty", start, NULL, "the expression is empty");
}

void diag_expected_expression(cel_diags *d, cel_span at, const cel_token *found) {
    bool doubled = found->kind == TOKEN_QUESTION && at.pos > 0 && d->source.ptr[at.pos - 1] == '?';
    add(d, TACT_SYNTAX, "expected_expression", at, doubled ? "instead of what is missing: a.?b.orValue(x)" : NULL,
        "expected an expression, found %s", found_text(d, found));
}

// `[1, 2].0`: what a number behind a dot means elsewhere.
static const char *item_hint(cel_diags *d, cel_span at) {
    const char *digits = d->source.ptr + at.pos;
    uint32_t before = at.pos, count = at.len;
    if (*digits == '.') {
        digits++, count--;
    } else { // behind the dot and blanks
        while (before > 0 && d->source.ptr[before - 1] != '.') before--;
        before -= before > 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9') return NULL;
    }
    while (before > 0 && d->source.ptr[before - 1] == ' ') before--;
    char last = before > 0 ? d->source.ptr[before - 1] : '\0';
    const char *format = last == '"' || last == '\'' ? "character %.*s of a text is written a.charAt(%.*s)"
                                                     : "item %.*s of a list is written a[%.*s]";
    int shown = count < EXCERPT_COLUMNS ? (int)count : EXCERPT_COLUMNS;
    return hint_text(d, format, shown, digits, shown, digits);
}

// Whether a letter stands directly before and behind `at`.
static bool joins_names(const cel_diags *d, cel_span at) {
    size_t after = at.pos + at.len;
    if (at.pos == 0 || after >= d->source.len) return false;
    char x = d->source.ptr[at.pos - 1], y = d->source.ptr[after];
    return ((x | 0x20) >= 'a' && (x | 0x20) <= 'z' && (y | 0x20) >= 'a' && (y | 0x20) <= 'z');
}

// What was meant by a comma that separates nothing.
static const char *comma_hint(const cel_diags *d, cel_span at) {
    if (at.pos > 0 && is_digit(d, at.pos - 1) && is_digit(d, at.pos + 1)) {
        return "a number is written with a point, and without commas: 1234.5";
    }
    if (joins_names(d, at)) return "a field is behind a point: a.b";
    return "conditions are joined by `&&` or `||`; several values stand in a list: a in [x, y]";
}

static const char *unexpected_hint(cel_diags *d, cel_span at, const cel_token *found) {
    char before = at.pos > 0 ? d->source.ptr[at.pos - 1] : '\0';
    switch (found->kind) {
    case TOKEN_IDENT:
    case TOKEN_RESERVED:
        if (before != '"' && before != '\'') return NULL;
        return hint_text(d, "within a string, its quote is written `\\%c`", before);
    case TOKEN_DOUBLE: return d->source.ptr[at.pos] == '.' ? item_hint(d, at) : NULL;
    case TOKEN_LPAREN: return "only a name can be called";
    case TOKEN_COMMA: return comma_hint(d, at);
    case TOKEN_COLON: return joins_names(d, at) ? "a field is behind a point: a.b" : NULL;
    default: return NULL;
    }
}

void diag_unexpected(cel_diags *d, cel_span at, const cel_token *found, cel_token_kind closer, bool comma) {
    add(d, TACT_SYNTAX, "unexpected", at, unexpected_hint(d, at, found), "expected an operator%s or %s, found %s",
        comma ? ", `,`" : "", token_what(closer), found_text(d, found));
}

void diag_unclosed(cel_diags *d, cel_span at, const cel_token *found, cel_token_kind closer, bool comma,
                   cel_span open) {
    uint32_t line, column;
    diag_place(d->source, open.pos, &line, &column);
    const char *hint = hint_text(d, "%s was opened at %u:%u", quoted(d, open), line, column);
    if (closer == TOKEN_RPAREN && found->kind == TOKEN_COMMA) hint = comma_hint(d, at);
    add(d, TACT_SYNTAX, "unclosed", at, hint, "expected %s%s, found %s", comma ? "`,` or " : "", token_what(closer),
        found_text(d, found));
}

void diag_unopened(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "unopened", at, NULL, "%s closes nothing", quoted(d, at));
}

void diag_expected_choice_colon(cel_diags *d, cel_span at, const cel_token *found) {
    add(d, TACT_SYNTAX, "expected_colon", at, "a choice is written `condition ? value : otherwise`",
        "expected `:`, found %s", found_text(d, found));
}

void diag_expected_entry_colon(cel_diags *d, cel_span at, const cel_token *found, bool message) {
    const char *hint = message ? "a field is written `name: value`" : "a map is written {key: value}, a list [value]";
    add(d, TACT_SYNTAX, "expected_colon", at, hint, "expected `:`, found %s", found_text(d, found));
}

static const char *field_hint(cel_diags *d, cel_span at, const cel_token *found) {
    const char *text = d->source.ptr;
    uint32_t dot = at.pos;
    while (dot > 0 && text[dot - 1] != '.') dot--; // to behind the dot
    switch (found->kind) {
    case TOKEN_IN:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NULL: return hint_text(d, "in backquotes it can name a field: a.%s", quoted(d, at));
    case TOKEN_STRING: return "the value at a key is written a[\"key\"]";
    case TOKEN_INT: return item_hint(d, at);
    default:
        return dot > 1 && text[dot - 2] >= '0' && text[dot - 2] <= '9' ? "a number has digits after its point: 1.0"
                                                                       : NULL;
    }
}

void diag_expected_field(cel_diags *d, cel_span at, const cel_token *found, bool message) {
    if (message) {
        add(d, TACT_SYNTAX, "expected_field", at, NULL, "expected a field's name, found %s", found_text(d, found));
    } else {
        add(d, TACT_SYNTAX, "expected_field", at, field_hint(d, at, found), "expected a name after `.`, found %s",
            found_text(d, found));
    }
}

void diag_reserved(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "reserved_word", at, NULL, "%s is a reserved word and cannot be a name", quoted(d, at));
}

void diag_quoted_name_place(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "quoted_name_place", at, NULL, "a quoted name can only stand for a field, after `.`");
}

void diag_quoted_name_called(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "quoted_name_called", at, NULL, "a quoted name cannot be called");
}

void diag_nested_conditional(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "nested_conditional", at, "write a ? (b ? c : d) : e",
        "a choice between `?` and `:` must stand in parentheses");
}

void diag_mixed_unary(cel_diags *d, cel_span at, char outer) {
    char inner = outer == '!' ? '-' : '!';
    add(d, TACT_SYNTAX, "mixed_unary", at, hint_text(d, "write %c(%cx)", outer, inner), "`%c` cannot follow `%c`",
        inner, outer);
}

void diag_optionals_off(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "optionals_off", at, NULL, "unsupported syntax %s: optionals are switched off", quoted(d, at));
}

// ---- Macros ---------------------------------------------------------------------------------------------------------

static const char *macro_title(cel_diags *d, tact_str space, tact_str name) {
    const char *text = hint_text(d, "%.*s%s%.*s()", (int)space.len, space.ptr, space.len ? "." : "", (int)name.len,
                                 name.ptr);
    return text ? text : "";
}

void diag_macro_variable(cel_diags *d, cel_span at, tact_str space, tact_str name, uint32_t i) {
    static const char *const ordinals[] = {"first", "second"};
    add(d, TACT_SYNTAX, "macro_variable", at, NULL, "the %s argument of %s must be a variable name", ordinals[i],
        macro_title(d, space, name));
}

void diag_macro_variable_taken(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "macro_variable_taken", at, NULL, "%s cannot be a variable: macros keep their result under it",
        quoted(d, at));
}

void diag_macro_variable_repeats(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "macro_variable_repeats", at, NULL, "%s is already the first variable's name", quoted(d, at));
}

void diag_macro_number(cel_diags *d, cel_span at, tact_str space, tact_str name) {
    add(d, TACT_SYNTAX, "macro_number", at, NULL, "%s takes numbers such as 0 and 1, written out",
        macro_title(d, space, name));
}

void diag_has_argument(cel_diags *d, cel_span at) {
    bool indexed = at.len && d->source.ptr[at.pos + at.len - 1] == ']';
    add(d, TACT_SYNTAX, "has_argument", at, indexed ? "whether a key is there is written `key in map`" : NULL,
        "has() takes a field, as in has(a.b)");
}

void diag_block_values(cel_diags *d, cel_span at) {
    add(d, TACT_SYNTAX, "block_values", at, NULL, "the first argument of cel.block() must be a list, written out");
}

// ---- Checker: names -------------------------------------------------------------------------------------------------

static const char *did_you_mean(cel_diags *d, const near *n) {
    return n->best.len ? hint_text(d, "did you mean `%.*s`?", (int)n->best.len, n->best.ptr) : NULL;
}

// Operators, and names that a macro's expansion made up, are nobody's to write.
static bool can_be_written(tact_str name) {
    bool letter = name.len && ((name.ptr[0] | 0x20) >= 'a' && (name.ptr[0] | 0x20) <= 'z');
    return letter && !memchr(name.ptr, '@', name.len);
}

static void offer_names(const cel_diags *d, near *n, const tact_cel_env *env, const tact_str *locals,
                        uint32_t locals_count) {
    if (d->terse) return;
    for (uint32_t i = 0; i < locals_count; i++) {
        if (can_be_written(locals[i])) near_offer(n, locals[i]);
    }
    for (uint32_t i = 0; i < env->names.count; i++) near_offer(n, env->names.entries[i].key);
}

#define WHETHER_NULL "it is written `null`; whether an attribute has a value is asked by has(a.b)"

// What CEL calls things that have another name elsewhere.
static const char *foreign_constant(tact_str name) {
    static const struct {
        const char *name, *hint;
    } table[] = {
        {"True", "it is written `true`"},
        {"TRUE", "it is written `true`"},
        {"False", "it is written `false`"},
        {"FALSE", "it is written `false`"},
        {"Null", WHETHER_NULL},
        {"NULL", WHETHER_NULL},
        {"None", WHETHER_NULL},
        {"nil", WHETHER_NULL},
        {"undefined", WHETHER_NULL},
        {"timestamp", "the type is called google.protobuf.Timestamp"},
        {"duration", "the type is called google.protobuf.Duration"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (tact_str_equal(name, tact_str_from(table[i].name))) return table[i].hint;
    }
    return NULL;
}

static bool is_text(const tact_type *t) {
    if (t && t->kind == TYPE_LIST) t = t->params[0];
    return t && t->kind == TYPE_STRING;
}

// Names that only macros write: "@index0", "@it:0:0".
static void undeclared_inner_name(cel_diags *d, const cel_node *n) {
    const size_t prefix = sizeof CEL_INDEX - 1;
    tact_str name = n->as.ident.name;
    if (name.len > prefix && memcmp(name.ptr, CEL_INDEX, prefix) == 0) {
        add(d, TACT_INVALID, "no_block_value", n->at,
            "the values of cel.block() are counted from 0, and see those before them", "there is no value %.*s here",
            (int)(name.len - prefix), name.ptr + prefix);
    } else {
        add(d, TACT_INVALID, "undeclared_name", n->extent, "it is a variable only within the macro that names it so",
            "undeclared name %s", quoted(d, n->extent));
    }
}

void diag_undeclared_name(cel_diags *d, const tact_cel_env *env, const cel_node *n, tact_str whole,
                          const tact_type *compared_to, const tact_str *locals, uint32_t locals_count) {
    if (is_full(d, TACT_INVALID)) return;
    tact_str name = n->as.ident.name;
    if (*name.ptr == '@') {
        undeclared_inner_name(d, n);
        return;
    }
    near to_whole = near_to(whole), to_name = near_to(name);
    to_name.beginnings = true;
    offer_names(d, &to_whole, env, locals, locals_count);
    offer_names(d, &to_name, env, locals, locals_count);
    const char *hint = foreign_constant(name);
    if (!hint) hint = did_you_mean(d, to_whole.best.len ? &to_whole : &to_name);
    bool yes = is_word(name, "yes"), answer = yes || is_word(name, "no");
    if (!hint && answer && compared_to && compared_to->kind == TYPE_BOOL) {
        hint = yes ? "it is written `true`" : "it is written `false`";
    } else if (!hint && is_text(compared_to) && can_be_written(name)) {
        hint = hint_text(d, "text stands in quotes: \"%.*s\"", (int)name.len, name.ptr);
    } else if (!hint && env_function(env, name)) {
        hint = hint_text(d, "`%.*s` is a function", (int)name.len, name.ptr);
    }
    add(d, TACT_INVALID, "undeclared_name", n->at, hint, "undeclared name %s",
        quoted_text(d, whole.len && to_whole.best.len ? whole : name));
}

#define FIELDS_TOLD_MAX 6 // of a record, where none is near

static const char *fields_hint(cel_diags *d, const cel_record *record, tact_str field) {
    near n = near_to(field);
    n.beginnings = true;
    for (uint32_t i = 0; !d->terse && i < record->fields.count; i++) near_offer(&n, record->fields.entries[i].key);
    if (n.best.len || record->fields.count > FIELDS_TOLD_MAX) return did_you_mean(d, &n);
    buf out = buf_in(d->arena);
    for (uint32_t i = 0; i < record->fields.count; i++) {
        buf_add_text(&out, i ? ", `" : "it has `");
        buf_add_str(&out, record->fields.entries[i].key);
        buf_add_char(&out, '`');
    }
    return buf_done(&out).ptr;
}

void diag_undeclared_field(cel_diags *d, cel_span at, tact_str record_name, const cel_record *record, tact_str field) {
    if (is_full(d, TACT_INVALID)) return;
    add(d, TACT_INVALID, "undeclared_field", at,
        record ? fields_hint(d, record, field) : "none of its fields is declared", "`%.*s` has no field %s",
        (int)record_name.len, record_name.ptr, quoted_text(d, field));
}

// The nearest macro counts only where it is nearer than every function.
static bool offer_macros(near *n, uint32_t libraries) {
    tact_str before = n->best;
#define X(LIBRARY, SPACE, NAME, ...)                                                                                   \
    if (libraries & TACT_CEL_##LIBRARY) near_offer(n, sizeof SPACE > 1 ? TACT_STR(SPACE "." NAME) : TACT_STR(NAME));
#include "cel/macro_tbl.h"
#undef X
    return n->best.ptr != before.ptr;
}

// What CEL calls a function that has another name elsewhere; NULL if there is none.
static const char *foreign_function(const tact_cel_env *env, tact_str name) {
    static const struct {
        const char *name, *meant;
    } table[] = {
        {"length", "size"},
        {"len", "size"},
        {"count", "size"},
        {"toLowerCase", "lowerAscii"},
        {"toUpperCase", "upperAscii"},
        {"includes", "contains"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        bool found = tact_str_equal(name, tact_str_from(table[i].name));
        if (found && env_function(env, tact_str_from(table[i].meant))) return table[i].meant;
    }
    return NULL;
}

// The macro that another language calls so, or NULL.
static const char *foreign_macro(tact_str name) {
    static const struct {
        const char *name, *meant;
    } table[] = {{"any", "exists"}, {"some", "exists"}, {"every", "all"}, {"find", "filter"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (tact_str_equal(name, tact_str_from(table[i].name))) return table[i].meant;
    }
    return NULL;
}

// What helps more than the nearest name would; NULL if that is best.
static const char *function_hint(cel_diags *d, const tact_cel_env *env, tact_str name) {
    if (env_name(env, name)) return "it is an attribute: leave out the parentheses";
    if (is_word(name, "not")) return "the operator is written `!`";
    if (is_word(name, "if")) return "a choice is written `condition ? value : otherwise`";
    const char *meant = foreign_function(env, name);
    return meant ? hint_text(d, "did you mean `%s`?", meant) : NULL;
}

bool diag_undeclared_function(cel_diags *d, const tact_cel_env *env, const cel_node *call, tact_str name) {
    if (is_full(d, TACT_INVALID)) return false;
    bool misplaced;
    tact_str usage = macro_usage(d->arena, call->as.call.name, call->as.call.target, env->libraries, &misplaced);
    near n = near_to(name);
    n.beginnings = true;
    for (uint32_t i = 0; !d->terse && i < env->functions.count; i++) {
        tact_str candidate = env->functions.entries[i].key;
        if (can_be_written(candidate)) near_offer(&n, candidate);
    }
    bool like_macro = !d->terse && offer_macros(&n, env->libraries);
    const char *macro = call->as.call.count == 2 ? foreign_macro(name) : NULL;
    const char *hint = macro ? hint_text(d, "did you mean `%s`?", macro) : function_hint(d, env, name);
    if (!hint) hint = did_you_mean(d, &n);
    cel_span at = call->at;
    if (name.len > call->as.call.name.len) { // the target is a part of it
        at.pos = call->as.call.target->extent.pos;
        at.len += call->at.pos - at.pos;
    }
    if (usage.len) {
        hint = hint_text(d, "it is written %.*s", (int)usage.len, usage.ptr);
        if (misplaced) {
            add(d, TACT_INVALID, "macro_target", at, hint, "%s %s be called on a value", quoted_text(d, name),
                call->as.call.target ? "cannot" : "must");
        } else {
            add(d, TACT_INVALID, "macro_arguments", at, hint, "%s does not take %u argument%s", quoted_text(d, name),
                call->as.call.count, call->as.call.count == 1 ? "" : "s");
        }
        return true;
    }
    add(d, TACT_INVALID, "undeclared_function", at, hint, "undeclared function %s", quoted_text(d, name));
    return like_macro || macro;
}

// ---- Checker: types -------------------------------------------------------------------------------------------------

static const char *type_text(cel_diags *d, const tact_type *t) {
    buf out = buf_in(d->arena);
    type_print(&out, t);
    tact_str done = buf_done(&out);
    return done.ptr ? done.ptr : "";
}

// "int", "int and string", "(int, string, bool)".
static void print_operands(buf *out, const tact_type *const *types, uint32_t count) {
    if (count != 1 && count != 2) buf_add_char(out, '(');
    for (uint32_t i = 0; i < count; i++) {
        if (i) buf_add_text(out, count == 2 ? " and " : ", ");
        type_print(out, types[i]);
    }
    if (count != 1 && count != 2) buf_add_char(out, ')');
}

// "string.startsWith(int)", "size(int)"; for operators and what a macro calls, the operands alone.
static void print_call(buf *out, tact_str name, bool member, const tact_type *const *types, uint32_t count) {
    if (!can_be_written(name)) {
        print_operands(out, types, count);
        return;
    }
    if (member) {
        type_print(out, types[0]);
        buf_add_char(out, '.');
    }
    buf_add_str(out, name);
    buf_add_char(out, '(');
    for (uint32_t i = member ? 1 : 0; i < count; i++) {
        if (i > (member ? 1u : 0u)) buf_add_text(out, ", ");
        type_print(out, types[i]);
    }
    buf_add_char(out, ')');
}

static bool may_fit(const tact_type *arg, const tact_type *param) {
    if (arg->kind <= TYPE_DYN || arg->kind == TYPE_VAR || param->kind == TYPE_DYN || param->kind == TYPE_PARAM)
        return true;
    return arg->kind == param->kind;
}

// How many of the arguments an overload would take; one of another style or number of arguments is farther away.
static uint32_t closeness(const cel_overload *o, bool member, const tact_type *const *args, uint32_t count) {
    uint32_t score = 1;
    for (uint32_t i = 0; i < count && i < o->count; i++) score += may_fit(args[i], o->params[i]);
    return o->member == member && o->count == count ? score + CEL_PARAMS_MAX : score;
}

#define OVERLOADS_TOLD_MAX 3 // beyond those, more tell less

static const char *overloads_hint(cel_diags *d, const cel_function *f, bool member, const tact_type *const *args,
                                  uint32_t count) {
    uint32_t best = 0, told = 0, all = 0;
    bool open = false;
    for (uint32_t i = 0; i < f->count; i++) {
        uint32_t score = closeness(f->overloads[i], member, args, count);
        if (score > best) best = score;
    }
    buf out = buf_in(d->arena);
    tact_str name = macro_name_of(f->name);
    buf_add_text(&out, can_be_written(name) ? "it can be called as " : "it takes ");
    for (uint32_t i = 0; i < f->count; i++) {
        const cel_overload *o = f->overloads[i];
        if (closeness(o, member, args, count) < best || ++all > OVERLOADS_TOLD_MAX) continue;
        if (told++) buf_add_text(&out, ", or ");
        print_call(&out, name, o->member, o->params, o->count);
        open |= o->generic;
    }
    if (all > told) buf_printf(&out, ", or %u more", all - told);
    if (open) buf_add_text(&out, "; capitals stand for any one type");
    return buf_done(&out).ptr;
}

static bool is_number(const tact_type *t) {
    return t->kind == TYPE_INT || t->kind == TYPE_UINT || t->kind == TYPE_DOUBLE;
}

#define QUOTED_MAX 40 // bytes of an expression that a hint has within another; longer ones are hard to read there

// "write double(profile.recency)", for a part of the source.
static const char *convert_hint(cel_diags *d, const char *function, cel_span at) {
    const char *text = d->source.ptr + at.pos;
    if (at.len > QUOTED_MAX || memchr(text, '\n', at.len)) return hint_text(d, "convert it with %s()", function);
    return hint_text(d, "write %s(%.*s)", function, (int)at.len, text);
}

// An int written out next to a double or uint is easily written as one of those.
static const char *number_hint(cel_diags *d, const cel_node *call, const tact_type *const *args) {
    for (uint32_t i = 0; i < 2 && call->as.call.count == 2; i++) {
        const cel_node *n = call->as.call.args[i];
        bool written_out = n->kind == CEL_LITERAL && n->as.literal.kind == TACT_INT && n->as.literal.as.i >= 0;
        if (!written_out || args[1 - i]->kind == TYPE_INT) continue;
        return hint_text(d, args[1 - i]->kind == TYPE_DOUBLE ? "write %lld.0" : "write %lldu",
                         (long long)n->as.literal.as.i);
    }
    for (uint32_t i = 0; i < 2 && call->as.call.count == 2; i++) {
        if (args[1 - i]->kind == TYPE_DOUBLE) return convert_hint(d, "double", call->as.call.args[i]->extent);
    }
    return "numbers of one type go together: convert one with int(), uint() or double()";
}

static bool is_function(const cel_function *f, const char *name) {
    return tact_str_equal(f->name, tact_str_from(name));
}

// A text written out: as a moment, if it is the date of one.
static const char *moment_hint(cel_diags *d, const cel_node *text) {
    static const char form[] = "dddd-dd-dd";
    bool is_date = text->kind == CEL_LITERAL && text->as.literal.len == sizeof form - 1;
    for (size_t i = 0; is_date && form[i]; i++) {
        char c = text->as.literal.as.s[i];
        is_date = form[i] == 'd' ? c >= '0' && c <= '9' : c == form[i];
    }
    if (!is_date) return convert_hint(d, "timestamp", text->extent);
    return hint_text(d, "write timestamp(\"%.*sT00:00:00Z\")", (int)sizeof form - 1, text->as.literal.as.s);
}

static bool is_call_of(const cel_node *n, tact_str name) {
    return n->kind == CEL_CALL && !n->as.call.target && tact_str_equal(n->as.call.name, name);
}

static bool is_truth(tact_str text) {
    return tact_str_equal(text, TACT_STR("true")) || tact_str_equal(text, TACT_STR("false"));
}

// What a value has to be written as, to be compared with one of type `with`; NULL if nothing is surely meant.
static const char *compared_hint(cel_diags *d, const tact_type *with, const tact_type *type, const cel_node *n) {
    bool text = type->kind == TYPE_STRING, literal = n->kind == CEL_LITERAL;
    double number;
    switch (with->kind) {
    case TYPE_BOOL:
        return text && literal && is_truth(value_str(n->as.literal)) ? "true and false stand without quotes" : NULL;
    case TYPE_TIMESTAMP:
        if (text) return moment_hint(d, n);
        return is_number(type) ? "a moment is written timestamp(\"2026-11-01T09:00:00Z\")" : NULL;
    case TYPE_DURATION: return text || is_number(type) ? "a time span is written duration(\"36h\")" : NULL;
    case TYPE_STRING:
        if (!literal || !is_number(type)) return NULL;
        return hint_text(d, "text stands in quotes: \"%.*s\"", (int)n->extent.len, d->source.ptr + n->extent.pos);
    default:
        if (!is_number(with) || !text || !literal || !num_parse_double(value_str(n->as.literal), &number)) return NULL;
        return "a number stands without quotes";
    }
}

// `a == null`: the question that was meant, where `a` is read by a name.
static const char *null_hint(cel_diags *d, const cel_node *call, const cel_node *n) {
    bool shown = n->kind == CEL_SELECT && n->extent.len <= QUOTED_MAX;
    if (!shown) return "whether an attribute has a value is asked by has(a.b)";
    return hint_text(d, "write %shas(%.*s)", is_call_of(call, TACT_STR(CEL_OP_EQ)) ? "!" : "", (int)n->extent.len,
                     d->source.ptr + n->extent.pos);
}

// `1 < x < 5`: each comparison by itself.
static const char *range_hint(cel_diags *d, const cel_node *call) {
    const cel_node *left = call->as.call.args[0];
    bool range = left->kind == CEL_CALL && left->as.call.count == 2 && left->at.len <= 2 &&
                 strchr("<>", d->source.ptr[left->at.pos]) && call->extent.len <= 2 * QUOTED_MAX;
    if (!range) return NULL;
    uint32_t middle = left->as.call.args[1]->extent.pos;
    return hint_text(d, "write %.*s && %.*s", (int)left->extent.len, d->source.ptr + left->extent.pos,
                     (int)(call->extent.pos + call->extent.len - middle), d->source.ptr + middle);
}

static const char *comparison_hint(cel_diags *d, const cel_node *call, const tact_type *const *args) {
    for (uint32_t i = 0; i < 2; i++) {
        if (args[i]->kind == TYPE_NULL) return null_hint(d, call, call->as.call.args[1 - i]);
    }
    const char *hint = compared_hint(d, args[0], args[1], call->as.call.args[1]);
    if (!hint) hint = compared_hint(d, args[1], args[0], call->as.call.args[0]);
    return hint ? hint : "both sides must be of one type";
}

// Whether a comparison goes on behind `at`.
static bool is_compared(const cel_diags *d, cel_span at) {
    size_t next = at.pos + at.len;
    while (next < d->source.len && d->source.ptr[next] == ' ') next++;
    if (next == d->source.len) return false;
    tact_str rest = {d->source.ptr + next, d->source.len - next};
    return strchr("<>=!", *rest.ptr) || (rest.len > 2 && memcmp(rest.ptr, "in", 2) == 0);
}

#define WITH_ORDER "int, uint, double, bool, string, bytes, timestamp and duration have an order"

// What helps more than the overloads would; NULL if they are best.
static const char *operator_use(cel_diags *d, const cel_node *call, const cel_function *f,
                                const tact_type *const *args) {
    if (is_function(f, CEL_OP_NOT) && is_compared(d, call->extent))
        return "it is of what follows only: write !(condition)";
    if (call->as.call.count != 2 || call->as.call.target) return NULL;
    if (is_number(args[0]) && is_number(args[1]) && args[0] != args[1] && !is_function(f, CEL_OP_MOD)) {
        return number_hint(d, call, args);
    }
    if (is_function(f, CEL_OP_EQ) || is_function(f, CEL_OP_NE)) return comparison_hint(d, call, args);
    bool order = is_function(f, CEL_OP_LT) || is_function(f, CEL_OP_LE) || is_function(f, CEL_OP_GT) ||
                 is_function(f, CEL_OP_GE);
    const char *range = order && args[0]->kind == TYPE_BOOL ? range_hint(d, call) : NULL;
    if (range) return range;
    if (order) return type_equal(args[0], args[1]) ? WITH_ORDER : comparison_hint(d, call, args);
    bool in = is_function(f, CEL_OP_IN), index = is_function(f, CEL_OP_INDEX) || is_function(f, CEL_OP_OPT_INDEX);
    if (!in && !index) return NULL;
    const tact_type *of = args[in ? 1 : 0];
    if (of->kind == TYPE_MAP) return hint_text(d, "its keys are of type %s", type_text(d, of->params[0]));
    if (of->kind == TYPE_LIST && in) return hint_text(d, "its items are of type %s", type_text(d, of->params[0]));
    if (of->kind == TYPE_LIST) return "the index of a list is an int";
    if (of->kind == TYPE_STRING && in) return "whether a text has another in it is asked by text.contains(other)";
    return in ? "`in` looks into a list or a map" : "only lists and maps have an index";
}

// The same for functions that are called.
static const char *method_use(cel_diags *d, const cel_node *call, const cel_function *f, const tact_type *const *args) {
    if (!is_function(f, "contains") || !call->as.call.target || call->as.call.count != 1) return NULL;
    if (args[0]->kind != TYPE_LIST) return NULL;
    cel_span list = call->as.call.target->extent, item = call->as.call.args[0]->extent;
    buf in = buf_in(d->arena);
    buf_printf(&in, "%.*s in %.*s", (int)item.len, d->source.ptr + item.pos, (int)list.len, d->source.ptr + list.pos);
    tact_str text = buf_done(&in);
    return text.ptr ? hint_text(d, "whether a list has an item is asked by %s", quoted_text(d, text)) : NULL;
}

static const char *no_overload_text(cel_diags *d, const cel_node *call, const cel_function *f,
                                    const tact_type *const *args, uint32_t count) {
    if (is_function(f, CEL_OP_INDEX) || is_function(f, CEL_OP_OPT_INDEX)) {
        return hint_text(d, "%s cannot be indexed by %s", type_text(d, args[0]), type_text(d, args[1]));
    }
    buf out = buf_in(d->arena);
    buf_add_text(&out, quoted(d, call->at));
    tact_str name = macro_name_of(f->name);
    buf_add_text(&out, can_be_written(name) ? " cannot be called as " : " does not take ");
    print_call(&out, name, call->as.call.target != NULL, args, count);
    return buf_done(&out).ptr;
}

void diag_no_overload(cel_diags *d, const cel_node *call, const cel_function *f, const tact_type *const *args,
                      uint32_t count) {
    if (is_full(d, TACT_INVALID)) return;
    const char *hint = can_be_written(f->name) ? method_use(d, call, f, args) : operator_use(d, call, f, args);
    if (!hint) hint = overloads_hint(d, f, call->as.call.target != NULL, args, count);
    if (is_function(f, CEL_FN_SORT_BY) && args[0]->kind != TYPE_LIST) {
        if (args[0]->kind != TYPE_MAP && args[0]->kind != TYPE_RECORD) return; // its keys were not found either
        add(d, TACT_INVALID, "no_overload", call->at, "the list of a map's keys is map.map(k, k)",
            "%s sorts a list, not %s", quoted(d, call->at), type_text(d, args[0]));
        return;
    }
    if (is_function(f, CEL_FN_SORT_BY) && args[1]->kind == TYPE_LIST) {
        add(d, TACT_INVALID, "no_overload", call->at, WITH_ORDER, "%s cannot sort by %s", quoted(d, call->at),
            type_text(d, args[1]->params[0]));
        return;
    }
    const char *text = no_overload_text(d, call, f, args, count);
    if (text) {
        add(d, TACT_INVALID, "no_overload", call->at, hint, "%s", text);
    } else {
        diag_no_memory(d);
    }
}

void diag_wrong_type(cel_diags *d, cel_span at, const tact_type *expected, const tact_type *found) {
    add(d, TACT_INVALID, "wrong_type", at, NULL, "expected %s, found %s", type_text(d, expected), type_text(d, found));
}

static tact_str source_of(const cel_diags *d, cel_span at) {
    return (tact_str){d->source.ptr + at.pos, at.len};
}

// The terms of a chain as the items of a list; false if not all are constants.
static bool print_items(const cel_diags *d, buf *out, const cel_node *n, tact_str chain, bool first) {
    if (is_call_of(n, chain)) {
        return print_items(d, out, n->as.call.args[0], chain, first) &&
               print_items(d, out, n->as.call.args[1], chain, false);
    }
    if (!first) buf_add_text(out, ", ");
    buf_add_str(out, source_of(d, n->extent));
    return n->kind == CEL_LITERAL;
}

// The first term of a chain that compares something with a constant of the type of `like`, or NULL.
static const cel_node *first_comparison(const cel_node *n, tact_str chain, const cel_node *like) {
    if (is_call_of(n, chain)) {
        const cel_node *found = first_comparison(n->as.call.args[0], chain, like);
        return found ? found : first_comparison(n->as.call.args[1], chain, like);
    }
    bool compares = n->kind == CEL_CALL && !n->as.call.target && n->as.call.count == 2;
    if (!compares || !n->type || n->type->kind != TYPE_BOOL) return NULL;
    const cel_node *with = n->as.call.args[1];
    return with->kind == CEL_LITERAL && type_equal(with->type, like->type) ? n : NULL;
}

// `a == "x" || "y"` and `a == ("x" || "y")`: what was meant. Terms behind `term` have no types yet.
static const char *term_hint(cel_diags *d, const cel_node *whole, const cel_node *term, const cel_node *compared) {
    tact_str chain = whole->as.call.name, sign = source_of(d, whole->at);
    bool written = *sign.ptr == '&' || *sign.ptr == '|' || is_word(sign, "and") || is_word(sign, "or");
    if (!written) return NULL; // a macro's
    buf out = buf_in(d->arena);
    if (compared && compared->extent.len <= QUOTED_MAX && whole->extent.len <= QUOTED_MAX) {
        buf_printf(&out, "one of several values is asked by %.*s in [", (int)compared->extent.len,
                   d->source.ptr + compared->extent.pos);
        bool constants = print_items(d, &out, whole, chain, true);
        buf_add_char(&out, ']');
        if (constants) return buf_done(&out).ptr;
    }
    const cel_node *before = term->kind == CEL_LITERAL ? first_comparison(whole, chain, term) : NULL;
    if (before && before->extent.pos < term->extent.pos && before->extent.len + term->extent.len <= 2 * QUOTED_MAX) {
        cel_span head = {before->extent.pos, before->as.call.args[1]->extent.pos - before->extent.pos};
        return hint_text(d, "each side is a condition: write %.*s%.*s", (int)head.len, d->source.ptr + head.pos,
                         (int)term->extent.len, d->source.ptr + term->extent.pos);
    }
    return hint_text(d, "each side of `%.2s` is a condition, such as a > b", chain.ptr + 1);
}

void diag_not_condition(cel_diags *d, const cel_node *whole, const cel_node *term, const tact_type *found,
                        const cel_node *compared) {
    if (is_full(d, TACT_INVALID)) return;
    add(d, TACT_INVALID, "wrong_type", term->extent, term_hint(d, whole, term, compared), "expected bool, found %s",
        type_text(d, found));
}

void diag_wrong_result(cel_diags *d, cel_span at, const tact_type *expected, const tact_type *found) {
    const char *hint = NULL;
    if (expected->kind == TYPE_DOUBLE && is_number(found)) {
        tact_str text = {d->source.ptr + at.pos, at.len};
        bool written_out = text.len > 0;
        for (size_t i = 0; i < text.len; i++) written_out &= text.ptr[i] >= '0' && text.ptr[i] <= '9';
        hint = written_out ? hint_text(d, "write %.*s.0", (int)text.len, text.ptr) : convert_hint(d, "double", at);
    }
    add(d, TACT_INVALID, "wrong_result", at, hint, "the expression must be of type %s, but is %s",
        type_text(d, expected), type_text(d, found));
}

void diag_branches(cel_diags *d, cel_span at, const tact_type *a, const tact_type *b) {
    if (can_be_written(
            (tact_str){d->source.ptr + at.pos, at.len})) { // a macro's choice: its expression, or optional.none()
        add(d, TACT_INVALID, "not_optional", at, "optMap takes an expression of any type",
            "the expression of %s must be an optional, but is %s", quoted(d, at), type_text(d, a));
        return;
    }
    add(d, TACT_INVALID, "branches_differ", at, "dyn(...) around one of them allows both",
        "both outcomes of `?` must be of one type, but they are %s and %s", type_text(d, a), type_text(d, b));
}

// Whether `field` is a function to be called on a value of type `of`.
static bool is_method(const tact_cel_env *env, const tact_type *of, tact_str field) {
    const cel_function *f = env_function(env, field);
    for (uint32_t i = 0; f && i < f->count; i++) {
        if (f->overloads[i]->member && may_fit(of, f->overloads[i]->params[0])) return true;
    }
    return false;
}

void diag_no_fields(cel_diags *d, const tact_cel_env *env, cel_span at, const tact_type *of, tact_str field) {
    if (is_full(d, TACT_INVALID)) return;
    const char *hint = NULL, *meant = foreign_function(env, field);
    if (is_method(env, of, field)) {
        hint = hint_text(d, "it is a function: `%.*s()`", (int)field.len, field.ptr);
    } else if (meant && is_method(env, of, tact_str_from(meant))) {
        hint = hint_text(d, "did you mean `%s()`?", meant);
    } else if (of->kind == TYPE_LIST && of->params[0]->kind == TYPE_RECORD) {
        hint = hint_text(d, "its items have: list.exists(x, x.%.*s > 0), or list[0].%.*s", (int)field.len, field.ptr,
                         (int)field.len, field.ptr);
    }
    add(d, TACT_INVALID, "no_fields", at, hint, "%s has no fields, so no %s", type_text(d, of), quoted_text(d, field));
}

void diag_not_iterable(cel_diags *d, cel_span at, const tact_type *found) {
    add(d, TACT_INVALID, "not_iterable", at, NULL, "expected a list or a map, found %s", type_text(d, found));
}

void diag_not_optional(cel_diags *d, cel_span at, const tact_type *found) {
    add(d, TACT_INVALID, "not_optional", at, "leave out the `?`, or write optional.of(...)",
        "expected an optional after `?`, found %s", type_text(d, found));
}

void diag_message(cel_diags *d, cel_span at, tact_str name) {
    add(d, TACT_INVALID, "no_messages", at, "a map is written {\"field\": value}",
        "%s cannot be built: there are no messages", quoted_text(d, name));
}

void diag_types_too_large(cel_diags *d, cel_span at) {
    add(d, TACT_LIMIT, "types_too_large", at, NULL, "the types within this expression grow too large to be checked");
}

// "11,110,101,001".
static void print_grouped(buf *out, uint64_t number) {
    if (number >= 1000) print_grouped(out, number / 1000);
    buf_printf(out, number >= 1000 ? ",%03u" : "%u", (unsigned)(number % 1000));
}

void diag_cost(cel_diags *d, cel_span at, uint64_t cost, uint64_t max) {
    buf steps = buf_in(d->arena), most = buf_in(d->arena);
    if (cost == UINT64_MAX) {
        buf_add_text(&steps, "uncountable");
    } else {
        print_grouped(&steps, cost);
    }
    print_grouped(&most, max);
    tact_str taken = buf_done(&steps), limit = buf_done(&most);
    add(d, TACT_LIMIT, "too_costly", at, NULL, "the expression may take %.*s steps, but %.*s is the limit",
        (int)taken.len, taken.ptr, (int)limit.len, limit.ptr);
}

// ---- Compiling ------------------------------------------------------------------------------------------------------

void diag_bad_result_type(cel_diags *d, tact_str type, const char *why) {
    add(d, TACT_USAGE, "bad_result_type", (cel_span){0, 1}, NULL, "the result is to be `%.*s`, which is no type: %s",
        (int)type.len, type.ptr, why);
}

void diag_bad_constant(cel_diags *d, cel_span at, const char *why) {
    tact_str text = tact_str_from(why ? why : "this can never be that function's argument");
    buf shown = buf_in(d->arena); // a part of the constant may stand in `why`
    print_columns(&shown, text, 0, columns_of(text, text.len));
    const char *done = buf_done(&shown).ptr;
    add(d, TACT_INVALID, "bad_constant", at, NULL, "%s", done ? done : "");
}

void diag_too_complex(cel_diags *d, cel_span at, const char *what, uint32_t most) {
    add(d, TACT_LIMIT, "too_complex", at, "split it into several expressions", "the expression needs more than %u %s",
        most, what);
}

void diag_not_verified(cel_diags *d, const char *why) {
    add(d, TACT_LIMIT, "not_verified", (cel_span){0, (uint32_t)d->source.len}, "please report this expression",
        "Tact compiled this to a program that it refuses to run: %s", why);
}
