// SPDX-License-Identifier: Apache-2.0
//
// How far a long work has come, on standard error: on a terminal one line that is drawn again and again, with a bar
// where the end is known; elsewhere a line now and then, so that a log tells it too. Nothing is printed of what ends
// within the first second.
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROGRESS_FIRST_MS = 1000, // nothing is shown before: who waits no longer needs no bar
    PROGRESS_DRAW_MS = 100,   // between two drawings on a terminal; more often is only flicker
    PROGRESS_LINE_MS = 10000, // between two lines elsewhere
    PROGRESS_BAR = 24,        // columns of the bar
    PROGRESS_TEXT = 160,      // bytes of a line, its final zero included
    PROGRESS_COUNT = 27,      // bytes of the longest number with its commas, its final zero included
};

typedef struct progress {
    const char *what; // is counted: "rows"; static
    uint64_t total;   // how far it is, in any unit (bytes of a file); 0: nobody knows
    uint64_t count;   // done so far
    uint64_t at;      // of `total`
    bool quiet, terminal, drawn;
    int64_t begun_ms, shown_ms; // on clock_mono_ms
} progress;

void progress_begin(progress *p, const char *what, uint64_t total, bool quiet);
// `count` are done, which is `at` of the total. Cheap: may be called some thousand times a second.
void progress_step(progress *p, uint64_t count, uint64_t at);
// Takes the bar away, so that something else can be printed; another step would draw it again.
void progress_end(progress *p);

// The line at a moment of clock_mono_ms: "[#####-----]  43%  1,234,567 rows  120,000/s  0:12 left".
const char *progress_text(const progress *p, int64_t now_ms, char text[PROGRESS_TEXT]);
// A number with commas, 1,234,567, in no locale.
const char *progress_count(char text[PROGRESS_COUNT], uint64_t n);

#endif
