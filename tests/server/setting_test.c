// SPDX-License-Identifier: Apache-2.0
//
// Settings: what the table says holds, the later source wins, and each mistake is told with its place.
#include "server/setting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "wire/msgpack.h"

#include <cmocka.h>

static int setup(void **state) {
    static arena a;
    arena_init(&a, 0);
    *state = &a;
    return 0;
}

static int teardown(void **state) {
    arena_fini(*state);
    return 0;
}

static void assert_text(tact_str got, const char *wanted) {
    if (!tact_str_equal(got, tact_str_from(wanted))) fail_msg("`%.*s`, not `%s`", (int)got.len, got.ptr, wanted);
}

static void assert_error(tact_err err, const tact_error *error, const char *wanted) {
    assert_int_equal(err, TACT_INVALID);
    assert_string_equal(error->text, wanted);
}

static tact_err set(settings *s, arena *a, setting_name name, const char *text, tact_error *error) {
    return settings_set(s, a, name, tact_str_from(text), true, "here", error);
}

static void read_well(settings *s, arena *a, const char *text) {
    tact_error error;
    if (settings_read(s, a, "tact.conf", tact_str_from(text), &error)) fail_msg("%s", error.text);
}

static void assert_unreadable(arena *a, const char *text, const char *wanted) {
    settings s, before;
    tact_error error;
    settings_default(&s);
    before = s;
    assert_error(settings_read(&s, a, "tact.conf", tact_str_from(text), &error), &error, wanted);
    assert_int_equal(settings_fixed_changes(&before, &s, a).len, 0); // half a file is none
    assert_int_equal(s.queue, before.queue);
}

// Every standard of the table, given as text, is what settings_default has: none is silently unreadable.
static void standards_are_readable(void **state) {
    arena *a = *state;
    settings s, again;
    tact_error error;
    settings_default(&s);
    again = (settings){0};
    for (setting_name name = 0; name < SETTINGS; name++) {
        if (set(&again, a, name, setting_rows()[name].standard, &error)) fail_msg("%s", error.text);
    }
    assert_int_equal(settings_fixed_changes(&s, &again, a).len, 0);
    assert_int_equal(s.queue, again.queue);
    assert_int_equal(s.drain, again.drain);
    assert_int_equal(s.connections, again.connections);
    // And as the documents name them.
    assert_int_equal(s.listen.count, 1);
    assert_text(s.listen.of[0], "tcp://127.0.0.1:7420");
    assert_text(s.http, "http://127.0.0.1:7421");
    assert_int_equal(s.message_max, MSGPACK_BYTES_MAX); // what can be read, can be sent
    assert_int_equal(s.drain, 10000);
    assert_int_equal(s.tokens.len, 0);
    assert_true(s.decision_sample == 1.0);
}

static void kinds(void **state) {
    arena *a = *state;
    settings s;
    tact_error error;
    settings_default(&s);
    static const struct {
        const char *text;
        uint32_t ms;
    } spans[] = {{"0", 0},       {"250ms", 250},  {"10s", 10000},
                 {"5m", 300000}, {"2h", 7200000}, {"4294967295ms", UINT32_MAX}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        assert_int_equal(set(&s, a, SETTING_NAME_DRAIN, spans[i].text, &error), TACT_OK);
        assert_int_equal(s.drain, spans[i].ms);
    }
    static const char *const no_spans[] = {"10", "s", "", "-1s", "1.5s", "1 s", "4294967296ms", "71583m", "1d"};
    for (size_t i = 0; i < sizeof no_spans / sizeof *no_spans; i++) {
        assert_int_equal(set(&s, a, SETTING_NAME_DRAIN, no_spans[i], &error), TACT_INVALID);
    }
    assert_int_equal(s.drain, UINT32_MAX);
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"4096", 4096}, {"64K", 64 << 10}, {"4M", 4 << 20}, {"16M", MSGPACK_BYTES_MAX}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(set(&s, a, SETTING_NAME_MESSAGE_MAX, sizes[i].text, &error), TACT_OK);
        assert_int_equal(s.message_max, sizes[i].bytes);
    }
    static const char *const no_sizes[] = {"4m",       "4MB", "",   "0",  "1023",
                                           "16777217", "17M", "1G", "2G", "18446744073709551615G"};
    for (size_t i = 0; i < sizeof no_sizes / sizeof *no_sizes; i++) {
        assert_int_equal(set(&s, a, SETTING_NAME_MESSAGE_MAX, no_sizes[i], &error), TACT_INVALID);
    }
    static const struct {
        const char *text;
        double share;
    } shares[] = {{"0", 0}, {"1", 1}, {"0.25", 0.25}, {"25%", 0.25}, {"100%", 1}};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        assert_int_equal(set(&s, a, SETTING_NAME_DECISION_SAMPLE, shares[i].text, &error), TACT_OK);
        assert_true(s.decision_sample == shares[i].share);
    }
    static const char *const no_shares[] = {"", "%", "1.01", "101%", "-0.1", "nan", "half"};
    for (size_t i = 0; i < sizeof no_shares / sizeof *no_shares; i++) {
        assert_int_equal(set(&s, a, SETTING_NAME_DECISION_SAMPLE, no_shares[i], &error), TACT_INVALID);
    }
    static const char *const no_counts[] = {"", "-1", "1.0", "0x10", "99999999999", "many", "1000001"};
    for (size_t i = 0; i < sizeof no_counts / sizeof *no_counts; i++) {
        assert_int_equal(set(&s, a, SETTING_NAME_QUEUE, no_counts[i], &error), TACT_INVALID);
    }
}

