// SPDX-License-Identifier: Apache-2.0
//
// See desk.h.
#include "desk.h"

#include "../decide/page.h"
#include "../store/folder.h"
#include "tact/tact.h"
#include "value/value.h"
#include "wire/msgpack.h"

enum { BATCH = 5000, STRIDE = 7919 }; // a prime, so that the persons of a run lie far apart

struct desk {
    folder data, rules;
    tact_engine *engine;
    arena memory, own;
    tact_problem problem;
    uint32_t persons, next;
};

static tact_value text(const char *s) {
    return tact_string(s, strlen(s));
}

static tact_value map(desk *d, size_t fields, const tact_value *pairs) {
    return tact_map_new(&d->own, pairs, fields);
}

static bool asks(desk *d, tact_operation *operation, tact_value request) {
    tact_value reply;
    bool ok = operation(d->engine, request, &d->own, &reply, &d->problem) == TACT_OK;
    if (!ok) fprintf(stderr, "desk: %s\n", d->problem.text);
    tact_arena_reset(&d->own);
    return ok;
}

static bool publishes(desk *d) {
    char path[700];
    buf rules = buf_in(&d->memory);
    page_write(&rules, false);
    tact_str bytes = buf_done(&rules);
    snprintf(path, sizeof path, "%s/bundle.yaml", d->rules.path);
    FILE *file = fopen(path, "w");
    if (!file) return false;
    bool written = fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len;
    if (fclose(file) || !written) return false;
    return asks(d, tact_publish, map(d, 1, (tact_value[]){text("folder"), text(d->rules.path)}));
}

static tact_value person(desk *d, uint32_t number) {
    return map(d, 1, (tact_value[]){text("cookie"), tact_int(number)});
}

// Each with an attribute and a consent.
static bool knows(desk *d, uint32_t from, uint32_t count) {
    tact_value *changes = arena_array(&d->own, (size_t)2 * count, sizeof *changes);
    for (uint32_t i = 0; i < count; i++) {
        tact_value set = map(d, 1, (tact_value[]){text("affinity"), tact_double(0.7)});
        tact_value consent = map(d, 1, (tact_value[]){text("marketing"), text("granted")});
        changes[2 * i] = map(d, 2, (tact_value[]){text("set"), set, text("person"), person(d, from + i)});
        changes[2 * i + 1] = map(d, 2, (tact_value[]){text("consent"), consent, text("person"), person(d, from + i)});
    }
    return asks(d, tact_record, map(d, 1, (tact_value[]){text("commands"), tact_list(changes, 2 * count)}));
}

desk *desk_new(uint32_t persons) {
    desk *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->data = folder_new();
    d->rules = folder_new();
    d->persons = persons;
    arena_init(&d->memory, 0);
    arena_init(&d->own, 0);
    bool ok = !tact_open(d->data.path, NULL, &d->engine, &d->problem) && publishes(d);
    for (uint32_t i = 0; ok && i < persons; i += BATCH) ok = knows(d, i, persons - i < BATCH ? persons - i : BATCH);
    if (ok) return d;
    desk_free(d);
    return NULL;
}

void desk_free(desk *d) {
    tact_close(d->engine);
    folder_remove(&d->data);
    folder_remove(&d->rules);
    arena_fini(&d->own);
    arena_fini(&d->memory);
    free(d);
}

size_t desk_ask(desk *d, desk_way way) {
    tact_value home = text("home"), reply;
    d->next = (uint32_t)(((uint64_t)d->next + STRIDE) % d->persons);
    tact_value context = map(d, 1, (tact_value[]){text("weight"), tact_double(1.25)});
    tact_value request = map(d, way == DESK_DRY ? 4 : 3,
                             (tact_value[]){text("person"), person(d, d->next), text("placements"), tact_list(&home, 1),
                                            text("context"), context, text("dry"), tact_bool(true)});
    buf out = buf_in(&d->own);
    tact_operation *asked = way >= DESK_EXPLAIN ? tact_explain : tact_decide;
    bool ok = asked(d->engine, request, &d->own, &reply, &d->problem) == TACT_OK;
    if (ok && way != DESK_EXPLAIN_SILENT) ok = !msgpack_write(&out, reply) && !out.failed;
    size_t len = ok ? out.len + (way == DESK_EXPLAIN_SILENT) : 0;
    tact_arena_reset(&d->own);
    return len;
}
