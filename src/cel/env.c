// SPDX-License-Identifier: Apache-2.0
//
// Declarations. The subtle part is dotted names: "profile.recency" is one name with a slot of its own, and at the same
// time makes `profile` a record that has the field `recency`, so that both `profile.recency` (one lookup, no map) and
// `profile` whole have a meaning. An environment lives in its own arena.
#include "cel/env.h"

#include <stdio.h>

#include "base/err.h"
#include "base/utf8.h"
#include "cel/func.h"
#include "cel/macro.h"
#include "cel/token.h"

// ---- The environment itself -----------------------------------------------------------------------------------------

tact_cel_env *tact_cel_env_new(const tact_cel_options *options) {
    arena a;
    arena_init(&a, 0);
    tact_cel_env *env = ARENA_NEW(&a, tact_cel_env);
    if (!env) return NULL;
    env->arena = a; // from here on the arena is inside the memory that it hands out
    env->libraries = options && options->libraries ? options->libraries : TACT_CEL_ALL;
    env->names = strmap_in(&env->arena);
    env->records = strmap_in(&env->arena);
    env->functions = strmap_in(&env->arena);
    if (options && options->container.len) {
        char *copy = arena_copy(&env->arena, options->container.ptr, options->container.len);
        if (!copy) goto fail;
        env->container = (tact_str){copy, options->container.len};
    }
    if (func_declare_all(env)) goto fail;
    return env;

fail:
    tact_cel_env_free(env);
    return NULL;
}

void tact_cel_env_free(tact_cel_env *env) {
    if (!env) return;
    arena a = env->arena;
    arena_fini(&a);
}

const cel_decl *env_name(const tact_cel_env *env, tact_str name) {
    return strmap_get(&env->names, name);
}

const cel_function *env_function(const tact_cel_env *env, tact_str name) {
    return strmap_get(&env->functions, name);
}

const cel_record *env_record(const tact_cel_env *env, tact_str name) {
    return strmap_get(&env->records, name);
}

const cel_field *env_field(const cel_record *record, tact_str name) {
    return strmap_get(&record->fields, name);
}

uint32_t tact_cel_slots_count(const tact_cel_env *env) {
    return env->slots_count;
}

tact_str tact_cel_slot_name(const tact_cel_env *env, uint32_t slot) {
    return slot < env->slots_count ? env->slots[slot]->name : (tact_str){NULL, 0};
}

// ---- Helpers --------------------------------------------------------------------------------------------------------

static tact_err no_memory(tact_error *error) {
    err_set(error, TACT_NO_MEMORY, "memory ran out");
    return TACT_NO_MEMORY;
}

// For "%.*s".
#define SHOW(s) (int)(s).len, (s).ptr

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Identifiers, with dots between them if `dotted`.
static bool is_name(tact_str s, bool dotted) {
    bool at_start = true;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (is_letter(c)) {
            at_start = false;
        } else if (c == '.' && dotted && !at_start) {
            at_start = true;
        } else if (!(c >= '0' && c <= '9') || at_start) {
            return false;
        }
    }
    return !at_start;
}

static tact_err check_name(tact_str name, bool dotted, tact_error *error) {
    utf8_shown shown;
    if (name.len > ENV_NAME_MAX) {
        return err_set(error, TACT_LIMIT, "`%s` is longer than %d bytes", utf8_show(&shown, name), ENV_NAME_MAX);
    }
    if (is_name(name, dotted)) return TACT_OK;
    return err_set(error, TACT_INVALID, "`%s` is not a name: letters, digits and `_`, not a digit first%s",
                   utf8_show(&shown, name), dotted ? ", with dots between parts" : "");
}

// The first part of a dotted name, and what is behind its dot.
static tact_str next_part(tact_str *rest) {
    const char *dot = memchr(rest->ptr, '.', rest->len);
    tact_str part = {rest->ptr, dot ? (size_t)(dot - rest->ptr) : rest->len};
    size_t passed = part.len + (dot != NULL);
    *rest = (tact_str){rest->ptr + passed, rest->len - passed};
    return part;
}

