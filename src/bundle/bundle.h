// SPDX-License-Identifier: Apache-2.0
//
// A bundle, compiled: all that marketers publish, immutable, in two arenas of its own (what decisions read lies close
// together in one; names of files, texts of rules and what only explains in the other). Numbers of offers, placements,
// groups and so on are places in its arrays, in the order of their names, so that equal names give equal order.
//
// Threads: read by any number once built. See live.h for how the active one is swapped.
#ifndef BUNDLE_BUNDLE_H
#define BUNDLE_BUNDLE_H

#include "bundle/report.h"
#include "bundle/sources.h"
#include "cel/normal.h"
#include "cel/zone.h"
#include "index/index.h"
#include "tact/cel.h"
#include "value/schema.h"

struct draft;

enum {
    BUNDLE_OFFERS_MAX = 100000,
    BUNDLE_PLACEMENTS_MAX = 256,
    BUNDLE_GROUPS_MAX = 4096,
    BUNDLE_SEGMENTS_MAX = 4096,
    BUNDLE_CONTEXT_MAX = 256,
    BUNDLE_RANKINGS_MAX = 256,
    BUNDLE_EXPERIMENTS_MAX = 256,
    BUNDLE_ARMS_MAX = 16, // of an experiment
    BUNDLE_CAPS_MAX = 16, // at one place (an offer, a group, a channel, a placement)
    BUNDLE_SLOTS_OF_PLACEMENT = 100,
    BUNDLE_OFFER_ATTRIBUTES_MAX = 64, // different names over all offers
    BUNDLE_FIELDS_MAX = 32,           // of a content
    BUNDLE_TEXT_MAX = 16384,          // bytes of one text of content
};

// ---- What expressions read ------------------------------------------------------------------------------------------

// Where the value of an environment's slot comes from. The environments of segments, of offers' rules and of rankings
// are one and the same numbering: each can read what the one before it can, and more.
typedef enum bundle_slot_kind {
    BUNDLE_SLOT_NOW,        // `now`
    BUNDLE_SLOT_ATTRIBUTE,  // profile.x: the schema's attribute `number`
    BUNDLE_SLOT_AGGREGATE,  // profile.x: the schema's aggregate
    BUNDLE_SLOT_CONSENT,    // consent.x: bool, whether the schema's purpose is granted
    BUNDLE_SLOT_CONTEXT,    // context.x
    BUNDLE_SLOT_SEGMENT,    // segment.x: bool
    BUNDLE_SLOT_OFFER,      // offer.x: offer_attributes[number]; only rules of offers and rankings
    BUNDLE_SLOT_PROPENSITY, // `propensity`: only rankings
} bundle_slot_kind;

typedef struct bundle_slot {
    uint8_t kind; // bundle_slot_kind
    uint32_t number;
    tact_str name; // "profile.recency"
} bundle_slot;

typedef struct bundle_rule {
    const tact_cel_program *program; // NULL: there is none
    const normal_form *form;         // what it says as predicates, for an index over all rules; NULL with program
    tact_str path;                   // "offers.womens_winter.eligible"
    tact_str text;                   // as it was written
    cel_span at;                     // of the text, in the sources
    uint64_t purposes;               // that attributes which it reads need, segments followed; bit by number
} bundle_rule;

// Can they; does it make sense now; should we.
enum { BUNDLE_ELIGIBLE, BUNDLE_APPLICABLE, BUNDLE_SUITABLE, BUNDLE_TIERS };

// The first of what rules may read of an offer; the `attributes:` of offers come behind, in the order of their names.
typedef enum bundle_offer_attribute {
    BUNDLE_OFFER_ID, // its name
    BUNDLE_OFFER_TITLE,
    BUNDLE_OFFER_VALUE,
    BUNDLE_OFFER_WEIGHT,
    BUNDLE_OFFER_GROUP, // the group's name; empty if it is in none
    BUNDLE_OFFER_BUILT_IN,
} bundle_offer_attribute;

// ---- Members --------------------------------------------------------------------------------------------------------

typedef enum bundle_count { BUNDLE_ON_DECISION, BUNDLE_ON_IMPRESSION, BUNDLE_ON_CLICK, BUNDLE_ON_EVENT } bundle_count;
typedef enum bundle_period {
    BUNDLE_FOR_EVER,
    BUNDLE_SLIDING, // every_ms
    BUNDLE_HOUR,    // calendar periods, in the bundle's time zone; weeks begin on Monday
    BUNDLE_DAY,
    BUNDLE_WEEK,
    BUNDLE_MONTH,
    BUNDLE_YEAR,
} bundle_period;

