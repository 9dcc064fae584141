// SPDX-License-Identifier: Apache-2.0
//
// Large bundles, made up: a retailer's catalogue of any number of offers with four predicates each, over 25 attributes,
// 50 groups, 40 segments and 4 placements. The same bytes for the same numbers.
#ifndef TESTS_GEN_BUNDLE_H
#define TESTS_GEN_BUNDLE_H

#include "base/buf.h"

#ifdef __cplusplus
extern "C" {
#endif

// The whole bundle as one bundle.yaml. Every `shared`-th offer has the very rule of one before it; 0: none.
void gen_bundle(buf *out, uint32_t offers, uint32_t shared);
// The text of the rule that offer `i` has, alone.
void gen_rule(buf *out, uint32_t i, uint32_t shared);

#ifdef __cplusplus
}
#endif
#endif
