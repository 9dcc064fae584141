// SPDX-License-Identifier: Apache-2.0
//
// Any bytes: msgpack_read ends with a value or a fault that names its byte, and a value that was read is written as a
// message that reads as the same value. Bytes are compared, since NaN equals nothing.
#include <stdlib.h>

#include "wire/msgpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena memory;
    arena_init(&memory, 0);
    tact_value v, again;
    tact_error error;
    tact_err code = msgpack_read(&memory, (tact_str){(const char *)data, size}, &v, &error);
    if (code == TACT_OK) {
        buf first = buf_in(&memory), second = buf_in(&memory);
        if (msgpack_write(&first, v)) abort();
        tact_str bytes = buf_done(&first);
        if (bytes.len > 2 * size + 8) abort(); // float 32 grows most
        if (msgpack_read(&memory, bytes, &again, NULL) || msgpack_write(&second, again)) abort();
        if (!tact_str_equal(bytes, buf_done(&second))) abort();
    } else if (error.code != code || strncmp(error.text, "at byte ", 8) != 0) {
        abort();
    }
    arena_fini(&memory);
    return 0;
}
