// SPDX-License-Identifier: Apache-2.0
//
// From the tree of a file to a schema. Subtle: all faults are to be found at once, and none that only follows from
// another. So members are read in the order of their references whatever the order in the file, what is wrong with a
// part of a member leaves the rest of it, and a member that could not be added is noted as spoilt: nobody who refers to
// it is blamed.
#include "bundle/schema_file.h"

#include "base/utf8.h"
#include "bundle/yaml.h"
#include "value/time.h"

typedef struct reader {
    report *report;
    schema *schema;
    strmap spoilt; // "purpose marketing", "event purchase", "property purchase.amount": there, but could not be added
} reader;

#define COUNT(ROWS) (uint32_t)(sizeof(ROWS) / sizeof *(ROWS))

// ---- Parts ----------------------------------------------------------------------------------------------------------

static void refuse(reader *r, const yaml_node *node, const char *hint, const char *expected) {
    utf8_shown shown;
    if (node->kind == YAML_BAD) return;
    if (node->kind != YAML_SCALAR) {
        report_add(r->report, TACT_INVALID, node->at, hint, "expected %s, not a %s", expected,
                   node->kind == YAML_MAP ? "map" : "list");
    } else if (node->plain && node->text.len == 0) {
        report_add(r->report, TACT_INVALID, node->at, hint, "expected %s", expected);
    } else {
        report_add(r->report, TACT_INVALID, node->at, hint, "expected %s, not `%s`", expected,
                   utf8_show(&shown, node->text));
    }
}

// A fault that was found in adding a member, at its name.
static void refuse_member(reader *r, const yaml_node *member, const tact_error *why) {
    if (why->code == TACT_NO_MEMORY) {
        report_no_memory(r->report);
    } else {
        report_add(r->report, why->code, member->key_at, NULL, "%s", why->text);
    }
}

static const char *near_name(reader *r, tact_str wanted, const tact_str *names, uint32_t count) {
    near n = near_to(wanted);
    for (uint32_t i = 0; i < count; i++) near_offer(&n, names[i]);
    return report_near(r->report, &n);
}

static uint32_t faults_of(const reader *r) {
    return r->report->count + r->report->dropped;
}

// The items of a map by their keys, in the order of `names`; NULL where there is none. Keys that are none of them are
// faults. False if it is no map; nothing at all counts as an empty one.
static bool read_map(reader *r, const yaml_node *node, const char *what, const tact_str *names, uint32_t count,
                     const yaml_node **items) {
    for (uint32_t i = 0; i < count; i++) items[i] = NULL;
    if (yaml_is_null(node)) return true;
    if (node->kind != YAML_MAP) {
        refuse(r, node, NULL, what);
        return false;
    }
    for (const yaml_node *item = node->first; item; item = item->next) {
        uint32_t i = 0;
        while (i < count && !tact_str_equal(names[i], item->key)) i++;
        if (i < count) {
            items[i] = item;
            continue;
        }
        utf8_shown shown;
        report_add(r->report, TACT_INVALID, item->key_at, near_name(r, item->key, names, count), "unknown key `%s`",
                   utf8_show(&shown, item->key));
    }
    return true;
}

static void read_bool(reader *r, const yaml_node *node, bool *out) {
    if (node && !yaml_bool(node, out)) refuse(r, node, NULL, "true or false");
}

static bool is_text(const yaml_node *node) {
    return node->kind == YAML_SCALAR && !yaml_is_null(node);
}

static void read_text(reader *r, const yaml_node *node, tact_str *out) {
    if (!node) return;
    if (is_text(node)) {
        *out = node->text;
    } else {
        refuse(r, node, NULL, "a text");
    }
}

static void read_span(reader *r, const yaml_node *node, int64_t *ms) {
    const int64_t unit = TIME_SECOND / 1000; // nanoseconds of a millisecond
    tact_value v;
    if (!node) return;
    time_fault fault = is_text(node) ? time_parse_span(node->text, &v) : TIME_MALFORMED;
    if (fault == TIME_MALFORMED) {
        refuse(r, node, NULL, "a time span such as 90d, 2w, 36h or 1h30m");
    } else if (fault || v.as.i < SCHEMA_SPAN_MIN_MS * unit || v.as.i / unit > SCHEMA_SPAN_MAX_MS) {
        refuse(r, node, NULL, "a time span of a second to 100 years");
    } else {
        *ms = v.as.i / unit;
    }
}

