// SPDX-License-Identifier: Apache-2.0
//
// A server of a test's own, within the test's process: a folder with the rules of talk.h, addresses that nobody else
// has, and who asks it. Besides clients there are peers, who speak the protocol themselves (SP over TCP), and so can
// stop in the middle of a message, never read, or send what is none.
#ifndef TESTS_SERVER_RUNNING_H
#define TESTS_SERVER_RUNNING_H

#include "../engine/talk.h"
#include "server/server.h"
#include "tact/client.h"

enum { RUNNING_PATIENCE_MS = 30000 }; // before a test that waits for nothing gives up

typedef struct running {
    talk talk; // its folder and memory; its engine is closed
    settings settings;
    line_log log;
    server *server;
    tact_problem problem; // of the last call that failed
} running;

// A folder with a bundle and the default settings; listens on tcp://127.0.0.1:0 and nowhere else. Not started.
void running_begin(running *r);
void running_end(running *r); // stops it, too
void running_listen(running *r, const char *const *urls, uint32_t count);
void running_start(running *r); // which must succeed
void running_stop(running *r);
const char *running_url(const running *r, uint32_t number);
// Writes a file into the folder of rules, and says where.
const char *running_file(running *r, const char *name, const char *text);

tact_client *running_client(running *r, const char *url, const tact_client_options *options);
// What is asked, as JSON with ' for ", must be answered.
tact_value running_ask(running *r, tact_client *client, const char *request);
// It must fail: the code.
const char *running_fails(running *r, tact_client *client, const char *request);

// ---- Peers ----------------------------------------------------------------------------------------------------------

tact_str peer_request(arena *a, const char *json);  // as MessagePack
int peer_open(const char *url, int receive_buffer); // tcp://127.0.0.1:PORT, greeted; bytes of the buffer, 0: as usual
int peer_try_open(const char *url, int receive_buffer); // -1: it did not work
// All of one message; the other side may have hung up, then false.
bool peer_send(int fd, uint32_t number, tact_str body);
// As much of it as goes without waiting, false: not all of it.
bool peer_try_send(int fd, uint32_t number, tact_str body);
// As much as goes without waiting of the same message (its number is 0) again and again; `at` is where it stopped.
// False: closed.
bool peer_pour(int fd, arena *a, tact_str body, size_t *at);
void peer_pour_end(int fd, arena *a, tact_str body, size_t at); // the rest of that message
// The next reply, in the arena, and to which message it is (NULL: never mind); UNRESOLVED: the connection is closed.
tact_value peer_receive(int fd, arena *a, uint32_t *number);

#endif
