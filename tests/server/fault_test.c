// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong on the way, and in the process. Whatever one client does, the others are served; whatever comes in as
// a message is answered; what was acknowledged is there, once, and what was not answered was not done.
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "running.h"

#include <cmocka.h>

#define DECIDE "{'op': 'decide', 'person': {'crm': '1'}, 'placements': ['hero']}"

static int set_up(void **state) {
    static running r;
    running_begin(&r);
    *state = &r;
    return 0;
}

static int tear_down(void **state) {
    running_end(*state);
    return 0;
}

static void pause_ms(long ms) {
    (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

// Somebody who knows what to do is answered, soon after the server gave up on others (WORK_SEND_MS).
enum { SERVED_MS = 5000 };
static void others_are_served(running *r) {
    tact_client *c = running_client(r, running_url(r, 0), &(tact_client_options){.deadline_ms = SERVED_MS});
    for (int i = 0; i < 3; i++) running_ask(r, c, DECIDE);
    tact_client_close(c);
}

// Nothing is in flight but the question, and only who asks is connected.
static void wait_for_quiet(running *r) {
    int64_t until = clock_mono_ms() + RUNNING_PATIENCE_MS, in_flight, connections;
    tact_client *c = running_client(r, running_url(r, 0), NULL);
    do {
        tact_value v = running_ask(r, c, "{'op': 'status'}");
        in_flight = talk_find_int(v, "server.in_flight");
        connections = talk_find_int(v, "server.connections");
        if (in_flight == 1 && connections == 1) break;
        pause_ms(5);
    } while (clock_mono_ms() < until);
    assert_int_equal(in_flight, 1);
    assert_int_equal(connections, 1);
    tact_client_close(c);
}

// ---- Messages -------------------------------------------------------------------------------------------------------

static void half_a_message_holds_nobody_up(void **state) {
    running *r = *state;
    enum { PEERS = 50 };
    int fd[PEERS];
    running_start(r);
    tact_str whole = peer_request(&r->talk.memory, DECIDE);
    static const char head[] = {0, 0, 0, 0, 0, 0, 0, 100, (char)0x80, 0, 0, 1, 'h', 'a', 'l', 'f'};
    for (int i = 0; i < PEERS; i++) { // in the middle of the length, of the number, of the rest
        size_t len = (size_t)i % sizeof head + 1;
        fd[i] = peer_open(running_url(r, 0), 0);
        assert_int_equal(send(fd[i], head, len, MSG_NOSIGNAL), len);
    }
    others_are_served(r);
    int slow = peer_open(running_url(r, 0), 0); // byte by byte it arrives, too
    char all[500] = {0, 0, 0, 0, 0, 0, 0, (char)(whole.len + 4), (char)0x80, 0, 0, 1};
    memcpy(all + 12, whole.ptr, whole.len);
    for (size_t i = 0; i < whole.len + 12; i++) assert_int_equal(send(slow, all + i, 1, MSG_NOSIGNAL), 1);
    assert_true(talk_find(peer_receive(slow, &r->talk.memory, NULL), "ok").as.b);
    close(slow);
    for (int i = 0; i < PEERS; i++) close(fd[i]);
    wait_for_quiet(r);
}

// What a key takes, and whether a value of some kind can be that.
enum { ANY_TEXT, ANY_NUMBER, ANY_WHOM, ANY_LIST, ANY_MAP, ANY_FLAG, ANY_MOMENT, ANY_BYTES };

static bool may_be(int takes, const char *value) {
    bool text = *value == '\'', list = *value == '[', map = *value == '{', flag = *value == 't';
    bool number = *value == '-' || (*value >= '0' && *value <= '9'), whole = number && !strchr(value, '.');
    switch (takes) {
    case ANY_TEXT: return text;
    case ANY_NUMBER: return number;
    case ANY_WHOM: return map || whole;
    case ANY_LIST: return list;
    case ANY_MAP: return map;
    case ANY_FLAG: return flag;
    case ANY_BYTES: return false;
    default: return text || number;
    }
}

static void wrong_types_in_every_field_of_every_operation(void **state) {
    running *r = *state;
    static const char *const ops[] = {
#define X(NAME, name, ROLE, PACE, doc) #name,
#include "wire/operation_tbl.h"
#undef X
    };
    static const struct {
        const char *key;
        int takes;
    } keys[] = {
#define X(KEY, key, operations, TAKES, doc) {#key, ANY_##TAKES},
#include "wire/request_tbl.h"
#undef X
    };
    static const char *const values[] = {"null", "true", "17", "1.5", "'text'", "[[[]]]", "{'a': {'b': []}}", "-1"};
    running_start(r);
    int fd = peer_open(running_url(r, 0), 0);
    arena a;
    arena_init(&a, 0);
    for (size_t o = 0; o < sizeof ops / sizeof *ops; o++) {
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
                char request[300];
                bool op = strcmp(keys[k].key, "op") == 0;
                snprintf(request, sizeof request, "{'op': %s%s%s%s%s%s}", op ? "" : "'", op ? values[v] : ops[o],
                         op ? "" : "'", op ? "" : ", '", op ? "" : keys[k].key, op ? "" : "': ");
                if (!op) snprintf(request + strlen(request) - 1, 100, "%s}", values[v]);
                assert_true(peer_send(fd, 1, peer_request(&a, request)));
                tact_value reply = peer_receive(fd, &a, NULL);
                if (reply.kind != TACT_MAP) fail_msg("%s: no reply", request);
                bool ok = talk_find(reply, "ok").as.b;
                if (!ok && !*talk_find_text(&a, reply, "error.code")) fail_msg("%s: without a code", request);
                if (ok && !may_be(keys[k].takes, values[v])) fail_msg("%s was answered", request);
                tact_arena_reset(&a);
            }
        }
    }
    arena_fini(&a);
    close(fd);
    others_are_served(r);
}