// Where byte `at` of a scalar's text is in the file, with the name that begins there; the whole scalar if escapes or
// folded lines have moved it.
static cel_span place_within(reader *r, const yaml_node *node, size_t at) {
    tact_str source = r->report->source, text = node->text;
    bool same = node->at.pos + text.len <= source.len && memcmp(source.ptr + node->at.pos, text.ptr, text.len) == 0;
    if (!same || at >= text.len) return node->at;
    uint32_t len = 0;
    while (at + len < text.len && !strchr("(), .", text.ptr[at + len])) len++;
    return (cel_span){node->at.pos + (uint32_t)at, len};
}

// A type, or NULL with its fault.
static const tact_type *read_type(reader *r, const yaml_node *node) {
    static const char any[] = "bool, int, double, string, timestamp, duration, list(string), list(int) or list(double)";
    if (!is_text(node)) {
        refuse(r, node, NULL, "a type such as string");
        return NULL;
    }
    tact_error error;
    const tact_type *type = type_parse(r->report->arena, node->text, &error);
    int32_t number = schema_type_number(type);
    if (number >= 0) return schema_type_of((uint32_t)number);
    if (type) {
        refuse(r, node, any, "a type that can be stored");
    } else if (error.code == TACT_NO_MEMORY) {
        report_no_memory(r->report);
    } else {
        size_t at = error.column > 0 ? (size_t)error.column - 1 : 0;
        report_add(r->report, TACT_INVALID, place_within(r, node, at), NULL, "%s", error.text);
    }
    return NULL;
}

static bool read_scalar(const yaml_node *node, const tact_type *type, tact_value *out) {
    bool b = false;
    double d = 0;
    int64_t i = 0;
    if (!is_text(node)) return false;
    switch (type->kind) {
    case TYPE_BOOL:
        if (!yaml_bool(node, &b)) return false;
        *out = tact_bool(b);
        return true;
    case TYPE_INT:
        if (!yaml_int(node, &i)) return false;
        *out = tact_int(i);
        return true;
    case TYPE_DOUBLE:
        if (!yaml_double(node, &d)) return false;
        *out = tact_double(d);
        return true;
    case TYPE_STRING: *out = tact_string(node->text.ptr, node->text.len); return true;
    case TYPE_TIMESTAMP: return time_parse_timestamp(node->text, out) == TIME_OK;
    default: return time_parse_span(node->text, out) == TIME_OK; // a duration
    }
}

static const char *example_of(const tact_type *type) {
    switch (type->kind) {
    case TYPE_BOOL: return "true or false";
    case TYPE_INT: return "an int such as 3";
    case TYPE_DOUBLE: return "a number such as 1.5";
    case TYPE_STRING: return "a text";
    case TYPE_TIMESTAMP: return "a time such as 2026-11-01T09:00:00Z";
    default: return "a time span such as 90d or 1h30m";
    }
}

// The values of a list; false with a fault if one is no value of `type`.
static bool read_values(reader *r, const yaml_node *node, const tact_type *type, const tact_value **out,
                        uint32_t *count) {
    if (node->kind != YAML_LIST) {
        refuse(r, node, NULL, "a list such as [a, b]");
        return false;
    }
    tact_value *values = arena_array(r->report->arena, node->count, sizeof *values);
    bool well = values != NULL;
    if (!well) report_no_memory(r->report);
    uint32_t i = 0;
    for (const yaml_node *item = node->first; values && item; item = item->next) {
        if (read_scalar(item, type, &values[i++])) continue;
        refuse(r, item, NULL, example_of(type));
        well = false;
    }
    *out = values;
    *count = node->count;
    return well;
}

// A value of an attribute's type, lists included.
static bool read_value(reader *r, const yaml_node *node, const tact_type *type, tact_value *out) {
    const tact_value *items;
    uint32_t count;
    if (type->kind == TYPE_LIST) {
        if (!read_values(r, node, type->params[0], &items, &count)) return false;
        *out = tact_list(items, count);
        return true;
    }
    if (read_scalar(node, type, out)) return true;
    refuse(r, node, NULL, example_of(type));
    return false;
}

// ---- What could not be added ----------------------------------------------------------------------------------------

