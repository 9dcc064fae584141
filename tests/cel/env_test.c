// SPDX-License-Identifier: Apache-2.0
//
// Declarations: what names mean, and which of them cannot stand beside each other.
#include "cel/env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static tact_cel_env *env;

static int set_up(void **state) {
    (void)state;
    env = tact_cel_env_new(NULL);
    return env ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    tact_cel_env_free(env);
    return 0;
}

static tact_str str(const char *text) {
    return tact_str_from(text);
}

static uint32_t declare(const char *name, const char *type) {
    tact_error error = {0};
    uint32_t slot = UINT32_MAX;
    if (tact_cel_declare(env, str(name), str(type), &slot, &error)) fail_msg("%s: %s", name, error.text);
    return slot;
}

static void refuse(const char *name, const char *type, tact_err code, const char *says) {
    tact_error error = {0};
    uint32_t slot = 77, count = tact_cel_slots_count(env);
    assert_int_equal(tact_cel_declare(env, str(name), str(type), &slot, &error), code);
    assert_int_equal(error.code, code);
    assert_string_equal(error.text, says);
    assert_int_equal(slot, 77);
    assert_int_equal(tact_cel_slots_count(env), count);
    assert_int_equal(tact_cel_declare(env, str(name), str(type), NULL, NULL), code);
}

static void is_type(const tact_type *t, const char *expected) {
    arena a;
    arena_init(&a, 0);
    buf out = buf_in(&a);
    type_print(&out, t);
    assert_string_equal(buf_done(&out).ptr, expected);
    arena_fini(&a);
}

// ---- Attributes -----------------------------------------------------------------------------------------------------

static void attributes_get_slots_in_order(void **state) {
    (void)state;
    assert_int_equal(tact_cel_slots_count(env), 0);
    assert_int_equal(declare("age", "int"), 0);
    assert_int_equal(declare("profile.tags", "list(string)"), 1);
    assert_int_equal(tact_cel_declare(env, str("x"), str("dyn"), NULL, NULL), TACT_OK);
    for (uint32_t i = 3; i < 100; i++) {
        char name[20];
        (void)snprintf(name, sizeof name, "attribute_%u", i);
        assert_int_equal(declare(name, "string"), i);
    }
    assert_int_equal(tact_cel_slots_count(env), 100);
    assert_true(tact_str_equal(tact_cel_slot_name(env, 0), TACT_STR("age")));
    assert_true(tact_str_equal(tact_cel_slot_name(env, 1), TACT_STR("profile.tags")));
    assert_true(tact_str_equal(tact_cel_slot_name(env, 99), TACT_STR("attribute_99")));
    assert_null(tact_cel_slot_name(env, 100).ptr);
    const cel_decl *d = env_name(env, TACT_STR("profile.tags"));
    assert_int_equal(d->kind, CEL_DECL_ATTRIBUTE);
    assert_int_equal(d->slot, 1);
    is_type(d->type, "list(string)");
    assert_null(env_name(env, TACT_STR("tags")));
}

static void the_callers_text_is_copied(void **state) {
    (void)state;
    char name[] = "profile.level", type[] = "record(Level)";
    assert_int_equal(declare(name, type), 0);
    memset(name, '?', sizeof name - 1);
    memset(type, '?', sizeof type - 1);
    const cel_decl *d = env_name(env, TACT_STR("profile.level"));
    assert_non_null(d);
    assert_true(tact_str_equal(d->name, TACT_STR("profile.level")));
    is_type(d->type, "record(Level)");
    assert_non_null(env_record(env, TACT_STR("profile")));
}