static void mistakes_in_values(void **state) {
    arena *a = *state;
    settings s;
    tact_error error;
    settings_default(&s);
    assert_error(set(&s, a, SETTING_NAME_QUEUE, "many", &error), &error,
                 "here: `many`: a whole number is wanted, as 250");
    assert_error(set(&s, a, SETTING_NAME_CONTEXTS, "1", &error), &error, "here: it can be 2 to 65536");
    assert_error(set(&s, a, SETTING_NAME_QUEUE, "9999999999", &error), &error, "here: it can be 0 to 1000000");
    assert_error(set(&s, a, SETTING_NAME_QUEUE, "99999999999999999999", &error), &error,
                 "here: it can be 0 to 1000000");
    assert_error(set(&s, a, SETTING_NAME_MESSAGE_MAX, "1G", &error), &error,
                 "here: it can be 1024 to 16777216: no message is longer");
    assert_error(set(&s, a, SETTING_NAME_DRAIN, "99999h", &error), &error, "here: `99999h`: it is too much");
    assert_error(set(&s, a, SETTING_NAME_DRAIN, "10", &error), &error,
                 "here: `10`: a span of time is wanted, as 250ms, 10s, 5m or 1h");
    assert_error(set(&s, a, SETTING_NAME_LOG_LEVEL, "wran", &error), &error,
                 "here: there is no level `wran`; did you mean `warn`?");
    assert_error(set(&s, a, SETTING_NAME_LOG, "xml", &error), &error,
                 "here: there is no format `xml`: it is logfmt or json");
    assert_error(set(&s, a, SETTING_NAME_HTTP, "tcp://127.0.0.1:1", &error), &error,
                 "here: metrics are told over http:// alone, as in http://127.0.0.1:7421");
    assert_error(set(&s, a, SETTING_NAME_LISTEN, "http://127.0.0.1:1", &error), &error,
                 "here: http:// is for metrics alone (the setting `http`); did you mean ws://?");
    assert_error(set(&s, a, SETTING_NAME_LISTEN, "tpc://127.0.0.1:1", &error), &error,
                 "here: `tpc://127.0.0.1:1`: there is no such kind of address; did you mean `tcp://`?");
    assert_error(settings_set(&s, a, SETTING_NAME_DB, (tact_str){"a\0b", 3}, true, "here", &error), &error,
                 "here: it has characters that are not to be seen; write it anew");
    assert_int_equal(set(&s, a, SETTING_NAME_HTTP, "", &error), TACT_OK); // nowhere
}

static void a_file(void **state) {
    arena *a = *state;
    settings s;
    settings_default(&s);
    read_well(&s, a,
              "# all of it\n"
              "\n"
              "db = /var/lib/tact   # the store\r\n"
              "  queue=12\n"
              "tokens = /etc/tact/a#b\n"
              "listen = tcp://127.0.0.1:1\n"
              "http =\n"
              "listen = ipc:///run/tact.ipc");
    assert_text(s.db, "/var/lib/tact");
    assert_int_equal(s.db.ptr[s.db.len], 0);
    assert_int_equal(s.queue, 12);
    assert_text(s.tokens, "/etc/tact/a#b");
    assert_int_equal(s.http.len, 0);
    assert_int_equal(s.listen.count, 2);
    assert_text(s.listen.of[0], "tcp://127.0.0.1:1");
    assert_text(s.listen.of[1], "ipc:///run/tact.ipc");
    read_well(&s, a, "");
    assert_int_equal(s.listen.count, 2);
}

