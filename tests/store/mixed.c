// SPDX-License-Identifier: Apache-2.0
//
// A cycle makes a person with a customer number and an e-mail address, links both, takes them apart, and every other
// time erases what is left of the customer number.
#include "mixed.h"

#include <stdio.h>
#include <stdlib.h>

#include "shop.h"

static void *need(void *memory) {
    if (!memory) abort();
    return memory;
}

static tact_str print(arena *a, const char *format, int round, int thread, int number) {
    return tact_str_from(need(arena_printf(a, format, round, thread, number)));
}

command mixed_command(arena *a, int round, int thread, int k) {
    static const command_consent granted = {SHOP_MARKETING, CONSENT_GRANTED, true, 0};
    int cycle = k / MIXED_CYCLE;
    command_identity *both = need(arena_array(a, 2, sizeof *both));
    both[0] = (command_identity){SHOP_CRM, print(a, "%d-%d-%d", round, thread, cycle)};
    both[1] = (command_identity){SHOP_EMAIL, print(a, "%d-%d-%d@example.com", round, thread, cycle)};
    command_value *value = need(arena_alloc(a, sizeof *value));
    command c = {.id = print(a, "id-%d-%d-%d", round, thread, k),
                 .time_ms = SHOP_NOW + k,
                 .source = SHOP_SOURCE_CRM,
                 .identities = both,
                 .identities_count = 1,
                 .values = value};
    switch (k % MIXED_CYCLE) {
    case 1:
        c.kind = COMMAND_EVENT;
        c.event = SHOP_PURCHASE;
        *value = (command_value){2, tact_int(k)};
        c.values_count = 1;
        break;
    case 2:
        c.kind = COMMAND_COUNT;
        c.tally = MIXED_TALLY;
        c.keep = SHOP_KEEP;
        c.everyone = true;
        break;
    case 3:
        c.kind = COMMAND_LINK;
        c.identities_count = 2;
        break;
    case 4:
        c.kind = COMMAND_EVENT;
        c.identities = both + 1;
        c.event = SHOP_PAGE_VIEW;
        break;
    case 5:
        c.kind = COMMAND_UNLINK;
        c.identities = both + 1;
        break;
    case 6:
        c.kind = COMMAND_CONSENT;
        c.consents = &granted;
        c.consents_count = 1;
        break;
    case 7:
        if (cycle % 2 == 0) {
            c.kind = COMMAND_ERASE;
            break;
        } // fall through
    default:
        c.kind = COMMAND_SET;
        *value = (command_value){SHOP_RECENCY, tact_int(k)};
        c.values_count = 1;
    }
    return c;
}

mixed_sum mixed_sum_of(int count) {
    mixed_sum sum = {0, 0};
    for (int k = 0; k < count; k++) {
        int step = k % MIXED_CYCLE;
        sum.events += step == 1 || step == 4;
        sum.counted += step == 2;
        if (step == 7 && k / MIXED_CYCLE % 2 == 0) sum.events--;
    }
    return sum;
}
