// SPDX-License-Identifier: Apache-2.0
//
// The schema: what is known of a person. Namespaces of identities, attributes, purposes, events and aggregates, each
// with a number that is its place in its array and stays its for ever: what is taken out of a schema is marked retired,
// its number is never given again.
//
// A schema is built by schema_add_*, then only read. schema_evolve makes the next one from a running one.
#ifndef VALUE_SCHEMA_H
#define VALUE_SCHEMA_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/strmap.h"
#include "value/type.h"

// Bounds, each far above what a large retailer declares, so that numbers fit 16 bits and records stay small. Of members
// they count the retired, too.
enum {
    SCHEMA_IDENTITIES_MAX = 64,
    SCHEMA_ATTRIBUTES_MAX = 4096,
    SCHEMA_PURPOSES_MAX = 64,
    SCHEMA_EVENTS_MAX = 1024,
    SCHEMA_PROPERTIES_MAX = 64, // of one event
    SCHEMA_AGGREGATES_MAX = 1024,
    SCHEMA_SOURCES_MAX = 254,  // names of sources over all attributes; 255 is none of them
    SCHEMA_NAME_MAX = 64,      // bytes of any name
    SCHEMA_VALUES_MAX = 256,   // allowed values of one attribute, items of a list that is a default
    SCHEMA_TEXT_MAX = 1024,    // bytes of a title, a unit, a text that is a default or an allowed value
    SCHEMA_SOURCE_NONE = 255,  // the number that stands for no source
    SCHEMA_TYPES = 9,          // that attributes and properties can be of, see schema_type_of
    SCHEMA_SPAN_MIN_MS = 1000, // of windows and ages; times of attributes are kept in seconds
};
#define SCHEMA_SPAN_MAX_MS (INT64_C(36500) * 86400 * 1000) // a hundred years, so that a duration holds it

typedef enum schema_kind { // of a member
    SCHEMA_IDENTITY,
    SCHEMA_ATTRIBUTE,
    SCHEMA_PURPOSE,
    SCHEMA_EVENT,
    SCHEMA_AGGREGATE,
    SCHEMA_SOURCE,
    SCHEMA_KINDS
} schema_kind;

typedef enum schema_normalize { SCHEMA_AS_IS = 0, SCHEMA_TRIM = 1, SCHEMA_LOWERCASE = 2 } schema_normalize; // bits

typedef struct schema_identity {
    tact_str name;     // "email"
    bool unique;       // a person has at most one
    uint8_t normalize; // of schema_normalize
    uint32_t max;      // a person keeps the newest so many; 0: all
    bool retired;
} schema_identity;

typedef struct schema_attribute {
    tact_str name;
    const tact_type *type; // bool int double string timestamp duration list(string) list(int) list(double)
    int32_t purpose;       // absent unless granted; -1: needs none
    bool personal;
    const uint8_t *sources; // source numbers, the one that wins first; sources not named come last
    uint32_t sources_count;
    int64_t max_age_ms; // older values read as absent; 0: never too old
    bool has_default, has_min, has_max;
    tact_value fallback;       // `default:`
    tact_value min, max;       // of an int, double, timestamp or duration
    const tact_value *allowed; // `values:`; none: all. Of a list, what its items may be
    uint32_t allowed_count;
    tact_str title, unit;
    bool retired;
} schema_attribute;

typedef struct schema_purpose {
    tact_str name;
    bool granted_by_default;
    bool retired;
    const char *not_granted; // "`marketing` is not granted": why something is absent; made by schema_add_purpose
} schema_purpose;

typedef struct schema_property { // its number is its place in its event
    tact_str name;
    const tact_type *type; // as of an attribute
    bool retired;
} schema_property;

typedef struct schema_event {
    tact_str name;
    const schema_property *properties;
    uint32_t properties_count;
    bool retired;
} schema_event;

typedef enum schema_function { // of an aggregate
#define X(NAME, name, operand, what) SCHEMA_##NAME,
#include "value/schema_function_tbl.h"
#undef X
    SCHEMA_FUNCTIONS
} schema_function;

typedef struct schema_aggregate {
    tact_str name;
    schema_function function;
    uint32_t event;
    int32_t property;      // -1: none (count, since)
    int64_t window_ms;     // 0: all time
    const tact_type *type; // of the result; worked out when it is added
    bool retired;
} schema_aggregate;

