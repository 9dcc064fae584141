// SPDX-License-Identifier: Apache-2.0
//
// What the core language does with text: sizes, searching, regular expressions.
#define _GNU_SOURCE // memmem
#include <string.h>

#include "base/utf8.h"
#include "cel/func.h"
#include "cel/regex.h"

tact_value fn_size(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    switch (args[0].kind) {
    case TACT_STRING:
        if (!call_charge_bytes(call, args[0].len)) return call_no_steps(call);
        return tact_int((int64_t)utf8_count(args[0].as.s, args[0].len));
    case TACT_MAP: return tact_int(args[0].as.map->count);
    default: return tact_int(args[0].len);
    }
}

// ---- Searching ------------------------------------------------------------------------------------------------------
// Where UTF-8 text occurs in UTF-8 text, it begins and ends between code points: bytes can be compared as they are.

tact_value fn_contains(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (args[1].len == 0) return tact_bool(true);
    if (args[1].len > args[0].len) return tact_bool(false);
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    return tact_bool(memmem(args[0].as.s, args[0].len, args[1].as.s, args[1].len) != NULL);
}

static tact_value occurs_at(tact_cel_call *call, const tact_value *args, size_t at) {
    if (args[1].len == 0) return tact_bool(true);
    if (!call_charge_bytes(call, args[1].len)) return call_no_steps(call);
    return tact_bool(memcmp(args[0].as.s + at, args[1].as.s, args[1].len) == 0);
}

tact_value fn_starts_with(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return args[1].len > args[0].len ? tact_bool(false) : occurs_at(call, args, 0);
}

tact_value fn_ends_with(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return args[1].len > args[0].len ? tact_bool(false) : occurs_at(call, args, args[0].len - args[1].len);
}

// ---- Regular expressions --------------------------------------------------------------------------------------------

// A byte of text costs RE2 a step in its fast way, and up to one an instruction of the pattern in its slow one; so many
// instructions of a byte are priced as a step, since few are ever active together.
#define INSTRUCTIONS_A_STEP 32
#define COMPILE_STEPS 2000     // compiling the least pattern
#define COMPILE_BYTE_STEPS 100 // and each byte of one
#define COMPILE_SIZE_STEPS 10  // and each instruction that it becomes; \pL{30} is nine bytes and thousands of them

static tact_value match(tact_cel_call *call, tact_value text, const regex *re) {
    uint64_t byte_steps = 1 + regex_size(re) / INSTRUCTIONS_A_STEP;
    if (!call_charge(call, text.len * byte_steps)) return call_no_steps(call);
    return tact_bool(regex_matches(re, value_str(text)));
}

// The pattern is text, or was compiled when the program was (see func_prepare).
tact_value fn_matches(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (args[1].kind == TACT_OPAQUE) return match(call, args[0], args[1].as.opaque);
    if (!call_charge(call, COMPILE_STEPS + args[1].len * (uint64_t)COMPILE_BYTE_STEPS)) return call_no_steps(call);
    const char *why;
    regex *re = regex_new(value_str(args[1]), call->arena, &why);
    if (!re) {
        utf8_shown shown;
        why = why ? utf8_show(&shown, tact_str_from(why)) : "the pattern takes too much memory";
        return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "%s", why);
    }
    bool paid = call_charge(call, regex_size(re) * (uint64_t)COMPILE_SIZE_STEPS);
    tact_value result = paid ? match(call, args[0], re) : call_no_steps(call);
    regex_free(re);
    return result;
}
