// SPDX-License-Identifier: Apache-2.0
//
// An engine that answers all day: the rules of tests/decide/page.h over a store of many persons, asked for one person
// after the other, each reply written as MessagePack into an arena that is then reset, as a server's thread does. For
// benches; plain C behind a plain face, since they are C++.
#ifndef TESTS_ENGINE_DESK_H
#define TESTS_ENGINE_DESK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct desk desk;

typedef enum desk_way { DESK_DECIDE, DESK_DRY, DESK_EXPLAIN, DESK_EXPLAIN_SILENT } desk_way; // the last: not written

desk *desk_new(uint32_t persons); // NULL: it could not be made, and standard error says why
void desk_free(desk *d);
// Asks for the next person, and answers; how many bytes the reply takes; 0: it failed.
size_t desk_ask(desk *d, desk_way way);

#ifdef __cplusplus
}
#endif
#endif
