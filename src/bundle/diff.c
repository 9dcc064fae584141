// SPDX-License-Identifier: Apache-2.0
//
// Comparing drafts, key by key of format_tbl.h: nothing here has a list of keys. Subtle: caps have no names, so those
// that are on both sides are set aside first, then those are paired that differ in one key, and the rest came or went.
#include "bundle/diff.h"

#include "base/utf8.h"
#include "cel/lexer.h"
#include "value/time.h"

// ---- Tables ---------------------------------------------------------------------------------------------------------

enum { ONE, NAMED, LISTED, PLAIN };
enum { DRAFT_NONE = -1, DRAFT_BOOL = -1, DRAFT_DOUBLE = -1 }; // kinds that are no section

enum {
#define X(NAME, check, words, json, what) FORM_##NAME,
#include "bundle/format_form_tbl.h"
#undef X
};

static const struct {
    int of, form, kind;
} keys[DRAFT_KEYS] = {
#define KEY(OF, NAME, key, form, kind, need, doc) {DRAFT_##OF, FORM_##form, DRAFT_##kind},
#include "bundle/format_tbl.h"
};

static const int shapes[DRAFT_SECTIONS] = {
#define SECTION(NAME, key, shape, noun, example, doc) [DRAFT_##NAME] = shape,
#include "bundle/format_tbl.h"
};

// ---- What is written ------------------------------------------------------------------------------------------------

// Whether it is true, false, null or a number, which in quotes would be a text.
static bool is_no_text(const yaml_node *n) {
    bool b;
    double f;
    return n->plain && (yaml_is_null(n) || yaml_bool(n, &b) || yaml_double(n, &f));
}

// Whether it is a text only since it stands in quotes.
static bool reads_otherwise(const yaml_node *n) {
    yaml_node bare = *n;
    bare.plain = true;
    return !n->plain && is_no_text(&bare);
}

static bool in_map(const strmap *map, const yaml_node *item, const yaml_node **other) {
    *other = strmap_get(map, item->key);
    return *other != NULL;
}

// The items of a map by their keys. What memory does not hold is not there, and `failed` then.
static strmap by_key(diff *d, const yaml_node *map) {
    strmap items = strmap_in(d->arena);
    for (const yaml_node *item = map->first; item; item = item->next) {
        if (strmap_put(&items, item->key, (void *)(uintptr_t)item)) d->failed = true;
    }
    return items;
}

static bool same(diff *d, const yaml_node *x, const yaml_node *y);

static bool same_map(diff *d, const yaml_node *x, const yaml_node *y) {
    strmap items = by_key(d, y);
    const yaml_node *other;
    for (const yaml_node *item = x->first; item; item = item->next) {
        if (!in_map(&items, item, &other) || !same(d, item, other)) return false;
    }
    return true;
}

static bool same_list(diff *d, const yaml_node *x, const yaml_node *y) {
    for (x = x->first, y = y->first; x && y; x = x->next, y = y->next) {
        if (!same(d, x, y)) return false;
    }
    return true;
}

// ---- What is meant --------------------------------------------------------------------------------------------------

// Scalars of some forms may be written in different ways and mean the same. Each of these is asked only if the texts
// are different; false: they mean different things, or who knows what.

static bool same_number(diff *d, const yaml_node *x, const yaml_node *y) {
    double a, b;
    (void)d;
    return x->plain && y->plain && yaml_double(x, &a) && yaml_double(y, &b) && a == b;
}

static bool same_span(diff *d, const yaml_node *x, const yaml_node *y) {
    tact_value a, b;
    (void)d;
    return time_parse_span(x->text, &a) == TIME_OK && time_parse_span(y->text, &b) == TIME_OK && a.as.i == b.as.i;
}

// A date alone is a moment only in the bundle's time zone, and is left to its text.
static bool same_time(diff *d, const yaml_node *x, const yaml_node *y) {
    tact_value a, b;
    (void)d;
    return time_parse_timestamp(x->text, &a) == TIME_OK && time_parse_timestamp(y->text, &b) == TIME_OK &&
           a.as.i == b.as.i && a.len == b.len;
}

static bool is_token(const cel_lexer *l, const cel_token *x, const cel_lexer *m, const cel_token *y) {
    size_t len = x->span.len;
    return x->kind == y->kind && x->kind != TOKEN_BAD && len == y->span.len &&
           memcmp(l->start + x->span.pos, m->start + y->span.pos, len) == 0;
}

