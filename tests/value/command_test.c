// SPDX-License-Identifier: Apache-2.0
//
// Commands: their bytes, their bounds, and what a schema says of them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "value/command.h"

static arena memory;
static tact_error error;

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

// What a schema must have for the commands below. Of each kind of member the last is retired.
static const schema *example(void) {
    static const schema_property properties[] = {{.name = {"amount", 6}, .type = &type_double},
                                                 {.name = {"category", 8}, .type = &type_string},
                                                 {.name = {"old", 3}, .type = &type_int, .retired = true}};
    const schema_identity identities[] = {{.name = TACT_STR("crm"), .unique = true},
                                          {.name = TACT_STR("email"), .normalize = SCHEMA_LOWERCASE | SCHEMA_TRIM},
                                          {.name = TACT_STR("fax"), .retired = true}};
    const schema_event events[] = {{TACT_STR("purchase"), properties, 3, false}, {TACT_STR("call"), NULL, 0, true}};
    const schema_purpose purposes[] = {{.name = TACT_STR("marketing")}, {.name = TACT_STR("gone"), .retired = true}};
    const tact_value values[] = {tact_string("gold", 4), tact_string("blue", 4)};
    const schema_attribute attributes[] = {
        {.name = TACT_STR("tier"), .type = &type_string, .purpose = -1, .allowed = values, .allowed_count = 2},
        {.name = TACT_STR("recency"), .type = &type_int, .purpose = -1, .has_min = true, .min = tact_int(0)},
        {.name = TACT_STR("history"), .type = &type_double, .purpose = -1},
        {.name = TACT_STR("tags"), .type = type_list(NULL, &type_string), .purpose = -1},
        {.name = TACT_STR("old"), .type = &type_int, .purpose = -1, .retired = true},
    };
    schema *s = schema_new(&memory);
    for (int i = 0; i < 3; i++) assert_int_equal(schema_add_identity(s, &identities[i], &error), TACT_OK);
    for (int i = 0; i < 2; i++) assert_int_equal(schema_add_event(s, &events[i], &error), TACT_OK);
    for (int i = 0; i < 2; i++) assert_int_equal(schema_add_purpose(s, &purposes[i], &error), TACT_OK);
    for (int i = 0; i < 5; i++) assert_int_equal(schema_add_attribute(s, &attributes[i], &error), TACT_OK);
    assert_int_equal(schema_source(s, TACT_STR("web"), &error), 0);
    return s;
}

static const command_identity crm = {0, {"4711", 4}}, email = {1, {"a@b.c", 5}};
static const command_identity both[] = {{0, {"4711", 4}}, {1, {"a@b.c", 5}}};

// A command of one kind, with an identity and no more.
static command bare(command_kind kind) {
    return (command){
        .kind = kind, .time_ms = 1000, .source = SCHEMA_SOURCE_NONE, .identities = &crm, .identities_count = 1};
}

static tact_str bytes_of(const command *c) {
    buf out = buf_in(&memory);
    assert_int_equal(command_write(&out, c), TACT_OK);
    return buf_done(&out);
}

// ---- Golden bytes ---------------------------------------------------------------------------------------------------

