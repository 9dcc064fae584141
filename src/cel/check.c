// SPDX-License-Identifier: Apache-2.0
//
// One walk over the tree: names are resolved, overloads chosen and types inferred on the way up. The subtle part is
// that a type may still be unknown when it is first written to a node: `[]` is a list of something until what it is
// used with says of what. Such nodes are remembered and get their final types when the walk is over.
//
// A part in error has the error type, which fits everything, so that one fault is reported once. How deep the walk goes
// is bounded by the tree's height (see ast.h).
#include "cel/check.h"

#include "cel/infer.h"
#include "value/value.h"

// What a scope binds: a comprehension's variable, or a block's @index0, @index1, ….
typedef struct scope {
    tact_str name;
    const tact_type *type;
    uint32_t indexes; // of a block: how many of them are visible
    const struct scope *outer;
} scope;

#define DOTTED_MAX (2 * ENV_NAME_MAX) // bytes of a dotted name with a container before it; longer ones are not declared

typedef struct checker {
    cel_ast *ast;
    const tact_cel_env *env;
    cel_diags *diags;
    bool unchecked, failed;
    infer types;
    infer_names params;           // what type parameters in declarations of attributes stand for
    const scope *scope;           // innermost
    const cel_node *chain;        // the whole of the dotted name that is being looked at, for reporting it
    const tact_type *compared_to; // what a bare name, or each in a list of them, is compared with; or NULL
    const cel_node *compared;     // what a chain of && or || is compared with; or NULL
    cel_node **unsettled;         // nodes whose type had unknowns
    uint32_t unsettled_count, unsettled_room;
    char dotted[DOTTED_MAX];
} checker;

static const tact_type *check(checker *c, cel_node *n);

static const tact_type *settled(checker *c, const tact_type *t) {
    return t->open ? infer_close(&c->types, t, false) : t;
}

static const tact_type *or_error(checker *c, const tact_type *t) {
    if (t) return t;
    c->types.no_memory = true;
    return &type_error;
}

// ---- Types of nodes -------------------------------------------------------------------------------------------------

static void remember(checker *c, cel_node *n) {
    if (c->unsettled_count == c->unsettled_room) {
        uint32_t room = c->unsettled_room ? c->unsettled_room * 2 : 32;
        cel_node **more = arena_extend(c->ast->arena, c->unsettled, c->unsettled_count, room, sizeof *more);
        if (!more) {
            c->types.no_memory = true;
            return;
        }
        c->unsettled = more;
        c->unsettled_room = room;
    }
    c->unsettled[c->unsettled_count++] = n;
}

static const tact_type *set_type(checker *c, cel_node *n, const tact_type *t) {
    n->type = c->unchecked ? &type_dyn : t;
    if (n->type->open) remember(c, n);
    return n->type;
}

// The type that covers both; `a` may be NULL. What is put together need not be of one type: it is dyn then.
static const tact_type *join(checker *c, const tact_type *a, const tact_type *b) {
    if (!a || a == b) return b;
    if (a->kind == TYPE_ERROR || b->kind == TYPE_ERROR) return &type_error;
    return infer_fits(&c->types, a, b) ? infer_general(a, b) : &type_dyn;
}

// ---- Names ----------------------------------------------------------------------------------------------------------

// What a name stands for: a declaration, a type, or (neither) nothing.
typedef struct meaning {
    const cel_decl *decl;
    const tact_type *type;
    tact_str name; // in full, without a leading dot
} meaning;

static meaning look_up(const checker *c, tact_str name) {
    const cel_decl *decl = env_name(c->env, name);
    if (decl) return (meaning){decl, NULL, decl->name};
    return (meaning){NULL, type_named(name), name};
}

static bool is_found(meaning m) {
    return m.decl || m.type;
}

// `container.name`, written to `room`; empty if it is too long to be declared.
static tact_str join_names(tact_str container, tact_str name, char room[DOTTED_MAX]) {
    if (container.len + 1 + name.len > DOTTED_MAX) return (tact_str){NULL, 0};
    memcpy(room, container.ptr, container.len);
    room[container.len] = '.';
    memcpy(room + container.len + 1, name.ptr, name.len);
    return (tact_str){room, container.len + 1 + name.len};
}

