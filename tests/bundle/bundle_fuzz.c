// SPDX-License-Identifier: Apache-2.0
//
// Any text as the files of a bundle, divided by zero bytes, and all that becomes of it: it is read, built, run and
// freed. Either there is a bundle or a report that says why not; every rule of a bundle comes to what it must, or to a
// fault, of a person of whom nothing is known; a bundle fits the schema that it asks for; and its files come back from
// their canonical form as they were.
#include <stdlib.h>

#include "bundle/bundle.h"
#include "bundle/test.h"
#include "decide/trial.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// libfyaml 0.7.12 loses a buffer when a long quoted scalar is followed by what cannot follow it.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfyaml";
}

static void require(bool holds) {
    if (!holds) abort();
}

// ---- Running --------------------------------------------------------------------------------------------------------

typedef struct runner {
    arena memory; // of one evaluation
    const bundle *bundle;
    tact_value *slots; // by the bundle's slots: absent
} runner;

static tact_value run(runner *r, const tact_cel_program *program) {
    tact_cel_input in = {.slots = r->slots, .slots_count = r->bundle->slots_count, .arena = &r->memory};
    tact_arena_reset(&r->memory);
    return tact_cel_eval(program, &in);
}

static void run_rule(runner *r, const bundle_rule *rule, tact_kind wanted) {
    if (!rule->program) return;
    tact_kind kind = (tact_kind)run(r, rule->program).kind;
    require(kind == wanted || kind == TACT_ERROR);
    require(rule->form && rule->path.len);
}

static void run_contents(runner *r) {
    const bundle *b = r->bundle;
    for (uint32_t i = 0; i < b->contents_count; i++) {
        const bundle_content *c = &b->contents[i];
        require(c->offer < b->offers_count && c->placement < b->placements_count);
        for (uint32_t j = 0; j < c->count; j++) {
            for (uint32_t k = 0; k < c->texts[j].count; k++) {
                for (const bundle_piece *p = &c->texts[j].pieces[k]; p; p = p->otherwise) {
                    if (p->program) (void)run(r, p->program);
                }
            }
        }
    }
}

static void run_bundle(const bundle *b) {
    runner r = {.bundle = b};
    arena_init(&r.memory, 1 << 20);
    arena kept;
    arena_init(&kept, 0);
    tact_value *slots = arena_array(&kept, b->slots_count + 1, sizeof *slots);
    require(slots != NULL);
    for (uint32_t i = 0; i < b->slots_count; i++) slots[i] = tact_fault_value(TACT_FAULT_ABSENT, NULL);
    r.slots = slots;
    for (uint32_t i = 0; i < b->segments_count; i++) run_rule(&r, &b->segments[i].rule, TACT_BOOL);
    for (uint32_t i = 0; i < b->rankings_count; i++) run_rule(&r, &b->rankings[i].rule, TACT_DOUBLE);
    for (uint32_t i = 0; i < b->experiments_count; i++) run_rule(&r, &b->experiments[i].eligible, TACT_BOOL);
    for (uint32_t i = 0; i < b->groups_count; i++) {
        for (int j = 0; j < BUNDLE_TIERS; j++) run_rule(&r, &b->groups[i].rules[j], TACT_BOOL);
    }
    for (uint32_t i = 0; i < b->offers_count; i++) {
        const bundle_offer *o = &b->offers[i];
        for (int j = 0; j < BUNDLE_TIERS; j++) run_rule(&r, &o->rules[j], TACT_BOOL);
        run_rule(&r, &o->propensity, TACT_DOUBLE);
        require(o->group < (int32_t)b->groups_count && o->starts_ms < o->ends_ms);
        require(bundle_find_offer(b, o->name) == (int32_t)i);
        require(o->caps.count == 0 || o->caps.first + o->caps.count <= b->caps_count);
    }
    run_contents(&r);
    arena_fini(&kept);
    arena_fini(&r.memory);
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static bundle *build(arena *a, const sources *files, const schema *running) {
    report r;
    bundle *b = NULL;
    tact_value v;
    report_init(&r, a, files, TACT_STR("fuzz"));
    tact_err err = bundle_build(&r, running, &b);
    require((err != TACT_OK) == !b && (err != TACT_OK) == (r.errors > 0) && err == r.code);
    require(r.count == 0 || report_text(&r).len > 0);
    require(!json_read(a, report_json(&r), &v, NULL));
    if (b) require(trial_run(b, &r) == 0 || r.code); // the bundle's own tests, as publishing runs them
    return b;
}

// The same bundle again, from its files' canonical form, for a store that has its schema.
static void build_again(arena *a, const sources *files, const bundle *first) {
    sources again;
    buf bytes = buf_in(a), bytes_again = buf_in(a);
    sources_init(&again, a);
    sources_write(&bytes, files);
    require(!sources_unpack(&again, buf_done(&bytes), NULL));
    sources_write(&bytes_again, &again);
    require(tact_str_equal(buf_done(&bytes), buf_done(&bytes_again)));
    bundle *b = build(a, &again, first->schema);
    require(b && b->offers_count == first->offers_count && b->caps_count == first->caps_count);
    bundle_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {SOURCES_ROOT, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};
    enum { FILES = sizeof names / sizeof *names };
    arena memory;
    sources files;
    arena_init(&memory, 0);
    sources_init(&files, &memory);
    const char *at = (const char *)data, *end = at + size;
    for (int i = 0; i < FILES; i++) {
        const char *stop = at < end && i + 1 < FILES ? memchr(at, '\0', (size_t)(end - at)) : NULL;
        if (!stop) stop = end;
        require(!sources_add(&files, tact_str_from(names[i]), (tact_str){at, (size_t)(stop - at)}, NULL));
        if (stop == end) break;
        at = stop + 1;
    }
    bundle *b = build(&memory, &files, NULL);
    if (b) {
        run_bundle(b);
        build_again(&memory, &files, b);
    }
    bundle_free(b);
    arena_fini(&memory);
    return 0;
}
