// SPDX-License-Identifier: Apache-2.0
//
// Persons as graphs, against a plain list of pairs that are linked: whatever is linked and unlinked in whatever order,
// the persons are what is connected, and equal persons are equal bytes.
#include "store/links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include "draw.h"

#include <cmocka.h>

enum { STRANDS = 24 };

typedef struct world {
    arena *a;
    links of[STRANDS + 1]; // each strand's person, by the strand's number
    bool linked[STRANDS + 1][STRANDS + 1];
} world;

static tact_str bytes_of(arena *a, const links *l) {
    buf out = buf_in(a);
    links_write(&out, l);
    return buf_done(&out);
}

static void begin(world *w, arena *a) {
    memset(w, 0, sizeof *w);
    w->a = a;
    for (uint64_t s = 1; s <= STRANDS; s++) w->of[s] = links_of(a, s);
}

// A link's time comes from its ends, so that the same links have the same times.
static void join(world *w, uint64_t x, uint64_t y) {
    links all;
    links_edge edge = {x, y, (int64_t)(x * y), 1};
    assert_int_equal(links_join(w->a, &w->of[x], &w->of[y], edge, &all, NULL), TACT_OK);
    for (uint32_t i = 0; i < all.strands_count; i++) w->of[all.strands[i]] = all;
    w->linked[x][y] = w->linked[y][x] = true;
}

static void split(world *w, uint64_t strand) {
    links parts[STRANDS];
    uint32_t count;
    assert_int_equal(links_split(w->a, &w->of[strand], strand, parts, &count, NULL), TACT_OK);
    for (uint32_t p = 0; p < count; p++) {
        if (p) assert_true(links_person(&parts[p - 1]) < links_person(&parts[p]));
        for (uint32_t i = 0; i < parts[p].strands_count; i++) w->of[parts[p].strands[i]] = parts[p];
    }
    for (int s = 1; s <= STRANDS; s++) w->linked[strand][s] = w->linked[s][strand] = false;
}

// The persons that the pairs make, by walking from each strand.
static void check(world *w) {
    for (int s = 1; s <= STRANDS; s++) {
        bool reached[STRANDS + 1] = {0};
        reached[s] = true;
        for (int pass = 0; pass < STRANDS; pass++) {
            for (int x = 1; x <= STRANDS; x++) {
                for (int y = 1; reached[x] && y <= STRANDS; y++) reached[y] |= w->linked[x][y];
            }
        }
        uint32_t strands = 0, edges = 0;
        int least = 0;
        for (int x = 1; x <= STRANDS; x++) {
            assert_int_equal(links_has(&w->of[s], (uint64_t)x), reached[x]);
            strands += reached[x];
            if (reached[x] && !least) least = x;
            for (int y = x + 1; reached[x] && y <= STRANDS; y++) edges += w->linked[x][y];
        }
        assert_int_equal(w->of[s].strands_count, strands);
        assert_int_equal(w->of[s].edges_count, edges);
        assert_int_equal(links_person(&w->of[s]), least);
        links again;
        tact_str bytes = bytes_of(w->a, &w->of[s]);
        assert_int_equal(links_read(w->a, bytes, &again, NULL), TACT_OK);
        assert_true(tact_str_equal(bytes, bytes_of(w->a, &again)));
    }
}

static void persons_are_what_is_connected(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    world w;
    for (int round = 0; round < 12; round++) {
        begin(&w, &a);
        for (int step = 0; step < 60; step++) {
            uint64_t x = (uint64_t)draw_below(&seed, STRANDS) + 1, y = (uint64_t)draw_below(&seed, STRANDS) + 1;
            if (draw_below(&seed, 4)) {
                if (x != y) join(&w, x, y);
            } else {
                split(&w, x);
            }
            if (step % 6 == 5) check(&w);
        }
        // The same links anew, the other way round: the same bytes.
        world fresh;
        begin(&fresh, &a);
        for (uint64_t x = STRANDS; x > 0; x--) {
            for (uint64_t y = STRANDS; y > x; y--) {
                if (w.linked[x][y]) join(&fresh, y, x);
            }
        }
        for (int s = 1; s <= STRANDS; s++) {
            assert_true(tact_str_equal(bytes_of(&a, &w.of[s]), bytes_of(&a, &fresh.of[s])));
        }
        tact_arena_reset(&a);
    }
    arena_fini(&a);
}

