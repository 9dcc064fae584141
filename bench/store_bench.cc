// SPDX-License-Identifier: Apache-2.0
//
// The store: how long looking up, importing and recording take, beside what LMDB alone takes to read or keep the same
// bytes. Subject and floor take turns within each benchmark, so that what else the machine does meets both; `ratio`
// says how many times the floor's time the subject takes. Every answer is checked before the clock starts.
//
// Set TACT_PERSONS for another crowd than 100,000 persons, the figures that count are those of 1,000,000, and
// TACT_ACTIVE for how many of them something happens to at one time (10,000). With TACT_GROW set to a number of
// millions nothing of this runs, and a store grows to so many persons, each million with its rate.
#include <benchmark/benchmark.h>
#include <lmdb.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "../tests/store/crowd.h"

// ---- Counting allocations -------------------------------------------------------------------------------------------

static std::atomic<uint64_t> allocations;

extern "C" void *__libc_malloc(size_t size);
extern "C" void *malloc(size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return __libc_malloc(size);
}

namespace {

// ---- Ground ---------------------------------------------------------------------------------------------------------

constexpr uint32_t kIntervalMs = 100; // of durability, where an answer does not wait for the disk
constexpr uint32_t kCallers = 64;

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

uint32_t number_of(const char *variable, uint32_t otherwise) {
    const char *given = std::getenv(variable);
    return given ? static_cast<uint32_t>(std::strtoul(given, nullptr, 10)) : otherwise;
}

uint32_t persons() {
    static const uint32_t n = std::max(number_of("TACT_PERSONS", 100000), 1000u);
    return n;
}

// So many of them do something at one time.
uint32_t active() {
    static const uint32_t n = std::min(number_of("TACT_ACTIVE", 10000), persons());
    return n;
}

[[noreturn]] void fail(const char *what) {
    std::fprintf(stderr, "store_bench: %s\n", what);
    std::exit(1);
}

void must(int rc) {
    if (rc) fail(mdb_strerror(rc));
}

// A folder that goes with the process or the scope.
struct Folder {
    std::filesystem::path path;

    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "tact-bench-XXXXXX").string();
        if (!mkdtemp(name.data())) fail("no folder for a store");
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    uint64_t bytes() const {
        return std::filesystem::file_size(path / "data.mdb");
    }
};

// The crowd that is read and changed, filled once.
const std::string &crowd_folder() {
    static const Folder folder;
    static const std::string path = [] {
        crowd *c = crowd_open(folder.path.c_str(), 1000);
        crowd_fill(c, 0, persons());
        crowd_close(c);
        return folder.path.string();
    }();
    return path;
}

struct Key {
    char bytes[CROWD_KEY];
};

// The keys of all persons, shuffled.
const std::vector<Key> &shuffled_keys() {
    static const std::vector<Key> keys = [] {
        std::vector<Key> made(persons());
        for (uint32_t i = 0; i < persons(); i++) crowd_key(i, made[i].bytes);
        std::shuffle(made.begin(), made.end(), std::mt19937_64(7));
        return made;
    }();
    return keys;
}

tact_str bytes_of(const uint64_t &number) {
    return {reinterpret_cast<const char *>(&number), sizeof number};
}

tact_str str(const std::string &s) {
    return {s.data(), s.size()};
}

double quantile(const std::vector<double> &sorted, double q) {
    return sorted[static_cast<size_t>(q * static_cast<double>(sorted.size() - 1))];
}

// ---- LMDB alone -----------------------------------------------------------------------------------------------------

// What a store of persons of one identity comes to, without a store: three tables, the same keys and values.
class Raw {
  public:
    enum Table { kIdentity, kStrand, kPerson, kTables };

    explicit Raw(const Folder &folder) {
        static const char *const names[] = {"identity", "strand", "person"};
        must(mdb_env_create(&env_));
        must(mdb_env_set_maxdbs(env_, kTables));
        must(mdb_env_set_mapsize(env_, size_t(64) << 30));
        must(mdb_env_open(env_, folder.path.c_str(), 0, 0600));
        begin();
        for (unsigned i = 0; i < kTables; i++) {
            must(mdb_dbi_open(txn_, names[i], MDB_CREATE | (i == kIdentity ? 0u : MDB_INTEGERKEY), &tables_[i]));
        }
        commit();
    }
    ~Raw() {
        mdb_env_close(env_);
    }
    Raw(const Raw &) = delete;

