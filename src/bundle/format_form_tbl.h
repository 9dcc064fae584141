// SPDX-License-Identifier: Apache-2.0
//
// How a value of a bundle is written: X(NAME, check, words, json, "what is expected, as a complaint names it").
//
// check: how draft.c looks at it: TEXT (a scalar), NAME, TEXTS (a list of scalars), BOOL, COUNT (an int not below 0),
// POSITIVE, NUMBER, PERCENT, PERCENTS (a map of them), SPAN, TIME, WORD (one of `words`), WORDS (one or a list of them),
// REF (a text that names a member), REFS (one or a list of them), EXPR, MAP, ANY (a map of values), LIST, or LATER: by whoever knows its type.
// words: what it may be, if that can be listed. json: its JSON Schema, as far as one can say it; empty: one of `words`. That
// of PARTS gets the part that its items are.
X(NAME,      NAME,     "", "\"type\": \"string\", \"pattern\": \"^[A-Za-z_][A-Za-z0-9_]*$\"", "a name of letters, digits and _")
X(TEXT,      TEXT,     "", "\"type\": [\"string\", \"number\", \"boolean\"]", "a text")
X(TEXTS,     TEXTS,    "", "\"type\": \"array\", \"items\": {\"type\": [\"string\", \"number\", \"boolean\"]}", "a list of texts")
X(ZONE,      TEXT,     "", "\"type\": \"string\"", "a time zone such as Europe/Berlin")
X(BOOL,      BOOL,     "", "\"type\": \"boolean\"", "true or false")
X(COUNT,     COUNT,    "", "\"type\": \"integer\", \"minimum\": 0", "a whole number from 0 on")
X(POSITIVE,  POSITIVE, "", "\"type\": \"integer\", \"minimum\": 1", "a whole number from 1 on")
X(NUMBER,    NUMBER,   "", "\"type\": \"number\"", "a number")
X(PERCENT,   PERCENT,  "", "\"type\": \"number\", \"minimum\": 0, \"maximum\": 100", "a percentage from 0 to 100")
X(PERCENTS,  PERCENTS, "", "\"type\": \"object\", \"additionalProperties\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 100}", "a map of names to percentages")
X(SPAN,      SPAN,     "", "\"type\": \"string\"", "a time span such as 90d, 2w, 36h or 1h30m")
X(TIME,      TIME,     "", "\"type\": \"string\"", "a date such as 2026-11-01 or a time such as 2026-11-01T09:00:00Z")
X(TYPE,      LATER,    "bool int double string timestamp duration list(string) list(int) list(double)", "", "a type such as string")
X(TYPES,     MAP,      "", "\"type\": [\"object\", \"null\"], \"additionalProperties\": {\"type\": \"string\"}", "a map such as {amount: double}")
X(VALUE,     LATER,    "", "\"type\": [\"string\", \"number\", \"boolean\", \"array\"]", "a value of its type")
X(VALUES,    LATER,    "", "\"type\": \"array\"", "a list of values of its type")
X(ANY,       ANY,      "", "\"type\": [\"object\", \"null\"]", "a map")
X(NORMALIZE, WORDS,    "trim lowercase", "", "lowercase, trim or a list of them")
X(GRANTED,   WORD,     "granted denied", "", "granted or denied")
X(TIES,      WORD,     "name random", "", "name or random")
X(UNIT,      WORD,     "person", "", "person")
X(PERIOD,    WORD,     "hour day week month year", "", "hour, day, week, month or year")
X(SCOPE,     WORD,     "person everyone", "", "person or everyone")
X(SOURCES,   LATER,    "", "\"type\": \"array\", \"items\": {\"type\": \"string\"}", "a list of sources such as [crm, web]")
X(COUNTED,   TEXT,     "", "\"type\": \"string\"", "decision, impression, click or an event's name")
X(EVENT,     TEXT,     "", "\"type\": \"string\"", "an event such as purchase")
X(PROPERTY,  TEXT,     "", "\"type\": \"string\"", "a property of an event such as purchase.amount")
X(REF,       REF,      "", "\"type\": \"string\"", "the name of")
X(REFS,      REFS,     "", "\"type\": [\"string\", \"array\"], \"items\": {\"type\": \"string\"}", "the name of")
X(EXPR,      EXPR,     "", "\"type\": [\"string\", \"number\", \"boolean\"]", "an expression")
X(SETS,      MAP,      "", "\"type\": [\"object\", \"null\"], \"additionalProperties\": {\"type\": \"object\"}", "a map of arms to what they change")
X(FIELDS,    MAP,      "", "\"type\": [\"object\", \"null\"], \"additionalProperties\": {\"type\": \"string\"}", "a map of fields to their kinds")
X(CONTENTS,  MAP,      "", "\"type\": [\"object\", \"null\"], \"additionalProperties\": {\"type\": \"object\"}", "a map of placements to their content")
X(PARTS,     LIST,     "", "\"type\": [\"array\", \"null\"]", "a list")
