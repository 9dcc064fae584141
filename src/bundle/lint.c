// SPDX-License-Identifier: Apache-2.0
//
// Warnings. What rules say is held against each other and against what is known without them: the values that the
// schema allows, and what an offer says of itself (its value, its dates, its purpose).
//
// The subtle one is of an offer that others always come before: in a placement of n slots it has no place if
// n offers that nothing can keep away surely rank higher. Surely means that the ranking depends on nothing but what is
// fixed for an offer, so that it can be worked out here; whatever might be otherwise (an experiment that changes the
// ranking, an offer that may be shown elsewhere in the same answer) says nothing.
#include "bundle/lint.h"

#include <math.h>
#include <stdlib.h>

#define NAME(s) (int)(s).len, (s).ptr

// Comparisons that contradictions of a whole bundle are looked for with: half a second, of which rules as people write
// them need a hundredth. What is not found then is not warned of.
enum { LINT_STEPS_MAX = 50000000 };

// ---- What is known of slots -----------------------------------------------------------------------------------------

enum { KNOWN_MAX = 3 }; // predicates over one slot

// What every value of a slot passes.
typedef struct known {
    normal_form leaves[KNOWN_MAX], all;
    const normal_form *parts[KNOWN_MAX];
    tact_value values[KNOWN_MAX];
    uint32_t count;
} known;

static void know(known *k, uint32_t slot, normal_kind kind, const tact_value *values, uint32_t count) {
    normal_form *f = &k->leaves[k->count];
    *f = (normal_form){.kind = (uint8_t)kind, .slot = slot, .values = values, .count = count};
    f->whole = count && values[0].kind == TACT_INT;
    k->parts[k->count++] = f;
}

static void know_one(known *k, uint32_t slot, normal_kind kind, tact_value value) {
    k->values[k->count] = value;
    know(k, slot, kind, &k->values[k->count], 1);
}

// As one form; NULL: nothing.
static const normal_form *form_of(known *k) {
    if (k->count < 2) return k->count ? k->parts[0] : NULL;
    k->all = (normal_form){.kind = NORMAL_AND, .parts = k->parts, .count = k->count};
    return &k->all;
}

// What the schema allows.
static const normal_form *known_of_schema(builder *B, uint32_t slot) {
    const bundle_slot *s = &B->b->slots[slot];
    build_domain d = build_domain_of(B, slot);
    bool list = s->kind == BUNDLE_SLOT_ATTRIBUTE && B->b->schema->attributes[s->number].type->kind == TYPE_LIST;
    list |= s->kind == BUNDLE_SLOT_CONTEXT && B->b->context[s->number].type->kind == TYPE_LIST;
    if (list || (!d.allowed_count && !d.has_min && !d.has_max)) return NULL; // of a list its items are declared
    known *k = build_array(B, B->scratch, 1, sizeof *k);
    if (!k) return NULL;
    if (d.allowed_count) know(k, slot, NORMAL_IN, d.allowed, d.allowed_count);
    if (d.has_min) know_one(k, slot, NORMAL_GE, d.min);
    if (d.has_max) know_one(k, slot, NORMAL_LE, d.max);
    return form_of(k);
}

// What the rules of one offer are held against.
typedef struct lint {
    builder *B;
    normal_meanings meanings;
    const normal_form **of, **known; // those of the meanings
    uint32_t *own;                   // slots that each offer says itself, and some rule reads
    known *of_own;                   // what is known of each
    uint32_t own_count;
} lint;

static tact_value moment(int64_t ms) {
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    return tact_timestamp(seconds, (uint32_t)(ms - seconds * 1000) * 1000000);
}

static void know_offer(known *k, const bundle_slot *s, uint32_t slot, const bundle_offer *o) {
    switch ((bundle_slot_kind)s->kind) {
    case BUNDLE_SLOT_NOW:
        if (o->starts_ms != 0) know_one(k, slot, NORMAL_GE, moment(o->starts_ms));
        if (o->ends_ms != INT64_MAX) know_one(k, slot, NORMAL_LT, moment(o->ends_ms));
        break;
    case BUNDLE_SLOT_CONSENT:
        if (o->purpose == (int32_t)s->number) know_one(k, slot, NORMAL_EQ, tact_bool(true));
        break;
    case BUNDLE_SLOT_OFFER:
        if (o->attributes[s->number].kind == TACT_ERROR) {
            know(k, slot, NORMAL_ABSENT, NULL, 0);
        } else {
            know_one(k, slot, NORMAL_EQ, o->attributes[s->number]);
        }
        break;
    default: break;
    }
}