static void random_bytes_are_answered(void **state) {
    running *r = *state;
    static const char *const good[] = {
        DECIDE,
        "{'op': 'batch', 'requests': [{'op': 'decide', 'placements': ['hero', 'chat'], 'explain': true}]}",
        "{'op': 'record', 'commands': [{'event': 'purchase', 'properties': {'amount': 1.5}, 'person': {'crm': '7'}}]}",
        "{'op': 'context', 'person': {'email': 'a@b.c'}, 'channel': 'chat', 'budget': 200}",
    };
    const char *given = getenv("SEED");
    unsigned seed = given ? (unsigned)atoi(given) : (unsigned)time(NULL);
    print_message("SEED=%u\n", seed);
    running_start(r);
    int fd = peer_open(running_url(r, 0), 0);
    arena a;
    arena_init(&a, 0);
    for (int i = 0; i < 5000; i++) {
        tact_str from = peer_request(&a, good[(unsigned)rand_r(&seed) % 4]);
        size_t len = rand_r(&seed) % 3 ? from.len : (size_t)rand_r(&seed) % 300;
        char *bytes = arena_alloc(&a, len + 1);
        for (size_t k = 0; k < len; k++) bytes[k] = (char)rand_r(&seed);
        if (len == from.len) memcpy(bytes, from.ptr, len);
        for (int hits = rand_r(&seed) % 4; len && hits >= 0; hits--) {
            bytes[(size_t)rand_r(&seed) % len] = (char)rand_r(&seed);
        }
        assert_true(peer_send(fd, 1, (tact_str){bytes, len}));
        if (talk_find(peer_receive(fd, &a, NULL), "ok").kind != TACT_BOOL) fail_msg("message %d", i);
        tact_arena_reset(&a);
    }
    arena_fini(&a);
    close(fd);
    others_are_served(r);
}

