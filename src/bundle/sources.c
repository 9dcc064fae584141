// SPDX-License-Identifier: Apache-2.0
//
// Reading a bundle's files, and nothing but them. A path is walked one folder at a time, each opened within the one
// before and never through a link; as no part of it is `..`, it cannot leave the folder, whatever others do to the tree
// meanwhile. That is what openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS would do, on every system.
#include "bundle/sources.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/utf8.h"

enum {
    GLOB_DEPTH_MAX = 32,        // folders within folders that `**` goes into
    GLOB_ENTRIES_MAX = 1 << 20, // entries of folders that one pattern looks at
};

static const char magic[4] = {'T', 'S', '1', '\n'}; // of the canonical form

void sources_init(sources *s, arena *a) {
    *s = (sources){.arena = a, .text = buf_in(a), .by_name = strmap_in(a)};
}

static tact_err no_memory(tact_error *error) {
    return err_set(error, TACT_NO_MEMORY, "memory ran out");
}

// ---- Files as text --------------------------------------------------------------------------------------------------

static bool is_name(tact_str name, const char *parts) {
    return name.len == strlen(parts) && memcmp(name.ptr, parts, name.len) == 0;
}

// The first part of a path, up to a slash, which is taken off `*rest` with it.
static tact_str next_part(tact_str *rest) {
    const char *slash = memchr(rest->ptr, '/', rest->len);
    tact_str part = {rest->ptr, slash ? (size_t)(slash - rest->ptr) : rest->len};
    size_t taken = part.len + (slash != NULL);
    *rest = (tact_str){rest->ptr + taken, rest->len - taken};
    return part;
}

tact_err sources_check_name(tact_str name, tact_error *error) {
    utf8_shown shown;
    if (name.len == 0) return err_set(error, TACT_INVALID, "a file needs a name");
    if (name.len > SOURCES_NAME_MAX) {
        return err_set(error, TACT_LIMIT, "the path `%s` is longer than %d bytes", utf8_show(&shown, name),
                       SOURCES_NAME_MAX);
    }
    for (const char *at = name.ptr, *end = name.ptr + name.len; at < end;) {
        if (utf8_next_shown(&at, end)) continue;
        return err_set(error, TACT_INVALID, "the path `%s` is not UTF-8, or has characters that cannot be shown",
                       utf8_show(&shown, name));
    }
    if (name.ptr[0] == '/') {
        return err_set(error, TACT_INVALID, "`%s` is outside of the bundle's folder; paths are relative to it",
                       utf8_show(&shown, name));
    }
    tact_str rest = {name.ptr, name.len};
    for (bool last = false; !last;) {
        last = !memchr(rest.ptr, '/', rest.len);
        tact_str part = next_part(&rest);
        if (is_name(part, "..")) {
            return err_set(error, TACT_INVALID, "`%s` leads out of the bundle's folder", utf8_show(&shown, name));
        }
        if (part.len == 0 || is_name(part, ".")) {
            return err_set(error, TACT_INVALID, "`%s` is not written as a plain path such as offers/apparel.yaml",
                           utf8_show(&shown, name));
        }
    }
    return TACT_OK;
}

// Room for one more file of `size` bytes, whose name is new.
static tact_err check_room(const sources *s, tact_str name, uint64_t size, tact_error *error) {
    utf8_shown shown;
    if (sources_find(s, name) >= 0) {
        return err_set(error, TACT_EXISTS, "`%s` is part of the bundle already", utf8_show(&shown, name));
    }
    if (s->count == SOURCES_FILES_MAX) {
        return err_set(error, TACT_LIMIT, "a bundle has at most %d files", SOURCES_FILES_MAX);
    }
    if (size > SOURCES_FILE_MAX) {
        return err_set(error, TACT_LIMIT, "`%s` has %llu bytes; a file of a bundle has at most %d",
                       utf8_show(&shown, name), (unsigned long long)size, SOURCES_FILE_MAX);
    }
    if (s->text.len + size > SOURCES_BUNDLE_MAX) {
        return err_set(error, TACT_LIMIT, "with `%s` the bundle has more than %d bytes", utf8_show(&shown, name),
                       SOURCES_BUNDLE_MAX);
    }
    return TACT_OK;
}

