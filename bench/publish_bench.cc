// SPDX-License-Identifier: Apache-2.0
//
// Publishing: a folder of a large catalogue into a store until it can be decided with, phase by phase, beside what
// building the same text in memory takes. 10,000 offers with four predicates each; TACT_OFFERS for another number, up
// to 100,000. Each round publishes a new version of other bytes, and what it made is checked before the next.
#include <benchmark/benchmark.h>
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" {
#include "engine/publish.h"
}
#include "../tests/bundle/gen_bundle.h"
#include "../tests/engine/served.h"

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

[[noreturn]] void give_up(const char *what) {
    std::fprintf(stderr, "publish_bench: %s\n", what);
    std::exit(1);
}

uint32_t offers() {
    const char *given = std::getenv("TACT_OFFERS");
    uint32_t n = given ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : 10000;
    return std::clamp(n, 100u, static_cast<uint32_t>(BUNDLE_OFFERS_MAX));
}

// ---- A store and a folder of rules ----------------------------------------------------------------------------------

struct Folder {
    std::string path;

    Folder() {
        const char *base = std::getenv("TMPDIR");
        path = std::string(base ? base : "/tmp") + "/tact-bench-XXXXXX";
        if (!mkdtemp(path.data())) give_up("no folder can be made");
    }
    ~Folder() {
        DIR *dir = opendir(path.c_str());
        for (dirent *e; dir && (e = readdir(dir)) != nullptr;) unlink((path + "/" + e->d_name).c_str());
        if (dir) closedir(dir);
        rmdir(path.c_str());
    }
};

struct Shop {
    Folder data, rules;
    arena memory;
    store *opened = nullptr;
    std::string text;

    Shop() {
        tact_error error;
        arena_init(&memory, 0);
        buf all = buf_in(&memory);
        gen_bundle(&all, offers(), 0);
        text.assign(all.ptr, all.len);
        store_options options = {};
        options.schema = schema_new(&memory);
        if (store_open(&memory, data.path.c_str(), &options, &opened, &error)) give_up(error.text);
    }
    ~Shop() {
        store_close(opened);
        arena_fini(&memory);
    }
    void write_file(const char *name, const std::string &content) {
        std::FILE *file = std::fopen((rules.path + "/" + name).c_str(), "w");
        if (!file || std::fwrite(content.data(), 1, content.size(), file) != content.size() || std::fclose(file)) {
            give_up("the rules cannot be written");
        }
    }
    // The offers in a file of their own, as people have them.
    void write(unsigned version) {
        size_t at = text.find("\noffers:\n") + 1;
        write_file("bundle.yaml",
                   "# version " + std::to_string(version) + "\ninclude: [offers.yaml]\n" + text.substr(0, at));
        write_file("offers.yaml", text.substr(at));
    }
};

double build_alone(const std::string &text) {
    arena memory;
    sources files;
    report said;
    bundle *built = nullptr;
    tact_error error;
    arena_init(&memory, 0);
    sources_init(&files, &memory);
    report_init(&said, &memory, &files, TACT_STR("bench"));
    if (sources_add(&files, TACT_STR("bundle.yaml"), tact_str{text.data(), text.size()}, &error)) give_up(error.text);
    auto start = Clock::now();
    if (bundle_build(&said, nullptr, &built)) give_up(report_text(&said).ptr);
    double took = seconds_since(start);
    bundle_free(built);
    arena_fini(&memory);
    return took;
}

// ---- Benchmarks -----------------------------------------------------------------------------------------------------

// From the files of a folder to the swapped bundle: read, built, hashed, committed with its files. The floor is
// building the same text alone.
void publish(benchmark::State &state) {
    Shop shop;
    served *active = served_new();
    double whole = 0, floor = 0, rounds = 0;
    publish_times sum = {};
    for (auto _ : state) {
        arena memory;
        publish_files files;
        publish_result result;
        publish_options options = {};
        tact_error error;
        shop.write(static_cast<unsigned>(++rounds));
        floor += build_alone(shop.text);
        arena_init(&memory, 0);
        auto start = Clock::now();
        if (publish_folder(shop.opened, &memory, shop.rules.path.c_str(), &options, &files, &result, &error)) {
            give_up(error.text);
        }
        served_swap(active, result.bundle);
        double took = seconds_since(start);
        if (result.bundle->offers_count != offers() || result.version.number != rounds) give_up("it is another");
        sum.read += result.took.read, sum.build += result.took.build;
        sum.hash += result.took.hash, sum.store += result.took.store;
        whole += took;
        state.SetIterationTime(took);
        arena_fini(&memory);
    }
    served_free(active);
    state.counters["read_ms"] = static_cast<double>(sum.read) / 1000 / rounds;
    state.counters["build_ms"] = static_cast<double>(sum.build) / 1000 / rounds;
    state.counters["hash_ms"] = static_cast<double>(sum.hash) / 1000 / rounds;
    state.counters["store_ms"] = static_cast<double>(sum.store) / 1000 / rounds;
    state.counters["floor_ms"] = 1000 * floor / rounds;
    state.counters["ratio"] = whole / floor;
}

// What a server does when it starts: from the store to the bundle. The floor is building the same text alone.
void load_active(benchmark::State &state) {
    Shop shop;
    double whole = 0, floor = 0;
    publish_options options = {};
    tact_error error;
    {
        arena memory;
        publish_files files;
        publish_result result;
        arena_init(&memory, 0);
        shop.write(1);
        if (publish_folder(shop.opened, &memory, shop.rules.path.c_str(), &options, &files, &result, &error)) {
            give_up(error.text);
        }
        bundle_free(result.bundle);
        arena_fini(&memory);
    }
    for (auto _ : state) {
        arena memory;
        publish_files files;
        publish_result result;
        floor += build_alone(shop.text);
        arena_init(&memory, 0);
        auto start = Clock::now();
        if (publish_load_active(shop.opened, &memory, &files, &result, &error)) give_up(error.text);
        double took = seconds_since(start);
        if (result.bundle->offers_count != offers()) give_up("it is another");
        bundle_free(result.bundle);
        whole += took;
        state.SetIterationTime(took);
        arena_fini(&memory);
    }
    state.counters["floor_ms"] = 1000 * floor / static_cast<double>(state.iterations());
    state.counters["ratio"] = whole / floor;
}

BENCHMARK(publish)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(load_active)->UseManualTime()->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
