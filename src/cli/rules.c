// SPDX-License-Identifier: Apache-2.0
//
// Subtle: files are read from a store in a view that ends before anything is built, which may take seconds.
#include "cli/rules.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/answer.h"
#include "cli/cli.h"
#include "decide/trial.h"

enum { WAIT_MS = 5000, PAUSE_MS = 50 }; // for another process that writes; most that publish are done in a second
static const char active_word[] = "active";

// "shop@3" or "3"; false: neither. A name is left empty where there is none.
static bool split(const char *text, tact_str *name, uint64_t *number) {
    const char *at = strrchr(text, '@');
    tact_str digits = tact_str_from(at ? at + 1 : text);
    *name = (tact_str){text, at ? (size_t)(at - text) : 0};
    if (memchr(name->ptr, '/', name->len) || (at && !name->len)) return false;
    return digits.len && digits.ptr[0] >= '1' && digits.ptr[0] <= '9' && num_parse_uint(digits, 10, number);
}

bool rules_is_version(const char *text) {
    tact_str name;
    uint64_t number;
    return strcmp(text, active_word) == 0 || (strchr(text, '@') && split(text, &name, &number));
}

int rules_version(cli_folder *place, const char *text, tact_str *name, uint64_t *number) {
    *name = TACT_STR("");
    *number = 0;
    if (strcmp(text, active_word) == 0) return CLI_OK;
    utf8_shown shown;
    if (!split(text, name, number)) {
        return cli_complain("`%s` is no version such as shop@3", utf8_show(&shown, tact_str_from(text)));
    }
    if (name->len) return CLI_OK;
    bundles_version v;
    tact_error error;
    tact_err err = bundles_active(&place->reader.txn, &place->memory, &v, &error);
    if (err) {
        cli_complain("%s", error.text);
        return CLI_FAILED;
    }
    const char *copy = arena_copy(&place->memory, v.name.ptr, v.name.len);
    *name = copy ? (tact_str){copy, v.name.len} : TACT_STR("");
    return CLI_OK;
}

// ---- Opening --------------------------------------------------------------------------------------------------------

static void rest(void) {
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    (void)nanosleep(&pause, NULL);
}

// One that is there keeps the schema that it has, also if another process has made it just now.
static tact_err try_open(cli_folder *place, const char *path, const schema *first, tact_error *error) {
    store_options options = {.notice.say = folder_say};
    tact_err err = store_open(&place->memory, path, &options, &place->store, error);
    if (err != TACT_USAGE || !first) return err;
    options.schema = first;
    return store_open(&place->memory, path, &options, &place->store, error);
}

int rules_open(cli_folder *place, const char *path) {
    return rules_open_new(place, path, NULL);
}

int rules_open_new(cli_folder *place, const char *path, const schema *first) {
    *place = (cli_folder){.store = NULL};
    arena_init(&place->memory, 0);
    if (!first && access(path, F_OK) != 0) {
        cli_complain("%s: %s", path, strerror(errno));
        return CLI_UNREACHABLE;
    }
    const int64_t until = clock_mono_ms() + WAIT_MS;
    tact_error error;
    tact_err err;
    while ((err = try_open(place, path, first, &error)) == TACT_BUSY && clock_mono_ms() < until) rest();
    if (!err) return CLI_OK;
    place->store = NULL;
    if (err == TACT_BUSY) {
        cli_complain("%s: another process has the store open for writing, and kept it for %d s; publish through it or "
                     "stop it",
                     path, WAIT_MS / 1000);
    } else {
        cli_complain("%s", error.text);
    }
    return CLI_UNREACHABLE;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

int rules_report(report *r) {
    tact_str text = report_text(r);
    if (text.len) cli_print_report(text);
    if (!r->errors) return CLI_OK;
    return r->code == TACT_IO || r->code == TACT_BUSY ? CLI_UNREACHABLE : CLI_FAILED;
}

int rules_failed(report *r, tact_err err, const tact_error *error) {
    int code = rules_report(r);
    if (code) {
        cli_complain("%s", error->text);
        return code;
    }
    cli_complain("%s", error->text);
    return err == TACT_IO || err == TACT_BUSY ? CLI_UNREACHABLE : CLI_FAILED;
}

static int no_memory(void) {
    cli_complain("%s", tact_err_text(TACT_NO_MEMORY));
    return CLI_FAILED;
}

static int read_version(publish_files *f, arena *a, const char *text, cli_folder *place) {
    tact_str name;
    uint64_t number;
    bundles_version v;
    tact_error error;
    int code = rules_version(place, text, &name, &number);
    if (code) return code;
    tact_err err = publish_read_version(f, a, &place->reader.txn, name, number, &v, &error);
    if (!err) return CLI_OK;
    cli_complain("%s", error.text);
    return err == TACT_IO || err == TACT_BUSY ? CLI_UNREACHABLE : CLI_FAILED;
}

// A number alone is a version in a store, unless a folder is called so.
static bool names_version(const char *text, const cli_folder *place) {
    tact_str name;
    uint64_t number;
    return rules_is_version(text) || (place && split(text, &name, &number) && access(text, F_OK) != 0);
}

int rules_read(publish_files *f, arena *a, const char *text, cli_folder *place) {
    if (!names_version(text, place)) {
        (void)publish_read_folder(f, a, text);
    } else if (!place) {
        return cli_complain("`%s` is a version, which needs `--db DIR`; a folder of that name is ./%s", text, text);
    } else {
        int code = read_version(f, a, text, place);
        if (code) return code;
    }
    return f->report.errors ? rules_report(&f->report) : CLI_OK;
}

int rules_build(publish_files *f, arena *a, const char *text, cli_folder *place, bundle **out) {
    int code = rules_read(f, a, text, place);
    if (code) return code;
    tact_err err = bundle_compile(&f->draft, place ? store_schema(place->store) : NULL, out);
    if (!err) return CLI_OK;
    code = rules_report(&f->report);
    return code ? code : no_memory();
}

int rules_test(publish_files *f, const bundle *b) {
    if (!trial_run(b, &f->report)) return CLI_OK;
    int code = rules_report(&f->report);
    return code ? code : no_memory();
}

// ---- Words ----------------------------------------------------------------------------------------------------------

const char *rules_tests(arena *a, const bundle *b, bool skipped) {
    if (!b->tests_count) return "";
    const char *text = arena_printf(a, "%u test%s %s", b->tests_count, b->tests_count == 1 ? "" : "s",
                                    skipped ? "skipped" : "passed");
    return text ? text : "";
}

const char *rules_version_text(arena *a, const bundles_version *v) {
    const char *text = arena_printf(a, "%.*s@%llu", (int)v->name.len, v->name.ptr, (unsigned long long)v->number);
    return text ? text : "";
}
