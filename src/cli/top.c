// SPDX-License-Identifier: Apache-2.0
//
// `tact top`: a server as it works, once a second. On a terminal it has the whole screen and gives it back however it
// ends: keys come unfiltered, so that ^C is one like `q`, and signals that end it are read as they come, from a file.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "cli/top_view.h"
#include "tact/client.h"

// clang-format off
#define OPTIONS(X) \
    X(TO,       "to",       "URL",  "the server; TACT_TO if it is left out, tcp://127.0.0.1:7420 without that") \
    X(TOKEN,    "token",    "TEXT", "that it wants, with the role `operate`; TACT_TOKEN if it is left out") \
    X(TLS_CA,   "tls-ca",   "FILE", "whom to trust for tls+tcp:// and wss://, PEM; the system's if it is left out") \
    X(TLS_CERT, "tls-cert", "FILE", "certificate and key to show to a server that wants one, PEM") \
    X(ONCE,     "once",     NULL,   "print the figures of one second and end; so it is where there is no terminal") \
    X(JSON,     "json",     NULL,   "print them as JSON and end") \
    X(HELP,     "help",     NULL,   "show this")
// clang-format on

enum {
#define X(name, text, argument, summary) OPT_##name,
    OPTIONS(X)
#undef X
        OPTS_COUNT
};

static const cli_opt options[] = {
#define X(name, text, argument, summary) {text, argument, summary},
    OPTIONS(X)
#undef X
};

static const cli_usage usage = {
    .line = "tact top [--to URL] [OPTION]...",
    .about =
        "Shows what a server does: requests and errors a second, how long they take, what waits, memory. It ends by\n"
        "`q` or ^C.\n"
        "\n"
        "  tact top --to tcp://10.0.0.1:7420\n"
        "  tact top --json\n"
        "\n"
        "Ends with 0; with 1 if the server refuses; with 2 if the command line is wrong; with 3 if no server can be\n"
        "reached.\n",
    .options = options,
    .options_count = OPTS_COUNT,
};

enum {
    EVERY_MS = 1000,  // a look
    WAIT_MS = 5000,   // for the first answer: it is yet to be connected
    PATIENCE_MS = 900 // for others: a look that takes longer is given up, and the keys heard
};

typedef struct top {
    const char *url, *token, *tls_ca, *tls_cert;
    tact_client *client;
    arena replies[2]; // the last one and the one before
    uint32_t newest;
    tact_value status; // in replies[newest]; NULL, the value, before the first
    int64_t asked_us;
    arena page; // of the figures and their text
    tact_value figures;
    tact_problem problem;
} top;

// ---- Looking --------------------------------------------------------------------------------------------------------

static int code_of(tact_err err) {
    return err == TACT_BUSY || err == TACT_IO ? CLI_UNREACHABLE : err == TACT_USAGE ? CLI_USAGE : CLI_FAILED;
}

static int open_client(top *t) {
    const tact_client_options o = {.token = t->token, .tls_ca = t->tls_ca, .tls_cert = t->tls_cert};
    *t = (top){.url = t->url, .token = t->token, .tls_ca = t->tls_ca, .tls_cert = t->tls_cert, .status = tact_null()};
    arena_init(&t->replies[0], 0);
    arena_init(&t->replies[1], 0);
    arena_init(&t->page, 0);
    tact_err err = tact_client_open(&t->url, 1, &o, &t->client, &t->problem);
    if (!err) return CLI_OK;
    cli_complain("%s", t->problem.text);
    return err == TACT_INVALID ? CLI_USAGE : CLI_UNREACHABLE;
}

static void close_client(top *t) {
    tact_client_close(t->client);
    arena_fini(&t->replies[0]);
    arena_fini(&t->replies[1]);
    arena_fini(&t->page);
}

// The figures since the last look, on an empty page.
static tact_err look(top *t, uint32_t patience_ms) {
    arena *a = &t->replies[1 - t->newest];
    value_entry op = {tact_string("op", 2), tact_string("status", 6)};
    tact_value status;
    tact_arena_reset(a);
    tact_arena_reset(&t->page);
    int64_t asked_us = clock_mono_us();
    tact_err err = tact_client_call(t->client, answer_map(a, &op, 1), patience_ms, a, &status, &t->problem);
    if (err) return err;
    t->figures = top_between(t->status, status, (double)(asked_us - t->asked_us) / 1e6, clock_wall_ms(), &t->page);
    t->newest = 1 - t->newest;
    t->status = status;
    t->asked_us = asked_us;
    return TACT_OK;
}

static int look_once(top *t, bool json) {
    tact_err err = look(t, WAIT_MS);
    if (!err) usleep(EVERY_MS * 1000);
    if (!err) err = look(t, WAIT_MS);
    if (err) {
        cli_complain("%s: %s", t->url, t->problem.text);
        return code_of(err);
    }
    if (json) return answer_json(stdout, t->figures, &t->page);
    buf out = buf_in(&t->page);
    top_print(&out, t->figures, t->url, NULL, &t->page);
    cli_print(stdout, buf_done(&out));
    return CLI_OK;
}

