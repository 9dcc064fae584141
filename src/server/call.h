// SPDX-License-Identifier: Apache-2.0
//
// One request: from the bytes that came in to those that go out. Knows nothing of sockets, so that a test or a fuzzer
// asks what the network would. In order:
//
//      call_read     MessagePack to values, which borrow from the bytes; who asks, and whether that is allowed
//      call_work     the engine answers, or what is wrong does
//      call_write    values to MessagePack, into memory of the caller's; again with more of it if it did not fit
//      call_end      it is counted, and its memory taken back
//
// A call never fails: whatever comes in, there is a reply.
#ifndef SERVER_CALL_H
#define SERVER_CALL_H

#include "server/access.h"
#include "server/line.h"
#include "server/metrics.h"
#include "server/setting.h"
#include "tact/tact.h"
#include "wire/problem.h"

enum {
    CALL_MEMORY_MAX = 256 << 20, // bytes that one request may take, its reply included
    CALL_MEMORY_KEPT = 1 << 20,  // a thread that took more for a request gives it back afterwards
    CALL_BATCH_QUICK = 8,        // requests of a batch that is answered among single ones; as many as a page asks
};

// See wire/operation_tbl.h; long batches are BULK.
typedef enum call_pace { CALL_QUICK, CALL_SLOW, CALL_BULK, CALL_HEAVY, CALL_PACES } call_pace;

// What all calls share. Whoever changes it changes one number or pointer at a time.
typedef struct call_env {
    tact_engine *engine;
    line_log *log;
    _Atomic(const access_list *) access;      // NULL: all may do all
    _Atomic uint32_t batch_max, simulate_max; // requests, persons
    uint64_t message_max;                     // bytes of a request
    setting_texts page_identities;            // see page.h
    // What only the server knows, as the field `server` of a status; adds fields to an empty map.
    tact_value (*status)(void *context, arena *a);
    void *status_context;
} call_env;

typedef struct call { // of one thread at a time
    call_env *env;
    metrics_shard *counted;
    arena memory;
    uint64_t usual_ns; // what a decision has taken lately: less time is too little for one
    // Of one request:
    tact_value request;
    metrics_operation operation;
    call_pace pace; // where it is to be answered
    uint64_t begun_ns;
    uint64_t in, out; // bytes
    metrics_spans spans;
    tact_str who; // the token's name
    bool failed;  // and this is why
    tact_problem problem;
    tact_value reply;
} call;

void call_init(call *c, call_env *env, metrics_shard *counted);
void call_fini(call *c);

// `waited_ns`: how long ago the bytes came in. They stay until call_end.
void call_read(call *c, tact_str bytes, uint64_t waited_ns);
void call_work(call *c);
TACT_MUST_USE bool call_write(call *c, buf *out); // false: `out`, made by buf_over, has too little room
void call_end(call *c);
// Instead of call_end: it is begun again elsewhere.
void call_leave(call *c);

uint64_t call_now_ns(void); // the clock of spans

#endif
