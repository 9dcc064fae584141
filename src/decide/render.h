// SPDX-License-Identifier: Apache-2.0
//
// Content: texts with what stands between {{ and }} computed and escaped as the field's kind needs it.
//
//      string, and every piece that is written as it is    unchanged
//      html                                                & < > " ' as entities, fit for text and quoted attributes
//      url, image                                          percent-encoded, but for letters, digits and - . _ ~
//
// A number is written as string() of the language writes it.
#ifndef DECIDE_RENDER_H
#define DECIDE_RENDER_H

#include "decide/slots.h"

typedef enum render_result { RENDER_DONE, RENDER_NO_VALUE, RENDER_NO_MEMORY } render_result;

// The fields of a content, by its placement's fields, in the arena; NULL kind where it does not bring an optional one.
// The slots must be turned to its offer. RENDER_NO_VALUE: `*field` has none.
render_result render_content(slots *s, const bundle_content *c, const tact_value **out, uint32_t *field);
// Would it be rendered? Takes no memory but what its expressions do.
render_result render_check(slots *s, const bundle_content *c, uint32_t *field);

#endif
