// SPDX-License-Identifier: Apache-2.0
//
// Reading /proc. Memory comes from `status`, whose figures the kernel keeps; smaps_rollup, which others read, walks
// through all pages that are mapped, and holds up whoever maps meanwhile.
#include "server/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STATUS_MAX = 8192 }; // about 1500 bytes are usual; what is asked for stands in the first thousand

static bool read_file(const char *path, char *text, size_t room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, text, room - 1);
    close(fd);
    if (n <= 0) return false;
    text[n] = '\0';
    return true;
}

// The number in the line that begins with `name`: "\nVmRSS:     1234 kB".
static bool number_after(const char *text, const char *name, uint64_t *out) {
    const char *at = strstr(text, name);
    if (!at) return false;
    *out = strtoull(at + strlen(name), NULL, 10);
    return true;
}

static bool read_memory(process_figures *f) {
    char text[STATUS_MAX];
    if (!read_file("/proc/self/status", text, sizeof text)) return false;
    if (!number_after(text, "\nVmSize:", &f->virtual_bytes) || !number_after(text, "\nVmRSS:", &f->resident_bytes) ||
        !number_after(text, "\nRssAnon:", &f->anonymous_bytes) || !number_after(text, "\nThreads:", &f->threads)) {
        return false;
    }
    f->virtual_bytes *= 1024;
    f->resident_bytes *= 1024;
    f->anonymous_bytes *= 1024;
    return true;
}

static bool read_files(process_figures *f) {
    struct rlimit limit;
    DIR *d = opendir("/proc/self/fd");
    if (!d) return false;
    for (struct dirent *e = readdir(d); e; e = readdir(d)) f->open_files += e->d_name[0] != '.';
    closedir(d);
    f->open_files--; // the folder itself
    if (getrlimit(RLIMIT_NOFILE, &limit)) return false;
    f->open_files_max = limit.rlim_cur;
    return true;
}

static double seconds_of(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

bool process_read(process_figures *out) {
    struct rusage used;
    *out = (process_figures){0};
    if (getrusage(RUSAGE_SELF, &used)) return false;
    out->cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
    return read_memory(out) && read_files(out);
}
