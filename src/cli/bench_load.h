// SPDX-License-Identifier: Apache-2.0
//
// Load for a server: requests that go out by schedule, or as fast as they are answered, and how long answers take.
#ifndef CLI_BENCH_LOAD_H
#define CLI_BENCH_LOAD_H

#include "base/arena.h"
#include "base/histogram.h"

enum { LOAD_CODES = 16, LOAD_CODE = 40 };

typedef struct load_request { // "BEFORE", and if there are persons the text of one's number, which ends the message
    tact_str before;
    uint64_t first, persons; // numbers first, …, first + persons - 1; persons 0: all requests are alike
    uint64_t seed;
} load_request;

typedef struct load_options {
    const char *url, *tls_ca, *tls_cert; // files of TLS, or NULL
    uint32_t connections, in_flight;     // requests at once on each of them
    double rate;                         // a second, by schedule; 0: each answer is followed by the next request
    load_request request;
    uint32_t echo; // not 0: what answers is an echo (bench_echo.h), asked for as many bytes
} load_options;

typedef struct load_result { // of all runs
    histogram latency;       // of what was answered and no error, from the moment that the schedule has
    double seconds;
    uint64_t late_ns; // the most that this program woke up after a request's moment: none of the server's fault
    uint64_t unsent;  // that the schedule had, but nobody was free to send before the run was over
    struct {
        char code[LOAD_CODE];
        uint64_t count;
    } errors[LOAD_CODES];
    uint32_t codes;
} load_result;

typedef struct load load;

// Connects. TACT_INVALID: a URL; TACT_IO: a file of TLS; TACT_NO_MEMORY. Close with load_close.
TACT_MUST_USE tact_err load_open(const load_options *o, load **out, tact_error *error);
void load_close(load *l); // NULL is allowed
// Asks on every connection, and gives the bytes of the last reply, in the arena. TACT_BUSY: nobody answers within
// `wait_ms`. What the server refuses is its error.
TACT_MUST_USE tact_err load_try(load *l, arena *a, uint32_t wait_ms, tact_str *reply, tact_error *error);
// Runs for so long, then waits for what is in flight. `told` hears of it about once a second; NULL: nobody does.
void load_run(load *l, double seconds, void (*told)(void *context, const load_result *r), void *context);
// Forgets what was measured until now: it was to warm up.
void load_forget(load *l);
const load_result *load_results(const load *l);
uint64_t load_errors(const load_result *r);

#endif