// By hand after the drawing in command.c. They never change: commands are stored and sent.
static void test_golden_bytes(void **state) {
    (void)state;
    const command_value set[] = {{0, tact_string("gold", 4)}, {300, tact_null()}}, event[] = {{0, tact_double(1.5)}};
    const command_consent consents[] = {{0, CONSENT_GRANTED, true, 0}, {1, CONSENT_DENIED, false, 300}};
    struct {
        command c;
        const char *bytes;
        size_t len;
    } rows[] = {
#define ROW(KIND, literal) {bare(COMMAND_##KIND), literal, sizeof(literal) - 1}
        ROW(SET, "\1\0\2id\xe8\7\0\1\0\0044711\2\0\6\4gold\xac\2\0"),
        ROW(EVENT, "\1\1\0\xe8\7\xff\1\0\0044711\xac\2\3web\1\0\5\0\0\0\0\0\0\xf8\x3f"),
        ROW(CONSENT, "\1\2\0\xe8\7\xff\1\0\0044711\2\0\6\0\1\1\xac\2"),
        ROW(LINK, "\1\3\0\xe8\7\xff\2\0\0044711\1\5a@b.c"),
        ROW(UNLINK, "\1\4\0\xe8\7\xff\1\0\0044711"),
        ROW(ERASE, "\1\5\0\xe8\7\xff\1\0\0044711"),
        ROW(COUNT, "\1\6\0\xe8\7\xff\1\0\0044711\xac\2\7"),
        ROW(SWEEP, "\1\7\0\xe8\7\xff\0\xac\2\0\1"),
#undef ROW
    };
    rows[0].c.id = TACT_STR("id");
    rows[0].c.source = 0;
    rows[0].c.values = set;
    rows[0].c.values_count = 2;
    rows[1].c.event = 300;
    rows[1].c.channel = TACT_STR("web");
    rows[1].c.values = event;
    rows[1].c.values_count = 1;
    rows[2].c.consents = consents;
    rows[2].c.consents_count = 2;
    rows[3].c.identities = both;
    rows[3].c.identities_count = 2;
    rows[6].c.tally = 300;
    rows[6].c.keep = 3;
    rows[6].c.everyone = true;
    rows[7].c.identities_count = 0;
    rows[7].c.limits = (command_limits){300, 0, 1};
    assert_int_equal(sizeof rows / sizeof *rows, COMMAND_KINDS);
    for (size_t i = 0; i < COMMAND_KINDS; i++) {
        assert_int_equal(rows[i].c.kind, i);
        tact_str bytes = bytes_of(&rows[i].c);
        assert_int_equal(bytes.len, rows[i].len);
        assert_memory_equal(bytes.ptr, rows[i].bytes, bytes.len);
        command back;
        if (command_read(&memory, bytes, &back, &error)) fail_msg("%s", error.text);
        assert_true(tact_str_equal(bytes_of(&back), bytes));
        assert_int_equal(back.kind, i);
        assert_int_equal(back.time_ms, 1000);
        assert_int_equal(back.identities_count, rows[i].c.identities_count);
        if (i != COMMAND_SWEEP) assert_true(tact_str_equal(back.identities[0].value, TACT_STR("4711")));
        for (size_t len = 0; len < bytes.len; len++) { // cut short anywhere
            assert_int_equal(command_read(&memory, (tact_str){bytes.ptr, len}, &back, NULL), TACT_INVALID);
        }
    }
    assert_string_equal(command_kind_name(COMMAND_UNLINK), "unlink");
    assert_string_equal(command_kind_name(COMMAND_KINDS), "unknown");
}

static void test_all_that_was_written_is_read(void **state) {
    (void)state;
    const command_consent consents[] = {{7, CONSENT_DENIED, true, 99}};
    command c = bare(COMMAND_CONSENT), back;
    c.consents = consents;
    c.consents_count = 1;
    assert_int_equal(command_read(&memory, bytes_of(&c), &back, &error), TACT_OK);
    assert_int_equal(back.consents_count, 1);
    assert_int_equal(back.consents[0].purpose, 7);
    assert_int_equal(back.consents[0].state, CONSENT_DENIED);
    assert_true(back.consents[0].explicit_);
    assert_int_equal(back.consents[0].expires_ms, 99);
    c = bare(COMMAND_COUNT);
    c.tally = UINT64_MAX;
    c.keep = COMMAND_KEEP_MAX;
    assert_int_equal(command_read(&memory, bytes_of(&c), &back, &error), TACT_OK);
    assert_int_equal(back.tally, UINT64_MAX);
    assert_int_equal(back.keep, COMMAND_KEEP_MAX);
    assert_false(back.everyone);
    assert_int_equal(back.source, SCHEMA_SOURCE_NONE);
}

