// SPDX-License-Identifier: Apache-2.0
//
// A folder of a test's own, below $TMPDIR or /tmp, and its removal.
#ifndef TESTS_STORE_FOLDER_H
#define TESTS_STORE_FOLDER_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct folder {
    char path[600];
} folder;

static inline folder folder_new(void) {
    folder f;
    const char *base = getenv("TMPDIR");
    if (!base || strlen(base) > 500) base = "/tmp";
    snprintf(f.path, sizeof f.path, "%s/tact-test-XXXXXX", base);
    if (!mkdtemp(f.path)) abort();
    return f;
}

static inline void folder_remove(const folder *f) {
    DIR *dir = opendir(f->path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        char path[900];
        if (e->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%s/%s", f->path, e->d_name);
        unlink(path);
    }
    if (dir) closedir(dir);
    rmdir(f->path);
}

#endif
