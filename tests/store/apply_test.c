// SPDX-License-Identifier: Apache-2.0
//
// Commands against a store: what apply.h and the issue promise, one by one; then thousands of random ones beside a
// model that keeps strands and edges in arrays and works everything else out anew. SEED=n repeats a run.
#include "store/apply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "draw.h"
#include "folder.h"
#include "shop.h"
#include "store/count.h"
#include "store/fsck.h"
#include "store/record.h"

#include <cmocka.h>

typedef struct desk { // a store, and what is needed to apply to it
    arena a, scratch;
    folder f;
    db *d;
    apply_env env;
} desk;

static void desk_open(desk *k) {
    arena_init(&k->a, 0);
    arena_init(&k->scratch, 0);
    k->f = folder_new();
    tact_error error = {.text = ""};
    if (db_open(&k->a, k->f.path, NULL, &k->d, &error)) fail_msg("%s", error.text);
    k->env = (apply_env){.schema = shop_schema(&k->a)};
    assert_int_equal(apply_secret_draw(k->env.secret, NULL), 0);
}

static void desk_close(desk *k) {
    db_close(k->d);
    folder_remove(&k->f);
    arena_fini(&k->scratch);
    arena_fini(&k->a);
}

typedef struct job {
    desk *k;
    const command *c;
    apply_answer answer;
} job;

static tact_err work(void *context, db_txn *t, tact_error *error) {
    job *j = context;
    apply_batch b;
    tact_err err = apply_begin(t, &j->k->env, &b, error);
    if (!err) err = apply_command(&b, &j->k->scratch, j->c, &j->answer, error);
    return err ? err : apply_end(&b, error);
}

static tact_err apply(desk *k, const command *c, apply_answer *answer, tact_error *error) {
    job j = {.k = k, .c = c};
    tact_err err = db_write(k->d, work, &j, error);
    tact_arena_reset(&k->scratch);
    if (!err && answer) *answer = j.answer;
    return err;
}

static apply_answer must(desk *k, const command *c) {
    apply_answer answer;
    tact_error error = {.text = ""};
    if (apply(k, c, &answer, &error)) fail_msg("%s", error.text);
    return answer;
}

static void fsck(desk *k) {
    db_txn t;
    tact_error error = {.text = ""};
    assert_int_equal(db_read(k->d, &t, NULL), 0);
    if (fsck_run(&t, &k->env, NULL, NULL, NULL, &error)) fail_msg("%s", error.text);
    db_read_end(&t);
}

static command_identity who(uint16_t space, const char *value) {
    return (command_identity){space, tact_str_from(value)};
}

static command about(command_kind kind, const command_identity *identities, uint32_t count, int64_t time_ms) {
    return (command){.kind = kind, .time_ms = time_ms, .identities = identities, .identities_count = count};
}

static command set_recency(const command_identity *one, const command_value *value, int64_t time_ms) {
    command c = about(COMMAND_SET, one, 1, time_ms);
    c.values = value;
    c.values_count = 1;
    return c;
}

// The recency of the person that an identity finds; NULL: it finds nobody.
static tact_value recency(desk *k, command_identity one) {
    db_txn t;
    uint64_t id, person;
    tact_str bytes;
    record r;
    assert_int_equal(db_read(k->d, &t, NULL), 0);
    tact_err err = apply_find(&t, one.space, one.value, &id);
    tact_value v = tact_null();
    if (!err) {
        assert_int_equal(apply_person_of(&t, id, &person), 0);
        db_key key = db_key_number(person);
        assert_int_equal(db_get(&t, DB_PERSON, db_key_str(&key), &bytes), 0);
        assert_int_equal(record_open(bytes, &r, NULL), 0);
        v = record_attribute(&r, k->env.schema, SHOP_RECENCY, SHOP_NOW, &k->scratch);
    }
    db_read_end(&t);
    return v;
}

