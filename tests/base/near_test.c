// SPDX-License-Identifier: Apache-2.0
//
// The nearest name: what people mistype is found, what is a different word is not.
#include "base/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

// The best of `count` candidates, or "" if none is near.
static const char *best(const char *wanted, const char *const *candidates, size_t count) {
    near n = near_to(tact_str_from(wanted));
    for (size_t i = 0; i < count; i++) near_offer(&n, tact_str_from(candidates[i]));
    return n.best.len ? n.best.ptr : "";
}

static bool is_near(const char *a, const char *b) {
    return best(a, &b, 1)[0] != '\0';
}

static void one_slip_for_three_letters(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool near;
    } cases[] = {
        {"recency", "recency", true},
        {"recencyy", "recency", true}, // one more
        {"recncy", "recency", true},   // one less
        {"recenzy", "recency", true},  // another
        {"recnecy", "recency", true},  // two neighbours swapped
        {"rcenecy", "recency", true},  // two slips in seven letters
        {"rcenezy", "recency", false}, // three
        {"siz", "size", true},         // one in three
        {"sz", "size", false},         // two letters missing
        {"or", "of", false},           // two letters say nothing
        {"a", "b", false},
        {"", "size", false},
        {"size", "", false},
        {"monetary", "quantity", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (is_near(cases[i].a, cases[i].b) != cases[i].near) fail_msg("%s and %s", cases[i].a, cases[i].b);
        if (is_near(cases[i].b, cases[i].a) != cases[i].near) fail_msg("%s and %s", cases[i].b, cases[i].a);
    }
}

static void case_never_counts(void **state) {
    (void)state;
    static const char *const names[] = {"startWith", "startsWith", "STARTSWITH2"};
    assert_string_equal(best("startswith", names, 3), "startsWith");
    assert_true(is_near("OF", "of"));
    assert_true(is_near("STARTSWHIT", "startswith"));
}

static void the_nearest_wins_and_the_first_of_equals(void **state) {
    (void)state;
    static const char *const names[] = {"charge", "change", "charts", "chart"};
    assert_string_equal(best("chare", names, 4), "charge");
    assert_string_equal(best("charst", names, 4), "charts");
    static const char *const equal[] = {"bat", "cat"};
    assert_string_equal(best("hat", equal, 2), "bat");
}

static void dotted_names_match_whole_or_by_their_last_part(void **state) {
    (void)state;
    static const char *const names[] = {"profile.recency", "cart.value", "math.greatest"};
    assert_string_equal(best("profil.recency", names, 3), "profile.recency");
    assert_string_equal(best("recency", names, 3), "profile.recency");
    assert_string_equal(best("basket.value", names, 3), "cart.value");
    assert_string_equal(best("math.greatst", names, 3), "math.greatest");
    static const char *const both[] = {"cart.value", "value", "card.value"};
    assert_string_equal(best("valeu", both, 3), "value"); // whole before part
    assert_string_equal(best("card.valu", both, 3), "card.value");
}

static void long_names_are_only_compared_for_equality(void **state) {
    (void)state;
    char a[NEAR_LENGTH_MAX + 2], b[NEAR_LENGTH_MAX + 2];
    for (size_t len = NEAR_LENGTH_MAX - 1; len <= NEAR_LENGTH_MAX + 1; len++) {
        memset(a, 'x', len);
        memset(b, 'X', len);
        a[len] = b[len] = '\0';
        assert_true(is_near(a, b));
        b[len / 2] = 'y';
        assert_int_equal(is_near(a, b), len <= NEAR_LENGTH_MAX);
    }
}

static void beginnings_are_near_if_asked_for(void **state) {
    (void)state;
    static const char *const names[] = {"upperAscii", "uppercase", "size", "lists.range", "up"};
    near n = near_to(TACT_STR("upper"));
    for (size_t i = 0; i < 5; i++) near_offer(&n, tact_str_from(names[i]));
    assert_int_equal(n.best.len, 0);
    n.beginnings = true;
    for (size_t i = 0; i < 5; i++) near_offer(&n, tact_str_from(names[i]));
    assert_string_equal(n.best.ptr, "uppercase"); // the shorter
    near_offer(&n, TACT_STR("uper"));
    assert_string_equal(n.best.ptr, "uper"); // a slip before a beginning
    static const struct {
        const char *wanted, *candidate;
        bool near;
    } cases[] = {
        {"sizeOf", "size", true}, {"SIZEOF", "size", true},        {"range", "lists.range", true},
        {"si", "size", false},    {"rang", "lists.rangeOf", true}, {"list", "lists.range", true},
        {"ze", "size", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        n = near_to(tact_str_from(cases[i].wanted));
        n.beginnings = true;
        near_offer(&n, tact_str_from(cases[i].candidate));
        if ((n.best.len > 0) != cases[i].near) fail_msg("%s and %s", cases[i].wanted, cases[i].candidate);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_slip_for_three_letters),
        cmocka_unit_test(case_never_counts),
        cmocka_unit_test(the_nearest_wins_and_the_first_of_equals),
        cmocka_unit_test(dotted_names_match_whole_or_by_their_last_part),
        cmocka_unit_test(long_names_are_only_compared_for_equality),
        cmocka_unit_test(beginnings_are_near_if_asked_for),
    };
    return cmocka_run_group_tests_name("near", tests, NULL, NULL);
}
