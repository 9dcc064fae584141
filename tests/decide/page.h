// SPDX-License-Identifier: Apache-2.0
//
// A page of the size that a large shop decides all day: one placement with three slots and fifty offers that all may be
// shown, three caps on each, two counters a cap looks at for each in the person's record, and a ranking by a formula.
// For the benchmark and for the test that counts what a decision asks of the system; plain C behind a plain face, since
// benchmarks are C++.
#ifndef TESTS_DECIDE_PAGE_H
#define TESTS_DECIDE_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PAGE_OFFERS = 50, PAGE_CAPS = 3, PAGE_SLOTS = 3 };

typedef struct page page;
struct buf;

// The rules as YAML; `dated`: its offers begin and end around the page's now.
void page_write(struct buf *out, bool dated);
page *page_new(void); // NULL: it could not be made, and standard error says why
void page_free(page *p);
// Decides, in the page's arena, which is given back at the next call. How many offers are shown; 0: it failed.
uint32_t page_decide(page *p);
uint32_t page_decide_observed(page *p);
uint32_t page_best(const page *p); // the offer that was first in the last answer
// The least that a decision does: the formula fifty times, and 150 looks at a counter. The best offer.
uint32_t page_floor(page *p);

#ifdef __cplusplus
}
#endif
#endif
