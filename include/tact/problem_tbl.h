// SPDX-License-Identifier: Apache-2.0
//
// What can be wrong with a request, or become of it: X(NAME, name, "what it means"). Programs may act on the names,
// which never change; where there is none of its own, a problem has the name of its tact_err.
X(UNKNOWN_KEY, unknown_key, "the request has a key that its operation does not know")
X(UNKNOWN_OPERATION, unknown_operation, "there is no such operation")
X(UNKNOWN_IDENTITY, unknown_identity, "the schema has no such namespace of identities")
X(UNKNOWN_PLACEMENT, unknown_placement, "the active bundle has no such placement")
X(UNKNOWN_CHANNEL, unknown_channel, "the active bundle has no such channel")
X(UNKNOWN_ATTRIBUTE, unknown_attribute, "the context, or what an event says of itself, has no such name")
X(UNKNOWN_EVENT, unknown_event, "the schema has no such event")
X(UNKNOWN_PERSON, unknown_person, "nobody is known by that")
X(UNKNOWN_VERSION, unknown_version, "there is no such version of a bundle")
X(MISSING, missing, "the request lacks something that it needs")
X(WRONG_TYPE, wrong_type, "a value is of another type than it must be")
X(BAD_VALUE, bad_value, "a value is none of those that are allowed here")
X(REPEATED, repeated, "something is named twice")
X(TOO_MUCH, too_much, "the request holds more of something than one may")
X(BAD_TOKEN, bad_token, "the token was not given out by this store, or was changed since")
X(BAD_CHANGE, bad_change, "a change cannot be read")
X(BAD_BUNDLE, bad_bundle, "the bundle has faults; nothing was changed")
X(NO_BUNDLE, no_bundle, "nothing is published yet")
X(READ_ONLY, read_only, "the folder is open for reading only")
X(OVERLOADED, overloaded, "too much is waiting to be written; try again")