static bool same_expression(diff *d, const yaml_node *x, const yaml_node *y) {
    cel_diags faults;
    cel_lexer l, m;
    cel_token a, b;
    diag_init(&faults, d->arena, x->text);
    lexer_init(&l, x->text, &faults);
    lexer_init(&m, y->text, &faults);
    do {
        lexer_next(&l, &a);
        lexer_next(&m, &b);
        if (!is_token(&l, &a, &m, &b)) return false;
    } while (a.kind != TOKEN_END);
    return true;
}

static bool (*const meanings[])(diff *d, const yaml_node *x, const yaml_node *y) = {
    [FORM_COUNT] = same_number,   [FORM_POSITIVE] = same_number, [FORM_NUMBER] = same_number,
    [FORM_PERCENT] = same_number, [FORM_PERCENTS] = same_number, [FORM_SPAN] = same_span,
    [FORM_TIME] = same_time,      [FORM_EXPR] = same_expression, [FORM_PARTS] = NULL,
};

static bool same_as(diff *d, int form, const yaml_node *x, const yaml_node *y) {
    if (same(d, x, y)) return true;
    return x->kind == YAML_SCALAR && y->kind == YAML_SCALAR && meanings[form] && meanings[form](d, x, y);
}

// The form of a part's key.
static int form_in(int part, tact_str key) {
    for (int i = 0; i < DRAFT_KEYS; i++) {
        if (keys[i].of == part && tact_str_equal(key, tact_str_from(draft_key_text((draft_key_number)i))))
            return keys[i].form;
    }
    return FORM_TEXT;
}

static bool same(diff *d, const yaml_node *x, const yaml_node *y) {
    if (x->kind != y->kind || x->count != y->count) return false;
    if (x->kind == YAML_MAP) return same_map(d, x, y);
    if (x->kind == YAML_LIST) return same_list(d, x, y);
    return tact_str_equal(x->text, y->text) && is_no_text(x) == is_no_text(y);
}

// On one line, as YAML would have it; texts that stand in quotes get some.
static void add_flow(buf *out, const yaml_node *n) {
    if (n->kind == YAML_SCALAR) {
        if (!n->plain) buf_add_char(out, '\'');
        buf_add_str(out, n->text);
        if (!n->plain) buf_add_char(out, '\'');
        return;
    }
    buf_add_char(out, n->kind == YAML_MAP ? '{' : '[');
    for (const yaml_node *item = n->first; item; item = item->next) {
        if (item != n->first) buf_add_text(out, ", ");
        if (n->kind == YAML_MAP) {
            buf_add_str(out, item->key);
            buf_add_text(out, ": ");
        }
        add_flow(out, item);
    }
    buf_add_char(out, n->kind == YAML_MAP ? '}' : ']');
}

static tact_str done(diff *d, buf *b) {
    tact_str text = buf_done(b);
    if (text.ptr) return text;
    d->failed = true;
    return TACT_STR("");
}

static tact_str text_of(diff *d, const yaml_node *n) {
    if (n->kind == YAML_SCALAR && !reads_otherwise(n)) {
        tact_str text = n->text;
        while (text.len && text.ptr[text.len - 1] == '\n') text.len--; // of a block
        return text.len ? text : TACT_STR("''");
    }
    buf b = buf_in(d->arena);
    add_flow(&b, n);
    return done(d, &b);
}

// ---- Parts ----------------------------------------------------------------------------------------------------------

static const yaml_node *child(const yaml_node *map, draft_key_number key) {
    const tact_str wanted = tact_str_from(draft_key_text(key));
    for (const yaml_node *item = map->first; map->kind == YAML_MAP && item; item = item->next) {
        if (tact_str_equal(item->key, wanted)) return item;
    }
    return NULL;
}