// `o` is NULL where the rules are of several offers.
static void know_own(lint *l, const bundle_offer *o) {
    for (uint32_t i = 0; i < l->own_count; i++) {
        known *k = &l->of_own[i];
        k->count = 0;
        if (o) know_offer(k, &l->B->b->slots[l->own[i]], l->own[i], o);
        l->known[l->own[i]] = form_of(k);
    }
}

static bool is_set(const uint64_t *bits, uint32_t number) {
    return bits[number / 64] >> (number % 64) & 1;
}

static bool begin(lint *l, builder *B) {
    const bundle *b = B->b;
    *l = (lint){.B = B};
    l->of = build_array(B, B->scratch, b->slots_count, sizeof *l->of);
    l->known = build_array(B, B->scratch, b->slots_count, sizeof *l->known);
    l->own = build_array(B, B->scratch, b->slots_count, sizeof *l->own);
    l->meanings = (normal_meanings){l->of, b->slots_count, LINT_STEPS_MAX, l->known};
    for (uint32_t i = 0; l->of && l->known && l->own && i < b->slots_count; i++) {
        uint8_t kind = b->slots[i].kind;
        l->known[i] = known_of_schema(B, i);
        bool own = kind == BUNDLE_SLOT_NOW || kind == BUNDLE_SLOT_CONSENT || kind == BUNDLE_SLOT_OFFER;
        if (own && is_set(B->read, i)) l->own[l->own_count++] = i;
    }
    l->of_own = build_array(B, B->scratch, l->own_count + 1, sizeof *l->of_own);
    return l->of && l->known && l->own && l->of_own;
}

// ---- Rules that never hold ------------------------------------------------------------------------------------------

// Whether what rules compare with cannot be, by the schema: of that build_warn_never has told.
static bool is_told(lint *l, const normal_form *clash) {
    bool leaf = clash->kind != NORMAL_FALSE && clash->kind != NORMAL_AND && clash->kind != NORMAL_OR;
    if (!leaf || !l->known[clash->slot]) return false;
    uint8_t kind = l->B->b->slots[clash->slot].kind;
    bool declared = kind == BUNDLE_SLOT_ATTRIBUTE || kind == BUNDLE_SLOT_CONTEXT;
    return declared && !normal_can_hold_within(&clash, 1, &l->meanings, NULL);
}

// What the offer says that the clash contradicts, as a hint; NULL: other rules do.
static const char *own_hint(lint *l, const normal_form *clash) {
    if (clash->kind == NORMAL_FALSE || !l->known[clash->slot]) return NULL;
    if (normal_can_hold_within(&clash, 1, &l->meanings, NULL)) return NULL;
    buf out = buf_in(l->B->r->arena);
    buf_add_text(&out, "of this offer `");
    normal_print(&out, l->known[clash->slot], l->B->env, (tact_str){"", 0});
    buf_add_text(&out, "` holds");
    const char *hint = buf_done(&out).ptr;
    if (!hint) report_no_memory(l->B->r);
    return hint;
}

// The `!` of a name, which is no part of its predicate.
static const char *sign_of(const normal_form *clash, tact_str text) {
    bool name = clash->kind == NORMAL_EQ && clash->values[0].kind == TACT_BOOL && !clash->values[0].as.b &&
                !memchr(text.ptr + clash->pos, '=', clash->len);
    return name ? "!" : "";
}

// What segments say. One that can never hold is reported, and gets no meaning, so that nothing follows from it.
static void lint_meanings(lint *l) {
    builder *B = l->B;
    for (uint32_t i = 0; i < B->b->segments_count; i++) {
        const bundle_segment *s = &B->b->segments[i];
        const normal_form *form = s->rule.form, *clash;
        if (!form) continue;
        if (normal_can_hold_within(&form, 1, &l->meanings, &clash)) {
            l->of[s->slot] = form;
            continue;
        }
        if (is_told(l, clash)) continue;
        report_path(B->r, "%.*s", NAME(s->rule.path));
        if (clash->kind == NORMAL_FALSE) {
            report_add(B->r, REPORT_NEVER, s->rule.at, NULL, "nobody can ever be in the segment: it is always false");
        } else {
            report_add(B->r, REPORT_NEVER, s->rule.at, NULL,
                       "nobody can ever be in the segment: `%s%.*s` contradicts the rest", sign_of(clash, s->rule.text),
                       (int)clash->len, s->rule.text.ptr + clash->pos);
        }
    }
}

static uint32_t add_forms(const bundle_rule rules[BUNDLE_TIERS], const normal_form **forms, uint32_t count) {
    for (int i = 0; i < BUNDLE_TIERS; i++) {
        if (rules[i].form) forms[count++] = rules[i].form;
    }
    return count;
}

