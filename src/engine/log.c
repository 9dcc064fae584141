// SPDX-License-Identifier: Apache-2.0
//
// Subtle: erasing waits for what is queued, and holds the files, so that no frame of the person is written behind it by
// what was decided before.
#include "engine/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "engine/line.h"
#include "engine/reply.h"
#include "engine/ring.h"
#include "store/load.h"
#include "wire/msgpack.h"

enum { PATH_MAX_BYTES = 4096, MAGIC_SIZE = sizeof LOG_MAGIC - 1 };

struct decision_log {
    ring ring; // of frames
    char folder[PATH_MAX_BYTES - 64];
    tact_log_options options;
    db_notice notice;
    pthread_t thread;
    _Atomic uint64_t dropped;
    pthread_mutex_t files; // over all below, and what is in the files
    int file;              // -1: none
    uint64_t number, size;
    bool troubled; // the last write failed, and was told
};

// ---- Frames ---------------------------------------------------------------------------------------------------------

bool log_wants(const decision_log *l, uint64_t random) {
    if (!l) return false;
    return l->options.sample <= 0 || l->options.sample >= 1 || (double)(random >> 11) * 0x1p-53 < l->options.sample;
}

void log_begin(log_frame *f) {
    f->counts_count = 0;
}

void log_note(log_frame *f, bool everyone, uint64_t tally, int64_t since_ms, uint64_t count) {
    if (f->counts_count == f->room) {
        uint32_t room = f->room ? 2 * f->room : 16;
        log_count *larger = arena_extend(f->arena, f->counts, f->room, room, sizeof *larger);
        f->failed |= !larger;
        if (!larger) return;
        f->counts = larger;
        f->room = room;
    }
    f->counts[f->counts_count++] = (log_count){everyone, tally, since_ms, count};
}

uint64_t log_whom(tact_str unit) {
    uint8_t hash[HASH_SUM];
    hash_bytes(unit, hash);
    return load_u64((const char *)hash) | UINT64_C(1) << 63;
}

static tact_value context_of(form *f, const decision *d) {
    value_entry *entries = arena_array(f->arena, d->bundle->context_count, sizeof *entries);
    uint32_t count = 0;
    f->failed |= !entries;
    for (uint32_t i = 0; entries && i < d->bundle->context_count; i++) {
        if (d->in.context[i].kind == TACT_UNRESOLVED) continue;
        entries[count++] = (value_entry){form_text(f, d->bundle->context[i].name), d->in.context[i]};
    }
    return entries ? form_map_of(f, entries, count) : tact_null();
}

static tact_value event_of(form *f, const decision *d, const decide_event *e) {
    const bundle *b = d->bundle;
    const schema_event *type = &b->schema->events[e->event];
    form_fields one = {.count = 0};
    value_entry *values = arena_array(f->arena, e->values_count, sizeof *values);
    f->failed |= !values;
    for (uint32_t i = 0; values && i < e->values_count; i++) {
        values[i] = (value_entry){form_text(f, type->properties[e->values[i].number].name), e->values[i].value};
    }
    form_put(f, &one, "event", form_text(f, type->name));
    form_put(f, &one, "values", values ? form_map_of(f, values, e->values_count) : tact_null());
    form_put(f, &one, "offer", e->offer < 0 ? tact_null() : form_text(f, b->offers[e->offer].name));
    form_put(f, &one, "placement", e->placement < 0 ? tact_null() : form_text(f, b->placements[e->placement].name));
    return form_map(f, &one);
}

static tact_value counts_of(form *f, const log_frame *frame) {
    form_items all = {.count = 0};
    for (uint32_t i = 0; i < frame->counts_count; i++) {
        const log_count *c = &frame->counts[i];
        form_items one = {.count = 0};
        form_add(f, &one, tact_bool(c->everyone));
        form_add(f, &one, tact_uint(c->tally));
        form_add(f, &one, tact_int(c->since_ms));
        form_add(f, &one, tact_uint(c->count));
        form_add(f, &all, form_list(&one));
    }
    return form_list(&all);
}

