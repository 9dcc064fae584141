// SPDX-License-Identifier: Apache-2.0
//
// From the trees of a bundle's files to its members, driven by format_tbl.h: nothing here knows what an offer is.
// Subtle: a path is set before a key is looked at, since whoever finds a fault in it reports it from wherever he is.
#include "bundle/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/utf8.h"
#include "bundle/scalar.h"

// ---- Tables ---------------------------------------------------------------------------------------------------------

enum { ONE, NAMED, LISTED, PLAIN, MAY = 0, MUST = 1 };
enum { DRAFT_NONE = -1, DRAFT_BOOL = -1, DRAFT_DOUBLE = -1 }; // kinds that are no section

// The number of the first key of each section and part: as many keys as stand before it.
enum {
#define SECTION(NAME, key, shape, noun, example, doc) FIRST_##NAME, BEFORE_##NAME = FIRST_##NAME - 1,
#define PART(NAME, name, example, doc) FIRST_##NAME, BEFORE_##NAME = FIRST_##NAME - 1,
#define KEY(OF, NAME, key, form, kind, need, doc) PLACE_##OF##_##NAME,
#include "bundle/format_tbl.h"
};

static const struct section_row {
    tact_str key;
    const char *noun, *example;
    uint32_t shape, first;
} sections[DRAFT_TABLES] = {
#define SECTION(NAME, key, shape, noun, example, doc)                                                                  \
    [DRAFT_##NAME] = {{#key, sizeof #key - 1}, noun, example, shape, FIRST_##NAME},
#define PART(NAME, name, example, doc) [DRAFT_##NAME] = {{#name, sizeof #name - 1}, #name, example, ONE, FIRST_##NAME},
#include "bundle/format_tbl.h"
};

typedef enum form_number {
#define X(NAME, check, words, json, what) FORM_##NAME,
#include "bundle/format_form_tbl.h"
#undef X
} form_number;

typedef struct key_row {
    tact_str key;
    int of, form, kind, need;
} key_row;

static const key_row keys[DRAFT_KEYS] = {
#define KEY(OF, NAME, key, form, kind, need, doc)                                                                      \
    {{#key, sizeof #key - 1}, DRAFT_##OF, FORM_##form, DRAFT_##kind, need},
#include "bundle/format_tbl.h"
};

static uint32_t keys_of(uint32_t section) {
    uint32_t first = sections[section].first, count = 0;
    while (first + count < DRAFT_KEYS && keys[first + count].of == (int)section) count++;
    return count;
}

const char *draft_section_key(draft_section section) {
    return sections[section].key.ptr;
}

const char *draft_noun(draft_section section) {
    return sections[section].noun;
}

const char *draft_key_text(draft_key_number key) {
    return keys[key].key.ptr;
}

const yaml_node *draft_key(const draft_member *m, draft_key_number key) {
    return m->items ? m->items[(uint32_t)key - sections[m->section].first] : NULL;
}

const draft_member *draft_find(const draft *d, draft_section section, tact_str name) {
    uintptr_t number = (uintptr_t)strmap_get(&d->sections[section].by_name, name);
    return number ? &d->sections[section].of[number - 1] : NULL;
}

// ---- Forms ----------------------------------------------------------------------------------------------------------
// Each says whether a value, which is not null, is of its form; what is wrong with it is then reported.

typedef struct form_row form_row;
struct form_row {
    bool (*check)(report *r, const form_row *form, const key_row *key, const yaml_node *node);
    const char *words, *what;
};

static bool refuse(report *r, const form_row *form, const yaml_node *node) {
    scalar_refuse(r, node, REPORT_WRONG_FORM, NULL, form->what);
    return false;
}

// The same of what must be of this type.
static bool refuse_hint(report *r, const form_row *form, const yaml_node *node, const tact_type *type) {
    scalar_refuse(r, node, REPORT_WRONG_FORM, scalar_hint(node, type), form->what);
    return false;
}

static bool check_LATER(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)r, (void)form, (void)key, (void)node;
    return true;
}

static bool check_TEXT(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    return node->kind == YAML_SCALAR || refuse(r, form, node);
}

static bool check_EXPR(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    if (node->kind == YAML_SCALAR) return true;
    scalar_refuse(r, node, REPORT_WRONG_FORM, "an expression that begins with [ or { is written in quotes", form->what);
    return false;
}

static bool is_name(tact_str text) {
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i], small = (char)(c | 0x20);
        if (!(small >= 'a' && small <= 'z') && c != '_' && !(i > 0 && c >= '0' && c <= '9')) return false;
    }
    return text.len > 0;
}

