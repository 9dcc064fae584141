// SPDX-License-Identifier: Apache-2.0
//
// From a draft to a schema. Subtle: all faults are to be found at once, and none that only follows from another. So
// members are read in the order of their references whatever the order in the files, what is wrong with a part of a
// member leaves the rest of it, and nobody is blamed for referring to a member that is there but could not be added.
#include "bundle/schema_file.h"

#include <math.h>

#include "base/utf8.h"
#include "bundle/scalar.h"
#include "value/value.h"

typedef struct reader {
    report *report;
    draft *draft;
    schema *schema;
} reader;

#define COUNT(ROWS) (uint32_t)(sizeof(ROWS) / sizeof *(ROWS))

// ---- Parts ----------------------------------------------------------------------------------------------------------

// Sets the path to a key of a member, for the faults that follow.
static void enter(reader *r, const draft_member *m, draft_key_number key) {
    report_path(r->report, "%s.%.*s.%s", draft_section_key((draft_section)m->section), (int)m->name.len, m->name.ptr,
                draft_key_text(key));
}

static void enter_member(reader *r, const draft_member *m) {
    report_path(r->report, "%s.%.*s", draft_section_key((draft_section)m->section), (int)m->name.len, m->name.ptr);
}

// A fault that was found in adding a member, at its name.
static void refuse_member(reader *r, const draft_member *m, const tact_error *why) {
    enter_member(r, m);
    report_error(r->report, m->node->key_at, why);
}

static tact_str text_of(const draft_member *m, draft_key_number key) {
    const yaml_node *node = draft_key(m, key);
    return node ? node->text : TACT_STR("");
}

static bool bool_of(const draft_member *m, draft_key_number key) {
    const yaml_node *node = draft_key(m, key);
    bool value = false;
    return node && yaml_bool(node, &value) && value;
}

static int64_t span_of(reader *r, const draft_member *m, draft_key_number key) {
    const yaml_node *node = draft_key(m, key);
    int64_t ms = 0;
    if (node) (void)scalar_span(r->report, node, &ms);
    return ms;
}

bool schema_is_spoilt(const draft *d, const schema *s, schema_kind kind, tact_str name) {
    static const draft_section sections[] = {
        [SCHEMA_IDENTITY] = DRAFT_IDENTITIES, [SCHEMA_ATTRIBUTE] = DRAFT_ATTRIBUTES, [SCHEMA_PURPOSE] = DRAFT_PURPOSES,
        [SCHEMA_EVENT] = DRAFT_EVENTS,        [SCHEMA_AGGREGATE] = DRAFT_AGGREGATES,
    };
    return schema_number(s, kind, name) < 0 && draft_find(d, sections[kind], name);
}

// ---- Members --------------------------------------------------------------------------------------------------------

static void read_purpose(reader *r, const draft_member *m) {
    tact_error why;
    schema_purpose p = {.name = m->name};
    p.granted_by_default = tact_str_equal(text_of(m, DRAFT_PURPOSES_DEFAULT), TACT_STR("granted"));
    enter_member(r, m);
    if (scalar_word(r->report, m->node, "consent") && schema_add_purpose(r->schema, &p, &why))
        refuse_member(r, m, &why);
}

static uint8_t normalize_of(const yaml_node *node) {
    return tact_str_equal(node->text, TACT_STR("trim")) ? SCHEMA_TRIM : SCHEMA_LOWERCASE;
}

static void read_identity(reader *r, const draft_member *m) {
    const yaml_node *normalize = draft_key(m, DRAFT_IDENTITIES_NORMALIZE), *max = draft_key(m, DRAFT_IDENTITIES_MAX);
    schema_identity id = {.name = m->name, .unique = bool_of(m, DRAFT_IDENTITIES_UNIQUE)};
    if (normalize && normalize->kind == YAML_LIST) {
        for (const yaml_node *item = normalize->first; item; item = item->next) id.normalize |= normalize_of(item);
    } else if (normalize) {
        id.normalize = normalize_of(normalize);
    }
    int64_t most;
    if (max && yaml_int(max, &most)) id.max = (uint32_t)most;
    tact_error why;
    if (schema_add_identity(r->schema, &id, &why)) refuse_member(r, m, &why);
}

