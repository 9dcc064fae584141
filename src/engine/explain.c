// SPDX-License-Identifier: Apache-2.0
//
// Subtle: what an observer hears is only kept here, and told afterwards, when it is known what became of each offer. Of
// the sub-expressions of a rule all that got a value are kept until it ends; then the one that decided is found: from
// the whole inwards, as long as exactly one operand of an && or || has the value that came out.
#include "engine/explain.h"

#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "bundle/sources.h"
#include "bundle/test.h"

typedef struct part { // a sub-expression that got a value
    uint32_t pos, len;
    tact_value value;
} part;

typedef struct room { // at a cap
    const bundle_cap *cap;
    uint64_t counted;
    struct room *next;
} room;

typedef struct outcome { // of an offer at a placement
    uint32_t offer;
    bool removed, scored;
    bundle_stage stage;
    decide_why why;
    part decided; // of the rule that removed it
    part faulty;  // of its propensity, if that has no value
    double propensity, score;
    const part *terms; // of its score
    uint32_t terms_count;
    room *rooms;
    int32_t rank; // from 1; 0: it is not shown
} outcome;

typedef struct stand { // of a placement
    outcome *fates;    // by the placement's contents
    uint32_t count;
    uint32_t latest; // that was asked for: the next is the same or the one behind it, mostly
    uint32_t removed[BUNDLE_STAGES];
} stand;

enum { RULES_MAX = 32 }; // that are evaluated within each other: a rule, the segments that it reads, and theirs

typedef struct hearing { // of a rule that is being evaluated
    part *parts;         // that got a value
    uint32_t count, room;
    uint32_t place;
    int32_t offer;
} hearing;

struct explanation {
    const decision *d;
    arena *arena;
    decide_observer observer;
    stand *stands; // by the request's placements
    hearing hearings[RULES_MAX];
    uint32_t depth;          // so many of them; behind them is what was heard of the last rule that ended
    const bundle_rule *last; // that one
    tact_value *values;      // by slot, those that were read
    part *segments;          // by segment: of those that were asked for, the part that decided
    bool failed;
};

// ---- Hearing --------------------------------------------------------------------------------------------------------

static outcome *fate_of(explanation *x, uint32_t at, uint32_t offer) {
    if (at >= x->d->request.placements_count) return NULL;
    stand *s = &x->stands[at];
    uint32_t low = 0, high = s->count; // ascending by offer
    for (uint32_t i = s->latest; i < high && i < s->latest + 2; i++) {
        if (s->fates[i].offer == offer) low = i, high = i + 1;
    }
    while (low + 1 < high) {
        uint32_t middle = (low + high) / 2;
        *(s->fates[middle].offer <= offer ? &low : &high) = middle;
    }
    if (low == high || s->fates[low].offer != offer) return NULL;
    s->latest = low;
    return &s->fates[low];
}

static void begins(void *context, const bundle_rule *rule, uint32_t at, int32_t offer) {
    explanation *x = context;
    (void)rule;
    x->failed |= x->depth == RULES_MAX;
    if (x->failed) return;
    x->hearings[x->depth++] = (hearing){.place = at, .offer = offer};
}

static void observes(void *context, uint32_t pos, uint32_t len, tact_value value) {
    explanation *x = context;
    if (x->failed) return;
    hearing *h = &x->hearings[x->depth - 1];
    if (h->count == h->room) {
        uint32_t more = h->room ? 2 * h->room : 16;
        part *larger = arena_extend(x->arena, h->parts, h->room, more, sizeof *larger);
        x->failed |= !larger;
        if (!larger) return;
        h->parts = larger;
        h->room = more;
    }
    h->parts[h->count++] = (part){pos, len, value};
}

static bool same_outcome(tact_value v, tact_value w) {
    if (v.kind == TACT_ERROR || w.kind == TACT_ERROR) return v.kind == w.kind;
    return v.kind == TACT_BOOL && w.kind == TACT_BOOL && v.as.b == w.as.b;
}

