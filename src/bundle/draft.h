// SPDX-License-Identifier: Apache-2.0
//
// A bundle as it is written, after its shape was checked against format_tbl.h: which members each section has, in which
// order, and the node of each key. What values mean, and whether names and expressions are right, is looked at by
// build.c; here it is only known that every key is one, that what must be there is, and that values are of their form.
#ifndef BUNDLE_DRAFT_H
#define BUNDLE_DRAFT_H

#include "bundle/report.h"
#include "bundle/yaml.h"

enum { DRAFT_NAME_MAX = 64 }; // bytes of a member's name

typedef enum draft_section {
#define SECTION(NAME, key, shape, noun, example, doc) DRAFT_##NAME,
#include "bundle/format_tbl.h"
    DRAFT_SECTIONS,
    DRAFT_LAST_SECTION = DRAFT_SECTIONS - 1,
#define PART(NAME, name, example, doc) DRAFT_##NAME,
#include "bundle/format_tbl.h"
    DRAFT_TABLES // sections and parts
} draft_section;

// Numbers of keys, one run over all sections and parts: DRAFT_OFFERS_TITLE.
typedef enum draft_key_number {
#define KEY(OF, NAME, key, form, kind, need, doc) DRAFT_##OF##_##NAME,
#include "bundle/format_tbl.h"
    DRAFT_KEYS
} draft_key_number;

typedef struct draft_member {
    tact_str name;           // NAMED, PLAIN: its key; else empty
    const yaml_node *node;   // ONE: of bundle, the whole of bundle.yaml
    const yaml_node **items; // by key of its section, see draft_key
    uint32_t section;        // draft_section
    bool spoilt;             // a fault of form was found in it, so that what it lacks proves nothing
} draft_member;

typedef struct draft_members {
    draft_member *of; // in the order of the files
    uint32_t count, room;
    strmap by_name; // name -> its place in `of` plus one, as a pointer
} draft_members;

typedef struct draft {
    report *report; // its arena holds all
    draft_members sections[DRAFT_SECTIONS];
    uint32_t nodes; // of all trees, see YAML_NODES_MAX
} draft;

// Reads all files of `s`, which are the report's sources; of a folder, reads bundle.yaml and what it includes into them
// first. Every fault of form goes into the report; what could be read is there all the same, so that build.c finds the
// rest. False if a file could not be read: then names may be missing of which nobody is to be blamed, and there is
// bundle_check_rest for the others.
bool draft_read(draft *d, report *r);
bool draft_read_folder(draft *d, report *r, sources *s, const char *folder);
typedef struct draft_file {
    tact_str name, text;
} draft_file;
// The same of files that came as texts: bundle.yaml first, wherever it stands, the others in their order. What
// `include` says is not looked at: whoever brings the files has chosen them.
bool draft_read_texts(draft *d, report *r, sources *s, const draft_file *files, uint32_t count);
// The same of files that need not be a bundle: only the sections identities, attributes, purposes, events and
// aggregates are read, the others passed over.
bool draft_read_schema(draft *d, report *r);

// The node of a member's key (DRAFT_OFFERS_TITLE); NULL: not there, or empty, or its fault is reported. Of a PLAIN
// section DRAFT_SEGMENTS_VALUE is the member's node.
const yaml_node *draft_key(const draft_member *m, draft_key_number key);
// A part of a list of parts (DRAFT_CAP: one of `caps`) as a member: its keys and their forms are checked as of a
// member. Paths are those of its keys behind the report's path, which stays. False, with the fault reported: it is no
// map.
bool draft_part(draft *d, draft_section part, const yaml_node *node, draft_member *out);
// The member of a section with this name, or NULL.
const draft_member *draft_find(const draft *d, draft_section section, tact_str name);
const char *draft_section_key(draft_section section); // "offers"; of a part "cap"
const char *draft_noun(draft_section section);        // "an offer"; not of parts
const char *draft_key_text(draft_key_number key);     // "eligible"

#endif
