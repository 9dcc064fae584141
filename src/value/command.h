// SPDX-License-Identifier: Apache-2.0
//
// Commands: everything that can change what is stored. Each is one row of command_tbl.h. A command is data: it names
// members of the schema by number and carries its own time, so that applying the same commands in the same order gives
// the same database everywhere.
#ifndef VALUE_COMMAND_H
#define VALUE_COMMAND_H

#include "base/arena.h"
#include "value/schema.h"
#include "value/value.h"

typedef enum command_kind {
#define X(NAME, name, doc) COMMAND_##NAME,
#include "value/command_tbl.h"
#undef X
    COMMAND_KINDS
} command_kind;

enum {
    COMMAND_ID_MAX = 64,         // bytes of a command's id
    COMMAND_IDENTITIES_MAX = 16, // of one command
    COMMAND_IDENTITY_MAX = 480,  // bytes of an identity's value; an LMDB key holds no more
    COMMAND_VALUES_MAX = 512,    // attributes of one set, properties of one event
    COMMAND_CHANNEL_MAX = 64,    // bytes of a channel's name
    COMMAND_KEEP_MAX = 1000,     // times that a counter keeps for a person: no cap needs more
    COMMAND_TEXT_MAX = 2048,   // bytes of a text that is a value, or an item of one: `first` may keep hundreds of them
    COMMAND_BYTES_MAX = 65536, // of one command, packed
};
#define COMMAND_TIME_MAX_MS INT64_C(253402300799999) // the last millisecond that a timestamp has; the first is 0: 1970

typedef struct command_identity {
    uint16_t space; // number of its namespace
    tact_str value; // normalised
} command_identity;

typedef struct command_value { // an attribute or property and its value
    uint16_t number;
    tact_value value; // NULL: takes the attribute away
} command_value;

typedef enum consent_state { CONSENT_UNSET, CONSENT_DENIED, CONSENT_GRANTED, CONSENT_STATES } consent_state;

typedef struct command_consent {
    uint16_t purpose;
    uint8_t state;      // consent_state
    bool explicit_;     // the person said so, as against inferred or imported: decides merges
    int64_t expires_ms; // 0: never
} command_consent;

typedef struct command_limits { // ages at which things are forgotten; 0: never
    int64_t history_age_ms;     // events, by their time
    int64_t seen_age_ms;        // ids of commands: one that is sent again later is applied again
    int64_t count_age_ms;       // times and buckets of counters; must be longer than the span of every cap
} command_limits;

typedef struct command {
    command_kind kind;
    tact_str id;     // empty: not idempotent. Of its kind alone and, of an EVENT, its type: see apply.h
    int64_t time_ms; // when it happened
    uint8_t source;  // number in the schema; SCHEMA_SOURCE_NONE: none
    // Whom it is about; several are linked, each with each. UNLINK, ERASE: one. SWEEP: none. COUNT: also none, where it
    // counts for everyone alone.
    const command_identity *identities;
    uint32_t identities_count;
    const command_value *values; // SET: attributes. EVENT: properties
    uint32_t values_count;
    uint16_t event;                  // EVENT: its type's number
    tact_str channel;                // EVENT: may be empty
    const command_consent *consents; // CONSENT
    uint32_t consents_count;
    uint64_t tally;        // COUNT: the counter's key
    uint32_t keep;         // COUNT: so many times are kept for the person
    bool everyone;         // COUNT: counts for everyone, too
    command_limits limits; // SWEEP
} command;

const char *command_kind_name(command_kind kind);      // "set", static
const char *command_consent_name(consent_state state); // "granted", static

// A command as bytes and back. Only what its kind has is written, and equal commands give equal bytes. TACT_LIMIT: it
// takes more than COMMAND_BYTES_MAX bytes. TACT_INVALID: a value that cannot be written. TACT_NO_MEMORY.
TACT_MUST_USE tact_err command_write(buf *out, const command *c);
// What is read borrows from `bytes`. Checks every bound; TACT_INVALID otherwise, TACT_NO_MEMORY.
TACT_MUST_USE tact_err command_read(arena *a, tact_str bytes, command *out, tact_error *error);
// A copy, with all that its kind borrows, in the arena. False if memory ran out.
TACT_MUST_USE bool command_copy(arena *a, const command *c, command *out);
// What it says, whatever its id, when it happened and what a counter keeps: canonical bytes in the arena. Two commands
// say the same if these are the same: in whatever order their values came, and a whole number as an int or a double.
// The command must be within bounds, as command_check has it. TACT_NO_MEMORY.
TACT_MUST_USE tact_err command_content(arena *a, const command *c, tact_str *out);
// Is it within bounds, and does it fit the schema: numbers, types, allowed values, normalised identities? TACT_INVALID
// with a text that names the member; TACT_LIMIT: it would take more than COMMAND_BYTES_MAX bytes; TACT_NO_MEMORY. An
// int stands for a double where one is declared, see schema_widened.
TACT_MUST_USE tact_err command_check(const command *c, const schema *s, tact_error *error);

#endif
