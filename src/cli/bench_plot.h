// SPDX-License-Identifier: Apache-2.0
//
// Latencies as files: percentiles as text, in the form that plotters of HdrHistogram read
// (https://hdrhistogram.github.io/HdrHistogram/plotFiles.html), and as a drawing.
#ifndef CLI_BENCH_PLOT_H
#define CLI_BENCH_PLOT_H

#include "base/buf.h"
#include "base/histogram.h"

typedef struct plot_line {
    const char *name; // "server"; no text that would need escaping
    const histogram *h;
} plot_line;

enum { PLOT_LINES_MAX = 4 };

// Milliseconds, percentile, count, 1 / (1 - percentile).
void plot_percentiles(buf *out, const histogram *h);
// An SVG: latency over percentiles, both logarithmic, for dark pages and light ones; `title` says what was measured.
// Lines without anything in them are left out.
void plot_svg(buf *out, const char *title, const plot_line *lines, uint32_t count);

#endif
