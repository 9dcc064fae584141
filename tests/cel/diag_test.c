// SPDX-License-Identifier: Apache-2.0
//
// Diagnostics: what they say and how they look. Most tests are text: each case of tests/cel/diag/*.txt is an expression
// and the whole report that it must give.
//
//      # comment, before the first case
//
//      === title
//      @ declare profile.recency int       any number of directives, see struct setting
//      profile.recenzy >= 9
//      ---
//      <expression>:1:9: error: …
//
// Files named syntax*.txt are read by the parser alone, all others are compiled.
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cel/parser.h"

#define CASES "tests/cel/diag"

enum { CASES_MAX = 2000, FILES_MAX = 50 };

// One case of a file.
typedef struct golden {
    char name[300]; // "syntax.txt: title"
    bool parse_only;
    tact_str directives, expression, report;
} golden;

// ---- Directives -----------------------------------------------------------------------------------------------------

// What the directives of a case ask for.
typedef struct setting {
    arena arena;
    tact_str expression;
    tact_cel_options options;         // @ container NAME; @ without LIBRARY…
    tact_cel_compile_options compile; // @ file NAME; @ result TYPE; @ length N; @ depth N; @ cost N
    tact_cel_env *env;                // @ declare NAME TYPE; @ field RECORD FIELD TYPE; @ function NAME ID SIGNATURE
} setting;

static tact_str word(tact_str *line) {
    tact_str w = {line->ptr, 0};
    while (w.len < line->len && w.ptr[w.len] != ' ') w.len++;
    size_t skip = w.len + (w.len < line->len);
    line->ptr += skip;
    line->len -= skip;
    return w;
}

static uint32_t library(tact_str name) {
    static const struct {
        const char *name;
        tact_cel_library library;
    } table[] = {
        {"macros", TACT_CEL_MACROS},       {"macros2", TACT_CEL_MACROS2},
        {"optionals", TACT_CEL_OPTIONALS}, {"strings", TACT_CEL_STRINGS},
        {"math", TACT_CEL_MATH},           {"encoders", TACT_CEL_ENCODERS},
        {"bindings", TACT_CEL_BINDINGS},   {"block", TACT_CEL_BLOCK},
        {"lists", TACT_CEL_LISTS},         {"mixed_numbers", TACT_CEL_MIXED_NUMBERS},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (tact_str_equal(name, tact_str_from(table[i].name))) return table[i].library;
    }
    fail_msg("no library %.*s", (int)name.len, name.ptr);
    return 0;
}

static uint64_t number(tact_str text) {
    uint64_t n = 0;
    for (size_t i = 0; i < text.len; i++) n = n * 10 + (uint64_t)(text.ptr[i] - '0');
    return n;
}

// @ escapes: \n, \r, \t, \\ and \xHH within the expression.
static tact_str unescaped(arena *a, tact_str text) {
    buf out = buf_in(a);
    for (size_t i = 0; i < text.len; i++) {
        static const char letters[] = "nrt\\", meant[] = "\n\r\t\\";
        const char *found = text.ptr[i] == '\\' && i + 1 < text.len ? strchr(letters, text.ptr[i + 1]) : NULL;
        if (found && *found) {
            buf_add_char(&out, meant[found - letters]);
            i++;
        } else if (text.ptr[i] == '\\' && i + 3 < text.len && text.ptr[i + 1] == 'x') {
            char digits[3] = {text.ptr[i + 2], text.ptr[i + 3], '\0'};
            buf_add_char(&out, (char)strtoul(digits, NULL, 16));
            i += 3;
        } else {
            buf_add_char(&out, text.ptr[i]);
        }
    }
    return buf_done(&out);
}

// Directives that say how to compile; false if `verb` is none.
static bool set(setting *s, tact_str verb, tact_str rest) {
    if (tact_str_equal(verb, TACT_STR("file"))) {
        s->compile.file = rest;
    } else if (tact_str_equal(verb, TACT_STR("result"))) {
        s->compile.result = rest;
    } else if (tact_str_equal(verb, TACT_STR("length"))) {
        s->compile.limits.length_max = number(rest);
    } else if (tact_str_equal(verb, TACT_STR("depth"))) {
        s->compile.limits.depth_max = (uint32_t)number(rest);
    } else if (tact_str_equal(verb, TACT_STR("cost"))) {
        s->compile.limits.cost_max = number(rest);
    } else if (tact_str_equal(verb, TACT_STR("container"))) {
        s->options.container = rest;
    } else if (tact_str_equal(verb, TACT_STR("without"))) {
        while (rest.len) s->options.libraries &= ~library(word(&rest));
    } else if (tact_str_equal(verb, TACT_STR("escapes"))) {
        s->expression = unescaped(&s->arena, s->expression);
    } else {
        return false;
    }
    return true;
}

