// SPDX-License-Identifier: Apache-2.0
//
// NNG tells little of what went wrong, and some of it late (a wss:// without a certificate listens, and then answers
// nobody): so addresses and files are looked at here first, and its numbers are turned into what to do.
//
// Connections are counted before they are let in (ADD_PRE) and when they are gone (REM_POST); the latter comes for
// every one that the former came for, also for those that were closed there.
#include "server/listen.h"

#include <errno.h>
#include <nng/supplemental/tls/tls.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/utf8.h"
#include "server/address.h"

// A request longer than `message_max` is still read, up to so many times as much, so that it can be told why it is
// refused; NNG counts what travels before it as well: the number that REQ gives it.
enum { READ_FACTOR = 4, REQUEST_HEADER = 4 };

struct listeners {
    setting_texts addresses;
    _Atomic uint32_t connections, connections_max;
    _Atomic uint64_t total, refused; // that were let in, that were not
    atomic_bool closed;
};

// ---- Connections ----------------------------------------------------------------------------------------------------

static void come(nng_pipe pipe, nng_pipe_ev event, void *context) {
    listeners *l = context;
    (void)event;
    bool room = atomic_fetch_add(&l->connections, 1) < atomic_load(&l->connections_max);
    if (room && !atomic_load(&l->closed)) {
        atomic_fetch_add(&l->total, 1);
    } else {
        atomic_fetch_add(&l->refused, 1);
        nng_pipe_close(pipe);
    }
}

static void go(nng_pipe pipe, nng_pipe_ev event, void *context) {
    listeners *l = context;
    (void)pipe, (void)event;
    atomic_fetch_sub(&l->connections, 1);
}

void listen_gauges(const listeners *l, metrics_gauges *g) {
    g->connections = atomic_load(&l->connections);
    g->connections_total = atomic_load(&l->total);
    g->connections_refused = atomic_load(&l->refused);
}

void listen_set_connections(listeners *l, uint32_t most) {
    atomic_store(&l->connections_max, most);
}

void listen_close(listeners *l) {
    atomic_store(&l->closed, true);
}

setting_texts listen_addresses(const listeners *l) {
    return l->addresses;
}

// That somebody is gone is learnt by reading from him, and only there. For NNG 1.5.2 has two faults. A client who is
// gone before he is greeted: if the greeting's write ends in EPIPE, NNG takes it for the listener's own end
// (NNG_ECLOSED) and never accepts again. And a client who goes with requests in flight: if a reply to him fails, NNG
// closes his connection while the next request is being read, that reading is begun once more and never ends, and the
// one thread that takes connections away waits for it for ever: none goes any more, and the server never stops. So the
// program has two functions which NNG's library finds before libc's, and which know nothing of it: what is written to
// somebody who is gone counts as written, and a connection that was hung up on, of which NNG would let writes fail that
// wait, is one that can be read from and written to.
#define OVERRIDES_LIBC __attribute__((visibility("default")))

OVERRIDES_LIBC ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);
    if (sent >= 0 || (errno != EPIPE && errno != ECONNRESET)) return sent;
    sent = 0;
    for (size_t i = 0; i < (size_t)message->msg_iovlen; i++) sent += (ssize_t)message->msg_iov[i].iov_len;
    return sent;
}

OVERRIDES_LIBC int epoll_wait(int fd, struct epoll_event *events, int most, int timeout_ms) {
    int count = epoll_pwait(fd, events, most, timeout_ms, NULL);
    for (int i = 0; i < count; i++) {
        if (!(events[i].events & (EPOLLHUP | EPOLLERR))) continue;
        events[i].events = EPOLLIN | EPOLLOUT;
    }
    return count;
}

// ---- TLS ------------------------------------------------------------------------------------------------------------

// The text of a PEM file, which must have a block of this kind.
static tact_err read_pem(arena *a, const char *setting, tact_str path, const char *block, tact_str *out,
                         tact_error *error) {
    tact_error why;
    tact_err err = settings_file(a, path.ptr, out, &why);
    if (err) return err_set(error, err, "%s: %s", setting, why.text);
    if (strstr(out->ptr, block)) return TACT_OK;
    return err_set(error, TACT_INVALID,
                   "%s: %.200s has no `-----%s …`: it has to be PEM, text, with all that is wanted", setting, path.ptr,
                   block);
}

static tact_err no_tls(int number, const char *setting, const char *what, tact_str path, tact_error *error) {
    return err_set(error, number == NNG_ENOMEM ? TACT_NO_MEMORY : TACT_INVALID, "%s: %.200s %s (%s)", setting, path.ptr,
                   what, nng_strerror(number));
}

static tact_err fill_tls(nng_tls_config *config, arena *a, const settings *s, tact_error *error) {
    tact_str text;
    tact_err err = read_pem(a, "tls_cert", s->tls_cert, "BEGIN CERTIFICATE", &text, error);
    if (!err && !strstr(text.ptr, "PRIVATE KEY-----"))
        return err_set(error, TACT_INVALID,
                       "tls_cert: %.200s has a certificate and no private key; both go into this file: cat cert.pem "
                       "key.pem >server.pem",
                       s->tls_cert.ptr);
    if (err) return err;
    int number = nng_tls_config_own_cert(config, text.ptr, text.ptr, NULL);
    if (number)
        return no_tls(number, "tls_cert",
                      "has a certificate and a key that cannot be used: is the key without a "
                      "password, and the certificate's?",
                      s->tls_cert, error);
    if (!s->tls_ca.len) return TACT_OK;
    err = read_pem(a, "tls_ca", s->tls_ca, "BEGIN CERTIFICATE", &text, error);
    if (err) return err;
    number = nng_tls_config_ca_chain(config, text.ptr, NULL);
    if (!number) number = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
    return number ? no_tls(number, "tls_ca", "has no certificates that can be used", s->tls_ca, error) : TACT_OK;
}