// "3 impressions every 7d", "1 click per day, for everyone". False: it is not as caps are.
static bool add_cap(buf *out, const yaml_node *n) {
    const yaml_node *on = child(n, DRAFT_CAP_ON), *max = child(n, DRAFT_CAP_MAX), *every = child(n, DRAFT_CAP_EVERY);
    const yaml_node *per = child(n, DRAFT_CAP_PER), *scope = child(n, DRAFT_CAP_SCOPE);
    uint32_t known = 2u + (every != NULL) + (per != NULL) + (scope != NULL);
    if (!on || !max || (every && per) || n->count != known) return false;
    const yaml_node *period = every ? every : per;
    buf_printf(out, "%.*s %.*s%s %s", (int)max->text.len, max->text.ptr, (int)on->text.len, on->text.ptr,
               tact_str_equal(max->text, TACT_STR("1")) ? "" : "s",
               every ? "every "
               : per ? "per "
                     : "ever");
    if (period) buf_add_str(out, period->text);
    if (scope) buf_printf(out, ", for %.*s", (int)scope->text.len, scope->text.ptr);
    return true;
}

static tact_str text_of_part(diff *d, int part, const yaml_node *n) {
    buf b = buf_in(d->arena);
    if (part != DRAFT_CAP || !add_cap(&b, n)) add_flow(&b, n);
    return done(d, &b);
}

// Whether two parts are equal but for one key.
static bool are_near(diff *d, int part, const yaml_node *x, const yaml_node *y) {
    if (x->kind != YAML_MAP || y->kind != YAML_MAP) return false;
    strmap items = by_key(d, y);
    const yaml_node *other;
    uint32_t equal = 0, most = x->count > y->count ? x->count : y->count;
    for (const yaml_node *item = x->first; item; item = item->next) {
        equal += in_map(&items, item, &other) && same_as(d, form_in(part, item->key), item, other);
    }
    return equal + 1 == most;
}

static bool same_part(diff *d, int part, const yaml_node *x, const yaml_node *y) {
    if (x->kind != YAML_MAP || y->kind != YAML_MAP || x->count != y->count) return same(d, x, y);
    strmap items = by_key(d, y);
    const yaml_node *other;
    for (const yaml_node *item = x->first; item; item = item->next) {
        if (!in_map(&items, item, &other) || !same_as(d, form_in(part, item->key), item, other)) return false;
    }
    return true;
}

// ---- What is found --------------------------------------------------------------------------------------------------

static void add_key(diff *d, diff_member *m, const diff_key *key) {
    if (m->count == m->room) {
        uint32_t room = m->room ? 2 * m->room : 4;
        diff_key *more = arena_extend(d->arena, m->keys, m->room, room, sizeof *more);
        d->failed |= !more;
        if (!more) return;
        m->keys = more;
        m->room = room;
    }
    m->keys[m->count++] = *key;
}

static tact_str join(diff *d, tact_str path, tact_str key) {
    if (!path.len) return key;
    buf b = buf_in(d->arena);
    buf_printf(&b, "%.*s.%.*s", (int)path.len, path.ptr, (int)key.len, key.ptr);
    return done(d, &b);
}

static void came_or_went(diff *d, diff_member *m, tact_str path, const yaml_node *x, const yaml_node *y) {
    const diff_key key = {.path = path,
                          .kind = !x   ? DIFF_ADDED
                                  : !y ? DIFF_REMOVED
                                       : DIFF_CHANGED,
                          .before = x ? text_of(d, x) : TACT_STR(""),
                          .after = y ? text_of(d, y) : TACT_STR("")};
    add_key(d, m, &key);
}

static void compare(diff *d, diff_member *m, tact_str path, int form, const yaml_node *x, const yaml_node *y) {
    if (x->kind != YAML_MAP || y->kind != YAML_MAP) {
        if (!same_as(d, form, x, y)) came_or_went(d, m, path, x, y);
        return;
    }
    strmap before = by_key(d, x), after = by_key(d, y);
    const yaml_node *other;
    for (const yaml_node *item = x->first; item; item = item->next) {
        tact_str at = join(d, path, item->key);
        if (in_map(&after, item, &other)) {
            compare(d, m, at, form, item, other);
        } else {
            came_or_went(d, m, at, item, NULL);
        }
    }
    for (const yaml_node *item = y->first; item; item = item->next) {
        if (!in_map(&before, item, &other)) came_or_went(d, m, join(d, path, item->key), NULL, item);
    }
}

// ---- Lists of parts -------------------------------------------------------------------------------------------------

typedef struct parts {
    const yaml_node *of[DIFF_PARTS_MAX]; // NULL: set aside
    uint32_t count;
} parts;

