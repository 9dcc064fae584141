// SPDX-License-Identifier: Apache-2.0
//
// Settings by their table: a row's name, kind and standard come from setting_tbl.h, how a kind is read is one function,
// and `rules` adds what single settings want beyond their kind, so that a mistake is told where it stands. What only
// shows when all are there is settings_check's.
#include "server/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/near.h"
#include "base/num.h"
#include "base/utf8.h"
#include "server/address.h"
#include "server/line.h"
#include "wire/msgpack.h"

#define VARIABLE "TACT_" // what variables of the environment begin with

static const setting_row rows[SETTINGS] = {
#define X(NAME, name, KIND, standard, CHANGES, argument, doc) {#name, standard, argument, doc, SETTING_##KIND, CHANGES},
#define LIVE true
#define FIXED false
#include "server/setting_tbl.h"
#undef FIXED
#undef LIVE
#undef X
};

static const struct place {
    size_t at, size; // in settings
} places[SETTINGS] = {
#define X(NAME, name, KIND, standard, CHANGES, argument, doc) {offsetof(settings, name), sizeof(setting_##KIND)},
#include "server/setting_tbl.h"
#undef X
};

const setting_row *setting_rows(void) {
    return rows;
}

static void *slot_of(settings *s, setting_name name) {
    return (char *)s + places[name].at;
}

static const void *slot_in(const settings *s, setting_name name) {
    return (const char *)s + places[name].at;
}

// ---- Kinds ----------------------------------------------------------------------------------------------------------

static const struct unit {
    const char *name;
    uint64_t factor;
} bytes_units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}},
  span_units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}},
  count_units[] = {{"", 1}, {NULL, 0}};

// Digits and a unit; false if it is anything else. What is more than 64 bits have is as much as they have: too much,
// which the bounds tell.
static bool read_units(tact_str text, const struct unit *units, uint64_t *out) {
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') digits++;
    uint64_t number;
    if (!digits) return false;
    if (!num_parse_uint((tact_str){text.ptr, digits}, 10, &number)) number = UINT64_MAX;
    tact_str unit = {text.ptr + digits, text.len - digits};
    for (const struct unit *u = units; u->name; u++) {
        if (!tact_str_equal(unit, tact_str_from(u->name))) continue;
        *out = number > UINT64_MAX / u->factor ? UINT64_MAX : number * u->factor;
        return true;
    }
    return false;
}

static bool read_text(tact_str text, void *out) {
    *(setting_TEXT *)out = text;
    return true;
}

static bool read_count(tact_str text, void *out) {
    uint64_t number;
    if (!read_units(text, count_units, &number) || number > UINT32_MAX) return false;
    *(setting_COUNT *)out = (setting_COUNT)number;
    return true;
}

static bool read_bytes(tact_str text, void *out) {
    return read_units(text, bytes_units, out);
}

static bool read_span(tact_str text, void *out) {
    uint64_t ms = 0; // which needs no unit
    if (!tact_str_equal(text, TACT_STR("0")) && !read_units(text, span_units, &ms)) return false;
    *(setting_SPAN *)out = (setting_SPAN)ms;
    return ms <= UINT32_MAX;
}

static bool read_share(tact_str text, void *out) {
    bool percent = text.len && text.ptr[text.len - 1] == '%';
    double share;
    if (!num_parse_double((tact_str){text.ptr, text.len - percent}, &share)) return false;
    if (percent) share /= 100;
    *(setting_SHARE *)out = share;
    return share >= 0 && share <= 1; // no NaN either
}

static const struct kind {
    bool (*read)(tact_str text, void *out); // false: the text is none
    const char *wanted;                     // what it is, for people
    const struct unit *units;               // of numbers: one that is not read is too large
} kinds[] = {
    [SETTING_TEXT] = {read_text, "text", NULL},
    [SETTING_TEXTS] = {read_text, "text", NULL}, // of one item
    [SETTING_COUNT] = {read_count, "a whole number is wanted, as 250", count_units},
    [SETTING_BYTES] = {read_bytes, "a number of bytes is wanted, as 4096, 64K, 4M or 1G", bytes_units},
    [SETTING_SPAN] = {read_span, "a span of time is wanted, as 250ms, 10s, 5m or 1h", span_units},
    [SETTING_SHARE] = {read_share, "a share is wanted, from 0 to 1, as 0.05 or 5%", NULL},
};

// ---- Rules ----------------------------------------------------------------------------------------------------------