static tact_err unwritable(tact_str name, tact_str word, tact_error *error) {
    if (word.len == name.len) {
        return err_set(error, TACT_INVALID, "`%.*s` is a word of the language and cannot be a name", SHOW(name));
    }
    return err_set(error, TACT_INVALID, "`%.*s` cannot be a name: `%.*s` is a word of the language", SHOW(name),
                   SHOW(word));
}

// A name that no expression could write is refused. Behind a dot every word can be written, if need be in backquotes
// (`a.`in``). `true`, `false` and `null` stay allowed, though they will always be read as the constants: the public
// conformance suite declares them (basic, reserved_const), to see just that.
static tact_err check_attribute_name(tact_str name, tact_error *error) {
    tact_err err = check_name(name, true, error);
    if (err) return err;
    tact_str rest = name, first = next_part(&rest);
    cel_token_kind kind = token_of_word(first.ptr, first.len);
    return kind == TOKEN_RESERVED || kind == TOKEN_IN ? unwritable(name, first, error) : TACT_OK;
}

// What is called stands in no backquotes, so that no part of it can be a keyword; behind a dot a reserved word can be
// written, so that it can name a function that is called on something.
static tact_err check_function_name(tact_str name, bool member, tact_error *error) {
    tact_err err = check_name(name, true, error);
    bool first = !member;
    for (tact_str rest = name; !err && rest.len; first = false) {
        tact_str part = next_part(&rest);
        cel_token_kind kind = token_of_word(part.ptr, part.len);
        if (kind != TOKEN_IDENT && (kind != TOKEN_RESERVED || first)) err = unwritable(name, part, error);
    }
    return err;
}

// A copy of `s` that lives as long as the environment; ptr is NULL if memory ran out.
static tact_str keep(tact_cel_env *env, tact_str s) {
    char *copy = arena_copy(&env->arena, s.ptr, s.len);
    return (tact_str){copy, copy ? s.len : 0};
}

// Bytes of the longest proper prefix of `name` that is a name too; 0 if it has no dot.
static size_t prefix_len(tact_str name) {
    size_t len = name.len;
    while (len > 0 && name.ptr[len - 1] != '.') len--;
    return len ? len - 1 : 0;
}

static tact_str last_part(tact_str name) {
    size_t prefix = prefix_len(name);
    return prefix ? (tact_str){name.ptr + prefix + 1, name.len - prefix - 1} : name;
}

static cel_decl *find_decl(const tact_cel_env *env, tact_str name) {
    return strmap_get(&env->names, name);
}

// The array `items` with room for one more than `count`: it doubles. NULL if memory ran out.
static void *with_room(arena *a, void *items, uint32_t count, uint32_t *room, uint32_t first, size_t size) {
    if (count < *room) return items;
    uint32_t wanted = *room ? *room * 2 : first;
    void *grown = arena_extend(a, items, count, wanted, size);
    if (grown) *room = wanted;
    return grown;
}

// ---- Attributes, constants, records ---------------------------------------------------------------------------------

// Whether `.field` can be asked of a value of this type, so that names below it may be declared as well.
static bool has_fields(const tact_type *t) {
    return t->kind == TYPE_MAP || t->kind == TYPE_RECORD || t->kind == TYPE_DYN || t->kind == TYPE_PARAM;
}