static void a_message_of_64_megabytes(void **state) {
    running *r = *state;
    enum { MEGABYTES_64 = 64 << 20 };
    char *big = calloc(1, MEGABYTES_64 + 5);
    assert_non_null(big);
    running_start(r);
    int fd = peer_open(running_url(r, 0), 0);
    assert_true(peer_send(fd, 1, (tact_str){big, MEGABYTES_64})); // is told why
    assert_string_equal(talk_find_text(&r->talk.memory, peer_receive(fd, &r->talk.memory, NULL), "error.code"),
                        "too_much");
    assert_true(peer_send(fd, 2, peer_request(&r->talk.memory, DECIDE)));
    assert_true(talk_find(peer_receive(fd, &r->talk.memory, NULL), "ok").as.b);
    (void)peer_send(fd, 3, (tact_str){big, MEGABYTES_64 + 5}); // is hung up on
    assert_int_equal(peer_receive(fd, &r->talk.memory, NULL).kind, TACT_UNRESOLVED);
    close(fd);
    free(big);
    others_are_served(r);
    wait_for_quiet(r);
}

// Room is set aside for what was announced; memory it becomes with what arrives.
static void who_announces_much_and_sends_little(void **state) {
    running *r = *state;
    enum { PEERS = 16, MEGABYTE = 1 << 20 };
    static const char head[] = {0, 0, 0, 0, 4, 0, 0, 0, (char)0x80, 0, 0, 1, 'l', 'i', 't', 't', 'l', 'e'};
    int fd[PEERS];
    running_start(r);
    tact_client *c = running_client(r, running_url(r, 0), NULL);
    const char *held = "server.process.anonymous_bytes";
    int64_t before = talk_find_int(running_ask(r, c, "{'op': 'status'}"), held);
    for (int i = 0; i < PEERS; i++) {
        fd[i] = peer_open(running_url(r, 0), 0);
        assert_int_equal(send(fd[i], head, sizeof head, MSG_NOSIGNAL), sizeof head);
    }
    for (int i = 0; i < 100; i++) running_ask(r, c, DECIDE);
    int64_t after = talk_find_int(running_ask(r, c, "{'op': 'status'}"), held);
    print_message("%lld MB held\n", (long long)(after - before) / MEGABYTE);
    assert_true(after - before < PEERS * 64 / 4 * (int64_t)MEGABYTE);
    tact_client_close(c);
    for (int i = 0; i < PEERS; i++) close(fd[i]);
    wait_for_quiet(r);
}

// ---- Connections ----------------------------------------------------------------------------------------------------

enum { IDLE = 10000, SPARE = 300 };

// The other ends, in a process of their own, since a process has so many files: opens them and says so, and when it is
// told to lets one of them ask. Its exit code says whether all of that went well; nothing here may fail as tests do,
// which would go on with the next one.
static void be_idle(const char *url, int count, int commands, tact_str request) {
    int last = -1;
    char word = 'x';
    for (int i = 0; i < count; i++) {
        last = peer_try_open(url, 0);
        if (last < 0) _exit(1);
    }
    if (write(commands, &word, 1) != 1 || read(commands, &word, 1) != 1) _exit(2);
    _exit(peer_send(last, 1, request) && recv(last, &word, 1, 0) == 1 ? 0 : 3);
}

static void ten_thousand_idle_connections(void **state) {
    running *r = *state;
    struct rlimit files;
    int commands[2], status;
    char word;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    int count = files.rlim_cur < IDLE + SPARE ? (int)files.rlim_cur - SPARE : IDLE;
    if (count < IDLE) print_message("only %d: `ulimit -Hn` allows no more\n", count);
    tact_str request = peer_request(&r->talk.memory, DECIDE);
    running_start(r);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, commands), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) be_idle(running_url(r, 0), count, commands[1], request);
    close(commands[1]);
    assert_int_equal(read(commands[0], &word, 1), 1);
    tact_client *c = running_client(r, running_url(r, 0), NULL);
    for (int i = 0; i < 100; i++) running_ask(r, c, DECIDE);
    assert_int_equal(talk_find_int(running_ask(r, c, "{'op': 'status'}"), "server.connections"), count + 1);
    tact_client_close(c);
    assert_int_equal(write(commands[0], "x", 1), 1); // who wakes up is answered
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    close(commands[0]);
    wait_for_quiet(r);
}