static parts parts_of(const yaml_node *list) {
    parts p = {.count = 0};
    for (const yaml_node *item = list ? list->first : NULL; item; item = item->next) p.of[p.count++] = item;
    return p;
}

static void add_part(diff *d, diff_member *m, tact_str path, int part, const yaml_node *x, const yaml_node *y) {
    const diff_key key = {.path = path,
                          .noun = draft_section_key((draft_section)part),
                          .kind = !x   ? DIFF_ADDED
                                  : !y ? DIFF_REMOVED
                                       : DIFF_CHANGED,
                          .before = x ? text_of_part(d, part, x) : TACT_STR(""),
                          .after = y ? text_of_part(d, part, y) : TACT_STR("")};
    add_key(d, m, &key);
}

// Takes the pairs out that `match`.
static void pair(diff *d, parts *x, parts *y, bool (*match)(diff *, int, const yaml_node *, const yaml_node *),
                 void (*found)(diff *, diff_member *, tact_str, int, const yaml_node *, const yaml_node *),
                 diff_member *m, tact_str path, int part) {
    for (uint32_t i = 0; i < x->count; i++) {
        for (uint32_t k = 0; k < y->count && x->of[i]; k++) {
            if (!y->of[k] || !match(d, part, x->of[i], y->of[k])) continue;
            if (found) found(d, m, path, part, x->of[i], y->of[k]);
            x->of[i] = y->of[k] = NULL;
        }
    }
}

static void compare_parts(diff *d, diff_member *m, tact_str path, int part, const yaml_node *x, const yaml_node *y) {
    parts before = parts_of(x), after = parts_of(y);
    pair(d, &before, &after, same_part, NULL, m, path, part);
    pair(d, &before, &after, are_near, add_part, m, path, part);
    for (uint32_t i = 0; i < before.count; i++) {
        if (before.of[i]) add_part(d, m, path, part, before.of[i], NULL);
    }
    for (uint32_t i = 0; i < after.count; i++) {
        if (after.of[i]) add_part(d, m, path, part, NULL, after.of[i]);
    }
}

static bool is_short(const yaml_node *list) {
    return !list || (list->kind == YAML_LIST && list->count <= DIFF_PARTS_MAX);
}

// ---- Members --------------------------------------------------------------------------------------------------------

// In what order arms stand decides who is in which.
static bool same_order(const yaml_node *x, const yaml_node *y) {
    for (x = x->first, y = y->first; x && y; x = x->next, y = y->next) {
        if (!tact_str_equal(x->key, y->key)) return false;
    }
    return true;
}

static void compare_key(diff *d, diff_member *m, int number, const yaml_node *x, const yaml_node *y) {
    tact_str path = tact_str_from(draft_key_text((draft_key_number)number));
    if (!x && !y) return;
    if (keys[number].form == FORM_PARTS && is_short(x) && is_short(y)) {
        compare_parts(d, m, path, keys[number].kind, x, y);
    } else if (!x || !y) {
        came_or_went(d, m, path, x, y);
    } else if (keys[number].form == FORM_PERCENTS && x->count == y->count && !same_order(x, y)) {
        came_or_went(d, m, path, x, y);
    } else {
        compare(d, m, path, keys[number].form, x, y);
    }
}

static void compare_members(diff *d, diff_member *m, const draft_member *x, const draft_member *y) {
    for (int i = 0; i < DRAFT_KEYS; i++) {
        if (keys[i].of != (int)m->section) continue;
        compare_key(d, m, i, draft_key(x, (draft_key_number)i), draft_key(y, (draft_key_number)i));
    }
}

static diff_member *new_member(diff *d) {
    if (d->count == d->room) {
        uint32_t room = d->room ? 2 * d->room : 16;
        diff_member *more = arena_extend(d->arena, d->members, d->room, room, sizeof *more);
        d->failed |= !more;
        if (!more) return NULL;
        d->members = more;
        d->room = room;
    }
    return &d->members[d->count];
}

static int first_key(int section) {
    int i = 0;
    while (keys[i].of != section) i++;
    return i;
}

// Of a list's member its first key is its name.
static tact_str name_of(int section, const draft_member *m) {
    if (shapes[section] != LISTED) return m->name;
    const yaml_node *name = draft_key(m, (draft_key_number)first_key(section));
    return name ? name->text : TACT_STR("");
}

