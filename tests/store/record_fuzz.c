// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a person's record: record_check refuses them, or everything in them reads without harm.
#include "store/record.h"

#include "shop.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(tact_value v, arena *a) {
    buf out = buf_in(a);
    value_print(&out, v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena a;
    arena_init(&a, 0);
    const schema *sc = shop_schema(&a);
    tact_str bytes = {(const char *)data, size};
    record r;
    if (record_check(bytes, NULL) == TACT_OK && record_open(bytes, &r, NULL) == TACT_OK) {
        for (uint32_t n = 0; n < SHOP_ATTRIBUTES + 1; n++) look(record_attribute(&r, sc, n, SHOP_NOW, &a), &a);
        for (uint32_t n = 0; n < SHOP_AGGREGATES + 1; n++) look(record_aggregate(&r, sc, n, SHOP_NOW), &a);
        for (uint32_t n = 0; n < SCHEMA_PURPOSES_MAX; n++) (void)record_granted(&r, sc, n, SHOP_NOW);
        (void)record_tally(&r, 12345678901, SHOP_NOW);
        (void)value_hash(tact_string(record_unit(&r).ptr, record_unit(&r).len));
    }
    arena_fini(&a);
    return 0;
}
