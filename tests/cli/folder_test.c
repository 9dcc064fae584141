// SPDX-License-Identifier: Apache-2.0
//
// Opening a folder for a command, finding whom an operand means, and what is complained of.
#include "cli/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

static char base[] = "/tmp/tact-folder-XXXXXX", db_path[64], schema_path[64], faulty_path[64], other_path[64];

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state) {
    (void)state;
    if (!mkdtemp(base)) return -1;
    snprintf(db_path, sizeof db_path, "%s/db", base);
    snprintf(schema_path, sizeof schema_path, "%s/shop.yaml", base);
    snprintf(faulty_path, sizeof faulty_path, "%s/faulty.yaml", base);
    snprintf(other_path, sizeof other_path, "%s/other", base);
    write_file(schema_path, "identities: {crm: {}, email: {normalize: lowercase}}\nattributes: {a: {type: int}}\n");
    write_file(faulty_path, "attributes: {a: {type: itn}}\n");
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    char line[128];
    snprintf(line, sizeof line, "rm -rf %s", base);
    return system(line);
}

// ---- Listening ------------------------------------------------------------------------------------------------------

static FILE *heard; // what goes to standard error meanwhile
static int kept;

static void listen_begin(void) {
    heard = tmpfile();
    kept = dup(STDERR_FILENO);
    assert_non_null(heard);
    dup2(fileno(heard), STDERR_FILENO);
}

static void listen_end(const char *wanted) {
    char text[2000];
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(heard);
    text[fread(text, 1, sizeof text - 1, heard)] = '\0';
    fclose(heard);
    if (!strstr(text, wanted) || (!*wanted && *text)) fail_msg("complained: %swanted: %s", text, wanted);
}

// ---- Opening --------------------------------------------------------------------------------------------------------

static void open_ends(int wanted, const char *complaint, const char *path, const char *schema_file, bool read_only) {
    cli_folder f;
    listen_begin();
    int code = folder_open(&f, path, schema_file, read_only);
    bool reading = f.reading;
    folder_close(&f); // whatever happened
    listen_end(complaint);
    assert_int_equal(code, wanted);
    assert_int_equal(reading, wanted == CLI_OK && read_only);
}

static void test_opening(void **state) {
    (void)state;
    open_ends(CLI_UNREACHABLE, "db: No such file or directory\n", db_path, NULL, true);
    open_ends(CLI_UNREACHABLE, "with --schema it would be made\n", db_path, NULL, false);
    open_ends(CLI_USAGE, "tact: /nowhere.yaml: No such file or directory\n", db_path, "/nowhere.yaml", false);
    open_ends(CLI_FAILED, "did you mean `int`?", db_path, faulty_path, false);
    assert_int_equal(access(db_path, F_OK), -1); // a mistake makes no folder
    open_ends(CLI_OK, "", db_path, schema_path, false);
    open_ends(CLI_OK, "", db_path, NULL, true);
    open_ends(CLI_OK, "", db_path, NULL, false);
    open_ends(CLI_UNREACHABLE, "Not a directory", schema_path, NULL, true);
}

// ---- Whom -----------------------------------------------------------------------------------------------------------

static command set(const command_identity *identity, const command_value *value) {
    return (command){.kind = COMMAND_SET,
                     .time_ms = 1,
                     .source = SCHEMA_SOURCE_NONE,
                     .identities = identity,
                     .identities_count = 1,
                     .values = value,
                     .values_count = 1};
}

static void person_is(cli_folder *f, const char *text, int wanted, const char *complaint) {
    record r;
    listen_begin();
    int code = folder_person(f, text, &r);
    listen_end(complaint);
    assert_int_equal(code, wanted);
    if (!code) assert_int_equal(record_person(&r), 1);
}

static void no_identity(cli_folder *f, const char *text, const char *complaint) {
    command_identity identity;
    listen_begin();
    bool found = folder_identity(f, text, &identity);
    listen_end(complaint);
    assert_false(found);
}

static void test_whom(void **state) {
    (void)state;
    cli_folder f;
    command_identity identity;
    writer_result result;
    tact_error error;
    assert_int_equal(folder_open(&f, other_path, schema_path, false), CLI_OK);
    assert_true(folder_identity(&f, "email:Ann@X.Y:z", &identity));
    assert_int_equal(identity.space, 1);
    assert_true(tact_str_equal(identity.value, TACT_STR("ann@x.y:z")));
    const command_value value = {0, tact_int(7)};
    command c = set(&identity, &value);
    assert_int_equal(store_record(f.store, &c, 1, &result, &error), TACT_OK);
    assert_int_equal(result.code, TACT_OK);
    assert_int_equal(folder_view(&f), CLI_OK);
    assert_int_equal(folder_view(&f), CLI_OK); // a new one in its place
    person_is(&f, "email:ANN@x.y:z", CLI_OK, "");
    person_is(&f, "1", CLI_OK, "");
    person_is(&f, "2", CLI_FAILED, "tact: 2: there is no such person\n");
    person_is(&f, "email:bob@x.y", CLI_FAILED, "tact: email:bob@x.y: there is no such person\n");
    static const char *const nobody[] = {"", "ann", "1x", "-1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof nobody / sizeof *nobody; i++) {
        person_is(&f, nobody[i], CLI_USAGE, "names nobody: a person is NAMESPACE:VALUE, or the number of one\n");
        no_identity(&f, nobody[i], "is not an identity, which is written NAMESPACE:VALUE\n");
    }
    person_is(&f, "emial:a", CLI_USAGE, "tact: unknown identity namespace `emial`; did you mean `email`?\n");
    person_is(&f, "email:", CLI_USAGE, "tact: `email:`: its value is empty\n");
    no_identity(&f, ":a", "tact: unknown identity namespace ``; the schema has no identity of that name\n");
    no_identity(&f, "email:\xff", "tact: `email:\ufffd` is not an identity");
    folder_unview(&f);
    folder_unview(&f);
    folder_close(&f);
}

static void test_longest(void **state) {
    (void)state;
    cli_folder f;
    command_identity identity;
    char longest[COMMAND_IDENTITY_MAX + 8] = "crm:";
    assert_int_equal(folder_open(&f, other_path, schema_path, false), CLI_OK);
    memset(longest + 4, 'x', COMMAND_IDENTITY_MAX);
    assert_true(folder_identity(&f, longest, &identity));
    longest[4 + COMMAND_IDENTITY_MAX] = 'x';
    no_identity(&f, longest, "its value is longer than 480 bytes\n");
    folder_close(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opening),
        cmocka_unit_test(test_whom),
        cmocka_unit_test(test_longest),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
