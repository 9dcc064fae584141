// SPDX-License-Identifier: Apache-2.0
//
// Cutting the source into tokens. The subtle part is what happens with text that is no CEL: slips with a plain
// intention
// (`=` for `==`, `and` for `&&`, typographic quotes, a full-width bracket) are reported and then read as what was
// meant, so that one slip gives one diagnostic and the rest of the expression is still looked at.
#include "cel/lexer.h"

#include "base/utf8.h"

// ---- Characters -----------------------------------------------------------------------------------------------------

enum { NAME = 1, DIGIT = 2, HEX = 4, SPACE = 8 };

// clang-format off
static const uint8_t classes[256] = {
    ['\t'] = SPACE, ['\n'] = SPACE, ['\f'] = SPACE, ['\r'] = SPACE, [' '] = SPACE,
    ['0'] = NAME | DIGIT | HEX, ['1'] = NAME | DIGIT | HEX, ['2'] = NAME | DIGIT | HEX, ['3'] = NAME | DIGIT | HEX,
    ['4'] = NAME | DIGIT | HEX, ['5'] = NAME | DIGIT | HEX, ['6'] = NAME | DIGIT | HEX, ['7'] = NAME | DIGIT | HEX,
    ['8'] = NAME | DIGIT | HEX, ['9'] = NAME | DIGIT | HEX,
    ['a'] = NAME | HEX, ['b'] = NAME | HEX, ['c'] = NAME | HEX, ['d'] = NAME | HEX, ['e'] = NAME | HEX,
    ['f'] = NAME | HEX,
    ['g'] = NAME, ['h'] = NAME, ['i'] = NAME, ['j'] = NAME, ['k'] = NAME, ['l'] = NAME, ['m'] = NAME, ['n'] = NAME,
    ['o'] = NAME, ['p'] = NAME, ['q'] = NAME, ['r'] = NAME, ['s'] = NAME, ['t'] = NAME, ['u'] = NAME, ['v'] = NAME,
    ['w'] = NAME, ['x'] = NAME, ['y'] = NAME, ['z'] = NAME,
    ['A'] = NAME | HEX, ['B'] = NAME | HEX, ['C'] = NAME | HEX, ['D'] = NAME | HEX, ['E'] = NAME | HEX,
    ['F'] = NAME | HEX,
    ['G'] = NAME, ['H'] = NAME, ['I'] = NAME, ['J'] = NAME, ['K'] = NAME, ['L'] = NAME, ['M'] = NAME, ['N'] = NAME,
    ['O'] = NAME, ['P'] = NAME, ['Q'] = NAME, ['R'] = NAME, ['S'] = NAME, ['T'] = NAME, ['U'] = NAME, ['V'] = NAME,
    ['W'] = NAME, ['X'] = NAME, ['Y'] = NAME, ['Z'] = NAME, ['_'] = NAME,
};
// clang-format on

static bool is(char c, int class) {
    return classes[(unsigned char)c] & class;
}

static bool is_foreign(char c) {
    return (unsigned char)c >= 0x80;
}

// The character `ahead` of the next, or 0.
static char peek(const cel_lexer *l, size_t ahead) {
    return ahead < (size_t)(l->end - l->at) ? l->at[ahead] : '\0';
}

static cel_span span_between(const cel_lexer *l, const char *from, const char *to) {
    return (cel_span){(uint32_t)(from - l->start), (uint32_t)(to - from)};
}

