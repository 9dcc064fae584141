// SPDX-License-Identifier: Apache-2.0
//
// Recursive descent, with the binary operators by precedence climbing. The grammar is that of cel-spec's langdef.md;
// the trees are shaped as other implementations shape them: chains of && and || are balanced, a minus before a number
// belongs to the number, pairs of ! and of - vanish.
//
// The subtle part is to report all faults of an expression and no more. After a fault the parser is in panic: it reads
// on, but says nothing about syntax until it has passed a comma, a colon or an operator, which is where text that has
// gone astray makes sense again. The token at which the fault was found does not count as such.
#include "cel/parser.h"

#include "base/num.h"
#include "base/utf8.h"
#include "cel/lexer.h"
#include "cel/macro.h"

enum {
    PARTS_AT_HAND = 32, // arguments, items and entries that are read without taking memory
    TERMS_AT_HAND = 16, // the same for terms of && and ||
};

typedef struct term { // of a chain of && or ||
    cel_node *node;
    cel_span at;     // the operator before it
    cel_span extent; // with its parentheses
} term;

typedef struct parser {
    cel_ast *ast;
    cel_diags *diags;
    uint32_t libraries;
    cel_lexer lexer;
    cel_token token;  // the next one
    uint32_t end;     // of the token before it
    uint32_t nesting; // of functions of this file; bounds the stack
    bool panic;
    uint32_t panic_at; // the token at which it began
    bool astray;       // what is read is part of no expression
    bool mended;       // a token was read as another than is written; the last such at `mended_at`
    uint32_t mended_at;
    bool signed_number;           // the last unary expression was a number with a minus
    uint32_t opened[TOKEN_KINDS]; // brackets that are open, by the kind of token that closes them
    cel_part *parts;              // a stack of what is being collected
    uint32_t parts_count, parts_room;
    term *terms; // another
    uint32_t terms_count, terms_room;
} parser;

static cel_node *conditional(parser *p);
static cel_node *binary(parser *p, uint8_t precedence);

// ---- Tokens ---------------------------------------------------------------------------------------------------------

static void begin_panic(parser *p, uint32_t at) {
    p->panic = true;
    p->panic_at = at;
}

// Reads no further, and says no more.
static void give_up(parser *p) {
    p->lexer.at = p->lexer.end;
    begin_panic(p, UINT32_MAX);
}

static void advance(parser *p) {
    if (p->token.kind != TOKEN_END) p->end = p->token.span.pos + p->token.span.len;
    bool full = p->diags->count >= TACT_CEL_DIAGNOSTICS_MAX;
    if (p->ast->fault || full) give_up(p); // what follows can be neither built nor reported
    lexer_next(&p->lexer, &p->token);
    if (p->token.reported) begin_panic(p, p->token.span.pos);
}

// Passes a token after which text makes sense again; so it does behind one that was mended, once that has its place.
static void pass(parser *p) {
    if (p->panic && (p->token.span.pos > p->panic_at || p->token.reported)) p->panic = false;
    if (p->token.reported) p->mended_at = p->token.span.pos;
    p->mended |= p->token.reported;
    advance(p);
}

// Reads the next token as what it means in another language, where an operator is due, or (`operand`) where an operand
// is. Of a word that means nothing here all that follows is another language's, too.
static void mend(parser *p, bool operand) {
    if (p->token.reported || !lexer_slip(&p->lexer, &p->token, operand, p->astray)) return;
    begin_panic(p, p->token.span.pos);
    if (p->token.kind == TOKEN_BAD) give_up(p);
}

static bool next_is(const parser *p, cel_token_kind kind) {
    return p->token.kind == kind;
}

static tact_str text_of(const parser *p, cel_span span) {
    return (tact_str){p->lexer.start + span.pos, span.len};
}

static cel_span from(const parser *p, uint32_t start) {
    return (cel_span){start, p->end > start ? p->end - start : 0};
}

// Whether a syntax fault at the next token is to be reported; if so, panic begins.
static bool complain(parser *p) {
    if (p->panic) return false;
    begin_panic(p, p->token.span.pos);
    return true;
}

