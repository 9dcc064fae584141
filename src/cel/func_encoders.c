// SPDX-License-Identifier: Apache-2.0
//
// Base64 (base/base64.h) and back. Decoding takes text without its padding, as the conformance suite asks, and nothing
// else that is not in the alphabet.
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

tact_value fn_base64_decode(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    tact_str text = value_str(args[0]);
    if (!call_charge(call, text.len)) return call_no_steps(call);
    char *bytes = call_alloc(call, text.len * 3 / 4);
    if (!bytes) return call_no_memory(call);
    size_t bad, len = base64_decode(bytes, text, &bad);
    if (len != SIZE_MAX) return tact_bytes(bytes, len);
    if (bad < text.len)
        return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "byte %zu is not of the Base64 alphabet", bad);
    return call_fault(call, TACT_FAULT_INVALID_ARGUMENT, "the text is cut off or wrongly padded");
}