// "property purchase.amount"; empty, with the fault noted, if memory ran out.
static tact_str label(reader *r, const char *kind, tact_str name, tact_str part) {
    const char *text = arena_printf(r->report->arena, "%s %.*s%s%.*s", kind, (int)name.len, name.ptr,
                                    part.len ? "." : "", (int)part.len, part.ptr);
    if (!text) report_no_memory(r->report);
    return tact_str_from(text);
}

static void spoil(reader *r, const char *kind, tact_str name, tact_str part) {
    if (strmap_put(&r->spoilt, label(r, kind, name, part), r)) report_no_memory(r->report);
}

static bool is_spoilt(reader *r, const char *kind, tact_str name, tact_str part) {
    return strmap_get(&r->spoilt, label(r, kind, name, part)) != NULL;
}

// ---- Members --------------------------------------------------------------------------------------------------------

// Whether expressions can write the name behind a dot.
static bool check_word(reader *r, const yaml_node *member, const char *record) {
    cel_token_kind kind = token_of_word(member->key.ptr, member->key.len);
    if (kind == TOKEN_IDENT || kind == TOKEN_RESERVED) return true;
    report_add(r->report, TACT_INVALID, member->key_at, NULL,
               "`%.*s` is a word of the language, so that no rule could read `%s.%.*s`", (int)member->key.len,
               member->key.ptr, record, (int)member->key.len, member->key.ptr);
    return false;
}

static void read_purpose(reader *r, const yaml_node *member) {
    static const tact_str keys[] = {{"default", 7}}, states[] = {{"denied", 6}, {"granted", 7}};
    const yaml_node *items[1];
    schema_purpose m = {.name = member->key};
    if (read_map(r, member, "a map such as {default: denied}", keys, 1, items) && items[0]) {
        m.granted_by_default = tact_str_equal(items[0]->text, states[1]);
        bool known = m.granted_by_default || tact_str_equal(items[0]->text, states[0]);
        if (items[0]->kind != YAML_SCALAR || !known) {
            refuse(r, items[0], near_name(r, items[0]->text, states, 2), "granted or denied");
        }
    }
    tact_error why;
    bool word = check_word(r, member, "consent");
    if (word && !schema_add_purpose(r->schema, &m, &why)) return;
    if (word) refuse_member(r, member, &why);
    spoil(r, "purpose", m.name, (tact_str){NULL, 0});
}

static uint8_t read_normalize(reader *r, const yaml_node *node) {
    static const tact_str names[] = {{"trim", 4}, {"lowercase", 9}}; // the bits of schema_normalize, in their order
    for (uint32_t i = 0; i < COUNT(names); i++) {
        if (node->kind == YAML_SCALAR && tact_str_equal(node->text, names[i])) return (uint8_t)(1 << i);
    }
    refuse(r, node, near_name(r, node->text, names, COUNT(names)), "lowercase, trim or a list of them");
    return SCHEMA_AS_IS;
}

static void read_identity(reader *r, const yaml_node *member) {
    static const tact_str keys[] = {{"unique", 6}, {"normalize", 9}, {"max", 3}};
    const yaml_node *items[COUNT(keys)];
    schema_identity m = {.name = member->key};
    if (!read_map(r, member, "a map such as {unique: true}", keys, COUNT(keys), items)) return;
    read_bool(r, items[0], &m.unique);
    if (items[1] && items[1]->kind == YAML_LIST) {
        for (const yaml_node *item = items[1]->first; item; item = item->next) m.normalize |= read_normalize(r, item);
    } else if (items[1]) {
        m.normalize = read_normalize(r, items[1]);
    }
    int64_t max = 0;
    if (items[2] && (!yaml_int(items[2], &max) || max < 1 || max > UINT32_MAX)) {
        refuse(r, items[2], NULL, "how many a person keeps, from 1 on");
        max = 0;
    }
    m.max = (uint32_t)max;
    tact_error why;
    if (schema_add_identity(r->schema, &m, &why)) refuse_member(r, member, &why);
}

static int32_t read_purpose_name(reader *r, const yaml_node *node) {
    int32_t number = is_text(node) ? schema_find_purpose(r->schema, node->text) : -1;
    if (number >= 0 || (is_text(node) && is_spoilt(r, "purpose", node->text, (tact_str){NULL, 0}))) return number;
    near n = near_to(node->text);
    for (uint32_t i = 0; i < r->schema->purposes_count; i++) near_offer(&n, r->schema->purposes[i].name);
    refuse(r, node, report_near(r->report, &n), "the name of a purpose");
    return -1;
}

