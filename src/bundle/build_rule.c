// SPDX-License-Identifier: Apache-2.0
//
// Expressions of a bundle, compiled. Equal texts that must come to the same share one program. Everything is compiled
// against the one environment, so a name that only others may read is found here, by the slots that the program reads;
// or, when there is no program for another fault, by the words of the text, so that neither fault hides the other.
#include "bundle/build.h"
#include "cel/lexer.h"

typedef struct build_program {
    const tact_cel_program *program;
    const normal_form *form; // not of BUILD_ANY
    tact_str text;           // the copy that everybody refers to
} build_program;

static const tact_str results[] = {[BUILD_BOOL] = {"bool", 4}, [BUILD_DOUBLE] = {"double", 6}, [BUILD_ANY] = {NULL, 0}};

// ---- Words ----------------------------------------------------------------------------------------------------------

cel_span build_words(builder *B, tact_str text, tact_str record, bool fields,
                     void (*found)(void *context, tact_str name), void *context) {
    cel_diags diags;
    cel_lexer lexer;
    cel_token before = {.kind = TOKEN_END}, token, next, field;
    cel_span first = {0, 0};
    diag_init(&diags, B->scratch, text);
    lexer_init(&lexer, text, &diags);
    for (lexer_next(&lexer, &token); token.kind != TOKEN_END; before = token, token = next) {
        lexer_next(&lexer, &next);
        tact_str word = {text.ptr + token.span.pos, token.span.len};
        if (token.kind != TOKEN_IDENT || before.kind == TOKEN_DOT || !tact_str_equal(word, record)) continue;
        if (next.kind == TOKEN_COMMA) return (cel_span){0, 0}; // a macro's variable of that name
        if (fields && next.kind != TOKEN_DOT) continue;
        if (!first.len) first = token.span;
        if (!found) continue;
        cel_lexer ahead = lexer;
        lexer_next(&ahead, &field);
        if (field.kind != TOKEN_IDENT && field.kind != TOKEN_RESERVED) continue;
        found(context, (tact_str){text.ptr + field.span.pos, field.span.len});
    }
    return first;
}

// ---- Who may read what ----------------------------------------------------------------------------------------------

static const struct {
    tact_str name;
    bool fields;
    build_scope from; // the first scope that may read it
    const char *by;
} guarded[] = {
    {{"offer", 5}, true, BUILD_OFFERS, "rules of offers and groups"},
    {{"propensity", 10}, false, BUILD_RANKINGS, "rankings"},
};
#define GUARDED (sizeof guarded / sizeof *guarded)

static const char *const readers[] = {
    [BUILD_SEGMENTS] = "segments",
    [BUILD_EXPERIMENTS] = "experiments",
    [BUILD_OFFERS] = "rules of offers and groups",
};

static bool reads(const builder *B, const tact_cel_program *p, size_t guard) {
    uint32_t count;
    const uint32_t *slots = tact_cel_program_slots(p, &count);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t kind = B->b->slots[slots[i]].kind;
        if (kind == (guarded[guard].fields ? BUNDLE_SLOT_OFFER : BUNDLE_SLOT_PROPENSITY)) return true;
    }
    return false;
}

// True if the text reads nothing that it may not. `p` may be NULL: then its words are all there is to go by.
static bool check_scope(builder *B, const yaml_node *node, tact_str text, build_scope scope,
                        const tact_cel_program *p) {
    bool well = true;
    for (size_t i = 0; i < GUARDED; i++) {
        if (scope >= guarded[i].from || (p && !reads(B, p, i))) continue;
        cel_span at = build_words(B, text, guarded[i].name, guarded[i].fields, NULL, NULL);
        if (!p && !at.len) continue;
        well = false;
        const char *said = arena_printf(B->scratch, "`%.*s` can be read by %s, not by %s", (int)guarded[i].name.len,
                                        guarded[i].name.ptr, guarded[i].by, readers[scope]);
        if (!said) {
            report_no_memory(B->r);
            continue;
        }
        tact_cel_diagnostic fault = {.code = "scope", .text = said};
        fault.pos = (uint32_t)(text.ptr - node->text.ptr) + at.pos;
        fault.len = at.len ? at.len : 1;
        tact_cel_result result = {.code = TACT_INVALID, .diagnostics = &fault, .diagnostics_count = 1};
        report_cel(build_at(B), node, &result);
    }
    return well;
}

