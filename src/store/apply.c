// SPDX-License-Identifier: Apache-2.0
//
// Every command becomes a plan (plan.h), which is carried out when nothing can be refused any more. Subtle: a batch
// knows whether anybody was ever erased or linked, so that a store in which that never happened, as while it is
// imported, does not look for either.
#include "store/apply.h"

#include "base/err.h"
#include "base/utf8.h"
#include "store/count.h"
#include "store/event.h"
#include "store/load.h"
#include "store/record.h"
#include "store/sweep.h"
#include "value/pack.h"

enum { OF_IDENTITY = 'i', OF_COMMAND = 'c', OF_CONTENT = 's' }; // what a hash is of
static const tact_str state_key = {"state", 5};

typedef struct apply { // of one command
    db_txn *t;
    arena *a;
    const apply_env *env;
    const command *c;
    apply_state state; // as it will be
    bool erased, linked;
    uint8_t content[HASH_KEYED]; // what it says; of a command with an id
    apply_answer answer;
    plan plan;
} apply;

// ---- Hashes and keys ------------------------------------------------------------------------------------------------

tact_err apply_secret_draw(uint8_t secret[APPLY_SECRET], tact_error *error) {
    return hash_secret_draw(secret, error);
}

// By what a command is known that has an id.
static db_key seen_key(const apply_env *env, const command *c) {
    db_key name = db_key_of(), hash = {.len = HASH_KEYED};
    db_key_u8(&name, (uint8_t)c->kind);
    db_key_u16(&name, c->kind == COMMAND_EVENT ? c->event : 0);
    db_key_add(&name, c->id);
    hash_keyed(env->secret, OF_COMMAND, db_key_str(&name), (uint8_t *)hash.as.bytes);
    return hash;
}

db_key apply_identity_key(uint16_t space, tact_str value) {
    db_key k = db_key_of();
    db_key_u16(&k, space);
    db_key_add(&k, value);
    return k;
}

// With the length, so that nothing but the identity's own rows begins as they do.
db_key apply_dropped_key(uint16_t space, tact_str value, uint64_t id) {
    db_key k = db_key_of();
    db_key_u16(&k, space);
    db_key_u16(&k, (uint16_t)value.len);
    db_key_add(&k, value);
    db_key_u64(&k, id);
    return k;
}

void apply_identity_hash(const apply_env *env, uint16_t space, tact_str value, uint8_t out[HASH_KEYED]) {
    db_key identity = apply_identity_key(space, value);
    hash_keyed(env->secret, OF_IDENTITY, db_key_str(&identity), out);
}

static db_key tomb_key(const apply_env *env, uint16_t space, tact_str value) {
    db_key hash = {.len = HASH_KEYED};
    apply_identity_hash(env, space, value, (uint8_t *)hash.as.bytes);
    return hash;
}

// A tomb: the time before which nothing is taken any more, and the position of the last erasure.
static tact_err read_tomb(db_txn *t, tact_str key, uint64_t *time_ms, uint64_t *position) {
    tact_str v = {NULL, 0};
    tact_err err = db_get(t, DB_TOMB, key, &v);
    if (err) return err;
    if (v.len != APPLY_TOMB) return TACT_INVALID;
    *time_ms = load_u64(v.ptr);
    *position = load_u64(v.ptr + 8);
    return TACT_OK;
}

tact_err apply_erased(db_txn *t, const uint8_t hash[HASH_KEYED], uint64_t *position) {
    uint64_t time_ms;
    return read_tomb(t, (tact_str){(const char *)hash, HASH_KEYED}, &time_ms, position);
}

// ---- Looking up -----------------------------------------------------------------------------------------------------

tact_err apply_state_read(db_txn *t, apply_state *out) {
    tact_str value = {NULL, 0};
    *out = (apply_state){.next_strand = 1};
    tact_err err = db_get(t, DB_META, state_key, &value);
    if (err == TACT_NOT_FOUND) return TACT_OK; // a new store
    if (err) return err;
    if (value.len != 24) return TACT_INVALID;
    *out = (apply_state){load_u64(value.ptr), load_u64(value.ptr + 8), load_i64(value.ptr + 16)};
    return TACT_OK;
}