// Characters that word processors and other keyboards give for those of CEL.
static const char *lookalike(uint32_t c) {
    static const struct {
        uint32_t c;
        const char *meant;
    } table[] = {
        {0xa0, " "},    {0x2007, " "},  {0x202f, " "},  {0x3000, " "},  {0x200b, ""},   {0xfeff, ""},   {0xab, "\""},
        {0xbb, "\""},   {0x201c, "\""}, {0x201d, "\""}, {0x201e, "\""}, {0x201f, "\""}, {0x2018, "'"},  {0x2019, "'"},
        {0x201a, "'"},  {0x201b, "'"},  {0x2039, "'"},  {0x203a, "'"},  {0x2010, "-"},  {0x2011, "-"},  {0x2013, "-"},
        {0x2014, "-"},  {0x2212, "-"},  {0xd7, "*"},    {0xf7, "/"},    {0xac, "!"},    {0x2227, "&&"}, {0x2228, "||"},
        {0x2208, "in"}, {0x2260, "!="}, {0x2264, "<="}, {0x2265, ">="}, {0xff08, "("},  {0xff09, ")"},  {0xff0c, ","},
        {0xff0e, "."},  {0xff1a, ":"},  {0xff1c, "<"},  {0xff1e, ">"},  {0xff1f, "?"},  {0xff3b, "["},  {0xff3d, "]"},
        {0xff5b, "{"},  {0xff5d, "}"},  {0xff1d, "=="}, {0xff0b, "+"},  {0xff0d, "-"},  {0xff01, "!"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].c == c) return table[i].meant;
    }
    return NULL;
}

// ---- Tokens ---------------------------------------------------------------------------------------------------------

static void take(cel_lexer *l, cel_token *t, cel_token_kind kind, size_t len) {
    t->kind = kind;
    t->span = (cel_span){(uint32_t)(l->at - l->start), (uint32_t)len};
    l->at += len;
}

// A slip whose intention is plain: reported, then read as what was meant.
static void mend(cel_lexer *l, cel_token *t, const char *meant, size_t len) {
    take(l, t, token_spelled(meant), len);
    t->reported = true;
    diag_misspelt(l->diags, t->span, meant);
}

static void take_bad(cel_lexer *l, cel_token *t, size_t len) {
    take(l, t, TOKEN_BAD, len);
    t->reported = true;
}

// ---- Words and numbers ----------------------------------------------------------------------------------------------

// The end of a run of letters, digits and characters that somebody may take for letters.
static const char *word_end(const cel_lexer *l, const char *at) {
    while (at < l->end) {
        if (is(*at, NAME)) {
            at++;
        } else if (is_foreign(*at)) {
            const char *next = at;
            if (lookalike(utf8_next(&next, l->end))) break;
            at = next;
        } else {
            break;
        }
    }
    return at;
}

// Whether a quote at `at` closes what none opened: those from there to the end of the line are not in pairs.
static bool closes_nothing(const cel_lexer *l, const char *at) {
    if (at == l->end || (*at != '"' && *at != '\'')) return false;
    char quote = *at;
    size_t count = 0;
    for (; at < l->end && *at != '\n' && *at != '\r'; at++) {
        if (*at == quote) count++;
        if (*at == '\\' && l->end - at > 1) at++;
    }
    return count % 2 == 1;
}

// A word that is no name; with the quote behind it if that was to close a text that no quote opens.
static void take_foreign_word(cel_lexer *l, cel_token *t) {
    const char *last = word_end(l, l->at);
    bool quote = closes_nothing(l, last);
    take_bad(l, t, (size_t)(last + quote - l->at));
    if (quote) {
        diag_string_unopened(l->diags, t->span);
    } else {
        diag_foreign_name(l->diags, t->span);
    }
}

static void take_word(cel_lexer *l, cel_token *t) {
    const char *at = l->at + 1;
    while (at < l->end && is(*at, NAME)) at++;
    size_t len = (size_t)(at - l->at);
    cel_token_kind kind = token_of_word(l->at, len);
    if (word_end(l, at) != at || (kind == TOKEN_IDENT && closes_nothing(l, at))) {
        take_foreign_word(l, t);
    } else {
        take(l, t, kind, len);
    }
}

static const char *digits(const cel_lexer *l, const char *at, int class) {
    while (at < l->end && is(*at, class)) at++;
    return at;
}

