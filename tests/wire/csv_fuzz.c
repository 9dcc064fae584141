// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as CSV: the first byte says how long a row may be, the second how the rest comes in pieces. Rows come in
// the order of their lines, lie within the bytes, and are the same in one piece.
#include "wire/csv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct piecewise {
    const uint8_t *at, *end;
    size_t piece;
} piecewise;

static ptrdiff_t give(void *context, char *to, size_t room, tact_error *error) {
    (void)error;
    piecewise *p = context;
    size_t len = (size_t)(p->end - p->at);
    if (len > p->piece) len = p->piece;
    if (len > room) len = room;
    if (len) memcpy(to, p->at, len);
    p->at += len;
    return (ptrdiff_t)len;
}

typedef tact_err next(csv_reader *r, csv_row *row, tact_error *error);

static void same(const csv_row *x, const csv_row *y) {
    if (x->line != y->line || !tact_str_equal(x->raw, y->raw) || x->fields_count != y->fields_count) abort();
    for (uint32_t i = 0; i < x->fields_count; i++) {
        if (x->fields[i].at != y->fields[i].at || !tact_str_equal(x->fields[i].text, y->fields[i].text)) abort();
    }
}

static void read_both(const uint8_t *data, size_t size, size_t piece, const csv_options *options, next *read) {
    arena a;
    arena_init(&a, 0);
    csv_reader r, s;
    piecewise all = {data, data + size, SIZE_MAX}, pieces = {data, data + size, piece};
    if (csv_open(&r, &a, give, &all, options) || csv_open(&s, &a, give, &pieces, options)) abort();
    uint64_t line = 0;
    for (;;) {
        csv_row x, y;
        tact_error why, also;
        tact_err err = read(&r, &x, &why);
        if (read(&s, &y, &also) != err) abort();
        if (err == TACT_NOT_FOUND && (csv_bytes(&r) != size || csv_bytes(&s) != size)) abort();
        if (err && err != TACT_INVALID && err != TACT_LIMIT) break;
        if (err && strcmp(why.text, also.text) != 0) abort();
        same(&x, &y);
        if (x.line <= line || x.raw.len > options->row_max || (!err && x.raw.len == 0)) abort();
        line = x.line;
    }
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    const csv_options options = {.separator = data[0] & 1 ? ';' : ',', .row_max = 1 + data[0]};
    read_both(data + 2, size - 2, 1 + data[1] % 16, &options, csv_next);
    read_both(data + 2, size - 2, 1 + data[1] % 16, &options, csv_next_line);
    return 0;
}
