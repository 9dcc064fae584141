// SPDX-License-Identifier: Apache-2.0
//
// Everything that is held of a person, as one value. It is gathered by strand, since that is what came in by whom; what
// happened is then put into the order of time. What is built borrows from the map, and is copied once at the end.
#include <stdlib.h>

#include "base/err.h"
#include "base/utf8.h"
#include "store/event.h"
#include "store/load.h"
#include "store/store.h"
#include "value/value.h"

enum { FIELDS_MAX = 8 };

typedef struct fields { // of a map; of more than it has room for, `failed`
    value_entry of[FIELDS_MAX];
    uint32_t count;
} fields;

typedef struct list { // of values
    tact_value *items;
    uint32_t count, room;
} list;

typedef struct export {
    arena *a;
    const schema *sc;
    bool failed; // memory ran out
    list identities, attributes, consents, events, counters;
}
export;

// ---- Pieces ---------------------------------------------------------------------------------------------------------

static tact_value text_of(tact_str s) {
    return tact_string(s.ptr, s.len);
}

static tact_value time_of(int64_t ms) {
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    return tact_timestamp(seconds, (uint32_t)(ms - seconds * 1000) * 1000000);
}

static tact_value source_of(const export *x, uint8_t source) {
    return source < x->sc->sources_count ? text_of(x->sc->sources[source]) : tact_null();
}

static void set(fields *f, const char *name, tact_value v) {
    f->of[f->count++] = (value_entry){text_of(tact_str_from(name)), v};
}

static tact_value map_of(export *x, const value_entry *entries, size_t count) {
    value_entry *own = arena_array(x->a, count, sizeof *own);
    if (own && count) memcpy(own, entries, count * sizeof *own);
    tact_value v = own ? value_map(x->a, own, count) : tact_null();
    x->failed |= v.kind != TACT_MAP;
    return v;
}

static void add(export *x, list *l, tact_value v) {
    if (l->count == l->room) {
        uint32_t room = l->room ? l->room * 2 : 16;
        tact_value *items = arena_extend(x->a, l->items, l->room, room, sizeof *items);
        x->failed |= !items;
        if (!items) return;
        l->items = items, l->room = room;
    }
    l->items[l->count++] = v;
}

static void add_fields(export *x, list *l, const fields *f) {
    add(x, l, map_of(x, f->of, f->count));
}

// Programs choose ids; nearly all are texts.
static tact_value id_of(tact_str id) {
    return utf8_valid(id.ptr, id.len) ? text_of(id) : tact_bytes(id.ptr, id.len);
}

static tact_value identity_of(export *x, const strand *s) {
    buf b = buf_in(x->a);
    buf_add_str(&b, x->sc->identities[s->space].name);
    buf_add_char(&b, ':');
    buf_add_str(&b, s->identity);
    tact_str text = buf_done(&b);
    x->failed |= !text.ptr;
    return text_of(text);
}

// ---- A strand -------------------------------------------------------------------------------------------------------

static void add_facts(export *x, const strand *s, tact_value identity) {
    for (uint32_t i = 0; i < s->facts_count; i++) {
        const strand_fact *fact = &s->facts[i];
        fields f = {.count = 0};
        set(&f, "name", text_of(x->sc->attributes[fact->attribute].name));
        set(&f, "value", fact->value); // null: taken away
        set(&f, "source", source_of(x, fact->source));
        set(&f, "time", time_of(fact->time_ms));
        set(&f, "identity", identity);
        add_fields(x, &x->attributes, &f);
    }
}

static void add_consents(export *x, const strand *s, tact_value identity) {
    for (uint32_t i = 0; i < s->consents_count; i++) {
        const strand_consent *c = &s->consents[i];
        fields f = {.count = 0};
        set(&f, "purpose", text_of(x->sc->purposes[c->purpose].name));
        set(&f, "state", text_of(tact_str_from(command_consent_name((consent_state)c->state))));
        set(&f, "explicit", tact_bool(c->explicit_));
        set(&f, "source", source_of(x, c->source));
        set(&f, "time", time_of(c->time_ms));
        set(&f, "expires", c->expires_ms ? time_of(c->expires_ms) : tact_null());
        set(&f, "identity", identity);
        add_fields(x, &x->consents, &f);
    }
}

static void add_counters(export *x, const strand *s, tact_value identity) {
    for (uint32_t i = 0; i < s->tallies_count; i++) {
        tact_str state = s->tallies[i].state; // see tally.h
        list times = {.items = NULL};
        for (uint32_t k = 0; k < load_u32(state.ptr + 4); k++) add(x, &times, time_of(load_i64(state.ptr + 8 + 8 * k)));
        fields f = {.count = 0};
        set(&f, "key", tact_uint(s->tallies[i].key));
        set(&f, "times", tact_list(times.items, times.count));
        set(&f, "identity", identity);
        add_fields(x, &x->counters, &f);
    }
}

