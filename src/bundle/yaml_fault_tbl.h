// SPDX-License-Identifier: Apache-2.0
//
// What libfyaml finds wrong, said so that people who never read YAML's specification know what to do:
// X("what its message begins with", "what we say", "what to do"). The first row that fits counts; a message that
// none fits is shown as it is.
#define QUOTES "a text or an expression with signs that YAML takes for its own is written in single quotes"
#define INDENTED "is the next line indented too far? A text that has a colon and a blank in it needs quotes"
#define BLANKS "indent with blanks"
X("plain scalar cannot start", "a text without quotes cannot begin with this sign", QUOTES)
X("invalid nested block mapping on the same line", "a colon and a blank within a text without quotes", QUOTES ", and a key begins a line")
X("invalid tag", "what begins with ! needs quotes", QUOTES)
X("invalid trailing content after single", "something stands behind the closing quote", "a quote within single quotes is written twice: 'It''s here'")
X("invalid trailing content after", "something stands behind the closing quote", "an expression that begins with a quote is written in single quotes, all of it")
X("invalid value after mapping", "what stands before this is complete already", QUOTES)
X("invalid multiline", "this goes on in the next line, where a colon follows", INDENTED)
X("invalid mapping in plain multiline", "this goes on in the next line, where a colon follows", INDENTED)
X("could not find expected ':'", "a key without a colon", "a key, a colon, a blank, and its value: `title: Winter`")
X("missing comma in flow", "a comma is missing before this", "within braces and brackets a text with such signs as , ? : { [ is written in single quotes")
X("mismatched flow", "this closes what is not open", "{ is closed by }, and [ by ]")
X("flow sequence without a closing", "a bracket is never closed", "{ is closed by }, and [ by ]")
X("flow mapping without a closing", "a brace is never closed", "{ is closed by }, and [ by ]")
X("flow mapping with invalid extra", "this closes what is not open", "{ is closed by }, and [ by ]")
X("flow sequence with invalid extra", "this closes what is not open", "{ is closed by }, and [ by ]")
X("wrongly indented flow", "a brace or bracket before this is not closed", "{ is closed by }, and [ by ]; what is within them is indented")
X("wrongly indented single-quoted", "this quote is not closed", "a quote within single quotes is written twice: 'It''s here'")
X("wrongly indented double-quoted", "this quote is not closed", "a quote within double quotes is written \\\"")
X("single-quoted scalar without closing", "this quote is never closed", "a quote within single quotes is written twice: 'It''s here'")
X("double-quoted scalar without closing", "this quote is never closed", "a quote within double quotes is written \\\"")
X("double-quoted scalar has invalid", "there is no such escape in double quotes", "in single quotes a backslash is a backslash")
X("invalid escape", "there is no such escape in double quotes", "in single quotes a backslash is a backslash")
X("invalid indentation in mapping", "this line is indented like none above it", "keys of one map stand in one column")
X("invalid tab", "a tab cannot be used for indentation", BLANKS)
X("tab character", "a tab cannot be used for indentation", BLANKS)
X("cannot use tab", "a tab cannot be used for indentation", BLANKS)
X("block scalar no linebreak", "behind | and > nothing can stand", "the text begins in the next line; a text that begins with such a sign needs quotes")
X("block sequence on the same line", "a list cannot begin here", "its dashes begin in the next line; a text that begins with a dash needs quotes")
X("did not find expected '-'", "expected a dash, as before the items above", "items of one list stand in one column")
X("invalid comment", "there is no blank before this comment", "a text with # in it needs quotes")
X("invalid block mapping key on same line", "a second key in one line", "a key begins a line, or stands between braces")
#undef QUOTES
#undef INDENTED
#undef BLANKS
