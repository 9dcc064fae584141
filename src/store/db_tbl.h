// SPDX-License-Identifier: Apache-2.0
//
// The tables of a store: X(NAME, name, whether its keys are 64-bit numbers, "key -> value"). Their names are in the
// files and never change.
X(META, meta, false, "text -> format version, state, schema, secret")
X(IDENTITY, identity, false, "namespace u16, value -> strand")
X(STRAND, strand, true, "strand -> its facts, see strand.h")
X(PERSON, person, true, "person -> its record, see record.h")
X(ALIAS, alias, true, "strand -> its person, where that is another number")
X(LINKS, links, true, "person of more than one strand -> its graph, see links.h")
X(EVENT, event, false, "strand, time, position -> one event")
X(SEEN, seen, false, "keyed hash of a command's kind, event and id -> the answer it got, and what it said, hashed")
X(TOMB, tomb, false, "an erased identity's keyed hash -> when, and by which command")
X(COUNT, count, false, "counter, level, bucket -> how often for everyone")
X(BUNDLE, bundle, false, "bundle's name, 0, number -> a version of it, see bundles.h")
X(CONTENT, content, false, "hash -> a bundle's files, as they were published")
X(DROPPED, dropped, false, "an identity that was pushed out, namespace u16, length u16, value, strand -> nothing")
