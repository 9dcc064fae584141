// SPDX-License-Identifier: Apache-2.0
//
// Files of the journal, and the way back to a checkpoint. Subtle: whether another process has the store open is asked
// of the lock that LMDB keeps on the first byte of lock.mdb, which each of them shares; who has it alone is the only
// one, and whoever comes meanwhile waits. Closing the file gives it back.
#include "store/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/num.h"
#include "store/db.h"
#include "store/load.h"
#include "value/pack.h"

enum { PATH_ROOM = 4096, FILE_MODE = 0600, SUM_AT = SEGMENT_HEAD - HASH_SUM, MAGIC = 16 };
static const char magic[MAGIC] = "tact journal 1";
static const char prefix[] = "journal.";

// False: the path is too long.
static bool path_of(const char *folder, const char *name, char path[PATH_ROOM]) {
    return snprintf(path, PATH_ROOM, "%s/%s", folder, name) < PATH_ROOM;
}

static bool path_of_number(const char *folder, uint64_t number, char path[PATH_ROOM]) {
    return snprintf(path, PATH_ROOM, "%s/%s%llu", folder, prefix, (unsigned long long)number) < PATH_ROOM;
}

// ---- The system's boot ----------------------------------------------------------------------------------------------

void segment_boot(char boot[SEGMENT_BOOT]) {
    memset(boot, 0, SEGMENT_BOOT);
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (read(fd, boot, SEGMENT_BOOT) != SEGMENT_BOOT) memset(boot, 0, SEGMENT_BOOT);
    close(fd);
}

bool segment_of_this_boot(const segment_head *head) {
    char now[SEGMENT_BOOT];
    segment_boot(now);
    return now[0] && memcmp(now, head->boot, sizeof now) == 0;
}

// ---- Writing --------------------------------------------------------------------------------------------------------

// 0, or the reason why not.
static int write_all(int fd, const char *bytes, size_t len, uint64_t at) {
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        bytes += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

tact_err segment_make(const char *folder, uint64_t number, int *fd, tact_error *error) {
    static const char zeros[SEGMENT_HEAD];
    char path[PATH_ROOM];
    int reason = path_of_number(folder, number, path) ? 0 : ENAMETOOLONG;
    *fd = reason ? -1 : open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (!reason && *fd < 0) reason = errno;
    if (!reason) reason = write_all(*fd, zeros, sizeof zeros, 0);
    if (!reason) return TACT_OK;
    if (*fd >= 0) close(*fd), unlink(path);
    *fd = -1;
    return db_disk_fault(folder, reason, "making a file of its journal", error);
}

void segment_remove(const char *folder, uint64_t number) {
    char path[PATH_ROOM];
    if (path_of_number(folder, number, path)) unlink(path);
}

tact_err segment_sync_names(const char *folder, tact_error *error) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int reason = fd < 0 || fsync(fd) ? errno : 0;
    if (fd >= 0) close(fd);
    return reason ? db_disk_fault(folder, reason, "writing the names of its files to disk", error) : TACT_OK;
}

tact_err segment_put_head(const char *folder, int fd, const segment_head *head, tact_error *error) {
    char bytes[SEGMENT_HEAD] = {0};
    char *at = save_bytes(bytes, magic, MAGIC);
    at = save_u64(at, head->number);
    at = save_u64(at, head->position);
    at = save_u32(at, head->history_max);
    at = save_u32(at, head->page);
    at = save_bytes(at, head->boot, SEGMENT_BOOT);
    save_bytes(at, head->metas[0], sizeof head->metas);
    hash_bytes((tact_str){bytes, SUM_AT}, (uint8_t *)bytes + SUM_AT);
    int reason = write_all(fd, bytes, sizeof bytes, 0);
    if (!reason && fdatasync(fd)) reason = errno;
    return reason ? db_disk_fault(folder, reason, "writing a checkpoint", error) : TACT_OK;
}

void segment_begin_record(buf *record) {
    record->len = 0;
    record->failed = false;
    buf_add_repeat(record, '\0', SEGMENT_RECORD);
}

tact_err segment_add(buf *record, const command *c) {
    const size_t at = record->len;
    pack_u32(record, 0);
    tact_err err = command_write(record, c);
    if (err) {
        record->len = at;
        return err;
    }
    save_u32(record->ptr + at, (uint32_t)(record->len - at - sizeof(uint32_t)));
    return TACT_OK;
}

