// SPDX-License-Identifier: Apache-2.0
//
// From libfyaml's events to a tree. Subtle: an event's text lives in the parser unless it is as the file has it; only
// in the first case it is copied. Its places are bytes of the file (an absent value has none and takes its key's).
// libfyaml stops at its first fault of syntax; the tree up to there is dropped, since what it lacks would only give
// rise to faults that are none.
#include "bundle/yaml.h"

#include <libfyaml.h>
#include <math.h>

#include "base/num.h"
#include "base/strmap.h"
#include "base/utf8.h"

typedef struct parser {
    arena *arena;
    report *report;
    struct fy_parser *fy;
    tact_str source; // the file, without a mark of byte order
    uint32_t base;   // where it begins in the text of all sources
    uint32_t *nodes; // of all files
    uint32_t errors; // that were reported before
    uint32_t seen;   // byte of the file behind the last scalar, or the last dash of an item that has none
    uint32_t alias;  // byte of the file behind the last alias, 0: none
    cel_span flow;   // the outermost brace or bracket that is open; none if its length is 0
    bool stop;       // the events are at their end, or not worth going on with
    bool dropped;    // the tree is not to be used: too large, or memory ran out
    arena keys[YAML_DEPTH_MAX + 1]; // the keys seen of the maps that are open, by how deep they may still nest
} parser;

static void refuse(parser *p, report_code code, cel_span at, const char *what) {
    report_add(p->report, code, at, NULL, "%s", what);
}

static void *drop(parser *p) {
    p->stop = p->dropped = true;
    return NULL;
}

static void *no_memory(parser *p) {
    report_no_memory(p->report);
    return drop(p);
}

// What people forget who write expressions.
static const char in_quotes[] = "an expression that begins with ! is written in single quotes";

// ---- Events ---------------------------------------------------------------------------------------------------------

static cel_span span_of(const parser *p, struct fy_token *token, cel_span otherwise) {
    const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
    const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
    if (!start || !end) return otherwise;
    size_t len = end->input_pos > start->input_pos ? end->input_pos - start->input_pos : 1;
    return (cel_span){p->base + (uint32_t)start->input_pos, (uint32_t)len};
}

static yaml_node *new_node(parser *p, yaml_kind kind, cel_span at) {
    if (*p->nodes == YAML_NODES_MAX) {
        report_add(p->report, REPORT_TOO_LARGE, at, NULL, "here the bundle has more than %d parts", YAML_NODES_MAX);
        return drop(p);
    }
    ++*p->nodes;
    yaml_node *node = ARENA_NEW(p->arena, yaml_node);
    if (!node) return no_memory(p);
    node->kind = (uint8_t)kind;
    node->at = at;
    return node;
}

static yaml_node *scalar(parser *p, struct fy_event *event, cel_span at) {
    yaml_node *node = new_node(p, YAML_SCALAR, at);
    if (!node) return NULL;
    size_t len = 0;
    const char *text = event->scalar.value ? fy_token_get_text(event->scalar.value, &len) : "";
    const char *here = p->source.ptr + (at.pos - p->base);
    if (event->scalar.value) p->seen = at.pos - p->base + (len ? at.len : 0);
    bool same = text && len == at.len && memcmp(here, text, len) == 0;
    if (text) text = same ? here : arena_copy(p->arena, text, len);
    node->plain = !event->scalar.value || fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;
    node->text = (tact_str){text, len};
    return text ? node : no_memory(p);
}

// Notes what this project does not use of YAML. A tag is on the node itself, so the node is passed over.
static bool is_plain_node(parser *p, struct fy_event *event, cel_span at) {
    struct fy_token *anchor = fy_event_get_anchor_token(event), *tag = fy_event_get_tag_token(event);
    if (anchor) {
        report_add(p->report, REPORT_YAML, span_of(p, anchor, at), "a text that begins with & is written in quotes",
                   "anchors are not used here: every value stands where it holds");
    }
    if (tag) {
        cel_span place = span_of(p, tag, at);
        const char *text = p->source.ptr + (place.pos - p->base);
        report_add(p->report, REPORT_YAML, place, text[0] == '!' && text[1] != '!' ? in_quotes : NULL,
                   "tags are not used here: what a value is follows from its place");
    }
    return !anchor && !tag;
}

static yaml_node *read_node(parser *p, struct fy_event *event, cel_span otherwise, int depth);

