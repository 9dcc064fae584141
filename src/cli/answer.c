// SPDX-License-Identifier: Apache-2.0
//
// Recording and printing. What others wrote goes to a terminal only with what could steer it replaced.
#include "cli/answer.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "value/time.h"
#include "wire/json.h"

int answer_record(cli_folder *f, const command *c, apply_answer *answer) {
    writer_result result;
    tact_error error;
    if (store_record(f->store, c, 1, &result, &error)) {
        cli_complain("%s", error.text);
        return CLI_UNREACHABLE;
    }
    if (result.code) {
        cli_complain("%s", result.error.text);
        return CLI_FAILED;
    }
    *answer = result.answer;
    return CLI_OK;
}

int answer_failed(tact_err code, const tact_error *error) {
    cli_complain("%s", error->text);
    return code == TACT_IO || code == TACT_BUSY || code == TACT_NOT_FOUND ? CLI_UNREACHABLE : CLI_FAILED;
}

void answer_progress(void *context, uint64_t done, uint64_t total) {
    progress *p = context;
    p->total = total; // which is not known when it begins
    progress_step(p, done, done);
}

int answer_json(FILE *stream, tact_value v, arena *a) {
    buf out = buf_in(a);
    tact_err code = json_write(&out, v);
    buf_add_char(&out, '\n');
    tact_str text = buf_done(&out);
    if (!code && !text.ptr) code = TACT_NO_MEMORY;
    if (code) {
        cli_complain("the answer cannot be JSON: %s", tact_err_text(code));
        return CLI_FAILED;
    }
    cli_print(stream, text);
    return CLI_OK;
}

tact_value answer_time(int64_t ms) {
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    return tact_timestamp(seconds, (uint32_t)(ms - seconds * 1000) * 1000000);
}

tact_value answer_map(arena *a, const value_entry *fields, size_t count) {
    value_entry *own = arena_array(a, count, sizeof *own);
    if (!own) return tact_null();
    if (count) memcpy(own, fields, count * sizeof *own);
    tact_value v = value_map(a, own, count);
    return v.kind == TACT_MAP ? v : tact_null();
}

value_entry answer_field(const char *name, tact_value v) {
    return (value_entry){tact_string(name, strlen(name)), v};
}

bool answer_now(const char *given, int64_t *now_ms) {
    *now_ms = clock_wall_ms();
    if (!given) return true;
    tact_value time;
    utf8_shown shown;
    if (time_parse_timestamp(tact_str_from(given), &time) || time.as.i < 0) {
        cli_complain("`--now`: `%s` is no time such as 2026-12-01T10:00:00Z", utf8_show(&shown, tact_str_from(given)));
        return false;
    }
    *now_ms = time.as.i * 1000 + time.len / 1000000;
    return true;
}

void answer_add_shown(buf *out, tact_str text) {
    for (const char *at = text.ptr, *end = at + text.len; text.len && at < end;) {
        const char *from = at;
        if (utf8_next_shown(&at, end)) {
            buf_add(out, from, (size_t)(at - from));
        } else {
            buf_add_text(out, UTF8_REPLACEMENT);
        }
    }
}

void answer_add_identity(buf *out, const schema *s, const command_identity *identity) {
    buf_add_str(out, s->identities[identity->space].name);
    buf_add_char(out, ':');
    answer_add_shown(out, identity->value);
}

void answer_add_span(buf *out, int64_t seconds) {
    static const struct {
        const char *text;
        int64_t seconds, below; // the unit for spans of less than so many seconds
    } units[] = {{"s", 1, 120}, {"min", 60, 7200}, {"h", 3600, 172800}, {"days", 86400, INT64_MAX}};
    size_t i = 0;
    while (seconds >= units[i].below) i++;
    buf_printf(out, "%" PRId64 " %s", seconds / units[i].seconds, units[i].text);
}

void answer_add_age(buf *out, int64_t seconds) {
    if (seconds < 0) buf_add_text(out, "in ");
    answer_add_span(out, seconds < 0 ? -seconds : seconds);
    if (seconds >= 0) buf_add_text(out, " ago");
}
