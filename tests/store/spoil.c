// SPDX-License-Identifier: Apache-2.0
//
// See spoil.h. A table of ways; each says whether it can be done to a command, and does it.
#include "spoil.h"

#include "draw.h"

typedef struct spoiling {
    arena *a;
    uint64_t *seed;
    const schema *sc;
    command *c;
} spoiling;

// A copy of an array with room for some more, cleared, at its end.
static void *copy_with(arena *a, const void *array, uint32_t count, uint32_t more, size_t size) {
    char *copy = arena_zalloc(a, (count + more) * size);
    if (!copy) abort();
    if (count) memcpy(copy, array, count * size);
    return copy;
}

// ---- Identities -----------------------------------------------------------------------------------------------------

static command_identity *own_identities(spoiling *x, uint32_t more) {
    command_identity *own = copy_with(x->a, x->c->identities, x->c->identities_count, more, sizeof *own);
    x->c->identities = own;
    return own;
}

static bool be_about_nobody(spoiling *x) {
    x->c->identities_count = 0;
    return x->c->kind != COMMAND_COUNT || !x->c->everyone;
}

static bool empty_identity(spoiling *x) {
    if (x->c->identities_count == 0) return false;
    own_identities(x, 0)->value.len = 0;
    return true;
}

static bool long_identity(spoiling *x) {
    if (x->c->identities_count == 0) return false;
    char *text = copy_with(x->a, NULL, 0, COMMAND_IDENTITY_MAX + 1, 1);
    memset(text, 'x', COMMAND_IDENTITY_MAX + 1);
    own_identities(x, 0)->value = (tact_str){text, COMMAND_IDENTITY_MAX + 1};
    return true;
}

static bool no_text_identity(spoiling *x) {
    if (x->c->identities_count == 0) return false;
    own_identities(x, 0)->value = TACT_STR("a\xff");
    return true;
}

static bool unknown_space(spoiling *x) {
    if (x->c->identities_count == 0) return false;
    own_identities(x, 0)->space = (uint16_t)(x->sc->identities_count + draw_below(x->seed, 2) * 1000);
    return true;
}

static bool not_normalised(spoiling *x) {
    for (uint32_t i = 0; i < x->c->identities_count; i++) {
        uint8_t rule = x->sc->identities[x->c->identities[i].space].normalize;
        if (rule == SCHEMA_AS_IS) continue;
        own_identities(x, 0)[i].value = rule & SCHEMA_LOWERCASE ? TACT_STR("Upper@Case") : TACT_STR(" room");
        return true;
    }
    return false;
}

static bool same_identity_twice(spoiling *x) {
    bool single = x->c->kind == COMMAND_UNLINK || x->c->kind == COMMAND_ERASE;
    if (single || x->c->identities_count == 0) return false;
    command_identity *own = own_identities(x, 1);
    own[x->c->identities_count++] = own[0];
    return true;
}

static bool too_many_identities(spoiling *x) {
    if (x->c->identities_count == 0) return false;
    uint32_t wanted = x->c->kind == COMMAND_UNLINK || x->c->kind == COMMAND_ERASE ? 2 : COMMAND_IDENTITIES_MAX + 1;
    command_identity *own = own_identities(x, wanted);
    for (uint32_t i = x->c->identities_count; i < wanted; i++) {
        char *text = arena_printf(x->a, "another%u", i);
        if (!text) abort();
        own[i] = (command_identity){own[0].space, tact_str_from(text)};
    }
    x->c->identities_count = wanted;
    return true;
}

static bool link_one(spoiling *x) {
    x->c->kind = COMMAND_LINK;
    x->c->identities_count = 1;
    return true;
}

// ---- What all have --------------------------------------------------------------------------------------------------

static bool unknown_kind(spoiling *x) {
    x->c->kind = COMMAND_KINDS;
    return true;
}

static bool no_time(spoiling *x) {
    x->c->time_ms = draw_below(x->seed, 2) ? -1 : COMMAND_TIME_MAX_MS + 1;
    return true;
}

static bool long_id(spoiling *x) {
    x->c->id = (tact_str){copy_with(x->a, NULL, 0, COMMAND_ID_MAX + 1, 1), COMMAND_ID_MAX + 1};
    return true;
}

static bool unknown_source(spoiling *x) {
    x->c->source = draw_below(x->seed, 2) ? (uint8_t)x->sc->sources_count : SCHEMA_SOURCE_NONE - 1;
    return true;
}

