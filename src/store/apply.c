// SPDX-License-Identifier: Apache-2.0
//
// A command becomes a plan: a list of puts and deletes with keys and values of their own, made while nothing changes,
// so that what was read stays where it is. Only then the plan is carried out.
#include "store/apply.h"

#include <sodium.h>

#include "base/err.h"
#include "store/load.h"
#include "store/record.h"
#include "value/pack.h"

enum { EVENT_VERSION = 1, OPS_FIRST = 16, MINUTE_MS = 60000, DAY_MS = 86400000 };
enum { OF_IDENTITY = 'i', OF_COMMAND = 'c' }; // what a hash is of
static const tact_str state_key = {"state", 5};

typedef struct op {
    db_table table;
    bool remove;
    tact_str key, value;
} op;

typedef struct plan {
    db_txn *t;
    arena *a;
    const apply_env *env;
    const command *c;
    apply_state state;
    apply_answer answer;
    op *ops;
    uint32_t ops_count, ops_room;
    bool failed; // memory ran out
} plan;

// ---- Hashes and keys ------------------------------------------------------------------------------------------------

tact_err apply_secret_draw(uint8_t secret[APPLY_SECRET], tact_error *error) {
    if (sodium_init() < 0) return err_set(error, TACT_IO, "the system has no random numbers");
    randombytes_buf(secret, APPLY_SECRET);
    return TACT_OK;
}

static db_key hash_of(const apply_env *env, uint8_t what, tact_str bytes) {
    db_key hash = {.len = APPLY_HASH};
    crypto_generichash_state s;
    crypto_generichash_init(&s, env->secret, APPLY_SECRET, APPLY_HASH);
    crypto_generichash_update(&s, &what, 1);
    crypto_generichash_update(&s, (const unsigned char *)bytes.ptr, bytes.len);
    crypto_generichash_final(&s, (unsigned char *)hash.as.bytes, APPLY_HASH);
    return hash;
}

db_key apply_identity_key(uint16_t space, tact_str value) {
    db_key k = db_key_of();
    db_key_u16(&k, space);
    db_key_add(&k, value);
    return k;
}

static db_key tomb_key(const apply_env *env, uint16_t space, tact_str value) {
    db_key identity = apply_identity_key(space, value);
    return hash_of(env, OF_IDENTITY, db_key_str(&identity));
}

static db_key event_key(uint64_t id, int64_t time_ms, uint64_t position) {
    db_key k = db_key_of();
    db_key_u64(&k, id);
    db_key_u64(&k, (uint64_t)time_ms);
    db_key_u64(&k, position);
    return k;
}

// ---- Looking up -----------------------------------------------------------------------------------------------------

static tact_err damaged(db_txn *t, tact_error *error, const char *what) {
    if (t->broken) return db_fault(t, error);
    return err_set(error, TACT_INVALID, "%s: %s is not there, or cannot be; run fsck", db_folder(t->db), what);
}

// Values of eight bytes: numbers of strands and persons, times.
static tact_err get_number(db_txn *t, db_table table, const db_key *key, uint64_t *out) {
    tact_str value = {NULL, 0};
    tact_err err = db_get(t, table, db_key_str(key), &value);
    if (err) return err;
    if (value.len != sizeof *out) return TACT_INVALID;
    *out = load_u64(value.ptr);
    return TACT_OK;
}

tact_err apply_state_read(db_txn *t, apply_state *out) {
    tact_str value = {NULL, 0};
    *out = (apply_state){0, 1};
    tact_err err = db_get(t, DB_META, state_key, &value);
    if (err == TACT_NOT_FOUND) return TACT_OK; // a new store
    if (err) return err;
    if (value.len != 16) return TACT_INVALID;
    *out = (apply_state){load_u64(value.ptr), load_u64(value.ptr + 8)};
    return TACT_OK;
}

tact_err apply_find(db_txn *t, uint16_t space, tact_str value, uint64_t *id) {
    db_key key = apply_identity_key(space, value);
    return get_number(t, DB_IDENTITY, &key, id);
}

tact_err apply_person_of(db_txn *t, uint64_t id, uint64_t *person) {
    db_key key = db_key_number(id);
    tact_err err = get_number(t, DB_ALIAS, &key, person);
    if (err != TACT_NOT_FOUND) return err;
    *person = id;
    return TACT_OK;
}

