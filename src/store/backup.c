// SPDX-License-Identifier: Apache-2.0
//
// Both ways make a folder under a temporary name and rename it once everything in it is on disk. Subtle: the temporary
// folder is locked while it is being filled, so that what an interrupted attempt left can be told from what another
// process is working on; and whoever gets the lock makes sure that the folder still has that name.
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/num.h"
#include "value/time.h"

enum { PATH_ROOM = 4096, COPY_ROOM = 65536, MANIFEST_ROOM = 4096, FOLDER_MODE = 0700, BACKUP_MODE = 0400 };
static const char data_name[] = "data.mdb";
static const char title[] = "Tact backup.";

// All that may be in a folder that is not complete; the lock is LMDB's, of looking into it.
static const char *const names[] = {data_name, DB_BACKUP_MANIFEST, "lock.mdb"};

// ---- Errors ---------------------------------------------------------------------------------------------------------

static const struct {
    int reason;
    tact_err code;
    const char *text;
} meanings[] = {
    {ENOENT, TACT_NOT_FOUND, "there is no such file or folder; check the path"},
    {EACCES, TACT_IO, "this user may not; check owner and permissions"},
    {EROFS, TACT_IO, "it cannot be written to; name a folder elsewhere"},
    {ENOSPC, TACT_IO, "the disk is full; make room, nothing was left there"},
    {EDQUOT, TACT_IO, "the disk quota is used up; make room, nothing was left there"},
    {EFBIG, TACT_IO, "a file may grow no further, by a limit of the system; raise it, nothing was left there"},
    {EIO, TACT_IO, "the disk reports an error; check the disk"},
    {ENOTDIR, TACT_IO, "a part of the path is no folder; check the path"},
    {ENAMETOOLONG, TACT_IO, "the path is too long; name a folder elsewhere"},
    {EMFILE, TACT_IO, "too many files are open in this process; raise its limit"},
    {ENFILE, TACT_IO, "too many files are open on this machine; close some"},
    {ENOTEMPTY, TACT_EXISTS, "there is something already; name a folder that does not exist yet"},
    {EEXIST, TACT_EXISTS, "there is something already; name a folder that does not exist yet"},
    {EWOULDBLOCK, TACT_BUSY,
     "another process is making a backup or a store there; wait for it, or name another folder"},
};

static tact_err fault(const char *path, int reason, const char *what, tact_error *error) {
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
        if (meanings[i].reason == reason)
            return err_set(error, meanings[i].code, "%s: %s: %s", path, what, meanings[i].text);
    }
    return err_set(error, TACT_IO, "%s: %s: %s", path, what, strerror(reason));
}

static tact_err altered(const char *from, const char *how, tact_error *error) {
    return err_set(error, TACT_INVALID, "%s: %s; do not use this backup, take another", from, how);
}

// False: too long.
static bool join(char path[PATH_ROOM], const char *folder, const char *name) {
    return snprintf(path, PATH_ROOM, "%s%s", folder, name) < PATH_ROOM;
}

// ---- Progress -------------------------------------------------------------------------------------------------------

typedef struct pace {
    backup_progress *progress;
    void *context;
    uint64_t done, total;
} pace;

static void step(pace *p, size_t bytes) {
    p->done += bytes;
    if (p->total < p->done) p->total = p->done;
    if (p->progress) p->progress(p->context, p->done, p->total);
}

// ---- Making a folder ------------------------------------------------------------------------------------------------

typedef struct making {
    char folder[PATH_ROOM], partial[PATH_ROOM];
    char path[PATH_ROOM + 16]; // of a file in it
    int lock, data;            // descriptors of the folder and of its data.mdb; -1: none
    pace *pace;
} making;

static const char *file_in(making *m, const char *name) {
    snprintf(m->path, sizeof m->path, "%s/%s", m->partial, name);
    return m->path;
}

static void remove_files(making *m) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) unlink(file_in(m, names[i]));
}

static void close_all(making *m) {
    if (m->data >= 0) close(m->data);
    if (m->lock >= 0) close(m->lock);
    m->data = m->lock = -1;
}