// ---- Values ---------------------------------------------------------------------------------------------------------

static command_value *own_values(spoiling *x, uint32_t more) {
    command_value *own = copy_with(x->a, x->c->values, x->c->values_count, more, sizeof *own);
    x->c->values = own;
    return own;
}

static bool set_nothing(spoiling *x) {
    x->c->values_count = 0;
    return x->c->kind == COMMAND_SET;
}

static bool unknown_member(spoiling *x) {
    const command *c = x->c;
    if ((c->kind != COMMAND_SET && c->kind != COMMAND_EVENT) || c->values_count == 0) return false;
    uint32_t members = c->kind == COMMAND_SET ? x->sc->attributes_count : x->sc->events[c->event].properties_count;
    own_values(x, 0)->number = (uint16_t)(draw_below(x->seed, 2) ? members : SCHEMA_ATTRIBUTES_MAX);
    return true;
}

static bool same_member_twice(spoiling *x) {
    if ((x->c->kind != COMMAND_SET && x->c->kind != COMMAND_EVENT) || x->c->values_count == 0) return false;
    command_value *own = own_values(x, 1);
    own[x->c->values_count++] = own[0];
    return true;
}

static bool another_type(spoiling *x) {
    if ((x->c->kind != COMMAND_SET && x->c->kind != COMMAND_EVENT) || x->c->values_count == 0) return false;
    command_value *own = own_values(x, 0);
    own->value = draw_below(x->seed, 2) ? tact_uint(1) : tact_bytes("b", 1); // no member can be of these
    return true;
}

static bool no_property(spoiling *x) {
    if (x->c->kind != COMMAND_EVENT || x->c->values_count == 0) return false;
    own_values(x, 0)->value = tact_null(); // an event that happened cannot be taken away from
    return true;
}

static bool beyond_bounds(spoiling *x) {
    if (x->c->kind != COMMAND_SET) return false;
    for (uint32_t number = 0; number < x->sc->attributes_count; number++) {
        const schema_attribute *m = &x->sc->attributes[number];
        tact_value v = tact_null();
        if (m->has_max && m->max.kind == TACT_INT) v = tact_int(m->max.as.i + 1);
        if (m->has_min && m->min.kind == TACT_INT && draw_below(x->seed, 2)) v = tact_int(m->min.as.i - 1);
        if (m->allowed_count && m->type == &type_string) v = tact_string("not among these", 15);
        if (v.kind == TACT_NULL || (draw_below(x->seed, 2) && number + 1 < x->sc->attributes_count)) continue;
        command_value *own = own_values(x, 1);
        own[0] = (command_value){(uint16_t)number, v};
        x->c->values_count = 1;
        return true;
    }
    return false;
}

// The first member of the command whose type is text, now with this value.
static bool be_text(spoiling *x, tact_str text) {
    command_value *own = own_values(x, 0);
    for (uint32_t i = 0; i < x->c->values_count; i++) {
        const tact_type *type = x->c->kind == COMMAND_SET ? x->sc->attributes[own[i].number].type
                                                          : x->sc->events[x->c->event].properties[own[i].number].type;
        if (type != &type_string) continue;
        own[i].value = tact_string(text.ptr, text.len);
        return true;
    }
    return false;
}

static bool long_text(spoiling *x) {
    if (x->c->kind != COMMAND_SET && x->c->kind != COMMAND_EVENT) return false;
    char *text = copy_with(x->a, NULL, 0, COMMAND_TEXT_MAX + 1, 1);
    return be_text(x, (tact_str){text, COMMAND_TEXT_MAX + 1});
}

static bool no_text(spoiling *x) {
    if (x->c->kind != COMMAND_SET && x->c->kind != COMMAND_EVENT) return false;
    return be_text(x, TACT_STR("\xc3("));
}

static bool retired_member(spoiling *x) {
    if (x->c->kind != COMMAND_SET || x->c->values_count == 0) return false;
    for (uint32_t number = 0; number < x->sc->attributes_count; number++) {
        if (!x->sc->attributes[number].retired) continue;
        command_value *own = own_values(x, 0);
        own[0] = (command_value){(uint16_t)number, tact_null()};
        x->c->values_count = 1;
        return true;
    }
    return false;
}