static void names_have_rules(void **state) {
    (void)state;
    static const char *const good[] = {"a", "_", "a1", "_a._b", "a.b.c.d", "A_1.b2", "true"};
    static const char *const bad[] = {"", ".", "1a", "a.", ".a", "a..b", "a.1", "a b", "a-b", "\xc3\xa4", "a.b ", "@x"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) (void)declare(good[i], "dyn");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(tact_cel_declare(env, str(bad[i]), TACT_STR("int"), NULL, NULL), TACT_INVALID);
    }
    refuse("a-b", "int", TACT_INVALID,
           "`a-b` is not a name: letters, digits and `_`, not a digit first, with dots between parts");
    refuse("a\n\x1b[31m", "int", TACT_INVALID,
           "`a\ufffd\ufffd[31m` is not a name: letters, digits and `_`, not a digit first, with dots between parts");
    char longest[ENV_NAME_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[ENV_NAME_MAX] = '\0';
    (void)declare(longest, "int");
    longest[ENV_NAME_MAX] = 'x';
    longest[ENV_NAME_MAX + 1] = '\0';
    refuse(longest, "int", TACT_LIMIT,
           "`xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\u2026` is longer than 255 bytes");
}

static void words_of_the_language_are_no_names(void **state) {
    (void)state;
    refuse("in", "int", TACT_INVALID, "`in` is a word of the language and cannot be a name");
    refuse("if", "int", TACT_INVALID, "`if` is a word of the language and cannot be a name");
    refuse("for.each", "int", TACT_INVALID, "`for.each` cannot be a name: `for` is a word of the language");
    tact_error error = {0};
    assert_int_equal(tact_cel_declare_constant(env, TACT_STR("namespace"), TACT_STR("int"), tact_int(1), &error),
                     TACT_INVALID);
    assert_string_equal(error.text, "`namespace` is a word of the language and cannot be a name");
    static const char *const fine[] = {"inn", "If", "true", "false", "null", "a.in", "a.if", "a.null"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) (void)declare(fine[i], "int");
    assert_int_equal(tact_cel_declare_field(env, TACT_STR("Purchase"), TACT_STR("in"), TACT_STR("int"), NULL), TACT_OK);
}

static void wrong_types_are_refused_with_their_place(void **state) {
    (void)state;
    refuse("x", "strng", TACT_INVALID, "`strng` is not a type; did you mean `string`?");
    tact_error error = {0};
    assert_int_equal(tact_cel_declare(env, TACT_STR("x"), TACT_STR("map(string, lst(int))"), NULL, &error),
                     TACT_INVALID);
    assert_int_equal(error.column, 13);
    (void)declare("x", "int"); // the name is still free
}

// ---- Records --------------------------------------------------------------------------------------------------------

static void dotted_names_make_records(void **state) {
    (void)state;
    (void)declare("profile.recency", "int");
    (void)declare("profile.address.city", "string");
    (void)declare("profile.address.zip", "string");
    const cel_decl *profile = env_name(env, TACT_STR("profile"));
    assert_int_equal(profile->kind, CEL_DECL_RECORD);
    is_type(profile->type, "record(profile)");
    assert_ptr_equal(profile->record, env_record(env, TACT_STR("profile")));
    assert_int_equal(profile->record->fields.count, 2);
    const cel_field *recency = env_field(profile->record, TACT_STR("recency"));
    assert_ptr_equal(recency->decl, env_name(env, TACT_STR("profile.recency")));
    is_type(recency->type, "int");
    const cel_field *address = env_field(profile->record, TACT_STR("address"));
    assert_int_equal(address->decl->kind, CEL_DECL_RECORD);
    is_type(address->type, "record(profile.address)");
    const cel_record *inner = env_record(env, TACT_STR("profile.address"));
    assert_ptr_equal(address->decl->record, inner);
    assert_int_equal(inner->fields.count, 2);
    assert_true(inner->is_prefix);
    assert_null(env_field(inner, TACT_STR("street")));
}

static void fields_make_record_types(void **state) {
    (void)state;
    assert_int_equal(tact_cel_declare_field(env, str("Purchase"), str("amount"), str("double"), NULL), TACT_OK);
    assert_int_equal(tact_cel_declare_field(env, str("Purchase"), str("tags"), str("list(string)"), NULL), TACT_OK);
    const cel_record *r = env_record(env, TACT_STR("Purchase"));
    assert_false(r->is_prefix);
    is_type(env_field(r, TACT_STR("tags"))->type, "list(string)");
    assert_null(env_field(r, TACT_STR("amount"))->decl);
    assert_null(env_name(env, TACT_STR("Purchase"))); // a type, not a value
    tact_error error = {0};
    assert_int_equal(tact_cel_declare_field(env, str("Purchase"), str("amount"), str("int"), &error), TACT_EXISTS);
    assert_string_equal(error.text, "`Purchase` has a field `amount` already");
    assert_int_equal(tact_cel_declare_field(env, str("Purchase"), str("a.b"), str("int"), NULL), TACT_INVALID);
    assert_int_equal(tact_cel_declare_field(env, str("Purchase"), str("b"), str("nt"), NULL),
                     TACT_OK); // an abstract type
    assert_int_equal(tact_cel_declare_field(env, str("1"), str("b"), str("int"), NULL), TACT_INVALID);
}

