// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as bytecode: what program_verify admits runs to its end within its bounds and touches nothing that is not
// its own, however little sense it makes. Bytes: registers, constants, call sites, slots, then instructions of 8 bytes.
// Most operands are bent into their range first, by their roles in op_tbl.h; else hardly anything would be admitted.
#include <stdlib.h>

#include "base/arena.h"
#include "cel/program.h"
#include "tact/cel.h"
#include "value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define STEPS 5000
#define PARTS_MAX 16

typedef struct reader {
    const uint8_t *at, *end;
} reader;

static uint8_t byte(reader *r) {
    return r->at < r->end ? *r->at++ : 0;
}

static uint16_t word(reader *r) {
    uint16_t low = byte(r);
    return (uint16_t)(low | byte(r) << 8);
}

static tact_value constant(uint8_t choice) {
    static const tact_value items[] = {
        {TACT_STRING, 0, 0, 3, {.s = "abc"}}, {TACT_INT, 0, 0, 0, {.i = 1}}, {TACT_STRING, 0, 0, 0, {.s = ""}}};
    static const value_entry entries[] = {{{TACT_STRING, 0, 0, 3, {.s = "abc"}}, {TACT_INT, 0, 0, 0, {.i = 5}}}};
    static const tact_map map = {1, 0, entries, NULL};
    tact_value m = {TACT_MAP, 0, 0, 0, {.map = &map}};
    switch (choice % 12) {
    case 0: return tact_null();
    case 1: return tact_bool(choice & 16);
    case 2: return tact_int(choice & 16 ? INT64_MIN : 3);
    case 3: return tact_uint(choice & 16 ? UINT64_MAX : 3);
    case 4: return tact_double(choice / 3.0);
    case 5: return items[0];
    case 6: return tact_bytes("a\xff", 2);
    case 7: return tact_list(items, 3);
    case 8: return m;
    case 9: return value_some(choice & 16 ? NULL : items);
    case 10: return tact_timestamp(choice, 0);
    default: return tact_fault_value(TACT_FAULT_ABSENT, NULL);
    }
}

static void fill_call(cel_call_site *site, const tact_cel_env *env, reader *r) {
    const cel_function *f = env->functions.entries[byte(r) % env->functions.count].value;
    *site = (cel_call_site){.name = f->name,
                            .overloads = f->overloads,
                            .overloads_count = (uint16_t)f->count,
                            .count = byte(r) % (CEL_PARAMS_MAX + 1)};
    for (uint32_t i = 0; i < site->count; i++) site->operands[i] = word(r);
}

typedef enum role { NO, DST, REG, VAL, STR, NUM, JMP, OUT, LOOP, CALL, ITER, OPT } role;

static const role roles[OP_CODES][4] = {
#define X(NAME, name, d, a, b, c, doc) {d, a, b, c},
#include "cel/op_tbl.h"
#undef X
};

static uint16_t bend_value(const tact_cel_program *p, uint16_t x) {
    uint32_t index = x & 0xff;
    switch (x >> 14) {
    case 0: return (uint16_t)(p->registers_count ? index % p->registers_count : 0);
    case 1:
        return (uint16_t)(OPERAND_CONSTANT |
                          (p->links->info->constants_count ? index % p->links->info->constants_count : 0));
    default: return (uint16_t)(OPERAND_SLOT | (p->slots_needed ? index % p->slots_needed : 0));
    }
}

static uint16_t bend(const tact_cel_program *p, uint32_t pc, role r, uint16_t x) {
    if (x >> 8 == 0xee) return x; // some stay as they are
    switch (r) {
    case NO: return 0;
    case DST:
    case REG: return (uint16_t)(p->registers_count ? x % p->registers_count : 0);
    case VAL: return bend_value(p, x);
    case STR:
        return (uint16_t)(OPERAND_CONSTANT |
                          (p->links->info->constants_count ? x % p->links->info->constants_count : 0));
    case OUT:
        if (x & 1) return x >> 8 & 1 ? PROGRAM_TRUE : PROGRAM_FALSE;
        // fall through
    case JMP: return (uint16_t)(pc + 1 < p->code_count ? pc + 1 + x % (p->code_count - pc - 1) : x);
    case LOOP:
        while (pc > 0 && p->code[--pc].op != OP_ITER_NEXT) continue;
        return (uint16_t)pc;
    case CALL: return (uint16_t)(p->links->info->calls_count ? x % p->links->info->calls_count : 0);
    case ITER: return (uint16_t)(p->registers_count > 1 ? x % (p->registers_count - 1) : 0);
    case OPT: return x & 1 ? OPERAND_NONE : (uint16_t)(p->registers_count ? x % p->registers_count : 0);
    case NUM: return x % 64;
    }
    return x;
}

