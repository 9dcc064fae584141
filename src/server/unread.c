// SPDX-License-Identifier: Apache-2.0
//
// A cell is one word, so that it is read and changed at once. Who is let through moves the moment of the next one
// ahead, by comparing: of several requests that come at that moment only one is answered.
#include "server/unread.h"

static uint64_t cell_of(uint32_t connection, uint32_t next_ms) {
    return (uint64_t)connection << 32 | next_ms;
}

static bool is_of(uint64_t cell, uint32_t connection) {
    return cell >> 32 == connection;
}

bool unread_answers(unread *u, uint32_t connection, uint32_t now_ms) {
    _Atomic uint64_t *at = &u->cells[connection % UNREAD_CELLS];
    uint64_t cell = atomic_load(at);
    if (!is_of(cell, connection)) return true;
    if ((int32_t)(now_ms - (uint32_t)cell) < 0) return false;
    return atomic_compare_exchange_strong(at, &cell, cell_of(connection, now_ms + UNREAD_PAUSE_MS));
}

bool unread_fails(unread *u, uint32_t connection) {
    return is_of(atomic_load(&u->cells[connection % UNREAD_CELLS]), connection);
}

void unread_failed(unread *u, uint32_t connection, uint32_t now_ms) {
    atomic_store(&u->cells[connection % UNREAD_CELLS], cell_of(connection, now_ms + UNREAD_PAUSE_MS));
}

void unread_went(unread *u, uint32_t connection) {
    _Atomic uint64_t *at = &u->cells[connection % UNREAD_CELLS];
    uint64_t cell = atomic_load(at);
    if (is_of(cell, connection)) (void)atomic_compare_exchange_strong(at, &cell, 0);
}