// What a kind does not have is not written.
static void test_other_fields_do_not_matter(void **state) {
    (void)state;
    command a = bare(COMMAND_ERASE), b = a;
    b.event = 3;
    b.channel = TACT_STR("web");
    b.keep = 5;
    b.tally = 9;
    assert_true(tact_str_equal(bytes_of(&a), bytes_of(&b)));
}

// ---- Bounds ---------------------------------------------------------------------------------------------------------

// Both the check and, where the bytes can be written at all, reading them says so; `text` NULL: it is well.
static void says(const command *c, const schema *s, const char *text) {
    tact_err err = command_check(c, s, &error);
    if (!text) {
        if (err) fail_msg("%s", error.text);
    } else {
        assert_int_equal(err, TACT_INVALID);
        assert_string_equal(error.text, text);
        assert_int_equal(command_check(c, s, NULL), TACT_INVALID);
    }
}

static void out_of_bounds(const command *c, const schema *s, const char *text) {
    says(c, s, text);
    buf out = buf_in(&memory);
    command back;
    if (command_write(&out, c) == TACT_OK) {
        assert_int_equal(command_read(&memory, buf_done(&out), &back, &error), TACT_INVALID);
    }
}

static void test_bounds_of_every_command(void **state) {
    (void)state;
    const schema *s = example();
    char text[COMMAND_IDENTITY_MAX + 1];
    memset(text, 'x', sizeof text);
    command c = bare(COMMAND_ERASE);
    says(&c, s, NULL);
    c.kind = COMMAND_KINDS;
    out_of_bounds(&c, s, "it is of an unknown kind");
    c = bare(COMMAND_ERASE);
    c.id = (tact_str){text, COMMAND_ID_MAX};
    says(&c, s, NULL);
    c.id.len++;
    out_of_bounds(&c, s, "its id is too long");
    c = bare(COMMAND_ERASE);
    c.time_ms = COMMAND_TIME_MAX_MS;
    says(&c, s, NULL);
    c.time_ms++;
    out_of_bounds(&c, s, "its time is before 1970, or after the year 9999");
    c.time_ms = -1;
    out_of_bounds(&c, s, "its time is before 1970, or after the year 9999");
    c = bare(COMMAND_ERASE);
    c.source = SCHEMA_SOURCES_MAX;
    out_of_bounds(&c, s, "there is no source of its number");
    c.source = 0;
    says(&c, s, NULL);
    c.source = 1;
    says(&c, s, "there is no source of its number");
}

static void test_bounds_of_texts_and_ages(void **state) {
    (void)state;
    const schema *s = example();
    char text[COMMAND_TEXT_MAX + 1];
    memset(text, 'x', sizeof text);
    command_value value = {1, tact_string(text, COMMAND_TEXT_MAX)};
    command c = bare(COMMAND_EVENT);
    c.values = &value;
    c.values_count = 1;
    says(&c, s, NULL);
    value.value.len++;
    out_of_bounds(&c, s, "a text is longer than 2,048 bytes");
    const tact_value item = value.value;
    c.kind = COMMAND_SET;
    value = (command_value){3, tact_list(&item, 1)};
    out_of_bounds(&c, s, "a text is longer than 2,048 bytes");
    c = bare(COMMAND_SWEEP);
    out_of_bounds(&c, s, "it names an identity, and is about none");
    c.identities_count = 0;
    says(&c, s, NULL);
    c.limits = (command_limits){SCHEMA_SPAN_MAX_MS, SCHEMA_SPAN_MAX_MS, SCHEMA_SPAN_MAX_MS};
    says(&c, s, NULL);
    int64_t *ages[] = {&c.limits.history_age_ms, &c.limits.seen_age_ms, &c.limits.count_age_ms};
    for (int i = 0; i < 3; i++) {
        *ages[i] = SCHEMA_SPAN_MAX_MS + 1;
        out_of_bounds(&c, s, "an age is below 0, or more than a hundred years");
        *ages[i] = -1;
        says(&c, s, "an age is below 0, or more than a hundred years");
        *ages[i] = 0;
    }
}