static tact_err check_listen(tact_str text, tact_error *error) {
    address a;
    tact_err err = address_read(text, &a, error);
    if (!err && a.kind == ADDRESS_HTTP)
        return err_set(error, TACT_INVALID, "http:// is for metrics alone (the setting `http`); did you mean ws://?");
    return err;
}

static tact_err check_http(tact_str text, tact_error *error) {
    address a;
    if (!text.len) return TACT_OK; // nowhere
    tact_err err = address_read(text, &a, error);
    if (!err && a.kind != ADDRESS_HTTP)
        return err_set(error, TACT_INVALID, "metrics are told over http:// alone, as in http://127.0.0.1:7421");
    return err;
}

static tact_err check_log(tact_str text, tact_error *error) {
    line_log probe;
    line_init(&probe, -1);
    return line_set(&probe, text, TACT_STR("info"), error);
}

static tact_err check_log_level(tact_str text, tact_error *error) {
    line_log probe;
    line_init(&probe, -1);
    return line_set(&probe, TACT_STR("logfmt"), text, error);
}

// What single settings want beyond their kind. Bounds keep mistakes (a number too many) from becoming a server that
// takes all memory or answers nobody.
static const struct rule {
    uint64_t least, most; // of COUNT and BYTES; 0, 0: none
    const char *why;      // not more; NULL: nobody needs as much
    tact_err (*check)(tact_str text, tact_error *error);
} rules[SETTINGS] = {
    [SETTING_NAME_LISTEN] = {.check = check_listen},
    [SETTING_NAME_HTTP] = {.check = check_http},
    [SETTING_NAME_LOG] = {.check = check_log},
    [SETTING_NAME_LOG_LEVEL] = {.check = check_log_level},
    [SETTING_NAME_WORKERS] = {.least = 0, .most = 1024},
    [SETTING_NAME_QUEUE] = {.least = 0, .most = 1000000},
    [SETTING_NAME_CONTEXTS] = {.least = 2, .most = 65536}, // half of them are what may wait
    [SETTING_NAME_WAITERS] = {.least = 1, .most = 1024},
    [SETTING_NAME_CONNECTIONS] = {.least = 1, .most = 1000000},
    [SETTING_NAME_MESSAGE_MAX] = {.least = 1 << 10, .most = MSGPACK_BYTES_MAX, .why = ": no message is longer"},
    [SETTING_NAME_BATCH_MAX] = {.least = 1, .most = 1000000},
    [SETTING_NAME_SIMULATE_MAX] = {.least = 0, .most = 100000000},
    [SETTING_NAME_HISTORY_DAYS] = {.least = 0, .most = 36500},
};

static tact_err out_of_bounds(const struct rule *r, tact_error *error) {
    return err_set(error, TACT_INVALID, "it can be %llu to %llu%s", (unsigned long long)r->least,
                   (unsigned long long)r->most, r->why ? r->why : "");
}

static tact_err check_bounds(const struct rule *r, setting_kind kind, const void *value, tact_error *error) {
    if (!r->most) return TACT_OK;
    uint64_t number = kind == SETTING_COUNT ? *(const setting_COUNT *)value : *(const setting_BYTES *)value;
    return number >= r->least && number <= r->most ? TACT_OK : out_of_bounds(r, error);
}

// Why a text could not be read: it is none of its kind, or too large a number.
static tact_err unreadable(const struct rule *r, const struct kind *kind, tact_str text, tact_error *error) {
    uint64_t number;
    utf8_shown room;
    const char *shown = utf8_show(&room, text);
    if (!kind->units || !read_units(text, kind->units, &number))
        return err_set(error, TACT_INVALID, "`%s`: %s", shown, kind->wanted);
    return r->most ? out_of_bounds(r, error) : err_set(error, TACT_INVALID, "`%s`: it is too much", shown);
}

// ---- Setting --------------------------------------------------------------------------------------------------------

// Whether a text can stand for anything: one line, and no zero that would end it early.
static bool is_line(tact_str text) {
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] < ' ') return false;
    }
    return true;
}

static tact_err add_text(setting_texts *list, arena *a, tact_str text, bool first, tact_error *error) {
    uint32_t before = first ? 0 : list->count, after = before + (text.len > 0);
    tact_str *items = arena_array(a, after ? after : 1, sizeof *items);
    if (!items) return err_set(error, TACT_NO_MEMORY, "out of memory");
    if (before) memcpy(items, list->of, before * sizeof *items);
    if (text.len) items[before] = text;
    *list = (setting_texts){items, after};
    return TACT_OK;
}

