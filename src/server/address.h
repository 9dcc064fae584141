// SPDX-License-Identifier: Apache-2.0
//
// The addresses that a server listens on, as URLs: tcp://HOST:PORT, tls+tcp://HOST:PORT, ws://HOST:PORT/PATH,
// wss://HOST:PORT/PATH, ipc://PATH, inproc://NAME; and http://HOST:PORT, where metrics are.
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include "tact/core.h"

typedef enum address_kind {
    ADDRESS_TCP,
    ADDRESS_TLS,
    ADDRESS_WS,
    ADDRESS_WSS,
    ADDRESS_IPC,
    ADDRESS_INPROC,
    ADDRESS_HTTP,
} address_kind;

typedef struct address { // parts of the text that was read
    address_kind kind;
    bool network;              // it has a host and a port
    bool secure;               // it needs a certificate
    bool websocket;            // what travels does so in WebSocket's frames
    bool local;                // only this machine reaches it: 127.0.0.0/8, ::1, localhost, ipc, inproc
    bool every;                // its host is every address of this machine: 0.0.0.0, [::]
    tact_str host, port, rest; // "[::1]", "7420", "/path"; without a network `rest` is all behind "://"
} address;

// TACT_INVALID with what is wrong, and the nearest scheme of an unknown one.
TACT_MUST_USE tact_err address_read(tact_str text, address *out, tact_error *error);

#endif
