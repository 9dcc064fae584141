// SPDX-License-Identifier: Apache-2.0
//
// The bundle as others see it: looking up by name, what it takes, the keys of counters.
#include "bundle/bundle.h"

#include "cel/env.h"

void bundle_free(bundle *b) {
    if (!b) return;
    tact_cel_env_free((tact_cel_env *)(uintptr_t)b->env);
    arena_fini(&b->hot);
    arena cold = b->cold; // the bundle lies in it
    arena_fini(&cold);
}

void bundle_rules_of(const bundle *b, uint32_t offer, uint32_t tier, const bundle_rule *out[BUNDLE_RULES_OF_TIER]) {
    static const bundle_rule none = {0};
    const bundle_offer *o = &b->offers[offer];
    out[0] = &o->rules[tier];
    out[1] = o->group < 0 ? &none : &b->groups[o->group].rules[tier];
}

static int32_t find(const strmap *names, tact_str name) {
    return (int32_t)(uintptr_t)strmap_get(names, name) - 1;
}

int32_t bundle_find_offer(const bundle *b, tact_str name) {
    return find(&b->offers_by_name, name);
}

int32_t bundle_find_placement(const bundle *b, tact_str name) {
    return find(&b->placements_by_name, name);
}

int32_t bundle_find_context(const bundle *b, tact_str name) {
    return find(&b->context_by_name, name);
}

size_t bundle_bytes(const bundle *b, size_t *hot) {
    size_t read = tact_arena_used(&b->hot);
    if (hot) *hot = read;
    return read + tact_arena_used(&b->cold) + tact_arena_used(&b->env->arena);
}

// FNV-1a of 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): a few lines in any language, and for ever the same.
static uint64_t hash_on(uint64_t hash, tact_str bytes) {
    for (size_t i = 0; i < bytes.len; i++) hash = (hash ^ (unsigned char)bytes.ptr[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t bundle_tally(tact_str where, tact_str on) {
    uint64_t hash = hash_on(UINT64_C(0xcbf29ce484222325), where);
    return hash_on(hash_on(hash, (tact_str){"", 1}), on); // a zero byte between them
}
