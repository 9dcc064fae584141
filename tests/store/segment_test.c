// SPDX-License-Identifier: Apache-2.0
//
// Files of the journal: what was written is read, up to where a file was cut off or altered, wherever that is; and
// going back to a checkpoint, where that may be.
#include "store/segment.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>

#include "folder.h"
#include "shop.h"

#include <cmocka.h>

enum { RECORDS = 3, NUMBER = 7, FIRST = 5, PAGE = 4096 };

static tact_error why;

typedef struct place {
    arena a;
    folder f;
    char path[700]; // of the file NUMBER
    int fd;
} place;

static void place_begin(place *p) {
    *p = (place){.f = folder_new()};
    arena_init(&p->a, 0);
    snprintf(p->path, sizeof p->path, "%s/journal.%d", p->f.path, NUMBER);
    assert_int_equal(segment_make(p->f.path, NUMBER, &p->fd, &why), 0);
}

static void place_end(place *p) {
    close(p->fd);
    folder_remove(&p->f);
    arena_fini(&p->a);
}

static segment_head head_of(uint64_t number) {
    segment_head h = {.number = number, .position = 40 + number, .history_max = 9, .page = PAGE};
    segment_boot(h.boot);
    memset(h.metas[0], 'a', sizeof h.metas[0]);
    memset(h.metas[1], 'b', sizeof h.metas[1]);
    return h;
}

static const command_identity customer = {SHOP_CRM, {"c-1", 3}};
static const command_value value = {SHOP_RECENCY, {.kind = TACT_INT, .as.i = 3}};

static command numbered(uint64_t n) {
    return (command){.kind = COMMAND_SET,
                     .time_ms = SHOP_NOW + (int64_t)n,
                     .source = SHOP_SOURCE_CRM,
                     .identities = &customer,
                     .identities_count = 1,
                     .values = &value,
                     .values_count = 1};
}

// RECORDS of them, of one command, two, and so on; returns where each ends.
static void put_records(place *p, uint64_t ends[RECORDS]) {
    buf record = buf_in(&p->a);
    uint64_t at = SEGMENT_HEAD, position = FIRST;
    for (uint64_t r = 0; r < RECORDS; r++) {
        bool synced;
        segment_begin_record(&record);
        for (uint64_t i = 0; i <= r; i++) {
            const command c = numbered(position + i);
            assert_int_equal(segment_add(&record, &c), 0);
        }
        assert_int_equal(segment_put_record(p->f.path, p->fd, at, NUMBER, position, &record, &synced, &why), 0);
        assert_true(synced);
        position += r + 1;
        at += record.len;
        ends[r] = at;
    }
}

// How many records can be read of a file, each of which must be what was written.
static int readable(const place *p, uint64_t number) {
    arena a;
    segment_reader in;
    int count = 0;
    uint64_t first, position = FIRST;
    tact_str commands;
    arena_init(&a, 0);
    assert_int_equal(segment_open(p->f.path, number, &in, &why), 0);
    tact_err err;
    while (!(err = segment_next(&in, &a, &first, &commands, &why))) {
        assert_int_equal(first, position);
        while (commands.len > 0) {
            tact_str bytes;
            command c;
            assert_true(segment_take(&commands, &bytes));
            assert_int_equal(command_read(&a, bytes, &c, &why), 0);
            assert_int_equal(c.time_ms, SHOP_NOW + (int64_t)position++);
        }
        count++;
        tact_arena_reset(&a);
    }
    assert_int_equal(err, TACT_NOT_FOUND);
    segment_close(&in);
    arena_fini(&a);
    return count;
}