// ---- Events, consents, counters -------------------------------------------------------------------------------------

static bool unknown_event(spoiling *x) {
    x->c->event = (uint16_t)x->sc->events_count;
    return x->c->kind == COMMAND_EVENT;
}

static bool bad_channel(spoiling *x) {
    char *text = copy_with(x->a, NULL, 0, COMMAND_CHANNEL_MAX + 1, 1);
    bool is_long = draw_below(x->seed, 2);
    memset(text, is_long ? 'x' : '\xff', COMMAND_CHANNEL_MAX + 1);
    x->c->channel = (tact_str){text, is_long ? COMMAND_CHANNEL_MAX + 1 : 3};
    return x->c->kind == COMMAND_EVENT;
}

static command_consent *own_consents(spoiling *x, uint32_t more) {
    command_consent *own = copy_with(x->a, x->c->consents, x->c->consents_count, more, sizeof *own);
    x->c->consents = own;
    return own;
}

static bool no_consent(spoiling *x) {
    x->c->consents_count = 0;
    return x->c->kind == COMMAND_CONSENT;
}

static bool unknown_purpose(spoiling *x) {
    if (x->c->kind != COMMAND_CONSENT) return false;
    own_consents(x, 0)->purpose = (uint16_t)(draw_below(x->seed, 2) ? x->sc->purposes_count : SCHEMA_PURPOSES_MAX);
    return true;
}

static bool same_purpose_twice(spoiling *x) {
    if (x->c->kind != COMMAND_CONSENT) return false;
    command_consent *own = own_consents(x, 1);
    own[x->c->consents_count++] = own[0];
    return true;
}

static bool unknown_state(spoiling *x) {
    if (x->c->kind != COMMAND_CONSENT) return false;
    own_consents(x, 0)->state = CONSENT_STATES;
    return true;
}

static bool expires_never_ever(spoiling *x) {
    if (x->c->kind != COMMAND_CONSENT) return false;
    own_consents(x, 0)->expires_ms = draw_below(x->seed, 2) ? -1 : COMMAND_TIME_MAX_MS + 1;
    return true;
}

static bool keep_too_many(spoiling *x) {
    x->c->keep = COMMAND_KEEP_MAX + 1;
    return x->c->kind == COMMAND_COUNT;
}

static bool count_for_nobody(spoiling *x) {
    x->c->keep = 0;
    x->c->everyone = false;
    return x->c->kind == COMMAND_COUNT;
}

// ---- All ways -------------------------------------------------------------------------------------------------------

static const struct {
    const char *wrong;
    bool (*make)(spoiling *x);
} ways[] = {
    {"no identity", be_about_nobody},
    {"an empty identity", empty_identity},
    {"an identity that is too long", long_identity},
    {"an identity that is not UTF-8", no_text_identity},
    {"an unknown namespace", unknown_space},
    {"an identity that is not normalised", not_normalised},
    {"an identity twice", same_identity_twice},
    {"too many identities", too_many_identities},
    {"one identity linked with nothing", link_one},
    {"an unknown kind", unknown_kind},
    {"a time out of range", no_time},
    {"an id that is too long", long_id},
    {"an unknown source", unknown_source},
    {"nothing set", set_nothing},
    {"an unknown attribute or property", unknown_member},
    {"an attribute or property twice", same_member_twice},
    {"a value of another type", another_type},
    {"a property that is null", no_property},
    {"a value out of bounds", beyond_bounds},
    {"a text that is too long", long_text},
    {"a text that is not UTF-8", no_text},
    {"a retired attribute", retired_member},
    {"an unknown event", unknown_event},
    {"a bad channel", bad_channel},
    {"no purpose", no_consent},
    {"an unknown purpose", unknown_purpose},
    {"a purpose twice", same_purpose_twice},
    {"an unknown state of a consent", unknown_state},
    {"a consent that expires out of range", expires_never_ever},
    {"too many times kept", keep_too_many},
    {"a count for nobody", count_for_nobody},
};

const char *spoil_command(arena *a, uint64_t *seed, const schema *sc, command *c) {
    for (;;) {
        size_t way = (size_t)draw_below(seed, sizeof ways / sizeof *ways);
        command spoiled = *c;
        spoiling x = {a, seed, sc, &spoiled};
        if (!ways[way].make(&x)) continue;
        *c = spoiled;
        return ways[way].wrong;
    }
}