static tact_str outer_container(tact_str container) {
    size_t len = container.len;
    while (len > 0 && container.ptr[len - 1] != '.') len--;
    return (tact_str){container.ptr, len ? len - 1 : 0};
}

static bool is_rooted(tact_str name) {
    return name.len && name.ptr[0] == '.';
}

static tact_str without_dot(tact_str name) {
    return is_rooted(name) ? (tact_str){name.ptr + 1, name.len - 1} : name;
}

// A name is looked up inside the container, then inside what the container is in, and so on up to the bare name; with a
// leading dot only as it stands. CEL language definition, "Name Resolution".
static meaning resolve_name(const checker *c, tact_str name) {
    if (is_rooted(name)) return look_up(c, without_dot(name));
    char room[DOTTED_MAX];
    for (tact_str at = c->env->container; at.len; at = outer_container(at)) {
        meaning m = look_up(c, join_names(at, name, room));
        if (m.type) { // types are not declared, so their names have no other home
            const char *copy = arena_copy(c->ast->arena, m.name.ptr, m.name.len);
            return (meaning){NULL, copy ? m.type : NULL, {copy, m.name.len}};
        }
        if (m.decl) return m;
    }
    return look_up(c, name);
}

static const cel_function *resolve_function(const checker *c, tact_str name) {
    if (is_rooted(name)) return env_function(c->env, without_dot(name));
    char room[DOTTED_MAX];
    for (tact_str at = c->env->container; at.len; at = outer_container(at)) {
        const cel_function *f = env_function(c->env, join_names(at, name, room));
        if (f) return f;
    }
    return env_function(c->env, name);
}

static bool read_index(tact_str name, uint32_t *index) {
    size_t prefix = sizeof CEL_INDEX - 1;
    if (name.len <= prefix || name.len > prefix + 6 || memcmp(name.ptr, CEL_INDEX, prefix) != 0) return false;
    uint32_t number = 0;
    for (size_t i = prefix; i < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9') return false;
        number = number * 10 + (uint32_t)(name.ptr[i] - '0');
    }
    *index = number;
    return true;
}

// The type of the innermost variable of this name, or NULL.
static const tact_type *find_local(const checker *c, tact_str name) {
    uint32_t index = 0;
    bool is_index = c->scope && read_index(name, &index);
    for (const scope *s = c->scope; s; s = s->outer) {
        if (is_index && index < s->indexes) return &type_dyn;
        if (s->name.len && tact_str_equal(s->name, name)) return s->type;
    }
    return NULL;
}

// The name that `n` is if it is an identifier or a chain of plain selects from one: `a.b.c`. Empty if it is not, if it
// is too long to be declared, or if it starts at a variable.
static tact_str dotted_name(checker *c, const cel_node *n) {
    const tact_str none = {NULL, 0};
    size_t start = sizeof c->dotted;
    for (; n->kind == CEL_SELECT; n = n->as.select.operand) {
        tact_str field = n->as.select.field;
        if (start < field.len + 1) return none;
        start -= field.len;
        memcpy(c->dotted + start, field.ptr, field.len);
        c->dotted[--start] = '.';
        if (n->as.select.operand->kind == CEL_SELECT && n->as.select.operand->test) return none;
    }
    if (n->kind != CEL_IDENT || start < n->as.ident.name.len) return none;
    if (!is_rooted(n->as.ident.name) && find_local(c, n->as.ident.name)) return none;
    start -= n->as.ident.name.len;
    memcpy(c->dotted + start, n->as.ident.name.ptr, n->as.ident.name.len);
    return (tact_str){c->dotted + start, sizeof c->dotted - start};
}

static const tact_type *use_decl(checker *c, cel_node *n, const cel_decl *decl) {
    switch (decl->kind) {
    case CEL_DECL_ATTRIBUTE:
        n->ref = CEL_REF_SLOT;
        n->to.index = decl->slot;
        break;
    case CEL_DECL_CONSTANT:
        n->ref = CEL_REF_CONSTANT;
        n->to.value = decl->value;
        break;
    case CEL_DECL_RECORD:
        n->ref = CEL_REF_RECORD;
        n->to.record = decl->record;
        break;
    }
    return decl->type->open ? infer_open(&c->types, &c->params, decl->type) : decl->type;
}