// ---- Programs -------------------------------------------------------------------------------------------------------

// The purposes that a program's attributes need.
static uint64_t purposes_of(const builder *B, const tact_cel_program *p) {
    uint64_t purposes = 0;
    uint32_t count;
    const uint32_t *slots = tact_cel_program_slots(p, &count);
    for (uint32_t i = 0; i < count; i++) {
        const bundle_slot *slot = &B->b->slots[slots[i]];
        if (slot->kind == BUNDLE_SLOT_ATTRIBUTE) {
            int32_t purpose = B->b->schema->attributes[slot->number].purpose;
            if (purpose >= 0) purposes |= UINT64_C(1) << purpose;
        } else if (slot->kind == BUNDLE_SLOT_SEGMENT) {
            purposes |= B->segment_purposes[slot->number];
        }
    }
    return purposes;
}

// Faults of a part of a scalar, moved to where they are in the scalar.
static void report_faults(builder *B, const yaml_node *node, tact_str text, tact_cel_result *result) {
    tact_cel_diagnostic *moved = build_array(B, B->scratch, result->diagnostics_count, sizeof *moved);
    if (!moved) return;
    for (uint32_t i = 0; i < result->diagnostics_count; i++) {
        moved[i] = result->diagnostics[i];
        moved[i].pos += (uint32_t)(text.ptr - node->text.ptr);
        bool names_place = strcmp(moved[i].code, "unclosed") == 0; // in its hint, which is not moved
        if (names_place && text.ptr != node->text.ptr) moved[i].hint = NULL;
    }
    result->diagnostics = moved;
    report_cel(build_at(B), node, result);
}

// An attribute of offers is an int or a double by what all of them have, in files that could not be read, too.
static bool may_follow(builder *B, tact_str text, const tact_cel_result *result) {
    return B->r->partial && result->code == TACT_INVALID &&
           build_words(B, text, TACT_STR("offer"), true, NULL, NULL).len > 0;
}

static const build_program *compile(builder *B, const yaml_node *node, tact_str text, build_result wanted) {
    tact_cel_compile_options options = {
        .result = results[wanted], .cold = B->cold, .strict = true, .terse = B->r->names_left < B->b->slots_count};
    build_program made = {0};
    tact_cel_result result;
    if (wanted == BUILD_ANY) {
        result = tact_cel_compile(B->env, text, &options, B->hot);
    } else {
        result = normal_compile(B->env, text, &options, B->hot, B->cold, &made.form);
    }
    if (!result.program) {
        (void)report_take_names(B->r, (uint64_t)result.diagnostics_count * B->b->slots_count);
        if (!may_follow(B, text, &result)) report_faults(B, node, text, &result);
        return NULL;
    }
    made.program = result.program;
    made.text = result.source;
    uint32_t count;
    const uint32_t *slots = tact_cel_program_slots(made.program, &count);
    for (uint32_t i = 0; i < count; i++) B->read[slots[i] / 64] |= UINT64_C(1) << (slots[i] % 64);
    build_program *kept = ARENA_NEW(B->scratch, build_program);
    if (!kept || strmap_put(&B->programs[wanted], made.text, kept)) {
        report_no_memory(B->r);
        return NULL;
    }
    *kept = made;
    return kept;
}

static const build_program *find(builder *B, const yaml_node *node, tact_str text, build_scope scope,
                                 build_result wanted) {
    const build_program *p = strmap_get(&B->programs[wanted], text);
    if (!p) p = compile(B, node, text, wanted);
    return check_scope(B, node, text, scope, p ? p->program : NULL) ? p : NULL;
}

bool build_rule(builder *B, const yaml_node *node, build_scope scope, build_result wanted, bundle_rule *out) {
    const build_program *p = node && node->kind == YAML_SCALAR ? find(B, node, node->text, scope, wanted) : NULL;
    if (!p) return false;
    *out = (bundle_rule){p->program, p->form, build_path(B), p->text, node->at, purposes_of(B, p->program)};
    if (p->form) build_warn_never(B, node, p->form);
    return true;
}

const tact_cel_program *build_part(builder *B, const yaml_node *node, tact_str part, build_scope scope) {
    const build_program *p = find(B, node, part, scope, BUILD_ANY);
    return p ? p->program : NULL;
}