static void what_cannot_stand_together(void **state) {
    (void)state;
    (void)declare("profile.recency", "int");
    refuse("profile.recency", "int", TACT_EXISTS, "`profile.recency` is declared already");
    refuse("profile", "int", TACT_EXISTS,
           "`profile` is a record, since `profile.recency` is declared; its own type can only be a map or dyn");
    refuse("profile.recency.days", "int", TACT_EXISTS,
           "`profile.recency.days` cannot be a part of `profile.recency`, which is declared and has no fields");
    tact_error error = {0};
    assert_int_equal(tact_cel_declare_field(env, str("profile"), str("age"), str("int"), &error), TACT_EXISTS);
    assert_string_equal(error.text, "`profile` is a record of attributes: declare `profile.age` itself");
    assert_int_equal(tact_cel_declare_field(env, str("Item"), str("price"), str("double"), NULL), TACT_OK);
    refuse("Item.price", "double", TACT_EXISTS, "`Item` is the name of a record type already");
    assert_int_equal(tact_cel_declare_constant(env, str("limit"), str("int"), tact_int(3), NULL), TACT_OK);
    refuse("limit", "int", TACT_EXISTS, "`limit` is declared already");
}

// A map may be declared beside names that go through it: the longest name is the one that is meant.
static void a_map_may_have_declared_parts(void **state) {
    (void)state;
    (void)declare("a.b.c", "string");
    (void)declare("a.b", "map(string, string)");
    assert_int_equal(env_name(env, TACT_STR("a.b"))->kind, CEL_DECL_ATTRIBUTE);
    assert_int_equal(env_name(env, TACT_STR("a"))->kind, CEL_DECL_RECORD);
    is_type(env_field(env_record(env, TACT_STR("a")), TACT_STR("b"))->type, "map(string, string)");
    (void)declare("m", "dyn");
    (void)declare("m.x", "int");
    assert_int_equal(env_name(env, TACT_STR("m"))->kind, CEL_DECL_ATTRIBUTE);
    assert_int_equal(env_name(env, TACT_STR("m.x"))->kind, CEL_DECL_ATTRIBUTE);
    assert_null(env_record(env, TACT_STR("m")));
}

static void constants_have_their_declared_type(void **state) {
    (void)state;
    assert_int_equal(tact_cel_declare_constant(env, str("rules.limit"), str("int"), tact_int(3), NULL), TACT_OK);
    const cel_decl *d = env_name(env, TACT_STR("rules.limit"));
    assert_int_equal(d->kind, CEL_DECL_CONSTANT);
    assert_int_equal(d->value.as.i, 3);
    assert_int_equal(tact_cel_slots_count(env), 0);
    assert_non_null(env_field(env_record(env, TACT_STR("rules")), TACT_STR("limit")));
    tact_error error = {0};
    assert_int_equal(tact_cel_declare_constant(env, str("x"), str("int"), tact_string("3", 1), &error), TACT_INVALID);
    assert_string_equal(error.text, "`x` is declared as int, but its value is of type string");
    assert_null(env_name(env, TACT_STR("x")));
    assert_int_equal(tact_cel_declare_constant(env, str("x"), str("dyn"), tact_string("3", 1), NULL), TACT_OK);
    assert_int_equal(tact_cel_declare_constant(env, str("w"), str("wrapper(int)"), tact_null(), NULL), TACT_OK);
}

// ---- Functions ------------------------------------------------------------------------------------------------------

static tact_value answer(tact_cel_call *call, const tact_value *args, uint32_t count) {
    (void)call;
    (void)args;
    (void)count;
    return tact_int(42);
}

