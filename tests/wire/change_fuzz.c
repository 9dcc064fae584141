// SPDX-License-Identifier: Apache-2.0
//
// Any JSON as a change: change_read ends with a command that passes command_check and can be written, or with a fault
// that has a text.
#include <stdlib.h>

#include "wire/change.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A member of every kind, and attributes of every kind of type that is read in a way of its own.
static const schema *shop(void) {
    static arena memory;
    static schema *s;
    if (s) return s;
    arena_init(&memory, 0);
    s = schema_new(&memory);
    static const char *const types[] = {"int", "double", "string", "timestamp", "duration", "list(double)"};
    tact_err err = schema_add_identity(s, &(schema_identity){.name = TACT_STR("crm"), .normalize = SCHEMA_TRIM}, NULL);
    err |= schema_add_identity(s, &(schema_identity){.name = TACT_STR("email"), .normalize = SCHEMA_LOWERCASE}, NULL);
    err |= schema_add_purpose(s, &(schema_purpose){.name = TACT_STR("marketing")}, NULL);
    for (uint32_t i = 0; i < SCHEMA_TYPES; i++) {
        for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
            if (strcmp(schema_type_text(schema_type_of(i)), types[k]) != 0) continue;
            const char name[] = {(char)('a' + k)};
            schema_attribute m = {.name = {name, 1}, .type = schema_type_of(i), .purpose = -1};
            err |= schema_add_attribute(s, &m, NULL);
        }
    }
    const schema_property amount = {.name = TACT_STR("amount"), .type = &type_double};
    const schema_event purchase = {.name = TACT_STR("purchase"), .properties = &amount, .properties_count = 1};
    err |= schema_add_event(s, &purchase, NULL);
    if (err || schema_source(s, TACT_STR("web"), NULL) < 0) abort();
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena memory;
    arena_init(&memory, 0);
    tact_value v;
    if (!json_read(&memory, (tact_str){(const char *)data, size}, &v, NULL)) {
        command c;
        tact_error error = {.code = TACT_OK};
        tact_err code = change_read(&memory, shop(), v, 1000, &c, &error);
        buf out = buf_in(&memory);
        if (code && (error.code != code || !error.text[0])) abort();
        if (!code && command_check(&c, shop(), NULL)) abort();
        code = code ? TACT_OK : command_write(&out, &c);
        if (code && code != TACT_LIMIT) abort(); // of more than 64 KiB
    }
    arena_fini(&memory);
    return 0;
}
