// SPDX-License-Identifier: Apache-2.0
//
// Copies of a store whose rows were replaced and deleted, small and large: what is stored is in them, and nothing of
// what was. And pages that are none are told, whatever is wrong with them.
#define _GNU_SOURCE // memmem
#include "store/wash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include "store/load.h"

#include "draw.h"
#include "folder.h"

#include <cmocka.h>

enum { ROWS = 60, ROUNDS = 60, CHANGES = 40, VALUE_MAX = 20000, MARK = 8, PAGE = 4096, COPY_MAX = 8 << 20 };

// A value is its generation, eight bytes over and over: so a few bytes of it tell when they were written.
typedef struct world {
    uint64_t seed, generation;
    uint64_t rows[ROWS]; // the generation of each, 0: there is none
    uint32_t lens[ROWS];
} world;

// No byte of a mark is zero, so that a part of one is known in any place.
static uint64_t mark_of(uint64_t generation) {
    return UINT64_C(0xc5c5c5c500000000) | (generation + UINT64_C(0x01010101));
}

static uint32_t draw_len(uint64_t *seed) {
    static const uint32_t most[] = {40, 300, 2100, 5000, VALUE_MAX};
    return 1 + (uint32_t)draw_below(seed, most[draw_below(seed, 5)]);
}

// Of some keys the same length again, so that LMDB writes in place; several changes of a row in one transaction.
static tact_err change_rows(void *context, db_txn *t, tact_error *error) {
    world *w = context;
    static char bytes[VALUE_MAX + MARK];
    for (int i = 0; i < CHANGES; i++) {
        uint64_t row = (uint64_t)draw_below(&w->seed, ROWS);
        char key[16];
        int len = snprintf(key, sizeof key, "row%llu", (unsigned long long)row * 7);
        const tact_str k = {key, (size_t)len};
        if (draw_below(&w->seed, 3) == 0) {
            tact_err err = db_delete(t, DB_META, k);
            if (err && err != TACT_NOT_FOUND) return db_fault(t, error);
            w->rows[row] = 0;
            continue;
        }
        uint64_t mark = mark_of(++w->generation);
        for (uint32_t at = 0; at < VALUE_MAX; at += MARK) save_u64(bytes + at, mark);
        w->lens[row] = w->rows[row] && draw_below(&w->seed, 3) == 0 ? w->lens[row] : draw_len(&w->seed);
        if (db_put(t, DB_META, k, (tact_str){bytes, w->lens[row]})) return db_fault(t, error);
        w->rows[row] = w->generation;
    }
    return TACT_OK;
}

typedef struct copy {
    size_t len;
    char bytes[COPY_MAX];
} copy;

static tact_err keep(void *context, uint64_t at, const void *bytes, size_t len, tact_error *error) {
    (void)error;
    copy *c = context;
    assert_true(at <= c->len && at + len <= sizeof c->bytes);
    memcpy(c->bytes + at, bytes, len);
    if (at + len > c->len) c->len = at + len;
    return TACT_OK;
}

// A mark that no row has is somewhere in the copy.
static bool has_remains(const world *w, const copy *c, uint64_t *generation) {
    for (size_t at = 4; at + 4 <= c->len; at++) {
        if (memcmp(c->bytes + at, "\xc5\xc5\xc5\xc5", 4) != 0) continue; // its high half, behind its low half
        *generation = load_u32(c->bytes + at - 4) - UINT64_C(0x01010101);
        bool held = false;
        for (int i = 0; i < ROWS; i++) held |= w->rows[i] == *generation;
        if (!held && *generation && *generation <= w->generation) return true;
    }
    return false;
}

static void must_hold_rows(const world *w, const char *path) {
    arena a;
    arena_init(&a, 0);
    db *d = NULL;
    db_txn t;
    assert_int_equal(db_open(&a, path, &(db_options){.read_only = true}, &d, NULL), 0);
    assert_int_equal(db_read(d, &t, NULL), 0);
    for (uint64_t row = 0; row < ROWS; row++) {
        char key[16];
        tact_str value;
        int len = snprintf(key, sizeof key, "row%llu", (unsigned long long)row * 7);
        tact_err err = db_get(&t, DB_META, (tact_str){key, (size_t)len}, &value);
        assert_int_equal(err, w->rows[row] ? TACT_OK : TACT_NOT_FOUND);
        if (err) continue;
        assert_int_equal(value.len, w->lens[row]);
        for (uint32_t at = 0; at + MARK <= value.len; at += MARK)
            assert_true(load_u64(value.ptr + at) == mark_of(w->rows[row]));
    }
    db_read_end(&t);
    db_close(d);
    arena_fini(&a);
}

