// SPDX-License-Identifier: Apache-2.0
//
// The operations: X(NAME, name, ROLE, PACE, "what it does"). tact_NAME does it, and a request's `op` names it. Over a
// wire it takes a token with the role ROLE (server/access.h), and PACE says how a server has it answered: QUICK, at once,
// in microseconds; SLOW, by one of many threads that may wait for the disk; HEAVY, by one of a few that compute for long,
// and step back for all others.
X(DECIDE, decide, DECIDE, QUICK, "says what to show to a person at some placements")
X(EXPLAIN, explain, PUBLISH, SLOW, "says what would be shown and why, and changes nothing")
X(CONTEXT, context, DECIDE, QUICK, "says what a chat assistant may be told of a person, within a budget")
X(RECORD, record, RECORD, SLOW, "applies changes: events, attributes, consents, identities")
X(PERSON, person, OPERATE, SLOW, "says all that is held of a person")
X(ERASE, erase, OPERATE, SLOW, "deletes a person for good")
X(PUBLISH, publish, PUBLISH, HEAVY, "makes a folder of rules the active bundle")
X(ROLLBACK, rollback, PUBLISH, HEAVY, "makes a version active that was published before")
X(BUNDLES, bundles, PUBLISH, SLOW, "lists what was published, the newest first")
X(SIMULATE, simulate, PUBLISH, HEAVY, "says what a bundle would do with the persons there are, and changes nothing")
X(STATUS, status, OPERATE, QUICK, "says how the engine is")