void settings_default(settings *s) {
    static const tact_str standards[SETTINGS] = {
#define X(NAME, name, KIND, standard, CHANGES, argument, doc) {standard, sizeof(standard) - 1},
#include "server/setting_tbl.h"
#undef X
    };
    *s = (settings){0};
    for (setting_name name = 0; name < SETTINGS; name++) {
        void *slot = slot_of(s, name);
        if (rows[name].kind == SETTING_TEXTS) {
            *(setting_texts *)slot = (setting_texts){&standards[name], standards[name].len > 0};
        } else {
            (void)kinds[rows[name].kind].read(standards[name], slot); // the table's own; tested
        }
    }
}

// As settings_set, with an error that does not say where.
static tact_err set(settings *s, arena *a, setting_name name, tact_str text, bool first, tact_error *error) {
    const struct kind *kind = &kinds[rows[name].kind];
    union {
        setting_TEXT text;
        setting_COUNT count;
        setting_BYTES bytes;
        setting_SHARE share;
    } value;
    if (!is_line(text)) return err_set(error, TACT_INVALID, "it has characters that are not to be seen; write it anew");
    if (!kind->read(text, &value)) return unreadable(&rules[name], kind, text, error);
    bool list = rows[name].kind == SETTING_TEXTS;
    tact_err err = check_bounds(&rules[name], rows[name].kind, &value, error);
    if (!err && rules[name].check && !(list && !text.len)) err = rules[name].check(text, error);
    if (err) return err;
    if (list || rows[name].kind == SETTING_TEXT) {
        char *copy = arena_copy(a, text.ptr, text.len);
        if (!copy) return err_set(error, TACT_NO_MEMORY, "out of memory");
        value.text = (tact_str){copy, text.len};
    }
    if (list) return add_text(slot_of(s, name), a, value.text, first, error);
    memcpy(slot_of(s, name), &value, places[name].size);
    return TACT_OK;
}

tact_err settings_set(settings *s, arena *a, setting_name name, tact_str text, bool first, const char *where,
                      tact_error *error) {
    tact_error why;
    tact_err err = set(s, a, name, text, first, &why);
    return err ? err_set(error, err, "%s: %s", where, why.text) : TACT_OK;
}

// ---- A file ---------------------------------------------------------------------------------------------------------

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static tact_str trim(tact_str s) {
    while (s.len && is_blank(s.ptr[0])) s = (tact_str){s.ptr + 1, s.len - 1};
    while (s.len && is_blank(s.ptr[s.len - 1])) s.len--;
    return s;
}

// Up to a `#` that begins the line or stands behind a blank: what a path or a URL has within is its own.
static tact_str without_comment(tact_str line) {
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '#' && (i == 0 || is_blank(line.ptr[i - 1]))) return (tact_str){line.ptr, i};
    }
    return line;
}

static setting_name find(tact_str name) {
    setting_name i = 0;
    while (i < SETTINGS && !tact_str_equal(name, tact_str_from(rows[i].name))) i++;
    return i;
}

static tact_err unknown(tact_str name, const char *where, tact_error *error) {
    utf8_shown room;
    near n = near_to(name);
    for (setting_name i = 0; i < SETTINGS; i++) near_offer(&n, tact_str_from(rows[i].name));
    if (n.best.len)
        return err_set(error, TACT_INVALID, "%s: there is no setting `%s`; did you mean `%.*s`?", where,
                       utf8_show(&room, name), (int)n.best.len, n.best.ptr);
    return err_set(error, TACT_INVALID, "%s: there is no setting `%s`; `tact serve --help` lists them", where,
                   utf8_show(&room, name));
}

// One line of a file; `lines` is where each setting stood last, 0: nowhere.
static tact_err read_line(settings *s, arena *a, tact_str line, const char *where, uint32_t number, uint32_t *lines,
                          tact_error *error) {
    line = trim(without_comment(line));
    if (!line.len) return TACT_OK;
    const char *equals = memchr(line.ptr, '=', line.len);
    if (!equals)
        return err_set(error, TACT_INVALID, "%s: a line is `name = value`; what follows a # is not read", where);
    size_t before = (size_t)(equals - line.ptr);
    tact_str name = trim((tact_str){line.ptr, before});
    setting_name row = find(name);
    if (row == SETTINGS) return unknown(name, where, error);
    if (lines[row] && rows[row].kind != SETTING_TEXTS)
        return err_set(error, TACT_INVALID, "%s: `%s` is set already, in line %u", where, rows[row].name, lines[row]);
    tact_str value = trim((tact_str){equals + 1, line.len - before - 1});
    tact_err err = settings_set(s, a, row, value, !lines[row], where, error);
    lines[row] = number;
    return err;
}