static tact_err function(const char *name, const char *id, const char *signature, tact_error *error) {
    return tact_cel_declare_function(env, str(name), str(id), str(signature), answer, env, 7, error);
}

static void functions_have_overloads(void **state) {
    (void)state;
    char name[] = "shop.discount", id[] = "discount_string_int", signature[] = " ( string , int ) -> double ";
    assert_int_equal(function(name, id, signature, NULL), TACT_OK);
    memset(name, '?', sizeof name - 1);
    memset(id, '?', sizeof id - 1);
    memset(signature, '?', sizeof signature - 1);
    assert_int_equal(function("shop.discount", "discount_of", "record(Item).(A, list(A)) -> optional_type(A)", NULL),
                     TACT_OK);
    assert_int_equal(function("shop.discount", "discount_none", "() -> A", NULL), TACT_OK);
    const cel_function *f = env_function(env, TACT_STR("shop.discount"));
    assert_int_equal(f->count, 3);
    const cel_overload *o = f->overloads[0];
    assert_true(tact_str_equal(o->id, TACT_STR("discount_string_int")));
    assert_true(tact_str_equal(o->function, TACT_STR("shop.discount")));
    assert_false(o->member);
    assert_false(o->generic);
    assert_int_equal(o->count, 2);
    assert_int_equal(o->kinds[0], TACT_STRING);
    assert_int_equal(o->kinds[1], TACT_INT);
    assert_ptr_equal(o->result, &type_double);
    assert_ptr_equal(o->fn, answer);
    assert_ptr_equal(o->context, env);
    assert_int_equal(o->steps, 7);
    o = f->overloads[1];
    assert_true(o->member);
    assert_true(o->generic);
    assert_int_equal(o->count, 3);
    assert_int_equal(o->kinds[0], TACT_MAP);
    assert_int_equal(o->kinds[1], TACT_UNRESOLVED);
    is_type(o->params[2], "list(A)");
    is_type(o->result, "optional_type(A)");
    o = f->overloads[2];
    assert_int_equal(o->count, 0);
    assert_false(o->generic);
    is_type(o->result, "A");
}