// A batch, whose reply is so much larger that a connection is full after a few.
static tact_str large_request(running *r) {
    char *request = arena_alloc(&r->talk.memory, 20000);
    size_t len = (size_t)snprintf(request, 100, "{'op': 'batch', 'requests': [");
    for (int i = 0; i < 200; i++) len += (size_t)snprintf(request + len, 100, "%s%s", i ? "," : "", DECIDE);
    snprintf(request + len, 10, "]}");
    return peer_request(&r->talk.memory, request);
}

static void who_never_reads_holds_nobody_up(void **state) {
    running *r = *state;
    enum { PEERS = 3 };
    int fd[PEERS];
    tact_str body = large_request(r);
    r->settings.contexts = 64;
    r->settings.queue = 64;
    running_start(r);
    for (int i = 0; i < PEERS; i++) {
        fd[i] = peer_open(running_url(r, 0), 4096);
        int refused = 0;
        for (uint32_t n = 0; n < 5000 && refused < 400; n++) { // until nothing more goes in for a while
            refused = peer_try_send(fd[i], n, body) ? 0 : refused + 1;
            if (refused) pause_ms(1);
        }
    }
    others_are_served(r);
    for (int i = 0; i < PEERS; i++) close(fd[i]);
    wait_for_quiet(r);
}

// Reads all there is, and asks again until something else is answered than what was asked before.
static void begins_to_read(running *r, int fd, tact_str before, size_t at) {
    tact_str decide = peer_request(&r->talk.memory, DECIDE);
    uint32_t number = 0;
    arena a;
    arena_init(&a, 0);
    peer_pour_end(fd, &a, before, at);
    for (uint32_t asked = 1; !number; asked++) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_true(peer_send(fd, asked, decide));
        while (!number && poll(&p, 1, 20) > 0) assert_int_equal(peer_receive(fd, &a, &number).kind, TACT_MAP);
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

// Each of them asks for ever. They are found out as their connections fill; from then on the server has a few replies
// for all of them, and its contexts are there for those who read.
static void a_hundred_who_never_read(void **state) {
    running *r = *state;
    enum { PEERS = 100, CONTEXTS = 256, ASKED = 300 };
    int fd[PEERS];
    size_t at[PEERS] = {0};
    int64_t ignored, in_flight, until = clock_mono_ms() + RUNNING_PATIENCE_MS;
    arena a;
    arena_init(&a, 0);
    tact_str body = large_request(r);
    r->settings.contexts = CONTEXTS;
    running_start(r);
    for (int i = 0; i < PEERS; i++) fd[i] = peer_open(running_url(r, 0), 4096);
    tact_client *c = running_client(r, running_url(r, 0), NULL);
    do {
        for (int i = 0; i < PEERS; i++) assert_true(peer_pour(fd[i], &a, body, &at[i]));
        tact_value v = running_ask(r, c, "{'op': 'status'}");
        ignored = talk_find_int(v, "server.ignored_total");
        in_flight = talk_find_int(v, "server.in_flight");
        tact_arena_reset(&a);
    } while ((ignored < PEERS || in_flight > CONTEXTS / 4) && clock_mono_ms() < until);
    assert_true(ignored >= PEERS);
    assert_true(in_flight <= CONTEXTS / 4);
    for (int i = 0; i < ASKED; i++) {
        assert_true(peer_pour(fd[i % PEERS], &a, body, &at[i % PEERS]));
        running_ask(r, c, DECIDE);
        tact_arena_reset(&a);
    }
    tact_value v = running_ask(r, c, "{'op': 'status'}");
    assert_true(talk_find_int(v, "server.dropped_total") >= PEERS);
    assert_int_equal(talk_find_int(v, "server.connections"), PEERS + 1); // nobody was hung up on
    begins_to_read(r, fd[0], body, at[0]);
    tact_client_close(c);
    for (int i = 0; i < PEERS; i++) close(fd[i]);
    arena_fini(&a);
    wait_for_quiet(r);
}

static void who_vanishes_is_forgotten(void **state) {
    running *r = *state;
    tact_str decide = peer_request(&r->talk.memory, DECIDE);
    tact_str record = peer_request(&r->talk.memory, "{'op': 'record', 'commands': [{'event': 'complaint', 'person':"
                                                    " {'crm': '1'}}]}");
    running_start(r);
    for (int round = 0; round < 300; round++) {
        int fd = peer_open(running_url(r, 0), 0);
        for (uint32_t i = 0; i < 20; i++) (void)peer_send(fd, i, round % 3 ? decide : record);
        close(fd);
    }
    wait_for_quiet(r);
}

static void too_much_at_once_is_answered_in_full_or_refused(void **state) {
    running *r = *state;
    enum { PEERS = 8, EACH = 200 };
    int fd[PEERS], ok = 0, overloaded = 0;
    tact_str decide = peer_request(&r->talk.memory, DECIDE);
    r->settings.workers = 1;
    r->settings.queue = 2;
    running_start(r);
    for (int i = 0; i < PEERS; i++) {
        fd[i] = peer_open(running_url(r, 0), 0);
        for (uint32_t n = 0; n < EACH; n++) assert_true(peer_send(fd[i], n, decide));
    }
    for (int i = 0; i < PEERS; i++) {
        for (int n = 0; n < EACH; n++) {
            tact_value v = peer_receive(fd[i], &r->talk.memory, NULL);
            bool well = talk_find(v, "ok").as.b;
            ok += well;
            overloaded += !well && strcmp(talk_find_text(&r->talk.memory, v, "error.code"), "overloaded") == 0;
        }
        close(fd[i]);
    }
    assert_int_equal(ok + overloaded, PEERS * EACH);
    assert_true(ok > 0);
    wait_for_quiet(r);
}

// ---- The process ----------------------------------------------------------------------------------------------------

typedef struct process {
    pid_t pid;
    char url[64];
} process;

// `tact serve` on the folder, at a port that was free a moment ago.
static void process_start(running *r, process *p) {
    const char *program = getenv("TACT");
    if (!program) program = "build/tact";
    char listen[80];
    running_start(r); // so that the system chooses the port
    snprintf(p->url, sizeof p->url, "%s", running_url(r, 0));
    running_stop(r);
    snprintf(listen, sizeof listen, "--listen=%s", p->url);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        const char *level = "--log-level=error";
        execl(program, program, "serve", "--db", r->talk.data.path, "--http=", level, listen, (char *)NULL);
        _exit(127);
    }
    tact_client *c = running_client(r, p->url, NULL);
    running_ask(r, c, "{'op': 'status'}");
    tact_client_close(c);
}

