// SPDX-License-Identifier: Apache-2.0
//
// Members keep their numbers for ever, so that those of one number are the same member before and after.
#include "cli/schema_change.h"

typedef struct member {
    tact_str name;
    const tact_type *type; // NULL: it has none
    bool there;            // and not retired
} member;

#define OF(array, type_of)                                                                                             \
    do {                                                                                                               \
        if (i >= s->array##_count) return (member){.there = false};                                                    \
        return (member){s->array[i].name, type_of, !s->array[i].retired};                                              \
    } while (0)

static member identity(const schema *s, uint32_t i) {
    OF(identities, NULL);
}

static member attribute(const schema *s, uint32_t i) {
    OF(attributes, s->attributes[i].type);
}

static member purpose(const schema *s, uint32_t i) {
    OF(purposes, NULL);
}

static member event(const schema *s, uint32_t i) {
    OF(events, NULL);
}

static member aggregate(const schema *s, uint32_t i) {
    OF(aggregates, s->aggregates[i].type);
}

static const struct {
    const char *name;
    member (*get)(const schema *s, uint32_t i);
    size_t count; // where its count stands in a schema
} kinds[] = {
    {"identities", identity, offsetof(schema, identities_count)},
    {"attributes", attribute, offsetof(schema, attributes_count)},
    {"purposes", purpose, offsetof(schema, purposes_count)},
    {"events", event, offsetof(schema, events_count)},
    {"aggregates", aggregate, offsetof(schema, aggregates_count)},
};

typedef enum change { ADDED, RETIRED, WIDENED, CHANGES, SAME } change;
static const char *const words[CHANGES] = {"added", "retired", "widened"};

static change change_of(const member *x, const member *y) {
    if (x->there != y->there) return y->there ? ADDED : RETIRED;
    return x->there && x->type != y->type ? WIDENED : SAME;
}

static void add_kind(buf *out, size_t kind, change wanted, const schema *before, const schema *after) {
    uint32_t count = 0, all;
    memcpy(&all, (const char *)after + kinds[kind].count, sizeof all);
    for (uint32_t i = 0; i < all; i++) {
        member x = kinds[kind].get(before, i), y = kinds[kind].get(after, i);
        if (change_of(&x, &y) != wanted) continue;
        if (!count++) buf_printf(out, "  %s %s: ", kinds[kind].name, words[wanted]);
        buf_printf(out, "%s%.*s", count > 1 ? ", " : "", (int)y.name.len, y.name.ptr);
        if (wanted == WIDENED) buf_printf(out, " (%s -> %s)", schema_type_text(x.type), schema_type_text(y.type));
    }
    if (count) buf_add_char(out, '\n');
}

void schema_change_add(buf *out, const schema *before, const schema *after) {
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (change c = ADDED; c < CHANGES; c++) add_kind(out, kind, c, before, after);
    }
}

bool schema_change_any(const schema *before, const schema *after) {
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        uint32_t all;
        memcpy(&all, (const char *)after + kinds[kind].count, sizeof all);
        for (uint32_t i = 0; i < all; i++) {
            member x = kinds[kind].get(before, i), y = kinds[kind].get(after, i);
            if (change_of(&x, &y) != SAME) return true;
        }
    }
    return false;
}
