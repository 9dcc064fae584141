// SPDX-License-Identifier: Apache-2.0
//
// Rows to commands. Every column has a list of targets, by its name; what a row gives is taken column by column, in
// whatever order the file has them, and put together when all were seen.
#include "cli/import_row.h"

#include <inttypes.h>

#include "base/err.h"
#include "base/near.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/import_value.h"
#include "wire/change.h"
#include "wire/json.h"

typedef enum use { IDENTITY, VALUE, TIME, KEY, ROW, OWN } use;

struct import_target {
    import_target *next; // of the same column
    use use;
    uint16_t number;       // IDENTITY: among the ids. VALUE: of the attribute or property
    const tact_type *type; // VALUE
    bool needed;           // the command line names the column
    bool met;              // in the header, or in an object
};

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "no memory for a row");
}

static tact_err unknown(tact_error *error, const char *what, const near *n) {
    utf8_shown shown, nearest;
    const char *name = utf8_show(&shown, n->wanted);
    if (!n->best.len) return err_set(error, TACT_USAGE, "there is no %s `%s`", what, name);
    return err_set(error, TACT_USAGE, "there is no %s `%s`; did you mean `%s`?", what, name,
                   utf8_show(&nearest, n->best));
}

// ---- Planning -------------------------------------------------------------------------------------------------------

static tact_err add(import_plan *p, tact_str column, import_target target, tact_error *error) {
    import_target *first = strmap_get(&p->targets, column), *added = ARENA_NEW(p->memory, import_target);
    if (!added || (!first && strmap_put(&p->targets, column, added))) return no_memory(error);
    *added = target;
    if (first) {
        added->next = first->next;
        first->next = added;
    }
    return TACT_OK;
}

static tact_err add_ids(import_plan *p, tact_error *error) {
    const schema *s = p->schema;
    for (uint32_t i = 0; i < p->wishes->ids_count; i++) {
        const import_pair *id = &p->wishes->ids[i];
        int32_t space = schema_find_identity(s, id->name);
        near n = near_to(id->name);
        for (uint32_t j = 0; j < s->identities_count && space < 0; j++) {
            if (!s->identities[j].retired) near_offer(&n, s->identities[j].name);
        }
        if (space < 0) return unknown(error, "identity", &n);
        p->spaces[i] = (uint16_t)space;
        if (tact_str_equal(id->column, TACT_STR(IMPORT_ROW))) continue; // a number that every row has
        const import_target target = {.use = IDENTITY, .number = (uint16_t)i, .needed = true};
        if (add(p, id->column, target, error)) return TACT_NO_MEMORY;
    }
    return TACT_OK;
}

typedef struct member { // an attribute, or a property of the event
    tact_str name;
    const tact_type *type;
    bool retired;
} member;

static uint32_t members_count(const import_plan *p) {
    return p->event < 0 ? p->schema->attributes_count : p->schema->events[p->event].properties_count;
}

static member member_at(const import_plan *p, uint32_t i) {
    if (p->event < 0) {
        const schema_attribute *m = &p->schema->attributes[i];
        return (member){m->name, m->type, m->retired};
    }
    const schema_property *m = &p->schema->events[p->event].properties[i];
    return (member){m->name, m->type, m->retired};
}

static const char *what_members_are(const import_plan *p) {
    return p->event < 0 ? "attribute" : "property";
}

// The column that --map gives to a member; NULL: none.
static const import_pair *mapped(const import_plan *p, tact_str name) {
    for (uint32_t i = 0; i < p->wishes->maps_count; i++) {
        if (tact_str_equal(p->wishes->maps[i].name, name)) return &p->wishes->maps[i];
    }
    return NULL;
}

// Every member from the column that is mapped to it, or from that of its own name.
static tact_err add_members(import_plan *p, tact_error *error) {
    for (uint32_t i = 0; i < members_count(p); i++) {
        member m = member_at(p, i);
        const import_pair *map = mapped(p, m.name);
        if (m.retired) continue;
        const import_target target = {.use = VALUE, .number = (uint16_t)i, .type = m.type, .needed = map != NULL};
        if (add(p, map ? map->column : m.name, target, error)) return TACT_NO_MEMORY;
    }
    return TACT_OK;
}