tact_err apply_find(db_txn *t, uint16_t space, tact_str value, uint64_t *id) {
    db_key key = apply_identity_key(space, value);
    return plan_get_number(t, DB_IDENTITY, &key, id);
}

tact_err apply_find_dropped(db_txn *t, uint16_t space, tact_str value, uint64_t *id) {
    db_walk w;
    db_key from = apply_dropped_key(space, value, *id);
    size_t at = from.len - sizeof *id;
    tact_err err = db_walk_begin(t, DB_DROPPED, db_key_str(&from), &w);
    if (err) return err;
    bool found = w.key.len == from.len && memcmp(w.key.ptr, from.as.bytes, at) == 0;
    if (found) *id = db_key_number_at(w.key, at);
    db_walk_end(&w);
    return found ? TACT_OK : TACT_NOT_FOUND;
}

tact_err apply_find_holder(db_txn *t, uint16_t space, tact_str value, uint64_t *id) {
    tact_err err = apply_find(t, space, value, id);
    if (err != TACT_NOT_FOUND) return err;
    uint64_t next = 0;
    while (!(err = apply_find_dropped(t, space, value, &next))) *id = next++;
    return err == TACT_NOT_FOUND && next ? TACT_OK : err;
}

tact_err apply_person_of(db_txn *t, uint64_t id, uint64_t *person) {
    db_key key = db_key_number(id);
    tact_err err = plan_get_number(t, DB_ALIAS, &key, person);
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

tact_err apply_whose(db_txn *t, uint64_t id, uint16_t *space, tact_str *value) {
    db_key key = db_key_number(id);
    tact_str bytes = {NULL, 0};
    tact_err err = db_get(t, DB_STRAND, db_key_str(&key), &bytes);
    return err ? err : strand_whose(bytes, space, value);
}

static tact_err load_strand(db_txn *t, arena *a, uint64_t id, strand *out, tact_error *error) {
    db_key key = db_key_number(id);
    tact_str value = {NULL, 0};
    if (db_get(t, DB_STRAND, db_key_str(&key), &value)) return plan_damaged(t, error, "a strand");
    tact_err err = strand_load(a, value, out, error);
    return !err && out->id != id ? plan_damaged(t, error, "a strand's number") : err;
}

tact_err apply_load(db_txn *t, arena *a, const links *l, strand **out, tact_error *error) {
    strand *strands = arena_array(a, l->strands_count, sizeof *strands);
    if (!strands) {
        (void)err_set(error, TACT_NO_MEMORY, "no memory for a person");
        return TACT_NO_MEMORY;
    }
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

// ---- Rows -----------------------------------------------------------------------------------------------------------

// The set of strands, everything about who it is but the strands: its graph, its aliases.
static void put_graph(apply *p, const links *l) {
    uint64_t person = links_person(l);
    db_key key = db_key_number(person);
    if (l->strands_count > 1) {
        buf b = buf_in(p->a);
        links_write(&b, l);
        p->linked = true;
        plan_put_buf(&p->plan, DB_LINKS, &key, &b);
    } else {
        plan_take_key(&p->plan, DB_LINKS, &key);
    }
    plan_take_key(&p->plan, DB_ALIAS, &key);
    for (uint32_t i = 1; i < l->strands_count; i++) {
        key = db_key_number(l->strands[i]);
        plan_put_number(&p->plan, DB_ALIAS, &key, person);
    }
}

static void put_strand(apply *p, const strand *s) {
    db_key key = db_key_number(s->id);
    buf b = buf_in(p->a);
    strand_write(&b, s);
    plan_put_buf(&p->plan, DB_STRAND, &key, &b);
}

static void put_record(apply *p, const merged *m, tact_str bytes) {
    db_key key = db_key_number(m->person);
    plan_put(&p->plan, DB_PERSON, db_key_str(&key), bytes);
}

// ---- Applied before, erased before ----------------------------------------------------------------------------------

//      position u64 | person u64 | strands u32 | events u64 | content, hashed | time u64

enum { SEEN_CONTENT = 28, SEEN_TIME = SEEN_CONTENT + HASH_KEYED };

static tact_err read_seen(db_txn *t, const apply_env *env, const command *c, tact_str *out) {
    db_key key = seen_key(env, c);
    tact_err err = db_get(t, DB_SEEN, db_key_str(&key), out);
    return !err && out->len != APPLY_ANSWER ? TACT_INVALID : err;
}

tact_err apply_seen(db_txn *t, const apply_env *env, const command *c, apply_answer *out) {
    tact_str v = {NULL, 0};
    tact_err err = read_seen(t, env, c, &v);
    if (err) return err;
    *out = (apply_answer){.position = load_u64(v.ptr),
                          .person = load_u64(v.ptr + 8),
                          .repeated = true,
                          .time_ms = load_i64(v.ptr + SEEN_TIME),
                          .strands = load_u32(v.ptr + 16),
                          .events = load_u64(v.ptr + 20)};
    return TACT_OK;
}

// Keyed, since it is kept when the person is erased.
static tact_err hash_content(apply *p, tact_error *error) {
    tact_str bytes = {NULL, 0};
    if (command_content(p->a, p->c, &bytes)) {
        return err_set(error, TACT_NO_MEMORY, "no memory to apply a command");
    }
    hash_keyed(p->env->secret, OF_CONTENT, bytes, p->content);
    return TACT_OK;
}

static tact_err refuse_id(const apply *p, tact_error *error) {
    const command *c = p->c;
    bool of_type = c->kind == COMMAND_EVENT;
    const tact_str name = of_type ? p->env->schema->events[c->event].name : tact_str_from(command_kind_name(c->kind));
    utf8_shown shown;
    return err_set(
        error, TACT_EXISTS,
        "id `%s`: another %s`%.*s` that was applied before has it, of somebody else or with another content; "
        "give each its own id",
        utf8_show(&shown, c->id), of_type ? "event " : "", (int)name.len, name.ptr);
}

// The answer that it got before. TACT_NOT_FOUND: it was not applied. TACT_EXISTS: another was.
static tact_err answer_again(apply *p, apply_answer *out, tact_error *error) {
    tact_str v = {NULL, 0};
    tact_err err = hash_content(p, error);
    if (err) return err;
    err = read_seen(p->t, p->env, p->c, &v);
    if (err == TACT_NOT_FOUND) return err;
    if (!err && memcmp(v.ptr + SEEN_CONTENT, p->content, HASH_KEYED) != 0) return refuse_id(p, error);
    return err || apply_seen(p->t, p->env, p->c, out) ? plan_damaged(p->t, error, "an answer") : TACT_OK;
}

// With the time by which it is forgotten (sweep.h): of what is brought in long after it happened that is not its own.
static void put_seen(apply *p) {
    int64_t time_ms = p->c->time_ms > p->state.clock_ms ? p->c->time_ms : p->state.clock_ms;
    if (!p->c->id.len) return;
    db_key key = seen_key(p->env, p->c);
    buf b = buf_in(p->a);
    pack_u64(&b, p->answer.position);
    pack_u64(&b, p->answer.person);
    pack_u32(&b, p->answer.strands);
    pack_u64(&b, p->answer.events);
    buf_add(&b, (const char *)p->content, HASH_KEYED);
    pack_u64(&b, (uint64_t)time_ms);
    plan_put_buf(&p->plan, DB_SEEN, &key, &b);
}

static tact_err check_erased(apply *p, tact_error *error) {
    for (uint32_t i = 0; p->erased && i < p->c->identities_count; i++) {
        const command_identity *given = &p->c->identities[i];
        db_key key = tomb_key(p->env, given->space, given->value);
        uint64_t erased_ms = 0, position;
        tact_err err = read_tomb(p->t, db_key_str(&key), &erased_ms, &position);
        if (err == TACT_NOT_FOUND || (!err && p->c->time_ms > (int64_t)erased_ms)) continue;
        if (err) return plan_damaged(p->t, error, "an erasure");
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

// As apply_person_of and apply_links, which are not asked while nobody is linked.
static tact_err person_of(const apply *p, uint64_t id, uint64_t *person) {
    *person = id;
    return p->linked ? apply_person_of(p->t, id, person) : TACT_OK;
}

static tact_err graph_of(const apply *p, uint64_t person, links *out, tact_error *error) {
    if (p->linked) return apply_links(p->t, p->a, person, out, error);
    *out = links_of(p->a, person);
    return out->strands ? TACT_OK : err_set(error, TACT_NO_MEMORY, "no memory for a person");
}

static tact_err resolve(apply *p, change *ch, tact_error *error) {
    const command *c = p->c;
    for (uint32_t i = 0; i < c->identities_count; i++) {
        tact_err err = apply_find(p->t, c->identities[i].space, c->identities[i].value, &ch->ids[i]);
        ch->fresh[i] = err == TACT_NOT_FOUND;
        if (ch->fresh[i]) {
            ch->ids[i] = ch->persons[i] = p->state.next_strand++;
        } else if (err || person_of(p, ch->ids[i], &ch->persons[i])) {
            return plan_damaged(p->t, error, "an identity");
        }
    }
    tact_err err = graph_of(p, ch->persons[0], &ch->graph, error);
    for (uint32_t i = 1; i < c->identities_count && !err; i++) {
        links other = ch->graph;
        if (!links_has(&ch->graph, ch->ids[i])) err = graph_of(p, ch->persons[i], &other, error);
        for (uint32_t k = 0; k < i && !err; k++) { // each with each: so any of them may go, and the others stay
            const links_edge edge = {ch->ids[k], ch->ids[i], c->time_ms, c->source};
            err = links_join(p->a, &ch->graph, k ? &ch->graph : &other, edge, &ch->graph, error);
        }
    }
    return err;
}

static uint32_t place_in(const change *ch, uint64_t id) {
    uint32_t at = 0;
    while (ch->graph.strands[at] != id) at++; // it is there
    return at;
}

static tact_err load_change(apply *p, change *ch, tact_error *error) {
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
static tact_err merge_change(apply *p, change *ch, merged *m, tact_str *bytes, tact_error *error) {
    for (;;) {
        tact_err err = apply_merge(p->a, p->env->schema, ch->strands, ch->graph.strands_count, m, bytes, error);
        if (err) return err;
        const merge_identity *excess = merge_excess(m, p->env->schema);
        if (!excess) return TACT_OK;
        uint32_t at = place_in(ch, excess->strand);
        ch->strands[at].dropped = ch->changed[at] = true;
        db_key key = apply_identity_key(excess->space, excess->value);
        plan_take_key(&p->plan, DB_IDENTITY, &key);
        key = apply_dropped_key(excess->space, excess->value, excess->strand);
        plan_put(&p->plan, DB_DROPPED, db_key_str(&key), TACT_STR(""));
    }
}

static void put_change(apply *p, const change *ch) {
    const command *c = p->c;
    for (uint32_t i = 0; i < c->identities_count; i++) {
        db_key key = apply_identity_key(c->identities[i].space, c->identities[i].value);
        bool dropped = ch->strands[place_in(ch, ch->ids[i])].dropped;
        if (ch->fresh[i] && !dropped) plan_put_number(&p->plan, DB_IDENTITY, &key, ch->ids[i]);
        key = db_key_number(ch->persons[i]);
        if (ch->persons[i] == links_person(&ch->graph) || ch->fresh[i]) continue;
        plan_take_key(&p->plan, DB_PERSON, &key);
        plan_take_key(&p->plan, DB_LINKS, &key);
    }
    if (c->identities_count > 1) put_graph(p, &ch->graph);
    for (uint32_t i = 0; i < ch->graph.strands_count; i++) {
        if (ch->changed[i]) put_strand(p, &ch->strands[i]);
    }
}

static tact_err plan_change(apply *p, tact_error *error) {
    change ch = {0};
    merged m = {0};
    tact_str bytes = {NULL, 0};
    tact_err err = check_erased(p, error);
    if (!err) err = resolve(p, &ch, error);
    if (!err) err = load_change(p, &ch, error);
    if (err) return err;
    uint32_t first = place_in(&ch, ch.ids[0]);
    if (p->c->kind != COMMAND_LINK) {
        strand *s = &ch.strands[first];
        err = strand_apply(p->a, s, p->c, p->env->schema, error);
        if (!err && p->c->kind == COMMAND_EVENT) {
            err = event_add(&p->plan, s, p->c, p->env->schema, p->answer.position, p->env->history_max, error);
        }
        ch.changed[first] = true;
    }
    if (!err) err = merge_change(p, &ch, &m, &bytes, error);
    if (!err && p->c->kind == COMMAND_COUNT && p->c->everyone) {
        err = count_add(&p->plan, p->c->tally, p->c->time_ms, error);
    }
    if (err) return err;
    p->answer.person = m.person;
    put_change(p, &ch);
    put_record(p, &m, bytes);
    return TACT_OK;
}

// ---- Unlink and erase -----------------------------------------------------------------------------------------------

// Whose a strand is that was looked for.
static tact_err find_graph(apply *p, tact_err found, uint64_t id, links *l, tact_error *error) {
    uint64_t person;
    if (found || person_of(p, id, &person)) return plan_damaged(p->t, error, "an identity");
    return graph_of(p, person, l, error);
}

// The strand of an identity goes, or finds its person again.
static void take_identity(apply *p, const strand *s) {
    db_key key = apply_identity_key(s->space, s->identity);
    if (s->dropped) key = apply_dropped_key(s->space, s->identity, s->id);
    plan_take_key(&p->plan, s->dropped ? DB_DROPPED : DB_IDENTITY, &key);
}

// A strand that was pushed out and is alone now finds its person again.
static void find_again(apply *p, strand *s) {
    db_key key = apply_identity_key(s->space, s->identity);
    take_identity(p, s);
    s->dropped = false;
    plan_put_number(&p->plan, DB_IDENTITY, &key, s->id);
    put_strand(p, s);
}

static tact_err plan_unlink(apply *p, tact_error *error) {
    const command_identity *given = p->c->identities;
    uint64_t id = 0;
    links l = {0};
    tact_err err = check_erased(p, error);
    if (err) return err;
    err = apply_find_holder(p->t, given->space, given->value, &id);
    if (err == TACT_NOT_FOUND) return err_set(error, err, "there is no such identity");
    err = find_graph(p, err, id, &l, error);
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
        if (!err && parts[i].strands[0] == id && strands[0].dropped) find_again(p, &strands[0]);
        if (!err) err = apply_merge(p->a, p->env->schema, strands, parts[i].strands_count, &m, &bytes, error);
        if (err) break;
        put_graph(p, &parts[i]);
        put_record(p, &m, bytes);
    }
    p->answer.person = id;
    return err;
}

// A later erasure counts; so does one of an identity that nobody knows.
static tact_err bury(apply *p, uint16_t space, tact_str value, tact_error *error) {
    db_key key = tomb_key(p->env, space, value);
    p->erased = true;
    uint64_t before_ms = 0, position, now_ms = (uint64_t)p->c->time_ms;
    tact_err err = read_tomb(p->t, db_key_str(&key), &before_ms, &position);
    if (err && err != TACT_NOT_FOUND) return plan_damaged(p->t, error, "an erasure");
    buf tomb = buf_in(p->a);
    pack_u64(&tomb, before_ms > now_ms ? before_ms : now_ms);
    pack_u64(&tomb, p->answer.position);
    plan_put_buf(&p->plan, DB_TOMB, &key, &tomb);
    return TACT_OK;
}

typedef struct gone { // strands that an erasure deletes
    const strand **strands;
    uint32_t count, room;
} gone;

static bool is_gone(const gone *g, uint64_t id) {
    for (uint32_t i = 0; i < g->count; i++) {
        if (g->strands[i]->id == id) return true;
    }
    return false;
}

static bool is_of_gone(const gone *g, const strand *s) { // whether its identity is one of theirs
    for (uint32_t i = 0; i < g->count; i++) {
        const strand *one = g->strands[i];
        if (one->space == s->space && tact_str_equal(one->identity, s->identity)) return true;
    }
    return false;
}

static tact_err erase_strand(apply *p, gone *g, const strand *s, tact_error *error) {
    uint64_t events = 0;
    db_key key = db_key_number(s->id);
    if (g->count == g->room) {
        const uint32_t room = g->room ? 2 * g->room : 16;
        const strand **more = arena_extend(p->a, g->strands, g->room, room, sizeof(const strand *)); // NOLINT
        if (!more) return err_set(error, TACT_NO_MEMORY, "no memory to erase a person");
        g->strands = more;
        g->room = room;
    }
    g->strands[g->count++] = s;
    take_identity(p, s);
    plan_take_key(&p->plan, DB_STRAND, &key);
    plan_take_key(&p->plan, DB_ALIAS, &key);
    tact_err err = bury(p, s->space, s->identity, error);
    if (!err) err = event_forget(&p->plan, s->id, INT64_MAX, UINT64_MAX, &events, error);
    p->answer.events += events;
    p->answer.strands++;
    return err;
}

static void take_person(apply *p, uint64_t person) {
    db_key key = db_key_number(person);
    plan_take_key(&p->plan, DB_PERSON, &key);
    plan_take_key(&p->plan, DB_LINKS, &key);
}

static tact_err erase_person(apply *p, gone *g, const links *l, tact_error *error) {
    strand *strands = NULL;
    tact_err err = apply_load(p->t, p->a, l, &strands, error);
    for (uint32_t i = 0; i < l->strands_count && !err; i++) err = erase_strand(p, g, &strands[i], error);
    take_person(p, links_person(l));
    p->answer.person = links_person(l);
    return err;
}

// Of somebody who stays, what came in by identities of who does not.
static tact_err erase_part(apply *p, gone *g, const links *l, tact_error *error) {
    strand *strands = NULL;
    links left = *l;
    merged m = {0};
    tact_str bytes = {NULL, 0};
    tact_err err = apply_load(p->t, p->a, l, &strands, error);
    for (uint32_t i = 0; i < l->strands_count && !err; i++) {
        if (!strands[i].dropped || !is_of_gone(g, &strands[i])) continue;
        err = links_take(p->a, &left, strands[i].id, &left, error);
        if (!err) err = erase_strand(p, g, &strands[i], error);
    }
    take_person(p, links_person(l));
    if (err || !left.strands_count) return err;
    err = apply_load(p->t, p->a, &left, &strands, error);
    if (!err) err = apply_merge(p->a, p->env->schema, strands, left.strands_count, &m, &bytes, error);
    if (err) return err;
    put_graph(p, &left);
    put_record(p, &m, bytes);
    return TACT_OK;
}

static tact_err erase_pushed_out(apply *p, gone *g, tact_error *error) {
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < g->count && !err; i++) {
        const strand *s = g->strands[i];
        for (uint64_t id = 0; !err; id++) {
            links l = {0};
            tact_err found = apply_find_dropped(p->t, s->space, s->identity, &id);
            if (found == TACT_NOT_FOUND) break;
            if (!found && is_gone(g, id)) continue;
            err = find_graph(p, found, id, &l, error);
            if (!err) err = erase_part(p, g, &l, error);
        }
    }
    return err;
}

// Who is found by it; else all who hold what came in by it before it was pushed out.
static tact_err plan_erase(apply *p, tact_error *error) {
    const command_identity *given = p->c->identities;
    uint64_t id = 0;
    links l = {0};
    gone g = {.count = 0};
    tact_err err = apply_find(p->t, given->space, given->value, &id);
    if (err != TACT_NOT_FOUND) {
        err = find_graph(p, err, id, &l, error);
        if (!err) err = erase_person(p, &g, &l, error);
        return err ? err : erase_pushed_out(p, &g, error);
    }
    err = bury(p, given->space, given->value, error);
    for (id = 0; !err; id++) {
        tact_err found = apply_find_dropped(p->t, given->space, given->value, &id);
        if (found == TACT_NOT_FOUND) break;
        if (!found && is_gone(&g, id)) continue; // it was pushed out of that person twice
        err = find_graph(p, found, id, &l, error);
        if (!err) err = erase_person(p, &g, &l, error);
    }
    return err ? err : erase_pushed_out(p, &g, error);
}

// ---- One command, and many ------------------------------------------------------------------------------------------

tact_err apply_begin(db_txn *t, const apply_env *env, apply_batch *out, tact_error *error) {
    uint64_t tombs = 0, graphs = 0;
    *out = (apply_batch){.txn = t, .env = env};
    if (apply_state_read(t, &out->state)) return plan_damaged(t, error, "its state");
    if (db_count(t, DB_TOMB, &tombs) || db_count(t, DB_LINKS, &graphs)) return db_fault(t, error);
    out->erased = tombs > 0;
    out->linked = graphs > 0;
    return TACT_OK;
}

static tact_err plan_sweep(apply *p, tact_error *error) {
    if (p->c->time_ms > p->state.clock_ms) p->state.clock_ms = p->c->time_ms;
    return sweep_plan(&p->plan, p->env, p->c, &p->answer, error);
}

static tact_err plan_command(apply *p, tact_error *error) {
    switch (p->c->kind) {
    case COMMAND_UNLINK: return plan_unlink(p, error);
    case COMMAND_ERASE: return plan_erase(p, error);
    case COMMAND_SWEEP: return plan_sweep(p, error);
    case COMMAND_COUNT: // of nobody who is known: everyone's counter alone
        if (!p->c->identities_count) return count_add(&p->plan, p->c->tally, p->c->time_ms, error);
        return plan_change(p, error);
    default: return plan_change(p, error);
    }
}

tact_err apply_command(apply_batch *b, arena *a, const command *c, apply_answer *out, tact_error *error) {
    apply p = {.t = b->txn,
               .a = a,
               .env = b->env,
               .c = c,
               .state = b->state,
               .erased = b->erased,
               .linked = b->linked,
               .plan = plan_of(b->txn, a)};
    tact_err err = command_check(c, b->env->schema, error);
    if (err) return err;
    if (c->id.len) {
        err = answer_again(&p, out, error);
        if (err != TACT_NOT_FOUND) return err;
    }
    p.answer.position = ++p.state.position;
    err = plan_command(&p, error);
    if (err) return err;
    put_seen(&p);
    err = plan_carry_out(&p.plan, error);
    if (err) return err;
    b->state = p.state;
    b->erased = p.erased;
    b->linked = p.linked;
    b->changed = true;
    *out = p.answer;
    return TACT_OK;
}

tact_err apply_end(apply_batch *b, tact_error *error) {
    if (!b->changed) return TACT_OK;
    char bytes[24];
    const uint64_t parts[] = {htole64(b->state.position), htole64(b->state.next_strand),
                              htole64((uint64_t)b->state.clock_ms)};
    memcpy(bytes, parts, sizeof bytes);
    return db_put(b->txn, DB_META, state_key, (tact_str){bytes, sizeof bytes}) ? db_fault(b->txn, error) : TACT_OK;
}
