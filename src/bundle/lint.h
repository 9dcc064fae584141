// SPDX-License-Identifier: Apache-2.0
//
// Warnings: what is no fault, and yet hardly meant. Only what is sure is said.
#ifndef BUNDLE_LINT_H
#define BUNDLE_LINT_H

#include "bundle/build.h"

// Looks at a bundle without faults. Warns of groups and offers whose rules can never hold, of offers that are never
// shown since they have no content or others always come before them, and of segments that nobody reads.
void lint_bundle(builder *B);

#endif
