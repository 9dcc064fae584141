// SPDX-License-Identifier: Apache-2.0
//
// Which of 10,000 rules hold for a person: by the index over them, what it leaves open evaluated; beside evaluating all
// of them, and beside the floor, the AND of as many sets as there are slots. Every answer is checked before the clock
// starts. TACT_RULES_DIR: see cel_bench.cc.
#include <benchmark/benchmark.h>

#include <cstring>

extern "C" {
#include "index/index.h"
}
#include "rules_workload.h"

namespace {

constexpr size_t kRules = 10000, kEvents = 2000;

struct Indexed {
    workload::Workload w = workload::load(kRules, kEvents);
    tact_cel_env *env = tact_cel_env_new(nullptr);
    tact_arena *arena = tact_arena_new(0), *memory = tact_arena_new(0);
    std::vector<const tact_cel_program *> programs;
    std::vector<const normal_form *> forms;
    const rule_index *index = nullptr;
    size_t words;

    Indexed() {
        for (const auto &a : workload::kAttributes) {
            if (tact_cel_declare(env, tact_str_from(a.name), tact_str_from(a.type), nullptr, nullptr)) std::abort();
        }
        for (const auto &text : w.texts) compile(text);
        words = index_words(static_cast<uint32_t>(programs.size()));
        build(memory, &index);
        for (size_t e = 0; e < std::min<size_t>(w.events.size(), 300); e++) check(w.events[e]);
    }

    void compile(const std::string &text) {
        tact_cel_compile_options options = {};
        options.result = TACT_STR("bool");
        const normal_form *form = nullptr;
        tact_cel_result r = normal_compile(env, tact_str{text.data(), text.size()}, &options, arena, arena, &form);
        if (!r.program) std::abort();
        programs.push_back(r.program);
        forms.push_back(form);
    }

    void build(tact_arena *into, const rule_index **out) const {
        const auto rows = static_cast<uint32_t>(forms.size());
        if (index_build(into, env, workload::kAttributesCount, forms.data(), rows, 1, out)) std::abort();
    }

    bool holds(size_t rule, const std::vector<tact_value> &event) const {
        tact_cel_input input = {};
        input.slots = const_cast<tact_value *>(event.data()); // nothing is unresolved, so nothing is written
        input.slots_count = static_cast<uint32_t>(event.size());
        return tact_cel_eval(programs[rule], &input).as.b;
    }

    static tact_value read(void *context, uint32_t slot) {
        return (*static_cast<const std::vector<tact_value> *>(context))[slot];
    }

    // Into `set`, a bit each; returns how many rules had to be evaluated.
    size_t match(const std::vector<tact_value> &event, std::vector<uint64_t> &set) const {
        size_t evaluated = 0;
        for (size_t i = 0; i < words; i++) set[i] = UINT64_MAX;
        if (programs.size() % 64) set[words - 1] = (UINT64_C(1) << programs.size() % 64) - 1;
        const uint64_t *whole = index_match(index, read, const_cast<std::vector<tact_value> *>(&event), set.data());
        for (size_t i = 0; i < words; i++) {
            for (uint64_t left = set[i] & ~(whole ? whole[i] : 0); left; left &= left - 1, evaluated++) {
                const size_t rule = 64 * i + static_cast<size_t>(__builtin_ctzll(left));
                if (!holds(rule, event)) set[i] &= ~(left & -left);
            }
        }
        return evaluated;
    }

    void check(const std::vector<tact_value> &event) const {
        std::vector<uint64_t> set(words);
        match(event, set);
        for (size_t r = 0; r < programs.size(); r++) {
            if (holds(r, event) == (set[r / 64] >> r % 64 & 1)) continue;
            std::fprintf(stderr, "rule %zu: wrong answer: %s\n", r, w.texts[r].c_str());
            std::exit(1);
        }
    }
};

const Indexed &indexed() {
    static const Indexed x;
    return x;
}

void match_rules(benchmark::State &state) {
    const Indexed &x = indexed();
    std::vector<uint64_t> set(x.words);
    size_t event = 0, evaluated = 0;
    for (auto _ : state) {
        evaluated += x.match(x.w.events[event], set);
        benchmark::DoNotOptimize(set.data());
        event = event + 1 < x.w.events.size() ? event + 1 : 0;
    }
    state.counters["evaluated"] = benchmark::Counter(static_cast<double>(evaluated),
                                                     benchmark::Counter::kAvgIterations);
    state.counters["bytes_per_rule"] = static_cast<double>(tact_arena_used(x.memory)) / x.programs.size();
    state.SetLabel(x.w.source);
}
BENCHMARK(match_rules)->Unit(benchmark::kMicrosecond);

void match_by_scan(benchmark::State &state) {
    const Indexed &x = indexed();
    size_t event = 0, matched = 0;
    for (auto _ : state) {
        for (size_t r = 0; r < x.programs.size(); r++) matched += x.holds(r, x.w.events[event]);
        event = event + 1 < x.w.events.size() ? event + 1 : 0;
    }
    benchmark::DoNotOptimize(matched);
}
BENCHMARK(match_by_scan)->Unit(benchmark::kMicrosecond);

// The floor: a set for each slot, another one each time, and nothing looked up.
void match_floor_and(benchmark::State &state) {
    const Indexed &x = indexed();
    constexpr size_t kSets = 64;
    std::vector<std::vector<uint64_t>> sets(kSets * workload::kAttributesCount, std::vector<uint64_t>(x.words, 1));
    std::vector<uint64_t> set(x.words);
    size_t turn = 0;
    for (auto _ : state) {
        std::memset(set.data(), 0xff, x.words * sizeof set[0]);
        for (size_t a = 0; a < workload::kAttributesCount; a++) {
            const uint64_t *of = sets[a * kSets + turn].data();
            for (size_t i = 0; i < x.words; i++) set[i] &= of[i];
        }
        benchmark::DoNotOptimize(set.data());
        turn = (turn + 1) % kSets;
    }
}
BENCHMARK(match_floor_and)->Unit(benchmark::kMicrosecond);

void build_index(benchmark::State &state) {
    const Indexed &x = indexed();
    tact_arena *arena = tact_arena_new(0);
    for (auto _ : state) {
        const rule_index *index = nullptr;
        x.build(arena, &index);
        benchmark::DoNotOptimize(index);
        tact_arena_reset(arena);
    }
    tact_arena_free(arena);
}
BENCHMARK(build_index)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
