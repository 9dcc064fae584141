// SPDX-License-Identifier: Apache-2.0
//
// Everything that can be read of a store, asked of it and of its plain model; what differs ends the test.
#ifndef TESTS_STORE_ASK_H
#define TESTS_STORE_ASK_H

#include "world.h"

// All about whom an id belongs to, now and at moments when something may change. May reset the scratch arena.
void ask_person(world *w, store_reader *r, uint64_t id);
void ask_identity(world *w, store_reader *r, command_identity who); // whom it finds
// Everyone and everything.
void ask_all(world *w, store_reader *r);

#endif
