// SPDX-License-Identifier: Apache-2.0
//
// A change, as programs say it, to the command that it is under a schema. A change is a map with the keys of
// change_tbl.h, from JSON or MessagePack:
//
//      {set: {language: "de", tier: null}, person: {crm: "4711"}, source: "crm"}
//      {event: "purchase", properties: {amount: 12.5}, person: {cookie: "7f3"}, channel: "web", id: "order-17"}
//      {consent: {marketing: "granted"}, expires: "2027-12-01T00:00:00Z", person: {email: "a@b.c"}}
//      {link: {crm: "4711", email: "a@b.c"}}
//      {unlink: {email: "a@b.c"}}
//      {erase: {email: "a@b.c"}}
//
// Identities are texts, or whole numbers, which count as their digits; a list of them gives several of one namespace.
// They are normalised here. Those of `person` come before those of `link`; `link`, `unlink` and `erase` may be true, if
// `person` says whom. Times are timestamps, or texts as RFC 3339 has them. Where the schema wants a timestamp or a
// duration, a text of one does ("2026-12-01T10:00:00Z", "90d", "1h30m"), and an int where it wants a double.
#ifndef WIRE_CHANGE_H
#define WIRE_CHANGE_H

#include "tact/problem.h"
#include "value/command.h"

// How far ahead of the clock a change may lie that is no event: clocks differ a little, and a statement from next year
// would silence all that is said until then.
#define CHANGE_AHEAD_MAX_MS 3600000

// Reads a change; what passes here passes command_check. `out` borrows from `v` and the arena. TACT_INVALID: with the
// member at fault at the front of the text, and the nearest name that there is: "set.recencey: the schema has no
// attribute `recencey`; did you mean `recency`?". A time that is further ahead of `now_ms` is for events
// alone, and one of a consent is `now_ms` at the latest. TACT_NO_MEMORY.
TACT_MUST_USE tact_err change_read(arena *a, const schema *s, tact_value v, int64_t now_ms, command *out,
                                   tact_error *error);
// The same; what programs may act on goes to `name`: UNKNOWN_ATTRIBUTE and the like, or BAD_CHANGE. It may be NULL.
TACT_MUST_USE tact_err change_read_named(arena *a, const schema *s, tact_value v, int64_t now_ms, command *out,
                                         tact_problem_name *name, tact_error *error);

// What is wrong with a value that came in, an item if it is a list, whatever its type; NULL: nothing is.
const char *change_value_fault(tact_value v);

#endif