// ---- Listening ------------------------------------------------------------------------------------------------------

static const struct reason {
    int number;
    tact_err err;
    const char *text;
} reasons[] = {
    {NNG_EADDRINUSE, TACT_IO, "another program listens there; stop it, or choose another port (0: the system chooses)"},
    {NNG_EADDRINVAL, TACT_IO, "this machine has no such address, or nobody knows the host's name"},
    {NNG_EPERM, TACT_IO, "permission is missing: ports below 1024, and folders of others, are not for everyone"},
    {NNG_ENOENT, TACT_IO, "the folder that the socket is to be in is not there; make it first"},
    {NNG_ENOMEM, TACT_NO_MEMORY, "out of memory"},
    {NNG_ENOFILES, TACT_IO, "too many files are open; see `ulimit -n`"},
};

tact_err listen_refused(tact_str url, int number, tact_error *error) {
    utf8_shown room;
    address where;
    const char *shown = utf8_show(&room, url);
    if (number == NNG_EADDRINUSE && !address_read(url, &where, NULL) && !where.network)
        return err_set(error, TACT_IO, "%s: another program listens there; stop it, or choose another path", shown);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        if (reasons[i].number == number) return err_set(error, reasons[i].err, "%s: %s", shown, reasons[i].text);
    }
    return err_set(error, TACT_IO, "%s: it cannot be listened on: %s", shown, nng_strerror(number));
}

// Frames are what messages come in over a WebSocket; a browser sends each in one.
static int set_options(nng_listener listener, const address *where, const settings *s) {
    size_t most = READ_FACTOR * (size_t)s->message_max + REQUEST_HEADER;
    int number = nng_listener_set_size(listener, NNG_OPT_RECVMAXSZ, most);
    if (!number && where->websocket) number = nng_listener_set_size(listener, NNG_OPT_WS_RECVMAXFRAME, most);
    if (!number && where->network) number = nng_listener_set_bool(listener, NNG_OPT_TCP_NODELAY, true);
    if (!number && where->network) number = nng_listener_set_bool(listener, NNG_OPT_TCP_KEEPALIVE, true);
    return number;
}

// The URL with the port that it has now.
static tact_err read_back(arena *a, nng_listener listener, tact_str url, const address *where, tact_str *out,
                          tact_error *error) {
    int port = 0;
    if (where->network) {
        int number = nng_listener_get_int(listener, NNG_OPT_TCP_BOUND_PORT, &port);
        if (number) return listen_refused(url, number, error);
    }
    char *text = where->network ? arena_printf(a, "%.*s%d%.*s", (int)(where->port.ptr - url.ptr), url.ptr, port,
                                               (int)where->rest.len, where->rest.ptr)
                                : arena_copy(a, url.ptr, url.len);
    *out = tact_str_from(text);
    return text ? TACT_OK : err_set(error, TACT_NO_MEMORY, "out of memory");
}

static tact_err listen_on(arena *a, nng_socket socket, const settings *s, nng_tls_config *tls, tact_str url,
                          tact_str *out, tact_error *error) {
    nng_listener listener;
    address where;
    tact_err err = address_read(url, &where, error);
    if (err) return err;
    int number = nng_listener_create(&listener, socket, url.ptr);
    if (!number) number = set_options(listener, &where, s);
    if (!number && where.secure) number = nng_listener_set_ptr(listener, NNG_OPT_TLS_CONFIG, tls);
    if (!number) number = nng_listener_start(listener, 0);
    return number ? listen_refused(url, number, error) : read_back(a, listener, url, &where, out, error);
}

static tact_err listen_all(arena *a, nng_socket socket, const settings *s, nng_tls_config *tls, listeners *l,
                           tact_error *error) {
    tact_str *addresses = arena_array(a, s->listen.count, sizeof *addresses);
    if (!addresses) return err_set(error, TACT_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < s->listen.count; i++) {
        tact_err err = listen_on(a, socket, s, tls, s->listen.of[i], &addresses[i], error);
        if (err) return err;
    }
    l->addresses = (setting_texts){addresses, s->listen.count};
    return TACT_OK;
}

tact_err listen_open(arena *a, nng_socket socket, const settings *s, listeners **out, tact_error *error) {
    listeners *l = ARENA_NEW(a, listeners);
    nng_tls_config *tls = NULL;
    if (!l) return err_set(error, TACT_NO_MEMORY, "out of memory");
    tact_err err = settings_check(s, error); // before anybody can come in
    if (err) return err;
    atomic_store(&l->connections_max, s->connections);
    int number = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, come, l);
    if (!number) number = nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, go, l);
    if (!number && s->tls_cert.len) number = nng_tls_config_alloc(&tls, NNG_TLS_MODE_SERVER);
    if (number) return err_set(error, TACT_IO, "listening: %s", nng_strerror(number));
    if (tls) err = fill_tls(tls, a, s, error);
    if (!err) err = listen_all(a, socket, s, tls, l, error);
    if (tls) nng_tls_config_free(tls); // the listeners hold it
    if (!err) *out = l;
    return err;
}
