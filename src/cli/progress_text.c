// SPDX-License-Identifier: Apache-2.0
//
// What is shown of progress: a function of counts and a moment, so that it can be tested.
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>

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
