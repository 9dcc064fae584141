// SPDX-License-Identifier: Apache-2.0
//
// Reading cases of text.
#include "golden.h"

#include <dirent.h>
#include <stdio.h>

#include "base/buf.h"

static tact_str read_file(arena *a, const char *path) {
    char block[4096];
    buf text = buf_in(a);
    FILE *f = fopen(path, "rb");
    for (size_t len; f && (len = fread(block, 1, sizeof block, f)) > 0;) buf_add(&text, block, len);
    if (f) (void)fclose(f);
    return buf_done(&text);
}

// The text from `*at` up to the next line that begins with `mark`; `*at` is moved to that line, or to the end.
static tact_str part(const char **at, const char *mark) {
    const char *start = *at;
    while (**at && strncmp(*at, mark, strlen(mark)) != 0) {
        const char *line = strchr(*at, '\n');
        *at = line ? line + 1 : *at + strlen(*at);
    }
    return (tact_str){start, (size_t)(*at - start)};
}

static void skip_line(const char **at) {
    const char *line = strchr(*at, '\n');
    *at = line ? line + 1 : *at + strlen(*at);
}

static golden read_case(arena *a, const char *file, const char **at) {
    golden g;
    const char *title = *at + 4;
    skip_line(at);
    g.name = arena_printf(a, "%s: %.*s", file, (int)(*at - title) - 1, title);
    g.text = part(at, "--->");
    skip_line(at);
    g.report = part(at, "=== ");
    while (g.report.len && g.report.ptr[g.report.len - 1] == '\n') g.report.len--;
    g.report.len += g.report.len > 0; // with the last line's end
    return g;
}

size_t golden_read(arena *a, const char *folder, golden **out) {
    size_t count = 0, room = 0;
    DIR *dir = opendir(folder);
    *out = NULL;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        const char *path = arena_printf(a, "%s/%s", folder, e->d_name), *name = arena_printf(a, "%s", e->d_name);
        if (!path || !name || !strstr(name, ".txt")) continue;
        const char *at = read_file(a, path).ptr;
        for (at = at ? strstr(at, "=== ") : NULL; at && *at; count++) {
            if (count == room) {
                golden *more = arena_extend(a, *out, room, 2 * room + 16, sizeof **out);
                if (!more) break;
                *out = more;
                room = 2 * room + 16;
            }
            (*out)[count] = read_case(a, name, &at);
        }
    }
    if (dir) (void)closedir(dir);
    return count;
}