static void a_copy_has_what_is_stored_and_nothing_that_was(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new(), g = folder_new();
    static world w;
    static copy c;
    db *d = NULL;
    tact_error error = {.text = ""};
    w = (world){.seed = draw_begin()};
    assert_int_equal(db_open(&a, f.path, NULL, &d, NULL), 0);
    for (int round = 0; round < ROUNDS; round++) {
        char path[700];
        uint64_t generation, expected;
        if (db_write(d, change_rows, &w, &error)) fail_msg("%s", error.text);
        c.len = 0;
        if (db_copy(d, keep, &c, &error)) fail_msg("%s", error.text);
        assert_int_equal(db_copy_bytes(d, &expected, NULL), 0);
        assert_int_equal(c.len, expected);
        if (has_remains(&w, &c, &generation))
            fail_msg("what was written %llu-th is there", (unsigned long long)generation);
        snprintf(path, sizeof path, "%s/data.mdb", g.path);
        FILE *file = fopen(path, "w");
        assert_int_equal(fwrite(c.bytes, 1, c.len, file), c.len);
        assert_int_equal(fclose(file), 0);
        must_hold_rows(&w, g.path);
    }
    db_close(d);
    folder_remove(&f);
    folder_remove(&g);
    arena_fini(&a);
}

// ---- Keys that only branches still have -----------------------------------------------------------------------------

enum { NAMES = 4000, NAME_ROOM = 200, DIGITS = 16 };

typedef struct names { // that are stored, each with its number
    uint64_t seed;
    bool there[NAMES];
    uint8_t len[NAMES];
} names;

// All over the place in the order of keys, and of all lengths: so branches have keys that are longer and shorter than
// the first ones of their pages.
static tact_str name_of(const names *w, uint64_t number, char room[NAME_ROOM]) {
    uint64_t mixed = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    memset(room, '-', NAME_ROOM);
    for (int i = 0; i < DIGITS; i++) room[i] = "0123456789abcdef"[mixed >> (60 - 4 * i) & 15];
    return (tact_str){room, w->len[number]};
}

static tact_err change_names(void *context, db_txn *t, tact_error *error) {
    names *w = context;
    char room[NAME_ROOM];
    for (uint64_t i = 0; i < NAMES; i++) {
        const tact_str key = name_of(w, i, room);
        bool wanted = draw_below(&w->seed, 2);
        if (wanted == w->there[i]) continue;
        tact_err err = wanted ? db_put(t, DB_META, key, key) : db_delete(t, DB_META, key);
        if (err) return db_fault(t, error);
        w->there[i] = wanted;
    }
    return TACT_OK;
}

static void must_hold_names(db *d, const names *w) {
    db_txn t;
    char room[NAME_ROOM];
    assert_int_equal(db_read(d, &t, NULL), 0);
    for (uint64_t i = 0; i < NAMES; i++) {
        tact_str value;
        tact_err err = db_get(&t, DB_META, name_of(w, i, room), &value);
        assert_int_equal(err, w->there[i] ? TACT_OK : TACT_NOT_FOUND);
    }
    db_read_end(&t);
}

static void no_branch_of_a_copy_has_a_key_that_is_gone(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    folder f = folder_new(), g = folder_new();
    static names w;
    static copy c;
    char path[700], room[NAME_ROOM];
    db *d = NULL, *again = NULL;
    tact_error error = {.text = ""};
    w = (names){.seed = draw_begin()};
    for (int i = 0; i < NAMES; i++) w.len[i] = (uint8_t)(DIGITS + draw_below(&w.seed, NAME_ROOM - DIGITS));
    assert_int_equal(db_open(&a, f.path, NULL, &d, NULL), 0);
    for (int round = 0; round < 4; round++) {
        if (db_write(d, change_names, &w, &error)) fail_msg("%s", error.text);
    }
    if (db_copy(d, keep, &c, &error)) fail_msg("%s", error.text);
    for (uint64_t i = 0; i < NAMES; i++) {
        const tact_str name = name_of(&w, i, room);
        bool found = memmem(c.bytes, c.len, name.ptr, DIGITS) != NULL;
        if (found != w.there[i]) fail_msg("name %llu: found %d", (unsigned long long)i, found);
    }
    snprintf(path, sizeof path, "%s/data.mdb", g.path);
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(c.bytes, 1, c.len, file), c.len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(db_open(&a, g.path, NULL, &again, NULL), 0);
    must_hold_names(again, &w);
    for (int round = 0; round < 4; round++) { // and what is written to the copy finds its place
        if (db_write(again, change_names, &w, &error)) fail_msg("%s", error.text);
        must_hold_names(again, &w);
    }
    db_close(again);
    db_close(d);
    folder_remove(&f);
    folder_remove(&g);
    arena_fini(&a);
}

