// SPDX-License-Identifier: Apache-2.0
//
// Tallies: when something that a cap counts happened to a person, exactly, as the newest times of it. A state is bytes,
// read where they lie; empty bytes are the state of nothing that happened.
//
//      0           4           8
//      | keep u32  | count u32 | times i64, oldest first … |
//
// `keep` is how many of the newest times are kept: what the cap allows, so that "is there room" is always exact. It is
// the largest that was asked for since there was nothing to keep.
#ifndef STORE_TALLY_H
#define STORE_TALLY_H

#include "base/arena.h"
#include "value/command.h"

// Counts once more, at this time; adding the same again counts again. `keep` is cut to COMMAND_KEEP_MAX; with 0 nothing
// changes. TACT_NO_MEMORY: the state is as it was.
TACT_MUST_USE tact_err tally_add(arena *a, tact_str *state, int64_t time_ms, uint32_t keep);
// What several states hold together, under the largest `keep` among them; their order does not matter.
TACT_MUST_USE tact_err tally_combine(arena *a, const tact_str *states, size_t count, tact_str *out);
// Takes away what is older than `before_ms`. TACT_NO_MEMORY: the state is as it was.
TACT_MUST_USE tact_err tally_trim(arena *a, tact_str *state, int64_t before_ms);
// How often since `since_ms`, that moment included; `keep` means so often or more. What lies in the future counts as
// well: a cap must hold rather than leak.
uint32_t tally_since(tact_str state, int64_t since_ms);
// Are these bytes a state, exactly as they would be written?
bool tally_check(tact_str state);

#endif
