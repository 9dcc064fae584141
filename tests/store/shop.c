// SPDX-License-Identifier: Apache-2.0
//
// See shop.h. Doubles are drawn so that sums of them are exact. What cannot fail aborts if it does, so that fuzz
// targets can use this as well.
#include "shop.h"

#include "draw.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void must(bool done) {
    if (!done) abort();
}

static tact_str text(const char *s) {
    return tact_str_from(s);
}

static void add_people(schema *s, arena *a) {
    static const char *const sources[] = {"crm", "web", "app", "shop"};
    static const uint8_t crm_web[] = {SHOP_SOURCE_CRM, SHOP_SOURCE_WEB};
    const schema_identity identities[] = {{.name = TACT_STR("crm"), .unique = true},
                                          {.name = TACT_STR("email"), .unique = true, .normalize = SCHEMA_LOWERCASE},
                                          {.name = TACT_STR("cookie"), .max = 3}};
    const schema_purpose purposes[] = {{.name = TACT_STR("personalization"), .granted_by_default = true},
                                       {.name = TACT_STR("marketing")}};
    const schema_attribute attributes[] = {
        {.name = TACT_STR("first_name"), .type = &type_string, .purpose = SHOP_PERSONALIZATION, .personal = true},
        {.name = TACT_STR("recency"), .type = &type_int, .purpose = -1},
        {.name = TACT_STR("history"), .type = &type_double, .purpose = -1},
        {.name = TACT_STR("tier"),
         .type = &type_string,
         .purpose = -1,
         .sources = crm_web,
         .sources_count = 2,
         .max_age_ms = 90 * SHOP_DAY},
        {.name = TACT_STR("tags"),
         .type = type_list(a, &type_string),
         .purpose = -1,
         .has_default = true,
         .fallback = tact_list(NULL, 0)},
        {.name = TACT_STR("newbie"),
         .type = &type_bool,
         .purpose = -1,
         .has_default = true,
         .fallback = tact_bool(false)},
        {.name = TACT_STR("born"), .type = &type_timestamp, .purpose = SHOP_MARKETING},
        {.name = TACT_STR("patience"), .type = &type_duration, .purpose = -1},
        {.name = TACT_STR("scores"), .type = type_list(a, &type_double), .purpose = -1},
        {.name = TACT_STR("sizes"), .type = type_list(a, &type_int), .purpose = -1}};
    for (size_t i = 0; i < COUNT(sources); i++) must(schema_source(s, text(sources[i]), NULL) == (int32_t)i);
    for (size_t i = 0; i < COUNT(identities); i++) must(!schema_add_identity(s, &identities[i], NULL));
    for (size_t i = 0; i < COUNT(purposes); i++) must(!schema_add_purpose(s, &purposes[i], NULL));
    for (size_t i = 0; i < COUNT(attributes); i++) must(!schema_add_attribute(s, &attributes[i], NULL));
}

static void add_events(schema *s) {
    static const struct {
        const char *name;
        schema_function function;
        uint32_t event;
        int32_t property;
        int64_t days;
    } aggregates[] = {{"purchases_90d", SCHEMA_COUNT, SHOP_PURCHASE, -1, 90},
                      {"spent_90d", SCHEMA_SUM, SHOP_PURCHASE, 0, 90},
                      {"pieces", SCHEMA_SUM, SHOP_PURCHASE, 2, 0},
                      {"least", SCHEMA_MIN, SHOP_PURCHASE, 0, 90},
                      {"most", SCHEMA_MAX, SHOP_PURCHASE, 2, 0},
                      {"mean_30d", SCHEMA_AVG, SHOP_PURCHASE, 0, 30},
                      {"categories_30d", SCHEMA_DISTINCT, SHOP_PAGE_VIEW, 0, 30},
                      {"first_category", SCHEMA_FIRST, SHOP_PURCHASE, 1, 0},
                      {"last_category", SCHEMA_LAST, SHOP_PAGE_VIEW, 0, 30},
                      {"since_view", SCHEMA_SINCE, SHOP_PAGE_VIEW, -1, 0}};
    static const schema_property view[] = {{.name = {"category", 8}, .type = &type_string}};
    static const schema_property purchase[] = {{.name = {"amount", 6}, .type = &type_double},
                                               {.name = {"category", 8}, .type = &type_string},
                                               {.name = {"pieces", 6}, .type = &type_int}};
    const schema_event events[] = {{.name = TACT_STR("page_view"), .properties = view, .properties_count = 1},
                                   {.name = TACT_STR("purchase"), .properties = purchase, .properties_count = 3}};
    for (size_t i = 0; i < COUNT(events); i++) must(!schema_add_event(s, &events[i], NULL));
    for (size_t i = 0; i < COUNT(aggregates); i++) {
        const schema_aggregate aggregate = {.name = text(aggregates[i].name),
                                            .function = aggregates[i].function,
                                            .event = aggregates[i].event,
                                            .property = aggregates[i].property,
                                            .window_ms = aggregates[i].days * SHOP_DAY};
        must(!schema_add_aggregate(s, &aggregate, NULL));
    }
}