static const tact_type *use(checker *c, cel_node *n, meaning m) {
    if (m.decl) return use_decl(c, n, m.decl);
    n->ref = CEL_REF_CONSTANT;
    n->to.value = value_type(m.type);
    return or_error(c, type_type(c->ast->arena, m.type));
}

static void report_undeclared(checker *c, const cel_node *n) {
    tact_str locals[DIAG_LOCALS_MAX];
    uint32_t count = 0;
    for (const scope *s = c->scope; s && count < DIAG_LOCALS_MAX; s = s->outer) locals[count++] = s->name;
    tact_str whole = c->chain ? dotted_name(c, c->chain) : n->as.ident.name;
    diag_undeclared_name(c->diags, c->env, n, whole, c->compared_to, locals, count);
    c->failed = true;
}

static const tact_type *check_ident(checker *c, cel_node *n) {
    tact_str name = n->as.ident.name;
    const tact_type *local = find_local(c, without_dot(name));
    if (local && !is_rooted(name)) {
        n->ref = CEL_REF_LOCAL;
        return local;
    }
    meaning m = resolve_name(c, name);
    if (is_found(m)) {
        if (!local) n->as.ident.name = m.name; // else the dot stays: it tells the name from the variable
        return use(c, n, m);
    }
    n->ref = CEL_REF_UNBOUND;
    if (!c->unchecked) report_undeclared(c, n);
    return &type_error;
}

// ---- Fields ---------------------------------------------------------------------------------------------------------

static const tact_type *field_of_record(checker *c, const tact_type *type, tact_str name, cel_span at) {
    const cel_record *record = env_record(c->env, type->name);
    const cel_field *field = record ? env_field(record, name) : NULL;
    if (field) return field->type->open ? infer_open(&c->types, &c->params, field->type) : field->type;
    diag_undeclared_field(c->diags, at, type->name, record, name);
    c->failed = true;
    return &type_error;
}

// The type of `.name` of a value of type `of`; optional if `of` or the access is.
static const tact_type *field_type(checker *c, const cel_node *n, const tact_type *of, tact_str name, bool optional) {
    of = settled(c, of);
    if (of->kind == TYPE_OPTIONAL) {
        optional = true;
        of = of->params[0];
    }
    const tact_type *t = &type_error;
    switch (of->kind) {
    case TYPE_MAP: t = of->params[1]; break;
    case TYPE_RECORD: t = field_of_record(c, of, name, n->at); break;
    case TYPE_VAR: // nothing says that it is a map, so what it is stays open until evaluation
        (void)infer_fits(&c->types, &type_dyn, of);
        t = &type_dyn;
        break;
    case TYPE_DYN:
    case TYPE_ERROR: t = of; break;
    default: diag_no_fields(c->diags, c->env, n->at, of, name); c->failed = true;
    }
    return optional && t->kind != TYPE_ERROR ? or_error(c, type_optional(c->ast->arena, t)) : t;
}

// `a.b.c` as one declared name: its meaning, with the longest such name going first because the walk starts at the end.
static const tact_type *check_qualified(checker *c, cel_node *n) {
    tact_str name = dotted_name(c, n);
    if (!name.len) return NULL;
    meaning m = resolve_name(c, name);
    if (!is_found(m)) return NULL;
    if (!n->test) return use(c, n, m);
    // has(profile.recency) asks whether the attribute is there, without reading the record that it belongs to.
    if (!m.decl || m.decl->kind != CEL_DECL_ATTRIBUTE) return NULL;
    (void)use_decl(c, n, m.decl);
    return &type_bool;
}

static const tact_type *check_select(checker *c, cel_node *n) {
    const tact_type *t = check_qualified(c, n);
    if (t) return t;
    cel_node *operand = n->as.select.operand;
    const cel_node *chain = c->chain;
    if (operand->kind != CEL_IDENT && operand->kind != CEL_SELECT) {
        c->chain = NULL;
    } else if (!chain) {
        c->chain = n;
    }
    const tact_type *of = check(c, operand);
    c->chain = chain;
    if (c->unchecked) return &type_dyn;
    t = field_type(c, n, of, n->as.select.field, false);
    return n->test ? &type_bool : t;
}