static void linking_and_unlinking_gives_back_what_was(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    world w;
    begin(&w, &a);
    join(&w, 7, 3);
    join(&w, 7, 9);
    tact_str before = bytes_of(&a, &w.of[9]);
    join(&w, 9, 2); // a smaller id joins: the person's id becomes 2
    assert_int_equal(links_person(&w.of[7]), 2);
    split(&w, 2); // and the id comes back
    assert_int_equal(links_person(&w.of[7]), 3);
    assert_true(tact_str_equal(before, bytes_of(&a, &w.of[9])));
    split(&w, 7); // what only 7 held together falls apart
    for (uint64_t s = 1; s <= 9; s++) assert_int_equal(links_person(&w.of[s]), s);
    arena_fini(&a);
}

// One after the other, until nobody is left; at the bound of how many there may be, all of them around one.
static void who_is_taken_leaves_the_others_connected(void **context) {
    (void)context;
    uint64_t seed = draw_begin();
    arena a;
    arena_init(&a, 0);
    links l = links_of(&a, 1), next = l;
    for (uint64_t i = 2; i <= LINKS_STRANDS_MAX; i++) {
        const links one = links_of(&a, i);
        assert_int_equal(links_join(&a, &l, &one, (links_edge){1, i, (int64_t)i, 2}, &l, NULL), TACT_OK);
    }
    assert_int_equal(links_take(&a, &l, 1, &next, NULL), TACT_OK);
    assert_true(next.edges[0].low == 2 && next.edges[0].high == 3 && next.edges[0].time_ms == 3);
    assert_int_equal(links_take(&a, &next, 1, &next, NULL), TACT_USAGE);
    while (next.strands_count > 1) {
        const uint64_t gone = next.strands[draw_below(&seed, next.strands_count)];
        const uint32_t before = next.edges_count;
        links again;
        assert_int_equal(links_take(&a, &next, gone, &next, NULL), TACT_OK);
        assert_false(links_has(&next, gone));
        assert_true(next.edges_count < before);
        assert_int_equal(links_read(&a, bytes_of(&a, &next), &again, NULL), TACT_OK); // which wants them connected
    }
    assert_int_equal(links_take(&a, &next, next.strands[0], &next, NULL), TACT_OK);
    assert_int_equal(next.strands_count, 0);
    arena_fini(&a);
}

static void the_older_evidence_stays(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    links x = links_of(&a, 1), y = links_of(&a, 2), both;
    assert_int_equal(links_join(&a, &x, &y, (links_edge){1, 2, 50, 4}, &both, NULL), TACT_OK);
    assert_int_equal(links_join(&a, &both, &both, (links_edge){2, 1, 70, 3}, &both, NULL), TACT_OK);
    assert_int_equal(both.edges_count, 1);
    assert_true(both.edges[0].time_ms == 50 && both.edges[0].source == 4);
    assert_int_equal(links_join(&a, &both, &both, (links_edge){2, 1, 50, 3}, &both, NULL), TACT_OK);
    assert_true(both.edges[0].time_ms == 50 && both.edges[0].source == 3);
    arena_fini(&a);
}

