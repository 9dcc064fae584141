// SPDX-License-Identifier: Apache-2.0
//
// Reads an address strictly, so that what is wrong with it is told here, in words, and not by a socket in a number. A
// host is local only if it says so itself: what a name means may change while the server runs.
#include "server/address.h"

#include "base/err.h"
#include "base/near.h"
#include "base/num.h"
#include "base/utf8.h"

static const struct scheme {
    const char *name, *example;
    bool network, secure, websocket;
} schemes[] = {
    [ADDRESS_TCP] = {"tcp", "tcp://127.0.0.1:7420", true, false, false},
    [ADDRESS_TLS] = {"tls+tcp", "tls+tcp://0.0.0.0:7420", true, true, false},
    [ADDRESS_WS] = {"ws", "ws://127.0.0.1:7422", true, false, true},
    [ADDRESS_WSS] = {"wss", "wss://0.0.0.0:7422", true, true, true},
    [ADDRESS_IPC] = {"ipc", "ipc:///run/tact/tact.ipc", false, false, false},
    [ADDRESS_INPROC] = {"inproc", "inproc://tact", false, false, false},
    [ADDRESS_HTTP] = {"http", "http://127.0.0.1:7421", true, false, false},
};
#define SCHEMES (sizeof schemes / sizeof *schemes)

static bool begins(tact_str text, const char *with) {
    return text.len >= strlen(with) && memcmp(text.ptr, with, strlen(with)) == 0;
}

// "tcp" of "tcp://…", all of it if there is no "://".
static tact_str scheme_of(tact_str text) {
    for (size_t i = 0; i + 3 <= text.len; i++) {
        if (memcmp(text.ptr + i, "://", 3) == 0) return (tact_str){text.ptr, i};
    }
    return text;
}

static tact_err no_scheme(tact_str text, tact_str name, tact_error *error) {
    utf8_shown room;
    near n = near_to(name);
    for (size_t i = 0; i < SCHEMES; i++) near_offer(&n, tact_str_from(schemes[i].name));
    if (name.len < text.len && n.best.len)
        return err_set(error, TACT_INVALID, "`%s`: there is no such kind of address; did you mean `%.*s://`?",
                       utf8_show(&room, text), (int)n.best.len, n.best.ptr);
    return err_set(error, TACT_INVALID,
                   "`%s` is no address: it begins with tcp://, tls+tcp://, ws://, wss:// or ipc://, as %s",
                   utf8_show(&room, text), schemes[ADDRESS_TCP].example);
}

// 127.0.0.1, and not 127.example.org.
static bool is_loopback_number(tact_str host) {
    bool digits = begins(host, "127.");
    for (size_t i = 0; i < host.len; i++) digits &= host.ptr[i] == '.' || (host.ptr[i] >= '0' && host.ptr[i] <= '9');
    return digits;
}

static bool is_local(tact_str host) {
    return tact_str_equal(host, TACT_STR("localhost")) || tact_str_equal(host, TACT_STR("[::1]")) ||
           is_loopback_number(host);
}

static bool is_every(tact_str host) {
    static const char *const every[] = {"", "*", "0.0.0.0", "[::]"};
    bool is = false;
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) is |= tact_str_equal(host, tact_str_from(every[i]));
    return is;
}

// "HOST:PORT/REST", where HOST may be "[…]"; false if it is not.
static bool read_network(tact_str text, address *out) {
    const char *end = text.ptr + text.len, *at = text.ptr;
    if (at < end && *at == '[') {
        at = memchr(at, ']', text.len);
        if (!at) return false;
        at++;
    } else {
        while (at < end && *at != ':' && *at != '/') at++;
    }
    out->host = (tact_str){text.ptr, (size_t)(at - text.ptr)};
    if (at == end || *at != ':') return false;
    const char *port = ++at;
    while (at < end && *at != '/') at++;
    out->port = (tact_str){port, (size_t)(at - port)};
    out->rest = (tact_str){at, (size_t)(end - at)};
    uint64_t number;
    return num_parse_uint(out->port, 10, &number) && number <= UINT16_MAX;
}

tact_err address_read(tact_str text, address *out, tact_error *error) {
    utf8_shown room;
    tact_str name = scheme_of(text);
    size_t kind = 0;
    while (kind < SCHEMES && !tact_str_equal(name, tact_str_from(schemes[kind].name))) kind++;
    if (kind == SCHEMES || name.len == text.len) return no_scheme(text, name, error);
    const struct scheme *s = &schemes[kind];
    tact_str rest = {text.ptr + name.len + 3, text.len - name.len - 3};
    *out = (address){.kind = (address_kind)kind,
                     .network = s->network,
                     .secure = s->secure,
                     .websocket = s->websocket,
                     .local = !s->network,
                     .rest = rest};
    if (!s->network && rest.len == 0)
        return err_set(error, TACT_INVALID, "`%s`: what comes behind :// is missing, as in %s", utf8_show(&room, text),
                       s->example);
    if (!s->network) return TACT_OK;
    if (!read_network(rest, out))
        return err_set(error, TACT_INVALID, "`%s`: behind :// come a host and a port, 0 to 65535, as in %s",
                       utf8_show(&room, text), s->example);
    if (out->rest.len > 1 && !s->websocket)
        return err_set(error, TACT_INVALID, "`%s`: nothing comes behind the port, as in %s", utf8_show(&room, text),
                       s->example);
    out->local = is_local(out->host);
    out->every = is_every(out->host);
    return TACT_OK;
}