static int32_t read_purpose_name(reader *r, const yaml_node *node) {
    int32_t number = schema_find_purpose(r->schema, node->text);
    if (number >= 0 || schema_is_spoilt(r->draft, r->schema, SCHEMA_PURPOSE, node->text)) return number;
    near n = near_to(node->text);
    for (uint32_t i = 0; i < r->schema->purposes_count; i++) near_offer(&n, r->schema->purposes[i].name);
    scalar_refuse(r->report, node, REPORT_UNKNOWN_NAME, report_near(r->report, &n), "the name of a purpose");
    return -1;
}

// Source names as numbers into `out`; their count.
static uint32_t read_sources(reader *r, const yaml_node *node, uint8_t *out) {
    uint32_t count = 0;
    if (node->kind != YAML_LIST) {
        scalar_refuse(r->report, node, REPORT_WRONG_FORM, NULL, "a list of sources such as [crm, web]");
        return 0;
    }
    for (const yaml_node *item = node->first; item; item = item->next) {
        tact_error why;
        utf8_shown shown;
        if (!scalar_is_text(item)) {
            scalar_refuse(r->report, item, REPORT_WRONG_FORM, NULL, "the name of a source");
            continue;
        }
        int32_t number = schema_source(r->schema, item->text, &why);
        if (number < 0) {
            report_error(r->report, item->at, &why);
        } else if (memchr(out, number, count)) {
            report_add(r->report, REPORT_DEFINED_TWICE, item->at, NULL, "`%s` is here a second time",
                       utf8_show(&shown, item->text));
        } else {
            out[count++] = (uint8_t)number; // each once, so that they fit
        }
    }
    return count;
}

bool schema_takes_number(report *r, const yaml_node *node) {
    bool well = true, list = node->kind == YAML_LIST;
    for (const yaml_node *item = list ? node->first : node; item; item = list ? item->next : NULL) {
        double number;
        if (item->kind != YAML_SCALAR || !yaml_double(item, &number) || isfinite(number)) continue;
        scalar_refuse(r, item, REPORT_WRONG_FORM, NULL, "a finite number");
        well = false;
    }
    return well;
}

static bool is_number(const tact_type *type) {
    return type->kind == TYPE_DOUBLE || (type->kind == TYPE_LIST && type->params[0]->kind == TYPE_DOUBLE);
}

static bool check_repeated(reader *r, const yaml_node *values, const schema_attribute *a) {
    bool well = true;
    uint32_t i = 0;
    if (a->allowed_count > SCHEMA_VALUES_MAX) return true; // which is refused as it is
    for (const yaml_node *item = values->first; item; item = item->next, i++) {
        uint32_t j = 0;
        while (j < i && !tact_value_equal(a->allowed[j], a->allowed[i])) j++;
        if (j == i) continue;
        utf8_shown shown;
        report_add(r->report, REPORT_DEFINED_TWICE, item->at, NULL, "`%s` is here a second time",
                   utf8_show(&shown, item->text));
        well = false;
    }
    return well;
}

// What does not fit together, each at its value, and left out, so that adding the attribute does not end at it.
static void check_typed(reader *r, const draft_member *m, schema_attribute *a) {
    const yaml_node *values = draft_key(m, DRAFT_ATTRIBUTES_VALUES), *max = draft_key(m, DRAFT_ATTRIBUTES_MAX);
    const yaml_node *fallback = draft_key(m, DRAFT_ATTRIBUTES_DEFAULT);
    tact_error why;
    enter(r, m, DRAFT_ATTRIBUTES_VALUES);
    if (values && a->allowed_count && !check_repeated(r, values, a)) a->allowed_count = 0;
    if (a->has_min && a->has_max && value_compare(a->min, a->max) == 1) {
        enter(r, m, DRAFT_ATTRIBUTES_MAX);
        report_add(r->report, REPORT_INVALID, max->at, "the other way round?", "its `max` is less than its `min`");
        a->has_min = a->has_max = false;
    }
    if (a->has_default && schema_fits(a->type, a->fallback) && schema_check_value(a, a->fallback, &why)) {
        enter(r, m, DRAFT_ATTRIBUTES_DEFAULT);
        report_add(r->report, REPORT_INVALID, fallback->at, NULL, "the default of %s", why.text);
        a->has_default = false;
    }
}

