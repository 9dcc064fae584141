// SPDX-License-Identifier: Apache-2.0
//
// See crowd.h. Numbers are mixed into what persons are known by, so that a store is filled and read in no order: the
// worst that can happen to a tree on disk.
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/load.h"
#include "store/store.h"

#define NOW INT64_C(1700000000000)
#define DAY INT64_C(86400000)
#define COUNT(array) (sizeof(array) / sizeof *(array))
#define EVENTS_APART (30 * DAY / EVENTS_TIMES)
enum { EVENTS_TIMES = 20000 }; // so many, and then again from the first: so histories reach their length and stay there
enum { CRM, EMAIL };
enum { PERSONALIZATION };
enum { TEXTS = 6, INTS = 6, DOUBLES = 4, BOOLS = 2, TIMES = 1, LISTS = 1 };
enum { FIRST_TEXT, FIRST_INT = TEXTS, FIRST_DOUBLE = FIRST_INT + INTS, FIRST_BOOL = FIRST_DOUBLE + DOUBLES };
enum { FIRST_TIME = FIRST_BOOL + BOOLS, FIRST_LIST = FIRST_TIME + TIMES, ATTRIBUTES = FIRST_LIST + LISTS };
enum { VALUE_TEXT = CROWD_KEY - 2, EMAIL_TEXT = VALUE_TEXT + 12 };

struct crowd {
    arena memory;
    store *store;
};

struct crowd_rows {
    command *commands;
    uint32_t first, count;
};

struct crowd_view {
    store_reader reader;
    const schema *schema;
    arena lists;
};

static void must(tact_err err, const tact_error *error) {
    if (!err) return;
    fprintf(stderr, "crowd: %s\n", error->text);
    exit(1);
}

static void *held(void *memory) {
    if (!memory) must(TACT_NO_MEMORY, &(tact_error){.text = "memory ran out"});
    return memory;
}

// ---- The schema -----------------------------------------------------------------------------------------------------

static const struct {
    const char *name;
    schema_function function;
    int32_t property;
} aggregates[] = {{"views", SCHEMA_COUNT, -1}, {"last_view", SCHEMA_LAST, 0}, {"since_view", SCHEMA_SINCE, -1}};

static schema *make_schema(arena *a) {
    schema *s = held(schema_new(a));
    tact_error error = {.text = ""};
    const struct {
        const tact_type *type;
        const char *name;
        uint32_t count;
    } groups[] = {{&type_string, "text", TEXTS},     {&type_int, "int", INTS},
                  {&type_double, "double", DOUBLES}, {&type_bool, "bool", BOOLS},
                  {&type_timestamp, "time", TIMES},  {type_list(a, &type_string), "list", LISTS}};
    must(schema_add_identity(s, &(schema_identity){.name = TACT_STR("crm"), .unique = true}, &error), &error);
    must(schema_add_identity(s, &(schema_identity){.name = TACT_STR("email"), .unique = true}, &error), &error);
    const schema_purpose purpose = {.name = TACT_STR("personalization"), .granted_by_default = true};
    must(schema_add_purpose(s, &purpose, &error), &error);
    for (size_t g = 0; g < COUNT(groups); g++) {
        for (uint32_t i = 0; i < groups[g].count; i++) {
            const char *name = held(arena_printf(a, "%s_%u", groups[g].name, i));
            schema_attribute one = {.name = tact_str_from(name), .type = groups[g].type, .purpose = -1};
            if (one.type == &type_string) one.purpose = PERSONALIZATION;
            if (one.type == &type_int) one.max_age_ms = 90 * DAY;
            must(schema_add_attribute(s, &one, &error), &error);
        }
    }
    const schema_property category = {.name = TACT_STR("category"), .type = &type_string};
    const schema_event view = {.name = TACT_STR("page_view"), .properties = &category, .properties_count = 1};
    must(schema_add_event(s, &view, &error), &error);
    for (size_t i = 0; i < COUNT(aggregates); i++) {
        const schema_aggregate one = {.name = tact_str_from(aggregates[i].name),
                                      .function = aggregates[i].function,
                                      .property = aggregates[i].property,
                                      .window_ms = 30 * DAY};
        must(schema_add_aggregate(s, &one, &error), &error);
    }
    return s;
}

crowd *crowd_open(const char *folder, uint32_t interval_ms) {
    arena memory;
    arena_init(&memory, 0);
    crowd *c = held(ARENA_NEW(&memory, crowd));
    tact_error error = {.text = ""};
    const store_options options = {.schema = make_schema(&memory), .writer = {.interval_ms = interval_ms}};
    must(store_open(&memory, folder, &options, &c->store, &error), &error);
    c->memory = memory; // which holds this, too
    return c;
}

void crowd_close(crowd *c) {
    store_close(c->store);
    arena memory = c->memory;
    arena_fini(&memory);
}

// ---- Persons --------------------------------------------------------------------------------------------------------