// The next event; NULL, with `stop`, after the last or a fault. To be freed.
static struct fy_event *next(parser *p) {
    struct fy_event *event = p->stop ? NULL : fy_parser_parse(p->fy);
    if (!event) p->stop = true;
    return event;
}

static void append(yaml_node *parent, yaml_node **last, yaml_node *item) {
    if (*last) {
        (*last)->next = item;
    } else {
        parent->first = item;
    }
    *last = item;
    parent->count++;
}

// The dash of an item that holds nothing, for which there is no token: the next one that stands behind what was read,
// with nothing but blanks, comments and closing brackets between. `otherwise` if there is none.
static cel_span next_dash(parser *p, cel_span otherwise) {
    const char *at = p->source.ptr + p->seen, *end = p->source.ptr + p->source.len;
    while (at < end && strchr(" \t\r\n#'\"]}", *at)) {
        const char *line_end = *at == '#' ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        at = line_end ? line_end : at + 1;
    }
    if (at >= end || *at != '-') return otherwise;
    p->seen = (uint32_t)(at + 1 - p->source.ptr);
    return (cel_span){p->base + p->seen - 1, 1};
}

static void read_items(parser *p, yaml_node *list, int depth) {
    yaml_node *last = NULL;
    p->seen = list->at.pos - p->base;
    for (struct fy_event *event; (event = next(p));) {
        bool ends = event->type == FYET_SEQUENCE_END, empty = event->type == FYET_SCALAR && !event->scalar.value;
        yaml_node *item = ends ? NULL : read_node(p, event, empty ? next_dash(p, list->at) : list->at, depth);
        fy_parser_event_free(p->fy, event);
        if (ends) return;
        if (item) append(list, &last, item);
    }
}

// A pair within braces whose key has run on into its value, {a:b}, for which YAML takes `a:b` without a value: said
// once, and read on as what was meant. What is quoted behind the colon would need its quotes taken off, and is passed
// over.
static void part_key(parser *p, yaml_node *key, yaml_node *value) {
    bool alone = key->kind == YAML_SCALAR && key->plain && value->kind == YAML_SCALAR && value->plain;
    tact_str text = key->text;
    const char *colon = alone && p->flow.len && value->text.len == 0 ? memchr(text.ptr, ':', text.len) : NULL;
    size_t name = colon ? (size_t)(colon - text.ptr) : 0;
    if (name == 0 || name + 1 == text.len) return;
    utf8_shown shown, shown_value;
    cel_span at;
    yaml_node whole = *key;
    key->text = (tact_str){text.ptr, name};
    value->text = (tact_str){colon + 1, text.len - name - 1};
    value->kind = strchr("'\"", colon[1]) ? YAML_BAD : YAML_SCALAR;
    (void)yaml_span(p->report, &whole, 0, (uint32_t)name, &key->at);
    (void)yaml_span(p->report, &whole, (uint32_t)name + 1, (uint32_t)value->text.len, &value->at);
    (void)yaml_span(p->report, &whole, (uint32_t)name, 1, &at);
    report_add(p->report, REPORT_WRONG_FORM, at, NULL, "a blank is missing after the colon: `%s: %s`",
               utf8_show(&shown, key->text), utf8_show(&shown_value, value->text));
}

static bool is_merge(const yaml_node *key); // <<, which other programs take for what is to be merged

// Whether the value of the key may be entered into its map, whose keys so far are `seen` with their values.
static bool check_key(parser *p, const yaml_node *key, yaml_node *value, strmap *seen) {
    if (key->kind == YAML_BAD) return false;
    if (key->kind != YAML_SCALAR || yaml_is_null(key)) {
        bool absent = key->kind == YAML_SCALAR && key->text.len == 0;
        report_add(p->report, REPORT_WRONG_FORM, key->at,
                   key->kind == YAML_MAP ? "a text that begins with {{ is written in quotes"
                   : absent              ? "a text that begins with a colon is written in quotes"
                                         : NULL,
                   "a key must be a text");
        return false;
    }
    const yaml_node *first = strmap_get(seen, key->text);
    if (first) {
        utf8_shown shown;
        const char *place = report_place(p->report, first->key_at);
        report_add(p->report, REPORT_REPEATED_KEY, key->at, NULL, "`%s` is here a second time; the first is at %s",
                   utf8_show(&shown, key->text), place ? place : "");
        return false;
    }
    value->key = key->text;
    value->key_at = key->at;
    if (is_merge(key) && value->kind != YAML_BAD) {
        refuse(p, REPORT_YAML, key->at, "`<<` is not used here: every value stands where it holds");
        value->kind = YAML_BAD;
    }
    if (!strmap_put(seen, key->text, value)) return true;
    (void)no_memory(p);
    return false;
}