static void test_bounds_of_identities(void **state) {
    (void)state;
    const schema *s = example();
    char text[COMMAND_IDENTITY_MAX + 1];
    memset(text, 'x', sizeof text);
    command c = bare(COMMAND_ERASE);
    c.identities_count = 0;
    out_of_bounds(&c, s, "it names no identity");
    c.identities = both;
    c.identities_count = 2;
    out_of_bounds(&c, s, "it names more than one identity");
    c.kind = COMMAND_UNLINK;
    out_of_bounds(&c, s, "it names more than one identity");
    c.kind = COMMAND_LINK;
    says(&c, s, NULL);
    c.identities_count = 1;
    out_of_bounds(&c, s, "it links one identity with nothing");
    command_identity many[COMMAND_IDENTITIES_MAX + 1];
    for (int i = 0; i <= COMMAND_IDENTITIES_MAX; i++) {
        const char *value = arena_printf(&memory, "c%d", i);
        many[i] = (command_identity){0, tact_str_from(value)};
    }
    c.identities = many;
    c.identities_count = COMMAND_IDENTITIES_MAX;
    says(&c, s, NULL);
    c.identities_count++;
    out_of_bounds(&c, s, "it names too many identities");
    c.identities_count = 2;
    many[1] = many[0];
    out_of_bounds(&c, s, "it names an identity twice");
    c = bare(COMMAND_ERASE);
    command_identity one = {0, {text, COMMAND_IDENTITY_MAX}};
    c.identities = &one;
    says(&c, s, NULL);
    one.value.len++;
    out_of_bounds(&c, s, "an identity is too long");
    one.value = TACT_STR("");
    out_of_bounds(&c, s, "an identity is empty");
    one.value = TACT_STR("\xff");
    out_of_bounds(&c, s, "an identity is not UTF-8");
    one = (command_identity){3, TACT_STR("x")};
    says(&c, s, "there is no identity of its number");
    one.space = 2;
    says(&c, s, NULL); // whoever is known by it may be erased
    const command_identity linked[] = {{0, TACT_STR("x")}, one};
    command link = bare(COMMAND_LINK);
    link.identities = linked;
    link.identities_count = 2;
    says(&link, s, "identity `fax` is retired");
    one = (command_identity){1, TACT_STR("A@b.c")};
    says(&c, s, "identity `email`: the value is not normalised");
    one.value = TACT_STR("a@b.c ");
    says(&c, s, "identity `email`: the value is not normalised");
    c.identities = &email;
    says(&c, s, NULL);
}

static void test_bounds_of_sets(void **state) {
    (void)state;
    const schema *s = example();
    const tact_value tags[] = {tact_string("a", 1)}, odd[] = {tact_int(1)};
    const struct {
        command_value value;
        const char *says;
    } rows[] = {
        {{0, tact_string("gold", 4)}, NULL},
        {{0, tact_null()}, NULL},
        {{0, tact_string("green", 5)}, "attribute `tier`: \"green\" is not one of its values"},
        {{0, tact_int(1)}, "attribute `tier`: not a value of type string"},
        {{1, tact_int(0)}, NULL},
        {{1, tact_int(-1)}, "attribute `recency`: less than its min"},
        {{1, tact_double(1)}, "attribute `recency`: not a value of type int"},
        {{2, tact_double(1.5)}, NULL},
        {{2, tact_int(1)}, NULL}, // which stands for 1.0
        {{3, tact_list(tags, 1)}, NULL},
        {{3, tact_list(odd, 1)}, "attribute `tags`: not a value of type list(string)"},
        {{4, tact_int(1)}, "attribute `old` is retired"},
        {{4, tact_null()}, "attribute `old` is retired"},
        {{5, tact_int(1)}, "there is no attribute of its number"},
    };
    command c = bare(COMMAND_SET);
    out_of_bounds(&c, s, "it sets nothing");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        c.values = &rows[i].value;
        c.values_count = 1;
        says(&c, s, rows[i].says);
    }
    command_value many[COMMAND_VALUES_MAX + 1];
    for (int i = 0; i <= COMMAND_VALUES_MAX; i++) many[i] = (command_value){(uint16_t)i, tact_null()};
    c.values = many;
    c.values_count = COMMAND_VALUES_MAX + 1;
    out_of_bounds(&c, s, "it has too many values");
    c.values_count = COMMAND_VALUES_MAX;
    command back;
    assert_int_equal(command_read(&memory, bytes_of(&c), &back, &error), TACT_OK);
    many[1].number = 0;
    out_of_bounds(&c, s, "it has two values for the same member");
    many[1].number = SCHEMA_ATTRIBUTES_MAX;
    out_of_bounds(&c, s, "a value has a number that no member has");
}

