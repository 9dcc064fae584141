// SPDX-License-Identifier: Apache-2.0
//
// The figures of this process follow what it does.
#include "server/process.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static process_figures now(void) {
    process_figures f;
    assert_true(process_read(&f));
    return f;
}

static void memory_that_is_used(void **state) {
    (void)state;
    const size_t size = (size_t)64 << 20, most = size / 8 * 7; // the kernel may be some pages late
    process_figures before = now();
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(p != MAP_FAILED);
    process_figures mapped = now();
    assert_true(mapped.virtual_bytes >= before.virtual_bytes + size);
    assert_true(mapped.anonymous_bytes < before.anonymous_bytes + most);
    memset(p, 1, size);
    process_figures used = now();
    assert_true(used.anonymous_bytes >= before.anonymous_bytes + most);
    assert_true(used.resident_bytes >= before.resident_bytes + most);
    assert_true(used.resident_bytes >= used.anonymous_bytes);
    munmap(p, size);
    assert_true(now().anonymous_bytes + most <= used.anonymous_bytes);
}

// A file's pages are in memory, and nobody's own: as those of a store are.
static void pages_of_a_file_are_not_its_own(void **state) {
    (void)state;
    const size_t size = (size_t)32 << 20, most = size / 8 * 7;
    char path[] = "/tmp/tact-process-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    process_figures before = now();
    char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(p != MAP_FAILED);
    memset(p, 1, size);
    process_figures used = now();
    assert_true(used.resident_bytes >= before.resident_bytes + most);
    assert_true(used.anonymous_bytes < before.anonymous_bytes + most);
    munmap(p, size);
    close(fd);
}

static void files_and_threads(void **state) {
    (void)state;
    struct rlimit limit;
    int fds[5];
    process_figures before = now();
    for (int i = 0; i < 5; i++) fds[i] = open("/dev/null", O_RDONLY);
    assert_int_equal(now().open_files, before.open_files + 5);
    for (int i = 0; i < 5; i++) close(fds[i]);
    assert_int_equal(now().open_files, before.open_files);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(before.open_files_max, limit.rlim_cur);
    assert_true(before.threads >= 1);
}

static void processor_time_goes_on(void **state) {
    (void)state;
    double before = now().cpu_seconds;
    volatile uint64_t n = 0;
    while (now().cpu_seconds < before + 0.01) n++; // ends, as this takes time itself
    assert_true(n < UINT64_MAX);
    assert_true(now().cpu_seconds < 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_is_used),
        cmocka_unit_test(pages_of_a_file_are_not_its_own),
        cmocka_unit_test(files_and_threads),
        cmocka_unit_test(processor_time_goes_on),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
