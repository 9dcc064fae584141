// SPDX-License-Identifier: Apache-2.0
//
// Tokens by their hashes, in a table of open addressing. Where a hash is looked for follows from the hash itself, which
// nobody can choose who does not know a token already; only the comparison takes as long whatever it finds.
#include "server/access.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/near.h"
#include "base/sign.h"
#include "base/utf8.h"

#define BEGINNING "tact_" // of every token: who finds one in a file knows what it opens
enum { NAME_MAX_LEN = 64, CELLS_MIN = 16 };

typedef struct token {
    uint8_t hash[HASH_SUM];
    tact_str name;
    uint32_t roles;
} token;

struct access_list {
    token *tokens;
    uint32_t count;
    uint32_t *cells; // a token's number plus one; 0 is free
    uint32_t mask;   // cells - 1
};

// ---- Roles ----------------------------------------------------------------------------------------------------------

static const struct role {
    access_role role;
    const char *name;
} roles_known[] = {
    {ACCESS_DECIDE, "decide"},   {ACCESS_RECORD, "record"}, {ACCESS_PUBLISH, "publish"},
    {ACCESS_OPERATE, "operate"}, {ACCESS_PAGE, "page"},
};
#define ROLES (sizeof roles_known / sizeof *roles_known)

const char *access_role_name(access_role role) {
    for (size_t i = 0; i < ROLES; i++) {
        if (roles_known[i].role == role) return roles_known[i].name;
    }
    return "";
}

static const struct role *find_role(tact_str name) {
    for (size_t i = 0; i < ROLES; i++) {
        size_t len = strlen(roles_known[i].name);
        if (name.len == len && memcmp(name.ptr, roles_known[i].name, len) == 0) return &roles_known[i];
    }
    return NULL;
}

static tact_err unknown_role(tact_str name, tact_error *error) {
    utf8_shown room;
    near n = near_to(name);
    for (size_t i = 0; i < ROLES; i++) near_offer(&n, tact_str_from(roles_known[i].name));
    if (n.best.len)
        return err_set(error, TACT_INVALID, "there is no role `%s`; did you mean `%.*s`?", utf8_show(&room, name),
                       (int)n.best.len, n.best.ptr);
    return err_set(error, TACT_INVALID, "there is no role `%s`: roles are decide, record, publish, operate and page",
                   utf8_show(&room, name));
}

tact_err access_roles_parse(tact_str text, uint32_t *out, tact_error *error) {
    uint32_t roles = 0;
    for (size_t at = 0; at <= text.len;) {
        const char *start = text.ptr + at, *comma = memchr(start, ',', text.len - at);
        tact_str name = {start, comma ? (size_t)(comma - start) : text.len - at};
        const struct role *r = find_role(name);
        if (!r) return unknown_role(name, error);
        roles |= (uint32_t)r->role;
        at += name.len + 1;
    }
    *out = roles;
    return TACT_OK;
}

// ---- Looking up -----------------------------------------------------------------------------------------------------

static uint32_t cell_of(const uint8_t hash[HASH_SUM]) {
    uint32_t cell;
    memcpy(&cell, hash, sizeof cell);
    return cell;
}

static bool same_hash(const uint8_t *a, const uint8_t *b) {
    volatile uint8_t different = 0; // so that no compiler ends the loop early
    for (size_t i = 0; i < HASH_SUM; i++) different |= (uint8_t)(a[i] ^ b[i]);
    return different == 0;
}

static token *find(const access_list *a, const uint8_t hash[HASH_SUM]) {
    if (!a->count) return NULL;
    for (uint32_t cell = cell_of(hash) & a->mask; a->cells[cell]; cell = (cell + 1) & a->mask) {
        token *t = &a->tokens[a->cells[cell] - 1];
        if (same_hash(t->hash, hash)) return t;
    }
    return NULL;
}