static void test_bounds_of_events(void **state) {
    (void)state;
    const schema *s = example();
    char text[COMMAND_CHANNEL_MAX + 1];
    memset(text, 'x', sizeof text);
    const struct {
        command_value value;
        const char *says;
    } rows[] = {
        {{0, tact_double(1)}, NULL},
        {{0, tact_int(1)}, NULL},
        {{0, tact_null()}, "property `purchase.amount`: not a value of type double"},
        {{1, tact_int(1)}, "property `purchase.category`: not a value of type string"},
        {{2, tact_int(1)}, "property `purchase.old` is retired"},
        {{3, tact_int(1)}, "event `purchase` has no property of that number"},
    };
    command c = bare(COMMAND_EVENT);
    says(&c, s, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        c.values = &rows[i].value;
        c.values_count = 1;
        says(&c, s, rows[i].says);
    }
    c = bare(COMMAND_EVENT);
    c.event = 1;
    says(&c, s, "event `call` is retired");
    c.event = 2;
    says(&c, s, "there is no event of its number");
    c.event = 0;
    c.channel = (tact_str){text, COMMAND_CHANNEL_MAX};
    says(&c, s, NULL);
    c.channel.len++;
    out_of_bounds(&c, s, "its channel is too long");
    c.channel = TACT_STR("\xff");
    out_of_bounds(&c, s, "its channel is not UTF-8");
}

static void test_bounds_of_consents_and_counts(void **state) {
    (void)state;
    const schema *s = example();
    command_consent consents[2] = {{.state = CONSENT_GRANTED}, {.state = CONSENT_DENIED}};
    command c = bare(COMMAND_CONSENT);
    out_of_bounds(&c, s, "it names no purpose");
    c.consents = consents;
    c.consents_count = 1;
    says(&c, s, NULL);
    c.consents_count = 2;
    out_of_bounds(&c, s, "it names a purpose twice");
    consents[1].purpose = 1;
    says(&c, s, "purpose `gone` is retired");
    consents[1].purpose = 2;
    says(&c, s, "there is no purpose of its number");
    consents[1].purpose = SCHEMA_PURPOSES_MAX;
    out_of_bounds(&c, s, "a consent has a number that no purpose has");
    consents[1] = (command_consent){1, CONSENT_STATES, false, 0};
    out_of_bounds(&c, s, "a consent is of an unknown state");
    consents[1] = (command_consent){1, CONSENT_UNSET, false, -1};
    out_of_bounds(&c, s, "a consent expires before 1970, or after the year 9999");
    c = bare(COMMAND_COUNT);
    out_of_bounds(&c, s, "it counts for nobody");
    c.everyone = true;
    says(&c, s, NULL);
    c.keep = COMMAND_KEEP_MAX + 1;
    out_of_bounds(&c, s, "it keeps too many times");
}

// Its attribute 3 is a list of texts.
static const schema *texts_schema(void) {
    schema *s = schema_new(&memory);
    static const char *const names[] = {"a", "b", "c", "texts"};
    for (int i = 0; i < 4; i++) {
        const schema_attribute m = {
            .name = tact_str_from(names[i]), .type = type_list(&memory, &type_string), .purpose = -1};
        assert_int_equal(schema_add_attribute(s, &m, &error), TACT_OK);
    }
    assert_int_equal(schema_add_identity(s, &(schema_identity){.name = TACT_STR("crm")}, &error), TACT_OK);
    return s;
}

