// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an expression over a small environment: it compiles or is diagnosed, checked and unchecked; what
// compiles evaluates within its bounds, to the same value observed and unobserved; what fails to evaluate can say why.
// The first byte chooses how attributes answer.
#include <stdlib.h>

#include "base/arena.h"
#include "tact/cel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 20000
#define SLOTS_MAX 16

static tact_cel_env *environment(void) {
    static const char *const attributes[][2] = {
        {"b", "bool"},
        {"i", "int"},
        {"u", "uint"},
        {"d", "double"},
        {"s", "string"},
        {"y", "bytes"},
        {"l", "list(string)"},
        {"n", "list(int)"},
        {"m", "map(string, int)"},
        {"t", "timestamp"},
        {"p.age", "int"},
        {"p.name", "string"},
        {"p.address.city", "string"},
        {"x", "dyn"},
        {"r", "duration"},
    };
    tact_cel_env *env = tact_cel_env_new(NULL);
    if (!env) abort();
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        if (tact_cel_declare(env, tact_str_from(attributes[i][0]), tact_str_from(attributes[i][1]), NULL, NULL))
            abort();
    }
    return env;
}

// Some attributes are absent, one is of the wrong kind, as `seed` has it.
static tact_value resolve(void *context, uint32_t slot) {
    static const tact_value strings[] = {{TACT_STRING, 0, 0, 1, {.s = "a"}}, {TACT_STRING, 0, 0, 2, {.s = "\xc3\xa9"}}};
    static const tact_value ints[] = {{TACT_INT, 0, 0, 0, {.i = 1}}, {TACT_INT, 0, 0, 0, {.i = INT64_MIN}}};
    unsigned seed = *(unsigned char *)context;
    if (seed >> (slot % 8) & 1) return tact_fault_value(TACT_FAULT_ABSENT, "not today");
    switch (slot) {
    case 0: return tact_bool(seed & 1);
    case 1: return tact_int((int64_t)seed - 3);
    case 2: return tact_uint(UINT64_MAX - seed);
    case 3: return tact_double(seed / 7.0);
    case 5: return tact_bytes("\xff\x00z", 3);
    case 6: return tact_list(strings, 2);
    case 7: return tact_list(ints, 2);
    case 9: return tact_timestamp(1700000000, seed);
    case 14: return tact_duration(-1500000000);
    default: return strings[seed & 1];
    }
}

static void observe(void *context, uint32_t pos, uint32_t len, tact_value v) {
    (void)context, (void)pos, (void)len;
    if (v.kind == TACT_UNRESOLVED || v.kind >= TACT_OPAQUE) abort();
}

static tact_value evaluate(const tact_cel_program *p, unsigned char *seed, bool observed, tact_arena *a) {
    tact_value slots[SLOTS_MAX] = {0};
    tact_cel_input input = {.slots = slots,
                            .slots_count = SLOTS_MAX,
                            .resolve = resolve,
                            .context = seed,
                            .arena = a,
                            .steps_max = STEPS,
                            .observe = observed ? observe : NULL};
    tact_value v = tact_cel_eval(p, &input);
    if (input.steps_used > STEPS) abort();
    return v;
}

static bool same(tact_value a, tact_value b, tact_arena *arena) {
    tact_str x = tact_value_print(a, arena), y = tact_value_print(b, arena);
    return !x.ptr || !y.ptr || tact_str_equal(x, y); // prints of huge values run out of memory
}

static void run(const tact_cel_env *env, tact_str source, unsigned char seed, bool unchecked) {
    tact_arena *a = tact_arena_new((size_t)64 << 20);
    tact_cel_compile_options options = {.unchecked = unchecked};
    tact_cel_result r = tact_cel_compile(env, source, &options, a);
    if (!r.program && r.code == TACT_OK) abort();
    if (!r.program && !tact_cel_report(&r, a).ptr && r.code != TACT_NO_MEMORY) abort();
    if (r.program) {
        tact_value v = evaluate(r.program, &seed, false, a);
        if (!same(v, evaluate(r.program, &seed, true, a), a)) abort();
        tact_cel_diagnostic d;
        if (v.kind == TACT_ERROR && tact_cel_explain_fault(r.program, v, &d, a) && d.pos > source.len) abort();
    }
    tact_arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static tact_cel_env *env; // built once: the subject is what is compiled against it
    if (!env) env = environment();
    if (size < 1) return 0;
    tact_str source = {(const char *)data + 1, size - 1};
    run(env, source, data[0], false);
    run(env, source, data[0], true);
    return 0;
}
