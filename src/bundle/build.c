// SPDX-License-Identifier: Apache-2.0
//
// From a draft to a bundle: the order of things, and what they share. Subtle: the bundle is made in arenas of its own
// from the start, and goes as a whole if there was any fault; what is made on the way only lies in the builder's
// scratch or the report's arena, so that a bundle never borrows from either.
#include "bundle/build.h"

#include "base/utf8.h"
#include "bundle/lint.h"

// ---- Memory ---------------------------------------------------------------------------------------------------------

void *build_array(builder *B, arena *a, size_t count, size_t size) {
    void *array = arena_array(a, count ? count : 1, size);
    if (!array) {
        report_no_memory(B->r);
        return NULL;
    }
    return memset(array, 0, (count ? count : 1) * size);
}

tact_str build_copy(builder *B, tact_str text) {
    const char *copy = arena_copy(B->cold, text.ptr, text.len);
    if (!copy) report_no_memory(B->r);
    return copy ? (tact_str){copy, text.len} : TACT_STR("");
}

tact_str build_intern(builder *B, tact_str text) {
    const char *copy = strmap_get(&B->strings, text);
    if (copy) return (tact_str){copy, text.len};
    copy = arena_copy(B->hot, text.ptr, text.len);
    if (!copy || strmap_put(&B->strings, (tact_str){copy, text.len}, (void *)(uintptr_t)copy)) {
        report_no_memory(B->r);
        return TACT_STR("");
    }
    return (tact_str){copy, text.len};
}

// ---- Where we are ---------------------------------------------------------------------------------------------------

void build_enter(builder *B, const draft_member *m, draft_key_number key) {
    B->section = (draft_section)m->section;
    B->member = m->name;
    B->key = draft_key_text(key);
    B->part = B->item = (tact_str){NULL, 0};
}

// The parts of the path, and how many.
static uint32_t path_parts(const builder *B, tact_str parts[5]) {
    const tact_str all[5] = {tact_str_from(draft_section_key(B->section)), B->member, tact_str_from(B->key), B->part,
                             B->item};
    uint32_t count = 0;
    for (uint32_t i = 0; i < 5; i++) {
        if (all[i].len) parts[count++] = all[i];
    }
    return count;
}

report *build_at(builder *B) {
    static const tact_str none = {"", 0};
    tact_str parts[5] = {none, none, none, none, none};
    uint32_t count = path_parts(B, parts);
#define PART(I) I &&I < count &&*parts[I].ptr != '[' ? "." : "", (int)parts[I].len, parts[I].ptr
    report_path(B->r, "%s%.*s%s%.*s%s%.*s%s%.*s%s%.*s", PART(0), PART(1), PART(2), PART(3), PART(4));
#undef PART
    return B->r;
}

