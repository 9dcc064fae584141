// SPDX-License-Identifier: Apache-2.0
//
// Texts of content: what stands between {{ and }} is computed. Where an expression ends is known only by its tokens,
// since a string in it may hold braces or question marks: the lexer of the language finds the braces that close it, and
// the
// `??` between its alternatives.
#include <strings.h>

#include "base/utf8.h"
#include "bundle/build.h"
#include "bundle/scalar.h"
#include "cel/lexer.h"
#include "value/value.h"

#define OPEN TACT_STR("{{")

typedef struct piece_list {
    bundle_piece *of; // in the scratch arena
    uint32_t count, room;
} piece_list;

typedef struct scanner {
    builder *B;
    const yaml_node *node;
    bundle_field_kind kind;
    piece_list pieces;
    bool failed;
} scanner;

// A fault at a place of the text.
static void refuse(scanner *s, const char *code, const char *at, size_t len, const char *hint, const char *text) {
    tact_cel_diagnostic fault = {.code = code, .pos = (uint32_t)(at - s->node->text.ptr), .text = text, .hint = hint};
    fault.len = (uint32_t)len;
    tact_cel_result result = {.code = TACT_INVALID, .diagnostics = &fault, .diagnostics_count = 1};
    s->failed = true;
    report_cel(build_at(s->B), s->node, &result);
}

static bundle_piece *add(scanner *s) {
    piece_list *list = &s->pieces;
    if (list->count == list->room) {
        uint32_t room = list->room ? 2 * list->room : 4;
        bundle_piece *more = arena_extend(s->B->scratch, list->of, list->room, room, sizeof *more);
        if (!more) {
            report_no_memory(s->B->r);
            s->failed = true;
            return NULL;
        }
        list->of = more;
        list->room = room;
    }
    list->of[list->count] = (bundle_piece){0};
    return &list->of[list->count++];
}

static void add_text(scanner *s, const char *from, const char *to) {
    if (from == to) return;
    bundle_piece *piece = add(s);
    if (piece) piece->text = build_intern(s->B, (tact_str){from, (size_t)(to - from)});
}

// ---- Expressions ----------------------------------------------------------------------------------------------------

// The types that a field of each kind can show, computed.
static bool can_show(bundle_field_kind kind, tact_str type) {
    static const tact_str texts[] = {{"string", 6}, {"int", 3}, {"uint", 4}, {"double", 6}, {"bool", 4}, {"dyn", 3}};
    switch (kind) {
    case BUNDLE_FIELD_INT: return tact_str_equal(type, texts[1]);
    case BUNDLE_FIELD_DOUBLE: return tact_str_equal(type, texts[3]);
    case BUNDLE_FIELD_BOOL: return tact_str_equal(type, texts[4]);
    default: break;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (tact_str_equal(type, texts[i])) return true;
    }
    return false;
}