// Where a fault at the next token is shown: at the end, where something is missing, not behind trailing space.
static cel_span here(const parser *p) {
    return next_is(p, TOKEN_END) ? (cel_span){p->end, 0} : p->token.span;
}

static cel_node *bad(parser *p, uint32_t start) {
    return ast_bad(p->ast, from(p, start), from(p, start));
}

// ---- Limits ---------------------------------------------------------------------------------------------------------

static bool enter(parser *p) {
    if (p->nesting >= p->ast->depth_max) {
        ast_fail(p->ast, AST_TOO_DEEP, p->token.span);
        advance(p);
        return false;
    }
    p->nesting++;
    return true;
}

static void leave(parser *p) {
    p->nesting--;
}

// Room for one more item on a stack that began as an array of its own.
static void *grow(parser *p, void *old, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room) return old;
    void *more = arena_array(p->ast->arena, *room * (size_t)2, size);
    if (!more) {
        ast_fail(p->ast, AST_NO_MEMORY, p->token.span);
        return NULL;
    }
    memcpy(more, old, count * size);
    *room *= 2;
    return more;
}

static void push_part(parser *p, cel_part part) {
    cel_part *parts = grow(p, p->parts, p->parts_count, &p->parts_room, sizeof *parts);
    if (!parts) return;
    p->parts = parts;
    p->parts[p->parts_count++] = part;
}

// What was pushed since there were `base` parts; good until the next push.
static const cel_part *pop_parts(parser *p, uint32_t base, uint32_t *count) {
    *count = p->parts_count - base;
    p->parts_count = base;
    return p->parts + base;
}

static void push_term(parser *p, term t) {
    term *terms = grow(p, p->terms, p->terms_count, &p->terms_room, sizeof *terms);
    if (!terms) return;
    p->terms = terms;
    p->terms[p->terms_count++] = t;
}

// ---- Expressions within something -----------------------------------------------------------------------------------

static bool closes(cel_token_kind kind) {
    return kind == TOKEN_RPAREN || kind == TOKEN_RBRACKET || kind == TOKEN_RBRACE;
}

// What may stand behind an expression, in one place or another.
static bool ends_expression(cel_token_kind kind) {
    return closes(kind) || kind == TOKEN_COMMA || kind == TOKEN_COLON || kind == TOKEN_END;
}

// Reads what cannot be part of the expression before it, so that faults in it are found too. What should come is
// `closer`, or a comma if `comma`.
static void read_astray(parser *p, cel_token_kind closer, bool comma) {
    bool astray = p->astray;
    p->astray = true;
    while (!ends_expression(p->token.kind)) {
        if (complain(p)) diag_unexpected(p->diags, p->token.span, &p->token, closer, comma);
        uint32_t before = p->token.span.pos;
        (void)conditional(p);
        if (p->token.span.pos == before && !next_is(p, TOKEN_END)) advance(p);
    }
    p->astray = astray;
}

// A whole expression, up to a token that may end one.
static cel_node *expression(parser *p, cel_token_kind closer, bool comma) {
    uint32_t start = p->token.span.pos;
    cel_node *n = conditional(p);
    if (ends_expression(p->token.kind)) return n;
    read_astray(p, closer, comma);
    return bad(p, start);
}

// The bracket that closes what `open` opened. False if something stands before it.
static bool close(parser *p, cel_token_kind closer, cel_span open, bool comma) {
    p->opened[closer]--;
    if (next_is(p, closer)) {
        advance(p);
        return true;
    }
    if (complain(p)) diag_unclosed(p->diags, here(p), &p->token, closer, comma, open);
    bool alone = true;
    while (!next_is(p, closer) && !next_is(p, TOKEN_END)) {
        if (closes(p->token.kind)) {
            if (p->opened[p->token.kind]) return alone; // closes something further out
            break;                                      // was meant for this one
        }
        alone = false;
        pass(p);
        if (!ends_expression(p->token.kind)) (void)expression(p, closer, comma);
    }
    advance(p);
    return alone;
}

static cel_span open(parser *p, cel_token_kind closer) {
    cel_span at = p->token.span;
    p->opened[closer]++;
    advance(p);
    return at;
}

