// SPDX-License-Identifier: Apache-2.0
//
// Bundles as a program that has no folder publishes them: files in a request, signatures made elsewhere, what must be
// active before; what was published, listed; and what one would do, asked of the engine that decides.
#include "tact/tact.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "../store/quick.h"
#include "base/hash.h"
#include "base/sign.h"
#include "bundle/sources.h"
#include "engine/engine.h"
#include "talk.h"

#include <cmocka.h>

static talk t;

static int set_up(void **state) {
    (void)state;
    talk_begin(&t);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    talk_end(&t);
    return 0;
}

static const char *print(const char *format, ...) {
    char text[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return arena_copy(&t.memory, text, strlen(text));
}

#define ROOT                                                                                                           \
    "bundle: shop\\ninclude: [offers/*.yaml]\\nidentities: {crm: {}}\\nplacements: {hero: {channel: web, fallback: "   \
    "story}}\\ncontent: {hero: {title: string}}\\n"
#define STORY(title) "offers: {story: {content: {hero: {title: " title "}}}}\\n"
#define FILES(title) "{'bundle.yaml': '" ROOT "', 'offers/a.yaml': '" STORY(title) "'}"

static const char *publish(const char *files, const char *more) {
    tact_value v = talk_ask(&t, tact_publish, print("{'files': %s%s}", files, more));
    return talk_find_text(&t.memory, v, "bundle");
}

static const char *title(void) {
    tact_value v = talk_ask(&t, tact_decide, "{'placements': ['hero']}");
    return talk_find_text(&t.memory, v, "placements.hero.0.content.title");
}

static const char *active(void) {
    return talk_find_text(&t.memory, talk_ask(&t, tact_status, "{}"), "bundle");
}

static void expect_start(const char *text, const char *start) {
    if (strncmp(text, start, strlen(start)) != 0) fail_msg("`%s` does not begin with `%s`", text, start);
}

static void expect_in(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("`%s` is not in `%s`", part, text);
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static void files_are_published_as_a_folder_is(void **state) {
    (void)state;
    assert_string_equal(publish(FILES("One"), ""), "shop@1");
    assert_string_equal(title(), "One");
    // The same folder is the very same bundle, and so are the files with bundle.yaml elsewhere.
    char path[700];
    snprintf(path, sizeof path, "mkdir '%s/offers'", t.rules.path);
    assert_int_equal(system(path), 0);
    talk_write(&t, "bundle.yaml",
               "bundle: shop\ninclude: [offers/*.yaml]\nidentities: {crm: {}}\nplacements: {hero: {channel: web, "
               "fallback: story}}\ncontent: {hero: {title: string}}\n");
    talk_write(&t, "offers/a.yaml", "offers: {story: {content: {hero: {title: One}}}}\n");
    tact_value v = talk_ask(&t, tact_publish, print("{'folder': '%s'}", t.rules.path));
    assert_true(talk_find(v, "already").as.b);
    assert_string_equal(talk_find_text(&t.memory, v, "bundle"), "shop@1");
    v = talk_ask(&t, tact_publish,
                 print("{'files': {'offers/a.yaml': '" STORY("One") "', 'bundle.yaml': '" ROOT "'}}"));
    assert_true(talk_find(v, "already").as.b);
    talk_close(&t);
    talk_open(&t, NULL);
    assert_string_equal(title(), "One");
}

static void files_may_be_bytes(void **state) {
    (void)state;
    tact_value request = talk_json(&t.memory, "{'files': " FILES("One") "}"), reply;
    value_entry *files = (value_entry *)talk_find(request, "files").as.map->entries; // of this test's own memory
    for (int i = 0; i < 2; i++) files[i].value = tact_bytes(files[i].value.as.s, files[i].value.len);
    if (tact_publish(t.engine, request, &t.memory, &reply, &t.problem)) fail_msg("%s", t.problem.text);
    assert_string_equal(title(), "One");
}

static void files_that_cannot_be_are_told(void **state) {
    (void)state;
    static const struct {
        const char *request, *start, *more;
    } wrong[] = {
        {"{}", "missing at folder: ", "files"},
        {"{'folder': 'x', 'files': {}}", "repeated at files: ", "folder"},
        {"{'files': {}}", "bad_bundle at : ", "there is no bundle.yaml"},
        {"{'files': {'offers.yaml': 'x'}}", "bad_bundle at : ", "there is no bundle.yaml"},
        {"{'files': {'bundle.yaml': 5}}", "wrong_type at files.bundle.yaml: ", ""},
        {"{'files': {'bundle.yaml': '" ROOT "', '../x.yaml': ''}}", "bad_bundle at : ", "`../x.yaml` leads out"},
        {"{'files': {'bundle.yaml': '" ROOT "', '/x.yaml': ''}}", "bad_bundle at : ", "outside of the bundle's folder"},
        {"{'files': {'bundle.yaml': '" ROOT "', 'a//x.yaml': ''}}", "bad_bundle at : ", "plain path"},
        {"{'files': {'bundle.yaml': 'bundle: shop\\nofers: {}\\n'}}", "bad_bundle at : ", "bundle.yaml:2:1: error: "},
        {"{'files': 'x'}", "wrong_type at files: ", "map"},
    };
    (void)publish(FILES("One"), "");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *said = talk_fails(&t, tact_publish, wrong[i].request);
        expect_start(said, wrong[i].start);
        expect_in(said, wrong[i].more);
        assert_int_equal(t.problem.err, TACT_INVALID);
    }
    assert_string_equal(active(), "shop@1");
    assert_string_equal(title(), "One");
}

static void too_many_files_are_refused(void **state) {
    (void)state;
    tact_value root = talk_json(&t.memory, "'" ROOT "'"), reply;
    value_entry *entries = arena_array(&t.memory, SOURCES_FILES_MAX + 1, sizeof *entries);
    entries[0] = (value_entry){tact_string("bundle.yaml", 11), root};
    for (int i = 1; i <= SOURCES_FILES_MAX; i++) {
        const char *name = print("f%d.yaml", i);
        entries[i] = (value_entry){tact_string(name, strlen(name)), tact_string("{}", 2)};
    }
    value_entry files = {tact_string("files", 5), value_map(&t.memory, entries, SOURCES_FILES_MAX + 1)};
    tact_value request = value_map(&t.memory, &files, 1);
    assert_int_equal(tact_publish(t.engine, request, &t.memory, &reply, &t.problem), TACT_LIMIT);
    assert_string_equal(tact_problem_code(&t.problem), "bad_bundle");
    expect_in(t.problem.text, "a bundle has at most 10000 files");
}

// ---- Signatures -----------------------------------------------------------------------------------------------------

static tact_value with_bytes(tact_value request, const char *key, const uint8_t *bytes, size_t len) {
    uint32_t count = request.as.map->count;
    value_entry *all = arena_array(&t.memory, count + 1, sizeof *all);
    memcpy(all, request.as.map->entries, count * sizeof *all);
    all[count] = (value_entry){tact_string(key, strlen(key)), tact_bytes((const char *)bytes, len)};
    return value_map(&t.memory, all, count + 1);
}

// As a client does it: of the hash of the canonical form.
static tact_value signed_request(const char *files, const uint8_t *secret, uint8_t *hash_of) {
    uint8_t hash[SOURCES_HASH], *signature = arena_alloc(&t.memory, SIGN_SIGNATURE);
    uint8_t *public_key = arena_alloc(&t.memory, SIGN_PUBLIC);
    tact_value request = talk_json(&t.memory, print("{'files': %s}", files)), map = talk_find(request, "files");
    sources s;
    sources_init(&s, &t.memory);
    for (uint32_t i = 0; i < map.as.map->count; i++) {
        const value_entry *e = &map.as.map->entries[i];
        assert_int_equal(sources_add(&s, value_str(e->key), value_str(e->value), NULL), 0);
    }
    buf form = buf_in(&t.memory);
    sources_write(&form, &s);
    hash_bytes(buf_done(&form), hash);
    memcpy(hash_of, hash, sizeof hash);
    sign_make(secret, SIGNERS_WHAT, (tact_str){(const char *)hash, sizeof hash}, signature);
    assert_true(sign_public_of(secret, public_key));
    request = with_bytes(request, "signer", public_key, SIGN_PUBLIC);
    return with_bytes(request, "signature", signature, SIGN_SIGNATURE);
}

static tact_err require_anna(void *context, db_txn *txn, tact_error *error) {
    arena a;
    arena_init(&a, 0);
    tact_err err = signers_allow(txn, &a, TACT_STR("anna"), context, error);
    if (!err) err = signers_require(txn, &a, true, error);
    arena_fini(&a);
    return err;
}

static void a_client_signs_with_its_own_key(void **state) {
    (void)state;
    uint8_t secret[SIGN_SECRET], public_key[SIGN_PUBLIC], hash[SOURCES_HASH];
    tact_value reply;
    assert_int_equal(sign_keys(secret, public_key, NULL), 0);
    tact_value request = signed_request(FILES("One"), secret, hash);
    if (tact_publish(t.engine, request, &t.memory, &reply, &t.problem)) fail_msg("%s", t.problem.text);
    tact_value all = talk_ask(&t, tact_bundles, "{}");
    expect_start(talk_find_text(&t.memory, all, "bundles.0.signed_by"), "unknown key ");
    assert_int_equal(store_run(t.engine->store, require_anna, public_key, NULL), 0);
    all = talk_ask(&t, tact_bundles, "{}");
    assert_string_equal(talk_find_text(&t.memory, all, "bundles.0.signed_by"), "anna");
    // From now on nothing goes without, and a signature of something else is none.
    const char *said = talk_fails(&t, tact_publish, "{'files': " FILES("Two") "}");
    assert_string_equal(title(), "One");
    expect_in(said, "sign");
    tact_value two = signed_request(FILES("Two"), secret, hash);
    request = talk_json(&t.memory, "{'files': " FILES("Three") "}");
    tact_value signature = talk_find(two, "signature");
    request = with_bytes(with_bytes(request, "signer", public_key, sizeof public_key), "signature",
                         (const uint8_t *)signature.as.s, signature.len);
    assert_int_equal(tact_publish(t.engine, request, &t.memory, &reply, &t.problem), TACT_INVALID);
    assert_string_equal(title(), "One");
    if (tact_publish(t.engine, two, &t.memory, &reply, &t.problem)) fail_msg("%s", t.problem.text);
    assert_string_equal(title(), "Two");
}

static void half_a_signature_is_none(void **state) {
    (void)state;
    uint8_t key[SIGN_PUBLIC] = {1};
    tact_value reply, request = talk_json(&t.memory, "{'files': " FILES("One") "}");
    tact_value half = with_bytes(request, "signer", key, sizeof key);
    assert_int_equal(tact_publish(t.engine, half, &t.memory, &reply, &t.problem), TACT_INVALID);
    assert_string_equal(t.problem.at, "signer");
    tact_value cut = with_bytes(half, "signature", key, sizeof key);
    assert_int_equal(tact_publish(t.engine, cut, &t.memory, &reply, &t.problem), TACT_INVALID);
    assert_string_equal(t.problem.at, "signature");
    assert_string_equal(active(), "");
}

// ---- From -----------------------------------------------------------------------------------------------------------

static void only_what_is_expected_is_replaced(void **state) {
    (void)state;
    expect_start(talk_fails(&t, tact_publish, "{'files': " FILES("One") ", 'from': 'shop@1'}"),
                 "not_active at from: nothing is active");
    assert_int_equal(t.problem.err, TACT_INVALID);
    assert_string_equal(publish(FILES("One"), ", 'from': ''"), "shop@1");
    // Sent again, since the answer was lost.
    tact_value v = talk_ask(&t, tact_publish, "{'files': " FILES("One") ", 'from': ''}");
    assert_true(talk_find(v, "already").as.b);
    assert_string_equal(publish(FILES("Two"), ", 'from': 'shop@1'"), "shop@2");
    expect_start(talk_fails(&t, tact_publish, "{'files': " FILES("Three") ", 'from': 'shop@1'}"),
                 "not_active at from: shop@2 is active");
    expect_start(talk_fails(&t, tact_publish, "{'files': " FILES("Three") ", 'from': ''}"), "not_active at from: ");
    assert_string_equal(title(), "Two");
    assert_int_equal(talk_find(talk_ask(&t, tact_bundles, "{}"), "bundles").len, 2);
}

static void going_back_expects_likewise(void **state) {
    (void)state;
    (void)publish(FILES("One"), "");
    (void)publish(FILES("Two"), "");
    expect_start(talk_fails(&t, tact_rollback, "{'version': 'shop@1', 'from': 'shop@7'}"), "not_active at from: ");
    assert_string_equal(title(), "Two");
    tact_value v = talk_ask(&t, tact_rollback, "{'version': 'shop@1', 'from': 'shop@2'}");
    assert_false(talk_find(v, "already").as.b);
    v = talk_ask(&t, tact_rollback, "{'version': 'shop@1', 'from': 'shop@2'}");
    assert_true(talk_find(v, "already").as.b);
    expect_start(talk_fails(&t, tact_rollback, "{'from': 'shop@2'}"), "not_active at from: ");
    assert_string_equal(title(), "One");
}

static void a_schema_stays_if_something_else_is_active(void **state) {
    (void)state;
    (void)publish(FILES("One"), "");
    const schema *before = store_schema(t.engine->store);
    expect_start(talk_fails(&t, tact_publish,
                            "{'files': {'bundle.yaml': 'attributes: {tier: {type: string}}\\n" ROOT
                            "', 'a.yaml': '" STORY("One") "'}, 'from': 'shop@9'}"),
                 "not_active at from: ");
    assert_ptr_equal(store_schema(t.engine->store), before);
    assert_int_equal(before->attributes_count, 0);
}

// ---- Listing --------------------------------------------------------------------------------------------------------

static void versions_are_listed_newest_first(void **state) {
    (void)state;
    assert_int_equal(talk_find(talk_ask(&t, tact_bundles, "{}"), "bundles").len, 0);
    (void)publish(FILES("One"), ", 'author': 'anna', 'message': 'first'");
    usleep(2000);
    (void)publish(FILES("Two"), ", 'skip_tests': true");
    usleep(2000);
    (void)talk_ask(&t, tact_rollback, "{}");
    tact_value v = talk_ask(&t, tact_bundles, "{}");
    assert_true(talk_find(v, "ok").as.b);
    assert_int_equal(talk_find(v, "bundles").len, 2);
    assert_string_equal(talk_find_text(&t.memory, v, "bundles.0.bundle"), "shop@2");
    assert_false(talk_find(v, "bundles.0.active").as.b);
    assert_true(talk_find(v, "bundles.0.tests_skipped").as.b);
    assert_string_equal(talk_find_text(&t.memory, v, "bundles.1.bundle"), "shop@1");
    assert_true(talk_find(v, "bundles.1.active").as.b);
    assert_string_equal(talk_find_text(&t.memory, v, "bundles.1.author"), "anna");
    assert_string_equal(talk_find_text(&t.memory, v, "bundles.1.message"), "first");
    assert_int_equal(talk_find(v, "bundles.1.signed_by").kind, TACT_NULL);
    assert_int_equal(talk_find(v, "bundles.1.time").kind, TACT_TIMESTAMP);
    assert_int_equal(talk_find(v, "bundles.1.activated").kind, TACT_TIMESTAMP);
    v = talk_ask(&t, tact_bundles, "{'limit': 1}");
    assert_int_equal(talk_find(v, "bundles").len, 1);
    assert_string_equal(talk_find_text(&t.memory, v, "bundles.0.bundle"), "shop@2");
    expect_start(talk_fails(&t, tact_bundles, "{'limit': 0}"), "bad_value at limit: ");
    expect_start(talk_fails(&t, tact_bundles, "{'limit': -1}"), "bad_value at limit: ");
}

// ---- Simulating -----------------------------------------------------------------------------------------------------

enum { PERSONS = 30 };

static void know_some(void) {
    for (int i = 1; i <= PERSONS; i++) {
        (void)talk_ask(
            &t, tact_record,
            print("{'commands': [{'set': {'tier': '%s'}, 'person': {'crm': %d}}]}", i % 3 ? "silver" : "gold", i));
    }
}

static int64_t shown(tact_value v, const char *offer, const char *key) {
    tact_value offers = talk_find(v, "placements.hero.offers");
    for (uint32_t i = 0; i < offers.len; i++) {
        if (!strcmp(talk_find_text(&t.memory, offers.as.items[i], "offer"), offer)) {
            return talk_find_int(offers.as.items[i], key);
        }
    }
    return -1;
}

static void a_simulation_says_what_would_be_shown(void **state) {
    (void)state;
    expect_start(talk_fails(&t, tact_simulate, "{}"), "no_bundle at ");
    talk_publish(&t, talk_shop);
    know_some();
    const int64_t position = talk_find_int(talk_ask(&t, tact_status, "{}"), "position");
    tact_value v = talk_ask(&t, tact_simulate, "{}");
    assert_true(talk_find(v, "ok").as.b);
    assert_string_equal(talk_find_text(&t.memory, v, "bundle"), "shop@1");
    assert_int_equal(talk_find(v, "against").kind, TACT_NULL);
    assert_int_equal(talk_find_int(v, "persons"), PERSONS);
    assert_int_equal(shown(v, "gold", "count"), PERSONS / 3);
    assert_int_equal(shown(v, "story", "count"), PERSONS - PERSONS / 3);
    assert_int_not_equal(talk_find(v, "placements.chat").kind, TACT_UNRESOLVED);
    v = talk_ask(&t, tact_simulate, "{'placement': 'hero', 'context': {'device': 'mobile'}}");
    assert_int_equal(shown(v, "phone", "count"), PERSONS - PERSONS / 3);
    assert_int_equal(talk_find(v, "placements.chat").kind, TACT_UNRESOLVED);
    assert_int_equal(talk_find_int(talk_ask(&t, tact_status, "{}"), "position"), position);
}

static void files_and_versions_are_compared_with_what_is_active(void **state) {
    (void)state;
    talk_publish(&t, talk_shop);
    know_some();
    tact_value root = talk_json(&t.memory, "''"), reply;
    const char *text = arena_printf(&t.memory, "%s  extra: {value: 99.0, content: {hero: {title: Extra}}}\n",
                                    talk_shop);
    root = tact_string(text, strlen(text));
    value_entry file = {tact_string("bundle.yaml", 11), root};
    value_entry files = {tact_string("files", 5), value_map(&t.memory, &file, 1)};
    tact_value request = value_map(&t.memory, &files, 1);
    if (tact_simulate(t.engine, request, &t.memory, &reply, &t.problem)) fail_msg("%s", t.problem.text);
    assert_string_equal(talk_find_text(&t.memory, reply, "bundle"), "shop"); // it is no version yet
    assert_string_equal(talk_find_text(&t.memory, reply, "against"), "shop@1");
    assert_int_equal(shown(reply, "extra", "count"), PERSONS);
    assert_int_equal(shown(reply, "gold", "before"), PERSONS / 3);
    assert_int_equal(talk_find_int(reply, "placements.hero.differs"), PERSONS);
    assert_string_equal(active(), "shop@1"); // nothing was published
    talk_publish(&t, text);
    tact_value v = talk_ask(&t, tact_simulate, "{'version': 'shop@1', 'placement': 'hero'}");
    assert_string_equal(talk_find_text(&t.memory, v, "bundle"), "shop@1");
    assert_string_equal(talk_find_text(&t.memory, v, "against"), "shop@2");
    assert_int_equal(shown(v, "extra", "before"), PERSONS);
    assert_int_equal(shown(v, "gold", "count"), PERSONS / 3);
}

static void what_cannot_be_simulated_is_told(void **state) {
    (void)state;
    talk_publish(&t, talk_shop);
    expect_start(talk_fails(&t, tact_simulate, "{'version': 'shop@9'}"), "unknown_version at ");
    expect_start(talk_fails(&t, tact_simulate, "{'version': 'shop'}"), "bad_value at version: ");
    expect_start(talk_fails(&t, tact_simulate, "{'version': 'shop@1', 'files': {}}"), "repeated at version: ");
    expect_start(talk_fails(&t, tact_simulate, "{'placement': 'heroo'}"), "unknown_placement at placement: ");
    expect_start(talk_fails(&t, tact_simulate, "{'context': {'devise': 'x'}}"), "unknown_attribute at context.devise");
    expect_start(talk_fails(&t, tact_simulate, "{'sample': -1}"), "bad_value at sample: ");
    const char *said = talk_fails(&t, tact_simulate, "{'files': {'bundle.yaml': 'bundle: shop\\nofers: {}\\n'}}");
    expect_start(said, "bad_bundle at : ");
    expect_in(said, "bundle.yaml:2:1: error: ");
    (void)talk_ask(&t, tact_simulate, "{}"); // whoever failed does not stand in the way
}

static void there_is_one_at_a_time(void **state) {
    (void)state;
    talk_publish(&t, talk_shop);
    atomic_store(&t.engine->simulating, true); // as while somebody is
    expect_start(talk_fails(&t, tact_simulate, "{}"), "overloaded at ");
    assert_int_equal(t.problem.err, TACT_BUSY);
    atomic_store(&t.engine->simulating, false);
    (void)talk_ask(&t, tact_simulate, "{}");
}

static void who_only_reads_lists_and_simulates(void **state) {
    (void)state;
    talk_publish(&t, talk_shop);
    know_some();
    talk_close(&t);
    talk_open(&t, &(const tact_options){.read_only = true});
    assert_int_equal(talk_find(talk_ask(&t, tact_bundles, "{}"), "bundles").len, 1);
    tact_value v = talk_ask(&t, tact_simulate, "{'version': 'shop@1'}");
    assert_int_equal(shown(v, "gold", "count"), PERSONS / 3);
    expect_start(talk_fails(&t, tact_publish, "{'files': " FILES("One") "}"), "read_only at ");
}

int main(void) {
    quick_begin();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_published_as_a_folder_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_may_be_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_cannot_be_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_files_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_client_signs_with_its_own_key, set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_a_signature_is_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_what_is_expected_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(going_back_expects_likewise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_schema_stays_if_something_else_is_active, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_are_listed_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_simulation_says_what_would_be_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_and_versions_are_compared_with_what_is_active, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_simulated_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(there_is_one_at_a_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_only_reads_lists_and_simulates, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
