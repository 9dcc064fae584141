// SPDX-License-Identifier: Apache-2.0
//
// Types of JSON values. A type is found for a number of values at once (the items of a list, the members of one name
// in a list of objects), so that what they have in common is declared and what differs becomes dyn.
#include "cli/vars.h"

#include "base/buf.h"
#include "base/err.h"
#include "base/strmap.h"
#include "value/value.h"

typedef struct inference {
    tact_cel_env *env;
    arena *arena;
    cli_vars *vars;
    tact_error *error;
    tact_err code; // the first fault; sticky
} inference;

// Values whose common type is sought.
typedef struct sample {
    tact_value *items;
    uint32_t count, room;
} sample;

static bool add(inference *in, sample *s, tact_value v) {
    if (s->count == s->room) {
        uint32_t wanted = s->room ? s->room * 2 : 8;
        tact_value *grown = arena_extend(in->arena, s->items, s->count, wanted, sizeof *grown);
        if (!grown) {
            in->code = TACT_NO_MEMORY;
            return false;
        }
        s->items = grown;
        s->room = wanted;
    }
    s->items[s->count++] = v;
    return true;
}

static bool is_name(tact_str s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && (i == 0 || c < '0' || c > '9')) return false;
    }
    return s.len > 0;
}

static bool all_names(const tact_map *map) {
    for (uint32_t i = 0; i < map->count; i++) {
        if (!is_name(value_str(map->entries[i].key))) return false;
    }
    return true;
}

static tact_str join(inference *in, tact_str path, tact_str name) {
    buf out = buf_in(in->arena);
    buf_add_str(&out, path);
    if (path.len) buf_add_char(&out, '.');
    buf_add_str(&out, name);
    tact_str joined = buf_done(&out);
    if (!joined.ptr) in->code = TACT_NO_MEMORY;
    return joined;
}

static tact_str text(inference *in, const char *before, tact_str inner) {
    char *s = arena_printf(in->arena, "%s%.*s)", before, (int)inner.len, inner.ptr);
    if (!s) in->code = TACT_NO_MEMORY;
    return tact_str_from(s);
}

static tact_str infer(inference *in, tact_str path, const sample *s, int nesting);

// Objects as values of the record type `path`, which has every field that one of them has.
static tact_str infer_record(inference *in, tact_str path, const sample *objects, int nesting) {
    strmap fields = strmap_in(in->arena); // name -> sample *
    for (uint32_t i = 0; i < objects->count; i++) {
        const tact_map *map = objects->items[i].as.map;
        for (uint32_t j = 0; j < map->count; j++) {
            tact_str name = value_str(map->entries[j].key);
            sample *field = strmap_get(&fields, name);
            if (!field) {
                field = ARENA_NEW(in->arena, sample);
                if (!field || strmap_put(&fields, name, field)) {
                    in->code = TACT_NO_MEMORY;
                    return (tact_str){NULL, 0};
                }
            }
            if (!add(in, field, map->entries[j].value)) return (tact_str){NULL, 0};
        }
    }
    for (uint32_t i = 0; i < fields.count && !in->code; i++) {
        tact_str name = fields.entries[i].key;
        tact_str type = infer(in, join(in, path, name), fields.entries[i].value, nesting);
        if (!in->code) in->code = tact_cel_declare_field(in->env, path, name, type, in->error);
    }
    return text(in, "record(", path);
}

static tact_str infer_object(inference *in, tact_str path, const sample *objects, int nesting) {
    sample values = {0};
    bool records = true;
    for (uint32_t i = 0; i < objects->count; i++) {
        const tact_map *map = objects->items[i].as.map;
        records = records && all_names(map);
        for (uint32_t j = 0; j < map->count; j++) {
            if (!add(in, &values, map->entries[j].value)) return (tact_str){NULL, 0};
        }
    }
    if (records && values.count) return infer_record(in, path, objects, nesting);
    return text(in, "map(string, ", infer(in, path, &values, nesting));
}

static tact_str infer_list(inference *in, tact_str path, const sample *lists, int nesting) {
    sample items = {0};
    for (uint32_t i = 0; i < lists->count; i++) {
        for (uint32_t j = 0; j < lists->items[i].len; j++) {
            if (!add(in, &items, lists->items[i].as.items[j])) return (tact_str){NULL, 0};
        }
    }
    return text(in, "list(", infer(in, path, &items, nesting));
}

// The type, as CEL writes it, that all of the values have. Record types that it names are declared.
static tact_str infer(inference *in, tact_str path, const sample *s, int nesting) {
    if (in->code || s->count == 0 || nesting == 0) return TACT_STR("dyn");
    uint8_t kind = s->items[0].kind;
    for (uint32_t i = 1; i < s->count; i++) {
        if (s->items[i].kind != kind) return TACT_STR("dyn");
    }
    switch (kind) {
    case TACT_NULL: return TACT_STR("dyn");
    case TACT_LIST: return infer_list(in, path, s, nesting - 1);
    case TACT_MAP: return infer_object(in, path, s, nesting - 1);
    default: return tact_str_from(value_kind_name((tact_kind)kind));
    }
}

static void declare(inference *in, tact_str name, tact_value value) {
    sample one = {&value, 1, 1};
    tact_str type = infer(in, name, &one, VARS_NESTING_MAX);
    uint32_t slot;
    if (!in->code) in->code = tact_cel_declare(in->env, name, type, &slot, in->error);
    if (in->code) return;
    sample slots = {in->vars->slots, in->vars->count, in->vars->room};
    if (add(in, &slots, value)) *in->vars = (cli_vars){slots.items, slots.count, slots.room};
}

// Members of an object that stands outside of all lists have a slot each, under a dotted name.
static void declare_members(inference *in, tact_str path, const tact_map *map) {
    for (uint32_t i = 0; i < map->count && !in->code; i++) {
        tact_str name = join(in, path, value_str(map->entries[i].key));
        tact_value value = map->entries[i].value;
        if (value.kind == TACT_MAP && value.as.map->count && all_names(value.as.map)) {
            declare_members(in, name, value.as.map);
        } else {
            declare(in, name, value);
        }
    }
}

tact_err vars_declare(tact_cel_env *env, tact_value object, tact_arena *a, cli_vars *vars, tact_error *error) {
    *vars = (cli_vars){0};
    if (object.kind != TACT_MAP) return err_set(error, TACT_INVALID, "expected an object, {\"name\": value, …}");
    inference in = {env, a, vars, error, TACT_OK};
    declare_members(&in, (tact_str){NULL, 0}, object.as.map);
    if (in.code == TACT_NO_MEMORY) return err_set(error, TACT_NO_MEMORY, "memory ran out");
    return in.code;
}
