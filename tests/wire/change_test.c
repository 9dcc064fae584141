// SPDX-License-Identifier: Apache-2.0
//
// Changes as wire/change.h and change_tbl.h have them: what they come to as commands, and what is said of wrong ones.
#include "wire/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "bundle/schema_file.h"
#include "wire/json.h"
#include "wire/msgpack.h"

#define NOW INT64_C(1795860000000) // 2026-11-28T10:00:00Z

static arena memory;
static schema *shop;

static const char shop_text[] = "identities:\n"
                                "  crm:    {unique: true}\n"
                                "  email:  {unique: true, normalize: lowercase}\n"
                                "  cookie: {max: 20}\n"
                                "attributes:\n"
                                "  language:   {type: string, values: [de, en, fr], default: en}\n"
                                "  recency:    {type: int, min: 0, max: 60}\n"
                                "  history:    {type: double, unit: USD}\n"
                                "  tier:       {type: string, sources: [crm, web]}\n"
                                "  tags:       {type: list(string), default: []}\n"
                                "  scores:     {type: list(double)}\n"
                                "  newbie:     {type: bool}\n"
                                "  born:       {type: timestamp}\n"
                                "  patience:   {type: duration}\n"
                                "purposes:\n"
                                "  personalization: {default: granted}\n"
                                "  marketing:       {default: denied}\n"
                                "events:\n"
                                "  page_view: {properties: {category: string}}\n"
                                "  purchase:  {properties: {amount: double, category: string, at: timestamp}}\n";

static int set_up(void **state) {
    (void)state;
    arena_init(&memory, 0);
    tact_str said;
    return (int)schema_file_read(&memory, TACT_STR("shop.yaml"), tact_str_from(shop_text), &shop, &said);
}

static int tear_down(void **state) {
    (void)state;
    arena_fini(&memory);
    return 0;
}

static tact_value json(const char *text) {
    tact_value v;
    tact_error error;
    if (json_read(&memory, tact_str_from(text), &v, &error)) fail_msg("%s: %s", text, error.text);
    return v;
}

// The same from JSON and from MessagePack.
static command read(const char *text) {
    command c = {0}, again = {0};
    tact_error error = {0};
    tact_value v = json(text);
    if (change_read(&memory, shop, v, NOW, &c, &error)) fail_msg("%s: %s", text, error.text);
    assert_int_equal(command_check(&c, shop, NULL), TACT_OK);
    buf packed = buf_in(&memory), one = buf_in(&memory), other = buf_in(&memory);
    assert_int_equal(msgpack_write(&packed, v), TACT_OK);
    assert_int_equal(msgpack_read(&memory, buf_done(&packed), &v, NULL), TACT_OK);
    assert_int_equal(change_read(&memory, shop, v, NOW, &again, NULL), TACT_OK);
    assert_int_equal(command_write(&one, &c), TACT_OK);
    assert_int_equal(command_write(&other, &again), TACT_OK);
    assert_true(tact_str_equal(buf_done(&one), buf_done(&other)));
    return c;
}

static void refuses(const char *text, const char *wanted) {
    command c = {.tally = 4711};
    tact_error error = {0};
    if (!change_read(&memory, shop, json(text), NOW, &c, &error)) fail_msg("%s: it reads", text);
    assert_string_equal(error.text, wanted);
    assert_int_equal(error.code, TACT_INVALID);
    assert_int_equal(c.tally, 4711); // as it was
    assert_int_equal(change_read(&memory, shop, json(text), NOW, &c, NULL), TACT_INVALID);
}

static void assert_identity(const command *c, uint32_t i, const char *space, const char *value) {
    assert_in_range(i, 0, c->identities_count - 1);
    assert_int_equal(c->identities[i].space, schema_find_identity(shop, tact_str_from(space)));
    assert_int_equal(c->identities[i].value.len, strlen(value));
    assert_memory_equal(c->identities[i].value.ptr, value, strlen(value));
}

static const tact_value *value_of(const command *c, int32_t number) {
    for (uint32_t i = 0; i < c->values_count; i++) {
        if (c->values[i].number == number) return &c->values[i].value;
    }
    fail_msg("no value %d", number);
    return NULL;
}

static void assert_set(const command *c, const char *name, const char *cel) {
    tact_value v = *value_of(c, schema_find_attribute(shop, tact_str_from(name)));
    assert_string_equal(tact_value_print(v, &memory).ptr, cel);
}

// ---- What they come to ----------------------------------------------------------------------------------------------