static const char *shown_types(bundle_field_kind kind) {
    switch (kind) {
    case BUNDLE_FIELD_INT: return "an int";
    case BUNDLE_FIELD_DOUBLE: return "a double";
    case BUNDLE_FIELD_BOOL: return "a bool";
    default: return "a string, a number or a bool";
    }
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static tact_str trimmed(tact_str text) {
    while (text.len && is_blank(*text.ptr)) text.ptr++, text.len--;
    while (text.len && is_blank(text.ptr[text.len - 1])) text.len--;
    return text;
}

static void read_expression(scanner *s, tact_str text, bundle_piece *out) {
    text = trimmed(text);
    const tact_cel_program *p = build_part(s->B, s->node, text, BUILD_OFFERS);
    if (!p) {
        s->failed = true;
        return;
    }
    out->program = p;
    out->text = build_intern(s->B, text);
    tact_str type = tact_cel_program_type(p);
    if (can_show(s->kind, type)) return;
    const char *said = arena_printf(s->B->scratch, "expected %s, not %.*s", shown_types(s->kind), (int)type.len,
                                    type.ptr);
    if (!said) report_no_memory(s->B->r);
    if (said) refuse(s, "wrong_type", text.ptr, text.len, NULL, said);
}

// The length of the expression that `text` begins with, up to `??` or `}}`, which `*closed` tells; SIZE_MAX: it does
// not end.
static size_t find_end(builder *B, tact_str text, bool *closed) {
    cel_diags ignored;
    cel_lexer lexer;
    cel_token before = {.kind = TOKEN_END}, token;
    uint32_t depth = 0;
    diag_init(&ignored, B->scratch, text);
    lexer_init(&lexer, text, &ignored);
    for (lexer_next(&lexer, &token); token.kind != TOKEN_END; before = token, lexer_next(&lexer, &token)) {
        bool opens = token.kind == TOKEN_LBRACE || token.kind == TOKEN_LBRACKET || token.kind == TOKEN_LPAREN;
        bool closes = token.kind == TOKEN_RBRACE || token.kind == TOKEN_RBRACKET || token.kind == TOKEN_RPAREN;
        bool pair = before.kind == token.kind && before.span.pos + 1 == token.span.pos;
        if (depth == 0 && pair && (token.kind == TOKEN_QUESTION || token.kind == TOKEN_RBRACE)) {
            *closed = token.kind == TOKEN_RBRACE;
            return before.span.pos;
        }
        depth += opens;
        depth -= closes && depth > 0;
    }
    return SIZE_MAX;
}

// What stands behind `{{` at `from`; returns where the text goes on, or NULL.
static const char *read_computed(scanner *s, const char *from, const char *end) {
    bundle_piece made = {0}, *piece = &made;
    const char *at = from + OPEN.len;
    for (bool closed = false;;) {
        tact_str rest = {at, (size_t)(end - at)};
        size_t len = find_end(s->B, rest, &closed);
        if (len == SIZE_MAX) {
            refuse(s, "unclosed", from, OPEN.len, "write {{ \"{{\" }} for the braces themselves",
                   "`{{` is not closed by `}}`");
            return NULL;
        }
        read_expression(s, (tact_str){at, len}, piece);
        at += len + 2;
        if (closed) break;
        bundle_piece *next = ARENA_NEW(s->B->hot, bundle_piece);
        if (!next) {
            report_no_memory(s->B->r);
            return NULL;
        }
        piece->otherwise = next;
        piece = next;
    }
    bundle_piece *kept = add(s);
    if (kept) *kept = made;
    return at;
}

// ---- Fields ---------------------------------------------------------------------------------------------------------

static bool is_text(bundle_field_kind kind) {
    return kind < BUNDLE_FIELD_INT;
}

// What is written for a field that is no text.
static bool read_value(scanner *s, bundle_text *out) {
    const yaml_node *node = s->node;
    int64_t i;
    double d;
    bool b;
    if (s->kind == BUNDLE_FIELD_INT && yaml_int(node, &i)) {
        out->value = tact_int(i);
    } else if (s->kind == BUNDLE_FIELD_DOUBLE && yaml_double(node, &d)) {
        out->value = tact_double(d);
    } else if (s->kind == BUNDLE_FIELD_BOOL && yaml_bool(node, &b)) {
        out->value = tact_bool(b);
    } else {
        return false;
    }
    return true;
}

static const char *const expected[BUNDLE_FIELD_KINDS] = {
    [BUNDLE_FIELD_STRING] = "a text",
    [BUNDLE_FIELD_HTML] = "a text of HTML",
    [BUNDLE_FIELD_URL] = "an address such as /women/winter",
    [BUNDLE_FIELD_IMAGE] = "the address of an image such as /img/w.jpg",
    [BUNDLE_FIELD_INT] = "a whole number",
    [BUNDLE_FIELD_DOUBLE] = "a number",
    [BUNDLE_FIELD_BOOL] = "true or false",
};

// Addresses hold neither blanks nor what does not print, and are not written as numbers.
static bool is_address(const yaml_node *node) {
    bool b;
    double d;
    if (node->text.len == 0 || yaml_bool(node, &b) || yaml_double(node, &d)) return false;
    bool computed = false;
    for (size_t i = 0; i < node->text.len; i++) {
        const char *at = node->text.ptr + i;
        if (i + 1 < node->text.len && at[0] == at[1] && (*at == '{' || *at == '}')) computed = *at == '{';
        if (!computed && ((unsigned char)*at <= ' ' || *at == 0x7f)) return false;
    }
    return true;
}

static bool is_written_well(const scanner *s) {
    if (!scalar_is_text(s->node)) return false;
    return (s->kind != BUNDLE_FIELD_URL && s->kind != BUNDLE_FIELD_IMAGE) || is_address(s->node);
}

// The scheme that an address begins with, without its colon; empty: it has none.
static tact_str scheme_of(tact_str address) {
    for (size_t i = 0; i < address.len; i++) {
        char c = address.ptr[i], low = (char)(c | 0x20);
        if (c == ':') return (tact_str){address.ptr, i};
        bool letter = low >= 'a' && low <= 'z', more = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
        if (!letter && (i == 0 || !more)) break;
    }
    return (tact_str){NULL, 0};
}

// Addresses lead somewhere: those that run code (javascript:), or carry what they show (data:), are refused.
static bool has_good_scheme(scanner *s) {
    static const tact_str good[] = {{"http", 4}, {"https", 5}, {"mailto", 6}, {"tel", 3}};
    tact_str scheme = scheme_of(s->node->text);
    if (!scheme.len) return true;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (scheme.len == good[i].len && strncasecmp(scheme.ptr, good[i].ptr, scheme.len) == 0) return true;
    }
    cel_span at;
    (void)yaml_span(s->B->r, s->node, 0, (uint32_t)scheme.len + 1, &at);
    report_add(build_at(s->B), REPORT_WRONG_CONTENT, at, "an address begins with https:, http:, mailto:, tel: or a /",
               "an address may not be of `%.*s:`, which browsers do not simply go to", (int)scheme.len, scheme.ptr);
    return false;
}