static void read_pairs(parser *p, yaml_node *map, int depth) {
    yaml_node *last = NULL;
    tact_arena_reset(&p->keys[depth]);
    strmap seen = strmap_in(&p->keys[depth]);
    for (struct fy_event *event; (event = next(p));) {
        bool ends = event->type == FYET_MAPPING_END;
        yaml_node *key = ends ? NULL : read_node(p, event, map->at, depth);
        fy_parser_event_free(p->fy, event);
        if (ends || !key || !(event = next(p))) return;
        yaml_node *value = read_node(p, event, key->at, depth);
        fy_parser_event_free(p->fy, event);
        if (!value) continue;
        part_key(p, key, value);
        if (check_key(p, key, value, &seen)) append(map, &last, value);
        map->kind = map->count ? YAML_MAP : YAML_BAD; // with nothing left of it, what it was meant to be is unknown
    }
}

// The node that begins with this event; NULL only with `stop`. `depth` is how many levels may still be opened.
static yaml_node *read_node(parser *p, struct fy_event *event, cel_span otherwise, int depth) {
    cel_span at = span_of(p, fy_event_get_token(event), otherwise);
    if (event->type == FYET_ALIAS) {
        report_add(p->report, REPORT_YAML, at, "a text that begins with * is written in quotes",
                   "aliases are not used here: every value stands where it holds");
        p->alias = at.pos - p->base + at.len;
        return new_node(p, YAML_BAD, at);
    }
    bool plain = is_plain_node(p, event, at);
    if (event->type == FYET_SCALAR) return plain ? scalar(p, event, at) : new_node(p, YAML_BAD, at);
    bool map = event->type == FYET_MAPPING_START;
    if (depth == 0) {
        report_add(p->report, REPORT_TOO_LARGE, at, NULL, "nested deeper than %d levels", YAML_DEPTH_MAX);
        return drop(p);
    }
    yaml_node *node = new_node(p, map ? YAML_MAP : YAML_LIST, at);
    if (!node) return NULL;
    bool flow = p->flow.len == 0 && strchr("{[", p->source.ptr[at.pos - p->base]);
    if (flow) p->flow = at;
    if (map) {
        read_pairs(p, node, depth - 1);
    } else {
        read_items(p, node, depth - 1);
    }
    if (flow && !p->stop) p->flow.len = 0;
    if (!plain) node->kind = YAML_BAD;
    return p->stop ? NULL : node;
}

static yaml_node *read_document(parser *p) {
    yaml_node *root = NULL;
    bool begun = false;
    for (struct fy_event *event; (event = next(p));) {
        cel_span at = span_of(p, fy_event_get_token(event), (cel_span){p->base, 1});
        switch (event->type) {
        case FYET_DOCUMENT_START:
            if (begun) {
                refuse(p, REPORT_YAML, at, "a second document begins here; a file holds one");
                p->stop = true;
            }
            begun = true;
            break;
        case FYET_SCALAR:
        case FYET_ALIAS:
        case FYET_SEQUENCE_START:
        case FYET_MAPPING_START: root = read_node(p, event, at, YAML_DEPTH_MAX); break;
        default: break;
        }
        fy_parser_event_free(p->fy, event);
    }
    return root;
}

// ---- Syntax faults --------------------------------------------------------------------------------------------------

// Byte of a line and column, both from 1.
static uint32_t pos_of(tact_str source, int line, int column) {
    const char *at = source.ptr, *end = source.ptr + source.len;
    while (line > 1 && at < end) line -= *at++ == '\n';
    while (column > 1 && at < end && *at != '\n') {
        (void)utf8_next(&at, end);
        column--;
    }
    return (uint32_t)(at - source.ptr);
}

// What libfyaml says, and what we say for it.
static const struct {
    const char *beginning, *text, *hint;
} faults[] = {
#define X(beginning, text, hint) {beginning, text, hint},
#include "bundle/yaml_fault_tbl.h"
#undef X
};

