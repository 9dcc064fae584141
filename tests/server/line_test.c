// SPDX-License-Identifier: Apache-2.0
//
// Lines of a log: both forms read back as what was written, nothing makes a second line or a longer one, and of one
// event only so many are written in a second, by however many threads. The clock is the test's.
#include "server/line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static _Atomic int64_t now_ms;

static int64_t tell_time(void) {
    return now_ms;
}

typedef struct scene {
    line_log log;
    char text[400000]; // what was written so far
} scene;

static int setup(void **state) {
    scene *s = malloc(sizeof *s);
    char path[] = "/tmp/tact_line_XXXXXX";
    int fd = mkstemp(path);
    assert_true(s && fd >= 0);
    assert_int_equal(unlink(path), 0);
    line_init(&s->log, fd);
    s->log.now_ms = tell_time;
    now_ms = INT64_C(1795341600123); // 2026-11-22T10:00:00.123Z
    *state = s;
    return 0;
}

static int teardown(void **state) {
    scene *s = *state;
    (void)close(s->log.fd);
    free(s);
    return 0;
}

// What was written since the last call.
static const char *written(scene *s) {
    off_t len = lseek(s->log.fd, 0, SEEK_CUR);
    assert_true(len >= 0 && (size_t)len < sizeof s->text);
    assert_int_equal(pread(s->log.fd, s->text, (size_t)len, 0), len);
    s->text[len] = '\0';
    assert_int_equal(ftruncate(s->log.fd, 0), 0);
    assert_int_equal(lseek(s->log.fd, 0, SEEK_SET), 0);
    return s->text;
}

static void set(scene *s, const char *format, const char *level) {
    assert_int_equal(line_set(&s->log, tact_str_from(format), tact_str_from(level), NULL), TACT_OK);
}

static void both_forms(void **state) {
    scene *s = *state;
    LINE(&s->log, LINE_WARN, "request refused", LINE_S("code", TACT_STR("wrong_type")), LINE_N("bytes", -17),
         LINE_S("at", TACT_STR("a \"b\"\n=\\")), LINE_S("none", TACT_STR("")), LINE_S("x", TACT_STR("é")));
    assert_string_equal(written(s),
                        "ts=2026-11-22T10:00:00.123Z level=warn msg=\"request refused\" code=wrong_type bytes=-17 "
                        "at=\"a \\\"b\\\"\\n=\\\\\" none=\"\" x=\"é\"\n");
    set(s, "json", "info");
    LINE(&s->log, LINE_ERROR, "request refused", LINE_S("code", TACT_STR("wrong_type")), LINE_N("bytes", INT64_MIN),
         LINE_S("at", TACT_STR("a \"b\"\n\x01\x7f\xff")));
    assert_string_equal(written(s),
                        "{\"ts\":\"2026-11-22T10:00:00.123Z\",\"level\":\"error\",\"msg\":\"request refused\","
                        "\"code\":\"wrong_type\",\"bytes\":-9223372036854775808,"
                        "\"at\":\"a \\\"b\\\"\\n\\u0001\\u007f\xef\xbf\xbd\"}\n");
    LINE(&s->log, LINE_INFO, "ready", LINE_N("a", 1));
    assert_string_equal(written(s),
                        "{\"ts\":\"2026-11-22T10:00:00.123Z\",\"level\":\"info\",\"msg\":\"ready\",\"a\":1}\n");
}

static void levels(void **state) {
    scene *s = *state;
    tact_error error;
    LINE(&s->log, LINE_DEBUG, "a", LINE_N("n", 1));
    assert_string_equal(written(s), "");
    set(s, "logfmt", "debug");
    LINE(&s->log, LINE_DEBUG, "a", LINE_N("n", 1));
    assert_non_null(strstr(written(s), "level=debug msg=a n=1\n"));
    set(s, "logfmt", "error");
    LINE(&s->log, LINE_WARN, "a", LINE_N("n", 1));
    assert_string_equal(written(s), "");
    // A mistake changes nothing.
    assert_int_equal(line_set(&s->log, TACT_STR("json"), TACT_STR("wran"), &error), TACT_INVALID);
    assert_string_equal(error.text, "there is no level `wran`; did you mean `warn`?");
    assert_int_equal(line_set(&s->log, TACT_STR("xml"), TACT_STR("debug"), &error), TACT_INVALID);
    LINE(&s->log, LINE_WARN, "a", LINE_N("n", 1));
    assert_string_equal(written(s), "");
    LINE(&s->log, LINE_ERROR, "a", LINE_N("n", 1));
    assert_non_null(strstr(written(s), "ts="));
}