// The end of an exponent at `at`, or `at` if there is none.
static const char *exponent(const cel_lexer *l, const char *at) {
    const char *p = at;
    if (p == l->end || (*p != 'e' && *p != 'E')) return at;
    p++;
    if (p < l->end && (*p == '+' || *p == '-')) p++;
    const char *last = digits(l, p, DIGIT);
    return last == p ? at : last;
}

// Nothing but the operator `in` may follow a number without a space.
static bool ends_number(const cel_lexer *l, const char *at) {
    if (at == l->end || !(is(*at, NAME) || (is_foreign(*at) && word_end(l, at) != at))) return true;
    const char *last = word_end(l, at);
    return token_of_word(at, (size_t)(last - at)) == TOKEN_IN;
}

static void take_number(cel_lexer *l, cel_token *t) {
    cel_token_kind kind = TOKEN_INT;
    const char *at;
    bool complete = true;
    if (peek(l, 0) == '0' && peek(l, 1) == 'x') {
        at = digits(l, l->at + 2, HEX);
        complete = at > l->at + 2;
    } else {
        at = digits(l, l->at, DIGIT);
        if (at + 1 < l->end && at[0] == '.' && is(at[1], DIGIT)) {
            kind = TOKEN_DOUBLE;
            at = digits(l, at + 1, DIGIT);
        }
        const char *last = exponent(l, at);
        if (last != at) {
            kind = TOKEN_DOUBLE;
            at = last;
        }
    }
    if (kind == TOKEN_INT && complete && at < l->end && (*at == 'u' || *at == 'U')) {
        kind = TOKEN_UINT;
        at++;
    }
    if (complete && ends_number(l, at)) {
        take(l, t, kind, (size_t)(at - l->at));
    } else {
        take_bad(l, t, (size_t)(word_end(l, at) - l->at));
        diag_number(l->diags, t->span);
    }
}

// ---- Strings and quoted names ---------------------------------------------------------------------------------------

// The length of what a string literal begins with (`br"` is 2, `"` is 0), or SIZE_MAX if none begins here.
static size_t string_prefix(const cel_lexer *l) {
    size_t len = 0;
    if (peek(l, len) == 'b' || peek(l, len) == 'B') len++;
    if (peek(l, len) == 'r' || peek(l, len) == 'R') len++;
    return peek(l, len) == '"' || peek(l, len) == '\'' ? len : SIZE_MAX;
}

// The first closing run of quotes from `at` on, or NULL.
static const char *closing_quotes(const char *at, const char *end, char quote, size_t quotes, bool raw) {
    for (; at < end; at++) {
        if (*at == quote) {
            if (quotes == 1) return at;
            if (end - at >= 3 && at[1] == quote && at[2] == quote) return at;
        } else if (quotes == 1 && (*at == '\n' || *at == '\r')) {
            return NULL;
        } else if (*at == '\\' && !raw) {
            if (quotes == 1 && at + 1 < end && (at[1] == '\n' || at[1] == '\r')) return NULL;
            at++;
        }
    }
    return NULL;
}

static const char *line_end(const char *at, const char *end) {
    while (at < end && *at != '\n' && *at != '\r') at++;
    return at;
}

// Where a string ends that its line does not close, at the end of that line or behind the quote that closes it on
// a later one: so it is if quotes stand on a later line, and on the first such line not in pairs, as strings of its own
// would have them. All up to there is text then, of which no word is taken for a name.
static const char *open_string_end(const char *own_end, const char *end, char quote, bool raw) {
    const char *close = NULL;
    size_t quotes = 0;
    for (const char *at = own_end; at < end && !(quotes && (*at == '\n' || *at == '\r')); at++) {
        if (*at == quote) {
            if (quotes++ == 0) close = at + 1;
        } else if (*at == '\\' && !raw && end - at > 1 && at[1] != '\n' && at[1] != '\r') {
            at++;
        }
    }
    return quotes % 2 ? close : own_end;
}

