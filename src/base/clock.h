// SPDX-License-Identifier: Apache-2.0
//
// The system's clocks. Only what stands at the top asks them: below, the time comes in with what is asked.
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); // since 1970, UTC; may jump when the system's time is set
int64_t clock_mono_ms(void); // since some moment; never goes back, for spans
int64_t clock_mono_us(void);

#endif
