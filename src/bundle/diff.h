// SPDX-License-Identifier: Apache-2.0
//
// What is different between two bundles, in the words of who writes them: members that came, went and changed, and of
// those that changed which keys and how, as they are written. Order of files, of members and of keys, comments and
// quotes make no difference, nor does it how a number, a span or a time is written (12 and 12.0, 7d and 1w) and what
// blanks stand in an expression.
#ifndef BUNDLE_DIFF_H
#define BUNDLE_DIFF_H

#include "bundle/draft.h"
#include "value/value.h"

enum {
    DIFF_LINE_MAX = 100,  // columns of a change on one line; longer ones stand on lines of their own
    DIFF_PARTS_MAX = 100, // parts (caps) of a list that are matched; longer lists are compared as a whole
};

typedef enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED } diff_kind;

typedef struct diff_key {
    tact_str path;          // "value", "content.home_hero.title"; empty: the member is a single value
    const char *noun;       // "cap": it is an item of the list `path`; NULL: it is no item
    diff_kind kind;         //
    tact_str before, after; // as written; of maps and lists in one line. Empty where there is none
} diff_key;

typedef struct diff_member {
    draft_section section;
    tact_str name; // of a test its `name`; empty: the section is the member
    tact_str title;
    diff_kind kind;
    diff_key *keys; // CHANGED
    uint32_t count, room;
} diff_member;

typedef struct diff {
    arena *arena;
    diff_member *members; // by section; those that went last
    uint32_t count, room;
    bool failed; // memory ran out: what is there is not all
} diff;

// Both drafts were read without errors. What is found borrows from them and lies in the arena.
void diff_drafts(diff *d, arena *a, const draft *before, const draft *after);

// For people; `no difference` without any. {NULL, 0} if memory ran out, now or before.
tact_str diff_text(const diff *d);
// A list of maps: section, name, change, and of what changed `keys`, a list of maps: key, change, before, after.
// NULL, the value, if memory ran out.
tact_value diff_value(const diff *d);

#endif