static void take_string(cel_lexer *l, cel_token *t, size_t prefix) {
    const char *open = l->at + prefix;
    char quote = *open;
    size_t quotes = l->end - open >= 3 && open[1] == quote && open[2] == quote ? 3 : 1;
    bool bytes = prefix > 0 && (*l->at == 'b' || *l->at == 'B');
    bool raw = prefix > (bytes ? 1u : 0u);
    const char *close = closing_quotes(open + quotes, l->end, quote, quotes, raw);
    if (!close) {
        const char *last = quotes == 1 ? line_end(open, l->end) : l->end;
        cel_span shown = span_between(l, l->at, last);
        if (quotes == 1) last = open_string_end(last, l->end, quote, raw);
        take_bad(l, t, (size_t)(last - l->at));
        diag_string_open(l->diags, shown, prefix + quotes, quote, quotes == 3);
        return;
    }
    take(l, t, bytes ? TOKEN_BYTES : TOKEN_STRING, (size_t)(close + quotes - l->at));
    t->raw = raw;
    t->quotes = (uint8_t)quotes;
}

static bool in_quoted_name(char c) {
    return is(c, NAME) || c == '.' || c == '-' || c == '/' || c == ' ';
}

static void take_quoted_name(cel_lexer *l, cel_token *t) {
    const char *from = l->at + 1, *last = line_end(from, l->end);
    const char *close = memchr(from, '`', (size_t)(last - from));
    if (!close) {
        take_bad(l, t, (size_t)(last - l->at));
        diag_quoted_name_open(l->diags, t->span);
        return;
    }
    const char *at = from;
    while (at < close && in_quoted_name(*at)) at++;
    take(l, t, TOKEN_QUOTED, (size_t)(close + 1 - l->at));
    t->quotes = 1;
    t->raw = true;
    if (at < close || close == from) {
        t->reported = true;
        diag_quoted_name(l->diags, t->span);
    }
}

// ---- What is no CEL -------------------------------------------------------------------------------------------------

// Text between typographic quotes, as one bad token, so that its words are not taken for names.
static void take_typographic(cel_lexer *l, cel_token *t, const char *open_end, const char *meant) {
    const char *at = open_end, *last = line_end(at, l->end);
    size_t len = (size_t)(open_end - l->at);
    while (at < last) {
        uint32_t c = utf8_next(&at, last);
        const char *other = lookalike(c);
        if (c == (unsigned char)*meant || (other && strcmp(other, meant) == 0)) {
            len = (size_t)(at - l->at);
            break;
        }
    }
    cel_span open = span_between(l, l->at, open_end);
    take_bad(l, t, len);
    diag_misspelt(l->diags, open, meant);
}

// False if the character stood for white space.
static bool take_foreign(cel_lexer *l, cel_token *t) {
    const char *next = l->at;
    uint32_t c = utf8_next(&next, l->end);
    const char *meant = lookalike(c);
    if (!meant && !utf8_printable(c)) meant = "";
    size_t len = (size_t)(next - l->at);
    if (!meant) {
        take_foreign_word(l, t);
    } else if (*meant == '"' || *meant == '\'') {
        take_typographic(l, t, next, meant);
    } else if (*meant == '\0' || *meant == ' ') {
        diag_misspelt(l->diags, span_between(l, l->at, next), meant);
        l->at = next;
        return false;
    } else {
        mend(l, t, meant, len);
    }
    return true;
}

static void take_unexpected(cel_lexer *l, cel_token *t) {
    char c = *l->at;
    size_t len = 1;
    while (l->at + len < l->end && l->at[len] == c) len++;
    cel_span span = span_between(l, l->at, l->at + len);
    if (c == '$' || c == '@') len = (size_t)(word_end(l, l->at + len) - l->at); // other languages' names
    take_bad(l, t, len);
    diag_unexpected_character(l->diags, span);
}

// ---- Operators and white space --------------------------------------------------------------------------------------

