// SPDX-License-Identifier: Apache-2.0
//
// Signals are read from a descriptor beside the input's: no handler, no global state, and no read that sleeps through
// them. One that was ignored when the program began (by nohup) stays so.
#include "cli/import_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/cli.h"

static void hold_signals(import_input *in) {
    static const int wanted[] = {SIGINT, SIGTERM};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        struct sigaction now;
        if (sigaction(wanted[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&held, wanted[i]);
    }
    pthread_sigmask(SIG_BLOCK, &held, &in->before);
    in->signals = signalfd(-1, &held, SFD_CLOEXEC);
}

bool import_input_open(import_input *in, const char *path) {
    bool is_stdin = strcmp(path, "-") == 0;
    *in = (import_input){.name = is_stdin ? "<stdin>" : path, .signals = -1};
    sigemptyset(&in->before);
    in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat s;
    if (in->fd < 0 || fstat(in->fd, &s) != 0 || S_ISDIR(s.st_mode)) {
        cli_complain("%s: %s", in->name, strerror(in->fd < 0 ? errno : EISDIR));
        return false;
    }
    if (S_ISREG(s.st_mode)) in->total = (uint64_t)s.st_size;
    hold_signals(in);
    return true;
}

// From now on signals do what they did before.
static void release_signals(import_input *in) {
    if (in->signals < 0) return;
    close(in->signals);
    in->signals = -1;
    pthread_sigmask(SIG_SETMASK, &in->before, NULL);
}

void import_input_close(import_input *in) {
    release_signals(in);
    if (in->fd > STDIN_FILENO) close(in->fd);
}

ptrdiff_t import_input_read(void *input, char *to, size_t room, tact_error *error) {
    import_input *in = input;
    struct pollfd ready[] = {{in->fd, POLLIN, 0}, {in->signals, POLLIN, 0}};
    struct signalfd_siginfo signal;
    ssize_t got;
    do {
        got = poll(ready, sizeof ready / sizeof *ready, -1);
    } while (got < 0 && errno == EINTR);
    if (got > 0 && ready[1].revents && read(in->signals, &signal, sizeof signal) == sizeof signal) {
        in->interrupted = (int)signal.ssi_signo;
        release_signals(in);
        return err_set(error, TACT_BUSY, "interrupted"), -1;
    }
    do {
        got = read(in->fd, to, room);
    } while (got < 0 && errno == EINTR);
    if (got < 0) (void)err_set(error, TACT_IO, "%s", strerror(errno));
    return got;
}

bool import_input_is(const import_input *in, const char *path) {
    struct stat x, y;
    return fstat(in->fd, &x) == 0 && stat(path, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}