static void test_bound_of_the_whole(void **state) {
    (void)state;
    enum { TEXTS = 32, LONG = 2000 };
    char text[COMMAND_TEXT_MAX];
    memset(text, 'x', sizeof text);
    tact_value items[TEXTS + 1], *last = &items[TEXTS];
    for (int i = 0; i < TEXTS; i++) items[i] = tact_string(text, LONG);
    *last = tact_string("", 0);
    command_value value = {3, tact_list(items, TEXTS + 1)};
    command c = bare(COMMAND_SET), back;
    c.values = &value;
    c.values_count = 1;
    size_t others = bytes_of(&c).len + 1; // the last text's length will take two bytes
    *last = tact_string(text, COMMAND_BYTES_MAX - others);
    tact_str bytes = bytes_of(&c);
    assert_int_equal(bytes.len, COMMAND_BYTES_MAX);
    assert_int_equal(command_read(&memory, bytes, &back, &error), TACT_OK);
    const schema *texts = texts_schema();
    assert_int_equal(command_check(&c, texts, &error), TACT_OK);
    last->len++;
    assert_int_equal(command_check(&c, texts, &error), TACT_LIMIT);
    assert_string_equal(error.text, "longer than 65536 bytes as a command");
    buf out = buf_in(&memory);
    assert_int_equal(command_write(&out, &c), TACT_LIMIT);
    assert_int_equal(command_read(&memory, buf_done(&out), &back, &error), TACT_INVALID);
    assert_string_equal(error.text, "a command is longer than it can be");
    value.value = tact_map_new(&memory, NULL, 0);
    assert_int_equal(command_write(&out, &c), TACT_INVALID);
}

static void test_refuses_other_bytes(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *says;
    } rows[] = {
#define ROW(literal, says) {literal, sizeof(literal) - 1, says}
        ROW("", "the bytes end too early, at byte 0"),
        ROW("\2\5\0\0\0\1\0\1x", "a command is of an unknown version, at byte 1"),
        ROW("\1\x08\0\0\0\1\0\1x", "a number is larger than it can be, at byte 2"),
        ROW("\1\5\0\0\0\1\0\1xy", "there are bytes left over, at byte 9"),
        ROW("\1\5\0\0\0\1\0\1\xff", "a text is not UTF-8, at byte 9"),
        ROW("\1\5\0\0\0\0", "a command is not one: it names no identity"),
        ROW("\1\5\0\0\0\x11", "a number is larger than it can be, at byte 6"),
        ROW("\1\2\0\0\0\1\0\1x\1\0\x08\0", "a number is larger than it can be, at byte 12"),
#undef ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        command c;
        assert_int_equal(command_read(&memory, (tact_str){rows[i].bytes, rows[i].len}, &c, &error), TACT_INVALID);
        assert_string_equal(error.text, rows[i].says);
    }
}

// ---- Round trips ----------------------------------------------------------------------------------------------------

static uint64_t random_state;

static uint32_t below(uint32_t n) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % n;
}

static tact_str random_text(uint32_t max) {
    uint32_t len = below(max + 1);
    char *text = arena_alloc(&memory, len);
    for (uint32_t i = 0; i < len; i++) text[i] = (char)('a' + below(26));
    return (tact_str){text, len};
}

static tact_value random_value(void) {
    tact_str text = random_text(20);
    switch (below(6)) {
    case 0: return tact_null();
    case 1: return tact_bool(below(2));
    case 2: return tact_int((int64_t)below(1 << 30) << below(33));
    case 3: return tact_double((double)below(1 << 20) / 64);
    case 4: return tact_timestamp((int64_t)below(1 << 30), below(1000000000));
    default: return tact_string(text.ptr, text.len);
    }
}

