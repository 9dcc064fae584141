// SPDX-License-Identifier: Apache-2.0
//
// The one door to RE2. The subtle part is that nothing may leave it but return values: RE2 is told not to log, and an
// exception (memory) ends here.
#include "cel/regex.h"

#include <re2/re2.h>

#include <new>

struct regex {
    re2::RE2 compiled;

    regex(tact_str pattern, const re2::RE2::Options &options)
        : compiled(re2::StringPiece(pattern.ptr, pattern.len), options) {}
};

static const char *explain(arena *a, const char *text) {
    return arena_copy(a, text, strlen(text));
}

regex *regex_new(tact_str pattern, arena *a, const char **why) {
    *why = nullptr;
    try {
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(REGEX_MEMORY_MAX);
        regex *re = new regex(pattern, options);
        if (re->compiled.ok()) return re;
        *why = explain(a, re->compiled.error().c_str());
        delete re;
    } catch (...) {
        *why = explain(a, "out of memory");
    }
    return nullptr;
}

void regex_free(regex *re) {
    delete re;
}

static void drop(void *thing) {
    regex_free(static_cast<regex *>(thing));
}

regex *regex_in(arena *a, tact_str pattern, const char **why) {
    regex *re = regex_new(pattern, a, why);
    if (re && arena_on_reset(a, drop, re) != TACT_OK) {
        regex_free(re);
        return nullptr;
    }
    return re;
}

bool regex_matches(const regex *re, tact_str text) {
    try {
        return re2::RE2::PartialMatch(re2::StringPiece(text.ptr, text.len), re->compiled);
    } catch (...) {
        return false; // only memory can run out here, and RE2 has its own bounds for that
    }
}

uint32_t regex_size(const regex *re) {
    return (uint32_t)re->compiled.ProgramSize();
}
