// SPDX-License-Identifier: Apache-2.0
//
// What `tact top` shows: figures from two looks at a server's status, and those as text. Asks nobody and prints
// nothing.
#ifndef CLI_TOP_VIEW_H
#define CLI_TOP_VIEW_H

#include "base/buf.h"

enum { TOP_HISTORY = 60 }; // looks, one a second

typedef struct top_history { // requests a second, the oldest first
    double rates[TOP_HISTORY];
    uint32_t count;
} top_history;

void top_remember(top_history *h, tact_value figures);

// What happened between two replies to `status`, so many seconds apart; where a counter went back, the server started
// anew in between. `before` NULL, the value: since it started. In the arena, borrows from the replies; NULL if memory
// ran out:
//
//      {bundle: "shop@12", seconds: 1.0, uptime_s: 86400.0, requests_s: 12000.0, errors_s: 0.0, shed_s: 0.0,
//       in_s: …, out_s: …, cpu: 0.8, in_flight: 7, waiting: 0, connections: 41, queue: 3, resident_bytes: …,
//       anonymous_bytes: …, heap_bytes: …,
//       operations: {decide: {requests_s: …, errors_s: …, p50_us: …, p99_us: …}, …}}
//
// `cpu` is in processors. What the server does not say is NULL, and so are latencies of what was not asked.
tact_value top_between(tact_value before, tact_value now, double seconds, int64_t now_ms, arena *a);

// Some lines of text. `history` may be NULL.
void top_print(buf *out, tact_value figures, const char *server, const top_history *history, arena *a);

// "40 MB" and "1.2 ms", as top_print has them; "-" of what is no number.
void top_add_bytes(buf *out, tact_value v);
void top_add_micros(buf *out, tact_value v);

// The text as a screen of so many columns and rows: drawn over what is there, and cut to fit.
void top_draw(buf *out, tact_str text, uint32_t columns, uint32_t rows);

#endif