// ---- Pages that are none --------------------------------------------------------------------------------------------

static tact_err keep_none(void *context, uint64_t at, const void *bytes, size_t len, tact_error *error) {
    (void)context, (void)at, (void)bytes, (void)len, (void)error;
    return TACT_OK;
}

// Two pages of a large value and a leaf with a node for it, as they would be the pages 2 to 4.
static void draw_pages(char pages[3 * PAGE]) {
    memset(pages, 'x', 3 * PAGE);
    save_u16(pages + 10, 4);
    save_u32(pages + 12, 2);
    char *leaf = pages + 2 * PAGE, *node = leaf + PAGE - 8 - 3 - 8 - 1; // its size is odd
    save_u16(leaf + 10, 2);
    save_u16(save_u16(save_u16(leaf + 12, 18), (uint16_t)(node - leaf)), (uint16_t)(node - leaf));
    save_u16(save_u16(save_u32(node, 5000), 1), 3); // size of the value, flags, size of the key
    save_bytes(node + 8, "key", 3);
    save_u64(node + 11, 2);
}

static bool is_washed(char pages[3 * PAGE]) {
    wash w = {.page = PAGE, .take = keep_none, .done = 2 * PAGE};
    tact_err err = wash_pages(&w, pages, 3 * PAGE, NULL);
    assert_int_equal(err, w.damaged ? TACT_INVALID : TACT_OK);
    wash_end(&w);
    return !err;
}

static void what_is_no_page_is_told(void **state) {
    (void)state;
    static char pages[3 * PAGE];
    draw_pages(pages);
    assert_true(is_washed(pages));
    for (size_t i = 16; i < 2 * PAGE; i++) assert_int_equal(pages[i], i < 16 + 5000 ? 'x' : 0);
    for (size_t i = 2 * PAGE + 18; i < 3 * PAGE - 20; i++) assert_int_equal(pages[i], 0);
    assert_int_equal(pages[3 * PAGE - 1], 0);
    static const struct {
        size_t at;
        uint16_t number;
    } wrong[] = {
        {10, 0},                     // no kind of page
        {10, 2},                     // a leaf that is none
        {12, 0},                     // a large value of no pages
        {2 * PAGE + 12, 15},         // lower within the header
        {2 * PAGE + 12, PAGE},       // beyond upper
        {2 * PAGE + 14, PAGE + 1},   // upper beyond the page
        {2 * PAGE + 16, 20},         // a node in the gap
        {2 * PAGE + 16, PAGE - 4},   // one that ends beyond the page
        {3 * PAGE - 20 + 4, 5},      // values in a table of their own
        {3 * PAGE - 20 + 4, 3},      // a table
        {3 * PAGE - 20 + 6, 40},     // a key beyond the page
        {3 * PAGE - 20 + 2, 1},      // a value that is larger than its pages
        {3 * PAGE - 20 + 11, 0},     // in a page of the head
        {3 * PAGE - 20 + 11, 4},     // in the leaf itself
        {3 * PAGE - 20 + 11, 60000}, // in no page of the copy
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        draw_pages(pages);
        save_u16(pages + wrong[i].at, wrong[i].number);
        if (is_washed(pages)) fail_msg("page %zu is taken for one", i);
    }
    wash w = {.page = PAGE, .take = keep_none, .done = 2 * PAGE};
    draw_pages(pages);
    assert_int_equal(wash_pages(&w, pages, PAGE + 1, NULL), TACT_INVALID);
    wash_end(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_has_what_is_stored_and_nothing_that_was),
        cmocka_unit_test(no_branch_of_a_copy_has_a_key_that_is_gone),
        cmocka_unit_test(what_is_no_page_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