static void mistakes_in_a_file(void **state) {
    arena *a = *state;
    assert_unreadable(a, "queue = 5\nqeue = 12", "tact.conf:2: there is no setting `qeue`; did you mean `queue`?");
    assert_unreadable(a, "tls-cert = x", "tact.conf:1: there is no setting `tls-cert`; did you mean `tls_cert`?");
    assert_unreadable(a, "colour = x", "tact.conf:1: there is no setting `colour`; `tact serve --help` lists them");
    assert_unreadable(a, "queue = 5\n\nqueue = 12", "tact.conf:3: `queue` is set already, in line 1");
    assert_unreadable(a, "queue 12", "tact.conf:1: a line is `name = value`; what follows a # is not read");
    assert_unreadable(a, "queue = 5\nworkers = some", "tact.conf:2: `some`: a whole number is wanted, as 250");
}

static void the_environment(void **state) {
    arena *a = *state;
    settings s;
    tact_error error;
    char *environment[] = {"HOME=/root",        "TACT_QUEUE=12",
                           "TACT_TOKEN=secret", "TACT_LISTEN= tcp://127.0.0.1:1  ipc://x ",
                           "TACT_HTTP=",        "TACT_TLS_CERT=pem",
                           "XTACT_QUEUE=3",     "tact_queue=4",
                           "TACT_QUEUES=5",     NULL};
    settings_default(&s);
    assert_int_equal(settings_environment(&s, a, environment, &error), TACT_OK);
    assert_int_equal(s.queue, 12);
    assert_text(s.tls_cert, "pem");
    assert_int_equal(s.tokens.len, 0);
    assert_int_equal(s.http.len, 0);
    assert_int_equal(s.listen.count, 2);
    assert_text(s.listen.of[1], "ipc://x");
    char *bad[] = {"TACT_QUEUE=many", NULL};
    assert_error(settings_environment(&s, a, bad, &error), &error,
                 "TACT_QUEUE: `many`: a whole number is wanted, as 250");
    char *none[] = {"TACT_LISTEN=", NULL};
    assert_int_equal(settings_environment(&s, a, none, &error), TACT_OK);
    assert_int_equal(s.listen.count, 0);
}

// TACT_TOKEN is nearly `tokens`, and what clients show.
static void what_is_misspelt_in_the_environment(void **state) {
    (void)state;
    char *environment[] = {"TACT_QUEUE=1", "TACT_QEUE=5",    "QEUE=5",     "TACT_=5", "TACT_TOKEN=secret",
                           "TACT_TO=x",    "TACT_WEATHER=5", "TACT_Queue", NULL};
    size_t at = 0;
    tact_str variable;
    const char *setting;
    assert_true(settings_misspelt(environment, &at, &variable, &setting));
    assert_text(variable, "TACT_QEUE");
    assert_string_equal(setting, "queue");
    assert_true(settings_misspelt(environment, &at, &variable, &setting));
    assert_text(variable, "TACT_Queue");
    assert_string_equal(setting, "queue");
    assert_false(settings_misspelt(environment, &at, &variable, &setting));
}

// The later source wins, and a list is replaced, not added to.
static void the_later_wins(void **state) {
    arena *a = *state;
    settings s;
    tact_error error;
    char *environment[] = {"TACT_LISTEN=tcp://127.0.0.1:3", "TACT_QUEUE=3", NULL};
    settings_default(&s);
    read_well(&s, a, "listen = tcp://127.0.0.1:1\nlisten = tcp://127.0.0.1:2\nqueue = 2\nworkers = 2");
    assert_int_equal(s.listen.count, 2);
    assert_int_equal(settings_environment(&s, a, environment, &error), TACT_OK);
    assert_int_equal(s.listen.count, 1);
    assert_int_equal(s.queue, 3);
    assert_int_equal(s.workers, 2);
    assert_int_equal(set(&s, a, SETTING_NAME_LISTEN, "tcp://127.0.0.1:4", &error), TACT_OK);
    assert_int_equal(settings_set(&s, a, SETTING_NAME_LISTEN, TACT_STR("tcp://127.0.0.1:5"), false, "", &error), 0);
    assert_int_equal(s.listen.count, 2);
    assert_text(s.listen.of[0], "tcp://127.0.0.1:4");
    assert_text(s.listen.of[1], "tcp://127.0.0.1:5");
}

