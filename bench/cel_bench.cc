// SPDX-License-Identifier: Apache-2.0
//
// The language: how long compiling and evaluating rules takes, beside what the same work takes without a language.
// 10,000 rules, because a large retailer has as many, and 2,000 events, so that no branch predictor learns an event.
// Every answer is checked before the clock starts. Set TACT_RULES_DIR to use a workload that a generator wrote.
#include <benchmark/benchmark.h>

#include <atomic>

#include "rules_workload.h"

// ---- Counting allocations -------------------------------------------------------------------------------------------

static std::atomic<uint64_t> allocations;

extern "C" void *__libc_malloc(size_t size);
extern "C" void *malloc(size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return __libc_malloc(size);
}

// ---- The rules, compiled once ---------------------------------------------------------------------------------------

namespace {

constexpr size_t kRules = 10000, kEvents = 2000;

struct Compiled {
    workload::Workload w = workload::load(kRules, kEvents);
    tact_cel_env *env = tact_cel_env_new(nullptr);
    tact_arena *arena = tact_arena_new(0), *cold = tact_arena_new(0);
    std::vector<const tact_cel_program *> programs;

    Compiled() {
        for (const auto &a : workload::kAttributes) {
            if (tact_cel_declare(env, tact_str_from(a.name), tact_str_from(a.type), nullptr, nullptr)) std::abort();
        }
        for (const auto &text : w.texts) programs.push_back(compile(text, arena, cold));
        check_against_predicates();
        check_against_expected();
    }

    const tact_cel_program *compile(const std::string &text, tact_arena *into, tact_arena *rest) const {
        tact_cel_compile_options options = {};
        options.result = TACT_STR("bool");
        options.cold = rest;
        tact_cel_result r = tact_cel_compile(env, tact_str{text.data(), text.size()}, &options, into);
        if (r.program) return r.program;
        std::fprintf(stderr, "%s\n", tact_cel_report(&r, into).ptr);
        std::exit(1);
    }

    bool holds(size_t rule, const std::vector<tact_value> &event) const {
        tact_cel_input input = {};
        input.slots = const_cast<tact_value *>(event.data()); // nothing is unresolved, so nothing is written
        input.slots_count = static_cast<uint32_t>(event.size());
        tact_value v = tact_cel_eval(programs[rule], &input);
        if (v.kind != TACT_BOOL) {
            std::fprintf(stderr, "rule %zu has no answer: %s\n", rule, w.texts[rule].c_str());
            std::exit(1);
        }
        return v.as.b;
    }

    void check_against_predicates() const {
        for (size_t e = 0; e < std::min<size_t>(w.events.size(), 200); e++) {
            for (size_t r = 0; r < programs.size(); r++) {
                if (holds(r, w.events[e]) == workload::holds(w.rules[r], w.events[e].data())) continue;
                std::fprintf(stderr, "event %zu, rule %zu: wrong answer: %s\n", e, r, w.texts[r].c_str());
                std::exit(1);
            }
        }
    }

    void check_against_expected() const {
        for (size_t e = 0; e < w.expected.size(); e++) {
            std::vector<uint32_t> found;
            for (size_t r = 0; r < programs.size(); r++) {
                if (holds(r, w.events[e])) found.push_back(static_cast<uint32_t>(r));
            }
            if (found == w.expected[e]) continue;
            std::fprintf(stderr, "event %zu: other rules hold than expected.jsonl says\n", e);
            std::exit(1);
        }
    }
};

const Compiled &compiled() {
    static const Compiled c;
    return c;
}

// `allocated` counts within the rounds: what the harness allocates between them is not the subject.
void report(benchmark::State &state, uint64_t allocated, const Compiled &c) {
    uint64_t items = static_cast<uint64_t>(state.iterations()) * c.programs.size();
    state.SetItemsProcessed(static_cast<int64_t>(items));
    state.counters["allocations"] = static_cast<double>(allocated);
    state.counters["ns_per_rule"] = benchmark::Counter(static_cast<double>(items) * 1e-9,
                                                       benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
    state.SetLabel(c.w.source);
}

// ---- Evaluation -----------------------------------------------------------------------------------------------------

// Every rule against one event after another, attributes by slot.
void eval_rules(benchmark::State &state) {
    const Compiled &c = compiled();
    size_t event = 0, matched = 0;
    uint64_t allocated = 0;
    for (auto _ : state) {
        uint64_t before = allocations.load();
        tact_cel_input input = {};
        input.slots = const_cast<tact_value *>(c.w.events[event].data());
        input.slots_count = workload::kAttributesCount;
        for (const tact_cel_program *p : c.programs) matched += tact_cel_eval(p, &input).as.b;
        allocated += allocations.load() - before;
        event = event + 1 < c.w.events.size() ? event + 1 : 0;
    }
    benchmark::DoNotOptimize(matched);
    report(state, allocated, c);
}
BENCHMARK(eval_rules)->Unit(benchmark::kMicrosecond);

// The floor: the same predicates as plain structures in a loop, no language, no errors, no absent values.
void eval_floor_predicates(benchmark::State &state) {
    const Compiled &c = compiled();
    size_t event = 0, matched = 0;
    uint64_t allocated = 0;
    for (auto _ : state) {
        uint64_t before = allocations.load();
        for (const auto &rule : c.w.rules) matched += workload::holds(rule, c.w.events[event].data());
        allocated += allocations.load() - before;
        event = event + 1 < c.w.events.size() ? event + 1 : 0;
    }
    benchmark::DoNotOptimize(matched);
    report(state, allocated, c);
}
BENCHMARK(eval_floor_predicates)->Unit(benchmark::kMicrosecond);

// ---- Compilation ----------------------------------------------------------------------------------------------------

// Text to verified program: lexer, parser, checker, folding, cost, bytecode, verifier.
void compile_rules(benchmark::State &state) {
    const Compiled &c = compiled();
    tact_arena *arena = tact_arena_new(0), *cold = tact_arena_new(0);
    uint64_t allocated = 0;
    for (auto _ : state) {
        uint64_t before = allocations.load();
        for (const auto &text : c.w.texts) benchmark::DoNotOptimize(c.compile(text, arena, cold));
        allocated += allocations.load() - before;
        tact_arena_reset(arena), tact_arena_reset(cold);
    }
    report(state, allocated, c);
    tact_arena_free(arena), tact_arena_free(cold);
}
BENCHMARK(compile_rules)->Unit(benchmark::kMillisecond);

// The floor: each byte of the rules' texts is looked at once.
void compile_floor_bytes(benchmark::State &state) {
    const Compiled &c = compiled();
    uint64_t allocated = 0;
    uint32_t sum = 0;
    for (auto _ : state) {
        for (const auto &text : c.w.texts) {
            for (unsigned char byte : text) sum = sum * 31 + byte;
            benchmark::DoNotOptimize(sum);
        }
    }
    report(state, allocated, c);
}
BENCHMARK(compile_floor_bytes)->Unit(benchmark::kMillisecond);

// An environment with the whole standard library.
void environment_new(benchmark::State &state) {
    for (auto _ : state) {
        tact_cel_env *env = tact_cel_env_new(nullptr);
        benchmark::DoNotOptimize(env);
        tact_cel_env_free(env);
    }
}
BENCHMARK(environment_new)->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