// A comma, and whether something follows it; `trailing` if nothing needs to.
static bool another(parser *p, cel_token_kind closer, bool trailing) {
    if (!next_is(p, TOKEN_COMMA)) return false;
    pass(p);
    return !next_is(p, TOKEN_END) && !(trailing && next_is(p, closer));
}

// `[,]` is an empty list, `{,}` an empty map: the grammar has it so. True if there is nothing but that.
static bool nothing(parser *p, cel_token_kind closer) {
    if (next_is(p, closer) || next_is(p, TOKEN_END)) return true;
    if (!next_is(p, TOKEN_COMMA)) return false;
    cel_lexer ahead = p->lexer;
    cel_token second;
    lexer_next(&ahead, &second);
    if (second.kind != closer) return false;
    advance(p);
    return true;
}

// `?` where an entry or item may be optional.
static bool question(parser *p, uint32_t start) {
    if (!next_is(p, TOKEN_QUESTION)) return false;
    advance(p);
    if (!(p->libraries & TACT_CEL_OPTIONALS)) diag_optionals_off(p->diags, from(p, start));
    return true;
}

// ---- Literals -------------------------------------------------------------------------------------------------------

// Digits as a number; false if it does not fit 64 bits.
static bool read_digits(tact_str text, uint64_t *value) {
    uint64_t base = 10;
    size_t i = 0;
    if (text.len > 2 && text.ptr[1] == 'x') {
        base = 16;
        i = 2;
    }
    *value = 0;
    for (; i < text.len; i++) {
        char c = text.ptr[i];
        uint64_t digit = c <= '9' ? (uint64_t)(c - '0') : (uint64_t)((c | 0x20) - 'a' + 10);
        if (__builtin_mul_overflow(*value, base, value) || __builtin_add_overflow(*value, digit, value)) return false;
    }
    return true;
}

static tact_value int_value(parser *p, cel_span span, tact_str digits, bool minus) {
    uint64_t value;
    uint64_t most = minus ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    bool fits_uint = read_digits(digits, &value);
    if (!fits_uint || value > most) {
        diag_int_range(p->diags, span, fits_uint && !minus);
        return tact_int(0);
    }
    return tact_int((int64_t)(minus ? 0 - value : value));
}

static tact_value uint_value(parser *p, cel_span span, tact_str text) {
    uint64_t value;
    tact_str digits = {text.ptr, text.len - 1}; // without the u
    if (!read_digits(digits, &value)) {
        diag_uint_range(p->diags, span);
        value = 0;
    }
    return tact_uint(value);
}

static tact_value double_value(parser *p, cel_span span, tact_str text, bool minus) {
    double value;
    if (!num_parse_double(text, &value)) {
        diag_double_range(p->diags, span);
        value = 0;
    }
    return tact_double(minus ? -value : value);
}

static tact_value text_value(parser *p) {
    tact_str text;
    if (!lexer_text(&p->lexer, &p->token, &text)) {
        ast_fail(p->ast, AST_NO_MEMORY, p->token.span);
        return tact_null();
    }
    return next_is(p, TOKEN_BYTES) ? tact_bytes(text.ptr, text.len) : tact_string(text.ptr, text.len);
}

// `minus` is the sign before a number, or NULL.
static cel_node *literal(parser *p, const cel_span *minus) {
    tact_str text = text_of(p, p->token.span);
    uint32_t start = minus ? minus->pos : p->token.span.pos;
    cel_span span = {start, p->token.span.pos + p->token.span.len - start};
    tact_value v;
    switch (p->token.kind) {
    case TOKEN_INT: v = int_value(p, span, text, minus != NULL); break;
    case TOKEN_UINT: v = uint_value(p, span, text); break;
    case TOKEN_DOUBLE: v = double_value(p, span, text, minus != NULL); break;
    case TOKEN_TRUE: v = tact_bool(true); break;
    case TOKEN_FALSE: v = tact_bool(false); break;
    case TOKEN_NULL: v = tact_null(); break;
    default: v = text_value(p); break;
    }
    advance(p);
    return ast_literal(p->ast, span, span, v);
}

// ---- Calls ----------------------------------------------------------------------------------------------------------

