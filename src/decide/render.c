// SPDX-License-Identifier: Apache-2.0
//
// A text without computed pieces is handed out where it lies in the bundle. Checking is rendering without anywhere to
// write to, so that the two cannot differ.
#include "decide/render.h"

#include <stdio.h>

#include "base/num.h"
#include "value/value.h"

static const char hex[] = "0123456789ABCDEF";

// ---- Escaping -------------------------------------------------------------------------------------------------------

static const char *entity_of(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static void add_html(buf *out, tact_str text) {
    size_t from = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *entity = entity_of(text.ptr[i]);
        if (!entity) continue;
        buf_add(out, text.ptr + from, i - from);
        buf_add_text(out, entity);
        from = i + 1;
    }
    if (text.len) buf_add(out, text.ptr + from, text.len - from);
}

// RFC 3986's unreserved characters: they mean themselves in every part of an address.
static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static void add_url(buf *out, tact_str text) {
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        const char escaped[] = {'%', hex[c >> 4], hex[c & 15]};
        if (is_unreserved(text.ptr[i])) {
            buf_add_char(out, text.ptr[i]);
        } else {
            buf_add(out, escaped, sizeof escaped);
        }
    }
}

static void add_escaped(buf *out, bundle_field_kind kind, tact_str text) {
    if (kind == BUNDLE_FIELD_HTML) {
        add_html(out, text);
    } else if (kind == BUNDLE_FIELD_URL || kind == BUNDLE_FIELD_IMAGE) {
        add_url(out, text);
    } else {
        buf_add_str(out, text);
    }
}

// ---- Pieces ---------------------------------------------------------------------------------------------------------

// What a piece comes to: the first of its alternatives that has a value; an error if none has.
static tact_value value_of(slots *s, const bundle_piece *piece) {
    tact_value v = slots_piece(s, piece->program);
    for (piece = piece->otherwise; v.kind == TACT_ERROR && piece; piece = piece->otherwise) {
        v = slots_piece(s, piece->program);
    }
    return v;
}

// The value as text, in `room` unless it is one; false if it is of a kind that has none.
static bool text_of(tact_value v, char room[NUM_TEXT_MAX], tact_str *out) {
    int len = 0;
    switch ((tact_kind)v.kind) {
    case TACT_STRING: *out = value_str(v); return true;
    case TACT_BOOL: *out = tact_str_from(v.as.b ? "true" : "false"); return true;
    case TACT_INT: len = snprintf(room, NUM_TEXT_MAX, "%lld", (long long)v.as.i); break;
    case TACT_UINT: len = snprintf(room, NUM_TEXT_MAX, "%llu", (unsigned long long)v.as.u); break;
    case TACT_DOUBLE: len = (int)num_print_double(room, v.as.d); break;
    default: return false;
    }
    *out = (tact_str){room, (size_t)len};
    return true;
}

// Adds the pieces to `out`; NULL: only looks whether all have a value.
static bool add_pieces(slots *s, const bundle_text *text, bundle_field_kind kind, buf *out) {
    for (uint32_t i = 0; i < text->count; i++) {
        const bundle_piece *piece = &text->pieces[i];
        char room[NUM_TEXT_MAX];
        tact_str written = piece->text;
        if (piece->program && !text_of(value_of(s, piece), room, &written)) return false;
        if (!out) continue;
        if (piece->program) {
            add_escaped(out, kind, written);
        } else {
            buf_add_str(out, written);
        }
    }
    return true;
}

// ---- Fields ---------------------------------------------------------------------------------------------------------

static bool is_text(bundle_field_kind kind) {
    return kind < BUNDLE_FIELD_INT;
}

static render_result render_text(slots *s, const bundle_text *text, bundle_field_kind kind, tact_value *out) {
    buf b = buf_in(s->arena);
    if (text->count == 1 && !text->pieces->program) {
        *out = tact_string(text->pieces->text.ptr, text->pieces->text.len);
        return RENDER_DONE;
    }
    if (!add_pieces(s, text, kind, &b)) return RENDER_NO_VALUE;
    tact_str done = buf_done(&b);
    if (!done.ptr) return RENDER_NO_MEMORY;
    *out = tact_string(done.ptr, done.len);
    return RENDER_DONE;
}

// `out` NULL: only looks whether it has a value.
static render_result render_field(slots *s, const bundle_text *text, bundle_field_kind kind, tact_value *out) {
    tact_value v = text->value;
    if (is_text(kind)) {
        if (out) return render_text(s, text, kind, out);
        return add_pieces(s, text, kind, NULL) ? RENDER_DONE : RENDER_NO_VALUE;
    }
    if (v.kind == TACT_NULL) v = value_of(s, text->pieces);
    if (v.kind == TACT_ERROR) return RENDER_NO_VALUE;
    if (out) *out = v;
    return RENDER_DONE;
}

render_result render_check(slots *s, const bundle_content *c, uint32_t *field) {
    const bundle_placement *p = &s->bundle->placements[c->placement];
    render_result result = RENDER_DONE;
    for (uint32_t i = 0; i < c->count && result == RENDER_DONE; i++) {
        *field = c->texts[i].field;
        result = render_field(s, &c->texts[i], (bundle_field_kind)p->fields[*field].kind, NULL);
    }
    return result;
}

render_result render_content(slots *s, const bundle_content *c, const tact_value **out, uint32_t *field) {
    const bundle_placement *p = &s->bundle->placements[c->placement];
    tact_value *fields = arena_array(s->arena, p->fields_count, sizeof *fields);
    render_result result = fields ? RENDER_DONE : RENDER_NO_MEMORY;
    for (uint32_t i = 0; i < p->fields_count && fields; i++) fields[i] = tact_null();
    for (uint32_t i = 0; i < c->count && result == RENDER_DONE; i++) {
        *field = c->texts[i].field;
        result = render_field(s, &c->texts[i], (bundle_field_kind)p->fields[*field].kind, &fields[*field]);
    }
    *out = fields;
    return result;
}
