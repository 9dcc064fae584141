// SPDX-License-Identifier: Apache-2.0
//
// See talk.h.
#include "talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "wire/json.h"

#include <cmocka.h>

const char talk_shop[] =
    "bundle: shop\n"
    "time_zone: Europe/Berlin\n"
    "identities: {crm: {unique: true}, email: {unique: true, normalize: lowercase}, cookie: {max: 20}}\n"
    "purposes: {personalization: {default: granted}, marketing: {default: denied}}\n"
    "attributes:\n"
    "  first_name: {type: string, purpose: personalization, personal: true}\n"
    "  recency: {type: int, min: 0}\n"
    "  tier: {type: string, values: [silver, gold], sources: [crm, web]}\n"
    "  secret: {type: string, purpose: marketing}\n"
    "events: {purchase: {properties: {amount: double, category: string}}, complaint: }\n"
    "aggregates:\n"
    "  purchases: {count: purchase, window: 90d}\n"
    "  since_complaint: {since: complaint, window: 30d}\n"
    "context: {device: {type: string, values: [desktop, mobile], default: desktop}, cart: {type: double, default: "
    "0.0}}\n"
    "segments: {lapsed: has(profile.recency) && profile.recency >= 9, buyer: profile.purchases > 0}\n"
    "channels: {mail: {title: Mail}}\n"
    "placements:\n"
    "  hero: {channel: web, fallback: story, rank: worth}\n"
    "  chat: {channel: chat, slots: 2, rank: worth}\n"
    "content: {hero: {title: string}, chat: {text: string, link: url?}}\n"
    "rankings: {worth: propensity * offer.value}\n"
    "offers:\n"
    "  winter: {value: 9.0, purpose: marketing, propensity: '0.1 + (segment.lapsed ? 0.1 : 0.0)',\n"
    "    caps: [{on: impression, max: 2, every: 7d}, {on: click, max: 1}],\n"
    "    content: {hero: {title: 'Winter, {{ profile.first_name ?? \"you\" }}'}, chat: {text: Winter is here}}}\n"
    "  gold: {value: 20.0, eligible: 'profile.tier == \"gold\"', propensity: 0.5,\n"
    "    content: {hero: {title: Gold}, chat: {text: For gold}}}\n"
    "  phone: {value: 2.0, applicable: 'context.device == \"mobile\" && context.cart < 100.0', propensity: 0.2,\n"
    "    caps: [{on: purchase, max: 1}],\n"
    "    content: {hero: {title: Our app}, chat: {text: There is an app, link: /app}}}\n"
    "  story: {content: {hero: {title: Who we are}}}\n";

static void note(void *context, const char *text) {
    talk *t = context;
    snprintf(t->notice, sizeof t->notice, "%s", text);
}

void talk_open(talk *t, const tact_options *options) {
    tact_options o = options ? *options : (tact_options){0};
    o.notice = note;
    o.notice_context = t;
    if (tact_open(t->data.path, &o, &t->engine, &t->problem)) fail_msg("%s", t->problem.text);
}

void talk_close(talk *t) {
    tact_close(t->engine);
    t->engine = NULL;
}

void talk_begin(talk *t) {
    memset(t, 0, sizeof *t);
    arena_init(&t->memory, 0);
    t->data = folder_new();
    t->rules = folder_new();
    talk_open(t, NULL);
}

void talk_end(talk *t) {
    talk_close(t);
    folder_remove(&t->data);
    folder_remove(&t->rules);
    arena_fini(&t->memory);
}

void talk_write(talk *t, const char *file, const char *text) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", t->rules.path, file);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

void talk_publish(talk *t, const char *text) {
    talk_write(t, "bundle.yaml", text);
    (void)talk_ask(t, tact_publish, arena_printf(&t->memory, "{'folder': '%s'}", t->rules.path));
}

tact_value talk_json(arena *a, const char *text) {
    tact_error error;
    tact_value v;
    char *copy = arena_copy(a, text, strlen(text));
    for (char *c = copy; *c; c++) *c = (char)(*c == '\'' ? '"' : *c);
    if (json_read(a, tact_str_from(copy), &v, &error)) fail_msg("%s: %s", text, error.text);
    return v;
}

tact_value talk_ask(talk *t, tact_operation *operation, const char *request) {
    tact_value reply = {.kind = TACT_UNRESOLVED};
    tact_value v = talk_json(&t->memory, request);
    if (operation(t->engine, v, &t->memory, &reply, &t->problem)) {
        fail_msg("%s: %s: %s", request, tact_problem_code(&t->problem), t->problem.text);
    }
    return reply;
}

const char *talk_fails(talk *t, tact_operation *operation, const char *request) {
    tact_value reply = {.kind = TACT_UNRESOLVED};
    tact_err err = operation(t->engine, talk_json(&t->memory, request), &t->memory, &reply, &t->problem);
    if (!err) fail_msg("%s: was answered: %s", request, talk_text(&t->memory, reply));
    assert_int_equal(reply.kind, TACT_UNRESOLVED);
    assert_int_equal(err, t->problem.err);
    return arena_printf(&t->memory, "%s at %s: %s", tact_problem_code(&t->problem), t->problem.at, t->problem.text);
}

const char *talk_text(arena *a, tact_value v) {
    buf out = buf_in(a);
    assert_int_equal(json_write(&out, v), TACT_OK);
    tact_str text = buf_done(&out);
    char *copy = arena_copy(a, text.ptr, text.len);
    for (char *c = copy; *c; c++) *c = (char)(*c == '"' ? '\'' : *c);
    return copy;
}

tact_value talk_find(tact_value v, const char *path) {
    while (*path) {
        size_t len = strcspn(path, ".");
        const tact_value *next = NULL;
        if (v.kind == TACT_MAP) next = value_map_get_str(v.as.map, (tact_str){path, len});
        if (v.kind == TACT_LIST) {
            size_t i = strtoul(path, NULL, 10);
            next = i < v.len ? &v.as.items[i] : NULL;
        }
        if (!next) return (tact_value){.kind = TACT_UNRESOLVED};
        v = *next;
        path += len + (path[len] == '.');
    }
    return v;
}

const char *talk_find_text(arena *a, tact_value v, const char *path) {
    v = talk_find(v, path);
    return v.kind == TACT_STRING ? arena_copy(a, v.as.s, v.len) : "";
}

int64_t talk_find_int(tact_value v, const char *path) {
    v = talk_find(v, path);
    if (v.kind != TACT_INT) fail_msg("%s is no int", path);
    return v.as.i;
}