// Directives that declare, which need the environment.
static void declare(setting *s, tact_str verb, tact_str rest) {
    tact_error error = {0};
    tact_err err = TACT_USAGE;
    if (tact_str_equal(verb, TACT_STR("declare"))) {
        tact_str name = word(&rest);
        err = tact_cel_declare(s->env, name, rest, NULL, &error);
    } else if (tact_str_equal(verb, TACT_STR("field"))) {
        tact_str record = word(&rest), field = word(&rest);
        err = tact_cel_declare_field(s->env, record, field, rest, &error);
    } else if (tact_str_equal(verb, TACT_STR("function"))) {
        tact_str name = word(&rest), id = word(&rest);
        err = tact_cel_declare_function(s->env, name, id, rest, NULL, NULL, 1, &error);
    }
    if (err) fail_msg("@ %.*s: %s", (int)verb.len, verb.ptr, error.text);
}

static void read_directives(setting *s, tact_str lines, bool declaring) {
    while (lines.len) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        tact_str line = {lines.ptr, (size_t)(end - lines.ptr)};
        lines.len -= line.len + 1;
        lines.ptr = end + 1;
        (void)word(&line); // the @
        tact_str verb = word(&line);
        if (!declaring) {
            (void)set(s, verb, line);
        } else {
            setting unused = {.options.libraries = TACT_CEL_ALL};
            arena_init(&unused.arena, 0);
            bool known = set(&unused, verb, line);
            arena_fini(&unused.arena);
            if (!known) declare(s, verb, line);
        }
    }
}

// ---- Golden cases ---------------------------------------------------------------------------------------------------

static tact_str parsed(setting *s) {
    cel_ast ast = {.arena = &s->arena, .source = s->expression};
    cel_diags diags;
    diag_init(&diags, &s->arena, s->expression);
    (void)parser_parse(&ast, &s->compile.limits, s->options.libraries, &diags);
    diag_finish(&diags);
    buf out = buf_in(&s->arena);
    for (uint32_t i = 0; i < diags.count; i++) {
        diag_print(&out, s->compile.file, s->expression, &diags.items[i], "error");
    }
    return buf_done(&out);
}

static tact_str compiled(setting *s) {
    tact_cel_result result = tact_cel_compile(s->env, s->expression, &s->compile, &s->arena);
    return tact_cel_report(&result, &s->arena);
}

static void gives_report(void **state) {
    const golden *g = *state;
    setting s = {.expression = g->expression, .options.libraries = TACT_CEL_ALL};
    arena_init(&s.arena, 0);
    read_directives(&s, g->directives, false);
    if (!g->parse_only) {
        s.env = tact_cel_env_new(&s.options);
        assert_non_null(s.env);
        read_directives(&s, g->directives, true);
    }
    tact_str report = g->parse_only ? parsed(&s) : compiled(&s);
    bool same = tact_str_equal(report, g->report);
    if (!same) {
        print_error("--- expected\n%.*s--- got\n%.*s", (int)g->report.len, g->report.ptr, (int)report.len, report.ptr);
    }
    tact_cel_env_free(s.env);
    arena_fini(&s.arena);
    if (!same) fail_msg("%s", g->name);
}

static tact_str read_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (!f) return (tact_str){NULL, 0};
    (void)fseek(f, 0, SEEK_END);
    size_t len = (size_t)ftell(f);
    rewind(f);
    char *text = malloc(len + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, len, f), len);
    text[len] = '\0';
    (void)fclose(f);
    return (tact_str){text, len};
}

// Splits the text of one case, behind its `=== `, in place.
static void read_case(golden *g, const char *file, char *text) {
    char *title_end = strchr(text, '\n');
    *title_end = '\0';
    (void)snprintf(g->name, sizeof g->name, "%s: %s", file, text);
    g->parse_only = strncmp(file, "syntax", 6) == 0;
    char *at = title_end + 1;
    g->directives.ptr = at;
    while (strncmp(at, "@ ", 2) == 0) at = strchr(at, '\n') + 1;
    g->directives.len = (size_t)(at - g->directives.ptr);
    char *dashes = strstr(at, "\n---\n");
    if (!dashes) fail_msg("%s: no line of three dashes", g->name);
    g->expression = (tact_str){at, (size_t)(dashes - at)};
    g->report = tact_str_from(dashes + 5);
    while (g->report.len > 1 && g->report.ptr[g->report.len - 2] == '\n') g->report.len--;
}

static size_t read_cases(golden *cases, size_t count, const char *file, char *text) {
    char *at = strncmp(text, "=== ", 4) == 0 ? text : strstr(text, "\n=== ");
    while (at) {
        at += *at == '\n' ? 5 : 4;
        char *next = strstr(at, "\n=== ");
        if (next) *next++ = '\0';
        assert_true(count < CASES_MAX);
        read_case(&cases[count++], file, at);
        at = next;
    }
    return count;
}

// ---- The rest -------------------------------------------------------------------------------------------------------