static void flip(const char *path, uint64_t at) {
    char byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= 0x20;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

static void a_cut_at_any_byte_leaves_the_records_before(void **state) {
    (void)state;
    place p;
    uint64_t ends[RECORDS];
    place_begin(&p);
    put_records(&p, ends);
    assert_int_equal(readable(&p, NUMBER), RECORDS);
    for (uint64_t len = ends[RECORDS - 1]; len-- > 0;) {
        assert_int_equal(truncate(p.path, (off_t)len), 0);
        assert_int_equal(readable(&p, NUMBER), len >= ends[1] ? 2 : len >= ends[0] ? 1 : 0);
    }
    assert_int_equal(readable(&p, NUMBER + 1), 0); // which there is not
    place_end(&p);
}

static void an_altered_byte_ends_it(void **state) {
    (void)state;
    place p;
    uint64_t ends[RECORDS];
    place_begin(&p);
    put_records(&p, ends);
    for (uint64_t at = ends[0]; at < ends[1]; at++) {
        flip(p.path, at);
        assert_int_equal(readable(&p, NUMBER), 1);
        flip(p.path, at);
    }
    assert_int_equal(readable(&p, NUMBER), RECORDS);
    place_end(&p);
}

static void records_of_another_file_are_none(void **state) {
    (void)state;
    place p;
    uint64_t ends[RECORDS];
    char other[700];
    place_begin(&p);
    put_records(&p, ends);
    snprintf(other, sizeof other, "%s/journal.8", p.f.path);
    assert_int_equal(rename(p.path, other), 0);
    assert_int_equal(readable(&p, 8), 0);
    place_end(&p);
}

static void a_head_is_whole_or_none(void **state) {
    (void)state;
    place p;
    place_begin(&p);
    segment_found found;
    assert_int_equal(segment_find(p.f.path, &found, &why), 0);
    assert_true(found.any && !found.whole);
    const segment_head h = head_of(NUMBER);
    assert_int_equal(segment_put_head(p.f.path, p.fd, &h, &why), 0);
    assert_int_equal(segment_find(p.f.path, &found, &why), 0);
    assert_true(found.whole && segment_of_this_boot(&found.head));
    assert_memory_equal(&found.head, &h, sizeof h);
    for (uint64_t at = 0; at < SEGMENT_HEAD; at++) {
        flip(p.path, at);
        assert_int_equal(segment_find(p.f.path, &found, &why), 0);
        assert_true(found.any && !found.whole);
        flip(p.path, at);
    }
    place_end(&p);
}

static void the_newest_head_counts(void **state) {
    (void)state;
    place p;
    segment_found found;
    place_begin(&p);
    static const uint64_t numbers[] = {NUMBER, 12, 9, 100};
    for (int i = 0; i < 4; i++) {
        int fd;
        assert_int_equal(segment_make(p.f.path, numbers[i], &fd, &why), 0);
        const segment_head h = head_of(numbers[i]);
        if (numbers[i] != 100) assert_int_equal(segment_put_head(p.f.path, fd, &h, &why), 0);
        close(fd);
    }
    static const char *const others[] = {"journal.", "journal.x", "journal.1x", "journal"};
    for (int i = 0; i < 4; i++) {
        char path[700];
        snprintf(path, sizeof path, "%s/%s", p.f.path, others[i]);
        close(open(path, O_WRONLY | O_CREAT, 0600));
    }
    assert_int_equal(segment_find(p.f.path, &found, &why), 0);
    assert_int_equal(found.first, NUMBER);
    assert_int_equal(found.last, 100);
    assert_int_equal(found.head.number, 12);
    assert_int_equal(found.head.position, 52);
    place_end(&p);
}

static void records_without_any_head_are_damage(void **state) {
    (void)state;
    place p;
    uint64_t ends[RECORDS];
    segment_found found;
    place_begin(&p);
    put_records(&p, ends);
    assert_int_equal(segment_find(p.f.path, &found, &why), TACT_INVALID);
    assert_non_null(strstr(why.text, "its journal is damaged: no file of it has a head; restore a backup"));
    place_end(&p);
}

// ---- Going back -----------------------------------------------------------------------------------------------------

static void make_data(const place *p, char path[700]) {
    static const char page[2 * PAGE] = "x";
    snprintf(path, 700, "%s/data.mdb", p->f.path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, page, sizeof page), sizeof page);
    close(fd);
}

