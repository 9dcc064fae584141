// SPDX-License-Identifier: Apache-2.0
//
// See plain.h: commands, and housekeeping. Each rule stands beside the sentence of the header that it is taken from.
// Subtle is only that an identity which is dropped or erased keeps its place in the array, so that ids are places.
#include "plain.h"

#include <math.h>
#include <stdlib.h>

#include "value/value.h"

static void must(bool holds) {
    if (!holds) abort();
}

// Room for one more at the end of an array, which becomes part of it.
#define ADD(p, array)                                                                                                  \
    (grow(&(p)->memory, (void **)&(p)->array, (p)->array##_count, &(p)->array##_room, sizeof *(p)->array),             \
     &(p)->array[(p)->array##_count++])

static void grow(arena *a, void **array, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room) return;
    uint32_t wanted = *room ? *room * 2 : 8;
    *array = arena_extend(a, *array, *room, wanted, size);
    must(*array != NULL);
    *room = wanted;
}

void plain_init(plain *p, const schema *sc, uint32_t history_max) {
    *p = (plain){.sc = sc, .history_max = history_max};
    arena_init(&p->memory, 0);
    *ADD(p, identities) = (plain_identity){.erased = true}; // 0 is nobody's id
}

void plain_fini(plain *p) {
    arena_fini(&p->memory);
}

// ---- Who is who -----------------------------------------------------------------------------------------------------

// "Finds nobody any more": the newest from which it was pushed out, from `above` down. 0: none.
static uint64_t find_dropped(const plain *p, command_identity who, uint64_t above) {
    for (uint64_t id = above; id-- > 1;) {
        const plain_identity *one = &p->identities[id];
        if (one->erased || !one->dropped || one->space != who.space) continue;
        if (tact_str_equal(one->value, who.value)) return id;
    }
    return 0;
}

uint64_t plain_find(const plain *p, command_identity who) {
    for (uint64_t id = 1; id < p->identities_count; id++) {
        const plain_identity *one = &p->identities[id];
        if (one->erased || one->dropped || one->space != who.space) continue;
        if (tact_str_equal(one->value, who.value)) return id;
    }
    return 0;
}

uint64_t plain_holder(const plain *p, command_identity who) {
    uint64_t id = plain_find(p, who);
    return id ? id : find_dropped(p, who, p->identities_count);
}

// Marks everyone that can be reached from those who are marked.
static void reach(const plain *p, bool *in) {
    for (bool more = true; more;) {
        more = false;
        for (uint32_t i = 0; i < p->edges_count; i++) {
            bool *one = &in[p->edges[i].one], *other = &in[p->edges[i].other];
            if (*one != *other) more = *one = *other = true;
        }
    }
}

static bool *nobody(const plain *p, arena *a) {
    bool *in = arena_zalloc(a, p->identities_count * sizeof *in);
    must(in != NULL);
    return in;
}

bool plain_person_of(const plain *p, uint64_t id, plain_person *out) {
    out->count = 0;
    if (id == 0 || id >= p->identities_count || p->identities[id].erased) return false;
    arena scratch;
    arena_init(&scratch, 0);
    bool *in = nobody(p, &scratch);
    in[id] = true;
    reach(p, in);
    for (uint64_t i = 1; i < p->identities_count; i++) {
        if (!in[i]) continue;
        must(out->count < LINKS_STRANDS_MAX);
        out->members[out->count++] = &p->identities[i];
    }
    arena_fini(&scratch);
    must(out->count > 0);
    return true;
}

// ---- Commands -------------------------------------------------------------------------------------------------------

static tact_str copy_text(plain *p, tact_str s) {
    char *copy = arena_copy(&p->memory, s.ptr, s.len);
    must(copy != NULL);
    return (tact_str){copy, s.len};
}

static command copy_command(plain *p, const command *c) {
    command copy = *c;
    command_value *values = arena_array(&p->memory, c->values_count, sizeof *values);
    command_consent *consents = arena_array(&p->memory, c->consents_count, sizeof *consents);
    must(values && consents);
    for (uint32_t i = 0; i < c->values_count; i++) {
        values[i].number = c->values[i].number;
        must(value_copy(&p->memory, c->values[i].value, &values[i].value));
    }
    if (c->consents_count) memcpy(consents, c->consents, c->consents_count * sizeof *consents);
    copy.id = copy_text(p, c->id);
    copy.channel = copy_text(p, c->channel);
    copy.values = values;
    copy.consents = consents;
    copy.identities = NULL; // the log is one's own
    return copy;
}

static const command_identity *copy_identities(plain *p, const command *c) {
    command_identity *copies = arena_array(&p->memory, c->identities_count, sizeof *copies);
    must(copies);
    for (uint32_t i = 0; i < c->identities_count; i++) {
        copies[i] = (command_identity){c->identities[i].space, copy_text(p, c->identities[i].value)};
    }
    return copies;
}

// "An id is of a kind of command and, for events, of a type."
static bool is_same_id(const command *one, const command *other) {
    return one->kind == other->kind && (one->kind != COMMAND_EVENT || one->event == other->event) &&
           tact_str_equal(one->id, other->id);
}

static bool is_same_value(tact_value one, tact_value other) {
    if (one.kind == TACT_DOUBLE && other.kind == TACT_DOUBLE && isnan(one.as.d)) return isnan(other.as.d);
    if (one.kind != TACT_LIST || other.kind != TACT_LIST) return tact_value_equal(one, other);
    bool same = one.len == other.len;
    for (uint32_t i = 0; same && i < one.len; i++) same = is_same_value(one.as.items[i], other.as.items[i]);
    return same;
}

static bool has_value(const command *c, const command_value *wanted) {
    bool has = false;
    for (uint32_t i = 0; i < c->values_count; i++) {
        has |= c->values[i].number == wanted->number && is_same_value(c->values[i].value, wanted->value);
    }
    return has;
}

static bool has_consent(const command *c, const command_consent *wanted) {
    bool has = false;
    for (uint32_t i = 0; i < c->consents_count; i++) {
        const command_consent *one = &c->consents[i];
        has |= one->purpose == wanted->purpose && one->state == wanted->state && one->explicit_ == wanted->explicit_ &&
               one->expires_ms == wanted->expires_ms;
    }
    return has;
}

// Whether two commands with the same id "say the same", of the same person; "when it happened does not count".
static bool says_same(const command *one, const command *other) {
    bool same = one->source == other->source && one->identities_count == other->identities_count &&
                one->values_count == other->values_count && one->consents_count == other->consents_count &&
                tact_str_equal(one->channel, other->channel) && one->tally == other->tally;
    for (uint32_t i = 0; same && i < one->identities_count; i++) {
        same = one->identities[i].space == other->identities[i].space &&
               tact_str_equal(one->identities[i].value, other->identities[i].value);
    }
    for (uint32_t i = 0; same && i < one->values_count; i++) same = has_value(other, &one->values[i]);
    for (uint32_t i = 0; same && i < one->consents_count; i++) same = has_consent(other, &one->consents[i]);
    return same;
}

static bool is_edge(const plain *p, uint64_t one, uint64_t other) {
    for (uint32_t i = 0; i < p->edges_count; i++) {
        const plain_edge *e = &p->edges[i];
        if ((e->one == one && e->other == other) || (e->one == other && e->other == one)) return true;
    }
    return false;
}

// "Refuses every command that happened before the erasure or at the same time."
static bool is_buried(const plain *p, const command *c) {
    for (uint32_t t = 0; t < p->tombs_count; t++) {
        const plain_tomb *tomb = &p->tombs[t];
        for (uint32_t i = 0; i < c->identities_count; i++) {
            const command_identity *who = &c->identities[i];
            bool same = who->space == tomb->of.space && tact_str_equal(who->value, tomb->of.value);
            if (same && c->time_ms <= tomb->time_ms) return true;
        }
    }
    return false;
}

// One of the identities that would be one person: those that are in already, and those that the command would bring.
static bool is_other_value(const plain *p, const bool *in, const command *c, uint16_t space, tact_str value) {
    for (uint64_t i = 1; i < p->identities_count; i++) {
        const plain_identity *one = &p->identities[i];
        if (in[i] && !one->dropped && one->space == space && !tact_str_equal(one->value, value)) return true;
    }
    for (uint32_t i = 0; i < c->identities_count; i++) {
        if (c->identities[i].space == space && !tact_str_equal(c->identities[i].value, value)) return true;
    }
    return false;
}

// "It would give a person two values of a namespace that has one."
static bool breaks_unique(const plain *p, const bool *in, const command *c) {
    for (uint64_t i = 1; i < p->identities_count; i++) {
        const plain_identity *one = &p->identities[i];
        if (!in[i] || one->dropped || !p->sc->identities[one->space].unique) continue;
        if (is_other_value(p, in, c, one->space, one->value)) return true;
    }
    for (uint32_t i = 0; i < c->identities_count; i++) {
        const command_identity *who = &c->identities[i];
        if (p->sc->identities[who->space].unique && is_other_value(p, in, c, who->space, who->value)) return true;
    }
    return false;
}

// More identities or edges than a person may have, see links.h.
static bool breaks_limit(const plain *p, const bool *in, const uint64_t *ids, uint32_t count) {
    uint32_t members = 0, edges = 0;
    for (uint64_t i = 1; i < p->identities_count; i++) members += in[i];
    for (uint32_t i = 0; i < p->edges_count; i++) edges += in[p->edges[i].one];
    for (uint32_t i = 0; i < count; i++) {
        members += ids[i] == 0;
        for (uint32_t k = 0; k < i; k++) edges += ids[k] == 0 || ids[i] == 0 || !is_edge(p, ids[k], ids[i]);
    }
    return members > LINKS_STRANDS_MAX || edges > LINKS_EDGES_MAX;
}

// Why a SET, EVENT, CONSENT, COUNT or LINK has to be refused. `ids`: of its identities, 0 of those not known yet.
static uint32_t change_refusals(const plain *p, const command *c, const uint64_t *ids) {
    arena scratch;
    arena_init(&scratch, 0);
    bool *in = nobody(p, &scratch);
    for (uint32_t i = 0; i < c->identities_count; i++) in[ids[i]] = true;
    in[0] = false;
    reach(p, in);
    uint32_t refusals = 0;
    if (is_buried(p, c)) refusals |= PLAIN_REFUSAL(TACT_NOT_FOUND);
    if (breaks_unique(p, in, c)) refusals |= PLAIN_REFUSAL(TACT_EXISTS);
    if (breaks_limit(p, in, ids, c->identities_count)) refusals |= PLAIN_REFUSAL(TACT_LIMIT);
    arena_fini(&scratch);
    return refusals;
}

// "A person keeps the newest so many": of a namespace with a `max`.
static void drop_oldest(plain *p, uint64_t id) {
    for (uint16_t space = 0; space < p->sc->identities_count; space++) {
        uint32_t max = p->sc->identities[space].max;
        for (bool done = !max; !done;) {
            plain_person who;
            uint32_t found = 0;
            uint64_t oldest = 0;
            must(plain_person_of(p, id, &who));
            for (uint32_t m = 0; m < who.count; m++) {
                const plain_identity *one = who.members[m];
                if (one->space != space || one->dropped) continue;
                found++;
                if (!oldest || one->since_ms < p->identities[oldest].since_ms) oldest = one->id;
            }
            done = found <= max;
            if (!done) p->identities[oldest].dropped = true;
        }
    }
}

bool plain_says(const plain_entry *e, uint32_t i, uint32_t purpose) {
    return e->c.kind == COMMAND_CONSENT && i < e->c.consents_count && e->c.consents[i].purpose == purpose &&
           !(e->forgotten >> i & 1);
}

// Whether the newest entry says again, word for word, what was said last at its time: then that is held once.
static bool is_repeated(const plain_identity *one, const command_consent *said) {
    const plain_entry *newest = &one->log[one->log_count - 1], *before = NULL;
    const command_consent *last = NULL;
    for (uint32_t k = 0; k + 1 < one->log_count; k++) {
        const plain_entry *e = &one->log[k];
        for (uint32_t i = 0; e->c.time_ms == newest->c.time_ms && i < e->c.consents_count; i++) {
            if (plain_says(e, i, said->purpose)) before = e, last = &e->c.consents[i];
        }
    }
    return last && before->c.source == newest->c.source && last->state == said->state &&
           last->explicit_ == said->explicit_ && last->expires_ms == said->expires_ms;
}

// "Of more, the oldest goes that is not the newest explicit one."
static void forget_statements(plain_identity *one, uint32_t purpose) {
    uint32_t held = 0;
    const command_consent *keep = NULL;
    int64_t keep_ms = 0;
    for (uint32_t k = 0; k < one->log_count; k++) {
        const plain_entry *e = &one->log[k];
        for (uint32_t i = 0; i < e->c.consents_count; i++) {
            if (!plain_says(e, i, purpose)) continue;
            held++;
            if (!e->c.consents[i].explicit_ || (keep && e->c.time_ms < keep_ms)) continue;
            keep = &e->c.consents[i], keep_ms = e->c.time_ms;
        }
    }
    if (held <= STRAND_STATEMENTS_MAX) return;
    plain_entry *oldest = NULL;
    uint32_t at = 0;
    for (uint32_t k = 0; k < one->log_count; k++) {
        plain_entry *e = &one->log[k];
        for (uint32_t i = 0; i < e->c.consents_count; i++) {
            if (!plain_says(e, i, purpose) || &e->c.consents[i] == keep) continue;
            if (!oldest || e->c.time_ms < oldest->c.time_ms) oldest = e, at = i;
        }
    }
    oldest->forgotten |= UINT64_C(1) << at;
}

// "When one comes, the oldest goes", of equal times the one that came first; it may be the one that comes.
static void forget_events(const plain *p, plain_identity *one) {
    for (;;) {
        uint32_t held = 0;
        plain_entry *oldest = NULL;
        for (uint32_t k = 0; k < one->log_count; k++) {
            plain_entry *e = &one->log[k];
            if (e->c.kind != COMMAND_EVENT || e->forgotten) continue;
            held++;
            if (!oldest || e->c.time_ms < oldest->c.time_ms) oldest = e;
        }
        if (held <= p->history_max) return;
        oldest->forgotten = 1;
    }
}

static void write_log(plain *p, uint64_t id, const command *c) {
    plain_identity *one = &p->identities[id];
    grow(&p->memory, (void **)&one->log, one->log_count, &one->log_room, sizeof *one->log);
    one->log[one->log_count++] = (plain_entry){p->position, copy_command(p, c), 0};
    if (c->kind == COMMAND_COUNT && c->everyone) *ADD(p, totals) = (plain_total){c->tally, c->time_ms};
    if (c->kind == COMMAND_EVENT) forget_events(p, one);
    for (uint32_t i = 0; c->kind == COMMAND_CONSENT && i < c->consents_count; i++) {
        if (is_repeated(one, &c->consents[i])) {
            one->log[one->log_count - 1].forgotten |= UINT64_C(1) << i;
        } else {
            forget_statements(one, c->consents[i].purpose);
        }
    }
}

static uint32_t apply_change(plain *p, const command *c, apply_answer *answer) {
    uint64_t ids[COMMAND_IDENTITIES_MAX] = {0};
    for (uint32_t i = 0; i < c->identities_count; i++) ids[i] = plain_find(p, c->identities[i]);
    uint32_t refusals = change_refusals(p, c, ids);
    if (refusals) return refusals;
    p->position++;
    for (uint32_t i = 0; i < c->identities_count; i++) {
        if (!ids[i]) {
            const command_identity *who = &c->identities[i];
            ids[i] = p->identities_count;
            *ADD(p, identities) = (plain_identity){
                .id = ids[i], .space = who->space, .value = copy_text(p, who->value), .since_ms = c->time_ms};
        }
        for (uint32_t k = 0; k < i; k++) {
            if (!is_edge(p, ids[k], ids[i])) *ADD(p, edges) = (plain_edge){ids[k], ids[i]};
        }
    }
    if (c->kind != COMMAND_LINK) write_log(p, ids[0], c);
    drop_oldest(p, ids[0]);
    plain_person who = {.count = 0};
    must(plain_person_of(p, ids[0], &who));
    *answer = (apply_answer){.position = p->position, .person = who.members[0]->id};
    return 0;
}

// "COUNT: none where it counts for everyone alone."
static uint32_t count_for_everyone(plain *p, const command *c, apply_answer *answer) {
    *ADD(p, totals) = (plain_total){c->tally, c->time_ms};
    *answer = (apply_answer){.position = ++p->position};
    return 0;
}

static void cut_edges(plain *p, uint64_t id) {
    uint32_t left = 0;
    for (uint32_t i = 0; i < p->edges_count; i++) {
        if (p->edges[i].one != id && p->edges[i].other != id) p->edges[left++] = p->edges[i];
    }
    p->edges_count = left;
}

static uint32_t apply_unlink(plain *p, const command *c, apply_answer *answer) {
    uint64_t id = plain_holder(p, c->identities[0]);
    if (!id || is_buried(p, c)) return PLAIN_REFUSAL(TACT_NOT_FOUND);
    cut_edges(p, id);
    p->identities[id].dropped = false;
    *answer = (apply_answer){.position = ++p->position, .person = id};
    return 0;
}

static void bury(plain *p, command_identity who, int64_t time_ms) {
    *ADD(p, tombs) = (plain_tomb){{who.space, copy_text(p, who.value)}, time_ms};
}

// "Those that were linked with it are linked with each other instead, each with the next."
static void bridge(plain *p, uint64_t id) {
    uint64_t before = 0;
    for (uint64_t next = 1; next < p->identities_count; next++) {
        if (!is_edge(p, id, next)) continue;
        if (before && !is_edge(p, before, next)) *ADD(p, edges) = (plain_edge){before, next};
        before = next;
    }
}

static void erase_identity(plain *p, uint64_t id, int64_t time_ms, apply_answer *answer) {
    plain_identity *one = &p->identities[id];
    for (uint32_t k = 0; k < one->log_count; k++) {
        answer->events += one->log[k].c.kind == COMMAND_EVENT && !one->log[k].forgotten;
    }
    answer->strands++;
    bury(p, (command_identity){one->space, one->value}, time_ms);
    cut_edges(p, id);
    one->erased = true;
    one->log_count = 0;
}

// And "nothing is left that came in by it before it was pushed out".
static void erase_person(plain *p, uint64_t id, int64_t time_ms, apply_answer *answer) {
    plain_person who = {.count = 0};
    must(plain_person_of(p, id, &who));
    answer->person = who.members[0]->id;
    for (uint32_t m = 0; m < who.count; m++) erase_identity(p, who.members[m]->id, time_ms, answer);
}

static void erase_pushed_out(plain *p, const bool *before, int64_t time_ms, apply_answer *answer) {
    for (uint64_t id = 1; id < p->identities_count; id++) {
        const plain_identity *one = &p->identities[id];
        bool is = false;
        for (uint64_t k = 1; k < p->identities_count && one->dropped && !one->erased; k++) {
            const plain_identity *gone = &p->identities[k];
            is |= gone->erased && !before[k] && gone->space == one->space && tact_str_equal(gone->value, one->value);
        }
        if (!is) continue;
        bridge(p, id);
        erase_identity(p, id, time_ms, answer);
    }
}

// Of several who hold what came in by it the answer has the one whose strand is the newest.
static uint32_t apply_erase(plain *p, const command *c, apply_answer *answer) {
    *answer = (apply_answer){.position = ++p->position};
    bool *before = arena_array(&p->memory, p->identities_count, sizeof *before); // was erased
    must(before != NULL);
    for (uint32_t i = 0; i < p->identities_count; i++) before[i] = p->identities[i].erased;
    bury(p, c->identities[0], c->time_ms);
    uint64_t id = plain_find(p, c->identities[0]), last = 0;
    if (id) {
        erase_person(p, id, c->time_ms, answer);
        last = answer->person;
    }
    for (uint64_t at = p->identities_count; !id && (at = find_dropped(p, c->identities[0], at));) {
        erase_person(p, at, c->time_ms, answer);
        if (!last) last = answer->person;
    }
    answer->person = last;
    erase_pushed_out(p, before, c->time_ms, answer);
    return 0;
}

uint32_t plain_apply(plain *p, const command *c, apply_answer *answer) {
    for (uint32_t i = 0; i < p->seen_count && c->id.len; i++) {
        if (!is_same_id(&p->seen[i].c, c)) continue;
        if (!says_same(&p->seen[i].c, c)) return PLAIN_REFUSAL(TACT_EXISTS);
        *answer = p->seen[i].answer;
        answer->repeated = true;
        return 0;
    }
    uint32_t refusals = c->kind == COMMAND_UNLINK  ? apply_unlink(p, c, answer)
                        : c->kind == COMMAND_ERASE ? apply_erase(p, c, answer)
                        : c->identities_count == 0 ? count_for_everyone(p, c, answer)
                                                   : apply_change(p, c, answer);
    if (!refusals && c->id.len) { // "as old as their command, but no older than the latest sweep before it"
        int64_t time_ms = c->time_ms > p->swept_ms ? c->time_ms : p->swept_ms;
        command copy = copy_command(p, c);
        copy.identities = copy_identities(p, c);
        *ADD(p, seen) = (plain_seen){copy, time_ms, *answer};
    }
    return refusals;
}

// ---- Housekeeping ---------------------------------------------------------------------------------------------------

static bool is_older(int64_t time_ms, int64_t now_ms, int64_t age_ms) {
    return age_ms && now_ms - time_ms > age_ms;
}

static uint64_t sweep_identity(plain_identity *one, int64_t now_ms, const command_limits *ages) {
    uint64_t events = 0;
    for (uint32_t k = 0; k < one->log_count; k++) {
        plain_entry *e = &one->log[k];
        bool event = e->c.kind == COMMAND_EVENT && is_older(e->c.time_ms, now_ms, ages->history_age_ms);
        bool count = e->c.kind == COMMAND_COUNT && is_older(e->c.time_ms, now_ms, ages->count_age_ms);
        events += event && !e->forgotten;
        if (event || count) e->forgotten = 1;
    }
    return events;
}

plain_swept plain_sweep(plain *p, int64_t now_ms, const command_limits *ages, uint32_t slices) {
    plain_swept swept = {0, 0};
    uint32_t left = 0;
    for (uint32_t i = 0; i < p->identities_count; i++) swept.events += sweep_identity(&p->identities[i], now_ms, ages);
    for (uint32_t i = 0; i < p->seen_count; i++) {
        plain_seen seen = p->seen[i];
        if (is_older(seen.time_ms, now_ms, ages->seen_age_ms)) continue;
        if (ages->seen_age_ms && seen.time_ms > now_ms) seen.time_ms = now_ms; // "from the future become of now"
        p->seen[left++] = seen;
    }
    swept.answers = p->seen_count - left;
    p->seen_count = left;
    p->swept_ms = now_ms;
    if (ages->count_age_ms && now_ms - ages->count_age_ms > p->counted_ms) p->counted_ms = now_ms - ages->count_age_ms;
    p->position += slices;
    return swept;
}
