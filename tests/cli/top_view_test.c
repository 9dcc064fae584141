// SPDX-License-Identifier: Apache-2.0
//
// What `tact top` shows, from statuses as a server says them: rates, latencies of what came in between, and a screen.
#include "cli/top_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "value/value.h"
#include "wire/form.h"
#include "wire/json.h"

static arena memory;

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static tact_value of_json(const char *text) {
    tact_value v;
    tact_error error;
    if (json_read(&memory, tact_str_from(text), &v, &error)) fail_msg("%s", error.text);
    return v;
}

static tact_value find(tact_value v, const char *path) {
    for (const char *p = path; *p;) {
        size_t len = strcspn(p, ".");
        assert_int_equal(v.kind, TACT_MAP);
        const tact_value *m = value_map_get_str(v.as.map, (tact_str){p, len});
        if (!m)
            fail_msg("no `%s`", path);
        else
            v = *m;
        p += len + (p[len] == '.');
    }
    return v;
}

static void is(tact_value v, const char *path, double n) {
    tact_value found = find(v, path);
    double said = found.kind == TACT_INT ? (double)found.as.i : found.as.d;
    if (!value_is_number(found)) fail_msg("%s is no number", path);
    if (said < n - 1e-9 || said > n + 1e-9) fail_msg("%s is %.17g, not %.17g", path, said, n);
}

static void is_null(tact_value v, const char *path) {
    assert_int_equal(find(v, path).kind, TACT_NULL);
}

#define BEFORE                                                                                                         \
    "{\"bundle\": \"shop@11\", \"queued\": 0, \"server\": {"                                                           \
    "\"requests\": {\"decide\": {\"ok\": 1000, \"overloaded\": 10}, \"record\": {\"ok\": 5}, \"batch\": {\"ok\": 7},"  \
    "  \"erase\": {\"ok\": 0}},"                                                                                       \
    "\"latencies\": {\"decide\": {\"p50\": 900.0, \"spread\": [[100, 500], [1000, 500], [5000, 10]]},"                 \
    "  \"record\": {\"spread\": [[2000, 5]]}, \"batch\": {\"spread\": [[9, 7]]}},"                                     \
    "\"bytes\": {\"in\": 1000, \"out\": 5000}, \"shed_total\": 4, \"in_flight\": 3, \"waiting\": 1,"                   \
    "\"connections\": 2, \"process\": {\"cpu_seconds\": 10.0, \"resident_bytes\": 900}, \"heap\": null}}"
#define NOW                                                                                                            \
    "{\"bundle\": \"shop@12\", \"queued\": 6, \"server\": {"                                                           \
    "\"requests\": {\"decide\": {\"ok\": 1400, \"overloaded\": 14, \"io\": 2}, \"record\": {\"ok\": 5},"               \
    "  \"batch\": {\"ok\": 9}, \"erase\": {\"ok\": 0}},"                                                               \
    "\"latencies\": {\"decide\": {\"p50\": 900.0, \"spread\": [[100, 894], [500, 8], [1000, 504], [5000, 10]]},"       \
    "  \"record\": {\"spread\": [[2000, 5]]}, \"batch\": {\"spread\": [[9, 9]]}},"                                     \
    "\"bytes\": {\"in\": 3000, \"out\": 9000}, \"shed_total\": 8, \"in_flight\": 7, \"waiting\": 0,"                   \
    "\"connections\": 41, \"process\": {\"cpu_seconds\": 11.0, \"resident_bytes\": 212000000,"                         \
    "  \"anonymous_bytes\": 120000000}, \"heap\": {\"allocated\": 110000000}}}"

static void rates_are_of_what_came_in_between(void **state) {
    (void)state;
    tact_value v = top_between(of_json(BEFORE), of_json(NOW), 2, 0, &memory);
    is(v, "seconds", 2);
    is(v, "operations.decide.requests_s", 203); // 400 + 4 + 2 in two seconds
    is(v, "operations.decide.errors_s", 3);
    is(v, "operations.record.requests_s", 0);
    is(v, "operations.batch.requests_s", 1);
    is(v, "requests_s", 203); // what a batch holds is counted already
    is(v, "errors_s", 3);
    is(v, "shed_s", 2);
    is(v, "in_s", 1000);
    is(v, "out_s", 2000);
    is(v, "cpu", 0.5);
    is(v, "in_flight", 7);
    is(v, "waiting", 0);
    is(v, "connections", 41);
    is(v, "queue", 6);
    is(v, "resident_bytes", 212000000);
    is(v, "anonymous_bytes", 120000000);
    is(v, "heap_bytes", 110000000);
    assert_true(tact_str_equal(value_str(find(v, "bundle")), TACT_STR("shop@12")));
    assert_null(value_map_get_str(find(v, "operations").as.map, TACT_STR("erase"))); // nobody asked for it
}

// Of 406 in between 394 took at most 100 µs, 8 at most 500, 4 at most 1000.
static void latencies_are_of_what_came_in_between(void **state) {
    (void)state;
    tact_value v = top_between(of_json(BEFORE), of_json(NOW), 2, 0, &memory);
    is(v, "operations.decide.p50_us", 100);
    is(v, "operations.decide.p99_us", 500);
    is_null(v, "operations.record.p50_us"); // nothing came
    is_null(v, "operations.record.p99_us");
    is(v, "operations.batch.p99_us", 9);
    v = top_between(tact_null(), of_json(BEFORE), 2, 0, &memory); // since it started
    is(v, "operations.decide.p50_us", 1000);
    is(v, "operations.decide.p99_us", 1000);
    is(v, "operations.record.p50_us", 2000);
}