// Enters the file whose bytes, and a zero, are the text's last from byte `from` on.
static tact_err enter(sources *s, tact_str name, size_t from, const source_stamp *stamp, tact_error *error) {
    if (s->count == s->room) {
        uint32_t room = s->room ? 2 * s->room : 8;
        source_file *files = arena_extend(s->arena, s->files, s->count, room, sizeof *files);
        if (!files) return no_memory(error);
        s->files = files;
        s->room = room;
    }
    const char *copy = arena_copy(s->arena, name.ptr, name.len);
    if (!copy) return no_memory(error);
    source_file file = {.name = {copy, name.len}, .from = (uint32_t)from, .stamp = *stamp};
    file.len = (uint32_t)(s->text.len - from - 1);
    s->files[s->count] = file;
    if (strmap_put(&s->by_name, file.name, (void *)(uintptr_t)(s->count + 1))) return no_memory(error);
    s->count++;
    return TACT_OK;
}

tact_err sources_add(sources *s, tact_str name, tact_str text, tact_error *error) {
    static const source_stamp none;
    size_t from = s->text.len;
    tact_err err = check_room(s, name, text.len, error);
    if (err) return err;
    buf_add_str(&s->text, text);
    buf_add_char(&s->text, '\0');
    err = s->text.failed ? no_memory(error) : enter(s, name, from, &none, error);
    if (err) s->text.len = from;
    return err;
}

tact_str sources_text_of(const sources *s, uint32_t file) {
    return (tact_str){s->text.ptr + s->files[file].from, s->files[file].len};
}