// `a.?b` is the call _?._(a, "b").
static const tact_type *check_optional_select(checker *c, cel_node *n, const cel_function *f) {
    n->as.call.function = f;
    n->as.call.overloads = f->overloads;
    n->as.call.overloads_count = f->count;
    const tact_type *of = check(c, n->as.call.args[0]);
    cel_node *field = n->as.call.args[1];
    (void)check(c, field);
    if (c->unchecked) return &type_dyn;
    return field_type(c, n, of, value_str(field->as.literal), true);
}

// ---- Calls ----------------------------------------------------------------------------------------------------------

// The arguments of a call with the receiver first, as the parameters of an overload are.
typedef struct arguments {
    const tact_type *types[CEL_PARAMS_MAX];
    uint32_t count; // may be more than CEL_PARAMS_MAX, which no overload takes
    bool member;
} arguments;

static void add_argument(checker *c, arguments *args, cel_node *n) {
    const tact_type *t = check(c, n);
    if (args->count < CEL_PARAMS_MAX) args->types[args->count] = t;
    args->count++;
}

static bool same_style(const cel_overload *o, const arguments *args) {
    return o->member == args->member && o->count == args->count;
}

// The overloads that a call may mean. They are a stretch of the function's own array as long as they follow each other,
// which is nearly always; else a copy.
typedef struct kept {
    const cel_overload **items;
    uint32_t count;
    bool is_copy;
} kept;

static void keep(checker *c, kept *k, const cel_function *f, uint32_t i) {
    if (k->count == 0) k->items = &f->overloads[i];
    if (!k->is_copy && k->items + k->count != &f->overloads[i]) {
        const cel_overload **copy = arena_array(c->ast->arena, f->count, sizeof *copy);
        if (!copy) {
            c->types.no_memory = true;
            return;
        }
        memcpy(copy, k->items, k->count * sizeof *copy);
        k->items = copy;
        k->is_copy = true;
    }
    if (k->is_copy) k->items[k->count] = f->overloads[i];
    k->count++;
}

// Whether types alone tell which overload is meant: the first that fits is the only one, see env_add_overload.
static bool is_definite(const arguments *args) {
    for (uint32_t i = 0; i < args->count; i++) {
        const tact_type *t = args->types[i];
        if (t->open || t->kind <= TYPE_NULL || t->kind == TYPE_WRAPPER) return false; // ERROR, DYN, NULL
    }
    return true;
}

static const tact_type *resolve_definite(checker *c, kept *k, const cel_function *f, const arguments *args) {
    if (f->count > 1 && !is_definite(args)) return NULL;
    for (uint32_t i = 0; i < f->count; i++) {
        const cel_overload *o = f->overloads[i];
        if (!same_style(o, args)) continue;
        const tact_type *t = infer_match(&c->types, o->params, args->types, args->count, o->result, o->result_like);
        if (!t) continue;
        keep(c, k, f, i);
        return t;
    }
    return NULL;
}

// Every overload that fits is kept; where their results differ, the type is dyn.
static const tact_type *resolve_all(checker *c, kept *k, const cel_function *f, const arguments *args) {
    const tact_type *type = NULL;
    infer_names names = {0};
    for (uint32_t i = 0; i < f->count; i++) {
        const cel_overload *o = f->overloads[i];
        if (!same_style(o, args)) continue;
        const tact_type *params[CEL_PARAMS_MAX];
        names.count = 0;
        for (uint32_t p = 0; p < o->count; p++) params[p] = infer_open(&c->types, &names, o->params[p]);
        if (!infer_fits_all(&c->types, args->types, params, o->count)) continue;
        keep(c, k, f, i);
        const tact_type *result = settled(c, infer_open(&c->types, &names, o->result));
        if (!type) {
            type = result;
        } else if (type->kind != TYPE_DYN && !type_equal(type, result)) {
            type = &type_dyn;
        }
    }
    return type;
}

