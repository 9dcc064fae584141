// SPDX-License-Identifier: Apache-2.0
//
//      version u8 | event type | source u8 | channel str | id str | count, values: property, value
//
// Numbers are varints unless said otherwise. Strand, time and position are in the key.
#include "store/event.h"

#include "base/err.h"
#include "value/pack.h"

enum { VERSION = 1 };

db_key event_key(uint64_t id, int64_t time_ms, uint64_t position) {
    db_key k = db_key_of();
    db_key_u64(&k, id);
    db_key_u64(&k, (uint64_t)time_ms);
    db_key_u64(&k, position);
    return k;
}

tact_err event_forget(plan *p, uint64_t id, int64_t before_ms, uint64_t most, uint64_t *gone, tact_error *error) {
    db_key from = event_key(id, 0, 0);
    db_walk w;
    *gone = 0;
    if (!most) return TACT_OK;
    tact_err err = db_walk_begin(p->txn, DB_EVENT, db_key_str(&from), &w);
    while (!err && *gone < most && db_key_number_at(w.key, 0) == id) {
        if ((int64_t)db_key_number_at(w.key, 8) >= before_ms) break;
        plan_take(p, DB_EVENT, w.key);
        ++*gone;
        err = db_walk_next(&w);
    }
    db_walk_end(&w);
    return err && err != TACT_NOT_FOUND ? db_fault(p->txn, error) : TACT_OK;
}

tact_err event_add(plan *p, strand *s, const command *c, const schema *sc, uint64_t position, uint32_t history_max,
                   tact_error *error) {
    uint64_t excess = history_max && s->events + 1 > history_max ? s->events + 1 - history_max : 0, gone;
    tact_err err = event_forget(p, s->id, c->time_ms + 1, excess, &gone, error); // of equal times the older goes
    if (err) return err;
    s->events -= gone;
    if (gone < excess) return TACT_OK; // all that is kept is newer
    s->events++;
    db_key key = event_key(s->id, c->time_ms, position);
    const schema_event *type = &sc->events[c->event];
    buf b = buf_in(p->arena);
    pack_u8(&b, VERSION);
    pack_varint(&b, c->event);
    pack_u8(&b, c->source);
    pack_str(&b, c->channel);
    pack_str(&b, c->id);
    pack_varint(&b, c->values_count);
    for (uint32_t i = 0; i < c->values_count; i++) {
        pack_varint(&b, c->values[i].number);
        pack_value(&b, schema_widened(type->properties[c->values[i].number].type, c->values[i].value));
    }
    plan_put_buf(p, DB_EVENT, &key, &b);
    return TACT_OK;
}

tact_err event_read(arena *a, tact_str key, tact_str bytes, event *out, tact_error *error) {
    unpack in = unpack_of(a, bytes);
    event e = {.strand = db_key_number_at(key, 0), .position = db_key_number_at(key, 16)};
    e.time_ms = (int64_t)db_key_number_at(key, 8);
    if (key.len != 24) unpack_fail(&in, TACT_INVALID, "an event's key is not one");
    if (unpack_u8(&in) != VERSION) unpack_fail(&in, TACT_INVALID, "an event of an unknown version");
    e.event = (uint16_t)unpack_count(&in, SCHEMA_EVENTS_MAX - 1);
    e.source = unpack_u8(&in);
    e.channel = unpack_text(&in, COMMAND_CHANNEL_MAX);
    e.id = unpack_str(&in, COMMAND_ID_MAX);
    e.values_count = (uint32_t)unpack_count(&in, COMMAND_VALUES_MAX);
    command_value *values = arena_array(a, e.values_count, sizeof *values);
    if (!values) return err_set(error, TACT_NO_MEMORY, "no memory for an event");
    for (uint32_t i = 0; i < e.values_count && !in.code; i++) {
        values[i].number = (uint16_t)unpack_count(&in, SCHEMA_PROPERTIES_MAX - 1);
        values[i].value = unpack_value(&in);
    }
    e.values = values;
    tact_err err = unpack_end(&in, error);
    if (!err) *out = e;
    return err;
}