// `(` arguments `)`, onto the stack of parts.
static void arguments(parser *p) {
    cel_span at = open(p, TOKEN_RPAREN);
    bool some = !next_is(p, TOKEN_RPAREN) && !next_is(p, TOKEN_END);
    if (some) {
        do {
            push_part(p, (cel_part){.node = expression(p, TOKEN_RPAREN, true)});
        } while (another(p, TOKEN_RPAREN, false));
    }
    close(p, TOKEN_RPAREN, at, some);
}

static void discard_arguments(parser *p) {
    uint32_t base = p->parts_count;
    arguments(p);
    p->parts_count = base;
}

// A call, at its `(`; or what it stands for if it is a macro's.
static cel_node *call(parser *p, uint32_t start, cel_span at, tact_str name, cel_node *target) {
    uint32_t base = p->parts_count;
    uint32_t count;
    arguments(p);
    const cel_part *args = pop_parts(p, base, &count);
    cel_span extent = from(p, start);
    const cel_macro *macro = macro_find(name, target, count, p->libraries);
    if (!macro) return ast_call(p->ast, at, extent, name, target, args, count);
    cel_macro_call m = {p->ast, p->diags, macro, at, extent, target, args, count};
    return macro_expand(&m);
}

// ---- Primary expressions --------------------------------------------------------------------------------------------

static cel_node *group(parser *p) {
    cel_span at = open(p, TOKEN_RPAREN);
    cel_node *n = expression(p, TOKEN_RPAREN, false);
    return close(p, TOKEN_RPAREN, at, false) ? n : bad(p, at.pos);
}

static cel_node *list(parser *p) {
    uint32_t base = p->parts_count;
    cel_span at = open(p, TOKEN_RBRACKET);
    if (!nothing(p, TOKEN_RBRACKET)) {
        do {
            bool optional = question(p, p->token.span.pos);
            push_part(p, (cel_part){.node = expression(p, TOKEN_RBRACKET, true), .optional = optional});
        } while (another(p, TOKEN_RBRACKET, true));
    }
    close(p, TOKEN_RBRACKET, at, p->parts_count > base);
    uint32_t count;
    const cel_part *items = pop_parts(p, base, &count);
    return ast_list(p->ast, at, from(p, at.pos), items, count);
}

// `:` and the value of the entry that begins at `start`.
static cel_node *entry_value(parser *p, uint32_t start, bool message) {
    if (next_is(p, TOKEN_COLON)) {
        pass(p);
        return expression(p, TOKEN_RBRACE, true);
    }
    if (p->mended && p->mended_at >= start) begin_panic(p, p->token.span.pos); // `=` for the colon
    if (complain(p)) diag_expected_entry_colon(p->diags, here(p), &p->token, message);
    read_astray(p, TOKEN_RBRACE, true);
    return bad(p, p->token.span.pos);
}

static cel_node *map(parser *p) {
    uint32_t base = p->parts_count;
    cel_span at = open(p, TOKEN_RBRACE);
    if (!nothing(p, TOKEN_RBRACE)) {
        do {
            uint32_t start = p->token.span.pos;
            cel_part entry = {.optional = question(p, start)};
            entry.key = expression(p, TOKEN_COLON, false);
            entry.node = entry_value(p, start, false);
            push_part(p, entry);
        } while (another(p, TOKEN_RBRACE, true));
    }
    close(p, TOKEN_RBRACE, at, p->parts_count > base);
    uint32_t count;
    const cel_part *entries = pop_parts(p, base, &count);
    return ast_map(p->ast, at, from(p, at.pos), CEL_MAP, (tact_str){NULL, 0}, entries, count);
}

static bool is_field(cel_token_kind kind) {
    return kind == TOKEN_IDENT || kind == TOKEN_RESERVED || kind == TOKEN_QUOTED;
}

// The next token as a field's name.
static tact_str field_name(parser *p) {
    tact_str name = text_of(p, p->token.span);
    if (next_is(p, TOKEN_QUOTED) && !lexer_text(&p->lexer, &p->token, &name)) {
        ast_fail(p->ast, AST_NO_MEMORY, p->token.span);
    }
    advance(p);
    return name;
}

