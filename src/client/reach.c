// SPDX-License-Identifier: Apache-2.0
//
// NNG's statistics of a dialer are counts of its failures, by kind, since it began. Subtle: of several kinds that were
// counted, the one is told that says most; after a server that was down comes back with a wrong certificate, it is
// that.
#include "client/reach.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LEVELS = 3 }; // all, sockets, dialers

// NNG's names, the most telling first.
static const struct failure {
    const char *counter, *text;
} failures[] = {
    {"auth", "TLS failed: its certificate is not trusted, or made for another name than that of the address, or it "
             "wants one of ours"},
    {"proto", "whoever answers there is no server of Tact's, or does (or does not) want TLS"},
    {"reject", "it lets nobody in"},
    {"disconnect", "it hangs up at once: it has all the connections that it takes, or does (or does not) want TLS"},
    {"refused", "the connection is refused: nobody listens there, or (ws://, wss://) not by this name and path"},
    {"timeout", "it does not answer"},
    {"oom", "out of memory"},
    {"other", "there is no way to it (the name, the address, the socket's path), or it hangs up: does it want TLS?"},
};

// NNG's own search for a dialer of this number finds another: it looks at the number of the topmost only. So each node
// is visited here, parents first; the tree is a few levels deep.
static nng_stat *find_dialer(nng_stat *stat, uint64_t number, int depth) {
    nng_stat *id = strcmp(nng_stat_name(stat), "dialer") == 0 ? nng_stat_find(stat, "id") : NULL;
    if (id && nng_stat_value(id) == number) return stat;
    nng_stat *found = NULL;
    for (nng_stat *c = depth ? nng_stat_child(stat) : NULL; c && !found; c = nng_stat_next(c)) {
        found = find_dialer(c, number, depth - 1);
    }
    return found;
}

static const char *find_failure(nng_stat *dialer) {
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        nng_stat *one = dialer ? nng_stat_find(dialer, failures[i].counter) : NULL;
        if (one && nng_stat_value(one)) return failures[i].text;
    }
    return NULL;
}

// Cuts what is too long.
static size_t add(reach_text *out, size_t len, const char *format, ...) __attribute__((format(printf, 3, 4)));
static size_t add(reach_text *out, size_t len, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out->text + len, sizeof out->text - len, format, args);
    va_end(args);
    len += n > 0 ? (size_t)n : 0;
    return len < sizeof out->text ? len : sizeof out->text - 1;
}

bool reach_why(const reach_server *servers, size_t count, reach_text *out) {
    nng_stat *all = NULL;
    bool each = true;
    size_t len = 0;
    out->text[0] = '\0';
    if (nng_stats_get(&all)) all = NULL; // out of memory: nothing is known
    for (size_t i = 0; i < count; i++) {
        const char *text = find_failure(all ? find_dialer(all, (uint64_t)nng_dialer_id(servers[i].dialer), LEVELS)
                                            : NULL);
        each = each && text;
        len = add(out, len, "%s%s: %s", i ? "; " : "", servers[i].url, text ? text : "it does not answer");
    }
    if (all) nng_stats_free(all);
    return each;
}