static bool has_error(const arguments *args) {
    for (uint32_t i = 0; i < args->count && i < CEL_PARAMS_MAX; i++) {
        if (args->types[i]->kind == TYPE_ERROR) return true;
    }
    return false;
}

static void keep_all_of_style(checker *c, kept *k, const cel_function *f, const arguments *args) {
    for (uint32_t i = 0; i < f->count; i++) {
        if (same_style(f->overloads[i], args)) keep(c, k, f, i);
    }
}

// Reports an operand that does not fit.
static void report_type(checker *c, const cel_node *operand, const tact_type *expected) {
    diag_wrong_type(c->diags, operand->extent, expected, settled(c, operand->type));
    c->failed = true;
}

static bool demand(checker *c, const cel_node *operand, const tact_type *expected) {
    if (infer_fits(&c->types, operand->type, expected)) return true;
    report_type(c, operand, expected);
    return false;
}

static void report_no_overload(checker *c, const cel_node *n, const cel_function *f, arguments *args) {
    c->failed = true;
    if (has_error(args)) return; // which may be why
    if (f->role == CEL_ROLE_CONDITIONAL) {
        if (!demand(c, n->as.call.args[0], &type_bool)) return;
        diag_branches(c->diags, n->at, settled(c, args->types[1]), settled(c, args->types[2]));
        return;
    }
    uint32_t known = args->count < CEL_PARAMS_MAX ? args->count : CEL_PARAMS_MAX;
    for (uint32_t i = 0; i < known; i++) args->types[i] = settled(c, args->types[i]);
    diag_no_overload(c->diags, n, f, args->types, known);
}

static const tact_type *resolve_overloads(checker *c, cel_node *n, const cel_function *f, arguments *args) {
    kept k = {0};
    const tact_type *t = NULL;
    if (c->unchecked) {
        keep_all_of_style(c, &k, f, args);
        t = &type_dyn;
    } else if (args->count <= CEL_PARAMS_MAX) {
        t = resolve_definite(c, &k, f, args);
        if (!t) t = resolve_all(c, &k, f, args);
    }
    n->as.call.function = f;
    n->as.call.overloads = k.items;
    n->as.call.overloads_count = k.count;
    if (!t) {
        report_no_overload(c, n, f, args);
        return &type_error;
    }
    return has_error(args) ? &type_error : t;
}

static bool is_logic(const cel_node *n) {
    return n->kind == CEL_CALL && !n->as.call.target &&
           (tact_str_equal(n->as.call.name, TACT_STR(CEL_OP_AND)) ||
            tact_str_equal(n->as.call.name, TACT_STR(CEL_OP_OR)));
}

// A chain of && or of ||, and what it is compared with, if it is.
typedef struct chain {
    const cel_node *whole, *compared;
    bool refused; // a term of it was told to be no condition
} chain;

// Each term must be a condition. If several are none, it is for one reason, so the first is told, and nothing of what
// the chain is used for.
static const tact_type *check_terms(checker *c, cel_node *n, const cel_function *f, chain *of) {
    for (uint32_t i = 0; i < n->as.call.count; i++) {
        cel_node *term = n->as.call.args[i];
        if (is_logic(term) && tact_str_equal(term->as.call.name, n->as.call.name)) {
            (void)set_type(c, term, check_terms(c, term, f, of));
            continue;
        }
        (void)check(c, term);
        if (c->unchecked || of->refused || infer_fits(&c->types, term->type, &type_bool)) continue;
        diag_not_condition(c->diags, of->whole, term, settled(c, term->type), of->compared);
        of->refused = c->failed = true;
    }
    n->as.call.function = f;
    n->as.call.overloads = f->overloads;
    n->as.call.overloads_count = f->count;
    return of->refused ? &type_error : &type_bool;
}

static const tact_type *check_logic(checker *c, cel_node *n, const cel_function *f) {
    chain whole = {.whole = n, .compared = c->compared};
    c->compared = NULL;
    return check_terms(c, n, f, &whole);
}