static void place_counts_lines_and_code_points(void **state) {
    (void)state;
    static const struct {
        const char *source;
        uint32_t pos, line, column;
    } cases[] = {
        {"", 0, 1, 1},
        {"abc", 0, 1, 1},
        {"abc", 2, 1, 3},
        {"abc", 3, 1, 4},
        {"a\nb", 1, 1, 2},
        {"a\nb", 2, 2, 1},
        {"a\r\nb", 3, 2, 1},
        {"\n\n\n", 3, 4, 1},
        {"\xc3\xa4 b", 2, 1, 2},
        {"\xf0\x9f\x98\x81+", 4, 1, 2},
        {"a\n\xe4\xb8\xadx", 5, 2, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t line, column;
        diag_place(tact_str_from(cases[i].source), cases[i].pos, &line, &column);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(column, cases[i].column);
    }
}

static void finish_sorts_and_drops_repeats(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    cel_diags d;
    diag_init(&d, &a, TACT_STR("one two three"));
    diag_has_argument(&d, (cel_span){8, 5});
    diag_unopened(&d, (cel_span){0, 3});
    diag_has_argument(&d, (cel_span){4, 3});
    diag_unopened(&d, (cel_span){8, 5});
    diag_has_argument(&d, (cel_span){8, 5});
    diag_finish(&d);
    static const uint32_t places[] = {0, 4, 8, 8};
    assert_int_equal(d.count, 4);
    for (uint32_t i = 0; i < d.count; i++) {
        assert_int_equal(d.items[i].pos, places[i]);
        assert_int_equal(d.items[i].column, places[i] + 1);
    }
    assert_string_equal(d.items[2].code, "has_argument");
    assert_string_equal(d.items[3].code, "unopened");
    arena_fini(&a);
}

static void code_is_the_gravest(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    cel_diags d;
    diag_init(&d, &a, TACT_STR("x"));
    assert_int_equal(d.code, TACT_OK);
    diag_empty(&d);
    assert_int_equal(d.code, TACT_SYNTAX);
    diag_too_deep(&d, (cel_span){0, 1}, 100);
    assert_int_equal(d.code, TACT_LIMIT);
    diag_empty(&d);
    assert_int_equal(d.code, TACT_LIMIT);
    diag_no_memory(&d);
    assert_int_equal(d.code, TACT_NO_MEMORY);
    arena_fini(&a);
}

static void too_many_are_cut_off(void **state) {
    (void)state;
    arena a;
    arena_init(&a, 0);
    cel_diags d;
    diag_init(&d, &a, TACT_STR("some text, so that there are places"));
    for (uint32_t i = 0; i < 2 * TACT_CEL_DIAGNOSTICS_MAX; i++) diag_unopened(&d, (cel_span){i % 7, 1});
    assert_int_equal(d.count, TACT_CEL_DIAGNOSTICS_MAX);
    assert_string_equal(d.items[d.count - 1].code, "too_many_errors");
    diag_finish(&d);
    assert_int_equal(d.count, 8); // seven places, and the notice
    assert_string_equal(d.items[6].code, "unopened");
    assert_string_equal(d.items[7].code, "too_many_errors");
    arena_fini(&a);
}

static void exhausted_memory_is_noted(void **state) {
    (void)state;
    arena a;
    for (size_t room = 16; room < 4096; room += 16) {
        arena_init(&a, room);
        cel_diags d;
        diag_init(&d, &a, TACT_STR("1 +"));
        diag_has_argument(&d, (cel_span){0, 1});
        diag_unopened(&d, (cel_span){2, 1});
        diag_finish(&d);
        assert_true(d.count == 2 || d.code == TACT_NO_MEMORY);
        arena_fini(&a);
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

// The golden files, by name.
static size_t list_files(char **names) {
    size_t count = 0;
    DIR *dir = opendir(CASES);
    if (!dir) return 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".txt") == 0 && count < FILES_MAX) names[count++] = strdup(entry->d_name);
    }
    (void)closedir(dir);
    qsort(names, count, sizeof *names, by_name);
    return count;
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(place_counts_lines_and_code_points),
        cmocka_unit_test(finish_sorts_and_drops_repeats),
        cmocka_unit_test(code_is_the_gravest),
        cmocka_unit_test(too_many_are_cut_off),
        cmocka_unit_test(exhausted_memory_is_noted),
    };
    static golden cases[CASES_MAX];
    static struct CMUnitTest all[CASES_MAX + sizeof tests / sizeof *tests];
    char *files[FILES_MAX], *texts[FILES_MAX];
    size_t files_count = list_files(files), count = 0;
    if (files_count == 0) {
        print_error("no cases in %s; tests run at the top of the source\n", CASES);
        return 1;
    }
    for (size_t i = 0; i < files_count; i++) {
        char path[400];
        (void)snprintf(path, sizeof path, "%s/%s", CASES, files[i]);
        texts[i] = (char *)read_file(path).ptr;
        if (texts[i]) count = read_cases(cases, count, files[i], texts[i]);
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct CMUnitTest){.name = cases[i].name, .test_func = gives_report, .initial_state = &cases[i]};
    }
    memcpy(all + count, tests, sizeof tests);
    int failed = _cmocka_run_group_tests("diag", all, count + sizeof tests / sizeof *tests, NULL, NULL);
    for (size_t i = 0; i < files_count; i++) {
        free(texts[i]);
        free(files[i]);
    }
    return failed;
}