static command random_command(void) {
    command c = {.kind = (command_kind)below(COMMAND_KINDS), .id = random_text(COMMAND_ID_MAX)};
    c.time_ms = (int64_t)below(1 << 30) << below(13);
    c.source = below(2) ? SCHEMA_SOURCE_NONE : (uint8_t)below(SCHEMA_SOURCES_MAX);
    bool single = c.kind == COMMAND_UNLINK || c.kind == COMMAND_ERASE;
    c.identities_count = single ? 1 : 2 + below(COMMAND_IDENTITIES_MAX - 1);
    command_identity *identities = arena_array(&memory, c.identities_count, sizeof *identities);
    for (uint32_t i = 0; i < c.identities_count; i++) {
        tact_str value = random_text(30);
        if (value.len == 0) value = TACT_STR("some");
        identities[i] = (command_identity){(uint16_t)i, value};
    }
    c.identities = identities;
    if (c.kind == COMMAND_SWEEP) c.identities_count = 0;
    c.limits = (command_limits){below(1 << 30), (int64_t)below(1 << 20) << 20, below(2)};
    c.values_count = below(20) + 1;
    command_value *values = arena_array(&memory, c.values_count, sizeof *values);
    for (uint32_t i = 0; i < c.values_count; i++) values[i] = (command_value){(uint16_t)(i * 3), random_value()};
    c.values = values;
    c.event = (uint16_t)below(UINT16_MAX);
    c.channel = random_text(COMMAND_CHANNEL_MAX);
    c.consents_count = below(SCHEMA_PURPOSES_MAX) + 1;
    command_consent *consents = arena_array(&memory, c.consents_count, sizeof *consents);
    for (uint32_t i = 0; i < c.consents_count; i++) {
        consents[i] = (command_consent){(uint16_t)i, (uint8_t)below(CONSENT_STATES), below(2), below(1 << 30)};
    }
    c.consents = consents;
    c.tally = (uint64_t)below(1 << 30) << 33;
    c.keep = below(COMMAND_KEEP_MAX) + 1;
    c.everyone = below(2);
    return c;
}

// What is written reads back and writes the same; and any bytes that read as a command are what it is written as.
static void test_random_round_trips(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
    print_message("SEED=%" PRIu64 "\n", seed);
    random_state = seed;
    for (int round = 0; round < 5000; round++) {
        command c = random_command(), back;
        tact_str bytes = bytes_of(&c);
        if (command_read(&memory, bytes, &back, &error)) fail_msg("%s", error.text);
        assert_int_equal(back.kind, c.kind);
        assert_int_equal(back.time_ms, c.time_ms);
        assert_int_equal(back.source, c.source);
        assert_true(tact_str_equal(back.id, c.id));
        assert_true(tact_str_equal(bytes_of(&back), bytes));
        char *mutable = (char *)bytes.ptr;
        for (uint32_t i = below(3) + 1; i > 0; i--) mutable[below((uint32_t)bytes.len)] ^= (char)(1 << below(8));
        if (command_read(&memory, bytes, &back, &error) == TACT_OK) {
            assert_true(tact_str_equal(bytes_of(&back), bytes));
        }
        tact_arena_reset(&memory);
    }
}

// What a copy was made of may go, texts and arrays.
static void test_a_copy_borrows_nothing(void **state) {
    (void)state;
    random_state = 2;
    for (int round = 0; round < 500; round++) {
        command c = random_command(), borrows, copy;
        tact_str bytes = bytes_of(&c);
        arena of_original, of_copy;
        arena_init(&of_original, 0), arena_init(&of_copy, 0);
        char *text = arena_copy(&of_original, bytes.ptr, bytes.len);
        assert_int_equal(command_read(&of_original, (tact_str){text, bytes.len}, &borrows, &error), TACT_OK);
        assert_true(command_copy(&of_copy, &borrows, &copy));
        memset(text, 0, bytes.len);
        arena_fini(&of_original);
        assert_true(tact_str_equal(bytes_of(&copy), bytes));
        arena_fini(&of_copy);
        tact_arena_reset(&memory);
    }
}