// Reports that a field's name is missing. A word that merely cannot be one is passed.
static void expected_field(parser *p, bool message) {
    if (complain(p)) diag_expected_field(p->diags, here(p), &p->token, message);
    switch (p->token.kind) {
    case TOKEN_IN:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NULL: advance(p); break;
    default: break;
    }
}

// A message, at its `{`.
static cel_node *message(parser *p, uint32_t start, cel_span at, tact_str name) {
    uint32_t base = p->parts_count;
    cel_span brace = open(p, TOKEN_RBRACE);
    if (!nothing(p, TOKEN_RBRACE)) {
        do {
            uint32_t first = p->token.span.pos;
            cel_part entry = {.optional = question(p, first)};
            if (is_field(p->token.kind)) {
                entry.field = field_name(p);
            } else {
                expected_field(p, true);
            }
            entry.node = entry_value(p, first, true);
            push_part(p, entry);
        } while (another(p, TOKEN_RBRACE, true));
    }
    close(p, TOKEN_RBRACE, brace, p->parts_count > base);
    uint32_t count;
    const cel_part *entries = pop_parts(p, base, &count);
    return ast_map(p->ast, at, from(p, start), CEL_MESSAGE, name, entries, count);
}

// A name, or a call of it; behind a leading dot if `dot` is not NULL. `*plain` is set if it is a name and no more.
static cel_node *named(parser *p, const cel_span *dot, bool *plain) {
    cel_span at = p->token.span;
    tact_str name = text_of(p, at);
    if (next_is(p, TOKEN_RESERVED)) {
        if (complain(p)) diag_reserved(p->diags, at);
        advance(p);
        return bad(p, at.pos);
    }
    if (dot) {
        bool apart = dot->pos + 1 != at.pos;
        cel_span whole = {dot->pos, at.pos + at.len - dot->pos};
        if (apart) {
            name.ptr = arena_printf(p->ast->arena, ".%.*s", (int)name.len, name.ptr);
            if (!name.ptr) return ast_fail(p->ast, AST_NO_MEMORY, at);
            name.len++;
        } else {
            name = text_of(p, whole);
        }
        at = whole;
    }
    advance(p);
    if (next_is(p, TOKEN_LPAREN)) return call(p, at.pos, at, name, NULL);
    *plain = true;
    return ast_ident(p->ast, at, at, name);
}

static cel_node *rooted(parser *p, bool *plain) {
    cel_span dot = p->token.span;
    advance(p);
    if (next_is(p, TOKEN_IDENT) || next_is(p, TOKEN_RESERVED)) return named(p, &dot, plain);
    expected_field(p, false);
    return bad(p, dot.pos);
}

static cel_node *primary(parser *p, const cel_span *minus, bool *plain) {
    uint32_t start = p->token.span.pos;
    switch (p->token.kind) {
    case TOKEN_IDENT:
    case TOKEN_RESERVED: return named(p, NULL, plain);
    case TOKEN_INT:
    case TOKEN_UINT:
    case TOKEN_DOUBLE:
    case TOKEN_STRING:
    case TOKEN_BYTES:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NULL: return literal(p, minus);
    case TOKEN_LPAREN: return group(p);
    case TOKEN_LBRACKET: return list(p);
    case TOKEN_LBRACE: return map(p);
    case TOKEN_DOT: return rooted(p, plain);
    case TOKEN_QUOTED:
        if (complain(p)) diag_quoted_name_place(p->diags, p->token.span);
        advance(p);
        return bad(p, start);
    case TOKEN_BAD: advance(p); return bad(p, start);
    default:
        if (complain(p)) diag_expected_expression(p->diags, here(p), &p->token);
        return bad(p, start);
    }
}

// ---- What follows a primary -----------------------------------------------------------------------------------------

