// SPDX-License-Identifier: Apache-2.0
//
// Any bytes: json_read ends with a value or a fault that names its place, and a value that was read is written as JSON
// that reads as the same value.
#include <stdlib.h>

#include "value/value.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena memory;
    arena_init(&memory, 0);
    tact_value v, again;
    tact_error error;
    tact_err code = json_read(&memory, (tact_str){(const char *)data, size}, &v, &error);
    if (code == TACT_OK) {
        buf out = buf_in(&memory);
        if (json_write(&out, v) != TACT_OK) abort();
        if (json_read(&memory, buf_done(&out), &again, NULL) != TACT_OK) abort();
        if (!tact_value_equal(v, again)) abort();
    } else if (error.code != code || error.line < 1 || error.column < 1) {
        abort();
    }
    arena_fini(&memory);
    return 0;
}