tact_str build_path(builder *B) {
    tact_str parts[5];
    uint32_t count = path_parts(B, parts);
    size_t len = 0;
    for (uint32_t i = 0; i < count; i++) len += parts[i].len + (i > 0);
    char *path = arena_alloc(B->cold, len + 1), *to = path;
    if (!path) {
        report_no_memory(B->r);
        return TACT_STR("");
    }
    for (uint32_t i = 0; i < count; i++) {
        if (i && *parts[i].ptr != '[') *to++ = '.';
        memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
    return (tact_str){path, (size_t)(to - path)};
}

// ---- The bundle -----------------------------------------------------------------------------------------------------

// An empty bundle, which lives in its own cold arena.
static bundle *new_bundle(size_t bytes_max) {
    arena cold;
    arena_init(&cold, bytes_max);
    bundle *b = ARENA_NEW(&cold, bundle);
    if (!b) return NULL;
    b->cold = cold;
    arena_init(&b->hot, bytes_max);
    return b;
}

// Takes the sources over: the same bytes at the same places.
static void copy_sources(builder *B) {
    const sources *from = B->r->sources;
    sources_init(&B->b->sources, B->cold);
    buf_add_repeat(&B->b->sources.text, '\0', from->text.len + 1); // the room, at once
    B->b->sources.text.len = 0;
    for (uint32_t i = 0; i < from->count; i++) {
        tact_error error;
        tact_err err = sources_add(&B->b->sources, from->files[i].name, sources_text_of(from, i), &error);
        if (err == TACT_NO_MEMORY) report_no_memory(B->r);
        if (err) return;
    }
}

static void read_zone(builder *B, const draft_member *m, const yaml_node *node) {
    B->b->time_zone = node ? build_copy(B, node->text) : TACT_STR("UTC");
    bool found = zone_find(B->b->time_zone, &B->zone);
    B->b->clocks = B->zone;
    if (found || !node) return;
    utf8_shown shown;
    char room[ZONE_NAME_MAX];
    near n = near_to(node->text);
    n.best = zone_nearest(node->text, room);
    const char *hint = report_near(B->r, &n);
    build_enter(B, m, DRAFT_BUNDLE_TIME_ZONE);
    report_add(build_at(B), REPORT_UNKNOWN_NAME, node->at,
               hint ? hint : "zones are named as in Europe/Berlin, or as an offset: +01:00",
               "there is no time zone `%s`", utf8_show(&shown, node->text));
}

static void build_head(builder *B) {
    static const draft_member nobody = {0};
    const draft_members *heads = &B->d->sections[DRAFT_BUNDLE];
    const draft_member *m = heads->count ? &heads->of[0] : &nobody;
    const yaml_node *name = draft_key(m, DRAFT_BUNDLE_NAME);
    B->b->name = name ? build_copy(B, name->text) : TACT_STR("");
    B->b->title = build_title(B, draft_key(m, DRAFT_BUNDLE_TITLE), B->b->name);
    read_zone(B, m, draft_key(m, DRAFT_BUNDLE_TIME_ZONE));
}

// Scoring by models is not there yet, so a bundle that needs it cannot work; saying so is all that is done of them.
static void refuse_models(builder *B) {
    const draft_members *models = &B->d->sections[DRAFT_MODELS];
    for (uint32_t i = 0; i < models->count; i++) {
        report_path(B->r, "models.%.*s", (int)models->of[i].name.len, models->of[i].name.ptr);
        report_add(B->r, REPORT_MODEL, models->of[i].node->key_at,
                   "leave it out, and write what it stands for as an expression",
                   "models are scored from a later version on");
    }
}

static void build_all(builder *B, const schema *running) {
    copy_sources(B);
    build_head(B);
    build_names(B);
    build_schema(B, running);
    if (!B->b->schema) return; // memory ran out
    build_context(B);
    build_offer_types(B);
    build_env(B);
    if (!B->env) return;
    build_segments(B);
    build_groups(B);
    build_offers(B);
    build_places(B);
    build_fields(B);
    build_contents(B);
    build_fallbacks(B);
    build_candidates(B);
    build_experiments(B);
    build_caps_done(B);
    build_tests(B);
    refuse_models(B);
}

tact_err bundle_compile(draft *d, const schema *running, bundle **out) {
    arena scratch;
    size_t bytes_max = d->report->arena->bytes_max;
    arena_init(&scratch, bytes_max);
    builder B = {.b = new_bundle(bytes_max), .d = d, .r = d->report, .scratch = &scratch};
    if (!B.b) {
        report_no_memory(B.r);
        return TACT_NO_MEMORY;
    }
    B.hot = &B.b->hot;
    B.cold = &B.b->cold;
    B.strings = strmap_in(&scratch);
    for (int i = 0; i < 3; i++) B.programs[i] = strmap_in(&scratch);
    build_all(&B, running);
    if (!B.r->code) lint_bundle(&B);
    report_path(B.r, NULL);
    if (B.r->code) {
        bundle_free(B.b);
    } else {
        *out = B.b;
    }
    arena_fini(&scratch);
    return B.r->code;
}

void bundle_check_rest(draft *d) {
    report *r = d->report;
    bundle *none = NULL;
    if (!r->errors || r->code == TACT_NO_MEMORY || !d->sections[DRAFT_BUNDLE].count) return;
    r->partial = true;
    (void)!bundle_compile(d, NULL, &none); // it has errors
    r->partial = false;
}

tact_err bundle_build(report *r, const schema *running, bundle **out) {
    draft d;
    if (!draft_read(&d, r)) {
        bundle_check_rest(&d);
        return r->code;
    }
    return bundle_compile(&d, running, out);
}