// The first byte of each page.
static void must_begin_with(const char *path, const char *bytes) {
    char byte;
    int fd = open(path, O_RDONLY);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pread(fd, &byte, 1, i * PAGE), 1);
        assert_int_equal(byte, bytes[i]);
    }
    close(fd);
}

// A process that has the store open, as LMDB says it; ends when the pipe is closed.
static pid_t somebody_reads(const place *p, int *release) {
    int ends[2], ready[2];
    char path[700], byte;
    snprintf(path, sizeof path, "%s/lock.mdb", p->f.path);
    assert_int_equal(pipe(ends) | pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct flock shared = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};
        int fd = open(path, O_RDWR | O_CREAT, 0600);
        close(ends[1]);
        if (fcntl(fd, F_SETLK, &shared) || write(ready[1], "r", 1) != 1) _exit(1);
        _exit(read(ends[0], &byte, 1) != 0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ends[0]), close(ready[0]), close(ready[1]);
    *release = ends[1];
    return child;
}

static void goes_back_to_the_newest_head(void **state) {
    (void)state;
    place p;
    char data[700];
    bool restored;
    place_begin(&p);
    make_data(&p, data);
    assert_int_equal(segment_restore(p.f.path, &restored, &why), 0);
    assert_false(restored); // there is no head
    must_begin_with(data, "x");
    const segment_head h = head_of(NUMBER);
    assert_int_equal(segment_put_head(p.f.path, p.fd, &h, &why), 0);
    assert_int_equal(segment_restore(p.f.path, &restored, &why), 0);
    assert_true(restored);
    must_begin_with(data, "ab");
    place_end(&p);
}

static void not_while_others_read_what_they_may_trust(void **state) {
    (void)state;
    place p;
    char data[700], lock[700];
    bool restored;
    int release, status;
    place_begin(&p);
    make_data(&p, data);
    snprintf(lock, sizeof lock, "%s/writer.lock", p.f.path);
    close(open(lock, O_WRONLY | O_CREAT, 0600));
    segment_head h = head_of(NUMBER);
    assert_int_equal(segment_put_head(p.f.path, p.fd, &h, &why), 0);
    pid_t reader = somebody_reads(&p, &release);
    assert_int_equal(segment_restore(p.f.path, &restored, &why), 0);
    assert_false(restored);
    must_begin_with(data, "x");

    segment_distrust(p.f.path); // pages in memory may be another's than those on disk
    assert_int_equal(segment_restore(p.f.path, &restored, &why), TACT_BUSY);
    assert_non_null(strstr(why.text, "while other processes read it; end those, then start again"));
    segment_trust(p.f.path);
    assert_int_equal(segment_restore(p.f.path, &restored, &why), 0);

    h.boot[0] ^= 1; // the system was started anew since
    assert_int_equal(segment_put_head(p.f.path, p.fd, &h, &why), 0);
    assert_int_equal(segment_restore(p.f.path, &restored, &why), TACT_BUSY);
    must_begin_with(data, "x");
    close(release);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
    assert_int_equal(segment_restore(p.f.path, &restored, &why), 0);
    assert_true(restored);
    must_begin_with(data, "ab");
    place_end(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_at_any_byte_leaves_the_records_before),
        cmocka_unit_test(an_altered_byte_ends_it),
        cmocka_unit_test(records_of_another_file_are_none),
        cmocka_unit_test(a_head_is_whole_or_none),
        cmocka_unit_test(the_newest_head_counts),
        cmocka_unit_test(records_without_any_head_are_damage),
        cmocka_unit_test(goes_back_to_the_newest_head),
        cmocka_unit_test(not_while_others_read_what_they_may_trust),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
