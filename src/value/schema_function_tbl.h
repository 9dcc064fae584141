// SPDX-License-Identifier: Apache-2.0
//
// What an aggregate can keep of events: X(NAME, name, operand, "what it is"). `operand` is what it needs to name: an
// EVENT, or an event's property that is a NUMBER, ORDERED (a number, timestamp or duration) or SINGLE (not a list).
// Their order is their number in stored bytes and never changes.
X(COUNT, count, EVENT, "how many events there were")
X(SUM, sum, NUMBER, "the sum of a property")
X(MIN, min, ORDERED, "the least value of a property")
X(MAX, max, ORDERED, "the greatest value of a property")
X(AVG, avg, NUMBER, "the mean of a property")
X(DISTINCT, distinct, SINGLE, "how many different values a property had: exact up to 1,000, and 2,000 at most")
X(FIRST, first, SINGLE, "a property of the oldest event")
X(LAST, last, SINGLE, "a property of the newest event")
X(SINCE, since, EVENT, "the time since the newest event")