// Indexing a record by a constant is like selecting the field, and what is looked for in one must be a field too. `t`
// is the type of the call.
static const tact_type *check_key(checker *c, const cel_node *n, const arguments *args, const tact_type *t) {
    cel_role role = n->as.call.function->role;
    uint32_t record = role == CEL_ROLE_IN ? 1 : 0;
    const cel_node *key = n->as.call.args[1 - record];
    const tact_type *of = settled(c, args->types[record]);
    bool optional = role == CEL_ROLE_OPT_INDEX || of->kind == TYPE_OPTIONAL;
    if (of->kind == TYPE_OPTIONAL) of = of->params[0];
    if (of->kind != TYPE_RECORD || key->kind != CEL_LITERAL || key->as.literal.kind != TACT_STRING) return t;
    const tact_type *field = field_of_record(c, of, value_str(key->as.literal), key->extent);
    if (field->kind == TYPE_ERROR) return field;
    if (role == CEL_ROLE_IN) return t;
    return optional ? or_error(c, type_optional(c->ast->arena, field)) : field;
}

// cel.@block([a, b, …], x): each of the list sees those before it as @index0, @index1, …, and x sees all. What they are
// is known to evaluation only, as in other implementations.
static void check_block(checker *c, cel_node *n, arguments *args) {
    scope block = {.indexes = 0, .outer = c->scope};
    cel_node *list = n->as.call.args[0];
    c->scope = &block;
    const tact_type *of = NULL;
    for (uint32_t i = 0; list->kind == CEL_LIST && i < list->as.list.count; i++) {
        of = join(c, of, check(c, list->as.list.items[i]));
        block.indexes++;
    }
    args->types[0] = set_type(c, list, or_error(c, type_list(c->ast->arena, of ? of : &type_dyn)));
    args->types[1] = check(c, n->as.call.args[1]);
    args->count = 2;
    c->scope = block.outer;
}

// Whether `n` is a dotted name no part of which means anything.
static bool is_unknown_name(checker *c, const cel_node *n) {
    for (;; n = n->as.select.operand) {
        tact_str name = dotted_name(c, n);
        if (!name.len || is_found(resolve_name(c, name))) return false;
        if (n->kind == CEL_IDENT) return true;
    }
}

// What looks like a macro takes names of variables, which would only be reported as undeclared.
static const tact_type *undeclared_function(checker *c, cel_node *n) {
    cel_node *target = n->as.call.target;
    bool like_macro = false;
    if (!c->unchecked) {
        char room[DOTTED_MAX];
        tact_str name = n->as.call.name, space = target ? dotted_name(c, target) : (tact_str){NULL, 0};
        tact_str whole = space.len ? join_names(space, name, room) : space;
        if (whole.len && *whole.ptr != '@' && (env_name(c->env, whole) || is_unknown_name(c, target))) {
            name = whole;
            target = NULL; // it is reported as a part of the name
        }
        like_macro = diag_undeclared_function(c->diags, c->env, n, name);
        c->failed = true;
    }
    if (target) (void)check(c, target);
    for (uint32_t i = 0; i < n->as.call.count && !like_macro; i++) (void)check(c, n->as.call.args[i]);
    return &type_error;
}

// If `a.b.f` is a function, `a.b.f(x)` is no call on a receiver; the node is changed to say so.
static const cel_function *resolve_namespaced(checker *c, cel_node *n) {
    tact_str space = {NULL, 0};
    cel_node *target = n->as.call.target;
    const scope *inner = c->scope;
    c->scope = NULL; // a variable does not hide a namespace
    if (!(target->kind == CEL_SELECT && target->test)) space = dotted_name(c, target);
    c->scope = inner;
    char name[DOTTED_MAX];
    if (!space.len) return NULL;
    const cel_function *f = resolve_function(c, join_names(space, n->as.call.name, name));
    if (f) {
        n->as.call.name = f->name;
        n->as.call.target = NULL;
    }
    return f;
}

static bool compares(const cel_function *f) {
    return f->role == CEL_ROLE_IN || tact_str_equal(f->name, TACT_STR(CEL_OP_EQ)) ||
           tact_str_equal(f->name, TACT_STR(CEL_OP_NE));
}