// Different numbers come to different ones (each step can be undone).
static uint64_t mix(uint64_t n) {
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

// 60 bits of the mixed number, base 32: two numbers of a crowd's could come to the same, of a billion once in a while.
void crowd_key(uint32_t number, char key[CROWD_KEY]) {
    static const char digits[32] = "abcdefghijklmnopqrstuvwxyz234567";
    uint64_t rest = mix((uint64_t)number + 1);
    key[0] = key[1] = CRM;
    for (uint32_t i = 2; i < CROWD_KEY; i++, rest >>= 5) key[i] = digits[rest & 31];
}

static tact_value text_of(arena *a, uint64_t bits) {
    static const char *const words[] = {"Anna-Maria",          "gold", "DE", "womens shoes",
                                        "spring catalogue 24", "web",  "Li", "Wiesbaden-Biebrich"};
    (void)a;
    tact_str word = tact_str_from(words[bits % COUNT(words)]);
    return tact_string(word.ptr, word.len);
}

static tact_value list_of(arena *a, uint64_t bits) {
    uint32_t count = (uint32_t)(bits % 4);
    tact_value *items = held(arena_array(a, count, sizeof *items));
    for (uint32_t i = 0; i < count; i++) items[i] = text_of(a, bits >> (8 + 3 * i));
    return tact_list(items, count);
}

static tact_value value_of(arena *a, uint32_t number, uint32_t attribute) {
    uint64_t bits = mix((uint64_t)number * ATTRIBUTES + attribute);
    if (attribute < FIRST_INT) return text_of(a, bits);
    if (attribute < FIRST_DOUBLE) return tact_int((int64_t)(bits % 1000));
    if (attribute < FIRST_BOOL) return tact_double((double)(bits % 100000) / 64);
    if (attribute < FIRST_TIME) return tact_bool(bits % 2);
    if (attribute < FIRST_LIST) return tact_timestamp(NOW / 1000 - (int64_t)(bits % 100000000), 0);
    return list_of(a, bits);
}

double crowd_expected(uint32_t number) {
    return (double)(unsigned char)*value_of(NULL, number, FIRST_TEXT).as.s +
           (double)value_of(NULL, number, FIRST_INT).as.i + value_of(NULL, number, FIRST_DOUBLE).as.d;
}

static void make_row(arena *a, uint32_t number, command *out) {
    bool linked = number % CROWD_LINKED == 0;
    char *key = held(arena_alloc(a, CROWD_KEY));
    crowd_key(number, key);
    command_identity *identities = held(arena_array(a, 2, sizeof *identities));
    command_value *values = held(arena_array(a, ATTRIBUTES, sizeof *values));
    identities[0] = (command_identity){CRM, {key + 2, VALUE_TEXT}};
    if (linked) {
        char *email = held(arena_printf(a, "%.*s@example.com", VALUE_TEXT, key + 2));
        identities[1] = (command_identity){EMAIL, {email, EMAIL_TEXT}};
    }
    for (uint16_t i = 0; i < ATTRIBUTES; i++) values[i] = (command_value){i, value_of(a, number, i)};
    *out = (command){.kind = COMMAND_SET,
                     .time_ms = NOW,
                     .source = SCHEMA_SOURCE_NONE,
                     .identities = identities,
                     .identities_count = linked ? 2 : 1,
                     .values = values,
                     .values_count = ATTRIBUTES};
}

crowd_rows *crowd_rows_make(arena *a, uint32_t first, uint32_t count) {
    crowd_rows *rows = held(ARENA_NEW(a, crowd_rows));
    *rows = (crowd_rows){held(arena_array(a, count, sizeof *rows->commands)), first, count};
    for (uint32_t i = 0; i < count; i++) make_row(a, first + i, &rows->commands[i]);
    return rows;
}

static uint64_t bytes_of(tact_value v) {
    switch (v.kind) {
    case TACT_BOOL: return 1;
    case TACT_STRING: return v.len;
    case TACT_LIST: break;
    default: return 8;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < v.len; i++) sum += bytes_of(v.as.items[i]);
    return sum;
}

uint64_t crowd_rows_bytes(const crowd_rows *rows) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < rows->count; i++) {
        const command *c = &rows->commands[i];
        for (uint32_t k = 0; k < c->identities_count; k++) sum += c->identities[k].value.len;
        for (uint32_t k = 0; k < c->values_count; k++) sum += bytes_of(c->values[k].value);
    }
    return sum;
}

// `results` has room for as many.
static void record_all(crowd *c, const command *commands, uint32_t count, writer_result *results) {
    tact_error error = {.text = ""};
    must(store_record(c->store, commands, count, results, &error), &error);
    for (uint32_t i = 0; i < count; i++) {
        if (results[i].code) must(results[i].code, &results[i].error);
    }
}