tact_err settings_read(settings *s, arena *a, const char *file, tact_str text, tact_error *error) {
    uint32_t lines[SETTINGS] = {0}, number = 1;
    settings read = *s; // half a file is none
    for (size_t at = 0; at < text.len; number++) {
        const char *start = text.ptr + at, *newline = memchr(start, '\n', text.len - at);
        size_t len = newline ? (size_t)(newline - start) : text.len - at;
        char where[300];
        buf b = buf_over(where, sizeof where);
        buf_printf(&b, "%.240s:%u", file, number);
        (void)buf_done(&b);
        tact_err err = read_line(&read, a, (tact_str){start, len}, where, number, lines, error);
        if (err) return err;
        at += len + 1;
    }
    *s = read;
    return TACT_OK;
}

// Until there is no more, not by the size that the system tells: a pipe (`--config <(…)`) has none.
static tact_err read_all(int fd, const char *path, buf *out, tact_error *error) {
    char block[4096];
    while (out->len <= SETTINGS_FILE_MAX) {
        ssize_t got = read(fd, block, sizeof block);
        if (got == 0) return TACT_OK;
        if (got > 0) buf_add(out, block, (size_t)got);
        if (got < 0 && errno != EINTR) return err_set(error, TACT_IO, "%s: %s", path, strerror(errno));
    }
    return err_set(error, TACT_LIMIT, "%s: it is longer than %d MiB; is it the right file?", path,
                   SETTINGS_FILE_MAX >> 20);
}

tact_err settings_file(arena *a, const char *path, tact_str *out, tact_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return err_set(error, errno == ENOENT ? TACT_NOT_FOUND : TACT_IO, "%s: %s", path, strerror(errno));
    buf text = buf_in(a);
    tact_err err = read_all(fd, path, &text, error);
    (void)close(fd);
    if (err) return err;
    *out = buf_done(&text);
    return out->ptr ? TACT_OK : err_set(error, TACT_NO_MEMORY, "%s: out of memory", path);
}

// ---- The environment ------------------------------------------------------------------------------------------------

// "TACT_TLS_CERT=…" and "tls_cert": what stands behind the "=", or NULL.
static const char *variable_value(const char *entry, const char *name) {
    if (strncmp(entry, VARIABLE, strlen(VARIABLE)) != 0) return NULL;
    entry += strlen(VARIABLE);
    for (; *name; name++, entry++) {
        if (*entry != (*name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name)) return NULL;
    }
    return *entry == '=' ? entry + 1 : NULL;
}

// A list has blanks between its items.
static tact_err set_items(settings *s, arena *a, setting_name row, tact_str text, const char *where,
                          tact_error *error) {
    bool first = true;
    text = trim(text);
    do {
        size_t len = 0;
        while (len < text.len && !is_blank(text.ptr[len])) len++;
        tact_err err = settings_set(s, a, row, (tact_str){text.ptr, len}, first, where, error);
        if (err) return err;
        text = trim((tact_str){text.ptr + len, text.len - len});
        first = false;
    } while (text.len);
    return TACT_OK;
}

tact_err settings_environment(settings *s, arena *a, char *const *environment, tact_error *error) {
    for (setting_name row = 0; row < SETTINGS; row++) {
        const char *value = NULL;
        char *const *entry = environment;
        while (*entry && !(value = variable_value(*entry, rows[row].name))) entry++;
        if (!value) continue;
        const char *where = arena_copy(a, *entry, (size_t)(value - *entry) - 1);
        if (!where) return err_set(error, TACT_NO_MEMORY, "out of memory");
        tact_str text = tact_str_from(value);
        tact_err err = rows[row].kind == SETTING_TEXTS ? set_items(s, a, row, text, where, error)
                                                       : settings_set(s, a, row, text, true, where, error);
        if (err) return err;
    }
    return TACT_OK;
}

// Those of the environment that other programs of Tact's read.
static const char *const others[] = {"TO", "TOKEN"};

