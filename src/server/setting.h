// SPDX-License-Identifier: Apache-2.0
//
// The settings of a server (setting_tbl.h): from their defaults, a file, the environment and the command line, each
// over the one before. A file is lines `name = value`, with `#` before what is not to be read; a setting that is a list
// may stand there more than once, and what comes later replaces the whole list of what came before it.
//
// Errors name the file and line, the variable or the option, and the nearest setting of an unknown one.
#ifndef SERVER_SETTING_H
#define SERVER_SETTING_H

#include "base/arena.h"

// Bytes of a file; ten thousand tokens take a third of it, and more is some other file.
enum { SETTINGS_FILE_MAX = 4 << 20 };

typedef enum setting_kind {
    SETTING_TEXT,  // tact_str
    SETTING_TEXTS, // setting_texts
    SETTING_COUNT, // uint32_t
    SETTING_BYTES, // uint64_t: 4096, 64K, 4M, 1G
    SETTING_SPAN,  // uint32_t, milliseconds: 250ms, 10s, 5m; 0
    SETTING_SHARE, // double, 0 to 1; also 5%
} setting_kind;

typedef struct setting_texts {
    const tact_str *of;
    uint32_t count;
} setting_texts;

typedef tact_str setting_TEXT;
typedef setting_texts setting_TEXTS;
typedef uint32_t setting_COUNT;
typedef uint64_t setting_BYTES;
typedef uint32_t setting_SPAN;
typedef double setting_SHARE;

// Every value, in the arena that it was read with. `texts` of TEXT end in a zero as well.
typedef struct settings {
#define X(NAME, name, KIND, standard, CHANGES, argument, doc) setting_##KIND name;
#include "server/setting_tbl.h"
#undef X
} settings;

typedef enum setting_name {
#define X(NAME, name, KIND, standard, CHANGES, argument, doc) SETTING_NAME_##NAME,
#include "server/setting_tbl.h"
#undef X
    SETTINGS
} setting_name;

typedef struct setting_row { // for --help, docs and the command line's options
    const char *name, *standard, *argument, *doc;
    setting_kind kind;
    bool live;
} setting_row;
const setting_row *setting_rows(void); // SETTINGS of them, static

void settings_default(settings *s);
// Sets one from text, the text is copied. `where` ("--queue", "TACT_QUEUE", "tact.conf:12") is for errors. A list gets
// one more item, the first of a source replaces what was there (`first`). TACT_INVALID.
TACT_MUST_USE tact_err settings_set(settings *s, arena *a, setting_name name, tact_str text, bool first,
                                    const char *where, tact_error *error);
// All of a file, which is given as text. TACT_INVALID with file and line.
TACT_MUST_USE tact_err settings_read(settings *s, arena *a, const char *file, tact_str text, tact_error *error);
// All TACT_… of the environment (`environ` of the process), which other programs of Tact's may have too: unknown ones
// are let be.
TACT_MUST_USE tact_err settings_environment(settings *s, arena *a, char *const *environment, tact_error *error);
// The next variable from `*at` on that nobody reads and whose name is nearly a setting's, which is `setting` then: most
// likely it is misspelt. False: there is none.
bool settings_misspelt(char *const *environment, size_t *at, tact_str *variable, const char **setting);
// Whether what is set goes together: a store is named, TLS has its certificate, what is listened on beyond this machine
// has tokens. TACT_INVALID with what to do.
TACT_MUST_USE tact_err settings_check(const settings *s, tact_error *error);
// A copy that borrows nothing; false: no memory.
TACT_MUST_USE bool settings_copy(arena *a, const settings *from, settings *to);
// The whole of a file of settings or tokens, with a final zero that is not counted. TACT_NOT_FOUND, TACT_IO,
// TACT_LIMIT, with its path.
TACT_MUST_USE tact_err settings_file(arena *a, const char *path, tact_str *out, tact_error *error);
// Names of FIXED settings that differ, ", " between them: what a reload cannot change. Empty: none does.
tact_str settings_fixed_changes(const settings *now, const settings *wanted, arena *a);

#endif
