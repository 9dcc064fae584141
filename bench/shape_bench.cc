// SPDX-License-Identifier: Apache-2.0
//
// The shapes that a server over NNG can have, with nothing of Tact in them but the time that a decision takes: 200
// bytes come in, a processor is busy for WORK, 700 bytes go out. Measured with one request in flight (`us`, and p50 of
// it) and with 32 on each of 4 connections (`items_per_second`). docs/performance.md says what src/server/work.h made
// of it.
//
//      in_place    whoever it comes in on answers it, as work.h does while a seat is free
//      handed_on   it is put into a queue that two threads of the server's own answer from
//      threads     two threads of the server's own receive, answer and send
#include <benchmark/benchmark.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto WORK = std::chrono::microseconds(8);
constexpr size_t REQUEST_BYTES = 200, REPLY_BYTES = 700;
constexpr int THREADS = 2, CONTEXTS = 256, CONNECTIONS = 4, IN_FLIGHT = 32;

void must(int rc, const char *what) {
    if (rc == 0) return;
    std::fprintf(stderr, "shape_bench: %s: %s\n", what, nng_strerror(rc));
    std::exit(1);
}

nng_msg *message(size_t bytes) {
    nng_msg *m;
    must(nng_msg_alloc(&m, bytes), "a message");
    return m;
}

void work() {
    auto end = Clock::now() + WORK;
    while (Clock::now() < end) {}
}

// ---- Servers --------------------------------------------------------------------------------------------------------

class Server {
  public:
    Server() {
        must(nng_rep0_open(&socket), "a socket");
    }
    virtual ~Server() = default;
    std::string listen() {
        nng_listener l;
        int port;
        must(nng_listener_create(&l, socket, "tcp://127.0.0.1:0"), "a listener");
        must(nng_listener_start(l, 0), "a listener");
        must(nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &port), "a port");
        return "tcp://127.0.0.1:" + std::to_string(port);
    }

  protected:
    nng_socket socket;
};

struct Slot {
    Server *server;
    nng_ctx context;
    nng_aio *in, *out;
    nng_msg *request;
};

// Requests come in by callbacks; what becomes of one is `take`'s.
class Called : public Server {
  public:
    Called() : slots(CONTEXTS) {
        for (Slot &s : slots) {
            s.server = this;
            must(nng_ctx_open(&s.context, socket), "a context");
            must(nng_aio_alloc(&s.in, received, &s), "an operation");
            must(nng_aio_alloc(&s.out, sent, &s), "an operation");
        }
    }
    ~Called() override {
        nng_close(socket);
        for (Slot &s : slots) nng_aio_free(s.in), nng_aio_free(s.out);
    }
    void start() {
        for (Slot &s : slots) nng_ctx_recv(s.context, s.in);
    }

  protected:
    virtual void take(Slot *s) = 0;
    static void answer(Slot *s) {
        work();
        nng_msg_free(s->request);
        nng_aio_set_msg(s->out, message(REPLY_BYTES));
        nng_ctx_send(s->context, s->out);
    }

  private:
    static void received(void *context) {
        Slot *s = static_cast<Slot *>(context);
        if (nng_aio_result(s->in)) return;
        s->request = nng_aio_get_msg(s->in);
        static_cast<Called *>(s->server)->take(s);
    }
    static void sent(void *context) {
        Slot *s = static_cast<Slot *>(context);
        if (nng_aio_result(s->out)) {
            nng_msg_free(nng_aio_get_msg(s->out));
            return;
        }
        nng_ctx_recv(s->context, s->in);
    }
    std::vector<Slot> slots;
};

class InPlace : public Called {
    void take(Slot *s) override {
        answer(s);
    }
};

class HandedOn : public Called {
  public:
    HandedOn() {
        for (int i = 0; i < THREADS; i++) threads.emplace_back([this] { run(); });
    }
    ~HandedOn() override {
        {
            std::lock_guard<std::mutex> lock(mutex);
            stopping = true;
        }
        came.notify_all();
        for (std::thread &t : threads) t.join();
    }

  private:
    void take(Slot *s) override {
        {
            std::lock_guard<std::mutex> lock(mutex);
            queue.push_back(s);
        }
        came.notify_one();
    }
    void run() {
        std::unique_lock<std::mutex> lock(mutex);
        for (;;) {
            came.wait(lock, [this] { return stopping || !queue.empty(); });
            if (stopping) return;
            Slot *s = queue.front();
            queue.pop_front();
            lock.unlock();
            answer(s);
            lock.lock();
        }
    }
    std::mutex mutex;
    std::condition_variable came;
    std::deque<Slot *> queue;
    bool stopping = false;
    std::vector<std::thread> threads;
};

class Threads : public Server {
  public:
    ~Threads() override {
        nng_close(socket);
        for (std::thread &t : threads) t.join();
    }
    void start() {
        for (int i = 0; i < THREADS; i++) threads.emplace_back([this] { run(); });
    }