static bool is_blank(tact_str text) {
    size_t i = 0;
    while (i < text.len && strchr(" \t\r\n", text.ptr[i])) i++;
    return i == text.len;
}

// Whether the file ends at byte `at`, or a key begins the line there, which is not that of byte `open`: what is open
// until then was not meant to be.
static bool is_new_part(const parser *p, uint32_t open, uint32_t at) {
    const char *line = p->source.ptr + at;
    while (line > p->source.ptr && line[-1] != '\n') line--;
    bool key = line > p->source.ptr + open && line < p->source.ptr + p->source.len && !strchr(" \t\r\n#]},'\"", *line);
    return key || is_blank((tact_str){p->source.ptr + at, p->source.len - at});
}

// Behind the quoted text or the comment that begins at byte `at`, or behind that byte.
static uint32_t skip_token(tact_str source, uint32_t at) {
    char c = source.ptr[at++], before = at > 1 ? source.ptr[at - 2] : '\n';
    if (c == '#' && strchr(" \t\n", before)) {
        while (at < source.len && source.ptr[at] != '\n') at++;
    } else if ((c == '\'' || c == '"') && strchr(" \t\n{[,:", before)) {
        while (at < source.len && source.ptr[at] != c) at += c == '"' && source.ptr[at] == '\\' ? 2 : 1;
        at++;
    }
    return at;
}

// The innermost brace or bracket that is open at byte `end`; the outermost that the events know is where to begin.
static cel_span find_open(const parser *p, uint32_t end) {
    uint32_t open[YAML_DEPTH_MAX], count = 0;
    for (uint32_t at = p->flow.pos - p->base; p->flow.len && at < end; at = skip_token(p->source, at)) {
        char c = p->source.ptr[at];
        if (c == '{' || c == '[') {
            if (count == YAML_DEPTH_MAX) return (cel_span){0, 0};
            open[count++] = at;
        } else if ((c == '}' || c == ']') && count > 0) {
            count--;
        }
    }
    return count ? (cel_span){p->base + open[count - 1], 1} : (cel_span){0, 0};
}

static void report_fault(parser *p, const struct fy_diag_error *e) {
    uint32_t pos = pos_of(p->source, e->line, e->column);
    cel_span place = {p->base + pos, 1}, open = find_open(p, pos);
    // What follows an unquoted text that begins with * is no fault of its own.
    if (p->alias && pos >= p->alias && is_blank((tact_str){p->source.ptr + p->alias, pos - p->alias})) return;
    bool quote = strstr(e->msg, "quoted") != NULL, indented = strstr(e->msg, "wrongly indented flow") != NULL;
    if (open.len && !quote && (indented || is_new_part(p, open.pos - p->base, pos))) {
        report_add(p->report, REPORT_SYNTAX, open, "{ is closed by }, and [ by ]", "this is never closed");
        return;
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (strncmp(e->msg, faults[i].beginning, strlen(faults[i].beginning)) != 0) continue;
        report_add(p->report, REPORT_SYNTAX, place, faults[i].hint, "%s", faults[i].text);
        return;
    }
    report_add(p->report, REPORT_SYNTAX, place, NULL, "%s", e->msg);
}

static void report_syntax(parser *p, struct fy_diag *diag) {
    void *at = NULL;
    bool any = false;
    for (struct fy_diag_error *e; (e = fy_diag_errors_iterate(diag, &at)); any = true) report_fault(p, e);
    if (any) return;
    // Of a few faults libfyaml does not speak.
    report_add(p->report, REPORT_SYNTAX, (cel_span){p->base + p->seen, 1}, NULL,
               "behind this place the file is no YAML");
}

