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
// All of it: ok, decision, bundle, person, the above, took_us. Of a dry decision without tokens.
void reply_put(form *f, form_fields *out, const decision *d);

#endif