static bool is_inside(const part *inner, const part *outer) {
    return inner->pos >= outer->pos && inner->pos + inner->len <= outer->pos + outer->len && inner->len < outer->len;
}

// A part that is directly inside `outer`.
static bool is_operand(const hearing *h, const part *inner, const part *outer) {
    if (!is_inside(inner, outer)) return false;
    for (uint32_t i = 0; i < h->count; i++) {
        if (is_inside(inner, &h->parts[i]) && is_inside(&h->parts[i], outer)) return false;
    }
    return true;
}

// Whether a part is an operand of an && or || that `whole` consists of, and not of something that stands beside one.
static bool is_joined(tact_str text, const part *p, const part *whole) {
    size_t from = p->pos, to = p->pos + p->len, first = whole->pos, last = whole->pos + whole->len;
    while (from > first && strchr(" (\n", text.ptr[from - 1])) from--;
    while (to < last && strchr(" )\n", text.ptr[to])) to++;
    bool left = from > first && strchr("&|", text.ptr[from - 1]), right = to < last && strchr("&|", text.ptr[to]);
    return (left || from == first) && (right || to == last) && (left || right);
}

// A negation is part of the jump behind it and has no value of its own: `!b` for a `b` that has one.
static part negated(tact_str text, const part *p) {
    part whole = *p;
    size_t from = p->pos, to = p->pos + p->len;
    while (from && (text.ptr[from - 1] == '(' || text.ptr[from - 1] == ' ')) {
        if (text.ptr[--from] != '(') continue;
        while (to < text.len && text.ptr[to] == ' ') to++;
        if (to == text.len || text.ptr[to++] != ')') return whole;
    }
    if (!from || text.ptr[from - 1] != '!' || p->value.kind != TACT_BOOL) return whole;
    return (part){(uint32_t)from - 1, (uint32_t)(to - from + 1), tact_bool(!p->value.as.b)};
}

// A fault is that of the smallest part that has it.
static part find_decided(const hearing *h, const bundle_rule *rule, tact_value value) {
    part now = {0, (uint32_t)rule->text.len, value};
    for (;;) {
        part only = {0, 0, value};
        uint32_t found = 0;
        for (uint32_t i = 0; i < h->count; i++) {
            if (h->parts[i].pos + h->parts[i].len > rule->text.len || !is_operand(h, &h->parts[i], &now)) continue;
            part p = negated(rule->text, &h->parts[i]);
            if (!same_outcome(p.value, value) || !is_inside(&p, &now)) continue;
            if (value.kind != TACT_ERROR && !is_joined(rule->text, &p, &now)) continue;
            if (found && only.pos == p.pos && only.len == p.len) continue;
            only = p;
            found++;
        }
        if (found != 1) return now;
        now = only;
    }
}

// Rules of segments lie in one row.
static int64_t segment_of(const bundle *b, const bundle_rule *rule) { // -1: of none
    uintptr_t at = (uintptr_t)rule, first = b->segments_count ? (uintptr_t)&b->segments[0].rule : 0;
    bool is = first && at >= first && at < first + b->segments_count * sizeof *b->segments;
    return is ? (int64_t)((at - first) / sizeof *b->segments) : -1;
}

static void ends(void *context, const bundle_rule *rule, tact_value value) {
    explanation *x = context;
    if (x->failed) return;
    const hearing *h = &x->hearings[--x->depth];
    int64_t segment = h->offer < 0 ? segment_of(x->d->bundle, rule) : -1;
    if (segment >= 0) x->segments[segment] = find_decided(h, rule, value);
    x->last = rule;
    outcome *f = h->offer < 0 ? NULL : fate_of(x, h->place, (uint32_t)h->offer);
    if (!f) return;
    bool faulty = value.kind == TACT_ERROR && rule == &x->d->bundle->offers[f->offer].propensity;
    if (faulty) f->faulty = find_decided(h, rule, value);
    f->terms = h->parts; // those of the last rule that is evaluated, which is the ranking
    f->terms_count = h->count;
}

