// SPDX-License-Identifier: Apache-2.0
//
// Latencies drawn. The axis below has as much room for each further nine: 90 %, 99 %, 99.9 %; the one at the left as
// much for each factor of ten. Numbers are written by buf_printf, with a point in the C locale that commands keep to.
#include "cli/bench_plot.h"

#include <math.h>

enum {
    TICKS = 5,   // percentiles told of each half that is left, as HdrHistogram does by default
    HALVES = 40, // after so many there is nothing left of any count
    WIDTH = 860, // of the drawing
    HEIGHT = 500,
    LEFT = 92, // room for what is written around it
    RIGHT = 28,
    BOTTOM = 60,
    HEADING = 76, // the first of the rows that name lines
    ROW = 20,
    STEPS = 60, // points of a line for each nine
    NINES = 5,  // 99.999 % is the most that is drawn
};

// ---- Text -----------------------------------------------------------------------------------------------------------

static double deviation(const histogram *h, double mean) {
    double sum = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        const double off = (double)histogram_bucket_low(i) - mean;
        sum += (double)h->counts[i] * off * off;
    }
    return h->total ? sqrt(sum / (double)h->total) : 0;
}

void plot_percentiles(buf *out, const histogram *h) {
    const double total = (double)h->total, mean = h->total ? (double)h->sum_ns / total : 0;
    buf_add_text(out, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n");
    double share = 0;
    for (int half = 0; half < HALVES && (1 - share) * total >= 1; half++) {
        const double rest = pow(0.5, half);
        for (int tick = 0; tick < TICKS && (1 - share) * total >= 1; tick++) {
            share = 1 - rest + rest / 2 * tick / TICKS;
            const uint64_t ns = histogram_quantile(h, share);
            buf_printf(out, "%12.3f %2.12f %10llu %14.2f\n", (double)ns / 1e6, share,
                       (unsigned long long)histogram_at_most(h, ns), 1 / (1 - share));
        }
    }
    buf_printf(out, "%12.3f %2.12f %10llu\n", (double)h->max_ns / 1e6, 1.0, (unsigned long long)h->total);
    buf_printf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", mean / 1e6, deviation(h, mean) / 1e6);
    buf_printf(out, "#[Max     = %12.3f, Total count    = %12llu]\n", (double)h->max_ns / 1e6,
               (unsigned long long)h->total);
    buf_printf(out, "#[Buckets = %12d, SubBuckets     = %12d]\n", HISTOGRAM_POWERS + 1, HISTOGRAM_SUB);
}

// ---- Drawing --------------------------------------------------------------------------------------------------------

// A page may be dark or light, and the drawing has its own ground in either; what shows SVG without styles of the media
// shows the light one.
static const char style[] =
    "<style>\n"
    ".ground{fill:#fff} text{fill:#37352f} .quiet{fill:#6b6a66} .fine{stroke:#efeeec} .grid{stroke:#cfcdc8}\n"
    ".line{fill:none;stroke-width:2.2;stroke-linejoin:round}\n"
    ".l0{stroke:#0b6e99} .l1{stroke:#d9730d} .l2{stroke:#448361} .l3{stroke:#9065b0}\n"
    "@media (prefers-color-scheme: dark) {\n"
    ".ground{fill:#16191d} text{fill:#e4e6e8} .quiet{fill:#9aa0a6} .fine{stroke:#23272c} .grid{stroke:#434950}\n"
    ".l0{stroke:#4fb3dc} .l1{stroke:#ffa344} .l2{stroke:#6fbf8f} .l3{stroke:#b58ad6}\n"
    "}\n</style>\n";

typedef struct frame { // what the axes show
    double nines;      // as many as there are counts for
    double low, high;  // decimal logarithms of nanoseconds
    int top;           // below the heading
} frame;

static double x_of(const frame *f, double nines) {
    return LEFT + (WIDTH - LEFT - RIGHT) * nines / f->nines;
}

static double y_of(const frame *f, double ns) {
    const double at = (log10(ns < 1 ? 1 : ns) - f->low) / (f->high - f->low);
    return HEIGHT - BOTTOM - (HEIGHT - f->top - BOTTOM) * at;
}

static frame frame_of(const plot_line *lines, uint32_t count) {
    frame f = {1, 4, 4, HEADING};
    uint64_t most = 10, low = UINT64_MAX, high = 1;
    for (uint32_t i = 0; i < count; i++) {
        const histogram *h = lines[i].h;
        if (!h->total) continue;
        f.top += ROW;
        if (h->total > most) most = h->total;
        if (histogram_quantile(h, 0) < low) low = histogram_quantile(h, 0);
        if (h->max_ns > high) high = h->max_ns;
    }
    f.nines = log10((double)most);
    if (f.nines > NINES) f.nines = NINES;
    if (low > high) low = 1000;
    f.low = floor(log10(low ? (double)low : 1));
    f.high = ceil(log10((double)high));
    if (f.high <= f.low) f.high = f.low + 1;
    return f;
}

static void add_span(buf *out, double ns) {
    if (ns < 1e3) {
        buf_printf(out, "%.3g ns", ns);
    } else if (ns < 1e6) {
        buf_printf(out, "%.3g \xc2\xb5s", ns / 1e3);
    } else if (ns < 1e9) {
        buf_printf(out, "%.3g ms", ns / 1e6);
    } else {
        buf_printf(out, "%.3g s", ns / 1e9);
    }
}

static void add_times(buf *out, const frame *f) {
    for (int power = (int)f->low; power <= (int)f->high; power++) {
        for (int k = 1; k < 10; k++) {
            const double ns = pow(10, power) * k;
            if (log10(ns) > f->high + 1e-9) break;
            const double y = y_of(f, ns);
            buf_printf(out, "<line class=\"%s\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n",
                       k == 1 ? "grid" : "fine", LEFT, y, WIDTH - RIGHT, y);
            if (k != 1) continue;
            buf_printf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 8, y + 4);
            add_span(out, ns);
            buf_add_text(out, "</text>\n");
        }
    }
    const int middle = (f->top + HEIGHT - BOTTOM) / 2;
    buf_printf(out,
               "<text class=\"quiet\" x=\"20\" y=\"%d\" transform=\"rotate(-90 20 %d)\" text-anchor=\"middle\">latency"
               "</text>\n",
               middle, middle);
}

