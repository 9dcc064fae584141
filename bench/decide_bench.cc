// SPDX-License-Identifier: Apache-2.0
//
// Decisions: how long one takes for a placement with fifty offers that may all be shown, a formula that ranks them,
// three caps on each and three slots (tests/decide/page.h), beside the least that any decision has to do for it: the
// formula fifty times and 150 looks at a counter. Subject and floor take turns within each benchmark; `ratio` says how
// many times the floor's time the subject takes. The answer is checked before the clock starts.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "../tests/decide/page.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int TURN = 100; // decisions in a row: long beside reading the clock, short beside what disturbs

page *made() {
    page *p = page_new();
    if (p && page_decide(p) == PAGE_SLOTS && page_best(p) == page_floor(p)) return p;
    std::fprintf(stderr, "decide_bench: the answer is not the floor's\n");
    std::exit(1);
}

template <typename Act> double seconds_of(Act act) {
    auto start = Clock::now();
    for (int i = 0; i < TURN; i++) benchmark::DoNotOptimize(act());
    return std::chrono::duration<double>(Clock::now() - start).count() / TURN;
}

void run(benchmark::State &state, uint32_t (*act)(page *)) {
    page *p = made();
    double floor = 0, all = 0;
    for (auto _ : state) {
        floor += seconds_of([&] { return page_floor(p); });
        double one = seconds_of([&] { return act(p); });
        all += one;
        state.SetIterationTime(one);
    }
    state.counters["floor_us"] = floor / static_cast<double>(state.iterations()) * 1e6;
    state.counters["ratio"] = all / floor;
    state.SetItemsProcessed(state.iterations());
    page_free(p);
}

// A decision; the figure of the design is 6 µs with the reply encoded.
void BM_decide(benchmark::State &state) {
    run(state, page_decide);
}
BENCHMARK(BM_decide)->UseManualTime()->Unit(benchmark::kMicrosecond);

// The same with somebody watching every sub-expression: what an explanation adds before it is written down.
void BM_decide_observed(benchmark::State &state) {
    run(state, page_decide_observed);
}
BENCHMARK(BM_decide_observed)->UseManualTime()->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
