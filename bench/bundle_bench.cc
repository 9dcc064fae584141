// SPDX-License-Identifier: Apache-2.0
//
// Bundles: how long a large catalogue takes to be read, checked and compiled, beside what libfyaml alone takes to go
// through the same YAML, and the language alone to compile the same rules. 10,000 offers with four predicates each, as
// a large retailer has them; TACT_OFFERS for another number, up to 100,000. Subject and floor take turns within each
// benchmark; `ratio` says how many times the floor's time the subject takes. What was built is checked before the clock
// starts.
#include <benchmark/benchmark.h>
#include <libfyaml.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

extern "C" {
#include "bundle/bundle.h"
#include "bundle/draft.h"
}
#include "../tests/bundle/gen_bundle.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void give_up(const char *what) {
    std::fprintf(stderr, "bundle_bench: %s\n", what);
    std::exit(1);
}

uint32_t offers() {
    const char *given = std::getenv("TACT_OFFERS");
    uint32_t n = given ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : 10000;
    return std::clamp(n, 100u, static_cast<uint32_t>(BUNDLE_OFFERS_MAX));
}

// ---- The catalogue --------------------------------------------------------------------------------------------------

struct Catalogue {
    arena memory;
    std::string text;
    std::vector<std::string> rules;

    Catalogue() {
        arena_init(&memory, 0);
        buf all = buf_in(&memory);
        gen_bundle(&all, offers(), 0);
        text.assign(all.ptr, all.len);
        for (uint32_t i = 1; i < offers(); i++) {
            buf rule = buf_in(&memory);
            gen_rule(&rule, i, 0);
            rules.emplace_back(rule.ptr, rule.len);
        }
    }
    ~Catalogue() {
        arena_fini(&memory);
    }
};

const Catalogue &catalogue() {
    static Catalogue c;
    return c;
}

// One bundle on its way: its sources, the draft, what came of it.
struct Job {
    arena memory;
    sources files;
    report said;
    draft read;
    bundle *built = nullptr;

    Job() {
        const std::string &text = catalogue().text;
        tact_error error;
        arena_init(&memory, 0);
        sources_init(&files, &memory);
        if (sources_add(&files, TACT_STR("bundle.yaml"), tact_str{text.data(), text.size()}, &error))
            give_up(error.text);
        report_init(&said, &memory, &files, TACT_STR("bench"));
    }
    ~Job() {
        bundle_free(built);
        arena_fini(&memory);
    }
    void run_read() {
        if (!draft_read(&read, &said)) give_up(report_text(&said).ptr);
    }
    void run_compile() {
        if (bundle_compile(&read, nullptr, &built)) give_up(report_text(&said).ptr);
    }
};

// ---- Floors ---------------------------------------------------------------------------------------------------------

// Every event of the YAML, and nothing done with it.
size_t go_through_events(const std::string &text) {
    fy_parse_cfg config = {};
    fy_parser *parser = fy_parser_create(&config);
    if (!parser || fy_parser_set_string(parser, text.data(), text.size())) give_up("libfyaml does not start");
    size_t count = 0;
    for (fy_event *e; (e = fy_parser_parse(parser)) != nullptr; count++) fy_parser_event_free(parser, e);
    fy_parser_destroy(parser);
    return count;
}

// The same rules, compiled against the same environment and dropped.
void compile_rules(const tact_cel_env *env) {
    arena hot, cold;
    arena_init(&hot, 0);
    arena_init(&cold, 0);
    tact_cel_compile_options options = {};
    options.result = TACT_STR("bool");
    options.cold = &cold;
    options.strict = true;
    for (const std::string &rule : catalogue().rules) {
        if (!tact_cel_compile(env, tact_str{rule.data(), rule.size()}, &options, &hot).program) give_up(rule.c_str());
    }
    arena_fini(&hot);
    arena_fini(&cold);
}

// ---- Benchmarks -----------------------------------------------------------------------------------------------------

void report_ratio(benchmark::State &state, double subject, double floor) {
    state.counters["offers/s"] = benchmark::Counter(offers() * static_cast<double>(state.iterations()) / subject);
    state.counters["floor_ms"] = 1000 * floor / static_cast<double>(state.iterations());
    state.counters["ratio"] = subject / floor;
}

// From the files' text to a draft whose form is checked; the floor is libfyaml's events.
void read_and_check_form(benchmark::State &state) {
    const std::string &text = catalogue().text;
    if (go_through_events(text) < offers()) give_up("libfyaml sees fewer events than there are offers");
    double subject = 0, floor = 0;
    for (auto _ : state) {
        Job job;
        auto start = Clock::now();
        job.run_read();
        double took = seconds_since(start);
        if (job.read.sections[DRAFT_OFFERS].count != offers()) give_up("offers are missing");
        start = Clock::now();
        benchmark::DoNotOptimize(go_through_events(text));
        floor += seconds_since(start);
        subject += took;
        state.SetIterationTime(took);
    }
    report_ratio(state, subject, floor);
}

// From a draft to a bundle: names, expressions, content, warnings; the floor is compiling the offers' rules alone.
void compile(benchmark::State &state) {
    double subject = 0, floor = 0;
    size_t bytes = 0, hot = 0;
    for (auto _ : state) {
        Job job;
        job.run_read();
        auto start = Clock::now();
        job.run_compile();
        double took = seconds_since(start);
        if (job.built->offers_count != offers() || job.said.errors) give_up("the bundle is not what was written");
        bytes = bundle_bytes(job.built, &hot);
        start = Clock::now();
        compile_rules(job.built->env);
        floor += seconds_since(start);
        subject += took;
        state.SetIterationTime(took);
    }
    report_ratio(state, subject, floor);
    state.counters["bytes/offer"] = static_cast<double>(bytes) / offers();
    state.counters["hot/offer"] = static_cast<double>(hot) / offers();
}

// All of it, from the text to what can be swapped in; the floor is both floors together.
void whole(benchmark::State &state) {
    double subject = 0, floor = 0;
    for (auto _ : state) {
        Job job;
        auto start = Clock::now();
        if (bundle_build(&job.said, nullptr, &job.built)) give_up(report_text(&job.said).ptr);
        double took = seconds_since(start);
        start = Clock::now();
        benchmark::DoNotOptimize(go_through_events(catalogue().text));
        compile_rules(job.built->env);
        floor += seconds_since(start);
        subject += took;
        state.SetIterationTime(took);
    }
    report_ratio(state, subject, floor);
}

BENCHMARK(read_and_check_form)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(compile)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(whole)->UseManualTime()->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
