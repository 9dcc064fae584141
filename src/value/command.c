// SPDX-License-Identifier: Apache-2.0
//
// Commands as bytes, and whether they make sense. Subtle: reading goes through the same check of bounds as a command
// that was built, so that the two cannot differ; what needs the schema is checked apart, since a schema may have
// changed between writing a command and applying it.
//
//      u8 version   u8 kind   str id   varint time   u8 source
//      varint count, identities: varint namespace, str value
//      SET      varint count, values: varint number, value
//      EVENT    varint event, str channel, varint count, values
//      CONSENT  varint count, consents: varint purpose, u8 state | explicit << 2, varint expires
//      COUNT    varint tally, varint keep << 1 | everyone
//      SWEEP    varint ages: of history, of what was seen, of counts
#include "value/command.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/utf8.h"
#include "value/pack.h"

#define VERSION 1
enum {
    SCALAR_MOST = 24,           // bytes of a value without its text, and of a number
    WITHOUT_VALUES_MOST = 9000, // of a command that has values, without them: its id, channel and identities
};
_Static_assert(WITHOUT_VALUES_MOST > COMMAND_IDENTITIES_MAX * (COMMAND_IDENTITY_MAX + SCALAR_MOST) + COMMAND_ID_MAX +
                                         COMMAND_CHANNEL_MAX + 8 * SCALAR_MOST,
               "a command without values fits");

const char *command_kind_name(command_kind kind) {
    static const char *const names[COMMAND_KINDS] = {
#define X(NAME, name, doc) #name,
#include "value/command_tbl.h"
#undef X
    };
    return (unsigned)kind < COMMAND_KINDS ? names[kind] : "unknown";
}

const char *command_consent_name(consent_state state) {
    static const char *const names[CONSENT_STATES] = {
        [CONSENT_UNSET] = "unset", [CONSENT_DENIED] = "denied", [CONSENT_GRANTED] = "granted"};
    return (unsigned)state < CONSENT_STATES ? names[state] : "unknown";
}

