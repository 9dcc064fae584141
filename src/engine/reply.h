// SPDX-License-Identifier: Apache-2.0
//
// What is told of a decision, as protocol.md writes it. Everything is copied: the reply outlives the view and the
// bundle.
#ifndef ENGINE_REPLY_H
#define ENGINE_REPLY_H

#include "engine/decision.h"
#include "wire/form.h"

// Puts `placements`, `arms` and `held_out`, if there are any: what follows from the inputs alone. With `tokens`, which
// tie what happens to the decision.
void reply_put_answer(form *f, form_fields *out, const decision *d, bool tokens);
// All of it: ok, decision, bundle, person, the above, late if it is, took_us. Of a dry decision without tokens.
void reply_put(form *f, form_fields *out, const decision *d);

tact_value reply_version(form *f, const bundles_version *v); // "shop@12"
// The end of an operation: `v` becomes its reply, unless memory ran out on the way.
tact_err reply_done(const form *f, tact_value v, tact_value *reply, tact_problem *p);
// What the store said becomes the operation's problem.
tact_err reply_failed(tact_err err, tact_problem *p, const tact_error *error);

#endif