static void reads(void *context, uint32_t slot, tact_value value) {
    explanation *x = context;
    if (slot < x->d->bundle->slots_count) x->values[slot] = value;
}

static void removes(void *context, uint32_t at, uint32_t offer, bundle_stage stage, const decide_why *why) {
    explanation *x = context;
    outcome *f = fate_of(x, at, offer);
    if (!f) return; // a fallback without a text
    f->removed = true;
    f->stage = stage;
    f->why = *why;
    if (why->rule == &x->d->bundle->offers[offer].propensity) {
        f->decided = f->faulty;
    } else if (why->rule && why->rule == x->last) {
        f->decided = find_decided(&x->hearings[x->depth], why->rule, why->value);
    }
    x->stands[at].removed[stage]++;
}

static void scores(void *context, uint32_t at, uint32_t offer, double propensity, double score) {
    outcome *f = fate_of(context, at, offer);
    if (!f) return;
    f->scored = true;
    f->propensity = propensity;
    f->score = score;
}

static void has_room(void *context, uint32_t at, uint32_t offer, const bundle_cap *cap, uint64_t counted) {
    explanation *x = context;
    outcome *f = fate_of(x, at, offer);
    if (!f) return;
    for (room *r = f->rooms; r; r = r->next) {
        if (r->cap != cap) continue;
        r->counted = counted; // looked at again, as the answer itself counts
        return;
    }
    room *one = ARENA_NEW(x->arena, room);
    x->failed |= !one;
    if (!one) return;
    *one = (room){cap, counted, NULL};
    room **end = &f->rooms;
    while (*end) end = &(*end)->next;
    *end = one;
}

explanation *explain_new(const decision *d) {
    arena *a = &d->session->scratch;
    explanation *x = ARENA_NEW(a, explanation);
    if (!x) return NULL;
    x->d = d;
    x->arena = a;
    x->stands = arena_zalloc(a, d->request.placements_count * sizeof *x->stands);
    x->values = arena_zalloc(a, d->bundle->slots_count * sizeof *x->values);
    x->segments = arena_zalloc(a, d->bundle->segments_count * sizeof *x->segments);
    if (!x->stands || !x->values || !x->segments) return NULL;
    for (uint32_t i = 0; i < d->request.placements_count; i++) {
        const bundle_placement *p = &d->bundle->placements[d->request.placements[i]];
        stand *s = &x->stands[i];
        s->count = p->contents_count;
        s->fates = arena_zalloc(a, s->count * sizeof *s->fates);
        if (!s->fates) return NULL;
        for (uint32_t k = 0; k < s->count; k++) s->fates[k].offer = d->bundle->contents[p->contents[k]].offer;
    }
    x->observer = (decide_observer){.context = x,
                                    .begins = begins,
                                    .observes = observes,
                                    .ends = ends,
                                    .reads = reads,
                                    .removes = removes,
                                    .scores = scores,
                                    .room = has_room};
    return x;
}

const decide_observer *explain_observer(const explanation *x) {
    return &x->observer;
}

// ---- Telling --------------------------------------------------------------------------------------------------------

static const char *reason_of(tact_value fault) {
    return fault.as.s ? fault.as.s : tact_fault_text((tact_fault)fault.len);
}

static void put_origin(form *f, form_fields *out, const decision *d, uint32_t number) {
    uint8_t source;
    int64_t time_ms;
    const schema *sc = d->bundle->schema;
    const int32_t purpose = sc->attributes[number].purpose;
    if (!d->person.known) return;
    if (purpose >= 0 && !decide_granted(sc, &d->request, &d->person.record, (uint32_t)purpose)) return;
    if (!record_origin(&d->person.record, number, &source, &time_ms)) return;
    if (source < sc->sources_count) form_put(f, out, "source", form_text(f, sc->sources[source]));
    form_put(f, out, "age_s", tact_int((d->request.now_ms - time_ms) / 1000));
}