static void persons_merge_and_split(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity crm = who(SHOP_CRM, "1"), mail = who(SHOP_EMAIL, "a@b"), both[] = {mail, crm};
    const command_value one = {SHOP_RECENCY, tact_int(1)}, two = {SHOP_RECENCY, tact_int(2)};
    command c = set_recency(&crm, &one, SHOP_NOW - 2);
    assert_int_equal(must(&k, &c).person, 1);
    c = set_recency(&mail, &two, SHOP_NOW - 1);
    assert_int_equal(must(&k, &c).person, 2);
    c = about(COMMAND_LINK, both, 2, SHOP_NOW);
    apply_answer answer = must(&k, &c);
    assert_int_equal(answer.person, 1); // the oldest id survives
    assert_int_equal(answer.position, 3);
    assert_int_equal(recency(&k, crm).as.i, 2);
    assert_int_equal(recency(&k, mail).as.i, 2);
    fsck(&k);
    c = about(COMMAND_UNLINK, &mail, 1, SHOP_NOW);
    assert_int_equal(must(&k, &c).person, 2);
    assert_int_equal(recency(&k, crm).as.i, 1);
    assert_int_equal(recency(&k, mail).as.i, 2);
    const command_identity nobody = who(SHOP_CRM, "nobody");
    c = about(COMMAND_UNLINK, &nobody, 1, SHOP_NOW);
    assert_int_equal(apply(&k, &c, NULL, NULL), TACT_NOT_FOUND);
    fsck(&k);
    desk_close(&k);
}

static void a_refused_command_changes_nothing(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity x[] = {who(SHOP_CRM, "1"), who(SHOP_COOKIE, "x")},
                           y[] = {who(SHOP_COOKIE, "x"), who(SHOP_CRM, "2")};
    command c = about(COMMAND_LINK, x, 2, SHOP_NOW);
    assert_int_equal(must(&k, &c).position, 1);
    c = about(COMMAND_LINK, y, 2, SHOP_NOW);
    tact_error error = {.text = ""};
    assert_int_equal(apply(&k, &c, NULL, &error), TACT_EXISTS);
    if (!strstr(error.text, "\"1\"") && !strstr(error.text, "1")) fail_msg("%s", error.text);
    assert_int_equal(recency(&k, y[1]).kind, TACT_NULL);
    const command_value wrong = {SHOP_RECENCY, tact_bool(true)};
    c = set_recency(x, &wrong, SHOP_NOW);
    assert_int_equal(apply(&k, &c, NULL, &error), TACT_INVALID);
    const command_value right = {SHOP_RECENCY, tact_int(3)};
    c = set_recency(x, &right, SHOP_NOW);
    assert_int_equal(must(&k, &c).position, 2);
    fsck(&k);
    desk_close(&k);
}

static void the_oldest_identity_goes_when_there_are_too_many(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const char *const names[] = {"c1", "c2", "c3", "c4"};
    for (int i = 0; i < 4; i++) {
        const command_identity pair[] = {who(SHOP_CRM, "1"), who(SHOP_COOKIE, names[i])};
        command c = about(COMMAND_LINK, pair, 2, SHOP_NOW + i);
        (void)must(&k, &c);
    }
    assert_int_equal(recency(&k, who(SHOP_COOKIE, "c1")).kind, TACT_NULL);  // finds nobody
    assert_int_equal(recency(&k, who(SHOP_COOKIE, "c2")).kind, TACT_ERROR); // finds the person
    fsck(&k);
    desk_close(&k);
}