// Takes everything away again, and passes `err` on.
static tact_err abandon(making *m, tact_err err) {
    remove_files(m);
    rmdir(m->partial);
    close_all(m);
    return err;
}

static tact_err lock_folder(making *m, tact_error *error) {
    struct stat held, named;
    if (mkdir(m->partial, FOLDER_MODE) && errno != EEXIST) return fault(m->partial, errno, "making it", error);
    m->lock = open(m->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (m->lock < 0) return fault(m->partial, errno, "opening it", error);
    bool locked = flock(m->lock, LOCK_EX | LOCK_NB) == 0 && fstat(m->lock, &held) == 0;
    if (locked && stat(m->partial, &named) == 0 && held.st_ino == named.st_ino) return TACT_OK;
    close_all(m);
    return fault(m->folder, EWOULDBLOCK, "locking it", error);
}

static tact_err begin(making *m, const char *to, pace *p, tact_error *error) {
    m->lock = m->data = -1;
    m->pace = p;
    if (!join(m->folder, to, "")) return fault(to, ENAMETOOLONG, "making it", error);
    for (size_t len = strlen(to); len > 1 && m->folder[len - 1] == '/';) m->folder[--len] = '\0';
    if (!join(m->partial, m->folder, ".partial")) return fault(to, ENAMETOOLONG, "making it", error);
    struct stat there;
    if (lstat(m->folder, &there) == 0) return fault(to, EEXIST, "making it", error);
    tact_err err = lock_folder(m, error);
    if (err) return err;
    remove_files(m);
    m->data = open(file_in(m, data_name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (m->data >= 0) return TACT_OK;
    err = fault(m->path, errno, "making it", error);
    return abandon(m, err);
}

static tact_err write_all(int fd, const char *path, uint64_t at, const void *bytes, size_t len, tact_error *error) {
    for (const char *next = bytes; len > 0;) {
        ssize_t n = pwrite(fd, next, len, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fault(path, errno, "writing", error);
        next += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return TACT_OK;
}

static tact_err put_data(making *m, uint64_t at, const void *bytes, size_t len, tact_error *error) {
    return write_all(m->data, file_in(m, data_name), at, bytes, len, error);
}

// Everything to disk, then the name, then the name to disk.
static tact_err finish(making *m, tact_error *error) {
    if (fsync(m->data) || fsync(m->lock)) {
        tact_err err = fault(m->partial, errno, "writing it to disk", error);
        return abandon(m, err);
    }
    if (rename(m->partial, m->folder)) {
        tact_err err = fault(m->folder, errno, "giving it its name", error);
        return abandon(m, err);
    }
    close_all(m);
    return db_sync_name(m->folder, error);
}

// ---- The manifest ---------------------------------------------------------------------------------------------------

static void sum_of(tact_str text, char sum[HASH_HEX]) {
    hash_sum s;
    hash_begin(&s);
    hash_add(&s, text.ptr, text.len);
    hash_end(&s, sum);
}

// Its last line is the sum of those before it.
static size_t print_manifest(char text[MANIFEST_ROOM], const backup_info *i) {
    civil c = civil_at(i->time_ms / 1000);
    int len = snprintf(text, MANIFEST_ROOM,
                       "%s `tact restore` makes a store of it. The sum of data.mdb is that of `b2sum -l 256`.\n"
                       "format: %u\nwritten: %04d-%02d-%02dT%02d:%02d:%02d.%03dZ\nbytes: %llu\ndata.mdb: %s\n",
                       title, i->format, (int)c.year, c.month, c.day, c.hour, c.minute, c.second,
                       (int)(i->time_ms % 1000), (unsigned long long)i->bytes, i->sum);
    char sum[HASH_HEX];
    sum_of((tact_str){text, (size_t)len}, sum);
    len += snprintf(text + len, MANIFEST_ROOM - (size_t)len, "above: %s\n", sum);
    return (size_t)len;
}

static tact_err write_manifest(making *m, const backup_info *i, tact_error *error) {
    char text[MANIFEST_ROOM];
    size_t len = print_manifest(text, i);
    const char *path = file_in(m, DB_BACKUP_MANIFEST);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, BACKUP_MODE);
    if (fd < 0) return fault(path, errno, "making it", error);
    tact_err err = write_all(fd, path, 0, text, len, error);
    if (!err && fsync(fd)) err = fault(path, errno, "writing it to disk", error);
    close(fd);
    return err;
}

// What stands after "NAME: " in its line; empty: nothing.
static tact_str field(tact_str text, const char *name) {
    size_t len = strlen(name);
    for (const char *at = text.ptr, *end = text.ptr + text.len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) break;
        if ((size_t)(stop - at) > len + 2 && memcmp(at, name, len) == 0 && memcmp(at + len, ": ", 2) == 0)
            return (tact_str){at + len + 2, (size_t)(stop - at) - len - 2};
        at = stop + 1;
    }
    return (tact_str){"", 0};
}

static bool ends_in_its_sum(tact_str text) {
    static const size_t last = sizeof "above: \n" - 1 + HASH_HEX - 1;
    if (text.len < last) return false;
    char sum[HASH_HEX];
    sum_of((tact_str){text.ptr, text.len - last}, sum);
    return memcmp(text.ptr + text.len - last, "above: ", 7) == 0 &&
           tact_str_equal(field((tact_str){text.ptr + text.len - last, last}, "above"), tact_str_from(sum));
}

static tact_err parse_manifest(tact_str text, const char *from, backup_info *out, tact_error *error) {
    if (text.len < sizeof title - 1 || memcmp(text.ptr, title, sizeof title - 1) != 0)
        return err_set(error, TACT_INVALID, "%s: its backup.txt is of another program, not of Tact", from);
    if (!ends_in_its_sum(text)) return altered(from, "its backup.txt was altered or cut short", error);
    uint64_t format;
    tact_value time;
    if (!num_parse_uint(field(text, "format"), 10, &format)) return altered(from, "its backup.txt is damaged", error);
    tact_err err = db_check_format(from, (uint32_t)(format < UINT32_MAX ? format : UINT32_MAX), error);
    if (err) return err;
    tact_str sum = field(text, "data.mdb");
    if (!num_parse_uint(field(text, "bytes"), 10, &out->bytes) || sum.len != HASH_HEX - 1 ||
        time_parse_timestamp(field(text, "written"), &time)) {
        return altered(from, "its backup.txt is damaged", error);
    }
    out->format = (uint32_t)format;
    out->time_ms = time.as.i * 1000 + time.len / 1000000;
    memcpy(out->sum, sum.ptr, sum.len);
    out->sum[sum.len] = '\0';
    return TACT_OK;
}

static tact_err read_manifest(const char *from, backup_info *out, tact_error *error) {
    char path[PATH_ROOM], text[MANIFEST_ROOM];
    if (!join(path, from, "/" DB_BACKUP_MANIFEST)) return fault(from, ENAMETOOLONG, "opening it", error);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(error, TACT_NOT_FOUND, "%s: there is no backup: no backup.txt; check the path", from);
    if (fd < 0) return fault(path, errno, "opening it", error);
    ssize_t len = read(fd, text, sizeof text);
    int reason = errno;
    close(fd);
    if (len < 0) return fault(path, reason, "reading", error);
    return parse_manifest((tact_str){text, (size_t)len}, from, out, error);
}

// ---- Reading the data -----------------------------------------------------------------------------------------------

// Reads a file from its beginning and sums it up; adds it to what is being made (NULL: nothing is).
static tact_err sum_file(int fd, const char *path, pace *p, making *m, uint64_t *len, char sum[HASH_HEX],
                         tact_error *error) {
    char bytes[COPY_ROOM];
    hash_sum s;
    hash_begin(&s);
    for (*len = 0;;) {
        ssize_t n = pread(fd, bytes, sizeof bytes, (off_t)*len);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fault(path, errno, "reading", error);
        if (n == 0) break;
        hash_add(&s, bytes, (size_t)n);
        tact_err err = m ? put_data(m, *len, bytes, (size_t)n, error) : TACT_OK;
        if (err) return err;
        *len += (uint64_t)n;
        step(p, (size_t)n);
    }
    hash_end(&s, sum);
    return TACT_OK;
}

// Reads data.mdb, which must be what the manifest says, and adds it to what is being made (NULL: nothing is).
static tact_err read_data(const char *from, const backup_info *i, pace *p, making *m, tact_error *error) {
    char path[PATH_ROOM], got[HASH_HEX];
    struct stat status;
    uint64_t len;
    if (!join(path, from, "/data.mdb")) return fault(from, ENAMETOOLONG, "opening it", error);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return altered(from, "its data.mdb is gone", error);
    if (fd < 0) return fault(path, errno, "opening it", error);
    tact_err err = TACT_OK;
    if (fstat(fd, &status) == 0 && (uint64_t)status.st_size != i->bytes)
        err = altered(from, "its data.mdb has another length than backup.txt says; it was cut short or altered", error);
    if (!err) err = sum_file(fd, path, p, m, &len, got, error);
    close(fd);
    if (err) return err;
    return strcmp(got, i->sum) == 0 ? TACT_OK : altered(from, "its data.mdb was altered", error);
}

// ---- Backups --------------------------------------------------------------------------------------------------------

typedef struct copying {
    making *making;
    uint64_t bytes; // of the copy, so far
} copying;

static tact_err take(void *context, uint64_t at, const void *bytes, size_t len, tact_error *error) {
    copying *c = context;
    tact_err err = put_data(c->making, at, bytes, len, error);
    if (err || at < c->bytes) return err; // what came already is made zeros
    c->bytes += len;
    step(c->making->pace, len);
    return TACT_OK;
}

// The sum is that of the file, since of the copy not every byte comes once.
static tact_err fill(making *m, db *d, tact_error *error) {
    backup_info i = {.format = DB_FORMAT, .time_ms = clock_wall_ms()};
    copying c = {.making = m};
    tact_err err = db_copy_bytes(d, &m->pace->total, error);
    m->pace->total *= 2;
    if (!err) err = db_copy(d, take, &c, error);
    if (!err) err = sum_file(m->data, file_in(m, data_name), m->pace, NULL, &i.bytes, i.sum, error);
    if (err) return err;
    if (fchmod(m->data, BACKUP_MODE)) return fault(m->partial, errno, "making it", error);
    return write_manifest(m, &i, error);
}

tact_err backup_write(db *d, const char *to, backup_progress *progress, void *context, tact_error *error) {
    pace p = {progress, context, 0, 0};
    making m;
    tact_err err = begin(&m, to, &p, error);
    if (err) return err;
    err = fill(&m, d, error);
    return err ? abandon(&m, err) : finish(&m, error);
}

tact_err backup_verify(const char *from, backup_progress *progress, void *context, backup_info *out,
                       tact_error *error) {
    backup_info i = {0};
    tact_err err = read_manifest(from, &i, error);
    if (err) return err;
    pace p = {progress, context, 0, i.bytes};
    err = read_data(from, &i, &p, NULL, error);
    if (!err && out) *out = i;
    return err;
}

// Its bytes are right; does it open as a store?
static tact_err try_store(making *m, tact_error *error) {
    arena a;
    arena_init(&a, 0);
    db *d = NULL;
    tact_err err = db_open(&a, m->partial, &(db_options){.read_only = true}, &d, error);
    if (!err) db_close(d);
    arena_fini(&a);
    unlink(file_in(m, "lock.mdb"));
    return err;
}

tact_err backup_restore(const char *from, const char *to, backup_progress *progress, void *context, tact_error *error) {
    backup_info i = {0};
    tact_err err = read_manifest(from, &i, error);
    if (err) return err;
    pace p = {progress, context, 0, 2 * i.bytes}; // it is read twice
    err = read_data(from, &i, &p, NULL, error);
    if (err) return err;
    making m;
    err = begin(&m, to, &p, error);
    if (err) return err;
    err = read_data(from, &i, &p, &m, error);
    if (!err) err = try_store(&m, error);
    return err ? abandon(&m, err) : finish(&m, error);
}
