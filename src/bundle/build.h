// SPDX-License-Identifier: Apache-2.0
//
// What the parts of building a bundle share: bundle_compile (build.c) runs them in the order of this header, each of
// which needs what the ones before it made. None stops at a fault: what a fault spoils is left out or gets a value that
// offends nobody, so that the rest is looked at, and nothing that only follows from it is reported.
#ifndef BUNDLE_BUILD_H
#define BUNDLE_BUILD_H

#include "bundle/bundle.h"
#include "bundle/draft.h"
#include "cel/zone.h"

// Who reads an expression, and so which names it may have: each everything that the one before may.
typedef enum build_scope {
    BUILD_SEGMENTS,
    BUILD_EXPERIMENTS,
    BUILD_OFFERS,
    BUILD_RANKINGS,
} build_scope;

typedef struct build_members { // of a section, by number: in the order of their names
    const draft_member **of;
    uint32_t *numbers; // of the draft's members, by their places there
    uint32_t count;
} build_members;

typedef struct builder {
    bundle *b;
    draft *d;
    report *r;
    arena *hot, *cold; // the bundle's
    arena *scratch;    // free at the end
    zone zone;
    build_members members[DRAFT_SECTIONS];
    strmap strings;     // what is in `hot` already: text -> the copy's place
    strmap programs[3]; // by what they result in, see build_rule: text -> build_program
    tact_cel_env *env;
    bundle_slot *slots; // the bundle's, while they are being made; likewise these
    bundle_context *context;
    bundle_offer *offers;
    bundle_placement *placements;
    uint64_t *read;                // of slots, by bit: those that some program reads
    uint64_t *segment_purposes;    // by the segment's number in the bundle: bundle_rule.purposes
    const tact_type **offer_types; // of the offers' own attributes, by offer_attributes
    struct build_cap_list *caps;
    // Where we are, for paths of faults and of rules: "offers.womens_winter.eligible".
    draft_section section;
    tact_str member;
    const char *key;     // NULL: the member as a whole
    tact_str part, item; // within the key, or empty
} builder;

// ---- build.c: helpers -----------------------------------------------------------------------------------------------

// An array in one of the arenas, cleared; never NULL but when memory ran out, which is in the report then.
void *build_array(builder *B, arena *a, size_t count, size_t size);
tact_str build_copy(builder *B, tact_str text);   // in the cold arena; empty if memory ran out
tact_str build_intern(builder *B, tact_str text); // in the hot arena, equal texts once
// The report with the path of where we are: report_add(build_at(B), …).
report *build_at(builder *B);
tact_str build_path(builder *B); // the same path, in the cold arena
// From here on we are at this key of this member.
void build_enter(builder *B, const draft_member *m, draft_key_number key);

// ---- build_value.c: single values -----------------------------------------------------------------------------------

// The milliseconds of a time, of a date its midnight in the bundle's zone; `otherwise` if it is not there.
int64_t build_time(builder *B, const yaml_node *node, int64_t otherwise);
// [starts, ends) of a member; a fault if nothing is between them.
void build_period(builder *B, const draft_member *m, draft_key_number starts, draft_key_number ends, int64_t *starts_ms,
                  int64_t *ends_ms);
tact_str build_title(builder *B, const yaml_node *node, tact_str name);
// A whole number of `least` to `most`, for which `what` stands in the complaint.
uint32_t build_count(builder *B, const yaml_node *node, uint32_t least, uint32_t most, const char *what,
                     uint32_t otherwise);
double build_number(builder *B, const yaml_node *node, double otherwise);
// Whether members may be called so; if not, BUILD_NAME_RULE says what they may, with SCHEMA_NAME_MAX.
bool build_is_name(tact_str name);
#define BUILD_NAME_RULE "a name has letters, digits and _, does not begin with a digit, and at most %d characters"
// A percentage in hundredths of one, 0 to 10,000.
uint32_t build_permyriad(builder *B, const yaml_node *node);
bool build_value_copy(builder *B, tact_value v, tact_value *out); // in the hot arena; false if memory ran out
int build_compare(tact_str a, tact_str b);                        // by their bytes, for sorting