// Whether a form is part of another; as deep as forms are, which is as deep as expressions are.
static bool holds_part(const normal_form *whole, const normal_form *part) {
    if (whole == part) return true;
    if (whole->kind != NORMAL_AND && whole->kind != NORMAL_OR) return false;
    for (uint32_t i = 0; i < whole->count; i++) {
        if (holds_part(whole->parts[i], part)) return true;
    }
    return false;
}

static const bundle_rule *rule_of(const bundle_rule rules[BUNDLE_TIERS], const normal_form *part) {
    for (int i = 0; part && i < BUNDLE_TIERS; i++) {
        if (rules[i].form && holds_part(rules[i].form, part)) return &rules[i];
    }
    return NULL;
}

// Warns if the rules of an offer, together with those of its group, can never hold, or those of a group alone; false
// then.
static bool warn_rules(lint *l, const bundle_rule own[BUNDLE_TIERS], const bundle_group *group, cel_span at,
                       const char *what) {
    builder *B = l->B;
    const normal_form *forms[2 * BUNDLE_TIERS], *clash = NULL;
    uint32_t count = add_forms(own, forms, 0);
    if (group) count = add_forms(group->rules, forms, count);
    if (count == 0) return true;
    if (normal_can_hold_within(forms, count, &l->meanings, &clash)) return true;
    if (is_told(l, clash)) return false;
    const bundle_rule *mine = rule_of(own, clash), *its = group ? rule_of(group->rules, clash) : NULL;
    const bundle_rule *rule = mine ? mine : its;
    if (mine) report_path(B->r, "%.*s", NAME(mine->path));
    if (mine) at = mine->at;
    if (!rule) {
        report_add(B->r, REPORT_NEVER, at, NULL, "%s", what);
    } else if (clash->kind == NORMAL_FALSE) {
        report_add(B->r, REPORT_NEVER, at, NULL, "%s: the rule is always false", what);
    } else {
        const char *hint = own_hint(l, clash);
        report_add(B->r, REPORT_NEVER, at, hint, "%s: `%s%.*s`%s%.*s contradicts the %s", what,
                   sign_of(clash, rule->text), (int)clash->len, rule->text.ptr + clash->pos, mine ? "" : " in ",
                   mine ? 0 : (int)its->path.len, rule->path.ptr, hint ? "offer" : "rest");
    }
    return false;
}

// Sets the bits of the offers that can never be eligible.
static void lint_rules(lint *l, uint64_t *never_offers) {
    builder *B = l->B;
    const bundle *b = B->b;
    uint64_t *never = build_array(B, B->scratch, b->groups_count / 64 + 1, sizeof *never); // groups, by bit
    if (!never) return;
    for (uint32_t i = 0; i < b->groups_count; i++) {
        report_path(B->r, "groups.%.*s", NAME(b->groups[i].name));
        bool can = warn_rules(l, b->groups[i].rules, NULL, B->members[DRAFT_GROUPS].of[i]->node->key_at,
                              "no offer of the group can ever be eligible");
        if (!can) never[i / 64] |= UINT64_C(1) << (i % 64);
    }
    for (uint32_t i = 0; i < b->offers_count; i++) {
        const bundle_offer *o = &b->offers[i];
        bool can = o->group < 0 || !is_set(never, (uint32_t)o->group);
        report_path(B->r, "offers.%.*s", NAME(o->name));
        know_own(l, o);
        if (can) {
            can = warn_rules(l, o->rules, o->group < 0 ? NULL : &b->groups[o->group], o->at,
                             "the offer can never be eligible");
        }
        if (!can) never_offers[i / 64] |= UINT64_C(1) << (i % 64);
    }
    know_own(l, NULL);
}

// ---- Rules that always hold -----------------------------------------------------------------------------------------

// `true` itself is meant.
static void warn_always(lint *l, arena *a, const bundle_rule *rule) {
    if (!rule->form || tact_str_equal(rule->text, TACT_STR("true"))) return;
    bool constant = rule->form->kind == NORMAL_TRUE;
    if (!constant && !normal_always_holds(rule->form, &l->meanings, a)) return;
    report_path(l->B->r, "%.*s", NAME(rule->path));
    if (constant) {
        report_add(l->B->r, REPORT_ALWAYS, rule->at, NULL, "the rule is always true");
    } else {
        report_add(l->B->r, REPORT_ALWAYS, rule->at, "whether there is a value is asked by has(a.b)",
                   "the rule is true of everybody who has the values that it reads");
    }
}