static bool check_NAME(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    if (node->kind != YAML_SCALAR || !is_name(node->text)) return refuse(r, form, node);
    if (node->text.len <= DRAFT_NAME_MAX) return true;
    report_add(r, REPORT_BAD_NAME, node->at, NULL, "a name has at most %d bytes", DRAFT_NAME_MAX);
    return false;
}

static bool check_TEXTS(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    if (node->kind != YAML_LIST) return refuse(r, form, node);
    bool well = true;
    for (const yaml_node *item = node->first; item; item = item->next) {
        if (scalar_is_text(item)) continue;
        scalar_refuse(r, item, REPORT_WRONG_FORM, NULL, "a text");
        well = false;
    }
    return well;
}

static bool check_BOOL(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    bool b;
    (void)key;
    return yaml_bool(node, &b) || refuse_hint(r, form, node, &type_bool);
}

static bool check_COUNT(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    int64_t i;
    (void)key;
    return (yaml_int(node, &i) && i >= 0) || refuse_hint(r, form, node, &type_int);
}

static bool check_POSITIVE(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    int64_t i;
    (void)key;
    return (yaml_int(node, &i) && i >= 1 && i <= UINT32_MAX) || refuse_hint(r, form, node, &type_int);
}

static bool check_NUMBER(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    double f;
    (void)key;
    return yaml_double(node, &f) || refuse_hint(r, form, node, &type_double);
}

static bool is_percent(report *r, const yaml_node *node, const char *what) {
    double f;
    bool number = yaml_double(node, &f);
    if (number && f >= 0 && f <= 100) return true;
    scalar_refuse(r, node, number ? REPORT_PERCENT : REPORT_WRONG_FORM, scalar_hint(node, &type_double), what);
    return false;
}

static bool check_PERCENT(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    return is_percent(r, node, form->what);
}

static bool check_PERCENTS(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    if (node->kind != YAML_MAP) return refuse(r, form, node);
    bool well = true;
    for (const yaml_node *item = node->first; item; item = item->next) {
        well &= is_percent(r, item, "a percentage from 0 to 100");
    }
    return well;
}

static bool check_SPAN(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    int64_t ms;
    (void)form, (void)key;
    return scalar_span(r, node, &ms);
}

static bool check_TIME(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    tact_value time;
    bool date;
    (void)form, (void)key;
    return scalar_time(r, node, &time, &date);
}

static bool check_WORD(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    near n = near_to(node->text);
    (void)key;
    for (const char *word = form->words; node->kind == YAML_SCALAR && *word;) {
        tact_str one = {word, strcspn(word, " ")};
        if (tact_str_equal(node->text, one)) return true;
        near_offer(&n, one);
        word += one.len + (word[one.len] == ' ');
    }
    scalar_refuse(r, node, REPORT_WRONG_FORM, report_near(r, &n), form->what);
    return false;
}

static bool check_WORDS(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    if (node->kind != YAML_LIST) return check_WORD(r, form, key, node);
    bool well = true;
    for (const yaml_node *item = node->first; item; item = item->next) well &= check_WORD(r, form, key, item);
    return well;
}

static bool check_REF(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    char what[60];
    if (scalar_is_text(node)) return true;
    (void)snprintf(what, sizeof what, "%s %s", form->what, sections[key->kind].noun);
    scalar_refuse(r, node, REPORT_WRONG_FORM, NULL, what);
    return false;
}

static bool check_REFS(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    if (node->kind != YAML_LIST) return check_REF(r, form, key, node);
    bool well = true;
    for (const yaml_node *item = node->first; item; item = item->next) well &= check_REF(r, form, key, item);
    return well;
}

static bool check_MAP(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    return node->kind == YAML_MAP || refuse(r, form, node);
}

static bool check_ANY(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    if (!check_MAP(r, form, key, node)) return false;
    bool well = true;
    for (const yaml_node *item = node->first; item; item = item->next) {
        if (!scalar_is_cased(item)) continue; // else it would become a text without a word
        scalar_refuse(r, item, REPORT_WRONG_FORM, scalar_hint(item, &type_bool), "true or false, or a text in quotes");
        well = false;
    }
    return well;
}

