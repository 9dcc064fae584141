// SPDX-License-Identifier: Apache-2.0
//
// What all functions share: how a call fails, what a constant argument can be turned into ahead of time, sorting
// without the heap, and the declaration of the table's rows.
#include "cel/func.h"

#include "base/utf8.h"
#include "cel/program.h"
#include "cel/regex.h"
#include "cel/zone.h"

// ---- Failing --------------------------------------------------------------------------------------------------------

tact_value call_fault(tact_cel_call *call, tact_fault fault, const char *format, ...) {
    if (!format || call->faults_told >= CALL_FAULTS_TOLD_MAX) return tact_fault_value(fault, NULL);
    call->faults_told++;
    buf text = buf_in(call->arena);
    va_list args;
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    return tact_fault_value(fault, buf_done(&text).ptr);
}

static tact_value halt(tact_cel_call *call, tact_fault why) {
    if (!call->halted) call->halted = why;
    call->steps_left = 0;
    return tact_fault_value(why, NULL);
}

tact_value call_no_memory(tact_cel_call *call) {
    return halt(call, TACT_FAULT_NO_MEMORY);
}

tact_value call_no_steps(tact_cel_call *call) {
    return halt(call, TACT_FAULT_STEPS);
}

tact_value call_text(tact_cel_call *call, buf *b) {
    tact_str text = buf_done(b);
    if (!text.ptr) return call_no_memory(call);
    if (text.len > UINT32_MAX) return call_fault(call, TACT_FAULT_OVERFLOW, "a text of more than 4 GiB");
    return tact_string(text.ptr, text.len);
}

// ---- Arguments known ahead of time ----------------------------------------------------------------------------------

static tact_value opaque(uint8_t flags, const void *thing) {
    tact_value v = {TACT_OPAQUE, flags, 0, 0, {0}};
    v.as.opaque = thing;
    return v;
}

static tact_value prepare_pattern(tact_value text, arena *a) {
    const char *why;
    regex *re = regex_in(a, value_str(text), &why);
    if (re) return opaque(OPAQUE_REGEX, re);
    utf8_shown shown;
    if (why) why = arena_printf(a, "this is no regular expression: %s", utf8_show(&shown, tact_str_from(why)));
    return tact_fault_value(TACT_FAULT_INVALID_ARGUMENT, why);
}

static tact_value prepare_zone(tact_value name, arena *a) {
    zone *z = ARENA_NEW(a, zone);
    if (!z) return tact_fault_value(TACT_FAULT_NO_MEMORY, NULL);
    if (zone_find(value_str(name), z)) return opaque(OPAQUE_ZONE, z);
    utf8_shown shown;
    const char *why = arena_printf(a, "there is no time zone '%s'", utf8_show(&shown, value_str(name)));
    return tact_fault_value(TACT_FAULT_INVALID_ARGUMENT, why);
}

// The functions that take a time zone's name behind a timestamp.
static tact_cel_function *const calendar[] = {
    fn_full_year,   fn_month, fn_day_of_year, fn_day_of_month, fn_date,
    fn_day_of_week, fn_hours, fn_minutes,     fn_seconds,      fn_milliseconds,
};

// A literal time is computed when the expression is folded; what is left here is one that is none.
static tact_value prepare_time(const cel_overload *overload, tact_value text, arena *a) {
    tact_cel_call call = {.arena = a, .steps_left = UINT64_MAX, .overload = overload};
    tact_value v = overload->fn(&call, &text, 1);
    return v.kind == TACT_ERROR ? v : text;
}

tact_value func_prepare(const cel_overload *overload, uint32_t index, tact_value arg, arena *a) {
    bool is_time = overload->fn == fn_string_to_timestamp || overload->fn == fn_string_to_duration;
    if (index == 0 && arg.kind == TACT_STRING && is_time) return prepare_time(overload, arg, a);
    if (index != 1 || arg.kind != TACT_STRING) return arg;
    if (overload->fn == fn_matches) return prepare_pattern(arg, a);
    for (size_t i = 0; i < sizeof calendar / sizeof *calendar; i++) {
        if (overload->fn == calendar[i]) return prepare_zone(arg, a);
    }
    return arg;
}

// ---- Sorting --------------------------------------------------------------------------------------------------------

// Merges the sorted runs from[low, middle) and from[middle, high) into `to`; what is equal stays in order.
static void merge(const uint32_t *from, uint32_t *to, uint32_t low, uint32_t middle, uint32_t high, const void *things,
                  func_order *order) {
    uint32_t left = low, right = middle;
    for (uint32_t i = low; i < high; i++) {
        bool take_left = right == high || (left < middle && order(things, from[left], from[right]) <= 0);
        to[i] = from[take_left ? left++ : right++];
    }
}

uint32_t *func_sort(arena *a, const void *things, uint32_t count, func_order *order) {
    uint32_t *from = arena_array(a, count, 2 * sizeof *from);
    if (!from) return NULL;
    uint32_t *to = from + count;
    for (uint32_t i = 0; i < count; i++) from[i] = i;
    for (uint64_t width = 1; width < count; width *= 2) {
        for (uint64_t low = 0; low < count; low += 2 * width) {
            uint64_t middle = low + width < count ? low + width : count;
            uint64_t high = middle + width < count ? middle + width : count;
            merge(from, to, (uint32_t)low, (uint32_t)middle, (uint32_t)high, things, order);
        }
        uint32_t *sorted = to;
        to = from;
        from = sorted;
    }
    return from;
}

// Merging takes log2(count) rounds, rounded up, each of which looks at every thing in two comparisons at most.
bool func_charge_sort(tact_cel_call *call, uint32_t count, uint64_t bytes) {
    uint64_t rounds = 1;
    while (rounds < 32 && UINT64_C(1) << rounds < count) rounds++;
    return call_charge(call, rounds * (count + 2 * bytes / CALL_BYTES_A_STEP));
}

// ---- Declaring ------------------------------------------------------------------------------------------------------

typedef struct row {
    uint32_t library;
    tact_str function, id, signature;
    tact_cel_function *fn;
    cel_growth growth;
    uint32_t steps;
    const char *doc;
} row;

#define STR(literal)                                                                                                   \
    { literal, sizeof(literal) - 1 }
static const row rows[] = {
#define X(library, function, id, signature, impl, growth, steps, doc)                                                  \
    {library, STR(function), STR(id), STR(signature), impl, growth, steps, doc},
#include "cel/func_tbl.h"
#undef X
};

tact_err func_declare_all(tact_cel_env *env) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *r = &rows[i];
        if ((r->library & ~env->libraries) != 0) continue;
        tact_err err = env_add_overload(env, r->library, r->function, r->id, r->signature, r->fn, NULL, r->growth,
                                        r->steps, r->doc, NULL);
        if (err) return err;
    }
    return TACT_OK;
}