// `.field`, `.?field` or `.method(…)`. `*plain` stays set as long as the whole is a dotted name.
static cel_node *member(parser *p, uint32_t start, cel_node *operand, bool *plain) {
    uint32_t dot = p->token.span.pos;
    advance(p);
    bool optional = question(p, dot);
    bool quoted = next_is(p, TOKEN_QUOTED);
    if (optional || quoted) *plain = false;
    if (!is_field(p->token.kind)) {
        expected_field(p, false);
        *plain = false;
        return bad(p, start);
    }
    cel_span at = p->token.span;
    tact_str name = field_name(p);
    if (next_is(p, TOKEN_LPAREN) && !optional) {
        *plain = false;
        if (quoted && !p->panic) diag_quoted_name_called(p->diags, at);
        return call(p, start, at, name, operand);
    }
    if (!optional) return ast_select(p->ast, at, from(p, start), operand, name);
    cel_part args[] = {
        {.node = operand},
        {.node = ast_literal(p->ast, at, at, tact_string(name.ptr, name.len))},
    };
    return ast_call(p->ast, at, from(p, start), TACT_STR(CEL_OP_OPT_SELECT), NULL, args, 2);
}

static cel_node *indexed(parser *p, uint32_t start, cel_node *operand) {
    cel_span at = open(p, TOKEN_RBRACKET);
    bool optional = question(p, at.pos);
    cel_part args[] = {{.node = operand}, {.node = expression(p, TOKEN_RBRACKET, false)}};
    close(p, TOKEN_RBRACKET, at, false);
    tact_str name = optional ? TACT_STR(CEL_OP_OPT_INDEX) : TACT_STR(CEL_OP_INDEX);
    return ast_call(p->ast, at, from(p, start), name, NULL, args, 2);
}

// The dotted name that `n` is, as one text: mostly the source's own.
static tact_str dotted(parser *p, const cel_node *n) {
    if (n->kind == CEL_IDENT) return n->as.ident.name;
    if (n->kind != CEL_SELECT) return (tact_str){NULL, 0};
    tact_str head = dotted(p, n->as.select.operand), field = n->as.select.field;
    if (!head.ptr) return head;
    if (head.ptr + head.len + 1 == field.ptr) return (tact_str){head.ptr, head.len + 1 + field.len};
    const char *text = arena_printf(p->ast->arena, "%.*s.%.*s", (int)head.len, head.ptr, (int)field.len, field.ptr);
    if (!text) ast_fail(p->ast, AST_NO_MEMORY, n->at);
    return (tact_str){text, text ? head.len + 1 + field.len : 0};
}

// A primary with all its fields, calls and indices; `minus` is the sign before a number, or NULL.
static cel_node *postfix(parser *p, const cel_span *minus) {
    uint32_t start = minus ? minus->pos : p->token.span.pos;
    bool plain = false;
    cel_node *n = primary(p, minus, &plain);
    for (;;) {
        switch (p->token.kind) {
        case TOKEN_DOT: n = member(p, start, n, &plain); break;
        case TOKEN_LBRACKET:
            n = indexed(p, start, n);
            plain = false;
            break;
        case TOKEN_LBRACE:
            if (!plain) return n;
            n = message(p, start, from(p, start), dotted(p, n));
            plain = false;
            break;
        case TOKEN_LPAREN: // of something that was reported and is no name
            if (n->kind != CEL_BAD || !p->panic) return n;
            discard_arguments(p);
            n = bad(p, start);
            break;
        case TOKEN_IDENT:
        case TOKEN_RESERVED:
        case TOKEN_NOT: mend(p, false); return n;
        default: return n;
        }
    }
}

// ---- Operators ------------------------------------------------------------------------------------------------------

// `not` of other languages, which is of a whole comparison.
static cel_node *negated_word(parser *p) {
    cel_span at = p->token.span;
    pass(p);
    if (!enter(p)) return bad(p, at.pos);
    cel_part arg = {.node = binary(p, 1)};
    leave(p);
    return ast_call(p->ast, at, from(p, at.pos), TACT_STR(CEL_OP_NOT), NULL, &arg, 1);
}