// By name. Of tests of one name the first is found.
static strmap by_name(diff *d, int section, const draft_members *members) {
    strmap names = strmap_in(d->arena);
    for (uint32_t i = 0; i < members->count; i++) {
        tact_str name = name_of(section, &members->of[i]);
        if (strmap_get(&names, name)) continue;
        if (strmap_put(&names, name, &members->of[i])) d->failed = true;
    }
    return names;
}

// The text of its `title`, whatever number that key has in its section.
static tact_str title_of(int section, const draft_member *m) {
    for (int i = first_key(section); i < DRAFT_KEYS && keys[i].of == section; i++) {
        if (strcmp(draft_key_text((draft_key_number)i), "title") != 0) continue;
        const yaml_node *title = draft_key(m, (draft_key_number)i);
        return title && title->kind == YAML_SCALAR ? title->text : TACT_STR("");
    }
    return TACT_STR("");
}

static void note(diff *d, int section, const draft_member *x, const draft_member *y) {
    const draft_member *there = y ? y : x;
    diff_member *m = new_member(d);
    if (!m) return;
    *m = (diff_member){.section = (draft_section)section,
                       .name = name_of(section, there),
                       .title = title_of(section, there),
                       .kind = !x   ? DIFF_ADDED
                               : !y ? DIFF_REMOVED
                                    : DIFF_CHANGED};
    if (x && y) compare_members(d, m, x, y);
    if (m->kind != DIFF_CHANGED || m->count) d->count++;
}

static void compare_sections(diff *d, int section, const draft *before, const draft *after) {
    const draft_members *x = &before->sections[section], *y = &after->sections[section];
    strmap old = by_name(d, section, x), new = by_name(d, section, y);
    for (uint32_t i = 0; i < y->count; i++) note(d, section, strmap_get(&old, name_of(section, &y->of[i])), &y->of[i]);
    for (uint32_t i = 0; i < x->count; i++) {
        if (!strmap_get(&new, name_of(section, &x->of[i]))) note(d, section, &x->of[i], NULL);
    }
}

void diff_drafts(diff *d, arena *a, const draft *before, const draft *after) {
    *d = (diff){.arena = a};
    for (int section = 0; section < DRAFT_SECTIONS; section++) compare_sections(d, section, before, after);
}

// ---- For people -----------------------------------------------------------------------------------------------------

static const char *const kinds[] = {"added", "removed", "changed"};

// What stands in files may not steer a terminal.
static void add_shown(buf *out, tact_str text) {
    for (const char *at = text.ptr, *end = at + text.len; text.len && at < end;) {
        const char *from = at;
        if (utf8_next_shown(&at, end)) {
            buf_add(out, from, (size_t)(at - from));
        } else {
            buf_add_text(out, UTF8_REPLACEMENT);
        }
    }
}

static void add_lines(buf *out, const char *mark, tact_str text) {
    while (text.len) {
        const char *newline = memchr(text.ptr, '\n', text.len);
        tact_str line = {text.ptr, newline ? (size_t)(newline - text.ptr) : text.len};
        buf_add_text(out, mark);
        add_shown(out, line);
        buf_add_char(out, '\n');
        size_t step = line.len + (newline != NULL);
        text.ptr += step, text.len -= step;
    }
}

static bool fits(const diff_key *k) {
    if (memchr(k->before.ptr, '\n', k->before.len) || memchr(k->after.ptr, '\n', k->after.len)) return false;
    return k->path.len + utf8_width(k->before.ptr, k->before.len) + utf8_width(k->after.ptr, k->after.len) <
           DIFF_LINE_MAX - sizeof "  :  -> ";
}

// "  value: 12.0 -> 15.0", "  starts added: 2026-11-01", "  a cap added: 3 impressions every 7d".
static void add_change(buf *out, const diff_key *k) {
    bool named = k->noun || k->path.len, changed = k->kind == DIFF_CHANGED;
    if (!named && changed && !fits(k)) {
        add_lines(out, "    - ", k->before);
        add_lines(out, "    + ", k->after);
        return;
    }
    buf_add_text(out, "  ");
    if (k->noun) {
        buf_printf(out, "a %s", k->noun);
    } else {
        add_shown(out, k->path);
    }
    if (!changed) buf_printf(out, "%s%s", named ? " " : "", kinds[k->kind]);
    if (named || !changed) buf_add_char(out, ':');
    if (!fits(k)) {
        buf_add_char(out, '\n');
        add_lines(out, "    - ", k->before);
        add_lines(out, "    + ", k->after);
        return;
    }
    if (named || !changed) buf_add_char(out, ' ');
    add_shown(out, k->before);
    if (changed) buf_add_text(out, " -> ");
    add_shown(out, k->after);
    buf_add_char(out, '\n');
}