size_t sources_mark(tact_str text) {
    return text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

int32_t sources_find(const sources *s, tact_str name) {
    return (int32_t)(uintptr_t)strmap_get(&s->by_name, name) - 1;
}

uint32_t sources_file_at(const sources *s, uint32_t pos) {
    uint32_t low = 0, high = s->count; // the file is in [low, high)
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (s->files[middle].from <= pos) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

// ---- Files of a folder ----------------------------------------------------------------------------------------------

static tact_err system_error(tact_error *error, tact_str name, int number) {
    utf8_shown shown;
    const char *path = utf8_show(&shown, name);
    switch (number) {
    case ENOENT:
    case ENOTDIR: return err_set(error, TACT_NOT_FOUND, "there is no file `%s`", path);
    case ELOOP:
        return err_set(error, TACT_INVALID, "`%s` is a link, or leads through one; links are not followed", path);
    case ENXIO: return err_set(error, TACT_INVALID, "`%s` is no plain file", path);
    default: return err_set(error, TACT_IO, "`%s` cannot be read: %s", path, strerror(number));
    }
}

// Opens one part of a path: a folder, or what is last. -1 with errno.
static int open_part(int folder, tact_str part, int flags) {
    char name[SOURCES_NAME_MAX + 1];
    memcpy(name, part.ptr, part.len);
    name[part.len] = '\0';
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
    struct stat st;
    if (fd < 0 && errno == ENOTDIR && !fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode)) {
        errno = ELOOP;
    }
    return fd;
}

// Opens the folder that all but the last part of `*name` lead to; that part is left in `*name`. -1 with errno.
static int open_parent(int folder, tact_str *name) {
    int at = folder;
    while (memchr(name->ptr, '/', name->len)) {
        int next = open_part(at, next_part(name), O_DIRECTORY);
        if (at != folder) (void)close(at); // keeps errno
        if (next < 0) return -1;
        at = next;
    }
    return at;
}

static int open_file(int folder, tact_str name) {
    tact_str last = name;
    int parent = open_parent(folder, &last);
    if (parent < 0) return -1;
    int fd = open_part(parent, last, 0), number = errno;
    if (parent != folder) (void)close(parent);
    errno = number;
    return fd;
}

static int64_t nanoseconds(struct timespec t) {
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static tact_err take_stamp(int fd, tact_str name, source_stamp *out, tact_error *error) {
    struct stat st;
    utf8_shown shown;
    if (fstat(fd, &st)) return system_error(error, name, errno);
    if (S_ISDIR(st.st_mode)) {
        return err_set(error, TACT_INVALID, "`%s` is a folder; its files are named by a pattern such as offers/*.yaml",
                       utf8_show(&shown, name));
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(error, TACT_INVALID, "`%s` is no plain file", utf8_show(&shown, name));
    }
    *out = (source_stamp){.device = st.st_dev, .inode = st.st_ino, .size = (uint64_t)st.st_size};
    out->modified_ns = nanoseconds(st.st_mtim);
    out->changed_ns = nanoseconds(st.st_ctim);
    return TACT_OK;
}

static tact_err changed(tact_error *error, tact_str name) {
    utf8_shown shown;
    return err_set(error, TACT_BUSY, "`%s` changed while it was read; try again when it is at rest",
                   utf8_show(&shown, name));
}

// Fills `out` with exactly `size` bytes, behind which the file must end.
static tact_err read_all(int fd, tact_str name, char *out, size_t size, tact_error *error) {
    char more;
    for (size_t have = 0; have <= size;) {
        ssize_t got = have < size ? read(fd, out + have, size - have) : read(fd, &more, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error(error, name, errno);
        if (got == 0) return have == size ? TACT_OK : changed(error, name);
        have += (size_t)got;
    }
    return changed(error, name);
}

static bool is_same(const source_stamp *a, const source_stamp *b) {
    return a->device == b->device && a->inode == b->inode && a->size == b->size && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}

static tact_err read_open(sources *s, int fd, tact_str name, tact_error *error) {
    source_stamp before = {.inode = 0}, after = {.inode = 0};
    tact_err err = take_stamp(fd, name, &before, error);
    if (!err) err = check_room(s, name, before.size, error);
    if (err) return err;
    size_t from = s->text.len;
    buf_add_repeat(&s->text, '\0', before.size + 1);
    if (s->text.failed) return no_memory(error);
    err = read_all(fd, name, s->text.ptr + from, before.size, error);
    if (!err) err = take_stamp(fd, name, &after, error);
    if (!err && !is_same(&before, &after)) err = changed(error, name);
    if (!err) err = enter(s, name, from, &before, error);
    if (err) s->text.len = from;
    return err;
}

tact_err sources_read(sources *s, int folder_fd, tact_str name, tact_error *error) {
    tact_err err = sources_check_name(name, error);
    if (err) return err;
    int fd = open_file(folder_fd, name);
    if (fd < 0) return system_error(error, name, errno);
    err = read_open(s, fd, name, error);
    (void)close(fd);
    return err;
}

// ---- Patterns -------------------------------------------------------------------------------------------------------

typedef struct globber {
    arena *arena;
    tact_error *error;
    tact_str *names;
    uint32_t count, room;
    uint32_t entries; // looked at
} globber;

static bool has_wildcard(tact_str part) {
    return memchr(part.ptr, '*', part.len) || memchr(part.ptr, '?', part.len);
}

// Whether `name` is as the pattern has it: `*` is any characters, `?` one. After the last `*` met, what does not go on
// is tried again one character later, so the time is at most the product of both lengths.
static bool is_match(tact_str pattern, tact_str name) {
    size_t p = 0, n = 0, star = SIZE_MAX, star_n = 0;
    if (name.ptr[0] == '.' && pattern.ptr[0] != '.') return false;
    while (n < name.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            star_n = n;
        } else if (p < pattern.len && pattern.ptr[p] == '?') {
            const char *at = name.ptr + n;
            (void)utf8_next(&at, name.ptr + name.len);
            n = (size_t)(at - name.ptr);
            p++;
        } else if (p < pattern.len && pattern.ptr[p] == name.ptr[n]) {
            p++;
            n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++star_n;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*') p++;
    return p == pattern.len;
}

static tact_str joined(globber *g, tact_str folder, tact_str name) {
    const char *path = arena_printf(g->arena, "%.*s%s%.*s", (int)folder.len, folder.ptr, folder.len ? "/" : "",
                                    (int)name.len, name.ptr);
    return (tact_str){path, path ? strlen(path) : 0};
}

static tact_err add_match(globber *g, tact_str folder, tact_str name) {
    if (g->count == SOURCES_FILES_MAX) {
        return err_set(g->error, TACT_LIMIT, "the pattern matches more than %d files", SOURCES_FILES_MAX);
    }
    if (g->count == g->room) {
        uint32_t room = g->room ? 2 * g->room : 16;
        tact_str *names = arena_extend(g->arena, g->names, g->count, room, sizeof *names);
        if (!names) return no_memory(g->error);
        g->names = names;
        g->room = room;
    }
    tact_str path = joined(g, folder, name);
    if (!path.ptr) return no_memory(g->error);
    g->names[g->count++] = path;
    return TACT_OK;
}

static tact_err glob(globber *g, int fd, tact_str folder, tact_str pattern, int depth);

// Goes on in a folder of this one, if it is one. A link to a folder is a fault: passing it over would leave out in
// silence what somebody put there.
static tact_err glob_in(globber *g, int fd, tact_str folder, tact_str name, tact_str pattern, int depth) {
    tact_str path = joined(g, folder, name);
    if (!path.ptr) return no_memory(g->error);
    if (path.len > SOURCES_NAME_MAX || depth == 0) {
        utf8_shown shown;
        return err_set(g->error, TACT_LIMIT, "`%s` is nested too deeply", utf8_show(&shown, path));
    }
    int inner = open_part(fd, name, O_DIRECTORY);
    if (inner >= 0) {
        tact_err err = glob(g, inner, path, pattern, depth - 1);
        (void)close(inner);
        return err;
    }
    int number = errno;
    struct stat st;
    char text[SOURCES_NAME_MAX + 1];
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    if (number == ENOENT || number == ENOTDIR) return TACT_OK;
    if (number == ELOOP && (fstatat(fd, text, &st, 0) || !S_ISDIR(st.st_mode)))
        return TACT_OK; // a link, but to no folder
    return system_error(g->error, path, number);
}

// What an entry of a folder leads to: with `any` of `**` the folder it is, else what the part matches.
static tact_err glob_entry(globber *g, int fd, tact_str folder, const struct dirent *e, tact_str part, tact_str rest,
                           bool any, int depth) {
    tact_str name = tact_str_from(e->d_name);
    if (any) {
        if (name.ptr[0] == '.' || (e->d_type != DT_DIR && e->d_type != DT_LNK && e->d_type != DT_UNKNOWN)) {
            return TACT_OK;
        }
        return glob_in(g, fd, folder, name, rest, depth);
    }
    if (!is_match(part, name)) return TACT_OK;
    if (rest.len) return glob_in(g, fd, folder, name, rest, depth);
    struct stat st;
    bool is_folder = e->d_type == DT_DIR || (e->d_type == DT_UNKNOWN &&
                                             !fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode));
    return is_folder ? TACT_OK : add_match(g, folder, name);
}

// Every entry of the folder that is open as `fd`.
static tact_err glob_entries(globber *g, int fd, tact_str folder, tact_str part, tact_str rest, bool any, int depth) {
    int again = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); // a place of its own in the list of entries
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir) {
        int number = errno;
        if (again >= 0) (void)close(again);
        return system_error(g->error, folder.len ? folder : TACT_STR("."), number);
    }
    tact_err err = TACT_OK;
    for (struct dirent *e; !err && (errno = 0, e = readdir(dir));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (++g->entries > GLOB_ENTRIES_MAX) {
            err = err_set(g->error, TACT_LIMIT, "the pattern looks at more than %d files", GLOB_ENTRIES_MAX);
        } else {
            err = glob_entry(g, fd, folder, e, part, rest, any, depth);
        }
    }
    if (!err && errno) err = system_error(g->error, folder.len ? folder : TACT_STR("."), errno);
    (void)closedir(dir);
    return err;
}

// What the pattern matches below the folder that is open as `fd` and is `folder` as seen from the bundle's.
static tact_err glob(globber *g, int fd, tact_str folder, tact_str pattern, int depth) {
    tact_str rest = pattern, part = next_part(&rest);
    if (is_name(part, "**")) {
        if (rest.len == 0) rest = TACT_STR("*"); // all files below
        tact_err err = glob(g, fd, folder, rest, depth);
        return err ? err : glob_entries(g, fd, folder, part, pattern, true, depth);
    }
    if (has_wildcard(part)) return glob_entries(g, fd, folder, part, rest, false, depth);
    if (rest.len) return glob_in(g, fd, folder, part, rest, depth);
    char name[SOURCES_NAME_MAX + 1];
    struct stat st;
    memcpy(name, part.ptr, part.len);
    name[part.len] = '\0';
    if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) || S_ISDIR(st.st_mode)) return TACT_OK;
    return add_match(g, folder, part);
}