// Source names as numbers into `out`; their count.
static uint32_t read_sources(reader *r, const yaml_node *node, uint8_t *out) {
    uint32_t count = 0;
    if (node->kind != YAML_LIST) refuse(r, node, NULL, "a list of sources such as [crm, web]");
    for (const yaml_node *item = node->kind == YAML_LIST ? node->first : NULL; item; item = item->next) {
        tact_error why;
        if (!is_text(item)) {
            refuse(r, item, NULL, "the name of a source");
            continue;
        }
        int32_t number = schema_source(r->schema, item->text, &why);
        if (number < 0 && why.code == TACT_NO_MEMORY) {
            report_no_memory(r->report);
        } else if (number < 0) {
            report_add(r->report, why.code, item->at, NULL, "%s", why.text);
        } else if (memchr(out, number, count)) {
            report_add(r->report, TACT_INVALID, item->at, NULL, "`%.*s` is here a second time", (int)item->text.len,
                       item->text.ptr);
        } else {
            out[count++] = (uint8_t)number; // each once, so that they fit
        }
    }
    return count;
}

enum attribute_key {
    TYPE,
    TITLE,
    UNIT,
    PURPOSE,
    PERSONAL,
    SOURCES,
    MAX_AGE,
    VALUES,
    DEFAULT,
    MIN,
    MAX,
    ATTRIBUTE_KEYS
};

// What needs the type to be read: `values`, `default`, `min`, `max`.
static void read_typed(reader *r, const yaml_node *const *items, schema_attribute *m) {
    const tact_type *single = m->type->kind == TYPE_LIST ? m->type->params[0] : m->type;
    if (items[VALUES] && !read_values(r, items[VALUES], single, &m->allowed, &m->allowed_count)) m->allowed_count = 0;
    if (items[DEFAULT]) m->has_default = read_value(r, items[DEFAULT], m->type, &m->fallback);
    if (items[MIN]) m->has_min = read_value(r, items[MIN], m->type, &m->min);
    if (items[MAX]) m->has_max = read_value(r, items[MAX], m->type, &m->max);
}

static void read_attribute(reader *r, const yaml_node *member) {
    static const tact_str keys[ATTRIBUTE_KEYS] = {
        [TYPE] = {"type", 4},       [TITLE] = {"title", 5},       [UNIT] = {"unit", 4},
        [PURPOSE] = {"purpose", 7}, [PERSONAL] = {"personal", 8}, [SOURCES] = {"sources", 7},
        [MAX_AGE] = {"max_age", 7}, [VALUES] = {"values", 6},     [DEFAULT] = {"default", 7},
        [MIN] = {"min", 3},         [MAX] = {"max", 3},
    };
    const yaml_node *items[ATTRIBUTE_KEYS];
    uint32_t faults = faults_of(r);
    uint8_t sources[SCHEMA_SOURCES_MAX];
    schema_attribute m = {.name = member->key, .purpose = -1, .sources = sources};
    if (!read_map(r, member, "a map such as {type: string}", keys, ATTRIBUTE_KEYS, items)) return;
    bool misspelt = faults_of(r) > faults; // then what is missing may be what is meant
    bool word = check_word(r, member, "profile");
    if (items[TYPE]) {
        m.type = read_type(r, items[TYPE]);
    } else if (!misspelt) {
        report_add(r->report, TACT_INVALID, member->key_at, NULL, "it needs a type, as in {type: string}");
    }
    read_text(r, items[TITLE], &m.title);
    read_text(r, items[UNIT], &m.unit);
    if (items[PURPOSE]) m.purpose = read_purpose_name(r, items[PURPOSE]);
    read_bool(r, items[PERSONAL], &m.personal);
    if (items[SOURCES]) m.sources_count = read_sources(r, items[SOURCES], sources);
    read_span(r, items[MAX_AGE], &m.max_age_ms);
    if (!m.type) return; // nobody refers to an attribute
    read_typed(r, items, &m);
    tact_error why;
    if (word && schema_add_attribute(r->schema, &m, &why)) refuse_member(r, member, &why);
}

