// SPDX-License-Identifier: Apache-2.0
//
// Subtle: all that decided lies in the frame but the bundle, which is compiled from its stored files, under the schema
// that the store has now: numbers of its members stay, so that a record of then reads the same.
#include "engine/replay.h"

#include "base/err.h"
#include "base/num.h"
#include "engine/publish.h"
#include "engine/reply.h"
#include "wire/msgpack.h"

typedef struct version { // that was compiled
    struct version *next;
    uint8_t hash[BUNDLES_HASH];
    bundle *bundle; // NULL: it is gone
    const char *why;
} version;

struct replay {
    arena *arena;
    arena scratch; // of a frame
    store_reader *view;
    const schema *schema;
    version *versions;
};

typedef struct asked { // what deciding is answered when it asks how often something counted
    tact_value counts;
    bool unknown; // it asks for what it did not ask for then
} asked;

tact_err replay_new(arena *a, store_reader *view, replay **out, tact_error *error) {
    replay *r = ARENA_NEW(a, replay);
    if (!r) return err_set(error, TACT_NO_MEMORY, "no memory to decide again");
    r->arena = a;
    r->view = view;
    arena_init(&r->scratch, 0);
    *out = r;
    return store_schema_of(view, a, &r->schema, error);
}

void replay_free(replay *r) {
    if (!r) return;
    for (version *v = r->versions; v; v = v->next) bundle_free(v->bundle);
    arena_fini(&r->scratch);
}

// ---- The frame ------------------------------------------------------------------------------------------------------

static tact_value field(tact_value map, const char *name) { // UNRESOLVED: there is none
    const tact_value *v = map.kind == TACT_MAP ? value_map_get_str(map.as.map, tact_str_from(name)) : NULL;
    return v ? *v : (tact_value){.kind = TACT_UNRESOLVED};
}

static tact_str text(tact_value v) {
    return v.kind == TACT_STRING ? value_str(v) : (tact_str){NULL, 0};
}

// A uint of a message may read as an int.
static uint64_t number(tact_value v) {
    return v.kind == TACT_INT || v.kind == TACT_UINT ? v.as.u : 0;
}

// ---- The bundle -----------------------------------------------------------------------------------------------------

static const char *compile(replay *r, tact_str name, bundle **out, const uint8_t *hash) {
    publish_files f;
    bundles_version v;
    uint64_t n;
    tact_str digits = name;
    while (digits.len && memchr(digits.ptr, '@', digits.len)) digits.ptr++, digits.len--;
    if (!num_parse_uint(digits, 10, &n) || digits.len == name.len) return "the frame names no bundle";
    name.len -= digits.len + 1;
    arena *a = tact_arena_new(0);
    if (!a) return "no memory for the bundle";
    const char *why = NULL;
    if (publish_read_version(&f, a, &r->view->txn, name, n, &v, NULL)) {
        why = "the bundle is not in the store any more";
    } else if (memcmp(v.hash, hash, sizeof v.hash) != 0) {
        why = "the store has another bundle of this name and number";
    } else if (!f.whole || bundle_compile(&f.draft, r->schema, out)) {
        why = "the bundle does not compile any more, since the schema has changed";
    }
    tact_arena_free(a);
    return why;
}

// NULL: as `err` says.
static version *find_version(replay *r, tact_value frame, tact_err *err, tact_error *error) {
    tact_value hash = field(frame, "hash");
    if (hash.kind != TACT_BYTES || hash.len != BUNDLES_HASH) {
        *err = err_set(error, TACT_INVALID, "it names no bundle");
        return NULL;
    }
    for (version *v = r->versions; v; v = v->next) {
        if (memcmp(v->hash, hash.as.s, sizeof v->hash) == 0) return v;
    }
    version *v = ARENA_NEW(r->arena, version);
    if (!v) {
        *err = err_set(error, TACT_NO_MEMORY, "no memory for a bundle");
        return NULL;
    }
    memcpy(v->hash, hash.as.s, sizeof v->hash);
    v->why = compile(r, text(field(frame, "bundle")), &v->bundle, v->hash);
    v->next = r->versions;
    r->versions = v;
    return v;
}

// ---- What went in ---------------------------------------------------------------------------------------------------

static bool read_placements(tact_value names, const bundle *b, uint32_t *placements, uint32_t *count) {
    *count = 0;
    if (names.kind != TACT_LIST || names.len > DECIDE_PLACEMENTS_MAX) return false;
    for (uint32_t i = 0; i < names.len; i++) {
        int32_t n = bundle_find_placement(b, text(names.as.items[i]));
        if (n < 0) return false;
        placements[(*count)++] = (uint32_t)n;
    }
    return true;
}

static bool read_context(tact_value values, const bundle *b, tact_value *context) {
    if (values.kind != TACT_MAP) return false;
    for (uint32_t i = 0; i < values.as.map->count; i++) {
        int32_t n = bundle_find_context(b, text(values.as.map->entries[i].key));
        if (n < 0) return false;
        context[n] = values.as.map->entries[i].value;
    }
    return true;
}