// ---- The screen -----------------------------------------------------------------------------------------------------

typedef struct screen {
    struct termios before; // how the terminal was
    sigset_t signals_before;
    int signals; // a file that they are read from
} screen;

static void send(const char *text) {
    cli_print(stdout, tact_str_from(text));
    fflush(stdout);
}

// Before there is any other thread: each has the signals blocked that its first one had.
static bool catch_signals(screen *s) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    pthread_sigmask(SIG_BLOCK, &set, &s->signals_before);
    s->signals = signalfd(-1, &set, SFD_CLOEXEC);
    return s->signals >= 0;
}

static bool take_screen(screen *s) {
    if (tcgetattr(STDIN_FILENO, &s->before)) return false;
    struct termios mine = s->before;
    mine.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
    mine.c_cc[VMIN] = 1;
    mine.c_cc[VTIME] = 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &mine)) return false;
    send("\x1b[?1049h\x1b[?25l"); // another screen, without a cursor
    return true;
}

static void give_screen_back(const screen *s) {
    send("\x1b[?25h\x1b[?1049l");
    tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

static void draw(tact_str text) {
    struct winsize size;
    arena a;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row) size.ws_col = 80, size.ws_row = 24;
    arena_init(&a, 0);
    buf out = buf_in(&a);
    if (text.ptr) top_draw(&out, text, size.ws_col, size.ws_row);
    cli_print(stdout, buf_done(&out));
    fflush(stdout);
    arena_fini(&a);
}

// A key, or a signal, that ends it.
static bool is_over(const screen *s, const struct pollfd *ready, bool *resized) {
    char key;
    struct signalfd_siginfo signal;
    if (ready[0].revents) {
        if (read(STDIN_FILENO, &key, 1) != 1) return true;     // the terminal is gone
        if (key == 'q' || key == 'Q' || key == 3) return true; // ^C
    }
    if (!ready[1].revents || read(s->signals, &signal, sizeof signal) != sizeof signal) return false;
    *resized = signal.ssi_signo == SIGWINCH;
    return !*resized;
}

// Until it is time for the next look. False: it is over.
static bool wait_until(const screen *s, tact_str text, int64_t next_ms) {
    for (int64_t left; (left = next_ms - clock_mono_ms()) > 0;) {
        struct pollfd files[] = {{STDIN_FILENO, POLLIN, 0}, {s->signals, POLLIN, 0}};
        bool resized = false;
        if (poll(files, 2, (int)left) <= 0) continue;
        if (is_over(s, files, &resized)) return false;
        if (resized) draw(text);
    }
    return true;
}

static int show(top *t, const screen *s) {
    top_history history = {.count = 0};
    tact_str text;
    tact_err err;
    do {
        int64_t next_ms = clock_mono_ms() + EVERY_MS;
        bool first = t->status.kind == TACT_NULL;
        err = look(t, PATIENCE_MS);
        if (err && err != TACT_BUSY) break; // which will not become better
        buf out = buf_in(&t->page);
        if (err) {
            buf_printf(&out, "%s\n\n%s\n", t->url, t->problem.text);
        } else {
            if (!first) top_remember(&history, t->figures);
            top_print(&out, t->figures, t->url, &history, &t->page);
        }
        text = buf_done(&out);
        draw(text);
        if (!wait_until(s, text, next_ms)) return CLI_OK;
    } while (true);
    return code_of(err);
}

static int watch(top *t) {
    screen s;
    if (!catch_signals(&s)) return cli_complain("signals cannot be read");
    int code = open_client(t);
    if (!code && !take_screen(&s)) code = cli_complain("the terminal cannot be used; try --once");
    if (!code) {
        code = show(t, &s);
        give_screen_back(&s);
        if (code) cli_complain("%s: %s", t->url, t->problem.text);
    }
    close_client(t);
    close(s.signals);
    pthread_sigmask(SIG_SETMASK, &s.signals_before, NULL);
    return code;
}

// ---- The command ----------------------------------------------------------------------------------------------------

int cmd_top(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    const char *to = getenv("TACT_TO"), *token = getenv("TACT_TOKEN");
    top t = {.url = given[OPT_TO] ? given[OPT_TO]
                    : to && *to   ? to
                                  : "tcp://127.0.0.1:7420",
             .token = given[OPT_TOKEN] ? given[OPT_TOKEN] : token,
             .tls_ca = given[OPT_TLS_CA],
             .tls_cert = given[OPT_TLS_CERT]};
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (terminal && !given[OPT_ONCE] && !given[OPT_JSON]) return watch(&t);
    int code = open_client(&t);
    if (!code) code = look_once(&t, given[OPT_JSON] != NULL);
    close_client(&t);
    return code;
}
