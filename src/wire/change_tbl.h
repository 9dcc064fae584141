// SPDX-License-Identifier: Apache-2.0
//
// The keys of a change: X(KEY, key, does, goes_with, takes, "what it says"). A change has exactly one key that does
// something (`does`: its kind of command; NOTHING for the others), and of the others those that go with it.
X(SET, set, COMMAND_SET, BIT(SET), VALUES, "attributes and their values; null takes one away")
X(EVENT, event, COMMAND_EVENT, BIT(EVENT), TEXT, "what happened: an event of the schema")
X(CONSENT, consent, COMMAND_CONSENT, BIT(CONSENT), VALUES, "purposes, each \"granted\", \"denied\" or \"unset\"")
X(LINK, link, COMMAND_LINK, BIT(LINK), WHOM, "identities that are one person")
X(UNLINK, unlink, COMMAND_UNLINK, BIT(UNLINK), WHOM, "the identity that leaves its person, with what came in by it")
X(ERASE, erase, COMMAND_ERASE, BIT(ERASE), WHOM, "an identity of the person to delete for good")
X(PERSON, person, NOTHING, ANY, VALUES, "whom it is about: identities, linked if there are several")
X(PROPERTIES, properties, NOTHING, BIT(EVENT), VALUES, "properties of the event and their values; null: none")
X(CHANNEL, channel, NOTHING, BIT(EVENT), TEXT, "where the event happened: \"web\"")
X(EXPIRES, expires, NOTHING, BIT(CONSENT), MOMENT, "when the consents end")
X(EXPLICIT, explicit, NOTHING, BIT(CONSENT), FLAG, "whether the person said so (the default), or it was inferred or imported")
X(SOURCE, source, NOTHING, ANY, TEXT, "the system that says so: a source of the schema")
X(TIME, time, NOTHING, ANY, MOMENT, "when it happened; now by default")
X(ID, id, NOTHING, ANY, TAG, "the change's own id, at most 64 bytes, among its kind or type of event: applied once, with other content refused")