static void process_end(process *p, int signal_number) {
    int status;
    assert_int_equal(kill(p->pid, signal_number), 0);
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    if (signal_number == SIGTERM) assert_int_equal(status, 0);
}

enum { LOAD_PEERS = 4, LOAD_MOST = 4000 };

typedef struct load { // records of one person each: "ROUND-NUMBER"
    int fd[LOAD_PEERS];
    uint32_t sent;
    bool answered[LOAD_MOST];
    int open;
} load;

static tact_str record_of(arena *a, int round, uint32_t number) {
    char request[200];
    snprintf(request, sizeof request,
             "{'op': 'record', 'commands': [{'event': 'complaint', 'person': {'crm': '%d-%u'}}]}", round, number);
    return peer_request(a, request);
}

// Hears what there is, on all of them, waiting for it at most so long.
static void hear(load *l, arena *a, int ms) {
    struct pollfd all[LOAD_PEERS];
    for (int i = 0; i < LOAD_PEERS; i++) all[i] = (struct pollfd){.fd = l->fd[i], .events = POLLIN};
    if (poll(all, LOAD_PEERS, ms) <= 0) return;
    for (int i = 0; i < LOAD_PEERS; i++) {
        uint32_t number;
        if (l->fd[i] < 0 || !all[i].revents) continue;
        tact_value v = peer_receive(l->fd[i], a, &number);
        if (v.kind == TACT_UNRESOLVED) {
            close(l->fd[i]);
            l->fd[i] = -1;
            l->open--;
        } else if (talk_find(v, "ok").as.b) {
            assert_true(number < l->sent && !l->answered[number]);
            l->answered[number] = true;
        }
    }
}