static cel_node *unary(parser *p) {
    if (next_is(p, TOKEN_IDENT) || next_is(p, TOKEN_RESERVED)) {
        mend(p, true);
        if (next_is(p, TOKEN_NOT)) return negated_word(p);
    }
    cel_token_kind kind = p->token.kind;
    cel_span at = p->token.span;
    p->signed_number = false;
    if (kind != TOKEN_NOT && kind != TOKEN_SUB) return postfix(p, NULL);
    uint32_t count = 0;
    for (; next_is(p, kind); count++) advance(p);
    if (kind == TOKEN_SUB && count == 1 && (next_is(p, TOKEN_INT) || next_is(p, TOKEN_DOUBLE))) {
        cel_node *n = postfix(p, &at);
        p->signed_number = true;
        return n;
    }
    cel_node *operand;
    if (next_is(p, TOKEN_NOT) || next_is(p, TOKEN_SUB)) {
        cel_span second = p->token.span;
        if (!enter(p)) return bad(p, at.pos);
        operand = unary(p);
        leave(p);
        if (!p->signed_number && !p->panic) diag_mixed_unary(p->diags, second, kind == TOKEN_NOT ? '!' : '-');
    } else {
        operand = postfix(p, NULL);
    }
    p->signed_number = false;
    if (count % 2 == 0) return operand;
    cel_part arg = {.node = operand};
    tact_str name = kind == TOKEN_NOT ? TACT_STR(CEL_OP_NOT) : TACT_STR(CEL_OP_NEGATE);
    return ast_call(p->ast, at, from(p, at.pos), name, NULL, &arg, 1);
}

// Operators of at least the given precedence, associating to the left.
static cel_node *binary(parser *p, uint8_t precedence) {
    uint32_t start = p->token.span.pos;
    cel_node *n = unary(p);
    for (;;) {
        cel_token_kind kind = p->token.kind;
        if (token_operators[kind].precedence < precedence) return n;
        cel_span at = p->token.span;
        pass(p);
        cel_part args[] = {{.node = n}, {.node = binary(p, (uint8_t)(token_operators[kind].precedence + 1))}};
        n = ast_call(p->ast, at, from(p, start), token_operators[kind].function, NULL, args, 2);
    }
}

// Terms low to high and the operators between them, with the operator in the middle on top.
static cel_node *balance(parser *p, tact_str name, const term *terms, uint32_t low, uint32_t high) {
    if (low == high) return terms[low].node;
    uint32_t middle = (low + high) / 2 + 1; // the first term on the right
    cel_part args[] = {{.node = balance(p, name, terms, low, middle - 1)},
                       {.node = balance(p, name, terms, middle, high)}};
    uint32_t pos = terms[low].extent.pos;
    cel_span extent = {pos, terms[high].extent.pos + terms[high].extent.len - pos};
    return ast_call(p->ast, terms[middle].at, extent, name, NULL, args, 2);
}

// A chain of `kind`, TOKEN_OR or TOKEN_AND.
static cel_node *chain(parser *p, cel_token_kind kind) {
    uint32_t base = p->terms_count;
    cel_span at = {0, 0};
    for (;;) {
        uint32_t start = p->token.span.pos;
        cel_node *n = kind == TOKEN_OR ? chain(p, TOKEN_AND) : binary(p, 1);
        if (!next_is(p, kind) && p->terms_count == base) return n;
        push_term(p, (term){n, at, from(p, start)});
        if (!next_is(p, kind)) break;
        at = p->token.span;
        pass(p);
    }
    uint32_t count = p->terms_count - base;
    p->terms_count = base;
    if (p->ast->fault) return &p->ast->bad;
    tact_str name = kind == TOKEN_OR ? TACT_STR(CEL_OP_OR) : TACT_STR(CEL_OP_AND);
    return balance(p, name, p->terms + base, 0, count - 1);
}

// The rest of `condition ? value : otherwise`, at its `?`.
static cel_node *choice(parser *p, uint32_t start, cel_node *condition) {
    cel_span at = p->token.span;
    pass(p);
    uint32_t value_start = p->token.span.pos;
    cel_part args[] = {{.node = condition}, {.node = chain(p, TOKEN_OR)}, {.node = NULL}};
    if (next_is(p, TOKEN_QUESTION)) {
        if (!p->panic) diag_nested_conditional(p->diags, p->token.span);
        if (!enter(p)) return bad(p, start);
        args[1].node = choice(p, value_start, args[1].node);
        leave(p);
    }
    if (next_is(p, TOKEN_COLON)) {
        pass(p);
        args[2].node = conditional(p);
    } else if (text_of(p, (cel_span){at.pos, p->end - at.pos}).len > 1 && p->lexer.start[at.pos + 1] == '.') {
        // `a?.b` of other languages
        if (complain(p)) diag_slip(p->diags, (cel_span){at.pos, 2}, ".?", "");
        return bad(p, start);
    } else {
        if (complain(p)) diag_expected_choice_colon(p->diags, here(p), &p->token);
        args[2].node = bad(p, p->token.span.pos);
    }
    return ast_call(p->ast, at, from(p, start), TACT_STR(CEL_OP_CONDITIONAL), NULL, args, 3);
}