static bool read_event(arena *a, tact_value v, const bundle *b, decide_event *out) {
    int32_t event = schema_find_event(b->schema, text(field(v, "event")));
    tact_value values = field(v, "values");
    if (event < 0 || values.kind != TACT_MAP) return false;
    command_value *own = arena_array(a, values.as.map->count, sizeof *own);
    if (!own) return false;
    tact_str offer = text(field(v, "offer")), placement = text(field(v, "placement"));
    *out = (decide_event){.event = (uint32_t)event,
                          .values = own,
                          .values_count = values.as.map->count,
                          .offer = offer.len ? bundle_find_offer(b, offer) : -1,
                          .placement = placement.len ? bundle_find_placement(b, placement) : -1};
    for (uint32_t i = 0; i < values.as.map->count; i++) {
        int32_t n = schema_find_property(&b->schema->events[event], text(values.as.map->entries[i].key));
        if (n < 0) return false;
        own[i] = (command_value){(uint16_t)n, values.as.map->entries[i].value};
    }
    return true;
}

static bool read_events(arena *a, tact_value all, const bundle *b, decide_event *events, uint32_t *count) {
    *count = 0;
    if (all.kind != TACT_LIST || all.len > DECIDE_EVENTS_MAX) return false;
    for (; *count < all.len; ++*count) {
        if (!read_event(a, all.as.items[*count], b, &events[*count])) return false;
    }
    return true;
}

static uint64_t answer(asked *x, bool everyone, uint64_t tally, int64_t since_ms) {
    for (uint32_t i = 0; x->counts.kind == TACT_LIST && i < x->counts.len; i++) {
        tact_value one = x->counts.as.items[i];
        if (one.kind != TACT_LIST || one.len != 4 || one.as.items[0].kind != TACT_BOOL) continue;
        const tact_value *of = one.as.items;
        bool same = of[0].as.b == everyone && number(of[1]) == tally && (int64_t)number(of[2]) == since_ms;
        if (same) return number(of[3]);
    }
    x->unknown = true;
    return 0;
}

static int64_t of_person(void *context, uint64_t tally, int64_t since_ms) {
    return (int64_t)answer(context, false, tally, since_ms);
}

static uint64_t of_everyone(void *context, uint64_t tally, int64_t since_ms) {
    return answer(context, true, tally, since_ms);
}

// ---- Deciding again -------------------------------------------------------------------------------------------------

static tact_str written(arena *a, tact_value v) {
    buf out = buf_in(a);
    tact_str none = {NULL, 0};
    return msgpack_write(&out, v) ? none : buf_done(&out);
}

static tact_err decide_again(replay *r, tact_value frame, const bundle *b, replay_result *out, tact_error *error) {
    arena *a = &r->scratch;
    decision d = {.bundle = b};
    decide_event events[DECIDE_EVENTS_MAX];
    record known;
    asked x = {.counts = field(frame, "counts")};
    tact_value bytes = field(frame, "record"), *context = arena_zalloc(a, b->context_count * sizeof *context);
    if (!context) return err_set(error, TACT_NO_MEMORY, "no memory to decide again");
    d.request = (decide_request){.placements = d.in.placements,
                                 .context = context,
                                 .events = events,
                                 .now_ms = (int64_t)number(field(frame, "now")),
                                 .seed = number(field(frame, "seed")),
                                 .denied = number(field(frame, "denied")),
                                 .late = field(frame, "late").kind == TACT_BOOL};
    bool whole = read_placements(field(frame, "placements"), b, d.in.placements, &d.request.placements_count) &&
                 read_context(field(frame, "context"), b, context) &&
                 read_events(a, field(frame, "events"), b, events, &d.request.events_count);
    if (!whole) return err_set(error, TACT_INVALID, "what went in does not fit its bundle");
    if (bytes.kind == TACT_BYTES && record_open(value_str(bytes), &known, NULL)) {
        out->outcome = REPLAY_GONE;
        out->why = "the person's record is of a version that this program does not read";
        return TACT_OK;
    }
    const decide_person person = {.record = bytes.kind == TACT_BYTES ? &known : NULL,
                                  .unit = text(field(frame, "unit")),
                                  .counts = {of_person, of_everyone, &x}};
    tact_err err = decide_run(b, &d.request, &person, a, NULL, &d.answer, error);
    if (err) return err;
    form f = {a, false};
    form_fields fields = {.count = 0};
    reply_put_answer(&f, &fields, &d, false);
    tact_value now = form_map(&f, &fields), then = field(frame, "answer");
    tact_str now_bytes = written(a, now), then_bytes = written(a, then);
    if (f.failed || !now_bytes.ptr || !then_bytes.ptr) return err_set(error, TACT_NO_MEMORY, "no memory for an answer");
    bool same = tact_str_equal(now_bytes, then_bytes) && !x.unknown;
    out->outcome = same ? REPLAY_SAME : REPLAY_DIFFERS;
    if (same) return TACT_OK;
    out->then = tact_value_print(then, a);
    out->now = tact_value_print(now, a);
    return TACT_OK;
}

tact_err replay_frame(replay *r, const log_read *frame, replay_result *out, tact_error *error) {
    tact_value v;
    version *of = NULL;
    *out = (replay_result){.outcome = REPLAY_GONE, .decision = {"", 0}, .bundle = {"", 0}};
    tact_arena_reset(&r->scratch);
    if (frame->erased) {
        out->why = "the person was erased";
        return TACT_OK;
    }
    tact_err err = msgpack_read(&r->scratch, frame->payload, &v, error);
    if (err) return err;
    if (number(field(v, "v")) != 1) {
        out->why = "the frame was written by a newer program";
        return TACT_OK;
    }
    out->decision = text(field(v, "decision"));
    out->bundle = text(field(v, "bundle"));
    of = find_version(r, v, &err, error);
    if (!of) return err;
    out->why = of->why;
    return of->bundle ? decide_again(r, v, of->bundle, out, error) : TACT_OK;
}