static int by_bytes(const void *a, const void *b) {
    const tact_str *x = a, *y = b;
    int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

// The names that a pattern matches, each once.
static tact_err list(arena *a, int folder_fd, tact_str pattern, source_pattern *out, tact_error *error) {
    globber g = {.arena = a, .error = error};
    tact_err err = sources_check_name(pattern, error);
    if (!err) err = glob(&g, folder_fd, TACT_STR(""), pattern, GLOB_DEPTH_MAX);
    if (err) return err;
    if (g.count) qsort(g.names, g.count, sizeof *g.names, by_bytes);
    uint32_t kept = 0; // `**/x/**` finds some more than once
    for (uint32_t i = 0; i < g.count; i++) {
        if (kept == 0 || !tact_str_equal(g.names[kept - 1], g.names[i])) g.names[kept++] = g.names[i];
    }
    *out = (source_pattern){.text = pattern, .names = g.names, .count = kept};
    return TACT_OK;
}

tact_err sources_glob(sources *s, int folder_fd, tact_str pattern, const tact_str **names, uint32_t *count,
                      tact_error *error) {
    source_pattern found;
    tact_err err = list(s->arena, folder_fd, pattern, &found, error);
    if (err) return err;
    found.text.ptr = arena_copy(s->arena, pattern.ptr, pattern.len);
    if (!found.text.ptr) return no_memory(error);
    if (s->patterns_count == s->patterns_room) {
        uint32_t room = s->patterns_room ? 2 * s->patterns_room : 8;
        source_pattern *patterns = arena_extend(s->arena, s->patterns, s->patterns_count, room, sizeof *patterns);
        if (!patterns) return no_memory(error);
        s->patterns = patterns;
        s->patterns_room = room;
    }
    s->patterns[s->patterns_count++] = found;
    *names = found.names;
    *count = found.count;
    return TACT_OK;
}

void sources_list(arena *a, int folder_fd, const tact_str **names, uint32_t *count) {
    source_pattern found = {.count = 0};
    tact_error unseen;
    (void)!list(a, folder_fd, TACT_STR("**"), &found, &unseen); // it is for a hint only
    *names = found.names;
    *count = found.count;
}

// ---- Whether all stayed as it was -----------------------------------------------------------------------------------

static tact_err check_file(const source_file *file, int folder_fd, tact_error *error) {
    source_stamp now = {.inode = 0};
    int fd = open_file(folder_fd, file->name);
    if (fd < 0) {
        bool gone = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
        return gone ? changed(error, file->name) : system_error(error, file->name, errno);
    }
    tact_err err = take_stamp(fd, file->name, &now, error);
    (void)close(fd);
    if (err == TACT_IO) return err;
    return err || !is_same(&file->stamp, &now) ? changed(error, file->name) : TACT_OK;
}

// A file that comes or goes is not seen by looking at those that were read.
static tact_err check_pattern(arena *a, const source_pattern *then, int folder_fd, tact_error *error) {
    source_pattern now;
    tact_err err = list(a, folder_fd, then->text, &now, error);
    if (err) return err;
    for (uint32_t i = 0; i < now.count && i < then->count; i++) {
        int order = by_bytes(&now.names[i], &then->names[i]);
        if (order) return changed(error, order < 0 ? now.names[i] : then->names[i]);
    }
    if (now.count == then->count) return TACT_OK;
    return changed(error, now.count > then->count ? now.names[then->count] : then->names[now.count]);
}

tact_err sources_check(const sources *s, int folder_fd, tact_error *error) {
    tact_err err = TACT_OK;
    for (uint32_t i = 0; !err && i < s->count; i++) {
        if (s->files[i].stamp.inode) err = check_file(&s->files[i], folder_fd, error); // else it came as text
    }
    arena scratch;
    arena_init(&scratch, s->arena->bytes_max);
    for (uint32_t i = 0; !err && i < s->patterns_count; i++) {
        err = check_pattern(&scratch, &s->patterns[i], folder_fd, error);
        tact_arena_reset(&scratch);
    }
    arena_fini(&scratch);
    return err;
}

// ---- Canonical form -------------------------------------------------------------------------------------------------

static void write_length(buf *out, size_t len) {
    char bytes[4] = {(char)len, (char)(len >> 8), (char)(len >> 16), (char)(len >> 24)};
    buf_add(out, bytes, sizeof bytes);
}

void sources_write(buf *out, const sources *s) {
    buf_add(out, magic, sizeof magic);
    for (uint32_t i = 0; i < s->count; i++) {
        tact_str parts[2] = {s->files[i].name, sources_text_of(s, i)};
        for (int j = 0; j < 2; j++) {
            write_length(out, parts[j].len);
            buf_add_str(out, parts[j]);
        }
    }
}

// A length and so many bytes, taken off `*rest`; false if they are not there.
static bool unpack_part(tact_str *rest, tact_str *out) {
    if (rest->len < 4) return false;
    const unsigned char *b = (const unsigned char *)rest->ptr;
    size_t len = (size_t)b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
    if (rest->len - 4 < len) return false;
    *out = (tact_str){rest->ptr + 4, len};
    *rest = (tact_str){rest->ptr + 4 + len, rest->len - 4 - len};
    return true;
}

tact_err sources_unpack(sources *s, tact_str bytes, tact_error *error) {
    if (bytes.len < sizeof magic || memcmp(bytes.ptr, magic, sizeof magic) != 0) {
        return err_set(error, TACT_INVALID, "these are not the files of a bundle");
    }
    tact_str rest = {bytes.ptr + sizeof magic, bytes.len - sizeof magic};
    while (rest.len) {
        tact_str name, text;
        if (!unpack_part(&rest, &name) || !unpack_part(&rest, &text)) {
            return err_set(error, TACT_INVALID, "the files of the bundle end in the middle of one");
        }
        tact_err err = sources_check_name(name, error);
        if (!err) err = sources_add(s, name, text, error);
        if (err == TACT_NO_MEMORY) return err;
        if (err) return err_set(error, TACT_INVALID, "the files of the bundle are not such as can be one");
    }
    return TACT_OK;
}