static void test_memory_runs_out(void **state) {
    (void)state;
    random_state = 1;
    command c = random_command(), back;
    c.kind = COMMAND_SET;
    tact_str bytes = bytes_of(&c);
    bool enough = false;
    for (size_t bytes_max = 16; !enough; bytes_max += 16) {
        arena small;
        arena_init(&small, bytes_max);
        buf out = buf_in(&small);
        tact_err written = command_write(&out, &c);
        assert_true(written == TACT_OK || written == TACT_NO_MEMORY);
        if (written) assert_int_equal(command_write(&out, &c), TACT_NO_MEMORY);
        arena_fini(&small);
        arena_init(&small, bytes_max);
        tact_err err = command_read(&small, bytes, &back, &error);
        assert_true(err == TACT_OK || err == TACT_NO_MEMORY);
        arena_fini(&small);
        arena_init(&small, bytes_max);
        bool copied = command_copy(&small, &c, &back);
        arena_fini(&small);
        enough = !err && !written && copied;
    }
}

static tact_str content_of(arena *a, const command *c) {
    tact_str bytes;
    assert_int_equal(command_content(a, c, &bytes), 0);
    return bytes;
}

static void what_a_command_says(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    const command_identity one = {0, TACT_STR("1")}, other = {0, TACT_STR("2")};
    const command_value values[] = {{0, tact_int(59)}, {1, tact_double(0.5)}};
    const command_value turned[] = {{1, tact_double(0.5)}, {0, tact_double(59)}};
    const command_value others[] = {{0, tact_int(60)}, {1, tact_double(0.5)}};
    const command said = {
        .kind = COMMAND_EVENT, .identities = &one, .identities_count = 1, .values = values, .values_count = 2};
    const tact_str bytes = content_of(&a, &said);
    command c = said;
    c.id = TACT_STR("x"), c.time_ms = 5, c.values = turned;
    assert_true(tact_str_equal(content_of(&a, &c), bytes));
    c = said, c.values = others;
    assert_false(tact_str_equal(content_of(&a, &c), bytes));
    c = said, c.values_count = 1;
    assert_false(tact_str_equal(content_of(&a, &c), bytes));
    c = said, c.identities = &other;
    assert_false(tact_str_equal(content_of(&a, &c), bytes));
    c = said, c.source = 1;
    assert_false(tact_str_equal(content_of(&a, &c), bytes));
    const command_consent consents[] = {{0, CONSENT_GRANTED, true, 0}, {1, CONSENT_DENIED, true, 0}},
                          swapped[] = {consents[1], consents[0]};
    c = (command){.kind = COMMAND_CONSENT, .identities = &one, .identities_count = 1, .consents = consents};
    c.consents_count = 2;
    command again = c;
    again.consents = swapped;
    assert_true(tact_str_equal(content_of(&a, &c), content_of(&a, &again)));
    again.consents_count = 1;
    assert_false(tact_str_equal(content_of(&a, &c), content_of(&a, &again)));
    c = (command){.kind = COMMAND_COUNT, .identities = &one, .identities_count = 1, .tally = 7, .keep = 3};
    again = c;
    again.keep = 5, again.everyone = true; // the bundle's, of the moment
    assert_true(tact_str_equal(content_of(&a, &c), content_of(&a, &again)));
    again.tally = 8;
    assert_false(tact_str_equal(content_of(&a, &c), content_of(&a, &again)));
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_command_says),
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(test_golden_bytes),
        TEST(test_all_that_was_written_is_read),
        TEST(test_other_fields_do_not_matter),
        TEST(test_bounds_of_every_command),
        TEST(test_bounds_of_texts_and_ages),
        TEST(test_bounds_of_identities),
        TEST(test_bounds_of_sets),
        TEST(test_bounds_of_events),
        TEST(test_bounds_of_consents_and_counts),
        TEST(test_bound_of_the_whole),
        TEST(test_refuses_other_bytes),
        TEST(test_random_round_trips),
        TEST(test_a_copy_borrows_nothing),
        TEST(test_memory_runs_out),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
