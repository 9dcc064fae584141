// SPDX-License-Identifier: Apache-2.0
//
// Runs the tests that a bundle brings with it: makes up the person that a test tells of, decides each of its placements
// by itself, and compares. The person has no identity, so is in no experiment and never held out: what a test expects
// does not hang on a hash. What the person's events count, they count for everyone as well.
#ifndef DECIDE_TRIAL_H
#define DECIDE_TRIAL_H

#include "bundle/bundle.h"
#include "bundle/report.h"
#include "bundle/test.h"

// Adds a fault for every expectation that did not come true: what was expected, what came, and why. The report is of
// the sources that the bundle was built from. How many tests failed.
uint32_t trial_run(const bundle *b, report *r);

#endif
