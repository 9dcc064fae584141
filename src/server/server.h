// SPDX-License-Identifier: Apache-2.0
//
// A server: an engine, sockets that many may ask at once, and threads that answer. What travels is docs/protocol.md;
// how a request becomes a reply is call.h; who answers when is work.h.
//
// Threads: all calls from one thread, but server_reload and server_stop, which may come from another one after
// server_start has returned. No signal is touched; that is the command's business (cli/serve.c).
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/line.h"
#include "server/setting.h"
#include "tact/tact.h"

typedef struct server server;

// Opens the store, listens, answers. `log` outlives the server. What is active is compiled before this returns, so that
// whoever connects is answered. After an error nothing is left open. TACT_BUSY: another process writes to the folder;
// TACT_IO: an address is taken, a certificate cannot be read; and as tact_open.
TACT_MUST_USE tact_err server_start(const settings *s, line_log *log, server **out, tact_error *error);
// Takes over what may change while it runs, tokens included; `s` is looked at until it returns. If the tokens cannot be
// read, nothing changes. TACT_INVALID, TACT_NOT_FOUND.
TACT_MUST_USE tact_err server_reload(server *s, const settings *wanted, tact_error *error);
// Takes nothing more, answers what is in flight (for `drain` at most), closes the store. NULL is allowed.
void server_stop(server *s);

// The addresses that are listened on, with the ports that the system chose for port 0: "tcp://127.0.0.1:41234". Valid
// until server_stop.
setting_texts server_addresses(const server *s);
const char *server_http_address(const server *s); // "" if there is none

#endif
