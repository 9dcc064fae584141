// SPDX-License-Identifier: Apache-2.0
//
// From libfyaml's events to a tree. Subtle: an event's texts live in the parser, so they are copied, and its places are
// bytes of the text (an absent value has none and takes its key's). libfyaml stops at its first fault of syntax; the
// tree up to there is dropped, since what it lacks would only give rise to faults that are none.
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
    uint32_t nodes;
    bool stop; // the events are at their end, or not worth going on with
} parser;

static void refuse(parser *p, tact_err code, cel_span at, const char *what) {
    report_add(p->report, code, at, NULL, "%s", what);
}

// ---- Events ---------------------------------------------------------------------------------------------------------

static cel_span span_of(struct fy_token *token, cel_span otherwise) {
    const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
    const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
    if (!start || !end) return otherwise;
    size_t len = end->input_pos > start->input_pos ? end->input_pos - start->input_pos : 1;
    return (cel_span){(uint32_t)start->input_pos, (uint32_t)len};
}

static yaml_node *new_node(parser *p, yaml_kind kind, cel_span at) {
    if (++p->nodes > YAML_NODES_MAX) {
        if (!p->stop) report_add(p->report, TACT_LIMIT, at, NULL, "the file has more than %d parts", YAML_NODES_MAX);
        p->stop = true;
        return NULL;
    }
    yaml_node *node = ARENA_NEW(p->arena, yaml_node);
    if (!node) {
        report_no_memory(p->report);
        p->stop = true;
        return NULL;
    }
    node->kind = (uint8_t)kind;
    node->at = at;
    return node;
}

static yaml_node *scalar(parser *p, struct fy_event *event, cel_span at) {
    yaml_node *node = new_node(p, YAML_SCALAR, at);
    if (!node) return NULL;
    size_t len = 0;
    const char *text = event->scalar.value ? fy_token_get_text(event->scalar.value, &len) : "";
    node->plain = !event->scalar.value || fy_token_scalar_style(event->scalar.value) == FYSS_PLAIN;
    node->text = (tact_str){text ? arena_copy(p->arena, text, len) : NULL, len};
    if (node->text.ptr) return node;
    report_no_memory(p->report);
    p->stop = true;
    return NULL;
}