// The operands of `==`, `!=` and `in`. A name that means nothing comes last: what it is compared with, unless that is a
// constant itself, tells whether it was to be text.
static void check_compared(checker *c, cel_node *n, arguments *args) {
    cel_node **operands = n->as.call.args;
    uint32_t first = operands[0]->kind == CEL_IDENT && is_unknown_name(c, operands[0]) ? 1 : 0;
    args->types[first] = check(c, operands[first]);
    bool constant = operands[first]->kind == CEL_LITERAL || operands[first]->kind == CEL_LIST;
    if (!constant) c->compared_to = settled(c, args->types[first]);
    if (!constant) c->compared = operands[first];
    args->types[1 - first] = check(c, operands[1 - first]);
    c->compared_to = NULL;
    c->compared = NULL;
    args->count = 2;
}

static const tact_type *check_function(checker *c, cel_node *n, const cel_function *f) {
    arguments args = {.member = n->as.call.target != NULL};
    if (f->role == CEL_ROLE_BLOCK) {
        check_block(c, n, &args);
        return resolve_overloads(c, n, f, &args);
    }
    if (compares(f)) {
        check_compared(c, n, &args);
    } else {
        if (args.member) add_argument(c, &args, n->as.call.target);
        for (uint32_t i = 0; i < n->as.call.count; i++) add_argument(c, &args, n->as.call.args[i]);
    }
    const tact_type *t = resolve_overloads(c, n, f, &args);
    bool keyed = f->role == CEL_ROLE_INDEX || f->role == CEL_ROLE_OPT_INDEX || f->role == CEL_ROLE_IN;
    return keyed && !c->unchecked && t->kind != TYPE_ERROR ? check_key(c, n, &args, t) : t;
}

static const tact_type *check_call(checker *c, cel_node *n) {
    tact_str name = n->as.call.name;
    const cel_function *f = n->as.call.target ? resolve_namespaced(c, n) : NULL;
    if (!f) f = resolve_function(c, name);
    if (!f) return undeclared_function(c, n);
    if (f->role == CEL_ROLE_LOGIC) return check_logic(c, n, f);
    if (f->role == CEL_ROLE_OPT_SELECT) return check_optional_select(c, n, f);
    if (!n->as.call.target) n->as.call.name = f->name;
    return check_function(c, n, f);
}

// ---- Lists, maps, messages ------------------------------------------------------------------------------------------

// The type of an item or entry; of what it holds if it is optional.
static const tact_type *check_item(checker *c, cel_node *n, bool optional) {
    const tact_type *t = check(c, n);
    if (!optional || c->unchecked) return t;
    t = settled(c, t);
    if (t->kind == TYPE_OPTIONAL) return t->params[0];
    if (t->kind <= TYPE_DYN) return t; // or ERROR
    diag_not_optional(c->diags, n->extent, t);
    c->failed = true;
    return &type_error;
}

static const tact_type *check_list(checker *c, cel_node *n) {
    const tact_type *of = NULL;
    for (uint32_t i = 0; i < n->as.list.count; i++) {
        bool optional = n->as.list.optional && n->as.list.optional[i];
        of = join(c, of, check_item(c, n->as.list.items[i], optional));
    }
    if (c->unchecked) return &type_dyn;
    if (!of) of = infer_unknown(&c->types);
    return of->kind == TYPE_ERROR ? of : or_error(c, type_list(c->ast->arena, of));
}

static const tact_type *check_map(checker *c, cel_node *n) {
    const tact_type *keys = NULL, *values = NULL;
    for (uint32_t i = 0; i < n->as.map.count; i++) {
        cel_entry *e = &n->as.map.entries[i];
        keys = join(c, keys, check(c, e->key));
        values = join(c, values, check_item(c, e->value, e->optional));
    }
    if (c->unchecked) return &type_dyn;
    if (!keys || !values) {
        keys = infer_unknown(&c->types);
        values = infer_unknown(&c->types);
    }
    if (keys->kind == TYPE_ERROR || values->kind == TYPE_ERROR) return &type_error;
    return or_error(c, type_map(c->ast->arena, keys, values));
}

