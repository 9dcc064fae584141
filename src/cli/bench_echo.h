// SPDX-License-Identifier: Apache-2.0
//
// The floor that a server is measured against: an NNG REP socket with many contexts and callbacks, in a process of its
// own, that answers as many bytes as the first four of a request say (big endian), and does nothing else.
#ifndef CLI_BENCH_ECHO_H
#define CLI_BENCH_ECHO_H

#include "tact/core.h"

typedef struct echo {
    int child, life; // its process; a pipe, at whose end it ends
    char url[200];   // where it is
} echo;

// Forks, so no thread may run yet. `like` is the URL of a server: the echo uses the same transport, without TLS. `cpu`:
// the processor that it is kept on, which echo_may_use; -1: any. TACT_IO.
TACT_MUST_USE tact_err echo_start(const char *like, uint32_t contexts, int cpu, echo *out, tact_error *error);
bool echo_may_use(uint64_t cpu);
void echo_stop(echo *e); // waits for it

#endif