// What needs the type to be read: `values`, `default`, `min`, `max`.
static void read_typed(reader *r, const draft_member *m, schema_attribute *a) {
    const tact_type *single = a->type->kind == TYPE_LIST ? a->type->params[0] : a->type;
    const yaml_node *values = draft_key(m, DRAFT_ATTRIBUTES_VALUES);
    enter(r, m, DRAFT_ATTRIBUTES_VALUES);
    if (values && !scalar_values(r->report, values, single, &a->allowed, &a->allowed_count)) a->allowed_count = 0;
    if (a->allowed_count && is_number(a->type) && !schema_takes_number(r->report, values)) a->allowed_count = 0;
    const struct {
        draft_key_number key;
        bool *has;
        tact_value *out;
    } rows[] = {
        {DRAFT_ATTRIBUTES_DEFAULT, &a->has_default, &a->fallback},
        {DRAFT_ATTRIBUTES_MIN, &a->has_min, &a->min},
        {DRAFT_ATTRIBUTES_MAX, &a->has_max, &a->max},
    };
    for (uint32_t i = 0; i < COUNT(rows); i++) {
        const yaml_node *node = draft_key(m, rows[i].key);
        enter(r, m, rows[i].key);
        if (!node || !scalar_value(r->report, node, a->type, rows[i].out)) continue;
        *rows[i].has = !is_number(a->type) || schema_takes_number(r->report, node);
    }
    check_typed(r, m, a);
}

static void read_attribute(reader *r, const draft_member *m) {
    uint8_t numbers[SCHEMA_SOURCES_MAX];
    schema_attribute a = {.name = m->name, .purpose = -1, .sources = numbers};
    const yaml_node *type = draft_key(m, DRAFT_ATTRIBUTES_TYPE), *purpose = draft_key(m, DRAFT_ATTRIBUTES_PURPOSE);
    const yaml_node *list = draft_key(m, DRAFT_ATTRIBUTES_SOURCES);
    enter_member(r, m);
    bool word = scalar_word(r->report, m->node, "profile");
    enter(r, m, DRAFT_ATTRIBUTES_TYPE);
    if (type) a.type = scalar_type(r->report, type);
    a.title = text_of(m, DRAFT_ATTRIBUTES_TITLE);
    a.unit = text_of(m, DRAFT_ATTRIBUTES_UNIT);
    a.personal = bool_of(m, DRAFT_ATTRIBUTES_PERSONAL);
    a.max_age_ms = span_of(r, m, DRAFT_ATTRIBUTES_MAX_AGE);
    enter(r, m, DRAFT_ATTRIBUTES_PURPOSE);
    if (purpose) a.purpose = read_purpose_name(r, purpose);
    enter(r, m, DRAFT_ATTRIBUTES_SOURCES);
    if (list) a.sources_count = read_sources(r, list, numbers);
    if (!a.type) return;
    read_typed(r, m, &a);
    tact_error why;
    if (word && schema_add_attribute(r->schema, &a, &why)) refuse_member(r, m, &why);
}

