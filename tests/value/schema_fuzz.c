// SPDX-License-Identifier: Apache-2.0
//
// Any bytes: schema_read ends with a schema or a fault; a schema that was read is written as those very bytes, and
// evolving it into itself, and into nothing and back, changes nothing.
#include <stdlib.h>

#include "value/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_bytes(arena *a, const schema *s, tact_str bytes) {
    buf out = buf_in(a);
    schema_write(&out, s);
    if (!tact_str_equal(buf_done(&out), bytes)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena memory;
    arena_init(&memory, 0);
    tact_str bytes = {(const char *)data, size};
    schema *s, *same, *none;
    tact_error error;
    tact_err code = schema_read(&memory, bytes, &s, &error);
    if (code == TACT_OK) {
        expect_bytes(&memory, s, bytes);
        if (schema_evolve(&memory, s, s, &same, &error)) abort();
        expect_bytes(&memory, same, bytes);
        if (schema_evolve(&memory, s, schema_new(&memory), &none, &error)) abort();
        if (schema_evolve(&memory, none, s, &same, &error)) abort();
        expect_bytes(&memory, same, bytes);
    } else if (code != TACT_INVALID || error.code != code) {
        abort();
    }
    arena_fini(&memory);
    return 0;
}