static bool check_LIST(report *r, const form_row *form, const key_row *key, const yaml_node *node) {
    (void)key;
    return node->kind == YAML_LIST || refuse(r, form, node);
}

static const form_row forms[] = {
#define X(NAME, check, words, json, what) {check_##check, words, what},
#include "bundle/format_form_tbl.h"
#undef X
};

// Whether the value of a key can be used. Nothing at all is a fault but for maps and lists, of which it is an empty
// one.
static bool check_value(draft *d, const key_row *key, const yaml_node *node) {
    const form_row *form = &forms[key->form];
    if (node->kind == YAML_BAD) return false;
    if (!yaml_is_null(node)) return form->check(d->report, form, key, node);
    if (form->check == check_MAP || form->check == check_ANY || form->check == check_LIST) return false;
    if (form->check == check_REF || form->check == check_REFS) return form->check(d->report, form, key, node);
    return form->check == check_LATER && key->form != FORM_TYPE ? true : refuse(d->report, form, node);
}

// ---- Members --------------------------------------------------------------------------------------------------------

static bool new_items(draft *d, draft_member *m) {
    uint32_t count = keys_of(m->section);
    m->items = arena_array(d->report->arena, count ? count : 1, sizeof *m->items);
    if (!m->items) {
        report_no_memory(d->report);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) m->items[i] = NULL;
    return true;
}

// Whatever follows: whether faults came since there were so many.
static void note_faults(draft *d, draft_member *m, uint32_t errors) {
    m->spoilt |= report_errors(d->report) > errors;
}

// The keys that a member can have, for a hint.
static const char *all_keys(draft *d, uint32_t section) {
    uint32_t first = sections[section].first, count = keys_of(section);
    buf text = buf_in(d->report->arena);
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(&text, "%s%s", i == 0 ? "keys here are " : i + 1 < count ? ", " : " and ", keys[first + i].key.ptr);
    }
    return buf_done(&text).ptr;
}

// What would have been merged, which was reported where it was read.
static bool is_merge(const yaml_node *item) {
    return item->kind == YAML_BAD && tact_str_equal(item->key, TACT_STR("<<"));
}

static void unknown_key(draft *d, const yaml_node *item, const tact_str *others, uint32_t others_count,
                        uint32_t section) {
    utf8_shown shown;
    near n = near_to(item->key);
    uint32_t first = sections[section].first, count = keys_of(section);
    for (uint32_t i = 0; i < count; i++) near_offer(&n, keys[first + i].key);
    for (uint32_t i = 0; i < others_count; i++) near_offer(&n, others[i]);
    if (is_merge(item)) return;
    const char *hint = report_near(d->report, &n);
    if (!hint && others_count == 0) hint = all_keys(d, section);
    report_add(d->report, REPORT_UNKNOWN_KEY, item->key_at, hint, "unknown key `%s`", utf8_show(&shown, item->key));
}

static const key_row *find_key(uint32_t section, tact_str key) {
    uint32_t first = sections[section].first, count = keys_of(section);
    for (uint32_t i = first; i < first + count; i++) {
        if (tact_str_equal(keys[i].key, key)) return &keys[i];
    }
    return NULL;
}

static void read_key(draft *d, draft_member *m, const key_row *key, const yaml_node *item) {
    report *r = d->report;
    uint32_t base = r->path_len, errors = report_errors(r);
    report_path_part(r, base, key->key);
    if (check_value(d, key, item)) m->items[(size_t)(key - keys) - sections[m->section].first] = item;
    r->path_len = base;
    note_faults(d, m, errors);
}

// What must be there, in one complaint. What is misspelt may be what is missing, so this is for members without such.
static void check_missing(draft *d, draft_member *m, cel_span at, const bool *there) {
    const struct section_row *section = &sections[m->section];
    uint32_t count = keys_of(m->section), missing = 0, said = 0;
    buf names = buf_in(d->report->arena);
    for (uint32_t i = 0; i < count; i++) missing += keys[section->first + i].need == MUST && !there[i];
    if (missing == 0) return;
    for (uint32_t i = 0; i < count; i++) {
        const key_row *key = &keys[section->first + i];
        if (key->need != MUST || there[i]) continue;
        buf_printf(&names, "%s`%s`", said == 0 ? "" : said + 1 < missing ? ", " : " and ", key->key.ptr);
        said++;
    }
    m->spoilt = true;
    const char *text = buf_done(&names).ptr;
    report_add(d->report, REPORT_MISSING_KEY, at, NULL, "it needs %s, as in %s", text ? text : "", section->example);
}

