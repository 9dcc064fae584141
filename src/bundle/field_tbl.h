// SPDX-License-Identifier: Apache-2.0
//
// What a field of content can be: X(NAME, name, "what it is, and how computed parts of it are escaped").
X(STRING, string, "plain text; computed parts stand as they are")
X(HTML, html, "a piece of HTML; computed parts are escaped for text and attributes")
X(URL, url, "an address or a path; computed parts are percent-encoded")
X(IMAGE, image, "the address of an image; as url")
X(INT, int, "a whole number")
X(DOUBLE, double, "a number")
X(BOOL, bool, "true or false")