static const char *no_number(double d) {
    return isnan(d) ? "NaN" : d > 0 ? "infinity" : "-infinity";
}

static void put_value(form *f, form_fields *out, tact_value v) {
    if (v.kind == TACT_ERROR) {
        form_put(f, out, "absent", form_text(f, tact_str_from(reason_of(v))));
    } else if (v.kind == TACT_DOUBLE && !isfinite(v.as.d)) {
        form_put(f, out, "value", form_text(f, tact_str_from(no_number(v.as.d)))); // which JSON has not
    } else {
        form_put(f, out, "value", form_copy(f, v));
    }
}

static bool is_told(const bundle_slot *s) {
    return s->kind != BUNDLE_SLOT_OFFER && s->kind != BUNDLE_SLOT_PROPENSITY;
}

// The names of what a rule reads, as far as it was read.
static tact_value names_of(form *f, const explanation *x, const bundle_rule *rule) {
    form_items names = {.count = 0};
    uint32_t count = 0;
    const uint32_t *slots = rule->program ? tact_cel_program_slots(rule->program, &count) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        const bundle_slot *s = &x->d->bundle->slots[slots[i]];
        bool was_read = x->values[slots[i]].kind != TACT_UNRESOLVED || !is_told(s);
        if (was_read) form_add(f, &names, form_text(f, s->name));
    }
    return form_list(&names);
}

// What decided within it, and what that read: which stands beside it.
static void put_segment(form *f, form_fields *out, const explanation *x, uint32_t number) {
    const bundle_rule *rule = &x->d->bundle->segments[number].rule;
    const part *p = &x->segments[number];
    if (!p->len || p->pos + p->len > rule->text.len) return;
    form_put(f, out, "decided", form_text(f, (tact_str){rule->text.ptr + p->pos, p->len}));
    form_put(f, out, "reads", names_of(f, x, rule));
}

static tact_value reads_of(form *f, const explanation *x) {
    const bundle *b = x->d->bundle;
    value_entry *entries = arena_array(f->arena, b->slots_count, sizeof *entries);
    uint32_t count = 0;
    f->failed |= !entries;
    for (uint32_t i = 0; entries && i < b->slots_count; i++) {
        if (x->values[i].kind == TACT_UNRESOLVED || !is_told(&b->slots[i])) continue;
        form_fields one = {.count = 0};
        put_value(f, &one, x->values[i]);
        if (b->slots[i].kind == BUNDLE_SLOT_ATTRIBUTE) put_origin(f, &one, x->d, b->slots[i].number);
        if (b->slots[i].kind == BUNDLE_SLOT_SEGMENT) put_segment(f, &one, x, b->slots[i].number);
        entries[count++] = (value_entry){form_text(f, b->slots[i].name), form_map(f, &one)};
    }
    return entries ? form_map_of(f, entries, count) : tact_null();
}

// "offers/apparel.yaml:43:15".
static tact_value place_in_files(form *f, const sources *all, uint32_t pos) {
    uint32_t number = sources_file_at(all, pos);
    const source_file *file = &all->files[number];
    tact_str text = sources_text_of(all, number);
    size_t line = 1, begin = 0, at = pos - file->from;
    for (size_t i = 0; i < at && i < text.len; i++) {
        if (text.ptr[i] == '\n') line++, begin = i + 1;
    }
    size_t column = at < text.len ? utf8_count(text.ptr + begin, at - begin) + 1 : 1;
    return form_printf(f, "%.*s:%zu:%zu", (int)file->name.len, file->name.ptr, line, column);
}

