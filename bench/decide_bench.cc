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
#include "../tests/engine/desk.h"

namespace {

using Clock = std::chrono::steady_clock;

constexpr int TURN = 10; // decisions in a row: long beside reading the clock, short beside what disturbs

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

// ---- An engine ------------------------------------------------------------------------------------------------------

desk *opened() {
    const char *given = std::getenv("TACT_PERSONS");
    static desk *d = desk_new(given ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : 100000);
    if (d && desk_ask(d, DESK_DRY) && desk_ask(d, DESK_EXPLAIN) > desk_ask(d, DESK_DECIDE)) return d;
    std::fprintf(stderr, "decide_bench: the desk does not answer\n");
    std::exit(1);
}

void answer(benchmark::State &state, desk_way way) {
    desk *d = opened();
    double floor = 0, all = 0;
    size_t bytes = 0;
    for (auto _ : state) {
        floor += seconds_of([&] { return desk_ask(d, DESK_DRY); });
        double one = seconds_of([&] { return bytes = desk_ask(d, way); });
        all += one;
        state.SetIterationTime(one);
    }
    state.counters["dry_us"] = floor / static_cast<double>(state.iterations()) * 1e6;
    state.counters["ratio"] = all / floor;
    state.counters["bytes"] = static_cast<double>(bytes);
    state.SetItemsProcessed(state.iterations());
}

// tact_decide from end to end: finding the person, deciding, the reply with its tokens, and MessagePack of it.
void BM_answer(benchmark::State &state) {
    answer(state, DESK_DECIDE);
}
BENCHMARK(BM_answer)->UseManualTime()->Unit(benchmark::kMicrosecond);

// tact_explain, with all that it tells of fifty offers.
void BM_answer_explained(benchmark::State &state) {
    answer(state, DESK_EXPLAIN);
}
BENCHMARK(BM_answer_explained)->UseManualTime()->Unit(benchmark::kMicrosecond);

// The same, not written as MessagePack.
void BM_answer_explained_silently(benchmark::State &state) {
    answer(state, DESK_EXPLAIN_SILENT);
}
BENCHMARK(BM_answer_explained_silently)->UseManualTime()->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
