// SPDX-License-Identifier: Apache-2.0
//
// A small shop's schema with a member of every kind, and random commands that fit it, for the store's tests.
#ifndef TESTS_STORE_SHOP_H
#define TESTS_STORE_SHOP_H

#include "store/strand.h"

#define SHOP_NOW INT64_C(1700000000000)
#define SHOP_DAY INT64_C(86400000)
enum { SHOP_KEEP = 6, SHOP_TALLIES = 4 }; // of the counters that are drawn: times kept, different keys

// crm (unique), email (unique), cookie (max 3).
enum { SHOP_CRM, SHOP_EMAIL, SHOP_COOKIE };
enum { SHOP_SOURCE_CRM, SHOP_SOURCE_WEB, SHOP_SOURCE_APP, SHOP_SOURCE_SHOP, SHOP_SOURCES };
enum { SHOP_PERSONALIZATION, SHOP_MARKETING, SHOP_PURPOSES }; // granted and denied by default
enum {
    SHOP_FIRST_NAME, // string, for personalization
    SHOP_RECENCY,    // int
    SHOP_HISTORY,    // double
    SHOP_TIER,       // string, sources crm then web, max_age 90 days
    SHOP_TAGS,       // list(string), default []
    SHOP_NEWBIE,     // bool, default false
    SHOP_BORN,       // timestamp, for marketing
    SHOP_PATIENCE,   // duration
    SHOP_SCORES,     // list(double)
    SHOP_SIZES,      // list(int)
    SHOP_ATTRIBUTES
};
enum { SHOP_PAGE_VIEW, SHOP_PURCHASE, SHOP_EVENTS }; // {category}, {amount, category, pieces}
enum {
    SHOP_PURCHASES_90D,
    SHOP_SPENT_90D,
    SHOP_PIECES,
    SHOP_LEAST,
    SHOP_MOST,
    SHOP_MEAN_30D,
    SHOP_CATEGORIES_30D,
    SHOP_FIRST_CATEGORY,
    SHOP_LAST_CATEGORY,
    SHOP_SINCE_VIEW,
    SHOP_AGGREGATES
};

schema *shop_schema(arena *a);
strand shop_strand(uint64_t id, uint16_t space, const char *identity, int64_t created_ms);
// A random SET, EVENT, CONSENT or COUNT at `time_ms`, in the arena.
command shop_draw(arena *a, uint64_t *seed, int64_t time_ms);
void shop_apply(arena *a, strand *s, const command *c, const schema *sc); // which must succeed
tact_str shop_bytes(arena *a, const strand *s);

#endif
