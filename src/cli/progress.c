// SPDX-License-Identifier: Apache-2.0
//
// When progress is shown, and where. Subtle: a line longer than the terminal is wide would wrap, and could not be drawn
// over any more; it is cut.
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

void progress_begin(progress *p, const char *what, uint64_t total, bool quiet) {
    int64_t now = clock_mono_ms();
    *p = (progress){.what = what, .total = total, .quiet = quiet, .begun_ms = now, .shown_ms = now};
    p->terminal = isatty(STDERR_FILENO);
}

static size_t terminal_width(void) {
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void progress_step(progress *p, uint64_t count, uint64_t at) {
    p->count = count;
    p->at = at;
    if (p->quiet) return;
    int64_t now = clock_mono_ms();
    int64_t pause = p->terminal ? PROGRESS_DRAW_MS : PROGRESS_LINE_MS;
    if (now - p->begun_ms < PROGRESS_FIRST_MS || now - p->shown_ms < pause) return;
    char text[PROGRESS_TEXT];
    progress_text(p, now, text);
    if (p->terminal) {
        size_t width = terminal_width() - 1; // what stands in the last column wraps on some terminals
        if (strlen(text) > width) text[width] = '\0';
        fprintf(stderr, "\r\033[K%s", text);
        fflush(stderr);
        p->drawn = true;
    } else {
        fprintf(stderr, "%s\n", text);
    }
    p->shown_ms = now;
}

void progress_end(progress *p) {
    if (!p->drawn) return;
    fputs("\r\033[K", stderr);
    p->drawn = false;
}
