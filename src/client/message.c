// SPDX-License-Identifier: Apache-2.0
//
// Requests and replies as they travel. Subtle: whether a request may be sent twice is decided here, and only what the
// table below knows may: an operation that is new to this client is sent once.
#include "client/message.h"

#include "base/hash.h"
#include "value/value.h"
#include "wire/msgpack.h"
#include "wire/problem.h"

// ---- Requests -------------------------------------------------------------------------------------------------------

// Operations that may be sent again: as they are, with an id that is drawn for them, or only if they have a key.
static const struct rule {
    const char *op, *draws, *needs;
} rules[] = {
    {"decide", "decision", NULL}, {"record", "id", NULL},    {"erase", "id", NULL},      {"explain", NULL, NULL},
    {"context", NULL, NULL},      {"person", NULL, NULL},    {"status", NULL, NULL},     {"bundles", NULL, NULL},
    {"simulate", NULL, NULL},     {"publish", NULL, "from"}, {"rollback", NULL, "from"}, {"batch", NULL, "requests"},
};
#define BATCH (&rules[sizeof rules / sizeof *rules - 1])

enum { ID_LEN = 26, EXTRAS_MAX = 3 }; // 128 bits, 5 a character; `auth`, `deadline_us` and an id

typedef struct writer {
    arena *arena;
    bool again;
    tact_err err;
} writer;

static const tact_value *find(tact_value map, const char *name) {
    return value_map_get_str(map.as.map, tact_str_from(name));
}

static const struct rule *rule_of(tact_value request) {
    const tact_value *op = find(request, "op");
    for (size_t i = 0; op && op->kind == TACT_STRING && i < sizeof rules / sizeof *rules; i++) {
        if (tact_str_equal(value_str(*op), tact_str_from(rules[i].op))) return &rules[i];
    }
    return NULL;
}

static bool is_set(tact_value request, const char *flag) {
    const tact_value *v = find(request, flag);
    return v && v->kind == TACT_BOOL && v->as.b;
}

// 128 random bits in small letters and digits, without those that people take for another.
static tact_value draw(writer *w) {
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    uint8_t bits[HASH_SECRET];
    char *text = arena_alloc(w->arena, ID_LEN);
    if (!w->err && !text) w->err = TACT_NO_MEMORY;
    if (!w->err) w->err = hash_secret_draw(bits, NULL);
    if (w->err) return tact_null();
    for (size_t i = 0; i < ID_LEN; i++) {
        size_t bit = 5 * i;
        unsigned pair = (unsigned)bits[bit / 8] << 8 | bits[bit / 8 + 1];
        text[i] = digits[pair >> (11 - bit % 8) & 31];
    }
    return tact_string(text, ID_LEN);
}

static tact_value map_with(writer *w, tact_value map, const value_entry *more, uint32_t count) {
    const uint32_t before = map.as.map->count;
    value_entry *all = arena_array(w->arena, (size_t)before + EXTRAS_MAX, sizeof *all);
    uint32_t n = before;
    if (!all) {
        w->err = TACT_NO_MEMORY;
        return map;
    }
    if (before) memcpy(all, map.as.map->entries, before * sizeof *all);
    for (uint32_t i = 0; i < count; i++) {
        if (!value_map_get(map.as.map, more[i].key)) all[n++] = more[i];
    }
    tact_value v = value_map(w->arena, all, n);
    if (v.kind != TACT_MAP && !w->err) w->err = TACT_NO_MEMORY; // no key repeats
    return v;
}

// Those of a request that has others in it; only these may draw.
static tact_value with_ids(writer *w, tact_value request) {
    const struct rule *r = request.kind == TACT_MAP ? rule_of(request) : NULL;
    w->again &= r && (!r->needs || find(request, r->needs)) && r != BATCH;
    if (!r || !r->draws || w->err || is_set(request, "dry") || is_set(request, "explain")) return request;
    const value_entry id = {tact_string(r->draws, strlen(r->draws)), draw(w)};
    return map_with(w, request, &id, 1);
}

static tact_value with_batch_ids(writer *w, tact_value requests) {
    tact_value *all = arena_array(w->arena, requests.len, sizeof *all);
    if (!all) {
        w->err = TACT_NO_MEMORY;
        return requests;
    }
    for (uint32_t i = 0; i < requests.len; i++) all[i] = with_ids(w, requests.as.items[i]);
    return tact_list(all, requests.len);
}

static tact_value complete(writer *w, tact_value request) {
    if (rule_of(request) != BATCH) return with_ids(w, request);
    const tact_value *inner = find(request, BATCH->needs);
    value_entry *own = arena_array(w->arena, request.as.map->count, sizeof *own);
    if (!own) w->err = TACT_NO_MEMORY;
    w->again = inner && inner->kind == TACT_LIST;
    if (w->err || !w->again) return request;
    for (uint32_t i = 0; i < request.as.map->count; i++) {
        own[i] = request.as.map->entries[i];
        if (&request.as.map->entries[i].value == inner) own[i].value = with_batch_ids(w, *inner);
    }
    tact_value v = value_map(w->arena, own, request.as.map->count);
    if (v.kind != TACT_MAP) w->err = TACT_NO_MEMORY;
    return v;
}

