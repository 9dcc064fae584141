// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a strand: strand_read refuses them, or they are exactly what strand_write makes of what was read, and
// the strand can be changed, merged and made into a sound record.
#include "store/strand.h"

#include <stdlib.h>

#include "shop.h"
#include "store/merge.h"
#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(arena *a, strand *s) {
    uint64_t seed = s->id + s->facts_count + 1;
    const schema *sc = shop_schema(a);
    strand other = *s;
    const strand *both[] = {s, &other};
    other.id++;
    for (int i = 0; i < 8; i++) {
        command c = shop_draw(a, &seed, SHOP_NOW);
        tact_err err = strand_apply(a, &other, &c, sc, NULL);
        if (err != TACT_OK && err != TACT_LIMIT) abort();
    }
    merged m;
    buf out = buf_in(a);
    if (merge_strands(a, both, 2, sc, &m) || record_build(&out, &m, sc, NULL)) abort();
    if (record_check(buf_done(&out), NULL)) abort();
    if (strand_trim(a, &other, sc, SHOP_NOW, SHOP_NOW)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena a;
    arena_init(&a, 0);
    strand s;
    tact_str bytes = {(const char *)data, size};
    if (strand_read(&a, bytes, &s, NULL) == TACT_OK) {
        if (!tact_str_equal(shop_bytes(&a, &s), bytes)) abort();
        use(&a, &s);
    }
    arena_fini(&a);
    return 0;
}
