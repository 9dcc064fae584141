// SPDX-License-Identifier: Apache-2.0
//
// Every error code of the public interface: X(NAME, name, number, "what it means"). Numbers never change.
X(OK, ok, 0, "no error")
X(NO_MEMORY, no_memory, 1, "memory, or the bound set on it, is used up")
X(USAGE, usage, 2, "the call itself is wrong: an argument out of its range, or a step out of order")
X(SYNTAX, syntax, 3, "the text cannot be read")
X(INVALID, invalid, 4, "the text can be read but breaks a rule")
X(LIMIT, limit, 5, "a documented limit is exceeded")
X(NOT_FOUND, not_found, 6, "there is no such thing")
X(EXISTS, exists, 7, "there is one already")
X(IO, io, 8, "a file or device could not be read or written")
X(BUSY, busy, 9, "somebody else is using it, or too much is waiting already; try again")
X(DENIED, denied, 10, "whoever asks may not do that")