static void set_reads(void **state) {
    (void)state;
    command c = read(
        "{\"set\": {\"language\": \"de\", \"recency\": 3, \"history\": 7, \"tier\": null, \"newbie\": true},"
        " \"person\": {\"crm\": \"4711\"}, \"source\": \"crm\", \"time\": \"2026-11-01T12:00:00.25Z\","
        " \"id\": \"a-1\"}");
    assert_int_equal(c.kind, COMMAND_SET);
    assert_int_equal(c.identities_count, 1);
    assert_identity(&c, 0, "crm", "4711");
    assert_int_equal(c.values_count, 5);
    assert_set(&c, "language", "\"de\"");
    assert_set(&c, "recency", "3");
    assert_set(&c, "history", "7.0"); // an int for a double
    assert_set(&c, "tier", "null");
    assert_set(&c, "newbie", "true");
    assert_int_equal(c.source, schema_find_source(shop, TACT_STR("crm")));
    assert_int_equal(c.time_ms, INT64_C(1793534400250));
    assert_true(tact_str_equal(c.id, TACT_STR("a-1")));
}

static void what_is_left_out_has_a_default(void **state) {
    (void)state;
    command c = read("{\"set\": {\"recency\": 3}, \"person\": {\"crm\": \"1\"}}");
    assert_int_equal(c.time_ms, NOW);
    assert_int_equal(c.source, SCHEMA_SOURCE_NONE);
    assert_int_equal(c.id.len, 0);
}

static void texts_stand_for_times_and_durations(void **state) {
    (void)state;
    command c = read("{\"set\": {\"born\": \"1990-05-01T00:00:00Z\", \"patience\": \"1d12h\", \"scores\": [1, 2.5],"
                     " \"tags\": [\"a\", \"b\"]}, \"person\": {\"crm\": 1}}");
    assert_set(&c, "born", "timestamp(\"1990-05-01T00:00:00Z\")");
    assert_set(&c, "patience", "duration(\"129600s\")");
    assert_set(&c, "scores", "[1.0, 2.5]");
    assert_set(&c, "tags", "[\"a\", \"b\"]");
    // And values of their own kinds, which JSON has not.
    value_entry values[] = {{tact_string("born", 4), tact_timestamp(5, 0)},
                            {tact_string("patience", 8), tact_duration(1500000000)}};
    value_entry person = {tact_string("crm", 3), tact_int(1)};
    value_entry change[] = {{tact_string("set", 3), value_map(&memory, values, 2)},
                            {tact_string("person", 6), value_map(&memory, &person, 1)},
                            {tact_string("time", 4), tact_timestamp(60, 999999)}};
    assert_int_equal(change_read(&memory, shop, value_map(&memory, change, 3), NOW, &c, NULL), TACT_OK);
    assert_set(&c, "born", "timestamp(\"1970-01-01T00:00:05Z\")");
    assert_set(&c, "patience", "duration(\"1.5s\")");
    assert_int_equal(c.time_ms, 60000);
}

static void event_reads(void **state) {
    (void)state;
    command c = read("{\"event\": \"purchase\", \"properties\": {\"amount\": 12, \"category\": null,"
                     " \"at\": \"2026-11-28T09:00:00+01:00\"}, \"channel\": \"web\","
                     " \"person\": {\"cookie\": \"7f3\"}}");
    assert_int_equal(c.kind, COMMAND_EVENT);
    int32_t purchase = schema_find_event(shop, TACT_STR("purchase"));
    assert_int_equal(c.event, purchase);
    assert_true(tact_str_equal(c.channel, TACT_STR("web")));
    assert_int_equal(c.values_count, 2); // null is none
    const schema_event *e = &shop->events[purchase];
    tact_value amount = *value_of(&c, schema_find_property(e, TACT_STR("amount")));
    tact_value at = *value_of(&c, schema_find_property(e, TACT_STR("at")));
    assert_true(amount.kind == TACT_DOUBLE && tact_value_equal(amount, tact_double(12.0)));
    assert_true(tact_value_equal(at, tact_timestamp(NOW / 1000 - 7200, 0)));
    c = read("{\"event\": \"page_view\", \"person\": {\"cookie\": \"7f3\"}}");
    assert_int_equal(c.values_count, 0);
    assert_int_equal(c.channel.len, 0);
}

