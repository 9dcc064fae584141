// SPDX-License-Identifier: Apache-2.0
//
// Any bytes: lexer and parser end with a tree or with diagnostics that lie within the text, and a tree prints.
#include <stdlib.h>

#include "cel/diag.h"
#include "cel/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const cel_ast *ast, const cel_diags *diags, arena *a) {
    for (uint32_t i = 0; i < diags->count; i++) {
        const tact_cel_diagnostic *d = &diags->items[i];
        if (d->pos > ast->source.len || d->len == 0 || d->line == 0 || d->column == 0 || !d->text) abort();
        buf report = buf_in(a);
        diag_print(&report, TACT_STR("fuzz"), ast->source, d, "error");
        if (!buf_done(&report).ptr) abort();
    }
    if (diags->count) return;
    buf text = buf_in(a);
    ast_print(&text, ast, AST_KINDS);
    if (!buf_done(&text).ptr) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const tact_cel_limits limits = {TACT_CEL_LENGTH_MAX, TACT_CEL_DEPTH_MAX, TACT_CEL_COST_MAX};
    arena a;
    arena_init(&a, (size_t)1 << 30);
    cel_ast ast = {.arena = &a, .source = {(const char *)data, size}};
    cel_diags diags;
    diag_init(&diags, &a, ast.source);
    ast.root = parser_parse(&ast, &limits, TACT_CEL_ALL, &diags);
    diag_finish(&diags);
    check(&ast, &diags, &a);
    arena_fini(&a);
    return 0;
}
