// SPDX-License-Identifier: Apache-2.0
//
// `tact token`: a new token for those who ask a server, and the line that lets it in. The token itself is printed once
// and kept nowhere.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sign.h"
#include "cli/cli.h"
#include "cli/opt.h"
#include "server/access.h"
#include "server/setting.h"

// clang-format off
#define OPTIONS(X) \
    X(ROLES,  "roles",  "ROLES", "what it may do: decide, record, publish, operate, page; commas between them") \
    X(APPEND, "append", "FILE",  "add its line to this file of tokens, made if it is not there") \
    X(HELP,   "help",   NULL,    "show this")
// clang-format on

enum {
#define X(name, text, argument, summary) OPT_##name,
    OPTIONS(X)
#undef X
        OPTS_COUNT
};

static const cli_opt options[] = {
#define X(name, text, argument, summary) {text, argument, summary},
    OPTIONS(X)
#undef X
};

static const cli_usage usage = {
    .line = "tact token NAME --roles ROLES [--append FILE]",
    .about = "Makes a token, by which a server knows who asks and what that one may do. Prints it, and then its line "
             "for the\n"
             "file of tokens (`tokens = FILE`), which has the token's hash only: keep the token, it is printed once. "
             "NAME is\n"
             "what the server's log calls it.\n"
             "\n"
             "  tact token website --roles decide,record --append tokens\n"
             "  tact token anna --roles publish                      prints the line as well, for a file elsewhere\n"
             "\n"
             "  decide   decide and context: websites, chat assistants\n"
             "  record   record: all channels\n"
             "  publish  publish, rollback, bundles, explain, simulate: marketers\n"
             "  operate  person, erase, status: operators, the privacy desk\n"
             "  page     decide by identities that nobody can guess, and events with the token of an offer: web pages\n"
             "\n"
             "A server that runs takes the file over when it gets SIGHUP. To withdraw a token, delete its line.\n"
             "\n"
             "Ends with 0; with 1 if the file is not one of tokens, and then has not changed; with 2 if the command "
             "line is\n"
             "wrong; with 3 if the file cannot be written.\n",
    .options = options,
    .options_count = OPTS_COUNT,
    .operands_max = 1,
};

static bool write_all(int fd, tact_str text) {
    while (text.len) {
        ssize_t wrote = write(fd, text.ptr, text.len);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return false;
        text = (tact_str){text.ptr + wrote, text.len - (size_t)wrote};
    }
    return fsync(fd) == 0;
}

static int unwritten(const char *path) {
    cli_complain("%s: %s", path, strerror(errno));
    return CLI_UNREACHABLE;
}

// The line as it is to be added: on a line of its own, whatever the file ends in; {NULL, 0} after a complaint if the
// file would not be one of tokens.
static tact_str fit_line(arena *a, const char *path, tact_str line) {
    access_list *list;
    tact_str before;
    tact_error error;
    tact_err err = settings_file(a, path, &before, &error);
    if (err == TACT_NOT_FOUND) {
        before = TACT_STR("");
        err = TACT_OK;
    }
    size_t len = before.len;
    buf all = buf_in(a);
    buf_add_str(&all, before);
    if (len && before.ptr[len - 1] != '\n') buf_add_char(&all, '\n');
    buf_add_str(&all, line);
    tact_str after = buf_done(&all);
    if (!err) err = access_read(a, path, after, &list, &error);
    if (!err) return (tact_str){after.ptr + len, after.len - len};
    cli_complain("%s", error.text);
    return (tact_str){NULL, 0};
}

// Everybody may read it: who knows hashes of random bytes knows nothing.
static int append(arena *a, const char *path, tact_str line) {
    tact_str added = fit_line(a, path, line);
    if (!added.ptr) return CLI_FAILED;
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) return unwritten(path);
    int code = write_all(fd, added) ? CLI_OK : unwritten(path);
    if (close(fd) != 0 && !code) code = unwritten(path);
    return code;
}

static int make(arena *a, tact_str name, uint32_t roles, const char *path) {
    char token[ACCESS_TOKEN_MAX];
    tact_error error;
    if (access_token_new(token, &error)) {
        cli_complain("%s", error.text);
        return CLI_UNREACHABLE;
    }
    tact_str line = access_line(a, token, name, roles);
    int code = path ? append(a, path, line) : CLI_OK;
    if (!code) {
        puts(token);
        if (!path) cli_print(stdout, line);
    }
    sign_forget(token, sizeof token);
    return code;
}

int cmd_token(int argc, char **argv) {
    const char *given[OPTS_COUNT] = {NULL}, *operands[1] = {NULL};
    cli_args args = {given, operands, 0};
    uint32_t roles;
    tact_error error;
    if (!opt_parse(&usage, argc, argv, &args)) return CLI_USAGE;
    if (given[OPT_HELP]) {
        opt_help(&usage, stdout);
        return CLI_OK;
    }
    if (!operands[0]) return cli_complain("a name is needed; usage: %s", usage.line);
    if (!given[OPT_ROLES]) return cli_complain("`--roles ROLES` is needed; usage: %s", usage.line);
    if (access_name_check(tact_str_from(operands[0]), &error)) return cli_complain("%s", error.text);
    if (access_roles_parse(tact_str_from(given[OPT_ROLES]), &roles, &error)) return cli_complain("%s", error.text);
    arena a;
    arena_init(&a, 0);
    int code = make(&a, tact_str_from(operands[0]), roles, given[OPT_APPEND]);
    arena_fini(&a);
    return code;
}