    void begin() {
        must(mdb_txn_begin(env_, nullptr, 0, &txn_));
    }
    void commit() {
        must(mdb_txn_commit(txn_));
    }
    void put(Table table, tact_str key, tact_str value) {
        MDB_val k = {key.len, const_cast<char *>(key.ptr)}, v = {value.len, const_cast<char *>(value.ptr)};
        must(mdb_put(txn_, tables_[table], &k, &v, 0));
    }
    void put(const crowd_stored &s) {
        put(kIdentity, {s.key, CROWD_KEY}, bytes_of(s.id));
        put(kStrand, bytes_of(s.id), s.strand);
        put(kPerson, bytes_of(s.id), s.record);
    }

  private:
    MDB_env *env_ = nullptr;
    MDB_txn *txn_ = nullptr;
    MDB_dbi tables_[kTables];
};

// ---- Looking up -----------------------------------------------------------------------------------------------------

// Two raw gets in the store's own map: identity to id, id to record. Returns the record's length.
class Floor {
  public:
    explicit Floor(crowd_view *v) : txn_(static_cast<MDB_txn *>(crowd_view_txn(v))) {
        must(mdb_dbi_open(txn_, "identity", 0, &identity_));
        must(mdb_dbi_open(txn_, "person", MDB_INTEGERKEY, &person_));
    }
    size_t operator()(const Key &key) const {
        MDB_val k = {CROWD_KEY, const_cast<char *>(key.bytes)}, id, record;
        must(mdb_get(txn_, identity_, &k, &id));
        must(mdb_get(txn_, person_, &id, &record));
        return record.mv_size;
    }

  private:
    MDB_txn *txn_;
    MDB_dbi identity_, person_;
};

void check_persons(crowd_view *v, const Floor &floor) {
    for (uint32_t i = 0; i < persons(); i += persons() / 1000) {
        Key key;
        crowd_key(i, key.bytes);
        if (crowd_look_up(v, key.bytes) != crowd_expected(i)) fail("a person has other values");
        if (crowd_record(v, key.bytes).len != floor(key)) fail("a person has another record");
    }
}

// From an identity to three attributes of its person, in random order.
void look_up(benchmark::State &state) {
    crowd *c = crowd_open(crowd_folder().c_str(), 0);
    crowd_view *v = crowd_view_open(c);
    const Floor floor(v);
    const std::vector<Key> &keys = shuffled_keys();
    check_persons(v, floor);
    const size_t round = 500; // of one kind: few enough that both meet the same machine
    size_t at = 0, opposite = keys.size() / 2, lengths = 0;
    double sum = 0, subject_s = 0, floor_s = 0;
    uint64_t allocated = 0;
    for (auto _ : state) {
        uint64_t before = allocations.load();
        auto start = Clock::now();
        for (size_t i = 0; i < round; i++) sum += crowd_look_up(v, keys[(at + i) % keys.size()].bytes);
        double took = seconds_since(start);
        allocated += allocations.load() - before;
        start = Clock::now();
        for (size_t i = 0; i < round; i++) lengths += floor(keys[(opposite + i) % keys.size()]);
        floor_s += seconds_since(start);
        subject_s += took;
        state.SetIterationTime(took);
        at += round, opposite += round;
    }
    benchmark::DoNotOptimize(sum);
    benchmark::DoNotOptimize(lengths);
    double looked_up = static_cast<double>(state.iterations()) * round;
    state.SetItemsProcessed(static_cast<int64_t>(looked_up));
    state.counters["allocations"] = static_cast<double>(allocated);
    state.counters["ns"] = subject_s / looked_up * 1e9;
    state.counters["floor_ns"] = floor_s / looked_up * 1e9;
    state.counters["ratio"] = subject_s / floor_s;
    crowd_view_close(v);
    crowd_close(c);
}
BENCHMARK(look_up)->UseManualTime()->Unit(benchmark::kMicrosecond);

// ---- Importing ------------------------------------------------------------------------------------------------------

// Puts the same keys and values in batches of the same size, and commits when an interval is over.
double import_floor(arena *a, const crowd *c, const crowd_rows *rows, uint32_t count) {
    std::vector<crowd_stored> stored(count);
    for (uint32_t i = 0; i < count; i++) crowd_stored_make(a, c, rows, i, i + 1, &stored[i]);
    Folder folder;
    Raw raw(folder);
    auto start = Clock::now(), last = start;
    raw.begin();
    for (uint32_t i = 0; i < count; i++) {
        raw.put(stored[i]);
        if ((i + 1) % CROWD_BATCH || seconds_since(last) * 1000 < kIntervalMs) continue;
        raw.commit();
        raw.begin();
        last = Clock::now();
    }
    raw.commit();
    return seconds_since(start);
}