static void bounds_are_errors_that_say_so(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    tact_error error;
    links all = links_of(&a, 1), parts[LINKS_STRANDS_MAX];
    uint32_t count;
    for (uint64_t s = 2; s <= LINKS_STRANDS_MAX; s++) {
        links one = links_of(&a, s);
        assert_int_equal(links_join(&a, &all, &one, (links_edge){1, s, 0, 0}, &all, &error), TACT_OK);
    }
    links more = links_of(&a, 1000), before = all;
    assert_int_equal(links_join(&a, &all, &more, (links_edge){1, 1000, 0, 0}, &all, &error), TACT_LIMIT);
    assert_string_equal(error.text, "the person would have 257 identities, more than 256");
    assert_memory_equal(&all, &before, sizeof all);
    for (uint64_t s = 2; all.edges_count < LINKS_EDGES_MAX; s++) {
        for (uint64_t t = s + 1; t <= LINKS_STRANDS_MAX && all.edges_count < LINKS_EDGES_MAX; t++) {
            assert_int_equal(links_join(&a, &all, &all, (links_edge){s, t, 0, 0}, &all, &error), TACT_OK);
        }
    }
    assert_int_equal(links_join(&a, &all, &all, (links_edge){200, 201, 0, 0}, &all, &error), TACT_LIMIT);
    assert_string_equal(error.text, "the person would have 1025 links, more than 1024");
    assert_int_equal(links_split(&a, &all, 1, parts, &count, &error), TACT_OK);
    assert_int_equal(links_split(&a, &all, 1000, parts, &count, &error), TACT_USAGE);
    assert_int_equal(links_join(&a, &all, &all, (links_edge){1, 1000, 0, 0}, &all, &error), TACT_USAGE);
    assert_int_equal(links_join(&a, &all, &all, (links_edge){5, 5, 0, 0}, &all, &error), TACT_USAGE);
    arena_fini(&a);
}

static void damage_is_refused(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    world w;
    begin(&w, &a);
    join(&w, 7, 3);
    join(&w, 7, 9);
    join(&w, 3, 9);
    tact_str bytes = bytes_of(&a, &w.of[3]);
    char *copy = arena_copy(&a, bytes.ptr, bytes.len);
    links l;
    for (size_t len = 0; len < bytes.len; len++) {
        assert_int_equal(links_read(&a, (tact_str){bytes.ptr, len}, &l, NULL), TACT_INVALID);
    }
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) { // refused, or other links that are written as they are
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        tact_str damaged = {copy, bytes.len};
        if (!links_read(&a, damaged, &l, NULL)) assert_true(tact_str_equal(bytes_of(&a, &l), damaged));
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
    }
    static const char apart[] = {1, 2, 1, 2, 0}; // two strands and no link
    assert_int_equal(links_read(&a, (tact_str){apart, sizeof apart}, &l, NULL), TACT_INVALID);
    arena_fini(&a);
}

static void lack_of_memory_is_an_error(void **context) {
    (void)context;
    arena a;
    arena_init(&a, 0);
    world w;
    begin(&w, &a);
    for (uint64_t s = 2; s < 12; s++) join(&w, 1, s);
    tact_str bytes = bytes_of(&a, &w.of[1]);
    bool done = false;
    for (size_t bound = 16; !done; bound += 16) {
        arena small;
        arena_init(&small, bound);
        links l, parts[STRANDS];
        uint32_t count;
        tact_err joined = links_join(&small, &w.of[1], &w.of[12], (links_edge){1, 12, 0, 0}, &l, NULL);
        tact_err parted = links_split(&small, &w.of[1], 1, parts, &count, NULL);
        tact_err read = links_read(&small, bytes, &l, NULL);
        done = !joined && !parted && !read;
        assert_true(done || (joined | parted | read) == TACT_NO_MEMORY);
        arena_fini(&small);
    }
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(persons_are_what_is_connected),
        cmocka_unit_test(linking_and_unlinking_gives_back_what_was),
        cmocka_unit_test(who_is_taken_leaves_the_others_connected),
        cmocka_unit_test(the_older_evidence_stays),
        cmocka_unit_test(bounds_are_errors_that_say_so),
        cmocka_unit_test(damage_is_refused),
        cmocka_unit_test(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