// A map's keys as those of the member's section. Nothing at all counts as an empty map.
static bool read_keys(draft *d, draft_member *m, const yaml_node *node, cel_span at) {
    bool there[DRAFT_KEYS] = {false}, misspelt = false; // by place in its section
    if (!new_items(d, m)) return false;
    m->spoilt |= node->kind == YAML_BAD;
    if (node->kind != YAML_MAP && !yaml_is_null(node)) {
        char what[100];
        (void)snprintf(what, sizeof what, "a map such as %s", sections[m->section].example);
        scalar_refuse(d->report, node, REPORT_WRONG_FORM, NULL, what);
        m->spoilt = true;
        return false;
    }
    for (const yaml_node *item = node->kind == YAML_MAP ? node->first : NULL; item; item = item->next) {
        const key_row *key = find_key(m->section, item->key);
        if (!key) {
            unknown_key(d, item, NULL, 0, m->section);
            m->spoilt = misspelt = true;
            continue;
        }
        there[(size_t)(key - keys) - sections[m->section].first] = true;
        read_key(d, m, key, item);
    }
    if (!misspelt) check_missing(d, m, at, there);
    return true;
}

bool draft_part(draft *d, draft_section part, const yaml_node *node, draft_member *out) {
    *out = (draft_member){.node = node, .section = part};
    return node->kind != YAML_BAD && read_keys(d, out, node, node->at) && d->report->code != TACT_NO_MEMORY;
}

static draft_member *new_member(draft *d, uint32_t section, tact_str name, const yaml_node *node) {
    draft_members *members = &d->sections[section];
    if (members->count == members->room) {
        uint32_t room = members->room ? 2 * members->room : 8;
        draft_member *of = arena_extend(d->report->arena, members->of, members->count, room, sizeof *of);
        if (!of) {
            report_no_memory(d->report);
            return NULL;
        }
        members->of = of;
        members->room = room;
    }
    draft_member *m = &members->of[members->count];
    *m = (draft_member){.name = name, .node = node, .section = section};
    if (name.len && strmap_put(&members->by_name, name, (void *)(uintptr_t)(members->count + 1))) {
        report_no_memory(d->report);
        return NULL;
    }
    members->count++;
    return m;
}

static void defined_twice(draft *d, cel_span at, tact_str name, cel_span first) {
    utf8_shown shown;
    const char *place = report_place(d->report, first);
    report_add(d->report, REPORT_DEFINED_TWICE, at, NULL, "`%s` is defined twice; the first is at %s",
               utf8_show(&shown, name), place ? place : "");
}

// Names that the schema's own checks look at, and those that refer to members of another section, are not looked at
// here.
static bool has_own_name(uint32_t section) {
    return section != DRAFT_CONTENT && section != DRAFT_IDENTITIES && section != DRAFT_ATTRIBUTES &&
           section != DRAFT_PURPOSES && section != DRAFT_EVENTS && section != DRAFT_AGGREGATES;
}

static bool check_member_name(draft *d, uint32_t section, const yaml_node *node) {
    utf8_shown shown;
    const char *noun = sections[section].noun, *name = utf8_show(&shown, node->key);
    if (is_merge(node)) return false;
    if (!has_own_name(section)) return true;
    if (!is_name(node->key)) {
        bool digit = node->key.len && *node->key.ptr >= '0' && *node->key.ptr <= '9';
        report_add(d->report, REPORT_BAD_NAME, node->key_at, digit ? "a name does not begin with a digit" : NULL,
                   "`%s` cannot be the name of %s: names are made of a-z, A-Z, 0-9 and _", name, noun);
    } else if (node->key.len > DRAFT_NAME_MAX) {
        report_add(d->report, REPORT_BAD_NAME, node->key_at, NULL, "the name of %s, `%s`, is longer than %d bytes",
                   noun, name, DRAFT_NAME_MAX);
    } else {
        return true;
    }
    return false;
}

