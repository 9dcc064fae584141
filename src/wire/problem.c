// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong, by name, place and text. Names and places that a request brought are shown as utf8_show has them.
#include "wire/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "value/value.h"

static const char *const names[] = {
    [TACT_PROBLEM_NONE] = NULL,
#define X(NAME, name, text) [TACT_PROBLEM_##NAME] = #name,
#include "tact/problem_tbl.h"
#undef X
};

const char *tact_problem_code(const tact_problem *problem) {
    const char *name = (size_t)problem->name < sizeof names / sizeof *names ? names[problem->name] : NULL;
    return name ? name : tact_err_name(problem->err);
}

tact_value tact_problem_reply(const tact_problem *problem, tact_arena *a) {
    const char *texts[] = {"code", tact_problem_code(problem), "text", problem->text, "at", problem->at};
    tact_value pairs[6];
    for (int i = 0; i < 6; i++) {
        size_t len = strlen(texts[i]);
        const char *copy = arena_copy(a, texts[i], len);
        if (!copy) return tact_null();
        pairs[i] = tact_string(copy, len);
    }
    tact_value error = tact_map_new(a, pairs, problem->at[0] ? 3 : 2);
    const tact_value reply[] = {tact_string("ok", 2), tact_bool(false), tact_string("error", 5), error};
    tact_value v = error.kind == TACT_MAP ? tact_map_new(a, reply, 2) : tact_null();
    return v.kind == TACT_MAP ? v : tact_null();
}

// ---- Places ---------------------------------------------------------------------------------------------------------

static void add(place *p, const char *text) {
    size_t len = strlen(text), room = sizeof p->text - 1 - p->len;
    if (len > room) len = room;
    memcpy(p->text + p->len, text, len);
    p->len += len;
    p->text[p->len] = '\0';
}

place place_of(const char *name) {
    place p = place_none();
    add(&p, name);
    return p;
}

place place_member(const place *p, tact_str of) {
    place inner = *p;
    utf8_shown shown;
    if (inner.len) add(&inner, ".");
    add(&inner, utf8_show(&shown, of));
    return inner;
}

place place_item(const place *p, size_t number) {
    place inner = *p;
    char text[32], *at = text + sizeof text;
    *--at = '\0';
    *--at = ']';
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    *--at = '[';
    add(&inner, at);
    return inner;
}

// ---- Problems -------------------------------------------------------------------------------------------------------

tact_err problem_set(tact_problem *p, tact_err err, tact_problem_name name, const place *at, const char *format, ...) {
    if (!p) return err;
    va_list args;
    va_start(args, format);
    p->err = err;
    p->name = name;
    p->at[0] = '\0';
    if (at) memcpy(p->at, at->text, at->len + 1);
    vsnprintf(p->text, sizeof p->text, format, args);
    va_end(args);
    return err;
}

tact_err problem_unknown(tact_problem *p, tact_problem_name name, const place *at, const char *noun, const near *n) {
    utf8_shown shown;
    const char *wanted = utf8_show(&shown, n->wanted);
    if (!n->best.len) return problem_set(p, TACT_INVALID, name, at, "%s: there is no %s `%s`", at->text, noun, wanted);
    return problem_set(p, TACT_INVALID, name, at, "%s: there is no %s `%s`; did you mean `%.*s`?", at->text, noun,
                       wanted, (int)n->best.len, n->best.ptr);
}

tact_err problem_of(tact_problem *p, tact_err err, tact_problem_name name, const tact_error *error) {
    return problem_set(p, err, name, NULL, "%s", error->text);
}

tact_err problem_no_memory(tact_problem *p) {
    return problem_set(p, TACT_NO_MEMORY, TACT_PROBLEM_NONE, NULL, "the arena's bound, or memory, is used up");
}
