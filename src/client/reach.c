// SPDX-License-Identifier: Apache-2.0
//
// NNG's statistics of a dialer are counts of its failures, by kind, since it began. Subtle: of several kinds that were
// counted, the one is told that says most; after a server that was down comes back with a wrong certificate, it is
// that.
#include "client/reach.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// NNG's names, the most telling first.
static const struct failure {
    const char *counter, *text;
} failures[] = {
    {"auth", "TLS failed: its certificate is not trusted, or made for another name than that of the address, or it "
             "wants one of ours"},
    {"proto", "whoever answers there is no server of Tact's, or does (or does not) want TLS"},
    {"reject", "it lets nobody in"},
    {"disconnect", "it hangs up at once: it has all the connections that it takes, or does (or does not) want TLS"},
    {"refused", "the connection is refused: nobody listens there"},
    {"timeout", "it does not answer"},
    {"oom", "out of memory"},
    {"other", "there is no way to it: the name, the address or the socket's path is wrong"},
};

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
        const char *text = find_failure(all ? nng_stat_find_dialer(all, servers[i].dialer) : NULL);
        each = each && text;
        len = add(out, len, "%s%s: %s", i ? "; " : "", servers[i].url, text ? text : "it does not answer");
    }
    if (all) nng_stats_free(all);
    return each;
}
