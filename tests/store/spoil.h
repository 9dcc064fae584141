// SPDX-License-Identifier: Apache-2.0
//
// Commands that no store may take: a good one with one thing about it made wrong, in every way that command.h and the
// schema have a word on.
#ifndef TESTS_STORE_SPOIL_H
#define TESTS_STORE_SPOIL_H

#include "value/command.h"

// Makes `c` one that command_check has to refuse as TACT_INVALID, in a way that is drawn; parts that change are copied
// into the arena. What is wrong with it then, static.
const char *spoil_command(arena *a, uint64_t *seed, const schema *sc, command *c);

#endif