void lexer_init(cel_lexer *l, tact_str source, cel_diags *diags) {
    const char *text = source.len ? source.ptr : "";
    *l = (cel_lexer){text, text, text + source.len, diags};
}

// Behind the next `*/`, or the end.
static const char *comment_end(const char *at, const char *end) {
    for (; end - at >= 2; at++) {
        if (at[0] == '*' && at[1] == '/') return at + 2;
    }
    return end;
}

// White space and comments, those of other languages as well. True if one of those was reported, which takes the place
// of what follows as the fault there.
static bool skip_space(cel_lexer *l) {
    bool reported = false;
    while (l->at < l->end) {
        if (is(*l->at, SPACE)) {
            l->at++;
        } else if (*l->at == '/' && peek(l, 1) == '/') {
            const char *last = memchr(l->at, '\n', (size_t)(l->end - l->at));
            l->at = last ? last : l->end;
        } else if (*l->at == '/' && peek(l, 1) == '*') {
            diag_unexpected_character(l->diags, span_between(l, l->at, l->at + 2));
            reported = true;
            l->at = comment_end(l->at + 2, l->end);
        } else if (*l->at == '#') {
            diag_unexpected_character(l->diags, span_between(l, l->at, l->at + 1));
            reported = true;
            l->at = line_end(l->at, l->end);
        } else {
            break;
        }
    }
    return reported;
}

// Operators that share a beginning, longest first, and what other languages write for them.
static void take_operator(cel_lexer *l, cel_token *t) {
    static const struct {
        char written[4];
        uint8_t len;
        cel_token_kind kind;
    } table[] = {
        {"===", 3, TOKEN_EQ}, {"= =", 3, TOKEN_EQ}, {"= >", 3, TOKEN_GE},  {"= <", 3, TOKEN_LE}, {"==", 2, TOKEN_EQ},
        {"=<", 2, TOKEN_LE},  {"=>", 2, TOKEN_GE},  {"=", 1, TOKEN_EQ},    {"!==", 3, TOKEN_NE}, {"! =", 3, TOKEN_NE},
        {"!=", 2, TOKEN_NE},  {"!", 1, TOKEN_NOT},  {"< =", 3, TOKEN_LE},  {"< >", 3, TOKEN_NE}, {"<==", 3, TOKEN_LE},
        {"<>", 2, TOKEN_NE},  {"<=", 2, TOKEN_LE},  {"<", 1, TOKEN_LT},    {"> =", 3, TOKEN_GE}, {">==", 3, TOKEN_GE},
        {">=", 2, TOKEN_GE},  {">", 1, TOKEN_GT},   {"&&&", 3, TOKEN_AND}, {"&&", 2, TOKEN_AND}, {"&", 1, TOKEN_AND},
        {"|||", 3, TOKEN_OR}, {"||", 2, TOKEN_OR},  {"|", 1, TOKEN_OR},
    };
    size_t i = 0;
    while (*l->at != table[i].written[0] || (size_t)(l->end - l->at) < table[i].len ||
           memcmp(l->at, table[i].written, table[i].len) != 0) {
        i++;
    }
    const char *meant = token_spelling(table[i].kind);
    if (strcmp(table[i].written, meant) == 0) {
        take(l, t, table[i].kind, table[i].len);
    } else {
        mend(l, t, meant, table[i].len);
    }
}

// `->` is no CEL: fields are behind it elsewhere, or, behind a blank, what is said of a variable.
static void take_arrow(cel_lexer *l, cel_token *t) {
    bool apart = l->at > l->start && is(l->at[-1], SPACE);
    mend(l, t, apart ? "," : ".", 2);
}

// ---- Words of other languages ---------------------------------------------------------------------------------------

// Behind `words` at `at`, in any case of letters, or NULL if they do not stand there.
static const char *words_end(const cel_lexer *l, const char *at, const char *words) {
    for (; *words; words++) {
        if (*words == ' ') {
            while (at < l->end && is(*at, SPACE)) at++;
        } else if (at < l->end && (*at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at) == *words) {
            at++;
        } else {
            return NULL;
        }
    }
    return at == l->end || !is(*at, NAME) ? at : NULL;
}