typedef struct schema {
    arena *arena;
    schema_identity *identities;
    schema_attribute *attributes;
    schema_purpose *purposes;
    schema_event *events;
    schema_aggregate *aggregates;
    tact_str *sources;
    uint32_t identities_count, attributes_count, purposes_count, events_count, aggregates_count, sources_count;
    strmap names[SCHEMA_KINDS]; // of each kind, retired ones too: name -> its number plus one, as a pointer
} schema;

schema *schema_new(arena *a); // empty, in the arena; NULL if memory ran out

// Each adds one and copies what it is given. TACT_EXISTS, TACT_INVALID (a name or type that cannot be), TACT_LIMIT,
// TACT_NO_MEMORY, with a text in `error` (may be NULL) that names the member; then nothing was added. A member refers
// to others by number, so purposes and sources come before attributes, events before aggregates. Attributes and
// aggregates share their names, since rules read both as `profile.name`.
TACT_MUST_USE tact_err schema_add_identity(schema *s, const schema_identity *identity, tact_error *error);
TACT_MUST_USE tact_err schema_add_attribute(schema *s, const schema_attribute *attribute, tact_error *error);
TACT_MUST_USE tact_err schema_add_purpose(schema *s, const schema_purpose *purpose, tact_error *error);
TACT_MUST_USE tact_err schema_add_event(schema *s, const schema_event *event, tact_error *error);
TACT_MUST_USE tact_err schema_add_aggregate(schema *s, const schema_aggregate *aggregate, tact_error *error);
// The number of a source's name, added if it is new; -1 with an error if there are too many.
int32_t schema_source(schema *s, tact_str name, tact_error *error);

// The number of a member that is not retired, or -1.
int32_t schema_find_identity(const schema *s, tact_str name);
int32_t schema_find_attribute(const schema *s, tact_str name);
int32_t schema_find_purpose(const schema *s, tact_str name);
int32_t schema_find_event(const schema *s, tact_str name);
int32_t schema_find_aggregate(const schema *s, tact_str name);
int32_t schema_find_source(const schema *s, tact_str name);
int32_t schema_find_property(const schema_event *e, tact_str name);
// The number of a member, retired or not, or -1.
int32_t schema_number(const schema *s, schema_kind kind, tact_str name);

const char *schema_function_name(schema_function function); // "count", static
// Whether a property of this type can be what a function is of; NULL: whether it can be of an event alone.
bool schema_function_takes(schema_function function, const tact_type *property);
// What such a property must be ("a number"), static.
const char *schema_function_needs(schema_function function);

// The types that attributes and properties can be of, by the numbers that stored bytes have for them; NULL, and -1, for
// any other.
const tact_type *schema_type_of(uint32_t number);
int32_t schema_type_number(const tact_type *type);
const char *schema_type_text(const tact_type *type); // "list(string)", static

// An int as a double where `type` is double; any other value as it is.
tact_value schema_widened(const tact_type *type, tact_value v);
// Whether `v` is a value of `type`, well-formed and not NULL.
bool schema_fits(const tact_type *type, tact_value v);
// Whether the attribute can have this value: type, bounds, allowed values. TACT_INVALID with a text that names the
// attribute.
TACT_MUST_USE tact_err schema_check_value(const schema_attribute *attribute, tact_value v, tact_error *error);

// The schema that `wanted` asks for after `running`: members keep the numbers of their names, new ones get the next,
// those that are gone are retired. Allowed: adding, retiring, coming back with the same type, int to double, and
// changes that do not touch what is stored (purpose, sources, max_age, default, title, more allowed values, looser
// bounds, a wider window, an identity that is no longer unique). TACT_INVALID: any other, with the reason.
TACT_MUST_USE tact_err schema_evolve(arena *a, const schema *running, const schema *wanted, schema **out,
                                     tact_error *error);

// The schema as bytes and back: for the store. Reading refuses what writing did not make (TACT_INVALID); what is read
// borrows nothing.
void schema_write(buf *out, const schema *s);
TACT_MUST_USE tact_err schema_read(arena *a, tact_str bytes, schema **out, tact_error *error);

// An identity's value as its namespace normalises it, in the arena; {NULL, 0} if memory ran out. Lower case is
// Unicode's simple mapping, trimming takes away white space at both ends.
tact_str schema_normalized(arena *a, const schema_identity *identity, tact_str value);
// Whether normalising would leave it as it is.
bool schema_is_normalized(const schema_identity *identity, tact_str value);

#endif
