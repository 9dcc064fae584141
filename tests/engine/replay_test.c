// SPDX-License-Identifier: Apache-2.0
//
// Replaying: the same, otherwise, gone; and what the command says of each. See log_test.c for logs of many decisions.
#include "engine/replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "../store/quick.h"
#include "base/hash.h"
#include "engine/engine.h"
#include "store/load.h"
#include "talk.h"

#include <cmocka.h>

static talk t;
static folder place_of_log;

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

// A log of three decisions, the second for a person, the third late.
static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    talk_publish(&t, talk_shop);
    place_of_log = folder_new();
    const tact_options options = {.log = {.folder = place_of_log.path}};
    talk_close(&t);
    talk_open(&t, &options);
    (void)talk_ask(&t, tact_record, "{'commands': [{'set': {'tier': 'gold'}, 'person': {'crm': 1}}]}");
    (void)talk_ask(&t, tact_decide, "{'placements': ['hero'], 'decision': 'first'}");
    (void)talk_ask(&t, tact_decide, "{'person': {'crm': 1}, 'placements': ['hero', 'chat'], 'decision': 'second'}");
    (void)talk_ask(&t, tact_decide,
                   "{'placements': ['hero'], 'context': {'device': 'mobile'}, 'late': true, 'decision': 'third'}");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    folder_remove(&place_of_log);
    return 0;
}

static const char *log_path(void) {
    return print("%s/decisions-%08d.log", place_of_log.path, 1);
}

// What `tact replay` prints, and ends with.
static const char *run_command(const char *path, const char *data, const char *more, int *code) {
    char out[8192];
    const char *tact = getenv("TACT");
    FILE *pipe = popen(print("%s replay %s --db %s %s 2>&1", tact ? tact : "build/tact", path, data, more), "r");
    size_t len = fread(out, 1, sizeof out - 1, pipe);
    out[len] = '\0';
    *code = WEXITSTATUS(pclose(pipe));
    return print("%s", out);
}

static void the_same(void **state) {
    (void)state;
    int code;
    talk_close(&t);
    assert_string_equal(run_command(log_path(), t.data.path, "", &code),
                        "3 the same, 0 otherwise, 0 cannot be repeated\n");
    assert_int_equal(code, 0);
    const char *json = run_command(log_path(), t.data.path, "--json", &code);
    assert_non_null(strstr(json, "\"outcome\":\"same\",\"decision\":\"second\",\"bundle\":\"shop@1\",\"why\":null}\n"));
    assert_int_equal(code, 0);
}

static void another_bundle_of_the_name(void **state) {
    (void)state;
    int code;
    talk other;
    talk_close(&t);
    talk_begin(&other);
    talk_publish(&other, print("%s  more: {content: {hero: {title: More}}}\n", talk_shop));
    talk_close(&other);
    const char *said = run_command(log_path(), other.data.path, "", &code);
    assert_non_null(strstr(said, "first cannot be repeated: the store has another bundle of this name and number\n"));
    assert_non_null(strstr(said, "0 the same, 0 otherwise, 3 cannot be repeated\n"));
    assert_int_equal(code, 1); // nobody was erased
    talk_open(&other, NULL);
    talk_end(&other);
}

// What a crash leaves is said, and a folder is all of its files.
static void a_file_that_is_cut_off_and_a_folder(void **state) {
    (void)state;
    int code;
    char bytes[65536];
    talk_close(&t);
    FILE *file = fopen(log_path(), "rb");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    file = fopen(print("%s/decisions-%08d.log", place_of_log.path, 7), "wb");
    fwrite(bytes, 1, len - 5, file);
    fclose(file);
    const char *said = run_command(place_of_log.path, t.data.path, "", &code);
    assert_non_null(strstr(said, "decisions-00000007.log: byte "));
    assert_non_null(strstr(said, ": it is cut off within a frame; the last "));
    assert_non_null(strstr(said, "5 the same, 0 otherwise, 0 cannot be repeated\n"));
    assert_int_equal(code, 1);
    said = run_command(t.data.path, t.data.path, "", &code);
    assert_non_null(strstr(said, ": there is no log of decisions in this folder\n"));
    assert_int_equal(code, 3);
}

static void erased_by_the_command(void **state) {
    (void)state;
    int code;
    const char *program = getenv("TACT");
    char bytes[65536];
    talk_close(&t);
    assert_int_equal(system(print("%s erase crm:1 --db %s --yes --log %s >/dev/null", program ? program : "build/tact",
                                  t.data.path, place_of_log.path)),
                     0);
    const char *said = run_command(log_path(), t.data.path, "", &code);
    assert_non_null(strstr(said, "2 the same, 0 otherwise, 1 cannot be repeated\n       1 the person was erased\n"));
    assert_int_equal(code, 0);
    FILE *file = fopen(log_path(), "rb");
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    for (size_t i = 0; i + 5 < len; i++) assert_memory_not_equal(bytes + i, "crm:1", 5);
}

static void erased(void **state) {
    (void)state;
    int code;
    (void)talk_ask(&t, tact_erase, "{'person': {'crm': 1}}");
    talk_close(&t);
    const char *said = run_command(log_path(), t.data.path, "", &code);
    assert_non_null(strstr(said, ": cannot be repeated: the person was erased\n2 the same, 0 otherwise, 1 cannot"));
    assert_int_equal(code, 0);
}

// A frame says something else than was decided, and is otherwise whole.
static void otherwise(void **state) {
    (void)state;
    int code;
    char bytes[65536];
    uint8_t sum[HASH_SUM];
    talk_close(&t);
    FILE *file = fopen(log_path(), "r+b");
    size_t len = fread(bytes, 1, sizeof bytes, file), at = sizeof LOG_MAGIC - 1;
    uint32_t size = load_u32(bytes + at + LOG_CHECKSUM);
    char *payload = bytes + at + LOG_HEAD, *found = NULL;
    for (uint32_t i = 0; i + 10 < size; i++) {
        if (memcmp(payload + i, "Who we are", 10) == 0) found = payload + i;
    }
    assert_non_null(found);
    memcpy(found, "Who we ARE", 10);
    hash_bytes((tact_str){bytes + at + LOG_CHECKSUM, LOG_HEAD - LOG_CHECKSUM + size}, sum);
    memcpy(bytes + at, sum, LOG_CHECKSUM);
    rewind(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    const char *said = run_command(log_path(), t.data.path, "", &code);
    assert_non_null(strstr(said, "first comes out otherwise\n  then "));
    assert_non_null(strstr(said, "Who we ARE"));
    assert_non_null(strstr(said, "2 the same, 1 otherwise, 0 cannot be repeated\n"));
    assert_int_equal(code, 1);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_same, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_bundle_of_the_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_cut_off_and_a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(erased_by_the_command, set_up, tear_down),
        cmocka_unit_test_setup_teardown(erased, set_up, tear_down),
        cmocka_unit_test_setup_teardown(otherwise, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
