// SPDX-License-Identifier: Apache-2.0
//
// What a server counts, and says in the text format of Prometheus
// (https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4). Counting takes no lock and shares no
// cache line: every thread that answers has a shard of its own; who asks adds them up.
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "base/buf.h"
#include "base/histogram.h"
#include "tact/tact.h"

typedef enum metrics_operation { // those of wire/operation_tbl.h, and what is none of them
#define X(NAME, name, role, pace, doc) METRICS_##NAME,
#include "wire/operation_tbl.h"
#undef X
    METRICS_BATCH,   // counted besides what it holds
    METRICS_UNKNOWN, // it could not be read so far
    METRICS_OPERATIONS
} metrics_operation;

typedef struct metrics_spans { // of one request, nanoseconds
    uint64_t wait;             // for a worker
    uint64_t read;             // MessagePack to values
    uint64_t work;             // of the engine
    uint64_t write;            // values to MessagePack
} metrics_spans;

typedef struct metrics metrics;
typedef struct metrics_shard metrics_shard; // of one thread at a time

enum { METRICS_SPREAD = 4 }; // buckets of a histogram that `spread` shows as one: 6 % wide

// For so many threads. NULL: no memory. Free with metrics_free (NULL is allowed).
metrics *metrics_new(uint32_t shards);
void metrics_free(metrics *m);
metrics_shard *metrics_shard_of(metrics *m, uint32_t number);

// A request was answered; `problem` NULL: well. Takes memory when a shard counts the first of an operation.
void metrics_count(metrics_shard *s, metrics_operation o, const tact_problem *problem, const metrics_spans *spans);
void metrics_count_bytes(metrics_shard *s, uint64_t in, uint64_t out);

typedef struct metrics_gauges { // what only the server knows, when it is asked
    uint32_t in_flight, waiting, connections;
    uint64_t connections_total, connections_refused;
    uint64_t shed_total;    // requests refused as overloaded
    uint64_t dropped_total; // replies that nobody took in time
    uint64_t ignored_total; // requests of those who do not take their replies
    int64_t started_ms;
} metrics_gauges;

// Appends all of it. `status` is what tact_status says; a number there that metric_tbl.h has no row for is left out.
void metrics_write(const metrics *m, const metrics_gauges *g, tact_value status, buf *out);
// The same as a map, for the operation `status`; NULL, the value, if memory ran out:
//
//      {requests: {decide: {ok: 4711, overloaded: 3}, …}, errors: 3,
//       latencies: {decide: {count: 4714, p50: 21.5, p90: …, p99: …, p999: …, max: …, spread: [[12.031, 4], …]}, …},
//       stages: {decide: {wait: 0.1, read: …, work: …, write: …}, …}, bytes: {in: …, out: …}, in_flight: 2, waiting: 0,
//       shed_total: 3, dropped_total: 0, ignored_total: 0, connections: 5, connections_total: 7,
//       connections_refused: 0, started: 2026-12-01T10:00:00Z,
//       process: {resident_bytes: …, anonymous_bytes: …, …}, heap: {allocated: …, …}}
//
// Latencies are in microseconds and of operations that were asked for; their `spread` are how many took at most so many
// and more than those before, from which whoever looks twice can tell the latencies between. Stages are in seconds.
// `heap` is NULL where the allocator has no figures, and so is `process`.
tact_value metrics_value(const metrics *m, const metrics_gauges *g, arena *a);

#endif