static void a_command_is_applied_once(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity one = who(SHOP_CRM, "1");
    command c = about(COMMAND_COUNT, &one, 1, SHOP_NOW);
    c.tally = 9, c.keep = 5, c.everyone = true, c.id = TACT_STR("abc");
    apply_answer first = must(&k, &c), again = must(&k, &c);
    assert_false(first.repeated);
    assert_true(again.repeated);
    assert_int_equal(first.position, again.position);
    assert_int_equal(first.person, again.person);
    c.id = TACT_STR("abd"), c.time_ms += 3 * SHOP_DAY;
    assert_int_equal(must(&k, &c).position, 2);
    db_txn t;
    uint64_t count;
    assert_int_equal(db_read(k.d, &t, NULL), 0);
    assert_int_equal(count_between(&t, 9, SHOP_NOW, SHOP_NOW + 3 * SHOP_DAY, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(count_between(&t, 9, SHOP_NOW + 1, SHOP_NOW + 3 * SHOP_DAY, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(count_between(&t, 9, 0, SHOP_NOW + 3 * SHOP_DAY - 1, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(count_between(&t, 8, 0, INT64_MAX, &count), 0);
    assert_int_equal(count, 0);
    db_read_end(&t);
    desk_close(&k);
}

// An order that is bought, and returned; the same number for somebody else, or of other things.
static void an_id_is_of_one_change(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity one = who(SHOP_CRM, "1"), other = who(SHOP_CRM, "2");
    const command_value amounts[] = {{0, tact_double(59)}, {2, tact_int(1)}},
                        turned[] = {amounts[1], {0, tact_int(59)}};
    const command_value others[] = {{0, tact_double(60)}, {2, tact_int(1)}};
    command c = about(COMMAND_EVENT, &one, 1, SHOP_NOW);
    c.id = TACT_STR("order-17"), c.event = SHOP_PURCHASE, c.source = SCHEMA_SOURCE_NONE;
    c.values = amounts, c.values_count = 2;
    assert_false(must(&k, &c).repeated);
    command again = c;
    again.time_ms++, again.values = turned; // an int stands for a double, and order does not count
    assert_true(must(&k, &again).repeated);
    again.values = others;
    tact_error error = {.text = ""};
    assert_int_equal(apply(&k, &again, NULL, &error), TACT_EXISTS);
    if (!strstr(error.text, "id `order-17`: another event `purchase`")) fail_msg("%s", error.text);
    again = c, again.identities = &other;
    assert_int_equal(apply(&k, &again, NULL, &error), TACT_EXISTS);
    again = c, again.channel = TACT_STR("shop");
    assert_int_equal(apply(&k, &again, NULL, &error), TACT_EXISTS);
    again = c, again.event = SHOP_PAGE_VIEW, again.values_count = 0;
    assert_false(must(&k, &again).repeated);
    again = about(COMMAND_UNLINK, &one, 1, SHOP_NOW);
    again.id = c.id;
    assert_false(must(&k, &again).repeated);
    assert_int_equal(must(&k, &again).position, 3);
    again.identities = &other;
    assert_int_equal(apply(&k, &again, NULL, &error), TACT_EXISTS);
    if (!strstr(error.text, "another `unlink`")) fail_msg("%s", error.text);
    fsck(&k);
    desk_close(&k);
}

// Four cookies in a row, of which a person has three: the first finds nobody any more.
static void link_cookies(desk *k, const char *crm, int64_t time_ms) {
    for (int i = 0; i < 4; i++) {
        const char *cookie = i ? arena_printf(&k->a, "%s-%d", crm, i) : "c1";
        const command_identity pair[] = {who(SHOP_CRM, crm), who(SHOP_COOKIE, cookie)};
        const command c = about(COMMAND_LINK, pair, 2, time_ms + i);
        (void)must(k, &c);
    }
}

static void what_was_pushed_out_can_be_erased(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity cookie = who(SHOP_COOKIE, "c1"), crm = who(SHOP_CRM, "1");
    command event = about(COMMAND_EVENT, &cookie, 1, SHOP_NOW);
    event.event = SHOP_PURCHASE, event.source = SCHEMA_SOURCE_NONE;
    (void)must(&k, &event);
    link_cookies(&k, "1", SHOP_NOW);
    command c = about(COMMAND_ERASE, &cookie, 1, SHOP_NOW + 10);
    apply_answer receipt = must(&k, &c);
    assert_true(receipt.person == 1 && receipt.strands == 5 && receipt.events == 1);
    event.identities = &crm;
    assert_int_equal(apply(&k, &event, NULL, NULL), TACT_NOT_FOUND); // the whole person is
    fsck(&k);
    link_cookies(&k, "1", SHOP_NOW + 20);
    link_cookies(&k, "2", SHOP_NOW + 30);
    c.time_ms = SHOP_NOW + 40;
    assert_int_equal(must(&k, &c).strands, 10); // of both who hold something of it
    assert_int_equal(must(&k, &c).strands, 0);
    fsck(&k);
    link_cookies(&k, "1", SHOP_NOW + 50);
    event.identities = &cookie, event.time_ms = SHOP_NOW + 60;
    const uint64_t now = must(&k, &event).person; // somebody else has it by now
    c.time_ms = SHOP_NOW + 70;
    receipt = must(&k, &c);
    assert_true(receipt.person == now &&
                receipt.strands == 2); // and what came in by it before: of the other that alone
    assert_int_equal(must(&k, &c).strands, 0);
    fsck(&k);
    desk_close(&k);
}

// cookie:c1 was what held crm:1 and a@b together, until it was pushed out and became somebody else's.
static void what_somebody_had_before_goes_and_the_rest_stays_one(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity cookie = who(SHOP_COOKIE, "c1"), crm = who(SHOP_CRM, "1"), mail = who(SHOP_EMAIL, "a@b");
    const command_identity with_crm[] = {cookie, crm}, with_mail[] = {cookie, mail};
    const command_value value = {SHOP_RECENCY, tact_int(3)}, other = {SHOP_RECENCY, tact_int(7)};
    command c = about(COMMAND_LINK, with_crm, 2, SHOP_NOW);
    (void)must(&k, &c);
    c = about(COMMAND_LINK, with_mail, 2, SHOP_NOW);
    (void)must(&k, &c);
    c = set_recency(&mail, &other, SHOP_NOW);
    (void)must(&k, &c);
    c = set_recency(&cookie, &value, SHOP_NOW + 1); // the newer
    assert_int_equal(must(&k, &c).person, 1);
    assert_int_equal(recency(&k, crm).as.i, 3);
    link_cookies(&k, "1", SHOP_NOW + 2);
    c = set_recency(&cookie, &value, SHOP_NOW + 3);
    const uint64_t now = must(&k, &c).person;
    assert_true(now > 1); // somebody else
    c = about(COMMAND_ERASE, &cookie, 1, SHOP_NOW + 4);
    apply_answer receipt = must(&k, &c);
    assert_true(receipt.person == now && receipt.strands == 2);
    assert_int_equal(recency(&k, mail).as.i, 7); // what came in by the cookie is gone
    assert_int_equal(recency(&k, crm).as.i, 7);  // and they are still one
    fsck(&k);
    c = about(COMMAND_ERASE, &crm, 1, SHOP_NOW + 5);
    assert_true(must(&k, &c).strands > 2);
    assert_int_equal(recency(&k, mail).kind, TACT_NULL);
    fsck(&k);
    desk_close(&k);
}

static void what_was_pushed_out_can_be_unlinked(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity cookie = who(SHOP_COOKIE, "c1"), crm = who(SHOP_CRM, "1");
    const command_value value = {SHOP_RECENCY, tact_int(3)};
    command c = set_recency(&cookie, &value, SHOP_NOW);
    (void)must(&k, &c);
    link_cookies(&k, "1", SHOP_NOW);
    assert_int_equal(recency(&k, crm).as.i, 3);
    assert_int_equal(recency(&k, cookie).kind, TACT_NULL);
    c = about(COMMAND_UNLINK, &cookie, 1, SHOP_NOW + 9);
    assert_int_equal(must(&k, &c).person, 1);
    assert_int_equal(recency(&k, crm).kind, TACT_ERROR); // what came in by it went with it
    assert_int_equal(recency(&k, cookie).as.i, 3);
    fsck(&k);
    desk_close(&k);
}

static void the_erased_do_not_come_back(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity pair[] = {who(SHOP_CRM, "1"), who(SHOP_EMAIL, "a@b")};
    command c = about(COMMAND_EVENT, pair, 2, SHOP_NOW);
    c.event = SHOP_PURCHASE, c.source = SCHEMA_SOURCE_NONE;
    (void)must(&k, &c);
    command erase = about(COMMAND_ERASE, &pair[1], 1, SHOP_NOW + 10);
    apply_answer receipt = must(&k, &erase);
    assert_int_equal(receipt.person, 1);
    assert_int_equal(receipt.strands, 2);
    assert_int_equal(receipt.events, 1);
    c.identities_count = 1; // the other identity
    tact_error error = {.text = ""};
    assert_int_equal(apply(&k, &c, NULL, &error), TACT_NOT_FOUND);
    assert_non_null(strstr(error.text, "erased"));
    db_txn t;
    assert_int_equal(db_read(k.d, &t, NULL), 0);
    for (int table = 0; table < DB_TABLES; table++) {
        uint64_t count;
        assert_int_equal(db_count(&t, (db_table)table, &count), 0);
        assert_int_equal(count, table == DB_TOMB ? 2 : table == DB_META ? 2 : 0);
    }
    db_read_end(&t);
    c.time_ms = SHOP_NOW + 11; // a customer anew
    assert_int_equal(must(&k, &c).person, 3);
    erase.identities = pair;
    assert_int_equal(must(&k, &erase).strands, 1); // of what happened before and after alike
    fsck(&k);
    desk_close(&k);
}

// ---- Beside a model -------------------------------------------------------------------------------------------------

enum { STEPS = 4000, STRANDS = 2000, EDGES = 20000, NAMES = 14 };

typedef struct model {
    arena a;
    strand strands[STRANDS]; // by number; 0 is none
    bool alive[STRANDS];
    uint64_t next;
    uint64_t edges[EDGES][2];
    uint32_t edges_count;
    int64_t erased[3][NAMES]; // when; -1: never
    uint64_t position;
} model;

static char names[NAMES][16];

static uint64_t model_find(const model *m, command_identity one) {
    for (uint64_t i = 1; i < m->next; i++) {
        const strand *s = &m->strands[i];
        if (m->alive[i] && !s->dropped && s->space == one.space && tact_str_equal(s->identity, one.value)) return i;
    }
    return 0;
}

// Marks everyone connected with a strand.
static void model_set(const model *m, uint64_t id, bool *in) {
    memset(in, 0, STRANDS * sizeof *in);
    in[id] = true;
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < m->edges_count; i++) {
            bool *x = &in[m->edges[i][0]], *y = &in[m->edges[i][1]];
            more |= *x != *y;
            *x = *y = *x || *y;
        }
    }
}

static void model_merge(model *m, arena *a, const schema *sc, const bool *in, merged *out) {
    const strand *set[STRANDS];
    size_t count = 0;
    for (uint64_t i = m->next - 1; i > 0; i--) { // in another order than the store
        if (in[i]) set[count++] = &m->strands[i];
    }
    assert_int_equal(merge_strands(a, set, count, sc, out), 0);
}

static void model_unlink(model *m, uint64_t id) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < m->edges_count; i++) {
        if (m->edges[i][0] == id || m->edges[i][1] == id) continue;
        memcpy(m->edges[left++], m->edges[i], sizeof *m->edges);
    }
    m->edges_count = left;
}

// Links those that are linked with it with each other, each with the next.
static void model_bridge(model *m, uint64_t id) {
    bool linked[STRANDS] = {0};
    uint64_t before = 0;
    for (uint32_t i = 0; i < m->edges_count; i++) {
        if (m->edges[i][0] == id) linked[m->edges[i][1]] = true;
        if (m->edges[i][1] == id) linked[m->edges[i][0]] = true;
    }
    for (uint64_t i = 1; i < m->next; i++) {
        if (!linked[i] || i == id) continue;
        if (before) m->edges[m->edges_count][0] = before, m->edges[m->edges_count++][1] = i;
        before = i;
    }
}

static int name_number(tact_str value) {
    return atoi(value.ptr + 1);
}

static tact_err model_erase(model *m, const command *c) {
    bool in[STRANDS] = {0};
    uint64_t id = model_find(m, c->identities[0]);
    const command_identity *given = c->identities;
    int64_t *one = &m->erased[given->space][name_number(given->value)];
    if (*one < c->time_ms) *one = c->time_ms;
    if (id) model_set(m, id, in);
    for (uint64_t i = 1; i < m->next && !id; i++) { // else all who hold what came in by it
        bool more[STRANDS] = {0};
        const strand *s = &m->strands[i];
        if (!m->alive[i] || s->space != given->space || !tact_str_equal(s->identity, given->value)) continue;
        model_set(m, i, more);
        for (uint64_t k = 1; k < m->next; k++) in[k] |= more[k];
    }
    bool whole[STRANDS];
    memcpy(whole, in, sizeof whole);
    for (uint64_t i = 1; i < m->next; i++) { // and what came in by any of their identities before it was pushed out
        const strand *s = &m->strands[i];
        for (uint64_t k = 1; k < m->next && m->alive[i] && s->dropped; k++) {
            const strand *gone = &m->strands[k];
            in[i] |= whole[k] && gone->space == s->space && tact_str_equal(gone->identity, s->identity);
        }
        if (in[i] && !whole[i]) model_bridge(m, i);
        if (in[i] && !whole[i]) model_unlink(m, i);
    }
    for (uint64_t i = 1; i < m->next; i++) {
        if (!in[i]) continue;
        int64_t *when = &m->erased[m->strands[i].space][name_number(m->strands[i].identity)];
        if (*when < c->time_ms) *when = c->time_ms;
        m->alive[i] = false;
        model_unlink(m, i);
    }
    return TACT_OK;
}

// Applies, or leaves it as it was. `*person`: whom it is about afterwards.
static tact_err model_apply(model *m, const schema *sc, const command *c, uint64_t *person) {
    static model undo;
    bool in[STRANDS];
    merged out;
    if (c->kind == COMMAND_ERASE) return model_erase(m, c);
    uint64_t first = model_find(m, c->identities[0]);
    for (uint32_t i = 0; i < c->identities_count; i++) {
        const command_identity *given = &c->identities[i];
        if (c->time_ms <= m->erased[given->space][name_number(given->value)]) return TACT_NOT_FOUND;
    }
    if (c->kind == COMMAND_UNLINK) {
        for (uint64_t i = m->next - 1; i > 0 && !first; i--) { // the newest that it was pushed out of finds it again
            const strand *s = &m->strands[i];
            bool same = s->space == c->identities->space && tact_str_equal(s->identity, c->identities->value);
            if (m->alive[i] && same) first = i;
        }
        if (first) model_unlink(m, first), m->strands[first].dropped = false;
        *person = first;
        return first ? TACT_OK : TACT_NOT_FOUND;
    }
    undo = *m;
    for (uint32_t i = 0; i < c->identities_count; i++) {
        uint64_t id = model_find(m, c->identities[i]);
        if (!id) {
            id = m->next++;
            assert_true(id < STRANDS);
            m->strands[id] = (strand){.id = id, .space = c->identities[i].space, .created_ms = c->time_ms};
            m->strands[id].identity = tact_str_from(names[name_number(c->identities[i].value)]);
            m->alive[id] = true;
        }
        if (i == 0) first = id;
        for (uint32_t k = 0; k < i; k++) {
            m->edges[m->edges_count][0] = model_find(m, c->identities[k]), m->edges[m->edges_count++][1] = id;
            assert_true(m->edges_count < EDGES);
        }
    }
    if (c->kind != COMMAND_LINK) shop_apply(&m->a, &m->strands[first], c, sc);
    model_set(m, first, in);
    for (;;) {
        model_merge(m, &m->a, sc, in, &out);
        if (merge_check(&out, sc, NULL)) {
            undo.a = m->a; // which has grown
            *m = undo;
            return TACT_EXISTS;
        }
        const merge_identity *excess = merge_excess(&out, sc);
        if (!excess) break;
        m->strands[excess->strand].dropped = true;
    }
    *person = out.person;
    return TACT_OK;
}

static command draw_command(arena *a, uint64_t *seed, int64_t now_ms) {
    int64_t what = draw_below(seed, 40), time_ms = now_ms - draw_below(seed, 3) * draw_below(seed, SHOP_DAY);
    command c = what < 28 ? shop_draw(a, seed, time_ms)
                          : about(what < 33   ? COMMAND_LINK
                                  : what < 38 ? COMMAND_UNLINK
                                              : COMMAND_ERASE,
                                  NULL, 0, time_ms);
    uint32_t count = c.kind == COMMAND_UNLINK || c.kind == COMMAND_ERASE ? 1
                     : c.kind == COMMAND_LINK                            ? 2 + (uint32_t)draw_below(seed, 2)
                                                                         : 1 + (uint32_t)(draw_below(seed, 6) == 0);
    command_identity *identities = arena_array(a, count, sizeof *identities);
    assert_non_null(identities);
    for (uint32_t i = 0; i < count; i++) {
        bool repeats = true;
        while (repeats) {
            identities[i] = who((uint16_t)draw_below(seed, 3), names[draw_below(seed, NAMES)]);
            repeats = false;
            for (uint32_t k = 0; k < i; k++) {
                repeats |= identities[k].space == identities[i].space &&
                           identities[k].value.ptr == identities[i].value.ptr;
            }
        }
    }
    c.identities = identities;
    c.identities_count = count;
    return c;
}

static void compare_person(desk *k, model *m, db_txn *t, uint64_t id) {
    bool in[STRANDS];
    merged out;
    uint64_t person;
    tact_str stored;
    model_set(m, id, in);
    model_merge(m, &k->scratch, k->env.schema, in, &out);
    assert_int_equal(apply_person_of(t, id, &person), 0);
    assert_int_equal(person, out.person);
    db_key key = db_key_number(person);
    assert_int_equal(db_get(t, DB_PERSON, db_key_str(&key), &stored), 0);
    buf b = buf_in(&k->scratch);
    assert_int_equal(record_build(&b, &out, k->env.schema, NULL), 0);
    tact_str expected = buf_done(&b);
    assert_int_equal(stored.len, expected.len);
    assert_memory_equal(stored.ptr, expected.ptr, stored.len);
}

static void compare_all(desk *k, model *m) {
    db_txn t;
    assert_int_equal(db_read(k->d, &t, NULL), 0);
    uint64_t alive = 0, strands;
    for (uint64_t i = 1; i < m->next; i++) {
        if (!m->alive[i]) continue;
        alive++;
        compare_person(k, m, &t, i);
    }
    assert_int_equal(db_count(&t, DB_STRAND, &strands), 0);
    assert_int_equal(strands, alive);
    for (uint16_t space = 0; space < 3; space++) {
        for (int n = 0; n < NAMES; n++) {
            uint64_t id = 0, expected = model_find(m, who(space, names[n]));
            tact_err err = apply_find(&t, space, tact_str_from(names[n]), &id);
            assert_int_equal(err, expected ? TACT_OK : TACT_NOT_FOUND);
            assert_int_equal(id, expected);
        }
    }
    db_read_end(&t);
    tact_arena_reset(&k->scratch);
}

typedef struct group {
    desk *k;
    model *m;
    uint64_t *seed;
    int64_t now_ms;
} group;

// Many commands in one transaction; the map is large enough that it is never done over.
static tact_err apply_group(void *context, db_txn *t, tact_error *error) {
    group *g = context;
    apply_batch b;
    assert_int_equal(apply_begin(t, &g->k->env, &b, error), 0);
    for (int64_t i = draw_below(g->seed, 40); i >= 0; i--) {
        command c = draw_command(&g->m->a, g->seed, g->now_ms);
        uint64_t person = 0;
        apply_answer answer = {0};
        tact_err expected = model_apply(g->m, g->k->env.schema, &c, &person);
        tact_err err = apply_command(&b, &g->k->scratch, &c, &answer, error);
        if (err != expected) fail_msg("%s: %d, not %d: %s", command_kind_name(c.kind), err, expected, error->text);
        if (!err) assert_int_equal(answer.position, ++g->m->position);
        if (!err && c.kind != COMMAND_ERASE) assert_int_equal(answer.person, person);
        tact_arena_reset(&g->k->scratch);
    }
    return apply_end(&b, error);
}

static void random_commands_agree_with_a_model(void **state) {
    (void)state;
    static model m;
    uint64_t seed = draw_begin();
    desk k;
    desk_open(&k);
    for (int n = 0; n < NAMES; n++) snprintf(names[n], sizeof names[n], "n%d", n);
    arena_init(&m.a, 0);
    m.next = 1;
    memset(m.erased, -1, sizeof m.erased);
    tact_error error;
    for (int step = 0; step < STEPS / 20; step++) {
        group g = {&k, &m, &seed, SHOP_NOW + step * (SHOP_DAY / 8)};
        assert_int_equal(db_write(k.d, apply_group, &g, &error), 0);
        compare_all(&k, &m);
        if (step % 20 == 0) fsck(&k);
    }
    fsck(&k);
    arena_fini(&m.a);
    desk_close(&k);
}

static void any_call_may_fail(void **state) {
    (void)state;
    desk k;
    desk_open(&k);
    const command_identity pair[] = {who(SHOP_CRM, "1"), who(SHOP_EMAIL, "a@b")};
    for (command_kind kind = COMMAND_LINK; kind <= COMMAND_ERASE; kind++) {
        const uint32_t count = kind == COMMAND_LINK ? 2 : 1;
        for (int64_t nth = 1;; nth++) {
            command c = about(kind, pair, count, SHOP_NOW);
            c.id = tact_str_from(command_kind_name(kind));
            db_fail_at(k.d, nth);
            apply_answer answer;
            tact_error error = {.text = ""};
            tact_err err = apply(&k, &c, &answer, &error);
            bool failed = db_failed(k.d);
            db_fail_at(k.d, 0);
            assert_int_equal(err, failed ? TACT_IO : TACT_OK);
            fsck(&k);
            if (failed) continue;
            assert_false(answer.repeated);
            assert_true(nth > 10);
            break;
        }
    }
    desk_close(&k);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(persons_merge_and_split),
        cmocka_unit_test(a_refused_command_changes_nothing),
        cmocka_unit_test(the_oldest_identity_goes_when_there_are_too_many),
        cmocka_unit_test(a_command_is_applied_once),
        cmocka_unit_test(an_id_is_of_one_change),
        cmocka_unit_test(what_was_pushed_out_can_be_erased),
        cmocka_unit_test(what_somebody_had_before_goes_and_the_rest_stays_one),
        cmocka_unit_test(what_was_pushed_out_can_be_unlinked),
        cmocka_unit_test(the_erased_do_not_come_back),
        cmocka_unit_test(random_commands_agree_with_a_model),
        cmocka_unit_test(any_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
