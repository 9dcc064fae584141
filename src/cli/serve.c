// SPDX-License-Identifier: Apache-2.0
//
// `tact serve`: the server as a process. Settings come from four places, each over the one before; signals are taken by
// the main thread, which does nothing else once the server runs. They are blocked before any other thread begins, so
// that none of those is interrupted.
#define _GNU_SOURCE // environ
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "server/address.h"
#include "server/line.h"
#include "server/ready.h"
#include "server/server.h"

// The first options are the settings, with their numbers.
enum { OPT_CONFIG = SETTINGS, OPT_EXAMPLE, OPT_HELP, OPTS_COUNT };

static const char about[] =
    "Answers websites, chat assistants and marketers by the profiles and the rules of a folder. A setting is taken "
    "from\n"
    "the command line, else from the environment (`queue` is TACT_QUEUE), else from the file, else its default.\n"
    "\n"
    "  tact serve --db data                                  for this machine alone, and without tokens\n"
    "  tact serve --config /etc/tact/tact.conf               settings as lines `name = value`\n"
    "  tact serve --db data --listen ipc:///tmp/tact.ipc --listen ws://127.0.0.1:7422\n"
    "  tact serve --example >tact.conf                       a file to start from: all settings and what they mean\n"
    "\n"
    "SIGHUP reads file and tokens again, SIGTERM and SIGINT (Ctrl-C) answer what is in flight and end; a second "
    "Ctrl-C\n"
    "ends at once. It logs to standard error.\n"
    "\n"
    "Ends with 0; with 2 if a setting is wrong; with 3 if the folder, an address or a file cannot be had.\n";

// ---- Settings -------------------------------------------------------------------------------------------------------

typedef struct asked { // on the command line
    const cli_usage *usage;
    const char **given;
    int argc;
    char **argv;
} asked;

static tact_err add_option(const asked *o, setting_name name, arena *a, settings *out, tact_error *error) {
    char where[40];
    const char *argument;
    bool first = true;
    (void)snprintf(where, sizeof where, "--%s", o->usage->options[name].name);
    for (int at = 0; (argument = opt_each(o->usage, o->argc, o->argv, name, &at)); first = false) {
        tact_err err = settings_set(out, a, name, tact_str_from(argument), first, where, error);
        if (err) return err;
    }
    return TACT_OK;
}

// All four places, the later over the earlier.
static tact_err gather(const asked *o, arena *a, settings *out, tact_error *error) {
    const char *path = o->given[OPT_CONFIG];
    tact_str file = TACT_STR("");
    settings_default(out);
    tact_err err = path ? settings_file(a, path, &file, error) : TACT_OK;
    if (!err && path) err = settings_read(out, a, path, file, error);
    if (!err) err = settings_environment(out, a, environ, error);
    for (setting_name name = 0; !err && name < SETTINGS; name++) err = add_option(o, name, a, out, error);
    return err ? err : settings_check(out, error);
}

static void print_example(void) {
    const setting_row *row = setting_rows();
    puts("# Settings of `tact serve`: lines `name = value`. What stands here behind a # are the defaults.");
    for (setting_name i = 0; i < SETTINGS; i++, row++) {
        printf("\n# %s%s\n#%s = %s\n", row->doc, row->live ? " (taken over by a reload)" : "", row->name,
               row->standard);
    }
}

// "tls_cert" is given as --tls-cert. The summary names the default.
static bool make_options(arena *a, cli_opt options[OPTS_COUNT]) {
    const setting_row *row = setting_rows();
    for (setting_name i = 0; i < SETTINGS; i++, row++) {
        char *name = arena_copy(a, row->name, strlen(row->name));
        char *summary = arena_printf(a, row->standard[0] ? "%s [%s]" : "%s", row->doc, row->standard);
        if (!name || !summary) return false;
        for (char *c = name; *c; c++) *c = (char)(*c == '_' ? '-' : *c);
        options[i] = (cli_opt){name, row->argument, summary};
    }
    options[OPT_CONFIG] = (cli_opt){"config", "FILE", "settings as lines `name = value`"};
    options[OPT_EXAMPLE] = (cli_opt){"example", NULL, "print such a file with all settings, and end"};
    options[OPT_HELP] = (cli_opt){"help", NULL, "show this"};
    return true;
}

// ---- What it says ---------------------------------------------------------------------------------------------------

static const line_field no_fields[] = {{0}};

// As many open files as the system allows: each connection is one.
static void raise_files(line_log *log, uint32_t connections) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= connections) return;
    LINE(log, LINE_WARN, "fewer files may be open than `connections` needs; raise LimitNOFILE or `ulimit -Hn`",
         LINE_N("files", files.rlim_cur), LINE_N("connections", connections));
}

// What stands in the environment for nobody.
static void say_misspelt(line_log *log) {
    size_t at = 0;
    tact_str variable;
    const char *setting;
    while (settings_misspelt(environ, &at, &variable, &setting)) {
        LINE(log, LINE_WARN, "a variable is not read, its name is nearly that of a setting",
             LINE_S("variable", variable), LINE_S("setting", tact_str_from(setting)));
    }
}

// NNG's listener answers whoever asks for another host with 404, and tells nobody.
static void say_host(line_log *log, const address *a) {
    if (!a->websocket || a->every) return;
    LINE(log, LINE_INFO, "browsers and proxies have to ask for this host; docs/serving.md says how others can",
         LINE_S("host", a->host));
}

