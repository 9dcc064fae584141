// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a request to a server whose engine has a bundle: there is a reply, which reads as one whole map that
// says `ok`, and what follows is answered as if nothing had been. The folder of the engine is made anew at the start
// and taken away at the end.
#include <stdlib.h>

#include "../engine/talk.h"
#include "server/call.h"
#include "wire/msgpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    talk talk;
    line_log log;
    call_env env;
    call call;
    bool begun;
} fuzz;

static void stop(void) {
    call_fini(&fuzz.call);
    talk_end(&fuzz.talk);
}

static void start(void) {
    talk_begin(&fuzz.talk);
    talk_publish(&fuzz.talk, talk_shop);
    line_init(&fuzz.log, -1);
    fuzz.env = (call_env){.engine = fuzz.talk.engine, .log = &fuzz.log, .batch_max = 10, .message_max = 1 << 20};
    metrics *m = metrics_new(1);
    if (!m) abort();
    call_init(&fuzz.call, &fuzz.env, metrics_shard_of(m, 0));
    atexit(stop);
    fuzz.begun = true;
}

static void check(tact_str bytes) {
    arena a;
    tact_value v;
    arena_init(&a, 0);
    if (msgpack_read(&a, bytes, &v, NULL) || v.kind != TACT_MAP) abort();
    if (!value_map_get_str(v.as.map, TACT_STR("ok"))) abort();
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!fuzz.begun) start();
    call_read(&fuzz.call, (tact_str){(const char *)data, size}, 0);
    call_work(&fuzz.call);
    for (size_t room = 4096;; room *= 2) {
        char *memory = malloc(room);
        if (!memory) abort();
        buf out = buf_over(memory, room);
        bool fits = call_write(&fuzz.call, &out);
        if (fits) check((tact_str){memory, out.len});
        free(memory);
        if (fits) break;
    }
    call_end(&fuzz.call);
    return 0;
}