tact_err apply_links(db_txn *t, arena *a, uint64_t person, links *out, tact_error *error) {
    db_key key = db_key_number(person);
    tact_str value = {NULL, 0};
    tact_err err = db_get(t, DB_LINKS, db_key_str(&key), &value);
    if (!err) return links_read(a, value, out, error);
    if (err != TACT_NOT_FOUND) return db_fault(t, error);
    *out = links_of(a, person);
    return out->strands ? TACT_OK : err_set(error, TACT_NO_MEMORY, "no memory for a person");
}

static tact_err load_strand(db_txn *t, arena *a, uint64_t id, strand *out, tact_error *error) {
    db_key key = db_key_number(id);
    tact_str value = {NULL, 0};
    if (db_get(t, DB_STRAND, db_key_str(&key), &value)) return damaged(t, error, "a strand");
    tact_err err = strand_read(a, value, out, error);
    return !err && out->id != id ? damaged(t, error, "a strand's number") : err;
}

tact_err apply_load(db_txn *t, arena *a, const links *l, strand **out, tact_error *error) {
    strand *strands = arena_array(a, l->strands_count, sizeof *strands);
    if (!strands) return err_set(error, TACT_NO_MEMORY, "no memory for a person");
    for (uint32_t i = 0; i < l->strands_count; i++) {
        tact_err err = load_strand(t, a, l->strands[i], &strands[i], error);
        if (err) return err;
    }
    *out = strands;
    return TACT_OK;
}

tact_err apply_merge(arena *a, const schema *sc, const strand *strands, uint32_t count, merged *m, tact_str *bytes,
                     tact_error *error) {
    const strand **set = arena_array(a, count, sizeof *set);
    if (!set) return err_set(error, TACT_NO_MEMORY, "no memory for a person");
    for (uint32_t i = 0; i < count; i++) set[i] = &strands[i];
    if (merge_strands(a, set, count, sc, m)) return err_set(error, TACT_NO_MEMORY, "no memory for a person");
    tact_err err = merge_check(m, sc, error);
    buf out = buf_in(a);
    if (!err) err = record_build(&out, m, sc, error);
    if (err) return err;
    *bytes = buf_done(&out);
    return bytes->ptr ? TACT_OK : err_set(error, TACT_NO_MEMORY, "no memory for a person's record");
}

// ---- The plan -------------------------------------------------------------------------------------------------------

static void add_op(plan *p, db_table table, bool remove, tact_str key, tact_str value) {
    if (p->failed) return;
    if (p->ops_count == p->ops_room) {
        uint32_t room = p->ops_room ? p->ops_room * 2 : OPS_FIRST;
        op *ops = arena_extend(p->a, p->ops, p->ops_room, room, sizeof *ops);
        if (ops) p->ops = ops, p->ops_room = room;
        p->failed = !ops;
    }
    char *copy = p->failed ? NULL : arena_copy(p->a, key.ptr, key.len);
    if (copy) p->ops[p->ops_count++] = (op){table, remove, {copy, key.len}, value};
    p->failed = !copy;
}

static void put(plan *p, db_table table, const db_key *key, tact_str value) {
    add_op(p, table, false, db_key_str(key), value);
}

static void take(plan *p, db_table table, const db_key *key) {
    add_op(p, table, true, db_key_str(key), (tact_str){NULL, 0});
}

static void put_buf(plan *p, db_table table, const db_key *key, buf *value) {
    tact_str bytes = buf_done(value);
    p->failed |= !bytes.ptr;
    put(p, table, key, bytes);
}

static void put_number(plan *p, db_table table, const db_key *key, uint64_t number) {
    buf b = buf_in(p->a);
    pack_u64(&b, number);
    put_buf(p, table, key, &b);
}

static tact_err carry_out(plan *p, tact_error *error) {
    if (p->failed) return err_set(error, TACT_NO_MEMORY, "no memory to apply a command");
    for (uint32_t i = 0; i < p->ops_count; i++) {
        const op *o = &p->ops[i];
        tact_err err = o->remove ? db_delete(p->t, o->table, o->key) : db_put(p->t, o->table, o->key, o->value);
        if (err && err != TACT_NOT_FOUND) return db_fault(p->t, error);
    }
    return TACT_OK;
}