static void lint_always(lint *l) {
    const bundle *b = l->B->b;
    arena memory; // of one rule
    arena_init(&memory, 0);
    for (uint32_t i = 0; i < b->segments_count; i++) warn_always(l, &memory, &b->segments[i].rule);
    for (uint32_t i = 0; i < b->groups_count * BUNDLE_TIERS; i++) {
        warn_always(l, &memory, &b->groups[i / BUNDLE_TIERS].rules[i % BUNDLE_TIERS]);
        tact_arena_reset(&memory);
    }
    for (uint32_t i = 0; i < b->offers_count * BUNDLE_TIERS; i++) {
        warn_always(l, &memory, &b->offers[i / BUNDLE_TIERS].rules[i % BUNDLE_TIERS]);
        tact_arena_reset(&memory);
    }
    arena_fini(&memory);
}

// ---- Offers that others come before ---------------------------------------------------------------------------------

static bool are_free(const bundle_rule rules[BUNDLE_TIERS]) {
    for (int i = 0; i < BUNDLE_TIERS; i++) {
        if (rules[i].program && (!rules[i].form || rules[i].form->kind != NORMAL_TRUE)) return false;
    }
    return true;
}

// Whether a text is the same for everybody: then it cannot lack a value.
static bool is_fixed(const bundle_content *c) {
    for (uint32_t i = 0; i < c->count; i++) {
        for (uint32_t j = 0; j < c->texts[i].count; j++) {
            if (c->texts[i].pieces[j].program) return false;
        }
    }
    return true;
}

// Whether nothing keeps the offer away from a placement, ever. `contents` is how many placements it has content for.
static bool is_free(const bundle *b, const bundle_content *c, uint32_t contents) {
    const bundle_offer *o = &b->offers[c->offer];
    const bundle_group *g = o->group < 0 ? NULL : &b->groups[o->group];
    bool own = are_free(o->rules) && o->purpose < 0 && !o->caps.count && o->starts_ms == 0 && o->ends_ms == INT64_MAX;
    bool group = !g || (are_free(g->rules) && !g->caps.count && !g->per_answer);
    return own && group && (o->repeat || contents == 1) && is_fixed(c);
}

typedef struct ranked {
    double score;
    uint32_t offer; // of equals the first comes first
} ranked;

static int by_rank(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return (x->offer > y->offer) - (x->offer < y->offer);
}

// Whether the ranking is the same for everybody.
static bool is_constant(const bundle *b, const bundle_placement *p, uint32_t placement) {
    uint32_t count;
    const tact_cel_program *program = b->rankings[p->ranking].rule.program;
    const uint32_t *slots = tact_cel_program_slots(program, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind = b->slots[slots[i]].kind;
        if (kind != BUNDLE_SLOT_OFFER && kind != BUNDLE_SLOT_PROPENSITY) return false;
    }
    for (uint32_t i = 0; i < b->experiments_count; i++) {
        const bundle_experiment *e = &b->experiments[i];
        bool here = e->placements_count == 0, changes = false;
        for (uint32_t j = 0; j < e->placements_count; j++) here |= e->placements[j] == placement;
        for (uint32_t j = 0; j < e->arms_count; j++) changes |= e->arms[j].ranking >= 0;
        if (here && changes) return false;
    }
    return true;
}

// What the ranking gives for an offer; false: it depends on who asks, or is no finite number, which is no rank.
static bool rank_of(const bundle *b, const bundle_placement *p, const bundle_offer *o, tact_value *slots, arena *a,
                    double *score) {
    const tact_cel_program *program = b->rankings[p->ranking].rule.program;
    for (uint32_t i = 0; i < b->slots_count; i++) {
        if (b->slots[i].kind == BUNDLE_SLOT_OFFER) slots[i] = o->attributes[b->slots[i].number];
        if (b->slots[i].kind == BUNDLE_SLOT_PROPENSITY) {
            slots[i] = o->propensity.program ? tact_fault_value(TACT_FAULT_ABSENT, NULL)
                                             : tact_double(o->propensity_constant);
        }
    }
    tact_cel_input in = {.slots = slots, .slots_count = b->slots_count, .arena = a};
    tact_value v = tact_cel_eval(program, &in);
    *score = v.kind == TACT_DOUBLE ? v.as.d : 0;
    return v.kind == TACT_DOUBLE && isfinite(v.as.d);
}

typedef struct shadows {
    uint32_t *contents; // of each offer: placements that it has content for
    uint32_t *shadowed; // and those in which it has no place
    tact_value *slots;
} shadows;