// Says why `name` cannot be declared with this type beside what is declared already.
static tact_err check_collisions(const tact_cel_env *env, tact_str name, const tact_type *type, tact_error *error) {
    const cel_decl *same = env_name(env, name);
    if (same && same->kind != CEL_DECL_RECORD) {
        return err_set(error, TACT_EXISTS, "`%.*s` is declared already", SHOW(name));
    }
    if (same && same->record->fields.count && !has_fields(type)) {
        const cel_field *field = same->record->fields.entries[0].value;
        return err_set(error, TACT_EXISTS,
                       "`%.*s` is a record, since `%.*s` is declared; its own type can only be a map or dyn",
                       SHOW(name), SHOW(field->decl->name));
    }
    for (tact_str at = {name.ptr, prefix_len(name)}; at.len; at.len = prefix_len(at)) {
        const cel_decl *above = env_name(env, at);
        if (above && above->kind != CEL_DECL_RECORD && !has_fields(above->type)) {
            return err_set(error, TACT_EXISTS, "`%.*s` cannot be a part of `%.*s`, which is declared and has no fields",
                           SHOW(name), SHOW(at));
        }
        const cel_record *record = env_record(env, at);
        if (record && !record->is_prefix) {
            return err_set(error, TACT_EXISTS, "`%.*s` is the name of a record type already", SHOW(at));
        }
    }
    return TACT_OK;
}

static tact_err add_field(tact_cel_env *env, cel_record *record, tact_str name, const tact_type *type,
                          const cel_decl *decl) {
    cel_field *field = ARENA_NEW(&env->arena, cel_field);
    if (!field) return TACT_NO_MEMORY;
    *field = (cel_field){name, type, decl};
    return strmap_put(&record->fields, name, field);
}

static cel_record *new_record(tact_cel_env *env, tact_str name, bool is_prefix) {
    cel_record *record = ARENA_NEW(&env->arena, cel_record);
    if (!record) return NULL;
    *record = (cel_record){name, is_prefix, strmap_in(&env->arena)};
    return strmap_put(&env->records, name, record) == TACT_OK ? record : NULL;
}

static tact_err enter(tact_cel_env *env, cel_decl *decl);

// What the name above others stands for: made to stand for a record if it is not declared.
static cel_decl *need_above(tact_cel_env *env, tact_str name) {
    cel_decl *decl = find_decl(env, name);
    if (decl) return decl;
    cel_record *record = new_record(env, name, true);
    decl = ARENA_NEW(&env->arena, cel_decl);
    if (!record || !decl) return NULL;
    decl->kind = CEL_DECL_RECORD;
    decl->name = name;
    decl->record = record;
    decl->type = type_new(&env->arena, TYPE_RECORD, name, NULL, 0);
    return decl->type && enter(env, decl) == TACT_OK ? decl : NULL;
}

// Enters `decl` under its name and as a field of the record that its name goes through. The name comes last and cannot
// fail, so that what is there after a lack of memory is at most records without fields.
static tact_err enter(tact_cel_env *env, cel_decl *decl) {
    tact_str at = {decl->name.ptr, prefix_len(decl->name)};
    cel_decl *above = at.len ? need_above(env, at) : NULL;
    if (at.len && !above) return TACT_NO_MEMORY;
    tact_err err = strmap_reserve(&env->names);
    if (!err && above &&
        above->kind == CEL_DECL_RECORD) { // an attribute of its own does not change by what is below it
        // Records are reached from declarations as const; here is where they are still made.
        cel_record *record = strmap_get(&env->records, at);
        err = add_field(env, record, last_part(decl->name), decl->type, decl);
    }
    return err ? err : strmap_put(&env->names, decl->name, decl);
}

// A declaration of `name` that is checked against all others, not entered yet.
static tact_err new_decl(tact_cel_env *env, tact_str name, tact_str type, cel_decl **out, tact_error *error) {
    tact_err err = check_attribute_name(name, error);
    if (err) return err;
    tact_error why = {.code = TACT_OK};
    const tact_type *t = type_parse(&env->arena, type, &why);
    if (!t) {
        if (error) *error = why;
        return why.code == TACT_OK ? TACT_INVALID : why.code;
    }
    err = check_collisions(env, name, t, error);
    if (err) return err;
    cel_decl *decl = ARENA_NEW(&env->arena, cel_decl);
    tact_str copy = keep(env, name);
    if (!decl || !copy.ptr) return no_memory(error);
    decl->name = copy;
    decl->type = t;
    *out = decl;
    return TACT_OK;
}