static void observe(void *context, uint32_t pos, uint32_t len, tact_value v) {
    (void)context, (void)pos, (void)len;
    if (v.kind == TACT_UNRESOLVED || v.kind >= TACT_OPAQUE) abort();
}

static void run(const tact_cel_program *p, bool observed) {
    tact_value slots[PARTS_MAX];
    for (uint32_t i = 0; i < PARTS_MAX; i++) slots[i] = i % 3 ? constant((uint8_t)(i * 5)) : (tact_value){0};
    tact_arena *a = tact_arena_new(0);
    tact_cel_input input = {.slots = slots,
                            .slots_count = p->slots_needed,
                            .arena = a,
                            .steps_max = STEPS,
                            .memory_max = 1 << 16,
                            .observe = observed ? observe : NULL};
    tact_value v = tact_cel_eval(p, &input);
    if (v.kind == TACT_UNRESOLVED || v.kind >= TACT_OPAQUE || input.steps_used > STEPS) abort();
    if (tact_arena_used(a) > 1 << 16) abort();
    (void)tact_value_print(v, a);
    tact_arena_free(a);
}

static tact_cel_env *environment(void) {
    tact_cel_env *env = tact_cel_env_new(NULL);
    for (uint32_t i = 0; env && i < PARTS_MAX; i++) {
        char name[] = {'s', (char)('a' + i), '\0'};
        if (tact_cel_declare(env, tact_str_from(name), TACT_STR("dyn"), NULL, NULL)) abort();
    }
    return env;
}

// The instructions that are left, bent into shape; the last ends the program.
static void fill_code(tact_cel_program *p, reader *r) {
    for (uint32_t i = 0; i < p->code_count; i++) {
        cel_instr *at = &p->code[i];
        *at = (cel_instr){.op = byte(r) % OP_CODES, .d = byte(r)};
        at->a = word(r), at->b = word(r), at->c = word(r);
    }
    for (uint32_t i = 0; i < p->code_count; i++) {
        cel_instr *at = &p->code[i];
        const role *of = roles[at->op];
        at->d = (uint8_t)bend(p, i, of[0], at->d);
        at->a = bend(p, i, of[1], at->a);
        at->b = bend(p, i, of[2], at->b);
        at->c = bend(p, i, of[3], at->c);
    }
    if (p->code_count) p->code[p->code_count - 1] = (cel_instr){.op = OP_RETURN, .a = p->code[p->code_count - 1].a};
}

static void verify_and_run(const tact_cel_program *p) {
    if (!program_verify(p, NULL)) return;
    run(p, false);
    run(p, true);
    arena a;
    arena_init(&a, 0);
    buf text = buf_in(&a);
    program_print(&text, p);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static tact_cel_env *env;
    if (!env && !(env = environment())) abort();
    reader r = {data, data + size};
    cel_call_site calls[PARTS_MAX];
    cel_program_info info = {0};
    cel_program_links links = {.calls = calls, .env = env, .info = &info};
    uint32_t code_count = (uint32_t)size / sizeof(cel_instr);
    if (code_count > PROGRAM_CODE_MAX) return 0;
    tact_cel_program *p = calloc(1, sizeof *p + code_count * sizeof(cel_instr) + PARTS_MAX * sizeof(tact_value));
    cel_place *places = calloc(code_count + 1, sizeof *places);
    if (!p || !places) abort();
    p->links = &links;
    p->allocates = true;
    p->code_count = (uint16_t)code_count;
    p->registers_count = byte(&r);
    p->slots_needed = byte(&r) % PARTS_MAX;
    info.places = places;
    info.constants_count = byte(&r) % PARTS_MAX;
    info.calls_count = byte(&r) % PARTS_MAX;
    tact_value *constants = (tact_value *)(void *)(p->code + code_count);
    for (uint32_t i = 0; i < info.constants_count; i++) constants[i] = constant(byte(&r));
    for (uint32_t i = 0; i < info.calls_count; i++) fill_call(&calls[i], env, &r);
    fill_code(p, &r);
    for (uint32_t i = 0; i < info.calls_count; i++) {
        for (uint32_t k = 0; k < calls[i].count; k++) calls[i].operands[k] = bend_value(p, calls[i].operands[k]);
    }
    verify_and_run(p);
    free(p);
    free(places);
    return 0;
}