static void put_rule(form *f, form_fields *out, const explanation *x, const outcome *fate) {
    const bundle_rule *rule = fate->why.rule;
    part decided = fate->decided;
    if (!decided.len || decided.pos + decided.len > rule->text.len) {
        decided = (part){0, (uint32_t)rule->text.len, fate->why.value};
    }
    form_put(f, out, "rule", form_text(f, rule->path));
    form_put(f, out, "text", form_text(f, rule->text));
    form_put(f, out, "decided", form_text(f, (tact_str){rule->text.ptr + decided.pos, decided.len}));
    put_value(f, out, decided.value.kind == TACT_ERROR ? fate->why.value : decided.value);
    form_put(f, out, "reads", names_of(f, x, rule));
    form_put(f, out, "at", place_in_files(f, &x->d->bundle->sources, rule->at.pos));
}

static tact_value caps_of(form *f, const outcome *fate) {
    form_items all = {.count = 0};
    for (const room *r = fate->rooms; r; r = r->next) {
        form_fields one = {.count = 0};
        form_put(f, &one, "cap", form_text(f, r->cap->path));
        form_put(f, &one, "counted", tact_int(r->counted > INT64_MAX ? INT64_MAX : (int64_t)r->counted));
        form_put(f, &one, "max", tact_int(r->cap->max));
        form_put(f, &one, "left", tact_int(r->counted < r->cap->max ? (int64_t)(r->cap->max - r->counted) : 0));
        form_add(f, &all, form_map(f, &one));
    }
    return form_list(&all);
}

static bool is_name(tact_str text) {
    char c = text.len ? *text.ptr : ' ';
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// The smallest parts of the ranking that have names: what the score is made of.
static tact_value terms_of(form *f, const outcome *fate, tact_str text) {
    value_entry *entries = arena_array(f->arena, fate->terms_count, sizeof *entries);
    uint32_t count = 0;
    f->failed |= !entries;
    for (uint32_t i = 0; entries && i < fate->terms_count; i++) {
        const part *p = &fate->terms[i];
        bool smallest = p->pos + p->len <= text.len;
        for (uint32_t k = 0; k < fate->terms_count && smallest; k++) smallest = !is_inside(&fate->terms[k], p);
        for (uint32_t k = 0; k < count && smallest; k++) {
            smallest = !tact_str_equal(value_str(entries[k].key), (tact_str){text.ptr + p->pos, p->len});
        }
        if (!smallest || p->value.kind == TACT_ERROR || !is_name((tact_str){text.ptr + p->pos, p->len})) continue;
        entries[count++] = (value_entry){form_text(f, (tact_str){text.ptr + p->pos, p->len}), form_copy(f, p->value)};
    }
    return entries ? form_map_of(f, entries, count) : tact_null();
}

static const char *stage_doc(bundle_stage stage) {
    static const char *const docs[BUNDLE_STAGES] = {
#define X(NAME, name, doc) [BUNDLE_STAGE_##NAME] = doc,
#include "bundle/stage_tbl.h"
#undef X
    };
    return docs[stage];
}

static tact_value dates_told(form *f, const decision *d, const bundle_offer *o) {
    const bool early = d->request.now_ms < o->starts_ms;
    buf out = buf_in(f->arena);
    buf_add_text(&out, early ? "it starts at " : "it ended at ");
    value_print_timestamp(&out, tact_timestamp((early ? o->starts_ms : o->ends_ms) / 1000, 0));
    tact_str text = buf_done(&out);
    f->failed |= !text.ptr;
    return text.ptr ? tact_string(text.ptr, text.len) : tact_null();
}

// The first of what a text reads that has no value, by its slot; -1: none.
static int64_t absent_in(const explanation *x, const bundle_text *t) {
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t count = 0;
        const tact_cel_program *program = t->pieces[i].program;
        const uint32_t *slots = program ? tact_cel_program_slots(program, &count) : NULL;
        for (uint32_t k = 0; k < count && !t->pieces[i].otherwise; k++) {
            const bundle_slot *s = &x->d->bundle->slots[slots[k]];
            if (is_told(s) && x->values[slots[k]].kind == TACT_ERROR) return slots[k];
        }
    }
    return -1;
}

