// SPDX-License-Identifier: Apache-2.0
//
// An export has everything that is held of a person, from every identity, with where it came from and when.
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "folder.h"
#include "shop.h"
#include "store/store.h"
#include "value/value.h"

#include <cmocka.h>

static tact_value at(tact_value map, const char *name) {
    assert_int_equal(map.kind, TACT_MAP);
    const tact_value *v = tact_map_get(map, tact_string(name, strlen(name)));
    if (!v) fail_msg("there is no %s", name);
    return *v;
}

static void an_export_has_all_with_sources_and_times(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = NULL;
    assert_int_equal(store_open(&a, f.path, &(store_options){.schema = shop_schema(&a)}, &s, NULL), 0);
    const command_identity pair[] = {{SHOP_CRM, TACT_STR("1")}, {SHOP_EMAIL, TACT_STR("a@b")}};
    const command_value amount = {0, tact_double(9.5)}, name = {SHOP_FIRST_NAME, tact_string("Ann", 3)};
    const command_consent consent = {SHOP_MARKETING, CONSENT_GRANTED, true, SHOP_NOW + 5};
    const command base = {.time_ms = SHOP_NOW, .source = SHOP_SOURCE_WEB, .identities = pair, .identities_count = 2};
    command c[4] = {base, base, base, base};
    writer_result results[4];
    c[0].kind = COMMAND_EVENT, c[0].event = SHOP_PURCHASE, c[0].values = &amount, c[0].values_count = 1;
    c[1].kind = COMMAND_SET, c[1].values = &name, c[1].values_count = 1;
    c[2].kind = COMMAND_CONSENT, c[2].consents = &consent, c[2].consents_count = 1;
    c[3].kind = COMMAND_COUNT, c[3].tally = 77, c[3].keep = 3, c[3].everyone = true;
    assert_int_equal(store_record(s, c, 4, results, NULL), 0);
    for (int i = 0; i < 4; i++) assert_int_equal(results[i].code, 0);
    store_reader r;
    tact_value all;
    tact_error error = {.text = ""};
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    if (store_export(&r, &a, 2, SHOP_NOW, &all, &error)) fail_msg("%s", error.text); // an id it once had
    assert_int_equal(store_export(&r, &a, 3, SHOP_NOW, &(tact_value){0}, &error), TACT_NOT_FOUND);
    uint64_t count;
    assert_int_equal(store_count(&r, 77, SHOP_NOW, SHOP_NOW, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(store_lost(s), 0);
    store_reader_close(&r);
    store_close(s);
    assert_int_equal(at(all, "person").as.u, 1);
    assert_int_equal(at(all, "identities").len, 2);
    assert_true(tact_value_equal(at(at(all, "identities").as.items[1], "identity"), tact_string("email:a@b", 9)));
    tact_value fact = at(all, "attributes").as.items[0];
    assert_true(tact_value_equal(at(fact, "name"), tact_string("first_name", 10)));
    assert_true(tact_value_equal(at(fact, "value"), tact_string("Ann", 3)));
    assert_true(tact_value_equal(at(fact, "source"), tact_string("web", 3)));
    assert_true(tact_value_equal(at(fact, "time"), tact_timestamp(SHOP_NOW / 1000, 0)));
    assert_true(tact_value_equal(at(at(all, "consents").as.items[0], "state"), tact_string("granted", 7)));
    tact_value event = at(all, "events").as.items[0];
    assert_true(tact_value_equal(at(event, "name"), tact_string("purchase", 8)));
    assert_true(tact_value_equal(at(at(event, "properties"), "amount"), tact_double(9.5)));
    assert_true(tact_value_equal(at(at(all, "aggregates"), "purchases_90d"), tact_int(1)));
    assert_int_equal(at(at(all, "counters").as.items[0], "times").len, 1);
    folder_remove(&f);
    arena_fini(&a);
}

static command event_of(const command_identity *whom, int64_t time_ms, uint32_t count) {
    return (command){.kind = COMMAND_EVENT,
                     .event = SHOP_PURCHASE,
                     .time_ms = time_ms,
                     .source = SCHEMA_SOURCE_NONE,
                     .identities = whom,
                     .identities_count = count};
}

// What came by two identities, out of order, before they were one person's.
static void histories_interleave_by_time(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new();
    store *s = NULL;
    assert_int_equal(store_open(&a, f.path, &(store_options){.schema = shop_schema(&a)}, &s, NULL), 0);
    static const command_identity pair[] = {{SHOP_CRM, TACT_STR("1")}, {SHOP_EMAIL, TACT_STR("a@b")}};
    static const struct { int identity, minutes; } rows[] = {{0, 5}, {1, 2}, {1, 4}, {0, 1}, {0, 3}, {1, 3}};
    enum { ROWS = sizeof rows / sizeof *rows };
    command c[2 * ROWS + 1];
    writer_result results[2 * ROWS + 1];
    const command_consent consent = {SHOP_MARKETING, CONSENT_GRANTED, true, 0};
    for (int i = 0; i < ROWS; i++) {
        c[i] = event_of(&pair[rows[i].identity], SHOP_NOW + rows[i].minutes * 60000, 1);
        c[ROWS + i] = c[i];
        c[ROWS + i].kind = COMMAND_CONSENT, c[ROWS + i].consents = &consent, c[ROWS + i].consents_count = 1;
    }
    c[2 * ROWS] = event_of(pair, SHOP_NOW, 2); // the last to come, and the first to have happened
    assert_int_equal(store_record(s, c, 2 * ROWS + 1, results, NULL), 0);
    for (int i = 0; i < 2 * ROWS + 1; i++) assert_int_equal(results[i].code, 0);
    store_reader r;
    tact_value all;
    assert_int_equal(store_reader_open(s, &r, NULL), 0);
    assert_int_equal(store_export(&r, &a, 1, SHOP_NOW, &all, NULL), 0);
    store_reader_close(&r);
    store_close(s);
    static const char wanted[] = "0c 1c 2e 3c 3e 4e 5c"; // minute and identity
    char got[2][64] = {{0}};
    static const char *const names[] = {"events", "consents"};
    for (int k = 0; k < 2; k++) {
        tact_value list = at(all, names[k]);
        for (uint32_t i = 0; i < list.len; i++) {
            char *end = got[k] + strlen(got[k]);
            snprintf(end, 16, "%s%d%c", i ? " " : "", (int)(at(list.as.items[i], "time").as.i - SHOP_NOW / 1000) / 60,
                     value_str(at(list.as.items[i], "identity")).ptr[0]);
        }
    }
    assert_string_equal(got[0], wanted);
    assert_string_equal(got[1], wanted + 3); // nothing was said at the beginning
    folder_remove(&f);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_export_has_all_with_sources_and_times),
        cmocka_unit_test(histories_interleave_by_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