static const tact_type *check_message(checker *c, cel_node *n) {
    for (uint32_t i = 0; i < n->as.map.count; i++) (void)check(c, n->as.map.entries[i].value);
    if (c->unchecked) return &type_dyn;
    diag_message(c->diags, n->extent, n->as.map.name);
    c->failed = true;
    return &type_error;
}

// ---- Comprehensions -------------------------------------------------------------------------------------------------

// What the variables of a comprehension over `range` are.
static void variable_types(checker *c, const cel_node *range, bool two, const tact_type **var, const tact_type **var2) {
    const tact_type *t = settled(c, range->type);
    *var = *var2 = &type_dyn;
    switch (t->kind) {
    case TYPE_LIST:
        *var = two ? &type_int : t->params[0];
        *var2 = t->params[0];
        break;
    case TYPE_MAP:
        *var = t->params[0];
        *var2 = t->params[1];
        break;
    case TYPE_RECORD: *var = &type_string; break;
    case TYPE_VAR: (void)infer_fits(&c->types, &type_dyn, t); break;
    case TYPE_DYN: break;
    case TYPE_ERROR: *var = *var2 = &type_error; break;
    default:
        diag_not_iterable(c->diags, range->extent, t);
        c->failed = true;
        *var = *var2 = &type_error;
    }
}

static const tact_type *check_comprehension(checker *c, cel_node *n) {
    (void)check(c, n->as.fold.range);
    scope accu = {.name = n->as.fold.accu, .type = check(c, n->as.fold.init), .outer = c->scope};
    scope var = {.name = n->as.fold.var, .outer = &accu};
    scope var2 = {.name = n->as.fold.var2, .outer = &var};
    variable_types(c, n->as.fold.range, var2.name.len > 0, &var.type, &var2.type);
    c->scope = &var2;
    (void)check(c, n->as.fold.condition);
    (void)check(c, n->as.fold.step);
    if (!c->unchecked) {
        (void)demand(c, n->as.fold.condition, &type_bool);
        (void)demand(c, n->as.fold.step, accu.type);
    }
    c->scope = &accu;
    const tact_type *t = check(c, n->as.fold.result);
    c->scope = accu.outer;
    return settled(c, t);
}

// ---- Everything -----------------------------------------------------------------------------------------------------

static const tact_type *check_kind(checker *c, cel_node *n) {
    switch ((cel_node_kind)n->kind) {
    case CEL_LITERAL: return type_of_value(n->as.literal);
    case CEL_IDENT: return check_ident(c, n);
    case CEL_SELECT: return check_select(c, n);
    case CEL_CALL: return check_call(c, n);
    case CEL_LIST: return check_list(c, n);
    case CEL_MAP: return check_map(c, n);
    case CEL_MESSAGE: return check_message(c, n);
    case CEL_COMPREHENSION: return check_comprehension(c, n);
    case CEL_BAD: break; // reported by the parser
    }
    return &type_error;
}

static const tact_type *check(checker *c, cel_node *n) {
    const tact_type *compared_to = c->compared_to;
    const cel_node *compared = c->compared;
    if (n->kind != CEL_IDENT && n->kind != CEL_LIST) c->compared_to = NULL;
    if (!is_logic(n)) c->compared = NULL;
    const tact_type *t = set_type(c, n, check_kind(c, n));
    c->compared_to = compared_to;
    c->compared = compared;
    return t;
}

bool check_run(cel_ast *ast, const tact_cel_env *env, const tact_type *expected, bool unchecked, cel_diags *diags) {
    checker c = {.ast = ast, .env = env, .diags = diags, .unchecked = unchecked, .types = infer_in(ast->arena)};
    const tact_type *t = check(&c, ast->root);
    if (expected && !unchecked && !c.failed && !infer_fits(&c.types, t, expected)) {
        diag_wrong_result(diags, ast->root->extent, expected, settled(&c, t));
        c.failed = true;
    }
    for (uint32_t i = 0; i < c.unsettled_count; i++) {
        c.unsettled[i]->type = infer_close(&c.types, c.unsettled[i]->type, true);
    }
    if (c.types.no_memory) {
        diag_no_memory(diags);
        return false;
    }
    if (c.types.exhausted) {
        diag_types_too_large(diags, ast->root->extent);
        return false;
    }
    return !c.failed;
}