static void say_addresses(line_log *log, const server *s) {
    setting_texts urls = server_addresses(s);
    const char *http = server_http_address(s);
    bool local = true;
    for (uint32_t i = 0; i < urls.count; i++) {
        address a;
        LINE(log, LINE_INFO, "listening", LINE_S("url", urls.of[i]));
        if (address_read(urls.of[i], &a, NULL)) continue;
        local &= a.local;
        say_host(log, &a);
    }
    if (http[0]) LINE(log, LINE_INFO, "metrics", LINE_S("url", tact_str_from(http)));
    if (local)
        line_write(log, LINE_INFO, "only this machine can ask; docs/serving.md says how to let others in", no_fields);
}

// ---- Running --------------------------------------------------------------------------------------------------------

typedef struct running {
    const asked *asked;
    settings settings;
    line_log log;
    ready ready;
    server *server;
} running;

static void block(int how, const int *signals, sigset_t *out) {
    sigemptyset(out);
    for (; *signals; signals++) sigaddset(out, *signals);
    (void)pthread_sigmask(how, out, NULL);
}

// What is wrong leaves everything as it was.
static void reload(running *r) {
    arena a;
    settings wanted;
    tact_error error;
    arena_init(&a, 0);
    ready_reloading(&r->ready);
    tact_err err = gather(r->asked, &a, &wanted, &error);
    if (!err) err = server_reload(r->server, &wanted, &error);
    if (err) {
        LINE(&r->log, LINE_ERROR, "reload refused; all is as it was", LINE_S("why", tact_str_from(error.text)));
    } else {
        tact_str names = settings_fixed_changes(&r->settings, &wanted, &a);
        if (names.len) LINE(&r->log, LINE_WARN, "these settings need a new start", LINE_S("settings", names));
        line_write(&r->log, LINE_INFO, "reloaded", no_fields);
    }
    ready_started(&r->ready, err ? "answers; the last reload was refused" : "answers");
    arena_fini(&a);
}

// The next of these signals, or 0 when somebody wants to know that this process lives.
static int next_signal(const sigset_t *signals, uint32_t interval_ms) {
    const struct timespec wait = {interval_ms / 1000, (long)(interval_ms % 1000) * 1000000};
    int number = interval_ms ? sigtimedwait(signals, NULL, &wait) : sigwaitinfo(signals, NULL);
    return number > 0 ? number : 0;
}

static void run(running *r, const sigset_t *signals) {
    for (;;) {
        int number = next_signal(signals, r->ready.interval_ms);
        ready_alive(&r->ready);
        if (number == SIGHUP) reload(r);
        if (number == SIGTERM || number == SIGINT) {
            LINE(&r->log, LINE_INFO, "ending",
                 LINE_S("signal", tact_str_from(number == SIGINT ? "SIGINT" : "SIGTERM")));
            return;
        }
    }
}

// A mistake in what is set, or something that is not there or somebody else's.
static int refuse(tact_err err, const tact_error *error) {
    cli_complain("%s", error->text);
    return err == TACT_INVALID || err == TACT_LIMIT ? CLI_USAGE : CLI_UNREACHABLE;
}

static int start(running *r) {
    tact_error error;
    int64_t begun = clock_mono_ms();
    tact_err err = server_start(&r->settings, &r->log, &r->server, &error);
    if (err) return refuse(err, &error);
    say_addresses(&r->log, r->server);
    LINE(&r->log, LINE_INFO, "ready", LINE_S("db", r->settings.db), LINE_N("took_ms", clock_mono_ms() - begun),
         LINE_N("pid", getpid()));
    return CLI_OK;
}

static int serve(running *r) {
    sigset_t signals, interrupt;
    block(SIG_BLOCK, (const int[]){SIGHUP, SIGTERM, SIGINT, 0}, &signals);
    (void)signal(SIGPIPE, SIG_IGN); // who hangs up is an error of the write
    raise_files(&r->log, r->settings.connections);
    int code = start(r);
    if (code) return code;
    ready_started(&r->ready, "answers");
    run(r, &signals);
    ready_stopping(&r->ready, "answers what is in flight");
    block(SIG_UNBLOCK, (const int[]){SIGINT, 0}, &interrupt); // a second Ctrl-C does not wait
    server_stop(r->server);
    line_write(&r->log, LINE_INFO, "ended", no_fields);
    return CLI_OK;
}

static int prepare_and_serve(running *r, arena *a) {
    tact_error error;
    tact_err err = gather(r->asked, a, &r->settings, &error);
    line_init(&r->log, STDERR_FILENO);
    if (!err) err = line_set(&r->log, r->settings.log, r->settings.log_level, &error);
    if (err) return refuse(err, &error);
    say_misspelt(&r->log);
    if (ready_open(&r->ready, environ, &error)) {
        LINE(&r->log, LINE_WARN, "nobody is told that it is ready", LINE_S("why", tact_str_from(error.text)));
    }
    int code = serve(r);
    ready_close(&r->ready);
    return code;
}

static int parse_and_serve(int argc, char **argv, arena *a) {
    cli_opt options[OPTS_COUNT];
    const char *given[OPTS_COUNT] = {NULL};
    cli_args args = {given, NULL, 0};
    uint64_t lists = 0;
    for (setting_name i = 0; i < SETTINGS; i++) lists |= (uint64_t)(setting_rows()[i].kind == SETTING_TEXTS) << i;
    if (!make_options(a, options)) return cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    const cli_usage usage = {.line = "tact serve --db DIR [--config FILE] [--listen URL]... [OPTION]...",
                             .about = about,
                             .options = options,
                             .options_count = OPTS_COUNT,
                             .repeatable = lists};
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (given[OPT_EXAMPLE]) {
        print_example();
        return CLI_OK;
    }
    const asked o = {&usage, given, argc, argv};
    running r = {.asked = &o};
    return prepare_and_serve(&r, a);
}

int cmd_serve(int argc, char **argv) {
    arena a;
    arena_init(&a, 0);
    int code = parse_and_serve(argc, argv, &a);
    arena_fini(&a);
    return code;
}
