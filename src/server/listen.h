// SPDX-License-Identifier: Apache-2.0
//
// Where a server is asked: the addresses of a socket, with TLS where they have it, and how many may be connected.
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <nng/nng.h>

#include "server/metrics.h"
#include "server/setting.h"

typedef struct listeners listeners;

// What it means that NNG refuses to listen at an address, and what to do: TACT_IO, TACT_NO_MEMORY.
TACT_MUST_USE tact_err listen_refused(tact_str url, int number, tact_error *error);

// Listens on all of `s->listen` with a REP0 socket of the caller's, who closes it later, before `a` is reset; one call
// for each socket. Counting begins here. TACT_INVALID, TACT_NOT_FOUND, TACT_IO: an address cannot be had or a
// certificate not be read; the text says which and what to do. TACT_NO_MEMORY. After an error the socket is only to be
// closed.
TACT_MUST_USE tact_err listen_open(arena *a, nng_socket socket, const settings *s, listeners **out, tact_error *error);
// With the ports that the system chose for port 0; lives as long as the arena.
setting_texts listen_addresses(const listeners *l);

// These three from any thread. Fills `connections`, `connections_total`, `connections_refused`.
void listen_gauges(const listeners *l, metrics_gauges *g);
void listen_set_connections(listeners *l, uint32_t most); // those beyond stay until they go
// Lets nobody in any more, and nobody out: who is connected is still answered, until the socket is closed.
void listen_close(listeners *l);

#endif