static void read_event(reader *r, const yaml_node *member) {
    static const tact_str keys[] = {{"properties", 10}};
    const yaml_node *items[1];
    schema_property properties[SCHEMA_PROPERTIES_MAX + 1]; // one too many, so that schema_add_event says so
    schema_event m = {.name = member->key, .properties = properties};
    bool map = read_map(r, member, "a map such as {properties: {amount: double}}", keys, 1, items);
    const yaml_node *list = map ? items[0] : NULL;
    if (list && list->kind != YAML_MAP && !yaml_is_null(list)) refuse(r, list, NULL, "a map such as {amount: double}");
    for (const yaml_node *item = list && list->kind == YAML_MAP ? list->first : NULL; item; item = item->next) {
        const tact_type *type = read_type(r, item);
        if (!type) {
            spoil(r, "property", m.name, item->key);
        } else if (m.properties_count <= SCHEMA_PROPERTIES_MAX) {
            properties[m.properties_count++] = (schema_property){.name = item->key, .type = type};
        }
    }
    tact_error why;
    if (map && !schema_add_event(r->schema, &m, &why)) return;
    if (map) refuse_member(r, member, &why);
    spoil(r, "event", m.name, (tact_str){NULL, 0});
}

// The event that an aggregate is of, or NULL with its fault, if it has one.
static const schema_event *read_event_name(reader *r, const yaml_node *node, tact_str name, uint32_t *number) {
    int32_t found = schema_find_event(r->schema, name);
    if (found >= 0) {
        *number = (uint32_t)found;
        return &r->schema->events[found];
    }
    if (is_spoilt(r, "event", name, (tact_str){NULL, 0})) return NULL;
    near n = near_to(name);
    for (uint32_t i = 0; i < r->schema->events_count; i++) near_offer(&n, r->schema->events[i].name);
    utf8_shown shown;
    cel_span at = {node->at.pos, (uint32_t)name.len};
    report_add(r->report, TACT_INVALID, at, report_near(r->report, &n), "there is no event `%s`",
               utf8_show(&shown, name));
    return NULL;
}

static bool read_property_name(reader *r, const yaml_node *node, const schema_event *event, tact_str name,
                               schema_aggregate *m) {
    m->property = schema_find_property(event, name);
    if (m->property >= 0) return true;
    if (is_spoilt(r, "property", event->name, name)) return false;
    near n = near_to(name);
    for (uint32_t i = 0; i < event->properties_count; i++) near_offer(&n, event->properties[i].name);
    utf8_shown shown;
    report_add(r->report, TACT_INVALID, node->at, report_near(r->report, &n), "event `%.*s` has no property `%s`",
               (int)event->name.len, event->name.ptr, utf8_show(&shown, name));
    return false;
}

// "purchase" or "purchase.amount", as the function needs it.
static bool read_operand(reader *r, const yaml_node *node, schema_aggregate *m) {
    bool of_event = schema_function_takes(m->function, NULL);
    const char *expected = of_event ? "an event such as purchase" : "a property of an event such as purchase.amount";
    const char *dot = is_text(node) ? memchr(node->text.ptr, '.', node->text.len) : NULL;
    if (!is_text(node) || (of_event && dot)) {
        refuse(r, node, NULL, expected);
        return false;
    }
    tact_str name = {node->text.ptr, dot ? (size_t)(dot - node->text.ptr) : node->text.len};
    const schema_event *event = read_event_name(r, node, name, &m->event);
    if (!event || of_event) return event != NULL;
    if (!dot) {
        refuse(r, node, NULL, expected);
        return false;
    }
    tact_str part = {dot + 1, node->text.len - name.len - 1};
    if (!read_property_name(r, node, event, part, m)) return false;
    const tact_type *type = event->properties[m->property].type;
    if (schema_function_takes(m->function, type)) return true;
    report_add(r->report, TACT_INVALID, node->at, NULL, "`%s` is of %s, and `%.*s` is a %s",
               schema_function_name(m->function), schema_function_needs(m->function), (int)node->text.len,
               node->text.ptr, schema_type_text(type));
    return false;
}