static void read_event(reader *r, const draft_member *m) {
    schema_property properties[SCHEMA_PROPERTIES_MAX + 1]; // one too many, so that schema_add_event says so
    schema_event e = {.name = m->name, .properties = properties};
    const yaml_node *list = draft_key(m, DRAFT_EVENTS_PROPERTIES);
    if (m->node->kind != YAML_MAP && m->spoilt) return;
    for (const yaml_node *item = list ? list->first : NULL; item; item = item->next) {
        report_path(r->report, "events.%.*s.properties.%.*s", (int)m->name.len, m->name.ptr, (int)item->key.len,
                    item->key.ptr);
        const tact_type *type = scalar_type(r->report, item);
        if (type && e.properties_count <= SCHEMA_PROPERTIES_MAX) {
            properties[e.properties_count++] = (schema_property){.name = item->key, .type = type};
        }
    }
    tact_error why;
    if (schema_add_event(r->schema, &e, &why)) refuse_member(r, m, &why);
}

static const char *const own[] = {"decision", "impression", "click"}; // events that are there, though not in a schema

// The event that an aggregate is of, or NULL with its fault, if it has one.
static const schema_event *read_event_name(reader *r, const yaml_node *node, tact_str name, uint32_t *number) {
    int32_t found = schema_find_event(r->schema, name);
    if (found >= 0) {
        *number = (uint32_t)found;
        return &r->schema->events[found];
    }
    if (schema_is_spoilt(r->draft, r->schema, SCHEMA_EVENT, name)) return NULL;
    near n = near_to(name);
    for (uint32_t i = 0; i < r->schema->events_count; i++) near_offer(&n, r->schema->events[i].name);
    utf8_shown shown;
    cel_span at;
    (void)yaml_span(r->report, node, 0, (uint32_t)name.len, &at);
    const char *hint = report_near(r->report, &n);
    for (uint32_t i = 0; i < COUNT(own); i++) {
        if (tact_str_equal(name, tact_str_from(own[i]))) hint = "caps count what comes of decisions; aggregates cannot";
    }
    report_add(r->report, REPORT_UNKNOWN_NAME, at, hint, "there is no event `%s`", utf8_show(&shown, name));
    return NULL;
}

// Whether the event has the property in the draft, or may have it but for a fault.
static bool is_spoilt_property(reader *r, const schema_event *event, tact_str name) {
    const draft_member *m = draft_find(r->draft, DRAFT_EVENTS, event->name);
    const yaml_node *list = m ? draft_key(m, DRAFT_EVENTS_PROPERTIES) : NULL;
    for (const yaml_node *item = list ? list->first : NULL; item; item = item->next) {
        if (tact_str_equal(item->key, name)) return true;
    }
    return m && m->spoilt;
}

static bool read_property_name(reader *r, const yaml_node *node, const schema_event *event, tact_str name,
                               schema_aggregate *m) {
    m->property = schema_find_property(event, name);
    if (m->property >= 0) return true;
    if (is_spoilt_property(r, event, name)) return false;
    near n = near_to(name);
    for (uint32_t i = 0; i < event->properties_count; i++) near_offer(&n, event->properties[i].name);
    utf8_shown shown;
    cel_span at;
    (void)yaml_span(r->report, node, (uint32_t)(node->text.len - name.len), (uint32_t)name.len, &at);
    report_add(r->report, REPORT_UNKNOWN_NAME, at, report_near(r->report, &n), "event `%.*s` has no property `%s`",
               (int)event->name.len, event->name.ptr, utf8_show(&shown, name));
    return false;
}

// "purchase" or "purchase.amount", as the function needs it.
static bool read_operand(reader *r, const yaml_node *node, schema_aggregate *m) {
    bool of_event = schema_function_takes(m->function, NULL);
    const char *expected = of_event ? "an event such as purchase" : "a property of an event such as purchase.amount";
    const char *dot = memchr(node->text.ptr, '.', node->text.len);
    if (of_event && dot) {
        scalar_refuse(r->report, node, REPORT_WRONG_FORM, NULL, expected);
        return false;
    }
    tact_str name = {node->text.ptr, dot ? (size_t)(dot - node->text.ptr) : node->text.len};
    const schema_event *event = read_event_name(r, node, name, &m->event);
    if (!event || of_event) return event != NULL;
    if (!dot) {
        scalar_refuse(r->report, node, REPORT_WRONG_FORM, NULL, expected);
        return false;
    }
    tact_str part = {dot + 1, node->text.len - name.len - 1};
    if (!read_property_name(r, node, event, part, m)) return false;
    const tact_type *type = event->properties[m->property].type;
    if (schema_function_takes(m->function, type)) return true;
    report_add(r->report, REPORT_WRONG_TYPE, node->at, NULL, "`%s` is of %s, and `%.*s` is a %s",
               schema_function_name(m->function), schema_function_needs(m->function), (int)node->text.len,
               node->text.ptr, schema_type_text(type));
    return false;
}

