// SPDX-License-Identifier: Apache-2.0
#include "build_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "value/value.h"

static const char shop[] = "bundle: shop\n"
                           "time_zone: Europe/Berlin\n"
                           "identities: {crm: {unique: true}}\n"
                           "purposes: {personalization: {default: granted}, marketing: {}}\n"
                           "events: {purchase: {properties: {amount: double, category: string}}}\n"
                           "aggregates: {purchases: {count: purchase, window: 90d}}\n"
                           "attributes:\n"
                           "  first_name: {type: string, purpose: personalization}\n"
                           "  recency: {type: int, min: 0}\n"
                           "  history: {type: double}\n"
                           "  tier: {type: string, values: [gold, silver], purpose: marketing}\n"
                           "  tags: {type: list(string), default: []}\n"
                           "  language: {type: string, default: en}\n"
                           "context:\n"
                           "  device: {type: string, values: [desktop, mobile]}\n"
                           "  cart: {type: double, default: 0.0}\n";

void case_open(build_case *c) {
    *c = (build_case){0};
    arena_init(&c->memory, 0);
    sources_init(&c->sources, &c->memory);
    report_init(&c->report, &c->memory, &c->sources, TACT_STR("shop"));
}

void case_add(build_case *c, const char *file, const char *text) {
    tact_error error;
    assert_int_equal(sources_add(&c->sources, tact_str_from(file), tact_str_from(text), &error), TACT_OK);
}

void case_add_shop(build_case *c) {
    case_add(c, "bundle.yaml", shop);
}

void case_build(build_case *c, const schema *running) {
    tact_err err = bundle_build(&c->report, running, &c->bundle);
    assert_int_equal(err, c->report.code);
    assert_true((c->bundle == NULL) == (err != TACT_OK));
}

void case_close(build_case *c) {
    bundle_free(c->bundle);
    arena_fini(&c->memory);
}

const char *case_said(build_case *c) {
    buf out = buf_in(&c->memory);
    (void)report_text(&c->report); // sorts
    for (uint32_t i = 0; i < c->report.count; i++) {
        const report_item *item = &c->report.items[i];
        buf_printf(&out, "%s %.*s: %s", item->code, (int)item->path.len, item->path.ptr ? item->path.ptr : "",
                   item->text);
        if (item->hint) buf_printf(&out, " (%s)", item->hint);
        buf_add_char(&out, '\n');
    }
    buf_add_text(&out, "");
    tact_str said = buf_done(&out);
    return said.ptr ? said.ptr : "";
}

void assert_said(const char *text, const char *expected) {
    build_case c;
    case_open(&c);
    case_add_shop(&c);
    case_add(&c, "more.yaml", text);
    case_build(&c, NULL);
    assert_string_equal(case_said(&c), expected);
    case_close(&c);
}

void open_built(build_case *c, const char *text) {
    case_open(c);
    case_add_shop(c);
    case_add(c, "more.yaml", text);
    case_build(c, NULL);
    if (!c->bundle) fail_msg("%s", case_said(c));
}

static tact_value literal(build_case *c, const char *text) {
    tact_cel_env *env = tact_cel_env_new(NULL);
    tact_cel_result r = tact_cel_compile(env, tact_str_from(text), NULL, &c->memory);
    assert_non_null(r.program);
    tact_cel_input in = {.arena = &c->memory};
    tact_value v, copy;
    v = tact_cel_eval(r.program, &in);
    assert_true(value_copy(&c->memory, v, &copy));
    tact_cel_env_free(env);
    return copy;
}

const char *case_value(build_case *c, const tact_cel_program *p, ...) {
    const bundle *b = c->bundle;
    tact_value *slots = arena_zalloc(&c->memory, b->slots_count * sizeof *slots);
    va_list args;
    va_start(args, p);
    for (const char *name; (name = va_arg(args, const char *)) != NULL;) {
        uint32_t i = 0;
        while (i < b->slots_count && !tact_str_equal(b->slots[i].name, tact_str_from(name))) i++;
        assert_true(i < b->slots_count);
        slots[i] = literal(c, va_arg(args, const char *));
    }
    va_end(args);
    tact_cel_input in = {.slots = slots, .slots_count = b->slots_count, .arena = &c->memory};
    tact_value v = tact_cel_eval(p, &in);
    return v.kind == TACT_ERROR ? "absent" : tact_value_print(v, &c->memory).ptr;
}

const bundle_offer *case_offer(const build_case *c, const char *name) {
    int32_t number = bundle_find_offer(c->bundle, tact_str_from(name));
    assert_true(number >= 0);
    return &c->bundle->offers[number];
}

const bundle_placement *case_placement(const build_case *c, const char *name) {
    int32_t number = bundle_find_placement(c->bundle, tact_str_from(name));
    assert_true(number >= 0);
    return &c->bundle->placements[number];
}