void crowd_import(crowd *c, const crowd_rows *rows) {
    writer_result results[CROWD_BATCH];
    for (uint32_t done = 0; done < rows->count; done += CROWD_BATCH) {
        uint32_t left = rows->count - done;
        record_all(c, rows->commands + done, left < CROWD_BATCH ? left : CROWD_BATCH, results);
    }
}

void crowd_fill(crowd *c, uint32_t first, uint32_t count) {
    arena a;
    arena_init(&a, 0);
    for (uint32_t done = 0; done < count; done += CROWD_BATCH) {
        crowd_import(c, crowd_rows_make(&a, first + done, count - done < CROWD_BATCH ? count - done : CROWD_BATCH));
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

void crowd_stored_make(arena *a, const crowd *c, const crowd_rows *rows, uint32_t row, uint64_t id, crowd_stored *out) {
    const command *made = &rows->commands[row];
    strand s = {.id = id, .space = CRM, .identity = made->identities[0].value, .created_ms = made->time_ms};
    merged m;
    tact_error error = {.text = ""};
    must(strand_apply(a, &s, made, store_schema(c->store), &error), &error);
    must(apply_merge(a, store_schema(c->store), &s, 1, &m, &out->record, &error), &error);
    buf b = buf_in(a);
    strand_write(&b, &s);
    out->strand = buf_done(&b);
    held((void *)(uintptr_t)out->strand.ptr);
    out->id = id;
    crowd_key(rows->first + row, out->key);
}

// ---- Changes --------------------------------------------------------------------------------------------------------

typedef struct change { // a command, and what it borrows
    char key[CROWD_KEY], id[8];
    command_identity identity;
    command_value values[3];
    command command;
} change;

static void make_change(uint32_t number, uint32_t n, change *out) {
    bool event = mix(n) % 2;
    crowd_key(number, out->key);
    for (uint32_t i = 0; i < sizeof out->id; i++) out->id[i] = "0123456789abcdef"[n >> (4 * i) & 15];
    out->identity = (command_identity){CRM, {out->key + 2, VALUE_TEXT}};
    out->values[0] = (command_value){0, text_of(NULL, mix(n))};
    out->values[1] = (command_value){FIRST_INT, tact_int(n)};
    out->values[2] = (command_value){FIRST_DOUBLE, tact_double(n)};
    out->command = (command){.kind = event ? COMMAND_EVENT : COMMAND_SET,
                             .id = {out->id, sizeof out->id},
                             .time_ms = NOW + (event ? n % EVENTS_TIMES : n) * EVENTS_APART,
                             .source = SCHEMA_SOURCE_NONE,
                             .identities = &out->identity,
                             .identities_count = 1,
                             .values = out->values,
                             .values_count = event ? 1 : 3};
}

void crowd_change(crowd *c, uint32_t number, uint32_t n) {
    change one;
    writer_result result;
    make_change(number, n, &one);
    record_all(c, &one.command, 1, &result);
}

void crowd_change_many(crowd *c, uint32_t first, uint32_t persons, uint32_t n, uint32_t count) {
    static const change none;
    change changes[CROWD_BATCH];
    command commands[CROWD_BATCH];
    writer_result results[CROWD_BATCH];
    for (uint32_t i = 0; i < count; i++) {
        changes[i] = none;
        make_change(first + (n + i) % persons, n + i, &changes[i]);
        commands[i] = changes[i].command;
    }
    record_all(c, commands, count, results);
}

// ---- Reading --------------------------------------------------------------------------------------------------------

crowd_view *crowd_view_open(crowd *c) {
    crowd_view *v = held(ARENA_NEW(&c->memory, crowd_view));
    tact_error error = {.text = ""};
    must(store_reader_open(c->store, &v->reader, &error), &error);
    v->schema = store_schema(c->store);
    arena_init(&v->lists, 0);
    return v;
}

void crowd_view_close(crowd_view *v) {
    store_reader_close(&v->reader);
    arena_fini(&v->lists);
}

void *crowd_view_txn(crowd_view *v) {
    return v->reader.txn.handle;
}

static record find(crowd_view *v, const char key[CROWD_KEY]) {
    record r = {0};
    tact_error error;
    if (store_person(&v->reader, CRM, (tact_str){key + 2, VALUE_TEXT}, &r, &error)) must(TACT_NOT_FOUND, &error);
    return r;
}

double crowd_look_up(crowd_view *v, const char key[CROWD_KEY]) {
    record r = find(v, key);
    tact_value text = record_attribute(&r, v->schema, FIRST_TEXT, NOW, &v->lists);
    tact_value number = record_attribute(&r, v->schema, FIRST_INT, NOW, &v->lists);
    tact_value real = record_attribute(&r, v->schema, FIRST_DOUBLE, NOW, &v->lists);
    return (double)(unsigned char)*text.as.s + (double)number.as.i + real.as.d;
}

tact_str crowd_record(crowd_view *v, const char key[CROWD_KEY]) {
    record r = find(v, key);
    return (tact_str){r.bytes, r.size};
}
