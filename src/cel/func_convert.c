// SPDX-License-Identifier: Apache-2.0
//
// Conversions between kinds. A number that does not fit the other kind is an error, never the nearest that does; text
// is read whole or not at all.
#include <math.h>

#include "base/num.h"
#include "base/utf8.h"
#include "cel/func.h"
#include "value/time.h"
#include "value/type.h"

#define TWO_63 9223372036854775808.0
#define TWO_64 18446744073709551616.0

// "'…' is no timestamp": `fault` says of what kind the fault is, `what` what the text was to be.
static tact_value bad_text(tact_cel_call *call, tact_fault fault, tact_value text, const char *what) {
    utf8_shown shown;
    return call_fault(call, fault, "'%s' is no %s", utf8_show(&shown, value_str(text)), what);
}

static tact_value out_of_range(tact_cel_call *call, const char *what) {
    return call_fault(call, TACT_FAULT_OVERFLOW, "beyond what %s can hold", what);
}

tact_value fn_identity(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return args[0];
}

tact_value fn_type(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return value_type(type_of_value(args[0]));
}

// ---- Between numbers ------------------------------------------------------------------------------------------------

tact_value fn_to_double(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_double(args[0].kind == TACT_INT ? (double)args[0].as.i : (double)args[0].as.u);
}

// "Double to int conversions are limited to (minInt, maxInt) non-inclusive" (CEL language definition, "Overflow").
tact_value fn_double_to_int(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    double d = args[0].as.d;
    return d > -TWO_63 && d < TWO_63 ? tact_int((int64_t)d) : out_of_range(call, "int");
}

tact_value fn_double_to_uint(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    double d = args[0].as.d;
    return d >= 0 && d < TWO_64 ? tact_uint((uint64_t)d) : out_of_range(call, "uint");
}

tact_value fn_int_to_uint(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return args[0].as.i >= 0 ? tact_uint((uint64_t)args[0].as.i) : out_of_range(call, "uint");
}

tact_value fn_uint_to_int(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return args[0].as.u <= INT64_MAX ? tact_int((int64_t)args[0].as.u) : out_of_range(call, "int");
}

// ---- Times and numbers ----------------------------------------------------------------------------------------------

tact_value fn_duration_to_int(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_int(args[0].as.i);
}

tact_value fn_timestamp_to_int(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_int(args[0].as.i);
}

tact_value fn_int_to_timestamp(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int64_t seconds = args[0].as.i;
    if (seconds < VALUE_TIMESTAMP_MIN || seconds > VALUE_TIMESTAMP_MAX) return out_of_range(call, "timestamp");
    return tact_timestamp(seconds, 0);
}

// ---- From text ------------------------------------------------------------------------------------------------------

tact_value fn_string_to_bool(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    static const struct {
        const char *text;
        bool b;
    } words[] = {
        {"true", true},   {"True", true},   {"TRUE", true},   {"t", true},  {"T", true},  {"1", true},
        {"false", false}, {"False", false}, {"FALSE", false}, {"f", false}, {"F", false}, {"0", false},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (tact_str_equal(value_str(args[0]), tact_str_from(words[i].text))) return tact_bool(words[i].b);
    }
    return bad_text(call, TACT_FAULT_CONVERSION, args[0], "bool");
}

tact_value fn_string_to_int(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    int64_t i;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    return num_parse_int(value_str(args[0]), 10, &i) ? tact_int(i)
                                                     : bad_text(call, TACT_FAULT_CONVERSION, args[0], "int");
}

tact_value fn_string_to_uint(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    uint64_t u;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    return num_parse_uint(value_str(args[0]), 10, &u) ? tact_uint(u)
                                                      : bad_text(call, TACT_FAULT_CONVERSION, args[0], "uint");
}

tact_value fn_string_to_double(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    double d;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    return num_parse_double(value_str(args[0]), &d) ? tact_double(d)
                                                    : bad_text(call, TACT_FAULT_CONVERSION, args[0], "double");
}

tact_value fn_string_to_bytes(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call, (void)count;
    return tact_bytes(args[0].as.s, args[0].len);
}

static tact_value parse_time(tact_cel_call *call, tact_value text, const char *what,
                             time_fault (*parse)(tact_str, tact_value *)) {
    tact_value v;
    if (!call_charge(call, text.len)) return call_no_steps(call);
    switch (parse(value_str(text), &v)) {
    case TIME_OK: return v;
    case TIME_RANGE: return bad_text(call, TACT_FAULT_OVERFLOW, text, what);
    default: return bad_text(call, TACT_FAULT_CONVERSION, text, what);
    }
}

tact_value fn_string_to_timestamp(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return parse_time(call, args[0], "timestamp, which is written like 2026-12-01T00:00:00Z", time_parse_timestamp);
}

tact_value fn_string_to_duration(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    return parse_time(call, args[0], "duration, which is written like 336h or 1h30m", time_parse_duration);
}

// ---- To text --------------------------------------------------------------------------------------------------------

tact_value fn_bytes_to_string(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (!call_charge(call, args[0].len)) return call_no_steps(call);
    if (utf8_valid(args[0].as.s, args[0].len)) return tact_string(args[0].as.s, args[0].len);
    return call_fault(call, TACT_FAULT_CONVERSION, "the bytes are no valid UTF-8");
}

static void print_double(buf *out, double d) {
    char text[NUM_TEXT_MAX];
    buf_add(out, text, num_print_double(text, d));
}

tact_value fn_to_string(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)count;
    if (args[0].kind == TACT_BOOL) return args[0].as.b ? tact_string("true", 4) : tact_string("false", 5);
    buf out = buf_in(call->arena);
    switch (args[0].kind) {
    case TACT_INT: buf_printf(&out, "%lld", (long long)args[0].as.i); break;
    case TACT_UINT: buf_printf(&out, "%llu", (unsigned long long)args[0].as.u); break;
    case TACT_DOUBLE: print_double(&out, args[0].as.d); break;
    case TACT_TIMESTAMP: value_print_timestamp(&out, args[0]); break;
    default: value_print_duration(&out, args[0]); break;
    }
    return call_text(call, &out);
}
