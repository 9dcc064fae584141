// SPDX-License-Identifier: Apache-2.0
//
// Plans by the columns of a file, and what rows become by them: commands are shown as
// "set crm:1 email:a@b recency=3 name=null @1000 source 0", faults as their text.
#include "cli/import_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "bundle/schema_file.h"
#include "value/value.h"

#define NOW INT64_C(1000)

static const char shop_text[] = "identities:\n"
                                "  crm:    {unique: true}\n"
                                "  email:  {unique: true, normalize: lowercase}\n"
                                "attributes:\n"
                                "  name:    {type: string}\n"
                                "  recency: {type: int}\n"
                                "  tags:    {type: list(string)}\n"
                                "  tier:    {type: string, sources: [crm, web]}\n"
                                "events:\n"
                                "  purchase: {properties: {amount: double, category: string}}\n"
                                "  visit:    {properties: {page: string}}\n";

static arena memory;
static schema *shop;
static import_wishes wishes;
static import_plan plan;

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

static import_pair pair(const char *name, const char *column) {
    return (import_pair){tact_str_from(name), tact_str_from(column)};
}

static void wish(const char *space, const char *column) { // begins anew
    wishes = (import_wishes){.ids = {pair(space, column)}, .ids_count = 1, .source = 0, .now_ms = NOW};
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static ptrdiff_t give(void *context, char *to, size_t room, tact_error *error) {
    (void)error;
    tact_str *rest = context;
    size_t len = rest->len < room ? rest->len : room;
    memcpy(to, rest->ptr, len);
    *rest = (tact_str){rest->ptr + len, rest->len - len};
    return (ptrdiff_t)len;
}

static const char *print(const command *c) {
    buf out = buf_in(&memory);
    buf_add_text(&out, command_kind_name(c->kind));
    for (uint32_t i = 0; i < c->identities_count; i++) {
        buf_add_char(&out, ' ');
        buf_add_str(&out, shop->identities[c->identities[i].space].name);
        buf_add_char(&out, ':');
        buf_add_str(&out, c->identities[i].value);
    }
    for (uint32_t i = 0; i < c->values_count; i++) {
        uint16_t number = c->values[i].number;
        bool event = c->kind == COMMAND_EVENT;
        buf_add_char(&out, ' ');
        buf_add_str(&out, event ? shop->events[c->event].properties[number].name : shop->attributes[number].name);
        buf_add_char(&out, '=');
        value_print(&out, c->values[i].value);
    }
    buf_printf(&out, " @%lld", (long long)c->time_ms);
    if (c->source != SCHEMA_SOURCE_NONE) buf_printf(&out, " source %d", c->source);
    if (c->id.len) buf_add_text(&out, " id ");
    buf_add_str(&out, c->id);
    assert_int_equal(command_check(c, shop, NULL), TACT_OK);
    return buf_done(&out).ptr;
}

// All rows of a file by the plan that the wishes come to, or what is wrong with plan or header.
static const char *read_file(const char *text, bool json) {
    tact_str rest = tact_str_from(text);
    tact_error error;
    csv_reader r;
    csv_row row;
    buf out = buf_in(&memory);
    assert_int_equal(csv_open(&r, &memory, give, &rest, NULL), TACT_OK);
    if (import_row_plan(&plan, &memory, shop, &wishes, &error)) return arena_printf(&memory, "%s", error.text);
    if (!json) {
        assert_int_equal(csv_next(&r, &row, &error), TACT_OK);
        if (import_row_header(&plan, &row, &error)) return arena_printf(&memory, "%s", error.text);
        r.options.columns = row.fields_count;
    }
    for (uint64_t read = 1;; read++) {
        command c;
        uint64_t number = read;
        tact_err err = json ? csv_next_line(&r, &row, &error) : csv_next(&r, &row, &error);
        if (err == TACT_NOT_FOUND) break;
        if (!err && json) err = import_row_object(&plan, &memory, &row, &number, &c, &error);
        if (!err && !json) err = import_row_fields(&plan, &memory, &row, &number, &c, &error);
        if (number != read) buf_printf(&out, "%d: ", (int)number);
        buf_printf(&out, "%s\n", err ? error.text : print(&c));
    }
    buf_add_char(&out, '\0');
    return buf_done(&out).ptr;
}

static void csv(const char *text, const char *wanted) {
    assert_string_equal(read_file(text, false), wanted);
}

static void json(const char *text, const char *wanted) {
    assert_string_equal(read_file(text, true), wanted);
}

// ---- Plans ----------------------------------------------------------------------------------------------------------

static void test_names_that_are_not_there(void **state) {
    (void)state;
    wish("cmr", "id");
    csv("id\n", "there is no identity `cmr`; did you mean `crm`?");
    wish("crm", "custmer");
    csv("customer,name\n", "there is no column `custmer`; did you mean `customer`?");
    wish("crm", "id");
    wishes.maps[wishes.maps_count++] = pair("nam", "n");
    csv("id,n\n", "there is no attribute `nam`; did you mean `name`?");
    wishes.maps[0] = pair("name", "n");
    csv("id,x\n", "there is no column `n`");
    wishes.maps[wishes.maps_count++] = pair("name", "m");
    csv("id,n,m\n", "`name` is mapped twice");
    wish("crm", "id");
    wishes.time = TACT_STR("when");
    csv("id,name\n", "there is no column `when`");
    wish("crm", "id");
    wishes.key = TACT_STR("order");
    csv("id,name,ordr\n", "there is no column `order`; did you mean `ordr`?");
    wish("crm", "id");
    wishes.event = TACT_STR("purchas");
    csv("id,name\n", "there is no event `purchas`; did you mean `purchase`?");
    wishes.event = TACT_STR("purchase");
    wishes.maps[wishes.maps_count++] = pair("amont", "n");
    csv("id,n\n", "there is no property `amont`; did you mean `amount`?");
}

static void test_headers_of_no_use(void **state) {
    (void)state;
    wish("crm", "id");
    csv("id,nmae\n", "no column has the name of an attribute; --map says which is which");
    csv("id,name,name\n", "there are two columns `name`");
    csv("id,x,x,name\n1,2,3,a\n", "set crm:1 name=\"a\" @1000 source 0\n"); // nobody wants them
    wishes.strict_columns = true; // is the caller's business, who knows from this:
    csv("id,x,name,y,x\n", "");
    assert_int_equal(plan.unused.count, 2);
    assert_true(tact_str_equal(plan.unused.entries[1].key, TACT_STR("y")));
}

static void test_retired(void **state) {
    (void)state;
    schema *next;
    arena a;
    arena_init(&a, 0);
    static const char text[] =
        "identities: {crm: {}, email: {normalize: lowercase}}\nattributes: {name: {type: string}}\n";
    schema *wanted, *kept = shop;
    tact_str said;
    assert_int_equal(schema_file_read(&a, TACT_STR("x.yaml"), tact_str_from(text), &wanted, &said), TACT_OK);
    assert_int_equal(schema_evolve(&a, shop, wanted, &next, NULL), TACT_OK);
    shop = next;
    wish("crm", "id");
    csv("id,name,recency\n1,a,2\n", "set crm:1 name=\"a\" @1000 source 0\n");
    assert_int_equal(plan.unused.count, 1);
    wishes.maps[wishes.maps_count++] = pair("recency", "r");
    csv("id,r\n", "there is no attribute `recency`");
    shop = kept;
    arena_fini(&a);
}

// ---- Rows -----------------------------------------------------------------------------------------------------------

static void test_rows(void **state) {
    (void)state;
    wish("crm", "id");
    csv("id, recency ,name,tags\n7,3,Ann,a;b\n8,,\"Lee, \"\"Bob\"\"\",\n",
        "set crm:7 recency=3 name=\"Ann\" tags=[\"a\", \"b\"] @1000 source 0\n"
        "set crm:8 name=\"Lee, \\\"Bob\\\"\" @1000 source 0\n");
    wishes.source = SCHEMA_SOURCE_NONE;
    csv("id,recency\n7,3\n", "set crm:7 recency=3 @1000\n");
}

static void test_maps(void **state) {
    (void)state;
    wish("crm", "id");
    wishes.maps[wishes.maps_count++] = pair("name", "who");
    wishes.maps[wishes.maps_count++] = pair("tier", "who"); // one column may be two attributes
    csv("id,who,name\n7,Ann,not this\n", "set crm:7 name=\"Ann\" tier=\"Ann\" @1000 source 0\n");
}

static void test_identities(void **state) {
    (void)state;
    wish("email", "mail");
    wishes.ids[wishes.ids_count++] = pair("crm", "id");
    wishes.ids[wishes.ids_count++] = pair("email", "other");
    csv("id,mail,other,name\n1,A@B,c@d,x\n", "set email:a@b crm:1 email:c@d name=\"x\" @1000 source 0\n");
    csv("id,mail,other,name\n1,A@B,a@b,x\n", "set email:a@b crm:1 name=\"x\" @1000 source 0\n"); // one and the same
    csv("id,mail,other,name\n1,,,x\n", "set crm:1 name=\"x\" @1000 source 0\n");
    csv("id,mail,other,name\n,,,x\n", "it names nobody: its identities are empty\n");
    csv("id,mail,other,name\n1,a@b,,\n", "link email:a@b crm:1 @1000 source 0\n"); // nothing but who is one
    wish("crm", "name");                                                           // may be an attribute, too
    csv("name\nAnn\n", "set crm:Ann name=\"Ann\" @1000 source 0\n");
}

static void test_faults(void **state) {
    (void)state;
    wish("crm", "id");
    csv("id,recency\n7,x\n8,\n9\n,2\n10,4\n", "`recency`: `x` is not a whole number of 64 bits\n"
                                              "it sets nothing: all its attributes are empty\n"
                                              "1 fields where 2 are expected\n"
                                              "it names nobody: its identities are empty\n"
                                              "set crm:10 recency=4 @1000 source 0\n");
}

static void test_no_value(void **state) {
    (void)state;
    wish("crm", "id");
    wishes.null = TACT_STR("NA");
    csv("id,recency,name\n7,NA,N\nNA,1,x\n", "set crm:7 name=\"N\" @1000 source 0\n"
                                             "it names nobody: its identities are empty\n");
    json("{\"id\": 7, \"recency\": null, \"name\": \"x\"}\n", "set crm:7 name=\"x\" @1000 source 0\n");
    wishes.clear = true;
    csv("id,recency,name\n7,NA,\n", "set crm:7 recency=null name=null @1000 source 0\n");
    json("{\"id\": 7, \"recency\": null}\n", "set crm:7 recency=null @1000 source 0\n"); // what is not there stays
    wishes.event = TACT_STR("visit");
    csv("id,page\n7,NA\n", "event crm:7 @1000 source 0\n"); // of an event nothing can be taken away
}

static void test_times(void **state) {
    (void)state;
    wish("crm", "id");
    wishes.time = TACT_STR("when");
    wishes.now_ms = 82800000; // 23:00
    csv("id,name,when\n7,a,1970-01-01T00:00:02.5Z\n7,a,1970-01-02\n7,a,1970-01-02T00:00:00.001Z\n7,a,\n7,a,noon\n",
        "set crm:7 name=\"a\" @2500 source 0\n"
        "set crm:7 name=\"a\" @86400000 source 0\n"
        "its time is ahead of the clock; only events may lie in the future\n"
        "it has no time\n"
        "`when`: `noon` is not a time such as 2026-12-01T10:00:00Z\n");
    json("{\"id\": 7, \"name\": \"a\"}\n", "it has no time\n");
}

static void test_events(void **state) {
    (void)state;
    wish("crm", "customer");
    wishes.event = TACT_STR("purchase");
    wishes.key = TACT_STR("order");
    wishes.maps[wishes.maps_count++] = pair("amount", "sum");
    csv("order,customer,sum,name\no-1,7,12.5,x\no-2,7,,\n,7,1,\n", "event crm:7 amount=12.5 @1000 source 0 id o-1\n"
                                                                   "event crm:7 @1000 source 0 id o-2\n"
                                                                   "it has no key\n");
}

static void test_row_numbers(void **state) {
    (void)state;
    wish("crm", IMPORT_ROW);
    csv("name\na\n\"\n\"\nb\n", "set crm:1 name=\"a\" @1000 source 0\n"
                                "set crm:2 name=\"\\n\" @1000 source 0\n"
                                "set crm:3 name=\"b\" @1000 source 0\n");
    // A file of rejects: rows keep their numbers, what stands beside has no use and is not told.
    csv("@row,@line,@reason,name\n17,18,why,a\n", "17: set crm:17 name=\"a\" @1000 source 0\n");
    assert_int_equal(plan.unused.count, 0);
    json("{\"name\": \"a\", \"@row\": 17, \"@line\": 3, \"@reason\": \"why\"}\n",
         "17: set crm:17 name=\"a\" @1000 source 0\n");
    csv("@row,@line,@reason,name\nx,18,why,a\n", "`@row`: it is not the number of a row\n");
}

static void test_objects(void **state) {
    (void)state;
    wish("crm", "id");
    json("{\"id\": 4711, \"recency\": 3, \"tags\": [\"a\", \"b\"], \"extra\": {\"x\": 1}}\n"
         "{\"recency\": \"4\", \"id\": \"x\"}\n",
         "set crm:4711 recency=3 tags=[\"a\", \"b\"] @1000 source 0\nset crm:x recency=4 @1000 source 0\n");
    assert_int_equal(plan.unused.count, 1);
    json("[1]\n{\n{\"id\": 1, \"id\": 2}\n{\"id\": 1.5, \"name\": \"a\"}\n{\"name\": \"a\"}\n{}\n",
         "it is not an object of JSON\n"
         "not JSON, at character 1: string or '}' expected near end of file\n"
         "not JSON, at character 14: duplicate object key near '\"id\"'\n"
         "`id`: `1.5` is not a text or a whole number\n"
         "it names nobody: its identities are empty\n"
         "it names nobody: its identities are empty\n");
    wishes.strict_columns = true;
    json("{\"id\": 1, \"nmae\": \"a\"}\n", "`nmae` has no use\n");
}

static void test_too_many_values(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    schema *wide = schema_new(&a), *kept = shop;
    tact_error error;
    const schema_identity crm = {.name = TACT_STR("crm")};
    assert_int_equal(schema_add_identity(wide, &crm, &error), TACT_OK);
    buf header = buf_in(&a), row = buf_in(&a);
    buf_add_text(&header, "id");
    buf_add_text(&row, "1");
    for (int i = 0; i <= COMMAND_VALUES_MAX; i++) {
        char *name = arena_printf(&a, "a%d", i);
        const schema_attribute m = {.name = tact_str_from(name), .type = &type_int, .purpose = -1};
        assert_int_equal(schema_add_attribute(wide, &m, &error), TACT_OK);
        buf_printf(&header, ",%s", name);
        buf_add_text(&row, ",1");
    }
    buf_printf(&header, "\n%s\n", buf_done(&row).ptr);
    shop = wide;
    wish("crm", "id");
    wishes.source = SCHEMA_SOURCE_NONE;
    csv(buf_done(&header).ptr, "`a512`: more than 512 values\n");
    shop = kept;
    arena_fini(&a);
}

// With any bound on memory a row is read, or it is said that there is none.
static void test_memory(void **state) {
    (void)state;
    wish("email", "mail");
    wishes.ids[wishes.ids_count++] = pair("crm", IMPORT_ROW);
    wishes.key = TACT_STR("key");
    wishes.time = TACT_STR("when");
    static const char line[] = "{\"mail\": \"A@B\", \"key\": 1, \"when\": \"1970-01-01\", \"tags\": \"a;b\", \"x\": 1}";
    const csv_row row = {.line = 1, .raw = {line, sizeof line - 1}};
    tact_err err = TACT_NO_MEMORY;
    for (size_t bytes = 1; err; bytes += 16) {
        arena a;
        arena_init(&a, bytes);
        tact_error error;
        command c;
        uint64_t number = 1;
        err = import_row_plan(&plan, &a, shop, &wishes, &error);
        if (!err) err = import_row_object(&plan, &a, &row, &number, &c, &error);
        assert_true(!err || err == TACT_NO_MEMORY);
        if (!err) {
            assert_string_equal(print(&c), "set email:a@b crm:1 tags=[\"a\", \"b\"] @0 source 0 id 1");
        }
        arena_fini(&a);
        assert_true(bytes < 100000);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_that_are_not_there),
        cmocka_unit_test(test_headers_of_no_use),
        cmocka_unit_test(test_retired),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_identities),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_no_value),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_row_numbers),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_too_many_values),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