static void consent_reads(void **state) {
    (void)state;
    command c = read("{\"consent\": {\"marketing\": \"granted\", \"personalization\": \"denied\"},"
                     " \"expires\": \"2027-11-28T10:00:00Z\", \"person\": {\"email\": \"A@B.c\"}}");
    assert_int_equal(c.kind, COMMAND_CONSENT);
    assert_identity(&c, 0, "email", "a@b.c"); // normalised
    assert_int_equal(c.consents_count, 2);
    assert_int_equal(c.consents[0].purpose, schema_find_purpose(shop, TACT_STR("marketing")));
    assert_int_equal(c.consents[0].state, CONSENT_GRANTED);
    assert_int_equal(c.consents[1].state, CONSENT_DENIED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(c.consents[i].expires_ms, NOW + INT64_C(365) * 86400000);
        assert_true(c.consents[i].explicit_);
    }
    c = read("{\"consent\": {\"marketing\": \"unset\"}, \"explicit\": false, \"person\": {\"crm\": \"1\"}}");
    assert_int_equal(c.consents[0].state, CONSENT_UNSET);
    assert_int_equal(c.consents[0].expires_ms, 0);
    assert_false(c.consents[0].explicit_);
    c = read("{\"consent\": {\"marketing\": \"granted\"}, \"expires\": \"1970-01-01T00:00:00Z\","
             " \"person\": {\"crm\": \"1\"}}");
    assert_int_not_equal(c.consents[0].expires_ms, 0); // long over, and not without an end
}

static void identities_read(void **state) {
    (void)state;
    command c = read("{\"link\": {\"crm\": 4711, \"email\": \"A@B.C\", \"cookie\": [\"x\", \"y\", \"x\"]}}");
    assert_int_equal(c.kind, COMMAND_LINK);
    assert_int_equal(c.identities_count, 4);
    assert_identity(&c, 0, "crm", "4711");
    assert_identity(&c, 1, "email", "a@b.c");
    assert_identity(&c, 2, "cookie", "x");
    assert_identity(&c, 3, "cookie", "y");
    c = read("{\"link\": {\"email\": \"a@b.c\"}, \"person\": {\"crm\": \"4711\"}}"); // those of person come first
    assert_int_equal(c.identities_count, 2);
    assert_identity(&c, 0, "crm", "4711");
    assert_identity(&c, 1, "email", "a@b.c");
    c = read("{\"link\": true, \"person\": {\"crm\": \"1\", \"cookie\": \"x\"}}");
    assert_int_equal(c.identities_count, 2);
    c = read("{\"unlink\": {\"email\": \"a@b.c\"}}");
    assert_int_equal(c.kind, COMMAND_UNLINK);
    assert_int_equal(c.identities_count, 1);
    c = read("{\"erase\": {\"email\": \"a@b.c\"}, \"id\": \"e1\"}");
    assert_int_equal(c.kind, COMMAND_ERASE);
    c = read("{\"erase\": true, \"person\": {\"crm\": \"1\"}}");
    assert_int_equal(c.kind, COMMAND_ERASE);
    assert_identity(&c, 0, "crm", "1");
}

// ---- What is said of wrong ones -------------------------------------------------------------------------------------

#define WHO ", \"person\": {\"crm\": \"1\"}}"

static void names_are_refused_with_the_nearest(void **state) {
    (void)state;
    refuses("{\"set\": {\"recencey\": 3}" WHO,
            "set.recencey: the schema has no attribute `recencey`; did you mean `recency`?");
    refuses("{\"set\": {\"zzz\": 3}" WHO, "set.zzz: the schema has no attribute `zzz`");
    refuses("{\"evnt\": \"purchase\"" WHO, "evnt: a change has no such key; did you mean `event`?");
    refuses("{\"xyzzy\": 1" WHO, "xyzzy: a change has no such key");
    refuses("{\"event\": \"purchse\"" WHO, "event: the schema has no event `purchse`; did you mean `purchase`?");
    refuses("{\"event\": \"purchase\", \"properties\": {\"ammount\": 1}" WHO,
            "properties.ammount: the schema has no property of `purchase` called `ammount`; did you mean `amount`?");
    refuses("{\"consent\": {\"marketting\": \"granted\"}" WHO,
            "consent.marketting: the schema has no purpose `marketting`; did you mean `marketing`?");
    refuses("{\"set\": {\"recency\": 3}, \"person\": {\"emial\": \"a@b.c\"}}",
            "person.emial: the schema has no identity `emial`; did you mean `email`?");
    refuses("{\"link\": {\"crm\": 1, \"cokie\": \"a\"}}",
            "link.cokie: the schema has no identity `cokie`; did you mean `cookie`?");
    refuses("{\"set\": {\"recency\": 3}, \"source\": \"crn\"" WHO,
            "source: the schema has no source `crn`; did you mean `crm`?");
    refuses("{\"set\": {\"a\\nb\\u001b[2J\": 3}" WHO,
            "set.a\uFFFDb\uFFFD[2J: the schema has no attribute `a\uFFFDb\uFFFD[2J`");
}