// Whether what stands at `at` can follow no name, since an operand begins there; or (`reserved`) nothing that is no
// name.
static bool begins_operand(const cel_lexer *l, const char *at, bool reserved) {
    while (at < l->end && is(*at, SPACE)) at++;
    if (reserved && at < l->end && *at == '(') return true;
    if (at == l->end || !(is(*at, NAME) || *at == '"' || *at == '\'')) return false;
    return token_of_word(at, (size_t)(word_end(l, at) - at)) != TOKEN_IN;
}

bool lexer_slip(cel_lexer *l, cel_token *t, bool operand, bool quiet) {
    static const struct {
        cel_token_kind kind;
        bool operand;
        const char *words, *hint;
    } table[] = {
#define X(KIND, words, hint) {TOKEN_##KIND, false, words, hint},
#define BEFORE(KIND, words, hint) {TOKEN_##KIND, true, words, hint},
#include "cel/slip_tbl.h"
#undef X
#undef BEFORE
    };
    const char *at = l->start + t->span.pos, *last = NULL;
    size_t i = 0, count = sizeof table / sizeof *table;
    for (; i < count; i++) {
        last = table[i].operand == operand ? words_end(l, at, table[i].words) : NULL;
        if (last) break;
    }
    if (i == count || (operand && !begins_operand(l, last, t->kind == TOKEN_RESERVED))) return false;
    l->at = at;
    take(l, t, table[i].kind, (size_t)(last - at));
    t->reported = true;
    if (!quiet) diag_slip(l->diags, t->span, token_spelling(t->kind), table[i].hint);
    return true;
}

// ---- The next token -------------------------------------------------------------------------------------------------

void lexer_next(cel_lexer *l, cel_token *t) {
    *t = (cel_token){0};
again:
    t->reported |= skip_space(l);
    if (l->at == l->end) {
        take(l, t, TOKEN_END, 0);
        return;
    }
    char c = *l->at;
    if (is(c, DIGIT) || (c == '.' && is(peek(l, 1), DIGIT))) {
        take_number(l, t);
        return;
    }
    if (is(c, NAME) || c == '"' || c == '\'') {
        size_t prefix = string_prefix(l);
        if (prefix != SIZE_MAX) {
            take_string(l, t, prefix);
        } else {
            take_word(l, t);
        }
        return;
    }
    switch (c) {
    case '(': take(l, t, TOKEN_LPAREN, 1); break;
    case ')': take(l, t, TOKEN_RPAREN, 1); break;
    case '[': take(l, t, TOKEN_LBRACKET, 1); break;
    case ']': take(l, t, TOKEN_RBRACKET, 1); break;
    case '{': take(l, t, TOKEN_LBRACE, 1); break;
    case '}': take(l, t, TOKEN_RBRACE, 1); break;
    case '.': take(l, t, TOKEN_DOT, 1); break;
    case ',': take(l, t, TOKEN_COMMA, 1); break;
    case ':': take(l, t, TOKEN_COLON, 1); break;
    case '?': take(l, t, TOKEN_QUESTION, 1); break;
    case '+': take(l, t, TOKEN_ADD, 1); break;
    case '-':
        if (peek(l, 1) == '>') {
            take_arrow(l, t);
        } else {
            take(l, t, TOKEN_SUB, 1);
        }
        break;
    case '*': take(l, t, TOKEN_MUL, 1); break;
    case '/': take(l, t, TOKEN_DIV, 1); break;
    case '%': take(l, t, TOKEN_MOD, 1); break;
    case '=':
    case '!':
    case '<':
    case '>':
    case '&':
    case '|': take_operator(l, t); break;
    case '`': take_quoted_name(l, t); break;
    default:
        if (!is_foreign(c)) {
            take_unexpected(l, t);
        } else if (!take_foreign(l, t)) {
            goto again;
        }
        break;
    }
}