// A member of a map of names.
static void read_named(draft *d, uint32_t section, const yaml_node *node) {
    report *r = d->report;
    uint32_t base = r->path_len;
    const draft_member *first = draft_find(d, (draft_section)section, node->key);
    report_path_part(r, base, node->key);
    if (first) {
        defined_twice(d, node->key_at, node->key, first->node->key_at);
    } else {
        draft_member *m = new_member(d, section, node->key, node);
        if (m && !check_member_name(d, section, node)) m->spoilt = true;
        if (m && sections[section].shape == NAMED) (void)read_keys(d, m, node, node->key_at);
        if (m && sections[section].shape == PLAIN && new_items(d, m)) {
            uint32_t errors = report_errors(r);
            if (check_value(d, &keys[sections[section].first], node)) m->items[0] = node;
            note_faults(d, m, errors);
            m->spoilt |= node->kind == YAML_BAD;
        }
    }
    r->path_len = base;
}

// A member of a list.
static void read_listed(draft *d, uint32_t section, const yaml_node *node) {
    report *r = d->report;
    char index[16];
    uint32_t base = r->path_len;
    int len = snprintf(index, sizeof index, "[%u]", d->sections[section].count);
    report_path_part(r, base, (tact_str){index, (size_t)len});
    draft_member *m = new_member(d, section, TACT_STR(""), node);
    if (m) (void)read_keys(d, m, node, node->at);
    r->path_len = base;
}

