// SPDX-License-Identifier: Apache-2.0
//
// A bundle's files as one text: each lies in it as it was read, one behind the other with a zero byte between, so that
// a place is one number (cel_span) for the whole bundle, a file's end included, and the bytes that are hashed, signed
// and stored are those that were checked.
#ifndef BUNDLE_SOURCES_H
#define BUNDLE_SOURCES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/strmap.h"

enum {
    SOURCES_FILE_MAX = 64 << 20,    // bytes of one file: 100,000 offers fit into one
    SOURCES_BUNDLE_MAX = 256 << 20, // bytes of all
    SOURCES_FILES_MAX = 10000,
    SOURCES_NAME_MAX = 512, // bytes of a file's path within its bundle
    SOURCES_HASH = 32,      // BLAKE2b-256
};
#define SOURCES_ROOT "bundle.yaml"

typedef struct source_stamp { // of a file that was read: whether it is still the same
    uint64_t device, inode, size;
    int64_t modified_ns, changed_ns;
} source_stamp;

typedef struct source_file {
    tact_str name;      // path within the folder: "offers/apparel.yaml"
    uint32_t from, len; // its bytes in `text`
    source_stamp stamp; // cleared if it came as text
} source_file;

typedef struct source_pattern { // what a pattern matched when it was looked at
    tact_str text;
    const tact_str *names;
    uint32_t count;
} source_pattern;

typedef struct sources {
    arena *arena;
    buf text;
    source_file *files; // in the order of reading: SOURCES_ROOT first, then what it includes
    uint32_t count, room;
    strmap by_name; // name -> number plus one, as a pointer
    source_pattern *patterns;
    uint32_t patterns_count, patterns_room;
} sources;

void sources_init(sources *s, arena *a);
// Whether a name or pattern is a plain path that stays within its folder. TACT_INVALID, TACT_LIMIT.
TACT_MUST_USE tact_err sources_check_name(tact_str name, tact_error *error);
// Adds a file that is there as text (a test, a schema); its name is only shown. TACT_LIMIT, TACT_EXISTS (the name),
// TACT_NO_MEMORY.
TACT_MUST_USE tact_err sources_add(sources *s, tact_str name, tact_str text, tact_error *error);
// Adds the file `name` of a folder that is open as `folder_fd`. Refused: names that lead out of the folder (`..`,
// absolute, links of any kind), what is no regular file, what changes while it is read (TACT_BUSY), what is too large.
TACT_MUST_USE tact_err sources_read(sources *s, int folder_fd, tact_str name, tact_error *error);
// Whether all that was read from the folder is still as it was, and its patterns match what they matched, so that the
// files belong together and none is missing that was away for a moment. TACT_BUSY: something changed; TACT_IO.
TACT_MUST_USE tact_err sources_check(const sources *s, int folder_fd, tact_error *error);
// The names in the folder that a pattern (`offers/*.yaml`; `*` and `?` never match `/` or a leading dot, `**` any
// folders) matches, in byte order, in the arena; sources_check looks at it again. No match is no error. TACT_LIMIT,
// TACT_IO.
TACT_MUST_USE tact_err sources_glob(sources *s, int folder_fd, tact_str pattern, const tact_str **names,
                                    uint32_t *count, tact_error *error);
// All files below the folder, as far as they can be listed: what a name that is none may have been meant to be.
void sources_list(arena *a, int folder_fd, const tact_str **names, uint32_t *count);
tact_str sources_text_of(const sources *s, uint32_t file); // valid until the next file is added
size_t
sources_mark(tact_str text); // bytes of the mark of byte order that a file's text begins with, as some editors put it
int32_t sources_find(const sources *s, tact_str name); // a file's number, or -1
// The file that byte `pos` of the text is in; its end is in it, too.
uint32_t sources_file_at(const sources *s, uint32_t pos);

// The canonical form: what is stored, hashed and signed. Files in order: name, bytes (both with their lengths).
void sources_write(buf *out, const sources *s);
TACT_MUST_USE tact_err sources_unpack(sources *s, tact_str bytes, tact_error *error); // into an empty one; TACT_INVALID

#endif