// The set of strands, everything about who it is but the strands: its graph, its aliases.
static void put_graph(plan *p, const links *l) {
    uint64_t person = links_person(l);
    db_key key = db_key_number(person);
    if (l->strands_count > 1) {
        buf b = buf_in(p->a);
        links_write(&b, l);
        put_buf(p, DB_LINKS, &key, &b);
    } else {
        take(p, DB_LINKS, &key);
    }
    take(p, DB_ALIAS, &key);
    for (uint32_t i = 1; i < l->strands_count; i++) {
        key = db_key_number(l->strands[i]);
        put_number(p, DB_ALIAS, &key, person);
    }
}

static void put_strand(plan *p, const strand *s) {
    db_key key = db_key_number(s->id);
    buf b = buf_in(p->a);
    strand_write(&b, s);
    put_buf(p, DB_STRAND, &key, &b);
}

static void put_record(plan *p, const merged *m, tact_str bytes) {
    db_key key = db_key_number(m->person);
    put(p, DB_PERSON, &key, bytes);
}

// ---- Applied before, erased before ----------------------------------------------------------------------------------

static tact_err find_seen(plan *p, apply_answer *out) {
    db_key key = hash_of(p->env, OF_COMMAND, p->c->id);
    tact_str v;
    tact_err err = db_get(p->t, DB_SEEN, db_key_str(&key), &v);
    if (err) return err;
    if (v.len != 28) return TACT_INVALID;
    *out = (apply_answer){load_u64(v.ptr), load_u64(v.ptr + 8), true, load_u32(v.ptr + 16), load_u64(v.ptr + 20)};
    return TACT_OK;
}

static void put_seen(plan *p) {
    if (!p->c->id.len) return;
    db_key key = hash_of(p->env, OF_COMMAND, p->c->id);
    buf b = buf_in(p->a);
    pack_u64(&b, p->answer.position);
    pack_u64(&b, p->answer.person);
    pack_u32(&b, p->answer.strands);
    pack_u64(&b, p->answer.events);
    put_buf(p, DB_SEEN, &key, &b);
}

static void put_state(plan *p) {
    buf b = buf_in(p->a);
    pack_u64(&b, p->state.position);
    pack_u64(&b, p->state.next_strand);
    tact_str value = buf_done(&b);
    p->failed |= !value.ptr;
    add_op(p, DB_META, false, state_key, value);
}

static tact_err check_erased(plan *p, tact_error *error) {
    for (uint32_t i = 0; i < p->c->identities_count; i++) {
        const command_identity *given = &p->c->identities[i];
        db_key key = tomb_key(p->env, given->space, given->value);
        uint64_t erased_ms;
        tact_err err = get_number(p->t, DB_TOMB, &key, &erased_ms);
        if (err == TACT_NOT_FOUND || (!err && p->c->time_ms > (int64_t)erased_ms)) continue;
        if (err) return damaged(p->t, error, "an erasure");
        return err_set(error, TACT_NOT_FOUND, "whom it is about was erased after it happened");
    }
    return TACT_OK;
}

// ---- Set, event, consent, link, count -------------------------------------------------------------------------------

typedef struct change {                       // of one person by a command
    uint64_t ids[COMMAND_IDENTITIES_MAX];     // of the command's identities
    uint64_t persons[COMMAND_IDENTITIES_MAX]; // as they were
    bool fresh[COMMAND_IDENTITIES_MAX];       // not known before
    links graph;                              // as it will be
    strand *strands;                          // in the graph's order
    bool *changed;                            // of each strand
} change;

static tact_err resolve(plan *p, change *ch, tact_error *error) {
    const command *c = p->c;
    for (uint32_t i = 0; i < c->identities_count; i++) {
        tact_err err = apply_find(p->t, c->identities[i].space, c->identities[i].value, &ch->ids[i]);
        ch->fresh[i] = err == TACT_NOT_FOUND;
        if (ch->fresh[i]) {
            ch->ids[i] = ch->persons[i] = p->state.next_strand++;
        } else if (err || apply_person_of(p->t, ch->ids[i], &ch->persons[i])) {
            return damaged(p->t, error, "an identity");
        }
    }
    tact_err err = apply_links(p->t, p->a, ch->persons[0], &ch->graph, error);
    for (uint32_t i = 1; i < c->identities_count && !err; i++) {
        links other = ch->graph;
        if (!links_has(&ch->graph, ch->ids[i])) err = apply_links(p->t, p->a, ch->persons[i], &other, error);
        const links_edge edge = {ch->ids[0], ch->ids[i], c->time_ms, c->source};
        if (!err) err = links_join(p->a, &ch->graph, &other, edge, &ch->graph, error);
    }
    return err;
}

