// SPDX-License-Identifier: Apache-2.0
//
// What other languages write for operators, in words: X(KIND, "words", "hint"), where an operator is due, and
// BEFORE(KIND, "words", "hint"), where an operand is. KIND is the token that is meant, and the text is read on with it;
// BAD says that none is, and what follows belongs to another language. Where the hint is empty it names the token. A
// blank in the words stands for any white space; of words that begin alike the longer stand first.
#define SLIP_CHOICE "a choice is written `condition ? value : otherwise`"
#define SLIP_HAS "whether there is a value is asked by has(a.b), whether there is none by !has(a.b)"
#define SLIP_NOT_IN "it is written `!(x in list)`"
#define SLIP_BETWEEN "it is written `x >= low && x <= high`"
#define SLIP_TEXT "of a text it is asked by name.contains(\"x\"), startsWith or endsWith, of a list by \"x\" in list"
#define SLIP_NAMED "a value gets a name by cel.bind(name, value, expression)"
#define SLIP_LOOP "all items of a list are looked at by all, exists, filter and map"
// clang-format off
#ifdef X
X(AND, "and",  "")
X(OR,  "or",   "")
X(BAD, "is not null",    SLIP_HAS)
X(BAD, "is not empty",   SLIP_HAS)
X(BAD, "is not missing", SLIP_HAS)
X(BAD, "is null",        SLIP_HAS)
X(BAD, "is empty",       SLIP_HAS)
X(BAD, "is missing",     SLIP_HAS)
X(BAD, "exists",         SLIP_HAS)
X(IN,  "is not in",      SLIP_NOT_IN)
X(IN,  "is in",          "")
X(IN,  "not in",         SLIP_NOT_IN)
X(IN,  "! in",           SLIP_NOT_IN)
X(BAD, "is between",     SLIP_BETWEEN)
X(BAD, "between",        SLIP_BETWEEN)
X(GT,  "is greater than", "")
X(GT,  "greater than",   "")
X(GT,  "is more than",   "")
X(GT,  "more than",      "")
X(LT,  "is less than",   "")
X(LT,  "less than",      "")
X(GE,  "is at least",    "")
X(GE,  "at least",       "")
X(LE,  "is at most",     "")
X(LE,  "at most",        "")
X(NE,  "is not",         "")
X(EQ,  "is equal to",    "")
X(EQ,  "is",             "")
X(EQ,  "equals",         "")
X(NE,  "xor",            "")
X(MOD, "mod",            "")
X(BAD, "contains",       SLIP_TEXT)
X(BAD, "includes",       SLIP_TEXT)
X(BAD, "has",            SLIP_TEXT)
X(BAD, "starts with",    SLIP_TEXT)
X(BAD, "ends with",      SLIP_TEXT)
X(BAD, "matches",        SLIP_TEXT)
X(BAD, "like",           SLIP_TEXT)
X(BAD, "then",           SLIP_CHOICE)
X(BAD, "else",           SLIP_CHOICE)
X(BAD, "if",             SLIP_CHOICE)
#endif
#ifdef BEFORE
BEFORE(NOT, "not",       "it is written `!(condition)`")
BEFORE(BAD, "unless",    "it is written `!(condition)`")
BEFORE(BAD, "has",       SLIP_HAS)
BEFORE(BAD, "exists",    SLIP_HAS)
BEFORE(BAD, "if",        SLIP_CHOICE)
BEFORE(BAD, "else",      SLIP_CHOICE)
BEFORE(BAD, "case",      SLIP_CHOICE)
BEFORE(BAD, "when",      SLIP_CHOICE)
BEFORE(BAD, "return",    "an expression is its value: leave the word out")
BEFORE(BAD, "let",       SLIP_NAMED)
BEFORE(BAD, "var",       SLIP_NAMED)
BEFORE(BAD, "const",     SLIP_NAMED)
BEFORE(BAD, "for",       SLIP_LOOP)
BEFORE(BAD, "while",     SLIP_LOOP)
BEFORE(BAD, "loop",      SLIP_LOOP)
#endif
// clang-format on
