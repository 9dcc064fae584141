// SPDX-License-Identifier: Apache-2.0
//
// The operations of an engine: X(NAME, name, "what it does"). tact_NAME does it, and a request's `op` names it.
X(DECIDE, decide, "says what to show to a person at some placements")
X(EXPLAIN, explain, "says what would be shown and why, and changes nothing")
X(CONTEXT, context, "says what a chat assistant may be told of a person, within a budget")
X(RECORD, record, "applies changes: events, attributes, consents, identities")
X(PERSON, person, "says all that is held of a person")
X(ERASE, erase, "deletes a person for good")
X(PUBLISH, publish, "makes a folder of rules the active bundle")
X(ROLLBACK, rollback, "makes a version active that was published before")
X(STATUS, status, "says how the engine is")