static uint32_t place_in(const change *ch, uint64_t id) {
    uint32_t at = 0;
    while (ch->graph.strands[at] != id) at++; // it is there
    return at;
}

static tact_err load_change(plan *p, change *ch, tact_error *error) {
    const links *g = &ch->graph;
    ch->strands = arena_array(p->a, g->strands_count, sizeof *ch->strands);
    ch->changed = arena_zalloc(p->a, g->strands_count * sizeof *ch->changed);
    if (!ch->strands || !ch->changed) return err_set(error, TACT_NO_MEMORY, "no memory for a person");
    for (uint32_t i = 0; i < p->c->identities_count; i++) {
        if (!ch->fresh[i]) continue;
        uint32_t at = place_in(ch, ch->ids[i]);
        const command_identity *given = &p->c->identities[i];
        ch->strands[at] = (strand){
            .id = ch->ids[i], .space = given->space, .identity = given->value, .created_ms = p->c->time_ms};
        ch->changed[at] = true;
    }
    for (uint32_t i = 0; i < g->strands_count; i++) {
        tact_err err = ch->changed[i] ? TACT_OK : load_strand(p->t, p->a, g->strands[i], &ch->strands[i], error);
        if (err) return err;
    }
    return TACT_OK;
}

// Merges; identities that are more than their namespace's `max` go, the oldest first.
static tact_err merge_change(plan *p, change *ch, merged *m, tact_str *bytes, tact_error *error) {
    for (;;) {
        tact_err err = apply_merge(p->a, p->env->schema, ch->strands, ch->graph.strands_count, m, bytes, error);
        if (err) return err;
        const merge_identity *excess = merge_excess(m, p->env->schema);
        if (!excess) return TACT_OK;
        uint32_t at = place_in(ch, excess->strand);
        ch->strands[at].dropped = ch->changed[at] = true;
        db_key key = apply_identity_key(excess->space, excess->value);
        take(p, DB_IDENTITY, &key);
    }
}

static void put_event(plan *p, uint64_t strand_id) {
    const command *c = p->c;
    db_key key = event_key(strand_id, c->time_ms, p->answer.position);
    buf b = buf_in(p->a);
    pack_u8(&b, EVENT_VERSION);
    pack_varint(&b, c->event);
    pack_u8(&b, c->source);
    pack_str(&b, c->channel);
    pack_str(&b, c->id);
    pack_varint(&b, c->values_count);
    for (uint32_t i = 0; i < c->values_count; i++) {
        pack_varint(&b, c->values[i].number);
        pack_value(&b, c->values[i].value);
    }
    put_buf(p, DB_EVENT, &key, &b);
}

static const int64_t levels[] = {1, MINUTE_MS, DAY_MS};

static db_key count_key(uint64_t tally, uint8_t level, int64_t bucket) {
    db_key k = db_key_of();
    db_key_u64(&k, tally);
    db_key_u8(&k, level);
    db_key_u64(&k, (uint64_t)bucket);
    return k;
}

static tact_err put_count(plan *p, tact_error *error) {
    for (uint8_t level = 0; level < (uint8_t)(sizeof levels / sizeof *levels); level++) {
        db_key key = count_key(p->c->tally, level, p->c->time_ms / levels[level]);
        uint64_t count = 0;
        tact_err err = get_number(p->t, DB_COUNT, &key, &count);
        if (err && err != TACT_NOT_FOUND) return damaged(p->t, error, "a counter");
        put_number(p, DB_COUNT, &key, count + 1);
    }
    return TACT_OK;
}

static void put_change(plan *p, const change *ch) {
    const command *c = p->c;
    for (uint32_t i = 0; i < c->identities_count; i++) {
        db_key key = apply_identity_key(c->identities[i].space, c->identities[i].value);
        bool dropped = ch->strands[place_in(ch, ch->ids[i])].dropped;
        if (ch->fresh[i] && !dropped) put_number(p, DB_IDENTITY, &key, ch->ids[i]);
        key = db_key_number(ch->persons[i]);
        if (ch->persons[i] == links_person(&ch->graph) || ch->fresh[i]) continue;
        take(p, DB_PERSON, &key);
        take(p, DB_LINKS, &key);
    }
    if (c->identities_count > 1) put_graph(p, &ch->graph);
    for (uint32_t i = 0; i < ch->graph.strands_count; i++) {
        if (ch->changed[i]) put_strand(p, &ch->strands[i]);
    }
}