typedef struct bundle_cap {
    uint64_t tally; // the counter's key: from what it stands on and what it counts, see bundle_tally
    uint32_t max;   // 0: never
    uint32_t keep;  // what counting must keep of a person: the largest `max` of the counter's caps that are no budgets
    uint8_t on;     // bundle_count
    uint8_t period; // bundle_period
    bool everyone;  // a budget
    int32_t event;  // ON_EVENT: the schema's number; -1
    int64_t every_ms; // SLIDING
    tact_str path;    // "offers.womens_winter.caps[0]"
} bundle_cap;

typedef struct bundle_caps { // a run of `caps`
    uint32_t first, count;
} bundle_caps;

typedef enum bundle_field_kind {
#define X(NAME, name, doc) BUNDLE_FIELD_##NAME,
#include "bundle/field_tbl.h"
#undef X
    BUNDLE_FIELD_KINDS
} bundle_field_kind;

typedef struct bundle_field { // of what a placement wants
    tact_str name;
    uint8_t kind; // bundle_field_kind
    bool optional;
} bundle_field;

// Texts of content are as they are written but for what stands between {{ and }}: an expression, computed for each
// answer. It may name others to be taken where it has no value (any error is none), from left to right:
//
//      Hello {{ profile.first_name ?? "there" }}!
//
// Where none of them has one, the offer has no content for that placement then, and is passed over. A text that is to
// hold {{ itself writes {{ "{{" }}.
typedef struct bundle_piece bundle_piece;
struct bundle_piece {                // of a text: either as it is or computed
    tact_str text;                   // as it is; of what is computed, the expression
    const tact_cel_program *program; // of {{ … }}: string, int, uint, double or bool; NULL: `text` it is
    const bundle_piece *otherwise;   // what is behind `??`; NULL: nothing
};

typedef struct bundle_text { // a field's value: its pieces one behind the other
    uint32_t field;          // of its placement's fields
    uint32_t count;
    const bundle_piece *pieces; // of an int, double or bool that is computed: one, of that type
    tact_value value;           // of an int, double or bool that is not; else NULL kind
} bundle_text;

typedef struct bundle_content { // of an offer for a placement
    uint32_t offer, placement;
    const bundle_text *texts;
    uint32_t count;
} bundle_content;

typedef struct bundle_offer {
    tact_str name, title; // a title that is not written is the name, here and below
    bundle_rule rules[BUNDLE_TIERS];
    bundle_rule propensity;     // program NULL: the constant
    double propensity_constant; // 1 by default
    double value, weight;
    int32_t group, purpose;     // -1: none; the purpose is the group's where it has none of its own
    int64_t starts_ms, ends_ms; // [starts, ends); 0 and INT64_MAX by default
    bundle_caps caps;
    const tact_value *attributes; // by offer_attributes; an ABSENT fault where it has none
    bool repeat;                  // may stand in several placements of one answer
    bool fallback;                // is one: never a candidate, and without any restriction
    cel_span at;
} bundle_offer;

typedef struct bundle_group {
    tact_str name, title;
    bundle_rule rules[BUNDLE_TIERS];
    int32_t purpose;
    bundle_caps caps;
    uint32_t per_answer; // at most so many in one answer; 0: any
} bundle_group;

// The contents of a placement that decisions begin with, as sets: bit i of word w is that of `contents[64 * w + i]`.
typedef struct bundle_candidates {
    size_t words;
    const uint64_t *all;
    const uint64_t *dated;                 // whose offer starts or ends
    const uint64_t *with_purpose;          // whose offer needs one
    const uint64_t *ruled[BUNDLE_TIERS];   // whose offer has a rule, or its group has
    const rule_index *index[BUNDLE_TIERS]; // over these rules; NULL: nothing of them can be looked up
} bundle_candidates;

typedef struct bundle_placement {
    tact_str name, title;
    uint32_t channel;
    uint32_t slots;
    int32_t fallback; // offer; -1: none
    uint32_t ranking;
    bool ties_random; // else by offer's name
    bundle_caps caps;
    const bundle_field *fields;
    uint32_t fields_count;
    const uint32_t *contents; // of the offers that have content for it, fallbacks left out, ascending by offer
    uint32_t contents_count;
    bundle_candidates candidates;
    int32_t fallback_content; // -1: none
} bundle_placement;

typedef struct bundle_channel {
    tact_str name, title;
    bundle_caps caps;
} bundle_channel;

typedef struct bundle_segment {
    tact_str name, title;
    bundle_rule rule;
    uint32_t slot;
} bundle_segment;