// The one member of a section, which is the section.
static void read_one(draft *d, uint32_t section, const yaml_node *node) {
    const draft_members *members = &d->sections[section];
    if (members->count) {
        defined_twice(d, node->key_at, node->key, members->of[0].node->key_at);
        return;
    }
    draft_member *m = new_member(d, section, TACT_STR(""), node);
    if (m) (void)read_keys(d, m, node, node->key_at);
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static void read_section(draft *d, uint32_t section, const yaml_node *node) {
    report *r = d->report;
    uint32_t shape = sections[section].shape;
    yaml_kind kind = shape == LISTED ? YAML_LIST : YAML_MAP;
    report_path_part(r, 0, sections[section].key);
    if (shape == ONE) {
        read_one(d, section, node);
    } else if (node->kind == kind) {
        for (const yaml_node *item = node->first; item; item = item->next) {
            if (shape == LISTED) {
                read_listed(d, section, item);
            } else {
                read_named(d, section, item);
            }
        }
    } else if (!yaml_is_null(node)) {
        scalar_refuse(r, node, REPORT_WRONG_FORM, NULL, kind == YAML_LIST ? "a list" : "a map of names");
    }
    report_path(r, NULL);
}

static bool is_of_schema(uint32_t section) {
    return section >= DRAFT_IDENTITIES && section <= DRAFT_AGGREGATES;
}

static uint32_t find_section(tact_str key) {
    uint32_t i = DRAFT_BUNDLE + 1;
    while (i < DRAFT_SECTIONS && !tact_str_equal(sections[i].key, key)) i++;
    return i;
}

// The keys at the top of a file. `head` is the member of the bundle's own keys, in bundle.yaml; NULL elsewhere.
static void read_root(draft *d, const yaml_node *root, draft_member *head, bool schema_only) {
    tact_str names[DRAFT_SECTIONS];
    bool there[DRAFT_KEYS] = {false}, misspelt = false;
    for (uint32_t i = 0; i < DRAFT_SECTIONS; i++) names[i] = sections[i].key;
    for (const yaml_node *item = root->first; item; item = item->next) {
        uint32_t section = find_section(item->key);
        const key_row *key = find_key(DRAFT_BUNDLE, item->key);
        if (section < DRAFT_SECTIONS) {
            if (!schema_only || is_of_schema(section)) read_section(d, section, item);
        } else if (!key) {
            unknown_key(d, item, names, DRAFT_SECTIONS, DRAFT_BUNDLE);
            misspelt = true;
        } else if (head) {
            there[key - keys] = true;
            read_key(d, head, key, item);
        } else if (!schema_only) {
            report_add(d->report, REPORT_MISPLACED, item->key_at, NULL, "`%s` may stand only in %s", key->key.ptr,
                       SOURCES_ROOT);
        }
    }
    if (head && !misspelt) check_missing(d, head, (cel_span){head->node->at.pos, 1}, there);
}

static bool read_files(draft *d, report *r, bool schema_only) {
    bool well = true;
    *d = (draft){.report = r};
    for (int i = 0; i < DRAFT_SECTIONS; i++) d->sections[i].by_name = strmap_in(r->arena);
    report_path(r, NULL);
    for (uint32_t file = 0; file < r->sources->count; file++) {
        const yaml_node *root = yaml_read(r->arena, r, file, &d->nodes);
        draft_member *head = NULL;
        if (!root || root->kind == YAML_BAD) {
            well = false;
            continue;
        }
        if (file == 0 && !schema_only) head = new_member(d, DRAFT_BUNDLE, TACT_STR(""), root);
        if (head && !new_items(d, head)) return false;
        if (root->kind == YAML_MAP) {
            read_root(d, root, head, schema_only);
            continue;
        }
        scalar_refuse(r, root, REPORT_WRONG_FORM, NULL,
                      schema_only ? "a map with the keys identities, attributes, purposes, events and aggregates"
                                  : "a map such as {offers: {...}}");
        well = false;
    }
    return well && r->sources->count > 0 && r->code != TACT_NO_MEMORY;
}

bool draft_read(draft *d, report *r) {
    return read_files(d, r, false);
}

bool draft_read_schema(draft *d, report *r) {
    return read_files(d, r, true);
}

// ---- A folder -------------------------------------------------------------------------------------------------------

typedef struct folder {
    report *report;
    sources *sources;
    int fd;
    bool well;
    bool listed; // `names` are there
    const tact_str *names;
    uint32_t count;
} folder;

// A file's path without what follows its last dot, which is the same of nearly all.
static tact_str stem_of(tact_str name) {
    size_t len = name.len;
    while (len > 0 && name.ptr[len - 1] != '.' && name.ptr[len - 1] != '/') len--;
    return (tact_str){name.ptr, len > 1 && name.ptr[len - 1] == '.' ? len - 1 : name.len};
}

// Which file of the folder may have been meant.
static const char *near_file(folder *f, tact_str wanted) {
    report *r = f->report;
    const tact_str *best = NULL;
    if (!f->listed) sources_list(r->arena, f->fd, &f->names, &f->count);
    f->listed = true;
    if (!report_take_names(r, f->count)) return NULL;
    near n = near_to(stem_of(wanted));
    for (uint32_t i = 0; i < f->count; i++) {
        near_offer(&n, stem_of(f->names[i]));
        if (n.best.ptr == f->names[i].ptr) best = &f->names[i];
    }
    n.best = best ? *best : n.best;
    return report_near(r, &n);
}

// What came of reading a file that is included at `at`.
static void report_file(folder *f, cel_span at, const char *hint, const tact_error *error) {
    report_code code = REPORT_UNREADABLE;
    switch (error->code) {
    case TACT_NO_MEMORY: report_no_memory(f->report); return;
    case TACT_LIMIT: code = REPORT_TOO_LARGE; break;
    case TACT_BUSY: code = REPORT_CHANGED; break;
    case TACT_EXISTS:
    case TACT_INVALID: code = REPORT_BAD_FILE; break;
    case TACT_NOT_FOUND: code = REPORT_NO_FILE; break;
    default: break;
    }
    f->well = false;
    report_add(f->report, code, at, hint, "%s", error->text);
}

// `matched`: by a pattern, so that it was there a moment ago. False if a bound is reached, so that further files would
// only say so again.
static bool include_file(folder *f, tact_str name, cel_span at, bool matched) {
    tact_error error;
    if (sources_find(f->sources, name) >= 0) return true; // an earlier pattern took it
    tact_err err = sources_read(f->sources, f->fd, name, &error);
    if (err == TACT_NOT_FOUND && matched) return true; // sources_check says so
    if (err) report_file(f, at, err == TACT_NOT_FOUND ? near_file(f, name) : NULL, &error);
    return err != TACT_LIMIT && err != TACT_NO_MEMORY;
}

// A path, or a pattern of them.
static void include(folder *f, const yaml_node *item) {
    tact_error error;
    const tact_str *names;
    uint32_t count;
    if (!memchr(item->text.ptr, '*', item->text.len) && !memchr(item->text.ptr, '?', item->text.len)) {
        (void)include_file(f, item->text, item->at, false);
        return;
    }
    if (sources_glob(f->sources, f->fd, item->text, &names, &count, &error)) {
        report_file(f, item->at, NULL, &error);
        return;
    }
    if (count == 0) {
        utf8_shown shown;
        report_add(f->report, REPORT_NO_MATCH, item->at, NULL, "no file matches `%s`", utf8_show(&shown, item->text));
    }
    for (uint32_t i = 0; i < count && include_file(f, names[i], item->at, true);) i++;
}

// The files that `include` names. What of it cannot be understood may name files that hold what others refer to.
static void read_include(folder *f, const yaml_node *list) {
    if (list->kind != YAML_LIST) {
        f->well &= yaml_is_null(list);
        return;
    }
    for (const yaml_node *one = list->first; one; one = one->next) {
        if (scalar_is_text(one)) {
            include(f, one);
        } else {
            f->well = false;
        }
    }
}

// Whether a key that is none was meant to be this one.
static bool is_meant(tact_str wanted, tact_str key) {
    near n = near_to(wanted);
    near_offer(&n, key);
    return n.best.len > 0 && find_section(wanted) == DRAFT_SECTIONS && !find_key(DRAFT_BUNDLE, wanted);
}

// Reads what bundle.yaml, the first of the sources, includes. It is read once for that alone: what is wrong with it is
// reported when all is read.
static void read_included(folder *f) {
    arena scratch;
    report unseen;
    uint32_t nodes = 0;
    arena_init(&scratch, f->report->arena->bytes_max);
    report_init(&unseen, &scratch, f->sources, f->report->where);
    const yaml_node *root = yaml_read(&scratch, &unseen, 0, &nodes);
    const tact_str key = keys[DRAFT_BUNDLE_INCLUDE].key;
    report_path_part(f->report, 0, key);
    for (const yaml_node *item = root && root->kind == YAML_MAP ? root->first : NULL; item; item = item->next) {
        if (tact_str_equal(item->key, key)) {
            read_include(f, item);
        } else if (is_meant(item->key, key)) {
            f->well = false;
        }
    }
    report_path(f->report, NULL);
    arena_fini(&scratch);
}

static void read_folder(folder *f) {
    tact_error error;
    tact_err err = sources_read(f->sources, f->fd, TACT_STR(SOURCES_ROOT), &error);
    if (err == TACT_NOT_FOUND) {
        report_add(f->report, REPORT_UNREADABLE, REPORT_NOWHERE, "a bundle is a folder with a " SOURCES_ROOT,
                   "there is no " SOURCES_ROOT " in this folder");
        f->well = false;
    } else if (err) {
        report_file(f, REPORT_NOWHERE, NULL, &error);
    } else {
        read_included(f);
        if (sources_check(f->sources, f->fd, &error)) report_file(f, REPORT_NOWHERE, NULL, &error);
    }
}

bool draft_read_folder(draft *d, report *r, sources *s, const char *folder_name) {
    folder f = {.report = r, .sources = s, .well = true};
    *d = (draft){.report = r};
    f.fd = open(folder_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (f.fd < 0) {
        int number = errno;
        report_add(r, REPORT_UNREADABLE, REPORT_NOWHERE, NULL, "the folder cannot be read: %s", strerror(number));
        return false;
    }
    read_folder(&f);
    (void)close(f.fd);
    return draft_read(d, r) && f.well;
}

// ---- Texts ----------------------------------------------------------------------------------------------------------

// False if further files would only say the same again.
static bool add_text(folder *f, const draft_file *file) {
    tact_error error;
    tact_err err = sources_check_name(file->name, &error);
    if (!err) err = sources_add(f->sources, file->name, file->text, &error);
    if (err) report_file(f, REPORT_NOWHERE, NULL, &error);
    return err != TACT_LIMIT && err != TACT_NO_MEMORY;
}

bool draft_read_texts(draft *d, report *r, sources *s, const draft_file *files, uint32_t count) {
    folder f = {.report = r, .sources = s, .well = true};
    *d = (draft){.report = r};
    uint32_t root = 0;
    while (root < count && !tact_str_equal(files[root].name, TACT_STR(SOURCES_ROOT))) root++;
    if (root == count) {
        report_add(r, REPORT_NO_FILE, REPORT_NOWHERE, "a bundle has a " SOURCES_ROOT,
                   "there is no " SOURCES_ROOT " among the files");
        return false;
    }
    bool more = add_text(&f, &files[root]);
    for (uint32_t i = 0; more && i < count; i++) more = i == root || add_text(&f, &files[i]);
    return draft_read(d, r) && f.well;
}