static tact_value payload_of(form *f, const decision *d, const log_frame *frame) {
    const engine_bundle *eb = d->session->bundle;
    form_fields all = {.count = 0}, answer = {.count = 0};
    form_items placements = {.count = 0}, events = {.count = 0};
    for (uint32_t i = 0; i < d->request.placements_count; i++) {
        form_add(f, &placements, form_text(f, d->bundle->placements[d->request.placements[i]].name));
    }
    for (uint32_t i = 0; i < d->request.events_count; i++) form_add(f, &events, event_of(f, d, &d->request.events[i]));
    reply_put_answer(f, &answer, d, false);
    form_put(f, &all, "v", tact_int(1));
    form_put(f, &all, "decision", form_text(f, d->id));
    form_put(f, &all, "bundle", tact_string(eb->name, eb->name_len));
    form_put(f, &all, "hash", tact_bytes((const char *)eb->version.hash, sizeof eb->version.hash));
    form_put(f, &all, "now", tact_int(d->request.now_ms));
    form_put(f, &all, "seed", tact_uint(d->request.seed));
    if (d->request.late) form_put(f, &all, "late", tact_bool(true));
    form_put(f, &all, "person", d->person.known ? tact_uint(record_person(&d->person.record)) : tact_null());
    form_put(f, &all, "unit", tact_string(d->person.unit.ptr, d->person.unit.len));
    form_put(f, &all, "record",
             d->person.known ? tact_bytes(d->person.record.bytes, d->person.record.size) : tact_null());
    form_put(f, &all, "placements", form_list(&placements));
    form_put(f, &all, "context", context_of(f, d));
    form_put(f, &all, "events", form_list(&events));
    form_put(f, &all, "counts", counts_of(f, frame));
    form_put(f, &all, "answer", form_map(f, &answer));
    return form_map(f, &all);
}

static void write_head(char *head, tact_str payload, uint64_t whom) {
    uint8_t sum[HASH_SUM];
    hash_bytes(payload, sum);
    head = save_u32(head, (uint32_t)payload.len);
    head = save_u32(head, 0);
    head = save_u64(head, whom);
    save_bytes(head, (const char *)sum, LOG_CHECKSUM);
}

static bool checks(const char *head, tact_str payload) {
    uint8_t sum[HASH_SUM];
    hash_bytes(payload, sum);
    return memcmp(head + LOG_HEAD - LOG_CHECKSUM, sum, LOG_CHECKSUM) == 0;
}

void log_put(decision_log *l, const decision *d, const log_frame *frame) {
    static const char no_head[LOG_HEAD];
    form f = {&d->session->scratch, frame->failed};
    buf out = buf_in(&d->session->scratch);
    tact_value v = payload_of(&f, d, frame);
    buf_add(&out, no_head, LOG_HEAD);
    bool ok = !f.failed && !msgpack_write(&out, v) && !out.failed && out.len <= LOG_HEAD + LOG_FRAME_MAX;
    if (ok) {
        uint64_t whom = d->person.known ? record_person(&d->person.record) : log_whom(d->person.unit);
        write_head(out.ptr, (tact_str){out.ptr + LOG_HEAD, out.len - LOG_HEAD}, whom);
        ok = ring_put(&l->ring, out.ptr, out.len);
    }
    if (!ok) atomic_fetch_add(&l->dropped, 1);
}

uint64_t log_dropped(decision_log *l) {
    return l ? atomic_load(&l->dropped) : 0;
}

void log_flush(decision_log *l) {
    ring_flush(&l->ring);
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static void path_of(const decision_log *l, uint64_t number, char path[PATH_MAX_BYTES]) {
    snprintf(path, PATH_MAX_BYTES, "%s/decisions-%08llu.log", l->folder, (unsigned long long)number);
}

// The number of a file's name; false: it is none of ours.
static bool number_of(const char *name, uint64_t *number) {
    unsigned long long n;
    char rest;
    if (sscanf(name, "decisions-%llu.lo%c", &n, &rest) != 2 || rest != 'g') return false;
    *number = n;
    return true;
}

// The smallest and the largest number that there is, and how many there are.
static uint32_t find_files(const decision_log *l, uint64_t *first, uint64_t *last) {
    uint32_t count = 0;
    uint64_t n;
    *first = UINT64_MAX;
    *last = 0;
    DIR *dir = opendir(l->folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!number_of(e->d_name, &n)) continue;
        count++;
        if (n < *first) *first = n;
        if (n > *last) *last = n;
    }
    if (dir) closedir(dir);
    return count;
}

