// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the links of a person: links_read refuses them, or they are exactly what links_write makes of what was
// read, and each strand can be taken out.
#include "store/links.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena a;
    arena_init(&a, 0);
    links l, parts[LINKS_STRANDS_MAX];
    uint32_t count;
    tact_str bytes = {(const char *)data, size};
    if (links_read(&a, bytes, &l, NULL) == TACT_OK) {
        buf out = buf_in(&a);
        links_write(&out, &l);
        if (!tact_str_equal(buf_done(&out), bytes)) abort();
        for (uint32_t i = 0; i < l.strands_count && i < 8; i++) {
            if (links_split(&a, &l, l.strands[i], parts, &count, NULL) || count < 1) abort();
        }
    }
    arena_fini(&a);
    return 0;
}