static void nothing_makes_a_line_too_long(void **state) {
    scene *s = *state;
    char text[3 * LINE_MAX];
    static const char *const fills[] = {"x", "\x01", "\"", "é"};
    for (size_t fill = 0; fill < sizeof fills / sizeof *fills; fill++) {
        size_t size = strlen(fills[fill]);
        for (size_t i = 0; i + size <= sizeof text; i += size) memcpy(text + i, fills[fill], size);
        for (size_t len = LINE_MAX - 200; len < LINE_MAX + 50; len++) {
            for (int json = 0; json < 2; json++) {
                now_ms += 1000;
                set(s, json ? "json" : "logfmt", "info");
                LINE(&s->log, LINE_INFO, "long", LINE_S("a", ((tact_str){text, len})), LINE_N("b", INT64_MIN),
                     LINE_S("c", ((tact_str){text, len})), LINE_N("d", 1));
                const char *line = written(s), *newline = strchr(line, '\n');
                assert_true(strlen(line) <= LINE_MAX);
                assert_non_null(newline);
                assert_int_equal(newline[1], 0);
                size_t quotes = 0;
                for (const char *at = line; *at; at++) {
                    if (*at == '\\') {
                        at++;
                    } else {
                        quotes += *at == '"';
                    }
                }
                assert_int_equal(quotes % 2, 0);
                if (json) assert_int_equal(newline[-1], '}');
            }
        }
    }
    LINE(&s->log, LINE_INFO, "cut", LINE_S("a", ((tact_str){text, sizeof text})));
    assert_non_null(strstr(written(s), "\xe2\x80\xa6\"")); // the ellipsis
}

static size_t lines_in(const char *text) {
    size_t lines = 0;
    for (; *text; text++) lines += *text == '\n';
    return lines;
}

static void of_one_event_so_many_a_second(void **state) {
    scene *s = *state;
    for (int i = 0; i < 1000; i++) LINE(&s->log, LINE_INFO, "often", LINE_N("i", i));
    for (int i = 0; i < LINE_BURST; i++) LINE(&s->log, LINE_INFO, "other", LINE_N("i", i));
    const char *text = written(s);
    assert_int_equal(lines_in(text), 2 * LINE_BURST);
    assert_null(strstr(text, "left_out"));
    now_ms += 1000;
    LINE(&s->log, LINE_INFO, "often", LINE_N("i", 1));
    LINE(&s->log, LINE_INFO, "often", LINE_N("i", 2));
    LINE(&s->log, LINE_INFO, "other", LINE_N("i", 3));
    text = written(s);
    assert_non_null(strstr(text, "msg=often left_out=990 i=1\n"));
    assert_non_null(strstr(text, "msg=often i=2\n"));
    assert_non_null(strstr(text, "msg=other i=3\n"));
    now_ms -= 3600000; // a clock that was set back is another second, and no silence
    LINE(&s->log, LINE_INFO, "often", LINE_N("i", 4));
    assert_non_null(strstr(written(s), "msg=often i=4\n"));
    // What is not written because of its level does not count.
    for (int i = 0; i < 1000; i++) LINE(&s->log, LINE_DEBUG, "quiet", LINE_N("i", i));
    LINE(&s->log, LINE_INFO, "quiet", LINE_N("i", 5));
    assert_non_null(strstr(written(s), "msg=quiet i=5\n"));
}

// More events than there are rows: they share, and nothing is lost without being told.
static void many_events(void **state) {
    scene *s = *state;
    static char names[3 * LINE_EVENTS][16];
    for (int i = 0; i < 3 * LINE_EVENTS; i++) {
        (void)snprintf(names[i], sizeof names[i], "e%d", i);
        LINE(&s->log, LINE_INFO, names[i], LINE_N("i", i));
    }
    assert_int_equal(lines_in(written(s)), 3 * LINE_EVENTS);
}

enum { THREADS = 4, EACH = 2000 };

static void *shout(void *context) {
    scene *s = context;
    for (int i = 0; i < EACH; i++) LINE(&s->log, LINE_INFO, "shout", LINE_S("text", TACT_STR("all at once")));
    return NULL;
}

static void threads_do_not_mix(void **state) {
    scene *s = *state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, shout, s), 0);
    for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
    const char *line = "ts=2026-11-22T10:00:00.123Z level=info msg=shout text=\"all at once\"\n";
    const char *text = written(s);
    assert_int_equal(strlen(text), LINE_BURST * strlen(line));
    for (int i = 0; i < LINE_BURST; i++) assert_memory_equal(text + (size_t)i * strlen(line), line, strlen(line));
    now_ms += 1000;
    LINE(&s->log, LINE_INFO, "shout", LINE_N("i", 1));
    char wanted[60];
    (void)snprintf(wanted, sizeof wanted, "msg=shout left_out=%d i=1\n", THREADS * EACH - LINE_BURST);
    assert_non_null(strstr(written(s), wanted));
}

static void nobody_listens(void **state) {
    (void)state;
    line_log log;
    line_init(&log, -1);
    LINE(&log, LINE_ERROR, "a", LINE_N("n", 1)); // and that is all right
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(levels, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_makes_a_line_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(of_one_event_so_many_a_second, setup, teardown),
        cmocka_unit_test_setup_teardown(many_events, setup, teardown),
        cmocka_unit_test_setup_teardown(threads_do_not_mix, setup, teardown),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