tact_err tact_cel_declare(tact_cel_env *env, tact_str name, tact_str type, uint32_t *slot, tact_error *error) {
    cel_decl *decl;
    tact_err err = new_decl(env, name, type, &decl, error);
    if (err) return err;
    decl->kind = CEL_DECL_ATTRIBUTE;
    if (env->slots_count == TACT_CEL_SLOTS_MAX) {
        return err_set(error, TACT_LIMIT, "an environment holds at most %d attributes", TACT_CEL_SLOTS_MAX);
    }
    decl->slot = env->slots_count;
    const cel_decl **slots = with_room(&env->arena, env->slots, env->slots_count, &env->slots_room, 16,
                                       sizeof *env->slots);
    if (!slots || enter(env, decl)) return no_memory(error);
    env->slots = slots;
    env->slots[env->slots_count++] = decl;
    if (slot) *slot = decl->slot;
    return TACT_OK;
}

tact_err tact_cel_declare_constant(tact_cel_env *env, tact_str name, tact_str type, tact_value value,
                                   tact_error *error) {
    cel_decl *decl;
    tact_err err = new_decl(env, name, type, &decl, error);
    if (err) return err;
    tact_kind kind = type_value_kind(decl->type);
    if (kind != TACT_UNRESOLVED && kind != (tact_kind)value.kind) {
        tact_str found = type_name(type_of_value(value));
        return err_set(error, TACT_INVALID, "`%.*s` is declared as %.*s, but its value is of type %.*s", SHOW(name),
                       SHOW(type), SHOW(found));
    }
    decl->kind = CEL_DECL_CONSTANT;
    decl->value = value;
    return enter(env, decl) ? no_memory(error) : TACT_OK;
}

tact_err tact_cel_declare_field(tact_cel_env *env, tact_str record, tact_str field, tact_str type, tact_error *error) {
    tact_err err = check_name(record, true, error);
    if (!err) err = check_name(field, false, error);
    if (err) return err;
    cel_record *r = strmap_get(&env->records, record);
    if (r && r->is_prefix) {
        return err_set(error, TACT_EXISTS, "`%.*s` is a record of attributes: declare `%.*s.%.*s` itself", SHOW(record),
                       SHOW(record), SHOW(field));
    }
    if (r && env_field(r, field)) {
        return err_set(error, TACT_EXISTS, "`%.*s` has a field `%.*s` already", SHOW(record), SHOW(field));
    }
    tact_error why = {.code = TACT_OK};
    const tact_type *t = type_parse(&env->arena, type, &why);
    if (!t) {
        if (error) *error = why;
        return why.code == TACT_OK ? TACT_INVALID : why.code;
    }
    if (!r) {
        tact_str copy = keep(env, record);
        r = copy.ptr ? new_record(env, copy, false) : NULL;
    }
    tact_str copy = keep(env, field);
    if (!r || !copy.ptr || add_field(env, r, copy, t, NULL)) return no_memory(error);
    return TACT_OK;
}

// ---- Functions ------------------------------------------------------------------------------------------------------

static void skip_spaces(tact_str s, size_t *at) {
    while (*at < s.len && s.ptr[*at] == ' ') (*at)++;
}

static bool skip(tact_str s, size_t *at, tact_str what) {
    skip_spaces(s, at);
    if (s.len - *at < what.len || memcmp(s.ptr + *at, what.ptr, what.len) != 0) return false;
    *at += what.len;
    return true;
}

static tact_err expected(size_t at, const char *what, tact_error *error) {
    return err_set_at(error, TACT_INVALID, 1, (int)at + 1, "expected %s in the signature", what);
}

static tact_err read_param(tact_cel_env *env, tact_str s, size_t *at, cel_overload *o, tact_error *error) {
    if (o->count == CEL_PARAMS_MAX) {
        return err_set_at(error, TACT_LIMIT, 1, (int)*at + 1, "a function takes at most %d arguments", CEL_PARAMS_MAX);
    }
    tact_error why = {.code = TACT_OK};
    const tact_type *t = type_parse_at(&env->arena, s, at, &why);
    if (!t) {
        if (error) *error = why;
        return why.code == TACT_OK ? TACT_INVALID : why.code;
    }
    o->kinds[o->count] = (uint8_t)type_value_kind(t);
    o->generic |= t->open;
    o->params[o->count++] = t;
    return TACT_OK;
}

