// SPDX-License-Identifier: Apache-2.0
//
// Any text: schema_file_read ends with a schema that can be written and read back, or with a report.
#include <stdlib.h>

#include "bundle/schema_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// libfyaml 0.7.12 loses a buffer when a long quoted scalar is followed by what cannot follow it.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfyaml";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena memory;
    arena_init(&memory, 0);
    schema *s = NULL, *back;
    tact_str said;
    tact_err code = schema_file_read(&memory, TACT_STR("f"), (tact_str){(const char *)data, size}, &s, &said);
    if (code == TACT_OK) {
        buf out = buf_in(&memory);
        schema_write(&out, s);
        if (said.len || schema_read(&memory, buf_done(&out), &back, NULL)) abort();
    } else if (said.len == 0 || s) {
        abort();
    }
    arena_fini(&memory);
    return 0;
}