static void signatures_have_rules(void **state) {
    (void)state;
    static const struct {
        const char *signature;
        tact_err code;
        int column;
        const char *says;
    } cases[] = {
        {"", TACT_INVALID, 1, "expected a type"},
        {"int", TACT_INVALID, 4, "expected `.` after the receiver's type in the signature"},
        {"int.", TACT_INVALID, 5, "expected `(` in the signature"},
        {"(int", TACT_INVALID, 5, "expected `,` or `)` in the signature"},
        {"(int,) -> int", TACT_INVALID, 6, "expected a type"},
        {"(int)", TACT_INVALID, 6, "expected `->` in the signature"},
        {"(int) ->", TACT_INVALID, 9, "expected a type"},
        {"(int) -> int int", TACT_INVALID, 14, "expected nothing more in the signature"},
        {"(int, strin) -> int", TACT_INVALID, 7, "`strin` is not a type; did you mean `string`?"},
        {"int.(A, B, C, D, E, F, G, H) -> int", TACT_LIMIT, 26, "a function takes at most 8 arguments"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tact_error error = {0};
        assert_int_equal(function("f", "f_1", cases[i].signature, &error), cases[i].code);
        assert_string_equal(error.text, cases[i].says);
        assert_int_equal(error.column, cases[i].column);
    }
    assert_null(env_function(env, TACT_STR("f")));
    assert_int_equal(function("f g", "f_1", "() -> int", NULL), TACT_INVALID);
    assert_int_equal(function("f", "f-1", "() -> int", NULL), TACT_INVALID);
    assert_int_equal(function("f", "f_1", "(A, B, C, D, E, F, G, H) -> int", NULL), TACT_OK);
}

static void words_of_the_language_are_no_functions(void **state) {
    (void)state;
    static const struct {
        const char *name, *signature, *says; // NULL: it can be called
    } cases[] = {
        {"in", "(int) -> int", "`in` is a word of the language and cannot be a name"},
        {"true", "() -> int", "`true` is a word of the language and cannot be a name"},
        {"null", " int.() -> int", "`null` is a word of the language and cannot be a name"},
        {"a.in", "() -> int", "`a.in` cannot be a name: `in` is a word of the language"},
        {"false.a", "() -> int", "`false.a` cannot be a name: `false` is a word of the language"},
        {"if", " (bool) -> bool", "`if` is a word of the language and cannot be a name"},
        {"let.a", "() -> int", "`let.a` cannot be a name: `let` is a word of the language"},
        {"for", "list(int).() -> int", NULL},
        {"a.for", "() -> int", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tact_error error = {0};
        tact_err code = function(cases[i].name, "f_1", cases[i].signature, &error);
        assert_int_equal(code, cases[i].says ? TACT_INVALID : TACT_OK);
        if (cases[i].says) assert_string_equal(error.text, cases[i].says);
    }
    arena a;
    arena_init(&a, 0);
    tact_cel_result result = tact_cel_compile(env, TACT_STR("[1].for() == a.for()"), NULL, &a);
    assert_int_equal(result.code, TACT_OK);
    arena_fini(&a);
}

static void overloads_must_not_overlap(void **state) {
    (void)state;
    static const struct {
        const char *a, *b;
        bool overlap;
    } cases[] = {
        {"(int) -> int", "(string) -> int", false},
        {"(int) -> int", "(int) -> string", true},
        {"(int) -> int", "int.() -> int", false},
        {"(int) -> int", "(int, int) -> int", false},
        {"(dyn) -> int", "(int) -> int", true},
        {"(A) -> int", "(list(int)) -> int", true},
        {"(list(int)) -> int", "(list(string)) -> int", false},
        {"(list(A)) -> int", "(list(string)) -> int", true},
        {"(list(A), int) -> int", "(list(string), string) -> int", false},
        {"(map(string, int)) -> int", "(record(x)) -> int", true},
        {"(record(y)) -> int", "(record(x)) -> int", false},
        {"(wrapper(int)) -> int", "(int) -> int", true},
        {"(type(int)) -> int", "(type(string)) -> int", true},
        {"(set(int)) -> int", "(bag(int)) -> int", false},
        {"() -> int", "() -> string", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[20];
        (void)snprintf(name, sizeof name, "f%zu", i);
        assert_int_equal(function(name, "one", cases[i].a, NULL), TACT_OK);
        assert_int_equal(function(name, "two", cases[i].b, NULL), cases[i].overlap ? TACT_EXISTS : TACT_OK);
        assert_int_equal(env_function(env, str(name))->count, cases[i].overlap ? 1 : 2);
    }
    tact_error error = {0};
    assert_int_equal(function("f0", "three", "(dyn) -> int", &error), TACT_EXISTS);
    assert_string_equal(error.text, "a call of `f0` could mean both `one` and `three`");
    assert_int_equal(function("f0", "one", "(bool) -> int", &error), TACT_EXISTS);
    assert_string_equal(error.text, "`f0` has an overload `one` already");
    assert_int_equal(function("size", "size_item", "(record(Item)) -> int", NULL), TACT_EXISTS); // a map has a size
    assert_int_equal(function("size", "size_int", "(int) -> int", NULL), TACT_OK);
}

// Macros are replaced before names are looked up, so such a function could never be called.
static void macros_cannot_be_functions(void **state) {
    (void)state;
    tact_error error = {0};
    assert_int_equal(function("has", "has_1", "(dyn) -> bool", &error), TACT_EXISTS);
    assert_string_equal(error.text, "`has` with 1 argument is a macro");
    assert_int_equal(function("map", "map_2", "list(A).(A, A) -> A", &error), TACT_EXISTS);
    assert_string_equal(error.text, "`map` with 2 arguments is a macro");
    assert_int_equal(function("all", "all_2", "list(A).(A, bool) -> bool", NULL), TACT_EXISTS);
    assert_int_equal(function("cel.bind", "bind_3", "(A, A, A) -> A", NULL), TACT_EXISTS);
    assert_null(env_function(env, TACT_STR("has")));
    assert_int_equal(function("has", "has_2", "(dyn, dyn) -> bool", NULL), TACT_OK); // other calls are no macro's
    assert_int_equal(function("has", "has_of", "string.(dyn) -> bool", NULL), TACT_OK);
    assert_int_equal(function("map", "map_1", "list(A).(A) -> A", NULL), TACT_OK);
    assert_int_equal(function("my.map", "map_3", "(A, A, A) -> A", NULL), TACT_EXISTS); // reads as a macro on `my`
    assert_int_equal(function("my.map", "map_1", "(A) -> A", NULL), TACT_OK);
}

// ---- The whole ------------------------------------------------------------------------------------------------------

static void libraries_can_be_left_out(void **state) {
    (void)state;
    assert_non_null(env_function(env, TACT_STR("charAt")));
    assert_non_null(env_function(env, TACT_STR("base64.encode")));
    tact_cel_options options = {.libraries = TACT_CEL_ENCODERS, .container = TACT_STR("a.b")};
    tact_cel_env *small = tact_cel_env_new(&options);
    assert_non_null(env_function(small, TACT_STR("size")));
    assert_non_null(env_function(small, TACT_STR("base64.encode")));
    assert_null(env_function(small, TACT_STR("charAt")));
    assert_true(tact_str_equal(small->container, TACT_STR("a.b")));
    tact_cel_env_free(small);
    tact_cel_env_free(NULL);
}

static void lack_of_memory_is_an_error(void **state) {
    (void)state;
    size_t used = tact_arena_used(&env->arena);
    int failures = 0;
    for (size_t more = 0; more < 60000; more += 256) {
        env->arena.bytes_max = used + more;
        tact_error error = {0};
        char name[40];
        (void)snprintf(name, sizeof name, "a%zu.b.c", more);
        tact_err err = tact_cel_declare(env, str(name), TACT_STR("tuple(list(list(int)))"), NULL, &error);
        if (!err) err = function(name, "id", "(tuple(list(list(int)))) -> int", &error);
        if (err) failures++;
        if (err) assert_int_equal(err, TACT_NO_MEMORY);
    }
    assert_true(failures > 0);
    for (uint32_t i = 0; i < env->names.count; i++) { // nothing was left half declared
        const cel_decl *d = env->names.entries[i].value;
        if (d->kind == CEL_DECL_ATTRIBUTE) assert_ptr_equal(env->slots[d->slot], d);
    }
    for (uint32_t i = 0; i < env->functions.count; i++) {
        const cel_function *f = env->functions.entries[i].value;
        assert_true(f->count > 0);
    }
}

static void attributes_are_bounded(void **state) {
    (void)state;
    tact_cel_env *e = tact_cel_env_new(NULL);
    char name[16];
    for (int i = 0; i < TACT_CEL_SLOTS_MAX; i++) {
        snprintf(name, sizeof name, "a%d", i);
        assert_int_equal(tact_cel_declare(e, tact_str_from(name), TACT_STR("int"), NULL, NULL), TACT_OK);
    }
    tact_error error;
    assert_int_equal(tact_cel_declare(e, TACT_STR("one_more"), TACT_STR("int"), NULL, &error), TACT_LIMIT);
    tact_arena *a = tact_arena_new(0);
    assert_non_null(tact_cel_compile(e, TACT_STR("a16383 > a0"), NULL, a).program); // the last one still has its slot
    tact_arena_free(a);
    tact_cel_env_free(e);
}

int main(void) {
#define EACH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attributes_are_bounded),
        EACH(attributes_get_slots_in_order),
        EACH(the_callers_text_is_copied),
        EACH(names_have_rules),
        EACH(words_of_the_language_are_no_names),
        EACH(wrong_types_are_refused_with_their_place),
        EACH(dotted_names_make_records),
        EACH(fields_make_record_types),
        EACH(what_cannot_stand_together),
        EACH(a_map_may_have_declared_parts),
        EACH(constants_have_their_declared_type),
        EACH(functions_have_overloads),
        EACH(signatures_have_rules),
        EACH(words_of_the_language_are_no_functions),
        EACH(overloads_must_not_overlap),
        EACH(macros_cannot_be_functions),
        EACH(libraries_can_be_left_out),
        EACH(lack_of_memory_is_an_error),
    };
    return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