static bool is_member(tact_str signature) {
    size_t at = 0;
    return !skip(signature, &at, TACT_STR("("));
}

// [receiver "."] "(" [type {"," type}] ")" "->" type
static tact_err read_signature(tact_cel_env *env, tact_str s, cel_overload *o, tact_error *error) {
    size_t at = 0;
    tact_err err = TACT_OK;
    if (!skip(s, &at, TACT_STR("("))) {
        o->member = true;
        err = read_param(env, s, &at, o, error);
        if (err) return err;
        if (!skip(s, &at, TACT_STR("."))) return expected(at, "`.` after the receiver's type", error);
        if (!skip(s, &at, TACT_STR("("))) return expected(at, "`(`", error);
    }
    if (!skip(s, &at, TACT_STR(")"))) {
        do {
            err = read_param(env, s, &at, o, error);
            if (err) return err;
        } while (skip(s, &at, TACT_STR(",")));
        if (!skip(s, &at, TACT_STR(")"))) return expected(at, "`,` or `)`", error);
    }
    if (!skip(s, &at, TACT_STR("->"))) return expected(at, "`->`", error);
    tact_error why = {.code = TACT_OK};
    o->result = type_parse_at(&env->arena, s, &at, &why);
    if (!o->result) {
        if (error) *error = why;
        return why.code == TACT_OK ? TACT_INVALID : why.code;
    }
    o->result_like = CEL_RESULT_LIKE_NONE;
    for (uint8_t i = 0; i < o->count && o->result->open; i++) {
        if (type_equal(o->params[i], o->result)) o->result_like = i;
    }
    skip_spaces(s, &at);
    return at == s.len ? TACT_OK : expected(at, "nothing more", error);
}

// Whether some value could be meant by both types.
static bool types_overlap(const tact_type *a, const tact_type *b) {
    if (a->kind == TYPE_WRAPPER) a = a->params[0];
    if (b->kind == TYPE_WRAPPER) b = b->params[0];
    if (a->kind == TYPE_DYN || a->kind == TYPE_PARAM || b->kind == TYPE_DYN || b->kind == TYPE_PARAM) return true;
    if (a->kind == TYPE_TYPE && b->kind == TYPE_TYPE) return true;
    bool a_is_map = a->kind == TYPE_MAP || a->kind == TYPE_RECORD;
    bool b_is_map = b->kind == TYPE_MAP || b->kind == TYPE_RECORD;
    if (a_is_map && b_is_map && a->kind != b->kind) return true;
    if (a->kind != b->kind || a->count != b->count || !tact_str_equal(a->name, b->name)) return false;
    for (uint8_t i = 0; i < a->count; i++) {
        if (!types_overlap(a->params[i], b->params[i])) return false;
    }
    return true;
}

static bool overloads_overlap(const cel_overload *a, const cel_overload *b) {
    if (a->member != b->member || a->count != b->count) return false;
    for (uint8_t i = 0; i < a->count; i++) {
        if (!types_overlap(a->params[i], b->params[i])) return false;
    }
    return true;
}

static tact_err check_overload(const cel_function *f, const cel_overload *o, tact_error *error) {
    for (uint32_t i = 0; i < f->count; i++) {
        const cel_overload *other = f->overloads[i];
        if (tact_str_equal(other->id, o->id)) {
            return err_set(error, TACT_EXISTS, "`%.*s` has an overload `%.*s` already", SHOW(f->name), SHOW(o->id));
        }
        if (overloads_overlap(other, o)) {
            return err_set(error, TACT_EXISTS, "a call of `%.*s` could mean both `%.*s` and `%.*s`", SHOW(f->name),
                           SHOW(other->id), SHOW(o->id));
        }
    }
    return TACT_OK;
}