static bool starts_with_open(const char *at, const char *end) {
    return end - at >= 2 && memcmp(at, OPEN.ptr, OPEN.len) == 0;
}

static void refuse_form(scanner *s) {
    tact_str all = {s->B->r->sources->text.ptr, s->B->r->sources->text.len};
    // Without quotes {{ is a map whose key is a map: YAML's reader has said so.
    if (s->node->kind == YAML_MAP && starts_with_open(all.ptr + s->node->at.pos, all.ptr + all.len)) return;
    const tact_type *type = s->kind == BUNDLE_FIELD_INT      ? &type_int
                            : s->kind == BUNDLE_FIELD_DOUBLE ? &type_double
                            : s->kind == BUNDLE_FIELD_BOOL   ? &type_bool
                                                             : &type_string;
    scalar_refuse(build_at(s->B), s->node, REPORT_WRONG_CONTENT, scalar_hint(s->node, type), expected[s->kind]);
}

static void scan(scanner *s) {
    const char *end = s->node->text.ptr + s->node->text.len, *from = s->node->text.ptr, *at = from;
    while (at < end) {
        if (!starts_with_open(at, end)) {
            at++;
            continue;
        }
        add_text(s, from, at);
        from = at = read_computed(s, at, end);
        if (!at) return;
    }
    add_text(s, from, end);
}

bool build_text(builder *B, const yaml_node *node, bundle_field_kind kind, bundle_text *out) {
    scanner s = {.B = B, .node = node, .kind = kind};
    out->value = tact_null();
    if (node->kind == YAML_BAD) return false;
    if (!is_text(kind) && node->kind == YAML_SCALAR && read_value(&s, out)) return true;
    if (node->kind == YAML_SCALAR && node->text.len > BUNDLE_TEXT_MAX) {
        report_add(build_at(B), REPORT_TOO_LARGE, node->at, NULL, "a text can have no more than %d bytes",
                   BUNDLE_TEXT_MAX);
        return false;
    }
    if (!is_written_well(&s)) {
        refuse_form(&s);
        return false;
    }
    if ((kind == BUNDLE_FIELD_URL || kind == BUNDLE_FIELD_IMAGE) && !has_good_scheme(&s)) return false;
    scan(&s);
    if (s.failed) return false;
    if (!is_text(kind) && (s.pieces.count != 1 || !s.pieces.of[0].program)) {
        refuse_form(&s);
        return false;
    }
    bundle_piece *pieces = build_array(B, B->hot, s.pieces.count, sizeof *pieces);
    if (!pieces) return false;
    if (s.pieces.count) memcpy(pieces, s.pieces.of, s.pieces.count * sizeof *pieces);
    out->pieces = pieces;
    out->count = s.pieces.count;
    return true;
}
