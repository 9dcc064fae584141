// SPDX-License-Identifier: Apache-2.0
//
// Why: a decision that is watched, as a value. For each placement a funnel, how many offers each stage left; for every
// offer what removed it, or its rank; of a rule the part of its text that decided, with the values that it read, where
// they came from and how old they are; of caps how often was counted and what is left; the terms of a score.
//
//      explain: {reads: {"profile.recency": {value: 10, source: "crm", age_s: 86400}, …},
//                placements: {home_hero: {candidates: 12, ranking: "arbitrated", shown: 1,
//                  funnel: [{stage: "dates", removed: 3, left: 9}, …],
//                  offers: [{offer: "womens_winter", rank: 1, score: 1.93, propensity: 0.15, terms:
//                  {"offer.value": 12.0, …},
//                            caps: [{cap: "offers.womens_winter.caps[0]", counted: 1, max: 3, left: 2}]},
//                           {offer: "mens_winter", stage: "eligible", rule: "offers.mens_winter.eligible",
//                            text: "profile.mens", decided: "profile.mens", value: false, at:
//                            "offers/apparel.yaml:43:15", reads: ["profile.mens"], why: "…"}, …]}}}
//
// Offers that are shown come first, by rank, then the others by the stage that they came to, the farthest first.
#ifndef ENGINE_EXPLAIN_H
#define ENGINE_EXPLAIN_H

#include "engine/decision.h"
#include "wire/form.h"

typedef struct explanation explanation;

// What hears of a decision that is going to be made; in its session's scratch arena. NULL: no memory.
explanation *explain_new(const decision *d);
const decide_observer *explain_observer(const explanation *x);
// Puts `explain`, after the decision was made.
void explain_put(form *f, form_fields *out, explanation *x);

#endif