static void take_oldest_away(const decision_log *l) {
    char path[PATH_MAX_BYTES];
    uint64_t first, last;
    while (find_files(l, &first, &last) > l->options.files_max) {
        path_of(l, first, path);
        if (unlink(path)) return;
    }
}

static bool write_all(int file, const char *bytes, size_t len) {
    while (len) {
        ssize_t n = write(file, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool next_file(decision_log *l) {
    char path[PATH_MAX_BYTES];
    if (l->file >= 0) close(l->file);
    path_of(l, ++l->number, path);
    l->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    l->size = MAGIC_SIZE;
    if (l->file < 0) return false;
    if (!write_all(l->file, LOG_MAGIC, MAGIC_SIZE)) {
        int why = errno;
        (void)unlink(path); // else a full disk would be filled with empty files
        l->number--;
        errno = why;
        return false;
    }
    take_oldest_away(l);
    return true;
}

static void tell(decision_log *l, const char *why) {
    char text[PATH_MAX_BYTES + 200];
    if (l->troubled || !l->notice.say) return;
    snprintf(text, sizeof text, "%s: decisions are not logged: %s", l->folder, why);
    l->notice.say(l->notice.context, text);
}

// With the files. A frame that cannot be written is dropped; a file that may end in a part of one is not written on.
static void write_frame(decision_log *l, tact_str frame) {
    bool ok = (l->file >= 0 && l->size + frame.len <= l->options.file_bytes) || next_file(l);
    ok = ok && write_all(l->file, frame.ptr, frame.len);
    if (ok) {
        l->size += frame.len;
    } else {
        tell(l, strerror(errno));
        if (l->file >= 0) close(l->file);
        l->file = -1;
        atomic_fetch_add(&l->dropped, 1);
    }
    l->troubled = !ok;
}

static void *run(void *context) {
    decision_log *l = context;
    tact_str frame;
    do {
        pthread_mutex_lock(&l->files);
        while (ring_take(&l->ring, &frame)) write_frame(l, frame);
        ring_return(&l->ring);
        pthread_mutex_unlock(&l->files);
    } while (ring_rest(&l->ring));
    return NULL;
}

// ---- Opening and closing --------------------------------------------------------------------------------------------

static void destroy(decision_log *l) {
    if (l->file >= 0) close(l->file);
    pthread_mutex_destroy(&l->files);
    ring_fini(&l->ring);
}

tact_err log_open(arena *a, const tact_log_options *options, db_notice notice, decision_log **out, tact_error *error) {
    decision_log *l = line_zalloc(a, sizeof *l);
    uint64_t first;
    if (!l) return err_set(error, TACT_NO_MEMORY, "no memory for a log of decisions");
    int len = snprintf(l->folder, sizeof l->folder, "%s", options->folder);
    struct stat st;
    if (len < 0 || (size_t)len >= sizeof l->folder || stat(l->folder, &st) || !S_ISDIR(st.st_mode)) {
        return err_set(error, TACT_NOT_FOUND, "%s: there is no such folder for the log of decisions", options->folder);
    }
    l->options = *options;
    l->options.folder = l->folder;
    if (!l->options.file_bytes) l->options.file_bytes = LOG_FILE_BYTES;
    if (!l->options.files_max) l->options.files_max = LOG_FILES_MAX;
    l->notice = notice;
    l->file = -1;
    (void)find_files(l, &first, &l->number);
    if (!ring_init(&l->ring, a, LOG_BYTES)) {
        return err_set(error, TACT_NO_MEMORY, "no memory for a log of decisions");
    }
    pthread_mutex_init(&l->files, NULL);
    if (!pthread_create(&l->thread, NULL, run, l)) {
        *out = l;
        return TACT_OK;
    }
    destroy(l);
    return err_set(error, TACT_NO_MEMORY, "%s: the system gives no further thread", options->folder);
}

void log_close(decision_log *l) {
    if (!l) return;
    ring_stop(&l->ring);
    pthread_join(l->thread, NULL);
    destroy(l);
}

// ---- Erasing --------------------------------------------------------------------------------------------------------

static bool is_among(uint64_t whom, const uint64_t *all, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (all[i] == whom) return true;
    }
    return false;
}

// The head last: until it says so, the frame is found again by whom it is of.
static bool overwrite(int file, off_t at, uint32_t len) {
    static const char zeros[4096];
    char head[LOG_HEAD];
    memset(head, 0, sizeof head);
    save_u32(save_u32(head, len), LOG_ERASED);
    for (off_t to = at + LOG_HEAD; len;) {
        uint32_t n = len < sizeof zeros ? len : (uint32_t)sizeof zeros;
        if (pwrite(file, zeros, n, to) != (ssize_t)n) return false;
        to += n;
        len -= n;
    }
    return pwrite(file, head, sizeof head, at) == (ssize_t)sizeof head;
}

// Of what is no frame, as at the end of a file that was cut off, nothing is left.
static bool erase_in_file(const char *path, const uint64_t *whom, uint32_t count) {
    char head[LOG_HEAD];
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return errno == ENOENT;
    bool ok = true;
    off_t at = MAGIC_SIZE;
    for (; ok && pread(file, head, sizeof head, at) == (ssize_t)sizeof head; at += LOG_HEAD + (off_t)load_u32(head)) {
        if (!is_among(load_u64(head + 8), whom, count)) continue;
        ok = overwrite(file, at, load_u32(head));
    }
    ok = ok && !fsync(file);
    return !close(file) && ok;
}

tact_err log_erase(decision_log *l, const uint64_t *whom, uint32_t count, tact_error *error) {
    char path[PATH_MAX_BYTES];
    uint64_t first, last;
    bool ok = true;
    if (!l) return TACT_OK;
    log_flush(l);
    pthread_mutex_lock(&l->files);
    (void)find_files(l, &first, &last);
    for (uint64_t n = first; ok && n <= last && last; n++) {
        path_of(l, n, path);
        ok = erase_in_file(path, whom, count);
    }
    int why = errno;
    pthread_mutex_unlock(&l->files);
    if (ok) return TACT_OK;
    return err_set(error, TACT_IO, "%s: %s: the log of decisions still holds something of the person", path,
                   strerror(why));
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static tact_err damaged(const char *path, uint64_t at, const char *why, tact_error *error) {
    return err_set(error, TACT_INVALID, "%s: byte %llu: %s", path, (unsigned long long)at, why);
}

static tact_err read_frames(FILE *file, const char *path, arena *a, log_hear *hear, void *context, tact_error *error) {
    char head[LOG_HEAD];
    uint64_t at = MAGIC_SIZE;
    char *payload = arena_alloc(a, LOG_FRAME_MAX);
    if (!payload) return err_set(error, TACT_NO_MEMORY, "no memory for a frame of a log");
    if (fread(head, 1, MAGIC_SIZE, file) != MAGIC_SIZE || memcmp(head, LOG_MAGIC, MAGIC_SIZE) != 0) {
        return damaged(path, 0, "it is no log of decisions", error);
    }
    while (fread(head, 1, LOG_HEAD, file) == LOG_HEAD) {
        uint32_t len = load_u32(head);
        log_read r = {.at = at, .whom = load_u64(head + 8), .erased = load_u32(head + 4) & LOG_ERASED};
        if (len > LOG_FRAME_MAX) return damaged(path, at, "a frame is damaged", error);
        if (fread(payload, 1, len, file) != len) break;
        r.payload = (tact_str){payload, len};
        if (!r.erased && !checks(head, r.payload)) return damaged(path, at, "a frame is damaged", error);
        if (!hear(context, &r)) return TACT_OK;
        at += LOG_HEAD + len;
    }
    return ferror(file) ? err_set(error, TACT_IO, "%s: %s", path, strerror(errno)) : TACT_OK;
}

tact_err log_read_file(const char *path, arena *a, log_hear *hear, void *context, tact_error *error) {
    FILE *file = fopen(path, "rb");
    if (!file) return err_set(error, errno == ENOENT ? TACT_NOT_FOUND : TACT_IO, "%s: %s", path, strerror(errno));
    tact_err err = read_frames(file, path, a, hear, context, error);
    fclose(file);
    return err;
}
