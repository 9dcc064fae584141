// SPDX-License-Identifier: Apache-2.0
//
// What tact_record takes: changes as wire/change.h reads them, and events with a token, which know by it whom they are
// of and what they count towards. One change may become several commands; all of a record are read before one is
// applied.
#ifndef ENGINE_CHANGES_H
#define ENGINE_CHANGES_H

#include "engine/engine.h"
#include "engine/request.h"

enum { CHANGES_MAX = 10000 }; // of one record: a batch is one transaction

typedef struct changes {
    session *session; // with its view
    int64_t now_ms;
    tact_str id; // of all of them: a change without one of its own has "ID/NUMBER"; empty: none
    command *commands;
    uint32_t *from; // by command: the number of its change
    uint32_t count, room;
    uint32_t
        *not_kept; // changes that come to nothing: an impression or click that no cap counts and no schema declares
    uint32_t not_kept_count;
} changes;

// Reads all. The commands lie in the session's scratch arena and borrow nothing, so that the view can be given up.
TACT_MUST_USE tact_err changes_read(changes *c, tact_value list, tact_problem *p);

#endif