// Notes what this project does not use of YAML. A tag is on the node itself, so the node is passed over.
static bool is_plain_node(parser *p, struct fy_event *event, cel_span at) {
    struct fy_token *anchor = fy_event_get_anchor_token(event), *tag = fy_event_get_tag_token(event);
    if (anchor)
        refuse(p, TACT_INVALID, span_of(anchor, at), "anchors are not used here: every value stands where it holds");
    if (tag)
        refuse(p, TACT_INVALID, span_of(tag, at), "tags are not used here: what a value is follows from its place");
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

static void read_items(parser *p, yaml_node *list, int depth) {
    yaml_node *last = NULL;
    for (struct fy_event *event; (event = next(p));) {
        bool ends = event->type == FYET_SEQUENCE_END;
        yaml_node *item = ends ? NULL : read_node(p, event, list->at, depth);
        fy_parser_event_free(p->fy, event);
        if (ends) return;
        if (item) append(list, &last, item);
    }
}

// Whether the key may be entered into its map.
static bool check_key(parser *p, const yaml_node *key, strmap *seen) {
    if (key->kind == YAML_BAD) return false;
    if (key->kind != YAML_SCALAR || yaml_is_null(key)) {
        refuse(p, TACT_INVALID, key->at, "a key must be a text");
        return false;
    }
    if (strmap_get(seen, key->text)) {
        utf8_shown shown;
        report_add(p->report, TACT_INVALID, key->at, NULL, "`%s` is here a second time", utf8_show(&shown, key->text));
        return false;
    }
    if (!strmap_put(seen, key->text, p)) return true;
    report_no_memory(p->report);
    p->stop = true;
    return false;
}

static void read_pairs(parser *p, yaml_node *map, int depth) {
    yaml_node *last = NULL;
    strmap seen = strmap_in(p->arena);
    for (struct fy_event *event; (event = next(p));) {
        bool ends = event->type == FYET_MAPPING_END;
        yaml_node *key = ends ? NULL : read_node(p, event, map->at, depth);
        fy_parser_event_free(p->fy, event);
        if (ends || !key || !(event = next(p))) return;
        yaml_node *value = read_node(p, event, key->at, depth);
        fy_parser_event_free(p->fy, event);
        if (!value || !check_key(p, key, &seen)) continue;
        value->key = key->text;
        value->key_at = key->at;
        append(map, &last, value);
    }
}

// The node that begins with this event; NULL only with `stop`. `depth` is how many levels may still be opened.
static yaml_node *read_node(parser *p, struct fy_event *event, cel_span otherwise, int depth) {
    cel_span at = span_of(fy_event_get_token(event), otherwise);
    if (event->type == FYET_ALIAS) {
        refuse(p, TACT_INVALID, at, "aliases are not used here: every value stands where it holds");
        return new_node(p, YAML_BAD, at);
    }
    bool plain = is_plain_node(p, event, at);
    if (event->type == FYET_SCALAR) return plain ? scalar(p, event, at) : new_node(p, YAML_BAD, at);
    bool map = event->type == FYET_MAPPING_START;
    if (depth == 0) {
        report_add(p->report, TACT_LIMIT, at, NULL, "nested deeper than %d levels", YAML_DEPTH_MAX);
        p->stop = true;
        return NULL;
    }
    yaml_node *node = new_node(p, map ? YAML_MAP : YAML_LIST, at);
    if (!node) return NULL;
    if (map) {
        read_pairs(p, node, depth - 1);
    } else {
        read_items(p, node, depth - 1);
    }
    if (!plain) node->kind = YAML_BAD;
    return p->stop ? NULL : node;
}

static yaml_node *read_document(parser *p) {
    yaml_node *root = NULL;
    bool begun = false;
    for (struct fy_event *event; (event = next(p));) {
        cel_span at = span_of(fy_event_get_token(event), (cel_span){0, 1});
        switch (event->type) {
        case FYET_DOCUMENT_START:
            if (begun) {
                refuse(p, TACT_INVALID, at, "a second document begins here; a file holds one");
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

static void report_syntax(parser *p, struct fy_diag *diag) {
    void *at = NULL;
    bool any = false;
    for (struct fy_diag_error *e; (e = fy_diag_errors_iterate(diag, &at)); any = true) {
        cel_span place = {pos_of(p->report->source, e->line, e->column), 1};
        report_add(p->report, TACT_SYNTAX, place, NULL, "%s", e->msg);
    }
    if (!any) report_no_memory(p->report); // which is all that libfyaml does not speak of
}

// What libfyaml would stumble over without a word of its own.
static bool is_text(report *r) {
    for (const char *at = r->source.ptr, *end = r->source.ptr + r->source.len; at < end;) {
        cel_span place = {(uint32_t)(at - r->source.ptr), 1};
        uint32_t c = utf8_next(&at, end);
        if (c == UTF8_BAD) {
            report_add(r, TACT_SYNTAX, place, "the file must be saved as UTF-8", "byte 0x%02x is not UTF-8 here",
                       (unsigned char)r->source.ptr[place.pos]);
            return false;
        }
        if ((c >= 0x20 && c != 0x7f && c != 0xfeff) || c == '\t' || c == '\n' || c == '\r') continue;
        report_add(r, TACT_SYNTAX, place, NULL, "unexpected character U+%04X", (unsigned)c);
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
    p->fy = fy_parser_create(&cfg);
    if (!p->fy || fy_parser_set_string(p->fy, p->report->source.ptr, p->report->source.len)) {
        report_no_memory(p->report);
        return NULL;
    }
    const yaml_node *root = read_document(p);
    if (fy_parser_get_stream_error(p->fy)) {
        report_syntax(p, diag);
        return NULL;
    }
    if (!root && !p->report->code) refuse(p, TACT_INVALID, (cel_span){0, 1}, "the file holds nothing");
    return p->report->code == TACT_NO_MEMORY || p->report->code == TACT_LIMIT ? NULL : root;
}

const yaml_node *yaml_read(arena *a, report *r) {
    if (r->source.len > YAML_BYTES_MAX) {
        report_add(r, TACT_LIMIT, (cel_span){YAML_BYTES_MAX, 1}, NULL, "the file is longer than %d bytes",
                   YAML_BYTES_MAX);
        return NULL;
    }
    if (r->source.len >= 3 &&
        memcmp(r->source.ptr, "\xef\xbb\xbf", 3) == 0) { // a mark of byte order, as some editors put
        r->source.ptr += 3;
        r->source.len -= 3;
    }
    if (!r->source.len) r->source.ptr = "";
    if (!is_text(r)) return NULL;
    parser p = {.arena = a, .report = r};
    struct fy_diag *diag = new_diag();
    const yaml_node *root = NULL;
    if (diag) {
        root = parse(&p, diag);
    } else {
        report_no_memory(r);
    }
    if (p.fy) fy_parser_destroy(p.fy);
    if (diag) fy_diag_destroy(diag);
    return root;
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

bool yaml_bool(const yaml_node *node, bool *out) {
    static const char *const yes[] = {"true", "True", "TRUE", NULL}, *const no[] = {"false", "False", "FALSE", NULL};
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