static void add_shares(buf *out, const frame *f) {
    static const struct {
        const char *text;
        double share;
    } ticks[] = {{"0 %", 0},        {"50 %", 0.5},       {"90 %", 0.9},        {"99 %", 0.99},
                 {"99.9 %", 0.999}, {"99.99 %", 0.9999}, {"99.999 %", 0.99999}};
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        const double nines = -log10(1 - ticks[i].share), x = x_of(f, nines);
        if (nines > f->nines + 1e-6) break;
        buf_printf(out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>\n", x, f->top, x,
                   HEIGHT - BOTTOM);
        buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, HEIGHT - BOTTOM + 20,
                   ticks[i].text);
    }
    buf_printf(out,
               "<text class=\"quiet\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">share of the requests that are answered "
               "within that time</text>\n",
               (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14);
}

// With a row above the drawing that names it, and its figures.
static void add_line(buf *out, const frame *f, const plot_line *line, uint32_t number, uint32_t place) {
    static const struct {
        const char *text;
        double share;
    } told[] = {{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}};
    const double most = log10((double)line->h->total);
    const double end = most < f->nines ? most : f->nines;
    buf_printf(out, "<polyline class=\"line l%u\" points=\"", number);
    const int steps = (int)(end * STEPS);
    for (int i = 0; i <= steps; i++) {
        const double nines = (double)i / STEPS;
        const uint64_t ns = histogram_quantile(line->h, 1 - pow(10, -nines));
        buf_printf(out, "%s%.1f,%.1f", i ? " " : "", x_of(f, nines), y_of(f, (double)ns));
    }
    buf_add_text(out, "\"/>\n");
    const int y = HEADING + (int)place * ROW;
    buf_printf(out, "<line class=\"line l%u\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", number, LEFT, y - 5,
               LEFT + 24, y - 5);
    buf_printf(out, "<text x=\"%d\" y=\"%d\" font-weight=\"600\">%s</text>\n", LEFT + 34, y, line->name);
    for (int i = 0; i < (int)(sizeof told / sizeof *told); i++) {
        buf_printf(out, "<text x=\"%d\" y=\"%d\"><tspan class=\"quiet\">%s</tspan> ", LEFT + 110 + i * 130, y,
                   told[i].text);
        add_span(out, (double)histogram_quantile(line->h, told[i].share));
        buf_add_text(out, "</text>\n");
    }
}

static void add_escaped(buf *out, const char *text) {
    for (; *text; text++) {
        if (*text == '&' || *text == '<' || *text == '>') {
            buf_printf(out, "&#%d;", *text);
        } else {
            buf_add_char(out, *text);
        }
    }
}

void plot_svg(buf *out, const char *title, const plot_line *lines, uint32_t count) {
    const frame f = frame_of(lines, count);
    uint32_t place = 0;
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
               "font-family=\"system-ui, sans-serif\" font-size=\"13\" role=\"img\">\n",
               WIDTH, HEIGHT, WIDTH, HEIGHT);
    buf_add_text(out, "<title>How long answers take: ");
    add_escaped(out, title);
    buf_add_text(out, "</title>\n");
    buf_add_text(out, style);
    buf_printf(out, "<rect class=\"ground\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", WIDTH, HEIGHT);
    buf_printf(out, "<text x=\"%d\" y=\"30\" font-size=\"17\" font-weight=\"600\">How long answers take</text>\n",
               LEFT);
    buf_printf(out, "<text class=\"quiet\" x=\"%d\" y=\"50\">", LEFT);
    add_escaped(out, title);
    buf_add_text(out, "</text>\n");
    add_times(out, &f);
    add_shares(out, &f);
    for (uint32_t i = 0; i < count && i < PLOT_LINES_MAX; i++) {
        if (lines[i].h->total) add_line(out, &f, &lines[i], i, place++);
    }
    buf_add_text(out, "</svg>\n");
}