static tact_err plan_change(plan *p, tact_error *error) {
    change ch = {0};
    merged m = {0};
    tact_str bytes = {NULL, 0};
    tact_err err = check_erased(p, error);
    if (!err) err = resolve(p, &ch, error);
    if (!err) err = load_change(p, &ch, error);
    if (err) return err;
    uint32_t first = place_in(&ch, ch.ids[0]);
    if (p->c->kind != COMMAND_LINK) {
        err = strand_apply(p->a, &ch.strands[first], p->c, p->env->schema, error);
        ch.changed[first] = true;
    }
    if (!err) err = merge_change(p, &ch, &m, &bytes, error);
    if (!err && p->c->kind == COMMAND_COUNT && p->c->everyone) err = put_count(p, error);
    if (err) return err;
    p->answer.person = m.person;
    put_change(p, &ch);
    put_record(p, &m, bytes);
    if (p->c->kind == COMMAND_EVENT) put_event(p, ch.ids[0]);
    return TACT_OK;
}

// ---- Unlink and erase -----------------------------------------------------------------------------------------------

// Who a command of one identity is about. TACT_NOT_FOUND, without a text.
static tact_err find_person(plan *p, uint64_t *id, links *l, tact_error *error) {
    const command_identity *given = p->c->identities;
    uint64_t person;
    tact_err err = apply_find(p->t, given->space, given->value, id);
    if (err == TACT_NOT_FOUND) return err;
    if (err || apply_person_of(p->t, *id, &person)) return damaged(p->t, error, "an identity");
    return apply_links(p->t, p->a, person, l, error);
}

static tact_err plan_unlink(plan *p, tact_error *error) {
    uint64_t id = 0;
    links l = {0};
    tact_err err = find_person(p, &id, &l, error);
    if (err == TACT_NOT_FOUND) return err_set(error, err, "there is no such identity");
    if (err) return err;
    uint32_t parts_count = 0;
    links *parts = arena_array(p->a, l.strands_count, sizeof *parts);
    if (!parts) return err_set(error, TACT_NO_MEMORY, "no memory for a person");
    err = links_split(p->a, &l, id, parts, &parts_count, error);
    for (uint32_t i = 0; i < parts_count && !err; i++) {
        strand *strands = NULL;
        merged m = {0};
        tact_str bytes = {NULL, 0};
        err = apply_load(p->t, p->a, &parts[i], &strands, error);
        if (!err) err = apply_merge(p->a, p->env->schema, strands, parts[i].strands_count, &m, &bytes, error);
        if (err) break;
        put_graph(p, &parts[i]);
        put_record(p, &m, bytes);
    }
    p->answer.person = id;
    return err;
}

static tact_err take_events(plan *p, uint64_t id, tact_error *error) {
    db_key from = event_key(id, 0, 0);
    db_walk w;
    tact_err err = db_walk_begin(p->t, DB_EVENT, db_key_str(&from), &w);
    for (; !err && db_key_number_at(w.key, 0) == id; err = db_walk_next(&w)) {
        add_op(p, DB_EVENT, true, w.key, (tact_str){NULL, 0});
        p->answer.events++;
    }
    db_walk_end(&w);
    return err && err != TACT_NOT_FOUND ? db_fault(p->t, error) : TACT_OK;
}

// A later erasure counts; so does one of an identity that nobody knows.
static tact_err bury(plan *p, uint16_t space, tact_str value, tact_error *error) {
    db_key key = tomb_key(p->env, space, value);
    uint64_t before_ms = 0, now_ms = (uint64_t)p->c->time_ms;
    tact_err err = get_number(p->t, DB_TOMB, &key, &before_ms);
    if (err && err != TACT_NOT_FOUND) return damaged(p->t, error, "an erasure");
    put_number(p, DB_TOMB, &key, before_ms > now_ms ? before_ms : now_ms);
    return TACT_OK;
}