static void values_are_refused_with_their_place(void **state) {
    (void)state;
    refuses("{\"set\": {\"recency\": \"3\"}" WHO, "set.recency: expected a value of type int, got string");
    refuses("{\"set\": {\"recency\": 3.0}" WHO, "set.recency: expected a value of type int, got double");
    refuses("{\"set\": {\"recency\": -1}" WHO, "set.recency: less than its min");
    refuses("{\"set\": {\"recency\": 61}" WHO, "set.recency: more than its max");
    refuses("{\"set\": {\"language\": \"nl\"}" WHO, "set.language: \"nl\" is not one of its values");
    refuses("{\"set\": {\"tags\": \"vip\"}" WHO, "set.tags: expected a value of type list(string), got string");
    refuses("{\"set\": {\"tags\": [\"vip\", 3]}" WHO, "set.tags: expected a value of type string, got int");
    refuses("{\"set\": {\"born\": \"yesterday\"}" WHO,
            "set.born: \"yesterday\" is no time such as \"2026-12-01T10:00:00Z\"");
    refuses("{\"set\": {\"patience\": \"long\"}" WHO,
            "set.patience: \"long\" is no duration such as \"90d\" or \"1h30m\"");
    refuses("{\"event\": \"purchase\", \"properties\": {\"amount\": \"12\"}" WHO,
            "properties.amount: expected a value of type double, got string");
    refuses("{\"consent\": {\"marketing\": \"yes\"}" WHO,
            "consent.marketing: expected \"granted\", \"denied\" or \"unset\", got \"yes\"");
    refuses("{\"consent\": {\"marketing\": true}" WHO,
            "consent.marketing: expected \"granted\", \"denied\" or \"unset\", got bool");
    refuses("{\"set\": {\"recency\": 3}, \"person\": {\"email\": \"\"}}", "person.email: the identity is empty");
    refuses("{\"set\": {\"recency\": 3}, \"person\": {\"email\": true}}",
            "person.email: expected a text or a whole number, got bool");
    refuses("{\"set\": {\"recency\": 3}, \"time\": \"2026-13-01T10:00:00Z\"" WHO,
            "time: \"2026-13-01T10:00:00Z\" is no time such as \"2026-12-01T10:00:00Z\"");
    refuses("{\"set\": {\"recency\": 3}, \"time\": \"1969-12-31T23:59:59.5Z\"" WHO, "time: it is before 1970");
    refuses("{\"set\": {\"recency\": 3}, \"time\": 1795860000" WHO,
            "time: expected a time such as \"2026-12-01T10:00:00Z\", got int");
    char *id = arena_printf(&memory, "{\"set\": {\"recency\": 3}, \"id\": \"%065d\"" WHO, 1);
    refuses(id, "set: its id is too long");
    char *email = arena_printf(&memory, "{\"erase\": {\"email\": \"%0481d\"}}", 1);
    refuses(email, "erase.email: the identity is longer than 480 bytes");
}

static void shapes_are_refused(void **state) {
    (void)state;
    refuses("[1]", "a change is an object, {\"set\": {…}, \"person\": {…}}; got list");
    refuses("{}", "a change has one of the keys set, event, consent, link, unlink, erase");
    refuses("{\"person\": {\"crm\": \"1\"}}", "a change has one of the keys set, event, consent, link, unlink, erase");
    refuses("{\"event\": \"purchase\", \"set\": {\"recency\": 1}" WHO,
            "event: a change does one thing, and this one does `set` already");
    refuses("{\"set\": {\"recency\": 1}}", "person: whom is it about? {\"person\": {\"email\": \"a@b.c\"}}");
    refuses("{\"set\": {\"recency\": 1}, \"person\": {}}",
            "person: whom is it about? {\"person\": {\"email\": \"a@b.c\"}}");
    refuses("{\"erase\": true}", "person: whom is it about? {\"person\": {\"email\": \"a@b.c\"}}");
    refuses("{\"set\": {}" WHO, "set: it sets nothing");
    refuses("{\"consent\": {}" WHO, "consent: it names no purpose");
    refuses("{\"set\": [1]" WHO, "set: expected an object, {\"name\": value}, got list");
    refuses("{\"event\": {\"purchase\": 1}" WHO, "event: expected a text, got map");
    refuses(
        "{\"erase\": false" WHO,
        "erase: expected an object of identities, {\"email\": \"a@b.c\"}, or true if `person` names them, got bool");
    refuses("{\"set\": {\"recency\": 1}, \"channel\": \"web\"" WHO, "channel: it does not go with `set`");
    refuses("{\"event\": \"purchase\", \"explicit\": true" WHO, "explicit: it does not go with `event`");
    refuses("{\"set\": {\"recency\": 1}, \"properties\": {\"amount\": 1}" WHO, "properties: it does not go with `set`");
    refuses("{\"set\": {\"recency\": 1}, \"id\": 17" WHO, "id: expected a text or bytes, got int");
    refuses("{\"link\": {\"crm\": \"1\"}}", "link: it links one identity with nothing");
    refuses("{\"unlink\": {\"crm\": \"1\", \"email\": \"a@b.c\"}}", "unlink: it names more than one identity");
    refuses("{\"erase\": {\"email\": \"a@b.c\"}" WHO, "erase: it names more than one identity");
    refuses("{\"link\": {\"cookie\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}}",
            "link.cookie: a change names at most 16 identities");
}

