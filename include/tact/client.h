// SPDX-License-Identifier: Apache-2.0
//
// Tact over a network: asks servers (`tact serve`) what tact.h asks an engine within the program. Requests and replies
// are the same maps, see docs/protocol.md. Links with -ltact.
//
//      tact_client *client;
//      const char *servers[] = {"tcp://10.0.0.1:7420", "tcp://10.0.0.2:7420"};
//      tact_client_options options = {.token = getenv("TACT_TOKEN")};
//      tact_problem problem;
//      if (tact_client_open(servers, 2, &options, &client, &problem)) …
//      tact_client_call(client, request, 50, arena, &reply, &problem);
//
// Sending again. A message may get lost with its connection when nobody can know whether it was answered. The client
// sends such a request again, to whichever server can be reached, until its time is over, if that changes nothing
// twice: what only asks; a decision (the client gives it an id, if it has none); a batch of changes and an erasure
// (likewise). Publishing, and going back, are sent again only if the request says what it expects to find (`from`).
// What a server refuses as `overloaded` is not sent again by the client, though nothing was done: a server that has too
// much to do is not helped by more, and only the caller knows whether its visitor still waits. Whoever can wait, asks
// again later, each time a little later than before.
//
// Connections that are lost are made again, also where NNG 1.5.2 (that of Debian 12) would not: a server that is killed
// while requests are written to it can leave it unable to. So when a call's time is over, and for about a second
// nothing at all was heard from any server though requests waited, the client leaves all its connections and makes new
// ones. What waits for an answer is sent again over these within its time, as after any lost connection; what may not
// be is still waited for over the old ones. If no answer comes over the new ones either, the next ones are made after
// twice as long, up to half a minute, and none while a first connection is still tried for. What NNG then cannot close
// is left behind, with a file for each connection, until the process ends.
//
// Threads: any number may call at once. Results of a blocking call lie in the caller's arena.
#ifndef TACT_CLIENT_H
#define TACT_CLIENT_H

#include "tact/core.h"
#include "tact/problem.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tact_client tact_client;

typedef struct tact_client_options {
    const char *token;    // that servers want; NULL: none
    uint32_t connections; // to each server; 0: 1
    uint32_t in_flight;   // requests at once, over all threads; 0: 256. A further one waits for its turn
    uint32_t deadline_ms; // of calls that name none; 0: 1000
    const char *tls_ca;   // PEM file: whom to trust, for tls+tcp:// and wss://; NULL: the system's
    const char *tls_cert; // PEM file with certificate and key, if servers want one; NULL: none
} tact_client_options;

// Begins to connect to all of them and returns; they need not be there yet. Each request goes to one that can be
// reached. Everything given is copied. TACT_INVALID: a URL; TACT_IO: a file of TLS. TACT_NO_MEMORY.
TACT_API TACT_MUST_USE tact_err tact_client_open(const char *const *urls, size_t count,
                                                 const tact_client_options *options, tact_client **out,
                                                 tact_problem *problem);
// Waits until a server is connected, at most so many milliseconds (0: the options'). TACT_BUSY: none is, and the text
// says of each why not, as far as that is known; at once, if each of them has been tried and failed. Nothing has to be
// asked for this, and no call needs it.
TACT_API TACT_MUST_USE tact_err tact_client_reach(tact_client *client, uint32_t ms, tact_problem *problem);

// After all calls have returned. What is being answered still comes in, while answers come, for 2 seconds at most; what
// is not answered then ends with TACT_BUSY (unreachable). NULL is allowed. Always returns: a connection that cannot be
// closed, since its server sends just then and NNG fails over it, is left behind after 2 more seconds.
TACT_API void tact_client_close(tact_client *client);

// Sends a request (a map with `op`) and waits for its reply, at most so many milliseconds (0: the options'; a day at
// most). TACT_OK: `*reply` is what the server said, {ok: true, …}, in the arena. What the server refuses is its error:
// TACT_INVALID and the like, with the code, text and place it gave. TACT_BUSY: no server could be reached, or none
// answered in time, or the connection was lost with what is not sent again; the text says which. TACT_SYNTAX: what
// answers there is no server of Tact's.
TACT_API TACT_MUST_USE tact_err tact_client_call(tact_client *client, tact_value request, uint32_t deadline_ms,
                                                 tact_arena *arena, tact_value *reply, tact_problem *problem);

// Hears of the reply, once, from a thread of the client's: returns soon, and does not call tact_client_call or
// tact_client_close. All is valid during the call only. `reply` is NULL, the value, if err is not TACT_OK.
typedef void tact_client_heard(void *context, tact_err err, tact_value reply, const tact_problem *problem);
// The same without waiting: TACT_OK means that `heard` will be called. The request may go when this returns. TACT_BUSY:
// `in_flight` are.
TACT_API TACT_MUST_USE tact_err tact_client_send(tact_client *client, tact_value request, uint32_t deadline_ms,
                                                 tact_client_heard *heard, void *context, tact_problem *problem);

#ifdef __cplusplus
}
#endif
#endif
