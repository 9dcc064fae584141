// SPDX-License-Identifier: Apache-2.0
//
// Who is divided how: arms of experiments and the holdout, by hashes of a salt and the person's unit. What a hash falls
// on is documented and the same everywhere: see decide_bucket.
//
//      exclusive   bucket(exclusive, unit) lies in the experiment's share [from, to)
//      arm         bucket(salt, unit): arms take consecutive ranges from 0; above their sum is no arm
//      held out    bucket(holdout's salt, unit) is below its permyriad
#ifndef DECIDE_ARM_H
#define DECIDE_ARM_H

#include "decide/slots.h"

// The arms that the unit is in, of the experiments that apply to any of the request's placements, in the order of the
// experiments. TACT_NO_MEMORY.
TACT_MUST_USE tact_err arm_all(slots *s, tact_str unit, const decide_arm **out, uint32_t *count);
bool arm_held_out(const bundle *b, tact_str unit);
// By which a placement is ordered: its own ranking, or the one that the first of the arms sets there.
uint32_t arm_ranking(const bundle *b, const decide_arm *arms, uint32_t count, uint32_t placement);

#endif