static void read_aggregate(reader *r, const yaml_node *member) {
    tact_str keys[SCHEMA_FUNCTIONS + 1];
    const yaml_node *items[SCHEMA_FUNCTIONS + 1], *first = NULL, *second = NULL;
    schema_aggregate m = {.name = member->key, .property = -1};
    uint32_t faults = faults_of(r);
    for (int i = 0; i < SCHEMA_FUNCTIONS; i++) keys[i] = tact_str_from(schema_function_name((schema_function)i));
    keys[SCHEMA_FUNCTIONS] = TACT_STR("window");
    if (!read_map(r, member, "a map such as {count: purchase, window: 90d}", keys, SCHEMA_FUNCTIONS + 1, items)) return;
    bool misspelt = faults_of(r) > faults, well = check_word(r, member, "profile");
    for (int i = 0; i < SCHEMA_FUNCTIONS; i++) {
        if (!items[i]) continue;
        if (first) {
            bool later = items[i]->key_at.pos > first->key_at.pos;
            second = later ? items[i] : first;
            first = later ? first : items[i];
        } else {
            first = items[i];
            m.function = (schema_function)i;
        }
    }
    read_span(r, items[SCHEMA_FUNCTIONS], &m.window_ms);
    if (second) {
        report_add(r->report, TACT_INVALID, second->key_at, NULL, "an aggregate is of one function; `%.*s` is here too",
                   (int)first->key.len, first->key.ptr);
    } else if (!first) {
        if (misspelt) return;
        report_add(r->report, TACT_INVALID, member->key_at,
                   "one of count, sum, min, max, avg, distinct, first, last, since",
                   "it needs a function, as in {count: purchase}");
    } else if (read_operand(r, first, &m) && well) {
        tact_error why;
        if (schema_add_aggregate(r->schema, &m, &why)) refuse_member(r, member, &why);
    }
}

// ---- The file -------------------------------------------------------------------------------------------------------

static const struct section {
    tact_str key;
    void (*read)(reader *r, const yaml_node *member);
} sections[] = {
    // In the order in which members refer to each other.
    {{"identities", 10}, read_identity}, {{"purposes", 8}, read_purpose},      {{"attributes", 10}, read_attribute},
    {{"events", 6}, read_event},         {{"aggregates", 10}, read_aggregate},
};

// Keys that a bundle's files have besides.
static const tact_str others[] = {
    {"bundle", 6},   {"title", 5},        {"time_zone", 9}, {"include", 7},  {"context", 7},
    {"segments", 8}, {"placements", 10},  {"content", 7},   {"rankings", 8}, {"groups", 6},
    {"models", 6},   {"experiments", 11}, {"holdout", 7},   {"offers", 6},   {"tests", 5},
};

static void read_section(reader *r, const struct section *section, const yaml_node *node) {
    if (yaml_is_null(node)) return;
    if (node->kind != YAML_MAP) {
        refuse(r, node, NULL, "a map of names");
        return;
    }
    for (const yaml_node *member = node->first; member; member = member->next) section->read(r, member);
}

static void read_root(reader *r, const yaml_node *root) {
    tact_str keys[COUNT(sections) + COUNT(others)];
    const yaml_node *items[COUNT(keys)];
    for (uint32_t i = 0; i < COUNT(keys); i++) {
        keys[i] = i < COUNT(sections) ? sections[i].key : others[i - COUNT(sections)];
    }
    if (!read_map(r, root, "a map with the keys identities, attributes, purposes, events and aggregates", keys,
                  COUNT(keys), items)) {
        return;
    }
    for (uint32_t i = 0; i < COUNT(sections); i++) {
        if (items[i]) read_section(r, &sections[i], items[i]);
    }
}

// The report as a text in the caller's arena; what it is made from is dropped.
static void hand_over(arena *a, report *faults, tact_str *out) {
    tact_str text = report_text(faults);
    const char *copy = text.ptr ? arena_copy(a, text.ptr, text.len) : NULL;
    *out = copy ? (tact_str){copy, text.len} : TACT_STR("");
}

tact_err schema_file_read(arena *a, tact_str file, tact_str text, schema **out, tact_str *said) {
    arena scratch; // for the tree and the faults
    arena_init(&scratch, a->bytes_max);
    report faults;
    report_init(&faults, &scratch, file, text);
    reader r = {.report = &faults, .schema = schema_new(a), .spoilt = strmap_in(&scratch)};
    const yaml_node *root = r.schema ? yaml_read(&scratch, &faults) : NULL;
    if (!r.schema) report_no_memory(&faults);
    if (root) read_root(&r, root);
    *said = TACT_STR("");
    if (faults.code) {
        hand_over(a, &faults, said);
    } else {
        *out = r.schema;
    }
    tact_err code = faults.code;
    arena_fini(&scratch);
    return code;
}
