// SPDX-License-Identifier: Apache-2.0
//
// Writing rejects. Subtle: a row may be rejected because it cannot be read, so it is never taken apart here; the three
// new columns are put before it as text.
#include "cli/import_reject.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "cli/cli.h"
#include "cli/import_row.h"
#include "wire/csv.h"
#include "wire/json.h"

#define OBJECT_START "{\"" IMPORT_ROW "\":"
#define OBJECT_LINE ",\"" IMPORT_LINE "\":"
#define OBJECT_REASON ",\"" IMPORT_REASON "\":"

bool import_reject_open(import_reject *r, const char *path, bool json, char separator) {
    // What it holds is of persons, and for nobody else to read.
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "wb");
    *r = (import_reject){.file = file, .path = path, .json = json, .separator = separator, .why = errno};
    if (fd >= 0 && !file) close(fd);
    arena_init(&r->scratch, 0);
    return r->file != NULL;
}

int import_reject_complain(const import_reject *r) {
    cli_complain("%s: %s; --rejects names another file for rows that are refused", r->path, strerror(r->why));
    return CLI_UNREACHABLE;
}

void import_reject_header(import_reject *r, tact_str header) {
    if (!r->file) return;
    fprintf(r->file, IMPORT_ROW "%c" IMPORT_LINE "%c" IMPORT_REASON "%c", r->separator, r->separator, r->separator);
    cli_print(r->file, header);
    fputc('\n', r->file);
}

// The members of an object, behind the three. What is none stands behind an object of the three, which is not JSON: a
// row that nobody has mended is rejected again.
static void add_object(buf *out, tact_str row) {
    size_t at = 1;
    if (row.len == 0) row = TACT_STR("(not kept)");
    if (row.ptr[0] != '{') {
        buf_add_text(out, "} ");
        buf_add_str(out, row);
        return;
    }
    while (at < row.len && (row.ptr[at] == ' ' || row.ptr[at] == '\t')) at++;
    if (at == row.len || row.ptr[at] != '}') buf_add_char(out, ',');
    buf_add(out, row.ptr + at, row.len - at);
}

bool import_reject_add(import_reject *r, uint64_t number, uint64_t line, const char *reason, tact_str row) {
    bool first = r->count++ == 0;
    if (!r->file && first) import_reject_complain(r);
    if (!r->file) return false;
    buf out = buf_in(&r->scratch);
    tact_str why = tact_str_from(reason);
    if (r->json) {
        buf_printf(&out, OBJECT_START "%" PRIu64 OBJECT_LINE "%" PRIu64 OBJECT_REASON, number, line);
        if (json_write(&out, tact_string(why.ptr, why.len))) out.failed = true;
        add_object(&out, row);
    } else {
        buf_printf(&out, "%" PRIu64 "%c%" PRIu64 "%c", number, r->separator, line, r->separator);
        csv_write(&out, why);
        buf_add_char(&out, r->separator);
        buf_add_str(&out, row);
    }
    buf_add_char(&out, '\n');
    cli_print(r->file, buf_done(&out));
    tact_arena_reset(&r->scratch);
    return true;
}

bool import_reject_close(import_reject *r) {
    bool failed = false;
    if (r->file) {
        struct stat s;
        bool regular = fstat(fileno(r->file), &s) == 0 && S_ISREG(s.st_mode);
        failed = fflush(r->file) || ferror(r->file);
        const char *why = strerror(errno);
        fclose(r->file);
        if (failed) cli_complain("%s: %s; not all rows that were refused are in it", r->path, why);
        if (!failed && regular && r->count == 0) unlink(r->path);
    }
    arena_fini(&r->scratch);
    return !failed;
}

// ---- Back -----------------------------------------------------------------------------------------------------------

static bool pass(const char **at, const char *end, tact_str text) {
    if ((size_t)(end - *at) < text.len || memcmp(*at, text.ptr, text.len) != 0) return false;
    *at += text.len;
    return true;
}

static bool pass_number(const char **at, const char *end, uint64_t *number) {
    const char *from = *at;
    while (*at < end && **at >= '0' && **at <= '9') ++*at;
    return num_parse_uint((tact_str){from, (size_t)(*at - from)}, 10, number);
}

static bool pass_text(const char **at, const char *end) {
    bool quoted = pass(at, end, TACT_STR("\""));
    while (*at < end && **at != '"') *at += 1 + (**at == '\\' && *at + 1 < end);
    return quoted && pass(at, end, TACT_STR("\""));
}

tact_str import_reject_object(arena *a, tact_str line, uint64_t *number) {
    const char *at = line.ptr, *end = at + line.len;
    uint64_t row, before;
    bool rejected = pass(&at, end, TACT_STR(OBJECT_START)) && pass_number(&at, end, &row) &&
                    pass(&at, end, TACT_STR(OBJECT_LINE)) && pass_number(&at, end, &before) &&
                    pass(&at, end, TACT_STR(OBJECT_REASON)) && pass_text(&at, end);
    if (!rejected) return line;
    *number = row;
    if (pass(&at, end, TACT_STR("} "))) return (tact_str){at, (size_t)(end - at)};
    buf out = buf_in(a);
    buf_add_char(&out, '{');
    (void)pass(&at, end, TACT_STR(","));
    buf_add(&out, at, (size_t)(end - at));
    return buf_done(&out);
}
