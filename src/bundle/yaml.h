// SPDX-License-Identifier: Apache-2.0
//
// YAML 1.2 as a tree whose every node knows its place. JSON is read as well, being a part of YAML. What makes a file
// mean something else than it shows (anchors and aliases, tags, several documents in one) is refused, as are keys that
// repeat or are no texts. The one door to libfyaml.
#ifndef BUNDLE_YAML_H
#define BUNDLE_YAML_H

#include "bundle/report.h"

enum {
    YAML_NODES_MAX = 8 << 20, // of all files of a bundle: bounds what their trees take; 100,000 offers need half of it
    YAML_DEPTH_MAX = 20,      // nesting; bundles use five levels
};

typedef enum yaml_kind {
    YAML_BAD, // its fault was reported: to be passed over in silence
    YAML_SCALAR,
    YAML_LIST,
    YAML_MAP,
} yaml_kind;

typedef struct yaml_node yaml_node;
struct yaml_node {
    uint8_t kind;            // yaml_kind
    bool plain;              // SCALAR: without quotes, so that it may be a number, true, false or null
    uint32_t count;          // LIST, MAP: of items
    cel_span at;             // a scalar's text within its quotes; else where it begins; in the text of all sources
    tact_str text;           // SCALAR; may lie in the sources
    tact_str key;            // of an item of a map
    cel_span key_at;         // likewise
    yaml_node *first, *next; // the first item; the next item of what it is in
};

// The root of the tree of the report's source file `file`, in the arena; NULL if the file is no YAML or holds nothing,
// which is in `r`. Faults that leave a tree to be read are in `r` only. The tree borrows from the sources' text, so no
// file is added from then on. `*nodes` counts parts, over all files that are read with it.
const yaml_node *yaml_read(arena *a, report *r, uint32_t file, uint32_t *nodes);

// Where `len` bytes of a scalar's text, from byte `from` on, are in the sources of `r`, in whatever way the scalar is
// written: quotes, escapes, lines that are folded, blocks. False, and the whole scalar, if they cannot be followed
// there.
bool yaml_span(const report *r, const yaml_node *scalar, uint32_t from, uint32_t len, cel_span *out);

// What a plain scalar is by the core schema of YAML 1.2 (section 10.3.2), of whose words for true and false only these
// two are used here; false if it is something else.
bool yaml_is_null(const yaml_node *node);
bool yaml_bool(const yaml_node *node, bool *out);
bool yaml_int(const yaml_node *node, int64_t *out);   // 12, -3, 0o17, 0xff
bool yaml_double(const yaml_node *node, double *out); // 1.5, 1e3, .inf, .nan, and what is an int

#endif