// Which field has no value, and what it is of that has none.
static tact_value content_told(form *f, const explanation *x, const decide_place *shown, const outcome *fate) {
    const bundle *b = x->d->bundle;
    const bundle_placement *p = &b->placements[shown->placement];
    const uint32_t field = fate->why.text;
    if (field >= p->fields_count) return form_text(f, tact_str_from(stage_doc(fate->stage)));
    const tact_str name = p->fields[field].name;
    for (uint32_t i = 0; i < p->contents_count; i++) {
        const bundle_content *c = &b->contents[p->contents[i]];
        for (uint32_t k = 0; c->offer == fate->offer && k < c->count; k++) {
            int64_t slot = c->texts[k].field == field ? absent_in(x, &c->texts[k]) : -1;
            if (slot < 0) continue;
            return form_printf(f, "its text %.*s has no value: %.*s is absent: %s", (int)name.len, name.ptr,
                               (int)b->slots[slot].name.len, b->slots[slot].name.ptr, reason_of(x->values[slot]));
        }
    }
    return form_printf(f, "its text %.*s has no value", (int)name.len, name.ptr);
}

// One sentence for people.
static tact_value why_of(form *f, const explanation *x, const decide_place *shown, const outcome *fate) {
    const decision *d = x->d;
    const bundle *b = d->bundle;
    const bundle_offer *o = &b->offers[fate->offer];
    const decide_why *why = &fate->why;
    if (why->cap) {
        return form_printf(f, "%.*s: counted %llu, at most %u", (int)why->cap->path.len, why->cap->path.ptr,
                           (unsigned long long)why->counted, why->cap->max);
    }
    if (why->rule && why->value.kind == TACT_DOUBLE) {
        return form_printf(f, "its score comes to %s, by which nothing can be ranked", no_number(why->value.as.d));
    }
    if (fate->stage == BUNDLE_STAGE_DATES) return dates_told(f, d, o);
    if (fate->stage == BUNDLE_STAGE_CONTENT) return content_told(f, x, shown, fate);
    if (why->rule && why->value.kind == TACT_ERROR) return form_text(f, tact_str_from(reason_of(why->value)));
    if (fate->stage == BUNDLE_STAGE_CONSENT && o->purpose >= 0) {
        tact_str name = b->schema->purposes[o->purpose].name;
        return form_printf(f, "%.*s is not granted", (int)name.len, name.ptr);
    }
    if (fate->stage == BUNDLE_STAGE_RANK && why->other >= 0) {
        tact_str name = b->placements[why->other].name;
        return form_printf(f, "it is shown at %.*s", (int)name.len, name.ptr);
    }
    if (fate->stage == BUNDLE_STAGE_RANK) {
        const bool full = shown->choices_count == b->placements[shown->placement].slots;
        return form_text(f,
                         full ? TACT_STR("others came before it") : TACT_STR("its group has its share of the answer"));
    }
    return form_text(f, tact_str_from(stage_doc(fate->stage)));
}

static tact_value offer_of(form *f, const explanation *x, const decide_place *shown, const outcome *fate) {
    form_fields one = {.count = 0};
    form_put(f, &one, "offer", form_text(f, x->d->bundle->offers[fate->offer].name));
    if (fate->rank) form_put(f, &one, "rank", tact_int(fate->rank));
    if (fate->removed) {
        form_put(f, &one, "stage", tact_string(bundle_stage_name(fate->stage), strlen(bundle_stage_name(fate->stage))));
        form_put(f, &one, "why", why_of(f, x, shown, fate));
        if (fate->why.rule) put_rule(f, &one, x, fate);
    }
    if (fate->scored) {
        form_put(f, &one, "score", tact_double(fate->score));
        if (!isnan(fate->propensity)) form_put(f, &one, "propensity", tact_double(fate->propensity));
        form_put(f, &one, "terms", terms_of(f, fate, x->d->bundle->rankings[shown->ranking].rule.text));
    }
    if (fate->rooms) form_put(f, &one, "caps", caps_of(f, fate));
    return form_map(f, &one);
}