// The function's keys in the order of schema_function_tbl.h.
static const draft_key_number functions[] = {
#define X(NAME, name, operand, what) DRAFT_AGGREGATES_##NAME,
#include "value/schema_function_tbl.h"
#undef X
};

static void read_aggregate(reader *r, const draft_member *m) {
    const yaml_node *first = NULL, *second = NULL;
    schema_aggregate a = {.name = m->name, .property = -1};
    if (m->node->kind != YAML_MAP && m->spoilt) return;
    enter_member(r, m);
    bool well = scalar_word(r->report, m->node, "profile");
    for (uint32_t i = 0; i < COUNT(functions); i++) {
        const yaml_node *item = draft_key(m, functions[i]);
        if (!item) continue;
        if (first) {
            bool later = item->key_at.pos > first->key_at.pos;
            second = later ? item : first;
            first = later ? first : item;
        } else {
            first = item;
            a.function = (schema_function)i;
        }
    }
    a.window_ms = span_of(r, m, DRAFT_AGGREGATES_WINDOW);
    if (second) {
        report_add(r->report, REPORT_INVALID, second->key_at, NULL,
                   "an aggregate is of one function; `%.*s` is here too", (int)first->key.len, first->key.ptr);
    } else if (!first) {
        if (m->spoilt) return;
        report_add(r->report, REPORT_MISSING_KEY, m->node->key_at,
                   "one of count, sum, min, max, avg, distinct, first, last, since",
                   "it needs a function, as in {count: purchase}");
    } else {
        enter(r, m, functions[a.function]);
        tact_error why;
        if (read_operand(r, first, &a) && well && schema_add_aggregate(r->schema, &a, &why)) refuse_member(r, m, &why);
    }
}

// ---- The whole ------------------------------------------------------------------------------------------------------

static const struct part {
    draft_section section;
    void (*read)(reader *r, const draft_member *m);
} parts[] = {
    // In the order in which members refer to each other.
    {DRAFT_IDENTITIES, read_identity}, {DRAFT_PURPOSES, read_purpose},     {DRAFT_ATTRIBUTES, read_attribute},
    {DRAFT_EVENTS, read_event},        {DRAFT_AGGREGATES, read_aggregate},
};

schema *schema_from_draft(arena *a, draft *d) {
    reader r = {.report = d->report, .draft = d, .schema = schema_new(a)};
    if (!r.schema) report_no_memory(d->report);
    for (uint32_t i = 0; r.schema && i < COUNT(parts); i++) {
        const draft_members *members = &d->sections[parts[i].section];
        for (uint32_t j = 0; j < members->count; j++) {
            if (members->of[j].items) parts[i].read(&r, &members->of[j]);
        }
    }
    report_path(d->report, NULL);
    return d->report->code == TACT_NO_MEMORY ? NULL : r.schema;
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
    sources files;
    report faults;
    draft d;
    tact_error error;
    sources_init(&files, &scratch);
    report_init(&faults, &scratch, &files, file);
    schema *s = NULL;
    if (sources_add(&files, file, text, &error)) {
        report_error(&faults, REPORT_NOWHERE, &error);
    } else if (draft_read_schema(&d, &faults)) {
        s = schema_from_draft(a, &d);
    }
    *said = TACT_STR("");
    if (faults.code) {
        hand_over(a, &faults, said);
    } else {
        *out = s;
    }
    tact_err code = faults.code;
    arena_fini(&scratch);
    return code;
}
