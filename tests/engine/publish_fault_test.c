// SPDX-License-Identifier: Apache-2.0
//
// Memory runs out at any moment of publishing and of loading: an error, nothing lost, nothing changed, and it works the
// next time.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "../store/failing.h"

#include "engine/publish.h"

#include "../store/folder.h"
#include "../store/quick.h"

#include <cmocka.h>

static const char *const versions[] = {
    "bundle: shop\nattributes: {recency: {type: int}}\nsegments: {lapsed: profile.recency > 9}\n"
    "placements: {hero: {channel: web}}\ncontent: {hero: {title: string}}\n"
    "offers: {winter: {eligible: segment.lapsed, content: {hero: {title: 'Hi {{ profile.recency }}'}}}}\n"
    "tests: [{name: the lapsed, now: 2026-12-01, person: {recency: 10}, decide: {hero: {}}, expect: {hero: "
    "[winter]}}]\n",
    "bundle: shop\nattributes: {recency: {type: int}, tier: {type: string}}\n"
    "placements: {hero: {channel: web}}\noffers: {winter: {caps: [{on: click, max: 1}], content: {hero: {}}}}\n",
};

static void write_rules(const folder *rules, const char *text) {
    char path[700];
    snprintf(path, sizeof path, "%s/bundle.yaml", rules->path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static uint64_t active_number(store *s) {
    store_reader r;
    bundles_version v = {.number = 0};
    arena a;
    arena_init(&a, 0);
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    (void)!bundles_active(&r.txn, &a, &v, NULL);
    store_reader_close(&r);
    arena_fini(&a);
    return v.number;
}

// Publishes, or loads what is active, with the n-th allocation failing.
static tact_err attempt(store *s, const folder *rules, bool load, int64_t nth) {
    const publish_options o = {.now_ms = 1};
    publish_files f;
    publish_result r = {.bundle = NULL};
    tact_error error = {.text = ""};
    arena a;
    arena_init(&a, 0);
    failing_at(0);
    failing_resume(nth);
    tact_err err = load ? publish_load_active(s, &a, &f, &r, &error)
                        : publish_folder(s, &a, rules->path, &o, &f, &r, &error);
    (void)failing_pause(); // and whether it came is still known
    bundle_free(r.bundle);
    arena_fini(&a);
    if (err) assert_true(error.text[0] != '\0');
    return err;
}

static void each_allocation_fails_once(void **state) {
    (void)state;
    arena a;
    store *s;
    folder data = folder_new(), rules = folder_new();
    arena_init(&a, 0);
    const store_options options = {.schema = schema_new(&a)};
    assert_int_equal(store_open(&a, data.path, &options, &s, NULL), 0);
    for (uint64_t i = 0; i < 2; i++) {
        int failures = 0;
        write_rules(&rules, versions[i]);
        for (int64_t nth = 1;; nth += 1 + nth / 100) { // each of the first hundred, then ever fewer
            const schema *running = store_schema(s);
            tact_err err = attempt(s, &rules, false, nth);
            if (!err && !atomic_load(&failing_came)) break;
            assert_int_equal(err, TACT_NO_MEMORY);
            assert_int_equal(active_number(s), i);
            assert_ptr_equal(store_schema(s), running);
            failures++;
        }
        assert_true(failures > 100);
        assert_int_equal(active_number(s), i + 1);
    }
    for (int64_t nth = 1;; nth += 1 + nth / 100) {
        tact_err err = attempt(s, &rules, true, nth);
        if (!err && !atomic_load(&failing_came)) break;
        assert_int_equal(err, TACT_NO_MEMORY);
    }
    store_close(s);
    arena_fini(&a);
    folder_remove(&data);
    folder_remove(&rules);
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_fails_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