static const char *misspelt(tact_str name) {
    near n = near_to(name);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (tact_str_equal(name, tact_str_from(others[i]))) return NULL;
    }
    for (setting_name i = 0; i < SETTINGS; i++) near_offer(&n, tact_str_from(rows[i].name));
    return n.best.ptr;
}

bool settings_misspelt(char *const *environment, size_t *at, tact_str *variable, const char **setting) {
    for (const char *entry; (entry = environment[*at]);) {
        bool read = false;
        ++*at;
        for (setting_name row = 0; row < SETTINGS; row++) read |= variable_value(entry, rows[row].name) != NULL;
        size_t len = strcspn(entry, "="), before = strlen(VARIABLE);
        if (read || len <= before || memcmp(entry, VARIABLE, before) != 0) continue;
        *variable = (tact_str){entry, len};
        *setting = misspelt((tact_str){entry + before, len - before});
        if (*setting) return true;
    }
    return false;
}

// ---- All together ---------------------------------------------------------------------------------------------------

static tact_err check_address(const settings *s, tact_str text, bool *secure, tact_error *error) {
    address a;
    utf8_shown room;
    tact_err err = address_read(text, &a, error);
    if (err) return err;
    *secure |= a.secure;
    if (a.secure && !s->tls_cert.len)
        return err_set(error, TACT_INVALID,
                       "listen: %s needs a certificate: `tls_cert = FILE` names one, with its key, as PEM",
                       utf8_show(&room, text));
    if (!a.local && !s->tokens.len)
        return err_set(error, TACT_INVALID,
                       "listen: %s is reached from other machines, and without tokens all may do all: make some with "
                       "`tact token` and name their file by `tokens = FILE`, or listen on 127.0.0.1",
                       utf8_show(&room, text));
    return TACT_OK;
}

tact_err settings_check(const settings *s, tact_error *error) {
    bool secure = false;
    if (!s->db.len) return err_set(error, TACT_INVALID, "no store is named: `--db DIR`, or `db = DIR` in the file");
    if (!s->listen.count) return err_set(error, TACT_INVALID, "listen: there is nothing to listen on");
    for (uint32_t i = 0; i < s->listen.count; i++) {
        tact_err err = check_address(s, s->listen.of[i], &secure, error);
        if (err) return err;
    }
    if (s->tls_ca.len && !secure)
        return err_set(error, TACT_INVALID,
                       "tls_ca: no address asks clients for a certificate; listen on tls+tcp:// or wss://");
    return TACT_OK;
}

static bool same(const settings *x, const settings *y, setting_name name) {
    const void *a = slot_in(x, name), *b = slot_in(y, name);
    if (rows[name].kind == SETTING_TEXT) return tact_str_equal(*(const tact_str *)a, *(const tact_str *)b);
    if (rows[name].kind != SETTING_TEXTS) return memcmp(a, b, places[name].size) == 0;
    const setting_texts *p = a, *q = b;
    bool is = p->count == q->count;
    for (uint32_t i = 0; is && i < p->count; i++) is = tact_str_equal(p->of[i], q->of[i]);
    return is;
}

static bool copy_text(arena *a, tact_str *text) {
    text->ptr = arena_copy(a, text->ptr, text->len);
    return text->ptr != NULL;
}

static bool copy_texts(arena *a, setting_texts *list) {
    tact_str *items = arena_array(a, list->count ? list->count : 1, sizeof *items);
    if (!items) return false;
    for (uint32_t i = 0; i < list->count; i++) {
        items[i] = list->of[i];
        if (!copy_text(a, &items[i])) return false;
    }
    list->of = items;
    return true;
}

bool settings_copy(arena *a, const settings *from, settings *to) {
    settings copy = *from;
    for (setting_name name = 0; name < SETTINGS; name++) {
        void *slot = slot_of(&copy, name);
        if (rows[name].kind == SETTING_TEXT && !copy_text(a, slot)) return false;
        if (rows[name].kind == SETTING_TEXTS && !copy_texts(a, slot)) return false;
    }
    *to = copy;
    return true;
}

tact_str settings_fixed_changes(const settings *now, const settings *wanted, arena *a) {
    buf names = buf_in(a);
    for (setting_name name = 0; name < SETTINGS; name++) {
        if (rows[name].live || same(now, wanted, name)) continue;
        if (names.len) buf_add_text(&names, ", ");
        buf_add_text(&names, rows[name].name);
    }
    return buf_done(&names);
}
