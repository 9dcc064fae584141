// SPDX-License-Identifier: Apache-2.0
//
// What an import reads: a file or standard input. While it is open, SIGINT and SIGTERM do not end the program but the
// reading, so that what was applied can be committed; a second one ends the program as ever.
#ifndef CLI_IMPORT_INPUT_H
#define CLI_IMPORT_INPUT_H

#include <signal.h>

#include "tact/core.h"

typedef struct import_input {
    const char *name; // as complaints have it
    int fd;
    uint64_t total;  // its bytes; 0: nobody knows
    int interrupted; // by this signal; 0: it was not
    int signals;     // where signals are read
    sigset_t before; // that were held back
} import_input;

// To be called before there are threads: they must hold the signals back, too. False after a complaint.
TACT_MUST_USE bool import_input_open(import_input *in, const char *path);
void import_input_close(import_input *in); // also after a failed open
// A csv_source. An error of TACT_BUSY: interrupted.
ptrdiff_t import_input_read(void *input, char *to, size_t room, tact_error *error);
// Whether it is the same file as the one at `path`.
bool import_input_is(const import_input *in, const char *path);

#endif