typedef struct bundle_ranking {
    tact_str name;    // empty: of placements that name none, `propensity * offer.value`; always the first
    bundle_rule rule; // double
} bundle_ranking;

typedef struct bundle_context { // what a request may carry
    tact_str name, title;
    const tact_type *type;
    tact_value fallback;       // `default:`; NULL kind: absent
    const tact_value *allowed; // `values:`
    uint32_t allowed_count;
    uint32_t slot;
} bundle_context;

typedef struct bundle_arm {
    tact_str name;
    uint32_t permyriad; // of people: 2500 is 25 %
    int32_t ranking;    // that it sets; -1: none
} bundle_arm;

typedef struct bundle_experiment {
    tact_str name, title;
    tact_str salt;      // what is hashed with the person; its name by default
    tact_str exclusive; // experiments of one such name share their people: a person is in one at most; empty: none
    uint32_t from, to;  // its share of that space in permyriad, [from, to): shares lie one behind the other in the
                        // order of the files, so that one which is added at the end moves nobody
    const uint32_t *placements;
    uint32_t placements_count; // 0: all
    const bundle_arm *arms;
    uint32_t arms_count;
    bundle_rule eligible;
    int64_t starts_ms, ends_ms;
} bundle_experiment;

typedef struct bundle {
    arena hot, cold;
    tact_str name, title, time_zone;
    zone clocks;                // of time_zone, found when the bundle was built: finding one reads files
    uint8_t hash[SOURCES_HASH]; // of the sources' canonical form; set by who stores or signs it
    sources sources;            // a copy
    const schema *schema;       // what it was compiled against, its own copy
    const tact_cel_env *env;    // of rankings, which can read everything; the others are within it

    const bundle_slot *slots;
    const bundle_offer *offers;
    const bundle_content *contents; // by offer, then placement
    const bundle_group *groups;
    const bundle_placement *placements;
    const bundle_channel *channels;
    const bundle_segment *segments; // each after those that it reads
    const bundle_ranking *rankings;
    const bundle_context *context;
    const bundle_experiment *experiments;
    const bundle_cap *caps;
    const tact_str *offer_attributes; // names behind `offer.`, see bundle_offer_attribute
    const struct bundle_test *tests;  // the bundle's own, in the order of the files, see test.h
    uint32_t slots_count, offers_count, contents_count, groups_count, placements_count, channels_count;
    uint32_t segments_count, rankings_count, context_count, experiments_count, caps_count, offer_attributes_count;
    uint32_t tests_count;
    uint32_t holdout_permyriad;
    int32_t holdout_purpose; // -1: of all that is no fallback
    tact_str holdout_salt;
    strmap offers_by_name, placements_by_name, context_by_name; // name -> number plus one, as a pointer
} bundle;

// Reads, checks and compiles the sources of `r`. `running` is the schema of the store that it is for, whose numbers it
// takes (schema_evolve); NULL: none. Every fault and warning goes into `r`; `*out` is set only if there is no fault,
// and borrows nothing. The gravest of the report's errors. A bound on the report's arena bounds each of the bundle's,
// too.
TACT_MUST_USE tact_err bundle_build(report *r, const schema *running, bundle **out);
// The same of a draft that was read already (draft_read_folder).
TACT_MUST_USE tact_err bundle_compile(struct draft *d, const schema *running, bundle **out);
// Of a draft that is not whole, since files could not be read: adds what is wrong with the others to its report, but
// for what may follow from what is missing.
void bundle_check_rest(struct draft *d);
void bundle_free(bundle *b); // NULL is allowed

// The key of the counter of `on` (an event's name, decision, impression or click) at "offer:womens_winter",
// "group:apparel", "channel:web" or "placement:home_hero": the same in every version of a bundle, so that counts stay
// when rules change.
uint64_t bundle_tally(tact_str where, tact_str on);

// The rules of a tier that hold for an offer: its own, and its group's; without a program where there is none.
enum { BUNDLE_RULES_OF_TIER = 2 };
void bundle_rules_of(const bundle *b, uint32_t offer, uint32_t tier, const bundle_rule *out[BUNDLE_RULES_OF_TIER]);

int32_t bundle_find_offer(const bundle *b, tact_str name);     // or -1
int32_t bundle_find_placement(const bundle *b, tact_str name); // or -1
int32_t bundle_find_context(const bundle *b, tact_str name);   // or -1

// The bytes that it takes, of which `hot` are what decisions read.
size_t bundle_bytes(const bundle *b, size_t *hot);

#endif