static tact_err plan_erase(plan *p, tact_error *error) {
    uint64_t id = 0;
    links l = {0};
    tact_err err = find_person(p, &id, &l, error);
    if (err == TACT_NOT_FOUND) return bury(p, p->c->identities->space, p->c->identities->value, error);
    strand *strands = NULL;
    if (!err) err = apply_load(p->t, p->a, &l, &strands, error);
    if (err) return err;
    if (!strands) return err_set(error, TACT_NO_MEMORY, "no memory for a person");
    for (uint32_t i = 0; i < l.strands_count && !err; i++) {
        const strand *s = &strands[i];
        db_key key = apply_identity_key(s->space, s->identity);
        if (!s->dropped) take(p, DB_IDENTITY, &key);
        key = db_key_number(s->id);
        take(p, DB_STRAND, &key);
        take(p, DB_ALIAS, &key);
        err = bury(p, s->space, s->identity, error);
        if (!err) err = take_events(p, s->id, error);
    }
    p->answer.person = links_person(&l);
    p->answer.strands = l.strands_count;
    db_key key = db_key_number(p->answer.person);
    take(p, DB_PERSON, &key);
    take(p, DB_LINKS, &key);
    return err;
}

// ---- One command ----------------------------------------------------------------------------------------------------

tact_err apply_command(db_txn *t, arena *a, const apply_env *env, const command *c, apply_answer *out,
                       tact_error *error) {
    plan p = {.t = t, .a = a, .env = env, .c = c};
    tact_err err = command_check(c, env->schema, error);
    if (err) return err;
    if (c->id.len) {
        err = find_seen(&p, out);
        if (!err) return TACT_OK;
        if (err != TACT_NOT_FOUND) return damaged(t, error, "an answer");
    }
    if (apply_state_read(t, &p.state)) return damaged(t, error, "its state");
    p.answer.position = ++p.state.position;
    err = c->kind == COMMAND_UNLINK  ? plan_unlink(&p, error)
          : c->kind == COMMAND_ERASE ? plan_erase(&p, error)
                                     : plan_change(&p, error);
    if (err) return err;
    put_seen(&p);
    put_state(&p);
    err = carry_out(&p, error);
    if (!err) *out = p.answer;
    return err;
}

// ---- Events and counters --------------------------------------------------------------------------------------------

tact_err apply_event_read(arena *a, tact_str key, tact_str bytes, apply_event *out, tact_error *error) {
    unpack in = unpack_of(a, bytes);
    apply_event e = {.strand = db_key_number_at(key, 0), .position = db_key_number_at(key, 16)};
    e.time_ms = (int64_t)db_key_number_at(key, 8);
    if (key.len != 24) unpack_fail(&in, TACT_INVALID, "an event's key is not one");
    if (unpack_u8(&in) != EVENT_VERSION) unpack_fail(&in, TACT_INVALID, "an event of an unknown version");
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

// Adds up the buckets [from, to) of a level.
static tact_err add_buckets(db_txn *t, uint64_t tally, uint8_t level, int64_t from, int64_t to, uint64_t *count) {
    if (from >= to) return TACT_OK;
    db_key first = count_key(tally, level, from), last = count_key(tally, level, to);
    db_walk w;
    tact_err err = db_walk_begin(t, DB_COUNT, db_key_str(&first), &w);
    for (; !err && memcmp(w.key.ptr, last.as.bytes, last.len) < 0; err = db_walk_next(&w)) {
        if (w.key.len != last.len || w.value.len != 8) err = TACT_INVALID;
        if (err) break;
        *count += load_u64(w.value.ptr);
    }
    db_walk_end(&w);
    return err == TACT_NOT_FOUND ? TACT_OK : err;
}

// What fits whole buckets of the next level is taken from there; what is left at both ends from this one.
static tact_err add_range(db_txn *t, uint64_t tally, int64_t from, int64_t to, uint64_t *count) {
    tact_err err = TACT_OK;
    for (uint8_t level = 0; !err && from < to; level++) {
        if (level == sizeof levels / sizeof *levels - 1) return add_buckets(t, tally, level, from, to, count);
        int64_t wide = levels[level + 1] / levels[level];
        int64_t low = (from + wide - 1) / wide, high = to / wide;
        if (low >= high) return add_buckets(t, tally, level, from, to, count);
        err = add_buckets(t, tally, level, from, low * wide, count);
        if (!err) err = add_buckets(t, tally, level, high * wide, to, count);
        from = low, to = high;
    }
    return err;
}

tact_err apply_count(db_txn *t, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count) {
    if (since_ms < 0) since_ms = 0;
    if (until_ms > COMMAND_TIME_MAX_MS) until_ms = COMMAND_TIME_MAX_MS;
    *count = 0;
    return add_range(t, tally, since_ms, until_ms + 1, count);
}