static tact_err check_maps(const import_plan *p, tact_error *error) {
    for (uint32_t i = 0; i < p->wishes->maps_count; i++) {
        const import_pair *map = &p->wishes->maps[i];
        bool found = false;
        near n = near_to(map->name);
        for (uint32_t j = 0; j < members_count(p) && !found; j++) {
            member m = member_at(p, j);
            found = !m.retired && tact_str_equal(m.name, map->name);
            if (!m.retired) near_offer(&n, m.name);
        }
        if (!found) return unknown(error, what_members_are(p), &n);
        if (mapped(p, map->name) == map) continue;
        utf8_shown shown;
        return err_set(error, TACT_USAGE, "`%s` is mapped twice", utf8_show(&shown, map->name));
    }
    return TACT_OK;
}

static tact_err find_event(import_plan *p, tact_error *error) {
    tact_str name = p->wishes->event;
    p->event = -1;
    if (!name.len) return TACT_OK;
    p->event = schema_find_event(p->schema, name);
    if (p->event >= 0) return TACT_OK;
    near n = near_to(name);
    for (uint32_t i = 0; i < p->schema->events_count; i++) {
        if (!p->schema->events[i].retired) near_offer(&n, p->schema->events[i].name);
    }
    return unknown(error, "event", &n);
}

tact_err import_row_plan(import_plan *p, arena *a, const schema *s, const import_wishes *wishes, tact_error *error) {
    *p = (import_plan){.memory = a, .schema = s, .wishes = wishes, .targets = strmap_in(a), .unused = strmap_in(a)};
    tact_err err = find_event(p, error);
    if (!err) err = check_maps(p, error);
    if (!err) err = add(p, TACT_STR(IMPORT_ROW), (import_target){.use = ROW}, error);
    if (!err) err = add(p, TACT_STR(IMPORT_LINE), (import_target){.use = OWN}, error);
    if (!err) err = add(p, TACT_STR(IMPORT_REASON), (import_target){.use = OWN}, error);
    if (!err) err = add_ids(p, error);
    if (!err) err = add_members(p, error);
    if (!err && wishes->time.len) err = add(p, wishes->time, (import_target){.use = TIME, .needed = true}, error);
    if (!err && wishes->key.len) err = add(p, wishes->key, (import_target){.use = KEY, .needed = true}, error);
    return err;
}

// ---- The header -----------------------------------------------------------------------------------------------------

static tact_err note_unused(import_plan *p, tact_str column, tact_error *error) {
    if (p->unused.count == IMPORT_UNUSED_MAX || strmap_get(&p->unused, column)) return TACT_OK;
    char *copy = arena_copy(p->memory, column.ptr, column.len);
    bool kept = copy && !strmap_put(&p->unused, (tact_str){copy, column.len}, copy);
    return kept ? TACT_OK : no_memory(error);
}

static tact_err meet_column(import_plan *p, tact_str column, import_target *first, tact_error *error) {
    if (!first) return note_unused(p, column, error);
    utf8_shown shown;
    if (first->met) return err_set(error, TACT_USAGE, "there are two columns `%s`", utf8_show(&shown, column));
    for (import_target *t = first; t; t = t->next) {
        t->met = true;
        p->values_count += t->use == VALUE;
    }
    return TACT_OK;
}

bool import_row_missing(const import_plan *p, uint32_t *at, tact_str *column) {
    for (; *at < p->targets.count; ++*at) {
        const import_target *t = p->targets.entries[*at].value;
        bool needed = false, met = t->met;
        for (; t; t = t->next) needed |= t->needed;
        if (!needed || met) continue;
        *column = p->targets.entries[(*at)++].key;
        return true;
    }
    return false;
}

static tact_err check_columns(const import_plan *p, tact_error *error) {
    uint32_t at = 0;
    tact_str missing;
    if (import_row_missing(p, &at, &missing)) {
        near n = near_to(missing);
        for (uint32_t i = 0; i < p->fields_count; i++) near_offer(&n, p->names[i]);
        return unknown(error, "column", &n);
    }
    if (p->values_count || p->event >= 0 || p->wishes->ids_count > 1) return TACT_OK;
    return err_set(error, TACT_USAGE, "no column has the name of an attribute; --map says which is which");
}