tact_err message_write(buf *out, tact_value request, const message_extras *extras, bool *again, tact_problem *problem) {
    writer w = {.arena = out->arena, .again = true};
    if (request.kind != TACT_MAP) {
        return problem_set(problem, TACT_USAGE, TACT_PROBLEM_WRONG_TYPE, NULL, "a request is a map, not a %s",
                           value_kind_name(request.kind));
    }
    tact_value all = complete(&w, request);
    const value_entry more[] = {
        {tact_string("deadline_us", 11), tact_uint(extras->deadline_us)},
        {tact_string("auth", 4), tact_string(extras->token.ptr, extras->token.len)},
    };
    if (!w.err) all = map_with(&w, all, more, extras->token.ptr ? 2 : 1);
    *again = w.again;
    if (!w.err) w.err = msgpack_write(out, all);
    if (!w.err) return TACT_OK;
    if (w.err == TACT_NO_MEMORY) return problem_no_memory(problem);
    return problem_set(problem, w.err, TACT_PROBLEM_NONE, NULL, "the request cannot be sent: %s", tact_err_text(w.err));
}

// ---- Replies --------------------------------------------------------------------------------------------------------

// What a code means to those who look at the tact_err only; those that are not here are TACT_INVALID.
static const struct code {
    const char *text;
    tact_problem_name name;
    tact_err err;
} codes[] = {
    {"unknown_person", TACT_PROBLEM_UNKNOWN_PERSON, TACT_NOT_FOUND},
    {"unknown_version", TACT_PROBLEM_UNKNOWN_VERSION, TACT_NOT_FOUND},
    {"no_bundle", TACT_PROBLEM_NO_BUNDLE, TACT_NOT_FOUND},
    {"read_only", TACT_PROBLEM_READ_ONLY, TACT_USAGE},
    {"overloaded", TACT_PROBLEM_OVERLOADED, TACT_BUSY},
    {"unreachable", TACT_PROBLEM_UNREACHABLE, TACT_BUSY},
    {"timed_out", TACT_PROBLEM_TIMED_OUT, TACT_BUSY},
    {"forbidden", TACT_PROBLEM_FORBIDDEN, TACT_DENIED},
#define X(NAME, name, text) {#name, TACT_PROBLEM_##NAME, TACT_INVALID},
#include "tact/problem_tbl.h"
#undef X
#define X(NAME, name, number, text) {#name, TACT_PROBLEM_NONE, TACT_##NAME},
#include "tact/err_tbl.h"
#undef X
};

static tact_str text_of(tact_value map, const char *name) {
    const tact_value *v = find(map, name);
    return v && v->kind == TACT_STRING ? value_str(*v) : TACT_STR("");
}

static tact_err refused(tact_value error, tact_problem *problem) {
    const tact_str code = text_of(error, "code"), text = text_of(error, "text"), at = text_of(error, "at");
    struct code means = {"", TACT_PROBLEM_NONE, TACT_INVALID}; // a code that is newer than this client
    for (size_t i = sizeof codes / sizeof *codes; i-- > 0;) {
        if (tact_str_equal(code, tact_str_from(codes[i].text)) && codes[i].err) means = codes[i];
    }
    place where = place_none();
    if (at.len) where = place_member(&where, at);
    return problem_set(problem, means.err, means.name, at.len ? &where : NULL, "%.*s", (int)text.len, text.ptr);
}

static tact_err strange(tact_problem *problem, const char *why) {
    return problem_set(problem, TACT_SYNTAX, TACT_PROBLEM_NONE, NULL,
                       "what answers there does not speak Tact's protocol: %s", why);
}

tact_err message_read(arena *a, tact_str bytes, tact_value *reply, tact_problem *problem) {
    tact_value v;
    tact_error error;
    tact_err err = msgpack_read(a, bytes, &v, &error);
    if (err == TACT_NO_MEMORY) return problem_no_memory(problem);
    if (err) return strange(problem, error.text);
    const tact_value *ok = v.kind == TACT_MAP ? find(v, "ok") : NULL;
    if (!ok || ok->kind != TACT_BOOL) return strange(problem, "the reply is no map with a bool `ok`");
    if (ok->as.b) {
        *reply = v;
        return TACT_OK;
    }
    const tact_value *told = find(v, "error");
    if (!told || told->kind != TACT_MAP || !text_of(*told, "code").len) {
        return strange(problem, "the reply is an error without a `code`");
    }
    return refused(*told, problem);
}
