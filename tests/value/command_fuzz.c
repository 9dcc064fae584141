// SPDX-License-Identifier: Apache-2.0
//
// Any bytes: command_read ends with a command or a fault, and a command that was read is written as those very bytes.
#include <stdlib.h>

#include "value/command.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena memory;
    arena_init(&memory, 0);
    tact_str bytes = {(const char *)data, size};
    command c;
    tact_error error;
    tact_err code = command_read(&memory, bytes, &c, &error);
    if (code == TACT_OK) {
        buf out = buf_in(&memory);
        if (command_write(&out, &c) != TACT_OK) abort();
        if (!tact_str_equal(buf_done(&out), bytes)) abort();
        (void)!command_check(&c, schema_new(&memory), &error); // nothing that it names is there
    } else if (code != TACT_INVALID || error.code != code) {
        abort();
    }
    arena_fini(&memory);
    return 0;
}