static bool is_plain_byte(char c) {
    return ((unsigned char)c >= 0x20 && (unsigned char)c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

// What libfyaml would stumble over without a word of its own.
static bool is_text(parser *p) {
    for (const char *at = p->source.ptr, *end = p->source.ptr + p->source.len; at < end;) {
        if (is_plain_byte(*at)) {
            at++;
            continue;
        }
        const char *start = at;
        cel_span place = {p->base + (uint32_t)(at - p->source.ptr), 1};
        uint32_t c = utf8_next(&at, end);
        if (c == UTF8_BAD) {
            report_add(p->report, REPORT_SYNTAX, place, "the file must be saved as UTF-8",
                       "byte 0x%02x is not UTF-8 here", (unsigned char)*start);
            return false;
        }
        if (c >= 0x80 && c != 0xfeff) continue;
        report_add(p->report, REPORT_SYNTAX, place, NULL, "unexpected character U+%04X", (unsigned)c);
        return false;
    }
    return true;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static void say_nothing(struct fy_diag *diag, void *user, const char *text, size_t len) {
    (void)diag, (void)user, (void)text, (void)len;
}

static struct fy_diag *new_diag(void) {
    struct fy_diag_cfg cfg;
    fy_diag_cfg_default(&cfg);
    cfg.fp = NULL;
    cfg.output_fn = say_nothing;
    cfg.level = FYET_ERROR;
    cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&cfg);
    if (diag) fy_diag_set_collect_errors(diag, true);
    return diag;
}

static const yaml_node *parse(parser *p, struct fy_diag *diag) {
    struct fy_parse_cfg cfg = {.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
                               .diag = diag};
    p->fy = diag ? fy_parser_create(&cfg) : NULL;
    if (!p->fy || fy_parser_set_string(p->fy, p->source.ptr, p->source.len)) return no_memory(p);
    const yaml_node *root = read_document(p);
    if (fy_parser_get_stream_error(p->fy)) {
        report_syntax(p, diag);
        return NULL;
    }
    if (!root && report_errors(p->report) == p->errors && !p->dropped) {
        refuse(p, REPORT_EMPTY, (cel_span){p->base, 1}, "the file holds nothing");
    }
    return p->dropped ? NULL : root;
}

const yaml_node *yaml_read(arena *a, report *r, uint32_t file, uint32_t *nodes) {
    parser p = {.arena = a, .report = r, .nodes = nodes, .errors = report_errors(r)};
    p.source = sources_text_of(r->sources, file);
    p.base = r->sources->files[file].from;
    size_t mark = sources_mark(p.source);
    p.source = (tact_str){p.source.ptr + mark, p.source.len - mark};
    p.base += (uint32_t)mark;
    if (!is_text(&p)) return NULL;
    for (int i = 0; i <= YAML_DEPTH_MAX; i++) arena_init(&p.keys[i], a->bytes_max);
    struct fy_diag *diag = new_diag();
    const yaml_node *root = parse(&p, diag);
    if (p.fy) fy_parser_destroy(p.fy);
    if (diag) fy_diag_destroy(diag);
    for (int i = 0; i <= YAML_DEPTH_MAX; i++) arena_fini(&p.keys[i]);
    return root;
}

// ---- Places within scalars ------------------------------------------------------------------------------------------
//
// A scalar's text and how the file has it are walked side by side. Every step is compared, so that a way of writing
// that is not followed here gives no place, and never a wrong one.

typedef struct walk {
    tact_str source, text;
    size_t s, t; // bytes of both that were walked
    char quote;  // ', " or 0
} walk;

// The line ends, with what is blank around them, that begin at byte `from` of the source; `*end` is behind them.
static size_t line_ends(tact_str source, size_t from, size_t *end) {
    size_t count = 0;
    *end = from;
    for (size_t i = from; i < source.len && strchr(" \t\r\n", source.ptr[i]); i++) {
        if (source.ptr[i] != '\n') continue;
        count++;
        *end = i + 1;
    }
    return count;
}

// How many line ends stand in the text.
static size_t ends_in_text(const walk *w) {
    size_t count = 0;
    while (w->t + count < w->text.len && w->text.ptr[w->t + count] == '\n') count++;
    return count;
}

static size_t spaces_at(tact_str text, size_t from) {
    size_t count = 0;
    while (from + count < text.len && text.ptr[from + count] == ' ') count++;
    return count;
}

// The spaces that each line of a block is indented by: of its first that is not blank, less those that are text.
static size_t indent_of(const walk *w) {
    size_t start, of_text = 0;
    (void)line_ends(w->source, 0, &start);
    while (of_text < w->text.len && w->text.ptr[of_text] == '\n') of_text++;
    size_t all = spaces_at(w->source, start), own = spaces_at(w->text, of_text);
    return all > own ? all - own : 0;
}

// One step over bytes that are the same in both.
static bool step(walk *w) {
    if (w->t == w->text.len || w->source.ptr[w->s] != w->text.ptr[w->t]) return false;
    w->s++;
    w->t++;
    return true;
}

// `|` keeps line ends, `>` makes a space of one and takes one away of several. The place is in w->s.
static bool walk_block(walk *w, size_t at) {
    size_t indent = indent_of(w), spaces, end;
    if (line_ends(w->source, 0, &end) == ends_in_text(w)) { // blank lines before the first
        if (at < ends_in_text(w)) return true;
        w->t = ends_in_text(w);
        w->s = end;
    }
    for (bool begins = true;; begins = false) {
        if (begins || (w->s > 0 && w->source.ptr[w->s - 1] == '\n')) {
            spaces = spaces_at(w->source, w->s);
            w->s += spaces < indent ? spaces : indent;
        }
        if (w->t == at) return true;
        if (w->s >= w->source.len) return false;
        bool blank = w->source.ptr[w->s] == ' ' || w->source.ptr[w->s] == '\t'; // is text, also before a line's end
        size_t ends = blank ? 0 : line_ends(w->source, w->s, &end);
        if (ends == 0) {
            if (!step(w)) return false;
            continue;
        }
        size_t kept = ends_in_text(w), taken = kept;
        if (ends == 1 && kept == 0 && w->text.ptr[w->t] == ' ') taken = 1;
        if (taken == 0 || (kept && kept != ends && kept + 1 != ends)) return false;
        if (at < w->t + taken) return true;
        w->s = end;
        w->t += taken;
    }
}

// The code point that an escape of double quotes stands for, `*s` at what follows the backslash; UTF8_BAD: none.
static uint32_t escaped(const walk *w, size_t *s) {
    static const char names[] = "0abtnvfre \"/\\\tN_LP";
    static const uint32_t meant[] = {0,   7,   8,   9,    10, 11,   12,   13,     27,
                                     ' ', '"', '/', '\\', 9,  0x85, 0xa0, 0x2028, 0x2029};
    char c = w->source.ptr[(*s)++];
    const char *name = c ? strchr(names, c) : NULL;
    if (name) return meant[name - names];
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (digits == 0 || *s + digits > w->source.len) return UTF8_BAD;
    uint32_t point = 0;
    for (; digits > 0; digits--) {
        char d = w->source.ptr[(*s)++], small = (char)(d | 0x20);
        if (!(d >= '0' && d <= '9') && !(small >= 'a' && small <= 'f')) return UTF8_BAD;
        point = point * 16 + (uint32_t)(d <= '9' ? d - '0' : small - 'a' + 10);
    }
    return point;
}

// Over an escape; true also if `at` is within what it stands for, where the walk then stays.
static bool walk_escape(walk *w, size_t at) {
    char bytes[4];
    size_t s = w->s + 1, end;
    if (w->quote == '\'') { // '' is '
        if (s >= w->source.len || w->source.ptr[s] != '\'' || w->text.ptr[w->t] != '\'') return false;
        w->s += 2;
        w->t++;
        return true;
    }
    if (s >= w->source.len) return false;
    if (strchr("\r\n", w->source.ptr[s])) { // the line goes on in the next
        if (line_ends(w->source, s, &end) != 1) return false;
        for (w->s = end; w->s < w->source.len && strchr(" \t", w->source.ptr[w->s]);) w->s++;
        return true;
    }
    uint32_t c = escaped(w, &s);
    size_t len = c == UTF8_BAD ? 0 : utf8_put(bytes, c);
    if (len == 0 || w->text.len - w->t < len || memcmp(bytes, w->text.ptr + w->t, len) != 0) return false;
    if (at < w->t + len) return true;
    w->s = s;
    w->t += len;
    return true;
}

// Plain, or in quotes: lines are folded, and what is blank around their ends goes with them.
static bool walk_flow(walk *w, size_t at) {
    while (w->t < at) {
        if (w->s >= w->source.len || w->t >= w->text.len) return false;
        size_t before = w->s, end, ends = line_ends(w->source, w->s, &end);
        char c = w->source.ptr[w->s];
        if (ends) {
            size_t taken = ends == 1 ? 1 : ends - 1, kept = ends_in_text(w);
            if (ends == 1 ? w->text.ptr[w->t] != ' ' : kept < taken) return false;
            if (at < w->t + taken) return true;
            w->t += taken;
            for (w->s = end; w->s < w->source.len && strchr(" \t", w->source.ptr[w->s]);) w->s++;
        } else if ((w->quote == '"' && c == '\\') || (w->quote == '\'' && c == '\'')) {
            if (!walk_escape(w, at)) return false;
            if (w->s == before) return true; // within it
        } else if (!step(w)) {
            return false;
        }
    }
    return true;
}

// Where byte `at` of a scalar's text, or its end, is.
static bool place(const report *r, const yaml_node *scalar, size_t at, uint32_t *pos) {
    const char *start = r->sources->text.ptr + scalar->at.pos;
    if (scalar->text.ptr == start) { // it is the file's own
        *pos = scalar->at.pos + (uint32_t)at;
        return true;
    }
    char before = scalar->at.pos > 0 ? start[-1] : '\n';
    bool quoted = !scalar->plain && (before == '"' || before == '\'');
    walk w = {.source = {start, scalar->at.len}, .text = scalar->text, .quote = quoted ? before : 0};
    if (!(scalar->plain || quoted ? walk_flow(&w, at) : walk_block(&w, at))) return false;
    *pos = scalar->at.pos + (uint32_t)w.s;
    if (at == scalar->text.len) return true;
    char text = scalar->text.ptr[at], here = start[w.s];
    bool folded = (text == ' ' || text == '\n') && strchr(" \t\r\n", here);
    return here == text || folded || (quoted && here == (before == '"' ? '\\' : '\''));
}

bool yaml_span(const report *r, const yaml_node *scalar, uint32_t from, uint32_t len, cel_span *out) {
    size_t all = scalar->kind == YAML_SCALAR ? scalar->text.len : 0;
    uint32_t start, end;
    *out = scalar->at;
    if (all == 0 || from > all || !place(r, scalar, from, &start)) return false;
    bool well = place(r, scalar, len < all - from ? from + len : all, &end);
    *out = (cel_span){start, well && end > start ? end - start : 1};
    return true;
}

// ---- Scalars --------------------------------------------------------------------------------------------------------

// Whether a plain scalar is one of the words, which end with NULL.
static bool is_word(const yaml_node *node, const char *const *words) {
    for (; node->kind == YAML_SCALAR && node->plain && *words; words++) {
        if (tact_str_equal(node->text, tact_str_from(*words))) return true;
    }
    return false;
}

bool yaml_is_null(const yaml_node *node) {
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    return is_word(node, words);
}

static bool is_merge(const yaml_node *key) {
    static const char *const words[] = {"<<", NULL};
    return is_word(key, words);
}

bool yaml_bool(const yaml_node *node, bool *out) {
    static const char *const yes[] = {"true", NULL}, *const no[] = {"false", NULL};
    *out = is_word(node, yes);
    return *out || is_word(node, no);
}

bool yaml_int(const yaml_node *node, int64_t *out) {
    if (node->kind != YAML_SCALAR || !node->plain) return false;
    tact_str text = node->text;
    int base = 10;
    if (text.len > 2 && text.ptr[0] == '0' && (text.ptr[1] == 'o' || text.ptr[1] == 'x')) {
        base = text.ptr[1] == 'o' ? 8 : 16;
        text.ptr += 2;
        text.len -= 2;
        if (*text.ptr == '-' || *text.ptr == '+') return false;
    }
    return num_parse_int(text, base, out);
}

// Only digits, signs, points and exponents: words for what is no number are written otherwise than elsewhere.
static bool is_decimal(tact_str text) {
    bool digits = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        digits |= c >= '0' && c <= '9';
        if (!(c >= '0' && c <= '9') && !strchr("+-.eE", c)) return false;
    }
    return digits;
}

bool yaml_double(const yaml_node *node, double *out) {
    static const char *const inf[] = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", NULL};
    static const char *const minus_inf[] = {"-.inf", "-.Inf", "-.INF", NULL}, *const nan[] = {".nan", ".NaN", ".NAN",
                                                                                              NULL};
    int64_t whole;
    if (is_word(node, inf) || is_word(node, minus_inf)) {
        *out = is_word(node, inf) ? (double)INFINITY : (double)-INFINITY;
        return true;
    }
    if (is_word(node, nan)) {
        *out = (double)NAN;
        return true;
    }
    if (yaml_int(node, &whole)) {
        *out = (double)whole;
        return true;
    }
    return node->kind == YAML_SCALAR && node->plain && is_decimal(node->text) && num_parse_double(node->text, out);
}