static tact_value with_start(const char *text, int64_t started_s) {
    form f = {&memory, false};
    form_fields server = {.count = 0}, all = {.count = 0};
    tact_value v = of_json(text), old = find(v, "server");
    for (uint32_t i = 0; i < old.as.map->count; i++) server.of[server.count++] = old.as.map->entries[i];
    form_put(&f, &server, "started", tact_timestamp(started_s, 0));
    form_put(&f, &all, "server", form_map(&f, &server));
    return form_map(&f, &all);
}

static void the_first_look_is_of_all_time(void **state) {
    (void)state;
    tact_value v = top_between(tact_null(), with_start(BEFORE, 1000), 0, 1101000, &memory);
    is(v, "uptime_s", 101);
    is(v, "seconds", 101);
    is(v, "operations.decide.requests_s", 10); // 1010
    is(v, "cpu", 10.0 / 101);
    v = top_between(tact_null(), with_start(BEFORE, 1000), 0, 900000, &memory); // its clock is ahead of ours
    is(v, "operations.decide.requests_s", 0);
}

static void a_server_that_started_anew(void **state) {
    (void)state;
    tact_value v = top_between(of_json(NOW), of_json(BEFORE), 1, 0, &memory); // all counters went back
    is(v, "operations.decide.requests_s", 1010);
    is(v, "operations.decide.errors_s", 10);
    is(v, "in_s", 1000);
    is(v, "shed_s", 4);
}

static void what_a_server_does_not_say(void **state) {
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "7",
        "{\"server\": null}",
        "{\"server\": {}}",
        "{\"server\": {\"latencies\": {\"a\": 5}}}",
        "{\"server\": {\"requests\": 1, \"bytes\": [], \"process\": \"\"}}",
        "{\"server\": {\"latencies\": {\"b\": {\"spread\": [1, [1], [1, \"x\"]]}}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tact_value v = top_between(of_json(texts[i]), of_json(texts[i]), 1, 0, &memory);
        buf out = buf_in(&memory);
        is(v, "requests_s", 0);
        is_null(v, "in_flight");
        is_null(v, "resident_bytes");
        top_print(&out, v, "x", NULL, &memory);
        assert_non_null(buf_done(&out).ptr);
    }
    arena small;
    arena_init(&small, 500);
    assert_int_equal(top_between(of_json(BEFORE), of_json(NOW), 1, 0, &small).kind, TACT_NULL);
    arena_fini(&small);
}

static void as_text(void **state) {
    (void)state;
    top_history h = {.count = 0};
    buf out = buf_in(&memory);
    tact_value v = top_between(of_json(BEFORE), of_json(NOW), 2, 0, &memory);
    top_print(&out, v, "tcp://a:1", NULL, &memory);
    assert_string_equal(buf_done(&out).ptr, "tcp://a:1   shop@12   up 0 s\n"
                                            "\n"
                                            "requests/s 203   errors/s 3.0   shed/s 2.0   in 1.0 kB/s   out 2.0 kB/s\n"
                                            "in flight 7   waiting 0   connections 41   queue of the writer 6\n"
                                            "cpu 50 %   memory 212 MB, its own 120 MB   heap 110 MB\n"
                                            "\n"
                                            "operation  requests/s    errors/s         p50         p99\n"
                                            "decide            203         3.0      100 µs      500 µs\n"
                                            "record              0           0           -           -\n"
                                            "batch             1.0           0        9 µs        9 µs\n");
    for (int i = 0; i < 100; i++) {
        h.count = h.count < TOP_HISTORY ? h.count : TOP_HISTORY;
        top_remember(&h, of_json(i % 2 ? "{\"requests_s\": 800.0}" : "{\"requests_s\": 0.0}"));
    }
    assert_int_equal(h.count, TOP_HISTORY);
    assert_true(h.rates[0] == 0 && h.rates[1] == 800 && h.rates[TOP_HISTORY - 1] == 800);
    out = buf_in(&memory);
    top_print(&out, tact_null(), "\x1b[31mred", &h, &memory); // nobody steers the terminal
    tact_str text = buf_done(&out);
    assert_null(strchr(text.ptr, '\x1b'));
    assert_non_null(strstr(text.ptr, "▁█▁█"));
    assert_non_null(strstr(text.ptr, "nothing is published"));
    assert_non_null(strstr(text.ptr, "at most 800/s"));
}

static void a_screen_is_cut_to_fit(void **state) {
    (void)state;
    buf out = buf_in(&memory);
    top_draw(&out, TACT_STR("abcdef\n\n日本語\nlast\n"), 4, 3);
    assert_string_equal(buf_done(&out).ptr, "\x1b[Habcd\x1b[K\r\n\x1b[K\r\n日本\x1b[K\x1b[J");
    out = buf_in(&memory);
    top_draw(&out, TACT_STR("ab\ncd"), 3, 24);
    assert_string_equal(buf_done(&out).ptr, "\x1b[Hab\x1b[K\r\ncd\x1b[K\x1b[J");
    out = buf_in(&memory);
    top_draw(&out, TACT_STR("日本"), 3, 1); // no half characters
    assert_string_equal(buf_done(&out).ptr, "\x1b[H日\x1b[K\x1b[J");
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(rates_are_of_what_came_in_between),
        TEST(latencies_are_of_what_came_in_between),
        TEST(the_first_look_is_of_all_time),
        TEST(a_server_that_started_anew),
        TEST(what_a_server_does_not_say),
        TEST(as_text),
        TEST(a_screen_is_cut_to_fit),
    };
    return cmocka_run_group_tests_name("top_view", tests, NULL, NULL);
}
