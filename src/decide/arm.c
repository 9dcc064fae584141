// SPDX-License-Identifier: Apache-2.0
//
// The hash is GrowthBook's, version 2: FNV-1a of 32 bits over seed and unit, printed in decimal, and hashed again,
// since FNV alone leaves units that differ in their last byte close together.
#include "decide/arm.h"

#define FNV_BASIS UINT32_C(2166136261)
#define FNV_PRIME UINT32_C(16777619)

enum {
    BUCKETS = 10000,  // hundredths of a percent
    HASH_DIGITS = 10, // of the greatest 32-bit number
};

static uint32_t fnv32a(uint32_t hash, const char *bytes, size_t len) {
    for (size_t i = 0; i < len; i++) hash = (hash ^ (uint8_t)bytes[i]) * FNV_PRIME;
    return hash;
}

uint32_t decide_bucket(tact_str seed, tact_str unit) {
    char digits[HASH_DIGITS], *first = digits + HASH_DIGITS;
    uint32_t hash = fnv32a(fnv32a(FNV_BASIS, seed.ptr, seed.len), unit.ptr, unit.len);
    do {
        *--first = (char)('0' + hash % 10);
        hash /= 10;
    } while (hash);
    return fnv32a(FNV_BASIS, first, (size_t)(digits + HASH_DIGITS - first)) % BUCKETS;
}

bool arm_held_out(const bundle *b, tact_str unit) {
    return unit.len && b->holdout_permyriad && decide_bucket(b->holdout_salt, unit) < b->holdout_permyriad;
}

static bool applies_to(const bundle_experiment *e, uint32_t placement) {
    for (uint32_t i = 0; i < e->placements_count; i++) {
        if (e->placements[i] == placement) return true;
    }
    return e->placements_count == 0;
}

static bool is_asked(const bundle_experiment *e, const decide_request *request) {
    for (uint32_t i = 0; i < request->placements_count; i++) {
        if (applies_to(e, request->placements[i])) return true;
    }
    return false;
}

static bool takes_part(slots *s, const bundle_experiment *e, tact_str unit) {
    int64_t now_ms = s->request->now_ms;
    if (now_ms < e->starts_ms || now_ms >= e->ends_ms) return false;
    if (e->exclusive.len) {
        uint32_t bucket = decide_bucket(e->exclusive, unit);
        if (bucket < e->from || bucket >= e->to) return false;
    }
    if (!e->eligible.program) return true;
    tact_value v = slots_rule(s, &e->eligible);
    return v.kind == TACT_BOOL && v.as.b;
}

// The arm's number; `arms_count`: in none.
static uint32_t find_arm(const bundle_experiment *e, tact_str unit) {
    uint32_t bucket = decide_bucket(e->salt, unit), end = 0, arm = 0;
    for (; arm < e->arms_count; arm++) {
        end += e->arms[arm].permyriad;
        if (bucket < end) break;
    }
    return arm;
}

tact_err arm_all(slots *s, tact_str unit, const decide_arm **out, uint32_t *count) {
    const bundle *b = s->bundle;
    *out = NULL;
    *count = 0;
    if (!unit.len || !b->experiments_count) return TACT_OK;
    decide_arm *arms = arena_array(s->arena, b->experiments_count, sizeof *arms);
    if (!arms) return TACT_NO_MEMORY;
    *out = arms;
    slots_turn(s, DECIDE_NO_PLACE, -1);
    for (uint32_t i = 0; i < b->experiments_count; i++) {
        const bundle_experiment *e = &b->experiments[i];
        if (!is_asked(e, s->request) || !takes_part(s, e, unit)) continue;
        uint32_t arm = find_arm(e, unit);
        if (arm < e->arms_count) arms[(*count)++] = (decide_arm){i, arm};
    }
    return TACT_OK;
}

uint32_t arm_ranking(const bundle *b, const decide_arm *arms, uint32_t count, uint32_t placement) {
    for (uint32_t i = 0; i < count; i++) {
        const bundle_experiment *e = &b->experiments[arms[i].experiment];
        int32_t ranking = e->arms[arms[i].arm].ranking;
        if (ranking >= 0 && applies_to(e, placement)) return (uint32_t)ranking;
    }
    return b->placements[placement].ranking;
}