void check_import(crowd *c, const crowd_rows *rows) {
    crowd_view *v = crowd_view_open(c);
    arena a;
    arena_init(&a, 0);
    crowd_stored one;
    crowd_stored_make(&a, c, rows, 0, 1, &one);
    tact_str found = crowd_record(v, one.key);
    if (!tact_str_equal(found, one.record)) fail("the floor's records are not the store's");
    arena_fini(&a);
    crowd_view_close(v);
}

// New persons of twenty attributes in batches of a thousand, with durability by interval, up to the last one on disk.
// `disk_bytes` are those of the file for a person, `raw_bytes` those of the identity and the values alone.
void import_rows(benchmark::State &state) {
    const uint32_t count = std::min(persons() / 5, 100000u);
    double subject_s = 0, floor_s = 0, disk = 0, bytes = 0;
    for (auto _ : state) {
        arena a;
        arena_init(&a, 0);
        crowd_rows *rows = crowd_rows_make(&a, 1, count);
        Folder folder;
        crowd *c = crowd_open(folder.path.c_str(), kIntervalMs);
        auto start = Clock::now();
        crowd_import(c, rows);
        crowd_close(c);
        double took = seconds_since(start);
        disk = static_cast<double>(folder.bytes());
        bytes = static_cast<double>(crowd_rows_bytes(rows));
        c = crowd_open(folder.path.c_str(), kIntervalMs);
        check_import(c, rows);
        floor_s += import_floor(&a, c, rows, count);
        crowd_close(c);
        arena_fini(&a);
        subject_s += took;
        state.SetIterationTime(took);
    }
    double imported = static_cast<double>(state.iterations()) * count;
    state.SetItemsProcessed(static_cast<int64_t>(imported));
    state.counters["floor_per_second"] = imported / floor_s;
    state.counters["ratio"] = subject_s / floor_s;
    state.counters["disk_bytes"] = disk / count;
    state.counters["raw_bytes"] = bytes / count;
}
BENCHMARK(import_rows)->UseManualTime()->Unit(benchmark::kMillisecond);

// ---- Recording ------------------------------------------------------------------------------------------------------

// One put of a person's record for each of `commands`, and a commit for each group, or for each interval.
double record_floor(Raw &raw, const std::string &record, uint32_t commands, uint32_t interval_ms) {
    std::mt19937_64 random(11);
    auto start = Clock::now(), last = start;
    raw.begin();
    for (uint32_t i = 0; i < commands; i++) {
        uint64_t id = random() % active() + 1;
        raw.put(Raw::kPerson, bytes_of(id), str(record));
        if ((i + 1) % kCallers || seconds_since(last) * 1000 < interval_ms) continue;
        raw.commit();
        raw.begin();
        last = Clock::now();
    }
    raw.commit();
    return seconds_since(start);
}

std::string record_of(crowd *c, const Key &key) {
    crowd_view *v = crowd_view_open(c);
    tact_str found = crowd_record(v, key.bytes);
    std::string record(found.ptr, found.len);
    crowd_view_close(v);
    return record;
}

// As many persons as the crowd has, all with this record.
void fill_floor(Raw &raw, const std::string &record) {
    raw.begin();
    for (uint64_t id = 1; id <= persons(); id++) raw.put(Raw::kPerson, bytes_of(id), str(record));
    raw.commit();
}

// Everything that callers send; `n` numbers it. Returns how long each of them waited.
std::vector<double> send_all(crowd *c, uint32_t *n, uint32_t each) {
    std::vector<double> waited(size_t(kCallers) * each);
    std::vector<std::thread> callers;
    for (uint32_t caller = 0; caller < kCallers; caller++) {
        callers.emplace_back([&waited, c, caller, each, from = *n + caller * each] {
            std::mt19937_64 random(from);
            for (uint32_t i = 0; i < each; i++) {
                auto start = Clock::now();
                crowd_change(c, static_cast<uint32_t>(random() % active()), from + i);
                waited[size_t(caller) * each + i] = seconds_since(start);
            }
        });
    }
    for (std::thread &t : callers) t.join();
    *n += kCallers * each;
    return waited;
}