uint32_t access_roles(const access_list *a, tact_str text, tact_str *name) {
    *name = TACT_STR("");
    if (!a) return ACCESS_ALL;
    if (!text.len || text.len >= ACCESS_TOKEN_MAX) return 0;
    uint8_t hash[HASH_SUM];
    hash_bytes(text, hash);
    const token *t = find(a, hash);
    if (!t) return 0;
    *name = t->name;
    return t->roles;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

// The next word of a line, which then begins behind it; empty at its end or a comment.
static tact_str next_word(tact_str *line) {
    while (line->len && is_blank(line->ptr[0])) *line = (tact_str){line->ptr + 1, line->len - 1};
    tact_str word = {line->ptr, 0};
    if (line->len && line->ptr[0] == '#') return word;
    while (word.len < line->len && !is_blank(line->ptr[word.len])) word.len++;
    *line = (tact_str){line->ptr + word.len, line->len - word.len};
    return word;
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(tact_str text, uint8_t out[HASH_SUM]) {
    if (text.len != 2 * HASH_SUM) return false;
    for (size_t i = 0; i < HASH_SUM; i++) {
        int high = hex_digit(text.ptr[2 * i]), low = hex_digit(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

tact_err access_name_check(tact_str name, tact_error *error) {
    bool good = name.len > 0 && name.len <= NAME_MAX_LEN && name.ptr[0] != '#' && utf8_valid(name.ptr, name.len);
    for (const char *at = name.ptr, *end = at + name.len; good && at < end;) {
        uint32_t c = utf8_next(&at, end);
        good = c != ' ' && utf8_printable(c);
    }
    utf8_shown room;
    return good ? TACT_OK
                : err_set(error, TACT_INVALID, "`%s` is no name: one has no blanks, and 1 to %d bytes",
                          utf8_show(&room, name), NAME_MAX_LEN);
}

static tact_err no_hash(tact_str word, tact_error *error) {
    size_t len = sizeof BEGINNING - 1;
    if (word.len > len && memcmp(word.ptr, BEGINNING, len) == 0)
        return err_set(error, TACT_INVALID,
                       "a token itself stands here: it is not to be kept in files; make another one, "
                       "and put the line here that `tact token` prints");
    return err_set(error, TACT_INVALID,
                   "a line is a token's hash (%d hexadecimal digits), a name, and roles; "
                   "`tact token` makes it",
                   2 * HASH_SUM);
}

static tact_err read_token(arena *a, tact_str line, token *out, bool *there, tact_error *error) {
    tact_str hash = next_word(&line), name = next_word(&line), roles = next_word(&line), more = next_word(&line);
    *there = hash.len > 0;
    if (!*there) return TACT_OK;
    if (!read_hex(hash, out->hash)) return no_hash(hash, error);
    if (!roles.len)
        return err_set(error, TACT_INVALID, "behind the hash come a name and roles, as `website decide,record`");
    utf8_shown room;
    if (more.len)
        return err_set(error, TACT_INVALID,
                       "`%s` stands behind the roles; these have commas and no blanks between them",
                       utf8_show(&room, more));
    tact_err err = access_name_check(name, error);
    if (!err) err = access_roles_parse(roles, &out->roles, error);
    if (err) return err;
    out->name = (tact_str){arena_copy(a, name.ptr, name.len), name.len};
    return out->name.ptr ? TACT_OK : err_set(error, TACT_NO_MEMORY, "out of memory");
}

static tact_err add(access_list *x, const token *t, tact_error *error) {
    const token *twin = find(x, t->hash);
    utf8_shown room;
    if (twin)
        return err_set(error, TACT_INVALID, "this token has a line already, as `%s`", utf8_show(&room, twin->name));
    if (x->count == ACCESS_TOKENS_MAX)
        return err_set(error, TACT_INVALID, "these are more than %d tokens", ACCESS_TOKENS_MAX);
    uint32_t cell = cell_of(t->hash) & x->mask;
    while (x->cells[cell]) cell = (cell + 1) & x->mask;
    x->tokens[x->count++] = *t;
    x->cells[cell] = x->count;
    return TACT_OK;
}

// Room for a token on each line, and twice as many cells.
static access_list *make(arena *a, tact_str text) {
    size_t lines = 1, cells = CELLS_MIN;
    for (size_t i = 0; i < text.len; i++) lines += text.ptr[i] == '\n';
    if (lines > ACCESS_TOKENS_MAX) lines = ACCESS_TOKENS_MAX;
    while (cells < 2 * lines) cells *= 2;
    access_list *x = ARENA_NEW(a, access_list);
    if (!x) return NULL;
    x->tokens = arena_array(a, lines, sizeof *x->tokens);
    x->cells = arena_zalloc(a, cells * sizeof *x->cells);
    x->mask = (uint32_t)cells - 1;
    return x->tokens && x->cells ? x : NULL;
}

tact_err access_read(arena *a, const char *file, tact_str text, access_list **out, tact_error *error) {
    access_list *x = make(a, text);
    if (!x) return err_set(error, TACT_NO_MEMORY, "out of memory");
    uint32_t number = 1;
    for (size_t at = 0; at < text.len; number++) {
        const char *start = text.ptr + at, *newline = memchr(start, '\n', text.len - at);
        tact_str line = {start, newline ? (size_t)(newline - start) : text.len - at};
        token t = {0};
        tact_error why;
        bool there;
        tact_err err = read_token(a, line, &t, &there, &why);
        if (!err && there) err = add(x, &t, &why);
        if (err) return err_set(error, err, "%.240s:%u: %s", file, number, why.text);
        at += line.len + 1;
    }
    *out = x;
    return TACT_OK;
}

// ---- Making ---------------------------------------------------------------------------------------------------------

// In the alphabet of base64 that URLs and shells leave alone (RFC 4648, section 5), without padding.
tact_err access_token_new(char text[ACCESS_TOKEN_MAX], tact_error *error) {
    uint8_t secret[HASH_SECRET];
    char digits[(HASH_SECRET + 2) / 3 * 4];
    _Static_assert(sizeof BEGINNING + sizeof digits <= ACCESS_TOKEN_MAX, "a token has room");
    tact_err err = hash_secret_draw(secret, error);
    if (err) return err;
    base64_encode(digits, (const char *)secret, sizeof secret);
    memcpy(text, BEGINNING, sizeof BEGINNING);
    char *at = text + sizeof BEGINNING - 1;
    for (size_t i = 0; i < sizeof digits && digits[i] != '='; i++) {
        *at++ = (char)(digits[i] == '+' ? '-' : digits[i] == '/' ? '_' : digits[i]);
    }
    *at = '\0';
    sign_forget(secret, sizeof secret);
    sign_forget(digits, sizeof digits);
    return TACT_OK;
}

tact_str access_line(arena *a, const char *text, tact_str name, uint32_t roles) {
    uint8_t hash[HASH_SUM];
    buf line = buf_in(a);
    hash_bytes(tact_str_from(text), hash);
    for (size_t i = 0; i < sizeof hash; i++) buf_printf(&line, "%02x", hash[i]);
    buf_printf(&line, "  %.*s  ", (int)name.len, name.ptr);
    const char *between = "";
    for (size_t i = 0; i < ROLES; i++) {
        if (!(roles & (uint32_t)roles_known[i].role)) continue;
        buf_printf(&line, "%s%s", between, roles_known[i].name);
        between = ",";
    }
    buf_add_char(&line, '\n');
    return buf_done(&line);
}