static void what_goes_together(void **state) {
    arena *a = *state;
    settings s;
    tact_error error;
    settings_default(&s);
    assert_error(settings_check(&s, &error), &error, "no store is named: `--db DIR`, or `db = DIR` in the file");
    read_well(&s, a, "db = data");
    assert_int_equal(settings_check(&s, &error), TACT_OK);

    assert_int_equal(set(&s, a, SETTING_NAME_LISTEN, "tcp://0.0.0.0:7420", &error), TACT_OK);
    assert_error(settings_check(&s, &error), &error,
                 "listen: tcp://0.0.0.0:7420 is reached from other machines, and without tokens all may do all: make "
                 "some with `tact token` and name their file by `tokens = FILE`, or listen on 127.0.0.1");
    assert_int_equal(set(&s, a, SETTING_NAME_TOKENS, "tokens", &error), TACT_OK);
    assert_int_equal(settings_check(&s, &error), TACT_OK);

    assert_int_equal(set(&s, a, SETTING_NAME_TLS_CA, "ca.pem", &error), TACT_OK);
    assert_error(settings_check(&s, &error), &error,
                 "tls_ca: no address asks clients for a certificate; listen on tls+tcp:// or wss://");
    assert_int_equal(set(&s, a, SETTING_NAME_LISTEN, "wss://127.0.0.1:7420", &error), TACT_OK);
    assert_error(settings_check(&s, &error), &error,
                 "listen: wss://127.0.0.1:7420 needs a certificate: `tls_cert = FILE` names one, with its key, as PEM");
    assert_int_equal(set(&s, a, SETTING_NAME_TLS_CERT, "server.pem", &error), TACT_OK);
    assert_int_equal(settings_check(&s, &error), TACT_OK);

    s.listen.count = 0;
    assert_error(settings_check(&s, &error), &error, "listen: there is nothing to listen on");
}

static void what_a_reload_cannot_change(void **state) {
    arena *a = *state;
    settings now, wanted;
    settings_default(&now);
    settings_default(&wanted);
    read_well(&wanted, a, "queue = 1\ntokens = other\ndrain = 1s\nlog_level = debug");
    assert_int_equal(settings_fixed_changes(&now, &wanted, a).len, 0);
    read_well(&wanted, a, "workers = 9\ndb = other\nlisten = tcp://127.0.0.1:1\ndecision_sample = 5%");
    assert_text(settings_fixed_changes(&now, &wanted, a), "db, listen, workers, decision_sample");
}

static void a_copy_borrows_nothing(void **state) {
    (void)state;
    arena from_memory, to_memory;
    settings from, to;
    arena_init(&from_memory, 0);
    arena_init(&to_memory, 0);
    settings_default(&from);
    read_well(&from, &from_memory, "db = data\nlisten = ipc://a\nlisten = ipc://b\nqueue = 7");
    assert_true(settings_copy(&to_memory, &from, &to));
    arena_fini(&from_memory);
    assert_text(to.db, "data");
    assert_int_equal(to.db.ptr[4], 0);
    assert_text(to.listen.of[1], "ipc://b");
    assert_int_equal(to.queue, 7);
    arena_init(&from_memory, 16);
    assert_false(settings_copy(&from_memory, &to, &from));
    arena_fini(&from_memory);
    arena_fini(&to_memory);
}

static void files(void **state) {
    arena *a = *state;
    char path[] = "/tmp/tact_setting_XXXXXX";
    tact_str text;
    tact_error error;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a\0b", 3), 3);
    assert_int_equal(settings_file(a, path, &text, &error), TACT_OK);
    assert_int_equal(text.len, 3);
    assert_memory_equal(text.ptr, "a\0b", 4);
    assert_int_equal(ftruncate(fd, SETTINGS_FILE_MAX), 0);
    assert_int_equal(settings_file(a, path, &text, &error), TACT_OK);
    assert_int_equal(ftruncate(fd, SETTINGS_FILE_MAX + 1), 0);
    assert_int_equal(settings_file(a, path, &text, &error), TACT_LIMIT);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(settings_file(a, path, &text, &error), TACT_NOT_FOUND);
    assert_non_null(strstr(error.text, path));
    assert_int_equal(settings_file(a, "/tmp", &text, &error), TACT_IO);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standards_are_readable),
        cmocka_unit_test(kinds),
        cmocka_unit_test(mistakes_in_values),
        cmocka_unit_test(a_file),
        cmocka_unit_test(mistakes_in_a_file),
        cmocka_unit_test(the_environment),
        cmocka_unit_test(what_is_misspelt_in_the_environment),
        cmocka_unit_test(the_later_wins),
        cmocka_unit_test(what_goes_together),
        cmocka_unit_test(what_a_reload_cannot_change),
        cmocka_unit_test(a_copy_borrows_nothing),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