static tact_value funnel_of(form *f, const stand *s) {
    form_items all = {.count = 0};
    uint32_t left = s->count;
    for (int i = 0; i < BUNDLE_STAGES; i++) {
        const char *name = bundle_stage_name((bundle_stage)i);
        form_fields one = {.count = 0};
        left -= s->removed[i];
        form_put(f, &one, "stage", tact_string(name, strlen(name)));
        form_put(f, &one, "removed", tact_int(s->removed[i]));
        form_put(f, &one, "left", tact_int(left));
        form_add(f, &all, form_map(f, &one));
    }
    return form_list(&all);
}

// Shown ones by rank, then those that came farthest, then by score and name.
static int order_fates(const void *a, const void *b) {
    const outcome *x = *(const outcome *const *)a, *y = *(const outcome *const *)b;
    if (!x->rank != !y->rank) return !x->rank - !y->rank;
    if (x->rank != y->rank) return (x->rank > y->rank) - (x->rank < y->rank);
    if (x->stage != y->stage) return (x->stage < y->stage) - (x->stage > y->stage);
    if (x->scored && y->scored && x->score != y->score) return (x->score < y->score) - (x->score > y->score);
    return (x->offer > y->offer) - (x->offer < y->offer);
}

static tact_value place_told(form *f, explanation *x, uint32_t number) {
    const bundle *b = x->d->bundle;
    stand *s = &x->stands[number];
    const decide_place *shown = &x->d->answer.places[number];
    const bundle_ranking *ranking = &b->rankings[shown->ranking];
    form_items offers = {.count = 0};
    form_fields one = {.count = 0};
    for (uint32_t i = 0; i < shown->choices_count; i++) {
        outcome *chosen = fate_of(x, number, shown->choices[i].offer);
        if (chosen && !shown->choices[i].fallback) chosen->rank = (int32_t)i + 1;
    }
    const outcome **order = arena_array(f->arena, s->count, sizeof *order); // NOLINT(bugprone-sizeof-expression)
    f->failed |= !order;
    for (uint32_t i = 0; order && i < s->count; i++) order[i] = &s->fates[i];
    if (order && s->count) qsort(order, s->count, sizeof *order, order_fates); // NOLINT(bugprone-sizeof-expression)
    for (uint32_t i = 0; order && i < s->count; i++) {
        form_add(f, &offers, offer_of(f, x, shown, order[i]));
    }
    form_put(f, &one, "candidates", tact_int(s->count));
    form_put(f, &one, "ranking", form_text(f, ranking->name));
    form_put(f, &one, "shown", tact_int(shown->choices_count));
    form_put(f, &one, "funnel", funnel_of(f, s));
    form_put(f, &one, "offers", form_list(&offers));
    return form_map(f, &one);
}

void explain_put(form *f, form_fields *out, explanation *x) {
    value_entry places[DECIDE_PLACEMENTS_MAX];
    form_fields all = {.count = 0};
    f->failed |= x->failed;
    if (f->failed) return;
    for (uint32_t i = 0; i < x->d->request.placements_count; i++) {
        tact_str name = x->d->bundle->placements[x->d->request.placements[i]].name;
        places[i] = (value_entry){form_text(f, name), place_told(f, x, i)};
    }
    form_put(f, &all, "reads", reads_of(f, x));
    form_put(f, &all, "placements", form_map_of(f, places, x->d->request.placements_count));
    form_put(f, out, "explain", form_map(f, &all));
}