static void add_member(buf *out, const diff_member *m) {
    buf_add_text(out, draft_section_key(m->section));
    if (m->name.len && shapes[m->section] != ONE) {
        buf_add_char(out, '.');
        add_shown(out, m->name);
    }
    buf_printf(out, ": %s", kinds[m->kind]);
    if (m->title.len && m->kind != DIFF_CHANGED) {
        buf_add_text(out, " (");
        add_shown(out, m->title);
        buf_add_char(out, ')');
    }
    buf_add_char(out, '\n');
    for (uint32_t i = 0; i < m->count; i++) add_change(out, &m->keys[i]);
}

// "offers: 1 added, 2 changed; segments: 1 removed".
static void add_sums(buf *out, const diff *d) {
    uint32_t sums[DRAFT_SECTIONS][3] = {{0}};
    bool any = false;
    for (uint32_t i = 0; i < d->count; i++) sums[d->members[i].section][d->members[i].kind]++;
    for (int s = 0; s < DRAFT_SECTIONS; s++) {
        bool first = true;
        for (int kind = 0; kind < 3; kind++) {
            if (!sums[s][kind]) continue;
            if (first) buf_printf(out, "%s%s: ", any ? "; " : "", draft_section_key((draft_section)s));
            buf_printf(out, "%s%u %s", first ? "" : ", ", sums[s][kind], kinds[kind]);
            first = false;
            any = true;
        }
    }
    buf_add_text(out, any ? "\n" : "no difference\n");
}

tact_str diff_text(const diff *d) {
    buf out = buf_in(d->arena);
    for (uint32_t i = 0; i < d->count; i++) add_member(&out, &d->members[i]);
    add_sums(&out, d);
    return d->failed ? (tact_str){NULL, 0} : buf_done(&out);
}

// ---- For programs ---------------------------------------------------------------------------------------------------

static value_entry entry(const char *name, tact_str text) {
    return (value_entry){tact_string(name, strlen(name)), tact_string(text.ptr, text.len)};
}

static tact_value map_of(const diff *d, const value_entry *entries, size_t count) {
    value_entry *own = arena_array(d->arena, count, sizeof *own);
    if (!own) return tact_null();
    memcpy(own, entries, count * sizeof *own);
    return value_map(d->arena, own, count);
}

static tact_value key_value(const diff *d, const diff_key *k) {
    value_entry entries[4] = {entry("key", k->path), entry("change", tact_str_from(kinds[k->kind]))};
    size_t count = 2;
    if (k->kind != DIFF_ADDED) entries[count++] = entry("before", k->before);
    if (k->kind != DIFF_REMOVED) entries[count++] = entry("after", k->after);
    return map_of(d, entries, count);
}

static tact_value member_value(const diff *d, const diff_member *m) {
    value_entry entries[4] = {entry("section", tact_str_from(draft_section_key(m->section))), entry("name", m->name),
                              entry("change", tact_str_from(kinds[m->kind]))};
    tact_value *list = arena_array(d->arena, m->count + 1, sizeof *list);
    if (!list) return tact_null();
    for (uint32_t i = 0; i < m->count; i++) list[i] = key_value(d, &m->keys[i]);
    entries[3] = (value_entry){tact_string("keys", 4), tact_list(list, m->count)};
    return map_of(d, entries, m->kind == DIFF_CHANGED ? 4 : 3);
}

tact_value diff_value(const diff *d) {
    tact_value *list = arena_array(d->arena, d->count + 1, sizeof *list);
    if (d->failed || !list) return tact_null();
    for (uint32_t i = 0; i < d->count; i++) {
        list[i] = member_value(d, &d->members[i]);
        if (list[i].kind != TACT_MAP) return tact_null();
    }
    return tact_list(list, d->count);
}