  private:
    void run() {
        nng_ctx context;
        nng_aio *aio;
        must(nng_ctx_open(&context, socket), "a context");
        must(nng_aio_alloc(&aio, nullptr, nullptr), "an operation");
        for (;;) {
            nng_ctx_recv(context, aio);
            nng_aio_wait(aio);
            if (nng_aio_result(aio)) break;
            nng_msg_free(nng_aio_get_msg(aio));
            work();
            nng_aio_set_msg(aio, message(REPLY_BYTES));
            nng_ctx_send(context, aio);
            nng_aio_wait(aio);
            if (nng_aio_result(aio)) nng_msg_free(nng_aio_get_msg(aio));
        }
        nng_aio_free(aio);
    }
    std::vector<std::thread> threads;
};

// ---- Who asks -------------------------------------------------------------------------------------------------------

template <typename Shape> void BM_one_in_flight(benchmark::State &state) {
    Shape server;
    std::string url = server.listen();
    server.start();
    nng_socket socket;
    std::vector<double> took;
    must(nng_req0_open(&socket), "a socket");
    must(nng_dial(socket, url.c_str(), nullptr, 0), "a connection");
    for (auto _ : state) {
        auto start = Clock::now();
        nng_msg *m = message(REQUEST_BYTES);
        must(nng_sendmsg(socket, m, 0), "sending");
        must(nng_recvmsg(socket, &m, 0), "receiving");
        double seconds = std::chrono::duration<double>(Clock::now() - start).count();
        if (nng_msg_len(m) != REPLY_BYTES) std::exit(1);
        nng_msg_free(m);
        took.push_back(seconds);
        state.SetIterationTime(seconds);
    }
    nng_close(socket);
    std::nth_element(took.begin(), took.begin() + static_cast<long>(took.size() / 2), took.end());
    state.counters["p50_us"] = took[took.size() / 2] * 1e6;
}

// Keeps its requests in flight until it is told to end.
class Load {
  public:
    explicit Load(const std::string &url) : asks(CONNECTIONS * IN_FLIGHT) {
        for (nng_socket &s : sockets) {
            must(nng_req0_open(&s), "a socket");
            must(nng_dial(s, url.c_str(), nullptr, 0), "a connection");
        }
        for (size_t i = 0; i < asks.size(); i++) {
            asks[i].load = this;
            must(nng_ctx_open(&asks[i].context, sockets[i % CONNECTIONS]), "a context");
            must(nng_aio_alloc(&asks[i].out, sent, &asks[i]), "an operation");
            must(nng_aio_alloc(&asks[i].in, received, &asks[i]), "an operation");
        }
        for (Ask &a : asks) send(&a);
    }
    ~Load() {
        ending = true;
        while (resting.load() < asks.size()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        for (Ask &a : asks) nng_aio_free(a.out), nng_aio_free(a.in);
        for (nng_socket &s : sockets) nng_close(s);
    }
    std::atomic<int64_t> answered{0};

  private:
    struct Ask {
        Load *load;
        nng_ctx context;
        nng_aio *in, *out;
    };
    static void send(Ask *a) {
        if (a->load->ending) {
            a->load->resting++;
            return;
        }
        nng_aio_set_msg(a->out, message(REQUEST_BYTES));
        nng_ctx_send(a->context, a->out);
    }
    static void sent(void *context) {
        Ask *a = static_cast<Ask *>(context);
        must(nng_aio_result(a->out), "sending");
        nng_ctx_recv(a->context, a->in);
    }
    static void received(void *context) {
        Ask *a = static_cast<Ask *>(context);
        must(nng_aio_result(a->in), "receiving");
        nng_msg_free(nng_aio_get_msg(a->in));
        a->load->answered++;
        send(a);
    }
    std::vector<Ask> asks;
    nng_socket sockets[CONNECTIONS];
    std::atomic<bool> ending{false};
    std::atomic<size_t> resting{0};
};

template <typename Shape> void BM_saturated(benchmark::State &state) {
    Shape server;
    std::string url = server.listen();
    server.start();
    Load load(url);
    int64_t counted = 0;
    for (auto _ : state) {
        int64_t before = load.answered;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        counted += load.answered - before;
    }
    state.SetItemsProcessed(counted);
}

#define SHAPES(BENCH, UNIT)                                                                                            \
    BENCHMARK_TEMPLATE(BENCH, InPlace)->UNIT;                                                                          \
    BENCHMARK_TEMPLATE(BENCH, HandedOn)->UNIT;                                                                         \
    BENCHMARK_TEMPLATE(BENCH, Threads)->UNIT

SHAPES(BM_one_in_flight, UseManualTime()->Unit(benchmark::kMicrosecond));
SHAPES(BM_saturated, UseRealTime()->Unit(benchmark::kMillisecond));

} // namespace

BENCHMARK_MAIN();
