// SPDX-License-Identifier: Apache-2.0
//
// What the commands share. Reports are coloured here, line by line, so that nothing below the command line knows of
// terminals.
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

#define BOLD "\033[1m"
#define RED "\033[1;31m"
#define GREEN "\033[1;32m"
#define PLAIN "\033[0m"

int cli_complain(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fputs("tact: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return CLI_USAGE;
}

bool cli_read_file(const char *path, arena *a, tact_str *out) {
    bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rb");
    if (!file) {
        cli_complain("%s: %s", path, strerror(errno));
        return false;
    }
    buf text = buf_in(a);
    char block[4096];
    size_t got;
    while ((got = fread(block, 1, sizeof block, file)) > 0 && text.len <= CLI_FILE_MAX) buf_add(&text, block, got);
    const char *why = NULL;
    if (ferror(file)) {
        why = strerror(errno);
    } else if (text.len > CLI_FILE_MAX) {
        why = "the file is larger than 64 MiB";
    }
    if (!is_stdin) fclose(file);
    *out = buf_done(&text);
    if (!why && !out->ptr) why = tact_err_text(TACT_NO_MEMORY);
    if (why) cli_complain("%s: %s", is_stdin ? "<stdin>" : path, why);
    return !why;
}

void cli_print(FILE *stream, tact_str text) {
    fwrite(text.ptr, 1, text.len, stream);
}

// ---- Reports --------------------------------------------------------------------------------------------------------

static bool begins(tact_str line, const char *with) {
    return line.len >= strlen(with) && memcmp(line.ptr, with, strlen(with)) == 0;
}

// A line of a report: the headline in bold with its kind in red, the line of carets in green, others as they are.
static void print_colored(tact_str line) {
    size_t blank = 0;
    while (blank < line.len && (line.ptr[blank] == ' ' || line.ptr[blank] == '\t' || line.ptr[blank] == '|')) blank++;
    tact_str rest = {line.ptr + blank, line.len - blank};
    if (begins(rest, "^")) {
        fprintf(stderr, "%.*s" GREEN "%.*s" PLAIN, (int)blank, line.ptr, (int)rest.len, rest.ptr);
        return;
    }
    const char *mark = blank ? NULL : strstr(line.ptr, ": error: "); // the report ends in a zero
    const char *text = mark + strlen(": error: "), *end = line.ptr + line.len;
    if (!mark || text > end) {
        cli_print(stderr, line);
        return;
    }
    fprintf(stderr, BOLD "%.*s: " RED "error: " PLAIN BOLD "%.*s" PLAIN, (int)(mark - line.ptr), line.ptr,
            (int)(end - text), text);
}

bool cli_may_color(FILE *stream) {
    const char *no_color = getenv("NO_COLOR");
    return !(no_color && *no_color) && isatty(fileno(stream));
}

void cli_print_report(tact_str report) {
    if (!cli_may_color(stderr)) {
        cli_print(stderr, report);
        return;
    }
    for (const char *at = report.ptr, *end = at + report.len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        print_colored((tact_str){at, (size_t)(stop - at)});
        if (newline) fputc('\n', stderr);
        at = stop + 1;
    }
}
