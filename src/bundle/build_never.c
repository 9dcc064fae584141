// SPDX-License-Identifier: Apache-2.0
//
// Warnings of rules that compare with what can never be: a value that is none of the declared ones, most often a
// misspelt one, or one that lies outside of what an attribute's bounds leave. Only what is surely not meant is told: a
// comparison that is always true may be there for those who have no value at all.
#include "bundle/build.h"
#include "value/value.h"

build_domain build_domain_of(const builder *B, uint32_t slot) {
    const bundle_slot *s = &B->b->slots[slot];
    if (s->kind == BUNDLE_SLOT_ATTRIBUTE) {
        const schema_attribute *m = &B->b->schema->attributes[s->number];
        return (build_domain){m->name, m->allowed, m->allowed_count, m->has_min, m->has_max, m->min, m->max};
    }
    if (s->kind == BUNDLE_SLOT_CONTEXT && s->number < B->b->context_count) {
        const bundle_context *c = &B->b->context[s->number];
        return (build_domain){.name = c->name, .allowed = c->allowed, .allowed_count = c->allowed_count};
    }
    return (build_domain){.name = {NULL, 0}};
}

static bool is_declared(const build_domain *d, tact_value v) {
    for (uint32_t i = 0; i < d->allowed_count; i++) {
        if (tact_value_equal(d->allowed[i], v)) return true;
    }
    return d->allowed_count == 0;
}

// What was meant by a text, or all that there is.
static const char *hint_of(builder *B, const build_domain *d, tact_value v) {
    near n = near_to(v.kind == TACT_STRING ? value_str(v) : (tact_str){NULL, 0});
    buf list = buf_in(B->scratch);
    n.beginnings = true;
    for (uint32_t i = 0; i < d->allowed_count; i++) {
        if (v.kind == TACT_STRING && d->allowed[i].kind == TACT_STRING) near_offer(&n, value_str(d->allowed[i]));
        if (i < 8) buf_add_text(&list, i ? ", " : "its values are "), value_print(&list, d->allowed[i]);
        if (i == 8) buf_add_text(&list, ", …");
    }
    const char *hint = n.best.len ? arena_printf(B->r->arena, "did you mean \"%.*s\"?", (int)n.best.len, n.best.ptr)
                                  : arena_printf(B->r->arena, "%s", buf_done(&list).ptr ? list.ptr : "");
    if (!hint) report_no_memory(B->r);
    return hint;
}

static const char *const signs[] = {
    [NORMAL_EQ] = "",       [NORMAL_LT] = "below ",       [NORMAL_LE] = "at or below ",
    [NORMAL_GT] = "above ", [NORMAL_GE] = "at or above ", [NORMAL_IN] = "",
};

// The bound that keeps the attribute from being `kind` than the value; NULL: none does.
static const char *bound_against(const build_domain *d, normal_kind kind, tact_value v) {
    int low = d->has_min ? value_compare(v, d->min) : 1, high = d->has_max ? value_compare(v, d->max) : -1;
    bool below = d->has_min && low == -1, above = d->has_max && high == 1;
    switch (kind) {
    case NORMAL_EQ:
    case NORMAL_IN: return below ? "min" : above ? "max" : NULL;
    case NORMAL_LT: return below || (d->has_min && low == 0) ? "min" : NULL;
    case NORMAL_LE: return below ? "min" : NULL;
    case NORMAL_GT: return above || (d->has_max && high == 0) ? "max" : NULL;
    case NORMAL_GE: return above ? "max" : NULL;
    default: return NULL;
    }
}

static bool asks_whether_member(uint8_t kind) {
    return kind == NORMAL_HAS || kind == NORMAL_HAS_NOT;
}

static bool asks_for_equal(uint8_t kind) {
    return kind == NORMAL_EQ || kind == NORMAL_NE || kind == NORMAL_IN || kind == NORMAL_NOT_IN ||
           asks_whether_member(kind);
}

static void warn_never(builder *B, buf *said, cel_span at, const char *hint) {
    tact_str text = buf_done(said);
    if (!text.ptr) report_no_memory(B->r);
    if (text.ptr) report_add(build_at(B), REPORT_NEVER, at, hint, "%s", text.ptr);
}

// A value that is not among those allowed.
static void warn_undeclared(builder *B, const build_domain *d, uint8_t kind, tact_value v, cel_span at) {
    buf said = buf_in(B->scratch);
    buf_printf(&said, "`%.*s` %s ", (int)d->name.len, d->name.ptr,
               asks_whether_member(kind) ? "never holds" : "is never");
    value_print(&said, v);
    warn_never(B, &said, at, hint_of(B, d, v));
}

// A value beyond a bound.
static void warn_beyond(builder *B, const build_domain *d, normal_kind kind, tact_value v, cel_span at) {
    const char *sign = kind < sizeof signs / sizeof *signs ? signs[kind] : NULL;
    const char *bound = sign ? bound_against(d, kind, v) : NULL;
    if (!bound) return;
    buf said = buf_in(B->scratch);
    buf_printf(&said, "`%.*s` is never %s", (int)d->name.len, d->name.ptr, sign);
    value_print(&said, v);
    buf_printf(&said, ": its %s is ", bound);
    value_print(&said, strcmp(bound, "min") == 0 ? d->min : d->max);
    warn_never(B, &said, at, NULL);
}

static void warn_value(builder *B, const build_domain *d, const normal_form *f, tact_value v, cel_span at) {
    if (asks_for_equal(f->kind) && !is_declared(d, v)) {
        warn_undeclared(B, d, f->kind, v, at);
    } else {
        warn_beyond(B, d, (normal_kind)f->kind, v, at);
    }
}

static void warn_leaf(builder *B, const yaml_node *node, const normal_form *f) {
    const build_domain d = build_domain_of(B, f->slot);
    if (!d.allowed_count && !d.has_min && !d.has_max) return;
    cel_span at;
    (void)yaml_span(B->r, node, f->pos, f->len, &at);
    for (uint32_t i = 0; i < f->count; i++) warn_value(B, &d, f, f->values[i], at);
}

// The forms of a conditional have its condition twice: of what stands at one place only the first is told.
typedef struct seen {
    uint32_t at[NORMAL_LEAVES_MAX];
    uint32_t count;
} seen;

// As deep as forms are, which is as deep as expressions are.
static void look(builder *B, const yaml_node *node, const normal_form *f, seen *s) {
    switch ((normal_kind)f->kind) {
    case NORMAL_AND:
    case NORMAL_OR:
        for (uint32_t i = 0; i < f->count; i++) look(B, node, f->parts[i], s);
        return;
    case NORMAL_TRUE:
    case NORMAL_FALSE:
    case NORMAL_PRESENT:
    case NORMAL_ABSENT:
    case NORMAL_OTHER: return;
    default: break;
    }
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->at[i] == f->pos) return;
    }
    if (s->count == NORMAL_LEAVES_MAX) return;
    s->at[s->count++] = f->pos;
    warn_leaf(B, node, f);
}

void build_warn_never(builder *B, const yaml_node *node, const normal_form *form) {
    seen s;
    s.count = 0;
    look(B, node, form, &s);
}