tact_err import_row_header(import_plan *p, const csv_row *header, tact_error *error) {
    p->fields = arena_array(p->memory, header->fields_count, sizeof *p->fields);
    p->names = arena_array(p->memory, header->fields_count, sizeof *p->names);
    if (!p->fields || !p->names) return no_memory(error);
    for (; p->fields_count < header->fields_count; p->fields_count++) {
        tact_str column = import_value_trimmed(header->fields[p->fields_count].text);
        import_target *first = strmap_get(&p->targets, column);
        tact_str *name = &p->names[p->fields_count];
        *name = (tact_str){arena_copy(p->memory, column.ptr, column.len), column.len};
        if (!name->ptr) return no_memory(error);
        p->fields[p->fields_count] = first;
        tact_err err = meet_column(p, *name, first, error);
        if (err) return err;
    }
    return check_columns(p, error);
}

// ---- Rows -----------------------------------------------------------------------------------------------------------

typedef struct making { // a command
    const import_plan *plan;
    arena *a;
    tact_error *error;
    tact_str identities[COMMAND_IDENTITIES_MAX]; // by id; empty: none
    command_value values[COMMAND_VALUES_MAX];
    uint32_t values_count;
    tact_str key;
    bool has_time;
    int64_t time_ms;
    uint64_t number;
} making;

static void begin(making *m, const import_plan *p, arena *a, uint64_t number, tact_error *error) {
    m->plan = p;
    m->a = a;
    m->error = error;
    for (uint32_t i = 0; i < p->wishes->ids_count; i++) m->identities[i] = TACT_STR("");
    m->values_count = 0;
    m->key = TACT_STR("");
    m->has_time = !p->wishes->time.len;
    m->time_ms = p->wishes->now_ms;
    m->number = number;
}

static tact_err invalid(making *m, const char *why) {
    return err_set(m->error, TACT_INVALID, "%s", why);
}

static tact_err take_identity(making *m, const import_target *t, tact_value given) {
    tact_str text;
    tact_err err = import_value_text(m->a, given, &text, m->error);
    if (err) return err;
    const schema_identity *space = &m->plan->schema->identities[m->plan->spaces[t->number]];
    tact_str *identity = &m->identities[t->number];
    *identity = schema_normalized(m->a, space, text);
    if (!identity->ptr) return no_memory(m->error);
    if (identity->len <= COMMAND_IDENTITY_MAX) return TACT_OK;
    return err_set(m->error, TACT_INVALID, "an identity `%.*s` of %zu bytes; %d fit", (int)space->name.len,
                   space->name.ptr, identity->len, COMMAND_IDENTITY_MAX);
}

static tact_err take_value(making *m, const import_target *t, tact_value given) {
    tact_value v;
    tact_err err = import_value(m->a, t->type, given, &v, m->error);
    if (err) return err;
    bool clears = m->plan->wishes->clear && m->plan->event < 0;
    if (v.kind == TACT_NULL && !clears) return TACT_OK;
    if (m->values_count == COMMAND_VALUES_MAX) {
        return err_set(m->error, TACT_LIMIT, "more than %d values", COMMAND_VALUES_MAX);
    }
    m->values[m->values_count++] = (command_value){t->number, v};
    return TACT_OK;
}

static tact_err take_time(making *m, tact_value given) {
    tact_value v;
    tact_err err = import_value(m->a, &type_timestamp, given, &v, m->error);
    if (err || v.kind == TACT_NULL) return err;
    m->has_time = true;
    m->time_ms = v.as.i * 1000 + v.len / 1000000;
    return TACT_OK;
}

static tact_err take_row(making *m, tact_value given) {
    tact_str text;
    tact_err err = import_value_text(m->a, given, &text, m->error);
    if (err || num_parse_uint(text, 10, &m->number)) return err;
    return invalid(m, "it is not the number of a row");
}

static tact_err take(making *m, const import_target *t, tact_value given) {
    switch (t->use) {
    case IDENTITY: return take_identity(m, t, given);
    case VALUE: return take_value(m, t, given);
    case TIME: return take_time(m, given);
    case KEY: return import_value_text(m->a, given, &m->key, m->error);
    case ROW: return take_row(m, given);
    case OWN: break;
    }
    return TACT_OK;
}

// What stands in a column goes to all its targets.
static tact_err take_column(making *m, tact_str column, const import_target *first, tact_value given) {
    tact_str null = m->plan->wishes->null;
    if (null.len && given.kind == TACT_STRING && tact_str_equal(value_str(given), null)) given = tact_null();
    for (const import_target *t = first; t; t = t->next) {
        tact_err err = take(m, t, given);
        if (!err || err == TACT_NO_MEMORY) continue;
        tact_error why = *m->error;
        utf8_shown shown;
        return err_set(m->error, err, "`%s`: %s", utf8_show(&shown, column), why.text);
    }
    return TACT_OK;
}

