// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a strand: strand_read refuses them, or they are exactly what strand_write makes of what was read, and
// the strand can be changed, merged and made into a sound record. What strand_load takes can be changed, merged and
// made into a record, too, though not always a sound one.
#include "store/strand.h"

#include <stdlib.h>

#include "shop.h"
#include "store/merge.h"
#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(arena *a, strand *s, bool sound) {
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
    if (record_check(buf_done(&out), NULL) && sound) abort();
    if (strand_trim(a, &other, sc, SHOP_NOW, SHOP_NOW)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena a;
    arena_init(&a, 0);
    strand s;
    tact_str bytes = {(const char *)data, size};
    bool sound = strand_read(&a, bytes, &s, NULL) == TACT_OK, loads = strand_load(&a, bytes, &s, NULL) == TACT_OK;
    if (sound && !loads) abort();
    if (loads) {
        if (!tact_str_equal(shop_bytes(&a, &s), bytes)) abort();
        use(&a, &s, sound);
    }
    arena_fini(&a);
    return 0;
}
