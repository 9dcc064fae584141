// SPDX-License-Identifier: Apache-2.0
//
// What can be wrong with a bundle: X(NAME, name, err, "what it means"). `name` is stable: editors and scripts see it.
// `err` is the error that it is, a name of err_tbl.h; OK marks a warning. Faults of expressions have the language's own
// names (cel/diag.c).
X(SYNTAX, syntax, SYNTAX, "the file is no YAML, or no UTF-8")
X(EMPTY, empty, INVALID, "the file holds nothing")
X(YAML, yaml, INVALID, "something of YAML that is not used here: anchors, aliases, tags, several documents")
X(REPEATED_KEY, repeated_key, INVALID, "a key stands twice in one map")
X(TOO_LARGE, too_large, LIMIT, "a documented bound is exceeded")
X(UNREADABLE, unreadable, IO, "a file or folder cannot be read")
X(CHANGED, changed, BUSY, "a file changed while it was read")
X(BAD_FILE, bad_file, INVALID, "a file that may not be part of a bundle: outside of it, a link, no plain file")
X(NO_MATCH, no_match, OK, "a pattern of `include` that no file matches")
X(UNKNOWN_KEY, unknown_key, INVALID, "a key that is none here")
X(MISSING_KEY, missing_key, INVALID, "a key that must be there is not")
X(MISPLACED, misplaced, INVALID, "a key that may stand only in bundle.yaml")
X(WRONG_FORM, wrong_form, INVALID, "a value that is not written as its key needs it")
X(BAD_NAME, bad_name, INVALID, "a name that cannot be one")
X(DEFINED_TWICE, defined_twice, INVALID, "two definitions of one name")
X(UNKNOWN_NAME, unknown_name, INVALID, "a name that nothing has")
X(WRONG_TYPE, wrong_type, INVALID, "a type that is none, or does not fit")
X(INVALID, invalid, INVALID, "anything else that breaks a rule")