static cel_node *conditional(parser *p) {
    uint32_t start = p->token.span.pos;
    if (!enter(p)) return bad(p, start);
    cel_node *n = chain(p, TOKEN_OR);
    if (next_is(p, TOKEN_QUESTION)) n = choice(p, start, n);
    leave(p);
    return n;
}

// ---- The whole ------------------------------------------------------------------------------------------------------

static void whole(parser *p) {
    advance(p);
    if (next_is(p, TOKEN_END)) {
        if (p->diags->count == 0) diag_empty(p->diags);
        return;
    }
    p->ast->root = expression(p, TOKEN_END, false);
    while (!next_is(p, TOKEN_END)) {
        if (complain(p)) {
            if (closes(p->token.kind)) {
                diag_unopened(p->diags, p->token.span);
            } else {
                diag_unexpected(p->diags, p->token.span, &p->token, TOKEN_END, false);
            }
        }
        pass(p);
        if (!ends_expression(p->token.kind)) (void)expression(p, TOKEN_END, false);
        p->ast->root = bad(p, 0);
    }
}

static uint32_t first_invalid(tact_str source) {
    const char *at = source.ptr, *end = source.ptr + source.len;
    while (at < end) {
        const char *before = at;
        if (utf8_next(&at, end) == UTF8_BAD) return (uint32_t)(before - source.ptr);
    }
    return 0;
}

static void report(const cel_ast *ast, cel_diags *diags) {
    switch (ast->fault) {
    case AST_OK: break;
    case AST_NO_MEMORY: diag_no_memory(diags); break;
    case AST_TOO_DEEP: diag_too_deep(diags, ast->fault_at, ast->depth_max); break;
    case AST_TOO_MANY_NODES: diag_too_many_nodes(diags, ast->fault_at, TACT_CEL_NODES_MAX); break;
    }
}

cel_node *parser_parse(cel_ast *ast, const tact_cel_limits *limits, uint32_t libraries, cel_diags *diags) {
    size_t length_max = limits && limits->length_max ? limits->length_max : TACT_CEL_LENGTH_MAX;
    uint32_t depth_max = limits && limits->depth_max ? limits->depth_max : TACT_CEL_DEPTH_MAX;
    ast->depth_max = depth_max < TACT_CEL_DEPTH_HARD_MAX ? depth_max : TACT_CEL_DEPTH_HARD_MAX;
    ast->root = NULL;
    if (ast->source.len > length_max || ast->source.len > INT32_MAX) {
        diag_too_long(diags, length_max < INT32_MAX ? length_max : INT32_MAX);
    } else if (!utf8_valid(ast->source.ptr, ast->source.len)) {
        diag_not_utf8(diags, first_invalid(ast->source));
    } else {
        cel_part parts[PARTS_AT_HAND];
        term terms[TERMS_AT_HAND];
        parser p = {.ast = ast, .diags = diags, .libraries = libraries};
        p.parts = parts;
        p.parts_room = PARTS_AT_HAND;
        p.terms = terms;
        p.terms_room = TERMS_AT_HAND;
        lexer_init(&p.lexer, ast->source, diags);
        whole(&p);
        report(ast, diags);
    }
    cel_span all = {0, (uint32_t)(ast->source.len < INT32_MAX ? ast->source.len : 0)};
    if (!ast->root) ast->root = ast_node(ast, CEL_BAD, all, all);
    if (!ast->root) {
        diag_no_memory(diags);
        ast->root = ast_fail(ast, AST_NO_MEMORY, all);
    }
    return ast->root;
}