schema *shop_schema(arena *a) {
    schema *s = schema_new(a);
    must(s != NULL);
    add_people(s, a);
    add_events(s);
    must(s->attributes_count == SHOP_ATTRIBUTES);
    must(s->aggregates_count == SHOP_AGGREGATES);
    return s;
}

strand shop_strand(uint64_t id, uint16_t space, const char *identity, int64_t created_ms) {
    return (strand){.id = id, .space = space, .identity = text(identity), .created_ms = created_ms};
}

static tact_value draw_text(uint64_t *seed) {
    static const char *const words[] = {"", "shoes", "hats", "\xc3\xa9t\xc3\xa9", "something longer than a few bytes"};
    tact_str word = text(words[draw_below(seed, 5)]);
    return tact_string(word.ptr, word.len);
}

static double draw_double(uint64_t *seed) {
    return (double)(draw_below(seed, 4000) - 1000) / 8;
}

static tact_value draw_list(arena *a, uint64_t *seed, uint32_t number) {
    uint32_t count = (uint32_t)draw_below(seed, 4);
    tact_value *items = arena_array(a, count, sizeof *items);
    must(items != NULL);
    for (uint32_t i = 0; i < count; i++) {
        items[i] = number == SHOP_TAGS     ? draw_text(seed)
                   : number == SHOP_SCORES ? tact_double(draw_double(seed))
                                           : tact_int(draw_below(seed, 50));
    }
    return tact_list(items, count);
}

static tact_value draw_value(arena *a, uint64_t *seed, uint32_t number) {
    if (!draw_below(seed, 6)) return tact_null();
    switch (number) {
    case SHOP_FIRST_NAME:
    case SHOP_TIER: return draw_text(seed);
    case SHOP_RECENCY: return tact_int(draw_below(seed, 30));
    case SHOP_HISTORY: return draw_below(seed, 2) ? tact_double(draw_double(seed)) : tact_int(7);
    case SHOP_NEWBIE: return tact_bool(draw_below(seed, 2));
    case SHOP_BORN: return tact_timestamp(draw_below(seed, 1000) - 500, (uint32_t)draw_below(seed, 1000000000));
    case SHOP_PATIENCE: return tact_duration(draw_below(seed, 1000));
    default: return draw_list(a, seed, number);
    }
}

static void draw_event(command *c, command_value *values, uint64_t *seed) {
    c->event = (uint16_t)draw_below(seed, SHOP_EVENTS);
    if (c->event == SHOP_PAGE_VIEW) {
        values[c->values_count++] = (command_value){0, draw_text(seed)};
        return;
    }
    if (draw_below(seed, 5)) values[c->values_count++] = (command_value){0, tact_double(draw_double(seed))};
    if (draw_below(seed, 5)) values[c->values_count++] = (command_value){1, draw_text(seed)};
    if (draw_below(seed, 5)) values[c->values_count++] = (command_value){2, tact_int(draw_below(seed, 9))};
}

command shop_draw(arena *a, uint64_t *seed, int64_t time_ms) {
    command c = {.time_ms = time_ms, .source = (uint8_t)draw_below(seed, SHOP_SOURCES + 1)};
    if (c.source == SHOP_SOURCES) c.source = SCHEMA_SOURCE_NONE;
    command_value *values = arena_array(a, 4, sizeof *values);
    command_consent *consent = arena_alloc(a, sizeof *consent);
    must(values && consent);
    c.values = values;
    c.consents = consent;
    switch (draw_below(seed, 4)) {
    case 0:
        c.kind = COMMAND_SET;
        for (int64_t i = draw_below(seed, 3); i >= 0; i--) {
            uint16_t number = (uint16_t)draw_below(seed, SHOP_ATTRIBUTES);
            bool repeats = false; // a command names an attribute once
            for (uint32_t k = 0; k < c.values_count; k++) repeats |= values[k].number == number;
            if (!repeats) values[c.values_count++] = (command_value){number, draw_value(a, seed, number)};
        }
        break;
    case 1:
        c.kind = COMMAND_EVENT;
        draw_event(&c, values, seed);
        break;
    case 2:
        c.kind = COMMAND_CONSENT;
        *consent = (command_consent){(uint16_t)draw_below(seed, SHOP_PURPOSES),
                                     (uint8_t)draw_below(seed, CONSENT_STATES), draw_below(seed, 3) == 0,
                                     draw_below(seed, 2) ? 0 : SHOP_NOW + draw_below(seed, 5) * SHOP_DAY};
        c.consents_count = 1;
        break;
    default:
        c.kind = COMMAND_COUNT;
        c.tally = UINT64_C(0x1234567890) * (uint64_t)draw_below(seed, SHOP_TALLIES);
        c.keep = SHOP_KEEP;
    }
    return c;
}

void shop_apply(arena *a, strand *s, const command *c, const schema *sc) {
    must(!strand_apply(a, s, c, sc, NULL));
}

tact_str shop_bytes(arena *a, const strand *s) {
    buf out = buf_in(a);
    strand_write(&out, s);
    tact_str bytes = buf_done(&out);
    must(bytes.ptr != NULL);
    return bytes;
}
