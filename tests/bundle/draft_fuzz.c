// SPDX-License-Identifier: Apache-2.0
//
// Any text as the files of a bundle, divided by zero bytes: reading ends with a draft or with a report, every place
// lies in its file, and each byte of a scalar is found where yaml_span says it is.
#include <stdlib.h>

#include "bundle/draft.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// libfyaml 0.7.12 loses a buffer when a long quoted scalar is followed by what cannot follow it.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libfyaml";
}

static void require(bool holds) {
    if (!holds) abort();
}

static bool is_within(const sources *s, cel_span at, uint32_t file) {
    return at.pos >= s->files[file].from &&
           (uint64_t)at.pos + at.len <= (uint64_t)s->files[file].from + s->files[file].len + 1;
}

// A byte of a scalar stands in the file as it is, or for it an escape, a doubled quote or the end of a line.
static void check_bytes(const report *r, const yaml_node *scalar) {
    for (uint32_t i = 0; i < scalar->text.len && i < 200; i++) {
        cel_span at;
        if (!yaml_span(r, scalar, i, 1, &at)) continue;
        char c = r->sources->text.ptr[at.pos];
        require(c == scalar->text.ptr[i] || strchr("\\ \t\r\n", c));
    }
}

static void check_tree(const report *r, const yaml_node *node, uint32_t file, int depth) {
    require(depth <= YAML_DEPTH_MAX + 1 && is_within(r->sources, node->at, file));
    if (node->kind == YAML_SCALAR) check_bytes(r, node);
    for (const yaml_node *item = node->first; item; item = item->next) check_tree(r, item, file, depth + 1);
}

static void check_member(draft *d, const draft_member *m) {
    const yaml_node *caps = m->section == DRAFT_OFFERS ? draft_key(m, DRAFT_OFFERS_CAPS) : NULL;
    for (const yaml_node *item = caps ? caps->first : NULL; item; item = item->next) {
        draft_member cap;
        (void)draft_part(d, DRAFT_CAP, item, &cap);
    }
    if (m->name.len) require(draft_find(d, (draft_section)m->section, m->name) == m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    arena memory;
    sources files;
    report r;
    draft d;
    arena_init(&memory, 0);
    sources_init(&files, &memory);
    report_init(&r, &memory, &files, TACT_STR("fuzz"));
    const char *at = (const char *)data, *end = at + size;
    for (uint32_t i = 0; i < 8; i++) {
        const char *stop = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL, name[] = {(char)('a' + i), '\0'};
        if (!stop || i == 7) stop = end;
        if (sources_add(&files, tact_str_from(name), (tact_str){at, (size_t)(stop - at)}, NULL)) abort();
        if (stop == end) break;
        at = stop + 1;
    }
    bool well = draft_read(&d, &r);
    require(well || r.errors > 0);
    for (int i = 0; i < DRAFT_SECTIONS; i++) {
        for (uint32_t j = 0; j < d.sections[i].count; j++) check_member(&d, &d.sections[i].of[j]);
    }
    for (uint32_t i = 0; i < files.count; i++) {
        uint32_t nodes = 0;
        const yaml_node *root = yaml_read(&memory, &r, i, &nodes);
        if (root) check_tree(&r, root, i, 0);
    }
    tact_value v;
    require(r.code == TACT_OK || report_text(&r).len > 0);
    require(!json_read(&memory, report_json(&r), &v, NULL));
    arena_fini(&memory);
    return 0;
}
