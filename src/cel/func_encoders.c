// SPDX-License-Identifier: Apache-2.0
//
// Base64 (base/base64.h) and back. Decoding takes text without its padding, as the conformance suite
// asks, and nothing else that is not in the alphabet.
#include "base/base64.h"
#include "cel/func.h"

tact_value fn_base64_encode(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    size_t len = base64_len(args[0].len);
    if (len > UINT32_MAX) return call_fault(call, TACT_FAULT_OVERFLOW, "a text of more than 4 GiB");
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    char *text = call_alloc(call, len);
    if (!text) return call_no_memory(call);
    base64_encode(text, args[0].as.s, args[0].len);
    return tact_string(text, len);
}

// The six bits that a character stands for, or -1.
static int six_bits(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The text's length without its padding, which completes groups of four or is missing; SIZE_MAX if it is neither.
static size_t unpadded(tact_str text) {
    size_t len = text.len, padding = 0;
    while (padding < 2 && len > 0 && text.ptr[len - 1] == '=') len--, padding++;
    bool wrong = (padding > 0 && text.len % 4 != 0) || len % 4 == 1;
    return wrong ? SIZE_MAX : len;
}

tact_value fn_base64_decode(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    const char *text = args[0].as.s;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    size_t len = unpadded(value_str(args[0]));
    if (len == SIZE_MAX) return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "the text is cut off or wrongly padded");
    char *bytes = call_alloc(call, len * 3 / 4);
    if (!bytes) return call_no_memory(call);
    uint32_t bits = 0;
    size_t decoded = 0;
    for (size_t i = 0; i < len; i++) {
        int six = six_bits(text[i]);
        if (six < 0) return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "byte %zu is not of the Base64 alphabet", i);
        bits = bits << 6 | (uint32_t)six;
        if (i % 4 != 0) bytes[decoded++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
    }
    return tact_bytes(bytes, decoded);
}
