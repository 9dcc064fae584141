// SPDX-License-Identifier: Apache-2.0
//
// What is shown is a function of counts and clock, progress_text; the rest decides when it is shown, and where. Subtle:
// a line longer than the terminal is wide would wrap, and could not be drawn over any more; it is cut.
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

#define PROGRESS_LEFT_MAX 1e6 // seconds; nobody waits so long for a bar

const char *progress_count(char text[PROGRESS_COUNT], uint64_t n) {
    char digits[PROGRESS_COUNT];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *out = text;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

// What is left at the pace so far, "0:07" or "1:02:03". Nothing where that is a guess and no time.
static void add_left(char *text, size_t room, double part, double seconds) {
    double left = part > 0 ? seconds / part - seconds : PROGRESS_LEFT_MAX;
    if (left >= PROGRESS_LEFT_MAX) return;
    unsigned s = (unsigned)left;
    if (s < 3600) {
        snprintf(text, room, "  %u:%02u left", s / 60, s % 60);
    } else {
        snprintf(text, room, "  %u:%02u:%02u left", s / 3600, s / 60 % 60, s % 60);
    }
}

const char *progress_text(const progress *p, int64_t now_ms, char text[PROGRESS_TEXT]) {
    char count[PROGRESS_COUNT], rate[PROGRESS_COUNT], bar[PROGRESS_BAR + 16] = "", left[32] = "";
    double seconds = now_ms > p->begun_ms ? (double)(now_ms - p->begun_ms) / 1000 : 0;
    if (p->total) {
        double part = p->at < p->total ? (double)p->at / (double)p->total : 1;
        char filled[PROGRESS_BAR + 1];
        for (int i = 0; i < PROGRESS_BAR; i++) filled[i] = i < (int)(part * PROGRESS_BAR) ? '#' : '-';
        filled[PROGRESS_BAR] = '\0';
        snprintf(bar, sizeof bar, "[%s] %3d%%  ", filled, (int)(part * 100));
        add_left(left, sizeof left, part, seconds);
    }
    uint64_t a_second = seconds > 0 ? (uint64_t)((double)p->count / seconds) : 0;
    snprintf(text, PROGRESS_TEXT, "%s%s %s  %s/s%s", bar, progress_count(count, p->count), p->what,
             progress_count(rate, a_second), left);
    return text;
}

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