static void add_event(export *x, const event *e, tact_value identity) {
    const schema_event *type = &x->sc->events[e->event];
    value_entry *values = arena_array(x->a, e->values_count, sizeof *values);
    x->failed |= !values;
    for (uint32_t i = 0; values && i < e->values_count; i++) {
        values[i] = (value_entry){text_of(type->properties[e->values[i].number].name),
                                  schema_widened(type->properties[e->values[i].number].type, e->values[i].value)};
    }
    fields f = {.count = 0};
    set(&f, "name", text_of(type->name));
    set(&f, "properties", values ? map_of(x, values, e->values_count) : tact_null());
    set(&f, "channel", text_of(e->channel));
    set(&f, "source", source_of(x, e->source));
    set(&f, "time", time_of(e->time_ms));
    set(&f, "id", id_of(e->id));
    set(&f, "identity", identity);
    add_fields(x, &x->events, &f);
}

static tact_err add_events(export *x, db_txn *t, const strand *s, tact_value identity, tact_error *error) {
    db_key from = db_key_of();
    db_key_u64(&from, s->id);
    db_walk w;
    tact_err err = db_walk_begin(t, DB_EVENT, db_key_str(&from), &w);
    for (; !err && db_key_number_at(w.key, 0) == s->id; err = db_walk_next(&w)) {
        event e;
        err = event_read(x->a, w.key, w.value, &e, error);
        if (err) {
            db_walk_end(&w);
            return err;
        }
        add_event(x, &e, identity);
    }
    db_walk_end(&w);
    return t->broken ? db_fault(t, error) : TACT_OK;
}

static tact_err add_strand(export *x, db_txn *t, const strand *s, tact_error *error) {
    tact_value identity = identity_of(x, s);
    fields f = {.count = 0};
    set(&f, "identity", identity);
    set(&f, "since", time_of(s->created_ms));
    set(&f, "dropped", tact_bool(s->dropped));
    add_fields(x, &x->identities, &f);
    add_facts(x, s, identity);
    add_consents(x, s, identity);
    add_counters(x, s, identity);
    return add_events(x, t, s, identity, error);
}

// ---- A person -------------------------------------------------------------------------------------------------------

static tact_value aggregates_of(export *x, const record *r, int64_t now_ms) {
    value_entry *of = arena_array(x->a, x->sc->aggregates_count, sizeof *of);
    uint32_t count = 0;
    x->failed |= !of;
    for (uint32_t i = 0; of && i < x->sc->aggregates_count; i++) {
        tact_value v = record_aggregate(r, x->sc, i, now_ms);
        if (v.kind != TACT_ERROR) of[count++] = (value_entry){text_of(x->sc->aggregates[i].name), v};
    }
    return of ? map_of(x, of, count) : tact_null();
}

static tact_value list_of(const list *l) {
    return tact_list(l->items, l->count);
}

typedef struct dated {
    tact_value time, v;
    uint32_t number; // as it was gathered
} dated;

static int earlier_first(const void *a, const void *b) {
    const dated *x = a, *y = b;
    int order = value_compare(x->time, y->time);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

// By the time of each; of the same time as they were gathered, the oldest identity's first.
static tact_value list_by_time(export *x, list *l) {
    dated *sorted = arena_array(x->a, l->count, sizeof *sorted);
    x->failed |= !sorted;
    if (x->failed) return tact_null();
    for (uint32_t i = 0; i < l->count; i++) {
        sorted[i] = (dated){*value_map_get_str(l->items[i].as.map, TACT_STR("time")), l->items[i], i};
    }
    qsort(sorted, l->count, sizeof *sorted, earlier_first);
    for (uint32_t i = 0; i < l->count; i++) l->items[i] = sorted[i].v;
    return list_of(l);
}

tact_err store_export(store_reader *r, arena *a, uint64_t id, int64_t now_ms, tact_value *out, tact_error *error) {
    arena scratch;
    arena_init(&scratch, 0);
    export x = {.a = &scratch, .sc = store_schema(r->store)};
    record rec;
    links l = {NULL, NULL, 0, 0};
    strand *strands = NULL;
    tact_err err = store_person_by_id(r, id, &rec, error);
    if (!err) err = apply_links(&r->txn, &scratch, record_person(&rec), &l, error);
    if (!err) err = apply_load(&r->txn, &scratch, &l, &strands, error);
    for (uint32_t i = 0; i < l.strands_count && !err; i++) err = add_strand(&x, &r->txn, &strands[i], error);
    if (!err) {
        fields f = {.count = 0};
        set(&f, "person", tact_uint(record_person(&rec)));
        set(&f, "identities", list_of(&x.identities));
        set(&f, "attributes", list_of(&x.attributes));
        set(&f, "consents", list_by_time(&x, &x.consents));
        set(&f, "events", list_by_time(&x, &x.events));
        set(&f, "aggregates", aggregates_of(&x, &rec, now_ms));
        set(&f, "counters", list_of(&x.counters));
        tact_value v = map_of(&x, f.of, f.count);
        if (x.failed || !value_copy(a, v, out)) err = err_set(error, TACT_NO_MEMORY, "no memory to export a person");
    }
    arena_fini(&scratch);
    return err;
}