static void only_events_lie_in_the_future(void **state) {
    (void)state;
    refuses("{\"set\": {\"recency\": 1}, \"time\": \"2100-01-01T00:00:00Z\"" WHO,
            "time: it is ahead of the clock; only events may lie in the future");
    refuses("{\"consent\": {\"marketing\": \"granted\"}, \"time\": \"2100-01-01T00:00:00Z\"" WHO,
            "time: it is ahead of the clock; only events may lie in the future");
    refuses("{\"erase\": {\"crm\": 1}, \"time\": \"2100-01-01T00:00:00Z\"}",
            "time: it is ahead of the clock; only events may lie in the future");
    // Of clocks that differ a little; a consent is not taken for the later one by it.
    command c = read("{\"set\": {\"recency\": 1}, \"time\": \"2026-11-28T10:30:00Z\"" WHO);
    assert_int_equal(c.time_ms, NOW + 1800000);
    c = read("{\"consent\": {\"marketing\": \"granted\"}, \"time\": \"2026-11-28T10:30:00Z\"" WHO);
    assert_int_equal(c.time_ms, NOW);
    c = read("{\"consent\": {\"marketing\": \"granted\"}, \"time\": \"2026-11-28T09:30:00Z\"" WHO);
    assert_int_equal(c.time_ms, NOW - 1800000);
    c = read("{\"event\": \"purchase\", \"time\": \"2100-01-01T00:00:00Z\"" WHO);
    assert_int_equal(c.time_ms, INT64_C(4102444800000));
}

static void retired_members_are_unknown(void **state) {
    (void)state;
    schema *next, *less;
    tact_str said;
    static const char text[] = "identities: {crm: {}}\nattributes: {language: {type: string}}\n";
    assert_int_equal(schema_file_read(&memory, TACT_STR("less.yaml"), tact_str_from(text), &less, &said), TACT_OK);
    schema *before = shop;
    tact_error error;
    if (schema_evolve(&memory, before, less, &next, &error)) fail_msg("%s", error.text);
    shop = next;
    refuses("{\"set\": {\"recency\": 1}" WHO, "set.recency: the schema has no attribute `recency`");
    refuses("{\"erase\": {\"email\": \"a@b.c\"}}", "erase.email: the schema has no identity `email`");
    shop = before;
}

static void memory_runs_out_cleanly(void **state) {
    (void)state;
    tact_value v = json(
        "{\"event\": \"purchase\", \"properties\": {\"amount\": 12}, \"person\": {\"email\": \"A@b.c\"}}");
    bool done = false;
    for (size_t room = 1; !done; room += 16) {
        arena small;
        arena_init(&small, room);
        command c;
        tact_error error;
        tact_err err = change_read(&small, shop, v, NOW, &c, &error);
        if (err) assert_int_equal(err, TACT_NO_MEMORY);
        done = err == TACT_OK;
        arena_fini(&small);
        assert_in_range(room, 0, 100000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_reads),
        cmocka_unit_test(what_is_left_out_has_a_default),
        cmocka_unit_test(texts_stand_for_times_and_durations),
        cmocka_unit_test(event_reads),
        cmocka_unit_test(consent_reads),
        cmocka_unit_test(identities_read),
        cmocka_unit_test(names_are_refused_with_the_nearest),
        cmocka_unit_test(values_are_refused_with_their_place),
        cmocka_unit_test(shapes_are_refused),
        cmocka_unit_test(only_events_lie_in_the_future),
        cmocka_unit_test(retired_members_are_unknown),
        cmocka_unit_test(memory_runs_out_cleanly),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
