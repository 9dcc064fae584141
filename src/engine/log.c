// SPDX-License-Identifier: Apache-2.0
//
// Subtle: forgetting waits for what is queued, and holds the files, so that no frame of the person is written behind it
// by what was decided before.
#include "engine/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "engine/line.h"
#include "engine/reply.h"
#include "engine/ring.h"
#include "store/load.h"
#include "wire/msgpack.h"

#define LOCK_NAME "writer.lock" // as in the folder of a store
enum { MAGIC_SIZE = sizeof LOG_MAGIC - 1, FOLDER_MODE = 0700, FILE_MODE = 0600 };

struct decision_log {
    ring ring; // of frames
    char folder[LOG_PATH_MAX - 64];
    tact_log_options options;
    db_notice notice;
    pthread_t thread;
    _Atomic uint64_t dropped;
    int lock;              // held as long as it is open: two that write would take each other's files away
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
    if (d->request.denied) form_put(f, &all, "denied", tact_uint(d->request.denied));
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

static void add_hash(buf *out, const decision *d, uint16_t space, tact_str value) {
    uint8_t hash[HASH_KEYED];
    store_identity_hash(d->session->engine->store, space, value, hash);
    buf_add(out, (const char *)hash, sizeof hash);
}

// Of all identities by which something may have come in that is in the frame. False: one cannot be read.
static bool add_identities(buf *out, const decision *d) {
    const decision_person *who = &d->person;
    if (!who->known && who->identity.value.len) add_hash(out, d, who->identity.space, who->identity.value);
    for (uint32_t i = 0; i < who->strands_count; i++) {
        uint16_t space;
        tact_str value;
        if (apply_whose(&d->session->reader.txn, who->strands[i], &space, &value)) return false;
        add_hash(out, d, space, value);
    }
    return true;
}

typedef struct head {
    uint32_t len, flags, identities;
    uint64_t position;
} head;

static head head_of(const char *at) {
    return (head){.len = load_u32(at + LOG_CHECKSUM),
                  .flags = load_u32(at + LOG_CHECKSUM + 4),
                  .position = load_u64(at + LOG_CHECKSUM + 8),
                  .identities = load_u32(at + LOG_CHECKSUM + 16)};
}

// Whether a frame may have this head.
static bool fits(const head *h) {
    return h->len <= LOG_FRAME_MAX && h->identities <= LOG_IDENTITIES_MAX && h->identities * HASH_KEYED <= h->len;
}

static void find_sum(const char *frame, size_t len, char sum[LOG_CHECKSUM]) {
    uint8_t whole[HASH_SUM];
    hash_bytes((tact_str){frame + LOG_CHECKSUM, len - LOG_CHECKSUM}, whole);
    memcpy(sum, whole, LOG_CHECKSUM);
}

// Of a frame that has room for it.
static void write_head(char *frame, size_t len, uint64_t position, uint32_t identities) {
    char *at = save_u32(frame + LOG_CHECKSUM, (uint32_t)(len - LOG_HEAD));
    save_u32(save_u64(save_u32(at, 0), position), identities);
    find_sum(frame, len, frame);
}

static bool checks(const char *frame, size_t len) {
    char sum[LOG_CHECKSUM];
    find_sum(frame, len, sum);
    return memcmp(frame, sum, sizeof sum) == 0;
}

void log_put(decision_log *l, const decision *d, const log_frame *frame) {
    static const char no_head[LOG_HEAD];
    form f = {&d->session->scratch, frame->failed};
    buf out = buf_in(&d->session->scratch);
    tact_value v = payload_of(&f, d, frame);
    uint64_t position;
    buf_add(&out, no_head, LOG_HEAD);
    bool ok = !f.failed && add_identities(&out, d);
    const size_t payload_at = out.len;
    ok = ok && !msgpack_write(&out, v) && !out.failed && out.len <= LOG_HEAD + LOG_FRAME_MAX &&
         !store_position(&d->session->reader, &position, NULL);
    if (ok) {
        write_head(out.ptr, out.len, position, (uint32_t)((payload_at - LOG_HEAD) / HASH_KEYED));
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

static void path_of(const char *folder, uint64_t number, char path[LOG_PATH_MAX]) {
    snprintf(path, LOG_PATH_MAX, "%s/decisions-%08llu.log", folder, (unsigned long long)number);
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
static uint32_t find_files(const char *folder, uint64_t *first, uint64_t *last) {
    uint32_t count = 0;
    uint64_t n;
    *first = UINT64_MAX;
    *last = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!number_of(e->d_name, &n)) continue;
        count++;
        if (n < *first) *first = n;
        if (n > *last) *last = n;
    }
    if (dir) closedir(dir);
    return count;
}

bool log_find_file(const char *folder, uint64_t *number, char path[LOG_PATH_MAX]) {
    uint64_t n, least = UINT64_MAX;
    DIR *dir = opendir(folder);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (number_of(e->d_name, &n) && n >= *number && n < least) least = n;
    }
    if (dir) closedir(dir);
    if (least == UINT64_MAX) return false;
    *number = least;
    path_of(folder, least, path);
    return true;
}

static void take_oldest_away(const decision_log *l) {
    char path[LOG_PATH_MAX];
    uint64_t first, last;
    while (find_files(l->folder, &first, &last) > l->options.files_max) {
        path_of(l->folder, first, path);
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
    char path[LOG_PATH_MAX];
    if (l->file >= 0) close(l->file);
    path_of(l->folder, ++l->number, path);
    l->file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, FILE_MODE);
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
    char text[LOG_PATH_MAX + 200];
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
    close(l->lock);
    pthread_mutex_destroy(&l->files);
    ring_fini(&l->ring);
}

static tact_err no_folder(const char *folder, int why, tact_error *error) {
    return err_set(error, why == ENOENT ? TACT_NOT_FOUND : TACT_IO,
                   "%s: the folder of the log of decisions cannot be used: %s", folder, strerror(why));
}

// Makes the folder if it is not there, as a store's, and takes it for this process alone.
static tact_err lock_folder(decision_log *l, const char *folder, tact_error *error) {
    char path[LOG_PATH_MAX];
    int len = snprintf(l->folder, sizeof l->folder, "%s", folder);
    if (len < 0 || (size_t)len >= sizeof l->folder) return no_folder(folder, ENAMETOOLONG, error);
    if (mkdir(l->folder, FOLDER_MODE) && errno != EEXIST) return no_folder(folder, errno, error);
    snprintf(path, sizeof path, "%s/" LOCK_NAME, l->folder);
    l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (l->lock < 0) return no_folder(folder, errno, error);
    if (!flock(l->lock, LOCK_EX | LOCK_NB)) return TACT_OK;
    tact_err err = errno != EWOULDBLOCK ? no_folder(folder, errno, error)
                                        : err_set(error, TACT_BUSY,
                                                  "%s: another process writes its log of decisions there; each needs "
                                                  "a folder of its own",
                                                  folder);
    close(l->lock);
    return err;
}

tact_err log_open(arena *a, const tact_log_options *options, db_notice notice, decision_log **out, tact_error *error) {
    decision_log *l = line_zalloc(a, sizeof *l);
    uint64_t first;
    if (!l || !ring_init(&l->ring, a, LOG_BYTES)) {
        return err_set(error, TACT_NO_MEMORY, "no memory for a log of decisions");
    }
    l->options = *options;
    l->options.folder = l->folder;
    if (!l->options.file_bytes) l->options.file_bytes = LOG_FILE_BYTES;
    if (!l->options.files_max) l->options.files_max = LOG_FILES_MAX;
    l->notice = notice;
    l->file = -1;
    tact_err err = lock_folder(l, options->folder, error);
    if (err) {
        ring_fini(&l->ring);
        return err;
    }
    (void)find_files(l->folder, &first, &l->number);
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

// ---- Forgetting -----------------------------------------------------------------------------------------------------

typedef struct forgetting { // in a file
    store_reader *view;
    const char *path;
    int file;
    off_t size;
    bool found;   // something to forget
    bool cleared; // the payloads of that, on disk
    tact_error *error;
} forgetting;

static tact_err cannot(const forgetting *g, const char *why) {
    return err_set(g->error, TACT_IO,
                   "%s: the log of decisions may still hold something of persons who were erased: %s", g->path, why);
}

static bool clear_payload(int file, off_t at, const head *h) {
    static const char zeros[4096];
    const off_t end = at + LOG_HEAD + (off_t)h->len;
    for (off_t from = at + LOG_HEAD + (off_t)h->identities * HASH_KEYED; from < end;) {
        size_t n = end - from < (off_t)sizeof zeros ? (size_t)(end - from) : sizeof zeros;
        if (pwrite(file, zeros, n, from) != (ssize_t)n) return false;
        from += (off_t)n;
    }
    return true;
}

static bool flag(int file, off_t at, const head *h) {
    char nobody[LOG_HEAD + LOG_IDENTITIES_MAX * HASH_KEYED] = {0};
    const size_t len = LOG_HEAD + (size_t)h->identities * HASH_KEYED;
    save_u32(save_u32(nobody + LOG_CHECKSUM, h->len), LOG_ERASED);
    return pwrite(file, nobody, len, at) == (ssize_t)len;
}

// Whether one of those whom it may tell of was erased since. Who came back later is somebody new.
static tact_err is_of_erased(const forgetting *g, const head *h, const char *hashes, bool *is) {
    uint64_t position;
    *is = false;
    for (uint32_t i = 0; i < h->identities && !*is; i++) {
        tact_err err = store_erased(g->view, (const uint8_t *)hashes + (size_t)i * HASH_KEYED, &position, NULL);
        if (err && err != TACT_NOT_FOUND) return cannot(g, "the store's erasures cannot be read");
        *is = !err && h->position < position;
    }
    return TACT_OK;
}

static tact_err forget_frame(forgetting *g, off_t at, const head *h, const char *hashes) {
    bool is = false;
    tact_err err = h->flags & LOG_ERASED ? TACT_OK : is_of_erased(g, h, hashes, &is);
    if (err || !is) return err;
    g->found = true;
    return (g->cleared ? flag : clear_payload)(g->file, at, h) ? TACT_OK : cannot(g, strerror(errno));
}

static tact_err unreadable(const forgetting *g, const char *why) {
    (void)cannot(g, why);
    return TACT_INVALID;
}

static tact_err forget_frames(forgetting *g) {
    char bytes[LOG_HEAD + LOG_IDENTITIES_MAX * HASH_KEYED];
    off_t at = MAGIC_SIZE;
    ssize_t n = pread(g->file, bytes, MAGIC_SIZE, 0);
    if (n < 0) return cannot(g, strerror(errno));
    if (memcmp(bytes, LOG_MAGIC, (size_t)n) != 0) {
        return unreadable(g, "another version of the program wrote it, and it can only be deleted");
    }
    while (at < g->size) {
        n = pread(g->file, bytes, sizeof bytes, at);
        if (n < 0) return cannot(g, strerror(errno));
        const head h = n < LOG_HEAD ? (head){.len = 0} : head_of(bytes);
        if (!fits(&h)) return unreadable(g, "it is damaged, and can only be deleted");
        if (n < LOG_HEAD || at + LOG_HEAD + (off_t)h.len > g->size) {
            return ftruncate(g->file, at) ? cannot(g, strerror(errno)) : TACT_OK;
        }
        tact_err err = forget_frame(g, at, &h, bytes + LOG_HEAD);
        if (err) return err;
        at += LOG_HEAD + (off_t)h.len;
    }
    return TACT_OK;
}

static tact_err sync_file(const forgetting *g) {
    return fsync(g->file) ? cannot(g, strerror(errno)) : TACT_OK;
}

// Nothing is flagged before its payload is gone from the disk: until then it is found again by whom it is of.
static tact_err forget_in_file(store_reader *view, const char *path, tact_error *error) {
    struct stat st;
    forgetting g = {.view = view, .path = path, .file = open(path, O_RDWR | O_CLOEXEC), .error = error};
    if (g.file < 0) return errno == ENOENT ? TACT_OK : cannot(&g, strerror(errno));
    tact_err err = fstat(g.file, &st) ? cannot(&g, strerror(errno)) : TACT_OK;
    g.size = err ? 0 : st.st_size;
    if (!err) err = forget_frames(&g);
    if (!err) err = sync_file(&g);
    g.cleared = g.found;
    if (!err && g.found) err = forget_frames(&g);
    if (!err && g.found) err = sync_file(&g);
    close(g.file);
    return err;
}

// Of every file as much as can be; the first fault is told.
static tact_err forget_in_files(const char *folder, store_reader *view, tact_error *error) {
    char path[LOG_PATH_MAX];
    uint64_t first, last;
    tact_err err = TACT_OK;
    if (!find_files(folder, &first, &last)) return TACT_OK;
    for (uint64_t n = first; n <= last; n++) {
        path_of(folder, n, path);
        tact_err one = store_reader_renew(view, err ? NULL : error); // reading the files may take long
        if (!one) one = forget_in_file(view, path, err ? NULL : error);
        if (!err) err = one;
    }
    return err;
}

tact_err log_forget_in(const char *folder, store *s, tact_error *error) {
    store_reader view;
    uint64_t erased = 0;
    tact_err err = store_reader_open(s, &view, error);
    if (err) return err;
    err = db_count(&view.txn, DB_TOMB, &erased) ? db_fault(&view.txn, error) : TACT_OK;
    if (!err && erased) err = forget_in_files(folder, &view, error);
    store_reader_close(&view);
    return err;
}

tact_err log_forget(decision_log *l, store *s, tact_error *error) {
    if (!l) return TACT_OK;
    log_flush(l);
    pthread_mutex_lock(&l->files);
    tact_err err = log_forget_in(l->folder, s, error);
    pthread_mutex_unlock(&l->files);
    return err;
}

// ---- Reading --------------------------------------------------------------------------------------------------------

static tact_err damaged(const char *path, uint64_t at, const char *why, tact_error *error) {
    return err_set(error, TACT_INVALID, "%s: byte %llu: %s", path, (unsigned long long)at, why);
}

// All from `at` on.
static tact_err unread(FILE *file, const char *path, uint64_t at, const char *why, tact_error *error) {
    struct stat st;
    uint64_t size = fstat(fileno(file), &st) ? at : (uint64_t)st.st_size;
    return err_set(error, TACT_INVALID, "%s: byte %llu: %s; the last %llu bytes were not read", path,
                   (unsigned long long)at, why, (unsigned long long)(size > at ? size - at : 0));
}

static tact_err read_frames(FILE *file, const char *path, arena *a, log_hear *hear, void *context, tact_error *error) {
    uint64_t at = MAGIC_SIZE;
    char *frame = arena_alloc(a, LOG_HEAD + LOG_FRAME_MAX);
    if (!frame) return err_set(error, TACT_NO_MEMORY, "no memory for a frame of a log");
    if (fread(frame, 1, MAGIC_SIZE, file) != MAGIC_SIZE || memcmp(frame, LOG_MAGIC, MAGIC_SIZE) != 0) {
        return damaged(path, 0, "it is no log of decisions", error);
    }
    for (;;) {
        size_t n = fread(frame, 1, LOG_HEAD, file);
        const head h = n == LOG_HEAD ? head_of(frame) : (head){.len = 0};
        if (!fits(&h)) return unread(file, path, at, "a frame is damaged", error);
        if (n == LOG_HEAD) n += fread(frame + LOG_HEAD, 1, h.len, file);
        if (ferror(file)) return err_set(error, TACT_IO, "%s: %s", path, strerror(errno));
        if (!n) return TACT_OK;
        if (n < LOG_HEAD + h.len) return unread(file, path, at, "it is cut off within a frame", error);
        const size_t hashes = (size_t)h.identities * HASH_KEYED;
        const log_read r = {
            .at = at, .erased = h.flags & LOG_ERASED, .payload = {frame + LOG_HEAD + hashes, h.len - hashes}};
        if (!r.erased && !checks(frame, n)) return unread(file, path, at, "a frame is damaged", error);
        if (!hear(context, &r)) return TACT_OK;
        at += n;
    }
}

tact_err log_read_file(const char *path, arena *a, log_hear *hear, void *context, tact_error *error) {
    FILE *file = fopen(path, "rb");
    if (!file) return err_set(error, errno == ENOENT ? TACT_NOT_FOUND : TACT_IO, "%s: %s", path, strerror(errno));
    tact_err err = read_frames(file, path, a, hear, context, error);
    fclose(file);
    return err;
}
