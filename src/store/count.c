// SPDX-License-Identifier: Apache-2.0
//
// Keys are counter, level and bucket, big-endian, so that the buckets of a span lie side by side.
#include "store/count.h"

#include "store/load.h"
#include "value/command.h"

static const int64_t widths[COUNT_LEVELS] = {[COUNT_MS] = 1, [COUNT_MINUTE] = 60000, [COUNT_DAY] = 86400000};

int64_t count_width(uint32_t level) {
    return widths[level];
}

db_key count_key(uint64_t tally, uint32_t level, int64_t bucket) {
    db_key k = db_key_of();
    db_key_u64(&k, tally);
    db_key_u8(&k, (uint8_t)level);
    db_key_u64(&k, (uint64_t)bucket);
    return k;
}

bool count_row_of(tact_str key, count_row *out) {
    if (key.len != 17 || (uint8_t)key.ptr[8] >= COUNT_LEVELS) return false;
    *out = (count_row){db_key_number_at(key, 0), (uint8_t)key.ptr[8], (int64_t)db_key_number_at(key, 9)};
    return out->bucket >= 0 && out->bucket <= COMMAND_TIME_MAX_MS / widths[out->level];
}

tact_err count_add(plan *p, uint64_t tally, int64_t time_ms, tact_error *error) {
    for (uint32_t level = 0; level < COUNT_LEVELS; level++) {
        db_key key = count_key(tally, level, time_ms / widths[level]);
        uint64_t count = 0;
        tact_err err = plan_get_number(p->txn, DB_COUNT, &key, &count);
        if (err && err != TACT_NOT_FOUND) return plan_damaged(p->txn, error, "a counter");
        plan_put_number(p, DB_COUNT, &key, count + 1);
    }
    return TACT_OK;
}

tact_err count_sum(db_txn *t, uint64_t tally, uint32_t level, int64_t from, int64_t to, uint64_t *count) {
    if (from >= to) return TACT_OK;
    db_key first = count_key(tally, level, from), last = count_key(tally, level, to);
    db_walk w;
    tact_err err = db_walk_begin(t, DB_COUNT, db_key_str(&first), &w);
    for (; !err && memcmp(w.key.ptr, last.as.bytes, last.len) < 0; err = db_walk_next(&w)) {
        if (w.key.len != last.len || w.value.len != 8) err = TACT_INVALID;
        if (err) break;
        *count += load_u64(w.value.ptr);
    }
    db_walk_end(&w);
    return err == TACT_NOT_FOUND ? TACT_OK : err;
}

// What fits whole buckets of the next level is taken from there; what is left at both ends from this one.
tact_err count_between(db_txn *t, uint64_t tally, int64_t since_ms, int64_t until_ms, uint64_t *count) {
    if (since_ms < 0) since_ms = 0;
    if (until_ms > COMMAND_TIME_MAX_MS) until_ms = COMMAND_TIME_MAX_MS;
    *count = 0;
    int64_t from = since_ms, to = until_ms + 1;
    tact_err err = TACT_OK;
    for (uint32_t level = 0; !err && from < to; level++) {
        if (level == COUNT_LEVELS - 1) return count_sum(t, tally, level, from, to, count);
        int64_t wide = widths[level + 1] / widths[level];
        int64_t low = (from + wide - 1) / wide, high = to / wide;
        if (low >= high) return count_sum(t, tally, level, from, to, count);
        err = count_sum(t, tally, level, from, low * wide, count);
        if (!err) err = count_sum(t, tally, level, high * wide, to, count);
        from = low, to = high;
    }
    return err;
}
