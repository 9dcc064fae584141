// SPDX-License-Identifier: Apache-2.0
//
// What a chat assistant may be told of a person, within a budget: a reply of so many bytes of JSON at most. What comes
// first is of most use: who it is (personal attributes), consents, open matters, recent events of all channels,
// segments, offers with reasons, and what room is left for: other attributes. What does not fit is left out and
// counted, and so is every attribute whose purpose is not granted, whether it is set or not. `handoff` is the same for
// people, in a few words.
//
//      {ok: true, person: 4711, attributes: {first_name: "Ann", …}, consents: {marketing: true, …},
//       open: [{matter: "since_complaint", ago_s: 7200}], recent: [{event: "purchase", ago_s: 86400, channel: "web",
//       …}], segments: ["lapsed"], offers: [{offer: "womens_winter", title: "…", content: {…}, why: "profile.womens"}],
//       left_out: {not_granted: 2, budget: 1}, handoff: "person 4711; first_name \"Ann\"; …"}
//
// Open matters are aggregates that say how long ago something last happened (`since`) and have a window which has not
// passed yet: whoever writes the schema says by it that it still matters. Where none says so of the person, segments do
// that hold and read one: {matter: "complained"} of `"complained" in profile.tags || has(profile.since_complaint)`.
#ifndef ENGINE_CONTEXT_H
#define ENGINE_CONTEXT_H

#include "engine/engine.h"
#include "engine/request.h"

enum {
    CONTEXT_BUDGET = 500, // tokens, by default
    CONTEXT_BUDGET_MIN = 64,
    CONTEXT_BUDGET_MAX = 100000,
    CONTEXT_TOKEN = 4,   // bytes
    CONTEXT_EVENTS = 10, // told
    CONTEXT_DAYS = 90,   // that events are recent
};

// In a session with a bundle.
TACT_MUST_USE tact_err context_tell(session *s, const request *r, arena *a, tact_value *reply, tact_problem *p);

#endif