static uint32_t answered(const load *l) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < l->sent; i++) count += l->answered[i];
    return count;
}

// Sends without waiting for replies, signals after some of them came, and hears all there is until the end.
static void load_until(load *l, const char *url, process *p, int round, int signal_number) {
    arena a;
    arena_init(&a, 0);
    *l = (load){.open = LOAD_PEERS};
    for (int i = 0; i < LOAD_PEERS; i++) l->fd[i] = peer_open(url, 0);
    uint32_t when = 50 + 37 * (uint32_t)round;
    bool signalled = false;
    while (l->open) {
        for (int i = 0; i < LOAD_PEERS && l->sent < LOAD_MOST; i++) {
            if (l->fd[i] >= 0 && l->sent - answered(l) < 64) {
                uint32_t number = l->sent++;
                (void)peer_send(l->fd[i], number, record_of(&a, round, number));
            }
        }
        hear(l, &a, 1);
        if (!signalled && answered(l) >= when) {
            assert_int_equal(kill(p->pid, signal_number), 0);
            signalled = true;
        }
        tact_arena_reset(&a);
    }
    int status;
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    assert_int_equal(signal_number == SIGTERM ? status : WTERMSIG(status), signal_number == SIGTERM ? 0 : SIGKILL);
    arena_fini(&a);
}

// How often the person complained: of all that is held of him.
static int complaints(running *r, tact_client *c, int round, uint32_t number) {
    char request[100];
    tact_value v;
    int count = 0;
    snprintf(request, sizeof request, "{'op': 'person', 'person': {'crm': '%d-%u'}}", round, number);
    if (tact_client_call(c, talk_json(&r->talk.memory, request), 0, &r->talk.memory, &v, &r->problem)) {
        assert_string_equal(tact_problem_code(&r->problem), "unknown_person");
        return 0;
    }
    for (const char *at = talk_text(&r->talk.memory, v); (at = strstr(at, "'complaint'")); at++) count++;
    return count;
}

static void killed_under_load_nothing_acknowledged_is_lost(void **state) {
    running *r = *state;
    static load l;
    process p;
    for (int round = 0; round < 3; round++) {
        process_start(r, &p);
        load_until(&l, p.url, &p, round, SIGKILL);
        process_start(r, &p);
        tact_client *c = running_client(r, p.url, NULL);
        for (uint32_t i = 0; i < l.sent; i++) {
            int times = complaints(r, c, round, i);
            if (times > 1 || times < l.answered[i]) fail_msg("round %d, %u is there %d times", round, i, times);
        }
        tact_client_close(c);
        process_end(&p, SIGTERM);
    }
}

static void told_to_end_under_load_it_answers_what_it_does(void **state) {
    running *r = *state;
    static load l;
    process p;
    for (int round = 0; round < 3; round++) {
        process_start(r, &p);
        load_until(&l, p.url, &p, round, SIGTERM);
        process_start(r, &p);
        tact_client *c = running_client(r, p.url, NULL);
        for (uint32_t i = 0; i < l.sent; i++) {
            int times = complaints(r, c, round, i);
            if (times != l.answered[i]) {
                fail_msg("round %d: %u is there %d times, and was%s answered", round, i, times,
                         l.answered[i] ? "" : " not");
            }
        }
        tact_client_close(c);
        process_end(&p, SIGTERM);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(half_a_message_holds_nobody_up),
        TEST(wrong_types_in_every_field_of_every_operation),
        TEST(random_bytes_are_answered),
        TEST(a_message_of_64_megabytes),
        TEST(who_announces_much_and_sends_little),
        TEST(ten_thousand_idle_connections),
        TEST(who_never_reads_holds_nobody_up),
        TEST(a_hundred_who_never_read),
        TEST(who_vanishes_is_forgotten),
        TEST(too_much_at_once_is_answered_in_full_or_refused),
        TEST(killed_under_load_nothing_acknowledged_is_lost),
        TEST(told_to_end_under_load_it_answers_what_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
