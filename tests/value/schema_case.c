// SPDX-License-Identifier: Apache-2.0
//
// A schema with something of everything, after the design's example.
#include "schema_case.h"

#include "value/value.h"

schema_attribute schema_case_attribute(const char *name, const tact_type *type) {
    return (schema_attribute){.name = tact_str_from(name), .type = type, .purpose = -1};
}

schema_aggregate schema_case_aggregate(const char *name, schema_function function, uint32_t event, int32_t property) {
    return (schema_aggregate){.name = tact_str_from(name), .function = function, .event = event, .property = property};
}

tact_err schema_case_build(schema *s, tact_error *why) {
    static const schema_property viewed[] = {{.name = {"category", 8}, .type = &type_string}};
    static const schema_property bought[] = {{.name = {"amount", 6}, .type = &type_double},
                                             {.name = {"category", 8}, .type = &type_string}};
    const tact_value languages[] = {tact_string("de", 2), tact_string("en", 2), tact_string("fr", 2)};
    const schema_purpose purposes[] = {{.name = TACT_STR("personalization"), .granted_by_default = true},
                                       {.name = TACT_STR("marketing")}};
    const schema_identity identities[] = {
        {.name = TACT_STR("crm"), .unique = true},
        {.name = TACT_STR("email"), .unique = true, .normalize = SCHEMA_LOWERCASE | SCHEMA_TRIM},
        {.name = TACT_STR("cookie"), .max = 20},
    };
    const schema_event events[] = {{.name = TACT_STR("page_view"), .properties = viewed, .properties_count = 1},
                                   {.name = TACT_STR("purchase"), .properties = bought, .properties_count = 2}};
    tact_err err = TACT_OK;
    for (int i = 0; i < 2 && !err; i++) err = schema_add_purpose(s, &purposes[i], why);
    for (int i = 0; i < 3 && !err; i++) err = schema_add_identity(s, &identities[i], why);
    for (int i = 0; i < 2 && !err; i++) err = schema_add_event(s, &events[i], why);
    if (err) return err;
    int32_t crm = schema_source(s, TACT_STR("crm"), why), web = schema_source(s, TACT_STR("web.eu-1"), why);
    if (crm < 0 || web < 0) return why->code;
    const uint8_t sources[] = {(uint8_t)web, (uint8_t)crm};

    schema_attribute attributes[] = {
        schema_case_attribute("first_name", &type_string),
        schema_case_attribute("language", &type_string),
        schema_case_attribute("recency", &type_int),
        schema_case_attribute("tier", &type_string),
        schema_case_attribute("tags", type_list(NULL, &type_string)),
    };
    attributes[0].purpose = 0;
    attributes[0].personal = true;
    attributes[1].allowed = languages;
    attributes[1].allowed_count = 3;
    attributes[1].has_default = true;
    attributes[1].fallback = languages[1];
    attributes[2].title = TACT_STR("Months since the last purchase");
    attributes[2].unit = TACT_STR("months");
    attributes[2].has_min = true;
    attributes[2].min = tact_int(0);
    attributes[2].has_max = true;
    attributes[2].max = tact_int(1200);
    attributes[3].sources = sources;
    attributes[3].sources_count = 2;
    attributes[3].max_age_ms = 90 * DAY;
    attributes[4].has_default = true;
    attributes[4].fallback = tact_list(NULL, 0);
    schema_aggregate aggregates[] = {
        schema_case_aggregate("purchases_90d", SCHEMA_COUNT, 1, -1),
        schema_case_aggregate("spent_90d", SCHEMA_SUM, 1, 0),
        schema_case_aggregate("last_seen_category", SCHEMA_LAST, 0, 0),
    };
    aggregates[0].window_ms = aggregates[1].window_ms = 90 * DAY;
    for (int i = 0; i < 5 && !err; i++) err = schema_add_attribute(s, &attributes[i], why);
    for (int i = 0; i < 3 && !err; i++) err = schema_add_aggregate(s, &aggregates[i], why);
    return err;
}