// Events and attributes of random persons from 64 callers that each wait for an answer. The argument is the interval of
// durability, 0: an answer means that it is on disk; at the end of a round everything is. The floor is one thread that
// puts a record for each command.
void record_commands(benchmark::State &state) {
    static uint32_t n; // goes on, so that no command is a repetition
    const auto interval_ms = static_cast<uint32_t>(state.range(0));
    const uint32_t each = persons() / 1000, commands = kCallers * each;
    crowd *c = crowd_open(crowd_folder().c_str(), interval_ms);
    const std::string record = record_of(c, shuffled_keys()[0]);
    crowd_close(c);
    Folder folder;
    Raw raw(folder);
    fill_floor(raw, record);
    std::vector<double> waited;
    double subject_s = 0, floor_s = 0;
    for (auto _ : state) {
        c = crowd_open(crowd_folder().c_str(), interval_ms);
        auto start = Clock::now();
        std::vector<double> now = send_all(c, &n, each);
        crowd_close(c);
        double took = seconds_since(start);
        floor_s += record_floor(raw, record, commands, interval_ms);
        waited.insert(waited.end(), now.begin(), now.end());
        subject_s += took;
        state.SetIterationTime(took);
    }
    std::sort(waited.begin(), waited.end());
    double sent = static_cast<double>(state.iterations()) * commands;
    state.SetItemsProcessed(static_cast<int64_t>(sent));
    state.counters["floor_per_second"] = sent / floor_s;
    state.counters["ratio"] = subject_s / floor_s;
    state.counters["wait_p50_us"] = quantile(waited, 0.5) * 1e6;
    state.counters["wait_p99_us"] = quantile(waited, 0.99) * 1e6;
}
BENCHMARK(record_commands)
    ->ArgName("interval_ms")
    ->Arg(0)
    ->Arg(kIntervalMs)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// Changes of persons who each have a history of three hundred commands, in batches with durability by interval: what a
// command costs by itself. The floor puts a record of the same length twice, once for the strand.
void change_histories(benchmark::State &state) {
    const uint32_t people = 64, history = 300, batch = 960;
    Folder folder, floor_folder;
    crowd *c = crowd_open(folder.path.c_str(), kIntervalMs);
    crowd_fill(c, 1, people);
    uint32_t n = 0;
    for (; n < people * history; n += batch) crowd_change_many(c, 1, people, n, batch);
    crowd_close(c);
    c = crowd_open(folder.path.c_str(), kIntervalMs); // all of it is there to be read
    Key key;
    crowd_key(1, key.bytes);
    const std::string record = record_of(c, key);
    Raw raw(floor_folder);
    double subject_s = 0, floor_s = 0;
    auto last = Clock::now();
    raw.begin();
    for (auto _ : state) {
        auto start = Clock::now();
        crowd_change_many(c, 1, people, n, batch);
        double took = seconds_since(start);
        start = Clock::now();
        for (uint64_t i = 0; i < batch; i++) {
            const uint64_t id = i % people;
            raw.put(Raw::kStrand, bytes_of(id), str(record));
            raw.put(Raw::kPerson, bytes_of(id), str(record));
        }
        if (seconds_since(last) * 1000 >= kIntervalMs) raw.commit(), raw.begin(), last = Clock::now();
        floor_s += seconds_since(start);
        n += batch;
        subject_s += took;
        state.SetIterationTime(took);
    }
    raw.commit();
    double sent = static_cast<double>(state.iterations()) * batch;
    state.SetItemsProcessed(static_cast<int64_t>(sent));
    state.counters["us"] = subject_s / sent * 1e6;
    state.counters["floor_us"] = floor_s / sent * 1e6;
    state.counters["ratio"] = subject_s / floor_s;
    state.counters["record_bytes"] = static_cast<double>(record.size());
    crowd_close(c);
}
BENCHMARK(change_histories)->UseManualTime()->Unit(benchmark::kMillisecond);

// ---- Growing --------------------------------------------------------------------------------------------------------

// Imports one million after another and says how it goes.
int grow(uint32_t millions) {
    const uint32_t million = 1000000;
    Folder folder;
    crowd *c = crowd_open(folder.path.c_str(), 1000);
    std::printf("%10s %10s %16s\n", "persons", "rows/s", "bytes a person");
    for (uint32_t i = 0; i < millions; i++) {
        auto start = Clock::now();
        crowd_fill(c, i * million, million);
        double rate = million / seconds_since(start);
        std::printf("%10u %10.0f %16.0f\n", (i + 1) * million, rate,
                    static_cast<double>(folder.bytes()) / ((i + 1.0) * million));
        std::fflush(stdout);
    }
    crowd_close(c);
    return 0;
}

} // namespace

int main(int argc, char **argv) {
    if (uint32_t millions = number_of("TACT_GROW", 0)) return grow(millions);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