bool segment_take(tact_str *commands, tact_str *out) {
    if (commands->len < sizeof(uint32_t)) return false;
    *out = (tact_str){commands->ptr + sizeof(uint32_t), load_u32(commands->ptr)};
    if (out->len > commands->len - sizeof(uint32_t)) return false;
    *commands = (tact_str){out->ptr + out->len, commands->len - sizeof(uint32_t) - out->len};
    return true;
}

tact_err segment_put_record(const char *folder, int fd, uint64_t at, uint64_t number, uint64_t first, buf *record,
                            bool *synced, tact_error *error) {
    *synced = true;
    if (record->failed) return err_set(error, TACT_NO_MEMORY, "%s: no memory for commands to be written", folder);
    char *head = save_u64(record->ptr + HASH_SUM, record->len - SEGMENT_RECORD);
    head = save_u64(head, number);
    save_u64(head, first);
    hash_bytes((tact_str){record->ptr + HASH_SUM, record->len - HASH_SUM}, (uint8_t *)record->ptr);
    int reason = write_all(fd, record->ptr, record->len, at);
    *synced = reason || fdatasync(fd) == 0;
    if (!*synced) reason = errno;
    return reason ? db_disk_fault(folder, reason, "writing its journal", error) : TACT_OK;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

// As much as there is, up to `len`; negative: an error.
static ssize_t read_all(int fd, char *bytes, size_t len, uint64_t at) {
    size_t have = 0;
    while (have < len) {
        ssize_t n = pread(fd, bytes + have, len - have, (off_t)(at + have));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return n;
        if (n == 0) break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

static bool sum_is_right(const char *sum, tact_str bytes) {
    uint8_t right[HASH_SUM];
    hash_bytes(bytes, right);
    return memcmp(sum, right, HASH_SUM) == 0;
}

// False: it has none yet.
static bool parse_head(const char bytes[SEGMENT_HEAD], segment_head *out) {
    if (memcmp(bytes, magic, MAGIC) != 0 || !sum_is_right(bytes + SUM_AT, (tact_str){bytes, SUM_AT})) return false;
    const char *at = bytes + MAGIC;
    *out = (segment_head){.number = load_u64(at),
                          .position = load_u64(at + 8),
                          .history_max = load_u32(at + 16),
                          .page = load_u32(at + 20)};
    memcpy(out->boot, at + 24, SEGMENT_BOOT);
    memcpy(out->metas, at + 24 + SEGMENT_BOOT, sizeof out->metas);
    return true;
}

tact_err segment_open(const char *folder, uint64_t number, segment_reader *out, tact_error *error) {
    char path[PATH_ROOM];
    struct stat status;
    *out = (segment_reader){.folder = folder, .fd = -1, .number = number, .at = SEGMENT_HEAD};
    int reason = path_of_number(folder, number, path) ? 0 : ENAMETOOLONG;
    if (!reason) out->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (!reason && out->fd < 0) reason = errno;
    if (reason == ENOENT) return TACT_OK;
    if (!reason && fstat(out->fd, &status)) reason = errno;
    if (!reason) out->bytes = (uint64_t)status.st_size;
    if (!reason) return TACT_OK;
    segment_close(out);
    return db_disk_fault(folder, reason, "reading its journal", error);
}

void segment_close(segment_reader *r) {
    if (r->fd >= 0) close(r->fd);
    r->fd = -1;
}

tact_err segment_next(segment_reader *r, arena *a, uint64_t *first, tact_str *commands, tact_error *error) {
    char head[SEGMENT_RECORD];
    if (r->at > r->bytes || r->bytes - r->at < SEGMENT_RECORD) return TACT_NOT_FOUND;
    ssize_t got = read_all(r->fd, head, sizeof head, r->at);
    uint64_t len = load_u64(head + HASH_SUM);
    if (got == sizeof head && len > r->bytes - r->at - SEGMENT_RECORD) return TACT_NOT_FOUND;
    char *bytes = got == sizeof head ? arena_alloc(a, SEGMENT_RECORD + len) : NULL;
    if (got == sizeof head && !bytes) return err_set(error, TACT_NO_MEMORY, "%s: no memory for its journal", r->folder);
    if (bytes) got = read_all(r->fd, bytes, SEGMENT_RECORD + len, r->at);
    if (got < 0) return db_disk_fault(r->folder, errno, "reading its journal", error);
    if (!bytes || (uint64_t)got != SEGMENT_RECORD + len) return TACT_NOT_FOUND;
    bool ours = load_u64(bytes + HASH_SUM + 8) == r->number;
    if (!ours || !sum_is_right(bytes, (tact_str){bytes + HASH_SUM, (size_t)got - HASH_SUM})) return TACT_NOT_FOUND;
    *first = load_u64(bytes + HASH_SUM + 16);
    *commands = (tact_str){bytes + SEGMENT_RECORD, len};
    r->at += (uint64_t)got;
    return TACT_OK;
}

static tact_err look_at(const char *folder, uint64_t number, segment_found *out, bool *records, tact_error *error) {
    char bytes[SEGMENT_HEAD];
    segment_head head;
    segment_reader r;
    tact_err err = segment_open(folder, number, &r, error);
    if (err || r.fd < 0) return err;
    ssize_t got = read_all(r.fd, bytes, sizeof bytes, 0);
    if (got < 0) err = db_disk_fault(folder, errno, "reading its journal", error);
    bool whole = got == sizeof bytes && parse_head(bytes, &head) && head.number == number;
    if (whole && (!out->whole || number > out->head.number)) out->head = head;
    out->whole |= whole;
    if (!out->any || number < out->first) out->first = number;
    if (!out->any || number > out->last) out->last = number;
    out->any = true;
    *records |= r.bytes > SEGMENT_HEAD;
    segment_close(&r);
    return err;
}

tact_err segment_find(const char *folder, segment_found *out, tact_error *error) {
    *out = (segment_found){.any = false};
    DIR *dir = opendir(folder);
    if (!dir && errno == ENOENT) return TACT_OK;
    if (!dir) return db_disk_fault(folder, errno, "reading the folder", error);
    tact_err err = TACT_OK;
    bool records = false;
    for (struct dirent *e; !err && (e = readdir(dir));) {
        uint64_t number;
        if (strncmp(e->d_name, prefix, sizeof prefix - 1) != 0) continue;
        if (!num_parse_uint(tact_str_from(e->d_name + sizeof prefix - 1), 10, &number)) continue;
        err = look_at(folder, number, out, &records, error);
    }
    closedir(dir);
    if (err || out->whole || !records) return err;
    return err_set(error, TACT_INVALID, "%s: its journal is damaged: no file of it has a head; restore a backup",
                   folder);
}

// ---- Going back -----------------------------------------------------------------------------------------------------

// The mark is a byte in the file that is locked for writing, which nothing else is in.
static int open_mark(const char *folder) {
    char path[PATH_ROOM];
    return path_of(folder, "writer.lock", path) ? open(path, O_RDWR | O_CLOEXEC) : -1;
}

void segment_distrust(const char *folder) {
    int fd = open_mark(folder);
    if (fd < 0) return;
    (void)!pwrite(fd, "!", 1, 0);
    close(fd);
}

void segment_trust(const char *folder) {
    int fd = open_mark(folder);
    if (fd < 0) return;
    (void)!ftruncate(fd, 0);
    close(fd);
}

static bool is_distrusted(const char *folder) {
    struct stat status;
    int fd = open_mark(folder);
    bool marked = fd >= 0 && fstat(fd, &status) == 0 && status.st_size > 0;
    if (fd >= 0) close(fd);
    return marked;
}

// 0, or the reason why not.
static int put_metas(const char *folder, const segment_head *head) {
    char path[PATH_ROOM];
    if (!path_of(folder, "data.mdb", path)) return ENAMETOOLONG;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno;
    int reason = 0;
    for (uint64_t i = 0; i < 2 && !reason; i++) reason = write_all(fd, head->metas[i], SEGMENT_META, i * head->page);
    close(fd);
    return reason;
}

tact_err segment_restore(const char *folder, bool *restored, tact_error *error) {
    char path[PATH_ROOM];
    segment_found found;
    *restored = false;
    tact_err err = segment_find(folder, &found, error);
    if (err || !found.whole) return err;
    int lock = path_of(folder, "lock.mdb", path) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE) : -1;
    if (lock < 0) return db_disk_fault(folder, errno, "opening it for writing", error);
    struct flock alone = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (fcntl(lock, F_SETLK, &alone) == 0) {
        int reason = put_metas(folder, &found.head);
        *restored = !reason;
        if (reason) err = db_disk_fault(folder, reason, "going back to its checkpoint", error);
    } else if (!segment_of_this_boot(&found.head) || is_distrusted(folder)) {
        err = err_set(error, TACT_BUSY,
                      "%s: it ended without being closed, and must go back to its checkpoint, while other processes "
                      "read it; end those, then start again",
                      folder);
    }
    close(lock);
    return err;
}