// Counts the placement for each offer that surely has no place in it.
static void lint_placement(builder *B, uint32_t placement, shadows *s) {
    const bundle *b = B->b;
    const bundle_placement *p = &b->placements[placement];
    if (p->contents_count <= p->slots || !is_constant(b, p, placement)) return;
    arena memory;
    arena_init(&memory, 0);
    ranked *free = arena_array(&memory, p->contents_count, sizeof *free), *all;
    all = arena_array(&memory, p->contents_count, sizeof *all);
    uint32_t free_count = 0, all_count = 0;
    if (!free || !all) {
        report_no_memory(B->r);
        arena_fini(&memory);
        return;
    }
    for (uint32_t i = 0; i < p->contents_count; i++) {
        const bundle_content *c = &b->contents[p->contents[i]];
        ranked r = {.offer = c->offer};
        if (!rank_of(b, p, &b->offers[c->offer], s->slots, &memory, &r.score)) continue;
        all[all_count++] = r;
        if (is_free(b, c, s->contents[c->offer])) free[free_count++] = r;
    }
    if (free_count >= p->slots) {
        qsort(free, free_count, sizeof *free, by_rank);
        const ranked *last = &free[p->slots - 1]; // who ranks below it has no place
        for (uint32_t i = 0; i < all_count; i++) {
            bool below = p->ties_random ? all[i].score < last->score : by_rank(&all[i], last) > 0;
            s->shadowed[all[i].offer] += below;
        }
    }
    arena_fini(&memory);
}

// `never`: offers of which it was said already.
static void lint_shadows(builder *B, const uint64_t *never) {
    const bundle *b = B->b;
    shadows s = {build_array(B, B->scratch, b->offers_count, sizeof *s.contents),
                 build_array(B, B->scratch, b->offers_count, sizeof *s.shadowed),
                 build_array(B, B->scratch, b->slots_count, sizeof *s.slots)};
    if (!s.contents || !s.shadowed || !s.slots) return;
    for (uint32_t i = 0; i < b->contents_count; i++) s.contents[b->contents[i].offer]++;
    for (uint32_t i = 0; i < b->placements_count; i++) lint_placement(B, i, &s);
    for (uint32_t i = 0; i < b->offers_count; i++) {
        const bundle_offer *o = &b->offers[i];
        report_path(B->r, "offers.%.*s", NAME(o->name));
        if (!s.contents[i]) {
            report_add(B->r, REPORT_NO_CONTENT, o->at, NULL,
                       "the offer has no content for any placement: it is never shown");
        } else if (s.shadowed[i] == s.contents[i] && !is_set(never, i)) {
            report_add(B->r, REPORT_SHADOWED, o->at, "offers that nothing keeps away rank higher, and fill every slot",
                       "the offer is never shown: others always come before it");
        }
    }
}

// Fallbacks are never candidates, so what one brings for a placement that falls back on another is never shown.
static void lint_fallbacks(builder *B) {
    for (uint32_t i = 0; i < B->b->contents_count; i++) {
        const bundle_content *c = &B->b->contents[i];
        const bundle_offer *o = &B->b->offers[c->offer];
        const bundle_placement *p = &B->b->placements[c->placement];
        if (!o->fallback || p->fallback == (int32_t)c->offer) continue;
        report_path(B->r, "offers.%.*s.content.%.*s", NAME(o->name), NAME(p->name));
        report_add(B->r, REPORT_SHADOWED, o->at, "a fallback is shown only where placements name it as theirs",
                   "the offer is a fallback elsewhere, and never shown in `%.*s`", NAME(p->name));
    }
}

// ---- Segments -------------------------------------------------------------------------------------------------------

static void lint_segments(builder *B) {
    for (uint32_t i = 0; i < B->b->segments_count; i++) {
        const bundle_segment *s = &B->b->segments[i];
        if (is_set(B->read, s->slot)) continue;
        int32_t member = build_find(B, DRAFT_SEGMENTS, s->name);
        report_path(B->r, "segments.%.*s", NAME(s->name));
        report_add(B->r, REPORT_UNUSED, B->members[DRAFT_SEGMENTS].of[member]->node->key_at, NULL,
                   "nobody reads `segment.%.*s`", NAME(s->name));
    }
}

void lint_bundle(builder *B) {
    uint64_t *never = build_array(B, B->scratch, B->b->offers_count / 64 + 1, sizeof *never);
    lint l;
    if (!never || !begin(&l, B)) return;
    lint_meanings(&l);
    lint_rules(&l, never);
    lint_always(&l);
    lint_shadows(B, never);
    lint_fallbacks(B);
    lint_segments(B);
}
