// SPDX-License-Identifier: Apache-2.0
//
// Every kind of command: X(NAME, name, "what it does"). Their order is their number in stored bytes and never changes.
X(SET, set, "sets or takes away attributes of a person")
X(EVENT, event, "records that something happened to a person")
X(CONSENT, consent, "grants, denies or unsets purposes")
X(LINK, link, "says that several identities are one person")
X(UNLINK, unlink, "takes an identity out of its person, with what came in by it")
X(ERASE, erase, "deletes a person for good")
X(COUNT, count, "counts towards a cap")
X(SWEEP, sweep, "forgets what is too old to matter, a slice at a time; of no person, never from outside")