// ---- build_names.c: members and references --------------------------------------------------------------------------

void build_names(builder *B);
// The number of the member that `name` at `at` refers to, or -1: it is NULL, or unknown, with its fault.
int32_t build_ref(builder *B, draft_section section, const yaml_node *node);
int32_t build_ref_name(builder *B, draft_section section, tact_str name, cel_span at);
int32_t build_find(const builder *B, draft_section section, tact_str name); // without a fault
// A purpose or an event, by the schema's numbers.
int32_t build_ref_schema(builder *B, schema_kind kind, tact_str name, cel_span at);

// ---- build_schema.c: what the store will know -----------------------------------------------------------------------

void build_schema(builder *B, const schema *running);

// ---- build_env.c: what expressions may name -------------------------------------------------------------------------

void build_context(builder *B);
bool build_context_takes(const bundle_context *c, tact_value v); // as to `values:`; of a list, every item
void build_offer_types(builder *B);                              // build_attribute.c
// Of an offer, by bundle.offer_attributes.
const tact_value *build_attributes(builder *B, const draft_member *m, const bundle_offer *o); // build_attribute.c
void build_env(builder *B);

// ---- build_rule.c: expressions --------------------------------------------------------------------------------------

// What an expression must come to.
typedef enum build_result { BUILD_BOOL, BUILD_DOUBLE, BUILD_ANY } build_result;
// Compiles the text of a scalar (NULL: there is none) for where we are. True if there is a program then.
bool build_rule(builder *B, const yaml_node *node, build_scope scope, build_result result, bundle_rule *out);
// Compiles a part of a scalar's text, whatever it comes to; NULL with its faults.
const tact_cel_program *build_part(builder *B, const yaml_node *node, tact_str part, build_scope scope);
// What a slot can be, as its attribute or context value declares it.
typedef struct build_domain {
    tact_str name; // without its record; empty: nothing is declared
    const tact_value *allowed;
    uint32_t allowed_count; // 0: anything
    bool has_min, has_max;
    tact_value min, max;
} build_domain;
build_domain build_domain_of(const builder *B, uint32_t slot); // build_never.c
// Warns of what a rule compares with that can never be. `form` is what the scalar's text says.
void build_warn_never(builder *B, const yaml_node *node, const normal_form *form); // build_never.c
// Looks in an expression's text for names of `record` (`record.name`), or, with no fields, for `record` itself; `found`
// (may be NULL) is called for each. Where the first is; {0, 0}: nowhere.
cel_span build_words(builder *B, tact_str text, tact_str record, bool fields,
                     void (*found)(void *context, tact_str name), void *context);

// ---- The members ----------------------------------------------------------------------------------------------------

void build_segments(builder *B);    // build_segment.c
void build_groups(builder *B);      // build_offer.c
void build_offers(builder *B);      // build_offer.c
void build_places(builder *B);      // build_place.c: channels, rankings, placements; marks fallbacks
void build_fields(builder *B);      // build_content.c: what placements want
void build_contents(builder *B);    // build_content.c: what offers bring
void build_fallbacks(builder *B);   // build_fallback.c: that nothing can keep them away
void build_candidates(builder *B);  // build_candidates.c: sets of them, and indexes over their rules
void build_experiments(builder *B); // build_experiment.c
void build_tests(builder *B);       // test.c

// The caps at one place; `where` is "offer:womens_winter".
bundle_caps build_caps(builder *B, const draft_member *m, draft_key_number key, const char *kind); // build_cap.c
void build_caps_done(builder *B); // all of them are there: counters are settled

// A text of content, see bundle_text. False with its fault.
bool build_text(builder *B, const yaml_node *node, bundle_field_kind kind, bundle_text *out); // build_text.c

#endif