// ---- The text of a literal ------------------------------------------------------------------------------------------

typedef struct decoder {
    const cel_lexer *l;
    const char *at, *end; // what is still to be decoded
    char *out;
    bool bytes;
} decoder;

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return (c | 0x20) - 'a' + 10;
}

// Reads `count` digits of an escape at `at`; false, with a diagnostic, if there are not as many.
static bool escape_digits(decoder *d, const char *escape, int base, size_t count, uint32_t *value) {
    *value = 0;
    for (size_t i = 0; i < count; i++, d->at++) {
        bool fits = d->at < d->end && (base == 16 ? is(*d->at, HEX) : *d->at >= '0' && *d->at <= '7');
        if (!fits) {
            diag_escape_digits(d->l->diags, span_between(d->l, escape, d->at), base, count);
            return false;
        }
        *value = *value * (uint32_t)base + (uint32_t)hex_value(*d->at);
    }
    return true;
}

// A number: a code point in a string, a byte in bytes.
static void decode_number(decoder *d, const char *escape, int base, size_t count) {
    uint32_t value;
    if (!escape_digits(d, escape, base, count, &value)) return;
    cel_span span = span_between(d->l, escape, d->at);
    if (d->bytes && count > 3) { // \u and \U
        diag_escape_in_bytes(d->l->diags, span);
    } else if (d->bytes) {
        *d->out++ = (char)value;
    } else {
        size_t len = utf8_put(d->out, value);
        if (len == 0) diag_escape_code_point(d->l->diags, span, value);
        d->out += len;
    }
}

static void decode_escape(decoder *d) {
    static const char letters[] = "abfnrtv\\?\"'`", meant[] = "\a\b\f\n\r\t\v\\?\"'`";
    const char *escape = d->at++;
    const char *after = d->at;
    (void)utf8_next(&after, d->end); // the lexer saw to it that something follows
    char c = *d->at;
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        d->at++;
        *d->out++ = meant[letter - letters];
    } else if (c == 'x' || c == 'X') {
        d->at++;
        decode_number(d, escape, 16, 2);
    } else if (c == 'u' || c == 'U') {
        d->at++;
        decode_number(d, escape, 16, c == 'u' ? 4 : 8);
    } else if (c >= '0' && c <= '3') {
        decode_number(d, escape, 8, 3);
    } else {
        d->at = after;
        diag_escape(d->l->diags, span_between(d->l, escape, after));
    }
}

// Line ends are a line feed in every literal, whatever the file they were written in has.
static void decode(decoder *d, bool raw) {
    while (d->at < d->end) {
        if (*d->at == '\\' && !raw) {
            decode_escape(d);
        } else if (*d->at == '\r') {
            d->at += d->end - d->at > 1 && d->at[1] == '\n' ? 2 : 1;
            *d->out++ = '\n';
        } else {
            *d->out++ = *d->at++;
        }
    }
}

bool lexer_text(const cel_lexer *l, const cel_token *t, tact_str *text) {
    const char *at = l->start + t->span.pos, *end = at + t->span.len - t->quotes;
    if (t->kind != TOKEN_QUOTED) {
        while (*at != '"' && *at != '\'') at++;
    }
    at += t->quotes;
    size_t len = (size_t)(end - at);
    *text = (tact_str){at, len};
    bool escaped = !t->raw && memchr(at, '\\', len);
    if (!escaped && !(t->quotes == 3 && memchr(at, '\r', len))) return true;
    char *out = arena_alloc(l->diags->arena, len); // no escape is longer decoded than written
    if (!out) return false;
    decoder d = {l, at, end, out, t->kind == TOKEN_BYTES};
    decode(&d, t->raw);
    *text = (tact_str){out, (size_t)(d.out - out)};
    return true;
}