static tact_err invalid(tact_error *error, const char *why) {
    return err_set(error, TACT_INVALID, "%s", why);
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

static bool is_time(int64_t ms) {
    return ms >= 0 && ms <= COMMAND_TIME_MAX_MS;
}

static const char *identities_fault(const command *c) {
    if (c->kind == COMMAND_SWEEP) return c->identities_count ? "it names an identity, and is about none" : NULL;
    if (c->kind == COMMAND_COUNT && c->everyone && c->identities_count == 0) return NULL; // of nobody who is known
    bool single = c->kind == COMMAND_UNLINK || c->kind == COMMAND_ERASE;
    if (c->identities_count == 0) return "it names no identity";
    if (single && c->identities_count != 1) return "it names more than one identity";
    if (c->kind == COMMAND_LINK && c->identities_count < 2) return "it links one identity with nothing";
    if (c->identities_count > COMMAND_IDENTITIES_MAX) return "it names too many identities";
    for (uint32_t i = 0; i < c->identities_count; i++) {
        tact_str value = c->identities[i].value;
        if (value.len == 0) return "an identity is empty";
        if (value.len > COMMAND_IDENTITY_MAX) return "an identity is too long";
        if (!utf8_valid(value.ptr, value.len)) return "an identity is not UTF-8";
        for (uint32_t j = 0; j < i; j++) {
            bool same = c->identities[j].space == c->identities[i].space;
            if (same && tact_str_equal(c->identities[j].value, value)) return "it names an identity twice";
        }
    }
    return NULL;
}

static bool is_long(tact_value v) {
    if (v.kind == TACT_STRING) return v.len > COMMAND_TEXT_MAX;
    bool any = false;
    for (uint32_t i = 0; v.kind == TACT_LIST && i < v.len; i++) {
        any |= v.as.items[i].kind == TACT_STRING && v.as.items[i].len > COMMAND_TEXT_MAX;
    }
    return any;
}

static bool is_age(int64_t ms) {
    return ms >= 0 && ms <= SCHEMA_SPAN_MAX_MS;
}

static const char *values_fault(const command *c) {
    uint64_t seen[SCHEMA_ATTRIBUTES_MAX / 64] = {0}; // a bit each
    if (c->kind == COMMAND_SET && c->values_count == 0) return "it sets nothing";
    if (c->values_count > COMMAND_VALUES_MAX) return "it has too many values";
    for (uint32_t i = 0; i < c->values_count; i++) {
        uint16_t number = c->values[i].number;
        if (number >= SCHEMA_ATTRIBUTES_MAX) return "a value has a number that no member has";
        if (is_long(c->values[i].value)) return "a text is longer than 2,048 bytes";
        uint64_t bit = UINT64_C(1) << number % 64;
        if (seen[number / 64] & bit) return "it has two values for the same member";
        seen[number / 64] |= bit;
    }
    return NULL;
}

static const char *consents_fault(const command *c) {
    bool seen[SCHEMA_PURPOSES_MAX] = {false};
    if (c->consents_count == 0) return "it names no purpose";
    for (uint32_t i = 0; i < c->consents_count; i++) {
        const command_consent *consent = &c->consents[i];
        if (consent->purpose >= SCHEMA_PURPOSES_MAX) return "a consent has a number that no purpose has";
        if (seen[consent->purpose]) return "it names a purpose twice";
        seen[consent->purpose] = true;
        if (consent->state >= CONSENT_STATES) return "a consent is of an unknown state";
        if (!is_time(consent->expires_ms)) return "a consent expires before 1970, or after the year 9999";
    }
    return NULL;
}

// What is wrong with the command, whatever the schema; NULL if nothing is.
static const char *fault_of(const command *c) {
    if ((unsigned)c->kind >= COMMAND_KINDS) return "it is of an unknown kind";
    if (c->id.len > COMMAND_ID_MAX) return "its id is too long";
    if (!is_time(c->time_ms)) return "its time is before 1970, or after the year 9999";
    if (c->source >= SCHEMA_SOURCES_MAX && c->source != SCHEMA_SOURCE_NONE) return "there is no source of its number";
    const char *why = identities_fault(c);
    if (why) return why;
    switch (c->kind) {
    case COMMAND_EVENT:
        if (c->channel.len > COMMAND_CHANNEL_MAX) return "its channel is too long";
        if (!utf8_valid(c->channel.ptr, c->channel.len)) return "its channel is not UTF-8";
        return values_fault(c);
    case COMMAND_SET: return values_fault(c);
    case COMMAND_CONSENT: return consents_fault(c);
    case COMMAND_COUNT:
        if (c->keep > COMMAND_KEEP_MAX) return "it keeps too many times";
        return c->keep == 0 && !c->everyone ? "it counts for nobody" : NULL;
    case COMMAND_SWEEP: {
        const command_limits *l = &c->limits;
        bool ages = is_age(l->history_age_ms) && is_age(l->seen_age_ms) && is_age(l->count_age_ms);
        return ages ? NULL : "an age is below 0, or more than a hundred years";
    }
    default: return NULL;
    }
}

// ---- Writing --------------------------------------------------------------------------------------------------------

static void write_values(buf *out, const command *c) {
    pack_varint(out, c->values_count);
    for (uint32_t i = 0; i < c->values_count; i++) {
        pack_varint(out, c->values[i].number);
        pack_value(out, c->values[i].value);
    }
}

static void write_consents(buf *out, const command *c) {
    pack_varint(out, c->consents_count);
    for (uint32_t i = 0; i < c->consents_count; i++) {
        pack_varint(out, c->consents[i].purpose);
        pack_u8(out, (uint8_t)(c->consents[i].state | c->consents[i].explicit_ << 2));
        pack_varint(out, (uint64_t)c->consents[i].expires_ms);
    }
}

static void write_parts(buf *out, const command *c) {
    pack_u8(out, VERSION);
    pack_u8(out, (uint8_t)c->kind);
    pack_str(out, c->id);
    pack_varint(out, (uint64_t)c->time_ms);
    pack_u8(out, c->source);
    pack_varint(out, c->identities_count);
    for (uint32_t i = 0; i < c->identities_count; i++) {
        pack_varint(out, c->identities[i].space);
        pack_str(out, c->identities[i].value);
    }
    switch (c->kind) {
    case COMMAND_SET: write_values(out, c); break;
    case COMMAND_EVENT:
        pack_varint(out, c->event);
        pack_str(out, c->channel);
        write_values(out, c);
        break;
    case COMMAND_CONSENT: write_consents(out, c); break;
    case COMMAND_COUNT:
        pack_varint(out, c->tally);
        pack_varint(out, (uint64_t)c->keep << 1 | c->everyone);
        break;
    case COMMAND_SWEEP:
        pack_varint(out, (uint64_t)c->limits.history_age_ms);
        pack_varint(out, (uint64_t)c->limits.seen_age_ms);
        pack_varint(out, (uint64_t)c->limits.count_age_ms);
        break;
    default: break;
    }
}

tact_err command_write(buf *out, const command *c) {
    size_t start = out->len;
    if (out->failed) return TACT_NO_MEMORY;
    for (uint32_t i = 0; i < c->values_count; i++) {
        if (!pack_can(c->values[i].value)) return TACT_INVALID;
    }
    write_parts(out, c);
    if (out->failed) return TACT_NO_MEMORY;
    return out->len - start <= COMMAND_BYTES_MAX ? TACT_OK : TACT_LIMIT;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

// An array of `count` things, or NULL with the fault noted; there is always one thing's room.
static void *room(unpack *in, size_t count, size_t size) {
    void *array = arena_array(in->arena, count, size);
    if (!array) unpack_fail(in, TACT_NO_MEMORY, "memory ran out");
    return array;
}

static void read_identities(unpack *in, command *c) {
    uint32_t count = (uint32_t)unpack_count(in, COMMAND_IDENTITIES_MAX);
    command_identity *identities = room(in, count, sizeof *identities);
    for (uint32_t i = 0; i < count && !in->code; i++) {
        identities[i].space = (uint16_t)unpack_count(in, UINT16_MAX);
        identities[i].value = unpack_text(in, COMMAND_IDENTITY_MAX);
    }
    c->identities = identities;
    c->identities_count = count;
}

static void read_values(unpack *in, command *c) {
    uint32_t count = (uint32_t)unpack_count(in, COMMAND_VALUES_MAX);
    command_value *values = room(in, count, sizeof *values);
    for (uint32_t i = 0; i < count && !in->code; i++) {
        values[i].number = (uint16_t)unpack_count(in, UINT16_MAX);
        values[i].value = unpack_value(in);
    }
    c->values = values;
    c->values_count = count;
}

static void read_consents(unpack *in, command *c) {
    uint32_t count = (uint32_t)unpack_count(in, SCHEMA_PURPOSES_MAX);
    command_consent *consents = room(in, count, sizeof *consents);
    for (uint32_t i = 0; i < count && !in->code; i++) {
        consents[i].purpose = (uint16_t)unpack_count(in, UINT16_MAX);
        uint8_t flags = (uint8_t)unpack_count(in, 7);
        consents[i].state = flags & 3;
        consents[i].explicit_ = flags & 4;
        consents[i].expires_ms = (int64_t)unpack_count(in, COMMAND_TIME_MAX_MS);
    }
    c->consents = consents;
    c->consents_count = count;
}

static void read_count(unpack *in, command *c) {
    c->tally = unpack_varint(in);
    uint64_t keep = unpack_count(in, 2 * COMMAND_KEEP_MAX + 1);
    c->keep = (uint32_t)(keep >> 1);
    c->everyone = keep & 1;
}

tact_err command_read(arena *a, tact_str bytes, command *out, tact_error *error) {
    if (bytes.len > COMMAND_BYTES_MAX) return invalid(error, "a command is longer than it can be");
    unpack in = unpack_of(a, bytes);
    command c = {0};
    if (unpack_u8(&in) != VERSION) unpack_fail(&in, TACT_INVALID, "a command is of an unknown version");
    c.kind = (command_kind)unpack_count(&in, COMMAND_KINDS - 1); // below 128 a varint is the byte
    c.id = unpack_str(&in, COMMAND_ID_MAX);
    c.time_ms = (int64_t)unpack_count(&in, COMMAND_TIME_MAX_MS);
    c.source = unpack_u8(&in);
    read_identities(&in, &c);
    switch (c.kind) {
    case COMMAND_SET: read_values(&in, &c); break;
    case COMMAND_EVENT:
        c.event = (uint16_t)unpack_count(&in, UINT16_MAX);
        c.channel = unpack_text(&in, COMMAND_CHANNEL_MAX);
        read_values(&in, &c);
        break;
    case COMMAND_CONSENT: read_consents(&in, &c); break;
    case COMMAND_COUNT: read_count(&in, &c); break;
    case COMMAND_SWEEP:
        c.limits.history_age_ms = (int64_t)unpack_count(&in, SCHEMA_SPAN_MAX_MS);
        c.limits.seen_age_ms = (int64_t)unpack_count(&in, SCHEMA_SPAN_MAX_MS);
        c.limits.count_age_ms = (int64_t)unpack_count(&in, SCHEMA_SPAN_MAX_MS);
        break;
    default: break;
    }
    tact_err err = unpack_end(&in, error);
    if (err) return err;
    const char *why = fault_of(&c);
    if (why) return err_set(error, TACT_INVALID, "a command is not one: %s", why);
    *out = c;
    return TACT_OK;
}

// ---- Copying --------------------------------------------------------------------------------------------------------

static bool copy_text(arena *a, tact_str *text) {
    text->ptr = arena_copy(a, text->ptr, text->len);
    return text->ptr;
}

static bool copy_identities(arena *a, command *c) {
    command_identity *copies = arena_array(a, c->identities_count, sizeof *copies);
    for (uint32_t i = 0; copies && i < c->identities_count; i++) {
        copies[i] = c->identities[i];
        if (!copy_text(a, &copies[i].value)) return false;
    }
    c->identities = copies;
    return copies;
}

static bool copy_values(arena *a, command *c) {
    command_value *copies = arena_array(a, c->values_count, sizeof *copies);
    for (uint32_t i = 0; copies && i < c->values_count; i++) {
        copies[i] = c->values[i];
        if (!value_copy(a, copies[i].value, &copies[i].value)) return false;
    }
    c->values = copies;
    return copies;
}

static bool copy_consents(arena *a, command *c) {
    command_consent *copies = arena_array(a, c->consents_count, sizeof *copies);
    if (copies && c->consents_count) memcpy(copies, c->consents, c->consents_count * sizeof *copies);
    c->consents = copies;
    return copies;
}

bool command_copy(arena *a, const command *c, command *out) {
    *out = *c;
    if (!copy_text(a, &out->id) || !copy_identities(a, out)) return false;
    switch (c->kind) {
    case COMMAND_SET: return copy_values(a, out);
    case COMMAND_EVENT: return copy_text(a, &out->channel) && copy_values(a, out);
    case COMMAND_CONSENT: return copy_consents(a, out);
    default: return true;
    }
}

// ---- What it says ---------------------------------------------------------------------------------------------------

static int by_number(const void *one, const void *other) {
    return ((const command_value *)one)->number - ((const command_value *)other)->number;
}

static int by_purpose(const void *one, const void *other) {
    return ((const command_consent *)one)->purpose - ((const command_consent *)other)->purpose;
}

// An int stands for a double where one is declared, and what is declared may change: so a whole number is an int.
static tact_value plain_number(tact_value v) {
    const double exact = (double)(INT64_C(1) << 53);
    bool whole = v.kind == TACT_DOUBLE && v.as.d > -exact && v.as.d < exact && (double)(int64_t)v.as.d == v.as.d;
    return whole ? tact_int((int64_t)v.as.d) : v;
}

tact_err command_content(arena *a, const command *c, tact_str *out) {
    command said = *c;
    said.id = TACT_STR("");
    said.time_ms = 0;
    said.keep = 0; // which the bundle of the moment says, as whether it counts for everyone
    said.everyone = false;
    bool has_values = c->kind == COMMAND_SET || c->kind == COMMAND_EVENT;
    command_value *values = arena_array(a, has_values ? c->values_count : 0, sizeof *values);
    if (!values || (c->kind == COMMAND_CONSENT && !copy_consents(a, &said))) return TACT_NO_MEMORY;
    for (uint32_t i = 0; has_values && i < c->values_count; i++) {
        const command_value *given = &c->values[i];
        values[i] = (command_value){given->number, plain_number(given->value)};
    }
    if (has_values) qsort(values, c->values_count, sizeof *values, by_number);
    said.values = values;
    if (c->kind == COMMAND_CONSENT) {
        qsort((command_consent *)said.consents, said.consents_count, sizeof *said.consents, by_purpose);
    }
    buf bytes = buf_in(a);
    write_parts(&bytes, &said);
    *out = buf_done(&bytes);
    return out->ptr ? TACT_OK : TACT_NO_MEMORY;
}

// ---- Against the schema ---------------------------------------------------------------------------------------------

static tact_err check_identities(const command *c, const schema *s, tact_error *error) {
    bool leaves = c->kind == COMMAND_ERASE || c->kind == COMMAND_UNLINK; // which what is retired may
    for (uint32_t i = 0; i < c->identities_count; i++) {
        const command_identity *given = &c->identities[i];
        if (given->space >= s->identities_count) return invalid(error, "there is no identity of its number");
        const schema_identity *m = &s->identities[given->space];
        if (m->retired && !leaves)
            return err_set(error, TACT_INVALID, "identity `%.*s` is retired", (int)m->name.len, m->name.ptr);
        if (schema_is_normalized(m, given->value)) continue;
        return err_set(error, TACT_INVALID, "identity `%.*s`: the value is not normalised", (int)m->name.len,
                       m->name.ptr);
    }
    return TACT_OK;
}

static tact_err check_set(const command *c, const schema *s, tact_error *error) {
    for (uint32_t i = 0; i < c->values_count; i++) {
        const command_value *given = &c->values[i];
        if (given->number >= s->attributes_count) return invalid(error, "there is no attribute of its number");
        const schema_attribute *m = &s->attributes[given->number];
        if (m->retired)
            return err_set(error, TACT_INVALID, "attribute `%.*s` is retired", (int)m->name.len, m->name.ptr);
        if (given->value.kind == TACT_NULL) continue;
        tact_err err = schema_check_value(m, schema_widened(m->type, given->value), error);
        if (err) return err;
    }
    return TACT_OK;
}

static tact_err check_event(const command *c, const schema *s, tact_error *error) {
    if (c->event >= s->events_count) return invalid(error, "there is no event of its number");
    const schema_event *event = &s->events[c->event];
    int len = (int)event->name.len;
    if (event->retired) return err_set(error, TACT_INVALID, "event `%.*s` is retired", len, event->name.ptr);
    for (uint32_t i = 0; i < c->values_count; i++) {
        const command_value *given = &c->values[i];
        if (given->number >= event->properties_count) {
            return err_set(error, TACT_INVALID, "event `%.*s` has no property of that number", len, event->name.ptr);
        }
        const schema_property *m = &event->properties[given->number];
        bool fits = schema_fits(m->type, schema_widened(m->type, given->value));
        if (fits && !m->retired) continue;
        return err_set(error, TACT_INVALID, "property `%.*s.%.*s`%s%s", len, event->name.ptr, (int)m->name.len,
                       m->name.ptr, fits ? " is retired" : ": not a value of type ",
                       fits ? "" : schema_type_text(m->type));
    }
    return TACT_OK;
}

static tact_err check_consent(const command *c, const schema *s, tact_error *error) {
    for (uint32_t i = 0; i < c->consents_count; i++) {
        uint16_t purpose = c->consents[i].purpose;
        if (purpose >= s->purposes_count) return invalid(error, "there is no purpose of its number");
        const schema_purpose *m = &s->purposes[purpose];
        if (m->retired) return err_set(error, TACT_INVALID, "purpose `%.*s` is retired", (int)m->name.len, m->name.ptr);
    }
    return TACT_OK;
}

// No less than a value takes that fits the schema: a list has no lists in it.
static size_t most_bytes(tact_value v) {
    size_t most = SCALAR_MOST + (v.kind == TACT_STRING ? v.len : 0);
    for (uint32_t i = 0; v.kind == TACT_LIST && i < v.len; i++) {
        tact_value item = v.as.items[i];
        most += SCALAR_MOST + (item.kind == TACT_STRING ? item.len : 0);
    }
    return most;
}

// Nearly all commands are short, which can be told without writing them.
static tact_err check_length(const command *c, tact_error *error) {
    size_t most = WITHOUT_VALUES_MOST;
    for (uint32_t i = 0; i < c->values_count; i++) most += SCALAR_MOST + most_bytes(c->values[i].value);
    if (most <= COMMAND_BYTES_MAX) return TACT_OK;
    arena scratch;
    arena_init(&scratch, 0);
    buf bytes = buf_in(&scratch);
    tact_err err = command_write(&bytes, c);
    arena_fini(&scratch);
    if (err == TACT_LIMIT) return err_set(error, err, "longer than %d bytes as a command", COMMAND_BYTES_MAX);
    return err ? err_set(error, err, "no memory to measure a command") : TACT_OK;
}

tact_err command_check(const command *c, const schema *s, tact_error *error) {
    const char *why = fault_of(c);
    if (why) return invalid(error, why);
    if (c->source != SCHEMA_SOURCE_NONE && c->source >= s->sources_count) {
        return invalid(error, "there is no source of its number");
    }
    tact_err err = check_identities(c, s, error);
    if (!err && c->kind == COMMAND_SET) err = check_set(c, s, error);
    if (!err && c->kind == COMMAND_EVENT) err = check_event(c, s, error);
    if (!err && c->kind == COMMAND_CONSENT) err = check_consent(c, s, error);
    bool has_values = c->kind == COMMAND_SET || c->kind == COMMAND_EVENT;
    return err || !has_values ? err : check_length(c, error);
}