// Those that are there, each once, in the order of the ids: the first is whom the others are linked to.
static tact_err finish_identities(making *m, command *out) {
    const import_wishes *w = m->plan->wishes;
    command_identity *identities = arena_array(m->a, w->ids_count, sizeof *identities);
    if (!identities) return no_memory(m->error);
    for (uint32_t i = 0; i < w->ids_count; i++) {
        command_identity identity = {m->plan->spaces[i], m->identities[i]};
        if (tact_str_equal(w->ids[i].column, TACT_STR(IMPORT_ROW))) {
            identity.value = tact_str_from(arena_printf(m->a, "%" PRIu64, m->number));
            if (!identity.value.ptr) return no_memory(m->error);
        }
        bool repeats = identity.value.len == 0;
        for (uint32_t j = 0; j < out->identities_count && !repeats; j++) {
            repeats = identities[j].space == identity.space && tact_str_equal(identities[j].value, identity.value);
        }
        if (!repeats) identities[out->identities_count++] = identity;
    }
    out->identities = identities;
    return out->identities_count ? TACT_OK : invalid(m, "it names nobody: its identities are empty");
}

static tact_err finish(making *m, command *out) {
    const import_plan *p = m->plan;
    *out = (command){.kind = p->event >= 0 ? COMMAND_EVENT : COMMAND_SET,
                     .id = m->key,
                     .time_ms = m->time_ms,
                     .source = p->wishes->source,
                     .event = p->event >= 0 ? (uint16_t)p->event : 0,
                     .values_count = m->values_count};
    if (!m->has_time) return invalid(m, "it has no time");
    if (p->event < 0 && m->time_ms > p->wishes->now_ms + CHANGE_AHEAD_MAX_MS) {
        return invalid(m, "its time is ahead of the clock; only events may lie in the future");
    }
    if (p->wishes->key.len && !m->key.len) return invalid(m, "it has no key");
    tact_err err = finish_identities(m, out);
    if (err) return err;
    command_value *values = arena_array(m->a, m->values_count, sizeof *values);
    if (!values) return no_memory(m->error);
    memcpy(values, m->values, m->values_count * sizeof *values);
    out->values = values;
    if (m->values_count || p->event >= 0) return TACT_OK;
    if (out->identities_count == 1) return invalid(m, "it sets nothing: all its attributes are empty");
    out->kind = COMMAND_LINK;
    return TACT_OK;
}

tact_err import_row_fields(import_plan *p, arena *a, const csv_row *row, uint64_t *number, command *out,
                           tact_error *error) {
    making m;
    begin(&m, p, a, *number, error);
    tact_err err = TACT_OK;
    for (uint32_t i = 0; i < p->fields_count && !err; i++) {
        if (!p->fields[i]) continue;
        tact_str text = row->fields[i].text;
        err = take_column(&m, p->names[i], p->fields[i], tact_string(text.ptr, text.len));
        *number = m.number;
    }
    return err ? err : finish(&m, out);
}

static tact_err read_object(making *m, const csv_row *row, tact_value *out) {
    tact_err err = json_read(m->a, row->raw, out, m->error);
    if (err == TACT_NO_MEMORY) return err;
    if (err) {
        tact_error why = *m->error;
        return err_set(m->error, TACT_INVALID, "not JSON, at character %d: %s", why.column, why.text);
    }
    return out->kind == TACT_MAP ? TACT_OK : invalid(m, "it is not an object of JSON");
}

tact_err import_row_object(import_plan *p, arena *a, const csv_row *row, uint64_t *number, command *out,
                           tact_error *error) {
    making m;
    tact_value object;
    begin(&m, p, a, *number, error);
    tact_err err = read_object(&m, row, &object);
    uint32_t count = err ? 0 : object.as.map->count;
    for (uint32_t i = 0; i < count; i++) {
        tact_str name = value_str(object.as.map->entries[i].key);
        import_target *first = strmap_get(&p->targets, name);
        if (first) first->met = true; // also behind what is faulty
        if (err) continue;
        if (first) {
            err = take_column(&m, name, first, object.as.map->entries[i].value);
        } else if (p->wishes->strict_columns) {
            utf8_shown shown;
            err = err_set(error, TACT_INVALID, "`%s` has no use", utf8_show(&shown, name));
        } else {
            err = note_unused(p, name, error);
        }
        *number = m.number;
    }
    return err ? err : finish(&m, out);
}