// Whether a call of this overload would be taken for a macro, which is replaced before names are looked up.
static bool is_macro(const tact_cel_env *env, const cel_overload *o) {
    cel_node target = {.kind = CEL_LITERAL};
    if (o->member) return macro_find(o->function, &target, o->count - 1u, env->libraries) != NULL;
    size_t space = prefix_len(o->function);
    target.kind = CEL_IDENT;
    target.as.ident.name = (tact_str){o->function.ptr, space};
    return macro_find(last_part(o->function), space ? &target : NULL, o->count, env->libraries) != NULL;
}

static tact_err check_macros(const tact_cel_env *env, const cel_overload *o, tact_error *error) {
    if (!is_macro(env, o)) return TACT_OK;
    uint8_t count = o->member ? (uint8_t)(o->count - 1) : o->count;
    return err_set(error, TACT_EXISTS, "`%.*s` with %u argument%s is a macro", SHOW(o->function), count,
                   count == 1 ? "" : "s");
}

static cel_role role_of(tact_str name) {
    static const struct {
        tact_str name;
        cel_role role;
    } roles[] = {
#define ROLE(NAME, ROLE_) {{NAME, sizeof NAME - 1}, CEL_ROLE_##ROLE_}
        ROLE(CEL_OP_AND, LOGIC),
        ROLE(CEL_OP_OR, LOGIC),
        ROLE(CEL_OP_CONDITIONAL, CONDITIONAL),
        ROLE(CEL_OP_ADD, ADD),
        ROLE(CEL_OP_IN, IN),
        ROLE(CEL_OP_INDEX, INDEX),
        ROLE(CEL_OP_OPT_INDEX, OPT_INDEX),
        ROLE(CEL_OP_OPT_SELECT, OPT_SELECT),
        ROLE(CEL_FN_MAP_INSERT, MAP_INSERT),
        ROLE(CEL_FN_BLOCK, BLOCK),
#undef ROLE
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (tact_str_equal(roles[i].name, name)) return roles[i].role;
    }
    return CEL_ROLE_NONE;
}

tact_err env_add_overload(tact_cel_env *env, uint32_t library, tact_str name, tact_str id, tact_str signature,
                          tact_cel_function *fn, void *context, cel_growth growth, uint64_t steps, const char *doc,
                          tact_error *error) {
    cel_overload *o = ARENA_NEW(&env->arena, cel_overload);
    if (!o) return no_memory(error);
    tact_err err = read_signature(env, signature, o, error);
    if (err) return err;
    o->id = id;
    o->function = name;
    o->growth = (uint8_t)growth;
    o->library = library;
    o->steps = steps;
    o->fn = fn;
    o->context = context;
    o->doc = doc;
    cel_function *known = strmap_get(&env->functions, name);
    cel_function *f = known ? known : ARENA_NEW(&env->arena, cel_function);
    if (!f) return no_memory(error);
    f->name = name;
    if (!known) f->role = role_of(name);
    err = check_overload(f, o, error);
    if (!err) err = check_macros(env, o, error);
    if (err) return err;
    const cel_overload **overloads = with_room(&env->arena, f->overloads, f->count, &f->room, 2, sizeof *f->overloads);
    if (!overloads) return no_memory(error);
    f->overloads = overloads;
    if (!known && strmap_put(&env->functions, name, f)) return no_memory(error);
    f->overloads[f->count++] = o;
    return TACT_OK;
}

tact_err tact_cel_declare_function(tact_cel_env *env, tact_str name, tact_str id, tact_str signature,
                                   tact_cel_function *fn, void *context, uint64_t steps, tact_error *error) {
    tact_err err = check_function_name(name, is_member(signature), error);
    if (!err) err = check_name(id, false, error);
    if (err) return err;
    tact_str name_copy = keep(env, name), id_copy = keep(env, id);
    if (!name_copy.ptr || !id_copy.ptr) return no_memory(error);
    return env_add_overload(env, 0, name_copy, id_copy, signature, fn, context, CEL_COST_FIXED, steps, NULL, error);
}
